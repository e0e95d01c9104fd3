"""What GA4, Mixpanel, Amplitude and Matomo export: each quirk in a test of its name."""

import gzip
import io
import json
import zipfile

import pytest

from cjm_research.config import Events
from cjm_research.errors import SourceError
from cjm_research.readers import read_source


@pytest.fixture
def read(write, tmp_path, journey):
    """Read one export and return its events."""

    def read_one(name, content, **more):
        write(name, content)
        source = Events.model_validate(
            {"id": "log", "kind": "events", "files": [name], "sampling": "census"} | more
        )
        return read_source(source, tmp_path, journey)

    return read_one


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


def rows(material, *names):
    events = material.events.assign(occurred_at=material.events["occurred_at"].astype(str))
    return events[list(names)].to_numpy().tolist()


GA4 = {
    "event_date": "20230115",
    "event_timestamp": "1673780157003002",
    "event_name": "search",
    "event_params": [
        {"key": "ga_session_id", "value": {"string_value": None, "int_value": "77"}},
        {"key": "page_location", "value": {"string_value": "https://shop.example/find"}},
    ],
    "event_bundle_sequence_id": "5",
    "event_value_in_usd": 3.5,
    "user_pseudo_id": "9.1",
    "platform": "WEB",
    "device": {"category": "mobile"},
}


def test_ga4_json_writes_integers_as_text_and_microseconds(read):
    material = read("a.jsonl", lines(GA4, GA4 | {"event_timestamp": 1673780158003002}))
    assert rows(material, "raw_id", "session_id", "event", "stage", "occurred_at", "value") == [
        ["9.1", "77", "search", "find", "2023-01-15 10:55:57.003002+00:00", 3.5],
        ["9.1", "77", "search", "find", "2023-01-15 10:55:58.003002+00:00", 3.5],
    ]
    assert material.events[["channel", "device"]].iloc[0].tolist() == ["WEB", "mobile"]


def test_ga4_null_ids_without_consent_are_never_one_user(read):
    other = GA4 | {"event_name": "pay"}
    material = read("a.jsonl", lines(GA4, *[other | {"user_pseudo_id": None}] * 3))
    assert material.people["raw_id"].tolist() == ["9.1"]
    assert noted(material)["unattributed events (no participant), left out"] == 3


def test_ga4_repeated_rows_are_dropped_by_their_whole_key(read):
    other = GA4 | {"event_bundle_sequence_id": "6"}
    unkeyed = {name: value for name, value in GA4.items() if "bundle" not in name}
    material = read("a.jsonl", lines(GA4, GA4, other, unkeyed, unkeyed))
    assert len(material.events) == 4
    assert noted(material)["events that the program delivered twice, left out"] == 1


def test_ga4_parameters_may_be_named_in_columns(read):
    material = read("a.jsonl", lines(GA4), columns={"event": "event_params.page_location"})
    assert rows(material, "event") == [["https://shop.example/find"]]


MIXPANEL = {
    "event": "search",
    "properties": {"time": 1623860880, "distinct_id": "d1", "$insert_id": "i1", "plan": "A\u2028B"},
}


def mixpanel(**more):
    return {"event": "search", "properties": MIXPANEL["properties"] | more}


def test_mixpanel_seconds_and_milliseconds(read):
    material = read(
        "a.jsonl", lines(MIXPANEL, mixpanel(time=1623860880123, **{"$insert_id": "i2"}))
    )
    assert rows(material, "occurred_at") == [
        ["2021-06-16 16:28:00+00:00"],
        ["2021-06-16 16:28:00.123000+00:00"],
    ]


def test_mixpanel_old_projects_keep_their_own_zone_when_declared(read):
    material = read("a.jsonl", lines(MIXPANEL), timezone="America/Denver")
    assert rows(material, "occurred_at") == [["2021-06-16 22:28:00+00:00"]]
    asked = [what for what in noted(read("a.jsonl", lines(MIXPANEL))) if "before 2023" in what]
    assert len(asked) == 1
    assert not [what for what in noted(material) if "before 2023" in what]


def test_mixpanel_keeps_the_last_processed_of_repeated_events(read):
    first, last = mixpanel(mp_processing_time_ms=9, v=1), mixpanel(mp_processing_time_ms=10, v=2)
    for order in ((first, last), (last, first)):
        material = read("a.jsonl", lines(*order), columns={"value": "properties.v"})
        assert rows(material, "value") == [[2.0]]


def test_mixpanel_lines_end_at_line_feeds_only(read):
    text = json.dumps(MIXPANEL, ensure_ascii=False) + "\n"
    material = read("a.jsonl", text, columns={"device": "properties.plan"})
    assert len(material.events) == 1
    assert "lines that are no JSON record, left out" not in noted(material)


