"""Waves of a study in drawings: where points, whiskers and lines stand. Templates draw.

A line joins two waves only where both have intervals and were asked in the same words: without
a sampling design, or with other words, there are two figures and no movement between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.reporting.site.views import page_name
from cjm_research.reporting.site.words import (
    decimal,
    decimal_range,
    percent,
    percent_range,
    signed,
    signed_range,
    whole,
)
from cjm_research.statistics import Interval
from cjm_research.study.conclusions import ResolvedFinding
from cjm_research.synthesis import judge

WIDTH, HEIGHT = 280, 150
MOST_PAINS = 6
"""Pain points that are drawn; the others are in the table."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 56.0, 16.0, 38.0
_CHANGED = ("more in", "less in")
_OF_PAINS = ("mentions", "pain_points", "opportunities")
"""Tables of which a finding may cite how many tell a pain point."""


@dataclass(frozen=True)
class Point:
    """A figure of one wave: where it stands, and what is written beside it."""

    wave: str
    words: str
    value: float
    low: float | None
    high: float | None
    n: int | None
    x: float = 0.0
    y: float = 0.0
    low_y: float | None = None
    high_y: float | None = None


@dataclass(frozen=True)
class Trend:
    """A measure over waves.

    Attributes
    ----------
    title, where, href : str
        What is measured, the stage, and the address of its page.
    points : tuple of Point
    lines : tuple of (float, float, float, float)
        From x, y to x, y: waves that may be joined.
    ticks : tuple of (float, str)
        Height and words of the ends of the scale.
    summary : str
        The drawing in words.
    width, height : int
    """

    title: str
    where: str
    href: str
    points: tuple[Point, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_drawn(self) -> bool:
        """Whether any wave has an interval; bare counts side by side would suggest movement."""
        return any(point.low is not None for point in self.points)


@dataclass(frozen=True)
class Step:
    """One measure in one wave and the next: a row of the data table."""

    title: str
    where: str
    wave_a: str
    wave_b: str
    before: str
    after: str
    difference: str
    paired: str
    words: str


@dataclass(frozen=True)
class Waves:
    """What is drawn, and all of it as a table."""

    ratings: tuple[Trend, ...]
    pains: tuple[Trend, ...]
    steps: tuple[Step, ...]
    n_not_drawn: int


def wave_views(tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]) -> Waves | None:
    """Return a study's waves as drawings and rows.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `wave_changes`, `rating_summary` and `mentions`; any may be missing.
    names : mapping of str to str
        Stage id to name.

    Returns
    -------
    Waves or None
        None where nothing was asked in two waves.
    """
    found = rows(tables.get("wave_changes"))
    if not found:
        return None
    known = _intervals(tables)
    series: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in found:
        series.setdefault((row["kind"], row["stage"], row["code"]), []).append(row)
    ratings = [steps for (kind, _, _), steps in series.items() if kind == "rating"]
    pains = [steps for (kind, _, _), steps in series.items() if kind == "pain_point"]
    pains.sort(key=lambda steps: (not _has_changed(steps), -_people(steps)))
    drawn = pains[:MOST_PAINS]
    top = _share_top([point for steps in drawn for point in _points(steps, known)])
    return Waves(
        tuple(_trend(steps, known, names, _rating_scale(steps, known)) for steps in ratings),
        tuple(_trend(steps, known, names, (0.0, top)) for steps in drawn),
        tuple(_step(row, known, names) for row in found),
        len(pains) - len(drawn),
    )


def with_later_waves(tables: Mapping[str, pd.DataFrame], kpis: Sequence[Cell]) -> list[Cell]:
    """Return the KPIs of `kpi_views`, each with what later waves say of the same question.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `kpis`, in the order of the views, and those of `wave_views`.
    kpis : sequence of dict

    Returns
    -------
    list of dict
        The same, with `later`: a list of `wave`, `words` (figure, n, difference) and `verdict`
        against the same target, which is empty where the question was worded differently.
    """
    known = _intervals(tables)
    views = []
    for view, row in zip(kpis, rows(tables.get("kpis")), strict=True):
        place = ("rating", text(row.get("stage")), text(row.get("measure")))
        later = [
            {
                "wave": text(step["wave_b"]),
                "words": _beside(step, known),
                "verdict": _judge(step, known, view) if step["same_wording"] else "",
            }
            for step in _following(tables, place, text(row.get("source")))
        ]
        views.append({**view, "later": later})
    return views


