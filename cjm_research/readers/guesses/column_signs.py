"""What the values of a column look like: ids, repeats, choices, times."""

from __future__ import annotations

import re

import pandas as pd

from cjm_research.errors import SourceError
from cjm_research.readers.times import read_times

IDS = re.compile(
    r"(?i)\b(id|code|key|visitor|customer|user|client|respondent|participant|person)\b"
)
"""Words in the names of columns that tell people apart."""
DEVICES = re.compile(r"(?i)\b(client|device|cookie|visitor|browser|session|anonymous|pseudo)\b")
"""Words in the names of columns that tell devices apart."""


def words_of(name: str) -> str:
    """Return a column's name as words: `customer_id` and `customerId` are two."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_.-]", " ", name)


def holds_codes(values: pd.Series) -> bool:
    """Tell whether every value is one word with a digit: no word of speech, and nobody's name."""
    filled = values[values != ""]
    return len(filled) > 0 and bool(filled.str.fullmatch(r"(?=.*\d)\S{1,100}").all())


def is_unique(values: pd.Series) -> bool:
    """Tell whether every row has a value of its own."""
    return bool((values != "").all() and values.is_unique and len(values))


def is_repeated(values: pd.Series) -> bool:
    """Tell whether any value occurs more than once."""
    return bool(values[values != ""].duplicated().any())


def is_choice(values: pd.Series) -> bool:
    """Tell whether few values occur, and most of them often."""
    filled = values[values != ""]
    return bool(len(filled)) and filled.nunique() <= min(20, len(filled) // 2)


def looks_like_times(values: pd.Series) -> bool:
    """Tell whether all values begin with a date."""
    filled = values[values != ""].head(200)
    begins = filled.str.match(_DATE)
    return not filled.empty and bool(begins.all())


_DATE = (
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)"
    r"|(?:[A-Za-z]{3,9}\.? \d{1,2},?|\d{1,2}[ -][A-Za-z]{3,9}\.?,?)[ -]\d{4}(?!\d)"
)


def is_time(values: pd.Series, *, day_first: bool | None = None) -> bool:
    """Tell whether all values are times whose order of day and month is known, or as given."""
    if not looks_like_times(values):
        return False
    filled = values[values != ""]
    # In a log in order of time, a first day such as 03/01 may fill thousands of rows.
    return _reads(filled.head(200), day_first) or _reads(filled.drop_duplicates(), day_first)


def _reads(values: pd.Series, day_first: bool | None) -> bool:
    try:
        times = read_times(values, timezone="UTC", where="", day_first=day_first)
    except SourceError:
        return False
    return bool(times.utc.notna().all())
