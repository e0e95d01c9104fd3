import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from cjm_research.statistics import (
    estimate_detection,
    estimate_kappa,
    measure_span_agreement,
)

ORACLES = Path(__file__).parents[3] / "shared" / "reference" / "oracles.json"


def units(both, one, two, neither):
    """Judgements of two coders that give this table."""
    cells = [(1, 1)] * both + [(1, 0)] * one + [(0, 1)] * two + [(0, 0)] * neither
    first, second = zip(*cells, strict=True)
    return list(first), list(second)


def oracle(name):
    if not ORACLES.is_file():
        pytest.skip("the published examples are not at hand")
    found = [row for row in json.loads(ORACLES.read_text("utf-8")) if row["id"] == name]
    return found[0]


def test_kappa_of_a_table_by_hand():
    # 20 + 15 of 50 the same: .7. By chance (25 * 30 + 25 * 20) / 2500 = .5; (.7 - .5) / .5.
    found = estimate_kappa(*units(20, 5, 10, 15), range(50))
    assert found.kappa.value == pytest.approx(0.4)
    assert found.share.value == pytest.approx(0.7)
    assert (found.n_both, found.n_first, found.n_second) == (20, 5, 10)
    assert (found.n_units, found.n_participants, found.reason) == (50, 50, "")
    assert found.kappa.low < 0.4 < found.kappa.high


def test_kappa_agrees_with_the_published_example():
    case = oracle("cohen_2x2")
    (both, one), (two, neither) = case["table"]
    found = estimate_kappa(*units(both, one, two, neither), range(50))
    assert found.kappa.value == pytest.approx(case["kappa"], abs=5e-4)


def test_independent_coders_have_no_kappa_above_chance():
    assert estimate_kappa(*units(25, 25, 25, 25), range(100)).kappa.value == pytest.approx(0)


def test_a_unit_that_one_did_not_judge_does_not_count():
    nan = math.nan
    found = estimate_kappa([1, 0, nan, 1, 0], [1, 0, 1, nan, 1], list("aabbc"))
    assert (found.n_units, found.n_participants) == (3, 2)
    assert found.kappa.value == pytest.approx(cohen_kappa_score([1, 0, 0], [1, 0, 1]))


def test_without_common_units_there_is_no_figure():
    found = estimate_kappa([1, math.nan], [math.nan, 0], ["a", "b"])
    assert math.isnan(found.kappa.value)
    assert found.n_units == 0
    assert found.reason == "they have no units in common"


def test_one_value_throughout_is_not_perfect_agreement():
    found = estimate_kappa([0, 0, 0], [0, 0, 0], ["a", "b", "c"])
    assert math.isnan(found.kappa.value)
    assert found.share.value == 1
    assert found.reason == "both said no to every unit: kappa is not defined"
    assert "yes to every" in estimate_kappa([1], [1], ["a"]).reason


def test_one_coder_who_always_says_yes_has_a_kappa_of_0():
    found = estimate_kappa([1, 1, 1, 1], [1, 0, 1, 0], list("abcd"))
    assert found.kappa.value == pytest.approx(0)


def test_no_interval_below_ten_participants():
    first, second = units(20, 5, 10, 15)
    nine = estimate_kappa(first, second, [n % 9 for n in range(50)])
    ten = estimate_kappa(first, second, [n % 10 for n in range(50)])
    assert math.isnan(nine.kappa.low)
    assert nine.reason == "no interval: 9 participants, 10 are needed"
    assert ten.kappa.low < 0.4 < ten.kappa.high


def test_a_code_that_one_participant_has_gets_no_interval():
    # In (11/12)^12 = 35 % of the draws the one participant is missing, and kappa with him.
    first, second = [1, *[0] * 11], [1, *[0] * 11]
    found = estimate_kappa(first, second, range(12))
    assert found.kappa.value == 1
    assert math.isnan(found.kappa.low)
    assert "too few participants" in found.reason


