"""What words and numbers of a stage say about each other, by rules declared before looking."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from cjm_research.config import Findings, Verdict
from cjm_research.config.schema import VerdictPart
from cjm_research.integration.conventions import MIN_PEOPLE, NO_CODE
from cjm_research.integration.disclosure import UNDISCLOSED, is_few_lost
from cjm_research.integration.trust import NEEDS_PERSON
from cjm_research.journey import Journey, Stage
from cjm_research.statistics.suppression import SMALLEST

MIN_TELLERS = 2
"""What one person alone tells is not much, however few are heard."""

SAME_OBSERVERS = "notes and outcomes are by the same observers: no independent sources"
"""Part of a reason: what agrees is then one record told twice, and no confirmation."""
VERDICT_COLUMNS = [
    "stage", "said", "done", "verdict", "reason", "leavers_heard", "n_leavers_heard", "by",
    "proposed",
]  # fmt: skip

Said = Literal["much", "little", "mixed", "nothing", "not asked", "cannot tell"]
Done = Literal["much", "little", "cannot tell", "not measured"]
LeaversHeard = Literal["heard", "not heard", "cannot tell"]


def judge_stages(
    *,
    mentions: pd.DataFrame,
    coverage: pd.DataFrame,
    ratings: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    links: pd.DataFrame,
    comparable: Mapping[str, bool] | Collection[str],
    source_facts: pd.DataFrame,
    journey: Journey,
    rules: VerdictPart,
    findings: Findings,
    trusted: Mapping[tuple[str, str, str], str] | None = None,
    smallest_cell: int = SMALLEST,
) -> pd.DataFrame:
    """Say per stage whether what people say and what people do agree.

    Each source with words gives one answer per stage, each of its ratings with a declared
    threshold one more, and the stage's behaviour measure one. `describe_rules` says the same
    in sentences.

    - A source's words are "much" when its most told pain point (`other` is none) reaches
      `much_told` of the people heard there: with the lower end of its interval where the
      source has a sampling design; else by the plain count, from 5 people heard and 2 who
      tell it on. They are "little" when the whole interval (the count) lies below, "nothing"
      when no pain point is told or people were asked and said nothing, "cannot tell"
      otherwise. Where all trouble told fits no code, it is at most "little".
    - A rating is "much" when its whole interval lies below `low_rating` of its measure,
      "little" when none of it does, else "cannot tell".
    - Together: "not asked" when no source asked or heard anybody; "mixed" when some say much
      and others little or nothing; "much" when one does and the rest cannot tell; "little" or
      "nothing" when all say so; else "cannot tell". A source that is not comparable with the
      numbers has no say; where there is none but such, "cannot tell".
    - The numbers are "much" when the interval of the stage's rate lies at or above
      `much_lost`, "little" when it lies below, "cannot tell" when the threshold is in it or
      fewer than 5 were counted. Without an interval the plain rate of those observed counts.

    Parameters
    ----------
    mentions, coverage : DataFrame
        Tables of those names. `n_said` of `n_heard` are people.
    ratings : DataFrame
        Table `rating_summary`.
    stage_behaviour : DataFrame
        Of `describe_stage_behaviour`.
    links : DataFrame
        Table `links`: how many of those heard are found in the behaviour record, and left.
    comparable : mapping of str to bool, or collection of str
        Sources whose words and ratings may be set against these numbers; who is not named may
        not.
    source_facts : DataFrame
        `source`, `label`, `kind`, `has_design`: the sources with words.
    journey : Journey
    rules : VerdictPart
        The thresholds that the study declares.
    findings : Findings
        A person's verdict replaces the machine's.
    trusted : mapping of (source, code group, code) to str, optional
        Of `gate`: a pain point that an answer rests on and that "needs a person" is named as
        such in the reason. It has its say all the same.
    smallest_cell : int
        The floor of what is published: reasons are sentences for readers, and do not count out
        fewer people who left, or did not (`integration.disclosure`).

    Returns
    -------
    DataFrame
        Table `verdicts`, one row per stage in journey order, whatever the order of the input.
        `verdict` holds; `proposed` is the machine's, and `by` names the person who decided
        (empty while it is a proposal). `reason` gives the counts and thresholds that led to
        the proposal, says where notes and outcomes are by the same observers, and ends with the
        person's note. `leavers_heard`: whether anybody heard here by a
        comparable source is known to have left here; "not heard" only when at least 5 of a
        source's, and no fewer than the floor, are found in the behaviour record.
        `n_leavers_heard` is the largest number over sources, as the same person may be in
        several; NaN when nobody can tell.

    Notes
    -----
    The most told pain point is picked after looking, which favours chance: a "much" whose
    interval starts just above the threshold is less sure than its 95 % says.

    References
    ----------
    After the convergence coding matrix of Farmer et al. (2006), Qualitative Health Research
    16(3), 377-394; "silence" is taken apart by what was asked and of whom.
    """
    evidence = _Evidence(
        mentions=_told(mentions),
        coverage=_records(coverage),
        ratings=_records(ratings),
        behaviour={row["stage"]: row for row in _records(stage_behaviour)},
        links=_records(links),
        comparable=_names(comparable),
        sources={row["source"]: row for row in _records(source_facts)},
        rules=rules,
        trusted=trusted or {},
        smallest_cell=smallest_cell,
    )
    rows = [_judge(stage, evidence, findings) for stage in journey]
    frame = pd.DataFrame(rows, columns=VERDICT_COLUMNS).astype({"n_leavers_heard": "float64"})
    return frame.assign(stage=journey.order(frame["stage"]))


def describe_rules(rules: VerdictPart) -> list[str]:
    """Say in sentences by what rules `judge_stages` judges.

    Parameters
    ----------
    rules : VerdictPart

    Returns
    -------
    list of str
        One sentence per rule, for the report.
    """
    told, lost = _threshold(rules.much_told), _threshold(rules.much_lost)
    low = [f"{name.upper()} {_limit(limit)}" for name, limit in sorted(rules.low_rating.items())]
    return [
        f"Much is told in a stage when a source’s most told pain point reaches {told} of the "
        "people heard there.",
        "A source drawn at random, or of everybody, is judged by its whole 95 % interval; any "
        f"other by its plain count, which needs {MIN_PEOPLE} people heard and {MIN_TELLERS} who "
        "tell it.",
        "The most told pain point is picked after looking: where few people are heard, "
        f"a share of {told} is easily reached by chance.",
        "Words are counted as the machine and people coded them, uncorrected.",
        f"A rating counts as much told when its whole interval lies below {' or '.join(low)}."
        if low
        else "Ratings are shown and not judged, as no threshold is declared for them.",
        f"Much is lost when the rate’s whole interval lies at or above {lost}, little when it "
        "lies below; without an interval the plain rate of those observed counts, from "
        f"{MIN_PEOPLE} on.",
        "Where an interval lies on both sides of its threshold, the answer is: cannot tell.",
        "Sources are never pooled: where one tells much and another little, they are mixed, and "
        "partly agree with the numbers. A source that is not comparable with the numbers has "
        "no say.",
        "Nobody asked is kept apart from asked and silent, and silence from leavers not heard: "
        "little is told, much is lost, and nobody heard here is known to have left here.",
        "Every verdict is a proposal until a person decides.",
    ]


@dataclass(frozen=True)
class _Evidence:
    """The tables, as rows by stage and source."""

    mentions: list[dict[str, Any]]
    coverage: list[dict[str, Any]]
    ratings: list[dict[str, Any]]
    behaviour: Mapping[str, dict[str, Any]]
    links: list[dict[str, Any]]
    comparable: frozenset[str]
    sources: Mapping[str, dict[str, Any]]
    rules: VerdictPart
    trusted: Mapping[tuple[str, str, str], str]
    smallest_cell: int

    def label(self, source: str) -> str:
        return str(self.sources[source]["label"]) if source in self.sources else source


@dataclass(frozen=True)
class _Answer:
    """What one source's words, one rating or the numbers say, and the counts behind it."""

    level: str
    words: str


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows with stages as plain text, by source, in whatever order they came."""
    plain = table.assign(stage=table["stage"].astype("object")) if "stage" in table else table
    found: list[dict[str, Any]] = plain.to_dict("records")
    return sorted(found, key=lambda row: str(row.get("source", "")))


def _told(mentions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return everybody's pain points, the most told first."""
    pains = mentions[(mentions["segment"] == "") & (mentions["code_group"] == "pain_point")]
    rows = _records(pains[pains["n_said"] > 0])
    return sorted(rows, key=lambda row: (row["source"], -row["n_said"], row["code"]))


