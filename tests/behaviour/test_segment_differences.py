import math

import numpy as np
import pandas as pd
import pytest

from cjm_research.behaviour import estimate_drop_off
from cjm_research.behaviour.differences import DIFFERENCE_COLUMNS, compare_segments


def funnel(*rows):
    """Rows of stage, segment, value, dropped, followed."""
    table = pd.DataFrame(
        rows, columns=["stage", "segment", "segment_value", "n_dropped", "n_followed"]
    )
    return table.assign(stage=pd.Categorical(table["stage"], ["see", "pick", "buy"], ordered=True))


def test_two_values_are_compared_once_the_first_with_the_second():
    found = compare_segments(
        funnel(
            ("see", "", "", 104, 150),
            ("see", "device", "phone", 56, 70), ("see", "device", "laptop", 48, 80),
        )
    )  # fmt: skip
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["segment_value"], row["other"], row["n"], row["n_other"]) == (
        "laptop", "phone", 80, 70,
    )  # fmt: skip
    # Newcombe's own example 56/70 less 48/80 is .20 (.0524 to .3339); here it is turned round.
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(
        (-0.2, -0.3339, -0.0524), abs=5e-5
    )
    assert row["p"] == pytest.approx(0.0080, abs=1e-4)
    assert row["p_adjusted"] == row["p"]
    assert (row["verdict"], row["n_compared"]) == ("lower", 1)


def test_of_more_values_each_stands_against_all_others_together():
    found = compare_segments(
        funnel(
            ("see", "age", "old", 10, 20), ("see", "age", "mid", 20, 40),
            ("see", "age", "new", 30, 40),
        )
    )  # fmt: skip
    assert found["segment_value"].tolist() == ["mid", "new", "old"]
    assert set(found["other"]) == {"all others"}
    assert found["n_other"].tolist() == [60, 60, 80]
    assert found["other_rate"].tolist() == pytest.approx([40 / 60, 30 / 60, 50 / 80])
    assert found["difference"].tolist() == pytest.approx([-1 / 6, 0.25, -0.125])


def test_the_family_is_every_comparison_of_every_stage_and_segment():
    found = compare_segments(
        funnel(
            ("see", "device", "a", 30, 100), ("see", "device", "b", 45, 100),
            ("pick", "device", "a", 10, 50), ("pick", "device", "b", 11, 50),
            ("pick", "plan", "a", 10, 50), ("pick", "plan", "b", 40, 50),
        )
    )  # fmt: skip
    assert set(found["n_compared"]) == {3}
    p = sorted(found["p"])
    assert sorted(found["p_adjusted"]) == pytest.approx([3 * p[0], 1.5 * p[1], p[2]])
    assert found["stage"].tolist() == ["see", "pick", "pick"]
    assert found["verdict"].tolist() == ["lower", "cannot tell", "lower"]


def test_groups_below_five_people_have_their_n_and_are_not_compared():
    found = compare_segments(
        funnel(
            ("see", "device", "a", 0, 4), ("see", "device", "b", 90, 100),
            ("pick", "device", "a", 0, 50), ("pick", "device", "b", 40, 50),
        )
    )  # fmt: skip
    small = found.iloc[0]
    assert (small["n"], small["n_other"], small["verdict"]) == (4, 100, "cannot tell")
    assert math.isnan(small["rate"])
    assert small["other_rate"] == 0.9
    assert math.isnan(small["difference"])
    assert math.isnan(small["p_adjusted"])
    assert set(found["n_compared"]) == {1}
    assert found["verdict"].tolist()[1] == "lower"


def test_values_that_nobody_shows_and_stages_without_drop_off_have_no_row():
    found = compare_segments(
        funnel(
            ("see", "device", "a", 5, 10), ("see", "device", "b", 5, 10),
            ("see", "device", "tv", 0, 0),
            ("buy", "device", "a", math.nan, 10), ("buy", "device", "b", math.nan, 10),
            ("pick", "plan", "only", 3, 10),
        )
    )  # fmt: skip
    assert found[["stage", "segment_value", "other"]].to_numpy().tolist() == [["see", "a", "b"]]
    assert found["verdict"].tolist() == ["cannot tell"]


def test_no_segments_are_an_empty_frame_with_its_columns(events, journey):
    for log in (events(), events(("a", 0, "see"))):
        found = compare_segments(estimate_drop_off(log, journey))
        assert found.empty
        assert found.columns.tolist() == DIFFERENCE_COLUMNS


def test_the_funnel_of_a_log_goes_straight_in(events, journey):
    rows = [
        (f"{device}{number}", minute, stage, "e", device)
        for device, stay in (("phone", 5), ("laptop", 25))
        for number in range(30)
        for minute, stage in enumerate(["see", "pick"][: 1 + (number < stay)])
    ]
    found = compare_segments(estimate_drop_off(events(*rows), journey, segments=["device"]))
    see = found.iloc[0]
    assert see["segment_value"] == "laptop"
    assert (see["rate"], see["other_rate"]) == pytest.approx((5 / 30, 25 / 30))
    assert see["verdict"] == "lower"
    assert see["stage"] == "see"
    assert found["stage"].dtype == journey.dtype


def test_without_any_difference_few_frames_have_a_verdict(monkeypatch):
    # statsmodels collects garbage whenever it adjusts p values.
    monkeypatch.setattr("gc.collect", lambda: 0)
    random = np.random.default_rng(5)
    adjusted = unadjusted = 0
    for _ in range(150):
        n = random.integers(20, 200, size=(3, 4))
        hits = random.binomial(n, 0.3)
        rows = [
            (stage, "age", f"v{place}", int(hits[row, place]), int(n[row, place]))
            for row, stage in enumerate(["see", "pick", "buy"])
            for place in range(4)
        ]
        found = compare_segments(funnel(*rows))
        adjusted += (found["verdict"] != "cannot tell").any()
        unadjusted += (found["p"] < 0.05).any()
    assert adjusted / 150 <= 0.08  # 5 %, and 1.7 standard errors
    assert unadjusted / 150 > 0.25
