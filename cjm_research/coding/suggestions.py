"""What a person should code next: where the machine is unsure, and each another thing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import PERSON
from cjm_research.coding.rules import says_nothing
from cjm_research.coding.statements import Thresholds

SIGNALS = ("pain", "delight", "need")
SUGGESTED = ["excerpt_id", "uncertainty", "why", "rank"]
DIVERSITY = 0.5
"""Weight of being unlike what was coded and chosen before, against being uncertain."""
WORTH_SAYING = 0.5
"""Uncertainty from which a sign is named."""
POOL = 5
"""Candidates per excerpt that a participant may give: the most uncertain ones."""

_MEMO = "memo"
"""Group of a note about a text to which no code was given: the text still waits for one."""
_NOT_BY_EXCERPT = ("theme", "stage")
"""Themes are judged as wholes; a stage is uncertain by its lead."""


def suggest_excerpts_to_code(
    excerpts: pd.DataFrame,
    scores: pd.DataFrame,
    embeddings: pd.DataFrame | None,
    codes: pd.DataFrame,
    *,
    n: int = 20,
    random_state: int = 0,
    thresholds: Thresholds | None = None,
) -> pd.DataFrame:
    """Choose the excerpts from which the machine would learn most.

    Such excerpts are hard on purpose. They must never be used to estimate agreement, the
    machine's quality or how frequent a code is: only a sample drawn at random
    (`review.draw_validation_sample`) may.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    scores : DataFrame
        Table `scores`, one row per excerpt; excerpts without scores are not suggested.
    embeddings : DataFrame or None
        Index `excerpt_id`, a column per dimension. Without them the choice is spread over
        participants only.
    codes : DataFrame
        Table `codes`, of people and machines.
    n : int, default 20
        Excerpts to choose; fewer when there are fewer.
    random_state : int, default 0
        Decides between equals.
    thresholds : Thresholds, optional
        Least scores that become a code; 0.5 when not given.

    Returns
    -------
    DataFrame
        `excerpt_id`; `uncertainty` in [0, 1], the greatest of its signs: pain, delight or need
        (1 at the threshold, 0 at 0 and 1), codes (1 at strength 0.5) and the stage (1 less its
        lead over the next); `why`, in words; `rank` from 1, in the order of choice. Never
        interviewers', nor what a person has judged, nor the same words twice. Nobody gives
        more than his share while others have something to give.

    Raises
    ------
    ValueError
        If `n` is below 1.

    References
    ----------
    Lewis & Gale (1994) for uncertainty; Carbonell & Goldstein (1998) for the balance with
    diversity, which counts from what people have coded, as in Sener & Savarese (2018).
    """
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}.")
    by_person = codes["coder_id"].str.startswith(PERSON) & (codes["code_group"] != _MEMO)
    judged = set(codes.loc[by_person, "excerpt_id"])
    candidates = _candidates(excerpts, scores, judged, random_state)
    if candidates.empty:
        return pd.DataFrame(columns=SUGGESTED).astype({"uncertainty": float, "rank": int})
    signs = _measure_signs(candidates, codes, thresholds or Thresholds())
    candidates = candidates.assign(uncertainty=signs.max(axis=1).round(4).to_numpy())
    share = -(-n // candidates["participant_id"].nunique())
    pool = candidates.sort_values("uncertainty", ascending=False, kind="stable")
    pool = pool.groupby("participant_id", sort=False).head(POOL * share)
    if len(pool) < n:
        pool = candidates.sort_values("uncertainty", ascending=False, kind="stable")
    else:
        # Of very many participants only the most uncertain are looked at.
        pool = pool.head(max(50 * n, 500))
    picked = _choose(pool.reset_index(drop=True), embeddings, judged, n)
    chosen = pool.iloc[picked]
    said = _name_stages_and_codes(chosen["excerpt_id"], codes)
    why = [
        _say_why(signs.loc[excerpt], row, said.get(excerpt, {}))
        for excerpt, row in zip(chosen["excerpt_id"], chosen.to_dict("records"), strict=True)
    ]
    return chosen.assign(why=why, rank=range(1, len(chosen) + 1))[SUGGESTED].reset_index(drop=True)


def read_lead(attributes: str) -> float:
    """Return a stage's lead over the next one, in probability; NaN where it is not known."""
    told = json.loads(attributes or "{}")
    lead = told.get("margin", told.get("lead"))
    return float("nan") if lead is None else float(lead)


def _candidates(
    excerpts: pd.DataFrame, scores: pd.DataFrame, judged: set[str], random_state: int
) -> pd.DataFrame:
    """Return what may be chosen, with its scores, in an order that chance decided."""
    heard = excerpts[excerpts["speaker"] != "interviewer"].sort_values("excerpt_id")
    words = heard["text"].str.casefold().str.strip()
    known = set(words[heard["excerpt_id"].isin(judged)])
    fresh = heard[~heard["excerpt_id"].isin(judged) & ~words.isin(known)]
    fresh = fresh.merge(scores, on="excerpt_id", how="inner")
    fresh = fresh.sample(frac=1.0, random_state=random_state)
    words = fresh["text"].str.casefold().str.strip()
    fresh = fresh[~words.duplicated()]
    return fresh[[not says_nothing(text) for text in fresh["text"]]].reset_index(drop=True)


