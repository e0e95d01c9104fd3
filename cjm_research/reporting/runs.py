"""Runs: notebooks executed and framed as a site, published whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cjm_research.errors import (
    CjmError,
    ConfigError,
    EngineError,
    ReportError,
    SourceError,
    TableError,
    UnknownNameError,
)
from cjm_research.reporting import publish, states
from cjm_research.reporting.deadline import Deadline, TimedOut, Watchdog
from cjm_research.reporting.execute import Processes, check_parameters
from cjm_research.reporting.keys import find_standing_run, make_run_key
from cjm_research.reporting.notebooks import list_notebooks
from cjm_research.reporting.states import BusyError
from cjm_research.reporting.step_log import StepLog
from cjm_research.study import Study, find_study
from cjm_research.study.project import Place
from cjm_research.study.slicing import Slice, TooFewError

if TYPE_CHECKING:
    from cjm_research.reporting.site import Chapter
    from cjm_research.study.conclusions import ResolvedFinding

__all__ = ["BusyError", "Run", "plain_reason", "run_study"]

MIN_FREE_BYTES = 200_000_000
GRACE_S = 20
"""Seconds after the deadline in which a run may end by itself, before its process is ended."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    study : Study
    run_dir : Path
        The published folder.
    seconds : float
        That this call took.
    made : bool
        False when the report stood already: nothing that it depends on has changed.
    """

    study: Study
    run_dir: Path
    seconds: float
    made: bool = True

    @property
    def index(self) -> Path:
        """The report's first page."""
        return self.run_dir / "index.html"


@dataclass
class _Attempt:
    """A run while it is made.

    What is not known yet when it begins is empty.
    """

    place: Place
    root: Path
    part: str
    as_of: date | None
    only: Slice | None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    run_id: str = ""
    title: str = ""
    processes: Processes = field(default_factory=Processes)

    @property
    def folder(self) -> str:
        """Of the reports, relative to those of the study."""
        return f"{states.BATCH}/{self.part}" if self.part else ""

    @property
    def reports(self) -> Path:
        return self.place.reports / self.folder

    def seconds(self) -> float:
        return round(time.monotonic() - self.clock, 2)

    def record(self, status: states.State, **more: Any) -> dict[str, Any]:
        """Return what run.json says."""
        return {
            "study": self.place.name,
            "part": self.part,
            "part_words": self.only.words if self.only else "",
            "run_id": self.run_id,
            "status": status,
            "started": states.stamp(self.started),
            "seconds": self.seconds(),
            "title": self.title,
            "as_of": str(self.as_of or ""),
            **more,
        }


def run_study(
    study: str | Path,
    *,
    parameters: Mapping[str, str] | None = None,
    as_of: date | None = None,
    only: Slice | None = None,
    part: str = "",
    again: bool = False,
    locked: bool = False,
    say: Callable[[str], None] | None = None,
    end_process: Callable[[str], None] | None = None,
) -> Run:
    """Make a study's tables, run its notebooks and publish the report.

    Where a good run of the same inputs, code, `as_of`, part and parameters stands already,
    nothing is run, and `latest` leads to it.

    Parameters
    ----------
    study : str or Path
        Name or folder.
    parameters : mapping of str to str, optional
        For the notebooks; checked against what they declare before anything starts. A slip of
        the hand is no run: nothing is written, and the study is not marked as failed.
    as_of : date, optional
        See the study as on the evening of that day.
    only : Slice, optional
        Only a part of the study. Its reports lie in a folder of their own, `batch/<part>`.
    part : str, optional
        Name of that folder; that of `only`, when not given.
    again : bool, default False
        Make the report although it stands already.
    locked : bool, default False
        Whoever calls holds the study's lock already, as a batch does for all its reports.
    say : callable, optional
        Told what is being done, one line at a time.
    end_process : callable, optional
        Called with the reason, in a thread of its own, when a step hangs on beyond
        `report.run_deadline_s`. It has to end this process. Without it the run fails as soon
        as the step ends.

    Returns
    -------
    Run

    Raises
    ------
    BusyError
        If the same study is being run.
    TimedOut
        If it took longer than `report.run_deadline_s`.
    CjmError
        If an input, a parameter or a notebook fails. The last good report is untouched, and
        `reports/index.html` shows the failure, unless a parameter was refused.
    """
    place = find_study(study)
    typed = check_parameters(parameters, list_notebooks(place)) if parameters else {}
    root = place.reports.parent.parent
    attempt = _Attempt(place, root, part or (only.slug if only else ""), as_of, only or None)
    attempt.reports.mkdir(parents=True, exist_ok=True)
    log = StepLog(say or (lambda line: None))
    with contextlib.nullcontext() if locked else states.hold_study(root, place.name):
        changed = publish.settle(root, place.name)
        publish.sweep(place.reports, place.processed)
        attempt.run_id = _make_run_id(attempt.started, attempt.reports)
        try:
            opened = Study(place, as_of=as_of, only=attempt.only, say=log)
            attempt.title = opened.config.title
            done = _run(opened, attempt, typed, again, log, end_process)
        except Exception as error:
            _record_failure(attempt, error)
            raise
        except BaseException:  # Ctrl-C, or SIGTERM as the command line takes it
            _record_failure(attempt, ReportError(states.ENDED_FROM_OUTSIDE))
            raise
        finally:
            with contextlib.suppress(OSError):
                states.clear_state(place.reports)
    if done.made or changed:
        _show(root, log.tell)
    if done.made:
        _remind_of_withdrawn(done, log.tell)
    return done


