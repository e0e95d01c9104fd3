"""Where people go who are lost at a stage, and what they did last before.

Lost is whom the funnel counts as dropped (`estimate_drop_off`). Of everything that they did in
the stage from their entry into it on, the last event is where they left it. What comes next,
whenever it comes, is where they went; nobody has gone anywhere who is never seen again.

People are counted, by the visit that got furthest, also where the rule counts visits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.behaviour.funnel import (
    MIN_SEGMENT,
    FunnelRule,
    Reached,
    count_people,
    describe_ends,
    mark_recent,
    reach_stages,
)
from cjm_research.behaviour.log import Codes, EventLog, Histories, Scope, Ties, open_log
from cjm_research.journey import Journey
from cjm_research.statistics import estimate_proportion

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

NOTHING = "(nothing more)"
NOTHING_IN_VISIT = "(nothing more in the visit)"
DESTINATION_COLUMNS = [
    "stage", "destination", "kind", "segment", "segment_value", "n", "n_dropped",
    "share", "share_low", "share_high",
]  # fmt: skip
ABANDONMENT_COLUMNS = [
    "stage", "event", "n", "n_dropped", "share", "share_low", "share_high",
    "n_seen", "lost_after_rate", "lost_after_low", "lost_after_high",
]  # fmt: skip
_GONE = -1


def find_destinations(
    events: Events,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Find where those go who are lost at a stage.

    The destination is the first event after the last one in the stage where they were lost,
    counted from their entry into it: the stage of that event, or the event itself where it is of
    no stage.

    Parameters
    ----------
    events, journey, segments, rule, ties
        As for `estimate_drop_off`.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        Table `destinations`, one row per stage, destination and audience segment, in journey
        order and by falling `n`. Of the `n_dropped` participants lost at `stage`, `n` went to
        `destination`, and `share` is `n` of `n_dropped`; none where fewer than 5 people of an
        audience segment were lost.

        `kind` is "earlier stage" or "later stage" of the funnel, "aside" for a stage that is not
        in the funnel, "other event" for an event of no stage, "nothing" for `NOTHING`: never
        seen again (with scope "session": not in that visit, `NOTHING_IN_VISIT`).
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        followed = _follow(log, rule)
        if followed is None:
            return _empty(log, DESTINATION_COLUMNS)
        lost = log.engine.keep(followed.lost())
        found = pd.concat(followed.count(lost, "next", name) for name in ("", *log.segments))
        where = [
            _destination(followed, stage, step)
            for stage, step in zip(found["stage"], found["step"], strict=True)
        ]
        found[["rank", "destination", "kind"]] = pd.DataFrame(
            where, columns=["rank", "destination", "kind"], index=found.index
        )
        group = ["segment", "segment_value", "stage"]
        frame = found.groupby([*group, "rank", "destination", "kind"], as_index=False)["n"].sum()
        frame["n_dropped"] = frame.groupby(group)["n"].transform("sum")
        known = (frame["segment"] == "") | (frame["n_dropped"] >= MIN_SEGMENT)
        frame = _with_interval(
            frame, "n", "n_dropped", value="share", ends="share", known=known,
            confidence=confidence,
        )  # fmt: skip
        return _in_order(log, frame, ["rank", "destination"], DESTINATION_COLUMNS)


def find_abandonment_points(
    events: Events,
    journey: Journey | None = None,
    *,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Find after which event of a stage people are lost.

    Works for the fields of a form as well, where each field has an event.

    Parameters
    ----------
    events, journey, rule, ties
        As for `estimate_drop_off`.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        Table `abandonment_points`, one row per stage and event that somebody did in it, in
        journey order and by falling `n`. Of the `n_dropped` participants lost at `stage`, this
        event was the last one in the stage for `n`; `share` is `n` of `n_dropped`.

        `n_seen` did the event in the stage, from their entry into the stage on: lost or not, but
        followed long enough to tell. `lost_after_rate` is `n` of `n_seen`; none for fewer than 5
        people.
    """
    with open_log(events, journey, ties=ties) as log:
        followed = _follow(log, rule)
        if followed is None:
            return _empty(log, ABANDONMENT_COLUMNS)
        found = followed.count(followed.lost(), "last")[["step", "n"]]
        frame = followed.count_seen().merge(found, on="step", how="left")
        frame["n"] = frame["n"].fillna(0).astype("int64")
        frame["stage"] = [followed.steps[step][0] for step in frame["step"]]
        frame["event"] = [followed.steps[step][1] for step in frame["step"]]
        frame["n_dropped"] = frame.groupby("stage")["n"].transform("sum")
        frame = _with_interval(
            frame, "n", "n_dropped", value="share", ends="share", known=frame["n_dropped"] > 0,
            confidence=confidence,
        )  # fmt: skip
        frame = _with_interval(
            frame, "n", "n_seen", value="lost_after_rate", ends="lost_after",
            known=frame["n_seen"] >= MIN_SEGMENT, confidence=confidence,
        )  # fmt: skip
        frame = frame.assign(segment="", segment_value="")
        return _in_order(log, frame, ["event"], ABANDONMENT_COLUMNS)


