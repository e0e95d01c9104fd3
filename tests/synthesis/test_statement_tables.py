"""Statements and pain points by hand: people count once, and a person's word comes first."""

import json
import math

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.codes import code_id, resolve_codes
from cjm_research.synthesis import count_mentions
from cjm_research.synthesis.statements import (
    PAIN_COLUMNS,
    STATEMENT_COLUMNS,
    count_bases,
    list_statements,
    summarize_pain_points,
)
from cjm_research.tables import check_table

CODERS = pd.DataFrame(
    [
        ("rules", "machine", "rules", "", ""),
        ("source", "source", "the source", "", ""),
        ("person:ana", "person", "ana", "", ""),
    ],
    columns=["coder_id", "kind", "name", "version", "sha256"],
)
LABELS = {("pain_point", "slow"): "It is slow"}


def by_machine(tables, **attributes):
    """Give every machine code the particulars."""
    return tables.codes.assign(attributes=json.dumps(attributes))


def by_person(tables, row, code, group="pain_point", *, strength=1.0, **attributes):
    """Return a code of Ana's for the excerpt of that row of the told."""
    excerpt = tables.excerpts.iloc[row]
    given = {
        "code_id": code_id("person:ana", excerpt["document_id"], row, 0, group, code),
        "document_id": excerpt["document_id"], "start": excerpt["start"], "end": excerpt["end"],
        "quote": excerpt["text"], "excerpt_id": excerpt["excerpt_id"], "code_group": group,
        "code": code, "strength": strength, "basis": "person",
        "attributes": json.dumps(attributes), "note": "", "coder_id": "person:ana",
        "coded_at": pd.Timestamp("2026-03-01", tz="UTC"),
    }  # fmt: skip
    return check_table(pd.DataFrame([given]), "codes")


def state(tables, codes):
    held = resolve_codes(codes, CODERS)
    statements = list_statements(held, codes, tables.excerpts, CODERS, labels=LABELS)
    mentions = count_mentions(
        held, tables.excerpts, journey=tables.journey, designs={"talks": False, "survey": False},
        labels=LABELS,
    )  # fmt: skip
    pains = summarize_pain_points(statements, mentions, order=tables.journey.order)
    return statements, pains, mentions


def with_person(tables, *theirs, **particulars):
    return state(tables, pd.concat([by_machine(tables, **particulars), *theirs], ignore_index=True))


SLOW = ("a", "talks", "buy", "participant", "So slow.", "pain_point:slow")
PARTICULARS = {
    "obstacle": "so slow", "touchpoint": "Checkout", "consequence": "delayed", "severity": 2,
    "whose": "own", "when": "past",
}  # fmt: skip


def test_a_statement_carries_what_the_machine_read(told):
    tables = told(SLOW)
    statements, _, _ = state(tables, by_machine(tables, **PARTICULARS))
    (row,) = statements.to_dict("records")
    assert list(statements.columns) == STATEMENT_COLUMNS
    assert {name: row[name] for name in PARTICULARS} == PARTICULARS
    assert (row["label"], row["stage"], row["severity_by"]) == ("It is slow", "buy", "machine")
    assert (row["expected"], row["happened"]) == ("", "")


def test_a_persons_severity_outranks_the_machines(told):
    tables = told(SLOW)
    statements, pains, _ = with_person(tables, by_person(tables, 0, "slow", severity=4),
                                       **PARTICULARS)  # fmt: skip
    (row,) = statements.to_dict("records")
    assert (row["severity"], row["severity_by"], row["coder_id"]) == (4, "person", "person:ana")
    # The particulars, which people do not give, stay known.
    assert (row["consequence"], row["touchpoint"]) == ("delayed", "Checkout")
    assert pains[["severity", "n_severe", "severity_by_people"]].to_numpy().tolist() == [[4, 1, 1]]


def test_a_persons_code_without_a_severity_keeps_the_proposed_one_and_says_so(told):
    tables = told(SLOW)
    statements, pains, _ = with_person(tables, by_person(tables, 0, "lost"),
                                       by_person(tables, 0, "slow", strength=0.0),
                                       **PARTICULARS)  # fmt: skip
    assert statements[["code", "severity", "severity_by"]].to_numpy().tolist() == [
        ["lost", 2, "machine"]
    ]
    assert pains["severity_by_people"].tolist() == [0]


