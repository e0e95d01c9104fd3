"""The commands `cjm codes ...`: sheets to code on, agreement, and the codebook's log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cjm_research.cli_paths import shown

if TYPE_CHECKING:
    import pandas as pd

_coder = click.option(
    "--coder", required=True, metavar="NAME",
    help="Who codes: the file codes/NAME.csv. 'adjudicated' settles what people disagree about.",
)  # fmt: skip
_sample = click.option(
    "--sample", default="validation", show_default=True, metavar="NAME",
    help="The random sample: the file samples/NAME.csv.",
)  # fmt: skip
_by = click.option("--by", required=True, metavar="NAME", help="Who decided it.")
_note = click.option("--note", default="", help="Why.")


@click.group()
def codes() -> None:
    """People's codes: sheets out and in, agreement, changes of the codebook.

    People's work is only appended to files under data/raw/STUDY, and nothing else is touched.
    """


@codes.command()
@click.argument("study")
@_coder
@click.option("--blind/--not-blind", default=True, help="Hide what the machine proposes (default).")
@click.option("--source", default="", metavar="ID", help="Only excerpts of this source.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write: .xlsx or .csv.")
@click.option(
    "--validation", type=click.IntRange(min=1), metavar="N",
    help="N excerpts drawn at random; the same for every coder. Only they estimate agreement.",
)  # fmt: skip
@_sample
@click.option(
    "--next", "suggested", type=click.IntRange(min=1), metavar="N",
    help="The N excerpts from which the machine would learn most.",
)  # fmt: skip
@click.option("--disagreements", is_flag=True, help="Where people disagree on the sample.")
@click.option("--overwrite", is_flag=True, help="Replace the file, which may hold codes.")
def export(
    study: str, coder: str, blind: bool, source: str, out: Path | None, validation: int | None,
    sample: str, suggested: int | None, disagreements: bool, overwrite: bool,
) -> None:  # fmt: skip
    """Write a sheet of STUDY's excerpts to code on, and print its path."""
    from cjm_research.study import coding_work, open_study

    path = coding_work.export_sheet(
        open_study(study), coder=coder, out=out, blind=blind, source=source,
        validation=validation or 0, sample=sample, suggested=suggested or 0,
        disagreements=disagreements, overwrite=overwrite,
    )  # fmt: skip
    click.echo(shown(path))


@codes.command("import")
@click.argument("study")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--coder", default="", metavar="NAME",
    help="Who coded a sheet: the file codes/NAME.csv. A project names its coders itself.",
)  # fmt: skip
@click.option("--new-codes", is_flag=True, help="Take codes that the codebook does not know.")
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path),
    help="Of a project: a .csv (name, code_group, code) that says what its codes are here.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Of a project: only say what would be appended.")
def import_(
    study: str, file: Path, coder: str, new_codes: bool, map_file: Path | None, dry_run: bool
) -> None:
    """Append the codes of a filled-in sheet FILE to those of STUDY. All or nothing.

    FILE may be a project of a QDA program (.qdpx): each person's codings in its texts are
    appended to that person's file, and what cannot be placed is listed with the reason.
    """
    from cjm_research.study import coding_work, open_study

    if file.suffix.casefold() == ".qdpx":
        if new_codes:
            raise click.UsageError("--new-codes is for sheets: new codes of a project are taken.")
        _import_project(study, file, coder=coder, map_file=map_file, dry_run=dry_run)
        return
    if map_file is not None or dry_run:
        raise click.UsageError("--map and --dry-run are for projects (.qdpx).")
    if not coder:
        raise click.UsageError("say who coded the sheet: --coder NAME.")
    n = coding_work.import_sheet(open_study(study), file, coder=coder, new_codes=new_codes)
    click.echo(f"{n:,} rows appended for {coder}." if n else "The sheet says nothing new.")


def _import_project(
    study: str, file: Path, *, coder: str, map_file: Path | None, dry_run: bool
) -> None:
    from cjm_research.study import open_study, qda_work

    done = qda_work.import_project(
        open_study(study), file, map_file=map_file, coder=coder, dry_run=dry_run
    )
    click.echo("How it was read:")
    for note in done.notes:
        click.echo(f"  {note}")
    if done.matches:
        click.echo("Its codes here:")
    for match in done.matches:
        became = f"{match.code_group} {match.code}" if match.code_group else "left out"
        click.echo(f"  {match.name} -> {became} ({match.why})")
    if done.lost:
        click.echo(f"Not taken, {len(done.lost):,}:")
    for line in done.lost[:_MOST_LINES]:
        click.echo(f"  {line}")
    if len(done.lost) > _MOST_LINES:
        click.echo(f"  and {len(done.lost) - _MOST_LINES:,} more like these.")
    if not done.appended:
        click.echo("Nothing that a person coded can be placed in the study.")
    would = "would be appended" if dry_run else "appended"
    for name, n in done.appended.items():
        click.echo(f"{n:,} rows {would} for {name}; {done.known[name]:,} were there already.")