@dataclass(frozen=True)
class _Followed:
    """Everybody in the funnel, with all that they did.

    Attributes
    ----------
    table : ibis Table
        One row per person: `history` by event, `since0`, `since1`, ... (where in it they entered
        each stage; null where they did not, or too late to be followed), `place` (of the stage
        where they were lost, or null), and the audience segments.
    stages : list of str
        The stages of the funnel.
    steps : list of (str, str)
        The stage ("" for none) and the event of each position in a history.
    scope : {"participant", "session"}
        Whose history it is.
    """

    log: EventLog
    table: ir.Table
    codes: Codes
    stages: list[str]
    steps: list[tuple[str, str]]
    scope: Scope

    def lost(self) -> ir.Table:
        """Return those lost, with the positions of their `last` event there and the `next`."""
        import ibis

        table = self.table.filter(self.table.place.notnull())
        places = range(len(self.stages))
        # Kept, or the engine works the cases out anew for every event of a history.
        table = self.log.engine.keep(
            table.mutate(
                _since=ibis.cases(*((table.place == p, table[f"since{p}"]) for p in places)),
                _low=table.place.cases(*((p, self.positions(p)[0]) for p in places)),
                _high=table.place.cases(*((p, self.positions(p)[1]) for p in places)),
            )
        )
        table = table.mutate(
            _last=table.history.filter(
                lambda key: (
                    (key >= table._since)
                    & self.codes.position(key).between(table._low, table._high)
                )
            ).maxs()
        )
        after = table.mutate(_next=table.history.filter(lambda key: key > table._last).mins())
        return after.select(
            *self.log.carried,
            "place",
            last=self.codes.position(after._last),
            next=self.codes.position(after._next).fill_null(_GONE),
        )

    def count(self, lost: ir.Table, column: str, segment: str = "") -> pd.DataFrame:
        """Return `stage`, `segment`, `segment_value`, `step` and `n` of the lost."""
        import ibis

        value = lost[segment] if segment else ibis.literal("")
        grouped = lost.group_by("place", segment_value=value, step=lost[column])
        found = self.log.engine.run(grouped.agg(n=lost.count()))
        if segment:
            found = found[found["segment_value"] != ""]
        return found.assign(stage=[self.stages[place] for place in found["place"]], segment=segment)

    def count_seen(self) -> pd.DataFrame:
        """Return `step` and `n_seen`: who did an event of a stage from their entry into it on."""
        import ibis

        table = self.table

        def in_stage(key: Any) -> Any:
            position = self.codes.position(key)
            return ibis.or_(
                *(
                    (key >= table[f"since{place}"]).fill_null(False)
                    & position.between(*self.positions(place))
                    for place in range(len(self.stages))
                )
            )

        steps = table.history.filter(in_stage).map(self.codes.position).unique()
        steps = table.select(step=steps).unnest("step")
        return self.log.engine.run(steps.group_by("step").agg(n_seen=steps.count()))

    def positions(self, place: int) -> tuple[int, int]:
        """Return the first and the last position of a stage's events; they stand together."""
        mine = [at for at, (stage, _) in enumerate(self.steps) if stage == self.stages[place]]
        return (mine[0], mine[-1]) if mine else (_GONE, _GONE)


