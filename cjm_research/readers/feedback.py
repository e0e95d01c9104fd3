"""What people wrote unasked: reviews, support tickets, posts and chats, one row a text."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.config import Feedback, resolve_stage
from cjm_research.errors import SourceError
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.cells import (
    Cells,
    is_table,
    make_cells,
    read_cells,
    require_columns,
    require_mapping,
    squeeze,
)
from cjm_research.readers.consent import read_consent
from cjm_research.readers.files import find_files, is_reviewed, relative_name
from cjm_research.readers.json_records import SUFFIXES as JSON_SUFFIXES
from cjm_research.readers.json_records import Records, as_text, look_up
from cjm_research.readers.messages import read_message
from cjm_research.readers.notes import Notes
from cjm_research.readers.progress import follow
from cjm_research.readers.rows import Row, make_rows, make_turn
from cjm_research.readers.shown_values import show_values
from cjm_research.readers.surveys import kind_of_column, note_way_of_times
from cjm_research.readers.times import read_times

_ENOUGH_WORDS = 5
"""A shorter text that repeats another ("Great app!") need not be a copy of it."""
_BOILERPLATE_SHARE = 0.1
_BOILERPLATE_TEXTS = 5
_BOILERPLATE_WORDS = 3
_LISTED = 8
_KEYS = (
    "text", "title", "participant", "consent", "channel", "touchpoint", "stage", "thread",
    "author_role", "rating", "created_at",
)  # fmt: skip


@dataclass(frozen=True)
class _Text:
    """A row of the file: one text of one author."""

    file: str
    row: int
    reference: str
    author: str
    is_agent: bool
    consent: str
    words: str
    title: str
    thread: str
    at: Any
    channel: str
    touchpoint: str
    stage: str
    rating: float
    names: Sequence[tuple[str, str]]


@dataclass
class _Rows:
    """Rows of the material, each once, in the order of the files."""

    people: dict[Row, None] = field(default_factory=dict)
    identities: dict[Row, None] = field(default_factory=dict)
    turns: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
    rated: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """When each person rated, by raw id."""


def read_feedback(source: Feedback, folder: Path, journey: Journey) -> Material:
    """Return what people wrote, each text (or thread) as a document with its channel.

    Parameters
    ----------
    source : Feedback
        What its columns mean. A text without a participant's id is somebody of its own, and so
        is a thread; nobody of them can be recognised in another source.
    folder : Path
        The study folder.
    journey : Journey
        Gives the ids of the stages that a column names.

    Returns
    -------
    Material
        The participant's own words as turns of a document, without mark-up and without what
        they quote of older messages; an agent's words beside them as an interviewer's, which
        count for nobody. Stars are ratings of the measure `rating`.

    Raises
    ------
    SourceError
        If columns are absent, a role or a consent value is not declared, or dates contradict
        each other.
    UnknownNameError
        If a column names a stage that the journey does not have.
    """
    notes = Notes()
    rows = _Rows()
    texts: list[_Text] = []
    unreviewed = 0
    for path in follow(find_files(source, folder, notes)):
        unreviewed += not is_reviewed(source.masking_reviewed, path, folder)
        cells = _read_cells(source, path, notes)
        require_columns(cells, _wanted_columns(source))
        found = _read_texts(source, cells, relative_name(path, folder), journey, notes)
        _warn_of_repeats(cells.file, found, notes)
        texts += found
    for person, document in _group(source, texts, notes).items():
        _add_document(rows, source, person[1], document)
    return Material(
        source=source.id,
        people=make_rows("people", list(rows.people)),
        identities=make_rows("identities", list(rows.identities)),
        turns=make_rows("turns", rows.turns),
        ratings=make_rows("ratings", rows.ratings),
        # Who rated several times has no one time of it.
        answered=make_rows(
            "answered",
            [
                (person, at[0])
                for person, at in rows.rated.items()
                if len(at) == 1 and pd.notna(at[0])
            ],
        ),
        **notes.parts(),
        unreviewed=unreviewed if rows.turns else 0,
    )


def _wanted_columns(source: Feedback) -> dict[str, str]:
    require_mapping(source, "text")
    wanted = {name: f"columns.{key}" for key, name in source.columns.items()}
    return wanted | dict.fromkeys(source.identifying, "identifying")


def _read_cells(source: Feedback, path: Path, notes: Notes) -> Cells:
    """Return a table as it stands; of JSON records, the fields that study.yaml names."""
    about = notes.of(path.name)
    about.format = "table"
    if path.suffix.casefold() not in JSON_SUFFIXES or is_table(path):
        return read_cells(
            path, notes=notes, encoding=source.encoding, sheet=source.sheet,
            delimiter=source.delimiter,
        )  # fmt: skip
    about.format = "records"
    names = [squeeze(name) for name in _wanted_columns(source)]
    records = Records(path)
    found: list[list[str]] = []
    present: set[str] = set()
    for _, record in records:
        values = [look_up(record, name) for name in names]
        present |= {name for name, value in zip(names, values, strict=True) if value is not None}
        found.append([as_text(value) for value in values])
    for what, odd in records.odd.items():
        about.n_in += len(odd)
        notes.set_aside(path.name, what, odd)
    for what, n in records.doubts.items():
        notes.warn(path.name, what, n)
    # A field that no record has is an absent column: a slip in study.yaml, most likely.
    # Where no record could be used, nothing tells.
    kept = [number for number, name in enumerate(names) if name in present or not found]
    header = [names[number] for number in kept]
    table = [header, *([record[number] for number in kept] for record in found)]
    return make_cells(path.name, header, table, first=1, notes=notes)


def _read_texts(
    source: Feedback, cells: Cells, reference: str, journey: Journey, notes: Notes
) -> list[_Text]:
    """Return the rows of a file that say something, and count what is odd about the others."""
    frame, file = _columns_of(source, cells), cells.file
    stages = {
        name: resolve_stage(journey, name, where=f"{file}, column of stages")
        for name in frame["stage"].unique()
    }
    frame = frame.assign(
        is_agent=_find_agents(source, frame["author_role"], file),
        at=_read_times(source, cells, frame["created_at"], notes),
        rating=_read_ratings(source, frame["rating"], file, notes),
        consent=read_consent(frame["consent"], source.consent_values, where=file),
        stage=frame["stage"].map(stages),
    )
    names = _find_names(source, cells)
    boilerplate = {squeeze(line).casefold() for line in source.boilerplate}
    column = squeeze(source.columns["text"])
    texts: list[_Text] = []
    odd = Counter(dict.fromkeys(_ODD, 0))
    aside: dict[str, list[int]] = {_AGENT_ALONE: [], _TWICE: []}
    n_marked = 0
    seen: set[tuple[object, ...]] = set()
    for cell in frame.itertuples():
        message = read_message(cell.text)
        words, n_cut = _cut_lines(message.text, boilerplate)
        odd[_QUOTED] += message.n_quoted > 0
        odd[_CUT] += n_cut > 0
        n_marked += message.is_html
        if cell.is_agent and "thread" not in source.columns:
            aside[_AGENT_ALONE].append(cell.Index)
            continue
        delivered = (cell.participant, cell.is_agent, cell.at, cell.thread, cell.title, words)
        # The same person at the same instant. Strangers may well say the same.
        if cell.participant and not pd.isna(cell.at) and delivered in seen:
            aside[_TWICE].append(cell.Index)
            continue
        seen.add(delivered)
        if not words and not cell.title:
            odd[_ONLY_QUOTED if message.n_quoted else _WORDLESS] += 1
        texts.append(
            _Text(
                file=file,
                row=cell.Index,
                reference=f"{reference}#{cell.Index}:{column}",
                author=cell.participant,
                is_agent=cell.is_agent,
                consent=cell.consent,
                words=words,
                title="" if cell.is_agent else cell.title,
                thread=cell.thread,
                at=cell.at,
                channel=cell.channel or source.channel,
                touchpoint=cell.touchpoint,
                stage=cell.stage,
                rating=cell.rating,
                names=names.get(cell.Index, ()),
            )
        )
    for what, n in odd.items():
        notes.warn(file, what, n)
    for what, rows in aside.items():
        notes.set_aside(file, what, rows)
    notes.of(file).n_used += len(texts)
    if n_marked:
        notes.count(file, "texts with mark-up, of which the words alone are read", n_marked)
    return texts


_QUOTED = "texts that quote an older message, which is left out"
_CUT = "texts with lines of `boilerplate:`, which are left out"
_AGENT_ALONE = "texts of agents, left out: `columns.thread` would tell whom they answer"
_TWICE = "texts delivered twice (same person, time and words), left out"
_ONLY_QUOTED = "texts with nothing but a quoted message"
_WORDLESS = "rows without words"
_ODD = (_QUOTED, _CUT, _ONLY_QUOTED, _WORDLESS)


def _columns_of(source: Feedback, cells: Cells) -> pd.DataFrame:
    """Return a column for every key of `columns:`, blank for those that are not declared."""
    blank = pd.Series("", index=cells.frame.index, dtype="object")
    return pd.DataFrame(
        {
            key: cells.frame[squeeze(source.columns[key])] if key in source.columns else blank
            for key in _KEYS
        },
        index=cells.frame.index,
    )


def _find_agents(source: Feedback, roles: pd.Series, file: str) -> pd.Series:
    """Return True for the rows of agents. A role is never guessed."""
    if source.authors is None:
        return pd.Series(False, index=roles.index)
    agents = {role.strip().casefold() for role in source.authors.agent}
    known = agents | {role.strip().casefold() for role in source.authors.participant}
    folded = roles.str.casefold()
    unknown = roles[~folded.isin(known)]
    if len(unknown):
        raise SourceError(
            file,
            f"the column of roles ('{source.columns['author_role']}') holds "
            f"{show_values(unknown)}, which `authors:` does not list.",
            "list them under `authors.participant` or `authors.agent`: an agent's words must not "
            "count as a participant's.",
        )
    return folded.isin(agents)


def _read_times(source: Feedback, cells: Cells, raw: pd.Series, notes: Notes) -> pd.Series:
    if "created_at" not in source.columns:
        return pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us, UTC]")
    name = source.columns["created_at"]
    times = read_times(
        raw,
        timezone=source.timezone,
        day_first=source.day_first,
        where=f"{cells.file}, column '{name}'",
    )
    notes.warn(cells.file, f"unreadable times in '{squeeze(name)}'", len(times.unreadable))
    known = "timezone" in source.model_fields_set
    note_way_of_times(times, cells.file, notes, zone_known=known)
    return times.utc


def _read_ratings(source: Feedback, raw: pd.Series, file: str, notes: Notes) -> pd.Series:
    """Return stars as numbers; NaN where there are none, or none on the scale."""
    text = raw.where(~raw.str.fullmatch("[★☆⭐]+"), raw.str.count("[★⭐]").astype(str))
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    low, high = source.scale
    on_scale = values.between(low, high)
    notes.warn(
        file, "ratings that are no number, left out", int((values.isna() & (raw != "")).sum())
    )
    off = int((~on_scale & values.notna()).sum())
    notes.warn(file, f"ratings outside the scale {low:g} to {high:g}, left out", off)
    return values.where(on_scale)


def _find_names(source: Feedback, cells: Cells) -> dict[int, list[tuple[str, str]]]:
    """Return what names somebody in each row, with its kind: masked in everybody's words."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for name in map(squeeze, source.identifying):
        kind = kind_of_column(name)
        for row, value in cells.frame[name].items():
            if value:
                found[row].append((kind, value))
    return found


