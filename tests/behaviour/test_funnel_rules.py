"""Every rule of the funnel against a slow walk, and hand-worked examples of each."""

import math
from random import Random

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cjm_research.behaviour import FunnelRule, estimate_drop_off, estimate_stage_timing, open_log
from cjm_research.errors import EngineError
from cjm_research.journey import Journey, Stage
from tests.behaviour.slow_walk import Event, follow, tally

START = pd.Timestamp("2026-03-01")
JOURNEY = Journey(
    (
        Stage("see", "See"),
        Stage("pick", "Pick", completed_elsewhere=("phoned",)),
        Stage("chat", "Chat", sequential=False),
        Stage("buy", "Buy", completed_by=("kept",), completed_elsewhere=("phoned", "shop")),
        Stage("talk", "Talk", measure="none"),
    )
)
RULES = [
    FunnelRule(),
    FunnelRule(order="any"),
    FunnelRule(entry="anywhere"),
    FunnelRule(scope="session"),
    FunnelRule(scope="session", unit="session"),
    FunnelRule(window="3min"),
    FunnelRule(order="any", window="2min"),
    FunnelRule(window="3min", reentry=True),
    FunnelRule(window="2min", reentry=True, scope="session", unit="session"),
    FunnelRule(entry="anywhere", window="4min"),
    FunnelRule(patience="2min"),
    FunnelRule(entry="anywhere", patience="3min", scope="session", unit="session"),
]
NAMES = {
    "entered": "n_entered", "started": "n_started", "continued": "n_continued",
    "elsewhere": "n_elsewhere", "open": "n_open", "dropped": "n_dropped",
    "seen_later": "n_seen_later", "followed": "n_followed",
}  # fmt: skip


def minutes(words):
    return pd.Timedelta(words).total_seconds() / 60 if words else math.inf


def frame_of(logs):
    """One frame of many logs: the participants of log 7 are called 7/a, 7/b."""
    return pd.DataFrame(
        [
            (f"{number}/{who}", f"{number}/{who}/{session}" if session else "", event, stage,
             START + pd.Timedelta(minutes=minute), str(number))
            for number, rows in enumerate(logs)
            for who, minute, stage, event, session in rows
        ],
        columns=["participant_id", "session_id", "event", "stage", "occurred_at", "log"],
    )  # fmt: skip


def segments_of(frame):
    named = frame.drop_duplicates("participant_id")
    return pd.DataFrame(
        {"participant_id": named["participant_id"], "segment": "log", "segment_value": named["log"]}
    )


def slow_counts(rows, rule, ties, end):
    people = {}
    for row, (who, minute, stage, event, session) in enumerate(rows):
        people.setdefault(who, []).append(Event(minute, stage, event, session, row))
    outcomes = [
        outcome
        for events in people.values()
        for outcome in follow(events, JOURNEY, rule, ties, window=minutes(rule.window))
    ]
    patience = minutes(rule.patience) if rule.patience else None
    return tally(outcomes, JOURNEY, patience=patience, end=end)


ROWS = st.tuples(
    st.sampled_from("ab"),
    st.integers(0, 6),
    st.sampled_from(["see", "see", "pick", "pick", "buy", "chat", "talk", ""]),
    st.sampled_from(["step", "step", "step", "kept", "phoned", "shop"]),
    st.sampled_from(["1", "2", ""]),
)
LOGS = st.lists(st.lists(ROWS, min_size=1, max_size=9), min_size=60, max_size=60)


@settings(max_examples=35, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(logs=LOGS, number=st.integers(0, len(RULES) - 1), ties=st.sampled_from(["journey", "later"]))
def test_any_small_log_gives_what_a_slow_walk_gives(logs, number, ties):
    # 35 examples of 60 logs: 2,100 logs. Each log is an audience segment, and one run answers
    # for all.
    check(logs, RULES[number], ties)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if not rule.window], ids=lambda rule: repr(rule)[11:-1][:60]
)
def test_the_order_of_rows_breaks_ties_as_a_slow_walk_does(rule):
    random = Random(7)
    logs = [
        [
            (random.choice("abc"), random.randrange(8),
             random.choice(["see", "see", "pick", "pick", "buy", "chat", "talk", ""]),
             random.choice(["step", "step", "kept", "phoned", "shop"]),
             random.choice(["1", "2", ""]))
            for _ in range(random.randrange(1, 14))
        ]
        for _ in range(60)
    ]  # fmt: skip
    check(logs, rule, "row")


