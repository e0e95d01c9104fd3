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

REQUIRED = ("quote", "code_group", "code")
OPTIONAL = ("file", "document_id", "start", "end", "strength", "note", "coded_at")
LOST_COLUMNS = ["coder_id", "row", "quote", "reason"]


def read_codes(
    folder: Path,
    excerpts: pd.DataFrame,
    documents: pd.DataFrame,
    *,
    journey: Journey,
    document_files: Mapping[str, str],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read the codes that people made.

    Parameters
    ----------
    folder : Path
        The study's `codes/`; it need not exist.
    excerpts, documents : DataFrame
        Tables of those names.
    journey : Journey
        Codes of the group `stage` must be its stages.
    document_files : mapping of document_id to file
        Lets a coder name the transcript instead of its id.

    Returns
    -------
    codes : DataFrame
        Table `codes`. A code inside one excerpt belongs to it; one that covers whole
        excerpts belongs to each of them; else `excerpt_id` is empty.
    coders : DataFrame
        Table `coders`, kind "person".
    lost : DataFrame
        Rows whose quote stands in no document, with the reason. Nothing is dropped silently.

    Raises
    ------
    TableError
        If a file lacks columns, or names an unknown stage.
    """
    documents_of: dict[str, list[str]] = {}
    for document, file in document_files.items():
        documents_of.setdefault(Path(file).as_posix(), []).append(document)
    texts = dict(zip(documents["document_id"], documents["text"], strict=True))
    spans = dict(iter(excerpts.groupby("document_id")))
    codes: list[dict[str, Any]] = []
    coders: list[dict[str, str]] = []
    lost: list[list[Any]] = []
    for path in sorted(folder.glob("*.csv")):
        coder = f"person:{path.stem}"
        sheet = _read_sheet(path, journey)
        coders.append(
            {"coder_id": coder, "kind": "person", "name": path.stem, "version": "", "sha256": ""}
        )
        for number, row in enumerate(sheet.to_dict("records"), start=2):
            places = (
                [row["document_id"]]
                if row["document_id"]
                else documents_of.get(Path(row["file"]).as_posix(), [])
            )
            anchor = _anchor(row, places or list(texts), texts)
            if anchor is None:
                where = "its document" if places else "any document"
                lost.append([coder, number, row["quote"], f"the quote is not in {where}"])
                continue
            document, start, end = anchor
            for excerpt in _excerpts_of(spans.get(document), start, end) or [""]:
                codes.append(_code(row, coder, document, start, end, excerpt))
    frame = empty_table("codes")
    if codes:
        frame = check_table(pd.DataFrame(codes).drop_duplicates("code_id"), "codes", where="codes/")
    people = empty_table("coders")
    if coders:
        people = check_table(pd.DataFrame(coders), "coders", where="codes/")
    return frame, people, pd.DataFrame(lost, columns=LOST_COLUMNS)


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
