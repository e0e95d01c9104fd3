"""The roster: who took part, under which ids, with which consent, in which audience segments."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from cjm_research.config import Roster, resolve_stage
from cjm_research.errors import SourceError, quoted
from cjm_research.journey import Journey
from cjm_research.material import VALUE, Material
from cjm_research.readers.amounts import read_amounts
from cjm_research.readers.cells import (
    Cells,
    read_cells,
    require_columns,
    require_mapping,
    rows_in_words,
    squeeze,
)
from cjm_research.readers.consent import read_consent
from cjm_research.readers.files import find_files
from cjm_research.readers.notes import Notes
from cjm_research.readers.rows import Row, make_rows
from cjm_research.readers.surveys import check_attribute, check_filled, check_ids

_PHONE_DIGITS = 7
_LISTED = 8


def read_roster(source: Roster, folder: Path, journey: Journey) -> Material:
    """Return the people of a roster, and every string that identifies them.

    Parameters
    ----------
    source : Roster
        Which columns hold ids, names, contacts and audience segments; of a CRM also how far
        somebody has come, and what they are worth.
    folder : Path
        The study folder.
    journey : Journey
        Gives the ids of the stages that `lifecycle_stages` names.

    Returns
    -------
    Material
        People and what identifies them. `lifecycle` (the stage, where `lifecycle_stages` gives
        it one) and `value` are columns of theirs. Where there is a value, a person's rows, such
        as deals, are summed: people have it once.

    Raises
    ------
    SourceError
        If columns are absent, ids are blank or repeat, one id belongs to two people, a step of
        the lifecycle has no stage, or amounts may be read in two ways.
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
        require_columns(cells, _wanted_columns(source))
        cells = _drop_repeats(source, cells, notes)
        cells, unowned = _drop_unowned(source, cells, notes)
        identities += unowned
        about = notes.of(path.name)
        about.format, about.n_used = "table", about.n_used + len(cells.frame)
        raw_ids = cells.frame[squeeze(source.columns["participant"])]
        check = check_filled if "value" in source.columns else partial(check_ids, seen=seen)
        check(raw_ids, cells.file, source.columns["participant"])
        _check_identifiers(source, cells)
        people.append(_to_people(source, cells, raw_ids, journey, notes))
        for kind, columns in (("id", source.identifiers), ("name", source.names)):
            identities += _identities(cells, raw_ids, columns, kind)
        identities += _identities(cells, raw_ids, source.contacts, "")
    frame = pd.concat(people, ignore_index=True) if people else make_rows("people", [])
    worded = [name for name in frame.columns if name != VALUE]
    frame[worded] = frame[worded].fillna("")
    return Material(
        source=source.id,
        people=_one_each(frame, source, journey, notes),
        identities=make_rows("identities", identities),
        **notes.parts(),
    )


def _wanted_columns(source: Roster) -> dict[str, str]:
    require_mapping(source, "participant")
    wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
    if source.lifecycle_stages and "lifecycle" not in source.columns:
        raise SourceError(
            f"{', '.join(source.files)} (source '{source.id}')",
            "`lifecycle_stages:` is given, but `columns:` does not say which column is "
            "`lifecycle`.",
            "map it in study.yaml.",
        )
    for key in ("identifiers", "names", "contacts", "attributes"):
        wanted |= dict.fromkeys(getattr(source, key), key)
    return wanted


def _check_identifiers(source: Roster, cells: Cells) -> None:
    """Check that no id belongs to two people: their words and deeds would become one's."""
    columns = [source.columns["participant"], *source.identifiers]
    people = cells.frame[squeeze(columns[0])].str.casefold()
    owners: dict[str, int] = {}
    clashes: list[int] = []
    for name in columns:
        for row, value in cells.frame[squeeze(name)].str.casefold().items():
            if value and people[owners.setdefault(value, int(row))] != people[row]:
                clashes += [owners[value], int(row)]
    if clashes:
        raise SourceError(
            cells.file,
            f"{rows_in_words(sorted(set(clashes)))} share an id, in the columns of "
            "`participant` and `identifiers`.",
            "make ids unique over all these columns, such as with a letter before the number.",
        )


def _to_people(
    source: Roster, cells: Cells, raw_ids: pd.Series, journey: Journey, notes: Notes
) -> pd.DataFrame:
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
    if "lifecycle" in source.columns:
        steps = cells.frame[squeeze(source.columns["lifecycle"])]
        people["lifecycle"] = _name_steps(source, steps, journey, cells.file)
        if not source.lifecycle_stages:
            what = "steps of the lifecycle without a stage: `lifecycle_stages:` gives them one"
            notes.warn(cells.file, what, steps[steps != ""].nunique())
    if "value" in source.columns:
        people[VALUE] = _read_values(source, cells, notes)
    return people


