"""Versions compared at a touchpoint: by experiment, or before and after a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cjm_research.behaviour.differences import CANNOT_TELL
from cjm_research.behaviour.funnel import MIN_SEGMENT
from cjm_research.behaviour.log import EventLog, Ties, open_log, seconds_of, without_turn
from cjm_research.behaviour.retention import gather_people
from cjm_research.errors import EngineError, UnknownNameError, quoted
from cjm_research.journey import Journey
from cjm_research.statistics import (
    SampleRatio,
    adjust_p_values,
    always_valid_difference,
    check_sample_ratio,
    compare_proportions,
    estimate_difference,
    estimate_proportion,
    estimate_risk_ratio,
    find_minimum_detectable_effect,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cjm_research.behaviour.log import Events

ARM_COUNTS = ["experiment", "arm", "n", "n_success", "n_open", "n_both"]
ARM_COLUMNS = [
    "experiment", "arm", "control", "outcome", "n", "n_success", "rate", "rate_low", "rate_high",
    "difference", "low", "high", "ratio", "ratio_low", "ratio_high", "p", "p_adjusted",
    "n_compared", "valid_low", "valid_high", "minimum_effect", "planned_n", "looked_early",
    "n_open", "n_both", "sample_ratio_p", "verdict", "reason",
]  # fmt: skip
PERIOD_WORDS = "before and after differ in more than the change; association, not cause"
CHECK = "check its name"
PERIOD_COLUMNS = [
    "stage", "outcome", "at", "within",
    "n_before", "n_success_before", "rate_before", "before_low", "before_high",
    "n_after", "n_success_after", "rate_after", "after_low", "after_high",
    "difference", "low", "high", "p", "n_crossing", "n_open", "verdict", "words",
]  # fmt: skip
UNPLANNED_TUNING = 1000
"""People at which the always-valid interval is narrowest where no number was planned."""


@dataclass(frozen=True)
class Experiment:
    """People who met different versions of something, by chance.

    Attributes
    ----------
    name : str
    control : str
        The arm that the others are compared with.
    outcome : str
        A stage, or an event, that people come to after they met their version.
    arms : mapping of str to sequence of str
        For each arm, the events by which people met it; or give `segment`.
    segment : str
        Audience segment whose values are the arms; people count from their first event.
    within : str
        Time after meeting it in which the outcome counts, such as "7D"; "" for no limit, which
        is fair only where arms filled at the same pace.
    planned_n : int
        People per arm that were planned before the start; 0 where nobody did.
    shares : mapping of str to float
        Planned share of people in each arm, in any unit; equal ones when not given.
    direction : {"more", "less"}
        Which share with the outcome is the better one.

    Raises
    ------
    EngineError
        If arms, control, shares or times cannot be those of an experiment.
    """

    name: str
    control: str
    outcome: str
    arms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    segment: str = ""
    within: str = ""
    planned_n: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    direction: Literal["more", "less"] = "more"

    def __post_init__(self) -> None:
        shown = [event for events in self.arms.values() for event in events]
        seconds_of(self.within, f"experiment '{self.name}', within")
        problems = [
            (bool(self.arms) == bool(self.segment), "give either `arms` or `segment`."),
            (bool(self.arms) and len(self.arms) < 2, "give at least two arms."),
            (not all(self.arms.values()), "give each arm at least one event."),
            (len(set(shown)) < len(shown), "an event shows one arm only: name it once."),
            (bool(self.arms) and self.control not in self.arms,
             f"`control` must be one of the arms: {quoted(self.arms)}."),
            (self.outcome in shown, "an outcome comes after the version was met: name another."),
            (self.planned_n < 0, "`planned_n` counts people: 0 or more."),
            (bool(self.shares) and bool(self.arms) and set(self.shares) != set(self.arms),
             "give a share for each arm."),
            (any(share <= 0 for share in self.shares.values()), "shares must be above 0."),
            (self.direction not in ("more", "less"), "`direction` is 'more' or 'less'."),
        ]  # fmt: skip
        for wrong, what_to_do in problems:
            if wrong:
                raise EngineError(
                    f"experiment '{self.name}'", "it cannot be compared like this.", what_to_do
                )


def compare_arms(
    events: Events,
    journey: Journey | None = None,
    experiments: Experiment | Sequence[Experiment] = (),
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
    confidence: float = 0.95,
    method: Literal["holm", "bh"] = "holm",
) -> pd.DataFrame:
    """Compare the arms of experiments with their controls.

    Parameters
    ----------
    events, journey, segments, ties
        As for `estimate_drop_off`.
    experiments : Experiment or sequence of Experiment
        All of them are one family of comparisons.
    confidence, method
        As for `judge_arms`.

    Returns
    -------
    DataFrame
        As `judge_arms` gives it for the counts of `count_arms`.

    Raises
    ------
    EngineError
        If two experiments have one name.
    UnknownNameError
        If the log has no such audience segment, or the segment no such control.
    """
    if isinstance(experiments, Experiment):
        experiments = [experiments]
    counts = count_arms(events, journey, experiments, segments=segments, ties=ties)
    return judge_arms(counts, experiments, confidence=confidence, method=method)


def count_arms(
    events: Events,
    journey: Journey | None = None,
    experiments: Sequence[Experiment] = (),
    *,
    segments: pd.DataFrame | Sequence[str] | None = None,
    ties: Ties = "journey",
) -> pd.DataFrame:
    """Count the people of each arm, and those with the outcome.

    A participant counts from the first time they met their version. An outcome at the same
    instant counts, unless `ties` is "later"; the event that shows a version is no outcome.

    Parameters
    ----------
    events, journey, segments, ties, experiments
        As for `compare_arms`.

    Returns
    -------
    DataFrame
        One row per experiment and arm, control first: `n` people of whom `n_success` came to
        the outcome; `n_open` more met it so late that the log ends before `within` has passed,
        whether they came to the outcome or not. The `n_both` people of the experiment who met
        more than one arm are in none: where that is not by chance, the arms differ by it.

    Raises
    ------
    EngineError, UnknownNameError
        As for `compare_arms`.
    """
    names = [experiment.name for experiment in experiments]
    if len(set(names)) < len(names):
        raise EngineError("experiments", "two of them have one name.", "name each differently.")
    rows: list[dict[str, Any]] = []
    with open_log(events, journey, segments=segments, ties=ties) as log:
        if log.end() is not None:
            for experiment in experiments:
                rows += _count(log, experiment)
    return pd.DataFrame(rows, columns=ARM_COUNTS)


def judge_arms(
    counts: pd.DataFrame,
    experiments: Sequence[Experiment],
    *,
    confidence: float = 0.95,
    method: Literal["holm", "bh"] = "holm",
) -> pd.DataFrame:
    """Judge the arms of experiments by their counts.

    Parameters
    ----------
    counts : DataFrame
        As `count_arms` gives it.
    experiments : sequence of Experiment
    confidence : float, default 0.95
        Level of the intervals; one less it is the level of the verdicts.
    method : {"holm", "bh"}, default "holm"
        Adjustment of the p values; see `statistics.adjust_p_values`.

    Returns
    -------
    DataFrame
        One row per experiment and arm, control first. `rate` is the share of `n` with its
        Wilson interval; `difference` and `ratio` are to the control, with Newcombe's and
        Koopman's limits, each by itself; `p` is that of `statistics.compare_proportions`, and
        `p_adjusted` over the `n_compared` arms of all experiments.

        Where fewer people than planned were seen, or none were planned, somebody
        `looked_early`: a p value is not valid then, and `valid_low` to `valid_high` decide,
        the difference's interval that holds however often one looks (for `n_compared` arms
        together, by Bonferroni). `minimum_effect` is the difference that so many people
        would show 4 times in 5, at the level shared by `n_compared` arms. `sample_ratio_p`
        tests the planned split of people, those still open too.

        `verdict` is "better", "worse" or "cannot tell", with its `reason`; "" for the control.
        Without a plan, with fewer than 5 people in an arm, or when the split is not the planned
        one (p < .001), that is how it is said. No rate is given for fewer than 5 people.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890; Holm (1979), Scandinavian Journal of
    Statistics 6, 65-70; Fabijan et al. (2019), KDD '19; Waudby-Smith et al. (2024), Annals of
    Statistics 52, 2613-2640.
    """
    pairs = [
        pair
        for experiment in experiments
        for pair in _pairs(counts[counts["experiment"] == experiment.name], experiment)
    ]
    n_compared = sum(pair.compared for pair in pairs)
    # Those looked at early have no valid p value: in the family, they can only cost.
    family = [1.0 if pair.compared and pair.looked_early else pair.p for pair in pairs]
    adjusted = adjust_p_values(family, method=method)
    rows = []
    for pair, p_adjusted in zip(pairs, adjusted, strict=True):
        row = _row(pair, n_compared, confidence)
        row["p_adjusted"] = float("nan") if pair.looked_early else float(p_adjusted)
        row["verdict"], row["reason"] = _verdict(pair, row, confidence)
        rows.append(row)
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def compare_periods(
    events: Events,
    journey: Journey | None = None,
    *,
    at: pd.Timestamp | str,
    stage: str,
    outcome: str,
    within: str,
    ties: Ties = "journey",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare people who entered a stage before a change with those who entered after it.

    Everybody is followed for the same time. Who entered before, but had the change happen
    while they were followed, is in neither group.

    Parameters
    ----------
    events, journey, ties
        As for `estimate_drop_off`.
    at : Timestamp
        When the change was made, in UTC unless it names its zone.
    stage : str
        The stage whose first entry decides on the period.
    outcome : str
        A stage, or an event, that people come to after the entry.
    within : str
        For how long everybody is followed, such as "7D".
    confidence : float, default 0.95

    Returns
    -------
    DataFrame
        One row (none for an empty log): of `n_before` and `n_after` people the shares with the
        outcome, with Wilson's limits; `difference` is after less before, with Newcombe's;
        `p` as `statistics.compare_proportions`. `n_crossing` had the change happen while they
        were followed, `n_open` entered too late to be followed. `verdict`: "higher", "lower"
        or "cannot tell" (also below 5 people in a period). It is association, not cause, as
        `words` say: seasons, campaigns and who came differ as well, and people who are in the
        first days of a log may be old acquaintances.

    Raises
    ------
    UnknownNameError
        If the journey has no such stage.
    EngineError
        If the outcome is the stage itself, or `within` no span of time.
    """
    span_s = seconds_of(within, "before and after, within")
    if not span_s or outcome == stage:
        raise EngineError(
            "before and after",
            "people must be followed for a time, until something other than their entry.",
            "give `within`, such as '7D', and an `outcome` other than the stage.",
        )
    with open_log(events, journey, ties=ties) as log:
        if outcome in log.journey[stage].events:
            raise EngineError(
                "before and after",
                f"the outcome '{outcome}' is an event of the stage '{stage}': who enters by it "
                "has it already.",
                "name an outcome that comes later.",
            )
        if log.end() is None:
            return pd.DataFrame(columns=PERIOD_COLUMNS)
        counts = _count_periods(log, stage, outcome, span_s, log.moment_of(at))
        row = _periods(counts, outcome, confidence)
        row |= {"stage": stage, "outcome": outcome, "at": pd.Timestamp(at), "within": within}
        frame = pd.DataFrame([row], columns=PERIOD_COLUMNS)
        return frame.assign(stage=log.journey.order(frame["stage"]))


