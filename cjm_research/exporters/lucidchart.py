"""The journey as Lucidchart's process CSV ("Process Diagram Import")."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cjm_research.exporters.delimited import join_rows
from cjm_research.exporters.steps import LANES, Step, list_steps
from cjm_research.exporters.writing import write_whole

HEADER = (
    "Id", "Name", "Shape Library", "Page ID", "Contained By", "Group", "Line Source",
    "Line Destination", "Source Arrow", "Destination Arrow", "Text Area 1",
)  # fmt: skip
_LIBRARY = "Flowchart Shapes"
_LANES_LIBRARY = "Flowchart Shapes/Containers"


def export_lucidchart(
    journey_map: pd.DataFrame,
    path: Path,
    *,
    verdicts: pd.DataFrame | None = None,
    title: str = "Journey map",
) -> Path:
    """Write the journey map as a CSV that Lucidchart lays out as a process diagram.

    Parameters
    ----------
    journey_map : DataFrame
        Table `journey_map`.
    path : Path
        Replaced if it is there.
    verdicts : DataFrame, optional
        Table `verdicts`.
    title : str
        Name of the page.

    Returns
    -------
    Path
        The file: a page, a swim lane each for what people do, feel and what hurts, a process
        shape per stage in each, and a line from stage to stage with the share who go on. Ids
        rise by one from 1, and every reference is to an id above it. Held against the described
        format, not against the product.
    """
    steps = list_steps(journey_map, verdicts)
    lanes = {lane: number for number, lane in enumerate(LANES, start=2)}
    ids = {step.id: number for number, step in enumerate(steps, start=2 + len(lanes))}
    rows = [_row(1, "Page", words=title)]
    rows += [
        _row(number, "Swim Lane", library=_LANES_LIBRARY, page="1", words=lane)
        for lane, number in lanes.items()
    ]
    rows += [
        _row(ids[step.id], "Process", library=_LIBRARY, page="1", inside=str(lanes[step.lane]),
             words=step.words)
        for step in steps
    ]  # fmt: skip
    joined = [step for step in steps if step.next_id]
    rows += [_line(number, step, ids) for number, step in enumerate(joined, start=len(rows) + 1)]
    return write_whole(path, join_rows(HEADER, rows))


def _row(
    number: int, name: str, *, words: str, library: str = "", page: str = "", inside: str = ""
) -> tuple[object, ...]:
    return (number, name, library, page, inside, "", "", "", "", "", words)


def _line(number: int, step: Step, ids: dict[str, int]) -> tuple[object, ...]:
    ends = (ids[step.id], ids[step.next_id])
    return (number, "Line", "", "1", "", "", *ends, "None", "Arrow", step.next_words)
