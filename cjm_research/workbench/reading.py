"""One excerpt as a coder reads it: who says it, the question, and the sentences around it."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

AROUND = 2
"""Sentences shown before and after; the guide reads one, and a second settles what "it" is."""

LONGEST_QUESTION = 400
"""Characters; of a longer turn of the interviewer, the end holds the question."""

_KINDS = {
    "interview": "interview",
    "survey_answer": "survey answer",
    "note": "observer's note",
    "feedback": "feedback",
}


class Reader:
    """Looks excerpts up in the tables of a study.

    Parameters
    ----------
    excerpts, documents, participants, sources : DataFrame
        Tables of those names.
    stage_names : dict of stage id to name
        Empty when the coder is blind: then no stage is told.
    """

    def __init__(
        self,
        excerpts: pd.DataFrame,
        *,
        documents: pd.DataFrame,
        participants: pd.DataFrame,
        sources: pd.DataFrame,
        stage_names: dict[str, str],
    ) -> None:
        self._rows = {
            name: excerpts[name].tolist()
            for name in ("document_id", "participant_id", "speaker", "prompt", "heading", "text")
        }
        self._stages = excerpts["stage"].astype(str).tolist()
        self._at = {excerpt: place for place, excerpt in enumerate(excerpts["excerpt_id"])}
        self._alias = dict(zip(participants["participant_id"], participants["alias"], strict=True))
        self._kind = dict(zip(documents["document_id"], documents["kind"], strict=True))
        labels = dict(zip(sources["source"], sources["label"], strict=True))
        self._source = dict(
            zip(documents["document_id"], documents["source"].map(labels), strict=True)
        )
        self._stage_names = stage_names

    def __contains__(self, excerpt_id: str) -> bool:
        return excerpt_id in self._at

    def codable(self, excerpt_id: str) -> bool:
        """Return False for what interviewers say: it is never coded."""
        return bool(self._rows["speaker"][self._at[excerpt_id]] != "interviewer")

    def show(self, excerpt_id: str) -> dict[str, Any]:
        """Return an excerpt and its surroundings as plain values."""
        at = self._at[excerpt_id]
        rows = self._rows
        document = rows["document_id"][at]
        question = rows["prompt"][at].strip()
        if len(question) > LONGEST_QUESTION:
            question = "… " + question[-LONGEST_QUESTION:].partition(" ")[2]
        return {
            "excerpt_id": excerpt_id,
            "alias": self._alias.get(rows["participant_id"][at], ""),
            "source": self._source.get(document) or "",
            "kind": _KINDS.get(self._kind.get(document, ""), ""),
            "heading": rows["heading"][at],
            "stage": self._stage_names.get(self._stages[at], ""),
            "question": question,
            "before": self._around(at, range(-1, -AROUND - 1, -1))[::-1],
            "text": rows["text"][at],
            "after": self._around(at, range(1, AROUND + 1)),
        }

    def _around(self, at: int, steps: range) -> list[str]:
        """Sentences of the same answer: another speaker or document ends it."""
        texts = []
        for step in steps:
            place = at + step
            if not 0 <= place < len(self._rows["text"]):
                break
            if any(
                self._rows[name][place] != self._rows[name][at]
                for name in ("document_id", "speaker", "prompt")
            ):
                break
            texts.append(self._rows["text"][place])
        return texts


def list_proposals(codes: pd.DataFrame, coders: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return what machines and sources say, by excerpt, code group and code.

    Parameters
    ----------
    codes, coders : DataFrame
        Tables of those names.

    Returns
    -------
    dict
        `{excerpt_id: {code_group: {code: severity}}}`, severity 0 where none is proposed.
    """
    kinds = coders.set_index("coder_id")["kind"]
    ours = codes[
        (codes["coder_id"].map(kinds) != "person")
        & (codes["strength"] > 0)
        & (codes["excerpt_id"] != "")
    ]
    proposals: dict[str, dict[str, Any]] = {}
    columns = ("excerpt_id", "code_group", "code", "attributes")
    for excerpt, group, code, attributes in zip(*(ours[c] for c in columns), strict=True):
        severity = json.loads(attributes).get("severity", 0) if "severity" in attributes else 0
        proposals.setdefault(excerpt, {}).setdefault(group, {})[code] = int(severity or 0)
    return proposals
