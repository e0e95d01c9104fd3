"""The roster: who took part, under which ids, with which consent, in which audience segments."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cjm_research.config import Roster
from cjm_research.errors import SourceError
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.cells import Cells, read_cells, require_columns, rows_in_words, squeeze
from cjm_research.readers.consent import read_consent
from cjm_research.readers.files import find_files
from cjm_research.readers.notes import Notes
from cjm_research.readers.rows import Row, make_rows
from cjm_research.readers.surveys import check_attribute, check_ids

_PHONE_DIGITS = 7


def read_roster(source: Roster, folder: Path, journey: Journey) -> Material:
    """Return the people of a roster, and every string that identifies them.

    Parameters
    ----------
    source : Roster
        Which columns hold ids, names, contacts and audience segments.
    folder : Path
        The study folder.
    journey : Journey
        Not used; every reader takes the same arguments.

    Raises
    ------
    SourceError
        If columns are absent, ids are blank or repeat, or one id belongs to two people.
    """
    notes = Notes()
    seen: dict[str, str] = {}
    people = []
    identities: list[Row] = []
    for path in find_files(source, folder, notes):
        cells = read_cells(
            path, notes=notes, encoding=source.encoding, sheet=source.sheet,
            delimiter=source.delimiter,
        )  # fmt: skip
        about = notes.of(path.name)
        about.format, about.n_used = "table", about.n_used + len(cells.frame)
        require_columns(cells, _wanted_columns(source))
        raw_ids = cells.frame[squeeze(source.columns["participant"])]
        check_ids(raw_ids, cells.file, source.columns["participant"], seen)
        _check_identifiers(source, cells)
        people.append(_to_people(source, cells, raw_ids))
        for kind, columns in (("id", source.identifiers), ("name", source.names)):
            identities += _identities(cells, raw_ids, columns, kind)
        identities += _identities(cells, raw_ids, source.contacts, "")
    frame = pd.concat(people, ignore_index=True) if people else make_rows("people", [])
    return Material(
        source=source.id,
        people=frame.fillna(""),
        identities=make_rows("identities", identities),
        **notes.parts(),
    )


def _wanted_columns(source: Roster) -> dict[str, str]:
    if "participant" not in source.columns:
        raise SourceError(
            f"{', '.join(source.files)} (source '{source.id}')",
            "`columns:` does not say which column is `participant`.",
            "map it in study.yaml.",
        )
    wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
    for key in ("identifiers", "names", "contacts", "attributes"):
        wanted |= dict.fromkeys(getattr(source, key), key)
    return wanted


def _check_identifiers(source: Roster, cells: Cells) -> None:
    """Check that no id belongs to two people: their words and deeds would become one's."""
    columns = [source.columns["participant"], *source.identifiers]
    owners: dict[str, int] = {}
    clashes: list[int] = []
    for name in columns:
        for row, value in cells.frame[squeeze(name)].str.casefold().items():
            if value and owners.setdefault(value, int(row)) != int(row):
                clashes += [owners[value], int(row)]
    if clashes:
        raise SourceError(
            cells.file,
            f"{rows_in_words(sorted(set(clashes)))} share an id, in the columns of "
            "`participant` and `identifiers`.",
            "make ids unique over all these columns, such as with a letter before the number.",
        )


def _to_people(source: Roster, cells: Cells, raw_ids: pd.Series) -> pd.DataFrame:
    people = pd.DataFrame({"raw_id": raw_ids, "consent": ""}, dtype="object")
    if "consent" in source.columns:
        people["consent"] = read_consent(
            cells.frame[squeeze(source.columns["consent"])],
            source.consent_values,
            where=cells.file,
        )
    for name in source.attributes:
        check_attribute(squeeze(name), source.id)
        people[squeeze(name)] = cells.frame[squeeze(name)]
    return people


def _identities(cells: Cells, raw_ids: pd.Series, columns: list[str], kind: str) -> list[Row]:
    return [
        (raw_ids[row], kind or _kind_of_contact(value), value)
        for name in columns
        for row, value in cells.frame[squeeze(name)].items()
        if value != ""
    ]


def _kind_of_contact(value: str) -> str:
    if "@" in value:
        return "email"
    return "phone" if len(re.findall(r"\d", value)) >= _PHONE_DIGITS else "other"
