"""Emotions by stage: people per emotion first, the curve of their mean second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.statistics import estimate_mean
from cjm_research.synthesis.mentions import MIN_N_FOR_SHARES, count_mentions

CURVE_COLUMNS = ["stage", "source", "n", "mean", "low", "high"]


def count_emotions(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    journey: Journey,
    designs: Mapping[str, bool],
    labels: Mapping[tuple[str, str], str],
    prompted: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count the participants who showed each emotion, per stage and source.

    Parameters
    ----------
    codes, excerpts, journey, designs, labels, prompted
        As for `count_mentions`.

    Returns
    -------
    DataFrame
        The rows of table `mentions` for the code group `emotion`, everybody together. A
        person may show several emotions in a stage, so the counts add up to no whole.
    """
    emotions = codes[codes["code_group"] == "emotion"]
    return count_mentions(
        emotions, excerpts, journey=journey, designs=designs, labels=labels, prompted=prompted
    )


def estimate_emotion_curve(
    valence: pd.DataFrame, *, journey: Journey, designs: Mapping[str, bool]
) -> pd.DataFrame:
    """Estimate the mean valence of the people heard in each stage, per source.

    Parameters
    ----------
    valence : DataFrame
        From `measure_valence`: one row per stage, source and participant.
    journey : Journey
    designs : mapping of str to bool
        Source id to whether its sampling design allows intervals.

    Returns
    -------
    DataFrame
        Table `emotion_curve`: `n` participants, each counting once; `mean` of their
        valence in [-1, 1], for 5 people or more; `low`, `high` (95 %, t over people) only
        where the design allows as well. A stage where nobody was heard has no row: it is
        not neutral, and a line must not be drawn through it.
    """
    placed = valence[valence["stage"] != UNASSIGNED]
    curve = pd.DataFrame(_points(placed, designs), columns=CURVE_COLUMNS)
    curve = curve.assign(stage=journey.order(curve["stage"]))
    return curve.sort_values(["source", "stage"], kind="stable").reset_index(drop=True)


def _points(valence: pd.DataFrame, designs: Mapping[str, bool]) -> Iterator[dict[str, Any]]:
    nan = float("nan")
    for (stage, source), people in valence.groupby(["stage", "source"], observed=True):
        # Sorted: a sum in another order differs in its last digit.
        values = people.groupby("participant_id")["valence"].mean().tolist()
        point = {"stage": stage, "source": source, "n": len(values)}
        if len(values) < MIN_N_FOR_SHARES:
            yield point | {"mean": nan, "low": nan, "high": nan}
            continue
        mean, low, high = estimate_mean(values)
        if not designs.get(str(source), False):
            low = high = nan
        yield point | {"mean": mean, "low": max(low, -1.0), "high": min(high, 1.0)}
