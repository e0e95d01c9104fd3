"""Which ways people take: the paths they follow, and how many follow each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from cjm_research.behaviour.log import Codes, EventLog, Scope, Ties, open_log
from cjm_research.errors import EngineError, UnknownNameError
from cjm_research.journey import Journey
from cjm_research.statistics import Interval, estimate_clustered_proportion, estimate_proportion

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

By = Literal["stage", "event", "channel"]
PATH_COLUMNS = [
    "path", "n_steps", "cut", "n_participants", "n_sessions",
    "share", "share_low", "share_high", "coverage", "n_variants", "n_total",
]  # fmt: skip
ARROW = " > "
_CUT = "+"


@dataclass(frozen=True)
class Paths:
    """The steps of each participant (or each session), in order.

    Attributes
    ----------
    table : ibis Table
        `participant_id`, `session_id` (with scope "session"), one text column per audience
        segment, and `path`: an int64 array of places in `names`, never empty.
    names : tuple of str
        Names of steps, those of stages and events in journey order.
    """

    table: ir.Table
    names: tuple[str, ...]


def follow_paths(
    log: EventLog, *, by: By = "stage", scope: Scope = "participant", collapse: bool = False
) -> Paths:
    """Return the path of everybody who has one; computed once per log and choice.

    Parameters
    ----------
    log : EventLog
    by : {"stage", "event", "channel"}
        What a step is. Events without a stage (or a channel) are no steps then.
    scope : {"participant", "session"}
        Whose path.
    collapse : bool
        Whether equal steps in a row are one step.

    Raises
    ------
    UnknownNameError
        If `by` or `scope` is none of these.
    """
    for given, allowed, where in ((by, By, "by"), (scope, Scope, "scope")):
        if given not in get_args(allowed):
            raise UnknownNameError("way to make paths", given, get_args(allowed), where=where)
    key = ("paths", by, scope, str(collapse))
    if key not in log.kept:
        histories = log.histories(scope=scope, by=by)
        table = _named_steps(histories.table, histories.codes)
        if collapse:
            table = log.engine.keep(table.mutate(path=_without_repeats(table.path)))
        log.kept[key] = Paths(table, histories.codes.names)
    found: Paths = log.kept[key]
    return found


def count_paths(
    events: Events,
    journey: Journey | None = None,
    *,
    by: By = "stage",
    scope: Scope = "participant",
    collapse: bool = True,
    top: int = 10,
    max_steps: int = 12,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count how many take each path, from the most common path down.

    Parameters
    ----------
    events, journey, ties
        As for `estimate_drop_off`. With "later", steps at one instant stand in journey order.
    by : {"stage", "event", "channel"}
        What a step is.
    scope : {"participant", "session"}
        Whose path: all that a participant did, or each visit on its own.
    collapse : bool, default True
        Whether equal steps in a row are one step.
    top : int, default 10
        How many paths to return.
    max_steps : int, default 12
        Longer paths are cut there; all that begin alike are then one.
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    DataFrame
        Table `paths`, by falling count and then in journey order: `path` (names joined by
        " > "; a cut one ends in "..."), `n_steps` (at least so many where `cut`),
        `n_participants` who took it, `n_sessions` in which it was taken (with scope "session").

        `share` is of all `n_total` participants with a path, with Wilson's interval; with scope
        "session" of all `n_total` sessions, with the interval clustered by participant.
        `coverage` is the share that this path and those above it explain together. There are
        `n_variants` different paths altogether.

    Raises
    ------
    EngineError
        If `top` or `max_steps` is below 1.
    """
    for name, value in (("top", top), ("max_steps", max_steps)):
        if value < 1:
            raise EngineError("paths", f"{name} is {value}.", "give a whole number from 1 on.")
    with open_log(events, journey, ties=ties) as log:
        paths = follow_paths(log, by=by, scope=scope, collapse=collapse)
        people = _variants_of_people(paths, max_steps)
        if scope == "session":
            people = log.engine.keep(people)
        variants = log.engine.keep(_variants(people))
        totals = log.engine.run(_totals(variants, people, scope)).iloc[0]
        best = log.engine.run(variants.order_by([variants.n.desc(), variants.variant]).limit(top))
        return _path_frame(best, totals, paths.names, scope, confidence)


