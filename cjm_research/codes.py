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
        excerpt, of those that nobody better-ranked refuses: the best-ranked coder, then the
        greatest strength, then the first code by name. For all other groups one row per
        excerpt and code, dropped when the best-ranked coder who spoke about it says no
        (strength 0).
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
        ["_unit", "code_group", "_rank", "strength", "code", "code_id"],
        ascending=[True, True, True, False, True, True],
        kind="stable",
    )
    # A refusal silences the same code of lesser coders, in single-valued groups as well.
    spoken = ranked.drop_duplicates(["_unit", "code_group", "code"])
    held = spoken[spoken["strength"] > 0]
    single = held["code_group"].isin(SINGLE_VALUED)
    kept = pd.concat([held[single].drop_duplicates(["_unit", "code_group"]), held[~single]])
    return kept.sort_index(kind="stable").drop(columns=["_rank", "_unit"]).reset_index(drop=True)


SINGLE_VALUED = frozenset({"stage"})
