import math
from collections import Counter, defaultdict
from itertools import pairwise

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour.log import open_log
from cjm_research.behaviour.transitions import (
    END,
    LOOP_COLUMNS,
    REWORK_COLUMNS,
    START,
    TRANSITION_COLUMNS,
    count_loops,
    count_transitions,
    summarize_rework,
)
from cjm_research.errors import UnknownNameError
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion
from tests.behaviour.test_paths import STAGES, follow, log_of, random_rows

IN_ORDER = ["see", "pick", "buy"]
HAND = [
    ("a", 0, "see"), ("a", 1, "see"), ("a", 2, "pick"), ("a", 3, "see"), ("a", 4, "pick"),
    ("b", 0, "see"), ("b", 1, ""), ("b", 2, "buy"), ("b", 2, "", "kept"),
]  # fmt: skip


def logs_as_segments(rows):
    return pd.DataFrame(
        sorted({(row[0], "log", row[0].split("/")[0]) for row in rows}),
        columns=["participant_id", "segment", "segment_value"],
    )


def rows_by_log(rows):
    found = defaultdict(list)
    for row in rows:
        found[row[0].split("/")[0]].append(row)
    return found


def moves(paths):
    """Count the moves of each kind, and who made them."""
    n, who = Counter(), defaultdict(set)
    for (person, _), path in paths.items():
        steps = [START, *path, END]
        for pair in pairwise(steps):
            n[pair] += 1
            who[pair].add(person)
    return {pair: (n[pair], len(who[pair])) for pair in n}


def counted(frame):
    columns = ["from", "to", "n_transitions", "n_participants"]
    return {(a, b): (n, people) for a, b, n, people in frame[columns].to_numpy().tolist()}


def test_moves_are_counted_from_the_start_to_the_end(events, journey):
    found = count_transitions(events(*HAND), journey)
    assert found.drop(columns=["segment", "segment_value"]).to_numpy().tolist() == [
        [START, "see", 2, 2, 1.0, 2],
        ["see", "pick", 2, 1, 0.5, 4],
        ["see", "see", 1, 1, 0.25, 4],
        ["see", "buy", 1, 1, 0.25, 4],
        ["pick", "see", 1, 1, 0.5, 2],
        ["pick", END, 1, 1, 0.5, 2],
        ["buy", END, 1, 1, 1.0, 1],
    ]


def test_staying_can_be_left_out(events, journey):
    found = count_transitions(events(*HAND), journey, collapse=True)
    assert ("see", "see") not in counted(found)
    shares = found.set_index(["from", "to"])["share"]
    assert shares["see", "pick"] == pytest.approx(2 / 3)


def test_without_rows_for_the_ends_shares_still_know_of_them(events, journey):
    found = count_transitions(events(*HAND), journey, ends=False)
    assert not set(found["from"]) & {START, END}
    assert not set(found["to"]) & {START, END}
    assert found.set_index(["from", "to"])["share"]["pick", "see"] == 0.5


def test_an_event_of_two_stages_is_one_event(events, journey):
    log = events(("a", 0, "see", "x"), ("a", 1, "pick", "x"), ("a", 2, "buy", "y"))
    found = count_transitions(log, journey, by="event")
    assert counted(found) == {
        (START, "x"): (1, 1), ("x", "x"): (1, 1), ("x", "y"): (1, 1), ("y", END): (1, 1),
    }  # fmt: skip


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("scope", ["participant", "session"])
@pytest.mark.parametrize("by", ["stage", "event", "channel"])
def test_random_logs_hold_the_moves_that_a_walk_makes(events, journey, by, scope, collapse):
    rows = random_rows(200, seed=11)
    found = count_transitions(
        log_of(events, rows), journey, by=by, scope=scope, collapse=collapse,
        segments=logs_as_segments(rows),
    )  # fmt: skip
    everybody = found[found["segment"] == ""]
    assert counted(everybody) == moves(follow(rows, by=by, scope=scope, collapse=collapse))
    by_log = dict(list(found[found["segment"] == "log"].groupby("segment_value")))
    for number, mine in rows_by_log(rows).items():
        expected = moves(follow(mine, by=by, scope=scope, collapse=collapse))
        assert counted(by_log.get(number, found.iloc[:0])) == expected, mine
    sums = everybody.groupby("from")[["share", "n_transitions"]].sum()
    assert sums["share"].tolist() == pytest.approx([1.0] * len(sums))
    assert (everybody.groupby("from")["n_from"].first() == sums["n_transitions"]).all()


