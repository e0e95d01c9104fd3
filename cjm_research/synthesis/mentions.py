"""Counting people: who said what, in which stage, out of those heard there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.statistics import estimate_proportion

MIN_N_FOR_SHARES = 5
"""Below this many people a share says nothing that the count does not: counts only."""

MENTION_COLUMNS = [
    "stage", "source", "code_group", "code", "label", "segment", "segment_value", "n_said",
    "n_heard", "share", "low", "high",
]  # fmt: skip


def count_heard(excerpts: pd.DataFrame) -> pd.DataFrame:
    """Count the participants heard per stage and source.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts` with resolved stages.

    Returns
    -------
    DataFrame
        `stage`, `source`, `n_heard`: participants with at least one excerpt there, in their
        own or an observer's words. Interviewers' words count for nobody.
    """
    heard = excerpts[(excerpts["speaker"] != "interviewer") & (excerpts["stage"] != UNASSIGNED)]
    counts = heard.groupby(["stage", "source"], observed=True)["participant_id"].nunique()
    return counts.rename("n_heard").reset_index()


def count_mentions(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    journey: Journey,
    designs: Mapping[str, bool],
    labels: Mapping[tuple[str, str], str],
    segments: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count the participants who said something, per stage and source.

    A participant counts once per stage, source and code, however often they say it.
    Sources are never pooled with each other.

    Parameters
    ----------
    codes : DataFrame
        Resolved codes (`codes.resolve_codes`).
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    journey : Journey
    designs : mapping of str to bool
        Source id to whether its sampling design allows intervals.
    labels : mapping of (code_group, code) to str
    segments : DataFrame, optional
        `participant_id`, `segment`, `segment_value`.

    Returns
    -------
    DataFrame
        Table `mentions`. `n_heard` is the denominator: participants (of the audience
        segment) heard in that stage by that source. `share`, `low`, `high` (Wilson) only
        where the design allows and at least 5 were heard.
    """
    heard = excerpts.loc[
        (excerpts["speaker"] != "interviewer") & (excerpts["stage"] != UNASSIGNED),
        ["excerpt_id", "participant_id", "source", "stage"],
    ]
    said = codes.loc[codes["code_group"] != "stage", ["excerpt_id", "code_group", "code"]]
    said = said.merge(heard, on="excerpt_id", how="inner")
    rows = list(_rows(said, heard, "", "", designs, labels))
    if segments is not None:
        for (segment, value), members in segments.groupby(["segment", "segment_value"], sort=True):
            ids = set(members["participant_id"])
            rows += _rows(
                said[said["participant_id"].isin(ids)],
                heard[heard["participant_id"].isin(ids)],
                str(segment), str(value), designs, labels,
            )  # fmt: skip
    mentions = pd.DataFrame(rows, columns=MENTION_COLUMNS)
    mentions = mentions.assign(stage=journey.order(mentions["stage"]))
    return mentions.sort_values(
        ["segment", "segment_value", "source", "code_group", "stage", "n_said", "code"],
        ascending=[True, True, True, True, True, False, True],
        kind="stable",
    ).reset_index(drop=True)


def _rows(
    said: pd.DataFrame,
    heard: pd.DataFrame,
    segment: str,
    value: str,
    designs: Mapping[str, bool],
    labels: Mapping[tuple[str, str], str],
) -> Iterator[dict[str, Any]]:
    n_heard = heard.groupby(["stage", "source"], observed=True)["participant_id"].nunique()
    counts = said.groupby(["stage", "source", "code_group", "code"], observed=True)
    for (stage, source, group, code), n_said in counts["participant_id"].nunique().items():
        n = int(n_heard[(stage, source)])
        with_interval = designs.get(source, False) and n >= MIN_N_FOR_SHARES
        share = (
            estimate_proportion(int(n_said), n if with_interval else 0) if with_interval else _NO
        )
        yield dict(
            zip(
                MENTION_COLUMNS,
                [stage, source, group, code, labels.get((group, code), code.replace("_", " ")),
                 segment, value, int(n_said), n, *share],
                strict=True,
            )
        )  # fmt: skip


_NO = (float("nan"), float("nan"), float("nan"))
