"""How far several coders agree: Krippendorff's alpha and Fleiss' kappa, with their intervals.

For any number of coders, who need not all have judged every unit. Participants, not units, are
independent of each other: intervals come from a percentile bootstrap that draws whole
participants, and are given from ten participants on.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cjm_research.errors import UnknownNameError
from cjm_research.statistics.intervals import NOTHING, Interval
from cjm_research.statistics.resampling import Statistic, estimate_by_resampling

Level = Literal["nominal", "ordinal", "interval"]

LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
"""What of two values counts: that they differ, how many ranks apart they are, or how far."""

RELIABLE = 0.800
"""Alpha from which codes may be relied on."""

TENTATIVE = 0.667
"""Alpha from which conclusions from the codes are tentative; below, they are discarded."""

_DECIMALS = 12
"""To which figures are the same: sums of fractions differ in the last ones with their order."""

_Floats = NDArray[np.float64]


class Reliability(NamedTuple):
    """Krippendorff's alpha of several coders.

    Attributes
    ----------
    alpha : Interval
        1 perfect, 0 as by chance, below 0 worse; NaN where it is not defined.
    n_units : int
        Units that two coders or more judged: the denominator.
    n_coders : int
        Coders who judged any of them.
    n_participants : int
        Participants they are of.
    reason : str
        Why alpha or its interval is missing; else empty.
    """

    alpha: Interval
    n_units: int
    n_coders: int
    n_participants: int
    reason: str


class FleissKappa(NamedTuple):
    """Fleiss' kappa of several coders.

    Attributes
    ----------
    kappa : Interval
        1 perfect, 0 as by chance; NaN where it is not defined.
    n_units : int
        Units that all coders judged: the denominator.
    n_left_out : int
        Units that only some of them judged. Alpha counts those too.
    n_coders : int
        Coders who judged anything.
    n_participants : int
        Participants of the units that count.
    reason : str
        Why kappa or its interval is missing; else empty.
    """

    kappa: Interval
    n_units: int
    n_left_out: int
    n_coders: int
    n_participants: int
    reason: str


def estimate_alpha(
    values: ArrayLike,
    participants: Sequence[Hashable],
    *,
    level: Level = "nominal",
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Reliability:
    """Estimate Krippendorff's alpha.

    Parameters
    ----------
    values : array of float, shape (units, coders)
        What each coder says of each unit; NaN not judged.
    participants : sequence, shape (units,)
        Whose unit it is.
    level : {"nominal", "ordinal", "interval"}, default "nominal"
        Of names only whether they are the same counts; of ranks, such as severities, how many
        judgements lie between; of numbers, the squared difference.
    confidence : float, default 0.95
    n_resamples : int, default 2000
        Draws of participants with replacement for the percentile interval.
    random_state : int, default 0

    Returns
    -------
    Reliability
        Alpha is NaN, with the reason, when no unit was judged by two coders, and when all gave
        one and the same value: then nothing shows that they would tell things apart. Limits
        are NaN below ten participants, when more than 5 % of the resamples have no alpha, and
        when all of them have the same.

    Raises
    ------
    ValueError
        If there is not one participant per unit, or a value is infinite.
    UnknownNameError
        If there is no such level.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability; point estimate by
    `nltk.metrics.agreement.AnnotationTask`, which gives 1 where all values are the same.
    """
    if level not in LEVELS:
        raise UnknownNameError("level of measurement", level, LEVELS)
    judged, people = _checked(values, participants)
    pairable = (~np.isnan(judged)).sum(axis=1) > 1
    if not pairable.any():
        return Reliability(NOTHING, 0, 0, 0, _why_no_pair(judged, "two"))
    judged, people = judged[pairable], people[pairable]
    n_units, n_coders = len(judged), int((~np.isnan(judged)).any(axis=0).sum())
    known = np.unique(judged[~np.isnan(judged)])
    who = np.unique(people, return_inverse=True)[1]
    n_people = int(who.max()) + 1
    if len(known) == 1:
        reason = "all gave the same value to every unit: alpha is not defined"
        return Reliability(NOTHING, n_units, n_coders, n_people, reason)
    counts = _count(judged, known)
    places = _places(counts.sum(axis=0), known, level)
    value = _alpha_by_nltk(judged, dict(zip(known.tolist(), places.tolist(), strict=True)), level)
    alpha, reason = _add_limits(
        value,
        _coincidences(counts, who),
        lambda sums: _alphas(sums.reshape(-1, len(known), len(known)), known, level),
        confidence,
        n_resamples,
        random_state,
    )
    return Reliability(alpha, n_units, n_coders, n_people, reason)


def estimate_fleiss_kappa(
    values: ArrayLike,
    participants: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> FleissKappa:
    """Estimate Fleiss' kappa.

    Kappa asks that as many coders judged each unit. So only units that all of them judged
    count; where many are left out, take alpha.

    Parameters
    ----------
    values : array of float, shape (units, coders)
        What each coder says of each unit, by name; NaN not judged.
    participants : sequence, shape (units,)
    confidence, n_resamples, random_state
        As in `estimate_alpha`.

    Returns
    -------
    FleissKappa
        Kappa is NaN, with the reason, when no unit was judged by all coders, when there is but
        one coder, and when all gave one and the same value. Limits as in `estimate_alpha`.

    Raises
    ------
    ValueError
        If there is not one participant per unit, or a value is infinite.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378-382; point estimate by
    `statsmodels.stats.inter_rater.fleiss_kappa`.
    """
    judged, people = _checked(values, participants)
    there = ~np.isnan(judged)
    judged = judged[:, there.any(axis=0)]
    n_coders = judged.shape[1]
    whole = ~np.isnan(judged).any(axis=1) & (n_coders > 1)
    n_units = int(whole.sum())
    n_left_out = int(there.any(axis=1).sum()) - n_units
    if not n_units:
        reason = _why_no_pair(judged, f"all {n_coders}")
        return FleissKappa(NOTHING, 0, n_left_out, n_coders, 0, reason)
    judged, people = judged[whole], people[whole]
    known = np.unique(judged)
    who = np.unique(people, return_inverse=True)[1]
    n_people = int(who.max()) + 1
    if len(known) == 1:
        reason = "all gave the same value to every unit: kappa is not defined"
        return FleissKappa(NOTHING, n_units, n_left_out, n_coders, n_people, reason)
    from statsmodels.stats.inter_rater import fleiss_kappa

    counts = _count(judged, known)
    value = float(fleiss_kappa(counts, method="fleiss"))
    same = (counts * (counts - 1)).sum(axis=1) / (n_coders * (n_coders - 1))
    kappa, reason = _add_limits(
        value,
        _sum_by(np.column_stack([np.ones(n_units), same, counts / n_coders]), who),
        _fleiss_kappas,
        confidence,
        n_resamples,
        random_state,
    )
    return FleissKappa(kappa, n_units, n_left_out, n_coders, n_people, reason)


def name_reliability(alpha: float) -> str:
    """Return what Krippendorff's cut-offs say: reliable, tentative, discard, or cannot tell.

    They judge the estimate as it is, .667 and .800 included; where its interval reaches over a
    cut-off, say so beside it.

    References
    ----------
    Krippendorff (2004), Content Analysis, 2nd edition, page 241.
    """
    if math.isnan(alpha):
        return "cannot tell"
    if round(alpha, _DECIMALS) >= RELIABLE:
        return "reliable"
    return "tentative" if round(alpha, _DECIMALS) >= TENTATIVE else "discard"


def _checked(
    values: ArrayLike, participants: Sequence[Hashable]
) -> tuple[_Floats, NDArray[np.generic]]:
    """Return the judgements, a row per unit, and whose they are."""
    judged, people = np.asarray(values, dtype=float), np.asarray(participants)
    if judged.shape == (0,):
        judged = judged.reshape(0, 0)
    if judged.ndim != 2 or len(judged) != len(people):
        raise ValueError(
            "one row of values and one participant per unit are needed; got values of shape "
            f"{judged.shape} and {len(people)} participants."
        )
    if np.isinf(judged).any():
        raise ValueError("values are numbers, or NaN where nobody judged; some are infinite.")
    return judged, people


def _why_no_pair(judged: _Floats, how_many: str) -> str:
    """Say why no unit counts."""
    n_coders = int((~np.isnan(judged)).any(axis=0).sum())
    if n_coders > 1:
        return f"no unit was judged by {how_many} coders"
    return "only one coder has judged" if n_coders else "nobody has judged a unit"


def _count(judged: _Floats, known: _Floats) -> _Floats:
    """Return how many coders gave each known value (columns) to each unit (rows)."""
    counts: _Floats = np.stack([(judged == value).sum(axis=1) for value in known], axis=1)
    return counts.astype(float)


def _sum_by(rows: _Floats, who: NDArray[np.intp]) -> _Floats:
    """Return the sums of a participant's rows."""
    sums = np.zeros((int(who.max()) + 1, rows.shape[1]))
    np.add.at(sums, who, rows)
    return sums


