"""Read the cells of a journey map: lists of dicts that may be empty, NaN or arrays.

A table that went through Parquet comes back with arrays for lists and with None for the
keys that a row did not have; a drawing must survive all of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

Cell = dict[str, Any]


def number(value: object) -> float | None:
    """Return a finite number, or None for anything that is not one."""
    if value is None or isinstance(value, (str, bytes)) or value is pd.NA:
        return None
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def count(value: object) -> int | None:
    """Return a whole number, or None."""
    result = number(value)
    return None if result is None else round(result)


def text(value: object) -> str:
    """Return text; missing values become an empty string."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float) and math.isnan(value):
        return ""
    return str(value)


def day(value: object) -> str:
    """Return a date as YYYY-MM-DD, or whatever text was given in its place."""
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return text(value)


def items(value: object) -> list[Cell]:
    """Return the dicts of a list cell; missing values become an empty list."""
    return [dict(entry) for entry in _entries(value) if isinstance(entry, Mapping)]


def strings(value: object) -> list[str]:
    """Return the texts of a list cell, empty ones left out."""
    return [word for word in (text(entry) for entry in _entries(value)) if word]


def rows(frame: pd.DataFrame | None) -> list[Cell]:
    """Return a frame as dicts, one per row; no frame has no rows."""
    if frame is None:
        return []
    names = [str(column) for column in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def _entries(value: object) -> Iterable[Any]:
    if value is None or isinstance(value, (str, bytes, Mapping)):
        return []
    return value if isinstance(value, Iterable) else []
