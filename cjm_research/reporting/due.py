"""When a report is due: one a calendar period, whenever the scheduler comes to it.

The report of a period looks back from the last day before the period began, so that it is the
same on any day of the period. Of periods that were missed, only the newest is made up for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cjm_research.config import SchedulePart

TRIES = 3
"""Failed runs of one period after which the next try waits."""
WAIT_AFTER = timedelta(hours=20)

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class PastRun:
    """A run of a study, for the question what is due.

    Attributes
    ----------
    as_of : date
        The day that it looked back from.
    good : bool
    started : datetime
        With a time zone.
    """

    as_of: date
    good: bool
    started: datetime


def find_due(schedule: SchedulePart, now: datetime, runs: Iterable[PastRun]) -> date | None:
    """Return the day that the report which is due looks back from, or None.

    A period with a good run is done. One that failed is tried again at the next start, and
    after three failures no more than about once a day.

    Parameters
    ----------
    schedule : SchedulePart
        `schedule:` of study.yaml.
    now : datetime
        With a time zone.
    runs : iterable of PastRun
        Of the whole study, in any order.
    """
    as_of = last_as_of(schedule, now)
    tried = [run for run in runs if run.as_of == as_of]
    if any(run.good for run in tried):
        return None
    if len(tried) >= TRIES and now - max(run.started for run in tried) < WAIT_AFTER:
        return None
    return as_of


def last_as_of(schedule: SchedulePart, now: datetime) -> date:
    """Return the day before the newest period whose report is due or was.

    Before `due_on` of the present period that is the day before the period before it.

    Raises
    ------
    ValueError
        If `now` has no time zone: on which day it falls would depend on the machine.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    today = now.astimezone(ZoneInfo(schedule.time_zone)).date()
    start = _start_of_period(schedule.every, today)
    if today < start + timedelta(days=_wait(schedule)):
        start = _start_of_period(schedule.every, start - timedelta(days=1))
    return start - timedelta(days=1)


def _start_of_period(every: str, day: date) -> date:
    if every == "week":
        return day - timedelta(days=day.weekday())
    if every == "month":
        return day.replace(day=1)
    if every == "quarter":
        return date(day.year, day.month - (day.month - 1) % 3, 1)
    return day


def _wait(schedule: SchedulePart) -> int:
    """Return the days from a period's start to the first day on which its report is due."""
    if isinstance(schedule.due_on, str):
        return _WEEKDAYS.index(schedule.due_on)
    return (schedule.due_on or 1) - 1
