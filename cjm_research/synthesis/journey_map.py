"""The journey map: everything that a reader sees in one column, one row per stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from cjm_research.journey import LEAVING_WORDS, Journey, Stage
from cjm_research.synthesis.coverage import HEARD, NOT_ASKED, SILENT

NOTICEABLE_VALENCE = 0.4
"""Below this an excerpt is a plain statement; it would only pull a person's mean to zero."""


@dataclass(frozen=True)
class SourceLabel:
    """What the map needs to know of a source with words."""

    source: str
    label: str
    kind: str
    unit: str
    has_design: bool
    n_participants: int


@dataclass(frozen=True)
class MapTables:
    """The stage-level tables that the map joins."""

    coverage: pd.DataFrame
    mentions: pd.DataFrame
    quotes: pd.DataFrame
    ratings: pd.DataFrame
    funnel: pd.DataFrame
    task_success: pd.DataFrame
    stage_timing: pd.DataFrame
    visitors: pd.DataFrame
    valence: pd.DataFrame
    tellers: pd.DataFrame
    loss: pd.DataFrame


def measure_valence(excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Average each person's valence per stage and source.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    scores : DataFrame
        Table `scores`.

    Returns
    -------
    DataFrame
        `stage`, `source`, `participant_id`, `valence` in [-1, 1]: the mean over that
        person's excerpts that lean either way; 0 when none does.
    """
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    scored = spoken.merge(scores[["excerpt_id", "valence"]], on="excerpt_id", how="inner")
    leaning = scored["valence"].where(scored["valence"].abs() >= NOTICEABLE_VALENCE)
    means = (
        scored.assign(valence=leaning)
        .groupby(["stage", "source", "participant_id"], observed=True)["valence"]
        .mean()
        .fillna(0.0)
    )
    return means.reset_index()


def list_tellers(
    codes: pd.DataFrame, excerpts: pd.DataFrame, participants: pd.DataFrame
) -> pd.DataFrame:
    """List who told which pain point or delight, by alias.

    Returns
    -------
    DataFrame
        `stage`, `source`, `code_group`, `code`, `alias`: one row per person who told it.
    """
    told = codes[codes["code_group"].isin(("pain_point", "delight"))]
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    joined = told[["excerpt_id", "code_group", "code"]].merge(
        spoken[["excerpt_id", "participant_id", "stage", "source"]], on="excerpt_id"
    )
    joined = joined.merge(participants[["participant_id", "alias"]], on="participant_id")
    columns = ["stage", "source", "code_group", "code", "alias"]
    return joined[columns].drop_duplicates().sort_values(columns).reset_index(drop=True)


def build_journey_map(
    tables: MapTables,
    *,
    journey: Journey,
    sources: Sequence[SourceLabel],
    participants: pd.DataFrame,
    pain_points_per_stage: int = 3,
) -> pd.DataFrame:
    """Join what people say and what they do into one row per stage.

    Parameters
    ----------
    tables : MapTables
    journey : Journey
    sources : sequence of SourceLabel
        Sources with words, in the study's order.
    participants : DataFrame
        Table `participants`.
    pain_points_per_stage : int, default 3
        Per source.

    Returns
    -------
    DataFrame
        Table `journey_map` in journey order. List columns (`heard`, `emotions`, `valence`,
        `pain_points`, `delights`, `quotes`, `ratings`, `touchpoints`) hold one
        mapping per entry. Counts are people over people heard, per source; rates carry
        intervals only where the sampling design allows.
    """
    aliases = dict(zip(participants["participant_id"], participants["alias"], strict=True))
    named = {source.source: source for source in sources}
    rows = [_row(stage, tables, named, aliases, top=pain_points_per_stage) for stage in journey]
    frame = pd.DataFrame(rows)
    return frame.assign(stage=journey.order(frame["stage"]))


def _row(
    stage: Stage,
    tables: MapTables,
    sources: Mapping[str, SourceLabel],
    aliases: Mapping[str, str],
    *,
    top: int,
) -> dict[str, Any]:
    heard = [
        asdict(sources[row["source"]]) | {"n_heard": row["n_heard"], "asked": row["asked"]}
        for row in _of(tables.coverage, stage)
    ]
    row: dict[str, Any] = {
        "stage": stage.id,
        "stage_name": stage.name,
        "definition": stage.definition,
        "owner": stage.owner,
        "sequential": stage.sequential,
        "touchpoints": [asdict(point) for point in stage.touchpoints],
        "coverage": _overall_coverage(heard),
        "heard": heard,
        "emotions": _mentions(tables, stage, "emotion", "emotion", sources),
        "valence": _valence(tables.valence, stage, sources, aliases),
        "pain_points": _told(tables, stage, "pain_point", sources, top=top),
        "delights": _told(tables, stage, "delight", sources, top=2),
        "quotes": [
            quote | {"source_label": sources[quote["source"]].label}
            for quote in _of(tables.quotes, stage)
        ],
        "ratings": [
            rating | {"source_label": _source_label(rating["source"], sources)}
            for rating in _of(tables.ratings, stage)
        ],
    }
    row |= _behaviour(stage, tables)
    row["side_by_side"] = _side_by_side(row)
    return row


def _of(table: pd.DataFrame, stage: Stage) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table[table["stage"] == stage.id].to_dict("records")
    return [row | {"stage": stage.id} for row in rows]


def _overall_coverage(heard: Sequence[Mapping[str, Any]]) -> str:
    if any(entry["n_heard"] for entry in heard):
        return HEARD
    return SILENT if any(entry["asked"] for entry in heard) else NOT_ASKED


def _mentions(
    tables: MapTables,
    stage: Stage,
    group: str,
    name: str,
    sources: Mapping[str, SourceLabel],
) -> list[dict[str, Any]]:
    mentions = tables.mentions
    mine = mentions[(mentions["segment"] == "") & (mentions["code_group"] == group)]
    keep = ("source", "code", "label", "n_said", "n_heard", "share", "low", "high")
    entries = [
        {key: row[key] for key in keep}
        | {name: row["code"], "source_label": sources[row["source"]].label}
        for row in _of(mine, stage)
    ]
    order = list(sources)
    return sorted(entries, key=lambda entry: (order.index(entry["source"]), -entry["n_said"]))


def _told(
    tables: MapTables,
    stage: Stage,
    group: str,
    sources: Mapping[str, SourceLabel],
    *,
    top: int,
) -> list[dict[str, Any]]:
    tellers = tables.tellers
    shown = []
    entries = _mentions(tables, stage, group, "code", sources)
    for source in sources:
        # "other" is a worklist for a person, not something that a reader can act on.
        mine = [e for e in entries if e["source"] == source and e["code"] != "other"]
        for entry in mine[:top]:
            who = tellers[
                (tellers["stage"] == stage.id)
                & (tellers["source"] == source)
                & (tellers["code_group"] == group)
                & (tellers["code"] == entry["code"])
            ]
            shown.append(entry | {"aliases": who["alias"].tolist()})
    return shown


def _valence(
    valence: pd.DataFrame,
    stage: Stage,
    sources: Mapping[str, SourceLabel],
    aliases: Mapping[str, str],
) -> list[dict[str, Any]]:
    entries = []
    for source in sources.values():
        people = valence[(valence["stage"] == stage.id) & (valence["source"] == source.source)]
        if people.empty:
            continue
        dots = [
            {
                "alias": aliases[row.participant_id],
                "participant_id": row.participant_id,
                "valence": float(row.valence),
            }
            for row in people.sort_values("participant_id").itertuples()
        ]
        entries.append(
            {
                "source": source.source,
                "label": source.label,
                "kind": source.kind,
                "mean": float(people["valence"].mean()),
                "n": len(people),
                # A dot is a person; hundreds who wrote are shown as shares instead.
                "people": [] if source.kind in ("survey_answer", "feedback") else dots,
            }
        )
    return entries


def _behaviour(stage: Stage, tables: MapTables) -> dict[str, Any]:
    values: dict[str, Any] = {
        "behaviour_measure": stage.measure,
        "behaviour_label": LEAVING_WORDS[stage.measure],
        "n_entered": math.nan,
        "n_continued": math.nan,
        "n_dropped": math.nan,
        "drop_off_rate": math.nan,
        "drop_off_low": math.nan,
        "drop_off_high": math.nan,
        "behaviour_note": "",
        "median_next_s": math.nan,
    }
    everybody = tables.funnel[tables.funnel["segment"] == ""]
    for row in _of(everybody, stage):
        values |= {key: row[key] for key in _FUNNEL_KEYS}
        if math.isnan(row["drop_off_rate"]):
            values["behaviour_note"] = f"last stage: {row['n_entered']:,} came here"
    seen = sum(row["n_seen"] for row in _of(tables.visitors, stage))
    if stage.measure == "funnel_drop_off" and seen > values["n_entered"]:
        values["behaviour_note"] = (
            f"{seen:,} people were seen here, {int(values['n_entered']):,} after the stage before"
        )
    for row in _of(tables.stage_timing, stage):
        if not row.get("segment"):
            values["median_next_s"] = row["median_s"]
    if stage.measure == "task_failure":
        values |= _task_failure(stage, tables.task_success)
    if stage.measure == "churn":
        return values | _churn(tables.loss)
    if stage.measure == "none" or not stage.sequential:
        if seen:
            values["behaviour_note"] = f"not a step of the funnel: {seen:,} people seen here"
        else:
            values["behaviour_note"] = "no behaviour is measured here"
    return values


_FUNNEL_KEYS = (
    "n_entered", "n_continued", "n_dropped", "drop_off_rate", "drop_off_low", "drop_off_high",
)  # fmt: skip


def _task_failure(stage: Stage, task_success: pd.DataFrame) -> dict[str, Any]:
    for row in _of(task_success[task_success["outcome"] == stage.outcome], stage):
        n_failed = row["n_attempts"] - row["n_success"]
        interval = ""
        if not math.isnan(row["person_low"]):
            low, high = 1 - row["person_high"], 1 - row["person_low"]
            interval = f" ({100 * low:.0f}–{_percent(high)})"
        return {
            "n_entered": row["n_attempts"],
            "n_continued": row["n_success"],
            "n_dropped": n_failed,
            "drop_off_rate": n_failed / row["n_attempts"],
            "behaviour_note": f"attempts, not people; mean of {row['n_participants']} persons’ "
            f"shares {_percent(1 - row['person_mean'])}{interval}",
        }
    return {}


def _churn(loss: pd.DataFrame) -> dict[str, Any]:
    for row in loss[loss["segment"] == ""].to_dict("records"):
        return {
            "n_entered": row["n_judged"],
            "n_continued": row["n_judged"] - row["n_lost"],
            "n_dropped": row["n_lost"],
            "drop_off_rate": row["rate"],
            "drop_off_low": row["low"],
            "drop_off_high": row["high"],
            "behaviour_note": f"silent for longer than {row['gap']}, of those seen long enough "
            "ago to tell",
        }
    return {}


def _side_by_side(row: Mapping[str, Any]) -> str:
    """Return the two strands in one factual sentence, without a verdict."""
    said = "; ".join(_said(row))
    rate = row["drop_off_rate"]
    if math.isnan(rate):
        done = row["behaviour_note"] or "no behaviour is measured here"
    elif row["behaviour_measure"] == "task_failure":
        done = f"{_percent(rate)} of first tries fail"
    else:
        done = f"{_percent(rate)} {row['behaviour_label']} here"
    return f"{said}; {done}." if said else f"{done[0].upper()}{done[1:]}."


def _said(row: Mapping[str, Any]) -> list[str]:
    if row["coverage"] == NOT_ASKED:
        return ["Nobody was asked"]
    if row["coverage"] == SILENT:
        return ["People were asked and said nothing"]
    parts = []
    for source in row["heard"]:
        told = [p for p in row["pain_points"] if p["source"] == source["source"]]
        if source["n_heard"] and told:
            most = told[0]
            n = f"{most['n_said']:.0f} of {most['n_heard']:.0f}"
            if source["kind"] == "note":
                parts.append(f"Observers noted “{most['label']}” for {n}")
            else:
                parts.append(f"{n} ({source['label']}) tell “{most['label']}”")
    return parts[:2] or ["No pain point is told by those heard"]


def _source_label(source: str, sources: Mapping[str, SourceLabel]) -> str:
    return sources[source].label if source in sources else source


def _percent(share: float) -> str:
    """Return a share as per cent, with a narrow no-break space before the sign.

    Whole, but where that would claim none or all of the people.
    """
    digits = 1 if 0 < share < 0.005 or 0.995 <= share < 1 else 0
    return f"{100 * share:.{digits}f}\u202f%"
