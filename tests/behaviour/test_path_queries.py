import csv
import gzip
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from cjm_research.behaviour.funnel import FunnelRule
from cjm_research.behaviour.leaving import find_abandonment_points, find_destinations
from cjm_research.behaviour.log import open_log
from cjm_research.behaviour.path_queries import (
    MATCH_COLUMNS,
    PathQuery,
    count_path_matches,
    find_participants,
    parse_path_query,
)
from cjm_research.behaviour.paths import count_paths
from cjm_research.behaviour.transitions import count_loops, count_transitions, summarize_rework
from cjm_research.engine import Engine
from cjm_research.errors import EngineError, UnknownNameError
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion
from tests.behaviour.test_paths import STAGES, log_of, random_rows

ECOM = Path(__file__).parents[3] / "shared/data/retentioneering/ecom.csv.gz"
HAND = [
    ("a", 0, "see", "view"), ("a", 1, "see", "view"), ("a", 2, "see", "view"),
    ("b", 0, "see", "view"), ("b", 1, "pick", "add"), ("b", 200, "buy", "kept"),
    ("c", 0, "pick", "add"), ("c", 10, "see", "view"), ("c", 20, "pick", "add"),
    ("c", 30, "buy", "pay"),
    ("d", 0, "", "help"),
]  # fmt: skip


def people(events, journey, query, **how):
    return "".join(find_participants(events(*HAND), journey, query, **how)["participant_id"])


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("did view", "abc"),
        ("did view >= 3", "a"),
        ("did view >= 3, never kept", "a"),
        ("never view", "d"),
        ("did pick", "bc"),
        ("did add then view", "c"),
        ("did see then buy", "bc"),
        ("did view then add then buy", "bc"),
        ("did view then add then buy within 1h", "c"),
        ("did view then view", "a"),
        ("did view then view within 30s", ""),
        ("did add then pay within 10min", "c"),
        ("did add then pay within 9min", ""),
        ("did add >= 2, did help", ""),
        ("did help, never see, never buy", "d"),
    ],
)
def test_a_query_finds_those_of_whom_all_of_it_holds(events, journey, query, who):
    assert people(events, journey, query) == who


def test_all_queries_are_counted_with_their_share(events, journey):
    queries = [
        PathQuery("Window shoppers", did={"view": 3}, never=("kept",)),
        "did see then buy",
    ]
    found = count_path_matches(events(*HAND), journey, queries)
    assert list(found.columns) == MATCH_COLUMNS
    assert found.iloc[:, :4].to_numpy().tolist() == [
        ["Window shoppers", "did view >= 3, never kept", 1, 4],
        ["did see then buy", "did see then buy", 2, 4],
    ]
    assert found.iloc[1, 4:].tolist() == pytest.approx(estimate_proportion(2, 4))
    assert_frame_equal(count_path_matches(events(*HAND), journey, queries[0]), found[:1])


def test_a_stage_wins_over_an_event_of_its_name(events, journey):
    log = events(("a", 0, "pick", "see"), ("b", 0, "see", "e"))
    assert find_participants(log, journey, "did see")["participant_id"].tolist() == ["b"]


def test_an_event_of_the_journey_that_nobody_did_is_known(events):
    journey = Journey((Stage("see", "See", events=("view",), completed_elsewhere=("called",)),))
    found = count_path_matches(
        events(("a", 0, "see", "other")), journey, ["did view", "never called"]
    )
    assert found["n_matching"].tolist() == [0, 1]


def test_an_unknown_name_is_told_with_what_may_be_meant(events, journey):
    with pytest.raises(UnknownNameError, match=r"path query 'Q'.*'vieu'.*Did you mean 'view'"):
        count_path_matches(events(*HAND), journey, PathQuery("Q", did={"vieu": 1}))


def test_steps_at_one_instant_stand_in_journey_order_unless_they_must_be_later(events, journey):
    log = events(("a", 0, "pick", "add"), ("a", 0, "see", "view"))
    for ties, n in (("journey", 1), ("later", 0), ("row", 0)):
        found = count_path_matches(log, journey, "did see then pick", ties=ties)
        assert found["n_matching"].tolist() == [n], ties
    assert len(find_participants(log, journey, "did pick then see", ties="row")) == 1


