"""A part of a study: one audience segment, a period, or all that was there on a day.

What was read and coded is cut here, before anything is counted: a part is made from the same
evidence as the whole, and nobody's words are read or coded twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd

from cjm_research.config import Findings, StudyConfig
from cjm_research.config.schema import Collected
from cjm_research.errors import ConfigError, ReportError, UnknownNameError
from cjm_research.journey import Journey
from cjm_research.review import Texts
from cjm_research.study import following, steps
from cjm_research.study.cache import Tables

_OF_PEOPLE = ("documents", "ratings", "answers", "events")
_SLUG_LENGTH = 60


class TooFewError(ConfigError):
    """A part of a study is of so few people that a report would be about them."""

    def __init__(self, where: str, reason: str) -> None:
        self.reason = reason
        super().__init__(where, [reason])


@dataclass(frozen=True)
class Slice:
    """Whom and when a report is about; an empty one is the whole study.

    Attributes
    ----------
    segment, value : str
        An audience segment of study.yaml, and the value that people of the part have.
    start, end : date, optional
        First and last day (UTC, both included) of what was said and done.

    Raises
    ------
    ConfigError
        If a segment has no value or a value no segment, or the period ends before it begins.
    """

    segment: str = ""
    value: str = ""
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if bool(self.segment) != bool(self.value):
            raise ConfigError(
                "a part of a study",
                ["an audience segment and its value go together, such as 'device' and 'phone'."],
            )
        if self.start and self.end and self.start > self.end:
            raise ConfigError(
                "a part of a study", [f"it ends ({self.end}) before it begins ({self.start})."]
            )

    def __bool__(self) -> bool:
        """Return whether this is less than the whole study."""
        return bool(self.segment or self.start or self.end)

    @property
    def words(self) -> str:
        """The part in words, such as "device: phone, 2026-01-01 to 2026-03-31"."""
        parts = [f"{self.segment}: {self.value}"] if self.segment else []
        if self.start and self.end:
            parts.append(f"{self.start} to {self.end}")
        elif self.start:
            parts.append(f"from {self.start}")
        elif self.end:
            parts.append(f"until {self.end}")
        return ", ".join(parts) or "the whole study"

    @property
    def slug(self) -> str:
        """The part as the name of a folder: different for different parts, also without case."""
        parts = [f"{self.segment}-{self.value}"] if self.segment else []
        if self.start or self.end:
            parts.append(f"{self.start or 'start'}_{self.end or 'end'}")
        return make_slug("_".join(parts) or "whole")


def make_slug(name: str) -> str:
    """Return a name for a folder; of a name that had to be changed with its hash behind it."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:_SLUG_LENGTH]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}".strip("-")


@dataclass(frozen=True)
class Part:
    """What is left of a study's evidence and codes, and how it is to be read.

    Attributes
    ----------
    evidence, coded : dict of str to DataFrame
        Tables of these steps, without what is not of the part.
    config : StudyConfig
        With the end of observation and the days of collection of the part.
    about : str
        Whom and when it is about, in sentences; empty for the whole study.
    """

    evidence: Tables
    coded: Tables
    config: StudyConfig
    about: str


