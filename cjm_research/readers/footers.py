"""Lines below a table that are no rows of it: what Salesforce puts under its reports."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COPYRIGHT = re.compile(r"Copyright \(c\) 2000-\d{4} salesforce\.com", re.IGNORECASE)
_TOTALS = re.compile(r"Grand Totals \([\d,.]+ records?\)", re.IGNORECASE)
_LOWEST = 15
"""The footer stands within so many records from the end."""


def find_footer(records: Sequence[Sequence[str]]) -> int:
    """Return the position of the first record of a Salesforce footer, or the number of records.

    The footer begins after the blank lines above the copyright; without blank lines, with the
    report's name right above it. Rows of two or more cells are never taken for it.
    """
    n = len(records)
    for position in range(n - 1, max(-1, n - _LOWEST), -1):
        if _alone(records[position]) and _COPYRIGHT.search(records[position][0]):
            return _first_above(records, position)
    return n


def _first_above(records: Sequence[Sequence[str]], copyright_at: int) -> int:
    first = copyright_at
    if first > 0 and _alone(records[first - 1]):
        first -= 1  # the report's name
    while first > 0 and (
        not any(cell.strip() for cell in records[first - 1])
        or (_alone(records[first - 1]) and _TOTALS.match(records[first - 1][0].strip()))
    ):
        first -= 1
    return first


def _alone(record: Sequence[str]) -> bool:
    return bool(record) and bool(record[0].strip()) and not any(cell.strip() for cell in record[1:])
