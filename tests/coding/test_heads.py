"""The heads on the encoder: what they see, one text at a time."""

from types import SimpleNamespace

import numpy as np
import pytest

from cjm_research.coding import EMOTIONS, heads, load_encoder, score_excerpts
from cjm_research.coding.encoder.model import Encoded
from cjm_research.coding.heads import (
    EXPECTATIONS,
    SIGNALS,
    Heads,
    describe_sentences,
    find_marks,
    load_heads,
    score_statements,
)
from cjm_research.coding.resources import load_lexicon

TEXTS = ["The page is blue.", "I expected a list but it was empty."]


class Encoder:
    """Two dimensions; the question "" has a meaning of its own, to show when it is used."""

    def encode(self, texts):
        vectors = [[1.0, 0.0] if text == "" else [0.0, 1.0] for text in texts]
        return SimpleNamespace(embeddings=np.array(vectors, dtype="float32").reshape(-1, 2))


def encoded(n):
    return Encoded(
        np.tile([0.6, 0.8], (n, 1)), np.full((n, len(EMOTIONS)), 0.5), np.full((n, 3), 0.5),
        np.zeros(n, dtype=bool),
    )  # fmt: skip


@pytest.fixture
def seen():
    return describe_sentences(Encoder(), encoded(2), TEXTS, ["", "What did you expect?"])


def blocks(row):
    """Split a row of features into what it is made of."""
    ends = np.cumsum([3, len(EMOTIONS), 2, 2, 1])
    signals, emotions, text, question, asked, rules = np.split(row, ends)
    return signals, emotions, text, question, asked, rules


def test_features_by_hand(seen):
    signals, emotions, text, question, asked, _ = blocks(seen[1])
    assert signals.tolist() == [0, 0, 0]
    assert not emotions.any()
    assert text == pytest.approx([1.8, 2.4])
    assert question == pytest.approx([0, 3])
    assert asked.tolist() == [1]


def test_no_question_has_no_meaning(seen):
    _, _, _, question, asked, _ = blocks(seen[0])
    assert question.tolist() == [0, 0]
    assert asked.tolist() == [0]


def test_marks_are_there_or_not():
    kinds = list(load_lexicon()["marks"])
    marks = find_marks([*TEXTS, "As expected.", ""])
    assert marks.shape == (4, len(kinds))
    assert set(np.unique(marks)) == {0, 1}
    assert marks[0].sum() == marks[3].sum() == 0
    assert marks[1].any() and marks[2].any()


NAMES = ("pain", *EXPECTATIONS)


def scored(monkeypatch, weights, texts=TEXTS, prompts=("", "")):
    monkeypatch.setattr(heads, "load_heads", lambda: Heads(NAMES, weights, {}))
    return score_statements(Encoder(), encoded(len(texts)), texts, list(prompts))


@pytest.fixture
def weights(seen):
    return np.zeros((len(NAMES), seen.shape[1] + 1), dtype="float32")


def test_a_probability_is_the_logistic_of_the_weighted_features(monkeypatch, weights):
    weights[0, -1] = np.log(3)
    assert scored(monkeypatch, weights)["pain"].tolist() == pytest.approx([0.75, 0.75])
    weights[0, 3 + len(EMOTIONS)] = 1.0  # the first number of the text's meaning: 3 * .6
    found = scored(monkeypatch, weights)
    assert found["pain"].tolist() == pytest.approx([1 / (1 + np.exp(-1.8) / 3)] * 2)
    assert set(found.dtypes) == {np.dtype("float32")}


def test_no_expectation_without_words_for_one(monkeypatch, weights):
    weights[1:, -1] = np.log(3)
    found = scored(monkeypatch, weights)
    assert found.loc[0, list(EXPECTATIONS)].tolist() == [0, 0, 0]
    assert found.loc[1, list(EXPECTATIONS)].tolist() == pytest.approx([0.75] * 3)


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_a_text_has_the_same_probability_in_any_company(monkeypatch, weights, chunk):
    monkeypatch.setattr(heads, "CHUNK", chunk)
    weights = np.random.default_rng(0).normal(size=weights.shape).astype("float32")
    many = [f"The page is blue {n} times." for n in range(40)] + TEXTS
    together = scored(monkeypatch, weights, many, [""] * len(many))
    alone = scored(monkeypatch, weights, TEXTS[:1], [""])
    assert together.iloc[40].tolist() == alone.iloc[0].tolist()


def test_no_texts_give_no_rows(monkeypatch, weights):
    assert scored(monkeypatch, weights, [], []).shape == (0, len(NAMES))


def test_the_shipped_heads_fit_the_shipped_encoder():
    shipped = load_heads()
    emotions = [f"emotion_{name}" for name in EMOTIONS]
    assert set(shipped.names) == {*SIGNALS, *EXPECTATIONS, *emotions}
    assert set(shipped.thresholds) >= {*SIGNALS, "expectation", *emotions}
    assert all(0 < value <= 1 for value in shipped.thresholds.values())
    encoder = load_encoder()
    features = describe_sentences(encoder, encoder.encode(TEXTS), TEXTS, ["", ""])
    assert shipped.weights.shape == (len(shipped.names), features.shape[1] + 1)
    assert np.isfinite(shipped.weights).all()


def test_the_shipped_heads_tell_plain_sentences_apart(say):
    texts = {
        "pain": "The checkout crashed three times and I lost everything I had typed.",
        "delight": "I love how quickly it works, it is a joy to use.",
        "need": "Please add a dark mode, I wish I could switch it on.",
    }
    scores = score_excerpts(say(*texts.values()))[["pain", "delight", "need"]]
    assert scores.shape == (3, 3)
    for row, signal in enumerate(texts):
        assert scores[signal].idxmax() == row
        assert scores.loc[row, signal] >= load_heads().thresholds[signal], signal
