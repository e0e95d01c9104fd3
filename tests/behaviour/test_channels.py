import itertools
import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour import FunnelRule, estimate_drop_off, open_log
from cjm_research.behaviour.channels import (
    CHANNEL_COLUMNS,
    ENTRY_DROP_COLUMNS,
    LIFT_COLUMNS,
    SWITCH_COLUMNS,
    count_channel_switches,
    estimate_drop_off_by_entry,
    estimate_touchpoint_lift,
    summarize_channels,
)
from cjm_research.errors import UnknownNameError
from cjm_research.statistics import estimate_difference, estimate_risk_ratio


@pytest.fixture(scope="session")
def by_channel(events):
    def make(*rows):
        """Rows of who, minute, stage, channel, and perhaps event and device."""
        table = events(*((w, m, s, r[0] if r else f"in {s}", *r[1:2]) for w, m, s, _, *r in rows))
        return table.assign(channel=[row[3] for row in rows]) if rows else table

    return make


def test_switches_are_neighbours_in_time_with_different_channels(by_channel, journey):
    log = by_channel(
        ("a", 3, "see", "app"), ("a", 0, "see", "web"), ("a", 1, "pick", "web"), ("a", 2, "", ""),
        ("a", 5, "buy", "web"), ("a", 6, "buy", "app"), ("b", 0, "", "web"), ("b", 1, "see", "app"),
        ("c", 0, "see", "shop"),
    )  # fmt: skip
    assert count_channel_switches(log, journey).to_numpy().tolist() == [
        ["web", "app", 3, 2],
        ["app", "web", 1, 1],
    ]


def test_channels_are_counted_by_number_and_by_set(by_channel, journey):
    rows = [(f"p{n}", 0, "see", "web") for n in range(6)]
    rows += [(f"p{n}", 1, "pick", "app") for n in range(2)]
    rows += [(f"p{n}", 2, "buy", "web") for n in range(2)] + [("p0", 3, "", "web", "kept")]
    rows += [("q", 0, "chat", "phone"), ("q", 1, "chat", "web")]
    found = summarize_channels(by_channel(*rows), journey)
    columns = ["n_channels", "channels", "n_participants", "n_entered", "n_completed"]
    assert found[columns].to_numpy().tolist() == [
        [1, "", 4, 4, 0], [1, "web", 4, 4, 0],
        [2, "", 3, 2, 1], [2, "app + web", 2, 2, 1], [2, "phone + web", 1, 0, 0],
    ]  # fmt: skip
    assert found["share"].tolist() == pytest.approx([4 / 7, 4 / 7, 3 / 7, 2 / 7, 1 / 7])
    assert found["completed_rate"].isna().all()


def test_who_comes_through_is_a_share_of_those_in_the_funnel(by_channel, open_end):
    rows = [(f"p{n}", 0, "see", "web") for n in range(8)]
    rows += [(f"p{n}", m, s, "web") for n in range(2) for m, s in ((1, "pick"), (2, "buy"))]
    row = summarize_channels(by_channel(*rows), open_end).iloc[1]
    assert (row["n_entered"], row["n_completed"], row["completed_rate"]) == (8, 2, 0.25)
    assert row["completed_low"] < 0.25 < row["completed_high"]


def test_entry_is_told_by_the_event_that_brought_somebody_in(by_channel, journey):
    log = by_channel(
        ("a", 0, "see", "web"), ("a", 1, "see", "app"), ("a", 2, "pick", "app"),
        ("b", 0, "see", "web"), ("b", 0, "see", "app"),
        ("c", 0, "see", ""), ("c", 0, "chat", "phone"),
    )  # fmt: skip
    found = estimate_drop_off_by_entry(log, journey)
    columns = ["stage", "value", "n_entered", "n_continued", "n_dropped"]
    assert found[columns].astype(str).to_numpy().tolist() == [
        ["see", "", "1", "0.0", "1.0"],
        ["see", "app", "1", "0.0", "1.0"],
        ["see", "web", "1", "1.0", "0.0"],
        ["pick", "app", "1", "0.0", "1.0"],
    ]
    assert found["drop_off_rate"].isna().all()
    by_event = estimate_drop_off_by_entry(log, journey, column="event")
    assert by_event["value"].tolist() == ["in see", "in pick"]


def test_an_unknown_column_of_entry_is_named(by_channel, journey):
    with pytest.raises(UnknownNameError, match="Did you mean 'channel'"):
        estimate_drop_off_by_entry(by_channel(), journey, column="chanel")


