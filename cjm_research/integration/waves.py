"""Two waves of a study side by side: only what was asked in the same words is compared.

Both waves are coded by the same codebook and coders, because a run codes all of them.

Whether something changed is answered by everybody of the later wave less everybody of the earlier:
each wave is a draw of its own, so that this is the change among those drawn from. Who is in both
waves is no stranger to himself, which the interval takes into account. What became of the people
who were asked twice is another question, about them alone: the paired difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import NONE
from cjm_research.integration.conventions import FALSE_FINDS, MIN_PEOPLE, NO_CODE
from cjm_research.journey import Journey
from cjm_research.statistics import (
    NOTHING,
    Interval,
    adjust_p_values,
    estimate_mean,
    estimate_overlap_difference,
    estimate_overlap_share_difference,
)
from cjm_research.statistics.suppression import SMALLEST

WAVE_COLUMNS = [
    "stage", "kind", "code", "label", "source_a", "source_b", "wave_a", "wave_b", "same_wording",
    "n_a", "n_b", "n_both", "value_a", "value_b", "difference", "low", "high", "p", "p_adjusted",
    "paired_difference", "paired_low", "paired_high", "words",
]  # fmt: skip
# Pain points that fewer than MIN_PEOPLE tell in both waves together are left out: they would only
# make the family of comparisons larger.
_NPS = "nps"


def compare_waves(
    *,
    questions: pd.DataFrame,
    ratings: pd.DataFrame,
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    journey: Journey,
    designs: Mapping[str, bool],
    labels: Mapping[tuple[str, str], str],
    smallest_cell: int = SMALLEST,
) -> pd.DataFrame:
    """Compare ratings and pain points of one wave with those of the next.

    Parameters
    ----------
    questions : DataFrame
        `source`, `wave`, `question`, `kind` (open, nps, ...), `text`, `stage`: every question
        of every survey that names its wave.
    ratings, excerpts : DataFrame
        Tables of those names.
    codes : DataFrame
        Codes that hold.
    journey : Journey
    designs : mapping of str to bool
        Source id to whether its sampling design allows intervals.
    labels : mapping of (code_group, code) to str
    smallest_cell : int
        Least number of people of both waves of whom a paired difference is given, or 5.

    Returns
    -------
    DataFrame
        Table `wave_changes`: one row per pair of waves that follow each other and per rating
        (`kind` "rating"; NPS in points, as the mean of -100, 0 and 100 per person) or pain
        point of a stage (`kind` "pain_point"; share of those heard there). A wave's question
        is compared with the next wave's of the same id where both have the same words
        (`same_wording`); otherwise the row says so and has counts only.

        `difference` is `value_b` less `value_a`, of all `n_a` and `n_b` people, with a 95 %
        interval and `p` that know of the `n_both` people who are in both: see
        `estimate_overlap_difference` and `estimate_overlap_share_difference`. It answers
        whether the later wave differs, and `words` go by it. `p_adjusted` is Benjamini and
        Hochberg's over all comparisons of the pair of waves.

        `paired_difference` is that of the `n_both` people with themselves, by t for ratings and
        by Newcombe's method 10 for pairs for shares: whether these people changed, who may be
        unlike those who answer once. Both only where both sources have a design and at least 5
        people are on each side; pairs, as many as `smallest_cell` where that is more.
    """
    rows: list[dict[str, Any]] = []
    for earlier, later in _pairs(questions):
        pair = _Pair(earlier, later, designs, max(MIN_PEOPLE, smallest_cell))
        rows += [
            *_ratings(pair, ratings),
            *_pains(pair, codes, excerpts, labels),
        ]
    frame = pd.DataFrame(rows, columns=[*WAVE_COLUMNS, "has_design"])
    for _, family in frame.groupby(["source_a", "source_b"]):
        frame.loc[family.index, "p_adjusted"] = adjust_p_values(family["p"].to_numpy(dtype=float))
    frame = frame.assign(words=[_words(row) for row in frame.to_dict("records")])
    frame = frame.assign(
        place=frame["stage"].map({stage: n for n, stage in enumerate(journey.stage_ids)})
    )
    frame = frame.sort_values(
        ["wave_a", "source_a", "source_b", "kind", "place", "code"],
        ascending=[True, True, True, False, True, True],
        kind="stable",
    )
    return frame[WAVE_COLUMNS].reset_index(drop=True)


class _Pair:
    """Two sources of which the second asked again, and what was asked in the same words."""

    def __init__(
        self,
        earlier: pd.DataFrame,
        later: pd.DataFrame,
        designs: Mapping[str, bool],
        fewest_pairs: int,
    ) -> None:
        self.fewest_pairs = fewest_pairs
        self.sources = (str(earlier["source"].iloc[0]), str(later["source"].iloc[0]))
        self.waves = (str(earlier["wave"].iloc[0]), str(later["wave"].iloc[0]))
        self.has_design = all(designs.get(source, False) for source in self.sources)
        both = earlier.merge(later, on=["question", "kind", "stage"], suffixes=("", "_later"))
        alike = [
            _plain(a) == _plain(b) for a, b in zip(both["text"], both["text_later"], strict=True)
        ]
        self.questions = both.assign(same=alike)

    def row(self, **values: Any) -> dict[str, Any]:
        return {
            "source_a": self.sources[0], "source_b": self.sources[1],
            "wave_a": self.waves[0], "wave_b": self.waves[1],
        } | values  # fmt: skip


def _pairs(questions: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield the questions of each source with those of the next wave that asks one again."""
    waved = questions[questions["wave"] != ""]
    by_source = sorted(
        (rows for _, rows in waved.groupby("source", sort=True)),
        key=lambda rows: (str(rows["wave"].iloc[0]), str(rows["source"].iloc[0])),
    )
    for earlier, later in pairwise(by_source):
        again = set(earlier["question"]) & set(later["question"])
        if again and earlier["wave"].iloc[0] != later["wave"].iloc[0]:
            yield earlier, later


