"""The door to a QDA project's codings: people's codes in, each at its words in the masked text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cjm_research import coding, readers, review
from cjm_research.codes import ADJUDICATED, NONE, PERSON
from cjm_research.config import Transcripts
from cjm_research.errors import ConfigError, SourceError, TableError, did_you_mean, quoted
from cjm_research.review.anchors import plain
from cjm_research.study import Study
from cjm_research.study.coding_work import CODES, check_writable, list_allowed_codes
from cjm_research.study.qda_places import place_selections

_MAP_COLUMNS = ("name", "code_group", "code")
_CHOSEN = ("stage", "emotion", "expectation")
"""Groups whose codes are given: a map cannot add to them."""
# Whole words: people are called Max and Ai, and research assistants code.
_BY_MACHINE = re.compile(r"(?i)\bauto[- ]?cod(ed|er|ing)\b|\bAI[- ](assist|cod)|\b(Chat)?GPT\b")
_ROW = ["document_id", "start", "end", "quote", "code_group", "code", "strength", "note",
        "coded_at", "participant_id"]  # fmt: skip


@dataclass(frozen=True)
class ImportedProject:
    """What became of a project's codings.

    Attributes
    ----------
    appended, known : dict of coder to int
        Rows that are new in each person's file, and codings that were there already.
    matches : tuple of CodeMatch
        What each code became that somebody used.
    lost : tuple of str
        Codings that could not be taken, each with the reason; texts by their number, because
        their names may be people's.
    notes : tuple of str
        How the project was read, and what of it is left out.
    """

    appended: dict[str, int]
    known: dict[str, int]
    matches: tuple[coding.CodeMatch, ...]
    lost: tuple[str, ...]
    notes: tuple[str, ...]


def import_project(
    study: Study, path: Path, *, map_file: Path | None = None, coder: str = "",
    dry_run: bool = False,
) -> ImportedProject:  # fmt: skip
    """Append what people coded in a QDA program to their files of codes.

    Parameters
    ----------
    study : Study
        Its transcripts are the project's texts, or files of the same names.
    path : Path
        A `.qdpx`.
    map_file : Path, optional
        A CSV with the columns `name`, `code_group`, `code`: what codes of the project are in the
        study; a code is left out where both are empty.
    coder : str, optional
        Whose codings are that name nobody.
    dry_run : bool, default False
        Only say what would be appended.

    Returns
    -------
    ImportedProject
        The same project twice appends nothing the second time. What was taken away in the
        program since is not taken back.

    Raises
    ------
    ConfigError
        If no transcript of the study is a text of the project, or the map cannot be used.
    SourceError, TableError
        If a file is not there or cannot be read.
    """
    check_writable(study)
    if not path.is_file():
        raise SourceError(str(path), "there is no such file.", "correct the path of the project.")
    if coder:
        review.check_name(coder, "coder")
    encodings = [one.encoding for one in study.config.sources if isinstance(one, Transcripts)]
    project = readers.read_project(path, encoding=next(filter(None, encodings), ""))
    sheets = review.read_sheets(study.place.folder / CODES, journey=study.journey)
    allowed = list_allowed_codes(study, given=sheets)
    used = {
        code for text in project.sources for selection in text.selections
        for one in selection.codings for code in one.codes
    }  # fmt: skip
    codes = {guid: code.path for guid, code in project.codes.items()}
    said = {} if map_file is None else _read_map(map_file, codes, allowed)
    matches = coding.match_codes(codes, allowed, study.codebook, said)
    coders = _Coders(project, coder)
    rows: dict[str, list[list[object]]] = defaultdict(list)
    lost: list[str] = []
    n_asked = 0
    for place, selection, problem in place_selections(study, path, project):
        where = f"text {place.number}, {selection.said}"
        for name, group, code, at, why in _say(project, selection, matches, coders):
            if why or problem:
                lost.append(f"{where}: {why or problem}")
                continue
            n_asked += not place.is_said
            note = place.mask(selection.note)
            strength = 0.0 if group == review.MEMO else 1.0
            rows[name] += [
                [document, start, end, quote, group, code, strength, note, at, person]
                for document, start, end, quote, person in place.spans
            ]
    appended, known = {}, {}
    for name in sorted(rows):
        frame = pd.DataFrame(rows[name], columns=_ROW)
        frame = frame[~pd.Series([_key(row) for row in frame.to_dict("records")]).duplicated()]
        new = _drop_known(frame, sheets[sheets["coder_id"] == f"{PERSON}{name}"])
        appended[name], known[name] = len(new), len(frame) - len(new)
        if not dry_run:
            review.append_codes(study.place.folder / CODES, name, new)
    notes = [project.counting, *(f"{what} ({n:,})" for what, n in project.odd.items())]
    if n_asked:
        notes.append(
            f"codings that lie in an interviewer's words and count for nobody ({n_asked:,})"
        )
    shown = [match for guid, match in matches.items() if guid in used]
    return ImportedProject(
        appended, known, tuple(sorted(shown, key=lambda match: match.name)), tuple(lost),
        (*notes, *coders.notes()),
    )  # fmt: skip


def _read_map(
    path: Path, codes: Mapping[str, Sequence[str]], allowed: pd.DataFrame
) -> dict[str, tuple[str, str]]:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(
            path.name, f"it cannot be read as a UTF-8 CSV ({type(error).__name__}).",
            f"write a table with the columns {quoted(_MAP_COLUMNS)}.",
        ) from error  # fmt: skip
    if sorted(table.columns) != sorted(_MAP_COLUMNS):
        raise TableError(
            path.name, "map", [f"its columns must be {quoted(_MAP_COLUMNS)}; found "
                               f"{quoted(table.columns)}."],
        )  # fmt: skip
    table = table.apply(lambda column: column.str.strip())
    leaves = Counter(path[-1] for path in codes.values())
    names = {"::".join(path) for path in codes.values()} | {
        leaf for leaf, n in leaves.items() if n == 1
    }
    given = set(allowed[["code_group", "code"]].itertuples(index=False, name=None))
    problems = []
    for row, (name, group, code) in enumerate(table[[*_MAP_COLUMNS]].to_numpy(), start=2):
        if name not in names:
            twice = f" {leaves[name]} codes are called so: write those above too, as in "
            hint = f"{twice}'Above::{name}'." if leaves[name] else did_you_mean(name, names)
            problems.append(f"row {row}: the project has no one code '{name}'.{hint}")
        if bool(group) != bool(code):
            problems.append(f"row {row}: give both `code_group` and `code`, or neither.")
        elif group in _CHOSEN and (group, code) not in given:
            fits = sorted(name for kind, name in given if kind == group)
            problems.append(f"row {row}: no {group} '{code}'. Allowed: {quoted(fits)}.")
        elif code == NONE or group == review.MEMO:
            problems.append(f"row {row}: '{group}' '{code}' is no code.")
    problems += [f"'{name}' is there twice." for name, n in Counter(table["name"]).items() if n > 1]
    if problems:
        raise TableError(path.name, "map", problems[:20])
    return {name: (group, code) for name, group, code in table[[*_MAP_COLUMNS]].to_numpy()}


class _Coders:
    """Names of coders' files for the users of a project; programs are none."""

    def __init__(self, project: readers.Project, default: str) -> None:
        self._default = default
        self._origin = " ".join(project.origin.split()).casefold()
        self._names: dict[str, str] = {}
        self._renamed = 0
        for guid, name in project.users.items():
            self._names[guid] = "" if self._is_program(name) else self._file_name(name, guid)

    def find(self, guid: str) -> tuple[str, str]:
        """Return the coder's name, or why there is none."""
        name = self._names.get(guid)
        if name is None and self._default:
            return self._default, ""
        if name is None:
            return "", "nobody is named as its coder (`--coder NAME` says who it is)"
        return name, "" if name else "a program coded it, and no person"

    def notes(self) -> list[str]:
        """Say which users have no name that a file may bear."""
        what = "users whose names no file may bear, called coder- and the start of their guid"
        return [f"{what} ({self._renamed})"] if self._renamed else []

    def _is_program(self, name: str) -> bool:
        folded = name.casefold()
        of_origin = bool(folded) and f"{self._origin} ".startswith(f"{folded} ")
        return of_origin or bool(_BY_MACHINE.search(name))

    def _file_name(self, name: str, guid: str) -> str:
        made = review.reviewer_name(name)
        try:
            # That name outranks everybody: it is for the researcher to give, not for a file.
            return review.check_name("" if made == ADJUDICATED else made, "coder")
        except ConfigError:
            self._renamed += 1
            return f"coder-{re.sub('[^0-9a-f]', '', guid)[:8] or 'unknown'}"


