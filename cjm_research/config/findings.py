"""findings.yaml: what people conclude, in a file that people write and the software only reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from cjm_research.config.faults import describe_fault
from cjm_research.config.journeys import resolve_stage
from cjm_research.config.schema import Text, as_text
from cjm_research.config.yaml_files import read_yaml
from cjm_research.errors import ConfigError, UnknownNameError, quoted
from cjm_research.journey import Journey

Verdict = Literal[
    "sources agree",
    "partly agree",
    "only said",
    "only done",
    "sources disagree",
    "not asked",
    "leavers not heard",
    "cannot tell",
]
"""What words and numbers of a stage say about each other."""

_Needed = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(as_text)
]


class _Written(BaseModel):
    """What a person writes, perhaps over a row that still has empty keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, written: Any) -> Any:
        if not isinstance(written, dict):
            return written
        return {
            key: value
            for key, value in written.items()
            if value is not None or key not in cls.model_fields
        }


class _Finding(_Written):
    """What every finding says: the stage, and who concluded it when."""

    stage: _Needed
    by: _Needed
    at: date | None = None
    note: Text = ""


class StageFinding(_Finding):
    """The verdict that a person gives for a stage, in place of the machine's proposal."""

    verdict: Verdict


class OpportunityFinding(_Finding):
    """What a person says of an opportunity: a pain point (`code`) told at a stage.

    `confirmed`: the person has read what is coded so, and it holds. `evidence` is graded by
    the four questions of GRADE-CERQual (methods, coherence, adequacy, relevance), which a
    machine cannot answer. `trade_off`: what else gets worse.
    """

    code: _Needed
    confirmed: bool = False
    effort: Literal["", "small", "medium", "large"] = ""
    evidence: Literal["", "high", "moderate", "low", "very low"] = ""
    trade_off: Text = ""


