"""The keys of study.yaml as models: what is allowed, and what each key means."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from cjm_research.errors import UnknownNameError, quoted
from cjm_research.journey import Measure

DESIGNS_WITH_INTERVALS = frozenset({"random", "census"})
"""Sampling designs under which an interval means something."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def as_text(value: Any) -> Any:
    """Return as text what YAML reads as another type; a researcher means what stands there."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Text = Annotated[str, BeforeValidator(as_text), WithJsonSchema(_SCALAR)]
Texts = Annotated[
    list[Text],
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}),
]
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
Id = Annotated[str, BeforeValidator(as_text), Field(pattern=ID_PATTERN)]


def _all_or_files(value: Any) -> Any:
    """Say at once what both kinds of value are."""
    names = isinstance(value, list) and all(isinstance(name, str) for name in value)
    if value == "all" or names:
        return value
    raise ValueError("this should be 'all' or a list of files, such as [k01.txt]")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumption(_Part):
    """What a stakeholder believes before the study."""

    claim: str
    owner: str = ""


class Kpi(_Part):
    """A figure that somebody promised, and the target it is held against.

    `conversion`: share of those who entered stage `from` who came through `to`;
    `drop_off`: share lost at `stage`; `nps`, `csat`, `ces`, `sus`: a rating (of `stage`, if
    given); `task_success`: share of first tries that succeed at `stage`; `retention`: share of
    people not silent for longer than the declared gap.
    """

    name: str
    measure: Literal[
        "conversion", "drop_off", "nps", "csat", "ces", "sus", "task_success", "retention"
    ]
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
    completed_elsewhere: Texts = Field(default_factory=list)
    cues: Texts = Field(default_factory=list)
    prompts: Texts = Field(default_factory=list)
    examples: Texts = Field(default_factory=list)
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

    Kinds: `open` gives documents; `nps` (0-10), `csat`, `ces`, `sus` (one column with a score of
    0 to 100, or its ten items, 1 to 5, in their order), `rating` give ratings;
    `choice` is counted only; `attribute` becomes a column of `participants`.

    Of a rating, `labels` says which number an answer in words is: `{Very satisfied: 5}`. Of a
    choice, `multiple: true` says that each column is an option, `separator` what joins several
    choices in one cell, `options` what could be chosen (an option may hold the separator; anything
    else counts as "Other"), and `other` the column in which people wrote what was no option: their
    words are read as answers to an open question.
    """

    id: str
    columns: Texts
    text: str = ""
    kind: Literal["open", "nps", "csat", "ces", "sus", "rating", "choice", "attribute"]
    scale: tuple[float, float] | None = None
    labels: dict[Text, float] = Field(default_factory=dict)
    multiple: bool = False
    separator: str = ""
    options: Texts = Field(default_factory=list)
    other: str = ""
    stage: str = ""
    codes: list[CodePart] = Field(default_factory=list)

    @property
    def all_columns(self) -> list[str]:
        """Columns of the question, also the one in which people wrote what was no option."""
        return list(dict.fromkeys([*self.columns, *filter(None, [self.other])]))


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
    noted: bool = True


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
    format: Texts = Field(default_factory=list)
    encoding: str = ""
    delimiter: Literal["", "comma", "semicolon", "tab", "bar"] = ""
    sheet: str = ""

    @property
    def name(self) -> str:
        """Label for people, or the id."""
        return self.label or self.id.replace("_", " ").capitalize()

    @property
    def has_design(self) -> bool:
        """True when the sampling design allows intervals."""
        return self.sampling in DESIGNS_WITH_INTERVALS


class _Worded(_Source):
    """A source with people's words: somebody reads how its names were masked."""

    masking_reviewed: Annotated[Literal["all"] | list[str], BeforeValidator(_all_or_files)] = Field(
        default_factory=list
    )
    reviewed_by: str = ""


