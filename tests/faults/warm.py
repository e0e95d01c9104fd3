"""A process that has everything imported, and forks a run per job: `python -m tests.faults.warm`.

Imports are most of a short run, and no file of the project is touched meanwhile: without them
five hundred kills fit into a coffee break. One job is one JSON line on standard input
(`root`, `arguments`, `environ`, and `at`, the touch to be killed before, or `seconds`), one answer
is one JSON line (`status`, `touches`).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from typing import Any

_EVENTS = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod",
     "os.truncate", "shutil.rmtree", "shutil.copytree", "tempfile.mkdtemp", "os.utime"}
)  # fmt: skip
"""What Python tells of before it touches a file."""


def _import_all() -> None:
    import importlib

    for name in (
        "bertopic", "duckdb", "ibis", "lifelines", "matplotlib.pyplot", "nbconvert", "nbformat",
        "nh3", "openpyxl", "pandas", "papermill", "pptx", "seaborn", "spacy.lang.en.stop_words",
        "statsmodels.api", "cjm_research.behaviour", "cjm_research.cli_runs",
        "cjm_research.coding", "cjm_research.exporters", "cjm_research.figures",
        "cjm_research.integration", "cjm_research.reporting.downloads",
        "cjm_research.reporting.making", "cjm_research.reporting.runs",
        "cjm_research.reporting.site", "cjm_research.reporting.verify", "cjm_research.synthesis",
    ):  # fmt: skip
        importlib.import_module(name)


def _watch_touches(root: str, at: int) -> Any:
    """Count touches of files under `root`, and end this process right before the one `at`."""
    seen = 0

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in _EVENTS or not any(
            isinstance(value, str | bytes) and os.fsdecode(value).startswith(root)
            for value in args[:2]
        ):
            return
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return lambda: seen


def _run(job: dict[str, Any], answer: str) -> None:
    """Be the run: in the child, and never come back."""
    os.setsid()
    os.chdir(job["root"])
    os.environ.update(job["environ"])
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    from cjm_research.cli import main

    touches = _watch_touches(job["root"], job.get("at") or 0)
    try:
        main(job["arguments"], standalone_mode=True)
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    with open(answer, "w", encoding="utf-8") as handle:  # noqa: PTH123
        handle.write(str(touches()))
    os._exit(status)


def _wait(child: int, seconds: float | None) -> int:
    """Return the status of a child, killed after so many seconds; a signal is negative."""
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            os.kill(child, signal.SIGKILL)
            end = float("inf")
        time.sleep(0.005)


def main() -> None:
    """Answer jobs until there is none."""
    _import_all()
    print("ready", flush=True)
    with tempfile.NamedTemporaryFile() as answer:
        for line in sys.stdin:
            job = json.loads(line)
            answer.truncate(0)
            child = os.fork()
            if child == 0:
                _run(job, answer.name)
            status = _wait(child, job.get("seconds"))
            with open(answer.name, encoding="utf-8") as handle:  # noqa: PTH123
                touches = int(handle.read() or 0)
            print(json.dumps({"status": status, "touches": touches}), flush=True)


if __name__ == "__main__":
    main()
