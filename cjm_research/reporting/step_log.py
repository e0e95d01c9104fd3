"""What a run does, step by step: said to whoever waits, and timed for the manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypedDict

from cjm_research.reporting.deadline import Deadline


class Step(TypedDict):
    """A step of a run, and how long it took."""

    name: str
    seconds: float


@dataclass
class StepLog:
    """Passes on what is said, unless the deadline has passed, and keeps the steps.

    Attributes
    ----------
    tell : callable
        Gets one line at a time.
    deadline : Deadline, optional
        Checked whenever something is said and whenever a step begins.
    steps : list of Step
        Those that have ended.
    """

    tell: Callable[[str], None]
    deadline: Deadline | None = None
    steps: list[Step] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        """Say a line.

        Raises
        ------
        TimedOut
        """
        self._check()
        self.tell(line)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step of the run.

        Raises
        ------
        TimedOut
        """
        self._check()
        clock = time.monotonic()
        yield
        self.steps.append(Step(name=name, seconds=round(time.monotonic() - clock, 3)))

    def _check(self) -> None:
        if self.deadline:
            self.deadline.check()
