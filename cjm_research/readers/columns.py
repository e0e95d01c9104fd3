"""Columns that a file has and study.yaml does not name: perhaps forgotten, perhaps not needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.config import (
    Campaign,
    Events,
    Feedback,
    FunnelReport,
    Keys,
    Source,
    Survey,
    Transcripts,
)
from cjm_research.readers.adobe_feed import is_companion, is_feed
from cjm_research.readers.campaigns import name_unread_counts
from cjm_research.readers.cells import is_table, read_cells, squeeze
from cjm_research.readers.event_exports import is_event_export, read_event_export
from cjm_research.readers.event_logs import LARGE_BYTES
from cjm_research.readers.files import find_files
from cjm_research.readers.funnel_reports import name_unread_columns
from cjm_research.readers.json_records import SUFFIXES as JSON_SUFFIXES
from cjm_research.readers.notes import Notes
from cjm_research.readers.parquet_records import open_parquet, read_flat_columns
from cjm_research.readers.survey_exports import read_export
from cjm_research.readers.xes import is_xes


def list_unused_columns(source: Source, folder: Path) -> dict[str, list[str]]:
    """Return, per file of a tabular source, the columns that its declaration does not name.

    Parameters
    ----------
    source : Source
    folder : Path
        The study folder.

    Returns
    -------
    dict of str to list of str
        File name to columns, in file order; files whose every column is named are left out.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    # Of a key map two columns are all that can be mapped: it may be a log of dozens.
    if isinstance(source, Transcripts | Keys):
        return {}
    named = {squeeze(text) for text in _texts(source.model_dump())}
    unused = {}
    for path in find_files(source, folder, Notes()):
        left = [name for name in _header(path, source) if name and name not in named]
        if left:
            unused[path.name] = left
    return unused


def read_columns(source: Source, folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the columns of every file of a tabular source, also those that nobody declared.

    Of the records of an analytics program, only the fields in which it keeps a second id of
    people; of counts by other programs, transcripts and large files, nothing. Columns about the
    person that a survey program adds are left out.

    Yields
    ------
    participant : str
        The column of people's ids; empty where a row is somebody of its own.
    table : DataFrame
        The cells as text.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    if not isinstance(source, Transcripts | FunnelReport | Campaign):
        for path in find_files(source, folder, Notes()):
            if path.stat().st_size <= LARGE_BYTES:
                yield _table(path, source)


_SECOND_IDS = ("user_id", "userId", "properties.$user_id")
"""Who is logged in, as GA4 and Amplitude, Segment and Matomo, and Mixpanel call it."""


def _table(path: Path, source: Source) -> tuple[str, pd.DataFrame]:
    if isinstance(source, Events) and (is_companion(path) or is_feed(path) or is_xes(path)):
        return "", pd.DataFrame()
    if isinstance(source, Events) and is_event_export(path, source):
        # The reader takes columns of any meaning; here they mean nothing yet.
        wanted = source.columns | {name: name for name in _SECOND_IDS}
        second = source.model_copy(update={"columns": wanted})
        cells, columns = read_event_export(path, second, notes=Notes(), seen=set())
        return columns["participant"], cells.frame
    declared = squeeze(getattr(source, "columns", {}).get("participant", ""))
    if path.suffix.casefold() == ".parquet":
        return declared, read_flat_columns(path)
    if _is_records(path, source):
        return "", pd.DataFrame()
    return declared, _cells(path, source)


def _header(path: Path, source: Source) -> list[str]:
    if isinstance(source, Events) and (
        is_companion(path) or is_xes(path) or is_event_export(path, source)
    ):
        return []  # an analytics program writes dozens of fields that nobody needs
    if path.suffix.casefold() == ".parquet":
        with open_parquet(path) as file:
            return [squeeze(name) for name in file.schema_arrow.names]
    if isinstance(source, FunnelReport):
        return name_unread_columns(path, source)
    if isinstance(source, Campaign):
        return name_unread_counts(path, source)
    if _is_records(path, source):
        return []  # a program writes dozens of fields that nobody needs
    return list(_cells(path, source).columns)


def _is_records(path: Path, source: Source) -> bool:
    is_json = path.suffix.casefold() in JSON_SUFFIXES
    return isinstance(source, Feedback) and is_json and not is_table(path)


def _cells(path: Path, source: Source) -> pd.DataFrame:
    if isinstance(source, Survey):
        cells, export = read_export(path, source, notes=Notes())
        return cells.frame.drop(columns=list(export.personal), errors="ignore")
    return read_cells(
        path,
        notes=Notes(),
        encoding=source.encoding,
        sheet=source.sheet,
        header_row=getattr(source, "header_row", 1),
        delimiter=source.delimiter,
    ).frame


def _texts(value: Any) -> Iterator[str]:
    """Every text that a declaration holds, keys included (rules name columns as keys)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
