"""The table of themes, from the codes that hold."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from cjm_research.coding.themes.stability import STABLE

THEME_COLUMNS = [
    "theme", "label", "n_excerpts", "n_participants", "stability", "stable", "example_id",
    "counter_ids",
]  # fmt: skip


def describe_themes(codes: pd.DataFrame, excerpts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per theme: label, excerpts, participants, stability and evidence.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`; only the group `theme` counts.
    excerpts : DataFrame
        Table `excerpts`.

    Returns
    -------
    DataFrame
        `theme`, `label`, `n_excerpts`, `n_participants`, `stability` (mean best Jaccard over
        resamples, in [0, 1]; NaN where not measured), `stable` (stability of 0.6 at least),
        `example_id` (shows what is meant) and `counter_ids` (excerpts that say the opposite,
        separated by blanks). Codes over a span without an excerpt are not counted.
    """
    themes = codes[codes["code_group"] == "theme"]
    joined = themes.merge(excerpts[["excerpt_id", "participant_id"]], on="excerpt_id")
    joined = joined.assign(said=[json.loads(text) for text in joined["attributes"]])
    known = set(excerpts["excerpt_id"])
    rows = [_describe(str(theme), rows, known) for theme, rows in joined.groupby("code")]
    frame = pd.DataFrame(rows, columns=THEME_COLUMNS)
    return frame.astype({"stability": float, "stable": bool})


def _describe(theme: str, rows: pd.DataFrame, known: set[str]) -> dict[str, Any]:
    # A person may have put excerpts into a machine's theme: the machine's rows describe it.
    said = next((s for s in rows["said"] if "stability" in s), rows["said"].iloc[0])
    stability = said.get("stability")
    stability = math.nan if stability is None else float(stability)
    members = rows["excerpt_id"].tolist()
    nearest = max(
        zip(rows["said"], members, strict=True), key=lambda pair: pair[0].get("similarity", 0.0)
    )[1]
    example = said.get("example_id", "")
    return {
        "theme": theme,
        "label": said.get("label", ""),
        "n_excerpts": rows["excerpt_id"].nunique(),
        "n_participants": rows["participant_id"].nunique(),
        "stability": stability,
        "stable": stability >= STABLE,
        # The example may have been taken out of the theme by a person since.
        "example_id": example if example in members else nearest,
        "counter_ids": " ".join(i for i in said.get("counter_ids", []) if i in known),
    }
