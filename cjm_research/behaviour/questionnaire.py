"""How far people come in a questionnaire, and what each question got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cjm_research.config import Questionnaire
from cjm_research.statistics import estimate_proportion

STEP_COLUMNS = [
    "source", "grain", "step", "n_reached", "n_answered", "n_answered_complete",
    "n_answered_partial", "n_lost",
]  # fmt: skip
QUESTION_COLUMNS = [
    "source", "question", "n_participants", "n_complete", "n_partial", "n_answers",
]  # fmt: skip


CHOICE_COLUMNS = [
    "source", "question", "choice", "n_participants", "n_answered", "share", "low", "high",
]  # fmt: skip


def summarize_choices(
    answers: pd.DataFrame,
    *,
    source: str,
    questions: Sequence[str],
    has_design: bool,
    smallest_cell: int = 5,
) -> pd.DataFrame:
    """Count who chose what.

    Parameters
    ----------
    answers : DataFrame
        Table `answers`.
    source : str
        Id of the survey.
    questions : sequence of str
        Ids of its questions of kind `choice`.
    has_design : bool
        Whether the sampling design allows intervals.
    smallest_cell : int, default 5
        Choices of fewer people stand together in one row: what one person alone wrote is no choice.

    Returns
    -------
    DataFrame
        Table `survey_choices`, most chosen first: people who chose it, of the people who answered
        the question (Wilson interval). Where several may be chosen, shares add up to more than 1.
    """
    mine = answers[(answers["source"] == source) & answers["question"].isin(questions)]
    rows: list[list[Any]] = []
    for question, cells in mine.groupby("question", sort=False):
        n = cells["participant_id"].nunique()
        chosen = cells[cells["choice"] != ""]
        people = chosen.groupby("choice")["participant_id"].nunique()
        rare = people.index[people < smallest_cell]
        counts = people.drop(rare).sort_values(ascending=False, kind="stable").to_dict()
        if len(rare):
            few = chosen.loc[chosen["choice"].isin(rare), "participant_id"].nunique()
            counts[f"(chosen by fewer than {smallest_cell} each: {len(rare)})"] = few
        for choice, k in counts.items():
            share = estimate_proportion(k, n)
            ends = [share.low, share.high] if has_design else [math.nan, math.nan]
            rows.append([source, question, choice, k, n, share.value, *ends])
    return pd.DataFrame(rows, columns=CHOICE_COLUMNS)


def summarize_questions(
    answers: pd.DataFrame, events: pd.DataFrame, *, source: str, form: Questionnaire | None = None
) -> pd.DataFrame:
    """Count who answered each question of a survey.

    Parameters
    ----------
    answers : DataFrame
        Table `answers`.
    events : DataFrame
        Table `events`.
    source : str
        Id of the survey.
    form : Questionnaire, optional
        Tells who submitted; without it everybody did.

    Returns
    -------
    DataFrame
        Table `survey_questions`: participants with an answer, of those the ones who
        submitted (`n_complete`) or not (`n_partial`), and filled cells (`n_answers`).
    """
    mine = answers[answers["source"] == source]
    submitted = _submitted(events, source, form) if form else set(mine["participant_id"])
    rows = []
    for question, cells in mine.groupby("question", sort=False):
        people = set(cells["participant_id"])
        complete = len(people & submitted)
        filled = len(cells.drop_duplicates(["participant_id", "column"]))
        rows.append([source, question, len(people), complete, len(people) - complete, filled])
    return pd.DataFrame(rows, columns=QUESTION_COLUMNS)


def summarize_steps(
    answers: pd.DataFrame, events: pd.DataFrame, form: Questionnaire, *, source: str
) -> pd.DataFrame:
    """Count who reached and answered each page and each block of a questionnaire.

    Every question may be skipped, so only `n_reached` is a drop-off funnel: an answer in the
    step or any later one, or submission. `n_answered` also falls because people skip.

    Returns
    -------
    DataFrame
        Table `survey_steps`; `grain` is "page" or "block", `n_lost` those who reached the
        step before but not this one. Blocks within a page say nothing about leaving when a
        partial questionnaire is stored page by page.
    """
    mine = answers[answers["source"] == source]
    everybody = set(events.loc[events["source"] == source, "participant_id"])
    submitted = _submitted(events, source, form)
    grains = {
        "page": [
            (page.stage, [q for b in page.blocks for q in b.questions]) for page in form.pages
        ],
        "block": [(block.name, block.questions) for page in form.pages for block in page.blocks],
    }
    rows: list[dict[str, Any]] = []
    for grain, steps in grains.items():
        answered = [
            set(mine.loc[mine["question"].isin(questions), "participant_id"])
            for _, questions in steps
        ]
        reached = [set().union(submitted, *answered[number:]) for number in range(len(steps))]
        before = len(everybody)
        rows.append(_step(source, grain, form.opened, before, None, submitted, None))
        for (name, _), who, came in zip(steps, answered, reached, strict=True):
            rows.append(_step(source, grain, name, len(came), who, submitted, before - len(came)))
            before = len(came)
        lost = before - len(submitted)
        rows.append(_step(source, grain, form.submitted, len(submitted), None, submitted, lost))
    return pd.DataFrame(rows, columns=STEP_COLUMNS)


def _step(
    source: str,
    grain: str,
    name: str,
    n_reached: int,
    answered: set[str] | None,
    submitted: set[str],
    lost: int | None,
) -> dict[str, Any]:
    counts = (
        [float("nan")] * 3
        if answered is None
        else [len(answered), len(answered & submitted), len(answered - submitted)]
    )
    values = [source, grain, name, n_reached, *counts, float("nan") if lost is None else lost]
    return dict(zip(STEP_COLUMNS, values, strict=True))


def _submitted(events: pd.DataFrame, source: str, form: Questionnaire) -> set[str]:
    mask = (events["source"] == source) & (events["stage"] == form.submitted)
    return set(events.loc[mask, "participant_id"])