def test_rows_stand_in_journey_order_then_by_count(events, journey):
    found = count_transitions(log_of(events, random_rows(200, seed=2)), journey)
    assert found["from"].drop_duplicates().tolist() == [START, *STAGES]
    for _, rows in found.groupby("from"):
        assert rows["n_transitions"].is_monotonic_decreasing


def test_a_small_audience_segment_has_counts_but_no_share(events, journey):
    log = events(*((f"p{n}", 0, "see", "e", "phone" if n < 4 else "laptop") for n in range(9)))
    found = count_transitions(log, journey, segments=["device"]).set_index("segment_value")
    assert found.loc["phone", "n_transitions"].tolist() == [4, 4]
    assert found.loc["phone", "share"].isna().all()
    assert found.loc["laptop", "share"].tolist() == [1.0, 1.0]


def test_a_persons_visits_belong_to_the_segment_of_the_first(events, journey):
    rows = [("a", 0, "see", "e", "s1", ""), ("a", 9, "see", "e", "s2", "")]
    log = log_of(events, rows).assign(device=["phone", "laptop"])
    found = count_transitions(log, journey, scope="session", segments=["device"])
    assert found.groupby("segment_value")["n_transitions"].first().to_dict() == {
        "": 2, "phone": 2,
    }  # fmt: skip
    assert set(found["n_participants"]) == {1}


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(events, journey, seed):
    log = log_of(events, random_rows(30, seed))
    mixed = log.sample(frac=1, random_state=seed).reset_index(drop=True)
    for measure in (count_transitions, summarize_rework, count_loops):
        assert_frame_equal(measure(mixed, journey), measure(log, journey))
    doubled = pd.concat([mixed, mixed.sample(frac=0.5, random_state=seed)])
    for measure in (summarize_rework, count_loops):
        assert_frame_equal(measure(doubled, journey), measure(log, journey))


def test_an_open_log_serves_all_measures(events, journey):
    log = events(*HAND)
    with open_log(log, journey) as opened:
        assert_frame_equal(count_transitions(opened), count_transitions(log, journey))
        assert_frame_equal(summarize_rework(opened), summarize_rework(log, journey))
        assert_frame_equal(count_loops(opened), count_loops(log, journey))


@pytest.mark.parametrize("by", ["stage", "event", "channel"])
def test_a_log_without_steps_has_no_moves(events, journey, by):
    found = count_transitions(events(), journey, by=by)
    assert found.empty
    assert list(found.columns) == TRANSITION_COLUMNS
    loops = count_loops(events(), journey, by=by)
    assert loops.empty
    assert list(loops.columns) == LOOP_COLUMNS


def test_an_unknown_kind_of_step_is_named(events, journey):
    with pytest.raises(UnknownNameError, match="Did you mean 'channel'"):
        count_transitions(events(*HAND), journey, by="chanel")


def test_coming_back_is_leaving_for_another_stage_and_returning(events, journey):
    log = events(
        ("a", 0, "see"), ("a", 1, "see"), ("a", 2, "pick"), ("a", 3, "see"), ("a", 4, "pick"),
        ("b", 0, "see"), ("b", 1, "chat"), ("b", 2, "see"),
        ("c", 0, "buy"), ("c", 1, "see"),
        ("d", 0, "see"), ("d", 1, "buy"), ("d", 2, "chat"), ("d", 3, "see"),
        ("e", 0, "see"),
    )  # fmt: skip
    found = summarize_rework(log, journey)
    columns = ["stage", "n_participants", "n_returned", "n_returns", "n_back"]
    assert found[columns].astype(str).to_numpy().tolist() == [
        ["see", "5", "3", "3", "2.0"],
        ["pick", "1", "1", "1", "0.0"],
        ["chat", "2", "0", "0", "nan"],
        ["buy", "2", "0", "0", "0.0"],
    ]
    see = found.iloc[0]
    assert see[["returned_rate", "returned_low", "returned_high"]].tolist() == pytest.approx(
        estimate_proportion(3, 5)
    )
    assert see[["back_rate", "back_low", "back_high"]].tolist() == pytest.approx(
        estimate_proportion(2, 5)
    )
    assert math.isnan(found["back_rate"][2])
    assert found["stage"].dtype == journey.dtype


