"""Masking: names, ids and contacts become words in brackets before anything is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

from cjm_research.privacy.common_words import COMMON_WORDS, NO_NAMES, PARTICLES
from cjm_research.privacy.patterns import PATTERNS, mask_patterns

PLACEHOLDERS = {"name": "[name]", "id": "[id]", "email": "[email]", "phone": "[phone]"}
OTHER = "[personal]"
_SET = frozenset(f"[{pattern.kind}]" for pattern in PATTERNS)

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_START = re.compile(r"(?:\A|[.!?…:\n\"“”„«»‹›(\[–—])[\s\"“”„'‘’(\[*]*\Z")
_ADDRESSED = re.compile(r"[,!?]|['’]s\b")
_SAFE_SEPARATORS = frozenset(" -_'’./\u00a0\n")
# Bidirectional controls reorder what a reader sees; other controls have no place in text.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_MIN_ID = 3
_MIN_DIGIT_ID = 5
_MIN_PART = 2


@dataclass(frozen=True)
class _Phrase:
    """A string to mask: its folded words, what stands between them, and what replaces it."""

    words: tuple[str, ...]
    between: tuple[str, ...]
    kind: str
    capital_only: bool = False


@dataclass(frozen=True)
class Masker:
    """Replaces identifying strings; made by `build_masker`.

    Known strings are looked up word by word, so that the cost does not grow with the number
    of people. Longer strings win over shorter ones.
    """

    phrases: dict[str, tuple[_Phrase, ...]] = field(repr=False)
    exact: dict[str, str] = field(repr=False)
    keep: frozenset[str] = field(default=frozenset(), repr=False)

    def mask(self, text: str, *, counts: dict[str, int] | None = None) -> str:
        """Return the text without identifying strings.

        Parameters
        ----------
        text : str
            Clean text (see `clean_text`).
        counts : dict, optional
            Gets the number of replacements per kind.
        """
        counts = {} if counts is None else counts
        return self._mask_phrases(mask_patterns(text, keep=self.keep, counts=counts), counts)

    def mask_names(self, text: str) -> str:
        """Return a text such as a file's name without known names and ids, and nothing else."""
        return self._mask_phrases(text, {})

    def mask_value(self, value: str, *, counts: dict[str, int] | None = None) -> str:
        """Return a short value (an attribute) masked if the whole of it identifies someone.

        A part of it may be an everyday word: the plan 'Rose' is not the person Rose.
        """
        counts = {} if counts is None else counts
        kind = self.exact.get(_fold(value))
        if kind:
            counts[kind] = counts.get(kind, 0) + 1
            return PLACEHOLDERS.get(kind, OTHER)
        return mask_patterns(value, keep=self.keep, counts=counts)

    def _mask_phrases(self, text: str, counts: dict[str, int]) -> str:
        words = [(match.start(), match.end()) for match in _WORD.finditer(text)]
        folded = [text[start:end].casefold() for start, end in words]
        pieces: list[str] = []
        done = position = 0
        while position < len(words):
            phrase = self._find(text, words, folded, position)
            if phrase is None:
                position += 1
                continue
            last = position + len(phrase.words) - 1
            pieces += [text[done : words[position][0]], PLACEHOLDERS.get(phrase.kind, OTHER)]
            counts[phrase.kind] = counts.get(phrase.kind, 0) + 1
            done, position = words[last][1], last + 1
        return "".join([*pieces, text[done:]])

    def _find(
        self, text: str, words: list[tuple[int, int]], folded: list[str], position: int
    ) -> _Phrase | None:
        for phrase in self.phrases.get(folded[position], ()):
            n = len(phrase.words)
            if tuple(folded[position : position + n]) != phrase.words:
                continue
            gaps = [text[words[position + i][1] : words[position + i + 1][0]] for i in range(n - 1)]
            if not all(
                gap in _SAFE_SEPARATORS or gap == own
                for gap, own in zip(gaps, phrase.between, strict=True)
            ):
                continue
            start = words[position][0]
            if phrase.capital_only and not _is_name_position(
                text, start, words[position + n - 1][1]
            ):
                continue
            end = words[position + n - 1][1]
            if text[start - 1 : end + 1] in _SET:
                continue  # a placeholder that a pattern has just set, not someone called Phone
            return phrase
        return None


