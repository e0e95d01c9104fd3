"""The journey as the table from which Visio's Data Visualizer draws a cross-functional chart."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from openpyxl import Workbook

from cjm_research.exporters.steps import list_steps
from cjm_research.exporters.workbook import save_book, write_sheet
from cjm_research.exporters.writing import write_whole

HEADER = (
    "Process Step ID", "Process Step Description", "Next Step ID", "Connector Label",
    "Shape Type", "Function", "Phase",
)  # fmt: skip
SHEET = "Process Map"


def export_visio(
    journey_map: pd.DataFrame, path: Path, *, verdicts: pd.DataFrame | None = None
) -> Path:
    """Write the journey map as a Data Visualizer table.

    Parameters
    ----------
    journey_map : DataFrame
        Table `journey_map`.
    path : Path
        An `.xlsx`, replaced if it is there.
    verdicts : DataFrame, optional
        Table `verdicts`.

    Returns
    -------
    Path
        The file: a row per box, its lane as the function and its stage as the phase. Ids are
        unique, and every next id is there. Every shape is a `Process`: it is not established
        which other types each version of Visio knows. Held against the described format, not
        against the product.
    """
    rows = [
        (step.id, step.words, step.next_id, step.next_words, "Process", step.lane, step.phase)
        for step in list_steps(journey_map, verdicts)
    ]
    book = Workbook(write_only=True)
    write_sheet(book, SHEET, HEADER, rows)
    return write_whole(path, save_book(book))
