"""Fit the weights of `cjm_research/coding/stage_inference.py`.

`python training/fit_stages.py --data ../shared/data` prints them, to be copied there. A
conditional logit (McFadden 1974) on the demo's interviews (planted stages) and the development
half of `benchmarks/stages` (three real journeys); every set weighs the same. The other half of
the sheet and the blind study are for `benchmarks/voices.py` only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import logsumexp

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from stage_sheets import read_demo, read_sheet

from cjm_research.coding.encoder import load_encoder
from cjm_research.coding.stage_inference import FEATURES, measure_likeness, weigh

RIDGE = 1e-3


def main() -> None:
    """Print the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    encoder = load_encoder()

    def encode(texts: list[str]) -> np.ndarray:
        return encoder.encode(list(texts)).embeddings

    sets = []
    for staged in [read_demo(), *read_sheet(args.data, development=True)]:
        rows = staged.excerpts
        vectors = pd.DataFrame(encode(rows["text"]), index=rows["excerpt_id"])
        likeness = measure_likeness(rows, vectors, staged.journey, encode=encode)
        known = rows["truth"].notna().to_numpy()
        place = {stage: number for number, stage in enumerate([*staged.journey.stage_ids, ""])}
        truth = rows.loc[known, "truth"].map(place).to_numpy()
        sets.append((likeness[known], rows.loc[known, "text"], truth))

    def loss(weights: np.ndarray) -> float:
        total = 0.0
        for likeness, texts, truth in sets:
            logits = weigh(likeness, texts, weights[:-2], (weights[-2], weights[-1]))
            log_p = logits - logsumexp(logits, axis=1, keepdims=True)
            total -= log_p[np.arange(len(truth)), truth].mean()
        return total / len(sets) + RIDGE * float((weights[:-2] ** 2).sum())

    fitted = minimize(loss, np.zeros(len(FEATURES) + 2), method="L-BFGS-B").x
    print("WEIGHTS =", tuple(round(float(w), 2) for w in fitted[:-2]))
    print("NO_STAGE =", tuple(round(float(w), 2) for w in fitted[-2:]))


if __name__ == "__main__":
    main()
