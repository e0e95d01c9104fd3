"""Why an excerpt bears its codes: who says so, from what, and who was believed."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cjm_research import markup
from cjm_research.codes import (
    ADJUDICATED,
    NONE,
    PERSON,
    SINGLE_VALUED,
    keep_latest,
    rank_coders,
    resolve_codes,
)
from cjm_research.coding.suggestions import read_lead
from cjm_research.errors import UnknownNameError
from cjm_research.journey import Journey

EXPLAINED = [
    "code_group", "label", "code", "coder", "strength", "basis", "holds", "because",
]  # fmt: skip
NAMED_AT_MOST = 8
"""Ids that are named when there is no such excerpt."""
SHOWN_LENGTH = 90
"""Characters of another excerpt that are shown as an example."""

_SIGNAL = {"pain_point": "pain", "delight": "delight", "need": "need"}
_BY_GROUP = ("emotion", "expectation")
"""Groups with a score for each code."""
_PARTICULARS = (
    "obstacle", "touchpoint", "consequence", "severity", "whose", "when", "expected", "happened",
)  # fmt: skip
_WHOSE = {"own": "own experience", "other": "somebody else's"}


@dataclass(frozen=True, eq=False)
class Explanation:
    """An excerpt in its context, its scores and its codes; shown by notebooks.

    Attributes
    ----------
    excerpt_id, participant_id, source, speaker : str
    text : str
        Masked, as in the tables.
    prompt : str
        The question that it answers, or "".
    before, after : str
        The excerpts beside it in its document, or "".
    scores : DataFrame
        `signal`, `value` and `scorer`; without rows where nothing was scored.
    codes : DataFrame
        One row per coder and code, those that hold first: `code_group`, `label` and `code`,
        `coder`, `strength` in [0, 1] (0: the coder says no), `basis`, `holds` (whether it
        counts after `codes.resolve_codes`), `because`.
    """

    excerpt_id: str
    participant_id: str
    source: str
    speaker: str
    text: str
    prompt: str
    before: str
    after: str
    scores: pd.DataFrame = field(repr=False)
    codes: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        """Return the explanation as lines of text."""
        lines = [f"{self.excerpt_id} ({self._who()}): {self.text}"]
        lines += [f"  asked: {self.prompt}"] if self.prompt else []
        lines += [f"  before: {self.before}"] if self.before else []
        lines += [f"  after: {self.after}"] if self.after else []
        lines += [f"  scores: {self._said_scores()}"] if len(self.scores) else []
        for row in self.codes.to_dict("records"):
            holds = "holds" if row["holds"] else "does not hold"
            lines.append(
                f"  {_words(row['code_group'])}: {row['label']} {row['strength']:.2f} by "
                f"{row['coder']}, {holds}: {row['because']}"
            )
        return "\n".join(lines if len(self.codes) else [*lines, f"  {self._no_codes()}"])

    def _repr_html_(self) -> str:
        asked = f"<p>Asked: {markup.escape(self.prompt)}</p>" if self.prompt else ""
        scores = f"<p>Scores: {markup.escape(self._said_scores())}</p>" if len(self.scores) else ""
        shown = self.codes.drop(columns="code").rename(columns=_words)
        table = (
            markup.table_html(
                shown.assign(**{"code group": shown["code group"].map(_words)}),
                caption=f"Codes of {self.excerpt_id}",
            )
            if len(shown)
            else f"<p>{markup.escape(self._no_codes())}</p>"
        )
        return (
            f'<div class="explanation"><p>{markup.escape(self.excerpt_id)}, '
            f"{markup.escape(self._who())}</p>{asked}<blockquote>{markup.escape(self.before)} "
            f"<mark>{markup.escape(self.text)}</mark> {markup.escape(self.after)}</blockquote>"
            f"{table}{scores}</div>"
        )

    def _who(self) -> str:
        return f"{self.speaker} {self.participant_id}, {self.source}"

    def _said_scores(self) -> str:
        pairs = zip(self.scores["signal"], self.scores["value"], strict=True)
        return ", ".join(f"{_words(signal)} {value:.2f}" for signal, value in pairs)

    def _no_codes(self) -> str:
        if self.speaker == "interviewer":
            return "No codes: interviewers' words are not coded."
        if self.scores.empty:
            return "No codes: it was not scored (see its language)."
        return "No codes: nobody gave any."


def explain_excerpt(
    excerpt_id: str,
    *,
    excerpts: pd.DataFrame,
    codes: pd.DataFrame,
    scores: pd.DataFrame,
    coders: pd.DataFrame,
    embeddings: pd.DataFrame | None = None,
    journey: Journey | None = None,
    labels: Mapping[tuple[str, str], str] | None = None,
) -> Explanation:
    """Say why an excerpt bears its codes.

    Parameters
    ----------
    excerpt_id : str
    excerpts, scores, coders : DataFrame
        Tables of those names.
    codes : DataFrame
        Table `codes` with all that coders said, not only what holds.
    embeddings : DataFrame, optional
        Index `excerpt_id`, a column per dimension. With them a machine's code is shown beside
        the most similar excerpt to which a person gave it.
    journey : Journey, optional
        For the names of stages.
    labels : mapping of (code_group, code) to str, optional
        Names of codes.

    Returns
    -------
    Explanation

    Raises
    ------
    UnknownNameError
        If there is no such excerpt; names those with a similar id.
    """
    found = excerpts[excerpts["excerpt_id"] == excerpt_id]
    if found.empty:
        raise UnknownNameError("excerpt", excerpt_id, _similar_ids(excerpt_id, excerpts))
    row = found.iloc[0]
    before, after = _neighbours(row, excerpts)
    measured = _list_scores(scores[scores["excerpt_id"] == excerpt_id])
    about = codes[codes["excerpt_id"] == excerpt_id].reset_index(drop=True)
    speaker = _Speaker(
        excerpts=excerpts,
        codes=codes,
        coders=coders,
        scores=dict(zip(measured["signal"], measured["value"], strict=True)),
        labels=_name_stages(journey) | dict(labels or {}),
        embeddings=embeddings,
    )
    return Explanation(
        excerpt_id=excerpt_id,
        participant_id=row["participant_id"],
        source=row["source"],
        speaker=row["speaker"],
        text=row["text"],
        prompt=row["prompt"],
        before=before,
        after=after,
        scores=measured,
        codes=speaker.explain(about),
    )


@dataclass(frozen=True, eq=False)
class _Speaker:
    """Puts the codes of one excerpt into words."""

    excerpts: pd.DataFrame
    codes: pd.DataFrame
    coders: pd.DataFrame
    scores: dict[str, float]
    labels: dict[tuple[str, str], str]
    embeddings: pd.DataFrame | None

    def explain(self, about: pd.DataFrame) -> pd.DataFrame:
        """Return the frame `Explanation.codes`."""
        held = resolve_codes(about, self.coders)
        latest = keep_latest(about, about["coded_at"]) if len(about) else about
        ranks = about["coder_id"].map(rank_coders(self.coders))
        about = about.assign(
            holds=about["code_id"].isin(held["code_id"]),
            meant=about["code_id"].isin(latest["code_id"]),
            rank=ranks,
            coder=about["coder_id"].map(self._name_coder),
        )
        rows = about.to_dict("records")
        made = [
            (
                row["code_group"], self._label(row), row["code"], row["coder"], row["strength"],
                row["basis"], row["holds"], self._because(row, rows),
            )
            for row in rows
        ]  # fmt: skip
        frame = pd.DataFrame(made, columns=EXPLAINED).astype({"holds": bool, "strength": float})
        order = ["code_group", "holds", "strength", "code", "coder"]
        frame = frame.sort_values(order, ascending=[True, False, False, True, True], kind="stable")
        return frame.reset_index(drop=True)

    def _because(self, row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
        told = json.loads(row["attributes"] or "{}")
        if row["coder_id"].startswith(PERSON):
            reasons = _person_reasons(row, told)
        else:
            reasons = [*self._machine_reasons(row, told), *_particulars(told)]
            reasons += self._examples(row, told)
        against = self._why_not(row, rows)
        return "; ".join([*reasons, *([against] if against else [])])

    def _machine_reasons(self, row: dict[str, Any], told: dict[str, Any]) -> list[str]:
        basis, group, code = row["basis"], row["code_group"], row["code"]
        reasons = []
        if basis == "learned":
            reasons.append(f"probability {row['strength']:.2f}, {told['threshold']:.2f} is needed")
            reasons.append(
                f"learned from {told['n_examples']} examples (on participants left out precision "
                f"{told['precision']:.2f}, recall {told['recall']:.2f})"
            )
        elif group == "stage":
            reasons += self._stage_reasons(row, told)
        elif basis == "declared":
            reasons.append("declared by the source")
        elif basis.startswith("cue: "):
            reasons.append(f"the words “{basis.removeprefix('cue: ')}”")
        elif basis == "meaning":
            reasons.append("its meaning is near the code's definition and examples")
        elif basis == "phrase":
            reasons.append("the words tell it")
        elif "similarity" in told:
            reasons.append(f"similarity {told['similarity']:.2f} to the centre of the theme")
        signal = f"{group}_{code}" if group in _BY_GROUP else _SIGNAL.get(group, "")
        if signal in self.scores:
            reasons.append(f"{_words(signal)} {self.scores[signal]:.2f}")
        if told.get("signs"):
            reasons.append("signs: " + ", ".join(f"“{sign}”" for sign in told["signs"]))
        return reasons

    def _stage_reasons(self, row: dict[str, Any], told: dict[str, Any]) -> list[str]:
        reasons = [_STAGE_BASES.get(row["basis"], row["basis"])]
        lead = read_lead(row["attributes"])
        if lead == lead:
            reasons.append(f"{lead:.2f} ahead of the next stage")
        if "unsmoothed" in told:
            alone = told["unsmoothed"]
            if alone == row["code"]:
                reasons.append("by itself the same stage")
            elif alone:
                reasons.append(f"by itself {self._named('stage', alone)}; the talk around decides")
            else:
                reasons.append("by itself no stage; the talk around decides")
        return reasons

    def _examples(self, row: dict[str, Any], told: dict[str, Any]) -> list[str]:
        """Return the nearest excerpts to which people gave the code."""
        nearest = told.get("nearest") or self._nearest_coded(row)
        texts = self.excerpts.loc[self.excerpts["excerpt_id"].isin(nearest)]
        texts = texts.set_index("excerpt_id")["text"]
        shown = [_shorten(texts[excerpt]) for excerpt in nearest if excerpt in texts.index]
        return ["people coded alike: " + ", ".join(f"“{text}”" for text in shown)] if shown else []

    def _nearest_coded(self, row: dict[str, Any]) -> list[str]:
        if self.embeddings is None or row["excerpt_id"] not in self.embeddings.index:
            return []
        people = self.codes[
            self.codes["coder_id"].str.startswith(PERSON)
            & (self.codes["code_group"] == row["code_group"])
            & (self.codes["excerpt_id"] != row["excerpt_id"])
            & self.codes["excerpt_id"].isin(self.embeddings.index)
        ]
        held = resolve_codes(people, self.coders)
        ids = sorted(set(held.loc[held["code"] == row["code"], "excerpt_id"]))
        if not ids:
            return []
        vectors = self.embeddings.loc[ids].to_numpy(dtype=np.float64)
        own = self.embeddings.loc[row["excerpt_id"]].to_numpy(dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1)
        likeness = (vectors @ own / np.where(lengths == 0, 1.0, lengths)).round(6)
        return [ids[int(likeness.argmax())]]

    def _why_not(self, row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
        """Return why a code does not hold, or ""."""
        if row["holds"] or row["strength"] <= 0 or row["code"] == NONE:
            return ""
        if not row["meant"]:
            return f"{_person(row['coder'])} took it back later"
        group = [other for other in rows if other["code_group"] == row["code_group"]]
        better = [
            other for other in group if other["rank"] < row["rank"] and other["meant"]
        ]  # fmt: skip
        for other in better:
            if other["code"] == NONE and other["strength"] > 0:
                return f"{_person(other['coder'])} found nothing of this group"
            if other["code"] == row["code"] and other["strength"] <= 0:
                return f"{_person(other['coder'])} said no"
        for other in group:
            if other["holds"] and other["code"] == row["code"]:
                return f"{other['coder']} says the same and counts first"
        for other in group:
            if other["holds"] and row["code_group"] in SINGLE_VALUED:
                return f"{other['coder']} says {self._label(other)} and counts first"
        return "another coder counts first"

    def _label(self, row: dict[str, Any]) -> str:
        return self._named(row["code_group"], row["code"])

    def _named(self, group: str, code: str) -> str:
        if code == NONE:
            return "nothing of this group"
        return self.labels.get((group, code)) or _words(code)

    def _name_coder(self, coder_id: str) -> str:
        """Return a person's name, or the id of a machine."""
        return coder_id.removeprefix(PERSON)


