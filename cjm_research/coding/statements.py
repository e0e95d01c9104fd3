"""What excerpts state: emotions, pain points, delights, needs, expectations, reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.coding.code_inference import infer_codes
from cjm_research.coding.encoder import EMOTIONS
from cjm_research.coding.particulars import (
    find_obstacle,
    find_particulars,
    find_touchpoints,
    propose_severity,
)
from cjm_research.coding.phrases import Hit, find_phrases, tokenize
from cjm_research.coding.resources import Codebook, CodeEntry, load_codebook, load_lexicon
from cjm_research.coding.rows import make_codes
from cjm_research.coding.rules import find_signs, is_negated, says_nothing
from cjm_research.journey import Journey

OUTCOMES = ("missed", "met", "exceeded")
"""What became of an expectation."""

OTHER = "other"
"""Trouble is told, but no code of the codebook fits: shown, and waiting for a person."""

SURE, TOPIC, NEARBY = 0.9, 0.7, 0.55
"""Strength of a telling phrase, of a topic in a sentence of trouble, and beside one."""

TROUBLE_GOES_ON = 0.3
"""Probability of pain from which the next sentence tells what the trouble led to."""

LEAST_FIT = 0.25
"""Probability from which a code is given by its meaning alone."""


@dataclass(frozen=True)
class Thresholds:
    """Least scores that become a code, in [0, 1].

    Attributes
    ----------
    emotions : mapping of str to float
        By emotion; what is not named has 0.5.
    pain, delight, need : float
    expectation : float
        For any of `OUTCOMES`.
    sure_pain, sure_delight : float
        What needs no topic: coded as `other` when the codebook has no name for it.
    least : float
        Share of its threshold that a signal must reach for a telling phrase to count.
    """

    emotions: Mapping[str, float] = field(default_factory=dict)
    pain: float = 0.5
    delight: float = 0.5
    need: float = 0.5
    expectation: float = 0.5
    sure_pain: float = 0.6
    sure_delight: float = 0.9
    least: float = 0.0


@dataclass(frozen=True)
class ScoreCoder:
    """Turn scores, meaning and the codebook's phrases into codes.

    A pain point, delight or need takes its name from the codebook: by meaning where there are
    embeddings (`code_inference`), and by phrases: a cue counts when the excerpt, or the
    sentence beside it in the same turn, tells of trouble; a phrase that tells it by itself
    (`sure_cues`) needs no other sign. The particulars (`particulars`) and the phrases that
    explain a score are kept in `attributes`.

    Attributes
    ----------
    codebook : Codebook
    thresholds : Thresholds
        Least scores that become a code.
    journey : Journey, optional
        For touchpoints.
    embeddings : DataFrame, optional
        Index `excerpt_id`, a column per dimension.
    encode : callable, optional
        Texts to embeddings by the same encoder.
    stages : Series, optional
        Index `excerpt_id`: the stage of an excerpt, whose touchpoints come first.
    coder_id : str
        "rules" or "encoder": who made the scores.
    """

    codebook: Codebook = field(default_factory=load_codebook)
    thresholds: Thresholds = field(default_factory=Thresholds)
    journey: Journey | None = field(default=None, repr=False)
    embeddings: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    encode: Callable[[Sequence[str]], Any] | None = field(default=None, compare=False, repr=False)
    stages: pd.Series | None = field(default=None, compare=False, repr=False)
    coder_id: str = "rules"

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes` for the excerpts that have scores."""
        heard = excerpts.merge(scores, on="excerpt_id", how="inner", validate="one_to_one")
        heard = heard.sort_values(["document_id", "start"], kind="stable").reset_index(drop=True)
        says = np.array([not says_nothing(text) for text in heard["text"]], dtype=bool)
        heard = heard[says].reset_index(drop=True)
        heard["asked"] = _asks_for_trouble(heard) & (heard["delight"] < 0.6)
        for signal in ("pain", "delight"):
            heard[f"{signal}_near"] = _near(heard, signal)
        return make_codes(self._rows(heard), coder_id=self.coder_id)

    def _rows(self, heard: pd.DataFrame) -> Iterator[dict[str, Any]]:
        docs = tokenize(heard["text"])
        phrases = find_phrases(docs, _all_phrases(self.codebook))
        names = self._names(heard, docs, phrases)
        touchpoints = self._touchpoints(heard, names)
        particulars = _with_what_follows(heard, find_particulars(docs))
        follows = _next_of_turn(heard)["text"]
        for row, doc, hits, named, signs, told, touchpoint, then in zip(
            heard.to_dict("records"), docs, phrases, names, find_signs(docs), particulars,
            touchpoints, follows, strict=True,
        ):  # fmt: skip
            base = {key: row[key] for key in ("excerpt_id", "document_id", "start", "end", "text")}
            shown = {"signs": signs} if signs else {}
            base["attributes"] = shown
            for emotion in EMOTIONS:
                score = row[f"emotion_{emotion}"]
                if emotion != "neutral" and score >= self.thresholds.emotions.get(emotion, 0.5):
                    yield base | _code("emotion", emotion, score, "score")
            expected = self._expectation(row, doc, hits, then)
            if expected:
                yield base | expected
            for entry in _told(doc, hits):
                yield base | entry
            for group, code, strength, basis in named:
                attributes = shown
                if group in ("pain_point", "delight"):
                    attributes = shown | {"touchpoint": touchpoint} if touchpoint else dict(shown)
                    attributes |= {"whose": told["whose"], "when": told["when"]}
                if group == "pain_point":
                    places = [(hit.start, hit.end) for hit in hits if _is_sign(hit)]
                    feelings = [row["emotion_frustration"], row["emotion_worry"]]
                    attributes |= {
                        "obstacle": find_obstacle(doc, places),
                        "consequence": told["consequence"],
                        "severity": propose_severity(told["consequence"], feelings),
                    }
                yield base | _code(group, code, strength, basis) | {"attributes": attributes}

    def _names(
        self, heard: pd.DataFrame, docs: list[Any], phrases: list[list[Hit]]
    ) -> list[list[tuple[str, str, float, str]]]:
        """Return (group, code, strength, basis) for every excerpt."""
        names: list[list[tuple[str, str, float, str]]] = [[] for _ in docs]
        levels = self.thresholds
        for group, signal, unnamed, sure in (
            ("pain_point", "pain", OTHER, levels.sure_pain),
            ("delight", "delight", OTHER, levels.sure_delight),
            ("need", "need", "need", levels.need),
        ):
            entries = [e for e in self.codebook if e.group == group and e.code != unnamed]
            stated = heard[signal] >= getattr(levels, signal)
            fits = self._fits(heard, docs, phrases, entries, stated)
            for number, row in enumerate(heard.to_dict("records")):
                by_phrase = self._by_phrase(row, docs[number], phrases[number], group, signal)
                found = _merge(by_phrase, fits[number], entries, row[signal])
                names[number] += [(group, *code) for code in found]
                if not found and row[signal] >= sure:
                    names[number].append((group, unnamed, row[signal], "score"))
        return names

    def _by_phrase(
        self, row: dict[str, Any], doc: Any, hits: list[Hit], group: str, signal: str
    ) -> dict[str, tuple[float, str]]:
        """Return the codes whose phrases stand in the text, with strength and basis."""
        named: dict[str, tuple[float, str]] = {}
        for hit in hits:
            hit_group, _, rest = hit.label.partition(":")
            if hit_group != group:
                continue
            code, kind = rest.split(":")
            level = getattr(self.thresholds, signal)
            told = row[signal] >= self.thresholds.least * level
            if kind == "sure" and told and not is_negated(doc, hit.start):
                strength = SURE
            elif row[signal] >= level:
                strength = TOPIC
            elif row.get(f"{signal}_near", 0.0) >= 0.6 or (group == "pain_point" and row["asked"]):
                strength = NEARBY
            else:
                continue
            if strength > named.get(code, (0.0, ""))[0]:
                named[code] = (strength, f"cue: {doc[hit.start : hit.end].text}")
        return named

    def _fits(
        self,
        heard: pd.DataFrame,
        docs: list[Any],
        phrases: list[list[Hit]],
        entries: list[CodeEntry],
        stated: pd.Series,
    ) -> list[Any]:
        """Return how well each code fits the excerpts that state one of the group, else None."""
        fits: list[Any] = [None] * len(docs)
        rows = np.flatnonzero(stated.to_numpy())
        if self.embeddings is None or self.encode is None or not entries or not len(rows):
            return fits
        place = {f"{entry.group}:{entry.code}": k for k, entry in enumerate(entries)}
        hits = np.zeros((len(rows), len(entries), 2))
        for number, row in enumerate(rows):
            for hit in phrases[row]:
                code, _, kind = hit.label.rpartition(":")
                if code in place and not is_negated(docs[row], hit.start):
                    hits[number, place[code], int(kind == "sure")] += 1
        vectors = self.embeddings.loc[heard["excerpt_id"].to_numpy()[rows]].to_numpy()
        texts = heard["text"].to_numpy()[rows].tolist()
        probabilities = infer_codes(vectors, texts, hits, entries, encode=self.encode)
        for number, row in enumerate(rows):
            fits[row] = probabilities[number]
        return fits

    def _touchpoints(self, heard: pd.DataFrame, names: list[list[Any]]) -> list[str]:
        found = [""] * len(heard)
        rows = [number for number, named in enumerate(names) if named]
        if self.journey is None or not rows:
            return found
        told = heard.iloc[rows]
        stages = [""] * len(rows)
        if self.stages is not None:
            stages = self.stages.reindex(told["excerpt_id"]).fillna("").tolist()
        vectors = None
        if self.embeddings is not None:
            vectors = self.embeddings.loc[told["excerpt_id"]].to_numpy()
        touchpoints = find_touchpoints(
            told["text"].tolist(), vectors, self.journey, stages, self.encode
        )
        for number, touchpoint in zip(rows, touchpoints, strict=True):
            found[number] = touchpoint
        return found

    def _expectation(
        self, row: dict[str, Any], doc: Any, hits: list[Hit], then: str
    ) -> dict[str, Any]:
        """Return what was expected and what became of it, or nothing."""
        if f"expectation_{OUTCOMES[0]}" in row:
            scores = {outcome: float(row[f"expectation_{outcome}"]) for outcome in OUTCOMES}
            outcome = max(scores, key=scores.__getitem__)
            if scores[outcome] < self.thresholds.expectation:
                return {}
            strength, basis = scores[outcome], "score"
        else:
            outcome, strength, basis = _expectation_outcome(doc, hits), 0.7, "phrase"
            if not outcome:
                return {}
        return _code("expectation", outcome, strength, basis) | {
            "attributes": _two_halves(doc, hits, then)
        }


