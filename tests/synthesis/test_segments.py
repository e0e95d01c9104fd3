import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import adjusted_rand_score

from cjm_research.errors import TableError
from cjm_research.synthesis import derive_segments, describe_segment_traits, describe_segments

SEGMENTS = pd.DataFrame(
    [("a", "device", "phone"), ("b", "device", "phone"), ("c", "device", "laptop")],
    columns=["participant_id", "segment", "segment_value"],
)
QUICK = {"n_segments": (2, 3, 4), "n_resamples": 10}


def people(values, **columns):
    ids = [f"p{n:03d}" for n in range(len(values))]
    return (
        pd.DataFrame(values, index=pd.Index(ids, name="participant_id"))
        .rename(columns=lambda name: f"f{name}")
        .assign(**columns)
    )


def groups_of(*sizes, seed=0):
    # Groups far apart in two features.
    random = np.random.default_rng(seed)
    centres = [(0, 0), (8, 0), (0, 8)]
    truth = np.repeat(range(len(sizes)), sizes)
    values = np.array([centres[group] for group in truth]) + random.normal(size=(len(truth), 2))
    return people(values), truth


def test_declared_segments_are_counted_per_source():
    table = describe_segments(SEGMENTS, {"talks": {"a", "c", "x"}, "log": {"a", "b"}})
    assert table.to_numpy().tolist() == [
        ["device", "laptop", "talks", 1, 3], ["device", "laptop", "log", 0, 2],
        ["device", "phone", "talks", 1, 3], ["device", "phone", "log", 2, 2],
    ]  # fmt: skip
    assert describe_segments(SEGMENTS.iloc[:0], {"talks": {"a"}}).empty


def test_a_segments_goals_and_preferences_are_counted_over_all_stages(told):
    table = told(
        ("a", "talks", "see", "participant", "x", "need:compare"),
        ("a", "talks", "buy", "participant", "x", "need:compare", "delight:ease"),
        ("b", "talks", "", "participant", "x", "need:compare", "emotion:joy"),
        ("c", "talks", "see", "participant", "x", "need:compare", "pain_point:other"),
        ("b", "talks", "see", "interviewer", "x", "pain_point:slow"),
        ("z", "talks", "see", "participant", "x", "need:compare"),
    )
    traits = describe_segment_traits(
        SEGMENTS, table.codes, table.excerpts, labels={("need", "compare"): "Compare prices"}
    )
    assert traits[["segment_value", "trait", "label", "n_said", "n_heard"]].to_numpy().tolist() == [
        ["laptop", "goal", "Compare prices", 1, 1],
        ["phone", "goal", "Compare prices", 2, 2],
        ["phone", "preference", "ease", 1, 2],
    ]


def test_clear_groups_of_a_large_sample_are_found():
    features, truth = groups_of(80, 60, 40)
    found = derive_segments(features, **QUICK)
    assert found.words.startswith("3 groups among 180 people")
    assert adjusted_rand_score(truth, found.segments["segment_value"].astype(int)) > 0.95
    sizes = found.segments["segment_value"].value_counts()
    assert sizes.sort_index().tolist() == sorted(sizes, reverse=True)
    first = found.profile[found.profile["segment_value"] == "1"].set_index("feature")
    assert first["mean"].to_dict() == pytest.approx({"f0": 0, "f1": 0}, abs=0.4)
    assert first["overall"].to_dict() == pytest.approx(features.mean().to_dict())


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("stretch", [1.0, 6.0])
def test_one_cloud_of_people_has_no_segments(seed, stretch):
    # A stretched cloud falls into two halves time and again: stable, and yet no groups.
    values = np.random.default_rng(seed).normal(size=(150, 2)) @ np.array(
        [[1, 1], [0, 1 / stretch]]
    )
    found = derive_segments(people(values), **QUICK)
    assert found.words.startswith("cannot tell: ")
    assert found.segments.empty and found.profile.empty
    assert len(found.trials) == 3


def test_a_handful_of_people_has_no_segments_however_clear():
    features, _ = groups_of(20, 20)
    found = derive_segments(features, **QUICK)
    assert found.words == (
        "cannot tell: 40 people have a value in every feature, and segments are derived from "
        "100 or more."
    )
    assert found.segments.empty
    with pytest.raises(ValueError, match="at least 100"):
        derive_segments(features, min_participants=10)


def test_people_without_a_value_are_not_grouped():
    features, _ = groups_of(80, 60)
    features.iloc[:50, 0] = np.nan
    assert "90 people" in derive_segments(features, **QUICK).words
    features, _ = groups_of(80, 60)
    features.iloc[:5, 0] = np.nan
    found = derive_segments(features, **QUICK)
    assert found.n_participants == len(found.segments) == 135


def test_a_few_outliers_are_no_audience():
    values = np.random.default_rng(0).normal(size=(120, 2))
    values[:3] += 60
    found = derive_segments(people(values), n_segments=(2,), n_resamples=5)
    assert found.words == "cannot tell: every division leaves a group of fewer than 10 people."


def test_groups_that_do_not_come_back_are_refused():
    features, _ = groups_of(80, 60)
    found = derive_segments(features, min_stability=1.01, **QUICK)
    assert "do not come back" in found.words


def test_features_that_say_nothing_are_left_out():
    found = derive_segments(people(np.ones((120, 2))), **QUICK)
    assert found.words == "cannot tell: no feature differs between people."
    features, _ = groups_of(80, 60)
    assert set(derive_segments(features.assign(f2=1.0), **QUICK).profile["feature"]) == {"f0", "f1"}


def test_words_and_doubled_people_are_refused_together():
    features, _ = groups_of(80, 60)
    wrong = pd.concat([features, features.iloc[:1]]).assign(device="phone")
    with pytest.raises(TableError) as error:
        derive_segments(wrong)
    assert len(error.value.problems) == 2


def test_row_order_changes_nothing():
    features, _ = groups_of(80, 60)
    straight = derive_segments(features, **QUICK)
    turned = derive_segments(features.sample(frac=1, random_state=3), **QUICK)
    assert_frame_equal(straight.segments, turned.segments)
    assert_frame_equal(straight.trials, turned.trials)
