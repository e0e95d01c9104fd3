import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from filelock import FileLock

from cjm_research.cli import main
from cjm_research.errors import CjmError, ReportError
from cjm_research.reporting import runs
from cjm_research.reporting.runs import BusyError, run_study

CANARY = "zqcanaryword"


def cjm(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture
def no_kernel(monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("a notebook was run")

    monkeypatch.setattr(runs, "execute_notebook", refuse)


def test_a_good_run_publishes_a_whole_report(project):
    good = set(project.good)
    assert {"index.html", "manifest.json", "run.json"} <= good
    record = json.loads(project.good["run.json"])
    assert (record["status"], record["run_id"]) == ("good", project.run_id)
    assert record["title"] == "Why do people leave?"
    assert "top 5 plain" in "".join(
        text.decode() for name, text in project.good.items() if name.endswith(".html")
    )
    project.check_the_good_report_stands()
    index = (project.root / "reports" / "index.html").read_text()
    assert f"tiny/{project.run_id}/index.html" in index
    assert "tiny/latest/index.html" in index


def test_the_manifest_tells_what_the_report_was_made_from(project):
    import hashlib

    manifest = json.loads(project.good["manifest.json"])
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["key"])
    assert manifest["rows"]["documents"] == 2
    assert set(manifest["notebooks"]) == {"01_numbers.ipynb"}
    for page, sha in manifest["pages"].items():
        (data,) = [text for name, text in project.good.items() if name.endswith(page)]
        assert hashlib.sha256(data).hexdigest() == sha


def test_an_unchanged_study_runs_again_without_a_kernel(project, no_kernel):
    lines = []
    done = run_study("tiny", say=lines.append)
    assert done.index.is_file()
    assert (project.reports / "latest").resolve() == done.run_dir.resolve()
    assert not [line for line in lines if line.startswith(("running", "reading"))]
    again = {name: text for name, text in project.good.items() if name.endswith(".png")}
    assert all((done.run_dir / name).read_bytes() == text for name, text in again.items())


def test_a_parameter_reaches_the_notebook_and_the_manifest(project):
    done = cjm("run", "tiny", "-p", "top=7", "-p", "word=zebra", "--quiet")
    assert done.exit_code == 0, done.output
    index = project.root / done.stdout.strip().splitlines()[-1]
    assert index.name == "index.html"
    pages = "".join(page.read_text() for page in index.parent.rglob("*.html"))
    assert "top 7 zebra" in pages
    manifest = json.loads((index.parent / "manifest.json").read_text())
    assert manifest["parameters"] == {"top": "7", "word": "zebra"}


FAILURES = {
    "raises": (f"raise ValueError('{CANARY}')", "01_numbers.ipynb failed in cell 3 (ValueError)"),
    "exits": (f"import sys; print('{CANARY}'); sys.exit(0)", "01_numbers.ipynb"),
    "dies": (f"print('{CANARY}', flush=True); import os; os._exit(1)", "DeadKernelError"),
    "stops short": (f"print('{CANARY}')", "ended before its last cell"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_notebook_that_fails_leaves_the_last_good_report(project, notebook, cells, kind):
    cell, words = FAILURES[kind]
    last = "x = 1" if kind == "stops short" else cells["sentinel"]
    notebook(project.notebook, cell, last)
    done = cjm("run", "tiny", "--quiet")
    assert done.exit_code == 1
    assert done.stdout == ""
    project.check_one_failure_is_shown(words)
    assert CANARY not in done.output
    for path in project.root.rglob("*"):
        if path.is_file() and "notebooks" not in path.parts:
            assert CANARY.encode() not in path.read_bytes(), path


def test_a_notebook_that_hangs_leaves_the_last_good_report(project, notebook, monkeypatch, cells):
    notebook(project.notebook, "import time; time.sleep(300)", cells["sentinel"])
    execute = runs.execute_notebook

    def hurried(path, output, given, *, deadline_s):
        execute(path, output, given, deadline_s=5)

    monkeypatch.setattr(runs, "execute_notebook", hurried)
    with pytest.raises(ReportError, match="did not finish"):
        run_study("tiny")
    project.check_one_failure_is_shown("01_numbers.ipynb did not finish within 5 s")


@pytest.mark.parametrize(
    ("given", "reason"),
    [("tpo=3", "a name is not known"), ("top=many", "parameter 'top' should be a whole number")],
)
def test_a_bad_parameter_stops_before_any_kernel(project, no_kernel, given, reason):
    done = cjm("run", "tiny", "-p", given, "--quiet")
    assert done.exit_code == 1
    project.check_one_failure_is_shown(reason)


def test_a_parameter_without_a_value_is_a_usage_error(project, no_kernel):
    done = cjm("run", "tiny", "-p", "top", "--quiet")
    assert done.exit_code == 2
    assert "NAME=VALUE" in done.output
    assert project.failures() == []


def test_a_bad_study_file_leaves_the_last_good_report(project, no_kernel):
    path = project.folder / "study.yaml"
    path.write_text(path.read_text().replace("title:", f"{CANARY}:"))
    done = cjm("run", "tiny", "--quiet")
    assert done.exit_code == 1
    assert "tiny/study.yaml cannot be used" in done.output
    reason = project.check_one_failure_is_shown("study.yaml cannot be used", "cjm check tiny")
    assert CANARY not in reason


def test_a_missing_required_source_leaves_the_last_good_report(project, no_kernel):
    (project.folder / "survey.csv").rename(project.folder / f"{CANARY}.csv")
    done = cjm("run", "tiny", "--quiet")
    assert done.exit_code == 1
    assert "survey.csv" in done.output
    reason = project.check_one_failure_is_shown("a source file cannot be used")
    assert CANARY not in reason


def test_an_error_nobody_foresaw_is_told_by_its_kind_only(project, monkeypatch):
    def fail(*args, **options):
        raise KeyError(CANARY)

    monkeypatch.setattr(runs, "render_site", fail)
    with pytest.raises(KeyError):
        run_study("tiny")
    reason = project.check_one_failure_is_shown("an error of the kind KeyError")
    assert CANARY not in reason


def test_an_optional_source_that_is_absent_stops_nothing(project, no_kernel, monkeypatch):
    path = project.folder / "study.yaml"
    text = path.read_text().replace("files: survey.csv", "files: survey.csv\n    required: false")
    path.write_text(text)
    (project.folder / "survey.csv").unlink()
    monkeypatch.setattr(runs, "_make_chapters", lambda *args: [])
    done = run_study("tiny")
    assert done.study.quality["what"].str.contains("optional file absent").any()


def test_too_little_space_stops_before_anything_is_made(project, no_kernel, monkeypatch):
    monkeypatch.setattr(runs, "MIN_FREE_BYTES", 10**18)
    with pytest.raises(ReportError, match="MB are free"):
        run_study("tiny")
    project.check_one_failure_is_shown("Nothing was changed")


def test_without_notebooks_there_is_no_report(project, monkeypatch):
    monkeypatch.setattr(runs, "list_notebooks", lambda: [])
    with pytest.raises(ReportError, match="no notebook named NN_noun"):
        run_study("tiny")
    project.check_one_failure_is_shown("no notebook")


def test_a_second_run_is_turned_away_while_the_first_holds_the_lock(project, no_kernel):
    with FileLock(project.root / "reports" / ".tiny.lock"):
        done = cjm("run", "tiny", "--quiet")
        with pytest.raises(BusyError, match="being run already"):
            run_study("tiny")
    assert done.exit_code == 3
    assert "study 'tiny' is being run already" in done.output
    assert project.failures() == []
    assert cjm("run", "tiny", "--quiet").exit_code == 0


def test_a_failed_run_lets_go_of_the_lock(project, no_kernel):
    assert cjm("run", "tiny", "-p", "tpo=1", "--quiet").exit_code == 1
    assert cjm("run", "tiny", "--quiet").exit_code == 0


def test_two_runs_within_a_second_have_folders_of_their_own(project, no_kernel):
    first, second = run_study("tiny"), run_study("tiny")
    assert first.run_dir != second.run_dir
    assert first.index.is_file()
    assert second.index.is_file()


def test_a_run_of_an_unknown_study_makes_nothing(project, no_kernel):
    with pytest.raises(CjmError, match="Did you mean 'tiny'"):
        run_study("tinny")
    assert [path.name for path in (project.root / "reports").iterdir() if path.is_dir()] == ["tiny"]


def test_json_is_one_line_for_other_programs(project, no_kernel):
    done = cjm("run", "tiny", "--json")
    assert done.exit_code == 0
    (line,) = done.stdout.strip().splitlines()
    said = json.loads(line)
    assert set(said) == {"run_dir", "status", "seconds", "stages"}
    assert said["status"] == "good"
    assert (project.root / said["run_dir"] / "index.html").is_file()
    assert [(s["stage"], s["n_entered"], s["n_continued"]) for s in said["stages"]] == [
        ("see", 2, 1),
        ("buy", 1, None),
    ]
    assert "laying out the pages" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_what_a_killed_run_leaves_is_swept_by_the_next(project, notebook, cells, tmp_path):
    note = tmp_path / "pids"
    good = project.notebook.read_bytes()
    cell = f"import os, time\nopen({str(note)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')"
    notebook(project.notebook, f"{cell}\ntime.sleep(120)", cells["sentinel"])
    process = subprocess.Popen([sys.executable, "-m", "cjm_research.cli", "run", "tiny", "--quiet"])
    orphans = []
    try:
        for _ in range(600):
            if note.is_file() and note.read_text():
                break
            time.sleep(0.1)
        orphans = [int(pid) for pid in note.read_text().split()]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
    processed = project.root / "data" / "processed" / "tiny"
    assert list(project.reports.glob(".tmp-*"))
    assert list(processed.glob(".run-*"))
    assert [name for name in project.runs() if not name.startswith(".tmp")] == [project.run_id]
    assert (project.reports / "latest").resolve().name == project.run_id
    project.notebook.write_bytes(good)
    done = run_study("tiny")
    assert done.index.is_file()
    leftovers = [p for p in project.root.rglob("*") if p.name.startswith((".tmp", ".run-"))]
    assert leftovers == []
