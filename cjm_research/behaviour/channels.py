"""Which channels people use, and what touchpoints go with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

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
from cjm_research.behaviour.log import EventLog, Histories, Ties, open_log
from cjm_research.errors import EngineError, UnknownNameError
from cjm_research.journey import Journey
from cjm_research.statistics import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
    estimate_proportion,
    estimate_risk_ratio,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

ENTRY_COLUMNS = ("channel", "device", "event")
SWITCH_COLUMNS = ["from_channel", "to_channel", "n_switches", "n_participants"]
CHANNEL_COLUMNS = [
    "n_channels", "channels", "n_participants", "share", "share_low", "share_high",
    "n_entered", "n_completed", "completed_rate", "completed_low", "completed_high",
]  # fmt: skip
ENTRY_DROP_COLUMNS = [
    "stage", "column", "value", "n_entered", "n_continued", "n_elsewhere", "n_open", "n_dropped",
    "n_followed", "drop_off_rate", "drop_off_low", "drop_off_high",
]  # fmt: skip
LIFT_COLUMNS = [
    "stage", "event", "n_with", "n_without", "n_with_on", "n_without_on", "rate_with",
    "rate_without", "difference", "low", "high", "ratio", "ratio_low", "ratio_high",
    "p", "p_adjusted", "n_compared", "words",
]  # fmt: skip
ASSOCIATION = "association, not cause"
MOST_CHANNELS = 62
"""Channels whose sets fit into one integer."""


def count_channel_switches(
    events: Events, journey: Journey | None = None, *, ties: Ties = "journey"
) -> pd.DataFrame:
    """Count how often people go from one channel to another.

    Parameters
    ----------
    events, journey, ties
        As for `estimate_drop_off`. Events without a channel are passed over; those of one
        instant count in the order of the channels' names.

    Returns
    -------
    DataFrame
        One row per pair of different channels that follow each other in somebody's history:
        `n_switches` in all, by `n_participants` people. Most frequent first.
    """
    with open_log(events, journey, ties=ties) as log:
        histories = _channel_histories(log)
        if histories is None:
            return pd.DataFrame(columns=SWITCH_COLUMNS)
        size = histories.codes.size
        pairs = _switches(histories)
        found = log.engine.run(
            pairs.group_by("pair").agg(
                n_switches=pairs.count(), n_participants=pairs.participant_id.nunique()
            )
        )
    names = histories.codes.names
    found = found.assign(
        from_channel=[names[int(pair) // size] for pair in found["pair"]],
        to_channel=[names[int(pair) % size] for pair in found["pair"]],
    )
    order = ["n_switches", "from_channel", "to_channel"]
    return found.sort_values(order, ascending=[False, True, True], ignore_index=True)[
        SWITCH_COLUMNS
    ]


def summarize_channels(
    events: Events,
    journey: Journey | None = None,
    *,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Summarize how many channels people use, which together, and who comes through.

    Parameters
    ----------
    events, journey, ties
        As for `estimate_drop_off`.
    rule : FunnelRule, optional
        What counts as coming through; participants are counted by their furthest visit.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        One row per number of channels (`channels` is ""), followed by one per set of that many
        (names joined by " + "). `share` is of all participants with any channel. Of the
        `n_entered` of them in the funnel, `n_completed` came through its last stage (completed
        it, where something completes it); fewer than 5 people have no rate. Whoever stays
        longer has more chances to use another channel: association, not cause.

    Raises
    ------
    EngineError
        If the events have more than 62 channels.
    """
    with open_log(events, journey, ties=ties) as log:
        histories = _channel_histories(log)
        if histories is None:
            return pd.DataFrame(columns=CHANNEL_COLUMNS)
        found = _channel_sets(log, histories, rule)
    names = histories.codes.names
    found["sets"] = [
        tuple(name for place, name in enumerate(names) if int(bits) >> place & 1)
        for bits in found["bits"]
    ]
    found["n_channels"] = found["sets"].map(len)
    total = int(found["n_participants"].sum())
    counts = ["n_participants", "n_entered", "n_completed"]
    rows: list[dict[str, Any]] = []
    for number, group in found.groupby("n_channels", sort=True):
        of_number = {name: int(group[name].sum()) for name in counts}
        rows.append(_channel_row(int(str(number)), "", of_number, total, confidence))
        group = group.sort_values(["n_participants", "sets"], ascending=[False, True])
        rows += [
            _channel_row(int(str(number)), " + ".join(row["sets"]), row, total, confidence)
            for row in group.to_dict("records")
        ]
    return pd.DataFrame(rows, columns=CHANNEL_COLUMNS)


