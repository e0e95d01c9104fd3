"""study.yaml, read and validated: every fault at once, in a researcher's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cjm_research.config.faults import describe_fault
from cjm_research.config.journeys import build_journey
from cjm_research.config.references import find_problems, use_stage_ids
from cjm_research.config.schema import StudyConfig
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
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - safe subclass
    except UnicodeDecodeError as error:
        raise ConfigError(where, [f"it is not UTF-8 text ({error}). Save it as UTF-8."]) from error
    except yaml.YAMLError as error:
        raise ConfigError(where, [_describe_yaml(error)]) from error
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


def _describe_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"it is not valid YAML: {error}"
    return (
        f"line {mark.line + 1}, column {mark.column + 1} is not valid YAML: {error.problem}. "  # type: ignore[attr-defined]
        "Check the indentation, and put texts that hold : ? # , { } or quotes in quotes."
    )