@dataclass(frozen=True)
class _Pair:
    """An arm beside its control."""

    experiment: Experiment
    arm: str
    n: int
    hits: int
    n_control: int
    hits_control: int
    n_open: int
    n_both: int
    split: SampleRatio

    @property
    def compared(self) -> bool:
        fewest = min(self.n, self.n_control)
        return self.arm != self.experiment.control and fewest >= MIN_SEGMENT

    @property
    def looked_early(self) -> bool:
        planned = self.experiment.planned_n
        return not planned or min(self.n, self.n_control) < planned

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """Counts to compare: of nobody, where they are too few."""
        known = (self.hits, self.n, self.hits_control, self.n_control)
        return known if self.compared else (0, 0, 0, 0)

    @property
    def p(self) -> float:
        return compare_proportions(*self.numbers)


def _count(log: EventLog, experiment: Experiment) -> list[dict[str, Any]]:
    if experiment.segment:
        arms, table = _by_segment(log, experiment)
    else:
        arms, table = list(experiment.arms), _by_exposure(log, experiment)
    within = seconds_of(experiment.within, "within")
    table = _with_success(log, table, within)
    ticks = round(within * log.ticks_per_s)
    followed = _followed(log, table, ticks)
    found = log.engine.run(
        table.group_by("arm").agg(
            n=followed.sum(),
            n_success=(followed & table.success).sum(),
            n_open=(~followed).sum(),
            n_all=table.count(),
        )
    ).set_index("arm")
    found = found.reindex([*range(len(arms)), -1], fill_value=0).astype(int)
    rows = [
        {
            "experiment": experiment.name,
            "arm": arm,
            **found.loc[number, ["n", "n_success", "n_open"]].to_dict(),
            "n_both": int(found.loc[-1, "n_all"]),
        }
        for number, arm in enumerate(arms)
    ]
    return sorted(rows, key=lambda row: row["arm"] != experiment.control)


