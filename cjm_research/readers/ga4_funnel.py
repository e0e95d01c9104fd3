"""The funnel report of Google Analytics 4's Data API (`runFunnelReport`), as JSON."""

from __future__ import annotations

from typing import Any

from cjm_research.errors import SourceError
from cjm_research.readers.cells import squeeze
from cjm_research.readers.counts import NO_RATE, read_count, read_rates
from cjm_research.readers.notes import Notes
from cjm_research.readers.reported_steps import ReportedStep

NAME = "Google Analytics 4 (Data API)"
PEOPLE = "activeUsers"
_STEP = "funnelStepName"
_LOST, _RATE = "funnelStepAbandonments", "funnelStepCompletionRate"
_TOTAL = "RESERVED_TOTAL"


def is_ga4_funnel(loaded: Any) -> bool:
    """Return whether a JSON value is a funnel report of the Data API."""
    return isinstance(loaded, dict) and isinstance(loaded.get("funnelTable"), dict)


def read_ga4_funnel(loaded: dict[str, Any], *, file: str, notes: Notes) -> list[ReportedStep]:
    """Return the steps of a report's table.

    Parameters
    ----------
    loaded : dict
        The report, for which `is_ga4_funnel` holds.
    file : str
        For messages.
    notes : Notes
        Gets what is left out, and whether the counts are estimates from a sample of events.

    Raises
    ------
    SourceError
        If the table has no steps, or a step has no whole count.
    """
    table = loaded["funnelTable"]
    dimensions = _names(table, "dimensionHeaders")
    metrics = _names(table, "metricHeaders")
    if _STEP not in dimensions or PEOPLE not in metrics:
        raise SourceError(
            file,
            f"its `funnelTable` has no '{_STEP}' or no '{PEOPLE}'.",
            "export it again with `runFunnelReport`; reports of other methods are no funnels.",
        )
    # Headers come twice, for one set of values a row: the first occurrence is meant.
    places = {name: place for place, name in enumerate(dict.fromkeys(metrics))}
    steps: list[ReportedStep] = []
    odd_rows: list[int] = []
    n_rates = 0
    for number, row in enumerate(_list(table, "rows"), start=1):
        about = _values(row, "dimensionValues")
        values = _values(row, "metricValues")
        if len(about) < len(dimensions) or len(values) <= places[PEOPLE]:
            odd_rows.append(number)
            continue
        told = dict(zip(dimensions, about, strict=False))
        people = read_count(values[places[PEOPLE]])
        if people is None:
            raise SourceError(
                file,
                f"row {number} of its table has no whole number of '{PEOPLE}'.",
                "export it again; counts are whole and never below 0.",
            )

        def metric(name: str, values: list[str] = values) -> str:
            place = places.get(name, len(values))
            return values[place] if place < len(values) else ""

        rates, odd = read_rates([metric(_RATE)])
        n_rates += odd
        steps.append(
            ReportedStep(
                segment=", ".join(
                    value for name, value in told.items() if name != _STEP and value != _TOTAL
                ),
                label=told[_STEP],
                people=people,
                lost=read_count(metric(_LOST)),
                stated=rates[0] if rates else NO_RATE,
            )
        )
    notes.of(file).n_in += len(steps) + len(odd_rows)
    notes.set_aside(file, "rows without all of their values, left out", odd_rows)
    notes.warn(file, "stated rates that are no numbers, left out", n_rates)
    metadata = table.get("metadata")
    sampled = _list(metadata, "samplingMetadatas") if isinstance(metadata, dict) else []
    notes.warn(file, "the program counted a sample of the events, and estimates from it",
               int(bool(sampled)))  # fmt: skip
    if isinstance(loaded.get("funnelVisualization"), dict):
        notes.count(file, "table for the program's drawing, left out: it repeats the funnel", 1)
    return steps


def _list(part: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = part.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _names(table: dict[str, Any], name: str) -> list[str]:
    return [str(header.get("name", "")) for header in _list(table, name)]


def _values(row: dict[str, Any], name: str) -> list[str]:
    return [squeeze(str(value.get("value", ""))) for value in _list(row, name)]
