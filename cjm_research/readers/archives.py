"""Zip files from strangers: a small file may grow beyond the machine's memory."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

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
