"""Archives from strangers: a small file may grow beyond the machine's memory.

They are read as streams and never extracted, so that no name in them leads anywhere.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cjm_research.errors import SourceError

MAX_TOTAL_BYTES = 1_000_000_000
MAX_RATIO = 200
MAX_MEMBERS = 10_000
DOCTYPES = tuple("<!DOCTYPE".encode(name) for name in ("utf-8", "utf-16-le", "utf-16-be"))
"""How XML begins to declare entities of its own, in the encodings that it may have."""
# Below this size an archive is harmless, however well it is compressed.
_SMALL_BYTES = 20_000_000
_CHUNK = 1 << 20


def check_archive(path: Path, wanted: str, save: str) -> None:
    """Check that an archive is whole and does not grow beyond reason.

    Sizes are taken from the directory and counted again while reading, because a directory
    can lie.

    Parameters
    ----------
    path : Path
        The archive.
    wanted, save : str
        For the message: what the file should be, and as what to save it again.

    Raises
    ------
    SourceError
        If it is no archive, or too large once unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_size(path, save, len(members), sum(member.file_size for member in members))
            total = 0
            for member in members:
                with archive.open(member) as stream:
                    while chunk := stream.read(_CHUNK):
                        total += len(chunk)
                        _check_size(path, save, len(members), total)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError) as error:
        raise SourceError(
            path.name,
            f"it is not {wanted} ({type(error).__name__}).",
            f"open it in the program it comes from and save it again {save}, without a password.",
        ) from error


def _check_size(path: Path, save: str, members: int, total: int) -> None:
    packed = max(path.stat().st_size, 1)
    grows = total > _SMALL_BYTES and total / packed > MAX_RATIO
    if total > MAX_TOTAL_BYTES or grows or members > MAX_MEMBERS:
        raise SourceError(
            path.name,
            f"unpacked it would hold at least {total / 1e6:.0f} MB in {members} parts, from "
            f"{packed / 1e6:.1f} MB; that is refused.",
            f"save only what the study needs, {save}.",
        )


@contextmanager
def refuse_broken(path: Path) -> Iterator[None]:
    """Say of a file what broke while it was unpacked and read.

    Raises
    ------
    SourceError
        Instead of what `gzip`, `zipfile` and their like raise.
    """
    try:
        yield
    except RuntimeError as error:  # what zipfile raises for a password
        known = isinstance(error, NotImplementedError)
        why = type(error).__name__ if known else "it asks for a password"
        raise _unreadable(path, why) from error
    except (
        OSError, EOFError, zlib.error, lzma.LZMAError, struct.error, zipfile.BadZipFile,
        UnicodeDecodeError,
    ) as error:  # fmt: skip
        raise _unreadable(path, type(error).__name__) from error


