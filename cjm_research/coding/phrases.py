"""Phrases of the lexicon and the codebook, matched on tokens with spaCy."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


class Hit(NamedTuple):
    """A phrase found in a text, as token positions."""

    label: str
    start: int
    end: int


@cache
def load_nlp() -> Language:
    """Return spaCy's blank English pipeline with its rule-based sentence splitter."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 50_000_000  # only parsers need the memory that the limit protects
    return nlp


def tokenize(texts: Iterable[str]) -> list[Doc]:
    """Return token sequences, typographic apostrophes made plain so that contractions split."""
    nlp = load_nlp()
    return [nlp.make_doc(text.replace("’", "'")) for text in texts]


class PhraseFinder:
    """Finds labelled phrases in token sequences.

    Parameters
    ----------
    phrases : mapping of label to phrases
        `a|b` is either word, `stem*` any word that begins so; case does not matter.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        from spacy.matcher import Matcher

        self._matcher = Matcher(load_nlp().vocab)
        for label, texts in phrases.items():
            patterns = [pattern for text in texts for pattern in _patterns(text)]
            if patterns:
                self._matcher.add(label, patterns)

    def __call__(self, doc: Doc) -> list[Hit]:
        """Return the hits in text order; a hit inside a longer one of its label is dropped."""
        if not len(self._matcher):  # spaCy warns about an empty matcher
            return []
        names = doc.vocab.strings
        hits = sorted(
            {Hit(names[key], start, end) for key, start, end in self._matcher(doc)},
            key=lambda hit: (hit.start, -hit.end, hit.label),
        )
        kept: list[Hit] = []
        for hit in hits:
            if not any(
                hit.label == other.label and other.start <= hit.start and hit.end <= other.end
                for other in kept
            ):
                kept.append(hit)
        return kept


def _patterns(phrase: str) -> list[list[dict[str, Any]]]:
    """Return one token pattern per combination of alternatives."""
    choices = [word.split("|") for word in phrase.lower().split()]
    return [
        [token for word in words for token in _tokens(word)]
        for words in itertools.product(*choices)
    ]


def _tokens(word: str) -> list[dict[str, Any]]:
    if word.endswith("*") and len(word) > 1:
        return [{"LOWER": {"REGEX": f"^{re.escape(word[:-1])}"}}]
    # Through the tokenizer, because it splits contractions: "couldn't" is two tokens.
    return [{"LOWER": token.lower_} for token in load_nlp().make_doc(word)]
