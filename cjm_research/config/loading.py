"""study.yaml, read and validated: every fault at once, in a researcher's words."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from cjm_research.config.faults import describe_fault
from cjm_research.config.journeys import build_journey
from cjm_research.config.references import find_problems, use_stage_ids
from cjm_research.config.schema import StudyConfig
from cjm_research.config.yaml_files import read_yaml
from cjm_research.errors import ConfigError


def load_config(path: Path, *, where: str = "") -> StudyConfig:
    """Read and validate a study.yaml.

    Raises
    ------
    ConfigError
        With every problem found: not YAML, repeated or unknown keys (with "did you mean"),
        values of the wrong kind, stages that the journey does not have.
    """
    where = where or path.name
    raw = read_yaml(path, where=where)
    if not isinstance(raw, dict):
        raise ConfigError(where, ["it should hold keys such as `title:` and `sources:`."])
    try:
        config = StudyConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            where, [describe_fault(fault, raw) for fault in error.errors()]
        ) from error
    journey = build_journey(config.journey, where=where)
    problems = find_problems(config, journey)
    if problems:
        raise ConfigError(where, problems)
    return use_stage_ids(config, journey)
