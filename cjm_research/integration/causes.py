"""Candidate causes of a drop-off: who tells a pain point, and what those people do.

For a stage where people leave, each pain point that is told there or earlier is a candidate.
What is compared are people as they are, not as chance made them: whatever is found is an
association, and the words say so. `missing` names the evidence that would decide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cjm_research.errors import UnknownNameError
from cjm_research.integration.conventions import FALSE_FINDS, MIN_PEOPLE, NO_CODE
from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.statistics.differences import (
    adjust_p_values,
    compare_proportions,
    estimate_mean_difference,
    estimate_risk_ratio,
)

CAUSE_COLUMNS = [
    "stage", "told_at", "source", "code", "label", "n_said", "n_heard", "severity", "n_gave_up",
    "n_told", "n_told_left", "n_others", "n_others_left", "risk_ratio", "low", "high", "p",
    "p_adjusted", "n_family", "n_told_before", "n_told_after", "n_told_unknown",
    "rating_measure", "rating_stage", "n_rating_told", "n_rating_others", "rating_told",
    "rating_others", "rating_difference", "rating_low", "rating_high", "rating_p",
    "rating_p_adjusted", "n_rating_family", "missing", "words",
]  # fmt: skip
GAVE_UP = "gave_up"
EXPERIMENT = "no comparison by chance (an experiment)"
ASSOCIATION = (
    "This is an association, not a cause: those who {tell} may differ from the others in other ways"
)
_NPS = "nps"
_STAGE_RATINGS = ("csat", "ces", "nps", "sus")
_WHOLE_RATINGS = ("nps", "sus")
"""Ratings that are asked about the whole, and are taken where a stage has none of its own."""
_TOLD = ["source", "told_at", "code"]
_LINK = ["n_told", "n_told_left", "n_others", "n_others_left"]
_TIMES = ["n_told_before", "n_told_after", "n_told_unknown"]
_RATING = [
    "rating_measure", "rating_stage", "n_rating_told", "n_rating_others", "rating_told",
    "rating_others", "rating_difference", "rating_low", "rating_high", "rating_p",
]  # fmt: skip
_DEEDS = {
    "funnel_drop_off": ("came to {stage}", "left there"),
    "task_failure": ("tried a task of {stage}", "failed at least one task"),
    "questionnaire_abandonment": ("came to {stage}", "stopped answering there"),
    "churn": ("were followed for long enough", "did not come back"),
}
"""What people who entered a stage did, and what those lost there did, by measure."""


def weigh_causes(
    *,
    statements: pd.DataFrame,
    pain_points: pd.DataFrame,
    person_stages: pd.DataFrame,
    documents: pd.DataFrame,
    ratings: pd.DataFrame,
    journey: Journey,
    source_facts: pd.DataFrame,
    person_level: Mapping[str, bool],
    comparable: Mapping[str, bool],
    stage_behaviour: pd.DataFrame,
    collected_from: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Weigh the candidate causes of each stage's drop-off by what is said and what is done.

    Parameters
    ----------
    statements, pain_points, documents, ratings : DataFrame
        Tables of those names.
    person_stages : DataFrame
        One row per person found in the behaviour record and stage entered: `left` is 1 for
        who was lost there, 0 for who went on, NaN where the end is open; `last_at` is the last
        moment they are known to have been there.
    journey : Journey
    source_facts : DataFrame
        One row per source with words: `source`, `kind`, `has_design` and others.
    person_level : mapping of str to bool
        Source to whether its people are the people of the behaviour record, id by id.
    comparable : mapping of str to bool
        Source to whether its words may be set against this behaviour at all.
    stage_behaviour : DataFrame
        `stage`, `measure`, `n_lost` and others, one row per stage.
    collected_from : mapping of str to str, optional
        Source to the first day of its collection (ISO date, or ""): what was said at an
        unknown time was not said before it.

    Returns
    -------
    DataFrame
        Table `causes`, one row per stage where people are lost, `told_at` (that stage, or an
        earlier sequential one where it is sequential itself), source and pain point that is
        told there; trouble that fits no code has none. In journey order, then by source, most
        people first; never by a p value.

        Told: `n_said` of the `n_heard` people at `told_at`, `severity` as in table
        `pain_points`, and `n_gave_up` who say that they gave up over it.

        Done, NaN where the source's people are not linked or not comparable. The population
        are the source's participants (who wrote, spoke, were observed, or rated) who entered
        the stage and whose end is known. `n_told_left` of the `n_told` who tell the pain point
        at `told_at` were lost, and `n_others_left` of the `n_others`: all the rest, silent
        ones included, who may well have had that trouble without telling it. `risk_ratio` is
        the first share over the second with Koopman's 95 % interval; `p` is that of
        `compare_proportions`, `p_adjusted` Benjamini and Hochberg's over the `n_family`
        comparisons of the source, over all stages, `told_at` and codes, that have at least
        5 people in each group (0 for a row outside the family). These are NaN for smaller
        groups, and where the source has no sampling design: people picked on purpose have
        counts only. The ratio is NaN too where nobody of the others was lost.

        Of the `n_told_left`, `n_told_before` told it at a time when they were still there, at
        least once; `n_told_after` only afterwards, as a memory; of `n_told_unknown` it cannot
        be known.

        Ratings of the same source: `rating_measure` of `rating_stage` (the stage, or "" for
        the whole journey where it has none of its own), its mean among those who tell the pain
        point and among the others, at least 5 of each; NPS in points. They are the people of
        the population above who gave one; where people are not linked, all who rated this
        stage, as nobody's behaviour is needed for that. `rating_difference` with Welch's 95 %
        interval, unless all of a group rate alike; `rating_p` by Mann and Whitney's test,
        `rating_p_adjusted` over the `n_rating_family` comparisons of the source; only where
        the source has a design.

        `missing` lists what evidence is missing to decide, parted by semicolons, and `words`
        say the counts in sentences.

    Raises
    ------
    UnknownNameError
        If a pain point's source is none of `source_facts`, or a stage of `stage_behaviour` is
        none of the journey.

    References
    ----------
    Koopman (1984), Biometrics 40, 513-517; Welch (1947), Biometrika 34, 28-35; Mann and Whitney
    (1947), Annals of Mathematical Statistics 18, 50-60; Benjamini and Hochberg (1995),
    JRSS B 57, 289-300.
    """
    frame = _list_candidates(pain_points, journey, source_facts, stage_behaviour)
    told = _list_told(statements, documents, collected_from or {})
    allowed = frame["source"].map(lambda source: bool(comparable.get(source, False)))
    joined = frame["source"].map(lambda source: bool(person_level.get(source, False)))
    frame = frame.assign(comparable=allowed.astype(bool), linked=(allowed & joined).astype(bool))
    frame = frame.merge(_count_giving_up(told), on=_TOLD, how="left")
    frame["n_gave_up"] = frame["n_gave_up"].fillna(0).astype("int64")
    people = _list_people(statements, documents, ratings)
    followed = _follow(frame, people, person_stages)
    frame = _add_links(frame, told, followed)
    frame = _add_ratios(frame)
    frame = _add_ratings(frame, told, followed, ratings)
    records = frame.to_dict("records")
    frame["missing"] = [_name_missing(row) for row in records]
    frame["words"] = [_say(row, journey) for row in records]
    for column in ("stage", "told_at"):
        frame[column] = journey.order(frame[column])
    frame = frame.sort_values(
        ["stage", "told_at", "source", "n_said", "code"], ascending=[True, True, True, False, True]
    )
    return frame[CAUSE_COLUMNS].reset_index(drop=True)


