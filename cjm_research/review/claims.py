"""What reviewers say about claims of a report: one file per reviewer, only appended to."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from cjm_research.errors import TableError, quoted
from cjm_research.review.files import check_name, locked, write_whole
from cjm_research.safe_cells import guard_text, unguard_text

CLAIM_COLUMNS = ["claim", "words", "answer", "comment", "at", "version"]
ANSWERS = ("agree", "disagree", "comment")
_WORDS = ("words", "comment")


def append_claims(folder: Path, reviewer: str, rows: pd.DataFrame) -> int:
    """Append answers to a reviewer's file, without those that it holds.

    Parameters
    ----------
    folder : Path
        The study's `reviews/`; made if it is not there.
    reviewer : str
        Name of the file: lower-case letters, digits, `-` and `_`.
    rows : DataFrame
        `CLAIM_COLUMNS`, all text: id of the claim, its words then, "agree", "disagree" or
        "comment", the comment, when (ISO 8601), version of the report.

    Returns
    -------
    int
        Rows appended, all at once or not at all.

    Raises
    ------
    ConfigError
        If the name is none.
    TableError
        If the file is no file of answers.
    SourceError
        If another program holds the file.
    """
    path = folder / f"{check_name(reviewer, 'coder')}.csv"
    if rows.empty:
        return 0
    with locked(path):
        old = _read(path) if path.exists() else rows.iloc[:0][CLAIM_COLUMNS]
        key = ["claim", "answer", "comment", "at"]
        known = set(old[key].itertuples(index=False, name=None))
        rows = rows[CLAIM_COLUMNS].drop_duplicates(key)
        new = rows[[row not in known for row in rows[key].itertuples(index=False, name=None)]]
        if new.empty:
            return 0
        before = path.read_bytes() if path.exists() else _csv([CLAIM_COLUMNS])
        end = b"" if before.endswith(b"\n") else b"\n"
        guarded = new.assign(**{name: new[name].map(guard_text) for name in _WORDS})
        write_whole(path, before + end + _csv(guarded.to_numpy().tolist()))
    return len(new)


def read_claims(folder: Path) -> pd.DataFrame:
    """Read what all reviewers said about claims.

    Parameters
    ----------
    folder : Path
        The study's `reviews/`; it need not exist.

    Returns
    -------
    DataFrame
        `reviewer` and `CLAIM_COLUMNS`, all text, by reviewer and in the order of the files.

    Raises
    ------
    TableError
        If a file is no file of answers.
    """
    parts = [
        _read(path).assign(reviewer=path.stem)
        for path in sorted(folder.glob("*.csv"))
    ]  # fmt: skip
    columns = ["reviewer", *CLAIM_COLUMNS]
    if not parts:
        return pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
    return pd.concat(parts, ignore_index=True)[columns]


def _read(path: Path) -> pd.DataFrame:
    where = f"reviews/{path.name}"
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(
            where, "reviews", [f"it cannot be read as UTF-8 CSV ({error})."]
        ) from error
    missing = [name for name in CLAIM_COLUMNS if name not in table]
    problems = (
        [f"columns {quoted(missing)} are missing. Found: {quoted(table)}."] if missing else []
    )
    if not missing:
        odd = sorted(set(table["answer"]) - set(ANSWERS))
        problems = [f"no answer {quoted(odd)}. Allowed: {quoted(ANSWERS)}."] if odd else []
    if problems:
        raise TableError(where, "reviews", problems)
    return table[CLAIM_COLUMNS].assign(**{name: table[name].map(unguard_text) for name in _WORDS})


def _csv(lines: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue().encode("utf-8")
