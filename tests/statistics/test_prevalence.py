import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm, t

from cjm_research.errors import UnknownNameError
from cjm_research.statistics.prevalence import (
    estimate_lang_reiczigel,
    estimate_prediction_powered,
    estimate_rogan_gladen,
)

# R's epiR, epi.prev: positives, n, sensitivity, specificity, corrected share and limits (Blaker's:
# Wilson's agree to .007).
ROGAN_GLADEN = [
    (45, 150, 0.96, 0.89, 0.22, (0.14, 0.32)),
    (23, 150, 0.96, 0.89, 0.051, None),
    (80, 210, 0.60, 0.90, 0.56, (0.43, 0.70)),
    (100, 189, 0.65, 0.95, 0.80, (0.68, 0.92)),
    (50, 124, 0.70, 0.99, 0.57, (0.45, 0.70)),
]

# Lang and Reiczigel (2014), examples 1 to 4, as in R's asht; the fourth is printed to 2 decimals.
LANG_REICZIGEL = [
    ("4060/11284", 11284, "178/179", 179, "358/359", 359, 0.349, 0.372, 6e-4),
    ("51/2971", 2971, "32/33", 33, "20/20", 20, 0, 0.053, 6e-4),
    ("6/100", 11862, "8/10", 10, "1", 12, 0, 0.147, 6e-4),
    ("259/509", 509, "84/127", 127, "96/109", 109, 0.58, 0.87, 6e-3),
    ("51/509", 509, "23/41", 41, "187/195", 195, 0.037, 0.195, 6e-4),
]

# 100 labels: 24 found and 6 missed by the machine, 14 false alarms and 56 rightly left out.
PEOPLE = np.repeat([1.0, 1.0, 0.0, 0.0], [24, 6, 14, 56])
MACHINE = np.repeat([1.0, 0.0, 1.0, 0.0], [24, 6, 14, 56])
PLAIN = {"form": "plain"}


def rest_of(n_yes, n=1000):
    return np.repeat([1.0, 0.0], [n_yes, n - n_yes])


def strangers(labels, rest, **options):
    """Estimate as if every excerpt were of another person."""
    return estimate_prediction_powered(
        labels, options.pop("machine", MACHINE), rest,
        participants=range(len(labels)),
        unlabelled_participants=range(len(labels), len(labels) + len(rest)),
        **options,
    )  # fmt: skip


def nothing(interval):
    return all(math.isnan(part) for part in interval)


@pytest.mark.parametrize(("yes", "n", "se", "sp", "share", "limits"), ROGAN_GLADEN)
def test_rogan_gladen_gives_the_published_shares(yes, n, se, sp, share, limits):
    found = estimate_rogan_gladen(yes, n, sensitivity=se, specificity=sp)
    assert found.reason == ""
    assert found.apparent == yes / n
    assert found.n == n
    assert found.share.value == pytest.approx(share, abs=6e-3)
    assert 0 <= found.share.low < found.share.value < found.share.high <= 1
    if limits:
        assert found.share[1:] == pytest.approx(limits, abs=7e-3)


def test_a_perfect_machine_needs_no_correction():
    from cjm_research.statistics import estimate_proportion

    found = estimate_rogan_gladen(7, 20, sensitivity=1, specificity=1)
    assert found.share == pytest.approx(estimate_proportion(7, 20))


@pytest.mark.parametrize(
    ("yes", "n", "se", "sp", "words"),
    [
        (6, 151, 0.964, 0.927, "fewer than the 0.073 that its false alarms alone"),
        (90, 100, 0.8, 0.9, "more than the 0.800 that it would find if everybody"),
        (10, 100, 0.4, 0.6, "no better than chance"),
        (10, 100, 0.2, 0.3, "no better than chance"),
        (0, 0, 0.9, 0.9, "nobody was judged"),
    ],
)
def test_rogan_gladen_refuses_what_cannot_be(yes, n, se, sp, words):
    found = estimate_rogan_gladen(yes, n, sensitivity=se, specificity=sp)
    assert nothing(found.share)
    assert words in found.reason