def rework(rows):
    """Return people, people who returned, returns and people who stepped back, by stage."""
    paths = follow(rows, collapse=True)
    found = {}
    for stage in STAGES:
        visits = [path.count(stage) for path in paths.values() if stage in path]
        back = math.nan
        if stage in IN_ORDER:
            back = 0
            for path in paths.values():
                ordered = [step for step in path if step in IN_ORDER]
                back += any(
                    ordered[i] == stage
                    and stage in ordered[:i]
                    and STAGES.index(ordered[i - 1]) > STAGES.index(stage)
                    for i in range(1, len(ordered))
                )
        if visits:
            found[stage] = [
                len(visits),
                sum(n > 1 for n in visits),
                sum(visits) - len(visits),
                back,
            ]
    return found


def test_random_logs_hold_the_returns_that_a_walk_finds(events, journey):
    rows = random_rows(300, seed=5)
    found = summarize_rework(log_of(events, rows), journey, segments=logs_as_segments(rows))
    columns = ["n_participants", "n_returned", "n_returns", "n_back"]

    def of(frame):
        return {row["stage"]: [row[name] for name in columns] for row in frame.to_dict("records")}

    assert str(of(found[found["segment"] == ""])) == str(pd_like(rework(rows)))
    by_log = dict(list(found[found["segment"] == "log"].groupby("segment_value")))
    for number, mine in rows_by_log(rows).items():
        assert str(of(by_log.get(number, found.iloc[:0]))) == str(pd_like(rework(mine))), mine
    small = found[(found["segment"] == "log") & (found["n_participants"] < 5)]
    assert small[["returned_rate", "back_rate"]].isna().all(axis=None)


def pd_like(found):
    return {stage: [*counts[:3], float(counts[3])] for stage, counts in found.items()}


def test_no_stage_has_no_rework(events, journey):
    for found in (summarize_rework(events(), journey), summarize_rework(events(), Journey(()))):
        assert found.empty
        assert list(found.columns) == REWORK_COLUMNS
    aside = Journey((Stage("chat", "Chat", sequential=False),))
    assert summarize_rework(events(("a", 0, "chat")), aside)["n_back"].isna().all()


def test_loops_go_to_another_step_and_straight_back(events, journey):
    log = events(
        ("a", 0, "see"), ("a", 1, "pick"), ("a", 2, "pick"), ("a", 3, "see"), ("a", 4, "pick"),
        ("b", 0, "see"), ("b", 1, "pick"), ("b", 2, "buy"), ("b", 3, "see"),
        ("c", 0, "see"), ("c", 1, "pick"), ("c", 2, "see"),
    )  # fmt: skip
    assert count_loops(log, journey).to_numpy().tolist() == [
        ["see", "pick", 2, 2],
        ["pick", "see", 1, 1],
    ]
    assert len(count_loops(log, journey, top=1)) == 1


@pytest.mark.parametrize("by", ["stage", "event"])
def test_random_logs_hold_the_loops_that_a_walk_finds(events, journey, by):
    rows = random_rows(300, seed=9)
    n, who = Counter(), defaultdict(set)
    for (person, _), path in follow(rows, by=by, collapse=True).items():
        for a, b, c in zip(path, path[1:], path[2:], strict=False):
            if a == c:
                n[a, b] += 1
                who[a, b].add(person)
    found = count_loops(log_of(events, rows), journey, by=by, top=1000)
    assert {(a, b): counts for a, b, *counts in found.to_numpy().tolist()} == {
        pair: [n[pair], len(who[pair])] for pair in n
    }
    assert found["n_loops"].is_monotonic_decreasing
