"""What survey programs put above and beside the answers: told by the header, then set apart.

A new program is added to `EXPORTS`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cjm_research.config import Survey
from cjm_research.readers.cells import (
    Cells,
    make_cells,
    name_by_position,
    read_records,
    squeeze,
)
from cjm_research.readers.notes import Notes
from cjm_research.readers.spss import SUFFIXES as SPSS_SUFFIXES
from cjm_research.readers.spss import is_spss, read_spss

RATINGS = frozenset({"nps", "csat", "ces", "sus", "rating"})
SPSS = "SPSS"
Records = Sequence[Sequence[str]]
TABLE = "table"
"""Name of what no survey program's marks are on: one header row, then answers."""


@dataclass(frozen=True)
class Export:
    """How the records of a file are to be read.

    Attributes
    ----------
    name : str
        The program, as `cjm check` says it.
    header : list of str
        Column names by position, as study.yaml asks for them.
    first : int
        Position of the first record with answers.
    wording : dict of str to str
        Column name to the question as people read it, where the file tells.
    personal : frozenset of str
        Columns about the person that the program adds; never read as answers.
    names : frozenset of str
        Those of them that hold names and addresses, which are masked in everybody's words.
    timezone : str
        Of times without one, where the file or the program tells.
    trial : tuple of str and frozenset of str
        A column and its (folded) values that mark rows of nobody, such as previews.
    guarded : bool
        True when the program puts `'` before answers that a spreadsheet would run.
    verified : bool
        False when no file of the program was ever seen by us.
    told : str
        What the file says of its own cells; empty when it says nothing.
    open : frozenset of str
        Columns that the file says are answered in words of one's own.
    """

    name: str
    header: list[str]
    first: int
    wording: dict[str, str] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    timezone: str = ""
    trial: tuple[str, frozenset[str]] = ("", frozenset())
    guarded: bool = False
    verified: bool = True
    told: str = ""
    open: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """The program's name, with a word of warning where its layout is not verified."""
        return self.name if self.verified else f"{self.name} (unverified)"


def read_export(path: Path, source: Survey, *, notes: Notes) -> tuple[Cells, Export]:
    """Return the answers of a survey's file, and what the program says of them.

    Rows of nobody (previews, tests) are left out and counted.

    Raises
    ------
    SourceError
        If the file is no table, or its header does not fit `column_names`.
    """
    if path.suffix.casefold() in SPSS_SUFFIXES or is_spss(path):
        return _read_spss_export(path, source, notes)
    records = read_records(
        path, notes=notes, encoding=source.encoding, sheet=source.sheet, delimiter=source.delimiter
    )
    export = recognise_export(records)
    if source.column_names:
        header = name_by_position(export.header, source.column_names, path.name)
        export = replace(export, header=header, wording={}, trial=("", frozenset()))
    if export.guarded:
        records = [[strip_guard(cell) for cell in record] for record in records]
    cells = make_cells(path.name, export.header, records, first=export.first, notes=notes)
    notes.of(path.name).format = export.name
    if export.name != TABLE:
        notes.count(path.name, f"exported by {export.shown}", 1)
    if export.told:
        notes.count(path.name, export.told, 1)
    column, values = export.trial
    if column in cells.frame:
        trial = cells.frame[column].str.casefold().isin(values)
        rows = cells.frame.index[trial]
        notes.set_aside(path.name, "previews and tests, left out", rows)
        cells = replace(cells, frame=cells.frame[~trial])
    return cells, export


def _read_spss_export(path: Path, source: Survey, notes: Notes) -> tuple[Cells, Export]:
    """Return an SPSS file: codes for ratings and ids, what they stand for elsewhere."""
    file = read_spss(path, encoding=source.encoding)
    names, wording = file.names, file.wording
    if source.column_names:
        names, wording = name_by_position(names, source.column_names, path.name), {}
    asked = {q.id: [squeeze(name) for name in q.all_columns] for q in source.questions}
    rated = [q.id for q in source.questions if q.kind in RATINGS and not q.labels]
    coded = {squeeze(source.columns.get("participant", ""))}.union(*(asked[id_] for id_ in rated))
    records = file.records(coded={at for at, name in enumerate(names) if name in coded})
    cells = make_cells(path.name, names, records, first=1, notes=notes)
    notes.of(path.name).format = SPSS
    notes.count(path.name, "saved by SPSS", 1)
    of_file = dict(zip(names, file.names, strict=True))
    for question, columns in asked.items():
        notes.warn(
            path.name,
            f"question '{question}': user-missing answers (such as refusals), kept as what they "
            "are called, never rated",
            sum(file.missing.get(of_file.get(name, ""), 0) for name in columns),
        )
    return cells, Export(SPSS, names, 1, wording=wording)


def recognise_export(records: Records) -> Export:
    """Return how a survey's records are to be read; one header row when nothing tells."""
    for read in EXPORTS:
        export = read(records)
        if export:
            return export
    return Export(TABLE, _squeezed(records[0]), 1)


def _read_qualtrics(records: Records) -> Export | None:
    header = _squeezed(records[0])
    ids = records[2] if len(records) > 2 else ()
    if any('"ImportId"' in cell for cell in ids):
        first, zone = 3, _qualtrics_zone(ids)
        told = _qualtrics_choices(header, records[3:])
    elif header[0] in ("ResponseID", "V1") and len(records) > 1:
        first, zone, told = 2, "", ""  # exports of before 2017 have no third row
    else:
        return None
    return Export(
        "Qualtrics",
        header,
        first,
        wording=_pair(header, _squeezed(records[1])),
        personal=_QUALTRICS_PERSONAL,
        names=frozenset({"RecipientLastName", "RecipientFirstName", "RecipientEmail"}),
        timezone=zone,
        trial=("Status", frozenset({"survey preview", "survey test", "1", "2"})),
        told=told,
    )


