"""Reasons and feelings: who gives practical reasons, who shows emotions, who both."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cjm_research.integration.conventions import MIN_PEOPLE
from cjm_research.integration.expectations import (
    at_cell,
    estimate_share,
    list_cells,
    name_heard,
    tell_silence,
)
from cjm_research.journey import Journey

BALANCE_COLUMNS = [
    "stage", "source", "n_heard", "n_rational", "n_emotional", "n_both", "n_only_rational",
    "n_only_emotional", "n_neither", "rational_share", "rational_low", "rational_high",
    "emotional_share", "emotional_low", "emotional_high", "words",
]  # fmt: skip
RATIONAL, EMOTIONAL = "rational", "emotional"
ANY = ""
"""In `SIDES`: every code of the group that has no line of its own."""
SIDES: dict[tuple[str, str], str] = {
    ("reason", "price"): RATIONAL,
    ("reason", "feature"): RATIONAL,
    ("reason", "process"): RATIONAL,  # time, distance, effort
    ("reason", "information"): RATIONAL,  # what one could compare
    ("need", ANY): RATIONAL,  # what somebody wants the service to do
    ("reason", "feeling"): EMOTIONAL,
    ("emotion", ANY): EMOTIONAL,
    ("emotion", "neutral"): "",
    # Trust, habit and what others do are both, or neither: they count on no side.
    ("reason", "trust"): "",
    ("reason", "habit"): "",
    ("reason", "social"): "",
}
"""(code group, code) -> the side it counts on. What is not listed counts on none."""


def measure_balance(
    held: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    coverage: pd.DataFrame,
    source_facts: pd.DataFrame,
    journey: Journey,
) -> pd.DataFrame:
    """Count the people who give practical reasons, who show feelings, and who do both.

    Parameters
    ----------
    held : DataFrame
        Resolved codes (`held_codes`).
    excerpts, coverage : DataFrame
        Tables of those names.
    source_facts : DataFrame
        `source`, `kind`, `has_design`.
    journey : Journey

    Returns
    -------
    DataFrame
        Table `balance`, one row per stage and source with words. Of `n_heard` people,
        `n_rational` give a practical reason or tell a need and `n_emotional` show an emotion
        (all but neutral) or give a feeling as their reason: `SIDES` says which code counts
        where. `n_both`, `n_only_rational`, `n_only_emotional` and `n_neither` add up to
        `n_heard`. Shares are of `n_heard`, with Wilson's intervals, only with a sampling
        design and 5 people.

    Notes
    -----
    Feelings show in most of what people say, reasons only where they speak of a decision, and
    coders find the two unequally well. Compare stages with each other, not the two sides
    within one stage.
    """
    sides = _sided(held, excerpts)
    rows = []
    for cell in list_cells(coverage, source_facts, journey):
        mine = at_cell(sides, cell)
        rational = set(mine.loc[mine["side"] == RATIONAL, "participant_id"])
        emotional = set(mine.loc[mine["side"] == EMOTIONAL, "participant_id"])
        n_heard, design = cell["n_heard"], cell["has_design"]
        gives = estimate_share(len(rational), n_heard, design=design)
        shows = estimate_share(len(emotional), n_heard, design=design)
        row = {
            **cell,
            "n_rational": len(rational),
            "n_emotional": len(emotional),
            "n_both": len(rational & emotional),
            "n_only_rational": len(rational - emotional),
            "n_only_emotional": len(emotional - rational),
            "n_neither": n_heard - len(rational | emotional),
            **dict(zip(("rational_share", "rational_low", "rational_high"), gives, strict=True)),
            **dict(zip(("emotional_share", "emotional_low", "emotional_high"), shows, strict=True)),
        }
        rows.append(row | {"words": _words(row)})
    frame = pd.DataFrame(rows, columns=BALANCE_COLUMNS)
    return frame.assign(stage=journey.order(frame["stage"]))


def _sided(held: pd.DataFrame, excerpts: pd.DataFrame) -> pd.DataFrame:
    """Return people's excerpts with a code that counts on a side."""
    pairs = zip(held["code_group"], held["code"], strict=True)
    found = [SIDES.get(pair, SIDES.get((pair[0], ANY), "")) for pair in pairs]
    sides = held[["excerpt_id"]].assign(side=pd.Series(found, index=held.index, dtype="object"))
    spoken = excerpts.loc[
        excerpts["speaker"] != "interviewer", ["excerpt_id", "participant_id", "source", "stage"]
    ]
    return spoken.merge(sides[sides["side"] != ""], on="excerpt_id", how="inner")


def _words(row: dict[str, Any]) -> str:
    if silence := tell_silence(row):
        return silence
    few = "; fewer than 5, counts only" if row["n_heard"] < MIN_PEOPLE else ""
    return (
        f"of {row['n_heard']} {name_heard(row)}, {row['n_only_rational']} with practical reasons "
        f"only, {row['n_only_emotional']} with feelings only, {row['n_both']} with both, "
        f"{row['n_neither']} with neither{few}"
    )