def _names(comparable: Mapping[str, bool] | Collection[str]) -> frozenset[str]:
    if isinstance(comparable, Mapping):
        return frozenset(source for source, is_so in comparable.items() if is_so)
    return frozenset(comparable)


def _judge(stage: Stage, evidence: _Evidence, findings: Findings) -> dict[str, Any]:
    said, said_words = _said(stage, evidence)
    row = evidence.behaviour.get(stage.id)
    done = _done(row, evidence.rules)
    leavers, n_leavers, leavers_words = _leavers(stage, done.level, evidence)
    heard = _is_anybody_heard(stage, evidence)
    proposed = _verdict(said, done.level, leavers, heard=heard)
    sentences = [
        (_lead(said, done.level) if heard else "") + "; ".join([*said_words, done.words]),
        leavers_words,
        _one_recorder(stage, said, done.level, evidence),
        _left_out(stage, evidence),
    ]
    reason = " ".join(_sentence(words) for words in sentences if words)
    person = findings.verdict_of(stage.id)
    if person and person.note:
        reason += f" {person.by}: {person.note}"
    return {
        "stage": stage.id,
        "said": said,
        "done": done.level,
        "verdict": person.verdict if person else proposed,
        "reason": reason,
        "leavers_heard": leavers,
        "n_leavers_heard": n_leavers,
        "by": person.by if person else "",
        "proposed": proposed,
    }


