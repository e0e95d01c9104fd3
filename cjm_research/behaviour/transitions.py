"""From where to where people move: transitions, returns, loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.behaviour.funnel import MIN_SEGMENT
from cjm_research.behaviour.log import EventLog, Scope, Ties, open_log
from cjm_research.behaviour.paths import By, Paths, follow_paths
from cjm_research.journey import Journey
from cjm_research.statistics import estimate_proportion

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

START = "(start)"
END = "(end)"
TRANSITION_COLUMNS = [
    "from", "to", "segment", "segment_value", "n_transitions", "n_participants", "share", "n_from",
]  # fmt: skip
REWORK_COLUMNS = [
    "stage", "segment", "segment_value", "n_participants", "n_returned",
    "returned_rate", "returned_low", "returned_high", "n_returns",
    "n_back", "back_rate", "back_low", "back_high",
]  # fmt: skip
LOOP_COLUMNS = ["a", "b", "n_loops", "n_participants"]
_PLACE_BITS = 24


def count_transitions(
    events: Events,
    journey: Journey | None = None,
    *,
    by: By = "stage",
    scope: Scope = "participant",
    collapse: bool = False,
    ends: bool = True,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
) -> pd.DataFrame:
    """Count the moves from each step to the next.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_drop_off`. With "later", steps at one instant stand in journey order.
    by : {"stage", "event", "channel"}
        What a step is. Events without a stage (or a channel) are no steps.
    scope : {"participant", "session"}
        "session": every visit starts and ends on its own.
    collapse : bool, default False
        Whether staying, from a step to an equal one, is left out.
    ends : bool, default True
        Whether "(start)" and "(end)" have rows.

    Returns
    -------
    DataFrame
        Table `transitions`, one row per pair of steps that occurs, and per pair and audience
        segment; in journey order of `from`, then by falling `n_transitions`.

        `n_transitions` moves were made by `n_participants` people. `share` is of the `n_from`
        moves out of `from`, the end among them whether it has a row or not; none in an audience
        segment of fewer than 5 people. Moves of one person are not independent, so it carries
        no interval.

    Raises
    ------
    UnknownNameError
        If `by` or `scope` is not known.
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        paths = follow_paths(log, by=by, scope=scope, collapse=collapse)
        people = log.engine.keep(_pairs_of_people(paths, log.segments))
        counted = [
            _count_pairs(log, paths, people, segment, scope) for segment in ("", *log.segments)
        ]
        frame = pd.concat(counted, ignore_index=True)
        if not ends:
            frame = frame[(frame["from"] != START) & (frame["to"] != END)]
        return frame.reset_index(drop=True)


def summarize_rework(
    events: Events,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count who left a stage for another one and came back to it.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_drop_off`.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        Table `rework`, one row per stage that somebody was in, and per stage and audience
        segment. Of `n_participants` in the stage, `n_returned` left it for another stage and
        came back, `n_returns` times together. `n_back` of them came back to it from a sequential
        stage further on; stages out of sequence in between do not matter, and have no `n_back`
        of their own. Rates are shares of `n_participants`; none in an audience segment of which
        fewer than 5 people were in the stage.
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        paths = follow_paths(log, by="stage", collapse=True)
        in_order = [log.journey.stage_ids.index(stage.id) for stage in log.journey.sequential]
        visits = log.engine.keep(_visits_of_people(paths.table, log.segments))
        ordered = visits
        if len(in_order) < len(log.journey):
            ordered = log.engine.keep(_visits_of_people(paths.table, log.segments, in_order))
        frames = []
        for segment in ("", *log.segments):
            counts = log.engine.run(_count_visits(visits, segment)).drop(columns="n_back")
            back = log.engine.run(_count_visits(ordered, segment))
            keys = ["segment_value", "place"]
            both = counts.merge(back[[*keys, "n_back"]], on=keys, how="left")
            frames.append(_rework_frame(both.assign(segment=segment), paths.names, confidence))
        frame = pd.concat(frames, ignore_index=True)
        return frame.assign(stage=log.journey.order(frame["stage"]))


