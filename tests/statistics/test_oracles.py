"""Published and worked numbers, each against the function that our pages take it from."""

import json
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cjm_research.statistics import (
    adjust_p_values,
    compare_survival,
    count_new_codes,
    estimate_difference,
    estimate_kappa,
    estimate_nps,
    estimate_proportion,
    estimate_survival,
    find_saturation,
    measure_span_agreement,
)
from cjm_research.statistics.calibration import estimate_calibration
from cjm_research.statistics.prevalence import (
    estimate_lang_reiczigel,
    estimate_prediction_powered,
    estimate_rogan_gladen,
)
from cjm_research.statistics.several_coders import estimate_alpha, estimate_fleiss_kappa
from cjm_research.statistics.weights import measure_weighting

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "oracles.json"
NAN = math.nan

# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
WILSON = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
DIFFERENCES = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]
# Benjamini and Hochberg (1995), as in the documentation of scipy.stats.false_discovery_control.
P_VALUES = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
    0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip
ADJUSTED = [
    0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714, 0.06385714, 0.0645, 0.0765, 0.486,
    0.58118182, 0.714875, 0.75323077, 0.81321429, 1.0,
]  # fmt: skip
# Rows are coders, columns units. Krippendorff (2011), and the example of Wikipedia.
FOUR_CODERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
THREE_CODERS = [
    [NAN, NAN, NAN, NAN, NAN, 3, 4, 1, 2, 1, 1, 3, 3, NAN, 3],
    [1, NAN, 2, 1, 3, 3, 4, 3, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
    [NAN, NAN, 2, 1, 3, 4, 4, NAN, 2, 1, 1, 3, 3, NAN, 4],
]
# Fleiss (1971): ten subjects, five categories, fourteen raters.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
# Lang and Reiczigel (2014), examples 1 to 4, as in prevSeSp.Rd of R's asht.
VALIDATED = [
    ("4060/11284", 11284, "178/179", 179, "358/359", 359, 0.349, 0.372, 6e-4),
    ("51/2971", 2971, "32/33", 33, "20/20", 20, 0, 0.053, 6e-4),
    ("6/100", 11862, "8/10", 10, "1", 12, 0, 0.147, 6e-4),
    ("259/509", 509, "84/127", 127, "96/109", 109, 0.58, 0.87, 6e-3),  # printed to 2 decimals
    ("51/509", 509, "23/41", 41, "187/195", 195, 0.037, 0.195, 6e-4),
]
# epi.prev.Rd of R's epiR: positive, n, sensitivity, specificity, prevalence, Blaker's limits.
KNOWN_ERRORS = [
    (45, 150, 0.96, 0.89, 0.22, 0.14, 0.32),
    (23, 150, 0.96, 0.89, 0.051, NAN, NAN),
    (80, 210, 0.60, 0.90, 0.56, 0.43, 0.70),
    (100, 189, 0.65, 0.95, 0.80, 0.68, 0.92),
    (50, 124, 0.70, 0.99, 0.57, 0.45, 0.70),
]
# Freireich et al. (1963): weeks of remission.
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
ENDED = [1] * 9 + [0] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
STILL = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}

NOT_RECOMPUTED = {
    "ppi_galaxies": "needs the galaxies data set, which is a download",
    "survey_api_strat": "needs the apistrat data set of R's survey",
}


def of_units(both, first, second, neither):
    cells = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    return zip(*cells, strict=True)


def powered(n_positive, *, tuned):
    """30 of 100 labels say yes, the machine finds 24 of them and 14 others; 1000 are unlabelled."""
    return estimate_prediction_powered(
        [1] * 30 + [0] * 70,
        [1] * 24 + [0] * 6 + [1] * 14 + [0] * 56,
        [1] * n_positive + [0] * (1000 - n_positive),
        participants=range(100),
        unlabelled_participants=range(100, 1100),
        tuned=tuned,
        form="plain",
    ).share


def test_wilson_newcombe():
    for count, n, low, high in WILSON:
        assert estimate_proportion(count, n)[1:] == pytest.approx((low, high), abs=5e-5)


