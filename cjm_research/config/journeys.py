"""The journey of a study: a template's stages, the study's own, or both merged."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from cjm_research.config.schema import JourneyPart, StagePart
from cjm_research.errors import ConfigError, UnknownNameError, did_you_mean, quoted
from cjm_research.journey import Journey, Stage, Touchpoint


def build_journey(part: JourneyPart, *, where: str = "study.yaml") -> Journey:
    """Return the journey of a study: template stages, own stages, or both merged.

    Raises
    ------
    ConfigError
        If there is no stage, a stage id repeats, or the template is unknown.
    """
    templates = load_templates()
    parts: dict[str, StagePart] = {}
    if part.template:
        if part.template not in templates:
            raise ConfigError(
                where,
                [
                    f"journey.template: no template '{part.template}'."
                    f"{did_you_mean(part.template, templates)} Allowed: {quoted(templates)}."
                ],
            )
        parts = {stage.id: stage for stage in templates[part.template].stages}
    own = [stage.id for stage in part.stages]
    repeated = sorted({name for name in own if own.count(name) > 1})
    if repeated:
        raise ConfigError(where, [f"journey.stages: {quoted(repeated)} occur more than once."])
    for stage in part.stages:
        if stage.id in parts:
            changes = stage.model_dump(exclude_unset=True)
            stage = StagePart.model_validate(parts[stage.id].model_dump() | changes)
        parts[stage.id] = stage
    if not parts:
        raise ConfigError(
            where, [f"journey: name a template ({quoted(templates)}) or list the stages."]
        )
    return Journey(tuple(_stage(stage, part) for stage in parts.values()))


@cache
def load_templates() -> dict[str, JourneyPart]:
    """Return the journey templates that ship with the package, by name."""
    folder = resources.files("cjm_research") / "journeys"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return {
        entry.name.removesuffix(".yaml"): JourneyPart.model_validate(
            yaml.safe_load(entry.read_text("utf-8"))
        )
        for entry in sorted(files, key=lambda entry: entry.name)
    }


def resolve_stage(journey: Journey, name: str, *, where: str) -> str:
    """Return the id of a stage given by id or by name; empty stays empty.

    Raises
    ------
    UnknownNameError
        If the journey has no such stage.
    """
    if not name:
        return ""
    for stage in journey:
        if name in (stage.id, stage.name):
            return stage.id
    raise UnknownNameError("stage", name, journey.stage_ids, where=where)


def _stage(part: StagePart, journey: JourneyPart) -> Stage:
    return Stage(
        id=part.id,
        name=part.name or part.id.replace("_", " ").capitalize(),
        definition=part.definition,
        sequential=part.sequential,
        measure=part.measure or journey.measure,
        outcome=part.outcome or journey.outcome,
        events=tuple(part.events),
        completed_by=tuple(part.completed_by),
        completed_elsewhere=tuple(part.completed_elsewhere),
        cues=tuple(part.cues),
        prompts=tuple(part.prompts),
        examples=tuple(part.examples),
        owner=part.owner,
        touchpoints=tuple(Touchpoint(**point.model_dump()) for point in part.touchpoints),
    )
