"""How often our intervals hold the truth, where the truth is known, and how often naive ones do.

`python benchmarks/simulate.py` (`make simulate`) makes samples whose true share is known, counts
how many of the 95 % intervals hold it, and prints one JSON line last. All runs are seeded. An
interval that is refused counts neither way; how many are is printed too.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cjm_research.statistics import (
    Interval,
    estimate_clustered_proportion,
    estimate_mean,
    estimate_proportion,
)
from cjm_research.statistics.people import estimate_person_share
from cjm_research.statistics.prevalence import (
    estimate_lang_reiczigel,
    estimate_prediction_powered,
)
from cjm_research.statistics.resampling import estimate_by_resampling

RUNS = 4_000
LINK_SEEDS = 200
N_RESAMPLES = 600
PEOPLE, EXCERPTS, ALIKE, SHARE = 15, 12, 0.3, 0.3
TRUTH, SENSITIVITY, SPECIFICITY = 0.25, 0.85, 0.90
N, N_LABELS = 2_200, 200
MANY, FEW, RARE = 100, 20, 0.10
SPREAD = 1.5
"""Of the numbers of excerpts that people say: the smaller, the more unequal."""


class Corpus(NamedTuple):
    """Excerpts with what is true of them, what the machine says, and whose they are."""

    truth: NDArray[np.float64]
    machine: NDArray[np.float64]
    who: NDArray[np.int64]


class Tally:
    """Counts which intervals hold the truth, how wide they are and how many are refused."""

    def __init__(self, truth: float) -> None:
        self.truth = truth
        self.held: dict[str, list[bool]] = defaultdict(list)
        self.widths: dict[str, list[float]] = defaultdict(list)
        self.refused: dict[str, int] = defaultdict(int)

    def note(self, name: str, interval: Interval) -> None:
        """Count one interval."""
        if math.isnan(interval.low):
            self.refused[name] += 1
            return
        self.held[name].append(interval.low <= self.truth <= interval.high)
        self.widths[name].append(interval.high - interval.low)

    def cover(self, name: str) -> float:
        """Return the share of the intervals given that hold the truth."""
        return float(np.mean(self.held[name])) if self.held[name] else math.nan

    def report(self, scene: str, labels: dict[str, str]) -> dict[str, float]:
        """Print a line per method, and return what each covers."""
        lines = [scene]
        for name, label in labels.items():
            width = float(np.mean(self.widths[name])) if self.widths[name] else math.nan
            refused = f"  {self.refused[name]} refused" if self.refused[name] else ""
            lines.append(f"  {label:56} {self.cover(name):.4f}  width {width:.3f}{refused}")
        # In one piece: several simulations print at the same time.
        print("\n".join(lines) + "\n", flush=True)
        return {name: self.cover(name) for name in labels}


def simulate_participant_shares(runs: int = RUNS, seed: int = 0) -> dict[str, float]:
    """Estimate a share from 15 people with 12 excerpts each that are alike within people.

    People's own shares are beta-distributed: the correlation of two excerpts of a person is .3.
    """
    rng = np.random.default_rng(seed)
    tally = Tally(SHARE)
    totals = np.full(PEOPLE, EXCERPTS)
    own = rng.beta(*_beta(SHARE, ALIKE), (runs, PEOPLE))
    for run, hits in enumerate(rng.binomial(EXCERPTS, own)):
        tally.note("coverage_participant", estimate_person_share(hits, totals))
        tally.note("coverage_participant_t", estimate_mean(hits / totals))
        tally.note("coverage_participant_design_effect", _clustered(hits, totals))
        for method in ("percentile", "t"):
            resampled = estimate_by_resampling(
                np.column_stack([hits, totals]), _share,
                method=method, n_resamples=N_RESAMPLES, random_state=run,
            )  # fmt: skip
            tally.note(f"coverage_participant_bootstrap_{method}", resampled.estimate)
        naive = estimate_proportion(int(hits.sum()), PEOPLE * EXCERPTS)
        tally.note("coverage_naive_excerpts", naive)
    labels = {
        "coverage_participant": "people's own shares, logit and t (recommended)",
        "coverage_participant_t": "people's own shares, plain t",
        "coverage_participant_design_effect": "Wilson on the design effect",
        "coverage_participant_bootstrap_t": "bootstrap-t over people",
        "coverage_participant_bootstrap_percentile": "percentile bootstrap over people",
        "coverage_naive_excerpts": "Wilson over excerpts (naive)",
    }
    scene = f"{PEOPLE} people x {EXCERPTS} excerpts, correlation {ALIKE}, truth {SHARE}"
    return tally.report(f"{scene}; {runs} runs", labels)


def simulate_corrected(runs: int = RUNS, seed: int = 0) -> dict[str, float]:
    """Estimate a share of 2,200 independent excerpts from a machine and 200 labels."""
    rng = np.random.default_rng(seed)
    tally = Tally(TRUTH)
    who = np.arange(N)
    machine_share = "coverage_naive_machine"
    for _ in range(runs):
        truth = (rng.random(N) < TRUTH).astype(float)
        corpus = Corpus(truth, _judge(rng, truth, SENSITIVITY, SPECIFICITY), who)
        y, f, rest = truth[:N_LABELS], corpus.machine[:N_LABELS], corpus.machine[N_LABELS:]
        people = {"participants": who[:N_LABELS], "unlabelled_participants": who[N_LABELS:]}
        for name, options in {
            "coverage_corrected": {},
            "coverage_corrected_untuned": {"tuned": False},
            "coverage_corrected_plain": {"form": "plain"},
        }.items():
            found = estimate_prediction_powered(y, f, rest, **people, **options)
            tally.note(name, found.share)
        validated = estimate_lang_reiczigel(
            rest.sum(), rest.size,
            sensitivity=f[y == 1].mean(), n_sensitivity=int(y.sum()),
            specificity=1 - f[y == 0].mean(), n_specificity=int((1 - y).sum()),
        )  # fmt: skip
        tally.note("coverage_lang_reiczigel", validated.share)
        tally.note("coverage_labels_alone", estimate_proportion(int(y.sum()), N_LABELS))
        tally.note(machine_share, estimate_proportion(int(corpus.machine.sum()), N))
    labels = {
        "coverage_corrected": "prediction-powered, tuned, logit and t (recommended)",
        "coverage_corrected_untuned": "prediction-powered, untuned, logit and t",
        "coverage_corrected_plain": "prediction-powered, tuned, as published",
        "coverage_lang_reiczigel": "Lang and Reiczigel",
        "coverage_labels_alone": "the labels alone, Wilson",
        machine_share: "the machine alone, Wilson (naive)",
    }
    machine = f"sensitivity {SENSITIVITY}, specificity {SPECIFICITY}"
    scene = f"{N_LABELS} labels of {N} excerpts, truth {TRUTH}, {machine}"
    return tally.report(f"{scene}; {runs} runs", labels)


def simulate_clustered(runs: int = RUNS, seed: int = 0) -> dict[str, float]:
    """Do the same where people say some 2,200 excerpts, very unequally, that are alike.

    The labels are drawn as `draw_validation_sample` draws them. The machine, too, understands
    some people better than others. A second scene has 20 people and a rarer code: there our
    interval, too, is at its worst.
    """
    return _simulate_people(runs, seed, MANY, TRUTH, "") | _simulate_people(
        runs, seed, FEW, RARE, "_few"
    )


def _simulate_people(
    runs: int, seed: int, n_people: int, share: float, ending: str
) -> dict[str, float]:
    tally = Tally(share)
    for corpus, drawn, chance in _draw_clustered(runs, seed, n_people, share):
        y, f, rest = corpus.truth[drawn], corpus.machine[drawn], corpus.machine[~drawn]
        people = {
            "participants": corpus.who[drawn],
            "unlabelled_participants": corpus.who[~drawn],
        }
        found = estimate_prediction_powered(
            y, f, rest, **people, inclusion_probability=chance[drawn]
        )
        tally.note(f"coverage_corrected_clustered{ending}", found.share)
        strangers = {
            "participants": range(y.size),
            "unlabelled_participants": range(y.size, corpus.who.size),
        }
        naive = estimate_prediction_powered(y, f, rest, **strangers, form="plain")
        tally.note(f"coverage_naive_clusters{ending}", naive.share)
    labels = {
        f"coverage_corrected_clustered{ending}": "prediction-powered by participant, with chances",
        f"coverage_naive_clusters{ending}": "as published, excerpts taken for people (naive)",
    }
    scene = f"{N_LABELS} labels drawn evenly of {n_people} people's excerpts, truth {share}"
    return tally.report(f"{scene}; {runs} runs", labels)


def draw_labels(
    rng: np.random.Generator, who: NDArray[np.int64], n: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Draw labels as `draw_validation_sample` does, thousands of times faster.

    Returns which excerpts are drawn, and every excerpt's chance to be.
    """
    sizes = np.bincount(who)
    # Everybody gives q, or all they have: the q with which n come together.
    low, high = 0.0, float(sizes.max())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(sizes, middle).sum() < n else (low, middle)
    numbers = np.minimum(sizes, math.floor(high + 1e-9))
    open_to_more = np.flatnonzero(sizes > numbers)
    numbers[rng.choice(open_to_more, size=n - numbers.sum(), replace=False)] += 1
    order = np.lexsort((rng.random(who.size), who))
    place = np.empty(who.size, dtype=int)
    starts = np.cumsum(sizes) - sizes
    place[order] = np.arange(who.size) - np.repeat(starts, sizes)
    return place < numbers[who], (np.minimum(sizes, high) / sizes)[who]


