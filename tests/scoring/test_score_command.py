import csv
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cjm_research import scoring
from cjm_research.cli import main
from cjm_research.coding import EMOTIONS, load_encoder, score_texts
from cjm_research.scoring import COLUMNS, score_file

ROWS = [
    ["1", "The checkout crashed, twice", "x"],
    ["2", "", 'say "hi"'],
    ["3", "Refund was on my account\nthe same evening", " spaced "],
    ["004", "=SUM(A1)", "NA"],
    ["5", "   ", "None"],
]


@pytest.fixture
def table(tmp_path):
    def write(rows=ROWS, *, header=("id", "text", "note"), delimiter=",", encoding="utf-8"):
        path = tmp_path / "in.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows([list(header), *rows])
        return path

    return write


def score(path, *more, out="out.csv"):
    target = path.parent / out
    words = ["score", str(path), "--text-column", "text", "--out", str(target), *more]
    return CliRunner().invoke(main, words), target


def read(path, delimiter=","):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_same_rows_come_out_with_scores(table, delimiter, encoding):
    done, out = score(table(delimiter=delimiter, encoding=encoding))
    assert done.exit_code == 0, done.output
    rows = read(out, delimiter)
    assert list(rows[0]) == ["id", "text", "note", *COLUMNS]
    assert [[row["id"], row["text"], row["note"]] for row in rows] == ROWS
    for row in (rows[0], rows[2], rows[3]):
        assert row["emotion"] == max(EMOTIONS, key=lambda name: float(row[f"emotion_{name}"]))
        assert -1 <= float(row["valence"]) <= 1
    for row in (rows[1], rows[4]):
        assert {row[name] for name in COLUMNS} == {""}
    assert float(rows[0]["pain"]) > 0.5 > float(rows[2]["pain"])
    assert done.stdout.strip().endswith("out.csv")
    assert "without text, left empty: 2" in done.stderr


def test_numbers_are_those_of_the_encoder(table, monkeypatch):
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 2)
    _, out = score(table())
    expected, _ = score_texts(load_encoder(), [ROWS[0][1], ROWS[2][1], ROWS[3][1]])
    found = [row for row in read(out) if row["emotion"]]
    for name in COLUMNS[1:]:
        assert [row[name] for row in found] == [f"{value:.4f}" for value in expected[name]]


def test_a_prompt_column_changes_the_score(table):
    rows = [["the search", "What annoyed you?"], ["the search", "What did you like?"]]
    done, out = score(table(rows, header=("text", "asked")), "--prompt-column", "asked")
    assert done.exit_code == 0, done.output
    first, second = read(out)
    assert float(first["pain"]) > float(second["pain"])


def test_a_long_text_is_scored_without_its_question(table):
    long = "the search in the mobile app that I use at work"
    rows = [[long, "What annoyed you?"], [long, ""]]
    _, out = score(table(rows, header=("text", "asked")), "--prompt-column", "asked")
    first, second = read(out)
    assert first["pain"] == second["pain"]


def test_long_texts_are_counted(table):
    done, _ = score(table([["1", "again and " * 400, ""]]))
    assert "too long, scored by their first 256 word pieces: 1" in done.stderr


def test_a_table_without_rows_gives_one(table):
    done, out = score(table([]))
    assert done.exit_code == 0
    assert read(out) == []
    assert out.read_text().startswith("id,text,note,emotion,")


def test_short_rows_are_filled(table):
    _, out = score(table([["1", "It crashed"]]))
    assert read(out)[0]["note"] == ""


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (("id", "txt", "note"), "did you mean"),
        (("id", "text", "pain"), "would be added: 'pain'"),
        (("id", "text", "emotion_worry"), "emotion_worry"),
        (("text", "text", "note"), "occurs twice"),
    ],
)
def test_a_header_that_does_not_fit_is_an_error(table, header, message):
    done, out = score(table(header=header))
    assert done.exit_code == 1
    assert message.casefold() in done.stderr.casefold()
    assert "in.csv" in done.stderr
    assert not out.exists()


def test_too_many_cells_are_an_error_and_nothing_is_left_behind(table):
    path = table([["1", "fine", "x"], ["2", "a", "b", "c"]])
    done, out = score(path)
    assert done.exit_code == 1
    assert "line 3 has 4 cells, the header 3" in done.stderr
    assert [entry.name for entry in path.parent.iterdir()] == ["in.csv"]
    assert not out.exists()


