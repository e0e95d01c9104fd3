"""Sheets that come back: read, checked as a whole, and compared with what is known."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from cjm_research.codes import ADJUDICATED, NONE, PERSON, SINGLE_VALUED
from cjm_research.errors import SourceError, TableError, did_you_mean, quoted
from cjm_research.review.anchors import Texts, plain
from cjm_research.review.people import MEMO, SEVERITIES
from cjm_research.review.sheets import (
    ADDRESS,
    NOTHING,
    SEVERITY,
    SHEET_GROUPS,
    join_notes,
    severity_of,
)
from cjm_research.safe_cells import unguard_text

ROW_COLUMNS = [
    "row", "document_id", "start", "end", "quote", "code_group", "code", "strength", "severity",
    "note",
]  # fmt: skip
"""What `read_sheet_back` gives; `row` as a spreadsheet counts."""

_NOTHING_WORDS = {NOTHING, "–", "—", NONE, "'-"}
_SAME_AS_NOTHING = {("emotion", "neutral")}
"""What the coding guide calls an emotion that is none."""
_MAX_LISTED = 20


_BESIDE = frozenset(
    {*ADDRESS, "text", "prompt", "before", "after", "memo", "participant", "alias", "proposed",
     "severity", "excerpt_id"}
)  # fmt: skip
"""Columns of a sheet that hold no codes."""


def read_sheet_back(
    path: Path,
    *,
    documents: pd.DataFrame,
    allowed: pd.DataFrame,
    gone: Mapping[tuple[str, str], str] | None = None,
    new_codes: bool = False,
) -> pd.DataFrame:
    """Read a sheet that somebody has filled in.

    It may have been sorted, filtered, saved by Excel or LibreOffice, and lost rows or columns
    that nobody needs; the delimiter of a .csv is found out.

    Parameters
    ----------
    path : Path
        A `.csv` or `.xlsx` as `write_sheet` makes it.
    documents : DataFrame
        Table `documents`: the text of each excerpt must still stand there, if need be at
        another place.
    allowed : DataFrame
        `code_group` and `code` of every code that may be given.
    gone : mapping of (group, code) to str, optional
        What became of codes that are no longer given, for the message.
    new_codes : bool, default False
        Take codes that `allowed` does not know, as found in the texts; not for `stage`.

    Returns
    -------
    DataFrame
        One row per excerpt and code given: `row`, `document_id`, `start`, `end`, `quote`,
        `code_group`, `code`, `strength` (1), `severity` (1 to 4, NaN without), `note` (the
        row's memo). A cell with `-` gives the code `none`, a blank one no row. A memo beside
        blank cells gives a row of the group `memo` with strength 0.

    Raises
    ------
    SourceError
        If the file cannot be read.
    TableError
        With all that is wrong, by row: unknown codes with what is allowed, two stages, a
        severity without a pain point, a text that was changed. Then nothing may be taken from
        the sheet.
    """
    sheet = _read(path)
    missing = [name for name in (*ADDRESS, "text") if name not in sheet]
    known_groups = {*SHEET_GROUPS, *allowed["code_group"]}
    groups = [name for name in sheet.columns if name in known_groups]
    if missing or not groups:
        raise TableError(
            path.name,
            "sheet",
            [f"columns {quoted(missing or SHEET_GROUPS)} are missing. "
             f"Found: {quoted(sheet.columns)}."],
        )  # fmt: skip
    slips = []
    for name in sheet.columns:
        near = did_you_mean(name, sorted(known_groups))
        if name not in {*known_groups, *_BESIDE} and near and (sheet[name] != "").any():
            slips.append(
                f"column '{name}' is none of a sheet's, and its cells would be lost.{near}"
            )
    if slips:
        raise TableError(path.name, "sheet", slips)
    reader = _Reader(Texts.of(documents), allowed, dict(gone or {}), new_codes)
    for number, row in enumerate(sheet.to_dict("records"), start=2):
        reader.take(number, row, groups)
    reader.check_repeats()
    if reader.problems:
        shown = reader.problems[:_MAX_LISTED]
        more = len(reader.problems) - len(shown)
        raise TableError(path.name, "sheet", [*shown, *([f"... and {more} more."] if more else [])])
    return pd.DataFrame(reader.rows, columns=ROW_COLUMNS)


def find_new_rows(rows: pd.DataFrame, codes: pd.DataFrame, *, coder: str) -> pd.DataFrame:
    """Return what a sheet says that its coder has not said yet.

    A cell that is not blank is the whole of what its coder finds of that group in the excerpt.
    So a code that he gave earlier and that the cell no longer holds is taken back; and a code
    that stands there by a lesser-ranked coder is refused (strength 0), whether the sheet
    showed it or not.

    Parameters
    ----------
    rows : DataFrame
        From `read_sheet_back`, with `excerpt_id`.
    codes : DataFrame
        Table `codes`, of everybody, as it is now.
    coder : str
        Name of the coder.

    Returns
    -------
    DataFrame
        Rows for `append_codes`. Empty when the sheet says nothing new: the same sheet twice
        appends nothing.
    """
    me = f"{PERSON}{coder}"
    rows = rows.drop_duplicates(["excerpt_id", "code_group", "code"])
    here = codes[codes["excerpt_id"].isin(rows["excerpt_id"])]
    own = here[here["coder_id"] == me]
    known = {
        (row["excerpt_id"], row["code_group"], row["code"]): row for row in own.to_dict("records")
    }
    notes = join_notes(own)
    new = [row for row in rows.to_dict("records") if not _is_known(row, known, notes)]
    lesser = here["coder_id"] == me
    lesser |= ~here["coder_id"].str.startswith(PERSON)
    if coder == ADJUDICATED:
        lesser |= here["coder_id"].str.startswith(PERSON)
    standing = here[lesser & (here["strength"] > 0) & (here["code"] != NONE)]
    new += _refusals(rows, standing, known, me)
    return pd.DataFrame(new, columns=ROW_COLUMNS).drop(columns="row")


class _Reader:
    """Collects the rows of a sheet, and all that is wrong with it."""

    def __init__(
        self,
        texts: Texts,
        allowed: pd.DataFrame,
        gone: dict[tuple[str, str], str],
        new_codes: bool,
    ) -> None:
        self.texts = texts
        self.allowed = {
            str(group): list(codes) for group, codes in allowed.groupby("code_group")["code"]
        }
        self.gone = gone
        self.new_codes = new_codes
        self.rows: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self._seen: dict[tuple[str, int, int], int] = {}

    def take(self, number: int, row: Mapping[str, str], groups: Sequence[str]) -> None:
        cells = {group: row[group].strip() for group in groups if row[group].strip()}
        memo = unguard_text(row.get(MEMO, "").strip())
        if not cells and not memo:
            return
        place = self._place(number, row)
        if place is None:
            return
        given = {
            group: self._codes(number, group, cell)
            for group, cell in cells.items()
            if group != SEVERITY
        }
        severity = self._severity(number, cells.get(SEVERITY, ""), given.get("pain_point", []))
        for group, codes in given.items():
            for code in codes:
                self._add(number, place, group, code, 1.0, severity, memo)
        if not given:
            self._add(number, place, MEMO, MEMO, 0.0, float("nan"), memo)

    def check_repeats(self) -> None:
        """Report excerpts that two rows judge in two ways; a copied row does no harm."""
        said: dict[tuple[Any, ...], dict[int, set[Any]]] = {}
        for row in self.rows:
            key = (row["document_id"], row["start"], row["end"], row["code_group"])
            what = (row["code"], row["severity"] if row["severity"] == row["severity"] else 0)
            said.setdefault(key, {}).setdefault(row["row"], set()).add(what)
        for key, by_row in said.items():
            if len({frozenset(codes) for codes in by_row.values()}) > 1:
                numbers = " and ".join(map(str, by_row))
                self.problems.append(
                    f"rows {numbers}: the same excerpt has different codes of '{key[3]}'."
                )

    def _place(self, number: int, row: Mapping[str, str]) -> dict[str, Any] | None:
        document, text = row["document_id"].strip(), unguard_text(row["text"].strip())
        if document not in self.texts.texts:
            near = did_you_mean(document, self.texts.texts)
            self.problems.append(f"row {number}: document '{document}' is not in the study.{near}")
            return None
        start, end = (_offset(row[name]) for name in ("start", "end"))
        if start is None or end is None:
            self.problems.append(
                f"row {number}: start and end must be whole numbers; found '{row['start']}' and "
                f"'{row['end']}'. Copy them from the sheet that was exported."
            )
            return None
        anchor = self.texts.find(text, document, start)
        there = self.texts.texts[document]
        if anchor is None or plain(there[anchor.start : anchor.end]) != plain(text):
            self.problems.append(
                f"row {number}: {document} does not hold the text '{_short(text)}'; at this place "
                f"it says '{_short(there[start:end])}'. If the sheet was edited, put the words "
                "back; if the transcript was corrected, put in the new words."
            )
            return None
        return {
            "document_id": document,
            "start": anchor.start,
            "end": anchor.end,
            "quote": there[anchor.start : anchor.end],
        }

    def _codes(self, number: int, group: str, cell: str) -> list[str]:
        parts = [part.strip() for part in re.split(r"[;\n]", cell) if part.strip()]
        codes = list(
            dict.fromkeys(
                NONE
                if part.lower() in _NOTHING_WORDS or (group, part.lower()) in _SAME_AS_NOTHING
                else part
                for part in parts
            )
        )
        if NONE in codes and len(codes) > 1:
            self.problems.append(
                f"row {number}: '{cell}' under {group} says both that there is nothing and what."
            )
        if group in SINGLE_VALUED and len(codes) > 1:
            self.problems.append(f"row {number}: an excerpt has one {group}; found '{cell}'.")
        return [self._known_code(number, group, code) for code in codes]

    def _known_code(self, number: int, group: str, code: str) -> str:
        known = self.allowed.get(group, [])
        if code == NONE or code in known:
            return code
        same = [one for one in known if _folded(one) == _folded(code)]
        if same:
            return str(same[0])
        if (group, code) in self.gone:
            self.problems.append(f"row {number}: {group} '{code}' was {self.gone[(group, code)]}.")
        elif not self.new_codes or group in SINGLE_VALUED:
            self.problems.append(
                f"row {number}: no {group} '{code}'.{did_you_mean(code, known)} "
                f"Allowed: {quoted(known)}, '-' for none of them."
            )
        elif not re.fullmatch(r"[^\W_]\w*", code):
            self.problems.append(
                f"row {number}: a new code holds letters, digits and '_' only; found '{code}'."
            )
        elif close := difflib.get_close_matches(code, known, n=1, cutoff=0.85):
            self.problems.append(
                f"row {number}: the new {group} '{code}' is nearly '{close[0]}', which there is. "
                "Use that, or a name that is not taken for it."
            )
        return code

    def _severity(self, number: int, cell: str, pains: list[str]) -> float:
        if not cell or cell in _NOTHING_WORDS:
            return float("nan")
        value = _offset(cell)
        if value not in SEVERITIES:
            self.problems.append(
                f"row {number}: severity must be 1, 2, 3 or 4 or blank; found '{cell}'."
            )
            return float("nan")
        if not pains or pains == [NONE]:
            self.problems.append(
                f"row {number}: severity {cell} without a pain point. Name the pain point as well."
            )
        return float(value)

    def _add(
        self, number: int, place: dict[str, Any], group: str, code: str, strength: float,
        severity: float, memo: str,
    ) -> None:  # fmt: skip
        pain = group == "pain_point" and code != NONE
        self.rows.append(
            {
                "row": number,
                **place,
                "code_group": group,
                "code": code,
                "strength": strength,
                "severity": severity if pain else float("nan"),
                "note": memo,
            }
        )


def _is_known(
    row: Mapping[str, Any],
    known: Mapping[tuple[Any, ...], Mapping[str, Any]],
    notes: Mapping[str, str],
) -> bool:
    """Tell whether the coder has said this already; a blank memo or severity adds nothing."""
    old = known.get((row["excerpt_id"], row["code_group"], row["code"]))
    if old is None or (old["strength"] > 0) != (row["strength"] > 0):
        return False
    severity = row["severity"]
    if severity == severity and severity != severity_of(old["attributes"]):
        return False
    return row["note"] in ("", old["note"], notes.get(row["excerpt_id"], ""))


def _refusals(
    rows: pd.DataFrame,
    standing: pd.DataFrame,
    known: Mapping[tuple[Any, ...], Mapping[str, Any]],
    me: str,
) -> list[dict[str, Any]]:
    """Return rows with strength 0 for the codes that stand beside those of the sheet."""
    keys = ["excerpt_id", "code_group"]
    judged = rows[rows["code_group"] != MEMO]
    listed = set(judged[[*keys, "code"]].itertuples(index=False, name=None))
    # `none` silences all of the group by itself, one's own earlier codes as well.
    silenced = set(judged.loc[judged["code"] == NONE, keys].itertuples(index=False, name=None))
    places = judged.drop_duplicates(keys).set_index(keys).to_dict("index")
    found = []
    for row in standing.drop_duplicates([*keys, "code"]).to_dict("records"):
        unit = (row["excerpt_id"], row["code_group"])
        mine = known.get((*unit, row["code"]))
        refused = mine is not None and mine["strength"] == 0
        if unit not in places or unit in silenced or (*unit, row["code"]) in listed or refused:
            continue
        found.append(
            places[unit] | {"code_group": unit[1], "code": row["code"], "strength": 0.0,
                            "severity": float("nan"), "note": ""}
        )  # fmt: skip
    return found


def _read(path: Path) -> pd.DataFrame:
    """Return all cells as text, headings in lower case."""
    if not path.is_file():
        raise SourceError(path.name, "there is no such file.", "check the name.")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        sheet = _read_csv(path)
    elif suffix == ".xlsx":
        sheet = _read_xlsx(path)
    else:
        raise SourceError(path.name, "a sheet is a .csv or .xlsx file.", "save it as one.")
    names = pd.Series([str(name).strip().lower() for name in sheet.columns], dtype="object")
    twice = sorted(set(names[names.duplicated() & (names != "")]))
    if twice:
        raise TableError(
            path.name, "sheet", [f"two columns are headed {quoted(twice)}: take one out."]
        )
    sheet.columns = list(names)
    return sheet


def _read_csv(path: Path) -> pd.DataFrame:
    data = path.read_bytes()
    for encoding in ("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SourceError(
            path.name, "its characters cannot be read.", "save it as 'CSV UTF-8' or as .xlsx."
        )
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not lines:
        raise SourceError(path.name, "it is empty.", "export the sheet again.")
    width = len(lines[0])
    cells = [(line + [""] * width)[:width] for line in lines[1:] if any(line)]
    return pd.DataFrame(cells, columns=lines[0], dtype="object")


def _read_xlsx(path: Path) -> pd.DataFrame:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, OSError, KeyError, ValueError) as error:
        raise SourceError(
            path.name, "it cannot be read as an .xlsx file.", "save it again as .xlsx."
        ) from error
    try:
        lines = [list(line) for line in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    if not lines:
        raise SourceError(path.name, "it is empty.", "export the sheet again.")
    head = [str(name or "") for name in lines[0]]
    cells = [[_as_text(cell) for cell in line] for line in lines[1:]]
    return pd.DataFrame(cells, columns=head, dtype="object")


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _offset(cell: str) -> int | None:
    match = re.fullmatch(r"(\d+)(?:[.,]0*)?", cell.strip())
    return int(match[1]) if match else None


def _folded(code: str) -> str:
    return re.sub(r"[\s_-]+", "_", code.strip().lower())


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
