"""Counts and rates as programs and people write them into tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from cjm_research.errors import SourceError
from cjm_research.readers.cells import rows_in_words

MAX_COUNT = 10**15
# Commas between groups of three: as a decimal mark it would make no whole number.
_COUNT = re.compile(r"(\d{1,18}|\d{1,3}(?:,\d{3}){1,5})(?:\.0{1,9})?")
_RATE = re.compile(r"(\d{1,18}(?:[.,]\d{1,30})?(?:[eE]-\d{1,2})?)\s?(%?)")
_NONE = frozenset({"", "-", "--", "–", "—", "n/a"})


class Rate(NamedTuple):
    """A share as it is stated, and by how much it may be rounded; NaN where none is."""

    value: float
    within: float


NO_RATE = Rate(math.nan, math.nan)


def read_counts(
    texts: Iterable[tuple[int, str]], *, file: str, column: str, blank: bool = False
) -> list[int | None]:
    """Return whole, non-negative numbers from the cells of a column.

    Parameters
    ----------
    texts : iterable of (int, str)
        Number of the row, and what stands there.
    file, column : str
        For messages.
    blank : bool
        True where a cell may say that there is none: it gives None.

    Raises
    ------
    SourceError
        If a cell holds no such number.
    """
    found: list[int | None] = []
    wrong: list[int] = []
    for row, text in texts:
        count = read_count(text)
        if count is None and not (blank and is_none(text)):
            wrong.append(row)
        found.append(count)
    if wrong:
        raise SourceError(
            file,
            f"column '{column}' holds no whole number of 0 or more in {rows_in_words(wrong)}.",
            "a count is written as 1204 or 1,204. Correct these cells, or name the column that "
            "holds the counts under `columns:`.",
        )
    return found


def read_count(text: str) -> int | None:
    """Return the whole, non-negative number that a text is; None where it is none."""
    match = _COUNT.fullmatch(text.strip())
    count = int(match[1].replace(",", "")) if match else None
    return count if count is not None and count <= MAX_COUNT else None


def is_none(text: str) -> bool:
    """Return whether a cell says that there is nothing to say."""
    return text.strip().casefold() in _NONE


def read_rates(texts: Sequence[str]) -> tuple[list[Rate], int]:
    """Return the shares of a column, and how many of its cells are none though they are filled.

    `41.2%` is a percentage. Of bare numbers all are fractions, unless one of them is above 1.
    """
    matches = [_RATE.fullmatch(text.strip()) for text in texts]
    bare = [_decimal(match[1]) for match in matches if match and not match[2]]
    percent = any(number > 1 for number in bare)
    rates = [_rate(match, percent=percent) if match else NO_RATE for match in matches]
    odd = [t for t, match in zip(texts, matches, strict=True) if not match and not is_none(t)]
    return rates, len(odd)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _rate(match: re.Match[str], *, percent: bool) -> Rate:
    number = _decimal(match[1])
    whole = 100.0 if match[2] or percent else 1.0
    exponent = number.as_tuple().exponent
    digits = exponent if isinstance(exponent, int) else 0
    return Rate(float(number) / whole, 0.5 * 10.0**digits / whole)