def _measure_signs(
    candidates: pd.DataFrame, codes: pd.DataFrame, thresholds: Thresholds
) -> pd.DataFrame:
    """Return how uncertain each sign is, in [0, 1]: a column per sign, by `excerpt_id`."""
    signs = {
        signal: _nearness(candidates[signal], getattr(thresholds, signal)).to_numpy()
        for signal in SIGNALS
        if signal in candidates
    }
    by_excerpt = pd.DataFrame(signs, index=pd.Index(candidates["excerpt_id"]))
    stages, others = _doubtful_codes(codes[codes["excerpt_id"].isin(by_excerpt.index)])
    # A stage that one coder is sure of is sure; of several codes the least sure one counts.
    by_excerpt["stage"] = stages.groupby("excerpt_id")["doubt"].min()
    by_excerpt["code"] = others.groupby("excerpt_id")["doubt"].max()
    return by_excerpt.fillna(0.0)


def _doubtful_codes(codes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return stages and other codes with `doubt`, in [0, 1]."""
    given = codes[codes["strength"] > 0]
    doubt = _nearness(given["strength"], 0.5)
    stage = given["code_group"] == "stage"
    leads = given.loc[stage, "attributes"].map(read_lead).astype(float)
    stages = given[stage].assign(doubt=(1 - leads).fillna(doubt[stage]))
    # What a score alone made is as uncertain as the score, which is looked at by itself.
    scored = (given["basis"] == "score") & given["code_group"].isin(
        ["pain_point", "delight", "need"]
    )
    others = ~given["code_group"].isin(_NOT_BY_EXCERPT) & ~scored
    return stages, given[others].assign(doubt=doubt[others])


def _nearness(values: pd.Series, threshold: float) -> pd.Series:
    """Return 1 at the threshold, falling to 0 at 0 and at 1."""
    values = values.astype(float).clip(0.0, 1.0)
    below = values / threshold if threshold > 0 else values * 0.0
    above = (1 - values) / (1 - threshold) if threshold < 1 else values * 0.0
    return below.where(values < threshold, above)


def _choose(
    pool: pd.DataFrame, embeddings: pd.DataFrame | None, judged: set[str], n: int
) -> list[int]:
    """Choose row by row what is uncertain and unlike what people coded and what was chosen."""
    vectors = _unit_vectors(pool["excerpt_id"], embeddings)
    coded = _unit_vectors(sorted(judged), embeddings)
    nearest = (vectors @ coded.T).max(axis=1) if len(coded) else np.zeros(len(pool))
    uncertainty = pool["uncertainty"].to_numpy()
    people, _ = pd.factorize(pool["participant_id"])
    taken = np.zeros(people.max() + 1, dtype=int)
    share = -(-n // len(taken))
    open_rows = np.ones(len(pool), dtype=bool)
    picked: list[int] = []
    while len(picked) < min(n, len(pool)):
        allowed = open_rows & (taken[people] < share)
        if not allowed.any():
            share += 1
            continue
        # Rounded, so that the last digits of a product never decide.
        value = (1 - DIVERSITY) * uncertainty + DIVERSITY * (1 - nearest.clip(0.0, 1.0))
        row = int(np.where(allowed, value.round(6), -1.0).argmax())
        picked.append(row)
        open_rows[row] = False
        taken[people[row]] += 1
        nearest = np.maximum(nearest, vectors @ vectors[row])
    return picked


def _unit_vectors(ids: Sequence[str] | pd.Series, embeddings: pd.DataFrame | None) -> Any:
    """Return vectors of length 1; zeros, which are like nothing, where there is none."""
    if embeddings is None:
        return np.zeros((len(ids), 1))
    vectors = embeddings.reindex(ids).fillna(0.0).to_numpy(dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1.0, lengths)


def _name_stages_and_codes(chosen: pd.Series, codes: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the words for the stage and the least sure code of each chosen excerpt."""
    stages, others = _doubtful_codes(codes[codes["excerpt_id"].isin(chosen)])
    said: dict[str, dict[str, str]] = {}
    order = ["doubt", "code_group", "code"]
    for row in stages.sort_values(order).to_dict("records"):
        said.setdefault(row["excerpt_id"], {})["stage"] = f"stage uncertain ({row['code']}?)"
    for row in others.sort_values(order, ascending=[False, True, True]).to_dict("records"):
        words = f"{row['code_group']}: {row['code']}".replace("_", " ")
        said.setdefault(row["excerpt_id"], {})["code"] = f"{words} {row['strength']:.2f}"
    return said


def _say_why(signs: pd.Series, row: dict[str, Any], said: dict[str, str]) -> str:
    """Return the uncertain signs in words, the most uncertain first."""
    named = {signal: f"{signal} {row[signal]:.2f}" for signal in SIGNALS if signal in row} | said
    telling = signs[signs >= WORTH_SAYING].sort_values(ascending=False, kind="stable")
    return "; ".join(named[sign] for sign in telling.index) or "unlike what was coded so far"
