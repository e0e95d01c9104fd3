"""Codes by meaning: likeness to what the codebook says, with "no code fits" among them."""

import numpy as np
import pytest

from cjm_research.coding.code_inference import (
    FEATURES,
    NO_CODE,
    WEIGHTS,
    describe,
    infer_codes,
    softmax,
    weigh,
)
from cjm_research.coding.resources import CodeEntry

SLOW = CodeEntry(
    "pain_point", "slow", "Slow", definition="It takes long.",
    examples=("Slow pages.", "Slow answers.", "Other things."),
)  # fmt: skip
LOST = CodeEntry("pain_point", "lost", "Lost", definition="Work is gone.")
ENTRIES = (SLOW, LOST)


def encode(texts):
    """Two axes: what speaks of slowness, and all else; `Other` lies on a third."""
    axes = [0 if "Slow" in text else 2 if "Other" in text else 1 for text in texts]
    return np.eye(3)[axes]


def no_hits(n):
    return np.zeros((n, 2, 2))


def column(name, vectors, texts=("x",), hits=None):
    features = describe(
        np.array(vectors, dtype=float), list(texts), no_hits(len(texts)) if hits is None else hits,
        ENTRIES, encode=encode,
    )  # fmt: skip
    return features[:, :, FEATURES.index(name)].tolist()


def test_likeness_by_hand():
    # "Slow: It takes long.", "Slow pages." and "Slow answers." are alike, the fourth is not.
    vector = [[0.6, 0.0, 0.8]]
    assert column("best", vector)[0] == pytest.approx([0.8, 0.0])
    assert column("best three", vector)[0] == pytest.approx([(0.6 + 0.6 + 0.8) / 3, 0.0])
    assert column("definition", vector)[0] == pytest.approx([0.6, 0.0])


def test_a_code_of_one_sentence_has_a_best_of_one():
    assert column("best three", [[0.0, 0.7, 0.0]])[0] == pytest.approx([0.0, 0.7])


def test_phrases_count_twice_at_most_and_words_three_times():
    hits = np.zeros((1, 2, 2))
    hits[0, 0] = (5, 1)
    assert column("cues", [[0, 0, 0]], hits=hits) == [[2, 0]]
    assert column("sure cues", [[0, 0, 0]], hits=hits) == [[1, 0]]
    said = ["Pages and answers took long, other slow things took long."]
    assert column("words", [[0, 0, 0]], texts=said) == [[3, 0]]


def test_probabilities_by_hand():
    features = np.zeros((1, 2, len(FEATURES)))
    features[0, 0, :2] = 1.0
    found = softmax(weigh(features, WEIGHTS, NO_CODE))[0]
    logits = np.array([WEIGHTS[0] + WEIGHTS[1], 0.0, NO_CODE])
    assert found == pytest.approx(np.exp(logits) / np.exp(logits).sum())


def infer(vectors):
    texts = ["x"] * len(vectors)
    return infer_codes(
        np.array(vectors, dtype=float), texts, no_hits(len(texts)), ENTRIES, encode=encode
    )


def test_what_is_like_a_code_gets_it_and_what_is_like_none_abstains():
    found = infer([[1, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert found.shape == (3, 3)
    assert found.argmax(axis=1).tolist() == [0, 1, 2]
    assert found.sum(axis=1) == pytest.approx([1, 1, 1])


def test_a_text_is_judged_by_itself():
    vectors = np.random.default_rng(1).normal(size=(30, 3))
    together = infer(vectors)
    for row in (0, 7, 29):
        assert infer(vectors[row : row + 1])[0] == pytest.approx(together[row], abs=1e-12)


def test_no_texts_give_no_rows():
    assert infer(np.zeros((0, 3))).shape == (0, 3)


def test_softmax_bears_great_numbers():
    assert softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]
