"""Who is still there: retention as curves, and cohort by cohort."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cjm_research.cells import Cell, count, day, number, rows, text
from cjm_research.figures.palette import (
    BAR,
    GROUPS,
    HAIRLINE,
    INK,
    MUTED,
    NOTHING,
    PAPER,
    UNCERTAIN,
)
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, quiet, tidy
from cjm_research.number_words import interval, percent

POOLED = ""
MOST_PERIODS, MOST_COHORTS = 13, 24
"""Columns and rows of the cohort table; more would no longer be read."""

_CELL, _ROW = 0.52, 0.37
_LABEL = 0.09


def plot_retention(retention: pd.DataFrame, *, segment: str = "", period: str = "period") -> Figure:
    """Draw the share of people who are active again, by the time since their first period.

    Parameters
    ----------
    retention : DataFrame
        Table of retention, one row per cohort and period; rows of cohort "" pool the cohorts.
    segment : str
        Name of an audience segment: a curve for each of its groups; empty for everybody.
    period : str
        What a period is, for the words: "month", "week", "day".

    Returns
    -------
    Figure
        All cohorts together with the interval, and for everybody single cohorts as thin lines.
        What is not observed yet is not drawn. The numbers under the axis are people observed.
    """
    found = _rows(retention, segment)
    with drawing():
        if not any(number(row.get("rate")) is not None for row in found):
            return no_data()
        values = list(dict.fromkeys(text(row.get("segment_value")) for row in found))
        height = 3.0 + 0.14 * len(values)
        figure = make_figure(6.4, height)
        axes = figure.add_axes(
            (0.085, (0.45 + 0.14 * len(values)) / height, 0.74, 1.75 / height), label="retention"
        )
        _scale(axes, found)
        if not segment:
            _draw_cohorts(axes, found)
        curves = {
            value: _observed(
                [
                    row for row in found
                    if _cohort(row) == POOLED and text(row.get("segment_value")) == value
                ]
            )
            for value in values
        }  # fmt: skip
        for turn, (value, curve) in enumerate(curves.items()):
            _draw_curve(axes, curve, turn, value)
        _label_curves(axes, curves)
        for line, words in ((-12, f"{period}s"), (-24, "people")):
            axes.annotate(words, (1.03, 0), (0, line), size=SMALL, color=MUTED, va="center",
                          xycoords="axes fraction", textcoords="offset points")  # fmt: skip
        by = f", by {tidy(segment, 40)}" if segment else ""
        _write_head(figure, f"Share of people active again{by}",
                    f"by {period}s after the first, all cohorts together with the interval"
                    + ("" if segment else "; thin lines: single cohorts"))  # fmt: skip
        return figure


def describe_retention(
    retention: pd.DataFrame, *, segment: str = "", period: str = "period"
) -> str:
    """Return the alternative text: the pooled shares by period."""
    found = [
        row for row in _rows(retention, segment)
        if _cohort(row) == POOLED and number(row.get("rate")) is not None
    ]  # fmt: skip
    if not found:
        return "Retention: no data."
    groups: dict[str, list[str]] = {}
    for row in found:
        span = interval(row.get("low"), row.get("high"))
        groups.setdefault(text(row.get("segment_value")), []).append(
            f"{period} {count(row.get('period_number'))} {percent(row.get('rate'))}"
            f" ({span}) of {count(row.get('n_observed')) or 0:,}"
        )
    words = [(f"{tidy(value)}: " if value else "") + ", ".join(ms) for value, ms in groups.items()]
    return f"Share of people active again: {'; '.join(words)}."


def plot_retention_cohorts(retention: pd.DataFrame, *, period: str = "period") -> Figure:
    """Draw retention cohort by cohort, as a table whose cells are the darker the more came back.

    Parameters
    ----------
    retention : DataFrame
        Table of retention; the rows of everybody are drawn.
    period : str
        What a period is, for the words: "month", "week", "day".

    Returns
    -------
    Figure
        Share and number of people active; the hatched cells are not observed yet. The first
        periods and the latest cohorts, where there are many.
    """
    found = _rows(retention, "")
    with drawing():
        cohorts = sorted({_cohort(row) for row in found} - {POOLED})[-MOST_COHORTS:]
        if not cohorts:
            return no_data()
        lines = [POOLED, *cohorts] if any(_cohort(row) == POOLED for row in found) else cohorts
        periods = _periods(found)[:MOST_PERIODS]
        left, head = 1.75, 0.95
        width = max(left + _CELL * len(periods) + 0.15, 5.4)
        height = head + _ROW * len(lines) + 0.12
        figure = make_figure(width, height)
        axes = figure.add_axes(
            (left / width, 0.12 / height, _CELL * len(periods) / width, _ROW * len(lines) / height),
            label="cohorts",
        )
        quiet(axes)
        axes.set_xlim(0, len(periods))
        axes.set_ylim(len(lines), 0)
        axes.xaxis.set_ticks_position("top")
        axes.set_xticks([place + 0.5 for place in range(len(periods))], [str(p) for p in periods])
        axes.tick_params(axis="x", labelsize=SMALL, labelcolor=MUTED)
        cells = {(_cohort(row), count(row.get("period_number"))): row for row in found}
        for y, cohort in enumerate(lines):
            _label_cohort(axes, y, cohort, cells, period)
            for x, at in enumerate(periods):
                _draw_cell(axes, x, y, cells.get((cohort, at)))
        _write_head(figure, "Who is active again, cohort by cohort",
                    f"by {period}s after the first; below each share the people; "
                    "hatched: not observed yet")  # fmt: skip
        return figure


def describe_retention_cohorts(retention: pd.DataFrame, *, period: str = "period") -> str:
    """Return the alternative text: each cohort's size and its last observed share."""
    parts = []
    found = _rows(retention, "")
    for cohort in sorted({_cohort(row) for row in found} - {POOLED})[-MOST_COHORTS:]:
        mine = [
            row for row in found
            if _cohort(row) == cohort and number(row.get("rate")) is not None
        ]  # fmt: skip
        if mine:
            last = max(mine, key=lambda row: count(row.get("period_number")) or 0)
            parts.append(
                f"{_shown(cohort, period)} ({count(last.get('n_cohort')) or 0:,} people): "
                f"{percent(last.get('rate'))} in {period} {count(last.get('period_number'))}"
            )
    return f"Active again, by cohort: {'; '.join(parts) or 'no data'}."


