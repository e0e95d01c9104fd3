"""What a published report may say of single people: what they told, and what became of them.

A report lists those who were heard by alias, with what each of them tells. Whoever knows one of
them (a colleague, the moderator) can therefore read a count of "told it, and left" back to a
person. The study's own tables keep all counts, for the researcher; what is published goes through
`hide_few`. The rule, with `smallest_cell` people as its floor:

1. **A cross of what people tell with what became of them** makes four groups: told and lost, told
   and kept, others lost, others kept. It is shown only if each of the four has as many people as
   the floor; else none of it is shown, nor what is estimated of it. A group of one to four is a
   small cell. An empty group is no better: "7 of 7 who told it left" tells of each of the seven
   what became of them (group disclosure). And each group is the complement of the one beside it,
   so that none can be shown without the others.
2. **How many of those heard were lost**, whatever they told, is a count and its rest: it is not
   shown where either is above 0 and below the floor, nor of fewer people than the floor
   altogether. That none of them were lost, or all of them, may be said of as many as the floor:
   it is the limit of a sample ("nobody who left was heard"), without which its words mislead.
3. **How many people told something**, of how many heard, stays, and so do the rates of everybody
   in a behaviour record, and how many people of a source are found in one: none of them crosses
   what was told with what became of people.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control, Wiley: ch. 4 (minimum frequency, group
disclosure) and ch. 5 (tables with few contributors); CMS cell size suppression policy (ResDAC).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.errors import UnknownNameError
from cjm_research.statistics.suppression import SMALLEST

NOT_SHOWN = (
    "What became of these people is not shown: a group of fewer than {smallest} would stand out."
)
UNDISCLOSED = "an undisclosed number"
"""In place of a count of those lost, where it or the rest would be of few people."""

_LINKED = ["n_told_left", "n_told_stayed", "n_quiet_left", "n_quiet_stayed"]
_DISPLAYED = ["n_lost_known", "n_lost_silent", "n_kept_known", "n_kept_told"]
_TIMES = ["n_told_before", "n_told_after", "n_told_unknown"]
_WEIGHED = [
    "n_told", "n_told_left", "n_others", "n_others_left", "risk_ratio", "low", "high", "p",
    "p_adjusted", *_TIMES, "n_rating_told", "n_rating_others", "rating_told", "rating_others",
    "rating_difference", "rating_low", "rating_high", "rating_p", "rating_p_adjusted",
]  # fmt: skip
_TELLING = re.compile(r"^(nobody who |only \w+ after |not known whether |.*fewer than )")
"""Parts of `missing` that tell who was lost, heard or telling it, or how many came so far."""
_WHEN = re.compile(r"^(only \w+ after |not known whether )")
"""Those of them that tell when it was told."""
_TIMED = re.compile(r" Among those who [^.]*, it was (?:told|noted) [^.]*\.")
_JOINED = re.compile(
    r"\s*(?:[\d,]+ of them are found in the behaviour record:|Something is noted beside )"
)
_SAID = r"^.*? of the {n_heard} people (?:heard tells? it|observed)\."


def hide_few(table: pd.DataFrame, name: str, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Return a table of the study as it may be published: the one door for all of them.

    Parameters
    ----------
    table : DataFrame
    name : str
        Its name. Tables that cross nothing with what became of people are returned as they are.
    smallest_cell : int
        The floor: `integration.smallest_cell` of study.yaml; 1 hides nothing.

    Returns
    -------
    DataFrame
        The same columns; the same rows, but for segments of funnels that others counted.
    """
    return _HIDE[name](table, smallest_cell=smallest_cell) if name in _HIDE else table


def is_few(part: float, whole: float, *, smallest_cell: int = SMALLEST) -> bool:
    """Return whether "part of whole were lost" tells of fewer people than the floor.

    So it does where either the part or the rest is small, and where the whole is.
    """
    return 0 < whole < smallest_cell or any(0 < n < smallest_cell for n in (part, whole - part))


def is_few_lost(row: Mapping[str, Any], *, smallest_cell: int = SMALLEST) -> bool:
    """Return whether `n_left` in a row of table `links` tells of few, beside what stands there.

    Where nobody was lost, how many of them came so far tells no more.
    """
    lost, wholes = row["n_left"], [row["n_linked"], row["n_entered"]]
    counts = wholes if lost else wholes[:1]
    return any(is_few(lost, whole, smallest_cell=smallest_cell) for whole in counts)