def _merge(
    by_phrase: dict[str, tuple[float, str]], fit: Any, entries: list[CodeEntry], score: float
) -> list[tuple[str, float, str]]:
    """Settle which codes of a group an excerpt gets: by meaning, and by telling phrases.

    Passing words ("the page", "the price") name a topic only where nothing surer does.
    """
    found = {
        entry.code: (float(min(score, fit[place])), "meaning")
        for place, entry in enumerate(entries)
        if fit is not None and fit[place] >= LEAST_FIT
    }
    surest = max((strength for strength, _ in by_phrase.values()), default=0.0)
    passing = not found and surest < SURE
    for code, (strength, basis) in by_phrase.items():
        if code in found or strength >= SURE or (passing and strength >= surest):
            found[code] = (max(strength, found.get(code, (0.0, ""))[0]), basis)
    return [(code, *value) for code, value in found.items()]


def _all_phrases(codebook: Codebook) -> dict[str, Sequence[str]]:
    lexicon = load_lexicon()
    phrases: dict[str, Sequence[str]] = {
        f"{entry.group}:{entry.code}:{kind}": words
        for entry in codebook
        for kind, words in (("cue", entry.cues), ("sure", entry.sure_cues))
    }
    phrases |= {f"expectation:{name}": words for name, words in lexicon["expectation"].items()}
    return phrases | {name: lexicon[name] for name in _MARKS}


