import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "simulated_links.py"


@pytest.fixture(scope="module")
def links():
    spec = importlib.util.spec_from_file_location("simulated_links", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(links):
    return links.simulate_links(12, first_seed=1000)


def test_the_planted_ratio_is_that_of_tellers_against_all_others(links):
    silent, without = links.P_FELT * (1 - links.P_ANSWER), 1 - links.P_FELT
    others_leave = (silent * links.RISK_TOLD + without * links._risk_without()) / (silent + without)
    assert links.RISK_TOLD / others_leave == pytest.approx(links.RISK_RATIO)
    assert 0 < links._risk_without() < 1


def test_planted_links_are_found_and_verdicts_right(found):
    # 12 studies at 95 %: fewer than 9 would be a mistake, not bad luck (p = .0002).
    assert found["planted_link_covered"] >= 9 / 12
    assert found["planted_link_found"] == 1
    # 240 draws: 95 % within 4 standard errors.
    assert found["planted_ratio_covered"] == pytest.approx(0.95, abs=0.057)
    assert found["verdicts_right"] >= 0.95


def test_null_links_are_hardly_ever_found(found):
    assert found["n_nulls"] > 20
    # More than 4 of 12 studies with any, where 1 in 10 is expected, are a mistake (p = .004).
    assert found["false_link_any"] <= 4 / 12
    assert found["false_link_rate"] <= found["false_link_any"]
    assert found["false_links_per_null"] < 0.05


def test_one_seed_is_one_study(links):
    one, again, other = (links.draw_study(seed)["statements"] for seed in (3, 3, 4))
    assert one.equals(again)
    assert not one.equals(other)


def test_the_planted_pain_links_and_its_neighbours_do_not(links):
    # Over many studies together: each share must be near what was planted.
    counts = {True: [0, 0], False: [0, 0]}
    for seed in range(30):
        study = links.draw_study(seed)
        here = study["person_stages"].query("stage == 'order'")
        said = study["statements"].query("stage == 'order' and code == @links.PLANTED")
        tells = here["participant_id"].isin(said["participant_id"])
        for told in (True, False):
            counts[told][0] += here.loc[tells == told, "left"].sum()
            counts[told][1] += (tells == told).sum()
    for told, planted in ((True, links.RISK_TOLD), (False, links.RISK_TOLD / links.RISK_RATIO)):
        left, n = counts[told]
        error = math.sqrt(planted * (1 - planted) / n)
        assert left / n == pytest.approx(planted, abs=4 * error)


def test_no_study_cannot_be_measured(links):
    with pytest.raises(ValueError, match="seeds must be at least 1; got 0"):
        links.simulate_links(0)


def test_the_script_prints_one_line_of_figures():
    done = subprocess.run(
        [sys.executable, PATH, "1"], capture_output=True, text=True, check=True, cwd=PATH.parents[1]
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {"planted_link_covered", "false_link_rate", "verdicts_right"} <= set(figures)
