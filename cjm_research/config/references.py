"""Names in study.yaml that must exist elsewhere in it, and patterns that must be valid."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from cjm_research.config.journeys import resolve_stage
from cjm_research.config.schema import (
    Campaign,
    Events,
    Feedback,
    FunnelReport,
    Kpi,
    Observations,
    Outcome,
    Question,
    Questionnaire,
    Roster,
    Source,
    StudyConfig,
    Survey,
    Transcripts,
)
from cjm_research.errors import UnknownNameError, did_you_mean, quoted
from cjm_research.journey import Journey


def find_problems(config: StudyConfig, journey: Journey) -> list[str]:
    """Check names in the file that must exist elsewhere in the file."""
    problems = []
    for place, name in _stage_references(config):
        try:
            resolve_stage(journey, name, where=place)
        except UnknownNameError as error:
            problems.append(str(error))
    for source in config.sources:
        if source.collected and source.collected.end < source.collected.start:
            problems.append(f"sources.{source.id}.collected: `to:` lies before `from:`.")
        if isinstance(source, Survey):
            ids = [question.id for question in source.questions]
            for question in source.questions:
                where = f"sources.{source.id}.questions.{question.id}"
                problems += [f"{where}: {what}" for what in _question_problems(question)]
            if source.questionnaire:
                for page in source.questionnaire.pages:
                    for block in page.blocks:
                        problems += [
                            f"sources.{source.id}.questionnaire: no question '{name}'."
                            f"{did_you_mean(name, ids)} Allowed: {quoted(ids)}."
                            for name in block.questions
                            if name not in ids
                        ]
        if isinstance(source, Observations):
            for outcome in source.outcomes:
                problems += _pattern_problems(source.id, outcome)
        if isinstance(source, Events):
            problems += _place_problems(source, config)
        if isinstance(source, Transcripts):
            problems += _participant_pattern_problems(source)
        if isinstance(source, Feedback):
            problems += _feedback_problems(source)
    problems += _value_problems(config)
    for kpi in config.kpis:
        needed = {
            "conversion": (kpi.from_stage, "from"),
            "drop_off": (kpi.stage, "stage"),
            "task_success": (kpi.stage, "stage"),
        }
        value, key = needed.get(kpi.measure, ("-", ""))
        if not value:
            problems.append(f"kpis.{kpi.name}: a {kpi.measure} needs `{key}:` with a stage.")
        problems += _kpi_problems(kpi, config)
        ends = [_position(journey, name) for name in (kpi.from_stage, kpi.to_stage) if name]
        if -1 not in ends and ends != sorted(ends):
            problems.append(f"kpis.{kpi.name}: `to: {kpi.to_stage}` comes before `from:`.")
    return problems + _integration_problems(config)


def _question_problems(question: Question) -> list[str]:
    problems = []
    n = len(question.columns)
    if question.kind == "sus" and n not in (1, 10):
        problems.append(
            f"a `sus` is one column with the finished score, 0 to 100, or the ten columns of its "
            f"items; {n} are named."
        )
    given = [key for key in _OF_CHOICES if getattr(question, key)]
    if question.kind != "choice" and given:
        problems.append(f"{quoted(given)} belong to a question of kind `choice`.")
    if question.labels and question.kind not in ("nps", "csat", "ces", "rating", "sus"):
        problems.append("'labels' belongs to a rating, such as kind `csat`.")
    if question.separator and not question.separator.strip():
        problems.append("`separator` needs a sign, such as ';' or ', '.")
    if question.multiple and n == 1 and not question.separator:
        problems.append(
            "`multiple: true` with one column: say what joins the choices in a cell "
            "(`separator: ;`), or name the column of each option."
        )
    if question.other in question.columns and not question.options:
        problems.append(
            "`other` names a column of the choices themselves: list `options:`, so that what is "
            "none of them is known."
        )
    return problems


_OF_CHOICES = ("multiple", "separator", "options", "other")


def use_stage_ids(config: StudyConfig, journey: Journey) -> StudyConfig:
    """Return the config with every stage as its id: a file may name stages as people do."""

    def stage(name: str) -> str:
        return resolve_stage(journey, name, where="")

    def form_of(form: Questionnaire) -> Questionnaire:
        pages = [page.model_copy(update={"stage": stage(page.stage)}) for page in form.pages]
        ends = {"opened": stage(form.opened), "submitted": stage(form.submitted)}
        return form.model_copy(update={"pages": pages} | ends)

    def source_of(source: Source) -> Source:
        if isinstance(source, FunnelReport):
            steps = {step: stage(name) for step, name in source.steps.items()}
            return source.model_copy(update={"steps": steps})
        if isinstance(source, Campaign):
            return source.model_copy(update={"stage": stage(source.stage)})
        if not isinstance(source, Survey):
            return source
        questions = [q.model_copy(update={"stage": stage(q.stage)}) for q in source.questions]
        form = form_of(source.questionnaire) if source.questionnaire else None
        return source.model_copy(update={"questions": questions, "questionnaire": form})

    named = ("from_stage", "to_stage", "stage")
    kpis = [
        kpi.model_copy(update={key: stage(getattr(kpi, key)) for key in named})
        for kpi in config.kpis
    ]
    changes = [c.model_copy(update={"stage": stage(c.stage)}) for c in config.behaviour.changes]
    return config.model_copy(
        update={
            "kpis": kpis,
            "sources": [source_of(source) for source in config.sources],
            "behaviour": config.behaviour.model_copy(update={"changes": changes}),
        }
    )


def _position(journey: Journey, name: str) -> int:
    """Return the place of a stage in the journey; -1 for one that it does not have."""
    names = [position for position, stage in enumerate(journey) if name in (stage.id, stage.name)]
    return names[0] if names else -1


def _stage_references(config: StudyConfig) -> Iterable[tuple[str, str]]:
    for kpi in config.kpis:
        for name in (kpi.from_stage, kpi.to_stage, kpi.stage):
            yield f"kpis.{kpi.name}", name
    for change in config.behaviour.changes:
        yield f"behaviour.changes.{change.name}", change.stage
    for source in config.sources:
        if isinstance(source, Events):
            for pattern, stage in source.pages.items():
                yield f"sources.{source.id}.pages.{pattern}", stage
        if isinstance(source, FunnelReport):
            for step, stage in source.steps.items():
                yield f"sources.{source.id}.steps.{step}", stage
        if isinstance(source, Campaign):
            yield f"sources.{source.id}.stage", source.stage
        if isinstance(source, Roster):
            for value, stage in source.lifecycle_stages.items():
                yield f"sources.{source.id}.lifecycle_stages.{value}", stage
        if not isinstance(source, Survey):
            continue
        for question in source.questions:
            yield f"sources.{source.id}.questions.{question.id}", question.stage
        if source.questionnaire:
            form = source.questionnaire
            for name in (form.opened, *(page.stage for page in form.pages), form.submitted):
                yield f"sources.{source.id}.questionnaire", name


def _place_problems(source: Events, config: StudyConfig) -> list[str]:
    where = f"sources.{source.id}"
    problems = []
    if bool(source.files) == bool(source.table):
        problems.append(f"{where}: give either `files:` or `table:`.")
    if not source.stays and config.engine.backend != "duckdb":
        problems.append(
            f"{where}: with `engine: {{backend: {config.engine.backend}}}` name a `table:`, or "
            "say `in_place: true`."
        )
    if not source.stays:
        if "row" in source.columns:
            problems.append(f"{where}: `row` is for events in place; files keep their order.")
        return problems
    if source.pages or "page" in source.columns:
        problems.append(
            f"{where}: in place, `pages:` cannot be applied. Name the stage in a column of the log."
        )
    if len(source.files) > 1:
        problems.append(f"{where}: in place, `files:` names one file or one folder.")
    if source.timezone != "UTC":
        problems.append(
            f"{where}: in place, times are UTC or carry their offset; `timezone: "
            f"{source.timezone}` cannot be applied. Convert them in the engine."
        )
    others = [s.id for s in config.sources if isinstance(s, Events) and s.id != source.id]
    if others:
        problems.append(
            f"{where}: its events stay where they are, and cannot be followed into "
            f"{quoted(others)}. Bring them into one folder or table."
        )
    return problems


def _feedback_problems(source: Feedback) -> list[str]:
    where = f"sources.{source.id}"
    problems = []
    if bool(source.authors) != ("author_role" in source.columns):
        problems.append(
            f"{where}: `columns.author_role` and `authors:` (which roles are the participant's, "
            "which an agent's) belong together."
        )
    if source.scale[0] >= source.scale[1]:
        problems.append(f"{where}.scale: the lowest value comes first, such as [1, 5].")
    return problems


def _value_problems(config: StudyConfig) -> list[str]:
    valued = [
        source.id
        for source in config.sources
        if isinstance(source, Roster) and "value" in source.columns
    ]
    if len(valued) < 2:
        return []
    return [
        f"sources: {quoted(valued)} all name a column `value`. Keep one: what a person is worth "
        "is counted once."
    ]


def _kpi_problems(kpi: Kpi, config: StudyConfig) -> list[str]:
    low, high = _TARGETS.get(kpi.measure, (-math.inf, math.inf))
    problems = []
    if not low <= kpi.target <= high:
        problems.append(
            f"kpis.{kpi.name}: the target of a {kpi.measure} lies between {low:g} and {high:g}. "
            f"Found: {kpi.target:g}."
        )
    sources = [source.id for source in config.sources]
    if kpi.source and kpi.source not in sources:
        problems.append(
            f"kpis.{kpi.name}: no source '{kpi.source}'.{did_you_mean(kpi.source, sources)} "
            f"Allowed: {quoted(sources)}."
        )
    return problems


_SHARE = (0.0, 1.0)
_TARGETS = {
    "conversion": _SHARE,
    "drop_off": _SHARE,
    "task_success": _SHARE,
    "retention": _SHARE,
    "nps": (-100.0, 100.0),
    "sus": (0.0, 100.0),
}
"""Measure -> least and greatest target that it can be held against."""


def _integration_problems(config: StudyConfig) -> list[str]:
    rule = config.integration.priorities
    worded = [
        source.id
        for source in config.sources
        if isinstance(source, Transcripts | Survey | Feedback | Observations)
    ]
    problems = []
    if rule.source and rule.source not in worded:
        problems.append(
            f"integration.priorities: no source with words is called '{rule.source}'."
            f"{did_you_mean(rule.source, worded)} Allowed: {quoted(worded)}."
        )
    if not any(rule.weights.values()):
        problems.append("integration.priorities: at least one weight must be above 0.")
    return problems


def _pattern_problems(source_id: str, outcome: Outcome) -> list[str]:
    problems = []
    for rule in outcome.rules:
        for column, pattern in rule.when.items():
            try:
                re.compile(pattern)
            except re.error as error:
                problems.append(
                    f"sources.{source_id}.outcomes.{outcome.id}: '{pattern}' for column "
                    f"'{column}' is not a valid pattern ({error})."
                )
    return problems


def _participant_pattern_problems(source: Transcripts) -> list[str]:
    try:
        groups = re.compile(source.participant_pattern).groups
    except re.error as error:
        return [f"sources.{source.id}.participant_pattern is not a valid pattern ({error})."]
    if groups != 1:
        return [
            f"sources.{source.id}.participant_pattern '{source.participant_pattern}' needs one "
            "pair of parentheses around the participant's id."
        ]
    return []
