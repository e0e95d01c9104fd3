"""Questions with choices: one row per person and choice, however the export lays them out.

Several choices stand in one cell, joined by a sign, or in one column each. What people wrote beside
the options is a choice "Other"; their words are read as words where study.yaml asks for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

import pandas as pd

from cjm_research.config import Question
from cjm_research.readers.cells import squeeze

OTHER = "Other"
NAMES_OTHER = re.compile(
    r"(?i)(others?|sonstig\w*|andere\w*|autres?|otr[oa]s?|outr[oa]s?|altr[oi]|andet|annat|annet"
    r"|anders)\b"
)
"""How an option begins that stands for what is no option, in the usual languages."""
CHECKED = frozenset({"1", "true", "yes", "x", "✓", "✔", "checked", "selected", "ja", "oui", "sí"})
UNCHECKED = frozenset(
    {"0", "false", "no", "unchecked", "not selected", "unselected", "nein", "non"}
)
"""What stands in an option's column instead of the option."""


@dataclass
class Choices:
    """Who chose what.

    Attributes
    ----------
    rows : list of (row, column, choice)
        In the order of the columns, then of the rows. The choice is empty for who was shown the
        options and took none.
    written : list of (row, column, text)
        What people wrote themselves, where the question names the column for it.
    split : int
        Cells with several choices.
    together : int
        Pairs of choices that only ever stand together: perhaps one option with the sign in it.
    unlisted : int
        Cells with something that is none of the declared options.
    """

    rows: list[tuple[int, str, str]] = field(default_factory=list)
    written: list[tuple[int, str, str]] = field(default_factory=list)
    split: int = 0
    together: int = 0
    unlisted: int = 0


def list_choices(question: Question, frame: pd.DataFrame, wording: Mapping[str, str]) -> Choices:
    """Return what people chose of a question.

    Parameters
    ----------
    question : Question
        Of kind `choice`.
    frame : DataFrame
        The survey's cells.
    wording : mapping of str to str
        Column to the question as the export words it.
    """
    found = Choices()
    columns = [squeeze(name) for name in question.columns]
    other = squeeze(question.other)
    names = name_options(columns, wording)
    options = sorted(map(squeeze, question.options), key=len, reverse=True)
    seen: set[tuple[int, str, str]] = set()
    none: dict[int, str] = {}
    neighbours = _Neighbours()

    def add(row: int, column: str, choice: str) -> None:
        # The same word in two columns is one choice only where the columns are its options.
        one = question.multiple or choice == OTHER
        if (row, "" if one else column, choice) not in seen:
            seen.add((row, "" if one else column, choice))
            found.rows.append((row, column, choice))

    for column in columns:
        for row, text in frame[column][frame[column] != ""].items():
            if question.multiple and text.casefold() in UNCHECKED:
                none.setdefault(int(row), column)
                continue
            cell = names[column] if question.multiple and text.casefold() in CHECKED else text
            chosen, loose = split_cell(cell, question.separator, options)
            found.split += len(chosen) > 1
            found.unlisted += bool(loose)
            if not options:
                neighbours.see(chosen)
            for choice in chosen:
                # Where people may write, the option that says so and their words are one choice.
                add(row, column, OTHER if other and NAMES_OTHER.match(choice) else choice)
            if loose:
                add(row, column, OTHER)
                if other == column:
                    found.written.append((row, column, loose))
    if other and other not in columns:
        for row, text in frame[other][frame[other] != ""].items():
            add(row, other, OTHER)
            found.written.append((row, other, text))
    answered = {row for row, _, _ in found.rows}
    found.rows += [(row, column, "") for row, column in none.items() if row not in answered]
    found.together = neighbours.count_inseparable() if question.separator else 0
    return found


def split_cell(text: str, separator: str, options: Sequence[str]) -> tuple[list[str], str]:
    """Return the choices in a cell, and what of it is none of the options.

    Parameters
    ----------
    text : str
        The cell.
    separator : str
        What joins choices; empty where a cell holds one.
    options : sequence of str
        What may be chosen, the longest first: an option may hold the separator. Without them
        everything between separators is a choice.
    """
    text = squeeze(text)
    if not options:
        pieces = text.split(separator) if separator else [text]
        return [piece.strip() for piece in pieces if piece.strip()], ""
    chosen, loose, at = [], [], 0
    while at < len(text):
        fits = (one for one in options if text.startswith(one, at))
        option = next((one for one in fits if _ends(text, at + len(one), separator)), "")
        end = at + len(option)
        if not option:
            end = text.find(separator, at) if separator else -1
            end = len(text) if end < 0 else end
            loose.append(text[at:end].strip())
        else:
            chosen.append(option)
        at = _skip(text, end, separator)
    return chosen, f"{separator.rstrip()} ".join(piece for piece in loose if piece)


def _ends(text: str, at: int, separator: str) -> bool:
    """Tell whether a choice ends here: at the end of the cell, or before a separator."""
    return at == len(text) or bool(
        separator and text.startswith(separator, at + text.startswith(" ", at))
    )


def _skip(text: str, at: int, separator: str) -> int:
    """Return where the next choice begins."""
    at += text.startswith(" ", at)
    if separator and text.startswith(separator, at):
        at += len(separator)
    return at + text.startswith(" ", at)


def name_options(columns: Sequence[str], wording: Mapping[str, str]) -> dict[str, str]:
    """Return the option that each column of a question stands for.

    It is what tells a column from the others: `Which do you use? - Web` is Web beside
    `Which do you use? - App`, and so is `Web:Which do you use?`.
    """
    labels = [wording.get(column, column) for column in columns]
    if len(set(labels)) < len(labels):
        labels = list(columns)
    if len(labels) < 2:
        return dict(zip(columns, labels, strict=True))
    start = _before_option(_shared_beginning(labels))
    end = len(_after_option(_shared_beginning([label[::-1] for label in labels])[::-1]))
    cut = [label[len(start) : len(label) - end].strip() for label in labels]
    return {
        column: option or label for column, option, label in zip(columns, cut, labels, strict=True)
    }


def _shared_beginning(labels: Sequence[str]) -> str:
    first, last = min(labels), max(labels)  # what these two share, all share
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in pairs)


_BEFORE = (" - ", ": ", " [", "?", ". ", "_")


def _before_option(prefix: str) -> str:
    """Return the part of a common beginning that ends where an option may begin."""
    sign = next((sign for sign in _BEFORE if sign in prefix), "")
    return prefix[: prefix.rindex(sign) + len(sign)] if sign else ""


def _after_option(suffix: str) -> str:
    found = [suffix.index(sign) for sign in ("]", ":") if sign in suffix]
    return suffix[min(found) :] if found else ""


class _Neighbours:
    """Which choice stands before which, to notice an option that holds the separator."""

    def __init__(self) -> None:
        self.n: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()

    def see(self, chosen: Sequence[str]) -> None:
        self.n.update(chosen)
        self.pairs.update(pairwise(chosen))

    def count_inseparable(self) -> int:
        return sum(
            n >= _SEEN_TOGETHER and n == self.n[before] == self.n[after]
            for (before, after), n in self.pairs.items()
        )


_SEEN_TOGETHER = 3