def take_part(
    evidence: Tables,
    coded: Tables,
    *,
    config: StudyConfig,
    journey: Journey,
    folder: Path,
    as_of: date | None = None,
    only: Slice | None = None,
) -> Part:
    """Cut a study down to a part of it.

    Parameters
    ----------
    evidence, coded : dict of str to DataFrame
        From `steps.make_evidence` and `steps.make_codes`; not changed.
    config, journey, folder
        Of the study.
    as_of : date, optional
        The study as it was seen on the evening of that day, UTC.
    only : Slice, optional

    Returns
    -------
    Part

    Raises
    ------
    UnknownNameError
        If there is no such audience segment, or nobody has such a value of it.
    TooFewError
        If the part, or what it leaves out, is fewer people than `integration.smallest_cell`.
    ConfigError
        If the events stay where they are, and a part of them is asked for.
    """
    if as_of is None and not only:
        return Part(evidence, coded, config, "")
    about: list[str] = []
    part = dict(evidence)
    if as_of:
        part = _leave_out_later(part, config, as_of)
        if not any(len(part[name]) for name in ("documents", "ratings", "answers", "events")):
            raise ReportError(f"nothing was said or done on or before {as_of}: there is no report.")
        about.append(f"As seen on the evening of {as_of}.")
    seen = observe_until(config, as_of, only)
    if only:
        if following.find_staying(config):
            raise ConfigError(
                "a part of a study",
                [
                    "the events of this study stay where they are, so that only counts come "
                    "back: no report of a part can be made of it. Give the part as a source of "
                    "its own, with `table` or `files`."
                ],
            )
        segments = steps.find_segments(config, part)
        whole = part
        part, words = apply_slice(part, only, segments, config)
        _refuse_few(part, whole, only, config.integration.smallest_cell)
        about += words
    part["sources"] = _count_again(part, seen)
    staying = following.find_staying(seen)
    if staying:
        counts = following.count_staying(seen, journey, folder)
        mine = part["sources"]["source"] == staying.id
        part["sources"].loc[mine, ["n_participants", "n_events"]] = counts
    return Part(
        part,
        _follow_documents(coded, part["documents"]),
        seen,
        " ".join(about),
    )


def check_slice(only: Slice | None, config: StudyConfig) -> None:
    """Check that study.yaml declares the audience segment of a part.

    Raises
    ------
    UnknownNameError
    """
    known = [segment.id for segment in config.audience_segments]
    if only and only.segment and only.segment not in known:
        raise UnknownNameError("audience segment", only.segment, known, where="study.yaml")


def still_concluded(findings: Findings, as_of: date | None, only: Slice | None) -> Findings:
    """Return what people had concluded by a day; nothing about a part, which is not the whole."""
    if only:
        return Findings()
    if as_of is None:
        return findings
    rows = {name: getattr(findings, name) for name in type(findings).model_fields}
    by_then = {
        name: [row for row in of_kind if not (row.at and row.at > as_of)]
        for name, of_kind in rows.items()
    }
    return findings.model_copy(update=by_then)


def key_parts(as_of: date | None, only: Slice | None) -> list[str]:
    """Return what a part adds to the key of a study; nothing for the whole."""
    return [f"as of {as_of}, {astuple(only or Slice())}"] if as_of or only else []


def name_step(step: str, as_of: date | None, only: Slice | None) -> str:
    """Return where a step keeps its tables: a part does not push those of the whole out."""
    names = [*(["as-of"] if as_of else []), *([only.slug] if only else [])]
    return f"{step}-of-parts/{'-'.join(names)}" if names else step


def apply_slice(
    evidence: Tables, only: Slice, segments: pd.DataFrame | None, config: StudyConfig
) -> tuple[Tables, list[str]]:
    """Keep the people of an audience segment, and what was said and done in a period.

    Parameters
    ----------
    evidence : dict of str to DataFrame
    only : Slice
    segments : DataFrame or None
        `participant_id`, `segment`, `segment_value`, from `steps.find_segments`.
    config : StudyConfig

    Returns
    -------
    evidence : dict of str to DataFrame
        Without people, documents and whatever hangs on them that are not of the part. The
        table `sources` is as it was.
    words : list of str
        Sentences: who the part is, out of how many, and which sources are left out.

    Raises
    ------
    UnknownNameError
        If there is no such audience segment, or nobody has such a value of it.
    """
    check_slice(only, config)
    part, words = dict(evidence), []
    if only.segment:
        none = pd.DataFrame(columns=["participant_id", "segment", "segment_value"])
        known = none if segments is None else segments[segments["segment"] == only.segment]
        values = sorted(known["segment_value"].astype(str).unique())
        if only.value not in values:
            raise UnknownNameError(f"value of '{only.segment}'", only.value, values)
        here = people_of(evidence)
        known = known[known["participant_id"].isin(here)]
        members = known[known["segment_value"] == only.value]
        ids = set(members["participant_id"])
        silent = _sources_without(evidence, config, set(known["participant_id"]))
        for name in ("participants", *_OF_PEOPLE):
            part[name] = part[name][part[name]["participant_id"].isin(ids)]
        if only.segment not in part["participants"]:
            # Where a person belongs is settled by all that is known, not by what is left.
            own = part["participants"].assign(**{only.segment: only.value})
            part["participants"] = own
        words.append(
            f"Only people with {only.segment}: {only.value} "
            f"({len(ids):,} of {known['participant_id'].nunique():,} known)."
        )
        words += [f"{name} is left out: {only.segment} is not known there." for name in silent]
        part, counted = _leave_out_counted(part)
        words += [f"{name} is left out: it counts people without telling who." for name in counted]
    if only.start or only.end:
        part, undated = _keep_period(part, config, only)
        days = Slice(start=only.start, end=only.end)
        words += [f"Only what was said and done in these days: {days.words}.", *undated]
    return _drop_dangling(part, evidence), words


