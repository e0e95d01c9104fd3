"""What a file probably is: the first thing `cjm check` says of a folder without study.yaml.

Nothing here reads a study. It proposes a declaration, with what shows it and with what only the
researcher can know.
"""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.config import Events, FunnelReport
from cjm_research.errors import SourceError, quoted
from cjm_research.readers.adobe_feed import is_companion
from cjm_research.readers.business_exports import Business, recognise_business
from cjm_research.readers.campaigns import recognise_campaigns
from cjm_research.readers.cells import is_table, list_sheets, make_cells, read_records, squeeze
from cjm_research.readers.column_signs import (
    IDS,
    is_choice,
    is_repeated,
    is_time,
    is_unique,
    words_of,
)
from cjm_research.readers.event_exports import is_event_export, read_event_export
from cjm_research.readers.funnel_reports import (
    name_unread_columns,
    read_counted,
    recognise_funnel,
)
from cjm_research.readers.ga4_funnel import NAME as GA4_FUNNEL
from cjm_research.readers.json_records import Records, as_text
from cjm_research.readers.notes import Notes
from cjm_research.readers.parquet_records import open_parquet
from cjm_research.readers.plain import SUMMARY
from cjm_research.readers.qda_project import is_project, read_project
from cjm_research.readers.reported_steps import describe_labels
from cjm_research.readers.spss import SUFFIXES as SPSS_SUFFIXES
from cjm_research.readers.spss import is_spss, read_spss
from cjm_research.readers.survey_exports import SPSS, TABLE, Export, recognise_export
from cjm_research.readers.survey_guesses import guess_survey
from cjm_research.readers.times import find_unit
from cjm_research.readers.transcript_formats import Opened, open_transcript, recognise
from cjm_research.readers.turn_tables import has_turn_table
from cjm_research.readers.utterances import (
    GENERIC_INTERVIEWERS,
    GENERIC_OBSERVERS,
    Utterance,
    fold,
)
from cjm_research.readers.whisper import TSV_HEADER, has_segments
from cjm_research.readers.xes import is_xes, read_xes

