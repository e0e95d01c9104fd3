import csv
import zipfile

import openpyxl
import pytest

from cjm_research.errors import SourceError
from cjm_research.readers.cells import read_cells, require_columns
from cjm_research.readers.notes import Notes


def test_ids_with_zeros_and_the_answers_na_and_none_stay_text(write):
    path = write("a.csv", 'id,answer\n001, NA \n002,None\n\n003,"two\nlines"\n')
    frame = read_cells(path, notes=Notes()).frame
    assert frame["id"].tolist() == ["001", "002", "003"]
    assert frame["answer"].tolist() == ["NA", "None", "two\nlines"]
    assert frame.index.tolist() == [2, 3, 5]


def test_header_row_line_breaks_in_names_and_odd_rows(write):
    notes = Notes()
    path = write("a.csv", ',,\n"First  \nname ",B,\nx\n1,2,3,4\n')
    frame = read_cells(path, notes=notes, header_row=2).frame
    assert frame.columns.tolist() == ["First name", "B", "column 3"]
    assert frame.to_numpy().tolist() == [["x", "", ""], ["1", "2", "3"]]
    assert ("a.csv", "warning", "rows with more cells than the header, the rest left out", 1) in (
        notes.rows
    )


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(write, mark):
    path = write("a.csv", f'id{mark}"what, if; any"\n1{mark}"a, b"\n')
    assert read_cells(path, notes=Notes()).frame.columns.tolist() == ["id", "what, if; any"]


@pytest.mark.parametrize("line", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\r\n"])
def test_a_first_line_that_names_the_delimiter_is_obeyed_and_is_no_row(write, line):
    path = write("a.csv", f"{line}id;a, b\n1;x, y\n")
    notes = Notes()
    frame = read_cells(path, notes=notes).frame
    assert frame.columns.tolist() == ["id", "a, b"]
    assert frame.index.tolist() == [2]
    assert notes.of("a.csv").n_in == 1
    assert notes.of("a.csv").delimiter == "semicolon"


def test_a_wrong_declared_delimiter_is_named_as_the_cause(write):
    path = write("a.csv", "id;answer\n1;x\n")
    cells = read_cells(path, notes=Notes(), delimiter="comma")
    with pytest.raises(SourceError, match="correct `delimiter:`"):
        require_columns(cells, {"id": "columns.participant"})


def test_xlsx_cells_are_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "score", "note"])
    book.active.append(["001", 9, None])
    book.active.append([2, 4.5, True])
    book.create_sheet("hidden").append(["secret"])
    book.save(tmp_path / "a.xlsx")
    notes = Notes()
    frame = read_cells(tmp_path / "a.xlsx", notes=notes).frame
    assert frame.to_numpy().tolist() == [["001", "9", ""], ["2", "4.5", "TRUE"]]
    assert ("a.xlsx", "warning", "further sheets, not read", 1) in notes.rows


def test_formulas_without_a_stored_result_are_counted(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "score"])
    book.active.append(["001", "=1+1"])
    book.active.append(["002", None])
    book.save(tmp_path / "a.xlsx")
    notes = Notes()
    frame = read_cells(tmp_path / "a.xlsx", notes=notes).frame
    assert frame["score"].tolist() == ["", ""]
    (told,) = [(what, n) for _, level, what, n in notes.rows if level == "warning"]
    assert told[0].startswith("cells with a formula and no stored result")
    assert told[1] == 1


def test_a_sheet_may_be_named_and_hidden_ones_are_never_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id"])
    answers = book.create_sheet("Answers")
    answers.append(["id"])
    answers.append(["002"])
    book.create_sheet("secret").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    read = read_cells(tmp_path / "a.xlsx", notes=Notes(), sheet="Answers").frame
    assert read.to_numpy().tolist() == [["002"]]
    for name in ("Answer", "secret"):
        with pytest.raises(SourceError, match=f"no visible sheet '{name}'") as caught:
            read_cells(tmp_path / "a.xlsx", notes=Notes(), sheet=name)
        assert "Sheets found: 'Sheet', 'Answers'" in str(caught.value)


def test_an_archive_bomb_is_refused_before_it_unfolds(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    with pytest.raises(SourceError, match=r"a\.xlsx: unpacked it would hold at least 60 MB"):
        read_cells(tmp_path / "a.xlsx", notes=Notes())


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.xlsx", b"no zip", "not a whole"),
        ("a.xlsx", b"PK\x05\x06" + b"\0" * 18, "cannot be read as an Excel workbook"),
        ("a.csv", b"", "the table is empty"),
        ("a.csv", b",\na,b\n", "should hold the column names"),
        ("a.csv", b'a,b\n1,"never closed\n', "not a readable CSV near line 2"),
        ("a.csv", b"a\n" + b"x" * 200_000, "not a readable CSV near line 2"),
        ("a.ods", b"", "'.ods'"),
    ],
)
def test_what_is_no_table_is_refused(write, name, content, found):
    with pytest.raises(SourceError) as caught:
        read_cells(write(name, content), notes=Notes())
    assert str(caught.value).startswith(name)
    assert found in str(caught.value)
    assert "What to do" in str(caught.value)


def test_a_cell_may_be_no_longer_because_a_library_lifted_the_limit(write):
    before = csv.field_size_limit(10_000_000)
    try:
        with pytest.raises(SourceError, match=r"near line 2 \(a cell of more than 131,072"):
            read_cells(write("a.csv", b"a\n" + b"x" * 200_000), notes=Notes())
    finally:
        csv.field_size_limit(before)


def test_column_names_by_position_must_fit(write):
    path = write("a.csv", "long question?,other\n1,2\n")
    assert "q1" in read_cells(path, notes=Notes(), column_names=["q1", "q2"]).frame
    with pytest.raises(SourceError, match=r"2 columns, but `column_names:` lists 1"):
        read_cells(path, notes=Notes(), column_names=["q1"])


def test_absent_and_repeated_columns_are_reported_together(write):
    cells = read_cells(write("a.csv", "email,twice,twice\n1,2,3\n"), notes=Notes())
    with pytest.raises(SourceError) as caught:
        require_columns(cells, {"e-mail": "identifying", "twice": "question 'q'", "gone": "x"})
    message = str(caught.value)
    assert "no column 'e-mail' (identifying). Did you mean 'email'?" in message
    assert "column 'twice' (question 'q') occurs more than once" in message
    assert "no column 'gone'" in message


@pytest.mark.parametrize(
    ("content", "n"),
    [
        ('id,why\np1,"It was slow\np2,Too dear\np3,No answer\np4,Twice"\np5,Fine\n', 1),
        ('a,b,c,d,e\n1,2,3,4,"5\n1,2,3,4,5\n1"\n', 1),
        ('id,why\np1,"Slow,\nbut, well\nit works"\np2,Fine\n', 0),
        ('id,why\np1,"one line\nand another"\n', 0),
    ],
)
def test_rows_that_an_unclosed_quotation_mark_swallows_are_asked_about(write, content, n):
    notes = Notes()
    read_cells(write("a.csv", content), notes=notes)
    assert sum(count for _, _, what, count in notes.rows if "swallowed" in what) == n
