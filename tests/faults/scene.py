"""A project with one good report, to be run again while something goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cjm_research.reporting.verify import verify_run
from cjm_research.study.cache import STALE_S, WORKING

TOLD = ("manifest.json", "run.json")


@dataclass(frozen=True)
class Scene:
    """A project whose study has been run once; every fault gets a copy of its own.

    Attributes
    ----------
    root : Path
        The project's folder.
    study : str
        Name of its study.
    good : str
        Id of the good run.
    """

    root: Path
    study: str
    good: str

    @property
    def reports(self) -> Path:
        return self.root / "reports" / self.study

    @property
    def environ(self) -> dict[str, str]:
        return os.environ | {
            "CJM_VAULT": str(self.root / "vault"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    def copy(self, root: Path) -> Scene:
        """Return a copy in a new folder."""
        shutil.copytree(self.root, root, symlinks=True)
        return Scene(root, self.study, self.good)

    def start(self, *options: str, environ: dict[str, str] | None = None, before=None):
        """Start `cjm run` in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "cjm_research.cli", "run", self.study, "--quiet", *options],
            cwd=self.root,
            env=self.environ | (environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before,
        )

    def run(self, *options: str, **given) -> tuple[int, str]:
        """Run `cjm run` to its end; return exit status and what it said."""
        process = self.start(*options, **given)
        said = "".join(process.communicate(timeout=900))
        return process.returncode, said

    def runs(self) -> list[str]:
        """Return the ids of the runs that a reader can see."""
        return sorted(
            path.parent.name
            for path in self.reports.glob("*/index.html")
            if path.parent.name not in ("latest", "batch")
            and not path.parent.name.startswith(".")
            and not path.parent.name.endswith("-failed")
        )

    def failures(self) -> list[str]:
        """Return the states of the runs that did not become a report."""
        return [
            json.loads(path.read_text("utf-8"))["status"]
            for path in sorted(self.reports.glob("*-failed/run.json"))
        ]

    def fingerprint(self) -> dict[str, str]:
        """Return the hash of every file of the good report."""
        folder = self.reports / self.good
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def find_damage(self, before: dict[str, str]) -> list[str]:
        """Return what is wrong with the reports that stand; empty when nothing is.

        The good report is what it was, every visible run is whole by its own manifest, and
        `latest` is one of them.
        """
        damage = []
        if self.fingerprint() != before:
            damage.append("the last good report is not what it was")
        for run in self.runs():
            damage += [f"{run}: {problem}" for problem in verify_run(self.reports / run)]
        latest = self.reports / "latest"
        if not latest.is_dir() or latest.resolve().name not in self.runs():
            damage.append("latest does not lead to a whole report")
        return damage

    def wait_a_day(self) -> None:
        """Make half-written tables old: a young one may belong to a notebook, and stays."""
        then = time.time() - STALE_S - 1
        for path in (self.root / "data" / "processed").rglob(f"{WORKING}*"):
            os.utime(path, (then, then))

    def leftovers(self) -> list[Path]:
        """Return temporary folders; none may be left after a run that came to its end."""
        return [
            path
            for path in self.root.rglob("*")
            if path.name.startswith((".tmp", ".run-")) or path.name == "state.json"
        ]


def end(process: subprocess.Popen) -> None:
    """Kill a run as a machine does that has no memory left: at once, and only itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