_STAGE_BASES = {
    "declared": "declared by the source",
    "heading": "the heading names it",
    "prompt": "the question asks about it",
    "carried prompt": "an earlier question asked about it",
    "cue": "a phrase of the stage",
    "several cues": "several phrases of the stage",
    "inferred": "its meaning, and the talk around it",
}


def _person_reasons(row: dict[str, Any], told: dict[str, Any]) -> list[str]:
    coder = _person(row["coder"])
    if row["code"] == NONE:
        said = "found nothing of this group" if row["strength"] > 0 else "took back “nothing”"
    else:
        said = "said so" if row["strength"] > 0 else "said no"
    reasons = [f"{coder} {said}"]
    if "severity" in told:
        reasons.append(f"severity {told['severity']}")
    if row["note"]:
        reasons.append(f"memo: {row['note']}")
    if told.get("anchor") == "reworded":
        reasons.append("the text was worded otherwise when it was coded")
    return reasons


def _particulars(told: Mapping[str, Any]) -> list[str]:
    """Return what a machine read about a pain, a delight or an expectation."""
    return [
        _WHOSE.get(told[name], told[name])
        if name == "whose"
        else f"{name}: {_words(str(told[name]))}" + (" (proposed)" if name == "severity" else "")
        for name in _PARTICULARS
        if told.get(name)
    ]


