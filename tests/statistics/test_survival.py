import math

import numpy as np
import pytest
from scipy.stats import chi2, norm

from cjm_research.statistics import compare_survival, estimate_survival

# Freireich et al. (1963), Blood 21, 699-716: weeks of remission of leukaemia in children, by
# arm, and whether it ended.
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
ENDED = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
ALL_ENDED = [1] * 21

# Week, share still in remission, log-log limits as printed by Stata's `sts list`.
TREATED_CURVE = [
    (6, 0.8571, 0.6197, 0.9516),
    (7, 0.8067, 0.5631, 0.9228),
    (10, 0.7529, 0.5032, 0.8894),
    (13, 0.6902, 0.4316, 0.8491),
    (16, 0.6275, 0.3675, 0.8049),
    (22, 0.5378, 0.2678, 0.7468),
    (23, 0.4482, 0.1881, 0.6801),
]


@pytest.mark.parametrize(("week", "share", "low", "high"), TREATED_CURVE)
def test_the_treated_arm_of_freireich_has_its_published_curve(week, share, low, high):
    found = estimate_survival(TREATED, ENDED)
    assert found.at(week) == pytest.approx((share, low, high), abs=5e-5)
    assert found.at(week + 0.5) == found.at(week)


def test_the_treated_arm_of_freireich_has_its_numbers_at_risk():
    found = estimate_survival(TREATED, ENDED)
    assert found.n == 21
    risk = dict(zip(found.times, found.n_at_risk, strict=True))
    assert [risk[week] for week in (0, 6, 7, 10, 13, 16, 22, 23, 35)] == [
        21, 21, 17, 15, 12, 11, 7, 6, 1,
    ]  # fmt: skip
    left = dict(zip(found.times, found.n_events, strict=True))
    assert [left[week] for week in (0, 6, 7, 9, 10, 35)] == [0, 3, 1, 0, 1, 0]


def test_the_medians_of_freireich_are_23_and_8_weeks():
    treated = estimate_survival(TREATED, ENDED).median
    assert treated[:2] == (23, 13)
    assert math.isnan(treated.high)
    assert estimate_survival(PLACEBO, ALL_ENDED).median == (8, 4, 11)


def test_without_censoring_the_curve_is_the_share_of_people():
    found = estimate_survival(PLACEBO, ALL_ENDED)
    still = [(np.array(PLACEBO) > time).mean() for time in found.times]
    assert found.share == pytest.approx(still)


def test_limits_are_greenwoods_on_the_log_log_scale():
    # 2 of 10 leave at time 1: variance of log S is 2 / (10 * 8), log S = log .8.
    found = estimate_survival([1] * 2 + [2] * 8, [1] * 2 + [0] * 8, confidence=0.9).at(1)
    spread = norm.ppf(0.95) * math.sqrt(2 / 80) / abs(math.log(0.8))
    expected = (0.8, 0.8 ** math.exp(spread), 0.8 ** math.exp(-spread))
    assert found == pytest.approx(expected)


def test_the_log_rank_test_of_freireich_is_the_published_one():
    found = compare_survival([(TREATED, ENDED, None), (PLACEBO, ALL_ENDED, None)])
    assert found.chi2 == pytest.approx(16.793, abs=5e-4)
    assert found.p == pytest.approx(chi2.sf(16.792941, 1), rel=1e-5)


def test_weights_stand_for_so_many_people():
    times, counts = np.unique(PLACEBO, return_counts=True)
    alone = estimate_survival(PLACEBO, ALL_ENDED)
    counted = estimate_survival(times, np.ones(times.size), weights=counts)
    for name in ("times", "share", "low", "high", "n_at_risk", "n_events"):
        np.testing.assert_allclose(getattr(counted, name), getattr(alone, name), rtol=1e-12)
    weighted = compare_survival([(TREATED, ENDED, None), (times, [1] * times.size, counts)])
    assert weighted.chi2 == pytest.approx(16.792941, abs=1e-6)


def test_the_order_of_people_and_rows_of_nobody_change_nothing():
    order = np.random.default_rng(3).permutation(21)
    found = estimate_survival(
        [*np.array(TREATED)[order], 99], [*np.array(ENDED)[order], 1], weights=[1] * 21 + [0]
    )
    np.testing.assert_array_equal(found.share, estimate_survival(TREATED, ENDED).share)
    assert found.times[-1] == 35


def test_when_nobody_left_everybody_is_there_and_no_limit_is_known():
    found = estimate_survival([3, 5, 5], [0, 0, 0])
    assert found.share.tolist() == [1, 1, 1]
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()
    assert all(math.isnan(part) for part in found.median)


def test_after_the_longest_duration_nothing_is_known_of_those_still_there():
    found = estimate_survival(TREATED, ENDED)
    assert found.at(35).value == pytest.approx(0.4482, abs=5e-5)
    assert all(math.isnan(part) for part in found.at(35.1))


def test_once_everybody_left_nobody_comes_back():
    found = estimate_survival(PLACEBO, ALL_ENDED)
    for time in (23, 1000):
        assert found.at(time).value == 0
        assert math.isnan(found.at(time).low)


@pytest.mark.parametrize("time", [-1, math.nan])
def test_a_time_before_the_beginning_is_refused(time):
    with pytest.raises(ValueError, match="at least 0"):
        estimate_survival(TREATED, ENDED).at(time)


