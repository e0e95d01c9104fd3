"""Measures how long one map takes: a million people's behaviour joined with 20,000 excerpts.

`python benchmarks/one_map.py` makes the log of `behaviour_events.py` and excerpts of people of
whom nine in ten are in it, joins the two with `cjm_research` and with pandas, in processes of
their own, cold, checks that both give the same numbers, and prints one JSON line last. The
pandas way is the shortest that we know: integers early, one pass per stage.

Bootstrap intervals over people are measured beside it. `--people 20000` makes a small log.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from behaviour_events import EVENTS_PER_PERSON, STAGES, make_events

NAMES = list(STAGES)
PLACES = {event: place for place, names in enumerate(STAGES.values()) for event in names}
N_EXCERPTS = 20_000
SOURCES = {"interviews": "interview", "survey": "survey_answer"}
N_RESAMPLES = 2_000
COUNTS = ["n_heard", "n_told", "n_linked", "n_entered", "n_left", "n_told_left", "n_told_stayed",
          "n_quiet_left", "n_quiet_stayed"]  # fmt: skip


def make_words(folder: Path, n_people: int) -> None:
    """Write excerpts, and a pain point for six in ten of them."""
    random = np.random.default_rng(6)
    drawn = random.integers(0, n_people * 10 // 9, N_EXCERPTS // 2)
    who = [f"u{hashlib.md5(str(n).encode()).hexdigest()[:16]}" for n in drawn]
    mine = random.integers(0, len(who), N_EXCERPTS)
    excerpts = pd.DataFrame(
        {
            "excerpt_id": [f"e{n}" for n in range(N_EXCERPTS)],
            "participant_id": [who[n] for n in mine],
            # A person is in one source.
            "source": np.where(mine % 10 == 0, *SOURCES),
            "speaker": "participant",
            "stage": random.choice(NAMES, N_EXCERPTS),
        }
    )
    told = excerpts["excerpt_id"][random.random(N_EXCERPTS) < 0.6]
    codes = pd.DataFrame(
        {"excerpt_id": told, "code_group": "pain_point", "code": "slow", "strength": 1.0}
    )
    excerpts.to_parquet(folder / "excerpts.parquet")
    codes.to_parquet(folder / "codes.parquet")


def join_ours(folder: Path) -> dict[str, Any]:
    """Measure the drop-off, list the ends of those with words and count the links."""
    from cjm_research.behaviour import estimate_drop_off, list_ends, open_log
    from cjm_research.integration.links import count_links
    from cjm_research.journey import Journey, Stage

    journey = Journey(tuple(Stage(name, name, events=tuple(e)) for name, e in STAGES.items()))
    excerpts = pd.read_parquet(folder / "excerpts.parquet")
    excerpts = excerpts.assign(stage=journey.order(excerpts["stage"]))
    facts = pd.DataFrame({"source": list(SOURCES), "label": "", "kind": SOURCES.values()})
    with open_log(folder / "log.parquet", journey) as log:
        funnel = estimate_drop_off(log)
        clock = time.perf_counter()
        ends = list_ends(log, people=excerpts["participant_id"])
    links = count_links(
        ends, pd.read_parquet(folder / "codes.parquet"), excerpts, journey=journey,
        source_facts=facts,
    )  # fmt: skip
    return {
        "entered": funnel["n_entered"].tolist(),
        "people": [len(ends), int((ends["last_at"].astype("int64") // 1_000_000).sum())],
        "links": links[COUNTS].to_numpy().tolist(),
        "beyond_funnel_s": time.perf_counter() - clock,
    }


def join_pandas(folder: Path) -> dict[str, Any]:
    """Do the same with pandas and NumPy alone."""
    columns = ["participant_id", "event", "occurred_at"]
    log = pd.read_parquet(folder / "log.parquet", columns=columns, dtype_backend="pyarrow")
    person, ids = pd.factorize(log["participant_id"])
    moment = log["occurred_at"].to_numpy("datetime64[us]").astype(np.int64)
    code, events = pd.factorize(log["event"])
    stage = np.array([PLACES.get(event, -1) for event in events])[code]
    staged = stage >= 0
    visits = pd.DataFrame(
        {"person": person[staged], "time": moment[staged], "stage": stage[staged]}
    )
    entries = pd.DataFrame(index=range(len(ids)))
    lasts = pd.DataFrame(index=range(len(ids)))
    entry = pd.Series(-np.inf, index=entries.index)
    for place in range(len(NAMES)):
        rows = visits[visits["stage"] == place]
        rows = rows[rows["time"] >= rows["person"].map(entry)]
        times = rows.groupby("person")["time"]
        entry = times.min()
        entries[place], lasts[place] = entry, times.max()

    excerpts = pd.read_parquet(folder / "excerpts.parquet")
    pains = set(pd.read_parquet(folder / "codes.parquet")["excerpt_id"])
    excerpts = excerpts.assign(told=excerpts["excerpt_id"].isin(pains))
    heard = excerpts.groupby(["stage", "source", "participant_id"], as_index=False)["told"].any()
    numbers = pd.Series(range(len(ids)), index=ids.to_numpy(str))
    found = heard["participant_id"].map(numbers)
    place = heard["stage"].map(NAMES.index).to_numpy()
    inside = entries.notna().to_numpy()
    at = found.fillna(0).astype(int).to_numpy()
    # Whoever never entered the first stage is in no funnel.
    linked = found.notna().to_numpy() & inside[at, 0]
    entered = linked & inside[at, place]
    last = place == len(NAMES) - 1
    on = inside[at, np.minimum(place + 1, len(NAMES) - 1)]
    lost, stayed = entered & ~last & ~on, entered & ~last & on
    told = heard["told"].to_numpy()
    flags = pd.DataFrame(
        dict(zip(COUNTS, (
            np.ones(len(heard), bool), told, linked, entered, lost, told & lost, told & stayed,
            ~told & lost, ~told & stayed,
        ), strict=True))
    )  # fmt: skip
    links = flags.groupby([place, heard["source"]]).sum()
    known = numbers.reindex(excerpts["participant_id"].unique()).dropna().astype(int)
    ends = lasts.loc[known].to_numpy()
    return {
        "entered": inside.sum(axis=0).tolist(),
        "people": [int((~np.isnan(ends)).sum()), int(np.nansum(ends // 1_000_000))],
        "links": links.to_numpy().tolist(),
    }


def bootstrap() -> dict[str, float]:
    """Measure intervals over people: sums that differ for all, and counts that many share."""
    from cjm_research.statistics.resampling import estimate_by_resampling

    random = np.random.default_rng(6)
    seconds = {}
    for name, n_people, same in (
        ("bootstrap_s", 20_000, False), ("bootstrap_counts_100k_s", 100_000, True),
    ):  # fmt: skip
        n_said = random.poisson(3, n_people) + 1
        hits = random.binomial(n_said, 0.3)
        sums = np.column_stack([hits if same else random.normal(hits, 1), n_said])
        clock = time.perf_counter()
        estimate_by_resampling(
            sums, lambda totals: totals[:, 0] / totals[:, 1], n_resamples=N_RESAMPLES
        )
        seconds[name] = round(time.perf_counter() - clock, 2)
    return seconds


WAYS = {"ours": join_ours, "pandas": join_pandas}


def _run_here(name: str, folder: Path) -> None:
    """Join in one way, and print a line."""
    # Libraries are imported before the clock starts, for both.
    import ibis.backends.duckdb  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import statsmodels.stats.proportion  # noqa: F401

    import cjm_research.behaviour
    import cjm_research.integration.links  # noqa: F401

    clock = time.perf_counter()
    results = WAYS[name](folder)
    seconds = time.perf_counter() - clock
    print(json.dumps({"name": name, "seconds": seconds, "results": results}))


def _ask(name: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", name, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def main() -> None:
    """Run the benchmark, or one way alone in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        _run_here(arguments.run, arguments.folder)
        return
    with tempfile.TemporaryDirectory(prefix="cjm-benchmark-") as name:
        folder = Path(name)
        make_events(folder / "log.parquet", arguments.people * EVENTS_PER_PERSON)
        make_words(folder, arguments.people)
        answers: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for turn in range(arguments.repeats):
            # The other one first each time: whoever comes first meets a colder disk.
            for way in list(WAYS)[:: -1 if turn % 2 else 1]:
                answers[way].append(_ask(way, folder))
                print(way, round(answers[way][-1]["seconds"], 2), flush=True)
    medians = {
        way: float(np.median([answer["seconds"] for answer in found]))
        for way, found in answers.items()
    }
    ours, theirs = answers["ours"][0]["results"], answers["pandas"][0]["results"]
    beyond = [answer["results"]["beyond_funnel_s"] for answer in answers["ours"]]
    figures = {
        "people": arguments.people,
        "excerpts": N_EXCERPTS,
        "merge_1m_s": round(medians["ours"], 2),
        "of_it_beyond_funnel_s": round(float(np.median(beyond)), 2),
        "merge_pandas_s": round(medians["pandas"], 2),
        "speed_vs_pandas": round(medians["pandas"] / medians["ours"], 2),
        "same_numbers": all(ours[part] == theirs[part] for part in theirs),
        "n_linked": int(np.sum(ours["links"], axis=0)[COUNTS.index("n_linked")]),
    }
    print(json.dumps(figures | bootstrap()))


if __name__ == "__main__":
    main()
