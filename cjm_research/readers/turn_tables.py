"""Transcripts as tables: a row a turn, with columns for who speaks and what is said."""

from __future__ import annotations

import csv
import io
import math
import re

from cjm_research.errors import SourceError
from cjm_research.readers.text import take_named_mark
from cjm_research.readers.utterances import Parsed, Utterance

_SPEAKERS = ("speaker", "speaker name", "speaker label", "speaker_name", "speaker_label")
_WORDS = ("text", "transcript", "utterance", "words", "content", "speech", "sentence", "message")
_STARTS = ("start", "start time", "start_time", "start (s)", "timestamp", "time", "timecode")
_CLOCK = re.compile(r"(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,2}):(?P<s>\d{1,2}(?:[.,]\d{1,3})?)")
_MOST_FIELDS = 64


def has_turn_table(text: str) -> bool:
    """Return True when the first line names a column of speakers and one of words."""
    return _find_columns(text) is not None


def parse_turn_table(text: str, *, where: str) -> Parsed:
    """Return the turns of a table for which `has_turn_table` holds.

    Raises
    ------
    SourceError
        If it is no whole CSV.
    """
    mark, speaker, words, start = _find_columns(text) or (",", 0, 1, -1)
    _, text = take_named_mark(text)
    utterances, short = [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        next(reader)
        for record in reader:
            if len(record) <= max(speaker, words):
                short += any(cell.strip() for cell in record)
                continue
            when = record[start] if 0 <= start < len(record) else ""
            label, said = (" ".join(record[place].split()) for place in (speaker, words))
            utterances.append(Utterance(label, said, "", _seconds(when)))
    except csv.Error as error:
        raise SourceError(
            where,
            f"it is not a readable table near line {reader.line_num} ({error}).",
            "look for a quotation mark without its partner there, or export it as text.",
        ) from error
    return Parsed(
        [turn for turn in utterances if turn.text], {"rows without all columns, left out": short}
    )


def _find_columns(text: str) -> tuple[str, int, int, int] | None:
    """Return the delimiter and the places of speaker, words and start (-1: there is none)."""
    named, text = take_named_mark(text.lstrip("\ufeff"))
    head = text.split("\n", 1)[0]
    for mark in (named,) if named else (",", ";", "\t"):
        names = [cell.strip().strip('"').casefold() for cell in head.split(mark, _MOST_FIELDS)]
        speaker, words = _place(names, _SPEAKERS), _place(names, _WORDS)
        if speaker >= 0 and words >= 0:
            return mark, speaker, words, _place(names, _STARTS)
    return None


def _place(names: list[str], wanted: tuple[str, ...]) -> int:
    return next((names.index(name) for name in wanted if name in names), -1)


def _seconds(cell: str) -> float:
    """Return seconds from `0:01:02.5`, `01:02` or a number of seconds."""
    clock = _CLOCK.fullmatch(cell.strip())
    if clock:
        seconds = float(clock["s"].replace(",", "."))
        return int(clock["h"] or 0) * 3600 + int(clock["m"]) * 60 + seconds
    try:
        seconds = float(cell)
    except ValueError:
        return math.nan
    return seconds if 0 <= seconds < math.inf else math.nan
