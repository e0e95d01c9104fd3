"""Drop-off along the sequential stages: who enters, who goes on, who is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from cjm_research.behaviour.log import (
    Codes,
    EventLog,
    Histories,
    Scope,
    Ties,
    open_log,
    seconds_of,
    without_turn,
)
from cjm_research.errors import EngineError, quoted
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import NOTHING, estimate_clustered_proportion, estimate_proportion

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

FUNNEL_KINDS = ("funnel_drop_off", "questionnaire_abandonment")
FUNNEL_COLUMNS = [
    "stage", "segment", "segment_value", "measure", "n_entered", "n_started", "n_continued",
    "n_elsewhere", "n_open", "n_dropped", "n_seen_later", "n_followed",
    "drop_off_rate", "drop_off_low", "drop_off_high",
    "n_first", "reached_rate", "reached_low", "reached_high",
]  # fmt: skip
MIN_SEGMENT = 5
"""People of an audience segment below which a stage has counts but no rate."""


@dataclass(frozen=True)
class FunnelRule:
    """What counts as coming through the stages.

    Attributes
    ----------
    order : {"strict", "any"}
        "strict": each stage at or after the entry into the one before. "any": every stage up
        to this one, in whatever order; a completion still comes last. A completion counts from
        the instant on at which the last stage was entered, whichever rule resolves ties.
    entry : {"first", "anywhere"}
        Where one may enter: at the first stage only, or at the stage where one was first seen.
    scope : {"participant", "session"}
        "session": the stages must be come through within one visit.
    unit : {"participant", "session"}
        What is counted. A participant with several visits counts by the one that got furthest;
        counted visits of one person are not independent, and the intervals know it.
    window : str, optional
        Time from the entry in which everything has to happen, such as "7D" or "30min": also a
        completion, and going on elsewhere.
    reentry : bool
        With a window: every entry into the first stage is a new try, and a participant counts
        by the try that got furthest. Otherwise only the first entry counts.
    patience : str, optional
        Time after which somebody who has not gone on counts as dropped. Whoever entered later
        than that before the end of the log is still open, and in no rate.
    """

    order: Literal["strict", "any"] = "strict"
    entry: Literal["first", "anywhere"] = "first"
    scope: Scope = "participant"
    unit: Scope = "participant"
    window: str = ""
    reentry: bool = False
    patience: str = ""

    def __post_init__(self) -> None:
        for name, allowed in (
            ("order", ("strict", "any")), ("entry", ("first", "anywhere")),
            ("scope", ("participant", "session")), ("unit", ("participant", "session")),
        ):  # fmt: skip
            if getattr(self, name) not in allowed:
                raise EngineError(
                    "funnel", f"{name}: '{getattr(self, name)}' is not known.",
                    f"allowed: {quoted(allowed)}.",
                )  # fmt: skip
        seconds_of(self.window, "funnel, window")
        seconds_of(self.patience, "funnel, patience")
        clashes = [
            (self.order == "any" and self.entry == "anywhere",
             "in any order there is no stage to enter at; take order 'strict'"),
            (self.unit == "session" and self.scope == "participant",
             "visits are counted only where stages are come through within a visit; take scope "
             "'session'"),
            (self.reentry and not self.window,
             "without a window the first entry never ends; give a window"),
            (self.reentry and (self.order == "any" or self.entry == "anywhere"),
             "tries begin at the first stage, in strict order"),
        ]  # fmt: skip
        for clash, words in clashes:
            if clash:
                raise EngineError("funnel", "these rules do not go together.", f"{words}.")


def estimate_drop_off(
    events: Events,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of participants lost at each sequential stage.

    A participant enters the first stage with its first event, and every later stage with the
    first event of that stage at or after the entry into the stage before. Stages of different
    measures form funnels of their own.

    Parameters
    ----------
    events : DataFrame, Path, str, ibis Table or EventLog
        Table `events`, or whatever `open_log` takes.
    journey : Journey
    segments : DataFrame or sequence of str, optional
        Audience segments to split by: `participant_id`, `segment`, `segment_value`; or names of
        columns of the events.
    rule : FunnelRule, optional
        Order, entry, scope, window, patience.
    ties : {"journey", "row", "later"}
        Which of two events at the same instant comes first.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        Table `funnel`, one row per stage, and per stage and audience segment.

        `n_entered` participants came into the stage (`n_started` of them not from the stage
        before). Each of them went on into the next sequential stage, or at the last one
        completed it (`n_continued`); or went on by another way (`n_elsewhere`: the stage's
        `completed_elsewhere`); or came too late to tell (`n_open`); or was lost (`n_dropped`).
        Of the lost, `n_seen_later` were seen in a later stage without the next one.

        `drop_off_rate` is the share lost of `n_followed`: those who entered long enough before
        the end of the log (without `patience`: all who entered). The last stage has no rate
        when nothing completes it, nor has a stage that fewer than 5 people of an audience
        segment entered. `reached_rate` is the share of `n_first`, those in the funnel's first
        stage, who came here; none where one may enter anywhere. Intervals are Wilson's
        (clustered by participant where visits are counted).

    Raises
    ------
    EngineError
        If columns are missing, or rules do not go together.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 857-872, method 3.
    """
    rule = _known(rule)
    rows: list[dict[str, Any]] = []
    with open_log(events, journey, segments=segments, ties=ties) as log:
        for kind in FUNNEL_KINDS:
            reached = reach_stages(log, kind, rule)
            if reached is not None:
                rows += _count(reached, log.segments, confidence)
        funnel = pd.DataFrame(rows, columns=FUNNEL_COLUMNS)
        return funnel.assign(stage=log.journey.order(funnel["stage"]))


