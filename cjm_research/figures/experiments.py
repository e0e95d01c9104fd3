"""Experiments: how much better or worse each version is than its control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.figures.palette import (
    BLUE,
    HAIRLINE,
    MUTED,
    RUST,
    UNCERTAIN,
)
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, quiet, tidy, wrapped
from cjm_research.number_words import percent, signed

_HEAD_ROW, _ARM_ROW = 0.3, 0.74
_STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_VERDICTS = {"better": BLUE, "worse": RUST}


def plot_experiments(arms: pd.DataFrame) -> Figure:
    """Draw what each arm of an experiment changed against its control.

    Parameters
    ----------
    arms : DataFrame
        Table of arms, one row per experiment and arm, the control among them.

    Returns
    -------
    Figure
        Differences in percentage points with their intervals (and, where somebody looked early,
        the wider one that decides then, as a thin line), beside the verdict and its reason.
    """
    groups = _experiments(arms)
    with drawing():
        if not groups:
            return no_data()
        n_lines = sum(len(others) for _, others in groups.values())
        height = 0.95 + _HEAD_ROW * len(groups) + _ARM_ROW * n_lines
        figure = make_figure(7.6, height)
        axes = figure.add_axes((0.2, 0.3 / height, 0.34, (height - 0.85) / height), label="arms")
        quiet(axes)
        axes.set_ylim(height - 0.85, 0)
        _scale_differences(axes, [row for _, others in groups.values() for row in others])
        y = 0.0
        for name, (control, others) in groups.items():
            _write_experiment(axes, name, control, others, y + _HEAD_ROW / 2)
            y += _HEAD_ROW
            for row in others:
                _draw_arm(axes, row, y + _ARM_ROW / 2)
                y += _ARM_ROW
        figure.text(0.1 / 7.6, 1 - 0.1 / height, "What each version changed", weight="bold",
                    size=SMALL + 3.5, va="top")  # fmt: skip
        hint = "difference to the control, in percentage points, with its interval"
        if any(bool(row.get("looked_early")) for _, others in groups.values() for row in others):
            hint += "; thin: the one that holds however often one looks"
        figure.text(0.1 / 7.6, 1 - 0.33 / height, hint, size=SMALL, color=MUTED, va="top")
        return figure


def describe_experiments(arms: pd.DataFrame) -> str:
    """Return the alternative text: each arm's difference, verdict and reason."""
    words = [
        f"{tidy(name)}, {_arm(row)}: {text(row.get('verdict')) or 'cannot tell'}, "
        f"{_points_words(row)}, {tidy(text(row.get('reason')), 240)}"
        for name, (_, others) in _experiments(arms).items()
        for row in others
    ]
    return f"Experiments: {'; '.join(words) or 'no data'}."


def _experiments(arms: pd.DataFrame) -> dict[str, tuple[Cell | None, list[Cell]]]:
    """Return for each experiment the row of its control and those of the other arms."""
    found: dict[str, tuple[Cell | None, list[Cell]]] = {}
    for row in rows(arms):
        name = text(row.get("experiment"))
        control, others = found.get(name, (None, []))
        if text(row.get("arm")) == text(row.get("control")):
            found[name] = (row, others)
        else:
            found[name] = (control, [*others, row])
    return {name: group for name, group in found.items() if group[1]}


def _arm(row: Cell) -> str:
    return tidy(text(row.get("arm")), 22) or "(no name)"


def _points_words(row: Cell) -> str:
    """Return '+4.2 points (1.0 to 7.5)'."""
    gap, low, high = (number(row.get(key)) for key in ("difference", "low", "high"))
    if gap is None:
        return "no difference known"
    span = "" if low is None or high is None else f" ({signed(low * 100)} to {signed(high * 100)})"
    return f"{signed(gap * 100)} points{span}"


def _rate_words(row: Cell) -> str:
    known = number(row.get("rate")) is not None
    share = percent(row.get("rate")) if known else f"{count(row.get('n_success')) or 0:,}"
    return f"{share} of {count(row.get('n')) or 0:,}"


def _scale_differences(axes: Axes, found: Sequence[Cell]) -> None:
    ends = ("difference", "low", "high")
    known = [abs(value) for row in found for key in ends if (value := number(row.get(key)))]
    # The thin lines may run out of the picture: the plain intervals set the scale.
    reach = max([*known, 0.01]) * 1.25
    step = next((step for step in _STEPS if reach / step < 4), 0.5)
    ticks = [step * place for place in range(-3, 4) if abs(step * place) <= reach]
    axes.set_xlim(-reach, reach)
    axes.set_xticks(ticks, [signed(tick * 100, 0 if step >= 0.01 else 1) for tick in ticks])
    axes.tick_params(axis="x", labelsize=SMALL, labelcolor=MUTED)
    axes.axvline(0, color=MUTED, lw=0.8, zorder=1, label="no difference")


def _write_experiment(
    axes: Axes, name: str, control: Cell | None, others: Sequence[Cell], y: float
) -> None:
    against = ""
    if control is not None:
        against = f"control {_arm(control)}: {_rate_words(control)}"
    outcome = tidy(text(others[0].get("outcome")), 30)
    words = "; ".join(word for word in (outcome and f"outcome {outcome}", against) if word)
    if y > _HEAD_ROW:
        axes.plot([0.013, 0.987], [y - _HEAD_ROW / 2] * 2, color=HAIRLINE, lw=0.7, clip_on=False,
                  transform=blended_transform_factory(axes.figure.transFigure,
                                                      axes.transData))  # fmt: skip
    _beside(axes, 0.013, y, tidy(name, 44) or "(no name)", weight="bold", size=SMALL + 1)
    _beside(axes, 0.987, y, words, size=SMALL, color=MUTED, ha="right")


def _draw_arm(axes: Axes, row: Cell, y: float) -> None:
    verdict = text(row.get("verdict")) or "cannot tell"
    colour = _VERDICTS.get(verdict, MUTED)
    for low, high, width in (
        (row.get("valid_low"), row.get("valid_high"), 0.8 if row.get("looked_early") else 0.0),
        (row.get("low"), row.get("high"), 3.0),
    ):
        first, last = number(low), number(high)
        if width and first is not None and last is not None:
            axes.plot([first, last], [y, y], color=UNCERTAIN, lw=width, solid_capstyle="butt",
                      label="interval")  # fmt: skip
    gap = number(row.get("difference"))
    if gap is not None:
        axes.plot([gap], [y], marker="o", ms=5, color=colour, ls="", label="difference", zorder=3)
    _beside(axes, 0.025, y - 0.08, _arm(row))
    _beside(axes, 0.025, y + 0.09, _rate_words(row), size=SMALL, color=MUTED)
    _beside(axes, 0.56, y - 0.2, f"{verdict}, {_points_words(row)}", weight="bold", color=colour,
            size=SMALL + 0.5)  # fmt: skip
    reason = "\n".join(wrapped(text(row.get("reason")), 60)[:4])
    _beside(axes, 0.56, y - 0.1, reason, size=SMALL - 0.5, color=MUTED, va="top", linespacing=1.2)


def _beside(axes: Axes, x: float, y: float, words: str, **look: Any) -> None:
    """Write at a share of the figure's width, in line with the drawing."""
    axes.annotate(words, (x, y), xycoords=("figure fraction", "data"), annotation_clip=False,
                  **({"va": "center"} | look))  # fmt: skip
