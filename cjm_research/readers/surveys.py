"""Surveys: one row a participant; open answers, ratings, choices and attributes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cjm_research.config import Question, Survey, resolve_stage
from cjm_research.errors import SourceError, quoted
from cjm_research.journey import Journey
from cjm_research.material import VALUE, Material
from cjm_research.readers.cells import Cells, require_columns, rows_in_words, squeeze
from cjm_research.readers.choices import OTHER, list_choices
from cjm_research.readers.consent import read_consent
from cjm_research.readers.files import find_files, is_reviewed, relative_name
from cjm_research.readers.notes import Notes
from cjm_research.readers.progress import follow
from cjm_research.readers.questionnaire import find_pages, list_reached
from cjm_research.readers.rows import Row, make_rows, make_turn
from cjm_research.readers.scales import SUS_ITEMS, read_scale, score_sus
from cjm_research.readers.survey_exports import RATINGS, Export, read_export
from cjm_research.readers.times import Times, read_times

RESERVED = frozenset({"raw_id", "consent", "participant_id", "alias", VALUE})
"""Columns of `people` and `participants` that an attribute may not overwrite."""
_SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "ces": (1.0, 5.0), "sus": (0.0, 100.0)}
_KIND_OF_COLUMN = (("email", r"mail"), ("phone", r"phone|mobile|\btel"), ("name", r"name"))


@dataclass
class _Rows:
    """Rows of the material, collected file by file."""

    people: list[pd.DataFrame] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    turns: list[Row] = field(default_factory=list)
    declared_codes: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    answered: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


def read_survey(source: Survey, folder: Path, journey: Journey) -> Material:
    """Return the answers of a survey.

    Parameters
    ----------
    source : Survey
        What its columns mean. Without `columns.participant` every row is a visit of its own,
        and nobody can be recognised in another source.
    folder : Path
        The study folder.
    journey : Journey
        Gives the ids of the stages that questions and pages name.

    Returns
    -------
    Material
        Every filled cell of an open question is a document; ratings on their scale; every
        choice, and every filled cell of other questions, in `answers`; with a questionnaire,
        one event per row and stage that the row reached.

    Raises
    ------
    SourceError
        If columns are absent, participants repeat or are blank, a consent value is not
        declared, or dates contradict each other.
    """
    notes = Notes()
    rows = _Rows()
    seen: dict[str, str] = {}
    unreviewed = 0
    for path in follow(find_files(source, folder, notes)):
        unreviewed += not is_reviewed(source.masking_reviewed, path, folder)
        cells, export = read_export(path, source, notes=notes)
        require_columns(cells, _wanted_columns(source))
        notes.of(path.name).n_used += len(cells.frame)
        raw_ids = _participant_ids(source, cells, seen)
        times = _read_submitted(source, cells, export, notes)
        _add_people(rows, source, cells, raw_ids)
        _add_identities(rows, source, cells, export, raw_ids)
        rows.answered += [(raw_ids[row], time) for row, time in times.dropna().items()]
        pages = find_pages(source.questionnaire, journey, where=path.name)
        reference = relative_name(path, folder)
        for question in source.questions:
            stage = resolve_stage(journey, question.stage, where=f"question '{question.id}'")
            page, block = pages.place(question.id)
            answers, words = _list_answers(question, cells, export, notes)
            rows.answers += [
                (raw_ids[row], question.id, column, page, block, choice)
                for row, column, choice in answers
            ]
            for row, column, text in words:
                document = f"{reference}#{row}:{column}"
                asked = question.text or export.wording.get(column, "")
                rows.turns.append(
                    make_turn(
                        document,
                        raw_ids[row],
                        "survey_answer",
                        "participant",
                        text,
                        wave=source.wave,
                        prompt=asked,
                        question=question.id,
                        declared_stage=stage,
                        said_at=times[row],
                    )
                )
                codes = [(document, code.group, code.code) for code in question.codes]
                rows.declared_codes += codes
            if question.kind in RATINGS:
                measure = question.id if question.kind == "rating" else question.kind
                rows.ratings += [
                    (raw_ids[row], measure, item, value, stage, source.wave)
                    for row, item, value in _list_ratings(question, cells, notes)
                ]
        _add_reached(rows, source, journey, cells, raw_ids, times)
    people = pd.concat(rows.people, ignore_index=True) if rows.people else None
    return Material(
        source=source.id,
        people=make_rows("people", []) if people is None else people.fillna(""),
        identities=make_rows("identities", rows.identities),
        turns=make_rows("turns", rows.turns),
        declared_codes=make_rows("declared_codes", rows.declared_codes),
        ratings=make_rows("ratings", rows.ratings),
        answers=make_rows("answers", rows.answers),
        answered=make_rows("answered", rows.answered),
        events=make_rows("events", rows.events),
        **notes.parts(),
        unreviewed=unreviewed if rows.turns else 0,
    )


def _wanted_columns(source: Survey) -> dict[str, str]:
    wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
    wanted |= dict.fromkeys(source.identifying, "identifying")
    for question in source.questions:
        wanted |= dict.fromkeys(question.all_columns, f"question '{question.id}'")
    if source.questionnaire:
        wanted[source.questionnaire.submitted_column] = "questionnaire.submitted_column"
    return wanted


def _participant_ids(source: Survey, cells: Cells, seen: dict[str, str]) -> pd.Series:
    """Return the raw id of every row; `seen` holds where earlier files had an id."""
    index = cells.frame.index
    column = source.columns.get("participant")
    if not column:
        one_file = len(source.files) == 1 and not re.search(r"[*?\[]", source.files[0])
        prefix = "" if one_file else f"{cells.file} "
        return pd.Series([f"{prefix}row {row}" for row in index], index=index, dtype="object")
    raw_ids = cells.frame[squeeze(column)]
    check_ids(raw_ids, cells.file, column, seen)
    return raw_ids


def check_ids(raw_ids: pd.Series, file: str, column: str, seen: dict[str, str]) -> None:
    """Check that every row has an id of its own; add the ids to `seen`.

    Raises
    ------
    SourceError
        Naming the rows. Ids themselves are not repeated in the message.
    """
    check_filled(raw_ids, file, column)
    folded = raw_ids.str.casefold()
    repeated = raw_ids.index[folded.duplicated(keep=False)]
    if len(repeated):
        raise SourceError(
            file,
            f"{rows_in_words(repeated)} repeat participant ids of column '{column}'; one row per "
            "participant is expected.",
            "keep one row per participant. If a row is a visit, not a person, take "
            "`participant:` out of `columns:` and declare `unit: visit`.",
        )
    earlier = [row for row, name in folded.items() if name in seen]
    if earlier:
        raise SourceError(
            file,
            f"{rows_in_words(earlier)} repeat participants of {seen[folded[earlier[0]]]}.",
            "declare repeats of a survey as sources of their own, each with its `wave:`.",
        )
    seen |= dict.fromkeys(folded, file)


def check_filled(raw_ids: pd.Series, file: str, column: str) -> None:
    """Check that every row has an id.

    Raises
    ------
    SourceError
        Naming the rows.
    """
    blank = raw_ids.index[raw_ids == ""]
    if len(blank):
        raise SourceError(
            file,
            f"column '{column}' is blank in {rows_in_words(blank)}.",
            "give every participant an id, or take these rows out.",
        )


def _read_submitted(source: Survey, cells: Cells, export: Export, notes: Notes) -> pd.Series:
    column = source.columns.get("submitted_at")
    if not column:
        return pd.Series(pd.NaT, index=cells.frame.index, dtype="datetime64[us, UTC]")
    times = read_times(
        cells.frame[squeeze(column)],
        timezone=_find_timezone(source, cells.file, export, notes),
        day_first=source.day_first,
        where=f"{cells.file}, column '{column}'",
    )
    notes.warn(cells.file, f"unreadable times in '{squeeze(column)}'", len(times.unreadable))
    known = "timezone" in source.model_fields_set or bool(export.timezone)
    note_way_of_times(times, cells.file, notes, zone_known=known)
    return times.utc


def _find_timezone(source: Survey, file: str, export: Export, notes: Notes) -> str:
    """Return the zone of times without one: as declared, else as the file tells, else UTC."""
    if "timezone" in source.model_fields_set or not export.timezone:
        return source.timezone
    notes.count(file, f"times are of {export.timezone}, as the export says", 1)
    notes.of(file).timezone = export.timezone
    return export.timezone


def note_way_of_times(times: Times, file: str, notes: Notes, *, zone_known: bool) -> None:
    """Note the order and zone that dates were read in, and what clock changes make uncertain."""
    if not zone_known:
        notes.warn(file, "times without a zone, read as UTC: declare `timezone:`", times.n_naive)
    if times.day_first is not None:
        notes.of(file).day_first = "true" if times.day_first else "false"
    notes.warn(file, "times that exist twice when clocks go back, read as the first", times.doubled)
    notes.warn(file, "times that do not exist when clocks go forward, moved on", times.skipped)


def _add_people(rows: _Rows, source: Survey, cells: Cells, raw_ids: pd.Series) -> None:
    frame = cells.frame
    people = pd.DataFrame({"raw_id": raw_ids, "consent": ""}, dtype="object")
    column = source.columns.get("consent")
    if column:
        people["consent"] = read_consent(
            frame[squeeze(column)], source.consent_values, where=cells.file
        )
    for question in source.questions:
        if question.kind == "attribute":
            check_attribute(question.id, source.id)
            people[question.id] = _first_filled(frame, question.columns)
    rows.people.append(people.reset_index(drop=True))


def _add_identities(
    rows: _Rows, source: Survey, cells: Cells, export: Export, raw_ids: pd.Series
) -> None:
    """Collect what names a person: as declared, and what the program adds of itself."""
    own = [name for name in cells.frame.columns if name in export.names]
    for name in dict.fromkeys([*map(squeeze, source.identifying), *own]):
        kind = kind_of_column(name)
        values = cells.frame[name]
        rows.identities += [
            (raw_ids[row], kind, value) for row, value in values.items() if value != ""
        ]


def check_attribute(name: str, where: str) -> None:
    """Check that an attribute does not take the name of a column with a meaning of its own."""
    if name in RESERVED:
        raise SourceError(
            where,
            f"an attribute cannot be called '{name}'.",
            f"choose another name; {quoted(sorted(RESERVED))} have a meaning of their own.",
        )


def kind_of_column(name: str) -> str:
    """Return the kind of identity that a column's name suggests."""
    for kind, pattern in _KIND_OF_COLUMN:
        if re.search(pattern, name, re.IGNORECASE):
            return kind
    return "other"


