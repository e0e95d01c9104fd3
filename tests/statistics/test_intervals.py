import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, ttest_1samp

from cjm_research.statistics import Interval, estimate_mean, estimate_nps, estimate_proportion

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "oracles.json"

NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("count", "n", "low", "high"), NEWCOMBE)
def test_a_proportion_has_newcombes_wilson_interval(count, n, low, high):
    found = estimate_proportion(count, n)
    assert found.value == pytest.approx(count / n)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_the_wilson_oracles_here_are_those_of_the_reference():
    if not ORACLES.is_file():
        pytest.skip(f"no oracles at {ORACLES}")
    oracles = {entry["id"]: entry for entry in json.loads(ORACLES.read_text("utf-8"))}
    assert [tuple(case) for case in oracles["wilson_newcombe"]["cases"]] == NEWCOMBE


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (620, 1000, 0.5895, 0.6496),
        (310, 620, 0.4608, 0.5392),
        (155, 310, 0.4447, 0.5553),
        (155, 1000, 0.1339, 0.1787),
    ],
)
def test_each_step_of_a_funnel_has_its_wilson_interval(count, n, low, high):
    found = estimate_proportion(count, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_seven_of_twenty_is_the_worked_example_of_the_reference():
    found = estimate_proportion(7, 20)
    assert (found.low, found.high) == pytest.approx((0.181, 0.567), abs=5e-4)


def test_nobody_gives_zero_with_an_upper_limit_above_zero():
    found = estimate_proportion(0, 10)
    assert (found.value, found.low) == (0.0, 0.0)
    # Wilson at 0 of n: z^2 / (n + z^2)
    z2 = norm.ppf(0.975) ** 2
    assert found.high == pytest.approx(z2 / (10 + z2))


def test_everybody_mirrors_nobody():
    everybody, nobody = estimate_proportion(10, 10), estimate_proportion(0, 10)
    assert (everybody.value, everybody.high) == (1.0, 1.0)
    assert everybody.low == pytest.approx(1 - nobody.high)


def test_one_of_one_stays_within_the_unit_interval():
    found = estimate_proportion(1, 1)
    assert 0 < found.low < found.value == found.high == 1.0


def test_no_data_is_nan_and_not_zero():
    assert all(math.isnan(part) for part in estimate_proportion(0, 0))


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5), (1, 0), (0, -1)])
def test_impossible_counts_are_refused(count, n):
    with pytest.raises(ValueError, match="between 0 and n"):
        estimate_proportion(count, n)


def test_less_confidence_gives_a_narrower_interval():
    wide, narrow = estimate_proportion(7, 20), estimate_proportion(7, 20, confidence=0.8)
    assert wide.low < narrow.low < narrow.high < wide.high
    # Wilson by hand at 80 %
    z = norm.ppf(0.9)
    centre = (7 + z**2 / 2) / (20 + z**2)
    half = z / (20 + z**2) * math.sqrt(7 * 13 / 20 + z**2 / 4)
    assert narrow[1:] == pytest.approx((centre - half, centre + half))


