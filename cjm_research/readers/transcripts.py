"""Interviews and group discussions: every turn with its speaker and that speaker's role."""

from __future__ import annotations

import math
import re
from pathlib import Path

from cjm_research.config import Transcripts
from cjm_research.errors import SourceError, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.files import find_files, is_reviewed, relative_name
from cjm_research.readers.notes import Notes
from cjm_research.readers.rows import Row, make_rows, make_turn
from cjm_research.readers.transcript_formats import Opened, open_transcript, recognise
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
        observer is a participant.
    folder : Path
        The study folder.
    journey : Journey
        Not used; every reader takes the same arguments.

    Returns
    -------
    Material
        One document per file and participant: the participant's turns and what interviewers
        and observers said. `unreviewed` counts the files whose masking nobody has reviewed.

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
    for path in find_files(source, folder, notes):
        file_id = _file_id(source, path)
        file, parsed = _parse(source, path)
        spoken = _merge_turns(parsed.utterances)
        roles = _assign_roles(spoken, source, path.name)
        ids = _identify(source, spoken, roles, file_id)
        reference = relative_name(path, folder)
        for raw_id in dict.fromkeys(ids.values()):
            people[raw_id] = None
            if source.participants == "file":
                identities[(raw_id, "id", path.stem)] = None
            document = reference if source.participants == "file" else f"{reference}#{raw_id}"
            turns += [
                make_turn(
                    document,
                    raw_id,
                    "interview",
                    roles[fold(turn.label)],
                    turn.text,
                    wave=source.wave,
                    heading=turn.heading,
                    start_s=turn.start_s,
                )
                for turn in spoken
                if ids.get(fold(turn.label), raw_id) == raw_id
            ]
        for turn in spoken:
            raw_id = ids.get(fold(turn.label), "")
            # In a group the id is the name itself, and is masked as a name is.
            if source.participants == "speaker" or fold(turn.label) != fold(raw_id):
                _add_name(identities, raw_id, turn.label)
        _note_file(notes, file, parsed, [roles[fold(turn.label)] for turn in spoken])
        unreviewed += not is_reviewed(source.masking_reviewed, path, folder)
    return Material(
        source=source.id,
        people=make_rows("people", [(raw_id, "") for raw_id in people]),
        identities=make_rows("identities", list(identities)),
        turns=make_rows("turns", turns),
        **notes.parts(),
        unreviewed=unreviewed,
    )


def _file_id(source: Transcripts, path: Path) -> str:
    match = re.search(source.participant_pattern, path.stem)
    raw_id = (match[1] or "").strip() if match else ""
    if not raw_id:
        raise SourceError(
            path.name,
            f"`participant_pattern: {source.participant_pattern}` finds nobody in the file's name.",
            "correct the pattern: the parentheses stand around the participant's id in the file "
            "name without its ending.",
        )
    return raw_id


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


def _parse(source: Transcripts, path: Path) -> tuple[Opened, Parsed]:
    declared = frozenset(
        fold(name) for name in [*source.interviewers, *source.observers, *source.speakers]
    )
    file = open_transcript(path, encoding=source.encoding, declared=declared)
    if not file.text.strip():
        raise _empty(path, "the file holds no text")
    parsed = recognise(file).parse(file)
    if not any(turn.text for turn in parsed.utterances):
        raise _empty(path, "no turn with words was found")
    return file, parsed


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
        raise _no_speakers(Path(where))
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


def _no_speakers(path: Path) -> SourceError:
    return SourceError(
        path.name,
        "it has words, but nothing says who speaks.",
        "put `Name: ` before each turn (in .vtt a voice tag `<v Name>` does as well), so that "
        "the interviewer's words are not counted as the participant's. If the participant alone "
        "is heard, as in a diary, declare `one_voice: true`.",
    )


def _empty(path: Path, problem: str) -> SourceError:
    return SourceError(
        path.name,
        f"the transcript is empty: {problem}.",
        "export it again, or take the file out of the study folder.",
    )


def _add_name(identities: dict[Row, None], raw_id: str, label: str) -> None:
    if not _is_generic(fold(label)):
        identities[(raw_id, "name", label)] = None


def _is_generic(folded: str) -> bool:
    generic = GENERIC_INTERVIEWERS | GENERIC_OBSERVERS | GENERIC_PARTICIPANTS
    return not folded or folded in generic or bool(_NUMBERED.fullmatch(folded))


def _note_file(notes: Notes, file: Opened, parsed: Parsed, roles: list[str]) -> None:
    name = file.path.name
    form = recognise(file)
    notes.count(name, f"read as {form.name} ({form.sign})", 1)
    about = notes.of(name)
    about.format, about.encoding = form.name, file.encoding
    about.n_in, about.n_used = about.n_in + len(roles), about.n_used + len(roles)
    for role in ("participant", "interviewer", "observer"):
        if role in roles:
            notes.count(name, f"turns of the {role}", roles.count(role))
    if file.encoding != "utf-8":
        notes.count(name, f"encoding {file.encoding}", 1)
    for what, n in parsed.odd.items():
        notes.warn(name, what, n)
