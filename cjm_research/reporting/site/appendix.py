"""The tables behind the pages, as they may be published, and what the run was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cjm_research.cells import Cell, day, number, rows, text
from cjm_research.integration.segments import DROP_OFF
from cjm_research.reporting.site.cited import DATA_PAGE, CitedRow, Link, find_cited
from cjm_research.reporting.site.voices import Tables
from cjm_research.study.conclusions import ResolvedFinding

LONG_TABLE = 12
"""Rows from which a table is folded."""

PROVENANCE = {
    "version": "Version",
    "as_of": "As of",
    "slice": "Part of the study",
    "parameters": "Parameters",
    "notebooks": "Notebooks",
    "model": "Model",
    "seed": "Seed",
    "versions": "Software",
    "rows": "Rows of the study’s tables",
}
"""Parts of a manifest that a page shows, and what they are called there.

An allow-list: what a later manifest holds beside it is not shown unseen, and nothing that
differs between two runs of the same, such as a time or the hash of a file whose rows were put in
another order, is in it. The hashes of the files stand in manifest.json.
"""


@dataclass(frozen=True)
class DataTable:
    """A table of the appendix.

    Attributes
    ----------
    name, title : str
        Of the study's table, and for people.
    made : str
        Anchor of how its numbers were made.
    columns : tuple of str
        As the study names them: whoever computes with the table finds them there.
    lines : tuple of tuple of str
        Cells as text, row by row.
    numeric : tuple of bool
        Whether a column holds numbers.
    cited : mapping of int to CitedRow
        Lines that findings cite, by their place.
    """

    name: str
    title: str
    made: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    cited: Mapping[int, CitedRow] = field(default_factory=dict)

    @property
    def long(self) -> bool:
        """True when the table is better folded."""
        return len(self.lines) > LONG_TABLE


_SHOWN: tuple[tuple[str, str, str, str], ...] = (
    ("sources", "Sources", "coverage", "source label kind unit n_participants n_documents n_events "
     "collected_from collected_to sampling wave"),
    ("journey_map", "The journey in numbers", "funnel", "stage coverage behaviour_measure "
     "n_entered n_continued n_dropped drop_off_rate drop_off_low drop_off_high median_next_s"),
    ("kpis", "Targets", "kpis", "name measure value unit low high n count target direction "
     "verdict numerator denominator window"),
    ("funnel", "What people do, stage by stage", "funnel", "stage segment segment_value measure "
     "n_entered n_continued n_elsewhere n_open n_dropped n_followed drop_off_rate drop_off_low "
     "drop_off_high"),
    ("reported_funnels", "Funnels counted by other programs", "reported_funnels", "source_label "
     "program unit collected_from collected_to segment position step stage n_people n_continued "
     "rate stated_rate"),
    ("touchpoint_metrics", "Touchpoints counted by other programs", "reported_funnels",
     "source_label program touchpoint stage channel collected_from collected_to measure n of n_of "
     "rate"),
    ("stage_timing", "Time to the next stage", "stage_timing", "stage next_stage segment "
     "segment_value n median_s median_low_s median_high_s q25_s q75_s"),
    ("abandonment_points", "The last event before people were lost", "drop_destinations",
     "stage event n n_dropped share share_low share_high"),
    ("drop_destinations", "What those lost did next", "drop_destinations",
     "stage destination kind segment segment_value n n_dropped share share_low share_high"),
    ("task_success", "Outcomes of tasks", "task_success", "stage outcome label n_participants "
     "n_attempts n_success success_rate person_mean person_sd person_low person_high"),
    ("coverage", "Who was asked, and heard", "coverage",
     "stage source asked n_heard n_participants status"),
    ("mentions", "What people say", "mentions", "stage source code_group code label n_said "
     "n_heard share low high n_prompted"),
    ("pain_points", "Pain points, with severity", "pain_points", "stage source code label n_said "
     "n_heard severity n_severe severity_by_people"),
    ("emotion_curve", "How it feels", "emotion_curve", "stage source n mean low high"),
    ("rating_summary", "Ratings", "rating_summary",
     "stage source wave measure n value low high unit scale_text"),
    ("verdicts", "Verdicts", "verdicts", "stage said done verdict by proposed"),
    ("joint_display", "Words beside numbers", "joint_display", "stage source unit n n_lost rate "
     "low high n_heard n_told n_linked gap n_lost_known n_lost_silent"),
    ("causes", "Candidate causes", "causes", "stage told_at source code label n_said n_heard "
     "n_told n_told_left n_others n_others_left risk_ratio low high p_adjusted n_family"),
    ("opportunities", "Opportunities", "opportunities", "stage code label source n_said n_heard "
     "severity drop_off_rate value_at_stake score rank rank_low rank_high status confirmed_by "
     "effort evidence"),
    ("segment_comparison", "Audience segments", "segment_comparison", "stage source kind code "
     "segment segment_value n_said n_heard share low high difference difference_low "
     "difference_high p_adjusted n_compared"),
    ("wave_changes", "From wave to wave", "wave_changes", "stage kind code label wave_a wave_b "
     "n_a n_b n_both value_a value_b difference low high p_adjusted paired_difference paired_low "
     "paired_high"),
    ("comparability", "What may be compared", "comparability",
     "source against aspect status n words"),
    ("trust", "The machine’s codes against people’s", "trust", "source code_group code status "
     "n_labels kappa kappa_low kappa_high machine_share corrected_share corrected_low "
     "corrected_high"),
)  # fmt: skip


def data_tables(
    tables: Tables,
    stages: Mapping[str, str],
    labels: Mapping[str, str],
    findings: Sequence[ResolvedFinding] = (),
) -> list[DataTable]:
    """Return the tables behind the pages, without their small cells.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As the pages show them: small cells are hidden already.
    stages, labels : mapping of str to str
        Names of stages and sources for people.
    findings : sequence of ResolvedFinding
        Their numbers lead to the rows in which they stand.

    Returns
    -------
    list of DataTable
        Those that have rows. Of what people say, everybody's rows alone: segments stand in
        the comparison, which hides what would point at a handful of people.
    """
    keep: dict[str, Callable[[Cell], bool]] = {
        "mentions": lambda row: not text(row.get("segment")),
        "segment_comparison": lambda row: not row.get("suppressed"),
    }
    split = _may_split(tables)
    shown = []
    for name, title, made, wanted in _SHOWN:
        frame = tables.get(name)
        if frame is None:
            continue
        columns = [column for column in wanted.split() if column in frame]
        chosen = keep.get(name)
        found = [
            row
            for row in rows(frame)
            if (chosen is None or chosen(row)) and split(name, text(row.get("segment")))
        ]
        if found and columns:
            shown.append(_table(name, title, made, columns, found, stages, labels, findings))
    return shown


def list_addresses(shown: Sequence[DataTable]) -> dict[Link, str]:
    """Return where the number of a finding's link stands, if it stands on the data page."""
    return {
        link: f"{DATA_PAGE}#{row.anchor}"
        for table in shown
        for row in table.cited.values()
        for link in row.links
    }


