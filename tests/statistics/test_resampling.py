import math
import time

import numpy as np
import pytest

from cjm_research.errors import UnknownNameError
from cjm_research.statistics import estimate_mean
from cjm_research.statistics.resampling import estimate_by_resampling, resample_totals


def mean_of(totals):
    return totals[:, 0] / totals[:, 1]


def with_ones(values):
    return np.column_stack([values, np.ones(len(values))])


VALUES = np.array([3.0, 8, 1, 4, 4, 9, 2, 6, 5, 7, 12, 3, 5, 1, 10, 6, 2, 8])


def test_people_are_drawn_whole_and_as_many_as_there_are():
    # The second column is twice the first, and the third counts people.
    table = np.column_stack([VALUES, 2 * VALUES, np.ones(18)])
    totals = resample_totals(table, n_resamples=500)
    assert totals.shape == (500, 3)
    assert (totals[:, 1] == 2 * totals[:, 0]).all()
    assert (totals[:, 2] == 18).all()
    # 18 draws: the total's mean and standard deviation are known.
    assert totals[:, 0].mean() == pytest.approx(VALUES.sum(), abs=4 * totals[:, 0].std() / 500**0.5)
    assert totals[:, 0].std() == pytest.approx(VALUES.std() * math.sqrt(18), rel=0.1)


def test_many_people_of_few_kinds_are_drawn_alike():
    # Both ways of drawing, for few kinds and for many, give the binomial's spread.
    few = np.repeat([0.0, 1.0], [700, 300])
    many = np.column_stack([few, np.arange(1000)])
    for table in (few[:, None], many):
        totals = resample_totals(table, n_resamples=2000)[:, 0]
        assert totals.mean() == pytest.approx(300, abs=1.5)
        assert totals.std() == pytest.approx(math.sqrt(210), rel=0.08)


@pytest.mark.parametrize("method", ["t", "percentile"])
def test_the_order_of_the_people_changes_nothing(method):
    order = np.random.default_rng(2).permutation(18)
    one = estimate_by_resampling(with_ones(VALUES), mean_of, method=method)
    two = estimate_by_resampling(with_ones(VALUES[order]), mean_of, method=method)
    assert two.estimate == pytest.approx(one.estimate)
    again = estimate_by_resampling(with_ones(VALUES), mean_of, method=method)
    other = estimate_by_resampling(with_ones(VALUES), mean_of, method=method, random_state=1)
    assert again == one
    assert other.standard_error != one.standard_error


def test_a_mean_of_many_has_the_usual_interval():
    values = np.random.default_rng(5).normal(10, 2, 400)
    usual = estimate_mean(values)
    for method in ("t", "percentile"):
        found = estimate_by_resampling(with_ones(values), mean_of, method=method)
        assert found.estimate.value == pytest.approx(usual.value)
        assert found.estimate[1:] == pytest.approx(usual[1:], abs=0.02)
        assert found.standard_error == pytest.approx(values.std() / 20, rel=0.06)
        assert (found.n_people, found.n_undefined, found.reason) == (400, 0, "")


def test_bootstrap_t_is_wider_for_few_and_leans_with_the_skew():
    skewed = np.random.default_rng(7).lognormal(0, 1, 15)
    plain = estimate_by_resampling(with_ones(skewed), mean_of, method="percentile").estimate
    better = estimate_by_resampling(with_ones(skewed), mean_of).estimate
    assert better.high - better.low > plain.high - plain.low
    assert better.high - better.value > 1.2 * (better.value - better.low)


def test_a_ratio_leans_on_its_own_standard_error():
    # Hits over excerpts: the linearised standard error of a ratio, by hand.
    hits = np.array([0, 3, 1, 7, 0, 2, 9, 0, 4, 1, 0, 5.0])
    totals = np.array([4, 3, 6, 8, 1, 2, 20, 5, 4, 3, 7, 9.0])
    found = estimate_by_resampling(np.column_stack([hits, totals]), mean_of, n_resamples=4000)
    share = 32 / 72
    error = math.sqrt(12 / 11 * ((hits - share * totals) ** 2).sum()) / 72
    assert found.estimate.value == pytest.approx(share)
    # Half its width is some bootstrap quantile of t, at about 2.2 with 11 degrees of freedom.
    assert 1.7 < (found.estimate.high - found.estimate.low) / 2 / error < 3.5


