"""Sheets to code on: one row per excerpt, one column per code group, as CSV or XLSX."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.codes import NONE, PERSON
from cjm_research.errors import SourceError
from cjm_research.review.files import write_whole
from cjm_research.review.people import MEMO
from cjm_research.review.samples import CODABLE
from cjm_research.safe_cells import clean_text, guard_text

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SHEET_GROUPS = (
    "stage", "pain_point", "severity", "delight", "need", "expectation", "emotion"
)  # fmt: skip
"""Columns to fill in; `severity` is that of the pain point, not a group of its own."""

SEVERITY = "severity"
ADDRESS = ("document_id", "start", "end")
CONTEXT = ("participant", "prompt", "before", "text", "after")
PROPOSED = "proposed"
NOTHING = "-"
"""What a cell holds when its coder found nothing of the group; a blank one was not judged."""

CODES_SHEET = "codes"
ALLOWED_COLUMNS = ["code_group", "code", "name", "definition"]

_WIDTHS = {
    "document_id": 14, "start": 7, "end": 7, "participant": 11, "prompt": 34, "before": 34,
    "text": 60, "after": 34, PROPOSED: 30, SEVERITY: 9, MEMO: 34, "definition": 80, "name": 34,
}  # fmt: skip
_NARROW = 18


def make_sheet(
    excerpts: pd.DataFrame,
    documents: pd.DataFrame,
    *,
    codes: pd.DataFrame | None = None,
    coder: str = "",
    blind: bool = True,
    groups: Sequence[str] = SHEET_GROUPS,
    sample: pd.DataFrame | None = None,
    aliases: Mapping[str, str] | None = None,
    said: Mapping[str, pd.Series] | None = None,
) -> pd.DataFrame:
    """Lay excerpts out for a person to code.

    Parameters
    ----------
    excerpts, documents : DataFrame
        Tables of those names.
    codes : DataFrame, optional
        Table `codes`: those of the coder, which fill the cells, and those to propose.
    coder : str, optional
        Name of the coder. Only his own codes are filled in; none without a name.
    blind : bool, default True
        Whether the codes of others stay hidden.
    groups : sequence of str
        Columns to fill in.
    sample : DataFrame, optional
        Excerpts to lay out, with `excerpt_id`; all by default.
    aliases : mapping of participant_id to str, optional
        For a column `participant`.
    said : mapping of heading to Series, optional
        Further columns by `excerpt_id`, such as what each of two coders said.

    Returns
    -------
    DataFrame
        One row per excerpt of participants and observers, in the order of documents and text:
        `document_id`, `start`, `end`, perhaps `participant`, `prompt`, `before`, `text`,
        `after` (the excerpts around it, whoever speaks), perhaps `proposed`, the columns of
        `said`, one column per group, `memo`. A cell holds codes separated by `; `, `-` where
        the coder found nothing of the group, and is blank where he has not judged.
    """
    order = {document: place for place, document in enumerate(documents["document_id"])}
    frame = excerpts.assign(_document=excerpts["document_id"].map(order))
    frame = frame.sort_values(["_document", "start"], kind="stable")
    by_document = frame.groupby("document_id", sort=False)["text"]
    frame = frame.assign(
        before=by_document.shift(1).fillna(""), after=by_document.shift(-1).fillna("")
    )
    frame = frame[frame["speaker"].isin(CODABLE)]
    if sample is not None:
        frame = frame[frame["excerpt_id"].isin(sample["excerpt_id"])]
    ids = frame["excerpt_id"]
    sheet = frame[list(ADDRESS)].copy()
    if aliases is not None:
        sheet["participant"] = frame["participant_id"].map(aliases).fillna("")
    for name in ("prompt", "before", "text", "after"):
        sheet[name] = frame[name]
    own = _own(codes, coder)
    if not blind:
        sheet[PROPOSED] = ids.map(_in_words(codes, coder, groups)).fillna("")
    for heading, words in (said or {}).items():
        sheet[heading] = ids.map(words).fillna("")
    cells = _cells(own)
    for group in groups:
        sheet[group] = ids.map(cells.get(group, {})).fillna("")
    sheet[MEMO] = ids.map(join_notes(own)).fillna("")
    return sheet.reset_index(drop=True)


def write_sheet(
    frame: pd.DataFrame, path: Path, *, allowed: pd.DataFrame, overwrite: bool = False
) -> Path:
    """Write a sheet as `.csv` (UTF-8 with a mark that Excel knows) or `.xlsx`.

    Parameters
    ----------
    frame : DataFrame
        From `make_sheet`.
    path : Path
    allowed : DataFrame
        `code_group`, `code`, `name`, `definition`: the second sheet of an `.xlsx`.
    overwrite : bool, default False
        Whether a file that is there may be replaced: it may hold somebody's work.

    Returns
    -------
    Path

    Raises
    ------
    SourceError
        If the file is there, or ends otherwise.

    Notes
    -----
    Words of participants never run as formulas: in an `.xlsx` they are stored as text; in a
    `.csv` an apostrophe stands before what would begin one (`safe_cells.guard_text`), which
    `read_sheet_back` takes off.
    """
    kinds = {".csv": _csv, ".xlsx": _xlsx}
    if path.suffix.lower() not in kinds:
        raise SourceError(path.name, "a sheet is a .csv or .xlsx file.", "name it so.")
    if path.exists() and not overwrite:
        raise SourceError(
            path.name,
            "there is a sheet of this name, which may hold codes that nobody has imported.",
            "import it, then write the new one with --overwrite, or under another name (--out).",
        )
    write_whole(path, kinds[path.suffix.lower()](frame, allowed))
    return path


def join_notes(own: pd.DataFrame) -> dict[str, str]:
    """Return the memos of a coder by excerpt, each once, in the order of time."""
    rows = own[(own["note"] != "") & ((own["strength"] > 0) | (own["code_group"] == MEMO))]
    rows = rows.sort_values("coded_at", kind="stable", na_position="first")
    notes = rows.groupby("excerpt_id", sort=False)["note"]
    return {str(excerpt): "\n".join(dict.fromkeys(texts)) for excerpt, texts in notes}


def severity_of(attributes: str) -> int | None:
    """Return the severity that the attributes of a code hold, or None."""
    value = json.loads(attributes).get(SEVERITY) if SEVERITY in attributes else None
    return None if value is None else int(value)


def _own(codes: pd.DataFrame | None, coder: str) -> pd.DataFrame:
    if codes is None:
        codes = pd.DataFrame(
            columns=["coder_id", "excerpt_id", "code_group", "code", "strength", "note",
                     "attributes", "coded_at"]
        )  # fmt: skip
    return codes[(codes["coder_id"] == f"{PERSON}{coder}") & (codes["excerpt_id"] != "")]


def _cells(own: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return what a coder has said, by column and excerpt, as he would type it."""
    given = own[own["strength"] > 0].sort_values(["excerpt_id", "code"], kind="stable")
    given = given.assign(code=given["code"].where(given["code"] != NONE, NOTHING))
    cells: dict[str, dict[str, str]] = {}
    for (group, excerpt), codes in given.groupby(["code_group", "excerpt_id"])["code"]:
        cells.setdefault(group, {})[excerpt] = "; ".join(dict.fromkeys(codes))
    pains = given[given["code_group"] == "pain_point"]
    severities = pains.assign(value=pains["attributes"].map(severity_of)).dropna(subset="value")
    worst = severities.groupby("excerpt_id")["value"].max()
    cells[SEVERITY] = {str(excerpt): str(int(value)) for excerpt, value in worst.items()}
    return cells