def test_at_the_edge_of_its_false_alarms_the_share_is_nought():
    found = estimate_rogan_gladen(10, 100, sensitivity=0.9, specificity=0.9)
    assert found.reason == ""
    assert found.share.value == pytest.approx(0, abs=1e-12)
    assert found.share.low == 0
    assert found.share.high > 0


@pytest.mark.parametrize(
    ("ap", "n", "se", "n_se", "sp", "n_sp", "low", "high", "to"), LANG_REICZIGEL
)
def test_lang_reiczigel_gives_the_published_limits(ap, n, se, n_se, sp, n_sp, low, high, to):
    ap, se, sp = (float(Fraction(share)) for share in (ap, se, sp))
    found = estimate_lang_reiczigel(
        ap * n, n, sensitivity=se, n_sensitivity=n_se, specificity=sp, n_specificity=n_sp
    )
    assert found.reason == ""
    assert found.share[1:] == pytest.approx((low, high), abs=to)
    assert found.share.value == pytest.approx((ap + sp - 1) / (se + sp - 1))


def test_with_a_huge_validation_lang_reiczigel_is_rogan_gladen():
    known = estimate_rogan_gladen(4500, 15000, sensitivity=0.96, specificity=0.89)
    learnt = estimate_lang_reiczigel(
        4500, 15000, sensitivity=0.96, n_sensitivity=10**9, specificity=0.89, n_specificity=10**9
    )
    assert learnt.share == pytest.approx(known.share, abs=2e-4)


def test_with_few_false_alarms_seen_lang_reiczigel_keeps_within_nought():
    found = estimate_lang_reiczigel(
        5, 200, sensitivity=0.9, n_sensitivity=50, specificity=0.96, n_specificity=50
    )
    assert found.reason == ""
    assert found.share.value == found.share.low == 0
    assert 0 < found.share.high < 0.1


@pytest.mark.parametrize(
    ("yes", "n", "se", "n_se", "sp", "n_sp", "words"),
    [
        (0, 0, 0.9, 50, 0.9, 50, "one of the samples is empty"),
        (5, 50, math.nan, 0, 0.9, 50, "one of the samples is empty"),
        (5, 50, 0.9, 50, math.nan, 0, "one of the samples is empty"),
        (5, 50, 0.6, 10, 0.6, 10, "does not show that the machine is better than chance"),
        (5, 50, 0.3, 100, 0.3, 100, "does not show that the machine is better than chance"),
        (0, 9000, 0.9, 9000, 0.7, 9000, "does not fit"),
        (9000, 9000, 0.7, 9000, 0.9, 9000, "does not fit"),
    ],
)
def test_lang_reiczigel_refuses_what_cannot_be(yes, n, se, n_se, sp, n_sp, words):
    found = estimate_lang_reiczigel(
        yes, n, sensitivity=se, n_sensitivity=n_se, specificity=sp, n_specificity=n_sp
    )
    assert nothing(found.share)
    assert words in found.reason


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_a_sensitivity_is_a_share(wrong):
    with pytest.raises(ValueError, match="sensitivity must lie between 0 and 1"):
        estimate_rogan_gladen(1, 10, sensitivity=wrong, specificity=0.9)
    with pytest.raises(ValueError, match="specificity must lie between 0 and 1"):
        estimate_lang_reiczigel(
            1, 10, sensitivity=0.9, n_sensitivity=9, specificity=wrong, n_specificity=9
        )


def test_a_count_above_its_n_is_no_count():
    with pytest.raises(ValueError, match="between 0 and n"):
        estimate_lang_reiczigel(
            11, 10, sensitivity=0.9, n_sensitivity=9, specificity=0.9, n_specificity=9
        )


