"""Who talked how much: interviewers who dominate, and the loudest voice of a focus group."""

from __future__ import annotations

import pandas as pd

TALK_COLUMNS = [
    "document_id", "source", "speaker", "participant_id", "n_turns", "n_words", "share",
    "share_of_participants",
]  # fmt: skip
DOMINANCE_COLUMNS = [
    "document_id", "source", "n_participants", "n_words", "interviewer_share",
    "most_talkative", "most_talkative_share", "even_share",
]  # fmt: skip


def measure_talk(excerpts: pd.DataFrame, documents: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measure how much each person talked in each conversation.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`, all speakers.
    documents : DataFrame, optional
        Table `documents`: with it only interviews are measured, since a survey answer has
        no talk to share.

    Returns
    -------
    DataFrame
        Table `talk`, one row per document, speaker and participant. `n_words` counts words
        between blanks, `n_turns` uninterrupted stretches of speech. `share` is of all words
        of the document; `share_of_participants` of its participants' words, NaN for others.
        Interviewers carry no participant id.
    """
    spoken = excerpts
    if documents is not None:
        interviews = documents.loc[documents["kind"] == "interview", "document_id"]
        spoken = excerpts[excerpts["document_id"].isin(interviews)]
    is_interviewer = spoken["speaker"] == "interviewer"
    spoken = spoken.assign(
        participant_id=spoken["participant_id"].mask(is_interviewer, ""),
        n_words=spoken["text"].str.count(r"\S*\w\S*"),
    )
    talk = (
        spoken.groupby(["document_id", "source", "speaker", "participant_id"], sort=True)
        .agg(n_turns=("turn", "nunique"), n_words=("n_words", "sum"))
        .reset_index()
    )
    theirs = talk["n_words"].where(talk["speaker"] == "participant")
    # Nobody said a word: there is nothing to share, which is not a share of 0.
    everybody = talk.groupby("document_id")["n_words"].transform("sum").replace(0, float("nan"))
    participants = theirs.groupby(talk["document_id"]).transform("sum").replace(0, float("nan"))
    return talk.assign(
        n_words=talk["n_words"].astype("int64"),
        share=talk["n_words"] / everybody,
        share_of_participants=theirs / participants,
    )[TALK_COLUMNS]


def measure_dominance(talk: pd.DataFrame) -> pd.DataFrame:
    """Measure who held the floor in each conversation.

    Parameters
    ----------
    talk : DataFrame
        Of `measure_talk`.

    Returns
    -------
    DataFrame
        Table `dominance`, one row per document. `interviewer_share` is of all words (0 where
        no interviewer is marked); `most_talkative_share` of the participants' words, beside
        `even_share`, what each would have if all talked alike. For one participant both are
        1.
    """
    rows = []
    for (document, source), people in talk.groupby(["document_id", "source"], sort=True):
        theirs = people[people["speaker"] == "participant"]
        asked = people.loc[people["speaker"] == "interviewer", "share"]
        most = theirs.sort_values(["n_words", "participant_id"], ascending=[False, True]).head(1)
        rows.append(
            [
                document,
                source,
                len(theirs),
                int(people["n_words"].sum()),
                float(asked.sum(min_count=1)) if len(asked) else 0.0,
                most["participant_id"].iloc[0] if len(most) else "",
                float(most["share_of_participants"].iloc[0]) if len(most) else float("nan"),
                1 / len(theirs) if len(theirs) else float("nan"),
            ]
        )
    return pd.DataFrame(rows, columns=DOMINANCE_COLUMNS)
