"""What readers hand over: raw rows in memory, before pseudonyms and masking.

Material still holds names and words as they were found. It is never written anywhere;
`privacy.pseudonymise` turns it into tables. Ids in the column `raw_id` are the ids of the
source itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pandas as pd

ABSENT = "optional file absent"
UNREADABLE = "optional source cannot be read, left out"
"""What `quality` says of an optional source that a study is made without."""
VALUE = "value"
"""Column of `people` and of `participants` that holds what a person is worth, as a number."""

COLUMNS: dict[str, list[str]] = {
    # one row per person that the source knows; further columns are audience segments, but for
    # `value` (VALUE), which is a number: what the person is worth.
    # consent: "quote", "no_quote", "withdrawn" or "" (the source does not say)
    "people": ["raw_id", "consent"],
    # one row per string that identifies a person: kind is "id" (another source's id for the
    # same person), "name", "email", "phone" or "other". raw_id may be empty for people who
    # are not participants (an interviewer's name).
    "identities": ["raw_id", "kind", "value"],
    # one row per turn of speech, answer or note; document_ref groups turns into documents.
    # `kind`, `wave`, `prompt`, `question`, `item`, `declared_stage`, `said_at`, `channel` and
    # `touchpoint` are those of the table `documents`; `speaker` is participant, interviewer or
    # observer; `heading` is the section heading above the turn.
    "turns": [
        "document_ref",
        "raw_id",
        "kind",
        "wave",
        "prompt",
        "question",
        "item",
        "declared_stage",
        "said_at",
        "channel",
        "touchpoint",
        "speaker",
        "heading",
        "start_s",
        "text",
    ],
    # codes that the source declares for a whole document
    "declared_codes": ["document_ref", "code_group", "code"],
    "ratings": ["raw_id", "measure", "item", "value", "stage", "wave"],
    "answers": ["raw_id", "question", "column", "page", "block", "choice"],
    # when a person answered, where the source tells: the time of all of its ratings and answers
    "answered": ["raw_id", "said_at"],
    "events": [
        "raw_id",
        "session_id",
        "event",
        "occurred_at",
        "stage",
        "channel",
        "device",
        "value",
        "wave",
    ],
    # one row per step of a funnel that another program counted: no row is anybody. `n_people`
    # are what the program counts (`unit`: people, sessions); an empty segment means all of them
    "reported_funnels": [
        "source_label",
        "program",
        "unit",
        "collected_from",
        "collected_to",
        "segment",
        "position",
        "step",
        "stage",
        "n_people",
        "n_continued",
        "rate",
        "stated_rate",
    ],
    # one row per touchpoint and measure that a program for e-mail or advertising counted
    "touchpoint_metrics": [
        "source_label",
        "program",
        "touchpoint",
        "stage",
        "channel",
        "collected_from",
        "collected_to",
        "measure",
        "n",
        "of",
        "n_of",
        "rate",
    ],
    # ids of two sources that are one person's, of a key map; nobody becomes a person by it
    "keys": ["raw_id", "other"],
    # what was recognised and what was odd, counted: `level` is "info" or "warning"
    "quality": ["file", "level", "what", "n"],
    # one row per file: `format` is what it was taken for; `delimiter`, `day_first` ("true",
    # "false") and `timezone` are said only where the file told them; n_in = n_used + n_set_aside
    # counts its rows, events or turns
    "files": [
        "file",
        "format",
        "encoding",
        "delimiter",
        "day_first",
        "timezone",
        "n_in",
        "n_used",
        "n_set_aside",
    ],
    # one row per row of a file that was left out, by its number in the file
    "set_aside": ["file", "row", "reason"],
}


def no_rows(part: str) -> pd.DataFrame:
    """Return an empty frame with the columns of a part."""
    return _no_rows(part).copy()  # a copy takes a fiftieth of the time


@cache
def _no_rows(part: str) -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS[part], dtype="object")


@dataclass(frozen=True)
class Material:
    """The raw rows of one source; parts that the source does not have are empty."""

    source: str
    people: pd.DataFrame = field(default_factory=lambda: no_rows("people"))
    identities: pd.DataFrame = field(default_factory=lambda: no_rows("identities"))
    turns: pd.DataFrame = field(default_factory=lambda: no_rows("turns"))
    declared_codes: pd.DataFrame = field(default_factory=lambda: no_rows("declared_codes"))
    ratings: pd.DataFrame = field(default_factory=lambda: no_rows("ratings"))
    answers: pd.DataFrame = field(default_factory=lambda: no_rows("answers"))
    answered: pd.DataFrame = field(default_factory=lambda: no_rows("answered"))
    events: pd.DataFrame = field(default_factory=lambda: no_rows("events"))
    reported_funnels: pd.DataFrame = field(default_factory=lambda: no_rows("reported_funnels"))
    touchpoint_metrics: pd.DataFrame = field(default_factory=lambda: no_rows("touchpoint_metrics"))
    keys: pd.DataFrame = field(default_factory=lambda: no_rows("keys"))
    quality: pd.DataFrame = field(default_factory=lambda: no_rows("quality"))
    files: pd.DataFrame = field(default_factory=lambda: no_rows("files"))
    set_aside: pd.DataFrame = field(default_factory=lambda: no_rows("set_aside"))
    unreviewed: int = 0
    """Files with words whose masking nobody has reviewed."""
