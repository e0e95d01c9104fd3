"""Tables of a step, kept by the hash of what they were made from."""

from __future__ import annotations

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
"""Seconds after which a temporary folder can only be what a killed process left."""


def hash_parts(*parts: object) -> str:
    """Return one hash over texts, numbers, bytes and JSON-like values."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, default=str).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


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
    Written to a temporary folder and renamed, so that a killed run leaves no half-written
    step; only the newest key of a step is kept.
    """
    home = folder / step
    wanted = home / key[:20]
    if wanted.is_dir():
        return read_tables(wanted)
    tables = make()
    home.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=WORKING, dir=home))
    try:
        write_tables(tables, working)
        # Another process may be writing the same step just now: only its old leavings go.
        stale = time.time() - STALE_S
        older = [
            path
            for path in home.iterdir()
            if path not in (working, wanted)
            and (not path.name.startswith(WORKING) or path.stat().st_mtime < stale)
        ]
        try:
            working.rename(wanted)
        except OSError:
            if not wanted.is_dir():  # else another run made the same tables first
                raise
        for path in older:
            shutil.rmtree(path, ignore_errors=True)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return read_tables(wanted)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each table as one Parquet file."""
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        table.to_parquet(path, index=False)
        with path.open("rb") as handle:
            os.fsync(handle.fileno())


def read_tables(folder: Path) -> Tables:
    """Return every table of a folder, with lists as Python lists again."""
    return {
        path.stem: _plain_lists(pd.read_parquet(path)) for path in sorted(folder.glob("*.parquet"))
    }


def copy_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy that shares nothing, lists of mappings included."""
    copied = table.copy()
    for column in copied.columns[copied.dtypes == "object"]:
        if copied[column].map(lambda value: isinstance(value, list)).any():
            copied[column] = [_plain(value) for value in copied[column]]
    return copied


def _plain_lists(table: pd.DataFrame) -> pd.DataFrame:
    """Parquet gives arrays of mappings back; callers expect lists of mappings."""
    for column in table.columns[table.dtypes == "object"]:
        if table[column].map(lambda value: hasattr(value, "tolist")).any():
            table[column] = [_plain(value) for value in table[column]]
    return table


def _plain(value: object) -> object:
    if hasattr(value, "tolist") and not isinstance(value, str | bytes):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
