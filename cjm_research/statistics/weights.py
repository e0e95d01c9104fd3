"""Units that stand for different numbers of others: effective sizes and weighted shares."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cjm_research.statistics.intervals import NOTHING, Interval
from cjm_research.statistics.people import estimate_pooled_share

Numbers = Sequence[float] | NDArray[np.float64]


class Weighting(NamedTuple):
    """What unequal weights cost.

    Attributes
    ----------
    n : int
        Units with a weight.
    n_effective : float
        Units of equal weight that would say as much (Kish).
    design_effect : float
        `n` over `n_effective`: 1 for equal weights; NaN without units.
    """

    n: int
    n_effective: float
    design_effect: float


class WeightedShare(NamedTuple):
    """A share of weighted units that cluster in participants.

    Attributes
    ----------
    share : Interval
        In [0, 1]; the limits are NaN where they cannot be given.
    standard_error : float
        Linearised, between participants; NaN for fewer than 2.
    n_units, n_participants : int
    n_effective : float
        Independent units of equal weight that would have this standard error; NaN when it is
        0 or missing.
    design_effect : float
        `n_units` over `n_effective`: what weights and clusters cost together.
    reason : str
        Why the share or its interval is missing; else empty.
    """

    share: Interval
    standard_error: float
    n_units: int
    n_participants: int
    n_effective: float
    design_effect: float
    reason: str


def measure_weighting(weights: Numbers) -> Weighting:
    """Return how many units of equal weight would say as much as these.

    Parameters
    ----------
    weights : sequence of float
        Above 0; only their ratios count.

    Returns
    -------
    Weighting
        0 and NaN without units.

    Raises
    ------
    ValueError
        If a weight is not above 0.

    References
    ----------
    Kish (1965), Survey Sampling, section 11.7: ``sum(w) ** 2 / sum(w ** 2)``.
    """
    w = _checked(weights)
    if w.size == 0:
        return Weighting(0, 0.0, math.nan)
    effective = float(w.sum()) ** 2 / float((w * w).sum())
    return Weighting(int(w.size), effective, w.size / effective)


def estimate_weighted_share(
    values: Numbers,
    weights: Numbers,
    participants: Sequence[Hashable],
    *,
    confidence: float = 0.95,
) -> WeightedShare:
    """Estimate a share of units that were drawn with unequal chances.

    Parameters
    ----------
    values : sequence of float, shape (n,)
        1 for a unit with the property, 0 for one without.
    weights : sequence of float, shape (n,)
        The inverse of a unit's chance to be drawn; above 0, only their ratios count.
    participants : sequence, shape (n,)
        Whose unit it is.
    confidence : float, default 0.95

    Returns
    -------
    WeightedShare
        All NaN without units. The limits are NaN below ten participants, and where the weights
        of participants are so unequal that they count like fewer than five.

    Raises
    ------
    ValueError
        If the sequences differ in length, a value is neither 0 nor 1, or a weight not above 0.

    Notes
    -----
    The standard error is the linearised one of a ratio, with participants as the primary units
    drawn with replacement: what statsmodels gives for a weighted constant with
    ``cov_type="cluster"``, and R's survey for ``svydesign(ids=~participant)``. The limits are
    those of `estimate_pooled_share`.
    """
    y, w = np.asarray(values, dtype=float), _checked(weights)
    people = np.asarray(participants)
    if not y.shape == w.shape == people.shape:
        raise ValueError(f"one value per unit is needed; got {y.size}, {w.size}, {people.size}.")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError(f"values are 1 or 0; got {sorted(set(y.tolist()) - {0.0, 1.0})}.")
    if y.size == 0:
        return WeightedShare(NOTHING, math.nan, 0, 0, math.nan, math.nan, "no units")
    _, who = np.unique(people, return_inverse=True)
    found = estimate_pooled_share(
        np.bincount(who, w * y), np.bincount(who, w), np.bincount(who, w * w),
        confidence=confidence,
    )  # fmt: skip
    share, error = found.share.value, found.standard_error
    effective = share * (1 - share) / error**2 if error > 0 else math.nan
    effect = y.size / effective if effective > 0 else math.nan
    interval = Interval(*found.share)
    return WeightedShare(
        interval, error, int(y.size), found.n_people, effective, effect, found.reason
    )


def _checked(weights: Numbers) -> NDArray[np.float64]:
    w: NDArray[np.float64] = np.asarray(weights, dtype=float)
    if not ((w > 0) & np.isfinite(w)).all():
        raise ValueError("every weight must be a number above 0.")
    return w
