"""Numbers and durations as a reader expects them: the filters of every template."""

from __future__ import annotations

from collections.abc import Callable

from cjm_research.cells import number

THIN = "\u202f"
"""Narrow no-break space, between a number and its per cent sign."""

_IRREGULAR = {"person": "people"}
_SINGULAR = {plural: singular for singular, plural in _IRREGULAR.items()}


def whole(value: object) -> str:
    """Return '1,204'; an en dash when there is no number."""
    found = number(value)
    return "–" if found is None else _minus(f"{found:,.0f}")


def decimal(value: object, digits: int = 1) -> str:
    """Return '4.2', with a real minus sign."""
    found = number(value)
    return "–" if found is None else _minus(f"{_unsigned_zero(found, digits):,.{digits}f}")


def signed(value: object, digits: int = 1) -> str:
    """Return '+0.3' or '−0.6'; zero has no sign."""
    found = number(value)
    if found is None:
        return "–"
    rounded = _unsigned_zero(found, digits)
    return _minus(f"{rounded:+.{digits}f}") if rounded else f"{0:.{digits}f}"


def percent(value: object, digits: int = 0) -> str:
    """Return '58 %' for 0.58.

    One digit more is shown where rounding would claim none or all of the people.
    """
    found = number(value)
    if found is None:
        return "–"
    return f"{_percent_digits(found, digits)}{THIN}%"


def percent_range(low: object, high: object, digits: int = 0) -> str:
    """Return '53–63 %', or an empty string when there is no interval."""
    first, last = number(low), number(high)
    if first is None or last is None:
        return ""
    return f"{_percent_digits(first, digits)}–{_percent_digits(last, digits)}{THIN}%"


def signed_range(low: object, high: object, digits: int = 0) -> str:
    """Return '+1 to +23': a dash between signs would read as a minus."""
    first, last = number(low), number(high)
    if first is None or last is None:
        return ""
    return f"{signed(first, digits)} to {signed(last, digits)}"


def decimal_range(low: object, high: object, digits: int = 1) -> str:
    """Return '3.9–4.4', or an empty string when there is no interval."""
    first, last = number(low), number(high)
    if first is None or last is None:
        return ""
    joint = " to " if first < 0 or last < 0 else "–"
    return f"{decimal(first, digits)}{joint}{decimal(last, digits)}"


def plural(value: object, word: str) -> str:
    """Return '1 person', '14 people', '3 sessions'; the word may come in either number."""
    found = number(value)
    return f"{whole(value)} {_one(word) if found == 1 else _many(word)}"


def duration(seconds: object) -> str:
    """Return a duration in words: '40 s', '2 min 10 s', '3 h 5 min', '2 days 4 h'."""
    found = number(seconds)
    if found is None:
        return "–"
    if found < 1:
        return "under 1 s" if found > 0 else f"0{THIN}s"
    left = round(found)
    # Two units say enough; seconds beside hours would be noise.
    if left >= 86_400:
        days, hours = divmod(round(left / 3600), 24)
        return plural(days, "day") + (f" {hours}{THIN}h" if hours else "")
    if left >= 3600:
        hours, minutes = divmod(round(left / 60), 60)
        return f"{hours}{THIN}h" + (f" {minutes}{THIN}min" if minutes else "")
    minutes, rest = divmod(left, 60)
    if not minutes:
        return f"{rest}{THIN}s"
    return f"{minutes}{THIN}min" + (f" {rest}{THIN}s" if rest else "")


FILTERS: dict[str, Callable[..., str]] = {
    "whole": whole,
    "decimal": decimal,
    "signed": signed,
    "percent": percent,
    "percent_range": percent_range,
    "signed_range": signed_range,
    "decimal_range": decimal_range,
    "plural": plural,
    "duration": duration,
}


def _percent_digits(value: float, digits: int) -> str:
    shown = round(value * 100, digits)
    if (shown == 0 and value > 0) or (shown == 100 and value < 1):
        finer = round(value * 100, digits + 1)
        if finer not in (0, 100):
            return _minus(f"{finer:.{digits + 1}f}")
    return _minus(f"{_unsigned_zero(value * 100, digits):.{digits}f}")


def _unsigned_zero(value: float, digits: int) -> float:
    return value if round(value, digits) else 0.0


def _minus(shown: str) -> str:
    return shown.replace("-", "\u2212")


def _many(word: str) -> str:
    if word in _SINGULAR or word.endswith("s"):
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    return f"{word[:-1]}ies" if word.endswith("y") and not word.endswith("ay") else f"{word}s"


def _one(word: str) -> str:
    if word in _SINGULAR:
        return _SINGULAR[word]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