def test_other_encodings_are_an_error(table):
    path = table([["1", "Grüße", "x"]], encoding="cp1252")
    done, _ = score(path)
    assert done.exit_code == 1
    assert "not UTF-8" in done.stderr


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path, content):
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    done, _ = score(path)
    assert done.exit_code == 1
    assert "empty" in done.stderr


def test_a_missing_file_is_an_error(tmp_path):
    done, _ = score(tmp_path / "nowhere.csv")
    assert done.exit_code == 1
    assert "nowhere.csv" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_that_stands_is_not_replaced_unasked(table):
    path = table()
    out = path.with_name("out.csv")
    out.write_text("mine")
    done, _ = score(path)
    assert done.exit_code == 1 and "--overwrite" in done.stderr
    assert out.read_text() == "mine"
    done, _ = score(path, "--overwrite")
    assert done.exit_code == 0 and out.read_text() != "mine"


def test_the_input_is_never_replaced(table):
    path = table()
    before = path.read_bytes()
    done, _ = score(path, "--overwrite", out="in.csv")
    assert done.exit_code == 1 and "same file" in done.stderr
    assert path.read_bytes() == before


def test_what_was_done_is_counted(table):
    path = table()
    told = []
    done = score_file(
        path, path.with_name("o.csv"), text_column="text", say=lambda n, s: told.append(n)
    )
    assert (done.n_rows, done.n_empty, done.n_truncated) == (5, 2, 0)
    assert 0 < done.model_seconds < done.seconds
    assert told == [5]


def test_quiet_prints_the_path_only(table):
    done, _ = score(table(), "--quiet")
    assert done.stderr == ""


@pytest.mark.parametrize("row", ['1,"never closed,x', '1,"5"" screen,x', '1,"a" b,x'])
def test_a_stray_quote_is_an_error_and_swallows_nothing(table, row):
    path = table()
    path.write_text("id,text,note\n" + row + "\n2,fine,y\n")
    done, out = score(path)
    assert done.exit_code == 1
    assert "quotation mark" in done.stderr
    assert not out.exists()


def test_a_blank_line_is_a_row_without_text(table):
    path = table()
    path.write_text('text\nfirst\n\nthird\n""\nfifth\n')
    _, out = score(path)
    assert [row["text"] for row in read(out)] == ["first", "", "third", "", "fifth"]


def test_the_delimiter_is_one_that_names_the_column(table):
    path = table()
    path.write_text("id;text;a,b,c,d\n1;It crashed;x\n")
    done, out = score(path)
    assert done.exit_code == 0, done.stderr
    assert read(out, ";")[0]["a,b,c,d"] == "x"


def test_a_folder_that_is_not_there_is_named(table):
    done, _ = score(table(), out="no/where.csv")
    assert done.exit_code == 1
    assert "its folder does not exist" in done.stderr


def test_a_folder_is_no_output(table):
    path = table()
    (path.parent / "made").mkdir()
    done, _ = score(path, out="made")
    assert done.exit_code == 1
    assert "it is a folder" in done.stderr


def test_a_link_is_followed(table):
    path = table()
    target = path.with_name("target.csv")
    target.write_text("mine")
    path.with_name("out.csv").symlink_to(target)
    assert score(path)[0].exit_code == 1
    assert target.read_text() == "mine"
    assert score(path, "--overwrite")[0].exit_code == 0
    assert path.with_name("out.csv").is_symlink() and target.read_text() != "mine"


def test_a_full_disk_is_said_and_leaves_nothing(table, monkeypatch):
    def full(scores):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scoring, "_cells", full)
    path = table()
    done, _ = score(path)
    assert done.exit_code == 1
    assert "No space left on device" in done.stderr and "out.csv" in done.stderr
    assert [entry.name for entry in path.parent.iterdir()] == ["in.csv"]


def test_a_run_that_is_ended_leaves_no_part(table):
    path = table([[str(n), f"It crashed {n} times", ""] for n in range(30_000)])
    words = [sys.executable, "-m", "cjm_research.cli", "score", str(path), "--text-column", "text"]
    running = subprocess.Popen(
        [*words, "--out", str(path.with_name("out.csv"))], stderr=subprocess.PIPE
    )
    assert running.stderr.readline()  # the first rows are done
    running.terminate()
    assert running.wait(timeout=60) == 128 + signal.SIGTERM
    assert [entry.name for entry in path.parent.iterdir()] == ["in.csv"]
