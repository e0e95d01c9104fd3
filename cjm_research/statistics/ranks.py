"""Ranks, and how far they move when other people are drawn or the rule weighs otherwise."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

_DIGITS = 12
"""Decimals from which two scores are the same: a sum in another order is no difference."""

_BLOCK = 1_000_000
"""People drawn at a time, so that memory does not grow with the number of resamples."""


class Ranks(NamedTuple):
    """Where each item stands, and between where and where.

    Attributes
    ----------
    rank : array, shape (n_items,)
        1 is the greatest. Items of the same score share the better rank: 1, 1, 3.
    rank_low, rank_high : array, shape (n_items,)
        Best and worst rank; NaN where nothing tells. An item of the same score may stand
        before or behind: two that are always the same have 1 to 2.
    first_share, top3_share : array, shape (n_items,)
        Share in which the item is first, and among the first three. Items of the same score
        share a place out equally, as if by lot, so that the shares add up to 1 and to 3 (or
        to the number of items, if fewer).
    """

    rank: NDArray[np.float64]
    rank_low: NDArray[np.float64]
    rank_high: NDArray[np.float64]
    first_share: NDArray[np.float64]
    top3_share: NDArray[np.float64]


def estimate_ranks(draws: ArrayLike, values: ArrayLike, *, confidence: float = 0.95) -> Ranks:
    """Estimate ranks with percentile intervals over resamples.

    Parameters
    ----------
    draws : array, shape (n_resamples, n_items)
        Each item's score in each resample. An item without a score (NaN) stands last there:
        nobody who was drawn tells of it.
    values : array, shape (n_items,)
        Each item's score by everybody.
    confidence : float, default 0.95

    Returns
    -------
    Ranks
        Limits are whole ranks, widened where needed so that the rank itself lies between them.
        Limits and shares are NaN without resamples.

    Raises
    ------
    ValueError
        If a value is missing, the shapes do not fit, or `confidence` is not between 0 and 1.

    References
    ----------
    Goldstein and Spiegelhalter (1996), JRSS A 159, 385-443, for showing no rank without its
    interval; Efron and Tibshirani (1993), chapter 13, for percentiles.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95; got {confidence}.")
    scores, drawn = np.asarray(values, dtype=float), np.asarray(draws, dtype=float)
    if scores.ndim != 1 or drawn.shape != (len(drawn), scores.size):
        raise ValueError(
            f"draws must have one column per item; got {drawn.shape} for {scores.shape}."
        )
    _refuse_missing(scores)
    rank, last = _places(scores)
    if not drawn.size:
        return Ranks(rank, *(np.full(scores.size, math.nan) for _ in range(4)))
    best, worst = _places(np.nan_to_num(drawn, nan=-math.inf))
    tail = (1 - confidence) / 2
    low = np.quantile(best, tail, axis=0, method="inverted_cdf")
    high = np.quantile(worst, 1 - tail, axis=0, method="inverted_cdf")
    shares = (_share_among(places, best, worst) for places in (1, 3))
    return Ranks(rank, np.minimum(low, rank), np.maximum(high, last), *shares)