TALKS = (".docx", ".vtt", ".srt", ".sbv", ".txt", ".md", ".text")
_RECORDS = (".json", ".jsonl", ".ndjson")
_HEAD_BYTES = 4_000_000
_HEAD_ROWS = 5_000
_NO_DATA = re.compile(r"(readme|licen[cs]e|notice|changelog)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """What a file was taken for.

    Attributes
    ----------
    file : str
        Name of the file.
    kind : str
        Kind of source; empty when it is none.
    what : str
        What it was taken for, and what shows it.
    source : dict
        The keys of study.yaml that its content suggests, `files` and `id` left out.
    asks : tuple of str
        What only the researcher can know, and what to look at.
    events : dict of str to int
        Of a log: how often each event occurs.
    header : tuple of str
        Of a survey: its columns. Rounds of one survey have the same.
    """

    file: str
    kind: str
    what: str
    source: dict[str, Any] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    events: dict[str, int] = field(default_factory=dict)
    header: tuple[str, ...] = ()


def recognise_file(path: Path) -> Guess:
    """Return what a file probably is. A file that cannot be read is said to be none, and why."""
    ending = path.suffix.casefold()
    try:
        if _NO_DATA.fullmatch(path.name):
            return Guess(path.name, "", "not read: it describes the others")
        if is_companion(path):
            return Guess(path.name, "", "not read alone: it belongs to the hits of a data feed")
        if ending in TALKS or _is_talk(path):
            return _guess_transcript(path)
        if ending in SPSS_SUFFIXES or is_spss(path):
            return _guess_spss(path)
        if is_project(path):
            return _guess_project(path)
        if is_xes(path):
            return _guess_xes(path)
        if _is_ga4_funnel(path):
            return _guess_funnel(path, GA4_FUNNEL, {})
        if is_event_export(path, _any_log(path)):
            of_business = _guess_records(path) if ending in _RECORDS else None
            return of_business or _guess_event_export(path)
        if ending == ".parquet":
            return _guess_parquet(path)
        if is_table(path):
            return _say_sheets(path, _guess_table(path))
    except SourceError as error:
        return Guess(path.name, "", f"cannot be used: {' '.join(str(error).split())}")
    return Guess(path.name, "", f"not read: files ending in '{ending}' are none that is known")


def _is_talk(path: Path) -> bool:
    if path.suffix.casefold() not in (".json", ".tsv", ".csv"):
        return False
    head = _read_head(path)
    return head.startswith(TSV_HEADER) or has_segments(head) or has_turn_table(head)


def _is_ga4_funnel(path: Path) -> bool:
    return path.suffix.casefold() == ".json" and '"funnelTable"' in _read_head(path)


def _read_head(path: Path) -> str:
    with path.open("rb") as file:  # an export of events may be larger than memory
        return file.read(_HEAD_BYTES).decode("utf-8", "replace")


def _guess_transcript(path: Path) -> Guess:
    file = open_transcript(path, encoding="", declared=frozenset())
    form = recognise(file)
    return _guess_talks(path.name, f"transcript, {form.name} ({form.sign})", [file])


def _guess_project(path: Path) -> Guess:
    project = read_project(path)
    texts = [text for text in project.sources if text.text.strip()]
    coded = [one for text in texts for selection in text.selections for one in selection.codings]
    what = f"project of a QDA program (REFI-QDA): {len(texts)} texts, {len(coded)} codings in them"
    files = [Opened(path, text.text, "utf-8", (), frozenset()) for text in texts]
    missing = Counter(text.missing for text in project.sources if text.missing)
    notes = [f"texts left out: {why} ({n})." for why, n in missing.items()]
    if not texts:
        return Guess(path.name, "", f"not read: {what}. {' '.join(notes)}".strip())
    guess = _guess_talks(path.name, what, files)
    notes.append("each text is a transcript: `participant_pattern:` finds whose it is in its name.")
    if coded:
        notes.append(f"`cjm codes import STUDY {path.name} --dry-run` shows what people coded.")
    return replace(guess, asks=(*guess.asks, *notes))


def _guess_talks(name: str, what: str, files: Sequence[Opened]) -> Guess:
    """Return the guess of transcripts that are read in one way."""
    parsed = [recognise(file).parse(file) for file in files]
    talks = [[turn for turn in talk.utterances if turn.text] for talk in parsed]
    turns = [turn for talk in talks for turn in talk]
    labels = list(dict.fromkeys(turn.label for turn in turns if turn.label))
    if not turns:
        return Guess(name, "", "not read: no turn of speech was found in it")
    if not labels:
        note = (
            "no speaker's name was recognised: `one_voice: true` holds only if the participant "
            "alone is heard. If an interviewer is heard as well, write `Name: ` before each turn."
        )
        return Guess(name, "transcripts", what, {"one_voice": True}, (note,))
    asking = _find_interviewers(labels, turns)
    source: dict[str, Any] = {"interviewers": asking}
    notes = [f"turns: {_count_turns(labels, turns)}."]
    if asking:
        notes.append(f"{' and '.join(asking)} asks most often, and is proposed as interviewer.")
    elif len(labels) > 1:
        notes.append("nobody asks more often than others: name who does under `interviewers:`.")
    if max(len(_find_others(talk, asking)) for talk in talks) > 1:
        source["participants"] = "speaker"
        notes.append("several people answer: each becomes a participant, by the name shown here.")
    if any(talk.odd.get(SUMMARY) for talk in parsed):
        notes.append(f"{SUMMARY}.")
    return Guess(name, "transcripts", what, source, tuple(notes))


def _find_others(turns: Sequence[Utterance], asking: Sequence[str]) -> set[str]:
    labels = {turn.label for turn in turns if turn.label}
    return {label for label in labels if label not in asking and not _is_observer(label)}


_QUESTION = re.compile("[?？؟]")


def _find_interviewers(labels: Sequence[str], turns: Sequence[Utterance]) -> list[str]:
    """Return who asks: usual words for it, else the one whose turns are questions most often."""
    generic = [label for label in labels if fold(label) in GENERIC_INTERVIEWERS]
    if generic or len(labels) < 2:
        return generic

    def share_of_questions(label: str) -> float:
        own = [turn.text for turn in turns if turn.label == label]
        return sum(bool(_QUESTION.search(text)) for text in own) / len(own)

    first, second = sorted(labels, key=share_of_questions, reverse=True)[:2]
    return [first] if share_of_questions(first) > share_of_questions(second) else []


def _is_observer(label: str) -> bool:
    return fold(label) in GENERIC_OBSERVERS


def _count_turns(labels: Sequence[str], turns: Sequence[Utterance]) -> str:
    counts = Counter(turn.label for turn in turns)
    shown = [f"{label} {counts[label]}" for label in labels[:8]]
    return ", ".join(shown) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")


def _guess_records(path: Path) -> Guess | None:
    """Return the guess that records are texts of people; None where their fields say nothing."""
    records = [record for _, record in islice(iter(Records(path)), _FIRST_RECORDS)]
    frame = pd.DataFrame(
        [{name: as_text(value) for name, value in record.items()} for record in records],
        dtype="object",
    ).fillna("")
    business = recognise_business(list(frame.columns))
    if business is None or business.kind != "feedback":
        return None
    return _guess_business(path.name, frame, business)


_FIRST_RECORDS = 200


def _guess_event_export(path: Path) -> Guess:
    notes = Notes()
    cells, columns = read_event_export(path, _any_log(path), notes=notes, seen=set())
    (name,) = (what for _, _, what, _ in notes.rows if what.startswith("exported by "))
    events = cells.frame[columns["event"]].value_counts().to_dict()
    program = name.removeprefix("exported by ")
    what = f"events, {program}: {len(cells.frame):,} of {len(events)} kinds"
    asks = [text for _, level, text, _ in notes.rows if level == "warning"]
    if "page" in columns and (cells.frame[squeeze(columns["page"])] != "").any():
        asks.append("it holds addresses: `pages: {/checkout*: purchase}` places them in stages.")
    return Guess(path.name, "events", what, {}, tuple(asks), events)


def _guess_funnel(path: Path, program: str, columns: dict[str, str]) -> Guess:
    source = FunnelReport.model_validate(
        {"id": "funnel", "kind": "funnel_report", "files": [glob.escape(path.name)]}
    )
    funnel = read_counted(path, source, notes=Notes())
    asks = [
        f"its steps are {describe_labels(funnel.steps)}: say which stage each is of, "
        "`steps: {STEP: STAGE}`.",
        _COUNTED,
    ]
    what = f"funnel, counted by {program}"
    if columns:
        what += ", by the names of its columns"
        asks.append("compare its counts with the program; other columns go under `columns:`.")
    unread = name_unread_columns(path, source)
    if unread:
        asks.append(f"not read: {quoted(unread)}. If one splits the funnel, it is the `segment`.")
    declared = {"program": program, "columns": columns} if columns else {}
    return Guess(path.name, "funnel_report", what, declared, tuple(asks))


def _guess_campaigns(path: Path, program: str, columns: dict[str, str]) -> Guess:
    asks = (
        "say which stage they belong to (`stage:`) and through which `channel:` they reach people.",
        _COUNTED,
        "compare its counts with the program; other columns go under `columns:`.",
    )
    what = f"campaigns, counted by {program}, by the names of its columns"
    return Guess(path.name, "campaign", what, {"program": program, "columns": columns}, asks)


_COUNTED = (
    "it holds counts of another program, and nobody in person: it is shown by itself, never "
    "counted with people."
)


def _guess_xes(path: Path) -> Guess:
    cells, columns = read_xes(path, _any_log(path), notes=Notes())
    events = cells.frame[columns["event"]].value_counts().to_dict()
    what = f"events, XES: {len(cells.frame):,} of {len(events)} kinds"
    note = "each case is taken for a person: name another attribute under `columns.participant`."
    return Guess(path.name, "events", what, {}, (note,), events)


def _any_log(path: Path) -> Events:
    return Events.model_validate(
        {"id": "log", "kind": "events", "files": [path.name], "sampling": "census"}
    )


def _guess_parquet(path: Path) -> Guess:
    with open_parquet(path) as file:
        head = next(file.iter_batches(batch_size=_HEAD_ROWS), None)
        frame = pd.DataFrame() if head is None else head.to_pandas()
        n = file.metadata.num_rows
    # Lists and fields inside fields are no cells.
    flat = [name for name in frame if not isinstance(frame[name].iloc[0], dict | list | np.ndarray)]
    text = frame[flat].astype("object").where(frame[flat].notna(), "").astype(str)
    return _guess_log(path.name, text, n) or Guess(path.name, "", _NO_SIGN)


def _guess_table(path: Path) -> Guess:
    notes = Notes()
    records = read_records(path, notes=notes)
    funnel = recognise_funnel(records)
    if funnel:
        return _guess_funnel(path, funnel.program, funnel.columns)
    campaigns = recognise_campaigns(records)
    if campaigns:
        return _guess_campaigns(path, campaigns.program, campaigns.columns)
    export = recognise_export(records)
    cells = make_cells(path.name, export.header, records, first=export.first, notes=notes)
    # Columns of one name cannot be asked for by it; the second is called `name (2)` here.
    twice = [n for n in cells.frame if re.sub(r" \(\d+\)$", "", n) in cells.repeated]
    personal = [name for name in export.personal if name in cells.frame]
    frame = cells.frame.drop(columns={*twice, *personal})
    if export.name != TABLE:
        return _guess_survey(path.name, frame, export, f"survey, exported by {export.shown}")
    business = recognise_business(list(frame.columns))
    if business:
        return _guess_business(path.name, frame, business)
    if any("Salesforce" in what for _, _, what, _ in notes.rows):
        return _guess_roster(path.name, frame, "people, as a CRM exports them")
    log = _guess_log(path.name, frame, len(frame))
    return log or _guess_survey(path.name, frame, export, "survey: one row a person")


def _guess_survey(
    file: str,
    frame: pd.DataFrame,
    export: Export,
    what: str,
    *,
    codes: pd.DataFrame | None = None,
    missing: Iterable[str] = (),
) -> Guess:
    source, asks = guess_survey(frame, export, codes=codes, missing=missing)
    if not source:
        return Guess(file, "", _NO_SIGN)
    what = f"{what}; {len(frame):,} rows"
    return Guess(file, "survey", what, source, tuple(asks), header=tuple(frame.columns))


_NO_SIGN = (
    "not read: nothing shows what it is. If it is a log, name its columns under `columns:`; times "
    "are text such as 2026-03-01 10:00, dates such as 03/04/2026 need `day_first:`, and numbers "
    "since 1970 need `time_unit:`"
)


def _guess_spss(path: Path) -> Guess:
    file = read_spss(path)
    every = range(len(file.names))
    codes, labels = (
        make_cells(path.name, file.names, records, first=1, notes=Notes()).frame
        for records in (file.records(coded=every), file.records())
    )
    export = Export(SPSS, file.names, 1, wording=file.wording)
    what = "survey, saved by SPSS"
    guess = _guess_survey(path.name, labels, export, what, codes=codes, missing=file.missing)
    if not guess.kind or not file.missing:
        return guess
    n = sum(file.missing.values())
    ask = f"answers declared missing, such as refusals, are counted and never rated: {n:,}."
    return replace(guess, asks=(*guess.asks, ask))


def _say_sheets(path: Path, guess: Guess) -> Guess:
    """Say which sheet of several was taken, and take it by name."""
    sheets = list_sheets(path) if path.suffix.casefold() == ".xlsx" else []
    if len(sheets) < 2:
        return guess
    ask = f"sheet '{sheets[0]}' was taken; there are {quoted(sheets)}: `sheet:` takes another."
    source = guess.source | ({"sheet": sheets[0]} if guess.kind else {})
    return replace(guess, source=source, asks=(ask, *guess.asks))


def _guess_business(file: str, frame: pd.DataFrame, business: Business) -> Guess:
    """Return the guess of what a CRM, a help desk or a store of apps exported."""
    if business.kind == "roster":
        return _guess_roster(file, frame, business.name, business.columns)
    if not business.kind:
        return Guess(file, "", f"not read: {business.name}; {business.why}")
    columns = dict(business.columns)
    asks = []
    created = columns.get("created_at", "")
    if created and not is_time(frame[created]):
        del columns["created_at"]
        asks.append(f"the times in '{created}' are left out: `day_first:` may be needed.")
    if "rating" in columns:
        asks.append("ratings are taken for stars from 1 to 5: else say `scale: [low, high]`.")
        asks.append("if people were asked for these texts, it is a survey: `kind: survey`.")
    if "participant" not in columns:
        asks.append("no column tells people apart: every text is somebody of its own.")
    if "channel" not in columns:
        asks.append("say where it was written, such as `channel: app store`.")
    source: dict[str, Any] = {"columns": columns}
    source |= {} if "participant" in columns else {"unit": "visit"}
    names = [
        name
        for name in frame.columns
        if (_NAMES.search(words_of(name)) or _CONTACTS.search(words_of(name)))
        and not re.search(r"(?i)ticket|file|app", name)
    ]
    source |= {"identifying": names} if names else {}
    return Guess(file, "feedback", business.name, source, tuple(asks))


_NAMES = re.compile(r"(?i)^(?!.*\b(account|company|campaign|deal|opportunity|product)\b).*\bname\b")
_CONTACTS = re.compile(r"(?i)\be ?mail\b|\bphone\b|\bmobile\b")


def _guess_roster(
    file: str, frame: pd.DataFrame, what: str, known_columns: Mapping[str, str] | None = None
) -> Guess:
    crm = dict(known_columns or {})
    columns = [name for name in frame.columns if name not in crm.values()]
    ids = [crm.pop("participant")] if "participant" in crm else []
    ids += [name for name in columns if IDS.search(words_of(name)) and is_unique(frame[name])]
    if not ids:
        return Guess(file, "", "not read: a CRM export without a column of ids, one a row")
    names = [name for name in columns if _NAMES.search(words_of(name))]
    contacts = [n for n in columns if _CONTACTS.search(words_of(n)) and n not in names]
    known = {*ids, *names, *contacts}
    groups = [name for name in columns if name not in known and is_choice(frame[name])]
    found = {"identifiers": ids[1:], "names": names, "contacts": contacts, "attributes": groups}
    if "value" in crm:
        found["identifiers"] = []  # of deals, not of people
    source: dict[str, Any] = {"columns": {"participant": ids[0]} | crm}
    source |= {key: it for key, it in found.items() if it}
    consent = [name for name in groups if re.search(r"(?i)consent", name)]
    ask = f"'{consent[0]}' may say who agreed: see `columns.consent`." if consent else ""
    note = (
        f"'{ids[0]}' joins it to other sources where they hold the same ids; name columns with "
        "other sources' ids under `identifiers`."
    )
    steps = sorted(set(frame[crm["lifecycle"]]) - {""}) if "lifecycle" in crm else []
    to_map = (
        f"`lifecycle_stages:` gives the steps of '{crm['lifecycle']}' stages of the journey: "
        f"{quoted(steps[:8])}."
        if 0 < len(steps) <= _MOST_STEPS
        else ""
    )
    summed = (
        f"'{crm['value']}' is what a person is worth: the rows of a person are summed. Where "
        "1,234 may be read in two ways, `decimal_comma:` tells."
        if "value" in crm
        else ""
    )
    asks = tuple(text for text in (note, ask, to_map, summed) if text)
    return Guess(file, "roster", what, source, asks)


_MOST_STEPS = 20


def _guess_log(file: str, frame: pd.DataFrame, n_rows: int) -> Guess | None:
    """Return the guess that a table is an event log: somebody occurs again, at times."""
    units = {name: find_unit(frame[name]) for name in frame if _TIME_WORDS.search(words_of(name))}
    units = {name: unit for name, unit in units.items() if unit}
    times = [name for name in frame if name in units or is_time(frame[name])]
    people = [
        name
        for name in frame.columns
        if IDS.search(words_of(name))
        and not _OTHER_IDS.search(words_of(name))
        and name not in times
        and is_repeated(frame[name])
    ]
    what = [name for name in frame if name not in people + times and _is_what(name, frame[name])]
    if not (times and people and what):
        return None
    time = min(times, key=lambda name: _rank_time(words_of(name)))
    event = min(what, key=lambda name: not _EVENT.fullmatch(words_of(name)))
    source: dict[str, Any] = {
        "columns": {"participant": people[0], "event": event, "occurred_at": time}
    }
    asks = [f"'{people[0]}' is taken for the person, '{event}' for what was done."]
    if len(times) > 1:
        asks.append(f"of {len(times)} columns with times, '{time}' is taken for that of the event.")
    if time in units:
        source["time_unit"] = units[time]
        asks.append(f"the numbers in '{time}' are read as time since 1970, in {units[time]}.")
    elif not frame[time].str.contains(r"[Z+]|-\d\d:?\d\d$", regex=True).all():
        asks.append(f"the times in '{time}' carry no zone: declare `timezone:`.")
    events = frame[event].value_counts().to_dict()
    label = f"events, a table: {n_rows:,} of {len(events)} kinds"
    return Guess(file, "events", label, source, tuple(asks), events)


_OTHER_IDS = re.compile(
    r"(?i)\bname\b|session|\b(event|insert|message|hit|page|type|bundle|batch|sequence|stream)\b"
)
_TIME_WORDS = re.compile(r"(?i)\b(time|timestamp|date|datetime|ts|at|when|occurred|epoch)\b")
_EVENT = re.compile(r"(?i)(event|action|activity|step|page)( ?(name|type))?|name")


def _rank_time(words: str) -> int:
    """Return 0 for names of the time of an event, 2 for those of other times, 1 for the rest."""
    if re.fullmatch(r"(?i)(event |occurred )?(time ?stamp|time|date ?time|at|ts|when)", words):
        return 0
    others = r"(?i)\b(synced|upload\w*|processed|received|sent|loaded|first|previous|creat\w+)\b"
    return 2 if re.search(others, words) else 1


def _is_what(name: str, values: pd.Series) -> bool:
    """Return True when a column seems to say what was done; names of people never do."""
    if name.casefold() == "name":
        codes = values.str.fullmatch(r"[a-z0-9_.:/-]+").all()
        return bool(codes and values.str.contains("[_.:/]").any())
    if _EVENT.fullmatch(words_of(name)):
        return bool((values != "").any())
    return bool(re.search(r"(?i)event|action|page|step", name)) and is_repeated(values)