def _cut_lines(text: str, boilerplate: Collection[str]) -> tuple[str, int]:
    if not boilerplate:
        return text, 0
    lines = text.split("\n")
    kept = [line for line in lines if squeeze(line).casefold() not in boilerplate]
    return "\n".join(kept).strip(), len(lines) - len(kept)


def _warn_of_repeats(file: str, texts: Sequence[_Text], notes: Notes) -> None:
    """Count texts that repeat others, and lines that stand in many: nobody wrote them anew."""
    own = [text for text in texts if not text.is_agent and text.words]
    notes.count(file, "texts of participants", len(own))
    n_agents = sum(text.is_agent for text in texts)
    if n_agents:
        notes.count(file, "texts of agents", n_agents)
    folded = Counter(squeeze(text.words).casefold() for text in own)
    copies = {words: n for words, n in folded.items() if n > 1}
    long = sum(n - 1 for words, n in copies.items() if len(words.split()) >= _ENOUGH_WORDS)
    notes.warn(file, "texts that repeat another word for word (copied, or automatic?)", long)
    places: dict[str, list[int]] = defaultdict(list)
    for text in own:
        lines = text.words.split("\n")
        for line in {squeeze(line).casefold() for line in lines} if len(lines) > 1 else ():
            if len(line.split()) >= _BOILERPLATE_WORDS:
                places[line].append(text.row)
    enough = max(_BOILERPLATE_TEXTS, _BOILERPLATE_SHARE * len(own))
    many = sorted((rows for rows in places.values() if len(rows) >= enough), key=min)
    for rows in many[:_LISTED]:
        what = f"texts with one and the same line, first in row {min(rows)} (see `boilerplate:`)"
        notes.warn(file, what, len(rows))