def test_prediction_powered_is_the_published_closed_form():
    # The numbers of ppi-python 0.2.3 for these data.
    followed = strangers(PEOPLE, rest_of(380), tuned=False, form="plain")
    assert followed.share == pytest.approx((0.30, 0.208665, 0.391335), abs=5e-6)
    tuned = strangers(PEOPLE, rest_of(380), form="plain")
    assert tuned.share == pytest.approx((0.30, 0.224410, 0.375590), abs=5e-6)
    # By hand: covariance .126, variance .2356, and 1 + 100 / 1000.
    assert tuned.tuning == pytest.approx(0.126 / (1.1 * 0.2356))
    assert (tuned.apparent, tuned.labelled) == pytest.approx((0.38, 0.30))
    assert (tuned.n, tuned.n_labels) == (1100, 100)
    assert (tuned.n_participants, tuned.n_labelled_participants) == (1100, 100)
    assert tuned.reason == ""


def test_when_the_share_shifts_the_methods_differ():
    # The labelled part holds 30 %; of the rest the machine says .44. Both are known to differ.
    shifted = strangers(PEOPLE, rest_of(440), tuned=False, form="plain")
    assert shifted.share.value == pytest.approx(0.36)
    gladen = estimate_rogan_gladen(440, 1000, sensitivity=0.8, specificity=0.8)
    assert gladen.share.value == pytest.approx(0.40)


def test_the_logit_form_by_hand():
    found = strangers(PEOPLE, rest_of(380), tuned=False)
    # One label more, in quarters: 100 become 101, the residuals' mean stays that of -8 / 101.
    mean, n = -8 / 101, 101
    squares = (80 + 0.5) * mean**2 + (6.25) * (1 - mean) ** 2 + (14.25) * (-1 - mean) ** 2
    variance = (0.38 * 0.62 / 1000 + squares / n**2) * 100 / 99
    centre = 0.38 + mean
    reach = t.ppf(0.975, 99) * math.sqrt(variance) / (centre * (1 - centre))
    limits = [1 / (1 + math.exp(-math.log(centre / (1 - centre)) - s * reach)) for s in (-1, 1)]
    assert found.share == pytest.approx((0.30, *limits), abs=1e-9)


def test_excerpts_of_the_same_people_count_for_less():
    # Each person's excerpts ten times over: the same share, by no more people.
    rng = np.random.default_rng(4)
    y = (rng.random(60) < 0.4).astype(float)
    f = np.where(rng.random(60) < 0.8, y, 1 - y)
    rest = (rng.random(300) < 0.4).astype(float)
    ten = [np.repeat(values, 10) for values in (y, f, rest, range(60), range(60, 360))]
    once = strangers(y, rest, machine=f, **PLAIN)
    cloned = estimate_prediction_powered(
        *ten[:3], participants=ten[3], unlabelled_participants=ten[4], **PLAIN
    )
    assert cloned.share == pytest.approx(once.share)
    assert cloned.tuning == pytest.approx(once.tuning)
    assert (cloned.n_labels, cloned.n_labelled_participants) == (600, 60)
    naive = strangers(ten[0], ten[2], machine=ten[1], **PLAIN)
    assert naive.share.high - naive.share.low < 0.4 * (once.share.high - once.share.low)


def test_who_is_in_both_parts_is_one_person():
    # The same 100 people said all: their errors and their other excerpts go together.
    shared = estimate_prediction_powered(
        PEOPLE, MACHINE, rest_of(380),
        participants=range(100), unlabelled_participants=np.arange(1000) % 100, **PLAIN,
    )  # fmt: skip
    assert shared.n_participants == shared.n_labelled_participants == 100
    apart = strangers(PEOPLE, rest_of(380), **PLAIN)
    assert shared.share.value == pytest.approx(0.30)
    assert shared.share.low != pytest.approx(apart.share.low, abs=1e-4)


