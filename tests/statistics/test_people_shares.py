import math

import numpy as np
import pytest
from scipy.stats import t

from cjm_research.statistics import estimate_mean
from cjm_research.statistics.logit import find_logit_limits
from cjm_research.statistics.people import estimate_person_share, estimate_pooled_share

HITS = [0, 3, 1, 7, 0, 2, 9, 0, 4, 1, 0, 5]
TOTALS = [4, 3, 6, 8, 1, 2, 20, 5, 4, 3, 7, 9]


def logit(share):
    return math.log(share / (1 - share))


def test_logit_limits_by_hand():
    low, high = find_logit_limits(0.2, 0.05, df=14)
    reach = t.ppf(0.975, 14) * 0.05 / 0.16
    assert (logit(low), logit(high)) == pytest.approx((logit(0.2) - reach, logit(0.2) + reach))
    wide = find_logit_limits(0.2, 0.05, df=14, confidence=0.99)
    assert wide[0] < low < 0.2 < high < wide[1]
    # However great the error, a share stays a share.
    assert 0 <= find_logit_limits(0.01, 0.5, df=3)[0] < find_logit_limits(0.01, 0.5, df=3)[1] <= 1


@pytest.mark.parametrize("share", [0, 1, -0.1, math.nan])
def test_logit_limits_need_a_share_strictly_between(share):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        find_logit_limits(share, 0.1, df=9)


def test_each_participant_counts_once():
    found = estimate_person_share(HITS, TOTALS)
    own = [hits / total for hits, total in zip(HITS, TOTALS, strict=True)]
    assert found.value == pytest.approx(sum(own) / 12)
    assert found.value == pytest.approx(estimate_mean(own).value)
    # Twelve people's shares, and half a person's who is undecided, by hand.
    shares, times = np.array([*own, 0.5]), np.array([1.0] * 12 + [0.5])
    mean = (shares * times).sum() / 12.5
    variance = (times * (shares - mean) ** 2).sum() * 12.5 / 11.5 / 12.5**2
    reach = t.ppf(0.975, 11.5) * math.sqrt(variance) / (mean * (1 - mean))
    limits = [1 / (1 + math.exp(-logit(mean) - sign * reach)) for sign in (-1, 1)]
    assert found[1:] == pytest.approx(limits)


def test_who_talks_much_moves_the_pooled_share_and_not_the_mean_of_peoples_own():
    hits, totals = [1] * 10 + [90], [2] * 10 + [90]
    assert estimate_person_share(hits, totals).value == pytest.approx(6 / 11)
    assert estimate_pooled_share(hits, totals, totals).share.value == pytest.approx(100 / 110)


@pytest.mark.parametrize(("each", "share"), [(0, 0.0), (6, 1.0)])
def test_nobody_and_everybody(each, share):
    found = estimate_person_share([each] * 15, [6] * 15)
    assert found.value == share
    assert min(abs(found.low - share), abs(found.high - share)) == 0
    assert 0.1 < found.high - found.low < 0.4
    more = estimate_person_share([each] * 150, [6] * 150)
    assert more.high - more.low < found.high - found.low


def test_when_all_people_say_the_same_share_their_excerpts_still_leave_a_doubt():
    found = estimate_person_share([3] * 20, [6] * 20)
    # The independent excerpts' variance is the least: 1 / 4 / 6 of each of 20 people.
    reach = t.ppf(0.975, 19.5) * math.sqrt(20 / 6 / 4) / 20.5 / 0.25
    assert found == pytest.approx((0.5, 1 / (1 + math.exp(reach)), 1 / (1 + math.exp(-reach))))


def test_who_said_nothing_has_no_share():
    assert estimate_person_share([*HITS, 0], [*TOTALS, 0]) == estimate_person_share(HITS, TOTALS)
    assert all(math.isnan(part) for part in estimate_person_share([0, 0], [0, 0]))
    assert all(math.isnan(part) for part in estimate_person_share([], []))


@pytest.mark.parametrize("n", [1, 2, 9])
def test_below_ten_participants_there_is_a_share_and_no_interval(n):
    found = estimate_person_share(HITS[:n], TOTALS[:n])
    assert found.value == pytest.approx(np.mean(np.array(HITS[:n]) / TOTALS[:n]))
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert not math.isnan(estimate_person_share(HITS[:10], TOTALS[:10]).low)


def test_reasons_and_errors_of_few_people():
    nobody = estimate_pooled_share([], [], [])
    assert (nobody.n_people, nobody.reason) == (0, "nobody")
    one = estimate_pooled_share([1], [2], [2])
    assert one.share.value == 0.5
    assert math.isnan(one.standard_error)
    assert one.reason == "no interval: 1 participant, 10 are needed"
    # 17 light people and 3 of weight w count like (17 + 3 w) ** 2 / (17 + 3 w ** 2).
    heavy = estimate_pooled_share([0] * 17 + [5] * 3, [1] * 17 + [19] * 3, [1] * 17 + [19] * 3)
    assert heavy.n_effective == pytest.approx(74**2 / 1100)
    assert "like 5.0 of equal weight" in heavy.reason
    assert math.isnan(heavy.share.low)


def test_scale_of_the_weights_and_order_of_the_people_do_not_matter():
    hits, totals = np.array(HITS), np.array(TOTALS)
    one = estimate_pooled_share(hits, totals, totals)
    order = np.random.default_rng(3).permutation(12)
    two = estimate_pooled_share(7 * hits[order], 7 * totals[order], 49 * totals[order])
    assert two.share == pytest.approx(one.share)
    assert two.standard_error == pytest.approx(one.standard_error)
    turned = estimate_pooled_share(totals - hits, totals, totals).share
    expected = (1 - one.share.value, 1 - one.share.high, 1 - one.share.low)
    assert turned == pytest.approx(expected)


@pytest.mark.parametrize(("hits", "totals"), [([3], [2]), ([-1], [2]), ([1, 2], [2])])
def test_impossible_hits_are_refused(hits, totals):
    with pytest.raises(ValueError, match="between 0 and their total"):
        estimate_person_share(hits, totals)


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (([1, 2], [2, 2], [2]), "three sums per person"),
        (([3], [2], [2]), "a part between 0 and their whole"),
        (([0], [0], [0]), "a whole above 0"),
        (([1], [2], [0]), "a whole above 0"),
    ],
)
def test_impossible_sums_are_refused(sums, words):
    with pytest.raises(ValueError, match=words):
        estimate_pooled_share(*sums)
