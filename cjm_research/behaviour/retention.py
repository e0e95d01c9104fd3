"""Who stays, who comes back, and who tells others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from cjm_research.behaviour.funnel import MIN_SEGMENT
from cjm_research.behaviour.log import EventLog, Ties, open_log, seconds_of, without_turn
from cjm_research.behaviour.survival import choose_unit, count_durations
from cjm_research.errors import EngineError, quoted
from cjm_research.journey import Journey
from cjm_research.statistics import Interval, estimate_proportion, estimate_survival

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

Period = Literal["month", "week", "day"]
PERIODS = ("month", "week", "day")
"""Calendar periods in UTC; weeks begin on Monday."""

RETENTION_COLUMNS = [
    "cohort", "segment", "segment_value", "period_number",
    "n_cohort", "n_observed", "n_active", "rate", "low", "high",
]  # fmt: skip
LOSS_COLUMNS = [
    "segment", "segment_value", "gap", "n_judged", "n_lost", "n_open", "rate", "low", "high",
]  # fmt: skip
REPEAT_COLUMNS = [
    "event", "segment", "segment_value", "n", "n_repeated", "rate", "low", "high",
    "median_s", "median_low_s", "median_high_s",
]  # fmt: skip
REFERRAL_COLUMNS = [
    "segment", "segment_value", "n", "n_referred", "rate", "low", "high",
]  # fmt: skip
_SINCE_MONDAY = 3
"""Days from a Monday to 1970-01-01, a Thursday."""
_DAY_S = 86400


def estimate_retention(
    events: Events,
    journey: Journey | None = None,
    *,
    period: Period = "month",
    event: str | None = None,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of each cohort that is active in the periods after its first.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_drop_off`; the journey is needed only to open a log.
    period : {"month", "week", "day"}
        Calendar periods in UTC; weeks begin on Monday.
    event : str, optional
        The event that is activity; any event by default.
    confidence : float, default 0.95

    Returns
    -------
    DataFrame
        One row per cohort, audience segment and period: of the `n_cohort` people whose first
        activity was in the period that began on `cohort`, `n_active` were active in the
        `period_number`-th after it. A period that the log does not cover to its end is not
        observed: `n_observed` is 0 and the share missing, never 0 %. The last period of a log
        counts as not covered. People of the log's first period may be older than they look.

        Rows with cohort "" pool the cohorts that are observed `period_number` periods on.
        Cohorts of fewer than 5 people have counts, no rate. Intervals are Wilson's.

    Raises
    ------
    EngineError
        If the period is not known.
    """
    if period not in PERIODS:
        raise EngineError("retention", f"no period '{period}'.", f"allowed: {quoted(PERIODS)}.")
    rows: list[dict[str, Any]] = []
    with open_log(events, journey or Journey(()), segments=segments, ties=ties) as log:
        end = log.end()
        if end is not None:
            last = _number_of((end // log.ticks_per_us + log.origin_us) // 1_000_000, period)
            active = _activity(log, period, event)
            for segment in ("", *log.segments):
                for value, cells in _cells(log, active, segment).items():
                    place = {"segment": segment, "segment_value": value}
                    found = _cohorts(cells, last, period)
                    rows += [place | row | _active_rate(row, confidence) for row in found]
    return pd.DataFrame(rows, columns=RETENTION_COLUMNS)


def estimate_loss(
    events: Events,
    journey: Journey | None = None,
    *,
    gap: str = "30D",
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of people who have been silent for long, by audience segment.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_retention`.
    gap : str, default "30D"
        Silence before the end of the log after which somebody counts as lost. Choose it longer
        than the pauses of people who come back.
    confidence : float, default 0.95

    Returns
    -------
    DataFrame
        Of `n_judged` people who were first seen at least `gap` before the end, `n_lost` were
        silent for longer than it; `n_open` came too late to tell, and are in no rate. Wilson
        intervals; fewer than 5 people have counts, no rate.

    Raises
    ------
    EngineError
        If `gap` is no span of time.
    """
    span_s = seconds_of(gap, "loss, gap")
    if not span_s:
        raise EngineError("loss, gap", "it is empty.", 'write a span of time, such as "30D".')
    rows: list[dict[str, Any]] = []
    with open_log(events, journey or Journey(()), segments=segments, ties=ties) as log:
        end = log.end()
        if end is not None:
            limit = without_turn(end, log.ticks_per_us) - round(span_s * log.ticks_per_s)
            people = gather_people(log)
            old = without_turn(people["first"], log.ticks_per_us) <= limit
            lost = without_turn(people["last"], log.ticks_per_us) < limit
            flags = {"n_judged": old, "n_lost": lost, "n_open": ~old}
            for place, found in _count(log, people, flags):
                rate = _rate(found["n_lost"], found["n_judged"], confidence)
                rows.append({**place, "gap": gap, **found, **rate})
    return pd.DataFrame(rows, columns=LOSS_COLUMNS)


def estimate_repeat(
    events: Events,
    event: str,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate how many of those who did something once did it again, and how soon.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_retention`.
    event : str
        Name of the event, such as "order_placed". Twice at one instant is once.
    confidence : float, default 0.95

    Returns
    -------
    DataFrame
        Of `n` people who did it, `n_repeated` did it again before the log ended: `rate`, with
        Wilson's limits, is what has been seen so far, and grows with the log. `median_s` is
        the time to the second by which half of them have done it again, by Kaplan and Meier:
        who has not yet was watched until the end of the log. It is missing where fewer than
        half are known to come back. Fewer than 5 people have counts only.

    References
    ----------
    Kaplan and Meier (1958), JASA 53, 457-481.
    """
    rows: list[dict[str, Any]] = []
    with open_log(events, journey or Journey(()), segments=segments, ties=ties) as log:
        end = log.end()
        if end is not None:
            people = log.engine.keep(_waiting_for_second(log, event, end))
            asked = people.aggregate(n=people.count(), longest=people.seconds.max())
            found = log.engine.run(asked).iloc[0]
            unit_s = choose_unit(float(found["longest"]), int(found["n"]))
            for segment in ("", *log.segments):
                counted = count_durations(log, people, segment, unit_s)
                rows += [
                    {"event": event, "segment": segment, "segment_value": value}
                    | _repeated(durations, unit_s, confidence)
                    for value, durations in counted.items()
                    if len(durations)
                ]
    return pd.DataFrame(rows, columns=REPEAT_COLUMNS)


def estimate_referral(
    events: Events,
    journey: Journey | None = None,
    *,
    did: str | Sequence[str],
    of: str | Sequence[str],
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate how many of those who did one thing went on to do another, such as refer.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_retention`.
    did : str or sequence of str
        Events that are a referral, such as "friend_invited".
    of : str or sequence of str
        Events after which it counts, such as "order_placed".
    confidence : float, default 0.95

    Returns
    -------
    DataFrame
        Of `n` people with an event of `of`, `n_referred` had one of `did` at or after the
        first, before the log ended: the share seen so far, with Wilson's limits. Fewer than 5
        people have counts, no rate.

    Raises
    ------
    EngineError
        If an event is in both.
    """
    done = [did] if isinstance(did, str) else list(did)
    after = [of] if isinstance(of, str) else list(of)
    both = sorted({*done} & {*after})
    if both:
        raise EngineError(
            "referral", f"{quoted(both)} is in `did` and in `of`: it would follow itself.",
            "`of` makes a customer, `did` is how customers tell others.",
        )  # fmt: skip
    rows: list[dict[str, Any]] = []
    with open_log(events, journey or Journey(()), segments=segments, ties=ties) as log:
        if log.end() is not None:
            events_of = log.events.filter(log.events.event.isin([*done, *after]))
            people = events_of.group_by("participant_id").agg(
                first=events_of.moment.min(where=events_of.event.isin(after)),
                last=events_of.moment.max(where=events_of.event.isin(done)),
            )
            people = people.filter(people["first"].notnull())
            referred = (people["last"] >= people["first"]).fill_null(False)
            flags = {"n": people["first"].notnull(), "n_referred": referred}
            for place, found in _count(log, people, flags):
                rows.append(place | found | _rate(found["n_referred"], found["n"], confidence))
    return pd.DataFrame(rows, columns=REFERRAL_COLUMNS)


def gather_people(log: EventLog) -> ir.Table:
    """Return everybody of a log, gathered once: when they were first and last seen.

    Parameters
    ----------
    log : EventLog

    Returns
    -------
    ibis Table
        `participant_id`, `first` and `last` (moments), and a column of text per audience
        segment, "" where it is not known.
    """
    if ("people",) not in log.kept:
        moment = log.events.moment
        people = log.events.group_by("participant_id").agg(first=moment.min(), last=moment.max())
        log.kept["people",] = log.engine.keep(log.with_segments(people))
    return log.kept["people",]


def _period_of(moment: Any, log: EventLog, period: str) -> Any:
    """Return the number of a moment's period, by whole days: no time zone has a say in it."""
    import ibis

    seconds = log.since_1970_s(moment)
    days = ((seconds - seconds % _DAY_S) / _DAY_S).cast("int64")
    if period == "day":
        return days
    if period == "week":
        since = days + _SINCE_MONDAY
        return ((since - since % 7) / 7).cast("int64")
    date = ibis.date("1970-01-01") + days.as_interval("D")
    return (date.year() * 12 + date.month() - 1).cast("int64")


def _number_of(seconds: int, period: str) -> int:
    """Return the number of the period of a time in seconds since 1970, as `_period_of`."""
    days = seconds // _DAY_S
    if period == "month":
        date = pd.Timestamp(days, unit="D")
        return int(date.year * 12 + date.month - 1)
    return days if period == "day" else (days + _SINCE_MONDAY) // 7


def _start_of(number: int, period: str) -> str:
    """Return the first day of a period, as an ISO date."""
    if period == "month":
        return f"{number // 12:04}-{number % 12 + 1:02}-01"
    days = number if period == "day" else number * 7 - _SINCE_MONDAY
    return str(pd.Timestamp(days, unit="D").date())


def _activity(log: EventLog, period: str, event: str | None) -> ir.Table:
    """One row per participant and `period` with activity, with the first as `cohort`."""
    events = log.events if event is None else log.events.filter(log.events.event == event)
    events = events.select("participant_id", period=_period_of(events.moment, log, period))
    active = log.engine.keep(events.distinct())
    cohorts = active.group_by("participant_id").agg(cohort=active.period.min())
    joined = active.inner_join(cohorts, "participant_id")
    return log.engine.keep(log.with_segments(joined))


def _cells(log: EventLog, active: ir.Table, segment: str) -> dict[str, pd.DataFrame]:
    """Return `cohort`, `period` and `n` people by value of the segment."""
    keys = [segment] if segment else []
    found = log.engine.run(active.group_by([*keys, "cohort", "period"]).agg(n=active.count()))
    if not segment:
        return {"": found} if len(found) else {}
    return {str(value): rows for value, rows in found.groupby(segment, sort=True) if value != ""}


def _cohorts(cells: pd.DataFrame, last: int, period: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of all cohorts pooled, then those of each; `last` is not observed."""
    cells = cells.assign(number=cells["period"] - cells["cohort"])
    counts = cells.pivot_table("n", "cohort", "number", aggfunc="sum", fill_value=0)
    counts = counts.reindex(columns=range(last - int(counts.index.min()) + 1), fill_value=0)
    for number in counts.columns:
        seen = counts[counts.index + number < last]
        n_observed, n_active = int(seen[0].sum()), int(seen[number].sum())
        yield _cell("", number, int(counts[0].sum()), n_observed, n_active)
    for cohort, active in counts.iterrows():
        for number in range(last - int(str(cohort)) + 1):
            observed = int(str(cohort)) + number < last
            n_cohort = int(active[0])
            yield _cell(
                _start_of(int(str(cohort)), period),
                number, n_cohort, n_cohort if observed else 0, int(active[number]),
            )  # fmt: skip


def _cell(
    cohort: str, number: int, n_cohort: int, n_observed: int, n_active: int
) -> dict[str, Any]:
    return {
        "cohort": cohort,
        "period_number": number,
        "n_cohort": n_cohort,
        "n_observed": n_observed,
        "n_active": n_active if n_observed else float("nan"),
    }


def _active_rate(row: dict[str, Any], confidence: float) -> dict[str, float]:
    n = row["n_observed"]
    return _rate(int(row["n_active"]) if n else 0, n, confidence)


def _waiting_for_second(log: EventLog, event: str, end: int) -> ir.Table:
    """One row per person who did it: `seconds` to the second time, or to the end."""
    events = log.events.filter(log.events.event == event)
    instants = without_turn(events.moment, log.ticks_per_us)
    people = events.group_by("participant_id").agg(moments=instants.collect())
    people = people.mutate(first=people.moments.mins())
    last = without_turn(end, log.ticks_per_us)
    second = people.moments.filter(lambda moment: moment > people["first"]).mins()
    people = people.mutate(second=second)
    return log.with_segments(
        people.select(
            "participant_id",
            seconds=(people.second.fill_null(last) - people["first"]) / log.ticks_per_s,
            observed=people.second.notnull(),
        ),
    )


def _repeated(durations: pd.DataFrame, unit_s: int, confidence: float) -> dict[str, Any]:
    people = durations["n_people"]
    n, n_repeated = int(people.sum()), int(people[durations["observed"]].sum())
    row: dict[str, Any] = {"n": n, "n_repeated": n_repeated}
    row |= _rate(n_repeated, n, confidence)
    if n < MIN_SEGMENT:
        return row
    half = estimate_survival(
        durations["units"].to_numpy(dtype=float) * unit_s,
        durations["observed"].to_numpy(dtype=bool),
        weights=people.to_numpy(),
        confidence=confidence,
    ).median
    return row | {"median_s": half.value, "median_low_s": half.low, "median_high_s": half.high}


def _count(
    log: EventLog, people: ir.Table, flags: dict[str, Any]
) -> Iterator[tuple[dict[str, str], dict[str, int]]]:
    """Count people by conditions, for everybody and for each audience segment."""
    marked = people.select("participant_id", **{n: f.cast("int64") for n, f in flags.items()})
    marked = log.engine.keep(log.with_segments(marked)) if log.segments else marked
    for segment in ("", *log.segments):
        grouped = marked.group_by(segment) if segment else marked
        found = log.engine.run(
            grouped.aggregate(**{name: marked[name].sum().fill_null(0) for name in flags})
        )
        found = found.sort_values(segment) if segment else found
        for row in found.to_dict("records"):
            value = str(row[segment]) if segment else ""
            if bool(value) == bool(segment):
                place = {"segment": segment, "segment_value": value}
                yield place, {name: int(row[name]) for name in flags}


def _rate(count: int, n: int, confidence: float) -> dict[str, float]:
    known = (count, n) if n >= MIN_SEGMENT else (0, 0)
    rate: Interval = estimate_proportion(*known, confidence=confidence)
    return {"rate": rate.value, "low": rate.low, "high": rate.high}
