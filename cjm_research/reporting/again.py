"""Make a published run again, beside the reports, and see whether the same pages come out."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cjm_research.reporting.manifest import MANIFEST, hash_file, read_manifest
from cjm_research.reporting.notebooks import list_notebooks
from cjm_research.reporting.runs import run_study
from cjm_research.reporting.states import BATCH, RECORD
from cjm_research.study import Study
from cjm_research.study.project import Place
from cjm_research.study.slicing import Slice


@dataclass(frozen=True)
class Again:
    """What came of making a run again.

    Attributes
    ----------
    inputs : tuple of str
        Inputs that are no longer what they were; then nothing was run.
    differing : tuple of str
        Files that came out otherwise, or on one side only.
    n_same : int
        Files that are the same to the byte.
    note : str
        Why files may differ although the inputs do not.
    """

    inputs: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    n_same: int = 0
    note: str = ""


def run_again(place: Place, folder: Path, *, say: Callable[[str], None] | None = None) -> Again:
    """Make a run again from the study's inputs, and compare its files with those published.

    Nothing is taken from a cache, and nothing is written beneath the project.

    Parameters
    ----------
    place : Place
        Of the study.
    folder : Path
        The published run.
    say : callable, optional
        Told what is being done.

    Raises
    ------
    CjmError
        If the run cannot be made any more.
    """
    manifest = read_manifest(folder)
    as_of = date.fromisoformat(manifest["as_of"]) if manifest["as_of"] else None
    only = _slice_of(manifest["slice"])
    changed = _changed_inputs(Study(place, as_of=as_of, only=only), manifest)
    if changed:
        return Again(inputs=tuple(changed))
    part = folder.parent.name if folder.parent.parent.name == BATCH else ""
    with tempfile.TemporaryDirectory(prefix="cjm-again-") as made:
        root = Path(made).resolve()
        _lay_out(root, place)
        reports = root / "reports" / place.name / (f"{BATCH}/{part}" if part else "")
        note = _take_predecessor(folder, manifest, reports)
        with contextlib.chdir(root):
            done = run_study(
                place.name,
                parameters={name: str(value) for name, value in manifest["parameters"].items()},
                as_of=as_of,
                only=only,
                part=part,
                again=True,
                say=say,
            )
        repeated = read_manifest(done.run_dir)
    before, now = manifest["pages"], repeated["pages"]
    differing = sorted(name for name in {**before, **now} if before.get(name) != now.get(name))
    if differing and not note and manifest["key"] != repeated["key"]:
        note = "The code that lays out the pages, or the way a parameter was written, differs."
    return Again(differing=tuple(differing), n_same=len(before) - len(differing), note=note)


def _changed_inputs(study: Study, manifest: Mapping[str, Any]) -> list[str]:
    was = manifest["input_hashes"]
    changed = [name for name, digest in study.inputs.items() if was.get(name) != digest]
    notebooks = {path.name: hash_file(path) for path in list_notebooks(study.place)}
    return [*changed, "notebooks"] if notebooks != manifest["notebooks"] else changed


def _lay_out(root: Path, place: Place) -> None:
    """Make a project in which the study lies at its place, without copying it."""
    (root / "data").mkdir()
    (root / "data" / "raw").symlink_to(place.folder.parent, target_is_directory=True)
    notebooks = place.reports.parent.parent / "notebooks"
    if notebooks.is_dir():
        (root / "notebooks").symlink_to(notebooks, target_is_directory=True)


def _take_predecessor(folder: Path, manifest: Mapping[str, Any], reports: Path) -> str:
    """Put the run that this one was compared with where it is looked for; else say why not."""
    run_id = manifest.get("compared_with")
    if not run_id:
        return ""
    if not (folder.parent / run_id / MANIFEST).is_file():
        return (
            f"The run {run_id}, which it was compared with, is no longer there: pages that say "
            "what changed cannot come out the same."
        )
    (reports / run_id).mkdir(parents=True)
    for name in (MANIFEST, RECORD):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(folder.parent / run_id / name, reports / run_id / name)
    return ""


def _slice_of(known: Mapping[str, str]) -> Slice | None:
    if not known:
        return None
    start, end = (date.fromisoformat(known[n]) if known[n] else None for n in ("start", "end"))
    return Slice(segment=known["segment"], value=known["value"], start=start, end=end)