def hide_few_links(links: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide who told and was lost at the stages where one of the groups is of few.

    Parameters
    ----------
    links : DataFrame
        Table `links`, counts of people.
    smallest_cell : int
        As for `hide_few`.

    Returns
    -------
    DataFrame
        The same rows and columns. `n_told_left`, `n_told_stayed`, `n_quiet_left` and
        `n_quiet_stayed` are NaN where one of them is below the floor; `n_left` and `n_entered`
        where it, or what is left of those who came or are found, is. Where no end is known there
        is nobody to hide.
    """
    crossed = _are_few([links[name] for name in _LINKED], smallest_cell)
    left = [
        is_few_lost(row, smallest_cell=smallest_cell)
        for row in links[["n_left", "n_linked", "n_entered"]].to_dict("records")
    ]
    entered = [
        is_few(came, found, smallest_cell=smallest_cell)
        for came, found in zip(links["n_entered"], links["n_linked"], strict=True)
    ]
    hidden = _blank(links, crossed, _LINKED)
    hidden = _blank(hidden, np.array(left, dtype=bool), ["n_left"])
    return _blank(hidden, np.array(entered, dtype=bool), ["n_entered"])


def hide_few_causes(causes: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide what became of those who tell it, and of the others, where one group is of few.

    Parameters
    ----------
    causes : DataFrame
        Table `causes`, one row per stage, stage told at, source and code.
    smallest_cell : int
        As for `hide_few`.

    Returns
    -------
    DataFrame
        The same rows and columns. NaN in the rows with such a group are what is counted of
        linked people, what is estimated of it, and their ratings. So are they in the rows of a
        later stage, of the same told before such a stage or at it: of those who tell it, the ones
        who did not come so far were lost in between. When it was told is NaN also where that
        alone is of few. `missing` keeps what does not speak of those people, and `words` what is
        told.
    """
    groups = [
        causes["n_told_left"], causes["n_told"] - causes["n_told_left"],
        causes["n_others_left"], causes["n_others"] - causes["n_others_left"],
    ]  # fmt: skip
    few = _are_few(groups, smallest_cell)
    few |= _span_hidden(causes, few)
    times = causes[_TIMES]
    when = ((times > 0) & (times < smallest_cell)).any(axis=1).to_numpy() & ~few
    hidden = _blank(_blank(causes, few, _WEIGHED), when, _TIMES)
    # Which rating it was is no secret, but beside no figure it says nothing.
    for column in ("rating_measure", "rating_stage"):
        hidden[column] = hidden[column].mask(few, "")
    for column in ("n_family", "n_rating_family"):
        hidden[column] = hidden[column].mask(few, 0)
    rows = hidden[few].to_dict("records")
    hidden.loc[few, "missing"] = [_keep_missing(row["missing"], _TELLING) for row in rows]
    hidden.loc[few, "words"] = [_add_note(_cut_causes(row), smallest_cell) for row in rows]
    timed = hidden.loc[when]
    hidden.loc[when, "missing"] = [_keep_missing(text, _WHEN) for text in timed["missing"]]
    hidden.loc[when, "words"] = [_TIMED.sub("", text) for text in timed["words"]]
    return hidden


def hide_few_display(display: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide who told and was lost in a joint display, where one of the groups is of few.

    Parameters
    ----------
    display : DataFrame
        Table `joint_display`. First tries are held against the floor as people are: fewer tries
        are of fewer people.
    smallest_cell : int
        As for `hide_few`.

    Returns
    -------
    DataFrame
        The same rows and columns. In such a row nothing is joined: `counted` is "",
        `n_lost_known`, `n_lost_silent`, `n_kept_known` and `n_kept_told` are NaN, and `words`
        end before the people who are found. `name_gaps` of it names no single people either.
    """
    groups = [
        display["n_lost_known"] - display["n_lost_silent"], display["n_lost_silent"],
        display["n_kept_told"], display["n_kept_known"] - display["n_kept_told"],
    ]  # fmt: skip
    few = _are_few(groups, smallest_cell)
    hidden = _blank(display, few, _DISPLAYED)
    hidden["counted"] = hidden["counted"].mask(few, "")
    words = hidden.loc[few, "words"]
    hidden.loc[few, "words"] = [_add_note(_cut_display(text), smallest_cell) for text in words]
    return hidden


def hide_few_verdicts(verdicts: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Hide how many leavers were heard where the reason does not disclose it.

    Parameters
    ----------
    verdicts : DataFrame
        Table `verdicts`. `judge_stages` writes its reasons by the same rule.
    smallest_cell : int
        As for `hide_few`.

    Returns
    -------
    DataFrame
        The same rows and columns; in such a row `n_leavers_heard` is NaN and `leavers_heard`
        "cannot tell".
    """
    if "n_leavers_heard" not in verdicts:
        return verdicts
    n_heard = verdicts["n_leavers_heard"]
    few = verdicts["reason"].str.contains(UNDISCLOSED, case=False, regex=False)
    few = (few | ((n_heard > 0) & (n_heard < smallest_cell))).to_numpy(dtype=bool)
    hidden = _blank(verdicts, few, ["n_leavers_heard"])
    return hidden.assign(leavers_heard=hidden["leavers_heard"].mask(few, "cannot tell"))


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


def drop_few_reported(reported: pd.DataFrame, *, smallest_cell: int = SMALLEST) -> pd.DataFrame:
    """Leave out the segments of another program's funnel where one counts a handful of people.

    All of them go: the total of the funnel less the others would tell of the one.

    Parameters
    ----------
    reported : DataFrame
        Table `reported_funnels`.
    smallest_cell : int
        As for `hide_few`.

    Returns
    -------
    DataFrame
        Rows of `reported`.
    """
    lost = reported["n_people"] - reported["n_continued"]
    counts = pd.concat([reported[["n_people", "n_continued"]], lost], axis=1)
    few = ((counts > 0) & (counts < smallest_cell)).any(axis=1) & (reported["segment"] != "")
    split = reported["source"].isin(reported.loc[few, "source"]) & (reported["segment"] != "")
    return reported[~split]


_HIDE: dict[str, Callable[..., pd.DataFrame]] = {
    "causes": hide_few_causes,
    "joint_display": hide_few_display,
    "links": hide_few_links,
    "reported_funnels": drop_few_reported,
    "verdicts": hide_few_verdicts,
}
"""Tables that cross what people tell with what became of them, or count segments of others."""


def _are_few(groups: Sequence[pd.Series], smallest: int) -> np.ndarray:
    """Return where somebody's end is known, and one of the four groups is below the floor."""
    counts = np.column_stack([group.to_numpy(dtype=float) for group in groups])
    few: np.ndarray = (counts.sum(axis=1) > 0) & (counts < smallest).any(axis=1) & (smallest > 1)
    return few


def _span_hidden(causes: pd.DataFrame, few: np.ndarray) -> np.ndarray:
    """Return the rows of the same told at the same stage, whose people passed a hidden stage."""
    spans = np.zeros(len(causes), dtype=bool)
    if not few.any():
        return spans
    keys = list(zip(causes["source"], causes["told_at"], causes["code"], strict=True))
    stage = causes["stage"].cat.codes.to_numpy()
    first: dict[tuple[str, str, str], int] = {}
    for row in np.flatnonzero(few):
        first[keys[row]] = min(stage[row], first.get(keys[row], stage[row]))
    linked = causes["n_told"].notna().to_numpy()
    late: np.ndarray = np.array(
        [place > first.get(key, place) for key, place in zip(keys, stage, strict=True)], dtype=bool
    )
    late &= linked
    return late


def _blank(table: pd.DataFrame, rows: np.ndarray, columns: list[str]) -> pd.DataFrame:
    """Return the table with NaN there; the columns are floats whether any is hidden or not."""
    return table.assign(**{name: table[name].astype("float64").mask(rows) for name in columns})


def _keep_missing(missing: str, telling: re.Pattern[str]) -> str:
    return "; ".join(part for part in missing.split("; ") if not telling.match(part))


def _cut_causes(row: dict[str, Any]) -> str:
    """Return the sentence of who tells it; what is not found as it is expected is left out."""
    found = re.match(_SAID.format(n_heard=row["n_heard"]), row["words"], re.DOTALL)
    return found.group() if found else ""


def _cut_display(words: str) -> str:
    found = _JOINED.search(words)
    return words[: found.start()] if found else ""


def _add_note(words: str, smallest: int) -> str:
    return f"{words} {NOT_SHOWN.format(smallest=smallest)}".lstrip()
