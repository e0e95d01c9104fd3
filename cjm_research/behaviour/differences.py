"""Drop-off compared between audience segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cjm_research.behaviour.funnel import MIN_SEGMENT
from cjm_research.statistics import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
    estimate_proportion,
)

DIFFERENCE_COLUMNS = [
    "stage", "segment", "segment_value", "other", "n", "n_other", "rate", "other_rate",
    "difference", "low", "high", "p", "p_adjusted", "n_compared", "verdict",
]  # fmt: skip
ALL_OTHERS = "all others"
CANNOT_TELL = "cannot tell"


def compare_segments(funnel: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Compare the drop-off of audience segments, stage by stage.

    Of two values of a segment, the first (by name) is compared with the second; of more, each
    with the people of all others together. All comparisons of the frame are one family.

    Parameters
    ----------
    funnel : DataFrame
        Table `funnel`, as `estimate_drop_off` gives it with `segments`, where participants are
        counted: visits of one person are not independent, and would need another test.
    confidence : float, default 0.95
        Level of the intervals; one less it is the level of the tests.

    Returns
    -------
    DataFrame
        One row per stage and comparison: of `n` people followed, the share `rate` dropped off,
        against `other_rate` of `n_other`. `difference` is the first less the second with
        Newcombe's limits; `p` as `statistics.compare_proportions`, `p_adjusted` by Benjamini
        and Hochberg over the `n_compared` comparisons of the frame.

        `verdict` is "higher" or "lower" when `p_adjusted` is below the level, else "cannot
        tell": which is not "equal". A group of fewer than 5 people is not compared: it has its
        n, and no rate. Values that nobody shows have no row, nor has a stage without drop-off.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Benjamini and Hochberg
    (1995), JRSS B 57, 289-300.
    """
    known = funnel[(funnel["segment"] != "") & funnel["n_dropped"].notna()]
    known = known[known["n_followed"] > 0]
    rows = [
        row
        for _, group in known.groupby(["stage", "segment"], observed=True, sort=True)
        for row in _compared(group, confidence)
    ]
    compared = pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)
    p_adjusted = adjust_p_values(compared["p"].to_numpy(dtype=float))
    higher = (p_adjusted < 1 - confidence) & (compared["difference"] > 0)
    lower = (p_adjusted < 1 - confidence) & (compared["difference"] < 0)
    verdict = pd.Series(CANNOT_TELL, index=compared.index, dtype="object")
    return compared.assign(
        stage=compared["stage"].astype(funnel["stage"].dtype),
        p_adjusted=p_adjusted,
        n_compared=int(compared["p"].notna().sum()),
        verdict=verdict.mask(higher, "higher").mask(lower, "lower"),
    )


def _compared(group: pd.DataFrame, confidence: float) -> Iterator[dict[str, Any]]:
    """Yield the comparisons of one stage and segment."""
    group = group.sort_values("segment_value")
    hits, people = group["n_dropped"].astype(int), group["n_followed"].astype(int)
    values = group["segment_value"].tolist()
    if len(values) < 2:
        return
    for place in range(1 if len(values) == 2 else len(values)):
        count, n = int(hits.iloc[place]), int(people.iloc[place])
        yield {
            "stage": group["stage"].iloc[0],
            "segment": group["segment"].iloc[0],
            "segment_value": values[place],
            "other": values[1] if len(values) == 2 else ALL_OTHERS,
            **_against(count, n, int(hits.sum()) - count, int(people.sum()) - n, confidence),
        }


def _against(
    count: int, n: int, other_count: int, n_other: int, confidence: float
) -> dict[str, Any]:
    numbers: dict[str, Any] = {"n": n, "n_other": n_other}
    # Below 5 people no rate: nobody is counted, so that every estimate is missing.
    if n < MIN_SEGMENT:
        count = n = 0
    if n_other < MIN_SEGMENT:
        other_count = n_other = 0
    gap = estimate_difference(count, n, other_count, n_other, confidence=confidence)
    return numbers | {
        "rate": estimate_proportion(count, n).value,
        "other_rate": estimate_proportion(other_count, n_other).value,
        "difference": gap.value,
        "low": gap.low,
        "high": gap.high,
        "p": compare_proportions(count, n, other_count, n_other),
    }
