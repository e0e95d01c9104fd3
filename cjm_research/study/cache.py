"""Tables of a step, kept by the hash of what they were made from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

Tables = dict[str, pd.DataFrame]

WORKING = ".tmp-"
STALE_S = 86_400
"""Seconds after which a temporary file or folder can only be what a killed process left."""


def hash_parts(*parts: object) -> str:
    """Return one hash over texts, numbers, bytes and JSON-like values."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, default=str).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece: a log may be larger than memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_or_make(folder: Path, step: str, key: str, make: Callable[[], Tables]) -> Tables:
    """Return the tables of a step, from the cache when its key is there.

    Parameters
    ----------
    folder : Path
        The study's folder under `data/processed`.
    step : str
        Name of the step: one subfolder.
    key : str
        Hash of everything that the step depends on.
    make : callable
        Makes the tables.

    Notes
    -----
    Written to a temporary folder and renamed, and removed by a rename as well: neither a run
    that is killed nor two at once, such as a notebook beside a run, let anybody read a part of
    the tables. Only the newest key of a step is kept.
    """
    home = folder / step
    wanted = home / key[:20]
    kept = _read_whole(wanted)
    if kept is not None:
        return kept
    tables = make()
    home.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=WORKING, dir=home))
    try:
        write_tables(tables, working)
        made = read_tables(working)  # as it will be read: another may push it out at once
        sweep_stale(home)
        older = [path for path in home.iterdir() if not path.name.startswith(WORKING)]
        try:
            working.rename(wanted)
        except OSError:
            if not wanted.is_dir():  # else another run made the same tables first
                raise
        for path in older:
            if path != wanted:
                _remove_whole(path)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return made


def _read_whole(folder: Path) -> Tables | None:
    """Return the tables of a step; None where they are not kept, or were taken away meanwhile."""
    if not folder.is_dir():
        return None
    try:
        tables = read_tables(folder)
    except FileNotFoundError:
        return None
    # What is removed loses its name first: with the name still there, nothing was missing.
    return tables if folder.is_dir() else None


def _remove_whole(folder: Path) -> None:
    """Take a step's tables away under their name in one rename, so that nobody reads a part."""
    hidden = Path(tempfile.mkdtemp(prefix=WORKING, dir=folder.parent))
    with contextlib.suppress(OSError):  # another run has removed it, or will
        folder.rename(hidden / folder.name)
    shutil.rmtree(hidden, ignore_errors=True)


def sweep_stale(folder: Path) -> None:
    """Remove what killed processes left; another may be writing beside it just now."""
    for path in folder.glob(f"{WORKING}*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime >= time.time() - STALE_S:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each table as one Parquet file."""
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        table.to_parquet(path, index=False)
        with path.open("rb") as handle:
            os.fsync(handle.fileno())


def read_tables(folder: Path) -> Tables:
    """Return every table of a folder, with lists as Python lists again."""
    return {path.stem: read_table(path) for path in sorted(folder.glob("*.parquet"))}


def read_table(path: Path) -> pd.DataFrame:
    """Return one table. Parquet gives arrays of mappings back; callers expect lists of them."""
    table = pd.read_parquet(path)
    for column in _nested(table):
        table[column] = [_plain(value) for value in table[column]]
    return table


def copy_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy that shares nothing, lists of mappings included."""
    copied = table.copy()
    for column in _nested(copied):
        copied[column] = [_plain(value) for value in copied[column]]
    return copied


def _nested(table: pd.DataFrame) -> list[str]:
    """Return the columns that may hold lists or mappings: not those of words alone."""
    objects = table.columns[table.dtypes == "object"]
    words = ("string", "empty")
    return [name for name in objects if pd.api.types.infer_dtype(table[name]) not in words]


def _plain(value: object) -> object:
    if hasattr(value, "tolist") and not isinstance(value, str | bytes):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
