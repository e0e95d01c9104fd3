"""XES, the exchange format of process mining (IEEE 1849): a trace per case, its events inside."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.config import Events
from cjm_research.errors import SourceError
from cjm_research.readers.archives import DOCTYPES, Members
from cjm_research.readers.cells import Cells, squeeze
from cjm_research.readers.notes import Notes

CASE = "case:concept:name"
"""Column of the case, as flat tables of event logs call it; `case:` stands before any attribute
of a trace."""
_COLUMNS = {
    "participant": CASE, "event": "concept:name", "occurred_at": "time:timestamp",
}  # fmt: skip
_TRANSITION = "lifecycle:transition"
_DONE = "complete"
_HEAD_BYTES = 1 << 16
Attributes = dict[str, str]


def is_xes(path: Path) -> bool:
    """Return True when a file's name says that it is an XES log."""
    return path.name.casefold().endswith((".xes", ".xes.gz"))


def read_xes(path: Path, source: Events, *, notes: Notes) -> tuple[Cells, dict[str, str]]:
    """Return the events of a log as text cells, and which column holds what.

    Where some events say that an activity is complete, and others that it was scheduled or
    started, only the first are events: the others would count an activity twice.

    Raises
    ------
    SourceError
        If it is no XES, grows beyond reason, or declares XML entities.
    """
    columns = {**_COLUMNS, **{str(key): squeeze(name) for key, name in source.columns.items()}}
    wanted = list(dict.fromkeys(columns.values()))
    rows: list[list[str]] = []
    transitions: list[str] = []
    for number, event in enumerate(_read_events(path), start=1):
        event["row"] = str(number)
        rows.append([event.get(name, "") for name in (*wanted, "row")])
        transitions.append(event.get(_TRANSITION, "").casefold())
    if not rows:
        raise SourceError(
            path.name, "it holds no events inside traces.", "export the log again as XES."
        )
    frame = pd.DataFrame(rows, columns=[*wanted, "row"], dtype="object")
    frame = frame.set_index(frame.pop("row").astype("int64").rename(None))
    notes.count(path.name, "exported as XES", 1)
    notes.count(path.name, "rows", len(frame))
    about = notes.of(path.name)
    about.format = "XES"
    about.n_in += len(frame)
    counts = Counter(transitions)
    if counts[_DONE] and len(counts) > 1:
        done = np.array([transition == _DONE for transition in transitions])
        notes.set_aside(
            path.name, "events of activities not yet complete, left out", frame.index[~done]
        )
        frame = frame[done]
    return Cells(path.name, frame), columns


def _read_events(path: Path) -> Iterator[Attributes]:
    from lxml import etree

    try:
        for _, stream in Members(path):
            # Entities stay unresolved in any case; who declares some is told.
            if any(mark in stream.peek(_HEAD_BYTES) for mark in DOCTYPES):
                raise _no_xes(path, "it declares entities of its own (DOCTYPE)")
            parsed = etree.iterparse(
                stream,
                events=("end",),
                tag="{*}trace",
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                remove_comments=True,
                remove_pis=True,
            )
            for _, trace in parsed:
                yield from _read_trace(trace)
                trace.clear()
    except (etree.XMLSyntaxError, OSError, EOFError, zlib.error) as error:
        raise _no_xes(path, f"it cannot be read as XML ({type(error).__name__})") from error


def _read_trace(trace: Any) -> Iterator[Attributes]:
    about = {f"case:{key}": value for key, value in _attributes(trace)}
    for child in trace:
        if _local(child) == "event":
            yield about | dict(_attributes(child))


def _attributes(element: Any) -> Iterator[tuple[str, str]]:
    """Yield the attributes of a trace or event itself; nested ones are about another."""
    for child in element:
        key, value = child.get("key"), child.get("value")
        if _local(child) != "event" and key and value is not None:
            yield squeeze(key), value.strip()


def _local(element: Any) -> str:
    # Half of the logs that there are have no namespace.
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _no_xes(path: Path, problem: str) -> SourceError:
    return SourceError(
        path.name,
        f"{problem}; it is no XES log.",
        "export the log again as .xes or .xes.gz, or as CSV.",
    )
