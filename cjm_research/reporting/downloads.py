"""The files that go with a report: the map and its tables for elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research import exporters, figures
from cjm_research.reporting.published import PUBLISHED, describe_published, read_published
from cjm_research.reporting.site.context import Download
from cjm_research.study import Study
from cjm_research.study.conclusions import ResolvedFinding

FOLDER = "downloads"
NOTES = (
    "Counts are people, not mentions. Empty cells are not known, or hidden because they would "
    "tell of a handful of people.",
    "Times are in UTC; columns that end in _s are seconds, in _rate and _share parts of one.",
    "The quotes are participants' words. They are text: nothing in this file is a formula.",
)


@dataclass(frozen=True)
class Package:
    """A study with all that its files say of it.

    Attributes
    ----------
    study : Study
    version_key : str
        Name of what the report says (`reporting.version`).
    about : str
        Whom the report is about, where that is a part of the study.
    findings : sequence of ResolvedFinding
        What people concluded; the first ones stand on the slide.
    """

    study: Study
    version_key: str = ""
    about: str = ""
    findings: Sequence[ResolvedFinding] = ()

    @cached_property
    def journey_map(self) -> pd.DataFrame:
        """Table `journey_map`, as it may leave."""
        return read_published(self.study, "journey_map")

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Table `verdicts`, as it may leave."""
        return read_published(self.study, "verdicts")

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table that may leave, by name."""
        return {name: read_published(self.study, name) for name in PUBLISHED}

    @cached_property
    def figure(self) -> Any:
        """The map as a notebook draws it: people are dots without a name."""
        return self.study.plot_journey_map()

    @property
    def title(self) -> str:
        """The study's question, with the part of the study that it is asked of."""
        return ", ".join(part for part in (self.study.config.title, self.about) if part)

    @property
    def period(self) -> str:
        """First and last day of the data; empty when none is known."""
        sources = self.study.sources
        starts = [day for day in sources["collected_from"] if day]
        ends = [day for day in sources["collected_to"] if day]
        if not starts or not ends:
            return ""
        return " – ".join(dict.fromkeys((min(starts), max(ends))))

    def say_sources(self) -> list[str]:
        """Return each source with its n."""
        return [
            f"{row.label} (n = {row.n_participants:,})" for row in self.study.sources.itertuples()
        ]

    def say_findings(self) -> list[str]:
        """Return the headlines, each with its id; a draft says so."""
        return [
            f"{finding.id}  {finding.headline}" + (" (draft)" if finding.status == "draft" else "")
            for finding in self.findings
        ]

    def describe(self, tables: Sequence[str]) -> exporters.About:
        """Return what a workbook of these published tables says of itself."""
        facts = {
            "study": self.study.name,
            "objective": self.study.config.objective.strip(),
            "about": self.about,
            "data": self.period,
            "version": self.version_key,
        }
        return exporters.About(
            title=self.study.config.title,
            facts=[(name, value) for name, value in facts.items() if value],
            tables={name: describe_published(name) for name in tables},
            notes=NOTES,
        )


def write_downloads(
    study: Study,
    folder: Path,
    *,
    version_key: str = "",
    about: str = "",
    findings: Sequence[ResolvedFinding] = (),
) -> list[Download]:
    """Write the map and its tables for elsewhere.

    Parameters
    ----------
    study : Study
    folder : Path
        A run's folder: the files are written to `downloads` in it.
    version_key, about, findings
        As in `Package`.

    Returns
    -------
    list of Download
        In the order in which a reader should see them. The same study, key and findings give
        the same bytes; nothing in them is told that the pages do not tell.
    """
    package = Package(study, version_key, about, findings)
    return [
        _describe(WRITERS[kind](package, folder / FOLDER / FILES[kind]), kind) for kind in FILES
    ]


def write_picture(package: Package, path: Path) -> Path:
    """Write the drawn map, as SVG or as PNG, by the suffix."""
    words = figures.describe_journey_map(package.journey_map)
    return exporters.export_figure(
        package.figure, path, title=f"Journey map: {package.title}", description=words
    )


def write_slide(package: Package, path: Path) -> Path:
    """Write the map as a slide."""
    return exporters.export_slide(
        package.journey_map,
        path,
        title=package.title,
        objective=package.study.config.objective,
        findings=package.say_findings(),
        verdicts=package.verdicts,
        sources=package.say_sources(),
        period=package.period,
        version=package.version_key,
    )


def write_workbook(package: Package, path: Path) -> Path:
    """Write every table that may leave, a sheet each."""
    return exporters.export_workbook(package.tables, path, about=package.describe([*PUBLISHED]))


def write_csvs(package: Package, path: Path) -> Path:
    """Write every table that may leave as a CSV, together in one archive."""
    members = {f"{name}.csv": exporters.make_csv(table) for name, table in package.tables.items()}
    lines = [f"{name}.csv: {describe_published(name)}" for name in package.tables]
    heads = [package.title, f"Data: {package.period}", f"Version: {package.version_key}", ""]
    notes = ["", *NOTES, "An apostrophe before a sign of a formula belongs to the file."]
    members["README.txt"] = "\n".join([*heads, *lines, *notes, ""]).encode()
    return exporters.write_whole(path, exporters.make_zip(members))


def write_lucidchart(package: Package, path: Path) -> Path:
    """Write the map as Lucidchart's process CSV."""
    return exporters.export_lucidchart(
        package.journey_map, path, verdicts=package.verdicts, title=package.title
    )


def write_visio(package: Package, path: Path) -> Path:
    """Write the map as Visio's Data Visualizer table."""
    return exporters.export_visio(package.journey_map, path, verdicts=package.verdicts)


def write_drawio(package: Package, path: Path) -> Path:
    """Write the map as a draw.io diagram."""
    return exporters.export_drawio(
        package.journey_map, path, verdicts=package.verdicts, title=package.title
    )


WRITERS: dict[str, Callable[[Package, Path], Path]] = {
    "svg": write_picture,
    "png": write_picture,
    "pptx": write_slide,
    "xlsx": write_workbook,
    "csv": write_csvs,
    "lucidchart": write_lucidchart,
    "visio": write_visio,
    "drawio": write_drawio,
}
"""What writes each format."""

FILES: dict[str, str] = {
    "svg": "journey-map.svg",
    "png": "journey-map.png",
    "pptx": "journey-map.pptx",
    "xlsx": "tables.xlsx",
    "csv": "tables.zip",
    "lucidchart": "journey-map-lucidchart.csv",
    "visio": "journey-map-visio.xlsx",
    "drawio": "journey-map.drawio",
}
"""Name of each format's file."""

_LABELS: dict[str, tuple[str, str]] = {
    "svg": ("Journey map as a picture that scales", "SVG"),
    "png": ("Journey map as a picture", "PNG"),
    "pptx": ("Journey map as one slide", "PowerPoint"),
    "xlsx": ("Tables as a workbook", "Excel"),
    "csv": ("Tables one by one", "CSV in a ZIP"),
    "lucidchart": ("Journey map for Lucidchart", "CSV"),
    "visio": ("Journey map for Visio’s Data Visualizer", "Excel"),
    "drawio": ("Journey map for draw.io", "draw.io"),
}


def _describe(path: Path, kind: str) -> Download:
    label, shown = _LABELS[kind]
    return Download(
        label=label, href=f"{FOLDER}/{path.name}", kind=shown, n_bytes=path.stat().st_size
    )
