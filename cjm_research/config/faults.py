"""Faults that pydantic finds, said so that a researcher knows what to change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from cjm_research.config.schema import (
    DURATION_PATTERN,
    ID_PATTERN,
    Campaign,
    Events,
    Feedback,
    FunnelReport,
    Keys,
    Observations,
    Roster,
    Source,
    StudyConfig,
    Survey,
    Transcripts,
)
from cjm_research.errors import did_you_mean, quoted


def describe_fault(fault: Any, raw: Any, model: type[BaseModel] = StudyConfig) -> str:
    """Say one pydantic error about `model` in a researcher's words."""
    where = _address(fault["loc"], raw)
    kind = fault["type"]
    if kind == "extra_forbidden":
        allowed = _allowed_keys(fault["loc"], model)
        name = str(fault["loc"][-1])
        return f"{where}: unknown key.{did_you_mean(name, allowed)} Allowed: {quoted(allowed)}."
    if kind == "missing":
        return f"{where}: this key is required and missing."
    if kind == "union_tag_not_found":
        return f"{where}: `kind:` is missing. Allowed: {quoted(_KINDS)}."
    if kind == "union_tag_invalid":
        tag = str(fault["ctx"]["tag"])
        return f"{where}: no kind '{tag}'.{did_you_mean(tag, _KINDS)} Allowed: {quoted(_KINDS)}."
    return f"{where}: {say_fault(fault)}"


def say_fault(fault: Any, found: str | None = None) -> str:
    """Say what one pydantic error finds wrong with a value, and what is allowed instead.

    Parameters
    ----------
    fault : mapping
        One of `ValidationError.errors()`.
    found : str, optional
        The value as it may be shown; by default itself, unless it is a list or a mapping.
    """
    value = fault.get("input")
    context = fault.get("ctx", {})
    kind = fault["type"]
    if found is None:
        blank = "nothing" if value is None else repr(value)
        found = "" if isinstance(value, dict | list) else blank
    shown = f" Found: {found}." if found else ""
    if kind == "value_error":
        # Its author has said in words what is wrong.
        return f"{context['error']}.{shown}"
    if kind == "literal_error":
        allowed = _LITERAL.findall(context["expected"])
        words = [text for text, _ in allowed if text]
        near = did_you_mean(value, words) if isinstance(value, str) else ""
        return f"this is not allowed.{shown}{near} Allowed: {', '.join(_plain(allowed))}."
    if kind == "string_pattern_mismatch":
        return f"this should be {_PATTERN_WORDS[context['pattern']]}.{shown}"
    for kinds, wanted in _KIND_WORDS:
        if kind in kinds:
            return f"this should be {wanted.format(**context)}.{shown}"
    return f"{fault['msg']}.{shown}"


_PATTERN_WORDS = {
    ID_PATTERN: "of lower-case letters, digits, '-' and '_', such as 'after_purchase'",
    DURATION_PATTERN: "a number with s, min, h, D, W or a word for it, such as '14 days'",
}
_LITERAL = re.compile(r"'([^']*)'|(-?\d+)")
_KIND_WORDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"string_type", "string_unicode"}), "text"),
    (frozenset({"int_type", "int_parsing", "int_from_float", "int_parsing_size"}),
     "a whole number"),
    (frozenset({"float_type", "float_parsing", "finite_number"}), "a number"),
    (frozenset({"bool_type", "bool_parsing"}), "true or false"),
    (frozenset({"list_type", "tuple_type"}), "a list"),
    (frozenset({"dict_type", "model_type", "model_attributes_type"}),
     "keys with values (`key: value`)"),
    (frozenset({"date_type", "date_parsing", "date_from_datetime_parsing",
                "date_from_datetime_inexact"}), "a day such as 2026-03-31"),
    (frozenset({"datetime_type", "datetime_parsing", "datetime_from_date_parsing",
                "timezone_aware"}), "a time with its zone, such as 2026-03-31T12:00:00Z"),
    (frozenset({"greater_than"}), "greater than {gt}"),
    (frozenset({"greater_than_equal"}), "at least {ge}"),
    (frozenset({"less_than"}), "less than {lt}"),
    (frozenset({"less_than_equal"}), "at most {le}"),
    (frozenset({"string_too_short"}), "text of {min_length} or more characters"),
    (frozenset({"string_too_long"}), "text of at most {max_length} characters"),
    (frozenset({"too_short"}), "a list of {min_length} or more"),
    (frozenset({"too_long"}), "a list of at most {max_length}"),
)  # fmt: skip


def _plain(allowed: Iterable[tuple[str, str]]) -> list[str]:
    return [number or (f"'{text}'" if text else "nothing") for text, number in allowed]


_KINDS = {
    "transcripts": Transcripts,
    "survey": Survey,
    "feedback": Feedback,
    "events": Events,
    "observations": Observations,
    "roster": Roster,
    "keys": Keys,
    "funnel_report": FunnelReport,
    "campaign": Campaign,
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


def _allowed_keys(location: tuple[Any, ...], model: Any) -> list[str]:
    """Return the keys of the part that an unknown key stands in, found by walking the schema."""
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