class Transcripts(_Worded):
    """Interviews: text, Word, subtitles, what Teams, Zoom, Meet, Otter, Whisper or QDA export."""

    kind: Literal["transcripts"]
    participants: Literal["file", "speaker"] = "file"
    participant_pattern: str = "(.+)"
    speakers: dict[str, str] = Field(default_factory=dict)
    interviewers: Texts = Field(default_factory=list)
    observers: Texts = Field(default_factory=list)
    one_voice: bool = False


class Survey(_Worded):
    """A survey: `.csv`, `.xlsx` or SPSS's `.sav`, one row a participant."""

    kind: Literal["survey"]
    columns: dict[Literal["participant", "consent", "submitted_at"], str] = Field(
        default_factory=dict
    )
    column_names: Texts = Field(default_factory=list)
    timezone: str = "UTC"
    day_first: bool | None = None
    identifying: Texts = Field(default_factory=list)
    questions: list[Question]
    questionnaire: Questionnaire | None = None


class Authors(_Part):
    """What stands in the column of roles, and whose words it means."""

    participant: Texts
    agent: Texts = Field(default_factory=list)


class Feedback(_Worded):
    """What people wrote unasked (reviews, tickets, posts, chats), one row a text.

    `channel` is where all of it was written; `columns.channel` says it row by row.
    """

    kind: Literal["feedback"]
    columns: dict[
        Literal[
            "text",
            "title",
            "participant",
            "consent",
            "created_at",
            "channel",
            "touchpoint",
            "stage",
            "rating",
            "thread",
            "author_role",
        ],
        str,
    ]
    channel: str = ""
    scale: tuple[float, float] = (1, 5)
    authors: Authors | None = None
    boilerplate: Texts = Field(default_factory=list)
    identifying: Texts = Field(default_factory=list)
    timezone: str = "UTC"
    day_first: bool | None = None


class Events(_Source):
    """An event log: `.csv` or `.parquet`, one row an event, or an analytics program's export.

    With `in_place: true` the files (also JSON, also a folder) are never copied into the study:
    the engine reads them where they lie, and only counts come back. `table` names a table of
    the engine instead of files.
    """

    kind: Literal["events"]
    files: Texts = Field(default_factory=list)
    table: str = ""
    in_place: bool = False
    time_unit: Literal["", "s", "ms", "us"] = ""
    columns: dict[
        Literal[
            "participant",
            "session",
            "event",
            "occurred_at",
            "stage",
            "channel",
            "device",
            "value",
            "page",
            "row",
        ],
        str,
    ] = Field(default_factory=dict)
    pages: dict[str, str] = Field(default_factory=dict)
    timezone: str = "UTC"
    day_first: bool | None = None

    @property
    def stays(self) -> bool:
        """True when the events stay where they are, and only counts come back."""
        return self.in_place or bool(self.table)


class Observations(_Worded):
    """A usability-test log: one row a participant and task, with outcomes and notes."""

    kind: Literal["observations"]
    columns: dict[Literal["participant", "item", "stage"], str]
    header_row: int = 1
    stages_from: Lookup | None = None
    outcomes: list[Outcome]
    texts: list[NoteText] = Field(default_factory=list)


class Roster(_Source):
    """Who took part: ids in each source, names to mask, consent, audience segments.

    A CRM also says how far a person's relation has come (`lifecycle`) and what it is worth
    (`value`); with a value a person may have several rows, such as one a deal.
    """

    kind: Literal["roster"]
    sampling: Literal["purposive", "convenience", "random", "census"] = "purposive"
    columns: dict[Literal["participant", "consent", "lifecycle", "value"], str]
    lifecycle_stages: dict[Text, str] = Field(default_factory=dict)
    decimal_comma: bool | None = None
    identifiers: Texts = Field(default_factory=list)
    names: Texts = Field(default_factory=list)
    contacts: Texts = Field(default_factory=list)
    attributes: Texts = Field(default_factory=list)


class Keys(_Source):
    """A key map: two columns, of a table or a log, of ids of one person in two sources."""

    kind: Literal["keys"]
    sampling: Literal["purposive", "convenience", "random", "census"] = "purposive"
    columns: dict[Literal["participant", "identifier"], str]


