"""SPSS files (.sav, .zsav): codes, what they stand for, and what people would not say.

pyreadstat reads them with C code that damaged files crash, so it runs in a process of its own,
bounded in time and memory. It is an optional extra, asked for when such a file is read.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cjm_research.errors import SourceError
from cjm_research.readers import spss_process

SUFFIXES = (".sav", ".zsav")
MAX_FILE_BYTES = 200_000_000
MAX_BYTES = 500_000_000
MAX_CELLS = 10_000_000
LIMIT_S = 120.0
_MAGIC = (b"$FL2", b"$FL3")
_BEGINNING = datetime(1582, 10, 14)  # SPSS counts seconds from here
_DATES = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR")
_TIMES = ("DATETIME", "YMDHMS")
_CLOCKS = ("TIME", "DTIME", "MTIME")


@dataclass(frozen=True)
class SpssFile:
    """What an SPSS file holds.

    Attributes
    ----------
    names : list of str
        Names of the variables, in the order of the file.
    wording : dict of str to str
        Name to the label of the variable, where it has one: the question as people read it.
    codes, labels : list of list of str
        The rows as codes, and as what the codes stand for. User-missing values (99 = Refused)
        are their label in both, so that no rating can be made of them.
    labelled : frozenset of str
        Variables whose codes stand for something.
    missing : dict of str to int
        Name to the number of its user-missing values, where there are any.
    """

    names: list[str]
    wording: dict[str, str]
    codes: list[list[str]]
    labels: list[list[str]]
    labelled: frozenset[str]
    missing: dict[str, int]

    def records(self, *, coded: Collection[int] = ()) -> list[list[str]]:
        """Return a header and rows of labels; of codes at the positions that are `coded`."""
        rows = [
            [code if at in coded else label for at, (code, label) in enumerate(pairs)]
            for pairs in (
                zip(codes, labels, strict=True)
                for codes, labels in zip(self.codes, self.labels, strict=True)
            )
        ]
        return [self.names, *rows]


def is_spss(path: Path) -> bool:
    """Tell whether a file is SPSS's, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def read_spss(path: Path, *, encoding: str = "") -> SpssFile:
    """Return what an SPSS file holds, every value as text.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Of its texts, where the file tells a wrong one.

    Raises
    ------
    SourceError
        If pyreadstat is not installed, or the file is none of SPSS, damaged or too large.
    """
    if not is_spss(path):
        raise SourceError(path.name, "it is no SPSS file, whatever its name says.", _SAVE)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _too_large(path)
    if importlib.util.find_spec("pyreadstat") is None:
        raise SourceError(
            path.name,
            "SPSS files are read by the package pyreadstat, which is not installed.",
            "install it (`pip install 'cjm_research[spss]'`), or save the file as .csv in SPSS, "
            "with value labels.",
        )
    told = _ask(path, encoding)
    if told.get("refused") == "large":
        raise _too_large(path)
    if told.get("refused") == "encoding":
        raise SourceError(
            path.name,
            "its texts are not in the encoding that the file names.",
            "declare `encoding:` for this source, such as cp1252, or save it in SPSS as Unicode.",
        )
    try:
        return _make(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, "its parts do not fit together") from error


_SAVE = "open it in SPSS or PSPP and save it again as .sav, or as .csv with value labels."


def _too_large(path: Path) -> SourceError:
    return SourceError(
        path.name,
        f"it holds more than {MAX_CELLS:,} values or {MAX_BYTES / 1e6:.0f} MB; that is refused.",
        "save only the variables that the study needs.",
    )


def _damaged(path: Path, why: str) -> SourceError:
    return SourceError(path.name, f"it cannot be read as an SPSS file ({why}).", _SAVE)


def _ask(path: Path, encoding: str) -> dict[str, Any]:
    bounds = (str(MAX_CELLS), str(MAX_BYTES))
    # -P: the folder of the script is no place to import from; its `text` is not another's.
    command = [sys.executable, "-P", spss_process.__file__, str(path), *bounds, encoding]
    try:
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _damaged(path, f"not done after {LIMIT_S:.0f} s") from error
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise _damaged(path, "its reader broke off") from error
    if not isinstance(told, dict) or done.returncode:
        raise _damaged(path, "its reader broke off")
    if told.get("refused", "large") not in ("large", "encoding"):
        raise _damaged(path, str(told["refused"]))
    return told


def _make(told: dict[str, Any]) -> SpssFile:
    names = [" ".join(str(name).split()) for name in told["names"]]
    wording, labelled, missing, codes, labels = {}, set(), {}, [], []
    parts = (told["labels"], told["formats"], told["values"], told["missing"], told["columns"])
    for name, label, form, values, ranges, cells in zip(names, *parts, strict=True):
        if label.split():
            wording[name] = " ".join(label.split())
        meaning = {code: text.strip() for code, text in values if text.strip()}
        if meaning:
            labelled.add(name)
        refused = [_is_missing(cell, ranges) for cell in cells]
        if any(refused):
            missing[name] = sum(refused)
        texts = [
            _missing_text(cell, meaning) if absent else _text(cell, form)
            for cell, absent in zip(cells, refused, strict=True)
        ]
        codes.append(texts)
        labels.append(
            [
                text if absent else meaning.get(cell, text)
                for cell, text, absent in zip(cells, texts, refused, strict=True)
            ]
        )
    return SpssFile(names, wording, _turn(codes), _turn(labels), frozenset(labelled), missing)


def _turn(columns: Sequence[Sequence[str]]) -> list[list[str]]:
    return [list(row) for row in zip(*columns, strict=True)]


def _is_missing(cell: object, ranges: Sequence[Sequence[Any]]) -> bool:
    """Tell whether the file calls a value missing: its own, or between two, either open."""
    for low, high in ranges:
        if isinstance(cell, str) and isinstance(low, str) and cell.strip() == low.strip() != "":
            return True
        numbers = not isinstance(low, str) and not isinstance(high, str)
        bounded = isinstance(cell, float) and numbers and (low, high) != (None, None)
        if bounded and (low is None or cell >= low) and (high is None or cell <= high):
            return True
    return False


def _missing_text(cell: object, meaning: dict[object, str]) -> str:
    """Return the label of a user-missing value, so that no reader of numbers takes it for one."""
    text = meaning.get(cell, _text(cell, ""))
    return text if re.match(r"[^\W\d]", text) else f"missing: {text}"


def _text(cell: object, form: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if not isinstance(cell, float):
        raise TypeError("neither text nor number")
    return _time(cell, form.rstrip("0123456789.").upper()) or _number(cell)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)


def _time(seconds: float, form: str) -> str:
    """Return a date or time as ISO 8601; empty where it is none, or none that exists."""
    try:
        if form in _DATES:
            return (_BEGINNING + timedelta(seconds=seconds)).date().isoformat()
        if form in _TIMES:
            return (_BEGINNING + timedelta(seconds=seconds)).isoformat(timespec="seconds")
        if form in _CLOCKS:
            return str(timedelta(seconds=round(seconds)))
    except OverflowError:
        pass
    return ""