def count_loops(
    events: Events,
    journey: Journey | None = None,
    *,
    by: By = "stage",
    top: int = 20,
    ties: Ties = "journey",
) -> pd.DataFrame:
    """Count the loops from a step to another one and straight back.

    Parameters
    ----------
    events, journey, by, ties
        As for `count_transitions`. Staying in a step does not matter.
    top : int, default 20
        How many to return.

    Returns
    -------
    DataFrame
        Table `loops`, by falling `n_loops` and then in journey order: `a`, `b` and back to `a`
        was gone `n_loops` times, by `n_participants` people. Loops may overlap: a, b, a, b holds
        one of a and one of b.
    """
    with open_log(events, journey, ties=ties) as log:
        paths = follow_paths(log, by=by, collapse=True)
        size = len(paths.names)
        found = log.engine.run(_loops(paths.table, size))
        found = found.sort_values(["n_loops", "pair"], ascending=[False, True]).head(top)
        frame = found.assign(
            a=_named(found["pair"] // size, paths.names),
            b=_named(found["pair"] % size, paths.names),
        )
        return frame[LOOP_COLUMNS].reset_index(drop=True)


def _pairs_of_people(paths: Paths, segments: Sequence[str]) -> ir.Table:
    """Return the moves of each path as an array of integers, `pairs`; a move is one integer.

    The ways in and out, `entry` and `exit`, are beside them.
    """
    import ibis

    start, end, size = _ends(paths.names)
    path = paths.table.path
    return paths.table.select(
        "participant_id",
        *segments,
        pairs=ibis.range(1, path.length()).map(lambda i: path[i - 1] * size + path[i]),
        entry=path[0] + start * size,
        exit=path[path.length() - 1] * size + end,
    )


def _ends(names: Sequence[str]) -> tuple[int, int, int]:
    """Return the places of the start and the end, and how many places there are with them."""
    return len(names), len(names) + 1, len(names) + 2


def _count_pairs(
    log: EventLog, paths: Paths, people: ir.Table, segment: str, scope: Scope
) -> pd.DataFrame:
    keys = {"segment_value": people[segment]} if segment else {}
    by = ["pair", *keys]
    ends = [people.select("participant_id", pair=people[n], **keys) for n in ("entry", "exit")]
    moves = people.select("participant_id", pair=people.pairs, **keys).unnest("pair").union(*ends)
    # Told apart within the array: grouping by people's ids takes several times as long.
    made = people.select("participant_id", pair=people.pairs.unique(), **keys).unnest("pair")
    made = made.union(*ends)
    # In a session's scope a person may stand in several rows.
    who = made.participant_id.nunique() if scope == "session" else made.count()
    found = log.engine.run(moves.group_by(by).agg(n_transitions=moves.count())).merge(
        log.engine.run(made.group_by(by).agg(n_participants=who)), on=by
    )
    found = found[found["segment_value"] != ""] if segment else found.assign(segment_value="")
    size = _ends(paths.names)[-1]
    names = (*paths.names, START, END)
    found = found.assign(
        segment=segment, _from=found["pair"] // size, _to=found["pair"] % size,
        n_from=found.groupby(["segment_value", found["pair"] // size])["n_transitions"].transform(
            "sum"
        ),
    )  # fmt: skip
    found["from"], found["to"] = _named(found["_from"], names), _named(found["_to"], names)
    found["share"] = found["n_transitions"] / found["n_from"]
    if segment:
        few = found["segment_value"].isin(_small_values(log, paths, segment))
        found["share"] = found["share"].mask(few)
    # The start comes first, though its place is after the last.
    found["_from"] = found["_from"].where(found["from"] != START, -1)
    found = found.sort_values(
        ["segment_value", "_from", "n_transitions", "_to"], ascending=[True, True, False, True]
    )
    return found[TRANSITION_COLUMNS]


def _small_values(log: EventLog, paths: Paths, segment: str) -> list[str]:
    table = paths.table
    people = table.group_by(value=table[segment]).agg(n=table.participant_id.nunique())
    return list(log.engine.run(people.filter(people.n < MIN_SEGMENT))["value"])


def _visits_of_people(
    table: ir.Table, segments: Sequence[str], places: Sequence[int] | None = None
) -> ir.Table:
    """Count the visits (`n`) of each participant to each stage; only `places` are seen.

    A visit is an unbroken stay. It is one integer, of its number in the path, the stage, and
    whether one came from further on; so the smallest of a stage is the first visit to it, which
    is no return. Of the visits `further` came from further on, `first` tells it of the first.
    """
    import ibis

    seen = table.path if places is None else table.path.filter(lambda step: step.isin(places))
    table = table.mutate(seen=seen)
    table = table.filter(table.seen.length() > 0)
    seen = table.seen
    moves = ibis.range(1, seen.length()).filter(lambda i: seen[i - 1] != seen[i])
    visits = moves.map(
        lambda i: (i << _PLACE_BITS) + seen[i] * 2 + (seen[i - 1] > seen[i]).ifelse(1, 0)
    )
    ids = ["participant_id", *segments]
    table = table.select(*ids, visit=ibis.array([seen[0] * 2]).concat(visits)).unnest("visit")
    table = table.mutate(
        place=(table.visit >> 1) & ((1 << (_PLACE_BITS - 1)) - 1), further=table.visit & 1
    )
    return table.group_by([*ids, "place"]).agg(
        n=table.count(), further=table.further.sum(), first=table.visit.min() & 1
    )


def _count_visits(people: ir.Table, segment: str) -> ir.Table:
    import ibis

    value = people[segment] if segment else ibis.literal("")
    return people.group_by("place", segment_value=value).agg(
        n_participants=people.count(),
        n_returned=(people.n > 1).sum(),
        n_returns=(people.n - 1).sum(),
        n_back=(people.further > people.first).sum(),
    )


def _rework_frame(found: pd.DataFrame, names: Sequence[str], confidence: float) -> pd.DataFrame:
    found = found[(found["segment"] == "") | (found["segment_value"] != "")]
    found = found.sort_values(["segment_value", "place"]).reset_index(drop=True)
    rows: list[dict[str, Any]] = []
    for row in found.itertuples(index=False):
        enough = not row.segment or row.n_participants >= MIN_SEGMENT
        rates: dict[str, float] = {}
        for name in ("returned", "back"):
            count = getattr(row, f"n_{name}")
            known = enough and not pd.isna(count)
            rate = estimate_proportion(
                int(count) if known else 0,
                int(row.n_participants) if known else 0,
                confidence=confidence,
            )
            rates |= {
                f"{name}_rate": rate.value,
                f"{name}_low": rate.low,
                f"{name}_high": rate.high,
            }
        rows.append(row._asdict() | rates | {"stage": names[int(row.place)]})
    return pd.DataFrame(rows, columns=REWORK_COLUMNS)


def _loops(table: ir.Table, size: int) -> ir.Table:
    import ibis

    path = table.path
    returns = ibis.range(2, path.length()).filter(lambda i: path[i] == path[i - 2])
    loops = table.select(
        "participant_id", pair=returns.map(lambda i: path[i] * size + path[i - 1])
    ).unnest("pair")
    each = loops.group_by(["participant_id", "pair"]).agg(n=loops.count())
    return each.group_by("pair").agg(n_loops=each.n.sum(), n_participants=each.count())


def _named(places: pd.Series, names: Sequence[str]) -> pd.Series:
    return places.map(dict(enumerate(names))).astype("object")
