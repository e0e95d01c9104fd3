"""What goes wrong besides being killed: each must fail loudly and leave the good report."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.scene import Scene
from tests.tiny import SENTINEL, SHOW, write_notebook

FAILED, USAGE, BUSY, TIMED_OUT = 1, 2, 3, 4


def _notebook(*cells: str, tags: tuple[str, ...] = ()) -> Callable[[Scene], None]:
    def write(scene: Scene) -> None:
        write_notebook(scene.root / "notebooks" / "01_numbers.ipynb", *cells, tags=tags)

    return write


def _hurry(scene: Scene) -> None:
    path = scene.root / "data" / "raw" / scene.study / "study.yaml"
    path.write_text(path.read_text("utf-8") + "report: {deadline_s: 12}\n", "utf-8")


def _hang(scene: Scene) -> None:
    _notebook("import time; time.sleep(3600)", SENTINEL)(scene)
    _hurry(scene)


def _hang_whole(scene: Scene) -> None:
    _notebook("import time; time.sleep(3600)", SENTINEL)(scene)
    path = scene.root / "data" / "raw" / scene.study / "study.yaml"
    path.write_text(path.read_text("utf-8") + "report: {run_deadline_s: 15}\n", "utf-8")


def _lose(name: str, *, optional: bool = False) -> Callable[[Scene], None]:
    def lose(scene: Scene) -> None:
        folder = scene.root / "data" / "raw" / scene.study
        if optional:
            path = folder / "study.yaml"
            text = path.read_text("utf-8")
            path.write_text(text.replace(f"files: {name}", f"files: {name}\n    required: false"))
        (folder / name).unlink()

    return lose


def _cut(name: str) -> Callable[[Scene], None]:
    def cut(scene: Scene) -> None:
        (scene.root / "data" / "raw" / scene.study / name).write_text("", "utf-8")

    return cut


# What is done to a copy of the scene, options of the run, and the exit status that is right.
MISHAPS: dict[str, tuple[Callable[[Scene], None], tuple[str, ...], int]] = {
    "a cell raises": (_notebook("raise ValueError('secret words')", SENTINEL), (), FAILED),
    "sys.exit(0) in a cell": (_notebook("import sys; sys.exit(0)", SENTINEL), (), FAILED),
    "sys.exit(0) in the last cell": (_notebook(SHOW, "import sys; sys.exit(0)"), (), FAILED),
    "the kernel dies": (_notebook("import os; os._exit(0)", SENTINEL), (), FAILED),
    "the kernel is killed": (
        _notebook("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", SENTINEL), (), FAILED,
    ),
    "a cell swallows its error": (
        _notebook("raise ValueError('secret words')", SENTINEL, tags=("raises-exception",)),
        (), FAILED,
    ),
    "a cell swallows its error and ends": (
        _notebook("try:\n    1 / 0\nexcept Exception:\n    pass", "x = 1"), (), FAILED,
    ),
    "the last cell is missing": (_notebook(SHOW), (), FAILED),
    "a cell hangs": (_hang, (), FAILED),
    "the whole run takes too long": (_hang_whole, (), TIMED_OUT),
    "no cell runs": (_notebook("# only words"), (), FAILED),
    "unknown parameter": (lambda scene: None, ("-p", "tpo=3"), FAILED),
    "parameter of the wrong kind": (lambda scene: None, ("-p", "top=many"), FAILED),
    "parameter without a value": (lambda scene: None, ("-p", "top"), USAGE),
    "required source missing": (_lose("survey.csv"), (), FAILED),
    "required source empty": (_cut("events.csv"), (), FAILED),
    "study.yaml empty": (_cut("study.yaml"), (), FAILED),
}  # fmt: skip


def mishap(scene: Scene, name: str) -> list[str]:
    """Let one mishap happen; return what is wrong afterwards."""
    prepare, options, wanted = MISHAPS[name]
    before = scene.fingerprint()
    prepare(scene)
    status, said = scene.run(*options)
    return _judge(scene, before, status, wanted, said, refused="-p" in options)


def lose_optional(scene: Scene) -> list[str]:
    """An optional source that is missing: a report is made, and its first page says so."""
    before = scene.fingerprint()
    _lose("survey.csv", optional=True)(scene)
    status, said = scene.run()
    wrong = scene.find_damage(before)
    if status != 0:
        return [*wrong, f"exit status {status} instead of 0: {said}"]
    page = (scene.reports / "latest" / "index.html").read_text("utf-8")
    if "survey" not in page or 'class="alert' not in page:
        wrong.append("the first page does not name the missing source")
    return wrong


def race(scene: Scene, n: int = 10) -> tuple[int, list[str]]:
    """Start the same run n times at once; return how many reports too many, and what is wrong."""
    before = scene.fingerprint()
    started = [scene.start() for _ in range(n)]
    ends = [(process.communicate(timeout=900), process.returncode)[1] for process in started]
    new = [run for run in scene.runs() if run != scene.good]
    wrong = scene.find_damage(before)
    if set(ends) - {0, BUSY}:
        wrong.append(f"exit statuses {sorted(ends)}: only 0 and {BUSY} are right")
    if not new:
        wrong.append("nobody made the report")
    if scene.leftovers():
        wrong.append(f"left behind: {scene.leftovers()}")
    return len(new) - 1, wrong


def fill_by_limit(scene: Scene, n_bytes: int) -> list[str]:
    """Let every file end at a size, as a quota does."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    before = scene.fingerprint()
    status, said = scene.run(before=limit)
    wrong = scene.find_damage(before)
    if status == 0:
        wrong.append("the run says that it is good")
    if "Traceback" in said:
        wrong.append("a traceback instead of a reason")
    return wrong


