"""Which tables may leave with a report, and what is left out of them.

The one list for downloads and `cjm export`. A table is here if the pages show what it holds:
counts over people, by stage, and the quotes that were chosen among people who agreed to be quoted.
What has a row per participant, excerpt, answer or event stays with the study.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cjm_research.errors import UnknownNameError
from cjm_research.integration import (
    drop_small_counts,
    drop_small_segments,
    hide_few,
)
from cjm_research.study import TABLES, Study

_COUNTS = "people who tell it, of those heard; what is told stands with its n, as on the pages"
_ENDS = "who told it and was lost is hidden where a group of those heard would be of few people"
_SPLIT = "audience segments are left out whole where a count of theirs is small"
_ALL = "counts over everybody, or over all who were heard"
_TERMS = "estimated from the other tables; no participant stands in it"

PUBLISHED: dict[str, str] = {
    "journey_map": "the map itself; single people's feelings and aliases are left out",
    "verdicts": _ENDS,
    "opportunities": _TERMS,
    "causes": _ENDS,
    "links": _ENDS,
    "joint_display": _ENDS,
    "comparability": _ALL,
    "comparable_sources": _ALL,
    "trust": _ALL,
    "segment_comparison": "rows that would tell of a handful of people are left out",
    "orders": _ALL,
    "expectations": _COUNTS,
    "balance": _COUNTS,
    "openings": _COUNTS,
    "wave_changes": _ALL,
    "stage_behaviour": _ALL,
    "kpis": _ALL,
    "funnel": _SPLIT,
    "funnel_differences": _SPLIT,
    "stage_timing": _SPLIT,
    "time_to_next_summary": _SPLIT,
    "loss": _SPLIT,
    "loyalty": _SPLIT,
    "value_at_stake": _SPLIT,
    "task_success": _ALL,
    "experiments": _ALL,
    "changes": _ALL,
    "mentions": "without audience segments, which table segment_comparison has",
    "pain_points": _COUNTS,
    "emotion_curve": _ALL,
    "rating_summary": _ALL,
    "coverage": _ALL,
    "themes": "labels and counts; the excerpts they were found in are left out",
    "saturation": _ALL,
    "quotes": "chosen for the report, of people who agreed to be quoted; by alias",
    "reported_funnels": "counts of other programs; where a segment is of few people, no segment is "
    "shown",
    "touchpoint_metrics": "counts of other programs, of whole campaigns",
    "sources": "what each source is",
}
"""Tables that may leave, and why."""

_OF_PEOPLE = ("participant_id", "example_id", "example_ids", "counter_ids")
"""Columns that point at single people or excerpts."""
_OF_PEOPLE_WITHIN = ("participant_id", "aliases", "people")
"""The same, within the lists of the journey map."""

_PARTS: dict[str, tuple[str, ...]] = {
    "funnel": ("n_entered", "n_continued", "n_dropped"),
    "funnel_differences": ("n", "n_other"),
    "stage_timing": ("n",),
    "time_to_next_summary": ("n", "n_gone_on", "n_censored"),
    "loss": ("n_lost", "n_kept"),
    "loyalty": ("n_did", "n_rest"),
    "value_at_stake": ("n_dropped", "n_valued"),
}
"""Tables split by audience segment, with the counts of people that must not be small."""
_RESTS: dict[str, tuple[str, str, str]] = {
    "loss": ("n_kept", "n_judged", "n_lost"),
    "loyalty": ("n_rest", "n", "n_did"),
}
"""What one column less another tells without being said."""


def read_published(study: Study, name: str) -> pd.DataFrame:
    """Return a table as it may leave the study.

    Parameters
    ----------
    study : Study
    name : str
        One of `PUBLISHED`.

    Returns
    -------
    DataFrame
        Without small cells and without what points at single people.

    Raises
    ------
    UnknownNameError
        If the table is not for publishing, or there is none of this name.
    """
    if name not in PUBLISHED:
        raise UnknownNameError("table to publish", name, PUBLISHED)
    return mask_table(
        getattr(study, name),
        name,
        smallest_cell=study.config.integration.smallest_cell,
        funnel=study.funnel,
        comparison=study.segment_comparison,
    )


def mask_table(
    table: pd.DataFrame,
    name: str,
    *,
    smallest_cell: int,
    funnel: pd.DataFrame,
    comparison: pd.DataFrame,
) -> pd.DataFrame:
    """Return the table `name` without small cells and without what points at single people.

    Parameters
    ----------
    table : DataFrame
    name : str
    smallest_cell : int
        People below which no count of an audience segment, and nobody's end, is shown.
    funnel, comparison : DataFrame
        Tables `funnel` and `segment_comparison`, by which segments are left out everywhere.
    """
    table = hide_few(table, name, smallest_cell=smallest_cell)
    if name in _PARTS:
        table = _leave_out_segments(table, name, smallest_cell, funnel, comparison)
    if name == "segment_comparison":
        table = table[~table["suppressed"].astype(bool)].drop(columns="suppressed")
    if name == "mentions":
        table = table[table["segment"] == ""].drop(columns=["segment", "segment_value"])
    if name == "journey_map":
        lists = table.columns[table.dtypes == "object"]
        table = table.assign(**{column: table[column].map(_without_people) for column in lists})
    table = table.drop(columns=[column for column in _OF_PEOPLE if column in table])
    return table.reset_index(drop=True)


def describe_published(name: str) -> str:
    """Return what a table is, and how it was made fit to leave."""
    return f"{TABLES[name]}. {PUBLISHED[name][:1].upper()}{PUBLISHED[name][1:]}."


def _leave_out_segments(
    table: pd.DataFrame, name: str, smallest: int, funnel: pd.DataFrame, comparison: pd.DataFrame
) -> pd.DataFrame:
    shown = drop_small_segments(table, comparison)
    # What is too small in the funnel would be told by its timing or its value.
    whole = drop_small_counts(funnel, parts=_PARTS["funnel"], smallest_cell=smallest)
    small = set(funnel["segment"]) - set(whole["segment"])
    shown = shown[~shown["segment"].isin(small)]
    parts = _PARTS[name]
    if name in _RESTS:
        rest, of, less = _RESTS[name]
        shown = shown.assign(**{rest: shown[of] - shown[less]})
        shown = drop_small_counts(shown, parts=parts, smallest_cell=smallest)
        return shown.drop(columns=rest)
    return drop_small_counts(shown, parts=parts, smallest_cell=smallest)


def _without_people(cell: object) -> object:
    if not isinstance(cell, list):
        return cell
    return [
        {key: value for key, value in entry.items() if key not in _OF_PEOPLE_WITHIN}
        if isinstance(entry, Mapping)
        else entry
        for entry in cell
    ]
