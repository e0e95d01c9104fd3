"""Texts into clusters by their meaning; how many is found, not told.

Vectors are turned into whole numbers first, small enough that every product and sum of them
is exact in floating point. So the order of summation, and with it the number of threads and
the kind of processor, changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[Any]
Labels = NDArray[np.int64]
Detail = Literal["fine", "broad"]

GRAIN = 2048
"""Whole numbers in a unit: GRAIN squared is below 2**24, where float32 stops being exact."""
DISTANCE_GRAIN = 2**16
MOST_COMPARED = 2500
"""Texts of which every pair is compared; of more, a sample, and the rest joins the nearest."""
N_SIZES = 24
"""Numbers of clusters tried, evenly spaced on a log scale."""
SPARSE = 250
"""Below this many texts neighbours are too few to say where a theme is dense."""
GOOD_ENOUGH = 0.98
"""The fewest clusters whose silhouette reaches this share of the best are taken: among texts
that were drawn together it hardly falls beyond the right number. Others take the best."""
N_ROUNDS = 10
"""Rounds at most in which the texts beyond the sample move to their nearest centroid."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """Clusters of n texts.

    Attributes
    ----------
    labels : int array, n
        From 0, largest cluster first; of equal ones, that of the earlier text.
    silhouette : float
        Mean over the texts that were compared, in [-1, 1].
    """

    labels: Labels
    silhouette: float

    @property
    def n_clusters(self) -> int:
        """How many clusters there are."""
        return int(self.labels.max()) + 1 if len(self.labels) else 0


def center_vectors(vectors: Vectors, mean: Vectors | None = None) -> tuple[Vectors, Vectors]:
    """Take away what all texts have in common, so that what sets them apart counts.

    Parameters
    ----------
    vectors : array, n x d
    mean : array, d, optional
        Of the texts that themes were made from, when others join them.

    Returns
    -------
    centered : float32 array, n x d
        Whole numbers, about `GRAIN` long; a text that equals the mean is all zeros.
    mean : float64 array, d
    """
    grains = _to_grains(vectors).astype(np.float64)
    if mean is None:
        mean = np.round(grains.sum(axis=0) / len(grains) / GRAIN, 6)
    return _to_grains(grains / GRAIN - mean), mean


def find_centroids(centered: Vectors, labels: Labels) -> Vectors:
    """Return the mean direction of each cluster's texts, k x d, in the grains of the texts."""
    return _to_grains(_membership(labels) @ centered.astype(np.float64))


def measure_similarity(centered: Vectors, centroids: Vectors) -> Vectors:
    """Return the cosine of every text with every centroid, n x k."""
    return np.asarray(
        (centered.astype(np.float32) @ centroids.astype(np.float32).T).astype(np.float64) / GRAIN**2
    )


WEAK = 0.25
"""Silhouette below which there is no substantial structure (Kaufman & Rousseeuw, 1990)."""


def most_clusters(n: int, detail: Detail) -> int:
    """Return how many clusters n texts may fall into.

    `broad` is for people to read: the square root of n. `fine` separates what has two texts:
    half of n.
    """
    return max(1, round(n / 2) if detail == "fine" else round(n**0.5))


