import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour import experiments, open_log
from cjm_research.behaviour.experiments import (
    ARM_COLUMNS,
    PERIOD_COLUMNS,
    Experiment,
    compare_arms,
    compare_periods,
    count_arms,
    judge_arms,
)
from cjm_research.errors import EngineError, UnknownNameError
from cjm_research.statistics.intervals import NOTHING

BUTTON = Experiment(
    "button", control="old", outcome="buy", arms={"old": ["saw_old"], "new": ["saw_new"]}
)


def counted(*arms, experiment="button", n_open=0):
    """Rows of arm, hits and people."""
    return pd.DataFrame(
        [
            {"experiment": experiment, "arm": arm, "n": n, "n_success": hits,
             "n_open": n_open, "n_both": 0}
            for arm, hits, n in arms
        ]
    )  # fmt: skip


def planned(n, **changes):
    fields = {"name": "button", "control": "old", "outcome": "buy", "planned_n": n,
              "arms": {"old": ["saw_old"], "new": ["saw_new"]}}  # fmt: skip
    return Experiment(**(fields | changes))


def test_people_count_from_the_first_time_they_met_their_version(events, open_end):
    log = events(
        ("a", 5, "see", "saw_old"), ("a", 3, "buy", "paid"), ("a", 9, "buy", "paid"),
        ("b", 5, "see", "saw_old"), ("b", 3, "buy", "paid"),
        ("c", 5, "see", "saw_new"), ("c", 5, "buy", "paid"), ("c", 6, "see", "saw_new"),
        ("d", 5, "see", "saw_new"), ("d", 8, "see", "saw_old"), ("d", 9, "buy", "paid"),
        ("e", 0, "buy", "paid"),
    )  # fmt: skip
    counts = count_arms(log, open_end, [BUTTON])
    assert counts.to_numpy().tolist() == [
        ["button", "old", 2, 1, 0, 1],
        ["button", "new", 1, 1, 0, 1],
    ]
    later = count_arms(log, open_end, [BUTTON], ties="later")
    assert later["n_success"].tolist() == [1, 0]


def test_who_was_not_followed_long_enough_is_open_whatever_they_did(events, open_end):
    log = events(
        ("a", 0, "see", "saw_old"), ("a", 10, "buy", "paid"),
        ("b", 0, "see", "saw_old"), ("b", 11, "buy", "paid"),
        ("c", 90, "see", "saw_new"), ("c", 91, "buy", "paid"),
        ("d", 91, "see", "saw_new"), ("d", 92, "buy", "paid"),
        ("z", 100, ""),
    )  # fmt: skip
    counts = count_arms(log, open_end, [planned(0, within="10min")])
    assert counts[["n", "n_success", "n_open"]].to_numpy().tolist() == [[2, 1, 0], [1, 1, 1]]


def test_the_event_that_shows_a_version_is_no_outcome(events, open_end):
    seen = planned(0, outcome="see")
    log = events(("a", 0, "see", "saw_old"), ("b", 0, "see", "saw_new"), ("b", 1, "see", "look"))
    assert count_arms(log, open_end, [seen])["n_success"].tolist() == [0, 1]


def test_the_values_of_an_audience_segment_may_be_the_arms(events, open_end):
    log = events(
        ("a", 0, "see", "e", "old"), ("a", 4, "buy", "e", "old"), ("b", 0, "see", "e", "old"),
        ("c", 0, "see", "e", "new"), ("c", 1, "buy"), ("d", 0, "see", "e", ""),
    )  # fmt: skip
    test = Experiment("button", control="old", outcome="buy", segment="device")
    with open_log(log, open_end, segments=["device"]) as opened:
        own = count_arms(opened, experiments=[test])
    members = pd.DataFrame(
        [("a", "old"), ("b", "old"), ("c", "new")], columns=["participant_id", "segment_value"]
    ).assign(segment="device")
    given = count_arms(log, open_end, [test], segments=members)
    for counts in (own, given):
        assert counts[["arm", "n", "n_success"]].to_numpy().tolist() == [
            ["old", 2, 1], ["new", 1, 1],
        ]  # fmt: skip


