"""Audience segments side by side, without a number that points at a handful of people.

The same counts stand in two tables: `mentions`, and the comparison made of it. Both are masked
by one rule on one layout of stage, source and segment, for what one table hides the other must
not tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cjm_research.errors import TableError, UnknownNameError
from cjm_research.integration.conventions import FALSE_FINDS, MIN_PEOPLE, NO_CODE
from cjm_research.journey import LEAVING_WORDS, UNASSIGNED, Journey
from cjm_research.statistics.differences import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
)
from cjm_research.statistics.intervals import NOTHING, Interval, estimate_proportion
from cjm_research.statistics.suppression import SMALLEST, suppress_small_shares

COMPARISON_COLUMNS = [
    "stage", "source", "kind", "code", "label", "segment", "segment_value", "n_said", "n_heard",
    "share", "low", "high", "n_said_others", "n_heard_others", "difference", "difference_low",
    "difference_high", "p", "p_adjusted", "n_compared", "suppressed", "words",
]  # fmt: skip
DROP_OFF = "drop_off"
KINDS = ("pain_point", "emotion", DROP_OFF)
BEHAVIOUR = "behaviour"
"""`source` of what people do: no source with words can have it side by side with its own."""

_PLACE = ["stage", "source"]
_TOLD = [*_PLACE, "code_group", "code"]
_SPLIT = ["segment", "segment_value"]
_FIGURES = [
    "n_said", "n_heard", "share", "low", "high", "n_said_others", "n_heard_others", "difference",
    "difference_low", "difference_high", "p", "p_adjusted",
]  # fmt: skip
_MENTION_FIGURES = ["n_said", "n_heard", "share", "low", "high", "n_prompted", "n_spontaneous"]


class Singletons(NamedTuple):
    """How many people stand alone with what a table tells of them.

    Attributes
    ----------
    n_singletons : int
        Combinations of values that one person only has.
    n_combinations : int
        Combinations that occur.
    n_people : int
        People with any of the values.
    """

    n_singletons: int
    n_combinations: int
    n_people: int


def compare_audience_segments(
    *,
    mentions: pd.DataFrame,
    excerpts: pd.DataFrame,
    segments: pd.DataFrame | None,
    funnel: pd.DataFrame,
    funnel_differences: pd.DataFrame,
    journey: Journey,
    source_facts: pd.DataFrame,
    smallest_cell: int = SMALLEST,
) -> pd.DataFrame:
    """Set the pain points, emotions and drop-off of audience segments side by side.

    Parameters
    ----------
    mentions : DataFrame
        Table `mentions`, with its segments.
    excerpts : DataFrame
        Table `excerpts` with resolved stages, of which `mentions` was counted.
    segments : DataFrame or None
        `participant_id`, `segment`, `segment_value`; a person has one value of a segment.
    funnel : DataFrame
        Table `funnel` with its segments. Where it counts visits, it is not compared.
    funnel_differences : DataFrame
        Table `funnel_differences`.
    journey : Journey
    source_facts : DataFrame
        One row per source with words: `source`, `kind`, `has_design` and others.
    smallest_cell : int, default 5
        People in a cell below which it is hidden; codes that fewer people of a stage and
        source told are left out, and so is what fits no code.

    Returns
    -------
    DataFrame
        Table `segment_comparison`, one row per stage, source, pain point or emotion (`kind`),
        segment and value of it; segments with one value are none. Of the `n_heard` people with
        that value who were heard there `n_said` said it; of the `n_heard_others` with another
        known value `n_said_others` did. Rows of the kind "drop_off" have the `source`
        "behaviour": `n_said` of the `n_heard` who were followed were lost; their numbers are
        those of `funnel` and `funnel_differences`.

        `share` with Wilson's limits, `difference` of the two shares with Newcombe's, and `p`
        (`compare_proportions`) only where the source has a sampling design and 5 or more
        people stand on each side (`share`: on this one). `p_adjusted` is Benjamini and
        Hochberg's over the `n_compared` comparisons that are shown of the segment and source,
        over all stages and codes; for drop-off over those of `funnel_differences`. Two values
        are one comparison, in two rows.

        Where `suppressed`, every number is missing, and none can be worked out from this table,
        from `mask_segment_mentions` and from what everybody said. What is hidden is in no
        family: an adjusted p value would tell of it.

    Raises
    ------
    TableError
        If a person has two values of a segment, or `mentions` is not of these people.
    UnknownNameError
        If a source of `mentions` is none of `source_facts`.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Benjamini and Hochberg
    (1995), JRSS B 57, 289-300.
    """
    grid = _lay_out(mentions, excerpts, segments, smallest_cell)
    told = grid["code_group"].isin(KINDS) & (grid["code"] != NO_CODE)
    grid = grid[told & (grid["n_everybody"] >= smallest_cell) & (grid["n_values"] > 1)]
    facts = {row["source"]: row for row in source_facts.to_dict("records")}
    for source in grid["source"].unique():
        if source not in facts:
            raise UnknownNameError("source with words", str(source), list(facts))
    said = _with_p(
        [
            row
            for _, block in grid.groupby([*_TOLD, "segment"], sort=False, observed=True)
            for row in _compare_words(block, facts[block["source"].iloc[0]])
        ],
        family=["source", "segment"],
    )
    lost = _with_p(list(_compare_drop_off(funnel, funnel_differences, smallest_cell)), family=[])
    frame = pd.concat([said, lost], ignore_index=True) if len(said) and len(lost) else said
    frame = lost if said.empty else frame
    frame[_FIGURES] = frame[_FIGURES].astype("float64").mask(frame["suppressed"].astype(bool))
    frame = frame.assign(
        stage=journey.order(frame["stage"]),
        n_compared=frame["n_compared"].astype("int64"),
        suppressed=frame["suppressed"].astype(bool),
        words=pd.Series(
            [_say(row, facts, smallest_cell) for row in frame.to_dict("records")],
            index=frame.index,
            dtype="object",
        ),
        measured=frame["kind"] == "drop_off",
        rank=frame["kind"].map(KINDS.index),
    )
    frame = frame.sort_values(
        ["stage", "measured", "source", "rank", "n_everybody", "code", *_SPLIT],
        ascending=[True, True, True, True, False, True, True, True],
        kind="stable",
    )
    return frame[COMPARISON_COLUMNS].reset_index(drop=True)


def mask_segment_mentions(
    mentions: pd.DataFrame,
    *,
    excerpts: pd.DataFrame,
    segments: pd.DataFrame | None,
    smallest_cell: int = SMALLEST,
) -> pd.DataFrame:
    """Hide the small cells of audience segments in table `mentions`, for a published report.

    Parameters
    ----------
    mentions, excerpts, segments, smallest_cell
        As for `compare_audience_segments`.

    Returns
    -------
    DataFrame
        Table `mentions` with a column `suppressed`: such rows have no numbers. A segment that
        did not say something has no row in `mentions`; it gets one where it is hidden, for a
        missing row would tell that it is empty. Within a segment, hidden rows come after those
        shown: their order would tell their size. What segments said prompted and unprompted is
        not shown at all, being smaller cells still. Everybody's rows stay as they are.

    Raises
    ------
    TableError
        As for `compare_audience_segments`.
    """
    grid = _lay_out(mentions, excerpts, segments, smallest_cell)
    cells = [*_TOLD, *_SPLIT]
    everybody = mentions[mentions["segment"] == ""]
    split = mentions[mentions["segment"] != ""].astype({"stage": "object"})
    hidden = grid.loc[grid["suppressed"], cells]
    shown = split.merge(hidden, on=cells, how="left", indicator="found")
    shown = shown[(shown["found"] == "left_only").to_numpy()].drop(columns="found")
    shown = shown.assign(n_prompted=np.nan, n_spontaneous=np.nan)
    named = everybody.drop(columns=[*_SPLIT, *_MENTION_FIGURES]).astype({"stage": "object"})
    blank = hidden.merge(named, on=_TOLD, how="left").assign(
        **dict.fromkeys(_MENTION_FIGURES, np.nan)
    )
    parts = [
        part.astype(dict.fromkeys(_MENTION_FIGURES, "float64")).assign(suppressed=suppressed)
        for part, suppressed in ((shown, False), (blank, True))
    ]
    masked = pd.concat(parts, ignore_index=True).astype({"stage": mentions["stage"].dtype})
    masked = masked.sort_values(
        [*_SPLIT, "source", "code_group", "stage", "suppressed", "n_said", "code"],
        ascending=[True, True, True, True, True, True, False, True],
        kind="stable",
    )
    whole = everybody.astype({"n_said": "float64", "n_heard": "float64"}).assign(suppressed=False)
    if masked.empty:
        return whole.reset_index(drop=True)
    return pd.concat([whole, masked[whole.columns]], ignore_index=True)


def drop_small_segments(table: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    """Leave the segments out of a table of behaviour that a published report may not split by.

    Who goes on from one stage enters the next, so that a count hidden at one stage is told by
    its neighbours: a segment of which one cell is hidden is left out whole.

    Parameters
    ----------
    table : DataFrame
        With a column `segment`, empty for everybody.
    comparison : DataFrame
        Table `segment_comparison`.

    Returns
    -------
    DataFrame
        Rows of `table`.
    """
    hidden = comparison["suppressed"].astype(bool) & (comparison["kind"] == DROP_OFF)
    return table[~table["segment"].isin(comparison.loc[hidden, "segment"])]


def count_singletons(participants: pd.DataFrame, columns: Sequence[str]) -> Singletons:
    """Count the combinations of what is known of people that only one person has.

    Parameters
    ----------
    participants : DataFrame
        Table `participants`, one row a person.
    columns : sequence of str
        What somebody outside may know of a person: audience segments, for one. An unknown
        value counts as a value; who has none of them is left out.

    Raises
    ------
    UnknownNameError
        If a column is not there.
    """
    for name in columns:
        if name not in participants:
            raise UnknownNameError("column", name, participants.columns)
    known = participants[list(columns)].fillna("").astype(str)
    known = known[(known != "").any(axis=1)]
    if known.empty:
        return Singletons(0, 0, 0)
    sizes = known.value_counts()
    return Singletons(int((sizes == 1).sum()), len(sizes), len(known))


def _lay_out(
    mentions: pd.DataFrame,
    excerpts: pd.DataFrame,
    segments: pd.DataFrame | None,
    smallest: int,
) -> pd.DataFrame:
    """Lay out every code that anybody told against every value of every segment.

    Values that said nothing, or were not heard at all, have rows of 0; a segment that is known
    of nobody heard there has none. With `n_everybody`, `n_values` and `suppressed`.
    """
    columns = [*_TOLD, "label", *_SPLIT, "n_said", "n_heard", "n_everybody", "n_values"]
    nothing = pd.DataFrame(columns=[*columns, "suppressed"]).astype({"suppressed": bool})
    everybody = mentions[mentions["segment"] == ""].astype({"stage": "object"})
    if segments is None or segments.empty or everybody.empty:
        _check_same_people(mentions, pd.DataFrame(columns=[*_PLACE, *_SPLIT, "n_heard"]))
        return nothing
    heard = _count_heard(excerpts, segments)
    _check_same_people(mentions, heard)
    values = segments[_SPLIT].drop_duplicates().astype(str)
    values = values.assign(n_values=values.groupby("segment")["segment_value"].transform("size"))
    known = heard[[*_PLACE, "segment"]].drop_duplicates().merge(values, on="segment")
    grid = everybody[[*_TOLD, "label", "n_said"]].rename(columns={"n_said": "n_everybody"})
    grid = grid.merge(known, on=_PLACE)
    if grid.empty:  # of those heard nobody's segment is known
        return nothing
    grid = grid.merge(heard, on=[*_PLACE, *_SPLIT], how="left")
    split = mentions.loc[mentions["segment"] != "", [*_TOLD, *_SPLIT, "n_said"]]
    grid = grid.merge(split.astype({"stage": "object"}), on=[*_TOLD, *_SPLIT], how="left")
    counts = ["n_said", "n_heard"]
    grid[counts] = grid[counts].fillna(0).astype("int64")
    grid = grid.sort_values([*_PLACE, "segment", "code_group", "code", "segment_value"])
    parts = [
        block.assign(suppressed=_find_hidden(block, smallest))
        for _, block in grid.groupby([*_PLACE, "segment"], sort=False)
    ]
    return pd.concat(parts, ignore_index=True)[[*columns, "suppressed"]]


def _find_hidden(block: pd.DataFrame, smallest: int) -> np.ndarray:
    """Return what is hidden of one stage, source and segment: rows by code, then by value."""
    n_values = int(block["n_values"].iloc[0])
    said = block["n_said"].to_numpy().reshape(-1, n_values).T
    heard = block["n_heard"].to_numpy()[:n_values]
    hidden: np.ndarray = suppress_small_shares(said, heard, smallest=smallest).T.ravel()
    return hidden


def _count_heard(excerpts: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Return `n_heard` per stage, source, segment and value; no row for nobody."""
    members = segments[["participant_id", *_SPLIT]].drop_duplicates()
    twice = members.duplicated(["participant_id", "segment"])
    if twice.any():
        raise TableError(
            "audience segments",
            "segments",
            [
                f"{int(twice.sum())} participants have two values of a segment (segment "
                f"'{members.loc[twice, 'segment'].iloc[0]}'); side by side they would count "
                "twice: give each person one."
            ],
        )
    counts = (excerpts["speaker"] != "interviewer") & (excerpts["stage"] != UNASSIGNED)
    heard = excerpts.loc[counts, ["participant_id", *_PLACE]].astype({"stage": "object"})
    people = heard.drop_duplicates().merge(members.astype(str), on="participant_id")
    return people.groupby([*_PLACE, *_SPLIT]).size().rename("n_heard").reset_index()


