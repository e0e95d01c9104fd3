"""Bad input through the command line: a clear message, and nothing half-written."""

import json
import shutil

import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from tests.whole.conftest import ROOT

STUDY = """\
schema_version: 1
title: Where does it hurt?
objective: Decide what to mend first.
journey:
  stages:
    - {id: find, events: [seen]}
    - {id: buy, events: [paid]}
sources:
  - id: talks
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    interviewers: [Ina]
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    columns: {participant: person}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    kind: events
    files: log.csv
    sampling: census
    columns: {participant: person, event: event, occurred_at: time}
"""
FILES = {
    "study.yaml": STUDY,
    "talks/t1.txt": "Ina: How did it go?\nMara: I could not find the button.\n",
    "survey.csv": "person,why\na1,The form lost my address.\na2,Nothing.\n",
    "log.csv": "person,event,time\na1,seen,2026-03-01T10:00:00Z\na2,seen,2026-03-01T11:00:00Z\n",
}


def change(name, old, new):
    def edit(folder):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    return edit


def overwrite(name, data):
    return lambda folder: (folder / name).write_bytes(data)


CASES = {
    "missing file": (
        lambda folder: (folder / "survey.csv").unlink(),
        ["survey.csv", "add the file"],
    ),
    "unknown stage in a mapping": (
        change("study.yaml", "stage: buy", "stage: bay"),
        ["study.yaml", "no stage 'bay'", "Did you mean 'buy'?", "'find', 'buy'"],
    ),
    "misspelt key": (
        change("study.yaml", "sampling: random", "samplin: random"),
        ["study.yaml", "samplin", "Did you mean 'sampling'?"],
    ),
    "empty transcript": (overwrite("talks/t1.txt", b" \n"), ["t1.txt", "What to do"]),
    "survey column absent": (
        change("survey.csv", "person,why", "person,wy"),
        ["survey.csv", "'why'", "Did you mean 'wy'?"],
    ),
    "undecodable file": (
        overwrite("survey.csv", "person,why\na1,Zu teuer für mich".encode("cp1252")),
        ["survey.csv", "UTF-8", "encoding"],
    ),
    "events without timestamps": (
        overwrite("log.csv", b"person,event,time\na1,seen,\na2,paid,\n"),
        ["log.csv", "time", "What to do"],
    ),
    "duplicate participant ids": (
        change("survey.csv", "a2,Nothing.", "a1,Nothing."),
        ["survey.csv", "person", "What to do"],
    ),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    return tmp_path


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", ["run", "check"])
def test_bad_input_is_named_and_nothing_is_left_behind(project, case, command):
    spoil, phrases = CASES[case]
    spoil(project / "data" / "raw" / "tiny")
    done = CliRunner().invoke(main, [command, "tiny"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    for phrase in phrases:
        assert phrase in done.output, done.output
    assert not list(project.rglob("*.parquet"))
    # No report: at most the index and the page that says what failed.
    pages = {path.relative_to(project) for path in project.rglob("*.html")}
    assert all(
        page.as_posix() == "reports/index.html" or page.parent.name.endswith("-failed")
        for page in pages
    )
    if command == "check":
        assert not pages
    assert not [path for path in project.rglob(".tmp-*") if path.is_dir()]


def test_the_same_study_unspoilt_is_read(project):
    done = CliRunner().invoke(main, ["check", "tiny"])
    assert done.exit_code == 0, done.output
    assert "Every source can be read." in done.output


def test_what_a_scheduler_keeps_of_a_failure_names_nobody(project):
    talk = project / "data" / "raw" / "tiny" / "talks" / "t1.txt"
    talk.write_text("Mara: It broke.\nJonas: And mine.\n", "utf-8")
    done = CliRunner().invoke(main, ["run", "tiny", "--json", "--quiet"])
    kept = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 1
    assert kept["status"] == "failed"
    assert "source file cannot be used" in kept["reason"]
    assert "Mara" not in done.stdout
    assert "Mara" not in (project / "reports" / "index.html").read_text("utf-8")
