"""Task outcomes of usability tests, per stage: attempts and persons, never mixed."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cjm_research.journey import Journey
from cjm_research.statistics import estimate_mean

TASK_COLUMNS = [
    "stage", "outcome", "label", "n_participants", "n_attempts", "n_success", "success_rate",
    "person_mean", "person_sd", "person_low", "person_high", "n_all_success", "n_any_failure",
]  # fmt: skip


def estimate_task_success(
    ratings: pd.DataFrame,
    journey: Journey,
    *,
    outcomes: Mapping[str, str],
    has_design: bool = False,
) -> pd.DataFrame:
    """Estimate how often tasks succeed in each stage.

    Parameters
    ----------
    ratings : DataFrame
        Table `ratings`; rows whose `measure` is an outcome hold 1 (success) or 0 (failure),
        one row per participant and task. Tasks without a known end have no row.
    journey : Journey
    outcomes : mapping of str to str
        Outcome id to label.
    has_design : bool, default False
        Whether the participants were sampled so that an interval means something.

    Returns
    -------
    DataFrame
        Table `task_success`, one row per stage and outcome. `success_rate` is the share of
        attempts; attempts of one person are not independent, so it carries no interval.
        `person_mean` (and `person_sd`) is over participants of each one's own share, with
        its t interval where `has_design`. `n_all_success` and `n_any_failure` count
        participants.
    """
    rows = []
    known = ratings[ratings["measure"].isin(outcomes)]
    for (stage, outcome), attempts in known.groupby(["stage", "measure"], sort=True):
        shares = attempts.groupby("participant_id")["value"].mean()
        mean = estimate_mean(shares.tolist())
        rows.append(
            {
                "stage": stage,
                "outcome": outcome,
                "label": outcomes[str(outcome)],
                "n_participants": len(shares),
                "n_attempts": len(attempts),
                "n_success": int(attempts["value"].sum()),
                "success_rate": float(attempts["value"].mean()),
                "person_mean": mean.value,
                "person_sd": float(shares.std(ddof=1)) if len(shares) > 1 else float("nan"),
                "person_low": mean.low if has_design else float("nan"),
                "person_high": mean.high if has_design else float("nan"),
                "n_all_success": int((shares == 1).sum()),
                "n_any_failure": int((shares < 1).sum()),
            }
        )
    table = pd.DataFrame(rows, columns=TASK_COLUMNS)
    table = table.assign(stage=journey.order(table["stage"]))
    return table.sort_values(["stage", "outcome"], kind="stable").reset_index(drop=True)
