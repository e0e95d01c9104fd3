"""findings.yaml: what people conclude, in a file that people write and the software only reads."""

from __future__ import annotations

from collections.abc import Sequence
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


class Findings(_Written):
    """All findings of a study; empty where nobody has concluded anything yet."""

    verdicts: list[StageFinding] = Field(default_factory=list)
    opportunities: list[OpportunityFinding] = Field(default_factory=list)

    def verdict_of(self, stage: str) -> StageFinding | None:
        """Return the verdict that a person gave for a stage, if anybody did."""
        return next((row for row in self.verdicts if row.stage == stage), None)


def load_findings(path: Path, journey: Journey, *, where: str = "") -> Findings:
    """Read and validate a findings.yaml.

    Parameters
    ----------
    path : Path
        A missing file means that nobody has concluded anything yet; so does an empty one.
    journey : Journey
        Stages may be named by id or by name; the findings carry ids.
    where : str
        The file, as the researcher knows it.

    Raises
    ------
    ConfigError
        With every problem found: not YAML, repeated or unknown keys (with "did you mean"),
        values of the wrong kind, stages that the journey does not have, two findings on the
        same thing.
    """
    where = where or path.name
    if not path.exists():
        return Findings()
    raw = read_yaml(path, where=where)
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
    problems = _unknown_stages(findings, journey)
    if problems:
        raise ConfigError(where, problems)
    named = _use_stage_ids(findings, journey)
    repeated = _repeated(named)
    if repeated:
        raise ConfigError(where, repeated)
    return named


_ROWS = ("verdicts", "opportunities")


def _unknown_stages(findings: Findings, journey: Journey) -> list[str]:
    problems = []
    for part in _ROWS:
        for number, row in enumerate(getattr(findings, part), start=1):
            try:
                resolve_stage(journey, row.stage, where=f"{part}.item {number}")
            except UnknownNameError as error:
                problems.append(str(error))
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
    return findings.model_copy(update=named)


def _repeated(findings: Findings) -> list[str]:
    stages = [(row.stage,) for row in findings.verdicts]
    pairs = [(row.stage, row.code) for row in findings.opportunities]
    return [
        *(f"verdicts: two for the stage '{stage}'. Keep one." for (stage,) in _twice(stages)),
        *(
            f"opportunities: two for the code '{code}' at the stage '{stage}'. Keep one."
            for stage, code in _twice(pairs)
        ),
    ]


def _twice(keys: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return sorted({key for key in keys if keys.count(key) > 1})