def _first_filled(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    values = frame[squeeze(columns[0])]
    for name in columns[1:]:
        values = values.where(values != "", frame[squeeze(name)])
    return values


def _list_answers(
    question: Question, cells: Cells, export: Export, notes: Notes
) -> tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]:
    """Return what was answered (row, column, choice) and what was said (row, column, text)."""
    if question.kind == "choice":
        choices = list_choices(question, cells.frame, export.wording)
        about = f"question '{question.id}'"
        sign = f"split at '{question.separator.strip()}'"
        if choices.split:
            notes.count(cells.file, f"{about}: cells with several choices, {sign}", choices.split)
        notes.warn(
            cells.file,
            f"{about}: choices that only stand side by side, perhaps one option that holds the "
            "separator: list `options:`",
            choices.together,
        )
        if choices.unlisted:
            what = f"{about}: answers that are none of `options:`, counted as '{OTHER}'"
            notes.count(cells.file, what, choices.unlisted)
        return choices.rows, choices.written
    answers, words = [], []
    for column in map(squeeze, question.columns):
        for row, text in _filled(cells, column).items():
            answers.append((int(row), column, text if question.kind == "attribute" else ""))
            if question.kind == "open":
                words.append((int(row), column, text))
    return answers, words


def _filled(cells: Cells, column: str) -> pd.Series:
    return cells.frame[column][cells.frame[column] != ""]


