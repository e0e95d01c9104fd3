"""Drop-off along the sequential stages, as ibis expressions over the events table."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research import engine
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion

if TYPE_CHECKING:
    import ibis.expr.types as ir

FUNNEL_KINDS = ("funnel_drop_off", "questionnaire_abandonment")
FUNNEL_COLUMNS = [
    "stage", "segment", "segment_value", "measure", "n_entered", "n_continued", "n_dropped",
    "drop_off_rate", "drop_off_low", "drop_off_high",
]  # fmt: skip
MIN_SEGMENT = 5
"""People of an audience segment below which a stage has counts but no rate."""
_NO_DATE = pd.Timestamp(0, tz="UTC")
TIMING_COLUMNS = ["stage", "next_stage", "n", "median_s", "q25_s", "q75_s"]


def estimate_drop_off(
    events: pd.DataFrame,
    journey: Journey,
    *,
    segments: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of participants lost at each sequential stage.

    A participant enters the first stage with its first event, and every later stage with the
    first event of that stage at or after the entry into the stage before. Events at the same
    instant count as in journey order. Stages of different measures form funnels of their own.

    Parameters
    ----------
    events : DataFrame
        Table `events`.
    journey : Journey
    segments : DataFrame, optional
        `participant_id`, `segment`, `segment_value`: audience segments to split by.
    confidence : float, default 0.95
        Level of the Wilson interval.

    Returns
    -------
    DataFrame
        Table `funnel`, one row per stage, and per stage and audience segment.
        `drop_off_rate` is the share of participants who entered the stage and came no
        further: not into the next sequential stage, nor, at the last stage, to an event that
        completes it. The last stage has no rate when nothing completes it, nor has a stage
        that fewer than 5 people of an audience segment entered.
    """
    rows: list[dict[str, Any]] = []
    for kind in FUNNEL_KINDS:
        stages = [stage for stage in journey.sequential if stage.measure == kind]
        if not stages or events.empty:
            continue
        # A form's steps are ordered by the form: where it has no date, any one instant does.
        timed = events
        if kind == "questionnaire_abandonment":
            timed = events.assign(occurred_at=events["occurred_at"].fillna(_NO_DATE))
        reached = engine.run(_reach(timed, stages))
        if not reached["t0"].notna().any():
            continue
        rows += _funnel_rows(reached, stages, "", "", confidence)
        if segments is None:
            continue
        for (segment, value), members in segments.groupby(["segment", "segment_value"], sort=True):
            part = reached[reached["participant_id"].isin(members["participant_id"])]
            rows += _funnel_rows(part, stages, str(segment), str(value), confidence)
    funnel = pd.DataFrame(rows, columns=FUNNEL_COLUMNS)
    return funnel.assign(stage=journey.order(funnel["stage"]))


