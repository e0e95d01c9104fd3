"""Words and numbers together: verdicts, leavers heard, candidate causes, opportunities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cjm_research.figures.cells import Cell, count, number, rows, text
from cjm_research.integration.conventions import FALSE_FINDS
from cjm_research.reporting.site.views import StageView

Tables = Mapping[str, pd.DataFrame]

MOST_CAUSES = 8
"""Candidate causes in a stage's table; the rest are folded."""


def verdict_views(verdicts: pd.DataFrame | None) -> dict[str, Cell]:
    """Return the verdict of each stage, by its id."""
    return {
        text(row.get("stage")): {
            "verdict": text(row.get("verdict")),
            "proposed": text(row.get("proposed")),
            "by": text(row.get("by")),
            "reason": text(row.get("reason")),
            "said": text(row.get("said")),
            "done": text(row.get("done")),
        }
        for row in rows(verdicts)
    }


def display_views(display: pd.DataFrame | None, stage: str) -> list[Cell]:
    """Return the joint display of a stage: one line per source, words beside numbers."""
    return [
        {
            "label": text(row.get("source_label")) or text(row.get("source")),
            "gap": text(row.get("gap")),
            "words": text(row.get("words")),
        }
        for row in rows(display)
        if text(row.get("stage")) == stage
    ]


def cause_views(
    causes: pd.DataFrame | None, stage: str, names: Mapping[str, str], labels: Mapping[str, str]
) -> Cell:
    """Return the candidate causes of a stage's losses: those to show, and how many more.

    What is told at the stage itself stands first, then what is told earlier, if the people who
    tell it were lost more often than chance brings; most people first.
    """
    mine = [_cause(row, names, labels) for row in rows(causes) if text(row.get("stage")) == stage]
    here = [
        cause
        for cause in mine
        if (cause["told_at"] == stage and (cause["n_said"] or 0) > 1) or cause["found"]
    ]
    here.sort(key=lambda c: (not c["found"], -(c["n_said"] or 0), c["label"], c["source_label"]))
    return {
        "shown": here[:MOST_CAUSES],
        "more": here[MOST_CAUSES:],
        "found": [cause for cause in here if cause["found"]],
        "n_family": max((cause["n_family"] or 0 for cause in mine), default=0),
    }


def opportunity_views(opportunities: pd.DataFrame | None, stages: Sequence[StageView]) -> Cell:
    """Return the ranked opportunities in their order, and the others without one."""
    places = {stage.id: stage for stage in stages}
    found = [_opportunity(row, places) for row in rows(opportunities)]
    return {
        "ranked": [entry for entry in found if entry["rank"] is not None],
        "confirmed": [e for e in found if e["rank"] is None and e["confirmed_by"]],
        "candidates": [e for e in found if e["rank"] is None and not e["confirmed_by"]],
        "source_label": found[0]["source_label"] if found else "",
    }


def comparability_views(sources: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return per source with words how closely it may be set beside the numbers."""
    return [
        {
            "label": labels.get(text(row.get("source")), text(row.get("source"))),
            "comparable": bool(row.get("comparable")),
            "person_level": bool(row.get("person_level")),
            "words": text(row.get("words")),
        }
        for row in rows(sources)
    ]


def coding_views(trust: pd.DataFrame | None, labels: Mapping[str, str]) -> Cell:
    """Return which sources' machine codes people have checked on a random sample."""
    n_labels: dict[str, int] = {}
    for row in rows(trust):
        name = labels.get(text(row.get("source")), text(row.get("source")))
        n_labels[name] = max(n_labels.get(name, 0), count(row.get("n_labels")) or 0)
    return {
        "checked": [name for name, n in n_labels.items() if n],
        "uncorrected": [name for name, n in n_labels.items() if not n],
    }


def _cause(row: Cell, names: Mapping[str, str], labels: Mapping[str, str]) -> Cell:
    p = number(row.get("p_adjusted"))
    told_at, source = text(row.get("told_at")), text(row.get("source"))
    ratio = number(row.get("risk_ratio"))
    return {
        "told_at": told_at,
        "told_at_name": names.get(told_at, told_at),
        "source_label": labels.get(source, source),
        "label": text(row.get("label")),
        **{
            name: count(row.get(name))
            for name in (
                "n_said", "n_heard", "n_told", "n_told_left", "n_others", "n_others_left",
                "n_family",
            )
        },
        "ratio": ratio,
        "low": number(row.get("low")),
        "high": number(row.get("high")),
        "found": p is not None and p < FALSE_FINDS and ratio is not None and ratio > 1,
        "missing": text(row.get("missing")),
        "words": text(row.get("words")),
    }  # fmt: skip


def _opportunity(row: Cell, places: Mapping[str, StageView]) -> Cell:
    stage = places.get(text(row.get("stage")))
    return {
        "stage": text(row.get("stage")),
        "stage_name": stage.name if stage else text(row.get("stage")),
        "href": stage.href if stage else "",
        "noted": bool(stage and stage.noted),
        "behaviour_label": stage.behaviour.label if stage else "",
        **{
            name: text(row.get(name))
            for name in (
                "label", "source_label", "measure", "confirmed_by", "effort", "evidence",
                "trade_off", "words",
            )
        },
        **{name: count(row.get(name)) for name in ("n_said", "n_heard")},
        **{
            name: number(row.get(name))
            for name in (
                "severity", "drop_off_rate", "value_at_stake", "rank", "rank_low",
                "rank_high", "weights_rank_low", "weights_rank_high",
            )
        },
    }  # fmt: skip
