import math
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm
from statsmodels.stats.proportion import confint_proportions_2indep

from cjm_research.statistics import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
    estimate_mean_difference,
    estimate_risk_ratio,
)

# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]

# Benjamini and Hochberg (1995), section 3.2, as in the documentation of scipy.
BENJAMINI_HOCHBERG = {
    0.0001: 0.0015, 0.0004: 0.003, 0.0019: 0.0095, 0.0095: 0.035625, 0.0201: 0.0603,
    0.0278: 0.06385714, 0.0298: 0.06385714, 0.0344: 0.0645, 0.0459: 0.0765, 0.3240: 0.486,
    0.4262: 0.58118182, 0.5719: 0.714875, 0.6528: 0.75323077, 0.7590: 0.81321429, 1.0: 1.0,
}  # fmt: skip

TABLES = st.tuples(st.integers(1, 200), st.integers(1, 200)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)
IMPOSSIBLE = [(-1, 5, 1, 5), (6, 5, 1, 5), (1, 5, -1, 5), (1, 5, 6, 5), (1, 0, 1, 5)]


@pytest.mark.parametrize(("count_a", "n_a", "count_b", "n_b", "low", "high"), NEWCOMBE)
def test_a_difference_has_newcombes_interval(count_a, n_a, count_b, n_b, low, high):
    found = estimate_difference(count_a, n_a, count_b, n_b)
    assert found.value == pytest.approx(count_a / n_a - count_b / n_b)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None, max_examples=50)
@given(TABLES, st.sampled_from([0.8, 0.95, 0.99]))
def test_a_difference_is_that_of_statsmodels_and_turns_round(table, confidence):
    count_a, n_a, count_b, n_b = table
    found = estimate_difference(*table, confidence=confidence)
    oracle = confint_proportions_2indep(*table, method="newcomb", alpha=1 - confidence)
    assert found[1:] == pytest.approx(oracle, abs=1e-12)
    assert -1 <= found.low <= found.value <= found.high <= 1
    turned = estimate_difference(count_b, n_b, count_a, n_a, confidence=confidence)
    assert turned == pytest.approx((-found.value, -found.high, -found.low))


@pytest.mark.parametrize("estimate", [estimate_difference, estimate_risk_ratio])
@pytest.mark.parametrize("counts", [(0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 0)])
def test_a_group_of_nobody_compares_with_none(estimate, counts):
    assert all(math.isnan(part) for part in estimate(*counts))
    assert math.isnan(compare_proportions(*counts))


@pytest.mark.parametrize("compare", [estimate_difference, estimate_risk_ratio, compare_proportions])
@pytest.mark.parametrize("counts", IMPOSSIBLE)
def test_impossible_counts_are_refused(compare, counts):
    with pytest.raises(ValueError, match="between 0 and n"):
        compare(*counts)


def exact_coverage(intervals, n, p_a, p_b, truth):
    """Chance that the interval holds the truth, over all counts of two groups of n."""
    chance = np.outer(binom.pmf(range(n + 1), n, p_a), binom.pmf(range(n + 1), n, p_b))
    holds = (intervals[..., 0] <= truth + 1e-12) & (truth - 1e-12 <= intervals[..., 1])
    return (chance * holds).sum()


def test_newcombe_covers_a_true_difference_where_wald_does_not():
    n, grid = 20, np.linspace(0.05, 0.95, 10)
    counts = range(n + 1)
    newcombe = np.array([[estimate_difference(a, n, b, n)[1:] for b in counts] for a in counts])
    share = np.arange(n + 1) / n
    spread = share * (1 - share) / n
    half = norm.ppf(0.975) * np.sqrt(spread[:, None] + spread)
    gap = share[:, None] - share
    wald = np.stack([gap - half, gap + half], axis=-1)
    covered = [exact_coverage(newcombe, n, a, b, a - b) for a in grid for b in grid]
    naive = [exact_coverage(wald, n, a, b, a - b) for a in grid for b in grid]
    # Conservative where both shares are near an end; no place is far below 95 %.
    assert 0.95 <= np.mean(covered) <= 0.97
    assert min(covered) > 0.92
    assert np.mean(naive) < 0.94
    assert min(naive) < 0.9


