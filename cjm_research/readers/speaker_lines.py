"""Transcripts whose turns stand under a line of name and time: Otter, Teams, Zoom's captions.

Otter writes `Name  m:ss` into text, Teams into the paragraphs of a Word document, one a turn.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from cjm_research.readers.utterances import Parsed, Utterance, is_name_like

_HEADER = re.compile(
    r"(?P<label>\S.{0,58}?)?\s{2,}(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>\d{2})\s*"
)
_CAPTION = re.compile(
    r"\[(?P<label>[^\[\]\n]{1,60})\]\s+(?P<h>\d{1,2}):(?P<m>\d{2}):(?P<s>\d{2})\s*"
)
_UNTIMED = re.compile(r"(?P<label>\S.{0,58}?) {2}")
_STAMP = re.compile(
    r"(?P<h>\d{1,2}):(?P<m>\d{1,2}):(?P<s>\d{1,2}(?:\.\d{1,3})?)"
    r"\s*-->\s*\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d{1,3})?\s*"
)
_FOOTER = re.compile(r"(?i)transcribed by https?://otter\.ai/?\s*")
_BEFORE = "lines before the first speaker, left out"
_NO_TURN = "paragraphs outside the turns (title, dates, who recorded), left out"


def has_headers(text: str) -> bool:
    """Return True when turns stand under lines `Name  m:ss`."""
    return any(_HEADER.fullmatch(line) for line in text.split("\n"))


def has_captions(text: str) -> bool:
    """Return True when turns stand under lines `[Name] hh:mm:ss`, as Zoom saves captions."""
    return any(_CAPTION.fullmatch(line) for line in text.split("\n"))


def parse_captions(text: str) -> Parsed:
    """Return the turns of saved captions; times are those of the clock on the wall."""
    turns = _Turns()
    for line in text.split("\n"):
        caption = _CAPTION.fullmatch(line)
        if caption:
            turns.open(caption["label"], _seconds(caption))
        else:
            turns.add(line)
    return turns.parsed()


def has_untimed_headers(text: str) -> bool:
    """Return True when turns stand under lines that are a name and two blanks, again and again."""
    return bool(_find_untimed(text.split("\n")))


def parse_headers(text: str) -> Parsed:
    """Return the turns of an Otter text: words under `Name  m:ss`, up to the next such line.

    A line of a time alone starts words without a speaker; Otter exports so on demand.
    """
    return _parse_lines(text.split("\n"), frozenset())


def parse_untimed_headers(text: str) -> Parsed:
    """Return the turns of an Otter text that was exported without times."""
    lines = text.split("\n")
    return _parse_lines(lines, _find_untimed(lines))


def has_turn_paragraphs(paragraphs: Sequence[str]) -> bool:
    """Return True when a paragraph is a turn: `Name   m:ss`, a line break, the words."""
    return any(_split_turn(paragraph) for paragraph in paragraphs)


def parse_turn_paragraphs(paragraphs: Sequence[str]) -> Parsed:
    """Return the turns of a Teams document: one paragraph each.

    Whatever is no such paragraph is no speech: the title, the date, who started and who
    stopped the recording, in whatever language Teams says so.
    """
    turns = [turn for turn in map(_split_turn, paragraphs) if turn]
    n_other = sum(bool(paragraph.strip()) for paragraph in paragraphs) - len(turns)
    return Parsed([turn for turn in turns if turn.text], {_NO_TURN: n_other})


def has_stamps(text: str) -> bool:
    """Return True when turns stand under a line of times, `0:0:5.100 --> 0:0:8.250`."""
    return any(_STAMP.fullmatch(line) for line in text.split("\n"))


def parse_stamps(text: str) -> Parsed:
    """Return the turns of an older Teams document: a line of times, a name, the words."""
    turns = _Turns()
    lines = iter(text.split("\n"))
    for line in lines:
        stamp = _STAMP.fullmatch(line)
        if stamp:
            turns.open(next((name for name in lines if name.strip()), ""), _seconds(stamp))
        else:
            turns.add(line)
    return turns.parsed()


class _Turns:
    """Turns as they grow line by line; a blank line inside one is a new paragraph."""

    def __init__(self) -> None:
        self._turns: list[tuple[str, float, list[str]]] = []
        self._before = 0

    def open(self, label: str, start_s: float) -> None:
        self._turns.append((" ".join(label.split()), start_s, []))

    def add(self, line: str) -> None:
        if self._turns:
            self._turns[-1][2].append(line.strip())
        else:
            self._before += bool(line.strip())

    def parsed(self) -> Parsed:
        turns = [
            Utterance(label, _join_paragraphs(lines), "", start_s)
            for label, start_s, lines in self._turns
        ]
        return Parsed([turn for turn in turns if turn.text], {_BEFORE: self._before})


def _join_paragraphs(lines: Sequence[str]) -> str:
    blocks = groupby(lines, key=bool)
    return "\n".join(" ".join(block) for filled, block in blocks if filled)


def _parse_lines(lines: Sequence[str], untimed: frozenset[str]) -> Parsed:
    turns = _Turns()
    for line in lines:
        header = _HEADER.fullmatch(line)
        name = _UNTIMED.fullmatch(line) if untimed else None
        if header:
            turns.open(header["label"] or "", _seconds(header))
        elif name and name["label"] in untimed:
            turns.open(name["label"], math.nan)
        elif not _FOOTER.fullmatch(line):
            turns.add(line)
    return turns.parsed()


def _find_untimed(lines: Sequence[str]) -> frozenset[str]:
    """Return the names that stand alone before two blanks at least twice, words below them."""
    counts: Counter[str] = Counter()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        name = _UNTIMED.fullmatch(line)
        if name and below.strip() and is_name_like(name["label"]):
            counts[name["label"]] += 1
    # One such line may be a hard line break of Markdown; a speaker speaks again.
    return frozenset(counts) if max(counts.values(), default=0) > 1 else frozenset()


def _split_turn(paragraph: str) -> Utterance | None:
    first, _, words = paragraph.partition("\n")
    header = _HEADER.fullmatch(first)
    if not header or not header["label"] or not words.strip():
        return None
    return Utterance(header["label"].strip(), " ".join(words.split()), "", _seconds(header))


def _seconds(match: re.Match[str]) -> float:
    return int(match["h"] or 0) * 3600 + int(match["m"]) * 60 + float(match["s"])
