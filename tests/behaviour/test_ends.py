"""Ends of single people: hand-made histories, and the funnel's own counts out of them."""

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour.ends import PERSON_STAGE_COLUMNS, list_ends, list_task_ends
from cjm_research.behaviour.funnel import FunnelRule, estimate_drop_off
from cjm_research.behaviour.log import open_log
from cjm_research.behaviour.tasks import estimate_task_success
from cjm_research.engine import open_engine
from cjm_research.errors import TableError
from cjm_research.journey import Journey, Stage
from cjm_research.tables import check_table, empty_table
from tests.behaviour.slow_walk import Event, follow
from tests.behaviour.test_paths import log_of, random_rows

START = pd.Timestamp("2026-03-01", tz="UTC")
PHONED = Journey(
    (
        Stage("see", "See"),
        Stage("pick", "Pick", completed_elsewhere=("phoned",)),
        Stage("chat", "Chat", sequential=False),
        Stage("buy", "Buy", completed_by=("kept",), completed_elsewhere=("phoned",)),
        Stage("talk", "Talk", measure="none"),
    )
)
RULES = [
    FunnelRule(),
    FunnelRule(order="any"),
    FunnelRule(entry="anywhere"),
    FunnelRule(scope="session"),
    FunnelRule(window="3min", reentry=True),
    FunnelRule(patience="3min"),
    FunnelRule(entry="anywhere", patience="3min", scope="session"),
]


def ends(frame):
    return {
        (who, stage): (end, left)
        for who, stage, end, left in frame[["participant_id", "stage", "end", "left"]].to_numpy()
    }


def minutes(times):
    return [(time - START).total_seconds() / 60 for time in times]


def test_hand_made_histories_end_as_they_do(events):
    log = events(
        ("all", 0, "see"), ("all", 1, "pick"), ("all", 2, "buy"), ("all", 3, "", "kept"),
        ("lost", 0, "see"), ("lost", 4, "pick"), ("lost", 5, "chat"), ("lost", 9, "pick"),
        ("lost", 20, "talk"),
        ("call", 0, "see"), ("call", 2, "pick"), ("call", 3, "", "phoned"),
        ("aside", 1, "talk"),
    )  # fmt: skip
    found = list_ends(log, PHONED, people=["all", "lost", "call", "aside", "nobody", ""])
    assert list(found.columns) == PERSON_STAGE_COLUMNS
    assert ends(found) == {
        ("all", "see"): ("went on", 0), ("all", "pick"): ("went on", 0),
        ("all", "buy"): ("went on", 0),
        ("call", "see"): ("went on", 0), ("call", "pick"): ("elsewhere", 0),
        ("lost", "see"): ("went on", 0), ("lost", "pick"): ("dropped", 1),
    }  # fmt: skip
    lost = found[found["participant_id"] == "lost"].set_index("stage")
    assert minutes(lost["entered_at"]) == [0, 4]
    assert minutes(lost["last_at"]) == [0, 9]
    assert found["stage"].dtype == PHONED.dtype
    assert found["stage"].is_monotonic_increasing
    assert set(found["measure"]) == {"funnel_drop_off"}
    assert not found[["n_tries", "n_failed"]].any(axis=None)


def test_only_those_asked_for_are_listed(events, journey):
    log = events(("a", 0, "see"), ("b", 0, "see"), ("b", 1, "pick"))
    assert set(list_ends(log, journey, people=["b"])["participant_id"]) == {"b"}
    # Ids as numbers in a log are texts, as everywhere.
    numbered = log.assign(participant_id=[7, 8, 8])
    assert list_ends(numbered, journey, people=["8"])["participant_id"].tolist() == ["8", "8"]


def test_whoever_entered_too_late_is_in_no_rate_gone_on_or_not(events, journey):
    log = events(
        ("old", 0, "see"), ("quick", 98, "see"), ("quick", 99, "pick"), ("new", 100, "see")
    )
    found = list_ends(
        log, journey, people=["old", "quick", "new"], rule=FunnelRule(patience="30min")
    )
    see = found[found["stage"] == "see"].set_index("participant_id")
    assert see["end"].to_dict() == {"new": "open", "old": "dropped", "quick": "went on"}
    assert see["left"]["old"] == 1
    assert see["left"].isna().to_dict() == {"new": True, "old": False, "quick": True}


