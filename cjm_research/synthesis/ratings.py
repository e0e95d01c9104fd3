"""NPS, CSAT, CES and SUS per stage, source and wave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cjm_research.statistics import Interval, estimate_mean, estimate_nps

RATING_COLUMNS = [
    "stage", "source", "wave", "measure", "label", "n", "value", "low", "high", "unit",
    "scale_text",
]  # fmt: skip
RATING_MEASURES = {"nps": "NPS", "csat": "CSAT", "ces": "CES", "sus": "SUS", "rating": "Rating"}
_SCALES = {"nps": "−100 to 100", "sus": "0 to 100"}


def summarize_ratings(ratings: pd.DataFrame, *, designs: Mapping[str, bool]) -> pd.DataFrame:
    """Summarise ratings, one row per stage, source, wave and measure.

    Parameters
    ----------
    ratings : DataFrame
        Table `ratings`.
    designs : mapping of str to bool
        Source id to whether its sampling design allows intervals.

    Returns
    -------
    DataFrame
        Table `rating_summary`. NPS in points (-100 to 100, adjusted Wald); CSAT, CES, SUS
        and the stars of reviews (`rating`) as the mean over participants of each one's answers
        (t interval; that of SUS, whose scale is known, ends at 0 and 100). `n` counts
        participants; `stage` is empty for ratings of the whole journey.
    """
    rows: list[dict[str, Any]] = []
    known = ratings[ratings["measure"].isin(RATING_MEASURES)]
    keys = ["stage", "source", "wave", "measure"]
    for (stage, source, wave, measure), answers in known.groupby(keys, sort=True):
        values = answers.groupby("participant_id")["value"].mean()
        estimate = _estimate(str(measure), values)
        if not designs.get(str(source), False):
            estimate = Interval(estimate.value, float("nan"), float("nan"))
        rows.append(
            {
                "stage": stage,
                "source": source,
                "wave": wave,
                "measure": measure,
                "label": RATING_MEASURES[str(measure)],
                "n": len(values),
                "value": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "unit": "points" if measure == "nps" else "score",
                "scale_text": _SCALES.get(str(measure), "mean of answers"),
            }
        )
    return pd.DataFrame(rows, columns=RATING_COLUMNS)


def _estimate(measure: str, values: pd.Series) -> Interval:
    if measure != "nps":
        mean = estimate_mean(values.tolist())
        if measure != "sus" or math.isnan(mean.low):
            return mean
        return Interval(mean.value, max(mean.low, 0.0), min(mean.high, 100.0))
    promoters = int((values >= 9).sum())
    detractors = int((values <= 6).sum())
    return estimate_nps(promoters, len(values) - promoters - detractors, detractors)
