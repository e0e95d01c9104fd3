"""Which tables are taken for event logs without study.yaml, and how they are then read."""

import csv

import pytest

from cjm_research.config import Events
from cjm_research.readers import read_source, recognise_file

HEAD = "user_id,event_name,event_time\n"
UNITS = [("s", 1746093900), ("ms", 1746093900500), ("us", 1746093900500001)]


@pytest.mark.parametrize(("unit", "start"), UNITS)
@pytest.mark.parametrize("name", ["event_time", "ts", "eventTimestamp", "created_at"])
def test_numbers_since_1970_are_proposed_in_their_unit(write, unit, start, name):
    rows = [f"u{n % 2},{event},{start + n}\n" for n, event in enumerate(["search", "pay", "pay"])]
    guess = recognise_file(write("a.csv", HEAD.replace("event_time", name) + "".join(rows)))
    assert guess.kind == "events"
    assert guess.source["columns"]["occurred_at"] == name
    assert guess.source["time_unit"] == unit
    assert any("since 1970" in ask for ask in guess.asks)


@pytest.mark.parametrize("time", ["2026-03-01T10:00:00Z", "2026-03-01 10:00", "01.03.2026 10:00"])
def test_written_times_need_no_unit(write, time):
    guess = recognise_file(write("a.csv", f"{HEAD}u1,search,{time}\nu1,pay,{time}\n"))
    assert guess.source == {
        "columns": {
            "participant": "user_id", "event": "event_name", "occurred_at": "event_time",
        }
    }  # fmt: skip


def test_a_busy_first_day_that_may_be_march_or_january_is_told_by_a_later_one(write):
    rows = [f"u{n % 9},pay,03/01/2026 10:00\n" for n in range(300)] + ["u1,pay,03/31/2026 10:00\n"]
    guess = recognise_file(write("a.csv", HEAD + "".join(rows)))
    assert guess.kind == "events"
    assert not any("day_first" in ask for ask in guess.asks)


def test_a_log_of_dates_in_unknown_order_is_a_log_that_awaits_it(write):
    guess = recognise_file(write("a.csv", f"{HEAD}u1,search,03/01/2026\nu1,pay,03/02/2026\n"))
    assert guess.source["columns"]["occurred_at"] == "event_time"
    assert sum("day_first" in ask for ask in guess.asks) == 1


@pytest.mark.parametrize("number", ["17", "1746093900123456789", "-1746093900", "1746093900x", ""])
def test_other_numbers_are_no_times(write, number):
    guess = recognise_file(write("a.csv", f"{HEAD}u1,search,{number}\nu1,pay,{number}\n"))
    assert guess.kind == ""


def test_numbers_are_no_times_where_the_name_does_not_say_so(write):
    head = HEAD.replace("event_time", "amount")
    assert recognise_file(write("a.csv", f"{head}u1,a,1746093900\nu1,b,1746093901\n")).kind == ""


def test_columns_of_one_name_keep_no_log_from_being_recognised(write, tmp_path, journey):
    head = HEAD.replace("\n", ",tag,tag\n")
    text = f"{head}u1,search,2026-03-01 10:00,a,b\nu1,pay,2026-03-01 10:05,a,b\n"
    guess = recognise_file(write("a.csv", text))
    about = {"id": "log", "kind": guess.kind, "files": ["a.csv"], "sampling": "census"}
    source = Events.model_validate(about | guess.source)
    assert read_source(source, tmp_path, journey).events["event"].tolist() == ["search", "pay"]


def test_a_column_that_occurs_twice_is_never_proposed(write):
    head = HEAD.replace("event_time", "event_time,event_time,sent_at")
    time = "2026-03-01 10:00"
    text = f"{head}u1,a,{time},{time},{time}\nu1,b,{time},{time},{time}\n"
    assert recognise_file(write("a.csv", text)).source["columns"]["occurred_at"] == "sent_at"


def test_names_of_people_are_no_events(write):
    head = "member_id,name,joined_at\n"
    for name in ("Ana Weiß", "ana"):
        time = "2026-03-01 10:00"
        guess = recognise_file(write("a.csv", f"{head}1,{name},{time}\n1,{name},{time}\n"))
        assert guess.kind != "events"


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("ga4_export/event_data.csv", ("user_id", "name", "timestamp")),
        ("mixpanel/event.csv", ("distinct_id", "name", "time")),
        ("amplitude/amplitude_event_data.csv", ("device_id", "event_type", "event_time")),
    ],
)
def test_real_flat_exports_are_recognised_and_read(shared, tmp_path, journey, write, file, columns):
    path = shared / "export_samples" / file
    guess = recognise_file(path)
    names = ("participant", "event", "occurred_at")
    assert guess.source["columns"] == dict(zip(names, columns, strict=True))
    write("a.csv", path.read_bytes())
    about = {"id": "log", "kind": "events", "files": ["a.csv"], "sampling": "census"}
    events = read_source(Events.model_validate(about | guess.source), tmp_path, journey).events
    with path.open(newline="", encoding="utf-8") as stream:
        told = list(csv.DictReader(stream))
    assert len(events) == len(told)
    assert events["event"].tolist() == [row[columns[1]] for row in told]
