"""The list of all studies and runs, and the page that a failed run leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from cjm_research.cells import number
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.scripts import load_script
from cjm_research.reporting.states import LATEST, State

_BAD = ("failed", "timed out")
_MOST_RUNS = 50
"""Runs of a study that are listed; older ones are counted."""


class Run(TypedDict):
    """One run of a study, as run.json has it; `part` names the part of it that it is about."""

    run_id: str
    status: State
    started: str
    seconds: float | None
    href: str
    reason: str
    as_of: NotRequired[str]
    part: NotRequired[str]


class StudyRuns(TypedDict):
    """A study in the list of reports.

    Attributes
    ----------
    name, title : str
    runs : sequence of Run
        Newest first.
    latest_href : str
        Address of the last good report; empty when there is none.
    last_good : mapping
        Record of that run.
    now : str
        "queued", "running" or empty.
    batch_href : str
        Address of the list of reports on parts of the study.
    """

    name: str
    title: str
    runs: Sequence[Run]
    latest_href: str
    last_good: NotRequired[Mapping[str, Any]]
    now: NotRequired[str]
    batch_href: NotRequired[str]


def render_index(studies: Sequence[StudyRuns], path: Path) -> Path:
    """Write the list of studies and runs; failed runs show here with their reason.

    The page is whole without its script, which adds filters, sorting and the age of reports.

    Parameters
    ----------
    studies : sequence of StudyRuns
        Each with its runs, newest first.
    path : Path
        File to write.
    """
    values = {
        "studies": [_view(study) for study in studies],
        "language": "en",
        "scripts": (load_script("index"),),
    }
    return _write(path, "index.html.j2", values)


def render_failure(record: Mapping[str, Any], path: Path, *, has_good: bool) -> Path:
    """Write the page of a run that did not become a report.

    Parameters
    ----------
    record : mapping
        Of run.json. Its `reason` holds no participants' words.
    path : Path
        File to write, in the folder of the failed run.
    has_good : bool
        Whether `latest`, beside that folder, leads to a report.
    """
    part = str(record.get("part") or "")
    study = str(record.get("study", ""))
    as_of = str(record.get("as_of") or "")
    command = f"cjm batch {study}" if part else f"cjm run {study}"
    values = {
        "language": "en",
        "study": study,
        "title": str(record.get("title") or study),
        "part": part,
        "run_id": str(record["run_id"]),
        "status": str(record["status"]),
        "started": _moment(record.get("started")),
        "seconds": number(record.get("seconds")),
        "as_of": as_of,
        "reason": str(record.get("reason", "")),
        "notebook": str(record.get("notebook") or ""),
        "cell": record.get("cell"),
        "command": command + (f" --as-of {as_of}" if as_of else ""),
        "check": f"cjm check {study}",
        "latest_href": f"../{LATEST}/index.html" if has_good else "",
        "index_href": "../../../../index.html" if part else "../../index.html",
    }
    return _write(path, "failure.html.j2", values)


def _view(study: StudyRuns) -> dict[str, Any]:
    runs, good = study["runs"], study.get("last_good", {})
    headline = good.get("headline") or {}
    newest = next((run for run in runs if not run.get("part")), None)
    status = study.get("now") or (newest["status"] if newest else "")
    failed = newest if newest and newest["status"] in _BAD else None
    shown = [_run_view(run) for run in runs[:_MOST_RUNS]]
    return {
        "name": study["name"],
        "title": study["title"],
        "latest_href": study["latest_href"],
        "batch_href": study.get("batch_href", ""),
        "status": status,
        "failed": _run_view(failed) if failed else None,
        "good": _moment(good["started"]) if good.get("started") else None,
        "as_of": str(good.get("as_of") or ""),
        "period": str(headline.get("period") or ""),
        "draft": headline.get("status") == "draft",
        "people": _people(headline.get("participants") or ()),
        "kpis": headline.get("kpis") or (),
        "runs": shown,
        "n_more": len(runs) - len(shown),
        "n_bad": sum(run["status"] in _BAD for run in runs),
    }


def _people(sources: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the people of the largest source: the same person may be in several."""
    largest = max(sources, key=lambda source: int(source["n"]), default=None)
    if largest is None:
        return None
    return {"n": largest["n"], "unit": largest["unit"], "several": len(sources) > 1}


def _run_view(run: Run) -> dict[str, Any]:
    return {
        "run_id": run["run_id"],
        "status": run["status"],
        "bad": run["status"] in _BAD,
        "started": _moment(run["started"]),
        "seconds": number(run["seconds"]),
        "href": run["href"],
        "reason": run["reason"],
        "as_of": run.get("as_of", ""),
        "part": run.get("part", ""),
    }


def _moment(text: object) -> dict[str, str]:
    """Return a moment of a record for people and for the script; as it stands, if unreadable."""
    try:
        moment = datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return {"words": str(text or ""), "iso": ""}
    return {
        "words": moment.strftime("%Y-%m-%d %H:%M UTC"),
        "iso": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _write(path: Path, template: str, values: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    page = make_environment().get_template(template).render(**values)
    path.write_bytes(page.encode("utf-8", "replace"))
    return path
