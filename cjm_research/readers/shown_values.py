"""Values of a column in messages: words of a program are shown, what may be a name is not."""

from __future__ import annotations

import re

import pandas as pd

from cjm_research.errors import quoted

_MOST = 8
_LONGEST = 20
_WORD = re.compile(r"[a-z]+")


def show_values(values: pd.Series) -> str:
    """Return the values of a column in words; where they may be people's, only how many there are.

    Parameters
    ----------
    values : Series of str
        Cells, with the numbers of their rows as index.

    Returns
    -------
    str
        The values where they are few and short, and each either occurs again or is one word in
        small letters; else their number, and the rows of the first.
    """
    counts = values.value_counts()
    few = len(counts) <= _MOST and all(len(value) <= _LONGEST for value in counts.index)
    if few and all(n > 1 or not value or _WORD.fullmatch(value) for value, n in counts.items()):
        return quoted(sorted(counts.index))
    rows = [f"{row:,}" for row in values.index[:_MOST]]
    more = ", ..." if len(values) > _MOST else ""
    n = len(counts)
    return (
        f"{n:,} different value{'s' if n > 1 else ''} in row{'s' if len(values) > 1 else ''} "
        + (f"{', '.join(rows)}{more}")
    )
