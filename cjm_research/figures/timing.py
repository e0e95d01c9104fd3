"""How long people take from stage to stage, on time axes that people read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator
from matplotlib.transforms import blended_transform_factory

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.figures.palette import (
    GROUPS,
    HAIRLINE,
    INK,
    MUTED,
    NOTHING,
    PAPER,
    UNCERTAIN,
)
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, quiet, tidy
from cjm_research.number_words import percent

_MINUTE, _HOUR, _DAY, _WEEK, _MONTH, _YEAR = 60, 3600, 86_400, 604_800, 2_629_800, 31_557_600
_UNITS = (
    (_YEAR, "year"), (_MONTH, "month"), (_WEEK, "week"), (_DAY, "day"), (_HOUR, "h"),
    (_MINUTE, "min"), (1, "s"),
)  # fmt: skip
_TICKS = (
    1, 5, 10, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 12 * _HOUR, _DAY,
    3 * _DAY, _WEEK, 2 * _WEEK, 4 * _WEEK, 3 * _MONTH, 6 * _MONTH, _YEAR, 3 * _YEAR, 10 * _YEAR,
)  # fmt: skip
# Where people differ little, there are too few of the others.
_FINE_TICKS = sorted(
    {*_TICKS, 2, 3, 20, *(n * _MINUTE for n in (2, 3, 10, 20, 30)), 2 * _HOUR, 6 * _HOUR, 2 * _DAY}
)
_SPACE = "\u00a0"
_ROW, _PANEL = 0.42, 1.25


def duration_words(seconds: object) -> str:
    """Return '30 s', '5 min', '2.5 h', '3 days' or '2 weeks'; 'no data' without a number."""
    found = number(seconds)
    if found is None:
        return "no data"
    if 0 < found < 1:
        return f"under 1{_SPACE}s"
    # A unit is worth taking from twice its size on: 90 min say more than 1.5 h.
    size, unit = next(
        (pair for pair in _UNITS if found >= 2 * pair[0] or math.isclose(found, pair[0])),
        _UNITS[-1],
    )
    value = found / size
    shown = f"{value:.1f}" if value < 10 else f"{value:,.0f}"
    shown = shown.removesuffix(".0")
    plural = "s" if size >= _DAY and shown != "1" else ""
    return f"{shown}{_SPACE}{unit}{plural}"


def plot_stage_timing(
    timing: pd.DataFrame, *, segment: str = "", stage_names: Mapping[str, str] | None = None
) -> Figure:
    """Draw how long those who went on took, from stage to stage.

    Parameters
    ----------
    timing : DataFrame
        Table `stage_timing`.
    segment : str
        Name of an audience segment: a row for each of its groups; empty for everybody.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids.

    Returns
    -------
    Figure
        Per stage a bar over the middle half of the people, a stroke at the median and a line
        over its interval. The time axis is logarithmic; what took no time stands at its left
        end.
    """
    found = _rows(timing, segment)
    with drawing():
        if not found:
            return no_data()
        height = 0.95 + _ROW * len(found)
        figure = make_figure(7.2, height)
        left = 0.37 if segment else 0.32
        axes = figure.add_axes((left, 0.3 / height, 0.71 - left, _ROW * len(found) / height))
        quiet(axes)
        axes.set_ylim(len(found) - 0.5, -0.5)
        _scale_time(axes, [number(row.get(key)) for row in found
                           for key in ("q25_s", "q75_s", "median_low_s", "median_high_s",
                                       "median_s")], most=5)  # fmt: skip
        for place, row in enumerate(found):
            _draw_row(axes, row, place)
            new = not place or _step(row) != _step(found[place - 1])
            _label_row(axes, row, place, segment, stage_names, new=new)
        figure.text(0.015, 1 - 0.1 / height, _title("Time to the next stage", segment), va="top",
                    weight="bold", size=SMALL + 3.5)  # fmt: skip
        figure.text(0.015, 1 - 0.33 / height, "bar: middle half of those who went on; stroke: "
                    "median, line: its interval", va="top", size=SMALL, color=MUTED)  # fmt: skip
        return figure


def describe_stage_timing(
    timing: pd.DataFrame, *, segment: str = "", stage_names: Mapping[str, str] | None = None
) -> str:
    """Return the alternative text of the timing figure."""
    found = _rows(timing, segment)
    if not found:
        return "Time to the next stage: no data."
    words = [
        f"{_named(row, stage_names)}{_group_words(row, segment)} {' '.join(_median_words(row))}"
        for row in found
    ]
    return f"{_title('Time to the next stage', segment)}; median: {'; '.join(words)}."


def plot_time_to_next(
    curves: pd.DataFrame, *, segment: str = "", stage_names: Mapping[str, str] | None = None
) -> Figure:
    """Draw the share of people who have not gone on yet, by the time since they entered a stage.

    Parameters
    ----------
    curves : DataFrame
        Table of Kaplan-Meier curves, one row per stage, group and time.
    segment : str
        Name of an audience segment: a curve for each of its groups; empty for everybody.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids.

    Returns
    -------
    Figure
        One panel per stage, on one time axis (logarithmic; no time at all stands at the
        left end). The dot marks the time at which half had gone on, where the curve gets there.
        The numbers under the axis are those who could still be seen going on.
    """
    found = _rows(curves, segment)
    with drawing():
        if not found:
            return no_data()
        stages = list(dict.fromkeys(_step(row) for row in found))
        values = list(dict.fromkeys(text(row.get("segment_value")) for row in found))
        across = min(len(stages), 3)
        down = -(-len(stages) // across)
        names = [_step_lines(step, stage_names, 28) for step in stages]
        above, under = 0.1 + 0.15 * max(map(len, names)), 0.42 + 0.13 * len(values)
        width, tall = 2.5 * max(across, 2), above + _PANEL + under
        head = 0.72 if segment else 0.5
        height = head + down * tall
        figure = make_figure(width, height)
        times = [number(row.get("time_s")) for row in found]
        for place, step in enumerate(stages):
            line, column = divmod(place, across)
            axes = figure.add_axes(
                ((2.5 * column + 0.45) / width, 1 - (head + line * tall + above + _PANEL) / height,
                 1.8 / width, _PANEL / height),
                label=step[0],
            )  # fmt: skip
            _draw_panel(axes, [row for row in found if _step(row) == step], values, times)
            axes.set_title("\n".join(names[place]), size=SMALL + 0.5, parse_math=False, pad=5,
                           linespacing=1.15)  # fmt: skip
        figure.text(0.1 / width, 1 - 0.1 / height, _title("Not gone on yet", segment), va="top",
                    weight="bold", size=SMALL + 3.5)  # fmt: skip
        figure.text(
            0.1 / width, 1 - 0.33 / height, va="top", size=SMALL, color=MUTED,
            s="share of those who entered, by the time since; grey numbers: people still followed",
        )  # fmt: skip
        for turn, value in enumerate(values if segment else []):
            x = 0.1 + 1.2 * turn
            figure.text(x / width, 1 - 0.53 / height, "■", size=SMALL + 1, va="top",
                        color=GROUPS[turn % len(GROUPS)])  # fmt: skip
            figure.text((x + 0.13) / width, 1 - 0.54 / height, tidy(value, 16), size=SMALL,
                        va="top")  # fmt: skip
        return figure


def describe_time_to_next(
    curves: pd.DataFrame, *, segment: str = "", stage_names: Mapping[str, str] | None = None
) -> str:
    """Return the alternative text: per curve, when half had gone on."""
    found = _rows(curves, segment)
    if not found:
        return "Not gone on yet: no data."
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for row in found:
        groups.setdefault((*_step(row), text(row.get("segment_value"))), []).append(row)
    words = [
        f"{_named(group[0], stage_names)}{_group_words(group[0], segment)} {_half_words(group)}"
        for group in groups.values()
    ]
    return f"{_title('Not gone on yet', segment)}: {'; '.join(words)}."


def _rows(table: pd.DataFrame, segment: str) -> list[Cell]:
    """Return the rows of a segment, the groups of a stage beside each other."""
    found = [row for row in rows(table) if text(row.get("segment")) == segment]
    steps = list(dict.fromkeys(_step(row) for row in found))
    dtype = table["stage"].dtype if "stage" in table else None
    if isinstance(dtype, pd.CategoricalDtype):
        order = [str(stage) for stage in dtype.categories]
        steps.sort(key=lambda step: order.index(step[0]))
    return sorted(found, key=lambda row: steps.index(_step(row)))


def _step(row: Cell) -> tuple[str, str]:
    return text(row.get("stage")), text(row.get("next_stage"))


def _named(row: Cell, names: Mapping[str, str] | None) -> str:
    return " ".join(_step_lines(_step(row), names, 40))


def _step_lines(step: tuple[str, str], names: Mapping[str, str] | None, longest: int) -> list[str]:
    stage, after = (tidy((names or {}).get(name, name), longest - 2) for name in step)
    lines = [f"{stage} →", after]
    return [" ".join(lines)] if len(stage + after) + 3 <= longest else lines


def _title(words: str, segment: str) -> str:
    return f"{words}, by {tidy(segment, 40)}" if segment else words


def _group_words(row: Cell, segment: str) -> str:
    return f" ({tidy(text(row.get('segment_value')))})" if segment else ""


def _median_words(row: Cell) -> tuple[str, str]:
    """Return the median, and its interval with the number of people."""
    low, high = number(row.get("median_low_s")), number(row.get("median_high_s"))
    span = "" if low is None or high is None else f"({_span_words(low, high)}), "
    n = count(row.get("n")) or 0
    return duration_words(row.get("median_s")), f"{span}n{_SPACE}={_SPACE}{n:,}"


def _span_words(low: float, high: float) -> str:
    """Return '12–21 days' or '40 min – 3 days'."""
    first, last = duration_words(low), duration_words(high)
    value, _, unit = first.partition(_SPACE)
    same = last.removesuffix("s").endswith(_SPACE + unit.removesuffix("s"))
    return f"{value}–{last}" if same else f"{first} – {last}"


def _scale_time(axes: Axes, times: Sequence[float | None], most: int) -> None:
    """Give an axis a logarithmic scale of time, with ticks that people count in."""
    known = [max(time, 1.0) for time in times if time]
    low, high = min(known, default=1.0), max(known, default=_DAY)
    # One moment alone needs some room around it.
    low, high = (low / 3, high * 3) if high < 3 * low else (low, high)
    axes.set_xscale("log")
    axes.set_xlim(low / (high / low) ** 0.02, high * (high / low) ** 0.02)
    ticks = _choose_ticks(_TICKS, low, high, most)
    if len(ticks) < 3:
        ticks = _choose_ticks(_FINE_TICKS, low, high, most)
    axes.set_xticks(ticks, [duration_words(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="x", labelsize=SMALL, labelcolor=MUTED)


def _choose_ticks(ticks: Sequence[float], low: float, high: float, most: int) -> list[float]:
    """Return the ticks between two times that leave room for each other's words."""
    chosen: list[float] = []
    for tick in ticks:
        if low <= tick <= high and (not chosen or tick >= chosen[-1] * (high / low) ** (1 / most)):
            chosen.append(tick)
    return chosen


