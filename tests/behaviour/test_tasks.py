import math

import pandas as pd
import pytest
from scipy.stats import t

from cjm_research.behaviour import estimate_task_success
from cjm_research.tables import check_table, empty_table

OUTCOMES = {"done": "Did it", "alone": "Without help"}


def ratings(*rows):
    frame = pd.DataFrame(
        [
            {
                "participant_id": who, "source": "tests", "measure": measure, "item": item,
                "value": value, "stage": stage, "wave": "",
            }
            for who, measure, item, value, stage in rows
        ]
    )  # fmt: skip
    return check_table(frame, "ratings")


TRIES = ratings(
    ("a", "done", "1", 1, "see"), ("a", "done", "2", 1, "see"),
    ("b", "done", "1", 1, "see"), ("b", "done", "2", 0, "see"), ("b", "done", "3", 0, "see"),
    ("b", "done", "4", 0, "see"),
    ("c", "done", "1", 0, "see"),
    ("a", "alone", "1", 0, "see"),
    ("a", "done", "9", 1, "buy"),
    ("a", "nps", "nps", 9, "buy"),
)  # fmt: skip


def test_attempts_and_persons_are_kept_apart(journey):
    table = estimate_task_success(TRIES, journey, outcomes=OUTCOMES)
    row = table[(table["stage"] == "see") & (table["outcome"] == "done")].iloc[0]
    assert (row["n_participants"], row["n_attempts"], row["n_success"]) == (3, 7, 3)
    assert row["success_rate"] == pytest.approx(3 / 7)
    # Shares of the persons: 1, 1/4, 0.
    assert row["person_mean"] == pytest.approx(1.25 / 3)
    assert row["person_sd"] == pytest.approx(
        math.sqrt((7 / 12) ** 2 + (1 / 6) ** 2 + (5 / 12) ** 2) / 2**0.5
    )
    assert (row["n_all_success"], row["n_any_failure"]) == (1, 2)
    assert row["label"] == "Did it"


def test_an_interval_needs_a_sampling_design(journey):
    without = estimate_task_success(TRIES, journey, outcomes=OUTCOMES)
    assert without[["person_low", "person_high"]].isna().all(axis=None)
    with_design = estimate_task_success(TRIES, journey, outcomes=OUTCOMES, has_design=True)
    row = with_design[(with_design["stage"] == "see") & (with_design["outcome"] == "done")].iloc[0]
    half = t.ppf(0.975, 2) * row["person_sd"] / 3**0.5
    assert row["person_low"] == pytest.approx(row["person_mean"] - half)
    assert row["person_high"] == pytest.approx(row["person_mean"] + half)


def test_one_person_has_a_mean_without_a_spread(journey):
    table = estimate_task_success(TRIES, journey, outcomes=OUTCOMES, has_design=True)
    row = table[table["stage"] == "buy"].iloc[0]
    assert row["person_mean"] == 1
    assert math.isnan(row["person_sd"])
    assert math.isnan(row["person_low"])


def test_rows_come_in_journey_order_and_ratings_are_left_out(journey):
    table = estimate_task_success(TRIES, journey, outcomes=OUTCOMES)
    assert table[["stage", "outcome"]].to_numpy().tolist() == [
        ["see", "alone"], ["see", "done"], ["buy", "done"],
    ]  # fmt: skip


def test_the_order_of_rows_changes_nothing(journey):
    one = estimate_task_success(TRIES, journey, outcomes=OUTCOMES)
    other = estimate_task_success(TRIES.iloc[::-1], journey, outcomes=OUTCOMES)
    pd.testing.assert_frame_equal(one, other)


def test_no_outcomes_give_no_rows(journey):
    assert estimate_task_success(TRIES, journey, outcomes={}).empty
    assert estimate_task_success(empty_table("ratings"), journey, outcomes=OUTCOMES).empty
