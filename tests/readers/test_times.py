import pandas as pd
import pytest

from cjm_research.errors import SourceError
from cjm_research.readers.times import read_times


def read(*cells, timezone="UTC", **more):
    return read_times(pd.Series(cells), timezone=timezone, where="a.csv, column 'at'", **more)


def iso(times):
    return [None if pd.isna(at) else at.strftime("%Y-%m-%dT%H:%M:%S") for at in times.utc]


def test_zones_of_values_win_over_the_declared_one():
    times = read(
        "2025-06-01 12:00",
        "2025-06-01T12:00:00Z",
        "2025-06-01T12:00:00.5+05:30",
        "2025-06-01",
        "",
        timezone="Europe/Berlin",
    )
    assert iso(times) == [
        "2025-06-01T10:00:00",
        "2025-06-01T12:00:00",
        "2025-06-01T06:30:00",
        "2025-05-31T22:00:00",
        None,
    ]
    assert len(times.unreadable) == 0


def test_fixed_offset_as_time_zone():
    assert iso(read("2015-12-21 22:21:51", timezone="-06:00")) == ["2015-12-22T04:21:51"]


def test_one_cell_settles_the_order_for_the_column():
    assert iso(read("03/04/2025", "13/04/2025")) == ["2025-04-03T00:00:00", "2025-04-13T00:00:00"]
    assert iso(read("03/04/2025 1:05 PM", "04/13/2025")) == [
        "2025-03-04T13:05:00",
        "2025-04-13T00:00:00",
    ]
    assert iso(read("03.04.2025", day_first=True)) == ["2025-04-03T00:00:00"]


@pytest.mark.parametrize(
    ("cells", "more"),
    [(["13/04/2025", "04/13/2025"], {}), (["04/13/2025"], {"day_first": True})],
)
def test_contradicting_orders_are_refused(cells, more):
    with pytest.raises(SourceError, match=r"a\.csv"):
        read(*cells, **more)


def test_clock_changes_are_counted_and_never_crash():
    times = read("2025-10-26 02:30", "2025-03-30 02:30", timezone="Europe/Berlin")
    # The first 02:30 is summer time (UTC+2); the gap moves on to 03:00 summer time.
    assert iso(times) == ["2025-10-26T00:30:00", "2025-03-30T01:00:00"]
    assert (times.doubled, times.skipped) == (1, 1)


def test_an_order_of_dates_that_no_cell_tells_is_asked_about():
    with pytest.raises(SourceError, match="may be day/month or month/day"):
        read("03/04/2025", "05/06/2025")


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("GMT+1", 14), ("GMT-5", 20), ("GMT+5:30", 9), ("UTC+01:00", 14), ("GMT", 15), ("+0100", 14)],
)
def test_google_writes_the_distance_from_gmt_with_one_digit(zone, hour):
    (time,) = iso(read(f"2024/01/31 3:04:05 PM {zone}", timezone="America/Denver"))
    assert time == f"2024-01-31T{hour:02}:{'34' if '30' in zone else '04'}:05"


@pytest.mark.parametrize("cell", ["soon", "2025-02-30", "2025-01-01 25:00", "1735689600", "1-1-1"])
def test_unreadable_cells_are_listed(cell):
    times = read("2025-01-01", cell)
    assert list(times.unreadable) == [1]


def test_naive_and_aware_datetimes():
    naive = read_times(
        pd.Series(pd.to_datetime(["2025-06-01 12:00"])), timezone="Europe/Berlin", where="a"
    )
    aware = read_times(
        pd.Series(pd.to_datetime(["2025-06-01 12:00+02:00"])), timezone="UTC", where="a"
    )
    assert iso(naive) == iso(aware) == ["2025-06-01T10:00:00"]


def test_an_unknown_zone_is_refused():
    with pytest.raises(SourceError, match="Europe/Berlin"):
        read("2025-01-01", timezone="Mars/Olympus")


def test_no_rows_have_no_times():
    assert iso(read_times(pd.Series([], dtype="object"), timezone="UTC", where="a.csv")) == []


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Mar 03, 2026 09:00 am", "2026-03-03T09:00:00"),  # Mailchimp's
        ("May 5, 2026, 1:02 PM", "2026-05-05T13:02:00"),
        ("3 March 2026", "2026-03-03T00:00:00"),
        ("Sept. 4 2026", "2026-09-04T00:00:00"),
        ("12-Jan-2026 13:00", "2026-01-12T13:00:00"),
        ("Tue, 3 Mar 2026 10:00:05 +0100", "2026-03-03T09:00:05"),
    ],
)
def test_a_month_by_its_english_name_needs_no_order(cell, expected):
    assert iso(read(cell, "2026-03-01")) == [expected, "2026-03-01T00:00:00"]


@pytest.mark.parametrize("cell", ["31 Feb 2026", "3 Mayor 2026", "Ma 3 2026", "March 2026"])
def test_words_that_are_no_month_are_not_read_as_one(cell):
    assert list(read("2025-01-01", cell).unreadable) == [1]