def _as_cell(value: Any) -> Any:
    """Return as text what may stand in a cell: a number as it was written, a day, yes or no."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else as_text(value)


_CellText = Annotated[str, BeforeValidator(_as_cell)]


class EvidenceLink(_Written):
    """What a finding rests on: words that somebody said, or one cell of a table.

    Words are named by `document` and `quote`, or by `excerpt`, perhaps with the `quote` that
    is meant in it; `against` marks a counter-example. A cell is named by `table`, `where` (what
    its row holds) and `column`; `value` is what was seen there, as it was written.
    """

    document: Text = ""
    excerpt: Text = ""
    quote: Text = ""
    against: bool = False
    table: Text = ""
    where: dict[str, _CellText] = Field(default_factory=dict)
    column: Text = ""
    value: _CellText = ""

    @property
    def names_words(self) -> bool:
        """Whether it names words; else it names a cell."""
        return bool(self.document or self.excerpt)


_Number = Annotated[int, Field(strict=True, ge=1)]
"""Place in a list of study.yaml, counted from 1 as the report prints it."""


class Conclusion(_Written):
    """What a person concludes from a study, with what it rests on.

    `id` is permanent: reports are cited by it. Stages may be named by id or by name. `answers`
    are numbers of the study's `questions`, `checks` of its `assumptions`.
    """

    id: _Needed
    headline: _Needed
    interpretation: Text = ""
    recommendation: Text = ""
    by: Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(as_text)]
    at: date | None = None
    status: Literal["draft", "reviewed"] = "draft"
    reviewed_by: Text = ""
    stages: list[Text] = Field(default_factory=list)
    answers: list[_Number] = Field(default_factory=list)
    checks: list[_Number] = Field(default_factory=list)
    evidence: list[EvidenceLink]


class Findings(_Written):
    """All findings of a study; empty where nobody has concluded anything yet."""

    verdicts: list[StageFinding] = Field(default_factory=list)
    opportunities: list[OpportunityFinding] = Field(default_factory=list)
    findings: list[Conclusion] = Field(default_factory=list)

    def verdict_of(self, stage: str) -> StageFinding | None:
        """Return the verdict that a person gave for a stage, if anybody did."""
        return next((row for row in self.verdicts if row.stage == stage), None)


def load_findings(
    path: Path,
    journey: Journey,
    *,
    n_questions: int = 0,
    n_assumptions: int = 0,
    where: str = "",
) -> Findings:
    """Read and validate a findings.yaml.

    Parameters
    ----------
    path : Path
        A missing file means that nobody has concluded anything yet; so does an empty one.
    journey : Journey
        Stages may be named by id or by name; the findings carry ids.
    n_questions, n_assumptions : int
        How many study.yaml lists: findings say by number which they answer and check.
    where : str
        The file, as the researcher knows it.

    Raises
    ------
    ConfigError
        With every problem found: not YAML, repeated or unknown keys (with "did you mean"),
        values of the wrong kind, stages that the journey does not have, questions and
        assumptions that the study does not have, two findings on the same thing, evidence that
        names nothing. Whether evidence holds is seen when it is
        looked up (`study.conclusions.resolve_findings`).
    """
    where = where or path.name
    if not path.exists():
        return Findings()
    raw = read_yaml(path, where=where, keep_digits=True)
    if raw is None:
        return Findings()
    if not isinstance(raw, dict):
        raise ConfigError(where, [f"it should hold the keys {quoted(Findings.model_fields)}."])
    try:
        findings = Findings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            where, [describe_fault(fault, raw, Findings) for fault in error.errors()]
        ) from error
    problems = [
        *_unknown_stages(findings, journey),
        *_list_slips(findings, journey),
        *_list_unasked(findings, n_questions=n_questions, n_assumptions=n_assumptions),
    ]
    if problems:
        raise ConfigError(where, problems)
    named = _use_stage_ids(findings, journey)
    repeated = _repeated(named)
    if repeated:
        raise ConfigError(where, repeated)
    return named


_ROWS = ("verdicts", "opportunities")


def _unknown_stages(findings: Findings, journey: Journey) -> list[str]:
    problems: list[str] = []
    for part in _ROWS:
        for number, row in enumerate(getattr(findings, part), start=1):
            problems += _unknown_stage(journey, row.stage, f"{part}.item {number}")
    return problems


def _use_stage_ids(findings: Findings, journey: Journey) -> Findings:
    """Return the findings with every stage as its id: a file may name stages as people do."""
    named = {
        part: [
            row.model_copy(update={"stage": resolve_stage(journey, row.stage, where=part)})
            for row in getattr(findings, part)
        ]
        for part in _ROWS
    }
    concluded = [_name_stages(finding, journey) for finding in findings.findings]
    return findings.model_copy(update={**named, "findings": concluded})


_OF_STAGES = ("stage", "told_at")
"""Columns in which `where` may name a stage as people do."""


def _name_stages(finding: Conclusion, journey: Journey) -> Conclusion:
    evidence = [
        link.model_copy(
            update={
                "where": {
                    column: resolve_stage(journey, value, where=finding.id)
                    if column in _OF_STAGES
                    else value
                    for column, value in link.where.items()
                }
            }
        )
        for link in finding.evidence
    ]
    stages = [resolve_stage(journey, name, where=finding.id) for name in finding.stages]
    return finding.model_copy(update={"stages": stages, "evidence": evidence})


def _list_slips(findings: Findings, journey: Journey) -> Iterator[str]:
    """Say what is wrong with findings beyond the kinds of their values."""
    for number, finding in enumerate(findings.findings, start=1):
        place = f"findings.{finding.id}"
        if not re.fullmatch(r"F[0-9]+", finding.id):
            yield (
                f"findings.item {number}.id: '{finding.id}' is no id of a finding. Write F and a "
                "number, such as F4, and never give it to another finding: reports are cited by it."
            )
        if not finding.by:
            yield (
                f"{place}.by: it is empty. Say who concludes it, or take the finding out: what "
                "nobody concludes is the machine's candidate."
            )
        if (finding.status == "reviewed") != bool(finding.reviewed_by):
            yield (
                f"{place}: `status: reviewed` and `reviewed_by` go together. Name who has "
                "reviewed it, or leave it a draft."
            )
        for stage in finding.stages:
            yield from _unknown_stage(journey, stage, f"{place}.stages")
        if not finding.evidence:
            yield f"{place}.evidence: it is empty. Name at least one quote or cell."
        for place_of_link, link in enumerate(finding.evidence, start=1):
            where = f"{place}.evidence.item {place_of_link}"
            yield from (f"{where}{slip}" for slip in _list_link_slips(link))
            for column in _OF_STAGES:
                yield from _unknown_stage(journey, link.where.get(column, ""), f"{where}.where")


def _list_unasked(findings: Findings, *, n_questions: int, n_assumptions: int) -> Iterator[str]:
    """Say which numbers of questions and assumptions stand for none."""
    for finding in findings.findings:
        for key, numbers, listed, n in (
            ("answers", finding.answers, "questions", n_questions),
            ("checks", finding.checks, "assumptions", n_assumptions),
        ):
            for number in sorted({number for number in numbers if number > n}):
                has = f"lists {n}" if n else "lists none"
                yield (
                    f"findings.{finding.id}.{key}: there is no number {number}, study.yaml {has} "
                    f"under `{listed}`. Count them from 1, in the order in which they stand there."
                )


def _list_link_slips(link: EvidenceLink) -> Iterator[str]:
    names_cell = bool(link.table or link.where or link.column or link.value)
    if names_cell and (link.names_words or link.quote):
        yield ": it names words and a table. Make two links of it."
    elif names_cell:
        for key in ("table", "column"):
            if not getattr(link, key):
                yield f".{key}: this key is required and missing."
        if link.against:
            yield ".against: only words are marked as a counter-example, cells are not."
    elif link.document and link.excerpt:
        yield ": it names a document and an excerpt. Keep one of them."
    elif link.document and not link.quote.strip():
        yield ".quote: this key is required and missing: the words, as the document has them."
    elif link.quote and not link.names_words:
        yield ".document: this key is required and missing: where the quote stands."
    elif not link.names_words:
        yield (
            ": it names nothing. Write `{document: ID, quote: WORDS}`, `{excerpt: ID}` or "
            "`{table: NAME, where: {COLUMN: VALUE}, column: NAME, value: WHAT YOU SAW}`."
        )


def _unknown_stage(journey: Journey, name: str, where: str) -> list[str]:
    try:
        resolve_stage(journey, name, where=where)
    except UnknownNameError as error:
        return [str(error)]
    return []


def _repeated(findings: Findings) -> list[str]:
    stages = [(row.stage,) for row in findings.verdicts]
    pairs = [(row.stage, row.code) for row in findings.opportunities]
    ids = [(row.id,) for row in findings.findings]
    return [
        *(f"verdicts: two for the stage '{stage}'. Keep one." for (stage,) in _twice(stages)),
        *(
            f"opportunities: two for the code '{code}' at the stage '{stage}'. Keep one."
            for stage, code in _twice(pairs)
        ),
        *(f"findings: two have the id '{name}'. Each has its own." for (name,) in _twice(ids)),
    ]


def _twice(keys: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return sorted({key for key in keys if keys.count(key) > 1})
