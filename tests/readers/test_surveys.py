import json

import pandas as pd
import pytest

from cjm_research.config import JourneyPart, Survey, build_journey
from cjm_research.errors import SourceError, UnknownNameError
from cjm_research.readers import read_source

CSV = """id,mail,ok,at,nps,csat,why,else,plan
p1,ann@x.org,yes,2025-05-01T10:00Z,9,4,\u00a0Too slow\u00a0,,Basic
p2,,no,2025-05-02T10:00Z,11,good,\u00a0,NA,Plus
p3,,,,,, ,,
"""


def source(**more):
    return Survey.model_validate(
        {
            "id": "survey",
            "kind": "survey",
            "sampling": "convenience",
            "files": ["a.csv"],
            "columns": {"participant": "id", "consent": "ok", "submitted_at": "at"},
            "identifying": ["mail"],
            "wave": "w1",
            "questions": [
                {"id": "nps", "columns": "nps", "kind": "nps"},
                {"id": "csat", "columns": "csat", "kind": "csat", "stage": "Buy"},
                {
                    "id": "why",
                    "columns": ["why", "else"],
                    "kind": "open",
                    "text": "Why?",
                    "stage": "find",
                    "codes": [{"group": "theme", "code": "pain"}],
                },
                {"id": "plan", "columns": "plan", "kind": "attribute"},
            ],
        }
        | more
    )


def test_documents_ratings_answers_and_people(write, tmp_path, journey):
    write("a.csv", CSV)
    material = read_source(source(), tmp_path, journey)
    assert material.people.to_numpy().tolist() == [
        ["p1", "quote", "Basic"],
        ["p2", "no_quote", "Plus"],
        ["p3", "", ""],
    ]
    assert material.people.columns.tolist() == ["raw_id", "consent", "plan"]
    turns = material.turns
    assert turns["document_ref"].tolist() == ["a.csv#2:why", "a.csv#3:else"]
    assert turns["text"].tolist() == ["Too slow", "NA"]
    first = turns.iloc[0]
    assert (first["kind"], first["speaker"], first["prompt"]) == (
        "survey_answer",
        "participant",
        "Why?",
    )
    assert (first["question"], first["declared_stage"], first["wave"]) == ("why", "find", "w1")
    assert first["said_at"] == pd.Timestamp("2025-05-01T10:00Z")
    assert material.declared_codes.to_numpy().tolist() == [
        ["a.csv#2:why", "theme", "pain"],
        ["a.csv#3:else", "theme", "pain"],
    ]
    assert material.ratings.to_numpy().tolist() == [
        ["p1", "nps", "nps", 9.0, "", "w1"],
        ["p1", "csat", "csat", 4.0, "buy", "w1"],
    ]
    answers = material.answers.set_index(["raw_id", "column"])["choice"].to_dict()
    assert answers == {
        ("p1", "nps"): "",
        ("p2", "nps"): "",
        ("p1", "csat"): "",
        ("p2", "csat"): "",
        ("p1", "why"): "",
        ("p2", "else"): "",
        ("p1", "plan"): "Basic",
        ("p2", "plan"): "Plus",
    }
    assert material.identities.to_numpy().tolist() == [["p1", "email", "ann@x.org"]]
    what = material.quality.set_index("what")["n"]
    assert what["question 'nps': answers outside the scale 0 to 10, left out"] == 1
    assert what["question 'csat': answers that are no number, left out"] == 1
    assert material.events.empty


def test_without_ids_every_row_is_a_visit(write, tmp_path, journey):
    write("a.csv", CSV)
    people = read_source(source(columns={}), tmp_path, journey).people
    assert people["raw_id"].tolist() == ["row 2", "row 3", "row 4"]


def test_a_rating_is_its_own_measure(write, tmp_path, journey):
    write("a.csv", "a,b\n7,101\n")
    question = {"id": "ease", "columns": ["a", "b"], "kind": "rating", "scale": [1, 100]}
    ratings = read_source(
        source(columns={}, identifying=[], questions=[question]), tmp_path, journey
    )
    assert ratings.ratings[["measure", "item", "value"]].to_numpy().tolist() == [
        ["ease", "ease: a", 7.0]
    ]


def test_a_sus_score_is_a_rating_of_0_to_100(write, tmp_path, journey):
    write("a.csv", "sus\n72.5\n0\n100\n101\n-1\ngood\n")
    question = {"id": "usability", "columns": "sus", "kind": "sus", "stage": "use"}
    material = read_source(
        source(columns={}, identifying=[], questions=[question]), tmp_path, journey
    )
    assert material.ratings[["measure", "item", "value", "stage"]].to_numpy().tolist() == [
        ["sus", "usability", 72.5, "use"],
        ["sus", "usability", 0.0, "use"],
        ["sus", "usability", 100.0, "use"],
    ]
    what = material.quality.set_index("what")["n"]
    assert what["question 'usability': answers outside the scale 0 to 100, left out"] == 2
    assert what["question 'usability': answers that are no number, left out"] == 1


