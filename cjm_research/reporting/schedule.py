"""Ready entries for schedulers: text that starts one command, which itself knows what is due."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from cjm_research.errors import UnknownNameError

NOTHING_DUE = 5


@dataclass(frozen=True)
class Job:
    """What a scheduler has to start.

    Attributes
    ----------
    project : Path
        The project's folder.
    program : Path
        The command `cjm` of its environment.
    study : str
        Name of a study; empty for all of them.
    """

    project: Path
    program: Path
    study: str = ""

    @property
    def name(self) -> str:
        """Name of the entry."""
        return f"cjm-{self.study}" if self.study else "cjm"

    @property
    def arguments(self) -> str:
        """What follows `cjm`."""
        return f"run {self.study or '--all'} --due --quiet"


def describe_schedule(job: Job, scheduler: str) -> str:
    """Return the entry of a scheduler, with comments that say where it goes.

    Parameters
    ----------
    job : Job
    scheduler : {"cron", "systemd", "windows", "github", "airflow"}

    Raises
    ------
    UnknownNameError
    """
    if scheduler not in SCHEDULERS:
        raise UnknownNameError("scheduler", scheduler, SCHEDULERS)
    return SCHEDULERS[scheduler](job)


def _cron(job: Job) -> str:
    command = f"cd {_shell(job.project)} && {_shell(job.program)} {job.arguments}"
    return f"""\
# Add with `crontab -e`. Every hour; cjm makes only what is due, once, by the time_zone of each
# study.yaml: a start that is missed, or comes twice when clocks change, does no harm.
# (CRON_TZ would only shift the minute at which cron starts it, and not every cron knows it.)
# Nothing is printed when all is well, so that mail from cron means a failure.
# A run that is still going is not started again: no flock is needed.
17 * * * * {command.replace("%", chr(92) + "%")}
"""


def _systemd(job: Job) -> str:
    return f"""\
# ~/.config/systemd/user/{job.name}.service
[Unit]
Description=Journey reports that are due

[Service]
Type=oneshot
WorkingDirectory={str(job.project).replace("%", "%%")}
ExecStart={_unit(_quoted(job.program))} {job.arguments}
# {NOTHING_DUE}: nothing was due. 3: it is being run already.
SuccessExitStatus=3 {NOTHING_DUE}
Nice=10

# ~/.config/systemd/user/{job.name}.timer
[Unit]
Description=Look every hour which journey reports are due

[Timer]
OnCalendar=hourly
# After a time without power, start once for all that was missed.
Persistent=true
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target

# Then: systemctl --user daemon-reload && systemctl --user enable --now {job.name}.timer
# To run while nobody is logged in: loginctl enable-linger
"""


def _windows(job: Job) -> str:
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<!-- Save as {job.name}.xml (encoding UTF-16), then:
     schtasks /Create /TN "{escape(job.name)}" /XML {job.name}.xml
     Exit code {NOTHING_DUE} means that nothing was due, 3 that it is being run already. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Journey reports that are due</Description></RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T00:17:00</StartBoundary>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
      <Repetition><Interval>PT1H</Interval><Duration>P1D</Duration></Repetition>
    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT6H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec>
      <Command>{escape(str(job.program))}</Command>
      <Arguments>{escape(job.arguments)}</Arguments>
      <WorkingDirectory>{escape(str(job.project))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _github(job: Job) -> str:
    return f"""\
# .github/workflows/{job.name}.yml
# Participants' data must not lie on a hosted runner, nor in the repository: `self-hosted` is a
# machine of your own, which keeps data/raw, the vault and the reports.
name: {job.name}
on:
  schedule:
    - cron: "17 * * * *"  # UTC; GitHub may start late or leave a start out, which does no harm
  workflow_dispatch:
permissions:
  contents: read
concurrency: {job.name}
jobs:
  report:
    runs-on: self-hosted
    timeout-minutes: 360
    steps:
      - name: Make what is due
        working-directory: {_yaml(job.project)}
        shell: bash
        run: |
          # The environment is the one that requirements/ locks.
          status=0
          {_shell(job.program)} {job.arguments} || status=$?
          # {NOTHING_DUE}: nothing was due. 3: it is being run already.
          case $status in 0|3|{NOTHING_DUE}) exit 0;; *) exit "$status";; esac
"""


def _airflow(job: Job) -> str:
    command = f"cd {_shell(job.project)} && {_shell(job.program)} {job.arguments}"
    return f"""\
# dags/{job.name.replace("-", "_")}.py
from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator  # 2.x: airflow.operators.bash

with DAG(
    "{job.name}",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # cjm makes up for the newest period that was missed
    max_active_runs=1,
):
    BashOperator(
        task_id="run",
        bash_command={command!r},
        skip_on_exit_code=[3, {NOTHING_DUE}],  # being run already, nothing due
        execution_timeout=timedelta(hours=6),
    )
"""


SCHEDULERS = {
    "cron": _cron,
    "systemd": _systemd,
    "windows": _windows,
    "github": _github,
    "airflow": _airflow,
}


def _shell(path: Path) -> str:
    return "'" + str(path).replace("'", "'\"'\"'") + "'"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unit(text: str) -> str:
    """Return a text for a unit file, where `%` and `$` stand for other things."""
    return text.replace("%", "%%").replace("$", "$$")


def _yaml(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
