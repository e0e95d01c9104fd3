"""What reviewers answered: beside each claim, and the codes that people gave to a quote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict

import pandas as pd

from cjm_research.cells import rows, text
from cjm_research.codes import NONE, PERSON

_ANSWERS = {"agree": "agrees", "disagree": "disagrees", "comment": "comments"}
_MEMO = "memo"


class ReviewView(TypedDict):
    """What one reviewer says about one claim: `words` are those that the claim had then."""

    claim: str
    words: str
    by: str
    answer: str
    comment: str
    on: str


class AnswerView(TypedDict):
    """What one person says about a quote's codes: "Too slow; not Doubts"."""

    by: str
    words: str


Place = tuple[str, int, int]
"""A document, and where a quote starts and ends in it."""


def review_views(said: pd.DataFrame) -> list[ReviewView]:
    """Return what reviewers say about claims, for the pages.

    Parameters
    ----------
    said : DataFrame
        From `study.reviewing.list_claim_reviews`.
    """
    return [
        ReviewView(
            claim=text(row["claim"]),
            words=text(row["words"]),
            by=text(row["reviewer"]),
            answer=_ANSWERS[text(row["answer"])],
            comment=text(row["comment"]),
            on=text(row["at"])[:10],
        )
        for row in rows(said)
    ]


def answer_views(
    codes: pd.DataFrame | None, choices: Mapping[str, Any]
) -> dict[Place, list[AnswerView]]:
    """Return what people say about the codes of quotes, by the quote's place.

    Parameters
    ----------
    codes : DataFrame, optional
        Table `codes`.
    choices : mapping
        `stages` and `codes` with their names, as in `SiteContext`.

    Returns
    -------
    dict
        Only places that a person judged; there one entry per person, by name. What people
        noted for themselves is not for readers and stays out.
    """
    if codes is None or codes.empty:
        return {}
    names = {("stage", one["id"]): f"stage {one['name']}" for one in choices.get("stages", ())}
    names |= {(one["group"], one["code"]): one["name"] for one in choices.get("codes", ())}
    said: dict[Place, dict[str, dict[str, None]]] = {}
    people = codes[codes["coder_id"].str.startswith(PERSON) & (codes["code_group"] != _MEMO)]
    for row in rows(people.sort_values(["coder_id", "strength", "code_group", "code"],
                                       ascending=[True, False, True, True])):  # fmt: skip
        if "was" in json.loads(text(row["attributes"]) or "{}"):
            continue  # set aside by the codebook's log, not by this person
        group, code = text(row["code_group"]), text(row["code"])
        name = names.get((group, code), code.replace("_", " "))
        if code == NONE:
            name = f"no {group.replace('_', ' ')}"
        place = (text(row["document_id"]), int(row["start"]), int(row["end"]))
        by = text(row["coder_id"]).removeprefix(PERSON)
        words = name if row["strength"] > 0 else f"not {name}"
        said.setdefault(place, {}).setdefault(by, {})[words] = None
    return {
        place: [AnswerView(by=by, words="; ".join(words)) for by, words in found.items()]
        for place, found in said.items()
    }
