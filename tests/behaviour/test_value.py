import math

import numpy as np
import pandas as pd
import pytest

from cjm_research.behaviour import estimate_drop_off, open_log
from cjm_research.behaviour.value import (
    STAKE_COLUMNS,
    VALUE_COLUMNS,
    estimate_value_at_stake,
    measure_values,
)
from cjm_research.errors import EngineError
from cjm_research.statistics import estimate_mean


def shop(events, sums, n_lost=3):
    """People who buy for these sums (in two parts), and people who only see."""
    rows, values = [], []
    for number, total in enumerate(sums):
        for minute, stage in enumerate(["see", "pick", "buy", "buy"]):
            rows.append((f"p{number}", minute, stage))
            values.append(total / 2 if stage == "buy" and total is not None else math.nan)
    rows += [(f"lost{number}", 0, "see") for number in range(n_lost)]
    return events(*rows).assign(value=[*values, *[5.0] * n_lost])


def test_the_value_of_a_person_is_the_sum_of_their_events(events, open_end):
    values = measure_values(shop(events, [10, 20, 30, 40, 50, None]), open_end)
    row = values.iloc[0]
    assert (row["n_completed"], row["n"], row["mean"]) == (6, 5, 30)
    assert row["sd"] == pytest.approx(math.sqrt(250))


def test_the_stake_is_the_mean_times_those_who_dropped_with_its_interval(events, open_end):
    log = shop(events, [10, 20, 30, 40, 50])
    found = estimate_value_at_stake(estimate_drop_off(log, open_end), measure_values(log, open_end))
    assert found["stage"].tolist() == ["see", "pick"]
    assert found["stage"].dtype == open_end.dtype
    see = found.iloc[0]
    assert (see["n_dropped"], see["n_valued"], see["value_at_stake"]) == (3, 5, 90)
    mean = estimate_mean([10, 20, 30, 40, 50])
    assert (see["value_low"], see["value_high"]) == pytest.approx(mean[1:])
    assert (see["stake_low"], see["stake_high"]) == pytest.approx((3 * mean.low, 3 * mean.high))
    assert "upper bound" in see["words"]
    assert found.iloc[1]["value_at_stake"] == 0


def test_only_who_completed_is_of_value_where_something_completes(events, journey):
    log = shop(events, [10, 20, 30, 40, 50, 60, 70])
    kept = [(f"p{number}", 9, "", "kept") for number in range(5)]
    log = pd.concat([log, events(*kept)], ignore_index=True)
    values = measure_values(log, journey)
    assert values[["n_completed", "mean"]].to_numpy().tolist() == [[5, 30]]


def test_values_may_be_given_by_person(events, open_end):
    clv = pd.DataFrame({"participant_id": [f"p{n}" for n in range(7)], "value": range(100, 107)})
    clv.loc[6, "value"] = math.nan
    row = measure_values(shop(events, [1] * 8), open_end, people=clv).iloc[0]
    assert (row["n_completed"], row["n"], row["mean"]) == (8, 6, 102.5)


def test_values_of_people_that_do_not_fit_are_refused(events, open_end):
    log = shop(events, [1])
    with pytest.raises(EngineError, match="no column 'value'"):
        measure_values(log, open_end, people=pd.DataFrame({"participant_id": ["p0"]}))
    twice = pd.DataFrame({"participant_id": ["p0", "p0"], "value": [1.0, 2.0]})
    with pytest.raises(EngineError, match="1 people have two values"):
        measure_values(log, open_end, people=twice)


def test_audience_segments_have_values_and_stakes_of_their_own(events, open_end):
    log = shop(events, [10, 20, 30, 40, 50, 100, 100, 100, 100, 100, 7])
    device = log["participant_id"].map(
        {f"p{n}": "tv" if n == 10 else "phone" if n < 5 else "laptop" for n in range(11)}
    )
    log = log.assign(device=device.fillna("phone"))
    with open_log(log, open_end, segments=["device"]) as opened:
        values, funnel = measure_values(opened), estimate_drop_off(opened)
    assert values["segment_value"].tolist() == ["", "laptop", "phone", "tv"]
    assert values["mean"].tolist()[1:3] == [100, 30]
    assert math.isnan(values["mean"].iloc[3])
    found = estimate_value_at_stake(funnel, values)
    see = found[found["stage"] == "see"].set_index("segment_value")
    assert see.loc["phone", ["n_dropped", "value_at_stake"]].tolist() == [3, 90]
    assert math.isnan(see.loc["tv", "value_at_stake"])
    assert see.loc["tv", "n_valued"] == 1


def test_fewer_than_five_people_have_no_mean(events, open_end):
    log = shop(events, [10, 20])
    found = estimate_value_at_stake(estimate_drop_off(log, open_end), measure_values(log, open_end))
    assert found["n_valued"].tolist() == [2, 2]
    assert found["value_at_stake"].isna().all()


def test_no_events_have_no_value(events, journey):
    values = measure_values(events(), journey)
    assert (len(values), values.columns.tolist()) == (0, VALUE_COLUMNS)
    stake = estimate_value_at_stake(estimate_drop_off(events(), journey), values)
    assert (len(stake), stake.columns.tolist()) == (0, STAKE_COLUMNS)


@pytest.mark.parametrize("seed", range(4))
def test_random_values_give_what_numpy_gives_in_any_order(events, open_end, seed):
    random = np.random.default_rng(seed)
    sums = random.lognormal(3, 1, size=50).round(2).tolist()
    log = shop(events, sums).sample(frac=1, random_state=seed).reset_index(drop=True)
    row = measure_values(log, open_end).iloc[0]
    assert row["mean"] == pytest.approx(np.mean(sums))
    assert row["sd"] == pytest.approx(np.std(sums, ddof=1))
