"""How far words and numbers are of the same people, days, waves, channels and segments.

What is told may be set beside what is counted only as far as both are of the same thing. Each
difference is stated in a sentence for the report; where ids do not join, nothing is said about
single people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from cjm_research.integration.disclosure import UNDISCLOSED, is_few
from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.statistics import estimate_difference

COMPARABILITY_COLUMNS = ["source", "against", "aspect", "status", "n", "words"]
SUMMARY_COLUMNS = ["source", "comparable", "person_level", "words"]
SAME, DIFFERS, CANNOT_TELL = "same", "differs", "cannot tell"
PEOPLE, LEAVERS, RECORDER, STAGES, DATES, WAVE, CHANNEL, SEGMENT = (
    "people", "leavers", "recorder", "stages", "dates", "wave", "channel", "segment",
)  # fmt: skip

MIN_LINKED = 5
"""People whose ids join below which nothing is said about single people."""
SAME_PEOPLE = 0.9
"""Share of a source's people in the behaviour record, or of people whose audience segment is
known, from which the two count as the same."""
MIN_AT_STAGE = 10
"""People whose end at a stage is known below which these are not held against all."""
MOSTLY_CAME = 0.75
"""Share of those heard on a stage who came there by the record, below which ids may be mixed."""
LONG = pd.Timedelta(days=60)
"""Time between doing and telling from which the two are of different days."""
LARGE_CHANNEL = 0.05
"""Share of people who use a channel from which its absence from what is told is stated."""
NEAR = 0.2
"""Difference of two shares that may be there unseen where a segment counts as the same."""

_SAME_WAY = (STAGES, DATES)
"""Where these differ, what is told of a way is not of the way that the record has."""
_OF_ITSELF = (PEOPLE, LEAVERS, RECORDER, STAGES)
"""What is checked where words and numbers are of one source."""
_RECORDS = {"note": "task_failure", "survey_answer": "questionnaire_abandonment"}
"""Sources with words that are behaviour records as well, and what they measure."""
_LOST = {
    "funnel_drop_off": ("left", "stayed"),
    "questionnaire_abandonment": ("stopped answering", "went on"),
    "task_failure": ("failed a first try", "failed none"),
}


def check_comparability(
    *,
    source_facts: pd.DataFrame,
    sources: pd.DataFrame,
    behaviour_sources: Sequence[str],
    documents: pd.DataFrame,
    excerpts: pd.DataFrame,
    ratings: pd.DataFrame,
    person_stages: pd.DataFrame,
    stage_behaviour: pd.DataFrame,
    joins: pd.DataFrame,
    segment_people: pd.DataFrame,
    channel_mentions: pd.DataFrame,
    channels: pd.DataFrame,
    journey: Journey,
    smallest_cell: int = 5,
) -> pd.DataFrame:
    """State how far the words of each source compare with each record of behaviour.

    Parameters
    ----------
    source_facts : DataFrame
        One row per source with words: `source`, `label`, `kind`, `has_design`, `wave`.
    sources : DataFrame
        Table `sources`.
    behaviour_sources : sequence of str
        Sources with a log of events. A survey is a record of its own where the journey has
        stages measured by questionnaire, and observers' notes where it has stages measured by
        tasks.
    documents, excerpts, ratings : DataFrame
        Tables of those names; `excerpts` with resolved stages.
    person_stages : DataFrame
        What became of those who have words or ratings and are found in a record.
    stage_behaviour : DataFrame
        Of `describe_stage_behaviour`: `n_lost` of `n` by the record, per stage.
    joins : DataFrame
        Table `joins`: people that two sources share.
    segment_people : DataFrame
        Table `segment_people`: people of each audience segment, per source.
    channel_mentions, channels : DataFrame
        Tables of those names: channels that are told of, and that people use by the log.
    journey : Journey
    smallest_cell : int, default 5
        Fewer people of an audience segment, or who were lost or were not, are not counted out:
        these sentences are for readers (`integration.disclosure`).

    Returns
    -------
    DataFrame
        Table `comparability`, one row per source with words, record (`against`; "" for none)
        and aspect, of which some have several. `status` is "same", "differs" or "cannot tell",
        `words` a sentence, and `n` the people of the source that it rests on. The aspects:

        - "people": how many of the source's people are in the record; `n` of them with a known
          way through its stages. "Same" from 90 % on.
        - "leavers": whether those who were lost, and those who were not, are among them. Where
          both are, "differs" when at some stage Newcombe's interval for the drop-off of the
          source's people in the record (10 or more, with words or ratings) less that of all
          leaves out 0. As the former are some of the latter, it is too wide, not too narrow.
          Not for tasks, whose tries are counted, nor where ids or waves do not fit.
        - "recorder": "cannot tell" where the observers who noted wrote the outcomes as well.
        - "stages": whether people are heard on stages where they came by the record. When fewer
          than three in four did, ids may be those of other people.
        - "dates": whether what is told is of the days that are counted: collected neither
          before the record begins nor 60 days after it ends; and, person by person, not before
          their own first event nor, by the median, 60 days after their last.
        - "wave"; "channel": told of and not in the log, or used by 5 % of people and not told of.
        - "segment": composition. "Differs" when Newcombe's interval for the difference of a
          value's shares leaves out 0; "same" when the intervals of all values lie within 20
          points of 0; else, or where the value is known for less than 90 % of either's people,
          "cannot tell". Intervals of several values are not adjusted: better a false alarm
          than none. People of both sources make the interval too wide, not too narrow.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    given = _Given(
        sources=sources.set_index("source"),
        documents=documents,
        excerpts=excerpts,
        ratings=ratings,
        person_stages=person_stages,
        stage_behaviour=stage_behaviour,
        joins=joins,
        segment_people=segment_people,
        channel_mentions=channel_mentions,
        channels=channels,
        journey=journey,
        smallest_cell=smallest_cell,
    )
    rows = []
    for facts in source_facts.to_dict("records"):
        records = _list_records(source_facts, behaviour_sources, given)
        for record in records:
            pair = _Pair(facts["source"], facts["label"], facts["wave"], *record)
            for aspect, check in _CHECKS.items():
                if pair.source == pair.against and aspect not in _OF_ITSELF:
                    continue
                rows += [
                    [pair.source, pair.against, aspect, *found] for found in check(pair, given)
                ]
        if not records:
            words = "No source of the study counts what people do."
            rows.append([facts["source"], "", PEOPLE, CANNOT_TELL, 0, words])
    return pd.DataFrame(rows, columns=COMPARABILITY_COLUMNS).astype({"n": int})