def people_of(evidence: Mapping[str, pd.DataFrame]) -> set[str]:
    """Return everybody of whom there is more than a name."""
    return set().union(*(evidence[name]["participant_id"] for name in _OF_PEOPLE))


def observe_until(config: StudyConfig, as_of: date | None, only: Slice | None) -> StudyConfig:
    """Return the configuration with observation, and collection, ending where the part does.

    Observation of people ends on the evening of the last day of the part. Where all events
    were collected before, it ended then, and the part changes nothing.
    """
    last = min((day for day in (as_of, only.end if only else None) if day), default=None)
    first = only.start if only else None
    until = config.behaviour.until
    if last:
        logs = [source for source in config.sources if source.kind == "events"]
        ended = logs and all(s.collected and s.collected.end <= last for s in logs)
        if not ended or following.find_staying(config):
            until = min(until, last) if until else last
    sources = []
    for source in config.sources:
        collected = source.collected
        if collected:
            start = max(collected.start, first) if first else collected.start
            end = min(collected.end, last) if last else collected.end
            fits = start <= end
            days = collected.model_copy(update={"start": start, "end": end})
            source = source.model_copy(update={"collected": days if fits else None})
        sources.append(source)
    behaviour = config.behaviour.model_copy(update={"until": until})
    return config.model_copy(update={"behaviour": behaviour, "sources": sources})


def _leave_out_later(evidence: Tables, config: StudyConfig, day: date) -> Tables:
    """Return the evidence without what is later than the evening of a day."""
    part, unknown = _keep_days(evidence, config, Slice(end=day), keep_unknown=True)
    notes = [
        (
            source,
            "no times: as_of cannot leave anything out"
            if n == _count_rows(evidence, source)
            else "rows without a time: as_of cannot leave any of them out",
            n,
        )
        for source, n in unknown.items()
    ]
    return _note(_drop_dangling(part, evidence), notes)


def _keep_period(evidence: Tables, config: StudyConfig, only: Slice) -> tuple[Tables, list[str]]:
    """Return what is of the period, and sentences on what cannot be placed in time."""
    part, unknown = _keep_days(evidence, config, only, keep_unknown=False)
    words, notes = [], []
    for source, n in unknown.items():
        name = config.source(source).name
        if n == _count_rows(evidence, source):
            words.append(f"{name} is left out: it has no times, and was not all collected then.")
        else:
            notes.append((source, "rows without a time, left out of the period", n))
    return _note(part, notes), words


def _keep_days(
    evidence: Tables, config: StudyConfig, days: Slice, *, keep_unknown: bool
) -> tuple[Tables, dict[str, int]]:
    """Return the rows of some days, and per source how many have no time and no known place.

    What has no time of its own is placed by when its source was collected.
    """
    part, unknown = dict(evidence), dict.fromkeys((source.id for source in config.sources), 0)
    for name in _OF_PEOPLE:
        table = evidence[name]
        times = _times_of(evidence, name)
        keep = _are_within(times, days)
        for source in config.sources:
            untimed = (table["source"] == source.id) & times.isna()
            place = _place(source.collected, days)
            if place == "inside" or (keep_unknown and place == "unknown"):
                keep |= untimed
            if place == "unknown":
                unknown[source.id] += int(untimed.sum())
        part[name] = table[keep].reset_index(drop=True)
    part, undated = _keep_counted(part, days, keep_unknown=keep_unknown)
    return part, {source: n for source, n in (unknown | undated).items() if n}


