"""Real exports that no other test reads: rows, people and dates, counted by other means."""

import csv
import gzip
from collections import Counter

import pandas as pd

from cjm_research.config import Events, Observations, Survey
from cjm_research.readers import read_source


def rows_of(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
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


def test_the_web_shop_log(shared, journey):
    path = shared / "retentioneering" / "ecom.csv.gz"
    header, rows = rows_of(path)
    source = Events.model_validate(
        {
            "id": "e", "kind": "events", "files": [path.name], "sampling": "census",
            "columns": {
                "participant": "user_id", "session": "session_id", "event": "event",
                "occurred_at": "timestamp", "device": "platform",
            },
        }
    )  # fmt: skip
    events = read_source(source, path.parent, journey).events
    assert len(events) == len(rows) == 31_106
    assert events["raw_id"].nunique() == 600
    assert events["session_id"].nunique() == 3_605
    assert Counter(events["event"]) == Counter(row[header.index("event")] for row in rows)
    times = pd.to_datetime(events["occurred_at"], utc=True)
    written = [row[header.index("timestamp")] for row in rows]
    assert str(times.min())[:19] == min(written)
    assert str(times.max())[:19] == max(written)