_Document = tuple[str, str]
"""Where a document is (a thread, or the reference of a row) and the raw id of its person."""


def _group(source: Feedback, texts: Sequence[_Text], notes: Notes) -> dict[_Document, list[_Text]]:
    """Return the texts of every document: of one row, or of a thread and each person in it."""
    named: dict[str, str] = {}
    documents: dict[_Document, list[_Text]] = {}
    nameless: Counter[str] = Counter()
    of_agents: dict[str, list[_Text]] = defaultdict(list)
    for text in texts:
        place = f"thread {text.thread}" if text.thread else text.reference
        if text.is_agent:
            of_agents[place].append(text)
            continue
        person = text.author
        if not person:
            nameless[text.file] += 1
            person = named.setdefault(place, _name_nobody(source, text))
        documents.setdefault((place, person), []).append(text)
    if "participant" in source.columns:
        for file, n in nameless.items():
            notes.warn(file, "texts without a participant's id, taken for somebody of their own", n)
    answered = {place for place, _ in documents}
    alone: dict[str, list[int]] = defaultdict(list)
    for place, written in of_agents.items():
        for text in written if place not in answered else ():
            alone[text.file].append(text.row)
    for file, numbers in alone.items():
        what = "texts of agents in threads without a participant, left out"
        notes.set_aside(file, what, sorted(numbers))
        notes.of(file).n_used -= len(numbers)
    return {
        (place, person): _in_order([*own, *of_agents.get(place, ())])
        for (place, person), own in documents.items()
    }