def _ratings(pair: _Pair, ratings: pd.DataFrame) -> Iterator[dict[str, Any]]:
    asked = pair.questions[~pair.questions["kind"].isin(("open", "choice", "attribute"))]
    for question in asked.to_dict("records"):
        measure = question["question"] if question["kind"] == "rating" else question["kind"]
        a, b = (_per_person(ratings, source, measure, question["stage"]) for source in pair.sources)
        if a.empty and b.empty:
            continue
        row = pair.row(
            stage=question["stage"], kind="rating", code=measure, label=measure.upper(),
            same_wording=question["same"], n_a=len(a), n_b=len(b),
            value_a=_mean(a), value_b=_mean(b),
        )  # fmt: skip
        yield row | _compare(pair, a, b, same=question["same"], shares=False)


def _pains(
    pair: _Pair,
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    labels: Mapping[tuple[str, str], str],
) -> Iterator[dict[str, Any]]:
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    told = codes.loc[
        (codes["code_group"] == "pain_point") & ~codes["code"].isin((NO_CODE, NONE)),
        ["excerpt_id", "code"],
    ].merge(spoken[["excerpt_id", "participant_id", "source", "stage"]], on="excerpt_id")
    for stage, asked in pair.questions[pair.questions["kind"] == "open"].groupby("stage"):
        if not stage:
            continue
        heard = [
            pd.Index(
                spoken.loc[
                    (spoken["source"] == source) & (spoken["stage"] == stage), "participant_id"
                ].unique()
            )
            for source in pair.sources
        ]
        here = told[(told["stage"] == stage) & told["source"].isin(pair.sources)]
        for code, tellers in here.groupby("code", sort=True):
            if len(tellers[["source", "participant_id"]].drop_duplicates()) < MIN_PEOPLE:
                continue
            a, b = (
                pd.Series(
                    people.isin(tellers.loc[tellers["source"] == source, "participant_id"]),
                    index=people, dtype=float,
                )
                for people, source in zip(heard, pair.sources, strict=True)
            )  # fmt: skip
            same = bool(asked["same"].all())
            name = labels.get(("pain_point", str(code)), str(code).replace("_", " "))
            row = pair.row(
                stage=stage, kind="pain_point", code=code, label=name, same_wording=same,
                n_a=len(a), n_b=len(b), value_a=_mean(a), value_b=_mean(b),
            )  # fmt: skip
            yield row | _compare(pair, a, b, same=same, shares=True)