def summarize_comparability(comparability: pd.DataFrame) -> pd.DataFrame:
    """Decide per source whether its words may be set beside the numbers, and how closely.

    Parameters
    ----------
    comparability : DataFrame
        From `check_comparability`.

    Returns
    -------
    DataFrame
        One row per source, in order. `comparable` (bool): its words may be set beside the
        numbers of a stage; not when its wave differs from that of every record. `person_level`
        (bool): single people may be spoken of, as the ids of at least 5 join with a comparable
        record, and nothing says that these are mixed up or that people speak of other days than
        those that are counted. `words` says all that differs or cannot be told.
    """
    rows = []
    for source, mine in comparability.groupby("source", sort=False):
        usable = [
            record
            for _, record in mine.groupby("against", sort=False)
            if not _has(record, WAVE, DIFFERS)
        ]
        joined = any(
            _has_people(record) and not any(_has(record, aspect, DIFFERS) for aspect in _SAME_WAY)
            for record in usable
        )
        stated = [*mine.loc[mine["status"] != SAME, "words"]]
        if not stated:
            stated = ["Words and numbers are of the same people, days and kinds of people."]
        if not joined:
            stated.append("Nothing is said about single people.")
        rows.append([source, bool(usable), joined, " ".join(stated)])
    frame = pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
    return frame.astype({"comparable": bool, "person_level": bool})


def _has(record: pd.DataFrame, aspect: str, status: str) -> bool:
    return bool(((record["aspect"] == aspect) & (record["status"] == status)).any())


def _has_people(record: pd.DataFrame) -> bool:
    return bool((record.loc[record["aspect"] == PEOPLE, "n"] >= MIN_LINKED).any())


@dataclass(frozen=True, eq=False)
class _Given:
    """The tables that are compared; `sources` by its id."""

    sources: pd.DataFrame
    documents: pd.DataFrame
    excerpts: pd.DataFrame
    ratings: pd.DataFrame
    person_stages: pd.DataFrame
    stage_behaviour: pd.DataFrame
    joins: pd.DataFrame
    segment_people: pd.DataFrame
    channel_mentions: pd.DataFrame
    channels: pd.DataFrame
    journey: Journey
    smallest_cell: int

    def label(self, source: str) -> str:
        return str(self.sources["label"].get(source, source))

    def people(self, source: str) -> set[str]:
        mine = self.documents[self.documents["source"] == source]
        return set(mine["participant_id"]) - {""}

    def raters(self, source: str) -> set[str]:
        mine = self.ratings[self.ratings["source"] == source]
        return set(mine["participant_id"]) - {""}

    def ends(self, pair: _Pair, *, rated: bool = False) -> pd.DataFrame:
        """Return what became of a source's people in a record; on request, of raters as well."""
        people = self.people(pair.source) | (self.raters(pair.source) if rated else set())
        stages = self.person_stages
        return stages[stages["participant_id"].isin(people) & (stages["measure"] == pair.measure)]


