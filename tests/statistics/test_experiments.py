import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from cjm_research.statistics import (
    always_valid_difference,
    check_sample_ratio,
    estimate_difference,
    find_minimum_detectable_effect,
    find_sample_size,
)


def test_a_small_gap_between_very_many_people_is_a_mismatch():
    # 6 106 more of 1 637 070: chi-squared 6106 ** 2 / 1637070 (Kohavi, Tang and Xu 2020,
    # Trustworthy Online Controlled Experiments, chapter 21: p = 1.8E-6).
    found = check_sample_ratio([821_588, 815_482])
    assert found.chi2 == pytest.approx(6106**2 / 1_637_070)
    assert found.p == pytest.approx(1.8e-6, rel=0.02)
    assert found.mismatch is True


def test_the_same_gap_between_few_people_is_chance():
    found = check_sample_ratio([511, 489])
    assert found.chi2 == pytest.approx(22**2 / 1000)
    assert found.p == pytest.approx(2 * norm.sf(math.sqrt(0.484)))
    assert found.mismatch is False


@pytest.mark.parametrize("shares", [(0.9, 0.1), (90, 10)])
def test_planned_shares_are_held_against_the_counts(shares):
    assert check_sample_ratio([900, 100], shares) == (0, 1, False)
    # 850 and 150 for 900 and 100: 2500/900 + 2500/100.
    found = check_sample_ratio([850, 150], shares)
    assert found.chi2 == pytest.approx(250 / 9)
    assert found.mismatch is True


def test_a_mismatch_is_called_below_one_in_a_thousand():
    # Chi-squared of 10.83 with one degree of freedom is the edge: 10.76 against 10.89.
    assert check_sample_ratio([5164, 4836]).mismatch is False
    assert check_sample_ratio([5165, 4835]).mismatch is True


@pytest.mark.parametrize(
    ("counts", "shares"), [([9, 0], None), ([0, 0], None), ([80, 19], (0.96, 0.04))]
)
def test_with_fewer_than_five_expected_it_cannot_be_told(counts, shares):
    found = check_sample_ratio(counts, shares)
    assert math.isnan(found.chi2)
    assert math.isnan(found.p)
    assert found.mismatch is None


def test_five_expected_are_enough():
    assert check_sample_ratio([10, 0]).chi2 == 10


@pytest.mark.parametrize(
    ("counts", "shares", "message"),
    [
        ([10], None, "two arms"),
        ([10, -1], None, "two arms"),
        ([10, 10], [1, 1, 1], "two arms"),
        ([10, 10], [1, 0], "above 0"),
        ([10, 10], [1, math.nan], "above 0"),
    ],
)
def test_arms_without_sense_are_refused(counts, shares, message):
    with pytest.raises(ValueError, match=message):
        check_sample_ratio(counts, shares)


# R's power.prop.test gives 1093.739 and 76.7 (the latter on its help page).
@pytest.mark.parametrize(
    ("base_rate", "effect", "power", "n"),
    [(0.2, 0.05, 0.8, 1094), (0.25, -0.05, 0.8, 1094), (0.5, 0.25, 0.9, 77)],
)
def test_the_sample_size_is_that_of_r(base_rate, effect, power, n):
    assert find_sample_size(base_rate, effect, power=power) == n


def test_the_sample_size_is_right_by_hand():
    # 20 % to 25 %: (z sqrt(2 * .225 * .775) + z' sqrt(.2 * .8 + .25 * .75)) ** 2 / .05 ** 2
    null, effect = math.sqrt(2 * 0.225 * 0.775), math.sqrt(0.16 + 0.1875)
    n = ((norm.ppf(0.995) * null + norm.ppf(0.95) * effect) / 0.05) ** 2
    assert find_sample_size(0.2, 0.05, power=0.95, alpha=0.01) == math.ceil(n)


def test_the_planned_size_shows_the_planned_effect_as_often_as_planned():
    random = np.random.default_rng(1)
    a, b = random.binomial(1094, 0.2, 20_000) / 1094, random.binomial(1094, 0.25, 20_000) / 1094
    pooled = (a + b) / 2
    shown = np.abs(b - a) > norm.ppf(0.975) * np.sqrt(2 * pooled * (1 - pooled) / 1094)
    assert shown.mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("base_rate", "effect", "power", "alpha"),
    [(0.2, 0.0, 0.8, 0.05), (0.2, 0.9, 0.8, 0.05), (0.2, -0.3, 0.8, 0.05),
     (1.2, -0.5, 0.8, 0.05), (0.2, 0.1, 0.05, 0.1), (0.2, 0.1, 1.0, 0.05), (0.2, 0.1, 0.8, 0.0)],
)  # fmt: skip
def test_plans_without_sense_are_refused(base_rate, effect, power, alpha):
    with pytest.raises(ValueError, match="base_rate"):
        find_sample_size(base_rate, effect, power=power, alpha=alpha)


@pytest.mark.parametrize("base_rate", [0.0, 0.02, 0.2, 0.7])
@pytest.mark.parametrize("n", [60, 1094])
def test_the_detectable_effect_is_the_one_that_needs_this_many(base_rate, n):
    effect = find_minimum_detectable_effect(n, n, base_rate, power=0.9, alpha=0.1)
    assert find_sample_size(base_rate, effect * 1.0001, power=0.9, alpha=0.1) == n
    assert find_sample_size(base_rate, effect * 0.9999, power=0.9, alpha=0.1) > n


def test_at_20_percent_and_1094_people_an_arm_5_points_can_be_seen():
    assert find_minimum_detectable_effect(1094, 1094, 0.2) == pytest.approx(0.05, abs=1e-4)


