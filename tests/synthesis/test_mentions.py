import math

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.statistics import estimate_proportion
from cjm_research.synthesis import count_heard, count_joins, count_mentions, describe_coverage

SLOW = "pain_point:slow"


def mentions_of(told, *, designs=None, segments=None):
    return count_mentions(
        told.codes,
        told.excerpts,
        journey=told.journey,
        designs=designs or {},
        labels={("pain_point", "slow"): "Too slow"},
        segments=segments,
    )


def said(mentions, *, segment="", value=""):
    mine = mentions[(mentions["segment"] == segment) & (mentions["segment_value"] == value)]
    return {
        (row.stage, row.source, row.code): (row.n_said, row.n_heard) for row in mine.itertuples()
    }


def test_who_repeats_a_pain_twelve_times_counts_once(told):
    table = told(
        *[("a", "talks", "see", "participant", f"Slow {n}.", SLOW) for n in range(12)],
        ("b", "talks", "see", "participant", "Fine."),
    )
    assert said(mentions_of(table)) == {("see", "talks", "slow"): (1, 2)}


def test_a_person_counts_in_every_stage_they_say_it_in(told):
    table = told(
        ("a", "talks", "see", "participant", "Slow.", SLOW),
        ("a", "talks", "buy", "participant", "Slow.", SLOW),
    )
    assert said(mentions_of(table)) == {
        ("see", "talks", "slow"): (1, 1),
        ("buy", "talks", "slow"): (1, 1),
    }


def test_sources_are_never_pooled(told):
    table = told(
        ("a", "talks", "see", "participant", "Slow.", SLOW),
        ("a", "survey", "see", "participant", "Slow.", SLOW),
        ("b", "survey", "see", "participant", "Fine."),
    )
    assert said(mentions_of(table)) == {
        ("see", "talks", "slow"): (1, 1),
        ("see", "survey", "slow"): (1, 2),
    }


def test_an_interviewer_is_neither_heard_nor_counted(told):
    table = told(
        ("a", "talks", "see", "interviewer", "Was it slow?", SLOW),
        ("b", "talks", "see", "participant", "Fine."),
    )
    assert mentions_of(table).empty
    assert count_heard(table.excerpts)["n_heard"].tolist() == [1]


def test_an_observers_note_counts_for_the_person_observed(told):
    table = told(("a", "tests", "see", "observer", "It is slow for her.", SLOW))
    assert said(mentions_of(table)) == {("see", "tests", "slow"): (1, 1)}


def test_what_stands_in_no_stage_counts_in_none(told):
    table = told(
        ("a", "talks", "", "participant", "Slow.", SLOW),
        ("a", "talks", "see", "participant", "Fine."),
    )
    assert mentions_of(table).empty
    assert count_heard(table.excerpts)["n_heard"].tolist() == [1]


def test_stages_themselves_are_no_mentions(told):
    table = told(("a", "talks", "see", "participant", "x", "stage:see", SLOW))
    assert set(mentions_of(table)["code_group"]) == {"pain_point"}


def people(n, n_slow):
    return [
        (f"p{k}", "survey", "see", "participant", "x", *([SLOW] if k < n_slow else []))
        for k in range(n)
    ]


def test_a_designed_sample_of_five_has_a_share_with_its_interval(told):
    row = mentions_of(told(*people(5, 2)), designs={"survey": True}).iloc[0]
    assert (row["share"], row["low"], row["high"]) == pytest.approx(estimate_proportion(2, 5))


def test_fewer_than_five_people_give_counts_only(told):
    row = mentions_of(told(*people(4, 2)), designs={"survey": True}).iloc[0]
    assert (row["n_said"], row["n_heard"]) == (2, 4)
    assert row[["share", "low", "high"]].isna().all()


@pytest.mark.parametrize("designs", [{"survey": False}, {}])
def test_a_purposive_sample_gives_counts_only(told, designs):
    row = mentions_of(told(*people(40, 10)), designs=designs).iloc[0]
    assert (row["n_said"], row["n_heard"]) == (10, 40)
    assert row[["share", "low", "high"]].isna().all()


