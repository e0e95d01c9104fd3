"""Files that people's work lives in: locked while they are changed, and never half-written."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cjm_research.errors import ConfigError, SourceError

_LOCK_S = 30
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


RESERVED = frozenset(
    {"encoder", "learned", "machine", "person", "rules", "source", "stages", "themes"}
)
"""Names under which no person codes."""


def check_name(name: str, what: str) -> str:
    """Return the name of a coder or sample, which is that of a file.

    Raises
    ------
    ConfigError
        If it holds anything but lower-case letters, digits, '-' and '_'.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what} '{name}'",
            [f"a {what}'s name holds lower-case letters, digits, '-' and '_' only."],
        )
    if what == "coder" and name in RESERVED:
        raise ConfigError(
            f"coder '{name}'",
            ["a machine or the source codes under this name. Take the coder's own."],
        )
    return name


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, so that two programs do not change it at once.

    Raises
    ------
    SourceError
        If another program holds it for long.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_S):
            yield
    except Timeout as error:
        raise SourceError(
            path.name,
            "another program is writing it.",
            "wait until it is done, or close it, and try again; nothing was changed.",
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step: whoever reads it sees the old or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    working = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # What mkstemp makes is for the owner only; keep what the folder's people may do.
        working.chmod(path.stat().st_mode if path.exists() else 0o644)
        working.replace(path)
    finally:
        working.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
