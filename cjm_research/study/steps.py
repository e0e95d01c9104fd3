"""The chain from raw files to stage-level tables: the only code that joins rooms.

Three steps, each from tables to tables: `make_evidence` (read, pseudonyms, masking),
`make_codes` (excerpts, scores, codes) and `make_map` (counts, rates, the journey map), which keeps
what depends on events alone as a step of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from cjm_research import behaviour, coding, privacy, readers, review, synthesis
from cjm_research.codes import resolve_codes
from cjm_research.config import (
    Campaign,
    Events,
    Findings,
    FunnelReport,
    Keys,
    Observations,
    Roster,
    Source,
    StudyConfig,
    Survey,
    Transcripts,
)
from cjm_research.errors import ConfigError, SourceError, quoted
from cjm_research.journey import UNASSIGNED, Journey
from cjm_research.material import COLUMNS, UNREADABLE, VALUE, Material
from cjm_research.study import following, integrating
from cjm_research.study.cache import Tables
from cjm_research.study.kept_scores import measure_new
from cjm_research.tables import check_table

Say = Callable[[str], None]


def make_evidence(
    config: StudyConfig, journey: Journey, folder: Path, vault: privacy.Vault, say: Say
) -> Tables:
    """Read every source, replace names by pseudonyms, and check the tables.

    Nothing is written before this returns: raw words live in memory only.
    """
    materials = read_materials(config, journey, folder, say)
    sheets = review.read_sheets(folder / "codes", journey=journey)
    evidence = privacy.pseudonymise(materials, config, journey, vault)
    unreviewed = {material.source: material.unreviewed for material in materials}
    tables = {
        "participants": evidence.participants,
        "documents": evidence.documents,
        "turns": evidence.turns,
        "ratings": evidence.ratings,
        "answers": evidence.answers,
        "answered": evidence.answered,
        "events": evidence.events,
        "declared_codes": evidence.declared_codes,
        "quality": evidence.quality,
        "files": evidence.files,
        "set_aside": evidence.set_aside,
        "masked": evidence.masked_counts,
        "reported_funnels": evidence.reported_funnels,
        "touchpoint_metrics": evidence.touchpoint_metrics,
        "people_codes": _mask_sheets(
            review.locate_sheets(sheets, evidence.document_files), evidence.masker
        ),
    }
    sources = _describe_sources(config, tables, unreviewed)
    staying = following.find_staying(config)
    if staying:
        say(f"counting {staying.name} where it is")
        counts = following.count_staying(config, journey, folder)
        mine = sources["source"] == staying.id
        sources.loc[mine, ["n_participants", "n_events"]] = counts
    tables["sources"] = sources
    return tables


def may_be_passed_over(source: Source) -> bool:
    """Tell whether a study is made without a source that cannot be read.

    One that says who agreed is never passed over: who withdrew would be back.
    """
    says_who_agreed = isinstance(source, Roster) or "consent" in getattr(source, "columns", ())
    return not source.required and not says_who_agreed


def _read(source: Source, folder: Path, journey: Journey, say: Say) -> Material:
    """Read a source; without its rows where it may be passed over and cannot be read."""
    try:
        return readers.read_source(source, folder, journey, say)
    except SourceError as error:
        if not may_be_passed_over(source):
            raise
        # What is wrong may be said in people's words: `cjm check` says it, reports do not.
        quality = pd.DataFrame(
            [(error.where, "warning", UNREADABLE, 1)], columns=COLUMNS["quality"]
        )
        return Material(source=source.id, quality=quality)


def read_materials(config: StudyConfig, journey: Journey, folder: Path, say: Say) -> list[Material]:
    """Read every source that is read into memory; names and words are as they were found."""
    materials = []
    for source in config.sources:
        if isinstance(source, Events) and source.stays:
            continue
        say(f"reading {source.name}")
        materials.append(_read(source, folder, journey, say))
    return materials


def make_codes(
    evidence: Tables, config: StudyConfig, setting: coding.CodingSetting, kept: Path, say: Say
) -> Tables:
    """Split documents into excerpts, score them and let every machine coder speak.

    Scores are kept in the folder `kept`, so that only new words are measured.
    """
    say("splitting texts into excerpts")
    documents = integrating.leave_out_routine(config, evidence["documents"])
    turns = evidence["turns"]
    turns = turns[turns["document_id"].isin(documents["document_id"])]
    excerpts = coding.split_excerpts(documents, turns)
    languages = coding.detect_languages(documents, turns)
    # What the encoder does not speak would come out as neutral: it is set aside instead.
    aside = languages.loc[languages["status"] == coding.SET_ASIDE, "document_id"]
    read = excerpts[~excerpts["document_id"].isin(aside)]
    say(f"coding {len(read):,} excerpts")
    by = setting.choices.scores
    scored = measure_new(
        read,
        kept,
        fingerprint=coding.fingerprint_scores(by),
        measure=partial(coding.measure_excerpts, by=by),
    )
    declared = coding.code_declared(read, documents, evidence["declared_codes"])
    machine = coding.code_excerpts(read, scored, setting, declared=declared)
    codes = check_table(
        pd.concat([declared, machine], ignore_index=True), "codes", where="make_codes"
    )
    return {
        "excerpts": excerpts,
        "scores": scored.scores,
        "machine_codes": codes,
        "languages": languages,
        "embeddings": coding.as_table(scored.embeddings),
    }


def make_map(
    evidence: Tables,
    coded: Tables,
    *,
    config: StudyConfig,
    setting: coding.CodingSetting,
    findings: Findings,
    keep: following.Keep,
    say: Say,
) -> Tables:
    """Add people's codes, settle conflicts, count people and join the two strands.

    What people did is measured anew only when `keep` does not know it (`follow_people`).
    """
    journey = setting.journey
    samples = integrating.read_samples(
        setting.folder / "samples", coded["excerpts"], evidence["documents"]
    )
    codes, coders, lost, learned = _all_codes(evidence, coded, setting, samples)
    held = resolve_codes(codes, coders)
    excerpts = _with_stages(coded["excerpts"], held, journey)
    log = review.read_log(setting.folder / review.LOG_FILE)
    labels = coding.label_codes(codes, setting.codebook) | review.renamed_labels(log)
    embeddings = coding.as_vectors(coded["embeddings"])
    designs = {source.id: source.has_design for source in config.sources}
    segments = find_segments(config, evidence)

    say("counting people")
    heard = synthesis.count_heard(excerpts)
    prompted = synthesis.find_prompted(
        excerpts, declared_codes=evidence["declared_codes"], codes=codes
    )
    mentions = synthesis.count_mentions(
        held, excerpts, journey=journey, designs=designs, labels=labels, segments=segments,
        prompted=prompted,
    )  # fmt: skip
    by_place = {
        by: synthesis.count_mentions_at(
            held, excerpts, by=by, journey=journey, designs=designs, labels=labels,
            prompted=prompted, proposals=codes, documents=evidence["documents"],
        )
        for by in ("touchpoint", "channel")
    }  # fmt: skip
    statements = synthesis.list_statements(held, codes, excerpts, coders, labels=labels)
    valence = synthesis.measure_valence(excerpts, coded["scores"])
    talk = synthesis.measure_talk(excerpts, evidence["documents"])
    people = people_by_source(evidence)
    worded = [source for source in config.sources if source.kind in integrating.KIND_OF_WORDS]
    coverage = synthesis.describe_coverage(
        heard,
        journey=journey,
        n_participants={source.id: len(people[source.id]) for source in worded},
        asked=_asked(config, journey, evidence, codes),
    )
    quotes = synthesis.choose_quotes(
        held, excerpts, evidence["participants"], evidence["documents"], mentions,
        labels=labels, per_stage=config.report.quotes_per_stage, embeddings=embeddings,
    )  # fmt: skip

    events = evidence["events"]
    reach = measure_reach(segments, events)
    followed = following.follow_people(
        config, journey, setting.folder, events, _splitting(segments, reach), say,
        people=set().union(*(people[source.id] for source in worded)), keep=keep,
        values=find_values(config, evidence),
    )  # fmt: skip
    task_success = _task_success(config, journey, evidence["ratings"])
    questions, choices, steps = _questionnaires(config, evidence)

    say("joining words and numbers")
    ratings = synthesis.summarize_ratings(evidence["ratings"], designs=designs)
    source_labels = [
        synthesis.SourceLabel(
            source=source.id,
            label=source.name,
            kind=integrating.KIND_OF_WORDS[source.kind],
            unit=source.unit,
            has_design=source.has_design,
            n_participants=len(people[source.id]),
        )
        for source in worded
    ]
    journey_map = synthesis.build_journey_map(
        synthesis.MapTables(
            coverage=coverage,
            mentions=mentions,
            quotes=quotes,
            ratings=ratings,
            funnel=followed["funnel"],
            task_success=task_success,
            stage_timing=followed["stage_timing"],
            visitors=followed["visitors"],
            valence=valence,
            tellers=synthesis.list_tellers(held, excerpts, evidence["participants"]),
            loss=followed["loss"],
        ),
        journey=journey,
        sources=source_labels,
        participants=evidence["participants"],
        pain_points_per_stage=config.report.pain_points_per_stage,
    )
    names = {source.id: source.name for source in config.sources}
    mapped = {
        "excerpts": excerpts,
        "coders": coders,
        "codes": codes,
        "held_codes": held,
        "lost_codes": lost,
        "learned_codes": learned,
        "themes": coding.describe_themes(held, excerpts),
        "statements": statements,
        "pain_points": synthesis.summarize_pain_points(statements, mentions, order=journey.order),
        "stage_bases": synthesis.count_bases(held, excerpts, coders=coders),
        "touchpoint_mentions": by_place["touchpoint"],
        "channel_mentions": by_place["channel"],
        "emotion_curve": synthesis.estimate_emotion_curve(
            valence, journey=journey, designs=designs
        ),
        "talk": talk,
        "dominance": synthesis.measure_dominance(talk),
        "saturation": synthesis.measure_saturation(
            codes,
            coders,
            evidence["documents"],
            excerpts,
            given=[(entry.group, entry.code) for entry in setting.codebook],
        ),
        "segment_people": _segment_people(segments, people),
        "mentions": mentions.assign(source_label=mentions["source"].map(names)),
        "coverage": coverage.assign(source_label=coverage["source"].map(names)),
        "quotes": quotes,
        **followed,
        "segment_reach": reach,
        "task_success": task_success,
        "survey_questions": questions,
        "survey_choices": choices,
        "survey_steps": steps,
        "rating_summary": ratings,
        "kpis": synthesis.judge_kpis(
            config.kpis,
            journey=journey,
            funnel=followed["funnel"],
            ratings=ratings,
            task_success=task_success,
            loss=followed["loss"],
            funnel_window=config.behaviour.funnel.window,
            collected=_collected(config),
            log_wave=_log_wave(config),
        ),
        "joins": synthesis.count_joins({k: v for k, v in people.items() if v}),
        "journey_map": journey_map,
    }
    return mapped | integrating.join_strands(
        evidence, mapped, config=config, journey=journey, findings=findings,
        samples=samples, labels=labels, segments=segments, say=say,
    )  # fmt: skip


def _collected(config: StudyConfig) -> dict[str, str]:
    """Return when each source was collected, in words, where it says so."""
    return {
        source.id: f"{source.collected.start} to {source.collected.end}"
        for source in config.sources
        if source.collected
    }


def _log_wave(config: StudyConfig) -> str:
    """Return the wave of the event logs, or nothing where they are of several."""
    waves = {source.wave for source in config.sources if source.kind == "events"}
    return waves.pop() if len(waves) == 1 else ""


def find_segments(config: StudyConfig, evidence: Tables) -> pd.DataFrame | None:
    """Return `participant_id`, `segment`, `segment_value` for the declared audience segments.

    A segment is a column of the participants (roster, survey) or, failing that, the first
    value that the events show for a person.

    Raises
    ------
    ConfigError
        If a declared segment is in none of the sources.
    """
    participants, events = evidence["participants"], evidence["events"]
    parts = []
    for segment in config.audience_segments:
        if segment.id in participants and segment.id != VALUE:
            values = participants[["participant_id", segment.id]].rename(
                columns={segment.id: "value"}
            )
        elif following.find_staying(config):
            continue  # its columns split its own events, and nobody else's words
        elif segment.id in ("device", "channel"):
            values = behaviour.first_values(events, segment.id)
        else:
            known = [c for c in participants.columns if c not in _PARTICIPANT_COLUMNS]
            raise ConfigError(
                "study.yaml",
                [
                    f"audience_segments: no source gives '{segment.id}'. "
                    f"Found: {quoted([*known, 'device', 'channel'])}."
                ],
            )
        values = values[values["value"].fillna("") != ""]
        parts.append(values.rename(columns={"value": "segment_value"}).assign(segment=segment.id))
    if not parts:
        return None
    return pd.concat(parts, ignore_index=True)[["participant_id", "segment", "segment_value"]]


def find_values(config: StudyConfig, evidence: Tables) -> pd.DataFrame | None:
    """Return `participant_id` and `value` of people by the CRM, where no event has a value."""
    participants, events = evidence["participants"], evidence["events"]
    if VALUE not in participants or integrating.are_values_logged(config, events):
        return None
    known = participants[["participant_id", VALUE]].dropna()
    return known.reset_index(drop=True)


def _segment_people(segments: pd.DataFrame | None, people: dict[str, set[str]]) -> pd.DataFrame:
    """Count the people of each declared audience segment, per source; empty without any."""
    none = pd.DataFrame(columns=["participant_id", "segment", "segment_value"])
    return synthesis.describe_segments(none if segments is None else segments, people)


def measure_reach(segments: pd.DataFrame | None, events: pd.DataFrame) -> pd.DataFrame:
    """Return for how many people in the events each audience segment is known.

    Returns
    -------
    DataFrame
        `segment`, `n_known`, `n`: people of the events with a value, and all of them.
    """
    people = set(events["participant_id"])
    rows = (
        []
        if segments is None
        else [
            (segment, members["participant_id"].isin(people).sum(), len(people))
            for segment, members in segments.groupby("segment", sort=False)
        ]
    )
    return pd.DataFrame(rows, columns=["segment", "n_known", "n"])


def _splitting(segments: pd.DataFrame | None, reach: pd.DataFrame) -> pd.DataFrame | None:
    """Keep the segments that can split the funnel.

    Those who answered a survey stayed longer than the rest: a segment known for them only
    would show drop-off that nobody has.
    """
    if segments is None:
        return None
    wide = reach.loc[reach["n_known"] >= MIN_REACH * reach["n"], "segment"]
    return segments[segments["segment"].isin(wide)]


MIN_REACH = 0.9
"""Share of the people in the events for whom a segment must be known."""

_PARTICIPANT_COLUMNS = ("participant_id", "alias", "consent", VALUE)


def people_by_source(evidence: Tables) -> dict[str, set[str]]:
    """Return the participants of each source, in the study's order."""
    people: dict[str, set[str]] = {source: set() for source in evidence["sources"]["source"]}
    for name in ("documents", "ratings", "answers", "events"):
        for source, rows in evidence[name].groupby("source"):
            people[str(source)] |= set(rows["participant_id"])
    return people


