"""Which language each document is in, so that nothing is scored that is not understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LANGUAGE_COLUMNS = ["document_id", "source", "language", "probability", "status"]
READ, SET_ASIDE, TOO_SHORT = "read", "set aside", "too short to tell"

ENGLISH = "en"
SURE = 0.9
"""Probability from which the detector is believed.

On 31,000 English texts of surveys, reviews, notes, bank questions and social talk it named no
other language with this much confidence; at .6 it did for 5 of them.
"""
MIN_LETTERS, MIN_WORDS = 20, 4
"""Shorter texts are names, numbers and one-word answers, alike in most languages."""
MAX_CHARACTERS = 20_000
"""Of one text, and of a source's texts taken together: more makes nothing surer."""

_NO_WORDS = re.compile(r"\[\w+\]|https?://\S+|www\.\S+|[^\s@]{1,64}+@\S+|`[^`]*`")
"""Masks, addresses and code: in no language, or in English whatever the text is in.

What stands before an `@` is bounded and never tried shorter, so that a text of one word takes no
longer than its length.
"""


def detect_languages(
    documents: pd.DataFrame,
    turns: pd.DataFrame | None = None,
    *,
    languages: Sequence[str] = (ENGLISH,),
) -> pd.DataFrame:
    """Detect the language of each document, and say which are set aside.

    Parameters
    ----------
    documents : DataFrame
        Table `documents`.
    turns : DataFrame, optional
        Table `turns`; with it, interviewers' words do not count.
    languages : sequence of str, default ("en",)
        Codes (ISO 639) of the languages that the encoder reads.

    Returns
    -------
    DataFrame
        One row per document, in the order given. `status` is "set aside" for a document in
        a language that is not read; such documents must not be scored. A text with fewer
        than 20 letters or 4 words is "too short to tell"; it, and a text of which the
        detector is not sure, counts as what its source's doubtful texts are in when taken
        together (else its source's other texts, the whole study's, or English) and is set
        aside with them. `probability` is that of `language` by the document's own words, NaN
        where it has none.

    Notes
    -----
    By py3langid (a naive Bayes model of byte sequences, 140 languages), whose model ships
    with it. A document has one language: a passage in another one inside it is not found.
    """
    texts = _worded(documents, turns)
    detector = _load_detector()
    long_enough = np.array([_is_long_enough(text) for text in texts], dtype=bool)
    has_letters = np.array([any(map(str.isalpha, text)) for text in texts], dtype=bool)
    given = documents[["document_id", "source"]].reset_index(drop=True)
    found, probability = _detect(texts, detector)
    # "zxx" is the code for no language: a page of digits is not set aside as foreign.
    sure = long_enough & (probability >= SURE) & (found != "zxx")
    usual = _usual_languages(given.assign(text=texts, found=found, sure=sure))
    language = np.where(sure, found, given["source"].map(usual).to_numpy(dtype=object))
    own = [
        dict(detector.rank(texts[row][:MAX_CHARACTERS]))[language[row]]
        if has_letters[row] and language[row] != found[row]
        else probability[row]
        for row in range(len(texts))
    ]
    status = np.where(long_enough, READ, TOO_SHORT)
    status = np.where(~np.isin(language.astype(str), list(languages)), SET_ASIDE, status)
    return given.assign(
        language=language.astype(object),
        probability=np.where(has_letters, own, np.nan),
        status=status.astype(object),
    )[LANGUAGE_COLUMNS]


def _usual_languages(documents: pd.DataFrame) -> dict[str, str]:
    """Return the language of each source's doubtful texts, taken together.

    One answer "muito bom" says little; a hundred such answers say Portuguese. Texts in a
    language beyond doubt are left out, as one long Portuguese answer makes no other answer
    Portuguese; only where the doubtful ones say too little, the most usual of them counts.
    """
    by_id = documents.sort_values("document_id", kind="stable")
    whole = _usual(by_id, ENGLISH)
    return {str(source): _usual(rows, whole) for source, rows in by_id.groupby("source")}


def _usual(rows: pd.DataFrame, otherwise: str) -> str:
    known = rows.loc[rows["sure"], "found"].value_counts()
    leading = sorted(known.index[known == known.max()])
    usual = str(leading[0]) if len(leading) == 1 else otherwise
    return _together(rows.loc[~rows["sure"], "text"].tolist(), usual)


def _together(texts: list[str], otherwise: str) -> str:
    """Return the language of texts taken together; evenly drawn where they are many."""
    total = sum(map(len, texts))
    step = max(1, -(-total // MAX_CHARACTERS))
    joined = "\n".join(texts[::step])
    if not _is_long_enough(joined):
        return otherwise
    found, probability = _detect([joined], _load_detector())
    return str(found[0]) if probability[0] >= SURE and found[0] != "zxx" else otherwise


def _detect(texts: list[str], detector: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
    named = [detector.classify(text[:MAX_CHARACTERS]) for text in texts]
    return (
        np.array([name for name, _ in named], dtype=object),
        np.array([probability for _, probability in named], dtype=float),
    )


def _worded(documents: pd.DataFrame, turns: pd.DataFrame | None) -> list[str]:
    """Return each document's words but the interviewer's, without masks and addresses."""
    whole = dict(zip(documents["document_id"], documents["text"], strict=True))
    said = whole
    if turns is not None:
        parts: dict[str, list[str]] = {document: [] for document in turns["document_id"].unique()}
        heard = turns[turns["speaker"] != "interviewer"].sort_values(["document_id", "turn"])
        for document, start, end in zip(
            heard["document_id"], heard["start"], heard["end"], strict=True
        ):
            parts[document].append(whole.get(document, "")[start:end])
        said = whole | {document: "\n".join(words) for document, words in parts.items()}
    return [_NO_WORDS.sub(" ", said[document]) for document in documents["document_id"]]


def _is_long_enough(text: str) -> bool:
    if len(text) < MIN_LETTERS:
        return False
    words = sum(any(map(str.isalpha, word)) for word in text.split())
    letters = sum(map(str.isalpha, text))
    # Chinese and Thai set no blanks between words: there the letters count.
    unspaced = not text.isascii() and letters >= 15 * words
    return letters >= MIN_LETTERS and (words >= MIN_WORDS or unspaced)


@cache
def _load_detector() -> Any:
    """Return the detector with its own model file; nothing is fetched."""
    from py3langid.langid import (  # type: ignore[import-untyped]
        MODEL_FILE,
        LanguageIdentifier,
    )

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
