import math

import pandas as pd
import pytest

from cjm_research.coding.resources import load_codebook
from cjm_research.errors import UnknownNameError
from cjm_research.integration.balance import BALANCE_COLUMNS, SIDES, measure_balance
from cjm_research.integration.consistency import CONSISTENCY_COLUMNS, compare_channels
from cjm_research.integration.expectations import (
    EXPECTATION_COLUMNS,
    measure_expectation_gap,
)
from cjm_research.integration.openings import OPENING_COLUMNS, find_openings
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion

JOURNEY = Journey((Stage("see", "Seeing"), Stage("buy", "Buying")))
FACTS = pd.DataFrame(
    {
        "source": ["talks", "survey", "notes"],
        "kind": ["interview", "survey_answer", "note"],
        "has_design": [False, True, True],
    }
)
STATEMENT = ["participant_id", "source", "stage", "code_group", "code"]


def coverage(*rows):
    """(stage, source, n_heard[, status])"""
    frame = pd.DataFrame(
        [(*row, "heard")[:4] for row in rows], columns=["stage", "source", "n_heard", "status"]
    )
    return frame.assign(stage=JOURNEY.order(frame["stage"]))


def statements(*rows):
    """(person, source, stage, code group, code[, particulars])"""
    records = [
        {
            "excerpt_id": f"{row[1]}/{row[0]}#{number}",
            **dict(zip(STATEMENT, row[:5], strict=True)),
            "severity": math.nan,
            "expected": "",
            "happened": "",
            **(row[5] if len(row) > 5 else {}),
        }
        for number, row in enumerate(rows)
    ]
    columns = ["excerpt_id", *STATEMENT, "severity", "expected", "happened"]
    return pd.DataFrame(records, columns=columns)


def given(covered):
    return {"coverage": covered, "source_facts": FACTS, "journey": JOURNEY}


def cell(table, stage="buy", source="survey"):
    mine = table[(table["stage"] == stage) & (table["source"] == source)]
    assert len(mine) == 1
    return mine.iloc[0]


def gap(told, *covered):
    return measure_expectation_gap(told, **given(coverage(*covered)))


def openings(told, *covered):
    return find_openings(told, **given(coverage(*covered)))


def outcomes(source, stage="buy", **counts):
    rows, person = [], 0
    for code, n in counts.items():
        for _ in range(n):
            rows.append((f"p{person}", source, stage, "expectation", code))
            person += 1
    return rows


def test_the_gap_is_the_missed_less_the_exceeded_of_known_outcomes():
    table = gap(statements(*outcomes("survey", missed=6, met=1, exceeded=3)), ("buy", "survey", 40))
    row = cell(table)
    assert (row.n_told, row.n_known, row.n_met, row.n_missed, row.n_exceeded) == (10, 10, 1, 6, 3)
    missed = estimate_proportion(6, 10)
    assert (row.missed_share, row.missed_low, row.missed_high) == pytest.approx(missed)
    assert row.gap == pytest.approx(0.3)
    assert row.n_gap == 3
    assert "missed for 6, met for 1, exceeded for 3" in row.words


def test_a_person_counts_once_per_outcome_and_once_in_the_denominator():
    told = statements(
        *[("a", "talks", "buy", "expectation", "missed")] * 3,
        ("a", "talks", "buy", "expectation", "exceeded"),
        ("a", "talks", "see", "expectation", "missed"),
    )
    row = cell(gap(told, ("buy", "talks", 2), ("see", "talks", 2)), source="talks")
    assert (row.n_known, row.n_missed, row.n_exceeded) == (1, 1, 1)


@pytest.mark.parametrize(("source", "n"), [("talks", 9), ("survey", 4)])
def test_no_shares_without_a_design_or_below_five(source, n):
    row = cell(gap(statements(*outcomes(source, missed=n)), ("buy", source, 20)), source=source)
    assert row.n_missed == n
    assert math.isnan(row.missed_share)
    assert math.isnan(row.gap)
    assert ("counts only" in row.words) == (n < 5)


