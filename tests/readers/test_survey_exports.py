"""What Qualtrics, SurveyMonkey, Typeform, Google Forms and Alchemer export, quirk by quirk."""

import csv
import io
import json

import openpyxl
import pytest

from cjm_research.config import Survey
from cjm_research.errors import SourceError
from cjm_research.readers import list_unused_columns, read_source, recognise_file
from cjm_research.readers.survey_exports import recognise_export, strip_guard


@pytest.fixture
def read(write, tmp_path, journey):
    """Read one export; questions are given as column to kind."""

    def read_one(name, content, questions=None, declared=(), **more):
        write(name, content)
        source = Survey.model_validate(
            {"id": "survey", "kind": "survey", "files": [name], "sampling": "convenience"}
            | {"consent": "quote"}
            | {
                "questions": [
                    *declared,
                    *(
                        {"id": f"q{number}", "kind": kind, "columns": [column]}
                        for number, (column, kind) in enumerate((questions or {}).items(), start=1)
                    ),
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
def test_qualtrics_three_header_rows_line_breaks_previews_wording_and_zone(read, content):
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


@pytest.mark.parametrize(
    ("column", "cells", "written"),
    [
        ("Finished", ["True", "False", "True"], "their text"),
        ("Finished", ["1", "0", ""], "numeric codes"),
        ("Status", ["IP Address", "Imported", "IP Address"], "their text"),
        ("Status", ["0", "0", "4"], "numeric codes"),
    ],
)
def test_qualtrics_codes_or_text_of_choices_are_recorded(read, column, cells, written):
    ids = ["ResponseId", column, "Q1"]
    imports = [json.dumps({"ImportId": name}) for name in ids]
    records = [[f"R_{n}", cell, "slow"] for n, cell in enumerate(cells)]
    material, _ = read("a.csv", table(ids, ids, imports, *records), {"Q1": "open"})
    assert noted(material)[f"choices are written as {written}"] == 1
    # Who did not finish has answered what they answered.
    assert material.turns["text"].tolist() == ["slow"] * 3


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


def test_surveymonkey_dates_are_american_only_where_a_day_or_study_yaml_says_so(read):
    row = [MONKEY[2][0], MONKEY[2][1], "03/04/2026 10:00:00", *MONKEY[2][3:]]
    about = {"columns": {"submitted_at": "Start Date"}}
    with pytest.raises(SourceError, match="may be day/month or month/day"):
        read("a.csv", table(*MONKEY[:2], row), {"What went wrong?": "open"}, **about)
    material, _ = read(
        "a.csv", table(*MONKEY[:2], row), {"What went wrong?": "open"}, day_first=False, **about
    )
    assert str(material.answered["said_at"].iloc[0]) == "2026-03-04 10:00:00+00:00"


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


HOTJAR = ["Number", "User", "Date Submitted", "Country", "Source URL", "Device", "Browser", "OS"]
VISIT = ["1", "a1b2", "2026-03-01 10:00:00", "Norway", "/cart", "phone", "Firefox", "Android"]


def test_hotjar_is_taken_loosely_and_said_to_be_unverified(read, tmp_path):
    content = table([*HOTJAR, "What is missing?"], [*VISIT, "the price of sending"])
    material, unused = read(
        "a.csv", content, {"What is missing?": "open"}, columns={"submitted_at": "Date Submitted"}
    )
    assert material.turns["text"].tolist() == ["the price of sending"]
    assert noted(material)["exported by Hotjar (unverified)"] == 1
    assert not {"User", "Country"} & set(unused["a.csv"])
    guess = recognise_file(tmp_path / "a.csv")
    assert guess.what == "survey, exported by Hotjar (unverified); 1 rows"
    assert [one["columns"] for one in guess.source["questions"]] == [["What is missing?"]]
    (ask,) = [ask for ask in guess.asks if "unverified" in ask]
    assert "'Country', 'User'" in ask


def test_hotjar_columns_in_another_order_and_a_user_id_that_is_asked_for(read):
    content = table(
        ["What is missing?", "browser", "device", "country", "Page URL", "User ID", "IP"],
        ["the price", "Firefox", "phone", "Norway", "/cart", "u1", "10.0.0.1"],
    )
    material, _ = read(
        "a.csv", content, {"What is missing?": "open"}, columns={"participant": "User ID"}
    )
    assert material.people["raw_id"].tolist() == ["u1"]
    parts = [material.people, material.turns, material.answers, material.identities]
    assert not any("10.0.0.1" in part.to_csv() for part in parts)


def test_a_log_with_country_device_and_browser_is_no_hotjar():
    header = ["User ID", "Event", "Country", "Device", "Browser", "Page URL"]
    assert recognise_export([header, ["u1", "click", "Norway", "phone", "Firefox", "/"]]).name == (
        "table"
    )


def test_google_forms_is_said_to_be_unverified(write):
    content = table(["Timestamp", "What went wrong?"], ["2026/01/31 3:04:05 PM", "it was slow"])
    guess = recognise_file(write("a.csv", content))
    assert guess.what.startswith("survey, exported by Google Forms (unverified)")


def test_typeform_columns_of_one_name_can_each_be_asked_for(read):
    header = ["#", "Web", "Other", "App", "Other", "Submit Date (UTC)", "Network ID"]
    material, _ = read(
        "a.csv",
        table(header, ["t1", "Web", "phone", "", "post", "2026-03-01 10:05", "abc"]),
        {"Other (1)": "open", "Other (2)": "open"},
    )
    assert material.turns["text"].tolist() == ["phone", "post"]


def propose(write, content, name="a.csv"):
    """Return the questions that are proposed for a file, and what is asked."""
    guess = recognise_file(write(name, content))
    return guess.source.get("questions", []), "\n".join(guess.asks)


def test_typeform_options_over_columns_are_one_question(write):
    header = ["#", "Why?", "Web", "App", "Other", "Submit Date (UTC)", "Network ID"]
    rows = [
        ["t1", "so slow", "Web", "App", "by phone", "2026-03-01 10:05", "a"],
        ["t2", "so dear", "", "App", "", "2026-03-01 10:05", "b"],
    ]
    questions, asks = propose(write, table(header, *rows))
    assert [one["kind"] for one in questions] == ["open", "choice"]
    assert questions[1]["columns"] == ["Web", "App"]
    assert (questions[1]["multiple"], questions[1]["other"]) == (True, "Other")
    assert "give it its `text:`" in asks


def test_surveymonkey_options_and_other_are_one_question(write):
    questions, _ = propose(write, table(*MONKEY))
    asked = "Which do you use?"
    (choice,) = [one for one in questions if one["kind"] == "choice"]
    assert choice["columns"] == [f"{asked}: Web"]
    assert choice["other"] == f"{asked}: Other (please specify)"
    assert choice["text"] == asked


@pytest.mark.parametrize(
    ("web", "app"), [("1", "1"), ("Web", "App")], ids=["codes", "the option's text"]
)
def test_qualtrics_options_over_columns_are_one_question(write, web, app):
    ids = ["ResponseId", "Q5_1", "Q5_2", "Q5_3_TEXT", "Q6"]
    asked = ["Response ID", *(f"Which? - {it}" for it in ("Web", "App", "Other - Text")), "Why?"]
    rows = [["R_1", web, app, "", "so slow"], ["R_2", "", app, "by phone", "so dear"]]
    imports = [json.dumps({"ImportId": name}) for name in ids]
    questions, _ = propose(write, table(ids, asked, imports, *rows))
    choice, why = questions
    assert (choice["columns"], choice["other"]) == (["Q5_1", "Q5_2"], "Q5_3_TEXT")
    assert (choice["text"], why["kind"]) == ("Which?", "open")


def test_qualtrics_external_reference_is_asked_about(write):
    ids = ["ResponseId", "ExternalReference", "Q1"]
    imports = [json.dumps({"ImportId": name}) for name in ids]
    rows = [["R_1", "c1", "It was slow"], ["R_2", "c2", "It was dear"]]
    content = table(ids, ["Response ID", "Ref", "Why?"], imports, *rows)
    _, asks = propose(write, content)
    assert "'ExternalReference' holds ids" in asks
    blank = table(ids, ["Response ID", "Ref", "Why?"], imports, ["R_1", "", "It was slow"])
    assert "ExternalReference" not in propose(write, blank)[1]


CHECKBOXES = ["Web, App", "Web", "App, Phone", "Phone", "Web, Phone", "App"]


@pytest.mark.parametrize("sign", [", ", ";"])
def test_google_forms_checkboxes_are_split_and_asked_about(write, sign):
    rows = [["2026/01/31 3:04:05 PM", cell.replace(", ", sign)] for cell in CHECKBOXES]
    questions, asks = propose(write, table(["Timestamp", "Which?"], *rows))
    assert questions == [
        {"id": "q1", "kind": "choice", "columns": ["Which?"], "separator": sign},
    ]
    assert "list all of them under `options:`" in asks


def test_an_option_with_a_comma_is_no_multiple_choice(write):
    cells = ["Yes, always", "Yes, at times", "No"] * 4
    rows = [["2026/01/31 3:04:05 PM", cell] for cell in cells]
    questions, _ = propose(write, table(["Timestamp", "Would you?"], *rows))
    assert [(one["kind"], one.get("separator")) for one in questions] == [("choice", None)]


SUS = [
    "I think that I would like to use this system frequently.",
    "I found the system unnecessarily complex.",
    "I thought the system was easy to use.",
    "I think that I would need the support of a technical person to be able to use this system.",
    "I found the various functions in this system were well integrated.",
    "I thought there was too much inconsistency in this system.",
    "I would imagine that most people would learn to use this system very quickly.",
    "I found the system very cumbersome to use.",
    "I felt very confident using the system.",
    "I needed to learn a lot of things before I could get going with this system.",
]


def test_sus_is_scored_from_its_ten_items_as_brooke_says(read):
    names = [f"s{n}" for n in range(1, 11)]
    answers = [
        ["5", "1"] * 5,  # the best there is
        ["1", "5"] * 5,
        ["3"] * 10,
        ["4", "2", "4", "1", "5", "2", "4", "3", "4", "2"],  # 3+3+3+4+4+3+3+2+3+3 = 31
        ["5", "1"] * 4 + ["5", ""],
        ["5", "1"] * 4 + ["5", "6"],
        [""] * 10,
    ]
    material, _ = read(
        "a.csv",
        table(["id", *names], *([str(n), *row] for n, row in enumerate(answers))),
        columns={"participant": "id"},
        declared=[{"id": "sus", "kind": "sus", "columns": names}],
    )
    assert material.ratings[["raw_id", "measure", "item", "value"]].to_numpy().tolist() == [
        ["0", "sus", "sus", 100.0],
        ["1", "sus", "sus", 0.0],
        ["2", "sus", "sus", 50.0],
        ["3", "sus", "sus", 77.5],
    ]
    counts = noted(material)
    assert counts["question 'sus': scores made of ten items"] == 4
    assert (
        counts["question 'sus': people with an item that is missing or not 1 to 5, left out"] == 2
    )


@pytest.mark.parametrize("header", [SUS, [f"SUS_{n}" for n in range(1, 11)], SUS[::-1]])
def test_sus_items_are_proposed_as_one_score_in_their_order(write, header):
    rows = [["2026/01/31 3:04:05 PM", *["4", "2"] * 5], ["2026/01/31 3:04:05 PM", *["5", "1"] * 5]]
    questions, asks = propose(write, table(["Timestamp", *header], *rows))
    (sus,) = questions
    assert sus["kind"] == "sus"
    assert sus["columns"] == (header if header[0] != SUS[-1] else SUS)
    assert "System Usability Scale" in asks


def test_sus_items_in_words_are_proposed_with_labels(write, read):
    words = ["Strongly agree", "Strongly disagree"] * 5
    rows = [["2026/01/31 3:04:05 PM", *words], ["2026/01/31 3:04:05 PM", *["Neutral"] * 10]]
    content = table(["Timestamp", *SUS], *rows)
    (sus,), _ = propose(write, content)
    material, _ = read("a.csv", content, declared=[sus])
    assert material.ratings["value"].tolist() == [100.0, 50.0]


@pytest.mark.parametrize(
    ("asked", "answers", "found", "said"),
    [
        ("How likely are you to recommend us?", ["0", "10", "7"], {"kind": "nps"}, ""),
        ("How satisfied are you?", ["1", "5", "4"], {"kind": "csat"}, "if it ends at 7"),
        ("How satisfied are you?", ["1", "7"], {"kind": "csat", "scale": [1, 7]}, "1 to 7"),
        ("How easy was it?", ["2", "3"], {"kind": "ces"}, "if it ends at 7"),
        ("How much effort was it?", ["2", "6"], {"kind": "ces", "scale": [1, 7]}, "1 to 7"),
        (
            "How likely are you to recommend us?",
            ["0", "10 - Extremely likely"],
            {"kind": "nps"},
            "",
        ),
        ("How satisfied are you?", ["5 (Very satisfied)", "1"], {"kind": "csat"}, ""),
        ("How satisfied are you?", ["0", "5"], {}, ""),
        ("How satisfied are you?", ["8", "5"], {}, ""),
    ],
)
def test_ratings_are_known_with_their_scales(write, asked, answers, found, said):
    rows = [["2026/01/31 3:04:05 PM", answer, "it was slow"] for answer in answers]
    questions, asks = propose(write, table(["Timestamp", asked, "Why?"], *rows))
    rated = [one for one in questions if one["columns"] == [asked]]
    assert [
        {"kind": one["kind"]} | {k: one[k] for k in ("scale",) if k in one} for one in rated
    ] == ([found] if found else [])
    assert said in asks


def test_a_scale_in_words_is_asked_about_not_guessed(write, read):
    content = table(
        ["Timestamp", "How satisfied are you?"],
        *(
            ["2026/01/31 3:04:05 PM", text]
            for text in ("Very satisfied", "Dissatisfied", "Neutral")
        ),
    )
    (question,), asks = propose(write, content)
    assert question["kind"] == "choice"
    assert "Very dissatisfied: 1, Dissatisfied: 2, Neutral: 3, Satisfied: 4" in asks
    labels = {"very satisfied": 5, "Dissatisfied": 2}
    material, _ = read("a.csv", content, declared=[question | {"kind": "csat", "labels": labels}])
    assert material.ratings["value"].tolist() == [5.0, 2.0]
    assert noted(material)["question 'q1': answers that are no number, left out"] == 1


@pytest.mark.parametrize(
    ("answers", "values", "left_out"),
    [
        (["10 - Extremely likely", "0 - Not at all likely", "7"], [10.0, 0.0, 7.0], 0),
        (["5 (Very satisfied)", "4: good"], [5.0, 4.0], 0),
        (["10 - Extremely likely", "perhaps 7"], [], 2),  # not unanimous
        (["5 - good", "5 - bad"], [], 2),  # one number, two meanings
        (["1 - 2 times", "3 - 4 times"], [], 2),
        (["9", "99 - Refused"], [9.0], 1),
        (["9", "10 - 99 - Don't know"], [9.0], 1),
    ],
)
def test_numbers_before_words_are_read_where_all_agree(read, answers, values, left_out):
    material, _ = read("a.csv", table(["q"], *([one] for one in answers)), {"q": "rating"})
    assert material.ratings["value"].tolist() == values
    counts = noted(material)
    assert counts.get("question 'q1': answers that are no number, left out", 0) == left_out
    read_as = "question 'q1': answers of a number and words, such as '10 - ...', read as the number"
    assert counts.get(read_as, 0) == sum(not a.isdigit() for a in answers) - left_out


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


SHEET = [["Timestamp", "Why?"], ["2026-01-31 15:04", "it was slow"]]


def test_the_sheets_of_a_workbook_are_named_and_the_one_taken(write):
    content = workbook(hidden=SHEET, Answers=SHEET, Legend=[["a"], ["b"]])
    guess = recognise_file(write("a.xlsx", content))
    assert guess.source["sheet"] == "Answers"
    assert "sheet 'Answers' was taken; there are 'Answers', 'Legend'" in guess.asks[0]


def test_the_first_sheet_that_shows_something_is_taken_and_all_are_named(write):
    cover = [["a", "b"], [1, 2]]
    guess = recognise_file(write("a.xlsx", workbook(Cover=cover, None_=[], Answers=SHEET)))
    assert (guess.kind, guess.source["sheet"]) == ("survey", "Answers")
    assert "'Cover', 'None_', 'Answers'" in guess.asks[0]
    # A cover may look like a table as well; it is shorter.
    cover = [["Sheet", "What it holds"], ["Answers", "what people said to us"]]
    guess = recognise_file(write("a.xlsx", workbook(Cover=cover, Answers=[*SHEET, SHEET[1]])))
    assert guess.source["sheet"] == "Answers"
    blank = [["a", "b"], [1, 2]]
    guess = recognise_file(write("a.xlsx", workbook(Cover=blank, Back=blank)))
    assert guess.kind == ""
    assert "'Cover', 'Back'" in guess.asks[0]
    alone = recognise_file(write("a.xlsx", workbook(Answers=SHEET)))
    assert "sheet" not in alone.source


def test_a_plain_table_stays_one(read):
    material, _ = read("a.csv", table(["id", "why"], ["1", "'=slow"]), {"why": "open"})
    assert material.turns[["text", "prompt"]].to_numpy().tolist() == [["'=slow", ""]]
