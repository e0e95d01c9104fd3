import pandas as pd
import pytest

from cjm_research.errors import UnknownNameError
from cjm_research.journey import LEAVING_WORDS, UNASSIGNED, Journey, Stage


@pytest.fixture
def journey():
    return Journey(
        (
            Stage("see", "See"),
            Stage("buy", "Buy"),
            Stage("tell", "Tell", sequential=False),
            Stage("gap", "Gap", measure="none"),
        )
    )


def test_stages_keep_their_order(journey):
    assert journey.stage_ids == ["see", "buy", "tell", "gap"]
    assert [stage.id for stage in journey] == journey.stage_ids
    assert len(journey) == 4


def test_only_sequential_measured_stages_form_the_funnel(journey):
    assert [stage.id for stage in journey.sequential] == ["see", "buy"]


def test_a_stage_is_found_by_id(journey):
    assert journey["buy"].name == "Buy"


def test_an_unknown_stage_is_refused_with_a_suggestion(journey):
    with pytest.raises(UnknownNameError, match="Did you mean 'tell'"):
        journey["tel"]


def test_order_sorts_by_journey_and_puts_missing_last(journey):
    found = journey.order(pd.Series(["tell", None, "", "see"]))
    assert found.tolist() == ["tell", UNASSIGNED, UNASSIGNED, "see"]
    assert found.sort_values().tolist() == ["see", "tell", UNASSIGNED, UNASSIGNED]
    assert found.dtype == journey.dtype
    assert found.dtype.ordered


def test_order_refuses_what_is_no_stage(journey):
    with pytest.raises(UnknownNameError, match="no stage 'purchase'"):
        journey.order(pd.Series(["buy", "purchase"]))


def test_order_does_not_change_its_input(journey):
    stages = pd.Series(["buy", None])
    journey.order(stages)
    assert stages.tolist() == ["buy", None]


def test_order_of_no_rows_has_the_dtype(journey):
    assert journey.order(pd.Series([], dtype="object")).dtype == journey.dtype


def test_no_two_kinds_of_measure_share_their_words():
    words = list(LEAVING_WORDS.values())
    assert len(set(words)) == len(words)
