"""The codebook's log: codes renamed, merged, split and retired, and all of it undone.

`codebook_log.csv` beside study.yaml is only appended to. People's rows of codes never change:
what the log says is laid over the table `codes` whenever it is made, so that an undone change
leaves no trace in the results. Ids of codes are permanent; renaming changes what people read.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import ADJUDICATED, NONE, PERSON, unit_of
from cjm_research.errors import ConfigError, UnknownNameError, quoted
from cjm_research.review.files import locked, write_whole

LOG_FILE = "codebook_log.csv"
LOG_COLUMNS = [
    "change_id", "at", "by", "action", "code_group", "code", "into", "label", "note"
]  # fmt: skip
ACTIONS = ("rename", "merge", "split", "retire", "undo")

Code = tuple[str, str]
"""A code group and a code of it."""


def read_log(path: Path) -> pd.DataFrame:
    """Read the log of a codebook.

    Parameters
    ----------
    path : Path
        `codebook_log.csv`; it need not exist.

    Returns
    -------
    DataFrame
        One row per change, oldest first: `change_id` (1, 2, ... as text), `at`, `by`,
        `action`, `code_group`, `code`, `into` (merge: the code that stays; split: the new
        codes, separated by `;`; undo: the change that no longer holds), `label` (rename),
        `note`. All text.

    Raises
    ------
    ConfigError
        If columns are missing or a change cannot be, with its row.
    """
    if not path.exists():
        return pd.DataFrame({column: pd.Series(dtype="object") for column in LOG_COLUMNS})
    try:
        log = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ConfigError(LOG_FILE, [f"it cannot be read as UTF-8 CSV ({error})."]) from error
    missing = [column for column in LOG_COLUMNS if column not in log]
    if missing:
        raise ConfigError(
            LOG_FILE, [f"columns {quoted(missing)} are missing. Found: {quoted(log)}."]
        )
    log = log[LOG_COLUMNS]
    problems = [
        f"row {row + 2}: '{log['change_id'].iloc[row]}' is no number."
        for row in np.flatnonzero(~log["change_id"].str.fullmatch(r"\d+"))
    ]
    for number in range(len(log)):
        change = log.iloc[number].to_dict()
        problems += [
            f"row {number + 2}: {problem}" for problem in _problems(change, log.iloc[:number])
        ]
        if change["change_id"] in set(log["change_id"].iloc[:number]):
            problems.append(f"row {number + 2}: change '{change['change_id']}' is there twice.")
    if problems:
        raise ConfigError(LOG_FILE, problems)
    return log


def append_change(
    path: Path,
    *,
    action: str,
    by: str,
    code_group: str = "",
    code: str = "",
    into: str | Sequence[str] = "",
    label: str = "",
    note: str = "",
    known: Collection[Code],
) -> str:
    """Append one change to the log.

    Parameters
    ----------
    path : Path
        `codebook_log.csv`; made if it is not there.
    action : {"rename", "merge", "split", "retire", "undo"}
    by : str
        Who decided it.
    code_group, code : str
        The code that is renamed, merged into another, split or retired.
    into : str or sequence of str
        merge: the code that stays. split: at least two codes; they may be new. undo: the
        `change_id` that shall no longer hold.
    label : str
        rename: the new name for people to read; the id stays.
    note : str
        Why.
    known : collection of (code group, code)
        The codes that there are: of the codebook and of people's files.

    Returns
    -------
    str
        The `change_id`.

    Raises
    ------
    UnknownNameError
        If there is no such code.
    ConfigError
        If the change cannot be: a code merged into itself, into one that was merged or
        retired itself, undone twice ...; the message says what stands against it.
    """
    change = {
        "change_id": "", "at": "", "by": by.strip(), "action": action, "code_group": code_group,
        "code": code, "into": into if isinstance(into, str) else ";".join(into),
        "label": label.strip(), "note": note,
    }  # fmt: skip
    with locked(path):
        log = read_log(path)
        change["change_id"] = str(1 + max((int(n) for n in log["change_id"]), default=0))
        problems = _problems(change, log)
        if problems:
            raise ConfigError("This change of the codebook", problems)
        _check_known(change, log, known)
        change["at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        old = path.read_bytes() if path.exists() else _line(LOG_COLUMNS)
        end = b"" if old.endswith(b"\n") else b"\n"
        write_whole(path, old + end + _line([change[column] for column in LOG_COLUMNS]))
    return change["change_id"]


def apply_log(codes: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """Say codes as the codebook says them now.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`, of all coders, with the codes as they were given.
    log : DataFrame
        From `read_log`.

    Returns
    -------
    DataFrame
        Table `codes`: the same rows with the same `code_id`, in the same order.

        merge
            Rows of the code bear the code that stays; `attributes` keep `merged_from`. To
            refuse the narrower code is not to refuse the wider one: a person's refusal keeps
            its old code, and so do the lesser-ranked rows that it refuses.
        retire
            Rows keep their code and no longer hold: strength 0, with `retired` (the change)
            and `was` (their strength) in `attributes`.
        split
            Rows keep the old code until somebody recodes them. One that its coder recoded, by
            giving one of the new codes to the same excerpt after the split, no longer holds:
            strength 0, with `recoded` and `was` in `attributes`.

        Without the changes that were undone, so that an undo gives back what there was.
    """
    for change in current_changes(log).to_dict("records"):
        if change["action"] == "merge":
            codes = _merge(codes, change)
        elif change["action"] == "retire":
            rows = _rows_of(codes, change)
            codes = _set_aside(codes, rows, "retired", change["change_id"])
        elif change["action"] == "split":
            codes = _set_aside(codes, _recoded(codes, change), "recoded", change["change_id"])
    return codes


def list_worklist(codes: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """List what a split left to be recoded.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`, as given or after `apply_log`.
    log : DataFrame
        From `read_log`.

    Returns
    -------
    DataFrame
        One row per code that still holds and was split: `change_id`, `code_group`, `code`,
        `into`, `coder_id`, `document_id`, `start`, `end`, `excerpt_id`, `quote`; people's
        first. A row goes when its coder gives one of the new codes to the same excerpt or
        takes the old one back; a machine's row goes as soon as any person did.
    """
    columns = ["coder_id", "document_id", "start", "end", "excerpt_id", "quote"]
    parts = []
    now = apply_log(codes, log)
    for change in current_changes(log).to_dict("records"):
        if change["action"] != "split":
            continue
        held = now[_rows_of(now, change) & (now["strength"] > 0)]
        by_person = held["coder_id"].str.startswith(PERSON)
        judged = set(unit_of(now[_judgements(now, change)]))
        opened = held[by_person | ~unit_of(held).isin(judged)]
        opened = opened.assign(
            change_id=change["change_id"], into=change["into"], _machine=~by_person
        ).sort_values(["_machine", "coder_id", "document_id", "start"], kind="stable")
        parts.append(opened[["change_id", "code_group", "code", "into", *columns]])
    if not parts:
        parts = [pd.DataFrame(columns=["change_id", "code_group", "code", "into", *columns])]
    return pd.concat(parts, ignore_index=True)


def renamed_labels(log: pd.DataFrame) -> dict[Code, str]:
    """Return the names that renaming gave to codes, the last one of each, by group and code."""
    changes = current_changes(log)
    renames = changes[changes["action"] == "rename"]
    keys = zip(renames["code_group"], renames["code"], strict=True)
    return dict(zip(keys, renames["label"], strict=True))


def current_changes(log: pd.DataFrame) -> pd.DataFrame:
    """Return the changes that hold: neither undone nor themselves an undo."""
    undone = set(log.loc[log["action"] == "undo", "into"])
    return log[(log["action"] != "undo") & ~log["change_id"].isin(undone)]


def gone_codes(log: pd.DataFrame) -> dict[Code, str]:
    """Return the codes that are no longer given, with what became of them, in words."""
    gone: dict[Code, str] = {}
    for change in current_changes(log).to_dict("records"):
        what = {
            "merge": f"merged into '{change['into']}'",
            "retire": "retired",
            "split": f"split into {quoted(split_codes(change['into']))}",
        }.get(change["action"])
        if what:
            gone[(change["code_group"], change["code"])] = f"{what} (change {change['change_id']})"
    return gone


def split_codes(cell: str) -> list[str]:
    """Return the codes of a cell that separates them by semicolons."""
    return [code.strip() for code in cell.split(";") if code.strip()]


def _problems(change: Mapping[str, Any], before: pd.DataFrame) -> list[str]:
    """Return what stands against a change, given the changes before it."""
    action, code, into = change["action"], change["code"], split_codes(change["into"])
    if action not in ACTIONS:
        return [f"unknown action '{action}'. Allowed: {quoted(ACTIONS)}."]
    problems = [] if change["by"] else ["say who decided it (`by`)."]
    if action == "undo":
        return problems + _undo_problems(change["into"], before)
    if not change["code_group"] or not code:
        return [*problems, "it needs a code group and a code."]
    if change["code_group"] == "stage":
        problems.append("stages are changed in study.yaml, under `journey`.")
    if NONE in (code, *into):
        problems.append(f"'{NONE}' is no code of the codebook: it says that none applies.")
    gone = gone_codes(before)
    if (change["code_group"], code) in gone:
        problems.append(f"'{code}' was {gone[(change['code_group'], code)]}.")
    if code in into:
        problems.append(f"'{code}' cannot go into itself.")
    for other in into:
        if (change["code_group"], other) in gone:
            problems.append(f"'{other}' was {gone[(change['code_group'], other)]}.")
    if action == "rename" and not change["label"]:
        problems.append("a rename needs the new name.")
    if action == "merge" and len(into) != 1:
        problems.append("a merge needs the one code that stays.")
    if action == "split" and len(set(into)) < 2:
        problems.append("a split needs at least two codes to go into.")
    return problems


def _undo_problems(change_id: str, before: pd.DataFrame) -> list[str]:
    found = before[before["change_id"] == change_id]
    if found.empty:
        return [f"there is no change '{change_id}'. Changes: {quoted(before['change_id'])}."]
    if found["action"].iloc[0] == "undo":
        return [f"change '{change_id}' is an undo itself: make the change anew instead."]
    if change_id in set(before.loc[before["action"] == "undo", "into"]):
        return [f"change '{change_id}' was undone already."]
    return []


def _check_known(change: Mapping[str, Any], log: pd.DataFrame, known: Collection[Code]) -> None:
    """Refuse codes that nobody knows; a split may bring new ones."""
    if change["action"] == "undo":
        return
    group = change["code_group"]
    splits = current_changes(log)[lambda rows: rows["action"] == "split"]
    made = {
        (row["code_group"], code)
        for row in splits.to_dict("records")
        for code in split_codes(row["into"])
    }
    codes = sorted(code for kind, code in {*known, *made} if kind == group)
    if not codes:
        groups = sorted({kind for kind, _ in known})
        raise UnknownNameError("code group", group, groups, where=change["action"])
    wanted = [change["code"], *(split_codes(change["into"]) if change["action"] == "merge" else [])]
    for code in wanted:
        if code not in codes:
            raise UnknownNameError(f"{group} code", code, codes, where=change["action"])


def _merge(codes: pd.DataFrame, change: Mapping[str, Any]) -> pd.DataFrame:
    rows = _rows_of(codes, change)
    if not rows.any():
        return codes
    mine = codes[rows]
    units, order = unit_of(mine), mine["coder_id"].map(_closeness)
    refusing = (mine["strength"] == 0) & (order < _MACHINE)
    best = order.where(refusing).groupby(units).transform("min")
    # Of those who refused the code and those they outrank, nobody spoke of the wider code.
    stays = refusing | (order > best)
    moved = mine.index[~stays]
    codes = codes.copy()
    codes.loc[moved, "attributes"] = [
        _with(json.dumps({"merged_from": change["code"]}), json.loads(text))
        for text in codes.loc[moved, "attributes"]
    ]
    codes.loc[moved, "code"] = change["into"]
    return codes


def _recoded(codes: pd.DataFrame, change: Mapping[str, Any]) -> pd.Series:
    """Tell which rows of a split code their own coder has given a new code since."""
    new = codes[(codes["code_group"] == change["code_group"]) & _is_new(codes, change)]
    done = pd.MultiIndex.from_arrays([new["coder_id"], unit_of(new)])
    rows = _rows_of(codes, change) & (codes["strength"] > 0)
    theirs = pd.MultiIndex.from_arrays([codes["coder_id"], unit_of(codes)])
    return rows & theirs.isin(done)


def _judgements(codes: pd.DataFrame, change: Mapping[str, Any]) -> pd.Series:
    """Tell which rows are a person's word on how a split code is to be recoded."""
    no = (codes["code"] == change["code"]) & (codes["strength"] == 0)
    none = (codes["code"] == NONE) & (codes["strength"] > 0)
    mine = codes["coder_id"].str.startswith(PERSON) & (codes["code_group"] == change["code_group"])
    return mine & (_is_new(codes, change) | no | none)


