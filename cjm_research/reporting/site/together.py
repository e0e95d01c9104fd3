"""Words and numbers together: verdicts, leavers heard, candidate causes, opportunities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.integration.comparability import DIFFERS, LEAVERS, PEOPLE
from cjm_research.integration.conventions import FALSE_FINDS
from cjm_research.integration.verdicts import SAME_OBSERVERS
from cjm_research.reporting.site.views import StageView

Tables = Mapping[str, pd.DataFrame]

MOST_CAUSES, MOST_MISSING = 8, 3
"""Candidate causes in a stage's table, the rest being folded; and what is missing to decide."""


def verdict_views(
    verdicts: pd.DataFrame | None, stages: Sequence[StageView] = ()
) -> dict[str, Cell]:
    """Return the verdict of each stage, by its id; cited as V and the stage's number."""
    numbers = {stage.id: place for place, stage in enumerate(stages, start=1)}
    return {
        text(row.get("stage")): {
            "claim": f"V{numbers.get(text(row.get('stage')), '')}",
            "verdict": text(row.get("verdict")),
            "proposed": text(row.get("proposed")),
            "by": text(row.get("by")),
            "reason": text(row.get("reason")),
            "said": text(row.get("said")),
            "done": text(row.get("done")),
            "same_observers": SAME_OBSERVERS.casefold() in text(row.get("reason")).casefold(),
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
        # What is missing to decide, said once for all that is shown.
        "missing": list(dict.fromkeys(cause["missing"] for cause in here if cause["missing"]))[
            :MOST_MISSING
        ],
    }


def opportunity_views(opportunities: pd.DataFrame | None, stages: Sequence[StageView]) -> Cell:
    """Return the ranked opportunities in their order, and the others without one.

    Each is cited by its `claim`: C1 and so on, in the order of the front page.
    """
    places = {stage.id: stage for stage in stages}
    found = [_opportunity(row, places) for row in rows(opportunities)]
    ranked = [entry for entry in found if entry["rank"] is not None]
    confirmed = [e for e in found if e["rank"] is None and e["confirmed_by"]]
    candidates = [e for e in found if e["rank"] is None and not e["confirmed_by"]]
    for place, entry in enumerate([*ranked, *confirmed, *candidates], start=1):
        entry["claim"] = f"C{place}"
    return {
        "ranked": ranked,
        "confirmed": confirmed,
        "candidates": candidates,
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


def apart_words(comparability: pd.DataFrame | None) -> list[str]:
    """Return where those heard are other people than those counted, or hardly any who left."""
    return [
        text(row.get("words"))
        for row in rows(comparability)
        if row.get("aspect") in (PEOPLE, LEAVERS) and row.get("status") == DIFFERS
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


def trust_views(trust: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return per source how the machine's codes fared against people's, checked codes first.

    Returns
    -------
    list of dict
        `label`, `n_labels` (excerpts that people coded of a random sample), `n_trusted`,
        `n_person` (need a person), `n_uncorrected`, and `codes`: those that were checked.
    """
    found: dict[str, list[Cell]] = {}
    for row in rows(trust):
        found.setdefault(text(row.get("source")), []).append(row)
    return [_trust(labels.get(source, source), mine) for source, mine in found.items()]


def _trust(label: str, mine: Sequence[Cell]) -> Cell:
    statuses = [text(row.get("status")) for row in mine]
    return {
        "label": label,
        "n_labels": max((count(row.get("n_labels")) or 0 for row in mine), default=0),
        "n_trusted": statuses.count("trusted"),
        "n_person": statuses.count("needs a person"),
        "n_uncorrected": statuses.count("uncorrected"),
        "codes": [
            {
                "label": text(row.get("label")) or text(row.get("code")),
                "group": text(row.get("code_group")).replace("_", " "),
                "status": text(row.get("status")),
                "n_labels": count(row.get("n_labels")),
                **{
                    name: number(row.get(name))
                    for name in (
                        "kappa", "kappa_low", "kappa_high", "machine_share", "corrected_share",
                        "corrected_low", "corrected_high",
                    )
                },
            }
            for row in mine
            if number(row.get("kappa")) is not None
        ],
    }  # fmt: skip


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
                "code", "label", "source_label", "measure", "confirmed_by", "effort", "evidence",
                "trade_off", "words", "value_unit",
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
