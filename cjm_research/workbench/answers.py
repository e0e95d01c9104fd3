"""What one coder has said about each excerpt, and the rows that say something new.

A sheet of codes is append-only: what holds now is what remains after its rows are read in
their order, and a change of mind is a further row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from cjm_research.codes import NONE
from cjm_research.review import MEMO

Span = tuple[str, int, int]
"""Document, start and end."""

ROW_COLUMNS = [
    "document_id", "start", "end", "quote", "code_group", "code", "strength", "severity", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Held:
    """A code that holds: how severe, the memo, and the span that it was given to."""

    span: Span
    quote: str
    severity: int = 0
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """What is said about one excerpt.

    Attributes
    ----------
    codes : dict of code group to dict of code to severity
        0 where there is no severity. The code `none` says that nothing of the group applies;
        a group that is absent has not been answered.
    note : str
        The memo.
    """

    codes: dict[str, dict[str, int]] = field(default_factory=dict)
    note: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """The same as plain values for the browser."""
        return {"codes": {g: dict(codes) for g, codes in self.codes.items()}, "note": self.note}


class Answers:
    """One coder's answers, kept by excerpt.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    codes : DataFrame
        That coder's rows of the table `codes`: they are anchored, also where a transcript was
        corrected or a quote is only a part of an excerpt.
    sheet : DataFrame
        The coder's file as `review.read_sheets` gives it: it may be newer than the tables.
    """

    def __init__(self, excerpts: pd.DataFrame, codes: pd.DataFrame, sheet: pd.DataFrame) -> None:
        keys = zip(excerpts["document_id"], excerpts["start"], excerpts["end"], strict=True)
        rows = zip(keys, excerpts["excerpt_id"], excerpts["text"], strict=True)
        self._home: dict[str, tuple[Span, str]] = {}
        self._excerpts: dict[Span, list[str]] = {}
        for (document, start, end), excerpt, text in rows:
            span = (document, int(start), int(end))
            self._home[excerpt] = (span, text)
            self._excerpts[span] = [excerpt]
        self._held: dict[str, dict[str, dict[str, Held]]] = {}
        self._memos: dict[str, str] = {}
        anchored = codes[codes["excerpt_id"] != ""]
        for row in anchored.itertuples():
            spread = self._excerpts.setdefault((row.document_id, row.start, row.end), [])
            if row.excerpt_id not in spread:
                spread.append(row.excerpt_id)
        self.apply(_in_order(anchored, sheet))

    def of(self, excerpt_id: str) -> Answer:
        """Return what holds for an excerpt."""
        held = self._held.get(excerpt_id, {})
        notes = [one.note for codes in held.values() for one in codes.values()]
        notes.append(self._memos.get(excerpt_id, ""))
        return Answer(
            {
                group: {code: one.severity for code, one in codes.items()}
                for group, codes in held.items()
            },
            "\n".join(filter(None, dict.fromkeys(notes))),
        )

    def answered(self, excerpt_id: str) -> set[str]:
        """Return the code groups that are answered, be it by `none`."""
        return set(self._held.get(excerpt_id, {}))

    def used(self) -> list[tuple[str, str]]:
        """Return every (code group, code) that holds somewhere, in alphabetical order."""
        return sorted(
            {
                (group, code)
                for held in self._held.values()
                for group, codes in held.items()
                for code in codes
                if code != NONE
            }
        )

    def apply(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Read further rows, the latest last."""
        for row in rows:
            span = (row["document_id"], int(row["start"]), int(row["end"]))
            for excerpt in self._excerpts.get(span, ()):
                self._read_row(excerpt, span, row)

    def _read_row(self, excerpt: str, span: Span, row: Mapping[str, Any]) -> None:
        if row["code_group"] == MEMO:
            self._memos[excerpt] = row["note"]
            return
        groups = self._held.setdefault(excerpt, {})
        codes = groups.setdefault(row["code_group"], {})
        if row["strength"] > 0:
            if row["code"] == NONE:
                codes.clear()
            codes.pop(NONE, None)
            codes[row["code"]] = Held(span, row["quote"], row["severity"], row["note"])
        else:
            codes.pop(row["code"], None)
        if not codes:
            del groups[row["code_group"]]

    def rows_for(self, excerpt_id: str, wanted: Answer) -> pd.DataFrame:
        """Return the rows to append so that an answer holds.

        Refusals come first: strength 0 for each code that no longer holds, over the span that
        it was given to. A memo stands on every code of its excerpt, and a changed one says
        them all again; where there is no code, it stands by itself.

        Returns
        -------
        DataFrame
            Columns of a sheet; empty when the answer holds already.
        """
        held = self._held.get(excerpt_id, {})
        here = Held(*self._home[excerpt_id])
        noted = self.of(excerpt_id).note != wanted.note
        gone = [
            _row(replace(one, severity=0, note=""), group, code, strength=0)
            for group, codes in held.items()
            for code, one in codes.items()
            if code not in wanted.codes.get(group, {})
        ]
        said = []
        for group, chosen in wanted.codes.items():
            for code, severity in chosen.items():
                before = held.get(group, {}).get(code)
                if before is None or before.severity != severity or noted:
                    now = replace(before or here, severity=severity, note=wanted.note)
                    said.append(_row(now, group, code, strength=1))
        alone = "" if any(wanted.codes.values()) else wanted.note
        if self._memos.get(excerpt_id, "") != alone and (noted or alone):
            said.append(_row(replace(here, note=alone), MEMO, MEMO, strength=0))
        return pd.DataFrame([*gone, *said], columns=ROW_COLUMNS)


def _row(held: Held, group: str, code: str, *, strength: int) -> dict[str, Any]:
    document, start, end = held.span
    return {
        "document_id": document,
        "start": start,
        "end": end,
        "quote": held.quote,
        "code_group": group,
        "code": code,
        "strength": strength,
        "severity": held.severity,
        "note": held.note,
    }


def _in_order(codes: pd.DataFrame, sheet: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the tables, then what was written since the tables were made."""
    tabled = codes[[*ROW_COLUMNS[:-2], "note"]].assign(
        severity=[json.loads(text).get("severity", 0) for text in codes["attributes"]]
    )
    newest = codes["coded_at"].max()
    times = pd.to_datetime(sheet["coded_at"], utc=True, errors="coerce", format="ISO8601")
    # What the tables know already they know better: re-anchored, and under its code of today.
    newer = pd.isna(newest) | (times > newest) | (sheet["code_group"] == MEMO)
    placed = sheet["start"].str.isdigit() & sheet["end"].str.isdigit()
    filed = sheet[newer & placed]
    filed = filed.assign(severity=filed["severity"].fillna(0).astype(int))
    return [*tabled[ROW_COLUMNS].to_dict("records"), *filed[ROW_COLUMNS].to_dict("records")]