def follow_findings(
    tables: Mapping[str, pd.DataFrame], findings: Sequence[ResolvedFinding], views: Sequence[Cell]
) -> list[Cell]:
    """Return the findings of `finding_views` with later waves beside the numbers that have any.

    A finding rests on the wave that somebody cited. What was asked again since then stands
    in the number's `note`, so that nobody reads the older figure as today's.
    """
    known = _intervals(tables)
    kpis = {text(row.get("name")): row for row in rows(tables.get("kpis"))}
    followed = []
    for finding, view in zip(findings, views, strict=True):
        numbers = []
        for cell, number_view in zip(finding.cells, view["numbers"], strict=True):
            row = kpis.get(text(cell.row.get("name")), {}) if cell.table == "kpis" else cell.row
            is_rating = cell.table in ("kpis", "rating_summary")
            is_pain = not text(row.get("segment")) and cell.table in _OF_PAINS
            steps: list[Mapping[str, Any]] = []
            if is_rating or (is_pain and text(row.get("code_group")) in ("", "pain_point")):
                place = (
                    ("rating" if is_rating else "pain_point"),
                    text(row.get("stage")),
                    text(row.get("measure" if is_rating else "code")),
                )
                steps = _following(tables, place, text(row.get("source")))
            said = [f"wave {step['wave_b']}: {_beside(step, known)}" for step in steps]
            note = "; ".join(part for part in (number_view["note"], *said) if part)
            numbers.append({**number_view, "note": note})
        followed.append({**view, "numbers": numbers})
    return followed


def _following(
    tables: Mapping[str, pd.DataFrame], place: tuple[str, str, str], source: str
) -> list[Mapping[str, Any]]:
    """Return the rows of `wave_changes` from this source on, wave after wave."""
    found = {
        text(row["source_a"]): row
        for row in rows(tables.get("wave_changes"))
        if (row["kind"], text(row["stage"]), row["code"]) == place
    }
    steps: list[Mapping[str, Any]] = []
    while source in found:
        steps.append(found[source])
        source = text(found.pop(source)["source_b"])
    return steps


def _beside(row: Mapping[str, Any], known: Mapping[Any, _Known]) -> str:
    """Return a later wave's figure, n and difference, for beside the earlier one."""
    facts = _facts(row, "a", known)
    if not row["same_wording"]:
        return f"{_cell(row, 'b', known)}, worded differently"
    difference = _difference(row, "", facts)
    unit = " points" if facts.unit in ("share", "points") else ""
    change = f"; difference {difference.replace(' (', f'{unit} (')}" if difference != "–" else ""
    return _cell(row, "b", known) + change


def _judge(row: Mapping[str, Any], known: Mapping[Any, _Known], kpi: Cell) -> str:
    facts = _facts(row, "b", known)
    if facts.low is None or facts.high is None or kpi["target"] is None:
        return "cannot tell"
    limits = Interval(float(row["value_b"]), facts.low, facts.high)
    return judge(limits, kpi["target"], at_least=not kpi["at_most"])


@dataclass(frozen=True)
class _Known:
    low: float | None
    high: float | None
    unit: str
    label: str
    n_said: int | None = None


def _intervals(
    tables: Mapping[str, pd.DataFrame],
) -> dict[tuple[str, str, str, str], _Known]:
    """Return intervals and units by kind, source, stage and code."""
    known = {
        ("rating", row["source"], text(row["stage"]), row["measure"]): _Known(
            number(row["low"]), number(row["high"]), text(row["unit"]), text(row["label"])
        )
        for row in rows(tables.get("rating_summary"))
    }
    mentions = tables.get("mentions")
    if mentions is not None:
        told = mentions[(mentions["code_group"] == "pain_point") & (mentions["segment"] == "")]
        for row in rows(told):
            known["pain_point", row["source"], text(row["stage"]), row["code"]] = _Known(
                number(row.get("low")), number(row.get("high")), "share", text(row["label"]),
                count(row["n_said"]),
            )  # fmt: skip
    return known


