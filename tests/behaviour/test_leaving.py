import math
from collections import Counter, defaultdict

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour.funnel import FunnelRule, estimate_drop_off
from cjm_research.behaviour.leaving import (
    ABANDONMENT_COLUMNS,
    DESTINATION_COLUMNS,
    NOTHING,
    NOTHING_IN_VISIT,
    find_abandonment_points,
    find_destinations,
)
from cjm_research.behaviour.log import open_log
from cjm_research.journey import Journey
from cjm_research.statistics import estimate_proportion
from tests.behaviour.slow_walk import Event, follow
from tests.behaviour.test_paths import STAGES, log_of, random_rows

FUNNEL = ["see", "pick", "buy"]
HAND = [
    ("a", 0, "see", "look"), ("a", 1, "see", "search"),
    ("b", 0, "see", "look"), ("b", 1, "", "help"), ("b", 2, "buy", "pay"),
    ("c", 0, "see", "look"), ("c", 1, "buy", "pay"),
    ("d", 0, "see", "look"), ("d", 1, "chat", "hello"), ("d", 2, "see", "look"),
    ("d", 3, "chat", "hello"),
    ("e", 0, "see", "search"), ("e", 1, "pick", "add"), ("e", 2, "see", "look"),
    ("f", 0, "see", "look"), ("f", 1, "pick", "add"), ("f", 2, "buy", "pay"),
    ("f", 3, "buy", "kept"),
    ("g", 0, "see", "look"), ("g", 1, "pick", "add"), ("g", 2, "buy", "pay"), ("g", 3, "talk", "t"),
]  # fmt: skip


def test_those_lost_at_a_stage_go_on_with_the_first_event_after_it(events, journey):
    found = find_destinations(events(*HAND), journey)
    columns = ["stage", "destination", "kind", "n", "n_dropped"]
    assert found[columns].astype("object").to_numpy().tolist() == [
        ["see", "chat", "aside", 1, 4],
        ["see", "buy", "later stage", 1, 4],
        ["see", "help", "other event", 1, 4],
        ["see", NOTHING, "nothing", 1, 4],
        ["pick", "see", "earlier stage", 1, 1],
        ["buy", "talk", "aside", 1, 1],
    ]
    assert found.loc[0, ["share", "share_low", "share_high"]].tolist() == pytest.approx(
        estimate_proportion(1, 4)
    )
    assert found["stage"].dtype == journey.dtype


def test_the_last_event_in_the_stage_is_where_it_was_left(events, journey):
    found = find_abandonment_points(events(*HAND), journey)
    columns = ["stage", "event", "n", "n_dropped", "n_seen"]
    assert found[columns].astype("object").to_numpy().tolist() == [
        ["see", "look", 3, 4, 7],
        ["see", "search", 1, 4, 2],
        ["pick", "add", 1, 1, 3],
        ["buy", "pay", 1, 1, 2],
        ["buy", "kept", 0, 1, 1],
    ]
    look = found.iloc[0]
    assert look[["share", "share_low", "share_high"]].tolist() == pytest.approx(
        estimate_proportion(3, 4)
    )
    rate = ["lost_after_rate", "lost_after_low", "lost_after_high"]
    assert look[rate].tolist() == pytest.approx(estimate_proportion(3, 7))
    assert found.loc[1:, rate].isna().all(axis=None)


def test_nobody_is_lost_at_a_last_stage_that_nothing_completes(events, open_end):
    log = events(("a", 0, "see"), ("a", 1, "pick"), ("a", 2, "buy"), ("b", 0, "see"))
    assert find_destinations(log, open_end)["stage"].tolist() == ["see"]
    points = find_abandonment_points(log, open_end).set_index("stage")
    assert points.loc["buy", ["n", "n_dropped", "n_seen"]].tolist() == [0, 0, 1]
    assert math.isnan(points["share"]["buy"])


def test_who_may_still_go_on_is_not_lost(events, journey):
    log = events(("a", 0, "see"), ("b", 990, "see"), ("c", 1000, "talk"))
    found = find_destinations(log, journey, rule=FunnelRule(patience="1h"))
    assert found[["n", "n_dropped"]].to_numpy().tolist() == [[1, 1]]
    points = find_abandonment_points(log, journey, rule=FunnelRule(patience="1h"))
    assert points[["n", "n_seen"]].to_numpy().tolist() == [[1, 1]]


def test_a_small_audience_segment_has_counts_but_no_share(events, journey):
    log = events(*((f"p{n}", 0, "see", "e", "phone" if n < 4 else "laptop") for n in range(9)))
    found = find_destinations(log, journey, segments=["device"]).set_index("segment_value")
    assert found["n"].to_dict() == {"": 9, "laptop": 5, "phone": 4}
    assert math.isnan(found["share"]["phone"])
    assert found["share"]["laptop"] == 1.0


def test_what_came_before_the_entry_does_not_count(events, journey):
    log = events(("a", 0, "pick", "early"), ("a", 1, "see", "e"), ("a", 2, "pick", "late"))
    points = find_abandonment_points(log, journey)
    assert points[["stage", "event"]].to_numpy().tolist() == [["see", "e"], ["pick", "late"]]


