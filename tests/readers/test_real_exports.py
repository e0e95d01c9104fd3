"""Real exports that no other test reads: rows, people and dates, counted by other means."""

import csv
from collections import Counter

from cjm_research.config import Observations, Survey
from cjm_research.readers import read_source


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def squeezed(text):
    return " ".join(text.split())


def test_the_open_answers_of_the_survey_of_2020(shared, journey):
    folder = shared / "jupyter_surveys" / "2020-12-jupyter-survey"
    header, rows = rows_of(folder / "text_fields.csv")
    source = Survey.model_validate(
        {
            "id": "s", "kind": "survey", "files": ["text_fields.csv"], "sampling": "convenience",
            "columns": {"participant": "Respondent ID"},
            "questions": [
                {"id": f"q{number}", "kind": "open", "columns": [name]}
                for number, name in enumerate(header[1:])
            ],
        }
    )  # fmt: skip
    material = read_source(source, folder, journey)
    assert list(material.people["raw_id"]) == [row[0] for row in rows]
    said = Counter(material.turns["question"])
    for number in range(len(header) - 1):
        expected = sum(bool(row[number + 1].strip()) for row in rows)
        assert said[f"q{number}"] == expected, header[number + 1]
    assert sum(said.values()) == len(material.answers) > 308
    assert material.files[["n_in", "n_used", "n_set_aside"]].to_numpy().tolist() == [
        [1135, 1135, 0]
    ]


def test_the_choices_of_the_survey_of_2020(shared, journey):
    folder = shared / "jupyter_surveys" / "2020-12-jupyter-survey"
    header, rows = rows_of(folder / "all_responses.csv")
    languages = [name for name in header if name.startswith("3. ")]
    source = Survey.model_validate(
        {
            "id": "s", "kind": "survey", "files": ["all_responses.csv"],
            "sampling": "convenience", "columns": {"participant": "Respondent ID"},
            "questions": [{"id": "languages", "kind": "choice", "columns": languages}],
        }
    )  # fmt: skip
    material = read_source(source, folder, journey)
    given = Counter(material.answers["column"])
    for name in languages:
        place = header.index(name)
        assert given[squeezed(name)] == sum(bool(row[place].strip()) for row in rows)
    assert given["3. Python."] > 900


def test_the_layout_test_of_2018(shared, journey):
    folder = shared / "jupyter_surveys" / "2018-09-jupytercon-2018"
    header, rows = rows_of(folder / "phosphor-ux-data.csv")
    (notes,) = (name for name in header if name.startswith("Notes"))
    source = Observations.model_validate(
        {
            "id": "o", "kind": "observations", "files": ["phosphor-ux-data.csv"],
            "sampling": "convenience", "columns": {"participant": "Code", "item": "Task"},
            "outcomes": [], "texts": [{"column": notes}],
        }
    )  # fmt: skip
    material = read_source(source, folder, journey)
    assert len(material.people) == len({row[0].strip() for row in rows}) == 35
    assert len(material.events) == len(rows) == 280
    place = header.index(notes)
    assert len(material.turns) == sum(bool(row[place].strip()) for row in rows) == 106
