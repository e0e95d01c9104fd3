"""study.yaml: what a researcher declares about a study, validated before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from cjm_research.errors import ConfigError, UnknownNameError, did_you_mean, quoted
from cjm_research.journey import Journey, Measure, Stage, Touchpoint

SCHEMA_VERSION = 1
DESIGNS_WITH_INTERVALS = frozenset({"random", "census"})
"""Sampling designs under which an interval means something."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def _as_text(value: Any) -> Any:
    # YAML reads `yes`, `no` and `1` as other types; a researcher means the text in the cell.
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Text = Annotated[str, BeforeValidator(_as_text), WithJsonSchema(_SCALAR)]
Texts = Annotated[
    list[Text],
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}),
]
Id = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumption(_Part):
    """What a stakeholder believes before the study."""

    claim: str
    owner: str = ""


class Kpi(_Part):
    """A figure that somebody promised, and the target it is held against.

    `conversion`: share of those who entered stage `from` who came through `to`;
    `drop_off`: share lost at `stage`; `nps`, `csat`, `ces`: a rating (of `stage`, if given).
    """

    name: str
    measure: Literal["conversion", "drop_off", "nps", "csat", "ces"]
    from_stage: str = Field("", alias="from")
    to_stage: str = Field("", alias="to")
    stage: str = ""
    source: str = ""
    target: float
    direction: Literal["at_least", "at_most"] = "at_least"


class TouchpointPart(_Part):
    """A place where people meet the service."""

    name: str
    channel: str = ""
    owner: str = ""
    cost: str = ""
    time: str = ""


class StagePart(_Part):
    """A stage of the study's journey."""

    id: Id
    name: str = ""
    definition: str = ""
    sequential: bool = True
    measure: Measure | None = None
    outcome: str = ""
    events: Texts = Field(default_factory=list)
    completed_by: Texts = Field(default_factory=list)
    cues: Texts = Field(default_factory=list)
    prompts: Texts = Field(default_factory=list)
    owner: str = ""
    touchpoints: list[TouchpointPart] = Field(default_factory=list)


class JourneyPart(_Part):
    """The journey: a template's stages, the study's own, or a template with changes.

    With a template, a stage of the same id adds to and overrides the template's stage.
    """

    template: str = ""
    measure: Measure = "funnel_drop_off"
    outcome: str = ""
    stages: list[StagePart] = Field(default_factory=list)