def _list_candidates(
    pain_points: pd.DataFrame,
    journey: Journey,
    source_facts: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
) -> pd.DataFrame:
    """Return stages where people are lost x the pain points told there or before."""
    lost = stage_behaviour[(stage_behaviour["measure"] != "none") & (stage_behaviour["n_lost"] > 0)]
    pairs = [
        {"stage": str(stage), "told_at": told_at, "measure": measure}
        for stage, measure in zip(lost["stage"], lost["measure"], strict=True)
        for told_at in _list_earlier(journey, str(stage))
    ]
    told = pain_points[(pain_points["code"] != NO_CODE) & (pain_points["n_said"] > 0)]
    columns = ["source", "code", "label", "n_said", "n_heard", "severity"]
    told = told[columns].assign(told_at=told["stage"].astype(str))
    known = source_facts["source"].tolist()
    for source in told["source"].unique():
        if source not in known:
            raise UnknownNameError("source with words", str(source), known)
    frame = pd.DataFrame(pairs, columns=["stage", "told_at", "measure"], dtype="object")
    frame = frame.merge(told.astype({"told_at": "object"}), on="told_at")
    return frame.merge(source_facts[["source", "kind", "has_design"]], on="source")


def _list_earlier(journey: Journey, stage: str) -> list[str]:
    """Return the stage and those that lie before it; a stage in no sequence has none before."""
    if not journey[stage].sequential:
        return [stage]
    before = journey.stage_ids[: journey.stage_ids.index(stage)]
    return [*(name for name in before if journey[name].sequential), stage]


