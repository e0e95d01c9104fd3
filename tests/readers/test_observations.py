import pandas as pd
import pytest

from cjm_research.config import JourneyPart, Observations, build_journey
from cjm_research.errors import SourceError
from cjm_research.readers import read_source

CSV = """,,,
Code,Task,"First
 try ",Notes
a, 1 , y ,N/A
a,1,n,Lost here
b,2,maybe,
"""


def source(**more):
    return Observations.model_validate(
        {
            "id": "tests",
            "kind": "observations",
            "sampling": "purposive",
            "files": ["a.csv"],
            "columns": {"participant": "Code", "item": "Task"},
            "header_row": 2,
            "stages_from": {"file": "s.csv", "key": "item", "value": "stage"},
            "outcomes": [
                {
                    "id": "first",
                    "label": "First try",
                    "rules": [
                        {"when": {"First try": "Y"}, "then": "success"},
                        {"when": {"First try": "N"}, "then": "failure"},
                    ],
                }
            ],
            "texts": [{"column": "Notes", "prompt": "What happened?", "ignore": "n/a"}],
        }
        | more
    )


def test_events_outcomes_and_notes(write, tmp_path, journey):
    write("a.csv", CSV)
    write("s.csv", "item,stage\n1,Find a plan\n2,buy\n")
    material = read_source(source(), tmp_path, journey)
    assert material.events[["raw_id", "event", "stage"]].to_numpy().tolist() == [
        ["a", "1", "find"],
        ["a", "1 (2)", "find"],
        ["b", "2", "buy"],
    ]
    assert material.events["occurred_at"].isna().all()
    # "maybe" fits no rule: missing, not a failure.
    assert material.ratings[
        ["raw_id", "measure", "item", "value", "stage"]
    ].to_numpy().tolist() == [
        ["a", "first", "1", 1.0, "find"],
        ["a", "first", "1 (2)", 0.0, "find"],
    ]
    (note,) = material.turns.to_dict("records")
    assert (note["document_ref"], note["text"]) == ("a.csv#4:Notes", "Lost here")
    assert (note["kind"], note["speaker"], note["question"]) == ("note", "observer", "Notes")
    assert (note["prompt"], note["item"], note["declared_stage"]) == (
        "What happened?",
        "1 (2)",
        "find",
    )


@pytest.mark.parametrize(
    ("csv", "lookup", "where", "found"),
    [
        (CSV, "item,stage\n1,buy\n", "a.csv", "gives no stage for 1 items: '2'"),
        (CSV, "nr,stage\n1,buy\n", "s.csv", "no column 'item' (stages_from.key)"),
        (CSV, None, "s.csv", "is not there"),
        (CSV.replace("\nb,", "\n,"), "item,stage\n1,buy\n2,buy\n", "a.csv", "blank in row 5"),
        (CSV.replace("Notes", "Remarks"), "item,stage\n", "a.csv", "no column 'Notes' (texts)"),
    ],
)
def test_bad_observations(write, tmp_path, journey, csv, lookup, where, found):
    write("a.csv", csv)
    if lookup:
        write("s.csv", lookup)
    with pytest.raises(SourceError) as caught:
        read_source(source(), tmp_path, journey)
    assert str(caught.value).startswith(where)
    assert found in str(caught.value)
    assert "What to do" in str(caught.value)


def test_the_jupyterlab_tests_of_2018_give_the_known_answers(shared):
    stages = pd.read_csv(shared / "study-jupyterlab-usability-2018" / "stages.csv")
    names = list(dict.fromkeys(stages["stage"]))
    journey = build_journey(
        JourneyPart.model_validate(
            {"stages": [{"id": f"s{n}", "name": name} for n, name in enumerate(names)]}
        )
    )
    first, second = "First Success (Y or N)", "Second Success (Y or N)"
    last = "Eventual Success (# or N)"
    rules = {
        "first": [({first: "Y"}, "success"), ({first: "N"}, "failure")],
        "eventual": [
            ({first: "Y"}, "success"),
            ({first: "N", second: "Y.*"}, "success"),
            ({first: "N", last: r"Y|\d.*"}, "success"),
            ({first: "N", last: "N"}, "failure"),
        ],
    }
    observations = source(
        files=["../jupyter_surveys/2018-09-jupytercon-2018/jupyterlab-ux-data.csv"],
        columns={"participant": "Code Name", "item": "Subtask #"},
        stages_from={"file": "stages.csv", "key": "subtask", "value": "stage"},
        outcomes=[
            {
                "id": name,
                "label": name,
                "rules": [{"when": when, "then": then} for when, then in some],
            }
            for name, some in rules.items()
        ],
        texts=[
            {"column": "Notes: where they got confused, interesting things users said"},
            {
                "column": "First Action: initial steps user takes (C if correct path)",
                "ignore": ["C"],
            },
        ],
    )
    material = read_source(observations, shared / "study-jupyterlab-usability-2018", journey)
    assert len(material.events) == 1581
    assert material.people["raw_id"].nunique() == 20
    sums = material.ratings.groupby(["measure", "stage"])["value"].agg(["sum", "count"])
    assert sums.loc["first"].to_numpy().tolist() == [
        [178, 214],
        [101, 132],
        [192, 267],
        [133, 254],
        [149, 211],
        [137, 194],
        [135, 170],
    ]
    assert sums.loc["eventual"].sum().tolist() == [1239, 1432]
    notes = material.turns[material.turns["question"].str.startswith("Notes")]
    assert notes.groupby("declared_stage").size().tolist() == [41, 26, 44, 59, 33, 32, 33]
