"""The same people in both worlds: who told what, beside what became of them there.

Everything is counted per source and stage, in people (or, for observers' notes, in attempts).
Where the ids of words and behaviour do not join, the counts of linked people are zero, and no
sentence speaks of single people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import pandas as pd

from cjm_research.codes import NONE
from cjm_research.journey import LEAVING_WORDS, UNASSIGNED, Journey

LINK_COLUMNS = [
    "stage", "source", "n_heard", "n_told", "n_linked", "n_entered", "n_left", "n_told_left",
    "n_told_stayed", "n_quiet_left", "n_quiet_stayed",
]  # fmt: skip
DISPLAY_COLUMNS = [
    "stage", "source", "source_label", "kind", "measure", "unit", "n", "n_lost", "rate", "low",
    "high", "n_heard", "n_told", "n_linked", "gap", "counted", "n_lost_known", "n_lost_silent",
    "n_kept_known", "n_kept_told", "words",
]  # fmt: skip
NOTE_COLUMNS = ["stage", "source", "outcome", "n_attempts", "n_noted", "n_participants"]
GAP_COLUMNS = ["source", "measure", "gap", "counted", "stages", "words"]

PERSON_MEASURES = ("funnel_drop_off", "questionnaire_abandonment", "task_failure")
"""Measures that know of each person what became of them at a stage."""
LOSS_WITHOUT_WORDS, WORDS_WITHOUT_LOSS = "loss without words", "words without loss"
SUCCESS, FAILURE, NOT_RATED = "success", "failure", "not rated"
TRIES = "first tries"

_TELL = {
    "interview": ("tells", "tell"),
    "survey_answer": ("writes", "write"),
    "feedback": ("writes", "write"),
}


def count_links(
    person_stages: pd.DataFrame,
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    journey: Journey,
    source_facts: pd.DataFrame,
) -> pd.DataFrame:
    """Count, of the people heard at a stage, who told of a pain point and who was lost there.

    Parameters
    ----------
    person_stages : DataFrame
        One row per person and stage entered: `participant_id`, `stage`, `measure`, `left`.
    codes : DataFrame
        Codes that hold.
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    journey : Journey
    source_facts : DataFrame
        One row per source with words: `source`, `label`, `kind`, `has_design`, `wave`.

    Returns
    -------
    DataFrame
        Table `links`, every stage x source, zeros included; everything counts people, each once.

        `n_heard` people have words there, an observer's about them included; `n_told` of them
        with any pain point. `n_linked` of the `n_heard` are found in the behaviour record that
        measures the stage (in any record, where nothing measures it person by person), and
        `n_entered` of these came into the stage. Of those whose end there is known, `n_left` were
        lost: `n_told_left` with a pain point and `n_quiet_left` without; `n_told_stayed` and
        `n_quiet_stayed` were not lost.
    """
    heard = _heard(excerpts, codes)
    ends = person_stages[["participant_id", "stage", "left"]].assign(
        stage=person_stages["stage"].astype("object"), entered=True
    )
    rows = heard.merge(ends, on=["participant_id", "stage"], how="left")
    linked, told = _are_linked(rows, person_stages, journey), rows["told"]
    entered = rows["entered"].notna()
    lost, stayed = rows["left"] == 1, rows["left"] == 0
    flags = rows[["stage", "source"]].assign(
        n_heard=True,
        n_told=told,
        n_linked=linked,
        n_entered=entered,
        n_left=lost,
        n_told_left=told & lost,
        n_told_stayed=told & stayed,
        n_quiet_left=~told & lost,
        n_quiet_stayed=~told & stayed,
    )
    counts = flags.groupby(["stage", "source"]).sum()
    every = pd.MultiIndex.from_tuples(
        list(product(journey.stage_ids, source_facts["source"])), names=["stage", "source"]
    )
    links = counts.reindex(every, fill_value=0).astype("int64").reset_index()[LINK_COLUMNS]
    return links.assign(stage=journey.order(links["stage"]))


def count_notes_by_outcome(
    documents: pd.DataFrame, ratings: pd.DataFrame, journey: Journey
) -> pd.DataFrame:
    """Count beside which attempts an observer noted something.

    Parameters
    ----------
    documents : DataFrame
        Table `documents`: those that are observers' notes. Whatever else is written down beside
        an attempt, such as what the person did first, counts as a note too: leave it out.
    ratings : DataFrame
        Table `ratings`; rows whose `measure` is the stage's outcome hold 1 or 0.
    journey : Journey

    Returns
    -------
    DataFrame
        One row per stage measured by tasks, source, and `outcome`: "success", "failure", "not
        rated". Of `n_attempts` first tries with that outcome, `n_noted` have a note, of
        `n_participants` people. How many tries are not rated is not known here: NaN, and
        `n_noted` are those with a note.
    """
    outcomes = {stage.id: stage.outcome for stage in journey if stage.measure == "task_failure"}
    declared = ratings["stage"].astype("object").map(outcomes)
    tries = ratings[declared.notna() & (ratings["measure"] == declared) & ratings["value"].notna()]
    tries = tries.assign(stage=tries["stage"].astype("object"))
    notes = documents[documents["declared_stage"].isin(outcomes)].rename(
        columns={"declared_stage": "stage"}
    )
    attempt = ["source", "participant_id", "stage", "item"]
    beside = (
        notes[attempt]
        .drop_duplicates()
        .merge(tries[[*attempt, "value"]], on=attempt, how="left")
        .assign(outcome=lambda rows: rows["value"].map(_outcome))
    )
    keys = ["stage", "source", "outcome"]
    noted = beside.groupby(keys).agg(
        n_noted=("item", "size"), n_participants=("participant_id", "nunique")
    )
    n_attempts = tries.assign(outcome=tries["value"].map(_outcome)).groupby(keys).size()
    sources = sorted({*tries["source"], *notes["source"]})
    every = pd.MultiIndex.from_tuples(
        list(product(outcomes, sources, (SUCCESS, FAILURE, NOT_RATED))), names=keys
    )
    table = noted.reindex(every, fill_value=0).astype("int64")
    table["n_attempts"] = n_attempts.reindex(every, fill_value=0).astype("float64")
    table = table.reset_index()
    table["n_attempts"] = table["n_attempts"].mask(table["outcome"] == NOT_RATED)
    return table.assign(stage=journey.order(table["stage"]))[NOTE_COLUMNS]


def join_display(
    links: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    *,
    source_facts: pd.DataFrame,
    journey: Journey,
    comparable: Mapping[str, bool],
    person_level: Mapping[str, bool],
    notes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set what is told or noted at each stage beside what people do there: a joint display.

    Parameters
    ----------
    links : DataFrame
        From `count_links`.
    stage_behaviour : DataFrame
        Table `stage_behaviour`: `n_lost` of `n` at each stage, in `unit`.
    source_facts : DataFrame
        As for `count_links`.
    journey : Journey
    comparable : mapping of str to bool
        Whether a source's words may be set beside these numbers (`summarize_comparability`).
    person_level : mapping of str to bool
        Whether its people may be spoken of one by one.
    notes : DataFrame, optional
        From `count_notes_by_outcome`: then observers' notes are set beside attempts.

    Returns
    -------
    DataFrame
        Table `joint_display`, one row per stage and source. `gap` names what one side alone
        shows: "loss without words" (somebody is lost, and nobody of those heard tells of a pain
        point) or "words without loss"; "" where both or neither do, nothing is counted, or the
        source is not comparable.

        Below the level of the stage, where the two sides are joined: of `n_lost_known` lost
        `counted` ("people" or "first tries"), `n_lost_silent` have no words beside them; of
        `n_kept_known` that are not lost, `n_kept_told` have. Nothing is joined where `counted`
        is "": then these are NaN.

        `words` says it in plain words. Observers note; they are not said to tell.

    References
    ----------
    Guetterman, Fetters and Creswell (2015), Annals of Family Medicine 13, 554-561, on joint
    displays.
    """
    facts = source_facts[["source", "label", "kind"]].rename(columns={"label": "source_label"})
    keyed = links.assign(stage=links["stage"].astype("object"))
    behaviour = stage_behaviour.assign(stage=stage_behaviour["stage"].astype("object"))
    joined = keyed.merge(behaviour.drop(columns="words"), on="stage", how="left")
    joined = joined.merge(facts, on="source", how="left")
    joined = joined.assign(
        comparable=[comparable.get(source, False) for source in joined["source"]],
        person_level=[person_level.get(source, False) for source in joined["source"]],
    )
    rows = [row | _gap(row, notes) for row in joined.to_dict("records")]
    frame = pd.DataFrame([row | {"words": _in_words(row)} for row in rows], columns=DISPLAY_COLUMNS)
    return frame.assign(stage=journey.order(frame["stage"]))


