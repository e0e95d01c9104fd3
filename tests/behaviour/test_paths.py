import math
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour.log import open_log
from cjm_research.behaviour.paths import PATH_COLUMNS, count_paths
from cjm_research.errors import EngineError, UnknownNameError
from cjm_research.journey import Journey
from cjm_research.statistics import estimate_clustered_proportion, estimate_proportion

STAGES = ["see", "pick", "chat", "buy", "talk"]


def random_rows(n, seed):
    """Return (who, minute, stage, event, session, channel) of many small logs; who is log/name."""
    random = np.random.default_rng(seed)
    return [
        (
            f"{number}/{random.integers(6)}",
            int(random.integers(9)),
            str(random.choice(["see", "see", "pick", "pick", "buy", "chat", "talk", ""])),
            str(random.choice(["step", "step", "click", "kept"])),
            str(random.choice(["", "s1", "s2"])),
            str(random.choice(["", "web", "web", "shop"])),
        )
        for number in range(n)
        for _ in range(random.integers(1, 31))
    ]


def log_of(events, rows):
    log = events(*(row[:4] for row in rows))
    return log.assign(session_id=[row[4] for row in rows], channel=[row[5] for row in rows])


def follow(rows, *, by="stage", scope="participant", collapse=False):
    """Return the path of each participant (or of each participant and session), slowly."""
    place = {name: number for number, name in enumerate([*STAGES, ""])}
    keys = {
        "stage": lambda row: (place[row[2]],),
        "event": lambda row: (place[row[2]], row[3]),
        "channel": lambda row: (row[5],),
    }
    name = {"stage": 2, "event": 3, "channel": 5}[by]
    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row[1], keys[by](row))):
        if scope == "session" and not row[4]:
            continue
        who = (row[0], row[4]) if scope == "session" else (row[0], "")
        path = found[who]
        if row[name] and not (collapse and path and path[-1] == row[name]):
            path.append(row[name])
    return {who: path for who, path in found.items() if path}


HAND = [
    ("a", 0, "see"), ("a", 1, "see"), ("a", 2, "pick"), ("a", 3, "buy"),
    ("b", 0, "see"), ("b", 1, "pick"), ("b", 2, "pick"), ("b", 3, "buy"),
    ("c", 0, "see"), ("c", 1, "pick"), ("c", 2, "buy"), ("c", 2, "", "kept"),
    ("d", 0, "see"),
    ("e", 0, "see"), ("e", 1, "chat"), ("e", 2, "see"),
    ("f", 0, ""),
]  # fmt: skip


def test_paths_come_from_the_most_common_down_with_what_they_explain(events, journey):
    found = count_paths(events(*HAND), journey)
    assert found[["path", "n_steps", "n_participants", "coverage"]].to_numpy().tolist() == [
        ["see > pick > buy", 3, 3, 0.6],
        ["see", 1, 1, 0.8],
        ["see > chat > see", 3, 1, 1.0],
    ]
    assert set(found["n_total"]) == {5}
    assert set(found["n_variants"]) == {3}
    assert found.loc[0, ["share", "share_low", "share_high"]].tolist() == pytest.approx(
        estimate_proportion(3, 5)
    )
    assert found["n_sessions"].isna().all()


def test_staying_counts_as_a_step_where_paths_are_not_collapsed(events, journey):
    found = count_paths(events(*HAND), journey, collapse=False)
    assert found["path"].tolist() == [
        "see", "see > see > pick > buy", "see > pick > pick > buy", "see > pick > buy",
        "see > chat > see",
    ]  # fmt: skip


def test_only_the_top_is_returned_and_all_are_counted(events, journey):
    found = count_paths(events(*HAND), journey, top=1)
    assert found[["path", "n_variants", "n_total"]].to_numpy().tolist() == [
        ["see > pick > buy", 3, 5]
    ]


def test_longer_paths_are_cut_and_are_no_path_that_ends_there(events, journey):
    found = count_paths(events(*HAND), journey, max_steps=1)
    assert found[["path", "n_steps", "cut", "n_participants"]].to_numpy().tolist() == [
        ["see > ...", 1, True, 4],
        ["see", 1, False, 1],
    ]