def test_questionnaire_events_reach_back_from_later_answers(write, tmp_path):
    stages = [{"id": name} for name in ("opened", "one", "two", "sent")]
    journey = build_journey(JourneyPart.model_validate({"stages": stages}))
    write("a.csv", "q1,q2,status\n,,Partial\nx,,Partial\n,y,Partial\n,,complete \n")
    form = {
        "opened": "opened",
        "pages": [
            {"stage": "one", "blocks": [{"name": "A", "questions": "q1"}]},
            {"stage": "two", "blocks": [{"name": "B", "questions": "q2"}]},
        ],
        "submitted": "sent",
        "submitted_column": "status",
        "submitted_values": "Complete",
    }
    questions = [{"id": name, "columns": name, "kind": "choice"} for name in ("q1", "q2")]
    material = read_source(
        source(columns={}, identifying=[], questions=questions, questionnaire=form),
        tmp_path,
        journey,
    )
    events = material.events[["raw_id", "event"]]
    reached = events.groupby("raw_id")["event"].agg(list).to_dict()
    assert reached == {
        "row 2": ["reached opened"],
        "row 3": ["reached opened", "reached one"],
        "row 4": ["reached opened", "reached one", "reached two"],
        "row 5": ["reached opened", "reached one", "reached two", "reached sent"],
    }
    assert material.answers[["page", "block"]].to_numpy().tolist() == [["one", "A"], ["two", "B"]]


@pytest.mark.parametrize(
    ("csv", "more", "found", "advice"),
    [
        ("id,ok,at,nps\n", {}, "no column 'csat' (question 'csat')", "correct the names"),
        (CSV.replace("p2", "P1"), {}, "rows 2, 3 repeat participant ids", "one row per"),
        (CSV.replace("p2", ""), {}, "blank in row 3", "give every participant an id"),
        (CSV.replace(",no,", ",maybe,"), {}, "'maybe'", "`consent_values:`"),
        (CSV, {"timezone": "Nowhere"}, "not a time zone", "Europe/Berlin"),
        ("a\n\xff".encode("latin-1"), {}, "not UTF-8", "declare `encoding:`"),
    ],
)
def test_bad_surveys(write, tmp_path, journey, csv, more, found, advice):
    write("a.csv", csv)
    with pytest.raises(SourceError) as caught:
        read_source(source(**more), tmp_path, journey)
    message = str(caught.value)
    assert message.startswith("a.csv")
    assert found in message
    assert advice in message


def test_an_unknown_stage_is_refused(write, tmp_path, journey):
    write("a.csv", CSV)
    question = {"id": "why", "columns": "why", "kind": "open", "stage": "Bye"}
    with pytest.raises(UnknownNameError, match="question 'why': no stage 'Bye'"):
        read_source(source(questions=[question]), tmp_path, journey)


def test_an_attribute_cannot_overwrite_consent(write, tmp_path, journey):
    write("a.csv", CSV)
    question = {"id": "consent", "columns": "plan", "kind": "attribute"}
    with pytest.raises(SourceError, match="cannot be called 'consent'"):
        read_source(source(questions=[question]), tmp_path, journey)


def test_the_jupyter_survey_of_2015_gives_the_known_answers(shared):
    known = json.loads((shared / "study-jupyter-ux-2015" / "known_answers.json").read_text("utf-8"))
    table = pd.read_csv(shared / "study-jupyter-ux-2015" / "questions.csv", dtype=str)
    folder = shared / "jupyter_surveys" / "2015-12-notebook-ux"
    names = (folder / "survey_short_columns.csv").read_text("utf-8").split("\n")[0].split(",")[1:]
    kinds = {"open text": "open"}
    questions = [
        {
            "id": row["question"],
            "columns": row["columns"].split(),
            "kind": kinds.get(row["kind"], "choice"),
            "text": row["wording"],
        }
        for row in table.to_dict("records")
    ]
    pages = [
        {
            "stage": f"page{page}",
            "blocks": [
                {"name": block, "questions": list(rows["question"])}
                for block, rows in on_page.groupby("block")
            ],
        }
        for page, on_page in table.groupby("page")
    ]
    ids = ["opened", "page1", "page2", "page3", "submitted"]
    journey = build_journey(JourneyPart.model_validate({"stages": [{"id": name} for name in ids]}))
    survey = source(
        files=["20160115235816-SurveyExport.csv"],
        column_names=names,
        columns={"submitted_at": "date_submitted"},
        timezone="-06:00",
        identifying=[],
        questions=questions,
        questionnaire={
            "opened": "opened",
            "pages": pages,
            "submitted": "submitted",
            "submitted_column": "status",
            "submitted_values": ["Complete"],
        },
    )
    material = read_source(survey, folder, journey)
    assert len(material.people) == 1706
    reached = material.events.groupby("stage")["raw_id"].nunique()
    assert reached[ids].tolist() == [1706, 1097, 802, 780, 779]
    people = material.answers.groupby("question")["raw_id"].nunique()
    cells = material.answers.groupby("question").size()
    assert (people["Q2"], people["Q6"], cells["Q6"], cells["Q9"]) == (764, 688, 1553, 903)
    assert len(material.turns) == int(
        cells[table.loc[table["kind"] == "open text", "question"]].sum()
    )
    assert known
