"""The command `cjm batch`: a report for each part of a study."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path

import click

EXIT_FAILED = 1


@click.command()
@click.argument("study")
@click.option("--dry-run", is_flag=True, help="Only list the reports that there would be.")
@click.option("--again", is_flag=True, help="Make reports also where nothing has changed.")
@click.option(
    "--as-of", type=click.DateTime(formats=["%Y-%m-%d"]), metavar="DAY",
    help="See the study as on the evening of this day, such as 2026-03-31.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def batch(
    study: str, dry_run: bool, again: bool, as_of: datetime | None, as_json: bool, quiet: bool
) -> None:
    """Make a report for each part of STUDY that its batch.yaml names, and compare them.

    The last line is the path of the comparing page. Exit codes: 0 done (parts with too few
    people to report on are named), 1 some failed, 3 the study is being run already.
    """
    from cjm_research.reporting.batch import run_batch

    clock = time.monotonic()

    def say(line: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - clock:6.1f} s  {line}", err=True)

    day = as_of.date() if as_of else None
    result = run_batch(study, as_of=day, dry_run=dry_run, again=again, say=say)
    if as_json:
        reports = [
            {
                "name": report.name,
                "part": report.part,
                "status": report.status,
                "reason": report.reason,
                "run_dir": _shown(report.run_dir) if report.run_dir else None,
            }
            for report in result.reports
        ]
        index = _shown(result.index) if result.index else None
        click.echo(json.dumps({"index": index, "reports": reports}))
    else:
        for report in result.reports:
            reason = f": {report.reason}" if report.reason else ""
            click.echo(f"{report.status:9}  {report.name}{reason}", err=not dry_run)
        if result.index:
            click.echo(_shown(result.index))
    if result.n_failed:
        sys.exit(EXIT_FAILED)


def _shown(path: Path) -> str:
    """Return a path relative to where we stand, when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)
