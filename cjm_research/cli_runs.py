"""The commands `cjm run`, `cjm prune` and `cjm schedule`."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
import traceback
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cjm_research.cli_paths import shown
from cjm_research.errors import CjmError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cjm_research.reporting.runs import Run

EXIT_GOOD = 0
EXIT_FAILED = 1
EXIT_BUSY = 3
EXIT_TIMED_OUT = 4
EXIT_NOTHING_DUE = 5

_SCHEDULERS = ("cron", "systemd", "windows", "github", "airflow")


class _Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is no day such as 2026-04-30.", param, ctx)


@click.command()
@click.argument("study", required=False)
@click.option("--all", "everything", is_flag=True, help="Every study under data/raw.")
@click.option("--due", is_flag=True, help="Only what `schedule:` of study.yaml says is due.")
@click.option("--dry-run", is_flag=True, help="With --due: say what would be run, and run nothing.")
@click.option("--as-of", type=_Day(), help="See the study as on the evening of that day.")
@click.option("--again", is_flag=True, help="Make the report although nothing has changed.")
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE",
    help="Parameter of the report notebooks; may be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a study at the end.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def run(
    study: str | None, everything: bool, due: bool, dry_run: bool, as_of: date | None,
    again: bool, given: tuple[str, ...], as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Make the report of STUDY (a name under data/raw, or a folder; "demo" when not given).

    Where nothing has changed since a good run, that report stands and nothing is run. The last
    line is the path of the report's first page; with --all there is one line a study.

    \b
    Exit codes: 0 the report is made, or stands
                1 it failed; the last good report is untouched
                2 the command was not understood
                3 the study is being run already
                4 it took longer than report.run_deadline_s
                5 with --due: nothing was due
    """  # noqa: D301 - click reads \\b as "leave these lines as they are"
    if everything and (study or given):
        raise click.UsageError("--all takes neither a STUDY nor parameters.")
    if dry_run and not due:
        raise click.UsageError("--dry-run goes with --due.")
    if due and as_of:
        raise click.UsageError("--due finds the day by itself; leave out --as-of.")
    # A scheduler or a shutdown ends a run with SIGTERM: what is half made is removed then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if everything:
        from cjm_research.reporting.every_study import run_all

        sys.exit(
            run_all(
                due=due, dry_run=dry_run, as_of=as_of, again=again, quiet=quiet,
                tell=_tell_result(as_json, quiet), say=say_progress(quiet),
            )
        )  # fmt: skip
    name = study or "demo"
    if due:
        from cjm_research.reporting.every_study import find_due_day

        as_of = find_due_day(name)
        if as_of is None or dry_run:
            if as_of:
                click.echo(f"{name}: would be run, looking back from {as_of}")
            elif not quiet:
                click.echo(f"{name}: nothing is due", err=True)
            if as_json and not dry_run:
                click.echo(json.dumps({"run_dir": None, "status": "nothing due"}))
            sys.exit(EXIT_GOOD if as_of else EXIT_NOTHING_DUE)
    _run_one(name, as_of, again, _parameters(given), as_json, quiet)


def _run_one(
    study: str,
    as_of: date | None,
    again: bool,
    parameters: dict[str, str],
    as_json: bool,
    quiet: bool,
) -> None:
    from cjm_research.reporting.deadline import TimedOut
    from cjm_research.reporting.runs import BusyError, plain_reason, run_study

    def end_process(reason: str) -> None:
        """End now: DuckDB or the encoder hangs where no exception reaches it."""
        if as_json:
            click.echo(json.dumps({"run_dir": None, "status": "timed out", "reason": reason}))
        click.echo(f"cjm: {reason}", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_TIMED_OUT)

    try:
        done = run_study(
            study, parameters=parameters, as_of=as_of, again=again, say=say_progress(quiet),
            end_process=end_process,
        )  # fmt: skip
    except (CjmError, OSError) as error:
        if as_json:
            kinds = {BusyError: "busy", TimedOut: "timed out"}
            status = kinds.get(type(error), "failed")
            reason = plain_reason(error, study)
            click.echo(json.dumps({"run_dir": None, "status": status, "reason": reason}))
        raise
    except KeyboardInterrupt:
        click.echo("cjm: ended from the keyboard. The last good report stands.", err=True)
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        # Nobody foresaw it, and its message may hold participants' words: a scheduler would
        # keep and mail it. Where it happened is enough to report it.
        reason = plain_reason(error, study)
        if as_json:
            click.echo(json.dumps({"run_dir": None, "status": "failed", "reason": reason}))
        frames = traceback.extract_tb(error.__traceback__)
        trail = [f"{Path(frame.filename).name} {frame.lineno}" for frame in frames]
        click.echo(f"cjm: {reason}\n  Where: {', '.join(trail[-6:])}", err=True)
        sys.exit(EXIT_FAILED)
    if not done.made and not quiet:
        click.echo("nothing has changed: the report stands", err=True)
    click.echo(json.dumps(_describe(done)) if as_json else shown(done.index))


