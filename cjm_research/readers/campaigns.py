"""What programs for e-mail and advertising counted: touchpoints with numbers, and nobody there.

A program whose tables have usual names for their columns is added to `PRESETS`; `columns:` of
study.yaml names them for any other.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd

from cjm_research.config import Campaign, resolve_stage
from cjm_research.errors import SourceError
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.cells import Cells, read_records, rows_in_words, squeeze
from cjm_research.readers.counts import is_none, read_counts
from cjm_research.readers.files import find_files
from cjm_research.readers.notes import Notes
from cjm_research.readers.report_tables import (
    Preset,
    Records,
    ReportTable,
    cut_report,
    find_declared,
    number_cells,
    recognise_report,
    refuse_addresses,
)
from cjm_research.readers.rows import make_rows
from cjm_research.readers.times import read_times
from cjm_research.tables import MEASURES_OF_CAMPAIGNS

_OF = {
    "delivered": ("sent",),
    "opened": ("delivered", "sent"),
    "clicked": ("impressions", "delivered", "sent"),
    "conversions": ("clicked",),
}
"""Measure to what it is a share of: the first of these that is counted."""
# Programs share a conversion out among the advertisements before it.
_WITH_PARTS = ("conversions", "cost")

# No specimen of these tables is known: each is said to be unverified where it is used.
PRESETS = (
    Preset(
        "Mailchimp (columns unverified)",
        {
            "touchpoint": ("title", "campaign name"),
            "sent": ("total recipients",),
            "opened": ("unique opens",),
            "clicked": ("unique clicks",),
        },
        more={"date": ("send date",), "delivered": ("successful deliveries",)},
    ),
    Preset(
        "Google Ads (columns unverified)",
        {
            "touchpoint": ("campaign",),
            "impressions": ("impr.", "impressions"),
            "clicked": ("clicks",),
            "cost": ("cost",),
        },
        more={"date": ("day",), "conversions": ("conversions",)},
    ),
    Preset(
        "Meta Ads (columns unverified)",
        {
            "touchpoint": ("campaign name",),
            "impressions": ("impressions",),
            "cost": ("amount spent",),
        },
        more={
            "date": ("reporting starts",),
            "end": ("reporting ends",),
            "clicked": ("link clicks",),
            "conversions": ("results",),
        },
    ),
)


def read_campaign(source: Campaign, folder: Path, journey: Journey) -> Material:
    """Return what was counted of each touchpoint, added up over the rows and files of a source.

    Parameters
    ----------
    source : Campaign
        `columns` where the program's names are not known; `stage`, `channel` and, for tables
        without a column of names, `touchpoint`.
    folder : Path
        The study folder.
    journey : Journey
        The study's stages.

    Raises
    ------
    SourceError
        If a file is no such table, or its counts are not whole.
    UnknownNameError
        If the journey has no such stage.
    """
    notes = Notes()
    stage = resolve_stage(journey, source.stage, where=f"sources.{source.id}.stage")
    parts, programs = [], []
    for path in find_files(source, folder, notes):
        program, counted = _read_file(path, source, notes)
        programs.append(program)
        parts.append(counted)
    rows: list[tuple[object, ...]] = []
    together = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"touchpoint": []})
    program = ", ".join(dict.fromkeys(filter(None, programs)))
    n_over = n_apart = 0
    for touchpoint, lines in together.groupby("touchpoint", sort=False):
        # What no row tells is not 0.
        counts = {name: lines[name].sum(min_count=1) for name in _counted(lines)}
        start, end = _choose_days(source, lines)
        for name, n in counts.items():
            if math.isnan(n):
                continue
            of, n_of, rate = _share(name, counts)
            n_over += n_of < n
            if of and (lines[of].isna() != lines[name].isna()).any():
                n_apart, rate = n_apart + 1, math.nan
            rows.append(
                (source.name, program, touchpoint, stage, source.channel, start, end, name, n,
                 of, n_of, rate)
            )  # fmt: skip
    where = ", ".join(source.files)
    repeated = len(together) - together["touchpoint"].nunique()
    notes.warn(where, "rows of a touchpoint that has others, added up", repeated)
    notes.warn(where, "counts above those that they would be a share of: no rate", n_over)
    notes.warn(where, "counts of other rows than those they would be a share of: no rate", n_apart)
    return Material(
        source=source.id,
        touchpoint_metrics=make_rows("touchpoint_metrics", rows),
        **notes.parts(),
    )


def recognise_campaigns(records: Records) -> ReportTable | None:
    """Return where the campaigns of a known program stand among the records of a file."""
    return recognise_report(records, PRESETS)


def name_unread_counts(path: Path, source: Campaign) -> list[str]:
    """Return the names of a table's columns that are not read."""
    records = read_records(
        path,
        notes=Notes(),
        encoding=source.encoding,
        sheet=source.sheet,
        delimiter=source.delimiter,
    )
    table = _find_table(records, source, path.name)
    header = [squeeze(cell) for cell in records[table.header]]
    return [name for name in header if name and name not in table.columns.values()]


