"""Records of JSON exports: one a line, or one list; packed with gzip or in a zip of such files."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from cjm_research.errors import SourceError
from cjm_research.readers.archives import MAX_MEMBERS, MAX_RATIO, MAX_TOTAL_BYTES

Record = dict[str, Any]
SUFFIXES = (".json", ".jsonl", ".ndjson", ".gz", ".zip")
_LONGEST_LINE = 10_000_000  # bytes
_SMALL_BYTES = 20_000_000
_LINES = "lines that are no JSON record, left out"


@dataclass
class Records:
    """Records with the number of their line, read one after another.

    `odd` counts what is left out, and is complete when the last record was taken.
    """

    path: Path
    odd: dict[str, int] = field(default_factory=lambda: {_LINES: 0})

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Yield line number and record.

        Raises
        ------
        SourceError
            If the file cannot be opened or unpacked, grows beyond reason, or holds a line
            beyond reason.
        """
        last = 0
        try:
            for stream in open_members(self.path):
                for number, record in self._read(stream, last):
                    last = number
                    yield number, record
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise _unreadable(self.path, type(error).__name__) from error
        except RuntimeError as error:  # what zipfile raises for a password
            raise _unreadable(self.path, "it asks for a password") from error

    def _read(self, stream: IO[bytes], number: int) -> Iterator[tuple[int, Record]]:
        first = stream.read(1)
        while first in (b" ", b"\t", b"\r", b"\n", b"\xef", b"\xbb", b"\xbf"):
            first = stream.read(1)
        if first == b"[":
            yield from self._read_list(first + stream.read(_LONGEST_LINE * 20), number)
            return
        line = first + _read_line(stream, self.path)
        while line:
            number += 1
            if line.strip():
                record = _load(line)
                if isinstance(record, dict):
                    yield number, record
                else:
                    self.odd[_LINES] += 1
            line = _read_line(stream, self.path)

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
                self.odd[_LINES] += 1


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


def _read_line(stream: IO[bytes], path: Path) -> bytes:
    # Only `\n` ends a record: values may hold U+2028 and its like.
    line = stream.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE:
        raise SourceError(
            path.name,
            f"a single line has more than {_LONGEST_LINE:,} bytes.",
            "check that it is the export of events: it has one record a line.",
        )
    return line


class _Bounded(io.RawIOBase):
    """A stream that refuses to grow beyond reason while it is read."""

    def __init__(self, stream: IO[bytes], path: Path, read_so_far: list[int]) -> None:
        self._stream = stream
        self._path = path
        self._so_far = read_so_far
        self._packed = max(path.stat().st_size, 1)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._so_far[0] += len(data)
        total = self._so_far[0]
        bomb = total > _SMALL_BYTES and total / self._packed > MAX_RATIO
        if bomb or total > MAX_TOTAL_BYTES * 4:
            raise _too_large(self._path, total)
        buffer[: len(data)] = data
        return len(data)


def open_members(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file, what gzip packed in it, or each member of a zip; none grows beyond reason."""
    so_far = [0]

    def bound(stream: IO[bytes]) -> io.BufferedReader:
        return io.BufferedReader(_Bounded(stream, path, so_far), 1 << 20)

    if path.suffix.casefold() == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = sorted(
                (member for member in archive.infolist() if not member.is_dir()),
                key=lambda member: member.filename,
            )
            if len(members) > MAX_MEMBERS:
                raise _unreadable(path, f"it holds {len(members):,} files")
            declared = sum(member.file_size for member in members)
            if declared > _SMALL_BYTES and declared / path.stat().st_size > MAX_RATIO:
                raise _too_large(path, declared)
            for member in members:
                with archive.open(member) as stream:
                    packed = member.filename.casefold().endswith(".gz")
                    yield bound(gzip.GzipFile(fileobj=stream) if packed else stream)  # type: ignore[arg-type]
    else:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield bound(gzip.GzipFile(fileobj=file) if packed else file)  # type: ignore[arg-type]


def _too_large(path: Path, total: int) -> SourceError:
    return SourceError(
        path.name,
        f"unpacked it would hold more than {total / 1e6:.0f} MB, from "
        f"{path.stat().st_size / 1e6:.1f} MB; that is refused.",
        "export a shorter period, or let the study measure the log where it lies "
        "(`in_place: true`).",
    )


def _unreadable(path: Path, why: str) -> SourceError:
    return SourceError(
        path.name,
        f"it cannot be unpacked or read ({why}).",
        "export it again, and take it over whole; archives with a password cannot be read.",
    )
