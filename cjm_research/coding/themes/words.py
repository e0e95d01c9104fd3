"""Vectors of words, where no encoder gives vectors of meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cjm_research.coding.themes.clustering import Vectors

N_COMPONENTS = 50


def embed_words(
    texts: Sequence[str], others: Sequence[str] = (), *, random_state: int = 0
) -> tuple[Vectors, Vectors] | None:
    """Return TF-IDF vectors, reduced by SVD, or None when texts share too few words.

    Parameters
    ----------
    texts : sequence of str, n
        That the vocabulary is made from.
    others : sequence of str, m
        Placed in the same space.
    random_state : int

    Returns
    -------
    tuple of arrays or None
        n x d and m x d, of unit length.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    words = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2)
    try:
        matrix = words.fit_transform(texts)
    except ValueError:  # no content word occurs in two texts
        return None
    if matrix.shape[1] < 2:
        return None
    n_components = min(N_COMPONENTS, matrix.shape[1] - 1, matrix.shape[0] - 1)
    svd = TruncatedSVD(n_components=n_components, random_state=random_state)
    vectors = normalize(svd.fit_transform(matrix))
    if not len(others):
        return vectors, np.zeros((0, n_components))
    return vectors, normalize(svd.transform(words.transform(others)))
