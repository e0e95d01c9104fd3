"""Where a quote stands: at its place, moved, or reworded when a transcript was corrected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz import fuzz

MIN_SCORE = 90
"""Similarity, 0 to 100, from which a reworded passage passes for the quote."""

MIN_LENGTH = 12
"""Characters from which a quote may be found by similarity: short ones resemble anything."""

_SPACE = re.compile(r"\s+")
_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
     "‐": "-", "‑": "-", "–": "-", "—": "-", "…": "."}
)  # fmt: skip


class Anchor(NamedTuple):
    """The place of a quote.

    Attributes
    ----------
    document_id : str
    start, end : int
        Character offsets in the document's text.
    how : {"", "moved", "reworded"}
        Whether it stands where its `start` said; `reworded` when the text there differs from
        the quote in any character.
    """

    document_id: str
    start: int
    end: int
    how: str


@dataclass
class Texts:
    """The texts of documents, in which quotes are found.

    A quote is taken where its `start` says; else word for word elsewhere; else with white
    space, case and typographic quotes put aside; else, only in the document that it names and
    when it has at least 12 characters, at the most similar passage (rapidfuzz's partial ratio,
    at least 90 of 100), widened or narrowed to whole words. Of several places of equal worth it
    is the one nearest to `start`, the first without one.
    """

    texts: dict[str, str]
    _plain: dict[str, tuple[str, np.ndarray]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, documents: pd.DataFrame) -> Texts:
        """Take the texts of table `documents`."""
        return cls(dict(zip(documents["document_id"], documents["text"], strict=True)))

    def find(self, quote: str, document_id: str, start: int | None = None) -> Anchor | None:
        """Return the place of a quote, or None.

        Parameters
        ----------
        quote : str
        document_id : str
            Empty to look in every document, word for word or nearly so.
        start : int, optional
            Where it stood.
        """
        quote = quote.strip()
        if not quote:
            return None
        places = [document_id] if document_id else list(self.texts)
        for place in places:
            text = self.texts.get(place, "")
            if start is not None and text[start : start + len(quote)] == quote:
                return Anchor(place, start, start + len(quote), "")
        for place in places:
            found = _nearest(_occurrences(self.texts.get(place, ""), quote), start)
            if found is not None:
                how = "" if start is None else "moved"
                return Anchor(place, found, found + len(quote), how)
        for place in places:
            span = self._find_plain(place, quote, start)
            if span is not None:
                return Anchor(place, *span, "reworded")
        if document_id in self.texts and len(quote) >= MIN_LENGTH:
            span = self._find_similar(document_id, quote)
            if span is not None:
                return Anchor(document_id, *span, "reworded")
        return None

    def _find_plain(self, place: str, quote: str, start: int | None) -> tuple[int, int] | None:
        text, offsets = self._plain_text(place)
        wanted = plain(quote)
        if not wanted:
            return None
        at = None if start is None else int(np.searchsorted(offsets, start))
        found = _nearest(_occurrences(text, wanted), at)
        return None if found is None else self._span(offsets, found, found + len(wanted))

    def _find_similar(self, place: str, quote: str) -> tuple[int, int] | None:
        text, offsets = self._plain_text(place)
        wanted = plain(quote)
        if len(wanted) > len(text):
            # The quote is the longer of the two: all of the text answers for it, or nothing.
            whole = text and fuzz.ratio(wanted, text, score_cutoff=MIN_SCORE)
            return self._span(offsets, 0, len(text)) if whole else None
        best = fuzz.partial_ratio_alignment(wanted, text, score_cutoff=MIN_SCORE)
        if best is None:
            return None
        first, last = _to_words(wanted, text, best.dest_start, best.dest_end)
        return self._span(offsets, first, last) if first < last else None

    def _span(self, offsets: np.ndarray, first: int, last: int) -> tuple[int, int]:
        return int(offsets[first]), int(offsets[last - 1]) + 1

    def _plain_text(self, place: str) -> tuple[str, np.ndarray]:
        if place not in self._plain:
            self._plain[place] = _plain_with_offsets(self.texts.get(place, ""))
        return self._plain[place]


def plain(text: str) -> str:
    """Return a text with white space, case and typographic quotes put aside."""
    return _lower(_SPACE.sub(" ", text.translate(_PLAIN)).strip())


def _lower(text: str) -> str:
    """Return the text in lower case, a character for a character."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(one if len(one.lower()) != 1 else one.lower() for one in text)


def _plain_with_offsets(text: str) -> tuple[str, np.ndarray]:
    """Return the plain text, and for each of its characters the offset in the text."""
    kept = np.ones(len(text), dtype=bool)
    for match in _SPACE.finditer(text):
        kept[match.start() + 1 : match.end()] = False
    return _lower(_SPACE.sub(" ", text.translate(_PLAIN))), np.flatnonzero(kept)


def _occurrences(text: str, quote: str) -> Iterator[int]:
    found = text.find(quote)
    while found >= 0:
        yield found
        found = text.find(quote, found + 1)


def _nearest(found: Iterator[int], start: int | None) -> int | None:
    if start is None:
        return next(found, None)
    return min(found, key=lambda place: (abs(place - start), place), default=None)


def _to_words(quote: str, text: str, first: int, last: int) -> tuple[int, int]:
    """Move both ends of a span to borders between words, where it resembles the quote most."""
    spans = [(a, b) for a in _borders(text, first) for b in _borders(text, last) if a < b]
    best = max(spans, key=lambda span: fuzz.ratio(quote, text[slice(*span)]), default=(0, 0))
    words = text[slice(*best)]
    return best[0] + len(words) - len(words.lstrip()), best[1] - len(words) + len(words.rstrip())


def _borders(text: str, at: int) -> tuple[int, int]:
    """Return the borders of words before and after a place; the place itself if it is one."""
    left = right = at
    while 0 < left < len(text) and text[left - 1].isalnum() and text[left].isalnum():
        left -= 1
    while 0 < right < len(text) and text[right - 1].isalnum() and text[right].isalnum():
        right += 1
    return left, right
