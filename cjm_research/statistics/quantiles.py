"""Medians and other quantiles, with intervals that assume no distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cjm_research.statistics.intervals import NOTHING, Interval


def find_quantile_ranks(n: int, q: float, *, confidence: float = 0.95) -> tuple[int, int] | None:
    """Find which of the sorted values bound a quantile.

    The number of values below a quantile is binomial, whatever their distribution. Each limit
    is on the wrong side of it with a chance of at most half of one less the confidence.

    Parameters
    ----------
    n : int
        Values, one per participant.
    q : float
        Quantile, between 0 and 1: 0.5 is the median.
    confidence : float, default 0.95

    Returns
    -------
    (low, high) : tuple of int, or None
        1-based ranks in the sorted values; None where `n` is too small for both limits, which
        for the median at 95 % is below 6.

    Raises
    ------
    ValueError
        If `n` is negative or `q` not between 0 and 1.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, section 3.2; David and Nagaraja (2003),
    Order Statistics, section 7.1.
    """
    if n < 0 or not 0 < q < 1:
        raise ValueError(f"n must be at least 0 and q between 0 and 1; got {n} and {q}.")
    from scipy.stats import binom

    tail = (1 - confidence) / 2
    low, high = int(binom.ppf(tail, n, q)), int(binom.isf(tail, n, q)) + 1
    return (low, high) if low >= 1 and high <= n else None


def estimate_quantile(
    values: Sequence[float] | NDArray[np.float64], q: float, *, confidence: float = 0.95
) -> Interval:
    """Estimate a quantile of one value per participant.

    Parameters
    ----------
    values : sequence of float
        NaN are left out.
    q : float
        Between 0 and 1.
    confidence : float, default 0.95

    Returns
    -------
    Interval
        The value is interpolated between neighbours, as numpy and pandas do; the limits are
        values themselves (`find_quantile_ranks`), NaN where there are too few. All NaN
        without values.

    Raises
    ------
    ValueError
        If `q` is not between 0 and 1.
    """
    numbers = np.asarray(values, dtype=float)
    numbers = np.sort(numbers[~np.isnan(numbers)])
    ranks = find_quantile_ranks(numbers.size, q, confidence=confidence)
    if not numbers.size:
        return NOTHING
    value = float(np.quantile(numbers, q))
    if ranks is None:
        return Interval(value, math.nan, math.nan)
    low, high = ranks
    return Interval(value, float(numbers[low - 1]), float(numbers[high - 1]))
