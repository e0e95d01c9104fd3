"""What there is to list: every study with its runs, read from their records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cjm_research.reporting.publish import FAILED, last_good
from cjm_research.reporting.site.index_page import Run, StudyRuns
from cjm_research.reporting.states import BATCH, LATEST, RECORD, read_json, read_state


def list_reports(reports: Path) -> list[StudyRuns]:
    """Return every study that has a run, good or not, or waits for one.

    Parameters
    ----------
    reports : Path
        The project's folder of reports.
    """
    return [
        study
        for home in sorted(path for path in reports.iterdir() if path.is_dir())
        if (study := _list_runs(home))
    ]


def _list_runs(home: Path) -> StudyRuns | None:
    records = sorted(
        _read_records(home),
        key=lambda found: (str(found[1].get("started", "")), found[0].name),
        reverse=True,
    )
    now = str(read_state(home).get("state", ""))
    if not records and not now:
        return None
    good = last_good(home)
    record = read_json(good / RECORD) if good else {}
    titles = [str(known.get("title") or "") for known in (record, *(r for _, r in records))]
    batch = home / BATCH / "index.html"
    return StudyRuns(
        name=home.name,
        title=next((title for title in titles if title), home.name),
        runs=[_describe_run(home, folder, known) for folder, known in records],
        latest_href=f"{home.name}/{LATEST}/index.html" if good else "",
        last_good=record,
        now=now,
        batch_href=f"{home.name}/{BATCH}/index.html" if batch.is_file() else "",
    )


def _read_records(home: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Return the folder and the record of every run, those of parts of the study too."""
    for path in [*home.glob(f"*/{RECORD}"), *home.glob(f"{BATCH}/*/*/{RECORD}")]:
        folder, record = path.parent, read_json(path)
        if folder.name != LATEST and not folder.name.startswith(".") and record.get("status"):
            yield folder, record


def _describe_run(home: Path, folder: Path, record: dict[str, Any]) -> Run:
    page = folder / "index.html"
    return Run(
        run_id=str(record.get("run_id") or folder.name.removesuffix(FAILED)),
        status=record["status"],
        started=str(record.get("started", "")),
        seconds=record.get("seconds"),
        href=page.relative_to(home.parent).as_posix() if page.is_file() else "",
        reason=str(record.get("reason") or ""),
        as_of=str(record.get("as_of") or ""),
        part=str(record.get("part_words") or record.get("part") or ""),
    )
