"""The journey map for notebooks and slides: stages as columns, lanes below each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cjm_research.cells import Cell, count, items, number, rows, text
from cjm_research.figures.palette import (
    BAR,
    HAIRLINE,
    INK,
    LIGHT,
    MUTED,
    NOTHING,
    PAPER,
    RUST,
    TRACK,
    UNCERTAIN,
    tone,
)
from cjm_research.figures.style import (
    LARGE,
    SMALL,
    drawing,
    make_figure,
    no_data,
    quiet,
    serif,
    tidy,
    wrapped,
)
from cjm_research.figures.swarm import place_people
from cjm_research.journey import LEAVING_WORDS
from cjm_research.number_words import interval, percent, rating_words, signed

SHORT_QUOTE = 140
_LANE_NAMES = 1.25
_LINE = 0.155
_PAINS = 3
_STRIP = 20
_FEELINGS = 1.85


@dataclass(frozen=True)
class _Lane:
    name: str
    hint: str
    height: float
    draw: Callable[[Axes], None]


def plot_journey_map(
    journey_map: pd.DataFrame, *, title: str = "", width: float | None = None
) -> Figure:
    """Draw the journey map.

    Parameters
    ----------
    journey_map : DataFrame
        One row per stage, in journey order.
    title : str
        What one sees; drawn above the map.
    width : float, optional
        Inches; by default as wide as the stages need.

    Returns
    -------
    Figure
        Bars are drop-off with its interval, dots are people, hatching says "not asked".
    """
    stages = rows(journey_map)
    with drawing():
        if not stages:
            return no_data(title)
        # Legible columns first: seven stages make a wider figure, not smaller words.
        wide = width or max(8.0, _LANE_NAMES + 2.15 * len(stages))
        return _draw_map(stages, title, wide)


def describe_journey_map(journey_map: pd.DataFrame) -> str:
    """Return the alternative text of the map: its main numbers in a few sentences."""
    stages = rows(journey_map)
    if not stages:
        return "Journey map: no data."
    names = [_name(stage) for stage in stages]
    parts = [f"Journey map of {len(stages)} stages: {', '.join(names)}."]
    measured = [
        (rate, stage)
        for stage in stages
        if (rate := number(stage.get("drop_off_rate"))) is not None
    ]
    if measured:
        rate, worst = max(measured, key=lambda pair: pair[0])
        parts.append(f"The worst is {_name(worst)}: {percent(rate)} {_leaving(worst)}.")
    tops = [
        f"{_name(stage)}, {tidy(text(pain.get('label')))} ({_count_words(pain)})"
        for stage in stages
        for pain in _pains(stage)[:1]
    ]
    if tops:
        parts.append(f"What hurts most: {'; '.join(tops)}.")
    silent = [_name(stage) for stage in stages if _silent(stage)]
    if silent:
        parts.append(f"Not asked: {', '.join(silent)}.")
    return " ".join(parts)


def _draw_map(stages: Sequence[Cell], title: str, width: float) -> Figure:
    column = (width - _LANE_NAMES - 0.1) / len(stages)
    letters = int(column * 13.6)
    noted = any(text(stage.get("behaviour_note")) for stage in stages)
    lanes = [
        _Lane(
            "What people do",
            "",
            1.4 if noted else 1.1,
            lambda axes: _draw_behaviour(axes, stages, noted=noted),
        ),
        _Lane(
            "How it feels",
            "one dot, one person;\nthe line joins the means",
            _FEELINGS,
            lambda axes: _draw_feelings(axes, stages, column),
        ),
    ]
    pains = [_pain_lines(stage, letters) for stage in stages]
    lanes.append(
        _Lane(
            "What hurts",
            "people who tell it,\nof those heard",
            _height(sum(len(lines) + 1.35 for lines, _ in entries) for entries in pains),
            lambda axes: _draw_pains(axes, stages, pains, column),
        )
    )
    quotes = [_short_quote(stage) for stage in stages]
    if any(quotes):
        said = [wrapped(_spoken(quote), int(letters * 1.05)) if quote else [] for quote in quotes]
        lanes.append(
            _Lane(
                "In their words",
                "",
                _height(len(lines) * 1.08 + 2.0 for lines in said),
                lambda axes: _draw_quotes(axes, stages, quotes, said, letters),
            )
        )
    ratings = [
        [line for entry in items(stage.get("ratings")) for line in _rating_lines(entry, letters)]
        for stage in stages
    ]
    if any(ratings):
        lanes.append(
            _Lane(
                "Ratings",
                "",
                _height(len(lines) for lines in ratings),
                lambda axes: _draw_lines(axes, ratings),
            )
        )
    names = [wrapped(_name(stage), int(column * 9.5)) for stage in stages]
    head = 0.3 + 0.19 * max(len(lines) for lines in names) + (0.45 if title else 0.0)
    height = head + sum(lane.height for lane in lanes) + 0.08
    figure = make_figure(width, height)
    if title:
        figure.text(
            0.08 / width,
            1 - 0.12 / height,
            tidy(title, 140),
            size=LARGE + 3,
            weight="bold",
            va="top",
        )
    top = height - head
    for place, lane in enumerate(lanes):
        top -= lane.height
        axes = figure.add_axes(
            (
                _LANE_NAMES / width,
                top / height,
                1 - (_LANE_NAMES + 0.1) / width,
                lane.height / height,
            ),
            label=lane.name,
        )
        quiet(axes)
        axes.set_xlim(0, len(stages))
        axes.set_xticks([])
        axes.spines["top"].set_visible(True)
        axes.spines["top"].set_color(HAIRLINE)
        _draw_lane_name(figure, lane, (top + lane.height) / height, width, height)
        lane.draw(axes)
        if place == 0:
            _draw_heads(axes, stages, names)
        elif lane.name != "Ratings":
            _draw_silence(axes, stages, spoken=place == 1)
    return figure


def _draw_lane_name(figure: Figure, lane: _Lane, top: float, width: float, height: float) -> None:
    left = 0.08 / width
    figure.text(left, top - 0.1 / height, lane.name, size=SMALL + 0.5, weight="bold",
                color=MUTED, va="top")  # fmt: skip
    if lane.hint:
        figure.text(left, top - 0.27 / height, lane.hint, size=SMALL - 1, color=MUTED, va="top",
                    linespacing=1.35)  # fmt: skip


def _draw_heads(axes: Axes, stages: Sequence[Cell], names: Sequence[Sequence[str]]) -> None:
    axes.xaxis.set_ticks_position("top")
    axes.set_xticks(
        [place + 0.02 for place in range(len(stages))],
        ["\n".join(lines[:3]) for lines in names],
    )
    for label in axes.get_xticklabels():
        label.set(ha="left", va="baseline", size=LARGE, weight="bold", parse_math=False,
                  linespacing=1.15)  # fmt: skip
    axes.tick_params(axis="x", pad=19)
    for place, stage in enumerate(stages):
        axes.annotate(_heard_words(stage), (place + 0.02, 1), (0, 5), size=SMALL, color=MUTED,
                      xycoords=("data", "axes fraction"), textcoords="offset points")  # fmt: skip


def _draw_behaviour(axes: Axes, stages: Sequence[Cell], *, noted: bool) -> None:
    axes.set_ylim(-0.52 if noted else -0.14, 1.18)
    measured = [
        (place, rate, stage)
        for place, stage in enumerate(stages)
        if (rate := number(stage.get("drop_off_rate"))) is not None
    ]
    axes.bar(
        [place + 0.14 for place, _, _ in measured],
        [1.0] * len(measured),
        0.22,
        color=TRACK,
        zorder=1,
    )
    axes.bar(
        [place + 0.14 for place, _, _ in measured],
        [rate for _, rate, _ in measured],
        0.22,
        color=BAR,
        zorder=2,
        label="drop-off",
    )
    for place, rate, stage in measured:
        low, high = number(stage.get("drop_off_low")), number(stage.get("drop_off_high"))
        if low is not None and high is not None:
            axes.plot([place + 0.14] * 2, [low, high], color=UNCERTAIN, lw=2.4, zorder=3,
                      solid_capstyle="butt")  # fmt: skip
        lines = [percent(rate), _leaving(stage), _flow_words(stage), interval(low, high)]
        axes.text(place + 0.3, 0.98, lines[0], size=LARGE + 1, weight="bold", va="top")
        shown = "\n".join(line for line in lines[1:] if line)
        axes.text(place + 0.3, 0.66, shown, size=SMALL, color=MUTED, va="top", linespacing=1.4)
    for place, stage in enumerate(stages):
        note = tidy(text(stage.get("behaviour_note")))
        bare = number(stage.get("drop_off_rate")) is None
        if note or bare:
            lines = wrapped(note or "no data", 26)[:3]
            axes.text(place + 0.02, 0.95 if bare else -0.08, "\n".join(lines), size=SMALL - 0.5,
                      color=MUTED, va="top", linespacing=1.3)  # fmt: skip


def _draw_feelings(axes: Axes, stages: Sequence[Cell], column: float) -> None:
    axes.set_ylim(-1.85, 1.22)
    per_inch = 3.07 / _FEELINGS
    axes.axhline(0, color=HAIRLINE, lw=0.8, zorder=0)
    means: list[float] = []
    for place, stage in enumerate(stages):
        feeling = _feeling(stage)
        mean = number(feeling.get("mean")) if feeling else None
        means.append(float("nan") if mean is None else mean)
        if feeling is None:
            if not _silent(stage):
                axes.text(place + 0.4, 0.06, "nothing said", size=SMALL, color=MUTED, ha="center")
            continue
        people = sorted(
            value
            for person in items(feeling.get("people"))
            if (value := number(person.get("valence"))) is not None
        )
        people = [min(max(value, -1.0), 1.0) for value in people]
        gap = min(0.105, (0.6 * column / max(len(people), 1)) ** 0.5)
        places = place_people(
            people, gap * per_inch, reach=0.37 * column * per_inch, low=-1.05, high=1.1
        )
        axes.scatter(
            [place + 0.4 + x / per_inch / column for x, _ in places],
            [y for _, y in places],
            s=(gap * 72 * 0.84) ** 2,
            c=[LIGHT[tone(value)] for value in people],
            linewidths=0,
            zorder=3,
        )
        said = f"mean {signed(mean)}, n = {count(feeling.get('n')) or 0}"
        label = text(feeling.get("label"))
        lines = f"{said}\n{tidy(label, 30)}" if label else said
        axes.text(
            place + 0.02, -1.2, lines, size=SMALL - 0.5, color=MUTED, va="top", linespacing=1.3
        )
    axes.plot(
        [place + 0.4 for place in range(len(stages))],
        means,
        color=INK,
        lw=1.0,
        ls=(0, (3, 2)),
        marker="_",
        ms=16,
        mew=1.2,
        zorder=2,
        label="mean",
    )


_PainLines = list[tuple[list[str], Cell]]


def _draw_pains(
    axes: Axes, stages: Sequence[Cell], pains: Sequence[_PainLines], column: float
) -> None:
    high = _scale_lines(axes)
    dot = 0.075
    for place, (stage, entries) in enumerate(zip(stages, pains, strict=True)):
        y = high
        if not entries and not _silent(stage):
            axes.text(place + 0.02, y, "no pain told", size=SMALL, color=MUTED, va="top")
        for lines, pain in entries:
            axes.text(
                place + 0.02, y, "\n".join(lines), size=SMALL + 0.5, va="top", linespacing=1.25
            )
            y -= len(lines) + 0.15
            said, heard = count(pain.get("n_said")), count(pain.get("n_heard"))
            x = place + 0.02
            if said is not None and heard and heard <= _STRIP and not _has_interval(pain):
                xs = [place + 0.035 + index * dot / column for index in range(heard)]
                colours = [RUST if index < said else TRACK for index in range(heard)]
                edges = [RUST if index < said else NOTHING for index in range(heard)]
                axes.scatter(xs, [y - 0.32] * heard, s=13, c=colours, edgecolors=edges,
                             linewidths=0.3)  # fmt: skip
                x = xs[-1] + 0.08 / column
            axes.text(x, y - 0.3, _count_words(pain), size=SMALL, color=MUTED, va="center")
            y -= 1.2


def _draw_quotes(
    axes: Axes,
    stages: Sequence[Cell],
    quotes: Sequence[Cell | None],
    said: Sequence[Sequence[str]],
    letters: int,
) -> None:
    high = _scale_lines(axes)
    for place, (quote, lines) in enumerate(zip(quotes, said, strict=True)):
        if quote is None:
            if not _silent(stages[place]):
                axes.text(place + 0.02, high, "no short quote", size=SMALL, color=MUTED, va="top")
            continue
        axes.text(place + 0.02, high, "\n".join(lines), size=SMALL + 1.2, family=serif(), va="top",
                  linespacing=1.3)  # fmt: skip
        by = "\n".join(wrapped(_byline(quote), int(letters * 1.1))[:2])
        axes.text(
            place + 0.02,
            high - len(lines) * 1.08 - 0.15,
            by,
            size=SMALL - 0.5,
            color=MUTED,
            va="top",
        )


def _draw_lines(axes: Axes, columns: Sequence[Sequence[str]]) -> None:
    high = _scale_lines(axes)
    for place, lines in enumerate(columns):
        shown = "\n".join(lines) if lines else "not rated"
        axes.text(place + 0.02, high, shown, size=SMALL, va="top", linespacing=1.35,
                  color=INK if lines else MUTED)  # fmt: skip


def _draw_silence(axes: Axes, stages: Sequence[Cell], *, spoken: bool) -> None:
    low, high = axes.get_ylim()
    for place, stage in enumerate(stages):
        if not _silent(stage):
            continue
        axes.add_patch(
            Rectangle((place + 0.02, low), 0.93, (high - low) * 0.97, facecolor="none",
                      edgecolor=HAIRLINE, hatch="////", linewidth=0, zorder=0)
        )  # fmt: skip
        if spoken:
            axes.text(place + 0.485, (low + high) / 2, "not asked here", size=SMALL, color=MUTED,
                      ha="center", va="center",
                      bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 3})  # fmt: skip


def _scale_lines(axes: Axes) -> float:
    """Give a lane of text a scale on which one unit is one line; return where to begin."""
    box = axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    axes.set_ylim(0, box / _LINE)
    return box / _LINE - 0.65


def _height(lines: object) -> float:
    """Inches for the longest column of a lane."""
    longest = max(lines, default=0.0)  # type: ignore[call-overload]
    return float((max(longest, 1.0) + 1.1) * _LINE)


def _name(stage: Cell) -> str:
    return tidy(text(stage.get("stage_name")) or text(stage.get("stage")), 48)


def _leaving(stage: Cell) -> str:
    measure = text(stage.get("behaviour_measure"))
    return tidy(text(stage.get("behaviour_label")) or LEAVING_WORDS.get(measure, ""), 30)


def _flow_words(stage: Cell) -> str:
    entered, dropped = count(stage.get("n_entered")), count(stage.get("n_dropped"))
    if entered is None or dropped is None:
        return ""
    if text(stage.get("behaviour_measure")) == "task_failure":
        return f"{dropped:,} of {entered:,}"
    return f"{entered:,} → {count(stage.get('n_continued')) or 0:,}"


def _heard_words(stage: Cell) -> str:
    if text(stage.get("coverage")) == "not asked":
        return "not asked"
    asked = [entry for entry in items(stage.get("heard")) if entry.get("asked", True)]
    if not asked:
        return text(stage.get("coverage"))
    first = min(asked, key=lambda entry: not _is_people(entry))
    return (
        f"{count(first.get('n_heard')) or 0:,} of {count(first.get('n_participants')) or 0:,} heard"
    )


def _is_people(entry: Cell) -> bool:
    return text(entry.get("kind")) in ("interview", "note")


def _silent(stage: Cell) -> bool:
    lanes = ("valence", "pain_points", "quotes")
    asked = text(stage.get("coverage")) != "not asked"
    return not asked and not any(items(stage.get(lane)) for lane in lanes)


def _feeling(stage: Cell) -> Cell | None:
    """Return the source that can be drawn as people, else the first one; never a mixture."""
    found = [
        entry for entry in items(stage.get("valence")) if number(entry.get("mean")) is not None
    ]
    return min(found, key=lambda entry: not items(entry.get("people"))) if found else None


def _pains(stage: Cell) -> list[Cell]:
    """Top pain points of one source: people's interviews before anything else."""
    found = items(stage.get("pain_points"))
    kinds = {text(entry.get("source")): _is_people(entry) for entry in items(stage.get("heard"))}
    sources = list(dict.fromkeys(text(entry.get("source")) for entry in found))
    chosen = min(sources, key=lambda source: not kinds.get(source, False), default="")
    return [entry for entry in found if text(entry.get("source")) == chosen][:_PAINS]


