"""The command `cjm`: what it is made of. Only this and the `cli_` modules print."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import click

from cjm_research import __version__
from cjm_research.cli_batch import batch
from cjm_research.cli_codes import codes, themes
from cjm_research.cli_export import export
from cjm_research.cli_findings import findings
from cjm_research.cli_history import changes, verify
from cjm_research.cli_paths import shown
from cjm_research.cli_review import review
from cjm_research.cli_runs import (
    EXIT_BUSY,
    EXIT_FAILED,
    EXIT_TIMED_OUT,
    prune,
    run,
    say_progress,
    schedule,
)
from cjm_research.errors import CjmError


class _Commands(click.Group):
    """Errors made for people are shown as text, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CjmError as error:
            click.echo(f"cjm: {error}", err=True)
            # By name: importing the classes would cost every command a second.
            codes_of = {"BusyError": EXIT_BUSY, "TimedOut": EXIT_TIMED_OUT}
            ctx.exit(codes_of.get(type(error).__name__, EXIT_FAILED))
        except BrokenPipeError:
            raise  # whoever read the output has seen enough (`| head`): no fault, and click knows
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


for command in (
    run, batch, export, findings, review, codes, themes, verify, changes, prune, schedule,
):  # fmt: skip
    main.add_command(command)


@main.command()
@click.argument("study", default="demo")
@click.option(
    "--write", is_flag=True, help="Save the proposed study.yaml, where there is none yet."
)
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def check(study: str, write: bool, quiet: bool) -> None:
    """Say what is recognised in each file of STUDY, and what is missing. Nothing is run.

    Of a folder without study.yaml: what its files are, and a study.yaml that reads them.
    """
    from cjm_research.study.check import check_study
    from cjm_research.study.project import find_undeclared
    from cjm_research.study.proposal import show_proposal

    folder = find_undeclared(study)
    if folder:
        lines, n_problems = show_proposal(folder, write=write)
    else:
        lines, n_problems = check_study(study, say_progress(quiet))
    for line in lines:
        # Names of files, speakers and events are others' words; a terminal obeys some of them.
        click.echo("".join(mark if mark.isprintable() else "\ufffd" for mark in line))
    if n_problems:
        sys.exit(EXIT_FAILED)


@main.command()
@click.argument("name")
def new(name: str) -> None:
    """Start a study: a folder NAME under data/raw with a commented study.yaml."""
    from cjm_research.study.template import write_new_study

    folder = write_new_study(name)
    click.echo(f"Made {shown(folder)}. Put the files there, edit study.yaml, then:")
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
    click.echo(shown(out))


@main.command()
def schema() -> None:
    """Print the JSON Schema of study.yaml, for editors."""
    from cjm_research.config import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


if __name__ == "__main__":
    main()
