"""Records of JSON exports: one a line, or one list; packed with gzip or in a zip of such files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from cjm_research.errors import SourceError
from cjm_research.readers.archives import Members, refuse_broken

Record = dict[str, Any]
SUFFIXES = (".json", ".jsonl", ".ndjson", ".gz", ".zip", ".tgz", ".tar")
LONGEST_LINE = 10_000_000  # bytes
_LARGEST_REPORT = 20_000_000  # bytes
LEFT_OUT = "links, devices and members that lead out of the archive, left out"
_LINES = "lines that are no JSON record, left out"


@dataclass
class Records:
    """Records with the number of their line, read one after another.

    `odd` numbers what is left out, `doubts` are counted, `told` is what else there is to say; all
    are complete when the last record was taken. What fields there are, only the records tell.
    """

    path: Path
    odd: dict[str, list[int]] = field(default_factory=lambda: {_LINES: []})
    doubts: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Yield line number and record.

        Raises
        ------
        SourceError
            If the file cannot be opened or unpacked, grows beyond reason, or holds a line
            beyond reason.
        """
        last = 0
        members = Members(self.path)
        with refuse_broken(self.path):
            for _, stream in members:
                for number, record in self._read(stream, last):
                    last = number
                    yield number, record
        self.doubts[LEFT_OUT] = members.left_out

    def _read(self, stream: IO[bytes], number: int) -> Iterator[tuple[int, Record]]:
        first = stream.read(1)
        while first in (b" ", b"\t", b"\r", b"\n", b"\xef", b"\xbb", b"\xbf"):
            first = stream.read(1)
        if first == b"[":
            yield from self._read_list(first + stream.read(LONGEST_LINE * 20), number)
            return
        line = first + read_line(stream, self.path)
        while line:
            number += 1
            if line.strip():
                record = _load(line)
                if isinstance(record, dict):
                    yield number, record
                else:
                    self.odd[_LINES].append(number)
            line = read_line(stream, self.path)

    def _read_list(self, content: bytes, number: int) -> Iterator[tuple[int, Record]]:
        loaded = _load(content)
        if not isinstance(loaded, list):
            raise SourceError(
                self.path.name,
                "it begins as a JSON list and is none, or holds more than 200 MB.",
                "export it again; large exports are read with one record a line (JSONL).",
            )
        for record in loaded:
            number += 1
            if isinstance(record, dict):
                yield number, record
            else:
                self.odd[_LINES].append(number)


def load_whole(path: Path) -> Any:
    """Return what a file of one JSON value holds, plain or in gzip; None where it is no JSON.

    Raises
    ------
    SourceError
        If the file cannot be opened or unpacked, or holds more than a report does.
    """
    content = b""
    with refuse_broken(path):
        for _, stream in Members(path):
            content = stream.read(_LARGEST_REPORT + 1)
            break
    if len(content) > _LARGEST_REPORT:
        raise SourceError(
            path.name,
            f"it holds more than {_LARGEST_REPORT / 1e6:.0f} MB of JSON; a report is far smaller.",
            "check that it is the report that you mean, and no export of single events.",
        )
    return _load(content.removeprefix(b"\xef\xbb\xbf"))


def look_up(record: Record, name: str) -> Any:
    """Return what stands under a name; dots lead inside, also into lists of key and value.

    `properties.plan` of Mixpanel, `event_params.page_location` of Google Analytics.
    """
    if name in record:
        return record[name]
    head, dot, rest = name.partition(".")
    value = record.get(head) if dot else None
    if isinstance(value, list):
        return _pick(value, rest)
    return look_up(value, rest) if isinstance(value, dict) else None


def as_text(value: object) -> str:
    """Return a value as a table would hold it; lists and records inside have no text."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _pick(pairs: list[Any], key: str) -> Any:
    for pair in pairs:
        if isinstance(pair, dict) and pair.get("key") == key:
            value = pair.get("value")
            if isinstance(value, dict):  # one of string_value, int_value, ... is filled
                return next((held for held in value.values() if held is not None), None)
            return value
    return None


def _load(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def read_line(stream: IO[bytes], path: Path) -> bytes:
    """Return the next line with its end; empty where there is none.

    Raises
    ------
    SourceError
        If it is longer than a record can be.
    """
    # Only `\n` ends a record: values may hold U+2028 and its like.
    line = stream.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE:
        raise SourceError(
            path.name,
            f"a single line has more than {LONGEST_LINE:,} bytes.",
            "check that it is the export of events: it has one record a line.",
        )
    return line