def _facts(row: Mapping[str, Any], side: str, known: Mapping[Any, _Known]) -> _Known:
    key = (row["kind"], row[f"source_{side}"], text(row["stage"]), row["code"])
    unit = "share" if row["kind"] == "pain_point" else "score"
    # Nobody told it in that wave: the table of mentions has no row then.
    return known.get(key, _Known(None, None, unit, text(row["label"]), 0))


def _point(row: Mapping[str, Any], side: str, known: Mapping[Any, _Known]) -> Point | None:
    value = number(row[f"value_{side}"])
    if value is None:
        return None
    facts, n = _facts(row, side, known), count(row[f"n_{side}"])
    words = _value(value, facts, n)
    return Point(text(row[f"wave_{side}"]), words, value, facts.low, facts.high, n)


def _points(steps: Sequence[Mapping[str, Any]], known: Mapping[Any, _Known]) -> list[Point]:
    pairs = [(steps[0], "a"), *((row, "b") for row in steps)]
    found = (_point(row, side, known) for row, side in pairs)
    return [point for point in found if point]


def _trend(
    steps: Sequence[Mapping[str, Any]],
    known: Mapping[Any, _Known],
    names: Mapping[str, str],
    scale: tuple[float, float],
) -> Trend:
    first = steps[0]
    facts = _facts(first, "a", known)
    placed = list(_place(_points(steps, known), scale))
    by_wave = {point.wave: point for point in placed}
    lines = [
        (by_wave[a].x, by_wave[a].y, by_wave[b].x, by_wave[b].y)
        for row in steps
        if row["same_wording"]
        and (a := text(row["wave_a"])) in by_wave
        and (b := text(row["wave_b"])) in by_wave
        and by_wave[a].low is not None
        and by_wave[b].low is not None
    ]
    stage = text(first["stage"])
    where = names.get(stage, stage)
    told = "; ".join(f"{point.words} in wave {point.wave}" for point in placed)
    said = ". ".join(dict.fromkeys(text(row["words"]) for row in steps))
    title = facts.label or text(first["label"])
    low, high = scale
    said_of = f"{title}{f' at {where}' if where else ''}: {told}."
    return Trend(
        title=title,
        where=where,
        href=page_name("stage", stage) if stage else "",
        points=tuple(placed),
        lines=tuple(lines),
        ticks=(
            (_height(high, scale), _tick(high, facts)),
            (_height(low, scale), _tick(low, facts)),
        ),
        summary=" ".join(
            [said_of, *_tell_differences(steps, facts), f"{said[:1].upper()}{said[1:]}."]
        ),
    )


def _place(points: Sequence[Point], scale: tuple[float, float]) -> Iterator[Point]:
    reach = WIDTH - _LEFT - _RIGHT
    for place, point in enumerate(points):
        x = _LEFT + (reach * place / (len(points) - 1) if len(points) > 1 else reach / 2)
        has_interval = point.low is not None and point.high is not None
        yield Point(
            point.wave, point.words, point.value,
            point.low if has_interval else None, point.high if has_interval else None, point.n,
            x=round(x, 2),
            y=_height(point.value, scale),
            low_y=_height(point.low, scale) if has_interval else None,
            high_y=_height(point.high, scale) if has_interval else None,
        )  # fmt: skip


def _height(value: float | None, scale: tuple[float, float]) -> float:
    low, high = scale
    share = ((value or 0.0) - low) / (high - low)
    return round(_TOP + (1 - min(max(share, 0.0), 1.0)) * (HEIGHT - _TOP - _BOTTOM), 2)