def _compare(
    pair: _Pair, a: pd.Series, b: pd.Series, *, same: bool, shares: bool
) -> dict[str, Any]:
    both = a.index.intersection(b.index)
    only_a, only_b = a.drop(both), b.drop(both)
    gap, p = Interval(_mean(b) - _mean(a), math.nan, math.nan), math.nan
    allowed = same and pair.has_design
    if allowed and min(len(a), len(b)) >= MIN_PEOPLE:
        if shares:
            gap, p = estimate_overlap_share_difference(
                (int(only_b.sum()), len(only_b)),
                (int(only_a.sum()), len(only_a)),
                _cross(b[both] > 0, a[both] > 0),
            )
        else:
            gap, p = estimate_overlap_difference(
                only_b.to_numpy(), only_a.to_numpy(), b[both].to_numpy(), a[both].to_numpy()
            )
    paired = NOTHING
    if allowed and len(both) >= pair.fewest_pairs:
        changes = (b[both] - a[both]).to_numpy()
        if shares:
            crossed = _cross(b[both] > 0, a[both] > 0)
            paired, _ = estimate_overlap_share_difference((0, 0), (0, 0), crossed)
        elif changes.std() > 0:  # all changed alike: nothing tells how sure that is
            paired = estimate_mean(changes)
    return {
        "n_both": len(both),
        "difference": gap.value if allowed else math.nan, "low": gap.low, "high": gap.high, "p": p,
        "p_adjusted": math.nan,
        "paired_difference": paired.value, "paired_low": paired.low, "paired_high": paired.high,
        "has_design": pair.has_design,
    }  # fmt: skip


def _cross(first: pd.Series, second: pd.Series) -> tuple[int, int, int, int]:
    """Return how many of these people say yes twice, first only, second only, never."""
    return (
        int((first & second).sum()), int((first & ~second).sum()),
        int((~first & second).sum()), int((~first & ~second).sum()),
    )  # fmt: skip


def _words(row: Mapping[str, Any]) -> str:
    """Say what the difference tells, and where the people of both waves tell another thing."""
    answer = _answer(row)
    low, high = row["paired_low"], row["paired_high"]
    if math.isnan(low) or low <= 0 <= high:
        return answer
    side = "more" if low > 0 else "less"
    if answer.startswith(side):
        return answer
    return f"{answer}; {side} among the {row['n_both']} people who answered both times"


def _answer(row: Mapping[str, Any]) -> str:
    if not row["same_wording"]:
        return "not compared: the question was worded differently"
    if not row["has_design"]:
        return "counts only: the people of a wave were not drawn"
    if math.isnan(row["low"]):
        return f"cannot tell: fewer than {MIN_PEOPLE} people of a wave, or all of them alike"
    if row["low"] <= 0 <= row["high"]:
        return "cannot tell: the interval of the difference holds zero"
    side = "more in the later wave" if row["difference"] > 0 else "less in the later wave"
    return (
        side
        if row["p_adjusted"] < FALSE_FINDS
        else f"{side}, but not with all comparisons adjusted"
    )


def _per_person(ratings: pd.DataFrame, source: str, measure: str, stage: str) -> pd.Series:
    mine = ratings[
        (ratings["source"] == source)
        & (ratings["measure"] == measure)
        & (ratings["stage"] == stage)
    ]
    values = mine.groupby("participant_id")["value"].mean()
    if measure == _NPS:
        return 100.0 * ((values >= 9).astype(float) - (values <= 6).astype(float))
    return values


def _mean(values: pd.Series) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _plain(text: str) -> str:
    return " ".join(str(text).casefold().split())