def _say(
    project: readers.Project,
    selection: readers.Selection,
    matches: Mapping[str, coding.CodeMatch],
    coders: _Coders,
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield coder, group, code, time and problem of whatever a selection says."""
    if not selection.codings:
        name, why = coders.find(selection.coder)
        if selection.note:
            yield name, review.MEMO, review.MEMO, _time(selection.at), why
        else:
            yield "", "", "", "", "it bears neither a code nor a memo"
    for one in selection.codings:
        name, why = coders.find(one.coder)
        if not one.codes:
            yield "", "", "", "", "a coding without a code"
        for guid in one.codes:
            match = matches.get(guid)
            if match is None:
                kind = "a case" if guid in project.cases else "no code of the project"
                yield "", "", "", "", f"it is coded with {kind}"
            elif match.code_group:
                yield name, match.code_group, match.code, _time(one.at), why


def _time(said: str) -> str:
    """Return a time that a file of codes may hold; what is none is left out."""
    at = pd.to_datetime(said, utc=True, errors="coerce", format="ISO8601")
    if pd.isna(at):
        return ""
    text: str = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return text


def _drop_known(rows: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Leave out what stands in the coder's file, whatever was said about it later."""
    known = {_key(row) for row in own.to_dict("records")}
    return rows[[_key(row) not in known for row in rows.to_dict("records")]]


def _key(row: Mapping[str, object]) -> tuple[str, ...]:
    keys = ("participant_id", "start", "code_group", "code")
    memo = str(row["note"]).strip() if row["code_group"] == review.MEMO else ""
    return (*(str(row[key]) for key in keys), plain(str(row["quote"])), memo)