def _at(axes: Axes, time: float) -> float:
    """Return the place of a time: no time at all stands at the left end."""
    return max(time, axes.get_xlim()[0])


def _draw_row(axes: Axes, row: Cell, place: int) -> None:
    first, last = number(row.get("q25_s")), number(row.get("q75_s"))
    if first is not None and last is not None:
        axes.plot([_at(axes, first), _at(axes, last)], [place, place], color=NOTHING, lw=9,
                  solid_capstyle="butt", label="middle half")  # fmt: skip
    low, high = number(row.get("median_low_s")), number(row.get("median_high_s"))
    if low is not None and high is not None:
        axes.plot([_at(axes, low), _at(axes, high)], [place, place], color=UNCERTAIN, lw=2.4,
                  solid_capstyle="butt", label="interval")  # fmt: skip
    median = number(row.get("median_s"))
    if median is not None:
        axes.plot([_at(axes, median)], [place], color=INK, marker="|", ms=11, mew=2.2, ls="",
                  label="median")  # fmt: skip


def _label_row(
    axes: Axes, row: Cell, place: int, segment: str, names: Mapping[str, str] | None, *, new: bool
) -> None:
    median, rest = _median_words(row)
    axes.annotate(median, (1.03, place), (0, 1), weight="bold", size=SMALL + 1, va="bottom",
                  xycoords=("axes fraction", "data"), textcoords="offset points",
                  annotation_clip=False)  # fmt: skip
    axes.annotate(rest, (1.03, place), (0, -1), size=SMALL, color=MUTED, va="top",
                  xycoords=("axes fraction", "data"), textcoords="offset points",
                  annotation_clip=False)  # fmt: skip
    if segment:
        axes.annotate(tidy(text(row.get("segment_value")), 16), (-0.03, place), ha="right",
                      size=SMALL, va="center", xycoords=("axes fraction", "data"),
                      annotation_clip=False)  # fmt: skip
    if new:
        lines = _step_lines(_step(row), names, 24 if segment else 32)
        axes.annotate("\n".join(lines), (0.015, place), size=SMALL + 0.5, weight="bold",
                      va="center", linespacing=1.2, xycoords=("figure fraction", "data"),
                      annotation_clip=False)  # fmt: skip
        if place:
            axes.plot([0.015, 0.985], [place - 0.5] * 2, color=HAIRLINE, lw=0.7, clip_on=False,
                      transform=blended_transform_factory(axes.figure.transFigure,
                                                          axes.transData))  # fmt: skip


