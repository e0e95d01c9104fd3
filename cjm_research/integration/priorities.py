"""Opportunities: pain points in the order of the study's declared rule, and how firm it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cjm_research.integration.causes import GAVE_UP
from cjm_research.integration.conventions import MIN_PEOPLE, NO_CODE
from cjm_research.integration.trust import NEEDS_PERSON, TRUSTED, UNCORRECTED
from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.statistics.agreement import MIN_PARTICIPANTS
from cjm_research.statistics.ranks import (
    draw_shares,
    estimate_ranks,
    find_medians,
    resample_sums,
    vary_weights,
    weigh,
)

if TYPE_CHECKING:
    from cjm_research.config.findings import OpportunityFinding
    from cjm_research.config.schema import PriorityPart

OPPORTUNITY_COLUMNS = [
    "stage", "code", "label", "source", "source_label", "n_said", "n_heard",
    "people_rate", "people_low", "people_high", "severity", "n_graded", "n_severe",
    "drop_off_rate", "drop_off_low", "drop_off_high", "measure",
    "value_at_stake", "value_low", "value_high", "value_unit", "n_gave_up",
    "score", "rank", "rank_low", "rank_high", "first_share", "top3_share",
    "weights_rank_low", "weights_rank_high", "status", "confirmed_by",
    "coded_by", "n_said_by_person", "trust", "effort", "evidence", "trade_off", "note", "words",
]  # fmt: skip
CANDIDATE = "candidate"
CONFIRMED = "confirmed"
MIN_TELLING = 2
"""People who tell a pain point, from which it is an opportunity: one alone is a story."""
BLOCKED = 3.0
"""Severity of being blocked, the gravest but for giving up."""
_PAIN = "pain_point"
_PLACE = ["stage", "code"]
_PARTS = {
    "people": "the share of those heard at the stage who tell it",
    "severity": "the median severity of those of whom it is known (1 to 4, as 0 to 1)",
    "drop_off": "the share lost at the stage",
    "value": "the value at stake there over that of the stage where most is",
}
"""The columns that a rule weighs, each between 0 and 1."""
_BEHAVIOUR = ("drop_off", "value")
_MEASURED = [
    "n", "n_lost", "drop_off_rate", "drop_off_low", "drop_off_high",
    "value_at_stake", "value_low", "value_high",
]  # fmt: skip
_MISSING = {
    "people": f"fewer than {MIN_PEOPLE} people were heard there",
    "severity": "how severe it was is known of fewer than half of them",
    "drop_off": "what the stage loses is not known, or counted otherwise than at most stages",
    "value": "no value at stake is known for the stage",
}
_DISTRUST = {
    NEEDS_PERSON: "the machine's code needs a person",
    UNCORRECTED: "machine-coded, uncorrected",
}
_CODER_KINDS = ("person", "source", "machine")
"""Of the codes of what somebody says several times, the first of these counts."""
_NOT_MACHINES = ["person", "source"]
_BY_PEOPLE = ("effort", "evidence", "trade_off", "note")
_RANK_COLUMNS = [
    "score", "rank", "rank_low", "rank_high", "first_share", "top3_share",
    "weights_rank_low", "weights_rank_high",
]  # fmt: skip


def choose_source(
    source_facts: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    declared: str = "",
    comparable: Mapping[str, bool] | None = None,
) -> str:
    """Choose the one source whose people are counted; sources are never pooled.

    Parameters
    ----------
    source_facts : DataFrame
        One row per source with words: `source`, `has_design` and others.
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    declared : str, default ""
        The source that the study's rule names: taken as it is.
    comparable : mapping of str to bool, optional
        Source to whether its words may be set against the behaviour; all by default.

    Returns
    -------
    str
        Of the sources in which anybody is heard, one with a sampling design before one without,
        then one that may be set against the behaviour, then the one in which most people are
        heard, then the first by id. Empty when nobody is heard.
    """
    if declared:
        return declared
    allowed = comparable or {}
    n_heard = _heard(excerpts).groupby("source")["participant_id"].nunique()
    ranked = sorted(
        (not design, not allowed.get(source, True), -int(n_heard[source]), str(source))
        for source, design in zip(source_facts["source"], source_facts["has_design"], strict=True)
        if source in n_heard.index
    )
    return ranked[0][-1] if ranked else ""


def rank_opportunities(
    *,
    statements: pd.DataFrame,
    mentions: pd.DataFrame,
    pain_points: pd.DataFrame,
    excerpts: pd.DataFrame,
    coders: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    value_at_stake: pd.DataFrame,
    journey: Journey,
    source_facts: pd.DataFrame,
    rules: PriorityPart,
    findings: Sequence[OpportunityFinding] = (),
    trusted: Mapping[tuple[str, str, str], str] | None = None,
    comparable: Mapping[str, bool] | None = None,
    value_unit: str = "",
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """List the pain points of one source as opportunities, and rank those that people confirm.

    Parameters
    ----------
    statements, mentions, pain_points, coders, value_at_stake : DataFrame
        Tables of those names.
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    stage_behaviour : DataFrame
        `stage`, `measure`, `n`, `n_lost`, `rate`, `low`, `high`, `words`, one row per stage.
    journey : Journey
    source_facts : DataFrame
        One row per source with words: `source`, `label`, `kind`, `has_design`.
    rules : PriorityPart
        The declared weights, and the source to count in (empty: see `choose_source`).
    findings : sequence of OpportunityFinding, optional
        What people conclude: `confirmed`, and fields that only a person can fill.
    trusted : mapping of (source, code_group, code) to str, optional
        "trusted", "needs a person" or "uncorrected", of the machine's codes; a code that is not
        in it is uncorrected.
    comparable : mapping of str to bool, optional
        Source to whether its words may be set against the behaviour; all by default. Where they
        may not, drop-off and value are unknown.
    value_unit : str, optional
        What values at stake are counted in, of whom and when, as a sentence.
    n_resamples : int, default 2000
    random_state : int, default 0

    Returns
    -------
    DataFrame
        Table `opportunities`, one row per stage and pain point of the source that at least 2
        people tell; trouble that fits no code has none. Ranked rows come first, by rank; all
        others follow unordered: by stage, then label.

        `people_rate` is `n_said` of the `n_heard` people heard there, missing below 5;
        `people_low`, `people_high` only where the source has a sampling design. `severity`,
        `n_graded` and `n_severe` as in table `pain_points`; `n_gave_up` people tell that they
        gave up over it.
        `drop_off_rate` is what the stage loses, of the kind that `measure` names, missing below
        5. `value_at_stake` is the stage's, in `value_unit`, and an upper bound.
        `n_said_by_person` of `n_said` rest on a
        person's code; `coded_by` is "person", "machine", "source" (declared by the source
        itself) or "both" when people rest on several kinds of coder; `trust` is that of the
        machine's code, empty where nobody rests on one.

        `status` is "confirmed" once a person (`confirmed_by`) has read what is coded so, and
        "candidate" until then. `score`, `rank` and what follows from them are missing unless
        the row is ranked: it is confirmed, everybody rests on other codes than a machine's or
        the machine's is trusted, and no weighed column is unknown. `words` give the counts and,
        for the other rows, why they are not ranked.

    Notes
    -----
    **The score** is the weighted mean of columns in [0, 1]: `people_rate`; severity less 1 over
    3; `drop_off_rate`; `value_at_stake` over the greatest of any stage. A column with weight 0,
    or unknown for all listed rows, is left out for everybody. An item of which another column
    is unknown has no rank: left out of its mean alone, the column would make it incomparable.
    Drop-offs of several kinds are no single scale: the kind of most listed stages counts (of
    as many, that of the earliest), and the drop-off of other stages is unknown to the rule.

    **Severity** is unknown where fewer than half of those who tell a pain point say what it cost.
    That is no fault of the item, and common: where severity is unknown for one row that could
    be ranked, it has no part in the score of any, and `words` say so.

    **Giving up** is already in the drop-off, and in the value that follows from it. Where
    either has part in a row's score, a person's severity counts as 3 (blocked) at most in it.

    **Rank intervals** (`rank_low` to `rank_high`, 95 %, percentile) and shares are over draws of
    the source's people with replacement, of whom the same are heard at all stages, and
    independently over draws of the stages' drop-offs (see `draw_shares`), with which the value
    at stake moves in proportion; the value per person is taken as it is. They are missing
    where the source has no sampling design, as drawing again from people picked on purpose
    tells nothing of others, and below 10 people. `weights_rank_low` and `weights_rank_high` are
    the best and worst rank by other weights (see `vary_weights`). Ranks are among the ranked
    rows only.
    """
    source = choose_source(source_facts, excerpts, declared=rules.source, comparable=comparable)
    facts = _Facts.of(source_facts, source)
    told = _told(statements, source)
    stages = _stages(stage_behaviour, value_at_stake, journey)
    if not (comparable or {}).get(source, True):
        stages = stages.assign(**dict.fromkeys(_MEASURED, math.nan))
    listed = _list(pain_points, mentions, facts).merge(stages, on="stage", how="left")
    listed = _with_tellers(listed, told, coders)
    listed = _with_findings(listed, findings)
    listed = _with_trust(listed, trusted or {})
    listed = _order(listed, journey)
    rankable = (listed["status"] == CONFIRMED) & listed["trust"].isin(["", TRUSTED])
    units, rule = _unit_columns(listed, told, stages, rules, rankable)
    listed = listed.assign(reason=_name_reasons(listed, units, rule))
    ranked = listed["reason"] == ""
    found = _rank(
        listed[ranked], units[ranked], rule, facts, told, _heard(excerpts, source), stages,
        n_resamples=n_resamples, random_state=random_state,
    )  # fmt: skip
    listed = listed.join(found)
    left_out = "severity" in _declared(rules) and "severity" not in rule.weights
    words = [
        _say(row, facts, journey, n_ranked=len(found), without_severity=left_out)
        for row in listed.to_dict("records")
    ]
    listed = listed.assign(words=pd.Series(words, index=listed.index, dtype="object"))
    listed = listed.sort_values("rank", kind="stable", na_position="last")
    unit = listed["value_at_stake"].map(lambda value: "" if math.isnan(value) else value_unit)
    listed = listed.assign(stage=journey.order(listed["stage"]), value_unit=unit.astype("object"))
    return listed[OPPORTUNITY_COLUMNS].reset_index(drop=True)


def describe_rule(rules: PriorityPart) -> str:
    """Say in a sentence or two how opportunities are ordered.

    Parameters
    ----------
    rules : PriorityPart
        The declared weights.
    """
    weights = _declared(rules)
    parts = "; ".join(f"{_PARTS[name]} (weight {weight:g})" for name, weight in weights.items())
    rule = f"Opportunities are ordered by the weighted mean of numbers between 0 and 1: {parts}."
    if not any(name in weights for name in _BEHAVIOUR):
        return rule
    return (
        f"{rule} Giving up counts once: where what is lost at a stage has part in the mean, a "
        "person's severity counts as blocked (3 of 4) at most."
    )


@dataclass(frozen=True)
class _Facts:
    """The source whose people are counted."""

    source: str
    label: str = ""
    kind: str = ""
    has_design: bool = False

    @classmethod
    def of(cls, source_facts: pd.DataFrame, source: str) -> _Facts:
        for row in source_facts[source_facts["source"] == source].to_dict("records"):
            return cls(source, str(row["label"]), str(row["kind"]), bool(row["has_design"]))
        return cls(source, source)


@dataclass(frozen=True)
class _Rule:
    """The weights of the columns that order, and where giving up is already counted."""

    weights: dict[str, float]
    counted: frozenset[str]
    """Stages of which the score holds what is lost there."""


def _declared(rules: PriorityPart) -> dict[str, float]:
    given = {str(name): weight for name, weight in rules.weights.items()}
    return {name: given[name] for name in _PARTS if given.get(name, 0.0) > 0}


def _heard(excerpts: pd.DataFrame, source: str | None = None) -> pd.DataFrame:
    """Return who is heard where; interviewers are not."""
    there = (excerpts["speaker"] != "interviewer") & (excerpts["stage"].astype(str) != UNASSIGNED)
    if source is not None:
        there &= excerpts["source"] == source
    heard = excerpts.loc[there, ["source", "stage", "participant_id"]]
    return heard.assign(stage=heard["stage"].astype(str)).drop_duplicates()


def _told(statements: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the statements of the source's pain points, in stages."""
    told = statements[(statements["code_group"] == _PAIN) & (statements["source"] == source)]
    told = told.assign(stage=told["stage"].astype(str))
    return told[told["stage"] != UNASSIGNED]