# ---- what is said


def _said(stage: Stage, evidence: _Evidence) -> tuple[Said, list[str]]:
    """Return what the comparable sources say together, and the words of each."""
    rated = [_rating(row, evidence) for row in _by_measure(_rated(stage, evidence))]
    answers = [*_tell(stage, evidence).values(), *rated]
    levels = [answer.level for answer in answers]
    words = [answer.words for answer in answers if answer.words]
    said = _together(levels)
    if said == "not asked" and (rated or _others(stage, evidence)):
        # Somebody was asked, with no rule or no right to judge what they answered.
        return "cannot tell", words or ["no comparable source asked about this stage"]
    return said, words if said != "not asked" else ["nobody was asked about this stage"]


def _rated(stage: Stage, evidence: _Evidence) -> list[dict[str, Any]]:
    """Return the comparable sources' ratings of a stage."""
    return [
        row
        for row in evidence.ratings
        if row["stage"] == stage.id and row["source"] in evidence.comparable
    ]


def _tell(stage: Stage, evidence: _Evidence) -> dict[str, _Answer]:
    """Return what each comparable source's words say of a stage."""
    rating = {row["source"] for row in _rated(stage, evidence)}
    return {
        row["source"]: _words(row, evidence, is_rated=row["source"] in rating)
        for row in evidence.coverage
        if row["stage"] == stage.id and row["source"] in evidence.comparable
    }


def _one_recorder(stage: Stage, said: Said, done: str, evidence: _Evidence) -> str:
    """Say so where the observers who noted, and had a say, wrote the outcomes as well."""
    if stage.measure != "task_failure" or not (said in _JUDGED and done in _JUDGED):
        return ""
    noted = [
        answer.level in _JUDGED
        for source, answer in _tell(stage, evidence).items()
        if evidence.sources.get(source, {}).get("kind") == "note"
    ]
    return SAME_OBSERVERS if any(noted) else ""


def _words(row: Mapping[str, Any], evidence: _Evidence, *, is_rated: bool) -> _Answer:
    """Judge what one source's people tell in words of one stage."""
    source, label = row["source"], evidence.label(row["source"])
    facts = evidence.sources.get(source, {})
    is_note = facts.get("kind") == "note"
    if not row["n_heard"]:
        # Who was asked for a rating and gave one was not silent.
        if not row["asked"] or is_rated:
            return _Answer("not asked", "")
        silent = "observers noted nothing" if is_note else "people were asked and said nothing"
        return _Answer("nothing", f"{silent} ({label})")
    told = [
        pain
        for pain in evidence.mentions
        if pain["stage"] == row["stage"] and pain["source"] == source
    ]
    if not told:
        n = _whole(row["n_heard"])
        if is_note:
            return _Answer("nothing", f"observers noted no pain point for any of {n} ({label})")
        return _Answer("nothing", f"none of {n} heard ({label}) tells a pain point")
    named = [pain for pain in told if pain["code"] != NO_CODE]
    most = (named or told)[0]
    limit = evidence.rules.much_told
    level, by = _share(most, limit, has_design=bool(facts.get("has_design")))
    if not named and level != "little":
        level, by = "cannot tell", ", and a person has to name it"
    status = evidence.trusted.get((source, "pain_point", most["code"]), "")
    words = _telling(most, label, limit, is_note=is_note, needs_person=status == NEEDS_PERSON)
    return _Answer(level, words + by)