class _Counts(_Source):
    """A source of another program's counts: nobody in it can be told from anybody else."""

    sampling: Literal["purposive", "convenience", "random", "census"] = "convenience"
    program: Text = ""

    @property
    def has_design(self) -> bool:
        """False: who was counted, and what was left out of it, only the program knows."""
        return False


class FunnelReport(_Counts):
    """A funnel that another program counted: a table, or the JSON of GA4's Data API."""

    kind: Literal["funnel_report"]
    counted: Text = ""
    columns: dict[Literal["step", "people", "segment", "rate", "lost"], str] = Field(
        default_factory=dict
    )
    steps: dict[str, str] = Field(default_factory=dict)


CampaignMeasure = Literal[
    "sent", "delivered", "opened", "impressions", "clicked", "conversions", "cost"
]


class Campaign(_Counts):
    """What programs for e-mail and advertising counted, campaign by campaign."""

    kind: Literal["campaign"]
    touchpoint: Text = ""
    stage: str = ""
    channel: Text = ""
    columns: dict[Literal["touchpoint", "date", "end"] | CampaignMeasure, str] = Field(
        default_factory=dict
    )
    timezone: str = "UTC"
    day_first: bool | None = None


Source = (
    Transcripts | Survey | Feedback | Events | Observations | Roster | Keys
    | FunnelReport | Campaign
)  # fmt: skip


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
    run_deadline_s: int = Field(3600, ge=10)


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _weekday_or_number(value: Any) -> Any:
    """Say at once what both kinds of day are: of a choice of types, each would be a fault."""
    number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 28
    if value is None or number or value in get_args(Weekday):
        return value
    raise ValueError(
        f"this should be a weekday ({quoted(get_args(Weekday))}) or a day's number, 1 to 28"
    )


class SchedulePart(_Part):
    """How often a report is due: one a calendar period, on the period before.

    `due_on` is the first day of a period on which it is: a weekday with `week`, the number of
    a day with `month` and `quarter`. (Not `on`, which YAML reads as "true".)
    """

    every: Literal["day", "week", "month", "quarter"]
    due_on: Annotated[
        Weekday | Annotated[int, Field(ge=1, le=28)] | None, BeforeValidator(_weekday_or_number)
    ] = None
    time_zone: str = "UTC"

    @model_validator(mode="after")
    def _day_fits(self) -> SchedulePart:
        if self.due_on is not None:
            wanted = {"week": str, "month": int, "quarter": int}.get(self.every)
            if wanted is None:
                raise ValueError("`due_on` has no meaning with `every: day`; leave it out")
            if not isinstance(self.due_on, wanted):
                kind = "a weekday, such as monday" if wanted is str else "a day's number, 1 to 28"
                raise ValueError(f"with `every: {self.every}`, `due_on` is {kind}")
        try:
            ZoneInfo(self.time_zone)
        except (OSError, KeyError, ValueError) as error:  # no such zone, or no name of one
            raise ValueError(
                f"there is no time zone '{self.time_zone}'; name one such as Europe/Berlin"
            ) from error
        return self


class OwnModel(_Part):
    """A model of one's own in a local folder, used as one more coder."""

    path: str
    type: Literal["classifier", "embedding"] = "classifier"
    code_group: Literal["emotion", "pain_point", "delight", "need"]
    threshold: float = Field(0.5, ge=0, le=1)
    codes: dict[str, str] = Field(default_factory=dict)


class CodingPart(_Part):
    """How texts are coded by machine."""

    scores: Literal["encoder", "rules"] = "encoder"
    models: list[OwnModel] = Field(default_factory=list)


DURATION_PATTERN = r"^(\d+(\.\d+)? ?(s|min|h|D|W|seconds?|minutes?|hours?|days?|weeks?))?$"
Duration = Annotated[str, BeforeValidator(as_text), Field(pattern=DURATION_PATTERN)]


