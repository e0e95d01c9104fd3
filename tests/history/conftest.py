import copy
import shutil
from datetime import UTC, datetime

import pytest

from cjm_research.reporting.manifest import build_manifest
from cjm_research.study import open_study

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
coding: {scores: rules}
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
kpis:
  - {name: Buyers, measure: conversion, from: see, to: buy, target: 0.9}
sources:
  - id: march
    label: Survey, March
    kind: survey
    files: zq_anna_berg.csv
    sampling: random
    consent: quote
    wave: 2026-03
    columns: {participant: id}
    questions:
      - {id: nps, kind: nps, columns: nps}
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    label: Log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at}
"""
SURVEY = (
    "id,nps,why\nc1,3,The page was so slow that I left.\nc2,9,It was easy.\n"
    "c3,4,My card was declined twice.\n"
)
EVENTS = (
    "id,event,at\nc1,view,2026-03-01 10:00\nc2,view,2026-03-01 10:00\nc2,pay,2026-03-01 10:05\n"
    "c3,view,2026-03-01 11:00\n"
)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    base = tmp_path_factory.mktemp("history")
    folder = base / "project" / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "zq_anna_berg.csv").write_text(SURVEY)
    (folder / "events.csv").write_text(EVENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(base / "vault"))
        patch.chdir(base / "project")
        _ = open_study("tiny").tables
    return base


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """The tiny study, to be changed, with its tables in the cache."""
    shutil.copytree(made, tmp_path / "made")
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "made" / "vault"))
    monkeypatch.chdir(tmp_path / "made" / "project")
    return tmp_path / "made" / "project" / "data" / "raw" / "tiny"


@pytest.fixture
def manifest_of():
    def make(study="tiny", **changed):
        known = {
            "run_id": "2026-03-01T100000", "key": "k" * 64, "version": "v" * 10,
            "as_of": None, "only": None,
            "parameters": {}, "notebooks": [], "pages": {}, "steps": [], "status": "good",
            "started": datetime(2026, 3, 1, 10, tzinfo=UTC), "seconds": 1.5,
        }  # fmt: skip
        return build_manifest(open_study(study), **(known | changed))

    return make


BASE = {
    "schema_version": 1, "study": "tiny", "status": "good", "run_id": "2026-03-01T100000",
    "key": "a" * 64, "version": "a" * 10, "started": "2026-03-01T10:00:00Z",
    "as_of": "", "slice": {},
    "parameters": {"top": 5}, "seed": 0, "versions": {"pandas": "2.3.3"},
    "inputs": {"talks": [{"sha256": "1", "bytes": 1, "rows": None}]},
    "input_hashes": {
        "data": "a", "study.yaml": "b", "people's codes": "c", "codebook log and samples": "d",
        "findings": "e", "coders": "f", "software": "g",
    },
    "people_codes_files": {"mara": "1"}, "notebooks": {"01_numbers.ipynb": "1"},
    "basis": {"the codebook": "1", "the language model": "1", "the coders’ rules": "1",
              "people’s codes": "c"},
    "headline": {
        "title": "Why?", "period": "2026-03-01 – 2026-03-31", "status": "final", "kpis": [],
        "participants": [{"source": "talks", "label": "Talks", "n": 16, "unit": "person"}],
    },
    "figures": {
        "behaviour:buy": {
            "kind": "behaviour", "stage": "buy", "label": "Buy, leave", "source": "",
            "value": 0.5, "low": 0.45, "high": 0.55, "count": 200, "n": 400, "unit": "share",
            "definition": "x",
        },
        "pain_point:buy:slow:talks": {
            "kind": "pain_point", "stage": "buy", "label": "“Slow” at Buy (Talks)",
            "source": "talks", "value": None, "low": None, "high": None, "count": 3, "n": 16,
            "unit": "share", "definition": "", "code": "slow", "name": "Slow",
        },
    },
    "heard": {"buy": {"talks": {"label": "Talks", "n": 16}}},
    "verdicts": {"stage:buy": {"name": "Buy", "verdict": "cannot tell", "reason": "few",
                               "by": ""}},
    "people_codes": {"rows": [], "held": {}, "proposed": {}},
    "findings": {"F1": {"headline": "Slow pages cost orders", "status": "draft",
                        "fields": {"headline": "1", "status": "1"}}},
    "compared_with": "", "pages": {"index.html": "1"},
}  # fmt: skip


@pytest.fixture
def before():
    return copy.deepcopy(BASE)


@pytest.fixture
def now():
    return copy.deepcopy(BASE) | {
        "key": "b" * 64,
        "version": "b" * 10,
        "run_id": "2026-04-01T100000",
    }
