"""What a finding cites, looked up: a participant's words, or one cell of a table.

A link that no longer holds is said twice: in `LinkError.words` with nothing that a participant
or the author of the link wrote, for records and pages; in `LinkError.detail` with it, for the
person at the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cjm_research import integration, review, synthesis
from cjm_research.config import EvidenceLink
from cjm_research.errors import CjmError, did_you_mean, quoted
from cjm_research.study import TABLES, Study

NOT_CODED = frozenset({"stage", "theme"})
"""Code groups that say where words belong, not what they say."""

_OF_PERSONS = ("participant_id", "document_id", "excerpt_id")
_SPLIT = ["segment", "segment_value"]
_IDS = frozenset(
    {"stage", "told_at", "next_stage", "source", "code", "code_group", "measure", "wave", "segment"}
)
"""Columns of declared names: a slip in one is answered with the name nearest to it."""

_COUNTED = {
    ("funnel", "drop_off_rate"): ("n_dropped", "n_entered"),
    ("funnel", "reached_rate"): ("", "n_first"),
    ("journey_map", "drop_off_rate"): ("n_dropped", "n_entered"),
    ("opportunities", "drop_off_rate"): ("", ""),
    ("joint_display", "rate"): ("n_lost", "n"),
    ("stage_behaviour", "rate"): ("n_lost", "n"),
    ("segment_comparison", "difference"): ("", ""),
    ("kpis", "value"): ("count", "n"),
    ("loss", "rate"): ("n_lost", "n_judged"),
    ("loyalty", "rate"): ("n_did", "n"),
}
"""Columns of the count and of the whole that a figure is made of, where they are not the usual."""

_MAIN = ("share", "rate", "value", "mean", "difference", "risk_ratio", "ratio", "median")
"""Columns to which a row's plain `low` and `high` may belong."""


class LinkError(CjmError):
    """A link does not hold.

    Parameters
    ----------
    words : str
        What is wrong, in words that may be kept and published.
    detail : str
        More, for the person who can open the study: it may hold participants' words.
    """

    def __init__(self, words: str, detail: str = "") -> None:
        self.words = words
        self.detail = detail
        super().__init__(words)


@dataclass(frozen=True)
class CitedQuote:
    """Words that a finding rests on, at their place in the source.

    Attributes
    ----------
    link : int
        Place of the link in the finding, from 1.
    document_id : str
    start, end : int
        Character offsets in the document's text; `text` is what stands there.
    text, alias, speaker, source, source_label, at, prompt : str
        As in table `quotes`.
    stage : str
        Id; empty when the words are in none.
    quote_id : str
        The quote of table `quotes` with these words; empty when it was not chosen.
    codes : tuple of str
        "group:code", of the sentences that the words stand in.
    against : bool
        It is a counter-example.
    """

    link: int
    document_id: str
    start: int
    end: int
    text: str
    alias: str
    speaker: str
    source: str
    source_label: str
    at: str
    prompt: str
    stage: str
    quote_id: str
    codes: tuple[str, ...]
    against: bool


@dataclass(frozen=True)
class CitedCell:
    """A cell that a finding rests on.

    Attributes
    ----------
    link : int
        Place of the link in the finding, from 1.
    table, column : str
    where : mapping of str to str
        What chose the row.
    value : float, bool or str
        What stands there.
    source_label : str
        The source of the row, as people know it; empty where it has none.
    row : mapping of str to object
        The row, as it is published; lists left out.
    n_counted, n : float or None
        How many of how many, where the row says so of this column.
    low, high : float or None
        The interval, where the row has one of this column.
    """

    link: int
    table: str
    column: str
    where: Mapping[str, str]
    value: float | bool | str
    source_label: str
    row: Mapping[str, Any]
    n_counted: float | None
    n: float | None
    low: float | None
    high: float | None