def _draw_clustered(
    runs: int, seed: int, n_people: int, share: float
) -> Iterator[tuple[Corpus, NDArray[np.bool_], NDArray[np.float64]]]:
    rng = np.random.default_rng(seed)
    more = N / n_people - 1
    for _ in range(runs):
        sizes = 1 + rng.negative_binomial(SPREAD, SPREAD / (SPREAD + more), n_people)
        who = np.repeat(np.arange(n_people), sizes)
        own = rng.beta(*_beta(share, 0.2), n_people)
        truth = (rng.random(who.size) < own[who]).astype(float)
        hears = rng.beta(*_beta(SENSITIVITY, 0.05), n_people)[who]
        rejects = rng.beta(*_beta(SPECIFICITY, 0.05), n_people)[who]
        corpus = Corpus(truth, _judge(rng, truth, hears, rejects), who)
        yield corpus, *draw_labels(rng, who, N_LABELS)


def _judge(
    rng: np.random.Generator,
    truth: NDArray[np.float64],
    sensitivity: float | NDArray[np.float64],
    specificity: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what a machine says that errs so often."""
    yes = np.where(truth == 1, sensitivity, 1 - np.asarray(specificity))
    said: NDArray[np.float64] = (rng.random(truth.size) < yes).astype(float)
    return said


def _beta(mean: float, correlation: float) -> tuple[float, float]:
    """Return the beta distribution whose draws make excerpts alike by this correlation."""
    size = (1 - correlation) / correlation
    return mean * size, (1 - mean) * size


def _clustered(hits: NDArray[np.int64], totals: NDArray[np.int64]) -> Interval:
    return estimate_clustered_proportion(
        n_clusters=hits.size,
        total=int(totals.sum()),
        hits=int(hits.sum()),
        sum_hits_squared=float((hits * hits).sum()),
        sum_products=float((hits * totals).sum()),
        sum_totals_squared=float((totals * totals).sum()),
    )


def _share(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = totals[:, 0] / totals[:, 1]
    return share


def main() -> None:
    """Simulate everything, print it, and the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--link-seeds", type=int, default=LINK_SEEDS)
    args = parser.parse_args()
    figures: dict[str, float] = {"runs": args.runs}
    with ProcessPoolExecutor(max_workers=2) as pool:
        parts = []
        # The longest first.
        if importlib.util.find_spec("simulated_links"):
            from simulated_links import simulate_links

            parts.append(pool.submit(simulate_links, args.link_seeds))
        parts += [
            pool.submit(simulate, args.runs, args.seed)
            for simulate in (simulate_corrected, simulate_clustered, simulate_participant_shares)
        ]
        for part in parts:
            figures |= part.result()
    figures["coverage_naive"] = min(
        share for name, share in figures.items() if name.startswith("coverage_naive_")
    )
    print(json.dumps({name: round(float(value), 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
