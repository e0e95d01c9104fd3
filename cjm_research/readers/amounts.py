"""Amounts of money as people and CRMs write them; never guessed where a comma may mean either."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from cjm_research.errors import SourceError, quoted

_CURRENCY = r"[A-Za-z]{0,3}[$€£¥₹₩₽]|[A-Z]{3}|kr\.?|zł|Fr\."
_AMOUNT = re.compile(
    rf"(?P<minus>[-−]?)\s?(?P<before>{_CURRENCY})?\s?(?P<inner>[-−]?)"
    rf"(?P<digits>\d[\d.,'’\s]*)(?P<after>{_CURRENCY})?"
)
_LONGEST = 40
"""Characters; a longer cell is no amount."""
_SAME = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "zł": "PLN", "₹": "INR", "Fr.": "CHF"}


@dataclass(frozen=True)
class Amounts:
    """Amounts of a column.

    Attributes
    ----------
    numbers : Series
        NaN where a cell is blank or no amount.
    unreadable : Index
        Rows whose cell is not blank and no amount.
    currency : str
        The one currency that the cells name; empty when they name none.
    """

    numbers: pd.Series
    unreadable: pd.Index
    currency: str = ""


def read_amounts(cells: pd.Series, *, where: str, decimal_comma: bool | None = None) -> Amounts:
    """Return the amounts of a column.

    Parameters
    ----------
    cells : Series
        Text such as `1,234.50`, `1.234,50 €`, `(12)`, `CHF 1'200`.
    where : str
        File and column, for messages.
    decimal_comma : bool, optional
        Whether 1,234 is a bit more than one, when no cell of the column settles it; two kinds
        of marks in a cell do (the last is the decimal one), and so does a mark that stands
        twice, or not before three digits.

    Raises
    ------
    SourceError
        If the cells name several currencies, contradict each other about the comma, or nothing
        tells what it means.
    """
    text = cells.astype(str).str.strip()
    found = {row: _split(cell) for row, cell in text.items() if cell}
    parts = {row: part for row, part in found.items() if part}
    currencies = sorted({currency for _, _, currency in parts.values() if currency})
    if len(currencies) > 1:
        raise SourceError(
            where,
            f"amounts are of several currencies: {quoted(currencies)}.",
            "convert them to one; a sum over currencies has no meaning.",
        )
    comma = _find_decimal([digits for _, digits, _ in parts.values()], decimal_comma, where)
    values = pd.Series(float("nan"), index=cells.index, dtype="float64")
    for row, (sign, digits, _) in parts.items():
        values[row] = sign * _to_number(digits, comma=comma)
    unreadable = [row for row, part in found.items() if part is None]
    return Amounts(values, pd.Index(unreadable), currencies[0] if currencies else "")


def _split(cell: str) -> tuple[int, str, str] | None:
    """Return sign, digits with their marks, and currency; None for what is no amount."""
    if len(cell) > _LONGEST:
        return None
    bracketed = cell.startswith("(") and cell.endswith(")")  # how accountants write minus
    match = _AMOUNT.fullmatch(cell[1:-1].strip() if bracketed else cell)
    if not match or (match["before"] and match["after"]):
        return None
    digits = re.sub(r"[\s'’]", "", match["digits"])
    if not _WELL_FORMED.fullmatch(digits):
        return None
    currency = match["before"] or match["after"] or ""
    minus = bracketed or match["minus"] or match["inner"]
    return (-1 if minus else 1), digits, _SAME.get(currency, currency)


# Whole numbers with or without groups of three, and at most one mark before decimals.
_WELL_FORMED = re.compile(
    r"\d+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?"
)


def _find_decimal(digits: list[str], declared: bool | None, where: str) -> bool:
    """Return True when the comma is the decimal mark."""
    says = {told for cell in digits if (told := _tells(cell)) is not None}
    if len(says) > 1:
        raise SourceError(
            where,
            "some amounts have a decimal comma and others a decimal point.",
            "write them in one way; 1,234 and 1.234 cannot be told apart otherwise.",
        )
    if says and declared is not None and declared not in says:
        raise SourceError(
            where,
            f"`decimal_comma: {str(declared).lower()}` is declared, but amounts of the column "
            "are written the other way.",
            "take `decimal_comma:` out of this source, or correct the amounts.",
        )
    if says:
        return says.pop()
    if declared is None and any(re.search(r"[.,]", cell) for cell in digits):
        raise SourceError(
            where,
            "amounts such as '1,234' or '1.234' may be thousands or decimals, and no amount of "
            "the column tells which.",
            "declare `decimal_comma: true` (1,5 is one and a half) or `decimal_comma: false` for "
            "this source.",
        )
    return bool(declared)


def _tells(digits: str) -> bool | None:
    """Return whether an amount shows a decimal comma; None when it may be read either way."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return None
    if len(set(marks)) == 2:
        return marks[-1] == ","
    if len(marks) > 1:
        return marks[0] == "."
    before, _, after = re.split(r"([.,])", digits)
    if len(after) == 3 and len(before) <= 3 and before != "0":
        return None
    return marks[0] == ","


def _to_number(digits: str, *, comma: bool) -> float:
    thousands, decimal = (".", ",") if comma else (",", ".")
    return float(digits.replace(thousands, "").replace(decimal, "."))
