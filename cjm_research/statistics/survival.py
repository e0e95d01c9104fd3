"""How long it takes until people leave or arrive, when some are still on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cjm_research.statistics.intervals import NOTHING, Interval

Numbers = Sequence[float] | NDArray[np.generic]

_ROUNDING = 1e-9
"""What a share may be above one half and yet be half: it is a product of many fractions."""


@dataclass(frozen=True, eq=False)
class Survival:
    """Share of people still there, by time.

    Attributes
    ----------
    times : array of float
        0 and every distinct duration, in order, in the unit of the durations.
    share : array of float
        Share still there just after each time, in [0, 1], by Kaplan and Meier.
    low, high : array of float
        Its limits at each time by itself, by the log-log form of Greenwood's variance. NaN as
        long as nobody has left, and when nobody is left: the variance is 0 there, which is no
        certainty.
    n_at_risk, n_events : array of int
        People watched up to each time and still there just before it, and those of them who
        left at it.
    """

    times: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]

    @property
    def n(self) -> int:
        """People watched."""
        return int(self.n_at_risk[0]) if self.n_at_risk.size else 0

    @property
    def median(self) -> Interval:
        """Time by which half of the people have left, with its interval.

        NaN where the curve, or its limit, does not come down to one half (Brookmeyer and
        Crowley 1982, Biometrics 38, 29-41).
        """
        return Interval(*(self._time_of_half(curve) for curve in (self.share, self.low, self.high)))

    def at(self, time: float) -> Interval:
        """Return the share still there just after a time.

        All NaN after the longest duration, unless nobody was left: of those still there then,
        nothing is known.

        Raises
        ------
        ValueError
            If the time is negative or NaN.
        """
        if not time >= 0:
            raise ValueError(f"time must be at least 0; got {time}.")
        if not self.n or (time > self.times[-1] and self.share[-1] > 0):
            return NOTHING
        row = int(np.searchsorted(self.times, time, side="right")) - 1
        return Interval(*(float(curve[row]) for curve in (self.share, self.low, self.high)))

    def _time_of_half(self, curve: NDArray[np.float64]) -> float:
        below = self.times[curve <= 0.5 + _ROUNDING]
        return float(below[0]) if below.size else float("nan")


class LogRank(NamedTuple):
    """The log-rank test of equal survival: NaN when there is nothing to compare."""

    chi2: float
    p: float


def estimate_survival(
    durations: Numbers,
    observed: Numbers,
    *,
    weights: Numbers | None = None,
    confidence: float = 0.95,
) -> Survival:
    """Estimate the share of people still there by time.

    Parameters
    ----------
    durations : sequence of float
        How long each person was watched, in any one unit, 0 or longer.
    observed : sequence of bool
        Whether they left (or arrived, whatever is waited for) at its end; not, when watching
        ended first.
    weights : sequence of int, optional
        People with that duration and end, so that an engine can count them; 1 each when not
        given.
    confidence : float, default 0.95

    Returns
    -------
    Survival
        Without rows when there is nobody.

    Raises
    ------
    ValueError
        If the three do not belong together, or hold what no person can have.

    References
    ----------
    Kaplan and Meier (1958), JASA 53, 457-481; Kalbfleisch and Prentice (1980), The Statistical
    Analysis of Failure Time Data, for the limits; by `lifelines.KaplanMeierFitter`.
    """
    times, left, people = _people(durations, observed, weights)
    if not people.size:
        nothing, nobody = np.empty(0), np.empty(0, dtype=np.int64)
        return Survival(nothing, nothing, nothing, nothing, nobody, nobody)
    from lifelines import KaplanMeierFitter

    # lifelines turns numpy's warnings off for good: the context turns them on again.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        fitted = KaplanMeierFitter(alpha=1 - confidence).fit(times, left, weights=people)
    share = fitted.survival_function_.to_numpy(dtype=float)[:, 0]
    limits = fitted.confidence_interval_.to_numpy(dtype=float)
    limits[(share == 1) | (share == 0)] = np.nan
    table = fitted.event_table
    return Survival(
        times=table.index.to_numpy(dtype=float),
        share=share,
        low=limits[:, 0],
        high=limits[:, 1],
        n_at_risk=table["at_risk"].to_numpy(dtype=np.int64),
        n_events=table["observed"].to_numpy(dtype=np.int64),
    )


def compare_survival(
    groups: Sequence[tuple[Numbers, Numbers, Numbers | None]],
) -> LogRank:
    """Test whether groups of people leave alike over time.

    Parameters
    ----------
    groups : sequence of (durations, observed, weights)
        Each as for `estimate_survival`; nobody is in two groups.

    Returns
    -------
    LogRank
        Chi-squared with one degree of freedom less than there are groups. A group of which
        nobody was watched as long as the first to leave says nothing and is left out; NaN
        when fewer than two remain, or nobody left.

    Raises
    ------
    ValueError
        As for `estimate_survival`.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163-170; by
    `lifelines.statistics.multivariate_logrank_test`.
    """
    people = [_people(*group) for group in groups]
    first = min((times[left].min() for times, left, _ in people if left.any()), default=np.inf)
    people = [group for group in people if group[0].max(initial=-np.inf) >= first]
    if len(people) < 2:
        return LogRank(np.nan, np.nan)
    from lifelines.statistics import multivariate_logrank_test

    times, left, weights = (np.concatenate(parts) for parts in zip(*people, strict=True))
    group = np.repeat(np.arange(len(people)), [len(times) for times, _, _ in people])
    test = multivariate_logrank_test(times, group, left, weights=weights)
    return LogRank(float(test.test_statistic), float(test.p_value))


def _people(
    durations: Numbers, observed: Numbers, weights: Numbers | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return durations, whether they left and how many they are, without rows of nobody."""
    times, left = np.asarray(durations, dtype=float), np.asarray(observed, dtype=float)
    people = np.ones(times.shape) if weights is None else np.asarray(weights, dtype=float)
    if not times.shape == left.shape == people.shape:
        raise ValueError(
            "each duration needs one end and one weight; "
            f"got {times.size} durations, {left.size} ends and {people.size} weights."
        )
    for name, right, allowed in (
        ("durations", np.isfinite(times) & (times >= 0), "numbers of at least 0"),
        ("ends", np.isin(left, (0, 1)), "true or false"),
        (
            "weights",
            np.isfinite(people) & (people >= 0) & (people == np.floor(people)),
            "numbers of people",
        ),
    ):
        if not right.all():
            raise ValueError(f"{name} must be {allowed}; {int((~right).sum())} are not.")
    there = people > 0
    return times[there], left[there].astype(bool), people[there].astype(np.int64)
