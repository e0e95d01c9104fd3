"""Write docs/study-yaml.md, the reference of study.yaml, from the models in `config.schema`.

Keys, kinds and defaults come from the models; the meanings stand here. A key without a meaning
is an error, so that a new option cannot be left out of the reference.

    .venv/bin/python tools/write_study_reference.py            write docs/study-yaml.md
    .venv/bin/python tools/write_study_reference.py --check    fail if it is out of date
"""

from __future__ import annotations

import argparse
import sys
import types
import typing
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cjm_research.config import schema as config

TARGET = Path(__file__).parents[1] / "docs" / "study-yaml.md"

OPENING = """\
# What stands in study.yaml

One file describes a study. `cjm new NAME` writes a commented one; `cjm check NAME` says what is
wrong with it; `cjm schema` prints a JSON Schema for editors. An unknown key is refused, with a
suggestion. Where a list is expected, a single value will do. Files are named relative to the
folder of the study.

This page is written by `tools/write_study_reference.py`; change it there.
"""

PARTS: list[tuple[type[BaseModel], str, str]] = [
    (config.StudyConfig, "The file", ""),
    (config.Assumption, "`assumptions`", "What stakeholders believe before the study."),
    (config.Kpi, "`kpis`", "Figures that somebody promised. Each is judged *met*, *not met* or "
        "*cannot tell* (the interval lies astride the target)."),
    (config.JourneyPart, "`journey`", "A template, your own stages, or a template with changes: "
        "a stage of the same id overrides the template's."),
    (config.StagePart, "`journey.stages`", "In the order of the journey."),
    (config.TouchpointPart, "`journey.stages.touchpoints`", "All but the name are free text."),
    (config._Source, "`sources`: keys of every kind", "Each source has a `kind`, and the keys of "
        "its kind below."),
    (config.Collected, "`sources.collected`", ""),
    (config.ConsentValues, "`sources.consent_values`", "What stands in the consent column. A "
        "blank leaves it to `consent` of the source; another value is an error. Who withdrew is "
        "left out altogether."),
    (config.Transcripts, "`kind: transcripts`", "Interviews, diaries and group discussions, as "
        "people write them and as Teams, Zoom, Meet, Otter and Whisper export them: "
        "[sources.md](sources.md)."),
    (config.Survey, "`kind: survey`", "A `.csv`, `.xlsx` or `.sav`, one row a "
        "participant."),
    (config.Question, "`kind: survey`, `questions`", ""),
    (config.CodePart, "`kind: survey`, `questions.codes`", "A code that the question declares."),
    (config.Questionnaire, "`kind: survey`, `questionnaire`", "When leaving the questionnaire is "
        "what the study looks at. The three stages belong to the journey, with the measure "
        "`questionnaire_abandonment`."),
    (config.Page, "`kind: survey`, `questionnaire.pages`", ""),
    (config.Block, "`kind: survey`, `questionnaire.pages.blocks`", ""),
    (config.Feedback, "`kind: feedback`", "Reviews, tickets, posts and chats: what people wrote "
        "unasked, one row a text: [sources.md](sources.md)."),
    (config.Authors, "`kind: feedback`, `authors`", "Whose words they are. A value that is not "
        "listed is an error: an agent's words never count as a participant's."),
    (config.Events, "`kind: events`", "A `.csv` or `.parquet`, one row an event. Large logs stay "
        "where they are (`in_place`, `table`): see [scaling.md](scaling.md)."),
    (config.Observations, "`kind: observations`", "A usability-test log, one row a participant "
        "and task."),
    (config.Lookup, "`kind: observations`, `stages_from`", "A table that says which task belongs "
        "to which stage."),
    (config.Outcome, "`kind: observations`, `outcomes`", "The first rule that fits decides."),
    (config.Rule, "`kind: observations`, `outcomes.rules`", ""),
    (config.NoteText, "`kind: observations`, `texts`", "Columns that hold words."),
    (config.Roster, "`kind: roster`", "Who took part. It holds no evidence of its own."),
    (config.Keys, "`kind: keys`", "Which id of one source is which of another, where a person may "
        "have several, such as devices. It makes nobody a participant."),
    (config.FunnelReport, "`kind: funnel_report`", "A funnel that another program counted, one "
        "file: a table, or the JSON of Google Analytics 4's Data API ([sources.md](sources.md)). "
        "There is nobody in it: it is shown by itself, never counted with people."),
    (config.Campaign, "`kind: campaign`", "What programs for e-mail and advertising counted, in "
        "tables ([sources.md](sources.md)). There is nobody in it: it is shown by itself."),
    (config.Segment, "`audience_segments`", "Groups to compare."),
    (config.Privacy, "`privacy`", ""),
    (config.CodingPart, "`coding`", "How machines code the texts. What people code outranks it."),
    (config.OwnModel, "`coding.models`", "A model of your own, in a folder on this machine, as one "
        "more coder. Needs `pip install 'cjm_research[models]'`."),
    (config.EnginePart, "`engine`", "Where event logs are measured. DuckDB, in this process, when "
        "nothing is said."),
    (config.BehaviourPart, "`behaviour`", "How event logs are measured. Everything has a default."),
    (config.FunnelPart, "`behaviour.funnel`", "What counts as coming through the stages; the same "
        "words as `FunnelRule`."),
    (config.RetentionPart, "`behaviour.retention`", "Who comes back."),
    (config.ReferralPart, "`behaviour.referral`", "Who of those that did one thing told others."),
    (config.PathQuestion, "`behaviour.paths`", "Questions to people's paths, such as "
        "`did item_viewed >= 3, never order_confirmed`."),
    (config.ExperimentPart, "`behaviour.experiments`", "Versions that people met by chance."),
    (config.ChangePart, "`behaviour.changes`", "A change of the service: those who came before it "
        "against those who came after."),
    (config.IntegrationPart, "`integration`", "How what people say is joined to what they do. "
        "Declare it before looking: these are the rules that verdicts and orders follow. "
        "Everything has a default."),
    (config.VerdictPart, "`integration.verdicts`", "From where on words and numbers count as "
        "much."),
    (config.PriorityPart, "`integration.priorities`", "How confirmed opportunities are ordered."),
    (config.TrustPart, "`integration.trust`", "When a machine code is trusted."),
    (config.ReportPart, "`report`", ""),
    (config.SchedulePart, "`schedule`", "How often `cjm run --due` makes a report: one a calendar "
        "period, looking back from the last day of the period before, whenever the scheduler "
        "comes to it ([scheduling](scheduling.md))."),
]  # fmt: skip

