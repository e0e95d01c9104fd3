"""Choosing quotes: verbatim, one per person and stage, where consent allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

QUOTE_COLUMNS = [
    "quote_id", "stage", "source", "document_id", "start", "end", "text", "participant_id",
    "alias", "speaker", "at", "prompt", "code_group", "code", "label", "before", "after",
]  # fmt: skip
QUOTED_GROUPS = ("pain_point", "delight", "need", "expectation")
NOT_QUOTED = frozenset({"other", "none"})
"""Codes that are a worklist for a person, or say that nothing applies."""
GOOD_LENGTH = (40, 220)
"""Characters: shorter ones are not understood alone, longer ones are not read."""
NEAR_DUPLICATE = 0.9
"""Cosine of meanings, or share of words in common, from which two quotes say the same."""
DIVERSITY = 0.3
"""Weight of being unlike the quotes chosen before, against being near the code's centre.

Carbonell and Goldstein (1998), maximal marginal relevance, with lambda .7.
"""

_COMPLETE = re.compile(r"^[\"'“‘(¿¡]*[A-Z0-9\[].*[.!?…][\"'”’)]*$", re.DOTALL)


def choose_quotes(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    participants: pd.DataFrame,
    documents: pd.DataFrame,
    mentions: pd.DataFrame,
    *,
    labels: Mapping[tuple[str, str], str],
    per_stage: int = 3,
    embeddings: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Choose quotes that show what most people tell in each stage, each another thing.

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
    embeddings : DataFrame, optional
        Index `excerpt_id`, a column per dimension. With them the quotes of a code lie near
        the centre of all that was said under it and away from each other; without, words
        in common tell near-duplicates.

    Returns
    -------
    DataFrame
        Table `quotes`. Only people whose consent allows it; interviewers never. The codes
        told by most people come first, pain points before delights, in turn, and of three quotes
        one shows what delights, where anything does; then clear
        length, whole sentences, few masks; then what represents the code and is unlike the
        quotes chosen before. One quote per person in a stage, whatever the source; none
        that says what another there says already. `text` is the document's `[start:end]`;
        `before` and `after` are the neighbouring sentences of the same turn.
    """
    candidates = _candidates(codes, excerpts, participants, documents, mentions)
    if candidates.empty:
        return pd.DataFrame(columns=QUOTE_COLUMNS)
    likeness = _Likeness(candidates, codes, excerpts, embeddings)
    picked = [
        row
        for _, stage in candidates.groupby("stage", sort=True, observed=True)
        for row in _choose_in_stage(stage, likeness, per_stage)
    ]
    chosen = candidates.loc[picked].sort_values(["stage", "source"], kind="stable")
    chosen["label"] = [
        labels.get((group, code), code.replace("_", " "))
        for group, code in zip(chosen["code_group"], chosen["code"], strict=True)
    ]
    chosen["at"] = [describe_place(row) for row in chosen.to_dict("records")]
    chosen["quote_id"] = [f"q{number + 1:03d}" for number in range(len(chosen))]
    return chosen.assign(**_context(chosen, excerpts))[QUOTE_COLUMNS].reset_index(drop=True)


def _candidates(
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    participants: pd.DataFrame,
    documents: pd.DataFrame,
    mentions: pd.DataFrame,
) -> pd.DataFrame:
    """Return what may be quoted, the most told and clearest first, indexed from 0."""
    allowed = participants.loc[participants["consent"] == "quote", ["participant_id", "alias"]]
    told = codes[codes["code_group"].isin(QUOTED_GROUPS) & ~codes["code"].isin(NOT_QUOTED)]
    # Who praises in the same breath is no witness of a pain: "the price was right, to be fair".
    pleased = set(told.loc[told["code_group"] == "delight", "excerpt_id"])
    torn = (told["code_group"] == "pain_point") & told["excerpt_id"].isin(pleased)
    told = told[~torn]
    spoken = excerpts[excerpts["speaker"] != "interviewer"].astype({"stage": "object"})
    everybody = mentions[mentions["segment"] == ""].astype({"stage": "object"})
    candidates = (
        told[["excerpt_id", "code_group", "code", "strength"]]
        .merge(spoken, on="excerpt_id", how="inner")
        .merge(allowed, on="participant_id", how="inner")
        .merge(documents[["document_id", "item", "kind", "channel"]], on="document_id", how="left")
        .merge(
            everybody[["stage", "source", "code_group", "code", "n_said"]],
            on=["stage", "source", "code_group", "code"],
            how="inner",
        )
    )
    if "stage" in excerpts and isinstance(excerpts["stage"].dtype, pd.CategoricalDtype):
        candidates = candidates.astype({"stage": excerpts["stage"].dtype})
    text = candidates["text"]
    candidates = candidates.assign(
        group_rank=candidates["code_group"].map(QUOTED_GROUPS.index),
        masked=text.str.contains(r"\[\w+\]", regex=True),
        awkward=~text.str.len().between(*GOOD_LENGTH),
        incomplete=[_COMPLETE.match(said.strip()) is None for said in text],
    )
    return candidates.sort_values(
        ["stage", "source", "group_rank", "n_said", "code", "awkward", "incomplete", "masked",
         "strength", "excerpt_id"],
        ascending=[True, True, True, False, True, True, True, True, False, True],
        kind="stable",
    ).reset_index(drop=True)  # fmt: skip