def _run(
    study: Study,
    attempt: _Attempt,
    parameters: Mapping[str, Any],
    again: bool,
    log: StepLog,
    end_process: Callable[[str], None] | None,
) -> Run:
    limit = study.config.report.run_deadline_s
    log.deadline = Deadline(limit)
    notebooks = list_notebooks(study.place)
    if not notebooks:
        raise ReportError("there is no notebook named NN_noun.ipynb under notebooks/.")
    with log.step("key"):
        key = make_run_key(
            study,
            as_of=attempt.as_of,
            only=attempt.only,
            parameters=parameters,
            notebooks=notebooks,
        )
    standing = None if again else find_standing_run(attempt.reports, key)
    if standing:
        if not publish.is_latest(standing):  # the inputs are again what they were
            publish.point_latest(standing)
            _show(attempt.root, log.tell)
        return Run(study, standing, attempt.seconds(), made=False)
    _check_space(attempt.reports)
    states.write_state(
        study.place.reports,
        "running",
        folder=attempt.folder,
        part=attempt.part,
        run_id=attempt.run_id,
        started=states.stamp(attempt.started),
        title=attempt.title,
        as_of=str(attempt.as_of or ""),
    )
    _show(attempt.root, log.tell)
    watchdog = None
    if end_process:
        end = end_process  # mypy does not follow a narrowed name into a function

        def give_up() -> None:
            attempt.processes.end_all()
            error = log.deadline.error() if log.deadline else TimedOut("")
            publish.sweep(study.place.reports, study.place.processed)
            publish.sweep_steps(study.place.processed, since=attempt.started.timestamp())
            _record_failure(attempt, error)
            end(str(error))

        watchdog = Watchdog(limit + GRACE_S, give_up)
    try:
        target = _make(study, attempt, key, notebooks, parameters, log, watchdog)
    finally:
        if watchdog:
            watchdog.disarm()
    return Run(study, target, attempt.seconds())


def _make(
    study: Study,
    attempt: _Attempt,
    key: str,
    notebooks: list[Path],
    parameters: Mapping[str, Any],
    log: StepLog,
    watchdog: Watchdog | None,
) -> Path:
    from cjm_research.reporting.making import make_chapters
    from cjm_research.study.conclusions import resolve_findings

    working = Path(tempfile.mkdtemp(prefix=states.WORKING, dir=attempt.reports))
    try:
        with log.step("tables"):
            n = len(study.participants)
        log(f"tables are ready: {n:,} people")
        with log.step("findings"):
            findings = resolve_findings(study)
        with log.step("chapters"):
            chapters = make_chapters(
                study, notebooks, parameters, log=log, processes=attempt.processes
            )
        log("laying out the pages")
        manifest = _lay_out(
            study, attempt, working, log,
            key=key, notebooks=notebooks, parameters=parameters, findings=findings,
            chapters=chapters,
        )  # fmt: skip
        record = attempt.record(
            "good", key=key, headline=manifest["headline"], stages=study.funnel_by_stage()
        )
        publish.write_record(working, record)
        working.chmod(0o755)  # mkdtemp makes private folders; reports are there to be read
        if watchdog:
            watchdog.disarm()
        if log.deadline:
            log.deadline.check()
        target = attempt.reports / attempt.run_id
        publish.publish(working, target)
        return target
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _lay_out(
    study: Study,
    attempt: _Attempt,
    working: Path,
    log: StepLog,
    *,
    key: str,
    notebooks: Sequence[Path],
    parameters: Mapping[str, Any],
    findings: Sequence[ResolvedFinding],
    chapters: Sequence[Chapter],
) -> dict[str, Any]:
    """Write every file of the report but its record, and return its manifest."""
    from cjm_research.reporting import manifest as manifests
    from cjm_research.reporting.downloads import write_downloads
    from cjm_research.reporting.frontmatter import build_context
    from cjm_research.reporting.since import compare_runs, find_predecessor
    from cjm_research.reporting.site import render_site
    from cjm_research.reporting.site.reviews import review_views
    from cjm_research.reporting.version import make_version
    from cjm_research.study.reviewing import list_claim_reviews

    reviews = review_views(list_claim_reviews(study))
    version = make_version(
        study, as_of=attempt.as_of, parameters=parameters, chapters=chapters, findings=findings,
        reviews=reviews,
    )  # fmt: skip
    with log.step("downloads"):
        downloads = write_downloads(
            study, working, version_key=version, about=study.about, findings=findings
        )
    with log.step("comparison"):
        part = attempt.only.words if attempt.only else ""
        before = find_predecessor(attempt.reports, key, part=part, dated=attempt.as_of is not None)
        # What the pages are to hash to is not known before they are made.
        manifest = manifests.build_manifest(
            study,
            run_id=attempt.run_id,
            key=key,
            version=version,
            as_of=attempt.as_of,
            only=attempt.only,
            parameters=parameters,
            notebooks=notebooks,
            pages={},
            steps=(),
            started=attempt.started,
            seconds=0,
            status="good",
            before=before,
        )
        changes = compare_runs(before, manifest)
    log(f"{len(chapters)} chapters, {len(downloads)} files for elsewhere")
    with log.step("pages"):
        context = build_context(
            study,
            version_key=version,
            as_of=str(attempt.as_of or ""),
            about=study.about,
            chapters=chapters,
            changes=changes,
            findings=findings,
            downloads=downloads,
            manifest=manifests.without_times(manifest),
            reviews=reviews,
        )
        manifest["headline"]["status"] = context.status
        render_site(context, working)
    manifest |= {
        "steps": [dict(step) for step in log.steps],
        "seconds": attempt.seconds(),
        "finished": states.stamp(datetime.now(UTC)),
        "pages": manifests.hash_pages(working),
    }
    manifests.write_manifest(working, manifest)
    return manifest


