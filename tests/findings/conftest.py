"""A tiny study: 24 people in a log, their survey answers, two interviews, one of them closed."""

import shutil
from types import SimpleNamespace

import pytest

from cjm_research.config import load_findings
from cjm_research.study import open_study

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
kpis:
  - {name: Visitors who buy, measure: conversion, from: see, to: buy, target: 0.99}
sources:
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: talks
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    consent: quote
    masking_reviewed: all
    participant_pattern: (t\\d+)
    interviewers: [Ana]
  - id: closed
    kind: transcripts
    files: closed/*.txt
    sampling: purposive
    consent: no_quote
    masking_reviewed: all
    participant_pattern: (s\\d+)
    interviewers: [Ana]
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at, device: device}
audience_segments: [{id: device}]
coding: {scores: rules}
"""
REASONS = (
    "The page was so slow that I left.",
    "It was easy.",
    "I could not pay, the form gave an error and I was annoyed.",
)
SAID = "I pressed the green button, and the page was slow. Then “nothing” came – for a minute."
TALK = f"Ana: What got in your way?\nGuest 1: {SAID}\nAna: And after that?\nGuest 1: I left.\n"
CLOSED = "Ana: How was it?\nGuest 2: I would never tell my boss about that.\n"
N = 24


def write_study(folder):
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    answers, events = ["id,why"], ["id,event,at,device"]
    for n in range(1, N + 1):
        answers.append(f'c{n},"{REASONS[n % 3]}"')
        # Three of the people come on a phone: too few to be told of.
        device = "phone" if n <= 3 else "desktop"
        events.append(f"c{n},view,2026-03-01 10:00,{device}")
        if n % 3:
            events.append(f"c{n},pay,2026-03-01 10:05,{device}")
    (folder / "survey.csv").write_text("\n".join(answers) + "\n")
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    for name, said in (("talks/t1", TALK), ("closed/s1", CLOSED)):
        path = folder / f"{name}.txt"
        path.parent.mkdir()
        path.write_text(said, "utf-8")
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("findings")
    write_study(root / "data" / "raw" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("CJM_VAULT", str(root / "vault"))
        study = open_study("tiny")
        return SimpleNamespace(root=root, tables=study.tables, journey=study.journey, study=study)


@pytest.fixture
def study(made, tmp_path):
    """Return the study with findings as written, and its tables as changed: nothing is made."""

    def with_findings(text, **changed):
        path = tmp_path / "findings.yaml"
        path.write_text(text, "utf-8")
        found = load_findings(path, made.journey)
        known = {"name": "tiny", "config": made.study.config, "journey": made.journey}
        known["stage_names"] = made.study.stage_names
        return SimpleNamespace(**{**made.tables, **known, **changed, "findings": found})

    return with_findings


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    """Return the folder of a copy of the study that a test may write to, its tables made."""
    root = tmp_path / "project"
    shutil.copytree(made.root, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("CJM_VAULT", str(root / "vault"))
    return root / "data" / "raw" / "tiny"