_MOST_LINES = 200


@codes.command()
@click.argument("study")
@_sample
@click.option("--out", type=click.Path(path_type=Path), help="Write all tables as .csv here.")
def agreement(study: str, sample: str, out: Path | None) -> None:
    """Say how far people agree with each other, and the machine with them, on a random sample."""
    from cjm_research.study import coding_work, open_study

    opened = open_study(study)
    people = coding_work.estimate_agreement(opened, sample=sample)
    everybody = coding_work.estimate_reliability(opened, sample=sample)
    machine = coding_work.estimate_machine_quality(opened, sample=sample)
    if out is not None:
        import pandas as pd

        from cjm_research.exporters import export_csv

        tables = {"everybody": everybody, "people": people, "machine": machine}
        export_csv(pd.concat([rows.assign(table=name) for name, rows in tables.items()]), out)
        click.echo(shown(out))
        return
    click.echo("All people together (Krippendorff's alpha; * = any code of the group, or none)")
    click.echo("From .800 on reliable, from .667 on tentative, below that to be discarded:")
    click.echo("by the figure alone, so mind its interval and how much it rests on.\n")
    click.echo(_reliability_lines(everybody))
    click.echo("\nEach two people (Cohen's kappa)\n")
    click.echo(_people_lines(people))
    click.echo("\nMachine, held against each person (precision, recall, F1)\n")
    click.echo(_machine_lines(machine))
    click.echo("\nNo brackets: no interval. `--out FILE.csv` says why, and has all figures.")


@codes.command()
@click.argument("study")
def log(study: str) -> None:
    """List the changes of STUDY's codebook."""
    from cjm_research.study import coding_work, open_study

    changes = coding_work.list_changes(open_study(study))
    if changes.empty:
        click.echo("The codebook has not been changed.")
    for row in changes.to_dict("records"):
        undone = "" if row["holds"] or row["action"] == "undo" else "  (undone)"
        what = f"{row['code_group']} {row['code']}" if row["code"] else f"change {row['into']}"
        into = f" -> {row['into']}" if row["action"] in ("merge", "split") else ""
        label = f" -> '{row['label']}'" if row["label"] else ""
        note = f"  {row['note']}" if row["note"] else ""
        click.echo(
            f"{row['change_id']:>4}  {row['at']}  {row['by']:<12} {row['action']:<7}"
            f"{what}{into}{label}{note}{undone}"
        )


@codes.command()
@click.argument("study")
@click.argument("group")
@click.argument("code")
@click.argument("label")
@_by
@_note
def rename(study: str, group: str, code: str, label: str, by: str, note: str) -> None:
    """Give a CODE of a GROUP another name for people to read; its id stays."""
    _change(study, "rename", by=by, code_group=group, code=code, label=label, note=note)


@codes.command()
@click.argument("study")
@click.argument("group")
@click.argument("code")
@click.argument("into")
@_by
@_note
def merge(study: str, group: str, code: str, into: str, by: str, note: str) -> None:
    """Let all that bears CODE count as INTO, of the same GROUP."""
    _change(study, "merge", by=by, code_group=group, code=code, into=into, note=note)


@codes.command()
@click.argument("study")
@click.argument("group")
@click.argument("code")
@click.argument("into", nargs=-1, required=True)
@_by
@_note
def split(study: str, group: str, code: str, into: tuple[str, ...], by: str, note: str) -> None:
    """Split CODE of a GROUP into two or more codes, and list what is to be recoded."""
    _change(study, "split", by=by, code_group=group, code=code, into=into, note=note)
    click.echo(f"See `cjm codes worklist {study}`.")


@codes.command()
@click.argument("study")
@click.argument("group")
@click.argument("code")
@_by
@_note
def retire(study: str, group: str, code: str, by: str, note: str) -> None:
    """Let CODE of a GROUP count no more; what bears it stays in the tables, set aside."""
    _change(study, "retire", by=by, code_group=group, code=code, note=note)


@codes.command()
@click.argument("study")
@click.argument("change")
@_by
@_note
def undo(study: str, change: str, by: str, note: str) -> None:
    """Undo a CHANGE, by its number in the log."""
    _change(study, "undo", by=by, into=change, note=note)


