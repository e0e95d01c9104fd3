"""Where the marks of the map's small drawings stand. Geometry only; templates draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cjm_research.cells import number, text
from cjm_research.figures.palette import tone
from cjm_research.figures.swarm import place_people

SWARM_WIDTH, SWARM_HEIGHT = 200, 124
_CENTRE = 70.0
_EDGE = 8.0
_GAP = 10.4
_WIDEST = 112.0
_CROWD = 85.0

_STRIP_GAP = 9
_STRIP_ROW = 14
STRIP_MOST = 40
"""Above so many people a strip of dots says less than its number."""


@dataclass(frozen=True)
class Dot:
    """One person in a drawing."""

    x: float
    y: float
    tone: str
    alias: str
    valence: float | None


@dataclass(frozen=True)
class Swarm:
    """People by valence: good is up, one dot is one person."""

    dots: tuple[Dot, ...]
    zero: float
    mean: float | None
    radius: float
    width: int = SWARM_WIDTH
    height: int = SWARM_HEIGHT

    @property
    def mean_percent(self) -> float | None:
        """Height of the mean's line as a share of the drawing, for its label."""
        return None if self.mean is None else round(self.mean / self.height * 100, 2)


@dataclass(frozen=True)
class Strip:
    """A row of people, those who said it first."""

    dots: tuple[tuple[float, float, bool, str], ...]
    width: int
    height: int


@dataclass(frozen=True)
class Span:
    """A share with its interval on a scale of 0 to 100."""

    width: float
    low: float | None = None
    high: float | None = None
    target: float | None = None


def swarm(people: Sequence[Mapping[str, Any]], mean: float | None) -> Swarm:
    """Place one dot per person at its valence, moved aside until no two overlap."""
    found = sorted(
        (-min(max(valence, -1.0), 1.0), text(person.get("alias")))
        for person in people
        if (valence := number(person.get("valence"))) is not None
    )
    # A crowd gets smaller dots: all of them have to find a place.
    gap = min(_GAP, (_WIDEST * _CROWD / max(len(found), 1)) ** 0.5)
    heights = [_height(-down) for down, _ in found]
    bounds = {"reach": _WIDEST / 2, "low": _EDGE / 2, "high": SWARM_HEIGHT - _EDGE / 2}
    places = place_people(heights, gap, **bounds)
    dots = [
        Dot(round(_CENTRE + x, 2), round(y, 2), tone(-down), alias, -down)
        for (x, y), (down, alias) in zip(places, found, strict=True)
    ]
    mean_height = None if mean is None else round(_height(min(max(mean, -1.0), 1.0)), 2)
    radius = round(gap * 0.42, 2)
    return Swarm(tuple(dots), round(_height(0.0), 2), mean_height, radius)


def strip(n_said: int | None, n_heard: int | None, aliases: Sequence[str]) -> Strip | None:
    """Place one dot per person heard; None when there are nobody or too many to draw."""
    if not n_heard or n_said is None or n_heard > STRIP_MOST:
        return None
    lines = -(-n_heard // _STRIP_ROW)
    row = -(-n_heard // lines)
    dots = tuple(
        (
            place % row * _STRIP_GAP + 4.5,
            place // row * _STRIP_GAP + 4.5,
            place < n_said,
            aliases[place] if place < min(n_said, len(aliases)) else "",
        )
        for place in range(n_heard)
    )
    return Strip(dots, row * _STRIP_GAP, lines * _STRIP_GAP)


def span(share: float | None, low: float | None, high: float | None) -> Span | None:
    """Return a share in [0, 1] and its interval on a scale of 0 to 100."""
    if share is None:
        return None
    if low is None or high is None:
        return Span(_hundred(share))
    return Span(_hundred(share), _hundred(low), _hundred(high))


def kpi_span(
    value: float | None, low: float | None, high: float | None, target: float | None
) -> Span | None:
    """Return value, interval and target on a scale of their own, so that the gap is seen."""
    marks = [mark for mark in (value, low, high, target) if mark is not None]
    if value is None or len(marks) < 2 or max(marks) == min(marks):
        return None
    room = (max(marks) - min(marks)) * 0.12
    start, reach = min(marks) - room, max(marks) - min(marks) + 2 * room

    def place(mark: float | None) -> float | None:
        return None if mark is None else round((mark - start) / reach * 100, 2)

    return Span(place(value) or 0.0, place(low), place(high), place(target))


def _height(valence: float) -> float:
    return _EDGE + (1 - valence) / 2 * (SWARM_HEIGHT - 2 * _EDGE)


def _hundred(share: float) -> float:
    return round(min(max(share, 0.0), 1.0) * 100, 2)
