import math
import tracemalloc

import numpy as np
import pytest

from cjm_research.statistics.intervals import estimate_proportion
from cjm_research.statistics.ranks import (
    count_effective,
    draw_shares,
    estimate_ranks,
    find_medians,
    resample_sums,
    vary_weights,
    weigh,
)


def test_ranks_of_a_few_draws_by_hand():
    draws = [[9, 5, 1], [9, 5, 1], [9, 1, 5], [5, 9, 1]]
    found = estimate_ranks(draws, [8.0, 6.0, 2.0])
    assert found.rank.tolist() == [1, 2, 3]
    assert found.rank_low.tolist() == [1, 1, 2]
    assert found.rank_high.tolist() == [2, 3, 3]
    assert found.first_share.tolist() == [0.75, 0.25, 0]
    assert found.top3_share.tolist() == [1, 1, 1]


def test_a_rare_rank_is_outside_the_interval():
    draws = np.tile([2.0, 1.0], (1000, 1))
    draws[:20] = [1.0, 2.0]
    found = estimate_ranks(draws, [2, 1])
    assert (found.rank_low[0], found.rank_high[0]) == (1, 1)
    assert found.first_share[0] == 0.98
    wide = estimate_ranks(draws, [2, 1], confidence=0.99)
    assert (wide.rank_low[0], wide.rank_high[0]) == (1, 2)


def test_equal_items_share_the_better_rank_and_stand_before_or_behind():
    found = estimate_ranks([[3, 3, 1]] * 50, [3, 3, 1])
    assert found.rank.tolist() == [1, 1, 3]
    assert found.rank_low.tolist() == [1, 1, 3]
    assert found.rank_high.tolist() == [2, 2, 3]
    assert found.first_share.tolist() == [0.5, 0.5, 0]


def test_shares_add_up_to_the_places_however_many_are_equal():
    draws = np.random.default_rng(1).integers(0, 3, size=(200, 7))
    found = estimate_ranks(draws, draws[0])
    assert found.first_share.sum() == pytest.approx(1)
    assert found.top3_share.sum() == pytest.approx(3)


def test_scores_that_differ_by_rounding_are_the_same():
    assert estimate_ranks([[0.3, 0.1 + 0.2]], [0.3, 0.1 + 0.2]).rank.tolist() == [1, 1]


def test_an_item_without_a_score_stands_last_in_that_draw():
    found = estimate_ranks([[math.nan, -5.0]], [1.0, 0.0])
    assert found.first_share.tolist() == [0, 1]
    assert found.rank_high.tolist() == [2, 2]


def test_the_interval_holds_the_rank_itself():
    found = estimate_ranks([[1, 2]] * 10, [2, 1])
    assert found.rank.tolist() == [1, 2]
    assert (found.rank_low[0], found.rank_high[0]) == (1, 2)


def test_without_resamples_there_are_ranks_only():
    found = estimate_ranks(np.empty((0, 2)), [1, 2])
    assert found.rank.tolist() == [2, 1]
    assert np.isnan(found[1:]).all()
    assert all(part.size == 0 for part in estimate_ranks(np.empty((5, 0)), []))


@pytest.mark.parametrize(
    ("draws", "values", "confidence", "message"),
    [
        ([[1, 2]], [1, 2, 3], 0.95, "one column per item"),
        ([[1, 2]], [1, math.nan], 0.95, "missing value has no rank"),
        ([[1, 2]], [1, 2], 95, "between 0 and 1"),
    ],
)
def test_what_cannot_be_ranked_is_refused(draws, values, confidence, message):
    with pytest.raises(ValueError, match=message):
        estimate_ranks(draws, values, confidence=confidence)


def test_items_are_ranked_in_any_order():
    random = np.random.default_rng(3)
    draws = random.random((300, 6))
    turned = random.permutation(6)
    found, again = (
        estimate_ranks(draws, draws[0]),
        estimate_ranks(draws[:, turned], draws[0, turned]),
    )
    for part, same in zip(found, again, strict=True):
        assert part[turned].tolist() == same.tolist()


def test_a_score_is_the_weighted_mean():
    assert weigh([[0.2, 0.8], [1, 0]], [3, 1]) == pytest.approx([0.35, 0.75])
    assert weigh([[[0.2, 0.8]], [[1, 0]]], [3, 1]) == pytest.approx(np.array([[0.35], [0.75]]))
    assert weigh([[0.2, 0.8]], [[3, 1], [0, 2]]) == pytest.approx(np.array([[0.35], [0.8]]))
    assert math.isnan(weigh([[0.2, math.nan]], [3, 1])[0])


