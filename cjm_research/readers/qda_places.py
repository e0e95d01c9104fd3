"""Where the turns of a study's documents stand in the texts of a QDA project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cjm_research.config import Transcripts
from cjm_research.readers.files import find_files
from cjm_research.readers.notes import Notes
from cjm_research.readers.qda_project import Project, TextSource, is_project
from cjm_research.readers.transcripts import Talk, read_project_talks, read_talks, stem_of
from cjm_research.readers.turn_places import Places, find_turns
from cjm_research.readers.utterances import fold


@dataclass(frozen=True)
class PlacedTurn:
    """A turn of a document, and where it stands in the text of a QDA project; None: unknown."""

    text: str
    role: str
    places: Places | None


@dataclass(frozen=True)
class PlacedTalk:
    """A text of a QDA project, and the documents of the study that hold its turns."""

    text: TextSource
    documents: dict[str, tuple[PlacedTurn, ...]]


def place_project(
    source: Transcripts, path: Path, folder: Path, project: Project
) -> list[PlacedTalk]:
    """Return where the turns of a source's documents stand in the texts of a QDA project.

    Parameters
    ----------
    source : Transcripts
        Either it reads the project itself, or files from which texts of the project were made;
        those are known by their names.
    path : Path
        The project.
    folder : Path
        The study folder.
    project : Project
        What `read_project` found there.

    Raises
    ------
    SourceError
        If the source cannot be read.
    """
    found: list[tuple[TextSource, Talk]] = []
    texts = {stem_of(text.name).casefold(): text for text in project.sources if text.text}
    for file in find_files(source, folder, Notes()):
        if file.resolve() == path.resolve():
            found += read_project_talks(source, file, folder, project, Notes())
        elif not is_project(file) and file.stem.casefold() in texts:
            (talk,) = read_talks(source, file, folder, Notes())
            found.append((texts[file.stem.casefold()], talk))
    return [_place_talk(text, talk) for text, talk in found]


def _place_talk(text: TextSource, talk: Talk) -> PlacedTalk:
    places = find_turns(text.text, [turn.text for turn in talk.spoken])
    placed = {
        id(turn): PlacedTurn(turn.text, talk.roles[fold(turn.label)], at)
        for turn, at in zip(talk.spoken, places, strict=True)
    }
    return PlacedTalk(
        text,
        {
            talk.document(raw_id): tuple(placed[id(turn)] for turn in talk.turns_of(raw_id))
            for raw_id in dict.fromkeys(talk.ids.values())
        },
    )
