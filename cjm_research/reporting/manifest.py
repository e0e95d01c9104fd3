"""The manifest of a run: what it was made from, and a hash of every file it published.

Names of input files stay out of it, because people name files after people: an input is its
source, its hash, its size and its rows.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cjm_research
from cjm_research import readers
from cjm_research.cells import count, number, rows, text
from cjm_research.reporting import comparable
from cjm_research.reporting.states import RECORD, read_json, stamp
from cjm_research.study import Study
from cjm_research.study.cache import Tables

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
SEED = 0
"""Seed of every resampling: `random_state` is never anything else in a run."""

PACKAGES = (
    "pandas", "numpy", "scipy", "statsmodels", "duckdb", "ibis-framework", "onnxruntime",
    "scikit-learn", "spacy", "bertopic", "papermill", "nbconvert", "matplotlib", "jinja2", "nh3",
)  # fmt: skip

OF_THIS_RUN = (
    "run_id", "started", "finished", "seconds", "status", "compared_with", "pages",
)  # fmt: skip
"""Parts that differ between two runs over the same inputs."""


def build_manifest(
    study: Study,
    *,
    run_id: str,
    key: str,
    version: str,
    as_of: date | None,
    only: Any,
    parameters: Mapping[str, Any],
    notebooks: Sequence[Path],
    pages: Mapping[str, str],
    steps: Sequence[Mapping[str, Any]],
    started: datetime,
    seconds: float,
    status: str,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what is known of a run, ready to be written as JSON.

    Parameters
    ----------
    study : Study
        With its tables made.
    run_id, key, version, status : str
        Of the run; `version` stands on its pages, and `status` is "good" for all that is published.
    as_of : date or None
    only : Slice or None
        The part of the study that the run is about.
    parameters : mapping
        As the notebooks got them; checked for personal data before.
    notebooks : sequence of Path
    pages : mapping of str to str
        Relative POSIX path to sha256, of every file but `manifest.json` and `run.json`; empty
        while they are still to be made.
    steps : sequence of mapping
        `step` and `seconds`, `rows_in` and `rows_out` (table to rows), as they were done.
    started : datetime
        Aware.
    seconds : float
    before : mapping, optional
        Manifest of the run that this one is compared with.

    Returns
    -------
    dict
        See docs/runs-and-changes.md.
    """
    tables = study.tables
    coders = tables["coders"].set_index("coder_id")["sha256"]
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study.name,
        "run_id": run_id,
        "status": status,
        "key": key,
        "version": version,
        "as_of": as_of.isoformat() if as_of else "",
        "slice": _describe_slice(only),
        "parameters": {name: _plain(value) for name, value in sorted(parameters.items())},
        "started": stamp(started),
        "finished": stamp(started + timedelta(seconds=seconds)),
        "seconds": round(seconds, 2),
        "steps": [{name: _plain(value) for name, value in step.items()} for step in steps],
        "inputs": list_inputs(study, tables),
        "input_hashes": dict(study.inputs),
        "people_codes_files": _hash_codes(study.place.folder),
        "n_withdrawn": count_withdrawn(study),
        "rows": {name: len(table) for name, table in sorted(tables.items())},
        "notebooks": {path.name: hash_file(path) for path in notebooks},
        "versions": list_versions(),
        "model": str(coders.get("encoder", "")),
        "seed": SEED,
        "basis": comparable.list_basis(study, tables),
        "figures": comparable.list_figures(study, tables),
        "heard": comparable.list_heard(tables),
        "verdicts": comparable.list_verdicts(study, tables),
        "people_codes": comparable.list_people_codes(tables),
        "findings": comparable.list_findings(study),
        "study_keys": comparable.list_study_keys(study),
        "headline": _describe_headline(study, tables),
        "compared_with": str((before or {}).get("run_id", "")),
        "pages": dict(sorted(pages.items())),
    }


def count_withdrawn(study: Study) -> int:
    """Return how many people have withdrawn: they are in no table of this run."""
    rows = study.quality
    return int(rows.loc[rows["what"].str.startswith("people who withdrew"), "n"].sum())


