"""Who was asked and heard where, and how the sources' people overlap."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from cjm_research.journey import Journey

COVERAGE_COLUMNS = ["stage", "source", "asked", "n_heard", "n_participants", "status"]
JOIN_COLUMNS = ["source_a", "source_b", "n_a", "n_b", "n_both", "match_rate", "match_rate_b"]

HEARD = "heard"
SILENT = "asked, nothing said"
NOT_ASKED = "not asked"


def describe_coverage(
    heard: pd.DataFrame,
    *,
    journey: Journey,
    n_participants: Mapping[str, int],
    asked: set[tuple[str, str]],
) -> pd.DataFrame:
    """State for each stage and source whether people were asked, and how many were heard.

    Parameters
    ----------
    heard : DataFrame
        From `count_heard`.
    n_participants : mapping of str to int
        Source with words -> its participants.
    asked : set of (stage, source)
        Pairs where a question, a guide or a task covers the stage.

    Returns
    -------
    DataFrame
        Table `coverage`, every stage x source with words. `status` keeps silence apart from
        not having asked: an empty cell would read as "no problem".
    """
    counts = {(row.stage, row.source): row.n_heard for row in heard.itertuples()}
    rows = []
    for stage in journey.stage_ids:
        for source, n in n_participants.items():
            n_heard = int(counts.get((stage, source), 0))
            was_asked = (stage, source) in asked
            status = HEARD if n_heard else SILENT if was_asked else NOT_ASKED
            rows.append([stage, source, was_asked, n_heard, n, status])
    coverage = pd.DataFrame(rows, columns=COVERAGE_COLUMNS)
    return coverage.assign(stage=journey.order(coverage["stage"]))


def count_joins(people: Mapping[str, set[str]]) -> pd.DataFrame:
    """Count the participants that two sources share.

    Parameters
    ----------
    people : mapping of str to set of str
        Source -> participant ids.

    Returns
    -------
    DataFrame
        One row per pair. `match_rate` is the share of the smaller source's participants
        who are also in the larger one, `match_rate_b` that of the larger one's who are in the
        smaller.
    """
    rows = []
    for first, second in combinations(people, 2):
        small, large = sorted((first, second), key=lambda name: len(people[name]))
        both = len(people[small] & people[large])
        sizes = [len(people[small]), len(people[large])]
        rates = [both / n if n else float("nan") for n in sizes]
        rows.append([small, large, *sizes, both, *rates])
    return pd.DataFrame(rows, columns=JOIN_COLUMNS)
