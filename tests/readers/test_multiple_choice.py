"""Questions with several answers, and what people wrote beside the options."""

import csv
from collections import Counter

import pytest

from cjm_research.config import JourneyPart, StudyConfig, Survey, build_journey
from cjm_research.config.references import find_problems
from cjm_research.readers import read_source
from cjm_research.readers.choices import name_options, split_cell


@pytest.fixture
def read(write, tmp_path, journey):
    def read_one(content, *questions, **more):
        write("a.csv", content)
        source = Survey.model_validate(
            {"id": "survey", "kind": "survey", "files": ["a.csv"], "sampling": "convenience"}
            | {
                "consent": "quote",
                "questions": [{"id": "q", "kind": "choice"} | q for q in questions],
            }
            | more
        )
        return read_source(source, tmp_path, journey)

    return read_one


def chosen(material):
    return material.answers[["raw_id", "choice"]].to_numpy().tolist()


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


def test_a_column_an_option_by_its_text(read):
    material = read(
        "Which?: Web,Which?: App\nWeb,App\n,App\n,\n",
        {"columns": ["Which?: Web", "Which?: App"], "multiple": True},
    )
    assert chosen(material) == [["row 2", "Web"], ["row 2", "App"], ["row 3", "App"]]


@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("TRUE", "FALSE"), ("x", ""), ("Checked", "Unchecked")]
)
def test_a_column_an_option_by_a_mark(read, yes, no):
    material = read(
        f"Q5_1,Q5_2\n{yes},{no}\n{no},{yes}\n",
        {"columns": ["Q5_1", "Q5_2"], "multiple": True},
    )
    assert chosen(material) == [["row 2", "1"], ["row 3", "2"]]


def test_who_was_asked_and_took_nothing_counts_as_asked(read):
    material = read("a,b\n1,0\n0,0\n,\n", {"columns": ["a", "b"], "multiple": True})
    assert chosen(material) == [["row 2", "a"], ["row 3", ""]]


def test_columns_that_are_no_options_keep_their_own_answers(read):
    material = read("phone,web\nGood,Good\n", {"columns": ["phone", "web"]})
    assert material.answers[["column", "choice"]].to_numpy().tolist() == [
        ["phone", "Good"],
        ["web", "Good"],
    ]


@pytest.mark.parametrize("sign", [";", ", ", "; "])
def test_one_cell_with_several_choices(read, sign):
    material = read(f'q\n"Web{sign}App{sign}Web"\nApp\n', {"columns": "q", "separator": sign})
    assert chosen(material) == [["row 2", "Web"], ["row 2", "App"], ["row 3", "App"]]
    assert (
        noted(material)[f"question 'q': cells with several choices, split at '{sign.strip()}'"] == 1
    )


@pytest.mark.parametrize(
    ("cell", "found", "loose"),
    [
        ("Yes, always, No", ["Yes, always", "No"], ""),
        ("Yes, No", ["Yes", "No"], ""),
        ("Yes, alwaysNo", ["Yes"], "alwaysNo"),
        ("No, my own words, and more", ["No"], "my own words, and more"),
        ("mine, Yes", ["Yes"], "mine"),
        ("Yesterday", [], "Yesterday"),
        ("", [], ""),
        (", ,", [], ""),
    ],
)
def test_an_option_may_hold_the_separator_when_options_are_declared(cell, found, loose):
    options = ["Yes, always", "Yes", "No"]
    assert split_cell(cell, ", ", options)[0] == found
    assert split_cell(cell, ", ", options)[1].strip(", ") == loose


def test_options_that_only_stand_side_by_side_are_asked_about(read):
    rows = ['"Yes, always, Web"', '"Yes, always"', '"Yes, always, App"', '"Web, App"']
    question = {"columns": "q", "separator": ", "}
    apart = read("\n".join(["q", *rows]), question)
    said = next(what for what in noted(apart) if "side by side" in what)
    assert noted(apart)[said] == 1
    told = read("\n".join(["q", *rows]), question | {"options": ["Yes, always", "Web", "App"]})
    assert not [what for what in noted(told) if "side by side" in what]
    assert chosen(told)[0] == ["row 2", "Yes, always"]


def test_other_in_a_column_of_its_own_is_a_document_and_one_choice(read):
    material = read(
        "How?,Other - Write In:How?\n"
        "Web,\nOther - Write In,by phone\n,by post\nOther - Write In,\n",
        {"columns": "How?", "other": "Other - Write In:How?", "text": "How do you order?"},
    )
    assert chosen(material) == [
        ["row 2", "Web"], ["row 3", "Other"], ["row 5", "Other"], ["row 4", "Other"],
    ]  # fmt: skip
    assert material.turns[["raw_id", "text", "prompt", "question"]].to_numpy().tolist() == [
        ["row 3", "by phone", "How do you order?", "q"],
        ["row 4", "by post", "How do you order?", "q"],
    ]


