"""The simulations of `make simulate` with few runs: ours hold the truth, naive ones do not."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cjm_research.review.samples import draw_validation_sample

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RUNS = 400
# Of 400 intervals that hold in 95 %, all but one in a thousand batches hold 91.4 to 98.6 %.
CHANCE = 0.036


@pytest.fixture(scope="module")
def simulate():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import simulate
    finally:
        sys.path.remove(str(BENCHMARKS))
    return simulate


def test_shares_over_people_hold_and_wilson_over_excerpts_does_not(simulate):
    found = simulate.simulate_participant_shares(RUNS, seed=1)
    for ours in ("", "_bootstrap_t", "_design_effect"):
        assert found[f"coverage_participant{ours}"] == pytest.approx(0.95, abs=CHANCE), ours
    assert found["coverage_naive_excerpts"] < 0.8
    # Too few people for the percentiles of resamples.
    percentile = found["coverage_participant_bootstrap_percentile"]
    assert percentile < found["coverage_participant_bootstrap_t"]


def test_corrected_shares_hold_and_the_machine_alone_does_not(simulate):
    found = simulate.simulate_corrected(RUNS, seed=1)
    for ours in ("coverage_corrected", "coverage_corrected_untuned", "coverage_lang_reiczigel"):
        assert found[ours] == pytest.approx(0.95, abs=CHANCE), ours
    assert found["coverage_naive_machine"] < 0.1


def test_corrected_shares_of_alike_excerpts_hold_only_by_participant(simulate):
    found = simulate.simulate_clustered(RUNS, seed=1)
    for scene in ("", "_few"):
        ours = found[f"coverage_corrected_clustered{scene}"]
        assert ours == pytest.approx(0.95, abs=CHANCE), scene
        assert found[f"coverage_naive_clusters{scene}"] < 0.9


def test_two_simulations_with_one_seed_are_the_same(simulate):
    one, two, other = (simulate.simulate_clustered(20, seed=seed) for seed in (4, 4, 5))
    assert one == two
    assert one != other


def test_the_simulated_labels_are_drawn_like_a_validation_sample(simulate):
    rng = np.random.default_rng(9)
    who = np.repeat(np.arange(30), 1 + rng.negative_binomial(1.5, 0.1, 30))
    drawn, chance = simulate.draw_labels(rng, who, 100)
    assert drawn.sum() == 100
    excerpts = pd.DataFrame(
        {
            "excerpt_id": [f"e{n}" for n in range(who.size)],
            "participant_id": [f"p{n:02}" for n in who],
            "document_id": "d",
            "start": range(who.size),
            "end": range(1, who.size + 1),
            "text": "x",
            "speaker": "participant",
        }
    )
    sample = draw_validation_sample(excerpts, n=100)
    theirs = sample.set_index("start")["inclusion_probability"]
    assert chance[theirs.index] == pytest.approx(theirs.to_numpy())
    # Both take whole numbers nearest to the same share of each person.
    assert np.bincount(who[drawn], minlength=30) == pytest.approx(
        np.bincount(who[theirs.index], minlength=30), abs=1
    )
