import csv

import openpyxl
import pandas as pd
import pytest

from cjm_research.errors import SourceError, TableError
from cjm_research.review import find_new_rows, make_sheet, read_sheet_back, write_sheet
from tests.review.tables import make_codes, make_tables

TEXTS = {
    "talks/P01": "I saw it. =1+1 was slow. I left. Bye, all of you",
    "talks/P02": "It was slow. @all It came",
}
EXCERPTS, DOCUMENTS = make_tables(TEXTS)
EXCERPTS.loc[EXCERPTS["excerpt_id"] == "talks/P01#2", "speaker"] = "interviewer"
ALLOWED = pd.DataFrame(
    [
        ("stage", "see"), ("stage", "buy"), ("pain_point", "slow"), ("pain_point", "unclear_text"),
        ("delight", "ease"), ("emotion", "worry"), ("emotion", "relief"), ("need", "need"),
        ("expectation", "missed"),
    ],
    columns=["code_group", "code"],
).assign(name="Name", definition="=What it means")  # fmt: skip
ANA = "person:ana"


@pytest.fixture(params=[".csv", ".xlsx"])
def suffix(request):
    return request.param


@pytest.fixture
def back(tmp_path, suffix):
    """Write a sheet, let somebody change it as text, and read it back."""

    def read(changes=(), *, sheet=None, edit=lambda frame: frame, **options):
        frame = make_sheet(EXCERPTS, DOCUMENTS) if sheet is None else sheet
        for row, column, value in changes:
            frame.loc[row, column] = value
        path = write_sheet(edit(frame), tmp_path / f"s{suffix}", allowed=ALLOWED, overwrite=True)
        options = {"documents": DOCUMENTS, "allowed": ALLOWED} | options
        return read_sheet_back(path, **options)

    return read


def given(rows):
    return rows[["quote", "code_group", "code"]].to_numpy().tolist()


def test_a_sheet_has_a_row_per_excerpt_of_those_who_count():
    sheet = make_sheet(EXCERPTS, DOCUMENTS, aliases={"P01": "Pax"})
    assert list(sheet.columns) == [
        "document_id", "start", "end", "participant", "prompt", "before", "text", "after",
        "stage", "pain_point", "severity", "delight", "need", "expectation", "emotion", "memo",
    ]  # fmt: skip
    assert sheet[["participant", "before", "text", "after"]].to_numpy().tolist() == [
        ["Pax", "", "I saw it.", "=1+1 was slow."],
        ["Pax", "I saw it.", "=1+1 was slow.", "I left."],
        ["Pax", "I left.", "Bye, all of you", ""],
        ["", "", "It was slow.", "@all It came"],
        ["", "It was slow.", "@all It came", ""],
    ]
    assert (sheet[["stage", "emotion", "memo"]] == "").all(axis=None)


def test_the_order_of_documents_is_that_of_their_table():
    sheet = make_sheet(EXCERPTS.iloc[::-1], DOCUMENTS.iloc[::-1])
    assert sheet["document_id"].tolist() == ["talks/P02"] * 2 + ["talks/P01"] * 3
    assert sheet["start"].is_monotonic_increasing is False
    assert make_sheet(EXCERPTS.iloc[:0], DOCUMENTS).empty


CODES = make_codes(
    (ANA, "talks/P01#0", "stage", "see", {"note": "sure"}),
    (ANA, "talks/P01#0", "pain_point", "none"),
    (ANA, "talks/P01#1", "pain_point", "slow", {"attributes": '{"severity": 3}'}),
    (ANA, "talks/P01#1", "pain_point", "unclear_text"),
    (ANA, "talks/P01#1", "emotion", "worry", {"strength": 0.0}),
    ("person:ben", "talks/P01#1", "delight", "ease"),
    ("rules", "talks/P01#1", "emotion", "worry"),
    ("rules", "talks/P01#1", "theme", "t03"),
)


