"""What people say, stage by stage: emotions as a table of people, pains as rows of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.figures.palette import BAR, HAIRLINE, INK, MUTED, PAPER, RUST, TRACK, UNCERTAIN
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, quiet, tidy, wrapped
from cjm_research.number_words import interval, percent

_ROW = 0.3
_FEW = 40
_MOST_EMOTIONS = 20


def plot_emotions(
    mentions: pd.DataFrame, *, source: str, stage_names: Mapping[str, str] | None = None
) -> Figure:
    """Draw people per emotion and stage as a table whose cells are the darker the more tell it.

    Parameters
    ----------
    mentions : DataFrame
        One row per stage, source and code.
    source : str
        The source to draw; sources are never pooled.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids.
    """
    found = _rows(mentions, source, "emotion")
    with drawing():
        if not found:
            return no_data()
        stages = _stages(found)
        emotions = _labels(found)[:_MOST_EMOTIONS]
        width = 1.7 + 1.15 * len(stages)
        height = 0.85 + _ROW * len(emotions)
        figure = make_figure(width, height)
        axes = figure.add_axes(
            (1.6 / width, 0.05 / height, 1 - 1.7 / width, _ROW * len(emotions) / height)
        )
        quiet(axes)
        axes.set_xlim(0, len(stages))
        axes.set_ylim(len(emotions), 0)
        axes.xaxis.set_ticks_position("top")
        axes.set_xticks(
            [place + 0.5 for place in range(len(stages))],
            ["\n".join(wrapped(_named(stage, stage_names), 16)[:2]) for stage in stages],
        )
        axes.set_yticks([place + 0.5 for place in range(len(emotions))],
                        [tidy(emotion, 24) for emotion in emotions])  # fmt: skip
        for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
            label.set_parse_math(False)
        for row in found:
            if _label(row) in emotions:
                _draw_cell(
                    axes, row, stages.index(text(row.get("stage"))), emotions.index(_label(row))
                )
        name = tidy(_source_label(found), 40)
        figure.text(0.08 / width, 1 - 0.1 / height, f"People per emotion, {name}", va="top",
                    weight="bold")  # fmt: skip
        return figure


def plot_pain_points(
    mentions: pd.DataFrame,
    *,
    source: str,
    top: int = 3,
    stage_names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw the pain points that most people tell, per stage.

    Parameters
    ----------
    mentions : DataFrame
        One row per stage, source and code.
    source : str
        The source to draw; sources are never pooled.
    top : int
        How many pain points per stage.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids.

    Returns
    -------
    Figure
        Where shares have intervals, bars are shares; else bars are people, on a scale that
        ends at the most people heard in a stage.
    """
    found = _rows(mentions, source, "pain_point")
    with drawing():
        if not found:
            return no_data()
        lines = _pain_rows(found, top)
        shares = all(_has_interval(row) for _, row in lines)
        reach = 1.0 if shares else max((number(row.get("n_heard")) or 1.0) for _, row in lines)
        height, width = 0.6 + _ROW * len(lines), 8.2
        figure = make_figure(width, height)
        axes = figure.add_axes((0.54, 0.08 / height, 0.3, _ROW * len(lines) / height))
        quiet(axes)
        axes.set_xticks([])
        axes.set_xlim(0, reach)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_yticks(range(len(lines)), [tidy(_label(row), 44) for _, row in lines])
        for label in axes.get_yticklabels():
            label.set(parse_math=False, size=SMALL + 1)
        for place, (stage, row) in enumerate(lines):
            _draw_pain(axes, row, place, shares=shares)
            if stage:
                axes.annotate(
                    _named(stage, stage_names, 22),
                    (0.01, place),
                    weight="bold",
                    va="center",
                    xycoords=("figure fraction", "data"),
                    annotation_clip=False,
                )
                if place:
                    axes.plot(
                        [-1.75, 1.55],
                        [place - 0.5] * 2,
                        color=HAIRLINE,
                        lw=0.7,
                        clip_on=False,
                        transform=axes.get_yaxis_transform(),
                    )
        what = "share of people" if shares else "people who tell it, of those heard"
        title = f"What hurts: {what}, {tidy(_source_label(found), 40)}"
        figure.text(0.01, 1 - 0.1 / height, title, va="top", weight="bold")
        return figure


def describe_emotions(
    mentions: pd.DataFrame, *, source: str, stage_names: Mapping[str, str] | None = None
) -> str:
    """Return the alternative text of the emotions of a source."""
    return _describe("People per emotion", _rows(mentions, source, "emotion"), 2, stage_names)


def describe_pain_points(
    mentions: pd.DataFrame,
    *,
    source: str,
    top: int = 3,
    stage_names: Mapping[str, str] | None = None,
) -> str:
    """Return the alternative text of the pain points of a source."""
    found = _rows(mentions, source, "pain_point")
    return _describe("Pain points by number of people", found, top, stage_names)