def _stages(
    stage_behaviour: pd.DataFrame, value_at_stake: pd.DataFrame, journey: Journey
) -> pd.DataFrame:
    """Return what each stage loses, in people and in value, in journey order."""
    behaviour = stage_behaviour.assign(stage=stage_behaviour["stage"].astype(str))
    rates = behaviour[["rate", "low", "high"]].where(behaviour["n"] >= MIN_PEOPLE)
    rates.columns = pd.Index(["drop_off_rate", "drop_off_low", "drop_off_high"])
    behaviour = behaviour[["stage", "measure", "n", "n_lost", "words"]].join(rates)
    everybody = value_at_stake[value_at_stake["segment"] == ""]
    values = everybody[["stage", "value_at_stake", "stake_low", "stake_high"]]
    values = values.assign(stage=values["stage"].astype(str)).rename(
        columns={"stake_low": "value_low", "stake_high": "value_high"}
    )
    stages = pd.DataFrame({"stage": journey.stage_ids}, dtype="object")
    stages = stages.merge(behaviour, on="stage", how="left").merge(values, on="stage", how="left")
    numbers = {name: stages[name].astype("float64") for name in _MEASURED}
    texts = {name: stages[name].astype("object").fillna("") for name in ("measure", "words")}
    return stages.assign(**numbers, **texts).rename(columns={"words": "leaving"})


