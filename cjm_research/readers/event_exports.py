"""Event exports of analytics programs: recognised by their fields, brought to one table.

A new program is added to `EXPORTS`. Each says which of its fields are the participant, the
session, the event and its time; `columns:` of study.yaml may name others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from cjm_research.config import Events
from cjm_research.errors import SourceError, quoted
from cjm_research.readers import adobe_feed as adobe
from cjm_research.readers.cells import Cells, is_table, squeeze
from cjm_research.readers.json_records import SUFFIXES, Record, Records, look_up
from cjm_research.readers.notes import Notes
from cjm_research.readers.parquet_records import ParquetRecords

TIME = "time of the event"
"""Column of times that were numbers; `datetime64[us]`, in UTC where the program says so."""
_LOOKED_AT = 20
_LONGEST_NUMBER = 10**30  # Python refuses to write out much longer ones


@dataclass(frozen=True)
class EventExport:
    """What a program's records hold.

    Attributes
    ----------
    name : str
        The program, as `cjm check` says it.
    marks : frozenset of str
        Fields by which its records are recognised.
    columns : dict
        Key of `columns:` to the field that holds it; dots lead inside a field.
    time : callable
        Returns an event's time, in microseconds of the epoch, or None.
    key : tuple of str
        Fields that are the same only in a repetition of one event.
    apart : tuple of str
        Fields that tell events of one key apart, where the export has them.
    rank : str
        Field of which the highest value stays among repetitions; the last when empty.
    nothing : dict of str to str
        Field to the value that means that there is none.
    note : str
        What to know about its times; empty when there is nothing.
    unfold : callable, optional
        Returns the events of a record that holds several.
    """

    name: str
    marks: frozenset[str]
    columns: dict[str, str]
    time: Callable[[Record], int | None]
    key: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    rank: str = ""
    nothing: dict[str, str] = field(default_factory=dict)
    note: str = ""
    unfold: Callable[[Record], Iterator[Record]] | None = None


Key = tuple[str, ...]
"""What is the same only in a repetition of one event."""


class _Source(Protocol):
    """Records as they come from a file: see `Records`."""

    @property
    def odd(self) -> Mapping[str, list[int]]: ...

    @property
    def doubts(self) -> Mapping[str, int]: ...

    @property
    def told(self) -> Mapping[str, int]: ...

    @property
    def fields(self) -> frozenset[str]: ...

    def __iter__(self) -> Iterator[tuple[int, Record]]: ...


def is_event_export(path: Path, source: Events) -> bool:
    """Return True when a file's records say what its events are, without `columns:`.

    Raises
    ------
    SourceError
        If it is an archive or a Parquet file that cannot be read.
    """
    if path.suffix.casefold() == ".parquet":
        mapped = {"participant", "occurred_at"} <= set(source.columns)
        return not mapped and _find_export(ParquetRecords(path, frozenset()).fields) is not None
    return adobe.is_feed(path) or (path.suffix.casefold() in SUFFIXES and not is_table(path))


def read_event_export(
    path: Path, source: Events, *, notes: Notes, seen: set[Key]
) -> tuple[Cells, dict[str, str]]:
    """Return the events of an export as text cells, and which column holds what.

    Parameters
    ----------
    path : Path
        The file.
    source : Events
        Its `columns` may name other fields than the program's usual ones.
    notes : Notes
        Gets the program's name, and what was left out.
    seen : set
        Keys of the events of earlier files: exports of days and hours overlap. Grows.

    Raises
    ------
    SourceError
        If the file cannot be read, or its records are of no known program.
    """
    records = _open(path, source)
    numbered = iter(records)
    first = list(islice(numbered, _LOOKED_AT))
    export = _recognise(records.fields.union(*(record for _, record in first)), path.name)
    named = {str(key): name for key, name in source.columns.items()}
    columns = {**export.columns, "occurred_at": TIME} | named
    columns = {key: squeeze(name) for key, name in columns.items()}
    wanted = list(dict.fromkeys(columns.values()))
    rows, numbers, keys, ranks = [], [], [], []
    timeless = []
    for number, record in chain(first, numbered):
        for event in export.unfold(record) if export.unfold else (record,):
            time = export.time(event)
            if time is None:
                timeless.append(number)
                continue
            rows.append([time if name == TIME else _as_text(event, name) for name in wanted])
            numbers.append(number)
            keys.append(tuple(_as_text(event, name) for name in (*export.key, *export.apart)))
            ranks.append(_as_number(look_up(event, export.rank)) if export.rank else 0.0)
    about = notes.of(path.name)
    about.format = export.name
    about.n_in += len(rows) + len(timeless) + sum(map(len, records.odd.values()))
    for what, odd in records.odd.items():
        notes.set_aside(path.name, what, odd)
    for what, n in records.doubts.items():
        notes.warn(path.name, what, n)
    notes.count(path.name, f"exported by {export.name}", 1)
    for what, n in records.told.items():
        notes.count(path.name, what, n)
    notes.count(path.name, "rows", len(rows))
    notes.set_aside(path.name, "events without a readable time, left out", timeless)
    if export.note and "timezone" not in source.model_fields_set:
        notes.warn(path.name, export.note, 1)
    frame = pd.DataFrame(rows, columns=wanted, index=numbers, dtype="object")
    for name, value in export.nothing.items():
        if name in frame:
            frame[name] = frame[name].mask(frame[name] == value, "")
    if TIME in frame:
        times = frame[TIME].astype("int64").astype("datetime64[us]")
        frame[TIME] = times if export.note else times.dt.tz_localize("UTC")
    if export.key:
        frame = _drop_repeated(frame, keys, len(export.key), ranks, seen, path.name, notes)
    return Cells(path.name, frame), columns


def _open(path: Path, source: Events) -> _Source:
    if path.suffix.casefold() == ".parquet":
        only = {
            name for it in EXPORTS for name in (*it.columns.values(), *it.key, *it.apart, *it.marks)
        }
        return ParquetRecords(path, frozenset(only.union(source.columns.values())))
    return adobe.Hits(path, source) if adobe.is_feed(path) else Records(path)


def _find_export(fields: frozenset[str]) -> EventExport | None:
    return next((export for export in EXPORTS if export.marks <= fields), None)


def _recognise(fields: frozenset[str], where: str) -> EventExport:
    export = _find_export(fields)
    if export:
        return export
    if not fields:
        raise SourceError(
            where,
            "it holds no record with fields: it is empty, no line of it is a JSON record, or all "
            "members of the archive lead out of it and are passed over.",
            "check that it is the file that you mean, and export it again.",
        )
    found = f" Fields found: {quoted(sorted(map(str, fields))[:12])}."
    raise SourceError(
        where,
        f"its records are of no program that is known ({quoted(e.name for e in EXPORTS)}).{found}",
        "export the events as CSV or Parquet and name the columns in study.yaml.",
    )


def _drop_repeated(
    frame: pd.DataFrame,
    keys: list[Key],
    n_needed: int,
    ranks: list[float],
    seen: set[Key],
    file: str,
    notes: Notes,
) -> pd.DataFrame:
    order = pd.DataFrame({"key": keys, "rank": ranks})
    best = order.sort_values("rank", kind="stable").drop_duplicates("key", keep="last").index
    # Events that lack a part of their key cannot be told to be repetitions.
    whole = np.array([all(key[:n_needed]) for key in keys], dtype=bool)
    new = np.array([key not in seen for key in keys], dtype=bool)
    kept = (order.index.isin(best) & new) | ~whole
    seen |= set(keys)
    notes.set_aside(file, "events that the program delivered twice, left out", frame.index[~kept])
    return frame[kept]


def _as_text(record: Record, name: str) -> str:
    value = look_up(record, name)
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and abs(value) > _LONGEST_NUMBER:
        return ""
    return str(value).strip()


def _as_number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return float("-inf")
    return number if number == number else float("-inf")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_US = 4_102_444_800_000_000  # the year 2100
_MILLISECONDS_FROM = 1e11


def _epoch(value: Any, *, per_second: float) -> int | None:
    """Return microseconds of the epoch from a number, or from one written as text."""
    number = _as_number(value)
    if isinstance(value, bool) or number <= 0:
        return None
    microseconds = number * 1e6 / per_second
    return int(microseconds) if microseconds < _LATEST_US else None


def _google_time(record: Record) -> int | None:
    return _epoch(record.get("event_timestamp"), per_second=1e6)


def _mixpanel_time(record: Record) -> int | None:
    value = look_up(record, "properties.time")
    large = _as_number(value) > _MILLISECONDS_FROM
    return _epoch(value, per_second=1e3 if large else 1)


def _amplitude_time(record: Record) -> int | None:
    # Documented as UTC; files hold `2020-01-25 17:00:00.123000`, without a zone.
    return _written_time(record.get("event_time"))


def _segment_time(record: Record) -> int | None:
    return _written_time(record.get("timestamp"))


def _adobe_time(record: Record) -> int | None:
    return _epoch(record.get(adobe.TIME), per_second=1)


def _written_time(value: Any) -> int | None:
    """Return microseconds of the epoch from a time in ISO 8601, in UTC where it has no zone."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    microseconds = (time - _EPOCH) // timedelta(microseconds=1)
    return microseconds if 0 < microseconds < _LATEST_US else None