_MARKS = ("reason", "social_proof", "adjacent_wish")


def _is_sign(hit: Hit) -> bool:
    return hit.label.startswith("pain_point:")


def _told(doc: Any, hits: list[Hit]) -> Iterator[dict[str, Any]]:
    """Yield reasons, social proof and adjacent wishes, which are told by phrases."""
    marks = {hit.label: hit for hit in hits if hit.label in _MARKS}
    for group in ("social_proof", "adjacent_wish"):
        if group in marks and not is_negated(doc, marks[group].start):
            words = doc[marks[group].start : marks[group].end].text
            yield _code(group, group, 0.6, f"cue: {words}")
    if "reason" in marks:
        for hit in hits:
            group, _, rest = hit.label.partition(":")
            if group == "reason" and rest:
                words = doc[hit.start : hit.end].text
                yield _code("reason", rest.split(":")[0], 0.6, f"cue: {words}")


def _expectation_outcome(doc: Any, hits: list[Hit]) -> str:
    """I expected ... but ...: tell what became of an expectation, or an empty string."""
    for outcome in ("exceeded", "met"):
        told = [hit for hit in hits if hit.label == f"expectation:{outcome}"]
        if told:  # "not as expected" is one that was missed
            return "missed" if all(is_negated(doc, hit.start) for hit in told) else outcome
    starts = [hit.end for hit in hits if hit.label == "expectation:set"]
    if starts and any(h.label == "expectation:missed" and h.start >= min(starts) for h in hits):
        return "missed"
    return ""


