import shutil
from types import SimpleNamespace

import pytest

from tests.tiny import SENTINEL, SHOW, write_notebook

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
kpis:
  - {name: Visitors who buy, measure: conversion, from: see, to: buy, target: 0.5}
sources:
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id, submitted_at: sent}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
      - {id: nps, kind: nps, columns: nps}
      - {id: region, kind: attribute, columns: region}
  - id: talks
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    consent: quote
    masking_reviewed: all
    participant_pattern: (t\\d+)
    interviewers: [Ana]
    %s
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at, device: device}
audience_segments: [{id: device}, {id: region}]
coding: {scores: rules}
integration: {smallest_cell: 5}
"""
COLLECTED = "collected: {from: 2026-03-20, to: 2026-03-25}"
N = 24
DEVICES = ("desktop", "phone")
REGIONS = ("north", "south", "west")
REASONS = (
    "The page was so slow that I left.",
    "It was easy.",
    "",
    "I could not pay, the form gave an error and I was annoyed.",
)


def write_study(folder, *, collected=COLLECTED):
    """24 people: even ones on a desktop, odd ones on a phone; one comes on each day of March.

    c24 lives in no region. Six of them are in the west.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(STUDY % collected)
    answers, events = ["id,why,nps,region,sent"], ["id,event,at,device"]
    for n in range(1, N + 1):
        region = "" if n == N else REGIONS[2] if n % 4 == 0 else REGIONS[n % 2]
        answers.append(f'c{n},"{REASONS[n % 4]}",{n % 11},{region},2026-03-{n:02d} 12:00')
        events.append(f"c{n},view,2026-03-{n:02d} 10:00,{DEVICES[n % 2]}")
        if n % 3:
            events.append(f"c{n},pay,2026-03-{n:02d} 10:05,{DEVICES[n % 2]}")
    (folder / "survey.csv").write_text("\n".join(answers) + "\n")
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    (folder / "talks").mkdir(exist_ok=True)
    for n in range(1, 4):
        said = f"Ana: What got in your way?\nGuest {n}: I could not pay, and it was so slow.\n"
        (folder / "talks" / f"t{n}.txt").write_text(said)
    (folder / "codes").mkdir(exist_ok=True)
    (folder / "codes" / "eva.csv").write_text(
        "file,quote,code_group,code\n"
        ",The page was so slow that I left.,pain_point,slow\n"
        "talks/t1.txt,it was so slow,pain_point,slow\n"
    )
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project with the study `tiny` and one notebook, nothing made yet."""
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    root = tmp_path / "project"
    folder = write_study(root / "data" / "raw" / "tiny")
    write_notebook(root / "notebooks" / "01_numbers.ipynb", SHOW, SENTINEL)
    monkeypatch.chdir(root)
    return SimpleNamespace(root=root, folder=folder, reports=root / "reports" / "tiny")


@pytest.fixture
def without_talks(place):
    """The same, all of it with times and device."""
    text = (place.folder / "study.yaml").read_text()
    start, end = text.index("  - id: talks"), text.index("  - id: log")
    (place.folder / "study.yaml").write_text(text[:start] + text[end:])
    shutil.rmtree(place.folder / "talks")
    (place.folder / "codes" / "eva.csv").write_text(
        "file,quote,code_group,code\n,The page was so slow that I left.,pain_point,slow\n"
    )
    return place