def _matomo_time(record: Record) -> int | None:
    return _epoch(record.get("timestamp") or record.get("serverTimestamp"), per_second=1)


def _unfold_visit(visit: Record) -> Iterator[Record]:
    about = {name: value for name, value in visit.items() if name != "actionDetails"}
    actions = visit.get("actionDetails")
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, dict):
            # The visit's own times are of its last action.
            yield about | {"timestamp": None, "serverTimestamp": None} | action


def _name_call(call: Record) -> Iterator[Record]:
    """Give calls that are no `track` a name: that of the page or screen, else what they are."""
    yield call | {"event": call.get("event") or call.get("name") or call.get("type")}


EXPORTS = (
    EventExport(
        "Google Analytics 4 (BigQuery)",
        frozenset({"event_name", "event_timestamp", "user_pseudo_id"}),
        {
            "participant": "user_pseudo_id",
            "session": "event_params.ga_session_id",
            "event": "event_name",
            "channel": "platform",
            "device": "device.category",
            "page": "event_params.page_location",
            "value": "event_value_in_usd",
        },
        _google_time,
        key=(
            "user_pseudo_id",
            "event_timestamp",
            "event_name",
            "event_bundle_sequence_id",
        ),
        # Of one bundle may be events of one name and microsecond; older exports lack these.
        apart=("batch_event_index", "batch_page_id", "batch_ordering_id"),
    ),
    EventExport(
        "Mixpanel",
        frozenset({"event", "properties"}),
        {
            "participant": "properties.distinct_id",
            "event": "event",
            "device": "properties.$device",
            "page": "properties.$current_url",
        },
        _mixpanel_time,
        key=("event", "properties.distinct_id", "properties.time", "properties.$insert_id"),
        rank="properties.mp_processing_time_ms",
        note="times read as UTC; a project of before 2023 keeps its own zone: declare `timezone:`",
    ),
    EventExport(
        "Amplitude",
        frozenset({"event_type", "event_time", "amplitude_id"}),
        {
            "participant": "amplitude_id",
            "session": "session_id",
            "event": "event_type",
            "channel": "platform",
            "device": "device_type",
        },
        _amplitude_time,
        key=("uuid",),
        nothing={"session_id": "-1"},
    ),
    EventExport(
        "Matomo",
        frozenset({"idVisit", "visitorId", "actionDetails"}),
        {
            "participant": "visitorId",
            "session": "idVisit",
            "event": "pageTitle",
            "device": "deviceType",
            "page": "url",
        },
        _matomo_time,
        unfold=_unfold_visit,
    ),
    EventExport(
        "Adobe Analytics (data feed)",
        frozenset({adobe.VISITOR, adobe.EVENT}),
        {
            "participant": adobe.VISITOR,
            "session": adobe.VISIT,
            "event": adobe.EVENT,
            "page": adobe.PAGE,
            "value": adobe.REVENUE,
        },
        _adobe_time,
        key=(*adobe.HIT_IDS, adobe.ENTRY),
    ),
    EventExport(
        "Segment (unverified)",
        frozenset({"type", "messageId", "timestamp"}),
        {
            "participant": "anonymousId",
            "event": "event",
            "page": "context.page.url",
        },
        _segment_time,
        key=("messageId",),
        unfold=_name_call,
    ),
)
