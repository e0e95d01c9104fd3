"""Turn the study's tables into what the templates print: one `StageView` per stage.

Nothing is computed here that a reader sees as a number: cells are read, sorted into
sources, and given the geometry of their drawings.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cjm_research.cells import Cell, count, day, items, number, rows, strings, text
from cjm_research.figures.palette import tone
from cjm_research.journey import LEAVING_WORDS
from cjm_research.reporting.site import marks
from cjm_research.reporting.site.words import percent, percent_range

LONG_QUOTE = 240
LONG_CONTEXT = 160
SMALL_SAMPLE = 5
PERSON_KINDS = ("interview", "note")

LOST_WORDS = {
    "task_failure": "failed",
    "questionnaire_abandonment": "stopped",
    "churn": "gone",
}
"""Behaviour measure to what is said of those who did not go on, where "lost" would mislead."""
NO_FUNNEL = {
    "task_failure": "The behaviour measure is task failure in a test, by attempt: it is no "
    "drop-off of customers and no sales funnel.",
    "questionnaire_abandonment": "The behaviour measure is leaving a questionnaire: it is no "
    "drop-off of customers and no sales funnel.",
}
"""Behaviour measure to what it must not be taken for."""

SAID_BY = {"observer": "observer’s note on "}


@dataclass(frozen=True)
class SourceView:
    """What one source gives for one lane. Sources are never pooled."""

    source: str
    label: str
    kind: str
    unit: str
    asked: bool
    n_heard: int | None
    n_participants: int | None
    has_design: bool
    entries: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Behaviour:
    """What people do in a stage, under the name of its measure."""

    measure: str
    label: str
    n_entered: int | None
    n_continued: int | None
    n_dropped: int | None
    rate: float | None
    low: float | None
    high: float | None
    note: str
    span: marks.Span | None

    @property
    def spoken(self) -> str:
        """The bar in words, for those who do not see it."""
        if self.rate is None:
            return "no data"
        interval = percent_range(self.low, self.high)
        return f"{percent(self.rate)} {self.label}" + (f", interval {interval}" if interval else "")


@dataclass(frozen=True)
class Person:
    """A participant in a stage: the same alias on every page."""

    alias: str
    source_label: str
    valence: float | None
    tone: str
    pains: tuple[str, ...]
    delights: tuple[str, ...]
    quotes: tuple[Cell, ...]


@dataclass(frozen=True)
class StageView:
    """Everything about a stage."""

    id: str
    name: str
    href: str
    definition: str
    owner: str
    touchpoints: tuple[Cell, ...]
    coverage: str
    sources: tuple[SourceView, ...]
    behaviour: Behaviour
    feelings: tuple[Cell, ...]
    emotions: tuple[SourceView, ...]
    pains: tuple[SourceView, ...]
    delights: tuple[SourceView, ...]
    quotes: tuple[Cell, ...]
    ratings: tuple[Cell, ...]
    median_next_s: float | None
    side_by_side: str
    people: tuple[Person, ...]

    @property
    def noted(self) -> bool:
        """True when all words are an observer's notes: they are no testimony."""
        return bool(self.sources) and all(source.kind == "note" for source in self.sources)

    @property
    def lost_word(self) -> str:
        """What became of those who did not go on, in the words of the stage's measure."""
        return LOST_WORDS.get(self.behaviour.measure, "lost")

    @property
    def silent(self) -> bool:
        """True when nobody was asked and nobody said anything of their own accord."""
        said = [*self.feelings, *self.quotes]
        said += [
            entry
            for lane in (self.emotions, self.pains, self.delights)
            for source in lane
            for entry in source.entries
        ]
        return self.coverage == "not asked" and not said

    @property
    def map_quotes(self) -> list[Cell]:
        """At most two quotes for the map: what hurts first, then something else."""
        first = _shortest_first([q for q in self.quotes if q["code_group"] == "pain_point"])
        other = _shortest_first([q for q in self.quotes if q["code_group"] == "delight"])
        chosen = first[:1] + other[:1]
        return chosen or _shortest_first(list(self.quotes))[:1]


