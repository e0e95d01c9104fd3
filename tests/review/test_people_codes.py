import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.errors import TableError
from cjm_research.journey import Journey, Stage
from cjm_research.review import (
    LOST_COLUMNS,
    anchor_codes,
    list_coders,
    locate_sheets,
    read_sheets,
)
from tests.review.tables import make_tables

JOURNEY = Journey((Stage("see", "See"), Stage("buy", "Buy")))
TEXTS = {
    "talks/P01": "I saw it. It was slow. I left.",
    "talks/P02": "It was slow. It was slow.",
}
FILES = {"talks/P01": "interviews/one.txt", "talks/P02": "interviews/two.txt"}


def read_codes(folder, excerpts, documents):
    sheets = locate_sheets(read_sheets(folder, journey=JOURNEY), FILES)
    codes, lost = anchor_codes(sheets, excerpts, documents)
    return codes, list_coders(folder), lost


@pytest.fixture
def read(tmp_path):
    def read_sheets(*sheets, texts=TEXTS, **named):
        for number, sheet in enumerate(sheets):
            named.setdefault(["ana", "ben"][number], sheet)
        for name, sheet in named.items():
            data = sheet if isinstance(sheet, bytes) else sheet.encode()
            (tmp_path / f"{name}.csv").write_bytes(data)
        excerpts, documents = make_tables(texts)
        return read_codes(tmp_path, excerpts, documents)

    return read_sheets


HEAD = "file,quote,code_group,code\n"


def test_a_code_is_anchored_by_its_quote(read):
    codes, coders, lost = read(HEAD + "interviews/one.txt,was slow,pain_point,slow\n")
    (row,) = codes.to_dict("records")
    assert TEXTS["talks/P01"][row["start"] : row["end"]] == row["quote"] == "was slow"
    assert (row["document_id"], row["excerpt_id"]) == ("talks/P01", "talks/P01#1")
    assert (row["strength"], row["basis"], row["coder_id"]) == (1.0, "person", "person:ana")
    assert coders[["coder_id", "kind", "name"]].to_numpy().tolist() == [
        ["person:ana", "person", "ana"]
    ]
    assert lost.empty


def test_each_file_is_a_coder(read):
    line = "interviews/one.txt,was slow,pain_point,slow\n"
    codes, coders, _ = read(HEAD + line, HEAD + line)
    assert coders["coder_id"].tolist() == ["person:ana", "person:ben"]
    assert codes["coder_id"].tolist() == ["person:ana", "person:ben"]
    assert codes["code_id"].is_unique


def test_a_document_may_be_named_by_its_id(read):
    codes, *_ = read("document_id,quote,code_group,code\ntalks/P02,It was slow,pain_point,slow\n")
    assert codes["document_id"].tolist() == ["talks/P02"]


def test_of_several_equal_quotes_the_nearest_to_the_start_is_meant(read):
    texts = TEXTS | {"talks/P02": "It was slow. So so. It was slow. Well. It was slow."}
    sheet = (
        "file,start,quote,code_group,code\n"
        "interviews/two.txt,24,It was slow,a,b\ninterviews/two.txt,90,It was slow,a,c\n"
    )
    codes, *_ = read(sheet, texts=texts)
    assert codes["start"].tolist() == [20, 39]
    assert set(codes["attributes"]) == {'{"anchor": "moved"}'}


def test_a_reworded_quote_keeps_its_code_and_says_so(read):
    texts = TEXTS | {"talks/P01": "I saw it. It was terribly slow, and then I waited. I left."}
    sheet = HEAD + 'interviews/one.txt,"It was terribly slow, and than I waited.",a,b\n'
    codes, _, lost = read(sheet, texts=texts)
    (row,) = codes.to_dict("records")
    assert row["quote"] == "It was terribly slow, and then I waited."
    assert row["quote"] == texts["talks/P01"][row["start"] : row["end"]]
    assert json.loads(row["attributes"]) == {
        "anchor": "reworded", "quoted": "It was terribly slow, and than I waited.",
    }  # fmt: skip
    assert lost.empty