def _describe(head: str, found: Sequence[Cell], top: int, names: Mapping[str, str] | None) -> str:
    if not found:
        return f"{head}: no data."
    parts = []
    for stage in dict.fromkeys(text(row.get("stage")) for row in found):
        mine = [row for row in found if text(row.get("stage")) == stage]
        mine.sort(key=lambda row: -(count(row.get("n_said")) or 0))
        told = ", ".join(f"{tidy(_label(row))} {_count_words(row)}" for row in mine[:top])
        parts.append(f"{_named(stage, names)}: {told}")
    return f"{head}, {tidy(_source_label(found))}. {'; '.join(parts)}."


def _rows(mentions: pd.DataFrame, source: str, group: str) -> list[Cell]:
    """Rows of a source and group, in journey order where the stage is categorical."""
    found = [
        row
        for row in rows(mentions)
        if text(row.get("source")) == source
        and text(row.get("code_group")) == group
        and not text(row.get("segment"))
        and text(row.get("stage"))
    ]
    dtype = mentions["stage"].dtype if "stage" in mentions else None
    if isinstance(dtype, pd.CategoricalDtype):
        order = [str(stage) for stage in dtype.categories]
        found.sort(key=lambda row: order.index(text(row.get("stage"))))
    return found


def _stages(found: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(text(row.get("stage")) for row in found))


def _labels(found: Sequence[Cell]) -> list[str]:
    """Labels, those that most people tell anywhere first."""
    most: dict[str, int] = {}
    for row in found:
        most[_label(row)] = max(most.get(_label(row), 0), count(row.get("n_said")) or 0)
    return sorted(most, key=lambda label: (-most[label], label))


def _named(stage: str, names: Mapping[str, str] | None, longest: int = 48) -> str:
    return tidy((names or {}).get(stage, stage), longest)


def _label(row: Cell) -> str:
    return text(row.get("label")) or text(row.get("code"))


def _source_label(found: Sequence[Cell]) -> str:
    return text(found[0].get("source_label")) or text(found[0].get("source"))


def _has_interval(row: Cell) -> bool:
    return all(number(row.get(key)) is not None for key in ("share", "low", "high"))


def _count_words(row: Cell) -> str:
    said, heard = count(row.get("n_said")) or 0, count(row.get("n_heard")) or 0
    if _has_interval(row):
        span = interval(row.get("low"), row.get("high"))
        return f"{percent(row.get('share'))} ({span}), n = {heard:,}"
    return f"{said:,} of {heard:,}"


def _draw_cell(axes: Axes, row: Cell, x: int, y: int) -> None:
    said, heard = number(row.get("n_said")), number(row.get("n_heard"))
    depth = min(said / heard, 1.0) if said is not None and heard else 0.0
    axes.add_patch(
        Rectangle((x + 0.02, y + 0.05), 0.96, 0.9, facecolor=BAR, alpha=0.06 + 0.86 * depth, lw=0)
    )
    shown = percent(row.get("share")) if _has_interval(row) else _count_words(row)
    axes.text(x + 0.5, y + 0.5, shown, ha="center", va="center", size=SMALL,
              color=PAPER if depth > 0.45 else INK)  # fmt: skip


def _pain_rows(found: Sequence[Cell], top: int) -> list[tuple[str, Cell]]:
    """Rows with the stage's name on the first of each stage."""
    lines: list[tuple[str, Cell]] = []
    for stage in _stages(found):
        mine = [row for row in found if text(row.get("stage")) == stage]
        mine.sort(key=lambda row: (-(count(row.get("n_said")) or 0), _label(row)))
        lines += [("" if place else stage, row) for place, row in enumerate(mine[:top])]
    return lines


def _draw_pain(axes: Axes, row: Cell, place: int, *, shares: bool) -> None:
    said, heard = number(row.get("n_said")) or 0.0, number(row.get("n_heard")) or 0.0
    if shares:
        low, high = number(row.get("low")) or 0.0, number(row.get("high")) or 0.0
        axes.barh(place, 1.0, 0.42, color=TRACK)
        axes.barh(place, number(row.get("share")) or 0.0, 0.42, color=RUST)
        axes.plot([low, high], [place, place], color=UNCERTAIN, lw=2, solid_capstyle="butt")
    elif heard <= _FEW:
        people = [index + 0.5 for index in range(int(heard))]
        colours = [RUST if index < said else TRACK for index in range(int(heard))]
        axes.scatter(people, [place] * len(people), s=26 if heard <= _FEW / 2 else 12, c=colours,
                     linewidths=0, clip_on=False)  # fmt: skip
    else:
        axes.barh(place, heard, 0.42, color=TRACK)
        axes.barh(place, said, 0.42, color=RUST)
    axes.annotate(_count_words(row), (1.03, place), va="center", size=SMALL, color=MUTED,
                  xycoords=("axes fraction", "data"), annotation_clip=False)  # fmt: skip
