"""Two shares compared: difference, ratio and test; and many tests adjusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cjm_research.errors import UnknownNameError
from cjm_research.statistics.intervals import NOTHING, Interval, estimate_proportion

MIN_EXPECTED = 5
"""People expected in a cell below which the chi-squared distribution does not hold (Cochran)."""

_ADJUSTMENTS = {"bh": "fdr_bh", "holm": "holm"}

_FAR = 10.0
"""How far from the ratio, in log units (a factor of 22 000), its limits are looked for."""


def estimate_difference(
    count_a: int, n_a: int, count_b: int, n_b: int, *, confidence: float = 0.95
) -> Interval:
    """Estimate the difference of two groups' shares, the first less the second.

    The limits are those of Newcombe's method 10: the distances of each share from its Wilson
    limits, squared and added. Somewhat conservative for small groups and rare answers.

    Parameters
    ----------
    count_a, count_b : int
        Participants with the property in each group.
    n_a, n_b : int
        Participants in each group: the denominators. Nobody is in both.
    confidence : float, default 0.95

    Returns
    -------
    Interval
        In [-1, 1]; all NaN when a group has nobody.

    Raises
    ------
    ValueError
        If a count is not in [0, n].

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    a = estimate_proportion(count_a, n_a, confidence=confidence)
    b = estimate_proportion(count_b, n_b, confidence=confidence)
    gap = a.value - b.value
    down = math.hypot(a.value - a.low, b.high - b.value)
    up = math.hypot(a.high - a.value, b.value - b.low)
    return Interval(gap, gap - down, gap + up)


def compare_proportions(count_a: int, n_a: int, count_b: int, n_b: int) -> float:
    """Test whether two groups' shares differ.

    Fisher's exact test when fewer than 5 people are expected in any of the four cells, else
    Pearson's chi-squared test without continuity correction, which is the score test. The
    chi-squared test is not the test that belongs to `estimate_difference`: at the edge, one
    may see a difference where the other does not.

    Parameters
    ----------
    count_a, n_a, count_b, n_b : int
        As for `estimate_difference`.

    Returns
    -------
    float
        Two-sided p value; NaN when a group has nobody.

    Raises
    ------
    ValueError
        If a count is not in [0, n].
    """
    if math.isnan(measure_share(count_a, n_a) - measure_share(count_b, n_b)):
        return math.nan
    from scipy.stats import chi2_contingency, fisher_exact

    table = [[count_a, n_a - count_a], [count_b, n_b - count_b]]
    hits = count_a + count_b
    fewest = min(n_a, n_b) * min(hits, n_a + n_b - hits) / (n_a + n_b)
    if fewest < MIN_EXPECTED:
        return float(fisher_exact(table).pvalue)
    return float(chi2_contingency(table, correction=False).pvalue)


def estimate_risk_ratio(
    count_a: int, n_a: int, count_b: int, n_b: int, *, confidence: float = 0.95
) -> Interval:
    """Estimate how many times the second group's share the first group's is.

    The limits are Koopman's: the ratios that the score test of statsmodels does not reject.

    Parameters
    ----------
    count_a, n_a, count_b, n_b : int
        As for `estimate_difference`.
    confidence : float, default 0.95

    Returns
    -------
    Interval
        0 or greater; all NaN when a group has nobody, and when nobody of the second group has
        the property.

    Raises
    ------
    ValueError
        If a count is not in [0, n].

    References
    ----------
    Koopman (1984), Biometrics 40, 513-517; Miettinen and Nurminen (1985), Statistics in
    Medicine 4, 213-226, for the statistic.

    Notes
    -----
    `statsmodels.stats.proportion.confint_proportions_2indep` has Koopman's limits in closed
    form, but picks the wrong root when everybody of a group has the property: 1.00 to 1.77
    for 5 of 5 against 5 of 5, instead of 0.57 to 1.77 (statsmodels 0.15).
    """
    share_a, share_b = measure_share(count_a, n_a), measure_share(count_b, n_b)
    if math.isnan(share_a) or not share_b > 0:
        return NOTHING
    from scipy.optimize import brentq
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    score = _ratio_score(count_a, n_a, count_b, n_b)
    # With nobody in the first group, half a person is near enough to start from.
    middle = math.log(max(count_a, 0.5) / n_a / share_b)
    reach = (middle - _FAR, middle + _FAR)
    low = math.exp(brentq(lambda ratio: score(ratio) - z, *reach)) if count_a else 0.0
    high = math.exp(brentq(lambda ratio: score(ratio) + z, *reach))
    return Interval(share_a / share_b, low, high)


