"""Funnels that other programs counted: steps with numbers, and nobody behind them.

A program whose tables have usual names for their columns is added to `PRESETS`; `columns:` of
study.yaml names them for any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cjm_research.config import FunnelReport, resolve_stage
from cjm_research.errors import SourceError, did_you_mean, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.cells import Cells, read_records, squeeze
from cjm_research.readers.counts import NO_RATE, read_counts, read_rates
from cjm_research.readers.files import find_files
from cjm_research.readers.ga4_funnel import NAME, PEOPLE, is_ga4_funnel, read_ga4_funnel
from cjm_research.readers.json_records import load_whole
from cjm_research.readers.notes import Notes
from cjm_research.readers.report_tables import (
    Preset,
    Records,
    ReportTable,
    cut_report,
    drop_brackets,
    find_declared,
    number_cells,
    recognise_report,
    refuse_addresses,
)
from cjm_research.readers.reported_steps import FollowedStep, ReportedStep, follow_steps
from cjm_research.readers.rows import make_rows

JSON = (".json", ".json.gz")
Days = tuple[str, str]


# No specimen of these tables is known: each is said to be unverified where it is used.
PRESETS = (
    Preset(
        "Google Analytics 4 (exploration; columns unverified)",
        {"step": ("step",), "people": ("active users",), "rate": ("completion rate",)},
        more={"lost": ("abandonments",)},
    ),
    Preset(
        "Adobe Analytics (Workspace fallout; columns unverified)",
        {"step": ("touchpoint",), "people": ("people",), "rate": ("% continued",)},
    ),
    Preset(
        "Hotjar (funnel; columns unverified)",
        {
            "step": ("step", "step name"),
            "people": ("sessions", "users"),
            "rate": ("conversion", "conversion rate"),
        },
    ),
)


@dataclass(frozen=True)
class Funnel:
    """A funnel as a program counted it: whom it counts, and first and last day if it tells."""

    program: str
    unit: str
    steps: list[FollowedStep]
    days: Days = ("", "")


def read_funnel_report(source: FunnelReport, folder: Path, journey: Journey) -> Material:
    """Return the steps of a funnel that another program counted.

    Parameters
    ----------
    source : FunnelReport
        One file; `columns` where the program's names are not known, `steps` to place its steps.
    folder : Path
        The study folder.
    journey : Journey
        The study's stages.

    Raises
    ------
    SourceError
        If the file is none of the known reports, or its counts are not whole.
    UnknownNameError
        If `steps` names a stage that the journey does not have.
    """
    notes = Notes()
    paths = find_files(source, folder, notes)
    if len(paths) > 1:
        raise SourceError(
            f"{', '.join(source.files)} (source '{source.id}')",
            f"a funnel is one file; {len(paths)} match.",
            "declare a source of its own for each: every funnel is shown under its own label.",
        )
    rows = []
    for path in paths:
        funnel = read_counted(path, source, notes=notes)
        stages = _place_steps(source, funnel.steps, journey, path.name, notes)
        rows += [
            (
                source.name, funnel.program, source.counted or funnel.unit,
                *_choose_days(source, funnel.days), step.segment, step.position, step.step,
                stages[step.step], step.people, step.continued, step.rate, step.stated.value,
            )
            for step in funnel.steps
        ]  # fmt: skip
    return Material(
        source=source.id,
        reported_funnels=make_rows("reported_funnels", rows),
        **notes.parts(),
    )


def read_counted(path: Path, source: FunnelReport, *, notes: Notes) -> Funnel:
    """Return the funnel of a file, its steps in order.

    Raises
    ------
    SourceError
        If the file is none of the known reports, or its counts are not whole.
    """
    if path.name.casefold().endswith(JSON):
        program, unit, days = NAME, PEOPLE, ("", "")
        steps = _read_json(path, source, notes)
    else:
        program, unit, days, steps = _read_table(path, source, notes)
    program = source.program or program
    notes.count(path.name, f"a funnel counted by {program or 'another program'}", 1)
    if not steps:
        raise SourceError(
            path.name,
            "no step was found in it.",
            "check that it is the report that you mean, and not an empty one.",
        )
    about = notes.of(path.name)
    about.format, about.n_used = program or "table", about.n_used + len(steps)
    labels = [text for step in steps for text in (step.segment, step.label)]
    refuse_addresses(labels, file=path.name)
    followed = follow_steps(steps, file=path.name, notes=notes)
    notes.count(path.name, "steps", len({step.position for step in followed}))
    return Funnel(program, unit, followed, days)


def recognise_funnel(records: Records) -> ReportTable | None:
    """Return where the funnel of a known program stands among the records of a file."""
    return recognise_report(records, PRESETS)


def name_unread_columns(path: Path, source: FunnelReport) -> list[str]:
    """Return the names of a table's columns that are not read; none of JSON."""
    if path.name.casefold().endswith(JSON):
        return []
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