def vary_weights(
    columns: ArrayLike,
    weights: ArrayLike,
    *,
    factor: float = 2.0,
    n_random: int = 1000,
    random_state: int = 0,
) -> Ranks:
    """Rank items by a weighted mean, and again by other weights.

    Parameters
    ----------
    columns : array, shape (n_items, n_columns)
        Each on the same scale, such as 0 to 1.
    weights : array, shape (n_columns,)
        As declared; 0 or greater, at least one above 0.
    factor : float, default 2
        How far a weight may be from the declared one: that many times more or less.
    n_random : int, default 1000
        Random weightings, in which every weight is the declared one times a factor drawn
        evenly on the log scale.
    random_state : int, default 0

    Returns
    -------
    Ranks
        `rank` by the declared weights. Limits are the best and the worst rank over the
        declared weights, each weight alone divided and multiplied by the factor and set to 0,
        and the random weightings. Shares are those of the random weightings, in which nothing
        but the choice of weights is at play: they are no probabilities about people.

    Raises
    ------
    ValueError
        If a value is missing, the shapes do not fit, a weight is negative, all are 0, or there
        is no factor above 1.

    References
    ----------
    Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, for why all weights are
    varied at once as well as one at a time.
    """
    table, declared = np.asarray(columns, dtype=float), np.asarray(weights, dtype=float)
    if factor <= 1:
        raise ValueError(f"factor must be above 1, such as 2; got {factor}.")
    _refuse_missing(table)
    rank, last = _places(weigh(table, declared))
    alone = declared * np.concatenate([_one_at_a_time(declared.size, f) for f in _around(factor)])
    random = np.random.default_rng(random_state)
    drawn = declared * factor ** random.uniform(-1, 1, size=(n_random, declared.size))
    best, worst = _places(weigh(table, drawn))
    # A rule whose only weight is set to 0 orders nothing.
    best_alone, worst_alone = _places(weigh(table, alone[alone.sum(axis=1) > 0]))
    low = np.vstack([rank, best_alone, best]).min(axis=0)
    high = np.vstack([last, worst_alone, worst]).max(axis=0)
    return Ranks(rank, low, high, *(_share_among(places, best, worst) for places in (1, 3)))


