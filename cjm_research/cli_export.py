"""The command `cjm export`: the map and the tables of a study for elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cjm_research.cli_paths import shown

if TYPE_CHECKING:
    import pandas as pd

    from cjm_research.reporting.downloads import Package
    from cjm_research.study import Study

KINDS = ("svg", "png", "pptx", "xlsx", "csv", "lucidchart", "visio", "drawio")
_OF_TABLES = ("xlsx", "csv")
_KEY_LENGTH = 10
RAW_WARNING = (
    "These are the study's own rows: single participants and small counts may stand in them. "
    "Keep the file as safe as the raw data."
)


@click.command()
@click.argument("study")
@click.option(
    "--as", "kind", required=True, type=click.Choice([*KINDS, "all"]),
    help="svg, png: the map as a picture; pptx: as one slide; xlsx, csv: tables; lucidchart, "
    "visio, drawio: the map for these editors; all: every one of them, into a folder.",
)  # fmt: skip
@click.option(
    "--table", "names", multiple=True, metavar="NAME",
    help="Only this table (xlsx, csv); may be repeated for xlsx.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="File to write, or a folder to write into; the folder where you stand when left out.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option(
    "--raw", is_flag=True,
    help="The named tables as the study has them, instead of what may be published: with rows of "
    "single participants and small counts.",
)  # fmt: skip
def export(
    study: str, kind: str, names: tuple[str, ...], out: Path | None, overwrite: bool, raw: bool
) -> None:
    """Write the journey map or the tables of STUDY as files for elsewhere, and print their paths.

    What is exported is what a report publishes: small cells are hidden, and tables with a row
    per participant, excerpt, answer or event stay with the study, unless `--raw` is given.
    """
    _check_options(kind, names, raw)
    from cjm_research.study import open_study

    opened = open_study(study)
    paths = _choose_paths(opened.name, kind, names, out)
    if not overwrite:
        _refuse_to_replace(list(paths.values()))
    if names:
        tables = _read_tables(opened, names, raw)
        if raw:
            click.echo(f"cjm: {RAW_WARNING}", err=True)
        _write_tables(opened, kind, tables, paths[kind], raw)
    else:
        from cjm_research.reporting.downloads import WRITERS

        package = _pack(opened, paths)
        for each, path in paths.items():
            WRITERS[each](package, path)
    for path in paths.values():
        click.echo(shown(path))


def _refuse_to_replace(paths: list[Path]) -> None:
    from cjm_research.errors import SourceError

    there = [path for path in paths if path.exists()]
    if there:
        names = ", ".join(path.name for path in there)
        raise SourceError(
            shown(there[0]) if len(there) == 1 else f"{shown(there[0].parent)} ({names})",
            "there already, and nothing was written.",
            "say --overwrite to replace what is there, or --out to write elsewhere.",
        )


def _check_options(kind: str, names: tuple[str, ...], raw: bool) -> None:
    if names and kind not in _OF_TABLES:
        raise click.UsageError(f"--table goes with --as xlsx or csv, not with {kind}.")
    if len(names) > 1 and kind == "csv":
        raise click.UsageError("A CSV holds one table: name one, or none for all in a ZIP.")
    if raw and not names:
        raise click.UsageError("--raw needs the tables that it is about: --table NAME.")


def _choose_paths(
    study: str, kind: str, names: tuple[str, ...], out: Path | None
) -> dict[str, Path]:
    from cjm_research.reporting.downloads import FILES

    if kind == "all":
        folder = out or Path(f"{study}-export")
        if folder.exists() and not folder.is_dir():
            raise click.UsageError(f"'{folder}' is a file; --as all writes into a folder.")
        return {each: folder / FILES[each] for each in KINDS}
    # The study's name in front: several studies may be exported to one place.
    usual = f"{study}-{names[0]}.{kind}" if len(names) == 1 else f"{study}-{FILES[kind]}"
    path = out or Path(usual)
    if path.is_dir():
        path = path / usual
    suffix = Path(usual).suffix
    if path.suffix.lower() != suffix:
        raise click.UsageError(f"'{path}' should end in '{suffix}', as --as {kind} writes it.")
    return {kind: path}


def _read_tables(study: Study, names: tuple[str, ...], raw: bool) -> dict[str, pd.DataFrame]:
    from cjm_research.errors import UnknownNameError
    from cjm_research.reporting.published import PUBLISHED, read_published
    from cjm_research.study import TABLES

    for name in names:
        if name not in TABLES:
            raise UnknownNameError("table", name, TABLES if raw else PUBLISHED)
        if not raw and name not in PUBLISHED:
            raise click.UsageError(
                f"'{name}' ({TABLES[name]}) stays with the study: it may tell of single people. "
                "`--raw` exports it as it is."
            )
    return {name: getattr(study, name) if raw else read_published(study, name) for name in names}


def _write_tables(
    study: Study, kind: str, tables: dict[str, pd.DataFrame], path: Path, raw: bool
) -> None:
    from cjm_research import exporters
    from cjm_research.reporting.downloads import Package
    from cjm_research.study import TABLES

    if kind == "csv":
        (table,) = tables.values()
        exporters.export_csv(table, path)
        return
    package = Package(study, study.key[:_KEY_LENGTH])
    about = package.describe([] if raw else list(tables))
    if raw:
        about = exporters.About(
            title=about.title,
            facts=about.facts,
            tables={name: TABLES[name] for name in tables},
            notes=[RAW_WARNING],
        )
    exporters.export_workbook(tables, path, about=about)


def _pack(study: Study, paths: dict[str, Path]) -> Package:
    from cjm_research.reporting.downloads import Package
    from cjm_research.study.conclusions import resolve_findings

    # Only the slide shows them, and a link that no longer holds stops what it stands on alone.
    findings = resolve_findings(study) if "pptx" in paths else ()
    return Package(study, study.key[:_KEY_LENGTH], findings=findings)