def adjust_p_values(
    p_values: Sequence[float] | NDArray[np.float64], *, method: Literal["bh", "holm"] = "bh"
) -> NDArray[np.float64]:
    """Adjust the p values of one declared family of comparisons.

    Parameters
    ----------
    p_values : sequence of float
        NaN for a comparison that could not be tested: it stays NaN and is none of the family.
    method : {"bh", "holm"}, default "bh"
        Benjamini and Hochberg's step-up bounds the expected share of false finds among the
        finds; Holm's step-down bounds the risk of even one, which suits a small family.

    Returns
    -------
    array of float
        In the order given; compare with the level itself.

    Raises
    ------
    ValueError
        If a p value is not in [0, 1].
    UnknownNameError
        If there is no such method.

    References
    ----------
    Benjamini and Hochberg (1995), JRSS B 57, 289-300; Holm (1979), Scandinavian Journal of
    Statistics 6, 65-70; by `statsmodels.stats.multitest.multipletests`.
    """
    if method not in _ADJUSTMENTS:
        raise UnknownNameError("method of adjusting p values", method, _ADJUSTMENTS)
    adjusted = np.array(p_values, dtype=float)
    tested = ~np.isnan(adjusted)
    family = adjusted[tested]
    if ((family < 0) | (family > 1)).any():
        raise ValueError(f"p values must lie between 0 and 1; got {family.tolist()}.")
    if family.size:
        from statsmodels.stats.multitest import multipletests

        adjusted[tested] = multipletests(family, method=_ADJUSTMENTS[method])[1]
    return adjusted


def estimate_mean_difference(
    first: Sequence[float], second: Sequence[float], *, confidence: float = 0.95
) -> tuple[Interval, float]:
    """Estimate the difference of two groups' means, the first less the second, and test it.

    Parameters
    ----------
    first, second : sequence of float
        One value per participant; nobody is in both. NaN is left out.
    confidence : float, default 0.95

    Returns
    -------
    difference : Interval
        With Welch's t interval, which does not ask for equal variances. All NaN when a group
        has nobody; the limits are NaN when one has fewer than 2 values, or all alike: five equal
        answers do not show that a sixth would be the same.
    p : float
        Two-sided p value of Welch's t test; NaN where there is no interval.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35; by `scipy.stats.ttest_ind`.
    """
    a, b = (np.asarray(values, dtype=float) for values in (first, second))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if not (a.size and b.size):
        return NOTHING, math.nan
    gap = float(a.mean() - b.mean())
    if min(a.size, b.size) < 2 or not min(np.ptp(a), np.ptp(b)) > 0:
        return Interval(gap, math.nan, math.nan), math.nan
    from scipy.stats import ttest_ind

    test = ttest_ind(a, b, equal_var=False)
    limits = test.confidence_interval(confidence)
    return Interval(gap, float(limits.low), float(limits.high)), float(test.pvalue)


def measure_share(count: int, n: int) -> float:
    """Return the share; NaN of nobody.

    Raises
    ------
    ValueError
        If `count` is not in [0, n].
    """
    if not 0 <= count <= n:
        raise ValueError(f"count must lie between 0 and n; got {count} of {n}.")
    return count / n if n else math.nan


def _ratio_score(count_a: int, n_a: int, count_b: int, n_b: int) -> Callable[[float], float]:
    """Return the score statistic of a log ratio: it falls as the ratio grows."""
    from statsmodels.stats.proportion import score_test_proportions_2indep

    def score(log_ratio: float) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            test = score_test_proportions_2indep(
                count_a, n_a, count_b, n_b,
                value=math.exp(log_ratio), compare="ratio", correction=False,
            )  # fmt: skip
        # Where everybody is, the ratio 1 leaves no variance, or by rounding one below 0.
        return float(np.nan_to_num(test.statistic))

    return score
