"""Audience segments: those declared, and those that a large sample falls into by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cjm_research.errors import TableError, quoted
from cjm_research.synthesis.mentions import NOTHING_SAID

SEGMENT_COLUMNS = ["segment", "segment_value", "source", "n", "n_source"]
TRAIT_COLUMNS = [
    "segment", "segment_value", "source", "trait", "code_group", "code", "label", "n_said",
    "n_heard",
]  # fmt: skip
TRAITS: dict[str, str] = {
    "need": "goal",
    "adjacent_wish": "goal",
    "delight": "preference",
    "reason": "preference",
    "pain_point": "trouble",
}
"""Code group -> what it tells of a segment's people."""

MIN_PARTICIPANTS = 100
MIN_STABILITY = 0.6
"""Mean adjusted Rand index over resamples below which the groups are chance."""
MIN_GROUP_RATE, MIN_GROUP = 0.05, 10
"""Smaller groups are outliers and no audience."""
MOST_TRIED = 1_000
"""People whom the numbers of groups are tried on, drawn at random from more."""


def describe_segments(segments: pd.DataFrame, people: Mapping[str, set[str]]) -> pd.DataFrame:
    """Count the people of each declared audience segment, per source.

    Parameters
    ----------
    segments : DataFrame
        `participant_id`, `segment`, `segment_value`.
    people : mapping of str to set of str
        Source -> participant ids.

    Returns
    -------
    DataFrame
        Table `segments`: every segment value x source; `n` of the source's `n_source`
        participants are known to belong to it. A person of several sources stands in each.
    """
    rows = []
    for (segment, value), members in segments.groupby(["segment", "segment_value"], sort=True):
        ids = set(members["participant_id"])
        rows += [
            [str(segment), str(value), source, len(ids & known), len(known)]
            for source, known in people.items()
        ]
    return pd.DataFrame(rows, columns=SEGMENT_COLUMNS)


def describe_segment_traits(
    segments: pd.DataFrame,
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    labels: Mapping[tuple[str, str], str],
    traits: Mapping[str, str] = TRAITS,
) -> pd.DataFrame:
    """Count what the people of each segment want, like and struggle with, over all stages.

    Parameters
    ----------
    segments : DataFrame
        `participant_id`, `segment`, `segment_value`.
    codes, excerpts : DataFrame
        Resolved codes, and table `excerpts`.
    labels : mapping of (code_group, code) to str
    traits : mapping of code group to "goal", "preference" or "trouble"

    Returns
    -------
    DataFrame
        Table `segment_traits`: `n_said` of the `n_heard` participants of the segment whom
        that source heard, most told first. Counts only: a segment of an interview study is
        a handful of people.
    """
    heard = excerpts.loc[
        excerpts["speaker"] != "interviewer", ["excerpt_id", "participant_id", "source"]
    ]
    known = segments[["participant_id", "segment", "segment_value"]].drop_duplicates()
    cells = ["segment", "segment_value", "source"]
    members = heard.merge(known, on="participant_id", how="inner")
    n_heard = members.groupby(cells)["participant_id"].nunique().rename("n_heard")
    is_trait = codes["code_group"].isin(traits) & ~codes["code"].isin({"other", NOTHING_SAID})
    said = codes.loc[is_trait, ["excerpt_id", "code_group", "code"]].merge(members, on="excerpt_id")
    counts = said.groupby([*cells, "code_group", "code"])["participant_id"].nunique()
    table = counts.rename("n_said").reset_index().merge(n_heard.reset_index(), on=cells)
    named = [
        labels.get((group, code), code.replace("_", " "))
        for group, code in zip(table["code_group"], table["code"], strict=True)
    ]
    table = table.assign(
        trait=table["code_group"].map(dict(traits)), label=pd.Series(named, dtype="object")
    )
    return table.sort_values(
        [*cells, "trait", "n_said", "code_group", "code"],
        ascending=[True, True, True, True, False, True, True],
        kind="stable",
    )[TRAIT_COLUMNS].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class DerivedSegments:
    """Groups that a sample falls into, or why there are none.

    Attributes
    ----------
    words : str
        What was found, in a sentence; begins with "cannot tell" when there are none.
    segments : DataFrame
        `participant_id`, `segment` ("derived"), `segment_value` ("1" is the largest group).
    profile : DataFrame
        `segment_value`, `n`, `share`, `feature`, `mean`, `overall`: means in the features'
        units.
    trials : DataFrame
        `n_segments`, `silhouette`, `stability`, `smallest`, `without_groups`: one row per
        number of groups tried; the last is the greatest silhouette found in data of the same
        spread without any groups.
    n_participants : int
        People grouped: those with a value in every feature.
    """

    words: str
    segments: pd.DataFrame
    profile: pd.DataFrame
    trials: pd.DataFrame
    n_participants: int