@dataclass(frozen=True)
class _Pair:
    """A source with words and a record of behaviour, which may be the same source."""

    source: str
    label: str
    wave: str
    against: str
    record: str
    measure: str


_Found = Iterator[tuple[str, int, str]]
"""Status, people, sentence."""


def _list_records(
    source_facts: pd.DataFrame, behaviour_sources: Sequence[str], given: _Given
) -> list[tuple[str, str, str]]:
    """Return the id, label and measure of each record of behaviour."""
    measures = {stage.measure for stage in given.journey}
    records = [(source, given.label(source), "funnel_drop_off") for source in behaviour_sources]
    for facts in source_facts.to_dict("records"):
        measure = _RECORDS.get(facts["kind"])
        if measure in measures:
            records.append((facts["source"], facts["label"], str(measure)))
    return records


def _check_people(pair: _Pair, given: _Given) -> _Found:
    n_found = given.ends(pair)["participant_id"].nunique()
    if pair.source == pair.against:
        yield SAME, n_found, f"The words and the numbers of {pair.label} are of the same people."
        return
    shared = _shared(pair, given.joins)
    if shared is None:
        yield (
            CANNOT_TELL, 0,
            f"Whether the people of {pair.label} are in {pair.record} cannot be told: their ids "
            "are not in the study.",
        )  # fmt: skip
        return
    n_both, n = shared
    found = f"{n_both:,} of the {n:,} people of {pair.label} are found in {pair.record}"
    if not n_both:
        words = (
            f"Nobody of the {n:,} people of {pair.label} is found in {pair.record}: the two are "
            "of different people, or their ids do not join."
        )
    elif n_both == n:
        words = f"All {n:,} people of {pair.label} are found in {pair.record}."
    else:
        words = f"{found}; the words of the others are beside numbers of other people."
    yield SAME if n_both >= SAME_PEOPLE * n else DIFFERS, min(n_both, n_found), words


def _shared(pair: _Pair, joins: pd.DataFrame) -> tuple[int, int] | None:
    """Return the people of a source who are in a record, and all of them; None if not known."""
    for row in joins.to_dict("records"):
        if (row["source_a"], row["source_b"]) == (pair.source, pair.against):
            return int(row["n_both"]), int(row["n_a"])
        if (row["source_b"], row["source_a"]) == (pair.source, pair.against):
            return int(row["n_both"]), int(row["n_b"])
    return None


def _check_leavers(pair: _Pair, given: _Given) -> _Found:
    known = given.ends(pair).dropna(subset="left")
    lost = known.groupby("participant_id")["left"].max()
    n, n_lost, smallest = len(lost), int(lost.sum()), given.smallest_cell
    left, stayed = _LOST[pair.measure]
    among = f"people of {pair.label} whose way is known"
    if not n:
        yield (
            CANNOT_TELL, 0,
            f"How many of the people of {pair.label} {left} cannot be told: nobody's way through "
            f"{pair.record} is known.",
        )  # fmt: skip
    elif n < smallest:
        yield (
            CANNOT_TELL, n,
            f"How many of the {among} {left} is not told: they are fewer than {smallest}.",
        )  # fmt: skip
    elif pair.source == pair.against and pair.measure == "task_failure" and n_lost in (0, n):
        # Observers note of whoever tries: nobody else is in the record.
        who = f"All {n:,}" if n_lost else f"Nobody of the {n:,}"
        yield SAME, n, f"{who} {among} {left}."
    elif not n_lost:
        yield DIFFERS, n, f"Nobody of the {n:,} {among} {left}: those who did are not heard."
    elif n_lost == n:
        yield DIFFERS, n, f"All {n:,} {among} {left}: those who {stayed} are not heard."
    elif unlike := _compare_leavers(pair, given):
        yield DIFFERS, n, unlike
    else:
        few = is_few(n_lost, n, smallest_cell=smallest)
        who = UNDISCLOSED.capitalize() if few else f"{n_lost:,}"
        words = f"{who} of the {n:,} {among} {left}."
        # With tasks everybody comes to every stage; elsewhere the later ones see survivors.
        if pair.measure != "task_failure":
            words += " Those heard on a later stage came through the earlier ones."
        yield SAME, n, words