def count_people(rule: FunnelRule | None) -> FunnelRule:
    """Return the rule with participants counted, by their furthest visit.

    Visits of one person are not independent: what compares groups, or gives an interval without
    knowing of visits, counts people.
    """
    return replace(_known(rule), unit="participant")


def _known(rule: FunnelRule | None) -> FunnelRule:
    if rule is not None and not isinstance(rule, FunnelRule):
        raise EngineError(
            "rule", f"it is a {type(rule).__name__}.", "give FunnelRule(patience='14D'), say."
        )
    return rule or FunnelRule()


@dataclass(frozen=True)
class Reached:
    """How far each participant came along the stages of one measure.

    Attributes
    ----------
    table : ibis Table
        `participant_id`, `session_id` (where visits are counted), one text column per audience
        segment, `t0`, `t1`, ... (key of the entry into each stage, or null), `start` (position
        of the stage entered first) and `depth` (of the last), `done` (key of the completion),
        `elsewhere` (key of going on by another way from the last stage), `seen_later` (bool).
    stages : list of Stage
    codes : Codes
    log : EventLog
    rule : FunnelRule
    """

    table: ir.Table
    stages: list[Stage]
    codes: Codes
    log: EventLog
    rule: FunnelRule


def reach_stages(log: EventLog, kind: str, rule: FunnelRule | None = None) -> Reached | None:
    """Return how far everybody came along the sequential stages of a measure.

    Computed once per log, measure and rule. None where the journey has no such stage, or
    nobody entered one.
    """
    rule = _known(rule)
    key = ("reached", kind, repr(rule))
    if key not in log.kept:
        stages = [stage for stage in log.journey.sequential if stage.measure == kind]
        reached = None
        if stages:
            forms = kind == "questionnaire_abandonment"
            histories = log.histories(scope=rule.scope, undated=forms)
            table = log.engine.keep(_Walk(log, stages, histories, rule).table())
            if int(log.engine.run(table.aggregate(n=table.count()))["n"].iloc[0]):
                reached = Reached(table, stages, histories.codes, log, rule)
        log.kept[key] = reached
    found: Reached | None = log.kept[key]
    return found


