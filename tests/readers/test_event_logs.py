import pandas as pd
import pytest

from cjm_research.config import Events
from cjm_research.errors import SourceError, UnknownNameError
from cjm_research.readers import event_logs, read_source

COLUMNS = {"participant": "who", "event": "what", "occurred_at": "when", "value": "worth"}
CSV = """who,what,when,worth,secret
u1,search,2025-05-01T10:00:00Z,,x
u1,paid,2025-05-01T10:05:00Z,12.50,x
,search,2025-05-01T10:06:00Z,,x
u2,other,2025-05-01T10:07:00Z,much,x
"""


def source(**more):
    return Events.model_validate(
        {
            "id": "log",
            "kind": "events",
            "sampling": "census",
            "files": ["log.*"],
            "columns": COLUMNS,
        }
        | more
    )


def test_events_get_their_stage_by_name(write, tmp_path, journey):
    write("log.csv", CSV)
    material = read_source(source(wave="w1"), tmp_path, journey)
    events = material.events
    assert events["raw_id"].tolist() == ["u1", "u1", "u2"]
    # `paid` completes the last stage but is not an event of it.
    assert events["stage"].tolist() == ["find", "", ""]
    assert events["value"].tolist()[1] == 12.5
    assert str(events["occurred_at"].dt.tz) == "UTC"
    assert "secret" not in events
    assert set(events["wave"]) == {"w1"}
    what = material.quality.set_index("what")["n"]
    assert what["unattributed events (no participant), left out"] == 1
    assert what["values that are no number"] == 1
    assert what["events in no stage of the journey"] == 2
    assert material.people["raw_id"].tolist() == ["u1", "u2"]


def test_parquet_gives_the_same_as_csv(write, tmp_path, journey):
    frame = pd.DataFrame(
        {
            "who": [1, None],
            "what": ["pay", "pay"],
            "when": pd.to_datetime(["2025-05-01 12:00", "2025-05-01 12:00"]),
            "worth": [2, 3],
        }
    )
    frame.to_parquet(tmp_path / "log.parquet")
    events = read_source(source(timezone="Europe/Berlin"), tmp_path, journey).events
    assert events["raw_id"].tolist() == ["1"]
    assert events["occurred_at"].tolist() == [pd.Timestamp("2025-05-01T10:00Z")]
    assert events["stage"].tolist() == ["buy"]


def test_stages_by_column_by_name_or_id(write, tmp_path, journey):
    write("log.csv", "who,step,when\nu1,Find a plan,2025-05-01\nu1,buy,2025-05-01\n")
    columns = {"participant": "who", "stage": "step", "occurred_at": "when"}
    events = read_source(source(columns=columns), tmp_path, journey).events
    assert events["stage"].tolist() == events["event"].tolist() == ["find", "buy"]


def test_an_unknown_stage_names_the_file(write, tmp_path, journey):
    write("log.csv", "who,step,when\nu1,Byu,2025-05-01\n")
    columns = {"participant": "who", "stage": "step", "occurred_at": "when"}
    with pytest.raises(UnknownNameError, match=r"log\.csv.*no stage 'Byu'.*Allowed"):
        read_source(source(columns=columns), tmp_path, journey)


@pytest.mark.parametrize(
    ("csv", "found"),
    [
        (CSV.replace("2025-05-01T10:05:00Z", ""), "no readable time in column 'when' (row 3)"),
        (CSV.replace("2025-05-01T10:0", "soon "), "4 of 4 events"),
        (CSV.replace(",when", ",then"), "no column 'when' (columns.occurred_at)"),
    ],
)
def test_events_without_times_are_refused(write, tmp_path, journey, csv, found):
    write("log.csv", csv)
    with pytest.raises(SourceError) as caught:
        read_source(source(), tmp_path, journey)
    assert str(caught.value).startswith("log.csv")
    assert found in str(caught.value)
    assert "What to do" in str(caught.value)


@pytest.mark.parametrize("absent", ["participant", "occurred_at", "event"])
def test_the_mapping_must_name_who_what_and_when(write, tmp_path, journey, absent):
    write("log.csv", CSV)
    columns = {key: name for key, name in COLUMNS.items() if key != absent}
    with pytest.raises(SourceError, match=rf"log\.\*.*{absent}"):
        read_source(source(columns=columns), tmp_path, journey)