def _named_steps(table: ir.Table, codes: Codes) -> ir.Table:
    """Turn keys into places in the names; one name is one place, and no stage is no step."""
    places = {place: codes.names.index(name) for place, name in enumerate(codes.names)}
    again = [(place, first) for place, first in places.items() if place != first]
    shift = codes.marks.bit_length() - 1

    def place(key: Any) -> Any:
        found = codes.position(key) >> shift if shift else codes.position(key)
        return found.cases(*again, else_=found).cast("int64") if again else found

    path = table.history.map(place)
    # Completions may stand outside every stage: they are in histories, but are no step.
    if codes.marks > 1:
        path = path.filter(lambda step: step < len(codes.names) - 1)
    table = table.mutate(path=path).drop("history")
    return table.filter(table.path.length() > 0)


def _without_repeats(path: Any) -> Any:
    import ibis

    changes = ibis.range(1, path.length()).filter(lambda i: path[i - 1] != path[i])
    return ibis.array([path[0]]).concat(changes.map(lambda i: path[i]))


def _variants_of_people(paths: Paths, max_steps: int) -> ir.Table:
    """Return how often (`n`) each participant took each variant: steps as digits, in one text.

    Texts of digits of one width group everywhere, and sort as the steps do.
    """
    base = _base(paths.names)
    table = paths.table
    steps = table.path[:max_steps].map(lambda step: (step + base).cast("string")).join("")
    variant = (table.path.length() > max_steps).ifelse(steps + _CUT, steps)
    return table.group_by("participant_id", variant=variant).agg(n=table.count())


def _variants(people: ir.Table) -> ir.Table:
    """Return the count of each variant, with the sums that a clustered interval needs."""
    people = people.mutate(total=people.n.sum().over(group_by="participant_id"))
    return people.group_by("variant").agg(
        n=people.n.sum(),
        n_participants=people.count(),
        hh=(people.n * people.n).sum(),
        ht=(people.n * people.total).sum(),
    )


def _totals(variants: ir.Table, people: ir.Table, scope: Scope) -> ir.Table:
    if scope == "participant":
        return variants.aggregate(n_variants=variants.count(), n_total=variants.n.sum())
    each = people.group_by("participant_id").agg(total=people.n.sum())
    sums = each.aggregate(
        n_total=each.total.sum(), n_clusters=each.count(), tt=(each.total * each.total).sum()
    )
    return sums.cross_join(variants.aggregate(n_variants=variants.count()))


def _path_frame(
    best: pd.DataFrame, totals: pd.Series, names: tuple[str, ...], scope: Scope, confidence: float
) -> pd.DataFrame:
    rows = []
    covered = 0
    for found in best.itertuples(index=False):
        steps = _steps(found.variant, names)
        cut = found.variant.endswith(_CUT)
        covered += int(found.n)
        share = _share(found, totals, scope, confidence)
        rows.append(
            {
                "path": ARROW.join([*steps, *(["..."] if cut else [])]),
                "n_steps": len(steps),
                "cut": cut,
                "n_participants": int(found.n_participants),
                "n_sessions": int(found.n) if scope == "session" else float("nan"),
                "share": share.value,
                "share_low": share.low,
                "share_high": share.high,
                "coverage": covered / int(totals["n_total"]),
                "n_variants": int(totals["n_variants"]),
                "n_total": int(totals["n_total"]),
            }
        )
    return pd.DataFrame(rows, columns=PATH_COLUMNS)


def _share(found: Any, totals: pd.Series, scope: Scope, confidence: float) -> Interval:
    total = int(totals["n_total"])
    if scope == "participant":
        return estimate_proportion(int(found.n), total, confidence=confidence)
    return estimate_clustered_proportion(
        n_clusters=int(totals["n_clusters"]),
        total=total,
        hits=int(found.n),
        sum_hits_squared=int(found.hh),
        sum_products=int(found.ht),
        sum_totals_squared=int(totals["tt"]),
        confidence=confidence,
    )


def _base(names: tuple[str, ...]) -> int:
    """Return what to add to places, so that all have as many digits."""
    return int(10 ** len(str(len(names))))


def _steps(variant: str, names: tuple[str, ...]) -> list[str]:
    base = _base(names)
    digits, width = variant.removesuffix(_CUT), len(str(base))
    return [
        names[int(digits[start : start + width]) - base] for start in range(0, len(digits), width)
    ]
