"""A deadline for a whole run, checked at every step and enforced from outside the steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cjm_research.errors import ReportError


class TimedOut(ReportError):
    """A run, or one of its notebooks, took longer than it may."""


@dataclass(frozen=True)
class Deadline:
    """Seconds that a run may take, counted from when this was made.

    Attributes
    ----------
    seconds : float
    """

    seconds: float
    _started: float = field(default_factory=time.monotonic, repr=False)

    def left(self) -> float:
        """Return the seconds that are left; negative once the deadline has passed."""
        return self.seconds - (time.monotonic() - self._started)

    def check(self) -> None:
        """Raise if the deadline has passed.

        Raises
        ------
        TimedOut
        """
        if self.left() <= 0:
            raise self.error()

    def error(self) -> TimedOut:
        """Return what to raise, or to record, when the deadline has passed."""
        return TimedOut(
            f"the run did not finish within {self.seconds:.0f} s, which is report.run_deadline_s "
            "of study.yaml."
        )


class Watchdog:
    """Acts once when a run is still going after its deadline, although a step hangs.

    DuckDB and onnxruntime cannot be interrupted: a step that checks the deadline may never
    come. Either the run publishes or the watchdog acts, never both.

    Parameters
    ----------
    seconds : float
        From now on.
    act : callable
        Called in a thread of its own; it should end the process.
    """

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._act = act
        self._claim = threading.Lock()
        self._timer = threading.Timer(max(seconds, 0), self._fire)
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        """Call it off. If it is acting already, wait for the end that it brings."""
        self._timer.cancel()
        if not self._claim.acquire(blocking=False) and self._timer.is_alive():
            self._timer.join()

    def _fire(self) -> None:
        if self._claim.acquire(blocking=False):
            self._act()