def _coincidences(counts: _Floats, who: NDArray[np.intp]) -> _Floats:
    """Return Krippendorff's coincidence matrix of each participant, flat.

    Of each unit, all ordered pairs of values by two coders, weighted so that each value counts
    once.
    """
    n_people, n_known = int(who.max()) + 1, counts.shape[1]
    weights = counts / (counts.sum(axis=1, keepdims=True) - 1)
    flat = np.empty((n_people, n_known * n_known))
    for person in range(n_people):
        mine, weighted = counts[who == person], weights[who == person]
        flat[person] = (weighted.T @ mine - np.diag(weighted.sum(axis=0))).ravel()
    return flat


def _places(n_values: _Floats, known: _Floats, level: Level) -> _Floats:
    """Return where values stand on a line on which their difference, squared, is the distance.

    On ranks that is the middle of all judgements of the value, so that what lies between two
    values is how many judgements there are.
    """
    if level != "ordinal":
        return np.broadcast_to(known, n_values.shape)
    middle: _Floats = np.cumsum(n_values, axis=-1) - n_values / 2
    return middle


def _alpha_by_nltk(judged: _Floats, place: dict[float, float], level: Level) -> float:
    from nltk.metrics.agreement import AnnotationTask

    def distance(one: float, other: float) -> float:
        return float(one != other) if level == "nominal" else (place[one] - place[other]) ** 2

    given = [
        (coder, unit, float(judged[unit, coder])) for unit, coder in np.argwhere(~np.isnan(judged))
    ]
    return float(AnnotationTask(given, distance=distance).alpha())


