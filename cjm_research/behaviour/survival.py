"""How long until people go on, when some are still on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cjm_research.behaviour.funnel import MIN_SEGMENT, FunnelRule, Reached, reach_stages
from cjm_research.behaviour.log import EventLog, Ties, open_log, seconds_of, without_turn
from cjm_research.journey import Journey
from cjm_research.statistics import (
    Survival,
    adjust_p_values,
    compare_survival,
    estimate_survival,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

CURVE_COLUMNS = [
    "stage", "next_stage", "segment", "segment_value", "time_s", "still_there", "low", "high",
    "n_at_risk",
]  # fmt: skip
WAITING_COLUMNS = [
    "stage", "next_stage", "segment", "segment_value", "n", "n_gone_on", "n_censored",
    "median_s", "median_low_s", "median_high_s",
    "horizon_s", "still_there", "still_there_low", "still_there_high", "unit_s", "p", "p_adjusted",
]  # fmt: skip
MOST_POINTS = 200
"""Points of a curve; more are no longer seen in a figure."""
MOST_DURATIONS = 20_000
"""Different durations that come back from the engine."""
UNITS_S = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 86400)


def estimate_time_to_next(
    events: Events,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
    observed_until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Estimate, by time since entering a stage, the share who have not entered the next.

    Who has not gone on is no drop-off yet: they were watched until the end of the log, until
    they went on elsewhere, or until the rule's window closed, and are in the curve that long
    (Kaplan and Meier). That somebody stopped being watched must say nothing about when they
    would go on: where many go on elsewhere, read the curve as "if there were no other way".

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_drop_off`.
    rule : FunnelRule, optional
        Stages in any order, or within a visit, have no such times: the frame is empty.
    confidence : float, default 0.95
        Level of the limits at each time by itself.
    observed_until : Timestamp, optional
        When watching ended, in UTC unless it names its zone; the end of the log by default.

    Returns
    -------
    DataFrame
        One row per stage, audience segment and step of the curve: `still_there` is the share
        that has not gone on `time_s` seconds after entering the stage, of whom `n_at_risk`
        were still watched just before; limits by the log-log form of Greenwood's variance.

        Times are whole seconds, or whole units of `UNITS_S` where more than 20,000 people
        would bring more than 20,000 durations (`summarize_time_to_next` says which). A curve
        of more than 200 steps is thinned to 200. Fewer than 5 people have no curve.

    References
    ----------
    Kaplan and Meier (1958), JASA 53, 457-481.
    """
    rows: list[dict[str, Any]] = []
    with open_log(events, journey, segments=segments, ties=ties) as log:
        for waiting in _waiting(log, rule, observed_until):
            if waiting.n >= MIN_SEGMENT:
                rows += _steps(waiting, waiting.survival(confidence))
        curve = pd.DataFrame(rows, columns=CURVE_COLUMNS)
        return curve.assign(stage=log.journey.order(curve["stage"]))