def _draw_panel(
    axes: Axes, found: Sequence[Cell], values: Sequence[str], times: Sequence[float | None]
) -> None:
    _scale_time(axes, times, most=4)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.5, 1], [percent(share) for share in (0, 0.5, 1)])
    axes.tick_params(axis="y", labelsize=SMALL, labelcolor=MUTED)
    axes.grid(axis="y", color=HAIRLINE, lw=0.6)
    axes.set_axisbelow(True)
    for turn, value in enumerate(values):
        mine = [row for row in found if text(row.get("segment_value")) == value]
        shade = GROUPS[turn % len(GROUPS)]
        # The times of several groups would be written over each other.
        _draw_curve(axes, mine, shade, UNCERTAIN if not value else shade,
                    labelled=len(values) == 1)  # fmt: skip
        _write_at_risk(axes, mine, turn, shade, value)


def _draw_curve(
    axes: Axes, found: Sequence[Cell], shade: str, band: str, *, labelled: bool
) -> None:
    known = [
        (_at(axes, time), share, number(row.get("low")), number(row.get("high")))
        for row in found
        if (time := number(row.get("time_s"))) is not None
        and (share := number(row.get("still_there"))) is not None
    ]
    limits = [(x, low, high) for x, _, low, high in known if low is not None and high is not None]
    if limits:
        x, low, high = zip(*limits, strict=True)
        axes.fill_between(x, low, high, step="post", color=band, alpha=0.3, lw=0)
    axes.plot([x for x, *_ in known], [share for _, share, *_ in known], color=shade, lw=1.5,
              drawstyle="steps-post", label="still there")  # fmt: skip
    half = _half(found)
    if half is not None:
        axes.plot([_at(axes, half)], [0.5], marker="o", ms=4.5, color=shade, ls="", label="half")
        if labelled:
            _label_half(axes, half)