class _Likeness:
    """How near a candidate is to the centre of its code, and how like another."""

    def __init__(
        self,
        candidates: pd.DataFrame,
        codes: pd.DataFrame,
        excerpts: pd.DataFrame,
        embeddings: pd.DataFrame | None,
    ) -> None:
        self._words = [
            frozenset(re.findall(r"\w+", text.casefold())) for text in candidates["text"]
        ]
        self._vectors: NDArray[np.float64] | None = None
        self.centrality = np.zeros(len(candidates))
        if embeddings is not None:
            found = embeddings.reindex(candidates["excerpt_id"]).fillna(0.0)
            self._vectors = _unit(found.to_numpy(dtype=float))
            self.centrality = _near_centre(self._vectors, candidates, codes, excerpts, embeddings)

    def to_others(self, row: int, others: list[int]) -> float:
        """Return the greatest likeness of a candidate to those chosen; 0 without any."""
        if not others:
            return 0.0
        same = max(self._overlap(row, other) for other in others)
        if self._vectors is None:
            return same
        return max(same, round(float((self._vectors[others] @ self._vectors[row]).max()), 6))

    def _overlap(self, row: int, other: int) -> float:
        mine, theirs = self._words[row], self._words[other]
        # One and the same wordless text is a duplicate as well.
        return len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0


def _near_centre(
    vectors: NDArray[np.float64],
    candidates: pd.DataFrame,
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    embeddings: pd.DataFrame,
) -> NDArray[np.float64]:
    """Cosine to the mean of what was said under the code, by anybody, in any stage."""
    spoken = excerpts.loc[excerpts["speaker"] != "interviewer", "excerpt_id"]
    told = codes[codes["excerpt_id"].isin(spoken) & codes["excerpt_id"].isin(embeddings.index)]
    said = {
        key: rows["excerpt_id"].drop_duplicates().sort_values()
        for key, rows in told.groupby(["code_group", "code"])
    }
    near = np.zeros(len(candidates))
    for key, rows in candidates.groupby(["code_group", "code"]):
        if key in said:
            all_said = _unit(embeddings.loc[said[key]].to_numpy(dtype=float))
            centre = _unit(all_said.mean(axis=0, keepdims=True))[0]
            near[rows.index] = vectors[rows.index] @ centre
    # Rounded, so that the last digits of a sum decide nothing.
    rounded: NDArray[np.float64] = near.round(6)
    return rounded


def _choose_in_stage(stage: pd.DataFrame, likeness: _Likeness, per_stage: int) -> Iterator[int]:
    """Choose in turn over each source's codes, so that the second quote shows a second thing."""
    people: set[str] = set()
    chosen: list[int] = []
    sources = stage.groupby("source", sort=True)
    # The source with fewest people chooses first: who speaks in two is missed less by the other.
    for _, mine in sorted(sources, key=lambda item: (item[1]["participant_id"].nunique(), item[0])):
        queues = _take_turns(mine, per_stage)
        left = per_stage
        while left > 0 and queues:
            filled = []
            for queue in queues:
                row = _best(queue, people, chosen, likeness) if left else None
                if row is not None:
                    people.add(mine.loc[row, "participant_id"])
                    chosen.append(row)
                    left -= 1
                    filled.append(queue)
                    yield row
            queues = filled


def _take_turns(mine: pd.DataFrame, per_stage: int) -> list[pd.DataFrame]:
    """Return the candidates of each code, in the order that codes are quoted in.

    The last place in the first turn goes to what is no complaint, a delight before all, where
    there is any: complaints alone would look worse than people say it is.
    """
    codes = mine.groupby(["code_group", "code"], sort=False)
    pains, others = (
        [rows for (group, _), rows in codes if (group == "pain_point") is pain]
        for pain in (True, False)
    )
    room = max(1, per_stage - 1)
    return [*pains[:room], *others[:1], *pains[room:], *others[1:]]


def _best(
    queue: pd.DataFrame, people: set[str], chosen: list[int], likeness: _Likeness
) -> int | None:
    """Return the next quote of a code: clear first, then representative and unlike the others."""
    best: tuple[tuple[Any, ...], int] | None = None
    columns = ["participant_id", "awkward", "incomplete", "masked", "strength"]
    for row, who, *flaws, strength in queue[columns].itertuples(name=None):
        if who in people or (best is not None and tuple(flaws) > best[0][:3]):
            continue
        alike = likeness.to_others(row, chosen)
        if alike >= NEAR_DUPLICATE:
            continue
        relevance = (1 - DIVERSITY) * likeness.centrality[row] - DIVERSITY * alike
        key = (*flaws, -round(relevance, 6), -strength, row)
        if best is None or key < best[0]:
            best = key, row
    return None if best is None else best[1]


def _context(chosen: pd.DataFrame, excerpts: pd.DataFrame) -> dict[str, list[str]]:
    """Return the sentences before and after each quote in its own turn, empty at its ends."""
    turn = ["document_id", "turn"]
    near = excerpts[excerpts["document_id"].isin(chosen["document_id"])]
    near = near.sort_values(["document_id", "turn", "start"], kind="stable")
    texts = near.groupby(turn)["text"]
    sentences = near.assign(before=texts.shift(1), after=texts.shift(-1)).set_index("excerpt_id")
    return {
        side: sentences.loc[chosen["excerpt_id"], side].fillna("").tolist()
        for side in ("before", "after")
    }


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float64] = vectors / np.where(lengths == 0, 1.0, lengths)
    return unit


def describe_place(row: Mapping[Any, Any]) -> str:
    """Where in the source a person would look: a time code, a task, a channel, a sentence."""
    seconds = row["start_s"]
    if isinstance(seconds, float) and seconds == seconds:
        minutes, rest = divmod(int(seconds), 60)
        return f"interview, {minutes:02d}:{rest:02d}"
    if row["kind"] == "interview":
        return f"interview, turn {int(str(row['turn'])) + 1}"
    if row["kind"] == "feedback":
        return f"feedback, {row['channel']}" if row["channel"] else "feedback"
    return f"note on task {row['item']}" if row["kind"] == "note" else "survey answer"
