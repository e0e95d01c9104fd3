"""Chapters: notebooks run on one set of tables, two at a time, and kept by content."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cjm_research.reporting.chapters import render_chapter
from cjm_research.reporting.execute import Processes, execute_notebook
from cjm_research.reporting.keys import make_chapter_key
from cjm_research.reporting.publish import SCRATCH
from cjm_research.study import Study
from cjm_research.study.cache import hash_parts, write_tables

if TYPE_CHECKING:
    from cjm_research.reporting.site import Chapter
    from cjm_research.reporting.step_log import StepLog

N_WORKERS = min(2, os.cpu_count() or 1)
KEPT_S = 30 * 86_400
"""Seconds for which a chapter that no run has used is kept."""


def make_chapters(
    study: Study,
    notebooks: Sequence[Path],
    parameters: Mapping[str, Any],
    *,
    log: StepLog,
    processes: Processes,
) -> list[Chapter]:
    """Run the notebooks whose chapter is not kept yet, and return all chapters.

    Parameters
    ----------
    study : Study
    notebooks : sequence of Path
        In reading order.
    parameters : mapping
        For the notebooks, typed.
    log : StepLog
        Told what is being done; its deadline is that of the run.
    processes : Processes
        Of the notebooks, for whoever has to end them from outside.

    Raises
    ------
    ReportError
        If a notebook fails. The others are ended, and nothing is waited for.
    """
    from markupsafe import Markup

    kept = study.place.processed / "chapters"
    kept.mkdir(parents=True, exist_ok=True)
    # A withdrawal is a change of the inputs: what was made before it is removed with it.
    inputs = hash_parts({k: v for k, v in study.inputs.items() if k != "reviews"})[:10]
    files = {
        path: kept / f"{inputs}-{make_chapter_key(study.key, path, parameters)[:20]}.json"
        for path in notebooks
    }
    missing = [path for path in notebooks if not files[path].is_file()]
    if missing:
        _run(study, {path: files[path] for path in missing}, parameters, log, processes)
    chapters: list[Chapter] = []
    for path in notebooks:
        stored = json.loads(files[path].read_text("utf-8"))
        os.utime(files[path])
        # Cleaned by nh3 before it was stored.
        stored["body_html"] = Markup(stored["body_html"])  # noqa: S704
        chapters.append(stored)
    unused = time.time() - KEPT_S
    for old in kept.iterdir():
        if not old.name.startswith(f"{inputs}-") or old.stat().st_mtime < unused:
            old.unlink(missing_ok=True)
    return chapters


def _run(
    study: Study,
    missing: Mapping[Path, Path],
    parameters: Mapping[str, Any],
    log: StepLog,
    processes: Processes,
) -> None:
    limit = study.config.report.deadline_s
    # The notebooks read this run's tables, not whatever the inputs have become since.
    processed = study.place.processed
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=processed) as scratch:
        folder = Path(scratch)
        write_tables(study.tables, folder)
        given = {**parameters, "study": str(study.place.folder), "run_folder": str(folder)}

        def make(path: Path) -> None:
            log(f"running {path.stem}")
            output = folder / path.name
            execute_notebook(
                path,
                output,
                given,
                deadline_s=limit,
                run_deadline=log.deadline,
                processes=processes,
            )
            chapter = render_chapter(output)
            target = missing[path]
            draft = target.with_suffix(".tmp")
            draft.write_text(json.dumps(chapter), encoding="utf-8")
            draft.replace(target)

        pool = ThreadPoolExecutor(N_WORKERS)
        jobs = [pool.submit(make, path) for path in missing]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            # One has failed, or the run is being ended: what the others say is of no use.
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(job.done() for job in jobs):
                processes.end_all()
                time.sleep(0.05)
            raise
        pool.shutdown()
