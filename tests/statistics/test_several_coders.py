import math
import time

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from statsmodels.stats.inter_rater import fleiss_kappa

from cjm_research.errors import UnknownNameError
from cjm_research.statistics import resampling
from cjm_research.statistics.agreement import estimate_kappa
from cjm_research.statistics.several_coders import (
    estimate_alpha,
    estimate_fleiss_kappa,
    name_reliability,
)

NAN = math.nan
# Krippendorff (2011), section C: four coders (rows), twelve units.
KRIPPENDORFF = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]).T  # fmt: skip
PEOPLE = list("abcdefghijkl")


def many_units(n_people=14, *, n_coders=4, n_values=4, share_missing=0.3, seed=1):
    """Severities by coders who agree partly, some missing, several units of each participant."""
    random = np.random.default_rng(seed)
    n = 5 * n_people
    truth = random.integers(1, n_values + 1, size=(n, 1))
    guess = random.integers(1, n_values + 1, size=(n, n_coders))
    values = np.where(random.random((n, n_coders)) < 0.6, truth, guess).astype(float)
    values[random.random((n, n_coders)) < share_missing] = NAN
    return values, np.arange(n) % n_people


def alpha_by_nltk(values, level):
    """Alpha by nltk, with Krippendorff's ordinal distance as he writes it: a sum of counts."""
    pairable = values[(~np.isnan(values)).sum(axis=1) > 1]
    given = pairable[~np.isnan(pairable)]

    def ordinal(one, other):
        low, high = min(one, other), max(one, other)
        between = ((given >= low) & (given <= high)).sum()
        return float(between - ((given == low).sum() + (given == high).sum()) / 2) ** 2

    distances = {
        "nominal": lambda one, other: float(one != other),
        "ordinal": ordinal,
        "interval": lambda one, other: (one - other) ** 2,
    }
    rows = [(c, u, v) for u, row in enumerate(pairable) for c, v in enumerate(row) if v == v]
    return AnnotationTask(rows, distance=distances[level]).alpha()


def draw_people(monkeypatch):
    """Let resampling draw these: how often each of 14 participants is in each of 60 draws."""
    draws = np.random.default_rng(5).multinomial(14, np.full(14, 1 / 14), size=60)
    monkeypatch.setattr(resampling, "resample_totals", lambda sums, **_: draws @ sums)
    return draws


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_of_krippendorffs_example_is_the_published_one(level, alpha):
    found = estimate_alpha(KRIPPENDORFF, PEOPLE, level=level)
    assert found.alpha.value == pytest.approx(alpha, abs=5e-4)
    # The last unit was judged by one coder only.
    assert (found.n_units, found.n_coders, found.n_participants) == (11, 4, 11)
    assert found.alpha.low < alpha < found.alpha.high <= 1


def test_alpha_by_hand_for_two_coders_and_yes_and_no():
    # Pairs of values: 4 yes-yes (2 units), 2 yes-no (1 unit), 2 no-no: 5 yes and 3 no.
    # Differing 2 of 8; by chance 2 * 5 * 3 of 8 * 7: 1 - (2 / 8) / (30 / 56).
    found = estimate_alpha([[1, 1], [1, 1], [1, 0], [0, 0]], list("abcd"))
    assert found.alpha.value == pytest.approx(1 - 0.25 / (30 / 56))


def test_what_one_coder_judged_alone_does_not_count():
    alone = np.vstack([KRIPPENDORFF, [[7, NAN, NAN, NAN], [NAN, NAN, NAN, NAN]]])
    found, without = estimate_alpha(alone, [*PEOPLE, "x", "y"]), estimate_alpha(
        KRIPPENDORFF, PEOPLE
    )  # fmt: skip
    assert found == without