def touched(by_channel, n_with, with_on, n_without, without_on):
    rows = []
    for n in range(n_with + n_without):
        with_event = n < n_with
        rows.append((f"p{n}", 0, "see", "", "came"))
        rows += [(f"p{n}", 1, "see", "", "tip")] * with_event
        goes = n < with_on if with_event else n - n_with < without_on
        rows += [(f"p{n}", 2, "pick", "", "chose")] * goes
    return by_channel(*rows)


def test_lift_compares_those_with_the_event_with_those_without(by_channel, open_end):
    found = estimate_touchpoint_lift(touched(by_channel, 20, 15, 30, 12), open_end)
    row = found[found["event"] == "tip"].iloc[0]
    assert row[["n_with", "n_without", "n_with_on", "n_without_on"]].tolist() == [20, 30, 15, 12]
    assert tuple(row[["difference", "low", "high"]]) == pytest.approx(
        estimate_difference(15, 20, 12, 30)
    )
    assert tuple(row[["ratio", "ratio_low", "ratio_high"]]) == pytest.approx(
        estimate_risk_ratio(15, 20, 12, 30)
    )
    # Pearson: 50 * (15*18 - 5*12)^2 / (20*30*27*23) = 5.9178; its tail is .0150.
    assert row["p"] == pytest.approx(0.0150, abs=5e-5)
    assert (row["p_adjusted"], row["n_compared"]) == (row["p"], 1)
    assert row["words"] == "association, not cause"


def test_an_event_that_everybody_has_is_counted_and_not_compared(by_channel, open_end):
    found = estimate_touchpoint_lift(touched(by_channel, 20, 15, 30, 12), open_end)
    row = found[found["event"] == "came"].iloc[0]
    assert row[["n_with", "n_without"]].tolist() == [50, 0]
    assert math.isnan(row["rate_with"])
    assert math.isnan(row["p_adjusted"])


def test_an_event_after_going_on_or_before_the_entry_is_none_of_the_stage(by_channel, journey):
    log = by_channel(
        ("a", 0, "see", "", "came"), ("a", 1, "pick", "", "p"), ("a", 2, "see", "", "tip"),
        ("b", 0, "pick", "", "zoom"), ("b", 1, "see", "", "came"), ("b", 2, "pick", "", "p"),
        ("c", 0, "see", "", "came"), ("c", 1, "pick", "", "p"), ("c", 1, "see", "", "tip"),
    )  # fmt: skip
    found = estimate_touchpoint_lift(log, journey).set_index(["stage", "event"])["n_with"]
    assert found["see", "tip"] == 1  # c, at the instant of going on
    assert found["pick", "zoom"] == 0
    assert found["pick", "p"] == 3


def test_the_last_stage_is_compared_by_completion(by_channel, journey):
    rows = []
    for n in range(20):
        rows += [(f"p{n}", m, s, "", s) for m, s in enumerate(["see", "pick", "buy"])]
        rows += [(f"p{n}", 3, "buy", "", "coupon")] * (n < 10)
        rows += [(f"p{n}", 4, "", "", "kept")] * (n < 8)
    log = by_channel(*rows)
    row = estimate_touchpoint_lift(log, journey).set_index("event").loc["coupon"]
    assert row[["n_with", "n_with_on", "n_without", "n_without_on"]].tolist() == [10, 8, 10, 0]


def test_no_events_and_no_channels_are_empty_frames_with_their_columns(by_channel, events, journey):
    for log in (by_channel(), events(("a", 0, "chat"))):
        for measure, columns in (
            (count_channel_switches, SWITCH_COLUMNS), (summarize_channels, CHANNEL_COLUMNS),
            (estimate_drop_off_by_entry, ENTRY_DROP_COLUMNS),
            (estimate_touchpoint_lift, LIFT_COLUMNS),
        ):  # fmt: skip
            found = measure(log, journey)
            assert found.empty
            assert found.columns.tolist() == columns


def random_rows(n, seed):
    random = np.random.default_rng(seed)
    stages = {"came": "see", "tip": "see", "chose": "pick", "zoom": "pick", "paid": "buy"}
    rows = []
    for number in range(n):
        for _ in range(random.integers(1, 9)):
            event = str(random.choice([*stages, "kept"]))
            channel = str(random.choice(["web", "app", "shop", ""]))
            rows.append(
                (f"p{number}", int(random.integers(9)), stages.get(event, ""), channel, event)
            )
    return rows


