import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour import FunnelRule, open_log
from cjm_research.behaviour.survival import (
    CURVE_COLUMNS,
    WAITING_COLUMNS,
    choose_unit,
    estimate_time_to_next,
    summarize_time_to_next,
)
from cjm_research.journey import Journey, Stage


def six(events):
    """Minutes until they pick: 1, 2, 2, 4, and two not yet, watched for 3 and 6 minutes."""
    rows = [
        ("a", 0, "see"), ("a", 1, "pick"), ("b", 0, "see"), ("b", 2, "pick"),
        ("c", 4, "see"), ("c", 6, "pick"), ("d", 0, "see"), ("d", 4, "pick"),
        ("e", 3, "see"), ("f", 0, "see"),
    ]  # fmt: skip
    return events(*rows)


def test_who_has_not_gone_on_is_watched_to_the_end_of_the_log(events, open_end):
    curve = estimate_time_to_next(six(events), open_end)
    see = curve[curve["stage"] == "see"]
    assert see["time_s"].tolist() == [0, 60, 120, 180, 240, 360]
    # 6 at risk: 5/6; then 2 of 5: 1/2; e is censored; then 1 of 2: 1/4.
    assert see["still_there"].tolist() == pytest.approx([1, 5 / 6, 1 / 2, 1 / 2, 1 / 4, 1 / 4])
    assert see["n_at_risk"].tolist() == [6, 6, 5, 3, 2, 1]
    assert set(see["next_stage"]) == {"pick"}
    assert curve["stage"].dtype == open_end.dtype


def test_the_summary_counts_and_gives_the_median_and_the_horizon(events, open_end):
    row = summarize_time_to_next(six(events), open_end).iloc[0]
    assert (row["n"], row["n_gone_on"], row["n_censored"], row["unit_s"]) == (6, 4, 2, 1)
    assert row["median_s"] == 120
    assert (row["horizon_s"], row["still_there"]) == (120, pytest.approx(0.5))
    assert row["still_there_low"] < 0.5 < row["still_there_high"]
    assert math.isnan(row["p"])


def test_fewer_than_five_people_have_counts_and_no_curve(events, open_end):
    log = six(events)
    assert "pick" not in estimate_time_to_next(log, open_end)["stage"].tolist()
    row = summarize_time_to_next(log, open_end).iloc[1]
    assert (row["stage"], row["n"], row["n_gone_on"]) == ("pick", 4, 0)
    assert math.isnan(row["still_there"])


def test_watching_may_end_earlier_or_later_than_the_log(events, open_end):
    until = pd.Timestamp("2026-03-01 00:03")
    early = summarize_time_to_next(six(events), open_end, observed_until=until).iloc[0]
    # c came after it; d went on after it; e came just then.
    assert (early["n"], early["n_gone_on"], early["n_censored"]) == (5, 2, 3)
    late = estimate_time_to_next(
        six(events), open_end, observed_until="2026-03-01 01:10+01:00"
    ).query("stage == 'see'")
    assert late["time_s"].tolist() == [0, 60, 120, 240, 420, 600]
    assert late["still_there"].tolist()[-1] == pytest.approx(5 / 6 * 3 / 5 * 2 / 3)


def test_going_on_elsewhere_ends_the_watch(events):
    journey = Journey((Stage("see", "See", completed_elsewhere=("phoned",)), Stage("buy", "Buy")))
    rows = [(who, 0, "see") for who in "abcde"]
    log = events(*rows, ("a", 1, "", "phoned"), ("b", 2, "buy"), ("c", 10, ""))
    curve = estimate_time_to_next(log, journey)
    assert curve["time_s"].tolist() == [0, 60, 120, 600]
    assert curve["n_at_risk"].tolist() == [5, 5, 4, 3]
    assert curve["still_there"].tolist() == pytest.approx([1, 1, 3 / 4, 3 / 4])


def test_a_window_ends_the_watch(events, open_end):
    rows = [(who, 0, "see") for who in "abcde"]
    log = events(*rows, ("a", 1, "pick"), ("b", 9, "pick"))
    curve = estimate_time_to_next(log, open_end, rule=FunnelRule(window="5min"))
    assert curve["time_s"].tolist() == [0, 60, 300]
    assert curve["still_there"].tolist() == pytest.approx([1, 4 / 5, 4 / 5])


def test_stages_in_any_order_or_within_a_visit_have_no_such_times(events, open_end):
    for rule in (FunnelRule(order="any"), FunnelRule(scope="session")):
        assert estimate_time_to_next(six(events), open_end, rule=rule).empty
        assert summarize_time_to_next(six(events), open_end, rule=rule).empty


def test_no_events_or_no_such_stage_give_empty_frames(events, journey):
    other = Journey((Stage("talk", "Talk", measure="none"),))
    for log, stages in ((events(), journey), (events(("a", 0, "talk")), other)):
        curve = estimate_time_to_next(log, stages)
        summary = summarize_time_to_next(log, stages)
        assert (len(curve), len(summary)) == (0, 0)
        assert curve.columns.tolist() == CURVE_COLUMNS
        assert summary.columns.tolist() == WAITING_COLUMNS


