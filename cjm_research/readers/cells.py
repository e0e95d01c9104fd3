"""Tables as people keep them: every cell as text, exactly as it stands in the file."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from cjm_research.config import Source
from cjm_research.errors import SourceError, did_you_mean, quoted
from cjm_research.readers.archives import (
    MAX_TOTAL_BYTES,
    Members,
    check_archive,
    refuse_broken,
)
from cjm_research.readers.footers import find_footer
from cjm_research.readers.notes import Notes
from cjm_research.readers.text import read_text, take_named_mark, to_text

_T = TypeVar("_T")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_NAMES = {mark: name for name, mark in DELIMITERS.items()}
"""What separates cells, by the names that study.yaml uses."""
_PLAIN = (".csv", ".tsv")
_GZIPPED = (".csv.gz", ".tsv.gz")
_SNIFFED_RECORDS = 20
_LISTED = 12


@dataclass(frozen=True)
class Cells:
    """A table of text.

    Attributes
    ----------
    file : str
        Name of the file, for messages.
    frame : DataFrame
        Every cell a string without white space at its ends; the index is the number of the
        record in the file, counted from 1 with the header, as a spreadsheet shows it.
    repeated : frozenset of str
        Column names that occur more than once; they cannot be asked for by name.
    """

    file: str
    frame: pd.DataFrame
    repeated: frozenset[str] = frozenset()


def read_cells(
    path: Path,
    *,
    notes: Notes,
    encoding: str = "",
    sheet: str = "",
    header_row: int = 1,
    column_names: Sequence[str] = (),
    delimiter: str = "",
) -> Cells:
    """Return a .csv or .xlsx file as text cells; "NA", "None" and "001" stay what they are.

    Parameters
    ----------
    path : Path
        The file.
    notes : Notes
        Gets the number of rows, and what was odd.
    encoding : str
        For .csv that is not UTF-8.
    sheet : str
        Of .xlsx; the first one that is visible when empty. Hidden ones are never read.
    header_row : int
        Number of the record that holds the column names; records before it are skipped.
    column_names : sequence of str
        Names by position, instead of the header's.
    delimiter : str
        Of .csv: "comma", "semicolon", "tab" or "bar"; told by the file when empty.

    Raises
    ------
    SourceError
        If the file is no such table, is empty, or its header does not fit `column_names`.
    """
    records = read_records(
        path, notes=notes, encoding=encoding, sheet=sheet, header_row=header_row,
        delimiter=delimiter,
    )  # fmt: skip
    header = [squeeze(cell) for cell in records[header_row - 1]]
    if column_names:
        header = name_by_position(header, column_names, path.name)
    return make_cells(path.name, header, records, first=header_row, notes=notes)


def read_records(
    path: Path,
    *,
    notes: Notes,
    encoding: str = "",
    sheet: str = "",
    header_row: int = 1,
    delimiter: str = "",
) -> list[list[str]]:
    """Return every record of a .csv or .xlsx file, as `read_cells` does before naming columns.

    Raises
    ------
    SourceError
        If the file is no such table, or its record of column names is empty.
    """
    name = path.name.casefold()
    if name.endswith((*_PLAIN, *_GZIPPED, ".zip")):
        records = _read_csv(path, notes, encoding, delimiter)
    elif name.endswith(".xlsx"):
        records = _read_xlsx(path, notes, sheet)
    else:
        raise SourceError(
            path.name,
            f"tables ending in '{path.suffix}' cannot be read here.",
            "save it as .csv (UTF-8) or .xlsx.",
        )
    if not any(map(any, records)):
        raise SourceError(
            path.name,
            "the table is empty.",
            "export it again, or take the file out of the study folder.",
        )
    if len(records) < header_row or not any(map(squeeze, records[header_row - 1])):
        raise SourceError(
            path.name,
            f"record {header_row}, which should hold the column names, is empty.",
            "check that the file is the one you mean, and `header_row:` where the source has it.",
        )
    end = find_footer(records)
    notes.of(path.name).n_in += len(records) - end
    notes.set_aside(
        path.name, "lines of a Salesforce footer, left out", range(end + 1, len(records) + 1)
    )
    return records[:end]


def is_table(path: Path) -> bool:
    """Return True when a file is a table by its name, or a zip by those of its members.

    Raises
    ------
    SourceError
        If it is a zip that cannot be read.
    """
    name = path.name.casefold()
    if not name.endswith(".zip"):
        return name.endswith((*_PLAIN, *_GZIPPED, ".xlsx"))
    with refuse_broken(path):
        return any(map(_names_table, Members(path).names()))


def _names_table(member: str) -> bool:
    # macOS packs a shadow beside each file, whose name begins with `._`.
    shadow = member.startswith("__MACOSX") or member.rpartition("/")[2].startswith(".")
    return member.casefold().endswith((*_PLAIN, *_GZIPPED)) and not shadow


def require_mapping(source: Source, *keys: str) -> None:
    """Check that `columns:` of a source maps these keys, without which it says nothing.

    Raises
    ------
    SourceError
        Naming every key that is not mapped.
    """
    mapped: Mapping[Any, str] = getattr(source, "columns", {})
    missing = [f"`{key}`" for key in keys if key not in mapped]
    if missing:
        raise SourceError(
            f"{', '.join(source.files)} (source '{source.id}')",
            f"`columns:` does not say which column is {' and which is '.join(missing)}.",
            "map it in study.yaml.",
        )


def require_columns(cells: Cells, wanted: dict[str, str]) -> None:
    """Check that columns exist, and report all that do not.

    Parameters
    ----------
    cells : Cells
        The table.
    wanted : dict
        Column name to the place in study.yaml that asks for it.

    Raises
    ------
    SourceError
        Naming every absent or repeated column.
    """
    found = [str(column) for column in cells.frame.columns if column]
    problems = []
    for name, place in wanted.items():
        column = squeeze(name)
        if column in cells.repeated:
            problems.append(f"column '{column}' ({place}) occurs more than once.")
        elif column not in cells.frame.columns:
            problems.append(f"no column '{column}' ({place}).{did_you_mean(column, found)}")
    if problems:
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        uncut = len(found) == 1 and any(mark in found[0] for mark in DELIMITERS.values())
        raise SourceError(
            cells.file,
            f"{' '.join(problems)} Columns found: {quoted(found[:_LISTED])}{more}.",
            "its header was not cut into columns: correct `delimiter:` in study.yaml, or "
            "declare it where a first line such as `sep=,` names a wrong one."
            if uncut
            else "correct the names in study.yaml (a survey may also give `column_names:` by "
            "position), or check that this is the right file.",
        )


def squeeze(text: str) -> str:
    """Return text with one space wherever there is white space, none at the ends."""
    return " ".join(str(text).split())


def rows_in_words(rows: Sequence[Any]) -> str:
    """Return 'row 3' or 'rows 3, 8, 9 and 4 more'."""
    shown = ", ".join(str(row) for row in list(rows)[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return f"row{'' if len(rows) == 1 else 's'} {shown}{more}"


def make_cells(
    file: str, header: list[str], records: list[list[str]], *, first: int, notes: Notes
) -> Cells:
    """Return the records from position `first` on under a header, blank ones left out."""
    width = len(header)
    rows, numbers, longer, blank = [], [], 0, []
    for number, record in enumerate(records[first:], start=first + 1):
        values = [cell.strip() for cell in record]
        if not any(values):
            blank.append(number)
            continue
        longer += any(values[width:])
        rows.append((values + [""] * (width - len(values)))[:width])
        numbers.append(number)
    counts = Counter(name for name in header if name)
    repeated = frozenset(name for name, n in counts.items() if n > 1)
    notes.count(file, "rows", len(rows))
    notes.of(file).n_in += len(rows) + len(blank)
    notes.set_aside(file, "blank rows, skipped", blank)
    notes.warn(file, "rows with more cells than the header, the rest left out", longer)
    frame = pd.DataFrame(rows, columns=_unique(header), index=numbers, dtype="object")
    return Cells(file, frame, repeated)


def _unique(header: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for position, name in enumerate(header, start=1):
        seen[name] += 1
        if not name:
            names.append(f"column {position}")
        else:
            names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def name_by_position(header: list[str], names: Sequence[str], where: str) -> list[str]:
    """Return names given for columns in the order of the file.

    Raises
    ------
    SourceError
        If there are more or fewer of them than columns.
    """
    if len(names) != len(header):
        raise SourceError(
            where,
            f"it has {len(header)} columns, but `column_names:` lists {len(names)}.",
            "list one name per column, in the order of the file.",
        )
    return [squeeze(name) for name in names]


def _read_csv(path: Path, notes: Notes, encoding: str, declared: str) -> list[list[str]]:
    if path.suffix.casefold() in _PLAIN:
        text, used = read_text(path, encoding=encoding)
    else:
        text, used = to_text(_unpack(path, notes), path.name, encoding=encoding)
    if used != "utf-8":
        notes.count(path.name, f"encoding {used}", 1)
    named, text = take_named_mark(text)
    delimiter = declared or _NAMES.get(named) or _sniff_delimiter(text)
    if delimiter != "comma":
        notes.count(path.name, f"cells separated by {delimiter}s", 1)
    about = notes.of(path.name)
    about.encoding, about.delimiter = used, delimiter
    mark = DELIMITERS[delimiter]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        records = [_check_length(record) for record in reader]
    except csv.Error as error:
        raise SourceError(
            path.name,
            f"it is not a readable CSV near line {reader.line_num} ({error}).",
            "look for a quotation mark without its partner there, or save the table again as "
            "CSV (UTF-8) or .xlsx. A text that is really longer belongs in a file of its own.",
        ) from error
    notes.warn(path.name, _SWALLOWED, sum(_holds_rows(record, mark) for record in records))
    return records


_SWALLOWED = (
    "cells over several lines that look like rows of the table: a quotation mark without its "
    "partner may have swallowed them"
)
_WIDE = 5


def _holds_rows(record: list[str], mark: str) -> bool:
    """Tell whether lines within a cell have as many cells as the row itself."""
    n_marks = len(record) - 1
    for cell in record:
        if n_marks and "\n" in cell:
            n_alike = sum(line.count(mark) == n_marks for line in cell.split("\n")[1:])
            # In a narrow table, one line of prose may have as many commas by chance.
            if n_alike >= (1 if len(record) >= _WIDE else 2):
                return True
    return False


def _unpack(path: Path, notes: Notes) -> bytes:
    """Return the only table that a gzip or a zip holds."""
    zipped = path.suffix.casefold() == ".zip"
    members = Members(path, most=MAX_TOTAL_BYTES)
    with refuse_broken(path):
        names = list(filter(_names_table, members.names())) if zipped else [path.name]
        if len(names) != 1:
            raise SourceError(
                path.name,
                f"it holds {len(names)} tables{': ' + quoted(names[:_LISTED]) if names else ''}"
                f"{_tell_passed_over(members.left_out)}.",
                "unpack it, and name the tables that the study needs under `files:`."
                if names
                else "a zip is read where it holds one .csv or .tsv; unpack it.",
            )
        content = b"".join(stream.read() for name, stream in members if name == names[0])
    notes.warn(path.name, "links and members that lead out of the archive", members.left_out)
    return content


def _tell_passed_over(n: int) -> str:
    return f"; {n} links and members that lead out of the archive are passed over" if n else ""


def _check_length(record: list[str]) -> list[str]:
    # `csv` has a limit of its own, but any library may lift it for the whole process.
    if max(map(len, record), default=0) > _LONGEST_CELL:
        raise csv.Error(f"a cell of more than {_LONGEST_CELL:,} characters")
    return record


_LONGEST_CELL = 131_072  # characters, as `csv` has it


def _sniff_delimiter(text: str) -> str:
    """Return the name of the delimiter under which most first records have the same width."""

    def fit(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter])
        widths, stray = [], 0
        try:
            for record in reader:
                if any(record):
                    widths.append(len(record))
                    # Half a pair of quotation marks: the cell was cut at the wrong place.
                    stray += any(cell.count('"') % 2 for cell in record)
                if len(widths) == _SNIFFED_RECORDS:
                    break
        except csv.Error:
            return (0.0, 0)
        if not widths or max(widths) == 1:
            return (0.0, 0)
        width, n = Counter(widths).most_common(1)[0]
        return ((n - stray) / len(widths) if width > 1 else 0.0, width)

    # max keeps the first of equals: a comma when nothing speaks against it.
    return max(DELIMITERS, key=fit)


def _read_xlsx(path: Path, notes: Notes, wanted: str) -> list[list[str]]:
    def read(book: Any) -> list[list[str]]:
        sheet = _choose_sheet(book, wanted, path.name)
        # Some programs write a wrong size into the sheet; the rows themselves are right.
        sheet.reset_dimensions()
        records = [[_as_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        notes.warn(path.name, "further sheets, not read", len(book.worksheets) - 1)
        return records

    def count(book: Any) -> int:
        """Return how many formulas of the sheet stand where no result was read."""
        sheet = _choose_sheet(book, wanted, path.name)
        sheet.reset_dimensions()
        return sum(
            cell.data_type == "f" and not kept
            for row, record in zip(sheet.iter_rows(), records, strict=False)
            for cell, kept in zip(row, record, strict=False)
        )

    records = _with_book(path, read)
    if any("" in record for record in records):
        notes.warn(path.name, _UNCOUNTED, _with_book(path, count, stored=False))
    width = max((len(record) for record in records), default=0)
    return [record + [""] * (width - len(record)) for record in records]


_UNCOUNTED = (
    "cells with a formula and no stored result, or an empty one, read as blank: open and save the "
    "workbook in a spreadsheet program"
)


def _with_book(path: Path, do: Callable[[Any], _T], *, stored: bool = True) -> _T:
    """Return what is done with an open workbook, its formulas' results stored or themselves."""
    check_archive(path, "a whole, unlocked .xlsx file", "as .xlsx or CSV (UTF-8)")
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=stored)
        try:
            return do(book)
        finally:
            book.close()
    except SourceError:
        raise
    except Exception as error:  # openpyxl raises many kinds on files that are not workbooks
        raise SourceError(
            path.name,
            f"it cannot be read as an Excel workbook ({type(error).__name__}).",
            "open it in a spreadsheet program and save it again as .xlsx, or as CSV (UTF-8).",
        ) from error


def list_sheets(path: Path) -> list[str]:
    """Return the names of the visible sheets of a workbook; without `sheet:` the first is read.

    Raises
    ------
    SourceError
        If the file is no workbook.
    """
    return _with_book(path, lambda book: [sheet.title for sheet in _visible(book)])


def _visible(book: Any) -> list[Any]:
    return [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]


def _choose_sheet(book: Any, wanted: str, where: str) -> Any:
    visible = _visible(book)
    if not visible:
        raise ValueError("it has no visible sheet")
    if not wanted:
        return visible[0]
    names = [sheet.title for sheet in visible]
    if wanted not in names:
        raise SourceError(
            where,
            f"it has no visible sheet '{wanted}'.{did_you_mean(wanted, names)} "
            f"Sheets found: {quoted(names)}.",
            "correct `sheet:` of this source in study.yaml.",
        )
    return visible[names.index(wanted)]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
