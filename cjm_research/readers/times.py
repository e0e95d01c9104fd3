"""Times as exports write them, brought to UTC without guessing an order or a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pandas as pd

from cjm_research.errors import SourceError

_ZONE = r"(?P<zone>\s*(?:Z|[+-]\d{2}:?\d{2}|(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?))?"
_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_ISO = (
    rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?:[T ]\s*{_CLOCK})?{_ZONE}"
)
_NUMERIC = (
    r"(?P<first>\d{1,2})[./-](?P<second>\d{1,2})[./-](?P<year>\d{4}|\d{2})"
    rf"(?:,?[T ]\s*{_CLOCK})?{_ZONE}"
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NAME = r"[A-Za-z]{3,9}\.?"
_IN_WORDS = (
    rf"(?:[A-Za-z]{{3,9}},?\s+)?"
    rf"(?:(?P<name>{_NAME})\s+(?P<day>\d{{1,2}}),?|(?P<day_2>\d{{1,2}})[ -](?P<name_2>{_NAME}),?)"
    rf"[ -]\s*(?P<year>\d{{4}})(?:,?\s+{_CLOCK})?{_ZONE}"
)


@dataclass(frozen=True)
class Times:
    """Times in UTC, and the rows that need a word.

    Attributes
    ----------
    utc : Series
        `datetime64[us, UTC]`; NaT where a cell is blank or unreadable.
    unreadable : Index
        Rows whose cell is not blank and cannot be read.
    doubled, skipped : int
        Local times that exist twice (read as the first) or not at all (moved forward) because
        clocks were changed.
    day_first : bool, optional
        The order of 03/04/2025 as the column's values told it; None where nothing had to.
    n_naive : int
        Times that carry no zone, and were read as of the zone given.
    """

    utc: pd.Series
    unreadable: pd.Index
    doubled: int = 0
    skipped: int = 0
    day_first: bool | None = None
    n_naive: int = 0


def read_times(
    cells: pd.Series, *, timezone: str, where: str, day_first: bool | None = None
) -> Times:
    """Return times in UTC.

    Parameters
    ----------
    cells : Series
        Text or datetimes. Text is ISO 8601, numbers in day or month order, or has an English
        name for its month.
    timezone : str
        Zone of times that do not carry one, such as 'Europe/Berlin' or '-06:00'.
    where : str
        File and column, for messages.
    day_first : bool, optional
        Order of 03/04/2025 when no cell of the column settles it; a 13 in either place does,
        and so do dots (03.04.2025 is the third of April).

    Raises
    ------
    SourceError
        If the zone is unknown, the cells contradict each other about the order, or nothing
        tells it.
    """
    zone = _find_zone(timezone, where)
    if pd.api.types.is_datetime64_any_dtype(cells):
        return _localize(cells, zone, cells.index[:0])
    text = cells.astype(str).str.strip().where(cells.notna(), "")
    parts = _split_iso(text)
    numeric = text[(parts["year"].isna()) & (text != "")]
    found = None
    if len(numeric):
        split, order = _split_numeric(numeric, day_first, where)
        parts.update(split)
        found = order if day_first is None else None
    worded = text[parts["year"].isna() & (text != "")]
    if len(worded):
        parts.update(_split_words(worded))
    naive, offset = _assemble(parts)
    blank = text == ""
    aware = offset.notna()
    local = _localize(naive.where(~aware), zone, text.index[:0])
    values = local.utc
    if aware.any():
        told = (naive - offset).dt.tz_localize("UTC")
        values = values.where(~aware, told).astype("datetime64[us, UTC]")
    unreadable = text.index[values.isna() & ~blank]
    return replace(local, utc=values, unreadable=unreadable, day_first=found)


_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
_FROM, _UNTIL = 946_684_800, 4_102_444_800  # the years 2000 and 2100


def read_epoch(cells: pd.Series, *, unit: str) -> Times:
    """Return times in UTC from numbers since 1970.

    Parameters
    ----------
    cells : Series
        Text.
    unit : {"s", "ms", "us"}
        What is counted; seconds may have decimals.
    """
    filled = cells.str.strip()
    numbers = pd.to_numeric(filled.where(filled.str.fullmatch(_NUMBER), None), errors="coerce")
    micros = (numbers.astype("float64") * (1_000_000 // _PER_SECOND[unit])).round()
    micros = micros.where((micros > 0) & (micros < _UNTIL * 1_000_000))
    utc = micros.astype("Int64").astype("datetime64[us]").dt.tz_localize("UTC")
    return Times(utc, utc.index[utc.isna() & (filled != "")])


_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,9})?"


def find_unit(cells: pd.Series) -> str:
    """Return the unit in which all filled cells are times of this century; empty if in none."""
    filled = cells[cells != ""]
    if filled.empty or not filled.str.fullmatch(_NUMBER).all():
        return ""
    numbers = filled.astype("float64")
    for unit, per_second in _PER_SECOND.items():
        if numbers.between(_FROM * per_second, _UNTIL * per_second).all():
            return unit
    return ""


def _split_iso(text: pd.Series) -> pd.DataFrame:
    return text.str.extract(rf"\A{_ISO}\Z").astype("object")


def _split_words(text: pd.Series) -> pd.DataFrame:
    parts = text.str.extract(rf"\A{_IN_WORDS}\Z").astype("object")
    name = (parts["name"].fillna("") + parts["name_2"].fillna("")).str.casefold().str.rstrip(".")
    numbers = {
        written: str(number)
        for written in name[name != ""].unique()
        for number, month in enumerate(_MONTHS, start=1)
        if month.startswith(written)
    }
    parts["month"] = name.map(numbers)
    parts["day"] = parts["day"].where(parts["day"].notna(), parts["day_2"])
    return parts.drop(columns=["name", "name_2", "day_2"])


def _split_numeric(
    text: pd.Series, day_first: bool | None, where: str
) -> tuple[pd.DataFrame, bool | None]:
    """Return the parts of dates, and whether the day comes first; None where no cell is one."""
    parts = text.str.extract(rf"\A{_NUMERIC}\Z").astype("object")
    first = pd.to_numeric(parts["first"], errors="coerce")
    second = pd.to_numeric(parts["second"], errors="coerce")
    says_day_first, says_month_first = bool((first > 12).any()), bool((second > 12).any())
    if says_day_first and says_month_first:
        raise SourceError(
            where,
            "some dates are written day/month and others month/day.",
            "write dates as 2025-04-30 in this column; half of them cannot be told apart.",
        )
    if says_month_first and day_first:
        raise SourceError(
            where,
            "`day_first: true` is declared, but some dates have a second number above 12.",
            "take `day_first:` out of this source, or correct the dates.",
        )
    dotted = bool(text[first.notna()].str.match(r"\d{1,2}\.").all())
    settled = says_day_first or says_month_first or dotted or day_first is not None
    if first.notna().any() and not settled:
        raise SourceError(
            where,
            f"dates such as '{text[first.notna()].iloc[0]}' may be day/month or month/day, "
            "and no date of the column tells which.",
            "declare `day_first: true` or `day_first: false` for this source, or write dates "
            "as 2025-04-30.",
        )
    is_day_first = says_day_first or (
        not says_month_first and (dotted if day_first is None else day_first)
    )
    parts["day"] = parts["first"] if is_day_first else parts["second"]
    parts["month"] = parts["second"] if is_day_first else parts["first"]
    short = parts["year"].str.len() == 2
    parts["year"] = parts["year"].where(~short, "20" + parts["year"].fillna(""))
    order = bool(is_day_first) if first.notna().any() else None
    return parts.drop(columns=["first", "second"]), order


def _assemble(parts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return wall-clock times, and their distance from UTC where a zone is given."""
    days = parts[["year", "month", "day"]].fillna("").to_numpy(dtype="object")
    iso = [f"{year}-{month:0>2}-{day:0>2}" for year, month, day in days]
    date = _series(pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce"), parts.index)
    full = [at if at.count(":") == 2 else f"{at}:00" for at in parts["clock"].fillna("00:00:00")]
    clock = _series(pd.to_timedelta(full, errors="coerce"), parts.index)
    if parts["half"].notna().any():
        half = parts["half"].fillna("").str.lower().str[:1]
        noon = timedelta(hours=12)
        is_twelve = (clock >= noon) & (clock < noon + timedelta(hours=1))
        clock = clock.mask((half == "p") & (clock < noon), clock + noon)
        clock = clock.mask((half == "a") & is_twelve, clock - noon)
    clock = clock.where(clock < timedelta(days=1))
    return (date + clock).astype("datetime64[us]"), _read_offsets(parts["zone"])


def _series(times: pd.DatetimeIndex | pd.TimedeltaIndex, index: pd.Index) -> pd.Series:
    return pd.Series(times.as_unit("us"), index=index)


def _read_offsets(zones: pd.Series) -> pd.Series:
    """Return the distance from UTC of each zone; NaT where there is none."""
    if zones.isna().all():
        return pd.Series(pd.NaT, index=zones.index, dtype="timedelta64[us]")
    # A file has few different zones: each is read once.
    known = {zone: _read_offset(zone) for zone in zones.dropna().unique()}
    return zones.map(known).astype("timedelta64[us]")


def _read_offset(zone: str) -> timedelta:
    # Google Forms writes `GMT+1`, others `+01:00`.
    far = re.sub(r"\A(?:UTC|GMT)", "", zone.strip().replace(":", ""))
    if far in ("", "Z"):
        return timedelta(0)
    digits = far[1:]
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return -distance if far[0] == "-" else distance


def _localize(naive: pd.Series, zone: tzinfo, unreadable: pd.Index) -> Times:
    if getattr(naive.dtype, "tz", None) is not None:
        return Times(naive.dt.tz_convert("UTC").astype("datetime64[us, UTC]"), unreadable)
    naive = naive.astype("datetime64[us]")
    known = naive.notna()
    plain = naive.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    if plain.isna().sum() == (~known).sum():  # no clock was changed at any of these times
        utc = plain.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
        return Times(utc, unreadable, n_naive=int(known.sum()))
    doubled = naive.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna()
    skipped = naive.dt.tz_localize(zone, ambiguous=[True] * len(naive), nonexistent="NaT").isna()
    values = naive.dt.tz_localize(
        zone, ambiguous=[True] * len(naive), nonexistent="shift_forward"
    ).dt.tz_convert("UTC")
    return Times(
        values.astype("datetime64[us, UTC]"),
        unreadable,
        int((doubled & known).sum()),
        int((skipped & known).sum()),
        n_naive=int(known.sum()),
    )


def _find_zone(name: str, where: str) -> tzinfo:
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})", name.strip())
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset < timedelta(hours=24):
            return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError) as error:
        raise SourceError(
            where,
            f"`timezone: {name}` is not a time zone.",
            "declare one such as UTC, Europe/Berlin or -06:00.",
        ) from error
