"""Search by meaning: the excerpts nearest to what somebody looks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.coding.phrases import plain_text
from cjm_research.errors import UnknownNameError

FOUND_COLUMNS = [
    "excerpt_id", "similarity", "text", "stage", "participant_id", "source", "speaker",
    "document_id", "turn", "start", "end",
]  # fmt: skip
SEARCHED = ("participant", "observer")


def find_excerpts(
    excerpts: pd.DataFrame,
    embeddings: pd.DataFrame,
    query: str,
    *,
    encode: Callable[[Sequence[str]], Any],
    n: int = 10,
    speaker: str = "",
) -> pd.DataFrame:
    """Find the excerpts whose meaning is nearest to a query.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    embeddings : DataFrame
        Index `excerpt_id`, a column per dimension; those of the same encoder as `encode`.
    query : str
        A few words or a sentence, such as "waiting for an engineer".
    encode : callable
        Texts to an array with a row per text, or to something that has it as `embeddings`
        (`load_encoder().encode`).
    n : int, default 10
        Most rows to return.
    speaker : str, optional
        "participant" or "observer"; both when not given. Interviewers' words are never
        found.

    Returns
    -------
    DataFrame
        `similarity` (cosine, -1 to 1) and the excerpt with its address, best first; equal
        ones by `excerpt_id`. Nearness is no proof that the text speaks of the query: the
        last rows are near only because nothing else was.

    Raises
    ------
    ValueError
        If the query is empty, or `n` is below 1.
    UnknownNameError
        If `speaker` is none of those searched.
    """
    if not query.strip():
        raise ValueError("the query is empty: write what you look for, in a few words.")
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}.")
    if speaker and speaker not in SEARCHED:
        raise UnknownNameError("speaker to search", speaker, SEARCHED)
    wanted = [speaker] if speaker else SEARCHED
    heard = excerpts[
        excerpts["speaker"].isin(wanted) & excerpts["excerpt_id"].isin(embeddings.index)
    ]
    vectors = embeddings.loc[heard["excerpt_id"]].to_numpy(dtype="float64")
    made = encode([plain_text(query)])
    asked = np.asarray(getattr(made, "embeddings", made), dtype="float64")[0]
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(asked)
    # Rounded, so that the last digits of a product never decide the order of equals.
    similarity = ((vectors @ asked) / np.where(lengths == 0, 1.0, lengths)).round(6)
    found = heard.assign(similarity=similarity).sort_values(
        ["similarity", "excerpt_id"], ascending=[False, True], kind="stable"
    )
    return found[FOUND_COLUMNS].head(n).reset_index(drop=True)
