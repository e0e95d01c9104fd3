import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from cjm_research.cli import main
from cjm_research.errors import CjmError, ReportError
from cjm_research.reporting import deadline, making, publish, runs, site
from cjm_research.reporting.runs import BusyError, run_study

CANARY = "zqcanaryword"


def cjm(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture
def no_kernel(monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("a notebook was run")

    monkeypatch.setattr(making, "execute_notebook", refuse)


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


def test_of_an_unchanged_study_the_report_stands_and_nothing_is_run(project, monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("something was run")

    monkeypatch.setattr(runs, "_make", refuse)
    done = cjm("run", "tiny")
    assert done.exit_code == 0
    assert "nothing has changed: the report stands" in done.stderr
    assert done.stdout == f"reports/tiny/{project.run_id}/index.html\n"
    assert not run_study("tiny").made
    project.check_the_good_report_stands()


def test_again_makes_the_same_pages_without_a_kernel(project, no_kernel):
    lines = []
    done = run_study("tiny", again=True, say=lines.append)
    assert done.made
    assert (project.reports / "latest").resolve() == done.run_dir.resolve()
    assert not [line for line in lines if line.startswith(("running", "reading"))]
    records = ("run.json", "manifest.json")
    made = {
        path.relative_to(done.run_dir).as_posix(): path.read_bytes()
        for path in done.run_dir.rglob("*")
        if path.is_file() and path.name not in records
    }
    assert made == {name: text for name, text in project.good.items() if name not in records}


@pytest.mark.parametrize("harm", ["changed", "lost", "added"])
def test_a_standing_report_that_is_not_whole_is_made_anew(project, no_kernel, harm):
    page = project.reports / project.run_id / "methods.html"
    if harm == "changed":
        page.write_text("x")
    elif harm == "lost":
        page.unlink()
    else:
        page.with_name("more.html").write_text("x")
    done = run_study("tiny")
    assert done.made
    assert done.run_dir.name != project.run_id


def test_inputs_that_are_again_what_they_were_bring_their_report_back(project, no_kernel):
    survey = project.folder / "survey.csv"
    text = survey.read_text()
    survey.write_text(text.replace("It was easy", "It was fine"))
    # The notebook would have to run on the new answers.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "make_chapters", lambda *args, **options: [])
        other = run_study("tiny")
    assert publish.is_latest(other.run_dir)
    survey.write_text(text)
    back = run_study("tiny")
    assert (back.made, back.run_dir.name) == (False, project.run_id)
    assert publish.is_latest(back.run_dir)
    assert (
        f"tiny/{other.run_dir.name}/index.html"
        in (project.root / "reports" / "index.html").read_text()
    )


@pytest.mark.parametrize(
    "value", ["anna.smith@mail.example", "call +44 7700 900717", "top=@anna_smith_uk"]
)
def test_a_parameter_that_names_somebody_is_refused_and_kept_nowhere(project, no_kernel, value):
    done = cjm("run", "tiny", "-p", f"word={value}", "--quiet")
    assert done.exit_code == 1
    assert "parameter 'word' holds what looks like personal" in done.output
    assert value not in done.output
    assert project.failures() == []
    for path in project.root.rglob("*"):
        if path.is_file():
            assert value.encode() not in path.read_bytes()


def test_a_parameter_reaches_the_notebook_and_the_manifest(project):
    done = cjm("run", "tiny", "-p", "top=7", "-p", "word=zebra", "--quiet")
    assert done.exit_code == 0, done.output
    index = project.root / done.stdout.strip().splitlines()[-1]
    assert index.name == "index.html"
    pages = "".join(page.read_text() for page in index.parent.rglob("*.html"))
    assert "top 7 zebra" in pages
    manifest = json.loads((index.parent / "manifest.json").read_text())
    assert manifest["parameters"] == {"top": 7, "word": "zebra"}


FAILURES = {
    "raises": (f"raise ValueError('{CANARY}')", "01_numbers.ipynb failed in cell 3 (ValueError)"),
    "exits": (f"import sys; print('{CANARY}'); sys.exit(0)", "code cell 2 did not run"),
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


def set_report(project, **keys):
    path = project.folder / "study.yaml"
    path.write_text(path.read_text() + f"report: {json.dumps(keys)}\n")


def test_a_notebook_that_hangs_leaves_the_last_good_report(project, notebook, monkeypatch, cells):
    notebook(project.notebook, "import time; time.sleep(300)", cells["sentinel"])
    execute = making.execute_notebook

    def hurried(path, output, given, **options):
        execute(path, output, given, **(options | {"deadline_s": 5}))

    monkeypatch.setattr(making, "execute_notebook", hurried)
    with pytest.raises(ReportError, match="did not finish"):
        run_study("tiny")
    project.check_one_failure_is_shown("01_numbers.ipynb did not finish within 5 s")


def test_a_run_beyond_its_deadline_has_timed_out(project, no_kernel, monkeypatch):
    monkeypatch.setattr(runs, "Deadline", lambda seconds: deadline.Deadline(0))
    done = cjm("run", "tiny", "--again", "--quiet")
    assert done.exit_code == 4
    assert "the run did not finish within" in done.stderr
    project.check_one_failure_is_shown("report.run_deadline_s", status="timed out")


@pytest.mark.skipif(os.name != "posix", reason="looks into /proc")
def test_a_hanging_step_is_ended_from_outside_with_its_state(project, monkeypatch):
    # A step that no exception reaches: it sleeps where DuckDB would work.
    set_report(project, run_deadline_s=10)
    code = """
import sys, time
from cjm_research.reporting import making, runs
runs.GRACE_S = -9
making.make_chapters = lambda *args, **options: time.sleep(300)
from cjm_research.cli import main
main(["run", "tiny", "--again", "--json", "--quiet"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 4, done.stderr
    said = json.loads(done.stdout)
    assert (said["status"], said["run_dir"]) == ("timed out", None)
    project.check_one_failure_is_shown("did not finish within 10 s", status="timed out")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("tpo=3", "no parameter 'tpo'. Did you mean 'top'?"),
        ("top=zqmany", "parameter 'top' should be a whole number"),
    ],
)
def test_a_bad_parameter_leaves_everything_as_it_was(project, no_kernel, given, reason):
    def see():
        files = (project.root / "reports").rglob("*")
        return {path: path.stat().st_mtime_ns for path in files}

    before = see()
    done = cjm("run", "tiny", "-p", given, "--quiet")
    assert done.exit_code == 1
    assert reason in done.output
    assert "zqmany" not in done.output
    assert see() == before
    project.check_the_good_report_stands()


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
    reason = project.check_one_failure_is_shown("cannot be used", "cjm check tiny")
    assert CANARY not in reason


def test_a_missing_required_source_leaves_the_last_good_report(project, no_kernel):
    (project.folder / "survey.csv").rename(project.folder / f"{CANARY}.csv")
    done = cjm("run", "tiny", "--quiet")
    assert done.exit_code == 1
    assert "survey.csv" in done.output
    reason = project.check_one_failure_is_shown("a source file cannot be used")
    assert CANARY not in reason


def test_an_error_nobody_foresaw_is_told_by_its_kind_and_place_only(project, monkeypatch):
    def fail(*args, **options):
        raise KeyError(CANARY)

    monkeypatch.setattr(site, "render_site", fail)
    done = cjm("run", "tiny", "--again", "--quiet")
    assert done.exit_code == 1
    assert "an error of the kind KeyError" in done.stderr
    assert "test_runs.py" in done.stderr
    assert CANARY not in done.output
    reason = project.check_one_failure_is_shown("an error of the kind KeyError")
    assert CANARY not in reason


def test_an_optional_source_that_is_absent_stops_nothing(project, no_kernel, monkeypatch):
    path = project.folder / "study.yaml"
    text = path.read_text().replace("files: survey.csv", "files: survey.csv\n    required: false")
    path.write_text(text)
    (project.folder / "survey.csv").unlink()
    monkeypatch.setattr(making, "make_chapters", lambda *args, **options: [])
    done = run_study("tiny")
    assert done.study.quality["what"].str.contains("optional file absent").any()


def test_too_little_space_stops_before_anything_is_made(project, no_kernel, monkeypatch):
    monkeypatch.setattr(runs, "MIN_FREE_BYTES", 10**18)
    with pytest.raises(ReportError, match="MB are free"):
        run_study("tiny", again=True)
    project.check_one_failure_is_shown("Nothing was changed")


def test_a_full_disk_is_said_to_be_full(project, no_kernel, monkeypatch):
    def fail(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device", CANARY)

    monkeypatch.setattr(publish, "write_record", fail)
    with pytest.raises(OSError, match="No space"):
        run_study("tiny", again=True)
    monkeypatch.undo()
    project.check_the_good_report_stands()


def test_without_notebooks_there_is_no_report(project, monkeypatch):
    monkeypatch.setattr(runs, "list_notebooks", lambda place: [])
    with pytest.raises(ReportError, match="no notebook named NN_noun"):
        run_study("tiny")
    project.check_one_failure_is_shown("no notebook")


def test_who_withdrew_is_recalled_until_the_reports_of_before_are_gone(project):
    study = project.folder / "study.yaml"
    text = study.read_text().replace(
        "columns: {participant: id}",
        "columns: {participant: id, consent: may}\n"
        "    consent_values: {withdrawn: ['no'], quote: ['yes']}",
        1,
    )
    study.write_text(text)
    (project.folder / "survey.csv").write_text("id,why,may\nc1,So slow.,yes\nc2,Easy.,no\n")
    said = cjm("run", "tiny").output
    assert f"Delete those: {project.run_id}, under" in said
    (project.folder / "events.csv").write_text(
        (project.folder / "events.csv").read_text() + "c3,view,2026-03-02 10:00\n"
    )
    said = cjm("run", "tiny").output
    assert f"Delete those: {project.run_id}, under" in said  # and no report made since
    shutil.rmtree(project.reports / project.run_id)
    said = cjm("run", "tiny", "--again").output
    assert "withdrawn" not in said


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
    first, second = run_study("tiny", again=True), run_study("tiny", again=True)
    assert first.run_dir != second.run_dir
    assert first.index.is_file()
    assert second.index.is_file()


def test_a_run_of_an_unknown_study_makes_nothing(project, no_kernel):
    with pytest.raises(CjmError, match="Did you mean 'tiny'"):
        run_study("tinny")
    assert [path.name for path in (project.root / "reports").iterdir() if path.is_dir()] == ["tiny"]


def test_json_is_one_line_for_other_programs(project, no_kernel):
    done = cjm("run", "tiny", "--json", "--again")
    assert done.exit_code == 0
    (line,) = done.stdout.strip().splitlines()
    said = json.loads(line)
    assert set(said) == {"run_dir", "status", "made", "seconds", "stages"}
    assert (said["status"], said["made"]) == ("good", True)
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
    state = json.loads((project.reports / "state.json").read_text())
    assert (state["state"], state["pid"]) == ("running", process.pid)
    assert [name for name in project.runs() if not name.startswith(".tmp")] == [project.run_id]
    assert (project.reports / "latest").resolve().name == project.run_id
    project.notebook.write_bytes(good)
    assert not run_study("tiny").made
    project.check_one_failure_is_shown("the run was ended from outside")
    assert project.failures()[0]["run_id"] == state["run_id"]


@pytest.mark.skipif(os.name != "posix", reason="signals a process")
def test_a_run_that_is_asked_to_end_cleans_up_and_says_so(project, notebook, cells, tmp_path):
    note = tmp_path / "pid"
    cell = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))"
    notebook(project.notebook, f"{cell}\ntime.sleep(120)", cells["sentinel"])
    process = subprocess.Popen([sys.executable, "-m", "cjm_research.cli", "run", "tiny", "--quiet"])
    for _ in range(1200):
        if note.is_file() and note.read_text():
            break
        time.sleep(0.1)
    process.terminate()
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    project.check_one_failure_is_shown("the run was ended from outside")
    kernel = int(note.read_text())
    for _ in range(100):
        if not Path(f"/proc/{kernel}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{kernel}").exists()
