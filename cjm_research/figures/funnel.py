"""The funnel: how many enter each stage and stay, and what a changed touchpoint did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.figures.palette import (
    BAR,
    GROUPS,
    HAIRLINE,
    INK,
    MUTED,
    NOTHING,
    PAPER,
    SKY,
    TRACK,
    UNCERTAIN,
)
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, tidy, wrapped
from cjm_research.journey import LEAVING_WORDS
from cjm_research.number_words import interval, percent


def plot_funnel(
    funnel: pd.DataFrame, *, segment: str = "", stage_names: Mapping[str, str] | None = None
) -> Figure:
    """Draw the funnel of everybody, or the drop-off of each group of a segment.

    Parameters
    ----------
    funnel : DataFrame
        One row per stage and audience segment.
    segment : str
        Name of an audience segment; empty for everybody.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids.

    Returns
    -------
    Figure
        Everybody: bars of people, those who leave in ink, with the interval of their share as a
        line. Who went on elsewhere, or came too late to tell, is a part of the bar of its own.
        A segment: bars of drop-off rates beside each other, with their intervals.
    """
    found = _rows(funnel, segment)
    with drawing():
        if not found:
            return no_data()
        stages = list(dict.fromkeys(text(row.get("stage")) for row in found))
        # The words beside a bar need room.
        column = 1.8 if not segment and any(map(_neither, found)) else 1.5
        figure = make_figure(max(6.0, column * len(stages) + 0.8), 3.4)
        axes = figure.add_axes((0.06, 0.16, 0.92, 0.68))
        axes.spines["bottom"].set_color(HAIRLINE)
        axes.set_yticks([])
        axes.set_xticks(
            range(len(stages)),
            ["\n".join(wrapped(_named(name, stage_names), 16)[:3]) for name in stages],
        )
        for label in axes.get_xticklabels():
            label.set_parse_math(False)
        if segment:
            _draw_segments(axes, found, stages)
            axes.set_title(f"{_measure_words(found)}, by {tidy(segment, 40)}", pad=24)
        else:
            _draw_everybody(axes, found)
            axes.set_title(
                f"People per stage, and how many {_measure_words(found, short=True)}", pad=24
            )
        return figure


def describe_funnel(
    funnel: pd.DataFrame, *, segment: str = "", stage_names: Mapping[str, str] | None = None
) -> str:
    """Return the alternative text of the funnel."""
    found = _rows(funnel, segment)
    if not found:
        return "Funnel: no data."
    words = [
        _named(text(row.get("stage")), stage_names)
        + (f" ({tidy(text(row.get('segment_value')))})" if segment else "")
        + f" {percent(row.get('drop_off_rate'))} of {count(row.get('n_entered')) or 0:,}"
        + "".join(f", {n:,} {word}" for n, word in _neither(row))
        for row in found
    ]
    by = f", by {tidy(segment)}" if segment else ""
    return f"Funnel{by}; share who {_measure_words(found, short=True)}: {'; '.join(words)}."


def _named(stage: str, names: Mapping[str, str] | None) -> str:
    return tidy((names or {}).get(stage, stage), 48)


def _rows(funnel: pd.DataFrame, segment: str) -> list[Cell]:
    return [row for row in rows(funnel) if text(row.get("segment")) == segment]


def _measure_words(found: Sequence[Cell], *, short: bool = False) -> str:
    """Name the measure; where kinds are mixed none of their verbs would be right."""
    measures = {text(row.get("measure")) for row in found}
    word = LEAVING_WORDS.get(measures.pop(), "") if len(measures) == 1 else ""
    return (word or "do not go on") if short else f"Share who {word or 'do not go on'}"


def _neither(row: Cell) -> list[tuple[int, str]]:
    """Return those who neither went on here nor left: how many, and why."""
    parts = ((count(row.get("n_open")), "too recent"), (count(row.get("n_elsewhere")), "elsewhere"))
    return [(n, word) for n, word in parts if n]


def _draw_everybody(axes: Axes, found: Sequence[Cell]) -> None:
    entered = [number(row.get("n_entered")) or 0.0 for row in found]
    dropped = [number(row.get("n_dropped")) or 0.0 for row in found]
    stayed = [n - lost for n, lost in zip(entered, dropped, strict=True)]
    places = range(len(found))
    # Ink is for those who leave, as on the map.
    axes.bar(places, entered, 0.62, color=TRACK, label="entered")
    axes.bar(places, dropped, 0.62, bottom=stayed, color=BAR, label="left")
    tallest = max([*entered, 1.0])
    for place, row in enumerate(found):
        _draw_interval(axes, row, place, entered[place])
        _draw_neither(axes, row, place, stayed[place], tallest)
    axes.set_xlim(-0.45, len(found) - (0.3 if any(map(_neither, found)) else 0.55))
    axes.set_ylim(0, tallest * 1.22)
    for place, row in enumerate(found):
        n_entered, n_continued = count(row.get("n_entered")), count(row.get("n_continued"))
        # Nothing follows the last stage: everybody there has arrived, and nobody "left".
        last = n_entered is not None and n_continued is None
        flow = "no data" if n_entered is None else f"{n_entered:,}"
        flow += "" if n_continued is None else f" → {n_continued:,}"
        span = interval(row.get("drop_off_low"), row.get("drop_off_high"))
        axes.annotate(
            "arrived" if last else percent(row.get("drop_off_rate")),
            (place, entered[place]), (0, 17), ha="center",
            weight="bold", textcoords="offset points",
        )  # fmt: skip
        axes.annotate(
            f"{flow}" + (f"; {span}" if span else ""), (place, entered[place]), (0, 5), ha="center",
            size=SMALL - 0.5, color=MUTED, textcoords="offset points",
        )  # fmt: skip


def _draw_interval(axes: Axes, row: Cell, place: int, top: float) -> None:
    """Draw the interval of the share who leave, in people, where their part of the bar ends."""
    n = number(row.get("n_followed"))
    n = top if n is None else n
    low, high = number(row.get("drop_off_low")), number(row.get("drop_off_high"))
    if low is not None and high is not None:
        axes.plot([place, place], [top - high * n, top - low * n], color=UNCERTAIN, lw=2.4,
                  solid_capstyle="butt", label="interval")  # fmt: skip


def _draw_neither(axes: Axes, row: Cell, place: int, top: float, tallest: float) -> None:
    """Draw, below those who left, the parts that are neither lost nor gone on here."""
    highest = tallest
    for n, word in _neither(row):
        known = word == "elsewhere"
        axes.bar(place, n, 0.62, bottom=top - n, facecolor=SKY if known else PAPER,
                 edgecolor=NOTHING, hatch="" if known else "////", linewidth=0,
                 label=word)  # fmt: skip
        # Two thin parts beside each other still need two lines of words.
        middle = min(top - n / 2, highest)
        axes.annotate(f"{n:,}\n{word}", (place + 0.33, middle), va="center", size=SMALL - 0.5,
                      color=MUTED, linespacing=1.1)  # fmt: skip
        top, highest = top - n, middle - tallest * 0.15


def _draw_segments(axes: Axes, found: Sequence[Cell], stages: Sequence[str]) -> None:
    values = list(dict.fromkeys(text(row.get("segment_value")) for row in found))
    thick = 0.76 / len(values)
    for turn, value in enumerate(values):
        for row in (row for row in found if text(row.get("segment_value")) == value):
            rate = number(row.get("drop_off_rate"))
            if rate is None:
                continue
            place = stages.index(text(row.get("stage"))) + (turn - (len(values) - 1) / 2) * thick
            bar = axes.bar(place, rate, thick * 0.86, color=GROUPS[turn % len(GROUPS)])
            bar.set_label(tidy(value, 40))
            low, high = number(row.get("drop_off_low")), number(row.get("drop_off_high"))
            top = rate
            if low is not None and high is not None:
                axes.plot([place, place], [low, high], color=UNCERTAIN, lw=2, solid_capstyle="butt")
                top = max(rate, high)
            axes.annotate(percent(rate), (place, top), (0, 3), ha="center", size=SMALL,
                          textcoords="offset points")  # fmt: skip
    axes.set_ylim(0, 1.12)
    # Direct labels above the first stage would collide: one line of names instead.
    for turn, value in enumerate(values[: len(GROUPS)]):
        axes.annotate("■", (turn * 0.9 - 0.4, 1.03), color=GROUPS[turn], size=SMALL + 1,
                      xycoords=("data", "axes fraction"), annotation_clip=False)  # fmt: skip
        axes.annotate(tidy(value, 14), (turn * 0.9 - 0.28, 1.03), color=INK, size=SMALL,
                      xycoords=("data", "axes fraction"), annotation_clip=False)  # fmt: skip
