"""Choosing quotes: verbatim, one per person and stage, where consent allows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

QUOTE_COLUMNS = [
    "quote_id", "stage", "source", "document_id", "start", "end", "text", "participant_id",
    "alias", "speaker", "at", "prompt", "code_group", "code", "label",
]  # fmt: skip
QUOTED_GROUPS = ("pain_point", "delight", "need", "expectation")
GOOD_LENGTH = (40, 220)
"""Characters: shorter ones are not understood alone, longer ones are not read."""


def choose_quotes(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    participants: pd.DataFrame,
    documents: pd.DataFrame,
    mentions: pd.DataFrame,
    *,
    labels: Mapping[tuple[str, str], str],
    per_stage: int = 3,
) -> pd.DataFrame:
    """Choose quotes that show what most people tell in each stage.

    Parameters
    ----------
    codes : DataFrame
        Resolved codes.
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    participants, documents, mentions : DataFrame
        Tables of those names.
    labels : mapping of (code_group, code) to str
    per_stage : int, default 3
        Quotes per stage and source.

    Returns
    -------
    DataFrame
        Table `quotes`. Only people whose consent allows it; interviewers never. The codes
        told by most people come first, pain points before delights; then clear length and
        strength; one quote per person, stage and source. `text` is the document's
        `[start:end]`.
    """
    allowed = participants.loc[participants["consent"] == "quote", ["participant_id", "alias"]]
    told = codes[codes["code_group"].isin(QUOTED_GROUPS) & (codes["code"] != "other")]
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    candidates = (
        told[["excerpt_id", "code_group", "code", "strength"]]
        .merge(spoken, on="excerpt_id", how="inner")
        .merge(allowed, on="participant_id", how="inner")
        .merge(documents[["document_id", "item", "kind"]], on="document_id", how="left")
    )
    everybody = mentions[mentions["segment"] == ""]
    said = everybody[["stage", "source", "code_group", "code", "n_said"]]
    candidates = candidates.merge(
        said.astype({"stage": "object"}),
        left_on=[candidates["stage"].astype("object"), "source", "code_group", "code"],
        right_on=["stage", "source", "code_group", "code"],
        suffixes=("", "_said"),
        how="inner",
    )
    if candidates.empty:
        return pd.DataFrame(columns=QUOTE_COLUMNS)
    length = candidates["text"].str.len()
    candidates = candidates.assign(
        group_rank=candidates["code_group"].map(QUOTED_GROUPS.index),
        masked=candidates["text"].str.contains(r"\[\w+\]", regex=True),
        awkward=~length.between(*GOOD_LENGTH),
    )
    candidates = candidates.sort_values(
        ["stage", "source", "group_rank", "n_said", "code", "awkward", "masked", "strength",
         "excerpt_id"],
        ascending=[True, True, True, False, True, True, True, False, True],
        kind="stable",
    )  # fmt: skip
    # In turn over the codes, so that the second quote shows a second thing.
    candidates["round"] = candidates.groupby(
        ["stage", "source", "code_group", "code"], observed=True
    ).cumcount()
    candidates = candidates.sort_values(
        ["stage", "source", "round", "group_rank"], kind="stable"
    ).drop_duplicates(["stage", "source", "participant_id"])
    chosen = candidates.groupby(["stage", "source"], observed=True).head(per_stage).copy()
    chosen["label"] = [
        labels.get((group, code), code.replace("_", " "))
        for group, code in zip(chosen["code_group"], chosen["code"], strict=True)
    ]
    chosen["at"] = [_place(row) for row in chosen.to_dict("records")]
    chosen["quote_id"] = [f"q{number + 1:03d}" for number in range(len(chosen))]
    return chosen[QUOTE_COLUMNS].reset_index(drop=True)


def _place(row: Mapping[str, object]) -> str:
    """Where in the source a person would look: a time code, a task, a sentence."""
    seconds = row["start_s"]
    if isinstance(seconds, float) and seconds == seconds:
        minutes, rest = divmod(int(seconds), 60)
        return f"interview, {minutes:02d}:{rest:02d}"
    if row["kind"] == "interview":
        return f"interview, turn {int(str(row['turn'])) + 1}"
    return f"note on task {row['item']}" if row["kind"] == "note" else "survey answer"