def test_segments_and_controls_that_are_not_there_are_named(events, open_end):
    log = events(("a", 0, "see", "e", "old"))
    test = Experiment("button", control="odl", outcome="buy", segment="device")
    with pytest.raises(UnknownNameError, match="no audience segment 'device'"):
        count_arms(log, open_end, [test])
    with pytest.raises(UnknownNameError, match="Did you mean 'old'"):
        count_arms(log, open_end, [test], segments=["device"])


def test_a_planned_experiment_is_judged_by_the_adjusted_p_value():
    found = judge_arms(counted(("old", 48, 80), ("new", 56, 70)), [planned(70)])
    control, new = found.iloc[0], found.iloc[1]
    assert (control["verdict"], math.isnan(control["p"])) == ("", True)
    # Newcombe's own example: 56/70 less 48/80.
    assert (new["difference"], new["low"], new["high"]) == pytest.approx(
        (0.2, 0.0524, 0.3339), abs=5e-5
    )
    assert new["ratio"] == pytest.approx(0.8 / 0.6)
    assert new["p_adjusted"] == new["p"] == pytest.approx(0.0080, abs=1e-4)
    assert (new["looked_early"], new["verdict"], new["n_compared"]) == (False, "better", 1)
    assert new["minimum_effect"] > 0.2
    assert "80.0% against 60.0%" in new["reason"]


def test_less_may_be_better():
    less = planned(70, direction="less")
    found = judge_arms(counted(("old", 48, 80), ("new", 56, 70)), [less])
    assert found["verdict"].tolist() == ["", "worse"]


def test_before_the_planned_number_the_interval_for_any_number_of_looks_decides():
    counts = counted(("old", 48, 80), ("new", 56, 70))
    for plan in (0, 200):
        row = judge_arms(counts, [planned(plan)]).iloc[1]
        assert (row["looked_early"], row["verdict"]) == (True, "cannot tell")
        assert row["p"] < 0.05
        assert math.isnan(row["p_adjusted"])
        assert row["valid_low"] < 0 < row["valid_high"]
        assert "number of looks" in row["reason"]
    clear = judge_arms(counted(("old", 100, 500), ("new", 400, 500)), [planned(0)]).iloc[1]
    assert clear["verdict"] == "better"


def test_all_arms_of_all_experiments_are_one_family():
    one = planned(100, arms={"old": ["x"], "new": ["y"], "third": ["z"]})
    two = planned(100, name="price", arms={"old": ["u"], "new": ["v"]})
    three = planned(0, name="early", arms={"old": ["u"], "new": ["v"]})
    counts = pd.concat(
        [
            counted(("old", 50, 100), ("new", 65, 100), ("third", 52, 100)),
            counted(("old", 50, 100), ("new", 66, 100), experiment="price"),
            counted(("old", 10, 100), ("new", 90, 100), experiment="early"),
        ]
    )
    found = judge_arms(counts, [one, two, three]).query("arm != 'old'")
    assert set(found["n_compared"]) == {4}
    p = found["p"].tolist()
    # Holm: the smallest times 4, the next times 3; the early look counts in the family only.
    assert found["p_adjusted"].tolist()[:3] == pytest.approx(
        [max(4 * p[2], 3 * p[0]), min(1, 2 * p[1]), 4 * p[2]]
    )
    assert found["verdict"].tolist() == ["cannot tell", "cannot tell", "cannot tell", "better"]


def test_a_split_that_was_not_planned_forbids_a_verdict():
    counts = counted(("old", 100, 1000), ("new", 200, 700))
    row = judge_arms(counts, [planned(500)]).iloc[1]
    assert row["verdict"] == "cannot tell"
    assert "not split" in row["reason"]
    # (1000 - 850)^2 / 850 twice is 52.9.
    assert row["sample_ratio_p"] == pytest.approx(3.5e-13, rel=0.1)
    meant = planned(500, shares={"old": 10, "new": 7})
    assert judge_arms(counts, [meant]).iloc[1]["verdict"] == "better"


