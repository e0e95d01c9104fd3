"""Where a passage of a raw text stands in the masked one."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from cjm_research.privacy.masking import clean_text

_TOKEN = re.compile(r"\[[a-z]+\]|[^\W_]+|\S")
_MASK = re.compile(r"\[[a-z]+\]")
_ENOUGH = 6
_FARTHEST = 400
"""Tokens: how many must agree after a mask, and how long what it hides may be."""


class Stretch(NamedTuple):
    """A word that stayed (`same`), or a run of masks and all that it hides."""

    raw_start: int
    raw_end: int
    start: int
    end: int
    same: bool


@dataclass(frozen=True)
class Alignment:
    """The stretches of a raw text and of its masked form that say the same, in order."""

    stretches: tuple[Stretch, ...]

    def place(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a raw passage stands in the masked text; None where nothing is left of it.

        A passage that begins or ends within what a mask hides takes in the mask; one within a
        word keeps its place there.
        """
        first = bisect_right(self.stretches, start, key=lambda one: one.raw_end)
        last = bisect_left(self.stretches, end, key=lambda one: one.raw_start) - 1
        if first > last:
            return None
        one, other = self.stretches[first], self.stretches[last]
        skipped = max(start - one.raw_start, 0) if one.same else 0
        left_out = max(other.raw_end - end, 0) if other.same else 0
        return one.start + skipped, other.end - left_out


def align_masked(raw: str, masked: str) -> Alignment | None:
    """Return how a text and what `StudyMasker.text` made of it lie beside each other.

    Parameters
    ----------
    raw, masked : str
        White space at their ends does not matter.

    Returns
    -------
    Alignment or None
        None where the one does not follow from the other.
    """
    clean = clean_text(raw)
    kept = None if clean == raw else [i for i, one in enumerate(raw) if clean_text(one) == one]
    if kept is not None and len(kept) != len(clean):
        return None
    old = [(match[0], *match.span()) for match in _TOKEN.finditer(clean)]
    new = [(match[0], *match.span()) for match in _TOKEN.finditer(masked)]
    old_words, new_words = ([word for word, *_ in tokens] for tokens in (old, new))
    stretches: list[Stretch] = []
    i = j = 0
    while i < len(old) or j < len(new):
        after, stop = i + 1, j + 1
        same = i < len(old) and j < len(new) and old_words[i] == new_words[j]
        if not same:
            stop = j
            while stop < len(new) and _MASK.fullmatch(new_words[stop]):
                stop += 1
            after = _resume(old_words, i, new_words, stop)
            if stop == j or after <= i:
                return None
        (_, raw_start, _), (*_, raw_end) = old[i], old[after - 1]
        if kept is not None:
            raw_start, raw_end = kept[raw_start], kept[raw_end - 1] + 1
        stretches.append(Stretch(raw_start, raw_end, new[j][1], new[stop - 1][2], same))
        i, j = after, stop
    return Alignment(tuple(stretches))


def _resume(old: list[str], i: int, new: list[str], j: int) -> int:
    """Return the token of the old text at which the new one goes on after a mask; -1 for none."""
    if j == len(new):
        return len(old)
    wanted: list[str] = []
    for word in new[j : j + _ENOUGH]:
        if _MASK.fullmatch(word):
            break
        wanted.append(word)
    for after in range(i + 1, min(len(old), i + _FARTHEST) + 1):
        if old[after : after + len(wanted)] == wanted:
            return after
    return -1
