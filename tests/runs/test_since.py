import json
import math

import pandas as pd
import pytest

from cjm_research.reporting.since import MOST_SHOWN, describe_changes, list_figures, read_manifest

INPUTS = {"data": "a", "study.yaml": "b", "coders": "c", "people's codes": "d", "software": "e"}


def run(figures=None, **changed):
    inputs = INPUTS | {name.replace("_", " "): value for name, value in changed.items()}
    return {"run_id": "2026-03-01T100000", "inputs": inputs, "figures": figures or {}}


def leave(count, n=100):
    return {"Ordering": {"leave": [count, n]}}


def test_a_difference_is_owed_to_the_one_thing_that_changed():
    lines = describe_changes(run(leave(50)), run(leave(60), data="new"))
    assert lines == [
        "Since the run 2026-03-01T100000 only the data changed: what differs below is owed "
        "to that.",
        "Ordering, leave: 50 of 100 → 60 of 100.",
    ]


def test_new_codes_and_a_new_coder_are_both_recoding():
    recoded = {"inputs": INPUTS | {"coders": "x", "people's codes": "y"}}
    lines = describe_changes(run(leave(50)), run(leave(60)) | recoded)
    assert "only recoding changed" in lines[0]


def test_two_things_at_once_cannot_be_told_apart():
    lines = describe_changes(run(leave(50)), run(leave(60), data="new", software="new"))
    assert "the data and the software changed at once" in lines[0]
    assert "cannot be told apart" in lines[0]


def test_no_change_and_no_difference_are_said():
    assert "nothing that the figures depend on" in describe_changes(run(), run())[0]
    (line,) = describe_changes(run(leave(50)), run(leave(50), software="new"))
    assert "changes in the software; the map’s counts of people lost and of pains" in line


def test_what_came_and_went_is_named():
    before = {"Ordering": {"“Slow” (Talks)": [3, 9]}}
    now = {"Ordering": {"“Dear” (Talks)": [4, 9]}}
    lines = describe_changes(run(before), run(now, data="new"))[1:]
    assert lines == [
        "Ordering, “Dear” (Talks): 4 of 9; not on the map before.",
        "Ordering, “Slow” (Talks): no longer on the map.",
    ]


def test_many_differences_are_counted():
    before = {"Ordering": {str(n): [1, 9] for n in range(20)}}
    now = {"Ordering": {str(n): [2, 9] for n in range(20)}}
    lines = describe_changes(run(before), run(now, data="new"))
    assert len(lines) == MOST_SHOWN + 2
    assert lines[-1] == "12 more counts of the map differ."


@pytest.mark.parametrize("before", [{}, {"run_id": "x"}])
def test_a_run_of_an_older_version_says_nothing(before):
    assert describe_changes(before, run()) == []


def test_figures_are_those_of_the_map():
    pain = {"label": "Slow", "source_label": "Talks", "n_said": 2, "n_heard": 3}
    table = pd.DataFrame(
        [
            {"stage_name": "A", "drop_off_rate": 0.5, "n_dropped": 5.0, "n_entered": 10.0,
             "behaviour_label": "leave", "pain_points": [pain]},
            {"stage_name": "B", "drop_off_rate": math.nan, "n_dropped": math.nan,
             "n_entered": math.nan, "behaviour_label": "", "pain_points": []},
        ]
    )  # fmt: skip
    figures = list_figures(table)
    assert figures == {"A": {"leave": [5.0, 10.0], "“Slow” (Talks)": [2.0, 3.0]}, "B": {}}
    assert json.loads(json.dumps(figures)) == figures


def test_a_folder_without_a_manifest_has_none(tmp_path):
    assert read_manifest(tmp_path) == {}
    (tmp_path / "manifest.json").write_text("{")
    assert read_manifest(tmp_path) == {}