def test_few_people_have_no_rate_and_nobody_with_the_outcome_asks_for_its_name():
    few = judge_arms(counted(("old", 3, 40), ("new", 4, 4)), [planned(4)]).iloc[1]
    assert math.isnan(few["rate"])
    assert math.isnan(few["p"])
    assert (few["verdict"], few["n_compared"]) == ("cannot tell", 0)
    none = judge_arms(counted(("old", 0, 40), ("new", 0, 40)), [planned(40)]).iloc[1]
    assert (none["verdict"], none["rate"]) == ("cannot tell", 0)
    assert "check its name" in none["reason"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": {}}, "either `arms` or `segment`"),
        ({"segment": "device"}, "either `arms` or `segment`"),
        ({"arms": {"old": ["x"]}}, "at least two arms"),
        ({"arms": {"old": ["x"], "new": []}}, "at least one event"),
        ({"arms": {"old": ["x"], "new": ["x"]}}, "one arm only"),
        ({"control": "none"}, "one of the arms: 'old', 'new'"),
        ({"outcome": "saw_new"}, "name another"),
        ({"shares": {"old": 1}}, "a share for each arm"),
        ({"shares": {"old": 1, "new": 0}}, "above 0"),
        ({"within": "soon"}, "'soon' is no span of time"),
        ({"direction": "up"}, "'more' or 'less'"),
    ],
)
def test_what_is_no_experiment_is_refused_in_words(changes, message):
    with pytest.raises(EngineError, match=message):
        planned(0, **changes)


def test_two_experiments_of_one_name_are_refused(events, journey):
    with pytest.raises(EngineError, match="one name"):
        compare_arms(events(), journey, [BUTTON, BUTTON])


def test_no_events_are_an_empty_frame_with_its_columns(events, journey):
    found = compare_arms(events(), journey, [BUTTON])
    assert (len(found), found.columns.tolist()) == (0, ARM_COLUMNS)
    periods = compare_periods(events(), journey, at="2026-03-01", stage="see", outcome="buy",
                              within="1D")  # fmt: skip
    assert (len(periods), periods.columns.tolist()) == (0, PERIOD_COLUMNS)


def test_arms_that_nobody_met_have_zeros(events, open_end):
    found = compare_arms(events(("a", 0, "see", "saw_old")), open_end, [BUTTON])
    assert found["n"].tolist() == [1, 0]
    assert found["verdict"].tolist() == ["", "cannot tell"]


def test_without_effect_verdicts_are_rare_at_the_plan_and_under_peeking(monkeypatch):
    # They have no say in a verdict, and cost most of the time; statsmodels collects garbage
    # whenever it adjusts p values.
    monkeypatch.setattr("gc.collect", lambda: 0)
    monkeypatch.setattr(experiments, "estimate_risk_ratio", lambda *_, **__: NOTHING)
    monkeypatch.setattr(experiments, "find_minimum_detectable_effect", lambda *_, **__: math.nan)
    random = np.random.default_rng(11)
    names = ["old", "new", "third"]
    arms = {name: [f"saw_{name}"] for name in names}
    wrong = {"planned": 0, "peeking": 0}
    runs, looks = 120, (50, 150, 300)
    for _ in range(runs):
        answers = random.random((3, looks[-1])) < 0.3
        found = {}
        for n in looks:
            counts = counted(
                *((name, int(answers[i, :n].sum()), n) for i, name in enumerate(names))
            )
            found[n] = judge_arms(counts, [planned(0, arms=arms)])["verdict"].isin(
                ["better", "worse"]
            )
        at_plan = judge_arms(counts, [planned(looks[-1], arms=arms)])["verdict"]
        wrong["planned"] += at_plan.isin(["better", "worse"]).any()
        wrong["peeking"] += any(each.any() for each in found.values())
    assert wrong["planned"] / runs <= 0.06
    assert wrong["peeking"] / runs <= 0.05


def slow_count(rows, within):
    """Count arms person by person; rows of who, minute, stage and event."""
    end = max(minute for _, minute, *_ in rows)
    found = {"old": [0, 0, 0], "new": [0, 0, 0]}
    both = 0
    for who in {row[0] for row in rows}:
        mine = [row[1:] for row in rows if row[0] == who]
        met = {
            arm: min((m for m, _, event in mine if event == f"saw_{arm}"), default=None)
            for arm in found
        }
        known = {arm: minute for arm, minute in met.items() if minute is not None}
        both += len(known) == 2
        if len(known) != 1:
            continue
        ((arm, since),) = known.items()
        if since + within > end:
            found[arm][2] += 1
            continue
        found[arm][0] += 1
        found[arm][1] += any(
            stage == "buy" and event == "paid" and since <= minute <= since + within
            for minute, stage, event in mine
        )
    return [[*found["old"], both], [*found["new"], both]]