def test_a_path_of_visits_counts_visits_and_their_people(events, journey):
    rows = [
        (f"p{person}", minute, stage, "e", f"s{visit}", "")
        for person in range(12)
        for visit in range(1 + person % 3)
        for minute, stage in enumerate(["see", "pick"] if person < 4 else ["see"])
    ]
    first, second = count_paths(log_of(events, rows), journey, scope="session").to_dict("records")
    assert (first["path"], first["n_sessions"], first["n_participants"]) == ("see", 17, 8)
    assert (second["path"], second["n_sessions"], second["n_participants"]) == ("see > pick", 7, 4)
    visits = [1 + person % 3 for person in range(12)]
    expected = estimate_clustered_proportion(
        n_clusters=12, total=24, hits=7,
        sum_hits_squared=sum(n * n for n in visits[:4]),
        sum_products=sum(n * n for n in visits[:4]),
        sum_totals_squared=sum(n * n for n in visits),
    )  # fmt: skip
    assert [second[name] for name in ("share", "share_low", "share_high")] == pytest.approx(
        expected
    )


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("scope", ["participant", "session"])
@pytest.mark.parametrize("by", ["stage", "event", "channel"])
def test_random_logs_hold_the_paths_that_a_walk_finds(events, journey, by, scope, collapse):
    rows = random_rows(300, seed=3)
    found = count_paths(
        log_of(events, rows), journey, by=by, scope=scope, collapse=collapse, top=10**6, max_steps=4
    )
    paths = follow(rows, by=by, scope=scope, collapse=collapse)
    cut = {
        who: " > ".join([*path[:4], *(["..."] if len(path) > 4 else [])])
        for who, path in paths.items()
    }
    expected = Counter(cut.values())
    people = defaultdict(set)
    for (who, _), path in cut.items():
        people[path].add(who)
    counted = found["n_sessions"] if scope == "session" else found["n_participants"]
    assert dict(zip(found["path"], counted, strict=True)) == expected
    assert dict(zip(found["path"], found["n_participants"], strict=True)) == {
        path: len(who) for path, who in people.items()
    }
    assert set(found["n_variants"]) == {len(expected)}
    assert set(found["n_total"]) == {len(paths)}
    assert counted.is_monotonic_decreasing
    assert found["coverage"].iloc[-1] == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_and_doubled_rows_leave_collapsed_paths_as_they_are(events, journey, seed):
    log = log_of(events, random_rows(30, seed))
    doubled = pd.concat([log, log.sample(frac=0.5, random_state=seed)])
    mixed = doubled.sample(frac=1, random_state=seed).reset_index(drop=True)
    for scope in ("participant", "session"):
        assert_frame_equal(
            count_paths(mixed, journey, by="event", scope=scope),
            count_paths(log, journey, by="event", scope=scope),
        )


@pytest.mark.parametrize("by", ["stage", "event", "channel"])
@pytest.mark.parametrize("scope", ["participant", "session"])
def test_a_log_without_steps_has_no_paths(events, journey, by, scope):
    found = count_paths(events(), journey, by=by, scope=scope)
    assert found.empty
    assert list(found.columns) == PATH_COLUMNS
    assert count_paths(events(("a", 0, "")), Journey(())).empty


def test_many_names_keep_apart(events, journey):
    rows = [("a", minute, "", f"event {minute}") for minute in range(120)]
    found = count_paths(events(*rows), journey, by="event", max_steps=120)
    assert found["path"][0] == " > ".join(f"event {minute}" for minute in range(120))


def test_a_wrong_choice_says_what_is_allowed(events, journey):
    with pytest.raises(UnknownNameError, match="Did you mean 'stage'"):
        count_paths(events(*HAND), journey, by="stages")
    with pytest.raises(UnknownNameError, match="'participant', 'session'"):
        count_paths(events(*HAND), journey, scope="visit")
    with pytest.raises(EngineError, match="top is 0"):
        count_paths(events(*HAND), journey, top=0)
    with pytest.raises(EngineError, match="max_steps is 0"):
        count_paths(events(*HAND), journey, max_steps=0)


def test_positions_by_event_have_the_stages_of_their_events(events, journey):
    log = events(
        ("a", 0, "buy", "x"), ("a", 1, "see", "x"), ("a", 2, "", "w"), ("a", 3, "see", "b")
    )
    with open_log(log, journey) as opened:
        steps = [("see", "b"), ("see", "x"), ("buy", "x"), ("", "w")]
        assert opened.steps() == steps
        assert list(opened.histories(by="event").codes.names) == [event for _, event in steps]


def test_the_interval_of_visits_is_missing_for_few_people(events, journey):
    rows = [("a", 0, "see", "e", "s1", ""), ("b", 0, "see", "e", "s1", "")]
    found = count_paths(log_of(events, rows), journey, scope="session").iloc[0]
    assert found["share"] == 1.0
    assert math.isnan(found["share_low"])
