"""What `open_log` makes of columns, times, folders and segments, by the numbers that come out."""

import math

import pandas as pd
import pytest

from cjm_research.behaviour import (
    FunnelRule,
    compare_periods,
    count_path_matches,
    count_people,
    count_transitions,
    describe_log,
    estimate_drop_off,
    estimate_loss,
    estimate_referral,
    estimate_retention,
    estimate_stage_timing,
    estimate_time_to_next,
    estimate_touchpoint_lift,
    estimate_value_at_stake,
    find_destinations,
    measure_values,
    open_log,
    summarize_time_to_next,
)
from cjm_research.errors import EngineError
from cjm_research.journey import Journey, Stage

SHOP = Journey(
    (
        Stage("see", "See", events=("see",)),
        Stage("pick", "Pick", events=("pick",)),
        Stage("buy", "Buy", events=("pay", "order"), completed_by=("order",)),
    )
)
START = pd.Timestamp("2026-03-01")


def log_of(*rows, **more):
    """Return a frame of (who, minutes, event) rows."""
    frame = pd.DataFrame(rows, columns=["participant_id", "minute", "event"])
    at = START + pd.to_timedelta(frame.pop("minute"), unit="min")
    return frame.assign(occurred_at=at, **more)


@pytest.mark.parametrize("kind", ["frame", "csv", "parquet", "jsonl"])
@pytest.mark.parametrize(
    ("see", "pick"),
    [
        ("2026-03-01T00:00:00+02:00", "2026-02-28T22:30:00Z"),
        ("2026-03-01 00:00:00+02:00", "2026-02-28 22:30:00"),
        ("2026-10-25T02:30:00.5+02:00", "2026-10-25T02:00:00.5+01:00"),
    ],
)
def test_offsets_written_in_text_are_kept(tmp_path, kind, see, pick):
    log = pd.DataFrame(
        {"participant_id": ["a", "a"], "event": ["see", "pick"], "occurred_at": [see, pick]}
    )
    given = log
    if kind != "frame":
        given = tmp_path / f"log.{kind}"
        if kind == "csv":
            log.to_csv(given, index=False)
        elif kind == "parquet":
            log.to_parquet(given)
        else:
            log.to_json(given, orient="records", lines=True)
    timing = estimate_stage_timing(given, SHOP)
    assert timing["median_s"].tolist() == [1800.0]


def test_a_folder_is_read_whole_or_not_at_all(tmp_path):
    parts = [log_of((who, 0, "see"), (who, 1, "pick")) for who in "abc"]
    for name, part in zip(["1.csv", "2.CSV", "3.csv.gz"], parts, strict=True):
        part.to_csv(tmp_path / name, index=False)
    assert estimate_drop_off(tmp_path, SHOP)["n_entered"].tolist() == [3, 3, 0]
    parts[0].to_parquet(tmp_path / "4.parquet")
    with pytest.raises(EngineError, match=r"several kinds: '1\.csv', '4\.parquet'"):
        estimate_drop_off(tmp_path, SHOP)


def test_ids_that_became_decimal_are_refused():
    log = log_of(("1", 0, "see"), ("2", 1, "pick")).astype({"participant_id": float})
    with pytest.raises(EngineError, match="ids are decimal numbers"):
        estimate_drop_off(log, SHOP)
    segments = pd.DataFrame({"participant_id": [1.0], "segment": "age", "segment_value": "old"})
    with pytest.raises(EngineError, match="ids are decimal numbers"):
        estimate_drop_off(log.astype({"participant_id": str}), SHOP, segments=segments)


def test_one_person_by_a_number_and_by_a_text_is_one_person():
    log = log_of(*((who, 0, "see") for who in "12345"))
    segments = pd.DataFrame(
        {"participant_id": [1, "1", 2], "segment": "age", "segment_value": ["old", "old", "young"]}
    )
    funnel = estimate_drop_off(log, SHOP, segments=segments)
    assert funnel.loc[funnel["segment"] == "", "n_entered"].iloc[0] == 5
    with pytest.raises(EngineError, match="two values"):
        estimate_drop_off(log, SHOP, segments=segments.assign(segment_value=["a", "b", "c"]))


@pytest.mark.parametrize("name", ["start", "t0", "recent0", "cohort", "_first", "history"])
def test_a_segment_cannot_take_a_word_of_the_measures(name):
    log = log_of(("a", 0, "see")).assign(**{name: "x"})
    with pytest.raises(EngineError, match="word that the measures use themselves"):
        estimate_drop_off(log, SHOP, segments=[name])


