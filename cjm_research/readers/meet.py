"""Google Meet's Word documents: a generated summary first, and the speech under bare times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cjm_research.readers.utterances import Parsed, Utterance, find_labels, split_label

_TIME = re.compile(r"\s*(\d{1,2}):([0-5]\d):([0-5]\d)\s*")
_MAIL = re.compile(r"\S@[\w-]+\.\w")
_NO_SPEECH = "paragraphs before and after all speech (such as a generated summary), left out"


def has_timed_speech(paragraphs: Sequence[str]) -> bool:
    """Return True when a paragraph `hh:mm:ss` stands above one `Name: text`."""
    filled = [paragraph for paragraph in paragraphs if paragraph.strip()]
    labels = find_labels(filled, declared=frozenset())
    return any(
        _TIME.fullmatch(above) and split_label(below, labels=labels)[0]
        for above, below in pairwise(filled)
    )


def lists_attendees(paragraphs: Sequence[str]) -> bool:
    """Return True when an address stands above all speech, as it does in notes of a meeting."""
    return any(_MAIL.search(paragraph) for paragraph in paragraphs[:10])


def parse_meet(paragraphs: Sequence[str], *, declared: frozenset[str]) -> Parsed:
    """Return what stands as `Name: text` under a time, with the paragraphs that go on with it.

    A machine's summary and the list of attendees come before the first time in the same stream
    of paragraphs and are nobody's testimony; nor is what follows the last turn.
    """
    filled = [paragraph for paragraph in paragraphs if paragraph.strip()]
    labels = find_labels(filled, declared=declared)
    utterances: list[Utterance] = []
    waiting: list[str] = []
    start_s: float | None = None
    n_other = 0
    for paragraph in filled:
        time = _TIME.fullmatch(paragraph)
        label, words = split_label(" ".join(paragraph.split()), labels=labels)
        if start_s is None and not time:
            n_other += 1
        elif not time and not label:
            # More of the turn above, unless nobody speaks after it.
            waiting.append(words)
        else:
            n_other += _go_on(utterances, waiting)
            waiting = []
        if time:
            hours, minutes, seconds = map(int, time.groups())
            start_s = hours * 3600.0 + minutes * 60 + seconds
        elif start_s is not None and label:
            utterances.append(Utterance(label, words, "", start_s))
    n_other += len(waiting)
    return Parsed([turn for turn in utterances if turn.text], {_NO_SPEECH: n_other})


def _go_on(utterances: list[Utterance], more: list[str]) -> int:
    """Add paragraphs to the last turn; return how many belong to none."""
    if not utterances:
        return len(more)
    last = utterances[-1]
    text = "\n".join([last.text, *more]).strip()
    utterances[-1] = Utterance(last.label, text, "", last.start_s)
    return 0
