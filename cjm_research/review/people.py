"""People's codes: one CSV file per coder under `codes/`, never written by the package.

Columns: `file` (the transcript, relative to the study) or `document_id`; `quote`, verbatim;
`code_group`, `code`; optionally `start`, `end`, `strength` (0: this code does not apply),
`note`, `coded_at`. A code is anchored by its quote: when a transcript is corrected, it moves
with its quote, or is listed as lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.codes import code_id
from cjm_research.errors import TableError, quoted
from cjm_research.journey import Journey
from cjm_research.tables import check_table, empty_table

CODE_GROUPS = ("stage", "emotion", "pain_point", "delight", "need", "expectation", "theme")
"""Groups that the report knows; a study may have its own beside them."""

REQUIRED = ("quote", "code_group", "code")
OPTIONAL = ("file", "document_id", "start", "end", "strength", "note", "coded_at")
LOST_COLUMNS = ["coder_id", "row", "reason"]


def read_sheets(folder: Path, *, journey: Journey) -> pd.DataFrame:
    """Read the sheets of codes that people made, as they are.

    Parameters
    ----------
    folder : Path
        The study's `codes/`; it need not exist.
    journey : Journey
        Codes of the group `stage` must be its stages.

    Returns
    -------
    DataFrame
        One row per row of a sheet: `coder_id`, `row` (as a spreadsheet counts) and the
        columns of the sheet. Quotes and notes may hold names: mask them before they are
        written anywhere.

    Raises
    ------
    TableError
        If a file lacks columns, or names an unknown stage.
    """
    sheets = []
    for path in sorted(folder.glob("*.csv")):
        sheet = _read_sheet(path, journey)
        sheets.append(sheet.assign(coder_id=f"person:{path.stem}", row=range(2, len(sheet) + 2)))
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
    rows = [(f"person:{path.stem}", path.stem) for path in sorted(folder.glob("*.csv"))]
    if not rows:
        return empty_table("coders")
    frame = pd.DataFrame(rows, columns=["coder_id", "name"])
    return check_table(frame.assign(kind="person", version="", sha256=""), "coders", where="codes/")


def anchor_codes(
    sheets: pd.DataFrame, excerpts: pd.DataFrame, documents: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find each quote in its document.

    Parameters
    ----------
    sheets : DataFrame
        From `locate_sheets`.
    excerpts, documents : DataFrame
        Tables of those names.

    Returns
    -------
    codes : DataFrame
        Table `codes`. A code inside one excerpt belongs to it; one that covers whole
        excerpts belongs to each of them; else `excerpt_id` is empty.
    lost : DataFrame
        Rows whose quote stands in no document, with the reason. Nothing is dropped silently.
    """
    texts = dict(zip(documents["document_id"], documents["text"], strict=True))
    spans = dict(iter(excerpts.groupby("document_id")))
    codes: list[dict[str, Any]] = []
    lost: list[list[Any]] = []
    for row in sheets.to_dict("records"):
        places = [row["document_id"]] if row["document_id"] else list(texts)
        anchor = _anchor(row, places, texts)
        if anchor is None:
            where = "its document" if row["document_id"] else "any document"
            lost.append([row["coder_id"], row["row"], f"the quote is not in {where}"])
            continue
        document, start, end = anchor
        for excerpt in _excerpts_of(spans.get(document), start, end) or [""]:
            codes.append(_code(row, row["coder_id"], document, start, end, excerpt))
    frame = empty_table("codes")
    if codes:
        frame = check_table(pd.DataFrame(codes).drop_duplicates("code_id"), "codes", where="codes/")
    return frame, pd.DataFrame(lost, columns=LOST_COLUMNS)


def _read_sheet(path: Path, journey: Journey) -> pd.DataFrame:
    where = f"codes/{path.name}"
    try:
        sheet = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
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
    wrong = sorted(set(stages) - set(journey.stage_ids))
    if wrong:
        raise TableError(
            where,
            "codes",
            [f"unknown stages {quoted(wrong)}. Allowed: {quoted(journey.stage_ids)}."],
        )
    strength = pd.to_numeric(sheet["strength"].replace("", "1"), errors="coerce")
    if not strength.between(0, 1).all():
        rows = ", ".join(str(i + 2) for i in strength.index[~strength.between(0, 1)][:5])
        raise TableError(where, "codes", [f"strength must lie in [0, 1] (rows {rows})."])
    return sheet.assign(strength=strength)


def _anchor(
    row: Mapping[str, Any], places: list[str], texts: Mapping[str, str]
) -> tuple[str, int, int] | None:
    quote = row["quote"].strip()
    if not quote:
        return None
    for document in places:
        text = texts.get(document, "")
        if str(row["start"]).isdigit():
            start = int(row["start"])
            if text[start : start + len(quote)] == quote:
                return document, start, start + len(quote)
        start = text.find(quote)
        if start >= 0:
            return document, start, start + len(quote)
    return None


def _excerpts_of(spans: pd.DataFrame | None, start: int, end: int) -> list[str]:
    """Excerpts that lie in the span, or the one excerpt that the span lies in."""
    if spans is None:
        return []
    inside = spans[(spans["start"] >= start) & (spans["end"] <= end)]
    if not inside.empty:
        return list(inside["excerpt_id"])
    around = spans[(spans["start"] <= start) & (spans["end"] >= end)]
    return list(around["excerpt_id"])


def _code(
    row: Mapping[str, Any], coder: str, document: str, start: int, end: int, excerpt: str
) -> dict[str, Any]:
    coded_at = pd.to_datetime(row["coded_at"] or None, utc=True, errors="coerce")
    key = code_id(coder, document, start, end, row["code_group"], f"{row['code']}@{excerpt}")
    return {
        "code_id": key,
        "document_id": document,
        "start": start,
        "end": end,
        "quote": row["quote"].strip(),
        "excerpt_id": excerpt,
        "code_group": row["code_group"],
        "code": row["code"],
        "strength": row["strength"],
        "basis": "person",
        "attributes": "{}",
        "note": row["note"],
        "coder_id": coder,
        "coded_at": coded_at,
    }
