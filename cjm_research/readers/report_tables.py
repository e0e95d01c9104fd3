"""Tables that programs export as reports: found among what stands above and below them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cjm_research.errors import SourceError, quoted
from cjm_research.readers.cells import Cells, make_cells, require_columns, squeeze
from cjm_research.readers.notes import Notes

Records = Sequence[Sequence[str]]
_SEARCHED = 50
"""Records among which a program's header is looked for: a log has millions."""
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_ADDRESS = re.compile(r"(?<=[^\s@])@[^\s@]+\.[^\s@]")


@dataclass(frozen=True)
class Preset:
    """Usual names of a program's columns; compared without regard to case.

    Attributes
    ----------
    name : str
        The program, as the report says it.
    columns : dict
        Key of `columns:` to its usual names. All of them mark the program's table.
    more : dict
        The same, for columns that may be missing.
    """

    name: str
    columns: dict[str, tuple[str, ...]]
    more: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportTable:
    """Where a table stands in a file, and what its columns mean.

    Attributes
    ----------
    program : str
        Whose it is; empty where nothing tells.
    header : int
        Position of the record with the column names.
    columns : dict of str to str
        Key of `columns:` to column name.
    by_name : bool
        True where a column was taken by its usual name, and study.yaml does not name it.
    """

    program: str
    header: int
    columns: dict[str, str]
    by_name: bool = False


def recognise_report(records: Records, presets: Iterable[Preset]) -> ReportTable | None:
    """Return where the table of a known program stands among the records of a file."""
    for position, record in enumerate(records[:_SEARCHED]):
        for preset in presets:
            columns = _match(preset, record)
            if columns:
                return ReportTable(preset.name, position, columns, by_name=True)
    return None


def find_declared(
    records: Records,
    declared: Mapping[str, str],
    *,
    needed: Sequence[str],
    where: str,
    known: ReportTable | None = None,
) -> ReportTable:
    """Return where the table with the declared columns stands.

    Parameters
    ----------
    records : sequence of sequence of str
        Of the file.
    declared : mapping
        Key of `columns:` to column name.
    needed : sequence of str
        Keys that have to be among them.
    where : str
        The source, for messages.
    known : ReportTable, optional
        The table of a known program: declared columns are added to its own.

    Raises
    ------
    SourceError
        If a key is missing.
    """
    named = {str(key): squeeze(name) for key, name in declared.items()}
    missing = [key for key in needed if key not in named]
    if known is not None:
        there = {squeeze(cell) for cell in records[known.header]}
        own = {k: name for k, name in known.columns.items() if name not in named.values()}
        guessed = own.keys() - named.keys()
        if guessed and (missing or set(named.values()) <= there):
            return ReportTable(known.program, known.header, own | named, by_name=True)
    if missing:
        raise SourceError(
            where,
            f"`columns:` does not say which column holds {quoted(missing)}.",
            "name it in study.yaml.",
        )
    headers = [{squeeze(cell) for cell in record} for record in records]
    wanted = set(named.values())
    # What stands above a table is narrower than the table.
    likely = max(range(len(headers)), key=lambda place: len(headers[place]))
    header = next((place for place, names in enumerate(headers) if wanted <= names), likely)
    return ReportTable("", header, named)


def cut_report(
    records: Records, table: ReportTable, *, label: str, file: str, notes: Notes
) -> Cells:
    """Return the table up to the next blank line, without what stands around it.

    Parameters
    ----------
    records : sequence of sequence of str
        Of the file.
    table : ReportTable
        From `recognise_report` or `find_declared`.
    label : str
        Key of the column without which a row is a total; empty where rows have no names.
    file : str
        For messages.
    notes : Notes
        Gets what is left out, and whether the columns are known by their names alone.

    Raises
    ------
    SourceError
        If a column is absent or repeated.
    """
    if table.by_name:
        notes.warn(
            file,
            f"columns taken by their names for those of {table.program}: compare the counts with "
            "the program, or name them under `columns:`",
        )
    header = [squeeze(cell) for cell in records[table.header]]
    start = table.header + 1
    blank = (n for n in range(start, len(records)) if not any(map(squeeze, records[n])))
    end = next(blank, len(records))
    name = table.columns.get(label, "")
    place = header.index(name) if name in header else None
    totals = [_is_total(record, place, len(header)) for record in records[start:end]]
    kept = [
        [] if total else list(record)
        for record, total in zip(records[start:end], totals, strict=True)
    ]
    above = sum(any(map(squeeze, record)) for record in records[: table.header])
    below = [n for n in range(end, len(records)) if any(map(squeeze, records[n]))]
    if above:
        notes.count(file, "lines above the table, left out", above)
    notes.of(file).n_in += end - start + len(below)
    notes.set_aside(file, "lines below the table, left out", [n + 1 for n in below])
    without = f" or without a {label}" if label else ""
    sums = [n + 1 for n, total in enumerate(totals, start) if total]
    notes.set_aside(file, f"rows of totals{without}, left out", sums)
    # The blank rows are those just left out, and counted.
    own = Notes()
    whole = [*map(list, records[:start]), *kept]
    cells = make_cells(file, header, whole, first=start, notes=own)
    notes.rows += [row for row in own.rows if not row[2].startswith("blank")]
    require_columns(cells, {name: f"columns.{key}" for key, name in table.columns.items()})
    return cells


def number_cells(cells: Cells, column: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each row and what stands in a column."""
    return ((int(row), text) for row, text in cells.frame[column].items())


def drop_brackets(name: str) -> str:
    """Return a column's name without what stands in brackets at its end, such as a currency."""
    return _IN_BRACKETS.sub("", name)


def refuse_addresses(labels: Iterable[str], *, file: str) -> None:
    """Check that labels name nobody: a table of counts that is split by person counts nobody.

    Raises
    ------
    SourceError
        If a label holds an e-mail address.
    """
    named = sum(bool(_ADDRESS.search(label)) for label in labels)
    if named:
        raise SourceError(
            file,
            f"{named} of its labels hold an e-mail address; such a report counts, and tells of "
            "nobody.",
            "export it without splitting it by person.",
        )


def _match(preset: Preset, record: Sequence[str]) -> dict[str, str]:
    # `Active users (% of step 1)` is the column of active users.
    plain = [drop_brackets(squeeze(cell)).casefold() for cell in record]
    found = {
        key: squeeze(record[plain.index(name)])
        for key, names in (preset.columns | preset.more).items()
        for name in names[::-1]
        if name in plain
    }
    return found if preset.columns.keys() <= found.keys() else {}


def _is_total(record: Sequence[str], place: int | None, width: int) -> bool:
    """Return whether a row has no label, or calls itself a total, also in a cell too many."""
    if place is not None and not "".join(record[place : place + 1]).strip():
        return True
    # Google writes it into the first column, whichever that is.
    if any(cell.strip().casefold().startswith("total: ") for cell in record):
        return True
    return "total" in " ".join(record[width:]).casefold()