class EnginePart(_Part):
    """Where event logs are measured: in this process, or where they already lie."""

    backend: Literal["duckdb", "spark", "bigquery", "postgres", "snowflake", "clickhouse"] = (
        "duckdb"
    )
    connection: dict[str, Any] = Field(default_factory=dict)
    memory_limit: str = ""
    threads: int = Field(0, ge=0)


class FunnelPart(_Part):
    """What counts as coming through the stages."""

    order: Literal["strict", "any"] = "strict"
    entry: Literal["first", "anywhere"] = "first"
    scope: Literal["participant", "session"] = "participant"
    unit: Literal["participant", "session"] = "participant"
    window: Duration = ""
    reentry: bool = False
    patience: Duration = ""
    ties: Literal["journey", "row", "later"] = "journey"


class RetentionPart(_Part):
    """Who comes back: by calendar period after the first time, and after how long one is lost."""

    period: Literal["day", "week", "month"] = "month"
    event: str = ""
    gap: Duration = "30D"


class ReferralPart(_Part):
    """Who of those that did one thing told others."""

    did: Texts
    of: Texts


class PathQuestion(_Part):
    """A question to people's paths: `did item_viewed >= 3, never order_confirmed`."""

    name: str
    query: str


class ExperimentPart(_Part):
    """People who met different versions of something, by chance."""

    name: str
    control: str
    outcome: str
    arms: dict[str, Texts] = Field(default_factory=dict)
    segment: str = ""
    within: Duration = ""
    planned_n: int = Field(0, ge=0)
    shares: dict[str, float] = Field(default_factory=dict)
    direction: Literal["more", "less"] = "more"


class ChangePart(_Part):
    """A change of the service, to compare those who came before with those who came after."""

    name: str
    at: date
    stage: str
    outcome: str
    within: Duration


class BehaviourPart(_Part):
    """How event logs are measured."""

    until: date | None = None
    funnel: FunnelPart = Field(default_factory=FunnelPart)
    retention: RetentionPart = Field(default_factory=RetentionPart)
    repeat: str = ""
    referral: ReferralPart | None = None
    paths: list[PathQuestion] = Field(default_factory=list)
    top_paths: int = Field(10, ge=1, le=100)
    experiments: list[ExperimentPart] = Field(default_factory=list)
    changes: list[ChangePart] = Field(default_factory=list)


class VerdictPart(_Part):
    """From where on words and numbers count as much, per stage; declared before looking."""

    much_told: float = Field(0.25, gt=0, lt=1)
    much_lost: float = Field(0.20, gt=0, lt=1)
    low_rating: dict[Literal["nps", "csat", "ces", "sus"], float] = Field(default_factory=dict)


Weighed = Literal["people", "severity", "drop_off", "value"]


def _usual_weights() -> dict[Weighed, float]:
    return {"people": 1.0, "severity": 1.0, "drop_off": 1.0}


class PriorityPart(_Part):
    """How opportunities are ordered: the weight of each column, and whose words count."""

    weights: dict[Weighed, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=_usual_weights
    )
    source: str = ""


class TrustPart(_Part):
    """When a machine code is trusted: by its agreement with people on a random sample."""

    min_agreement: float = Field(0.667, ge=0, le=1)
    min_labels: int = Field(100, ge=50)


class IntegrationPart(_Part):
    """How what people say is joined to what they do."""

    verdicts: VerdictPart = Field(default_factory=VerdictPart)
    priorities: PriorityPart = Field(default_factory=PriorityPart)
    trust: TrustPart = Field(default_factory=TrustPart)
    smallest_cell: int = Field(5, ge=1)


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
    coding: CodingPart = Field(default_factory=CodingPart)
    engine: EnginePart = Field(default_factory=EnginePart)
    behaviour: BehaviourPart = Field(default_factory=BehaviourPart)
    integration: IntegrationPart = Field(default_factory=IntegrationPart)
    report: ReportPart = Field(default_factory=ReportPart)
    schedule: SchedulePart | None = None

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


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of study.yaml, for editors."""
    schema = StudyConfig.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cjm_research study.yaml"
    return schema
