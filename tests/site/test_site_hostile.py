"""Stored attacks stay text: every text field of every table holds every payload."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import cjm_research.reporting.site
from cjm_research.reporting.site import render_index, render_site
from cjm_research.reporting.site.scripts import load_script
from tests.payloads import PAYLOADS

NO_TEXT = "nul\0 rtl\u202e end"
BAD_TAGS = ["iframe", "object", "embed", "base", "img"]
OWN_FORMS = {"quote-filter", "segment-filter"}
OWN_SCRIPTS = {load_script(name).text for name in ("index", "quotes", "review", "segments")}


def hostile_tables(sample, payload: str) -> dict[str, pd.DataFrame]:
    tables = sample.tables() | {"task_success": sample.task_tables()["task_success"]}
    return {
        name: frame.assign(
            **{
                column: [sample.with_text(value, payload) for value in frame[column]]
                for column in frame.columns
                if column not in sample.KEPT and (name, column) != ("languages", "status")
            }
        )
        for name, frame in tables.items()
    }


def check(path, payload: str) -> BeautifulSoup:
    raw = path.read_text(encoding="utf-8")
    assert "\0" not in raw and "\u202e" not in raw
    page = BeautifulSoup(raw, "html.parser")
    assert not page.find_all(BAD_TAGS)
    assert {form.get("id") for form in page.find_all("form")} <= OWN_FORMS
    for script in page.find_all("script"):
        if script.get("type") == "application/json":
            json.loads(script.string)
        else:
            assert script.string in OWN_SCRIPTS
    # The list of reports has a few rules of its own.
    assert len(page.find_all("style")) == (2 if path.name == "list.html" else 1)
    assert len(page.find_all("meta")) in (5, 7)
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            assert not name.lower().startswith("on") and name not in ("srcdoc", "action"), tag
            if name in ("href", "src", "xlink:href"):
                assert (
                    not str(value)
                    .lower()
                    .strip()
                    .startswith(("javascript:", "vbscript:", "data:text", "//", "http"))
                )
    return page


@pytest.mark.parametrize("payload", [*PAYLOADS, NO_TEXT])
def test_no_payload_becomes_markup(sample, tmp_path, payload):
    context = sample.context(
        title=payload, objective=payload, questions=[payload], assumptions=[(payload, payload)],
        study=payload, version_key=payload, as_of=payload, about=payload, alerts=[payload],
        rules=[payload], downloads=[{"label": payload, "href": "x", "kind": payload, "n_bytes": 1}],
        manifest={"parameters": {payload: payload}, "key": payload},
        choices={"stages": [{"id": "x", "name": payload}], "codes": []},
        data_period=payload, language=payload,
        status_reasons=[payload], notes=[payload], version=payload,
        tables=hostile_tables(sample, payload),
        chapters=[{"slug": payload, "title": payload, "body_html": payload}],
    )  # fmt: skip
    shown = payload.replace("\0", "").replace("\u202e", "")
    for path in render_site(context, tmp_path):
        page = check(path, payload)
        if path.name.startswith("stage-order"):
            quote = page.select_one(".quote p").get_text()
            assert quote == f"It wanted an account before I knew the price. I closed it. {shown}"
    assert shown in check(tmp_path / "index.html", payload).h1.get_text()


@pytest.mark.parametrize("payload", [*PAYLOADS, NO_TEXT])
def test_stage_ids_and_the_list_of_reports_are_safe_too(sample, tmp_path, payload):
    journey = sample.journey_map().assign(stage=payload)
    journey["stage"] += journey.index.astype(str)
    tables = {"journey_map": journey}
    folder = tmp_path / "site"
    for path in render_site(sample.context(tables=tables, chapters=[]), folder):
        assert path.parent == folder
        check(path, payload)
    run = dict.fromkeys(("run_id", "started", "reason"), payload) | {"seconds": None}
    run |= {"status": "failed", "href": "x/index.html"}
    studies = [{"name": payload, "title": payload, "runs": [run], "latest_href": ""}]
    check(render_index(studies, tmp_path / "list.html"), payload)


def test_a_token_of_a_megabyte_is_only_long(sample, tmp_path):
    render_site(sample.context(objective="x" * 1_000_000), tmp_path)
    check(tmp_path / "index.html", "x")


def test_there_is_one_environment_and_no_way_around_it():
    folder = Path(cjm_research.reporting.site.__file__).parent
    code = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert [name for name, text in code.items() if " Environment(" in text] == ["environment.py"]
    assert sorted(name for name, text in code.items() if "Markup(" in text) == [
        "environment.py",
        "scripts.py",  # our own scripts, and JSON with nothing left in it that HTML reads
        "single.py",  # pages that were rendered before, serialised again
    ]
    for path in (folder / "templates").iterdir():
        template = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|\bMarkup\b", template), path.name
