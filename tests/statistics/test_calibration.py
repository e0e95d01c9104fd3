import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from cjm_research.statistics.calibration import estimate_calibration

RNG = np.random.default_rng(12)
WHO = np.repeat(np.arange(40), 15)
SAID = RNG.beta(1, 3, 600)
TRUE = (RNG.random(600) < SAID).astype(float)


def test_the_brier_score_of_the_documented_example():
    found = estimate_calibration([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3], list("abcd"))
    assert found.brier.value == pytest.approx(0.0375)
    assert math.isnan(found.brier.low)
    assert math.isnan(found.ece.value)
    assert found.reason == "4 units for 10 bins: 5 per bin are needed"
    assert (found.n, found.n_participants) == (4, 4)


def test_the_bins_are_those_of_sklearn():
    found = estimate_calibration(TRUE, SAID, WHO)
    observed, predicted = calibration_curve(TRUE, SAID, n_bins=10, strategy="quantile")
    assert [b.observed.value for b in found.bins] == pytest.approx(observed)
    assert [b.predicted for b in found.bins] == pytest.approx(predicted)
    assert [b.n for b in found.bins] == [60] * 10
    assert all(
        one.low <= one.predicted <= one.high < two.low
        for one, two in zip(found.bins, found.bins[1:], strict=False)
    )


def test_the_expected_calibration_error_by_hand():
    # Ten bins of ten: each said what it is, and all but the last saw it.
    said = np.repeat(np.arange(10) / 10 + 0.05, 10)
    hits = [round(10 * p + 1e-9) for p in np.arange(10) / 10 + 0.05]
    seen = np.concatenate([[1.0] * k + [0.0] * (10 - k) for k in hits])
    gaps = [abs(k / 10 - p) for k, p in zip(hits, np.arange(10) / 10 + 0.05, strict=True)]
    found = estimate_calibration(seen, said, np.arange(100) % 20)
    assert found.ece.value == pytest.approx(sum(gaps) / 10)
    assert [b.observed.value for b in found.bins] == pytest.approx([k / 10 for k in hits])
    assert found.reason == ""


def test_a_calibrated_machine_may_be_perfect_and_a_boastful_one_is_not():
    honest = estimate_calibration(TRUE, SAID, WHO)
    # Chance alone makes the error above 0, and its limits know that.
    assert honest.ece.low == 0 < honest.ece.value < honest.ece.high < 0.15
    boastful = estimate_calibration(TRUE, np.minimum(1, SAID + 0.3), WHO)
    assert boastful.ece.value > 0.2
    assert 0.1 < boastful.ece.low < 0.3 < boastful.ece.high + 0.05
    assert boastful.brier.value > honest.brier.value
    assert honest.brier.low < honest.brier.value < honest.brier.high


def test_a_machine_that_is_sure_and_right():
    found = estimate_calibration([1, 0] * 100, [1.0, 0.0] * 100, np.arange(200) % 20)
    assert found.brier.value == found.ece.value == 0
    # Two probabilities make two bins, whatever was asked for.
    assert [(b.low, b.high, b.n, b.observed.value) for b in found.bins] == [
        (0, 0, 100, 0),
        (1, 1, 100, 1),
    ]
    # All people give 0: nothing shows how far off it may be.
    assert math.isnan(found.brier.low)
    assert "all participants give the same figure" in found.reason


def test_a_machine_that_says_the_same_of_everything():
    found = estimate_calibration([1, 0, 0, 0] * 25, [0.25] * 100, np.arange(100) % 20)
    assert len(found.bins) == 1
    assert found.bins[0].n_participants == 20
    assert found.ece.value == 0
    assert found.bins[0].observed.low < 0.25 < found.bins[0].observed.high


def test_few_people_have_bins_and_no_intervals():
    found = estimate_calibration(TRUE[:135], SAID[:135], WHO[:135])
    assert found.n_participants == 9
    assert not math.isnan(found.ece.value)
    assert all(math.isnan(b.observed.low) for b in found.bins)
    assert math.isnan(found.brier.low)
    assert math.isnan(found.ece.low)
    assert found.reason == "no interval: 9 participants, 10 are needed"


def test_no_units_are_no_data():
    found = estimate_calibration([], [], [])
    assert math.isnan(found.brier.value)
    assert math.isnan(found.ece.value)
    assert (found.bins, found.n, found.reason) == ((), 0, "no units")


def test_the_order_of_the_units_does_not_matter():
    order = RNG.permutation(600)
    one = estimate_calibration(TRUE, SAID, WHO)
    two = estimate_calibration(TRUE[order], SAID[order], [f"p{n:02}" for n in WHO[order]])
    assert two.brier == pytest.approx(one.brier)
    assert two.ece == pytest.approx(one.ece)
    for b, c in zip(one.bins, two.bins, strict=True):
        assert c.observed == pytest.approx(b.observed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcomes": TRUE[:5]}, "one value per unit"),
        ({"participants": WHO[:5]}, "one value per unit"),
        ({"outcomes": np.full(600, 0.5)}, "outcomes are 1 or 0"),
        ({"probabilities": np.full(600, 1.5)}, "between 0 and 1"),
        ({"probabilities": np.full(600, math.nan)}, "between 0 and 1"),
        ({"n_bins": 9}, "n_bins must be at least 10; got 9"),
    ],
)
def test_what_does_not_fit_is_an_error(change, words):
    whole = {"outcomes": TRUE, "probabilities": SAID, "participants": WHO}
    with pytest.raises(ValueError, match=words):
        estimate_calibration(**whole | change)


def test_the_error_of_a_calibrated_machine_is_held_where_percentiles_never_do():
    rng, held = np.random.default_rng(3), 0
    for run in range(200):
        said = rng.beta(1, 3, 300)
        true = (rng.random(300) < said).astype(float)
        found = estimate_calibration(
            true, said, np.arange(300) // 10, n_resamples=300, random_state=run
        )
        held += found.ece.low == 0
    assert held / 200 > 0.88