AMPLITUDE = {
    "event_type": "search",
    "event_time": "2020-01-25 17:00:00.123000",
    "amplitude_id": 75605632776,
    "session_id": -1,
    "uuid": "u1",
    "ip_address": "10.0.0.1",
}


def amplitude_zip(*members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number, records in enumerate(members, start=1):
            name = f"187520/187520_2020-01-25_17#{number}.json.gz"
            archive.writestr(name, gzip.compress(lines(*records).encode()))
    return target.getvalue()


def test_amplitude_zip_of_gzip_members_utc_and_no_session(read):
    later = AMPLITUDE | {
        "uuid": "u2",
        "session_id": 1579971600000,
        "event_time": "2020-01-25T18:00Z",
    }
    material = read("a.zip", amplitude_zip([AMPLITUDE], [later, AMPLITUDE]))
    assert rows(material, "raw_id", "session_id", "occurred_at") == [
        ["75605632776", "1579971600000", "2020-01-25 18:00:00+00:00"],
        ["75605632776", "", "2020-01-25 17:00:00.123000+00:00"],
    ]
    assert "10.0.0.1" not in material.events.to_csv()


def test_matomo_visits_become_their_actions(read):
    visit = {
        "idVisit": "8", "visitorId": "abc", "visitIp": "10.0.0.0", "deviceType": "Desktop",
        "actionDetails": [
            {"type": "action", "pageTitle": "search", "timestamp": 1720111385, "timeSpent": "14"},
            {"type": "action", "pageTitle": "pay", "timestamp": 1720111399, "timeSpent": 3},
            {"type": "action", "pageTitle": "lost", "serverTimePretty": "4 juil. 2024 18:43:05"},
        ],
    }  # fmt: skip
    material = read("a.json", json.dumps([visit]))
    assert rows(material, "raw_id", "session_id", "event", "occurred_at", "device") == [
        ["abc", "8", "search", "2024-07-04 16:43:05+00:00", "Desktop"],
        ["abc", "8", "pay", "2024-07-04 16:43:19+00:00", "Desktop"],
    ]
    assert noted(material)["events without a readable time, left out"] == 1


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte-order mark"])
@pytest.mark.parametrize("listed", [False, True], ids=["lines", "a list"])
def test_packed_marked_and_listed_files_are_the_same(read, pack, mark, listed):
    text = json.dumps([MIXPANEL, {}, 4]) if listed else lines(MIXPANEL, {}) + "{broken\n4\n\n"
    material = read("a.jsonl", pack(mark + text.encode()))
    assert rows(material, "raw_id") == [["d1"]]
    counts = noted(material)
    assert counts["lines that are no JSON record, left out"] == (1 if listed else 2)
    assert counts["events without a readable time, left out"] == 1


def bomb():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"\n" * 60_000_000)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.json", "", "of no program that is known"),
        ("a.json", "{}", "of no program that is known"),
        ("a.json", "[1", "it begins as a JSON list"),
        ("a.json", "[" * 300_000, "it begins as a JSON list"),
        ("a.zip", b"PK", "cannot be unpacked"),
        ("a.json", gzip.compress(b"{}" * 9000)[:30], "cannot be unpacked"),
        ("a.zip", bomb(), "unpacked it would hold more than"),
        ("a.json", b'{"event": "' + b"x" * 11_000_000, "a single line has more than"),
        ("a.jsonl", '{"event": 1, "hits": 2}\n', "Fields found: 'event', 'hits'"),
    ],
    ids=["empty", "nothing", "cut", "deep", "no zip", "half a gzip", "bomb", "long", "unknown"],
)
def test_what_is_no_export_is_refused(read, name, content, found):
    with pytest.raises(SourceError, match=found):
        read(name, content)


@pytest.mark.parametrize(
    ("name", "columns", "n", "first"),
    [
        (
            "ga4_export/event_data.csv",
            {"participant": "user_pseudo_id", "event": "name", "occurred_at": "timestamp"},
            6,
            "2024-09-10 12:35:00+00:00",
        ),
        (
            "mixpanel/event.csv",
            {"participant": "distinct_id", "event": "name", "occurred_at": "time"},
            5,
            "2020-08-01 10:16:46+00:00",
        ),
        (
            "amplitude/amplitude_event_data.csv",
            {"participant": "amplitude_id", "event": "event_type", "occurred_at": "event_time"},
            10,
            "2025-03-01 19:42:58.123000+00:00",
        ),
    ],
)
def test_flat_tables_of_connectors_are_read_by_their_columns(shared, read, name, columns, n, first):
    content = (shared / "export_samples" / name).read_bytes()
    material = read("a.csv", content, columns=columns)
    assert len(material.events) == n
    assert rows(material, "occurred_at")[0] == [first]


def test_a_table_still_needs_its_columns(read):
    with pytest.raises(SourceError, match="does not say which column is `participant`"):
        read("a.csv", "a,b\n1,2\n")