def test_a_wider_confidence_is_wider_and_holds_the_value():
    narrow = estimate_by_resampling(with_ones(VALUES), mean_of, confidence=0.8).estimate
    wide = estimate_by_resampling(with_ones(VALUES), mean_of, confidence=0.99).estimate
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_one_column_may_be_flat_and_ranks_need_percentiles():
    found = estimate_by_resampling(VALUES, lambda totals: totals[:, 0], method="percentile")
    assert found.estimate.low < found.estimate.value == VALUES.sum() < found.estimate.high
    table = np.column_stack([VALUES, VALUES[::-1] + 3])
    rank = estimate_by_resampling(
        table, lambda totals: 1.0 + (totals[:, 1] > totals[:, 0]), method="percentile"
    )
    assert rank.estimate.value == 2
    assert 1 <= rank.estimate.low <= rank.estimate.high == 2


def test_figures_without_an_answer_are_told():
    nobody = estimate_by_resampling(np.empty((0, 2)), mean_of)
    assert math.isnan(nobody.estimate.value)
    assert nobody.reason == "nobody"
    nine = estimate_by_resampling(with_ones(VALUES[:9]), mean_of)
    assert nine.estimate.value == pytest.approx(VALUES[:9].mean())
    assert math.isnan(nine.estimate.low)
    assert nine.reason == "no interval: 9 participants, 10 are needed"
    one = estimate_by_resampling(with_ones(VALUES[:1]), mean_of)
    assert one.reason == "no interval: 1 participant, 10 are needed"


@pytest.mark.parametrize("method", ["t", "percentile"])
def test_people_who_are_all_alike_show_no_spread(method):
    same = estimate_by_resampling(with_ones(np.full(20, 4.0)), mean_of, method=method)
    assert same.estimate.value == 4
    assert math.isnan(same.estimate.low)
    assert same.reason == "no interval: all participants give the same figure"


def test_draws_without_a_figure_are_counted():
    # Of 20 people two count: no draw of them leaves 0 / 0.
    part, whole = np.repeat([1.0, 0.0], [1, 19]), np.repeat([1.0, 0.0], [2, 18])
    table = np.column_stack([part, whole])
    found = estimate_by_resampling(table, mean_of, method="percentile")
    assert found.estimate.value == 0.5
    assert found.n_undefined / 2000 == pytest.approx(0.9**20, abs=0.03)
    assert found.reason == "no interval: too many draws of people have no figure"
    none = estimate_by_resampling(np.zeros((20, 2)), mean_of)
    assert none.reason == "the figure is not defined for these people"


def test_hardly_any_spread_gives_no_bootstrap_t():
    # One of 20 differs: a draw without that one has no standard error.
    values = np.repeat([1.0, 0.0], [1, 19])
    found = estimate_by_resampling(with_ones(values), mean_of)
    assert math.isnan(found.estimate.low)
    assert found.reason == "no interval: too many draws of people have no figure"


def test_what_does_not_fit_is_an_error():
    with pytest.raises(UnknownNameError, match="no method of resampling 'bca'"):
        estimate_by_resampling(with_ones(VALUES), mean_of, method="bca")
    with pytest.raises(ValueError, match="there is nobody to draw"):
        resample_totals([])
    with pytest.raises(ValueError, match="without NaN"):
        resample_totals([1.0, math.nan])
    with pytest.raises(ValueError, match="a row of numbers per person"):
        resample_totals(np.zeros((2, 2, 2)))


def test_a_hundred_thousand_people_take_seconds():
    table = with_ones(np.random.default_rng(0).normal(size=100_000))
    start = time.process_time()
    totals = resample_totals(table, n_resamples=200)
    # A tenth of what is drawn in practice; a multinomial draw of each would take six times this.
    assert time.process_time() - start < 3
    assert totals[:, 0].std() == pytest.approx(math.sqrt(100_000), rel=0.2)
