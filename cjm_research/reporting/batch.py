"""Batch reports: one study, a report for each part that batch.yaml names, and a page beside them.

Each report is a run of its own: one that fails leaves the others alone, and one whose inputs
have not changed is not made again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd

from cjm_research.config.batch import ALL, Batch, PeriodsPart, load_batch
from cjm_research.errors import ConfigError, did_you_mean, quoted
from cjm_research.reporting.execute import check_parameters
from cjm_research.reporting.notebooks import list_notebooks
from cjm_research.reporting.publish import last_good
from cjm_research.reporting.runs import plain_reason, run_study
from cjm_research.reporting.site.batch import BatchRow, render_batch
from cjm_research.reporting.states import LATEST, WORKING, BusyError, hold_study
from cjm_research.study import Study, find_study, steps
from cjm_research.study.cache import Tables
from cjm_research.study.slicing import Slice, TooFewError, make_slug

BATCH_FILE = "batch.yaml"
FOLDER = "batch"
Status = Literal["planned", "good", "unchanged", "too few", "failed"]
_CALENDAR = {"week": "W-SUN", "month": "M", "quarter": "Q"}
_TOO_FEW = (
    "the report of the whole study does not split what people do by '{segment}': a stage has "
    "fewer than {smallest} people of some value who left or stayed (integration.smallest_cell)."
)


@dataclass(frozen=True)
class PartReport:
    """One report of a batch.

    Attributes
    ----------
    name : str
        As people read it.
    part : str
        Its folder under `reports/<study>/batch/`.
    only : Slice
    status : {"planned", "good", "unchanged", "too few", "failed"}
    reason : str
        Why there is no report, in plain words.
    run_dir : Path, optional
        The published folder.
    """

    name: str
    part: str
    only: Slice
    status: Status = "planned"
    reason: str = ""
    run_dir: Path | None = None


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch.

    Attributes
    ----------
    reports : tuple of PartReport
        In the order of batch.yaml.
    index : Path, optional
        The page that compares them; None where nothing was made.
    """

    reports: tuple[PartReport, ...]
    index: Path | None = None

    @property
    def n_failed(self) -> int:
        """Reports that failed."""
        return sum(report.status == "failed" for report in self.reports)


def run_batch(
    study: str | Path,
    *,
    as_of: date | None = None,
    dry_run: bool = False,
    again: bool = False,
    say: Callable[[str], None] | None = None,
) -> BatchResult:
    """Make a report for each part of a study that its batch.yaml names.

    Parameters
    ----------
    study : str or Path
        Name or folder.
    as_of : date, optional
        See the study as on the evening of that day.
    dry_run : bool, default False
        Only say which reports there would be, and which parts are of too few people for one.
    again : bool, default False
        Make reports also where nothing has changed.
    say : callable, optional
        Told what is being done, one line at a time.

    Returns
    -------
    BatchResult
        A part with too few people to report on is no failure.

    Raises
    ------
    ConfigError
        If batch.yaml cannot be used, or names segments or values that the study has not.
    UnknownNameError, ReportError
        If it names a parameter that no notebook declares, or gives it a value of another kind.
    BusyError
        If the study is being run. Nothing has been begun then.
    """
    say = say or (lambda line: None)
    place = find_study(study)
    where = f"{place.name}/{BATCH_FILE}"
    batch = load_batch(place.folder / BATCH_FILE, where=where)
    check_parameters(batch.parameters, list_notebooks(place), where=f"{where}: parameters")
    whole = Study(place, as_of=as_of, say=say)
    root = place.reports.parent.parent
    with contextlib.nullcontext() if dry_run else hold_study(root, place.name):
        tables = whole.tables
        planned = plan_reports(batch, whole, where=where)
        hidden = _find_hidden(tables["segment_comparison"])
        planned = [_refuse_hidden(report, whole, hidden) for report in planned]
        if dry_run:
            return BatchResult(tuple(_refuse_few(report, whole) for report in planned))
        return _run_parts(planned, whole, tables, batch.parameters, again=again, say=say)


def _run_parts(
    planned: list[PartReport],
    whole: Study,
    tables: Tables,
    parameters: Mapping[str, str],
    *,
    again: bool,
    say: Callable[[str], None],
) -> BatchResult:
    """Make the reports, and the page that sets them beside each other."""
    reports, rows = [], [_whole_row(whole, tables)]
    for report in planned:
        done, found = report, None
        if report.status == "planned":
            done, found = _run_part(whole, report, parameters=parameters, again=again, say=say)
        reports.append(done)
        rows.append(_row(done, found))
    index = whole.place.reports / FOLDER / "index.html"
    index.parent.mkdir(parents=True, exist_ok=True)
    working = index.with_name(f"{WORKING}{index.name}")
    render_batch(
        rows,
        working,
        title=whole.config.title,
        language=whole.config.report.language,
        as_of=str(whole.as_of or ""),
        smallest_cell=whole.config.integration.smallest_cell,
    )
    working.replace(index)
    return BatchResult(tuple(reports), index)


