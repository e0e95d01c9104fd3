"""Interviews and group discussions: every turn with its speaker and that speaker's role."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cjm_research.config import Transcripts
from cjm_research.errors import SourceError, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.files import find_files, is_reviewed, relative_name
from cjm_research.readers.notes import Notes
from cjm_research.readers.progress import follow
from cjm_research.readers.qda_project import Project, TextSource, is_project, read_project
from cjm_research.readers.rows import Row, make_rows, make_turn
from cjm_research.readers.transcript_formats import Opened, open_transcript, recognise
from cjm_research.readers.turn_places import find_turns
from cjm_research.readers.utterances import (
    GENERIC_INTERVIEWERS,
    GENERIC_OBSERVERS,
    GENERIC_PARTICIPANTS,
    Parsed,
    Utterance,
    fold,
)

_NUMBERED = re.compile(r"(speaker|participant|p|user|customer|respondent|guest)[ _#-]*\d+")


def read_transcripts(source: Transcripts, folder: Path, journey: Journey) -> Material:
    """Return the turns of interviews, with names and words as they were found.

    Parameters
    ----------
    source : Transcripts
        Its `participant_pattern` finds the participant's id in a file's name; in group
        discussions (`participants: speaker`) everybody who is neither interviewer nor
        observer is a participant. A project of a QDA program (`.qdpx`) holds a transcript in
        each of its texts, and the pattern applies to their names.
    folder : Path
        The study folder.
    journey : Journey
        Not used; every reader takes the same arguments.

    Returns
    -------
    Material
        One document per transcript and participant: the participant's turns and what
        interviewers and observers said. `unreviewed` counts the transcripts whose masking nobody
        has reviewed.

    Raises
    ------
    SourceError
        If a file cannot be decoded, is empty, or does not tell who speaks.
    """
    notes = Notes()
    people: dict[str, None] = {}
    turns: list[Row] = []
    identities: dict[Row, None] = {}
    for name in [*source.interviewers, *source.observers]:
        _add_name(identities, "", name)
    unreviewed = 0
    for path in follow(find_files(source, folder, notes)):
        for talk in read_talks(source, path, folder, notes):
            for raw_id in dict.fromkeys(talk.ids.values()):
                people[raw_id] = None
                if source.participants == "file":
                    identities[(raw_id, "id", talk.stem)] = None
                turns += [
                    make_turn(
                        talk.document(raw_id),
                        raw_id,
                        "interview",
                        talk.roles[fold(turn.label)],
                        turn.text,
                        wave=source.wave,
                        heading=turn.heading,
                        start_s=turn.start_s,
                    )
                    for turn in talk.turns_of(raw_id)
                ]
            for turn in talk.spoken:
                raw_id = talk.ids.get(fold(turn.label), "")
                # In a group the id is the name itself, and is masked as a name is.
                if source.participants == "speaker" or fold(turn.label) != fold(raw_id):
                    _add_name(identities, raw_id, turn.label)
            unreviewed += not is_reviewed(source.masking_reviewed, path, folder)
    return Material(
        source=source.id,
        people=make_rows("people", [(raw_id, "") for raw_id in people]),
        identities=make_rows("identities", list(identities)),
        turns=make_rows("turns", turns),
        **notes.parts(),
        unreviewed=unreviewed,
    )


@dataclass(frozen=True)
class Talk:
    """A transcript as it was read: a file, or a text of a QDA project.

    Attributes
    ----------
    reference : str
        What its documents are called.
    stem : str
        Its name without ending.
    file : Opened
    spoken : list of Utterance
        Neighbours of one speaker joined.
    roles : dict
        Role of each folded label.
    ids : dict
        Raw id of each participant's folded label.
    is_group : bool
        True where each participant has a document.
    """

    reference: str
    stem: str
    file: Opened
    spoken: list[Utterance]
    roles: dict[str, str]
    ids: dict[str, str]
    is_group: bool

    def document(self, raw_id: str) -> str:
        """Return the reference of a participant's document."""
        return f"{self.reference}#{raw_id}" if self.is_group else self.reference

    def turns_of(self, raw_id: str) -> list[Utterance]:
        """Return the turns in a participant's document: all but other participants'."""
        return [turn for turn in self.spoken if self.ids.get(fold(turn.label), raw_id) == raw_id]


def read_talks(source: Transcripts, path: Path, folder: Path, notes: Notes) -> list[Talk]:
    """Return the transcripts of a file, and note what was odd about them.

    Raises
    ------
    SourceError
        If it cannot be decoded, is empty, or does not tell who speaks.
    """
    if is_project(path):
        project = read_project(path, encoding=source.encoding)
        note_project(project, path.name, notes)
        return [talk for _, talk in read_project_talks(source, path, folder, project, notes)]
    raw_id = _find_id(source, path.stem)
    if not raw_id:
        raise SourceError(
            path.name,
            f"`participant_pattern: {source.participant_pattern}` finds nobody in the file's name.",
            "correct the pattern: the parentheses stand around the participant's id in the file "
            "name without its ending.",
        )
    file = open_transcript(path, encoding=source.encoding, declared=_declared(source))
    if not file.text.strip():
        raise _empty(path.name, "the file holds no text")
    parsed = recognise(file).parse(file)
    if not any(turn.text for turn in parsed.utterances):
        raise _empty(path.name, "no turn with words was found")
    reference = relative_name(path, folder)
    talk = _make_talk(source, file, parsed, raw_id, reference, path.stem, path.name)
    _note_talks(notes, path.name, [(talk, parsed)])
    return [talk]