def _pain_lines(stage: Cell, letters: int) -> _PainLines:
    return [(wrapped(tidy(text(pain.get("label"))), letters)[:3], pain) for pain in _pains(stage)]


def _has_interval(entry: Cell) -> bool:
    return number(entry.get("low")) is not None and number(entry.get("high")) is not None


def _count_words(entry: Cell) -> str:
    said, heard = count(entry.get("n_said")), count(entry.get("n_heard"))
    if _has_interval(entry):
        share = percent(number(entry.get("share")))
        return f"{share} ({interval(entry.get('low'), entry.get('high'))}), n = {heard or 0:,}"
    return "no data" if said is None else f"{said:,} of {heard or 0:,}"


def _spoken(quote: Cell) -> str:
    """Return the words; only a participant's own stand in quotation marks."""
    words = text(quote.get("text"))
    return words if text(quote.get("speaker")) == "observer" else f"“{words}”"


def _byline(quote: Cell) -> str:
    """Return who said it, and where."""
    by = "observer’s note on " if text(quote.get("speaker")) == "observer" else ""
    where = text(quote.get("at")) or text(quote.get("source_label"))
    return by + ", ".join(part for part in (text(quote.get("alias")), where) if part)


def _short_quote(stage: Cell) -> Cell | None:
    """Return the first quote of what hurts that fits whole; words are never cut."""
    short = [
        quote
        for quote in items(stage.get("quotes"))
        if 0 < len(text(quote.get("text"))) <= SHORT_QUOTE
    ]
    return min(short, key=lambda quote: text(quote.get("code_group")) != "pain_point", default=None)


def _rating_lines(entry: Cell, letters: int) -> list[str]:
    return wrapped(rating_words(entry), int(letters * 1.1))[:4]
