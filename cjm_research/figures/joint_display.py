"""Told beside done: the most told pain of each source over the share of people lost, per stage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.figures.palette import BAR, HAIRLINE, MUTED, NOTHING, RUST, TRACK, UNCERTAIN
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, quiet, tidy, wrapped
from cjm_research.number_words import interval, percent

_ROW = 0.32
_MIN_PEOPLE = 5
_LEFT, _WIDE = 0.51, 0.27


def plot_joint_display(
    verdicts: pd.DataFrame,
    *,
    mentions: pd.DataFrame,
    coverage: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    much_told: float,
    much_lost: float,
    left_out: Collection[str] = (),
    stage_names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw, stage by stage, what is told most beside how many are lost: what a verdict rests on.

    Parameters
    ----------
    verdicts : DataFrame
        One row per stage: `stage`, `verdict`.
    mentions, coverage, stage_behaviour : DataFrame
        Tables of those names.
    much_told, much_lost : float
        Shares from which much is told, or lost: a thin line in each row.
    left_out : collection of str
        Sources that may not be compared with the numbers: drawn in grey.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids.

    Returns
    -------
    Figure
        One row per source with the pain point that most people tell, in rust, then one for the
        behaviour, in ink. The line over a dot is its 95 % interval. Fewer than 5 people have no
        dot.
    """
    blocks = _blocks(verdicts, mentions, coverage, stage_behaviour, left_out)
    limits = {"told": much_told, "done": much_lost}
    with drawing():
        if not blocks:
            return no_data()
        n_lines = sum(len(lines) for _, lines in blocks)
        height = 1.0 + _ROW * n_lines
        figure = make_figure(8.2, height)
        axes = quiet(figure.add_axes((_LEFT, 0.3 / height, _WIDE, _ROW * n_lines / height)))
        axes.set_xlim(0, 1)
        axes.set_ylim(n_lines - 0.5, -0.5)
        axes.set_xticks([0, 0.5, 1], ["0", percent(0.5), percent(1)])
        axes.tick_params(axis="x", labelsize=SMALL - 0.5, labelcolor=MUTED)
        place = 0
        for verdict, lines in blocks:
            _name_stage(axes, verdict, place, stage_names)
            for line in lines:
                _draw_line(axes, line, place, limits[line.strand])
                place += 1
        _draw_legend(figure, height)
        return figure


def describe_joint_display(
    verdicts: pd.DataFrame,
    *,
    mentions: pd.DataFrame,
    coverage: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    left_out: Collection[str] = (),
    stage_names: Mapping[str, str] | None = None,
) -> str:
    """Return the alternative text of what is told beside what is done."""
    blocks = _blocks(verdicts, mentions, coverage, stage_behaviour, left_out)
    if not blocks:
        return "Pain points beside loss: no data."
    parts = [
        f"{_named(row, stage_names)}, {text(row.get('verdict'))}: "
        + "; ".join(" ".join(filter(None, (line.label, line.words))) for line in lines)
        for row, lines in blocks
    ]
    return f"The pain point of most people beside the share lost. {'. '.join(parts)}."


@dataclass(frozen=True)
class _Line:
    """One row of the drawing."""

    strand: str
    label: str
    words: str
    share: float | None = None
    low: float | None = None
    high: float | None = None
    colour: str = MUTED


def _blocks(
    verdicts: pd.DataFrame,
    mentions: pd.DataFrame,
    coverage: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    left_out: Collection[str],
) -> list[tuple[Cell, list[_Line]]]:
    """Return the lines of each stage, in the order of the verdicts."""
    told = _most_told(mentions)
    heard = [row for row in rows(coverage) if row.get("asked") or count(row.get("n_heard"))]
    done = {text(row.get("stage")): row for row in rows(stage_behaviour)}
    blocks = []
    for verdict in rows(verdicts):
        stage = text(verdict.get("stage"))
        lines = [
            _tell(row, told.get((stage, text(row.get("source")))), left_out)
            for row in heard
            if text(row.get("stage")) == stage
        ]
        lines = lines or [_Line("told", "nobody was asked", "")]
        blocks.append((verdict, [*lines, _do(done.get(stage, {}))]))
    return blocks


