"""What a file probably is: the first thing `cjm check` says of a folder without study.yaml.

Nothing here reads a study. It proposes a declaration, with what shows it and with what only the
researcher can know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

from cjm_research.errors import SourceError, quoted
from cjm_research.readers.adobe_feed import is_companion
from cjm_research.readers.business_exports import recognise_business
from cjm_research.readers.campaigns import recognise_campaigns
from cjm_research.readers.cells import is_table, list_sheets, make_cells, read_records
from cjm_research.readers.event_exports import is_event_export
from cjm_research.readers.funnel_reports import (
    recognise_funnel,
)
from cjm_research.readers.ga4_funnel import NAME as GA4_FUNNEL
from cjm_research.readers.guesses.business import guess_business, guess_records, guess_roster
from cjm_research.readers.guesses.counted import guess_campaigns, guess_funnel
from cjm_research.readers.guesses.guess import Guess
from cjm_research.readers.guesses.keys import guess_keys
from cjm_research.readers.guesses.logs import (
    any_log,
    guess_event_export,
    guess_log,
    guess_parquet,
    guess_xes,
)
from cjm_research.readers.guesses.surveys import guess_spss, guess_survey
from cjm_research.readers.guesses.talks import guess_project, guess_transcript
from cjm_research.readers.notes import Notes
from cjm_research.readers.qda_project import is_project
from cjm_research.readers.spss import SUFFIXES as SPSS_SUFFIXES
from cjm_research.readers.spss import is_spss
from cjm_research.readers.survey_exports import TABLE, recognise_export
from cjm_research.readers.text import glance
from cjm_research.readers.turn_tables import has_turn_table
from cjm_research.readers.whisper import TSV_HEADER, has_segments
from cjm_research.readers.xes import is_xes

TALKS = (".docx", ".vtt", ".srt", ".sbv", ".txt", ".md", ".text")
_RECORDS = (".json", ".jsonl", ".ndjson")
_HEAD_BYTES = 4_000_000
_NO_DATA = re.compile(r"(readme|licen[cs]e|notice|changelog)(\..*)?", re.IGNORECASE)


def recognise_file(path: Path, askers: Collection[str] = ()) -> Guess:
    """Return what a file probably is. A file that cannot be read is said to be none, and why.

    Parameters
    ----------
    path : Path
    askers : collection of str, optional
        Speakers who are known to ask in other transcripts.
    """
    ending = path.suffix.casefold()
    try:
        if _NO_DATA.fullmatch(path.name):
            return Guess(path.name, "", "not read: it describes the others")
        if is_companion(path):
            return Guess(path.name, "", "not read alone: it belongs to the hits of a data feed")
        if ending in TALKS or _is_talk(path):
            return _ask_for_encoding(path, partial(guess_transcript, path, askers))
        if ending in SPSS_SUFFIXES or is_spss(path):
            return guess_spss(path)
        if is_project(path):
            return guess_project(path)
        if is_xes(path):
            return guess_xes(path)
        if _is_ga4_funnel(path):
            return guess_funnel(path, GA4_FUNNEL, {})
        if is_event_export(path, any_log(path)):
            of_business = guess_records(path) if ending in _RECORDS else None
            return of_business or guess_event_export(path)
        if ending == ".parquet":
            return guess_parquet(path)
        if is_table(path):
            return _guess_sheets(path) or _ask_for_encoding(path, partial(_guess_table, path))
    except SourceError as error:
        return Guess(path.name, "", f"cannot be used: {' '.join(str(error).split())}")
    advice = ": save it as .xlsx or CSV (UTF-8)" if ending in _OTHER_TABLES else ""
    what = f"not read: files ending in '{ending}' are none that is known{advice}"
    return Guess(path.name, "", what)


_OTHER_TABLES = (".xls", ".xlsb", ".xlsm", ".ods", ".numbers")


def _ask_for_encoding(path: Path, guess: Callable[..., Guess]) -> Guess:
    """Return a guess, of a text in an encoding of long ago with the question which one it is."""
    try:
        return guess(encoding="")
    except SourceError as error:
        try:
            # Every byte is a letter there: enough for the shape of a file, not for its words.
            found = guess(encoding="latin-1")
        except SourceError:
            raise error from None
        if not found.kind:
            raise error
        return replace(found, source=found.source | {"encoding": None})


def _is_talk(path: Path) -> bool:
    if path.suffix.casefold() not in (".json", ".tsv", ".csv"):
        return False
    head = _read_head(path)
    return head.startswith(TSV_HEADER) or has_segments(head) or has_turn_table(head)


def _is_ga4_funnel(path: Path) -> bool:
    return path.suffix.casefold() == ".json" and '"funnelTable"' in _read_head(path)


def _read_head(path: Path) -> str:
    with path.open("rb") as file:  # an export of events may be larger than memory
        return glance(file.read(_HEAD_BYTES))


def _guess_table(
    path: Path, encoding: str = "", sheet: str = "", notes: Notes | None = None
) -> Guess:
    notes = notes or Notes()
    records = read_records(path, notes=notes, encoding=encoding, sheet=sheet)
    funnel = recognise_funnel(records)
    if funnel:
        return guess_funnel(path, funnel.program, funnel.columns)
    campaigns = recognise_campaigns(records)
    if campaigns:
        return guess_campaigns(path, campaigns.program, campaigns.columns)
    export = recognise_export(records)
    cells = make_cells(path.name, export.header, records, first=export.first, notes=notes)
    # Columns of one name cannot be asked for by it; the second is called `name (2)` here.
    twice = [n for n in cells.frame if re.sub(r" \(\d+\)$", "", n) in cells.repeated]
    personal = [name for name in export.personal if name in cells.frame]
    frame = cells.frame.drop(columns={*twice, *personal})
    if export.name != TABLE:
        return guess_survey(path.name, frame, export, f"survey, exported by {export.shown}")
    business = recognise_business(list(frame.columns))
    if business:
        return guess_business(path.name, frame, business)
    if any("Salesforce" in what for _, _, what, _ in notes.rows):
        return guess_roster(path.name, frame, "people, as a CRM exports them")
    pairs = guess_keys(path.name, frame)
    log = pairs or guess_log(path.name, frame, len(frame))
    return log or guess_survey(path.name, frame, export, "survey: one row a person")


def _guess_sheets(path: Path) -> Guess | None:
    """Return the guess of the longest sheet that shows what it is; None where there is but one."""
    sheets = list_sheets(path) if path.suffix.casefold() == ".xlsx" else []
    if len(sheets) < 2:
        return None
    tried = [(*_try_sheet(path, sheet), sheet) for sheet in sheets[:_MOST_SHEETS]]
    # A cover of a few lines may look like a table as well.
    guess, _, sheet = max(tried, key=lambda one: (bool(one[0].kind), one[1]))
    ask = f"sheet '{sheet}' was taken; there are {quoted(sheets)}: `sheet:` takes another."
    source = guess.source | ({"sheet": sheet} if guess.kind else {})
    return replace(guess, source=source, asks=(ask, *guess.asks))


_MOST_SHEETS = 12


def _try_sheet(path: Path, sheet: str) -> tuple[Guess, int]:
    """Return the guess of a sheet, and how many rows it has."""
    notes = Notes()
    try:
        guess = _guess_table(path, notes=notes, sheet=sheet)
    except SourceError as error:  # an empty sheet, or a cover without columns
        guess = Guess(path.name, "", f"cannot be used: {' '.join(str(error).split())}")
    return guess, notes.of(path.name).n_in