def test_a_coder_finds_his_own_codes_and_of_others_only_what_he_may_see():
    blind = make_sheet(EXCERPTS, DOCUMENTS, codes=CODES, coder="ana")
    assert blind.loc[:1, ["stage", "pain_point", "severity", "emotion", "delight"]].to_numpy(
    ).tolist() == [["see", "-", "", "", ""], ["", "slow; unclear_text", "3", "", ""]]  # fmt: skip
    assert blind["memo"].tolist()[:2] == ["sure", ""]
    assert "proposed" not in blind
    seen = make_sheet(EXCERPTS, DOCUMENTS, codes=CODES, coder="ana", blind=False)
    assert seen["proposed"].tolist()[:2] == ["", "delight: ease\nemotion: worry"]
    nobody = make_sheet(EXCERPTS, DOCUMENTS, codes=CODES)
    assert (nobody["pain_point"] == "").all()


def test_a_sheet_that_nobody_filled_in_says_nothing(back):
    assert back().empty


def test_cells_come_back_as_rows(back):
    rows = back(
        [
            (0, "stage", "see"), (0, "pain_point", "-"),
            (1, "pain_point", " Slow ; unclear text;"), (1, "severity", "3"), (1, "memo", "=odd"),
            (3, "emotion", "neutral"), (4, "memo", "who is that?"),
        ]
    )  # fmt: skip
    assert given(rows) == [
        ["I saw it.", "stage", "see"],
        ["I saw it.", "pain_point", "none"],
        ["=1+1 was slow.", "pain_point", "slow"],
        ["=1+1 was slow.", "pain_point", "unclear_text"],
        ["It was slow.", "emotion", "none"],
        ["@all It came", "memo", "memo"],
    ]
    assert rows["strength"].tolist() == [1, 1, 1, 1, 1, 0]
    assert rows["severity"].fillna(0).tolist() == [0, 0, 3, 3, 0, 0]
    assert rows["note"].tolist() == ["", "", "=odd", "=odd", "", "who is that?"]
    first = rows.iloc[0]
    assert (first["document_id"], first["start"], first["end"]) == ("talks/P01", 0, 9)


def test_sorting_and_deleting_rows_and_columns_does_no_harm(back):
    rows = back(
        [(1, "pain_point", "slow"), (4, "stage", "buy")],
        edit=lambda sheet: sheet.iloc[[4, 3, 1]].drop(columns=["before", "after", "prompt"]),
    )
    assert given(rows) == [
        ["@all It came", "stage", "buy"],
        ["=1+1 was slow.", "pain_point", "slow"],
    ]