def _find_table(records: Records, source: Campaign, file: str) -> ReportTable:
    table = recognise_campaigns(records)
    if source.columns:
        where = f"{', '.join(source.files)} (source '{source.id}')"
        declared = {str(key): name for key, name in source.columns.items()}
        needed = () if source.touchpoint else ("touchpoint",)
        if table is None and not set(declared) & set(MEASURES_OF_CAMPAIGNS):
            raise SourceError(
                where,
                "`columns:` names no column of counts.",
                f"name at least one of {', '.join(MEASURES_OF_CAMPAIGNS)}.",
            )
        return find_declared(records, declared, needed=needed, where=where, known=table)
    if table is None:
        raise SourceError(
            file,
            "nothing shows which of its columns hold the touchpoint and the counts.",
            "name them under this source: `columns: {touchpoint: ..., date: ..., sent: ..., "
            "opened: ...}`.",
        )
    return table


def _read_file(path: Path, source: Campaign, notes: Notes) -> tuple[str, pd.DataFrame]:
    """Return who counted, and a row for each row of the file: touchpoint, days, counts."""
    records = read_records(
        path, notes=notes, encoding=source.encoding, sheet=source.sheet, delimiter=source.delimiter
    )
    table = _find_table(records, source, path.name)
    columns = table.columns
    label = "touchpoint" if "touchpoint" in columns else ""
    cells = cut_report(records, table, label=label, file=path.name, notes=notes)
    frame = cells.frame
    if frame.empty:
        raise SourceError(
            path.name,
            "no row of counts was found in it.",
            "check that it is the report that you mean, and not an empty one.",
        )
    program = source.program or table.program
    about = notes.of(path.name)
    about.format, about.n_used = program or "table", about.n_used + len(frame)
    notes.count(path.name, f"campaigns counted by {program or 'another program'}", 1)
    names = frame[columns["touchpoint"]] if "touchpoint" in columns else ""
    out = pd.DataFrame({"touchpoint": names}, index=frame.index, dtype="object")
    if source.touchpoint:
        out["touchpoint"] = source.touchpoint
    refuse_addresses(out["touchpoint"].unique(), file=path.name)
    for key in ("date", "end"):
        out[key] = _read_days(cells, columns.get(key, ""), source, notes)
    for name, column in _measures(columns).items():
        if name in _WITH_PARTS:
            out[name] = _read_amounts(cells, column)
        else:
            counts = read_counts(
                number_cells(cells, column), file=path.name, column=column, blank=True
            )
            out[name] = pd.Series(counts, index=frame.index, dtype="float64")
    return program, out


def _measures(columns: dict[str, str]) -> dict[str, str]:
    return {name: columns[name] for name in MEASURES_OF_CAMPAIGNS if name in columns}


def _counted(frame: pd.DataFrame) -> list[str]:
    return [name for name in MEASURES_OF_CAMPAIGNS if name in frame]


def _share(name: str, counts: dict[str, float]) -> tuple[str, float, float]:
    """Return what a measure is a share of, how many those are, and the share; NaN for none."""
    known = [of for of in _OF.get(name, ()) if not math.isnan(counts.get(of, math.nan))]
    if not known:
        return "", math.nan, math.nan
    n_of = float(counts[known[0]])
    rate = counts[name] / n_of if n_of and counts[name] <= n_of else math.nan
    return known[0], n_of, rate


_AMOUNT = re.compile(r"[^\d\s.,-]{0,4}\s?(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(\.\d{1,12})?")


def _read_amounts(cells: Cells, column: str) -> pd.Series:
    """Return numbers that may have parts: money, and conversions shared out among ads."""
    amounts: list[float] = []
    wrong: list[int] = []
    for row, text in number_cells(cells, column):
        match = _AMOUNT.fullmatch(text)
        if match:
            amounts.append(float(match[1].replace(",", "") + (match[2] or "")))
        else:
            amounts.append(math.nan)
            wrong += [] if is_none(text) else [row]
    if wrong:
        raise SourceError(
            cells.file,
            f"column '{column}' holds no number of 0 or more in {rows_in_words(wrong)}.",
            "an amount is written as 1204.50 or 1,204.50. Correct these cells, or name another "
            "column under `columns:`.",
        )
    return pd.Series(amounts, index=cells.frame.index, dtype="float64")


def _read_days(cells: Cells, column: str, source: Campaign, notes: Notes) -> pd.Series:
    """Return the day of each row in ISO form; empty where none is told."""
    if not column:
        return pd.Series("", index=cells.frame.index, dtype="object")
    values = cells.frame[column].mask(cells.frame[column].map(is_none), "")
    times = read_times(
        values,
        timezone=source.timezone,
        where=f"{cells.file}, column '{column}'",
        day_first=source.day_first,
    )
    notes.warn(cells.file, "days that cannot be read, left out", len(times.unreadable))
    local = times.utc.dt.tz_convert(source.timezone)
    return local.dt.strftime("%Y-%m-%d").fillna("").astype("object")


def _choose_days(source: Campaign, lines: pd.DataFrame) -> tuple[str, str]:
    """Return first and last day: as study.yaml declares, else of the rows if all tell theirs."""
    if source.collected:
        return str(source.collected.start), str(source.collected.end)
    ends = lines["end"].where(lines["end"] != "", lines["date"])
    if (lines["date"] == "").any():
        return "", ""
    start, end = min(lines["date"]), max(ends)
    return (start, end) if start <= end else ("", "")