def _describe(done: Run) -> dict[str, Any]:
    """Return what other programs want to know of a run."""
    from cjm_research.reporting.states import RECORD, read_json

    return {
        "run_dir": shown(done.run_dir),
        "status": "good",
        "made": done.made,
        "seconds": done.seconds,
        "stages": read_json(done.run_dir / RECORD).get("stages", []),
    }


def say_progress(quiet: bool) -> Callable[[str], None]:
    """Return what tells, beside the results, what is being done."""
    clock = time.monotonic()

    def say(line: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - clock:6.1f} s  {line}", err=True)

    return say


def _tell_result(as_json: bool, quiet: bool) -> Callable[[dict[str, Any]], None]:
    """Return how the result of each study is printed. Quiet, only failures are."""

    def tell(result: dict[str, Any]) -> None:
        if as_json:
            click.echo(json.dumps(result))
            return
        failed = result["status"] in ("failed", "timed out")
        if failed or not quiet:
            more = result.get("reason") or (
                f"{result['run_dir']}/index.html" if result.get("run_dir") else ""
            )
            stands = " (nothing has changed)" if result.get("made") is False else ""
            click.echo(f"{result['study']}: {result['status']}{stands}  {more}".rstrip())

    return tell


@click.command()
@click.argument("study")
@click.option(
    "--keep", required=True, type=click.IntRange(min=1), metavar="N",
    help="Good runs to keep. The last good one always stays.",
)  # fmt: skip
@click.option(
    "--older-than", type=click.IntRange(min=0), metavar="DAYS",
    help="Keep also what is younger than this.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Remove them. Without it they are only listed.")
def prune(study: str, keep: int, older_than: int | None, yes: bool) -> None:
    """Remove old runs of STUDY, good and failed; without --yes only list them."""
    from cjm_research.reporting.retention import find_old_runs, remove_runs
    from cjm_research.study import find_study

    place = find_study(study)
    old = find_old_runs(place, keep=keep, older_than_days=older_than)
    for run in old:
        click.echo(f"{shown(run.folder)}  {run.status}  {run.n_bytes / 1e6:.1f} MB")
    total = sum(run.n_bytes for run in old) / 1e6
    runs = f"{len(old)} run{'' if len(old) == 1 else 's'}, {total:.1f} MB"
    if not yes:
        click.echo(f"{runs}: would be removed. Say --yes to remove." if old else "Nothing to do.")
        return
    remove_runs(place.reports.parent.parent, place, old)
    click.echo(f"{runs} removed.")


@click.command()
@click.argument("study", required=False)
@click.option("--all", "everything", is_flag=True, help="Every study under data/raw (default).")
@click.option(
    "--for", "scheduler", required=True, type=click.Choice(_SCHEDULERS),
    help="Whose entry to print.",
)  # fmt: skip
def schedule(study: str | None, everything: bool, scheduler: str) -> None:
    """Print a ready entry for a scheduler that starts `cjm run --due`. Nothing is installed."""
    from cjm_research.config import load_config
    from cjm_research.reporting.schedule import Job, describe_schedule
    from cjm_research.study.project import STUDY_FILE, find_root, find_study

    if everything and study:
        raise click.UsageError("Name a STUDY or say --all.")
    name = find_study(study).name if study else ""
    beside = Path(sys.executable).with_name("cjm.exe" if os.name == "nt" else "cjm")
    found = str(beside) if beside.exists() else shutil.which("cjm") or "cjm"
    click.echo(describe_schedule(Job(find_root(), Path(found), name), scheduler), nl=False)
    if name and load_config(find_study(name).folder / STUDY_FILE).schedule is None:
        click.echo(
            f"{name} has no `schedule` in its study.yaml yet: without one this entry only fails.",
            err=True,
        )
    if os.environ.get("CJM_VAULT"):
        click.echo("CJM_VAULT is set here: the scheduler needs it too.", err=True)


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    parameters = {}
    for text in given:
        match = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", text, re.DOTALL)
        if not match:
            raise click.BadParameter(f"'{text}' is not of the form NAME=VALUE.")
        parameters[match[1]] = match[2]
    return parameters