def _record_failure(attempt: _Attempt, error: BaseException) -> None:
    """Show a failed run in the index, unless that is what cannot be written."""
    record = attempt.record(
        "timed out" if isinstance(error, TimedOut) else "failed",
        reason=plain_reason(error, attempt.place.name),
        notebook=getattr(error, "notebook", ""),
        cell=getattr(error, "cell", None),
    )
    with contextlib.suppress(OSError):
        publish.write_failure(attempt.reports, record)
        states.clear_state(attempt.place.reports)
        publish.update_index(attempt.root)


def _show(root: Path, tell: Callable[[str], None]) -> None:
    try:
        publish.update_index(root)
    except OSError as error:
        # A list that could not be written must not call a report failed.
        tell(f"reports/index.html could not be written ({error.strerror})")


def _remind_of_withdrawn(done: Run, tell: Callable[[str], None]) -> None:
    """Name the reports that were made before somebody withdrew: they may hold their words."""
    from cjm_research.reporting.manifest import count_withdrawn, read_manifest

    n = count_withdrawn(done.study)
    older = sorted(
        folder.name
        for folder in done.run_dir.parent.glob("*/")
        if publish.is_good_run(folder)
        and folder.name != done.run_dir.name
        and read_manifest(folder).get("n_withdrawn", 0) < n
    )
    if n and older:
        who = "1 person has" if n == 1 else f"{n} people have"
        tell(
            f"{who} withdrawn, and reports that were made before may still quote them. Delete "
            f"those: {', '.join(older[:5])}{' ...' if len(older) > 5 else ''}, under "
            f"reports/{done.study.name}"
        )


def _make_run_id(started: datetime, reports: Path) -> str:
    stamp = started.strftime("%Y-%m-%dT%H%M%S")
    run_id, number = stamp, 2
    while (reports / run_id).exists() or (reports / f"{run_id}{publish.FAILED}").exists():
        run_id, number = f"{stamp}-{number}", number + 1
    return run_id


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise ReportError(
            f"only {free / 1e6:.0f} MB are free; a run needs {MIN_FREE_BYTES / 1e6:.0f} MB. "
            "Nothing was changed."
        )


def plain_reason(error: BaseException, study: str) -> str:
    """Say what kind of thing failed; never the message, which may hold participants' words.

    For whatever is kept: the index, a scheduler's log. The person at the terminal gets the
    message itself.
    """
    if isinstance(error, ReportError):
        return str(error)
    if isinstance(error, BusyError):
        return "the study is being run already"
    if isinstance(error, TooFewError):
        return "the part is of so few people that a report would be about them"
    if isinstance(error, OSError) and not isinstance(error, CjmError):
        return f"a file could not be read or written ({error.strerror or type(error).__name__})"
    if isinstance(error, UnknownNameError) and error.kind == "parameter":
        return "a parameter that was given is none of the notebooks'"
    kinds: dict[type[CjmError], str] = {
        ConfigError: "study.yaml, or another file of the study, cannot be used",
        SourceError: "a source file cannot be used",
        TableError: "a table does not have the promised columns or values",
        UnknownNameError: "a name is not known",
        EngineError: "the engine that measures event logs cannot be used",
    }
    what = next(
        (words for kind, words in kinds.items() if isinstance(error, kind)),
        f"an error of the kind {type(error).__name__}",
    )
    return f"{what}; `cjm check {study}` says more"