def _list_told(
    statements: pd.DataFrame, documents: pd.DataFrame, collected_from: Mapping[str, str]
) -> pd.DataFrame:
    """Return one row per source, stage, code and person who tells it, with when.

    `first_said` is the first known time; `not_before` holds for what has no time: NaT where
    not even a first day of collection is known.
    """
    told = statements[
        (statements["code_group"] == "pain_point")
        & (statements["code"] != NO_CODE)
        & (statements["stage"].astype(str) != UNASSIGNED)
    ]
    # An excerpt's id is its document's, a # and a number.
    document = told["excerpt_id"].astype(str).str.replace(r"#[^#]*$", "", regex=True)
    said_at = documents.drop_duplicates("document_id").set_index("document_id")["said_at"]
    first_days = {source: day for source, day in collected_from.items() if day}
    told = told[["source", "code", "participant_id"]].assign(
        told_at=told["stage"].astype(str).astype("object"),
        gave_up=told["consequence"] == GAVE_UP,
        said_at=_as_times(document.map(said_at)),
    )
    told["untimed"] = told["said_at"].isna()
    grouped = told.groupby([*_TOLD, "participant_id"], as_index=False, sort=True)
    people = grouped.agg(
        first_said=("said_at", "min"), untimed=("untimed", "any"), gave_up=("gave_up", "any")
    )
    return people.assign(not_before=_as_times(people["source"].map(first_days)))


def _count_giving_up(told: pd.DataFrame) -> pd.DataFrame:
    gave_up = told[told["gave_up"]]
    return gave_up.groupby(_TOLD, as_index=False).agg(n_gave_up=("participant_id", "size"))


def _list_people(
    statements: pd.DataFrame, documents: pd.DataFrame, ratings: pd.DataFrame
) -> pd.DataFrame:
    """Return `source`, `participant_id` and whether they have words: who is in each source."""
    keys = ["source", "participant_id"]
    spoken = pd.concat([statements[keys], documents[keys]]).drop_duplicates().assign(heard=True)
    people = pd.concat([spoken, ratings[keys].assign(heard=False)], ignore_index=True)
    return people.drop_duplicates(keys).astype({"heard": bool})


def _follow(frame: pd.DataFrame, people: pd.DataFrame, person_stages: pd.DataFrame) -> pd.DataFrame:
    """Return the people of linked sources x the stages they entered, where the end is known."""
    linked = frame.loc[frame["linked"], "source"].unique()
    ends = person_stages.loc[
        person_stages["left"].notna(), ["participant_id", "stage", "left", "last_at"]
    ]
    ends = ends.assign(
        stage=ends["stage"].astype(str).astype("object"),
        left=ends["left"].astype(float),
        last_at=_as_times(ends["last_at"]),
    )
    return people[people["source"].isin(linked)].merge(ends, on="participant_id")