def derive_segments(
    features: pd.DataFrame,
    *,
    min_participants: int = MIN_PARTICIPANTS,
    n_segments: Sequence[int] = (2, 3, 4, 5, 6),
    min_stability: float = MIN_STABILITY,
    n_resamples: int = 20,
    random_state: int = 0,
) -> DerivedSegments:
    """Look for groups of people in a survey- or log-sized sample.

    k-means on standardised features. A number of groups is accepted when the groups come
    back in bootstrap resamples of the people, are clearer (silhouette) than k-means makes
    them in normal data of the same covariance, which has none, and are no handfuls; of
    those accepted the clearest is taken.

    Parameters
    ----------
    features : DataFrame
        Index `participant_id`, one row a person; numeric columns.
    min_participants : int, default 100
        Fewer people give no segments; it cannot be set below 100.
    n_segments : sequence of int, default (2, 3, 4, 5, 6)
    min_stability : float, default 0.6
        Mean adjusted Rand index between the groups and those of the resamples.
    n_resamples : int, default 20
    random_state : int, default 0

    Returns
    -------
    DerivedSegments
        Row order and number of threads change nothing.

    Raises
    ------
    TableError
        If a participant stands in two rows, or a feature is no number.
    ValueError
        If `min_participants` is below 100: a handful of interviews holds no segments.

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52(1), 258-271.
    """
    if min_participants < MIN_PARTICIPANTS:
        raise ValueError(
            f"min_participants must be at least {MIN_PARTICIPANTS}; got {min_participants}."
        )
    _check_features(features)
    known = features.dropna().sort_index()
    known = known.astype("float64")
    known = known.loc[:, known.max() > known.min()]
    if len(known) < min_participants:
        return _none(
            f"{len(known)} people have a value in every feature, and segments are derived from "
            f"{min_participants} or more",
            len(known),
        )
    if known.shape[1] == 0:
        return _none("no feature differs between people", len(known))
    values = known.to_numpy()
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # Sums over several threads differ in their last digits.
    with threadpool_limits(limits=1):
        trials, labels = _try(values, n_segments, n_resamples, random_state)
    smallest = max(MIN_GROUP, MIN_GROUP_RATE * len(known))
    large = trials[trials["smallest"] >= smallest]
    clear = large[large["silhouette"] > large["without_groups"]]
    stable = clear[clear["stability"] >= min_stability]
    if stable.empty:
        return _none(_why_none(large, clear, smallest, min_stability), len(known), trials)
    best = stable.sort_values(["silhouette", "n_segments"], ascending=[False, True]).iloc[0]
    n_best = int(best["n_segments"])
    members = _name_by_size(known, labels[n_best])
    words = (
        f"{n_best} groups among {len(known)} people (silhouette {best['silhouette']:.2f}, "
        f"stability {best['stability']:.2f} over {n_resamples} resamples)"
    )
    segments = pd.DataFrame(
        {
            "participant_id": members.index.to_numpy(),
            "segment": "derived",
            "segment_value": members.to_numpy(),
        }
    )
    return DerivedSegments(words, segments, _profile(known, members), trials, len(known))


def _check_features(features: pd.DataFrame) -> None:
    problems = [
        f"column '{name}' holds no numbers; make a column of 0 and 1 per answer."
        for name in features.columns
        if not pd.api.types.is_numeric_dtype(features[name])
    ]
    twice = features.index[features.index.duplicated()].unique()
    if len(twice):
        problems.append(
            f"{len(twice)} participants stand in two rows ({quoted(map(str, twice[:5]))}); one "
            "row a person is expected."
        )
    if problems:
        raise TableError("derive_segments", "features", problems)