def random_log(random):
    return [
        (f"p{random.integers(12)}", int(random.integers(20)),
         *[("see", "look"), ("see", "saw_old"), ("see", "saw_new"), ("buy", "paid")][
             random.integers(4)])
        for _ in range(random.integers(5, 40))
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_random_logs_give_what_a_count_from_person_to_person_gives(events, open_end, seed):
    random = np.random.default_rng(seed)
    # One log holds many: each with experiments, events and people of its own.
    logs = [random_log(random) for _ in range(8)]
    test = planned(0, within="6min")
    for rows in logs:
        log = events(*rows).sample(frac=1, random_state=seed).reset_index(drop=True)
        doubled = pd.concat([log, log.head(5)])
        counts = count_arms(doubled, open_end, [test])
        assert counts[["n", "n_success", "n_open", "n_both"]].to_numpy().tolist() == slow_count(
            rows, 6
        )


def test_periods_follow_everybody_for_the_same_time(events, open_end):
    rows = []
    for number in range(10):
        rows += [(f"b{number}", 0, "see"), (f"a{number}", 100, "see")]
        rows += [(f"b{number}", 5 if number < 2 else 50, "buy"), (f"a{number}", 104, "buy")]
    log = events(
        *rows, ("cross", 55, "see"), ("cross", 56, "buy"), ("late", 195, "see"),
        ("late", 196, "buy"), ("z", 200, ""),
    )  # fmt: skip
    at = pd.Timestamp("2026-03-01 02:00+01:00")
    row = compare_periods(log, open_end, at=at, stage="see", outcome="buy", within="10min").iloc[0]
    assert (row["n_before"], row["n_success_before"]) == (10, 2)
    assert (row["n_after"], row["n_success_after"]) == (10, 10)
    assert (row["n_crossing"], row["n_open"]) == (1, 1)
    assert row["difference"] == pytest.approx(0.8)
    assert (row["verdict"], row["stage"]) == ("higher", "see")
    assert "association, not cause" in row["words"]


def test_periods_of_few_people_cannot_tell(events, open_end):
    log = events(("a", 0, "see"), ("a", 1, "buy"), ("b", 90, "see"), ("z", 120, ""))
    row = compare_periods(
        log, open_end, at="2026-03-01 01:00", stage="see", outcome="buy", within="5min"
    ).iloc[0]
    assert (row["n_before"], row["n_after"], row["verdict"]) == (1, 1, "cannot tell")
    assert math.isnan(row["rate_before"])


def test_periods_need_a_stage_another_outcome_and_a_time(events, open_end):
    with pytest.raises(UnknownNameError, match="sea"):
        compare_periods(
            events(), open_end, at="2026-03-01", stage="sea", outcome="buy", within="1D"
        )
    for outcome, within in (("see", "1D"), ("buy", "")):
        with pytest.raises(EngineError, match="before and after"):
            compare_periods(
                events(), open_end, at="2026-03-01", stage="see", outcome=outcome, within=within
            )


def test_shuffled_rows_change_nothing(events, open_end):
    log = events(*random_log(np.random.default_rng(3)))
    mixed = log.sample(frac=1, random_state=1).reset_index(drop=True)
    assert_frame_equal(
        compare_arms(mixed, open_end, [BUTTON]), compare_arms(log, open_end, [BUTTON])
    )


def test_the_order_of_rows_adds_nothing_to_the_time_within(events, open_end):
    log = events(
        ("a", 0, "see", "saw_old"), ("a", 10, "buy", "paid"), ("b", 10, "see", "saw_new"),
        ("b", 20, "buy", "paid"),
    )  # fmt: skip
    doubled = pd.concat([log.iloc[[1, 3]].assign(event="other", stage=""), log])
    counts = count_arms(doubled, open_end, [planned(0, within="10min")], ties="row")
    assert counts[["n", "n_success", "n_open"]].to_numpy().tolist() == [[1, 1, 0], [1, 1, 0]]
