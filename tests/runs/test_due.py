from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from cjm_research.config import SchedulePart
from cjm_research.reporting.due import PastRun, find_due, last_as_of

BERLIN = ZoneInfo("Europe/Berlin")


def moment(text, zone=UTC):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def past(day, *, good=True, started="2026-05-01T06:00"):
    return PastRun(date.fromisoformat(day), good, moment(started))


@pytest.mark.parametrize(
    ("every", "due_on", "now", "as_of"),
    [
        ("day", None, "2026-05-01T00:00", "2026-04-30"),
        ("day", None, "2026-05-01T23:59", "2026-04-30"),
        ("week", None, "2026-05-04T00:00", "2026-05-03"),  # a Monday
        ("week", None, "2026-05-03T23:59", "2026-04-26"),
        ("week", "wednesday", "2026-05-05T12:00", "2026-04-26"),
        ("week", "wednesday", "2026-05-06T00:00", "2026-05-03"),
        ("month", None, "2026-05-01T00:00", "2026-04-30"),
        ("month", None, "2026-05-31T23:59", "2026-04-30"),
        ("month", 5, "2026-05-04T23:59", "2026-03-31"),
        ("month", 5, "2026-05-05T00:00", "2026-04-30"),
        ("month", None, "2026-01-15T00:00", "2025-12-31"),
        ("month", 20, "2026-01-15T00:00", "2025-11-30"),
        ("month", None, "2024-03-01T00:00", "2024-02-29"),
        ("quarter", None, "2026-06-30T00:00", "2026-03-31"),
        ("quarter", 10, "2026-07-09T00:00", "2026-03-31"),
        ("quarter", 10, "2026-07-10T00:00", "2026-06-30"),
        ("quarter", None, "2026-02-01T00:00", "2025-12-31"),
    ],
)
def test_a_report_looks_back_from_the_day_before_its_period(every, due_on, now, as_of):
    schedule = SchedulePart(every=every, due_on=due_on)
    assert last_as_of(schedule, moment(now)) == date.fromisoformat(as_of)


def test_a_day_begins_where_the_study_says():
    now = moment("2026-04-30T22:30")  # half past midnight of 1 May in Berlin
    assert last_as_of(SchedulePart(every="month"), now) == date(2026, 3, 31)
    berlin = SchedulePart(every="month", time_zone="Europe/Berlin")
    assert last_as_of(berlin, now) == date(2026, 4, 30)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        last_as_of(SchedulePart(every="day"), datetime(2026, 5, 1))


@pytest.mark.parametrize("every", ["day", "week", "month", "quarter"])
def test_of_hourly_starts_in_a_year_each_period_gets_one_report(every):
    schedule = SchedulePart(every=every, time_zone="Europe/Berlin")
    made, hour = [], moment("2026-01-01T00:00", BERLIN).astimezone(UTC)
    end = moment("2027-01-01T00:00", BERLIN).astimezone(UTC)
    while hour < end:
        found = find_due(schedule, hour, made)
        if found:
            made.append(PastRun(found, True, hour))
        hour += timedelta(hours=1)
    days = [run.as_of for run in made]
    assert len(days) == len(set(days)) == {"day": 365, "week": 53, "month": 12, "quarter": 4}[every]
    assert days == sorted(days)


def test_the_doubled_hour_gives_no_second_report():
    schedule = SchedulePart(every="day", time_zone="Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    day = find_due(schedule, first, [])
    assert day == date(2026, 10, 24)
    assert find_due(schedule, second, [PastRun(day, True, first)]) is None


def test_of_missed_periods_only_the_newest_is_made_up_for():
    schedule = SchedulePart(every="month")
    now = moment("2026-05-10T09:00")
    assert find_due(schedule, now, [past("2026-01-31")]) == date(2026, 4, 30)
    assert find_due(schedule, now, [past("2026-01-31"), past("2026-04-30")]) is None


def test_a_failed_run_does_not_do_for_its_period_and_is_not_tried_without_end():
    schedule, now = SchedulePart(every="month"), moment("2026-05-02T09:00")
    failed = past("2026-04-30", good=False, started="2026-05-02T08:00")
    assert find_due(schedule, now, [failed]) == date(2026, 4, 30)
    assert find_due(schedule, now, [failed] * 2) == date(2026, 4, 30)
    assert find_due(schedule, now, [failed] * 3) is None
    assert find_due(schedule, now + timedelta(days=1), [failed] * 3) == date(2026, 4, 30)
    old = past("2026-03-31", good=False, started="2026-05-02T08:00")
    assert find_due(schedule, now, [old] * 9) == date(2026, 4, 30)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"every": "day", "due_on": 3}, "no meaning"),
        ({"every": "week", "due_on": 3}, "a weekday"),
        ({"every": "month", "due_on": "monday"}, "a day's number"),
        ({"every": "month", "due_on": 31}, "28"),
        ({"every": "month", "time_zone": "Berlin"}, "no time zone 'Berlin'"),
        ({"every": "month", "time_zone": "../etc/passwd"}, "no time zone"),
        ({"every": "hour"}, "day"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_in_words(keys, words):
    with pytest.raises(ValidationError, match=words):
        SchedulePart(**keys)