def test_adjwald_tullis():
    # We give Wilson's interval, not the adjusted Wald one, which has the same middle and is wider.
    found = estimate_proportion(4, 5)
    low, high = 0.3596, 0.9796
    assert (found.low + found.high) / 2 == pytest.approx((low + high) / 2, abs=2e-4)
    assert low < found.low < found.high < high


def test_newcombe_diff():
    for *counts, low, high in DIFFERENCES:
        assert estimate_difference(*counts)[1:] == pytest.approx((low, high), abs=5e-5)


def test_bh1995():
    found = adjust_p_values(P_VALUES)
    assert found == pytest.approx(ADJUSTED, abs=1e-6)
    assert (found <= 0.05).sum() == 4
    # Holm's rejects all that Bonferroni's does, here the same three.
    assert (np.array(P_VALUES) * len(P_VALUES) <= 0.05).sum() == 3
    assert (adjust_p_values(P_VALUES, method="holm") <= 0.05).sum() == 3


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_kripp2011(level, alpha):
    found = estimate_alpha(np.transpose(FOUR_CODERS), range(12), level=level)
    assert found.alpha.value == pytest.approx(alpha, abs=5.1e-4)


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.691358), ("interval", 0.810845)])
def test_kripp_wiki(level, alpha):
    found = estimate_alpha(np.transpose(THREE_CODERS), range(15), level=level)
    assert found.alpha.value == pytest.approx(alpha, abs=5.1e-7)


def test_fleiss1971():
    values = [np.repeat(np.arange(5), counts) for counts in FLEISS]
    found = estimate_fleiss_kappa(values, range(10))
    assert found.kappa.value == pytest.approx(0.2099, abs=5e-5)
    assert (found.n_units, found.n_coders) == (10, 14)


def test_cohen_2x2():
    assert estimate_kappa(*of_units(20, 5, 10, 15), range(50)).kappa.value == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("characters", "kappa", "wrong"),
    [((25, 25, 25, 25), 0.0, 0.299), ((80, 20, 20, 880), 0.778, 0.660)],
)
def test_qualcoder_kappa(characters, kappa, wrong):
    found = measure_span_agreement(*characters).kappa
    assert found == pytest.approx(kappa, abs=5e-4)
    assert abs(found - wrong) > 0.1


def test_lang_reiczigel():
    for positive, n, sensitivity, n_sensitivity, specificity, n_specificity, *rest in VALIDATED:
        low, high, tolerance = rest
        found = estimate_lang_reiczigel(
            float(Fraction(positive) * n),
            n,
            sensitivity=float(Fraction(sensitivity)),
            n_sensitivity=n_sensitivity,
            specificity=float(Fraction(specificity)),
            n_specificity=n_specificity,
        )
        assert found.reason == ""
        assert found.share[1:] == pytest.approx((low, high), abs=tolerance)


def test_rogan_gladen():
    for count, n, sensitivity, specificity, share, low, high in KNOWN_ERRORS:
        found = estimate_rogan_gladen(count, n, sensitivity=sensitivity, specificity=specificity)
        assert found.share.value == pytest.approx(share, abs=6e-3)
        if low == low:  # our limits are Wilson's
            assert found.share[1:] == pytest.approx((low, high), abs=7e-3)
    # 6 of 151 are fewer than the false alarms of a specificity of .927 alone: -.04, refused.
    refused = estimate_rogan_gladen(6, 151, sensitivity=0.964, specificity=0.927)
    assert all(math.isnan(part) for part in refused.share)
    assert "false alarms" in refused.reason


def test_ppi_closed_form():
    assert powered(380, tuned=False) == pytest.approx((0.3, 0.208665, 0.391335), abs=5e-6)
    assert powered(380, tuned=True)[1:] == pytest.approx((0.22441, 0.37559), abs=5e-6)
    # When the share shifts between the labelled and the others, the two corrections differ.
    assert powered(440, tuned=False).value == pytest.approx(0.36)
    shifted = estimate_rogan_gladen(440, 1000, sensitivity=24 / 30, specificity=56 / 70)
    assert shifted.share.value == pytest.approx(0.40)