def test_a_persons_none_silences_the_machine(told):
    tables = told(SLOW, ("b", "talks", "buy", "participant", "Slow.", "pain_point:slow"))
    statements, pains, mentions = with_person(tables, by_person(tables, 0, "none"), **PARTICULARS)
    assert statements["participant_id"].tolist() == ["b"]
    assert pains[["n_said", "n_heard"]].to_numpy().tolist() == [[1, 2]]
    assert mentions["n_said"].tolist() == [1]


def test_a_persons_none_of_one_group_leaves_the_others(told):
    tables = told(("a", "talks", "buy", "participant", "Hm.", "pain_point:slow", "need:speed"))
    statements, pains, _ = with_person(tables, by_person(tables, 0, "none"))
    assert statements["code_group"].tolist() == ["need"]
    assert pains.empty


def test_who_repeats_a_pain_twelve_times_counts_once(told):
    tables = told(*[SLOW] * 12, ("b", "talks", "buy", "participant", "Fine."))
    statements, pains, mentions = state(tables, by_machine(tables, **PARTICULARS))
    assert len(statements) == 12
    assert mentions[["n_said", "n_heard"]].to_numpy().tolist() == [[1, 2]]
    (row,) = pains.to_dict("records")
    assert (row["n_said"], row["n_heard"], row["n_own"]) == (1, 2, 1)
    assert row["consequences"] == [{"name": "delayed", "n": 1}]
    assert row["touchpoints"] == [{"name": "Checkout", "n": 1}]


def test_an_interviewers_words_are_no_statement_and_nobody_is_heard_by_them(told):
    tables = told(SLOW, ("b", "talks", "buy", "interviewer", "So slow?", "pain_point:slow"))
    statements, pains, _ = with_person(tables, by_person(tables, 1, "slow", severity=4))
    assert statements["participant_id"].tolist() == ["a"]
    assert pains[["n_said", "n_heard", "severity_by_people"]].to_numpy().tolist() == [[1, 1, 0]]


def test_severity_is_the_median_over_people_of_each_ones_gravest(told):
    tables = told(
        SLOW, SLOW, SLOW,
        ("b", "talks", "buy", "participant", "Slow.", "pain_point:slow"),
        ("c", "talks", "buy", "participant", "Slow.", "pain_point:slow"),
    )  # fmt: skip
    severities = (1, 1, 4, 2, 3)  # a: 4, b: 2, c: 3
    theirs = [by_person(tables, row, "slow", severity=n) for row, n in enumerate(severities)]
    _, pains, _ = with_person(tables, *theirs)
    (row,) = pains.to_dict("records")
    assert (row["severity"], row["n_severe"], row["severity_by_people"]) == (3, 2, 3)


def test_sources_and_stages_are_never_pooled(told):
    tables = told(
        SLOW,
        ("a", "survey", "buy", "participant", "Slow.", "pain_point:slow"),
        ("a", "talks", "see", "participant", "Slow.", "pain_point:slow"),
        ("b", "talks", "", "participant", "Slow.", "pain_point:slow"),
    )
    statements, pains, _ = state(tables, by_machine(tables, **PARTICULARS))
    assert len(statements) == 4  # listed without a stage as well, but counted nowhere
    found = pains.assign(stage=pains["stage"].astype(str))
    assert sorted(found[["stage", "source", "n_said"]].to_numpy().tolist()) == [
        ["buy", "survey", 1], ["buy", "talks", 1], ["see", "talks", 1],
    ]  # fmt: skip
    assert list(pains.columns) == PAIN_COLUMNS


def test_hearsay_is_counted_and_told_apart(told):
    tables = told(SLOW, ("b", "talks", "buy", "participant", "Slow.", "pain_point:slow"))
    codes = tables.codes.assign(
        attributes=[json.dumps({"whose": "own"}), json.dumps({"whose": "other"})]
    )
    _, pains, _ = state(tables, codes)
    assert pains[["n_said", "n_own"]].to_numpy().tolist() == [[2, 1]]


