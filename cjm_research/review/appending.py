"""The only writer of people's codes: rows are appended, and no old row is touched."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from cjm_research.errors import TableError, did_you_mean, quoted
from cjm_research.review.files import check_name, locked, write_whole
from cjm_research.review.people import read_numbers

COLUMNS = (
    "document_id", "participant_id", "start", "end", "quote", "code_group", "code", "strength",
    "severity", "note", "coded_at",
)  # fmt: skip
"""What `append_codes` writes; columns of a file beside these stay and are left empty."""

_NEEDED = ("document_id", "start", "end", "quote", "code_group", "code")
_BOM = "\ufeff"


def append_codes(folder: Path, coder: str, rows: pd.DataFrame) -> Path:
    """Append codes to a coder's file.

    Parameters
    ----------
    folder : Path
        The study's `codes/`; made if it is not there.
    coder : str
        Name of the file: lower-case letters, digits, `-` and `_`.
    rows : DataFrame
        `document_id`, `start`, `end` (offsets in the document's text), `quote`, `code_group`,
        `code`, and optionally `strength` (in [0, 1], default 1; 0 says no), `severity` (1 to
        4), `note`, `coded_at` (now, where empty) and `participant_id`, by which the document is
        found again when ids change. Of contrary rows the later counts.

    Returns
    -------
    Path
        The file. Old rows stay as they are, and the new ones appear all at once or not at
        all. No rows, no file.

    Raises
    ------
    ConfigError
        If the name is none.
    TableError
        With all that is wrong with the rows or the file; then nothing is written.
    SourceError
        If another program holds the file.
    """
    path = folder / f"{check_name(coder, 'coder')}.csv"
    new = _check_rows(rows, f"codes/{path.name}")
    if new.empty:
        return path
    with locked(path):
        write_whole(path, _extended(path, new))
    return path


def _check_rows(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the rows as text in the columns of the file."""
    found = [str(column) for column in rows.columns]
    problems = [
        f"column '{name}' is missing.{did_you_mean(name, found)} Found: {quoted(found)}."
        for name in _NEEDED
        if name not in rows
    ]
    problems += [
        f"unknown column '{name}'.{did_you_mean(name, COLUMNS)} Allowed: {quoted(COLUMNS)}."
        for name in found
        if name not in COLUMNS
    ]
    if problems:
        raise TableError(where, "codes", problems)
    new = pd.DataFrame(
        {
            name: rows[name].map(_text) if name in rows else pd.Series("", index=rows.index)
            for name in COLUMNS
        },
        dtype="object",
    ).reset_index(drop=True)
    for name in ("document_id", "quote", "code_group", "code"):
        empty = new[name] == ""
        if empty.any():
            problems.append(f"'{name}' is empty (rows {_numbers(empty)}).")
    for name in ("code_group", "code"):
        odd = new[name].str.contains(r"[;\n\r]", regex=True)
        if odd.any():
            problems.append(f"'{name}' holds ';' or a line break (rows {_numbers(odd)}).")
    start, end = (pd.to_numeric(new[name], errors="coerce") for name in ("start", "end"))
    wrong = ~((start >= 0) & (end > start) & (start % 1 == 0) & (end % 1 == 0))
    if wrong.any():
        problems.append(
            f"'start' and 'end' must be whole numbers, 0 <= start < end (rows {_numbers(wrong)})."
        )
    *_, more = read_numbers(new, first_row=1)
    times = pd.to_datetime(new["coded_at"].where(new["coded_at"] != "", None), errors="coerce",
                           utc=True, format="ISO8601")  # fmt: skip
    wrong = times.isna() & (new["coded_at"] != "")
    if wrong.any():
        problems.append(
            f"'coded_at' must be a time, as 2026-04-01T09:30Z (rows {_numbers(wrong)})."
        )
    if problems + more:
        raise TableError(where, "codes", problems + more)
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return new.assign(
        start=start.astype("int64").astype(str),
        end=end.astype("int64").astype(str),
        strength=new["strength"].replace("", "1"),
        coded_at=new["coded_at"].replace("", now),
    )


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _extended(path: Path, new: pd.DataFrame) -> bytes:
    """Return the file's text with the new rows; old rows keep every byte where they can."""
    old = path.read_bytes() if path.exists() else b""
    try:
        text = old.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TableError(
            f"codes/{path.name}", "codes", [f"it cannot be read as UTF-8 CSV ({error})."]
        ) from error
    lines = list(csv.reader(io.StringIO(text.removeprefix(_BOM), newline="")))
    header = lines[0] if lines else list(COLUMNS)
    missing = [name for name in COLUMNS if name not in header]
    if "quote" not in header or "code" not in header:
        raise TableError(
            f"codes/{path.name}",
            "codes",
            [f"it is no file of codes: its columns are {quoted(header)}."],
        )
    if missing and lines:
        # A file that a person began may lack columns: its rows get empty cells at their end.
        wide = [
            line + [""] * (len(header) - len(line) + len(missing)) for line in lines[1:] if line
        ]
        header = header + missing
        text = (_BOM if text.startswith(_BOM) else "") + _csv([header, *wide])
    elif not lines:
        text = _csv([header])
    elif not text.endswith("\n"):
        text += "\n"
    added = new.reindex(columns=header, fill_value="")
    return (text + _csv(added.to_numpy().tolist())).encode("utf-8")


def _csv(lines: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _numbers(wrong: pd.Series) -> str:
    return ", ".join(str(row + 1) for row in wrong.index[wrong][:5])