def check(logs, rule, ties):
    frame = frame_of(logs)
    segments = segments_of(frame)
    end = max(row[1] for rows in logs for row in rows)
    funnel = estimate_drop_off(frame, JOURNEY, segments=segments, rule=rule, ties=ties)
    by_log = dict(list(funnel.groupby("segment_value")))
    for number, rows in enumerate(logs):
        expected = slow_counts(rows, rule, ties, end)
        if not any(row["entered"] for row in expected):
            assert str(number) not in by_log or not by_log[str(number)]["n_entered"].any()
            continue
        found = by_log[str(number)]
        for row, mine in zip(expected, found.to_dict("records"), strict=True):
            assert {"stage": mine["stage"]} | {
                name: mine[column] for name, column in NAMES.items()
            } == row, (rows, rule)
        ends = found[["n_continued", "n_elsewhere", "n_open", "n_dropped"]].sum(axis=1)
        assert ends.tolist() == found["n_entered"].tolist()
        if rule.entry == "first":
            assert found["n_entered"].is_monotonic_decreasing
            assert found["reached_rate"].dropna().is_monotonic_decreasing


def events(*rows):
    return frame_of([rows]).drop(columns="log")


def column(funnel, name):
    return funnel[name].tolist()


def test_an_instant_counts_by_the_stated_rule():
    # The row of the later stage stands first, at the same minute.
    log = events(("a", 1, "pick", "", "1"), ("a", 1, "see", "", "1"))
    entered = {
        ties: column(estimate_drop_off(log, JOURNEY, ties=ties), "n_entered")
        for ties in ("journey", "row", "later")
    }
    assert entered == {"journey": [1, 1, 0], "row": [1, 0, 0], "later": [1, 0, 0]}
    turned = log.iloc[::-1].reset_index(drop=True)
    assert column(estimate_drop_off(turned, JOURNEY, ties="row"), "n_entered") == [1, 1, 0]
    assert column(estimate_drop_off(turned, JOURNEY, ties="later"), "n_entered") == [1, 0, 0]


def test_going_on_by_phone_is_shown_and_is_no_loss():
    log = events(
        ("a", 0, "see", "", ""), ("a", 1, "pick", "", ""), ("a", 2, "", "phoned", ""),
        ("b", 0, "see", "", ""), ("b", 1, "pick", "", ""),
        ("c", 0, "see", "", ""), ("c", 5, "", "phoned", ""),
    )  # fmt: skip
    funnel = estimate_drop_off(log, JOURNEY)
    assert column(funnel, "n_elsewhere") == [0, 1, 0]  # `see` does not say that phoning is a way
    assert column(funnel, "n_dropped") == [1, 1, 0]
    assert funnel["drop_off_rate"].tolist()[:2] == pytest.approx([1 / 3, 1 / 2])


def test_a_call_before_the_stage_is_no_way_on():
    log = events(("a", 0, "", "phoned", ""), ("a", 1, "see", "", ""), ("a", 2, "pick", "", ""))
    assert column(estimate_drop_off(log, JOURNEY), "n_elsewhere") == [0, 0, 0]


def test_whoever_came_too_late_to_tell_has_not_dropped():
    day = 24 * 60
    log = events(
        ("old", 0, "see", "", ""), ("gone on", 0, "see", "", ""), ("gone on", day, "pick", "", ""),
        ("new", 9 * day, "see", "", ""), ("quick", 9 * day, "see", "", ""),
        ("quick", 10 * day, "pick", "", ""),
    )  # fmt: skip
    funnel = estimate_drop_off(log, JOURNEY, rule=FunnelRule(patience="7D"))
    first = funnel.iloc[0]
    assert (first["n_entered"], first["n_continued"], first["n_open"], first["n_dropped"]) == (
        4, 2, 1, 1,
    )  # fmt: skip
    # The quick one is as recent as the new one: neither may be in the rate.
    assert (first["n_followed"], first["drop_off_rate"]) == (2, 0.5)
    assert estimate_drop_off(log, JOURNEY).iloc[0]["n_dropped"] == 2


def test_counted_visits_have_wider_intervals_than_as_many_people():
    rows = []
    for number in range(40):
        for visit in range(10):
            rows.append((f"p{number}", 10 * visit, "see", "", str(visit)))
            if number % 2:
                rows.append((f"p{number}", 10 * visit + 1, "pick", "", str(visit)))
    visits = FunnelRule(scope="session", unit="session")
    wide = estimate_drop_off(events(*rows), JOURNEY, rule=visits).iloc[0]
    assert (wide["n_entered"], wide["drop_off_rate"]) == (400, 0.5)
    people = estimate_drop_off(events(*rows), JOURNEY).iloc[0]
    assert people["n_entered"] == 40
    # All visits of a person end alike: 400 visits say no more than 40 people.
    assert wide["drop_off_low"] == pytest.approx(people["drop_off_low"], abs=0.01)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"order": "loose"}, "allowed: 'strict', 'any'"),
        ({"window": "a while"}, "no span of time"),
        ({"patience": "-3D"}, "no span of time"),
        ({"unit": "session"}, "take scope 'session'"),
        ({"reentry": True}, "give a window"),
        ({"order": "any", "entry": "anywhere"}, "take order 'strict'"),
        ({"order": "any", "window": "1D", "reentry": True}, "in strict order"),
    ],
)
def test_rules_that_make_no_sense_say_so(rule, words):
    with pytest.raises(EngineError, match=words):
        FunnelRule(**rule)