def fewest_clusters(n: int, detail: Detail) -> int:
    """Return how many clusters n texts have at least where none are clear.

    Then two halves often part best and tell a reader nothing: `broad` asks for a third of the
    most that there may be.
    """
    return 2 if detail == "fine" else max(2, most_clusters(n, detail) // 3)


def cluster_vectors(
    vectors: Vectors,
    *,
    detail: Detail = "broad",
    n_clusters: int | None = None,
    random_state: int = 0,
) -> Clustering:
    """Group texts by meaning: Ward's tree, cut where the silhouette says.

    From `SPARSE` texts on each first moves half way to its nearest neighbours, which draws a
    theme together where it is dense (the idea behind UMAP, without its randomness). Of more than
    `MOST_COMPARED` texts a sample is clustered; then all texts join the nearest centroid, and
    centroids follow, as in k-means.

    Parameters
    ----------
    vectors : array, n x d
        Rows in an order that does not depend on how the texts came, such as by id.
    detail : {"broad", "fine"}
        The most clusters there may be; see `most_clusters`.
    n_clusters : int, optional
        Not chosen but told.
    random_state : int
        Draws the sample; without one nothing is random.

    Returns
    -------
    Clustering
        One cluster, with silhouette 0, where no cut separates the texts.

    References
    ----------
    Ward, 1963 (the tree); Rousseeuw, 1987 (silhouettes).
    """
    if len(vectors) == 0:
        return Clustering(np.zeros(0, dtype=np.int64), 0.0)
    centered, _ = center_vectors(vectors)
    n = len(centered)
    if n <= MOST_COMPARED:
        found = _cut_tree(centered, detail, n_clusters)
        return Clustering(_by_size(found.labels), found.silhouette)
    rows = np.sort(np.random.default_rng(random_state).choice(n, MOST_COMPARED, replace=False))
    found = _cut_tree(centered[rows], detail, n_clusters)
    centroids = find_centroids(centered[rows], found.labels)
    labels = _nearest(centered, centroids)
    for _ in range(N_ROUNDS):
        moved = _nearest(centered, find_centroids(centered, labels))
        if np.array_equal(moved, labels):
            break
        labels = moved
    return Clustering(_by_size(labels), found.silhouette)


def _cut_tree(centered: Vectors, detail: Detail, n_clusters: int | None) -> Clustering:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    n = len(centered)
    one = Clustering(np.zeros(n, dtype=np.int64), 0.0)
    if n < 4:
        return one
    distances = _distances(_draw_together(centered))
    tree = linkage(squareform(distances, checks=False), "ward")
    most = min(n - 1, most_clusters(n, detail))
    sizes = np.unique(np.geomspace(2, max(2, most), N_SIZES).round().astype(int))
    if n_clusters is not None:
        sizes = np.array([min(n, n_clusters)])
    # Merges at one and the same distance are made together: a cut may have fewer clusters.
    cuts = np.column_stack([fcluster(tree, size, "maxclust") for size in sizes]) - 1
    cuts = cuts.astype(np.int64)
    if n_clusters is not None:
        return Clustering(cuts[:, 0], 0.0)
    worth = _silhouettes(distances, cuts)
    if worth.max() <= 0:
        return one
    if worth.max() < WEAK:
        worth[sizes < fewest_clusters(n, detail)] = 0.0
    enough = 1.0 if n < SPARSE else GOOD_ENOUGH
    best = int(np.flatnonzero(worth >= enough * worth.max())[0])
    return Clustering(cuts[:, best], float(worth[best]))


def _draw_together(centered: Vectors) -> Vectors:
    """Move each text half way to its neighbours: once, in larger corpora twice."""
    from scipy.sparse import csr_array

    n = len(centered)
    if n < SPARSE:
        return centered
    n_neighbours = min(18, n // 50)
    similar = (centered @ centered.T).astype(np.float64)
    np.fill_diagonal(similar, -(GRAIN**2))
    # Of equally similar texts the earlier is the nearer; no two keys are equal.
    keys = similar * n - np.arange(n)
    near = np.sort(np.argpartition(-keys, n_neighbours - 1, axis=1)[:, :n_neighbours], axis=1)
    weights = np.maximum(np.take_along_axis(similar, near, axis=1), 0)
    rows = np.repeat(np.arange(n), n_neighbours)
    graph = csr_array((weights.ravel(), (rows, near.ravel())), shape=(n, n))
    graph = csr_array(graph + graph.T)
    graph.sort_indices()
    total = np.maximum(np.asarray(graph.sum(axis=1)), 1)[:, None]
    moved = centered.astype(np.float64)
    for _ in range(1 if n < 1000 else 2):
        moved = _to_grains(moved + (graph @ moved) / total).astype(np.float64)
    return moved.astype(np.float32)


def _distances(grains: Vectors) -> Vectors:
    """Return Euclidean distances, n x n, as whole numbers of 1 / DISTANCE_GRAIN."""
    dot = (grains @ grains.T).astype(np.float64)
    square = np.diag(dot)
    between = np.maximum(square[:, None] + square[None, :] - 2 * dot, 0)
    return np.asarray(np.rint(np.sqrt(between) * (DISTANCE_GRAIN / GRAIN)))


def _silhouettes(distances: Vectors, cuts: Vectors) -> Vectors:
    """Return the mean silhouette of each cut of one tree, coarsest first; alone counts 0."""
    n = len(distances)
    everyone = np.arange(n)
    finest = cuts[:, -1]
    order = np.argsort(finest, kind="stable")
    starts = np.flatnonzero(np.diff(finest[order], prepend=-1))
    # Sums to the finest clusters; those of a coarser cut are sums of these.
    sums = np.add.reduceat(distances[:, order], starts, axis=1)
    worth = []
    for labels in cuts.T:
        parents = labels[order[starts]]
        fold = np.argsort(parents, kind="stable")
        begins = np.flatnonzero(np.diff(parents[fold], prepend=-1))
        to_cluster = np.add.reduceat(sums[:, fold], begins, axis=1)
        size = np.bincount(labels)
        if len(size) == 1:
            worth.append(0.0)
            continue
        own = to_cluster[everyone, labels] / np.maximum(size[labels] - 1, 1)
        means = to_cluster / size
        means[everyone, labels] = np.inf
        other = means.min(axis=1)
        values = (other - own) / np.maximum(np.maximum(own, other), 1)
        worth.append(np.where(size[labels] == 1, 0.0, values).sum() / n)
    return np.round(worth, 9)


def _to_grains(vectors: Vectors) -> Vectors:
    """Return the vectors at unit length in whole numbers of 1 / GRAIN; zeros stay zeros."""
    exact = np.asarray(vectors, dtype=np.float64)
    length = np.sqrt((exact**2).sum(axis=1, keepdims=True))
    return np.rint(exact / np.where(length > 1e-9, length, np.inf) * GRAIN).astype(np.float32)


def _membership(labels: Labels) -> Any:
    from scipy.sparse import csr_array

    n = len(labels)
    return csr_array((np.ones(n), (labels, np.arange(n))), shape=(int(labels.max()) + 1, n))


def _nearest(centered: Vectors, centroids: Vectors) -> Labels:
    best = measure_similarity(centered, centroids).argmax(axis=1)
    return np.unique(best, return_inverse=True)[1].astype(np.int64)


def _by_size(labels: Labels) -> Labels:
    _, first, inverse, size = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(size))
    return rank[inverse]