def _try(
    values: NDArray[np.float64], n_segments: Sequence[int], n_resamples: int, random_state: int
) -> tuple[pd.DataFrame, dict[int, NDArray[np.int32]]]:
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    random = np.random.default_rng(random_state)
    n = len(values)
    tried = values
    if len(values) > MOST_TRIED:
        tried = values[np.sort(random.choice(len(values), MOST_TRIED, replace=False))]
    n = len(tried)
    resamples = [random.integers(0, n, n) for _ in range(n_resamples)]
    covariance = np.atleast_2d(np.cov(tried, rowvar=False))
    # Fewer draws than resamples: the greatest of 10 is hard enough to beat.
    without = [
        random.multivariate_normal(np.zeros(values.shape[1]), covariance, n) for _ in range(10)
    ]

    rows, labels = [], {}
    for k in n_segments:
        model = _fit(tried, k, random_state)
        groups = model.labels_
        labels[k] = model.predict(values)
        again = [_fit(tried[drawn], k, random_state).predict(tried) for drawn in resamples]
        rows.append(
            {
                "n_segments": k,
                "silhouette": float(silhouette_score(tried, groups)),
                "stability": float(np.mean([adjusted_rand_score(groups, g) for g in again])),
                "smallest": int(np.bincount(labels[k], minlength=k).min()),
                "without_groups": max(
                    float(silhouette_score(points, _fit(points, k, random_state).labels_))
                    for points in without
                ),
            }
        )
    return pd.DataFrame(rows), labels


def _fit(values: NDArray[np.float64], k: int, random_state: int) -> Any:
    from sklearn.cluster import KMeans

    # A looser end than by default: the last moves of a centre change no figure shown.
    model = KMeans(n_clusters=k, n_init=3, max_iter=100, tol=1e-3, random_state=random_state)
    return model.fit(values)


def _why_none(
    large: pd.DataFrame, clear: pd.DataFrame, smallest: float, min_stability: float
) -> str:
    if large.empty:
        return f"every division leaves a group of fewer than {smallest:.0f} people"
    if clear.empty:
        return "no division is clearer than in data of the same spread without groups"
    return (
        f"the groups do not come back in resamples of the people (stability at best "
        f"{clear['stability'].max():.2f}, {min_stability:g} is needed)"
    )


def _name_by_size(known: pd.DataFrame, groups: NDArray[np.int32]) -> pd.Series:
    """Return numbers from the largest group; of equal ones the first participant's leads."""
    members = pd.Series(groups, index=known.index)
    order = members.value_counts(sort=False).to_frame("n")
    order["first"] = [members.index[members == group][0] for group in order.index]
    order = order.sort_values(["n", "first"], ascending=[False, True])
    return members.map({group: str(rank) for rank, group in enumerate(order.index, start=1)})


def _profile(known: pd.DataFrame, members: pd.Series) -> pd.DataFrame:
    means = known.groupby(members.rename("segment_value")).mean()
    profile = means.reset_index().melt("segment_value", var_name="feature", value_name="mean")
    profile = profile.sort_values("segment_value", kind="stable", ignore_index=True)
    n = members.value_counts()
    return profile.assign(
        n=profile["segment_value"].map(n),
        share=profile["segment_value"].map(n) / len(members),
        overall=profile["feature"].map(known.mean()),
    )[_PROFILE_COLUMNS]


_PROFILE_COLUMNS = ["segment_value", "n", "share", "feature", "mean", "overall"]
_TRIAL_COLUMNS = ["n_segments", "silhouette", "stability", "smallest", "without_groups"]


def _none(why: str, n: int, trials: pd.DataFrame | None = None) -> DerivedSegments:
    return DerivedSegments(
        words=f"cannot tell: {why}.",
        segments=pd.DataFrame(columns=["participant_id", "segment", "segment_value"]),
        profile=pd.DataFrame(columns=_PROFILE_COLUMNS),
        trials=pd.DataFrame(columns=_TRIAL_COLUMNS) if trials is None else trials,
        n_participants=n,
    )
