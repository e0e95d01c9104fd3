import math

import pandas as pd
import pytest

from cjm_research.synthesis import summarize_ratings
from cjm_research.synthesis.ratings import RATING_COLUMNS
from cjm_research.tables import TABLES, check_table

COLUMNS = list(TABLES["ratings"].columns)


def ratings(*rows):
    made = [
        {
            "participant_id": who, "source": source, "measure": measure, "item": item,
            "value": value, "stage": stage, "wave": "",
        }
        for who, source, measure, item, value, stage in rows
    ]  # fmt: skip
    return check_table(pd.DataFrame(made, columns=COLUMNS), "ratings")


@pytest.mark.parametrize("measure", ["csat", "ces"])
def test_means_of_people_have_a_t_interval(measure):
    values = [5, 4, 2, 3, 5]
    rated = ratings(*[(f"p{n}", "s", measure, "q", v, "buy") for n, v in enumerate(values)])
    row = summarize_ratings(rated, designs={"s": True}).iloc[0]
    # Mean 3.8, sd 1.303840, t(4) 2.776445: half width 2.776445 x 1.303840 / sqrt(5) = 1.618932.
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (3.8, 2.181068, 5.418932), abs=1e-5
    )
    assert (row["n"], row["label"], row["unit"]) == (5, measure.upper(), "score")
    assert row["scale_text"] == "mean of answers"


def test_sus_is_a_mean_of_scores_from_0_to_100():
    rated = ratings(*[(f"p{n}", "s", "sus", "q", v, "") for n, v in enumerate([70, 80, 90])])
    row = summarize_ratings(rated, designs={"s": True}).iloc[0]
    # Mean 80, sd 10, t(2) 4.302653: half width 24.841377, and nobody scores above 100.
    assert (row["value"], row["low"], row["high"]) == pytest.approx((80, 55.158623, 100), abs=1e-5)
    assert (row["label"], row["unit"], row["scale_text"]) == ("SUS", "score", "0 to 100")
    low = ratings(*[(f"p{n}", "s", "sus", "q", v, "") for n, v in enumerate([0, 10, 20])])
    assert summarize_ratings(low, designs={"s": True}).iloc[0]["low"] == 0
    none = summarize_ratings(rated, designs={}).iloc[0]
    assert math.isnan(none["low"])
    assert math.isnan(none["high"])
    assert none["value"] == 80


def test_a_person_of_several_answers_counts_once_in_the_interval():
    rated = ratings(
        ("a", "s", "sus", "first", 60, ""), ("a", "s", "sus", "second", 80, ""),
        ("b", "s", "sus", "first", 50, ""), ("c", "s", "sus", "first", 60, ""),
    )  # fmt: skip
    row = summarize_ratings(rated, designs={"s": True}).iloc[0]
    # People's means 70, 50, 60: mean 60, sd 10.
    assert (row["n"], row["value"]) == (3, 60)
    assert row["high"] - row["value"] == pytest.approx(24.841377, abs=1e-5)


def test_one_person_has_no_interval_and_nobody_no_row():
    row = summarize_ratings(ratings(("a", "s", "sus", "q", 70, "")), designs={"s": True}).iloc[0]
    assert (row["n"], row["value"]) == (1, 70)
    assert math.isnan(row["low"])
    empty = summarize_ratings(ratings(), designs={"s": True})
    assert empty.empty
    assert empty.columns.tolist() == RATING_COLUMNS


def test_the_order_of_answers_changes_nothing():
    rated = ratings(
        *[(f"p{n}", "s", measure, f"q {stage}", n % 5 + 1, stage)
          for n in range(30) for measure in ("csat", "sus", "nps") for stage in ("", "buy")]
    )  # fmt: skip
    first = summarize_ratings(rated, designs={"s": True})
    again = summarize_ratings(rated.sample(frac=1, random_state=3), designs={"s": True})
    pd.testing.assert_frame_equal(first, again)
    assert len(first) == 6
