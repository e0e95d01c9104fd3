"""People's codes: one CSV file per coder under `codes/`, to which rows are only appended.

Columns: `file` (the transcript, relative to the study) or `document_id`; `quote`, verbatim;
`code_group`, `code`; optionally `start`, `end`, `strength` (0: this code does not apply),
`severity` (1 to 4), `note` (a memo), `coded_at`. The code `none` says that its coder read the
quote and found nothing of the group. Of one coder's contrary rows the later in the file counts.

A code is anchored by its quote: when a transcript is corrected, it moves with its quote, or is
listed as lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import NONE, PERSON, code_id, keep_latest
from cjm_research.errors import TableError, quoted
from cjm_research.journey import Journey
from cjm_research.review.anchors import Anchor, Texts
from cjm_research.tables import check_table, empty_table

MEMO = "memo"
"""Group and code of a memo about a span that bears no code; its strength is 0."""

CODE_GROUPS = (
    "stage", "emotion", "pain_point", "delight", "need", "expectation", "reason", "social_proof",
    "adjacent_wish", "theme", MEMO,
)  # fmt: skip
"""Groups that the report knows; a study may have its own beside them."""

REQUIRED = ("quote", "code_group", "code")
OPTIONAL = (
    "file", "document_id", "participant_id", "start", "end", "strength", "severity", "note",
    "coded_at",
)  # fmt: skip
SEVERITIES = (1, 2, 3, 4)
LOST_COLUMNS = ["coder_id", "row", "document_id", "quote", "code_group", "code", "reason"]


def read_sheets(folder: Path, *, journey: Journey) -> pd.DataFrame:
    """Read the files of codes that people made, as they are.

    Parameters
    ----------
    folder : Path
        The study's `codes/`; it need not exist.
    journey : Journey
        Codes of the group `stage` must be its stages.

    Returns
    -------
    DataFrame
        One row per row of a file: `coder_id`, `row` (as a spreadsheet counts) and the columns
        of the file; `strength` is a number, `severity` one of 1 to 4 or NaN. Quotes and notes
        may hold names: mask them before they are written anywhere.

    Raises
    ------
    TableError
        If a file lacks columns, names an unknown stage, or has a strength or severity out of
        range.
    """
    sheets = []
    for path in sorted(folder.glob("*.csv")):
        sheet = _read_sheet(path, journey)
        sheets.append(sheet.assign(coder_id=f"{PERSON}{path.stem}", row=range(2, len(sheet) + 2)))
    columns = ["coder_id", "row", *REQUIRED, *OPTIONAL]
    if not sheets:
        return pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
    return pd.concat(sheets, ignore_index=True)[columns]


def locate_sheets(sheets: pd.DataFrame, document_files: Mapping[str, str]) -> pd.DataFrame:
    """Replace the files that coders name by document ids; file names may name people.

    Parameters
    ----------
    sheets : DataFrame
        From `read_sheets`.
    document_files : mapping of document_id to file

    Returns
    -------
    DataFrame
        Without `file`; `document_id` is empty where neither is known.
    """
    documents = {Path(file).as_posix(): document for document, file in document_files.items()}
    by_file = sheets["file"].map(lambda file: documents.get(Path(file).as_posix(), ""))
    located = sheets["document_id"].where(sheets["document_id"] != "", by_file)
    return sheets.assign(document_id=located).drop(columns="file")


def list_coders(folder: Path) -> pd.DataFrame:
    """Return table `coders` for the people who coded, one per file."""
    rows = [(f"{PERSON}{path.stem}", path.stem) for path in sorted(folder.glob("*.csv"))]
    if not rows:
        return empty_table("coders")
    frame = pd.DataFrame(rows, columns=["coder_id", "name"])
    return check_table(frame.assign(kind="person", version="", sha256=""), "coders", where="codes/")


def anchor_codes(
    sheets: pd.DataFrame, excerpts: pd.DataFrame, documents: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find each quote in its document, and keep what each coder still means.

    Parameters
    ----------
    sheets : DataFrame
        From `locate_sheets`.
    excerpts, documents : DataFrame
        Tables of those names.

    Returns
    -------
    codes : DataFrame
        Table `codes`, without what its coder took back in a later row (`codes.keep_latest`).
        A code inside one excerpt belongs to it; one that covers whole excerpts belongs to each
        of them; else `excerpt_id` is empty. `quote` is the text that stands there.
        `attributes` holds the severity, and `anchor`: "moved" when the quote stands elsewhere
        than it did, "reworded" when the text differs, with the coder's quote as `quoted`
        (`anchors.Texts` says how it is found).
    lost : DataFrame
        Rows whose quote was not found, with the code and the reason. Nothing is dropped
        silently. The quote is shown only when its document is known, because it may be of
        somebody who has withdrawn.
    """
    texts = Texts.of(documents)
    sheets = _follow_people(sheets, documents)
    spans = _Spans(excerpts)
    codes: list[dict[str, Any]] = []
    lost: list[list[Any]] = []
    for row in sheets.to_dict("records"):
        start = int(row["start"]) if str(row["start"]).isdigit() else None
        anchor = texts.find(row["quote"], row["document_id"], start)
        if anchor is None:
            lost.append(_lost(row, texts))
            continue
        for excerpt in spans.excerpts_of(anchor) or [""]:
            codes.append(_code(row, anchor, excerpt, texts))
    return _settle(codes), pd.DataFrame(lost, columns=LOST_COLUMNS)


