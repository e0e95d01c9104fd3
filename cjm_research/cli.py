"""The command `cjm`: new, check, run, score, codes, themes, schema. Here alone is printed."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import click

from cjm_research import __version__
from cjm_research.cli_codes import codes, themes
from cjm_research.errors import CjmError

EXIT_FAILED = 1
EXIT_BUSY = 3


class _Commands(click.Group):
    """Errors made for people are shown as text, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CjmError as error:
            click.echo(f"cjm: {error}", err=True)
            busy = type(error).__name__ == "BusyError"
            ctx.exit(EXIT_BUSY if busy else EXIT_FAILED)
        except OSError as error:
            where = error.filename or "a file"
            click.echo(
                f"cjm: {where}: {error.strerror or error}.\n"
                "  What to do: check that the folder may be written to and has room; the last "
                "good report is untouched.",
                err=True,
            )
            ctx.exit(EXIT_FAILED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cjm")
def main() -> None:
    """Customer-journey studies that hold up: what people say, joined to what they do."""


main.add_command(codes)
main.add_command(themes)


@main.command()
@click.argument("study", default="demo")
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE",
    help="Parameter of the report notebooks; may be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def run(study: str, given: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Make the report of STUDY (a name under data/raw, or a folder).

    The last line is the path of the report's first page. Exit codes: 0 done, 1 failed (the
    last good report is untouched), 3 the study is being run already.
    """
    from cjm_research.reporting.runs import BusyError, plain_reason, run_study

    clock = time.monotonic()

    def say(line: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - clock:6.1f} s  {line}", err=True)

    try:
        done = run_study(study, parameters=_parameters(given), say=say)
    except CjmError as error:
        if as_json:
            status = "busy" if isinstance(error, BusyError) else "failed"
            reason = plain_reason(error, study)
            click.echo(json.dumps({"run_dir": None, "status": status, "reason": reason}))
        raise
    if as_json:
        stages = done.study.funnel_by_stage()
        click.echo(
            json.dumps(
                {
                    "run_dir": _shown(done.run_dir),
                    "status": "good",
                    "seconds": done.seconds,
                    "stages": stages,
                }
            )
        )
    else:
        click.echo(_shown(done.index))


@main.command()
@click.argument("study", default="demo")
def check(study: str) -> None:
    """Say what is recognised in each file of STUDY, and what is missing. Nothing is run."""
    from cjm_research.study.check import check_study

    lines, n_problems = check_study(study)
    for line in lines:
        click.echo(line)
    if n_problems:
        sys.exit(EXIT_FAILED)


@main.command()
@click.argument("name")
def new(name: str) -> None:
    """Start a study: a folder NAME under data/raw with a commented study.yaml."""
    from cjm_research.study.template import write_new_study

    folder = write_new_study(name)
    click.echo(f"Made {_shown(folder)}. Put the files there, edit study.yaml, then:")
    click.echo(f"  cjm check {name}")
    click.echo(f"  cjm run {name}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, metavar="NAME", help="Column with the texts.")
@click.option(
    "--prompt-column", default="", metavar="NAME",
    help="Column with the question that each text answers, if there is one.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--overwrite", is_flag=True, help="Replace the file at --out.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def score(
    file: Path, text_column: str, prompt_column: str, out: Path, overwrite: bool, quiet: bool
) -> None:
    """Score the texts in a .csv FILE: emotions, valence, pain, delight and need.

    The same rows come out, with probabilities in new columns. Nothing leaves this machine.
    """
    from cjm_research.scoring import score_file

    # A scheduler ends a run with SIGTERM: leave no half-written file then either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    def say(n_rows: int, seconds: float) -> None:
        if not quiet:
            click.echo(f"{seconds:6.1f} s  {n_rows:,} rows, {n_rows / seconds:,.0f}/s", err=True)

    done = score_file(
        file, out, text_column=text_column, prompt_column=prompt_column, overwrite=overwrite,
        say=say,
    )  # fmt: skip
    if not quiet:
        for n, what in (
            (done.n_empty, "without text, left empty"),
            (done.n_truncated, "too long, scored by their first 256 word pieces"),
        ):
            if n:
                click.echo(f"          {what}: {n:,}", err=True)
    click.echo(_shown(out))


@main.command()
def schema() -> None:
    """Print the JSON Schema of study.yaml, for editors."""
    from cjm_research.config import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    parameters = {}
    for text in given:
        match = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", text, re.DOTALL)
        if not match:
            raise click.BadParameter(f"'{text}' is not of the form NAME=VALUE.")
        parameters[match[1]] = match[2]
    return parameters


def _shown(path: Path) -> str:
    """Return a path relative to where we stand, when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    main()