def test_an_expectation_without_an_outcome_is_told_but_not_known():
    told = statements(
        ("a", "survey", "buy", "pain_point", "slow", {"expected": "I expected a day."}),
        ("b", "survey", "buy", "expectation", "hoped"),
    )
    row = cell(gap(told, ("buy", "survey", 9)))
    assert (row.n_told, row.n_known) == (2, 0)
    assert math.isnan(row.gap)


def test_examples_are_of_different_people_and_the_fullest_first():
    told = statements(
        *outcomes("survey", missed=4),
        ("z", "survey", "buy", "expectation", "missed", {"expected": "A day.", "happened": "Ten."}),
        ("z", "survey", "buy", "expectation", "missed"),
    )
    ids = cell(gap(told, ("buy", "survey", 9))).example_ids
    assert ids == ["survey/z#4", "survey/p0#0", "survey/p1#1"]


def test_nobody_heard_is_cannot_tell_and_never_zero_per_cent():
    covered = [("buy", "survey", 0, "not asked")]
    for table in (
        gap(statements(), *covered),
        openings(statements(), *covered),
        balance((), *covered),
    ):
        row = cell(table)
        assert row.words == "cannot tell: not asked"
        shares = [name for name in table if name.endswith("share") or name.endswith("low")]
        assert row[shares].isna().all()


def test_notes_are_noted_and_not_told():
    told = statements(*outcomes("notes", missed=5), *[
        (f"p{n}", "notes", "buy", "adjacent_wish", "adjacent_wish") for n in range(2)
    ])  # fmt: skip
    assert "noted" in cell(gap(told, ("buy", "notes", 9)), source="notes").words
    words = cell(openings(told, ("buy", "notes", 9)), source="notes").words
    assert "is noted of 2 of 9" in words
    assert "told" not in words


def codes_of(*rows):
    """(person, source, stage, speaker, code group, code) -> held codes and excerpts"""
    excerpts = pd.DataFrame(
        [(f"e{n}", *row[:4]) for n, row in enumerate(rows)],
        columns=["excerpt_id", "participant_id", "source", "stage", "speaker"],
    )
    held = pd.DataFrame(
        [(f"e{n}", *row[4:]) for n, row in enumerate(rows)],
        columns=["excerpt_id", "code_group", "code"],
    )
    return held, excerpts


def balance(rows, *covered):
    held, excerpts = codes_of(*rows)
    return measure_balance(held, excerpts, **given(coverage(*covered)))


def said(person, group, code, *, source="survey", stage="buy", speaker="participant"):
    return (person, source, stage, speaker, group, code)


def test_reasons_and_feelings_are_counted_in_people():
    table = balance(
        [
            said("a", "reason", "price"), said("a", "reason", "process"),
            said("b", "emotion", "frustration"),
            said("c", "need", "an_own_code"), said("c", "emotion", "delight"),
            said("d", "reason", "feeling"),
            said("e", "emotion", "neutral"), said("e", "reason", "habit"),
            said("f", "pain_point", "slow"),
            said("g", "reason", "price", speaker="interviewer"),
            said("h", "reason", "price", stage="unassigned"),
        ],
        ("buy", "survey", 10),
    )  # fmt: skip
    row = cell(table)
    assert (row.n_rational, row.n_emotional, row.n_both) == (2, 3, 1)
    assert (row.n_only_rational, row.n_only_emotional, row.n_neither) == (1, 2, 6)
    assert (row.rational_share, row.rational_low, row.rational_high) == pytest.approx(
        estimate_proportion(2, 10)
    )
    assert row.words == (
        "of 10 heard, 1 with practical reasons only, 2 with feelings only, 1 with both, "
        "6 with neither"
    )


def test_the_four_kinds_of_people_add_up_to_those_heard():
    rows = [said(f"p{n}", ["emotion", "need"][n % 2], "x") for n in range(7)]
    row = cell(balance(rows, ("buy", "survey", 7)))
    parts = row[["n_both", "n_only_rational", "n_only_emotional", "n_neither"]]
    assert parts.sum() == row.n_heard == 7
    assert row.n_neither == 0


