import shutil

import pytest

from cjm_research.study import open_study

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
kpis:
  - {name: Order, measure: conversion, from: see, to: buy, target: 0.5}
journey:
  stages:
    - {id: see, name: See, events: [view], prompts: ["How did you hear of us?"], cues: [the advert]}
    - {id: buy, name: Buy, events: [pay], completed_by: [kept], cues: [the basket, paying]}
    - {id: tell, name: Tell, sequential: false, measure: none}
sources:
  - id: talks
    kind: transcripts
    files: interviews/*.txt
    sampling: purposive
    consent: quote
    interviewers: [Ines]
    masking_reviewed: all
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: nps, kind: nps, columns: nps}
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at, device: device}
audience_segments:
  - {id: device}
"""

ONE = """\
Ines: How did you hear of us?
Anna: I saw the advert. It looked great.
Ines: And then?
Anna: Well, paying was awful. I couldn't find the button, and the page crashed.
"""
TWO = """\
Ines: How did you hear of us?
Ben: A friend told me about it.
Ines: How was the basket?
Ben: The page was so slow that I gave up.
"""
SURVEY = """\
id,nps,why
c1,9,Nothing
c2,3,The page was so slow that I left.
c3,10,My card was declined twice.
c4,7,It was easy.
c5,0,I had to create an account first.
c6,8,
"""


def make_log():
    rows = ["id,event,at,device"]
    for number in range(1, 9):
        device = "phone" if number % 2 else "laptop"
        rows.append(f"c{number},view,2026-03-01 10:0{number},{device}")
        if number <= 6:
            rows.append(f"c{number},view,2026-03-01 11:0{number},{device}")
        if number <= 4:
            rows.append(f"c{number},pay,2026-03-01 12:0{number},{device}")
        if number <= 2:
            rows.append(f"c{number},kept,2026-03-02 12:0{number},{device}")
    return "\n".join(rows) + "\n"


def write_project(root):
    folder = root / "data" / "raw" / "tiny"
    (folder / "interviews").mkdir(parents=True)
    (folder / "codes").mkdir()
    (folder / "study.yaml").write_text(STUDY)
    (folder / "interviews" / "k01.txt").write_text(ONE)
    (folder / "interviews" / "k02.txt").write_text(TWO)
    (folder / "survey.csv").write_text(SURVEY)
    (folder / "events.csv").write_text(make_log())


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path / "project")
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def folder(project):
    return project / "data" / "raw" / "tiny"


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    base = tmp_path_factory.mktemp("made")
    write_project(base / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(base / "vault"))
        patch.chdir(base / "project")
        _ = open_study("tiny").tables
    return base


@pytest.fixture
def ready(_made, tmp_path, monkeypatch):
    # A project whose tables are in the cache, for tests that only look at them.
    shutil.copytree(_made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"
