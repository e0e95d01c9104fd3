"""Rows of the data page that findings cite: which they are, and under which address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cjm_research.cells import Cell, text
from cjm_research.study.conclusions import ResolvedFinding

DATA_PAGE = "data.html"

Link = tuple[str, int]
"""Id of a finding, and the place of a link in its evidence."""

_NAMING = (
    "stage", "told_at", "next_stage", "name", "event", "destination", "outcome", "source",
    "against", "aspect", "kind", "code_group", "code", "segment", "segment_value", "measure",
    "wave", "wave_a", "wave_b",
)  # fmt: skip
"""Columns whose names tell a row from the others, and stay when numbers move."""


@dataclass(frozen=True)
class CitedRow:
    """A row that findings cite.

    Attributes
    ----------
    anchor : str
        Id on the data page: made of the names in the row, so that it lasts from run to run.
    links : tuple of Link
        The links of findings that lead here.
    """

    anchor: str
    links: tuple[Link, ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings that cite it, each once."""
        return tuple(dict.fromkeys(finding for finding, _ in self.links))


def find_cited(
    table: str,
    columns: Sequence[str],
    found: Sequence[Cell],
    line_of: Callable[[Mapping[str, object]], tuple[str, ...]],
    findings: Sequence[ResolvedFinding],
) -> dict[int, CitedRow]:
    """Return the rows of a table that findings cite, by their place.

    Parameters
    ----------
    table : str
    columns : sequence of str
        The columns that are shown: a number that is not among them is not found in a row.
    found : sequence of Cell
        The rows that are shown.
    line_of : callable
        Returns a row as it is shown.
    findings : sequence of ResolvedFinding
    """
    places: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(found):
        places.setdefault(line_of(row), []).append(place)
    links: dict[int, list[Link]] = {}
    for finding in findings:
        for cell in finding.cells:
            if cell.table != table or cell.column not in columns:
                continue
            same = places.get(line_of(cell.row), [])
            if len(same) == 1:  # of rows that look alike, none can be named
                links.setdefault(same[0], []).append((finding.id, cell.link))
    taken: dict[str, int] = {}
    cited = {}
    for place in sorted(links):
        anchor = _name(table, found[place])
        taken[anchor] = taken.get(anchor, 0) + 1
        if taken[anchor] > 1:
            anchor = f"{anchor}-{taken[anchor]}"
        cited[place] = CitedRow(anchor, tuple(links[place]))
    return cited


def _name(table: str, row: Mapping[str, object]) -> str:
    words = [table, *(text(row.get(column)) for column in _NAMING)]
    return "row-" + "-".join(re.sub(r"[^\w]+", "-", word).strip("-") for word in words if word)
