"""Interviews: one participant a file, every turn with its speaker's role."""

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
from cjm_research.readers.plain import parse_plain
from cjm_research.readers.rows import Row, make_rows, make_turn
from cjm_research.readers.subtitles import has_srt_times, parse_srt, parse_vtt
from cjm_research.readers.text import read_text
from cjm_research.readers.utterances import (
    GENERIC_INTERVIEWERS,
    GENERIC_OBSERVERS,
    GENERIC_PARTICIPANTS,
    Parsed,
    Utterance,
    fold,
)

_SUFFIXES = (".txt", ".vtt", ".srt")
_NUMBERED = re.compile(r"(speaker|participant|p|user|customer|respondent|guest)[ _#-]*\d+")


def read_transcripts(source: Transcripts, folder: Path, journey: Journey) -> Material:
    """Return the turns of interviews, with names and words as they were found.

    Parameters
    ----------
    source : Transcripts
        Its `participant_pattern` finds the participant's id in a file's name.
    folder : Path
        The study folder.
    journey : Journey
        Not used; every reader takes the same arguments.

    Returns
    -------
    Material
        One document a file, one turn per stretch of a speaker. `unreviewed` counts the
        files whose masking nobody has reviewed.

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
        raw_id = _participant_id(source, path)
        people[raw_id] = None
        identities[(raw_id, "id", path.stem)] = None
        parsed, encoding = _parse(source, path)
        spoken = _merge_turns(parsed.utterances)
        roles = _assign_roles(spoken, source, path.name)
        reference = relative_name(path, folder)
        for turn in spoken:
            role = roles[fold(turn.label)]
            _add_name(identities, raw_id if role == "participant" else "", turn.label)
            turns.append(
                make_turn(
                    reference,
                    raw_id,
                    "interview",
                    role,
                    turn.text,
                    wave=source.wave,
                    heading=turn.heading,
                    start_s=turn.start_s,
                )
            )
        _note_file(notes, path.name, parsed, encoding, [roles[fold(turn.label)] for turn in spoken])
        unreviewed += not is_reviewed(source.masking_reviewed, path, folder)
    return Material(
        source=source.id,
        people=make_rows("people", [(raw_id, "") for raw_id in people]),
        identities=make_rows("identities", list(identities)),
        turns=make_rows("turns", turns),
        quality=notes.frame(),
        unreviewed=unreviewed,
    )


def _participant_id(source: Transcripts, path: Path) -> str:
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


def _parse(source: Transcripts, path: Path) -> tuple[Parsed, str]:
    if path.suffix.casefold() not in _SUFFIXES:
        raise SourceError(
            path.name,
            f"transcripts ending in '{path.suffix}' cannot be read.",
            f"save it as one of {quoted(_SUFFIXES)}, or narrow `files:` in study.yaml.",
        )
    text, encoding = read_text(path, encoding=source.encoding)
    declared = frozenset(fold(name) for name in [*source.interviewers, *source.observers])
    if not text.strip():
        raise _empty(path, "the file holds no text")
    if text.startswith("WEBVTT") or path.suffix.casefold() == ".vtt":
        parsed = parse_vtt(text, declared=declared, where=path.name)
    elif has_srt_times(text):
        parsed = parse_srt(text, declared=declared)
    elif path.suffix.casefold() == ".srt":
        raise _empty(path, "no cue with a time line such as `00:00:01,000 --> 00:00:04,000`")
    else:
        parsed = parse_plain(text, declared=declared)
    if not any(turn.text for turn in parsed.utterances):
        if parsed.odd.get("lines before the first speaker, left out"):
            raise _no_speakers(path)
        raise _empty(path, "no turn with words was found")
    return parsed, encoding


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
    if "" in shown:
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
    if len(participants) > 1:
        raise SourceError(
            where,
            f"{len(participants)} speakers could be the participant: {quoted(participants)}.",
            "declare all but one under `interviewers:` or `observers:` of this source. If one "
            "of them is no speaker, take away the colon after it.",
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
        "the interviewer's words are not counted as the participant's.",
    )


def _empty(path: Path, problem: str) -> SourceError:
    return SourceError(
        path.name,
        f"the transcript is empty: {problem}.",
        "export it again, or take the file out of the study folder.",
    )


def _add_name(identities: dict[Row, None], raw_id: str, label: str) -> None:
    folded = fold(label)
    generic = GENERIC_INTERVIEWERS | GENERIC_OBSERVERS | GENERIC_PARTICIPANTS
    if folded not in generic and not _NUMBERED.fullmatch(folded) and folded != fold(raw_id):
        identities[(raw_id, "name", label)] = None


def _note_file(notes: Notes, file: str, parsed: Parsed, encoding: str, roles: list[str]) -> None:
    for role in ("participant", "interviewer", "observer"):
        if role in roles:
            notes.count(file, f"turns of the {role}", roles.count(role))
    if encoding != "utf-8":
        notes.count(file, f"encoding {encoding}", 1)
    for what, n in parsed.odd.items():
        notes.warn(file, what, n)
