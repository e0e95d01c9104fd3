import json
import shutil
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from filelock import FileLock

from cjm_research.cli import main
from cjm_research.reporting.retention import find_old_runs
from cjm_research.study import find_study

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)


def add_run(reports, day, status="good"):
    run_id = f"2026-05-{day:02d}T060000"
    folder = reports / (run_id if status == "good" else f"{run_id}-failed")
    folder.mkdir(parents=True)
    record = {"run_id": run_id, "status": status, "started": f"2026-05-{day:02d}T06:00:00Z"}
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "index.html").write_text("x" * 100)
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "old"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text("")
    reports = tmp_path / "reports" / "old"
    for day in (1, 3, 5, 7):
        add_run(reports, day)
    for day in (2, 6, 8):
        add_run(reports, day, "timed out" if day == 8 else "failed")
    (reports / "latest").symlink_to("2026-05-07T060000")
    monkeypatch.chdir(tmp_path)
    return find_study("old")


def names(runs):
    return [f"{run.folder.name[8:10]}{'-' if run.status != 'good' else ''}" for run in runs]


@pytest.mark.parametrize(
    ("keep", "old"),
    [
        (1, ["01", "02-", "03", "05", "06-"]),
        (2, ["01", "02-", "03"]),
        (3, ["01", "02-"]),
        (9, []),
    ],
)
def test_the_newest_good_runs_stay_and_failures_go_with_their_time(place, keep, old):
    assert names(find_old_runs(place, keep=keep, now=NOW)) == old


def test_where_latest_leads_stays_however_old_it_is(place):
    link = place.reports / "latest"
    link.unlink()
    link.symlink_to("2026-05-01T060000")
    assert names(find_old_runs(place, keep=1, now=NOW)) == ["02-", "03", "05", "06-"]


def test_what_is_young_stays(place):
    assert names(find_old_runs(place, keep=1, older_than_days=27, now=NOW)) == ["01", "02-", "03"]


def test_of_endless_failures_only_the_newest_stay(place):
    for day in (9, 10, 11):
        add_run(place.reports, day, "failed")
    assert names(find_old_runs(place, keep=4, now=NOW)) == ["02-", "06-"]


def test_without_any_good_run_the_newest_failures_stay(place):
    for folder in place.reports.glob("*T060000"):
        shutil.rmtree(folder)
    assert names(find_old_runs(place, keep=1, now=NOW)) == ["02-", "06-"]


def test_each_part_of_a_study_keeps_its_own(place):
    part = place.reports / "batch" / "device-phone"
    for day in (1, 2):
        add_run(part, day)
    (part / "latest").symlink_to("2026-05-02T060000")
    assert names(find_old_runs(place, keep=9, now=NOW)) == []
    old = find_old_runs(place, keep=1, now=NOW)
    assert part / "2026-05-01T060000" in [run.folder for run in old]
    assert part / "2026-05-02T060000" not in [run.folder for run in old]


def test_nothing_can_be_kept_of_nothing(place):
    with pytest.raises(ValueError, match="at least one"):
        find_old_runs(place, keep=0)


def prune(*options):
    return CliRunner().invoke(main, ["prune", "old", *options], catch_exceptions=False)


def test_pruning_only_lists_until_it_is_told_to_remove(place):
    before = sorted(place.reports.rglob("*"))
    done = prune("--keep", "2")
    assert done.exit_code == 0
    assert "reports/old/2026-05-01T060000  good" in done.stdout
    assert "3 runs" in done.stdout
    assert "would be removed" in done.stdout
    assert sorted(place.reports.rglob("*")) == before
    done = prune("--keep", "2", "--yes")
    assert "3 runs, 0.0 MB removed." in done.stdout
    left = sorted(path.name for path in place.reports.iterdir())
    assert left == [
        "2026-05-05T060000", "2026-05-06T060000-failed", "2026-05-07T060000",
        "2026-05-08T060000-failed", "latest",
    ]  # fmt: skip
    index = (place.reports.parent / "index.html").read_text()
    assert "2026-05-05T060000" in index
    assert "2026-05-03T060000" not in index
    assert "Nothing to do" in prune("--keep", "2").stdout


def test_a_study_that_is_being_run_is_not_pruned(place):
    with FileLock(place.reports.parent / ".old.lock"):
        done = prune("--keep", "1", "--yes")
    assert done.exit_code == 3
    assert len(list(place.reports.glob("2026*"))) == 7


def test_to_keep_nothing_is_a_usage_error(place):
    assert prune("--keep", "0").exit_code == 2
