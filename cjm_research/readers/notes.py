"""What a reader recognised and what it found odd, counted for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cjm_research.readers.rows import Row, make_rows

LISTED_ROWS = 100_000
"""Of one file and reason: beyond it, rows that were set aside are counted only."""


@dataclass
class FileNotes:
    """How one file was read; see `material.COLUMNS` for the meaning of its parts."""

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    day_first: str = ""
    timezone: str = ""
    n_in: int = 0
    n_used: int = 0
    aside: list[tuple[str, Sequence[int]]] = field(default_factory=list)

    @property
    def n_set_aside(self) -> int:
        """Rows that were left out."""
        return sum(len(rows) for _, rows in self.aside)


@dataclass
class Notes:
    """Rows of the material's parts `quality`, `files` and `set_aside`, collected while reading.

    `what` never holds a participant's words, name or id: it is printed in reports.
    """

    rows: list[tuple[str, str, str, int]] = field(default_factory=list)
    files: dict[str, FileNotes] = field(default_factory=dict)

    def count(self, file: str, what: str, n: int) -> None:
        """Note how much of something was recognised."""
        self.rows.append((file, "info", what, int(n)))

    def warn(self, file: str, what: str, n: int = 1) -> None:
        """Note something odd; zero of it is not worth a line."""
        if n:
            self.rows.append((file, "warning", what, int(n)))

    def of(self, file: str) -> FileNotes:
        """Return what is noted of one file, to add to."""
        return self.files.setdefault(file, FileNotes())

    def set_aside(self, file: str, what: str, rows: Sequence[int]) -> None:
        """Warn of rows that are left out, and list them by their numbers in the file."""
        self.warn(file, what, len(rows))
        if len(rows):
            self.of(file).aside.append((what, rows))

    def frame(self) -> pd.DataFrame:
        """Return the notes as rows of `quality`."""
        return make_rows("quality", self.rows)

    def parts(self) -> dict[str, pd.DataFrame]:
        """Return the parts of the material that the notes are; call it once, when all is read."""
        for name, of in self.files.items():
            # Not of tables that belong to others, which have no format of their own.
            if of.format and not of.n_used:
                self.warn(name, "no row was used")
        files: list[Row] = [
            (
                name, of.format, of.encoding, of.delimiter, of.day_first, of.timezone,
                of.n_in, of.n_used, of.n_set_aside,
            )
            for name, of in self.files.items()
        ]  # fmt: skip
        return {
            "quality": self.frame(),
            "files": make_rows("files", files),
            "set_aside": make_rows("set_aside", list(self._list_aside())),
        }

    def _list_aside(self) -> Iterator[Row]:
        for name, of in self.files.items():
            for what, rows in of.aside:
                yield from ((name, int(row), what) for row in rows[:LISTED_ROWS])