def _add_links(frame: pd.DataFrame, told: pd.DataFrame, followed: pd.DataFrame) -> pd.DataFrame:
    """Count those who tell it and the others, by what became of them."""
    followed = followed.assign(heard_left=followed["left"].where(followed["heard"], 0.0))
    totals = followed.groupby(["source", "stage"], as_index=False).agg(
        n=("left", "size"), n_left=("left", "sum"), n_heard_left=("heard_left", "sum")
    )
    tellers = followed.merge(told, on=["source", "participant_id"])
    lost = tellers["left"] == 1
    before = lost & (tellers["first_said"] <= tellers["last_at"])
    # What has no time was said after it for sure only where nothing was collected before.
    late = ~tellers["untimed"] | (tellers["not_before"] > tellers["last_at"])
    after = lost & ~before & late & tellers["last_at"].notna()
    tellers = tellers.assign(before=before, after=after, unknown=lost & ~before & ~after)
    counts = tellers.groupby(["stage", *_TOLD], as_index=False).agg(
        n_told=("left", "size"),
        n_told_left=("left", "sum"),
        n_told_before=("before", "sum"),
        n_told_after=("after", "sum"),
        n_told_unknown=("unknown", "sum"),
    )
    frame = frame.merge(totals, on=["source", "stage"], how="left")
    frame = frame.merge(counts, on=["stage", *_TOLD], how="left")
    counted = ["n", "n_left", "n_heard_left", "n_told", "n_told_left", *_TIMES]
    frame[counted] = frame[counted].astype(float).fillna(0.0)
    frame["n_others"] = frame["n"] - frame["n_told"]
    frame["n_others_left"] = frame["n_left"] - frame["n_told_left"]
    known = [*_LINK, *_TIMES, "n_heard_left"]
    frame[known] = frame[known].where(frame["linked"])
    return frame.drop(columns=["n", "n_left"])


def _add_ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare the groups that are large enough, and adjust over each source's family."""
    fewest = frame[["n_told", "n_others"]].min(axis=1)
    tested = frame["has_design"].astype(bool) & (fewest >= MIN_PEOPLE)
    rows = []
    for row in frame.loc[tested, ["n_told_left", "n_told", "n_others_left", "n_others"]].to_numpy():
        counts = tuple(int(count) for count in row)
        rows.append((*estimate_risk_ratio(*counts), compare_proportions(*counts)))
    columns = ["risk_ratio", "low", "high", "p"]
    found = pd.DataFrame(rows, columns=columns, index=frame.index[tested], dtype=float)
    frame = frame.join(found)
    return _adjust(frame, "p", "p_adjusted", "n_family")


def _add_ratings(
    frame: pd.DataFrame, told: pd.DataFrame, followed: pd.DataFrame, ratings: pd.DataFrame
) -> pd.DataFrame:
    """Compare what those who tell it rate with what the others do."""
    given = ratings[ratings["value"].notna()].astype({"stage": "object"})
    values = {
        (source, measure, stage): _rate_people(rows, measure)
        for (source, measure, stage), rows in given.groupby(["source", "measure", "stage"])
    }
    tellers = {key: set(rows) for key, rows in told.groupby(_TOLD)["participant_id"]}
    came = {key: set(rows) for key, rows in followed.groupby(["source", "stage"])["participant_id"]}
    rows: list[dict[str, Any]] = []
    for row in frame.to_dict("records"):
        chosen = _choose_rating(row, values) if row["comparable"] else None
        if not chosen:
            rows.append({"rating_measure": "", "rating_stage": ""})
            continue
        rated = values[row["source"], *chosen]
        if row["linked"]:
            rated = rated[rated.index.isin(came.get((row["source"], row["stage"]), set()))]
        first = rated.index.isin(tellers.get((row["source"], row["told_at"], row["code"]), set()))
        compared = _compare_ratings(rated[first], rated[~first], has_design=row["has_design"])
        rows.append({"rating_measure": chosen[0], "rating_stage": chosen[1]} | compared)
    found = pd.DataFrame(rows, columns=_RATING, index=frame.index)
    found = found.astype(dict.fromkeys(_RATING[:2], "object") | dict.fromkeys(_RATING[2:], "float"))
    return _adjust(frame.join(found), "rating_p", "rating_p_adjusted", "n_rating_family")


def _choose_rating(
    row: Mapping[str, Any], values: Mapping[tuple[str, str, str], pd.Series]
) -> tuple[str, str] | None:
    """Return measure and stage of the rating that stands nearest to a row's stage, if any.

    One of the whole journey goes by how far people came, so that it is compared only among
    people who are known to have come to one stage.
    """
    choices = [(measure, row["stage"]) for measure in _STAGE_RATINGS]
    if row["linked"]:
        choices += [(measure, "") for measure in _WHOLE_RATINGS]
    return next((choice for choice in choices if (row["source"], *choice) in values), None)


def _rate_people(ratings: pd.DataFrame, measure: str) -> pd.Series:
    """Return one value per participant; for NPS 100, 0 or -100, whose mean is the NPS."""
    values = ratings.groupby("participant_id")["value"].mean()
    if measure == _NPS:
        return 100.0 * ((values >= 9).astype(float) - (values <= 6).astype(float))
    return values


