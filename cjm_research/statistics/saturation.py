"""Saturation: how fast new codes stop coming, interview by interview."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Saturation(NamedTuple):
    """The Guest-Namey-Chen ratios of one order of interviews.

    Attributes
    ----------
    base_codes : int
        Codes in the first `base` interviews.
    ratios : tuple of float
        New codes in each run over `base_codes`; the first run follows the base, each next
        one begins an interview later. Empty when there are too few interviews, or when the
        base has no codes.
    reached_at : int or None
        Interviews before the first run at or below the threshold; None when no run is.
    """

    base_codes: int
    ratios: tuple[float, ...]
    reached_at: int | None


class OrderedSaturation(NamedTuple):
    """Saturation over random orders of the same interviews.

    Attributes
    ----------
    n_orders : int
    n_reached : int
        Orders in which a run was at or below the threshold.
    median, low, high : float
        Interviews before that run: median and range over the orders. An order that does not
        reach it counts as longer than any, so each is NaN when it falls on such an order.
    """

    n_orders: int
    n_reached: int
    median: float
    low: float
    high: float


def count_new_codes(told: NDArray[np.bool_], order: Sequence[int] | None = None) -> list[int]:
    """Count the codes that each interview is the first to tell.

    Parameters
    ----------
    told : array of bool, interviews x codes
    order : sequence of int, optional
        Row numbers in the order to count; that of the rows when not given.
    """
    ordered = told if order is None else told[np.asarray(order, dtype=int)]
    if not ordered.size:
        return [0] * len(ordered)
    first = ordered.argmax(axis=0)[ordered.any(axis=0)]
    return np.bincount(first, minlength=len(ordered)).tolist()  # type: ignore[no-any-return]


def find_saturation(
    new_codes: Sequence[int], *, base: int = 4, run: int = 2, threshold: float = 0.05
) -> Saturation:
    """Find after how many interviews new codes became few.

    Parameters
    ----------
    new_codes : sequence of int
        New codes per interview, in the order of the interviews.
    base : int, default 4
        Interviews that the rest is compared with; 4 to 6 are usual.
    run : int, default 2
        Interviews looked at together; 2 or 3 are usual.
    threshold : float, default 0.05
        Greatest ratio of new codes in a run to codes in the base.

    Raises
    ------
    ValueError
        If `base` or `run` is below 1, or the threshold is negative.

    References
    ----------
    Guest, Namey and Chen (2020), PLoS ONE 15(5), e0232076.
    """
    if base < 1 or run < 1 or threshold < 0:
        raise ValueError(
            f"base and run must be at least 1 and the threshold at least 0; got {base}, {run} "
            f"and {threshold}."
        )
    base_codes = int(sum(new_codes[:base]))
    if len(new_codes) < base + run or base_codes == 0:
        return Saturation(base_codes, (), None)
    ratios = tuple(
        sum(new_codes[start : start + run]) / base_codes
        for start in range(base, len(new_codes) - run + 1)
    )
    reached = next((base + k for k, ratio in enumerate(ratios) if ratio <= threshold), None)
    return Saturation(base_codes, ratios, reached)


def saturate_over_orders(
    told: NDArray[np.bool_],
    *,
    base: int = 4,
    run: int = 2,
    threshold: float = 0.05,
    n_orders: int = 1000,
    random_state: int = 0,
) -> OrderedSaturation:
    """Find saturation in random orders of the interviews.

    The measure depends on the order: had the talkative person come first, the base were
    larger.

    Parameters
    ----------
    told : array of bool, interviews x codes
    base, run, threshold
        As for `find_saturation`.
    n_orders : int, default 1000
    random_state : int, default 0
    """
    random = np.random.default_rng(random_state)
    reached = []
    for _ in range(n_orders):
        new_codes = count_new_codes(told, random.permutation(len(told)).tolist())
        at = find_saturation(new_codes, base=base, run=run, threshold=threshold).reached_at
        reached.append(math.inf if at is None else float(at))
    if not reached:
        return OrderedSaturation(0, 0, math.nan, math.nan, math.nan)
    # The upper of two middle values: halfway between a number and "never" is no number.
    figures = (sorted(reached)[len(reached) // 2], min(reached), max(reached))
    median, low, high = (value if math.isfinite(value) else math.nan for value in figures)
    n_reached = sum(map(math.isfinite, reached))
    return OrderedSaturation(n_orders, n_reached, median, low, high)
