"""A map to export, and a small study with a group that is too small to be shown."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

import cjm_research as cjm

NAN = float("nan")
HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\0=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "a;=cmd|'/c calc'!A0",
    "#REF!",
    "<script>alert(1)</script>",
    "]]> &amp; <!--",
    "nul\0 rtl\u202e end \ud800",
    "x" * 40_000,
]


def stage(number, **changed):
    row = {
        "stage": f"s{number}",
        "stage_name": f"Stage {number}",
        "owner": "Sales",
        "sequential": True,
        "coverage": "heard",
        "heard": [
            {"source": "survey", "label": "Survey", "kind": "survey_answer", "asked": True,
             "n_heard": 40, "n_participants": 90},
            {"source": "talks", "label": "Interviews", "kind": "interview", "asked": True,
             "n_heard": 12, "n_participants": 14},
        ],
        "valence": [
            {"source": "survey", "label": "Survey", "kind": "survey_answer", "mean": -0.5, "n": 40,
             "people": []},
            {"source": "talks", "label": "Interviews", "kind": "interview", "mean": 0.2, "n": 12,
             "people": [{"alias": "P01", "participant_id": "secret-1", "valence": 0.2}]},
        ],
        "pain_points": [
            {"source": "survey", "label": "Slow pages", "n_said": 9, "n_heard": 40, "share": 0.225,
             "low": 0.12, "high": 0.38, "source_label": "Survey", "aliases": ["P77"]},
            {"source": "talks", "label": "Forced to open an account", "n_said": 7, "n_heard": 12,
             "share": None, "low": None, "high": None, "source_label": "Interviews",
             "aliases": ["P01"]},
        ],
        "quotes": [
            {"text": "It took ages.", "alias": "P01", "at": "interview, 02:01",
             "speaker": "participant", "participant_id": "secret-1"},
        ],
        "ratings": [
            {"measure": "nps", "label": "NPS", "value": -12.0, "low": -20.0, "high": -4.0, "n": 90,
             "source_label": "Survey"},
        ],
        "behaviour_measure": "funnel_drop_off",
        "behaviour_label": "leave",
        "n_entered": 1000.0,
        "n_continued": 600.0,
        "n_dropped": 400.0,
        "drop_off_rate": 0.4,
        "drop_off_low": 0.37,
        "drop_off_high": 0.43,
        "behaviour_note": "",
    }  # fmt: skip
    return row | changed


def make_map(n, **changed):
    return pd.DataFrame([stage(number, **changed) for number in range(1, n + 1)])


def read_csv(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


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
    collected: {from: 2026-03-01, to: 2026-03-01}
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: see, text: "What got in your way?"}
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at, device: device}
audience_segments:
  - {id: device, label: Device}
coding: {scores: rules}
"""


def make_study(root: Path) -> Path:
    """Forty people, of whom three carry a watch."""
    folder = root / "data" / "raw" / "small"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    answers = [f"c{n},=The page was so slow that I left." for n in range(1, 10)]
    (folder / "survey.csv").write_text("id,why\n" + "\n".join(answers) + "\n")
    events = ["id,event,at,device"]
    for n in range(1, 41):
        device = "watch" if n <= 3 else ("phone" if n % 2 else "desk")
        events.append(f"c{n},view,2026-03-01 10:00,{device}")
        if n % 3:
            events.append(f"c{n},pay,2026-03-01 10:05,{device}")
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The study, opened, with its tables made."""
    root = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(root / "vault"))
        patch.chdir(root)
        study = cjm.open_study(make_study(root))
        assert len(study.journey_map) == 2
    return study


@pytest.fixture(scope="session")
def maps():
    return make_map


@pytest.fixture(scope="session")
def hostile():
    return HOSTILE


@pytest.fixture(scope="session")
def read():
    return read_csv