class Collected(_Part):
    """When a source was collected."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")


class CodePart(_Part):
    """A code that the source itself declares, such as the theme that a question asks about."""

    group: str
    code: str


class Question(_Part):
    """One question of a survey, in one or more columns.

    Kinds: `open` gives documents; `nps` (0-10), `csat`, `ces`, `rating` give ratings;
    `choice` is counted only; `attribute` becomes a column of `participants`.
    """

    id: str
    columns: Texts
    text: str = ""
    kind: Literal["open", "nps", "csat", "ces", "rating", "choice", "attribute"]
    scale: tuple[float, float] | None = None
    stage: str = ""
    codes: list[CodePart] = Field(default_factory=list)


class Block(_Part):
    """Questions shown under one heading of a page."""

    name: str
    questions: Texts


class Page(_Part):
    """A page of a questionnaire: the stage it stands for, and its blocks of questions."""

    stage: str
    blocks: list[Block]


class Questionnaire(_Part):
    """How far people came in answering, as a journey of its own."""

    opened: str
    pages: list[Page]
    submitted: str
    submitted_column: str
    submitted_values: Texts


class Rule(_Part):
    """`then` holds for a row when every named column matches its pattern in full."""

    when: dict[str, str]
    then: Literal["success", "failure"]


class Outcome(_Part):
    """An outcome of a task: the first rule that fits decides, else it is missing."""

    id: Id
    label: str
    rules: list[Rule]


class NoteText(_Part):
    """A column of an observation log that holds words."""

    column: str
    prompt: str = ""
    speaker: Literal["participant", "observer"] = "observer"
    ignore: Texts = Field(default_factory=list)


class Lookup(_Part):
    """A table that gives each item its stage."""

    file: str
    key: str
    value: str


class ConsentValues(_Part):
    """What stands in the consent column, and what it permits."""

    quote: Texts = Field(default_factory=lambda: ["yes"])
    no_quote: Texts = Field(default_factory=lambda: ["no"])
    withdrawn: Texts = Field(default_factory=lambda: ["withdrawn"])


class _Source(_Part):
    """What every source declares."""

    id: Id
    label: str = ""
    files: Texts
    required: bool = True
    collected: Collected | None = None
    recruitment: str = ""
    sampling: Literal["purposive", "convenience", "random", "census"]
    sampling_note: str = ""
    wave: str = ""
    unit: Literal["person", "visit"] = "person"
    consent: Literal["quote", "no_quote"] = "no_quote"
    consent_values: ConsentValues = Field(default_factory=ConsentValues)
    encoding: str = ""

    @property
    def name(self) -> str:
        """Label for people, or the id."""
        return self.label or self.id.replace("_", " ").capitalize()

    @property
    def has_design(self) -> bool:
        """True when the sampling design allows intervals."""
        return self.sampling in DESIGNS_WITH_INTERVALS


class Transcripts(_Source):
    """Interviews: `.txt` (`Name: text`), `.vtt`, `.srt`; one participant a file."""

    kind: Literal["transcripts"]
    participant_pattern: str = "(.+)"
    interviewers: Texts = Field(default_factory=list)
    observers: Texts = Field(default_factory=list)
    masking_reviewed: Literal["all"] | list[str] = Field(default_factory=list)
    reviewed_by: str = ""


class Survey(_Source):
    """A survey: `.csv` or `.xlsx`, one row a participant."""

    kind: Literal["survey"]
    columns: dict[Literal["participant", "consent", "submitted_at"], str] = Field(
        default_factory=dict
    )
    column_names: Texts = Field(default_factory=list)
    timezone: str = "UTC"
    day_first: bool = False
    identifying: Texts = Field(default_factory=list)
    questions: list[Question]
    questionnaire: Questionnaire | None = None


class Events(_Source):
    """An event log: `.csv` or `.parquet`, one row an event."""

    kind: Literal["events"]
    columns: dict[
        Literal[
            "participant", "session", "event", "occurred_at", "stage", "channel", "device", "value"
        ],
        str,
    ]
    timezone: str = "UTC"


class Observations(_Source):
    """A usability-test log: one row a participant and task, with outcomes and notes."""

    kind: Literal["observations"]
    columns: dict[Literal["participant", "item", "stage"], str]
    header_row: int = 1
    stages_from: Lookup | None = None
    outcomes: list[Outcome]
    texts: list[NoteText] = Field(default_factory=list)


class Roster(_Source):
    """Who took part: ids in each source, names to mask, consent, audience segments."""

    kind: Literal["roster"]
    sampling: Literal["purposive", "convenience", "random", "census"] = "purposive"
    columns: dict[Literal["participant", "consent"], str]
    identifiers: Texts = Field(default_factory=list)
    names: Texts = Field(default_factory=list)
    contacts: Texts = Field(default_factory=list)
    attributes: Texts = Field(default_factory=list)


Source = Transcripts | Survey | Events | Observations | Roster


class Segment(_Part):
    """An audience segment: a column of the roster, of the survey, or of the events."""

    id: str
    label: str = ""


class Privacy(_Part):
    """What is masked, and whether the people are real.

    `synthetic: true` (nobody real takes part) derives pseudonyms from the study's name, so
    that they are the same on every machine. Real studies get a secret key in the vault.
    """

    synthetic: bool = False
    names: Texts = Field(default_factory=list)
    keep: Texts = Field(default_factory=list)
    vault: str = ""


class ReportPart(_Part):
    """How a report looks."""

    language: str = "en"
    quotes_per_stage: int = Field(3, ge=0, le=20)
    pain_points_per_stage: int = Field(3, ge=1, le=20)
    deadline_s: int = Field(900, ge=10)


class StudyConfig(_Part):
    """A whole study.yaml."""

    schema_version: Literal[1]
    title: str
    objective: Annotated[str, Field(min_length=1)]
    questions: Texts = Field(default_factory=list)
    assumptions: list[Assumption] = Field(default_factory=list)
    kpis: list[Kpi] = Field(default_factory=list)
    journey: JourneyPart
    sources: Annotated[list[Annotated[Source, Field(discriminator="kind")]], Field(min_length=1)]
    audience_segments: list[Segment] = Field(default_factory=list)
    privacy: Privacy = Field(default_factory=Privacy)
    report: ReportPart = Field(default_factory=ReportPart)

    @model_validator(mode="after")
    def _unique_sources(self) -> StudyConfig:
        ids = [source.id for source in self.sources]
        repeated = sorted({name for name in ids if ids.count(name) > 1})
        if repeated:
            raise ValueError(f"source ids must be unique; {quoted(repeated)} occur more than once")
        return self

    def source(self, source_id: str) -> Source:
        """Return a source by its id."""
        for source in self.sources:
            if source.id == source_id:
                return source
        raise UnknownNameError("source", source_id, [source.id for source in self.sources])


def load_config(path: Path, *, where: str = "") -> StudyConfig:
    """Read and validate a study.yaml.

    Raises
    ------
    ConfigError
        With every problem found: not YAML, repeated or unknown keys (with "did you mean"),
        values of the wrong kind, stages that the journey does not have.
    """
    where = where or path.name
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - safe subclass
    except UnicodeDecodeError as error:
        raise ConfigError(where, [f"it is not UTF-8 text ({error}). Save it as UTF-8."]) from error
    except yaml.YAMLError as error:
        raise ConfigError(where, [f"it is not valid YAML: {error}"]) from error
    if not isinstance(raw, dict):
        raise ConfigError(where, ["it should hold keys such as `title:` and `sources:`."])
    try:
        config = StudyConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(where, [_plain(fault, raw) for fault in error.errors()]) from error
    journey = build_journey(config.journey, where=where)
    problems = _reference_problems(config, journey)
    if problems:
        raise ConfigError(where, problems)
    return _with_stage_ids(config, journey)


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


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of study.yaml, for editors."""
    schema = StudyConfig.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cjm_research study.yaml"
    return schema


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
        cues=tuple(part.cues),
        prompts=tuple(part.prompts),
        owner=part.owner,
        touchpoints=tuple(Touchpoint(**point.model_dump()) for point in part.touchpoints),
    )


