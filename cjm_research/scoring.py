"""`cjm score`: a researcher's own table in, the same rows with emotions and signals out."""

from __future__ import annotations

import csv
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cjm_research.coding import EMOTIONS, keep_questions, load_encoder, score_texts
from cjm_research.errors import SourceError, UnknownNameError, quoted

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 4096
DELIMITERS = ",;\t|"
SIGNALS = ("valence", "pain", "delight", "need")
COLUMNS = ("emotion", *(f"emotion_{name}" for name in EMOTIONS), *SIGNALS)
"""What is added to each row, in this order."""


@dataclass(frozen=True)
class ScoredFile:
    """What became of a table.

    Attributes
    ----------
    n_rows : int
        Rows read and written.
    n_empty : int
        Rows without text; their new cells are empty.
    n_truncated : int
        Texts longer than 256 word pieces, scored by their beginning.
    seconds, model_seconds : float
        In all, and in the model.
    """

    n_rows: int
    n_empty: int
    n_truncated: int
    seconds: float
    model_seconds: float


def score_file(
    path: Path,
    out: Path,
    *,
    text_column: str,
    prompt_column: str = "",
    overwrite: bool = False,
    say: Callable[[int, float], None] | None = None,
) -> ScoredFile:
    """Write the rows of a .csv with scores of one column's text added.

    The table streams through memory; `out` appears only when it is whole. The delimiter of
    the input is kept.

    Parameters
    ----------
    path, out : Path
    text_column : str
        The column to score.
    prompt_column : str, optional
        A column with the question that each text answers; as in a study, texts of up to eight
        words are read with it.
    overwrite : bool, default False
        Whether a file that stands at `out` may be replaced. The input never is.
    say : callable, optional
        Told the number of rows done and the seconds so far.

    Returns
    -------
    ScoredFile

    Raises
    ------
    SourceError
        If the file cannot be read as a table, has a column of a name that would be added, or
        `out` stands already.
    UnknownNameError
        If there is no such column.
    """
    out = out.resolve() if out.is_symlink() else out
    if not out.parent.is_dir():
        raise SourceError(str(out), "its folder does not exist.", "make the folder first.")
    if out.is_dir():
        raise SourceError(str(out), "it is a folder.", "name a file with --out.")
    if out.exists() and path.exists() and out.samefile(path):
        raise SourceError(str(out), "input and output are the same file.", "name another --out.")
    if out.exists() and not overwrite:
        raise SourceError(
            str(out), "it exists already.", "name another --out, or add --overwrite to replace it."
        )
    began = time.perf_counter()
    in_model = 0.0
    n_rows = n_empty = n_truncated = 0
    encoder = load_encoder()
    part = out.with_name(f".{out.name}.part")
    with ExitStack() as stack:
        source = stack.enter_context(_open(path))
        records, header, delimiter = _read_records(source, path.name, text_column)
        place = _check_header(header, path.name, text_column)
        asked = _check_header(header, path.name, prompt_column) if prompt_column else None
        stack.callback(part.unlink, missing_ok=True)
        stack.enter_context(_explain_failed_writing(out))
        sink = stack.enter_context(part.open("w", encoding="utf-8", newline=""))
        writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
        writer.writerow([*header, *COLUMNS])
        while rows := list(itertools.islice(records, ROWS_AT_ONCE)):
            said = [row for row in rows if row[place].strip()]
            texts = [row[place] for row in said]
            prompts = (
                keep_questions(texts, [row[asked] for row in said]) if asked is not None else None
            )
            clock = time.perf_counter()
            scores, encoded = score_texts(encoder, texts, prompts)
            in_model += time.perf_counter() - clock
            n_truncated += int(encoded.truncated.sum())
            cells = iter(_cells(scores))
            for row in rows:
                writer.writerow([*row, *(next(cells) if row[place].strip() else _NO_TEXT)])
            n_rows += len(rows)
            n_empty += len(rows) - len(said)
            if say:
                say(n_rows, time.perf_counter() - began)
        sink.close()
        part.replace(out)
    seconds = time.perf_counter() - began
    return ScoredFile(n_rows, n_empty, n_truncated, seconds, in_model)


_NO_TEXT = [""] * len(COLUMNS)


def _cells(scores: pd.DataFrame) -> list[list[str]]:
    """Return the new cells of each row as text."""
    emotions = scores[[f"emotion_{name}" for name in EMOTIONS]].to_numpy()
    top = [EMOTIONS[place] for place in emotions.argmax(axis=1)] if len(scores) else []
    values = scores[list(COLUMNS[1:])].to_numpy()
    return [
        [name, *(f"{value:.4f}" for value in row)] for name, row in zip(top, values, strict=True)
    ]


def _open(path: Path) -> IO[str]:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise SourceError(
            str(path), f"it cannot be opened ({error.strerror}).", "check the path."
        ) from error


@contextmanager
def _explain_failed_writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(
            str(out),
            f"it cannot be written ({error.strerror}).",
            "check the folder's permissions and the room on the disk; no part of it was kept.",
        ) from error


def _read_records(
    source: IO[str], name: str, text_column: str
) -> tuple[Iterator[list[str]], list[str], str]:
    """Return the rows, the header and the delimiter of a table.

    The delimiter is the one that stands most often in the first line, among those with which
    that line names the text column.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        first = source.readline()
    except UnicodeDecodeError as error:
        raise _not_utf8(name, error) from error
    source.seek(0)
    if not first.strip():
        raise SourceError(name, "it is empty.", "give a .csv whose first line names the columns.")
    delimiter = max(
        DELIMITERS,
        key=lambda mark: (
            text_column in next(csv.reader([first], delimiter=mark)),
            first.count(mark),
        ),
    )
    # Strict: a quote that is never closed would swallow the rest of the table without a word.
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    try:
        header = next(reader)
    except csv.Error as error:
        raise _unreadable(name, reader.line_num, error) from error
    return _checked(reader, len(header), name), header, delimiter


def _checked(reader: Any, width: int, name: str) -> Iterator[list[str]]:
    """Give rows of the header's width; a blank line is a row without text."""
    try:
        for row in reader:
            if len(row) > width:
                raise SourceError(
                    name,
                    f"line {reader.line_num} has {len(row)} cells, the header {width}.",
                    "check the quotes around texts that hold the delimiter.",
                )
            yield row + [""] * (width - len(row))
    except UnicodeDecodeError as error:
        raise _not_utf8(name, error) from error
    except csv.Error as error:
        raise _unreadable(name, reader.line_num, error) from error


def _unreadable(name: str, line: int, error: csv.Error) -> SourceError:
    return SourceError(
        name,
        f"line {line} cannot be read ({error}).",
        "look for a quotation mark that is not closed or not doubled in this line or before it.",
    )


def _check_header(header: list[str], name: str, column: str) -> int:
    """Return where a column stands."""
    if column not in header:
        raise UnknownNameError("column", column, header, where=name)
    if header.count(column) > 1:
        raise SourceError(name, f"column '{column}' occurs twice.", "rename one of them.")
    clash = [added for added in COLUMNS if added in header]
    if clash:
        raise SourceError(
            name,
            f"it has columns of names that would be added: {quoted(clash)}.",
            "rename them in the input; nothing was written.",
        )
    return header.index(column)


def _not_utf8(name: str, error: UnicodeDecodeError) -> SourceError:
    return SourceError(
        name,
        f"it is not UTF-8 text (byte {error.start + 1}).",
        "save it as UTF-8 (in Excel: 'CSV UTF-8').",
    )
