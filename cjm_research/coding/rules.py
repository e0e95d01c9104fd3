"""Scores of excerpts: emotions, valence, pain, delight and need, by lexicon and UX rules.

VADER gives valence (Hutto & Gilbert 2014). It does not know the language of journeys ("the
checkout crashed" is neutral to it, "great, another error message" positive), so phrases of
`lexicon.yaml` are laid over it. No model, no network, the same scores everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.coding.encoder import EMOTIONS
from cjm_research.coding.phrases import Hit, find_phrases, plain_text, tokenize
from cjm_research.coding.resources import lexicon_sha256, load_lexicon

if TYPE_CHECKING:
    from spacy.tokens import Doc

POSITIVE_EMOTIONS = frozenset({"curiosity", "relief", "satisfaction", "delight"})
NEGATIVE_EMOTIONS = frozenset({"frustration", "disappointment", "confusion", "worry"})

NEGATION_REACH = 3
"""Tokens before a phrase in which a negation turns it."""

RULES_VERSION = "1"


def rules_sha256() -> str:
    """Fingerprint of what the scores depend on."""
    return lexicon_sha256()


def score_by_rules(texts: Sequence[str]) -> pd.DataFrame:
    """Score texts by phrases.

    Returns
    -------
    DataFrame
        `emotion_*`, `pain`, `delight` and `need` in [0, 1] (how sure the rules are, not a
        probability), `valence` in [-1, 1]; float32, a row per text.
    """
    docs = tokenize(texts)
    found = find_phrases(docs, _phrases())
    rows = [_score(doc, hits, text) for doc, hits, text in zip(docs, found, texts, strict=True)]
    columns = [*(f"emotion_{name}" for name in EMOTIONS), "valence", "pain", "delight", "need"]
    return pd.DataFrame(rows, columns=columns, dtype="float32")


def find_signs(docs: list[Doc]) -> list[list[str]]:
    """Return the phrases of the rules that each text holds, as they were said."""
    return [
        sorted({doc[hit.start : hit.end].text.casefold() for hit in hits})
        for doc, hits in zip(docs, find_phrases(docs, _phrases()), strict=True)
    ]


def says_nothing(text: str) -> bool:
    """Tell whether an answer only says that there is nothing to say ("none", "n/a")."""
    return text.strip().strip(".!").casefold() in _nothing()


def is_negated(doc: Doc, start: int) -> bool:
    """Tell whether a negation stands shortly before position `start`, in the same clause."""
    negations = _negations()
    for position in range(start - 1, max(start - 1 - NEGATION_REACH, -1), -1):
        word = doc[position].lower_
        if word in negations:
            return True
        if word in {",", ";", ":", ".", "but", "and", "because"}:
            return False
    return False


def _score(doc: Doc, hits: list[Hit], text: str) -> dict[str, float]:
    # "not easy" is a pain, "no problem" is none: a negated phrase leaves its own signal.
    plain = [hit for hit in hits if not is_negated(doc, hit.start)]
    turned = [hit for hit in hits if is_negated(doc, hit.start)]
    sarcastic = any(hit.label == "sarcasm" for hit in hits)

    pain = max([_strength(hit, "pain") for hit in plain], default=0.0)
    pain = max(pain, 0.6 * any(_strength(hit, "delight") > 0 for hit in turned))
    delight = max([_strength(hit, "delight") for hit in plain], default=0.0)
    need = max([_strength(hit, "need") for hit in hits], default=0.0)
    valence = float(_vader().polarity_scores(plain_text(text))["compound"])
    if sarcastic:
        pain, delight, valence = max(pain, 0.7), 0.0, min(valence, -0.5)
    if any(_strength(hit, "pain") > 0 for hit in turned):
        # VADER reads "no problem" well enough; the rule only keeps pain from firing.
        delight = max(delight, 0.5)
    if pain >= 0.6 and delight < 0.6:
        valence = min(valence, -0.2 - 0.4 * pain)
    elif delight >= 0.6 and pain < 0.6:
        valence = max(valence, 0.2 + 0.4 * delight)
    if pain < 0.5 and valence <= -0.5:
        pain = 0.55
    if pain < 0.6 and valence > 0.3:
        pain = min(pain, 0.4)

    emotions = _emotions(plain, pain=pain, valence=valence, sarcastic=sarcastic)
    return emotions | {"valence": valence, "pain": pain, "delight": delight, "need": need}


def _emotions(hits: list[Hit], *, pain: float, valence: float, sarcastic: bool) -> dict[str, float]:
    scores = dict.fromkeys(EMOTIONS, 0.0)
    for hit in hits:
        kind, _, name = hit.label.partition(":")
        if kind == "emotion":
            # Pleasant words inside a complaint ("great, another error") are not pleasure.
            soured = name in {"satisfaction", "delight"} and (sarcastic or valence < 0)
            scores[name] = max(scores[name], 0.3 if soured else 0.8)
    if scores["delight"] > 0.5 and scores["satisfaction"] > 0.5:
        scores["satisfaction"] = 0.4  # the stronger word for the same feeling
    negative = max(scores[name] for name in NEGATIVE_EMOTIONS)
    if sarcastic or (pain >= 0.85 and negative < 0.5):
        scores["frustration"] = max(scores["frustration"], 0.6)
    strongest = max(scores.values())
    if strongest < 0.5 and valence >= 0.65:
        scores["satisfaction"] = max(scores["satisfaction"], 0.55)
    elif strongest < 0.5 and valence <= -0.65:
        scores["disappointment"] = max(scores["disappointment"], 0.55)
    scores["neutral"] = 1.0 - max(scores.values())
    return {f"emotion_{name}": value for name, value in scores.items()}


def _strength(hit: Hit, signal: str) -> float:
    kind, _, value = hit.label.partition(":")
    return float(value) if kind == signal else 0.0


@cache
def _phrases() -> dict[str, list[str]]:
    """All phrases of the lexicon, labelled by what they signal and how strongly."""
    lexicon = load_lexicon()
    phrases: dict[str, list[str]] = {"sarcasm": lexicon["sarcasm"]}
    for signal in ("pain", "delight", "need"):
        for group in lexicon[signal]:
            phrases[f"{signal}:{group['strength']}"] = group["phrases"]
    for emotion, words in lexicon["emotions"].items():
        phrases[f"emotion:{emotion}"] = words
    return phrases


@cache
def _negations() -> frozenset[str]:
    return frozenset(load_lexicon()["negation"])


@cache
def _nothing() -> frozenset[str]:
    return frozenset(load_lexicon()["said_nothing"])


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