def _most_told(mentions: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    """Return the pain point that most people tell, by stage and source: one with a name first."""
    pains = [
        row
        for row in rows(mentions)
        if text(row.get("code_group")) == "pain_point"
        and not text(row.get("segment"))
        and count(row.get("n_said"))
    ]
    pains.sort(key=lambda row: (text(row["code"]) == "other", -row["n_said"], text(row["code"])))
    found: dict[tuple[str, str], Cell] = {}
    for row in pains:
        found.setdefault((text(row["stage"]), text(row["source"])), row)
    return found


def _tell(cell: Cell, pain: Cell | None, left_out: Collection[str]) -> _Line:
    source = text(cell.get("source_label")) or text(cell.get("source"))
    is_out = text(cell.get("source")) in left_out
    head = f"{tidy(source, 30)}{', not compared' if is_out else ''}"
    n_heard = count(cell.get("n_heard")) or 0
    if pain is None:
        words = f"0 of {n_heard:,}" if n_heard else "silent"
        return _Line("told", f"{head}: no pain point", words)
    label = f"{head}: {tidy(text(pain.get('label')) or text(pain.get('code')), 60)}"
    n_said, n_heard = count(pain.get("n_said")) or 0, count(pain.get("n_heard")) or 0
    low, high = number(pain.get("low")), number(pain.get("high"))
    return _Line(
        "told",
        label,
        _count_words(n_said, n_heard, pain.get("share"), low, high),
        n_said / n_heard if n_heard >= _MIN_PEOPLE else None,
        low,
        high,
        NOTHING if is_out else RUST,
    )


def _do(row: Cell) -> _Line:
    n, n_lost = count(row.get("n")), count(row.get("n_lost")) or 0
    if n is None:
        return _Line("done", "no behaviour is measured", "")
    verb = text(row.get("words"))
    label = verb.removeprefix("of ") if verb.startswith("of ") else f"people {verb}"
    low, high = number(row.get("low")), number(row.get("high"))
    rate = number(row.get("rate"))
    words = _count_words(n_lost, n, rate, low, high)
    return _Line("done", label, words, rate if n >= _MIN_PEOPLE else None, low, high, BAR)


def _count_words(n: int, of: int, share: object, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{n:,} of {of:,}"
    return f"{percent(share)} ({interval(low, high)}), n = {of:,}"


def _named(row: Cell, names: Mapping[str, str] | None, longest: int = 48) -> str:
    stage = text(row.get("stage"))
    return tidy((names or {}).get(stage, stage), longest)


def _name_stage(axes: Axes, row: Cell, place: int, names: Mapping[str, str] | None) -> None:
    said: dict[str, Any] = {
        "xycoords": ("figure fraction", "data"),
        "va": "center",
        "annotation_clip": False,
    }
    axes.annotate(_named(row, names, 24), (0.01, place), weight="bold", **said)
    verdict = tidy(text(row.get("verdict")), 28)
    axes.annotate(verdict, (0.01, place + 1), size=SMALL, color=MUTED, **said)
    if place:
        axes.plot([-_LEFT / _WIDE + 0.03, (1 - _LEFT) / _WIDE - 0.03], [place - 0.5] * 2, lw=0.7,
                  color=HAIRLINE, clip_on=False, transform=axes.get_yaxis_transform())  # fmt: skip


def _draw_line(axes: Axes, line: _Line, place: int, limit: float) -> None:
    beside: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"), "color": MUTED, "va": "center", "size": SMALL,
        "annotation_clip": False,
    }  # fmt: skip
    axes.annotate("\n".join(_two(line.label)), (-0.03, place), ha="right", linespacing=1.0,
                  **{**beside, "color": BAR if line.share is not None else MUTED})  # fmt: skip
    axes.annotate(line.words, (1.05, place), **beside)
    if line.share is None:
        return
    axes.plot([0, 1], [place] * 2, color=TRACK, lw=1.2, zorder=1)
    axes.plot([limit] * 2, [place - 0.3, place + 0.3], color=MUTED, lw=0.8, zorder=2,
              label="threshold")  # fmt: skip
    if line.low is not None and line.high is not None:
        axes.plot([line.low, line.high], [place] * 2, color=UNCERTAIN, lw=2.4, zorder=3,
                  solid_capstyle="butt", label="interval")  # fmt: skip
    axes.scatter([line.share], [place], s=30, color=line.colour, linewidths=0, zorder=4,
                 marker="o" if line.strand == "told" else "s", clip_on=False,
                 label=line.strand)  # fmt: skip


def _two(label: str) -> Iterator[str]:
    """Return a label as one line; a long one as two, of which the second may be cut short."""
    first, *rest = wrapped(label, 48)
    yield first
    if rest:
        yield tidy(" ".join(rest), 48)


def _draw_legend(figure: Figure, height: float) -> None:
    top = 1 - 0.1 / height
    figure.text(
        0.01, top, "The pain point of most people, beside what is lost", va="top", weight="bold"
    )
    below = 1 - 0.36 / height
    parts = (
        (0.01, "●", RUST, "pain point of most people"),
        (0.23, "■", BAR, "lost in the stage"),
        (0.39, "━", UNCERTAIN, "95\u202f% interval"),
        (0.53, "|", MUTED, "from here on, much"),
    )
    for x, sign, colour, words in parts:
        figure.text(x, below, sign, va="top", size=SMALL, color=colour)
        figure.text(x + 0.022, below, words, va="top", size=SMALL, color=MUTED)