def test_a_segment_may_be_yes_or_no_one_name_or_a_column_named_elsewhere():
    log = log_of(*((who, 0, "see") for who in "abc")).assign(
        member=[True, False, True], platform=["web", "app", "web"], spent=[1.5, 2.5, 3.5]
    )
    funnel = estimate_drop_off(log, SHOP, segments="member").query("segment == 'member'")
    counts = funnel.groupby("segment_value")["n_entered"].max()
    assert counts.to_dict() == {"true": 2, "false": 1}
    with open_log(log, SHOP, columns={"device": "platform"}, segments=["platform"]) as opened:
        assert opened.segment_values("platform") == ["app", "web"]
    with pytest.raises(EngineError, match="no column 'spent' of text, whole numbers or yes"):
        estimate_drop_off(log, SHOP, segments=["spent"])


def test_times_finer_than_microseconds_are_read():
    log = log_of(("a", 0, "see"), ("a", 1, "pick"))
    log["occurred_at"] = log["occurred_at"].astype("datetime64[ns]") + pd.Timedelta(7, unit="ns")
    assert estimate_stage_timing(log, SHOP)["median_s"].tolist() == [60.0]


def test_an_error_of_the_engine_does_not_tell_what_a_cell_holds(tmp_path):
    log = log_of(("a", 0, "see")).assign(value="call Anna 0151")
    log.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(EngineError) as caught:
        measure_values(tmp_path / "log.csv", SHOP)
    assert "Anna" not in str(caught.value)
    log = log.drop(columns="value").assign(occurred_at="Anna said so")
    with pytest.raises(EngineError) as caught:
        estimate_drop_off(log, SHOP)
    assert "Anna" not in str(caught.value)


def test_an_end_in_the_year_9999_says_so():
    stages = Journey(tuple(Stage(f"s{n}", f"S{n}", events=(f"e{n}",)) for n in range(40)))
    log = log_of(("a", 0, "e1"), ("a", 1, "e2"))
    log["occurred_at"] = log["occurred_at"].astype("datetime64[us]")
    log.loc[1, "occurred_at"] = pd.Timestamp("9999-12-31").as_unit("us")
    with pytest.raises(EngineError, match="thousands of years"):
        estimate_drop_off(log, stages)
    assert estimate_drop_off(log[:1], stages)["n_entered"].sum() == 0


class TestFormsWithoutTimes:
    form = Journey(
        (
            *SHOP.stages[:2],
            Stage("q1", "Q1", events=("q1",), measure="questionnaire_abandonment"),
            Stage("q2", "Q2", events=("q2",), measure="questionnaire_abandonment"),
        )
    )

    def log(self):
        rows = [(f"p{n}", 10 * n, "see") for n in range(40)]
        rows += [(f"p{n}", 10 * n + 28_800, "pick") for n in range(0, 40, 2)]
        rows += [(f"p{n}", 43_200, "q1") for n in range(40)]
        rows += [(f"p{n}", 43_200, "q2") for n in range(10)]
        log = log_of(*rows)
        undated = log["event"].isin(["q1", "q2"])
        return log, log.assign(occurred_at=log["occurred_at"].mask(undated))

    @pytest.mark.parametrize("ties", ["journey", "row", "later"])
    def test_their_steps_are_counted_in_the_order_of_the_form(self, ties):
        _, undated = self.log()
        funnel = estimate_drop_off(undated.iloc[::-1], self.form, ties=ties)
        counts = funnel.set_index("stage")["n_entered"]
        assert counts.to_dict() == {"see": 40, "pick": 20, "q1": 40, "q2": 10}

    def test_they_have_no_place_in_time(self):
        dated, undated = self.log()
        seen = dated[~dated["event"].isin(["q1", "q2"])]
        for measure in (estimate_retention, count_transitions, summarize_time_to_next):
            pd.testing.assert_frame_equal(measure(undated, self.form), measure(seen, self.form))
        pd.testing.assert_frame_equal(
            estimate_loss(undated, self.form, gap="5D"), estimate_loss(seen, self.form, gap="5D")
        )
        checks = describe_log(undated, self.form).set_index("check")["n"]
        assert checks["without a time"] == 50
        assert checks["before the year 2000"] == 0


