"""Fit the heads that turn the encoder's reading of a sentence into statements.

`python training/fit_statements.py --data ../shared/data` writes
`cjm_research/coding/statement_heads.npz`: a logistic regression for each of pain, delight, need,
the outcomes of expectations and the ten UX emotions, on what the encoder and the word lists say
of the sentence and of the question it answers. Trained on `sheets/real` (1,840 real sentences,
labelled by the coding guide; rows that are held back are not among them) and, at half the
weight, on the project's own written sheets. Thresholds are those with the best F1 in
cross-validation over rows of the real sentences.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sources import SHEETS

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from voices_sample import read_sentences

from cjm_research.coding.encoder import EMOTIONS, load_encoder, score_texts
from cjm_research.coding.encoder.emotions import ROLL_UP
from cjm_research.coding.heads import (
    EXPECTATIONS,
    HEADS_FILE,
    SIGNALS,
    describe_sentences,
    speaks_of_expectation,
)
from cjm_research.coding.phrases import plain_text
from cjm_research.coding.scores import keep_questions

SHEET_WEIGHT = 0.5
STRICTNESS = 0.1
FOLDS = 3
LEAST_PRECISION = 0.84
"""Of pain, in cross-validation."""


def main() -> None:
    """Fit and write the heads, and print how well each does in cross-validation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    real, sheets = read_real(args.data), read_sheets()
    x_real, x_sheets = (features(rows) for rows in (real, sheets))
    # Sentences of one row of a file stay together.
    row = (real["file"] + "," + real["row"]).to_numpy()
    real_fold = np.array([zlib.crc32(name.encode()) % FOLDS for name in row])
    weights, thresholds, held_out = {}, {}, {}
    for name in (*SIGNALS, *EXPECTATIONS, *(f"emotion_{name}" for name in EMOTIONS)):
        # A sheet without labels for this head says nothing about it.
        known = sheets[name].notna().to_numpy() if name in sheets else np.zeros(len(sheets), bool)
        x = np.vstack([x_real, x_sheets[known]])
        labels = sheets.reindex(columns=[name])[name]
        y = np.r_[real[name].to_numpy(int), labels[known].to_numpy(int)]
        weight = np.r_[np.ones(len(real)), np.full(int(known.sum()), SHEET_WEIGHT)]
        fold = np.r_[real_fold, np.flatnonzero(known) % FOLDS]
        out = np.zeros(len(y))
        for part in range(FOLDS):
            train = fold != part
            out[~train] = fit(x[train], y[train], weight[train]).predict_proba(x[~train])[:, 1]
        # Sheets by the guide help to place the thresholds of what is rare.
        guided = np.r_[np.ones(len(real), bool), sheets.loc[known, "guided"].to_numpy(bool)]
        thresholds[name] = choose_threshold(name, y[guided], out[guided], weight[guided] ** 2)
        held_out[name] = out[guided]
        head = fit(x, y, weight)
        weights[name] = np.append(head.coef_[0], head.intercept_[0]).astype(np.float32)
    expects = pd.concat([real, sheets[sheets["guided"]]])[list(EXPECTATIONS)].max(axis=1)
    surest = np.max([held_out[name] for name in EXPECTATIONS], axis=0)
    surest *= speaks_of_expectation([*real["text"], *sheets.loc[sheets["guided"], "text"]])
    weight = np.full(len(expects), SHEET_WEIGHT**2)
    weight[: len(real)] = 1.0
    thresholds["expectation"] = choose_threshold(
        "any expectation", expects.to_numpy(int), surest, weight
    )
    np.savez_compressed(
        HEADS_FILE,
        names=np.array(list(weights)),
        weights=np.stack(list(weights.values())),
        thresholds=json.dumps(thresholds),
    )


def choose_threshold(
    name: str, y: np.ndarray, probabilities: np.ndarray, weight: np.ndarray
) -> float:
    """Return the probability from which F1 is best, and print how good that is."""
    precision, recall, levels = precision_recall_curve(y, probabilities, sample_weight=weight)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    if name == "pain":  # what is called trouble is read first, and must be right
        f1[precision < LEAST_PRECISION] = 0.0
    best = int(f1[:-1].argmax())
    print(
        f"{name:24}{y.sum():5d} of {len(y)}  F1 {f1[best]:.3f} at {levels[best]:.2f} "
        f"(precision {precision[best]:.2f}, recall {recall[best]:.2f})"
    )
    return round(float(np.clip(levels[best], 0.1, 0.9)), 3)


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> LogisticRegression:
    """Fit one head."""
    head = LogisticRegression(C=STRICTNESS, solver="newton-cholesky", max_iter=100)
    return head.fit(x, y, weight)


def features(rows: pd.DataFrame) -> np.ndarray:
    """Return what the heads see of each sentence."""
    encoder = load_encoder()
    texts, prompts = ([plain_text(t) for t in rows[c]] for c in ("text", "prompt"))
    _, encoded = score_texts(encoder, texts, keep_questions(texts, prompts))
    return describe_sentences(encoder, encoded, texts, prompts)


def read_real(data: Path) -> pd.DataFrame:
    """Return the labelled real sentences with a 0/1 column per head."""
    sheets = (SHEETS / "real").glob("*.tsv")
    rows = pd.concat(
        [pd.read_csv(p, sep="\t", dtype=str, keep_default_na=False) for p in sorted(sheets)],
        ignore_index=True,
    )
    sentences = {s.address: s for s in read_sentences(data)}
    found = [
        sentences[(r.file, int(r.row), r.column, int(r.start), int(r.end))]
        for r in rows.itertuples()
    ]
    emotions = rows["emotions"].str.split(",")
    return rows.assign(
        text=[s.text for s in found],
        prompt=[s.prompt for s in found],
        **{name: rows[name].astype(int) for name in SIGNALS},
        **{
            name: (rows["expectation"] == name.removeprefix("expectation_")).astype(int)
            for name in EXPECTATIONS
        },
        **{
            f"emotion_{name}": emotions.map(lambda e, n=name: n in e).astype(int)
            for name in EMOTIONS
        },
    )


def read_sheets() -> pd.DataFrame:
    """Return the written sheets with the same columns; NaN where a sheet does not say."""
    parts = []
    for path in sorted(SHEETS.glob("*/*.tsv")):
        if path.parent.name == "real":
            continue
        rows = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        columns = {name: (rows[name].astype(float) >= 0.5).astype(float) for name in SIGNALS}
        if "ux_emotions" in rows:
            felt = rows["ux_emotions"].str.split(",")
            for name in EMOTIONS:
                columns[f"emotion_{name}"] = felt.map(lambda e, n=name: float(n in e))
            for name in EXPECTATIONS:
                outcome = name.removeprefix("expectation_")
                columns[name] = (rows["expectation"] == outcome).astype(float)
        else:
            felt = rows["emotions"].str.split(",")
            for name, members in ROLL_UP.items():
                says = felt.map(lambda e, m=members: float(bool(set(e) & set(m))))
                columns[f"emotion_{name}"] = says.where(rows["emotions"] != "")
        parts.append(rows[["text", "prompt"]].assign(guided="ux_emotions" in rows, **columns))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    main()