def _list(pain_points: pd.DataFrame, mentions: pd.DataFrame, facts: _Facts) -> pd.DataFrame:
    """Return the pain points of the source that are opportunities, with how many tell them."""
    mine = pain_points[
        (pain_points["source"] == facts.source)
        & (pain_points["code"] != NO_CODE)
        & (pain_points["stage"].astype(str) != UNASSIGNED)
        & (pain_points["n_said"] >= MIN_TELLING)
    ]
    rows = mine[
        [*_PLACE, "label", "source", "n_said", "n_heard", "severity", "n_graded", "n_severe"]
    ]
    shares = mentions[
        (mentions["segment"] == "")
        & (mentions["source"] == facts.source)
        & (mentions["code_group"] == _PAIN)
    ].rename(columns={"low": "people_low", "high": "people_high"})
    shares = shares.assign(stage=shares["stage"].astype(str))
    rows = rows.assign(stage=rows["stage"].astype(str)).merge(
        shares[[*_PLACE, "people_low", "people_high"]], on=_PLACE, how="left"
    )
    rate = rows["n_said"] / rows["n_heard"].astype(float)
    label = pd.Series(facts.label, index=rows.index, dtype="object")
    return rows.assign(
        people_rate=rate.where(rows["n_heard"] >= MIN_PEOPLE).astype("float64"), source_label=label
    )