@pytest.mark.parametrize("rule", [FunnelRule(), FunnelRule(scope="session")])
def test_a_log_without_a_funnel_has_nobody_lost(events, journey, rule):
    for log, stages in ((events(), journey), (events(("a", 0, "")), Journey(()))):
        for measure, columns in (
            (find_destinations, DESTINATION_COLUMNS),
            (find_abandonment_points, ABANDONMENT_COLUMNS),
        ):
            found = measure(log, stages, rule=rule)
            assert found.empty
            assert list(found.columns) == columns


def test_a_funnel_that_loses_nobody_has_no_destinations(events, open_end):
    log = events(("a", 0, "see"), ("a", 1, "pick"), ("a", 2, "buy"))
    found = find_destinations(log, open_end)
    assert found.empty
    assert list(found.columns) == DESTINATION_COLUMNS


def leave(rows, journey, rule):
    """Return where each of those lost went and after what, and who did what in a stage, slowly."""
    stages = [stage.id for stage in journey.sequential]
    order = {name: at for at, name in enumerate([*STAGES, ""])}
    people, gone, left, seen = defaultdict(list), Counter(), Counter(), Counter()
    for number, (who, minute, stage, event, session, _) in enumerate(rows):
        people[who].append(Event(minute, stage, event, session, number))
    for mine in people.values():
        for outcome in follow(mine, journey, rule):
            near = mine
            if rule.scope == "session":
                session = outcome.entries[outcome.start].session
                near = [event for event in mine if event.session == session]
            near = sorted(near, key=lambda event: (event.minute, order[event.stage], event.event))
            own = {
                at: [
                    (place, event)
                    for place, event in enumerate(near)
                    if event.stage == stages[at] and event.minute >= entry.minute
                ]
                for at, entry in enumerate(outcome.entries)
                if entry
            }
            for at, done in own.items():
                seen.update({(stages[at], event.event) for _, event in done})
            if outcome.done or outcome.elsewhere:
                continue
            place, last = own[outcome.depth][-1]
            # Equal rows at one instant are one event that was written twice.
            after = [
                event for event in near[place + 1 :]
                if (event.minute, event.stage, event.event) != (last.minute, last.stage, last.event)
            ]  # fmt: skip
            nothing = NOTHING_IN_VISIT if rule.scope == "session" else NOTHING
            to = (after[0].stage or after[0].event) if after else nothing
            gone[stages[outcome.depth], to] += 1
            left[stages[outcome.depth], last.event] += 1
    return gone, left, seen


RULES = [
    FunnelRule(),
    FunnelRule(order="any"),
    FunnelRule(entry="anywhere"),
    FunnelRule(scope="session"),
    FunnelRule(scope="session", unit="session"),
]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_random_logs_hold_the_ways_out_that_a_walk_finds(events, journey, rule):
    # Visits begin one after the other, so that it is plain which of two equally far is first.
    rows = [
        (who, minute + 100 * (session == "s2"), stage, event, session, channel)
        for who, minute, stage, event, session, channel in random_rows(400, seed=21)
    ]
    log = log_of(events, rows)
    slow = FunnelRule(order=rule.order, entry=rule.entry, scope=rule.scope)
    gone, left, seen = leave(rows, journey, slow)
    found = find_destinations(log, journey, rule=rule)
    assert {(s, to): n for s, to, n in found[["stage", "destination", "n"]].to_numpy()} == gone
    points = find_abandonment_points(log, journey, rule=rule)
    columns = ["stage", "event", "n", "n_seen"]
    assert {(s, e): (n, m) for s, e, n, m in points[columns].to_numpy()} == {
        pair: (left[pair], n) for pair, n in seen.items()
    }


def test_the_ways_out_add_up_to_those_lost_in_the_funnel(events, journey):
    log = log_of(events, random_rows(300, seed=8))
    segments = log.groupby("participant_id")["source"].first().reset_index()
    segments = segments.assign(
        segment="half", segment_value=["ab"[n % 2] for n in range(len(segments))]
    )
    with open_log(log, journey, segments=segments) as opened:
        funnel = estimate_drop_off(opened)
        found = find_destinations(opened)
        points = find_abandonment_points(opened)
    keys = ["stage", "segment", "segment_value"]
    dropped = funnel.set_index(keys)["n_dropped"]
    assert found.groupby(keys, observed=True)["n"].sum().to_dict() == dropped.to_dict()
    assert points.groupby("stage", observed=True)["n"].sum().to_dict() == (
        dropped.xs(("", ""), level=(1, 2)).to_dict()
    )


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_and_doubled_rows_change_nothing(events, journey, seed):
    log = log_of(events, random_rows(40, seed))
    doubled = pd.concat([log, log.sample(frac=0.5, random_state=seed)])
    mixed = doubled.sample(frac=1, random_state=seed).reset_index(drop=True)
    for measure in (find_destinations, find_abandonment_points):
        assert_frame_equal(measure(mixed, journey), measure(log, journey))
