"""Stage inference without any declared mapping: a part of `benchmarks/voices.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from stage_sheets import StagedExcerpts, read_blind, read_demo, read_sheet

from cjm_research.coding.encoder import load_encoder
from cjm_research.coding.stage_inference import infer_stages
from cjm_research.coding.stages import StageCoder

COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
LEAST_COVERAGE = 0.7


def measure_stages(data: Path) -> dict[str, float]:
    """Print risk against coverage for every set, and return the figures.

    Macro precision is the mean over stages of "right among those given this stage". Excerpts
    whose planted or hand-given stage is none are left out of it; the figures that count them
    as errors are printed beside.
    """
    encoder = load_encoder()

    def encode(texts: list[str]) -> np.ndarray:
        return encoder.encode(list(texts)).embeddings

    figures: dict[str, float] = {}
    sets = [read_demo(), read_blind(), *read_sheet(data, development=False)]
    print("\nStages, macro precision by coverage (strict: asides without a stage count as errors)")
    print(f"{'':12}{'n':>5}{'':11}" + "".join(f"{c:>7.0%}" for c in COVERAGES) + "   as shipped")
    sheet = []
    for staged in sets:
        measured = _measure(staged, encode)
        if staged.name in ("demo", "blind"):
            figures |= {
                f"stage_precision_{staged.name}": measured["shipped"],
                f"stage_coverage_{staged.name}": measured["coverage"],
                f"stage_smoothing_gain_{staged.name}": measured["gain"],
                f"stage_precision_{staged.name}_strict": measured["shipped_strict"],
            }
        else:
            sheet.append(measured)
    names = {"shipped": "", "shipped_strict": "_strict"}
    for key, suffix in names.items():
        figures[f"stage_precision_sheet{suffix}"] = float(np.mean([m[key] for m in sheet]))
    n_sheet = sum(m["n"] for m in sheet)
    figures["stage_coverage_sheet"] = sum(m["coverage"] * m["n"] for m in sheet) / n_sheet
    figures["stage_smoothing_gain_sheet"] = sheet[-1]["gain"]
    figures["stage_coverage"] = min(
        figures[f"stage_coverage_{name}"] for name in ("demo", "blind", "sheet")
    )
    return figures


def _measure(staged: StagedExcerpts, encode) -> dict[str, float]:
    rows = staged.excerpts
    ids = [*staged.journey.stage_ids, ""]
    vectors = pd.DataFrame(encode(rows["text"]), index=rows["excerpt_id"])
    alone, along = infer_stages(rows, vectors, staged.journey, encode=encode)
    known = rows["truth"].notna().to_numpy()
    truth = rows["truth"].where(known, "").map(ids.index).to_numpy()
    has_stage = known & (rows["truth"] != "").to_numpy()
    curves = {}
    for label, chosen, probabilities in (
        ("smoothed", has_stage, along),
        ("alone", has_stage, alone),
        ("strict", known, along),
    ):
        curve = [_at(truth[chosen], probabilities[chosen], coverage) for coverage in COVERAGES]
        curves[label] = dict(zip(COVERAGES, curve, strict=True))
        shown = "".join(f"{value:7.3f}" for value in curve)
        print(f"{staged.name:12}{chosen.sum():5d}  {label:9}{shown}", end="")
        if label != "smoothed":
            print()
            continue
        # What a study gets: the shipped coder, its margin and its idea of "no stage".
        full = rows.assign(
            speaker="participant", heading="", end=rows["start"] + rows["text"].str.len()
        )
        coded = StageCoder(staged.journey, vectors, encode)(full, pd.DataFrame())
        given = rows["excerpt_id"].map(coded.set_index("excerpt_id")["code"]).fillna("")
        given = given.map(ids.index).to_numpy()
        shipped, coverage = _given(truth[has_stage], given[has_stage], len(ids) - 1)
        strict, _ = _given(truth[known], given[known], len(ids) - 1)
        print(f"   {shipped:.3f} of {coverage:.0%} (strict {strict:.3f})")
    return {
        "shipped": shipped,
        "shipped_strict": strict,
        "coverage": coverage,
        "n": int(has_stage.sum()),
        "gain": curves["smoothed"][LEAST_COVERAGE] - curves["alone"][LEAST_COVERAGE],
    }


def _at(truth: np.ndarray, probabilities: np.ndarray, coverage: float) -> float:
    """Macro precision over the surest share of the excerpts."""
    n_stages = probabilities.shape[1] - 1
    stages = probabilities[:, :n_stages]
    order = np.argsort(-stages.max(axis=1), kind="stable")[: int(np.ceil(coverage * len(truth)))]
    return _macro(truth[order], stages[order].argmax(axis=1), n_stages)


def _given(truth: np.ndarray, given: np.ndarray, n_stages: int) -> tuple[float, float]:
    """Macro precision over the excerpts that were given a stage, and their share."""
    placed = given < n_stages
    return _macro(truth[placed], given[placed], n_stages), float(placed.mean())


def _macro(truth: np.ndarray, given: np.ndarray, n_stages: int) -> float:
    shares = [(truth[given == s] == s).mean() for s in range(n_stages) if (given == s).any()]
    return float(np.mean(shares))
