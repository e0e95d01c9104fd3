"""KPIs against their targets: met, not met, or cannot tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cjm_research.config import Kpi
from cjm_research.journey import Journey
from cjm_research.statistics import Interval, estimate_proportion

KPI_COLUMNS = [
    "name", "measure", "words", "value", "unit", "low", "high", "n", "count", "target",
    "direction", "verdict",
]  # fmt: skip


def judge_kpis(
    kpis: Sequence[Kpi], *, journey: Journey, funnel: pd.DataFrame, ratings: pd.DataFrame
) -> pd.DataFrame:
    """Hold each KPI's interval against its target.

    Parameters
    ----------
    kpis : sequence of Kpi
    journey : Journey
    funnel : DataFrame
        Table `funnel`.
    ratings : DataFrame
        Table `rating_summary`.

    Returns
    -------
    DataFrame
        Table `kpis`. `verdict` is "met" or "not met" only when the whole 95 % interval lies
        on that side of the target; without an interval, or astride it, "cannot tell".
        `count` of `n` are participants (empty for means).
    """
    rows: list[dict[str, Any]] = []
    for kpi in kpis:
        if kpi.measure in ("conversion", "drop_off"):
            words, estimate, count, n = _share(kpi, journey, funnel)
            unit = "share"
        else:
            words, estimate, n = _rating(kpi, journey, ratings)
            unit, count = ("points" if kpi.measure == "nps" else "score"), math.nan
        rows.append(
            {
                "name": kpi.name,
                "measure": kpi.measure,
                "words": words,
                "value": estimate.value,
                "unit": unit,
                "low": estimate.low,
                "high": estimate.high,
                "n": n,
                "count": count,
                "target": kpi.target,
                "direction": kpi.direction,
                "verdict": judge(estimate, kpi.target, at_least=kpi.direction == "at_least"),
            }
        )
    return pd.DataFrame(rows, columns=KPI_COLUMNS)


def judge(estimate: Interval, target: float, *, at_least: bool) -> str:
    """Return "met", "not met" or "cannot tell" for an interval and a target."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "cannot tell"
    above, below = estimate.low >= target, estimate.high <= target
    if above == below:
        return "cannot tell"
    return "met" if above == at_least else "not met"


def _share(kpi: Kpi, journey: Journey, funnel: pd.DataFrame) -> tuple[str, Interval, float, int]:
    everybody = funnel[funnel["segment"] == ""].set_index("stage")
    start = kpi.from_stage or kpi.stage
    end = kpi.to_stage or kpi.stage or start
    words = journey[start].name
    if kpi.measure == "conversion":
        words = f"{words} → through {journey[end].name}"
    if start not in everybody.index or end not in everybody.index:
        return words, Interval(math.nan, math.nan, math.nan), math.nan, 0
    if kpi.measure == "drop_off" and not math.isnan(everybody.loc[start, "n_dropped"]):
        # Whoever went on elsewhere, or came too late to tell, was not lost.
        lost, n = (int(everybody.loc[start, key]) for key in ("n_dropped", "n_followed"))
        return words, estimate_proportion(lost, n), float(lost), n
    n = int(everybody.loc[start, "n_entered"])
    came_through = everybody.loc[end, "n_continued"]
    if math.isnan(came_through):
        came_through = everybody.loc[end, "n_entered"]
    count = int(came_through) if kpi.measure == "conversion" else n - int(came_through)
    return words, estimate_proportion(count, n), float(count), n


def _rating(kpi: Kpi, journey: Journey, ratings: pd.DataFrame) -> tuple[str, Interval, int]:
    mine = ratings[ratings["measure"] == kpi.measure]
    if kpi.stage:
        mine = mine[mine["stage"] == kpi.stage]
    if kpi.source:
        mine = mine[mine["source"] == kpi.source]
    words = journey[kpi.stage].name if kpi.stage else "whole journey"
    if mine.empty:
        return words, Interval(math.nan, math.nan, math.nan), 0
    row = mine.sort_values(["wave", "source"]).iloc[0]
    if row["wave"]:
        words = f"{words}, wave {row['wave']}"
    return words, Interval(row["value"], row["low"], row["high"]), int(row["n"])
