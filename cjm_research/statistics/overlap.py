"""Two samples that share some people: the difference of their means or shares.

A survey that is repeated draws some people twice. Taken as strangers, they make the interval too
wide or too narrow; left out, the difference is not that of the two figures beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cjm_research.statistics.intervals import NOTHING, Interval, estimate_proportion

_Values = Sequence[float] | NDArray[np.float64]


def estimate_overlap_difference(
    first: _Values,
    second: _Values,
    both_first: _Values,
    both_second: _Values,
    *,
    confidence: float = 0.95,
) -> tuple[Interval, float]:
    """Estimate the difference of two means where some people are in both samples, and test it.

    Parameters
    ----------
    first, second : sequence of float
        One value per participant who is in that sample only.
    both_first, both_second : sequence of float
        The two values of each participant who is in both, in the same order.
    confidence : float, default 0.95

    Returns
    -------
    difference : Interval
        The mean of everybody in the first sample less that of everybody in the second. The
        limits are NaN when a sample has fewer than 2 values, or all alike.
    p : float
        Two-sided p value; NaN where there is no interval.

    Notes
    -----
    The variance of the two means is lessened by the correlation of those who are in both. Without
    them this is Welch's t test, with nobody else the paired t test. Holds where each sample is
    a draw of its own: who is in both need not be like the others for the difference, and
    is taken to be as like himself as the others would be for its interval.

    References
    ----------
    Derrick, Russ, Toher and White (2017), Journal of Modern Applied Statistical Methods 16(1),
    137-157: the statistic for unequal variances.
    """
    only_a, only_b, pair_a, pair_b = (
        np.asarray(values, dtype=float) for values in (first, second, both_first, both_second)
    )
    a, b, n_both = np.concatenate([only_a, pair_a]), np.concatenate([only_b, pair_b]), pair_a.size
    if not (a.size and b.size):
        return NOTHING, math.nan
    gap = float(a.mean() - b.mean())
    unknown = Interval(gap, math.nan, math.nan), math.nan
    if min(a.size, b.size) < 2 or not min(np.ptp(a), np.ptp(b)) > 0:
        return unknown
    spread_a, spread_b = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
    shared = _correlate(pair_a, pair_b) * n_both / math.sqrt(a.size * b.size)
    variance = spread_a + spread_b - 2 * shared * math.sqrt(spread_a * spread_b)
    if not variance > 1e-12 * (spread_a + spread_b):
        return unknown  # all changed alike: nothing tells how sure that is
    welch = (spread_a + spread_b) ** 2 / (spread_a**2 / (a.size - 1) + spread_b**2 / (b.size - 1))
    n_single = only_a.size + only_b.size
    freedom = n_both - 1 + (welch - n_both + 1) * n_single / (n_single + 2 * n_both)
    from scipy.stats import t

    error = math.sqrt(variance)
    half = float(t.ppf(0.5 + confidence / 2, freedom)) * error
    return Interval(gap, gap - half, gap + half), float(2 * t.sf(abs(gap) / error, freedom))


def estimate_overlap_share_difference(
    first: tuple[int, int],
    second: tuple[int, int],
    both: tuple[int, int, int, int],
    *,
    confidence: float = 0.95,
) -> tuple[Interval, float]:
    """Estimate the difference of two shares where some people are in both samples, and test it.

    Parameters
    ----------
    first, second : (int, int)
        Participants with the property, of all who are in that sample only.
    both : (int, int, int, int)
        Participants who are in both samples: with the property in both, in the first only, in the
        second only, in neither.
    confidence : float, default 0.95

    Returns
    -------
    difference : Interval
        The share of everybody in the first sample less that of everybody in the second, in
        [-1, 1]; all NaN when a sample has nobody.
    p : float
        Two-sided; NaN when a sample has nobody.

    Raises
    ------
    ValueError
        If a count is negative, or greater than its number of people.

    Notes
    -----
    The limits are the distances of each share from its Wilson limits, squared and added, less
    what the correlation of the two shares takes off. Without anybody in both it is
    Newcombe's method 10 for strangers, with nobody else his method 10 for pairs.

    The test is exact: people of one sample only are dealt to the two samples anew, and the two
    answers of a person who is in both are swapped, in all ways alike. With nobody else it
    is McNemar's exact test. It is a careful one, and at the edge may differ from the interval.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890 and 2635-2650, method 10 of each; Zou and
    Donner (2008), Statistics in Medicine 27, 1693-1702, for limits so joined in general.
    """
    if min(both) < 0:
        raise ValueError(f"counts of people in both samples must not be negative; got {both}.")
    always, then, now, _ = both
    n_both = sum(both)
    count_a, n_a = first[0] + always + then, first[1] + n_both
    count_b, n_b = second[0] + always + now, second[1] + n_both
    for count, n in (first, second):
        estimate_proportion(count, n)  # says what is wrong with counts
    if not (n_a and n_b):
        return NOTHING, math.nan
    a = estimate_proportion(count_a, n_a, confidence=confidence)
    b = estimate_proportion(count_b, n_b, confidence=confidence)
    shared = _correlate_answers(both) * n_both / math.sqrt(n_a * n_b)
    gap = a.value - b.value
    down = _join(a.value - a.low, b.high - b.value, shared)
    up = _join(a.high - a.value, b.value - b.low, shared)
    limits = Interval(gap, max(-1.0, gap - down), min(1.0, gap + up))
    return limits, _deal_anew(first, second, both)


def _join(one: float, other: float, shared: float) -> float:
    return math.sqrt(max(0.0, one**2 + other**2 - 2 * shared * one * other))


def _correlate(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Pearson's r, or 0 where nothing tells it."""
    if a.size < 3 or not min(np.ptp(a), np.ptp(b)) > 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _correlate_answers(both: tuple[int, int, int, int]) -> float:
    """Return phi, a positive one less Newcombe's correction; 0 where nothing tells it."""
    always, then, now, never = both
    margins = (always + then) * (now + never) * (always + now) * (then + never)
    if not margins:
        return 0.0
    product_gap = float(always * never - then * now)
    if product_gap > 0:
        product_gap = max(product_gap - sum(both) / 2, 0.0)
    return product_gap / math.sqrt(margins)


def _deal_anew(
    first: tuple[int, int], second: tuple[int, int], both: tuple[int, int, int, int]
) -> float:
    """Return how likely a difference as great is where the two samples are alike."""
    from scipy.stats import binom, hypergeom

    always, then, now, _ = both
    n_a, n_b = first[1] + sum(both), second[1] + sum(both)
    hits, n_single, changed = first[0] + second[0], first[1] + second[1], then + now
    dealt = np.arange(max(0, hits - second[1]), min(hits, first[1]) + 1)
    swapped = np.arange(changed + 1)
    # scipy knows no chance of dealing nobody, which there is one way to do.
    of_dealt = hypergeom.pmf(dealt, n_single, hits, first[1]) if n_single else np.ones(1)
    chances = np.outer(of_dealt, binom.pmf(swapped, changed, 0.5))
    # Whole numbers: two ways to the same difference must not differ by rounding.
    gaps = np.array(
        [
            (x + always + y) * n_b - (hits - x + always + changed - y) * n_a
            for x, y in product(dealt.tolist(), swapped.tolist())
        ]
    ).reshape(chances.shape)
    seen = (first[0] + always + then) * n_b - (second[0] + always + now) * n_a
    return min(1.0, float(chances[np.abs(gaps) >= abs(seen)].sum()))