def _neighbours(row: pd.Series, excerpts: pd.DataFrame) -> tuple[str, str]:
    document = excerpts[excerpts["document_id"] == row["document_id"]]
    document = document.sort_values(["start", "end", "excerpt_id"], kind="stable")
    place = document["excerpt_id"].tolist().index(row["excerpt_id"])
    said = [
        text if speaker == row["speaker"] else f"{_capital(speaker)}: {text}"
        for speaker, text in zip(document["speaker"], document["text"], strict=True)
    ]
    return (
        said[place - 1] if place else "",
        said[place + 1] if place + 1 < len(said) else "",
    )


def _list_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per signal and scorer, in the order of the table."""
    long = scores.melt(["excerpt_id", "coder_id"], var_name="signal", value_name="value")
    long = long.rename(columns={"coder_id": "scorer"}).dropna(subset="value")
    return long[["signal", "value", "scorer"]].reset_index(drop=True)


def _name_stages(journey: Journey | None) -> dict[tuple[str, str], str]:
    return {("stage", stage.id): stage.name for stage in journey or ()}


def _similar_ids(wanted: str, excerpts: pd.DataFrame) -> list[str]:
    """Return a few ids: of the same document where it is known, most similar first."""
    document = wanted.rpartition("#")[0]
    same = excerpts.loc[excerpts["document_id"] == document, "excerpt_id"].tolist()
    ids = sorted(same) or sorted(excerpts.drop_duplicates("document_id")["excerpt_id"])
    near = difflib.get_close_matches(wanted, ids, n=NAMED_AT_MOST) or ids[:NAMED_AT_MOST]
    n_more = len(excerpts) - len(near)
    return [*near, *([f"... and {n_more} more"] if n_more else [])]


def _shorten(text: str) -> str:
    return textwrap.shorten(text, SHOWN_LENGTH, placeholder=" ...")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _person(coder: str) -> str:
    return "Adjudication" if coder == ADJUDICATED else _capital(coder)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
