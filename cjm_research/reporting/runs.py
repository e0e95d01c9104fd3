"""Runs: notebooks executed and framed as a site, published whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from markupsafe import Markup

import cjm_research
from cjm_research.errors import CjmError, ReportError
from cjm_research.reporting import publish
from cjm_research.reporting.chapters import render_chapter
from cjm_research.reporting.execute import check_parameters, execute_notebook
from cjm_research.reporting.frontmatter import build_context
from cjm_research.reporting.since import describe_changes, list_figures, read_manifest
from cjm_research.reporting.site import Chapter, render_site
from cjm_research.study import Study, find_study
from cjm_research.study.cache import hash_parts, write_tables
from cjm_research.study.project import Place, find_root, packaged

__all__ = ["BusyError", "Run", "list_notebooks", "run_study"]

MIN_FREE_BYTES = 200_000_000
N_WORKERS = min(2, os.cpu_count() or 1)


class BusyError(CjmError):
    """Another run of this study holds the lock."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    study : Study
    run_dir : Path
        The published folder.
    seconds : float
    """

    study: Study
    run_dir: Path
    seconds: float

    @property
    def index(self) -> Path:
        """The report's first page."""
        return self.run_dir / "index.html"


def run_study(
    study: str | Path,
    *,
    parameters: Mapping[str, str] | None = None,
    say: Callable[[str], None] | None = None,
) -> Run:
    """Make a study's tables, run its notebooks and publish the report.

    Parameters
    ----------
    study : str or Path
        Name or folder.
    parameters : mapping of str to str, optional
        For the notebooks; checked against what they declare before anything starts.
    say : callable, optional
        Told what is being done, one line at a time.

    Returns
    -------
    Run

    Raises
    ------
    BusyError
        If the same study is being run.
    CjmError
        If an input, a parameter or a notebook fails. The last good report is untouched, and
        `reports/index.html` shows the failure.
    """
    say = say or (lambda line: None)
    started = datetime.now(UTC)
    clock = time.monotonic()
    place = find_study(study)
    root = _root_of(place)
    place.reports.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / "reports" / f".{place.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"study '{place.name}' is being run already. Wait for it, or end that process."
        ) from error
    title = ""
    run_id = _run_id(started, place.reports)
    try:
        publish.sweep(place.reports, place.processed)
        _check_space(place.reports)
        opened = Study(place, say=say)
        title = opened.config.title
        target = _make_run(opened, run_id, started, clock, parameters or {}, say)
    except Exception as error:
        _record_failure(
            place,
            root,
            {
                "run_id": run_id,
                "status": "failed",
                "started": _stamp(started),
                "seconds": round(time.monotonic() - clock, 1),
                "title": title,
                "reason": plain_reason(error, place.name),
            },
        )
        raise
    finally:
        lock.release()
    try:
        publish.update_index(root)
    except OSError as error:
        # The report is out; a list that could not be written must not call it failed.
        say(f"reports/index.html could not be written ({error.strerror})")
    n_withdrawn = _count_withdrawn(opened)
    if n_withdrawn:
        say(
            f"{n_withdrawn} people have withdrawn: reports made before may still quote them; "
            f"delete those under {place.reports.name}/"
        )
    return Run(opened, target, round(time.monotonic() - clock, 2))


def _record_failure(place: Place, root: Path, record: Mapping[str, Any]) -> None:
    """Show a failed run in the index, unless that is what cannot be written."""
    with contextlib.suppress(OSError):
        publish.write_failure(place.reports, str(record["run_id"]), record)
        publish.update_index(root)


