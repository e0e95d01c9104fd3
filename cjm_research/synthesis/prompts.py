"""Which excerpts answer a question that asked for the very thing they tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

PROMPTED_COLUMNS = ["excerpt_id", "code_group"]

ASKED_FOR: dict[str, str] = {
    "pain": "pain_point",
    "difficulty": "pain_point",
    "hindrance": "pain_point",
    "delight": "delight",
    "need": "need",
    "need met": "need",
    "unmet need": "need",
    "wish": "need",
    "expectation": "expectation",
    "emotion": "emotion",
}
"""What sources declare a question to be about (`codes:` in study.yaml) -> code group."""

QUESTION_WORDS: dict[str, str] = {
    "pain_point": (
        r"in your way|hinder|hindr|difficult|problem|trouble|annoy|frustrat|struggl|go(?:es)? wrong"
        r"|went wrong|dislike|pain point|obstacle|stop(?:ped)? you|hard(?:er|est)? (?:for|about)"
    ),
    "delight": (
        r"pleasant|pleas(?:ed|es)|enjoy|delight|(?:like|love)d? (?:best|most|about)"
        r"|(?:do|did) you (?:like|love)|(?:went|works?|worked) well|good about"
    ),
    "need": (
        r"\bwish|would you (?:like|want|need)|(?:do|did) you need|needs\b|missing"
        r"|would have (?:made|helped)|new features|should (?:we|it|they) (?:add|change|improve)"
    ),
    "expectation": r"expect|have in mind|had in mind|hoped? for|imagine",
    "emotion": r"\bfeel|\bfelt\b|feeling|emotion",
}
"""Code group -> what a question says that asks for it."""


def find_prompted(
    excerpts: pd.DataFrame,
    *,
    declared_codes: pd.DataFrame | None = None,
    codes: pd.DataFrame | None = None,
    asked_for: Mapping[str, str] = ASKED_FOR,
    question_words: Mapping[str, str] = QUESTION_WORDS,
) -> pd.DataFrame:
    """Find the excerpts whose question asked for a code group.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    declared_codes : DataFrame, optional
        `document_id`, `code_group`, `code`: what a survey's question is declared to ask
        about. Either the group itself (`pain_point`) or a code that `asked_for` names.
    codes : DataFrame, optional
        Table `codes`; those with basis `declared` count as `declared_codes` do.
    asked_for : mapping of declared code to code group
    question_words : mapping of code group to regular expression
        Read in `prompt`, the question that an excerpt answers; empty to go by declarations
        alone.

    Returns
    -------
    DataFrame
        `excerpt_id`, `code_group`, each pair once. What is not listed is spontaneous: a
        delight told in answer to a question about trouble counts as unasked.
    """
    heard = excerpts.loc[
        excerpts["speaker"] != "interviewer", ["excerpt_id", "document_id", "speaker", "prompt"]
    ]
    parts = [pd.DataFrame(columns=PROMPTED_COLUMNS, dtype="object")]
    if declared_codes is not None and not declared_codes.empty:
        groups = _asked_groups(declared_codes, asked_for)
        found = heard.merge(
            declared_codes.assign(code_group=groups)[["document_id", "code_group"]].dropna(),
            on="document_id",
        )
        parts.append(found[PROMPTED_COLUMNS])
    if codes is not None:
        declared = codes[(codes["basis"] == "declared") & (codes["code_group"] != "stage")]
        declared = declared.assign(code_group=_asked_groups(declared, asked_for))
        found = declared.dropna(subset=["code_group"])[PROMPTED_COLUMNS]
        parts.append(found[found["excerpt_id"].isin(heard["excerpt_id"])])
    # An observer's note follows a task; nobody asked the observer for what it tells.
    answers = heard[heard["speaker"] == "participant"]
    questions = pd.Series(answers["prompt"].unique(), dtype="object")
    for group, words in question_words.items():
        asks = questions[questions.str.contains(words, flags=re.IGNORECASE, regex=True)]
        answering = answers.loc[answers["prompt"].isin(asks), ["excerpt_id"]]
        parts.append(answering.assign(code_group=group))
    prompted = pd.concat(parts, ignore_index=True).drop_duplicates()
    return prompted.sort_values(PROMPTED_COLUMNS).reset_index(drop=True)


def _asked_groups(declared: pd.DataFrame, asked_for: Mapping[str, str]) -> pd.Series:
    """Return the code group that each declared row asks for; NaN where it asks for none."""
    own = declared["code_group"].where(declared["code_group"].isin(set(asked_for.values())))
    return own.fillna(declared["code"].map(asked_for))
