"""Scores of excerpts: emotions, valence, pain, delight and need, by the encoder or by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cjm_research.coding.encoder import load_encoder, score_texts
from cjm_research.coding.heads import score_statements
from cjm_research.coding.phrases import plain_text
from cjm_research.coding.rules import score_by_rules

Scorer = Literal["encoder", "rules"]

SHORT_ANSWER = 8
"""Words up to which something said is read together with the question it answers."""


@dataclass(frozen=True, eq=False)
class Scored:
    """What was measured of the excerpts.

    Attributes
    ----------
    scores : DataFrame
        Table `scores`.
    embeddings : DataFrame or None
        Index `excerpt_id`, 384 float32 columns; None when rules made the scores.
    """

    scores: pd.DataFrame
    embeddings: pd.DataFrame | None


def measure_excerpts(excerpts: pd.DataFrame, *, by: Scorer = "encoder") -> Scored:
    """Score the excerpts of participants and observers; interviewers are not scored.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    by : {"encoder", "rules"}, default "encoder"
        Name of the scorer, kept in `coder_id`.

    Returns
    -------
    Scored

    Raises
    ------
    EncoderError
        If the shipped model is missing or damaged.
    """
    heard = excerpts[excerpts["speaker"] != "interviewer"]
    embeddings = None
    if by == "encoder":
        texts = [plain_text(text) for text in heard["text"]]
        asked = [plain_text(text) for text in heard["prompt"]]
        encoder = load_encoder()
        values, encoded = score_texts(encoder, texts, keep_questions(texts, asked))
        # As coded by the guide; valence stays the encoder's.
        values = score_statements(encoder, encoded, texts, asked).join(values[["valence"]])
        embeddings = pd.DataFrame(encoded.embeddings, index=pd.Index(heard["excerpt_id"]))
    else:
        values = score_by_rules(heard["text"].tolist())
    identity = pd.DataFrame({"excerpt_id": heard["excerpt_id"].to_numpy(), "coder_id": by})
    return Scored(pd.concat([identity, values], axis=1), embeddings)


def score_excerpts(excerpts: pd.DataFrame, *, by: Scorer = "encoder") -> pd.DataFrame:
    """Return table `scores`, as `measure_excerpts` does.

    Returns
    -------
    DataFrame
        `emotion_*`, `pain`, `delight` and `need` in [0, 1]: probabilities by the heads on the
        encoder (`heads`, which adds `expectation_*`), or how sure the rules are. `valence` in
        [-1, 1]. float32.
    """
    return measure_excerpts(excerpts, by=by).scores


def as_table(embeddings: pd.DataFrame | None) -> pd.DataFrame:
    """Return embeddings as a table that can be stored: `excerpt_id`, `d000`, `d001` ..."""
    if embeddings is None:
        return pd.DataFrame({"excerpt_id": pd.Series(dtype="object")})
    named = embeddings.set_axis([f"d{n:03d}" for n in range(embeddings.shape[1])], axis=1)
    return named.rename_axis("excerpt_id").reset_index()


def as_vectors(table: pd.DataFrame) -> pd.DataFrame | None:
    """Return the embeddings of `as_table`, by `excerpt_id`; None where there are none."""
    return None if table.shape[1] < 2 else table.set_index("excerpt_id")


def keep_questions(texts: Sequence[str], prompts: Sequence[str]) -> list[str]:
    """Return the question that each text is read with, or an empty string.

    "The search" is trouble or praise by what was asked. A longer answer speaks for itself, and
    an interviewer's words must not colour it.
    """
    return [
        prompt if len(text.split()) <= SHORT_ANSWER else ""
        for text, prompt in zip(texts, prompts, strict=True)
    ]
