"""What a published report may say of single people: who was lost, of the few who were heard.

A report names interviewees by alias beside what each of them tells. Where few of them were lost,
the counts of who tells what and was lost point at one alias. The study's own tables keep these
counts, for the researcher; what is published goes through here. What is told, and what all people
do, stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.errors import UnknownNameError
from cjm_research.statistics.suppression import SMALLEST

NOT_SHOWN = (
    "What became of single people is not shown: fewer than {smallest} of them left, or stayed."
)
PEOPLE = "people"
"""`counted` of a joint display where the two sides are joined person by person."""

_LINKED = ["n_told_left", "n_told_stayed", "n_quiet_left", "n_quiet_stayed"]
_DISPLAYED = ["n_lost_known", "n_lost_silent", "n_kept_known", "n_kept_told"]
_WEIGHED = [
    "n_told", "n_told_left", "n_others", "n_others_left", "risk_ratio", "low", "high", "p",
    "p_adjusted", "n_told_before", "n_told_after", "n_told_unknown", "n_rating_told",
    "n_rating_others", "rating_told", "rating_others", "rating_difference", "rating_low",
    "rating_high", "rating_p", "rating_p_adjusted",
]  # fmt: skip
_TELLING = re.compile(r"^(nobody who |only \w+ after |not known whether |.*fewer than )")
"""Parts of `missing` that tell who was lost, heard or telling it, or how many came so far."""
_FOUND = re.compile(r"\s*[\d,]+ of them are found in the behaviour record:")
_SAID = r"^.*? of the {n_heard} people (?:heard tells? it|observed)\."


def hide_few_links(links: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide who told and was lost at the stages where few of the people heard were, or were not.

    Parameters
    ----------
    links : DataFrame
        Table `links`, counts of people.
    smallest_cell : int
        Least number of people who were lost, and who were not, with which single counts stand.

    Returns
    -------
    DataFrame
        The same rows and columns. `n_told_left`, `n_told_stayed`, `n_quiet_left` and
        `n_quiet_stayed` are NaN in such a row; `n_left` and all before it stay. Where no end is
        known there is nobody to hide.
    """
    few = _are_few(links["n_left"], links["n_told_stayed"] + links["n_quiet_stayed"], smallest_cell)
    return _blank(links, few, _LINKED)


def hide_few_causes(causes: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide what became of those who tell it where few of a source's people were lost, or stayed.

    Parameters
    ----------
    causes : DataFrame
        Table `causes`, one row per stage, stage told at, source and code.
    smallest_cell : int
        As for `hide_few_links`.

    Returns
    -------
    DataFrame
        The same rows and columns. NaN in the rows of such a stage and source are what is counted
        of linked people, what is estimated of it, and their ratings. So are they in the rows of a
        later stage, of what was told before such a stage or at it: of those who tell it, the ones
        who did not come so far were lost in between. `missing` keeps what does not speak of those
        people, and `words` what is told.
    """
    lost = causes["n_told_left"] + causes["n_others_left"]
    few = _are_few(lost, causes["n_told"] + causes["n_others"] - lost, smallest_cell)
    few |= _span_hidden(causes, few)
    hidden = _blank(causes, few, _WEIGHED)
    # Which rating it was is no secret, but beside no figure it says nothing.
    for column in ("rating_measure", "rating_stage"):
        hidden[column] = hidden[column].mask(few, "")
    for column in ("n_family", "n_rating_family"):
        hidden[column] = hidden[column].mask(few, 0)
    rows = hidden[few].to_dict("records")
    hidden.loc[few, "missing"] = [_keep_missing(row["missing"]) for row in rows]
    hidden.loc[few, "words"] = [_add_note(_cut_causes(row), smallest_cell) for row in rows]
    return hidden


def hide_few_display(display: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide who told and was lost in a joint display, where few people were, or were not.

    Parameters
    ----------
    display : DataFrame
        Table `joint_display`. Rows in which attempts are counted are left as they are.
    smallest_cell : int
        As for `hide_few_links`.

    Returns
    -------
    DataFrame
        The same rows and columns. In such a row nothing is joined: `counted` is "",
        `n_lost_known`, `n_lost_silent`, `n_kept_known` and `n_kept_told` are NaN, and `words`
        end before the people who are found. `name_gaps` of it names no single people either.
    """
    few = _are_few(display["n_lost_known"], display["n_kept_known"], smallest_cell)
    few &= (display["counted"] == PEOPLE).to_numpy()
    hidden = _blank(display, few, _DISPLAYED)
    hidden["counted"] = hidden["counted"].mask(few, "")
    words = hidden.loc[few, "words"]
    hidden.loc[few, "words"] = [_add_note(_cut_display(text), smallest_cell) for text in words]
    return hidden


def drop_small_counts(
    table: pd.DataFrame, *, parts: Sequence[str], smallest_cell: int = SMALLEST
) -> pd.DataFrame:
    """Leave out the segments of which a published table would count a handful of people.

    One value of a segment is all people less the others, so that a segment is left out whole.

    Parameters
    ----------
    table : DataFrame
        With a column `segment`, empty for everybody: these rows stay.
    parts : sequence of str
        Columns that count people.
    smallest_cell : int
        Least number of people that is shown; 0 and NaN point at nobody.

    Returns
    -------
    DataFrame
        Rows of `table`.

    Raises
    ------
    UnknownNameError
        If a column is not there.
    """
    for name in parts:
        if name not in table:
            raise UnknownNameError("column", name, table.columns)
    counts = table[list(parts)]
    small = ((counts > 0) & (counts < smallest_cell)).any(axis=1) & (table["segment"] != "")
    return table[~table["segment"].isin(table.loc[small, "segment"])]


def _are_few(lost: pd.Series, kept: pd.Series, smallest: int) -> np.ndarray:
    """Return where somebody's end is known, and few were lost or few were not."""
    few: np.ndarray = ((lost + kept > 0) & ((lost < smallest) | (kept < smallest))).to_numpy()
    return few


def _span_hidden(causes: pd.DataFrame, few: np.ndarray) -> np.ndarray:
    """Return the rows from whose stage told at to whose stage people pass a hidden stage."""
    if not few.any():
        return np.zeros(len(causes), dtype=bool)
    told_at, stage = (causes[name].cat.codes.to_numpy() for name in ("told_at", "stage"))
    source = causes["source"].to_numpy()
    spans = np.zeros(len(causes), dtype=bool)
    for name, place in {(source[row], stage[row]) for row in np.flatnonzero(few)}:
        spans |= (source == name) & (told_at <= place) & (place < stage)
    linked: np.ndarray = spans & causes["n_told"].notna().to_numpy()
    return linked


def _blank(table: pd.DataFrame, rows: np.ndarray, columns: list[str]) -> pd.DataFrame:
    """Return the table with NaN there; the columns are floats whether any is hidden or not."""
    return table.assign(**{name: table[name].astype("float64").mask(rows) for name in columns})


def _keep_missing(missing: str) -> str:
    return "; ".join(part for part in missing.split("; ") if not _TELLING.match(part))


def _cut_causes(row: dict[str, Any]) -> str:
    """Return the sentence of who tells it; what is not found as it is expected is left out."""
    found = re.match(_SAID.format(n_heard=row["n_heard"]), row["words"], re.DOTALL)
    return found.group() if found else ""


def _cut_display(words: str) -> str:
    found = _FOUND.search(words)
    return words[: found.start()] if found else ""


def _add_note(words: str, smallest: int) -> str:
    return f"{words} {NOT_SHOWN.format(smallest=smallest)}".lstrip()