def _rows(retention: pd.DataFrame, segment: str) -> list[Cell]:
    found = [row for row in rows(retention) if text(row.get("segment")) == segment]
    return sorted(found, key=lambda row: count(row.get("period_number")) or 0)


def _cohort(row: Cell) -> str:
    return day(row.get("cohort"))


def _shown(cohort: str, period: str) -> str:
    """Return the name of a cohort; a month is not named by its first day."""
    return tidy(cohort[:7] if period == "month" else cohort, 14)


def _periods(found: Sequence[Cell]) -> list[int]:
    numbers = (count(row.get("period_number")) for row in found)
    return sorted({at for at in numbers if at is not None})


_Point = tuple[int, float, Cell]


def _observed(found: Sequence[Cell]) -> list[_Point]:
    return [
        (at, rate, row)
        for row in found
        if (at := count(row.get("period_number"))) is not None
        and (rate := number(row.get("rate"))) is not None
    ]


def _scale(axes: Axes, found: Sequence[Cell]) -> None:
    periods = [at for at, _, _ in _observed(found)]
    last = max(periods)
    step = -(-(last + 1) // 12)
    axes.set_xlim(-0.02 * max(last, 1), max(last, 1) * 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(range(0, last + 1, step))
    axes.set_yticks([0, 0.5, 1], [percent(share) for share in (0, 0.5, 1)])
    axes.tick_params(labelsize=SMALL, labelcolor=MUTED)
    axes.grid(axis="y", color=HAIRLINE, lw=0.6)
    axes.set_axisbelow(True)


def _draw_cohorts(axes: Axes, found: Sequence[Cell]) -> None:
    for cohort in sorted({_cohort(row) for row in found} - {POOLED}):
        known = _observed([row for row in found if _cohort(row) == cohort])
        axes.plot([at for at, _, _ in known], [rate for _, rate, _ in known], color=NOTHING,
                  lw=0.8, label="cohort")  # fmt: skip


def _draw_curve(axes: Axes, curve: Sequence[_Point], turn: int, value: str) -> None:
    shade = GROUPS[turn % len(GROUPS)]
    # A limit that is missing leaves a gap in the band.
    lows, highs = (
        [math.nan if (limit := number(row.get(key))) is None else limit for _, _, row in curve]
        for key in ("low", "high")
    )
    places = [at for at, _, _ in curve]
    if curve:
        axes.fill_between(places, lows, highs, color=shade if value else UNCERTAIN,
                          alpha=0.25 if value else 0.4, lw=0)  # fmt: skip
    axes.plot(places, [rate for _, rate, _ in curve], color=shade, lw=1.8,
              marker="o", ms=3.5, label=tidy(value) or "all")  # fmt: skip
    for at, _, row in curve:
        if at in axes.get_xticks():
            _write_under(axes, at, turn, f"{count(row.get('n_observed')) or 0:,}", MUTED)
    if value:
        low, high = axes.get_xlim()
        _write_under(axes, low - 0.05 * (high - low), turn, "■", shade)


def _label_curves(axes: Axes, curves: Mapping[str, Sequence[_Point]]) -> None:
    """Write the last share, and the group, at the end of each curve."""
    ends = sorted((curve[-1][1], curve[-1][0], value) for value, curve in curves.items() if curve)
    lowest = 0.0
    for rate, at, value in ends:
        y = max(rate, lowest)
        lowest = y + _LABEL
        axes.annotate(f"{percent(rate)} {tidy(value, 14)}".rstrip(" "), (at, y), (6, 0),
                      va="center", weight="bold", size=SMALL + 1, textcoords="offset points",
                      annotation_clip=False)  # fmt: skip


def _write_under(axes: Axes, x: float, line: int, words: str, colour: str) -> None:
    axes.annotate(words, (x, 0), (0, -24 - 10 * line), ha="center", va="center", size=SMALL - 0.5,
                  color=colour, xycoords=("data", "axes fraction"), textcoords="offset points",
                  annotation_clip=False)  # fmt: skip


def _label_cohort(
    axes: Axes, y: int, cohort: str, cells: dict[tuple[str, int | None], Cell], period: str
) -> None:
    sizes = [
        count(cell.get("n_cohort")) or 0 for (name, _), cell in cells.items() if name == cohort
    ]
    name = _shown(cohort, period) if cohort != POOLED else "all cohorts"
    axes.annotate(name, (0, y + 0.5), (-118, 0), size=SMALL + 0.5, va="center",
                  weight="normal" if cohort else "bold", textcoords="offset points",
                  annotation_clip=False)  # fmt: skip
    axes.annotate(f"n\u00a0=\u00a0{max(sizes, default=0):,}", (0, y + 0.5), (-8, 0), size=SMALL,
                  ha="right", va="center", color=MUTED, textcoords="offset points",
                  annotation_clip=False)  # fmt: skip


def _draw_cell(axes: Axes, x: int, y: int, row: Cell | None) -> None:
    """Draw a cell; a row without people observed says as little as no row."""
    if row is None or not count(row.get("n_observed")):
        axes.add_patch(Rectangle((x + 0.03, y + 0.05), 0.94, 0.9, facecolor="none",
                                 edgecolor=HAIRLINE, hatch="////", lw=0))  # fmt: skip
        return
    rate, active = number(row.get("rate")), count(row.get("n_active")) or 0
    depth = rate or 0.0
    axes.add_patch(Rectangle((x + 0.03, y + 0.05), 0.94, 0.9, facecolor=BAR, lw=0,
                             alpha=0.06 + 0.86 * min(depth, 1.0)))  # fmt: skip
    colour = PAPER if depth > 0.55 else INK
    if rate is None:
        axes.text(x + 0.5, y + 0.5, f"{active} of {count(row.get('n_observed'))}", ha="center",
                  va="center", size=SMALL - 0.5, color=MUTED)  # fmt: skip
        return
    axes.text(x + 0.5, y + 0.36, percent(rate), ha="center", va="center", size=SMALL + 0.5,
              color=colour)  # fmt: skip
    axes.text(x + 0.5, y + 0.72, f"{active:,}", ha="center", va="center", size=SMALL - 1.5,
              color=colour)  # fmt: skip


def _write_head(figure: Figure, title: str, hint: str) -> None:
    width, height = figure.get_size_inches()
    figure.text(0.1 / width, 1 - 0.1 / height, title, va="top", weight="bold", size=SMALL + 3.5)
    figure.text(0.1 / width, 1 - 0.33 / height, hint, va="top", size=SMALL, color=MUTED)
