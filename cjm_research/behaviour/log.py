"""A log of events, made ready once and measured many times.

The heavy part of every measure is the same: bring the rows of one participant together, in
order. `EventLog.histories` does it in a single group-by, into one sorted array of integers per
participant. The integers carry time and code together (see `Codes`), so that order, ties and
"the next event of that stage" are plain comparisons, and no measure touches strings again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union

import pandas as pd

from cjm_research.engine import Engine, engine_of, open_engine
from cjm_research.errors import EngineError, quoted
from cjm_research.journey import Journey

if TYPE_CHECKING:
    import ibis.expr.types as ir

    Events = Union[pd.DataFrame, Path, str, ir.Table, "EventLog"]  # noqa: UP007

Ties = Literal["journey", "row", "later"]
Scope = Literal["participant", "session"]

TIES: dict[str, str] = {
    "journey": "events at the same instant count in journey order",
    "row": "events at the same instant count in the order of the rows",
    "later": "an event counts only when it is later than the one before",
}
"""What happens when two events bear the same time."""

COLUMNS = ("participant_id", "session_id", "event", "occurred_at", "stage", "channel", "device",
           "value", "row")  # fmt: skip
NO_STAGE = ""
_OFFSET = r":\d\d(\.\d+)? *(Z|UTC|[+-]\d\d)"
MOST_SEGMENT_VALUES = 200
_TAKEN = re.compile(
    r"(t|at|s|is|bits|since|recent|entered|started|continued|elsewhere|open|dropped|later|followed)\d+"
    "|participant_id|session_id|stage|event|moment|place|row|history|path|pairs|pair|entry|exit"
    "|start|depth|done|elsewhere|seen_later|first|last|next|n|n_.*|period|cohort|value|variant"
    "|visit|further|seen|step|position|on|since|until|seconds|units|observed|moments|second|packed"
    "|segment|segment_value|instant|completed|entered|bits|outcomes|mean|sd|total"
)
"""Names that tables of measures use, and an audience segment cannot have beside them."""


@dataclass(frozen=True)
class Codes:
    """How one integer of a history is made: `moment * size + code`, sorted with ties in order.

    `code` is `position * marks + mark`: the position of the stage in the journey (after the
    last for events of no stage), and which of the journey's special events it is (0: none).

    Attributes
    ----------
    names : tuple of str
        The name of each position: stage ids, then "" for no stage; or event names.
    marks : int
        Marks per position, a power of two.
    size : int
        Codes per moment, a power of two.
    none : int
        The code of an event that is in no history.
    ticks_per_s : int
        Moments in a second.
    """

    names: tuple[str, ...]
    marks: int
    size: int
    none: int
    ticks_per_s: int

    def position(self, key: Any) -> Any:
        """Return the position that a key holds, times `marks`."""
        return key & (self.size - self.marks)

    def mark(self, key: Any) -> Any:
        """Return the mark that a key holds."""
        return key & (self.marks - 1)

    def code(self, key: Any) -> Any:
        """Return the code that a key holds."""
        return key & (self.size - 1)

    def instant(self, key: Any) -> Any:
        """Return the first key of a key's moment."""
        return key - self.code(key)

    @property
    def turns(self) -> int:
        """Moments in a microsecond: more than one where the order of rows breaks ties."""
        return self.ticks_per_s // 1_000_000

    def time(self, key: Any) -> Any:
        """Return the first key of a key's microsecond, whichever row it is of."""
        return key - (key & (self.size * self.turns - 1))

    def seconds(self, later: Any, earlier: Any) -> Any:
        """Return the seconds between two keys."""
        return (self.time(later) - self.time(earlier)) / (self.size * self.ticks_per_s)

    def within(self, key: Any, start: Any, seconds: float) -> Any:
        """Return whether a key is no later than so many seconds after another one."""
        ticks = round(seconds * self.ticks_per_s)
        return key < self.time(start) + (ticks + self.turns) * self.size