def _alphas(sums: _Floats, known: _Floats, level: Level) -> _Floats:
    """Return alpha of each coincidence matrix; NaN where all values are the same."""
    n_values = sums.sum(axis=2)
    if level == "nominal":
        distance = 1 - np.eye(len(known))
    else:
        places = _places(n_values, known, level)
        distance = (places[:, :, None] - places[:, None, :]) ** 2
    observed = (sums * distance).sum(axis=(1, 2))
    by_chance = (n_values[:, :, None] * n_values[:, None, :] * distance).sum(axis=(1, 2))
    return 1 - _ratio((n_values.sum(axis=1) - 1) * observed, by_chance)


def _fleiss_kappas(sums: _Floats) -> _Floats:
    """Return kappa of sums of: units, their shares of agreeing pairs, shares of each value."""
    n_units = sums[:, 0]
    by_chance = ((sums[:, 2:] / n_units[:, None]) ** 2).sum(axis=1)
    return _ratio(sums[:, 1] / n_units - by_chance, 1 - by_chance)


def _add_limits(
    value: float,
    sums: _Floats,
    statistic: Statistic,
    confidence: float,
    n_resamples: int,
    random_state: int,
) -> tuple[Interval, str]:
    """Return the value with limits from participants drawn again, or why it has none."""
    # Rounded, participants with the same sums are the same in whatever order their units stand.
    found = estimate_by_resampling(
        np.round(sums, _DECIMALS), statistic, method="percentile", confidence=confidence,
        n_resamples=n_resamples, random_state=random_state,
    )  # fmt: skip
    return Interval(value, found.estimate.low, found.estimate.high), found.reason


def _ratio(part: _Floats, whole: _Floats) -> _Floats:
    ratio: _Floats = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
