"""Place people beside each other: the arrangement behind every drawing of persons."""

from __future__ import annotations

import math
from collections.abc import Sequence


def place_people(
    heights: Sequence[float],
    gap: float,
    *,
    reach: float = math.inf,
    low: float = -math.inf,
    high: float = math.inf,
) -> list[tuple[float, float]]:
    """Return for each height the place nearest to the middle that touches no earlier dot.

    Parameters
    ----------
    heights : sequence of float
        Positions that carry the meaning. They are kept while there is room beside each
        other; a crowd of one mind is stacked just above and below.
    gap : float
        Least distance between two dots, in the unit of the heights.
    reach : float
        How far from the middle a dot may stand.
    low, high : float
        Bounds of the stacking.

    Returns
    -------
    list of (float, float)
        Distance from the middle and height, in the order given.
    """
    placed: list[tuple[float, float]] = []
    for height in heights:
        # Left and right take turns, so that the swarm stays centred.
        turn = 1 if len(placed) % 2 else -1
        for row in range(len(heights) + 1):
            rows = {height + row * gap, height - row * gap}
            found = [
                place
                for y in sorted(rows)
                if low <= y <= high or row == 0
                for place in _free_places(y, placed, gap)
                if abs(place[0]) <= reach
            ]
            if found:
                break
        else:
            found = [(0.0, height)]
        placed.append(min(found, key=lambda place: (round(abs(place[0]), 3), place[0] * turn)))
    return placed


def _free_places(
    y: float, placed: Sequence[tuple[float, float]], gap: float
) -> list[tuple[float, float]]:
    near = [(x, other) for x, other in placed if abs(other - y) < gap]
    # Candidates: the middle, and just beside every dot that is in the way.
    candidates = [0.0]
    for x, other in near:
        shift = (gap**2 - (other - y) ** 2) ** 0.5
        candidates += [x - shift, x + shift]
    least = gap**2 * (1 - 1e-9)
    return [
        (x, y) for x in candidates if all((x - px) ** 2 + (y - py) ** 2 >= least for px, py in near)
    ]