def _two_halves(doc: Any, hits: list[Hit], then: str) -> dict[str, str]:
    """Return what was expected and what happened, in the speaker's words, where both are told.

    People often tell them in two sentences: "I expected thirty-nine pounds! But ...".
    """
    sets = [hit for hit in hits if hit.label == "expectation:set"]
    if not sets:
        return {}
    start = sets[0]
    turns = [h for h in hits if h.label == "expectation:missed" and h.start >= start.end]
    if turns:
        border = turns[0].start
        halves = doc[start.start : border].text, doc[border:].text
    elif then.casefold().startswith(_TURNS):
        halves = doc[start.start :].text, then
    else:
        return {}
    expected, happened = (half.strip(" ,;:–-.") for half in halves)
    return {"expected": expected, "happened": happened}


_TURNS = (
    "but ",
    "instead",
    "then ",
    "and then",
    "only ",
    "however",
    "nope",
    "in fact",
    "turned out",
)
"""How a sentence begins that says what became of the expectation before it."""


def _next_of_turn(heard: pd.DataFrame) -> pd.DataFrame:
    """Return, for each row, the next sentence of the same turn ("" and 0 where there is none)."""
    same = (heard["document_id"] == heard["document_id"].shift(-1)) & (
        heard["turn"] == heard["turn"].shift(-1)
    )
    following = heard[["text", "pain"]].shift(-1)
    return pd.DataFrame(
        {"text": following["text"].where(same, ""), "pain": following["pain"].where(same, 0.0)}
    )


def _with_what_follows(
    heard: pd.DataFrame, particulars: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Take the consequence from the next sentence of trouble where the own one tells none."""
    pain = _next_of_turn(heard)["pain"].to_numpy()
    after = [*particulars[1:], *particulars[:1]]
    return [
        own | {"consequence": then["consequence"]}
        if own["consequence"] == "annoyed" and trouble >= TROUBLE_GOES_ON
        else own
        for own, then, trouble in zip(particulars, after, pain, strict=True)
    ]


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