def without_times(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part that two runs over the same inputs share: what pages may show."""
    stable = {name: value for name, value in manifest.items() if name not in OF_THIS_RUN}
    # What was in the cache was no step; the rows are the same.
    counted = [step for step in manifest.get("steps", ()) if step.get("rows_out")]
    return stable | {
        "steps": [
            {name: value for name, value in step.items() if name != "seconds"} for step in counted
        ]
    }


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a published run; empty where there is none that can be read."""
    return read_json(folder / MANIFEST)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> Path:
    """Write the manifest into a run's folder, with sorted keys, and sync it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    content = json.dumps(
        dict(manifest), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    path = folder / MANIFEST
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(content + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return path


def hash_pages(folder: Path) -> dict[str, str]:
    """Return the sha256 of every published file of a run's folder, by relative POSIX path."""
    return {name: hash_file(folder / name) for name in list_published(folder)}


def list_published(folder: Path) -> list[str]:
    """Return the relative POSIX paths of all files, less the two records of the run."""
    found = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    )
    return sorted(name for name in found if name not in (MANIFEST, RECORD))


def list_inputs(study: Study, tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Return, per source id, sha256, bytes and rows of its files, in the order of the hashes.

    Rows are None where the reader counts none, and no file is listed of a log that stays where
    it is.
    """
    counted = {
        (row["source"], row["file"]): count(row["n"])
        for row in rows(tables["quality"])
        if row["what"] == "rows"
    }
    return {
        source.id: sorted(
            (
                {
                    "sha256": hash_file(path),
                    "bytes": path.stat().st_size,
                    "rows": counted.get((source.id, path.name)),
                }
                for path in readers.list_files(source, study.place.folder)
            ),
            key=lambda file: str(file["sha256"]),
        )
        for source in study.config.sources
        if not getattr(source, "stays", False)
    }


def list_versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of those that figures depend on."""
    found = {"python": platform.python_version(), "cjm_research": cjm_research.__version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found


def _describe_headline(study: Study, tables: Tables) -> dict[str, Any]:
    """Return what a list of studies says of one: people, KPIs, draft or final."""
    sources = tables["sources"]
    return {
        "title": study.config.title,
        "period": _describe_period(sources),
        "participants": [
            {
                "source": row["source"],
                "label": row["label"],
                "n": count(row["n_participants"]) or 0,
                "unit": text(row["unit"]) or "person",
            }
            for row in rows(sources)
        ],
        "kpis": [
            {
                "name": row["name"],
                "words": row["words"],
                "value": number(row["value"]),
                "low": number(row["low"]),
                "high": number(row["high"]),
                "unit": text(row["unit"]),
                "target": number(row["target"]),
                "verdict": row["verdict"],
            }
            for row in rows(tables["kpis"])
        ],
        "status": "draft" if _is_draft(tables) else "final",
    }


def _is_draft(tables: Tables) -> bool:
    return bool(tables["sources"]["n_unreviewed"].sum() or len(tables["lost_codes"]))


def _describe_period(sources: Any) -> str:
    days = sorted(
        day for column in ("collected_from", "collected_to") for day in sources[column] if day
    )
    return "" if not days else days[0] if days[0] == days[-1] else f"{days[0]} – {days[-1]}"


def _describe_slice(only: Any) -> dict[str, str]:
    """Return a part of the study field by field, and in words; empty for the whole."""
    if not only:
        return {}
    fields = {field.name: getattr(only, field.name) for field in dataclasses.fields(only)}
    return {"words": only.words} | {name: str(value or "") for name, value in fields.items()}


def _hash_codes(folder: Path) -> dict[str, str]:
    """Return the hash of each person's codes, by the coder's name."""
    return {path.stem: hash_file(path) for path in sorted((folder / "codes").glob("*.csv"))}


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, Iterable):
        return [_plain(inner) for inner in value]
    return str(value)


def hash_file(path: Path) -> str:
    """Return the sha256 of a file, read piece by piece."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
