"""Rows of the table `codes`, made the same way by every machine coder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cjm_research.codes import code_id
from cjm_research.tables import check_table, empty_table


def make_codes(rows: Iterable[Mapping[str, Any]], *, coder_id: str) -> pd.DataFrame:
    """Return table `codes` from rows that carry an excerpt's columns and a code.

    Parameters
    ----------
    rows : iterable of mappings
        With `excerpt_id`, `document_id`, `start`, `end`, `text`, `code_group`, `code`,
        `strength`, `basis` and optionally `attributes` (a mapping).
    coder_id : str
        Who says so. Machine codes carry no time: the same input gives the same rows.
    """
    made = [
        {
            "code_id": code_id(
                coder_id, row["document_id"], row["start"], row["end"], row["code_group"],
                row["code"],
            ),
            "document_id": row["document_id"],
            "start": row["start"],
            "end": row["end"],
            "quote": row["text"],
            "excerpt_id": row["excerpt_id"],
            "code_group": row["code_group"],
            "code": row["code"],
            "strength": float(row["strength"]),
            "basis": row["basis"],
            "attributes": json.dumps(row.get("attributes") or {}, sort_keys=True),
            "note": "",
            "coder_id": coder_id,
            "coded_at": pd.NaT,
        }
        for row in rows
    ]  # fmt: skip
    if not made:
        return empty_table("codes")
    frame = pd.DataFrame(made)
    frame["coded_at"] = pd.to_datetime(frame["coded_at"], utc=True)
    return check_table(frame.drop_duplicates("code_id"), "codes", where=coder_id)