def manifest_views(manifest: Mapping[str, Any]) -> list[Cell]:
    """Return what a run was made from, part by part."""
    views: list[Cell] = []
    for name, title in PROVENANCE.items():
        lines = list(_leaves(manifest.get(name)))
        if lines:
            views.append({"title": title, "lines": lines, "long": len(lines) > LONG_TABLE})
    return views


def _may_split(tables: Tables) -> Callable[[str, str], bool]:
    """Return whether a table's rows of a segment may stand: none that hides a drop-off."""
    hidden = {
        text(row.get("segment"))
        for row in rows(tables.get("segment_comparison"))
        if row.get("suppressed") and text(row.get("kind")) == DROP_OFF
    }

    def may(name: str, segment: str) -> bool:
        if name == "segment_comparison" or not segment:
            return True
        # The funnel is cut before; times and destinations of a segment count the same people.
        return name == "funnel" and segment not in hidden

    return may


def _table(
    name: str,
    title: str,
    made: str,
    columns: Sequence[str],
    found: Sequence[Cell],
    stages: Mapping[str, str],
    labels: Mapping[str, str],
    findings: Sequence[ResolvedFinding],
) -> DataTable:
    def line_of(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(_said(column, row.get(column), stages, labels) for column in columns)

    numeric = tuple(
        all(number(row.get(column)) is not None or not text(row.get(column)) for row in found)
        and any(number(row.get(column)) is not None for row in found)
        and not any(isinstance(row.get(column), bool) for row in found)
        for column in columns
    )
    lines = tuple(line_of(row) for row in found)
    cited = find_cited(name, columns, found, line_of, findings)
    return DataTable(name, title, made, tuple(columns), lines, numeric, cited)


_P_VALUES = {"p", "p_adjusted"}


def _said(column: str, value: Any, stages: Mapping[str, str], labels: Mapping[str, str]) -> str:
    if column in ("stage", "next_stage", "told_at", "destination"):
        return stages.get(text(value), text(value))
    if column in ("source", "against"):
        return labels.get(text(value), text(value))
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    found = number(value)
    if found is None:
        return day(value)
    if column in _P_VALUES and found < 0.001:
        return "< 0.001"  # no p value is 0
    if found == round(found):
        return f"{found:,.0f}".replace("-", "\u2212")
    return f"{found:z,.3f}".replace("-", "\u2212")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and text of everything within a part; what is empty is left out."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, f"{path}, {name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value, start=1):
            yield from _leaves(part, f"{path} {place}")
    elif value is not None and value != "":
        yield path, str(value)
