"""Run one notebook with papermill, in a process of its own, and judge it ourselves.

papermill's status cannot be trusted: after a time-out or a dead kernel every cell says
"completed", and `sys.exit(0)` in a cell passes as success. A chapter is good only when
papermill raised nothing, every code cell ran, and the last one printed the sentinel.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cjm_research.errors import ReportError, UnknownNameError
from cjm_research.reporting.deadline import Deadline

SENTINEL = "chapter complete"
_CASTS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


def read_parameters(notebook: Path) -> dict[str, type]:
    """Return the parameters that a notebook declares, with their types.

    Raises
    ------
    ReportError
        If the file is no notebook, or names no language.
    """
    import nbformat
    import papermill

    try:
        declared = papermill.inspect_notebook(str(notebook))
    except (ValueError, AttributeError, TypeError, nbformat.ValidationError) as error:
        raise ReportError(
            f"{notebook.name} cannot be run: it is no notebook, or names no language. What to do: "
            "open it in JupyterLab, choose the kernel Python 3, and save it.",
            notebook=notebook.name,
        ) from error
    return {
        name: _CASTS.get(str(entry["inferred_type_name"]), str) for name, entry in declared.items()
    }


def check_parameters(
    given: Mapping[str, str], notebooks: Sequence[Path], *, where: str = ""
) -> dict[str, Any]:
    """Turn `name=value` texts into typed parameters, before anything starts.

    Parameters
    ----------
    given : mapping of str to str
    notebooks : sequence of Path
        Of the report.
    where : str, optional
        The file that gives them, as the researcher knows it.

    Raises
    ------
    UnknownNameError
        If no notebook declares a parameter. papermill itself would run with the default.
    ReportError
        If a value does not have the declared type, or names somebody: parameters are kept
        with every report, and stand on its pages.
    """
    if not given:
        return {}
    declared: dict[str, type] = {}
    for notebook in notebooks:
        declared |= read_parameters(notebook)
    typed: dict[str, Any] = {}
    for name, text in given.items():
        if name not in declared or name in RESERVED:
            allowed = sorted(set(declared) - RESERVED)
            raise UnknownNameError("parameter", name, allowed, where=where)
        shown = f"{where}: parameter '{name}'" if where else f"parameter '{name}'"
        _refuse_personal(shown, text)
        typed[name] = _cast(shown, text, declared[name])
    return typed


RESERVED = frozenset({"study", "run_folder"})


class Processes:
    """The processes of the notebooks that run now, to be ended together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def start(self) -> Iterator[subprocess.Popen[str]]:
        """Start this module in a process group of its own, which ends with the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", "cjm_research.reporting.execute"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=os.name == "posix",
            text=True,
        )
        with self._lock:
            self._running.add(process)
        try:
            yield process
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)

    def end_all(self) -> None:
        """Kill every notebook with its kernel."""
        with self._lock:
            running = list(self._running)
        for process in running:
            _end(process)


def execute_notebook(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    deadline_s: float,
    run_deadline: Deadline | None = None,
    processes: Processes | None = None,
) -> None:
    """Run a notebook in a subprocess and check that it really ran to its end.

    Parameters
    ----------
    notebook, output : Path
        `output` is written anew; its folder exists.
    parameters : mapping
        JSON types only. Those that the notebook does not declare are left out.
    deadline_s : float
        Seconds after which the notebook and its kernel are ended.
    run_deadline : Deadline, optional
        Of the whole run, which may come before.
    processes : Processes, optional
        Told of the process.

    Raises
    ------
    TimedOut
        If the deadline of the whole run has passed.
    ReportError
        With notebook and cell. It never holds the notebook's own error text, which may
        quote a participant.
    """
    job = {
        "parent": os.getpid(),
        "notebook": str(notebook),
        "output": str(output),
        "parameters": {k: v for k, v in parameters.items() if k in read_parameters(notebook)},
    }
    limit = min(deadline_s, run_deadline.left()) if run_deadline else deadline_s
    with (processes or Processes()).start() as process:
        try:
            _, said = process.communicate(json.dumps(job), timeout=max(limit, 0))
        except subprocess.TimeoutExpired as error:
            if run_deadline:
                run_deadline.check()
            raise ReportError(
                f"{notebook.name} did not finish within {deadline_s:.0f} s, which is "
                "report.deadline_s of study.yaml.",
                notebook=notebook.name,
            ) from error
    if process.returncode != 0:
        last = said.strip().splitlines()[-1:] or [""]
        place = _read_place(last[0])
        where = f" in cell {place['cell']}" if place.get("cell") else ""
        raise ReportError(
            f"{notebook.name} failed{where} ({place.get('error', 'no reason given')}).",
            notebook=notebook.name,
            cell=place.get("cell"),
        )
    _check_complete(notebook.name, output)


def _end(process: subprocess.Popen[str]) -> None:
    """End the whole group: a kernel may outlive the process that started it."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    elif process.poll() is None:
        process.kill()
    process.wait()


def _check_complete(name: str, output: Path) -> None:
    import nbformat

    notebook = nbformat.read(str(output), as_version=4)
    # Jupyter runs no empty cell, such as the one that it leaves at a notebook's end.
    # papermill's own cell of parameters is none that its author could count.
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and cell.source.strip()
        and "injected-parameters" not in cell.metadata.get("tags", [])
    ]
    for number, cell in enumerate(cells, start=1):
        if cell.execution_count is None or any(o.output_type == "error" for o in cell.outputs):
            raise ReportError(
                f"{name}: code cell {number} did not run.", notebook=name, cell=number
            )
    last = "".join(o.get("text", "") for o in cells[-1].outputs) if cells else ""
    if SENTINEL not in last:
        raise ReportError(f"{name} ended before its last cell.", notebook=name)


def _read_place(line: str) -> dict[str, Any]:
    try:
        place: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return place if isinstance(place, dict) else {}


def _cast(shown: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in ("true", "yes", "1"):
            return True
        if text.lower() in ("false", "no", "0"):
            return False
    else:
        try:
            return kind(text)
        except ValueError:
            pass
    # What was given is not repeated: the reason is kept with the failed run.
    raise ReportError(f"{shown} should be {_KIND_WORDS[kind]}.")


def _refuse_personal(shown: str, text: str) -> None:
    from cjm_research.privacy.patterns import mask_patterns

    found: dict[str, int] = {}
    mask_patterns(text, keep=frozenset(), counts=found)
    if found:
        raise ReportError(
            f"{shown} holds what looks like personal data ({', '.join(sorted(found))}). "
            "Parameters are kept with every report: give a pseudonym or an audience segment."
        )


_KIND_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when the one that started it is killed.

    The kernel ends by itself when its parent is gone. Elsewhere the next run's lock still
    protects the report; only the process lives on until its notebook ends.
    """
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # killed before it was asked for
            sys.exit(1)


def _work() -> None:
    """Child process: the job on standard input, one JSON line on standard error if it fails."""
    job = json.load(sys.stdin)
    _die_with_parent(job["parent"])
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    import papermill

    try:
        papermill.execute_notebook(
            job["notebook"],
            job["output"],
            parameters=job["parameters"],
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            start_timeout=120,
        )
    except papermill.PapermillExecutionError as error:
        # Counted as in the source: papermill has put in a cell of its own, if it had values.
        cell = error.cell_index + 1 - bool(job["parameters"])
        print(json.dumps({"error": error.ename, "cell": cell}), file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        print(json.dumps({"error": type(error).__name__}), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    _work()
