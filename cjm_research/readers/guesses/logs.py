"""Event logs: programs' exports, and tables in which somebody occurs again, at times."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.config import Events
from cjm_research.readers.cells import squeeze
from cjm_research.readers.event_exports import read_event_export
from cjm_research.readers.guesses.column_signs import (
    DEVICES,
    IDS,
    holds_codes,
    is_choice,
    is_repeated,
    is_time,
    words_of,
)
from cjm_research.readers.guesses.guess import NO_SIGN, Guess
from cjm_research.readers.notes import Notes
from cjm_research.readers.odd_ids import is_nobody
from cjm_research.readers.parquet_records import open_parquet
from cjm_research.readers.times import find_unit
from cjm_research.readers.xes import read_xes

_HEAD_ROWS = 5_000


def guess_event_export(path: Path) -> Guess:
    """Return the guess of an analytics program's records."""
    notes = Notes()
    cells, columns = read_event_export(path, any_log(path), notes=notes, seen=set())
    (name,) = (what for _, _, what, _ in notes.rows if what.startswith("exported by "))
    events = cells.frame[columns["event"]].value_counts().to_dict()
    program = name.removeprefix("exported by ")
    what = f"events, {program}: {len(cells.frame):,} of {len(events)} kinds"
    asks = [text for _, level, text, _ in notes.rows if level == "warning"]
    if "page" in columns and (cells.frame[squeeze(columns["page"])] != "").any():
        asks.append("it holds addresses: `pages: {/checkout*: purchase}` places them in stages.")
    return Guess(path.name, "events", what, {}, tuple(asks), events)


def guess_xes(path: Path) -> Guess:
    """Return the guess of a log of process mining."""
    cells, columns = read_xes(path, any_log(path), notes=Notes())
    events = cells.frame[columns["event"]].value_counts().to_dict()
    what = f"events, XES: {len(cells.frame):,} of {len(events)} kinds"
    note = "each case is taken for a person: name another attribute under `columns.participant`."
    return Guess(path.name, "events", what, {}, (note,), events)


def any_log(path: Path) -> Events:
    """Return a declaration that names nothing but the file."""
    return Events.model_validate(
        {"id": "log", "kind": "events", "files": [path.name], "sampling": "census"}
    )


def guess_parquet(path: Path) -> Guess:
    """Return the guess of a flat Parquet file, by its first rows."""
    with open_parquet(path) as file:
        head = next(file.iter_batches(batch_size=_HEAD_ROWS), None)
        frame = pd.DataFrame() if head is None else head.to_pandas()
        n = file.metadata.num_rows
    # Lists and fields inside fields are no cells.
    flat = [name for name in frame if not isinstance(frame[name].iloc[0], dict | list | np.ndarray)]
    text = frame[flat].astype("object").where(frame[flat].notna(), "").astype(str)
    return guess_log(path.name, text, n) or Guess(path.name, "", NO_SIGN)


def guess_log(file: str, frame: pd.DataFrame, n_rows: int) -> Guess | None:
    """Return the guess that a table is an event log: somebody occurs again, at times."""
    units = {name: find_unit(frame[name]) for name in frame if _TIME_WORDS.search(words_of(name))}
    units = {name: unit for name, unit in units.items() if unit}
    unsettled = [name for name in frame if _awaits_order(frame[name])]
    times = [n for n in frame if n in units or n in unsettled or is_time(frame[n])]
    people = [
        name
        for name in frame.columns
        if (IDS.search(words_of(name)) or _holds_devices(name, frame[name]))
        and not _OTHER_IDS.search(words_of(name))
        and name not in times
        and is_repeated(frame[name])
    ]
    what = [name for name in frame if name not in people + times and _is_what(name, frame[name])]
    if not (times and people and what):
        return None
    # Who is known only after a log-in was somebody before: by their device.
    people.sort(key=lambda name: (is_nobody(frame[name]).any(), not IDS.search(words_of(name))))
    time = min(times, key=lambda name: _rank_time(words_of(name)))
    event = min(what, key=lambda name: not _EVENT.fullmatch(words_of(name)))
    source: dict[str, Any] = {
        "columns": {"participant": people[0], "event": event, "occurred_at": time}
    }
    asks = [f"'{people[0]}' is taken for the person, '{event}' for what was done."]
    asks += _ask_about_blanks(frame, people)
    if len(times) > 1:
        asks.append(f"of {len(times)} columns with times, '{time}' is taken for that of the event.")
    if time in units:
        source["time_unit"] = units[time]
        asks.append(f"the numbers in '{time}' are read as time since 1970, in {units[time]}.")
    elif not frame[time].str.contains(r"[Z+]|-\d\d:?\d\d$", regex=True).all():
        asks.append(f"the times in '{time}' carry no zone: declare `timezone:`.")
    if time in unsettled:
        source["day_first"] = None
        asks.append(f"whether 03/04 in '{time}' is in March or April, only `day_first:` tells.")
    events = frame[event].value_counts().to_dict()
    label = f"events, a table: {n_rows:,} of {len(events)} kinds"
    return Guess(file, "events", label, source, tuple(asks), events)


def _holds_devices(name: str, values: pd.Series) -> bool:
    return bool(DEVICES.search(words_of(name))) and holds_codes(values) and not is_choice(values)


def _ask_about_blanks(frame: pd.DataFrame, people: list[str]) -> list[str]:
    blank = {name: int(is_nobody(frame[name]).sum()) for name in people}
    return [
        f"'{name}' is blank in {n:,} rows: those events are left out."
        if name == people[0]
        else f"'{name}' is blank in {n:,} rows, as before somebody logs in: where another source "
        "knows these ids, `cjm check` offers a key map once there is a study.yaml."
        for name, n in blank.items()
        if n
    ]


_OTHER_IDS = re.compile(
    r"(?i)\bname\b|session|\b(event|insert|message|hit|page|type|bundle|batch|sequence|stream)\b"
)


_TIME_WORDS = re.compile(r"(?i)\b(time|timestamp|date|datetime|ts|at|when|occurred|epoch)\b")


_EVENT = re.compile(r"(?i)(event|action|activity|step|page)( ?(name|type))?|name")


def _awaits_order(values: pd.Series) -> bool:
    """Tell whether all values are times once it is known whether the day comes first."""
    return not is_time(values) and any(is_time(values, day_first=order) for order in (True, False))


def _rank_time(words: str) -> int:
    """Return 0 for names of the time of an event, 2 for those of other times, 1 for the rest."""
    if re.fullmatch(r"(?i)(event |occurred )?(time ?stamp|time|date ?time|at|ts|when)", words):
        return 0
    others = r"(?i)\b(synced|upload\w*|processed|received|sent|loaded|first|previous|creat\w+)\b"
    return 2 if re.search(others, words) else 1


def _is_what(name: str, values: pd.Series) -> bool:
    """Return True when a column seems to say what was done; names of people never do."""
    if name.casefold() == "name":
        codes = values.str.fullmatch(r"[a-z0-9_.:/-]+").all()
        return bool(codes and values.str.contains("[_.:/]").any())
    if _EVENT.fullmatch(words_of(name)):
        return bool((values != "").any())
    return bool(re.search(r"(?i)event|action|page|step", name)) and is_repeated(values)
