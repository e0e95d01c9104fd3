"""Cells of a table as a sheet can hold them: numbers, days, flags, and lists as text to read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.cells import count, text
from cjm_research.number_words import interval, percent, rating_words, signed

Flat = str | int | float | bool | date | None
_BETWEEN = "; "


def flatten_cell(value: object) -> Flat:
    """Return what stands in the cell of a sheet.

    Parameters
    ----------
    value : object
        A cell of a frame: a number, text, time or flag, or a list of texts or of mappings, as in
        the columns of the journey map.

    Returns
    -------
    str, int, float, bool, date or None
        None where nothing is known. Times are without zone, in UTC. A list is one line of text,
        its entries separated by semicolons.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _number(float(value))
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return _without_zone(value)
    if isinstance(value, (date, datetime)):
        return value
    if isinstance(value, Mapping):
        return _describe(value)
    if isinstance(value, Iterable):
        return _BETWEEN.join(line for entry in value if (line := _entry(entry)))
    return str(value)


def _number(value: float) -> Flat:
    if math.isfinite(value):
        return value
    # No sheet has a number for this.
    return None if math.isnan(value) else ("infinite" if value > 0 else "-infinite")


def _without_zone(value: pd.Timestamp) -> datetime:
    plain = value.tz_convert("UTC").tz_localize(None) if value.tz else value
    return datetime.fromisoformat(plain.isoformat(timespec="microseconds"))


def _entry(value: object) -> str:
    if isinstance(value, Mapping):
        return _describe(value)
    flat = flatten_cell(value)
    return "" if flat is None else str(flat)


def _describe(entry: Mapping[str, Any]) -> str:
    """Return an entry of a list column in words; the entries of the map have their own."""
    for needed, words in _WORDS:
        if needed <= entry.keys():
            return words(entry)
    parts = [(key, _entry(value)) for key, value in entry.items()]
    return ", ".join(f"{key}: {shown}" for key, shown in parts if shown)


def _told(entry: Mapping[str, Any]) -> str:
    said, heard = count(entry["n_said"]), count(entry["n_heard"])
    counted = "no data" if said is None else f"{said:,} of {heard or 0:,}"
    span = interval(entry.get("low"), entry.get("high"))
    share = f", {percent(entry.get('share'))} ({span})" if span else ""
    return f"{text(entry['label'])}: {counted}{share}{_from(entry)}"


def _quote(entry: Mapping[str, Any]) -> str:
    observed = text(entry.get("speaker")) == "observer"
    words = text(entry["text"]) if observed else f"“{text(entry['text'])}”"
    by = [text(entry["alias"]), text(entry.get("at"))]
    return f"{words} ({', '.join(part for part in by if part)})"


def _feeling(entry: Mapping[str, Any]) -> str:
    return (
        f"{text(entry.get('label'))}: mean {signed(entry['mean'])}, n = {count(entry['n']) or 0:,}"
    )


def _heard(entry: Mapping[str, Any]) -> str:
    label = text(entry.get("label"))
    if not entry["asked"]:
        return f"{label}: not asked"
    return f"{label}: {count(entry['n_heard']) or 0:,} of {count(entry['n_participants']) or 0:,}"


def _rating(entry: Mapping[str, Any]) -> str:
    return f"{rating_words(dict(entry))}{_from(entry)}"


def _touchpoint(entry: Mapping[str, Any]) -> str:
    more = [text(entry.get(key)) for key in ("channel", "owner", "cost", "time")]
    known = ", ".join(part for part in more if part)
    return f"{text(entry['name'])} ({known})" if known else text(entry["name"])


def _counted(entry: Mapping[str, Any]) -> str:
    return f"{text(entry['name'])} ({count(entry['n']) or 0:,})"


def _from(entry: Mapping[str, Any]) -> str:
    source = text(entry.get("source_label"))
    return f" ({source})" if source else ""


_WORDS = (
    ({"label", "n_said", "n_heard"}, _told),
    ({"text", "alias"}, _quote),
    ({"mean", "n", "label"}, _feeling),
    ({"asked", "n_heard", "n_participants"}, _heard),
    ({"measure", "value", "n"}, _rating),
    ({"name", "channel"}, _touchpoint),
    ({"name", "n"}, _counted),
)
