"""What a file was taken for, and what only the researcher can add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NO_SIGN = (
    "not read: nothing shows what it is. If it is a log, name its columns under `columns:`; times "
    "are text such as 2026-03-01 10:00, dates such as 03/04/2026 need `day_first:`, and numbers "
    "since 1970 need `time_unit:`"
)


@dataclass(frozen=True)
class Guess:
    """What a file was taken for.

    Attributes
    ----------
    file : str
        Name of the file.
    kind : str
        Kind of source; empty when it is none.
    what : str
        What it was taken for, and what shows it.
    source : dict
        The keys of study.yaml that its content suggests, `files` and `id` left out. None stands
        for what only the researcher knows and nothing can be read without.
    asks : tuple of str
        What only the researcher can know, and what to look at.
    events : dict of str to int
        Of a log: how often each event occurs.
    header : tuple of str
        Of a survey: its columns. Rounds of one survey have the same.
    """

    file: str
    kind: str
    what: str
    source: dict[str, Any] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    events: dict[str, int] = field(default_factory=dict)
    header: tuple[str, ...] = ()
