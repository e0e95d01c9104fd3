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
def test_traces_become_events_and_globals_do_not(read, root, pack):
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
def test_an_activity_is_not_counted_twice(read, start, end):
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
