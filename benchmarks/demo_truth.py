"""How much of the demo's planted truth the coders find: `python benchmarks/demo_truth.py`.

The demo is synthetic, and the cue lists were extended after its texts had been read: these
figures compare coders with each other, and say nothing about other studies. The last line is
one JSON object.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import cjm_research as cjm
from cjm_research.coding import code_excerpts, measure_excerpts
from cjm_research.config import CodingPart

TRUTH = Path(__file__).parents[1] / "data" / "raw" / "demo" / "truth.json"


def main() -> None:
    """Print a table per source, the encoder beside the rules, and the figures as JSON."""
    planted = pd.DataFrame(json.loads(TRUTH.read_text("utf-8"))["excerpts"])
    study = cjm.open_study("demo")
    found = match_excerpts(planted, study)
    interviews = found[found["source"] == "interviews"]
    placed = interviews[interviews["stage"] != ""]
    figures: dict[str, float] = {
        "n_excerpts": len(found),
        "stage_accuracy_interviews": (placed["stage"] == placed["stage_found"]).mean(),
    }
    by_coder = {by: measure(found, study, by) for by in ("rules", "encoder")}
    print(f"{'':34}{'rules':>8}{'encoder':>9}")
    for name, value in by_coder["rules"].items():
        print(f"{name:34}{value:8.3f}{by_coder['encoder'][name]:9.3f}")
    for by, measured in by_coder.items():
        figures |= {f"{by}_{name}": value for name, value in measured.items()}
    print(json.dumps({name: round(float(value), 4) for name, value in figures.items()}))


def measure(found: pd.DataFrame, study: cjm.Study, by: str) -> dict[str, float]:
    """Score and code the excerpts anew, and hold both against what was planted."""
    setting = replace(study.coding, choices=CodingPart(scores=by))
    scored = measure_excerpts(study.excerpts, by=by)
    codes = code_excerpts(study.excerpts, scored, setting)
    codes = codes[codes["coder_id"] == by]
    scores = scored.scores.set_index("excerpt_id").loc[found["excerpt_id"]]
    in_talks = found["source"] == "interviews"
    figures: dict[str, float] = {}
    for source, rows in (("interviews", found[in_talks]), ("surveys", found[~in_talks])):
        pain = codes_of(rows, codes, "pain_point") - {(n, "other") for n in rows.index}
        figures |= score(f"pain_{source}", truth_of(rows, "pains"), pain)
        emotions = codes_of(rows, codes, "emotion")
        figures |= score(f"emotion_{source}", truth_of(rows, "emotions"), emotions)
        mine = scores.loc[rows["excerpt_id"]]
        told = rows["pains"].map(len) > 0
        figures[f"pain_{source}_auc"] = float(roc_auc_score(told, mine["pain"]))
        areas = [
            roc_auc_score(rows["emotions"].map(lambda names, e=e: e in names), mine[f"emotion_{e}"])
            for e in sorted({name for names in rows["emotions"] for name in names})
        ]
        figures[f"emotion_{source}_mean_auc"] = float(np.mean(areas))
    return figures


def match_excerpts(planted: pd.DataFrame, study: cjm.Study) -> pd.DataFrame:
    """Find each planted sentence among the excerpts; masked ones are left out."""
    excerpts = study.excerpts[study.excerpts["speaker"] != "interviewer"]
    ids: dict[str, list[str]] = defaultdict(list)
    for row in excerpts.itertuples():
        ids[row.text].append(row.excerpt_id)
    stages = excerpts.set_index("excerpt_id")["stage"].astype(str)
    found = planted[planted["quote"].map(lambda quote: len(ids[quote]) == 1)].reset_index(drop=True)
    found["excerpt_id"] = found["quote"].map(lambda quote: ids[quote][0])
    return found.assign(stage_found=found["excerpt_id"].map(stages))


def truth_of(rows: pd.DataFrame, column: str) -> set[tuple[int, str]]:
    """Planted (row, code) pairs."""
    return {(number, code) for number, codes in rows[column].items() for code in codes}


def codes_of(rows: pd.DataFrame, codes: pd.DataFrame, group: str) -> set[tuple[int, str]]:
    """Coded (row, code) pairs."""
    mine = codes[codes["code_group"] == group]
    numbers = pd.Series(rows.index, index=rows["excerpt_id"])
    mine = mine[mine["excerpt_id"].isin(numbers.index)]
    return set(zip(mine["excerpt_id"].map(numbers), mine["code"], strict=True))


def score(name: str, truth: set[tuple[int, str]], found: set[tuple[int, str]]) -> dict[str, float]:
    """Precision and recall over (excerpt, code) pairs."""
    right = len(truth & found)
    return {
        f"{name}_precision": right / len(found) if found else float("nan"),
        f"{name}_recall": right / len(truth) if truth else float("nan"),
        f"{name}_f1": 2 * right / (len(found) + len(truth)),
    }


if __name__ == "__main__":
    main()
