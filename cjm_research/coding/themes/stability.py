"""Whether the same themes would come out of slightly other texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cjm_research.coding.themes.clustering import Labels, Vectors, cluster_vectors

STABLE = 0.6
"""Mean best Jaccard below which a theme is shown as unstable (Hennig, 2007, whose bootstrap
this is; for the whole, mean ARI of 0.6 is in use as well)."""

N_RESAMPLES = 20
SHARE = 0.8
"""Of the texts in a resample."""
MOST_RESAMPLED = 1500
"""Texts in a resample at most, so that 20,000 texts cost no more than 2,000."""


@dataclass(frozen=True, eq=False)
class Stability:
    """How well clusters come back.

    Attributes
    ----------
    themes : float array, k
        Mean over resamples of the best Jaccard overlap with a cluster found there; NaN for a
        cluster that no resample held.
    ari : float
        Mean adjusted Rand index between the clusters and those of the resamples.
    """

    themes: Vectors
    ari: float


def measure_stability(
    vectors: Vectors,
    labels: Labels,
    *,
    n_resamples: int = N_RESAMPLES,
    random_state: int = 0,
) -> Stability:
    """Cluster resamples anew, into as many clusters, and compare.

    Parameters
    ----------
    vectors : array, n x d
    labels : int array, n
        From `cluster_vectors`.
    n_resamples : int
        Half as many where a resample is cut to `MOST_RESAMPLED` texts. Each is drawn without
        replacement.
    random_state : int

    Returns
    -------
    Stability
    """
    n = len(labels)
    k = int(labels.max()) + 1 if n else 0
    size = min(MOST_RESAMPLED, max(2, round(SHARE * n)))
    if k < 2 or size >= n:
        return Stability(np.full(k, np.nan), float("nan"))
    random = np.random.default_rng(random_state)
    overlaps = np.full((n_resamples if size < MOST_RESAMPLED else n_resamples // 2, k), np.nan)
    indices = []
    for overlap in overlaps:
        rows = np.sort(random.choice(n, size, replace=False))
        again = cluster_vectors(vectors[rows], n_clusters=k).labels
        table = _cross(labels[rows], again, k)
        theirs, ours = table.sum(axis=0), table.sum(axis=1)
        jaccard = table / np.maximum(ours[:, None] + theirs[None, :] - table, 1)
        overlap[:] = np.where(ours > 0, jaccard.max(axis=1), np.nan)
        indices.append(_adjusted_rand(table))
    seen = np.maximum((~np.isnan(overlaps)).sum(axis=0), 1)
    means = np.nansum(overlaps, axis=0) / seen
    means[np.isnan(overlaps).all(axis=0)] = np.nan
    return Stability(means, float(np.mean(indices)))


def _cross(ours: Labels, theirs: Labels, k: int) -> Vectors:
    """Return how many texts each pair of clusters shares, k x number of theirs."""
    n_theirs = int(theirs.max()) + 1
    counts = np.bincount(ours * n_theirs + theirs, minlength=k * n_theirs)
    return np.asarray(counts.reshape(k, n_theirs))


def _adjusted_rand(table: Vectors) -> float:
    """Hubert and Arabie, 1985, from the table of shared texts."""

    def pairs(counts: Vectors) -> float:
        return float((counts * (counts - 1) // 2).sum())

    both, ours, theirs = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = ours * theirs / max(pairs(np.array([table.sum()])), 1.0)
    span = (ours + theirs) / 2 - expected
    return 1.0 if span == 0 else (both - expected) / span
