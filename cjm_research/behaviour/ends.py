"""What became of single people at each stage: the drop-off, person by person.

Only those who were asked for come back from the engine, so that a log of millions may stay
where it is. What the funnel counts (`estimate_drop_off`) and what is listed here are the same
conditions, `describe_ends`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.behaviour.funnel import (
    FUNNEL_KINDS,
    FunnelRule,
    Reached,
    count_people,
    describe_ends,
    mark_recent,
    reach_stages,
)
from cjm_research.behaviour.log import EventLog, Ties, open_log
from cjm_research.errors import TableError
from cjm_research.journey import Journey

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

PERSON_STAGE_COLUMNS = [
    "participant_id", "stage", "measure", "end", "left", "entered_at", "last_at", "n_tries",
    "n_failed",
]  # fmt: skip
WENT_ON, ELSEWHERE, OPEN, DROPPED = "went on", "elsewhere", "open", "dropped"


def list_ends(
    events: Events,
    journey: Journey | None = None,
    *,
    people: Iterable[str],
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
) -> pd.DataFrame:
    """List what became of single people at the stages that they entered.

    Parameters
    ----------
    events, journey, rule, ties
        As for `estimate_drop_off`. Participants are counted by the visit that got furthest, also
        where the rule counts visits.
    people : iterable of str
        Participant ids as they are written. Those whom the log does not know have no row.

    Returns
    -------
    DataFrame
        Table `person_stages`, one row per person and sequential stage that they entered, in
        journey order and by id.

        `end` is "went on" (or completed the last stage), "elsewhere" (by another way), "dropped",
        or "open": entered too late to tell, or the last stage where nothing completes it. `left`
        is 1 for those who dropped and 0 for the others, of those alone whom the drop-off rate is
        about; NaN for whoever entered too late to be followed, gone on or not, as the quick ones
        alone would be known. The mean of `left` over everybody is `drop_off_rate`.

        `entered_at` is the time (UTC) of entering the stage, and `last_at` that of the person's
        last event in it, in whichever visit; both NaT for steps of a questionnaire that bear no
        time. `n_tries` and `n_failed` are 0: see `list_task_ends`.

    Raises
    ------
    EngineError
        If columns are missing, rules do not go together, or the log lies in a warehouse, which
        is told nobody's id.
    """
    written = pd.DataFrame(
        {"_written": sorted({str(who) for who in people} - {""})}, dtype="object"
    )
    with open_log(events, journey, ties=ties) as log:
        found = [
            _list(reached, written)
            for kind in FUNNEL_KINDS
            if len(written) and (reached := reach_stages(log, kind, count_people(rule))) is not None
        ]
        return _in_order(found, log.journey)


def list_task_ends(ratings: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """List who failed at the stages that are measured by tasks.

    Parameters
    ----------
    ratings : DataFrame
        Table `ratings`; rows whose `measure` is the stage's outcome hold 1 (success) or 0
        (failure), one per participant and task. Tasks without a known end have no row.
    journey : Journey

    Returns
    -------
    DataFrame
        Table `person_stages`, one row per person and stage of which a first try is known.
        `end` is "dropped" for those who failed `n_failed` of their `n_tries` first tries, one or
        more, else "went on"; `left` is 1 or 0. There are no times.

    Raises
    ------
    TableError
        If a try is neither 1 nor 0.
    """
    tasks = {stage.id: stage for stage in journey if stage.measure == "task_failure"}
    outcomes = ratings["stage"].astype("object").map({s.id: s.outcome for s in tasks.values()})
    tries = ratings[outcomes.notna() & (ratings["measure"] == outcomes)]
    tries = tries[tries["value"].notna() & (tries["participant_id"] != "")]
    odd = tries.loc[~tries["value"].isin([0, 1]), "value"]
    if len(odd):
        raise TableError(
            "the outcomes of tasks", "ratings",
            [
                f"{len(odd)} values are neither 1 (success) nor 0 (failure), such as "
                f"{odd.iloc[0]:g}. Declare with `outcomes:` which cells mean success."
            ],
        )  # fmt: skip
    failed = tries.assign(failed=tries["value"] == 0, stage=tries["stage"].astype("object"))
    each = failed.groupby(["participant_id", "stage"], as_index=False).agg(
        n_tries=("failed", "size"), n_failed=("failed", "sum")
    )
    lost = each["n_failed"] > 0
    ends = pd.Series(WENT_ON, index=each.index, dtype="object").mask(lost, DROPPED)
    listed = each.assign(
        measure="task_failure", end=ends, left=lost.astype(float), entered_at=pd.NaT, last_at=pd.NaT
    )
    return _in_order([listed], journey)


def _list(reached: Reached, written: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one funnel: a query per stage over the people asked for."""
    log = reached.log
    # The ids go to the engine and come back as they were written: the log's own stay there.
    known = log.engine.table(written)
    known = known.mutate(participant_id=log.engine.identify(known["_written"]))
    joined = mark_recent(reached).inner_join(known, "participant_id")
    # Until their last event in a stage they were still there, in whichever visit that was.
    undated = reached.stages[0].measure == "questionnaire_abandonment"
    histories = log.histories(undated=undated).table.select("participant_id", "history")
    people = log.engine.keep(joined.inner_join(histories, "participant_id"))
    parts = [log.engine.run(_at(reached, people, place)) for place in range(len(reached.stages))]
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(
        entered_at=_times(rows["entered"], log, reached),
        last_at=_times(rows["last"], log, reached),
        n_tries=0,
        n_failed=0,
    )


