"""The commands `cjm verify` and `cjm changes`: whether a run is whole, and what two differ in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("study")
@click.argument("run", default="latest")
@click.option(
    "--again", is_flag=True, help="Make the run again as well, outside the project, and compare."
)
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def verify(study: str, run: str, again: bool, quiet: bool) -> None:
    """Check that every file of a RUN of STUDY is as it was published.

    RUN is the id of a run, by default the latest; the folder of a run may stand in STUDY's
    place. Exit codes: 0 whole, 1 not (the list says what is wrong).
    """
    from cjm_research.reporting.verify import verify_run

    folder = _find(study, run)
    problems = verify_run(folder)
    for problem in problems:
        click.echo(f"! {problem}")
    if problems:
        click.echo(f"Run {folder.name} is not what was published.")
        raise SystemExit(1)
    manifest = _manifest(folder)
    click.echo(
        f"{manifest['study']}: run {folder.name}, version {manifest['version']}: "
        f"{len(manifest['pages']):,} files are as they were published, none is missing, none was "
        "added."
    )
    if again:
        _make_again(str(manifest["study"]) if _is_run(study) else study, folder, quiet=quiet)


@click.command()
@click.argument("study")
@click.argument("runs", nargs=-1, metavar="[RUN] [RUN]")
@click.option("--out", type=click.Path(path_type=Path), help="Write a page (.html) instead.")
def changes(study: str, runs: tuple[str, ...], out: Path | None) -> None:
    """Say what changed between two runs of STUDY: inputs first, then numbers.

    With two runs, the earlier one stands first; with one, it is compared with the run before
    it; with none, the latest is.
    """
    from cjm_research.reporting.since import compare_runs, find_predecessor, list_incomparable
    from cjm_research.reporting.site.changes import list_lines, write_changes

    if len(runs) > 2:
        raise click.UsageError("name two runs at most: the earlier one, then the later one.")
    folder = _find(study, runs[-1] if runs else "latest")
    now = _manifest(folder)
    before = (
        _manifest(_find(study, runs[0]))
        if len(runs) == 2
        else find_predecessor(
            folder.parent,
            now["key"],
            part=now["slice"].get("words", ""),
            than=now["started"],
            dated=bool(now["as_of"]),
        )
    )
    found = compare_runs(before, now)
    if out:
        click.echo(write_changes(found, now["headline"]["title"], out))
        return
    older = [] if before else list_incomparable(folder.parent, folder.name)
    if older:
        named = f"{'... ' if len(older) > 5 else ''}{', '.join(older[-5:])}"
        click.echo(
            f"There are earlier reports ({named}), but none can be compared with: their "
            "manifest.json is missing, damaged, or of another version of cjm_research."
        )
        return
    if before:
        click.echo(f"run {before['run_id']} → run {now['run_id']}")
    for line in list_lines(found):
        click.echo(line)


def _find(study: str, run: str) -> Path:
    """Return the folder of a run: of a study, or as it is given."""
    from cjm_research.reporting.verify import find_run
    from cjm_research.study import find_study

    return Path(study).resolve() if _is_run(study) else find_run(find_study(study).reports, run)


def _is_run(study: str) -> bool:
    from cjm_research.reporting.manifest import MANIFEST

    return (Path(study) / MANIFEST).is_file()


def _manifest(folder: Path) -> dict[str, Any]:
    from cjm_research.errors import ReportError
    from cjm_research.reporting.manifest import SCHEMA_VERSION, read_manifest

    manifest = read_manifest(folder)
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise ReportError(
            f"run {folder.name} has no manifest that can be read. `cjm verify` says more; "
            "`cjm run` makes a new run."
        )
    return manifest


def _make_again(study: str, folder: Path, *, quiet: bool) -> None:
    from cjm_research.reporting.again import run_again
    from cjm_research.study import find_study

    def say(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    made = run_again(find_study(study), folder, say=say)
    if made.inputs:
        click.echo(f"! It cannot be made again: these inputs differ now: {', '.join(made.inputs)}.")
        raise SystemExit(1)
    for name in made.differing:
        click.echo(f"! {name} came out otherwise.")
    if made.note:
        click.echo(f"! {made.note}")
    if made.differing:
        raise SystemExit(1)
    click.echo(f"Made again from the same inputs: all {made.n_same:,} files are the same.")
