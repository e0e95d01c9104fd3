import math

import numpy as np
import pytest
from scipy.stats import norm, t

from cjm_research.statistics import estimate_clustered_proportion, estimate_proportion


def sums_over(hits, totals):
    """The sums that an engine would give, from hits and units per participant."""
    y, m = np.asarray(hits), np.asarray(totals)
    return {
        "n_clusters": m.size,
        "total": int(m.sum()),
        "hits": int(y.sum()),
        "sum_hits_squared": float((y * y).sum()),
        "sum_products": float((y * m).sum()),
        "sum_totals_squared": float((m * m).sum()),
    }


def wilson(share, n, z):
    centre = (share * n + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(n * share * (1 - share) + z**2 / 4)
    return centre - half, centre + half


HITS = [0, 3, 1, 7, 0, 2, 9, 0, 4, 1, 0, 5]
VISITS = [4, 3, 6, 8, 1, 2, 20, 5, 4, 3, 7, 9]


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_sums_give_what_the_participants_themselves_give(confidence):
    y, m = np.array(HITS), np.array(VISITS)
    share = y.sum() / m.sum()
    between = 12 / 11 * ((y - share * m) ** 2).sum() / m.sum() ** 2
    effect = between / (share * (1 - share) / m.sum())
    freedom = m.sum() ** 2 / (m**2).sum() - 1
    level = 0.5 + confidence / 2
    z = norm.ppf(level)
    n = m.sum() / effect * (z / t.ppf(level, freedom)) ** 2
    found = estimate_clustered_proportion(**sums_over(y, m), confidence=confidence)
    assert effect > 1
    assert found == pytest.approx((share, *wilson(share, n, z)))


def test_twenty_people_with_one_visit_each_are_nearly_a_simple_sample():
    # By hand: J/(J - 1) gives a design effect of 20/19, and t with 19 degrees is 2.093024.
    n = 20 / (20 / 19) * (1.959964 / 2.093024) ** 2
    found = estimate_clustered_proportion(**sums_over([1] * 7 + [0] * 13, [1] * 20))
    assert found == pytest.approx((0.35, *wilson(0.35, n, 1.959964)), abs=1e-6)
    simple = estimate_proportion(7, 20)
    assert found.low < simple.low < simple.high < found.high


def test_visits_that_differ_within_people_more_than_between_count_as_independent():
    # All people hit in exactly half of their visits: the design effect would be 0.
    found = estimate_clustered_proportion(**sums_over([2] * 30, [4] * 30))
    n = 120 * (norm.ppf(0.975) / t.ppf(0.975, 29)) ** 2
    assert found == pytest.approx((0.5, *wilson(0.5, n, norm.ppf(0.975))))


@pytest.mark.parametrize(("hits", "share"), [([0] * 12, 0.0), ([8] * 12, 1.0)])
def test_when_all_visits_agree_a_participants_count_as_one(hits, share):
    found = estimate_clustered_proportion(**sums_over(hits, [8] * 12))
    z2 = norm.ppf(0.975) ** 2
    n = 12 * z2 / t.ppf(0.975, 11) ** 2
    width = z2 / (n + z2)
    assert found == pytest.approx((share, share * (1 - width), share + (1 - share) * width))


def test_when_a_few_make_nearly_all_visits_there_is_a_share_and_no_interval():
    # 17 with one visit and 3 with w weigh like (17 + 3 w) ** 2 / (17 + 3 w ** 2) people: like
    # five where w is 18.8.
    some = estimate_clustered_proportion(**sums_over([0] * 17 + [5] * 3, [1] * 17 + [18] * 3))
    assert some.low < 15 / 71 < some.high
    few = estimate_clustered_proportion(**sums_over([0] * 17 + [5] * 3, [1] * 17 + [19] * 3))
    assert few.value == 15 / 74
    assert math.isnan(few.low)
    assert math.isnan(few.high)


def test_below_ten_participants_there_is_a_share_and_no_interval():
    nine = estimate_clustered_proportion(**sums_over(HITS[:9], VISITS[:9]))
    assert nine.value == pytest.approx(sum(HITS[:9]) / sum(VISITS[:9]))
    assert math.isnan(nine.low)
    assert math.isnan(nine.high)
    ten = estimate_clustered_proportion(**sums_over(HITS[:10], VISITS[:10]))
    assert 0 < ten.low < ten.value < ten.high < 1


def test_no_visits_are_no_data():
    assert all(math.isnan(part) for part in estimate_clustered_proportion(**sums_over([], [])))


@pytest.mark.parametrize(
    "wrong",
    [
        {"hits": -1},
        {"hits": 73},
        {"n_clusters": 73},
        {"n_clusters": 0},
        {"sum_hits_squared": 31.0},
        {"sum_hits_squared": 500.0},
        {"sum_products": 900.0},
        {"sum_products": 100.0},
    ],
)
def test_sums_that_no_visits_can_have_are_refused(wrong):
    sums = sums_over(HITS, VISITS)
    assert (sums["hits"], sums["total"]) == (32, 72)
    with pytest.raises(ValueError, match="sums over participants"):
        estimate_clustered_proportion(**sums | wrong)


def test_clustered_covers_the_truth_where_wilson_over_visits_fails():
    # 15 people with 12 visits each, intra-class correlation .3, true share .3.
    random = np.random.default_rng(7)
    truth, correlation, visits = 0.3, 0.3, np.full(15, 12)
    a = truth * (1 - correlation) / correlation
    b = (1 - truth) * (1 - correlation) / correlation
    covered = {"clustered": 0, "naive": 0}
    for _ in range(1500):
        hits = random.binomial(visits, random.beta(a, b, 15))
        clustered = estimate_clustered_proportion(**sums_over(hits, visits))
        naive = estimate_proportion(int(hits.sum()), int(visits.sum()))
        covered["clustered"] += clustered.low <= truth <= clustered.high
        covered["naive"] += naive.low <= truth <= naive.high
    assert 0.93 <= covered["clustered"] / 1500 <= 0.97
    assert covered["naive"] / 1500 < 0.75


def test_clustered_covers_the_truth_when_people_visit_very_unequally():
    random = np.random.default_rng(11)
    covered = 0
    for _ in range(1500):
        visits = random.geometric(1 / 8, 40)
        hits = random.binomial(visits, random.beta(2, 2, 40))
        found = estimate_clustered_proportion(**sums_over(hits, visits))
        covered += found.low <= 0.5 <= found.high
    assert 0.93 <= covered / 1500 <= 0.97
