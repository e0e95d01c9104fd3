"""How much of the demo's planted truth the coders find: `python benchmarks/demo_truth.py`.

The demo is synthetic, and the cue lists were extended after its texts had been read: these
figures compare coders with each other, and say nothing about other studies. The last line is
one JSON object.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pandas as pd

import cjm_research as cjm

TRUTH = Path(__file__).parents[1] / "data" / "raw" / "demo" / "truth.json"


def main() -> None:
    """Print a table per source and the figures as JSON."""
    planted = pd.DataFrame(json.loads(TRUTH.read_text("utf-8"))["excerpts"])
    study = cjm.open_study("demo")
    found = match_excerpts(planted, study)
    by_machine = study.held_codes[~study.held_codes["coder_id"].str.startswith("person:")]
    figures: dict[str, float] = {"n_excerpts": len(found)}
    interviews = found[found["source"] == "interviews"]
    placed = interviews[interviews["stage"] != ""]
    figures["stage_accuracy_interviews"] = (placed["stage"] == placed["stage_found"]).mean()
    for source, rows in (("interviews", interviews), ("surveys", found.drop(interviews.index))):
        pain = codes_of(rows, by_machine, "pain_point") - {(n, "other") for n in rows.index}
        figures |= score(f"pain_{source}", truth_of(rows, "pains"), pain)
        emotions = codes_of(rows, by_machine, "emotion")
        figures |= score(f"emotion_{source}", truth_of(rows, "emotions"), emotions)
    for name, value in figures.items():
        print(f"{name:32} {value:.3f}" if isinstance(value, float) else f"{name:32} {value}")
    print(json.dumps({name: round(float(value), 4) for name, value in figures.items()}))


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
    }


if __name__ == "__main__":
    main()