def fisher_by_hand(count_a, n_a, count_b, n_b):
    """Chance of all tables with the same margins that are no likelier than this one."""
    hits = count_a + count_b
    ways = {
        k: comb(n_a, k) * comb(n_b, hits - k) for k in range(max(0, hits - n_b), min(hits, n_a) + 1)
    }
    seen = sum(way for way in ways.values() if way <= ways[count_a])
    return float(Fraction(seen, sum(ways.values())))


@pytest.mark.parametrize(
    "table", [(3, 4, 1, 4), (9, 10, 3, 10), (0, 10, 0, 20), (10, 10, 0, 20), (5, 56, 0, 29)]
)
def test_few_people_are_compared_by_fishers_exact_test(table):
    assert compare_proportions(*table) == pytest.approx(fisher_by_hand(*table))


def test_the_lady_who_tastes_tea_is_fishers_own_example():
    assert compare_proportions(3, 4, 1, 4) == pytest.approx(34 / 70)


def test_many_people_are_compared_by_the_chi_squared_test_without_correction():
    # 56/70 and 48/80: pooled 104/150, z = 0.2 / sqrt(p q (1/70 + 1/80)).
    pooled = 104 / 150
    z = 0.2 / math.sqrt(pooled * (1 - pooled) * (1 / 70 + 1 / 80))
    assert compare_proportions(56, 70, 48, 80) == pytest.approx(2 * norm.sf(z))


@pytest.mark.parametrize(
    ("table", "exact"),
    [
        ((2, 10, 8, 10), False),  # 5 hits expected in each group
        ((2, 10, 7, 10), True),  # 4.5
        ((8, 10, 3, 10), True),  # 4.5 misses
    ],
)
def test_fishers_test_is_taken_when_fewer_than_five_are_expected(table, exact):
    found = compare_proportions(*table)
    assert (found == pytest.approx(fisher_by_hand(*table))) is exact


def test_equal_shares_do_not_differ():
    assert compare_proportions(30, 100, 30, 100) == pytest.approx(1)
    assert compare_proportions(0, 100, 0, 50) == compare_proportions(50, 50, 9, 9) == 1


# Koopman's own example, and 7 of 34 against 1 of 34 (Perondi 2004) after Fagerland, Lydersen
# and Laake (2015), Statistical Methods in Medical Research 24, 224-254.
@pytest.mark.parametrize(
    ("table", "value", "low", "high"),
    [((36, 40, 16, 80), 4.5, 2.94, 7.15), ((7, 34, 1, 34), 7.0, 1.22, 42.6)],
)
def test_a_ratio_has_koopmans_interval(table, value, low, high):
    found = estimate_risk_ratio(*table)
    assert found.value == pytest.approx(value)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.002)


def pearson(table, ratio):
    """Pearson's statistic of a table against the likeliest shares with this ratio."""
    count_a, n_a, count_b, n_b = table
    a, b = (n_a + n_b) * ratio, n_a * ratio + count_a + n_b + count_b * ratio
    share = (b - math.sqrt(b * b - 4 * a * (count_a + count_b))) / (2 * a)
    return sum(
        (count - n * p) ** 2 / (n * p * (1 - p))
        for count, n, p in ((count_a, n_a, ratio * share), (count_b, n_b, share))
        if p < 1 - 1e-12  # else everybody has it, as is expected
    )


@settings(deadline=None, max_examples=40)
@given(TABLES, st.sampled_from([0.8, 0.95]))
def test_limits_of_a_ratio_are_where_pearsons_statistic_turns_significant(table, confidence):
    count_a, _, count_b, _ = table
    found = estimate_risk_ratio(*table, confidence=confidence)
    if count_b == 0:
        assert all(math.isnan(part) for part in found)
        return
    edge = norm.ppf(0.5 + confidence / 2) ** 2
    assert found.low <= found.value < found.high
    assert pearson(table, found.high) == pytest.approx(edge, rel=1e-4)
    if count_a:
        assert pearson(table, found.low) == pytest.approx(edge, rel=1e-4)
    else:
        assert found.low == 0


