"""Every tidy table: its grain, columns, types, keys and ranges, and one check.

A table is a pandas frame. `check_table` gives back the same rows with the promised dtypes
and reports every fault at once. Columns beyond the promised ones are allowed where a table
says so (audience segments in `participants`, scores per signal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cjm_research.errors import TableError, did_you_mean, quoted

Kind = Literal["text", "int", "float", "bool", "time", "any"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    kind : {"text", "int", "float", "bool", "time", "any"}
        Text is never missing (an empty string says "none"); floats may be NaN and times NaT.
    allowed : tuple of str
        The only values, when given.
    low, high : float
        Range of a number, inclusive.
    """

    kind: Kind
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Table:
    """The promise of a table."""

    name: str
    grain: str
    columns: dict[str, Column]
    key: tuple[str, ...] = ()
    extra: bool = False


TEXT = Column("text")
INT = Column("int")
FLOAT = Column("float")
FLAG = Column("bool")
TIME = Column("time")
COUNT = Column("int", low=0)
OFFSET = Column("int", low=0)
UNIT = Column("float", low=0.0, high=1.0)

MEASURES_OF_CAMPAIGNS = (
    "sent", "delivered", "opened", "impressions", "clicked", "conversions", "cost",
)  # fmt: skip
SPEAKERS = ("participant", "interviewer", "observer")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "participants",
            "person",
            {
                "participant_id": TEXT,
                "alias": TEXT,
                "consent": Column("text", allowed=("quote", "no_quote")),
            },
            key=("participant_id",),
            extra=True,
        ),
        Table(
            "documents",
            "transcript, survey answer, feedback or note",
            {
                "document_id": TEXT,
                "participant_id": TEXT,
                "source": TEXT,
                "kind": Column("text", allowed=("interview", "survey_answer", "note", "feedback")),
                "wave": TEXT,
                "text": TEXT,
                "prompt": TEXT,
                "question": TEXT,
                "item": TEXT,
                "declared_stage": TEXT,
                "said_at": TIME,
                "channel": TEXT,
                "touchpoint": TEXT,
            },
            key=("document_id",),
        ),
        Table(
            "turns",
            "stretch of one speaker in a document",
            {
                "document_id": TEXT,
                "turn": COUNT,
                "speaker": Column("text", allowed=SPEAKERS),
                "start": OFFSET,
                "end": OFFSET,
                "heading": TEXT,
                "start_s": FLOAT,
            },
            key=("document_id", "turn"),
        ),
        Table(
            "excerpts",
            "sentence-sized unit",
            {
                "excerpt_id": TEXT,
                "document_id": TEXT,
                "participant_id": TEXT,
                "source": TEXT,
                "speaker": Column("text", allowed=SPEAKERS),
                "turn": COUNT,
                "start": OFFSET,
                "end": OFFSET,
                "prompt": TEXT,
                "heading": TEXT,
                "start_s": FLOAT,
                "text": TEXT,
                "stage": Column("any"),
            },
            key=("excerpt_id",),
        ),
        Table(
            "coders",
            "coder",
            {
                "coder_id": TEXT,
                "kind": Column("text", allowed=("person", "source", "machine")),
                "name": TEXT,
                "version": TEXT,
                "sha256": TEXT,
            },
            key=("coder_id",),
        ),
        Table(
            "scores",
            "excerpt and machine coder",
            {"excerpt_id": TEXT, "coder_id": TEXT},
            key=("excerpt_id", "coder_id"),
            extra=True,
        ),
        Table(
            "codes",
            "assertion about a span",
            {
                "code_id": TEXT,
                "document_id": TEXT,
                "start": OFFSET,
                "end": OFFSET,
                "quote": TEXT,
                "excerpt_id": TEXT,
                "code_group": TEXT,
                "code": TEXT,
                "strength": UNIT,
                "basis": TEXT,
                "attributes": TEXT,
                "note": TEXT,
                "coder_id": TEXT,
                "coded_at": TIME,
            },
            key=("code_id",),
        ),
        Table(
            "ratings",
            "participant, measure and item",
            {
                "participant_id": TEXT,
                "source": TEXT,
                "measure": TEXT,
                "item": TEXT,
                "value": FLOAT,
                "stage": TEXT,
                "wave": TEXT,
            },
            key=("participant_id", "source", "measure", "item", "wave"),
        ),
        Table(
            "answers",
            "choice of a person, or filled cell, of a questionnaire",
            {
                "participant_id": TEXT,
                "source": TEXT,
                "question": TEXT,
                "column": TEXT,
                "page": TEXT,
                "block": TEXT,
                "choice": TEXT,
            },
            key=("participant_id", "source", "column", "choice"),
        ),
        Table(
            "events",
            "event",
            {
                "participant_id": TEXT,
                "session_id": TEXT,
                "event": TEXT,
                "occurred_at": TIME,
                "stage": TEXT,
                "channel": TEXT,
                "device": TEXT,
                "value": FLOAT,
                "wave": TEXT,
                "source": TEXT,
            },
        ),
        Table(
            "reported_funnels",
            "source, segment and step of a funnel that another program counted",
            {
                "source": TEXT,
                "source_label": TEXT,
                "program": TEXT,
                "unit": TEXT,
                "collected_from": TEXT,
                "collected_to": TEXT,
                "segment": TEXT,
                "position": COUNT,
                "step": TEXT,
                "stage": TEXT,
                "n_people": COUNT,
                "n_continued": Column("float", low=0.0),
                "rate": UNIT,
                "stated_rate": Column("float", low=0.0),
            },
            key=("source", "segment", "position"),
        ),
        Table(
            "touchpoint_metrics",
            "source, touchpoint and measure that another program counted",
            {
                "source": TEXT,
                "source_label": TEXT,
                "program": TEXT,
                "touchpoint": TEXT,
                "stage": TEXT,
                "channel": TEXT,
                "collected_from": TEXT,
                "collected_to": TEXT,
                "measure": Column("text", allowed=MEASURES_OF_CAMPAIGNS),
                "n": Column("float", low=0.0),
                "of": TEXT,
                "n_of": Column("float", low=0.0),
                "rate": UNIT,
            },
            key=("source", "touchpoint", "measure"),
        ),
    )
}