def test_no_events_and_no_queries_have_no_matches(events, journey):
    for found in (
        count_path_matches(events(), journey, "did see"),
        count_path_matches(events(*HAND), journey, []),
    ):
        assert found.empty
        assert list(found.columns) == MATCH_COLUMNS
    assert find_participants(events(), journey, "did see").columns.tolist() == ["participant_id"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("did a", PathQuery("q", did={"a": 1})),
        ("  did a>=3 ,never b", PathQuery("q", did={"a": 3}, never=("b",))),
        ("did a, did b >= 2", PathQuery("q", did={"a": 1, "b": 2})),
        ("did a then b then a", PathQuery("q", in_order=("a", "b", "a"))),
        ("did a then b within 14 days", PathQuery("q", in_order=("a", "b"), within="14 days")),
        ("did a then b within 2h, never c",
         PathQuery("q", in_order=("a", "b"), within="2h", never=("c",))),
        ('never "Order, paid", never "then"', PathQuery("q", never=("Order, paid", "then"))),
        ("never /a/b?c-d", PathQuery("q", never=("/a/b?c-d",))),
    ],
)  # fmt: skip
def test_a_line_is_read_as_a_query(text, query):
    assert parse_path_query(text, "q") == query
    assert parse_path_query(query.text, "q") == query


NAMES = st.text(
    st.characters(exclude_characters='"', exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1
).filter(str.strip)


@given(
    did=st.dictionaries(NAMES, st.integers(1, 99), max_size=3),
    never=st.lists(NAMES, min_size=1, max_size=3),
    in_order=st.one_of(st.just([]), st.lists(NAMES, min_size=2, max_size=3)),
)
def test_every_query_can_be_written_and_read_again(did, never, in_order):
    query = PathQuery("q", did, tuple(never), tuple(in_order), "2h" if in_order else "")
    assert parse_path_query(query.text, "q") == query


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "character 1, at the end: a clause begins with"),
        ("view >= 3", "character 1, at 'view >= 3': a clause begins with"),
        ("did", "character 4, at the end: a stage or an event"),
        ("did view > 3", "character 10, at '> 3': clauses are separated by commas"),
        ("did view >= x", "character 13, at 'x': a number from 1 on"),
        ("did view >= 0", "character 13, at '0': a number from 1 on"),
        ("did view >=", "character 12, at the end: a number from 1 on"),
        ("did view never buy", "character 10, at 'never buy': clauses are separated"),
        ("did view,", "character 10, at the end: a clause begins with"),
        ("did then buy", "character 5, at 'then buy': a stage or an event"),
        ("did a then b within", "character 20, at the end: a span of time"),
        ("did a within 2h", "character 7, at 'within 2h': clauses are separated"),
        ("did a, did a >= 2", "character 8, at 'did a >= 2': it is asked twice"),
        ("did a then b, did c then d", "character 15, at 'did c then d': a second order"),
        ('did "view', "character 5, at '\"view': a stage or an event"),
        ("did a then b within 2 moons", "'2 moons' is no span of time"),
    ],
)
def test_what_is_no_query_is_told_with_its_place(text, problem):
    with pytest.raises(EngineError) as told:
        parse_path_query(text)
    assert problem in str(told.value)
    assert "path query" in str(told.value)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({}, "asks for nothing"),
        ({"did": {"a": 0}}, "below 1"),
        ({"in_order": ("a",)}, "one step alone"),
        ({"did": {"a": 1}, "within": "2h"}, "has no steps"),
        ({"never": "order"}, "give a tuple"),
        ({"in_order": ("a", "b"), "within": "-2h"}, "no span of time"),
    ],
)
def test_a_query_that_cannot_be_is_refused(parts, problem):
    with pytest.raises(EngineError, match=problem):
        PathQuery("q", **parts)


def holds(rows, query, minutes):
    """Tell whether a query holds of the rows of one participant, trying every start."""
    order = {name: at for at, name in enumerate([*STAGES, ""])}
    rows = sorted({(m, order[s], e, s) for _, m, s, e, *_ in rows})

    def named(row, name):
        return row[3] == name if name in STAGES else row[2] == name

    def chained(start):
        at = start
        for name in query.in_order[1:]:
            at = next((i for i in range(at + 1, len(rows)) if named(rows[i], name)), None)
            if at is None:
                return False
        return rows[at][0] - rows[start][0] <= minutes

    return (
        all(sum(named(row, n) for row in rows) >= times for n, times in query.did.items())
        and not any(named(row, name) for name in query.never for row in rows)
        and (
            not query.in_order
            or any(chained(i) for i, row in enumerate(rows) if named(row, query.in_order[0]))
        )
    )


def random_queries(n, seed):
    random = np.random.default_rng(seed)
    names = [*STAGES, "step", "click", "kept"]

    def some(most):
        return tuple(str(name) for name in random.choice(names, random.integers(0, most + 1)))

    queries = []
    while len(queries) < n:
        steps = some(4) if random.random() < 0.7 else ()
        steps = steps if len(steps) > 1 else ()
        minutes = int(random.integers(0, 4)) if steps and random.random() < 0.6 else None
        did = {name: int(random.integers(1, 4)) for name in some(1)}
        never = some(1) if random.random() < 0.5 else ()
        if did or never or steps:
            within = "" if minutes is None else f"{minutes * 60 + 1}s"
            queries.append(PathQuery(str(len(queries)), did, never, steps, within))
    return queries


