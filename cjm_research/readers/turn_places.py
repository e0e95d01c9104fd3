"""Where the turns of a transcript stand in the text that they were read from.

Readers take labels, times and headings away and join lines. What is left of each line is its end,
or all of it: so turns are found again line by line, without a word of how the format was parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Places = tuple[int, ...]
"""For each character of a turn that is no white space, where it stands in the text."""

# A line's words begin with the line, or after a label, a time or a mark.
_BEGINS = re.compile(r"[:：\])*>\d](?=\s*\S)")
_LONGEST_LABEL = 160
_WIDEST_GAP = 20  # lines within a turn that hold none of its words: times, headings
_MOST_TRIES = 50
_MOST_LOOKS = 300_000  # lines looked at for turns that are not there
_BEGINNING = 200
_LINE = re.compile(r"[^\n]+")


def find_turns(text: str, turns: Sequence[str]) -> list[Places | None]:
    """Return the places of turns in their text, None for one that is not found.

    Parameters
    ----------
    text : str
        With LF for line ends.
    turns : sequence of str
        In the order of the text.
    """
    lines = [(match.start(), match[0]) for match in _LINE.finditer(text) if match[0].strip()]
    found: list[Places | None] = []
    at, looks = 0, _MOST_LOOKS
    for turn in turns:
        stop = min(len(lines), at + looks)
        places, after = _find_turn(lines, at, stop, "".join(turn.split()))
        found.append(places)
        looks -= stop - at if places is None else 0
        at = after
    return found


def _find_turn(
    lines: Sequence[tuple[int, str]], at: int, stop: int, words: str
) -> tuple[Places | None, int]:
    """Return the places of one turn and the line after it; `at` where it is not found."""
    tries = 0
    for number in range(at, stop):
        if tries < _MOST_TRIES and _take_line(*lines[number], words, 0):
            places, after = _follow(lines, number, words)
            if places is not None:
                return places, after
            tries += 1  # a heading, or the name of a speaker, said the first words
    return None, at


def _follow(lines: Sequence[tuple[int, str]], at: int, words: str) -> tuple[Places | None, int]:
    """Return the places of a turn whose words begin in this line, and the line after it."""
    places: list[int] = []
    last = at
    for number in range(at, len(lines)):
        taken = _take_line(*lines[number], words, len(places))
        places += taken
        if len(places) == len(words):
            return tuple(places), number + 1
        last = number if taken else last
        if number - last > _WIDEST_GAP:
            break
    return None, at


def _take_line(start: int, line: str, words: str, done: int) -> list[int]:
    """Return the places of the longest end of a line with which the words go on."""
    begins = [0, *(match.end() for match in _BEGINS.finditer(line, 0, _LONGEST_LABEL))]
    for begin in begins:
        if not words.startswith("".join(line[begin : begin + _BEGINNING].split()), done):
            continue
        rest = line[begin:]
        if words.startswith("".join(rest.split()), done):
            return [start + begin + i for i, one in enumerate(rest) if not one.isspace()]
    return []
