import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from cjm_research.statistics import estimate_quantile, find_quantile_ranks


# As in tables of the interval that belongs to the sign test.
@pytest.mark.parametrize(
    ("n", "ranks"), [(5, None), (6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (100, (40, 61))]
)
def test_the_median_has_the_ranks_of_the_tables(n, ranks):
    assert find_quantile_ranks(n, 0.5) == ranks


def test_quartiles_need_more_people_than_the_median():
    # Nobody below the quartile in 12 is likelier than 2.5 % (.75 ** 12 = .032), not in 13.
    assert find_quantile_ranks(12, 0.25) is None
    assert find_quantile_ranks(13, 0.25) == (1, 7)
    assert find_quantile_ranks(13, 0.75) == (7, 13)


def test_less_confidence_needs_fewer_people():
    assert find_quantile_ranks(5, 0.5, confidence=0.9) == (1, 5)
    assert find_quantile_ranks(4, 0.5, confidence=0.9) is None


def test_nobody_has_no_ranks_and_a_thousand_million_have():
    assert find_quantile_ranks(0, 0.5) is None
    low, high = find_quantile_ranks(10**9, 0.5)
    half = 1.959964 * math.sqrt(10**9) / 2
    assert (low, high) == pytest.approx((5e8 - half, 5e8 + half), abs=2)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 400), st.floats(0.05, 0.95), st.sampled_from([0.8, 0.95]))
def test_each_limit_errs_in_at_most_its_half_and_no_nearer_rank_would_do(n, q, confidence):
    tail = (1 - confidence) / 2
    ranks = find_quantile_ranks(n, q, confidence=confidence)
    if ranks is None:
        assert max(binom.cdf(0, n, q), binom.sf(n - 1, n, q)) >= tail * (1 - 1e-9)
        return
    low, high = ranks
    assert binom.cdf(low - 1, n, q) <= tail * (1 + 1e-9)
    assert binom.sf(high - 1, n, q) <= tail * (1 + 1e-9)
    assert binom.cdf(low, n, q) >= tail * (1 - 1e-9)
    assert binom.sf(high - 2, n, q) >= tail * (1 - 1e-9)


@pytest.mark.parametrize(("n", "q"), [(-1, 0.5), (10, 0.0), (10, 1.0), (10, math.nan)])
def test_impossible_questions_are_refused(n, q):
    with pytest.raises(ValueError, match="between 0 and 1"):
        find_quantile_ranks(n, q)


def test_the_limits_of_a_median_are_the_values_of_its_ranks():
    values = [31, 2, 19, 5, 100, 3, 7, 11, 17, 1]
    assert estimate_quantile(values, 0.5) == (9, 2, 31)
    assert estimate_quantile([*values, math.nan], 0.5) == (9, 2, 31)


def test_a_quartile_is_interpolated_as_in_pandas():
    assert estimate_quantile([1, 2, 3, 4], 0.25).value == 1.75


def test_few_values_have_a_median_and_no_interval():
    found = estimate_quantile([1, 2, 30], 0.5)
    assert found.value == 2
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("values", [[], [math.nan]])
def test_a_quantile_of_nothing_is_nan(values):
    assert all(math.isnan(part) for part in estimate_quantile(values, 0.5))


def test_a_quantile_outside_0_to_1_is_refused_even_of_nothing():
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimate_quantile([], 50)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_limits_enclose_the_quantile(values, q):
    found = estimate_quantile(values, q)
    if not math.isnan(found.low):
        assert found.low <= found.value <= found.high


@pytest.mark.parametrize("q", [0.25, 0.5, 0.75])
def test_the_ranks_cover_the_truth_of_skewed_times_where_a_t_interval_fails(q):
    random = np.random.default_rng(20260401)
    times = np.sort(random.lognormal(3, 1.2, (4000, 40)), axis=1)
    truth = math.exp(3 + 1.2 * {0.25: -0.6744898, 0.5: 0.0, 0.75: 0.6744898}[q])
    low, high = find_quantile_ranks(40, q)
    covered = ((times[:, low - 1] <= truth) & (truth <= times[:, high - 1])).mean()
    assert 0.93 <= covered <= 0.98
    half = 2.0227 * times.std(axis=1, ddof=1) / math.sqrt(40)
    assert (np.abs(times.mean(axis=1) - truth) <= half).mean() < 0.8
