"""Whether what a machine is sure of comes true as often as it says."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cjm_research.statistics.intervals import NOTHING, Interval
from cjm_research.statistics.people import estimate_pooled_share, explain_too_few
from cjm_research.statistics.resampling import estimate_by_resampling, resample_totals

MIN_BINS = 10
"""Bins from which the expected calibration error means something: wider ones hide errors."""

MIN_PER_BIN = 5
"""Units per bin below which chance alone makes most of the error."""

Numbers = Sequence[float] | NDArray[np.float64]


class ReliabilityBin(NamedTuple):
    """Units of which a machine said about the same: a point of the reliability plot.

    Attributes
    ----------
    low, high : float
        Smallest and largest probability in the bin.
    n, n_participants : int
        Units and the participants they are of: the denominators of `observed`.
    predicted : float
        Mean of the probabilities.
    observed : Interval
        Share of the units that came true; limits are NaN below ten participants.
    """

    low: float
    high: float
    n: int
    n_participants: int
    predicted: float
    observed: Interval


class Calibration(NamedTuple):
    """How well probabilities fit what happened.

    Attributes
    ----------
    brier : Interval
        Mean squared distance of probability and outcome: 0 is perfect, .25 is a coin.
    ece : Interval
        Expected calibration error: mean over units of the distance between what their bin
        said and what it saw.
    bins : tuple of ReliabilityBin
        From improbable to probable: the table behind a reliability plot.
    n, n_participants : int
    reason : str
        Why a figure or its interval is missing; else empty.
    """

    brier: Interval
    ece: Interval
    bins: tuple[ReliabilityBin, ...]
    n: int
    n_participants: int
    reason: str


def estimate_calibration(
    outcomes: Numbers,
    probabilities: Numbers,
    participants: Sequence[Hashable],
    *,
    n_bins: int = MIN_BINS,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Calibration:
    """Estimate how well a machine's probabilities fit what people say.

    Parameters
    ----------
    outcomes : sequence of float, shape (n,)
        1 for what came true, 0 for what did not.
    probabilities : sequence of float, shape (n,)
        What the machine gave it; in [0, 1].
    participants : sequence, shape (n,)
        Whose unit it is.
    n_bins : int, default 10
        Of equal mass; equal probabilities share a bin, so there may be fewer.
    confidence : float, default 0.95
    n_resamples : int, default 2000
        Draws of participants with replacement.
    random_state : int, default 0

    Returns
    -------
    Calibration
        All NaN without units. The calibration error is NaN with fewer than five units per bin.
        Limits are NaN below ten participants.

    Raises
    ------
    ValueError
        If the sequences differ in length, a value is not within its bounds, or there are fewer
        than ten bins.

    Notes
    -----
    The Brier score's interval is a bootstrap-t over participants. The calibration error adds up
    distances, and chance makes every one of them greater: of a perfect machine it is above 0,
    and above itself in nearly all resamples, so that their percentiles would never hold the
    truth. Its limits are therefore the error less and plus the sum of distances by which
    resamples depart from what was found, of which `confidence` is not exceeded. They are safe
    (92 to 100 % in simulations of 20 to 100 participants), and wide.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1-3, by `sklearn.metrics.brier_score_loss`; Naeini,
    Cooper and Hauskrecht (2015), AAAI 29, for the calibration error; bins like those of
    `sklearn.calibration.calibration_curve` with ``strategy="quantile"``.
    """
    y, p = np.asarray(outcomes, dtype=float), np.asarray(probabilities, dtype=float)
    people = np.asarray(participants)
    _check(y, p, people, n_bins)
    if y.size == 0:
        return Calibration(NOTHING, NOTHING, (), 0, 0, "no units")
    from sklearn.metrics import brier_score_loss

    _, who = np.unique(people, return_inverse=True)
    n_people = int(who.max()) + 1
    totals = np.bincount(who)
    error = estimate_by_resampling(
        np.column_stack([np.bincount(who, (y - p) ** 2), totals]),
        lambda drawn: drawn[:, 0] / drawn[:, 1],
        confidence=confidence, n_resamples=n_resamples, random_state=random_state,
    )  # fmt: skip
    brier = error.estimate._replace(value=float(brier_score_loss(y, p)))
    edges = np.unique(np.quantile(p, np.linspace(0, 1, n_bins + 1)))
    place = np.searchsorted(edges[1:-1], p)
    bins = tuple(
        _describe(y[place == b], p[place == b], who[place == b], confidence)
        for b in np.unique(place)
    )
    if y.size < MIN_PER_BIN * n_bins:
        reason = f"{y.size} units for {n_bins} bins: {MIN_PER_BIN} per bin are needed"
        return Calibration(brier, NOTHING, bins, int(y.size), n_people, reason)
    value = sum(b.n * abs(b.predicted - b.observed.value) for b in bins) / y.size
    reason = error.reason or explain_too_few(n_people, float(y.size**2 / (totals**2).sum()))
    ece = Interval(value, math.nan, math.nan)
    if not reason:
        sums = np.zeros((n_people, int(place.max()) + 1))
        np.add.at(sums, (who, place), y - p)
        reach = _find_reach(sums, totals, confidence, n_resamples, random_state)
        ece = Interval(value, max(0.0, value - reach), min(1.0, value + reach))
    return Calibration(brier, ece, bins, int(y.size), n_people, reason)


def _describe(
    y: NDArray[np.float64], p: NDArray[np.float64], who: NDArray[np.int64], confidence: float
) -> ReliabilityBin:
    hits, totals = np.bincount(who, y), np.bincount(who)
    there = totals > 0
    seen = estimate_pooled_share(hits[there], totals[there], totals[there], confidence=confidence)
    return ReliabilityBin(
        float(p.min()), float(p.max()), int(y.size), seen.n_people, float(p.mean()), seen.share
    )


def _find_reach(
    sums: NDArray[np.float64], totals: NDArray[np.int64], confidence: float,
    n_resamples: int, random_state: int,
) -> float:  # fmt: skip
    """Return how far all bins together may lie from the truth."""
    drawn = resample_totals(
        np.column_stack([sums, totals]), n_resamples=n_resamples, random_state=random_state
    )
    found = sums.sum(axis=0) / totals.sum()
    apart = np.abs(drawn[:, :-1] / drawn[:, -1:] - found).sum(axis=1)
    # Drawing from n people shows (n - 1) / n of the spread there is.
    n = len(sums)
    return float(np.quantile(apart, confidence)) * math.sqrt(n / (n - 1))


def _check(
    y: NDArray[np.float64], p: NDArray[np.float64], people: NDArray[np.object_], n_bins: int
) -> None:
    if not y.shape == p.shape == people.shape:
        raise ValueError(f"one value per unit is needed; got {y.size}, {p.size}, {people.size}.")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("outcomes are 1 or 0.")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("probabilities must lie between 0 and 1.")
    if n_bins < MIN_BINS:
        raise ValueError(f"n_bins must be at least {MIN_BINS}; got {n_bins}.")
