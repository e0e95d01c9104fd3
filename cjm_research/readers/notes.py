"""What a reader recognised and what it found odd, counted for the report."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from cjm_research.readers.rows import make_rows


@dataclass
class Notes:
    """Rows of the material's part `quality`, collected while a source is read.

    `what` never holds a participant's words, name or id: it is printed in reports.
    """

    rows: list[tuple[str, str, str, int]] = field(default_factory=list)

    def count(self, file: str, what: str, n: int) -> None:
        """Note how much of something was recognised."""
        self.rows.append((file, "info", what, int(n)))

    def warn(self, file: str, what: str, n: int = 1) -> None:
        """Note something odd; zero of it is not worth a line."""
        if n:
            self.rows.append((file, "warning", what, int(n)))

    def frame(self) -> pd.DataFrame:
        """Return the notes as rows of `quality`."""
        return make_rows("quality", self.rows)
