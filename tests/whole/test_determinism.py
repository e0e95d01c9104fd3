"""The same inputs give the same report, byte by byte: whatever the threads, seeds and row order."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "data" / "raw" / "demo"
INTERVIEWS = ("k01.txt", "k02.vtt", "k03.txt", "k04.srt", "k08.txt")
TIMED = {"run.json", "manifest.json"}
"""Files in which clock times and names of runs may stand."""

CELLS = (
    'study: str = "demo"\nrun_folder: str = ""',
    "import cjm_research as cjm\n"
    "this = cjm.open_study(study, run_folder=run_folder)\n"
    "this.plot_journey_map()",
    "from cjm_research.display import show_quotes, show_table\n"
    'show_table(this.funnel[["stage", "n_entered", "n_dropped"]], caption="Lost")\n'
    "show_quotes(this.quotes)",
    'this.plot_funnel()\nprint("chapter complete")',
)


def make_project(root: Path, *, scores: str, shuffle: int | None = None) -> Path:
    """Write a part of the demo: five interviews, a survey, a log, real people's vault.

    With a number to shuffle by, the rows of every table are in another order.
    """
    folder = root / "data" / "raw" / "part"
    (folder / "interviews").mkdir(parents=True)
    for name in INTERVIEWS:
        shutil.copy(DEMO / "interviews" / name, folder / "interviews" / name)
    roster = pd.read_csv(DEMO / "roster.csv", dtype=str)
    roster = roster[roster["interview_id"].isin([Path(name).stem for name in INTERVIEWS])]
    survey = pd.read_csv(DEMO / "survey_2026_03.csv", dtype=str).head(90)
    events = pd.read_parquet(DEMO / "events.parquet")
    people = [*events["customer_id"].unique()[:300], *roster["customer_id"], *survey["customer_id"]]
    events = events[events["customer_id"].isin(people)]
    for name, table in (("roster", roster), ("survey_2026_03", survey), ("events", events)):
        rows = table if shuffle is None else table.sample(frac=1, random_state=shuffle)
        rows.to_csv(folder / f"{name}.csv", index=False)
    described = yaml.safe_load((DEMO / "study.yaml").read_text("utf-8"))
    described["sources"] = [s for s in described["sources"] if s["id"] != "survey_june"]
    described["sources"][-1]["files"] = "events.csv"
    del described["privacy"]["synthetic"]
    described["coding"] = {"scores": scores}
    (folder / "study.yaml").write_text(yaml.safe_dump(described, allow_unicode=True), "utf-8")
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    notebook.cells = [nbformat.v4.new_markdown_cell("# Numbers")]
    notebook.cells += [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook.cells[1].metadata["tags"] = ["parameters"]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"c{number}"
    (root / "notebooks").mkdir()
    nbformat.write(notebook, str(root / "notebooks" / "01_numbers.ipynb"))
    # The key of the pseudonyms is the same everywhere; who gets which alias is settled anew.
    (root / "vault").mkdir()
    vault = {"version": 1, "secret": "ab" * 32}
    (root / "vault" / "part.json").write_text(json.dumps(vault))
    return root


def run(root: Path, *, seed: str, threads: int) -> dict[str, bytes]:
    """Run the study in a process of its own; return every published file but the timed ones."""
    environ = os.environ | {
        "CJM_VAULT": str(root / "vault"),
        "PYTHONHASHSEED": seed,
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "POLARS_MAX_THREADS": str(threads),
    }
    done = subprocess.run(
        [sys.executable, "-m", "cjm_research.cli", "run", "part", "--quiet"],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = (root / "reports" / "part" / "latest").resolve()
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in TIMED
    }


def check_same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert sorted(one) == sorted(other)
    assert any(name.endswith(".html") for name in one)
    differing = [name for name in one if one[name] != other[name]]
    assert not differing, "\n".join(
        line for name in differing for line in [name, *_differences(one[name], other[name])]
    )


def _differences(one: bytes, other: bytes) -> list[str]:
    lines = [content.decode("utf-8", "replace").splitlines() for content in (one, other)]
    return [line[:300] for line in difflib.unified_diff(*lines, n=0, lineterm="")][:8]


@pytest.fixture(scope="module", params=["encoder", "rules"])
def scores(request):
    return request.param


@pytest.fixture(scope="module")
def first(scores, tmp_path_factory):
    """Return the report as made with one thread and a fixed hash seed."""
    root = make_project(tmp_path_factory.mktemp("first"), scores=scores)
    return run(root, seed="0", threads=1)


def test_a_report_does_not_depend_on_threads_and_hash_seeds(first, scores, tmp_path):
    check_same(first, run(make_project(tmp_path, scores=scores), seed="1", threads=8))


def test_a_report_does_not_depend_on_the_order_of_rows(first, scores, tmp_path):
    root = make_project(tmp_path, scores=scores, shuffle=7)
    found = run(root, seed="random", threads=2)
    check_same(first, found)