def reach(mine):
    """Minutes of entry into see, pick, buy, and of the completion, of one participant."""
    entries, since = [], -1
    for stage in ("see", "pick", "buy"):
        later = [m for m, s, *_ in mine if s == stage and m >= since]
        if not later:
            return entries
        since = min(later)
        entries.append(since)
    kept = [m for m, _, _, event in mine if event == "kept" and m >= since]
    return [*entries, *([min(kept)] if kept else [])]


@pytest.mark.parametrize("ties", ["journey", "row"])
def test_random_logs_give_what_a_walk_from_person_to_person_gives(by_channel, journey, ties):
    rows = random_rows(500, seed=4)
    if ties == "row":
        # Without ties in time both rules say the same, on finer moments.
        rows = sorted(rows, key=lambda row: row[:2])
        rows = [(who, 10 * turn + m, *rest) for turn, (who, m, *rest) in enumerate(rows)]
    switches, using, lift, entered = {}, {}, {}, {}
    for who in {row[0] for row in rows}:
        mine = sorted({row[1:] for row in rows if row[0] == who})
        used = [c for _, c in sorted({(m, c) for m, _, c, _ in mine if c})]
        for pair in itertools.pairwise(used):
            if pair[0] != pair[1]:
                switches.setdefault(pair, []).append(who)
        reached = reach(mine)
        if used:
            key = " + ".join(sorted(set(used)))
            n, in_it, done = using.get(key, (0, 0, 0))
            using[key] = (n + 1, in_it + bool(reached), done + (len(reached) == 4))
        for place, stage in enumerate(("see", "pick", "buy")[: len(reached)]):
            since, on = reached[place], len(reached) > place + 1
            until = reached[place + 1] if on else math.inf
            at = [c for m, s, c, _ in mine if s == stage and m == since]
            value = min((c for c in at if c), default="")
            people, dropped = entered.get((stage, value), (0, 0))
            entered[stage, value] = (people + 1, dropped + (not on))
            for event in {e for m, s, _, e in mine if s == stage and since <= m <= until}:
                people, went = lift.get((stage, event), (0, 0))
                lift[stage, event] = (people + 1, went + on)
    with open_log(by_channel(*rows), journey, ties=ties) as log:
        found = count_channel_switches(log)
        assert {(r.from_channel, r.to_channel): (r.n_switches, r.n_participants)
                for r in found.itertuples()} == {
            pair: (len(who), len(set(who))) for pair, who in switches.items()
        }  # fmt: skip
        sets = summarize_channels(log).query("channels != ''")
        assert {r.channels: (r.n_participants, r.n_entered, r.n_completed)
                for r in sets.itertuples()} == using  # fmt: skip
        touch = estimate_touchpoint_lift(log)
        assert {(r.stage, r.event): (r.n_with, r.n_with_on)
                for r in touch.itertuples() if r.n_with} == lift  # fmt: skip
        entry = estimate_drop_off_by_entry(log)
        assert {(r.stage, r.value): (r.n_entered, r.n_dropped)
                for r in entry.itertuples()} == entered  # fmt: skip
        funnel = estimate_drop_off(log)
        total = entry.groupby("stage", observed=True)["n_dropped"].sum()
        assert total.tolist() == funnel["n_dropped"].tolist()


def test_visits_are_brought_back_to_people(by_channel, open_end):
    log = by_channel(("a", 0, "see", "web"), ("a", 9, "see", "app"), ("a", 10, "pick", "app"))
    log = log.assign(session_id=["one", "two", "two"])
    rule = FunnelRule(scope="session", unit="session")
    found = estimate_drop_off_by_entry(log, open_end, rule=rule)
    assert found[["value", "n_entered"]].to_numpy().tolist() == [["app", 1], ["app", 1]]


def test_shuffled_and_doubled_rows_change_nothing(by_channel, journey):
    log = by_channel(*random_rows(40, seed=9))
    mixed = pd.concat([log, log.head(30)]).sample(frac=1, random_state=1).reset_index(drop=True)
    for measure in (
        count_channel_switches, summarize_channels, estimate_drop_off_by_entry,
        estimate_touchpoint_lift,
    ):  # fmt: skip
        assert_frame_equal(measure(mixed, journey), measure(log, journey))
