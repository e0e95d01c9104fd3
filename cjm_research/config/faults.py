"""Faults that pydantic finds, said so that a researcher knows what to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from cjm_research.config.schema import (
    Events,
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
