"""One trial: a damaged file is read, or refused with a clear error, in bounded time."""

from __future__ import annotations

import random
import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from cjm_research.config import JourneyPart, build_journey
from cjm_research.errors import CjmError
from cjm_research.journey import Journey
from cjm_research.readers import read_source
from tests.fuzz.corpus import Example, examples
from tests.fuzz.damage import damage

LIMIT_S = 5.0
WAIT_S = 60.0
"""By the clock, for a reader that waits instead of working."""


class TooSlow(BaseException):
    """A file took too long; no handler of errors may take it for one of its own."""


def make_journey() -> Journey:
    """Return a journey of two stages."""
    stages = [{"id": "find", "events": ["search"]}, {"id": "buy", "events": ["pay"]}]
    return build_journey(JourneyPart.model_validate({"stages": stages}))


def try_file(example: Example, content: bytes, folder: Path, journey: Journey) -> str:
    """Read a file; return what went wrong, or an empty text.

    A table and a typed error that says what to do are both right.
    """
    (folder / example.name).write_bytes(content)
    try:
        with _limited(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_source(example.source(), folder, journey)
    except CjmError as error:
        return "" if str(error).strip() else "an error without words"
    except (Exception, TooSlow):
        return traceback.format_exc()
    return ""


def try_seed(name: str, seed: int, folder: Path, journey: Journey) -> str:
    """Damage the example of a format in the way of this seed, and read it."""
    example = examples()[name]
    return try_file(example, damage(example, random.Random(seed)), folder, journey)


@contextmanager
def _limited() -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {LIMIT_S:g} s of work, or {WAIT_S:g} s in all")

    # The time of this process tells how much work a file is, however busy the machine; what waits
    # for another process takes none of it, and is ended by the clock.
    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, LIMIT_S),
        (signal.SIGALRM, signal.ITIMER_REAL, WAIT_S),
    )
    for number, timer, seconds in timers:
        signal.signal(number, stop)
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for _, timer, _ in timers:
            signal.setitimer(timer, 0)