@dataclass(frozen=True)
class _Walk:
    """Builds the expression that walks every history through the stages, once."""

    log: EventLog
    stages: list[Stage]
    histories: Histories
    rule: FunnelRule

    def table(self) -> ir.Table:
        table = self._tries(self.histories.table)
        table = self._any_order(table) if self.rule.order == "any" else self._in_order(table)
        table = self._ends(table)
        ids = ["participant_id", *(["session_id"] if self.rule.scope == "session" else [])]
        entries = [f"t{place}" for place in range(len(self.stages))]
        table = table.select(
            *ids, *self.log.carried, *entries, "start", "depth", "done", "elsewhere", "seen_later"
        )
        if self.rule.reentry or self.rule.scope != self.rule.unit:
            table = self._furthest(table, ids[: 1 if self.rule.unit == "participant" else 2])
        return table

    def _in_order(self, table: ir.Table) -> ir.Table:
        import ibis

        last = len(self.stages) - 1
        anywhere = self.rule.entry == "anywhere"
        table = table.mutate(t0=self._started(table, 0) if anywhere else table._first)
        for place in range(1, last + 1):
            since, first = table[f"t{place - 1}"], table._first
            entered = self._first(
                table.history,
                lambda key, place=place, since=since, first=first: self._in(place)(key)
                & self._since(key, since) & self._within(key, first),
            )  # fmt: skip
            # Who came no further is not looked at again: most people leave early.
            entered = since.notnull().ifelse(entered, ibis.null("int64"))
            if anywhere:
                entered = entered.fill_null(self._started(table, place))
            table = table.mutate(**{f"t{place}": entered})
        depth = ibis.cases(
            *((table[f"t{place}"].notnull(), place) for place in range(last, -1, -1)), else_=-1
        )
        start: Any = ibis.literal(0)
        if anywhere:
            start = ibis.cases(
                *((table[f"t{place}"].notnull(), place) for place in range(last + 1)), else_=-1
            )
        return table.mutate(depth=depth.cast("int64"), start=start.cast("int64"))

    def _any_order(self, table: ir.Table) -> ir.Table:
        import ibis

        entries = {
            f"t{place}": self._first(
                table.history,
                lambda key, place=place: self._in(place)(key) & self._within(key, table._first),
            )
            for place in range(len(self.stages))
        }
        table = table.mutate(**entries)
        for place in range(1, len(self.stages)):
            known = table[f"t{place - 1}"].notnull()
            table = table.mutate(**{f"t{place}": known.ifelse(table[f"t{place}"], ibis.null())})
        depth = ibis.cases(
            *((table[f"t{p}"].notnull(), p) for p in range(len(self.stages) - 1, -1, -1)), else_=-1
        )
        table = table.mutate(depth=depth.cast("int64"), start=ibis.literal(0).cast("int64"))
        return table.filter(table.depth >= 0)

    def _tries(self, table: ir.Table) -> ir.Table:
        """One row per try, with the key that it begins with, `_first`; no row for no try."""
        if self.rule.reentry:
            return table.mutate(_first=table.history.filter(self._in(0))).unnest("_first")
        begins = self._in(0)
        if self.rule.entry == "anywhere" or self.rule.order == "any":
            begins = self._in_any
        table = table.mutate(_first=self._first(table.history, begins))
        # Here and not after the walk, all of which an engine would then compute twice.
        return table.filter(table._first.notnull())

    def _ends(self, table: ir.Table) -> ir.Table:
        """Add how it ended: completion, going on elsewhere, seen in a later stage."""
        import ibis

        codes, last = self.histories.codes, len(self.stages) - 1
        left = ibis.cases(*((table.depth == p, table[f"t{p}"]) for p in range(last + 1)))
        # In any order the last thing done in time is not the furthest stage.
        if self.rule.order == "any":
            left = ibis.greatest(*(table[f"t{p}"].fill_null(table._first) for p in range(last + 1)))
        table = table.mutate(_left=left)
        done, elsewhere = ibis.null("int64"), ibis.null("int64")
        completing = self.log.marks_of(self.stages[-1].completed_by)
        if completing:
            done = (table.depth == last).ifelse(
                self._first(
                    table.history,
                    lambda key: codes.mark(key).isin(completing)
                    & (key >= codes.instant(table._left)) & self._within(key, table._first),
                ),
                ibis.null("int64"),
            )  # fmt: skip
        ways = [
            (place, self.log.marks_of(stage.completed_elsewhere))
            for place, stage in enumerate(self.stages)
            if stage.completed_elsewhere
        ]
        if ways:
            elsewhere = ibis.cases(
                *(
                    (
                        table.depth == place,
                        self._first(
                            table.history,
                            lambda key, marks=marks: (
                                codes.mark(key).isin(marks)
                                & (key >= codes.instant(table._left))
                                & self._within(key, table._first)
                            ),
                        ),
                    )
                    for place, marks in ways
                )
            )
        later = self._later_stages()
        following = [place * codes.marks for place in range(len(codes.names) - 1)]
        # Where everything later is a step of this funnel, being later is enough.
        asked = codes.marks > 1 or later != following[1:]
        seen = table.history.filter(
            lambda key: self._since(key, table._left)
            & (codes.position(key) > codes.position(table._left))
            & (codes.position(key).isin(later) if asked else True)
        )  # fmt: skip
        return table.mutate(done=done, elsewhere=elsewhere, seen_later=seen.length() > 0)

    def _furthest(self, table: ir.Table, ids: list[str]) -> ir.Table:
        """Keep the visit or try that got furthest, and of these the first."""
        import ibis

        turn = ibis.row_number().over(
            ibis.window(
                group_by=ids,
                # To the last difference, so that no engine has a choice.
                order_by=[
                    table.depth.desc(),
                    table.done.isnull(),
                    table.t0,
                    table.elsewhere.isnull(),
                    table.seen_later.desc(),
                    *([table.session_id] if "session_id" in table else []),
                ],
            )
        )
        return table.mutate(_turn=turn).filter(lambda t: t._turn == 0).drop("_turn")

    def _later_stages(self) -> list[int]:
        return [self._place(stage) for stage in self.stages[1:]]

    def _place(self, stage: Stage) -> int:
        return self.histories.codes.names.index(stage.id) * self.histories.codes.marks

    def _in(self, place: int) -> Any:
        wanted = self._place(self.stages[place])
        return lambda key: self.histories.codes.position(key) == wanted

    def _in_any(self, key: Any) -> Any:
        return self.histories.codes.position(key).isin([self._place(s) for s in self.stages])

    def _since(self, key: Any, since: Any) -> Any:
        """At or after the entry `since`, into a stage further on.

        Stages stand in journey order inside a moment, so that a plain comparison holds at the
        same instant as well.
        """
        codes = self.histories.codes
        if self.log.ties == "later":
            return key >= codes.instant(since) + codes.size
        return key > since

    def _within(self, key: Any, first: Any) -> Any:
        import ibis

        if not self.rule.window:
            return ibis.literal(True)
        seconds = seconds_of(self.rule.window, "funnel, window")
        return self.histories.codes.within(key, first, seconds)

    def _started(self, table: ir.Table, place: int) -> Any:
        import ibis

        here = self.histories.codes.position(table._first) == self._place(self.stages[place])
        return here.ifelse(table._first, ibis.null("int64"))

    def _first(self, history: Any, wanted: Any) -> Any:
        return history.filter(wanted).mins()


