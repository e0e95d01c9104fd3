"""The first talk with the data: what `cjm check` says of a declared study."""

import csv

import pytest
import yaml
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.readers import read_source
from cjm_research.study.first_look import describe_material
from tests.fuzz.corpus import QUALTRICS, examples
from tests.fuzz.trial import make_journey

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
sources:
  - id: talks
    kind: transcripts
    files: "*.txt"
    sampling: purposive
    interviewers: Ines Holm
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    columns: {participant: ResponseId, submitted_at: StartDate}
    questions:
      - {id: why, kind: open, columns: Q1, stage: buy}
      - {id: nps, kind: nps, columns: Q2}
  - id: log
    kind: events
    files: log.csv
    sampling: census
    columns: {participant: id, event: what, occurred_at: at}
"""
MENU = "Skip to content Accept all cookies"


def talk(name, words):
    return f"Ines Holm: How was it?\n{name}: {words}\n{MENU}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    for number, words in enumerate(
        ("It took far too long to find it.", "Nobody ever answered the phone there.",
         "Foi tudo muito difícil de encontrar, e ninguém atendeu o telefone da loja."), start=1,
    ):  # fmt: skip
        (folder / f"R_{number}.txt").write_text(talk("Ana", words), "utf-8")
    more = "2026-03-02 11:00:00,IP Address,,R_{},,I had to type it all in again,{}\n"
    answers = "".join(more.format(number, 9) for number in range(3, 9))
    (folder / "survey.csv").write_text(QUALTRICS + answers, "utf-8")
    busy = "".join(f"R_9;view;2026-03-01 10:00:{second:02}\n" for second in range(60))
    log = f"id;what;at\nR_1;view;2026-03-01 10:00:00\nR_1;pay;2026-03-01 10:05:00\n{busy};pay;\n"
    (folder / "log.csv").write_text(log.replace(";pay;\n", ";pay;2026-03-01 10:00:00\n"))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def told(folder):
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.exit_code == 0, done.output
    return done.output


def test_each_file_is_named_with_its_format_encoding_and_dialect(told):
    assert "R_1.txt, R_2.txt, R_3.txt: text, utf-8" in told
    assert "survey.csv: Qualtrics, utf-8, commas between cells, times of America/Denver" in told
    assert "log.csv: table, utf-8, semicolons between cells" in told


def test_rows_in_are_used_or_set_aside_and_listed_in_a_file(told, folder, tmp_path):
    assert "8 rows in = 7 used + 1 set aside" in told
    assert "63 rows in = 62 used + 1 set aside" in told
    path = tmp_path / "data" / "processed" / "tiny" / "set_aside.csv"
    assert str(path) in told
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["source", "file", "row", "reason"],
            ["survey", "survey.csv", "5", "previews and tests, left out"],
            ["log", "log.csv", "64", "unattributed events (no participant), left out"],
        ]
    # A list of what is no longer set aside would mislead.
    for name in ("survey.csv", "log.csv"):
        text = (folder / name).read_text("utf-8")
        kept = [line for line in text.splitlines() if not line.startswith(";pay")]
        (folder / name).write_text("\n".join(kept).replace("Survey Preview", "IP Address") + "\n")
    assert CliRunner().invoke(main, ["check", "tiny"]).exit_code == 0
    assert not path.exists()


def test_the_span_of_time_is_said_and_a_missing_zone_is_asked_for(told):
    assert "from 2026-03-01 10:00 to 2026-03-01 10:05 UTC" in told
    # Denver is seven hours behind.
    assert "from 2026-03-01 17:00 to 2026-03-02 18:00 UTC" in told
    assert "log.csv: times without a zone, read as UTC: declare `timezone:`: 63" in told
    assert told.count("times without a zone") == 1


def test_people_in_two_sources_are_counted(told):
    assert "2 of 3 in talks (67%) are also in survey, of 7 there (29%)" in told
    assert "1 of 2 in log (50%) are also in talks, of 3 there (33%)" in told


def test_people_per_stage_and_source_stand_in_a_table(told):
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.startswith("  ")
            and line.split()[0] in ("See", "Buy")}  # fmt: skip
    assert rows == {"See": ["–", "–", "2"], "Buy": ["–", "7", "1"]}


def test_copies_crowds_machines_and_boilerplate_are_pointed_out(told):
    assert "6 texts of 5 words or more are the same as another (1 different)" in told
    assert "6 people answered in the same second as 4 others or more" in told
    assert "1 participants with 60 events or more in a minute" in told
    assert "3 texts share 6 words in a row with many others, as menus" in told


def test_what_is_said_of_the_data_repeats_nobodys_words(told):
    assert "type it all" not in told and MENU not in told


def test_languages_are_counted_and_those_that_are_not_read_are_marked(told):
    assert "2 texts of talks: en, read" in told
    assert "?      1 texts of talks: pt, set aside" in told


def test_the_lines_to_paste_hold_later_files_to_what_was_found(told, folder):
    block = told[told.index("To have later files") :].split("\n\n")[0].splitlines()[1:]
    pins, name = {}, ""
    for line in block:
        name = line[:26].strip().rstrip(":") or name
        pins.setdefault(name, []).append(line[26:])
    pins = {name: yaml.safe_load("\n".join(lines)) for name, lines in pins.items()}
    assert pins == {
        "talks": {"format": "text"},
        "survey": {"format": "Qualtrics", "delimiter": "comma", "timezone": "America/Denver"},
        "log": {"format": "table", "delimiter": "semicolon"},
    }
    config = yaml.safe_load(STUDY)
    for source in config["sources"]:
        source |= pins[source["id"]]
    (folder / "study.yaml").write_text(yaml.safe_dump(config))
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.exit_code == 0 and "To have later files" not in done.output
    (folder / "survey.csv").write_text("ResponseId,StartDate,Q1,Q2\nR_1,2026-03-01,slow,7\n")
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.exit_code == 1 and "it was taken for 'table'" in done.output


def test_files_that_no_source_reads_are_named(folder):
    (folder / "keymap.csv").write_text("a,b\n1,2\n")
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert "In the folder, and read by no source: 'keymap.csv'." in done.output


def test_an_optional_source_that_cannot_be_read_is_no_reason_to_stop(folder):
    text = STUDY.replace("    files: log.csv\n", "    files: log.csv\n    required: false\n")
    (folder / "study.yaml").write_text(text)
    (folder / "log.csv").write_bytes(b"\xff")
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.exit_code == 0, done.output
    assert "reports are made without it" in done.output
    assert "Every source that is required can be read; 1 cannot." in done.output


def test_pairs_of_sources_with_nobody_in_common_are_said_together(folder):
    (folder / "survey.csv").write_text(QUALTRICS.replace("R_1", "Q_1"), "utf-8")
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.output.count("nobody in common") == 1
    assert "nobody in common: survey (1) and talks (3); survey (1) and log (2)." in done.output


def test_logs_that_are_counted_together_are_said_to_be(folder):
    more = """  - {id: app, kind: events, files: app.csv, sampling: census,
     columns: {participant: id, event: what, occurred_at: at}}
"""
    (folder / "study.yaml").write_text(STUDY + more)
    (folder / "app.csv").write_text("id,what,at\nR_1,view,2026-03-01T10:00:00Z\n")
    done = CliRunner().invoke(main, ["check", "tiny"])
    said = "2 logs are counted together, as one funnel; 1 of 2 people are in more than one of them"
    assert said in done.output


@pytest.mark.parametrize(
    ("name", "unit"), [("Adobe tar", "events"), ("event table", "rows"), ("reviews", "rows")]
)
def test_what_is_counted_of_a_file_is_said_by_its_name(name, unit, tmp_path):
    example = examples()[name]
    (tmp_path / example.name).write_bytes(example.content)
    source = example.source()
    material = read_source(source, tmp_path, make_journey())
    lines = describe_material(material, source, make_journey())
    assert f"{material.files['n_in'].item():>8,} {unit} in" in lines[1]
