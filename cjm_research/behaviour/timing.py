"""How long participants take from stage to stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cjm_research.behaviour.funnel import (
    MIN_SEGMENT,
    FunnelRule,
    Reached,
    count_people,
    reach_stages,
)
from cjm_research.behaviour.log import Ties, open_log
from cjm_research.engine import Engine
from cjm_research.journey import Journey

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

TIMING_COLUMNS = [
    "stage", "next_stage", "segment", "segment_value", "n",
    "median_s", "median_low_s", "median_high_s", "q25_s", "q25_low_s", "q25_high_s",
    "q75_s", "q75_low_s", "q75_high_s",
]  # fmt: skip
QUANTILES = {"median": 0.5, "q25": 0.25, "q75": 0.75}


def estimate_stage_timing(
    events: Events,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate how long participants take from stage to stage.

    Parameters
    ----------
    events, journey, segments, rule, ties
        As for `estimate_drop_off`.
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    DataFrame
        Table `stage_timing`: median and quartiles in seconds from the entry into a stage to
        the entry into the next, over the `n` participants who went on, with intervals by order
        statistics that assume no shape of the distribution (missing where `n` is too small for
        one; an audience segment of fewer than 5 has its `n` and no times). Participants are
        counted by their furthest visit, also where the rule counts visits. Those who have not
        gone on are not in it: see `estimate_time_to_next`. In any order there is no time from
        one stage to the next, and no row.
        Questionnaires have no times of their own and are left out.

    References
    ----------
    David & Nagaraja (2003), Order Statistics, section 7.1.
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        rule = count_people(rule)
        in_order = rule.order == "strict"
        reached = reach_stages(log, "funnel_drop_off", rule) if in_order else None
        rows: list[dict[str, Any]] = []
        if reached is not None and len(reached.stages) > 1:
            for segment in ("", *log.segments):
                rows += _rows(reached, segment, confidence)
        timing = pd.DataFrame(rows, columns=TIMING_COLUMNS)
        return timing.assign(stage=log.journey.order(timing["stage"]))


def _rows(reached: Reached, segment: str, confidence: float) -> list[dict[str, Any]]:
    table = reached.table
    seconds = {
        place: reached.codes.seconds(table[f"t{place + 1}"], table[f"t{place}"])
        for place in range(len(reached.stages) - 1)
    }
    table = table.mutate(**{f"s{place}": each for place, each in seconds.items()})
    run = reached.log.engine.run
    grouped = table.group_by(segment) if segment else table
    numbers = run(grouped.aggregate(**{f"s{p}": table[f"s{p}"].count() for p in seconds}))
    rows = []
    for number in numbers.to_dict("records"):
        value = number[segment] if segment else ""
        if segment and not value:
            continue
        part = table.filter(table[segment] == value) if segment else table
        n = {f"s{place}": int(number[f"s{place}"]) for place in seconds}
        enough = MIN_SEGMENT if segment else 1
        asked = {name: _asked(each, confidence) for name, each in n.items() if each >= enough}
        found = _quantiles(reached.log.engine, part, asked, n) if asked else {}
        rows += [
            {
                "stage": reached.stages[place].id,
                "next_stage": reached.stages[place + 1].id,
                "segment": segment,
                "segment_value": value,
                "n": n[f"s{place}"],
            }
            | {
                column: found.get(f"s{place}", {}).get(column, float("nan"))
                for column in TIMING_COLUMNS[5:]
            }
            for place in seconds
            if n[f"s{place}"]
        ]
    return sorted(rows, key=lambda row: str(row["segment_value"]))


def _quantiles(
    engine: Engine, table: ir.Table, asked: dict[str, dict[str, float]], n: dict[str, int]
) -> dict[str, dict[str, float]]:
    """Return the quantiles asked for, by column: `{"s0": {"median_s": 90.0}}`."""
    if not engine.has_quantiles:
        return {name: _by_rank(engine, table[name], n[name], asked[name]) for name in asked}
    # All of a column at once: it is put into order once.
    wanted = {name: table[name].quantile(list(each.values())) for name, each in asked.items()}
    found = engine.run(table.aggregate(**wanted)).iloc[0]
    return {
        name: dict(zip(each, map(float, found[name]), strict=True)) for name, each in asked.items()
    }


def _by_rank(
    engine: Engine, seconds: ir.Column, n: int, asked: dict[str, float]
) -> dict[str, float]:
    """Return quantiles as BigQuery needs them, which has none that are exact: by their ranks."""
    import ibis

    places = {what: at * (n - 1) for what, at in asked.items()}
    ends = {end(place) for place in places.values() for end in (math.floor, math.ceil)}
    table = seconds.name("at").as_table()
    table = table.filter(table["at"].notnull())
    table = table.mutate(place=ibis.row_number().over(order_by=table["at"]))
    found = engine.run(table.filter(table["place"].isin(sorted(ends)))).sort_values("place")
    return {
        what: float(np.interp(place, found["place"], found["at"])) for what, place in places.items()
    }


def _asked(n: int, confidence: float) -> dict[str, float]:
    """Return which quantiles to ask for: each estimate, and the order statistics around it."""
    from cjm_research.statistics import find_quantile_ranks

    asked: dict[str, float] = {}
    for name, q in QUANTILES.items():
        asked[f"{name}_s"] = q
        ranks = find_quantile_ranks(n, q, confidence=confidence)
        if ranks:
            # A quantile at (rank - 1) / (n - 1) is the order statistic of that rank.
            asked[f"{name}_low_s"] = (ranks[0] - 1) / (n - 1)
            asked[f"{name}_high_s"] = (ranks[1] - 1) / (n - 1)
    return asked
