import json
import shutil
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from filelock import FileLock

from cjm_research.cli import main
from cjm_research.config import SchedulePart
from cjm_research.errors import ConfigError
from cjm_research.reporting import every_study, states
from cjm_research.reporting.due import last_as_of
from cjm_research.reporting.every_study import find_due_day

MONTHLY = "schedule: {every: month, time_zone: Europe/Berlin}\n"


def cjm(*arguments):
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def this_month():
    schedule = SchedulePart(every="month", time_zone="Europe/Berlin")
    return last_as_of(schedule, datetime.now(UTC))


def set_schedule(project, text=MONTHLY):
    path = project.folder / "study.yaml"
    path.write_text(path.read_text() + text)


def add_record(project, as_of, status="good", run_id="2026-05-01T060000", started=None):
    folder = project.reports / (run_id if status == "good" else f"{run_id}-failed")
    folder.mkdir()
    record = {
        "run_id": run_id, "status": status, "as_of": str(as_of),
        "started": started or "2026-05-01T06:00:00Z",
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))


def add_broken(project, name="broken"):
    folder = project.folder.parent / name
    folder.mkdir()
    (folder / "study.yaml").write_text("title: [")
    return folder


def test_what_is_due_is_asked_of_study_yaml_and_of_the_runs(project):
    with pytest.raises(ConfigError, match="there is no `schedule`"):
        find_due_day("tiny")
    set_schedule(project)
    now = datetime(2026, 5, 12, tzinfo=UTC)
    assert find_due_day("tiny", now=now) == date(2026, 4, 30)
    add_record(project, "2026-04-30")
    assert find_due_day("tiny", now=now) is None


def test_a_run_that_looked_back_from_no_day_does_for_no_period(project):
    set_schedule(project)
    assert json.loads(project.good["run.json"])["as_of"] == ""
    assert find_due_day("tiny") == this_month()


def test_nothing_due_has_an_exit_code_of_its_own_and_prints_nothing(project):
    set_schedule(project)
    add_record(project, this_month())
    done = cjm("run", "tiny", "--due", "--quiet")
    assert (done.exit_code, done.output) == (5, "")
    done = cjm("run", "--all", "--due", "--quiet")
    assert (done.exit_code, done.output) == (5, "")


def test_a_dry_run_says_what_would_be_run_and_runs_nothing(project):
    set_schedule(project)
    before = sorted(project.root.rglob("*"))
    done = cjm("run", "tiny", "--due", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout == f"tiny: would be run, looking back from {this_month()}\n"
    done = cjm("run", "--all", "--due", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout == f"tiny: due  looking back from {this_month()}\n"
    after = [path for path in sorted(project.root.rglob("*")) if path.suffix != ".lock"]
    assert after == [path for path in before if path.suffix != ".lock"]


@pytest.mark.parametrize(
    "options",
    [
        ("tiny", "--all"), ("--all", "-p", "top=3"), ("tiny", "--dry-run"),
        ("tiny", "--due", "--as-of", "2026-04-30"), ("tiny", "--as-of", "2026-02-30"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_a_usage_error(project, options):
    done = cjm("run", *options)
    assert done.exit_code == 2
    project.check_the_good_report_stands()


@pytest.fixture
def children(monkeypatch):
    """Stand in for the processes of the studies: name to what each says last."""
    said, started = {}, []

    def start(root, name, as_of, again, quiet):
        state = states.read_state(root / "reports" / name)
        waiting = [
            path.parent.name
            for path in sorted((root / "reports").glob("*/state.json"))
            if states.read_state(path.parent)["state"] == "queued"
        ]
        started.append((name, as_of, state.get("state"), waiting))
        return {"study": name} | said.get(name, {"status": "good", "run_dir": "x", "made": True})

    monkeypatch.setattr(every_study, "_run_one", start)
    return said, started


def copy_study(project, *names):
    for name in names:
        shutil.copytree(project.folder, project.folder.parent / name)


def test_all_studies_wait_and_are_run_one_after_the_other(project, children):
    copy_study(project, "alpha", "zeta")
    done = cjm("run", "--all", "--as-of", "2026-04-30")
    assert done.exit_code == 0
    day = date(2026, 4, 30)
    assert [run[:3] for run in children[1]] == [
        ("alpha", day, "queued"), ("tiny", day, "queued"), ("zeta", day, "queued"),
    ]  # fmt: skip
    assert children[1][0][3] == ["alpha", "tiny", "zeta"]
    assert project.leftovers() == []
    lines = done.stdout.splitlines()
    assert lines == [f"{name}: good  x/index.html" for name in ("alpha", "tiny", "zeta")]


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (("good", "good"), 0), (("failed", "good"), 1), (("timed out", "good"), 1),
        (("busy", "good"), 3), (("busy", "failed"), 1),
    ],
)  # fmt: skip
def test_the_exit_code_tells_the_worst_and_the_others_are_run_all_the_same(
    project, children, statuses, code
):
    copy_study(project, "alpha")
    for name, status in zip(("alpha", "tiny"), statuses, strict=True):
        children[0][name] = {"status": status, "run_dir": None, "reason": "because"}
    done = cjm("run", "--all", "--quiet")
    assert done.exit_code == code
    assert [run[0] for run in children[1]] == ["alpha", "tiny"]
    bad = [status for status in statuses if status in ("failed", "timed out")]
    assert done.stdout.count("because") == len(bad)


def test_only_what_is_due_is_run_and_a_broken_study_is_told(project, children):
    copy_study(project, "alpha", "beta")
    set_schedule(project)
    beta = project.folder.parent / "beta" / "study.yaml"
    beta.write_text(beta.read_text() + "schedule: {every: day}\n")
    add_broken(project)
    done = cjm("run", "--all", "--due", "--json")
    assert done.exit_code == 1
    assert [(run[0], run[1]) for run in children[1]][1] == ("tiny", this_month())
    told = {said["study"]: said["status"] for said in map(json.loads, done.stdout.splitlines())}
    assert told == {"broken": "failed", "beta": "good", "tiny": "good"}


def test_two_that_run_all_studies_do_not_meet(project, children):
    with FileLock(project.root / "reports" / ".queue.lock"):
        done = cjm("run", "--all", "--quiet")
    assert done.exit_code == 3
    assert "all studies are being run already" in done.stderr
    assert children[1] == []


def test_each_study_is_run_in_a_process_of_its_own(project):
    add_broken(project)
    done = cjm("run", "--all", "--json", "--quiet")
    assert done.exit_code == 1
    broken, tiny = map(json.loads, done.stdout.splitlines())
    assert (broken["study"], broken["status"]) == ("broken", "failed")
    assert "cjm check broken" in broken["reason"]
    assert (tiny["study"], tiny["status"], tiny["made"]) == ("tiny", "good", False)
    assert tiny["run_dir"] == f"reports/tiny/{project.run_id}"
    project.check_the_good_report_stands()
    index = (project.root / "reports" / "index.html").read_text()
    assert "cjm check broken" in index


def test_a_scheduled_report_is_the_same_on_any_day_and_made_once(project, monkeypatch):
    from cjm_research.reporting import making

    monkeypatch.setattr(making, "make_chapters", lambda *args, **options: [])
    set_schedule(project)
    done = cjm("run", "tiny", "--due", "--json", "--quiet")
    assert done.exit_code == 0, done.output
    record = json.loads(
        (project.root / json.loads(done.stdout)["run_dir"] / "run.json").read_text()
    )
    assert record["as_of"] == str(this_month())
    assert cjm("run", "tiny", "--due", "--quiet").exit_code == 5