MEANINGS = {
    "StudyConfig.schema_version": "version of this form",
    "StudyConfig.title": "headline of the report; best a question",
    "StudyConfig.objective": "the decision that the study serves",
    "StudyConfig.questions": "research questions",
    "StudyConfig.assumptions": "see below",
    "StudyConfig.kpis": "see below",
    "StudyConfig.journey": "see below",
    "StudyConfig.sources": "see below; at least one",
    "StudyConfig.audience_segments": "see below",
    "StudyConfig.privacy": "see below",
    "StudyConfig.coding": "see below",
    "StudyConfig.integration": "see below",
    "IntegrationPart.verdicts": "see below",
    "IntegrationPart.priorities": "see below",
    "IntegrationPart.trust": "see below",
    "IntegrationPart.smallest_cell": "the floor of what is published: smaller groups of "
    "audience segments, and of what people tell crossed with what became of them, are hidden, "
    "together with the cells that would reveal them; 1 hides nothing",
    "VerdictPart.much_told": "share of those heard at a stage who tell the same pain point, from "
    "which it counts as much told",
    "VerdictPart.much_lost": "share lost at a stage from which it loses many",
    "VerdictPart.low_rating": "measure to the value below which a stage is rated low, such as "
    "`{csat: 3}`; a measure without one is shown and not judged",
    "PriorityPart.weights": "weight of each column: `people` (share who tell it), `severity`, "
    "`drop_off` of the stage, `value` at stake",
    "PriorityPart.source": "whose words count; by default the source with a sampling design that "
    "heard most people, else the one that heard most",
    "TrustPart.min_agreement": "Cohen's kappa of machine and people from which a code is trusted",
    "TrustPart.min_labels": "coded excerpts of a source from which prevalence is corrected",
    "StudyConfig.report": "see below",
    "StudyConfig.schedule": "see below",
    "CodingPart.scores": "`encoder`: the language model that ships with the package; `rules`: "
    "word lists",
    "CodingPart.models": "see below",
    "OwnModel.path": "folder with .safetensors; relative paths start at the study's folder",
    "OwnModel.type": "`classifier`: a transformers text classification model; `embedding`: a "
    "sentence-transformers model, which gives the code of the codebook that is nearest",
    "OwnModel.code_group": "group of its codes",
    "OwnModel.threshold": "least probability, or similarity, that becomes a code",
    "OwnModel.codes": "label of the classifier to code; without it, labels are codes",
    "Assumption.claim": "a sentence",
    "Assumption.owner": "who believes it",
    "Kpi.name": "as people call it",
    "Kpi.measure": "what is measured",
    "Kpi.from": "`conversion`: stage that people enter",
    "Kpi.to": "`conversion`: stage that they come through",
    "Kpi.stage": "`drop_off`, `task_success`: the stage; ratings: only those of this stage",
    "Kpi.source": "ratings: only those of this source",
    "Kpi.target": "share between 0 and 1; NPS between -100 and 100; other ratings on their scale",
    "Kpi.direction": "side of the target that is good",
    "JourneyPart.template": "`commerce`, `lifecycle` or `service`",
    "JourneyPart.measure": "what a stage's number counts, unless the stage says otherwise",
    "JourneyPart.outcome": "`task_failure`: outcome that counts, unless the stage says otherwise",
    "JourneyPart.stages": "see below",
    "StagePart.id": "short name used in tables and mappings",
    "StagePart.name": "name shown to people; else made from the id",
    "StagePart.definition": "what belongs to the stage",
    "StagePart.sequential": "`false`: beside the others, no step of the funnel",
    "StagePart.measure": "what the stage's number counts; `none` for no number",
    "StagePart.outcome": "`task_failure`: id of the outcome that counts as success",
    "StagePart.events": "event names that mean: in this stage",
    "StagePart.completed_elsewhere": "events that mean: went on by another way (by phone, in a "
    "shop), not lost",
    "StagePart.completed_by": "last stage of the funnel: events that mean: not lost here",
    "StagePart.cues": "phrases that place a sentence in this stage",
    "StagePart.prompts": "questions of the interview guide about this stage",
    "StagePart.examples": "sentences that somebody in this stage might say",
    "StagePart.owner": "who answers for the stage",
    "StagePart.touchpoints": "see below",
    "TouchpointPart.name": "where people meet the service",
    "TouchpointPart.channel": "such as web, phone, post",
    "TouchpointPart.owner": "if another than the stage's",
    "TouchpointPart.cost": "to the organisation",
    "TouchpointPart.time": "that it takes people",
    "_Source.id": "short name",
    "_Source.label": "name shown to people; else made from the id",
    "_Source.files": "file names or patterns such as `interviews/*.txt`",
    "_Source.required": "`false`: a run goes on when the files are missing",
    "_Source.collected": "see below",
    "_Source.recruitment": "how people were found; printed in the report",
    "_Source.sampling": "only `random` and `census` give shares with intervals",
    "_Source.sampling_note": "who may be missing; printed in the report",
    "_Source.wave": "repeat of the study that this source belongs to",
    "_Source.unit": "`visit` when one person may be in it more than once",
    "_Source.consent": "holds where a person has no consent of their own",
    "_Source.consent_values": "see below",
    "_Source.encoding": "of text files; found out when empty",
    "_Source.format": "what the files must be taken for, such as `Qualtrics` or `[Otter, text]`; "
    "anything when empty. `cjm check` says what they are",
    "_Source.delimiter": "what separates the cells of `.csv`: `comma`, `semicolon`, `tab` or "
    "`bar`; found out when empty",
    "_Source.sheet": "of `.xlsx` files; the first one that is visible when empty",
    "Collected.from": "first day",
    "Collected.to": "last day",
    "ConsentValues.quote": "values that permit quotes",
    "ConsentValues.no_quote": "values that permit counting, not quoting",
    "ConsentValues.withdrawn": "values that mean: leave this person out",
    "Transcripts.participant_pattern": "finds the participant's id in a file name; regular "
    "expression with one pair of parentheses",
    "Transcripts.participants": "whom a file holds: one participant (`file`), or a group in which "
    "everybody who is neither interviewer nor observer is one (`speaker`)",
    "Transcripts.speakers": "of a group: the id of each participant by the name in the transcript; "
    "else the name itself, and of numbered speakers file and number",
    "Transcripts.one_voice": "files that do not say who speaks hold the participant's words alone, "
    "as a diary does",
    "Transcripts.interviewers": "names of those who ask; their words are never coded",
    "Transcripts.observers": "names of those who take notes",
    "Transcripts.masking_reviewed": "`all`, or the files whose masking somebody has read; else "
    "the report is a draft",
    "Transcripts.reviewed_by": "who read them",
    "Survey.columns": "names of the columns in the file",
    "Survey.column_names": "for files without a header",
    "Survey.masking_reviewed": "`all`, or the files whose masking somebody has read; else "
    "the report is a draft",
    "Survey.reviewed_by": "who read them",
    "Survey.timezone": "of times without one",
    "Survey.day_first": "`true` for 03/04/2026 in April; needed when no date of the column tells",
    "Survey.identifying": "columns whose content names the person; masked everywhere",
    "Survey.questions": "see below",
    "Survey.questionnaire": "see below",
    "Question.id": "short name",
    "Question.columns": "one column, or several of one question",
    "Question.text": "as it was asked",
    "Question.kind": "`open` gives text; `nps`, `csat`, `ces`, `sus` and `rating` numbers "
    "(`sus` one column with the finished score, 0 to 100, or its ten items in their order, each "
    "1 to 5); `choice` is counted; "
    "`attribute` describes the person",
    "Question.scale": "lowest and highest value",
    "Question.labels": "of a rating in words: which number each answer means, such as "
    "`{Very satisfied: 5}`",
    "Question.multiple": "of a choice: each column is an option, and several may be chosen",
    "Question.separator": "of a choice: what joins several of them in one cell, such as `;`",
    "Question.options": "of a choice: what could be chosen. An option may then hold the separator, "
    "and anything else counts as `Other`",
    "Question.other": "of a choice: the column in which people wrote what was no option, read as "
    "an open answer; one of `columns`, where they wrote it into the same cell",
    "Question.stage": "stage that the question is about",
    "Question.codes": "see below",
    "CodePart.group": "such as `theme`",
    "CodePart.code": "the code",
    "Questionnaire.opened": "stage of those who opened it",
    "Questionnaire.pages": "see below",
    "Questionnaire.submitted": "stage of those who sent it off",
    "Questionnaire.submitted_column": "column that tells",
    "Questionnaire.submitted_values": "values that mean: sent off",
    "Page.stage": "stage that the page stands for",
    "Page.blocks": "see below",
    "Block.name": "heading on the page",
    "Block.questions": "ids of the questions under it",
    "Feedback.columns": "names of the columns in the file, of JSON its fields; `text` is needed. "
    "`title` is the author's as well; without `participant` each text, or thread, is somebody of "
    "its own; `stage` and `touchpoint` say what a text is about",
    "Feedback.channel": "where all of it was written, such as `app store`; `columns.channel` comes "
    "first where it is filled",
    "Feedback.scale": "lowest and highest rating",
    "Feedback.authors": "see below; with `columns.author_role`",
    "Feedback.boilerplate": "lines that programs add, such as `Sent from my phone`; left out",
    "Feedback.identifying": "columns whose content names the person; masked everywhere",
    "Feedback.timezone": "of times without one",
    "Feedback.day_first": "`true` for 03/04/2026 in April; needed when no date of the column tells",
    "Feedback.masking_reviewed": "`all`, or the files whose masking somebody has read; else "
    "the report is a draft",
    "Feedback.reviewed_by": "who read them",
    "Authors.participant": "values that mean: the participant wrote it",
    "Authors.agent": "values that mean: the organisation wrote it, also automatically",
    "Keys.sampling": "not used",
    "Keys.columns": "`participant`: a person's id; `identifier`: one that another source has for "
    "them",
    "Events.columns": "names of the columns in the file; `participant`, `event` and `occurred_at` "
    "are needed",
    "Events.files": "one or more files; with `in_place` one file or folder, also JSON",
    "Events.table": "instead of files: a table of the engine, such as `shop.events`",
    "Events.in_place": "`true`: never copied into the study; only counts come back",
    "Events.time_unit": "of times that are numbers since 1970; tables of GA4 have `us`",
    "Events.pages": "stages of pages, by patterns of their addresses: `{/checkout*: purchase}`; "
    "the first that fits counts, before `events` of the stages; needs the column `page`, which "
    "exports of analytics programs have. With `//` in it a pattern stands for the whole address, "
    "else for its path",
    "Events.timezone": "of times without one",
    "Events.day_first": "`true` for 03/04/2026 in April; needed when no date of the column tells",
    "Observations.masking_reviewed": "`all`, or the files whose masking somebody has read; else "
    "the report is a draft",
    "Observations.reviewed_by": "who read them",
    "Observations.columns": "names of the columns in the file",
    "Observations.header_row": "row that holds the column names",
    "Observations.stages_from": "see below",
    "Observations.outcomes": "see below",
    "Observations.texts": "see below",
    "Lookup.file": "the table",
    "Lookup.key": "its column with the task",
    "Lookup.value": "its column with the stage",
    "Outcome.id": "short name",
    "Outcome.label": "name shown to people",
    "Outcome.rules": "see below",
    "Rule.when": "column and regular expression; all must match in full",
    "Rule.then": "what it means",
    "NoteText.noted": "`false`: filled in as a matter of course (what was done first), so that "
    "words here do not mean that the observer saw something worth noting",
    "NoteText.column": "name of the column",
    "NoteText.prompt": "what was asked or observed",
    "NoteText.speaker": "whose words they are",
    "NoteText.ignore": "cell values that say nothing",
    "Roster.sampling": "not used",
    "Roster.columns": "names of the columns in the file; with `value` (what one is worth) a "
    "person may have several rows, which are summed; `lifecycle` becomes a column for audience "
    "segments",
    "Roster.lifecycle_stages": "stage of the journey for each value of the column `lifecycle`, "
    "such as `{customer: retention}`; '' for none",
    "Roster.decimal_comma": "`true` where 1,5 is one and a half; needed when no amount of the "
    "column tells",
    "Roster.identifiers": "columns with the person's ids in other sources",
    "Roster.names": "columns with names to mask",
    "Roster.contacts": "columns with addresses and numbers to mask",
    "Roster.attributes": "columns for audience segments",
    "FunnelReport.sampling": "not used: these counts have no intervals",
    "FunnelReport.program": "who counted, where the file does not tell",
    "FunnelReport.counted": "what is counted, such as `sessions`; else as the file calls it",
    "FunnelReport.columns": "names of the columns in the file; `step` and `people` are needed, "
    "unless the program's own names are known. `rate` is the share that went on, `lost` how many "
    "did not",
    "FunnelReport.steps": "stages of the steps, by their names without a number before them: "
    "`{Checkout: purchase}`",
    "Campaign.sampling": "not used: these counts have no intervals",
    "Campaign.program": "who counted, where the file does not tell",
    "Campaign.touchpoint": "name of the one touchpoint that all rows are of; else a column",
    "Campaign.stage": "stage that it belongs to",
    "Campaign.channel": "such as `e-mail`",
    "Campaign.columns": "names of the columns in the file; `touchpoint` and one count are needed, "
    "unless the program's own names are known. `date` and `end` are first and last day of a row",
    "Campaign.timezone": "of times without one",
    "Campaign.day_first": "`true` for 03/04/2026 in April; needed when no date of the column tells",
    "Segment.id": "column of the roster, of a survey's attributes, or `device` or `channel`",
    "Segment.label": "name shown to people",
    "Privacy.synthetic": "`true` only when nobody in the study is real",
    "Privacy.names": "people spoken of who stand in no list; masked as well",
    "Privacy.keep": "words that look like names and may stay",
    "Privacy.vault": "name of the vault; else that of the study",
    "StudyConfig.engine": "see below",
    "StudyConfig.behaviour": "see below",
    "EnginePart.backend": "see [scaling.md](scaling.md)",
    "EnginePart.connection": "what the backend needs to connect; secrets only as `${NAME}`, read "
    "from the environment",
    "EnginePart.memory_limit": "of DuckDB, such as `1GB`; beyond it work spills to disk",
    "EnginePart.threads": "of DuckDB; 0 takes every core",
    "BehaviourPart.funnel": "see below",
    "BehaviourPart.retention": "see below",
    "BehaviourPart.repeat": "event whose repetition means loyalty, such as an order",
    "BehaviourPart.referral": "see below",
    "BehaviourPart.paths": "see below",
    "BehaviourPart.until": (
        "last day of observation, UTC: later events, such as those of a clock that goes wrong, are "
        "left out; otherwise it ends with the last event"
    ),
    "BehaviourPart.top_paths": "most paths shown",
    "BehaviourPart.experiments": "see below",
    "BehaviourPart.changes": "see below",
    "FunnelPart.order": "`any`: every stage up to this one, in whatever order",
    "FunnelPart.entry": "where one may enter",
    "FunnelPart.scope": "`session`: the stages have to be come through within one visit",
    "FunnelPart.unit": "what is counted; visits only with `scope: session`",
    "FunnelPart.window": "time from the entry in which all has to happen, such as `7D`",
    "FunnelPart.reentry": "with a window: every entry is a new try, and the furthest counts",
    "FunnelPart.patience": "time after which somebody who has not gone on counts as dropped; who "
    "came later than that before the end is in no rate",
    "FunnelPart.ties": "of events at one instant: in journey order, in the order of the rows, or "
    "only what is later counts",
    "RetentionPart.period": "of the calendar, UTC",
    "RetentionPart.event": "what counts as coming back; any event when not given",
    "RetentionPart.gap": "silence after which somebody counts as lost",
    "ReferralPart.did": "events of telling others",
    "ReferralPart.of": "events of those who could",
    "PathQuestion.name": "name shown to people",
    "PathQuestion.query": "the question",
    "ExperimentPart.name": "name shown to people",
    "ExperimentPart.control": "arm that the others are compared with",
    "ExperimentPart.outcome": "stage or event that people come to after they met their version",
    "ExperimentPart.arms": "for each arm, the events by which people met it",
    "ExperimentPart.segment": "instead of arms: audience segment whose values are the arms",
    "ExperimentPart.within": "time after meeting it in which the outcome counts",
    "ExperimentPart.planned_n": "people per arm planned before the start",
    "ExperimentPart.shares": "planned share of people in each arm; equal ones when not given",
    "ExperimentPart.direction": "which share with the outcome is the better one",
    "ChangePart.name": "name shown to people",
    "ChangePart.at": "first day with the change",
    "ChangePart.stage": "stage whose entries are compared",
    "ChangePart.outcome": "stage or event that people come to after it",
    "ChangePart.within": "time after the entry in which the outcome counts",
    "ReportPart.language": "of the pages",
    "ReportPart.quotes_per_stage": "most quotes per stage and source",
    "ReportPart.pain_points_per_stage": "most pain points per stage and source in the map",
    "ReportPart.deadline_s": "seconds after which a chapter is given up",
    "ReportPart.run_deadline_s": "seconds after which a whole run is given up",
    "SchedulePart.every": "length of a period; weeks begin on Monday",
    "SchedulePart.due_on": "first day of a period on which its report is due: a weekday with "
    "`week`, the number of a day with `month` and `quarter`; the first day when not given",
    "SchedulePart.time_zone": "where a day begins and ends, such as `Europe/Berlin`",
}

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", date: "day"}


