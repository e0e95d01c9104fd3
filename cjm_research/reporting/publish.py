"""Publishing: a run appears whole or not at all, and `latest` is always a good one.

Whatever moment a run is killed at, `latest` leads to the old report or to the new one, and
each is whole; the next run, under the same lock, removes what was left behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cjm_research.reporting import states
from cjm_research.reporting.states import (
    BATCH,
    ENDED_FROM_OUTSIDE,
    LATEST,
    RECORD,
    WORKING,
    read_json,
    write_json,
)
from cjm_research.study.cache import sweep_stale

SCRATCH = ".run-"
FAILED = "-failed"


def sweep(reports: Path, processed: Path) -> None:
    """Remove what killed runs left behind, those of parts of the study too.

    Call only while holding the study's lock. It does not keep notebooks out, which write tables
    as well: of those, only what is a day old is taken for left behind.
    """
    places = (WORKING, f"{BATCH}/{WORKING}", f"{BATCH}/*/{WORKING}")
    left = [path for place in places for path in reports.glob(f"{place}*")]
    for path in [*left, *processed.glob(f"{SCRATCH}*")]:
        remove(path)
    for step in [processed, *processed.glob("*/")]:
        sweep_stale(step)


def sweep_steps(processed: Path, *, since: float) -> None:
    """Remove tables that a process which is about to end has begun to write.

    Parameters
    ----------
    processed : Path
        The study's folder of tables.
    since : float
        When that process began, in seconds of the epoch: older ones are not its own.
    """
    for path in processed.glob(f"*/{WORKING}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime >= since:
                remove(path)


def publish(working: Path, target: Path) -> None:
    """Make a finished run visible with one rename, then point `latest` at it.

    Everything is on disk before the rename; a run that is killed before it is never seen.
    """
    for path in sorted(working.rglob("*")):
        if not path.is_symlink():
            _sync(path)
    _sync(working)
    working.rename(target)
    _sync(target.parent)
    point_latest(target)


def point_latest(target: Path) -> None:
    """Let `latest` lead to a good run. With symlinks it is there at every moment."""
    link = target.parent / LATEST
    working = target.parent / f"{WORKING}{LATEST}"
    remove(working)
    try:
        working.symlink_to(target.name, target_is_directory=True)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS, errno.EDQUOT):
            raise
        # No symlinks here (Windows without the right): a copy serves the same address.
        shutil.copytree(target, working)
    if working.is_symlink() and (link.is_symlink() or not link.exists()):
        working.replace(link)
    else:  # a copy cannot be replaced in one step
        old = target.parent / f"{WORKING}old-{LATEST}"
        remove(old)
        if link.is_symlink() or link.exists():
            link.rename(old)
        working.rename(link)
        remove(old)
    _sync(target.parent)


def is_latest(folder: Path) -> bool:
    """Tell whether `latest` leads to this run."""
    return _latest_id(folder.parent) == folder.name


def last_good(reports: Path) -> Path | None:
    """Return the folder of the run that `latest` leads to, or None."""
    run_id = _latest_id(reports)
    return reports / run_id if run_id and (reports / run_id).is_dir() else None


def is_good_run(folder: Path) -> bool:
    """Tell whether a folder is a published run: not `latest`, a failure or something else."""
    hidden = folder.name == LATEST or folder.name.startswith(".")
    return not hidden and read_json(folder / RECORD).get("status") == "good"


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write what is known of a run, for the index and for schedulers."""
    write_json(folder / RECORD, record)


def write_failure(reports: Path, record: Mapping[str, Any]) -> Path:
    """Leave the record of a run that did not become a report, and a page that says why.

    Parameters
    ----------
    reports : Path
        The study's folder of reports.
    record : mapping
        `run_id`, `status`, `reason` and what else is known; no participants' words.

    Returns
    -------
    Path
        The folder, which appears whole.
    """
    from cjm_research.reporting.site.index_page import render_failure

    target = reports / f"{record['run_id']}{FAILED}"
    working = reports / f"{WORKING}{target.name}"
    remove(working)
    try:
        working.mkdir(parents=True)
        write_record(working, record)
        render_failure(record, working / "index.html", has_good=last_good(reports) is not None)
        _sync(working / "index.html")
        remove(target)
        working.rename(target)
    finally:
        remove(working)
    _sync(reports)
    return target


def settle(root: Path, name: str) -> bool:
    """Put right what a killed run left in state.json. Call while holding the study's lock.

    Returns
    -------
    bool
        Whether there was anything to put right.
    """
    home = root / "reports" / name
    state = states.read_state(home)
    if not state:
        return False
    if state.get("state") == "running" and state.get("run_id"):
        reports = home / str(state.get("folder") or "")
        run = reports / str(state["run_id"])
        if (run / RECORD).is_file():
            point_latest(run)  # killed between publishing and this
        elif not run.with_name(f"{run.name}{FAILED}").is_dir():
            known = {key: state.get(key, "") for key in ("run_id", "started", "as_of", "title")}
            write_failure(
                reports,
                known
                | {"study": name, "status": "failed", "reason": ENDED_FROM_OUTSIDE}
                | {"seconds": None, "part": state.get("part", "")},
            )
    states.clear_state(home)
    return True


def settle_all(root: Path) -> None:
    """Put right the states that no living process stands for."""
    for path in sorted((root / "reports").glob(f"*/{states.STATE}")):
        name = path.parent.name
        if states.read_state(path.parent).get("state") == "queued":
            if not states.is_held(states.queue_lock(root)):
                states.clear_state(path.parent)
            continue
        with contextlib.suppress(states.BusyError), states.hold(states.study_lock(root, name), ""):
            settle(root, name)


def update_index(root: Path) -> Path:
    """Write `reports/index.html`, the list of studies and runs, anew.

    Raises
    ------
    OSError
        If it cannot be written; the old one stands then.
    """
    from cjm_research.reporting.listing import list_reports
    from cjm_research.reporting.site.index_page import render_index

    settle_all(root)
    reports = root / "reports"
    path = reports / "index.html"
    working = reports / f"{WORKING}index.html"
    # One at a time: of two that end together, the later must not miss the earlier.
    with states.index_lock(root):
        render_index(list_reports(reports), working)
        working.replace(path)
    return path


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there and can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _latest_id(reports: Path) -> str:
    """Return the id of the run that `latest` leads to; where it is a copy, its record says."""
    link = reports / LATEST
    if link.is_symlink():
        return link.readlink().name
    return str(read_json(link / RECORD).get("run_id", ""))


def _sync(path: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