def test_perfect_agreement_is_not_given_as_certain():
    found = estimate_kappa([1, 0] * 10, [1, 0] * 10, range(20))
    assert found.kappa.value == found.share.value == 1
    assert math.isnan(found.kappa.low)
    assert found.reason == "no interval: all participants give the same figure"


def test_excerpts_of_one_person_do_not_make_the_interval_narrower():
    first, second = units(20, 5, 10, 15)
    alone = estimate_kappa(first, second, range(50))
    repeated = estimate_kappa(first * 4, second * 4, [*range(50)] * 4)
    assert repeated.kappa.value == pytest.approx(alone.kappa.value)
    width = alone.kappa.high - alone.kappa.low
    assert repeated.kappa.high - repeated.kappa.low == pytest.approx(width)


def test_the_order_of_units_changes_nothing():
    first, second = map(np.array, units(20, 5, 10, 15))
    people = np.arange(50) % 12
    order = np.random.default_rng(1).permutation(50)
    assert estimate_kappa(first, second, people) == estimate_kappa(
        first[order], second[order], people[order]
    )


@pytest.mark.parametrize("bad", [[2, 0], [0.5, 1]])
def test_judgements_are_yes_or_no(bad):
    with pytest.raises(ValueError, match="1, 0 or NaN"):
        estimate_kappa(bad, [1, 0], ["a", "b"])
    with pytest.raises(ValueError, match="one value per unit"):
        estimate_kappa([1], [1, 0], ["a", "b"])


def test_precision_recall_and_f1_by_hand():
    # 6 right, 2 wrong, 4 missed: 6/8, 6/10, 12/18.
    found = estimate_detection(*units(6, 2, 4, 8), range(20))
    assert found.precision.value == pytest.approx(0.75)
    assert found.recall.value == pytest.approx(0.6)
    assert found.f1.value == pytest.approx(2 / 3)
    assert (found.n_right, found.n_wrong, found.n_missed, found.n_units) == (6, 2, 4, 20)
    assert found.f1.low < 2 / 3 < found.f1.high


def test_what_was_never_given_has_no_precision():
    found = estimate_detection([0, 0, 0], [1, 0, 0], list("abc"))
    assert math.isnan(found.precision.value)
    assert found.recall.value == found.f1.value == 0
    assert "never given" in found.reason


def test_what_is_true_of_no_unit_has_no_recall():
    found = estimate_detection([1, 0], [0, 0], list("ab"))
    assert (found.precision.value, found.f1.value) == (0, 0)
    assert math.isnan(found.recall.value)
    assert math.isnan(estimate_detection([0], [0], ["a"]).f1.value)
    assert estimate_detection([], [], []).reason == "they have no units in common"


def test_kappa_by_characters_counts_agreement_by_chance_on_both_sides():
    found = measure_span_agreement(80, 20, 20, 880)
    # .96 the same; by chance .1 * .1 + .9 * .9 = .82.
    assert found.kappa == pytest.approx((0.96 - 0.82) / 0.18)
    assert found.overlap == pytest.approx(80 / 120)
    # 80 of 120 the same; by chance (100 * 100 + 20 * 20) / 14400.
    assert found.kappa_coded == pytest.approx((2 / 3 - 0.72222) / (1 - 0.72222), abs=1e-4)
    assert found.kappa_coded <= 0


def test_kappa_by_characters_agrees_with_the_oracle_and_not_with_the_known_fault():
    for case in oracle("qualcoder_kappa")["cases"]:
        counts = [case[name] for name in ("both", "only_a", "only_b", "neither")]
        found = measure_span_agreement(*counts).kappa
        assert found == pytest.approx(case["kappa"], abs=5e-4)
        assert abs(found - case["wrong"]) > 0.1


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((0, 0, 0, 0), "there is no text"),
        ((0, 0, 0, 50), "all of the text, or none, is coded"),
        ((50, 0, 0, 0), "all of the text, or none, is coded"),
    ],
)
def test_characters_without_a_kappa_say_why(counts, reason):
    found = measure_span_agreement(*counts)
    assert math.isnan(found.kappa)
    assert found.reason == reason


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        measure_span_agreement(-1, 0, 0, 1)
