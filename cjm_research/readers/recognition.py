"""What a file probably is: the first thing `cjm check` says of a folder without study.yaml.

Nothing here reads a study. It proposes a declaration, with what shows it and with what only the
researcher can know.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.config import Events
from cjm_research.errors import SourceError, quoted
from cjm_research.readers.cells import make_cells, read_records, squeeze
from cjm_research.readers.event_exports import read_event_export
from cjm_research.readers.json_records import SUFFIXES as JSON_SUFFIXES
from cjm_research.readers.notes import Notes
from cjm_research.readers.qda_project import is_project, read_project
from cjm_research.readers.survey_exports import TABLE, Export, recognise_export
from cjm_research.readers.times import read_times
from cjm_research.readers.transcript_formats import Opened, open_transcript, recognise
from cjm_research.readers.utterances import (
    GENERIC_INTERVIEWERS,
    GENERIC_OBSERVERS,
    Utterance,
    fold,
)
from cjm_research.readers.whisper import TSV_HEADER, has_segments
from cjm_research.readers.xes import is_xes, read_xes

TABLES = (".csv", ".tsv", ".xlsx")
TALKS = (".docx", ".vtt", ".srt", ".sbv", ".txt", ".md", ".text")
_HEAD_BYTES = 4_000_000
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
    """

    file: str
    kind: str
    what: str
    source: dict[str, Any] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    events: dict[str, int] = field(default_factory=dict)


def recognise_file(path: Path) -> Guess:
    """Return what a file probably is. A file that cannot be read is said to be none, and why."""
    ending = path.suffix.casefold()
    try:
        if _NO_DATA.fullmatch(path.name):
            return Guess(path.name, "", "not read: it describes the others")
        if ending in TALKS or _is_whisper(path):
            return _guess_transcript(path)
        if is_project(path):
            return _guess_project(path)
        if is_xes(path):
            return _guess_xes(path)
        if ending in JSON_SUFFIXES:
            return _guess_event_export(path)
        if ending in TABLES:
            return _guess_table(path)
    except SourceError as error:
        return Guess(path.name, "", f"cannot be used: {' '.join(str(error).split())}")
    return Guess(path.name, "", f"not read: files ending in '{ending}' are none that is known")


def _is_whisper(path: Path) -> bool:
    if path.suffix.casefold() not in (".json", ".tsv"):
        return False
    with path.open("rb") as file:  # an export of events may be larger than memory
        head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
    return head.startswith(TSV_HEADER) or has_segments(head)


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
    parsed = [recognise(file).parse(file).utterances for file in files]
    talks = [[turn for turn in turns if turn.text] for turns in parsed]
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


def _guess_table(path: Path) -> Guess:
    notes = Notes()
    records = read_records(path, notes=notes)
    export = recognise_export(records)
    frame = make_cells(path.name, export.header, records, first=export.first, notes=notes).frame
    frame = frame.drop(columns=[name for name in export.personal if name in frame])
    if export.name != TABLE:
        return _guess_survey(path.name, frame, export, f"survey, exported by {export.name}")
    if any("Salesforce" in what for _, _, what, _ in notes.rows) or _is_hubspot(export.header):
        return _guess_roster(path.name, frame)
    log = _guess_log(path.name, frame)
    return log or _guess_survey(path.name, frame, export, "survey: one row a person")


def _is_hubspot(header: Sequence[str]) -> bool:
    return bool(header) and header[0].casefold() == "record id"


_IDS = re.compile(
    r"(?i)\b(id|code|key|visitor|customer|user|client|respondent|participant|person)\b"
)
_NAMES = re.compile(r"(?i)^(?!.*\b(account|company|campaign|deal|opportunity|product)\b).*\bname\b")
_CONTACTS = re.compile(r"(?i)\be ?mail\b|\bphone\b|\bmobile\b")