@dataclass(frozen=True)
class Histories:
    """What each participant (or each session) did, in order.

    Attributes
    ----------
    table : ibis Table
        `participant_id`, `session_id` (with scope "session"), `history` (sorted int64 array,
        never empty), and one column of text per audience segment, "" where it is not known.
    codes : Codes
    """

    table: ir.Table
    codes: Codes


@dataclass(frozen=True)
class EventLog:
    """Events as the measures see them, in one engine.

    Attributes
    ----------
    events : ibis Table
        `participant_id`: what stands for an id in this engine (`Engine.identify`);
        `session_id`, `event`, `stage`, `channel`, `device`: text, "" for none; `place`:
        position of the stage in the journey, its length for none; `moment`: int64, ticks since
        `origin_us`; `value`: float. Only events with a participant and a time.
    journey : Journey
    engine : Engine
    segments : tuple of str
        Audience segments that measures split by.
    carried : tuple of str
        Audience segments that histories carry: those of the log when it was opened.
    ties : str
        One of `TIES`.
    raw : ibis Table
        The same columns before events without participant or time were left out, and with ids
        as they are written.
    until : int, optional
        The moment at which observation ended, where it was declared.
    undated : ibis Table, optional
        Steps of questionnaires that bear no time, at a moment before all others, in the order
        of their form. They are in funnels of questionnaires and in nothing else.
    members : ibis Table, optional
        `participant_id` and a column of text per audience segment, where a frame gave them.
    member_values : mapping
        The values of these segments, sorted.
    kept : dict
        What was computed once for all measures, by a key of its own.
    ticks_per_us : int
        Moments in a microsecond: 1, or more where the order of rows breaks ties.
    origin_us : int
        Microseconds from 1970 (UTC) to the moment 0.
    """

    events: ir.Table
    journey: Journey
    engine: Engine
    segments: tuple[str, ...]
    carried: tuple[str, ...]
    ties: Ties
    raw: ir.Table = field(repr=False)
    until: int | None = None
    ticks_per_us: int = 1
    origin_us: int = 0
    undated: ir.Table | None = field(default=None, repr=False)
    members: ir.Table | None = field(default=None, repr=False)
    member_values: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    kept: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def ticks_per_s(self) -> int:
        """Moments in a second."""
        return 1_000_000 * self.ticks_per_us

    def whole(self) -> EventLog:
        """Return the same log without its audience segments: measures of everybody alone."""
        return replace(self, segments=())

    def since_1970_s(self, moment: Any) -> Any:
        """Return a moment as whole seconds since 1970, UTC: for calendars."""
        return (moment / self.ticks_per_s).floor().cast("int64") + self.origin_us // 1_000_000

    def moment_of(self, when: str | pd.Timestamp) -> int:
        """Return the moment of a time, UTC where it has no zone."""
        return (_microseconds(when) - self.origin_us) * self.ticks_per_us

    def histories(
        self, *, scope: Scope = "participant", by: str = "stage", undated: bool = False
    ) -> Histories:
        """Return one ordered history per participant or session; computed once.

        Parameters
        ----------
        scope : {"participant", "session"}
            Events without a session are in no session's history.
        by : {"stage", "event", "channel"}
            What the codes of a history name. "stage": only events of a stage, or special ones.
            "event": every event, positions in journey order of their stage, then by name.
            "channel": every event with a channel.
        undated : bool, default False
            By stage: whether steps of questionnaires without a time are in it.

        Raises
        ------
        EngineError
            If times lie too far apart to be counted in microseconds.
        """
        undated = undated and self.undated is not None
        key = ("histories", scope, by, str(undated))
        if key not in self.kept:
            events = self.events.union(self.undated) if undated else self.events
            codes, coded = self._coded(by, events)
            self.kept[key] = Histories(
                self._keep(self._collect(events, codes, coded, scope)), codes
            )
        histories: Histories = self.kept[key]
        return histories

    def _keep(self, histories: ir.Table) -> ir.Table:
        try:
            return self.engine.keep(histories)
        except EngineError as error:
            if "overflow" not in str(error).casefold():
                raise
            raise EngineError(
                "times of events",
                "some lie thousands of years away, such as 9999-12-31 for an open end.",
                "leave these events out, or end the observation before them with `until`.",
            ) from error

    def named(self, people: ir.Table) -> ir.Table:
        """Return people of this log by their ids as they are written: to leave the engine."""
        ids = self.raw.filter(self.raw.participant_id != "").select("participant_id").distinct()
        ids = ids.mutate(_key=self.engine.identify(ids.participant_id))
        joined = ids.inner_join(people.rename(_key="participant_id"), "_key")
        return joined.select(*people.columns)

    def marks_of(self, names: Sequence[str]) -> list[int]:
        """Return the marks of special events (`completed_by`, `completed_elsewhere`)."""
        special = _special_events(self.journey)
        return [special.index(name) + 1 for name in names]

    def first_values(self, column: str) -> ir.Table:
        """Return `participant_id` and `value`: of the earliest event with a value."""
        place = self._value_place(self.events, column)
        packed = self._packed(self.events.moment, 1, place, column)
        rows = self.events.select("participant_id", packed=packed)
        grouped = rows.group_by("participant_id").agg(packed=rows.packed.min())
        grouped = grouped.filter(grouped.packed.notnull())
        return grouped.select("participant_id", value=self._unpacked(grouped.packed, column))

    def profile(self) -> pd.DataFrame:
        """Return `stage`, `event`, `n_events`, `first`, `last` (moments): one small table."""
        if ("profile",) not in self.kept:
            grouped = self.events.group_by(["stage", "event"]).agg(
                n_events=self.events.count(),
                first=self.events.moment.min(),
                last=self.events.moment.max(),
            )
            self.kept["profile",] = self.engine.run(grouped)
        profile: pd.DataFrame = self.kept["profile",]
        return profile

    def steps(self) -> list[tuple[str, str]]:
        """Return the stage ("" for none) and the event of each position in histories by event.

        They stand in journey order of their stages, and then by name.
        """
        order = {name: place for place, name in enumerate([*self.journey.stage_ids, NO_STAGE])}
        pairs = self.profile()[["stage", "event"]].itertuples(index=False, name=None)
        return sorted(pairs, key=lambda pair: (order[pair[0]], pair[1]))

    def end(self) -> int | None:
        """Return the moment until which people were observed: `until`, or the last event."""
        if self.until is not None:
            return self.until
        if ("end",) not in self.kept:
            found = self.engine.run(self.events.aggregate(end=self.events.moment.max()))["end"]
            self.kept["end",] = None if found.isna().all() else int(found.iloc[0])
        end: int | None = self.kept["end",]
        return end

    def segment_values(self, segment: str) -> list[str]:
        """Return the values of an audience segment, sorted; also those that nobody shows."""
        if segment in self.member_values:
            return list(self.member_values[segment])
        return [value for value in self._values(segment) if value]

    def _coded(self, by: str, events: ir.Table) -> tuple[Codes, Any]:
        """Return the codes, and the expression of an event's code."""
        if by == "stage":
            return self._coded_by_stage(events)
        if by == "event":
            return self._coded_by_event()
        return self._coded_by_channel()

    def _coded_by_stage(self, events: ir.Table) -> tuple[Codes, Any]:
        names = (*self.journey.stage_ids, NO_STAGE)
        special = _special_events(self.journey)
        marks = _power_of_two(len(special) + 1)
        none = (len(names) - 1) * marks
        codes = Codes(names, marks, _power_of_two(len(names)) * marks, none, self.ticks_per_s)
        if not special:
            return codes, events.place
        mark = events.event.cases(
            *((name, number + 1) for number, name in enumerate(special)), else_=0
        )
        return codes, events.place * marks + mark

    def _coded_by_event(self) -> tuple[Codes, Any]:
        steps = self.steps()
        codes = self._wide_enough(tuple(event for _, event in steps), "events")
        if len({event for _, event in steps}) == len(steps):
            places = {event: place for place, (_, event) in enumerate(steps)}
            return codes, _look_up(self.events.event, places, codes.none)
        import ibis

        # One name may stand in several stages (a column `stage` decides): both are looked up.
        cases = [
            ((self.events.stage == stage) & (self.events.event == event), place)
            for place, (stage, event) in enumerate(steps)
        ]
        return codes, ibis.cases(*cases, else_=codes.none).cast("int64")

    def _coded_by_channel(self) -> tuple[Codes, Any]:
        names = tuple(name for name in self._values("channel") if name)
        codes = self._wide_enough(names, "channels")
        places = {name: place for place, name in enumerate(names)}
        return codes, _look_up(self.events.channel, places, codes.none)

    def _wide_enough(self, names: tuple[str, ...], what: str) -> Codes:
        size = _power_of_two(len(names) + 1)
        if (self.end() or 0) * size >= 2**63:
            raise EngineError(
                f"column of {what}",
                f"{len(names):,} different {what} are too many to be told apart by name.",
                "give pages and events names without ids (`product_viewed`, not `/product/81234`).",
            )
        return Codes(names, 1, size, len(names), self.ticks_per_s)

    def _collect(self, events: ir.Table, codes: Codes, coded: Any, scope: Scope) -> ir.Table:
        ids = ["participant_id"] + (["session_id"] if scope == "session" else [])
        rows = events.mutate(_code=coded)
        if scope == "session":
            rows = rows.filter(rows.session_id != "")
        # A visit belongs where the person does: its own first event has no say in it.
        own = self.carried if self.members is None and scope == "participant" else ()
        # Only integers from here on, and as few as will do: these rows are sorted.
        rows = rows.select(
            *ids,
            _key=rows.moment * codes.size + rows._code,
            **{f"_{name}": self._value_place(rows, name).cast("int16") for name in own},
        )
        rows = self.engine.gather(rows, "participant_id")
        instant = codes.instant(rows._key)
        grouped = rows.group_by(ids).agg(
            history=rows._key.collect(where=codes.code(rows._key) != codes.none),
            **{
                f"_{name}": self._packed(instant, codes.size, rows[f"_{name}"], name).min()
                for name in own
            },
        )
        grouped = grouped.filter(grouped.history.length() > 0)
        grouped = grouped.mutate(
            history=grouped.history.sort(),
            **{name: self._unpacked(grouped[f"_{name}"], name) for name in own},
        )
        if not own:
            grouped = self.with_segments(grouped)
        return grouped.select(*ids, "history", *self.carried)

    def with_segments(self, people: ir.Table) -> ir.Table:
        """Add a column of text per audience segment, "" where it is not known.

        Parameters
        ----------
        people : ibis Table
            Rows with `participant_id`; a person may have several.
        """
        if not self.carried:
            return people
        if ("segments",) not in self.kept:
            self.kept["segments",] = self.members
            if self.members is None:
                self.kept["segments",] = self.engine.keep(self._first_segments())
        joined = people.left_join(self.kept["segments",], "participant_id")
        return joined.select(
            *people.columns, **{name: joined[name].fill_null("") for name in self.carried}
        )

    def _first_segments(self) -> ir.Table:
        rows = self.events.select(
            "participant_id",
            **{
                name: self._packed(
                    self.events.moment, 1, self._value_place(self.events, name), name
                )
                for name in self.carried
            },
        )
        people = rows.group_by("participant_id").agg(
            **{name: rows[name].min() for name in self.carried}
        )
        return people.mutate(**{n: self._unpacked(people[n], n) for n in self.carried})

    def _values(self, column: str) -> list[str]:
        """Return the values of a column, sorted: few, or the column is no segment."""
        if ("values", column) not in self.kept:
            distinct = self.events.select(column).distinct().limit(MOST_SEGMENT_VALUES + 2)
            values = sorted(str(value) for value in self.engine.run(distinct)[column])
            if len(values) - ("" in values) > MOST_SEGMENT_VALUES:
                raise EngineError(
                    f"column '{column}'",
                    f"it has more than {MOST_SEGMENT_VALUES} different values.",
                    "an audience segment or a channel groups people: give a column with fewer "
                    "values, such as a country instead of a city.",
                )
            self.kept["values", column] = values
        found: list[str] = self.kept["values", column]
        return found

    def _value_place(self, events: ir.Table, column: str) -> Any:
        """Return the place of each event's value among those of the column; null for none."""
        places = {value: place for place, value in enumerate(filter(None, self._values(column)))}
        return _look_up(events[column], places, None)

    def _packed(self, instant: Any, step: int, place: Any, column: str) -> Any:
        """Return an integer of time and value: the least is the earliest value's.

        Of values at one instant it is the first by name. An instant is a moment times `step`.
        Ordered aggregates of text cost several times as much as this minimum.
        """
        return instant * max(1, self._width(column) // step) + place

    def _width(self, column: str) -> int:
        return _power_of_two(len(self._values(column)) + 1)

    def _unpacked(self, packed: Any, column: str) -> Any:
        values = list(filter(None, self._values(column)))
        if not values:
            return packed.cast("string").fill_null("")
        return (packed & (self._width(column) - 1)).cases(*enumerate(values), else_="")


@contextmanager
def open_log(
    events: Events,
    journey: Journey | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    time_unit: Literal["", "s", "ms", "us"] = "",
    until: str | pd.Timestamp = "",
    engine: Engine | None = None,
) -> Iterator[EventLog]:
    """Make a log ready, so that several measures share its one heavy pass.

    Parameters
    ----------
    events : DataFrame, Path, str, ibis Table or EventLog
        One row per event: a frame, a Parquet, CSV or JSON file or folder, an ibis table of any
        backend (or its name, with `engine`), or a log that is open already.
    journey : Journey
        Gives events their stage, where the table has no column `stage`.
    columns : mapping, optional
        Which column holds what, where names differ: `{"participant_id": "user_id"}`.
    segments : DataFrame or sequence of str, optional
        Audience segments: `participant_id`, `segment`, `segment_value`, or names of columns of
        the events; then a person belongs where their earliest event puts them.
    ties : {"journey", "row", "later"}
        Which of two events at the same instant comes first; see `TIES`. "row" needs a frame,
        or a column `row` with the order.
    time_unit : {"", "s", "ms", "us"}
        Unit of `occurred_at` where it is a number since 1970, as in exports of GA4 ("us").
    until : str or Timestamp, optional
        End of observation, UTC without a zone. Later events, such as those of a clock that
        goes wrong, are left out. Without it observation ends with the last event.
    engine : Engine, optional
        Where to read files and names of tables; an own DuckDB by default.

    Yields
    ------
    EventLog

    Raises
    ------
    EngineError
        If columns are missing, times are no times, or a person has two values of a segment.
    """
    if isinstance(events, EventLog):
        yield events
        return
    if journey is None:
        raise EngineError("events", "there is no journey.", "give one: it names the stages.")
    if ties not in TIES:
        raise EngineError("ties", f"unknown rule '{ties}'.", f"allowed: {quoted(TIES)}.")
    with ExitStack() as stack:
        if isinstance(events, pd.DataFrame):
            events = _with_text_ids(events, (columns or {}).get("participant_id", "participant_id"))
        table, engine = _table(events, engine, stack, ties)
        own = segments is not None and not isinstance(segments, pd.DataFrame)
        named = tuple([segments] if isinstance(segments, str) else segments or ()) if own else ()
        raw = _canonical(table, journey, dict(columns or {}), ties, time_unit, named)
        members: ir.Table | None = None
        values: dict[str, list[str]] = {}
        if isinstance(segments, pd.DataFrame):
            members, values = _members(segments, engine)
            named = tuple(values)
        _check_segments(named, raw.columns if members is None else named, table.columns)
        ticks_per_us, origin_us = 1, 0
        if ties == "row":
            raw, ticks_per_us, origin_us = _with_row_order(raw, engine)
        known = raw.filter((raw.participant_id != "") & raw.moment.notnull())
        end = None
        if until != "":
            end = (_microseconds(until) - origin_us) * ticks_per_us
            # The whole microsecond belongs to the observation, with all its rows.
            known = known.filter(known.moment < end + ticks_per_us)
        known, undated = (
            rows.mutate(participant_id=engine.identify(rows.participant_id))
            for rows in (known, _undated(raw, journey))
        )
        log = EventLog(
            known, journey, Engine(engine.backend), named, named, ties, raw, end,
            ticks_per_us, origin_us, undated=undated if _forms(journey) else None,
            members=members, member_values=values,
        )  # fmt: skip
        stack.callback(log.engine.release)
        yield log


def _check_segments(names: Sequence[str], known: Iterable[str], columns: Sequence[str]) -> None:
    for name in names:
        if name.startswith("_") or _TAKEN.fullmatch(name):
            raise EngineError(
                "segments", f"'{name}' is a word that the measures use themselves.",
                f"rename it, for example to '{name.strip('_')}_group'.",
            )  # fmt: skip
        if name not in known:
            raise EngineError(
                "segments",
                f"the events have no column '{name}'"
                + (" of text, whole numbers or yes and no." if name in columns else "."),
                f"columns: {quoted(columns)}.",
            )


def _table(
    events: Any, engine: Engine | None, stack: ExitStack, ties: Ties
) -> tuple[ir.Table, Engine]:
    if isinstance(events, pd.DataFrame | Path | str):
        engine = engine or stack.enter_context(open_engine())
        if isinstance(events, pd.DataFrame) and ties == "row" and "row" not in events:
            events = events.assign(row=range(len(events)))
        return engine.table(events), engine
    if not hasattr(events, "get_backend"):
        raise EngineError(
            "events", f"it is a {type(events).__name__}.",
            "give a frame, the path of a file or folder, or an ibis table.",
        )  # fmt: skip
    return events, engine or engine_of(events)


def _canonical(
    table: ir.Table,
    journey: Journey,
    columns: dict[str, str],
    ties: Ties,
    time_unit: str,
    segments: Sequence[str],
) -> ir.Table:
    """Return the events under their own names and types, whatever they were called."""
    import ibis

    unknown = [name for name in columns if name not in COLUMNS]
    absent = [name for name in columns.values() if name not in table.columns]
    named = {name: columns.get(name, name) for name in COLUMNS}
    needed = ["participant_id", "occurred_at", *(["row"] if ties == "row" else [])]
    absent += [named[n] for n in needed if n not in columns and n not in table.columns]
    if named["event"] not in table.columns and named["stage"] not in table.columns:
        absent.append("event")
    if unknown or absent:
        raise EngineError(
            "events",
            (f"unknown names {quoted(unknown)}. " if unknown else "")
            + (f"there is no column {quoted(absent)}." if absent else ""),
            f"say which column is which by `columns`; the table has {quoted(table.columns)}; "
            f"names: {quoted(COLUMNS)}.",
        )

    if table[named["participant_id"]].type().is_floating():
        raise _decimal_ids(f"column '{named['participant_id']}'")

    def text(name: str) -> Any:
        if named[name] not in table.columns:
            return ibis.literal("")
        return table[named[name]].cast("string").fill_null("")

    fields: dict[str, Any] = {
        name: text(name) for name in ("participant_id", "session_id", "event", "channel", "device")
    }
    by_stage = [(name, place) for place, name in enumerate(journey.stage_ids)]
    by_event = [(name, place) for place, stage in enumerate(journey) for name in stage.events]
    if named["stage"] in table.columns:
        named_in, places = table[named["stage"]].cast("string"), by_stage
        # Unknown stages of a column are no stages of this journey: seen, never guessed.
        known = text("stage").isin(journey.stage_ids)
        fields["stage"] = known.ifelse(text("stage"), NO_STAGE)
    else:
        named_in, places = table[named["event"]].cast("string"), by_event
        fields["stage"] = (
            named_in.cases(*((n, journey.stage_ids[p]) for n, p in places), else_=NO_STAGE)
            if places
            else ibis.literal(NO_STAGE)
        )
    # Beside the name: a number is what histories are made of, and one look-up of text is enough.
    fields["place"] = (
        named_in.cases(*places, else_=len(journey)) if places else ibis.literal(len(journey))
    ).cast("int64")
    if named["event"] not in table.columns:
        fields["event"] = fields["stage"]
    fields["moment"] = _moment(table[named["occurred_at"]], time_unit, named["occurred_at"])
    if ties == "row":
        fields["row"] = table[named["row"]].cast("int64")
    value = named["value"]
    fields["value"] = (
        table[value].cast("float64") if value in table.columns else ibis.null("float64")
    )
    # Other columns stay, as possible audience segments; a segment may be one of the above as well.
    others = {
        name: table[name].cast("string").fill_null("")
        for name, kind in table.schema().items()
        if (name not in named.values() or name in segments)
        and name not in fields
        and (kind.is_string() or kind.is_integer() or kind.is_boolean())
    }
    return table.select(**fields, **others)


def _moment(time: Any, unit: str, name: str) -> Any:
    """Microseconds since 1970, exact, and independent of the session's time zone."""
    import ibis

    kind = time.type()
    if kind.is_integer():
        factor = {"s": 1_000_000, "ms": 1_000, "us": 1}.get(unit)
        if factor is None:
            raise EngineError(
                f"column '{name}'", "times are whole numbers, and their unit is not known.",
                "give `time_unit`: 's', 'ms' or 'us' (microseconds, as GA4 exports them).",
            )  # fmt: skip
        return time.cast("int64") * factor

    def since_1970(time: Any) -> Any:
        zone = "UTC" if time.type().timezone else None
        return time.delta(ibis.timestamp("1970-01-01T00:00:00", timezone=zone), unit="microsecond")

    if kind.is_timestamp():
        return since_1970(time)
    if kind.is_date():
        return since_1970(time.cast("timestamp"))
    if not kind.is_string():
        raise EngineError(
            f"column '{name}'", f"it holds {kind}, not times.",
            "name the column with the times; seconds since 1970 have to be whole numbers.",
        )  # fmt: skip
    # An empty cell is no time, as a missing one is.
    time = time.nullif("")
    # An engine that reads a time without a zone may drop the offset that it finds, and one that
    # reads a time with a zone takes its own for those that have none.
    return time.re_search(_OFFSET).ifelse(
        since_1970(time.cast("timestamp('UTC')")), since_1970(time.cast("timestamp"))
    )


def _microseconds(when: str | pd.Timestamp) -> int:
    try:
        moment = pd.Timestamp(when)
    except ValueError as error:
        raise EngineError(
            "time", f"'{when}' is no time.", "write it as 2026-06-30 or 2026-06-30T18:00.",
        ) from error  # fmt: skip
    if moment.tzinfo is not None:
        moment = moment.tz_convert(None)
    return int((moment - pd.Timestamp(0)) // pd.Timedelta(microseconds=1))


def _with_row_order(log: ir.Table, engine: Engine) -> tuple[ir.Table, int, int]:
    """Make moments finer, so that rows of one person at one instant keep their order.

    Returns the log, the ticks of a microsecond, and where moments begin: from 1970 on they
    would not fit into an integer beside the codes.
    """
    import ibis

    turn = ibis.row_number().over(
        ibis.window(group_by=["participant_id", "moment"], order_by=log.row)
    )
    log = log.mutate(_turn=turn)
    bounds = log.filter((log.participant_id != "") & log.moment.notnull())
    found = engine.run(bounds.aggregate(turns=bounds._turn.max(), first=bounds.moment.min()))
    turns, first = found.fillna(0).astype("int64").iloc[0]
    ticks = _power_of_two(int(turns) + 1)
    first = int(first) // 1_000_000 * 1_000_000
    log = log.mutate(moment=(log.moment - first) * ticks + log._turn)
    return log.drop("_turn", "row"), ticks, first


def _with_text_ids(events: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a frame in which numbers and texts of one column of ids are texts alike."""
    if column not in events or events[column].dtype != object:
        return events
    ids = events[column]
    return events.assign(**{column: ids.map(str).where(ids.notna(), None)})


def _forms(journey: Journey) -> list[int]:
    """Return the positions of the stages that are steps of a questionnaire."""
    return [
        place for place, stage in enumerate(journey) if stage.measure == "questionnaire_abandonment"
    ]


def _undated(raw: ir.Table, journey: Journey) -> ir.Table:
    """Return steps of questionnaires that bear no time: their form is their order."""
    steps = raw.filter((raw.participant_id != "") & raw.moment.isnull())
    steps = steps.filter(steps.place.isin(_forms(journey)))
    return steps.mutate(moment=steps.place - len(journey))


def _decimal_ids(where: str) -> EngineError:
    return EngineError(
        where,
        "ids are decimal numbers; whole numbers become so where some are missing.",
        "read this column as text: 7 and 7.0 would be two people.",
    )


def _members(
    segments: pd.DataFrame, engine: Engine
) -> tuple[ir.Table | None, dict[str, list[str]]]:
    missing = {"participant_id", "segment", "segment_value"} - set(segments.columns)
    if missing:
        raise EngineError(
            "segments", f"there is no column {quoted(sorted(missing))}.",
            "give `participant_id`, `segment`, `segment_value`, or names of event columns.",
        )  # fmt: skip
    if segments.empty:
        return None, {}
    if pd.api.types.is_float_dtype(segments["participant_id"]):
        raise _decimal_ids("segments, column 'participant_id'")
    keys = ["participant_id", "segment", "segment_value"]
    known = segments[keys].dropna(subset=keys[:2]).fillna("").astype(str).drop_duplicates()
    twice = known.duplicated(["participant_id", "segment"])
    if twice.any():
        raise EngineError(
            "segments",
            f"{int(twice.sum())} people have two values of one segment.",
            "an audience segment is a property of a person: decide on one value for each.",
        )
    wide = known.set_index(["participant_id", "segment"])["segment_value"].unstack("segment")  # noqa: PD010
    wide = wide.reset_index().rename_axis(columns=None)
    wide = wide.where(wide.notna(), "").astype(str)
    values = {
        str(name): sorted({str(value) for value in wide[name]} - {""})
        for name in wide.columns
        if name != "participant_id"
    }
    return engine.people(wide), values


def _special_events(journey: Journey) -> list[str]:
    """Event names that a funnel asks for by name, in journey order."""
    names = [
        name for stage in journey for name in (*stage.completed_by, *stage.completed_elsewhere)
    ]
    return list(dict.fromkeys(names))


def seconds_of(words: str, where: str) -> float:
    """Return a span of time such as "7D", "90min" or "14 days" in seconds; 0 for "".

    Raises
    ------
    EngineError
        If it is no span of time; `where` is the place that the message names.
    """
    if not words:
        return 0.0
    try:
        seconds = pd.Timedelta(words).total_seconds()
    except ValueError:
        seconds = float("nan")
    if not seconds > 0:
        raise EngineError(
            where, f"'{words}' is no span of time.",
            'write a number and a unit, such as "30min", "12h", "7D" or "14 days".',
        )  # fmt: skip
    return float(seconds)


def without_turn(moment: Any, ticks: int) -> Any:
    """Return a moment without its place among the rows of its microsecond (`ties="row"`).

    Spans of time are between instants; the order of rows is none. `ticks`, those of a
    microsecond, are a power of two.
    """
    return moment - (moment & (ticks - 1))


def _power_of_two(n: int) -> int:
    return 1 << max(0, n - 1).bit_length()


def _look_up(text: Any, places: Mapping[str, int], other: int | None) -> Any:
    """Return the place of each text, an integer; `other` for those that have none."""
    import ibis

    found = text.cases(*places.items(), else_=other) if places else ibis.literal(other)
    return found.cast("int64")