def page_name(prefix: str, name: str) -> str:
    """Return a file name for a stage or chapter that is safe on every file system.

    Usual ids stay as they are; anything else is reduced to safe characters and told apart
    by a short hash.
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", name):
        return f"{prefix}-{name}.html"
    safe = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:40]
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{prefix}-{safe}-{digest}.html"


def stage_views(journey_map: pd.DataFrame) -> list[StageView]:
    """Return one view per stage, in the order of the table."""
    return [_stage_view(row) for row in rows(journey_map)]


def kpi_views(kpis: pd.DataFrame | None) -> list[Cell]:
    """Return the KPIs with the scale of their little drawing."""
    views = []
    for place, row in enumerate(rows(kpis), start=1):
        value, low, high, target = (number(row.get(k)) for k in ("value", "low", "high", "target"))
        views.append(
            {
                "number": place,
                "name": text(row.get("name")),
                "measure": text(row.get("measure")),
                "words": text(row.get("words")),
                "unit": text(row.get("unit")),
                "value": value,
                "low": low,
                "high": high,
                "target": target,
                "n": count(row.get("n")),
                "count": count(row.get("count")),
                "window": text(row.get("window")),
                "why": text(row.get("why")),
                "at_most": text(row.get("direction")).lower().replace("_", " ")
                in ("at most", "down", "lower", "below", "max", "maximum", "decrease", "<="),
                "verdict": text(row.get("verdict")) or "cannot tell",
                "span": marks.kpi_span(value, low, high, target),
            }
        )
    return views


def source_views(sources: pd.DataFrame | None) -> list[Cell]:
    """Return the sources as the line of provenance needs them."""
    views = []
    for row in rows(sources):
        first, last = day(row.get("collected_from")), day(row.get("collected_to"))
        views.append(
            {
                "source": text(row.get("source")),
                "label": text(row.get("label")) or text(row.get("source")),
                "kind": text(row.get("kind")),
                "unit": text(row.get("unit")) or "people",
                "n_participants": count(row.get("n_participants")),
                "n_documents": count(row.get("n_documents")),
                "n_events": count(row.get("n_events")),
                "period": first if first == last else " – ".join(x for x in (first, last) if x),
                "recruitment": text(row.get("recruitment")),
                "sampling": text(row.get("sampling")),
                "sampling_note": text(row.get("sampling_note")),
                "wave": text(row.get("wave")),
                "n_unreviewed": count(row.get("n_unreviewed")) or 0,
            }
        )
    return views


def join_views(joins: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return how many people of one source are found in another."""
    return [
        {
            "a": labels.get(text(row.get("source_a")), text(row.get("source_a"))),
            "b": labels.get(text(row.get("source_b")), text(row.get("source_b"))),
            "n_a": count(row.get("n_a")),
            "n_b": count(row.get("n_b")),
            "n_both": count(row.get("n_both")),
            "match_rate": number(row.get("match_rate")),
            "match_rate_b": number(row.get("match_rate_b")),
        }
        for row in rows(joins)
    ]


MOST_LEAVING = 5
"""Last events and next steps shown on the page of a stage."""


def coverage_views(coverage: pd.DataFrame | None, stage: str) -> list[Cell]:
    """Return who was asked about a stage, per source."""
    return [
        {
            "label": text(row.get("source_label")) or text(row.get("source")),
            "asked": bool(row.get("asked")),
            "n_heard": count(row.get("n_heard")),
            "n_participants": count(row.get("n_participants")),
            "status": text(row.get("status")),
        }
        for row in rows(coverage)
        if text(row.get("stage")) == stage
    ]


def coverage_grid(coverage: pd.DataFrame | None, stages: Sequence[StageView]) -> Cell:
    """Return who was asked about which stage: a line per stage, a cell per source."""
    known = rows(coverage)
    sources = {
        text(row.get("source")): text(row.get("source_label")) or text(row.get("source"))
        for row in known
    }
    cells = {
        (text(row.get("stage")), text(row.get("source"))): {
            "asked": bool(row.get("asked")),
            "n_heard": count(row.get("n_heard")),
            "n_participants": count(row.get("n_participants")),
            "status": text(row.get("status")),
        }
        for row in known
    }
    return {
        "sources": list(sources.values()),
        "lines": [
            {"stage": stage, "cells": [cells.get((stage.id, source)) for source in sources]}
            for stage in stages
        ],
    }