def read_project_talks(
    source: Transcripts, path: Path, folder: Path, project: Project, notes: Notes
) -> list[tuple[TextSource, Talk]]:
    """Return the texts of a QDA project that are transcripts of a source, each as it is read.

    Raises
    ------
    SourceError
        If there is none, or one does not tell who speaks; texts are named by their number,
        because their names may be people's.
    """
    found: list[tuple[TextSource, Talk]] = []
    noted: list[tuple[Talk, Parsed]] = []
    odd: Counter[str] = Counter()
    taken: set[str] = set()
    for text in project.sources:
        stem = stem_of(text.name)
        raw_id = _find_id(source, stem)
        if text.missing:
            odd[f"texts of the project left out: {text.missing}"] += 1
            continue
        if not raw_id:
            odd["texts of the project whose name `participant_pattern` does not fit, left out"] += 1
            continue
        file = Opened(path, text.text, "utf-8", (), _declared(source))
        parsed = recognise(file).parse(file)
        if not any(turn.text for turn in parsed.utterances):
            odd["texts of the project without words, left out"] += 1
            continue
        reference = f"{relative_name(path, folder)}#{text.name}"
        reference += f" ({text.number})" if reference in taken else ""
        taken.add(reference)
        where = f"{path.name}, text {text.number}"
        talk = _make_talk(source, file, parsed, raw_id, reference, stem, where)
        found.append((text, _with_times(talk, text)))
        noted.append((talk, parsed))
    if not found:
        why = "; ".join(f"{what} ({n})" for what, n in odd.items()) or "it holds no text"
        raise SourceError(
            path.name,
            f"no transcript can be read from this project: {why}.",
            "export it again with its sources (texts, not PDF pages), or save the transcripts as "
            ".docx or .txt beside it.",
        )
    for what, n in odd.items():
        notes.warn(path.name, what, n)
    _note_talks(notes, path.name, noted)
    return found


def note_project(project: Project, where: str, notes: Notes) -> None:
    """Note how a project was read, and what of it is left out."""
    notes.count(where, "read as a project of a QDA program (REFI-QDA)", 1)
    if any(text.selections for text in project.sources):
        notes.count(where, project.counting, 1)
    for what, n in project.odd.items():
        notes.warn(where, what, n)


# What QDA programs leave at the end of a source's name: that of the file it was made from.
_ENDING = re.compile(
    r"(?i)\.(docx?|odt|rtf|txt|text|md|html?|pdf|vtt|srt|mp[34]|m4a|wav|mov|avi|wma|ogg)$"
)


def stem_of(name: str) -> str:
    """Return the name of a project's text without the ending of the file it was made from."""
    return _ENDING.sub("", name) or name


def _with_times(talk: Talk, text: TextSource) -> Talk:
    """Give turns without a time that of the recording, where sync points tell it."""
    if not text.times:
        return talk
    at, seconds = zip(*text.times, strict=True)
    spoken = []
    found = find_turns(text.text, [turn.text for turn in talk.spoken])
    for turn, places in zip(talk.spoken, found, strict=True):
        n = bisect_right(at, places[0]) if places else 0
        known = n and math.isnan(turn.start_s)
        spoken.append(replace(turn, start_s=seconds[n - 1]) if known else turn)
    return replace(talk, spoken=spoken)


def _make_talk(
    source: Transcripts, file: Opened, parsed: Parsed, raw_id: str, reference: str, stem: str,
    where: str,
) -> Talk:  # fmt: skip
    spoken = _merge_turns(parsed.utterances)
    roles = _assign_roles(spoken, source, where)
    ids = _identify(source, spoken, roles, raw_id)
    return Talk(reference, stem, file, spoken, roles, ids, source.participants == "speaker")


def _find_id(source: Transcripts, stem: str) -> str:
    match = re.search(source.participant_pattern, stem)
    return (match[1] or "").strip() if match else ""


def _declared(source: Transcripts) -> frozenset[str]:
    names = [*source.interviewers, *source.observers, *source.speakers]
    return frozenset(fold(name) for name in names)