def _name_steps(source: Roster, steps: pd.Series, journey: Journey, file: str) -> pd.Series:
    """Return the stage of every step of the lifecycle; the step itself where none is declared."""
    if not source.lifecycle_stages:
        return steps
    stages = {
        step.strip().casefold(): resolve_stage(journey, stage, where=f"lifecycle_stages.{step}")
        for step, stage in source.lifecycle_stages.items()
    }
    stages[""] = ""
    folded = steps.str.casefold()
    unknown = sorted(set(steps[~folded.isin(list(stages))]))
    if unknown:
        more = f" and {len(unknown) - _LISTED} more" if len(unknown) > _LISTED else ""
        raise SourceError(
            file,
            f"column '{squeeze(source.columns['lifecycle'])}' holds {quoted(unknown[:_LISTED])}"
            f"{more}, which `lifecycle_stages:` does not list.",
            "give each a stage of the journey, or '' where it has none. CRMs export a step's "
            "label or its internal name: list what stands in the file.",
        )
    return folded.map(stages).astype("object")


def _read_values(source: Roster, cells: Cells, notes: Notes) -> pd.Series:
    name = squeeze(source.columns["value"])
    amounts = read_amounts(
        cells.frame[name],
        decimal_comma=source.decimal_comma,
        where=f"{cells.file}, column '{name}'",
    )
    notes.warn(cells.file, f"values in '{name}' that are no amount", len(amounts.unreadable))
    if amounts.currency:
        notes.count(cells.file, f"values in '{name}' are {amounts.currency}", 1)
    return amounts.numbers


def _drop_repeats(source: Roster, cells: Cells, notes: Notes) -> Cells:
    """Leave out rows that are the same in every column: a sum would count them twice."""
    if "value" not in source.columns:
        return cells
    twice = cells.frame.duplicated()
    what = "rows that repeat another in every column, left out"
    notes.set_aside(cells.file, what, cells.frame.index[twice])
    return replace(cells, frame=cells.frame[~twice])


def _drop_unowned(source: Roster, cells: Cells, notes: Notes) -> tuple[Cells, list[Row]]:
    """Leave out deals of nobody, and of several; what names people in them is masked all the same.

    A value is one person's: that of a deal with two contacts can be given to neither.
    """
    if "value" not in source.columns:
        return cells, []
    ids = cells.frame[squeeze(source.columns["participant"])]
    blank, several = ids == "", ids.str.contains(";", regex=False)
    notes.set_aside(cells.file, "rows without a participant's id, left out", ids.index[blank])
    what = "rows with several participants' ids in a cell, left out"
    notes.set_aside(cells.file, what, ids.index[several])
    apart = replace(cells, frame=cells.frame[blank | several])
    nobody = pd.Series("", index=apart.frame.index)
    rows: list[Row] = [
        ("", "id", one.strip()) for cell in ids[several] for one in cell.split(";") if one.strip()
    ]
    for kind, columns in (
        ("id", source.identifiers),
        ("name", source.names),
        ("", source.contacts),
    ):
        rows += _identities(apart, nobody, columns, kind)
    return replace(cells, frame=cells.frame[~(blank | several)]), rows


def _one_each(people: pd.DataFrame, source: Roster, journey: Journey, notes: Notes) -> pd.DataFrame:
    """Give every row of a person what all of them come to: the sum, and the furthest stage."""
    if VALUE not in people:
        return people
    folded = people["raw_id"].str.casefold()
    several = folded.duplicated(keep=False)
    file = f"(source '{source.id}')"
    notes.warn(file, "people with several rows, their values summed", folded[several].nunique())
    sums = people[VALUE].groupby(folded).transform(lambda values: values.sum(min_count=1))
    people = people.assign(**{VALUE: sums})
    if "lifecycle" not in people:
        return people.drop_duplicates(ignore_index=True)
    differ = people["lifecycle"].groupby(folded).transform("nunique") > 1
    if not differ.any():
        return people.drop_duplicates(ignore_index=True)
    if not source.lifecycle_stages:
        raise SourceError(
            f"{', '.join(source.files)} {file}",
            f"{folded[differ].nunique()} people have several rows in different steps of the "
            "lifecycle, and nothing tells which is the furthest.",
            "declare `lifecycle_stages:`, so that the furthest stage of the journey counts.",
        )
    notes.warn(
        file, "people with rows in several stages, counted by the furthest",
        folded[differ].nunique(),
    )  # fmt: skip
    rank = people["lifecycle"].map({stage: n for n, stage in enumerate(journey.stage_ids)})
    furthest = rank.fillna(-1).groupby(folded).transform("max").astype(int)
    people = people.assign(lifecycle=furthest.map(dict(enumerate(journey.stage_ids))).fillna(""))
    return people.drop_duplicates(ignore_index=True)


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