def _count(reached: Reached, segments: Sequence[str], confidence: float) -> list[dict[str, Any]]:
    by_segment = {segment: _aggregate(reached, segment) for segment in segments}
    # Everybody is in one group of a segment, that of no value among them.
    whole = by_segment[segments[0]].sum().to_frame().T if segments else _aggregate(reached, "")
    rows = _rows(reached, "", whole.assign(value=""), confidence)
    for segment, found in by_segment.items():
        # A group of which nobody came has rows of its own, with zeros.
        found = found.reindex(reached.log.segment_values(segment), fill_value=0)
        rows += _rows(reached, segment, found.rename_axis("value").reset_index(), confidence)
    return rows


def _aggregate(reached: Reached, segment: str) -> pd.DataFrame:
    """One row of counts per value of the segment, its index: by stage, `entered0`, ..."""
    table = mark_recent(reached)
    sums = (
        _sums_of_visits(reached, table, segment)
        if reached.rule.unit == "session"
        else (table.group_by(segment) if segment else table).aggregate(**_measures(reached, table))
    )
    found = reached.log.engine.run(sums)
    return found.set_index(segment) if segment else found


def mark_recent(reached: Reached) -> ir.Table:
    """Add `recent0`, ...: entered too late before the end of the log to be followed."""
    import ibis

    table, patience = reached.table, reached.rule.patience
    end = reached.log.end() if patience else None
    if end is None:
        return table.mutate(
            **{f"recent{place}": ibis.literal(False) for place in range(len(reached.stages))}
        )
    codes = reached.codes
    ticks = round(seconds_of(patience, "funnel, patience") * codes.ticks_per_s)
    limit = (without_turn(end, codes.turns) - ticks + codes.turns) * codes.size
    return table.mutate(
        **{f"recent{p}": table[f"t{p}"] >= limit for p in range(len(reached.stages))}
    )


def _measures(reached: Reached, table: ir.Table) -> dict[str, Any]:
    measures: dict[str, Any] = {}
    for place in range(len(reached.stages)):
        flags = describe_ends(reached, table, place)
        measures |= {f"{name}{place}": flag.sum().fill_null(0) for name, flag in flags.items()}
    return measures


