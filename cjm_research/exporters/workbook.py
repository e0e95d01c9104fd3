"""Tables as one workbook, a sheet each, and a first sheet that says what they are."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from cjm_research.errors import TableError
from cjm_research.exporters.fixed_zip import fix_zip
from cjm_research.exporters.flat_cells import Flat, flatten_cell
from cjm_research.exporters.writing import write_whole
from cjm_research.safe_cells import SIGNS, clean_text, cut_text

LONGEST_CELL = 32_767
"""Characters that a cell of a workbook can hold."""
LONGEST_NAME = 31
MOST_ROWS = 1_048_575
_NARROW, _WIDE = 9, 60
_FIRST_ROWS = 100
_HEAD = PatternFill("solid", fgColor="EBE7DF")
_BOLD = Font(bold=True)
_TOP = Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True)
class About:
    """What the first sheet says.

    Attributes
    ----------
    title : str
        The study's question.
    facts : sequence of (str, str)
        Such as the objective, the period that the data cover and the version key.
    tables : mapping of str to str
        What each table is.
    notes : sequence of str
        How to read it, and what is left out.
    """

    title: str = ""
    facts: Sequence[tuple[str, str]] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def export_workbook(
    tables: Mapping[str, pd.DataFrame], path: Path, *, about: About | None = None
) -> Path:
    """Write tables as an XLSX workbook.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        One sheet each, in this order. A table without rows has its header.
    path : Path
        Replaced if it is there.
    about : About, optional
        What the first sheet says beside the names of the tables.

    Returns
    -------
    Path
        The file. Its header rows are frozen and filter; numbers, days and flags are typed, and
        every text is a text cell, so that nothing in it is a formula. The same tables give the
        same bytes.

    Raises
    ------
    TableError
        If a table has more rows than a sheet can hold.
    """
    return write_whole(path, make_workbook(tables, about=about or About()))


def make_workbook(tables: Mapping[str, pd.DataFrame], *, about: About) -> bytes:
    """Return the bytes of `export_workbook`."""
    book = Workbook(write_only=True)
    names = name_sheets(["About", *tables])
    _write_about(book, names, tables, about)
    for name, table in tables.items():
        if len(table) > MOST_ROWS:
            problem = f"it has {len(table):,} rows; a sheet holds {MOST_ROWS:,}. Export it as CSV."
            raise TableError("a workbook", name, [problem])
        header = [str(column) for column in table.columns]
        write_sheet(book, names[name], header, table.itertuples(index=False, name=None))
    return save_book(book)


def save_book(book: Workbook) -> bytes:
    """Return a workbook's bytes, without the time of writing."""
    buffer = io.BytesIO()
    book.save(buffer)
    return fix_zip(buffer.getvalue())


def write_sheet(
    book: Workbook, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> Any:
    """Add a sheet: a frozen header that filters, typed cells, readable widths."""
    flat = [[flatten_cell(value) for value in row] for row in rows]
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for place, title in enumerate(header):
        letter = get_column_letter(place + 1)
        sheet.column_dimensions[letter].width = _width([title, *(row[place] for row in flat)])
    if header:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{len(flat) + 1}"
    sheet.append([_cell(sheet, title, head=True) for title in header])
    for row in flat:
        sheet.append([_cell(sheet, value) for value in row])
    return sheet


def name_sheets(names: Iterable[str]) -> dict[str, str]:
    """Return a sheet's name for each table: short enough, without forbidden signs, each once.

    Examples
    --------
    >>> name_sheets(["funnel", "a/b"])
    {'funnel': 'funnel', 'a/b': 'a b'}
    """
    given: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[\[\]:*?/\\]", " ", clean_text(name)).strip(" '") or "table"
        short, number = plain[:LONGEST_NAME], 2
        # A workbook does not tell capitals from small letters here.
        while short.lower() in taken:
            short = f"{plain[: LONGEST_NAME - 1 - len(str(number))]} {number}"
            number += 1
        taken.add(short.lower())
        given[name] = short
    return given


def _write_about(
    book: Workbook,
    names: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
    about: About,
) -> None:
    sheet = book.create_sheet(names["About"])
    for letter, width in (("A", 26), ("B", 90), ("C", 10)):
        sheet.column_dimensions[letter].width = width
    sheet.append([_cell(sheet, about.title or "Tables of a study", bold=True)])
    for name, value in about.facts:
        sheet.append([_cell(sheet, name), _cell(sheet, value)])
    sheet.append([])
    sheet.append([_cell(sheet, title, head=True) for title in ("sheet", "what it is", "rows")])
    for name, table in tables.items():
        what = about.tables.get(name, "")
        sheet.append([_cell(sheet, part) for part in (names[name], what, len(table))])
    if about.notes:
        sheet.append([])
    for note in about.notes:
        sheet.append([_cell(sheet, "note"), _cell(sheet, note)])


def _cell(sheet: Any, value: Flat, *, head: bool = False, bold: bool = False) -> Any:
    if not isinstance(value, str):
        return value
    shown = cut_text(clean_text(value), LONGEST_CELL)
    if not shown:
        return None
    cell = WriteOnlyCell(sheet, value=shown)
    # Also what looks like a formula or an error is somebody's text.
    cell.data_type = "s"
    # It stays text when somebody edits the cell.
    cell.quotePrefix = shown[0] in SIGNS
    if head or bold:
        cell.font = _BOLD
    if head:
        cell.fill = _HEAD
    if head or len(shown) > _WIDE:
        cell.alignment = _TOP
    return cell


def _width(values: Sequence[Flat]) -> int:
    # The first rows tell enough; a long table is not measured to its end.
    longest = max((len(_shown(value)) for value in values[:_FIRST_ROWS]), default=0)
    return min(max(longest + 3, _NARROW), _WIDE)


def _shown(value: Flat) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str("" if value is None else value)
