"""Stages by the addresses of pages."""

import json

import pandas as pd
import pytest

from cjm_research.config import Events
from cjm_research.errors import SourceError, UnknownNameError
from cjm_research.readers import read_source
from cjm_research.readers.pages import match_pages
from tests.fuzz.corpus import GA4

PAGES = {
    "/plans/compare*": "find",
    "/plans*": "Find a plan",
    "//shop.example/pay*": "buy",
    "*://shop.example/pay*": "buy",
    "/[ab]/?": "use",
}


@pytest.mark.parametrize(
    ("address", "stage"),
    [
        ("https://shop.example/Plans/compare?x=/pay", "find"),
        ("/plans", "find"),
        ("https://shop.example/pay/card#top", "buy"),
        ("https://other.example/pay", ""),
        ("/a/x/", "use"),
        ("/c/x", ""),
        ("", ""),
        ("http://[broken/plans", ""),
        ("not an address", ""),
    ],
)
def test_the_first_pattern_that_fits_gives_the_stage(journey, address, stage):
    assert match_pages(pd.Series([address]), PAGES, journey, where="a").tolist() == [stage]


def test_a_pattern_for_no_stage_is_refused(journey):
    with pytest.raises(UnknownNameError, match="pages"):
        match_pages(pd.Series(["/x"]), {"/x": "nowhere"}, journey, where="a")


def test_a_declared_stage_wins_over_a_page_and_a_page_over_the_event(write, tmp_path, journey):
    write(
        "a.csv",
        "id,what,when,url,stage\n"
        "1,search,2026-03-01T10:00Z,/checkout,\n"
        "1,search,2026-03-01T10:01Z,/checkout,use\n"
        "1,search,2026-03-01T10:02Z,/other,\n",
    )
    columns = {"participant": "id", "event": "what", "occurred_at": "when"}
    source = Events.model_validate(
        {"id": "log", "kind": "events", "files": ["a.csv"], "sampling": "census"}
        | {"columns": columns | {"page": "url", "stage": "stage"}, "pages": {"/check*": "buy"}}
    )
    assert read_source(source, tmp_path, journey).events["stage"].tolist() == ["buy", "use", "find"]


def test_rules_for_pages_need_the_column_of_pages(write, tmp_path, journey):
    write("a.csv", "id,what,when\n1,search,2026-03-01T10:00Z\n")
    columns = {"participant": "id", "event": "what", "occurred_at": "when"}
    source = Events.model_validate(
        {"id": "log", "kind": "events", "files": ["a.csv"], "sampling": "census"}
        | {"columns": columns, "pages": {"/check*": "buy"}}
    )
    with pytest.raises(SourceError, match="which column is `page`"):
        read_source(source, tmp_path, journey)


def test_ga4_has_its_pages_without_being_told(write, tmp_path, journey):
    page = {"key": "page_location", "value": {"string_value": "https://x.example/checkout?a=1"}}
    write("a.jsonl", json.dumps(GA4 | {"event_params": [page]}))
    source = Events.model_validate(
        {"id": "log", "kind": "events", "files": ["a.jsonl"], "sampling": "census"}
        | {"pages": {"/checkout": "buy"}}
    )
    assert read_source(source, tmp_path, journey).events["stage"].tolist() == ["buy"]