def _name_nobody(source: Feedback, text: _Text) -> str:
    """Return an id that no other source has."""
    return f"{source.id} {text.file} row {text.row}"


def _in_order(texts: list[_Text]) -> list[_Text]:
    """Return a thread as it went on: by time, where every text has one; else as in the file."""
    if len(texts) == 1:
        return texts
    in_file = sorted(texts, key=lambda text: (text.file, text.row))
    if any(pd.isna(text.at) for text in in_file):
        return in_file
    return sorted(in_file, key=lambda text: text.at)


def _add_document(rows: _Rows, source: Feedback, person: str, texts: Sequence[_Text]) -> None:
    """Add a person's texts in a thread, or the only one, with what agents say beside them."""
    own = [text for text in texts if not text.is_agent]
    rows.people |= {(person, text.consent): None for text in own}
    for text in texts:
        who = "" if text.is_agent else person
        names = [*text.names, *_name_author(text)]
        rows.identities |= {(who, kind, value): None for kind, value in names}
    about = {
        "wave": source.wave,
        "declared_stage": _first(text.stage for text in own),
        "said_at": own[0].at,
        "channel": _first(text.channel for text in own),
        "touchpoint": _first(text.touchpoint for text in own),
    }
    said: set[str] = set()
    for text in texts:
        speaker = _AGENT if text.is_agent else "participant"
        # A ticket's subject is its author's; a thread repeats it above every answer.
        for words in (text.title, text.words):
            if words and not (words == text.title and words in said):
                said.add(words)
                rows.turns.append(
                    make_turn(own[0].reference, person, "feedback", speaker, words, **about)
                )
    for text in own:
        if not math.isnan(text.rating):
            rows.rated[person].append(text.at)
            n = len(rows.rated[person])
            item = "rating" if n == 1 else f"rating ({n})"
            stage = about["declared_stage"]
            rows.ratings.append((person, "rating", item, text.rating, stage, source.wave))


_AGENT = "interviewer"
"""An agent asks and answers, and is heard by nobody's count: as an interviewer is."""


def _name_author(text: _Text) -> list[tuple[str, str]]:
    """Return what an author's id tells: many programs give a name or an address for an id."""
    if "@" in text.author.strip("@"):
        return [("email", text.author)]
    if " " in text.author and not any(mark.isdigit() for mark in text.author):
        return [("name", text.author)]
    return [("id", text.author)] if text.author and text.is_agent else []


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