def _by_exposure(log: EventLog, experiment: Experiment) -> ir.Table:
    """One row per person who met an arm: its number (-1: more than one), since when."""
    import ibis

    events = log.events
    shown = [event for names in experiment.arms.values() for event in names]
    exposed = events.event.isin(shown)
    outcome = _is_outcome(log, experiment.outcome) & ~exposed
    events = events.filter(exposed | outcome)
    firsts = {
        f"_since{number}": events.moment.min(where=events.event.isin(list(names)))
        for number, names in enumerate(experiment.arms.values())
    }
    people = events.group_by("participant_id").agg(
        **firsts, outcomes=events.moment.collect(where=~events.event.isin(shown))
    )
    met = [people[name].notnull() for name in firsts]
    n_met = sum((each.cast("int64") for each in met[1:]), start=met[0].cast("int64"))
    arm = ibis.cases((n_met > 1, -1), *((each, number) for number, each in enumerate(met)))
    return people.select(
        arm=arm, since=ibis.coalesce(*(people[name] for name in firsts)), outcomes=people.outcomes
    ).filter(lambda t: t.arm.notnull())


def _by_segment(log: EventLog, experiment: Experiment) -> tuple[list[str], ir.Table]:
    """Return the values of the segment, and a table as `_by_exposure`."""
    name, where = experiment.segment, f"experiment '{experiment.name}'"
    if name not in log.segments:
        raise UnknownNameError("audience segment", name, log.segments, where=where)
    arms = log.segment_values(name)
    if experiment.control not in arms:
        raise UnknownNameError(f"value of '{name}'", experiment.control, arms, where=where)
    if experiment.shares and set(experiment.shares) != set(arms):
        raise EngineError(
            where,
            f"shares for {quoted(experiment.shares)}.",
            f"give one for each of {quoted(arms)}.",
        )
    reached = log.events.filter(_is_outcome(log, experiment.outcome))
    outcomes = reached.group_by("participant_id").agg(outcomes=reached.moment.collect())
    people = gather_people(log).rename(since="first").left_join(outcomes, "participant_id")
    arm = people[name].cases(*((value, number) for number, value in enumerate(arms)))
    return arms, people.select("since", "outcomes", arm=arm).filter(lambda t: t.arm.notnull())


