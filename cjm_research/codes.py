"""Codes: who said what about which span, and who is believed.

Whatever a machine or a person decides about a span of text is a row of the table `codes`.
This module holds the rule that settles conflicts, in one place: person > source > machine.
"""

from __future__ import annotations

import hashlib

import pandas as pd

CODER_RANK = {"person": 0, "source": 1, "machine": 2}
"""Whose word counts first. A person's zero (a refusal) silences machines too."""


def code_id(coder_id: str, document_id: str, start: int, end: int, group: str, code: str) -> str:
    """Return the permanent id of an assertion: same coder, span and code, same id."""
    key = "\x1f".join([coder_id, document_id, str(start), str(end), group, code])
    return "c" + hashlib.sha256(key.encode()).hexdigest()[:15]


def resolve_codes(codes: pd.DataFrame, coders: pd.DataFrame) -> pd.DataFrame:
    """Settle conflicting codes: person over source over machine.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`.
    coders : DataFrame
        Table `coders`.

    Returns
    -------
    DataFrame
        The rows of `codes` that hold. For single-valued groups (`stage`) one row per
        excerpt: the best-ranked coder, then the greatest strength, then the first code
        by name. For all other groups one row per excerpt and code, dropped when the
        best-ranked coder who spoke about it says no (strength 0).
    """
    if codes.empty:
        return codes.copy()
    kinds = coders.set_index("coder_id")["kind"]
    ranked = codes.assign(_rank=codes["coder_id"].map(kinds).map(CODER_RANK))
    # A code over a free span has no excerpt of its own; the span then is the unit.
    span = (
        ranked["document_id"] + ":" + ranked["start"].astype(str) + "-" + ranked["end"].astype(str)
    )
    ranked["_unit"] = ranked["excerpt_id"].where(ranked["excerpt_id"] != "", span)
    ranked = ranked.sort_values(
        ["_unit", "code_group", "_rank", "strength", "code"],
        ascending=[True, True, True, False, True],
        kind="stable",
    )
    single = ranked["code_group"].isin(SINGLE_VALUED)
    one_per_unit = ranked[single & (ranked["strength"] > 0)].drop_duplicates(
        ["_unit", "code_group"]
    )
    one_per_code = ranked[~single].drop_duplicates(["_unit", "code_group", "code"])
    kept = pd.concat([one_per_unit, one_per_code[one_per_code["strength"] > 0]])
    return kept.sort_index(kind="stable").drop(columns=["_rank", "_unit"]).reset_index(drop=True)


SINGLE_VALUED = frozenset({"stage"})