def _with_tellers(listed: pd.DataFrame, told: pd.DataFrame, coders: pd.DataFrame) -> pd.DataFrame:
    """Add who gave up, and on whose codes people rest."""
    kinds = coders.set_index("coder_id")["kind"]
    order = {kind: place for place, kind in enumerate(_CODER_KINDS)}
    gave_up = (told["consequence"] == GAVE_UP) | (told["severity"] > BLOCKED)
    tellers = told.assign(n_gave_up=gave_up, coder=told["coder_id"].map(kinds).map(order))
    tellers = tellers.groupby([*_PLACE, "participant_id"])[["n_gave_up", "coder"]]
    tellers = tellers.agg({"n_gave_up": "max", "coder": "min"})
    others = {f"by_{kind}": tellers["coder"] == order[kind] for kind in _NOT_MACHINES}
    counts = tellers.assign(**others).groupby(_PLACE)[["n_gave_up", *others]].sum()
    joined = listed.merge(counts.reset_index(), on=_PLACE, how="left")
    zeros = dict.fromkeys(counts.columns, 0)
    joined = joined.fillna(zeros).astype(dict.fromkeys(zeros, "int64"))
    # Whoever is not known to rest on another's code rests on a machine's.
    joined = joined.assign(by_machine=joined["n_said"] - joined[list(others)].sum(axis=1))
    coded_by = [_name_coders(row) for row in joined.to_dict("records")]
    return joined.assign(
        n_said_by_person=joined["by_person"],
        coded_by=pd.Series(coded_by, index=joined.index, dtype="object"),
    )


