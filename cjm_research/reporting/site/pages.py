"""Render the pages of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cjm_research.integration import (
    drop_small_counts,
    drop_small_segments,
    hide_few,
)
from cjm_research.reporting.site import (
    answers,
    appendix,
    changes,
    findings,
    grounds,
    methods,
    otherwise,
    quotes,
    reported,
    reviews,
    segments,
    together,
    views,
    voices,
    waves,
)
from cjm_research.reporting.site.context import SiteContext
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.paper import paper_size
from cjm_research.reporting.site.scripts import load_script
from cjm_research.reporting.site.single import SINGLE, join_pages


@dataclass(frozen=True)
class _Page:
    """A page before it is rendered: where it stands, and what only it shows."""

    href: str
    title: str
    template: str
    values: Mapping[str, Any]
    scripts: Sequence[str] = ()


def render_site(context: SiteContext, folder: Path) -> list[Path]:
    """Write every page of a run, and the whole report as one file.

    Parameters
    ----------
    context : SiteContext
        The run's tables, words and chapters.
    folder : Path
        Written into, made if needed; other files in it are left alone.

    Returns
    -------
    list of Path
        In reading order: `index.html`, `stage-<id>.html` in journey order, `segments.html`,
        `quotes.html`, `waves.html`, `changes.html`, `methods.html`, `data.html`,
        `chapter-<slug>.html`, and `report.html`, which holds them all. Pages that would be empty
        are left out. The same context gives the same bytes.
    """
    environment = make_environment()
    context = _without_few(context)
    shared = _shared(context)
    pages = _list_pages(context, shared)
    shared["pages"] = [{"href": page.href, "title": page.title} for page in pages]
    shared["has"] = {page.href for page in pages}
    written, rendered = [], []
    for place, page in enumerate(pages):
        values = shared | dict(page.values) | _beside(pages, place)
        values |= {"here": page.href, "scripts": [load_script(name) for name in page.scripts]}
        html = environment.get_template(page.template).render(**values)
        written.append(_write(folder / page.href, html))
        rendered.append((page.href, html))
    single = shared | {
        "here": SINGLE,
        "parts": join_pages(rendered),
        "scripts": [load_script("review")],
    }
    html = environment.get_template("report.html.j2").render(**single)
    return [*written, _write(folder / SINGLE, html)]


def _shared(context: SiteContext) -> dict[str, Any]:
    """Return what more than one page shows."""
    stages = views.stage_views(context.tables["journey_map"])
    sources = views.source_views(context.tables.get("sources"))
    labels = {source["source"]: source["label"] for source in sources}
    return {
        "context": context,
        "language": context.language,
        "stages": stages,
        "sources": sources,
        "labels": labels,
        "coding": together.coding_views(context.tables.get("trust"), labels),
        "verdicts": together.verdict_views(context.tables.get("verdicts"), stages),
        "opportunities": together.opportunity_views(context.tables.get("opportunities"), stages),
        "languages": grounds.language_views(context.tables.get("languages"), labels),
        "data_tables": appendix.data_tables(
            context.tables, {stage.id: stage.name for stage in stages}, labels, context.findings
        ),
        "limits": _limits(context, stages, sources),
        "reviews": context.reviews,
        "judged": reviews.answer_views(context.tables.get("codes"), context.choices),
        "method_titles": {name: made.title for name, made in methods.METHODS.items()},
    }


def _list_pages(context: SiteContext, shared: Mapping[str, Any]) -> list[_Page]:
    stages: list[views.StageView] = shared["stages"]
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
    pages = [
        _Page("index.html", "Overview", "front.html.j2", _front(context, shared), ("review",)),
        *(
            _Page(stage.href, stage.name, "stage.html.j2", _stage(context, stage, shared, place),
                  ("review",))
            for place, stage in enumerate(stages, start=1)
        ),
    ]  # fmt: skip
    split = segments.segment_pages(
        context.tables, stages, shared["labels"], smallest_cell=context.smallest_cell
    )
    if split:
        values = {"segments": split}
        pages.append(
            _Page("segments.html", "Audience segments", "segments.html.j2", values, ("segments",))
        )
    pages += [
        _Page("quotes.html", "Quotes and themes", "quotes.html.j2", _quotes(context, stages),
              ("quotes", "review")),
    ]  # fmt: skip
    names = {stage.id: stage.name for stage in stages}
    repeated = waves.wave_views(context.tables, names)
    if repeated:
        pages.append(_Page("waves.html", "Wave by wave", "waves.html.j2", {"waves": repeated}))
    if context.changes:
        values = changes.page_values(context.changes)
        pages.append(_Page("changes.html", "What changed", "changes.html.j2", values))
    pages += [
        _Page("methods.html", "Methods and trust", "methods.html.j2", _methods(context, shared)),
        _Page("data.html", "Data and provenance", "data.html.j2", _data(context)),
    ]  # fmt: skip
    pages += [
        _Page(chapter["href"], chapter["title"], "chapter.html.j2", {"chapter": chapter})
        for chapter in chapters
    ]
    return pages


def _front(context: SiteContext, shared: Mapping[str, Any]) -> dict[str, Any]:
    stages = shared["stages"]
    names = {stage.id: stage.name for stage in stages}
    return {
        "answers": answers.answer_views(context.tables, stages, shared["labels"]),
        "kpis": waves.with_later_waves(context.tables, views.kpi_views(context.tables.get("kpis"))),
        "paper_size": paper_size(stages),
        "reported": reported.funnel_views(context.tables.get("reported_funnels"), names),
        "campaigns": reported.campaign_views(context.tables.get("touchpoint_metrics"), names),
        "questions": findings.question_views(
            context.questions, context.findings, told=not context.about
        ),
        "finding_list": waves.follow_findings(
            context.tables,
            context.findings,
            findings.finding_views(
                context.findings, stages, appendix.list_addresses(shared["data_tables"])
            ),
        ),
    }


def _stage(
    context: SiteContext, stage: views.StageView, shared: Mapping[str, Any], place: int
) -> dict[str, Any]:
    stages, labels = shared["stages"], shared["labels"]
    names = {view.id: view.name for view in stages}
    split = views.segment_views(context.tables.get("funnel"), stage.id)
    found = shared["opportunities"]
    counter = otherwise.otherwise_views(context.tables, stages, stage)
    elsewhere = {group["label"] for group in counter["quotes"]}
    return {
        "stage": stage,
        "number": place,
        "display": together.display_views(context.tables.get("joint_display"), stage.id),
        "causes": together.cause_views(context.tables.get("causes"), stage.id, names, labels),
        "proposed": [
            entry
            for kind in ("ranked", "confirmed", "candidates")
            for entry in found[kind]
            if entry["stage"] == stage.id
        ],
        "segments": [entry for entry in split if entry["segment"]],
        "timings": views.timing_views(context.tables.get("stage_timing"), stage.id, names),
        "leaving": views.leaving_views(context.tables, stage.id, names),
        "tasks": views.task_views(context.tables.get("task_success"), stage.id),
        "said": voices.said_views(context.tables, stage),
        "coded_by": voices.coded_by(context.tables, stage),
        "counter": counter,
        "n_unnamed": voices.count_unnamed(context.tables["journey_map"], stage.id),
        "quote_groups": [
            group
            for group in voices.quote_groups(stage)
            # What delights stands once: where trouble is told, it says otherwise.
            if group["group"] != "delight" or group["label"] not in elsewhere
        ],
        "coverage": views.coverage_views(context.tables.get("coverage"), stage.id),
        "small_sample": views.SMALL_SAMPLE,
    }


def _quotes(context: SiteContext, stages: Sequence[views.StageView]) -> dict[str, Any]:
    return {
        "voices": quotes.all_quotes(context.tables, stages, smallest_cell=context.smallest_cell),
        "themes": grounds.theme_views(context.tables, stages),
    }


def _methods(context: SiteContext, shared: Mapping[str, Any]) -> dict[str, Any]:
    tables, labels = context.tables, shared["labels"]
    return {
        "compared": together.comparability_views(tables.get("comparable_sources"), labels),
        "joins": views.join_views(tables.get("joins"), labels),
        "bases": grounds.basis_views(tables.get("stage_bases"), labels),
        "talks": grounds.talk_views(tables.get("dominance"), labels),
        "saturations": grounds.saturation_views(tables.get("saturation"), labels),
        "grid": views.coverage_grid(tables.get("coverage"), shared["stages"]),
        "trusted": together.trust_views(tables.get("trust"), labels),
        "consents": views.consent_views(tables.get("participants"), tables.get("documents")),
        "assumptions": findings.assumption_views(
            context.assumptions, context.findings, told=not context.about
        ),
        "methods": methods.method_views(),
    }


def _data(context: SiteContext) -> dict[str, Any]:
    return {"provenance": appendix.manifest_views(context.manifest)}


def _limits(
    context: SiteContext,
    stages: Sequence[views.StageView],
    sources: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    return {
        "silent": [stage.name for stage in stages if stage.coverage == "not asked"],
        "chosen": [
            source["label"]
            for source in sources
            if source["sampling"] in ("purposive", "convenience")
        ],
        "unreviewed": [source["label"] for source in sources if source["n_unreviewed"]],
        "measures": [
            words
            for measure, words in views.NO_FUNNEL.items()
            if any(stage.behaviour.measure == measure for stage in stages)
        ],
        "apart": together.apart_words(context.tables.get("comparability")),
    }


def _without_few(context: SiteContext) -> SiteContext:
    """Return what may be published: nothing that would tell of a handful of people."""
    tables = {
        name: hide_few(table, name, smallest_cell=context.smallest_cell)
        for name, table in context.tables.items()
    }
    tables["journey_map"] = voices.unname_people(tables["journey_map"], tables.get("participants"))
    if "segment_comparison" in tables and "funnel" in tables:
        tables["funnel"] = drop_small_counts(
            drop_small_segments(tables["funnel"], tables["segment_comparison"]),
            parts=("n_entered", "n_continued", "n_dropped"),
            smallest_cell=context.smallest_cell,
        )
    return replace(context, tables=tables)


def _beside(pages: Sequence[_Page], place: int) -> dict[str, Any]:
    return {
        "before": pages[place - 1] if place else None,
        "after": pages[place + 1] if place + 1 < len(pages) else None,
    }


def _write(path: Path, page: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Bytes, so that no platform changes the line ends inside a quote.
    path.write_bytes(page.encode("utf-8", "replace"))
    return path
