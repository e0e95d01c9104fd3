"""Publishing: a run appears whole or not at all, and `latest` is always the last good one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cjm_research.reporting.site import Run, StudyRuns, render_index

RECORD = "run.json"
LATEST = "latest"
WORKING = ".tmp-"
SCRATCH = ".run-"


def sweep(reports: Path, processed: Path) -> None:
    """Remove what killed runs left behind. Call only while holding the study's lock."""
    for path in [*reports.glob(f"{WORKING}*"), *processed.glob(f"{SCRATCH}*")]:
        shutil.rmtree(path, ignore_errors=True)


def publish(working: Path, target: Path) -> None:
    """Make a finished run visible with one rename, then point `latest` at it.

    Everything is on disk before the rename; a run that is killed before it is never seen.
    """
    for path in sorted(working.rglob("*")):
        if path.is_file():
            _sync(path)
    working.rename(target)
    _sync(target.parent)
    _point_latest(target)


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write what is known of a run, for the index and for schedulers."""
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    (folder / RECORD).write_text(text, encoding="utf-8")


def write_failure(reports: Path, run_id: str, record: Mapping[str, Any]) -> None:
    """Leave a record of a failed run: the index shows it, no page does."""
    folder = reports / f"{run_id}-failed"
    folder.mkdir(parents=True, exist_ok=True)
    write_record(folder, record)


def update_index(root: Path) -> Path:
    """Write `reports/index.html`, the list of studies and runs, anew."""
    reports = root / "reports"
    studies = []
    for study in sorted(path for path in reports.iterdir() if path.is_dir()):
        runs = [_run(study, folder) for folder in sorted(study.iterdir(), reverse=True)]
        known = [run for run in runs if run]
        if known:
            latest = f"{study.name}/{LATEST}/index.html"
            exists = (study / LATEST / "index.html").is_file()
            studies.append(
                StudyRuns(
                    name=study.name,
                    title=_title(study),
                    runs=known,
                    latest_href=latest if exists else "",
                )
            )
    path = reports / "index.html"
    working = reports / f"{WORKING}index.html"
    render_index(studies, working)
    working.replace(path)
    return path


def _run(study: Path, folder: Path) -> Run | None:
    record = _read(folder / RECORD)
    if folder.name == LATEST or folder.name.startswith(".") or not record:
        return None
    good = record["status"] == "good"
    return Run(
        run_id=record["run_id"],
        status="good" if good else "failed",
        started=record["started"],
        seconds=record["seconds"],
        href=f"{study.name}/{folder.name}/index.html" if good else "",
        reason=record.get("reason", ""),
    )


def _title(study: Path) -> str:
    records = [_read(folder / RECORD) for folder in sorted(study.iterdir(), reverse=True)]
    return next((record["title"] for record in records if record and record["title"]), study.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}
    return record if isinstance(record, dict) else {}


def _point_latest(target: Path) -> None:
    link = target.parent / LATEST
    working = target.parent / f"{WORKING}{LATEST}"
    try:
        working.unlink(missing_ok=True)
        working.symlink_to(target.name, target_is_directory=True)
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)  # a copy, left where symlinks were not possible
        working.replace(link)
    except OSError:
        # No symlinks here (Windows without the right): a copy serves the same address.
        copy = target.parent / f"{WORKING}copy"
        shutil.copytree(target, copy, dirs_exist_ok=True)
        shutil.rmtree(link, ignore_errors=True)
        copy.rename(link)


def _sync(path: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