class TestVisitsAndPeople:
    def log(self):
        rows, sessions, devices = [], [], []
        for person in range(30):
            for visit in range(4):
                steps = ["see", "pick"] if person % 3 == 0 else ["see"]
                for minute, event in enumerate(steps):
                    rows.append((f"p{person}", 1000 * visit + minute, event))
                    sessions.append(f"p{person}-{visit}")
                    devices.append(["phone", "desk"][visit % 2])
        return log_of(*rows).assign(session_id=sessions, device=devices)

    def test_asking_for_a_segment_changes_nothing_for_everybody(self):
        rule = FunnelRule(scope="session", unit="session")
        plain = estimate_drop_off(self.log(), SHOP, rule=rule)
        split = estimate_drop_off(self.log(), SHOP, rule=rule, segments=["device"])
        everybody = split[split["segment"] == ""].reset_index(drop=True)
        pd.testing.assert_frame_equal(everybody, plain)

    @pytest.mark.parametrize("unit", ["participant", "session"])
    def test_a_visit_belongs_where_the_person_was_first_seen(self, unit):
        rule = FunnelRule(scope="session", unit=unit)
        funnel = estimate_drop_off(self.log(), SHOP, rule=rule, segments=["device"])
        first = funnel[funnel["stage"] == "see"].set_index("segment_value")["n_entered"]
        n = 120 if unit == "session" else 30
        assert first.to_dict() == {"": n, "phone": n, "desk": 0}
        moves = count_transitions(self.log(), SHOP, scope="session", segments=["device"])
        assert set(moves["segment_value"]) == {"", "phone"}

    def test_times_are_of_people_also_where_visits_are_counted(self):
        rule = FunnelRule(scope="session", unit="session")
        assert estimate_stage_timing(self.log(), SHOP, rule=rule)["n"].tolist() == [10]
        assert count_people(rule) == FunnelRule(scope="session")

    def test_somebody_who_comes_back_is_not_gone(self):
        rows = [(f"p{n}", 0, "see") for n in range(6)] + [(f"p{n}", 9, "help") for n in range(6)]
        log = log_of(*rows).assign(session_id=["one"] * 6 + ["two"] * 6)
        within = find_destinations(log, SHOP, rule=FunnelRule(scope="session"))
        assert within["destination"].tolist() == ["(nothing more in the visit)"]
        assert find_destinations(log, SHOP)["destination"].tolist() == ["help"]


class TestRowsBreakTies:
    """Rows of one instant have an order; spans of time are between instants all the same."""

    rows = (("a", 0, "see"), ("a", 10_080, "other"), ("a", 10_080, "pick"))

    @pytest.mark.parametrize("ties", ["journey", "row", "later"])
    def test_a_window_ends_with_its_instant(self, ties):
        funnel = estimate_drop_off(
            log_of(*self.rows), SHOP, rule=FunnelRule(window="7D"), ties=ties
        )
        assert funnel["n_entered"].tolist() == [1, 1, 0]
        found = count_path_matches(
            log_of(*self.rows), SHOP, ["did see then pick within 7D"], ties=ties
        )
        assert found["n_matching"].tolist() == [1]

    @pytest.mark.parametrize("ties", ["journey", "row", "later"])
    def test_patience_ends_with_its_instant(self, ties):
        log = log_of(("a", 0, "other"), ("a", 0, "see"), ("b", 10_080, "other"))
        funnel = estimate_drop_off(log, SHOP, rule=FunnelRule(patience="7D"), ties=ties)
        assert funnel["n_dropped"].iloc[0] == 1
        late = log_of(("a", 0, "other"), ("a", 1, "see"), ("b", 10_080, "other"))
        funnel = estimate_drop_off(late, SHOP, rule=FunnelRule(patience="7D"), ties=ties)
        assert funnel["n_open"].iloc[0] == 1

    @pytest.mark.parametrize("ties", ["journey", "row", "later"])
    def test_observation_ends_with_its_instant(self, ties):
        rows = [(who, m, e) for who in "abcdef" for _, m, e in self.rows]
        found = summarize_time_to_next(log_of(*rows), SHOP, ties=ties, observed_until="2026-03-08")
        assert found["n_gone_on"].iloc[0] == 6

    def test_rows_of_one_instant_are_no_time_apart(self):
        log = log_of(("a", 0, "see"), ("a", 0, "pick"))
        assert estimate_stage_timing(log, SHOP, ties="row")["median_s"].tolist() == [0.0]

    @pytest.mark.parametrize("ties", ["journey", "row"])
    def test_repeated_rows_are_seen(self, ties):
        with open_log(log_of(*[("a", 0, "see")] * 3), SHOP, ties=ties) as log:
            checks = describe_log(log).set_index("check")["n"]
        assert checks["repeated: same participant, event and time"] == 2


