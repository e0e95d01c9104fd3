"""What a study says of itself around its tables."""

from __future__ import annotations

import pytest

from cjm_research.reporting.frontmatter import build_context
from cjm_research.study import open_study

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
sources:
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: later
    label: Survey, June
    kind: survey
    files: june-*.csv
    required: false
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    folder = tmp_path / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "survey.csv").write_text("id,why\nc1,The page was so slow that I left.\n")
    return open_study(folder)


def test_a_missing_optional_source_is_seen_first(study):
    (alert,) = build_context(study, version_key="k" * 10).alerts
    assert alert.startswith("Survey, June is missing") and "june-*.csv" in alert


def test_an_optional_source_that_cannot_be_read_is_seen_first(study):
    (study.place.folder / "june-1.csv").write_bytes(b"id,why\nc2,Nobody came.\n\xff")
    broken = open_study(study.place.folder)
    (alert,) = build_context(broken, version_key="k" * 10).alerts
    assert alert.startswith("Survey, June cannot be read") and "june-1.csv" in alert
    assert "Nobody came" not in alert
    assert list(broken.sources["n_participants"]) == [1, 0]


LOGS = """
  - {id: web, kind: events, files: web.csv, sampling: census,
     columns: {participant: id, event: what, occurred_at: at}}
  - {id: app, kind: events, files: app.csv, sampling: census,
     columns: {participant: id, event: what, occurred_at: at}}
"""


@pytest.mark.parametrize("shared", [False, True])
def test_a_funnel_of_several_logs_says_so_and_in_red_where_they_share_nobody(study, shared):
    folder = study.place.folder
    (folder / "study.yaml").write_text(STUDY.rstrip() + LOGS)
    (folder / "june-1.csv").write_text("id,why\nc3,Nobody answered me at all.\n")
    row = "{},view,2026-03-01T10:00:00Z\n"
    (folder / "web.csv").write_text("id,what,at\n" + row.format("w1") + row.format("w2"))
    (folder / "app.csv").write_text("id,what,at\n" + row.format("w1" if shared else "a1"))
    context = build_context(open_study(folder), version_key="k" * 10)
    said = "What people did is counted over 2 logs together: Web (2 people), App (1 people)."
    assert any(said in note for note in context.notes) == shared
    assert any(said in alert for alert in context.alerts) == (not shared)


def test_a_context_holds_a_version_rules_and_what_reviewers_may_choose(study):
    context = build_context(study, version_key="0123456789", as_of="2026-04-01", about="Part.")
    assert context.version_key == "0123456789"
    assert (context.as_of, context.about) == ("2026-04-01", "Part.")
    assert any(rule.startswith("Much is told") for rule in context.rules)
    assert any(rule.startswith("Opportunities are ordered") for rule in context.rules)
    assert {"id": "buy", "name": "Buy"} in context.choices["stages"]
    assert {"group", "code", "name"} == set(context.choices["codes"][0])
    assert all(one["group"] != "stage" for one in context.choices["codes"])
