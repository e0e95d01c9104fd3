"""Sentences with known stages: the demo's interviews, a sheet from real journeys, a blind study.

What stands here is read in the same way by `training/fit_stages.py` (demo and the
development half of the sheet) and by `benchmarks/voices.py`.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml

import cjm_research as cjm
from cjm_research.coding.phrases import plain_text
from cjm_research.journey import Journey, Stage, Touchpoint

HERE = Path(__file__).parent
TRUTH = HERE.parent / "data" / "raw" / "demo" / "truth.json"
COLUMNS = ["excerpt_id", "document_id", "participant_id", "turn", "start", "prompt", "text"]


@dataclass(frozen=True)
class StagedExcerpts:
    """Excerpts in reading order, each with the stage that it speaks of ("" for none).

    Attributes
    ----------
    name : str
    excerpts : DataFrame
        `COLUMNS` and `truth`; NaN in `truth` where nobody said.
    journey : Journey
        Without guide questions: nothing is declared.
    """

    name: str
    excerpts: pd.DataFrame
    journey: Journey


def read_demo() -> StagedExcerpts:
    """Return the demo's interviews with their planted stages, without guide and headings."""
    study = cjm.open_study("demo")
    planted = json.loads(TRUTH.read_text("utf-8"))["excerpts"]
    stage_of = defaultdict(set)
    for row in planted:
        if row["source"] == "interviews":
            stage_of[row["quote"]].add(row["stage"])
    excerpts = study.excerpts
    mine = (excerpts["source"] == "interviews") & (excerpts["speaker"] == "participant")
    excerpts = excerpts[mine].sort_values(["document_id", "start"], kind="stable")
    truth = [
        next(iter(stage_of[text])) if len(stage_of[text]) == 1 else None
        for text in excerpts["text"]
    ]
    journey = Journey(tuple(replace(stage, prompts=()) for stage in study.journey))
    return StagedExcerpts("demo", excerpts[COLUMNS].assign(truth=truth), journey)


def read_blind() -> StagedExcerpts:
    """Return the synthetic service that was written apart from the stage coder."""
    interviews = json.loads((HERE / "blind" / "interviews.json").read_text("utf-8"))
    rows = []
    for interview in interviews:
        prompt, place = "", 0
        for number, turn in enumerate(interview["turns"]):
            if turn["speaker"] == "interviewer":
                prompt = " ".join(sentence["text"] for sentence in turn["sentences"])
                continue
            for sentence in turn["sentences"]:
                person = interview["participant"]
                rows.append(
                    [f"{person}#{place}", person, person, number, place, prompt,
                     sentence["text"], sentence["stage"]]
                )  # fmt: skip
                place += 1
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "truth"])
    parts = yaml.safe_load((HERE / "blind" / "journey.yaml").read_text("utf-8"))["stages"]
    return StagedExcerpts("blind", frame, _journey(parts))


def read_sheet(data: Path, *, development: bool) -> list[StagedExcerpts]:
    """Return one half of the hand-staged sheet, a set per journey.

    Short texts are split by their address, runs of interviews whole: even runs are for
    development.
    """
    parts = yaml.safe_load((HERE / "stages" / "journeys.yaml").read_text("utf-8"))
    labels = pd.read_csv(HERE / "stages" / "labels.tsv", sep="\t", dtype=str, keep_default_na=False)
    sheets = []
    for name, rows in labels.groupby("journey", sort=False):
        run = pd.to_numeric(rows["run"]).fillna(-1).astype(int)
        digest = (rows["file"] + "," + rows["row"] + "," + rows["start"]).map(_first_byte)
        half = (run.where(run >= 0, digest) % 2 == 0) == development
        frame = _texts(data, rows[half])
        sheets.append(StagedExcerpts(str(name), frame, _journey(parts[str(name)]["stages"])))
    return sheets


def _texts(data: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Read the labelled sentences where they stand; a run is one conversation."""
    from voices_sample import read_sentences

    prompts = {s.address: s.prompt for s in read_sentences(data)}
    found = []
    for place, row in enumerate(rows.to_dict("records")):
        start, end, number = int(row["start"]), int(row["end"]), int(row["row"])
        address = (row["file"], number, row["column"], start, end)
        document = f"run {row['run']}" if row["run"] else f"{row['file']},{number},{start}"
        found.append(
            [f"{row['journey']}#{place}", document, document, number, place,
             plain_text(prompts.get(address, "")), _cell(data, row)[start:end], row["stage"]]
        )  # fmt: skip
    return pd.DataFrame(found, columns=[*COLUMNS, "truth"])


def _cell(data: Path, row: dict[str, str]) -> str:
    if not row["column"]:
        lines = (data / row["file"]).read_text("utf-8").splitlines()
        return lines[int(row["row"])]
    with (data / row["file"]).open(encoding="utf-8", newline="") as handle:
        records = list(csv.reader(handle))
    if row["column"] in records[0]:
        place = records[0].index(row["column"])
    else:  # the 2015 export has whole questions as headings; short names stand beside it
        short = (data / row["file"]).parent / "survey_short_columns.csv"
        with short.open(encoding="utf-8", newline="") as handle:
            place = next(csv.reader(handle))[1:].index(row["column"])
    return records[int(row["row"]) + 1][place]


def _journey(parts: list[dict]) -> Journey:
    return Journey(
        tuple(
            Stage(
                id=part["id"],
                name=part["name"],
                definition=" ".join(part["definition"].split()),
                cues=tuple(part.get("cues", ())),
                touchpoints=tuple(Touchpoint(t["name"]) for t in part.get("touchpoints", ())),
            )
            for part in parts
        )
    )


def _first_byte(address: str) -> int:
    return hashlib.sha256(address.encode()).digest()[0]
