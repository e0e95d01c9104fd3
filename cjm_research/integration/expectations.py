"""What became of people's expectations: missed, met or exceeded, stage by stage."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from cjm_research.integration.conventions import MIN_PEOPLE
from cjm_research.journey import Journey
from cjm_research.statistics.intervals import NOTHING, Interval, estimate_proportion

EXPECTATION_COLUMNS = [
    "stage", "source", "n_heard", "n_told", "n_known", "n_met", "n_missed", "n_exceeded",
    "missed_share", "missed_low", "missed_high", "exceeded_share", "exceeded_low",
    "exceeded_high", "n_gap", "gap", "example_ids", "words",
]  # fmt: skip
OUTCOMES = ("met", "missed", "exceeded")
"""Codes of the group `expectation`: what became of it."""
MOST_EXAMPLES = 3


def measure_expectation_gap(
    statements: pd.DataFrame,
    *,
    coverage: pd.DataFrame,
    source_facts: pd.DataFrame,
    journey: Journey,
) -> pd.DataFrame:
    """Count the people whose expectations were missed, met or exceeded.

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
        Table `expectations`, one row per stage and source with words. Of `n_heard` people,
        `n_told` tell what they expected and `n_known` what became of it: `n_met`, `n_missed`,
        `n_exceeded`, each person once in each, so that the three may add up to more than
        `n_known`. Shares are of `n_known`, with Wilson's intervals, and `gap` is
        `missed_share` less `exceeded_share`, in [-1, 1]: only with a sampling design and 5
        people. `n_gap` is `n_missed` less `n_exceeded`, in people, always.
        `example_ids` are excerpts, one per person, of those that tell most first; whether
        they may be quoted is not settled here.
    """
    told = statements[
        (statements["code_group"] == "expectation") | (statements["expected"] != "")
    ].assign(known=lambda rows: rows["code"].where(rows["code_group"] == "expectation", ""))
    rows = []
    for cell in list_cells(coverage, source_facts, journey):
        mine = at_cell(told, cell)
        known = mine[mine["known"].isin(OUTCOMES)]
        people = {name: _people(known[known["known"] == name]) for name in OUTCOMES}
        n = {f"n_{name}": len(ids) for name, ids in people.items()}
        n_known = len(_people(known))
        missed = estimate_share(n["n_missed"], n_known, design=cell["has_design"])
        exceeded = estimate_share(n["n_exceeded"], n_known, design=cell["has_design"])
        row = {
            **cell,
            "n_told": len(_people(mine)),
            "n_known": n_known,
            **n,
            **dict(zip(("missed_share", "missed_low", "missed_high"), missed, strict=True)),
            **dict(zip(("exceeded_share", "exceeded_low", "exceeded_high"), exceeded, strict=True)),
            "n_gap": n["n_missed"] - n["n_exceeded"],
            "gap": missed.value - exceeded.value,
            "example_ids": _examples(mine),
        }
        rows.append(row | {"words": _words(row)})
    frame = pd.DataFrame(rows, columns=EXPECTATION_COLUMNS)
    return frame.assign(stage=journey.order(frame["stage"]))


def estimate_share(count: int, n: int, *, design: bool) -> Interval:
    """Estimate a share with Wilson's interval, where there may be one.

    Returns
    -------
    Interval
        All NaN without a sampling design and for fewer than 5 people.
    """
    return estimate_proportion(count, n) if design and n >= MIN_PEOPLE else NOTHING


def list_cells(
    coverage: pd.DataFrame, source_facts: pd.DataFrame, journey: Journey
) -> list[dict[str, Any]]:
    """List every stage and source with words, in journey order.

    Returns
    -------
    list of dict
        `stage`, `source`, `n_heard`, `status` (of table `coverage`), `kind` and `has_design`
        ("" and False for a source without facts).
    """
    facts = source_facts.set_index("source")
    ordered = coverage.assign(stage=journey.order(coverage["stage"]))
    kinds, designs = facts["kind"].to_dict(), facts["has_design"].to_dict()
    return [
        {
            "stage": str(row["stage"]),
            "source": row["source"],
            "n_heard": int(row["n_heard"]),
            "status": row["status"],
            "kind": kinds.get(row["source"], ""),
            "has_design": bool(designs.get(row["source"], False)),
        }
        for row in ordered.sort_values(["stage", "source"], kind="stable").to_dict("records")
    ]


def at_cell(rows: pd.DataFrame, cell: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of a stage and source."""
    return rows[(rows["stage"].astype(str) == cell["stage"]) & (rows["source"] == cell["source"])]


def choose_examples(rows: pd.DataFrame) -> list[str]:
    """Return the first excerpts of at most three people, one of each."""
    each = rows.drop_duplicates("participant_id")
    return [str(name) for name in each["excerpt_id"].head(MOST_EXAMPLES)]


def tell_silence(cell: dict[str, Any]) -> str:
    """Say why nothing can be told of a stage where nobody was heard; "" where somebody was."""
    return "" if cell["n_heard"] else f"cannot tell: {cell['status']}"


def name_heard(cell: dict[str, Any]) -> str:
    """Return how people came to be heard: in their own words, or in an observer's."""
    return "observed" if cell["kind"] == "note" else "heard"


def _people(rows: pd.DataFrame) -> Collection[str]:
    return set(rows["participant_id"])


def _examples(rows: pd.DataFrame) -> list[str]:
    """Choose excerpts that tell what was expected and what happened before those that do not."""
    told = (rows["expected"] != "").astype(int) + (rows["happened"] != "") + (rows["known"] != "")
    ordered = rows.assign(_told=-told).sort_values(["_told", "excerpt_id"], kind="stable")
    return choose_examples(ordered)


def _words(row: dict[str, Any]) -> str:
    if silence := tell_silence(row):
        return silence
    noted = row["kind"] == "note"
    if not row["n_known"]:
        what = "is noted" if noted else "is told"
        return f"no outcome of an expectation {what} (n = {row['n_heard']} {name_heard(row)})"
    people = "person" if row["n_known"] == 1 else "people"
    whose = f"of whom an outcome is noted (n = {row['n_known']} {people})"
    if not noted:
        whose = f"who tell an outcome (n = {row['n_known']} {people})"
    few = "; fewer than 5, counts only" if row["n_known"] < MIN_PEOPLE else ""
    return (
        f"missed for {row['n_missed']}, met for {row['n_met']}, exceeded for "
        f"{row['n_exceeded']} of those {whose}{few}"
    )
