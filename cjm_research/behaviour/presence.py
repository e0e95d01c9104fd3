"""Who was seen where, in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cjm_research.behaviour.log import open_log
from cjm_research.journey import Journey

if TYPE_CHECKING:
    from cjm_research.behaviour.log import Events


def count_visitors(events: Events, journey: Journey | None = None) -> pd.DataFrame:
    """Count the participants seen in each stage, in whatever order.

    Returns
    -------
    DataFrame
        `stage` and `n_seen`, one row per stage of the journey; 0 where nobody was seen.
    """
    with open_log(events, journey) as log:
        # A person without a time was there all the same.
        table = log.raw.filter(log.raw.participant_id != "")
        counts = log.engine.run(table.group_by("stage").agg(n_seen=table.participant_id.nunique()))
        seen = counts.set_index("stage")["n_seen"].reindex(log.journey.stage_ids, fill_value=0)
        frame = seen.astype("int64").rename_axis("stage").reset_index()
        return frame.assign(stage=log.journey.order(frame["stage"]))


def first_values(events: Events, column: str) -> pd.DataFrame:
    """Return each participant's first non-empty value of an event column, by time.

    Events at the same instant count in the order of their values, so that the order of rows
    never matters.

    Returns
    -------
    DataFrame
        `participant_id` and `value`.
    """
    with open_log(events, Journey(()), segments=[column]) as log:
        found = log.engine.run(log.named(log.first_values(column)))
        return found.sort_values("participant_id", ignore_index=True)