CONSENT_WORDS = {
    "quote": "may be quoted, under an alias",
    "no_quote": "are counted, never quoted",
}


def consent_views(participants: pd.DataFrame | None, documents: pd.DataFrame | None) -> list[Cell]:
    """Return how many of those whose words are here agreed to be quoted."""
    if participants is None or documents is None or "participant_id" not in documents:
        return []
    heard = participants["participant_id"].isin(documents["participant_id"])
    counts = participants.loc[heard, "consent"].astype(str).value_counts()
    return [
        {"words": CONSENT_WORDS.get(name, name.replace("_", " ")), "n": int(counts[name])}
        for name in [*CONSENT_WORDS, *sorted(set(counts.index) - set(CONSENT_WORDS))]
        if name in counts
    ]


def segment_views(funnel: pd.DataFrame | None, stage: str) -> list[Cell]:
    """Return the stage's behaviour by audience segment, everybody first."""
    found = []
    for row in rows(funnel):
        if text(row.get("stage")) != stage:
            continue
        rate, low, high = (
            number(row.get(k)) for k in ("drop_off_rate", "drop_off_low", "drop_off_high")
        )
        found.append(
            {
                "segment": text(row.get("segment")),
                "value": text(row.get("segment_value")),
                "n_entered": count(row.get("n_entered")),
                "n_continued": count(row.get("n_continued")),
                "n_dropped": count(row.get("n_dropped")),
                "rate": rate,
                "low": low,
                "high": high,
                "span": marks.span(rate, low, high),
            }
        )
    return sorted(found, key=lambda entry: entry["segment"] != "")


def timing_views(timing: pd.DataFrame | None, stage: str, names: Mapping[str, str]) -> list[Cell]:
    """Return how long it takes from this stage to the next ones."""
    return [
        {
            "next": names.get(text(row.get("next_stage")), text(row.get("next_stage"))),
            "n": count(row.get("n")),
            "median_s": number(row.get("median_s")),
            "q25_s": number(row.get("q25_s")),
            "q75_s": number(row.get("q75_s")),
        }
        for row in rows(timing)
        if text(row.get("stage")) == stage and not text(row.get("segment"))
    ]


def leaving_views(
    tables: Mapping[str, pd.DataFrame], stage: str, names: Mapping[str, str]
) -> dict[str, Any]:
    """Return what became of those who did not go on: last event, next step, and who is open."""
    last = _leaving_rows(tables.get("abandonment_points"), stage, "event", {})
    after = _leaving_rows(tables.get("drop_destinations"), stage, "destination", names)
    everybody = [
        row
        for row in rows(tables.get("funnel"))
        if text(row.get("stage")) == stage and not text(row.get("segment"))
    ]
    ends = {
        key: sum(count(row.get(key)) or 0 for row in everybody)
        for key in ("n_elsewhere", "n_open", "n_seen_later", "n_dropped")
    }
    return {"last": last, "after": after, **ends}


def _leaving_rows(
    table: pd.DataFrame | None, stage: str, column: str, names: Mapping[str, str]
) -> list[Cell]:
    found: list[dict[str, Any]] = [
        {
            "name": names.get(text(row.get(column)), _event_words(text(row.get(column)))),
            "n": count(row.get("n")) or 0,
            "n_dropped": count(row.get("n_dropped")) or 0,
            "share": number(row.get("share")),
            "low": number(row.get("share_low")),
            "high": number(row.get("share_high")),
        }
        for row in rows(table)
        if text(row.get("stage")) == stage and not text(row.get("segment"))
    ]
    found = [row for row in found if row["n"]]
    return sorted(found, key=lambda row: row["n"], reverse=True)[:MOST_LEAVING]


def _event_words(name: str) -> str:
    """Return an event as a reader says it: a study names its stages, its log names events."""
    return name.strip("()").replace("_", " ")


def task_views(task_success: pd.DataFrame | None, stage: str) -> list[Cell]:
    """Return outcomes of tasks: pooled attempts beside the mean of persons' shares."""
    return [
        {
            "label": text(row.get("label")) or text(row.get("outcome")),
            "n_participants": count(row.get("n_participants")),
            "n_attempts": count(row.get("n_attempts")),
            "n_success": count(row.get("n_success")),
            "success_rate": number(row.get("success_rate")),
            "person_mean": number(row.get("person_mean")),
            "person_sd": number(row.get("person_sd")),
        }
        for row in rows(task_success)
        if text(row.get("stage")) == stage
    ]


