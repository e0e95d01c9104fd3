"""Planned comparisons of two versions: enough people, rightly split, looked at honestly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cjm_research.statistics.differences import MIN_EXPECTED, measure_share
from cjm_research.statistics.intervals import NOTHING, Interval

MISMATCH_BELOW = 0.001
"""The p value below which a split is not what was planned."""

_NEARLY_NOTHING = 1e-9


class SampleRatio(NamedTuple):
    """Whether people were split between the arms as planned.

    Attributes
    ----------
    chi2, p : float
        Pearson's test of the planned shares; NaN when fewer than 5 people are expected in an
        arm.
    mismatch : bool or None
        p is below .001: the arms are not comparable until it is known why. None when it
        cannot be told.
    """

    chi2: float
    p: float
    mismatch: bool | None


def check_sample_ratio(counts: Sequence[int], shares: Sequence[float] | None = None) -> SampleRatio:
    """Check whether the arms got the shares of people that they should have.

    Parameters
    ----------
    counts : sequence of int
        Participants in each arm.
    shares : sequence of float, optional
        Planned shares, in any unit; equal ones when not given.

    Returns
    -------
    SampleRatio

    Raises
    ------
    ValueError
        If there are fewer than two arms, a count is negative, or the shares are not one
        above 0 for each arm.

    References
    ----------
    Fabijan et al. (2019), Diagnosing Sample Ratio Mismatch in Online Controlled Experiments,
    KDD '19, 2156-2164.
    """
    seen = np.asarray(counts, dtype=float)
    planned = np.ones(seen.shape) if shares is None else np.asarray(shares, dtype=float)
    if seen.size < 2 or seen.shape != planned.shape or not (seen >= 0).all():
        raise ValueError(
            "at least two arms are needed, each with a count of people and a planned share; "
            f"got counts {list(counts)} and shares {planned.tolist()}."
        )
    if not (planned > 0).all():
        raise ValueError(f"planned shares must be above 0; got {planned.tolist()}.")
    expected = seen.sum() * planned / planned.sum()
    if expected.min() < MIN_EXPECTED:
        return SampleRatio(math.nan, math.nan, None)
    from scipy.stats import chisquare

    chi2, p = (float(number) for number in chisquare(seen, expected))
    return SampleRatio(chi2, p, p < MISMATCH_BELOW)


def find_minimum_detectable_effect(
    n_a: int, n_b: int, base_rate: float, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Find the smallest rise of a share that two groups of this size would show.

    By the normal approximation: the shares' pooled variance where there is no effect, their
    own where there is (`statsmodels.stats.proportion.power_proportions_2indep`). It flatters
    groups in which fewer than about 5 people have, or lack, the property.

    Parameters
    ----------
    n_a, n_b : int
        Participants with the base rate, and with the raised one.
    base_rate : float
        Share in the first group, in [0, 1].
    power : float, default 0.8
        Chance of seeing an effect of this size.
    alpha : float, default 0.05
        Chance of seeing one where there is none; two-sided.

    Returns
    -------
    float
        Absolute difference of the shares, in (0, 1]. NaN where not even a rise to everybody
        would show. For a fall, give one less the base rate.

    Raises
    ------
    ValueError
        If a size is negative, the base rate not in [0, 1], or not 0 < alpha < power < 1.
    """
    _check_plan(base_rate, power, alpha)
    if n_a < 0 or n_b < 0:
        raise ValueError(f"groups must have at least 0 people; got {n_a} and {n_b}.")
    most = 1 - base_rate
    if n_a == 0 or n_b == 0 or most == 0:
        return math.nan
    from scipy.optimize import brentq
    from statsmodels.stats.proportion import power_proportions_2indep

    def lacking(effect: float) -> float:
        reached = power_proportions_2indep(
            effect, base_rate, n_b, ratio=n_a / n_b, alpha=alpha, return_results=False
        )
        return power - float(reached)

    # At a rise from nobody to everybody itself no variance is left to divide by.
    least, most = most * _NEARLY_NOTHING, most * (1 - _NEARLY_NOTHING)
    return float(brentq(lacking, least, most)) if lacking(most) <= 0 else math.nan