def test_a_broken_parquet_file_is_refused(write, tmp_path, journey):
    write("log.parquet", b"PAR1 no")
    with pytest.raises(SourceError, match=r"log\.parquet: it cannot be read as a Parquet"):
        read_source(source(), tmp_path, journey)


def test_a_large_log_is_better_measured_where_it_lies(write, tmp_path, journey, monkeypatch):
    write("log.csv", CSV)
    assert not read_source(source(), tmp_path, journey).quality["what"].str.contains("large").any()
    monkeypatch.setattr(event_logs, "LARGE_BYTES", 10)
    assert read_source(source(), tmp_path, journey).quality["what"].str.contains("in_place").any()


def test_events_without_a_name_or_a_stage_are_left_out_and_counted(write, tmp_path, journey):
    write("log.csv", CSV + "u3,,2025-05-01T10:08:00Z,,x\n")
    material = read_source(source(), tmp_path, journey)
    assert "u3" not in set(material.events["raw_id"])
    assert ["log.csv", "warning", "events without a name or a stage, left out", 1] in (
        material.quality.to_numpy().tolist()
    )


EPOCH = {"s": "1746093900", "ms": "1746093900500", "us": "1746093900500001"}
READ = {
    "s": "2025-05-01 10:05:00+00:00",
    "ms": "2025-05-01 10:05:00.500000+00:00",
    "us": "2025-05-01 10:05:00.500001+00:00",
}


@pytest.mark.parametrize("unit", EPOCH)
@pytest.mark.parametrize("form", ["csv", "parquet", "float parquet"])
def test_numbers_since_1970_are_read_in_their_unit(write, tmp_path, journey, unit, form):
    number = EPOCH[unit]
    if form == "csv":
        write("log.csv", f"who,what,when\nu1,pay,{number}\n")
    else:
        value = float(number) if form == "float parquet" else int(number)
        frame = pd.DataFrame({"who": ["u1"], "what": ["pay"], "when": [value]})
        frame.to_parquet(tmp_path / "log.parquet")
    columns = {"participant": "who", "event": "what", "occurred_at": "when"}
    # A zone is of times that are written out: numbers since 1970 are in UTC.
    declared = source(columns=columns, time_unit=unit, timezone="America/Denver")
    events = read_source(declared, tmp_path, journey).events
    assert events["occurred_at"].astype(str).tolist() == [READ[unit]]


def test_seconds_may_have_decimals(write, tmp_path, journey):
    write("log.csv", "who,what,when\nu1,pay,1746093900.25\n")
    columns = {"participant": "who", "event": "what", "occurred_at": "when"}
    events = read_source(source(columns=columns, time_unit="s"), tmp_path, journey).events
    assert str(events["occurred_at"][0]) == "2025-05-01 10:05:00.250000+00:00"


@pytest.mark.parametrize(
    ("times", "unit", "found"),
    [
        (["1746093900"], "", "declare `time_unit: s`"),
        (["1746093900500", "1746093900501"], "", "declare `time_unit: ms`"),
        (["1746093900500001"], "", "declare `time_unit: us`"),
        (["1746093900500"], "s", "`time_unit: s` is declared"),
        (["1746093900", "2025-05-01"], "s", r"1 of 2 events .*row 3"),
        (["1746093900", ""], "s", r"1 of 2 events"),
        (["-5", "1e9", "nan", "9" * 4000, "1_000", "\u0661"], "s", "6 of 6 events"),
        (["1746093900", "soon"], "", "write times as"),
    ],
)
def test_numbers_that_are_no_times_are_refused(write, tmp_path, journey, times, unit, found):
    write("log.csv", "who,what,when\n" + "".join(f"u1,pay,{time}\n" for time in times))
    columns = {"participant": "who", "event": "what", "occurred_at": "when"}
    with pytest.raises(SourceError, match=rf"(?s){found}"):
        read_source(source(columns=columns, time_unit=unit), tmp_path, journey)


def test_a_unit_is_no_matter_where_times_are_times(write, tmp_path, journey):
    frame = pd.DataFrame(
        {"who": ["u1"], "what": ["pay"], "when": pd.to_datetime(["2025-05-01T10:05Z"])}
    )
    frame.to_parquet(tmp_path / "log.parquet")
    columns = {"participant": "who", "event": "what", "occurred_at": "when"}
    events = read_source(source(columns=columns, time_unit="s"), tmp_path, journey).events
    assert events["occurred_at"].tolist() == [pd.Timestamp("2025-05-01T10:05Z")]