def _compare_leavers(pair: _Pair, given: _Given) -> str:
    """Say at which stages those who were lost are too few, or too many, of a source's people."""
    if pair.measure == "task_failure" or any(
        status == DIFFERS
        for check in (_check_wave, _check_stages)
        for status, _, _ in check(pair, given)
    ):
        return ""
    known = given.ends(pair, rated=True).dropna(subset="left")
    record = given.stage_behaviour
    record = record[(record["measure"] == pair.measure) & (record["n"] > 0)].set_index("stage")
    left, stayed = _LOST[pair.measure]
    found: dict[str, list[str]] = {}
    for stage in given.journey:
        mine = known.loc[known["stage"] == stage.id, "left"]
        if len(mine) < MIN_AT_STAGE or stage.id not in record.index:
            continue
        n, n_lost = len(mine), int(mine.sum())
        n_all, n_lost_all = (int(record.loc[stage.id, name]) for name in ("n", "n_lost"))
        gap = estimate_difference(n_lost, n, n_lost_all, n_all)
        if gap.low <= 0 <= gap.high:
            continue
        share, share_all = n_lost / n, n_lost_all / n_all
        if gap.value > 0:
            missing = f"those who {stayed} are heard less than others there"
        elif share < share_all / 2:
            missing = f"those who {left} are hardly heard there"
        else:
            missing = f"those who {left} are heard less than others there"
        shown, shown_all = _percents(share, share_all)
        if is_few(n_lost, n, smallest_cell=given.smallest_cell):
            told = f"{'more' if gap.value > 0 else 'fewer'} of {n:,} {left} at {stage.name} than "
            told += f"the {shown_all} of all"
        else:
            told = f"{n_lost:,} of {n:,} ({shown}) {left} at {stage.name}, against {shown_all} "
            told += "of all"
        found.setdefault(missing, []).append(told)
    if not found:
        return ""
    is_own = pair.source == pair.against
    who = "with words or ratings" if is_own else f"found in {pair.record}"
    parts = "; ".join(f"{'; '.join(stages)}: {missing}" for missing, stages in found.items())
    return f"Of the people of {pair.label} {who}, {parts}."


def _percents(*shares: float) -> list[str]:
    """Return '3 %' and '29 %'; with a digit more where that would claim two alike, none or all."""
    whole = [round(100 * share) for share in shares]
    claims = len(set(whole)) < len(whole) or any(
        100 * share != rounded and rounded in (0, 100)
        for share, rounded in zip(shares, whole, strict=True)
    )
    return [f"{100 * share:.{1 if claims else 0}f}\u202f%" for share in shares]


def _check_recorder(pair: _Pair, given: _Given) -> _Found:
    if pair.source != pair.against or pair.measure != "task_failure":
        return
    n = given.ends(pair)["participant_id"].nunique()
    if n:
        yield (
            CANNOT_TELL, n,
            "Notes and outcomes were written down by the same observers about the same tries: they "
            "are not two independent records, and their agreement confirms little.",
        )  # fmt: skip


def _check_stages(pair: _Pair, given: _Given) -> _Found:
    ends = given.ends(pair)
    spoken = given.excerpts[
        (given.excerpts["source"] == pair.source) & (given.excerpts["speaker"] != "interviewer")
    ].assign(stage=lambda rows: rows["stage"].astype("object"))
    spoken = spoken[spoken["participant_id"].isin(ends["participant_id"])]
    heard = spoken[["participant_id", "stage"]].drop_duplicates()
    came = ends[["participant_id"]].assign(stage=ends["stage"].astype("object"), came=True)
    heard = heard.merge(came, on=["participant_id", "stage"], how="left")
    measured = [s for s in given.journey if s.measure == pair.measure and s.id != UNASSIGNED]
    strange, n_all = [], 0
    for stage in measured:
        mine = heard[heard["stage"] == stage.id]
        n, n_came = len(mine), int(mine["came"].notna().sum())
        n_all += n
        if n >= MIN_LINKED and n_came < MOSTLY_CAME * n:
            few = is_few(n - n_came, n, smallest_cell=given.smallest_cell)
            strange.append(f"{UNDISCLOSED if few else n - n_came} of {n:,} on {stage.name}")
    n_people = heard.loc[heard["stage"].isin([s.id for s in measured]), "participant_id"].nunique()
    if strange:
        yield (
            DIFFERS, n_people,
            f"People of {pair.label} are heard on stages where they never came by {pair.record} "
            f"({'; '.join(strange)}): ids may be mixed up, or they speak of another time.",
        )  # fmt: skip
    elif n_all:
        yield (
            SAME, n_people,
            f"People of {pair.label} are heard on stages where they came by {pair.record}.",
        )  # fmt: skip


