"""Intervals for one sample of independent participants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """An estimate with its interval; NaN where it cannot be given."""

    value: float
    low: float
    high: float


NOTHING = Interval(math.nan, math.nan, math.nan)


def estimate_proportion(count: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Estimate a share with its Wilson score interval.

    Parameters
    ----------
    count : int
        Participants with the property.
    n : int
        Participants asked or observed: the denominator.
    confidence : float, default 0.95

    Returns
    -------
    Interval
        In [0, 1]; all NaN when `n` is 0: no data is not 0 %.

    Raises
    ------
    ValueError
        If `count` is not in [0, n], or `confidence` not between 0 and 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 857-872, method 3.
    """
    if not 0 <= count <= n:
        raise ValueError(f"count must lie between 0 and n; got {count} of {n}.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95; got {confidence}.")
    if n == 0:
        return NOTHING
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    # At 0 and n of n rounding can put a limit on the wrong side of the share by 1e-16.
    share = count / n
    return Interval(share, min(share, max(0.0, float(low))), max(share, min(1.0, float(high))))


def estimate_nps(
    n_promoters: int, n_passives: int, n_detractors: int, *, confidence: float = 0.95
) -> Interval:
    """Estimate the Net Promoter Score with its adjusted-Wald interval.

    Three answers are added, three quarters of one at each end, before the variance of the
    difference of two shares of one sample is taken.

    Returns
    -------
    Interval
        In points, -100 to 100; all NaN without answers.

    References
    ----------
    Rocks (2016), The American Statistician 70(4); MeasuringU, "Three confidence intervals
    for NPS".
    """
    n = n_promoters + n_passives + n_detractors
    if n == 0:
        return NOTHING
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    promoters = (n_promoters + 0.75) / (n + 3)
    detractors = (n_detractors + 0.75) / (n + 3)
    centre = promoters - detractors
    half = z * math.sqrt((promoters + detractors - centre**2) / (n + 3))
    score = (n_promoters - n_detractors) / n
    return Interval(100 * score, 100 * max(-1.0, centre - half), 100 * min(1.0, centre + half))


def estimate_mean(values: Sequence[float], *, confidence: float = 0.95) -> Interval:
    """Estimate the mean of one value per participant with its t interval.

    Returns
    -------
    Interval
        The limits are NaN for fewer than 2 values; all NaN without values.
    """
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    if numbers.size == 0:
        return NOTHING
    sd = float(numbers.std(ddof=1)) if numbers.size > 1 else math.nan
    return summarize_mean(float(numbers.mean()), sd, numbers.size, confidence=confidence)


def summarize_mean(mean: float, sd: float, n: int, *, confidence: float = 0.95) -> Interval:
    """Return a mean with its t interval, by numbers that an engine has computed.

    Parameters
    ----------
    mean : float
        NaN without values.
    sd : float
        Of the sample (n - 1); NaN for fewer than 2 values.
    n : int
        Participants with a value.

    Returns
    -------
    Interval
        As `estimate_mean`.
    """
    if math.isnan(mean) or math.isnan(sd):
        return Interval(mean, math.nan, math.nan)
    from scipy.stats import t

    half = float(t.ppf(0.5 + confidence / 2, n - 1)) * sd / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)