def test_in_any_order_nothing_takes_time():
    rows = [(f"p{n}", m, e) for n in range(10) for m, e in ((0, "pick"), (10, "see"), (20, "pay"))]
    rule = FunnelRule(order="any")
    for measure in (estimate_stage_timing, estimate_time_to_next, estimate_touchpoint_lift):
        assert measure(log_of(*rows), SHOP, rule=rule).empty


def test_a_completion_is_not_held_against_itself():
    rows = [(f"p{n}", m, e) for n in range(20) for m, e in ((0, "see"), (1, "pick"), (2, "pay"))]
    rows += [(f"p{n}", 3, "order") for n in range(10)]
    lift = estimate_touchpoint_lift(log_of(*rows), SHOP)
    assert "order" not in set(lift["event"])
    assert "pay" in set(lift["event"])


def test_going_elsewhere_has_to_happen_in_the_window():
    journey = Journey(
        (
            Stage("see", "See", events=("see",), completed_elsewhere=("phoned",)),
            Stage("pick", "Pick", events=("pick",)),
        )
    )
    rows = [("a", 0, "see"), ("a", 60, "phoned"), ("b", 0, "see"), ("b", 100_000, "phoned")]
    found = estimate_drop_off(log_of(*rows), journey, rule=FunnelRule(window="1D")).iloc[0]
    assert (found["n_elsewhere"], found["n_dropped"]) == (1, 1)


def test_a_questionnaire_has_no_value_at_stake():
    form = Stage("q1", "Q1", events=("q1",), measure="questionnaire_abandonment")
    done = Stage("q2", "Q2", events=("q2",), measure="questionnaire_abandonment")
    journey = Journey((*SHOP.stages[:2], form, done))
    rows = [(f"p{n}", 0, "see") for n in range(10)] + [(f"p{n}", 1, "pick") for n in range(6)]
    rows += [(f"q{n}", 0, "q1") for n in range(6)]
    log = log_of(*rows)
    log["value"] = [100.0 if event == "pick" else math.nan for event in log["event"]]
    found = estimate_value_at_stake(estimate_drop_off(log, journey), measure_values(log, journey))
    assert found["stage"].tolist() == ["see"]


def test_a_group_too_small_has_no_times():
    log = log_of(("a", 0, "see"), ("a", 7, "pick"), ("b", 0, "see")).assign(
        country=["MT"] * 2 + ["DE"]
    )
    timing = estimate_stage_timing(log, SHOP, segments=["country"])
    malta = timing[timing["segment_value"] == "MT"].iloc[0]
    assert malta["n"] == 1
    assert math.isnan(malta["median_s"])
    assert timing.loc[timing["segment"] == "", "median_s"].tolist() == [420.0]


def test_names_that_never_occur_are_said():
    journey = Journey((Stage("buy", "Buy", events=("padi",), completed_by=("payd",)),))
    row = (
        describe_log(log_of(("a", 0, "paid")), journey)
        .set_index("check")
        .loc["of the journey that never occur"]
    )
    assert (row["n"], row["n_of"], row["words"]) == (
        2,
        2,
        "padi, payd: nobody can be counted by them",
    )


def test_nothing_is_its_own_outcome():
    log = log_of(("a", 0, "see"), ("a", 1, "invite"))
    with pytest.raises(EngineError, match="would follow itself"):
        estimate_referral(log, SHOP, did="invite", of=["order", "invite"])
    with pytest.raises(EngineError, match="has it already"):
        compare_periods(log, SHOP, at="2026-03-02", stage="buy", outcome="pay", within="7D")


def test_ids_of_several_kinds_and_empty_times_are_read():
    log = log_of((1, 0, "see"), ("1", 1, "pick"), (10**30, 0, "see"), (None, 0, "see"))
    log["occurred_at"] = log["occurred_at"].astype(str)
    log.loc[len(log)] = ["b", "see", ""]
    assert estimate_drop_off(log, SHOP)["n_entered"].tolist() == [2, 1, 0]
    assert describe_log(log, SHOP).set_index("check")["n"]["without a time"] == 1


def test_an_outcome_that_nobody_came_to_may_be_misspelt():
    rows = [(f"p{n}", 1440 * n, "see") for n in range(30)]
    found = compare_periods(
        log_of(*rows), SHOP, at="2026-03-12", stage="see", outcome="buyy", within="2D"
    )
    assert found["words"].tolist() == ["nobody came to 'buyy': check its name"]
