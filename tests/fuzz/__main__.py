"""Read damaged files of every format: `make fuzz`. The last line is one JSON object.

python -m tests.fuzz [--text 20000] [--packed 2000] [--only FORMAT]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.corpus import examples
from tests.fuzz.trial import make_journey, try_seed

N_AT_ONCE = 2
BATCH = 250
MOST_BYTES = 4 * 10**9
MEMORY = Path("/dev/shm")


def main() -> int:
    """Run all cases and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=int, default=20_000, help="cases per text format")
    parser.add_argument("--packed", type=int, default=2_000, help="cases per container format")
    parser.add_argument("--only", default="", help="one format")
    chosen = parser.parse_args()
    names = [name for name in examples() if chosen.only in ("", name)]
    clock = time.monotonic()
    n_cases, faults = 0, []
    with ProcessPoolExecutor(N_AT_ONCE, initializer=_bound_memory) as pool:
        for name in names:
            n = chosen.packed if examples()[name].packed else chosen.text
            begun = time.monotonic()
            starts = range(0, n, BATCH)
            batches = pool.map(_try_batch, [name] * len(starts), starts, [n] * len(starts))
            found = [fault for batch in batches for fault in batch]
            n_cases += n
            faults += found
            _tell(f"{name}: {n:,} cases, {len(found)} faults, {time.monotonic() - begun:.0f} s")
            for seed, what in found[:3]:
                _tell(f"  seed {seed}:\n{what}")
    _tell(f"{time.monotonic() - clock:.0f} s")
    print(json.dumps({"cases": n_cases, "untyped_errors": len(faults), "formats": len(names)}))
    return int(bool(faults))


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def _try_batch(name: str, start: int, n: int) -> list[tuple[int, str]]:
    journey = make_journey()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        tried = (
            (seed, try_seed(name, seed, Path(folder), journey))
            for seed in range(start, min(start + BATCH, n))
        )
        return [(seed, what) for seed, what in tried if what]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
