"""Kill a run right before any touch of a file, or at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.scene import Scene

KILLED = -9


class Killer:
    """Starts runs from a process that has everything imported, and kills them.

    Use it from one thread at a time.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it says when it is ready

    def __enter__(self) -> Killer:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def count_touches(self, scene: Scene) -> int:
        """Return how often a run that nobody disturbs touches files of its project."""
        answer = self._ask(scene)
        if answer["status"] != 0:
            raise RuntimeError(f"an undisturbed run ended with {answer['status']}")
        return int(answer["touches"])

    def kill_at_touch(self, scene: Scene, at: int) -> bool:
        """Run and kill right before the touch of that number; return whether it was killed."""
        return bool(self._ask(scene, at=at)["status"] == KILLED)

    def kill_after(self, scene: Scene, seconds: float) -> bool:
        """Run and kill after so many seconds; return whether it was still running."""
        return bool(self._ask(scene, seconds=seconds)["status"] == KILLED)

    def _ask(self, scene: Scene, **more: Any) -> dict[str, Any]:
        job = {
            "root": str(scene.root),
            "arguments": ["run", scene.study, "--quiet"],
            "environ": {name: scene.environ[name] for name in ("CJM_VAULT", "PYTHONPATH")},
            **more,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