_COUNTED = ("reported_funnels", "touchpoint_metrics")
"""Tables of what other programs counted: cut by their days, as nobody in them can be told."""


def _keep_counted(
    part: Tables, days: Slice, *, keep_unknown: bool
) -> tuple[Tables, dict[str, int]]:
    """Return the counts of some days, and per source how many have no known place in time.

    A count of a longer time cannot be cut: its place is not known either.
    """
    out, unknown = dict(part), dict[str, int]()
    for name in _COUNTED:
        table = part[name]
        keep = pd.Series(False, index=table.index)
        for (source, start, end), rows in table.groupby(
            ["source", "collected_from", "collected_to"]
        ):
            dated = Collected.model_validate({"from": start, "to": end}) if start and end else None
            place = _place(dated, days)
            keep[rows.index] = place == "inside" or (keep_unknown and place == "unknown")
            if place == "unknown":
                unknown[str(source)] = unknown.get(str(source), 0) + len(rows)
        out[name] = table[keep].reset_index(drop=True)
    return out, unknown


def _leave_out_counted(part: Tables) -> tuple[Tables, list[str]]:
    """Return a part without other programs' counts, and the names of their sources."""
    names = [name for table in _COUNTED for name in part[table]["source_label"].unique()]
    return part | {table: part[table].iloc[:0] for table in _COUNTED}, names


def _times_of(evidence: Tables, name: str) -> pd.Series:
    """Return when each row was said or done; NaT where nothing tells.

    A rating or an answer was given when its person sent the answers to that source.
    """
    table = evidence[name]
    if name == "documents":
        return table["said_at"]
    if name == "events":
        return table["occurred_at"]
    key = ["participant_id", "source"]
    found = table[key].merge(evidence["answered"], on=key, how="left")["said_at"]
    return found.set_axis(table.index)


def _are_within(times: pd.Series, days: Slice) -> pd.Series:
    """Return which times lie within the days, in UTC; no time lies nowhere."""
    within = times.notna()
    if days.start:
        within &= times >= pd.Timestamp(days.start, tz="UTC")
    if days.end:
        within &= times < pd.Timestamp(days.end, tz="UTC") + pd.Timedelta(days=1)
    return within


def _place(collected: Collected | None, days: Slice) -> Literal["inside", "outside", "unknown"]:
    """Return whether what a source holds was collected within the days."""
    if collected is None:
        return "unknown"
    if (days.start and collected.end < days.start) or (days.end and collected.start > days.end):
        return "outside"
    begun = days.start is None or collected.start >= days.start
    ended = days.end is None or collected.end <= days.end
    return "inside" if begun and ended else "unknown"


def _drop_dangling(part: Tables, whole: Tables) -> Tables:
    """Return a part without what hangs on people and documents that are gone from it."""
    out = dict(part)
    gone = people_of(whole) - people_of(part)
    people = part["participants"]
    out["participants"] = people[~people["participant_id"].isin(gone)]
    documents = whole["documents"]
    lost = documents[~documents["document_id"].isin(part["documents"]["document_id"])]
    for name in ("turns", "declared_codes"):
        out[name] = part[name][~part[name]["document_id"].isin(lost["document_id"])]
    out["people_codes"] = _leave_out_codes(part["people_codes"], documents, lost)
    return {name: table.reset_index(drop=True) for name, table in out.items()}