def _reference_problems(config: StudyConfig, journey: Journey) -> list[str]:
    """Check names in the file that must exist elsewhere in the file."""
    problems = []
    for place, name in _stage_references(config):
        try:
            resolve_stage(journey, name, where=place)
        except UnknownNameError as error:
            problems.append(str(error))
    for source in config.sources:
        if isinstance(source, Survey):
            ids = [question.id for question in source.questions]
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
        if isinstance(source, Transcripts):
            problems += _participant_pattern_problems(source)
    for kpi in config.kpis:
        needed = {"conversion": (kpi.from_stage, "from"), "drop_off": (kpi.stage, "stage")}
        value, key = needed.get(kpi.measure, ("-", ""))
        if not value:
            problems.append(f"kpis.{kpi.name}: a {kpi.measure} needs `{key}:` with a stage.")
        ends = [_position(journey, name) for name in (kpi.from_stage, kpi.to_stage) if name]
        if -1 not in ends and ends != sorted(ends):
            problems.append(f"kpis.{kpi.name}: `to: {kpi.to_stage}` comes before `from:`.")
    return problems


def _position(journey: Journey, name: str) -> int:
    """Return the place of a stage in the journey; -1 for one that it does not have."""
    names = [position for position, stage in enumerate(journey) if name in (stage.id, stage.name)]
    return names[0] if names else -1


