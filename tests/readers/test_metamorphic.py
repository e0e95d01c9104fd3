"""The same content in another form is the same table: encodings, line ends, order, parts."""

import gzip
import json

import pandas as pd
import pytest

from cjm_research.readers import read_source
from tests.fuzz.corpus import AMPLITUDE, FEED, GA4, MIXPANEL, examples
from tests.fuzz.trial import make_journey
from tests.readers.feeds import make_row, pack_tar, pack_zip, write_feed

PARTS = ("people", "identities", "turns", "ratings", "answers", "answered", "events")
TEXTS = [name for name, example in examples().items() if not example.packed]
# JSON is UTF-8 by its standard, XML says its encoding; a record of JSON lines ends in a line feed.
JSON = [name for name in TEXTS if examples()[name].name.endswith((".json", ".jsonl", ".xes"))]
ENCODINGS = ["utf-16", "utf-16-be", "utf-32", "cp1252"]


def read(folder, example, *contents, **more):
    """Read one or more files of an example; return the parts of the material."""
    files = []
    for number, content in enumerate(contents):
        name = example.name if number == 0 else f"b{number}_{example.name}"
        (folder / name).write_bytes(content)
        files.append(name)
    source = example.source().model_copy(update={"files": files, **more})
    material = read_source(source, folder, make_journey())
    for name in files:
        (folder / name).unlink()
    return {part: getattr(material, part) for part in PARTS}


def assert_same(one, other):
    for part, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[part], check_dtype=False, obj=part)


def in_order(parts):
    """Return the parts with their rows in an order of their own."""
    ordered = {}
    for part, frame in parts.items():
        text = frame.astype(str)
        ordered[part] = frame.loc[text.sort_values(list(text.columns)).index].reset_index(drop=True)
    return ordered


@pytest.mark.parametrize(
    ("name", "encoding"),
    [(name, "utf-8-sig") for name in TEXTS]
    + [(name, encoding) for name in TEXTS if name not in JSON for encoding in ENCODINGS],
)
def test_five_encodings_of_one_text_are_one_table(name, encoding, tmp_path):
    example = examples()[name]
    text = example.content.decode()
    content = ("\ufeff" + text if encoding == "utf-16-be" else text).encode(encoding)
    declared = "cp1252" if encoding == "cp1252" else ""
    plain = read(tmp_path, example, example.content)
    assert_same(plain, read(tmp_path, example, content, encoding=declared))


@pytest.mark.parametrize(
    ("name", "end"),
    [(name, "\r\n") for name in TEXTS] + [(name, "\r") for name in TEXTS if name not in JSON],
)
def test_line_ends_make_no_difference(name, end, tmp_path):
    example = examples()[name]
    content = example.content.decode().replace("\n", end).encode()
    assert_same(read(tmp_path, example, example.content), read(tmp_path, example, content))


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("Mixpanel", "GA4")])
def test_blank_lines_and_a_missing_last_line_end_make_no_difference(name, tmp_path):
    example = examples()[name]
    whole = read(tmp_path, example, example.content.rstrip(b"\n"))
    assert_same(whole, read(tmp_path, example, example.content + b"\n\n\n"))


HEADERS = {"roster": 1, "event table": 1, "Typeform": 1, "Google Forms": 1, "SurveyMonkey": 2}


@pytest.mark.parametrize("name", HEADERS)
def test_the_order_of_rows_changes_no_row(name, tmp_path):
    example = examples()[name]
    lines = example.content.decode().splitlines(keepends=True)
    head, rows = lines[: HEADERS[name]], lines[HEADERS[name] :]
    turned = "".join([*head, *reversed(rows)]).encode()
    parts, others = read(tmp_path, example, example.content), read(tmp_path, example, turned)
    for one in (parts, others):  # the address of an answer is the row that it stands in
        one["turns"] = one["turns"].assign(document_ref="")
    assert_same(in_order(parts), in_order(others))


@pytest.mark.parametrize("name", ["event table", "GA4", "roster"])
def test_one_file_split_into_two_is_the_same(name, tmp_path):
    example = examples()[name]
    lines = example.content.decode().splitlines(keepends=True)
    if name == "GA4":
        lines = [json.dumps(GA4 | {"event_bundle_sequence_id": str(n)}) + "\n" for n in range(4)]
    head = lines[: HEADERS.get(name, 0)]
    half = len(head) + 1
    first, second = "".join(lines[:half]).encode(), "".join([*head, *lines[half:]]).encode()
    whole = read(tmp_path, example, "".join(lines).encode())
    assert_same(in_order(whole), in_order(read(tmp_path, example, first, second)))


