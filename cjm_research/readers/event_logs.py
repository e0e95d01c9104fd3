"""Event logs: what people did, and when."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cjm_research.config import Events, resolve_stage
from cjm_research.errors import SourceError
from cjm_research.journey import Journey
from cjm_research.material import COLUMNS, Material, no_rows
from cjm_research.readers.adobe_feed import is_companion
from cjm_research.readers.cells import Cells, read_cells, require_columns, rows_in_words, squeeze
from cjm_research.readers.event_exports import TIME, Key, is_event_export, read_event_export
from cjm_research.readers.files import find_files
from cjm_research.readers.notes import Notes
from cjm_research.readers.pages import match_pages
from cjm_research.readers.parquet_records import open_parquet
from cjm_research.readers.progress import follow
from cjm_research.readers.rows import Row, make_rows
from cjm_research.readers.surveys import note_way_of_times
from cjm_research.readers.times import find_unit, read_epoch, read_times
from cjm_research.readers.xes import is_xes, read_xes

LARGE_BYTES = 200_000_000
"""From here on a log takes gigabytes of memory where it is read as a whole."""
_LARGE = "a large log, read as a whole: `in_place: true` measures it where it lies"


def read_events(source: Events, folder: Path, journey: Journey) -> Material:
    """Return the events of a log, each in its stage and in UTC.

    Parameters
    ----------
    source : Events
        Which columns hold what; columns that it does not name are not read. Exports of
        analytics programs need no columns.
    folder : Path
        The study folder.
    journey : Journey
        Gives an event its stage: by the column `stage`, else by the stages' `events`.

    Returns
    -------
    Material
        Events in file order. Events without a participant are left out and counted.

    Raises
    ------
    SourceError
        If columns are absent, or times are blank or unreadable.
    """
    notes = Notes()
    parts = []
    seen: set[Key] = set()
    for path in follow(find_files(source, folder, notes)):
        if is_companion(path):
            notes.count(path.name, "read with the hits of its delivery", 1)
            continue
        if path.stat().st_size > LARGE_BYTES:
            notes.warn(path.name, _LARGE)
        cells, columns = _read_columns(source, path, notes, seen)
        parts.append(_to_events(source, cells, columns, journey, notes))
    events = pd.concat(parts, ignore_index=True) if parts else no_rows("events")
    people: list[Row] = [(raw_id, "") for raw_id in dict.fromkeys(events["raw_id"])]
    return Material(
        source=source.id,
        people=make_rows("people", people),
        events=events,
        **notes.parts(),
    )


def _check_mapping(source: Events) -> None:
    problems = [
        f"`columns:` does not say which column is `{key}`."
        for key in ("participant", "occurred_at")
        if key not in source.columns
    ]
    if not {"event", "stage"} & set(source.columns):
        problems.append("`columns:` names neither `event` nor `stage`.")
    if source.pages and "page" not in source.columns:
        problems.append("`pages:` is given, but `columns:` does not say which column is `page`.")
    if problems:
        raise SourceError(
            f"{', '.join(source.files)} (source '{source.id}')",
            " ".join(problems),
            "map these columns in study.yaml; without a person and a time an event says nothing "
            "about a journey.",
        )


def _read_columns(
    source: Events, path: Path, notes: Notes, seen: set[Key]
) -> tuple[Cells, dict[str, str]]:
    """Return the columns that are wanted, and which of them holds what."""
    if is_xes(path):
        return read_xes(path, source, notes=notes)
    if is_event_export(path, source):
        return read_event_export(path, source, notes=notes, seen=seen)
    _check_mapping(source)
    wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
    if path.suffix.casefold() != ".parquet":
        cells = read_cells(
            path, notes=notes, encoding=source.encoding, sheet=source.sheet,
            delimiter=source.delimiter,
        )  # fmt: skip
    else:
        cells = _read_parquet(path, list(wanted), notes)
    require_columns(cells, wanted)
    notes.of(path.name).format = "table"
    return cells, {str(key): name for key, name in source.columns.items()}


def _read_parquet(path: Path, wanted: list[str], notes: Notes) -> Cells:
    with open_parquet(path) as file:
        by_name = {squeeze(name): name for name in file.schema_arrow.names}
        known = [by_name[squeeze(name)] for name in wanted if squeeze(name) in by_name]
        # Without a wanted column the message should still list what is there.
        known = known if len(known) == len(wanted) else list(by_name.values())
        frame = file.read(columns=known).to_pandas()
    frame = frame.rename(columns=squeeze)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    notes.count(path.name, "rows", len(frame))
    notes.of(path.name).n_in += len(frame)
    return Cells(path.name, frame)


def _to_events(
    source: Events, cells: Cells, columns: dict[str, str], journey: Journey, notes: Notes
) -> pd.DataFrame:
    frame = cells.frame

    def column(key: str) -> pd.Series:
        if key not in columns:
            return pd.Series("", index=frame.index, dtype="object")
        return _as_text(frame[squeeze(columns[key])])

    occurred_at = _read_occurred(source, cells, columns["occurred_at"], notes)
    declared = _name_stages(column("stage"), journey, cells.file)
    of_pages = match_pages(column("page"), source.pages, journey, where=cells.file)
    stages = _find_stages(declared.where(declared != "", of_pages), column("event"), journey)
    values = column("value")
    numbers: pd.Series = pd.to_numeric(values, errors="coerce").astype("float64")
    notes.warn(
        cells.file, "values that are no number", int((numbers.isna() & (values != "")).sum())
    )
    names = column("event")
    events = pd.DataFrame(
        {
            "raw_id": column("participant"),
            "session_id": column("session"),
            "event": names.where(names != "", stages),
            "occurred_at": occurred_at,
            "stage": stages,
            "channel": column("channel"),
            "device": column("device"),
            "value": numbers,
            "wave": source.wave,
        }
    )[COLUMNS["events"]]
    attributed = events["raw_id"] != ""
    notes.set_aside(
        cells.file, "unattributed events (no participant), left out", events.index[~attributed]
    )
    named = events["event"] != ""
    notes.set_aside(
        cells.file,
        "events without a name or a stage, left out",
        events.index[attributed & ~named],
    )
    kept = events[attributed & named]
    notes.of(cells.file).n_used += len(kept)
    notes.count(cells.file, "events in a stage of the journey", int((kept["stage"] != "").sum()))
    notes.count(cells.file, "events in no stage of the journey", int((kept["stage"] == "").sum()))
    notes.warn(cells.file, "events that occur twice in every column", int(kept.duplicated().sum()))
    return kept.reset_index(drop=True)


def _read_occurred(source: Events, cells: Cells, name: str, notes: Notes) -> pd.Series:
    raw = cells.frame[squeeze(name)]
    where = f"{cells.file}, column '{name}'"
    dated = pd.api.types.is_datetime64_any_dtype(raw)
    text = raw if dated else _as_text(raw)
    if source.time_unit and not dated:
        times = read_epoch(text, unit=source.time_unit)
    else:
        times = read_times(text, timezone=source.timezone, where=where, day_first=source.day_first)
    missing = times.utc.index[times.utc.isna()]
    if len(missing):
        raise SourceError(
            cells.file,
            f"{len(missing)} of {len(raw)} events have no readable time in column '{name}' "
            f"({rows_in_words(list(missing))}).",
            _advise_on_times(source, "" if dated else find_unit(text)),
        )
    # An export of a program that writes no zone has said so already.
    known = "timezone" in source.model_fields_set or name == TIME
    note_way_of_times(times, cells.file, notes, zone_known=known)
    return times.utc


def _advise_on_times(source: Events, unit: str) -> str:
    if source.time_unit:
        return (
            f"`time_unit: {source.time_unit}` is declared: write whole numbers since 1970 in this "
            "unit, take these rows out, or take `time_unit:` out where times are dates."
        )
    if unit:
        return f"they look like numbers since 1970: declare `time_unit: {unit}` for this source."
    return (
        "write times as 2025-04-30T14:05:00 (with Z or an offset, else `timezone:` of the source "
        "holds), or take these rows out; an event without a time has no place in a journey."
    )


def _name_stages(declared: pd.Series, journey: Journey, file: str) -> pd.Series:
    by_name = {
        name: resolve_stage(journey, name, where=f"{file}, column of stages")
        for name in declared.unique()
    }
    return declared.map(by_name)


def _find_stages(known: pd.Series, events: pd.Series, journey: Journey) -> pd.Series:
    by_event = {name: stage.id for stage in journey for name in stage.events}
    return known.where(known != "", events.map(by_event).fillna("")).astype("object")


def _as_text(values: pd.Series) -> pd.Series:
    """Return cells as stripped text; whole numbers without `.0`, missing as ''."""
    if pd.api.types.is_float_dtype(values.dtype) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype("object").where(values.notna(), "")
    if pd.api.types.infer_dtype(text, skipna=False) != "string":
        return text.map(lambda value: str(value).strip()).astype("object")
    # A log of millions has few different words: each is stripped once.
    numbers, words = pd.factorize(text)
    stripped = pd.array([word.strip() for word in words], dtype="object")
    return pd.Series(stripped.take(numbers), index=text.index, dtype="object")