@settings(deadline=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_enclose_the_share_and_mirror_its_complement(case):
    count, n = case
    found, rest = estimate_proportion(count, n), estimate_proportion(n - count, n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((1 - rest.high, 1 - rest.low))


def test_nps_of_the_oracle_has_its_value_and_the_adjusted_wald_interval():
    found = estimate_nps(250, 675, 75)
    assert found.value == pytest.approx(17.5)
    # By hand, with three answers added: p = 250.75/1003, d = 75.75/1003.
    promoters, detractors = 250.75 / 1003, 75.75 / 1003
    centre = promoters - detractors
    half = 1.959964 * math.sqrt((promoters + detractors - centre**2) / 1003)
    assert found.low == pytest.approx(100 * (centre - half), abs=1e-4)
    assert found.high == pytest.approx(100 * (centre + half), abs=1e-4)
    assert (found.low, found.high) == pytest.approx((14.0849, 20.8104), abs=1e-3)


def test_nps_of_a_large_sample_agrees_with_the_trinomial_wald_interval():
    found = estimate_nps(250, 675, 75)
    assert (found.low, found.high) == pytest.approx((14.14, 20.86), abs=0.1)
    independent = 1.6027 * 1.959964
    assert found.high - found.low > 2 * independent * 1.03


@pytest.mark.parametrize(("counts", "value"), [((8, 0, 0), 100), ((0, 0, 8), -100), ((0, 8, 0), 0)])
def test_nps_of_one_voice_keeps_an_interval_within_the_scale(counts, value):
    found = estimate_nps(*counts)
    assert found.value == value
    assert -100 <= found.low < found.high <= 100


def test_nps_mirrors_when_promoters_and_detractors_change_places():
    one, other = estimate_nps(3, 4, 9), estimate_nps(9, 4, 3)
    assert one == pytest.approx((-other.value, -other.high, -other.low))


def test_nps_without_answers_is_nan():
    assert all(math.isnan(part) for part in estimate_nps(0, 0, 0))


def test_a_mean_has_the_t_interval_of_scipy():
    values = [1.0, 2.0, 4.0, 4.0, 5.0, 3.5]
    limits = ttest_1samp(values, 0).confidence_interval(0.95)
    found = estimate_mean(values)
    assert found.value == pytest.approx(3.25)
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))


def test_a_mean_of_three_values_is_right_by_hand():
    # mean 3, sd 1, t(2) = 4.302653
    found = estimate_mean([2, 3, 4])
    assert found == pytest.approx(Interval(3, 3 - 4.302653 / 3**0.5, 3 + 4.302653 / 3**0.5))


def test_a_mean_leaves_out_missing_values():
    assert estimate_mean([2, math.nan, 3, 4]) == estimate_mean([2, 3, 4])


def test_one_value_has_a_mean_and_no_interval():
    found = estimate_mean([4.0, math.nan])
    assert found.value == 4.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("values", [[], [math.nan]])
def test_a_mean_of_nothing_is_nan(values):
    assert all(math.isnan(part) for part in estimate_mean(values))


def covered_by_wilson(n: int, p: float) -> np.ndarray:
    limits = np.array([estimate_proportion(count, n)[1:] for count in range(n + 1)])
    return (limits[:, 0] <= p) & (p <= limits[:, 1])


def covered_by_wald(n: int, p: float) -> np.ndarray:
    share = np.arange(n + 1) / n
    half = 1.959964 * np.sqrt(share * (1 - share) / n)
    return (share - half <= p) & (p <= share + half)


@pytest.mark.parametrize("n", [30, 60, 100])
def test_wilson_covers_the_truth_in_95_of_100_samples(n):
    random = np.random.default_rng(20260401)
    grid = np.linspace(0.05, 0.95, 37)
    covered = [covered_by_wilson(n, p)[random.binomial(n, p, 4000)].mean() for p in grid]
    assert 0.93 <= np.mean(covered) <= 0.97
    assert min(covered) > 0.90


def test_the_simulation_sees_that_the_naive_interval_fails():
    random = np.random.default_rng(20260401)
    counts = random.binomial(10, 0.05, 4000)
    assert covered_by_wald(10, 0.05)[counts].mean() < 0.5
    assert covered_by_wilson(10, 0.05)[counts].mean() > 0.9


def test_adjusted_wald_nps_covers_the_truth_where_an_independent_error_would_not():
    random = np.random.default_rng(20260401)
    shares = (0.45, 0.25, 0.30)
    draws = random.multinomial(40, shares, 1500)
    intervals = {tuple(draw): estimate_nps(*map(int, draw)) for draw in np.unique(draws, axis=0)}
    hits = [intervals[tuple(d)].low <= 15 <= intervals[tuple(d)].high for d in draws]
    assert 0.93 <= np.mean(hits) <= 0.97
    p, d = draws[:, 0] / 40, draws[:, 2] / 40
    half = 1.959964 * np.sqrt((p * (1 - p) + d * (1 - d)) / 40)
    assert (np.abs(p - d - 0.15) <= half).mean() < 0.93
