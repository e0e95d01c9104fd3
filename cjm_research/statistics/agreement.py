"""How far two coders agree: Cohen's kappa by units and by characters, and detection.

Participants, not excerpts, are independent of each other: intervals come from a percentile
bootstrap that draws whole participants, and are given from ten participants on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

from cjm_research.statistics.intervals import NOTHING, Interval

MIN_PARTICIPANTS = 10
"""Participants from which an interval is given: of fewer, resamples are too much alike."""

MAX_UNDEFINED = 0.05
"""Share of resamples without a value from which an interval would be of the rest only."""


Judgements = Sequence[float] | np.ndarray
"""1 yes, 0 no, NaN not judged; a value per unit."""

_Measure = Callable[[np.ndarray], np.ndarray]
"""From tables (n, 4) of units by answer to n figures."""


class Agreement(NamedTuple):
    """What two coders agree on.

    Attributes
    ----------
    kappa : Interval
        Cohen's kappa, chance-corrected; NaN where it is not defined.
    share : Interval
        Share of the units on which both say the same, in [0, 1].
    n_units, n_participants : int
        Units that both judged, and the participants they are of: the denominators.
    n_both, n_first, n_second : int
        Units where both, only the first, only the second said yes.
    reason : str
        Why kappa or its interval is missing; else empty.
    """

    kappa: Interval
    share: Interval
    n_units: int
    n_participants: int
    n_both: int
    n_first: int
    n_second: int
    reason: str


class Detection(NamedTuple):
    """How well codes that are on trial match those that are taken for true.

    Attributes
    ----------
    precision : Interval
        Of the units that got the code, the share that should.
    recall : Interval
        Of the units that should have it, the share that got it.
    f1 : Interval
        Harmonic mean of both; 0 when no unit is right.
    n_right, n_wrong, n_missed : int
        Units given rightly, given wrongly, and not given though true.
    n_units, n_participants : int
        Units judged on both sides, and the participants they are of.
    reason : str
        Why a figure or its interval is missing; else empty.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    n_right: int
    n_wrong: int
    n_missed: int
    n_units: int
    n_participants: int
    reason: str


class SpanAgreement(NamedTuple):
    """What two coders agree on, character by character.

    Attributes
    ----------
    kappa : float
        Over the whole text.
    kappa_coded : float
        Over the characters that either coded. Never above 0, because no character is left on
        which both say no: it is given for comparison with tools that report it.
    overlap : float
        Characters that both coded, of those that either did (Jaccard).
    n_both, n_first, n_second, n_neither : int
        Characters.
    reason : str
        Why kappa is missing; else empty.
    """

    kappa: float
    kappa_coded: float
    overlap: float
    n_both: int
    n_first: int
    n_second: int
    n_neither: int
    reason: str


def estimate_kappa(
    first: Judgements,
    second: Judgements,
    participants: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Agreement:
    """Estimate Cohen's kappa of two coders' yes and no.

    Parameters
    ----------
    first, second : sequence of float, shape (n,)
        1 yes, 0 no, NaN not judged; a unit counts when both judged it.
    participants : sequence, shape (n,)
        Whose unit it is.
    confidence : float, default 0.95
    n_resamples : int, default 2000
        Draws of participants with replacement for the percentile interval.
    random_state : int, default 0

    Returns
    -------
    Agreement
        Kappa is NaN, with the reason, without common units and when both gave only one and
        the same answer throughout. Limits are NaN below ten participants, when more than 5 % of
        the resamples have no kappa, and when all of them have the same.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46; point estimate by
    `sklearn.metrics.cohen_kappa_score`.
    """
    a, b, people = _judged(first, second, participants)
    n = int(a.size)
    n_people = len(set(people))
    both, one, two = int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum())
    if n == 0:
        nothing = "they have no units in common"
        return Agreement(NOTHING, NOTHING, 0, 0, 0, 0, 0, nothing)
    tables = _tables(a, b, people)
    weights = _resamples(len(tables), n_resamples, random_state)
    share = _interval((both + n - both - one - two) / n, _share, tables, weights, confidence)[0]
    if one == two == 0 and both in (0, n):
        reason = f"both said {'yes' if both else 'no'} to every unit: kappa is not defined"
        return Agreement(NOTHING, share, n, n_people, both, one, two, reason)
    from sklearn.metrics import cohen_kappa_score

    value = float(cohen_kappa_score(a, b))
    kappa, reason = _interval(value, _kappa, tables, weights, confidence)
    return Agreement(kappa, share, n, n_people, both, one, two, reason)


def estimate_detection(
    given: Judgements,
    truth: Judgements,
    participants: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Detection:
    """Estimate precision, recall and F1 of one coder's yes against another's.

    Parameters
    ----------
    given, truth : sequence of float, shape (n,)
        1 yes, 0 no, NaN not judged; a unit counts when both are there.
    participants : sequence, shape (n,)
    confidence, n_resamples, random_state
        As in `estimate_kappa`.

    Returns
    -------
    Detection
        Precision is NaN when nothing was given, recall when nothing is true; F1 needs either.
    """
    a, b, people = _judged(given, truth, participants)
    right, wrong, missed = int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum())
    n_people = len(set(people))
    if a.size == 0:
        nothing = "they have no units in common"
        return Detection(NOTHING, NOTHING, NOTHING, 0, 0, 0, 0, 0, nothing)
    tables = _tables(a, b, people)
    weights = _resamples(len(tables), n_resamples, random_state)
    figures = [
        _interval(part / whole if whole else math.nan, measure, tables, weights, confidence, none)
        for measure, part, whole, none in (
            (_precision, right, right + wrong, "the code was never given"),
            (_recall, right, right + missed, "the code is true of no unit"),
            (_f1, 2 * right, 2 * right + wrong + missed, "neither side has the code"),
        )
    ]
    (precision, _), (recall, _), (f1, _) = figures
    reason = "; ".join(dict.fromkeys(why for _, why in figures if why))
    return Detection(precision, recall, f1, right, wrong, missed, int(a.size), n_people, reason)


