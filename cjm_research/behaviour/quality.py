"""What is odd about a log: said before its numbers are believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cjm_research.behaviour.log import open_log
from cjm_research.journey import Journey

if TYPE_CHECKING:
    from cjm_research.behaviour.log import EventLog, Events

LOG_COLUMNS = ["check", "n", "n_of", "unit", "words"]
MANY_EVENTS = 1_000
"""Events of one participant from which on it may be a machine."""
_YEAR_2000_US = 946_684_800_000_000


def describe_log(
    events: Events, journey: Journey | None = None, *, now: pd.Timestamp | str = ""
) -> pd.DataFrame:
    """Describe what a log holds, and what in it is odd.

    Parameters
    ----------
    events, journey
        As for `estimate_drop_off`.
    now : Timestamp or str, optional
        Events after it are called future; the clock's time by default.

    Returns
    -------
    DataFrame
        `check`, `n`, `n_of`, `unit` ("events", "participants" or "stages") and `words` that say
        what the measures do about it. Nothing is repaired, and nothing is left out in silence.
    """
    moment = pd.Timestamp.now(tz="UTC").tz_localize(None) if now == "" else pd.Timestamp(now)
    if moment.tzinfo is not None:
        moment = moment.tz_convert(None)
    with open_log(events, journey) as log:
        now_us = (moment - pd.Timestamp(0)) // pd.Timedelta(microseconds=1) - log.origin_us
        rows = _events(log, now_us * log.ticks_per_us) + _participants(log) + _stages(log)
    return pd.DataFrame(rows, columns=LOG_COLUMNS)


def find_span(log: EventLog) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and the last moment of a log, in UTC; None where it has no times."""
    (found,) = log.engine.run(
        log.raw.aggregate(first=log.raw.moment.min(), last=log.raw.moment.max())
    ).to_dict("records")
    if pd.isna(found["first"]) or pd.isna(found["last"]):
        return None
    first, last = (
        pd.Timestamp(int(moment) // log.ticks_per_us + log.origin_us, unit="us", tz="UTC")
        for moment in (found["first"], found["last"])
    )
    return first, last


def _events(log: Any, now: int) -> list[tuple[str, int, int, str, str]]:
    raw, early = log.raw, (_YEAR_2000_US - log.origin_us) * log.ticks_per_us
    found = log.engine.run(
        raw.aggregate(
            n=raw.count(),
            nobody=(raw.participant_id == "").sum(),
            never=((raw.participant_id != "") & raw.moment.isnull()).sum(),
            nowhere=(raw.stage == "").sum(),
            alone=(raw.session_id == "").sum(),
            future=(raw.moment > now).sum(),
            ancient=(raw.moment < early).sum(),
        )
    )
    number = _whole(found)
    n = number["n"]
    return [
        ("in the log", n, n, "events", "everything"),
        ("without a participant", number["nobody"], n, "events", "left out: nobody did them"),
        ("without a time", number["never"], n, "events", "left out: they have no place in order"),
        ("in no stage of the journey", number["nowhere"], n, "events",
         "in no funnel; seen in paths by event"),
        ("without a session", number["alone"], n, "events", "in no measure of visits"),
        ("in the future", number["future"], n, "events",
         "counted as they stand; `until` leaves them out"),
        ("before the year 2000", number["ancient"], n, "events",
         "counted as they stand; a clock that was never set looks like this"),
    ]  # fmt: skip


def _participants(log: Any) -> list[tuple[str, int, int, str, str]]:
    kept = log.histories(by="event")
    histories, codes = kept.table, kept.codes
    size = histories.history.length()
    # Rows of one instant are moments of their own where their order breaks ties.
    events = histories.history.map(lambda key: codes.time(key) + codes.code(key))
    distinct = events.unique().length()
    found = log.engine.run(
        histories.aggregate(
            n=histories.count(),
            n_events=size.sum(),
            once=(size == 1).sum(),
            many=(size >= MANY_EVENTS).sum(),
            of_many=size.sum(where=size >= MANY_EVENTS),
            repeats=(size - distinct).sum(),
        )
    )
    number = _whole(found)
    n, n_events = number["n"], number["n_events"]
    return [
        ("with an id and a time", n, n, "participants", "who can be followed"),
        ("with one event only", number["once"], n, "participants",
         "no path and no time can be read from one event"),
        (f"with {MANY_EVENTS:,} events or more", number["many"], n, "participants",
         "perhaps machines; counted as people"),
        ("of such participants", number["of_many"], n_events, "events", "see the line above"),
        ("repeated: same participant, event and time", number["repeats"], n_events, "events",
         "change no count of people; transitions count each"),
    ]  # fmt: skip


def _whole(found: pd.DataFrame) -> dict[str, int]:
    """Return the one row as numbers; the sum of nothing is 0."""
    return {name: 0 if pd.isna(value) else int(value) for name, value in found.iloc[0].items()}


def _stages(log: Any) -> list[tuple[str, int, int, str, str]]:
    profile = log.profile()
    seen = set(profile["stage"])
    empty = [stage.name for stage in log.journey if stage.id not in seen]
    words = f"{', '.join(empty)}: a stage without events has no rate" if empty else ""
    named = log.journey.event_names
    never = [name for name in named if name not in set(profile["event"])]
    missing = f"{', '.join(never)}: nobody can be counted by them" if never else ""
    return [
        ("without any event", len(empty), len(log.journey), "stages", words),
        ("of the journey that never occur", len(never), len(named), "names of events", missing),
    ]