def _words(name: str) -> str:
    """Return a column's name as words: `customer_id` and `customerId` are two."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_.-]", " ", name)


def _guess_roster(file: str, frame: pd.DataFrame) -> Guess:
    columns = list(frame.columns)
    ids = [name for name in columns if _IDS.search(_words(name)) and _is_unique(frame[name])]
    if not ids:
        return Guess(file, "", "not read: a CRM export without a column of ids, one a row")
    names = [name for name in columns if _NAMES.search(_words(name))]
    contacts = [n for n in columns if _CONTACTS.search(_words(n)) and n not in names]
    known = {*ids, *names, *contacts}
    groups = [name for name in columns if name not in known and _is_choice(frame[name])]
    found = {"identifiers": ids[1:], "names": names, "contacts": contacts, "attributes": groups}
    source = {"columns": {"participant": ids[0]}} | {key: it for key, it in found.items() if it}
    consent = [name for name in groups if re.search(r"(?i)consent", name)]
    ask = f"'{consent[0]}' may say who agreed: see `columns.consent`." if consent else ""
    note = (
        f"'{ids[0]}' joins it to other sources where they hold the same ids; name columns with "
        "other sources' ids under `identifiers`."
    )
    asks = tuple(text for text in (note, ask) if text)
    return Guess(file, "roster", "people, as a CRM exports them", source, asks)


def _guess_log(file: str, frame: pd.DataFrame) -> Guess | None:
    """Return the guess that a table is an event log: somebody occurs again, at times."""
    times = [name for name in frame.columns if _is_time(frame[name])]
    people = [
        name
        for name in frame.columns
        if _IDS.search(_words(name))
        and not re.search(r"(?i)\bname\b|session", _words(name))
        and name not in times
        and _is_repeated(frame[name])
    ]
    named = [name for name in frame.columns if re.search(r"(?i)event|action|page|step", name)]
    what = [name for name in named if name not in people + times and _is_repeated(frame[name])]
    if not (times and people and what):
        return None
    columns = {"participant": people[0], "event": what[0], "occurred_at": times[0]}
    asks = [f"'{people[0]}' is taken for the person, '{what[0]}' for what was done."]
    if not frame[times[0]].str.contains(r"[Z+]|-\d\d:?\d\d$", regex=True).all():
        asks.append(f"the times in '{times[0]}' carry no zone: declare `timezone:`.")
    events = frame[what[0]].value_counts().to_dict()
    label = f"events, a table: {len(frame):,} of {len(events)} kinds"
    return Guess(file, "events", label, {"columns": columns}, tuple(asks), events)


_PARTICIPANT = ("ResponseId", "ResponseID", "Respondent ID", "#", "Response ID")
# The end of an answer, and its start where only that is there.
_SUBMITTED = (
    "EndDate", "RecordedDate", "End Date", "Date Modified", "Submit Date (UTC)",
    "Date Submitted", "Timestamp", "StartDate", "Start Date", "Start Date (UTC)", "Time Started",
)  # fmt: skip
_ABOUT_THE_ANSWER = frozenset(
    {"StartDate", "Status", "Progress", "Duration (in seconds)", "Finished", "RecordedDate"}
    | {"ExternalReference", "DistributionChannel", "UserLanguage", "EndDate", "ResponseId"}
    | {
        "Collector ID",
        "Date Created",
        "Date Modified",
        "Start Date",
        "End Date",
        "Respondent ID",
        "Custom Data 1",
    }
    | {"#", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Response Type"}
    | {"Tags", "Ending", "Time Started", "Date Submitted", "Timestamp", "Legacy Comments"}
    | {"Comments", "Language", "Referer", "Response ID", "Country", "State/Region"}
)


def _guess_survey(file: str, frame: pd.DataFrame, export: Export, what: str) -> Guess:
    columns = {}
    ids = [name for name in _PARTICIPANT if name in frame and _is_unique(frame[name])]
    ids += [name for name in frame.columns if _IDS.search(_words(name)) and _is_unique(frame[name])]
    if ids:
        columns["participant"] = ids[0]
    submitted = [name for name in _SUBMITTED if name in frame and _is_time(frame[name])]
    asks = []
    if submitted:
        columns["submitted_at"] = submitted[0]
    elif any(name in frame for name in _SUBMITTED):
        asks.append("times are left out: whether 03/04 is in March or April, `day_first:` tells.")
    questions: list[dict[str, Any]] = []
    identifying = []
    for name in frame.columns:
        asked = export.wording.get(name, name)
        if name in _ABOUT_THE_ANSWER or name in ids or _looks_like_times(frame[name]):
            continue
        if _OF_THE_MACHINE.search(asked) or _OF_THE_MACHINE.search(name):
            continue
        if _ASKS_WHO.search(_words(asked)):
            identifying.append(name)
            continue
        kind = _guess_question(frame[name], asked, is_survey=export.name != TABLE)
        if kind:
            question = {"id": f"q{len(questions) + 1}", "kind": kind, "columns": [name]}
            questions.append(question | ({"text": asked} if asked != name else {}))
    if not questions or (
        export.name == TABLE and not any(question["kind"] == "open" for question in questions)
    ):
        return Guess(file, "", _NO_SIGN)
    if identifying:
        asks.append(f"{quoted(identifying)} name people: masked everywhere, never read as answers.")
    if not ids:
        asks.append("no column tells people apart: every row is a visit of its own.")
    asks.append("give open questions the stage that they ask about (`stage:`), where they do.")
    source = {"columns": columns, "questions": questions}
    source |= {} if ids else {"unit": "visit"}
    source |= {"identifying": identifying} if identifying else {}
    return Guess(file, "survey", f"{what}; {len(frame):,} rows", source, tuple(asks))


_ASKS_WHO = re.compile(
    r"(?i)\b(your|first|last|full|family|sur) ?name\b|^name\??$|\be[- ]?mail\b|\bphone number\b"
)
# What survey programs compute from the answers, beside them.
_OF_THE_MACHINE = re.compile(r"(?i)_NPS_GROUP$| - (Parent )?Topics$| - Sentiment\b.*$")
_NO_SIGN = (
    "not read: nothing shows what it is. If it is a log, name its columns under `columns:`; times "
    "are text such as 2026-03-01 10:00, and dates such as 03/04/2026 need `day_first:`"
)


def _guess_question(values: pd.Series, asked: str, *, is_survey: bool) -> str:
    """Return the kind of a question; empty where its answers show none.

    Where only the guess says that a table is a survey, answers in words have to be sentences.
    """
    filled = values[values != ""]
    if filled.empty:
        return ""
    numbers = pd.to_numeric(filled, errors="coerce")
    if numbers.notna().all():
        if re.search(r"(?i)recommend|\bnps\b", asked) and numbers.between(0, 10).all():
            return "nps"
        if re.search(r"(?i)satisf|\bcsat\b", asked) and numbers.between(1, 5).all():
            return "csat"
        if re.search(r"(?i)\beas(y|ier)\b|effort|\bces\b", asked) and numbers.between(1, 5).all():
            return "ces"
        return ""
    words = filled.str.split().str.len()
    if _is_choice(values) and words.mean() < 5:
        return "choice"
    sentences = (words >= 3).mean() >= 0.3
    return "open" if is_survey or sentences else ""


def _is_unique(values: pd.Series) -> bool:
    return bool((values != "").all() and values.is_unique and len(values))


def _is_repeated(values: pd.Series) -> bool:
    return bool(values[values != ""].duplicated().any())


def _is_choice(values: pd.Series) -> bool:
    filled = values[values != ""]
    return bool(len(filled)) and filled.nunique() <= min(20, len(filled) // 2)


def _looks_like_times(values: pd.Series) -> bool:
    filled = values[values != ""].head(200)
    return not filled.empty and bool(filled.str.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b").all())


def _is_time(values: pd.Series) -> bool:
    filled = values[values != ""].head(200)
    if not _looks_like_times(values):
        return False
    try:
        return bool(read_times(filled, timezone="UTC", where="").utc.notna().all())
    except SourceError:
        return False