def weigh(columns: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Return the weighted mean of columns: each item's score.

    Parameters
    ----------
    columns : array, shape (..., n_items, n_columns)
    weights : array, shape (n_columns,), or (n_weightings, n_columns) for one table of columns
        0 or greater.

    Returns
    -------
    array, shape (..., n_items), or (n_weightings, n_items)
        NaN where a column is missing.

    Raises
    ------
    ValueError
        If the columns and weights do not fit, a weight is negative or all are 0.
    """
    table, factors = np.asarray(columns, dtype=float), np.asarray(weights, dtype=float)
    if table.ndim < 2 or table.shape[-1] != factors.shape[-1]:
        raise ValueError(f"one weight per column is needed; got {table.shape}, {factors.shape}.")
    total = factors.sum(axis=-1, keepdims=True)
    if (factors < 0).any() or (total <= 0).any():
        raise ValueError(f"weights must be 0 or greater, and one above 0; got {factors.tolist()}.")
    score: NDArray[np.float64] = (factors / total) @ np.swapaxes(table, -1, -2)
    return score


def resample_sums(
    columns: ArrayLike, *, n_resamples: int = 2000, random_state: int = 0
) -> NDArray[np.float64]:
    """Sum columns over people drawn with replacement, as many as there are.

    Parameters
    ----------
    columns : array, shape (n_people, n_columns)
        A row per participant, mostly zeros: 1 where the participant counts in a column.
    n_resamples : int, default 2000
    random_state : int, default 0

    Returns
    -------
    array, shape (n_resamples, n_columns)
        Participants stay whole: all columns of a resample are of the same people.
    """
    from scipy.sparse import csr_array

    table = np.asarray(columns)
    n = len(table)
    sums = np.zeros((n_resamples, table.shape[1]))
    if n == 0:
        return sums
    by_column = csr_array(table.T).astype(float)
    random = np.random.default_rng(random_state)
    step = max(1, _BLOCK // n)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        drawn = random.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        sums[start : start + size] = (by_column @ times.T).T
    return sums


def find_medians(counts: ArrayLike, levels: ArrayLike) -> NDArray[np.float64]:
    """Return the median of values that are given as counts per level.

    Parameters
    ----------
    counts : array, shape (..., n_levels)
        How many have each level.
    levels : array, shape (n_levels,)
        Rising.

    Returns
    -------
    array, shape (...)
        The mean of the two middle ones of an even number; NaN of nobody.
    """
    running = np.cumsum(np.asarray(counts, dtype=float), axis=-1)
    scale = np.asarray(levels, dtype=float)
    if not scale.size:
        return np.full(running.shape[:-1], math.nan)
    n = running[..., -1]
    middles = [
        scale[np.minimum((running <= at[..., None]).sum(axis=-1), scale.size - 1)]
        for at in ((n - 1) // 2, n // 2)
    ]
    return np.where(n > 0, sum(middles) / 2, math.nan)


def draw_shares(
    shares: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    *,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> NDArray[np.float64]:
    """Draw shares that might be true, where of people there is only a share with its interval.

    Parameters
    ----------
    shares, lows, highs : array, shape (n,)
        In [0, 1]. A share without limits is drawn as it is: nothing tells how far it is off.
    n_resamples : int, default 2000
    confidence : float, default 0.95
        Of the limits.
    random_state : int, default 0

    Returns
    -------
    array, shape (n_resamples, n)
        Independent of each other; NaN for a missing share.

    Notes
    -----
    Drawn from the posterior of Jeffreys' prior, a beta distribution, with as many people as
    `count_effective` finds behind the interval. Unlike a resample of people, it moves when
    nobody or everybody has the property.

    References
    ----------
    Brown, Cai and DasGupta (2001), Statistical Science 16, 101-133, for Jeffreys' interval.
    """
    means = np.asarray(shares, dtype=float)
    n = count_effective(means, lows, highs, confidence=confidence)
    spread = np.isfinite(n)
    draws = np.tile(means, (n_resamples, 1))
    yes, no = means[spread] * n[spread], (1 - means[spread]) * n[spread]
    random = np.random.default_rng(random_state)
    draws[:, spread] = random.beta(yes + 0.5, no + 0.5, size=(n_resamples, yes.size))
    return draws


def count_effective(
    shares: ArrayLike, lows: ArrayLike, highs: ArrayLike, *, confidence: float = 0.95
) -> NDArray[np.float64]:
    """Count the independent people that an interval of a share is worth.

    The number whose Wilson interval is as wide: for a Wilson interval its own n, for one that
    allows for several tries of a person fewer than there are tries.

    Parameters
    ----------
    shares, lows, highs : array, shape (n,)
    confidence : float, default 0.95

    Returns
    -------
    array, shape (n,)
        Infinite for an interval without width, 0 for one as wide as all shares, NaN where a
        value is missing.
    """
    from scipy.stats import norm

    share, half = np.asarray(shares, dtype=float), np.subtract(highs, lows, dtype=float) / 2
    z = float(norm.ppf(0.5 + confidence / 2))
    # With a = z * z / n, Wilson's half width h satisfies
    # (1/4 - h^2) a^2 + (p q - 2 h^2) a - h^2 = 0; the greater root is a.
    product = share * (1 - share)
    root = np.sqrt(product**2 + half**2 * (1 - 4 * product))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (2 * half**2 - product + root) / (2 * (0.25 - half**2))
        n = np.where(half < 0.5, z**2 / ratio, np.where(np.isnan(half), math.nan, 0.0))
    found: NDArray[np.float64] = np.where(half <= 0, math.inf, n)
    return np.where(np.isnan(share), math.nan, found)


def _places(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the best and the worst rank of each item: they differ where scores are the same."""
    from scipy.stats import rankdata

    falling = -np.round(scores, _DIGITS)
    best, worst = (rankdata(falling, method=ties, axis=-1) for ties in ("min", "max"))
    return best.astype(float), worst.astype(float)


def _share_among(
    places: int, best: NDArray[np.float64], worst: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return in which share of the rankings each item is among the first so many."""
    within = np.clip((places + 1 - best) / (worst + 1 - best), 0, 1)
    share: NDArray[np.float64] = (
        within.mean(axis=0) if len(within) else np.full(within.shape[1], math.nan)
    )
    return share


def _around(factor: float) -> tuple[float, float, float]:
    return (0.0, 1 / factor, factor)


def _one_at_a_time(n: int, factor: float) -> NDArray[np.float64]:
    """Return factors for n weights, one changed in each row."""
    return np.where(np.eye(n, dtype=bool), factor, 1.0)


def _refuse_missing(values: NDArray[np.float64]) -> None:
    if np.isnan(values).any():
        raise ValueError("an item with a missing value has no rank; leave it out.")