def _in_words(codes: pd.DataFrame | None, coder: str, groups: Sequence[str]) -> dict[str, str]:
    """Return what others than the coder say, by excerpt: a line per group."""
    if codes is None:
        return {}
    others = codes[
        (codes["coder_id"] != f"{PERSON}{coder}")
        & (codes["strength"] > 0)
        & (codes["excerpt_id"] != "")
        & codes["code_group"].isin(groups)
    ].sort_values(["excerpt_id", "code_group", "code"], kind="stable")
    lines: dict[str, list[str]] = {}
    for (excerpt, group), rows in others.groupby(["excerpt_id", "code_group"], sort=True):
        said = [
            code + (f" (severity {severity})" if (severity := severity_of(attributes)) else "")
            for code, attributes in zip(rows["code"], rows["attributes"], strict=True)
        ]
        lines.setdefault(excerpt, []).append(f"{group}: {'; '.join(dict.fromkeys(said))}")
    return {excerpt: "\n".join(parts) for excerpt, parts in lines.items()}


def _csv(frame: pd.DataFrame, allowed: pd.DataFrame) -> bytes:
    # Codes and `-` stay as they are: they are the coder's to read and type.
    guarded = frame.assign(
        **{name: frame[name].map(guard_text) for name in (*CONTEXT, MEMO) if name in frame}
    )
    text: str = guarded.to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _xlsx(frame: pd.DataFrame, allowed: pd.DataFrame) -> bytes:
    import io

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "excerpts"
    _fill(sheet, frame)
    sheet.freeze_panes = sheet.cell(row=2, column=1)
    _fill(book.create_sheet(CODES_SHEET), allowed)
    book[CODES_SHEET].freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Worksheet, frame: pd.DataFrame) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    wrapped = Alignment(wrap_text=True, vertical="top")
    for column, name in enumerate(frame.columns, start=1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = _WIDTHS.get(str(name), _NARROW)
        head = sheet.cell(row=1, column=column, value=str(name))
        head.font, head.alignment = Font(bold=True), wrapped
        for row, value in enumerate(frame[name], start=2):
            cell = sheet.cell(row=row, column=column)
            cell.alignment = wrapped
            _set(cell, ILLEGAL_CHARACTERS_RE.sub(" ", value) if isinstance(value, str) else value)


def _set(cell: Any, value: Any) -> None:
    if not isinstance(value, str):
        cell.value = int(value)
    elif value:
        cell.value = value
        # Text, even where it begins as a formula does, and also after somebody has edited it.
        cell.data_type = "s"
        cell.quotePrefix = guard_text(value) != clean_text(value)