_QUALTRICS_PERSONAL = frozenset(
    {"IPAddress", "RecipientLastName", "RecipientFirstName", "RecipientEmail"}
    | {"LocationLatitude", "LocationLongitude"}
)


def _qualtrics_zone(ids: Sequence[str]) -> str:
    for cell in ids:
        try:
            told = json.loads(cell).get("timeZone", "")
        except (ValueError, AttributeError, RecursionError):
            continue
        if told:
            return str(told)
    return ""


def _qualtrics_choices(header: list[str], answers: Records) -> str:
    """Return whether choices stand as codes or as text: the program's own columns tell."""
    for name in ("Finished", "Status"):
        place = header.index(name) if name in header else -1
        cells = {record[place].strip() for record in answers if 0 <= place < len(record)} - {""}
        if cells:
            coded = all(cell.isdigit() for cell in cells)
            return f"choices are written as {'numeric codes' if coded else 'their text'}"
    return ""


def _read_surveymonkey(records: Records) -> Export | None:
    header = _squeezed(records[0])
    if [name.casefold() for name in header[:2]] != ["respondent id", "collector id"]:
        return None
    below = _squeezed(records[1]) if len(records) > 1 else []
    below += [""] * (len(header) - len(below))
    names, wording, question = [], {}, ""
    for above, label in zip(header, below, strict=False):
        # A question stands above the first of its columns only.
        question = above or question
        plain = label.casefold() in ("", "response", _OPEN_ENDED)
        name = question if plain else f"{question}: {label}"
        names.append(name)
        wording[name] = question
    # A condensed export has an empty second row, or none: then people answer in it.
    has_labels = len(records) > 1 and not any(below[: len(_SURVEYMONKEY_FIRST)])
    return Export(
        "SurveyMonkey",
        names if has_labels else header,
        2 if has_labels else 1,
        wording=wording if has_labels else {},
        open=frozenset(
            name
            for name, label in zip(names, below, strict=False)
            if has_labels and label.casefold() == _OPEN_ENDED
        ),
        personal=frozenset({"IP Address", "Email Address", "First Name", "Last Name"}),
        names=frozenset({"Email Address", "First Name", "Last Name"}),
    )


_OPEN_ENDED = "open-ended response"
_SURVEYMONKEY_FIRST = ("Respondent ID", "Collector ID", "Start Date")


def _read_typeform(records: Records) -> Export | None:
    header = _squeezed(records[0])
    if header[0] != "#" or not {"Network ID", "Submit Date (UTC)"} <= set(header):
        return None
    return Export(
        "Typeform",
        _numbered(header),
        1,
        personal=frozenset({"Network ID"}),
        timezone="UTC",
        guarded=True,
    )


def _read_alchemer(records: Records) -> Export | None:
    header = _squeezed(records[0])
    if not {"Time Started", "Date Submitted", "Status"} <= set(header):
        return None
    # `Aspect #1:What do you like?`: the box, a colon, the question.
    wording = {name: name.partition(":")[2] or name for name in header}
    return Export(
        "Alchemer",
        header,
        1,
        wording=wording,
        personal=frozenset(
            {"IP Address", "Longitude", "Latitude", "City", "Postal", "User Agent", "SessionID"}
            | {"Email", "Contact ID"}
        ),
        names=frozenset({"Email"}),
    )


def _read_google_forms(records: Records) -> Export | None:
    header = _squeezed(records[0])
    if header[0] != "Timestamp":
        return None
    mails = frozenset({"Email Address", "Email address", "Username"})
    return Export("Google Forms", header, 1, personal=mails, names=mails, verified=False)


def _read_hotjar(records: Records) -> Export | None:
    """Return Hotjar's responses, of whose columns only the help pages tell.

    No file of it was ever seen by us: whatever holds these columns, in any order, is taken for one.
    """
    header = _squeezed(records[0])
    folded = [name.casefold() for name in header]
    if not {"country", "device", "browser"} <= set(folded):
        return None
    if not any(re.search(r"\burl\b|\bpage\b", name) for name in folded):
        return None
    if any(re.search(r"event|action|session", name) for name in folded):
        return None  # a log of what people did
    personal = frozenset(n for n in header if _HOTJAR_PERSONAL.search(n))
    names = frozenset(n for n in personal if re.search(r"(?i)mail|\bname\b", n))
    return Export("Hotjar", header, 1, personal=personal, names=names, verified=False)


_HOTJAR_PERSONAL = re.compile(
    r"(?i)^(hotjar )?user( ?id)?$|\bip\b|e-?mail|^country$|^city$|^region$|^(user )?name$"
)


EXPORTS: tuple[Callable[[Records], Export | None], ...] = (
    _read_qualtrics,
    _read_surveymonkey,
    _read_typeform,
    _read_alchemer,
    _read_google_forms,
    _read_hotjar,
)


_GUARDED = re.compile(r"'[=+\-@\t]")


def strip_guard(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if _GUARDED.match(cell) else cell


def _squeezed(record: Sequence[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in record]


def _numbered(header: list[str]) -> list[str]:
    """Return column names, those that repeat (`Other`) numbered: each can be asked for then."""
    counts = Counter(header)
    seen: Counter[str] = Counter()
    names = []
    for name in header:
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if name and counts[name] > 1 else name)
    return names


def _pair(header: list[str], wording: list[str]) -> dict[str, str]:
    return {name: said for name, said in zip(header, wording, strict=False) if name and said}
