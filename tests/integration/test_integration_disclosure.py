"""What a published report must not tell of the few, and what it may of the many."""

import math
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.errors import UnknownNameError
from cjm_research.integration.causes import CAUSE_COLUMNS, weigh_causes
from cjm_research.integration.disclosure import (
    UNDISCLOSED,
    drop_small_counts,
    hide_few,
    hide_few_causes,
    hide_few_display,
    hide_few_links,
    is_few,
)
from cjm_research.integration.links import LINK_COLUMNS, TRIES, join_display, name_gaps
from cjm_research.journey import Journey, Stage

JOURNEY = Journey((Stage("see", "Seeing. Twice"), Stage("buy", "Buying"), Stage("use", "Using")))
FACTS = pd.DataFrame(
    [
        ("calls", "Interviews", "interview", False, ""),
        ("form", "Survey", "survey_answer", True, ""),
    ],
    columns=["source", "label", "kind", "has_design", "wave"],
)
EVERY = dict.fromkeys(FACTS["source"], True)
BEHAVIOUR = pd.DataFrame(
    {
        "stage": JOURNEY.order(pd.Series(JOURNEY.stage_ids)),
        "measure": "funnel_drop_off", "unit": "people", "n": 900.0, "n_lost": 300.0,
        "rate": 1 / 3, "low": 0.3, "high": 0.36, "words": "leave",
    }
)  # fmt: skip
NOTE = "What became of these people is not shown: a group of fewer than 5 would stand out."
CROSSED = ["n_told_left", "n_told_stayed", "n_quiet_left", "n_quiet_stayed"]
JOINED = ["n_lost_known", "n_lost_silent", "n_kept_known", "n_kept_told"]


def links_of(*rows):
    """Rows (stage, source, told and left, told and stayed, quiet and left, quiet and stayed)."""
    made = []
    for stage, source, *counts in rows:
        told, n = counts[0] + counts[1], sum(counts)
        made.append((stage, source, n, told, n, n, counts[0] + counts[2], *counts))
    frame = pd.DataFrame(made, columns=LINK_COLUMNS)
    return frame.assign(stage=JOURNEY.order(frame["stage"]))


def display_of(links):
    given = {"journey": JOURNEY, "comparable": EVERY, "person_level": EVERY}
    return join_display(links, BEHAVIOUR, source_facts=FACTS, **given)


LINKS = links_of(
    ("see", "calls", 1, 7, 3, 3),  # 4 lost
    ("see", "form", 5, 99, 6, 96),  # each group is large enough
    ("buy", "calls", 7, 9, 8, 0),  # all the silent were lost
    ("use", "calls", 0, 0, 0, 0),  # nobody's end is known
)


def causes_of(ends, tellers, *, source="calls", rated=()):
    """Causes of the ends {stage: {person: left}} and who tells code "slow" at which stage."""
    rows = [(who, stage, left) for stage, people in ends.items() for who, left in people.items()]
    said = [(f"{who}{n}#0", who, stage) for n, (stage, people) in enumerate(tellers.items())
            for who in people]  # fmt: skip
    told = pd.DataFrame(said, columns=["excerpt_id", "participant_id", "stage"]).assign(
        source=source, code_group="pain_point", code="slow", consequence="", document_id=""
    )
    told["stage"] = JOURNEY.order(told["stage"])
    pains = told.groupby("stage", observed=True).size().rename("n_said").reset_index()
    return weigh_causes(
        statements=told,
        pain_points=pains.assign(
            source=source, code="slow", label="Slow", n_heard=40, severity=2.0
        ),
        person_stages=pd.DataFrame(rows, columns=["participant_id", "stage", "left"]).assign(
            last_at=pd.Timestamp("2026-03-01T12:00Z")
        ),
        documents=pd.DataFrame(
            {
                "document_id": [name.split("#")[0] for name, *_ in said],
                "participant_id": told["participant_id"],
                "source": source,
                "said_at": pd.Timestamp("2026-03-20T12:00Z"),
            }
        ).drop_duplicates("document_id"),
        ratings=pd.DataFrame(
            [(who, source, "csat", float(n % 3), "see") for n, who in enumerate(rated)],
            columns=["participant_id", "source", "measure", "value", "stage"],
        ),
        journey=JOURNEY,
        source_facts=FACTS,
        person_level=EVERY,
        comparable=EVERY,
        stage_behaviour=BEHAVIOUR,
    )


def ends_of(n_lost, n_kept):
    return {f"p{n}": float(n < n_lost) for n in range(n_lost + n_kept)}


# ---- links


def test_counts_of_who_told_and_was_lost_are_hidden_where_one_of_four_groups_is_of_few():
    hidden = hide_few_links(LINKS)
    assert hidden[CROSSED].isna().all(axis=1).tolist() == [True, False, True, False]
    assert hidden[CROSSED].isna().any(axis=1).tolist() == [True, False, True, False]
    assert hidden.loc[1, CROSSED].tolist() == [5, 99, 6, 96]
    # Of 14 heard 4 were lost; of 24 15 were.
    assert hidden["n_left"].isna().tolist() == [True, False, False, False]
    rest = [name for name in LINKS if name not in (*CROSSED, "n_left", "n_entered")]
    assert_frame_equal(hidden[rest], LINKS[rest])
    assert list(hidden) == LINK_COLUMNS


