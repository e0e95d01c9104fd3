"""The paths that most people take, as a table that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.figures.palette import BAR, HAIRLINE, INK, MUTED, PAPER, TRACK, UNCERTAIN
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, tidy
from cjm_research.number_words import interval, percent

_ARROW, _ELLIPSIS = " > ", "…"
# In inches: the axes have the size of the figure.
_WIDTH, _CHAIN, _BARS, _WORDS = 7.6, 4.5, 4.75, 6.0
_LINE, _TOKEN, _GAP = 0.25, 0.19, 0.05
_LETTER = 0.066


def plot_paths(paths: pd.DataFrame, *, stage_names: Mapping[str, str] | None = None) -> Figure:
    """Draw the most common paths, each as a chain of its steps.

    Parameters
    ----------
    paths : DataFrame
        Table `paths`, the most common first.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids. The order is the journey's: later steps are darker.

    Returns
    -------
    Figure
        A chain of steps per path, its share with the interval, and how much the paths down to
        it explain together. Where the table counts visits, so do the numbers.
    """
    found = rows(paths)
    with drawing():
        if not found:
            return no_data()
        chains = [_place_steps(row, stage_names) for row in found]
        tints = _tints(found, stage_names)
        heights = [0.16 + _LINE * (1 + max(line for _, line, *_ in chain)) for chain in chains]
        head, foot = 0.62, 0.36
        height = head + sum(heights) + foot
        figure = make_figure(_WIDTH, height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), label="paths")
        axes.set_axis_off()
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(height, 0)
        _write_head(axes, found)
        reach = max(
            [number(row.get(key)) or 0.0 for row in found for key in ("share", "share_high")]
        )
        y = head
        for row, chain, tall in zip(found, chains, heights, strict=True):
            axes.plot([0.1, _WIDTH - 0.1], [y, y], color=HAIRLINE, lw=0.7)
            for name, line, x, wide, step in chain:
                _draw_step(axes, name, x, y + 0.1 + line * _LINE, wide, tints.get(step))
            _draw_share(axes, row, y + tall / 2, reach)
            y += tall
        axes.text(0.1, y + 0.14, _coverage_words(found), size=SMALL + 0.5, weight="bold", va="top")
        return figure


def describe_paths(
    paths: pd.DataFrame, *, stage_names: Mapping[str, str] | None = None, top: int = 5
) -> str:
    """Return the alternative text: the first paths with their shares, and what they explain."""
    found = rows(paths)
    if not found:
        return "Paths: no data."
    words = [
        " → ".join(name for name, *_ in _place_steps(row, stage_names))
        + f" {percent(row.get('share'))} ({_n(row):,})"
        for row in found[:top]
    ]
    return f"Most common paths: {'; '.join(words)}. {_coverage_words(found)}."


def _steps(row: Cell) -> list[str]:
    steps = text(row.get("path")).split(_ARROW)
    return [*steps[:-1], _ELLIPSIS] if steps[-1] in ("...", _ELLIPSIS) else steps


_Step = tuple[str, int, float, float, str]


def _place_steps(row: Cell, names: Mapping[str, str] | None) -> list[_Step]:
    """Return name, line, left edge, width and id of each step; a full line breaks."""
    placed: list[_Step] = []
    line, x = 0, 0.1
    for step in _steps(row):
        name = tidy((names or {}).get(step, step), 30) or "(no name)"
        wide = 0.14 + _LETTER * len(name)
        if placed and x + wide > _CHAIN:
            line, x = line + 1, 0.1
        placed.append((name, line, x, wide, step))
        x += wide + _GAP
    return placed


def _tints(found: Sequence[Cell], names: Mapping[str, str] | None) -> dict[str, float]:
    """Return how dark each step is: the darker the further on."""
    seen = dict.fromkeys(step for row in found for step in _steps(row) if step != _ELLIPSIS)
    order = [*(step for step in names or {} if step in seen)] or list(seen)
    return {step: 0.1 + 0.75 * place / max(len(order) - 1, 1) for place, step in enumerate(order)}


def _draw_step(axes: Axes, name: str, x: float, y: float, wide: float, tint: float | None) -> None:
    if name != _ELLIPSIS:
        axes.add_patch(
            Rectangle((x, y), wide, _TOKEN, lw=0, label=name, alpha=tint,
                      facecolor=TRACK if tint is None else BAR)
        )  # fmt: skip
    axes.text(x + wide / 2, y + _TOKEN / 2 + 0.005, name, size=SMALL, ha="center", va="center",
              color=PAPER if tint is not None and tint > 0.55 else INK)  # fmt: skip


def _draw_share(axes: Axes, row: Cell, y: float, reach: float) -> None:
    share, low, high = (number(row.get(key)) for key in ("share", "share_low", "share_high"))
    scale = (_WORDS - 0.1 - _BARS) / (reach or 1.0)
    if share is not None:
        axes.add_patch(Rectangle((_BARS, y - 0.08), share * scale, 0.16, facecolor=BAR, lw=0,
                                 label="share"))  # fmt: skip
    if low is not None and high is not None:
        axes.plot([_BARS + low * scale, _BARS + high * scale], [y, y], color=UNCERTAIN, lw=2.2,
                  solid_capstyle="butt", label="interval")  # fmt: skip
    span = interval(low, high)
    axes.text(_WORDS, y, percent(share), size=SMALL + 0.5, weight="bold", va="bottom")
    words = ", ".join(word for word in (span, f"n\u00a0=\u00a0{_n(row):,}") if word)
    axes.text(_WORDS, y + 0.02, words, size=SMALL, color=MUTED, va="top")
    axes.text(_WIDTH - 0.1, y, percent(row.get("coverage")), size=SMALL + 0.5, ha="right",
              va="center", color=MUTED)  # fmt: skip


def _n(row: Cell) -> int:
    sessions = count(row.get("n_sessions"))
    return (count(row.get("n_participants")) or 0) if sessions is None else sessions


def _unit(found: Sequence[Cell]) -> str:
    return "people" if count(found[0].get("n_sessions")) is None else "visits"


def _write_head(axes: Axes, found: Sequence[Cell]) -> None:
    unit = _unit(found)
    axes.text(0.1, 0.1, "The most common paths", weight="bold", size=SMALL + 3.5, va="top")
    axes.text(0.1, 0.56, "steps, the later in the journey the darker", size=SMALL, color=MUTED)
    axes.text(_BARS, 0.56, f"share of {unit}", size=SMALL, color=MUTED)
    axes.text(_WIDTH - 0.1, 0.56, "together", size=SMALL, color=MUTED, ha="right")


def _coverage_words(found: Sequence[Cell]) -> str:
    last = found[-1]
    variants, total = count(last.get("n_variants")) or 0, count(last.get("n_total")) or 0
    first = "The first path explains" if len(found) == 1 else f"The first {len(found)} explain"
    return (
        f"{first} {percent(last.get('coverage'))} of {total:,} {_unit(found)}; "
        f"{variants:,} different paths"
    )