def _label_half(axes: Axes, half: float) -> None:
    low, high = (math.log(limit) for limit in axes.get_xlim())
    right = math.log(_at(axes, half)) < low + 0.6 * (high - low)
    axes.annotate(duration_words(half), (_at(axes, half), 0.5), (5, 4) if right else (-5, -9),
                  ha="left" if right else "right", size=SMALL, textcoords="offset points",
                  path_effects=[withStroke(linewidth=2, foreground=PAPER)])  # fmt: skip


def _half(found: Sequence[Cell]) -> float | None:
    """Return where a curve comes down to one half: the median, read off the curve."""
    return next(
        (
            number(row.get("time_s"))
            for row in found
            if (share := number(row.get("still_there"))) is not None and share <= 0.5
        ),
        None,
    )


def _half_words(found: Sequence[Cell]) -> str:
    n = max((count(row.get("n_at_risk")) or 0 for row in found), default=0)
    half = _half(found)
    words = "half never seen going on" if half is None else f"half within {duration_words(half)}"
    return f"{words}, n{_SPACE}={_SPACE}{n:,}"


def _write_at_risk(axes: Axes, found: Sequence[Cell], turn: int, shade: str, value: str) -> None:
    for tick in axes.get_xticks():
        left = next(
            (count(row.get("n_at_risk")) for row in found
             if (time := number(row.get("time_s"))) is not None and time >= tick), 0,
        )  # fmt: skip
        _write_under(axes, tick, turn, f"{left or 0:,}", MUTED)
    if value:
        # Left of the first number, wherever the first tick is.
        low, high = axes.get_xlim()
        _write_under(axes, low * (low / high) ** 0.12, turn, "■", shade)


def _write_under(axes: Axes, x: float, line: int, words: str, colour: str) -> None:
    axes.annotate(words, (x, 0), (0, -19 - 9.4 * line), ha="center", va="center",
                  size=SMALL - 0.5, color=colour, xycoords=("data", "axes fraction"),
                  textcoords="offset points", annotation_clip=False)  # fmt: skip
