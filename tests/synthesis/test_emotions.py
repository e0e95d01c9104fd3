import math

import pandas as pd
import pytest

from cjm_research.statistics import estimate_mean
from cjm_research.synthesis import count_emotions, estimate_emotion_curve


def curve_of(values, journey, *, source="survey", stage="see", designs=None):
    valence = pd.DataFrame(
        {
            "stage": stage, "source": source, "valence": values,
            "participant_id": [f"p{n}" for n in range(len(values))],
        }
    )  # fmt: skip
    valence["stage"] = journey.order(valence["stage"])
    return estimate_emotion_curve(valence, journey=journey, designs=designs or {"survey": True})


def test_people_are_counted_per_emotion_and_once_each(told, journey):
    table = told(
        ("a", "talks", "see", "participant", "Ugh.", "emotion:frustration"),
        ("a", "talks", "see", "participant", "Ugh!", "emotion:frustration", "pain_point:slow"),
        ("b", "talks", "see", "participant", "Oh.", "emotion:surprise"),
        ("c", "talks", "see", "participant", "Well."),
    )
    emotions = count_emotions(table.codes, table.excerpts, journey=journey, designs={}, labels={})
    assert emotions[["code", "n_said", "n_heard"]].to_numpy().tolist() == [
        ["frustration", 1, 3], ["surprise", 1, 3],
    ]  # fmt: skip


def test_the_mean_is_over_people_with_its_t_interval(journey):
    values = [-0.5, -0.25, 0.0, 0.25, 1.0]
    (row,) = curve_of(values, journey).to_dict("records")
    assert (row["n"], row["mean"]) == (5, pytest.approx(0.1))
    assert (row["low"], row["high"]) == pytest.approx(estimate_mean(values)[1:])


def test_fewer_than_five_people_have_no_mean(journey):
    (row,) = curve_of([-1.0, -1.0, -1.0, -1.0], journey).to_dict("records")
    assert row["n"] == 4
    assert all(math.isnan(row[name]) for name in ("mean", "low", "high"))


def test_a_purposive_sample_has_a_mean_without_interval(journey):
    (row,) = curve_of([0.5] * 6, journey, source="talks").to_dict("records")
    assert (row["n"], row["mean"]) == (6, 0.5)
    assert math.isnan(row["low"]) and math.isnan(row["high"])


def test_limits_stay_on_the_scale(journey):
    (row,) = curve_of([1.0, 1.0, 1.0, 1.0, -1.0], journey).to_dict("records")
    assert row["high"] == 1.0
    assert row["low"] < row["mean"] == pytest.approx(0.6)


def test_a_stage_where_nobody_was_heard_has_no_point(journey):
    assert curve_of([], journey).empty
    assert curve_of([0.1] * 9, journey, stage="").empty
    assert curve_of([0.1] * 9, journey)["stage"].tolist() == ["see"]
