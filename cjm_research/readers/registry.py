"""Which reader reads which kind of source. A new kind of source is added here."""

from __future__ import annotations

import glob
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cjm_research.config import Source
from cjm_research.errors import CjmError, SourceError, UnknownNameError, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.readers.campaigns import read_campaign
from cjm_research.readers.event_logs import read_events
from cjm_research.readers.feedback import read_feedback
from cjm_research.readers.files import find_files, relative_name
from cjm_research.readers.funnel_reports import read_funnel_report
from cjm_research.readers.key_maps import read_keys
from cjm_research.readers.notes import Notes
from cjm_research.readers.observations import read_observations
from cjm_research.readers.odd_ids import warn_of_ids
from cjm_research.readers.progress import Say, follow, listening
from cjm_research.readers.roster import read_roster
from cjm_research.readers.surveys import read_survey
from cjm_research.readers.transcripts import read_transcripts

# A reader takes a source, the study folder and the journey, and gives the source's material.
READERS: dict[str, Callable[[Any, Path, Journey], Material]] = {
    "transcripts": read_transcripts,
    "survey": read_survey,
    "feedback": read_feedback,
    "events": read_events,
    "observations": read_observations,
    "roster": read_roster,
    "keys": read_keys,
    "funnel_report": read_funnel_report,
    "campaign": read_campaign,
}


def read_source(source: Source, folder: Path, journey: Journey, say: Say | None = None) -> Material:
    """Read the files of a source.

    Parameters
    ----------
    source : Source
        A source of study.yaml.
    folder : Path
        The study folder; `source.files` are relative to it.
    journey : Journey
        The study's stages.
    say : callable, optional
        Hears how many of many files have been read, every few seconds.

    Returns
    -------
    Material
        Raw rows, before pseudonyms and masking. Keep them in memory.

    Raises
    ------
    SourceError
        If a file is missing, unreadable or not what its kind promises.
    UnknownNameError
        If a file names a stage that the journey does not have.
    """
    if source.kind not in READERS:
        raise UnknownNameError("kind of source", source.kind, READERS)
    with listening(say):
        material = READERS[source.kind](source, folder, journey)
    _check_formats(source, material)
    return warn_of_ids(material)


def find_bad_files(
    source: Source, folder: Path, journey: Journey, say: Say | None = None
) -> list[CjmError]:
    """Read every file of a source alone, and return what is wrong with those that cannot be.

    `read_source` stops at the first bad file; this is for who has to mend them all. Takes what
    `read_source` takes.
    """
    problems: list[CjmError] = []
    with listening(say):
        try:
            files = find_files(source, folder, Notes())
        except SourceError:
            return []  # what is missing is no file's fault
        if len(files) == 1:
            return []  # `read_source` has said it
        for path in follow(files):
            pattern = glob.escape(relative_name(path, folder))
            alone = source.model_copy(update={"files": [pattern]})
            try:
                read_source(alone, folder, journey)
            except CjmError as error:
                problems.append(error)
    return problems


def _check_formats(source: Source, material: Material) -> None:
    """Check that files are what study.yaml says: a later export may look like something else."""
    allowed = {name.casefold() for name in source.format}
    for file, form in material.files[["file", "format"]].to_numpy():
        if allowed and form.casefold() not in allowed:
            raise SourceError(
                str(file),
                f"it was taken for '{form}', but `format:` of source '{source.id}' allows "
                f"{quoted(source.format)}.",
                "export it as before, or correct `format:` in study.yaml if this is right.",
            )