def test_codes_of_a_document_that_is_gone_are_lost_without_their_words(read):
    sheet = "document_id,quote,code_group,code\ntalks/P09,It was slow,pain_point,slow\n"
    codes, _, lost = read(sheet)
    assert codes.empty
    # They may be of somebody who has withdrawn.
    assert lost[["document_id", "quote", "reason"]].to_numpy().tolist() == [
        ["talks/P09", "", "its document is not in the study"]
    ]


def test_the_later_row_of_a_coder_counts(read):
    line = "interviews/one.txt,It was slow.,pain_point,{},{}\n"
    head = "file,quote,code_group,code,strength\n"
    codes, *_ = read(
        head + line.format("slow", "1") + line.format("slow", "0.5"),
        head + line.format("slow", "1") + line.format("slow", "0"),
    )
    assert codes[["coder_id", "strength"]].to_numpy().tolist() == [
        ["person:ana", 0.5],
        ["person:ben", 0.0],
    ]


def test_none_and_codes_cancel_each_other_by_their_order_in_the_file(read):
    line = "interviews/one.txt,{},pain_point,{}\n"
    none, slow = line.format("It was slow.", "none"), line.format("was slow", "slow")
    codes, *_ = read(HEAD + none + slow, HEAD + slow + none)
    assert codes[["coder_id", "code"]].to_numpy().tolist() == [
        ["person:ana", "slow"],
        ["person:ben", "none"],
    ]


def test_a_stage_may_be_none(read):
    codes, *_ = read(HEAD + "interviews/one.txt,was slow,stage,none\n")
    assert codes["code"].tolist() == ["none"]


def test_a_severity_is_an_attribute(read):
    sheet = (
        "file,quote,code_group,code,severity\n"
        "interviews/one.txt,was slow,pain_point,slow,3\ninterviews/one.txt,I left,a,b,\n"
    )
    codes, *_ = read(sheet)
    assert codes["attributes"].tolist() == ['{"severity": 3}', "{}"]


@pytest.mark.parametrize("severity", ["0", "5", "2.5", "high"])
def test_a_severity_out_of_range_is_refused_with_its_row(read, severity):
    sheet = f"quote,code_group,code,severity\nIt,a,b,\nIt,a,c,{severity}\n"
    with pytest.raises(TableError, match=r"severity must be 1, 2, 3 or 4 \(rows 3\)"):
        read(sheet)


def test_a_start_tells_which_of_two_equal_quotes_is_meant(read):
    sheet = "file,start,quote,code_group,code\ninterviews/two.txt,13,It was slow,pain_point,slow\n"
    codes, *_ = read(sheet)
    assert codes[["start", "excerpt_id"]].to_numpy().tolist() == [[13, "talks/P02#1"]]


def test_a_code_moves_with_its_quote_when_the_transcript_is_corrected(read):
    sheet = "file,start,quote,code_group,code\ninterviews/one.txt,13,was slow,pain_point,slow\n"
    corrected = TEXTS | {"talks/P01": "Well, I saw it. It really was slow. I left."}
    codes, _, lost = read(sheet, texts=corrected)
    (row,) = codes.to_dict("records")
    assert corrected["talks/P01"][row["start"] : row["end"]] == "was slow"
    assert row["start"] == 26
    assert lost.empty


def test_a_quote_that_is_gone_is_listed_with_its_row_and_reason(read):
    sheet = (
        HEAD + "interviews/one.txt,was slow,a,b\ninterviews/one.txt,was fast,a,b\n,nowhere,a,b\n"
    )
    codes, _, lost = read(sheet)
    assert len(codes) == 1
    assert list(lost.columns) == LOST_COLUMNS
    assert lost.to_numpy().tolist() == [
        ["person:ana", 3, "talks/P01", "was fast", "a", "b", "the quote is not in its document"],
        ["person:ana", 4, "", "", "a", "b", "the quote is not in any document"],
    ]