def estimate_stage_timing(events: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """Estimate how long participants take from stage to stage.

    Returns
    -------
    DataFrame
        Table `stage_timing`: median and quartiles in seconds from the entry into a stage to
        the entry into the next, over the `n` participants who went on. Questionnaires have
        no times of their own and are left out.
    """
    stages = [stage for stage in journey.sequential if stage.measure == "funnel_drop_off"]
    rows = []
    if len(stages) > 1 and not events.empty:
        reached = engine.run(_reach(events, stages))
        for position, (stage, following) in enumerate(pairwise(stages)):
            seconds = (reached[f"t{position + 1}"] - reached[f"t{position}"]).dt.total_seconds()
            seconds = seconds.dropna()
            if seconds.empty:
                continue
            low, middle, high = seconds.quantile([0.25, 0.5, 0.75])
            rows.append(
                dict(zip(TIMING_COLUMNS, [stage.id, following.id, len(seconds), middle, low, high],
                         strict=True))
            )  # fmt: skip
    timing = pd.DataFrame(rows, columns=TIMING_COLUMNS)
    return timing.assign(stage=journey.order(timing["stage"]))


def count_visitors(events: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """Count the participants seen in each stage, in whatever order.

    Returns
    -------
    DataFrame
        `stage` and `n_seen`, one row per stage of the journey; 0 where nobody was seen.
    """
    seen = pd.Series(0, index=journey.stage_ids)
    if not events.empty:
        table = engine.as_table(events[["participant_id", "stage"]])
        counts = engine.run(table.group_by("stage").agg(n_seen=table.participant_id.nunique()))
        seen = seen.add(counts.set_index("stage")["n_seen"], fill_value=0)
    seen = seen.reindex(journey.stage_ids).astype("int64")
    frame = seen.rename("n_seen").rename_axis("stage").reset_index()
    return frame.assign(stage=journey.order(frame["stage"]))


def first_values(events: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return each participant's first non-empty value of an event column, by time.

    Returns
    -------
    DataFrame
        `participant_id` and `value`.
    """
    table = engine.as_table(events[["participant_id", "occurred_at", column]])
    table = table.filter(table[column] != "")
    # The value itself breaks ties in time, so that the order of rows never matters.
    return engine.run(
        table.group_by("participant_id").agg(
            value=table[column].first(order_by=[table.occurred_at, table[column]])
        )
    )


def _reach(events: pd.DataFrame, stages: list[Stage]) -> ir.Table:
    """One row per participant: `t0`, `t1`, ... entry times, and `done`.

    One group-by collects each stage's times per participant; entries are then sequential
    minima over filtered arrays, so that the plan grows linearly with the stages.
    """
    table = engine.as_table(events[["participant_id", "stage", "event", "occurred_at"]])
    times = {
        f"times{position}": table.occurred_at.collect(where=table.stage == stage.id)
        for position, stage in enumerate(stages)
    }
    completing = list(stages[-1].completed_by) or [""]
    times["completions"] = table.occurred_at.collect(where=table.event.isin(completing))
    reached = table.group_by("participant_id").agg(**times)
    reached = reached.mutate(t0=reached.times0.mins())
    for position in range(1, len(stages)):
        reached = reached.mutate(
            **{f"t{position}": _first_since(reached, f"times{position}", f"t{position - 1}")}
        )
    reached = reached.mutate(done=_first_since(reached, "completions", f"t{len(stages) - 1}"))
    return reached.select(
        "participant_id", "done", *(f"t{position}" for position in range(len(stages)))
    )


def _first_since(table: ir.Table, times: str, since: str) -> ir.Value:
    return table[times].filter(lambda moment: moment >= table[since]).mins()


def _funnel_rows(
    reached: pd.DataFrame, stages: list[Stage], segment: str, value: str, confidence: float
) -> list[dict[str, Any]]:
    entered = [int(reached[f"t{position}"].notna().sum()) for position in range(len(stages))]
    onward: list[int | None] = [*entered[1:], None]
    if stages[-1].completed_by:
        onward[-1] = int(reached["done"].notna().sum())
    rows = []
    for stage, n_entered, n_continued in zip(stages, entered, onward, strict=True):
        known = n_continued is not None
        n_dropped = n_entered - n_continued if n_continued is not None else 0
        # A rate of three people says who they are, and nothing else.
        enough = known and (not segment or n_entered >= MIN_SEGMENT)
        rate = estimate_proportion(
            n_dropped if enough else 0, n_entered if enough else 0, confidence=confidence
        )
        rows.append(
            {
                "stage": stage.id,
                "segment": segment,
                "segment_value": value,
                "measure": stage.measure,
                "n_entered": n_entered,
                "n_continued": float(n_continued) if n_continued is not None else float("nan"),
                "n_dropped": float(n_dropped) if known else float("nan"),
                "drop_off_rate": rate.value,
                "drop_off_low": rate.low,
                "drop_off_high": rate.high,
            }
        )
    return rows