class Evidence:
    """The tables of a study, in which links are looked up.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._smallest = study.config.integration.smallest_cell
        self._tables: dict[str, pd.DataFrame] = {}
        self._published: dict[str, pd.DataFrame] = {}

    def quote(self, link: EvidenceLink, number: int) -> CitedQuote:
        """Return the words that a link names.

        Raises
        ------
        LinkError
            If the document, the excerpt or the words are not there, if they are the
            interviewer's, of several people, or of somebody who may not be quoted.
        """
        document_id, start, end = self._place(link)
        spoken = self._table("excerpts").query("document_id == @document_id")
        spoken = spoken[(spoken["start"] < end) & (spoken["end"] > start)]
        self._check_speakers(spoken)
        first = spoken.iloc[0]
        document = self._documents.loc[document_id]
        person = self._people.loc[first["participant_id"]]
        stages = [str(stage) for stage in spoken["stage"] if stage not in ("", "unassigned")]
        source = str(document["source"])
        return CitedQuote(
            link=number,
            document_id=document_id,
            start=start,
            end=end,
            text=str(document["text"])[start:end],
            alias=str(person["alias"]),
            speaker=str(first["speaker"]),
            source=source,
            source_label=self._labels.get(source, source),
            at=synthesis.describe_place({**document.to_dict(), **first.to_dict()}),
            prompt=str(first["prompt"]),
            stage=stages[0] if stages else "",
            quote_id=self._chosen(document_id, start, end),
            codes=self._codes(spoken),
            against=link.against,
        )

    def cell(self, link: EvidenceLink, number: int) -> CitedCell:
        """Return the cell that a link names.

        Raises
        ------
        LinkError
            If table or column is not there, not exactly one row fits, the cell is empty, is
            not published because it tells of few people, or no longer holds what was seen.
        """
        table = self._citable(link.table)
        if link.column not in table:
            raise LinkError(
                f"the table `{link.table}` has no such column."
                f"{did_you_mean(link.column, table.columns)} It has {quoted(table.columns)}."
            )
        row = self._row(table, link)
        value = _plain(row[link.column])
        if link.value and not holds(link.value, value):
            raise _moved(link, value)
        figures = {name: _plain(item) for name, item in row.items() if not _is_list(item)}
        n_counted, n = _counts(link, figures)
        low, high = _interval(link, figures)
        source = str(figures.get("source", ""))
        return CitedCell(
            link=number,
            table=link.table,
            column=link.column,
            where=dict(link.where),
            value=value,
            source_label=self._labels.get(source, ""),
            row=figures,
            n_counted=n_counted,
            n=n,
            low=low,
            high=high,
        )

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            self._tables[name] = getattr(self._study, name)
        return self._tables[name]

    @cached_property
    def _documents(self) -> pd.DataFrame:
        return self._table("documents").set_index("document_id", drop=False)

    @cached_property
    def _people(self) -> pd.DataFrame:
        return self._table("participants").set_index("participant_id")

    @cached_property
    def _labels(self) -> dict[str, str]:
        sources = self._table("sources")
        return dict(zip(sources["source"], sources["label"], strict=True))

    def _place(self, link: EvidenceLink) -> tuple[str, int, int]:
        """Return where the words stand: document, first and last character."""
        if link.excerpt:
            found = self._table("excerpts").query("excerpt_id == @link.excerpt")
            if found.empty:
                raise LinkError(
                    "the excerpt is not there. Its document may have been edited or taken out.",
                    f"excerpt {link.excerpt}",
                )
            row = found.iloc[0]
            start, end = int(row["start"]), int(row["end"])
            if not link.quote.strip():
                return str(row["document_id"]), start, end
            anchor = review.Texts({link.excerpt: str(row["text"])}).find(link.quote, link.excerpt)
            if anchor is None:
                raise LinkError(
                    f"the quoted words are no longer in the excerpt {link.excerpt}.",
                    f"“{link.quote}”; there stands “{row['text']}”",
                )
            return str(row["document_id"]), start + anchor.start, start + anchor.end
        if link.document not in self._documents.index:
            raise LinkError(
                "the document is not there. It may have been renamed or taken out, or its person "
                "has withdrawn.",
                f"{link.document}{did_you_mean(link.document, self._documents.index)}",
            )
        texts = review.Texts({link.document: str(self._documents.loc[link.document, "text"])})
        anchor = texts.find(link.quote, link.document)
        if anchor is None:
            raise LinkError(
                f"the quoted words are no longer in the document {link.document}.",
                f"“{link.quote}”",
            )
        return link.document, anchor.start, anchor.end

    def _check_speakers(self, spoken: pd.DataFrame) -> None:
        if spoken.empty:
            raise LinkError("what it names holds no sentence of anybody.")
        if (spoken["speaker"] == "interviewer").any():
            raise LinkError("these are words of the interviewer, which are no evidence.")
        people = spoken["participant_id"].unique()
        if len(people) > 1:
            raise LinkError("these are words of several people. Make a link for each of them.")
        if self._people["consent"].get(people[0]) != "quote":
            raise LinkError(
                "the person gave no consent to be quoted. Cite a count that they are part of."
            )

    def _chosen(self, document_id: str, start: int, end: int) -> str:
        chosen = self._table("quotes").query("document_id == @document_id")
        same = chosen[(chosen["start"] <= start) & (chosen["end"] >= end)]
        return "" if same.empty else str(same.iloc[0]["quote_id"])

    def _codes(self, spoken: pd.DataFrame) -> tuple[str, ...]:
        held = self._table("held_codes")
        held = held[held["excerpt_id"].isin(spoken["excerpt_id"])]
        held = held[~held["code_group"].isin(NOT_CODED)]
        return tuple(sorted({f"{group}:{code}" for group, code in
                             zip(held["code_group"], held["code"], strict=True)}))  # fmt: skip

    def _citable(self, name: str) -> pd.DataFrame:
        if name not in TABLES:
            raise LinkError(f"there is no table of that name.{did_you_mean(name, TABLES)}", name)
        table = self._table(name)
        if any(column in table for column in _OF_PERSONS):
            raise LinkError(
                f"the table `{name}` has rows of single people or of their words, which are not "
                "published. Cite a table that counts, or quote the words."
            )
        return table

    def _row(self, table: pd.DataFrame, link: EvidenceLink) -> dict[str, Any]:
        """Return the one row that fits, as it is published."""
        index = _find_row(table, link)
        published = self._publish(link.table)
        hidden = LinkError(
            f"the row of `{link.table}` tells of fewer than {self._smallest} people "
            "(`integration.smallest_cell`), or of an audience segment that is not published. "
            "Cite a count of more people."
        )
        if index not in published.index:
            raise hidden
        row: dict[str, Any] = published.loc[index].to_dict()
        value = row[link.column]
        if _is_list(value):
            raise LinkError(f"`{link.column}` of `{link.table}` holds lists, not one value.")
        was = table.loc[index, link.column]
        if row.get("suppressed") is True or (_is_empty(value) and not _is_empty(was)):
            raise hidden
        if isinstance(value, str) and value != was:
            raise hidden
        if _is_empty(value):
            raise LinkError(f"nothing stands in `{link.column}` of that row of `{link.table}`.")
        return row

    def _publish(self, name: str) -> pd.DataFrame:
        """Return a table without what a report does not show, its index unchanged."""
        if name not in self._published:
            self._published[name] = self._without_few(name, self._table(name))
        return self._published[name]

    def _without_few(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        few = {"smallest_cell": self._smallest}
        table = integration.hide_few(table, name, **few)
        if name == "segment_comparison" or not set(_SPLIT) <= set(table.columns):
            return table
        if name in ("funnel", "funnel_differences", *_SPLIT_COUNTS):
            shown = integration.drop_small_segments(table, self._table("segment_comparison"))
            if name not in _SPLIT_COUNTS:
                return shown
            whole, *counts = _SPLIT_COUNTS[name]
            if whole:
                shown = shown.assign(n_rest=shown[whole] - shown[counts[0]])
                counts = [*counts, "n_rest"]
            kept = integration.drop_small_counts(shown, parts=counts, **few)
            return kept.drop(columns="n_rest", errors="ignore")
        # No report shows these tables by audience segment.
        return table[table["segment"] == ""]


_SPLIT_COUNTS = {
    "loss": ("n_judged", "n_lost"),
    "loyalty": ("n", "n_did"),
    "value_at_stake": ("", "n_dropped", "n_valued"),
}
"""Tables published by audience segment: the whole, if its rest is counted too, and counts."""


def holds(written: str, value: float | bool | str) -> bool:
    """Return whether a cell still holds what somebody wrote that they saw there.

    Numbers are compared at the digits that are written: 0.36 and 36 % hold for 0.3571, 0.35
    does not. Anything else is compared as text, with white space put aside.
    """
    if isinstance(value, bool):
        return written.strip().lower() in (("yes", "true") if value else ("no", "false"))
    if isinstance(value, str):
        return written.split() == value.split()
    seen = _read_number(written)
    if seen is None:
        return False
    number, digits = seen
    # A hair more than half a digit: 0.125 is not kept exactly, and rounds both ways.
    return abs(value - number) <= 0.5 * 10.0**-digits * (1 + 1e-9)


def _read_number(written: str) -> tuple[float, int] | None:
    """Return a number and the digits behind its point that are known."""
    bare = "".join(written.split()).replace("\u2212", "-")
    shift = 2 if bare.endswith("%") else 0
    try:
        number = Decimal(bare.removesuffix("%"))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    return float(number.scaleb(-shift)), shift - int(number.as_tuple().exponent)


def _moved(link: EvidenceLink, value: float | bool | str) -> LinkError:
    place = f"`{link.column}` of `{link.table}`"
    if isinstance(value, bool | str):
        now = ("yes" if value else "no") if isinstance(value, bool) else value
        return LinkError(
            f"another text stands in {place} now.", f"expected “{link.value}”, found “{now}”"
        )
    if _read_number(link.value) is None:
        return LinkError(f"{place} holds a number, {value:.6g}, and a text is expected.",
                         f"expected “{link.value}”")  # fmt: skip
    return LinkError(f"{place} has moved: {link.value} is expected, {value:.6g} stands there now.")


def _find_row(table: pd.DataFrame, link: EvidenceLink) -> Any:
    """Return the index of the only row that `where` chooses."""
    unknown = [name for name in link.where if name not in table]
    if unknown:
        raise LinkError(
            f"its `where` names a column that `{link.table}` does not have."
            f"{did_you_mean(unknown[0], table.columns)} It has {quoted(table.columns)}.",
            ", ".join(unknown),
        )
    where = dict(link.where)
    if "segment" in table and "segment" not in where and (table["segment"] == "").any():
        where["segment"] = ""
    fits = np.ones(len(table), dtype=bool)
    for name, wanted in where.items():
        mine = _fits(table[name], wanted)
        if not mine.any():
            near = did_you_mean(wanted, map(str, table[name].unique())) if name in _IDS else ""
            raise LinkError(
                f"no row of `{link.table}` has in `{name}` what its `where` says.{near}",
                f"{name}: {wanted}",
            )
        fits &= mine
    if not fits.any():
        raise LinkError(f"no row of `{link.table}` fits its `where`: {quoted(where)} together.")
    if fits.sum() > 1:
        apart = list(_tell_apart(table[fits], where))
        more = f" Name also {quoted(apart)}." if apart else ""
        raise LinkError(f"{fits.sum()} rows of `{link.table}` fit its `where`.{more}")
    return table.index[fits][0]


def _fits(column: pd.Series, wanted: str) -> np.ndarray:
    cells = [_plain(value) for value in column]
    return np.array([not isinstance(c, list) and _same(c, wanted) for c in cells], dtype=bool)


def _same(value: Any, wanted: str) -> bool:
    return value == wanted if isinstance(value, str) else holds(wanted, value)


def _tell_apart(rows: pd.DataFrame, where: Mapping[str, str]) -> Iterator[str]:
    """Yield names of things in which the rows differ, that a `where` could name."""
    for name in rows.columns:
        if name in where or name in ("words", "label") or str(name).endswith("_label"):
            continue
        values = [_plain(value) for value in rows[name]]
        if all(isinstance(value, str) for value in values) and len(set(values)) > 1:
            yield str(name)


def _plain(value: Any) -> Any:
    """Return a cell as a number, a truth, a text or a list; days as text, nothing as ""."""
    if _is_list(value):
        return list(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if _is_empty(value):
        return ""
    if isinstance(value, int | float | np.integer | np.floating | Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray | Mapping)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or bool(pd.isna(value))


def _number(value: Any) -> float | None:
    return value if isinstance(value, float) else None


def _counts(link: EvidenceLink, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return how many of how many a figure counts, where the row says so."""
    usual = (
        ("n_said", "n_heard") if link.column in ("share", "n_said", "people_rate") else ("", "n")
    )
    counted, whole = _COUNTED.get((link.table, link.column), usual)
    return _number(row.get(counted)), _number(row.get(whole))


def _interval(link: EvidenceLink, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the interval of a figure, if the row has one that is its own."""
    stem = link.column.removesuffix("_rate")
    names = [(f"{stem}_low", f"{stem}_high")]
    if link.column == "value_at_stake":
        names = [("stake_low", "stake_high"), ("value_low", "value_high")]
    if link.column in _MAIN:
        names.append(("low", "high"))
    value = row[link.column]
    for first, last in names:
        low, high = _number(row.get(first)), _number(row.get(last))
        if low is None or high is None or not isinstance(value, float):
            continue
        if low <= value <= high:
            return low, high
    return None, None
