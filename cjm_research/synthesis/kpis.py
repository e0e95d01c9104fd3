"""KPIs against their targets: met, not met, or cannot tell, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cjm_research.config import Kpi
from cjm_research.journey import Journey
from cjm_research.statistics import NOTHING, Interval, estimate_proportion

KPI_COLUMNS = [
    "name", "measure", "words", "value", "unit", "low", "high", "n", "count", "target",
    "direction", "verdict", "numerator", "denominator", "window", "why",
    "source", "stage", "wave",
]  # fmt: skip
MIN_PEOPLE = 5
"""People below which there are counts only, and nothing is judged."""
_MEANS = {
    "nps": "promoters (9 or 10) less detractors (0 to 6)",
    "csat": "mean of people's answers",
    "ces": "mean of people's answers",
    "sus": "mean of people's scores",
}
_ALIKE = "No interval: all participants have the same figure, which tells nothing of the spread."
_LOST = {"questionnaire_abandonment": "stopped answering at"}


@dataclass(frozen=True)
class _Figure:
    """A KPI's number, and what it was made of."""

    words: str
    estimate: Interval = NOTHING
    n: int = 0
    count: float = math.nan
    numerator: str = ""
    denominator: str = ""
    window: str = ""
    reason: str = ""
    """Why there is no number or no interval, where the figure knows better than its n."""
    source: str = ""
    """Of a rating: whose answers these are."""
    stage: str = ""
    wave: str = ""


