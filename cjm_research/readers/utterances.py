"""What every transcript format becomes first, and how a line's speaker is told from its words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

QUESTION_MARKS = ("?", "？", "؟")
GENERIC_INTERVIEWERS = frozenset(
    {"interviewer", "moderator", "researcher", "facilitator", "i", "int", "q"}
)
GENERIC_OBSERVERS = frozenset({"observer", "note-taker", "notetaker", "note taker"})
GENERIC_PARTICIPANTS = frozenset(
    {"participant", "respondent", "interviewee", "customer", "user", "client", "guest", "patient"}
    | {"tester", "speaker", "unknown speaker", "unknown", "p", "r", "a"}
)

# Words that open a sentence before a colon far more often than they name a person.
_NOT_LABELS = frozenset(
    {
        "note",
        "notes",
        "question",
        "answer",
        "questions",
        "example",
        "examples",
        "however",
        "also",
        "first",
        "firstly",
        "second",
        "secondly",
        "third",
        "finally",
        "well",
        "so",
        "and",
        "but",
        "yes",
        "no",
        "ok",
        "okay",
        "pros",
        "cons",
        "plus",
        "minus",
        "summary",
        "conclusion",
        "problem",
        "issue",
        "result",
        "results",
        "reason",
        "update",
        "warning",
        "error",
        "tip",
        "hint",
        "reminder",
        "important",
        "step",
        "option",
        "topic",
        "section",
        "part",
        "task",
        "scenario",
        "date",
        "time",
        "duration",
        "location",
        "place",
        "recorded",
        "recording",
        "transcript",
        "interview",
        "subject",
        "re",
        "fwd",
        "http",
        "https",
        "mailto",
        "ps",
        "nb",
        "or",
        "because",
        "then",
        "anyway",
        "honestly",
        "basically",
        "actually",
        "again",
        "today",
        "yesterday",
        "tomorrow",
        "why",
        "what",
        "how",
        "when",
        "where",
        "who",
    }
)
# Marks that transcribers put in brackets; they are sounds, neither sections nor speakers.
SOUNDS = re.compile(
    r"(?i)\W*(laugh|chuckl|giggl|inaudible|unintelligible|indistinct|cross-?talk|paus|silence|"
    r"music|applause|sigh|cough|noise|recording|overlap|background|redacted|end of|phone rings)"
)
_LABEL = re.compile(
    r"\s*(?P<label>[^\s:：<>\[\]][^:：<>\[\]\n]{0,59}?)\s*(?::(?:\s+|$)|：\s*)(?P<text>.*)"
)
_PARTICLES = frozenset(
    {
        "van",
        "von",
        "de",
        "der",
        "den",
        "da",
        "di",
        "du",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "ter",
        "und",
        "y",
    }
)
_MAX_WORDS = 4
_OFTEN = 3
_MOST = 0.8


@dataclass(frozen=True)
class Utterance:
    """Words under one speaker label; without a label they belong to the speaker before."""

    label: str
    text: str
    heading: str = ""
    start_s: float = math.nan


@dataclass(frozen=True)
class Parsed:
    """A transcript file's words in order, and what was odd about it, counted.

    `aside` are blocks of speech that were left out, by their lines in the file.
    """

    utterances: list[Utterance]
    odd: dict[str, int]
    aside: dict[str, list[int]] = field(default_factory=dict)


def fold(label: str) -> str:
    """Return a label for comparing: one space between words, no case."""
    return " ".join(label.split()).casefold()


def find_labels(lines: Iterable[str], *, declared: frozenset[str]) -> frozenset[str]:
    """Return the (folded) labels that name a speaker somewhere in these lines.

    What stands before a colon is a speaker when it is declared or a usual role, is written
    like a name, or stands there often. Everything else is words.
    """
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for line in lines:
        match = _LABEL.match(line)
        if match:
            folded = fold(match["label"])
            counts[folded] += 1
            shown.setdefault(folded, match["label"])
    known = declared | GENERIC_INTERVIEWERS | GENERIC_OBSERVERS | GENERIC_PARTICIPANTS
    return frozenset(
        folded
        for folded, n in counts.items()
        if folded in known
        or (folded not in _NOT_LABELS and (is_name_like(shown[folded]) or _is_often(folded, n)))
    )


def find_every_label(lines: Sequence[str], *, declared: frozenset[str]) -> frozenset[str]:
    """Return the labels of lines that each begin with a speaker, whatever way it is written.

    Where most lines do, as in Zoom's captions, `jürgen g.: ` is a speaker as well.
    """
    labels = find_labels(lines, declared=declared)
    found = (fold(match["label"]) for match in map(_LABEL.match, lines) if match)
    written = [n for n in found if n not in _NOT_LABELS and len(n.split()) <= _MAX_WORDS]
    if not labels or len(written) < _MOST * len(lines):
        return labels
    return labels | set(written)


def count_doubtful(lines: Iterable[str], labels: frozenset[str]) -> int:
    """Return how many lines begin as a speaker's do, and are read as words."""
    found = (fold(match["label"]) for match in map(_LABEL.match, lines) if match)
    return sum(
        label not in labels and label not in _NOT_LABELS and len(label.split()) <= 2
        for label in found
    )


def split_label(line: str, *, labels: frozenset[str]) -> tuple[str, str]:
    """Return the speaker label and the words of a line; the label is empty when it has none."""
    match = _LABEL.match(line)
    if match and fold(match["label"]) in labels:
        return " ".join(match["label"].split()), match["text"].strip()
    return "", line.strip()


def is_name_like(label: str) -> bool:
    """Return True when a label is written as names are: few words, no lower case but particles."""
    words = re.sub(r"\(.*?\)", "", label).split()
    return (
        0 < len(words) <= _MAX_WORDS
        and label[-1] not in ",;?!"
        and not (label[-1] == "." and len(words[-1]) > 3)
        and all(word in _PARTICLES or not word[0].islower() for word in words)
        and any(character.isalnum() for character in label)
    )


def _is_often(folded: str, n: int) -> bool:
    return n >= _OFTEN and len(folded.split()) <= 2