def write() -> str:
    """Return the page."""
    used: set[str] = set()
    blocks = [OPENING]
    for model, title, words in PARTS:
        own = _own_fields(model)
        rows = ["| key | holds | default | meaning |", "|---|---|---|---|"]
        for key, field in own.items():
            name = f"{model.__name__}.{key}"
            used.add(name)
            rows.append(f"| `{key}` | {_kind(field)} | {_default(field)} | {MEANINGS[name]} |")
        blocks.append("\n".join([f"## {title}", "", *([words, ""] if words else []), *rows, ""]))
    unknown = set(MEANINGS) - used
    if unknown:
        raise SystemExit(f"Meanings of keys that no longer exist: {sorted(unknown)}")
    return "\n".join(blocks)


def _own_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields by the key written in the file; a kind of source shows only its own."""
    shared = config._Source.model_fields if issubclass(model, config._Source) else {}
    own = {}
    for name, field in model.model_fields.items():
        same = name in shared and repr(shared[name]) == repr(field)
        if name != "kind" and (model is config._Source or not same):
            own[field.alias or name] = field
        elif name == "kind" and model is config.Question:
            own[name] = field
    return own


def _kind(field: FieldInfo) -> str:
    return _words(field.annotation)


def _words(kind: Any) -> str:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _words(inside[0])
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in inside)
    if origin in (typing.Union, types.UnionType):
        named = [one for one in inside if one is not type(None)]
        if all(isinstance(one, type) and issubclass(one, BaseModel) for one in named):
            return "mapping"
        return " or ".join(_words(one) for one in named)
    if origin is list:
        one = _words(inside[0])
        return "list of mappings" if one == "mapping" else "list"
    if origin is tuple:
        return "two numbers"
    if origin is dict:
        keys = _words(inside[0])
        return "mapping" if keys == "text" else f"mapping: {keys}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "mapping"
    return _PLAIN[kind]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", []) or isinstance(value, BaseModel):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    page = write()
    if parser.parse_args().check:
        current = TARGET.is_file() and TARGET.read_text("utf-8") == page
        print("docs/study-yaml.md is up to date." if current else "docs/study-yaml.md differs.")
        return 0 if current else 1
    TARGET.write_text(page, encoding="utf-8")
    print(TARGET.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
