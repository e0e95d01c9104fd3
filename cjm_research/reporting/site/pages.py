"""Render the pages of a run, and the plain list of studies and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment

from cjm_research.figures.cells import number
from cjm_research.integration import drop_small_segments, hide_few_causes, hide_few_display
from cjm_research.reporting.site import answers, grounds, together, views, voices
from cjm_research.reporting.site.context import SiteContext, StudyRuns
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.paper import paper_size


def render_site(context: SiteContext, folder: Path) -> list[Path]:
    """Write the front page, a page per stage and a page per chapter.

    Parameters
    ----------
    context : SiteContext
        The run's tables, words and chapters.
    folder : Path
        Written into, made if needed; other files in it are left alone.

    Returns
    -------
    list of Path
        `index.html`, then `stage-<id>.html` in journey order, then `chapter-<slug>.html`.
    """
    environment = make_environment()
    context = _without_few(context)
    stages = views.stage_views(context.tables["journey_map"])
    sources = views.source_views(context.tables.get("sources"))
    labels = {source["source"]: source["label"] for source in sources}
    opportunities = together.opportunity_views(context.tables.get("opportunities"), stages)
    chapters: list[dict[str, Any]] = [
        {
            "title": chapter["title"],
            "href": views.page_name("chapter", chapter["slug"]),
            "body_html": chapter["body_html"],
            # Notebooks begin with a heading of their own; a page needs exactly one.
            "headed": "<h1" in chapter["body_html"].lower(),
        }
        for chapter in context.chapters
    ]
    shared: dict[str, Any] = {
        "context": context,
        "language": context.language,
        "stages": stages,
        "chapters": chapters,
        "sources": sources,
        "coding": together.coding_views(context.tables.get("trust"), labels),
        "verdicts": together.verdict_views(context.tables.get("verdicts")),
    }
    written = [
        _write(
            environment,
            folder / "index.html",
            "front.html.j2",
            shared | _front(context, stages, labels, opportunities),
        )
    ]
    trail = [{"href": "index.html", "title": "Overview"}]
    trail += [{"href": stage.href, "title": stage.name} for stage in stages]
    trail += [{"href": chapter["href"], "title": chapter["title"]} for chapter in chapters]
    for place, stage in enumerate(stages, start=1):
        page = {
            "stage": stage,
            "number": place,
            **_stage(context, stage, stages, labels, opportunities),
            **_beside(trail, place),
        }
        written.append(_write(environment, folder / stage.href, "stage.html.j2", shared | page))
    for place, chapter in enumerate(chapters, start=1 + len(stages)):
        page = {"chapter": chapter, **_beside(trail, place)}
        written.append(
            _write(environment, folder / str(chapter["href"]), "chapter.html.j2", shared | page)
        )
    return written


def render_index(studies: Sequence[StudyRuns], path: Path) -> Path:
    """Write the plain list of studies and runs; failed runs show here and nowhere else.

    Parameters
    ----------
    studies : sequence of StudyRuns
        Each with its runs, newest first, and the address of the last good report
        (empty when there is none).
    path : Path
        File to write.
    """
    shown = [
        {
            "name": study["name"],
            "title": study["title"],
            "latest_href": study["latest_href"],
            "runs": [
                {
                    "run_id": run["run_id"],
                    "status": run["status"],
                    "started": run["started"],
                    "seconds": number(run.get("seconds")),
                    "href": run.get("href") or "",
                    "reason": run.get("reason") or "",
                }
                for run in study["runs"]
            ],
        }
        for study in studies
    ]
    return _write(make_environment(), path, "index.html.j2", {"studies": shown, "language": "en"})


def _front(
    context: SiteContext,
    stages: Sequence[views.StageView],
    labels: Mapping[str, str],
    opportunities: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "answers": answers.answer_views(context.tables, stages, labels),
        "opportunities": opportunities,
        "compared": together.comparability_views(context.tables.get("comparable_sources"), labels),
        "kpis": views.kpi_views(context.tables.get("kpis")),
        "paper_size": paper_size(stages),
        "joins": views.join_views(context.tables.get("joins"), labels),
        "themes": grounds.theme_views(context.tables, stages),
        "bases": grounds.basis_views(context.tables.get("stage_bases"), labels),
        "languages": grounds.language_views(context.tables.get("languages"), labels),
        "talks": grounds.talk_views(context.tables.get("dominance"), labels),
        "saturations": grounds.saturation_views(context.tables.get("saturation"), labels),
    }


def _stage(
    context: SiteContext,
    stage: views.StageView,
    stages: Sequence[views.StageView],
    labels: Mapping[str, str],
    opportunities: Mapping[str, Any],
) -> dict[str, Any]:
    names = {view.id: view.name for view in stages}
    segments = views.segment_views(context.tables.get("funnel"), stage.id)
    return {
        "display": together.display_views(context.tables.get("joint_display"), stage.id),
        "causes": together.cause_views(context.tables.get("causes"), stage.id, names, labels),
        "opportunities": [
            entry
            for kind in ("ranked", "confirmed", "candidates")
            for entry in opportunities[kind]
            if entry["stage"] == stage.id
        ],
        "segments": [entry for entry in segments if entry["segment"]],
        "timings": views.timing_views(context.tables.get("stage_timing"), stage.id, names),
        "leaving": views.leaving_views(context.tables, stage.id, names),
        "tasks": views.task_views(context.tables.get("task_success"), stage.id),
        "said": voices.said_views(context.tables, stage),
        "coded_by": voices.coded_by(context.tables, stage),
        "quote_groups": voices.quote_groups(stage),
        "coverage": views.coverage_views(context.tables.get("coverage"), stage.id),
        "small_sample": views.SMALL_SAMPLE,
    }


def _without_few(context: SiteContext) -> SiteContext:
    """Return what may be published: nothing that would tell of a handful of people."""
    tables = dict(context.tables)
    for name, hide in (("causes", hide_few_causes), ("joint_display", hide_few_display)):
        if name in tables:
            tables[name] = hide(tables[name], smallest_cell=context.smallest_cell)
    if "segment_comparison" in tables and "funnel" in tables:
        tables["funnel"] = drop_small_segments(tables["funnel"], tables["segment_comparison"])
    return replace(context, tables=tables)


def _beside(trail: Sequence[Mapping[str, str]], place: int) -> dict[str, Any]:
    return {
        "before": trail[place - 1],
        "after": trail[place + 1] if place + 1 < len(trail) else None,
    }


def _write(environment: Environment, path: Path, template: str, values: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    page = environment.get_template(template).render(**values)
    # Bytes, so that no platform changes the line ends inside a quote.
    path.write_bytes(page.encode("utf-8", "replace"))
    return path
