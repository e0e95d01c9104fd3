import ast
import configparser
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.errors import UnknownNameError
from cjm_research.reporting.schedule import SCHEDULERS, Job, describe_schedule

ODD = Job(Path("/srv/50% off/Mara's $HOME"), Path("/srv/50% off/.venv/bin/cjm"), "demo")
ALL = Job(Path("/srv/research"), Path("/srv/research/.venv/bin/cjm"))


def words_of(command):
    return shlex.split(command)


def check_command(command, job=ODD):
    run = ["run", job.study or "--all", "--due", "--quiet"]
    assert words_of(command) == ["cd", str(job.project), "&&", str(job.program), *run]


def test_an_unknown_scheduler_is_named_with_those_there_are():
    with pytest.raises(UnknownNameError, match=r"no scheduler 'crontab'\. Did you mean 'cron'"):
        describe_schedule(ALL, "crontab")


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_entry_looks_for_what_is_due(scheduler):
    assert "run --all --due --quiet" in describe_schedule(ALL, scheduler)
    assert "run demo --due --quiet" in describe_schedule(ODD, scheduler)


def test_a_line_for_cron_survives_spaces_quotes_and_per_cent_signs():
    (line,) = [
        line for line in describe_schedule(ODD, "cron").splitlines() if not line.startswith("#")
    ]
    *times, command = line.split(" ", 5)
    assert times == ["17", "*", "*", "*", "*"]
    assert "%" not in command.replace("\\%", "")
    check_command(command.replace("\\%", "%"))


def test_units_for_systemd_are_read_as_meant():
    service, timer = describe_schedule(ODD, "systemd").split("# ~/.config/systemd/user/")[1:]
    units = []
    for text in (service, timer):
        unit = configparser.ConfigParser(interpolation=None, delimiters="=")
        unit.optionxform = str
        unit.read_string(text.partition("\n")[2])
        units.append(unit)
    run, wake = units
    assert run["Service"]["Type"] == "oneshot"
    assert set(run["Service"]["SuccessExitStatus"].split()) == {"3", "5"}
    assert run["Service"]["WorkingDirectory"] == "/srv/50%% off/Mara's $HOME"
    start = run["Service"]["ExecStart"].replace("%%", "%")
    assert words_of(start) == [str(ODD.program), "run", "demo", "--due", "--quiet"]
    assert wake["Timer"]["Persistent"] == "true"
    assert wake["Install"]["WantedBy"] == "timers.target"


def test_the_task_for_windows_is_xml_that_catches_up():
    job = Job(Path("C:/R&D <x>"), Path("C:/R&D <x>/cjm.exe"))
    text = describe_schedule(job, "windows").partition("\n")[2]
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    task = ElementTree.fromstring(text)
    assert task.findtext(".//t:Command", namespaces=space) == "C:/R&D <x>/cjm.exe"
    assert task.findtext(".//t:Arguments", namespaces=space) == job.arguments
    assert task.findtext(".//t:WorkingDirectory", namespaces=space) == "C:/R&D <x>"
    assert task.findtext(".//t:StartWhenAvailable", namespaces=space) == "true"
    assert task.findtext(".//t:MultipleInstancesPolicy", namespaces=space) == "IgnoreNew"


def test_the_workflow_keeps_data_off_hosted_runners():
    workflow = yaml.safe_load(describe_schedule(ODD, "github"))
    job = workflow["jobs"]["report"]
    assert job["runs-on"] == "self-hosted"
    assert workflow["permissions"] == {"contents": "read"}
    (step,) = job["steps"]
    assert step["working-directory"] == str(ODD.project)
    assert "0|3|5) exit 0" in step["run"]


def test_the_task_for_airflow_is_python_with_the_same_command():
    text = describe_schedule(ODD, "airflow")
    compile(text, "dag.py", "exec")
    (line,) = [line.strip() for line in text.splitlines() if "bash_command=" in line]
    check_command(ast.literal_eval(line.removeprefix("bash_command=").rstrip(",")))
    assert "skip_on_exit_code=[3, 5]" in text
    assert "catchup=False" in text


def test_the_command_prints_an_entry_and_installs_nothing(project):
    before = sorted(project.root.rglob("*"))
    done = CliRunner().invoke(main, ["schedule", "tiny", "--for", "cron"])
    assert done.exit_code == 0, done.output
    assert str(project.root) in done.stdout
    assert "run tiny --due" in done.stdout
    assert "CJM_VAULT is set here" in done.stderr
    assert CliRunner().invoke(main, ["schedule", "tinny", "--for", "cron"]).exit_code == 1
    assert sorted(project.root.rglob("*")) == before