@pytest.fixture(scope="module")
def busy_log():
    random = Random(3)
    rows = [
        (f"p{random.randrange(60)}", random.randrange(300),
         random.choice(["see", "pick", "buy", ""]),
         random.choice(["step", "kept", "phoned"]), random.choice("123"))
        for _ in range(1500)
    ]  # fmt: skip
    return events(*rows)


def both(log, **options):
    with open_log(log, JOURNEY, **options) as opened:
        return estimate_drop_off(opened), estimate_stage_timing(opened)


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_shuffled_rows_change_nothing(busy_log):
    assert_same(both(busy_log.sample(frac=1, random_state=1)), both(busy_log))


def test_doubled_rows_change_nothing(busy_log):
    doubled = pd.concat([busy_log, busy_log.sample(frac=0.5, random_state=2)])
    assert_same(both(doubled), both(busy_log))


def test_another_time_zone_changes_nothing(busy_log):
    zoned = busy_log["occurred_at"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    assert_same(both(busy_log.assign(occurred_at=zoned)), both(busy_log))


def test_times_as_text_or_numbers_change_nothing(busy_log):
    text = busy_log["occurred_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert_same(both(busy_log.assign(occurred_at=text)), both(busy_log))
    micros = busy_log["occurred_at"].astype("datetime64[us]").astype("int64")
    assert_same(both(busy_log.assign(occurred_at=micros), time_unit="us"), both(busy_log))


def test_other_names_of_people_and_columns_change_nothing(busy_log):
    renamed = busy_log.assign(
        participant_id="x" + busy_log["participant_id"].str[::-1]
    ).rename(columns={"participant_id": "visitor", "occurred_at": "at"})  # fmt: skip
    columns = {"participant_id": "visitor", "occurred_at": "at"}
    assert_same(both(renamed, columns=columns), both(busy_log))


@pytest.mark.parametrize("kind", ["parquet", "csv", "json", "csv.gz", "parts"])
def test_files_of_every_kind_and_split_in_two_give_the_same(busy_log, kind, tmp_path):
    path = tmp_path / f"log.{kind}"
    if kind == "parquet":
        busy_log.to_parquet(path)
    elif kind == "json":
        busy_log.to_json(path, orient="records", lines=True, date_format="iso")
    elif kind == "parts":
        path = tmp_path / "parts"
        path.mkdir()
        for number, part in enumerate((busy_log[:700], busy_log[700:])):
            part.to_parquet(path / f"{number}.parquet")
    else:
        busy_log.to_csv(path, index=False)
    assert_same(both(path), both(busy_log))


def test_ids_like_numbers_stay_as_they_are(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        "participant_id,event,occurred_at,stage\n007,e,2026-01-01,see\n7,e,2026-01-02,see\n"
    )
    assert estimate_drop_off(path, JOURNEY)["n_entered"][0] == 2


def test_an_ibis_table_of_ones_own_is_used_where_it_lives(busy_log):
    import ibis

    connection = ibis.duckdb.connect()
    connection.con.register("frame", busy_log)
    connection.con.execute("create table web as select * from frame")
    table = connection.table("web")
    before = connection.con.execute("show tables").fetchall()
    assert_same(both(table), both(busy_log))
    assert connection.con.execute("show tables").fetchall() == before


def test_a_log_measured_whole_first_can_still_be_split(busy_log):
    log = busy_log.assign(device=["phone", "laptop"] * (len(busy_log) // 2))
    with open_log(log, JOURNEY, segments=["device"]) as opened:
        whole = estimate_drop_off(opened.whole())
        split = estimate_drop_off(opened)
    assert whole["segment"].eq("").all()
    assert_same([whole], [split[split["segment"] == ""]])
    pd.testing.assert_frame_equal(split, estimate_drop_off(log, JOURNEY, segments=["device"]))


def test_what_comes_after_the_end_of_observation_is_left_out(busy_log):
    end = START + pd.Timedelta(minutes=150)
    early = busy_log[busy_log["occurred_at"] <= end]
    assert_same(both(busy_log, until=str(end)), both(early))
    # With nothing left out, the end decides who came too late to tell.
    later = FunnelRule(patience="1h")
    with open_log(early, JOURNEY, until="2026-03-09") as log:
        assert estimate_drop_off(log, rule=later)["n_open"].fillna(0).sum() == 0
    assert estimate_drop_off(early, JOURNEY, rule=later)["n_open"].sum() > 0


def test_segments_by_name_are_those_of_the_earliest_event():
    log = events(
        ("a", 5, "see", "", ""), ("a", 1, "pick", "", ""), ("b", 0, "see", "", ""),
    ).assign(device=["phone", "laptop", ""])  # fmt: skip
    funnel = estimate_drop_off(log, JOURNEY, segments=["device"])
    entered = funnel[funnel["stage"] == "see"].set_index("segment_value")["n_entered"].to_dict()
    # b showed no device: in nobody's group, and in everybody's count.
    assert entered == {"": 2, "laptop": 1, "phone": 0}
