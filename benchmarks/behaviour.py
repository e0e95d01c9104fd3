"""Measures behaviour side by side with pandas, polars, hand-written SQL and retentioneering.

`python benchmarks/behaviour.py --events 10000000` makes a log, has every engine compute the same
three measures (funnel by segment, medians between stages, transition counts) in processes of
their own, cold, in turn and repeatedly, checks that they give the same numbers, and prints one
JSON line last. `--only ours` leaves the peers out; `--memory-limit 1GB` limits DuckDB.

The peers need polars and retentioneering: `make behaviour` runs this in an environment that has
them; where one is missing, its ratio is null.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from behaviour_events import STAGES, make_events
from behaviour_peers import PEERS, run_python

HERE = Path(__file__).parent
SMALL = 20_000
"""Events of the small log on which the slow referee in plain Python is asked."""


def run_ours(path: Path, memory_limit: str) -> dict[str, Any]:
    """Compute the measures with `cjm_research`."""
    from cjm_research.behaviour import (
        count_transitions,
        estimate_drop_off,
        estimate_stage_timing,
        open_log,
    )
    from cjm_research.engine import open_engine
    from cjm_research.journey import Journey, Stage

    journey = Journey(tuple(Stage(name, name, events=tuple(e)) for name, e in STAGES.items()))
    with (
        open_engine(memory_limit=memory_limit) as engine,
        open_log(path, journey, segments=["device"], engine=engine) as log,
    ):
        funnel = estimate_drop_off(log)
        # The peers split the funnel and nothing else.
        timing = estimate_stage_timing(log.whole())
        transitions = count_transitions(log.whole(), ends=False)
    everybody = timing[timing["segment"] == ""].set_index("stage")["median_s"]
    moves = transitions[transitions["segment"] == ""]
    return {
        "funnel": {
            value: [int(n) for n in rows["n_entered"]]
            for value, rows in funnel.groupby("segment_value", sort=False)
        },
        "medians_s": [float(everybody.get(name, math.nan)) for name in list(STAGES)[:-1]],
        "transitions": {
            f"{row['from']}>{row['to']}": [int(row["n_transitions"]), int(row["n_participants"])]
            for row in moves.to_dict("records")
        },
    }


def _run_here(path: Path, memory_limit: str) -> None:
    """Run ours and print its line, as `behaviour_peers.py` does for a peer."""
    # What a peer imports before its clock starts as well: the library and what it computes with.
    import ibis.backends.duckdb  # noqa: F401
    import scipy.stats  # noqa: F401
    import statsmodels.stats.proportion  # noqa: F401

    import cjm_research.behaviour  # noqa: F401

    start = time.perf_counter()
    results = run_ours(path, memory_limit)
    seconds = time.perf_counter() - start
    from behaviour_peers import _peak_gb

    print(json.dumps(
        {"name": "ours", "seconds": seconds, "peak_gb": _peak_gb(), "results": results}
    ))  # fmt: skip


def _ask(name: str, path: Path, memory_limit: str) -> dict[str, Any]:
    command = (
        [__file__, "--run-ours", str(path), "--memory-limit", memory_limit]
        if name == "ours"
        else [str(HERE / "behaviour_peers.py"), name, str(path)]
    )
    # Nothing may leave the machine, whatever a peer would like to report home.
    environment = os.environ | {"DO_NOT_TRACK": "1", "POSTHOG_DISABLED": "1"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        return {"name": name, "failed": done.stderr.strip().splitlines()[-1:]}
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Return the measures whose numbers differ."""
    different = []
    for name, theirs in expected.items():
        mine = found.get(name)
        if name == "notes" or mine is None:
            continue
        if name == "medians_s":
            same = all(
                math.isclose(a, b, abs_tol=1e-6) or (math.isnan(a) and math.isnan(b))
                for a, b in zip(mine, theirs, strict=True)
            )
        else:
            same = mine == theirs
        if not same:
            different.append(name)
    return different


def _check_small(folder: Path, names: list[str]) -> dict[str, list[str]]:
    """Hold every engine against the slow referee, on a small log."""
    path = folder / "small.parquet"
    make_events(path, SMALL)
    truth = run_python(path)
    truth["transitions"] = {">".join(move): n for move, n in truth["transitions"].items()}
    answers = {name: _ask(name, path, "") for name in names if name != "floor"}
    return {
        name: _differences(answer["results"], truth)
        for name, answer in answers.items()
        if "results" in answer
    }


def main() -> None:
    """Run the benchmark, or ours alone in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=["ours", *PEERS], nargs="*", default=[])
    parser.add_argument("--memory-limit", default="")
    parser.add_argument("--log", type=Path, help="a log made before, instead of a new one")
    parser.add_argument("--run-ours", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run_ours:
        _run_here(arguments.run_ours, arguments.memory_limit)
        return
    names = arguments.only or ["ours", *PEERS]
    with tempfile.TemporaryDirectory(prefix="cjm-benchmark-") as folder:
        small = _check_small(Path(folder), names)
        path = arguments.log or Path(folder) / "log.parquet"
        if not arguments.log:
            make_events(path, arguments.events)
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for turn in range(arguments.repeats):
            # Another order each time: whoever comes first meets a colder disk.
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                answer = _ask(name, path, arguments.memory_limit)
                answers[name].append(answer)
                shown = {k: answer.get(k) for k in ("seconds", "peak_gb", "missing", "failed")}
                print(name, {k: v for k, v in shown.items() if v is not None}, flush=True)
    print(json.dumps(_summary(arguments.events, answers, small)))


def _summary(
    n_events: int, answers: dict[str, list[dict[str, Any]]], small: dict[str, list[str]]
) -> dict[str, Any]:
    good = {name: [a for a in found if "seconds" in a] for name, found in answers.items()}
    seconds = {
        name: statistics.median(a["seconds"] for a in found)
        for name, found in good.items()
        if found
    }

    def ratio(over: str, under: str) -> float | None:
        known = over in seconds and under in seconds
        return round(seconds[over] / seconds[under], 2) if known else None

    ours = good.get("ours") or []
    different = {
        name: _differences(found[0]["results"], ours[0]["results"])
        for name, found in good.items()
        if found and ours and name not in ("ours", "floor")
    }
    return {
        "events": n_events,
        "speed_vs_retentioneering": ratio("retentioneering", "ours"),
        "speed_vs_pandas": ratio("pandas", "ours"),
        "speed_vs_polars": ratio("polars", "ours"),
        "ratio_to_sql": ratio("ours", "sql"),
        "ratio_to_floor": ratio("ours", "floor"),
        "peak_gb": round(max((a["peak_gb"] for a in ours), default=math.nan), 2),
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "different_from_ours": different,
        "different_from_referee": small,
        "missing": sorted(
            name for name, found in answers.items() if any("missing" in a for a in found)
        ),
    }


if __name__ == "__main__":
    main()
