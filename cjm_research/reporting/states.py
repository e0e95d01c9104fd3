"""States of runs: what waits and what runs now is in state.json, what has ended in run.json.

`state.json` can outlive the process that wrote it. What it says holds only as long as that
process holds a lock: the study's while it runs, the queue's while it waits.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from cjm_research.errors import CjmError

State = Literal["queued", "running", "good", "failed", "timed out"]

STATE = "state.json"
RECORD = "run.json"
LATEST = "latest"
BATCH = "batch"
WORKING = ".tmp-"
ENDED_FROM_OUTSIDE = "the run was ended from outside (killed, or the machine stopped)"

_PATIENCE_S = 0.5
"""Whoever only looks whether a lock is held holds it for a moment, and must turn nobody away."""


class BusyError(CjmError):
    """Another run of this study holds the lock."""


@contextlib.contextmanager
def hold(lock: FileLock, words: str) -> Iterator[None]:
    """Hold a lock for the block.

    Raises
    ------
    BusyError
        With these words, if another process holds it.
    """
    try:
        lock.acquire(timeout=_PATIENCE_S, poll_interval=0.05)
    except Timeout as error:
        raise BusyError(words) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def hold_study(root: Path, name: str) -> Iterator[None]:
    """Hold a study's lock for the block: whoever runs it.

    Raises
    ------
    BusyError
        If another process holds it.
    """
    (root / "reports").mkdir(parents=True, exist_ok=True)
    words = f"study '{name}' is being run already. Wait for it, or end that process."
    with hold(study_lock(root, name), words):
        yield


def study_lock(root: Path, name: str) -> FileLock:
    """Return the lock of a study: whoever runs or prunes it holds it."""
    return FileLock(root / "reports" / f".{name}.lock")


def queue_lock(root: Path) -> FileLock:
    """Return the lock of whoever runs all studies, one after the other."""
    return FileLock(root / "reports" / ".queue.lock")


def index_lock(root: Path) -> FileLock:
    """Return the lock of whoever writes the list of reports: to be waited for."""
    return FileLock(root / "reports" / ".index.lock", timeout=60)


def is_held(lock: FileLock) -> bool:
    """Tell whether a process, this one included, holds a lock."""
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def write_state(reports: Path, state: Literal["queued", "running"], **known: Any) -> None:
    """Say that a study waits or runs, in one atomic step.

    Parameters
    ----------
    reports : Path
        The study's folder of reports; made if needed.
    state : {"queued", "running"}
    **known
        Such as `run_id` and `started`; the process id is added.
    """
    reports.mkdir(parents=True, exist_ok=True)
    write_json(reports / STATE, {"state": state, "pid": os.getpid(), **known})


def read_state(reports: Path) -> dict[str, Any]:
    """Return what state.json says; empty when nothing waits or runs."""
    return read_json(reports / STATE)


def clear_state(reports: Path) -> None:
    """Say that nothing waits or runs any more."""
    (reports / STATE).unlink(missing_ok=True)


def stamp(moment: datetime) -> str:
    """Return a moment in UTC as records hold it: 2026-04-30T06:15:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_json(path: Path) -> dict[str, Any]:
    """Return the mapping that a file holds; empty when there is none that can be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a mapping so that a reader finds the old text or the new one, never a part."""
    working = path.with_name(f"{WORKING}{path.name}")
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    with working.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    working.replace(path)