@pytest.mark.parametrize(
    ("part", "whole", "few"),
    [(1, 14, True), (10, 14, True), (14, 14, False), (0, 14, False), (5, 10, False), (0, 4, True),
     (4, 4, True), (0, 0, False)],
)  # fmt: skip
def test_a_count_of_the_lost_is_few_by_itself_or_by_its_rest(part, whole, few):
    assert is_few(part, whole) is few
    assert not is_few(part, whole, smallest_cell=1)


@pytest.mark.parametrize(
    "counts",
    [(7, 0, 6, 6), (7, 1, 6, 6), (0, 7, 6, 6), (6, 6, 7, 0), (6, 6, 1, 9), (6, 6, 0, 9)],
)
def test_all_or_none_of_a_group_is_told_no_more_than_one(counts):
    assert hide_few_links(links_of(("see", "calls", *counts)))[CROSSED].isna().all(axis=None)
    assert hide_few_display(display_of(links_of(("see", "calls", *counts))))["counted"][0] == ""


def test_how_many_came_is_hidden_beside_few_who_did_not():
    links = LINKS.assign(n_entered=[12, 200, 0, 0])
    assert hide_few_links(links)["n_entered"].isna().tolist() == [True, False, False, False]


def test_one_door_knows_the_tables_that_cross_words_and_ends():
    assert_frame_equal(hide_few(LINKS, "links"), hide_few_links(LINKS))
    assert hide_few(LINKS, "mentions") is LINKS
    verdicts = pd.DataFrame(
        {
            "n_leavers_heard": [3.0, 9.0, 12.0, 0.0],
            "leavers_heard": ["heard", "heard", "heard", "not heard"],
            "reason": ["3 of 9.", f"{UNDISCLOSED.capitalize()} of 10.", "12 of 40.", "0 of 9."],
        }
    )
    hidden = hide_few(verdicts, "verdicts")
    assert hidden["n_leavers_heard"].isna().tolist() == [True, True, False, False]
    assert hidden["leavers_heard"].tolist() == ["cannot tell", "cannot tell", "heard", "not heard"]


def test_the_smallest_cell_is_the_study_s_and_the_input_stays():
    before = LINKS.copy()
    assert hide_few_links(LINKS, smallest_cell=1)[CROSSED].notna().all(axis=None)
    assert hide_few_links(LINKS, smallest_cell=6)[CROSSED].isna().all(axis=1).tolist() == [
        True, True, True, False,
    ]  # fmt: skip
    assert_frame_equal(LINKS, before)


# ---- joint display


def test_a_display_ends_before_the_people_who_are_found():
    display = display_of(LINKS)
    hidden = hide_few_display(display)
    assert hidden["counted"].tolist() == ["", "people", "", ""]
    assert hidden[JOINED].isna().all(axis=1).tolist() == [True, False, True, True]
    assert hidden.loc[0, "words"] == (
        f"Of 14 people heard here, 8 tell of a pain point. 300 of 900 people leave. {NOTE}"
    )
    assert hidden.loc[[1, 3], "words"].tolist() == display.loc[[1, 3], "words"].tolist()
    rest = [name for name in display if name not in (*JOINED, "counted", "words")]
    assert_frame_equal(hidden[rest], display[rest])


def test_gaps_named_of_a_hidden_display_name_no_people_of_it():
    people = "counted == 'people'"
    raw = name_gaps(display_of(LINKS), journey=JOURNEY).query(people)
    kept = name_gaps(hide_few_display(display_of(LINKS)), journey=JOURNEY).query(people)
    assert set(raw["source"]) == {"calls", "form"}
    assert set(kept["source"]) == {"form"}


def test_few_attempts_are_of_few_people_and_unknown_words_are_left_out_whole():
    display = display_of(LINKS)
    tries = display.assign(
        counted=TRIES, words="300 of 900 first tries fail. Something is noted beside 1 of 4."
    )
    hidden = hide_few_display(tries)
    assert hidden["counted"].tolist() == ["", TRIES, "", TRIES]
    assert hidden.loc[0, "words"] == f"300 of 900 first tries fail. {NOTE}"
    strange = hide_few_display(display.assign(words="7 of those who left told."))
    assert strange.loc[0, "words"] == NOTE


# ---- causes


@pytest.mark.parametrize(("n_lost", "n_kept"), [(0, 16), (1, 15), (4, 12), (12, 4)])
def test_whoever_was_lost_among_few_is_not_told_by_any_column_or_word(n_lost, n_kept):
    ends = ends_of(n_lost, n_kept)
    raw = causes_of({"see": ends}, {"see": list(ends)[:6]}, rated=ends)
    hidden = hide_few_causes(raw)
    assert list(hidden) == CAUSE_COLUMNS
    row = hidden.query("stage == 'see'").iloc[0]
    assert row["words"] == f"At Seeing. Twice 6 of the 40 people heard tell it. {NOTE}"
    assert (row["n_said"], row["n_heard"], row["severity"]) == (6, 40, 2.0)
    # Had one teller in place of another been lost, the published row were the same.
    for first in range(len(ends)):
        values = list(ends.values())
        turned = dict(zip(ends, [*values[first:], *values[:first]], strict=True))
        other = hide_few_causes(causes_of({"see": turned}, {"see": list(ends)[:6]}, rated=ends))
        assert_frame_equal(other.query("stage == 'see'"), hidden.query("stage == 'see'"))