def test_segments_have_denominators_of_their_own(told):
    table = told(*people(4, 2))
    segments = pd.DataFrame(
        [("p0", "device", "phone"), ("p2", "device", "phone"), ("p3", "device", "laptop")],
        columns=["participant_id", "segment", "segment_value"],
    )
    mentions = mentions_of(table, segments=segments)
    assert said(mentions) == {("see", "survey", "slow"): (2, 4)}
    assert said(mentions, segment="device", value="phone") == {("see", "survey", "slow"): (1, 2)}
    assert said(mentions, segment="device", value="laptop") == {}


def test_codes_are_named_by_the_codebook_or_by_themselves(told):
    table = told(("a", "talks", "see", "participant", "x", SLOW, "pain_point:very_odd"))
    labels = mentions_of(table).set_index("code")["label"].to_dict()
    assert labels == {"slow": "Too slow", "very_odd": "very odd"}


def test_the_most_told_stand_first_in_each_stage(told):
    table = told(
        ("a", "talks", "see", "participant", "x", "pain_point:rare", SLOW),
        ("b", "talks", "see", "participant", "x", SLOW),
    )
    assert mentions_of(table)["code"].tolist() == ["slow", "rare"]


def test_the_order_of_rows_changes_nothing_and_inputs_stay(told):
    table = told(*people(6, 3), ("p1", "talks", "buy", "participant", "y", "delight:ease"))
    before = table.codes.copy(deep=True), table.excerpts.copy(deep=True)
    straight = mentions_of(table)
    assert_frame_equal(table.codes, before[0])
    assert_frame_equal(table.excerpts, before[1])
    table.codes, table.excerpts = table.codes.iloc[::-1], table.excerpts.iloc[::-1]
    assert_frame_equal(mentions_of(table), straight)


def test_nobody_said_anything(told):
    table = told(("a", "talks", "see", "participant", "Fine."))
    mentions = mentions_of(table)
    assert mentions.empty
    assert mentions["stage"].dtype == table.journey.dtype


def test_silence_is_kept_apart_from_not_having_asked(told, journey):
    table = told(("a", "talks", "see", "participant", "Fine."))
    coverage = describe_coverage(
        count_heard(table.excerpts),
        journey=journey,
        n_participants={"talks": 3, "survey": 9},
        asked={("buy", "talks"), ("see", "survey")},
    )
    status = {(row.stage, row.source): row.status for row in coverage.itertuples()}
    assert status == {
        ("see", "talks"): "heard", ("see", "survey"): "asked, nothing said",
        ("buy", "talks"): "asked, nothing said", ("buy", "survey"): "not asked",
        ("tell", "talks"): "not asked", ("tell", "survey"): "not asked",
    }  # fmt: skip
    assert coverage["n_participants"].tolist() == [3, 9] * 3


def test_who_was_heard_unasked_is_heard(told, journey):
    table = told(("a", "talks", "tell", "participant", "Fine."))
    coverage = describe_coverage(
        count_heard(table.excerpts), journey=journey, n_participants={"talks": 1}, asked=set()
    )
    row = coverage[coverage["stage"] == "tell"].iloc[0]
    assert (row["status"], bool(row["asked"]), row["n_heard"]) == ("heard", False, 1)


def test_joins_are_over_the_smaller_source():
    joins = count_joins(
        {"log": {"a", "b", "c", "d"}, "talks": {"a", "x"}, "survey": {"x", "y", "z"}}
    )
    assert joins.to_numpy().tolist() == [
        ["talks", "log", 2, 4, 1, 0.5, 0.25],
        ["survey", "log", 3, 4, 0, 0.0, 0.0],
        ["talks", "survey", 2, 3, 1, 0.5, 1 / 3],
    ]


def test_a_source_without_people_has_no_match_rate():
    joins = count_joins({"log": {"a"}, "talks": set()})
    assert math.isnan(joins["match_rate"][0])
    assert count_joins({"log": {"a"}}).empty
