"""What drop-off is worth, at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from cjm_research.behaviour.funnel import MIN_SEGMENT, FunnelRule, count_people, reach_stages
from cjm_research.behaviour.log import EventLog, Ties, open_log
from cjm_research.errors import EngineError, quoted
from cjm_research.journey import Journey
from cjm_research.statistics import summarize_mean

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

VALUE_COLUMNS = ["segment", "segment_value", "n_completed", "n", "mean", "sd"]
STAKE_COLUMNS = [
    "stage", "segment", "segment_value", "n_dropped", "n_valued",
    "value_per_person", "value_low", "value_high",
    "value_at_stake", "stake_low", "stake_high", "words",
]  # fmt: skip
UPPER_BOUND = "upper bound: not everybody kept would have come through"


def measure_values(
    events: Events,
    journey: Journey | None = None,
    *,
    people: pd.DataFrame | None = None,
    segments: pd.DataFrame | Sequence[str] | None = None,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
) -> pd.DataFrame:
    """Measure what a participant who came through is worth.

    Parameters
    ----------
    events, journey, segments, rule, ties
        As for `estimate_drop_off`; participants are counted by their furthest visit.
    people : DataFrame, optional
        `participant_id` and `value`, such as a customer lifetime value; by default a person's
        value is the sum of the column `value` over all their events.

    Returns
    -------
    DataFrame
        One row for everybody and one per audience segment: `n_completed` participants came
        through the funnel's last stage (completed it, where something completes it); `n` of
        them have a value, with `mean` and standard deviation `sd` (missing for fewer than 2),
        in the unit of the values. Fewer than 5 people have no mean.

    Raises
    ------
    EngineError
        If `people` has other columns, or two values of a person.
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        completed = _completed(log, rule)
        if completed is None:
            return pd.DataFrame(columns=VALUE_COLUMNS)
        values = _sums(log) if people is None else _given(log, people)
        valued = completed.left_join(values, "participant_id")
        valued = valued.select("participant_id", *log.segments, value=valued.value)
        valued = log.engine.keep(valued)
        found = [_measured(log, valued, segment) for segment in ("", *log.segments)]
    rows = pd.concat(found, ignore_index=True)[VALUE_COLUMNS]
    few = rows["n"] < MIN_SEGMENT
    return rows.assign(mean=rows["mean"].mask(few), sd=rows["sd"].mask(few))


def estimate_value_at_stake(
    funnel: pd.DataFrame, values: pd.DataFrame, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate what those who dropped off would have been worth, at most.

    Parameters
    ----------
    funnel : DataFrame
        Table `funnel`, as `estimate_drop_off` gives it.
    values : DataFrame
        As `measure_values` gives it for the same people and segments.
    confidence : float, default 0.95

    Returns
    -------
    DataFrame
        One row per stage (and audience segment) whose drop-off is known: `n_dropped` people
        times `value_per_person`, the mean of the `n_valued` people who came through with its
        t interval, is the `value_at_stake` with `stake_low` and `stake_high`, in the unit of
        the values. It is an upper bound, as `words` say: those who left might have come
        through less often, and for less, than those who did. The stages of a funnel lose
        different people, so that their values at stake may be added. The interval is that of
        the mean; the count of those who dropped is taken as it is. Missing where fewer than 5
        people have a value.
    """
    keys = ["segment", "segment_value"]
    # Values are of those who came through the stages; a questionnaire has none.
    known = funnel[funnel["n_dropped"].notna() & (funnel["measure"] == "funnel_drop_off")]
    known = known.reset_index(drop=True)
    joined = known[["stage", *keys, "n_dropped"]].merge(values, on=keys, how="left")
    means = [
        summarize_mean(float(row["mean"]), float(row["sd"]), row["n"], confidence=confidence)
        for row in joined[["mean", "sd", "n"]].to_dict("records")
    ]
    per_person = pd.DataFrame(means, columns=["value_per_person", "value_low", "value_high"])
    stakes = per_person.mul(joined["n_dropped"].astype(float), axis=0)
    stakes.columns = pd.Index(["value_at_stake", "stake_low", "stake_high"])
    found = pd.concat([joined, per_person, stakes], axis=1).assign(
        stage=known["stage"],
        n_dropped=joined["n_dropped"].astype("int64"),
        n_valued=joined["n"].fillna(0).astype("int64"),
        words=pd.Series(UPPER_BOUND, index=joined.index, dtype="object"),
    )
    return found[STAKE_COLUMNS]


def _completed(log: EventLog, rule: FunnelRule | None) -> ir.Table | None:
    """Return those who came through, or None where there is no funnel."""
    reached = reach_stages(log, "funnel_drop_off", count_people(rule))
    if reached is None:
        return None
    last = len(reached.stages) - 1
    through = reached.table["done" if reached.stages[last].completed_by else f"t{last}"]
    return reached.table.filter(through.notnull()).select("participant_id", *log.segments)


def _sums(log: EventLog) -> ir.Table:
    """Return each person's sum of values: null where they have none, which is not 0."""
    value = log.events.value
    events = log.events.filter(value.notnull() & ~value.isnan())
    return events.group_by("participant_id").agg(value=events.value.sum())


def _given(log: EventLog, people: pd.DataFrame) -> ir.Table:
    missing = {"participant_id", "value"} - set(people.columns)
    if missing:
        raise EngineError(
            "values of people", f"there is no column {quoted(sorted(missing))}.",
            "give `participant_id` and `value`, one row per person.",
        )  # fmt: skip
    known = people[["participant_id", "value"]].dropna().astype({"participant_id": str})
    twice = known["participant_id"].duplicated()
    if twice.any():
        raise EngineError(
            "values of people", f"{int(twice.sum())} people have two values.",
            "decide on one value for each.",
        )  # fmt: skip
    return log.engine.people(known.astype({"value": float}))


def _measured(log: EventLog, valued: ir.Table, segment: str) -> pd.DataFrame:
    grouped = valued.group_by(segment) if segment else valued
    found = log.engine.run(
        grouped.aggregate(
            n_completed=valued.count(),
            n=valued.value.count(),
            mean=valued.value.mean(),
            sd=valued.value.std(how="sample"),
        )
    )
    if not segment:
        return found.assign(segment="", segment_value="")
    found = found[found[segment] != ""].sort_values(segment)
    return found.assign(segment=segment, segment_value=found[segment])
