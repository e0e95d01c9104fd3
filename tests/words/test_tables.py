import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.errors import TableError
from cjm_research.tables import TABLES, check_table, empty_table


def participants(**changes):
    rows = {
        "participant_id": ["p1", "p2", "p3"],
        "alias": ["P01", "P02", "P03"],
        "consent": ["quote", "no_quote", "quote"],
    }
    return pd.DataFrame(rows | changes)


def codes(**changes):
    row = {
        "code_id": "c1", "document_id": "d", "start": 0, "end": 4, "quote": "oops",
        "excerpt_id": "d#0", "code_group": "emotion", "code": "worry", "strength": 0.5,
        "basis": "score", "attributes": "{}", "note": "", "coder_id": "rules", "coded_at": None,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def problems_of(frame, name, **options):
    with pytest.raises(TableError) as raised:
        check_table(frame, name, **options)
    return raised.value.problems


def test_a_good_table_comes_back_with_its_rows():
    assert_frame_equal(check_table(participants(), "participants"), participants())


def test_columns_come_in_the_promised_order_and_extra_ones_last():
    frame = participants(segment=["a", "b", "a"])[["segment", "consent", "alias", "participant_id"]]
    found = check_table(frame, "participants")
    assert list(found.columns) == ["participant_id", "alias", "consent", "segment"]


def test_all_faults_are_reported_at_once():
    frame = participants(consent=["quote", "maybe", "quote"], participant_id=["p1", "p1", "p3"])
    frame = frame.rename(columns={"alias": "allias"})
    problems = problems_of(frame, "participants", where="roster.csv")
    assert len(problems) == 3
    assert problems[0].startswith("column 'alias' is missing. Did you mean 'allias'?")
    assert "unknown value 'maybe'" in problems[1]
    assert problems[2] == (
        "1 rows repeat 'participant_id' (row 2); one row per person is expected."
    )


def test_the_error_names_where_the_rows_came_from():
    with pytest.raises(TableError, match=r"^roster.csv does not fit the table `participants`"):
        check_table(participants().drop(columns="alias"), "participants", where="roster.csv")


def test_a_key_of_several_columns_may_repeat_in_parts():
    frame = pd.DataFrame(
        {
            "document_id": ["d1", "d1", "d2"], "turn": [0, 1, 0], "speaker": "participant",
            "start": 0, "end": 1, "heading": "", "start_s": np.nan,
        }
    )  # fmt: skip
    assert len(check_table(frame, "turns")) == 3
    (problem,) = problems_of(frame.assign(turn=0), "turns")
    assert problem.startswith("1 rows repeat 'document_id', 'turn' (row 2)")


def test_unknown_columns_are_refused_where_a_table_is_closed():
    (problem,) = problems_of(codes(colour="red"), "codes")
    assert problem == "unknown columns 'colour'."


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"strength": 1.5}, "column 'strength': 1 values above 1."),
        ({"strength": -0.1}, "column 'strength': 1 values below 0."),
        ({"start": -1}, "column 'start': 1 values below 0."),
    ],
)
def test_values_out_of_range_are_refused(changes, problem):
    assert problems_of(codes(**changes), "codes") == [problem]


@pytest.mark.parametrize("strength", [0, 1])
def test_the_ends_of_a_range_belong_to_it(strength):
    assert check_table(codes(strength=strength), "codes")["strength"].tolist() == [strength]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strength": "strong"}, "column 'strength' should hold numbers"),
        ({"start": "first"}, "column 'start' should hold whole numbers"),
        ({"coded_at": "yesterday-ish"}, "column 'coded_at' should hold times"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(changes, words):
    (problem,) = problems_of(codes(**changes), "codes")
    assert problem.startswith(words)


def test_missing_text_becomes_empty_and_numbers_become_text():
    found = check_table(codes(note=None, code=7), "codes")
    assert (found["note"][0], found["code"][0]) == ("", "7")


def test_times_become_utc():
    found = check_table(codes(coded_at="2026-03-01T12:00:00+02:00"), "codes")
    assert found["coded_at"][0] == pd.Timestamp("2026-03-01 10:00", tz="UTC")
    assert str(found["coded_at"].dtype) == "datetime64[us, UTC]"


def test_a_missing_time_stays_missing():
    assert check_table(codes(), "codes")["coded_at"].isna().all()


def test_the_input_is_not_changed():
    frame = codes(note=None, strength=1, coded_at="2026-03-01")
    before = frame.copy(deep=True)
    check_table(frame, "codes")
    assert_frame_equal(frame, before)


def test_the_index_is_made_anew():
    frame = participants().set_index(pd.Index([7, 7, 9]))
    assert check_table(frame, "participants").index.tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_empty_table_passes_its_own_check(name):
    empty = empty_table(name)
    assert list(empty.columns) == list(TABLES[name].columns)
    assert_frame_equal(check_table(empty, name), empty)


def test_keys_are_columns_of_their_table():
    for table in TABLES.values():
        assert set(table.key) <= set(table.columns)
