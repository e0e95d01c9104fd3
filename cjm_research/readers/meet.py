"""Google Meet's Word documents: a generated summary first, and the speech under bare times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cjm_research.readers.utterances import Parsed, Utterance, find_labels, split_label

_TIME = re.compile(r"\s*(\d{1,2}):([0-5]\d):([0-5]\d)\s*")
_MAIL = re.compile(r"\S@[\w-]+\.\w")
_NO_SPEECH = "paragraphs outside the transcript (such as the generated summary), left out"


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
    """Return what stands as `Name: text` directly under a time, and nothing else.

    A machine's summary and the list of attendees come in the same stream of paragraphs and
    are nobody's testimony.
    """
    filled = [paragraph for paragraph in paragraphs if paragraph.strip()]
    labels = find_labels(filled, declared=declared)
    utterances: list[Utterance] = []
    start_s: float | None = None
    n_other = 0
    for paragraph in filled:
        time = _TIME.fullmatch(paragraph)
        label, words = split_label(" ".join(paragraph.split()), labels=labels)
        if time:
            hours, minutes, seconds = map(int, time.groups())
            start_s = hours * 3600.0 + minutes * 60 + seconds
        elif start_s is not None and label:
            utterances.append(Utterance(label, words, "", start_s))
        else:
            start_s = None  # whatever comes now is speech no more, until the next time
            n_other += 1
    return Parsed([turn for turn in utterances if turn.text], {_NO_SPEECH: n_other})
