import pandas as pd
import pytest

from cjm_research.errors import UnknownNameError
from cjm_research.reporting.published import (
    PUBLISHED,
    describe_published,
    mask_table,
    read_published,
)
from cjm_research.study import TABLES

NAN = float("nan")
FUNNEL = pd.DataFrame(
    [("", "", 100, 60, 40), ("device", "phone", 60, 40, 20), ("device", "watch", 9, 6, 3)],
    columns=["segment", "segment_value", "n_entered", "n_continued", "n_dropped"],
)
COMPARISON = pd.DataFrame({"segment": ["team"], "kind": ["drop_off"], "suppressed": [False]})
OF_PEOPLE = {"participants", "documents", "turns", "excerpts", "codes", "held_codes", "scores",
             "embeddings", "ratings", "answers", "events", "person_stages", "statements",
             "lost_codes", "masked", "quality", "files", "set_aside", "coders"}  # fmt: skip


def mask(table, name, **changed):
    given = {"smallest_cell": 5, "funnel": FUNNEL, "comparison": COMPARISON}
    return mask_table(table, name, **(given | changed))


def test_no_table_with_a_row_per_person_leaves():
    assert not OF_PEOPLE & set(PUBLISHED)
    assert set(PUBLISHED) <= set(TABLES)
    assert all(describe_published(name).endswith(".") for name in PUBLISHED)


def test_a_segment_with_a_small_count_leaves_the_funnel_whole():
    assert mask(FUNNEL, "funnel")["segment"].tolist() == [""]
    assert len(mask(FUNNEL, "funnel", smallest_cell=3)) == 3


def test_what_is_hidden_in_the_funnel_is_not_told_by_its_value_or_timing():
    value = pd.DataFrame(
        {"segment": ["", "device", "device"], "n_dropped": [40, 20, 30], "n_valued": [50, 30, 20]}
    )
    assert mask(value, "value_at_stake")["segment"].tolist() == [""]
    timing = pd.DataFrame({"segment": ["", "device"], "n": [60, 40]})
    assert mask(timing, "stage_timing")["segment"].tolist() == [""]


def test_where_a_segment_of_a_reported_funnel_is_small_none_of_them_leaves():
    reported = pd.DataFrame(
        [("ga", "", 100, 60.0), ("ga", "phone", 90, 57.0), ("ga", "watch", 10, 3.0),
         ("other", "", 3, NAN), ("other", "phone", 60, 40.0)],
        columns=["source", "segment", "n_people", "n_continued"],
    )  # fmt: skip
    masked = mask(reported, "reported_funnels")
    assert masked[["source", "segment"]].to_numpy().tolist() == [
        ["ga", ""], ["other", ""], ["other", "phone"],
    ]  # fmt: skip
    # Three of ten are too few, and so are three of ten who were lost.
    lost = reported.assign(n_continued=[60.0, 53.0, 7.0, NAN, 40.0])
    assert len(mask(lost, "reported_funnels")) == 3
    assert len(mask(reported, "reported_funnels", smallest_cell=3)) == 5


def test_the_rest_of_a_group_is_small_as_well():
    loss = pd.DataFrame({"segment": ["", "team"], "n_judged": [100, 50], "n_lost": [60, 48]})
    masked = mask(loss, "loss", funnel=FUNNEL.head(1))
    assert masked["segment"].tolist() == [""] and list(masked) == list(loss)


def test_a_segment_that_the_comparison_hides_is_left_out():
    hidden = COMPARISON.assign(segment="device", suppressed=True)
    big = FUNNEL.assign(n_entered=500, n_continued=300, n_dropped=200)
    assert len(mask(big, "funnel", funnel=big)) == 3
    assert len(mask(big, "funnel", funnel=big, comparison=hidden)) == 1


def test_mentions_are_not_split_and_ids_of_people_are_left_out():
    mentions = pd.DataFrame({"segment": ["", "device"], "segment_value": ["", "watch"], "n": 1})
    assert mask(mentions, "mentions").to_dict("list") == {"n": [1]}
    quotes = pd.DataFrame({"participant_id": ["p1"], "alias": ["P01"], "text": ["x"]})
    assert list(mask(quotes, "quotes")) == ["alias", "text"]


def test_single_people_are_left_out_of_the_map(maps):
    masked = mask(maps(1), "journey_map")
    assert "secret-1" in str(maps(1).to_dict()) and "secret-1" not in str(masked.to_dict())
    assert "P77" not in str(masked.to_dict())
    assert masked.loc[0, "quotes"][0]["alias"] == "P01"


def test_a_table_that_stays_cannot_be_read_for_publishing(small):
    with pytest.raises(UnknownNameError, match="table to publish"):
        read_published(small, "events")