def can_mount() -> bool:
    """Return whether this process may mount a small disk to fill."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextlib.contextmanager
def small_disk(scene: Scene, folder: Path, n_megabytes: int) -> Iterator[Scene]:
    """Move a scene to a disk of its own."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={n_megabytes}m", "tmpfs", str(folder)], check=True
    )
    try:
        yield scene.copy(folder / "project")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_disk(scene: Scene, disk: Path, after_s: float) -> list[str]:
    """Let somebody else fill the disk so many seconds into the run."""
    before = scene.fingerprint()
    stop = threading.Event()

    def fill() -> None:
        time.sleep(after_s)
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as handle:
            # Until the disk is full, and again when the run gives something back.
            while not stop.is_set():
                try:
                    handle.write(b"0" * 65_536)
                except OSError:
                    time.sleep(0.01)

    filler = threading.Thread(target=fill)
    filler.start()
    status, said = scene.run()
    stop.set()
    filler.join()
    (disk / "filler").unlink(missing_ok=True)
    wrong = scene.find_damage(before)
    if status == 0 and len(scene.runs()) == 1:
        wrong.append("the run says that it is good, and there is no report")
    if "Traceback" in said:
        wrong.append("a traceback instead of a reason")
    return wrong


def read_only(scene: Scene) -> list[str]:
    """Let nothing be written to the reports."""
    before = scene.fingerprint()
    folder = str(scene.root / "reports")
    if can_mount():
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    else:
        scene.reports.chmod(0o555)
    try:
        status, said = scene.run()
    finally:
        if can_mount():
            subprocess.run(["umount", folder], check=True)
        else:
            scene.reports.chmod(0o755)
    wrong = scene.find_damage(before)
    if status != FAILED:
        wrong.append(f"exit status {status} instead of {FAILED}")
    if "Traceback" in said:
        wrong.append("a traceback instead of a reason")
    return wrong


def _judge(
    scene: Scene, before: dict[str, str], status: int, wanted: int, said: str, *, refused: bool
) -> list[str]:
    wrong = scene.find_damage(before)
    if status != wanted:
        wrong.append(f"exit status {status} instead of {wanted}: {said}")
    if scene.runs() != [scene.good]:
        wrong.append("it passes as a good run")
    # A parameter is refused before there is a run that could fail.
    states = {FAILED: [] if refused else ["failed"], TIMED_OUT: ["timed out"], USAGE: []}[wanted]
    if scene.failures() != states:
        wrong.append(f"states {scene.failures()} instead of {states}")
    if "Traceback" in said or "secret words" in said:
        wrong.append("a traceback or participants' words instead of a reason")
    for folder in scene.reports.glob("*-failed"):
        names = sorted(path.name for path in folder.iterdir())
        if names != ["index.html", "run.json"]:
            wrong.append(f"{folder.name} holds {names}")
        if any(b"secret words" in path.read_bytes() for path in folder.iterdir()):
            wrong.append(f"{folder.name} holds words of the notebook")
    if scene.leftovers():
        wrong.append(f"left behind: {[path.name for path in scene.leftovers()]}")
    return wrong
