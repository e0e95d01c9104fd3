"""What a consent column permits."""

from __future__ import annotations

import pandas as pd

from cjm_research.config import ConsentValues
from cjm_research.errors import SourceError
from cjm_research.readers.shown_values import show_values


def read_consent(cells: pd.Series, values: ConsentValues, *, where: str) -> pd.Series:
    """Return 'quote', 'no_quote', 'withdrawn' or '' (blank: the source does not say) per row.

    Raises
    ------
    SourceError
        Listing every value that study.yaml gives no meaning: consent is never guessed.
    """
    meaning: dict[str, str] = {}
    # Where a word is listed twice, the stricter meaning holds.
    for level in ("quote", "no_quote", "withdrawn"):
        meaning |= {word.strip().casefold(): level for word in getattr(values, level)}
    meaning[""] = ""
    folded = cells.str.strip().str.casefold()
    unknown = cells[~folded.isin(list(meaning))]
    if len(unknown):
        raise SourceError(
            where,
            f"the consent column holds {show_values(unknown)}, whose meaning is not declared.",
            "list these values under `consent_values:` (quote, no_quote, withdrawn) of the source.",
        )
    return folded.map(meaning).astype("object")
