"""batch.yaml: which parts of a study get a report of their own."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from cjm_research.config.faults import describe_fault
from cjm_research.config.schema import Text, as_text
from cjm_research.config.yaml_files import read_yaml
from cjm_research.errors import ConfigError, quoted

ALL = "all"
"""In place of the values of an audience segment: every value that is known."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PeriodPart(_Part):
    """Days, the first and the last included."""

    start: date | None = Field(None, alias="from")
    end: date | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _forwards(self) -> PeriodPart:
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"`to` ({self.end}) is before `from` ({self.start})")
        return self


class PeriodsPart(PeriodPart):
    """A period or, with `every`, the calendar periods in it.

    Without `from` or `to`, calendar periods run from the first or to the last day of what was
    said and done.
    """

    every: Literal["", "week", "month", "quarter"] = ""

    @model_validator(mode="after")
    def _of_some_days(self) -> PeriodsPart:
        if not (self.every or self.start or self.end):
            raise ValueError("give `every`, or `from` and `to`")
        return self


def _name_of_a_folder(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][\w -]*", name):
        raise ValueError(
            "a report's name is of letters, digits, spaces, '-' and '_', and begins with an "
            "English letter or a digit, such as 'Phones in spring'"
        )
    return name


class ReportOfPart(PeriodPart):
    """One report: an audience segment, a period, or both."""

    name: Annotated[str, BeforeValidator(as_text), AfterValidator(_name_of_a_folder)]
    segment: Text = ""
    value: Text = ""

    @model_validator(mode="after")
    def _of_something(self) -> ReportOfPart:
        if bool(self.segment) != bool(self.value):
            raise ValueError("`segment` and `value` go together")
        if not (self.segment or self.start or self.end):
            raise ValueError("say which part of the study: `segment` and `value`, `from`, `to`")
        return self


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Values = Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]


class MatrixPart(_Part):
    """A report for each value of each segment, in each period."""

    segment: dict[str, Values] = Field(default_factory=dict)
    period: Annotated[list[PeriodsPart], BeforeValidator(_as_list)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _of_something(self) -> MatrixPart:
        if not self.segment and not self.period:
            raise ValueError("give `segment`, `period` or both")
        return self


class Batch(_Part):
    """A whole batch.yaml."""

    reports: list[ReportOfPart] = Field(default_factory=list)
    matrix: MatrixPart | None = None
    parameters: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_something(self) -> Batch:
        if not self.reports and self.matrix is None:
            raise ValueError("give `reports`, `matrix` or both")
        return self


def load_batch(path: Path, *, where: str = "") -> Batch:
    """Read and validate a batch.yaml.

    Parameters
    ----------
    path : Path
    where : str
        The file, as the researcher knows it.

    Raises
    ------
    ConfigError
        If there is no such file, or with every problem found: not YAML, repeated or unknown
        keys (with "did you mean"), values of the wrong kind, two reports of one name.
    """
    where = where or path.name
    if not path.is_file():
        raise ConfigError(
            where,
            ["there is no such file. It says which parts get a report; docs/batch.md shows one."],
        )
    raw = read_yaml(path, where=where)
    if not isinstance(raw, dict):
        raise ConfigError(where, [f"it should hold the keys {quoted(Batch.model_fields)}."])
    try:
        batch = Batch.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(where, [_describe(fault, raw) for fault in error.errors()]) from error
    # Some file systems tell no capitals, and hardly any reader does.
    folded = [report.name.casefold() for report in batch.reports]
    repeated = [r.name for r in batch.reports if folded.count(r.name.casefold()) > 1]
    if repeated:
        names = quoted(sorted(set(repeated)))
        raise ConfigError(
            where,
            [
                f"reports: {names} occur more than once; capitals make no difference. Give each "
                "report a name of its own."
            ],
        )
    return batch


def _describe(fault: Any, raw: Any) -> str:
    """Say a fault where it was written: a mapping alone stands for a list of one."""
    location, here = [], raw
    for step in fault["loc"]:
        if isinstance(step, int):
            if not isinstance(here, list):
                continue
            here = here[step]
        elif isinstance(here, dict):
            here = here.get(step)
        location.append(step)
    return describe_fault({**fault, "loc": tuple(location) or ("the file",)}, raw, Batch)
