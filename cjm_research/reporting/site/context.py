"""What a site is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

import pandas as pd
from markupsafe import Markup


class Chapter(TypedDict):
    """A notebook's rendered body. Only `Markup` is taken as HTML; a plain str is escaped."""

    slug: str
    title: str
    body_html: Markup


class Run(TypedDict):
    """One run of a study, good or failed."""

    run_id: str
    status: Literal["good", "failed"]
    started: str
    seconds: float | None
    href: str
    reason: str


class StudyRuns(TypedDict):
    """A study in the list of reports."""

    name: str
    title: str
    runs: Sequence[Run]
    latest_href: str


@dataclass(frozen=True)
class SiteContext:
    """Everything that the pages of one run show.

    Attributes
    ----------
    title : str
        The study's question, shown as the report's title.
    objective : str
        The decision that the study serves.
    questions : sequence of str
        Research questions.
    assumptions : sequence of (str, str)
        Claims to check, each with its owner.
    study, run_id, made_at, data_period, version : str
        Name of the study, id of the run, when it was made, the period that the data cover,
        version of the package.
    status : {"draft", "final"}
        A draft says why in `status_reasons`.
    language : str
        Language tag of the pages.
    tables : mapping of str to DataFrame
        `journey_map` is needed; every other table may be missing.
    chapters : sequence of Chapter
        In reading order.
    notes : sequence of str
        What the report cannot say.
    changes : sequence of str
        What differs from the run before, and what that is owed to.
    smallest_cell : int
        People below which nothing is published that would tell what became of them.
    """

    title: str
    objective: str
    study: str
    run_id: str
    tables: Mapping[str, pd.DataFrame]
    questions: Sequence[str] = ()
    assumptions: Sequence[tuple[str, str]] = ()
    made_at: str = ""
    data_period: str = ""
    status: Literal["draft", "final"] = "draft"
    status_reasons: Sequence[str] = ()
    language: str = "en"
    chapters: Sequence[Chapter] = ()
    version: str = ""
    notes: Sequence[str] = field(default=())
    changes: Sequence[str] = ()
    smallest_cell: int = 5
