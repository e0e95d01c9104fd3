"""Where people wish for something beside what is offered: openings to offer more."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cjm_research.integration.conventions import MIN_PEOPLE
from cjm_research.integration.expectations import (
    at_cell,
    choose_examples,
    estimate_share,
    list_cells,
    name_heard,
    tell_silence,
)
from cjm_research.journey import Journey

OPENING_COLUMNS = [
    "stage", "source", "n_heard", "n_said", "share", "low", "high", "n_in_trouble", "n_clear",
    "n_delight_and_need", "example_ids", "words",
]  # fmt: skip
WISH = "adjacent_wish"
SEVERE = 3
"""Severity from which a pain point counts as severe: blocked, or worse."""


def find_openings(
    statements: pd.DataFrame,
    *,
    coverage: pd.DataFrame,
    source_facts: pd.DataFrame,
    journey: Journey,
) -> pd.DataFrame:
    """Count the people who wish for something beside what they came for.

    Parameters
    ----------
    statements, coverage : DataFrame
        Tables of those names.
    source_facts : DataFrame
        `source`, `kind`, `has_design`.
    journey : Journey

    Returns
    -------
    DataFrame
        Table `openings`, one row per stage and source with words. `n_said` of `n_heard`
        people tell an adjacent wish; `share` is theirs, with Wilson's interval, only with a
        sampling design and 5 people. `n_in_trouble` of the `n_said` tell a severe pain (3 or
        4) at the same stage as well and need help first, `n_clear` do not. `example_ids` are
        excerpts, one per person, of those that are clear first. `n_delight_and_need` people
        tell a delight and a need there: pleased, and wanting more, but not of something else;
        a weaker sign, beside `n_said` and not within it. All are candidates until a person
        has read the words.
    """
    rows = []
    for cell in list_cells(coverage, source_facts, journey):
        mine = at_cell(statements, cell)
        wishes = mine[mine["code_group"] == WISH]
        wish, delight, need = (
            set(mine.loc[mine["code_group"] == group, "participant_id"])
            for group in (WISH, "delight", "need")
        )
        severe = mine[(mine["code_group"] == "pain_point") & (mine["severity"] >= SEVERE)]
        in_trouble = wish & set(severe["participant_id"])
        share = estimate_share(len(wish), cell["n_heard"], design=cell["has_design"])
        ordered = wishes.assign(_trouble=wishes["participant_id"].isin(in_trouble))
        ordered = ordered.sort_values(["_trouble", "excerpt_id"], kind="stable")
        row = {
            **cell,
            "n_said": len(wish),
            "share": share.value,
            "low": share.low,
            "high": share.high,
            "n_in_trouble": len(in_trouble),
            "n_clear": len(wish - in_trouble),
            "n_delight_and_need": len(delight & need),
            "example_ids": choose_examples(ordered),
        }
        rows.append(row | {"words": _words(row)})
    frame = pd.DataFrame(rows, columns=OPENING_COLUMNS)
    return frame.assign(stage=journey.order(frame["stage"]))


def _words(row: dict[str, Any]) -> str:
    if silence := tell_silence(row):
        return silence
    told = "noted" if row["kind"] == "note" else "told"
    if not row["n_said"]:
        return f"no wish beside what is offered is {told} (n = {row['n_heard']} {name_heard(row)})"
    counts = f"{row['n_said']} of {row['n_heard']}"
    few = "; fewer than 5, counts only" if row["n_heard"] < MIN_PEOPLE else ""
    if not row["n_clear"]:
        return (
            f"no opening: {told} of {counts}, but all of them have a severe pain here and need "
            f"help first{few}"
        )
    first = ""
    if row["n_in_trouble"]:
        first = f", {row['n_in_trouble']} of whom have a severe pain here and need help first"
    return f"candidate: a wish beside what is offered is {told} of {counts}{first}{few}"
