"""The commands `cjm findings ...`: a skeleton to start from, and whether evidence still holds."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def findings() -> None:
    """Draft, check and list what people conclude: the findings.yaml that you write."""


@findings.command()
@click.argument("study")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; one that exists is never written over. Printed when left out.",
)  # fmt: skip
def draft(study: str, out: Path | None) -> None:
    """Draft findings of STUDY from its tables: candidates with evidence, to keep, edit or drop."""
    from cjm_research.reporting.drafting import draft_findings, write_draft
    from cjm_research.study import open_study

    written = draft_findings(open_study(study))
    if out is None:
        click.echo(written, nl=False)
    else:
        write_draft(written, out)
        click.echo(str(out))


@findings.command()
@click.argument("study")
def check(study: str) -> None:
    """Look up every link of every finding of STUDY; exit code 1 when one does not hold.

    What is printed may quote participants.
    """
    from cjm_research.reporting.site.findings import finding_views
    from cjm_research.reporting.site.views import stage_views
    from cjm_research.study import open_study
    from cjm_research.study.conclusions import check_findings

    opened = open_study(study)
    if not opened.findings.findings:
        click.echo(f"{opened.name}: nobody has concluded anything yet.")
        return
    resolved, broken = check_findings(opened)
    for view in finding_views(resolved, stage_views(opened.journey_map)):
        click.echo(f"{view['id']} holds: {view['headline']}")
        for fact in view["numbers"]:
            note = f" ({fact['note']})" if fact["note"] else ""
            click.echo(f"    {fact['words']}{note}")
        for key, mark in (("quotes", ""), ("against", "against: ")):
            for quote in view[key]:
                click.echo(f"    {mark}“{quote['text']}” {quote['by']}, {quote['at']}")
    for link in broken:
        click.echo(str(link))
        if link.detail:
            click.echo(f"    {link.detail}")
    if broken:
        n = len({link.finding for link in broken})
        click.echo(f"{n} of {len(resolved) + n} findings rest on what is not there.")
        raise click.exceptions.Exit(1)


@findings.command(name="list")
@click.argument("study")
def list_findings(study: str) -> None:
    """List the findings of STUDY, without looking their evidence up."""
    from cjm_research.study import open_study

    for finding in open_study(study).findings.findings:
        state = f"reviewed by {finding.reviewed_by}" if finding.reviewed_by else finding.status
        click.echo(
            f"{finding.id}  {finding.headline}  ({finding.by}; {state}; "
            f"{len(finding.evidence)} links)"
        )
