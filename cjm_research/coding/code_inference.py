"""Codes of the codebook by meaning: from definitions and examples alone, abstaining.

A conditional logit (McFadden 1974) with one set of weights for all codes, so that it serves
codes that it has never seen: likeness of the excerpt to what the codebook says of a code (name,
definition, examples, phrases), and the code's phrases found in it. "No code fits" is one of the
alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cjm_research.coding.phrases import content_words_of, stems
from cjm_research.coding.resources import CodeEntry

FEATURES = ("best three", "best", "definition", "cues", "sure cues", "words")
WEIGHTS = (2.37, 1.61, 4.43, 1.35, 1.65, 0.3)
"""Of the features, fitted by `training/fit_codes.py`; see there for the data."""
NO_CODE = 3.64
"""Logit of "no code fits", fitted with them."""


def infer_codes(
    vectors: Any,
    texts: Sequence[str],
    hits: Any,
    entries: Sequence[CodeEntry],
    *,
    encode: Callable[[Sequence[str]], Any],
) -> Any:
    """Return how probable each code is for each text that has one of the group, or none.

    Parameters
    ----------
    vectors : array, n texts x d
        Embeddings.
    texts : sequence of str
    hits : array, n texts x n codes x 2
        Phrases found: cues and sure cues.
    entries : sequence of CodeEntry
        The codes of one group.
    encode : callable
        Texts to embeddings by the same encoder.

    Returns
    -------
    array, n texts x (n codes + 1)
        Rows sum to 1; the last column is "no code fits".
    """
    return softmax(weigh(describe(vectors, texts, hits, entries, encode=encode), WEIGHTS, NO_CODE))


def describe(
    vectors: Any,
    texts: Sequence[str],
    hits: Any,
    entries: Sequence[CodeEntry],
    *,
    encode: Callable[[Sequence[str]], Any],
) -> Any:
    """Return the features: float64 array, n texts x n codes x `FEATURES`."""
    vectors = np.asarray(vectors, dtype=np.float64)
    features = np.zeros((len(texts), len(entries), len(FEATURES)))
    said = [stems(words) for words in content_words_of(texts)]
    for place, entry in enumerate(entries):
        described = [f"{entry.name}: {entry.definition}", *entry.examples]
        likeness = vectors @ np.asarray(encode(described), dtype=np.float64).T
        features[:, place, 0] = np.sort(likeness, axis=1)[:, -3:].mean(axis=1)
        features[:, place, 1] = likeness.max(axis=1)
        features[:, place, 2] = likeness[:, 0]
        named = set().union(*map(stems, content_words_of(described)))
        features[:, place, 5] = [min(3, len(words & named)) for words in said]
    features[:, :, 3:5] = np.minimum(hits, 2)
    return features


def weigh(features: Any, weights: Any, no_code: float) -> Any:
    """Return logits: array, n texts x (n codes + 1)."""
    logits = features @ np.asarray(weights)
    return np.column_stack([logits, np.full(len(logits), no_code)])


def softmax(logits: Any) -> Any:
    """Return probabilities of each row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