@pytest.mark.parametrize("weights", [[0, 0], [1, -1], [1, 1, 1]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ValueError, match="weight"):
        weigh([[1, 2]], weights)


def test_who_is_ahead_in_everything_stays_first_by_any_weights():
    found = vary_weights([[0.9, 0.8], [0.7, 0.1], [0.1, 0.7]], [1, 1])
    assert found.rank.tolist() == [1, 2, 2]
    assert (found.rank_low[0], found.rank_high[0], found.first_share[0]) == (1, 1, 1)
    assert found.rank_low.tolist() == [1, 2, 2]
    assert found.rank_high.tolist() == [1, 3, 3]


def test_a_weight_of_0_can_turn_the_order_where_halving_cannot():
    # Halved or doubled: 0.9 against 0.35 at least; without the first column 0 against 0.1.
    columns = [[0.9, 0.0], [0.0, 0.1]]
    found = vary_weights(columns, [1, 1])
    assert (found.rank_low.tolist(), found.rank_high.tolist()) == ([1, 1], [2, 2])
    assert found.first_share.tolist() == [1, 0]
    nearly = vary_weights([[0.9, 0.0], [0.8, 0.1]], [1, 1], factor=1.001)
    assert nearly.first_share[0] == pytest.approx(0.5, abs=0.05)


def test_a_single_weight_orders_alike_whatever_it_is():
    found = vary_weights([[0.1], [0.5], [0.3]], [2])
    assert found.rank_low.tolist() == found.rank_high.tolist() == [3, 1, 2]


def test_a_column_without_weight_has_no_part():
    found = vary_weights([[0.1, 9], [0.5, 0]], [1, 0])
    assert found.rank_high.tolist() == [2, 1]


def test_weights_vary_by_a_factor_and_items_are_known():
    with pytest.raises(ValueError, match="above 1"):
        vary_weights([[1]], [1], factor=1)
    with pytest.raises(ValueError, match="no rank"):
        vary_weights([[math.nan]], [1])
    assert vary_weights(np.empty((0, 2)), [1, 1]).rank.size == 0
    assert np.isnan(vary_weights([[1]], [1], n_random=0).first_share).all()


def test_people_are_drawn_whole_and_as_many_as_there_are():
    told = np.random.default_rng(0).random((40, 1)) < 0.3
    columns = np.hstack([told, told, ~told])
    sums = resample_sums(columns, n_resamples=4000, random_state=1)
    assert (sums[:, 0] == sums[:, 1]).all()
    assert (sums[:, 0] + sums[:, 2] == 40).all()
    share = told.mean()
    assert sums[:, 0].mean() / 40 == pytest.approx(share, abs=0.01)
    assert sums[:, 0].std() / 40 == pytest.approx(math.sqrt(share * (1 - share) / 40), rel=0.05)


def test_the_same_seed_draws_the_same_people():
    columns = np.eye(5)
    first, again, other = (resample_sums(columns, random_state=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert resample_sums(np.empty((0, 2)), n_resamples=3).tolist() == [[0, 0]] * 3


def test_many_people_do_not_take_much_memory():
    # 10,000 people and 60 pain points with four severities, as columns of 0 and 1.
    columns = np.random.default_rng(0).random((10_000, 250)) < 0.03
    tracemalloc.start()
    sums = resample_sums(columns, n_resamples=2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sums.shape == (2000, 250)
    assert peak < 100 * 2**20


def test_medians_of_counts_are_medians_of_the_values():
    random = np.random.default_rng(2)
    counts = random.integers(0, 4, size=(30, 5, 4))
    counts[0, 0] = 0
    levels = [1.0, 2.0, 3.0, 4.0]
    expected = [
        [np.median(np.repeat(levels, cell)) if cell.sum() else math.nan for cell in row]
        for row in counts
    ]
    assert find_medians(counts, levels) == pytest.approx(np.array(expected), nan_ok=True)
    assert np.isnan(find_medians(np.empty((2, 3, 0)), [])).all()


@pytest.mark.parametrize(("count", "n"), [(0, 20), (3, 20), (10, 20), (20, 20), (797, 1391)])
def test_an_interval_of_people_is_worth_those_people(count, n):
    found = estimate_proportion(count, n)
    assert count_effective(*found)[()] == pytest.approx(n)


def test_a_wider_interval_is_worth_fewer_people():
    narrow = estimate_proportion(12, 60)
    assert count_effective([0.2], [0.2 - 0.16], [0.2 + 0.16])[0] < 30
    n = count_effective([0.2, 0.2, 0.2, math.nan], [0.2, 0, math.nan, 0], [0.2, 1, 0.5, 1])
    assert n[0] == math.inf
    assert n[1] == 0
    assert np.isnan(n[2:]).all()
    assert count_effective(*narrow)[()] == pytest.approx(60)


def test_drawn_shares_spread_as_their_interval_does():
    found = estimate_proportion(30, 100)
    none = estimate_proportion(0, 50)
    draws = draw_shares(
        [found.value, none.value, 0.4, math.nan],
        [found.low, none.low, math.nan, math.nan],
        [found.high, none.high, math.nan, math.nan],
        n_resamples=20_000,
    )
    low, high = np.quantile(draws[:, 0], [0.025, 0.975])
    assert (low, high) == pytest.approx((found.low, found.high), abs=0.01)
    assert (draws[:, 1] > 0).all()
    assert (draws[:, 2] == 0.4).all()
    assert np.isnan(draws[:, 3]).all()
    assert abs(np.corrcoef(draws[:, 0], draws[:, 1])[0, 1]) < 0.03
