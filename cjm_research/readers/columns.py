"""Columns that a file has and study.yaml does not name: perhaps forgotten, perhaps not needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cjm_research.config import (
    Campaign,
    Events,
    Feedback,
    FunnelReport,
    Source,
    Survey,
    Transcripts,
)
from cjm_research.readers.adobe_feed import is_companion
from cjm_research.readers.campaigns import name_unread_counts
from cjm_research.readers.cells import is_table, read_cells, squeeze
from cjm_research.readers.event_exports import is_event_export
from cjm_research.readers.files import find_files
from cjm_research.readers.funnel_reports import name_unread_columns
from cjm_research.readers.json_records import SUFFIXES as JSON_SUFFIXES
from cjm_research.readers.notes import Notes
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
    if isinstance(source, Transcripts):
        return {}
    named = {squeeze(text) for text in _texts(source.model_dump())}
    unused = {}
    for path in find_files(source, folder, Notes()):
        left = [name for name in _header(path, source) if name and name not in named]
        if left:
            unused[path.name] = left
    return unused


def _header(path: Path, source: Source) -> list[str]:
    if isinstance(source, Events) and (
        is_companion(path) or is_xes(path) or is_event_export(path, source)
    ):
        return []  # an analytics program writes dozens of fields that nobody needs
    if path.suffix.casefold() == ".parquet":
        import pyarrow.parquet as pq

        return [squeeze(name) for name in pq.read_schema(path).names]
    if isinstance(source, FunnelReport):
        return name_unread_columns(path, source)
    if isinstance(source, Campaign):
        return name_unread_counts(path, source)
    if (
        isinstance(source, Feedback)
        and path.suffix.casefold() in JSON_SUFFIXES
        and not is_table(path)
    ):
        return []  # a program writes dozens of fields that nobody needs
    if isinstance(source, Survey):
        cells, export = read_export(path, source, notes=Notes())
        return [name for name in cells.frame.columns if name not in export.personal]
    cells = read_cells(
        path,
        notes=Notes(),
        encoding=source.encoding,
        sheet=source.sheet,
        header_row=getattr(source, "header_row", 1),
    )
    return list(cells.frame.columns)


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