def _read_json(path: Path, source: FunnelReport, notes: Notes) -> list[ReportedStep]:
    loaded = load_whole(path)
    if not is_ga4_funnel(loaded):
        fields = [name[:40] for name in loaded][:8] if isinstance(loaded, dict) else []
        found = f" Fields found: {quoted(fields)}." if fields else ""
        raise SourceError(
            path.name,
            "it is no funnel report of Google Analytics 4's Data API, the only JSON that is read "
            f"here.{found}",
            "of Mixpanel and other programs export the funnel as CSV, and name its columns: "
            "`columns: {step: ..., people: ...}`.",
        )
    if source.columns:
        raise SourceError(
            path.name,
            "`columns:` names columns of tables, and this is JSON, whose fields are known.",
            "take `columns:` out of this source.",
        )
    return read_ga4_funnel(loaded, file=path.name, notes=notes)


def _read_table(
    path: Path, source: FunnelReport, notes: Notes
) -> tuple[str, str, Days, list[ReportedStep]]:
    """Return who counted, what, from which day to which, and the steps."""
    records = read_records(
        path, notes=notes, encoding=source.encoding, sheet=source.sheet, delimiter=source.delimiter
    )
    table = _find_table(records, source, path.name)
    cells = cut_report(records, table, label="step", file=path.name, notes=notes)
    unit = drop_brackets(table.columns["people"])
    steps = _read_steps(cells, table.columns, notes)
    return table.program, unit, _find_days(records[: table.header]), steps


def _find_table(records: Records, source: FunnelReport, file: str) -> ReportTable:
    table = recognise_funnel(records)
    if source.columns:
        where = f"{', '.join(source.files)} (source '{source.id}')"
        declared = {str(key): name for key, name in source.columns.items()}
        needed = ("step", "people")
        return find_declared(records, declared, needed=needed, where=where, known=table)
    if table is None:
        raise SourceError(
            file,
            "nothing shows which of its columns hold the steps and the people.",
            "name them under this source: `columns: {step: ..., people: ...}`, and `segment`, "
            "`rate` or `lost` where there are such.",
        )
    return table


def _read_steps(cells: Cells, columns: Mapping[str, str], notes: Notes) -> list[ReportedStep]:
    frame = cells.frame
    n = len(frame)
    people = read_counts(number_cells(cells, columns["people"]), file=cells.file,
                         column=columns["people"])  # fmt: skip
    lost: list[int | None] = [None] * n
    if "lost" in columns:
        lost = read_counts(number_cells(cells, columns["lost"]), file=cells.file,
                           column=columns["lost"], blank=True)  # fmt: skip
    stated = [NO_RATE] * n
    if "rate" in columns:
        stated, odd = read_rates(list(frame[columns["rate"]]))
        notes.warn(cells.file, "stated rates that are no numbers, left out", odd)
    segments = list(frame[columns["segment"]]) if "segment" in columns else [""] * n
    return [
        ReportedStep(_name_segment(segment), squeeze(label), count or 0, left, rate)
        for segment, label, count, left, rate in zip(
            segments, frame[columns["step"]], people, lost, stated, strict=True
        )
    ]


def _name_segment(cell: str) -> str:
    """Return a segment's name; empty where it is everybody."""
    name = squeeze(cell)
    return "" if name.casefold() in ("total", "reserved_total") else name


def _place_steps(
    source: FunnelReport,
    steps: Sequence[FollowedStep],
    journey: Journey,
    file: str,
    notes: Notes,
) -> dict[str, str]:
    """Return the stage of each step; empty where `steps:` does not name it."""
    labels = list(dict.fromkeys(step.step for step in steps))
    by_name = {label.casefold(): label for label in labels}
    stages = dict.fromkeys(labels, "")
    unknown = []
    for name, stage in source.steps.items():
        label = by_name.get(squeeze(name).casefold())
        if label is None:
            unknown.append(name)
        else:
            stages[label] = resolve_stage(journey, stage, where=f"sources.{source.id}.steps")
    if unknown:
        raise SourceError(
            file,
            f"no step is called {quoted(unknown)}.{did_you_mean(unknown[0], labels)} Steps found: "
            f"{quoted(labels[:20])}.",
            "correct `steps:` of this source in study.yaml.",
        )
    notes.warn(file, "steps without a stage", sum(not stage for stage in stages.values()))
    return stages


def _choose_days(source: FunnelReport, told: Days) -> Days:
    if source.collected:
        return str(source.collected.start), str(source.collected.end)
    return told


_RANGE = re.compile(r"(?<!\d)(20\d{6})\s*-\s*(20\d{6})(?!\d)")
_START = re.compile(r"start date:\s*(20\d{6})(?!\d)", re.IGNORECASE)
_END = re.compile(r"end date:\s*(20\d{6})(?!\d)", re.IGNORECASE)


def _find_days(above: Records) -> Days:
    """Return first and last day from the lines that Google Analytics writes above its tables."""
    text = "\n".join(squeeze(cell) for record in above for cell in record)
    whole = _RANGE.search(text)
    start, end = _START.search(text), _END.search(text)
    found = (whole[1], whole[2]) if whole else (start[1], end[1]) if start and end else None
    try:
        days = [datetime.strptime(day, "%Y%m%d").date() for day in found or ()]
    except ValueError:
        return "", ""
    return (str(days[0]), str(days[1])) if days and days[0] <= days[1] else ("", "")
