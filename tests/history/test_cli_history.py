"""`cjm verify` and `cjm changes`, from a terminal."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cjm_research.cli_history import changes, verify
from cjm_research.errors import ReportError
from cjm_research.reporting import again
from cjm_research.reporting.again import Again, run_again
from cjm_research.reporting.manifest import hash_pages, read_manifest, write_manifest
from cjm_research.reporting.runs import Run
from cjm_research.study import Study, find_study


def publish(reports, manifest, page="<p>one</p>"):
    folder = reports / manifest["run_id"]
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(page)
    write_manifest(folder, manifest | {"pages": hash_pages(folder)})
    return folder


@pytest.fixture
def reports(tmp_path, monkeypatch, before, now):
    study = tmp_path / "data" / "raw" / "tiny"
    study.mkdir(parents=True)
    (study / "study.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    now["figures"]["behaviour:buy"] |= {"value": 0.7, "low": 0.66, "high": 0.74}
    folder = tmp_path / "reports" / "tiny"
    publish(folder, before)
    publish(folder, now | {"started": "2026-04-01T10:00:00Z"})
    (folder / "latest").symlink_to(now["run_id"])
    return folder


def call(command, *arguments):
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_verify_says_what_was_checked(reports, before):
    for arguments in (("tiny",), ("tiny", before["run_id"]), (reports / before["run_id"],)):
        done = call(verify, *arguments)
        assert done.exit_code == 0
        assert "1 files are as they were published" in done.output


def test_verify_fails_and_lists_what_is_wrong(reports):
    (reports / "latest" / "index.html").write_text("<p>two</p>")
    (reports / "latest" / "more.html").write_text("")
    done = call(verify, "tiny")
    assert done.exit_code == 1
    assert "! index.html is not what the run published" in done.output
    assert "! more.html is no part of the run" in done.output


def test_verify_of_a_run_that_is_not_there_names_those_that_are(reports):
    done = call(verify, "tiny", "yesterday")
    assert isinstance(done.exception, ReportError)
    assert "2026-04-01T100000" in str(done.exception)


def test_changes_compares_the_latest_with_its_predecessor(reports, before, now):
    done = call(changes, "tiny")
    assert done.exit_code == 0
    assert done.output.startswith(f"run {before['run_id']} → run {now['run_id']}\n")
    assert "Moved beyond their noise" in done.output


def test_changes_compares_any_two_runs(reports, before, now):
    done = call(changes, "tiny", now["run_id"], before["run_id"])
    plain = done.output.replace("\u202f", " ")
    assert "70 % (66–74 %), 200 of 400 → 50 % (45–55 %)" in plain
    assert call(changes, "tiny", "a", "b", "c").exit_code == 2


def test_the_first_run_has_no_predecessor(reports, before):
    done = call(changes, "tiny", before["run_id"])
    assert done.output == "There is no earlier report to compare this one with.\n"


def test_earlier_runs_that_cannot_be_compared_are_not_called_none(reports, before, now):
    (reports / before["run_id"] / "manifest.json").unlink()
    record = reports / before["run_id"] / "run.json"
    record.write_text('{"status": "good"}')
    done = call(changes, "tiny", now["run_id"])
    assert done.exit_code == 0, done.output
    assert f"There are earlier reports ({before['run_id']}), but none can" in done.output
    assert "manifest.json is missing" in done.output


def test_changes_writes_a_page(reports, tmp_path):
    done = call(changes, "tiny", "--out", tmp_path / "changes.html")
    assert done.output.strip() == str(tmp_path / "changes.html")
    assert "What changed" in (tmp_path / "changes.html").read_text()


def test_changes_of_a_run_without_a_manifest_says_what_to_do(reports, before):
    (reports / before["run_id"] / "manifest.json").write_text("{")
    done = call(changes, "tiny", before["run_id"])
    assert isinstance(done.exception, ReportError)
    assert "cjm run" in str(done.exception)


@pytest.fixture
def published(folder, manifest_of):
    """A run of the real tiny study, with the one that it was compared with."""
    place = replace(find_study("tiny"))
    first = publish(place.reports, manifest_of(run_id="r1"))
    target = publish(place.reports, manifest_of(run_id="r2", before={"run_id": "r1"}))
    assert read_manifest(target)["compared_with"] == first.name
    return place, target


def repeat(monkeypatch, *, page):
    """Stand in for the run itself: only where it is made and what comes out matter here."""
    seen = {}

    def run(name, **given):
        place = find_study(name)
        seen.update(
            given, reports=place.reports, had=sorted(p.name for p in place.reports.glob("*"))
        )
        known = {"run_id": "again", "key": "k" * 64}
        return Run(Study(place), publish(place.reports, known, page), 1.0)

    monkeypatch.setattr(again, "run_study", run)
    monkeypatch.setattr(again, "list_notebooks", lambda place: [])
    return seen


def test_made_again_elsewhere_the_same_files_come_out(published, monkeypatch, tmp_path):
    place, target = published
    before = sorted(path.name for path in place.reports.iterdir())
    seen = repeat(monkeypatch, page="<p>one</p>")
    assert run_again(place, target) == Again(n_same=1)
    assert seen["again"] is True
    assert seen["had"] == ["r1"]  # what it was compared with
    assert not seen["reports"].is_relative_to(tmp_path)
    assert not seen["reports"].exists()
    assert sorted(path.name for path in place.reports.iterdir()) == before


def test_files_that_come_out_otherwise_are_named(published, monkeypatch):
    place, target = published
    repeat(monkeypatch, page="<p>two</p>")
    assert run_again(place, target) == Again(differing=("index.html",), n_same=0)


def test_a_lost_predecessor_is_said(published, monkeypatch):
    place, target = published
    (place.reports / "r1" / "manifest.json").unlink()
    repeat(monkeypatch, page="<p>two</p>")
    assert "r1, which it was compared with, is no longer there" in run_again(place, target).note


def test_where_inputs_differ_nothing_is_run(published, monkeypatch, folder):
    place, target = published
    seen = repeat(monkeypatch, page="<p>one</p>")
    (folder / "events.csv").write_text((folder / "events.csv").read_text() + "c4,view,2026-03-02\n")
    assert run_again(place, target).inputs == ("data",)
    assert seen == {}


def test_the_command_says_how_making_it_again_went(published, monkeypatch):
    _, target = published
    repeat(monkeypatch, page="<p>one</p>")
    done = call(verify, "tiny", target.name, "--again")
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0, "Made again from the same inputs: all 1 files are the same."
    )  # fmt: skip
    repeat(monkeypatch, page="<p>two</p>")
    done = call(verify, "tiny", target.name, "--again")
    assert done.exit_code == 1
    assert "! index.html came out otherwise." in done.output
    record = json.loads((target / "manifest.json").read_text())
    write_manifest(target, record | {"input_hashes": {}})
    done = call(verify, "tiny", target.name, "--again")
    assert done.exit_code == 1
    assert "these inputs differ now: data" in done.output
