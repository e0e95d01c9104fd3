"""What is due, and every study run one after the other, each in a process of its own.

A study that takes all memory, crashes or is ended at its deadline takes no other with it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cjm_research.config import load_config
from cjm_research.errors import CjmError, ConfigError
from cjm_research.reporting import publish, states
from cjm_research.reporting.due import PastRun, find_due
from cjm_research.reporting.states import RECORD, read_json
from cjm_research.study.project import STUDY_FILE, Place, find_root, find_study, list_studies

_BAD = ("failed", "timed out")


def find_due_day(study: str | Path, *, now: datetime | None = None) -> date | None:
    """Return the day that a study's report which is due looks back from, or None.

    Raises
    ------
    ConfigError
        If study.yaml cannot be used, or has no schedule.
    """
    place = find_study(study)
    where = f"{place.name}/{STUDY_FILE}"
    schedule = load_config(place.folder / STUDY_FILE, where=where).schedule
    if schedule is None:
        raise ConfigError(where, ["there is no `schedule`; add one, such as {every: month}."])
    return find_due(schedule, now or datetime.now(UTC), _past_runs(place))


def run_all(
    *,
    due: bool,
    dry_run: bool,
    as_of: date | None,
    again: bool,
    quiet: bool,
    tell: Callable[[dict[str, Any]], None],
    say: Callable[[str], None],
) -> int:
    """Run every study of the project, and go on after those that fail.

    Parameters
    ----------
    due, dry_run : bool
        Only studies of which a report is due; and only tell which.
    as_of : date, optional
    again, quiet : bool
        As for one study.
    tell : callable
        Gets the result of each study: `study`, `status`, and `run_dir` or `reason`.
    say : callable
        Told what is being done.

    Returns
    -------
    int
        Exit code of the command: 1 if a study failed, else 3 if one was being run already,
        else 5 if nothing was due, else 0.

    Raises
    ------
    BusyError
        If another process is running all studies.
    """
    root = find_root()
    (root / "reports").mkdir(parents=True, exist_ok=True)
    with states.hold(states.queue_lock(root), "all studies are being run already."):
        results: list[str] = []
        wanted: dict[str, date | None] = {}
        for name in list_studies(root):
            if not due:
                wanted[name] = as_of
                continue
            try:
                day = _due_day_of(root, name)
            except CjmError:
                # Without it nobody knows what is due; `cjm check` says what is wrong.
                reason = f"study.yaml cannot be used; `cjm check {name}` says more"
                tell({"study": name, "status": "failed", "reason": reason})
                results.append("failed")
                continue
            if day:
                wanted[name] = day
        if dry_run:
            for name, day in wanted.items():
                tell({"study": name, "status": "due", "reason": f"looking back from {day}"})
            if not wanted:
                say("nothing is due: no study with a `schedule` has a report to make now")
        else:
            results += _run_each(root, wanted, again, quiet, tell, say)
    if any(status in _BAD for status in results):
        return 1
    if "busy" in results:
        return 3
    return 5 if due and not wanted else 0


def _run_each(
    root: Path,
    wanted: dict[str, date | None],
    again: bool,
    quiet: bool,
    tell: Callable[[dict[str, Any]], None],
    say: Callable[[str], None],
) -> Iterator[str]:
    """Run one study after the other; return the status of each."""
    for name in wanted:
        home = root / "reports" / name
        if not states.read_state(home):
            states.write_state(home, "queued", started=states.stamp(datetime.now(UTC)))
    try:
        for name, day in wanted.items():
            say(f"running {name}")
            result = _run_one(root, name, day, again, quiet)
            tell(result)
            yield str(result["status"])
    finally:
        for name in wanted:
            home = root / "reports" / name
            if states.read_state(home).get("state") == "queued":
                states.clear_state(home)


def _run_one(root: Path, name: str, as_of: date | None, again: bool, quiet: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "cjm_research.cli", "run", name, "--json"]
    command += ["--as-of", str(as_of)] if as_of else []
    command += ["--again"] if again else []
    command += ["--quiet"] if quiet else []
    process = subprocess.Popen(  # noqa: S603 - our own command; the name is that of a folder
        command, cwd=root, stdout=subprocess.PIPE, text=True
    )
    try:
        said, _ = process.communicate()
    except BaseException:  # Ctrl-C, or SIGTERM: the study's run ends with this one
        with contextlib.suppress(OSError):
            process.terminate()
        process.wait()
        raise
    last = (said.strip().splitlines() or [""])[-1]
    try:
        result: dict[str, Any] = json.loads(last)
    except json.JSONDecodeError:
        # It came to no end of its own: killed, perhaps for want of memory.
        publish.update_index(root)
        result = {"run_dir": None, "status": "failed", "reason": states.ENDED_FROM_OUTSIDE}
    return {"study": name} | result


def _due_day_of(root: Path, name: str) -> date | None:
    """Return the day of the report that is due; None also for a study without a schedule."""
    folder = root / "data" / "raw" / name
    schedule = load_config(folder / STUDY_FILE, where=f"{name}/{STUDY_FILE}").schedule
    return find_due_day(folder) if schedule else None


def _past_runs(place: Place) -> Iterator[PastRun]:
    for path in place.reports.glob(f"*/{RECORD}"):
        record = read_json(path)
        try:
            as_of = date.fromisoformat(str(record.get("as_of") or ""))
            started = datetime.fromisoformat(str(record.get("started") or ""))
        except ValueError:
            continue  # not of a day, or not a record of ours
        if path.parent.name != states.LATEST and started.tzinfo:
            yield PastRun(as_of, record.get("status") == "good", started)