def test_a_coder_more_who_judged_nothing_changes_nothing():
    more = np.column_stack([KRIPPENDORFF, np.full(12, NAN)])
    assert estimate_alpha(more, PEOPLE) == estimate_alpha(KRIPPENDORFF, PEOPLE)
    values = np.column_stack([many_units(share_missing=0)[0], np.full(70, NAN)])
    people = np.arange(70) % 14
    assert estimate_fleiss_kappa(values, people) == estimate_fleiss_kappa(values[:, :4], people)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_limits_are_those_of_nltks_alpha_on_each_draw_of_participants(level, monkeypatch):
    values, people = many_units(n_values=3)
    draws = draw_people(monkeypatch)
    found = estimate_alpha(values, people, level=level)
    assert found.alpha.value == pytest.approx(alpha_by_nltk(values, level), abs=1e-12)
    drawn = [alpha_by_nltk(np.repeat(values, times[people], axis=0), level) for times in draws]
    assert found.alpha[1:] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=1e-12)


def test_limits_of_kappa_are_those_of_statsmodels_on_each_draw_of_participants(monkeypatch):
    values, people = many_units(n_values=3, share_missing=0.1)
    draws = draw_people(monkeypatch)
    found = estimate_fleiss_kappa(values, people)
    whole = ~np.isnan(values).any(axis=1)
    counts = np.stack([(values == value).sum(axis=1) for value in (1, 2, 3)], axis=1)[whole]
    assert found.n_units == whole.sum()
    assert found.n_left_out == (~np.isnan(values)).any(axis=1).sum() - whole.sum()
    assert found.kappa.value == pytest.approx(fleiss_kappa(counts), abs=1e-12)
    drawn = [fleiss_kappa(np.repeat(counts, times[people[whole]], axis=0)) for times in draws]
    assert found.kappa[1:] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=1e-12)


def test_two_thousand_resamples_take_less_than_a_second():
    values, people = many_units(60)
    estimate_alpha(values, people)  # the libraries are loaded
    start = time.process_time()
    estimate_alpha(values, people, level="ordinal")
    assert time.process_time() - start < 1


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_the_order_of_units_and_of_coders_changes_nothing(level):
    values, people = many_units()
    random = np.random.default_rng(2)
    units, coders = random.permutation(len(values)), random.permutation(4)
    found = estimate_alpha(values, people, level=level)
    other = estimate_alpha(values[units][:, coders], people[units], level=level)
    assert other.alpha == pytest.approx(found.alpha)
    assert other[1:] == found[1:]


def test_the_order_of_units_and_of_coders_changes_nothing_for_kappa():
    values, people = many_units()
    random = np.random.default_rng(2)
    units, coders = random.permutation(len(values)), random.permutation(4)
    found = estimate_fleiss_kappa(values, people)
    other = estimate_fleiss_kappa(values[units][:, coders], people[units])
    assert other.kappa == pytest.approx(found.kappa)
    assert other[1:] == found[1:]


def test_names_are_names_and_ranks_are_ranks():
    values, people = many_units()
    stretched = np.where(values == 4, 400, values)
    for level in ("nominal", "ordinal"):
        assert estimate_alpha(stretched, people, level=level).alpha == pytest.approx(
            estimate_alpha(values, people, level=level).alpha
        )
    doubled = estimate_alpha(2 * values + 1, people, level="interval").alpha
    assert doubled == pytest.approx(estimate_alpha(values, people, level="interval").alpha)
    assert estimate_alpha(stretched, people, level="interval").alpha != pytest.approx(doubled)


def test_more_units_of_one_person_do_not_make_the_interval_narrower():
    values, people = many_units(share_missing=0)
    once, four = (
        estimate_fleiss_kappa(np.tile(values, (times, 1)), np.tile(people, times))
        for times in (1, 4)
    )
    assert four.kappa == pytest.approx(once.kappa)
    once, four = (
        estimate_alpha(np.tile(values, (times, 1)), np.tile(people, times)).alpha
        for times in (1, 4)
    )
    # Alpha itself corrects for the number of values, so four times as many move it a little.
    assert four == pytest.approx(once, abs=0.003)