def _follow(log: EventLog, rule: FunnelRule | None) -> _Followed | None:
    """Join the funnel to the histories by event; computed once per log and rule."""
    rule = count_people(rule)
    reached = reach_stages(log, "funnel_drop_off", rule)
    if reached is None:
        return None
    histories = log.histories(scope=rule.scope, by="event")
    key = ("followed", repr(rule))
    if key not in log.kept:
        log.kept[key] = log.engine.keep(_joined(reached, histories))
    stages = [stage.id for stage in reached.stages]
    return _Followed(log, log.kept[key], histories.codes, stages, log.steps(), rule.scope)


def _joined(reached: Reached, histories: Histories) -> ir.Table:
    import ibis

    funnel = mark_recent(reached)
    places = range(len(reached.stages))
    flags = [describe_ends(reached, funnel, place) for place in places]
    # Without `completed_by` nobody is known to be lost at the last stage.
    losing = list(places) if reached.stages[-1].completed_by else list(places)[:-1]
    lost = ibis.cases(
        *((flags[place]["dropped"], place) for place in losing), (ibis.literal(False), _GONE)
    )
    since = {
        f"since{place}": flags[place]["followed"].ifelse(
            _moved(funnel[f"t{place}"], reached.codes, histories.codes), ibis.null("int64")
        )
        for place in places
    }
    ids = ["participant_id", *(["session_id"] if reached.rule.scope == "session" else [])]
    funnel = funnel.select(*ids, *reached.log.carried, place=lost.cast("int64"), **since)
    joined = funnel.inner_join(histories.table.select(*ids, "history"), ids)
    return joined.select(*reached.log.carried, "place", *since, "history")


def _moved(key: Any, old: Codes, new: Codes) -> Any:
    """Return the first key of a key's moment as other codes write it; both sizes are powers of 2.

    Shifts, as a division would go through floats.
    """
    return (key >> (old.size.bit_length() - 1)) << (new.size.bit_length() - 1)


def _destination(followed: _Followed, stage: str, step: int) -> tuple[int, str, str]:
    """Return the rank in journey order, the name and the kind of where somebody went."""
    ids = followed.log.journey.stage_ids
    if step == _GONE:
        words = NOTHING_IN_VISIT if followed.scope == "session" else NOTHING
        return len(ids) + 1, words, "nothing"
    to, event = followed.steps[step]
    if not to:
        return len(ids), event, "other event"
    if to not in followed.stages:
        return ids.index(to), to, "aside"
    earlier = followed.stages.index(to) < followed.stages.index(stage)
    return ids.index(to), to, "earlier stage" if earlier else "later stage"


def _with_interval(
    frame: pd.DataFrame, count: str, n: str, *, value: str, ends: str, known: pd.Series,
    confidence: float,
) -> pd.DataFrame:  # fmt: skip
    """Add a share with its limits; none where too few people are known."""
    found = [
        estimate_proportion(a if enough else 0, b if enough else 0, confidence=confidence)
        for a, b, enough in zip(frame[count], frame[n], known, strict=True)
    ]
    names = [value, f"{ends}_low", f"{ends}_high"]
    return frame.join(pd.DataFrame(found, columns=names, index=frame.index).astype("float64"))


def _in_order(
    log: EventLog, frame: pd.DataFrame, ties: list[str], columns: list[str]
) -> pd.DataFrame:
    frame = frame.assign(stage=log.journey.order(frame["stage"]))
    frame["segment_rank"] = frame["segment"].map(["", *log.segments].index)
    keys = ["segment_rank", "segment_value", "stage", "n", *ties]
    frame = frame.sort_values(keys, ascending=[key != "n" for key in keys])
    return frame[columns].reset_index(drop=True)


def _empty(log: EventLog, columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(columns=columns)
    return frame.assign(stage=log.journey.order(frame["stage"]))
