"""Scores of excerpts: emotions, valence, pain, delight and need, by the encoder or by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cjm_research.coding.encoder import load_encoder, score_texts
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
        prompts = keep_questions(texts, [plain_text(text) for text in heard["prompt"]])
        values, encoded = score_texts(load_encoder(), texts, prompts)
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
        `emotion_*`, `pain`, `delight` and `need` in [0, 1]: calibrated probabilities of the
        encoder, or how sure the rules are. `valence` in [-1, 1]. float32.
    """
    return measure_excerpts(excerpts, by=by).scores


def keep_questions(texts: Sequence[str], prompts: Sequence[str]) -> list[str]:
    """Return the question that each text is read with, or an empty string.

    "The search" is trouble or praise by what was asked. A longer answer speaks for itself, and
    an interviewer's words must not colour it.
    """
    return [
        prompt if len(text.split()) <= SHORT_ANSWER else ""
        for text, prompt in zip(texts, prompts, strict=True)
    ]