def _check_dates(pair: _Pair, given: _Given) -> _Found:
    said = _period(pair.source, given, measured=True)
    done = _period(pair.against, given, measured=False)
    n = len(given.people(pair.source))
    if said is None or done is None:
        unknown = pair.label if said is None else pair.record
        yield (
            CANNOT_TELL,
            n,
            f"study.yaml does not say when {unknown} was collected (`collected:`).",
        )
        return
    dates = f"{pair.label}: {_span(*said)}; {pair.record}: {_span(*done)}"
    if said[1] < done[0]:
        yield DIFFERS, n, f"{dates}: what is told was told before what is counted began."
    elif said[0] > done[1] + LONG:
        gap = (said[0] - done[1]).days
        yield DIFFERS, n, f"{dates}: what is told was told {gap:,} days after the count ended."
    else:
        yield SAME, n, f"{dates}."
    yield from _check_own_dates(pair, given)


def _check_own_dates(pair: _Pair, given: _Given) -> _Found:
    """Hold the days on which people spoke against those of their own events."""
    ends = given.ends(pair).dropna(subset=["entered_at", "last_at"])
    own = ends.groupby("participant_id").agg(first=("entered_at", "min"), last=("last_at", "max"))
    mine = given.documents[given.documents["source"] == pair.source].dropna(subset="said_at")
    spoke = mine.groupby("participant_id")["said_at"].agg(["min", "max"])
    both = own.join(spoke, how="inner")
    n = len(both)
    if n < MIN_LINKED:
        return
    before = int((both["max"] < both["first"]).sum())
    gap = (both["min"] - both["last"]).median()
    if before > n / 2:
        yield (
            DIFFERS, n,
            f"{before:,} of the {n:,} people of {pair.label} found in {pair.record} spoke before "
            "their own first event there.",
        )  # fmt: skip
    elif gap > LONG:
        yield (
            DIFFERS, n,
            f"Half of the {n:,} people of {pair.label} found in {pair.record} spoke {gap.days:,} "
            "days or more after their own last event there.",
        )  # fmt: skip


