"""Phrases of the lexicon and the codebook, matched on tokens with spaCy."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """Return token sequences of texts as `plain_text` gives them."""
    nlp = load_nlp()
    return [nlp.make_doc(plain_text(text)) for text in texts]


def plain_text(text: str) -> str:
    """Return a text as coders read it.

    Typographic apostrophes become plain, so that contractions split. What masking put in
    place of a name or an address ("[email]") is nobody's word, and must not look like one.
    """
    return blank_marks(_MASK.sub("…", text.replace("’", "'")))


_MASK = re.compile(r"\[[a-z]+\]")


def blank_marks(text: str) -> str:
    """Return a text of the same length in which no long run of marks is left.

    spaCy takes marks off a word one by one, and copies the rest each time: a megabyte of them
    would take days. The last mark stays, as it may end a sentence.
    """
    return _MARKS.sub(lambda run: " " * (len(run[0]) - 1) + run[0][-1], text)


_MARKS = re.compile(r"[^\w\s]{100,}")


def find_phrases(docs: Sequence[Doc], phrases: Mapping[str, Sequence[str]]) -> list[list[Hit]]:
    """Find labelled phrases in token sequences.

    Parameters
    ----------
    docs : sequence of Doc
    phrases : mapping of label to phrases
        `a|b` is either word, `stem*` any word that begins so; case does not matter.

    Returns
    -------
    list of list of Hit
        Per doc, in text order; a hit inside a longer one of its label is dropped.
    """
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc

    vocab = load_nlp().vocab
    # Stems become the words that these texts really hold: plain phrases are matched at once
    # however many there are, where a pattern per stem would be tried on every token.
    words = sorted({token.lower_ for doc in docs for token in doc})
    matcher = PhraseMatcher(vocab, attr="LOWER")
    for label, texts in phrases.items():
        runs = {run for text in texts for run in _runs(text, words)}
        if runs:
            matcher.add(label, [Doc(vocab, words=list(run)) for run in sorted(runs)])
    if not len(matcher):
        return [[] for _ in docs]
    return [_longest(matcher(doc, as_spans=False), vocab.strings) for doc in docs]


def words_of(text: str) -> set[str]:
    """Return the different words of a text, lower case."""
    return {token.lower_ for token in tokenize([text])[0] if token.is_alpha}


def content_words(text: str) -> set[str]:
    """Return the words of a text that carry meaning (spaCy's stop words are left out)."""
    return content_words_of([text])[0]


def content_words_of(texts: Iterable[str]) -> list[set[str]]:
    """Return the content words of each text."""
    return [{t.lower_ for t in doc if t.is_alpha and not t.is_stop} for doc in tokenize(texts)]


def stems(words: set[str]) -> set[str]:
    """Crude endings off ("ordering", "ordered" -> "order"): guides and speech differ by these."""
    cut = set()
    for word in words:
        for ending in ("ing", "ed", "es", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word[: -len(ending)]
                break
        cut.add(word)
    return cut


def _longest(found: Iterable[tuple[int, int, int]], names: Any) -> list[Hit]:
    hits = sorted(
        (Hit(names[key], start, end) for key, start, end in found),
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


def _runs(phrase: str, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Spell out a phrase: every combination of alternatives and of words with its stems."""
    choices = [
        [run for option in word.split("|") for run in _spell(option, words)]
        for word in phrase.replace("’", "'").lower().split()
    ]
    for combination in itertools.product(*choices):
        yield tuple(token for run in combination for token in run)


def _spell(word: str, words: Sequence[str]) -> list[tuple[str, ...]]:
    if word.endswith("*") and len(word) > 1:
        stem = word[:-1]
        first = bisect.bisect_left(words, stem)
        matching = itertools.takewhile(lambda other: other.startswith(stem), words[first:])
        return [(other,) for other in matching]
    # Through the tokenizer, because it splits contractions: "couldn't" is two tokens.
    return [tuple(token.lower_ for token in load_nlp().make_doc(word))]
