"""The commands `cjm review ...`: what reviewers marked in a report, taken in and listed."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def review() -> None:
    """Reviewers' answers: marks made in a report's pages, and saved there as a file.

    They are only appended to files under data/raw/STUDY, and nothing else is touched.
    """


@review.command("import")
@click.argument("study")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--reviewer", default="", metavar="NAME",
    help="Who marked: codes/NAME.csv and reviews/NAME.csv. By default the name in the file.",
)  # fmt: skip
def import_(study: str, file: Path, reviewer: str) -> None:
    """Append the marks of FILE to STUDY. All or nothing; what is known is not added twice."""
    from cjm_research.study import open_study, reviewing

    done = reviewing.import_review(open_study(study), file, reviewer=reviewer)
    click.echo(
        f"{done.reviewer}: {done.n_codes:,} rows of codes and {done.n_claims:,} answers to claims "
        f"appended, {done.n_known:,} known already, {len(done.lost):,} lost."
    )
    if done.version:
        click.echo(f"The marks were made in the report of version {done.version}.")
    for reason in done.lost:
        click.echo(f"  lost: {reason}", err=True)
    if done.n_codes or done.n_claims:
        click.echo(f"See what changes because of them: `cjm run {study}`.")


@review.command("list")
@click.argument("study")
def list_(study: str) -> None:
    """List what reviewers say about STUDY's claims, and what people noted beside quotes."""
    from cjm_research.study import open_study, reviewing

    opened = open_study(study)
    claims = reviewing.list_claim_reviews(opened)
    notes = reviewing.list_review_comments(opened)
    if claims.empty and notes.empty:
        click.echo("Nobody has marked a claim or noted anything beside a quote.")
    for row in claims.to_dict("records"):
        comment = f"  {row['comment']}" if row["comment"] else ""
        click.echo(
            f"{row['claim']:<8} {row['at'][:10]}  {row['reviewer']:<12} {row['answer']}{comment}"
        )
    for row in notes.to_dict("records"):
        code = "" if row["code_group"] == row["code"] else f" {row['code_group']} {row['code']}"
        refused = " not" if code and not row["strength"] else ""
        click.echo(
            f"{row['document_id']}:{row['start']}-{row['end']}  {row['reviewer']:<12}"
            f"{refused}{code}  {row['note']}"
        )