def _share(pain: Mapping[str, Any], limit: float, *, has_design: bool) -> tuple[str, str]:
    """Judge how many tell a pain point; and say against which threshold."""
    if pain["n_heard"] < MIN_PEOPLE:
        return "cannot tell", f", with fewer than {MIN_PEOPLE} heard"
    if has_design and math.isnan(pain["low"]):
        return "cannot tell", f", without an interval to hold against {_threshold(limit)}"
    if has_design:
        return _side(pain["low"], pain["high"], limit)
    share = pain["n_said"] / pain["n_heard"]
    if share >= limit and pain["n_said"] < MIN_TELLERS:
        return "cannot tell", ", one person alone"
    return _side(share, share, limit)


def _telling(
    pain: Mapping[str, Any], label: str, limit: float, *, is_note: bool, needs_person: bool
) -> str:
    share = ""
    if not math.isnan(pain["low"]):
        share = f"; {_percent(pain['share'], limit)}, {_interval(pain, limit)}"
    what = f"“{pain['label']}”" + (", a code that needs a person" if needs_person else "")
    n = f"{_whole(pain['n_said'])} of {_whole(pain['n_heard'])} ({label}{share})"
    if is_note:
        return f"observers noted {what}{',' if needs_person else ''} for {n}"
    return f"{n} {'tells' if pain['n_said'] == 1 else 'tell'} {what}"