def test_a_coder_who_is_counted_twice_agrees_with_himself():
    values, people = many_units(share_missing=0)
    twice = estimate_alpha(np.column_stack([values, values[:, 0]]), people)
    assert twice.alpha.value > estimate_alpha(values, people).alpha.value
    found = estimate_alpha(values[:, [0, 0]], people)
    assert found.alpha.value == 1
    assert math.isnan(found.alpha.low)
    assert found.reason == "no interval: all participants give the same figure"


@pytest.mark.parametrize(
    ("values", "people", "reason"),
    [
        ([], [], "nobody has judged a unit"),
        (np.empty((0, 3)), [], "nobody has judged a unit"),
        ([[], []], ["a", "b"], "nobody has judged a unit"),
        ([[NAN, NAN], [NAN, NAN]], ["a", "b"], "nobody has judged a unit"),
        ([[1], [0]], ["a", "b"], "only one coder has judged"),
        ([[1, NAN], [0, NAN]], ["a", "b"], "only one coder has judged"),
    ],
)
def test_without_two_coders_there_is_no_figure(values, people, reason):
    alpha, kappa = estimate_alpha(values, people), estimate_fleiss_kappa(values, people)
    assert math.isnan(alpha.alpha.value)
    assert math.isnan(kappa.kappa.value)
    assert (alpha.n_units, alpha.n_coders, alpha.n_participants) == (0, 0, 0)
    assert (kappa.n_units, kappa.n_participants) == (0, 0)
    assert alpha.reason == kappa.reason == reason


def test_coders_without_common_units_have_no_figure():
    values = [[1, NAN, NAN], [NAN, 0, NAN], [NAN, NAN, 1]]
    assert estimate_alpha(values, list("abc")).reason == "no unit was judged by two coders"
    found = estimate_fleiss_kappa(values, list("abc"))
    assert found.reason == "no unit was judged by all 3 coders"
    assert (found.n_units, found.n_left_out, found.n_coders) == (0, 3, 3)


def test_alpha_takes_what_pairs_of_coders_judged_where_kappa_has_nothing():
    values = [[1, 1, NAN], [NAN, 0, 0], [1, NAN, 0]]
    assert math.isfinite(estimate_alpha(values, list("abc")).alpha.value)
    assert math.isnan(estimate_fleiss_kappa(values, list("abc")).kappa.value)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_one_value_throughout_is_not_perfect_agreement(level):
    found = estimate_alpha([[2, 2]] * 12 + [[5, NAN]], range(13), level=level)
    assert math.isnan(found.alpha.value)
    assert (found.n_units, found.n_coders, found.n_participants) == (12, 2, 12)
    assert found.reason == "all gave the same value to every unit: alpha is not defined"
    kappa = estimate_fleiss_kappa([[2, 2]] * 12, range(12))
    assert math.isnan(kappa.kappa.value)
    assert kappa.reason == "all gave the same value to every unit: kappa is not defined"


def test_one_participant_has_a_value_and_no_interval():
    found = estimate_alpha(KRIPPENDORFF, ["a"] * 12)
    assert found.alpha.value == pytest.approx(0.743, abs=5e-4)
    assert math.isnan(found.alpha.low)
    assert found.reason == "no interval: 1 participant, 10 are needed"


def test_an_interval_comes_with_ten_participants():
    values, _ = many_units(share_missing=0)
    nine = estimate_alpha(values, np.arange(70) % 9)
    assert (nine.n_participants, nine.reason) == (9, "no interval: 9 participants, 10 are needed")
    ten = estimate_alpha(values, np.arange(70) % 10)
    assert ten.reason == ""
    assert ten.alpha.low < ten.alpha.value < ten.alpha.high