def _period(
    source: str, given: _Given, *, measured: bool
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and last day of a source: as its texts bear them, or as declared."""
    if measured:
        said = given.documents.loc[given.documents["source"] == source, "said_at"].dropna()
        if len(said):
            return said.min().tz_localize(None).floor("D"), said.max().tz_localize(None).floor("D")
    if source not in given.sources.index:
        return None
    first, last = given.sources.loc[source, ["collected_from", "collected_to"]]
    if not first or not last:
        return None
    return pd.Timestamp(first), pd.Timestamp(last)


def _span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    if first == last:
        return f"{first:%Y-%m-%d}"
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _check_wave(pair: _Pair, given: _Given) -> _Found:
    wave = str(given.sources["wave"].get(pair.against, ""))
    n = len(given.people(pair.source))
    if pair.wave and wave and pair.wave != wave:
        yield (
            DIFFERS, n,
            f"{pair.label} is of the wave {pair.wave}, {pair.record} of {wave}: its words are not "
            "set beside these numbers.",
        )  # fmt: skip
    elif bool(pair.wave) != bool(wave):
        named, other = (pair.label, pair.record) if pair.wave else (pair.record, pair.label)
        yield (
            CANNOT_TELL, n,
            f"{named} is of the wave {pair.wave or wave}; {other} names none.",
        )  # fmt: skip
    elif wave:
        yield SAME, n, f"{pair.label} and {pair.record} are of the same wave, {wave}."
    else:
        yield SAME, n, f"{pair.label} and {pair.record} are of one wave: none is named."


def _check_channels(pair: _Pair, given: _Given) -> _Found:
    if pair.measure != "funnel_drop_off":
        return
    mentions = given.channel_mentions[given.channel_mentions["source"] == pair.source]
    told = {name for channel in mentions["channel"] for name in _split(channel)}
    n = len(given.people(pair.source))
    n_by, n_all = _count_users(given.channels)
    if not told or not n_by:
        nameless = pair.label if not told else pair.record
        yield CANNOT_TELL, n, f"Channels cannot be compared: {nameless} names none."
        return
    uncounted = sorted(told - set(n_by))
    untold = sorted(
        name for name, users in n_by.items() if name not in told and users >= LARGE_CHANNEL * n_all
    )
    if uncounted:
        yield (
            DIFFERS, n,
            f"People of {pair.label} tell of channels that {pair.record} does not hold: "
            f"{', '.join(uncounted)}. What happens there is not counted.",
        )  # fmt: skip
    if untold:
        used = ", ".join(f"{name} ({n_by[name]:,} of {n_all:,} people)" for name in untold)
        yield (
            DIFFERS, n,
            f"Channels in {pair.record} of which nobody of {pair.label} tells: {used}.",
        )  # fmt: skip
    if not uncounted and not untold:
        yield SAME, n, f"{pair.label} and {pair.record} are of the same channels."


def _split(channel: str) -> set[str]:
    """Return the single channels of a touchpoint's, such as "web and app"."""
    parts = re.split(r"\s+and\s+|\s*[,/+&]\s*", str(channel).casefold())
    return {part.strip() for part in parts} - {""}


def _count_users(channels: pd.DataFrame) -> tuple[dict[str, int], int]:
    """Return the people who use each channel, and those who use any."""
    sets = channels[channels["channels"] != ""]
    users: dict[str, int] = {}
    for row in sets.to_dict("records"):
        for name in _split(row["channels"]):
            users[name] = users.get(name, 0) + int(row["n_participants"])
    return users, int(sets["n_participants"].sum())


def _check_segments(pair: _Pair, given: _Given) -> _Found:
    known = given.segment_people
    for segment, values in known.groupby("segment", sort=True):
        words, record = (
            values[values["source"] == source].set_index("segment_value")
            for source in (pair.source, pair.against)
        )
        n_words, n_record = int(words["n"].sum()), int(record["n"].sum())
        unknown = [
            f"it is known for {int(some['n'].sum()):,} of the {int(some['n_source'].max()):,} "
            f"people of {label}"
            for some, label in ((words, pair.label), (record, pair.record))
            if len(some) and some["n"].sum() < SAME_PEOPLE * some["n_source"].max()
        ]
        head = f"Audience segment '{segment}'"
        if words.empty or record.empty or unknown:
            why = "; ".join(unknown) or "it is known of one side only"
            yield CANNOT_TELL, n_words, f"{head} cannot be compared: {why}."
            continue
        gaps = {
            str(value): estimate_difference(
                int(words["n"][value]), n_words, int(record["n"][value]), n_record
            )
            for value in words.index
        }
        # Of two values one says it all.
        unlike = {
            value: gap
            for value, gap in gaps.items()
            if gap.low > 0 or (gap.high < 0 and len(gaps) > 2)
        }
        if unlike:
            told = [
                _unlike(value, gap.value > 0, int(words["n"][value]), n_words,
                        int(record["n"][value]), n_record, given.smallest_cell)
                for value, gap in unlike.items()
            ]  # fmt: skip
            yield (
                DIFFERS, n_words,
                f"{head} is made up otherwise in {pair.label} than in {pair.record}: "
                f"{'; '.join(told)}.",
            )  # fmt: skip
        elif n_words >= MIN_LINKED and all(
            max(gap.high, -gap.low) <= NEAR for gap in gaps.values()
        ):
            yield SAME, n_words, f"{head} is made up alike in {pair.label} and {pair.record}."
        else:
            yield (
                CANNOT_TELL, n_words,
                f"{head}: {n_words:,} people of {pair.label} are too few to tell whether it is "
                f"made up as in {pair.record}.",
            )  # fmt: skip


def _unlike(value: str, more: bool, n: int, total: int, n_other: int, other: int, k: int) -> str:
    """Say how a value's share differs, with counts where no cell of them is small."""
    words = f"{value} is {'more' if more else 'less'} frequent"
    cells = (n, total - n, n_other, other - n_other)
    if any(0 < cell < k for cell in cells):
        return words
    return f"{words} ({n:,} of {total:,} people, against {n_other:,} of {other:,})"


_CHECKS: dict[str, Callable[[_Pair, _Given], _Found]] = {
    PEOPLE: _check_people,
    LEAVERS: _check_leavers,
    RECORDER: _check_recorder,
    STAGES: _check_stages,
    DATES: _check_dates,
    WAVE: _check_wave,
    CHANNEL: _check_channels,
    SEGMENT: _check_segments,
}