def _at(reached: Reached, people: ir.Table, place: int) -> ir.Table:
    """Return the people who entered a stage, with their end there."""
    import ibis

    codes, stage = reached.codes, reached.stages[place]
    flags = describe_ends(reached, people, place)
    rest, followed = ibis.literal(WENT_ON), flags["followed"]
    # Nothing follows the last stage: without `completed_by` nobody is known to drop.
    if place == len(reached.stages) - 1 and not stage.completed_by:
        flags["dropped"] = followed = ibis.literal(False)
        rest = ibis.literal(OPEN)
    end = ibis.cases(
        (flags["dropped"], DROPPED), (flags["elsewhere"], ELSEWHERE), (flags["open"], OPEN),
        else_=rest,
    )  # fmt: skip
    entered: Any = people[f"t{place}"]
    here = codes.names.index(stage.id) * codes.marks
    last = people.history.filter(
        lambda key: (key >= entered) & (codes.position(key) == here)
    ).maxs()
    selected = people.select(
        participant_id=people["_written"],
        stage=ibis.literal(stage.id),
        measure=ibis.literal(stage.measure),
        end=end,
        left=followed.ifelse(flags["dropped"].cast("float64"), ibis.null("float64")),
        entered=entered,
        last=last,
    )
    return selected.filter(selected.entered.notnull())


def _times(keys: pd.Series, log: EventLog, reached: Reached) -> pd.Series:
    """Return the times of keys; NaT for steps that bear none, which stand before all others."""
    codes = reached.codes
    moments = keys.astype("int64") // codes.size
    untimed = (moments < 0) & (moments >= -len(log.journey))
    times = pd.to_datetime(moments // codes.turns + log.origin_us, unit="us", utc=True)
    return times.mask(untimed)


def _in_order(parts: list[pd.DataFrame], journey: Journey) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    frame = (
        pd.concat(filled, ignore_index=True)
        if filled
        else pd.DataFrame(columns=PERSON_STAGE_COLUMNS)
    )
    frame = frame[PERSON_STAGE_COLUMNS].astype({"left": float, "n_tries": int, "n_failed": int})
    times = {
        name: pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
        for name in ("entered_at", "last_at")
    }
    frame = frame.assign(stage=journey.order(frame["stage"]), **times)
    return frame.sort_values(["stage", "participant_id"], ignore_index=True)
