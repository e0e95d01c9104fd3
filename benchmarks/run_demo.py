"""Measure the demo run and the import; the last line printed is one JSON object.

A copy of the demo runs in a folder of its own, so that no table and no chapter comes from a
cache, and nothing of the project is touched. See RESULTS.md for what each figure means.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEMO = Path(__file__).parents[1] / "data" / "raw" / "demo"
N_IMPORTS = 5
CJM = [sys.executable, "-m", "cjm_research.cli"]


def seconds(command: list[str], where: Path, environ: dict[str, str]) -> float:
    """Return the wall time of a command that must succeed."""
    clock = time.perf_counter()
    subprocess.run(command, cwd=where, env=environ, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - clock


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        shutil.copytree(DEMO, where / "data" / "raw" / "demo")
        environ = os.environ | {"CJM_VAULT": str(where / "vault")}
        run = [*CJM, "run", "demo", "--quiet"]
        print("demo, everything computed ...", file=sys.stderr)
        warm = seconds(run, where, environ)
        print("demo, nothing changed ...", file=sys.stderr)
        unchanged = seconds(run, where, environ)
        importing, bare = (
            statistics.median(
                seconds([sys.executable, "-c", code], where, environ) for _ in range(N_IMPORTS)
            )
            for code in ("import cjm_research", "pass")
        )
    figures = {
        "demo_warm_s": round(warm, 2),
        "demo_unchanged_s": round(unchanged, 2),
        "import_s": round(max(0.0, importing - bare), 4),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
