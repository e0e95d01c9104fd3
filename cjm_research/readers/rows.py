"""Rows of the material, in the order of its columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from cjm_research.material import COLUMNS, no_rows

Row = tuple[object, ...]


def make_rows(part: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Return a part of the material from tuples in the order of its columns."""
    if not rows:
        return no_rows(part)
    return pd.DataFrame(list(rows), columns=COLUMNS[part]).astype("object")


def make_turn(
    document_ref: str,
    raw_id: str,
    kind: str,
    speaker: str,
    text: str,
    *,
    wave: str = "",
    prompt: str = "",
    question: str = "",
    item: str = "",
    declared_stage: str = "",
    said_at: object = pd.NaT,
    heading: str = "",
    start_s: float = math.nan,
    channel: str = "",
    touchpoint: str = "",
) -> Row:
    """Return a row of `turns`; see `material.COLUMNS` for the meaning of its columns."""
    about = (document_ref, raw_id, kind, wave, prompt, question, item, declared_stage, said_at)
    return (*about, channel, touchpoint, speaker, heading, start_s, text)
