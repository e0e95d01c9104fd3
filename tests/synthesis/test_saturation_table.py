import math

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.synthesis import list_new_codes, measure_saturation

CODERS = pd.DataFrame(
    [("person:ana", "person"), ("rules", "machine")], columns=["coder_id", "kind"]
)


def interviews(told, *codes_of_each, coder="person:ana", source="talks"):
    # One interview each: the names of its pain points, all of one coder.
    table = told(
        *[
            (f"p{n:02d}", source, "see", "participant", "x", *[f"pain_point:{c}" for c in codes])
            for n, codes in enumerate(codes_of_each)
        ]
    )
    table.codes["coder_id"] = coder
    return table


def measure(table, **options):
    options = {"bases": [4], "runs": [2], "n_orders": 50} | options
    return measure_saturation(table.codes, CODERS, table.documents, table.excerpts, **options)


def worked(told):
    # New codes 4, 3, 2, 1, 1, 0, 0, 0: the example of the reference.
    return interviews(told, "abcd", "aefg", "hi", "j", "k", "a", "b", "c")


def test_the_worked_example_reads_five_plus_two(told):
    table = worked(told)
    (row,) = measure(table).to_dict("records")
    assert (row["n_interviews"], row["n_codes"], row["base_codes"]) == (8, 11, 10)
    assert (row["reached_at"], row["last_ratio"]) == (5, 0)
    assert row["words"].startswith("5+2: interviews 6 to 7 added 0 codes to the 10 of the first 4")
    assert "This does not show that nothing is left to find." in row["words"]
    new = list_new_codes(table.codes, CODERS, table.documents, table.excerpts)
    assert new["n_new"].tolist() == [4, 3, 2, 1, 1, 0, 0, 0]
    assert new["n_so_far"].tolist() == [4, 7, 9, 10, 11, 11, 11, 11]


def test_every_choice_of_base_and_run_is_shown(told):
    table = measure(worked(told), bases=[4, 5, 6], runs=[2, 3])
    assert table["reached_at"].tolist()[:3] == [5, 5, 5]
    # Base 6 and run 3 need nine interviews; there are eight.
    assert table["words"].iloc[-1] == "cannot tell: 8 coded interviews, and 9 are needed"
    assert math.isnan(table["median"].iloc[-1])


def test_what_came_after_the_quiet_run_is_said(told):
    table = interviews(told, *["abcdefghij"] * 6, "k", "l")
    (row,) = measure(table).to_dict("records")
    assert row["reached_at"] == 4
    assert "and those after them 2 more" in row["words"]


def test_not_reached_says_what_the_last_interviews_added(told):
    (row,) = measure(interviews(told, *"abcdefg")).to_dict("records")
    assert math.isnan(row["reached_at"])
    assert row["reached_rate"] == 0
    assert row["words"].startswith("not reached: the last 2 of 7 interviews added 2 new codes")
    assert row["words"].endswith("In no random order of the interviews it is reached.")


def test_too_few_interviews_cannot_tell(told):
    (row,) = measure(interviews(told, "abc")).to_dict("records")
    assert row["words"] == "cannot tell: 1 coded interview, and 6 are needed"


def test_a_base_without_codes_cannot_tell(told):
    (row,) = measure(interviews(told, *[["none"]] * 4, "a", "b")).to_dict("records")
    assert row["words"] == "cannot tell: the first 4 interviews hold no codes"


def test_machine_codes_never_saturate_anything(told):
    assert measure(interviews(told, *["abc"] * 9, coder="rules")).empty


def test_codes_that_were_given_or_are_a_worklist_were_not_found(told):
    table = interviews(told, *[["a", "b", "other", "none"]] * 6)
    assert measure(table)["n_codes"].tolist() == [2]
    assert measure(table, given={("pain_point", "a")})["n_codes"].tolist() == [1]
    assert measure(table, groups=["theme"])["n_codes"].tolist() == [0]


def test_a_code_on_the_interviewers_words_is_not_told(told):
    table = told(
        *[("p0", "talks", "see", speaker, "x", f"pain_point:{speaker}")
          for speaker in ("interviewer", "participant")]
    )  # fmt: skip
    table.codes["coder_id"] = "person:ana"
    assert measure(table)["n_codes"].tolist() == [1]


def test_uncoded_interviews_and_survey_answers_do_not_count(told):
    table = interviews(told, "a", "b", "")
    assert measure(table)["n_interviews"].tolist() == [2]
    table.documents["kind"] = "survey_answer"
    assert measure(table).empty
    assert list_new_codes(table.codes, CODERS, table.documents, table.excerpts).empty


def test_interviews_stand_in_the_order_of_their_dates(told):
    table = interviews(told, "a", "ab", "abc")
    days = pd.to_datetime(["2026-03-03", "2026-03-02", "2026-03-01"], utc=True)
    table.documents["said_at"] = days
    new = list_new_codes(table.codes, CODERS, table.documents, table.excerpts)
    assert new["n_new"].tolist() == [3, 0, 0]
    table.documents.loc[0, "said_at"] = pd.NaT
    new = list_new_codes(table.codes, CODERS, table.documents, table.excerpts)
    assert new["n_new"].tolist() == [1, 1, 1]


def test_row_order_changes_nothing_but_another_seed_may(told):
    table = worked(told)
    straight = measure(table)
    table.codes, table.documents = table.codes.iloc[::-1], table.documents.iloc[::-1]
    assert_frame_equal(measure(table), straight)
    assert straight["low"][0] == 4
    assert straight["reached_rate"][0] == pytest.approx(
        measure(table, random_state=1)["reached_rate"][0], abs=0.25
    )