def _check_same_people(mentions: pd.DataFrame, heard: pd.DataFrame) -> None:
    """Check that mentions was counted of these people: another mask would hide nothing."""
    split = mentions.loc[mentions["segment"] != "", [*_PLACE, *_SPLIT, "n_heard"]]
    split = split.drop_duplicates().astype({"stage": "object"})
    found = split.merge(heard, on=[*_PLACE, *_SPLIT], how="left", suffixes=("", "_here"))
    other = found["n_heard"] != found["n_heard_here"]
    if other.any():
        row = found[other].iloc[0]
        raise TableError(
            "audience segments",
            "mentions",
            [
                f"{int(other.sum())} of its groups are not those of `excerpts` and `segments` "
                f"('{row['segment']}' = '{row['segment_value']}' at '{row['stage']}', source "
                f"'{row['source']}', among them); give the tables that it was counted of."
            ],
        )


def _compare_words(block: pd.DataFrame, fact: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one stage, source, code and segment."""
    design = bool(fact["has_design"])
    total, total_heard = int(block["n_said"].sum()), int(block["n_heard"].sum())
    with_people = int((block["n_heard"] > 0).sum())
    for row in block.to_dict("records"):
        said, heard = int(row["n_said"]), int(row["n_heard"])
        others, n_others = total - said, total_heard - heard
        numbers = design and not row["suppressed"]
        share = estimate_proportion(said, heard) if numbers and heard >= MIN_PEOPLE else NOTHING
        gap, p = NOTHING, float("nan")
        if numbers and min(heard, n_others) >= MIN_PEOPLE:
            gap = estimate_difference(said, heard, others, n_others)
            p = compare_proportions(said, heard, others, n_others)
        yield {
            **{key: row[key] for key in (*_PLACE, "code", "label", *_SPLIT, "n_everybody")},
            "kind": row["code_group"],
            # Of two groups each is all the others of the other: that is one comparison.
            "comparison": "" if with_people == 2 else row["segment_value"],
            "suppressed": bool(row["suppressed"]),
            **_figures(said, heard, share, others, n_others, gap, p),
        }


def _compare_drop_off(
    funnel: pd.DataFrame, differences: pd.DataFrame, smallest: int
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the funnel, with the differences that are already there."""
    known = funnel[(funnel["segment"] != "") & funnel["n_dropped"].notna()]
    compared = _both_ways(differences)
    for (stage, segment), block in known.groupby(["stage", "segment"], observed=True, sort=True):
        block = block.sort_values("segment_value")
        lost = block["n_dropped"].to_numpy(dtype="int64")
        people = block["n_followed"].to_numpy(dtype="int64")
        gaps = [compared.get((stage, segment, value)) for value in block["segment_value"]]
        # The differences are of people: a funnel of visits has other numbers.
        alike = [gap is None or gap["n"] == n for gap, n in zip(gaps, people, strict=True)]
        if len(block) < 2 or not all(alike):
            continue
        hidden = suppress_small_shares(lost[:, None], people, smallest=smallest)[:, 0]
        for place, row in enumerate(block.to_dict("records")):
            gap = gaps[place]
            yield {
                "stage": stage,
                "source": BEHAVIOUR,
                "kind": "drop_off",
                "code": row["measure"],
                "label": LEAVING_WORDS[row["measure"]],
                "segment": segment,
                "segment_value": row["segment_value"],
                "n_everybody": int(lost.sum()),
                "comparison": "" if (people > 0).sum() == 2 else row["segment_value"],
                "suppressed": bool(hidden[place]),
                **_figures(
                    int(lost[place]),
                    int(people[place]),
                    Interval(*(row[f"drop_off_{name}"] for name in ("rate", "low", "high"))),
                    int(lost.sum() - lost[place]),
                    int(people.sum() - people[place]),
                    gap["gap"] if gap else NOTHING,
                    gap["p"] if gap else float("nan"),
                ),
            }


def _both_ways(differences: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return each comparison by the group compared; of two values, by the other one as well."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in differences.to_dict("records"):
        place = (row["stage"], row["segment"])
        gap = Interval(row["difference"], row["low"], row["high"])
        found[(*place, row["segment_value"])] = {"gap": gap, "p": row["p"], "n": row["n"]}
        turned = Interval(-gap.value, -gap.high, -gap.low)
        # "all others" is no value, and nobody asks for it.
        found.setdefault(
            (*place, row["other"]), {"gap": turned, "p": row["p"], "n": row["n_other"]}
        )
    return found


def _figures(
    said: int, heard: int, share: Interval, others: int, n_others: int, gap: Interval, p: float
) -> dict[str, float]:
    numbers = (said, heard, *share, others, n_others, *gap, p)
    return dict(zip(_FIGURES[:-1], numbers, strict=True))


def _with_p(rows: list[dict[str, Any]], *, family: list[str]) -> pd.DataFrame:
    """Add `p_adjusted` and `n_compared` over the comparisons shown of each family."""
    names = [*COMPARISON_COLUMNS, "n_everybody", "comparison"]
    frame = pd.DataFrame(rows, columns=[name for name in names if name != "words"])
    frame = frame.assign(p_adjusted=np.nan, n_compared=0)
    one = ["stage", "source", "kind", "code", "segment", "comparison"]
    tested = frame[frame["p"].notna() & ~frame["suppressed"].astype(bool)]
    groups = [tested] if not family else [part for _, part in tested.groupby(family)]
    for part in groups:
        first = part.drop_duplicates(one)
        first = first.assign(p_adjusted=adjust_p_values(first["p"].to_numpy(dtype=float)))
        adjusted = part[one].merge(first[[*one, "p", "p_adjusted"]], on=one, how="left")
        frame.loc[part.index, "p"] = adjusted["p"].to_numpy()
        frame.loc[part.index, "p_adjusted"] = adjusted["p_adjusted"].to_numpy()
        frame.loc[part.index, "n_compared"] = len(first)
    return frame


def _say(row: dict[str, Any], facts: dict[str, dict[str, Any]], smallest: int) -> str:
    """Return the row in a sentence or three."""
    name = row["segment_value"]
    if row["suppressed"]:
        return (
            f"{name}: hidden. Fewer than {smallest} people are in this cell, or in one that it "
            "would give away."
        )
    note = row["kind"] != "drop_off" and facts[row["source"]]["kind"] == "note"
    if not row["n_heard"]:
        done = {"drop_off": "came here"}.get(row["kind"], "was observed" if note else "was heard")
        return f"{name}: nobody {done}."
    n, n_others = int(row["n_heard"]), int(row["n_heard_others"])
    said = f"{int(row['n_said'])} of {n}{_percent(row['share'])}"
    if row["kind"] == "drop_off":
        told = f"{name}: {said} {row['label']}"
    elif note:
        told = f"{name}: noted for {said} people observed"
    else:
        told = f"{name}: {said} people {'tell' if row['kind'] == 'pain_point' else 'voice'} it"
    if not n_others:
        return f"{told}; of the others nobody is known."
    tested = not np.isnan(row["difference"])
    share = row["n_said_others"] / n_others if tested else float("nan")
    words = f"{told}, of all others {int(row['n_said_others'])} of {n_others}{_percent(share)}"
    if not tested:
        return f"{words}."
    gap, low, high = (
        _points(row[key]) for key in ("difference", "difference_low", "difference_high")
    )
    more = row["p_adjusted"] < FALSE_FINDS
    chance = "That is more than chance brings" if more else "Chance alone may bring that"
    return (
        f"{words}: a difference of {gap} points ({low} to {high}). {chance} among "
        f"{row['n_compared']} such comparisons."
    )


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f" ({100 * share:.0f} %)"


def _points(difference: float) -> str:
    rounded = round(100 * difference)
    return "0" if not rounded else f"{rounded:+d}".replace("-", "−")
