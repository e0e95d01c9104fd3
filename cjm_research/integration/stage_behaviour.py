"""The one number that each stage declares for what people do, under the words of its kind."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cjm_research.journey import LEAVING_WORDS, Journey, Stage

BEHAVIOUR_COLUMNS = ["stage", "measure", "unit", "n", "n_lost", "rate", "low", "high", "words"]


def describe_stage_behaviour(
    journey: Journey, *, funnel: pd.DataFrame, task_success: pd.DataFrame, loss: pd.DataFrame
) -> pd.DataFrame:
    """Return each stage's declared behaviour measure.

    Kinds are never merged: a stage has one, and `words` are its own.

    Parameters
    ----------
    journey : Journey
    funnel, task_success, loss : DataFrame
        Tables of those names.

    Returns
    -------
    DataFrame
        Table `stage_behaviour`, one row per stage in journey order: `n_lost` of `n`, in `unit`
        ("people"; "first tries" for `task_failure`, several of which are of one person);
        `rate` in [0, 1] with its 95 % interval where the table has one. For `task_failure` the
        interval is that of the mean of persons' own shares, as tries are not independent, and
        there only where the design allows. `n` and all that follows is NaN where nothing is
        measured.
    """
    rows = [_row(stage, funnel, task_success, loss) for stage in journey]
    frame = pd.DataFrame(rows, columns=BEHAVIOUR_COLUMNS)
    return frame.assign(stage=journey.order(frame["stage"]))


def _row(
    stage: Stage, funnel: pd.DataFrame, task_success: pd.DataFrame, loss: pd.DataFrame
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "stage": stage.id,
        "measure": stage.measure,
        "unit": "first tries" if stage.measure == "task_failure" else "people",
        "words": LEAVING_WORDS[stage.measure],
        **dict.fromkeys(("n", "n_lost", "rate", "low", "high"), math.nan),
    }
    if stage.measure == "task_failure":
        return row | _tasks(stage, task_success)
    if stage.measure == "churn":
        return row | _churn(loss)
    return row | _funnel(stage, funnel)


def _funnel(stage: Stage, funnel: pd.DataFrame) -> dict[str, float]:
    mine = funnel[(funnel["segment"] == "") & (funnel["stage"] == stage.id)]
    for found in mine.to_dict("records"):
        if not math.isnan(found["drop_off_rate"]):
            return {
                "n": float(found["n_followed"]),
                "n_lost": float(found["n_dropped"]),
                "rate": found["drop_off_rate"],
                "low": found["drop_off_low"],
                "high": found["drop_off_high"],
            }
    return {}


def _tasks(stage: Stage, task_success: pd.DataFrame) -> dict[str, float]:
    mine = task_success[
        (task_success["stage"] == stage.id) & (task_success["outcome"] == stage.outcome)
    ]
    for found in mine.to_dict("records"):
        n_lost = found["n_attempts"] - found["n_success"]
        return {
            "n": float(found["n_attempts"]),
            "n_lost": float(n_lost),
            "rate": n_lost / found["n_attempts"],
            "low": 1 - found["person_high"],
            "high": 1 - found["person_low"],
        }
    return {}


def _churn(loss: pd.DataFrame) -> dict[str, float]:
    for found in loss[loss["segment"] == ""].to_dict("records"):
        return {
            "n": float(found["n_judged"]),
            "n_lost": float(found["n_lost"]),
            "rate": found["rate"],
            "low": found["low"],
            "high": found["high"],
        }
    return {}