def test_every_reason_of_the_starter_codebook_has_a_side_or_none_on_purpose():
    reasons = {code for group, code in SIDES if group == "reason"}
    assert reasons == {entry.code for entry in load_codebook().group("reason")}


def wish(person, **more):
    return (person, "survey", "buy", "adjacent_wish", "adjacent_wish", more)


def test_an_opening_is_a_candidate_and_those_in_trouble_come_first():
    told = statements(
        wish("a"), wish("a"), wish("b"), wish("c"),
        ("a", "survey", "buy", "pain_point", "slow", {"severity": 3.0}),
        ("b", "survey", "buy", "pain_point", "slow", {"severity": 2.0}),
        ("c", "survey", "see", "pain_point", "slow", {"severity": 4.0}),
        ("d", "survey", "buy", "delight", "help"), ("d", "survey", "buy", "need", "speed"),
        ("e", "survey", "buy", "need", "speed"),
    )  # fmt: skip
    row = cell(openings(told, ("buy", "survey", 20)))
    assert (row.n_said, row.n_in_trouble, row.n_clear, row.n_delight_and_need) == (3, 1, 2, 1)
    assert (row.share, row.low, row.high) == pytest.approx(estimate_proportion(3, 20))
    assert row.example_ids == ["survey/b#2", "survey/c#3", "survey/a#0"]
    assert row.words.startswith("candidate: ")
    assert "1 of whom have a severe pain" in row.words


def test_there_is_no_opening_where_all_need_help_first():
    told = statements(
        wish("a"), ("a", "survey", "buy", "pain_point", "slow", {"severity": 4.0})
    )  # fmt: skip
    row = cell(openings(told, ("buy", "survey", 20)))
    assert row.n_clear == 0
    assert row.words.startswith("no opening")


def test_sources_and_stages_stay_apart_and_in_journey_order():
    told = statements(wish("a"), ("a", "talks", "see", "adjacent_wish", "adjacent_wish"))
    table = openings(told, ("buy", "talks", 9), ("buy", "survey", 9), ("see", "talks", 9))
    found = table[["stage", "source", "n_said"]].astype(str).to_numpy().tolist()
    assert found == [["see", "talks", "1"], ["buy", "survey", "1"], ["buy", "talks", "0"]]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_statements_does_not_matter(seed):
    told = statements(
        *outcomes("survey", missed=6, exceeded=2), wish("a"), wish("b"),
        ("a", "survey", "buy", "pain_point", "slow", {"severity": 4.0}),
    )  # fmt: skip
    mixed = told.sample(frac=1, random_state=seed)
    for measure in (gap, openings):
        covered = ("buy", "survey", 20)
        pd.testing.assert_frame_equal(measure(told, covered), measure(mixed, covered))


def told_of(*rows):
    """(channel, code group, code, n_said)"""
    frame = pd.DataFrame(
        [("buy", "talks", *row) for row in rows],
        columns=["stage", "source", "channel", "code_group", "code", "n_said"],
    )
    return frame.assign(
        stage=JOURNEY.order(frame["stage"]), label=frame["code"].str.capitalize(), n_heard=30
    )


def logged(*rows):
    columns = ["n_channels", "channels", "n_participants", "n_entered", "n_completed"]
    return pd.DataFrame(rows, columns=columns)


def switches(*rows):
    return pd.DataFrame(rows, columns=["from_channel", "to_channel", "n_participants"])


def channels(mentions, log=None, moves=None):
    return compare_channels(
        mentions,
        channels=logged() if log is None else log,
        channel_switches=switches() if moves is None else moves,
        journey=JOURNEY,
    )