def test_other_within_the_cell_is_what_is_no_option(read):
    question = {"columns": "q", "separator": ", ", "options": ["Web", "App"]}
    content = 'q\n"Web, by phone, at night"\n"App"\n'
    silent = read(content, question)
    assert chosen(silent) == [["row 2", "Web"], ["row 2", "Other"], ["row 3", "App"]]
    assert silent.turns.empty
    assert (
        noted(silent)["question 'q': answers that are none of `options:`, counted as 'Other'"] == 1
    )
    spoken = read(content, question | {"other": "q"})
    assert spoken.turns["text"].tolist() == ["by phone, at night"]


def test_a_cell_of_separators_alone_ends_soon(read):
    material = read(
        "q\n" + ";" * 100_000 + "\nA\n", {"columns": "q", "separator": ";", "options": ["A"]}
    )
    assert chosen(material) == [["row 3", "A"]]


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (["Which? - Web", "Which? - App"], ["Web", "App"]),
        (["Which?: Web app", "Which?: Web site"], ["Web app", "Web site"]),
        (["Web:Which?", "App:Which?"], ["Web", "App"]),
        (["Which? [Web]", "Which? [App]"], ["Web", "App"]),
        (["3. Python.", "3. R."], ["Python.", "R."]),
        (["Web", "App"], ["Web", "App"]),
        (["Web"], ["Web"]),
    ],
)
def test_the_option_is_what_tells_a_column_from_the_others(labels, options):
    assert list(name_options(labels, {}).values()) == options


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"columns": "q", "multiple": True}, "what joins the choices"),
        ({"columns": "q", "kind": "open", "separator": ";"}, "kind `choice`"),
        ({"columns": "q", "separator": " "}, "needs a sign"),
        ({"columns": "q", "other": "q"}, "list `options:`"),
        ({"columns": "q", "labels": {"Good": 5}}, "belongs to a rating"),
        ({"columns": list("abcdefghi"), "kind": "sus"}, "ten columns"),
    ],
)
def test_declarations_that_contradict_themselves_are_refused(question, found):
    survey = {"id": "s", "kind": "survey", "files": "a.csv", "sampling": "census"}
    survey["questions"] = [{"id": "q", "kind": "choice"} | question]
    stages = {"stages": [{"id": "one"}]}
    config = StudyConfig.model_validate(
        {
            "schema_version": 1,
            "title": "t",
            "objective": "o",
            "journey": stages,
            "sources": [survey],
        }
    )
    journey = build_journey(JourneyPart.model_validate(stages))
    (problem,) = find_problems(config, journey)
    assert found in problem


@pytest.fixture
def jupyter(shared):
    """Return the survey of 2015 as plain records, and where it lies."""
    folder = shared / "jupyter_surveys" / "2015-12-notebook-ux"
    with (folder / "20160115235816-SurveyExport.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        header, *rows = csv.reader(file)
    return folder, [" ".join(name.split()) for name in header], rows


def test_jupyter_2015_words_chosen_and_written_are_those_of_the_file(jupyter, journey):
    folder, header, rows = jupyter
    words, other = header[29], header[30]
    source = Survey.model_validate(
        {"id": "s", "kind": "survey", "files": ["20160115235816-SurveyExport.csv"]}
        | {"sampling": "convenience", "unit": "visit"}
        | {"questions": [
            {"id": "words", "kind": "choice", "columns": words, "separator": ";", "other": other},
            {"id": "run", "kind": "choice", "columns": header[9], "other": header[10]},
        ]}
    )  # fmt: skip
    material = read_source(source, folder, journey)
    counted = Counter(word for row in rows for word in row[29].split(";") if word)
    counted["Other"] = counted.pop("Other word(s):")
    mine = material.answers[material.answers["question"] == "words"]
    assert mine.groupby("choice")["raw_id"].nunique().to_dict() == dict(counted)
    assert counted["convenient"] == 562
    assert mine["raw_id"].nunique() == sum(bool(row[29].strip()) for row in rows) == 748
    run = material.answers[material.answers["question"] == "run"]
    assert Counter(run["choice"]) == {
        "As a standalone application": 937, "Other": 81, "Through Jupyter Hub": 50,
    }  # fmt: skip
    written = sum(bool(row[30].strip()) for row in rows), sum(bool(row[10].strip()) for row in rows)
    assert material.turns.groupby("question").size().to_dict() == dict(
        zip(("words", "run"), written, strict=True)
    )
    assert written == (67, 80)


def test_jupyter_2020_a_column_an_option(shared, journey):
    folder = shared / "jupyter_surveys" / "2020-12-jupyter-survey"
    with (folder / "all_responses.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    at = [n for n, name in enumerate(header) if name.startswith("3. ")]
    columns = [" ".join(header[n].split()) for n in at]
    source = Survey.model_validate(
        {"id": "s", "kind": "survey", "files": ["all_responses.csv"], "sampling": "convenience"}
        | {"columns": {"participant": "Respondent ID"}}
        | {"questions": [{"id": "q3", "kind": "choice", "columns": columns, "multiple": True}]}
    )
    answers = read_source(source, folder, journey).answers
    counted = {
        " ".join(header[n].split())[3:]: sum(bool(row[n].strip()) for row in rows) for n in at
    }
    assert answers.groupby("choice").size().to_dict() == dict(counted)
    asked = sum(any(row[n].strip() for n in at) for row in rows)
    assert answers["raw_id"].nunique() == asked
    assert counted["Python."] == 1122