def list_notebooks() -> list[Path]:
    """Return the report notebooks in reading order: the project's own, else the package's."""
    own = find_root() / "notebooks"
    folder = own if list(own.glob("[0-9][0-9]_*.ipynb")) else packaged("notebooks")
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def _make_run(
    study: Study,
    run_id: str,
    started: datetime,
    clock: float,
    parameters: Mapping[str, str],
    say: Callable[[str], None],
) -> Path:
    reports = study.place.reports
    notebooks = list_notebooks()
    if not notebooks:
        raise ReportError("there is no notebook named NN_noun.ipynb under notebooks/.")
    typed = check_parameters(parameters, notebooks) if parameters else {}
    tables = study.tables
    working = Path(tempfile.mkdtemp(prefix=publish.WORKING, dir=reports))
    try:
        chapters = _make_chapters(study, notebooks, typed, working, say)
        say("laying out the pages")
        made_at = _stamp(started)
        made_from = {
            "run_id": run_id,
            "inputs": study.inputs,
            "figures": list_figures(tables["journey_map"]),
        }
        changes = describe_changes(read_manifest(reports / publish.LATEST), made_from)
        context = build_context(
            study, run_id=run_id, made_at=made_at, chapters=chapters, changes=changes
        )
        pages = render_site(context, working)
        manifest = made_from | {
            "study": study.name,
            "key": study.key,
            "parameters": {name: str(value) for name, value in typed.items()},
            "python": platform.python_version(),
            "cjm_research": cjm_research.__version__,
            "notebooks": {path.name: _sha256(path) for path in notebooks},
            "rows": {name: len(table) for name, table in sorted(tables.items())},
            "pages": {page.name: _sha256(page) for page in sorted(pages)},
        }
        (working / "manifest.json").write_text(
            json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8"
        )
        publish.write_record(
            working,
            {
                "run_id": run_id,
                "status": "good",
                "started": made_at,
                "seconds": round(time.monotonic() - clock, 1),
                "title": study.config.title,
            },
        )
        working.chmod(0o755)  # mkdtemp makes private folders; reports are there to be read
        target = reports / run_id
        publish.publish(working, target)
        return target
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _make_chapters(
    study: Study,
    notebooks: list[Path],
    parameters: Mapping[str, Any],
    working: Path,
    say: Callable[[str], None],
) -> list[Chapter]:
    """Run the notebooks whose chapter is not cached, two at a time, and render them."""
    cache = study.place.processed / "chapters"
    cache.mkdir(parents=True, exist_ok=True)
    keys = {
        path: hash_parts(study.key, _sha256(path), dict(parameters), _presentation_hash())[:20]
        for path in notebooks
    }
    missing = [path for path in notebooks if not (cache / f"{keys[path]}.json").is_file()]
    if missing:
        # The notebooks read this run's tables, not whatever the inputs have become since.
        processed = study.place.processed
        with tempfile.TemporaryDirectory(prefix=publish.SCRATCH, dir=processed) as scratch:
            folder = Path(scratch)
            write_tables(study.tables, folder)
            given = {
                **parameters,
                "study": str(study.place.folder),
                "run_folder": str(folder),
            }

            def make(path: Path) -> None:
                say(f"running {path.stem}")
                output = folder / path.name
                execute_notebook(path, output, given, deadline_s=study.config.report.deadline_s)
                chapter = render_chapter(output)
                draft = cache / f"{keys[path]}.tmp"
                draft.write_text(json.dumps(chapter), encoding="utf-8")
                draft.replace(cache / f"{keys[path]}.json")

            with ThreadPoolExecutor(N_WORKERS) as pool:
                for result in [pool.submit(make, path) for path in missing]:
                    result.result()
    chapters = []
    for path in notebooks:
        stored = json.loads((cache / f"{keys[path]}.json").read_text("utf-8"))
        # Cleaned by nh3 before it was stored.
        chapters.append(
            Chapter(
                slug=stored["slug"],
                title=stored["title"],
                body_html=Markup(stored["body_html"]),  # noqa: S704
            )
        )
    for old in cache.glob("*.json"):
        if old.stem not in keys.values():
            old.unlink(missing_ok=True)
    return chapters


def _count_withdrawn(study: Study) -> int:
    rows = study.quality
    return int(rows.loc[rows["what"].str.startswith("people who withdrew"), "n"].sum())


def _presentation_hash() -> str:
    """Hash of the code that draws: a changed figure must not come from the cache."""
    package = Path(__file__).parent.parent
    paths = [package / "display.py", package / "markup.py", *package.glob("figures/*.py")]
    paths += [Path(__file__).parent / "chapters.py"]
    return hash_parts(*(path.read_bytes() for path in sorted(paths)))


def _root_of(place: Place) -> Path:
    return place.reports.parent.parent


def _run_id(started: datetime, reports: Path) -> str:
    stamp = started.strftime("%Y-%m-%dT%H%M%S")
    run_id, number = stamp, 2
    while (reports / run_id).exists() or (reports / f"{run_id}-failed").exists():
        run_id, number = f"{stamp}-{number}", number + 1
    return run_id


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise ReportError(
            f"only {free / 1e6:.0f} MB are free; a run needs {MIN_FREE_BYTES / 1e6:.0f} MB. "
            "Nothing was changed."
        )


def plain_reason(error: Exception, study: str) -> str:
    """Say what kind of thing failed; never the message, which may hold participants' words.

    For whatever is kept: the index, a scheduler's log. The person at the terminal gets the
    message itself.
    """
    if isinstance(error, ReportError):
        return str(error)
    if isinstance(error, BusyError):
        return "the study is being run already"
    kinds = {
        "ConfigError": "study.yaml cannot be used",
        "SourceError": "a source file cannot be used",
        "TableError": "a table does not have the promised columns or values",
        "UnknownNameError": "a name is not known",
    }
    what = kinds.get(type(error).__name__, f"an error of the kind {type(error).__name__}")
    return f"{what}; `cjm check {study}` says more"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