def _compare_ratings(first: pd.Series, second: pd.Series, *, has_design: bool) -> dict[str, float]:
    found = {"n_rating_told": float(len(first)), "n_rating_others": float(len(second))}
    if min(len(first), len(second)) < MIN_PEOPLE:
        return found
    found |= {"rating_told": float(first.mean()), "rating_others": float(second.mean())}
    if not has_design:
        return found
    gap, low, high = found["rating_told"] - found["rating_others"], math.nan, math.nan
    # Five people who rate alike are no certainty about all who would: they have no interval.
    if _differ(first) and _differ(second):
        (_, low, high), _ = estimate_mean_difference(first.tolist(), second.tolist())
    return found | {
        "rating_difference": gap, "rating_low": low, "rating_high": high,
        "rating_p": _test_ratings(first, second),
    }  # fmt: skip


def _test_ratings(first: pd.Series, second: pd.Series) -> float:
    """Return the p value of Mann and Whitney's test, ties corrected.

    Welch's test is too sure where a few people use a short scale: of 8 people's NPS against
    that of 250 it brings 6 p values below .001 in 1,000, in place of 1, and it is the smallest
    that an adjustment looks at.
    """
    if not _differ(pd.concat([first, second])):
        return 1.0
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(first, second, method="asymptotic").pvalue)


def _differ(values: pd.Series) -> bool:
    return bool((values != values.iloc[0]).any())


def _adjust(frame: pd.DataFrame, p: str, adjusted: str, n_family: str) -> pd.DataFrame:
    """Add adjusted p values and the family's size, each source a family of its own."""
    frame = frame.assign(**{adjusted: math.nan, n_family: 0})
    for _, rows in frame.groupby("source"):
        frame.loc[rows.index, adjusted] = adjust_p_values(rows[p].to_numpy(dtype=float))
        frame.loc[rows.index, n_family] = rows[p].notna() * int(rows[p].notna().sum())
    return frame


def _name_missing(row: Mapping[str, Any]) -> str:
    """Return what evidence is missing to decide, in plain words."""
    tell = "it is noted for fewer than" if row["kind"] == "note" else "fewer than"
    they = "people" if row["kind"] == "note" else "people tell it"
    found = []
    if not row["comparable"]:
        found.append("these words cannot be set against this behaviour")
    elif not row["linked"]:
        found.append("people cannot be linked")
    if not row["linked"]:
        if row["n_said"] < MIN_PEOPLE:
            found.append(f"{tell} {MIN_PEOPLE} {they}")
        return "; ".join([*found, EXPERIMENT])
    if not row["n_told"] + row["n_others"]:
        found.append("nobody of this source is found in the behaviour of this stage")
    elif not row["n_heard_left"]:
        # Said of a stage at hand, in place of the one that a sentence speaks about.
        left = _DEEDS[row["measure"]][1].replace("there", "here")
        found.append(f"nobody who {left} was heard")
    if row["n_told"] < MIN_PEOPLE:
        here = "" if row["n_said"] < MIN_PEOPLE else " and are found at this stage"
        found.append(f"{tell} {MIN_PEOPLE} {they}{here}")
    if row["n_others"] < MIN_PEOPLE <= row["n_told"]:
        found.append(f"fewer than {MIN_PEOPLE} others to compare with")
    if not row["has_design"]:
        found.append("people were not drawn by chance, so there are counts only")
    told, recalled = ("noted", "noted") if row["kind"] == "note" else ("told", "recalled")
    leaving = "failing" if row["measure"] == "task_failure" else "leaving"
    if row["n_told_left"] and row["n_told_after"] == row["n_told_left"]:
        found.append(f"only {recalled} after {leaving}")
    elif row["n_told_unknown"] and not row["n_told_before"]:
        found.append(f"not known whether it was {told} before {leaving}")
    if not row["rating_measure"]:
        found.append("no rating to compare")
    return "; ".join([*found, EXPERIMENT])


