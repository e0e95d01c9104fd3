"""Measure whole runs, small and large: `python benchmarks/runs.py`.

Four runs of `cjm run`, each a process of its own in folders of their own, so that nothing of the
project is touched: the demo with empty caches, again with nothing changed, again with one more
interview, and the large study of `runs_study.py` with empty caches. A table shows the share of each
step; the last line is one JSON object. See RESULTS.md for what each figure means.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from runs_study import add_interview, copy_demo, write_study

N_IMPORTS = 5
CJM = [sys.executable, "-m", "cjm_research.cli"]
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CORES = 2
SAMPLE_S = 0.2
START = "start, and what has changed"

_LINE = re.compile(r" *\d+\.\d s  (.*)")
_MERGED = {"reading ": "reading and masking", "running ": "chapters", "coding ": "scores and codes"}


@dataclass(frozen=True)
class Measured:
    """A run: seconds, most memory of all its processes together, and seconds by step."""

    seconds: float
    peak_gb: float
    steps: dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-demo", action="store_true", help="leave the large study out")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        shutil.copytree(NOTEBOOKS, where / "notebooks")
        studies = where / "data" / "raw"
        copy_demo(studies / "demo")
        cold = measure("demo", where, "demo, nothing kept")
        unchanged = measure("demo", where, "demo, nothing changed")
        add_interview(studies / "demo")
        one_more = measure("demo", where, "demo, one more interview")
        figures |= {
            "demo_cold_s": cold.seconds,
            "demo_unchanged_s": unchanged.seconds,
            "demo_one_more_s": one_more.seconds,
            "import_s": measure_import(where),
        }
        if not options.only_demo:
            write_study(studies / "large")
            large = measure("large", where, "large study, nothing kept")
            figures |= {"large_cold_s": large.seconds, "large_peak_gb": large.peak_gb}
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


def measure(study: str, where: Path, title: str) -> Measured:
    """Run a study, which must succeed, and print where its seconds went."""
    environ = os.environ | {"CJM_VAULT": str(where / "vault"), "PYTHONUNBUFFERED": "1"}
    clock = time.perf_counter()
    process = subprocess.Popen(
        [*CJM, "run", study],
        cwd=where,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peaks), daemon=True)
    watcher.start()
    said, began = START, clock
    steps: dict[str, float] = {}
    tail: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        tail = [*tail[-9:], line]
        found = _LINE.match(line)
        if found:
            now = time.perf_counter()
            steps[said] = steps.get(said, 0.0) + now - began
            said, began = name_step(found[1]), now
    if process.wait():
        sys.exit(f"cjm run {study} failed:\n{''.join(tail)}")
    now = time.perf_counter()
    steps[said] = steps.get(said, 0.0) + now - began
    watcher.join()
    measured = Measured(now - clock, peaks[0], steps)
    print(f"\n{title}: {measured.seconds:.1f} s, {measured.peak_gb:.2f} GB")
    for name, seconds in steps.items():
        print(f"  {name:45}{seconds:8.1f} s{seconds / measured.seconds:8.0%}", flush=True)
    return measured


def measure_import(where: Path) -> float:
    """Return the seconds that `import cjm_research` adds to starting Python."""
    times = []
    for code in ("import cjm_research", "pass"):
        clocks = []
        for _ in range(N_IMPORTS):
            clock = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], cwd=where, check=True)
            clocks.append(time.perf_counter() - clock)
        times.append(statistics.median(clocks))
    return max(0.0, times[0] - times[1])


def name_step(line: str) -> str:
    """Return the step that a line of progress begins; what is alike is one step."""
    for start, name in _MERGED.items():
        if line.startswith(start):
            return name
    return line


def _watch(process: subprocess.Popen[str], peaks: list[float]) -> None:
    """Keep the most memory (GB) that the process and those it started ever held together.

    Pages that several of them share count once (proportional set size).
    """
    while process.poll() is None:
        held = 0
        try:
            tree = psutil.Process(process.pid)
            for member in [tree, *tree.children(recursive=True)]:
                try:
                    held += member.memory_full_info().pss
                except psutil.Error:
                    continue
        except psutil.Error:
            continue
        peaks[0] = max(peaks[0], held / 1e9)
        time.sleep(SAMPLE_S)


if __name__ == "__main__":
    main()
