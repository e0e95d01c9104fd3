"""The funnel once more, slowly: one participant after the other, in plain Python.

Written from the words of `FunnelRule` and `TIES`, to hold the engine's expressions against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    minute: int
    stage: str
    event: str
    session: str
    row: int


def follow(events, journey, rule, ties="journey", *, window=math.inf):
    """Return what became of one participant: a list of `Outcome`, one per unit counted."""
    stages = journey.sequential
    order = [stage.id for stage in journey]
    if rule.scope == "participant":
        groups = [events]
    else:
        names = dict.fromkeys(event.session for event in events if event.session)
        groups = [[event for event in events if event.session == name] for name in names]
    found = []
    for group in groups:
        tries = [_walk(group, stages, order, rule, ties, window, None)]
        if rule.reentry:
            starts = [event for event in group if event.stage == stages[0].id]
            tries = [_walk(group, stages, order, rule, ties, window, start) for start in starts]
        found.append([each for each in tries if each])
    if rule.unit == "session":
        return [min(tries, key=Outcome.rank) for tries in found if tries]
    everything = [each for tries in found for each in tries]
    return [min(everything, key=Outcome.rank)] if everything else []


@dataclass(frozen=True)
class Outcome:
    entries: tuple
    start: int
    depth: int
    done: bool
    elsewhere: bool
    seen_later: bool

    def rank(self):
        return (-self.depth, not self.done, self.entries[self.start].minute)


def _walk(events, stages, order, rule, ties, window, start):
    def place(event):
        return (event.minute, event.row if ties == "row" else 0, order.index(event.stage))

    def after(event, before):
        if ties == "later":
            return event.minute > before.minute
        return place(event) > place(before)

    def not_before(event, before):
        if ties == "row":
            return (event.minute, event.row) >= (before.minute, before.row)
        return event.minute >= before.minute

    def within(event, first):
        return event.minute - first.minute <= window

    staged = sorted((e for e in events if e.stage in order), key=place)
    ids = [stage.id for stage in stages]
    mine = [event for event in staged if event.stage in ids]
    entries = [None] * len(ids)
    if rule.order == "any":
        if not mine:
            return None
        first = mine[0]
        for i, name in enumerate(ids):
            hits = [event for event in mine if event.stage == name and within(event, first)]
            if not hits:
                break
            entries[i] = hits[0]
        if entries[0] is None:
            return None
        begin = 0
        depth = max(i for i, entry in enumerate(entries) if entry)
        left = max((entry for entry in entries if entry), key=place)
    else:
        if rule.entry == "first":
            begin = 0
            starts = [event for event in mine if event.stage == ids[0]]
            first = start or (starts[0] if starts else None)
        else:
            first = mine[0] if mine else None
            begin = ids.index(first.stage) if first else 0
        if first is None:
            return None
        entries[begin] = first
        depth = begin
        for i in range(begin + 1, len(ids)):
            hits = [
                event for event in mine
                if event.stage == ids[i] and after(event, entries[i - 1]) and within(event, first)
            ]  # fmt: skip
            if not hits:
                break
            entries[i], depth = hits[0], i
        left = entries[depth]
    done = depth == len(ids) - 1 and any(
        event.event in stages[-1].completed_by and not_before(event, left) and within(event, first)
        for event in events
    )
    elsewhere = any(
        event.event in stages[depth].completed_elsewhere
        and not_before(event, left)
        and within(event, first)
        for event in events
    )
    seen_later = any(
        event.stage in ids[1:] and after(event, left)
        and order.index(event.stage) > order.index(left.stage)
        for event in staged
    )  # fmt: skip
    return Outcome(tuple(entries), begin, depth, done, elsewhere, seen_later)


def tally(outcomes, journey, *, patience=None, end=0):
    """Return per stage the counts of the table `funnel`."""
    stages = journey.sequential
    rows = []
    for i, stage in enumerate(stages):
        row = dict.fromkeys(
            ("entered", "started", "continued", "elsewhere", "open", "dropped", "seen_later",
             "followed"), 0,
        )  # fmt: skip
        for each in outcomes:
            if each.entries[i] is None:
                continue
            recent = patience is not None and each.entries[i].minute > end - patience
            last = i == len(stages) - 1
            on = each.done if last else each.entries[i + 1] is not None
            row["entered"] += 1
            row["started"] += each.start == i
            row["followed"] += not recent
            row["continued"] += on
            row["elsewhere"] += not on and each.elsewhere
            row["open"] += not on and not each.elsewhere and recent
            dropped = not on and not each.elsewhere and not recent
            row["dropped"] += dropped
            row["seen_later"] += dropped and each.seen_later
        rows.append(row | {"stage": stage.id})
    return rows
