"""Transcripts and QDA projects: who asks, who answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cjm_research.readers.guesses.guess import Guess
from cjm_research.readers.plain import ASKED, SUMMARY
from cjm_research.readers.qda_project import read_project
from cjm_research.readers.transcript_formats import Opened, open_transcript, recognise
from cjm_research.readers.utterances import (
    GENERIC_INTERVIEWERS,
    GENERIC_OBSERVERS,
    QUESTION_MARKS,
    Utterance,
    fold,
)


def guess_transcript(path: Path, askers: Collection[str] = (), encoding: str = "") -> Guess:
    """Return the guess of one transcript; `askers` are known to ask in others."""
    file = open_transcript(path, encoding=encoding, declared=frozenset())
    form = recognise(file)
    return _guess_talks(path.name, f"transcript, {form.name} ({form.sign})", [file], askers)


def guess_project(path: Path) -> Guess:
    """Return the guess of a QDA project, whose texts are transcripts."""
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


def _guess_talks(
    name: str, what: str, files: Sequence[Opened], askers: Collection[str] = ()
) -> Guess:
    """Return the guess of transcripts that are read in one way."""
    parsed = [recognise(file).parse(file) for file in files]
    talks = [[turn for turn in talk.utterances if turn.text] for talk in parsed]
    turns = [turn for talk in talks for turn in talk]
    labels = list(dict.fromkeys(turn.label for turn in turns if turn.label))
    if not turns:
        return Guess(name, "", "not read: no turn of speech was found in it")
    if not labels and _holds_questions(turns):
        note = (
            "no speaker's name was recognised, and some of it asks: write `Name: ` before each "
            "turn. Where the participant alone is heard, declare it as `kind: transcripts` with "
            "`one_voice: true`."
        )
        return Guess(name, "", f"not read: {what}, of an unknown number of people", asks=(note,))
    if not labels:
        note = (
            "no speaker's name was recognised: `one_voice: true` holds only if the participant "
            "alone is heard. If an interviewer is heard as well, write `Name: ` before each turn."
        )
        return Guess(name, "transcripts", what, {"one_voice": True}, (note,))
    known = [label for label in labels if label in askers]
    asking = known or _find_interviewers(labels, turns)
    source: dict[str, Any] = {"interviewers": asking}
    notes = [f"turns: {_count_turns(labels, turns)}."]
    if known:
        notes.append(f"{' and '.join(known)} asks in other files: proposed as interviewer here.")
    elif asking:
        notes.append(f"{' and '.join(asking)} asks most often, and is proposed as interviewer.")
    elif len(labels) > 1:
        notes.append("nobody asks more often than others: name who does under `interviewers:`.")
    if max(len(_find_others(talk, asking)) for talk in talks) > 1:
        source["participants"] = "speaker"
        notes.append("several people answer: each becomes a participant, by the name shown here.")
    notes += [f"{what}." for what in (ASKED, SUMMARY) if any(talk.odd.get(what) for talk in parsed)]
    return Guess(name, "transcripts", what, source, tuple(notes))


def _find_others(turns: Sequence[Utterance], asking: Sequence[str]) -> set[str]:
    labels = {turn.label for turn in turns if turn.label}
    return {label for label in labels if label not in asking and not _is_observer(label)}


_MANY = 0.1
_SENTENCE_END = re.compile(r"([.!…。?？؟])(?=\s|$)")


def _holds_questions(turns: Sequence[Utterance]) -> bool:
    """Tell whether more is asked than one voice would ask: an interviewer may be among them."""
    ends = [mark for turn in turns for mark in _SENTENCE_END.findall(turn.text)]
    n_asked = sum(mark in QUESTION_MARKS for mark in ends)
    return n_asked > 1 and n_asked >= _MANY * len(ends)


def _find_interviewers(labels: Sequence[str], turns: Sequence[Utterance]) -> list[str]:
    """Return who asks: usual words for it, else the one whose turns are questions most often."""
    generic = [label for label in labels if fold(label) in GENERIC_INTERVIEWERS]
    if generic or len(labels) < 2:
        return generic

    def share_of_questions(label: str) -> float:
        own = [turn.text for turn in turns if turn.label == label]
        return sum(any(mark in text for mark in QUESTION_MARKS) for text in own) / len(own)

    first, second = sorted(labels, key=share_of_questions, reverse=True)[:2]
    return [first] if share_of_questions(first) > share_of_questions(second) else []


def _is_observer(label: str) -> bool:
    return fold(label) in GENERIC_OBSERVERS


def _count_turns(labels: Sequence[str], turns: Sequence[Utterance]) -> str:
    counts = Counter(turn.label for turn in turns)
    shown = [f"{label} {counts[label]}" for label in labels[:8]]
    return ", ".join(shown) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