def build_masker(
    identities: pd.DataFrame, *, names: Iterable[str] = (), keep: Iterable[str] = ()
) -> Masker:
    """Return the masker of a study.

    Parameters
    ----------
    identities : DataFrame
        Rows of `kind` (id, name, email, phone, other) and `value`, of all sources.
    names : iterable of str
        Further names that study.yaml declares.
    keep : iterable of str
        Strings that are never masked, such as the service's own name.
    """
    kept = frozenset(_fold(text) for text in keep)
    pairs = [(str(kind), str(value)) for kind, value in identities[["kind", "value"]].to_numpy()]
    pairs += [("name", name) for name in names]
    phrases: dict[tuple[str, ...], _Phrase] = {}
    exact: dict[str, str] = {}
    for kind, value in dict.fromkeys(pairs):
        clean = clean_text(value).strip()
        if not clean or _fold(clean) in kept:
            continue
        exact.setdefault(_fold(clean), kind)
        for phrase in _phrases_of(clean, kind):
            known = phrases.get(phrase.words)
            # A name in full beats a part that is masked only with a capital.
            unkept = " ".join(phrase.words) not in kept
            if unkept and (known is None or (known.capital_only and not phrase.capital_only)):
                phrases[phrase.words] = phrase
    by_first: dict[str, list[_Phrase]] = {}
    for words, phrase in phrases.items():
        by_first.setdefault(words[0], []).append(phrase)
    longest_first = {
        first: tuple(sorted(some, key=lambda phrase: -len(phrase.words)))
        for first, some in by_first.items()
    }
    return Masker(longest_first, exact, kept)


def clean_text(text: str) -> str:
    """Return text in NFC, with plain line ends and without control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _UNSAFE.sub("", text)


def _phrases_of(value: str, kind: str) -> Iterable[_Phrase]:
    matches = list(_WORD.finditer(value))
    words = tuple(match[0].casefold() for match in matches)
    between = tuple(value[one.end() : other.start()] for one, other in pairwise(matches))
    if not words:
        return
    if kind == "name":
        yield from _name_phrases(words, between)
    elif kind == "id":
        yield from _id_phrases(value, words, between)
    elif len("".join(words)) >= _MIN_ID:
        plain = len(words) == 1 and value.isalpha()
        yield _Phrase(words, between, kind, capital_only=plain and words[0] in COMMON_WORDS)


def _name_phrases(words: tuple[str, ...], between: tuple[str, ...]) -> Iterable[_Phrase]:
    if len(words) > 1:
        yield _Phrase(words, between, "name")
        # "Smith, Anna" in a list is "Anna Smith" in speech; its parts are masked below.
    for word in words:
        says_nothing = word in PARTICLES and len(words) > 1
        if says_nothing or word in NO_NAMES or word.isdigit() or len(word) < _MIN_PART:
            continue
        yield _Phrase((word,), (), "name", capital_only=word in COMMON_WORDS)


def _id_phrases(value: str, words: tuple[str, ...], between: tuple[str, ...]) -> Iterable[_Phrase]:
    joined = "".join(words)
    if joined.isdigit():
        # A short number is a number; a long one that nobody would say by chance is an id.
        if len(joined) >= _MIN_DIGIT_ID:
            yield _Phrase(words, between, "id")
    elif len(words) == 1 and value.isalpha():
        if len(value) >= _MIN_PART and words[0] not in NO_NAMES:
            yield _Phrase(words, between, "id", capital_only=words[0] in COMMON_WORDS)
    elif len(joined) >= _MIN_ID and not all(_says_nothing(word) for word in words):
        yield _Phrase(words, between, "id")


def _says_nothing(word: str) -> bool:
    """Return True for the words of 'row 12' or 'participant 3'."""
    return word in NO_NAMES or word.isdigit()


def _is_name_position(text: str, start: int, end: int) -> bool:
    """Return True for a capital that no sentence start explains, or a person addressed.

    "Will, can you hear me?" and "May's bill" begin sentences and are names all the same.
    """
    if not text[start].isupper():
        return False
    if _ADDRESSED.match(text, end):
        return True
    return not _SENTENCE_START.search(text[max(0, start - 12) : start])


def _fold(text: str) -> str:
    return " ".join(clean_text(text).split()).casefold()
