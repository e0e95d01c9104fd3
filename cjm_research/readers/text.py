"""Bytes to text: the file's own mark first, then strict UTF-8, then what study.yaml declares."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from cjm_research.errors import SourceError

MAX_LINE_CHARS = 50_000_000
# The four bytes of UTF-32 begin with the two of UTF-16, so they are asked first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path, *, encoding: str = "") -> tuple[str, str]:
    """Return a file's text and the encoding that it was read with.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        What study.yaml declares; asked only when the file has no byte-order mark and is
        not UTF-8. Characters are never dropped or replaced.

    Raises
    ------
    SourceError
        If the file cannot be opened or decoded, or holds a line beyond reason.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            path.name, f"it cannot be opened ({error.strerror}).", "check the file's permissions."
        ) from error
    return to_text(data, path.name, encoding=encoding)


def to_text(data: bytes, where: str, *, encoding: str = "") -> tuple[str, str]:
    """Return text and encoding of a file's bytes, if no line is beyond reason; see `read_text`."""
    text, used = decode(data, where, encoding=encoding)
    if _PAGE.match(text):
        raise SourceError(
            where,
            "it is a web page under another name, such as the page of a program that asks to log "
            "in, or a table for printing.",
            "open it to see what it says, and export the file again as CSV or .xlsx.",
        )
    if len(text) > MAX_LINE_CHARS and max(map(len, text.split("\n"))) > MAX_LINE_CHARS:
        raise SourceError(
            where,
            f"a single line has more than {MAX_LINE_CHARS:,} characters.",
            "check that this is the file you mean; exports have a line per row or per turn.",
        )
    return text, used


_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,1000}?-->\s*)?(?:<!doctype html|<html)\b",
    re.IGNORECASE | re.DOTALL,
)


def glance(data: bytes) -> str:
    """Return the beginning of a file as text, for telling what it is; nothing is refused."""
    name = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(name, "replace")


def decode(data: bytes, where: str, *, encoding: str = "") -> tuple[str, str]:
    """Return text and encoding of a file's bytes; see `read_text`."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decode_strictly(data, name, where), name.removesuffix("-sig")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not encoding:
            raise SourceError(
                where,
                f"it is not UTF-8 text (byte {error.start + 1}).",
                "save it as UTF-8, or declare `encoding:` for this source, such as cp1252 for "
                "files from Excel on Windows.",
            ) from error
        return _decode_strictly(data, encoding, where), encoding
    # UTF-16 without a mark passes as UTF-8 when it is plain English: every other byte is NUL.
    if text.count("\x00") * 4 > len(text):
        if encoding:
            return _decode_strictly(data, encoding, where), encoding
        raise SourceError(
            where,
            "every other byte is empty; it looks like UTF-16 without a byte-order mark.",
            "save it as UTF-8, or declare `encoding: utf-16-le` for this source.",
        )
    return text, "utf-8"


def _decode_strictly(data: bytes, encoding: str, where: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise SourceError(
            where,
            f"`encoding: {encoding}` is not an encoding that Python knows.",
            "declare one such as utf-8, cp1252, latin-1 or utf-16-le.",
        ) from error
    except (UnicodeError, ValueError) as error:
        raise SourceError(
            where,
            f"it cannot be read as {encoding} ({error}).",
            "declare the encoding that the file was saved with, or save it as UTF-8.",
        ) from error


def take_named_mark(text: str) -> tuple[str, str]:
    """Return the mark between cells that a first line `sep=;` names, and the text without it.

    Spreadsheet programs obey the line and show it to nobody; rows are counted without it.
    """
    said = _SEP_LINE.match(text)
    return (said.group(1), text[said.end() :]) if said else ("", text)


_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.IGNORECASE)