def _is_new(codes: pd.DataFrame, change: Mapping[str, Any]) -> pd.Series:
    """Tell which rows give one of the codes of a split, and were said after it."""
    after = codes["coded_at"] >= pd.to_datetime(change["at"], utc=True, errors="coerce")
    return codes["code"].isin(split_codes(change["into"])) & (codes["strength"] > 0) & after


def _set_aside(codes: pd.DataFrame, rows: pd.Series, why: str, change_id: str) -> pd.DataFrame:
    if not rows.any():
        return codes
    codes = codes.copy()
    codes.loc[rows, "attributes"] = [
        _with(text, {why: change_id, "was": strength})
        for text, strength in zip(
            codes.loc[rows, "attributes"], codes.loc[rows, "strength"], strict=True
        )
    ]
    codes.loc[rows, "strength"] = 0.0
    return codes


def _rows_of(codes: pd.DataFrame, change: Mapping[str, Any]) -> pd.Series:
    return (codes["code_group"] == change["code_group"]) & (codes["code"] == change["code"])


def _closeness(coder_id: str) -> int:
    """Rank by id: a refusal of a merged code must be weighed before coders are known."""
    if coder_id == PERSON + ADJUDICATED:
        return 0
    return 1 if coder_id.startswith(PERSON) else _MACHINE


_MACHINE = 2


def _with(attributes: str, more: Mapping[str, Any]) -> str:
    return json.dumps(json.loads(attributes) | dict(more), ensure_ascii=False, sort_keys=True)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode("utf-8")
