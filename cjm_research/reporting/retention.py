"""Retention: which runs may go, and removing them so that none is ever half there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cjm_research.reporting import publish, states
from cjm_research.reporting.states import BATCH, LATEST, RECORD, read_json
from cjm_research.study.project import Place


@dataclass(frozen=True)
class OldRun:
    """A run that may go.

    Attributes
    ----------
    folder : Path
    status : str
    started : datetime or None
        None where the record tells no time.
    n_bytes : int
    """

    folder: Path
    status: str
    started: datetime | None
    n_bytes: int


def find_old_runs(
    place: Place, *, keep: int, older_than_days: int | None = None, now: datetime | None = None
) -> list[OldRun]:
    """Return the runs that retention would remove, oldest first.

    Of the whole study, and of each part of it in a batch, the newest good runs are kept, and
    always the one that `latest` leads to. A failed run goes when it is older than the oldest
    good run that is kept, or when as many newer ones failed.

    Parameters
    ----------
    place : Place
    keep : int
        Good runs to keep, at least 1, and as many failed ones.
    older_than_days : int, optional
        Keep every run that is younger than this.
    now : datetime, optional
        With a time zone; the present when not given.
    """
    if keep < 1:
        raise ValueError("at least one good run has to be kept")
    now = now or datetime.now(UTC)
    limit = now - timedelta(days=older_than_days) if older_than_days is not None else None
    homes = [place.reports, *sorted((place.reports / BATCH).glob("*/"))]
    old = [run for home in homes for run in _old_runs_of(home, keep)]
    return sorted(
        (run for run in old if limit is None or (run.started is not None and run.started < limit)),
        key=lambda run: run.folder.name,
    )


def remove_runs(root: Path, place: Place, runs: Sequence[OldRun]) -> None:
    """Remove runs, and write the list of reports anew.

    Raises
    ------
    BusyError
        If the study is being run.
    """
    busy = f"study '{place.name}' is being run. Prune it when that has ended."
    with states.hold(states.study_lock(root, place.name), busy):
        for run in runs:
            # Out of sight in one step: no reader meets a report that is half removed.
            hidden = run.folder.with_name(f"{states.WORKING}{run.folder.name}")
            run.folder.rename(hidden)
            publish.remove(hidden)
    publish.update_index(root)


def _old_runs_of(home: Path, keep: int) -> list[OldRun]:
    latest = publish.last_good(home)
    found = [_read(path.parent) for path in sorted(home.glob(f"*/{RECORD}"), reverse=True)]
    runs = [r for r in found if r.folder.name != LATEST and not r.folder.name.startswith(".")]
    good = [run for run in runs if run.status == "good"]
    bad = [run for run in runs if run.status != "good"]
    kept = [run.folder.name for run in good[:keep]]
    since = min(kept, default="")
    return [run for run in good[keep:] if run.folder != latest] + [
        run for place, run in enumerate(bad) if place >= keep or run.folder.name < since
    ]


def _read(folder: Path) -> OldRun:
    record = read_json(folder / RECORD)
    try:
        started = datetime.fromisoformat(str(record.get("started", "")))
    except ValueError:
        started = None
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return OldRun(folder, str(record.get("status", "")), started, size)
