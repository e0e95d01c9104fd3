"""Make the scenes: a study of one notebook, and the demo."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.faults.scene import Scene
from tests.tiny import make_project

ROOT = Path(__file__).parents[2]


def make_tiny(root: Path) -> Scene:
    """Make a study of two people, an event log and one notebook, and run it once."""
    make_project(root)
    with (root / "data" / "raw" / "tiny" / "study.yaml").open("a", encoding="utf-8") as file:
        file.write("coding: {scores: rules}\n")
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
