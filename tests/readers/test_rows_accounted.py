"""Every row of a file is used, or set aside with its reason; nothing is lost between."""

import pytest

from cjm_research.errors import SourceError
from cjm_research.readers import read_source
from tests.fuzz.corpus import examples
from tests.fuzz.trial import make_journey


@pytest.mark.parametrize("name", examples())
def test_rows_in_are_rows_used_and_rows_set_aside(name, tmp_path):
    example = examples()[name]
    (tmp_path / example.name).write_bytes(example.content)
    material = read_source(example.source(), tmp_path, make_journey())
    files = material.files
    assert list(files["file"]) == [example.name]
    assert (files["n_in"] == files["n_used"] + files["n_set_aside"]).all()
    assert files["n_in"].item() > 0 and files["format"].item()
    assert len(material.set_aside) == files["n_set_aside"].item()


QUALTRICS = examples()["Qualtrics"]


def read(folder, example, content=None, **more):
    (folder / example.name).write_bytes(example.content if content is None else content)
    source = example.source().model_copy(update=more)
    return read_source(source, folder, make_journey())


def test_rows_that_were_left_out_are_listed_by_their_number_and_reason(tmp_path):
    material = read(tmp_path, QUALTRICS, QUALTRICS.content + b",,,,,,\n")
    assert material.set_aside.to_numpy().tolist() == [
        ["a.csv", 6, "blank rows, skipped"],
        ["a.csv", 5, "previews and tests, left out"],
    ]
    assert material.files[["n_in", "n_used", "n_set_aside"]].to_numpy().tolist() == [[3, 1, 2]]


def test_what_a_file_told_is_written_down(tmp_path):
    (row,) = read(tmp_path, QUALTRICS).files.to_dict("records")
    assert (row["format"], row["delimiter"], row["timezone"], row["encoding"]) == (
        "Qualtrics", "comma", "America/Denver", "utf-8",
    )  # fmt: skip
    assert row["day_first"] == ""  # ISO dates: nothing had to tell
    (row,) = read(tmp_path, examples()["SurveyMonkey"]).files.to_dict("records")
    assert row["day_first"] == "false"  # 03/13 is in March


def test_a_file_that_looks_like_something_else_than_declared_is_refused(tmp_path):
    assert len(read(tmp_path, QUALTRICS, format=["qualtrics"]).people) == 1
    without_ids = b"\n".join(QUALTRICS.content.split(b"\n")[:1]) + b"\n,,,R_1,,slow,7\n"
    with pytest.raises(SourceError, match="taken for 'table', but `format:`"):
        read(tmp_path, QUALTRICS, without_ids, format=["Qualtrics"])


def test_a_declared_delimiter_is_not_guessed_anew(tmp_path):
    example = examples()["event table"]
    content = b"id;what,when;when\nc1;a,b;2026-03-01T10:00:00Z\n"
    columns = {"participant": "id", "event": "what,when", "occurred_at": "when"}
    (row,) = read(tmp_path, example, content, delimiter="semicolon", columns=columns).files.to_dict(
        "records"
    )
    assert row["delimiter"] == "semicolon"
    with pytest.raises(SourceError, match="no column 'id'"):
        read(tmp_path, example, content, delimiter="comma", columns=columns)


EMPTY = "no row was used"


@pytest.mark.parametrize("name", ["event table", "roster", "key map", "reviews"])
def test_a_file_of_which_no_row_is_used_is_warned_of(tmp_path, name):
    example = examples()[name]
    header = example.content.split(b"\n")[0] + b"\n"
    material = read(tmp_path, example, header)
    assert EMPTY in list(material.quality.query("level == 'warning'")["what"])
    pairs = read(tmp_path, examples()["key map"], b"contact,client\n,g1\n")
    assert EMPTY in list(pairs.quality.query("level == 'warning'")["what"])


@pytest.mark.parametrize("name", examples())
def test_a_file_of_which_rows_are_used_is_not_called_empty(tmp_path, name):
    assert EMPTY not in list(read(tmp_path, examples()[name]).quality["what"])


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("WebVTT", "\n\nlost\n00:09.000 --> 00:1\nSo many words\n"),
        ("SBV", "\n\n0:00:09.000,0:0\nSo many words\n"),
    ],
)
def test_speech_without_a_readable_time_is_a_row_set_aside(tmp_path, name, more):
    example = examples()[name]
    before = read(tmp_path, example).files.iloc[0]
    content = example.content.rstrip() + more.encode()
    material = read(tmp_path, example, content)
    (row,) = material.files.to_dict("records")
    assert row["n_in"] == before["n_in"] + 1 == row["n_used"] + row["n_set_aside"]
    lines = content.decode().split("\n")
    at = material.set_aside["row"].item()
    assert lines[at - 1] in ("lost", "0:00:09.000,0:0")