def _stage_view(row: Cell) -> StageView:
    stage = text(row.get("stage"))
    heard = tuple(_source(entry) for entry in items(row.get("heard")))
    quotes = tuple(_quote(entry) for entry in items(row.get("quotes")))
    pains = _by_source(heard, items(row.get("pain_points")))
    delights = _by_source(heard, items(row.get("delights")))
    feelings = tuple(_feeling(entry) for entry in items(row.get("valence")))
    return StageView(
        id=stage,
        name=text(row.get("stage_name")) or stage,
        href=page_name("stage", stage),
        definition=text(row.get("definition")),
        owner=text(row.get("owner")),
        touchpoints=tuple(
            {key: text(entry.get(key)) for key in ("name", "channel", "owner")}
            for entry in items(row.get("touchpoints"))
        ),
        coverage=text(row.get("coverage")),
        sources=heard,
        behaviour=_behaviour(row),
        feelings=feelings,
        emotions=_by_source(heard, items(row.get("emotions"))),
        pains=pains,
        delights=delights,
        quotes=quotes,
        ratings=tuple(_rating(entry) for entry in items(row.get("ratings"))),
        median_next_s=number(row.get("median_next_s")),
        side_by_side=text(row.get("side_by_side")),
        people=_people(feelings, pains, delights, quotes),
    )


def _source(entry: Mapping[str, Any]) -> SourceView:
    return SourceView(
        source=text(entry.get("source")),
        label=text(entry.get("label")) or text(entry.get("source")),
        kind=text(entry.get("kind")),
        unit=text(entry.get("unit")) or "people",
        asked=bool(entry.get("asked", True)),
        n_heard=count(entry.get("n_heard")),
        n_participants=count(entry.get("n_participants")),
        has_design=bool(entry.get("has_design", False)),
    )


def _behaviour(row: Cell) -> Behaviour:
    measure = text(row.get("behaviour_measure")) or "none"
    rate, low, high = (
        number(row.get(k)) for k in ("drop_off_rate", "drop_off_low", "drop_off_high")
    )
    return Behaviour(
        measure=measure,
        label=text(row.get("behaviour_label")) or LEAVING_WORDS.get(measure, ""),
        n_entered=count(row.get("n_entered")),
        n_continued=count(row.get("n_continued")),
        n_dropped=count(row.get("n_dropped")),
        rate=rate,
        low=low,
        high=high,
        note=text(row.get("behaviour_note")),
        span=marks.span(rate, low, high),
    )


def mention_view(entry: Mapping[str, Any]) -> Cell:
    """Return people who said something, of those heard, with their drawing."""
    n_said, n_heard = count(entry.get("n_said")), count(entry.get("n_heard"))
    share, low, high = (number(entry.get(k)) for k in ("share", "low", "high"))
    aliases = strings(entry.get("aliases"))
    label = text(entry.get("label")) or text(entry.get("emotion")) or text(entry.get("code"))
    return {
        "code": text(entry.get("code")),
        "label": label,
        "n_said": n_said,
        "n_heard": n_heard,
        "share": share,
        "low": low,
        "high": high,
        "n_prompted": count(entry.get("n_prompted")) or 0,
        "aliases": aliases,
        "strip": marks.strip(n_said, n_heard, aliases),
        # A share is drawn only where the sampling design allows an interval.
        "span": None if low is None or high is None else marks.span(share, low, high),
    }


def _by_source(heard: Sequence[SourceView], entries: Sequence[Cell]) -> tuple[SourceView, ...]:
    found: dict[str, list[Cell]] = {view.source: [] for view in heard}
    labels: dict[str, str] = {}
    for entry in entries:
        source = text(entry.get("source"))
        labels.setdefault(source, text(entry.get("source_label")) or source)
        found.setdefault(source, []).append(mention_view(entry))
    known = {view.source: view for view in heard}
    views = []
    for source, cells in found.items():
        view = known.get(source) or _source({"source": source, "label": labels[source]})
        views.append(
            SourceView(
                view.source,
                view.label,
                view.kind,
                view.unit,
                view.asked,
                view.n_heard,
                view.n_participants,
                view.has_design,
                tuple(cells),
            )
        )
    return tuple(views)


