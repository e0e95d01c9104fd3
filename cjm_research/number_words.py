"""Numbers as they are written in figures, slides and alternative texts."""

from __future__ import annotations

from cjm_research.cells import Cell, count, number, text

THIN = "\u202f"


def percent(value: object) -> str:
    """Return '58 %'; 'no data' without a number."""
    found = number(value)
    if found is None:
        return "no data"
    # Rounding must not claim that nobody or everybody did it.
    digits = 1 if 0 < found < 0.005 or 0.995 <= found < 1 else 0
    return f"{found * 100:.{digits}f}{THIN}%"


def interval(low: object, high: object) -> str:
    """Return '53–63 %', or an empty string when there is no interval."""
    first, last = number(low), number(high)
    if first is None or last is None:
        return ""
    return f"{first * 100:.0f}–{last * 100:.0f}{THIN}%"


def signed(value: object, digits: int = 1) -> str:
    """Return '+0.3' or '−0.6'."""
    found = number(value)
    if found is None:
        return "no data"
    rounded = round(found, digits) + 0.0
    return (f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}").replace("-", "\u2212")


def rating_words(entry: Cell) -> str:
    """Return a rating with its interval, n and scale."""
    points = text(entry.get("measure")).lower() == "nps"
    value, low, high = (number(entry.get(key)) for key in ("value", "low", "high"))
    digits = 0 if points else 1
    label = text(entry.get("label")) or text(entry.get("measure")).upper()
    if value is None:
        return f"{label}: no data"

    def shown(part: float) -> str:
        return signed(part, digits) if points else f"{part:.{digits}f}".replace("-", "\u2212")

    joint = " to " if points else "–"
    span = "" if low is None or high is None else f" ({shown(low)}{joint}{shown(high)})"
    return f"{label} {shown(value)}{span}, n\u00a0=\u00a0{count(entry.get('n')) or 0:,}"
