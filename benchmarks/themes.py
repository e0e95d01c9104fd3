"""How well themes hold, beside BERTopic's defaults: `python benchmarks/themes.py --data DATA`.

Questions to a bank (Banking77, test split) in samples of three sizes, the number of clusters
not given. Both sides see the same embeddings, those of the shipped encoder. BERTopic's
defaults are UMAP (15 neighbours, 5 dimensions, no minimal distance, cosine) and HDBSCAN (10
texts a cluster at least, excess of mass); the texts that HDBSCAN leaves out count as one
cluster. They need umap-learn and hdbscan, which `make language` installs in .venv-training.

Banking77's intents are fine: two texts each in a sample of 150. So ours is measured at the
detail `fine`; `broad`, which people read, is printed beside it. The last line is one JSON
object. `--hindrances` prints the themes of the 2015 survey's hindrances as Markdown instead.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from cjm_research.coding import load_codebook, load_encoder
from cjm_research.coding.themes import (
    STABLE,
    ThemeCoder,
    cluster_vectors,
    describe_themes,
    embed_definitions,
)

SIZES = (150, 500, 2000)
HINDRANCES = "jupyter_surveys/2015-12-notebook-ux/survey_short_columns.csv"
PEERS = ("umap", "hdbscan")


def main() -> None:
    """Print a table, and all figures as one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--hindrances", action="store_true", help="print the survey's themes")
    options = parser.parse_args()
    if options.hindrances:
        print(list_hindrances(options.data))
        return
    missing = [name for name in PEERS if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"{' and '.join(missing)} cannot be imported. BERTopic's defaults are measured with "
            "them: run `make language` once and use .venv-training/bin/python."
        )
    figures = measure_themes(options.data)
    print(f"{'texts':>6} {'':10}{'AMI':>7}{'ARI':>7}{'clusters':>10}{'seconds':>9}")
    for n in SIZES:
        for who in ("fine", "broad", "bertopic"):
            row = [figures[f"themes_{name}_{who}_{n}"] for name in ("ami", "ari", "k", "s")]
            print(f"{n:6} {who:10}{row[0]:7.3f}{row[1]:7.3f}{row[2]:10.1f}{row[3]:9.2f}")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def measure_themes(data: Path, seeds: Iterable[int] = range(5)) -> dict[str, float]:
    """Cluster samples of Banking77's test split and hold them against its intents.

    Parameters
    ----------
    data : Path
        Holds `banking77/test.csv`.
    seeds : iterable of int
        Each draws a sample of each size, and seeds UMAP.

    Returns
    -------
    dict
        Means over the seeds: `themes_ami_gain_150` and so on (fine less BERTopic), and
        `themes_<ami|ari|k|s>_<fine|broad|bertopic>_<size>` (k: clusters, s: seconds).
    """
    with (data / "banking77" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    vectors = load_encoder().encode([row["text"] for row in rows]).embeddings
    intents = np.array([row["category"] for row in rows])
    found: dict[str, list[float]] = {}
    for n in SIZES:
        for seed in seeds:
            drawn = np.sort(np.random.default_rng(seed).choice(len(rows), n, replace=False))
            for who in ("fine", "broad", "bertopic"):
                started = time.perf_counter()
                if who == "bertopic":
                    labels = cluster_by_default(vectors[drawn], seed)
                else:
                    labels = cluster_vectors(vectors[drawn], detail=who).labels
                taken = time.perf_counter() - started
                for name, value in (
                    ("ami", adjusted_mutual_info_score(intents[drawn], labels)),
                    ("ari", adjusted_rand_score(intents[drawn], labels)),
                    ("k", len(set(labels[labels >= 0]))),
                    ("s", taken),
                ):
                    found.setdefault(f"themes_{name}_{who}_{n}", []).append(float(value))
    figures = {name: float(np.mean(values)) for name, values in found.items()}
    gains = {
        f"themes_{name}_gain_{n}": figures[f"themes_{name}_fine_{n}"]
        - figures[f"themes_{name}_bertopic_{n}"]
        for name in ("ami", "ari")
        for n in SIZES
    }
    return gains | figures


def cluster_by_default(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Return the topics of BERTopic's default UMAP and HDBSCAN; -1 is left out."""
    import hdbscan
    import umap

    reduced = umap.UMAP(
        n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed
    ).fit_transform(vectors)
    model = hdbscan.HDBSCAN(min_cluster_size=10, metric="euclidean", cluster_selection_method="eom")
    return model.fit_predict(reduced)


def list_hindrances(data: Path) -> str:
    """Return the themes of the 2015 survey's hindrances as Markdown, without anybody's words."""
    answers = pd.read_csv(data / HINDRANCES, dtype=str, keep_default_na=False)["hinderances"]
    answers = answers.str.strip()[answers.str.strip() != ""]
    ids = [f"a{row:04d}" for row in answers.index]
    excerpts = pd.DataFrame(
        {
            "excerpt_id": ids, "document_id": ids, "participant_id": ids, "start": 0,
            "end": answers.str.len().to_numpy(), "text": answers.to_numpy(),
        }
    )  # fmt: skip
    encoder = load_encoder()
    vectors = encoder.encode(answers.tolist()).embeddings
    # Everybody was asked what hinders them: every answer counts as telling of it.
    scores = pd.DataFrame({"excerpt_id": ids, "pain": 1.0, "delight": 0.0})
    coder = ThemeCoder(
        embeddings=pd.DataFrame(vectors, index=pd.Index(ids)),
        encoder_sha256=encoder.sha256,
        definitions=embed_definitions(load_codebook()),
    )
    started = time.perf_counter()
    codes = coder(excerpts, scores)
    taken = time.perf_counter() - started
    themes = describe_themes(codes, excerpts)
    ari = json.loads(codes["attributes"].iloc[0])["ari"]
    lines = [
        f"{len(themes)} themes of {len(answers)} answers; {codes['excerpt_id'].nunique()} answers "
        f"belong to one at least, {codes['excerpt_id'].duplicated().sum()} times to a further one. "
        f"Mean ARI over resamples {ari:.2f}. {taken:.1f} s.",
        "",
        "| theme | people | stability | label |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.theme} | {row.n_participants} | {row.stability:.2f}"
        f"{'' if row.stability >= STABLE else ' unstable'} | {row.label} |"
        for row in themes.itertuples()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