def summarize_time_to_next(
    events: Events,
    journey: Journey | None = None,
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    rule: FunnelRule | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
    observed_until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Summarize the curves of `estimate_time_to_next`, and compare audience segments.

    Parameters
    ----------
    events, journey, segments, rule, ties, confidence, observed_until
        As for `estimate_time_to_next`.

    Returns
    -------
    DataFrame
        One row per stage and audience segment. Of `n` people who entered, `n_gone_on` were
        seen to go on and `n_censored` were not. `median_s` is the time by which half have gone
        on, missing where the curve does not come down so far (so are its limits). `horizon_s`
        is the longest time with at least 5 people watched, and `still_there` the share that
        had not gone on then. `unit_s` is the unit of the times.

        `p` is the log-rank test over the values of the segment (the same in their rows),
        `p_adjusted` by Benjamini and Hochberg over all stages and segments. Fewer than 5
        people have counts only, and are in no test.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163-170.
    """
    with open_log(events, journey, segments=segments, ties=ties) as log:
        found = list(_waiting(log, rule, observed_until))
        rows = [_summary(waiting, confidence) for waiting in found]
        summary = pd.DataFrame(rows, columns=WAITING_COLUMNS)
        tests = _tests(found)
        places = pd.MultiIndex.from_frame(summary[["stage", "segment"]])
        return summary.assign(
            stage=log.journey.order(summary["stage"]),
            p=[tests.get(place, (np.nan, np.nan))[0] for place in places],
            p_adjusted=[tests.get(place, (np.nan, np.nan))[1] for place in places],
        )


@dataclass(frozen=True)
class Waiting:
    """People of one stage and audience segment, by how long they were watched.

    Attributes
    ----------
    place : mapping of str to str
        `stage`, `next_stage`, `segment`, `segment_value`.
    durations : DataFrame
        `units`, `observed` (gone on at its end) and `n_people`; the unit is `unit_s` seconds.
    unit_s : int
    """

    place: Mapping[str, str]
    durations: pd.DataFrame
    unit_s: int

    @property
    def n(self) -> int:
        """People who entered."""
        return int(self.durations["n_people"].sum())

    @property
    def n_gone_on(self) -> int:
        """People who were seen to go on."""
        return int(self.durations.loc[self.durations["observed"], "n_people"].sum())

    def arrays(self) -> tuple[Any, Any, Any]:
        """Return durations in seconds, whether they were seen to go on, and people."""
        table = self.durations
        return (
            table["units"].to_numpy(dtype=float) * self.unit_s,
            table["observed"].to_numpy(dtype=bool),
            table["n_people"].to_numpy(dtype=np.int64),
        )

    def survival(self, confidence: float) -> Survival:
        """Return the curve by Kaplan and Meier."""
        times, observed, people = self.arrays()
        return estimate_survival(times, observed, weights=people, confidence=confidence)


def choose_unit(longest_s: float, n: int) -> int:
    """Return the unit of durations in seconds: 1, unless there would be too many of them."""
    if n <= MOST_DURATIONS:
        return UNITS_S[0]
    fitting = (unit for unit in UNITS_S if longest_s / unit <= MOST_DURATIONS)
    return next(fitting, UNITS_S[-1])


def count_durations(
    log: EventLog, table: ir.Table, segment: str, unit_s: int
) -> dict[str, pd.DataFrame]:
    """Count people by how long they were watched, for each value of a segment.

    Parameters
    ----------
    log : EventLog
    table : ibis Table
        One row per person: `seconds` watched (null: not in it), `observed` at its end, and the
        segment's column.
    segment : str
        "" for everybody, under the value "".
    unit_s : int
        Durations are cut to whole units.
    """
    keys = [*([segment] if segment else []), "units", "observed"]
    cut = table.filter(table.seconds.notnull()).mutate(
        units=(table.seconds / unit_s).floor().cast("int64")
    )
    found = log.engine.run(cut.group_by(keys).agg(n_people=cut.count()))
    found = found.sort_values(["units", "observed"], ignore_index=True)
    if not segment:
        return {"": found}
    return {str(value): rows for value, rows in found.groupby(segment, sort=True) if value != ""}


def _waiting(
    log: EventLog, rule: FunnelRule | None, observed_until: pd.Timestamp | str | None
) -> list[Waiting]:
    """Return everybody by stage and segment, as one small table each."""
    rule = rule or FunnelRule()
    # In any order, or within a visit that has ended, nobody waits for the next stage.
    if rule.order == "any" or rule.scope == "session":
        return []
    reached = reach_stages(log, "funnel_drop_off", rule)
    end = log.end()
    if observed_until is not None:
        end = log.moment_of(observed_until)
    if reached is None or end is None:
        return []
    unit_s = _unit(reached, end)
    found = []
    for place in range(len(reached.stages) - 1):
        watched = _watched(reached, place, end)
        for segment in ("", *log.segments):
            found += [
                Waiting(
                    {
                        "stage": reached.stages[place].id,
                        "next_stage": reached.stages[place + 1].id,
                        "segment": segment,
                        "segment_value": value,
                    },
                    durations,
                    unit_s,
                )
                for value, durations in count_durations(log, watched, segment, unit_s).items()
                if len(durations)
            ]
    return found


def _watched(reached: Reached, place: int, end: int) -> ir.Table:
    """Add for how long each participant was watched in a stage, and whether they went on."""
    import ibis

    table, codes = reached.table, reached.codes
    end = without_turn(end, codes.turns)
    first, after = end * codes.size, (end + codes.turns) * codes.size
    entered = table[f"t{place}"]
    left_at = table[f"t{place + 1}"]
    table = table.filter(entered < after)
    # Nobody is known to go on elsewhere but from the stage they came to last.
    other_way = ((table.depth == place) & (table.elsewhere < after)).ifelse(
        table.elsewhere, ibis.null("int64")
    )
    limits = [ibis.literal(first), other_way.fill_null(first)]
    if reached.rule.window:
        ticks = round(seconds_of(reached.rule.window, "window") * codes.ticks_per_s)
        start = ibis.coalesce(*(table[f"t{p}"] for p in range(len(reached.stages))))
        limits.append(codes.time(start) + ticks * codes.size)
    observed = (left_at < after).fill_null(False)
    until = observed.ifelse(left_at, ibis.least(*limits))
    return table.select(
        *reached.log.carried, seconds=codes.seconds(until, entered), observed=observed
    )


def _unit(reached: Reached, end: int) -> int:
    table = reached.table
    entered = [table[f"t{place}"].min() for place in range(len(reached.stages))]
    span = reached.log.engine.run(
        table.aggregate(n=table.count(), **{f"t{p}": each for p, each in enumerate(entered)})
    ).iloc[0]
    first = min(int(span[f"t{p}"]) for p in range(len(entered)) if pd.notna(span[f"t{p}"]))
    longest = end / reached.codes.ticks_per_s - first / (
        reached.codes.size * reached.codes.ticks_per_s
    )
    return choose_unit(longest, int(span["n"]))


def _steps(waiting: Waiting, curve: Survival) -> list[dict[str, Any]]:
    shown = np.arange(curve.times.size)
    if shown.size > MOST_POINTS:
        shown = np.unique(np.linspace(0, shown.size - 1, MOST_POINTS).round().astype(int))
    return [
        {
            **waiting.place,
            "time_s": float(curve.times[row]),
            "still_there": float(curve.share[row]),
            "low": float(curve.low[row]),
            "high": float(curve.high[row]),
            "n_at_risk": int(curve.n_at_risk[row]),
        }
        for row in shown
    ]


def _summary(waiting: Waiting, confidence: float) -> dict[str, Any]:
    counts = {
        **waiting.place,
        "n": waiting.n,
        "n_gone_on": waiting.n_gone_on,
        "n_censored": waiting.n - waiting.n_gone_on,
        "unit_s": waiting.unit_s,
    }
    if waiting.n < MIN_SEGMENT:
        return counts
    curve = waiting.survival(confidence)
    horizon = float(curve.times[curve.n_at_risk >= MIN_SEGMENT][-1])
    half, there = curve.median, curve.at(horizon)
    return counts | {
        "median_s": half.value,
        "median_low_s": half.low,
        "median_high_s": half.high,
        "horizon_s": horizon,
        "still_there": there.value,
        "still_there_low": there.low,
        "still_there_high": there.high,
    }


def _tests(found: list[Waiting]) -> dict[tuple[str, str], tuple[float, float]]:
    """Return p and adjusted p of the log-rank test, by stage and segment."""
    groups: dict[tuple[str, str], list[tuple[Any, Any, Any]]] = {}
    for waiting in found:
        if waiting.place["segment"] and waiting.n >= MIN_SEGMENT:
            key = (waiting.place["stage"], waiting.place["segment"])
            groups.setdefault(key, []).append(waiting.arrays())
    p_values = [compare_survival(people).p for people in groups.values()]
    adjusted = adjust_p_values(p_values)
    return {key: (p, float(q)) for key, p, q in zip(groups, p_values, adjusted, strict=True)}