def _with_stage_ids(config: StudyConfig, journey: Journey) -> StudyConfig:
    """Return the config with every stage as its id: a file may name stages as people do."""

    def stage(name: str) -> str:
        return resolve_stage(journey, name, where="")

    def form_of(form: Questionnaire) -> Questionnaire:
        pages = [page.model_copy(update={"stage": stage(page.stage)}) for page in form.pages]
        ends = {"opened": stage(form.opened), "submitted": stage(form.submitted)}
        return form.model_copy(update={"pages": pages} | ends)

    def source_of(source: Source) -> Source:
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
    return config.model_copy(
        update={"kpis": kpis, "sources": [source_of(source) for source in config.sources]}
    )


def _stage_references(config: StudyConfig) -> Iterable[tuple[str, str]]:
    for kpi in config.kpis:
        for name in (kpi.from_stage, kpi.to_stage, kpi.stage):
            yield f"kpis.{kpi.name}", name
    for source in config.sources:
        if not isinstance(source, Survey):
            continue
        for question in source.questions:
            yield f"sources.{source.id}.questions.{question.id}", question.stage
        if source.questionnaire:
            form = source.questionnaire
            for name in (form.opened, *(page.stage for page in form.pages), form.submitted):
                yield f"sources.{source.id}.questionnaire", name


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


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice: the second would silently win."""


def _no_duplicates(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":  # `<<: *anchor` only adds what is not there
            continue
        key = loader.construct_object(key_node)
        if isinstance(key, str) and key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key '{key}' occurs twice", key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _no_duplicates)


def _plain(fault: Any, raw: Any) -> str:
    """Say one pydantic error in a researcher's words."""
    where = _address(fault["loc"], raw)
    kind = fault["type"]
    if kind == "extra_forbidden":
        allowed = _allowed_keys(fault["loc"], raw)
        name = str(fault["loc"][-1])
        return f"{where}: unknown key.{did_you_mean(name, allowed)} Allowed: {quoted(allowed)}."
    if kind == "missing":
        return f"{where}: this key is required and missing."
    if kind == "union_tag_not_found":
        return f"{where}: `kind:` is missing. Allowed: {quoted(_KINDS)}."
    if kind == "union_tag_invalid":
        tag = str(fault["ctx"]["tag"])
        return f"{where}: no kind '{tag}'.{did_you_mean(tag, _KINDS)} Allowed: {quoted(_KINDS)}."
    found = fault.get("input")
    shown = "" if isinstance(found, dict | list) else f" Found: {found!r}."
    return f"{where}: {fault['msg']}.{shown}"


_KINDS = {
    "transcripts": Transcripts,
    "survey": Survey,
    "events": Events,
    "observations": Observations,
    "roster": Roster,
}


def _address(location: Iterable[Any], raw: Any) -> str:
    """Return `sources.survey.questions.why` rather than `sources.1.survey.questions.3`."""
    words: list[str] = []
    here = raw
    for step in location:
        if isinstance(step, int) and isinstance(here, list) and step < len(here):
            here = here[step]
            name = here.get("id") or here.get("name") if isinstance(here, dict) else None
            words.append(str(name or f"item {step + 1}"))
        elif step in _KINDS and isinstance(here, dict) and here.get("kind") == step:
            continue
        else:
            words.append(str(step))
            here = here.get(step) if isinstance(here, dict) else None
    return ".".join(words)


def _allowed_keys(location: tuple[Any, ...], raw: Any) -> list[str]:
    """Return the keys of the model that an unknown key stands in, found by walking the schema."""
    model: Any = StudyConfig
    for step in location[:-1]:
        if step in _KINDS and model is Source:
            model = _KINDS[step]
        elif isinstance(step, str) and hasattr(model, "model_fields"):
            names = {field.alias or name: name for name, field in model.model_fields.items()}
            if step not in names:
                return []
            model = _inner_model(model.model_fields[names[step]].annotation)
    if not hasattr(model, "model_fields"):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner_model(annotation: Any) -> Any:
    """Return the model inside `list[X]`, `X | None` or `Annotated[...]`."""
    if annotation == Source:
        return Source
    arguments = [item for item in getattr(annotation, "__args__", ()) if item is not type(None)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for item in arguments:
        inner = _inner_model(item)
        if inner is not None:
            return inner
    return None
