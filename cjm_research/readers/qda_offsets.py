"""Offsets in QDA projects: the specification does not say what they count, and programs differ."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

UNITS = ("characters", "UTF-16 units", "bytes")
LINE_ENDS = ("as they stand", "one", "two")
_MIN_PREFIX = 20
_LONGEST_SEARCH = 2_000_000_000  # characters looked through for names that stand elsewhere
OUTSIDE = "their offsets are no passage of the text"
ELSEWHERE = "the words there are not those of their name"
NO_TEXT = "their text is not there"


class Claim(NamedTuple):
    """What a file says of a passage: offsets, and the words (or a title) as its name."""

    start: int | None
    end: int | None
    name: str


@dataclass(frozen=True)
class Measured:
    """A text with LF for line ends, in NFC, and how far each way of counting gets in it.

    Attributes
    ----------
    text : str
    widths : ndarray
        For each character what it counts, by `UNITS`.
    line_ends : ndarray
        0 for other characters, 1 for a line end of one character, 2 for one of two.
    """

    text: str
    widths: np.ndarray
    line_ends: np.ndarray

    @cached_property
    def packed(self) -> str:
        """The text without white space."""
        return "".join(self.text.split())

    @cached_property
    def before(self) -> np.ndarray:
        """For each place between characters how many of `packed` stand before it."""
        filled = ~np.isin(_codes(self.text), _BLANKS)
        return np.concatenate([[0], np.cumsum(filled, dtype=np.int32)])

    def bounds(self, unit: str, line_end: str) -> np.ndarray:
        """Return the offset of each place between characters, from 0 to the end."""
        widths = self.widths[:, UNITS.index(unit)].astype(np.int64)
        is_end = self.line_ends > 0
        stand = line_end == "as they stand"
        widths[is_end] = self.line_ends[is_end] if stand else LINE_ENDS.index(line_end)
        return np.concatenate([[0], np.cumsum(widths)])

    def times(
        self, points: Sequence[tuple[int, float]], reading: Reading
    ) -> tuple[tuple[int, float], ...]:
        """Return sync points as places in `text` with seconds, in the order of the text."""
        bounds = self.bounds(reading.unit, reading.line_end) if points else None
        placed = ((_at(bounds, self.text, offset), seconds) for offset, seconds in points)
        return tuple(sorted((at, seconds) for at, seconds in placed if at is not None))


@dataclass(frozen=True)
class Reading:
    """A way of counting, in words what speaks for it, and what is odd about it, counted."""

    unit: str
    line_end: str
    words: str = ""
    odd: dict[str, int] = field(default_factory=dict)
    named: bool = False


def measure(text: str) -> Measured:
    """Return a text in the form that documents have, with what its characters counted before."""
    codes = _codes(text)
    after = np.append(codes[1:], 0)
    opens = (codes == 13) & (after == 10)  # the first half of a line end of two
    is_end = ((codes == 10) | (codes == 13)) & ~opens
    line_ends = is_end.astype(np.uint8)
    line_ends[1:][opens[:-1]] = 2
    wide, long, two = codes > 0xFFFF, codes > 0x7FF, codes > 0x7F
    ones = np.ones(len(codes), dtype=np.uint8)
    widths = np.stack([ones, ones + wide, ones + two + long + wide], axis=1)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    widths, line_ends = widths[~opens], line_ends[~opens]
    if not unicodedata.is_normalized("NFC", plain):
        plain, widths, line_ends = _compose(plain, widths, line_ends)
    return Measured(plain, widths, line_ends)


_BLANKS = np.array([code for code in range(0x3001) if chr(code).isspace()], dtype=np.uint32)


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _compose(
    text: str, widths: np.ndarray, line_ends: np.ndarray
) -> tuple[str, np.ndarray, np.ndarray]:
    """Compose letters and their accents; the first character bears the width of all of them."""
    starts = [
        at for at, one in enumerate(text)
        if not at or not (unicodedata.combining(one) or "\u1160" <= one <= "\u11ff")
    ]  # fmt: skip
    pieces, rows, ends = [], [], []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = unicodedata.normalize("NFC", text[start:end])
        width = widths[start:end].sum(axis=0, dtype=np.int64)
        pieces.append(piece)
        rows += [width, *[np.zeros(3, dtype=np.int64)] * (len(piece) - 1)]
        ends += [line_ends[start], *[0] * (len(piece) - 1)]
    return "".join(pieces), np.array(rows), np.array(ends)


def choose_reading(
    texts: Sequence[tuple[Measured | None, Sequence[Claim]]], *, is_atlas: bool
) -> Reading:
    """Return the way of counting under which most names stand where they should.

    Parameters
    ----------
    texts : sequence of (Measured, sequence of Claim)
    is_atlas : bool
        True where ATLAS.ti wrote the project: it counts a line end as one, also one of two.

    Returns
    -------
    Reading
        Of several equal ones the first by custom: line ends as they stand, and characters; no
        program is known to count bytes.
    """
    line_ends = ("one", "two", "as they stand") if is_atlas else LINE_ENDS
    ways = [(unit, line_end) for line_end in line_ends for unit in UNITS]
    ways.sort(key=lambda way: way[0] == "bytes")
    n_fits = dict.fromkeys(ways, 0)
    spans: list[dict[tuple[str, str], tuple[int, int] | None]] = []
    for measured, claims in texts:
        if measured is None or not claims:
            continue
        found: list[dict[tuple[str, str], tuple[int, int] | None]] = [{} for _ in claims]
        fits = [False] * len(claims)
        for way in ways:
            bounds = measured.bounds(*way)
            for number, claim in enumerate(claims):
                span = _span(bounds, measured.text, claim)
                found[number][way] = span
                fit = span is not None and _fits(measured, span, claim.name)
                n_fits[way] += fit
                fits[number] |= fit
        spans += [of for of, fit in zip(found, fits, strict=True) if not fit]
    most = max(n_fits.values())
    best = [way for way in ways if n_fits[way] == most]
    # What no name confirms is placed by custom alone where equally good ways differ.
    doubtful = sum(
        len({of[way] for way in best if of[way] is not None}) > 1 for of in spans if of[best[0]]
    )
    unit, line_end = best[0]
    ends = {"as they stand": "as they stand", "one": "as one", "two": "as two"}[line_end]
    why = (
        f"as {most:,} selections confirm by their words"
        if most
        else "assumed, because no selection repeats its words"
    )
    odd = {"selections that another way of counting would place elsewhere": doubtful}
    words = f"offsets count {unit}, line ends {ends}, {why}"
    return Reading(unit, line_end, words, {k: n for k, n in odd.items() if n}, bool(most))


def place(
    measured: Measured | None, claims: Sequence[Claim], reading: Reading
) -> list[tuple[int, int, str]]:
    """Return start, end and problem of each claim; -1 where there is a problem.

    A name that stands in the text, but not there, shows that the offsets are wrong. One that
    stands nowhere is a title that somebody gave, and shows nothing.
    """
    if measured is None:
        return [(-1, -1, NO_TEXT)] * len(claims)
    bounds = measured.bounds(reading.unit, reading.line_end)
    placed: list[tuple[int, int, str]] = []
    searched = 0
    for claim in claims:
        span = _span(bounds, measured.text, claim)
        if span is None:
            placed.append((-1, -1, OUTSIDE))
            continue
        words, _ = _pack(claim.name)
        wrong = False
        if words and not _fits(measured, span, claim.name):
            searched += len(measured.packed)
            wrong = searched > _LONGEST_SEARCH or words in measured.packed
        placed.append((-1, -1, ELSEWHERE) if wrong else (*span, ""))
    return placed


def count_unconfirmed(
    measured: Measured | None, claims: Sequence[Claim], placed: Sequence[tuple[int, int, str]]
) -> int:
    """Count claims that were placed although their name stands nowhere in the text."""
    return sum(
        measured is not None
        and not problem
        and bool(_pack(claim.name)[0])
        and not _fits(measured, (start, end), claim.name)
        for claim, (start, end, problem) in zip(claims, placed, strict=True)
    )


def _span(bounds: np.ndarray, text: str, claim: Claim) -> tuple[int, int] | None:
    start, end = (_at(bounds, text, offset) for offset in (claim.start, claim.end))
    return None if start is None or end is None or end <= start else (start, end)


def _at(bounds: np.ndarray | None, text: str, offset: int | None) -> int | None:
    """Return the place of an offset; None within a character or beyond the text."""
    if bounds is None or offset is None or not 0 <= offset <= bounds[-1]:
        return None
    at = int(np.searchsorted(bounds, offset))
    if bounds[at] == offset:
        return at
    return at - 1 if text[at - 1] == "\n" else None  # between the halves of a line end


def _fits(measured: Measured, span: tuple[int, int], name: str) -> bool:
    words, is_cut = _pack(name)
    start, end = (int(measured.before[at]) for at in span)
    if not words or not measured.packed.startswith(words, start, end):
        return False
    return len(words) == end - start or is_cut or len(words) >= _MIN_PREFIX


def _pack(name: str) -> tuple[str, bool]:
    """Return a name without white space, and whether a mark shows that it was cut."""
    words = "".join(unicodedata.normalize("NFC", name).split())
    whole = words.removesuffix("…").removesuffix("...")
    return whole, whole != words