def test_random_queries_find_whom_a_walk_finds_in_random_logs(events, journey):
    # Equal rows are written once: how often counts every row.
    rows = list({row[:4]: row for row in random_rows(300, seed=13)}.values())
    queries = random_queries(120, seed=14)
    mine = defaultdict(list)
    for row in rows:
        mine[row[0]].append(row)
    with open_log(log_of(events, rows), journey) as log:
        found = count_path_matches(log, journey, queries)
        named = [set(find_participants(log, journey, q)["participant_id"]) for q in queries[:15]]
    minutes = [int(q.within[:-1]) / 60 if q.within else float("inf") for q in queries]
    expected = [
        {who for who, each in mine.items() if holds(each, query, limit)}
        for query, limit in zip(queries, minutes, strict=True)
    ]
    assert found["n_matching"].tolist() == [len(who) for who in expected]
    assert set(found["n_participants"]) == {len(mine)}
    assert named == expected[:15]
    assert sum(0 < len(who) < len(mine) for who in expected) > 80


def test_doubled_and_shuffled_rows_change_no_answer_but_how_often(events, journey):
    log = log_of(events, random_rows(60, seed=15))
    mixed = pd.concat([log, log.sample(frac=0.5, random_state=1)]).sample(frac=1, random_state=2)
    queries = ["did see, never buy", "did see then pick then kept", "did see then buy within 2min"]
    assert_frame_equal(
        count_path_matches(mixed, journey, queries), count_path_matches(log, journey, queries)
    )


def test_every_measure_of_paths_is_written_for_a_warehouse_too(events, journey, monkeypatch):
    compiled = []

    def compiling(work):
        def both(engine, expression):
            compiled.append(ibis.to_sql(expression, dialect="bigquery"))
            return work(engine, expression)

        return both

    for name in ("run", "keep"):
        monkeypatch.setattr(Engine, name, compiling(getattr(Engine, name)))
    with open_log(log_of(events, random_rows(9, 1)), journey, segments=["channel"]) as log:
        for measure in (
            count_transitions, summarize_rework, count_loops, count_paths, find_destinations,
            find_abandonment_points,
        ):  # fmt: skip
            before = len(compiled)
            assert not measure(log).empty
            assert len(compiled) > before, measure
        for scope in ("participant", "session"):
            count_paths(log, by="event", scope=scope)
            find_destinations(log, rule=FunnelRule(scope=scope))
        count_path_matches(log, journey, ["did see >= 2", "did see then buy within 2h, never kept"])
    assert all("SELECT" in query for query in compiled)


@pytest.mark.skipif(not ECOM.exists(), reason="the shop's log is not beside this checkout")
def test_the_shop_has_as_many_window_shoppers_as_a_plain_count_finds():
    with gzip.open(ECOM, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    done, times = defaultdict(list), defaultdict(list)
    for row in rows:
        done[row["user_id"]].append(row["event"])
        times[row["user_id"]].append((datetime.fromisoformat(row["timestamp"]), row["event"]))
    viewed = {who for who, names in done.items() if "product_view" in names}
    bought = {who for who, names in done.items() if "purchase" in names}
    often = {who for who, names in done.items() if names.count("product_view") >= 10}

    def soon(who):
        carts = [at for at, event in times[who] if event == "cart"]
        paid = [at for at, event in times[who] if event == "purchase"]
        return any(0 <= (b - a).total_seconds() <= 1800 for a in carts for b in paid)

    journey = Journey(
        (Stage("look", "Look", events=("catalog", "product_view")),
         Stage("cart_open", "Cart", events=("cart",)),
         Stage("buy", "Buy", events=("purchase",))),
    )  # fmt: skip
    columns = {"participant_id": "user_id", "occurred_at": "timestamp"}
    queries = [
        "did product_view, never purchase",
        "did product_view >= 10, never purchase",
        "did product_view",
        "did purchase",
        "did cart then purchase within 30min",
    ]
    with open_log(ECOM, journey, columns=columns) as log:
        found = count_path_matches(log, journey, queries)
    assert (len(viewed), len(bought)) == (598, 328)
    assert set(found["n_participants"]) == {600}
    assert found["n_matching"].tolist() == [
        len(viewed - bought), len(often - bought), 598, 328, sum(soon(who) for who in done),
    ]  # fmt: skip
