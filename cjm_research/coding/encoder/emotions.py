"""Emotions of UX research, rolled up from the 27 of GoEmotions, and the scores of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cjm_research.coding.encoder.model import sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cjm_research.coding.encoder.model import Encoded, Encoder

ROLL_UP: dict[str, tuple[str, ...]] = {
    "frustration": ("anger", "annoyance", "disapproval", "disgust"),
    "disappointment": ("disappointment", "sadness", "grief", "remorse", "embarrassment"),
    "confusion": ("confusion",),
    "worry": ("fear", "nervousness"),
    "surprise": ("surprise", "realization"),
    "curiosity": ("curiosity", "desire"),
    "relief": ("relief",),
    "satisfaction": ("approval", "gratitude", "optimism", "caring", "pride"),
    "delight": ("admiration", "amusement", "excitement", "joy", "love"),
    "neutral": ("neutral",),
}
"""Every one of the 28 labels belongs to one UX emotion: that which a researcher would act upon
in the same way. Desire goes with curiosity (drawn towards something); realization with
surprise (it was not known before)."""

EMOTIONS = tuple(ROLL_UP)
POSITIVE = ("relief", "satisfaction", "delight")
NEGATIVE = ("frustration", "disappointment", "confusion", "worry")


def score_texts(
    encoder: Encoder, texts: Sequence[str], prompts: Sequence[str] | None = None
) -> tuple[pd.DataFrame, Encoded]:
    """Return the scores of texts, and all else that the encoder says of them.

    Parameters
    ----------
    encoder : Encoder
    texts, prompts : sequences of str
        As in `Encoder.encode`.

    Returns
    -------
    scores : DataFrame
        `emotion_*` for every UX emotion, `pain`, `delight` and `need`: probabilities, several
        may be high. `valence` in [-1, 1]: how likely something pleasant was said or felt,
        less how likely something unpleasant was. float32, a row per text; a Series keeps its
        index.
    encoded : Encoded
        Embeddings among it.
    """
    encoded = encoder.encode(texts, prompts)
    emotions = roll_up(encoded.emotions, encoder.emotions, encoder.card["roll_up"])
    signals = dict(zip(encoder.signals, encoded.signals.T, strict=True))
    valence = 0.5 * (
        any_of([emotions[name] for name in POSITIVE])
        + signals["delight"]
        - any_of([emotions[name] for name in NEGATIVE])
        - signals["pain"]
    )
    columns = {f"emotion_{name}": values for name, values in emotions.items()}
    index = texts.index if isinstance(texts, pd.Series) else None
    scores = pd.DataFrame(columns | {"valence": valence} | signals, dtype="float32")
    if index is not None:
        scores.index = index
    return scores, encoded


def roll_up(
    probabilities: NDArray[np.float32], names: Sequence[str], calibration: dict[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """Return the probability of each UX emotion.

    That at least one member is present, if members were independent (noisy-or); they are not,
    so a logistic curve with two numbers, fitted on the dev split, makes it a probability
    again (Platt 1999).

    Parameters
    ----------
    probabilities : array, n x 28
    names : sequence of str
        Of its columns.
    calibration : dict
        UX emotion to (slope, shift) on the logit scale.
    """
    column = {name: probabilities[:, place] for place, name in enumerate(names)}
    made = {}
    for emotion, members in ROLL_UP.items():
        slope, shift = calibration[emotion]
        made[emotion] = sigmoid(slope * logit(any_of([column[name] for name in members])) + shift)
    return made


def any_of(probabilities: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Return the probability of at least one of several independent events."""
    none = np.ones(probabilities[0].shape, "float64")
    for values in probabilities:
        none *= 1.0 - values.astype("float64")
    return 1.0 - none


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds, held within those of 1e-6."""
    held = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(held) - np.log1p(-held)