@dataclass
class Members:
    """The files packed in a zip, a tar or a gzip, as streams, one after another.

    A plain file is its own only member. None grows beyond reason. Read inside `refuse_broken`.

    Attributes
    ----------
    path : Path
        The file.
    most : int
        Bytes that all members may have together.
    left_out : int
        Links, devices and members whose names lead out of the archive, passed over so far.
    """

    path: Path
    most: int = MAX_TOTAL_BYTES * 4
    left_out: int = 0

    def __iter__(self) -> Iterator[tuple[str, io.BufferedReader]]:
        """Yield each member's name, as it stands in the archive, and what it holds, unpacked.

        Those of a zip come by name, those of a tar as they lie. What gzip packed in a member is
        unpacked too.

        Raises
        ------
        SourceError
            If they grow beyond reason.
        """
        so_far = [0]

        def bound(stream: Any) -> io.BufferedReader:
            return io.BufferedReader(_Bounded(stream, self, so_far), 1 << 20)

        def unpack(name: str, stream: Any) -> io.BufferedReader:
            packed = name.casefold().endswith(".gz")
            return bound(gzip.GzipFile(fileobj=bound(stream)) if packed else stream)

        if self.path.suffix.casefold() == ".zip":
            with zipfile.ZipFile(self.path) as archive:
                for member in self._list(archive):
                    with archive.open(member) as stream:
                        yield member.filename, unpack(member.filename, stream)
            return
        with self.path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            whole = bound(gzip.GzipFile(fileobj=file) if packed else file)
            if _is_tar(whole.peek(_BLOCK)):
                for name, is_file, part in _read_tar(whole, self.path):
                    if is_file and not _leads_out(name):
                        yield name, unpack(name, part)
                    else:
                        self.left_out += 1
            else:
                yield self.path.name, whole

    def names(self) -> list[str]:
        """Return the names of the members of a zip."""
        with zipfile.ZipFile(self.path) as archive:
            return [member.filename for member in self._list(archive)]

    def _list(self, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        files = [member for member in archive.infolist() if not member.is_dir()]
        _check_number(len(files), self.path)
        declared = sum(member.file_size for member in files)
        if declared > _SMALL_BYTES and declared / self.path.stat().st_size > MAX_RATIO:
            raise _too_large(self.path, declared)
        kept = [
            member
            for member in files
            if not stat.S_ISLNK(member.external_attr >> 16) and not _leads_out(member.filename)
        ]
        self.left_out = len(files) - len(kept)
        return sorted(kept, key=lambda member: member.filename)


class _Bounded(io.RawIOBase):
    """A stream that refuses to grow beyond reason while it is read."""

    def __init__(self, stream: IO[bytes], members: Members, read_so_far: list[int]) -> None:
        self._stream = stream
        self._members = members
        self._so_far = read_so_far
        self._packed = max(members.path.stat().st_size, 1)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._so_far[0] += len(data)
        total = self._so_far[0]
        bomb = total > _SMALL_BYTES and total / self._packed > MAX_RATIO
        if bomb or total > self._members.most:
            raise _too_large(self._members.path, total)
        buffer[: len(data)] = data
        return len(data)


_BLOCK = 512
_NO_DATA = b"123456"
"""Types of tar members of which nothing follows: links, devices, folders, queues."""
_ABOUT_OTHERS = b"xgXLK"
"""Types that rename or resize the member after them. They are passed over: a name longer than 100
letters is cut, and no header can say that a member is something else than it is."""


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _read_tar(stream: io.BufferedReader, path: Path) -> Iterator[tuple[str, bool, Any]]:
    """Yield name, whether it is a file, and content of each member.

    Not by `tarfile`, which keeps headers of any size in memory, and in Python 3.11 never
    ends where a size is below zero (CVE-2025-8194).
    """
    n = 0
    while any(header := stream.read(_BLOCK)):
        n += 1
        _check_number(n, path)
        size, kind = _read_header(header, path)
        name = header[:100].split(b"\0")[0].decode("utf-8", "replace")
        part = _Part(stream, 0 if kind in _NO_DATA else size)
        if kind in b"07\0":
            yield name, True, part
        elif kind not in _ABOUT_OTHERS + b"5":
            yield name, False, part
        part.skip()
        stream.read(-part.size % _BLOCK)


def _read_header(header: bytes, path: Path) -> tuple[int, bytes]:
    """Return size and type of the member that a header begins."""
    told = re.fullmatch(rb"[ \0]*([0-7]{1,11})[ \0]*", header[124:136])
    check = re.fullmatch(rb"[ \0]*([0-7]{1,7})[ \0]*", header[148:156])
    blank = header[:148] + b" " * 8 + header[156:]
    kind = header[156:157]
    # Sparse files (S) have further headers; those that GNU marks by a high bit exceed 8 GB.
    if not told or not check or int(check[1], 8) != sum(blank) or kind == b"S":
        raise _unreadable(path, "a header of the tar is broken")
    return int(told[1], 8), kind


class _Part(io.RawIOBase):
    """The next `size` bytes of a stream."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = self.size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), self._left))
        if not data and self._left and len(buffer):
            raise EOFError
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def skip(self) -> None:
        """Read what is left."""
        while self._left:
            self.read(_CHUNK)


def _leads_out(name: str) -> bool:
    """Return True where a name, taken for a path, would lead out of a folder."""
    parts = re.split(r"[/\\]", name)
    return ".." in parts or parts[0] == "" or bool(re.match("[A-Za-z]:", name))


def _check_number(n: int, path: Path) -> None:
    if n > MAX_MEMBERS:
        raise _unreadable(path, f"it holds more than {MAX_MEMBERS:,} files")


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