def _is_outcome(log: EventLog, outcome: str) -> Any:
    of_stage = outcome in log.journey.stage_ids
    return (log.events.stage if of_stage else log.events.event) == outcome


def _with_success(log: EventLog, table: ir.Table, within_s: float) -> ir.Table:
    """Add whether one of the `outcomes` came `since` then, and in time."""
    ticks = round(within_s * log.ticks_per_s)
    earliest = table.since + (1 if log.ties == "later" else 0)

    def instant(moment: Any) -> Any:
        return without_turn(moment, log.ticks_per_us)

    def counts(moment: Any) -> Any:
        after = moment >= earliest
        return after & (instant(moment) <= instant(table.since) + ticks) if ticks else after

    return table.mutate(success=(table.outcomes.filter(counts).length() > 0).fill_null(False))


def _followed(log: EventLog, table: ir.Table, ticks: int) -> Any:
    """Return whether the log goes on for so long `since` then."""
    end = without_turn(log.end() or 0, log.ticks_per_us)
    return without_turn(table.since, log.ticks_per_us) <= end - ticks


def _pairs(counts: pd.DataFrame, experiment: Experiment) -> list[_Pair]:
    """Return each arm beside its control, the control itself first."""
    if counts.empty:
        return []
    counts = counts.set_index("arm")
    met = counts["n"] + counts["n_open"]
    shares = [experiment.shares[arm] for arm in met.index] if experiment.shares else None
    split = (
        check_sample_ratio([int(n) for n in met], shares)
        if len(met) > 1
        else SampleRatio(np.nan, np.nan, None)
    )
    control = counts.loc[experiment.control]
    return [
        _Pair(
            experiment, str(arm), int(row["n"]), int(row["n_success"]),
            int(control["n"]), int(control["n_success"]),
            int(row["n_open"]), int(row["n_both"]), split,
        )
        for arm, row in counts.iterrows()
    ]  # fmt: skip


def _row(pair: _Pair, n_compared: int, confidence: float) -> dict[str, Any]:
    rated = pair.n >= MIN_SEGMENT
    rate = estimate_proportion(*((pair.hits, pair.n) if rated else (0, 0)), confidence=confidence)
    gap = estimate_difference(*pair.numbers, confidence=confidence)
    ratio = estimate_risk_ratio(*pair.numbers, confidence=confidence)
    level = (1 - confidence) / max(n_compared, 1)
    valid = always_valid_difference(
        *pair.numbers,
        confidence=1 - level,
        tuned_for=2 * pair.experiment.planned_n or UNPLANNED_TUNING,
    )
    return {
        "experiment": pair.experiment.name,
        "arm": pair.arm,
        "control": pair.experiment.control,
        "outcome": pair.experiment.outcome,
        "n": pair.n,
        "n_success": pair.hits,
        "rate": rate.value,
        "rate_low": rate.low,
        "rate_high": rate.high,
        "difference": gap.value,
        "low": gap.low,
        "high": gap.high,
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "p": pair.p,
        "n_compared": n_compared,
        "valid_low": valid.low,
        "valid_high": valid.high,
        "minimum_effect": _minimum_effect(pair, level),
        "planned_n": pair.experiment.planned_n,
        "looked_early": pair.looked_early,
        "n_open": pair.n_open,
        "n_both": pair.n_both,
        "sample_ratio_p": pair.split.p,
    }


