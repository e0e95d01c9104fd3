"""Stage by meaning: likeness to each stage's description, smoothed along a conversation.

Two steps. *Alone*: an excerpt's embedding, that of the words around it and that of the
question it answers are held against what the study says of each stage (definition, cue
phrases, touchpoints, examples); a conditional logit (McFadden 1974) with one set of weights
for all stages, so that it serves stages that it has never seen, gives probabilities.
*Along the conversation*: people tell a journey mostly in order, so the forward-backward
algorithm (Rabiner 1989) lets neighbours speak, with moves to the next stage likelier than
others and a new question freer than the next sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.coding.code_inference import softmax
from cjm_research.coding.phrases import (
    content_words,
    content_words_of,
    find_phrases,
    stems,
    tokenize,
)
from cjm_research.journey import Journey, Stage

Encode = Callable[[Sequence[str]], Any]
"""Texts to an array of unit-length embeddings, a row per text."""

FEATURES = (
    "text best three", "text best", "turn definition", "turn best three",
    "question definition", "question best three", "cues", "words", "question words",
)  # fmt: skip
WEIGHTS = (1.87, 2.26, 1.65, 3.61, 1.27, 3.21, 1.73, 0.74, 0.36)
"""Of the features, fitted by `training/fit_stages.py`; see there for the data."""
NO_STAGE = (2.75, -0.32)
"""Logit of "speaks of no stage": a constant, and what each log word takes away. The fitted
constant is 4.75; it is lowered because an aside mostly belongs to the stage being told."""

REACH, NEARNESS, AFTER = 3, 0.6, 0.7
"""Sentences of the same turn that count as context, how fast they fade, and how much less
the ones that follow count."""
CENTRING, ENOUGH = 0.6, 100
"""How much of a stage's mean likeness to the whole material is taken away (a wide definition is
like everything), in full once this many excerpts are there."""


@dataclass(frozen=True)
class Moves:
    """How a conversation moves through the journey, from one sentence to the next.

    Attributes
    ----------
    stay, forward : float
        Probability of the same and of the next stage; the rest is shared by all others.
    after_question : float
        How much likelier a move is when the interviewer has asked something new.
    sharpness : float
        What a sentence's own evidence counts for: neighbours share words, and would
        otherwise be believed more than independent witnesses are.
    """

    stay: float = 0.93
    forward: float = 0.04
    after_question: float = 3.0
    sharpness: float = 0.7


def infer_stages(
    excerpts: pd.DataFrame,
    embeddings: pd.DataFrame,
    journey: Journey,
    *,
    encode: Encode,
    known: Any = None,
    moves: Moves | None = None,
) -> tuple[Any, Any]:
    """Return how probable each stage is for each excerpt, alone and along the conversation.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts` without interviewers, sorted by document and place.
    embeddings : DataFrame
        Index `excerpt_id`, of at least these excerpts.
    journey : Journey
    encode : callable
        Texts to embeddings, by the same encoder.
    known : array, n excerpts x n stages, optional
        Log odds that something else (a heading, a question of the guide) adds to a stage.
    moves : Moves, optional

    Returns
    -------
    alone, along : arrays, n excerpts x (n stages + 1)
        Rows sum to 1; the last column is "speaks of no stage". `alone` uses neither
        neighbours' stages nor what is known.
    """
    likeness = measure_likeness(excerpts, embeddings, journey, encode=encode)
    logits = weigh(likeness, excerpts["text"], WEIGHTS, NO_STAGE)
    alone = softmax(logits)
    if known is not None:
        logits[:, :-1] += known
    starts = _conversation_starts(excerpts)
    new_question = (excerpts["prompt"] != excerpts["prompt"].shift()).to_numpy()
    along = _smooth(logits, starts, new_question, moves or Moves())
    return alone, along


def measure_likeness(
    excerpts: pd.DataFrame, embeddings: pd.DataFrame, journey: Journey, *, encode: Encode
) -> Any:
    """Return the features of every excerpt and stage: array, excerpts x stages x `FEATURES`."""
    own = embeddings.loc[excerpts["excerpt_id"]].to_numpy(dtype=np.float64)
    questions = sorted(set(excerpts["prompt"]))
    encoded = np.asarray(encode(questions), dtype=np.float64)
    # No question says nothing about any stage: its likeness is 0 to all.
    encoded[[not question.strip() for question in questions]] = 0.0
    which = pd.Index(questions).get_indexer(excerpts["prompt"])
    described = [np.asarray(encode(_describe(stage)), dtype=np.float64) for stage in journey]

    cosines = np.empty((len(excerpts), len(described), 6))
    for place, vectors in enumerate(described):
        text, turn = own @ vectors.T, _context(own, excerpts) @ vectors.T
        question = (encoded @ vectors.T)[which]
        cosines[:, place] = np.column_stack(
            [_best_three(text), text.max(axis=1), turn[:, 0], _best_three(turn),
             question[:, 0], _best_three(question)]
        )  # fmt: skip
    mean = cosines.mean(axis=0, keepdims=True)
    share = CENTRING * min(1.0, len(excerpts) / ENOUGH)
    cosines -= share * (mean - mean.mean(axis=1, keepdims=True))

    texts = excerpts["text"].tolist()
    counts = np.stack(
        [_count_cues(texts, journey), _count_words(texts, journey),
         _count_words(questions, journey)[which]],
        axis=-1,
    )  # fmt: skip
    return np.concatenate([cosines, counts], axis=-1)


def weigh(likeness: Any, texts: pd.Series, weights: Any, no_stage: tuple[float, float]) -> Any:
    """Return logits: array, excerpts x (stages + 1); the last column is "no stage"."""
    n_words = np.log1p(texts.str.split().str.len().to_numpy(dtype=np.float64))
    return np.column_stack([likeness @ np.asarray(weights), no_stage[0] + no_stage[1] * n_words])


def _describe(stage: Stage) -> list[str]:
    """Return what the study says of a stage, the definition first."""
    first = f"{stage.name}: {stage.definition}" if stage.definition else stage.name
    touchpoints = [touchpoint.name for touchpoint in stage.touchpoints]
    return [first, stage.name, *stage.cues, *touchpoints, *stage.examples]


def _best_three(likeness: Any) -> Any:
    return np.sort(likeness, axis=1)[:, -3:].mean(axis=1)


def _context(own: Any, excerpts: pd.DataFrame) -> Any:
    """Return each excerpt's embedding mixed with its neighbours' of the same turn."""
    turn = pd.factorize(excerpts["document_id"] + "\x1f" + excerpts["turn"].astype(str))[0]
    mixed = np.zeros_like(own)
    for step in range(-REACH, REACH + 1):
        other = np.arange(len(own)) + step
        inside = (other >= 0) & (other < len(own))
        inside[inside] = turn[other[inside]] == turn[inside]
        mixed[inside] += NEARNESS ** abs(step) * (AFTER if step > 0 else 1.0) * own[other[inside]]
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)


def _count_words(texts: list[str], journey: Journey) -> Any:
    """Count content words shared with a stage's description, less for words of many stages."""
    vocabularies = [
        set().union(*(stems(content_words(text)) for text in _describe(stage))) for stage in journey
    ]
    n_stages = Counter(word for vocabulary in vocabularies for word in vocabulary)
    telling = {word: 1 / n for word, n in n_stages.items() if n < max(2, len(vocabularies))}
    counts = np.zeros((len(texts), len(vocabularies)))
    for row, words in enumerate(map(stems, content_words_of(texts))):
        for place, vocabulary in enumerate(vocabularies):
            # Sorted: a sum of floats depends on its order.
            counts[row, place] = sum(telling.get(word, 0.0) for word in sorted(words & vocabulary))
    return np.minimum(counts, 3.0)


def _count_cues(texts: list[str], journey: Journey) -> Any:
    """Count the cue phrases of each stage in each text; more than two say no more than two."""
    place = {stage.id: number for number, stage in enumerate(journey)}
    counts = np.zeros((len(texts), len(place)))
    cues = {stage.id: stage.cues for stage in journey}
    for row, hits in enumerate(find_phrases(tokenize(texts), cues)):
        for hit in hits:
            counts[row, place[hit.label]] += 1
    return np.minimum(counts, 2.0)


def _conversation_starts(excerpts: pd.DataFrame) -> list[int]:
    documents = excerpts["document_id"]
    return np.flatnonzero((documents != documents.shift()).to_numpy()).tolist()


def _smooth(logits: Any, starts: list[int], new_question: Any, moves: Moves) -> Any:
    """Return posterior probabilities along each conversation (forward-backward)."""
    n, n_states = logits.shape
    n_stages = n_states - 1
    within = _transitions(n_stages, moves.stay, moves.forward)
    leave = min(0.95, (1 - moves.stay) * moves.after_question)
    between = _transitions(n_stages, 1 - leave, moves.forward * moves.after_question)
    # The stage goes on underneath a sentence that speaks of none, which therefore is no
    # state of the conversation but judged sentence by sentence afterwards.
    evidence = softmax(logits[:, :n_stages] * moves.sharpness)
    stages = np.empty_like(evidence)
    for start, end in zip(starts, [*starts[1:], n], strict=True):
        stages[start:end] = _forward_backward(
            evidence[start:end], new_question[start:end], within, between
        )
    # A sentence's own claim to speak of no stage holds against what its neighbours say for
    # one: "so I did it again" speaks of the stage that is being told.
    told = np.log(np.maximum(stages, 1e-9)) + np.max(logits[:, :n_stages], axis=1, keepdims=True)
    return softmax(np.column_stack([told, logits[:, n_stages]]))


def _transitions(n_stages: int, stay: float, forward: float) -> Any:
    matrix = np.full((n_stages, n_stages), max(0.0, 1 - stay - forward) / max(1, n_stages - 1))
    np.fill_diagonal(matrix, stay)
    for stage in range(n_stages - 1):
        matrix[stage, stage + 1] += forward
    return matrix / matrix.sum(axis=1, keepdims=True)


def _forward_backward(evidence: Any, new_question: Any, within: Any, between: Any) -> Any:
    n = len(evidence)
    forward, backward = np.empty_like(evidence), np.ones_like(evidence)
    forward[0] = evidence[0] / evidence[0].sum()
    for place in range(1, n):
        move = between if new_question[place] else within
        step = (forward[place - 1] @ move) * evidence[place]
        forward[place] = step / step.sum()
    for place in range(n - 2, -1, -1):
        move = between if new_question[place + 1] else within
        step = move @ (evidence[place + 1] * backward[place + 1])
        backward[place] = step / step.sum()
    posterior = forward * backward
    return posterior / posterior.sum(axis=1, keepdims=True)