def find_sample_size(
    base_rate: float, effect: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Find how many participants each of two groups needs to show an effect.

    By the same approximation as `find_minimum_detectable_effect`, in closed form: the chance
    that the test sees the opposite of the effect is left out
    (`statsmodels.stats.proportion.samplesize_proportions_2indep_onetail`).

    Parameters
    ----------
    base_rate : float
        Share without the effect, in [0, 1].
    effect : float
        Absolute difference of the shares, above or below 0: 0.05 for 20 % to 25 %.
    power, alpha : float
        As for `find_minimum_detectable_effect`.

    Returns
    -------
    int
        Participants per group.

    Raises
    ------
    ValueError
        If the effect is 0 or leads out of [0, 1], the base rate is not in [0, 1], or not
        0 < alpha < power < 1.
    """
    _check_plan(base_rate, power, alpha)
    if effect == 0 or not 0 <= base_rate + effect <= 1:
        raise ValueError(
            "effect must not be 0, and base_rate and effect must add up to a share between 0 "
            f"and 1; got {base_rate} and {effect}."
        )
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    n = samplesize_proportions_2indep_onetail(effect, base_rate, power, alpha=alpha)
    return math.ceil(float(n))


def always_valid_difference(
    count_a: int,
    n_a: int,
    count_b: int,
    n_b: int,
    *,
    confidence: float = 0.95,
    tuned_for: int = 1000,
) -> Interval:
    """Estimate a difference of two groups' shares while people still come in.

    A fixed-n interval holds for one look at a number of people set in advance: who looks until
    it leaves out 0 will see that happen. This one holds for all looks together, and so for
    stopping whenever one likes; for that it is half as wide again, and more.

    Parameters
    ----------
    count_a, n_a, count_b, n_b : int
        As for `estimate_difference`, so far; people get into one group or the other by chance.
    confidence : float, default 0.95
        Chance that no look ever leaves out the truth.
    tuned_for : int, default 1000
        Participants of both groups together at which the interval is narrowest compared with
        others of its kind. It must be set before the first look.

    Returns
    -------
    Interval
        The first share less the second, in [-1, 1]; all NaN when a group has nobody.

    Raises
    ------
    ValueError
        If a count is not in [0, n], or `tuned_for` is below 1.

    Notes
    -----
    The asymptotic confidence sequence of Waudby-Smith et al. (2024), Annals of Statistics 52,
    2613-2640, a normal mixture (Robbins 1970; Howard et al. 2021), for the
    average effect in a randomised experiment, the tuning exact by Lambert's W. As the error
    of few people's own variance is not in it, a hit and a miss are added to each group before
    the variance is taken (Agresti and Caffo 2000, The American Statistician 54, 280-288): two
    groups without any hit are no certainty.
    """
    gap = measure_share(count_a, n_a) - measure_share(count_b, n_b)
    if tuned_for < 1:
        raise ValueError(f"tuned_for must be at least 1 participant; got {tuned_for}.")
    if math.isnan(gap):
        return NOTHING
    from scipy.special import lambertw

    alpha = 1 - confidence
    # The mixture's variance that makes the factor below least where n is `tuned_for`.
    tuning = -1 - float(lambertw(-(alpha**2) / math.e, -1).real)
    mixed = tuning * (n_a + n_b) / tuned_for
    factor = (mixed + 1) / mixed * 2 * math.log(math.sqrt(mixed + 1) / alpha)
    half = math.sqrt(factor * (_variance(count_a, n_a) + _variance(count_b, n_b)))
    return Interval(gap, max(-1.0, gap - half), min(1.0, gap + half))


def _variance(count: int, n: int) -> float:
    """Return the variance of a share, a hit and a miss added."""
    share = (count + 1) / (n + 2)
    return share * (1 - share) / n


def _check_plan(base_rate: float, power: float, alpha: float) -> None:
    if not (0 <= base_rate <= 1 and 0 < alpha < power < 1):
        raise ValueError(
            "base_rate must lie between 0 and 1, and alpha and power too, alpha below power; "
            f"got {base_rate}, {alpha} and {power}."
        )