def test_km_freireich():
    treated, placebo = estimate_survival(TREATED, ENDED), estimate_survival(PLACEBO, [1] * 21)
    for week, share in STILL.items():
        assert treated.at(week).value == pytest.approx(share, abs=5e-5)
    assert (treated.median.value, placebo.median.value) == (23, 8)
    found = compare_survival([(TREATED, ENDED, None), (PLACEBO, [1] * 21, None)])
    assert found.chi2 == pytest.approx(16.793, abs=5e-4)


def test_kish():
    found = measure_weighting([1, 1, 1, 1, 2, 2, 4])
    assert found.n_effective == pytest.approx(5.142857, abs=1e-6)
    assert found.design_effect == pytest.approx(1.361111, abs=1e-6)


def test_saturation():
    found = find_saturation([4, 3, 2, 1, 1, 0, 0, 0], base=4, run=2, threshold=0.05)
    assert found.base_codes == 10
    assert found.ratios[:2] == (0.1, 0.0)
    assert found.reached_at == 5  # and a run of two: "5+2"


def test_nps_computed():
    # Our interval is the adjusted Wald one: at 1,000 answers nearly the plain one.
    found = estimate_nps(250, 675, 75)
    assert found.value == pytest.approx(17.5)
    assert found[1:] == pytest.approx((14.14, 20.86), abs=0.1)
    error = (found.high - found.low) / (2 * 1.959964)
    assert error == pytest.approx(1.7157, abs=0.01)
    assert error - 1.6027 > 0.1  # taken for independent, the two shares would give this


def test_funnel_computed():
    counts = [1000, 620, 310, 155]
    steps = [(0.5895, 0.6496), (0.4608, 0.5392), (0.4447, 0.5553)]
    for (before, after), limits in zip(pairwise(counts), steps, strict=True):
        assert estimate_proportion(after, before)[1:] == pytest.approx(limits, abs=5e-5)
    assert estimate_proportion(155, 1000)[1:] == pytest.approx((0.1339, 0.1787), abs=5e-5)


@pytest.mark.parametrize(("n", "share"), [(5, 0.8436), (15, 0.9962)])
def test_discovery(n, share):
    # Problems that 31 % of people meet: of 40,000 such, n people together meet 1 - .69 ** n.
    met = np.random.default_rng(0).random((n, 40_000)) < 0.31
    error = math.sqrt(share * (1 - share) / 40_000)
    assert sum(count_new_codes(met)) / 40_000 == pytest.approx(share, abs=4 * error + 5e-5)


def test_brier():
    found = estimate_calibration([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3], range(4))
    assert found.brier.value == pytest.approx(0.0375)


def test_every_oracle_of_the_reference_has_a_test_here():
    if not ORACLES.is_file():
        pytest.skip(f"no oracles at {ORACLES}")
    ids = {entry["id"] for entry in json.loads(ORACLES.read_text("utf-8"))}
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    missing = ids - tested - NOT_RECOMPUTED.keys()
    assert not missing, f"no test for {sorted(missing)}"
    assert NOT_RECOMPUTED.keys() <= ids - tested


def test_the_numbers_here_are_those_of_the_reference():
    if not ORACLES.is_file():
        pytest.skip(f"no oracles at {ORACLES}")
    found = {entry["id"]: entry for entry in json.loads(ORACLES.read_text("utf-8"))}
    assert [tuple(case) for case in found["wilson_newcombe"]["cases"]] == WILSON
    assert [tuple(case) for case in found["newcombe_diff"]["cases"]] == DIFFERENCES
    assert (found["bh1995"]["p"], found["bh1995"]["adj"]) == (P_VALUES, ADJUSTED)
    for name, rows in (("kripp2011", FOUR_CODERS), ("kripp_wiki", THREE_CODERS)):
        np.testing.assert_array_equal(np.array(found[name]["data"], dtype=float), rows)
    assert found["fleiss1971"]["table"] == FLEISS
    assert len(found["lang_reiczigel"]["cases"]) == len(VALIDATED)
    assert len(found["rogan_gladen"]["cases"]) == len(KNOWN_ERRORS) + 1
    weeks = found["km_freireich"]
    assert (weeks["mp6_weeks"], weeks["mp6_event"]) == (TREATED, ENDED)
    assert weeks["placebo_weeks"] == PLACEBO
    assert {int(week): share for week, share in weeks["km"].items()} == STILL