def describe_ends(reached: Reached, table: ir.Table, place: int) -> dict[str, Any]:
    """Return what happened to a participant (or visit) at a stage, as conditions."""
    last = len(reached.stages) - 1
    entered = table[f"t{place}"].notnull()
    on = table.done.notnull() if place == last else table[f"t{place + 1}"].notnull()
    ended = entered & ~on
    elsewhere = ended & table.elsewhere.notnull()
    recent = table[f"recent{place}"]
    dropped = ended & table.elsewhere.isnull() & ~recent
    return {
        "entered": entered,
        "started": entered & (table.start == place),
        "continued": entered & on,
        "elsewhere": elsewhere,
        "open": ended & table.elsewhere.isnull() & recent,
        "dropped": dropped,
        "later": dropped & table.seen_later,
        "followed": entered & ~recent,
    }


def _sums_of_visits(reached: Reached, table: ir.Table, segment: str) -> ir.Table:
    """Return counts of visits, with the sums over participants that a clustered interval needs."""
    keys = ["participant_id", *([segment] if segment else [])]
    people = table.group_by(keys).agg(**_measures(reached, table))
    first = people.entered0
    sums: dict[str, Any] = {
        name: people[name].sum().fill_null(0) for name in people.columns if name not in keys
    }
    for place in range(len(reached.stages)):
        for name, hits, total in (
            ("drop", people[f"dropped{place}"], people[f"followed{place}"]),
            ("reach", people[f"entered{place}"], first),
        ):
            sums |= {
                f"{name}_clusters{place}": (total > 0).sum().fill_null(0),
                f"{name}_hh{place}": (hits * hits).sum().fill_null(0),
                f"{name}_ht{place}": (hits * total).sum().fill_null(0),
                f"{name}_tt{place}": (total * total).sum().fill_null(0),
            }
    return (people.group_by(segment) if segment else people).aggregate(**sums)


def _rows(
    reached: Reached, segment: str, counts: pd.DataFrame, confidence: float
) -> list[dict[str, Any]]:
    rows = []
    last = len(reached.stages) - 1
    for found in counts.to_dict("records"):
        for place, stage in enumerate(reached.stages):
            # Nothing follows the last stage: without `completed_by` nobody is known to drop.
            open_end = place == last and not stage.completed_by
            number = {
                name: int(found[f"{name}{place}"])
                for name in ("entered", "started", "elsewhere", "followed")
            }
            ending = {
                name: float("nan") if open_end else float(found[f"{name}{place}"])
                for name in ("continued", "open", "dropped", "later")
            }
            enough = not segment or number["entered"] >= MIN_SEGMENT
            drop = _rate(found, "drop", place, enough and not open_end, confidence)
            through = enough and reached.rule.entry == "first"
            reach = _rate(found, "reach", place, through, confidence)
            rows.append(
                {
                    "stage": stage.id,
                    "segment": segment,
                    "segment_value": found["value"],
                    "measure": stage.measure,
                    "n_entered": number["entered"],
                    "n_started": number["started"],
                    "n_continued": ending["continued"],
                    "n_elsewhere": number["elsewhere"],
                    "n_open": ending["open"],
                    "n_dropped": ending["dropped"],
                    "n_seen_later": ending["later"],
                    "n_followed": number["followed"],
                    "drop_off_rate": drop.value,
                    "drop_off_low": drop.low,
                    "drop_off_high": drop.high,
                    "n_first": int(found["entered0"]),
                    "reached_rate": reach.value,
                    "reached_low": reach.low,
                    "reached_high": reach.high,
                }
            )
    return rows


def _rate(found: dict[Any, Any], name: str, place: int, known: bool, confidence: float) -> Any:
    if not known:
        return NOTHING
    hits = int(found[f"dropped{place}" if name == "drop" else f"entered{place}"])
    total = int(found[f"followed{place}" if name == "drop" else "entered0"])
    if f"{name}_hh{place}" not in found:
        return estimate_proportion(hits, total, confidence=confidence)
    return estimate_clustered_proportion(
        n_clusters=int(found[f"{name}_clusters{place}"]),
        total=total,
        hits=hits,
        sum_hits_squared=int(found[f"{name}_hh{place}"]),
        sum_products=int(found[f"{name}_ht{place}"]),
        sum_totals_squared=int(found[f"{name}_tt{place}"]),
        confidence=confidence,
    )