def _leave_out_codes(
    codes: pd.DataFrame, documents: pd.DataFrame, lost: pd.DataFrame
) -> pd.DataFrame:
    """Return people's codes without those on documents that are gone.

    A code may name no document: its quote tells. One that names a person is of this person's
    document, whatever alias its id holds.
    """
    texts = Texts.of(documents)
    gone = set(lost["document_id"])
    gone_of_people = {
        (participant, *_without_alias(document))
        for participant, document in zip(lost["participant_id"], lost["document_id"], strict=True)
    }
    kept = []
    for row in codes.to_dict("records"):
        document = str(row["document_id"])
        anchor = None if document else texts.find(str(row["quote"]), "")
        if anchor:
            kept.append(anchor.document_id not in gone)
        elif row.get("participant_id"):
            kept.append((row["participant_id"], *_without_alias(document)) not in gone_of_people)
        else:
            kept.append(document not in gone)
    return codes[pd.Series(kept, index=codes.index, dtype=bool)]


def _without_alias(document_id: str) -> tuple[str, str]:
    """Return source and question (or number) of a document id, `source/alias/question`."""
    source, _, rest = document_id.partition("/")
    return source, rest.partition("/")[2]


def _follow_documents(coded: Tables, documents: pd.DataFrame) -> Tables:
    """Return what machines made of the documents that are left."""
    kept = documents["document_id"]
    excerpts = coded["excerpts"]
    spoken = excerpts.loc[excerpts["document_id"].isin(kept), "excerpt_id"]
    out = {}
    for name, table in coded.items():
        key, ids = ("document_id", kept) if "document_id" in table else ("excerpt_id", spoken)
        out[name] = table[table[key].isin(ids)].reset_index(drop=True)
    return out


def _sources_without(evidence: Tables, config: StudyConfig, known: set[str]) -> list[str]:
    """Return the names of the sources with people of whom nobody is among those known."""
    everyone = steps.people_by_source(evidence)
    return [
        source.name
        for source in config.sources
        if everyone.get(source.id) and not everyone[source.id] & known
    ]


def _refuse_few(part: Tables, whole: Tables, only: Slice, smallest: int) -> None:
    """Refuse a part that is a handful of people, or all but a handful."""
    n, n_whole = len(people_of(part)), len(people_of(whole))
    if not n:
        raise TooFewError(
            only.words,
            "nobody is in it: nothing that was said or done is known to be of it. Check the days "
            "and the value.",
        )
    if n < smallest:
        raise TooFewError(
            only.words,
            f"there are fewer than {smallest} people in it (integration.smallest_cell), and a "
            "report would be about each of them. Take a wider segment or a longer period.",
        )
    if 0 < n_whole - n < smallest:
        raise TooFewError(
            only.words,
            f"it is all people but fewer than {smallest} (integration.smallest_cell), and what "
            "is told of these few could be worked out from the report of the whole study.",
        )


def _count_again(part: Tables, config: StudyConfig) -> pd.DataFrame:
    """Return the table of sources with what is left of each."""
    people = steps.people_by_source(part)
    sources = part["sources"].set_index("source", drop=False)
    logs = {source.id for source in config.sources if source.kind == "events"}
    for source in sources["source"]:
        collected = config.source(source).collected
        sources.loc[source, "n_participants"] = len(people[source])
        for name in ("documents", "events"):
            counted = name == "documents" or source in logs
            n = int((part[name]["source"] == source).sum()) if counted else 0
            sources.loc[source, f"n_{name}"] = n
        sources.loc[source, "collected_from"] = str(collected.start) if collected else ""
        sources.loc[source, "collected_to"] = str(collected.end) if collected else ""
    return sources.reset_index(drop=True)


def _count_rows(evidence: Tables, source: str) -> int:
    tables = (*_OF_PEOPLE, *_COUNTED)
    return sum(int((evidence[name]["source"] == source).sum()) for name in tables)


def _note(part: Tables, notes: list[tuple[str, str, int]]) -> Tables:
    """Add what was noticed to the table `quality`."""
    if not notes:
        return part
    rows = pd.DataFrame(
        [(source, "", "warning", what, n) for source, what, n in notes],
        columns=["source", "file", "level", "what", "n"],
    )
    return part | {"quality": pd.concat([part["quality"], rows], ignore_index=True)}
