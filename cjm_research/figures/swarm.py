"""Place people beside each other: the arrangement behind every drawing of persons."""

from __future__ import annotations

from collections.abc import Sequence


def place_aside(heights: Sequence[float], gap: float) -> list[float]:
    """Return for each height the place nearest to the middle that touches no earlier dot.

    Parameters
    ----------
    heights : sequence of float
        Positions that carry the meaning; they are kept.
    gap : float
        Least distance between two dots, in the unit of the heights.
    """
    placed: list[tuple[float, float]] = []
    for y in heights:
        near = [(x, other) for x, other in placed if abs(other - y) < gap]
        # Candidates: the middle, and just beside every dot that is in the way.
        free = [0.0]
        for x, other in near:
            shift = (gap**2 - (other - y) ** 2) ** 0.5
            free += [x - shift, x + shift]
        # Left and right take turns, so that the swarm stays centred.
        turn = 1 if len(placed) % 2 else -1
        fitting = [x for x in free if _is_free(x, y, near, gap)]
        best = min(fitting, key=lambda x: (round(abs(x), 3), x * turn))
        placed.append((best, y))
    return [x for x, _ in placed]


def _is_free(x: float, y: float, near: Sequence[tuple[float, float]], gap: float) -> bool:
    return all((x - px) ** 2 + (y - py) ** 2 >= gap**2 * (1 - 1e-9) for px, py in near)
