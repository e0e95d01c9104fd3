"""The key of a run: the same key, the same report, so that nothing has to be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from cjm_research.reporting.manifest import hash_file, hash_pages, read_manifest
from cjm_research.reporting.publish import is_good_run, last_good
from cjm_research.reporting.states import RECORD, read_json
from cjm_research.study import Study
from cjm_research.study.cache import hash_parts
from cjm_research.study.slicing import Slice

_PACKAGE = Path(__file__).parent.parent
_SUFFIXES = frozenset({".py", ".j2", ".css", ".js"})


def make_run_key(
    study: Study,
    *,
    as_of: date | None,
    only: Slice | None,
    parameters: Mapping[str, object],
    notebooks: Sequence[Path],
) -> str:
    """Return the hash of all that a report depends on.

    Parameters
    ----------
    study : Study
        Its own key covers inputs, study.yaml, the code that counts and the vault.
    as_of, only
        As the run was asked for.
    parameters : mapping
        For the notebooks, typed: "7" and "07" are the same number.
    notebooks : sequence of Path
        In reading order.
    """
    return hash_parts(
        study.key,
        study.inputs["reviews"],  # shown beside the claims, and in no table
        str(as_of or ""),
        asdict(only) if only else {},
        sorted(parameters.items()),
        [(path.name, hash_file(path)) for path in notebooks],
        hash_code("reporting", "figures", "exporters", "display.py", "markup.py"),
    )


def make_chapter_key(study_key: str, notebook: Path, parameters: Mapping[str, object]) -> str:
    """Return the hash of all that a chapter depends on.

    A changed figure must not come from the cache; a changed page around it may.
    """
    drawing = hash_code("figures", "display.py", "markup.py", "reporting/chapters.py")
    return hash_parts(study_key, hash_file(notebook), sorted(parameters.items()), drawing)


def find_standing_run(reports: Path, key: str) -> Path | None:
    """Return the good run that was made under this key and is still whole, or None.

    What `latest` leads to comes first, then the newest.
    """
    for folder in _good_runs(reports):
        if read_json(folder / RECORD).get("key") == key:
            pages = read_manifest(folder).get("pages")
            if pages and pages == hash_pages(folder):
                return folder
    return None


def _good_runs(reports: Path) -> Iterator[Path]:
    latest = last_good(reports)
    if latest:
        yield latest
    for record in sorted(reports.glob(f"*/{RECORD}"), reverse=True):
        folder = record.parent
        if folder != latest and is_good_run(folder):
            yield folder


def hash_code(*places: str) -> str:
    """Return the hash of the package's files under these places: code, templates, styles."""
    paths: list[Path] = []
    for place in places:
        found = _PACKAGE / place
        paths += found.rglob("*") if found.is_dir() else [found]
    return hash_parts(
        *(
            part
            for path in sorted(paths)
            if path.suffix in _SUFFIXES
            for part in (path.relative_to(_PACKAGE).as_posix(), path.read_bytes())
        )
    )
