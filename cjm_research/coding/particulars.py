"""The particulars of a pain or delight: what was in the way, where, with what result, whose.

Read from phrases of `lexicon.yaml`; where no phrase tells, the particular is left empty or says
the least ("annoyed"). The severity is a proposal by the scale of `docs/coding-guide.md`: a
person's outranks it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cjm_research.coding.phrases import Hit, content_words, find_phrases, stems
from cjm_research.coding.resources import load_lexicon
from cjm_research.coding.rules import is_negated
from cjm_research.journey import Journey, Touchpoint

if TYPE_CHECKING:
    from spacy.tokens import Doc

CONSEQUENCES = ("gave_up", "blocked", "called_support", "worked_around", "delayed", "annoyed")
"""Gravest first; `annoyed` when nothing more is told."""
SEVERITY = {
    "gave_up": 4,
    "blocked": 3,
    "called_support": 2,
    "worked_around": 2,
    "delayed": 2,
    "annoyed": 1,
}
STRONG_FEELING = 0.8
"""Probability of frustration or worry from which a nuisance is proposed as one step graver."""

TOUCHPOINT_LIKENESS, TOUCHPOINT_LEAD = 0.38, 0.04
"""Least likeness of meaning to a touchpoint's name, and least lead over the next."""


def find_particulars(docs: Sequence[Doc]) -> list[dict[str, Any]]:
    """Return consequence, whose and when for each text; see the module."""
    lexicon = load_lexicon()
    phrases = {f"did:{name}": words for name, words in lexicon["consequence"].items()}
    phrases |= {name: lexicon[name] for name in ("hearsay", "hypothetical", "past")}
    return [_read(doc, hits) for doc, hits in zip(docs, find_phrases(docs, phrases), strict=True)]


def _read(doc: Doc, hits: list[Hit]) -> dict[str, Any]:
    labels = {hit.label for hit in hits if not _denied(doc, hit)}
    told = [name for name in CONSEQUENCES if f"did:{name}" in labels]
    past = "past" in labels or any(token.lower_.endswith("ed") and len(token) > 4 for token in doc)
    when = "hypothetical" if "hypothetical" in labels else "past" if past else "present"
    return {
        "consequence": told[0] if told else "annoyed",
        "whose": "other" if "hearsay" in labels else "own",
        "when": when,
    }


def _denied(doc: Doc, hit: Hit) -> bool:
    """Tell whether what the phrase says is denied; its own "not" denies nothing."""
    return hit.label.startswith("did:") and is_negated(doc, hit.start)


def propose_severity(consequence: str, feelings: Sequence[float]) -> int:
    """Return a severity of 1 to 4 from the consequence told and the strongest feeling.

    Parameters
    ----------
    consequence : str
        One of `CONSEQUENCES`.
    feelings : sequence of float
        Probabilities of frustration and worry.
    """
    severity = SEVERITY[consequence]
    if severity == 1 and max(feelings, default=0.0) >= STRONG_FEELING:
        return 2
    return severity


def find_obstacle(doc: Doc, told: Sequence[tuple[int, int]]) -> str:
    """Return the clause that tells of the trouble: the one that holds most of its words.

    Parameters
    ----------
    doc : Doc
    told : sequence of (int, int)
        Token positions of cues and signs; none gives the whole text.
    """
    clauses = _clauses(doc)
    if not told or len(clauses) == 1:
        return str(doc.text).strip()

    def weight(clause: tuple[int, int]) -> int:
        return sum(clause[0] <= start < clause[1] for start, _ in told)

    # Of clauses that tell as much the later one: what went wrong comes after what was wanted.
    start, end = max(clauses, key=lambda clause: (weight(clause), clause[0]))
    return str(doc[start:end].text).strip(" ,;:–-").strip()


def _clauses(doc: Doc) -> list[tuple[int, int]]:
    """Split at commas, semicolons and "but", keeping clauses of at least three words."""
    borders = [0]
    for position, token in enumerate(doc):
        if token.text in {",", ";", ":", "–", "—"} or token.lower_ in {"but", "because", "though"}:
            borders.append(position)
    borders.append(len(doc))
    clauses: list[tuple[int, int]] = []
    for start, end in pairwise(borders):
        n_words = sum(token.is_alpha for token in doc[start:end])
        if clauses and n_words < 3:
            clauses[-1] = (clauses[-1][0], end)
        else:
            clauses.append((start, end))
    if len(clauses) > 1 and sum(t.is_alpha for t in doc[clauses[0][0] : clauses[0][1]]) < 3:
        clauses[:2] = [(clauses[0][0], clauses[1][1])]
    return clauses


def find_touchpoints(
    texts: Sequence[str], vectors: Any, journey: Journey, stages: Sequence[str], encode: Any
) -> list[str]:
    """Return the touchpoint that each text speaks of, or "".

    Parameters
    ----------
    texts : sequence of str
    vectors : array, n x d, or None
        Embeddings of the texts; without them only shared words count.
    journey : Journey
    stages : sequence of str
        Stage of each text, or "": its touchpoints come first.
    encode : callable or None
        Texts to embeddings.
    """
    points = [(stage.id, point) for stage in journey for point in stage.touchpoints]
    if not points or not len(texts):
        return [""] * len(texts)
    words = [stems(content_words(point.name)) for _, point in points]
    likeness = np.zeros((len(texts), len(points)))
    if vectors is not None and encode is not None:
        named = np.asarray(encode([_name(point) for _, point in points]), dtype=np.float64)
        likeness = np.asarray(vectors, dtype=np.float64) @ named.T
    found = []
    for row, text in enumerate(texts):
        said = stems(content_words(text))
        value = likeness[row].copy()
        for place, (stage, _) in enumerate(points):
            value[place] += 0.2 * len(words[place] & said)
            # What is spoken of in a stage is mostly met in that stage.
            value[place] += 0.08 if stage == stages[row] else 0.0
        best = int(value.argmax())
        lead = value[best] - np.partition(value, -2)[-2] if len(points) > 1 else 1.0
        sure = value[best] >= TOUCHPOINT_LIKENESS and lead >= TOUCHPOINT_LEAD
        found.append(points[best][1].name if sure else "")
    return found


def _name(point: Touchpoint) -> str:
    return re.sub(r"\s+", " ", point.name).strip()