def measure_span_agreement(
    n_both: int, n_first: int, n_second: int, n_neither: int
) -> SpanAgreement:
    """Return Cohen's kappa of two coders who marked characters of a text.

    Parameters
    ----------
    n_both, n_first, n_second, n_neither : int
        Characters that both, only the first, only the second, and neither coded.

    Notes
    -----
    Agreement by chance is that of two yes *and* of two no:
    ``p1 * p2 + (1 - p1) * (1 - p2)``. Leaving out the second term, as some tools do, gives
    .66 instead of .78 for 80, 20, 20 and 880 characters.

    Raises
    ------
    ValueError
        If a count is negative.
    """
    counts = (n_both, n_first, n_second, n_neither)
    if min(counts) < 0:
        raise ValueError(f"counts of characters cannot be negative; got {counts}.")
    coded = n_both + n_first + n_second
    kappa = float(_kappa(np.array([counts], dtype=float))[0])
    kappa_coded = float(_kappa(np.array([[n_both, n_first, n_second, 0]], dtype=float))[0])
    overlap = n_both / coded if coded else math.nan
    reason = ""
    if math.isnan(kappa):
        reason = "there is no text" if sum(counts) == 0 else "all of the text, or none, is coded"
    return SpanAgreement(kappa, kappa_coded, overlap, *counts, reason)


def _judged(
    first: Judgements, second: Judgements, participants: Sequence[Hashable]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return yes and no of both, and the participants, for the units that both judged."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    people = np.asarray(participants)
    if not a.shape == b.shape == people.shape:
        raise ValueError(f"one value per unit is needed; got {a.size}, {b.size}, {people.size}.")
    there = ~np.isnan(a) & ~np.isnan(b)
    odd = set(np.unique(np.concatenate([a[there], b[there]]))) - {0.0, 1.0}
    if odd:
        raise ValueError(f"judgements are 1, 0 or NaN; got {sorted(odd)}.")
    return a[there] == 1, b[there] == 1, people[there]


def _tables(a: np.ndarray, b: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return units by participant and answer: both, only first, only second, neither."""
    _, who = np.unique(people, return_inverse=True)
    cell = np.select([a & b, a, b], [0, 1, 2], default=3)
    tables: np.ndarray = np.zeros((who.max() + 1, 4))
    np.add.at(tables, (who, cell), 1)
    return tables


def _resamples(n: int, n_resamples: int, random_state: int) -> np.ndarray:
    """Return how often each participant is drawn in each resample."""
    if n < MIN_PARTICIPANTS:
        return np.empty((0, n))
    rng = np.random.default_rng(random_state)
    drawn: np.ndarray = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    return drawn.astype(float)


def _interval(
    value: float,
    measure: _Measure,
    tables: np.ndarray,
    weights: np.ndarray,
    confidence: float,
    undefined: str = "",
) -> tuple[Interval, str]:
    """Return the value with its percentile interval, and why either is missing."""
    if math.isnan(value):
        return NOTHING, undefined
    if len(weights) == 0:
        n = len(tables)
        some = f"{n} participant{'' if n == 1 else 's'}"
        return (
            Interval(value, math.nan, math.nan),
            f"no interval: {some}, {MIN_PARTICIPANTS} are needed",
        )
    drawn = measure(weights @ tables)
    missing = float(np.isnan(drawn).mean())
    if missing > MAX_UNDEFINED:
        return (
            Interval(value, math.nan, math.nan),
            "no interval: too few participants have the code",
        )
    tail = 100 * (1 - confidence) / 2
    if np.nanmin(drawn) == np.nanmax(drawn):
        # All draws alike is no certainty: there is nothing to draw differences from.
        return (
            Interval(value, math.nan, math.nan),
            "no interval: all participants give the same figure",
        )
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return Interval(value, float(low), float(high)), ""


def _share(tables: np.ndarray) -> np.ndarray:
    return _ratio(tables[:, 0] + tables[:, 3], tables.sum(axis=1))


def _kappa(tables: np.ndarray) -> np.ndarray:
    both, one, two, neither = tables.T
    n = tables.sum(axis=1)
    by_chance = (both + one) * (both + two) + (two + neither) * (one + neither)
    return _ratio(n * (both + neither) - by_chance, n * n - by_chance)


def _precision(tables: np.ndarray) -> np.ndarray:
    return _ratio(tables[:, 0], tables[:, 0] + tables[:, 1])


def _recall(tables: np.ndarray) -> np.ndarray:
    return _ratio(tables[:, 0], tables[:, 0] + tables[:, 2])


def _f1(tables: np.ndarray) -> np.ndarray:
    return _ratio(2 * tables[:, 0], 2 * tables[:, 0] + tables[:, 1] + tables[:, 2])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