def plan_reports(batch: Batch, study: Study, *, where: str = BATCH_FILE) -> list[PartReport]:
    """Return the reports that a batch.yaml asks for: those named, then those of the matrix.

    Every value of every segment of the matrix is crossed with every period of it.

    Parameters
    ----------
    batch : Batch
    study : Study
        The whole of it.
    where : str
        The file, as the researcher knows it.

    Raises
    ------
    ConfigError
        Naming every segment that study.yaml does not declare and every value that nobody has,
        and reports that would be of the same name or lack times.
    """
    tables = study.tables
    values = _list_values(study, tables)
    named = [
        (report.name, Slice(report.segment, report.value, report.start, report.end))
        for report in batch.reports
    ]
    wanted = [(only.segment, only.value) for _, only in named if only.segment]
    if batch.matrix:
        wanted += [(s, value) for s, of_it in batch.matrix.segment.items() for value in of_it]
    problems = [
        problem for segment, value in wanted for problem in _find_slips(segment, value, values)
    ]
    if problems:
        raise ConfigError(where, list(dict.fromkeys(problems)))
    if batch.matrix:
        pairs = [
            (segment, value)
            for segment, of_it in batch.matrix.segment.items()
            for value in dict.fromkeys(values[segment] if ALL in of_it else of_it)
        ] or [("", "")]
        days = [
            period for part in batch.matrix.period for period in _list_periods(part, tables, where)
        ] or [(None, None)]
        crossed = [Slice(*pair, *period) for pair in pairs for period in days]
        named += [(only.words, only) for only in crossed]
    reports = [
        PartReport(name, only.slug if name == only.words else make_slug(name), only)
        for name, only in named
    ]
    parts = [report.part.casefold() for report in reports]
    repeated = sorted({r.name for r in reports if parts.count(r.part.casefold()) > 1})
    if repeated:
        raise ConfigError(where, [f"{quoted(repeated)}: asked for more than once. Keep one."])
    return reports


def _run_part(
    whole: Study,
    report: PartReport,
    *,
    parameters: Mapping[str, str],
    again: bool,
    say: Callable[[str], None],
) -> tuple[PartReport, Tables | None]:
    """Return what became of one report, and the tables that it was made from."""
    place = whole.place
    try:
        tables = Study(place, as_of=whole.as_of, only=report.only).tables
        run = run_study(
            place.folder,
            parameters=parameters,
            as_of=whole.as_of,
            only=report.only,
            part=report.part,
            again=again,
            locked=True,
            say=lambda line: say(f"{report.name}: {line}"),
        )
    except TooFewError as error:
        return _ended(report, "too few", error.reason), None
    except BusyError:
        raise
    except Exception as error:  # whatever it was, it must not stop the other reports
        say(f"{report.name}: failed. {error}")
        return _ended(report, "failed", plain_reason(error, place.name)), None
    status: Status = "good" if run.made else "unchanged"
    return PartReport(report.name, report.part, report.only, status, "", run.run_dir), tables


def _refuse_hidden(report: PartReport, whole: Study, hidden: set[str]) -> PartReport:
    """Return a report as planned, unless the report of the whole study hides its segment."""
    if report.only.segment not in hidden:
        return report
    smallest = whole.config.integration.smallest_cell
    reason = _TOO_FEW.format(segment=report.only.segment, smallest=smallest)
    return _ended(report, "too few", reason)


def _refuse_few(report: PartReport, whole: Study) -> PartReport:
    """Return a report as planned, unless its run would end for want of people."""
    if report.status != "planned":
        return report
    try:
        Study(whole.place, as_of=whole.as_of, only=report.only).check_part()
    except TooFewError as error:
        return _ended(report, "too few", error.reason)
    return report


def _ended(report: PartReport, status: Status, reason: str) -> PartReport:
    return PartReport(report.name, report.part, report.only, status, reason)


def _row(report: PartReport, tables: Tables | None) -> BatchRow:
    href = f"{report.part}/{LATEST}/index.html" if report.run_dir else ""
    status = "good" if report.run_dir else report.status
    return BatchRow(report.name, href, status, report.reason, tables)


def _whole_row(whole: Study, tables: Tables) -> BatchRow:
    href = f"../{LATEST}/index.html" if last_good(whole.place.reports) else ""
    return BatchRow("The whole study", href, "good", "", tables)


def _find_hidden(comparison: pd.DataFrame) -> set[str]:
    """Return the segments by which a published report does not split what people do."""
    hidden = comparison["suppressed"].astype(bool) & (comparison["kind"] == "drop_off")
    return set(comparison.loc[hidden, "segment"])


def _list_values(study: Study, tables: Tables) -> dict[str, list[str]]:
    """Return the known values of each declared audience segment, sorted."""
    known = steps.find_segments(study.config, tables)
    return {
        segment.id: []
        if known is None
        else sorted(known.loc[known["segment"] == segment.id, "segment_value"].unique())
        for segment in study.config.audience_segments
    }


def _find_slips(segment: str, value: str, values: Mapping[str, list[str]]) -> Iterator[str]:
    if segment not in values:
        yield (
            f"no audience segment '{segment}' in study.yaml.{did_you_mean(segment, values)} "
            f"Allowed: {quoted(values)}."
        )
    elif value != ALL and value not in values[segment]:
        yield (
            f"no value '{value}' of '{segment}'.{did_you_mean(value, values[segment])} "
            f"Known: {quoted(values[segment])}."
        )


def _list_periods(
    part: PeriodsPart, tables: Tables, where: str
) -> list[tuple[date | None, date | None]]:
    if not part.every:
        return [(part.start, part.end)]
    times = pd.concat([tables["documents"]["said_at"], tables["events"]["occurred_at"]]).dropna()
    if times.empty:
        raise ConfigError(
            where, [f"matrix.period: `every: {part.every}` needs times, and no source has any."]
        )
    first = part.start or times.min().date()
    last = part.end or times.max().date()
    return [
        (
            max(period.start_time.date(), part.start or date.min),
            min(period.end_time.date(), part.end or date.max),
        )
        for period in pd.period_range(first, last, freq=_CALENDAR[part.every])
    ]
