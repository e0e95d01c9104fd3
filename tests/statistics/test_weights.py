import math

import numpy as np
import pytest
import statsmodels.api as sm

from cjm_research.statistics.people import estimate_pooled_share
from cjm_research.statistics.weights import estimate_weighted_share, measure_weighting

RNG = np.random.default_rng(8)
WHO = np.repeat(np.arange(30), RNG.integers(1, 9, 30))
VALUES = (RNG.random(WHO.size) < RNG.beta(2, 3, 30)[WHO]).astype(float)
WEIGHTS = RNG.uniform(0.5, 4, WHO.size)


def test_kish_by_the_worked_example():
    found = measure_weighting([1, 1, 1, 1, 2, 2, 4])
    assert found.n == 7
    assert found.n_effective == pytest.approx(5.142857, abs=1e-6)
    assert found.design_effect == pytest.approx(1.361111, abs=1e-6)


def test_equal_weights_cost_nothing_and_scale_does_not_matter():
    assert measure_weighting([3.0] * 11) == pytest.approx((11, 11, 1))
    assert measure_weighting([2, 4, 10]) == pytest.approx(measure_weighting([0.2, 0.4, 1.0]))
    none = measure_weighting([])
    assert (none.n, none.n_effective) == (0, 0)
    assert math.isnan(none.design_effect)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_is_above_nought(wrong):
    with pytest.raises(ValueError, match="every weight must be a number above 0"):
        measure_weighting([1, wrong])
    with pytest.raises(ValueError, match="every weight must be a number above 0"):
        estimate_weighted_share([1, 0], [1, wrong], ["a", "b"])


def test_the_linearised_standard_error_is_that_of_statsmodels():
    found = estimate_weighted_share(VALUES, WEIGHTS, WHO)
    model = sm.WLS(VALUES, np.ones(WHO.size), weights=WEIGHTS)
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": WHO})
    assert found.share.value == pytest.approx(float(fitted.params[0]))
    assert found.standard_error == pytest.approx(float(fitted.bse[0]))
    assert (found.n_units, found.n_participants, found.reason) == (WHO.size, 30, "")
    assert 0 < found.share.low < found.share.value < found.share.high < 1
    independent = found.share.value * (1 - found.share.value) / found.standard_error**2
    assert found.n_effective == pytest.approx(independent)
    assert found.design_effect == pytest.approx(WHO.size / independent)


def test_one_unit_each_of_equal_weight_is_the_simple_standard_error():
    found = estimate_weighted_share([1] * 7 + [0] * 13, [2.5] * 20, range(20))
    assert found.share.value == 0.35
    assert found.standard_error == pytest.approx(math.sqrt(0.35 * 0.65 / 19))
    assert found.design_effect == pytest.approx(20 / 19)


def test_a_unit_of_weight_two_moves_the_share_like_two_units():
    values, weights = [1, 0] * 10, [2, 1] * 10
    doubled = estimate_weighted_share(values, weights, range(20))
    assert doubled.share.value == pytest.approx(2 / 3)


def test_rows_in_any_order_and_people_of_any_name():
    order = RNG.permutation(WHO.size)
    names = np.array([f"person {n}" for n in range(30)])
    one = estimate_weighted_share(VALUES, WEIGHTS, WHO)
    two = estimate_weighted_share(VALUES[order], 10 * WEIGHTS[order], list(names[WHO[order]]))
    assert two.share == pytest.approx(one.share)
    assert two.standard_error == pytest.approx(one.standard_error)


def test_the_sums_over_people_give_the_same_interval():
    sums = [np.bincount(WHO, w) for w in (WEIGHTS * VALUES, WEIGHTS, WEIGHTS**2)]
    pooled = estimate_pooled_share(*sums)
    found = estimate_weighted_share(VALUES, WEIGHTS, WHO)
    assert found.share == pytest.approx(pooled.share)


def test_no_units_few_people_and_no_spread():
    none = estimate_weighted_share([], [], [])
    assert math.isnan(none.share.value)
    assert (none.n_units, none.n_participants, none.reason) == (0, 0, "no units")
    nine = estimate_weighted_share([1, 0, 1] * 3, [1.0] * 9, range(9))
    assert nine.share.value == pytest.approx(2 / 3)
    assert math.isnan(nine.share.low)
    assert nine.reason == "no interval: 9 participants, 10 are needed"
    same = estimate_weighted_share([0] * 12, [1.0] * 12, range(12))
    assert (same.share.value, same.share.low, same.standard_error) == (0, 0, 0)
    assert 0.1 < same.share.high < 0.4
    assert math.isnan(same.n_effective)
    assert math.isnan(same.design_effect)


@pytest.mark.parametrize(
    ("values", "weights", "people", "words"),
    [
        ([1, 0], [1, 1], ["a"], "one value per unit"),
        ([1], [1, 1], ["a", "b"], "one value per unit"),
        ([1, 0.5], [1, 1], ["a", "b"], r"values are 1 or 0; got \[0.5\]"),
    ],
)
def test_what_does_not_fit_is_an_error(values, weights, people, words):
    with pytest.raises(ValueError, match=words):
        estimate_weighted_share(values, weights, people)
