"""What GA4, Mixpanel, Amplitude and Matomo export: each quirk in a test of its name."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cjm_research.config import Events
from cjm_research.errors import SourceError
from cjm_research.readers import parquet_records, read_source, recognise_file


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


def test_ga4_days_are_the_propertys_and_the_microseconds_are_utc(read):
    material = read("a.jsonl", lines(GA4 | {"event_date": "20230114"}))
    assert rows(material, "occurred_at") == [["2023-01-15 10:55:57.003002+00:00"]]


def test_ga4_daily_and_intraday_tables_that_overlap_count_once(read, write):
    late = GA4 | {"event_timestamp": "1673780158003002"}
    write("events_intraday_20230115.jsonl", lines(GA4))
    material = read("events_20230115.jsonl", lines(GA4, late), files=["*.jsonl"])
    assert len(material.events) == 2
    assert sum(material.quality["what"] == "events that the program delivered twice, left out") == 1


def test_ga4_columns_of_a_batch_tell_events_of_one_bundle_apart(read):
    twins = [GA4 | {"batch_event_index": n, "batch_page_id": "8"} for n in (1, 2, 2)]
    material = read("a.jsonl", lines(*twins))
    assert len(material.events) == 2
    assert noted(material)["events that the program delivered twice, left out"] == 1


@pytest.mark.parametrize("batches", [[1, 2, 2], [None, None, 2]])
def test_ga4_parquet_tells_events_of_one_bundle_apart(read, batches):
    schema = GA4_SCHEMA.append(pa.field("batch_event_index", pa.int64()))
    records = [{"batch_event_index": batch} for batch in batches]
    assert len(read("a.parquet", parquet(*records, schema=schema)).events) == 2


def test_ga4_type_of_a_parameter_may_change_between_rows(read):
    held = [
        {"string_value": "77"}, {"int_value": "77"}, {"int_value": 77},
        {"string_value": None, "double_value": 77.0}, {"float_value": 77.0, "int_value": None},
    ]  # fmt: skip
    records = [
        GA4 | {"event_params": [{"key": "ga_session_id", "value": value}],
               "event_bundle_sequence_id": n}
        for n, value in enumerate(held, start=1)
    ]  # fmt: skip
    assert rows(read("a.jsonl", lines(*records)), "session_id") == [["77"]] * 5


def test_ga4_session_is_the_persons_own_though_its_number_is_anothers_too(read):
    material = read("a.jsonl", lines(GA4, GA4 | {"user_pseudo_id": "9.2"}))
    assert rows(material, "raw_id", "session_id") == [["9.1", "77"], ["9.2", "77"]]


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


def test_links_and_ways_out_of_a_zip_are_passed_over_and_counted(read, tmp_path):
    target = io.BytesIO(amplitude_zip([AMPLITUDE]))
    with zipfile.ZipFile(target, "a") as archive:
        link = zipfile.ZipInfo("a.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        for n, name in enumerate(["../b.json", "/c.json", "..\\d.json", "C:\\e.json"]):
            archive.writestr(name, lines(AMPLITUDE | {"uuid": f"x{n}"}))
    material = read("a.zip", target.getvalue())
    assert len(material.events) == 1
    what = "links, devices and members that lead out of the archive, left out"
    assert noted(material)[what] == 5
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


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


MATOMO = {"idVisit": "8", "visitorId": "abc", "serverTimestamp": 1720119999}


def matomo(*actions, **more):
    whole = [{"type": "action", "pageTitle": "search"} | action for action in actions]
    return json.dumps([MATOMO | {"actionDetails": whole} | more])


def test_matomo_time_spent_may_be_a_number_or_text(read):
    actions = [{"timestamp": 1720111385, "timeSpent": spent} for spent in (14, "14")]
    material = read("a.json", matomo(*actions), columns={"value": "timeSpent"})
    assert rows(material, "value") == [[14.0], [14.0]]


def test_matomo_times_in_words_of_a_language_are_never_read(read):
    pretty = "Jul 4, 2024 18:43:05"
    times = [{"timestamp": 1720111385}, {"serverTimestamp": 1720111399}, {}]
    material = read("a.json", matomo(*[{"serverTimePretty": pretty} | time for time in times]))
    assert rows(material, "occurred_at") == [
        ["2024-07-04 16:43:05+00:00"],
        ["2024-07-04 16:43:19+00:00"],
    ]
    # The visit's own time is of its last action, and nobody else's.
    assert noted(material)["events without a readable time, left out"] == 1


VALUE = pa.struct([("string_value", pa.string()), ("int_value", pa.int64())])
GA4_SCHEMA = pa.schema(
    [
        ("event_timestamp", pa.int64()),
        ("event_name", pa.string()),
        ("event_params", pa.list_(pa.struct([("key", pa.string()), ("value", VALUE)]))),
        ("event_bundle_sequence_id", pa.int64()),
        ("event_value_in_usd", pa.float64()),
        ("user_pseudo_id", pa.string()),
        ("platform", pa.string()),
        ("device", pa.struct([("category", pa.string())])),
        ("items", pa.list_(pa.struct([("item_name", pa.string())]))),
    ]
)


def parquet(*records, schema=GA4_SCHEMA, **more):
    """Return GA4 records as BigQuery writes them to Parquet: integers stay integers."""
    params = [
        {"key": "ga_session_id", "value": {"string_value": None, "int_value": 77}},
        {"key": "page_location", "value": {"string_value": "https://shop.example/find"}},
    ]
    about = {
        "event_timestamp": 1673780157003002,
        "event_bundle_sequence_id": 5,
        "event_params": params,
        "items": [{"item_name": "socks"}],
    }
    target = io.BytesIO()
    rows = [GA4 | about | record for record in records]
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, target, **more)
    return target.getvalue()


def test_ga4_parquet_keeps_integers_and_is_the_same_as_its_json(read):
    other = {"event_timestamp": 1673780158003002, "event_name": "pay"}
    packed = read("a.parquet", parquet({}, other))
    plain = read("a.jsonl", lines(GA4, GA4 | other))
    assert packed.events.equals(plain.events)
    assert packed.events["session_id"].tolist() == ["77", "77"]
    assert noted(packed)["exported by Google Analytics 4 (BigQuery)"] == 1


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_ga4_parquet_keeps_each_event_its_own_parameters(read, monkeypatch, at_once):
    monkeypatch.setattr(parquet_records, "_AT_ONCE", at_once)

    def param(key, number):
        return {"key": key, "value": {"string_value": None, "int_value": number}}

    lists = [
        [param("other", 1), param("ga_session_id", 10)], [], None, [param("other", 2)],
        [param("ga_session_id", 50), param("ga_session_id", 51), None],
        [param("ga_session_id", None)], [param("ga_session_id", 70)],
    ]  # fmt: skip
    records = [
        {"event_params": params, "event_bundle_sequence_id": n} for n, params in enumerate(lists)
    ]
    material = read("a.parquet", parquet(*records, row_group_size=4))
    assert material.events["session_id"].tolist() == ["10", "", "", "", "50", "", "70"]


def test_ga4_parquet_places_pages_and_takes_named_parameters(read):
    columns = {"event": "event_params.page_location"}
    material = read("a.parquet", parquet({}), columns=columns, pages={"/find": "buy"})
    assert rows(material, "event", "stage") == [["https://shop.example/find", "buy"]]


def test_ga4_parquet_null_ids_and_repeated_rows(read):
    material = read("a.parquet", parquet({}, {}, {"user_pseudo_id": None}))
    assert len(material.events) == 1
    counts = noted(material)
    assert counts["unattributed events (no participant), left out"] == 1
    assert counts["events that the program delivered twice, left out"] == 1


def test_parquet_is_read_some_rows_at_a_time_and_only_what_is_needed(read, monkeypatch):
    taken = []

    class Watched(pq.ParquetFile):
        def iter_batches(self, **how):
            for batch in super().iter_batches(**how):
                taken.append((batch.num_rows, batch.schema.names))
                yield batch

    monkeypatch.setattr(pq, "ParquetFile", Watched)
    monkeypatch.setattr(parquet_records, "_AT_ONCE", 10)
    records = [{"event_bundle_sequence_id": n} for n in range(25)]
    assert len(read("a.parquet", parquet(*records)).events) == 25
    assert [n for n, _ in taken] == [10, 10, 5]
    assert all("items" not in names for _, names in taken)


def test_parquet_with_all_its_columns_named_is_read_by_them(read):
    columns = {
        "participant": "user_pseudo_id", "event": "event_name", "occurred_at": "event_timestamp",
    }  # fmt: skip
    material = read("a.parquet", parquet({}, {}), columns=columns, time_unit="us")
    assert (
        rows(material, "raw_id", "session_id", "occurred_at")
        == [["9.1", "", "2023-01-15 10:55:57.003002+00:00"]] * 2
    )


def test_parquet_of_no_known_program_still_needs_its_columns(read):
    schema = pa.schema([("event_name", pa.string())])
    with pytest.raises(SourceError, match="does not say which column is `participant`"):
        read("a.parquet", parquet({}, schema=schema))


def test_parquet_of_more_rows_than_memory_holds_is_refused(read, monkeypatch):
    monkeypatch.setattr(parquet_records, "MAX_ROWS", 3)
    with pytest.raises(SourceError, match="4 rows; more than 3"):
        read("a.parquet", parquet({}, {}, {}, {}))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 9, parquet({})[:-30]])
def test_broken_parquet_is_refused(read, content):
    with pytest.raises(SourceError, match="cannot be read as a Parquet file"):
        read("a.parquet", content)


def test_ga4_parquet_is_recognised_by_its_fields(write):
    guess = recognise_file(write("a.parquet", parquet({}, {})))
    assert (guess.kind, guess.source) == ("events", {})
    assert guess.what == "events, Google Analytics 4 (BigQuery): 1 of 1 kinds"


def test_flat_parquet_is_recognised_as_a_log(write):
    target = io.BytesIO()
    table = {
        "client_id": ["a", "a", "b"], "action": ["search", "pay", "search"],
        "ts": [1746093900, 1746093901, 1746093902], "tags": [["x"], [], None],
    }  # fmt: skip
    pq.write_table(pa.table(table), target)
    guess = recognise_file(write("a.parquet", target.getvalue()))
    assert guess.source == {
        "columns": {"participant": "client_id", "event": "action", "occurred_at": "ts"},
        "time_unit": "s",
    }
    assert guess.events == {"search": 2, "pay": 1}


SEGMENT = {
    "type": "track",
    "event": "search",
    "messageId": "m1",
    "anonymousId": "a1",
    "userId": None,
    "timestamp": "2023-01-15T10:55:57.003Z",
    "context": {"page": {"url": "https://shop.example/find"}},
}


def test_segment_is_unverified_and_says_so(read, write):
    page = SEGMENT | {"type": "page", "name": "Home", "messageId": "m2", "event": None}
    login = SEGMENT | {"type": "identify", "messageId": "m3", "event": None}
    content = lines(SEGMENT, SEGMENT, page, login)
    material = read("a.jsonl.gz", gzip.compress(content.encode()))
    assert rows(material, "raw_id", "event") == [
        ["a1", "search"], ["a1", "Home"], ["a1", "identify"],
    ]  # fmt: skip
    assert rows(material, "occurred_at")[0] == ["2023-01-15 10:55:57.003000+00:00"]
    assert noted(material)["exported by Segment (unverified)"] == 1
    assert noted(material)["events that the program delivered twice, left out"] == 1
    assert "unverified" in recognise_file(write("b.jsonl", content)).what


def test_segment_people_may_be_told_by_their_own_id(read):
    content = lines(SEGMENT | {"userId": "u7"}, SEGMENT | {"messageId": "m2"})
    material = read("a.jsonl", content, columns={"participant": "userId"})
    assert material.people["raw_id"].tolist() == ["u7"]
    assert noted(material)["unattributed events (no participant), left out"] == 1


HOSTILE = ["x" * 1_000_000, "a\0b", "\u202eevil", "=HYPERLINK(1)", "<script>", "\x1b[2J"]


@pytest.mark.parametrize(
    ("name", "record", "field", "key"),
    [
        ("a.jsonl", GA4, "event_name", "event_bundle_sequence_id"),
        ("a.jsonl", MIXPANEL, "event", ""),
        ("a.jsonl", AMPLITUDE, "event_type", "uuid"),
        ("a.jsonl", SEGMENT, "event", "messageId"),
        ("a.parquet", {}, "event_name", "event_bundle_sequence_id"),
    ],
    ids=["GA4", "Mixpanel", "Amplitude", "Segment", "GA4 Parquet"],
)
def test_hostile_names_of_events_stay_names(read, name, record, field, key):
    records = [record | {field: text} | ({key: n} if key else {}) for n, text in enumerate(HOSTILE)]
    content = parquet(*records) if name == "a.parquet" else lines(*records)
    assert read(name, content).events["event"].tolist() == HOSTILE


@pytest.mark.parametrize("record", [GA4, MIXPANEL, AMPLITUDE, SEGMENT])
def test_records_of_deep_nesting_are_left_out_and_counted(read, record):
    deep = json.dumps(record)[:-1] + ', "deep": ' + "[" * 400_000 + "]" * 400_000 + "}\n"
    material = read("a.jsonl", deep + lines(record))
    assert len(material.events) == 1
    assert noted(material)["lines that are no JSON record, left out"] == 1


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
        ("a.json", "", "it holds no record with fields"),
        ("a.json", "{}", "it holds no record with fields"),
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
