"""Observation logs of usability tests: outcomes and words from one row per person and task."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from cjm_research.config import Observations, Outcome, Rule, resolve_stage
from cjm_research.errors import SourceError, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.cells import (
    Cells,
    read_cells,
    require_columns,
    require_mapping,
    rows_in_words,
    squeeze,
)
from cjm_research.readers.files import find_files, is_reviewed, relative_name
from cjm_research.readers.notes import Notes
from cjm_research.readers.progress import follow
from cjm_research.readers.rows import Row, make_rows, make_turn


def read_observations(source: Observations, folder: Path, journey: Journey) -> Material:
    """Return what people tried, how it ended, and what was said or noted.

    Parameters
    ----------
    source : Observations
        Columns, rules for outcomes, columns of words.
    folder : Path
        The study folder.
    journey : Journey
        Gives the ids of the stages that items belong to.

    Returns
    -------
    Material
        Per row one event (the item, in its stage); per outcome whose rules decide one rating
        (1 success, 0 failure; a row that no rule fits is missing, never a failure); per filled
        column of words one document.

    Raises
    ------
    SourceError
        If columns are absent, ids are blank, or an item has no stage.
    """
    notes = Notes()
    people: dict[str, None] = {}
    turns: list[Row] = []
    ratings: list[Row] = []
    events: list[Row] = []
    lookup = _read_lookup(source, folder)
    tried: Counter[tuple[str, str]] = Counter()
    unreviewed = 0
    for path in follow(find_files(source, folder, notes)):
        unreviewed += not is_reviewed(source.masking_reviewed, path, folder)
        cells = read_cells(
            path,
            notes=notes,
            encoding=source.encoding,
            sheet=source.sheet,
            header_row=source.header_row,
            delimiter=source.delimiter,
        )
        about = notes.of(path.name)
        about.format, about.n_used = "table", about.n_used + len(cells.frame)
        require_columns(cells, _wanted_columns(source))
        _check_people(source, cells)
        frame = cells.frame
        items = _items(source, cells, tried)
        stages = _stages(source, cells, lookup, journey)
        for raw_id, item, stage in zip(_ids(source, cells), items, stages, strict=True):
            people[raw_id] = None
            events.append((raw_id, "", item, pd.NaT, stage, "", "", math.nan, source.wave))
        for outcome in source.outcomes:
            values = decide_outcome(frame, outcome)
            notes.count(path.name, f"rows with outcome '{outcome.id}'", int(values.notna().sum()))
            ratings += [
                (raw_id, outcome.id, item, value, stage, source.wave)
                for raw_id, item, value, stage in zip(
                    _ids(source, cells), items, values, stages, strict=True
                )
                if not math.isnan(value)
            ]
        turns += _notes_of(source, cells, items, stages, relative_name(path, folder))
    return Material(
        source=source.id,
        people=make_rows("people", [(raw_id, "") for raw_id in people]),
        turns=make_rows("turns", turns),
        ratings=make_rows("ratings", ratings),
        events=make_rows("events", events),
        **notes.parts(),
        unreviewed=unreviewed if turns else 0,
    )


def decide_outcome(frame: pd.DataFrame, outcome: Outcome) -> pd.Series:
    """Return 1.0 (success), 0.0 (failure) or NaN per row: the first rule that fits decides.

    A rule fits when the whole cell, without white space at its ends and in upper case,
    matches the pattern of every column that it names.
    """
    values = pd.Series(math.nan, index=frame.index, dtype="float64")
    for rule in outcome.rules:
        fits = _fits(frame, rule)
        values = values.mask(fits & values.isna(), 1.0 if rule.then == "success" else 0.0)
    return values


def _fits(frame: pd.DataFrame, rule: Rule) -> pd.Series:
    fits = pd.Series(True, index=frame.index)
    for name, pattern in rule.when.items():
        compiled = re.compile(pattern)
        cells = frame[squeeze(name)].str.strip().str.upper()
        fits &= pd.Series([compiled.fullmatch(cell) is not None for cell in cells], fits.index)
    return fits


def _wanted_columns(source: Observations) -> dict[str, str]:
    require_mapping(source, "participant", "item")
    wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
    for outcome in source.outcomes:
        for rule in outcome.rules:
            wanted |= dict.fromkeys(rule.when, f"outcome '{outcome.id}'")
    return wanted | {text.column: "texts" for text in source.texts}


def _ids(source: Observations, cells: Cells) -> list[str]:
    return [str(value) for value in cells.frame[squeeze(source.columns["participant"])]]


def _check_people(source: Observations, cells: Cells) -> None:
    for key, words in (("participant", "participant"), ("item", "item")):
        column = squeeze(source.columns[key])  # type: ignore[index]
        blank = cells.frame.index[cells.frame[column] == ""]
        if len(blank):
            raise SourceError(
                cells.file,
                f"column '{column}' is blank in {rows_in_words(list(blank))}; every row needs "
                f"its {words}.",
                "fill these cells, or take these rows out.",
            )


def _items(source: Observations, cells: Cells, tried: Counter[tuple[str, str]]) -> list[str]:
    """Return the item of every row; a repeat by the same person becomes 'item (2)'."""
    items = []
    named = cells.frame[squeeze(source.columns["item"])]
    for raw_id, item in zip(_ids(source, cells), named, strict=True):
        tried[(raw_id, item)] += 1
        n = tried[(raw_id, item)]
        items.append(item if n == 1 else f"{item} ({n})")
    return items


def _read_lookup(source: Observations, folder: Path) -> dict[str, str]:
    if not source.stages_from:
        return {}
    path = folder / source.stages_from.file
    if not path.is_file():
        raise SourceError(
            source.stages_from.file,
            f"source '{source.id}': the file that gives each item its stage is not there ({path}).",
            "correct `stages_from.file`, which is relative to the study folder.",
        )
    cells = read_cells(path, notes=Notes(), encoding=source.encoding)
    key, value = source.stages_from.key, source.stages_from.value
    require_columns(cells, {key: "stages_from.key", value: "stages_from.value"})
    return dict(zip(cells.frame[squeeze(key)], cells.frame[squeeze(value)], strict=True))


def _stages(
    source: Observations, cells: Cells, lookup: dict[str, str], journey: Journey
) -> list[str]:
    """Return the stage id of every row."""
    if source.stages_from:
        items = cells.frame[squeeze(source.columns["item"])]
        unknown = list(dict.fromkeys(item for item in items if item not in lookup))
        if unknown:
            raise SourceError(
                cells.file,
                f"{source.stages_from.file} gives no stage for {len(unknown)} items: "
                f"{quoted(unknown[:10])}.",
                f"add them to {source.stages_from.file}, column '{source.stages_from.key}'.",
            )
        names, where = items.map(lookup), source.stages_from.file
    elif "stage" in source.columns:
        names, where = cells.frame[squeeze(source.columns["stage"])], cells.file
    else:
        return [""] * len(cells.frame)
    ids = {name: resolve_stage(journey, name, where=where) for name in names.unique()}
    return [ids[name] for name in names]


def _notes_of(
    source: Observations, cells: Cells, items: list[str], stages: list[str], reference: str
) -> list[Row]:
    turns: list[Row] = []
    raw_ids = _ids(source, cells)
    for text in source.texts:
        column = squeeze(text.column)
        ignored = {word.strip().casefold() for word in text.ignore}
        rows = zip(cells.frame.index, raw_ids, items, stages, cells.frame[column], strict=True)
        for row, raw_id, item, stage, words in rows:
            if words and words.casefold() not in ignored:
                turns.append(
                    make_turn(
                        f"{reference}#{row}:{column}",
                        raw_id,
                        "note",
                        text.speaker,
                        words,
                        wave=source.wave,
                        prompt=text.prompt,
                        question=column,
                        item=item,
                        declared_stage=stage,
                    )
                )
    return turns