def _feeling(entry: Cell) -> Cell:
    people = [
        {
            "alias": text(person.get("alias")),
            "valence": valence,
            "tone": tone(valence),
        }
        for person in items(entry.get("people"))
        if (valence := number(person.get("valence"))) is not None
    ]
    mean = number(entry.get("mean"))
    return {
        "source": text(entry.get("source")),
        "label": text(entry.get("label")) or text(entry.get("source")),
        "kind": text(entry.get("kind")),
        "mean": mean,
        "n": count(entry.get("n")),
        "people": people,
        "swarm": marks.swarm(people, mean) if people else None,
    }


def _quote(entry: Cell) -> Cell:
    words = text(entry.get("text"))
    speaker = text(entry.get("speaker")) or "participant"
    source = text(entry.get("source_label")) or text(entry.get("source"))
    return {
        "quote_id": text(entry.get("quote_id")),
        "source": text(entry.get("source")),
        "source_label": source,
        "document_id": text(entry.get("document_id")),
        "start": count(entry.get("start")) or 0,
        "end": count(entry.get("end")) or 0,
        "text": words,
        "long": len(words) > LONG_QUOTE,
        "alias": text(entry.get("alias")),
        "by": SAID_BY.get(speaker, "") + text(entry.get("alias")),
        "speaker": speaker,
        "at": text(entry.get("at")),
        "prompt": text(entry.get("prompt")),
        "around": [_context(entry.get("before")), _context(entry.get("after"))],
        "code_group": text(entry.get("code_group")),
        "code": text(entry.get("code")),
        "label": text(entry.get("label")) or text(entry.get("code")),
    }


def _context(value: object) -> Cell:
    """Return a neighbouring sentence of a quote; a long one is folded."""
    words = text(value).strip()
    return {"text": words, "long": len(words) > LONG_CONTEXT}


def _rating(entry: Cell) -> Cell:
    measure = text(entry.get("measure")).lower()
    scale = text(entry.get("scale_text"))
    value, low, high = (number(entry.get(k)) for k in ("value", "low", "high"))
    share = "%" in scale and value is not None and 0 <= value <= 1
    return {
        "measure": measure,
        "form": "points" if measure == "nps" else "share" if share else "score",
        "label": text(entry.get("label")) or measure.upper(),
        "source_label": text(entry.get("source_label")) or text(entry.get("source")),
        "wave": text(entry.get("wave")),
        "n": count(entry.get("n")),
        "value": value,
        "low": low,
        "high": high,
        "scale_text": scale,
    }


def _people(
    feelings: Sequence[Cell],
    pains: Sequence[SourceView],
    delights: Sequence[SourceView],
    quotes: Sequence[Cell],
) -> tuple[Person, ...]:
    """Gather what each drawn person said; surveys stay numbers."""
    found: dict[str, tuple[str, float | None]] = {}
    for feeling in feelings:
        for person in feeling["people"]:
            found.setdefault(person["alias"], (feeling["label"], person["valence"]))
    for lane in (pains, delights):
        for view in lane:
            if view.kind in PERSON_KINDS:
                for alias in (alias for entry in view.entries for alias in entry["aliases"]):
                    found.setdefault(alias, (view.label, None))

    def told(lane: Sequence[SourceView], alias: str) -> tuple[str, ...]:
        # The same person may tell the same in two sources: named once.
        labels = (e["label"] for view in lane for e in view.entries if alias in e["aliases"])
        return tuple(dict.fromkeys(labels))

    return tuple(
        Person(
            alias=alias,
            source_label=label,
            valence=valence,
            tone="nothing" if valence is None else tone(valence),
            pains=told(pains, alias),
            delights=told(delights, alias),
            quotes=tuple(quote for quote in quotes if quote["alias"] == alias),
        )
        for alias, (label, valence) in sorted(found.items())
        if alias
    )


def _shortest_first(quotes: list[Cell]) -> list[Cell]:
    """Quotes that fit a column first, each group in the order given."""
    return sorted(quotes, key=lambda quote: len(quote["text"]) > 140)
