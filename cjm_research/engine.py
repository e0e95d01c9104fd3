"""The one door to ibis: expressions over tables, run by DuckDB in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir


def as_table(frame: pd.DataFrame) -> ir.Table:
    """Return a pandas frame as an ibis table."""
    import ibis

    return ibis.memtable(frame)


def run(expression: ir.Table) -> pd.DataFrame:
    """Execute an expression on a fresh in-memory DuckDB and return a frame."""
    import ibis

    connection = ibis.duckdb.connect()
    try:
        frame: pd.DataFrame = connection.execute(expression)
    finally:
        connection.disconnect()
    return frame