def _name_coders(row: Mapping[str, Any]) -> str:
    kinds = [kind for kind in _CODER_KINDS if row[f"by_{kind}"]]
    return "both" if len(kinds) > 1 else "".join(kinds)


def _with_findings(listed: pd.DataFrame, findings: Sequence[OpportunityFinding]) -> pd.DataFrame:
    """Add what people conclude of each opportunity; empty text where nobody has."""
    said = {(finding.stage, finding.code): finding for finding in findings}
    mine = [said.get(place) for place in zip(listed["stage"], listed["code"], strict=True)]
    by = [finding.by if finding and finding.confirmed else "" for finding in mine]
    texts: dict[str, list[str]] = {
        name: [str(getattr(finding, name)) if finding else "" for finding in mine]
        for name in _BY_PEOPLE
    }
    texts |= {"confirmed_by": by, "status": [CONFIRMED if name else CANDIDATE for name in by]}
    return listed.assign(
        **{
            name: pd.Series(values, index=listed.index, dtype="object")
            for name, values in texts.items()
        }
    )


def _with_trust(listed: pd.DataFrame, trusted: Mapping[tuple[str, str, str], str]) -> pd.DataFrame:
    """Add whether the machine's code is trusted, where anybody rests on one."""
    trust = [
        trusted.get((source, _PAIN, code), UNCORRECTED) if n_by_machine else ""
        for source, code, n_by_machine in zip(
            listed["source"], listed["code"], listed["by_machine"], strict=True
        )
    ]
    return listed.assign(trust=pd.Series(trust, index=listed.index, dtype="object"))


