"""How long participants take from stage to stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.behaviour.funnel import FunnelRule, Reached, reach_stages
from cjm_research.behaviour.log import Ties, open_log
from cjm_research.journey import Journey

if TYPE_CHECKING:
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
        one). Those who have not gone on are not in it: see `estimate_time_to_next`.
        Questionnaires have no times of their own and are left out.

    References
    ----------
    David & Nagaraja (2003), Order Statistics, section 7.1.
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        reached = reach_stages(log, "funnel_drop_off", rule)
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
        asked = {}
        for place in seconds:
            for name, at in _asked(int(number[f"s{place}"]), confidence).items():
                asked[f"{name}{place}"] = part[f"s{place}"].quantile(at)
        if not asked:
            continue
        found = run(part.aggregate(**asked)).iloc[0]
        rows += [
            {
                "stage": reached.stages[place].id,
                "next_stage": reached.stages[place + 1].id,
                "segment": segment,
                "segment_value": value,
                "n": int(number[f"s{place}"]),
            }
            | {
                column: float(found.get(f"{column}{place}", float("nan")))
                for column in TIMING_COLUMNS[5:]
            }
            for place in seconds
            if number[f"s{place}"]
        ]
    return sorted(rows, key=lambda row: str(row["segment_value"]))


def _asked(n: int, confidence: float) -> dict[str, float]:
    """Return which quantiles to ask for: each estimate, and the order statistics around it."""
    from cjm_research.statistics import find_quantile_ranks

    asked: dict[str, float] = {}
    for name, q in QUANTILES.items() if n else ():
        asked[f"{name}_s"] = q
        ranks = find_quantile_ranks(n, q, confidence=confidence)
        if ranks:
            # A quantile at (rank - 1) / (n - 1) is the order statistic of that rank.
            asked[f"{name}_low_s"] = (ranks[0] - 1) / (n - 1)
            asked[f"{name}_high_s"] = (ranks[1] - 1) / (n - 1)
    return asked