def test_nobody_is_known_to_be_lost_at_a_last_stage_that_nothing_completes(events, open_end):
    log = events(("a", 0, "see"), ("a", 1, "pick"), ("a", 2, "buy"))
    last = list_ends(log, open_end, people=["a"]).iloc[-1]
    assert (last["stage"], last["end"]) == ("buy", "open")
    assert math.isnan(last["left"])


@pytest.mark.parametrize(
    ("rule", "ties"), [*zip(RULES, ["journey", "row", "later"] * 3, strict=False)], ids=repr
)
def test_everybody_together_is_the_funnel(events, rule, ties):
    log = log_of(events, random_rows(150, seed=5))
    random = np.random.default_rng(1)
    log["event"] = log["event"].mask(random.random(len(log)) < 0.1, "phoned")
    with open_log(log, PHONED, ties=ties) as opened:
        funnel = estimate_drop_off(opened, rule=rule).set_index("stage")
        found = list_ends(opened, people=log["participant_id"], rule=rule)
    counts = found.groupby("stage", observed=True)["end"].value_counts().unstack(fill_value=0)
    for column, end in (
        ("n_continued", "went on"), ("n_elsewhere", "elsewhere"), ("n_open", "open"),
        ("n_dropped", "dropped"),
    ):  # fmt: skip
        listed = counts[end] if end in counts else pd.Series(0, index=counts.index)
        assert listed.tolist() == funnel[column].tolist(), column
    assert counts.sum(axis=1).tolist() == funnel["n_entered"].tolist()
    by_stage = found.groupby("stage", observed=True)["left"]
    assert by_stage.count().tolist() == funnel["n_followed"].tolist()
    assert by_stage.mean().tolist() == pytest.approx(funnel["drop_off_rate"].tolist())
    assert (found["entered_at"] <= found["last_at"]).all()
    assert not found.duplicated(["participant_id", "stage"]).any()


def test_times_are_those_of_a_slow_walk(events, journey):
    rows = random_rows(120, seed=3)
    found = list_ends(log_of(events, rows), journey, people={row[0] for row in rows})
    people = defaultdict(list)
    for number, (who, minute, stage, event, session, _) in enumerate(rows):
        people[who].append(Event(minute, stage, event, session, number))
    expected = {}
    for who, mine in people.items():
        for outcome in follow(mine, journey, FunnelRule()):
            for stage, entry in zip(journey.sequential, outcome.entries, strict=True):
                if entry:
                    here = [event.minute for event in mine if event.stage == stage.id]
                    expected[who, stage.id] = (entry.minute, max(here))
    columns = ["participant_id", "stage", "entered_at", "last_at"]
    listed = found[columns].assign(
        entered_at=minutes(found["entered_at"]), last_at=minutes(found["last_at"])
    )
    assert {(who, stage): (a, b) for who, stage, a, b in listed.to_numpy()} == expected


def test_coming_back_in_a_later_visit_is_still_being_there(events, journey):
    log = events(("a", 0, "see"), ("a", 1, "pick"), ("a", 50, "pick"))
    log = log.assign(session_id=["1", "1", "2"])
    found = list_ends(log, journey, people=["a"], rule=FunnelRule(scope="session", unit="session"))
    assert minutes(found["entered_at"]) == [0, 1]
    assert minutes(found["last_at"]) == [0, 50]


def test_times_keep_their_microseconds_where_rows_break_ties(events, journey):
    log = events(("a", 0, "see"), ("a", 0, "see"), ("a", 1, "pick"))
    moved = log.assign(occurred_at=log["occurred_at"] + pd.Timedelta(microseconds=123457))
    for ties in ("journey", "row"):
        found = list_ends(moved, journey, people=["a"], ties=ties)
        assert found["entered_at"].tolist() == moved["occurred_at"].tolist()[1:], ties
        assert str(found["entered_at"].dtype) == "datetime64[us, UTC]"


def test_steps_of_a_form_bear_no_time(events):
    form = Journey(
        tuple(
            Stage(name, name, measure="questionnaire_abandonment")
            for name in ("opened", "page", "sent")
        )
    )
    log = events(("a", None, "opened"), ("a", None, "page"), ("b", None, "opened"))
    found = list_ends(log, form, people=["a", "b"])
    assert ends(found) == {
        ("a", "opened"): ("went on", 0), ("b", "opened"): ("dropped", 1),
        ("a", "page"): ("dropped", 1),
    }  # fmt: skip
    assert found[["entered_at", "last_at"]].isna().all(axis=None)
    dated = list_ends(events(("a", 3, "opened"), ("a", None, "opened")), form, people=["a"])
    assert pd.isna(dated["entered_at"].iloc[0])


