"""What changed since the run before, and what it is owed to: data, recoding or software.

Two runs over the same people are no two samples: a difference is explained, never tested.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

MANIFEST = "manifest.json"

RECODING = ("people's codes", "codebook log and samples", "coders")
_OWED = {
    "data": "the data",
    "study.yaml": "what study.yaml declares",
    "findings": "people's findings",
    "software": "the software",
}
MOST_SHOWN = 8
"""Differences that are spelt out; the rest are counted."""


def list_figures(journey_map: pd.DataFrame) -> dict[str, dict[str, list[float]]]:
    """Return the figures of the map that two runs are compared by.

    Returns
    -------
    dict
        Stage name -> what is counted -> [count, of how many]: what people do, and who tells
        each pain point that the map shows, per source.
    """
    figures: dict[str, dict[str, list[float]]] = {}
    for row in journey_map.to_dict("records"):
        counts: dict[str, list[float]] = {}
        if not math.isnan(row["drop_off_rate"]):
            counts[str(row["behaviour_label"])] = [
                float(row["n_dropped"]), float(row["n_entered"])
            ]  # fmt: skip
        for pain in row["pain_points"]:
            name = f"“{pain['label']}” ({pain['source_label']})"
            counts[name] = [float(pain["n_said"]), float(pain["n_heard"])]
        figures[str(row["stage_name"])] = counts
    return figures


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a published run; empty where there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def describe_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what differs from the run before, and what that is owed to.

    Parameters
    ----------
    before, now : mapping
        Manifests: `run_id`, `inputs` (name of an input to its hash) and `figures` (of
        `list_figures`). Without `inputs` in both there is nothing to say.

    Returns
    -------
    list of str
        A sentence on the inputs, then one per figure that differs.
    """
    if not before.get("inputs") or not now.get("inputs"):
        return []
    changed = [
        name for name, digest in now["inputs"].items() if before["inputs"].get(name) != digest
    ]
    differing = list(_differences(before.get("figures", {}), now.get("figures", {})))
    since = f"Since the run {before['run_id']}"
    if not changed:
        return [f"{since} nothing that the figures depend on has changed."]
    owed = list(dict.fromkeys("recoding" if n in RECODING else _OWED.get(n, n) for n in changed))
    if not differing:
        return [
            f"{since} there are changes in {_listed(owed)}; the map’s counts of people "
            "lost and of pains told do not differ."
        ]
    if len(owed) == 1:
        cause = f"only {owed[0]} changed: what differs below is owed to that"
    else:
        cause = f"{_listed(owed)} changed at once: what is owed to which cannot be told apart"
    more = len(differing) - MOST_SHOWN
    rest = [f"{more} more counts of the map differ."] if more > 0 else []
    return [f"{since} {cause}.", *differing[:MOST_SHOWN], *rest]


def _differences(
    before: Mapping[str, Mapping[str, list[float]]], now: Mapping[str, Mapping[str, list[float]]]
) -> Iterator[str]:
    for stage, counts in now.items():
        earlier = before.get(stage, {})
        for what, (count, n) in counts.items():
            then = earlier.get(what)
            if then is None:
                yield f"{stage}, {what}: {count:,.0f} of {n:,.0f}; not on the map before."
            elif then != [count, n]:
                was = f"{then[0]:,.0f} of {then[1]:,.0f}"
                yield f"{stage}, {what}: {was} → {count:,.0f} of {n:,.0f}."
        for what in earlier.keys() - counts.keys():
            yield f"{stage}, {what}: no longer on the map."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
