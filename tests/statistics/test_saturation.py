import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from cjm_research.statistics import count_new_codes, find_saturation, saturate_over_orders

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "oracles.json"
NEW = [4, 3, 2, 1, 1, 0, 0, 0]


def test_the_worked_example_of_qda_saturation_ratio():
    found = find_saturation(NEW, base=4, run=2, threshold=0.05)
    assert found.base_codes == 10
    assert found.ratios == pytest.approx((0.1, 0.0, 0.0))
    assert found.reached_at == 5


def test_the_oracle_here_is_that_of_the_reference():
    if not ORACLES.is_file():
        pytest.skip(f"no oracles at {ORACLES}")
    (oracle,) = (e for e in json.loads(ORACLES.read_text("utf-8")) if e["id"] == "saturation")
    found = find_saturation(
        oracle["new_codes"], base=oracle["base"], run=oracle["run"], threshold=oracle["threshold"]
    )
    assert oracle["new_codes"] == NEW
    assert found.base_codes == oracle["base_codes"]
    assert found.ratios[:2] == tuple(oracle["runs"].values())
    assert f"{found.reached_at}+{oracle['run']}" == oracle["notation"]


@pytest.mark.parametrize(
    ("new_codes", "base", "run", "threshold", "reached"),
    [
        (NEW, 4, 2, 0.1, 4),  # the first run, 1 of 10, is at the threshold
        (NEW, 4, 3, 0.05, 5),
        (NEW, 6, 2, 0.05, 6),
        ([5, 5, 5, 5, 5, 5], 4, 2, 0.05, None),
        ([4, 3, 2, 1, 1], 4, 2, 0.05, None),  # no whole run
        ([0, 0, 0, 0, 0, 0], 4, 2, 0.05, None),  # nothing to compare with
        ([20, 0, 0, 0, 1, 0], 4, 2, 0.05, 4),
        ([20, 0, 0, 0, 1, 0], 4, 2, 0.0, None),
        ([], 4, 2, 0.05, None),
    ],
)
def test_base_run_and_threshold(new_codes, base, run, threshold, reached):
    found = find_saturation(new_codes, base=base, run=run, threshold=threshold)
    assert found.reached_at == reached


def test_too_few_interviews_and_an_empty_base_give_no_ratio():
    assert find_saturation([4, 3, 2, 1, 1]).ratios == ()
    assert find_saturation([0] * 8).ratios == ()


@pytest.mark.parametrize("wrong", [{"base": 0}, {"run": 0}, {"threshold": -0.1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match="at least"):
        find_saturation(NEW, **wrong)


TOLD = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 0]], dtype=bool)


def test_new_codes_are_those_not_told_before():
    assert count_new_codes(TOLD) == [2, 1, 0]
    assert count_new_codes(TOLD, [2, 0, 1]) == [3, 0, 0]
    assert count_new_codes(TOLD[:0]) == []
    assert count_new_codes(TOLD[:, :0]) == [0, 0, 0]


def all_orders(told, **options):
    reached = []
    for order in permutations(range(len(told))):
        at = find_saturation(count_new_codes(told, order), **options).reached_at
        reached.append(math.inf if at is None else at)
    return reached


def test_random_orders_agree_with_all_orders():
    told = np.array(
        [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1]],
        dtype=bool,
    )
    options = {"base": 2, "run": 2, "threshold": 0.0}
    exact = all_orders(told, **options)
    found = saturate_over_orders(told, n_orders=4000, **options)
    share = sum(map(math.isfinite, exact)) / len(exact)
    assert found.n_reached / found.n_orders == pytest.approx(share, abs=0.03)
    assert found.low == min(exact)
    assert (found.high, max(exact)) == (pytest.approx(math.nan, nan_ok=True), math.inf)
    assert found == pytest.approx(saturate_over_orders(told, n_orders=4000, **options), nan_ok=True)


def test_when_everybody_tells_the_same_every_order_is_alike():
    found = saturate_over_orders(np.ones((8, 3), dtype=bool), n_orders=50)
    assert found == (50, 50, 4.0, 4.0, 4.0)


def test_when_everybody_tells_something_new_no_order_reaches_it():
    found = saturate_over_orders(np.eye(8, dtype=bool), n_orders=50)
    assert found[:2] == (50, 0)
    assert all(map(math.isnan, found[2:]))
    assert saturate_over_orders(np.eye(8, dtype=bool), n_orders=0).n_orders == 0