def test_the_order_of_rows_and_of_names_changes_nothing(events, journey):
    log = log_of(events, random_rows(30, seed=9))
    people = sorted(set(log["participant_id"]))
    turned = log.sample(frac=1, random_state=1)
    assert_frame_equal(
        list_ends(log, journey, people=people),
        list_ends(turned, journey, people=reversed([*people, *people])),
    )


def test_a_file_in_an_engine_of_ones_own_gives_the_same(events, journey, tmp_path):
    log = log_of(events, random_rows(30, seed=9))
    log.to_parquet(tmp_path / "log.parquet")
    people = sorted(set(log["participant_id"]))[::2]
    with (
        open_engine() as engine,
        open_log(tmp_path / "log.parquet", journey, engine=engine) as opened,
    ):
        found = list_ends(opened, people=people)
    assert_frame_equal(found, list_ends(log, journey, people=people))
    assert set(found["participant_id"]) <= set(people)


@pytest.mark.parametrize("people", [[], ["a"], ["stranger"]])
def test_nobody_to_list_gives_an_empty_table(events, journey, people):
    for log in (events(), events(("a", 0, "talk")), events(("b", 0, "see"))):
        found = list_ends(log, journey, people=people)
        assert found.empty
        assert list(found.columns) == PERSON_STAGE_COLUMNS
        assert found["left"].dtype == float
        assert str(found["entered_at"].dtype) == "datetime64[us, UTC]"


TASKS = Journey(
    (
        Stage("find", "Find", measure="task_failure", outcome="done"),
        Stage("use", "Use", measure="task_failure", outcome="done"),
        Stage("buy", "Buy"),
    )
)


def ratings(*rows):
    frame = pd.DataFrame(
        [
            {
                "participant_id": who, "source": "tests", "measure": measure, "item": item,
                "value": value, "stage": stage, "wave": "",
            }
            for who, measure, item, value, stage in rows
        ]
    )  # fmt: skip
    return check_table(frame, "ratings")


TRIES = ratings(
    ("a", "done", "1", 1, "find"), ("a", "done", "2", 0, "find"), ("a", "done", "3", 0, "find"),
    ("b", "done", "1", 1, "find"), ("b", "alone", "1", 0, "find"),
    ("b", "done", "7", 0, "use"),
    ("c", "done", "1", math.nan, "find"), ("c", "done", "9", 0, "buy"), ("c", "nps", "nps", 3, ""),
)  # fmt: skip


def test_one_failed_first_try_is_a_failure_at_the_stage():
    found = list_task_ends(TRIES, TASKS)
    columns = ["participant_id", "stage", "end", "left", "n_tries", "n_failed"]
    assert found[columns].to_numpy().tolist() == [
        ["a", "find", "dropped", 1, 3, 2],
        ["b", "find", "went on", 0, 1, 0],
        ["b", "use", "dropped", 1, 1, 1],
    ]
    assert list(found.columns) == PERSON_STAGE_COLUMNS
    assert set(found["measure"]) == {"task_failure"}
    assert found[["entered_at", "last_at"]].isna().all(axis=None)


def test_people_who_failed_are_those_of_the_task_table():
    known = TRIES[TRIES["value"].notna()]
    table = estimate_task_success(known, TASKS, outcomes={"done": "Did it"}).set_index("stage")
    found = list_task_ends(TRIES, TASKS).groupby("stage", observed=True)
    for stage in ("find", "use"):
        mine = found.get_group(stage)
        assert len(mine) == table.loc[stage, "n_participants"]
        assert mine["left"].sum() == table.loc[stage, "n_any_failure"]
        assert mine["n_tries"].sum() == table.loc[stage, "n_attempts"]
        assert mine["n_failed"].sum() == mine["n_tries"].sum() - table.loc[stage, "n_success"]


def test_a_try_that_is_neither_success_nor_failure_is_refused():
    with pytest.raises(TableError, match=r"neither 1 .* nor 0 .*, such as 0\.5"):
        list_task_ends(ratings(("a", "done", "1", 0.5, "find")), TASKS)


def test_no_tries_give_an_empty_table(journey):
    for found in (
        list_task_ends(empty_table("ratings"), TASKS), list_task_ends(TRIES, journey)
    ):  # fmt: skip
        assert found.empty
        assert list(found.columns) == PERSON_STAGE_COLUMNS