def _order(listed: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """Put rows in an order that says nothing of their weight."""
    place = listed["stage"].map({stage: at for at, stage in enumerate(journey.stage_ids)})
    ordered = listed.assign(place=place).sort_values(["place", "label", "code"], kind="stable")
    return ordered.drop(columns="place").reset_index(drop=True)


def _unit_columns(
    listed: pd.DataFrame,
    told: pd.DataFrame,
    stages: pd.DataFrame,
    rules: PriorityPart,
    rankable: pd.Series,
) -> tuple[pd.DataFrame, _Rule]:
    """Return the rule's columns in [0, 1], NaN where unknown, and the rule as it applies."""
    units = pd.DataFrame(
        {
            "people": listed["people_rate"],
            "severity": (listed["severity"] - 1) / 3,
            "drop_off": listed["drop_off_rate"].where(listed["measure"] == _main_measure(listed)),
            "value": _unit_values(stages["value_at_stake"].to_numpy())[_at(listed, stages)],
        }
    )
    weights = {
        name: weight for name, weight in _declared(rules).items() if units[name].notna().any()
    }
    if units.loc[rankable, "severity"].isna().any():
        # Left out of one row's mean alone, it would make the row incomparable.
        weights.pop("severity", None)
    lost = units[[name for name in _BEHAVIOUR if name in weights]].notna().any(axis=1)
    rule = _Rule(weights, frozenset(listed.loc[lost, "stage"]))
    gravest = _gravest(told, rule).groupby(_PLACE)["severity"].median()
    severity = gravest.reindex(pd.MultiIndex.from_frame(listed[_PLACE])).to_numpy(dtype=float)
    known = listed["severity"].notna().to_numpy()
    severity = np.where(known, (severity - 1) / 3, math.nan)
    return units.assign(severity=severity)[list(weights)], rule


def _main_measure(listed: pd.DataFrame) -> str:
    """Return the kind of drop-off of most stages: kinds are no single scale."""
    known = listed[listed["drop_off_rate"].notna()].drop_duplicates("stage")
    counts = known["measure"].value_counts(sort=False)
    # Rows stand in journey order, and the first of the greatest is taken.
    return str(counts.idxmax()) if len(counts) else ""


def _unit_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values at stake, of stages in the last axis, over the greatest."""
    greatest = np.nan_to_num(values, nan=0.0).max(axis=-1, keepdims=True, initial=0.0)
    unit: NDArray[np.float64] = np.full(values.shape, math.nan)
    np.divide(values, greatest, out=unit, where=greatest > 0)
    return np.clip(unit, 0, 1)


def _at(listed: pd.DataFrame, stages: pd.DataFrame) -> NDArray[np.intp]:
    """Return the row of `stages` of each opportunity."""
    return np.asarray(pd.Index(stages["stage"]).get_indexer(listed["stage"]), dtype=np.intp)


def _gravest(told: pd.DataFrame, rule: _Rule) -> pd.DataFrame:
    """Return each person's gravest severity that has part in the score, per pain point."""
    capped = (
        told["severity"]
        .clip(upper=BLOCKED)
        .where(told["stage"].isin(rule.counted), told["severity"])
    )
    gravest = told.assign(severity=capped).groupby([*_PLACE, "participant_id"])["severity"].max()
    return gravest.dropna().reset_index()


def _name_reasons(listed: pd.DataFrame, units: pd.DataFrame, rule: _Rule) -> pd.Series:
    """Return why a row is not ranked; empty where it is."""
    reasons = []
    for row, columns in zip(listed.to_dict("records"), units.to_dict("records"), strict=True):
        missing = [_MISSING[name] for name in rule.weights if math.isnan(columns[name])]
        if row["status"] == CANDIDATE:
            reasons.append(CANDIDATE)
        elif row["trust"] not in ("", TRUSTED):
            reasons.append(_DISTRUST[row["trust"]])
        elif not rule.weights:
            reasons.append("none of the numbers that the rule weighs is known")
        else:
            reasons.append("; ".join(missing))
    return pd.Series(reasons, index=listed.index, dtype="object")


def _rank(
    items: pd.DataFrame,
    units: pd.DataFrame,
    rule: _Rule,
    facts: _Facts,
    told: pd.DataFrame,
    heard: pd.DataFrame,
    stages: pd.DataFrame,
    *,
    n_resamples: int,
    random_state: int,
) -> pd.DataFrame:
    """Return the score of each ranked opportunity, its ranks, and how far they move."""
    if items.empty:
        return pd.DataFrame(columns=_RANK_COLUMNS, index=items.index, dtype="float64")
    weights = np.array(list(rule.weights.values()))
    columns = units.to_numpy(dtype=float)
    score = weigh(columns, weights)
    draws = np.empty((0, len(items)))
    if facts.has_design and heard["participant_id"].nunique() >= MIN_PARTICIPANTS:
        people = _draw_people(items, _gravest(told, rule), told, heard, n_resamples, random_state)
        # Another seed than that of the people: the two are independent.
        lost = _draw_losses(items, stages, n_resamples, random_state + 1)
        drawn = people | lost
        draws = weigh(np.stack([drawn[name] for name in rule.weights], axis=-1), weights)
    ranks = estimate_ranks(draws, score)
    varied = vary_weights(columns, weights, random_state=random_state)
    numbers = [
        score, ranks.rank, ranks.rank_low, ranks.rank_high, ranks.first_share, ranks.top3_share,
        varied.rank_low, varied.rank_high,
    ]  # fmt: skip
    return pd.DataFrame(dict(zip(_RANK_COLUMNS, numbers, strict=True)), index=items.index)


def _draw_people(
    items: pd.DataFrame,
    gravest: pd.DataFrame,
    told: pd.DataFrame,
    heard: pd.DataFrame,
    n_resamples: int,
    random_state: int,
) -> dict[str, NDArray[np.float64]]:
    """Return share and severity of each opportunity in each resample of the source's people."""
    people = pd.Index(sorted(heard["participant_id"].unique()))
    places = pd.MultiIndex.from_frame(items[_PLACE])
    stage_ids = pd.Index(items["stage"].unique())
    levels = np.sort(gravest["severity"].unique())
    n_stages, n_items, n_levels = len(stage_ids), len(items), len(levels)
    counts = np.zeros((len(people), n_stages + n_items * (1 + n_levels)), dtype=bool)

    def mark(rows: pd.DataFrame, column: NDArray[np.intp], known: NDArray[np.bool_]) -> None:
        counts[people.get_indexer(rows["participant_id"])[known], column[known]] = True

    stage = stage_ids.get_indexer(heard["stage"])
    mark(heard, stage, stage >= 0)
    item = places.get_indexer(pd.MultiIndex.from_frame(told[_PLACE]))
    mark(told, n_stages + item, item >= 0)
    graded = places.get_indexer(pd.MultiIndex.from_frame(gravest[_PLACE]))
    level = np.searchsorted(levels, gravest["severity"])
    mark(gravest, n_stages + n_items + graded * n_levels + level, graded >= 0)

    sums = resample_sums(counts, n_resamples=n_resamples, random_state=random_state)
    n_heard = sums[:, stage_ids.get_indexer(items["stage"])]
    n_said = sums[:, n_stages : n_stages + n_items]
    share: NDArray[np.float64] = np.full(n_said.shape, math.nan)
    np.divide(n_said, n_heard, out=share, where=n_heard > 0)
    per_level = sums[:, n_stages + n_items :].reshape(n_resamples, n_items, n_levels)
    return {"people": share, "severity": (find_medians(per_level, levels) - 1) / 3}


def _draw_losses(
    items: pd.DataFrame, stages: pd.DataFrame, n_resamples: int, random_state: int
) -> dict[str, NDArray[np.float64]]:
    """Return drop-off and value at stake of each opportunity's stage in each draw."""
    rate = stages["drop_off_rate"].to_numpy()
    drawn = draw_shares(
        rate, stages["drop_off_low"], stages["drop_off_high"],
        n_resamples=n_resamples, random_state=random_state,
    )  # fmt: skip
    # Who is lost is worth the same on average: twice the people, twice the value.
    times = np.divide(drawn, rate, out=np.ones_like(drawn), where=rate > 0)
    values = _unit_values(stages["value_at_stake"].to_numpy() * times)
    at = _at(items, stages)
    return {"drop_off": drawn[:, at], "value": values[:, at]}


def _say(
    row: Mapping[str, Any],
    facts: _Facts,
    journey: Journey,
    *,
    n_ranked: int,
    without_severity: bool,
) -> str:
    """Return the row in a sentence."""
    n, label = f"{row['n_said']} of {row['n_heard']}", row["label"]
    stage = journey[row["stage"]].name
    if facts.kind == "note":
        told = f"At {stage}, observers noted “{label}” for {n} ({facts.label})"
    else:
        told = f"At {stage}, {n} ({facts.label}) tell “{label}”"
    parts = [told, *_say_severity(row), *_say_loss(row)]
    if row["n_said_by_person"]:
        parts.append(f"for {row['n_said_by_person']} of {row['n_said']} a person coded it")
    standing = _say_standing(row, facts, n_ranked)
    if without_severity and not row["reason"]:
        standing += ", without severity, which is not known of all that are ranked"
    return f"{'; '.join([*parts, standing])}."


def _say_severity(row: Mapping[str, Any]) -> list[str]:
    gave_up = f", {row['n_gave_up']} gave up" if row["n_gave_up"] else ""
    told = f"known of {row['n_graded']} of {row['n_said']}"
    if math.isnan(row["severity"]):
        why = f", as it is {told} only{gave_up}" if row["n_graded"] else " known"
        return [f"no severity{why}"]
    return [
        f"median severity {row['severity']:g} of 4 ({told}), {row['n_severe']} blocked or "
        f"worse{gave_up}"
    ]


def _say_loss(row: Mapping[str, Any]) -> list[str]:
    if math.isnan(row["drop_off_rate"]):
        return []
    counts = f"{row['n_lost']:,.0f} of {row['n']:,.0f}"
    # What is at stake is the stage's, and said there once.
    return [f"in the behaviour record {counts} {row['leaving'].removeprefix('of ')}"]


def _say_standing(row: Mapping[str, Any], facts: _Facts, n_ranked: int) -> str:
    if row["reason"] == CANDIDATE:
        return "a candidate until a person confirms it"
    if row["reason"]:
        return f"confirmed by {row['confirmed_by']}, but not ranked: {row['reason']}"
    if not facts.has_design:
        people = "no interval, as its people were not drawn by chance"
    elif math.isnan(row["rank_low"]):
        people = f"no interval, as fewer than {MIN_PARTICIPANTS} people were heard"
    else:
        people = f"{_range(row['rank_low'], row['rank_high'])} when people are drawn again"
    weights = _range(row["weights_rank_low"], row["weights_rank_high"])
    return (
        f"confirmed by {row['confirmed_by']}: rank {row['rank']:.0f} of {n_ranked} ({people}; "
        f"{weights} by other weights)"
    )


def _range(low: float, high: float) -> str:
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
