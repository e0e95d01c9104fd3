"""Key maps: which id of one source is which of another, as two columns of a table or a log.

A roster says the same where it has one row a person. A key map may have many: the devices of a
customer, the tickets of a contact, the events before and after somebody logged in.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cjm_research.config import Keys
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.cells import (
    Cells,
    is_table,
    read_cells,
    require_columns,
    require_mapping,
    squeeze,
)
from cjm_research.readers.files import find_files
from cjm_research.readers.json_records import SUFFIXES, Records, as_text, look_up
from cjm_research.readers.notes import Notes
from cjm_research.readers.odd_ids import is_nobody
from cjm_research.readers.parquet_records import read_flat_columns
from cjm_research.readers.rows import make_rows


def read_keys(source: Keys, folder: Path, journey: Journey) -> Material:
    """Return which ids are the same person's.

    Parameters
    ----------
    source : Keys
        `columns.participant` holds a person's id, `columns.identifier` one that another source
        has for them. Of JSON records they are fields; dots lead inside.
    folder : Path
        The study folder.
    journey : Journey
        Not used; every reader takes the same arguments.

    Returns
    -------
    Material
        Pairs of ids. Nobody becomes a participant by standing in a key map. An identifier
        that belongs to several people (a shared device) joins nobody: their words and deeds
        would become one person's. Such pairs are left out and counted.

    Raises
    ------
    SourceError
        If a column is not declared or absent.
    """
    require_mapping(source, "participant", "identifier")
    notes = Notes()
    parts = []
    for path in find_files(source, folder, notes):
        cells = _read(path, source, notes)
        wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
        require_columns(cells, wanted)
        pairs = pd.DataFrame(
            {
                "raw_id": cells.frame[squeeze(source.columns["participant"])],
                "other": cells.frame[squeeze(source.columns["identifier"])],
            }
        )
        # `guest` in a hundred rows would make their devices one person's.
        blank = pairs.apply(is_nobody).any(axis=1)
        notes.set_aside(cells.file, "rows with one id only, left out", pairs.index[blank])
        parts.append(pairs[~blank].assign(file=cells.file, row=pairs.index[~blank]))
    if not parts:
        return Material(source=source.id, **notes.parts())
    pairs = pd.concat(parts, ignore_index=True)
    return Material(
        source=source.id,
        keys=make_rows("keys", _find_certain(pairs, ", ".join(source.files), notes)),
        **notes.parts(),
    )


def _read(path: Path, source: Keys, notes: Notes) -> Cells:
    about = notes.of(path.name)
    if path.suffix.casefold() == ".parquet":
        frame = read_flat_columns(path, source.columns.values())
        about.format, about.n_in = "Parquet", about.n_in + len(frame)
        return Cells(path.name, frame)
    if path.suffix.casefold() in SUFFIXES and not is_table(path):
        return _read_records(path, source, notes)
    about.format = "table"
    return read_cells(
        path, notes=notes, encoding=source.encoding, sheet=source.sheet, delimiter=source.delimiter
    )


def _read_records(path: Path, source: Keys, notes: Notes) -> Cells:
    """Return the two fields of JSON records, such as who is logged in on which device."""
    records = Records(path)
    names = dict.fromkeys(source.columns.values())
    rows = {
        number: [as_text(look_up(record, name)).strip() for name in names]
        for number, record in records
    }
    about = notes.of(path.name)
    about.format = "JSON records"
    about.n_in += len(rows) + sum(map(len, records.odd.values()))
    for what, odd in records.odd.items():
        notes.set_aside(path.name, what, odd)
    for what, n in records.doubts.items():
        notes.warn(path.name, what, n)
    frame = pd.DataFrame.from_dict(
        rows, orient="index", columns=[squeeze(name) for name in names], dtype="object"
    )
    # A field that no record fills is none of theirs.
    return Cells(path.name, frame.loc[:, (frame != "").any()])


def _find_certain(pairs: pd.DataFrame, files: str, notes: Notes) -> list[tuple[str, str]]:
    """Return the pairs whose identifier has one person, and count partners of both."""
    folded = pairs[["raw_id", "other"]].apply(lambda ids: ids.str.casefold())
    repeated = folded.duplicated()
    _set_aside(pairs[repeated], "pairs of ids that stand there already, left out", notes)
    pairs, folded = pairs[~repeated], folded[~repeated]
    shared = folded["other"].duplicated(keep=False)
    many = folded["raw_id"][~shared].duplicated(keep=False)
    notes.count(files, "pairs of ids", len(pairs))
    what = "pairs whose identifier several participants have (a shared device?), not used"
    _set_aside(pairs[shared], what, notes)
    n_many = folded["raw_id"][~shared][many].nunique()
    notes.warn(files, "participants with several identifiers, joined to all of them", n_many)
    for file, rows in pairs[~shared].groupby("file"):
        notes.of(str(file)).n_used += len(rows)
    return list(pairs.loc[~shared, ["raw_id", "other"]].itertuples(index=False, name=None))


def _set_aside(pairs: pd.DataFrame, what: str, notes: Notes) -> None:
    for file, rows in pairs.groupby("file", sort=False)["row"]:
        notes.set_aside(str(file), what, list(rows))
