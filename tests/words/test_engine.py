import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research import engine


def test_a_frame_goes_through_the_engine_and_comes_back():
    frame = pd.DataFrame({"who": ["a", "b"], "n": [1, 2]})
    assert_frame_equal(engine.run(engine.as_table(frame).order_by("who")), frame)


def test_runs_share_nothing():
    table = engine.as_table(pd.DataFrame({"n": [1, 2, 3]}))
    total = table.aggregate(total=table.n.sum())
    assert engine.run(total)["total"].tolist() == engine.run(total)["total"].tolist() == [6]


def test_a_failing_expression_raises():
    table = engine.as_table(pd.DataFrame({"n": ["x"]}))
    with pytest.raises(Exception, match="x"):
        engine.run(table.select(number=table.n.cast("int64")))