def test_equal_chances_change_no_share_and_unequal_ones_weigh():
    # With equal chances the machine is read over all 1100 excerpts, which is .38 as well.
    equal = strangers(PEOPLE, rest_of(380), inclusion_probability=np.full(100, 0.09))
    plain = strangers(PEOPLE, rest_of(380))
    assert equal.share.value == pytest.approx(plain.share.value)
    # Those who said yes had three times the chance: 10 of 80 instead of 30 of 100.
    chance = np.where(PEOPLE == 1, 0.3, 0.1)
    weighted = strangers(PEOPLE, rest_of(380), inclusion_probability=chance)
    assert weighted.labelled == pytest.approx(10 / 80)
    assert weighted.share.value < plain.share.value


def test_a_machine_that_knows_nothing_leaves_the_labels_alone():
    machine = np.tile([1.0, 0.0], 50)
    labels = np.repeat([1.0, 0.0], [30, 70])
    found = strangers(labels, rest_of(500), machine=machine, **PLAIN)
    assert found.tuning == pytest.approx(0, abs=1e-12)
    half = norm.ppf(0.975) * math.sqrt(0.3 * 0.7 / 100)
    assert found.share == pytest.approx((0.3, 0.3 - half, 0.3 + half))


@pytest.mark.parametrize("said", [0.0, 1.0])
def test_a_machine_that_says_the_same_of_everything_is_no_help_and_no_harm(said):
    machine, rest = np.full(100, said), np.full(1000, said)
    found = strangers(PEOPLE, rest, machine=machine)
    assert found.reason == ""
    assert found.share.value == pytest.approx(0.3)
    assert 0.2 < found.share.low < 0.23
    assert 0.38 < found.share.high < 0.41


def test_a_machine_without_an_error_among_the_labels_is_not_taken_for_perfect():
    rest = rest_of(6000, 20_000)
    found = strangers(PEOPLE, rest, machine=PEOPLE, tuned=False)
    published = strangers(PEOPLE, rest, machine=PEOPLE, tuned=False, form="plain")
    # As published, only the 20 000 leave a doubt, and none of the 100 labels does.
    half = norm.ppf(0.975) * math.sqrt(0.3 * 0.7 / 20_000)
    assert published.share == pytest.approx((0.3, 0.3 - half, 0.3 + half))
    assert found.share.high - found.share.low > 4 * half


def test_order_of_the_rows_and_names_of_the_people_do_not_matter():
    rng = np.random.default_rng(1)
    who, others = np.arange(100) % 20, np.arange(1000) % 20
    rest, chance = rest_of(380), rng.uniform(0.05, 0.2, 100)
    names = np.array([f"p{n:02}" for n in range(20)])
    a, b = rng.permutation(100), rng.permutation(1000)
    one = estimate_prediction_powered(
        PEOPLE, MACHINE, rest,
        participants=who, unlabelled_participants=others, inclusion_probability=chance,
    )  # fmt: skip
    two = estimate_prediction_powered(
        PEOPLE[a], MACHINE[a], rest[b],
        participants=list(names[who[a]]), unlabelled_participants=list(names[others[b]]),
        inclusion_probability=chance[a],
    )  # fmt: skip
    assert two.share == pytest.approx(one.share)
    assert two.tuning == pytest.approx(one.tuning)


def test_no_and_yes_turned_round_turn_the_share_round():
    one = strangers(PEOPLE, rest_of(380))
    two = strangers(1 - PEOPLE, 1 - rest_of(380), machine=1 - MACHINE)
    expected = (1 - one.share.value, 1 - one.share.high, 1 - one.share.low)
    assert two.share == pytest.approx(expected)


def some_people(n):
    """100 labels of n people, and the other excerpts of the same people."""
    return {
        "participants": np.arange(100) % n,
        "unlabelled_participants": np.arange(1000) % n,
    }