def test_only_pain_points_have_a_severity(told):
    tables = told(("a", "talks", "buy", "participant", "Nice.", "delight:ease", "need:speed"))
    statements, pains, _ = state(tables, by_machine(tables, whose="own"))
    assert statements["severity"].isna().all()
    assert set(statements["severity_by"]) == {""}
    assert pains.empty


def test_particulars_of_one_group_are_not_lent_to_another(told):
    tables = told(("a", "talks", "buy", "participant", "Hm.", "pain_point:slow", "delight:ease"))
    codes = tables.codes.assign(attributes=["{}", json.dumps({"touchpoint": "Checkout"})])
    pain = tables.codes["code_group"] == "pain_point"
    codes.loc[pain, "attributes"] = json.dumps(PARTICULARS)
    codes.loc[~pain, "attributes"] = "{}"
    statements, _, _ = state(tables, codes)
    by_group = statements.set_index("code_group")["consequence"].to_dict()
    assert by_group == {"pain_point": "delayed", "delight": ""}


def test_what_is_said_of_an_emotion_or_theme_is_no_statement(told):
    tables = told(("a", "talks", "buy", "participant", "Hm.", "emotion:relief", "theme:t01"))
    statements, _, _ = state(tables, tables.codes)
    assert statements.empty
    assert list(statements.columns) == STATEMENT_COLUMNS


def test_the_order_of_rows_changes_nothing(told):
    tables = told(
        SLOW,
        ("a", "talks", "see", "participant", "Hm.", "delight:ease"),
        ("b", "survey", "buy", "participant", "Slow.", "pain_point:slow", "need:speed"),
    )
    codes = pd.concat([by_machine(tables, **PARTICULARS),
                       by_person(tables, 2, "slow", severity=3)])  # fmt: skip
    straight = state(tables, codes)
    for seed in range(3):
        for mixed, one in zip(state(tables, codes.sample(frac=1, random_state=seed)), straight,
                              strict=True):  # fmt: skip
            assert_frame_equal(mixed, one)


def test_a_severity_is_a_number_of_the_scale_or_missing(told):
    tables = told(SLOW)
    statements, pains, _ = state(tables, by_machine(tables, consequence="annoyed"))
    assert math.isnan(statements["severity"].item())
    assert math.isnan(pains["severity"].item())
    assert pains[["n_said", "n_severe"]].to_numpy().tolist() == [[1, 0]]


def test_nothing_said_gives_empty_tables(told):
    tables = told(("a", "talks", "buy", "participant", "Hm."))
    statements, pains, _ = state(tables, tables.codes)
    assert statements.empty and pains.empty


def test_what_stages_rest_on_is_counted_in_excerpts_and_people(told):
    tables = told(
        ("a", "talks", "buy", "participant", "One.", "stage:buy"),
        ("a", "talks", "buy", "participant", "Two.", "stage:buy"),
        ("b", "talks", "buy", "participant", "Three.", "stage:buy"),
        ("b", "talks", "", "participant", "Four."),
        ("b", "talks", "", "interviewer", "Five?", "stage:buy"),
        ("c", "survey", "buy", "participant", "Six.", "stage:buy"),
    )
    codes = tables.codes.assign(basis=["inferred", "inferred", "prompt", "prompt", "declared"])
    mine = by_person(tables, 1, "see", "stage")
    held = resolve_codes(pd.concat([codes, mine]), CODERS)
    found = count_bases(held, tables.excerpts, coders=CODERS)
    assert found.to_numpy().tolist() == [
        ["survey", "declared", 1, 1],
        ["talks", "inferred", 1, 1],
        ["talks", "person", 1, 1],
        ["talks", "prompt", 1, 1],
        ["talks", "unassigned", 1, 1],
    ]


@pytest.mark.parametrize("empty", ["held", "excerpts"])
def test_bases_of_nothing(told, empty):
    tables = told(("a", "talks", "buy", "participant", "One.", "stage:buy"))
    held, excerpts = tables.codes, tables.excerpts
    if empty == "held":
        found = count_bases(held.iloc[:0], excerpts, coders=CODERS)
        assert found["basis"].tolist() == ["unassigned"]
    else:
        assert count_bases(held, excerpts.iloc[:0], coders=CODERS).empty