@codes.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), help="Write it as .csv here.")
def worklist(study: str, out: Path | None) -> None:
    """List what bears a code that was split, to be recoded."""
    from cjm_research.exporters import export_csv
    from cjm_research.study import coding_work, open_study

    rows = coding_work.list_worklist(open_study(study))
    if out is not None:
        export_csv(rows, out)
        click.echo(shown(out))
        return
    if rows.empty:
        click.echo("Nothing is left to be recoded.")
    for row in rows.to_dict("records"):
        click.echo(
            f"{row['code_group']} {row['code']} -> {row['into'].replace(';', ' or ')}  "
            f"{row['coder_id']}  {row['document_id']}:{row['start']}-{row['end']}  {row['quote']}"
        )


def _change(
    study: str, action: str, *, by: str, code_group: str = "", code: str = "",
    into: str | tuple[str, ...] = "", label: str = "", note: str = "",
) -> None:  # fmt: skip
    from cjm_research.study import coding_work, open_study

    change = coding_work.change_codebook(
        open_study(study), action, by=by, code_group=code_group, code=code, into=into,
        label=label, note=note,
    )  # fmt: skip
    click.echo(f"Change {change} is logged. Undo it with `cjm codes undo {study} {change}`.")


def _reliability_lines(table: pd.DataFrame) -> str:
    table = table[table["n_units"] > 0]
    if table.empty:
        return "  Cannot tell: no two people have coded the same excerpts of the sample."
    lines = []
    for source, rows in table.groupby("source"):
        lines.append(f"  {source}")
        lines += [
            f"    {_code(row):<34} alpha {_figure(row, 'alpha', 3):<20} {row['words']:<11} "
            f"{row['n_units']} {'excerpts' if row['level'] == 'nominal' else 'pain points'} of "
            f"{row['n_participants']} people by {row['n_coders']} coders"
            f"{'; ' + row['reason'] if row['reason'] else ''}"
            for row in rows.to_dict("records")
        ]
    return "\n".join(lines)


def _people_lines(table: pd.DataFrame) -> str:
    table = table[table["n_units"] > 0]
    if table.empty:
        return "  Cannot tell: no two people have coded the same excerpts of the sample."
    lines = []
    for (source, first, second), rows in table.groupby(["source", "first", "second"]):
        lines.append(f"  {source}: {first} and {second}")
        lines += [
            f"    {_code(row):<34} kappa {_figure(row, 'kappa'):<18} "
            f"the same on {_percent(row['agreement_rate']):>4} of {row['n_units']} excerpts "
            f"of {row['n_participants']} people{'; ' + row['reason'] if row['reason'] else ''}"
            for row in rows.to_dict("records")
        ]
    return "\n".join(lines)


def _machine_lines(table: pd.DataFrame) -> str:
    table = table[table[["n_right", "n_wrong", "n_missed"]].sum(axis=1) > 0]
    if table.empty:
        return "  Cannot tell: nobody has coded the sample."
    lines = []
    for (source, coder), rows in table.groupby(["source", "coder"]):
        lines.append(f"  {source}: {coder}")
        lines += [
            f"    {_code(row):<34} P {_figure(row, 'precision'):<18} "
            f"R {_figure(row, 'recall'):<18} F1 {_figure(row, 'f1'):<18} right {row['n_right']}, "
            f"wrong {row['n_wrong']}, missed {row['n_missed']} of {row['n_units']} excerpts"
            for row in rows.to_dict("records")
        ]
    return "\n".join(lines)


def _code(row: dict[str, str]) -> str:
    return f"{row['code_group']} {row['code'] or '*'}"


def _figure(row: dict[str, float], name: str, digits: int = 2) -> str:
    if row[name] != row[name]:
        return "–"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    limits = f" [{low:.{digits}f}, {high:.{digits}f}]" if low == low else ""
    return f"{row[name]:.{digits}f}{limits}"


def _percent(share: float) -> str:
    return "–" if share != share else f"{share:.0%}"


@click.group()
def themes() -> None:
    """Themes that stay: freeze them, and find them anew when that is wanted."""


@themes.command()
@click.argument("study")
def freeze(study: str) -> None:
    """Freeze the themes of STUDY, so that later interviews join them."""
    from cjm_research.study import coding_work, open_study

    click.echo(str(coding_work.freeze_themes(open_study(study))))


@themes.command()
@click.argument("study")
def refit(study: str) -> None:
    """Find the themes of STUDY anew, and say what became of each former one."""
    from cjm_research.study import coding_work, open_study

    mapping = coding_work.refit_themes(open_study(study))
    click.echo(mapping.to_string(index=False))