def _follow_people(sheets: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Give each row the id that its participant's document has now.

    Ids hold aliases, which are dealt anew in a synthetic study when somebody joins.
    """
    if "participant_id" not in sheets or "participant_id" not in documents:
        return sheets
    parts = documents["document_id"].str.split("/", n=2)
    keys = zip(documents["participant_id"], parts.str[0], parts.str[2].fillna(""), strict=True)
    now = dict(zip(keys, documents["document_id"], strict=True))
    followed = []
    for participant, document in zip(sheets["participant_id"], sheets["document_id"], strict=True):
        source, _, rest = str(document).partition("/")
        key = (participant, source, rest.partition("/")[2])
        followed.append(now.get(key, document) if participant else document)
    return sheets.assign(document_id=followed)


def _settle(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return table `codes` of rows in the order of the files: the last word counts."""
    if not rows:
        return empty_table("codes")
    frame = pd.DataFrame(rows).drop_duplicates("code_id", keep="last")
    frame = keep_latest(frame, frame["_row"]).sort_values(["coder_id", "_row"], kind="stable")
    times = frame["coded_at"].where(frame["coded_at"] != "", None)
    frame["coded_at"] = pd.to_datetime(times, utc=True, errors="coerce", format="mixed")
    return check_table(frame.drop(columns="_row"), "codes", where="codes/")


def _read_sheet(path: Path, journey: Journey) -> pd.DataFrame:
    where = f"codes/{path.name}"
    try:
        sheet = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:  # made, and nothing coded yet
        sheet = pd.DataFrame({name: pd.Series(dtype=str) for name in REQUIRED})
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise TableError(where, "codes", [f"it cannot be read as UTF-8 CSV ({error})."]) from error
    problems = [
        f"column '{name}' is missing. Found: {quoted(sheet.columns)}."
        for name in REQUIRED
        if name not in sheet
    ]
    if problems:
        raise TableError(where, "codes", problems)
    for name in OPTIONAL:
        if name not in sheet:
            sheet[name] = ""
    stages = sheet.loc[sheet["code_group"] == "stage", "code"]
    wrong = sorted(set(stages) - {*journey.stage_ids, NONE})
    if wrong:
        raise TableError(
            where,
            "codes",
            [f"unknown stages {quoted(wrong)}. Allowed: {quoted(journey.stage_ids)}."],
        )
    strength, severity, problems = read_numbers(sheet, first_row=2)
    if problems:
        raise TableError(where, "codes", problems)
    return sheet.assign(strength=strength, severity=severity)


def read_numbers(rows: pd.DataFrame, *, first_row: int) -> tuple[pd.Series, pd.Series, list[str]]:
    """Return strengths (1 where empty), severities (NaN where empty), and what is wrong."""
    strength = pd.to_numeric(rows["strength"].replace("", "1"), errors="coerce")
    severity = pd.to_numeric(rows["severity"], errors="coerce")
    problems = []
    wrong = ~strength.between(0, 1)
    if wrong.any():
        problems.append(f"strength must lie in [0, 1] (rows {_rows(wrong, first_row)}).")
    wrong = (rows["severity"] != "") & ~severity.isin(SEVERITIES)
    if wrong.any():
        problems.append(f"severity must be 1, 2, 3 or 4 (rows {_rows(wrong, first_row)}).")
    return strength, severity, problems


def _rows(wrong: pd.Series, first_row: int) -> str:
    return ", ".join(str(row + first_row) for row in np.flatnonzero(wrong)[:5])


class _Spans:
    """The excerpts of each document, by their offsets."""

    def __init__(self, excerpts: pd.DataFrame) -> None:
        self._of = {
            document: (
                rows["start"].to_numpy(),
                rows["end"].to_numpy(),
                rows["excerpt_id"].to_numpy(),
            )
            for document, rows in excerpts.groupby("document_id", sort=False)
        }

    def excerpts_of(self, anchor: Anchor) -> list[str]:
        """Excerpts that lie in the span, or the one excerpt that the span lies in."""
        if anchor.document_id not in self._of:
            return []
        starts, ends, ids = self._of[anchor.document_id]
        inside = (starts >= anchor.start) & (ends <= anchor.end)
        if not inside.any():
            inside = (starts <= anchor.start) & (ends >= anchor.end)
        return list(ids[inside])


def _lost(row: Mapping[str, Any], texts: Texts) -> list[Any]:
    document, quote = row["document_id"], row["quote"].strip()
    if not document:
        reason, quote = "the quote is not in any document", ""
    elif document not in texts.texts:
        reason, quote = "its document is not in the study", ""
    else:
        reason = "the quote is not in its document" if quote else "the quote is empty"
    return [row["coder_id"], row["row"], document, quote, row["code_group"], row["code"], reason]


def _code(row: Mapping[str, Any], anchor: Anchor, excerpt: str, texts: Texts) -> dict[str, Any]:
    coder, (document, start, end, how) = row["coder_id"], anchor
    key = code_id(coder, document, start, end, row["code_group"], f"{row['code']}@{excerpt}")
    attributes: dict[str, Any] = {}
    if row["severity"] == row["severity"]:
        attributes["severity"] = int(row["severity"])
    if how:
        attributes["anchor"] = how
    if how == "reworded":
        attributes["quoted"] = row["quote"].strip()
    return {
        "code_id": key,
        "document_id": document,
        "start": start,
        "end": end,
        "quote": texts.texts[document][start:end],
        "excerpt_id": excerpt,
        "code_group": row["code_group"],
        "code": row["code"],
        "strength": row["strength"],
        "basis": "person",
        "attributes": json.dumps(attributes, ensure_ascii=False, sort_keys=True),
        "note": row["note"],
        "coder_id": coder,
        "coded_at": row["coded_at"],
        "_row": row["row"],
    }