def test_one_person_who_left_is_the_median_without_limits():
    found = estimate_survival([3], [True])
    assert found.at(2.9).value == 1
    assert found.at(3).value == 0
    assert found.median.value == 3
    assert math.isnan(found.median.low)


def test_nobody_has_no_curve():
    for found in (estimate_survival([], []), estimate_survival([4], [1], weights=[0])):
        assert found.n == found.times.size == found.n_events.size == 0
        assert all(math.isnan(part) for part in (*found.median, *found.at(0)))


def test_who_leaves_at_once_counts_at_time_zero():
    found = estimate_survival([0, 0, 1, 2], [1, 0, 1, 0])
    # 1 of 4 left at 0, another was watched for no time; then 1 of 2 left.
    assert found.times.tolist() == [0, 1, 2]
    assert found.n_at_risk.tolist() == [4, 2, 1]
    assert found.share == pytest.approx([0.75, 0.375, 0.375])
    assert found.at(0).low < 0.75 < found.at(0).high


def test_who_is_lost_when_others_leave_was_still_there():
    # At 2 three people are watched, one leaves and one is lost.
    found = estimate_survival([2, 2, 3], [1, 0, 0])
    assert found.at(2).value == pytest.approx(2 / 3)


@pytest.mark.parametrize("n", range(2, 60, 2))
def test_half_is_half_in_spite_of_rounding(n):
    assert estimate_survival(range(1, n + 1), [1] * n).median.value == n / 2


@pytest.mark.parametrize(
    ("durations", "observed", "weights", "message"),
    [
        ([1, 2], [1], None, "2 durations, 1 ends and 2 weights"),
        ([1, 2], [1, 1], [1], "1 weights"),
        ([1, -2], [1, 1], None, "durations must be"),
        ([1, math.nan], [1, 1], None, "durations must be"),
        ([1, math.inf], [1, 1], None, "durations must be"),
        ([1, 2], [1, 2], None, "ends must be"),
        ([1, 2], [1, math.nan], None, "ends must be"),
        ([1, 2], [1, 1], [1, -1], "weights must be"),
        ([1, 2], [1, 1], [1, 0.5], "weights must be"),
        ([1, 2], [1, 1], [1, math.inf], "weights must be"),
    ],
)
def test_what_no_person_can_have_is_refused(durations, observed, weights, message):
    with pytest.raises(ValueError, match=message):
        estimate_survival(durations, observed, weights=weights)
    with pytest.raises(ValueError, match=message):
        compare_survival([(durations, observed, weights)])


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [(TREATED, ENDED, None)],
        [(TREATED, ENDED, None), ([], [], None)],
        [(TREATED, ENDED, None), ([5, 5], [0, 0], None)],  # lost before anybody left
        [(TREATED, [0] * 21, None), (PLACEBO, [0] * 21, None)],
    ],
)
def test_with_nothing_to_compare_the_test_is_silent(groups):
    assert all(math.isnan(part) for part in compare_survival(groups))


def test_a_group_lost_before_anybody_left_takes_no_degree_of_freedom():
    arms = [(TREATED, ENDED, None), ([0, 0.5], [0, 0], None), (PLACEBO, ALL_ENDED, None)]
    assert compare_survival(arms) == compare_survival([arms[0], arms[2]])


def test_a_group_lost_just_when_the_first_left_was_watched_until_then():
    # At 5 one of four leaves: half a person expected of each two, variance 2 * 2 * 3 / (16 * 3).
    found = compare_survival([([5, 5], [0, 0], None), ([5, 6], [1, 1], None)])
    assert found == pytest.approx((0.5**2 / 0.25, chi2.sf(1, 1)))


def test_equal_groups_do_not_differ_and_three_have_two_degrees_of_freedom():
    same = (PLACEBO, ALL_ENDED, None)
    assert compare_survival([same, same]) == pytest.approx((0, 1), abs=1e-9)
    found = compare_survival([same, same, (TREATED, ENDED, None)])
    assert found.p == pytest.approx(chi2.sf(found.chi2, 2))


def test_numpys_warnings_are_left_as_they_were():
    with np.errstate(divide="raise", invalid="warn"):
        before = np.geterr()
        estimate_survival(TREATED, ENDED)
        compare_survival([(TREATED, ENDED, None), (PLACEBO, ALL_ENDED, None)])
        assert np.geterr() == before


def test_a_million_people_are_counted_by_weights():
    random = np.random.default_rng(5)
    times = np.arange(100_000.0)
    left = random.random(times.size) < 0.6
    found = estimate_survival(times, left, weights=np.full(times.size, 10))
    assert found.n == 1_000_000
    alike = compare_survival([(times, left, [10] * times.size)] * 2)
    assert alike == pytest.approx((0, 1), abs=1e-6)


def test_kaplan_meier_covers_the_truth_where_leaving_out_the_censored_fails():
    # Exponential leaving with mean 1, watched for up to 3 by chance; 1 is asked about.
    random = np.random.default_rng(20260401)
    truth, runs = math.exp(-1), 400
    covered = naive = 0
    for _ in range(runs):
        leaves, watched = random.exponential(1, 60), random.uniform(0, 3, 60)
        left = leaves <= watched
        found = estimate_survival(np.minimum(leaves, watched), left).at(1)
        covered += found.low <= truth <= found.high
        share, n = (leaves[left] > 1).mean(), left.sum()
        naive += abs(share - truth) <= 1.96 * math.sqrt(share * (1 - share) / n)
    assert 0.93 <= covered / runs <= 0.97
    assert naive / runs < 0.6