def _all_codes(
    evidence: Tables, coded: Tables, setting: coding.CodingSetting, samples: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return all codes, all coders, people's codes that were lost, and what was learned."""
    theirs, lost = review.anchor_codes(
        evidence["people_codes"], coded["excerpts"], evidence["documents"]
    )
    # Lost codes are shown in the report, with what was said: not for those who said no to that.
    quotable = evidence["documents"].merge(evidence["participants"][["participant_id", "consent"]])
    quotable = quotable.loc[quotable["consent"] == "quote", "document_id"]
    lost["quote"] = lost["quote"].where(lost["document_id"].isin(quotable), "")
    people = review.list_coders(setting.folder / "codes")
    # Who has seen the answers cannot be examined on them: samples teach nothing.
    teaching = theirs[~theirs["excerpt_id"].isin(samples["excerpt_id"])]
    learner = coding.learn_codes(coded["excerpts"], _vectors(coded), teaching, people)
    learned = learner(coded["excerpts"], coded["scores"])
    codes = pd.concat([coded["machine_codes"], learned, theirs], ignore_index=True)
    codes = check_table(
        review.apply_log(codes, review.read_log(setting.folder / review.LOG_FILE)),
        "codes",
        where="codes",
    )
    coders = [coding.describe_coders(setting), coding.describe_learner(learner), people]
    coders = check_table(pd.concat(coders, ignore_index=True), "coders", where="coders")
    return codes, coders, lost, coding.describe_learned(learner)


def _vectors(coded: Tables) -> pd.DataFrame:
    vectors = coding.as_vectors(coded["embeddings"])
    return pd.DataFrame(index=pd.Index([], name="excerpt_id")) if vectors is None else vectors


def _mask_sheets(sheets: pd.DataFrame, masker: privacy.StudyMasker) -> pd.DataFrame:
    """Mask what coders wrote as the sources were masked: a quote copied from the raw file fits."""
    written = ("quote", "code", "note")
    return sheets.assign(**{name: masker.column("codes", sheets[name]) for name in written})


def _with_stages(excerpts: pd.DataFrame, held: pd.DataFrame, journey: Journey) -> pd.DataFrame:
    """Derive each excerpt's stage from the codes that hold; nowhere else is it set."""
    stages = held[(held["code_group"] == "stage") & (held["excerpt_id"] != "")]
    by_excerpt = stages.drop_duplicates("excerpt_id").set_index("excerpt_id")["code"]
    return excerpts.assign(stage=journey.order(excerpts["excerpt_id"].map(by_excerpt)))


def _asked(
    config: StudyConfig, journey: Journey, evidence: Tables, codes: pd.DataFrame
) -> set[tuple[str, str]]:
    """Pairs of stage and source where people were asked: by guide, question or task."""
    documents = evidence["documents"]
    asked = set()
    for source in config.sources:
        if isinstance(source, Transcripts):
            asked |= {(stage.id, source.id) for stage in journey if stage.prompts}
            mine = set(documents.loc[documents["source"] == source.id, "document_id"])
            put = codes[
                (codes["code_group"] == "stage")
                & codes["basis"].isin(("prompt", "heading"))
                & codes["document_id"].isin(mine)
            ]
            asked |= {(stage, source.id) for stage in put["code"].unique()}
        elif isinstance(source, Survey | Observations):
            declared = documents.loc[documents["source"] == source.id, "declared_stage"]
            asked |= {(stage, source.id) for stage in declared.unique() if stage}
            if isinstance(source, Survey):
                asked |= {(q.stage, source.id) for q in source.questions if q.stage}
            else:
                events = evidence["events"]
                items = events.loc[events["source"] == source.id, "stage"]
                asked |= {(stage, source.id) for stage in items.unique() if stage}
    return {(stage, source) for stage, source in asked if stage != UNASSIGNED}


def _task_success(config: StudyConfig, journey: Journey, ratings: pd.DataFrame) -> pd.DataFrame:
    parts = [
        behaviour.estimate_task_success(
            ratings[ratings["source"] == source.id],
            journey,
            outcomes={outcome.id: outcome.label for outcome in source.outcomes},
            has_design=source.has_design,
        )
        for source in config.sources
        if isinstance(source, Observations)
    ]
    if not parts:
        return behaviour.estimate_task_success(ratings.iloc[:0], journey, outcomes={})
    return pd.concat(parts, ignore_index=True)


def _questionnaires(
    config: StudyConfig, evidence: Tables
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    answers, events = evidence["answers"], evidence["events"]
    surveys = [source for source in config.sources if isinstance(source, Survey)]
    questions = [
        behaviour.summarize_questions(answers, events, source=s.id, form=s.questionnaire).assign(
            text=lambda rows, s=s: rows["question"].map({q.id: q.text for q in s.questions})
        )
        for s in surveys
    ]
    choices = [
        behaviour.summarize_choices(
            answers,
            source=s.id,
            questions=[q.id for q in s.questions if q.kind == "choice"],
            has_design=s.has_design,
            smallest_cell=config.integration.smallest_cell,
        )
        for s in surveys
    ]
    choices = [table for table in choices if len(table)]
    steps = [
        behaviour.summarize_steps(answers, events, s.questionnaire, source=s.id)
        for s in surveys
        if s.questionnaire
    ]
    return (
        pd.concat(questions, ignore_index=True)
        if questions
        else pd.DataFrame(columns=[*behaviour.QUESTION_COLUMNS, "text"]),
        pd.concat(choices, ignore_index=True)
        if choices
        else pd.DataFrame(columns=behaviour.CHOICE_COLUMNS),
        pd.concat(steps, ignore_index=True)
        if steps
        else pd.DataFrame(columns=behaviour.STEP_COLUMNS),
    )


def _describe_sources(
    config: StudyConfig, tables: Tables, unreviewed: dict[str, int]
) -> pd.DataFrame:
    """One row per source of people's words and deeds.

    Rosters and key maps hold no evidence of their own, and what other programs counted has no
    people.
    """
    rows = []
    for source in config.sources:
        if isinstance(source, Roster | Keys | FunnelReport | Campaign):
            continue
        mine = {
            name: tables[name][tables[name]["source"] == source.id]
            for name in ("documents", "ratings", "answers", "events")
        }
        people: set[str] = set().union(*(frame["participant_id"] for frame in mine.values()))
        is_log = isinstance(source, Events)
        rows.append(
            {
                "source": source.id,
                "label": source.name,
                "kind": source.kind,
                "unit": source.unit,
                "n_participants": len(people),
                "n_documents": len(mine["documents"]),
                "n_events": len(mine["events"]) if is_log else 0,
                "collected_from": str(source.collected.start) if source.collected else "",
                "collected_to": str(source.collected.end) if source.collected else "",
                "recruitment": source.recruitment,
                "sampling": source.sampling,
                "sampling_note": source.sampling_note,
                "wave": source.wave,
                "n_unreviewed": unreviewed.get(source.id, 0),
                "required": source.required,
            }
        )
    return pd.DataFrame(rows, columns=[*_OF_SOURCES]).astype(_OF_SOURCES)


_OF_SOURCES = {
    "source": "object", "label": "object", "kind": "object", "unit": "object",
    "n_participants": "int64", "n_documents": "int64", "n_events": "int64",
    "collected_from": "object", "collected_to": "object", "recruitment": "object",
    "sampling": "object", "sampling_note": "object", "wave": "object", "n_unreviewed": "int64",
    "required": "bool",
}  # fmt: skip
"""Columns of the table `sources`, with their types: there may be none with people."""
