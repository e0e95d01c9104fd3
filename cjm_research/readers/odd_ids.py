"""Ids that may not be what they seem: nobody's, rounded by a spreadsheet, or of two people."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from cjm_research.errors import quoted
from cjm_research.material import Material
from cjm_research.readers.rows import make_rows

_OF_NOBODY = frozenset(
    {"", "null", "none", "nan", "na", "n/a", "nil", "undefined", "unknown", "anonymous", "guest"}
    | {"(not set)", "not set", "(none)", "(unknown)", "-", "--", "?", "0", "-1", "#n/a"}
)
_WITH_FRACTION = re.compile(r"\d+[.,]0")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)


def is_nobody(cells: pd.Series) -> pd.Series:
    """Tell for each cell whether it is blank or holds a word that usually stands for nobody."""
    return cells.str.strip().str.casefold().isin(_OF_NOBODY)


def warn_of_ids(material: Material) -> Material:
    """Return the material with a warning for each kind of odd id; the ids stay as they are."""
    ids = {str(raw).strip() for raw in material.people["raw_id"]}
    folded = {raw.casefold() for raw in ids}
    nobody = sorted(folded & _OF_NOBODY - {""})
    found = {
        f"ids that usually stand for nobody ({quoted(nobody)}), each read as a participant's: take "
        "their rows out, or leave these cells blank": len(nobody),
        "ids such as 1.23E+15, which a spreadsheet has rounded: people may have become one. Export "
        "them as text": sum(bool(_ROUNDED.fullmatch(raw)) for raw in ids),
        "ids such as 1001.0: numbers of a table with blank cells, which are not the id 1001 of "
        "another source. Export them as text": sum(bool(_WITH_FRACTION.fullmatch(i)) for i in ids),
        "ids that differ from another in capital letters only, taken for the same person's": (
            len(ids) - len(folded)
        ),
    }
    files = material.files["file"].tolist()
    where = files[0] if len(files) == 1 else f"{len(files)} files"
    rows = [(where, "warning", what, n) for what, n in found.items() if n]
    if not rows:
        return material
    quality = pd.concat([material.quality, make_rows("quality", rows)], ignore_index=True)
    return replace(material, quality=quality)
