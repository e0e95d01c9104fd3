"""Where the selections of a QDA project stand in a study's masked documents."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cjm_research import privacy, readers
from cjm_research.config import Transcripts
from cjm_research.errors import ConfigError
from cjm_research.study import Study, steps


class Span(NamedTuple):
    """A passage of a masked document, and whose document it is."""

    document: str
    start: int
    end: int
    quote: str
    participant: str


@dataclass(frozen=True)
class Place:
    """Where a selection of text `number` stands, whether a participant said it, and its masker."""

    number: int
    spans: list[Span]
    is_said: bool
    masker: privacy.StudyMasker

    def mask(self, note: str) -> str:
        """Return a note without names."""
        return self.masker.text("codes", note) if note else ""


def place_selections(
    study: Study, path: Path, project: readers.Project
) -> Iterator[tuple[Place, readers.Selection, str]]:
    """Yield every selection of a project's texts with its places, or why there are none.

    Parameters
    ----------
    study : Study
        Its sources are read anew: raw words are kept nowhere.
    path : Path
        The project.
    project : Project
        What `readers.read_project` found there.

    Raises
    ------
    ConfigError
        If no transcript of the study is a text of the project.
    SourceError
        If a source cannot be read.
    """
    materials = steps.read_materials(study.config, study.journey, study.place.folder, _quietly)
    evidence = privacy.pseudonymise(materials, study.config, study.journey, study.open_vault())
    talks: dict[int, list[_Masked]] = defaultdict(list)
    for source in study.config.sources:
        if isinstance(source, Transcripts):
            for placed in readers.place_project(source, path, study.place.folder, project):
                talks[placed.text.number] += _mask_talk(source.id, placed, evidence)
    if not talks:
        raise ConfigError(
            path.name,
            ["no transcript of the study is a text of this project. Name the project under "
             "`files:` of a source of the kind transcripts, or give files the names of its "
             "texts."],
        )  # fmt: skip
    for text in project.sources:
        for selection in text.selections:
            problem, is_said = selection.problem, False
            spans: list[Span] = []
            if not problem and text.number not in talks:
                problem = "its text is no transcript of the study"
            elif not problem:
                spans, is_said = _find_spans(talks[text.number], selection)
                problem = "" if spans else _why_nowhere(talks[text.number])
            yield Place(text.number, spans, is_said, evidence.masker), selection, problem


def _quietly(words: str) -> None:
    """Say nothing: the study has said what it reads."""


@dataclass(frozen=True)
class _Masked:
    """A document, and its turns as they stand in the raw text and in the masked one."""

    document: str
    participant: str
    text: str
    turns: list[_Turn]


@dataclass(frozen=True)
class _Turn:
    """A turn; where its masked words begin in the document; its letters, and how they align."""

    placed: readers.PlacedTurn
    at: int
    letters: list[int]
    alignment: privacy.Alignment | None

    @property
    def is_known(self) -> bool:
        return self.placed.places is not None and self.alignment is not None

    def find(self, selection: readers.Selection) -> tuple[int, int] | None:
        """Return where the part of a selection that lies in this turn stands in the document."""
        if self.placed.places is None or self.alignment is None:
            return None
        first = bisect_left(self.placed.places, selection.start)
        last = bisect_left(self.placed.places, selection.end)
        if first >= last:
            return None
        span = self.alignment.place(self.letters[first], self.letters[last - 1] + 1)
        return None if span is None else (self.at + span[0], self.at + span[1])


def _mask_talk(
    source: str, placed: readers.PlacedTalk, evidence: privacy.Evidence
) -> Iterator[_Masked]:
    ids = {
        reference: document
        for document, reference in evidence.document_files.items()
        if document.startswith(f"{source}/")
    }
    documents = evidence.documents.set_index("document_id")
    for reference, turns in placed.documents.items():
        document = ids.get(reference)
        if document is None:  # of somebody who withdrew
            continue
        found, at = [], 0
        for turn in turns:
            words = evidence.masker.text(source, turn.text).strip()
            if words:
                letters = [i for i, one in enumerate(turn.text) if not one.isspace()]
                aligned = privacy.align_masked(turn.text, words)
                found.append(_Turn(turn, at, letters, aligned))
                at += len(words) + 1
        row = documents.loc[document]
        yield _Masked(document, row["participant_id"], row["text"], found)


def _find_spans(
    documents: Sequence[_Masked], selection: readers.Selection
) -> tuple[list[Span], bool]:
    """Return where a selection stands in each document, and whether a participant said it."""
    spans: list[Span] = []
    asked: list[Span] = []
    for masked in documents:
        pieces = [
            (turn.placed.role, *found)
            for turn in masked.turns
            if (found := turn.find(selection)) is not None
        ]
        if not pieces:
            continue
        start = min(start for _, start, _ in pieces)
        end = max(end for *_, end in pieces)
        quote = masked.text[start:end]
        start += len(quote) - len(quote.lstrip())
        stop = start + len(quote.strip())
        span = Span(masked.document, start, stop, quote.strip(), masked.participant)
        said = any(role == "participant" for role, *_ in pieces)
        (spans if said else asked).append(span)
    # What only an interviewer said stands in every document of a group, and counts in one.
    return spans or asked[:1], bool(spans)


def _why_nowhere(documents: Sequence[_Masked]) -> str:
    if not documents:
        return "its document is not in the study"
    if not all(turn.is_known for one in documents for turn in one.turns):
        return "its words were not found again in the transcript as it is read"
    return "no words of a turn stand there, only a name, a time or a heading"