def test_a_quote_is_not_looked_for_in_another_document_than_its_own(read):
    codes, _, lost = read(HEAD + "interviews/two.txt,I left,a,b\n")
    assert codes.empty
    assert lost["reason"].tolist() == ["the quote is not in its document"]


def test_an_empty_quote_is_lost(read):
    codes, _, lost = read(HEAD + "interviews/one.txt,,a,b\n")
    assert codes.empty
    assert len(lost) == 1


def test_a_code_over_whole_excerpts_belongs_to_each_of_them(read):
    codes, *_ = read(HEAD + "interviews/one.txt,I saw it. It was slow.,stage,see\n")
    assert codes["excerpt_id"].tolist() == ["talks/P01#0", "talks/P01#1"]
    assert set(codes["start"]) == {0}
    assert set(codes["end"]) == {22}
    assert codes["code_id"].is_unique


def test_a_code_across_parts_of_excerpts_belongs_to_none(read):
    codes, *_ = read(HEAD + "interviews/one.txt,saw it. It was,pain_point,slow\n")
    assert codes["excerpt_id"].tolist() == [""]


def test_a_zero_says_no_and_notes_and_dates_are_kept(read):
    sheet = (
        "file,quote,code_group,code,strength,note,coded_at\n"
        "interviews/one.txt,was slow,pain_point,slow,0,ironic,2026-04-01\n"
    )
    codes, *_ = read(sheet)
    (row,) = codes.to_dict("records")
    assert (row["strength"], row["note"]) == (0.0, "ironic")
    assert row["coded_at"] == pd.Timestamp("2026-04-01", tz="UTC")


def test_the_same_code_twice_counts_once(read):
    line = "interviews/one.txt,was slow,pain_point,slow\n"
    assert len(read(HEAD + line + line)[0]) == 1


def test_code_ids_stay_the_same_from_run_to_run(read):
    sheet = HEAD + "interviews/one.txt,was slow,pain_point,slow\n"
    assert_frame_equal(read(sheet)[0], read(sheet)[0])


def test_an_unknown_stage_is_refused_by_file(read):
    with pytest.raises(TableError, match=r"codes/ana\.csv(.|\n)*unknown stages 'bye'") as raised:
        read(HEAD + "interviews/one.txt,was slow,stage,bye\n")
    assert "Allowed: 'see', 'buy'" in str(raised.value)


@pytest.mark.parametrize("strength", ["1.5", "-1", "strong"])
def test_a_strength_out_of_range_is_refused_with_its_row(read, strength):
    sheet = f"file,quote,code_group,code,strength\n,It,a,b,\n,It,a,c,{strength}\n"
    with pytest.raises(TableError, match=r"strength must lie in \[0, 1\] \(rows 3\)"):
        read(sheet)


def test_missing_columns_are_refused_all_at_once(read):
    with pytest.raises(TableError) as raised:
        read("file,quotes\na,b\n")
    assert len(raised.value.problems) == 3
    assert raised.value.where == "codes/ana.csv"


def test_a_file_that_cannot_be_read_is_refused_by_name(read):
    with pytest.raises(TableError, match=r"codes/ana\.csv"):
        read("file,quote,code_group,code\n,f\xfcr,a,b\n".encode("cp1252"))


def test_an_empty_file_holds_no_codes_yet(read):
    assert read(b"")[0].empty


def test_a_byte_order_mark_does_no_harm(read):
    sheet = "\ufeff" + HEAD + "interviews/one.txt,was slow,a,b\n"
    assert len(read(sheet.encode("utf-8"))[0]) == 1


def test_no_folder_means_no_codes(tmp_path):
    excerpts, documents = make_tables(TEXTS)
    codes, coders, lost = read_codes(tmp_path / "codes", excerpts, documents)
    assert codes.empty
    assert coders.empty
    assert lost.empty


def test_a_sheet_without_rows_still_names_its_coder(read):
    codes, coders, _ = read(HEAD)
    assert codes.empty
    assert coders["coder_id"].tolist() == ["person:ana"]