def name_gaps(display: pd.DataFrame, *, journey: Journey) -> pd.DataFrame:
    """Name the stages where people are lost without words, and those with words without loss.

    Parameters
    ----------
    display : DataFrame
        From `join_display`.
    journey : Journey

    Returns
    -------
    DataFrame
        One row per source, kind of measure, gap ("loss without words", "words without loss")
        and what is counted: "stages" (as a whole), and "people" or "first tries" where the two
        sides are joined. `stages` lists their ids, and `words` names them in a sentence. There
        are no rows for what does not occur.
    """
    rows: list[dict[str, Any]] = []
    for (source, measure), mine in display.groupby(["source", "measure"], sort=False):
        group = {"source": source, "measure": measure}
        for gap in (LOSS_WITHOUT_WORDS, WORDS_WITHOUT_LOSS):
            whole = mine[mine["gap"] == gap].to_dict("records")
            if whole:
                names = ", ".join(journey[row["stage"]].name for row in whole)
                rows.append(
                    group | {
                        "gap": gap, "counted": "stages",
                        "stages": [str(row["stage"]) for row in whole],
                        "words": f"{_head(whole[0], gap)}: {names}.",
                    }
                )  # fmt: skip
            some, of = (
                ("n_lost_silent", "n_lost_known")
                if gap == LOSS_WITHOUT_WORDS
                else ("n_kept_told", "n_kept_known")
            )
            parts = mine[(mine["counted"] != "") & (mine[some] > 0)].to_dict("records")
            if parts:
                names = "; ".join(
                    f"{journey[row['stage']].name}, {row[some]:,.0f} of {row[of]:,.0f}"
                    for row in parts
                )
                rows.append(
                    group | {
                        "gap": gap, "counted": parts[0]["counted"],
                        "stages": [str(row["stage"]) for row in parts],
                        "words": f"{_part_head(parts[0], gap)}: {names}.",
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=GAP_COLUMNS)


def _heard(excerpts: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    """Return `source`, `stage`, `participant_id`, `told`: one row per person heard there."""
    pains = codes[
        (codes["code_group"] == "pain_point") & (codes["code"] != NONE) & (codes["strength"] > 0)
    ]
    spoken = excerpts[(excerpts["speaker"] != "interviewer") & (excerpts["participant_id"] != "")]
    spoken = spoken.assign(
        stage=spoken["stage"].astype("object"),
        told=spoken["excerpt_id"].isin(set(pains["excerpt_id"]) - {""}),
    )
    placed = spoken[spoken["stage"] != UNASSIGNED]
    return placed.groupby(["source", "stage", "participant_id"], as_index=False)["told"].any()


def _are_linked(rows: pd.DataFrame, person_stages: pd.DataFrame, journey: Journey) -> pd.Series:
    """Return who is found in the behaviour record that measures the stage."""
    measures = rows["stage"].map({stage.id: stage.measure for stage in journey})
    linked = rows["participant_id"].isin(set(person_stages["participant_id"]))
    for measure in PERSON_MEASURES:
        recorded = set(person_stages.loc[person_stages["measure"] == measure, "participant_id"])
        linked &= (measures != measure) | rows["participant_id"].isin(recorded)
    return linked


def _outcome(value: float) -> str:
    if math.isnan(value):
        return NOT_RATED
    return SUCCESS if value == 1 else FAILURE


def _gap(row: dict[str, Any], notes: pd.DataFrame | None) -> dict[str, Any]:
    """Return what one side alone shows, at the stage and below it."""
    if not row["comparable"]:
        return {"gap": ""} | _NOT_JOINED
    gap = ""
    # Nobody heard is no silence; an observer who notes nothing was there to see it.
    is_silence = row["n_heard"] > 0 or row["kind"] == "note"
    if row["n_lost"] > 0 and not row["n_told"] and is_silence:
        gap = LOSS_WITHOUT_WORDS
    if row["n_lost"] == 0 and row["n_told"]:
        gap = WORDS_WITHOUT_LOSS
    return {"gap": gap} | (_beside_attempts(row, notes) or _among_people(row) or _NOT_JOINED)


_NOT_JOINED: dict[str, Any] = {
    "counted": "",
    **dict.fromkeys(("n_lost_known", "n_lost_silent", "n_kept_known", "n_kept_told"), math.nan),
}


def _beside_attempts(row: dict[str, Any], notes: pd.DataFrame | None) -> dict[str, Any]:
    if notes is None or row["kind"] != "note" or row["measure"] != "task_failure":
        return {}
    mine = notes[(notes["stage"] == row["stage"]) & (notes["source"] == row["source"])]
    found = mine.set_index("outcome")[["n_attempts", "n_noted"]].to_dict("index")
    if not found:
        return {}
    failed, done = found[FAILURE], found[SUCCESS]
    return {
        "counted": TRIES,
        "n_lost_known": failed["n_attempts"],
        "n_lost_silent": failed["n_attempts"] - failed["n_noted"],
        "n_kept_known": done["n_attempts"],
        "n_kept_told": done["n_noted"],
    }


def _among_people(row: dict[str, Any]) -> dict[str, Any]:
    n_stayed = row["n_told_stayed"] + row["n_quiet_stayed"]
    if not row["person_level"] or not row["n_left"] + n_stayed:
        return {}
    return {
        "counted": "people",
        "n_lost_known": float(row["n_left"]),
        "n_lost_silent": float(row["n_quiet_left"]),
        "n_kept_known": float(n_stayed),
        "n_kept_told": float(row["n_told_stayed"]),
    }


def _in_words(row: dict[str, Any]) -> str:
    sentences = [_said(row), _done(row), _joined(row)]
    return " ".join(sentence for sentence in sentences if sentence)


def _said(row: dict[str, Any]) -> str:
    heard, told = row["n_heard"], row["n_told"]
    if row["kind"] == "note":
        if not heard:
            return "Nothing is noted here."
        return f"Of {heard:,} people with notes here, a pain point is noted for {told:,}."
    if not heard:
        return "Nobody is heard here."
    return f"Of {heard:,} people heard here, {_tell(row, told)} of a pain point."


def _tell(row: dict[str, Any], n: float) -> str:
    one, many = _TELL[row["kind"]]
    return f"{n:,.0f} {one}" if n == 1 else f"{n:,.0f} {many}" if n else f"none {one}"


def _done(row: dict[str, Any]) -> str:
    if not row["comparable"]:
        return "This may not be set beside what people do here: see how far the two compare."
    if math.isnan(row["n"]):
        return "What people do here is not counted."
    return f"{row['n_lost']:,.0f} of {row['n']:,.0f} {row['unit']} {_lose(row)}."


def _lose(row: dict[str, Any]) -> str:
    """Return the words of the stage's measure, to follow its unit: "first tries" that "fail"."""
    return LEAVING_WORDS[row["measure"]].removeprefix(f"of {row['unit']} ")


def _are_lost(row: dict[str, Any]) -> str:
    """Return the same of people."""
    return "fail a first try" if row["measure"] == "task_failure" else _lose(row)


def _joined(row: dict[str, Any]) -> str:
    if row["counted"] == TRIES:
        noted = row["n_lost_known"] - row["n_lost_silent"]
        return (
            f"Something is noted beside {noted:,.0f} of {row['n_lost_known']:,.0f} first tries "
            f"that fail, and beside {row['n_kept_told']:,.0f} of {row['n_kept_known']:,.0f} that "
            "succeed."
        )
    if row["counted"] != "people":
        return ""
    n_lost, n_kept = row["n_lost_known"], row["n_kept_known"]
    parts = [f"none is known to {_are_lost(row)}"]
    if n_lost:
        told = _did(row, n_lost - row["n_lost_silent"])
        parts = [f"of {n_lost:,.0f} who {_are_lost(row)}, {told}"]
    if n_kept:
        parts.append(f"of {n_kept:,.0f} who do not, {_did(row, row['n_kept_told'])}")
    return f"{row['n_linked']:,} of them are found in the behaviour record: {'; '.join(parts)}."


def _did(row: dict[str, Any], n: float) -> str:
    return f"one is noted for {n:,.0f}" if row["kind"] == "note" else f"{_tell(row, n)} of one"


def _head(row: dict[str, Any], gap: str) -> str:
    """Return what the stages of a gap have in common."""
    lost = f"{row['unit']} {_lose(row)}"
    if row["kind"] == "note":
        told, untold = "a pain point is noted", "no pain point is noted"
    else:
        one = _TELL[row["kind"]][0]
        told, untold = f"somebody {one} of a pain point", f"nobody {one} of a pain point"
    if gap == LOSS_WITHOUT_WORDS:
        return f"{lost.capitalize()}, and {untold}"
    return f"{told.capitalize()}, and no {lost}"


def _part_head(row: dict[str, Any], gap: str) -> str:
    """Return what the people or tries of a gap have in common."""
    if row["counted"] == TRIES:
        ended = "fail without" if gap == LOSS_WITHOUT_WORDS else "succeed with"
        return f"First tries that {ended} a note beside them"
    silent = gap == LOSS_WITHOUT_WORDS
    ended = _are_lost(row) if silent else f"do not {_are_lost(row)}"
    if row["kind"] == "note":
        return f"People who {ended}, {'without' if silent else 'with'} a pain point noted for them"
    many = _TELL[row["kind"]][1]
    return f"People who {ended} and {'do not ' if silent else ''}{many} of a pain point"