def _rating_scale(
    steps: Sequence[Mapping[str, Any]], known: Mapping[Any, _Known]
) -> tuple[float, float]:
    """Return round ends around all values and intervals of a rating."""
    marks = list(_marks(_points(steps, known)))
    size = {"points": 10.0, "share": 0.1}.get(_facts(steps[0], "a", known).unit, 1.0)
    low, high = math.floor(min(marks) / size) * size, math.ceil(max(marks) / size) * size
    return (low, high) if high > low else (low - size, high + size)


def _share_top(points: Sequence[Point]) -> float:
    """Return one round end for all shares, so that their drawings can be compared."""
    return max(0.1, math.ceil(max(_marks(points), default=0.0) * 10 - 1e-9) / 10)


def _marks(points: Sequence[Point]) -> Iterator[float]:
    for point in points:
        yield from (mark for mark in (point.value, point.low, point.high) if mark is not None)


def _has_changed(steps: Sequence[Mapping[str, Any]]) -> bool:
    return any(text(row["words"]).startswith(_CHANGED) for row in steps)


def _people(steps: Sequence[Mapping[str, Any]]) -> float:
    """Return how many people tell a pain point, over all waves."""
    pairs = [(steps[0], "a"), *((row, "b") for row in steps)]
    return sum(
        (number(row[f"value_{side}"]) or 0.0) * (count(row[f"n_{side}"]) or 0)
        for row, side in pairs
    )


def _step(row: Mapping[str, Any], known: Mapping[Any, _Known], names: Mapping[str, str]) -> Step:
    facts = _facts(row, "a", known)
    stage = text(row["stage"])
    difference = _difference(row, "", facts)
    paired = _difference(row, "paired_", facts)
    return Step(
        title=facts.label or text(row["label"]),
        where=names.get(stage, stage) or "whole journey",
        wave_a=text(row["wave_a"]),
        wave_b=text(row["wave_b"]),
        before=_cell(row, "a", known),
        after=_cell(row, "b", known),
        difference=difference,
        paired=f"{paired}, n = {whole(row['n_both'])}" if paired != "–" else "–",
        words=text(row["words"]),
    )


def _cell(row: Mapping[str, Any], side: str, known: Mapping[Any, _Known]) -> str:
    point = _point(row, side, known)
    if point is None:
        return "–"
    if point.low is None:
        return point.words if " of " in point.words else f"{point.words}, n = {whole(point.n)}"
    facts = _facts(row, side, known)
    interval = (
        percent_range(point.low, point.high)
        if facts.unit == "share"
        else signed_range(point.low, point.high)
        if facts.unit == "points"
        else decimal_range(point.low, point.high, 2)
    )
    return f"{point.words} ({interval}), n = {whole(point.n)}"


def _difference(row: Mapping[str, Any], prefix: str, facts: _Known) -> str:
    name = f"{prefix}difference"
    value, low, high = (number(row[key]) for key in (name, f"{prefix}low", f"{prefix}high"))
    if value is None or low is None or high is None:
        return "–"
    # Shares differ by percentage points; a rating's own unit stands otherwise.
    factor, digits = {"share": (100.0, 0), "points": (1.0, 0)}.get(facts.unit, (1.0, 2))
    shown = signed(value * factor, digits)
    return f"{shown} ({signed_range(low * factor, high * factor, digits)})"


def _tell_differences(steps: Sequence[Mapping[str, Any]], facts: _Known) -> Iterator[str]:
    """Yield the differences of the table, for beside the drawing."""
    for row in steps:
        found = _difference(row, "", facts)
        if found != "–":
            waves = f" from {row['wave_a']} to {row['wave_b']}" if len(steps) > 1 else ""
            yield f"Difference{waves} of all who answered: {found}."


def _value(value: float, facts: _Known, n: int | None) -> str:
    if facts.unit == "share":
        if facts.low is None and facts.n_said is not None:
            return f"{whole(facts.n_said)} of {whole(n)}"
        return percent(value)
    # Two digits, so that the difference is that of the two figures beside it.
    return signed(value, 0) if facts.unit == "points" else decimal(value, 2)


def _tick(value: float, facts: _Known) -> str:
    if facts.unit == "share":
        return percent(value)
    return signed(value, 0) if facts.unit == "points" else decimal(value, 0)
