"""What other programs counted: shown by itself, under the name of who counted."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cjm_research.cells import Cell, count, number, rows, text


def funnel_views(reported: pd.DataFrame | None, stages: Mapping[str, str]) -> list[Cell]:
    """Return each funnel that another program counted.

    Parameters
    ----------
    reported : DataFrame or None
        Table `reported_funnels`, without what would tell of a handful of people.
    stages : mapping of str to str
        Names of the stages for people.

    Returns
    -------
    list of dict
        `label`; `caption`, which says who counted what, and when; `steps` of all people and of
        `segments`, `n_segments` in number; and whether the program `states` shares of its own.
    """
    funnels: dict[str, Cell] = {}
    for row in rows(reported):
        funnel = funnels.setdefault(
            text(row.get("source")),
            {
                "label": text(row.get("source_label")),
                "caption": _caption(row),
                "steps": [],
                "segments": [],
            },
        )
        step = _step(row, stages)
        funnel["segments" if step["segment"] else "steps"].append(step)
    for funnel in funnels.values():
        every = [*funnel["steps"], *funnel["segments"]]
        funnel["states"] = any(step["stated"] is not None for step in every)
        funnel["n_segments"] = len({step["segment"] for step in funnel["segments"]})
    return list(funnels.values())


def campaign_views(metrics: pd.DataFrame | None, stages: Mapping[str, str]) -> list[Cell]:
    """Return what other programs counted of e-mail and advertising, source by source.

    Parameters
    ----------
    metrics : DataFrame or None
        Table `touchpoint_metrics`.
    stages : mapping of str to str
        Names of the stages for people.

    Returns
    -------
    list of dict
        `caption`, which says who counted, and `lines`, one for each touchpoint and measure.
    """
    sources: dict[str, Cell] = {}
    for row in rows(metrics):
        program = text(row.get("program")) or "another program"
        channel = text(row.get("channel"))
        label = f"{text(row.get('source_label'))}: counted by {program}"
        source = sources.setdefault(
            text(row.get("source")),
            {"caption": label + (f"; channel: {channel}" if channel else ""), "lines": []},
        )
        source["lines"].append(
            {
                "touchpoint": text(row.get("touchpoint")),
                "stage": stages.get(text(row.get("stage")), ""),
                "days": _days(row),
                "measure": text(row.get("measure")),
                "n": _amount(row.get("n")),
                "of": text(row.get("of")),
                "n_of": _amount(row.get("n_of")),
                "rate": number(row.get("rate")),
            }
        )
    return list(sources.values())


def _amount(value: object) -> str:
    """Return a count, or an amount of money, as it is read."""
    found = number(value)
    if found is None:
        return ""
    return f"{found:,.0f}" if found == round(found) else f"{found:,.2f}"


def _step(row: Mapping[str, object], stages: Mapping[str, str]) -> Cell:
    continued = count(row.get("n_continued"))
    return {
        "step": text(row.get("step")),
        "stage": stages.get(text(row.get("stage")), ""),
        "segment": text(row.get("segment")),
        "n_people": count(row.get("n_people")),
        "n_continued": continued,
        "rate": number(row.get("rate")),
        # After the last step there is nowhere to go on to.
        "stated": None if continued is None else number(row.get("stated_rate")),
    }


def _caption(row: Mapping[str, object]) -> str:
    program = text(row.get("program")) or "another program"
    unit = text(row.get("unit"))
    return (
        f"{text(row.get('source_label'))}: counted by {program}, "
        f"{_days(row) or 'on days that are not declared'}"
        + (f"; it counts “{unit}”" if unit else "")
    )


def _days(row: Mapping[str, object]) -> str:
    start, end = text(row.get("collected_from")), text(row.get("collected_to"))
    return start if start == end else f"{start} – {end}"
