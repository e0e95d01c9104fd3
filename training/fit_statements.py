"""Fit the heads that turn the encoder's reading of a sentence into statements.

`python training/fit_statements.py --data ../shared/data` writes
`cjm_research/coding/statement_heads.npz`: a logistic regression for each of pain, delight, need
and the ten UX emotions, on what the encoder says of the sentence and of the question it answers.
Trained on `sheets/real` (1,500 real sentences, labelled by the coding guide; rows that are held
back are not among them) and, at a lower weight, on the project's own written sheets. Thresholds
are those with the best F1 in cross-validation over rows of the real sentences.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold
from sources import SHEETS

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from voices_sample import read_sentences  # noqa: E402

from cjm_research.coding.encoder import EMOTIONS, load_encoder, score_texts  # noqa: E402
from cjm_research.coding.encoder.emotions import ROLL_UP  # noqa: E402
from cjm_research.coding.heads import HEADS_FILE, SIGNALS, describe_sentences  # noqa: E402
from cjm_research.coding.phrases import plain_text  # noqa: E402
from cjm_research.coding.scores import keep_questions  # noqa: E402

SHEET_WEIGHT = 0.3
STRICTNESS = 0.1
FOLDS = 4


def main() -> None:
    """Fit and write the heads, and print how well each does in cross-validation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    real, sheets = read_real(args.data), read_sheets()
    x_real, x_sheets = (features(rows) for rows in (real, sheets))
    groups = (real["file"] + "," + real["row"]).to_numpy()
    weights, thresholds = {}, {}
    for name in (*SIGNALS, *(f"emotion_{name}" for name in EMOTIONS)):
        # A sheet without labels for this head says nothing about it.
        known = sheets[name].notna().to_numpy()
        y, y_sheets = real[name].to_numpy(int), sheets.loc[known, name].to_numpy(int)
        out = np.zeros(len(y))
        for train, test in GroupKFold(FOLDS).split(x_real, y, groups):
            head = fit(x_real[train], y[train], x_sheets[known], y_sheets)
            out[test] = head.predict_proba(x_real[test])[:, 1]
        precision, recall, levels = precision_recall_curve(y, out)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        best = int(f1[:-1].argmax())
        head = fit(x_real, y, x_sheets[known], y_sheets)
        weights[name] = np.append(head.coef_[0], head.intercept_[0]).astype(np.float32)
        thresholds[name] = float(np.clip(levels[best], 0.1, 0.9))
        print(
            f"{name:24}{y.sum():5d} of {len(y)}  F1 {f1[best]:.3f} at {levels[best]:.2f} "
            f"(precision {precision[best]:.2f}, recall {recall[best]:.2f})"
        )
    np.savez_compressed(
        HEADS_FILE,
        names=np.array(list(weights)),
        weights=np.stack(list(weights.values())),
        thresholds=np.array([round(thresholds[name], 3) for name in weights], dtype=np.float32),
    )


def fit(
    x_real: np.ndarray, y: np.ndarray, x_sheets: np.ndarray, y_sheets: np.ndarray
) -> LogisticRegression:
    """Fit one head; sheets count less than real sentences."""
    weight = np.r_[np.ones(len(y)), np.full(len(y_sheets), SHEET_WEIGHT)]
    head = LogisticRegression(C=STRICTNESS, solver="newton-cholesky", max_iter=100)
    return head.fit(np.vstack([x_real, x_sheets]), np.r_[y, y_sheets], weight)


def features(rows: pd.DataFrame) -> np.ndarray:
    """Return what the heads see of each sentence."""
    encoder = load_encoder()
    texts, prompts = ([plain_text(t) for t in rows[c]] for c in ("text", "prompt"))
    _, encoded = score_texts(encoder, texts, keep_questions(texts, prompts))
    return describe_sentences(encoder, encoded, prompts)


def read_real(data: Path) -> pd.DataFrame:
    """Return the labelled real sentences with a 0/1 column per head."""
    rows = pd.read_csv(
        SHEETS / "real" / "labels.tsv", sep="\t", dtype=str, keep_default_na=False
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
        felt = rows["emotions"].str.split(",")
        columns = {name: (rows[name].astype(float) >= 0.5).astype(float) for name in SIGNALS}
        for name, members in ROLL_UP.items():
            says = felt.map(lambda e, m=members: float(bool(set(e) & set(m))))
            columns[f"emotion_{name}"] = says.where(rows["emotions"] != "")
        parts.append(rows[["text", "prompt"]].assign(**columns))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    main()