def _list_ratings(question: Question, cells: Cells, notes: Notes) -> list[tuple[int, str, float]]:
    """Return row, item and value of the ratings that a question got."""
    columns = [squeeze(name) for name in question.columns]
    if question.kind == "sus" and len(columns) == SUS_ITEMS:
        return _score_sus(question, columns, cells, notes)
    low, high = question.scale or _SCALES.get(question.kind, (-math.inf, math.inf))
    ratings = []
    for column in columns:
        values = _read_scale(question, column, cells, notes)
        on_scale = values.between(low, high) & values.abs().lt(math.inf)
        notes.warn(
            cells.file,
            f"question '{question.id}': answers outside the scale {low:g} to {high:g}, left out",
            int((~on_scale & values.notna()).sum()),
        )
        item = question.id if len(columns) == 1 else f"{question.id}: {column}"
        ratings += [(int(row), item, value) for row, value in values[on_scale].items()]
    return ratings


def _read_scale(question: Question, column: str, cells: Cells, notes: Notes) -> pd.Series:
    values, n_labelled = read_scale(_filled(cells, column), question.labels)
    about = f"question '{question.id}'"
    if n_labelled:
        what = f"{about}: answers of a number and words, such as '10 - ...', read as the number"
        notes.count(cells.file, what, n_labelled)
    notes.warn(cells.file, f"{about}: answers that are no number, left out", values.isna().sum())
    return values


def _score_sus(
    question: Question, columns: list[str], cells: Cells, notes: Notes
) -> list[tuple[int, str, float]]:
    items = {column: _read_scale(question, column, cells, notes) for column in columns}
    scores = score_sus(pd.DataFrame(items, index=cells.frame.index, dtype="float64"))
    answered = (cells.frame[columns] != "").any(axis=1)
    about = f"question '{question.id}'"
    notes.count(cells.file, f"{about}: scores made of ten items", int(scores.notna().sum()))
    notes.warn(
        cells.file,
        f"{about}: people with an item that is missing or not 1 to 5, left out",
        int((answered & scores.isna()).sum()),
    )
    return [(int(row), question.id, value) for row, value in scores.dropna().items()]


def _add_reached(
    rows: _Rows,
    source: Survey,
    journey: Journey,
    cells: Cells,
    raw_ids: pd.Series,
    times: pd.Series,
) -> None:
    if not source.questionnaire:
        return
    columns = {question.id: question.all_columns for question in source.questions}
    reached = list_reached(cells, source.questionnaire, columns, journey)
    for row, stage in reached:
        rows.events.append(
            (raw_ids[row], "", f"reached {stage}", times[row], stage, "", "", math.nan, source.wave)
        )
