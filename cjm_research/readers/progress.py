"""How far the reading of a source's files has come, told to whoever wants to hear it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

Say = Callable[[str], None]

EVERY_S = 2.0
"""Files that are read faster are not worth a line."""

# Not an argument of every reader: what they return does not depend on who is listening.
_listener: ContextVar[Say | None] = ContextVar("listener", default=None)


@contextmanager
def listening(say: Say | None) -> Iterator[None]:
    """Tell `say` how far reading has come, as long as this lasts."""
    token = _listener.set(say)
    try:
        yield
    finally:
        _listener.reset(token)


def follow(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield files one by one, and tell from time to time how many have been read."""
    say, told = _listener.get(), time.monotonic()
    for n_read, path in enumerate(paths):
        if say and time.monotonic() - told >= EVERY_S:
            say(f"  {n_read:,} of {len(paths):,} files read")
            told = time.monotonic()
        yield path