def judge_kpis(
    kpis: Sequence[Kpi],
    *,
    journey: Journey,
    funnel: pd.DataFrame,
    ratings: pd.DataFrame,
    task_success: pd.DataFrame | None = None,
    loss: pd.DataFrame | None = None,
    funnel_window: str = "",
    collected: Mapping[str, str] | None = None,
    log_wave: str = "",
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
    task_success : DataFrame, optional
        Table `task_success`: the outcome that the KPI's stage declares.
    loss : DataFrame, optional
        Table `loss`: who was silent for longer than the declared gap.
    funnel_window : str, optional
        Time from the entry in which the funnel wants everything to happen, such as "7D".
    collected : mapping of str to str, optional
        Source to when it was collected, in words.
    log_wave : str, optional
        Wave that all event logs belong to.

    Returns
    -------
    DataFrame
        Table `kpis`. `verdict` is "met" or "not met" only when the whole 95 % interval lies
        on that side of the target; without an interval, or astride it, "cannot tell", and
        `why` says which. `count` of `n` are participants (empty for means); `numerator` and
        `denominator` say what they are, and `window` within which time. Fewer than 5 people
        have counts, no number; where all have the same figure there is no interval.

        `wave` is that of the figure, and stands in `words` too. Of a rating that was asked in
        several waves the first is judged; `source` and `stage` say where to find the others.

        Task success is the mean over participants of each one's share of first tries that
        succeed, with its t interval where the sampling has a design: tries of one person are
        not independent. Retention is one less the rate of `loss`.
    """
    rows: list[dict[str, Any]] = []
    for kpi in kpis:
        unit = "share"
        if kpi.measure in ("conversion", "drop_off"):
            figure = replace(_share(kpi, journey, funnel, funnel_window), wave=log_wave)
        elif kpi.measure == "task_success":
            figure = _task_success(kpi, journey, task_success)
        elif kpi.measure == "retention":
            figure = replace(_retention(loss), wave=log_wave)
        else:
            figure = _rating(kpi, journey, ratings, collected or {})
            unit = "points" if kpi.measure == "nps" else "score"
        estimate = figure.estimate if figure.n >= MIN_PEOPLE else NOTHING
        alike = estimate.low == estimate.high
        if alike:
            # All answers alike is no certainty: they leave nothing to tell the spread from.
            estimate = Interval(estimate.value, math.nan, math.nan)
        verdict = judge(estimate, kpi.target, at_least=kpi.direction == "at_least")
        rows.append(
            {
                "name": kpi.name,
                "measure": kpi.measure,
                "words": f"{figure.words}, wave {figure.wave}" if figure.wave else figure.words,
                "value": estimate.value,
                "unit": unit,
                "low": estimate.low,
                "high": estimate.high,
                "n": figure.n,
                "count": figure.count,
                "target": kpi.target,
                "direction": kpi.direction,
                "verdict": verdict,
                "numerator": figure.numerator,
                "denominator": figure.denominator,
                "window": figure.window,
                "why": figure.reason
                or (_ALIKE if alike else _why(estimate, figure.n, kpi.target, unit)),
                "source": figure.source,
                "stage": figure.stage,
                "wave": figure.wave,
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


def _share(kpi: Kpi, journey: Journey, funnel: pd.DataFrame, within: str) -> _Figure:
    everybody = funnel[funnel["segment"] == ""].set_index("stage")
    start = kpi.from_stage or kpi.stage
    end = kpi.to_stage or kpi.stage or start
    words = journey[start].name
    window = f"within {within} of the first entry" if within else "until the record ends"
    if kpi.measure == "conversion":
        words = f"{words} → through {journey[end].name}"
    if start not in everybody.index or end not in everybody.index:
        return _Figure(words, reason="No data: nobody is recorded there.")
    if kpi.measure == "drop_off" and not math.isnan(everybody.loc[start, "n_dropped"]):
        # Whoever went on elsewhere, or came too late to tell, was not lost.
        lost, n = (int(everybody.loc[start, key]) for key in ("n_dropped", "n_followed"))
        left = _LOST.get(journey[start].measure, "were lost at")
        return _Figure(
            words,
            estimate_proportion(lost, n),
            n,
            float(lost),
            f"people who {left} {journey[start].name}",
            f"people who entered {journey[start].name} and were followed for long enough",
            window,
        )
    n = int(everybody.loc[start, "n_entered"])
    came_through = everybody.loc[end, "n_continued"]
    through = "came through"
    if math.isnan(came_through):
        # Nothing completes a last stage: to come there is all that can be seen.
        came_through, through = everybody.loc[end, "n_entered"], "came to"
    count = int(came_through)
    if kpi.measure == "drop_off":
        count, through = n - count, f"did not {through.replace('came', 'come')}"
    return _Figure(
        words,
        estimate_proportion(count, n),
        n,
        float(count),
        f"people who {through} {journey[end].name}",
        f"people who entered {journey[start].name}",
        window,
    )


def _rating(
    kpi: Kpi, journey: Journey, ratings: pd.DataFrame, collected: Mapping[str, str]
) -> _Figure:
    mine = ratings[ratings["measure"] == kpi.measure]
    if kpi.stage:
        mine = mine[mine["stage"] == kpi.stage]
    if kpi.source:
        mine = mine[mine["source"] == kpi.source]
    words = journey[kpi.stage].name if kpi.stage else "whole journey"
    if mine.empty:
        return _Figure(words, reason=f"No data: nobody gave a {kpi.measure.upper()} there.")
    row = mine.sort_values(["wave", "source"]).iloc[0]
    return _Figure(
        words,
        Interval(row["value"], row["low"], row["high"]),
        int(row["n"]),
        numerator=_MEANS[kpi.measure],
        denominator=f"people who answered, source {row['source']}",
        window=collected.get(row["source"], ""),
        source=str(row["source"]),
        stage=str(row["stage"]),
        wave=str(row["wave"]),
    )


def _task_success(kpi: Kpi, journey: Journey, task_success: pd.DataFrame | None) -> _Figure:
    stage = journey[kpi.stage]
    if not stage.outcome:
        return _Figure(stage.name, reason="The stage declares no outcome that counts as success.")
    found = pd.DataFrame() if task_success is None else task_success
    if len(found):
        found = found[(found["stage"] == stage.id) & (found["outcome"] == stage.outcome)]
    if found.empty:
        return _Figure(stage.name, reason="No data: nobody tried a task there.")
    if len(found) > 1:
        return _Figure(
            stage.name, reason=f"{len(found)} sources tried tasks there; they are never pooled."
        )
    row = found.iloc[0]
    return _Figure(
        stage.name,
        Interval(row["person_mean"], *_within_scale(row["person_low"], row["person_high"])),
        int(row["n_participants"]),
        numerator=f"{int(row['n_success'])} first tries that succeeded",
        denominator=f"{int(row['n_attempts'])} first tries; the mean is over participants",
        window="first tries",
    )


def _within_scale(low: float, high: float) -> tuple[float, float]:
    """Return the limits of a mean of shares, which t does not keep between 0 and 1."""
    return (low if low > 0 or math.isnan(low) else 0.0), (high if not high > 1 else 1.0)


def _retention(loss: pd.DataFrame | None) -> _Figure:
    everybody = pd.DataFrame() if loss is None else loss
    if len(everybody):
        everybody = everybody[everybody["segment"] == ""]
    if everybody.empty:
        return _Figure("whole journey", reason="No data: nobody's coming back is recorded.")
    row = everybody.iloc[0]
    return _Figure(
        "whole journey",
        Interval(1 - row["rate"], 1 - row["high"], 1 - row["low"]),
        int(row["n_judged"]),
        float(row["n_judged"] - row["n_lost"]),
        f"people not silent for longer than {row['gap']} when the record ends",
        f"people first seen at least {row['gap']} before the record ends",
        f"{row['gap']} before the record ends",
    )


def _why(estimate: Interval, n: int, target: float, unit: str) -> str:
    """Say in a sentence how interval and target lie, or why there is no interval."""
    if n == 0:
        return "No data: nobody is counted there."
    if n < MIN_PEOPLE:
        some = "1 person is" if n == 1 else f"{n} people are"
        return f"{some} too few: numbers are given from {MIN_PEOPLE} people on."
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "No interval: the people were not drawn so that one would mean something."
    goal = _number(target, unit)
    limits = _limits(estimate, unit)
    if estimate.low < target < estimate.high:
        return f"The interval {limits} lies astride the target {goal}."
    side = "above" if estimate.low >= target else "below"
    edge = "at or " if target in (estimate.low, estimate.high) else ""
    return f"The whole interval {limits} lies {edge}{side} the target {goal}."


def _limits(estimate: Interval, unit: str) -> str:
    low, high = _number(estimate.low, unit), _number(estimate.high, unit)
    # A dash between signs would read as a minus.
    joint = " to " if min(estimate.low, estimate.high) < 0 else "–"
    return f"{low.removesuffix(' %')}{joint}{high}"


def _number(value: float, unit: str) -> str:
    shown = f"{100 * value:.1f}" if unit == "share" else f"{value:.1f}"
    shown = shown.removesuffix(".0") if float(shown) == int(float(shown)) else shown
    shown = shown.replace("-", "−") if float(shown) else "0"
    return f"{shown} %" if unit == "share" else shown