def check_table(frame: pd.DataFrame, name: str, *, where: str = "") -> pd.DataFrame:
    """Return the frame with the table's columns and dtypes, or report every fault.

    Parameters
    ----------
    frame : DataFrame
        Candidate rows; not changed.
    name : str
        Name of the table.
    where : str
        File or step to name in the error.

    Returns
    -------
    DataFrame
        Promised columns first, in order, then the extra ones where the table allows them.

    Raises
    ------
    TableError
        With all problems: missing, unknown or ill-typed columns, values out of range,
        duplicate keys.
    """
    table = TABLES[name]
    problems: list[str] = []
    found = [str(column) for column in frame.columns]
    out = frame.reset_index(drop=True)
    checked: dict[str, pd.Series] = {}
    for column_name, column in table.columns.items():
        if column_name not in out:
            problems.append(
                f"column '{column_name}' is missing.{did_you_mean(column_name, found)} "
                f"Found: {quoted(found)}."
            )
            continue
        try:
            values = _as_kind(out[column_name], column.kind)
        except (TypeError, ValueError) as error:
            problems.append(f"column '{column_name}' should hold {_WORDS[column.kind]}: {error}.")
            continue
        problems += _value_problems(column_name, column, values)
        checked[column_name] = values
    extra = [column for column in out.columns if column not in table.columns]
    if extra and not table.extra:
        problems.append(f"unknown columns {quoted(map(str, extra))}.")
    key = list(table.key)
    if key and all(column in checked for column in key):
        duplicated = pd.DataFrame({column: checked[column] for column in key}).duplicated()
        if duplicated.any():
            rows = ", ".join(str(row + 1) for row in duplicated[duplicated].index[:5])
            problems.append(
                f"{int(duplicated.sum())} rows repeat {quoted(key)} (row {rows}); "
                f"one row per {table.grain} is expected."
            )
    if problems:
        raise TableError(where or "a frame", name, problems)
    return pd.DataFrame(checked | {column: out[column] for column in extra}, index=out.index)


def empty_table(name: str) -> pd.DataFrame:
    """Return the table without rows, with its columns and dtypes."""
    columns = TABLES[name].columns
    return check_table(pd.DataFrame({column: [] for column in columns}), name)


_WORDS = {
    "text": "text",
    "int": "whole numbers",
    "float": "numbers",
    "bool": "true or false",
    "time": "times",
    "any": "values",
}


def _as_kind(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "text":
        return values.astype("object").where(values.notna(), "").astype(str).astype("object")
    if kind == "int":
        return values.astype("int64")
    if kind == "float":
        return pd.to_numeric(values, errors="raise").astype("float64")
    if kind == "bool":
        return values.astype("bool")
    if kind == "time":
        return pd.to_datetime(values, utc=True, errors="raise").astype("datetime64[us, UTC]")
    return values


def _value_problems(name: str, column: Column, values: pd.Series) -> list[str]:
    problems = []
    if column.allowed:
        for value in values[~values.isin(column.allowed)].unique()[:5]:
            problems.append(
                f"column '{name}': unknown value '{value}'."
                f"{did_you_mean(str(value), column.allowed)} Allowed: {quoted(column.allowed)}."
            )
    for bound, wrong, word in (
        (column.low, values < column.low if column.low is not None else None, "below"),
        (column.high, values > column.high if column.high is not None else None, "above"),
    ):
        if wrong is not None and wrong.any():
            problems.append(f"column '{name}': {int(wrong.sum())} values {word} {bound:g}.")
    return problems