def test_people_lost_at_a_hidden_stage_are_not_told_by_a_later_one():
    first = ends_of(2, 40)
    later = {who: float(n % 2) for n, who in enumerate(who for who in first if not first[who])}
    tellers = {"see": list(first)[:22], "buy": list(later)[:20]}
    raw = causes_of({"see": first, "buy": later}, tellers, rated=first)
    assert raw.query("stage == 'buy' and told_at == 'see'")["n_told"].tolist() == [20.0]
    hidden = hide_few_causes(raw).set_index(["stage", "told_at"])
    assert math.isnan(hidden.loc[("see", "see"), "n_told"])
    assert math.isnan(hidden.loc[("buy", "see"), "n_told"])
    assert hidden.loc[("buy", "buy"), "n_told"] == 20


def test_when_a_few_told_it_is_hidden_alone():
    ends = ends_of(30, 30)
    raw = causes_of({"see": ends}, {"see": list(ends)[10:50]}, rated=ends).query("stage == 'see'")
    assert raw["n_told_after"].tolist() == [20.0]
    mixed = raw.assign(
        n_told_before=2.0, n_told_after=18.0,
        missing="not known whether it was told; an experiment",
        words=raw["words"].str.replace("only afterwards by 20", "before that by 2"),
    )  # fmt: skip
    hidden = hide_few_causes(mixed).iloc[0]
    assert (hidden["n_told"], hidden["n_told_left"]) == (40, 20)
    assert math.isnan(hidden["n_told_before"]) and math.isnan(hidden["n_told_after"])
    assert "it was told" not in hidden["words"] and "Of 40 who tell it" in hidden["words"]
    assert hidden["missing"] == "an experiment"


def test_a_large_sample_and_people_who_are_not_linked_are_left_as_they_are():
    ends = ends_of(60, 140)
    raw = causes_of({"see": ends}, {"see": list(ends)[55:70]}, source="form", rated=ends)
    raw = raw.query("stage == 'see'").reset_index(drop=True)
    assert raw["n_told_left"].iloc[0] == 5
    assert_frame_equal(hide_few_causes(raw), raw)
    # One more or less of the five, and who they are is as good as told.
    assert hide_few_causes(raw, smallest_cell=6)["n_told"].isna().all()
    alone = raw.assign(n_told=math.nan, n_told_left=math.nan, n_others=math.nan,
                       n_others_left=math.nan)  # fmt: skip
    assert_frame_equal(hide_few_causes(alone), alone)


def test_words_that_are_not_as_expected_are_left_out_whole():
    ends = ends_of(2, 9)
    raw = causes_of({"see": ends}, {"see": ["p0", "p4"]}).assign(words="p0 left.")
    assert hide_few_causes(raw).query("stage == 'see'")["words"].tolist() == [NOTE]


def test_no_part_of_what_is_missing_tells_of_those_who_were_lost():
    ends = ends_of(2, 9)
    raw = causes_of({"see": ends}, {"see": [*list(ends)[:7]]}).query("stage == 'see'")
    assert "recalled after leaving" in raw["missing"].iloc[0]
    missing = hide_few_causes(raw)["missing"].iloc[0]
    assert not re.search("after|before|fewer", missing)
    assert "an experiment" in missing


# ---- empty tables


def test_empty_tables_keep_their_columns():
    display, causes = display_of(LINKS), causes_of({"see": ends_of(2, 9)}, {"see": ["p0"]})
    for hide, table in (
        (hide_few_links, LINKS), (hide_few_display, display), (hide_few_causes, causes),
    ):  # fmt: skip
        found = hide(table.iloc[:0])
        assert found.empty
        assert list(found) == list(table)


# ---- segments


def counts_of(*rows):
    return pd.DataFrame(rows, columns=["segment", "segment_value", "n_did", "n_rest"])


def test_a_segment_with_a_handful_in_one_value_is_left_out_whole():
    table = counts_of(
        ("", "", 3, 9),
        ("device", "desktop", 4, 235), ("device", "mobile", 5, 313),
        ("plan", "free", 0, 90), ("plan", "paid", 9, math.nan),
        ("age", "young", 8, 1), ("age", "old", 80, 10),
    )  # fmt: skip
    both = drop_small_counts(table, parts=["n_did", "n_rest"])
    assert both["segment"].tolist() == ["", "plan", "plan"]
    one = drop_small_counts(table, parts=["n_did"], smallest_cell=4)
    assert one["segment"].unique().tolist() == ["", "device", "plan", "age"]
    assert drop_small_counts(table.iloc[:0], parts=["n_did"]).empty


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(UnknownNameError, match="n_dit"):
        drop_small_counts(counts_of(), parts=["n_dit"])
