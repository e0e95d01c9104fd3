"""What Qualtrics, SurveyMonkey, Typeform, Google Forms and Alchemer export, quirk by quirk."""

import csv
import io
import json

import pytest

from cjm_research.config import Survey
from cjm_research.readers import list_unused_columns, read_source
from cjm_research.readers.survey_exports import recognise_export, strip_guard


@pytest.fixture
def read(write, tmp_path, journey):
    """Read one export; questions are given as column to kind."""

    def read_one(name, content, questions, **more):
        write(name, content)
        source = Survey.model_validate(
            {"id": "survey", "kind": "survey", "files": [name], "sampling": "convenience"}
            | {"consent": "quote"}
            | {
                "questions": [
                    {"id": f"q{number}", "kind": kind, "columns": [column]}
                    for number, (column, kind) in enumerate(questions.items(), start=1)
                ]
            }
            | more
        )
        return read_source(source, tmp_path, journey), list_unused_columns(source, tmp_path)

    return read_one


def table(*records, delimiter=",", end="\r\n"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(records)
    return text.getvalue()


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


IDS = ["StartDate", "Status", "IPAddress", "ResponseId", "RecipientFirstName", "Q1", "Q2_NPS"]
ASKED = [
    "Start Date", "Response Type", "IP Address", "Response ID", "Recipient First Name",
    'What went "wrong"\nlast time?', "How likely are you to recommend us?",
]  # fmt: skip
IMPORT = [
    json.dumps({"ImportId": "startDate", "timeZone": "America/Denver"}),
    *(json.dumps({"ImportId": name}) for name in IDS[1:]),
]
ROWS = [
    ["2026-03-01 10:00:00", "IP Address", "10.0.0.1", "R_1", "Mirabel", "Ask Mirabel: slow", "7"],
    ["2026-03-01 11:00:00", "Survey Preview", "", "R_2", "", "only a test", "10"],
    ["2026-07-01 11:00:00", "IP Address", "10.0.0.2", "R_3", "", "", "9"],
]
QUALTRICS = {
    "columns": {"participant": "ResponseId", "submitted_at": "StartDate"},
    "questions": {"Q1": "open", "Q2_NPS": "nps"},
}


@pytest.mark.parametrize(
    "content",
    [
        table(IDS, ASKED, IMPORT, *ROWS).encode(),
        table(IDS, ASKED, IMPORT, *ROWS).encode("utf-8-sig"),
        table(IDS, ASKED, IMPORT, *ROWS, delimiter="\t").encode("utf-16"),
        table(IDS, ASKED, IMPORT, *ROWS, end="\n").encode(),
    ],
    ids=["csv", "byte-order mark", "tsv in utf-16", "LF"],
)
def test_qualtrics_three_header_rows_previews_wording_and_zone(read, content):
    material, unused = read("a.csv", content, **QUALTRICS)
    assert material.people["raw_id"].tolist() == ["R_1", "R_3"]
    assert material.turns[["text", "prompt"]].to_numpy().tolist() == [
        ["Ask Mirabel: slow", 'What went "wrong" last time?']
    ]
    assert material.ratings["value"].tolist() == [7.0, 9.0]
    assert [str(time) for time in material.answered["said_at"]] == [
        "2026-03-01 17:00:00+00:00",
        "2026-07-01 17:00:00+00:00",
    ]
    counts = noted(material)
    assert counts["previews and tests, left out"] == 1
    assert counts["exported by Qualtrics"] == 1
    assert unused == {"a.csv": ["Status"]}


def test_qualtrics_personal_columns_are_not_read_and_names_are_masked(read):
    material, _ = read("a.csv", table(IDS, ASKED, IMPORT, *ROWS), **QUALTRICS)
    assert material.identities.to_numpy().tolist() == [["R_1", "name", "Mirabel"]]
    parts = [material.people, material.turns, material.answers, material.identities]
    assert not any("10.0.0.1" in part.to_csv() for part in parts)


def test_qualtrics_numeric_status_and_a_declared_zone_win(read):
    rows = [[row[0], code, *row[2:]] for row, code in zip(ROWS, ["0", "1", "0"], strict=True)]
    material, _ = read("a.csv", table(IDS, ASKED, IMPORT, *rows), timezone="UTC", **QUALTRICS)
    assert material.people["raw_id"].tolist() == ["R_1", "R_3"]
    assert str(material.answered["said_at"].iloc[0]) == "2026-03-01 10:00:00+00:00"


def test_qualtrics_of_before_2017_has_two_header_rows(read):
    content = table(["V1", "Q1"], ["ResponseID", "What went wrong?"], ["R_1", "It was slow"])
    material, _ = read("a.csv", content, {"Q1": "open"}, columns={"participant": "V1"})
    assert material.turns[["raw_id", "text", "prompt"]].to_numpy().tolist() == [
        ["R_1", "It was slow", "What went wrong?"]
    ]


FIRST = ["Respondent ID", "Collector ID", "Start Date", "IP Address", "Email Address"]
MONKEY = [
    [*FIRST, "What went wrong?", "Which do you use?", "", ""],
    [*[""] * 5, "Open-Ended Response", "Web", "App", "Other (please specify)"],
    ["1", "9", "03/13/2026 10:00:00", "10.0.0.1", "m@example.org", "slow", "Web", "", "phone"],
]


def test_surveymonkey_fills_the_question_over_its_columns(read):
    asked = "Which do you use?"
    material, unused = read(
        "a.csv",
        table(*MONKEY),
        {
            "What went wrong?": "open",
            f"{asked}: Web": "choice",
            f"{asked}: Other (please specify)": "open",
        },
        columns={"participant": "Respondent ID", "submitted_at": "Start Date"},
    )
    assert material.turns[["text", "prompt"]].to_numpy().tolist() == [
        ["slow", "What went wrong?"],
        ["phone", asked],
    ]
    assert str(material.answered["said_at"].iloc[0]) == "2026-03-13 10:00:00+00:00"
    assert ["1", "email", "m@example.org"] in material.identities.to_numpy().tolist()
    assert unused == {"a.csv": ["Collector ID", f"{asked}: App"]}


@pytest.mark.parametrize("second", [[[""] * 9], []], ids=["an empty second row", "none"])
def test_surveymonkey_condensed_exports_lose_nobody(read, second):
    header = [*FIRST, "What went wrong?", "Which do you use?", "Why?", "Else?"]
    material, _ = read("a.csv", table(header, *second, MONKEY[2]), {"What went wrong?": "open"})
    assert material.turns["text"].tolist() == ["slow"]


def test_surveymonkey_empty_second_row_read_as_blank_answers():
    header = [*FIRST, "What went wrong?"]
    export = recognise_export([header, ["", "", "", "", "", ""], ["1", "9", "x", "", "", "slow"]])
    assert export.header == header
    assert export.first == 2


NEW = ["Network ID", "Tags", "Ending"]


@pytest.mark.parametrize(
    "tail",
    [
        ["Start Date (UTC)", "Submit Date (UTC)", "Network ID"],
        ["Response Type", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", *NEW],
    ],
    ids=["old", "new"],
)
def test_typeform_guard_utc_network_id_and_repeated_names(read, tail):
    header = ["#", "What went wrong?", "Other", "Other", *tail]
    times = {name: "2026-03-01 10:00" for name in tail if "Date" in name}
    last = [times.get(name, "abc123") for name in tail]
    material, unused = read(
        "a.csv",
        table(header, ["tok1", "'+91 9999 never answered", "'tis", "x", *last]),
        {"What went wrong?": "open"},
        columns={"participant": "#", "submitted_at": "Submit Date (UTC)"},
    )
    assert material.turns["text"].tolist() == ["+91 9999 never answered"]
    assert noted(material)["times are of UTC, as the export says"] == 1
    assert "Network ID" not in unused["a.csv"]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [("'=1+1", "=1+1"), ("'-5", "-5"), ("'@x", "@x"), ("'tis", "'tis"), ("''=x", "''=x"), ("", "")],
)
def test_typeform_guards_are_removed_and_apostrophes_stay(cell, plain):
    assert strip_guard(cell) == plain


def test_google_forms_mail_is_masked_not_read(read):
    content = table(
        ["Timestamp", "Email Address", "What went wrong?"],
        ["2026/01/31 3:04:05 PM", "m@example.org", "slow"],
    )
    material, unused = read("a.csv", content, {"What went wrong?": "open"})
    assert unused == {"a.csv": ["Timestamp"]}
    assert [row[1:] for row in material.identities.to_numpy().tolist()] == [
        ["email", "m@example.org"]
    ]


def test_alchemer_box_and_question_share_a_column_name(shared):
    path = shared / "jupyter_surveys" / "2015-12-notebook-ux" / "20160115235816-SurveyExport.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = list(csv.reader(file))
    export = recognise_export(records)
    assert export.name == "Alchemer"
    assert len(records) - export.first == 1706
    column = next(name for name in export.header if name.startswith("Aspect #1:"))
    assert export.wording[column] == column.removeprefix("Aspect #1:")


def test_a_plain_table_stays_one(read):
    material, _ = read("a.csv", table(["id", "why"], ["1", "'=slow"]), {"why": "open"})
    assert material.turns[["text", "prompt"]].to_numpy().tolist() == [["'=slow", ""]]
