import subprocess
import sys

import numpy as np
import pytest

from cjm_research.coding.themes.clustering import (
    DISTANCE_GRAIN,
    _distances,
    _silhouettes,
    _to_grains,
    center_vectors,
    cluster_vectors,
    find_centroids,
    most_clusters,
)
from cjm_research.coding.themes.stability import _adjusted_rand, measure_stability


def blobs(*sizes, spread=0.05, seed=0, width=16):
    """Return vectors around orthogonal directions, and the direction of each."""
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    return np.eye(width)[truth] + random.normal(0, spread, (len(truth), width)), truth


@pytest.mark.parametrize("sizes", [(20, 15, 10, 5), (150, 100, 80, 40), (1500, 900, 400, 200)])
def test_the_number_of_clusters_is_found(sizes):
    vectors, truth = blobs(*sizes)
    found = cluster_vectors(vectors)
    assert found.n_clusters == len(sizes)
    assert (found.labels == truth).all()  # both are numbered by size
    assert found.silhouette > 0.5


def test_the_number_of_clusters_can_be_told():
    vectors, _ = blobs(20, 15, 10)
    assert cluster_vectors(vectors, n_clusters=7).n_clusters == 7


def test_fine_and_broad_differ_in_how_many_there_may_be():
    assert (most_clusters(400, "broad"), most_clusters(400, "fine")) == (20, 200)
    assert most_clusters(1, "broad") == 1


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_handful_of_texts_is_one_cluster(n):
    labels = cluster_vectors(np.eye(4)[:n]).labels
    assert labels.tolist() == [0] * n


def test_equal_texts_are_one_cluster():
    assert cluster_vectors(np.ones((50, 4))).n_clusters == 1


def test_silhouettes_by_hand():
    # 0 1 | 10 11 on a line: a = 1 for all; b = 10.5, 9.5, 9.5, 10.5.
    line = np.array([0.0, 1.0, 10.0, 11.0]) * DISTANCE_GRAIN
    distances = np.abs(line[:, None] - line[None, :])
    two, lone = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    expected = (9.5 / 10.5 + 8.5 / 9.5) / 2
    # Alone counts 0; of the first pair b is the distance to the nearest text.
    left = (9 / 10 + 8 / 9) / 4
    found = _silhouettes(distances, np.column_stack([two, lone]))
    assert found == pytest.approx([expected, left], abs=1e-8)


def test_distances_of_unit_vectors_by_hand():
    grains = _to_grains(np.array([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]]))
    assert _distances(grains) / DISTANCE_GRAIN == pytest.approx(
        np.array([[0, 2**0.5, 2], [2**0.5, 0, 2**0.5], [2, 2**0.5, 0]]), abs=1e-4
    )


def test_centroids_and_the_mean_are_those_of_the_texts():
    centered, mean = center_vectors(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert mean == pytest.approx([0.5, 0.5])
    assert centered / 2048 == pytest.approx(np.array([[1, -1], [-1, 1]]) * 0.5**0.5, abs=1e-3)
    assert find_centroids(centered, np.array([0, 1])).tolist() == centered.tolist()
    # (0.6, 0.8) is 0.1 and 0.3 from the mean, so it points 18 degrees beside the second axis.
    again, same = center_vectors(np.array([[3.0, 4.0]]), mean)
    assert again / 2048 == pytest.approx(np.array([[0.1, 0.3]]) / 0.1**0.5, abs=1e-3)
    assert same is mean


def test_threads_and_hash_seed_change_nothing():
    script = (
        "import hashlib, numpy as np\n"
        "from cjm_research.coding.themes import cluster_vectors, measure_stability\n"
        "v = np.random.default_rng(5).normal(0, 1, (600, 64)) + np.repeat(np.eye(64)[:6], 100, 0)\n"
        "labels = cluster_vectors(v).labels\n"
        "held = measure_stability(v, labels, n_resamples=3)\n"
        "print(hashlib.sha256(labels.tobytes() + held.themes.tobytes()).hexdigest())\n"
    )
    found = set()
    for threads, seed in (("1", "0"), ("2", "1")):
        environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env=environment | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(ran.stdout)
    assert len(found) == 1


def test_clear_clusters_are_stable_and_noise_is_not():
    vectors, truth = blobs(30, 25, 20, 15)
    held = measure_stability(vectors, truth)
    assert held.themes == pytest.approx(np.ones(4))
    assert held.ari == pytest.approx(1)
    noise = np.random.default_rng(1).normal(0, 1, (90, 16))
    loose = measure_stability(noise, cluster_vectors(noise, n_clusters=6).labels)
    assert (loose.themes < 0.6).all()
    assert loose.ari < 0.4


def test_one_theme_has_no_stability():
    held = measure_stability(np.eye(5), np.zeros(5, dtype=int))
    assert np.isnan(held.themes).all()
    assert np.isnan(held.ari)


def test_adjusted_rand_by_hand():
    # Labels 0 0 0 1 1 1 against 0 0 1 1 2 2: both 2 pairs, ours 6, theirs 3, of 15.
    table = np.array([[2, 1, 0], [0, 1, 2]])
    assert _adjusted_rand(table) == pytest.approx((2 - 6 * 3 / 15) / (4.5 - 6 * 3 / 15))
    assert _adjusted_rand(np.array([[3, 0], [0, 3]])) == 1