def test_unequal_groups_are_each_taken_with_their_own_number():
    # By hand at the effect d: d = z sd(pooled) + z' sd(own), with n 100 at 50 %, 10 000 above.
    effect = find_minimum_detectable_effect(100, 10_000, 0.5)
    raised = 0.5 + effect
    pooled = (0.5 * 100 + raised * 10_000) / 10_100
    null = math.sqrt(pooled * (1 - pooled) * (1 / 100 + 1 / 10_000))
    own = math.sqrt(0.25 / 100 + raised * (1 - raised) / 10_000)
    assert effect == pytest.approx(norm.ppf(0.975) * null + norm.ppf(0.8) * own, rel=1e-5)
    assert find_minimum_detectable_effect(10_000, 100, 0.5) != pytest.approx(effect, rel=1e-3)


@pytest.mark.parametrize("plan", [(0, 50, 0.2), (50, 0, 0.2), (50, 50, 1.0), (2, 2, 0.5)])
def test_where_no_effect_is_in_reach_there_is_none(plan):
    assert math.isnan(find_minimum_detectable_effect(*plan))


@pytest.mark.parametrize("plan", [(-1, 50, 0.2), (50, -1, 0.2), (50, 50, -0.1), (50, 50, 1.1)])
def test_impossible_groups_are_refused(plan):
    with pytest.raises(ValueError, match="must"):
        find_minimum_detectable_effect(*plan)


def half_width(n, mixed, alpha=0.05):
    """Half the interval of Waudby-Smith et al. (2024) for unit variance, by their formula."""
    spread = mixed / n
    inner = math.log(math.sqrt(n * spread + 1) / alpha)
    return math.sqrt(2 * (n * spread + 1) / (n**2 * spread) * inner)


def test_an_always_valid_interval_is_right_by_hand():
    # 120 and 90 of 500, tuned for 1 000: x solves x = log((x + 1) / .05 ** 2), so 8.2118, and
    # the half is sqrt(x + 1) = 3.0351 errors; the variances are those of 121 and 91 of 502.
    p, q = 121 / 502, 91 / 502
    error = math.sqrt((p * (1 - p) + q * (1 - q)) / 500)
    found = always_valid_difference(120, 500, 90, 500)
    assert found.value == pytest.approx(0.06)
    assert (found.low, found.high) == pytest.approx(
        (0.06 - 3.0351 * error, 0.06 + 3.0351 * error), abs=1e-5
    )


@pytest.mark.parametrize("n", [100, 1000, 20_000])
def test_away_from_the_tuned_number_it_is_the_published_formula(n):
    found = always_valid_difference(n // 4, n // 2, n // 4, n // 2)
    share = (n // 4 + 1) / (n // 2 + 2)
    # An observation of t people has t times the variance of the difference.
    deviation = math.sqrt(n * 2 * share * (1 - share) / (n // 2))
    half = deviation * half_width(n, 8.2118 * n / 1000)
    assert found == pytest.approx((0, -min(1, half), min(1, half)), rel=1e-4, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_no_other_tuning_is_narrower_at_the_tuned_number(alpha):
    best = minimize_scalar(lambda x: half_width(2000, x, alpha), bounds=(0.5, 50), method="bounded")
    found = always_valid_difference(500, 1000, 500, 1000, confidence=1 - alpha, tuned_for=2000)
    deviation = math.sqrt(2000 * 2 * 0.25 / 1000)
    assert found.high == pytest.approx(deviation * best.fun, rel=1e-5)


def test_two_groups_without_a_hit_are_no_certainty():
    found = always_valid_difference(0, 20, 0, 20)
    assert found.value == 0
    assert found.high == -found.low > 0.15


def test_few_people_leave_the_whole_scale_open():
    assert always_valid_difference(1, 1, 0, 1) == (1, -1, 1)


@pytest.mark.parametrize("counts", [(0, 0, 3, 5), (3, 5, 0, 0)])
def test_a_group_of_nobody_has_no_difference(counts):
    assert all(math.isnan(part) for part in always_valid_difference(*counts))


def test_impossible_counts_and_tunings_are_refused():
    with pytest.raises(ValueError, match="between 0 and n"):
        always_valid_difference(6, 5, 1, 5)
    with pytest.raises(ValueError, match="at least 1 participant"):
        always_valid_difference(1, 5, 1, 5, tuned_for=0)


def looks(random, share, step):
    """Two groups of the same share, as they stand at 50 looks."""
    sizes = step * np.arange(1, 51)
    counts = [np.cumsum(random.random(sizes[-1]) < share)[sizes - 1] for _ in range(2)]
    return [(int(a), int(n), int(b), int(n)) for a, b, n in zip(*counts, sizes, strict=True)]


def ever_wrong(estimate, seen):
    return any(not found.low <= 0 <= found.high for found in (estimate(*look) for look in seen))


@pytest.mark.parametrize(("share", "step"), [(0.2, 20), (0.05, 20), (0.5, 4)])
def test_fifty_looks_keep_the_error_that_a_fixed_interval_multiplies(share, step):
    random = np.random.default_rng(20260401)
    runs = [looks(random, share, step) for _ in range(400)]
    assert np.mean([ever_wrong(always_valid_difference, seen) for seen in runs]) <= 0.05
    assert np.mean([ever_wrong(estimate_difference, seen) for seen in runs[:60]]) > 0.15


def test_an_always_valid_interval_sees_a_true_effect_in_the_end():
    random = np.random.default_rng(2)
    found = always_valid_difference(
        random.binomial(4000, 0.25), 4000, random.binomial(4000, 0.20), 4000
    )
    assert 0 < found.low < 0.05 < found.high