def test_a_ratio_of_two_full_groups_keeps_both_limits():
    # 1 - p of the other group's rule of three: n / (n + z^2) for equal groups that are full.
    z2 = norm.ppf(0.975) ** 2
    found = estimate_risk_ratio(5, 5, 5, 5)
    assert found == pytest.approx((1, 5 / (5 + z2), (5 + z2) / 5))
    z2 = norm.ppf(0.9) ** 2
    million = estimate_risk_ratio(10**6, 10**6, 7, 7, confidence=0.8)
    assert million == pytest.approx((1, 1, (7 + z2) / 7), abs=2e-5)


def test_a_ratio_of_nobody_has_an_upper_limit():
    found = estimate_risk_ratio(0, 30, 10, 10)
    assert found[:2] == (0, 0)
    assert pearson((0, 30, 10, 10), found.high) == pytest.approx(norm.ppf(0.975) ** 2)


def test_a_ratio_turns_round():
    found, turned = estimate_risk_ratio(12, 40, 5, 60), estimate_risk_ratio(5, 60, 12, 40)
    assert turned == pytest.approx((1 / found.value, 1 / found.high, 1 / found.low))


def test_the_ratio_of_rare_things_among_very_many_people_is_found():
    found = estimate_risk_ratio(1, 10**6, 10**6, 10**6)
    # One of very many has, over n, the limits of Wilson's interval: about 0.1765 to 5.665.
    assert found == pytest.approx((1e-6, 0.1765e-6, 5.665e-6), rel=1e-3)


def test_p_values_are_adjusted_as_in_benjamini_and_hochberg():
    found = adjust_p_values(list(BENJAMINI_HOCHBERG))
    assert found == pytest.approx(list(BENJAMINI_HOCHBERG.values()), abs=1e-6)
    assert (found <= 0.05).sum() == 4
    assert (15 * np.array(list(BENJAMINI_HOCHBERG)) <= 0.05).sum() == 3  # Bonferroni


def test_holm_multiplies_by_what_is_left_and_never_falls():
    # By hand: 0.01 * 4, 0.02 * 3, 0.03 * 2 = 0.06, and 0.04 * 1, held at 0.06.
    assert adjust_p_values([0.04, 0.01, 0.03, 0.02], method="holm") == pytest.approx(
        [0.06, 0.04, 0.06, 0.06]
    )


def test_what_could_not_be_tested_is_none_of_the_family():
    found = adjust_p_values([math.nan, 0.01, math.nan, 0.04])
    assert np.isnan(found).tolist() == [True, False, True, False]
    assert found[[1, 3]] == pytest.approx([0.02, 0.04])


def test_no_p_values_stay_none_and_the_input_stays_as_it_was():
    given_values = np.array([0.04, 0.5])
    adjust_p_values(given_values)
    assert given_values.tolist() == [0.04, 0.5]
    assert adjust_p_values([]).size == 0
    assert np.isnan(adjust_p_values([math.nan])).all()


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_a_p_value_outside_0_to_1_is_refused(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_p_values([0.5, wrong])


def test_an_unknown_method_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match=r"'holmes'.*mean 'holm'.*'bh', 'holm'"):
        adjust_p_values([0.5], method="holmes")


def test_mean_difference_is_welchs():
    # By hand: means 4 and 2, variances 2.5 and 1, of 5 and 3: se^2 = .5 + 1/3, df = 5.8824.
    difference, p = estimate_mean_difference([2, 3, 4, 5, 6], [1, 2, 3])
    assert difference.value == 2
    half = 2.4588 * math.sqrt(0.5 + 1 / 3)  # t quantile of 5.8824 degrees of freedom
    assert difference.low == pytest.approx(2 - half, abs=1e-3)
    assert difference.high == pytest.approx(2 + half, abs=1e-3)
    assert p == pytest.approx(0.0719, abs=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [([], [1.0], math.nan), ([1.0], [2.0, 3.0], -1.5), ([1.0, 1.0], [1.0, 1.0], 0.0),
     ([1.0, 1.0], [2.0, 4.0], -2.0), ([math.nan], [1.0], math.nan)],
)  # fmt: skip
def test_mean_difference_without_an_interval(first, second, value):
    difference, p = estimate_mean_difference(first, second)
    assert difference.value == pytest.approx(value, nan_ok=True)
    assert math.isnan(difference.low)
    assert math.isnan(p)
