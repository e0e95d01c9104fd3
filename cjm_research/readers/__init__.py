"""Readers: from a source's files to raw rows in memory (`material`), one module a format.

`read_source` is the way in; `registry` lists the kinds of source.
"""

from __future__ import annotations

from cjm_research.readers.columns import list_unused_columns, read_columns
from cjm_research.readers.files import list_files
from cjm_research.readers.guesses.column_signs import words_of
from cjm_research.readers.guesses.guess import Guess
from cjm_research.readers.odd_ids import is_nobody
from cjm_research.readers.qda_places import PlacedTalk, PlacedTurn, place_project
from cjm_research.readers.qda_project import (
    Project,
    Selection,
    TextSource,
    read_project,
)
from cjm_research.readers.recognition import recognise_file
from cjm_research.readers.registry import READERS, find_bad_files, read_source

__all__ = [
    "READERS", "Guess", "PlacedTalk", "PlacedTurn", "Project", "Selection", "TextSource",
    "find_bad_files", "is_nobody", "list_files", "list_unused_columns", "place_project",
    "read_columns", "read_project", "read_source", "recognise_file", "words_of",
]  # fmt: skip
