"""What two runs are compared by: figures, pain points, verdicts, people's codes, findings.

All of it goes into the manifest, so that a comparison needs no table of an older run. It holds
ids and numbers, and names that researchers gave; never a participant's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from cjm_research import coding
from cjm_research.cells import count, number, rows, text
from cjm_research.codes import NONE, PERSON, resolve_codes, unit_of
from cjm_research.study import Study
from cjm_research.study.cache import Tables, hash_parts

DIGITS = 9
"""Decimals that are kept: what lies behind them is the order in which a machine added."""

_MEMO = "memo"
_OF_FUNNEL = ("conversion", "drop_off", "retention")

Figures = dict[str, dict[str, Any]]


def list_figures(study: Study, tables: Tables) -> Figures:
    """Return every number that two runs are compared by.

    Returns
    -------
    dict
        By an id that stays: `kind` (behaviour, kpi, rating, pain_point), `stage`, `label`,
        `source`, `value`, `low` and `high` (None where there is no sampling design), `count`
        and `n`, `unit` (share, points, score), and `definition`: a hash of what is counted.
        A pain point told at a stage is one figure per source, whoever tells it.
    """
    names = study.stage_names
    defined = _define_behaviour(study)
    figures: Figures = {}
    for row in rows(tables["journey_map"]):
        if number(row["drop_off_rate"]) is not None:
            figures[f"behaviour:{row['stage']}"] = _figure(
                "behaviour", row["stage"], f"{row['stage_name']}, {row['behaviour_label']}",
                value=row["drop_off_rate"], low=row["drop_off_low"], high=row["drop_off_high"],
                n_of=row["n_dropped"], n=row["n_entered"], unit="share",
                definition=defined.get(row["stage"], ""),
            )  # fmt: skip
    for row in rows(tables["kpis"]):
        of_funnel = hash_parts(defined) if row["measure"] in _OF_FUNNEL else ""
        figures[f"kpi:{row['name']}"] = _figure(
            "kpi", "", f"{row['name']} ({row['words']})",
            value=row["value"], low=row["low"], high=row["high"], n_of=row["count"], n=row["n"],
            unit=text(row["unit"]),
            definition=_short(
                row["measure"], row["words"], row["numerator"], row["denominator"], of_funnel
            ),
        )  # fmt: skip
    labels = _labels(tables)
    for row in rows(tables["rating_summary"]):
        where = f" at {names[row['stage']]}" if row["stage"] else ""
        wave = f", wave {row['wave']}" if row["wave"] else ""
        key = ":".join([row["source"], row["wave"], row["measure"], row["stage"]])
        figures[f"rating:{key}"] = _figure(
            "rating", row["stage"], f"{row['label']}{where} ({labels[row['source']]}{wave})",
            source=row["source"], value=row["value"], low=row["low"], high=row["high"],
            n=row["n"], unit=text(row["unit"]), definition=_short(row["label"], row["scale_text"]),
        )  # fmt: skip
    mentions = tables["mentions"]
    told = mentions[
        (mentions["code_group"] == "pain_point") & (mentions["segment"] == "")
        & (mentions["n_said"] > 0) & ~mentions["code"].isin((coding.OTHER, NONE))
    ]  # fmt: skip
    for row in rows(told):
        figures[f"pain_point:{row['stage']}:{row['code']}:{row['source']}"] = _figure(
            "pain_point", row["stage"],
            f"“{row['label']}” at {names.get(row['stage'], row['stage'])} ({row['source_label']})",
            source=row["source"], value=row["share"], low=row["low"], high=row["high"],
            n_of=row["n_said"], n=row["n_heard"], unit="share",
        ) | {"code": row["code"], "name": row["label"]}  # fmt: skip
    return figures


def list_heard(tables: Tables) -> dict[str, dict[str, dict[str, Any]]]:
    """Return how many people each source hears of each stage: stage -> source -> label, n."""
    heard: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows(tables["coverage"]):
        known = {"label": row["source_label"], "n": count(row["n_heard"]) or 0}
        heard.setdefault(row["stage"], {})[row["source"]] = known
    return heard


def list_verdicts(study: Study, tables: Tables) -> dict[str, dict[str, str]]:
    """Return the verdict of each stage and KPI, with its reason and who gave it."""
    names = study.stage_names
    stages = {
        f"stage:{row['stage']}": {
            "name": names[row["stage"]],
            "verdict": text(row["verdict"]),
            "reason": text(row["reason"]),
            "by": text(row["by"]),
        }
        for row in rows(tables["verdicts"])
    }
    return stages | {
        f"kpi:{row['name']}": {
            "name": text(row["name"]),
            "verdict": text(row["verdict"]),
            "reason": text(row["why"]),
            "by": "",
        }
        for row in rows(tables["kpis"])
    }


def list_basis(study: Study, tables: Tables) -> dict[str, str]:
    """Return hashes of all that decides what a text is coded as, by its name for people."""
    setting = study.coding
    coders = tables["coders"].set_index("coder_id")["sha256"]
    themes = setting.folder / coding.THEMES_FILE
    own = [name for name in coders.index if name not in _SHIPPED and not name.startswith(PERSON)]
    return {
        "the codebook": setting.codebook.sha256,
        "the choice of coders": hash_parts(setting.choices.model_dump_json()),
        "the language model": str(coders.get("encoder", "")),
        "models of the study’s own": hash_parts([(name, str(coders[name])) for name in own]),
        "frozen themes": hash_parts(themes.read_bytes() if themes.exists() else b""),
        "stages, cues and prompts": hash_parts(repr(setting.journey)),
        "people’s codes": study.inputs["people's codes"],
        "the codebook’s log and samples": study.inputs["codebook log and samples"],
        "the coders’ rules": study.inputs["coders"],
    }


_SHIPPED = ("source", "stages", "encoder", "rules", "themes", "learned")


def list_people_codes(tables: Tables) -> dict[str, Any]:
    """Return what people coded, by address and without a word of it.

    Returns
    -------
    dict
        `rows`: `id`, `coder`, `unit` (excerpt id, or a span), `document`, `start`, `end`,
        `group`, `code`, `strength`, and `quote` with `stage` where the report quotes the span;
        `held`: unit -> group -> codes that hold; `proposed`: the same, had nobody spoken.
        Memos are left out.
    """
    codes = tables["codes"]
    mine = codes["coder_id"].str.startswith(PERSON) & (codes["code_group"] != _MEMO)
    if not mine.any():
        return {"rows": [], "held": {}, "proposed": {}}
    units = unit_of(codes)
    theirs = codes[mine].assign(unit=units[mine])
    touched = pd.MultiIndex.from_frame(theirs[["unit", "code_group"]])
    spoken_of = pd.MultiIndex.from_arrays([units, codes["code_group"]]).isin(touched)
    machine = codes[spoken_of & ~codes["coder_id"].str.startswith(PERSON)]
    held = tables["held_codes"]
    held_here = pd.MultiIndex.from_arrays([unit_of(held), held["code_group"]]).isin(touched)
    quoted = _quoted(tables["quotes"])
    found = [
        {
            "id": row["code_id"],
            "coder": row["coder_id"].removeprefix(PERSON),
            "unit": row["unit"],
            "document": row["document_id"],
            "start": int(row["start"]),
            "end": int(row["end"]),
            "group": row["code_group"],
            "code": row["code"],
            "strength": number(row["strength"]),
        }
        | _quote_at(quoted, row)
        for row in rows(theirs)
    ]
    return {
        "rows": sorted(found, key=lambda row: (row["coder"], row["unit"], row["id"])),
        "held": _by_unit(held[held_here]),
        "proposed": _by_unit(resolve_codes(machine, tables["coders"])),
    }


def list_findings(study: Study) -> dict[str, dict[str, Any]]:
    """Return findings by id: their headline, and a hash of each of their fields."""
    found: dict[str, dict[str, Any]] = {}
    names = study.stage_names
    for part, written in study.findings.model_dump(mode="json").items():
        for row in written:
            key, headline = _name_finding(part, row, names)
            found[key] = {
                "headline": headline,
                "status": str(row.get("status", "")),
                "fields": {field: _short(value) for field, value in row.items()},
                "links": [_short(link) for link in _links_of(row)],
            }
    return found


def _links_of(row: Mapping[str, Any]) -> list[Any]:
    evidence = row.get("evidence")
    return evidence if isinstance(evidence, list) else []


def list_study_keys(study: Study) -> dict[str, str]:
    """Return a hash of what stands under each key of study.yaml, by its name: `funnel.patience`.

    A list of things with ids has a key for each, such as `sources.survey`. Below that nothing
    is named, and no value is: it may be of a person. `privacy` is left out: it lists names, and
    a hash of a name is soon guessed.
    """
    found: dict[str, str] = {}
    for name, part in study.config.model_dump(mode="json", exclude={"privacy"}).items():
        inner: Iterable[tuple[str, Any]]
        if isinstance(part, dict) and part:
            inner = part.items()
        elif isinstance(part, list) and part and all(isinstance(x, dict) for x in part):
            inner = ((str(x.get("id") or place), x) for place, x in enumerate(part, start=1))
        else:
            inner = (("", part),)
        found |= {f"{name}.{key}".rstrip("."): _short(value) for key, value in inner}
    return found


def _name_finding(part: str, row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    """Return the key of a finding, and how people would name it."""
    if row.get("id"):
        return str(row["id"]), str(row.get("headline", ""))
    stage = str(row.get("stage", ""))
    at = names.get(stage, stage)
    if part == "verdicts":
        return f"verdict of {at}", str(row.get("verdict", ""))
    return f"{row.get('code', part)} at {at}", ""


def _define_behaviour(study: Study) -> dict[str, str]:
    """Return a hash of what is counted at each stage; the next stage is a part of it."""
    stages = list(study.journey)
    rules = study.config.behaviour.funnel.model_dump_json()
    defined = {}
    for place, stage in enumerate(stages):
        following = next((later for later in stages[place + 1 :] if later.sequential), None)
        defined[stage.id] = _short(
            stage.measure, stage.outcome, stage.sequential, sorted(stage.events),
            sorted(stage.completed_by), sorted(stage.completed_elsewhere),
            sorted(following.events) if following else [], rules,
        )  # fmt: skip
    return defined


def _figure(
    kind: str, stage: object, label: str, *, value: object, low: object, high: object,
    n: object, unit: str, n_of: object = None, source: object = "", definition: str = "",
) -> dict[str, Any]:  # fmt: skip
    return {
        "kind": kind, "stage": text(stage), "label": label, "source": text(source),
        "value": _rounded(value), "low": _rounded(low), "high": _rounded(high),
        "count": count(n_of), "n": count(n), "unit": unit, "definition": definition,
    }  # fmt: skip


def _labels(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    return dict(tables["sources"][["source", "label"]].itertuples(index=False, name=None))


def _by_unit(codes: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for unit, group, code in sorted(
        zip(unit_of(codes), codes["code_group"], codes["code"], strict=True)
    ):
        found.setdefault(unit, {}).setdefault(group, []).append(code)
    return found


def _quoted(quotes: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(quotes[["document_id", "start", "end", "quote_id", "stage"]]):
        found.setdefault(row["document_id"], []).append(row)
    return found


def _quote_at(quoted: Mapping[str, list[dict[str, Any]]], row: Mapping[str, Any]) -> dict[str, str]:
    return next(_overlapping(quoted.get(row["document_id"], []), row), {})


def _overlapping(quotes: list[dict[str, Any]], row: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for quote in quotes:
        if quote["start"] < row["end"] and row["start"] < quote["end"]:
            yield {"quote": text(quote["quote_id"]), "stage": text(quote["stage"])}


def _rounded(value: object) -> float | None:
    found = number(value)
    return None if found is None else round(found, DIGITS)


def _short(*parts: object) -> str:
    return hash_parts(*parts)[:16]
