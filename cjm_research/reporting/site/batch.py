"""The page that sets the reports of a batch side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.integration import is_few
from cjm_research.reporting.site import together, views
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.scripts import load_script
from cjm_research.statistics.suppression import SMALLEST


@dataclass(frozen=True)
class BatchRow:
    """One report of a batch, or the whole study.

    Attributes
    ----------
    name : str
    href : str
        Address of the report; empty when there is none.
    status : str
        "good", "too few" or "failed".
    reason : str
        Why there is none, in plain words.
    tables : mapping of str to DataFrame, or None
        Those that the report was made from: `sources`, `kpis`, `journey_map`,
        `opportunities`.
    """

    name: str
    href: str
    status: str
    reason: str
    tables: Mapping[str, pd.DataFrame] | None


def render_batch(
    rows: Sequence[BatchRow],
    path: Path,
    *,
    title: str,
    language: str = "en",
    as_of: str = "",
    smallest_cell: int = SMALLEST,
) -> Path:
    """Write the page that compares the reports of a batch.

    Parameters
    ----------
    rows : sequence of BatchRow
        The whole study first; it has tables.
    path : Path
        File to write.
    title : str
        The study's question.
    language : str, default "en"
    as_of : str
        The day that the reports look back from, where one was given.
    smallest_cell : int
        Where fewer people of a part went one way, that figure is shown of no part: the others,
        taken from the whole study, would tell it.
    """
    shown = [_row_view(row) for row in rows]
    whole = shown[0]
    _hide_few(shown[1:], smallest_cell)
    stages = [name for name, cell in whole["stages"].items() if cell.rate is not None]
    values: dict[str, Any] = {
        "title": title,
        "language": language,
        "as_of": as_of,
        "rows": shown,
        "missing": [row for row in shown if row["reason"]],
        "sources": list(whole["people"]),
        "kpis": list(whole["kpis"]),
        "stages": stages,
        "n_compared": sum(
            sum(name in row["kpis"] for name in whole["kpis"])
            + sum(name in row["stages"] for name in stages)
            for row in shown
            if row["status"] == "good"
        ),
        "smallest_cell": smallest_cell,
        "scripts": (load_script("index"),),
    }
    page = make_environment().get_template("batch.html.j2").render(**values)
    path.write_bytes(page.encode("utf-8", "replace"))
    return path


def _row_view(row: BatchRow) -> dict[str, Any]:
    view: dict[str, Any] = {
        "name": row.name,
        "href": row.href,
        "status": row.status,
        "reason": row.reason,
        "people": {},
        "kpis": {},
        "stages": {},
        "hidden": set(),
        "top": None,
    }
    if row.tables is None:
        return view
    stages = views.stage_views(row.tables["journey_map"])
    found = together.opportunity_views(row.tables["opportunities"], stages)
    listed = [*found["ranked"], *found["confirmed"], *found["candidates"]]
    return view | {
        "people": {source["label"]: source for source in views.source_views(row.tables["sources"])},
        "kpis": {kpi["name"]: kpi for kpi in views.kpi_views(row.tables["kpis"])},
        "stages": {stage.name: stage.behaviour for stage in stages},
        "top": max(listed, key=_share_told, default=None),
    }


def _hide_few(parts: Sequence[dict[str, Any]], smallest_cell: int) -> None:
    """Take figures out of the parts that would tell what became of few people of one."""
    few = set()
    for part in parts:
        counts = [
            (("stages", name), cell.n_dropped, cell.n_entered)
            for name, cell in part["stages"].items()
        ]
        counts += [
            (("kpis", name), kpi["count"], kpi["n"])
            for name, kpi in part["kpis"].items()
            if kpi["unit"] == "share"
        ]
        few |= {
            place
            for place, some, of in counts
            if some is not None and of is not None and is_few(some, of, smallest_cell=smallest_cell)
        }
    for part in parts:
        part["hidden"] = {place for place in few if place[1] in part[place[0]]}
        for kind, name in part["hidden"]:
            del part[kind][name]


def _share_told(opportunity: Mapping[str, Any]) -> tuple[float, int]:
    n_said, n_heard = opportunity["n_said"] or 0, opportunity["n_heard"] or 0
    return (n_said / n_heard if n_heard else 0.0, n_said)
