"""XES logs as tools of process mining write them."""

import gzip

import pytest

from cjm_research.config import Events
from cjm_research.errors import SourceError
from cjm_research.readers import read_source, recognise_file

NAMESPACE = ' xmlns="http://www.xes-standard.org/" xes.version="1849-2016"'
HEAD = """
<string key="origin" value="a tool"/>
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<global scope="event">
  <string key="concept:name" value="UNKNOWN"/>
  <date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
</global>
"""


def event(name, time, transition=""):
    life = f'<string key="lifecycle:transition" value="{transition}"/>' if transition else ""
    return (
        f'<event><string key="concept:name" value="{name}">'
        '<string key="concept:name" value="nested"/></string>'
        f'<date key="time:timestamp" value="{time}"/>{life}'
        '<float key="cost" value="2.5"/></event>'
    )


def log(*events, root=NAMESPACE, before=""):
    trace = '<string key="concept:name" value="c1"/><string key="customer" value="k7"/>'
    return f"{before}<log{root}>{HEAD}<trace>{trace}{''.join(events)}</trace></log>"


TWO = (event("search", "2026-03-01T10:00:00.5+02:00"), event("pay", "2026-03-01T10:00:00Z"))


@pytest.fixture
def read(write, tmp_path, journey):
    def read_one(content, name="a.xes", **more):
        write(name, content)
        source = Events.model_validate(
            {"id": "log", "kind": "events", "files": [name], "sampling": "census"} | more
        )
        return read_source(source, tmp_path, journey)

    return read_one


@pytest.mark.parametrize("root", [NAMESPACE, ""], ids=["namespace", "bare"])
@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_traces_become_events_with_a_namespace_or_none_and_globals_do_not(read, root, pack):
    name = "a.xes" if pack is str.encode else "a.xes.gz"
    events = read(pack(log(*TWO, root=root)), name).events
    assert events[["raw_id", "event", "stage"]].to_numpy().tolist() == [
        ["c1", "search", "find"],
        ["c1", "pay", "buy"],
    ]
    assert [str(time) for time in events["occurred_at"]] == [
        "2026-03-01 08:00:00.500000+00:00",
        "2026-03-01 10:00:00+00:00",
    ]


def test_attributes_of_case_and_event_may_be_named(read):
    columns = {"participant": "case:customer", "value": "cost"}
    events = read(log(*TWO), columns=columns).events
    assert events[["raw_id", "value"]].to_numpy().tolist() == [["k7", 2.5], ["k7", 2.5]]


@pytest.mark.parametrize(("start", "end"), [("start", "complete"), ("SCHEDULE", "COMPLETE")])
def test_an_activity_that_starts_and_completes_in_any_case_of_letters_counts_once(read, start, end):
    material = read(
        log(
            event("search", "2026-03-01T10:00:00Z", start),
            event("search", "2026-03-01T10:01:00Z", end),
        )
    )
    assert len(material.events) == 1
    counts = dict(material.quality[["what", "n"]].to_numpy().tolist())
    assert counts["events of activities not yet complete, left out"] == 1


def test_business_states_that_never_complete_all_count(read):
    states = [event("search", f"2026-03-01T1{n}:00:00Z", f"In Progress {n}") for n in range(3)]
    assert len(read(log(*states)).events) == 3


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "cannot be read as XML"),
        ("<log>", "cannot be read as XML"),
        ("<log/>", "no events inside traces"),
        (log(*TWO, before='<!DOCTYPE log [<!ENTITY a "b">]>'), "DOCTYPE"),
        (log(*TWO).replace("c1", "&a;"), "cannot be read as XML"),
        ("<log>" + "<a>" * 100_000, "cannot be read as XML"),
        (gzip.compress(b"<log>" + b"<a/>" * 6_000_000), "unpacked it would hold more than"),
    ],
    ids=["empty", "cut", "nothing", "DOCTYPE", "an entity", "deep", "bomb"],
)
def test_what_is_no_log_is_refused(read, content, found):
    with pytest.raises(SourceError, match=found):
        read(content)


def test_a_log_is_recognised(write):
    guess = recognise_file(write("a.xes", log(*TWO)))
    assert guess.kind == "events"
    assert guess.events == {"search": 1, "pay": 1}


@pytest.mark.parametrize("version", ["1.0", "1849-2016", ""])
def test_any_version_and_either_address_of_extensions_is_read(read, version):
    root = NAMESPACE.replace(' xes.version="1849-2016"', version and f' xes.version="{version}"')
    content = log(*TWO, root=root).replace("www.xes-standard.org/concept", "code.deckfour.org/c")
    assert read(content).events["event"].tolist() == ["search", "pay"]


def test_attributes_may_stand_before_or_behind_what_they_describe(read):
    last = log(*TWO).replace("<trace>", '<trace><string key="plan" value="x"/>')
    about = '<string key="customer" value="k7"/>'
    turned = last.replace(about, "").replace("</trace>", f"{about}</trace>")
    for content in (last, turned):
        events = read(content, columns={"participant": "case:customer"}).events
        assert events["raw_id"].tolist() == ["k7", "k7"]


def test_attributes_of_every_type_are_read_and_nested_ones_and_lists_are_of_another(read):
    typed = (
        '<boolean key="done" value="true"/><id key="ref" value="7"/><int key="n" value="3"/>'
        '<list key="all"><values><string key="concept:name" value="inside"/></values></list>'
    )
    content = log(*[one.replace("</event>", f"{typed}</event>") for one in TWO])
    for name, found in {"done": "true", "ref": "7", "concept:name": "search"}.items():
        assert read(content, columns={"event": name}).events["event"].tolist()[0] == found
    assert read(content, columns={"value": "n"}).events["value"].tolist() == [3.0, 3.0]


def test_ties_at_one_second_keep_the_order_of_the_file_also_in_1970(read):
    names = ["search", "pay", "ask", "leave"]
    events = read(log(*[event(name, "1970-01-01T01:00:00Z") for name in names])).events
    assert events["event"].tolist() == names
    assert set(events["occurred_at"].astype(str)) == {"1970-01-01 01:00:00+00:00"}


def test_the_flat_form_of_a_log_is_read_by_its_columns(read):
    flat = (
        "case:concept:name,concept:name,time:timestamp\n"
        "c1,search,2026-03-01T10:00:00.5+02:00\nc1,pay,2026-03-01T10:00:00Z\n"
    )
    columns = {
        "participant": "case:concept:name", "event": "concept:name",
        "occurred_at": "time:timestamp",
    }  # fmt: skip
    about = ["raw_id", "event", "occurred_at"]
    flat_events = read(flat, "a.csv", columns=columns).events[about]
    assert flat_events.equals(read(log(*TWO)).events[about])
