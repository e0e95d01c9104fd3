import json
import os
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from cjm_research.reporting import publish, states


def make_run(folder, run_id, text="old"):
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(text)
    publish.write_record(folder, {"run_id": run_id, "status": "good", "started": "x"})
    return folder


@pytest.fixture
def root(tmp_path):
    reports = tmp_path / "reports" / "tiny"
    publish.publish(make_run(reports / ".tmp-1", "r1"), reports / "r1")
    (tmp_path / "data" / "processed" / "tiny").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def reports(root):
    return root / "reports" / "tiny"


def test_a_published_run_is_where_latest_leads(reports):
    assert (reports / "latest" / "index.html").read_text() == "old"
    assert publish.is_latest(reports / "r1")
    assert publish.last_good(reports) == reports / "r1"
    assert sorted(path.name for path in reports.iterdir()) == ["latest", "r1"]


@pytest.mark.skipif(os.name != "posix", reason="symlinks")
def test_latest_is_there_at_every_moment_of_a_hundred_publications(reports):
    missed, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            try:
                (reports / "latest" / "index.html").read_text()
            except OSError as error:
                missed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 102):
        working = make_run(reports / f".tmp-{number}", f"r{number}", "new")
        publish.publish(working, reports / f"r{number}")
    stop.set()
    reader.join()
    assert missed == []
    assert publish.last_good(reports) == reports / "r101"


def test_without_symlinks_a_copy_serves_the_same_address(reports, monkeypatch):
    def refuse(*args, **options):
        raise OSError(1314, "a privilege is missing")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for number in (2, 3):
        working = make_run(reports / f".tmp-{number}", f"r{number}", f"text {number}")
        publish.publish(working, reports / f"r{number}")
        assert not (reports / "latest").is_symlink()
        assert (reports / "latest" / "index.html").read_text() == f"text {number}"
        assert publish.is_latest(reports / f"r{number}")
    monkeypatch.undo()
    publish.publish(make_run(reports / ".tmp-4", "r4"), reports / "r4")
    assert (reports / "latest").is_symlink()
    assert sorted(p.name for p in reports.iterdir()) == ["latest", "r1", "r2", "r3", "r4"]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("call", ["rename", "symlink_to", "replace"])
def test_a_kill_while_publishing_leaves_one_whole_report_and_the_next_run_heals(
    root, reports, monkeypatch, call
):
    working = make_run(reports / ".tmp-2", "r2", "new")
    states.write_state(reports, "running", run_id="r2", started="2026-05-01T06:00:00Z")

    def kill(*args, **options):
        raise Killed

    monkeypatch.setattr(Path, call, kill)
    with pytest.raises(Killed):
        publish.publish(working, reports / "r2")
    monkeypatch.undo()
    assert (reports / "latest" / "index.html").read_text() == "old"
    assert publish.settle(root, "tiny")
    publish.sweep(reports, root / "data" / "processed" / "tiny")
    if call == "rename":  # it never became a report
        assert (reports / "latest" / "index.html").read_text() == "old"
        record = json.loads((reports / "r2-failed" / "run.json").read_text())
        assert record["reason"] == states.ENDED_FROM_OUTSIDE
        assert sorted(p.name for p in reports.iterdir()) == ["latest", "r1", "r2-failed"]
    else:  # it was one already
        assert (reports / "latest" / "index.html").read_text() == "new"
        assert sorted(p.name for p in reports.iterdir()) == ["latest", "r1", "r2"]
    assert not publish.settle(root, "tiny")


def test_what_was_killed_is_put_right_by_the_next_list_of_reports(root, reports):
    states.write_state(reports, "running", run_id="r2", started="2026-05-01T06:00:00Z")
    index = publish.update_index(root).read_text()
    assert "the run was ended from outside" in index
    assert states.read_state(reports) == {}
    page = (reports / "r2-failed" / "index.html").read_text()
    assert "../latest/index.html" in page
    assert "cjm run tiny" in page


def test_a_run_whose_process_holds_the_lock_is_running(root, reports):
    states.write_state(reports, "running", run_id="r2", started="2026-05-01T06:00:00Z")
    with FileLock(root / "reports" / ".tiny.lock"):
        index = publish.update_index(root).read_text()
    assert 'data-status="running"' in index
    assert states.read_state(reports)["run_id"] == "r2"
    assert not (reports / "r2-failed").exists()


@pytest.mark.parametrize("held", [True, False])
def test_a_study_waits_only_as_long_as_somebody_runs_the_queue(root, reports, held):
    states.write_state(reports, "queued", started="2026-05-01T06:00:00Z")
    lock = FileLock(root / "reports" / ".queue.lock")
    if held:
        lock.acquire()
    index = publish.update_index(root).read_text()
    lock.release()
    assert ('data-status="queued"' in index) is held
    assert bool(states.read_state(reports)) is held
    assert not list(reports.glob("*-failed"))


def test_a_sweep_removes_links_files_and_folders_and_nothing_else(root, reports):
    (reports / ".tmp-latest").symlink_to("r1")
    (reports / ".tmp-state.json").write_text("{")
    (reports / ".tmp-abc" / "deep").mkdir(parents=True)
    processed = root / "data" / "processed" / "tiny"
    (processed / ".run-abc").mkdir()
    (processed / "evidence").mkdir()
    publish.sweep(reports, processed)
    assert sorted(p.name for p in reports.iterdir()) == ["latest", "r1"]
    assert [p.name for p in processed.iterdir()] == ["evidence"]
    assert (reports / "r1" / "index.html").is_file()


def test_a_sweep_removes_half_written_tables_that_nobody_can_be_writing_any_more(root, reports):
    processed = root / "data" / "processed" / "tiny"
    for name in ("old", "young"):
        (processed / "evidence" / f".tmp-{name}").mkdir(parents=True)
        (processed / f".tmp-{name}").write_bytes(b"")
    then = time.time() - 2 * 86_400
    for path in processed.rglob(".tmp-old"):
        os.utime(path, (then, then))
    publish.sweep(reports, processed)
    left = sorted(path.relative_to(processed).as_posix() for path in processed.rglob(".tmp-*"))
    assert left == [".tmp-young", "evidence/.tmp-young"]


def test_a_record_that_cannot_be_read_hides_no_other_run(root, reports):
    (reports / "r0").mkdir()
    (reports / "r0" / "run.json").write_text("{")
    (reports / "r00").mkdir()
    (reports / "r00" / "run.json").write_text('["good"]')
    index = publish.update_index(root).read_text()
    assert "tiny/r1/index.html" in index
    assert "r00" not in index