def _identify(
    source: Transcripts, turns: list[Utterance], roles: dict[str, str], file_id: str
) -> dict[str, str]:
    """Return the raw id of every participant's folded label in a file."""
    shown = {fold(turn.label): turn.label for turn in reversed(turns)}
    spoke = [label for label in shown if roles[label] == "participant"]
    if source.participants == "file":
        return dict.fromkeys(spoke, file_id)
    declared = {fold(name): raw_id for name, raw_id in source.speakers.items()}
    return {
        # "Speaker 1" is somebody else in every file; a name is the same person in all of them.
        label: declared.get(label) or (f"{file_id} {label}" if _is_generic(label) else shown[label])
        for label in dict.fromkeys(fold(turn.label) for turn in turns)
        if label in spoke
    }


def _merge_turns(utterances: list[Utterance]) -> list[Utterance]:
    """Join neighbours of one speaker under one heading; the first one's time stays."""
    merged: list[Utterance] = []
    for turn in utterances:
        last = merged[-1] if merged else None
        same = last is not None and fold(turn.label) in ("", fold(last.label))
        if last is not None and same and turn.heading == last.heading:
            start_s = turn.start_s if math.isnan(last.start_s) else last.start_s
            words = f"{last.text} {turn.text}".strip()
            merged[-1] = Utterance(last.label, words, last.heading, start_s)
        elif last is not None and not turn.label:
            merged.append(Utterance(last.label, turn.text, turn.heading, turn.start_s))
        else:
            merged.append(turn)
    return [turn for turn in merged if turn.text]


def _assign_roles(turns: list[Utterance], source: Transcripts, where: str) -> dict[str, str]:
    """Return the role of every folded label in a file."""
    interviewers = {fold(name) for name in source.interviewers} | GENERIC_INTERVIEWERS
    observers = {fold(name) for name in source.observers} | GENERIC_OBSERVERS
    shown = {fold(turn.label): turn.label for turn in reversed(turns)}
    if "" in shown and not source.one_voice:
        raise _no_speakers(where)
    # A declared name wins over a generic word: someone may be called "Q".
    declared = {fold(name): "interviewer" for name in source.interviewers}
    declared |= {fold(name): "observer" for name in source.observers}
    roles = {}
    for label in shown:
        generic = "interviewer" if label in interviewers else "participant"
        generic = "observer" if label in observers else generic
        roles[label] = declared.get(label, generic)
    participants = sorted(shown[label] for label, role in roles.items() if role == "participant")
    if len(participants) > 1 and source.participants == "file":
        raise SourceError(
            where,
            f"{len(participants)} speakers could be the participant: {quoted(participants)}.",
            "declare all but one under `interviewers:` or `observers:` of this source, or, if it "
            "was a group, `participants: speaker`. If one of them is no speaker, take away the "
            "colon after it.",
        )
    if not participants:
        raise SourceError(
            where,
            f"no participant speaks. Speakers found: {quoted(shown.values())}.",
            "check `interviewers:` and `observers:` of this source; every other label, written "
            "`Name: text`, is the participant.",
        )
    return roles


def _no_speakers(where: str) -> SourceError:
    return SourceError(
        where,
        "it has words, but nothing says who speaks.",
        "put `Name: ` before each turn (in .vtt a voice tag `<v Name>` does as well; in a table "
        "of turns, fill in who speaks), so that the interviewer's words are not counted as the "
        "participant's. If the participant alone is heard, as in a diary, declare "
        "`one_voice: true`.",
    )


def _empty(where: str, problem: str) -> SourceError:
    return SourceError(
        where,
        f"the transcript is empty: {problem}.",
        "export it again, or take the file out of the study folder.",
    )


def _add_name(identities: dict[Row, None], raw_id: str, label: str) -> None:
    if not _is_generic(fold(label)):
        identities[(raw_id, "name", label)] = None


def _is_generic(folded: str) -> bool:
    generic = GENERIC_INTERVIEWERS | GENERIC_OBSERVERS | GENERIC_PARTICIPANTS
    return not folded or folded in generic or bool(_NUMBERED.fullmatch(folded))


def _note_talks(notes: Notes, where: str, talks: Sequence[tuple[Talk, Parsed]]) -> None:
    """Note what was recognised in a file and what was odd, of all its transcripts together."""
    forms: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    odd: Counter[str] = Counter()
    about = notes.of(where)
    for talk, parsed in talks:
        form = recognise(talk.file)
        forms[f"read as {form.name} ({form.sign})"] += 1
        roles.update(talk.roles[fold(turn.label)] for turn in talk.spoken)
        odd.update(parsed.odd)
        for what, lines in parsed.aside.items():
            about.n_in += len(lines)
            notes.set_aside(where, what, lines)
        about.encoding = talk.file.encoding
        about.format = "QDA project" if is_project(talk.file.path) else form.name
    about.n_in += roles.total()
    about.n_used += roles.total()
    for what, n in forms.items():
        notes.count(where, what, n)
    for role in ("participant", "interviewer", "observer"):
        if roles[role]:
            notes.count(where, f"turns of the {role}", roles[role])
    for encoding in sorted({talk.file.encoding for talk, _ in talks} - {"utf-8"}):
        notes.count(where, f"encoding {encoding}", 1)
    for what, n in odd.items():
        notes.warn(where, what, n)