@pytest.mark.parametrize(
    ("labels", "machine", "rest", "people", "words"),
    [
        (PEOPLE, MACHINE, [], {"participants": range(100)}, "every excerpt is labelled"),
        ([], [], rest_of(380), {"unlabelled_participants": range(1000)}, "0 labels, 50 are needed"),
        (PEOPLE, MACHINE, rest_of(380), some_people(9), "9 participants, 10 are needed"),
        (PEOPLE, MACHINE, rest_of(380), some_people(1), "1 participant, 10 are needed"),
        (np.zeros(100), MACHINE, rest_of(380), some_people(50), "all 100 labels say no"),
        (np.ones(100), MACHINE, rest_of(380), some_people(50), "all 100 labels say yes"),
    ],
)
def test_prediction_powered_refuses_with_a_reason(labels, machine, rest, people, words):
    people = {"participants": [], "unlabelled_participants": []} | people
    found = estimate_prediction_powered(labels, machine, rest, **people)
    assert nothing(found.share)
    assert math.isnan(found.tuning)
    assert words in found.reason


def test_the_number_of_labels_that_is_needed_can_be_declared():
    assert "100 labels, 101 are needed" in strangers(PEOPLE, rest_of(380), min_labels=101).reason
    assert strangers(PEOPLE, rest_of(380), min_labels=100).reason == ""
    one = strangers(PEOPLE[:1], rest_of(380), machine=MACHINE[:1])
    assert one.reason == "1 label, 50 are needed"


def test_when_a_few_participants_have_nearly_all_labels_or_excerpts_it_is_refused():
    few = np.where(np.arange(100) < 88, np.arange(100) % 3, np.arange(100))
    found = estimate_prediction_powered(
        PEOPLE, MACHINE, rest_of(380), participants=few, unlabelled_participants=range(100, 1100)
    )
    assert found.n_labelled_participants == 15
    assert "a few participants make up most" in found.reason
    talker = estimate_prediction_powered(
        PEOPLE, MACHINE, rest_of(380),
        participants=range(100), unlabelled_participants=np.where(np.arange(1000) < 950, 0, 1),
    )  # fmt: skip
    assert nothing(talker.share)
    assert talker.reason


def test_a_share_below_nought_is_refused():
    # 40 % of false alarms among the labels, and none in the rest.
    labels = np.repeat([1.0, 0.0], [2, 98])
    machine = np.repeat([1.0, 0.0], [42, 58])
    found = strangers(labels, rest_of(0), machine=machine, tuned=False)
    assert nothing(found.share)
    assert "comes out as -0.4" in found.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": PEOPLE[:99]}, "every label needs a code of the machine and a chance"),
        ({"inclusion_probability": [0.5]}, "every label needs a code of the machine and a chance"),
        ({"inclusion_probability": np.zeros(100)}, "a chance to be drawn must lie above 0"),
        ({"inclusion_probability": np.full(100, 1.1)}, "a chance to be drawn must lie above 0"),
        ({"labels": np.full(100, 0.5)}, "codes are 1 or 0"),
        ({"machine": np.full(100, math.nan)}, "codes are 1 or 0"),
        ({"unlabelled_machine": np.full(1000, 2)}, "codes are 1 or 0"),
        ({"participants": range(99)}, "every excerpt needs a participant; got 99 for 100"),
        ({"unlabelled_participants": []}, "every excerpt needs a participant"),
    ],
)
def test_what_does_not_fit_is_an_error(change, words):
    whole = {
        "labels": PEOPLE, "machine": MACHINE, "unlabelled_machine": rest_of(380),
        "participants": range(100), "unlabelled_participants": range(100, 1100),
    }  # fmt: skip
    with pytest.raises(ValueError, match=words):
        estimate_prediction_powered(**whole | change)


def test_an_unknown_form_is_named():
    with pytest.raises(UnknownNameError, match="no form of limits 'wald'"):
        strangers(PEOPLE, rest_of(380), form="wald")
