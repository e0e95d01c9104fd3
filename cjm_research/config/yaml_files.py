"""YAML that people wrote: read strictly, and what is wrong with it said in their words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from cjm_research.errors import ConfigError


def read_yaml(path: Path, *, where: str, keep_digits: bool = False) -> Any:
    """Return what a YAML file holds; None for an empty one.

    Parameters
    ----------
    path : Path
    where : str
        The file, as the researcher knows it.
    keep_digits : bool, default False
        Give numbers with a point as `WrittenNumber`, which remember how they were written.

    Raises
    ------
    ConfigError
        If it is no UTF-8 text or no YAML, a key occurs twice, a date is no day, or aliases make
        it grow beyond reason.
    """
    loader = _DigitsLoader if keep_digits else _StrictLoader
    try:
        return yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - safe subclasses
    except UnicodeDecodeError as error:
        raise ConfigError(where, [f"it is not UTF-8 text ({error}). Save it as UTF-8."]) from error
    except yaml.YAMLError as error:
        raise ConfigError(where, [_describe_yaml(error)]) from error
    except ValueError as error:  # YAML reads 2026-13-01 as a date, and there is no such day
        raise ConfigError(where, [f"a date is no day of the calendar ({error})."]) from error
    except _GrownError as error:
        problem = "aliases (*name) make it grow beyond reason. Write out what they stand for."
        raise ConfigError(where, [problem]) from error
    except RecursionError as error:
        raise ConfigError(where, ["it is nested too deeply to be read."]) from error


class WrittenNumber(float):
    """A number that is text again as it was written: 0.30 says more than 0.3."""

    _written = ""

    def __str__(self) -> str:
        return self._written

    __repr__ = __str__


class _GrownError(Exception):
    """Aliases stand for more than memory holds."""


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice: the second would silently win."""

    def get_single_node(self) -> yaml.Node | None:
        """Return the document, unless its aliases stand for more than memory holds."""
        node = super().get_single_node()
        if node is not None and _expanded_size(node, {}) > _MOST_NODES:
            raise _GrownError
        return node


_MOST_NODES = 1_000_000


def _expanded_size(node: yaml.Node, known: dict[int, float]) -> float:
    """Count the nodes that a node stands for once aliases are replaced; endless when it is."""
    if id(node) not in known:
        known[id(node)] = math.inf  # until it is known: what it holds may hold it again
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        known[id(node)] = 1 + sum(_expanded_size(part, known) for part in parts)
    return known[id(node)]


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
        if isinstance(key, str):
            seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _no_duplicates)


class _DigitsLoader(_StrictLoader):
    """Strict YAML that remembers how numbers were written."""


def _keep_digits(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> WrittenNumber:
    number = WrittenNumber(loader.construct_yaml_float(node))
    number._written = str(node.value)
    return number


_DigitsLoader.add_constructor("tag:yaml.org,2002:float", _keep_digits)


def _describe_yaml(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"it is not valid YAML: {error}"
    return (
        f"line {mark.line + 1}, column {mark.column + 1} is not valid YAML: {error.problem}. "  # type: ignore[attr-defined]
        "Check the indentation, and put texts that hold : ? # , { } or quotes in quotes."
    )
