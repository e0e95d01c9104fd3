"""Make the scenes: a study of one notebook, and the demo."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

from tests.faults.scene import Scene

ROOT = Path(__file__).parents[2]

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
coding: {scores: rules}
journey:
  stages:
    - {id: see, name: See, events: [view]}
    - {id: buy, name: Buy, events: [pay]}
sources:
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    consent: quote
    columns: {participant: id}
    questions:
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: id, event: event, occurred_at: at}
"""
SURVEY = "id,why\nc1,The page was so slow that I left.\nc2,It was easy.\n"
EVENTS = (
    "id,event,at\nc1,view,2026-03-01 10:00\nc2,view,2026-03-01 10:00\nc2,pay,2026-03-01 10:05\n"
)
PARAMETERS = 'study: str = "demo"\nrun_folder: str = ""\ntop: int = 5'
SHOW = """\
import cjm_research as cjm
from cjm_research.display import show_table
this = cjm.open_study(study, run_folder=run_folder)
show_table(this.funnel[["stage", "n_entered"]], caption=f"top {top}")"""
SENTINEL = 'print("chapter complete")'


def write_notebook(path: Path, *cells: str, tags: tuple[str, ...] = ()) -> Path:
    """Write a notebook with a cell of parameters and these; `tags` go to the first of them."""
    node = nbformat.v4.new_notebook()
    node.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    code = [nbformat.v4.new_code_cell(cell) for cell in (PARAMETERS, *cells)]
    code[0].metadata["tags"] = ["parameters"]
    code[1].metadata["tags"] = list(tags)
    node.cells = [nbformat.v4.new_markdown_cell("# Numbers"), *code]
    for number, cell in enumerate(node.cells):
        cell["id"] = f"c{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(node, str(path))
    return path


def make_tiny(root: Path) -> Scene:
    """Make a study of two people, an event log and one notebook, and run it once."""
    folder = root / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    (folder / "survey.csv").write_text(SURVEY, "utf-8")
    (folder / "events.csv").write_text(EVENTS, "utf-8")
    write_notebook(root / "notebooks" / "01_numbers.ipynb", SHOW, SENTINEL)
    return _run_once(root, "tiny")


def make_demo(root: Path) -> Scene:
    """Make a project with the demo study, and run it once."""
    shutil.copytree(ROOT / "data" / "raw" / "demo", root / "data" / "raw" / "demo")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    return _run_once(root, "demo")


def change(scene: Scene) -> None:
    """Let the study's words change, so that the next run has everything to do."""
    name = {"tiny": "survey.csv", "demo": "survey_2026_03.csv"}[scene.study]
    path = scene.root / "data" / "raw" / scene.study / name
    lines = path.read_text("utf-8").splitlines(keepends=True)
    if scene.study == "tiny":
        lines.append("c3,I could not find the button.\n")
    else:
        del lines[-1]
    path.write_text("".join(lines), "utf-8")


def _run_once(root: Path, study: str) -> Scene:
    scene = Scene(root, study, "")
    status, said = scene.run()
    if status != 0:
        raise RuntimeError(f"the first run of {study} ended with {status}: {said}")
    (good,) = scene.runs()
    return Scene(root, study, good)