def test_the_same_pain_in_both_channels_is_consistent():
    row = channels(
        told_of(("web", "pain_point", "slow", 8), ("shop", "pain_point", "slow", 5))
    ).iloc[0]
    assert (row.channel_a, row.channel_b, row.n_a, row.n_b) == ("shop", "web", 5, 8)
    assert row.consistency == "consistent"
    assert row.words == "consistent: the same is told of shop and web: Slow (5 and 8 people)"


def test_pain_in_one_and_delight_in_the_other_differs():
    table = channels(
        told_of(
            ("shop", "delight", "help", 9), ("shop", "pain_point", "slow", 3),
            ("web", "pain_point", "slow", 9), ("web", "delight", "help", 4),
        )
    )  # fmt: skip
    row = table.iloc[0]
    assert (row.tone_a, row.tone_b, row.consistency) == ("delight", "pain", "differs")
    assert [(each["code"], each["n_a"], each["n_b"]) for each in row.shared] == [
        ("help", 9, 4), ("slow", 3, 9),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        # Four people of one channel; different pains; only what fits no code; one person each.
        [("shop", "pain_point", "slow", 4), ("web", "pain_point", "slow", 30)],
        [("shop", "pain_point", "slow", 9), ("web", "pain_point", "trust", 9)],
        [("shop", "pain_point", "other", 9), ("web", "pain_point", "other", 9)],
        [
            ("shop", "pain_point", "slow", 9), ("web", "pain_point", "trust", 9),
            ("shop", "pain_point", "trust", 1),
        ],
    ],
)  # fmt: skip
def test_too_little_to_go_by_is_cannot_tell(rows):
    row = channels(told_of(*rows)).iloc[0]
    assert row.consistency == "cannot tell"
    assert row.words.startswith("cannot tell")


def test_behaviour_stands_beside_channels_that_the_log_knows():
    table = channels(
        told_of(
            ("Web", "pain_point", "slow", 8), ("shop", "pain_point", "slow", 5),
            ("phone", "pain_point", "slow", 5),
        ),
        logged((1, "", 90, 80, 20), (1, "web", 90, 80, 20), (2, "shop + web", 30, 30, 9)),
        switches(("web", "shop", 25)),
    )  # fmt: skip
    pairs = {(row.channel_a, row.channel_b): row for row in table.itertuples()}
    web_shop = pairs["Web", "shop"]
    assert (web_shop.n_a_to_b, web_shop.n_b_to_a) == (25, 0)
    assert (web_shop.n_entered_a, web_shop.n_completed_a) == (80, 20)
    assert (web_shop.n_entered_b, web_shop.n_completed_b) == (0, 0)
    assert math.isnan(pairs["Web", "phone"].n_a_to_b)
    assert math.isnan(pairs["phone", "shop"].n_entered_a)


def test_needs_and_a_single_channel_make_no_pair():
    table = channels(told_of(("web", "pain_point", "slow", 8), ("shop", "need", "help", 8)))
    assert table.empty


def test_empty_inputs_give_empty_tables_with_their_columns():
    assert list(gap(statements()).columns) == EXPECTATION_COLUMNS
    assert list(openings(statements()).columns) == OPENING_COLUMNS
    assert list(balance(()).columns) == BALANCE_COLUMNS
    table = channels(told_of())
    assert list(table.columns) == CONSISTENCY_COLUMNS
    for each in (gap(statements()), openings(statements()), balance(()), table):
        assert each.empty
        assert each["stage"].dtype == JOURNEY.dtype


def test_a_stage_that_the_journey_does_not_have_is_named():
    covered = coverage(("buy", "survey", 3)).assign(stage="pay")
    with pytest.raises(UnknownNameError, match="pay"):
        measure_expectation_gap(statements(), **given(covered))


def test_the_input_is_left_as_it_was():
    told, covered = statements(*outcomes("survey", missed=6)), coverage(("buy", "survey", 20))
    before = told.copy(), covered.copy()
    measure_expectation_gap(told, **given(covered))
    pd.testing.assert_frame_equal(told, before[0])
    pd.testing.assert_frame_equal(covered, before[1])
