"""Tables as comma-separated files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from cjm_research.exporters.flat_cells import flatten_cell
from cjm_research.exporters.writing import write_whole
from cjm_research.safe_cells import guard_text


def export_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as a CSV that spreadsheets and programs read.

    Parameters
    ----------
    table : DataFrame
    path : Path
        Replaced if it is there.

    Returns
    -------
    Path
        The file: UTF-8 with a byte-order mark (Excel would take it for another encoding), RFC
        4180. Text that would begin a formula has an apostrophe before it
        (`safe_cells.unguard_text` takes it off); numbers are numbers, also negative ones.
    """
    return write_whole(path, make_csv(table))


def make_csv(table: pd.DataFrame) -> bytes:
    """Return the bytes of `export_csv`."""
    rows = table.itertuples(index=False, name=None)
    return join_rows([str(name) for name in table.columns], rows)


def join_rows(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return the lines of a CSV, every text guarded against formulas."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([guard_text(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    flat = flatten_cell(value)
    if isinstance(flat, str):
        return guard_text(flat)
    if isinstance(flat, bool):
        return "true" if flat else "false"
    return flat.isoformat() if isinstance(flat, datetime) else flat