def test_words_never_run_as_formulas(tmp_path):
    sheet = make_sheet(EXCERPTS, DOCUMENTS)
    sheet.loc[0, "memo"] = "=HYPERLINK(1)"
    for suffix in (".csv", ".xlsx"):
        write_sheet(sheet, tmp_path / f"s{suffix}", allowed=ALLOWED)
    book = openpyxl.load_workbook(tmp_path / "s.xlsx")
    for tab in book.worksheets:
        for line in tab.iter_rows():
            assert all(cell.data_type in "sn" for cell in line)
    assert book["excerpts"]["F3"].value == "=1+1 was slow."
    assert book["excerpts"].freeze_panes == "A2"
    assert book["codes"]["D2"].value == "=What it means"
    with (tmp_path / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert "'=1+1 was slow." in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_saved_by_a_spreadsheet_is_read(tmp_path, encoding, delimiter):
    sheet = make_sheet(EXCERPTS, DOCUMENTS)
    sheet.loc[1, ["pain_point", "memo"]] = ["slow", "très, très; lent"]
    sheet["start"] = sheet["start"].astype(str) + ".0"
    sheet = sheet.rename(columns={"stage": "Stage", "text": " text"})
    path = tmp_path / "s.csv"
    path.write_bytes(sheet.to_csv(index=False, sep=delimiter).encode(encoding))
    rows = read_sheet_back(path, documents=DOCUMENTS, allowed=ALLOWED)
    assert given(rows) == [["=1+1 was slow.", "pain_point", "slow"]]
    assert rows["note"].tolist() == ["très, très; lent"]


def test_numbers_of_an_excel_sheet_are_read(tmp_path):
    path = write_sheet(make_sheet(EXCERPTS, DOCUMENTS), tmp_path / "s.xlsx", allowed=ALLOWED)
    book = openpyxl.load_workbook(path)
    tab = book["excerpts"]
    heads = [cell.value for cell in tab[1]]
    tab.cell(row=3, column=heads.index("pain_point") + 1, value="slow")
    tab.cell(row=3, column=heads.index("severity") + 1, value=4.0)
    tab.cell(row=3, column=heads.index("start") + 1, value=10.0)
    book.save(path)
    rows = read_sheet_back(path, documents=DOCUMENTS, allowed=ALLOWED)
    assert rows[["code", "severity"]].to_numpy().tolist() == [["slow", 4]]


def test_all_faults_of_a_sheet_are_told_by_row(back):
    with pytest.raises(TableError) as raised:
        back(
            [
                (0, "stage", "see; buy"), (0, "pain_point", "slwo"), (0, "severity", "2"),
                (1, "pain_point", "-; slow"), (1, "severity", "9"),
                (2, "severity", "2"), (3, "text", "It was fast."), (3, "stage", "see"),
                (4, "document_id", "talks/P03"), (4, "stage", "see"),
            ]
        )  # fmt: skip
    text = "\n".join(raised.value.problems)
    for fault in (
        "row 2: an excerpt has one stage; found 'see; buy'",
        "row 2: no pain_point 'slwo'. Did you mean 'slow'? Allowed: 'slow', 'unclear_text', '-'",
        "row 3: '-; slow' under pain_point says both",
        "row 3: severity must be 1, 2, 3 or 4 or blank; found '9'",
        "row 4: severity 2 without a pain point",
        "row 5: talks/P02 does not hold the text 'It was fast.'; at this place it says 'It was",
        "row 6: document 'talks/P03' is not in the study. Did you mean 'talks/P0",
    ):
        assert fault in text


def test_a_changed_text_beside_blank_cells_is_no_fault(back):
    assert back([(3, "text", "It was fast.")]).empty


def test_white_space_and_quotes_that_a_spreadsheet_changed_do_no_harm(back):
    rows = back([(1, "text", " =1+1  was\nSLOW. "), (1, "pain_point", "slow")])
    assert given(rows) == [["=1+1 was slow.", "pain_point", "slow"]]


def test_an_excerpt_that_moved_in_a_corrected_transcript_is_found(back):
    _, corrected = make_tables(TEXTS | {"talks/P02": "Well. It was slow. @all It came"})
    rows = back([(3, "pain_point", "slow")], documents=corrected)
    assert rows[["start", "end", "quote"]].to_numpy().tolist() == [[6, 18, "It was slow."]]


def test_a_code_that_was_merged_is_refused_with_what_became_of_it(back):
    with pytest.raises(TableError, match="row 2: pain_point 'late' was merged into 'slow'"):
        back([(0, "pain_point", "late")], gone={("pain_point", "late"): "merged into 'slow'"})


def test_new_codes_are_taken_only_when_asked_for(back):
    rows = back([(0, "need", "honest_date")], new_codes=True)
    assert given(rows) == [["I saw it.", "need", "honest_date"]]
    for column, cell, message in (
        ("stage", "wait", "no stage 'wait'"),
        ("pain_point", "slow!", "letters, digits and '_' only"),
        ("pain_point", "unclear_texts", "nearly 'unclear_text'"),
    ):
        with pytest.raises(TableError, match=message):
            back([(0, column, cell)], new_codes=True)


def test_an_excerpt_that_is_judged_in_two_ways_is_refused(back):
    def twice(sheet):
        return pd.concat([sheet, sheet.iloc[[1]].assign(pain_point="-")])

    with pytest.raises(TableError, match="rows 3 and 7: the same excerpt has different codes"):
        back([(1, "pain_point", "slow")], edit=twice)
    copied = back(
        [(1, "pain_point", "slow")], edit=lambda sheet: pd.concat([sheet, sheet.iloc[[1]]])
    )
    assert len(copied) == 2


def test_a_sheet_without_addresses_is_refused(back):
    with pytest.raises(TableError, match="'document_id'"):
        back(edit=lambda sheet: sheet.drop(columns="document_id"))
    with pytest.raises(TableError, match="'stage', 'pain_point'"):
        back(edit=lambda sheet: sheet[["document_id", "start", "end", "text", "memo"]])


def test_files_that_are_no_sheets_are_refused(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK no book")
    (tmp_path / "b.csv").write_bytes(b"")
    (tmp_path / "c.ods").write_bytes(b"x")
    for name in ("a.xlsx", "b.csv", "c.ods", "d.csv"):
        with pytest.raises(SourceError, match=name):
            read_sheet_back(tmp_path / name, documents=DOCUMENTS, allowed=ALLOWED)


def test_a_sheet_that_is_there_is_not_replaced(tmp_path, suffix):
    path = tmp_path / f"s{suffix}"
    sheet = make_sheet(EXCERPTS, DOCUMENTS)
    write_sheet(sheet, path, allowed=ALLOWED)
    before = path.read_bytes()
    with pytest.raises(SourceError, match="--overwrite"):
        write_sheet(sheet, path, allowed=ALLOWED)
    assert path.read_bytes() == before
    with pytest.raises(SourceError, match=r"\.csv or \.xlsx"):
        write_sheet(sheet, tmp_path / "s.ods", allowed=ALLOWED)


def sheet_rows(*codes):
    """Rows as a sheet gives them: (excerpt, group, code, severity, note)."""
    return pd.DataFrame(
        [
            {
                "row": 2, "document_id": excerpt[:9], "start": 10, "end": 24, "quote": "q",
                "code_group": group, "code": code, "strength": 0.0 if group == "memo" else 1.0,
                "severity": more.get("severity", float("nan")), "note": more.get("note", ""),
                "excerpt_id": excerpt,
            }
            for excerpt, group, code, more in codes
        ]
    )  # fmt: skip


def news(rows, codes=CODES, coder="ana"):
    found = find_new_rows(sheet_rows(*rows), codes, coder=coder)
    return found[["code_group", "code", "strength"]].to_numpy().tolist()


def test_what_the_coder_said_already_is_not_new():
    known = [
        ("talks/P01#0", "stage", "see", {"note": "sure"}),
        ("talks/P01#0", "pain_point", "none", {}),
        ("talks/P01#1", "pain_point", "slow", {"severity": 3}),
        ("talks/P01#1", "pain_point", "unclear_text", {}),
    ]
    assert news(known) == []


def test_a_code_that_the_cell_no_longer_holds_is_taken_back():
    assert news([("talks/P01#1", "pain_point", "slow", {})]) == [
        ["pain_point", "unclear_text", 0.0]
    ]
    # `none` takes back by itself.
    assert news([("talks/P01#1", "pain_point", "none", {})]) == [["pain_point", "none", 1.0]]


def test_a_machines_code_beside_those_of_the_cell_is_refused():
    rows = [("talks/P01#1", "emotion", "relief", {})]
    # ana has refused the machine's "worry" before; ben has not.
    assert news(rows) == [["emotion", "relief", 1.0]]
    assert news(rows, coder="ben") == [["emotion", "relief", 1.0], ["emotion", "worry", 0.0]]


def test_another_persons_code_is_refused_by_the_adjudicator_only():
    rows = [("talks/P01#1", "pain_point", "slow", {})]
    assert news(rows, coder="ben") == [["pain_point", "slow", 1.0]]
    assert news(rows, coder="adjudicated") == [
        ["pain_point", "slow", 1.0],
        ["pain_point", "unclear_text", 0.0],
    ]


def test_another_severity_or_memo_is_new():
    both = [
        ("talks/P01#1", "pain_point", "slow", {"severity": 4}),
        ("talks/P01#1", "pain_point", "unclear_text", {}),
    ]
    assert news(both) == [["pain_point", "slow", 1.0]]
    assert news([("talks/P01#0", "stage", "see", {"note": "no, unsure"})]) == [
        ["stage", "see", 1.0]
    ]
    assert news([("talks/P01#1", "memo", "memo", {"note": "odd"})]) == [["memo", "memo", 0.0]]
