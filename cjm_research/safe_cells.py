"""Text that may stand in a cell: the one place where formulas lose their power.

A spreadsheet runs what begins with a sign of a formula, and participants may begin as they like.
A CSV knows no types, so that such text gets an apostrophe in front; in a workbook the cell is
declared to be text, and the words stay as they are (`exporters.workbook`).
"""

from __future__ import annotations

import re

SIGNS = "-=+@＝＋－＠"
"""What begins a formula for one program or another; the wide ones come from East Asian keyboards.

The minus stands first, so that no range is read where these stand in a regular expression.
"""

# Where a CSV is opened with another separator than its own, a cell may begin inside a text.
_BEGINS = re.compile(rf"^ *(?=[{SIGNS}\t\r\n])|[;|\t\r\n] *(?=[{SIGNS}])")
_GUARDED = re.compile(rf"(^ *)'(?=[{SIGNS}\t\r\n])|([;|\t\r\n] *)'(?=[{SIGNS}])")
# Neither XML nor CSV can hold these; half a surrogate pair is no text at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    r"""Return a text without the characters that no file format holds, such as NUL.

    Examples
    --------
    >>> clean_text("a\x00b")
    'ab'
    """
    return _FORBIDDEN.sub("", text)


def guard_text(text: str) -> str:
    """Return a text that no spreadsheet runs when it opens a CSV.

    An apostrophe stands before what would begin a formula: at the start, and after a semicolon,
    bar, tab or new line, where a program that expects these separators begins a cell.

    Examples
    --------
    >>> guard_text("=1+1")
    "'=1+1"
    >>> guard_text("all = well")
    'all = well'
    """
    return _BEGINS.sub(lambda found: f"{found.group()}'", clean_text(text))


def unguard_text(text: str) -> str:
    """Return the text as it was before `guard_text`.

    Examples
    --------
    >>> unguard_text("'=1+1")
    '=1+1'
    """
    return _GUARDED.sub(r"\1\2", text)


def cut_text(text: str, longest: int) -> str:
    """Return a text of at most so many characters, cut at a word, with an ellipsis where it is.

    Examples
    --------
    >>> cut_text("a long story", 8)
    'a long…'
    """
    if len(text) <= longest:
        return text
    kept = text[: max(longest - 1, 0)]
    words = kept.rsplit(" ", 1)
    # A word without an end is cut where the room ends.
    if text[len(kept)] != " " and len(words) > 1 and len(words[0]) >= longest // 2:
        kept = words[0]
    return kept.rstrip(" ,;:–-") + "…"