def test_a_value_that_one_participant_has_gets_no_interval():
    # In (11/12)^12 = 35 % of the draws that participant is missing, and alpha with it.
    values = [[1, 0], *[[0, 0]] * 11]
    for found in (estimate_alpha(values, range(12)), estimate_fleiss_kappa(values, range(12))):
        assert found[0].value <= 0
        assert math.isnan(found[0].low)
        assert found.reason == "no interval: too many draws of people have no figure"


def test_coders_who_always_differ_are_worse_than_chance():
    values = [[0, 1], [1, 0]] * 10
    # By chance 2 * 20 * 20 of 40 * 39 pairs differ; all do.
    assert estimate_alpha(values, range(20)).alpha.value == pytest.approx(1 - 1560 / 800)
    assert estimate_fleiss_kappa(values, range(20)).kappa.value == pytest.approx(-1)


@pytest.mark.parametrize("n_coders", [2, 3, 5])
def test_independent_coders_score_0_within_noise(n_coders):
    figures = {"alpha": [], "ordinal": [], "fleiss": [], "cohen": []}
    for seed in range(60):
        random = np.random.default_rng(seed)
        values = (random.random((150, n_coders)) < random.uniform(0.2, 0.8)).astype(float)
        ranks = random.integers(1, 5, size=(150, n_coders)).astype(float)
        holed = np.where(random.random(values.shape) < 0.2, NAN, values)
        # A single participant: no resampling.
        one = np.zeros(150)
        figures["alpha"].append(estimate_alpha(holed, one).alpha.value)
        figures["ordinal"].append(estimate_alpha(ranks, one, level="ordinal").alpha.value)
        figures["fleiss"].append(estimate_fleiss_kappa(values, one).kappa.value)
        figures["cohen"].append(estimate_kappa(values[:, 0], values[:, 1], one).kappa.value)
    for name, drawn in figures.items():
        error = np.std(drawn, ddof=1) / math.sqrt(60)
        assert error < 0.015, name
        # Fleiss is 0 but for 1 / (n * (coders - 1)), which alpha corrects.
        assert abs(np.mean(drawn)) < 4 * error + 1 / 150, name


def test_the_interval_of_independent_coders_holds_0_about_as_often_as_it_says():
    held = 0
    for seed in range(100):
        values = np.random.default_rng(seed).integers(0, 2, size=(100, 3)).astype(float)
        low, high = estimate_alpha(values, np.arange(100) % 25, n_resamples=400).alpha[1:]
        held += low <= 0 <= high
    # A percentile bootstrap of 25 participants falls a little short; 82 is 4 errors below 93 %.
    assert held >= 82


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (1.0, "reliable"), (0.8, "reliable"), (0.1 * 8, "reliable"), (0.799, "tentative"),
        (0.667, "tentative"), (0.666, "discard"), (-1.0, "discard"), (NAN, "cannot tell"),
    ],
)  # fmt: skip
def test_krippendorffs_cut_offs_have_their_words(alpha, words):
    assert name_reliability(alpha) == words


@pytest.mark.parametrize("estimate", [estimate_alpha, estimate_fleiss_kappa])
def test_what_does_not_fit_is_refused(estimate):
    with pytest.raises(ValueError, match="one row of values and one participant per unit"):
        estimate([[1, 0], [1, 1]], ["a"])
    with pytest.raises(ValueError, match="one row of values and one participant per unit"):
        estimate([1, 0], ["a", "b"])
    with pytest.raises(ValueError, match="one row of values and one participant per unit"):
        estimate([], ["a"])
    with pytest.raises(ValueError, match="some are infinite"):
        estimate([[1, math.inf]], ["a"])


def test_an_unknown_level_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="ordinal"):
        estimate_alpha([[1, 1]], ["a"], level="ordinary")


def test_the_values_are_left_as_they_were():
    values, people = many_units()
    before = values.copy()
    estimate_alpha(values, people, level="ordinal")
    estimate_fleiss_kappa(values, people)
    np.testing.assert_array_equal(values, before)