def _say(row: Mapping[str, Any], journey: Journey) -> str:
    """Return the row in sentences."""
    at = journey[row["told_at"]].name
    note = row["kind"] == "note"
    if note:
        said = f"At {at} it is noted for {row['n_said']} of the {row['n_heard']} people observed."
    else:
        said = (
            f"At {at} {row['n_said']} of the {row['n_heard']} people heard {_tell(row['n_said'])}."
        )
    if not row["comparable"]:
        parts = [said, "These words cannot be set against this behaviour."]
    elif not row["linked"]:
        parts = [said, "What became of these people is not known."]
    else:
        parts = [said, *_say_link(row, journey), _say_times(row)]
    parts.append(_say_ratings(row, journey))
    if row["linked"] or not math.isnan(row["rating_told"]):
        parts.append(f"{ASSOCIATION.format(tell='have the note' if note else 'tell it')}.")
    return " ".join(part for part in parts if part)


def _say_link(row: Mapping[str, Any], journey: Journey) -> list[str]:
    came, left = _DEEDS[row["measure"]]
    came = came.format(stage=journey[row["stage"]].name)
    n, n_others = int(row["n_told"]), int(row["n_others"])
    n_left, n_others_left = int(row["n_told_left"]), int(row["n_others_left"])
    if not n + n_others:
        return [f"None of this source’s people {came}, as far as is known."]
    tested = not math.isnan(row["p"])
    first = f" ({_percent(n_left / n)})" if tested else ""
    second = f" ({_percent(n_others_left / n_others)})" if tested else ""
    note = row["kind"] == "note"
    tell = "for whom it is noted and who" if note else f"who {_tell(n)} and"
    silent = "" if note else ", silent ones included"
    counts = (
        f"Of {n} {tell} {came}, {n_left}{first} {left}, "
        f"of {n_others} others{silent}, {n_others_left}{second}"
    )
    if not tested:
        return [f"{counts}."]
    chance = _say_chance(row["p_adjusted"], row["n_family"])
    if math.isnan(row["risk_ratio"]):
        return [f"{counts}: against nobody there is no ratio.", chance]
    limits = f"{row['low']:.2f}–{row['high']:.2f}"
    return [f"{counts}: {row['risk_ratio']:.2f} times the share (interval {limits}).", chance]


def _say_times(row: Mapping[str, Any]) -> str:
    """Return when those who were lost told it."""
    if not row["n_told_left"]:
        return ""
    told, of = ("noted", "for") if row["kind"] == "note" else ("told", "by")
    times = ("before that", "only afterwards", "at a time that is not known")
    counts = [
        f"{time} {of} {int(row[name])}"
        for name, time in zip(_TIMES, times, strict=True)
        if row[name]
    ]
    return f"Among those who {_DEEDS[row['measure']][1]}, it was {told} {' and '.join(counts)}."


def _say_ratings(row: Mapping[str, Any], journey: Journey) -> str:
    if math.isnan(row["rating_told"]):
        return ""
    stage = row["rating_stage"]
    about = f"at {journey[stage].name}" if stage else "of the whole journey"
    tell = "those with the note" if row["kind"] == "note" else "those who tell it"
    whose = ", of the same people" if row["linked"] else ""
    words = (
        f"{row['rating_measure'].upper()} {about}{whose}: {_number(row['rating_told'])} among "
        f"{tell} (n = {int(row['n_rating_told'])}), {_number(row['rating_others'])} among the "
        f"others (n = {int(row['n_rating_others'])})"
    )
    if math.isnan(row["rating_p"]):
        return f"{words}."
    chance = _say_chance(row["rating_p_adjusted"], row["n_rating_family"])
    if math.isnan(row["rating_low"]):
        return f"{words}. {chance}"
    limits = f"{_number(row['rating_low'])} to {_number(row['rating_high'])}"
    return f"{words}, a difference of {_number(row['rating_difference'])} ({limits}). {chance}"


def _say_chance(p_adjusted: float, n_family: int) -> str:
    among = f" among {n_family} such comparisons" if n_family > 1 else ""
    if p_adjusted < FALSE_FINDS:
        return f"That is more than chance brings{among}."
    return f"Chance alone may bring that{among}."


def _tell(n: int) -> str:
    return "tells it" if n == 1 else "tell it"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u202f%"


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _as_times(values: pd.Series) -> pd.Series:
    """Return UTC times, whatever the column holds when it is empty."""
    return pd.to_datetime(values, utc=True, format="ISO8601")
