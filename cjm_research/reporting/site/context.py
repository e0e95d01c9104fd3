"""What a site is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import pandas as pd
from markupsafe import Markup


class Chapter(TypedDict):
    """A notebook's rendered body. Only `Markup` is taken as HTML; a plain str is escaped."""

    slug: str
    title: str
    body_html: Markup


class Download(TypedDict):
    """A file that goes with the report: its address is relative to the run's folder."""

    label: str
    href: str
    kind: str
    n_bytes: int


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
    study, data_period, version : str
        Name of the study, the period that the data cover, version of the package. Neither the
        run's id nor a time is here: the pages of two runs over the same must not differ.
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
    rules : sequence of str
        By what declared rules verdicts and priorities are proposed, a sentence each.
    changes : Changes, optional
        What differs from the run before, and what that is owed to (`reporting.since`).
    version_key : str
        First characters of the run key: stands on every page, where no time may.
    as_of : str
        The day that the run looks back from, where one was given.
    about : str
        Whom the report is about, where that is a part of the study.
    alerts : sequence of str
        What must be seen first: sources that are missing.
    findings : sequence of ResolvedFinding
        What people concluded, each with its evidence (`study.conclusions`).
    downloads : sequence of Download
        Files for elsewhere.
    manifest : mapping
        What the run was made from (`reporting.manifest`), without times.
    reviews : sequence
        What reviewers marked on claims.
    choices : mapping
        Codes and stages that a reviewer may choose from.
    also_read : sequence of str
        Sources that hold nobody's words or deeds, a sentence each.
    smallest_cell : int
        People below which nothing is published that would tell what became of them.
    """

    title: str
    objective: str
    study: str
    tables: Mapping[str, pd.DataFrame]
    questions: Sequence[str] = ()
    assumptions: Sequence[tuple[str, str]] = ()
    data_period: str = ""
    status: Literal["draft", "final"] = "draft"
    status_reasons: Sequence[str] = ()
    language: str = "en"
    chapters: Sequence[Chapter] = ()
    version: str = ""
    notes: Sequence[str] = ()
    rules: Sequence[str] = ()
    changes: Any = None
    version_key: str = ""
    as_of: str = ""
    about: str = ""
    alerts: Sequence[str] = ()
    findings: Sequence[Any] = ()
    downloads: Sequence[Download] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    reviews: Sequence[Any] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    also_read: Sequence[str] = ()
    smallest_cell: int = 5