def _minimum_effect(pair: _Pair, level: float) -> float:
    """Return the smallest difference in the better direction that would show."""
    if not pair.compared:
        return float("nan")
    base = pair.hits_control / pair.n_control
    base = base if pair.experiment.direction == "more" else 1 - base
    return find_minimum_detectable_effect(pair.n_control, pair.n, base, alpha=level)


def _verdict(pair: _Pair, row: Mapping[str, Any], confidence: float) -> tuple[str, str]:
    planned, outcome = pair.experiment.planned_n, pair.experiment.outcome
    if pair.arm == pair.experiment.control:
        return "", "the arm that the others are compared with"
    if not pair.compared:
        return CANNOT_TELL, f"fewer than {MIN_SEGMENT} people were followed in an arm"
    if pair.split.mismatch:
        return CANNOT_TELL, (
            f"people are not split between the arms as planned (p = {pair.split.p:.1g}): "
            "find out why before comparing"
        )
    if not pair.hits + pair.hits_control:
        return CANNOT_TELL, f"nobody in either arm came to '{outcome}': {CHECK}"
    if pair.looked_early:
        sure = row["valid_low"] > 0 or row["valid_high"] < 0
        how = (
            f"only {min(pair.n, pair.n_control):,} of {planned:,} planned people per arm so far"
            if planned
            else "no number of people was planned"
        ) + ", so that the interval for any number of looks decides"
    else:
        sure = row["p_adjusted"] < 1 - confidence
        how = f"{planned:,} planned people per arm were reached"
    rates = (
        f"{row['rate']:.1%} against {pair.hits_control / pair.n_control:.1%} come to '{outcome}'"
    )
    if not sure:
        return CANNOT_TELL, f"{rates}, which may be chance; {how}"
    more = row["difference"] > 0
    better = more == (pair.experiment.direction == "more")
    return ("better" if better else "worse"), f"{rates}, more than chance explains; {how}"


def _count_periods(
    log: EventLog, stage: str, outcome: str, span_s: float, change: int
) -> Mapping[str, int]:
    events = log.events
    here, reached = events.stage == stage, _is_outcome(log, outcome)
    people = events.filter(here | reached).group_by("participant_id")
    table = people.agg(
        since=events.moment.min(where=here), outcomes=events.moment.collect(where=reached)
    )
    table = _with_success(log, table.filter(table.since.notnull()), span_s)
    ticks = round(span_s * log.ticks_per_s)
    before = table.since + ticks < change
    followed = _followed(log, table, ticks)
    after = (table.since >= change) & followed
    found = log.engine.run(
        table.aggregate(
            n_before=before.sum(),
            n_success_before=(before & table.success).sum(),
            n_after=after.sum(),
            n_success_after=(after & table.success).sum(),
            n_crossing=(~before & (table.since < change)).sum(),
            n_open=((table.since >= change) & ~followed).sum(),
        )
    )
    return {str(name): int(n) for name, n in found.fillna(0).iloc[0].items()}


def _periods(counts: Mapping[str, int], outcome: str, confidence: float) -> dict[str, Any]:
    row: dict[str, Any] = dict(counts)
    known = []
    for period in ("before", "after"):
        hits, n = counts[f"n_success_{period}"], counts[f"n_{period}"]
        known.append((hits, n) if n >= MIN_SEGMENT else (0, 0))
        rate = estimate_proportion(*known[-1], confidence=confidence)
        row |= {f"rate_{period}": rate.value}
        row |= {f"{period}_low": rate.low, f"{period}_high": rate.high}
    before, after = known
    gap = estimate_difference(*after, *before, confidence=confidence)
    p = compare_proportions(*after, *before)
    sure = p < 1 - confidence
    return row | {
        "difference": gap.value,
        "low": gap.low,
        "high": gap.high,
        "p": p,
        "verdict": ("higher" if gap.value > 0 else "lower") if sure else CANNOT_TELL,
        "words": PERIOD_WORDS if before[0] + after[0] else f"nobody came to '{outcome}': {CHECK}",
    }