def estimate_drop_off_by_entry(
    events: Events,
    journey: Journey | None = None,
    *,
    column: Literal["channel", "device", "event"] = "channel",
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the drop-off of each stage by how people came into it.

    Parameters
    ----------
    events, journey, rule, ties
        As for `estimate_drop_off`; participants are counted by their furthest visit.
    column : {"channel", "device", "event"}
        What is told of the event by which somebody entered the stage. Of several events of the
        stage at that instant, the first value by name counts.
    confidence : float, default 0.95
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        One row per stage and value ("" where it is not known), most people first; columns as
        in table `funnel`. Fewer than 5 people have counts, no rate, and so has a last stage
        that nothing completes. The rows of a stage add up to its row of the funnel.

    Raises
    ------
    UnknownNameError
        If the column is not one of the three.
    """
    if column not in ENTRY_COLUMNS:
        raise UnknownNameError("column of entry", column, ENTRY_COLUMNS)
    with open_log(events, journey, ties=ties) as log:
        reached = reach_stages(log, "funnel_drop_off", count_people(rule))
        rows: list[dict[str, Any]] = []
        if reached is not None:
            found = log.engine.run(_entries(reached, column))
            found = found.sort_values(["place", "entered", "value"], ascending=[True, False, True])
            rows = [
                _entry_row(reached, column, row, confidence) for row in found.to_dict("records")
            ]
        frame = pd.DataFrame(rows, columns=ENTRY_DROP_COLUMNS)
        return frame.assign(stage=log.journey.order(frame["stage"]))


def estimate_touchpoint_lift(
    events: Events,
    journey: Journey | None = None,
    *,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare who did something in a stage with who did not: how many went on.

    Parameters
    ----------
    events, journey, ties
        As for `estimate_drop_off`.
    rule : FunnelRule, optional
        What counts as going on; participants are counted by their furthest visit.
    confidence : float, default 0.95
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row per stage and event of the stage. Of the people who entered the stage (and were
        followed for the rule's patience), `n_with` did the event between entering and going on
        (or, if they did not go on, ever after), `n_without` did not; `n_with_on` and
        `n_without_on` of them went on, at the last stage: completed it. `difference` is with
        Newcombe's limits, `ratio` with Koopman's, `p_adjusted` by Benjamini and Hochberg over
        the `n_compared` rows with at least 5 people on both sides; others have counts only.
        Events that complete the last stage have no row: whoever did them went on by definition.
        No rows where stages count in any order, as there is no time between two of them.

        As `words` say, this is no effect of the event. Who wanted to go on anyway may do more
        on the way, and who does not go on stays longer in the stage, and has more time to meet
        everything in it, which makes events look worse than they are. An experiment can tell:
        see `compare_arms`.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890; Koopman (1984), Biometrics 40, 513-517.
    """
    with open_log(events, journey, ties=ties) as log:
        rule = count_people(rule)
        in_order = rule.order == "strict"
        reached = reach_stages(log, "funnel_drop_off", rule) if in_order else None
        rows: list[dict[str, Any]] = []
        if reached is not None:
            joined = _with_events(reached)
            for place, stage in enumerate(reached.stages):
                if place + 1 < len(reached.stages) or stage.completed_by:
                    rows += [
                        {"stage": stage.id} | _lift(row, confidence)
                        for row in _counts_of_events(reached, joined, place)
                    ]
        frame = pd.DataFrame(rows, columns=LIFT_COLUMNS)
        return frame.assign(
            stage=log.journey.order(frame["stage"]),
            p_adjusted=adjust_p_values(frame["p"].to_numpy(dtype=float)),
            n_compared=int(frame["p"].notna().sum()),
            words=pd.Series(ASSOCIATION, index=frame.index, dtype="object"),
        )


def _channel_histories(log: EventLog) -> Histories | None:
    """Return the histories by channel, or None where nobody used one."""
    if log.end() is None:
        return None
    histories = log.histories(by="channel")
    n_channels = len(histories.codes.names)
    if n_channels > MOST_CHANNELS:
        raise EngineError(
            "column 'channel'",
            f"it has {n_channels} different values.",
            f"a channel is a way to meet people (app, shop, phone): give at most {MOST_CHANNELS}.",
        )
    return histories if n_channels else None


def _switches(histories: Histories) -> ir.Table:
    """One row per switch: `participant_id` and `pair`, of the position before and after."""
    import ibis

    table, codes = histories.table, histories.codes
    channels = table.select(
        "participant_id", channel=table.history.map(lambda key: codes.position(key))
    )
    channel = channels.channel
    pairs = ibis.range(1, channel.length()).map(
        lambda turn: channel[turn - 1] * codes.size + channel[turn]
    )
    # A pair of a channel with itself has the same number in both of its digits.
    switched = pairs.filter(lambda pair: pair % (codes.size + 1) != 0)
    return channels.select("participant_id", pair=switched).unnest("pair")


def _channel_sets(log: EventLog, histories: Histories, rule: FunnelRule | None) -> pd.DataFrame:
    """Return `bits` (one per channel of the set), and how many people are in the funnel."""
    import ibis

    table, codes = histories.table, histories.codes
    weights = [(place, ibis.literal(1 << place, "int64")) for place in range(len(codes.names))]
    used = table.history.map(lambda key: codes.position(key)).unique()
    people = table.select(
        "participant_id", bits=used.map(lambda place: place.cases(*weights, else_=0)).sums()
    )
    reached = reach_stages(log, "funnel_drop_off", count_people(rule))
    if reached is None:
        people = people.mutate(entered=False, completed=False)
    else:
        last = len(reached.stages) - 1
        through = reached.table[
            "done" if reached.stages[last].completed_by else f"t{last}"
        ].notnull()
        funnel = reached.table.select("participant_id", entered=True, completed=through)
        people = people.left_join(funnel, "participant_id").drop("participant_id_right")
    entered, completed = (people[name].fill_null(False) for name in ("entered", "completed"))
    return log.engine.run(
        people.group_by("bits").agg(
            n_participants=people.count(), n_entered=entered.sum(), n_completed=completed.sum()
        )
    )


def _channel_row(
    n_channels: int, channels: str, counts: Mapping[Any, Any], total: int, confidence: float
) -> dict[str, Any]:
    n, entered, completed = (
        int(counts[name]) for name in ("n_participants", "n_entered", "n_completed")
    )
    share = estimate_proportion(n, total, confidence=confidence)
    known = (completed, entered) if entered >= MIN_SEGMENT else (0, 0)
    rate = estimate_proportion(*known, confidence=confidence)
    return {
        "n_channels": n_channels,
        "channels": channels,
        "n_participants": n,
        "share": share.value,
        "share_low": share.low,
        "share_high": share.high,
        "n_entered": entered,
        "n_completed": completed,
        "completed_rate": rate.value,
        "completed_low": rate.low,
        "completed_high": rate.high,
    }


def _entries(reached: Reached, column: str) -> ir.Table:
    """Count what became of people by `place` of the stage and `value` at the entry."""
    import ibis

    log, codes = reached.log, reached.codes
    table = mark_recent(reached)
    entries = ibis.union(
        *(
            table.filter(table[f"t{place}"].notnull()).select(
                "participant_id",
                place=ibis.literal(place, "int64"),
                stage=ibis.literal(stage.id),
                instant=codes.instant(table[f"t{place}"]),
                **{n: f.cast("int64") for n, f in describe_ends(reached, table, place).items()},
            )
            for place, stage in enumerate(reached.stages)
        )
    )
    names = [name for name in entries.columns if name not in ("participant_id", "stage", "instant")]
    events = log.events.filter(log.events.stage.isin([stage.id for stage in reached.stages]))
    events = events.select(
        "participant_id", "stage", instant=events.moment * codes.size, value=events[column]
    )
    met = entries.inner_join(events, ["participant_id", "stage", "instant"])
    people = met.group_by(["participant_id", *names]).agg(
        value=met.value.min(where=met.value != "")
    )
    people = people.mutate(value=people.value.fill_null(""))
    return people.group_by(["place", "value"]).agg(
        **{name: people[name].sum() for name in names if name != "place"}
    )


def _entry_row(
    reached: Reached, column: str, found: Mapping[Any, Any], confidence: float
) -> dict[str, Any]:
    stage = reached.stages[int(found["place"])]
    open_end = stage is reached.stages[-1] and not stage.completed_by
    followed, dropped = int(found["followed"]), int(found["dropped"])
    known = (dropped, followed) if followed >= MIN_SEGMENT and not open_end else (0, 0)
    rate = estimate_proportion(*known, confidence=confidence)
    ending = {
        f"n_{name}": float("nan") if open_end else float(found[name])
        for name in ("continued", "open", "dropped")
    }
    return ending | {
        "stage": stage.id,
        "column": column,
        "value": found["value"],
        "n_entered": int(found["entered"]),
        "n_elsewhere": int(found["elsewhere"]),
        "n_followed": followed,
        "drop_off_rate": rate.value,
        "drop_off_low": rate.low,
        "drop_off_high": rate.high,
    }


def _with_events(reached: Reached) -> ir.Table:
    """Add each participant's history by event to how far they came."""
    table, histories = mark_recent(reached), reached.log.histories(by="event")
    joined = table.join(histories.table.select("participant_id", "history"), "participant_id")
    return reached.log.engine.keep(joined)


def _counts_of_events(reached: Reached, joined: ir.Table, place: int) -> list[dict[str, Any]]:
    """Return, for each event of a stage, who did it there, and who went on."""
    log, codes = reached.log, reached.log.histories(by="event").codes
    flags = describe_ends(reached, joined, place)
    last = place == len(reached.stages) - 1
    until = _moment_of(joined["done" if last else f"t{place + 1}"], reached.codes.size)
    people = joined.filter(flags["followed"]).select(
        "participant_id",
        "history",
        since=_moment_of(joined[f"t{place}"], reached.codes.size),
        until=until,
        on=flags["continued"].cast("int64"),
    )
    stage = reached.stages[place]
    mine = {
        position: event
        for position, (at, event) in enumerate(log.steps())
        if at == stage.id and not (last and event in stage.completed_by)
    }
    total = log.engine.run(people.aggregate(n=people.count(), on=people.on.sum().fill_null(0)))
    met = people.history.filter(
        lambda key: codes.position(key).isin(list(mine))
        & (_moment_of(key, codes.size) >= people.since)
        & (people.until.isnull() | (_moment_of(key, codes.size) <= people.until))
    )  # fmt: skip
    done = people.select("on", position=met.map(lambda key: codes.position(key)).unique())
    done = done.unnest("position")
    found = log.engine.run(done.group_by("position").agg(n=done.count(), on=done.on.sum()))
    counted = {int(row["position"]): row for row in found.to_dict("records")}
    n, n_on = int(total["n"].iloc[0]), int(total["on"].iloc[0])
    rows = []
    for position, event in mine.items():
        row = counted.get(position, {"n": 0, "on": 0})
        rows.append(
            {
                "event": event,
                "n_with": int(row["n"]),
                "n_without": n - int(row["n"]),
                "n_with_on": int(row["on"]),
                "n_without_on": n_on - int(row["on"]),
            }
        )
    return sorted(rows, key=lambda row: (-row["n_with"], row["event"]))


def _moment_of(key: Any, size: int) -> Any:
    """Return the moment of a key: a shift, as `size` is a power of two and division inexact."""
    return key >> (size.bit_length() - 1)


def _lift(counts: dict[str, Any], confidence: float) -> dict[str, Any]:
    numbers = (
        counts["n_with_on"], counts["n_with"], counts["n_without_on"], counts["n_without"]
    )  # fmt: skip
    if min(counts["n_with"], counts["n_without"]) < MIN_SEGMENT:
        numbers = (0, 0, 0, 0)
    gap = estimate_difference(*numbers, confidence=confidence)
    ratio = estimate_risk_ratio(*numbers, confidence=confidence)
    return counts | {
        "rate_with": estimate_proportion(*numbers[:2]).value,
        "rate_without": estimate_proportion(*numbers[2:]).value,
        "difference": gap.value,
        "low": gap.low,
        "high": gap.high,
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "p": compare_proportions(*numbers),
    }
