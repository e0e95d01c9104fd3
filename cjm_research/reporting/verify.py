"""Verify a published run: every file is as it was written, none is missing, none was added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cjm_research.errors import ReportError
from cjm_research.reporting.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    hash_file,
    list_published,
    read_manifest,
)
from cjm_research.reporting.states import LATEST


def verify_run(folder: Path) -> list[str]:
    """Hash every file of a run again.

    Parameters
    ----------
    folder : Path
        A published run.

    Returns
    -------
    list of str
        What is wrong, one sentence each; empty when the run is whole.
    """
    manifest, problems = _read(folder)
    if problems:
        return problems
    found = list_published(folder)
    pages = manifest["pages"]
    problems += [f"{name} is missing." for name in sorted(pages.keys() - set(found))]
    for name in found:
        if name not in pages:
            problems.append(f"{name} is no part of the run: it was added later.")
        elif (folder / name).is_symlink():
            problems.append(f"{name} is a link; the run published a file.")
        elif hash_file(folder / name) != pages[name]:
            problems.append(f"{name} is not what the run published: it was changed later.")
    return problems


def find_run(reports: Path, run: str = LATEST) -> Path:
    """Return the folder of a run of a study.

    Parameters
    ----------
    reports : Path
        The study's folder of reports.
    run : str
        "latest", the id of a run, or its folder: from here, or beneath the reports.

    Raises
    ------
    ReportError
        If there is no such run.
    """
    if run and (reports / run).is_dir():
        return (reports / run).resolve()
    if run and (Path(run) / MANIFEST).is_file():
        return Path(run).resolve()
    known = sorted((path.parent.name for path in reports.glob(f"*/{MANIFEST}")), reverse=True)
    known = [name for name in known if name != LATEST]
    if run == LATEST and known:
        raise ReportError(
            f"{reports.name}: `latest` is missing, which leads to the last good run. Name a run, "
            f"such as {known[0]}, or `cjm run {reports.name}`, which sets it again."
        )
    have = f"The newest are {', '.join(known[:5])}" if known else "It has none yet: `cjm run` it"
    raise ReportError(f"{reports.name} has no good run '{run}'. {have}.")


def _read(folder: Path) -> tuple[dict[str, Any], list[str]]:
    manifest = read_manifest(folder)
    if not manifest:
        return {}, [f"{MANIFEST} is missing or cannot be read."]
    if manifest.get("schema_version") != SCHEMA_VERSION:
        return {}, [f"{MANIFEST} was written by another version of cjm_research."]
    if not isinstance(manifest.get("pages"), dict) or not manifest["pages"]:
        return {}, [f"{MANIFEST} lists no file."]
    return manifest, []
