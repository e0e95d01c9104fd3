import multiprocessing

import pandas as pd
import pytest

from cjm_research.errors import ConfigError, TableError
from cjm_research.journey import Journey, Stage
from cjm_research.review import append_codes, read_sheets

JOURNEY = Journey((Stage("see", "See"), Stage("buy", "Buy")))


def rows(*codes, **more):
    return pd.DataFrame(
        {
            "document_id": "talks/P01", "start": 13, "end": 21, "quote": "was slow",
            "code_group": "pain_point", "code": list(codes),
        }
        | more
    )  # fmt: skip


def read(folder):
    return read_sheets(folder, journey=JOURNEY)


def test_rows_are_appended_with_the_time(tmp_path):
    path = append_codes(tmp_path / "codes", "ana", rows("slow", severity=3, note="twice, sadly"))
    assert path == tmp_path / "codes" / "ana.csv"
    (row,) = read(path.parent).to_dict("records")
    assert (row["coder_id"], row["code"], row["quote"]) == ("person:ana", "slow", "was slow")
    assert (row["start"], row["end"]) == ("13", "21")
    assert (row["strength"], row["severity"], row["note"]) == (1, 3, "twice, sadly")
    age = pd.Timestamp.now("UTC") - pd.Timestamp(row["coded_at"])
    assert pd.Timedelta(0) <= age < pd.Timedelta("1min")


def test_a_time_that_is_given_stays(tmp_path):
    append_codes(tmp_path, "ana", rows("slow", coded_at=pd.Timestamp("2026-04-01T09:00Z")))
    assert read(tmp_path)["coded_at"].tolist() == ["2026-04-01 09:00:00+00:00"]


def test_old_bytes_stay_as_they_are(tmp_path):
    append_codes(tmp_path, "ana", rows("slow"))
    path = tmp_path / "ana.csv"
    old = path.read_bytes().rstrip(b"\n")
    path.write_bytes(old)  # an editor may leave out the last line's end
    append_codes(tmp_path, "ana", rows("trust", "other", strength=[0, 0.5]))
    assert path.read_bytes().startswith(old + b"\n")
    assert read(tmp_path)[["code", "strength"]].to_numpy().tolist() == [
        ["slow", 1],
        ["trust", 0],
        ["other", 0.5],
    ]


def test_a_file_that_a_person_began_is_continued_with_all_its_columns(tmp_path):
    (tmp_path / "ana.csv").write_text(
        '\ufefffile,quote,code_group,code,mood\none.txt,"I ""saw"", it",stage,see,tired\n', "utf-8"
    )
    append_codes(tmp_path, "ana", rows("slow"))
    table = pd.read_csv(tmp_path / "ana.csv", dtype=str, keep_default_na=False)
    assert table[["file", "quote", "mood", "start"]].to_numpy().tolist() == [
        ["one.txt", 'I "saw", it', "tired", ""],
        ["", "was slow", "", "13"],
    ]
    assert len(read(tmp_path)) == 2


def test_words_with_commas_quotes_and_line_breaks_come_back(tmp_path):
    quote = 'so, "slow"\nand then\n=SUM(A1)'
    append_codes(tmp_path, "ana", rows("slow", quote=quote))
    append_codes(tmp_path, "ana", rows("trust", quote=quote))
    assert read(tmp_path)["quote"].tolist() == [quote, quote]


def test_no_rows_make_no_file(tmp_path):
    assert not append_codes(tmp_path, "ana", rows()).exists()


@pytest.mark.parametrize("name", ["", "Ana", "../ana", "ana b", "-x", "ana.csv", "a" * 65])
def test_a_coder_has_a_plain_name(tmp_path, name):
    with pytest.raises(ConfigError, match="lower-case letters"):
        append_codes(tmp_path, name, rows("slow"))


def test_all_faults_are_told_at_once_and_nothing_is_written(tmp_path):
    append_codes(tmp_path, "ana", rows("slow"))
    before = (tmp_path / "ana.csv").read_bytes()
    bad = pd.concat(
        [
            rows("slow"),
            rows("", quote=" "),
            rows("a;b", start=-1),
            rows("c", end=13, strength=2),
            rows("d", severity=5, coded_at="soon"),
        ]
    )
    with pytest.raises(TableError) as raised:
        append_codes(tmp_path, "ana", bad)
    text = "\n".join(raised.value.problems)
    for fault in (
        "'quote' is empty (rows 2)", "'code' is empty (rows 2)", "holds ';' or a line break",
        "'start' and 'end' must be whole numbers, 0 <= start < end (rows 3, 4)",
        "strength must lie in [0, 1] (rows 4)", "severity must be 1, 2, 3 or 4 (rows 5)",
        "'coded_at' must be a time",
    ):  # fmt: skip
        assert fault in text
    assert (tmp_path / "ana.csv").read_bytes() == before


def test_missing_and_unknown_columns_are_told(tmp_path):
    with pytest.raises(TableError) as raised:
        append_codes(tmp_path, "ana", rows("slow").rename(columns={"quote": "qoute"}))
    assert "Did you mean 'qoute'?" in str(raised.value)
    assert "unknown column 'qoute'. Did you mean 'quote'?" in str(raised.value)


@pytest.mark.parametrize("data", ["name,age\nx,3\n", "quote,code\nf\xfcr,a\n".encode("cp1252")])
def test_a_file_of_something_else_is_not_written_to(tmp_path, data):
    path = tmp_path / "ana.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(TableError, match=r"codes/ana\.csv"):
        append_codes(tmp_path, "ana", rows("slow"))


def test_a_killed_write_leaves_the_old_file(tmp_path, monkeypatch):
    append_codes(tmp_path, "ana", rows("slow"))
    before = (tmp_path / "ana.csv").read_bytes()

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr("cjm_research.review.files.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        append_codes(tmp_path, "ana", rows("trust"))
    assert (tmp_path / "ana.csv").read_bytes() == before
    assert not list(tmp_path.glob("*.tmp")) + list(tmp_path.glob(".*.tmp"))


def _append_many(folder):
    for _ in range(10):
        append_codes(folder, "ana", rows("slow"))


def test_two_programs_lose_nothing_of_each_other(tmp_path):
    context = multiprocessing.get_context("fork")
    programs = [context.Process(target=_append_many, args=(tmp_path,)) for _ in range(2)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert len(read(tmp_path)) == 20
