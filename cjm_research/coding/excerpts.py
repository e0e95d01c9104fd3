"""Documents into excerpts: sentence-sized units that keep their place in the document."""

from __future__ import annotations

import pandas as pd

from cjm_research.coding.phrases import blank_marks, load_nlp
from cjm_research.coding.questions import asks
from cjm_research.tables import check_table


def split_excerpts(documents: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    """Split every turn into sentences.

    Parameters
    ----------
    documents : DataFrame
        Table `documents`.
    turns : DataFrame
        Table `turns`.

    Returns
    -------
    DataFrame
        Table `excerpts` in document and text order, all speakers. `start` and `end` are
        character offsets in the document's text: `text[start:end]` is the excerpt.
        `prompt` is what the excerpt answers: the interviewer's last turn before it that asks
        for something (see `asks`; "Mm-hm." does not), or the question of the document.
        `stage` is empty until codes are resolved.
    """
    texts = documents.set_index("document_id").to_dict("index")
    ordered = turns.sort_values(["document_id", "turn"]).to_dict("records")
    nlp = load_nlp()
    rows = []
    document_id, prompt, number = "", "", 0
    for turn in ordered:
        document = texts[turn["document_id"]]
        if turn["document_id"] != document_id:
            document_id, prompt, number = turn["document_id"], document["prompt"], 0
        said = document["text"][turn["start"] : turn["end"]]
        sentences = nlp(blank_marks(said)).sents
        spans = [(sentence.start_char, sentence.end_char) for sentence in sentences]
        spans = [(start, end) for start, end in spans if said[start:end].strip()]
        # Stray punctuation is no sentence, unless it is all that somebody said ("???").
        worded = [(start, end) for start, end in spans if _has_words(said[start:end])]
        for first, last in worded or spans[:1]:
            text = said[first:last].strip()
            start = turn["start"] + last - len(said[first:last].lstrip())
            rows.append(
                {
                    "excerpt_id": f"{document_id}#{number}",
                    "document_id": document_id,
                    "participant_id": document["participant_id"],
                    "source": document["source"],
                    "speaker": turn["speaker"],
                    "turn": turn["turn"],
                    "start": start,
                    "end": start + len(text),
                    "prompt": prompt,
                    "heading": turn["heading"],
                    "start_s": turn["start_s"],
                    "text": text,
                    "stage": "",
                }
            )
            number += 1
        if turn["speaker"] == "interviewer" and asks(said):
            prompt = said
    columns = [
        "excerpt_id", "document_id", "participant_id", "source", "speaker", "turn", "start",
        "end", "prompt", "heading", "start_s", "text", "stage",
    ]  # fmt: skip
    return check_table(pd.DataFrame(rows, columns=columns), "excerpts", where="split_excerpts")


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
