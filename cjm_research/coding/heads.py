"""Statements in a sentence: pain, delight, need, expectations and emotions, as a study reads it.

The encoder's own probabilities come from short texts of many kinds. These heads add what its
embedding of the sentence and of the question it answers say, and the word lists of `rules`,
learned from sentences that were coded by `docs/coding-guide.md`. Made by
`training/fit_statements.py`; the model card says from what.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cjm_research.coding.phrases import find_phrases, tokenize
from cjm_research.coding.resources import load_lexicon
from cjm_research.coding.rules import score_by_rules

if TYPE_CHECKING:
    from cjm_research.coding.encoder.model import Encoded, Encoder

HEADS_FILE = Path(__file__).parent / "statement_heads.npz"
SIGNALS = ("pain", "delight", "need")
EXPECTATIONS = ("expectation_missed", "expectation_met", "expectation_exceeded")


EXPECTING = ("expected", "used_to", "not_so", "as_hoped", "better_than")
"""Kinds of wording (`marks` of the lexicon) without which no expectation is coded."""


CHUNK = 4096
"""Texts described at a time, so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class Heads:
    """A logistic regression per statement.

    Attributes
    ----------
    names : tuple of str
        `SIGNALS`, `EXPECTATIONS`, and `emotion_<name>` for the UX emotions.
    weights : float32 array, n heads x (n features + 1)
        The last column is the intercept.
    thresholds : dict of str to float
        Least probability that becomes a code; `expectation` for any of its outcomes.
    """

    names: tuple[str, ...]
    weights: Any
    thresholds: dict[str, float]


@cache
def load_heads() -> Heads:
    """Return the shipped heads."""
    with np.load(HEADS_FILE) as stored:
        names = tuple(str(name) for name in stored["names"])
        return Heads(names, stored["weights"], json.loads(str(stored["thresholds"])))


def score_statements(
    encoder: Encoder, encoded: Encoded, texts: Sequence[str], prompts: Sequence[str]
) -> pd.DataFrame:
    """Return the probability of each statement.

    Parameters
    ----------
    encoder : Encoder
    encoded : Encoded
        What the encoder says of n texts.
    texts, prompts : sequences of str
        The n texts, and the questions that they answer; "" where there is none.

    Returns
    -------
    DataFrame
        A column per head, float32, a row per text.
    """
    heads = load_heads()
    weights = heads.weights[:, :-1].astype(np.float64)
    logits = np.empty((len(texts), len(heads.names)))
    for start in range(0, len(texts), CHUNK):
        rows = slice(start, start + CHUNK)
        seen = describe_sentences(encoder, encoded[rows], texts[rows], prompts[rows])
        # einsum adds each row up by itself: a text's probability does not depend on the others.
        logits[rows] = np.einsum("ij,kj->ik", seen, weights)
    values = 1.0 / (1.0 + np.exp(-(logits + heads.weights[:, -1])))
    # An expectation is told in words for it; what the meaning alone suggests was mostly wrong.
    told = speaks_of_expectation(texts)
    places = [heads.names.index(name) for name in EXPECTATIONS]
    values[:, places] *= told[:, None]
    return pd.DataFrame(values.astype(np.float32), columns=list(heads.names))


def describe_sentences(
    encoder: Encoder, encoded: Encoded, texts: Sequence[str], prompts: Sequence[str]
) -> Any:
    """Return the features of the heads: float64 array, n texts x n features."""
    questions = sorted(set(prompts))
    vectors = np.asarray(encoder.encode(questions).embeddings, dtype=np.float64)
    asked = np.array([bool(question.strip()) for question in questions], dtype=np.float64)
    vectors *= asked[:, None]  # no question has no meaning
    which = pd.Index(questions).get_indexer(list(prompts))
    return np.hstack(
        [
            _log_odds(encoded.signals),
            0.5 * _log_odds(encoded.emotions),
            3.0 * np.asarray(encoded.embeddings, dtype=np.float64),
            3.0 * vectors[which],
            asked[which, None],
            score_by_rules(texts).to_numpy(dtype=np.float64),
            find_marks(texts),
        ]
    )


def speaks_of_expectation(texts: Sequence[str]) -> Any:
    """Tell which texts hold a wording that goes with expectations: array of n bool."""
    kinds = list(load_lexicon()["marks"])
    places = [kinds.index(name) for name in EXPECTING]
    found: Any = find_marks(texts)[:, places].max(axis=1, initial=0.0) > 0
    return found


def find_marks(texts: Sequence[str]) -> Any:
    """Return 0 or 1 per kind of wording in `marks` of the lexicon: array, n texts x n kinds."""
    phrases = load_lexicon()["marks"]
    marks = np.zeros((len(texts), len(phrases)))
    place = {name: number for number, name in enumerate(phrases)}
    for row, hits in enumerate(find_phrases(tokenize(texts), phrases)):
        for hit in hits:
            marks[row, place[hit.label]] = 1.0
    return marks


def _log_odds(probabilities: Any) -> Any:
    p = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))
