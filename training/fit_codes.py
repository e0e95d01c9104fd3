"""Fit the weights of `cjm_research/coding/code_inference.py`.

`python training/fit_codes.py --data ../shared/data` prints them, to be copied there. A
conditional logit (McFadden 1974) on the pains and delights of `sheets/real`, each with the code
of the starter codebook that fits best. Half of the codes at a time are taken out of the
codebook and their sentences called "no code", so that the weights learn to abstain.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from fit_statements import read_real
from scipy.optimize import minimize
from scipy.special import logsumexp

from cjm_research.coding.code_inference import FEATURES, describe, weigh
from cjm_research.coding.encoder import load_encoder
from cjm_research.coding.phrases import find_phrases, plain_text, tokenize
from cjm_research.coding.resources import load_codebook
from cjm_research.coding.scores import keep_questions

RIDGE = 1e-3
SPLITS = 6


def main() -> None:
    """Print the weights, and how often they are right on rows held out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    rows = read_real(args.data)
    encoder = load_encoder()

    def encode(texts: list[str]) -> np.ndarray:
        return encoder.encode(list(texts)).embeddings

    sets = []
    generator = np.random.default_rng(0)
    for group, chosen in (
        ("pain_point", rows["pain"] == 1),
        ("delight", (rows["delight"] == 1) & (rows["pain"] == 0)),
    ):
        mine = rows[chosen & (rows["code"] != "")].reset_index(drop=True)
        entries = [entry for entry in load_codebook() if entry.group == group]
        texts = [plain_text(text) for text in mine["text"]]
        prompts = keep_questions(texts, [plain_text(prompt) for prompt in mine["prompt"]])
        vectors = encoder.encode(texts, prompts).embeddings
        hits = count_hits(texts, entries)
        features = describe(vectors, texts, hits, entries, encode=encode)
        codes = [entry.code for entry in entries]
        truth = np.array([codes.index(c) if c in codes else len(codes) for c in mine["code"]])
        fold = mine["row"].astype(int).to_numpy() % 4
        for _ in range(SPLITS):
            kept = np.sort(generator.permutation(len(codes))[: max(2, len(codes) * 2 // 3)])
            place = {int(code): number for number, code in enumerate(kept)}
            known = np.array([place.get(int(code), len(kept)) for code in truth])
            sets.append((features[:, kept], known, fold))
        sets.append((features, truth, fold))

    for held_out in (*range(4), None):
        fitted = fit([(f[d != held_out], t[d != held_out]) for f, t, d in sets])
        if held_out is None:
            break
        whole = sets[SPLITS :: SPLITS + 1]
        for name, (features, truth, fold) in zip(("pain", "delight"), whole, strict=True):
            test = fold == held_out
            logits = weigh(features[test], fitted[:-1], fitted[-1])
            p = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
            given = p[:, :-1].argmax(axis=1)
            sure = p[:, :-1].max(axis=1) >= 0.35
            right = (given == truth[test])[sure].mean()
            print(f"fold {held_out} {name}: {right:.2f} right of {sure.mean():.0%} given a code")
    print("WEIGHTS =", tuple(round(float(w), 2) for w in fitted[:-1]))
    print("NO_CODE =", round(float(fitted[-1]), 2))


def fit(sets: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the weights and the logit of "no code"."""

    def loss(weights: np.ndarray) -> float:
        total = 0.0
        for features, truth in sets:
            logits = weigh(features, weights[:-1], weights[-1])
            log_p = logits - logsumexp(logits, axis=1, keepdims=True)
            total -= log_p[np.arange(len(truth)), truth].mean()
        return total / len(sets) + RIDGE * float((weights[:-1] ** 2).sum())

    return minimize(loss, np.zeros(len(FEATURES) + 1), method="L-BFGS-B").x


def count_hits(texts: list[str], entries: list) -> np.ndarray:
    """Count the cues and sure cues of each code: array, texts x codes x 2."""
    phrases = {f"{n}:0": e.cues for n, e in enumerate(entries)}
    phrases |= {f"{n}:1": e.sure_cues for n, e in enumerate(entries)}
    hits = np.zeros((len(texts), len(entries), 2))
    for row, found in enumerate(find_phrases(tokenize(texts), phrases)):
        for hit in found:
            entry, kind = hit.label.split(":")
            hits[row, int(entry), int(kind)] += 1
    return hits


if __name__ == "__main__":
    main()
