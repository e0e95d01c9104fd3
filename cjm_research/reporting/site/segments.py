"""Audience segments side by side: a column per value, hidden where few people stand in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.integration.conventions import FALSE_FINDS
from cjm_research.reporting.site.views import StageView
from cjm_research.reporting.site.voices import Tables

DROP_OFF = "drop_off"


def segment_pages(
    tables: Tables,
    stages: Sequence[StageView],
    labels: Mapping[str, str],
    *,
    smallest_cell: int,
) -> list[Cell]:
    """Return each audience segment with its values side by side, stage by stage.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `segment_comparison`, already without its small cells, and `segment_people`.
    stages : sequence of StageView
    labels : mapping of str to str
        Source to what people call it.
    smallest_cell : int
        People below which it is not said how many of a source belong to a value.

    Returns
    -------
    list of dict
        `segment`, `sides` (its values), `known` (people per source), `found` (rows that differ
        by more than chance brings) and `stages`: each with `shown` (drop-off and pain points),
        `more` (emotions) and `n_hidden`, the rows without any number that may be published.
    """
    compared = rows(tables.get("segment_comparison"))
    people = rows(tables.get("segment_people"))
    names = dict.fromkeys(text(row.get("segment")) for row in [*compared, *people])
    return [
        _segment(
            name,
            [row for row in compared if text(row.get("segment")) == name],
            [row for row in people if text(row.get("segment")) == name],
            stages,
            labels,
            smallest_cell,
        )
        for name in names
        if name
    ]


def _segment(
    name: str,
    compared: Sequence[Cell],
    people: Sequence[Cell],
    stages: Sequence[StageView],
    labels: Mapping[str, str],
    smallest_cell: int,
) -> Cell:
    values = list(dict.fromkeys(text(row.get("segment_value")) for row in [*compared, *people]))
    places = [_stage(stage, compared, values, labels) for stage in stages]
    lines = [line for place in places for line in (*place["shown"], *place["more"])]
    return {
        "segment": name,
        "sides": values,
        "known": _known(people, values, labels, smallest_cell),
        "found": [line for line in lines if line["found"]],
        "n_compared": max((count(row.get("n_compared")) or 0 for row in compared), default=0),
        "stages": [place for place in places if place["shown"] or place["more"]],
        "n_hidden": sum(place["n_hidden"] for place in places),
    }


def _known(
    people: Sequence[Cell], values: Sequence[str], labels: Mapping[str, str], smallest_cell: int
) -> list[Cell]:
    found: dict[str, dict[str, int]] = {}
    n_all: dict[str, int] = {}
    for row in people:
        source = text(row.get("source"))
        found.setdefault(source, {})[text(row.get("segment_value"))] = count(row.get("n")) or 0
        n_all[source] = count(row.get("n_source")) or 0
    return [
        {
            "label": labels.get(source, source),
            "n_source": n_all[source],
            # One value is all who are known less the others: a source is hidden whole.
            "few": any(0 < n < smallest_cell for n in counts.values()),
            "counts": [counts.get(value, 0) for value in values],
        }
        for source, counts in found.items()
    ]


def _stage(
    stage: StageView, compared: Sequence[Cell], values: Sequence[str], labels: Mapping[str, str]
) -> Cell:
    lines: dict[tuple[str, str, str], dict[str, Cell]] = {}
    for row in compared:
        if text(row.get("stage")) == stage.id:
            key = (text(row.get("kind")), text(row.get("source")), text(row.get("code")))
            lines.setdefault(key, {})[text(row.get("segment_value"))] = row
    views = [_line(key, by_value, values, stage, labels) for key, by_value in lines.items()]
    shown = [view for view in views if not view["hidden"]]
    shown.sort(key=lambda view: view["kind"] != DROP_OFF)  # what people do, then what they say
    return {
        "id": stage.id,
        "name": stage.name,
        "href": stage.href,
        "shown": [view for view in shown if view["kind"] != "emotion"],
        "more": [view for view in shown if view["kind"] == "emotion"],
        "n_hidden": len(views) - len(shown),
    }


def _line(
    key: tuple[str, str, str],
    by_value: Mapping[str, Cell],
    values: Sequence[str],
    stage: StageView,
    labels: Mapping[str, str],
) -> Cell:
    kind, source, _ = key
    first = next(iter(by_value.values()))
    cells = [_cell(by_value.get(value)) for value in values]
    lost = kind == DROP_OFF
    return {
        "kind": kind,
        "stage": stage.name,
        "href": stage.href,
        "label": (stage.behaviour.label or "lost") if lost else text(first.get("label")),
        "source_label": "" if lost else labels.get(source, source),
        "cells": cells,
        "hidden": all(cell is None or cell["hidden"] for cell in cells),
        "found": any(cell is not None and cell["found"] for cell in cells),
    }


def _cell(row: Cell | None) -> Cell | None:
    if row is None:
        return None
    p = number(row.get("p_adjusted"))
    return {
        "hidden": bool(row.get("suppressed")),
        **{name: count(row.get(name)) for name in ("n_said", "n_heard")},
        **{
            name: number(row.get(name))
            for name in (
                "share", "low", "high", "difference", "difference_low", "difference_high",
            )
        },
        "found": p is not None and p < FALSE_FINDS,
    }  # fmt: skip


def segments_of(
    participants: pd.DataFrame | None, known: pd.DataFrame | None, *, smallest_cell: int
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return per source the audience segments of each alias, where no value has few people.

    Returns
    -------
    dict
        Source -> alias -> `segment=value` of every segment that may be told of that source.
    """
    told: dict[str, set[str]] = {}
    few: set[tuple[str, str]] = set()
    for row in rows(known):
        source, segment = text(row.get("source")), text(row.get("segment"))
        told.setdefault(source, set()).add(segment)
        if 0 < (count(row.get("n")) or 0) < smallest_cell:
            few.add((source, segment))
    own = [
        (text(person.get("alias")), {str(name): text(value) for name, value in person.items()})
        for person in rows(participants)
    ]
    return {
        source: {
            alias: tuple(
                f"{segment}={cells[segment]}"
                for segment in sorted(segments)
                if cells.get(segment) and (source, segment) not in few
            )
            for alias, cells in own
        }
        for source, segments in told.items()
    }
