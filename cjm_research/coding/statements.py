"""Emotions, pain points, delights, needs and expectations, from scores and phrases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cjm_research.coding.encoder import EMOTIONS
from cjm_research.coding.phrases import Hit, find_phrases, tokenize
from cjm_research.coding.resources import Codebook, load_codebook, load_lexicon
from cjm_research.coding.rows import make_codes
from cjm_research.coding.rules import find_signs, is_negated, says_nothing


@dataclass(frozen=True)
class Thresholds:
    """Least scores that become a code, in [0, 1].

    Attributes
    ----------
    emotions : mapping of str to float
        By emotion; what is not named has 0.5.
    pain, delight, need : float
    sure_pain : float
        Pain that needs no topic: coded as `other` when the codebook has no name for it.
    """

    emotions: Mapping[str, float] = field(default_factory=dict)
    pain: float = 0.5
    delight: float = 0.5
    need: float = 0.5
    sure_pain: float = 0.6


@dataclass(frozen=True)
class ScoreCoder:
    """Turn scores and codebook phrases into codes.

    A pain point is coded where the excerpt, the sentence beside it in the same turn, or the
    question it answers tells of trouble and the excerpt names a topic of the codebook; a
    phrase that tells the trouble by itself (`sure_cues`) needs no other sign. Delights
    likewise. The phrases of the rules that an excerpt holds are kept in `attributes`: they
    explain a score, they do not make it.

    Attributes
    ----------
    codebook : Codebook
        Codes of the groups `pain_point` and `delight`.
    thresholds : Thresholds
        Least scores that become a code.
    coder_id : str
        "rules" or "encoder": who made the scores.
    """

    codebook: Codebook = field(default_factory=load_codebook)
    thresholds: Thresholds = field(default_factory=Thresholds)
    coder_id: str = "rules"

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes` for the excerpts that have scores."""
        heard = excerpts.merge(scores, on="excerpt_id", how="inner", validate="one_to_one")
        heard = heard.sort_values(["document_id", "start"], kind="stable").reset_index(drop=True)
        heard["nothing"] = [says_nothing(text) for text in heard["text"]]
        heard["asked"] = _asks_for_trouble(heard) & (heard["delight"] < 0.6)
        for signal in ("pain", "delight"):
            heard[f"{signal}_near"] = _near(heard, signal)
        return make_codes(self._rows(heard), coder_id=self.coder_id)

    def _rows(self, heard: pd.DataFrame) -> Iterator[dict[str, Any]]:
        docs = tokenize(heard["text"])
        topics = find_phrases(
            docs,
            {
                f"{entry.group}:{entry.code}:{kind}": phrases
                for entry in self.codebook
                for kind, phrases in (("cue", entry.cues), ("sure", entry.sure_cues))
            },
        )
        expectations = find_phrases(docs, load_lexicon()["expectation"])
        signs = find_signs(docs)
        records = heard.to_dict("records")
        for row, doc, named, expected, shown in zip(
            records, docs, topics, expectations, signs, strict=True
        ):
            if row["nothing"]:
                continue
            base = {key: row[key] for key in ("excerpt_id", "document_id", "start", "end", "text")}
            base["attributes"] = {"signs": shown} if shown else {}
            for emotion in EMOTIONS:
                score = row[f"emotion_{emotion}"]
                if emotion != "neutral" and score >= self.thresholds.emotions.get(emotion, 0.5):
                    yield base | _code("emotion", emotion, score, "score")
            if row["need"] >= self.thresholds.need:
                yield base | _code("need", "need", row["need"], "score")
            outcome = _expectation_outcome(expected)
            if outcome:
                yield base | _code("expectation", outcome, 0.7, "phrase")
            yield from (base | code for code in self._topics(row, doc, named))

    def _topics(self, row: dict[str, Any], doc: Any, hits: list[Hit]) -> Iterator[dict[str, Any]]:
        for group, signal in (("pain_point", "pain"), ("delight", "delight")):
            named: dict[str, tuple[float, str]] = {}
            for hit in hits:
                hit_group, code, kind = hit.label.split(":")
                if hit_group != group:
                    continue
                words = doc[hit.start : hit.end].text
                if kind == "sure" and not is_negated(doc, hit.start):
                    strength = 0.9
                elif row[signal] >= getattr(self.thresholds, signal):
                    strength = 0.7
                elif row[f"{signal}_near"] >= 0.6 or (group == "pain_point" and row["asked"]):
                    strength = 0.55
                else:
                    continue
                if strength > named.get(code, (0.0, ""))[0]:
                    named[code] = (strength, words)
            # Passing words ("the page", "the price") name a topic only where nothing surer does.
            surest = max((strength for strength, _ in named.values()), default=0.0)
            for code, (strength, words) in named.items():
                if strength >= min(surest, 0.9):
                    yield _code(group, code, strength, f"cue: {words}")
            if group == "pain_point" and not named and row["pain"] >= self.thresholds.sure_pain:
                yield _code(group, OTHER, row["pain"], "score")


OTHER = "other"
"""Trouble is told, but no code of the codebook fits: shown, and waiting for a person."""


def _expectation_outcome(hits: list[Hit]) -> str:
    """I expected ... but ...: tell what became of an expectation, or an empty string."""
    labels = {hit.label for hit in hits}
    for outcome in ("exceeded", "met"):
        if outcome in labels:
            return outcome
    starts = [hit.end for hit in hits if hit.label == "set"]
    if starts and any(hit.label == "missed" and hit.start >= min(starts) for hit in hits):
        return "missed"
    return ""


def _code(group: str, code: str, strength: float, basis: str) -> dict[str, Any]:
    return {"code_group": group, "code": code, "strength": min(1.0, strength), "basis": basis}


def _asks_for_trouble(heard: pd.DataFrame) -> pd.Series:
    """Tell which excerpts answer a question for obstacles; plain praise is none all the same."""
    prompts = heard["prompt"].unique().tolist()
    found = find_phrases(tokenize(prompts), {"asks": load_lexicon()["asks_for_trouble"]})
    asking = {prompt for prompt, hits in zip(prompts, found, strict=True) if hits}
    return heard["prompt"].isin(asking) & (heard["valence"] < 0.4)


def _near(heard: pd.DataFrame, signal: str) -> pd.Series:
    """Strongest signal of the sentence before or after, within the same turn."""
    same_before = (heard["document_id"] == heard["document_id"].shift()) & (
        heard["turn"] == heard["turn"].shift()
    )
    same_after = same_before.shift(-1, fill_value=False)
    before = heard[signal].shift(fill_value=0.0).where(same_before, 0.0)
    after = heard[signal].shift(-1, fill_value=0.0).where(same_after, 0.0)
    return pd.concat([before, after], axis=1).max(axis=1)