def test_audience_segments_are_compared_in_one_family(events, open_end):
    rows = []
    for device, minutes in (("phone", 1), ("laptop", 30)):
        for number in range(20):
            who = f"{device}{number}"
            rows += [(who, 0, "see", "e", device), (who, minutes + number, "pick", "e", device),
                     (who, 80 + number, "buy", "e", device)]  # fmt: skip
    with open_log(events(*rows), open_end, segments=["device"]) as log:
        summary = summarize_time_to_next(log)
        curve = estimate_time_to_next(log)
    assert summary["segment_value"].tolist() == ["", "laptop", "phone"] * 2
    see = summary[(summary["stage"] == "see") & (summary["segment"] == "device")]
    pick = summary[(summary["stage"] == "pick") & (summary["segment"] == "device")]
    assert see["p"].nunique() == 1
    assert see["p"].iloc[0] < 1e-6
    family = sorted([see["p"].iloc[0], pick["p"].iloc[0]])
    adjusted = sorted([see["p_adjusted"].iloc[0], pick["p_adjusted"].iloc[0]])
    assert adjusted == pytest.approx([min(2 * family[0], family[1]), family[1]])
    assert see["median_s"].tolist() == [(30 + 9) * 60, (1 + 9) * 60]
    assert set(curve["segment_value"]) == {"", "laptop", "phone"}


def test_units_are_coarser_only_for_many_people_over_a_long_time():
    assert choose_unit(30 * 86400, 20_000) == 1
    assert choose_unit(20_000, 1_000_000) == 1
    assert choose_unit(30 * 86400, 20_001) == 300
    assert choose_unit(100 * 365 * 86400, 10**6) == 86400


def test_a_long_curve_is_thinned_and_keeps_its_ends(events, open_end):
    rows = [
        row for n in range(400) for row in ((f"p{n}", 0, "see"), (f"p{n}", 1 + n, "pick"))
    ]  # fmt: skip
    curve = estimate_time_to_next(events(*rows), open_end).query("stage == 'see'")
    assert len(curve) == 200
    assert curve["time_s"].iloc[[0, -1]].tolist() == [0, 400 * 60]
    assert curve["still_there"].iloc[[0, -1]].tolist() == pytest.approx([1, 0])


def walk(rows, end):
    """Return (minutes, gone on) of each person from see to pick, one after the other."""
    found = []
    for who in sorted({row[0] for row in rows}):
        seen = [minute for w, minute, stage in rows if w == who and stage == "see"]
        if seen:
            entered = min(seen)
            on = [m for w, m, s in rows if w == who and s == "pick" and m >= entered]
            found.append((min(on) - entered, True) if on else (end - entered, False))
    return found


def kaplan_meier(people):
    share, steps = 1.0, {}
    for time in sorted({minutes for minutes, _ in people}):
        there = sum(minutes >= time for minutes, _ in people)
        share *= 1 - sum(minutes == time and on for minutes, on in people) / there
        steps[time * 60.0] = (share, there)
    return steps


def random_logs(n, seed):
    random = np.random.default_rng(seed)
    return [
        [
            (f"{number}/{random.integers(9)}", int(random.integers(12)),
             str(random.choice(["see", "see", "pick", "buy", ""])))
            for _ in range(random.integers(5, 40))
        ]
        for number in range(n)
    ]  # fmt: skip


def test_random_logs_give_the_curve_of_a_walk_from_person_to_person(events, open_end):
    # Each log is an audience segment, so that one run of the engine answers for all.
    logs = random_logs(120, seed=3)
    members = pd.DataFrame(
        sorted({(who, "log", who.split("/")[0]) for rows in logs for who, *_ in rows}),
        columns=["participant_id", "segment", "segment_value"],
    )
    everybody = [row for rows in logs for row in rows]
    curve = estimate_time_to_next(events(*everybody), open_end, segments=members)
    curve = curve[curve["stage"] == "see"]
    end = max(minute for _, minute, _ in everybody)
    checked = 0
    for value, rows in (("", everybody), *((str(n), rows) for n, rows in enumerate(logs))):
        people = walk(rows, end)
        mine = curve[curve["segment_value"] == value]
        if len(people) < 5:
            assert mine.empty
            continue
        checked += 1
        steps = {0.0: (1.0, len(people))} | kaplan_meier(people)
        assert mine["time_s"].tolist() == sorted(steps)
        assert mine["still_there"].tolist() == pytest.approx([steps[t][0] for t in sorted(steps)])
        assert mine["n_at_risk"].tolist() == [steps[t][1] for t in sorted(steps)]
    assert checked > 60


def test_shuffled_and_doubled_rows_change_nothing(events, open_end):
    log = events(*(row for rows in random_logs(20, 8) for row in rows))
    mixed = pd.concat([log, log.head(50)]).sample(frac=1, random_state=1).reset_index(drop=True)
    assert_frame_equal(
        summarize_time_to_next(mixed, open_end), summarize_time_to_next(log, open_end)
    )


def test_the_order_of_rows_adds_nothing_to_a_time(events, open_end):
    log = events(*(row for rows in random_logs(20, 8) for row in rows))
    order = {"see": 0, "pick": 1, "buy": 2, "": 3}
    log = log.assign(_place=log["stage"].map(order)).sort_values(["occurred_at", "_place"])
    doubled = log.drop(columns="_place").loc[log.index.repeat(3)].reset_index(drop=True)
    assert_frame_equal(
        summarize_time_to_next(doubled, open_end, ties="row"),
        summarize_time_to_next(log, open_end),
    )
