"""Let everything go wrong that may: `make faults`. The last line is one JSON object.

python -m tests.faults [--kills 500] [--demo-kills 20]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import TypeVar

from tests.faults import kills, mishaps
from tests.faults.making import change, make_demo, make_tiny
from tests.faults.scene import Scene, end

Job = TypeVar("Job")

N_AT_ONCE = 2
RECOVER_EVERY = 25
"""Every so many killed runs the study is run again: it must come to a good end."""


class Counts:
    """What happened, and what was wrong afterwards."""

    def __init__(self) -> None:
        self.kill_points = 0
        self.partial_reports = 0
        self.races = 0
        self.duplicate_runs = 0
        self.false_success = 0
        self.other = 0

    def tell(self, what: str, wrong: list[str]) -> None:
        print(f"{'BAD ' if wrong else 'ok  '} {what}", file=sys.stderr, flush=True)
        for line in wrong:
            print(f"       {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Run all faults and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--demo-kills", type=int, default=20)
    chosen = parser.parse_args()
    counts = Counts()
    clock = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        tiny = make_tiny(folder / "tiny")
        _kill_tiny(counts, tiny, folder, chosen.kills)
        _mishaps(counts, tiny, folder)
        _races(counts, tiny, folder)
        _disks(counts, tiny, folder)
        _kill_demo(counts, folder, chosen.demo_kills)
    print(f"{time.monotonic() - clock:.0f} s", file=sys.stderr)
    print(json.dumps(vars(counts)))
    return int(
        bool(
            counts.partial_reports or counts.duplicate_runs or counts.false_success or counts.other
        )
    )


def _each(
    folder: Path, scene: Scene, jobs: Sequence[Job], act: Callable[[Scene, Job], None]
) -> None:
    """Do each job on a copy of the scene, a few at once."""
    number = itertools.count()

    def do(job: Job) -> None:
        copy = scene.copy(folder / f"copy-{next(number)}")
        try:
            act(copy, job)
        finally:
            shutil.rmtree(copy.root, ignore_errors=True)

    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        for done in [pool.submit(do, job) for job in jobs]:
            done.result()


def _kill_tiny(counts: Counts, scene: Scene, folder: Path, n: int) -> None:
    """Kill at touches of files all over a run of a changed study, then at random moments."""
    changed = scene.copy(folder / "changed")
    change(changed)
    killers: Queue[kills.Killer] = Queue()
    for _ in range(N_AT_ONCE):
        killers.put(kills.Killer())
    killer = killers.get()
    clock = time.monotonic()
    n_touches = killer.count_touches(changed.copy(folder / "measured"))
    whole_s = time.monotonic() - clock
    killers.put(killer)
    print(f"{n_touches} touches of files, {whole_s:.1f} s a run", file=sys.stderr)
    draw = random.Random(7)
    step = max(1, n_touches // max(1, n - n // 5))
    jobs: list[tuple[str, float]] = [("touch", at) for at in range(1, n_touches + 1, step)]

    def act(copy: Scene, job: tuple[str, float]) -> None:
        before = copy.fingerprint()
        kind, at = job
        killer = killers.get()
        killed = (
            killer.kill_at_touch(copy, int(at)) if kind == "touch" else killer.kill_after(copy, at)
        )
        killers.put(killer)
        wrong = copy.find_damage(before)
        counts.kill_points += killed
        if killed and counts.kill_points % RECOVER_EVERY == 0:
            wrong += _recover(copy, before)
        counts.partial_reports += bool(wrong)
        if wrong:
            counts.tell(f"killed at {kind} {at}", wrong)

    _each(folder, changed, jobs, act)
    while counts.kill_points < n:
        # Runs that come to their end before their moment do not count as killed.
        more = [("moment", draw.uniform(0.0, whole_s)) for _ in range(n - counts.kill_points)]
        _each(folder, changed, more, act)
    while not killers.empty():
        with killers.get():
            pass
    counts.tell(f"{counts.kill_points} kills of a run with one notebook", [])


def _recover(scene: Scene, before: dict[str, str]) -> list[str]:
    """The run of the next day must come to a good end and leave nothing behind."""
    scene.wait_a_day()
    status, said = scene.run()
    wrong = scene.find_damage(before)
    if status != 0:
        wrong.append(f"the next run ended with {status}: {said}")
    if scene.leftovers():
        wrong.append(f"the next run left behind {[path.name for path in scene.leftovers()]}")
    return wrong


def _kill_demo(counts: Counts, folder: Path, n: int) -> None:
    if n == 0:
        return
    clock = time.monotonic()
    scene = make_demo(folder / "demo")
    whole_s = time.monotonic() - clock
    change(scene)
    moments = [whole_s * 0.9 * (number + 0.5) / n for number in range(n)]

    def act(copy: Scene, seconds: float) -> None:
        before = copy.fingerprint()
        process = copy.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=seconds)
        counts.kill_points += process.poll() is None
        end(process)
        wrong = copy.find_damage(before)
        counts.partial_reports += bool(wrong)
        counts.tell(f"demo killed after {seconds:.0f} s", wrong)

    _each(folder, scene, moments, act)


def _mishaps(counts: Counts, scene: Scene, folder: Path) -> None:
    def act(copy: Scene, name: str) -> None:
        wrong = mishaps.mishap(copy, name)
        counts.false_success += any("good run" in line or "exit status 0" in line for line in wrong)
        counts.other += bool(wrong)
        counts.tell(name, wrong)

    _each(folder, scene, list(mishaps.MISHAPS), act)
    copy = scene.copy(folder / "optional")
    wrong = mishaps.lose_optional(copy)
    counts.other += bool(wrong)
    counts.tell("optional source missing", wrong)


def _races(counts: Counts, scene: Scene, folder: Path) -> None:
    copy = scene.copy(folder / "race")
    change(copy)
    extra, wrong = mishaps.race(copy, 10)
    counts.races += 1
    counts.duplicate_runs += extra
    counts.other += bool(wrong)
    counts.tell("10 simultaneous starts", wrong)


def _disks(counts: Counts, scene: Scene, folder: Path) -> None:
    changed = scene.copy(folder / "to-fill")
    change(changed)

    def note(what: str, wrong: list[str]) -> None:
        counts.other += bool(wrong)
        counts.tell(what, wrong)

    for n_bytes in (1_000, 20_000, 60_000):
        copy = changed.copy(folder / f"limit-{n_bytes}")
        note(f"no file may be larger than {n_bytes} bytes", mishaps.fill_by_limit(copy, n_bytes))
    note("reports are read-only", mishaps.read_only(changed.copy(folder / "read-only")))
    if not mishaps.can_mount():
        print("skip small disks: mounting one needs root", file=sys.stderr)
        return
    with mishaps.small_disk(changed, folder / "tiny-disk", 60) as there:
        before = there.fingerprint()
        status, _ = there.run()
        wrong = there.find_damage(before)
        note("too little room at the start", wrong + ([] if status == 1 else [f"status {status}"]))
    for after_s in (0.5, 2.0, 3.0, 4.0, 5.0, 6.0):
        disk = folder / f"disk-{after_s}"
        with mishaps.small_disk(changed, disk, 300) as there:
            note(f"disk full after {after_s} s", mishaps.fill_disk(there, disk, after_s))


if __name__ == "__main__":
    sys.exit(main())
