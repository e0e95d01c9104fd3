"""The files of a source: found by pattern, in a fixed order, never silently absent."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cjm_research.errors import SourceError, did_you_mean, quoted
from cjm_research.material import ABSENT
from cjm_research.readers.adobe_feed import list_companions
from cjm_research.readers.notes import Notes

if TYPE_CHECKING:
    from cjm_research.config import Source

MAX_FILE_BYTES = 2_000_000_000
_LISTED = 10


def find_files(source: Source, folder: Path, notes: Notes) -> list[Path]:
    """Return the files of a source, sorted by path.

    Parameters
    ----------
    source : Source
        Its `files` are patterns relative to the folder; `..` is allowed.
    folder : Path
        The study folder.
    notes : Notes
        Gets a warning when an optional source has no file.

    Raises
    ------
    SourceError
        If a pattern of a required source matches nothing, or a file is too large.
    """
    found: set[Path] = set()
    for pattern in source.files:
        matches = [
            Path(os.path.normpath(folder / match))
            for match in glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207
        ]
        # Office programs leave lock files (~$survey.xlsx) beside a file that is open.
        files = [path for path in matches if path.is_file() and not path.name.startswith("~$")]
        if not files and source.required:
            raise SourceError(
                pattern,
                f"source '{source.id}': no file matches '{pattern}' in {folder}. "
                f"{_what_is_there(folder, pattern)}",
                "correct `files:` of this source in study.yaml, add the file, or declare "
                "`required: false`.",
            )
        if not files:
            notes.warn(pattern, ABSENT)
        found |= set(files)
    for path in found:
        _check_size(path)
    return sorted(found)


def list_files(source: Source, folder: Path) -> list[Path]:
    """Return every file that a source's rows depend on, look-up tables included.

    Raises
    ------
    SourceError
        As `find_files`.
    """
    lookup = getattr(source, "stages_from", None)
    extra = [Path(os.path.normpath(folder / lookup.file))] if lookup else []
    files = find_files(source, folder, Notes())
    if source.kind == "events":
        extra += [beside for path in files for beside in list_companions(path)]
    return files + sorted({path for path in extra if path.is_file()} - set(files))


def is_reviewed(reviewed: str | list[str], path: Path, folder: Path) -> bool:
    """Tell whether somebody has read how names were masked in a file.

    Parameters
    ----------
    reviewed : "all" or list of str
        `masking_reviewed` of the source: file names, with or without suffix or folder.
    path, folder : Path
        The file and the study folder.
    """
    names = {path.name, path.stem, relative_name(path, folder)}
    return reviewed == "all" or bool(names & set(reviewed))


def relative_name(path: Path, folder: Path) -> str:
    """Return a file's path relative to the study folder, with forward slashes."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return path.as_posix()


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise SourceError(
            path.name,
            f"it has {size / 1e9:.1f} GB; files above {MAX_FILE_BYTES / 1e9:.0f} GB are refused.",
            "split it into several files and declare a pattern such as `events-*.parquet`.",
        )


def _what_is_there(folder: Path, pattern: str) -> str:
    parent = Path(os.path.normpath(folder / pattern)).parent
    while any(mark in parent.as_posix() for mark in "*?[") and parent != parent.parent:
        parent = parent.parent
    if not parent.is_dir():
        return f"The folder {parent} does not exist."
    names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    close = did_you_mean(Path(pattern).name, names)
    return f"{parent} holds {quoted(names[:_LISTED])}{more}.{close}"