def _by_measure(ratings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(ratings, key=lambda row: (row["source"], row["measure"], row["wave"]))


def _rating(row: Mapping[str, Any], evidence: _Evidence) -> _Answer:
    """Judge one rating of a stage; without a threshold it is shown only."""
    limit = dict(evidence.rules.low_rating).get(row["measure"], math.nan)
    has_interval = not math.isnan(row["low"]) and row["n"] >= MIN_PEOPLE
    value, low, high = (_number(row[key], limit) for key in ("value", "low", "high"))
    interval = f"interval {low} to {high}; " if has_interval else ""
    label = evidence.label(row["source"])
    shown = f"{row['label']} {value} ({label}; {interval}n = {_whole(row['n'])})"
    if math.isnan(limit):
        return _Answer("not judged", f"{shown}, not judged: no threshold is declared")
    against = _limit(limit)
    if not has_interval:
        return _Answer("cannot tell", f"{shown}, without an interval to hold against {against}")
    if row["high"] < limit:
        return _Answer("much", f"{shown}, below {against}")
    if row["low"] >= limit:
        return _Answer("little", f"{shown}, at or above {against}")
    return _Answer("cannot tell", f"{shown}, its interval on both sides of {against}")


def _together(levels: Iterable[str]) -> Said:
    found = set(levels) - {"not asked", "not judged"}
    if not found:
        return "not asked"
    quiet = found & {"little", "nothing"}
    if "much" in found:
        return "mixed" if quiet else "much"
    if "cannot tell" in found:
        return "cannot tell"
    return "nothing" if found == {"nothing"} else "little"


def _others(stage: Stage, evidence: _Evidence) -> list[str]:
    """Return the sources that asked, heard or rated here but are not comparable."""
    spoke = {
        row["source"]
        for row in evidence.coverage
        if row["stage"] == stage.id and (row["asked"] or row["n_heard"])
    }
    rated = {row["source"] for row in evidence.ratings if row["stage"] == stage.id}
    return sorted((spoke | rated) - evidence.comparable)


def _left_out(stage: Stage, evidence: _Evidence) -> str:
    labels = [evidence.label(source) for source in _others(stage, evidence)]
    return f"left out, as not comparable with the numbers: {'; '.join(labels)}" if labels else ""


# ---- what is done


def _done(row: Mapping[str, Any] | None, rules: VerdictPart) -> _Answer:
    """Judge the stage's own behaviour measure."""
    if row is None or math.isnan(row["n"]):
        return _Answer("not measured", "no behaviour is measured here")
    if not row["n"]:
        return _Answer("cannot tell", "nobody was observed here")
    counts = f"{_whole(row['n_lost'])} of {_whole(row['n'])}"
    if row["n"] < MIN_PEOPLE:
        unit = "first tries " if row["measure"] == "task_failure" else ""
        what = unit + row["words"].removeprefix("of first tries ")
        return _Answer("cannot tell", f"{counts} {what}, too few to judge")
    has_interval = not math.isnan(row["low"])
    low, high = (row["low"], row["high"]) if has_interval else (row["rate"], row["rate"])
    level, by = _side(low, high, rules.much_lost)
    interval = f"; {_interval(row, rules.much_lost)}" if has_interval else ""
    if has_interval and row["measure"] == "task_failure":
        # Tries of one person go together: the interval is that of people's own shares.
        interval += " over people’s own shares"
    rate = _percent(row["rate"], rules.much_lost)
    return _Answer(level, f"{rate} {row['words']} ({counts}{interval}){by}")


# ---- who of them was heard


_LEFT = {
    "task_failure": "failed a first try here",
    "questionnaire_abandonment": "stopped answering here",
    "churn": "did not come back",
}


def _leavers(stage: Stage, done: str, evidence: _Evidence) -> tuple[LeaversHeard, float, str]:
    """Return whether any of those heard here left here, how many at least, and the counts."""
    found = [
        row
        for row in evidence.links
        if row["stage"] == stage.id and row["source"] in evidence.comparable and row["n_linked"] > 0
    ]
    # Who comes back is known of all together, person by person of nobody.
    if done == "not measured" or stage.measure == "churn" or not found:
        return "cannot tell", math.nan, ""
    parts = [
        f"{_lost(row, evidence)} of {_whole(row['n_linked'])} ({evidence.label(row['source'])})"
        for row in found
    ]
    did = _LEFT.get(stage.measure, "left here")
    kinds = {evidence.sources.get(row["source"], {}).get("kind") for row in found}
    who = "with notes here" if kinds == {"note"} else "heard here"
    words = f"of those {who} and found in the behaviour record, {_listed(parts)} {did}"
    n_left = max(row["n_left"] for row in found)
    if n_left:
        return "heard", float(n_left), words
    if max(row["n_linked"] for row in found) < max(MIN_PEOPLE, evidence.smallest_cell):
        return "cannot tell", math.nan, words
    return "not heard", 0.0, words


def _lost(row: Mapping[str, Any], evidence: _Evidence) -> str:
    few = is_few_lost(row, smallest_cell=evidence.smallest_cell)
    return UNDISCLOSED if few else _whole(row["n_left"])


# ---- both together


_QUIET = frozenset({"little", "nothing"})
_JUDGED = _QUIET | {"much", "mixed"}


def _is_anybody_heard(stage: Stage, evidence: _Evidence) -> bool:
    return any(
        row["n_heard"] > 0
        for row in evidence.coverage
        if row["stage"] == stage.id and row["source"] in evidence.comparable
    )


def _verdict(said: Said, done: str, leavers: LeaversHeard, *, heard: bool) -> Verdict:
    """Return the verdict on what is said and what is done; a proposal."""
    if said == "not asked":
        return "not asked"
    if "cannot tell" in (said, done):
        return "cannot tell"
    if done == "not measured":
        return "cannot tell" if said in _QUIET else "only said"
    if said == "mixed":
        return "partly agree"
    if said == "much":
        return "sources agree" if done == "much" else "sources disagree"
    if done == "little":
        # That nobody complains agrees with few being lost; that nobody spoke says nothing.
        return "sources agree" if heard else "cannot tell"
    if leavers == "not heard":
        return "leavers not heard"
    return "only done" if said == "nothing" else "sources disagree"


def _lead(said: Said, done: str) -> str:
    """Return how the reason begins where the two agree: in trouble, or in having none."""
    if said == "much" and done == "much":
        return "both point to trouble: "
    return "both are quiet: " if said in _QUIET and done == "little" else ""


# ---- numbers in words


def _side(low: float, high: float, limit: float) -> tuple[str, str]:
    """Return on which side of a threshold an interval lies, and its words."""
    shown = _threshold(limit)
    if low >= limit:
        return "much", f", at or above {shown}"
    if high < limit:
        return "little", f", below {shown}"
    return "cannot tell", f", its interval on both sides of {shown}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _number(value: float, limit: float) -> str:
    """Return '3.2'; '3.48' where '3.5' would claim to be the threshold."""
    digits = 2 if round(value, 1) == limit != value else 1
    return f"{value:.{digits}f}".replace("-", "−")


def _limit(limit: float) -> str:
    return f"{limit:g}".replace("-", "−")


def _percent(share: float, limit: float) -> str:
    """Return '58 %'; '19.6 %' where '20 %' would claim to be the threshold, none or all."""
    return f"{_digits(share, limit)}\u202f%"


def _interval(row: Mapping[str, Any], limit: float) -> str:
    return f"interval {_digits(row['low'], limit)}–{_digits(row['high'], limit)}\u202f%"


def _digits(share: float, limit: float) -> str:
    rounded = round(100 * share)
    claims = [edge for edge in (0.0, 1.0, limit) if rounded == round(100 * edge, 6)]
    digits = 1 if any(share != edge for edge in claims) else 0
    return f"{100 * share:.{digits}f}"


def _threshold(share: float) -> str:
    return f"{100 * share:g}\u202f%"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
