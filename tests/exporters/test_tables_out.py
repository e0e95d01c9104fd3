import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from cjm_research.errors import TableError
from cjm_research.exporters import About, export_csv, export_workbook, make_zip, unguard_text
from cjm_research.exporters.fixed_zip import fix_zip
from cjm_research.exporters.workbook import LONGEST_CELL, name_sheets
from cjm_research.safe_cells import clean_text

SAMPLE = pd.DataFrame(
    {
        "stage": pd.Categorical(["a", "b"]),
        "n": [3, -4],
        "rate": [-0.25, float("nan")],
        "known": pd.array([True, None], dtype="boolean"),
        "at": pd.to_datetime(["2026-03-01 10:00+02:00", None], utc=True),
        "words": ["-5", "fine"],
    }
)


def reopen(path):
    return openpyxl.load_workbook(path)


def test_numbers_days_and_flags_are_typed_and_text_is_text(tmp_path):
    sheet = reopen(export_workbook({"t": SAMPLE}, tmp_path / "a.xlsx"))["t"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == list(SAMPLE)
    assert rows[1][:4] == ["a", 3, -0.25, True]
    assert rows[1][4].isoformat() == "2026-03-01T08:00:00"
    assert rows[1][5] == "-5" and sheet["F2"].data_type == "s"
    assert rows[2] == ["b", -4, None, None, None, "fine"]
    assert sheet["B3"].data_type == "n"


def test_the_header_is_frozen_and_filters(tmp_path):
    sheet = reopen(export_workbook({"t": SAMPLE}, tmp_path / "a.xlsx"))["t"]
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:F3"
    assert all(9 <= sheet.column_dimensions[letter].width <= 60 for letter in "ABCDEF")


def test_no_cell_of_a_workbook_is_a_formula(tmp_path, hostile):
    table = pd.DataFrame({text[:2000]: hostile for text in hostile if len(text) < 2000})
    about = About(title=hostile[0], facts=[("=a", "=b")], tables={"=t": "=c"}, notes=["=d"])
    book = reopen(export_workbook({"=t": table}, tmp_path / "a.xlsx", about=about))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}
    shown = [row[0] for row in book["=t"].iter_rows(min_row=2, values_only=True)]
    # Carriage returns are line ends in XML; everything else comes back as it was.
    wanted = [clean_text(text).replace("\r", "\n") for text in hostile]
    assert [str(text).replace("\r", "\n") for text in shown[:-1]] == wanted[:-1]
    assert len(shown[-1]) == LONGEST_CELL


def test_hostile_text_comes_back_from_a_csv_and_negative_numbers_are_numbers(
    tmp_path, hostile, read
):
    table = pd.DataFrame({"words": hostile, "n": -3, "rate": -0.5})
    rows = read(export_csv(table, tmp_path / "a.csv").read_bytes())
    assert rows[0] == ["words", "n", "rate"]
    assert [unguard_text(row[0]) for row in rows[1:]] == [clean_text(text) for text in hostile]
    assert {tuple(row[1:]) for row in rows[1:]} == {("-3", "-0.5")}
    assert not any(row[0][:1] in tuple("=+-@＝＋－＠\t\r\n\0") for row in rows[1:])


def test_lists_of_the_map_become_text_to_read(tmp_path, maps, read):
    header, row = read(export_csv(maps(1), tmp_path / "a.csv").read_bytes())
    shown = dict(zip(header, row, strict=True))
    assert shown["pain_points"].startswith(
        "Slow pages: 9 of 40, 22\u202f% (12–38\u202f%) (Survey); "
    )
    assert shown["quotes"] == "“It took ages.” (P01, interview, 02:01)"
    assert shown["heard"] == "Survey: 40 of 90; Interviews: 12 of 14"
    assert shown["ratings"].startswith("NPS −12 (−20 to −4), n\u00a0=\u00a090")


def test_tables_without_rows_or_columns_have_their_sheet(tmp_path, read):
    tables = {"bare": pd.DataFrame(), "none": SAMPLE.head(0)}
    book = reopen(export_workbook(tables, tmp_path / "a.xlsx"))
    assert book.sheetnames == ["About", "bare", "none"]
    assert [cell.value for cell in book["none"][1]] == list(SAMPLE)
    assert read(export_csv(SAMPLE.head(0), tmp_path / "a.csv").read_bytes()) == [list(SAMPLE)]


def test_the_first_sheet_says_what_the_others_are(tmp_path):
    about = About(
        title="Why?", facts=[("version", "abc")], tables={"t": "one row per thing"}, notes=["Mind."]
    )
    book = reopen(export_workbook({"t": SAMPLE}, tmp_path / "a.xlsx", about=about))
    rows = list(book["About"].iter_rows(values_only=True))
    assert rows[0][0] == "Why?" and rows[1][:2] == ("version", "abc")
    assert ("t", "one row per thing", 2) in rows and ("note", "Mind.", None) in rows


def test_sheets_have_names_that_a_workbook_takes():
    names = name_sheets(["About", "about", "a" * 40, "a" * 41, "x[1]:*?/\\", "''", ""])
    given = list(names.values())
    assert len({name.lower() for name in given}) == 7
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in given)


def test_a_table_too_long_for_a_sheet_says_what_to_do(tmp_path):
    with pytest.raises(TableError, match="Export it as CSV"):
        export_workbook({"t": pd.DataFrame({"n": np.zeros(1_048_576)})}, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_the_same_table_gives_the_same_bytes(tmp_path, monkeypatch):
    first = export_workbook({"t": SAMPLE}, tmp_path / "a.xlsx").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert export_workbook({"t": SAMPLE}, tmp_path / "b.xlsx").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert archive.namelist()[0] == "[Content_Types].xml"
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_the_order_of_members_does_not_matter():
    assert make_zip({"b": b"2", "a": b"1"}) == make_zip({"a": b"1", "b": b"2"})
    assert fix_zip(make_zip({"a": b"1"})) == make_zip({"a": b"1"})


def test_a_failed_export_leaves_the_file_of_before(tmp_path, monkeypatch):
    path = export_csv(SAMPLE, tmp_path / "a.csv")
    before = path.read_bytes()

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError):
        export_csv(SAMPLE.head(1), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