@pytest.mark.parametrize(
    ("name", "record"), [("GA4", GA4), ("Mixpanel", MIXPANEL)], ids=["GA4", "Mixpanel"]
)
def test_an_event_delivered_often_is_one_event(name, record, tmp_path):
    example = examples()[name]
    line = (json.dumps(record) + "\n").encode()
    once = read(tmp_path, example, line)
    assert_same(once, read(tmp_path, example, line * 5))
    assert_same(once, read(tmp_path, example, line, line * 2))
    assert len(once["events"]) == 1


def test_turns_in_two_transcripts_are_those_of_each(tmp_path):
    example = examples()["Otter"]
    both = read(tmp_path, example, example.content, example.content)["turns"]
    alone = read(tmp_path, example, example.content)["turns"]
    assert both["text"].tolist() == alone["text"].tolist() * 2


def test_amplitude_by_lines_is_amplitude_in_its_zip(tmp_path):
    example = examples()["Amplitude"]
    packed = read(tmp_path, example, example.content)
    (tmp_path / "a.jsonl").write_text(json.dumps(AMPLITUDE) + "\n")
    source = example.source().model_copy(update={"files": ["a.jsonl"]})
    plain = read_source(source, tmp_path, make_journey())
    assert_same(packed, {part: getattr(plain, part) for part in PARTS})


@pytest.mark.parametrize("name", [name for name in TEXTS if examples()[name].name == "a.jsonl"])
def test_json_in_gzip_or_zip_is_the_json(name, tmp_path):
    example = examples()[name]
    plain = read(tmp_path, example, example.content)
    packed = {
        "b.jsonl.gz": gzip.compress(example.content),
        "b.zip": pack_zip({"b.json": example.content}),
        "c.zip": pack_zip({"b.json.gz": gzip.compress(example.content)}),
    }
    for file, content in packed.items():
        (tmp_path / file).write_bytes(content)
        source = example.source().model_copy(update={"files": [file]})
        material = read_source(source, tmp_path, make_journey())
        parts = {part: getattr(material, part) for part in PARTS}
        # Who has no id is called by the file and row.
        renamed = {
            part: frame.replace(file, "a.jsonl", regex=True) for part, frame in parts.items()
        }
        assert_same(plain, renamed)


def test_one_delivery_in_four_forms_is_one_table(tmp_path):
    lookups = {name: content for name, content in FEED.items() if name != "hit_data.tsv"}
    forms = {
        "zip": {"a.zip": pack_zip(FEED)},
        "tar": {"a.tar.gz": pack_tar(FEED)},
        "files": FEED,
        "several": {
            "01-s_2026-03-01.tsv.gz": gzip.compress(FEED["hit_data.tsv"]),
            "s_2026-03-01-lookup_data.zip": pack_zip(lookups),
        },
        "line ends": {"a.zip": pack_zip({k: v.replace(b"\n", b"\r\n") for k, v in FEED.items()})},
    }
    read_as = {}
    for form, files in forms.items():
        (tmp_path / form).mkdir()
        for name, content in files.items():
            (tmp_path / form / name).write_bytes(content)
        hits = "hit_data.tsv" if form == "files" else min(files)
        source = examples()["Adobe zip"].source().model_copy(update={"files": [f"{form}/{hits}"]})
        material = read_source(source, tmp_path, make_journey())
        read_as[form] = {part: getattr(material, part) for part in PARTS}
    assert len(read_as["zip"]["events"]) == 4
    for form in forms:
        assert_same(read_as["zip"], read_as[form])


def test_the_order_of_hits_changes_no_event(tmp_path):
    example = examples()["Adobe zip"]
    hits = [make_row(hitid_low=str(n), post_pagename=f"page {n}") for n in range(5)]
    one = read(tmp_path, example, pack_zip(write_feed(*hits)))
    other = read(tmp_path, example, pack_zip(write_feed(*reversed(hits))))
    halves = [pack_zip(write_feed(*part)) for part in (hits[:3], hits[2:])]
    assert_same(in_order(one), in_order(other))
    assert_same(in_order(one), in_order(read(tmp_path, example, *halves)))
