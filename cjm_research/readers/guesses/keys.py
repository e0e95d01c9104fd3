"""Key maps: tables of two columns of ids."""

from __future__ import annotations

import re

import pandas as pd

from cjm_research.readers.guesses.column_signs import DEVICES, IDS, holds_codes, is_choice, words_of
from cjm_research.readers.guesses.guess import Guess

_PERSON = re.compile(r"(?i)\b(contact|customer|participant|crm|person|respondent|member|account)\b")


def guess_keys(file: str, frame: pd.DataFrame) -> Guess | None:
    """Return the guess that a table says which ids are one person's; None for any other."""
    names = [str(name) for name in frame.columns]
    if len(names) != 2 or not all(_holds_ids(name, frame[name]) for name in names):
        return None
    first, second = names
    # The second is the person where its name says so better than that of the first.
    person, other = (second, first) if _rank(second) > _rank(first) else (first, second)
    ask = (
        f"a '{person}' and a '{other}' in one row are of one person: '{person}' is taken for the "
        f"id in the source that people are known by, '{other}' for theirs in another. Swap "
        "`columns.participant` and `columns.identifier` where it is the other way round."
    )
    columns = {"participant": person, "identifier": other}
    return Guess(file, "keys", "key map: pairs of ids", {"columns": columns}, (ask,))


def _holds_ids(name: str, values: pd.Series) -> bool:
    words = words_of(name)
    is_named = any(sign.search(words) for sign in (IDS, _PERSON, DEVICES))
    return is_named and holds_codes(values) and not is_choice(values)


def _rank(name: str) -> int:
    words = words_of(name)
    return bool(_PERSON.search(words)) - bool(DEVICES.search(words))
