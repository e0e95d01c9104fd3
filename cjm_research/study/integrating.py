"""What people say joined to what they do: every table of `integration/`, in the order of need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from cjm_research import behaviour, coding, integration, review
from cjm_research.codes import PERSON, resolve_codes
from cjm_research.config import Events, Findings, Observations, Roster, StudyConfig, Survey
from cjm_research.journey import Journey
from cjm_research.study.cache import Tables

Say = Callable[[str], None]

KIND_OF_WORDS = {
    "transcripts": "interview",
    "survey": "survey_answer",
    "feedback": "feedback",
    "observations": "note",
}


def join_strands(
    evidence: Tables,
    mapped: Tables,
    *,
    config: StudyConfig,
    journey: Journey,
    findings: Findings,
    samples: pd.DataFrame,
    labels: Mapping[tuple[str, str], str],
    segments: pd.DataFrame | None,
    say: Say,
) -> Tables:
    """Weigh words against numbers, stage by stage and, where ids join, person by person.

    Parameters
    ----------
    evidence, mapped : dict of str to DataFrame
        What was read, and all that was counted of it so far, by table name.
    config, journey, findings
        Of the study.
    samples : DataFrame
        From `read_samples`.
    labels : mapping of (code_group, code) to str
    segments : DataFrame or None
        `participant_id`, `segment`, `segment_value`.
    say : callable
        Told what is being done.

    Returns
    -------
    dict of str to DataFrame
    """
    say("weighing words against numbers")
    facts = describe_worded(config)
    designs = {source.id: source.has_design for source in config.sources}
    rules = config.integration
    measured = integration.describe_stage_behaviour(
        journey,
        funnel=mapped["funnel"],
        task_success=mapped["task_success"],
        loss=mapped["loss"],
    )
    ends = _list_ends(evidence, mapped, journey)
    guard = integration.check_comparability(
        source_facts=facts,
        sources=evidence["sources"],
        behaviour_sources=[s.id for s in config.sources if isinstance(s, Events)],
        documents=evidence["documents"],
        excerpts=mapped["excerpts"],
        ratings=evidence["ratings"],
        person_stages=ends,
        stage_behaviour=measured,
        joins=mapped["joins"],
        segment_people=mapped["segment_people"],
        channel_mentions=mapped["channel_mentions"],
        channels=mapped["channels"],
        journey=journey,
        smallest_cell=rules.smallest_cell,
    )
    sources = integration.summarize_comparability(guard)
    comparable = dict(zip(sources["source"], sources["comparable"], strict=True))
    person_level = dict(zip(sources["source"], sources["person_level"], strict=True))
    links = integration.count_links(
        ends, mapped["held_codes"], mapped["excerpts"], journey=journey, source_facts=facts
    )
    spoken = leave_out_routine(config, evidence["documents"])
    notes = spoken[spoken["kind"] == "note"]
    display = integration.join_display(
        links,
        measured,
        source_facts=facts,
        journey=journey,
        comparable=comparable,
        person_level=person_level,
        notes=integration.count_notes_by_outcome(notes, evidence["ratings"], journey),
    )
    trust = _judge_trust(mapped, config, samples, labels)
    verdicts = integration.judge_stages(
        mentions=mapped["mentions"],
        coverage=mapped["coverage"],
        ratings=mapped["rating_summary"],
        stage_behaviour=measured,
        # Who of those heard left is a claim about single people.
        links=links[links["source"].map(person_level).astype(bool)],
        comparable=comparable,
        source_facts=facts,
        journey=journey,
        rules=rules.verdicts,
        findings=findings,
        trusted=integration.gate(trust),
        smallest_cell=rules.smallest_cell,
    )
    cell = {"coverage": mapped["coverage"], "source_facts": facts, "journey": journey}
    return {
        "stage_behaviour": measured,
        "person_stages": ends,
        "comparability": guard,
        "comparable_sources": sources,
        "joint_display": display,
        # How many rows it has stands in a report: nothing in it may rest on few people.
        "display_gaps": integration.name_gaps(
            integration.hide_few(display, "joint_display", smallest_cell=rules.smallest_cell),
            journey=journey,
        ),
        "links": links,
        "trust": trust,
        "verdicts": verdicts,
        "causes": integration.weigh_causes(
            statements=mapped["statements"],
            pain_points=mapped["pain_points"],
            person_stages=ends,
            documents=evidence["documents"],
            ratings=evidence["ratings"],
            journey=journey,
            source_facts=facts,
            person_level=person_level,
            comparable=comparable,
            stage_behaviour=measured,
            collected_from=dict(
                zip(
                    evidence["sources"]["source"],
                    evidence["sources"]["collected_from"],
                    strict=True,
                )
            ),
        ),
        "opportunities": integration.rank_opportunities(
            statements=mapped["statements"],
            mentions=mapped["mentions"],
            pain_points=mapped["pain_points"],
            excerpts=mapped["excerpts"],
            coders=mapped["coders"],
            stage_behaviour=measured,
            value_at_stake=mapped["value_at_stake"],
            journey=journey,
            source_facts=facts,
            rules=rules.priorities,
            findings=findings.opportunities,
            trusted=integration.gate(trust),
            comparable=comparable,
            value_unit=describe_values(config, evidence["events"]),
        ),
        "segment_comparison": integration.compare_audience_segments(
            mentions=mapped["mentions"],
            excerpts=mapped["excerpts"],
            segments=segments,
            funnel=mapped["funnel"],
            funnel_differences=mapped["funnel_differences"],
            journey=journey,
            source_facts=facts,
            smallest_cell=rules.smallest_cell,
        ),
        "orders": integration.compare_orders(
            excerpts=mapped["excerpts"],
            documents=evidence["documents"],
            held=mapped["held_codes"],
            codes=mapped["codes"],
            coders=mapped["coders"],
            transitions=mapped["transitions"],
            loops=mapped["loops"],
            rework=mapped["rework"],
            paths=mapped["paths"],
            source_facts=facts,
            journey=journey,
        ),
        "expectations": integration.measure_expectation_gap(mapped["statements"], **cell),
        "balance": integration.measure_balance(mapped["held_codes"], mapped["excerpts"], **cell),
        "channel_consistency": integration.compare_channels(
            mapped["channel_mentions"],
            channels=mapped["channels"],
            channel_switches=mapped["channel_switches"],
            journey=journey,
        ),
        "openings": integration.find_openings(mapped["statements"], **cell),
        "wave_changes": integration.compare_waves(
            questions=_list_questions(config),
            ratings=evidence["ratings"],
            codes=mapped["held_codes"],
            excerpts=mapped["excerpts"],
            journey=journey,
            designs=designs,
            labels=labels,
            smallest_cell=rules.smallest_cell,
        ),
    }


def are_values_logged(config: StudyConfig, events: pd.DataFrame) -> bool:
    """Return True when the events say what people are worth, so that no other source is asked."""
    return bool(_list_valued(config)) or bool(events["value"].notna().any())


def _list_valued(config: StudyConfig) -> list[Events]:
    return [
        source
        for source in config.sources
        if isinstance(source, Events) and source.columns.get("value")
    ]


def describe_values(config: StudyConfig, events: pd.DataFrame) -> str:
    """Say what values are counted in, of whom, and when; empty without any."""
    logs = _list_valued(config)
    if not are_values_logged(config, events):
        rosters = [s for s in config.sources if isinstance(s, Roster) and "value" in s.columns]
        return "".join(
            f"In the unit of the column “{roster.columns['value']}” of {roster.name}, of the "
            "people whose value it knows."
            for roster in rosters
        )
    if not logs:
        return ""
    columns = ", ".join(dict.fromkeys(f"“{log.columns['value']}”" for log in logs))
    when = ", ".join(
        dict.fromkeys(
            f"{log.collected.start} to {log.collected.end}" for log in logs if log.collected
        )
    )
    of = f", of the people recorded from {when}" if when else ""
    return f"In the unit of the log’s column {columns}{of}."


def describe_worded(config: StudyConfig) -> pd.DataFrame:
    """Return what weighing needs to know of each source with words.

    Returns
    -------
    DataFrame
        `source`, `label`, `kind` (of its documents), `has_design`, `wave`.
    """
    rows = [
        (source.id, source.name, KIND_OF_WORDS[source.kind], source.has_design, source.wave)
        for source in config.sources
        if source.kind in KIND_OF_WORDS
    ]
    return pd.DataFrame(rows, columns=["source", "label", "kind", "has_design", "wave"])


def leave_out_routine(config: StudyConfig, documents: pd.DataFrame) -> pd.DataFrame:
    """Leave out what observers fill in as a matter of course: it is no word about anything.

    What was done first, where it was not the expected path, is the failure itself once more:
    coded as a pain, it would agree with every number.
    """
    for source in config.sources:
        if isinstance(source, Observations):
            routine = [text.column for text in source.texts if not text.noted]
            mine = documents["source"] == source.id
            documents = documents[~(mine & documents["question"].isin(routine))]
    return documents


def _list_ends(evidence: Tables, mapped: Tables, journey: Journey) -> pd.DataFrame:
    parts = [
        mapped["person_stages"],
        behaviour.list_task_ends(evidence["ratings"], journey),
    ]
    filled = [part for part in parts if len(part)] or parts[:1]
    ends = pd.concat(filled, ignore_index=True)
    return ends.assign(stage=journey.order(ends["stage"]))


def _judge_trust(
    mapped: Tables,
    config: StudyConfig,
    samples: pd.DataFrame,
    labels: Mapping[tuple[str, str], str],
) -> pd.DataFrame:
    codes = mapped["codes"]
    sample = _choose_sample(samples)
    # What is learned from people never speaks where they have: it is not on trial there.
    learned = codes["coder_id"] == coding.LEARNED
    machine = codes[~codes["coder_id"].str.startswith(PERSON) & ~learned]
    return integration.judge_trust(
        judged=review.list_judgements(codes, sample),
        machine=resolve_codes(machine, mapped["coders"]),
        unchecked=codes[learned & (codes["strength"] > 0)],
        excerpts=mapped["excerpts"],
        sample=sample,
        rules=config.integration.trust,
        labels=labels,
    )


def read_samples(folder: Path, excerpts: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Return the excerpts of every random sample of a study.

    Returns
    -------
    DataFrame
        Rows of table `excerpts`, with `inclusion_probability` and the name of the `sample`.
    """
    samples = [
        review.read_sample(folder, name, excerpts, documents)[0].assign(sample=name)
        for name in review.list_samples(folder)
    ]
    if not samples:
        empty = pd.Series(dtype="float64")
        return excerpts.iloc[:0].assign(inclusion_probability=empty, sample="")
    return pd.concat(samples, ignore_index=True)


def _choose_sample(samples: pd.DataFrame) -> pd.DataFrame:
    """Keep one sample per source: of several, the one with most of its excerpts."""
    sizes = samples.groupby(["source", "sample"])["excerpt_id"].transform("size")
    largest = sizes == sizes.groupby(samples["source"]).transform("max")
    first = samples[largest].groupby("source")["sample"].transform("min")
    return samples[largest][samples[largest]["sample"] == first]


def _list_questions(config: StudyConfig) -> pd.DataFrame:
    """Return every question of every survey that names its wave."""
    rows = [
        (source.id, source.wave, question.id, question.kind, question.text, question.stage)
        for source in config.sources
        if isinstance(source, Survey) and source.wave
        for question in source.questions
    ]
    return pd.DataFrame(rows, columns=["source", "wave", "question", "kind", "text", "stage"])
