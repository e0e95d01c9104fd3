import pandas as pd
import pytest

from cjm_research.coding import ScoreCoder, score_excerpts, split_excerpts
from cjm_research.journey import Journey, Stage
from cjm_research.tables import check_table


def make_evidence(*interviews, prompt="", source="talks"):
    documents, turns = [], []
    for number, said in enumerate(interviews, start=1):
        document = f"{source}/P{number:02d}"
        position, parts = 0, []
        for turn, (speaker, text, *heading) in enumerate(said):
            turns.append(
                {
                    "document_id": document, "turn": turn, "speaker": speaker, "start": position,
                    "end": position + len(text), "heading": heading[0] if heading else "",
                    "start_s": float("nan"),
                }
            )  # fmt: skip
            parts.append(text)
            position += len(text) + 1
        documents.append(
            {
                "document_id": document, "participant_id": f"p{number}", "source": source,
                "kind": "interview", "wave": "", "text": "\n".join(parts), "prompt": prompt,
                "question": "", "item": "", "declared_stage": "", "said_at": None,
                "channel": "", "touchpoint": "",
            }
        )  # fmt: skip
    return (
        check_table(pd.DataFrame(documents), "documents"),
        check_table(pd.DataFrame(turns), "turns"),
    )


@pytest.fixture(scope="session")
def evidence():
    return make_evidence


@pytest.fixture
def excerpts():
    def make(*interviews, prompt=""):
        return split_excerpts(*make_evidence(*interviews, prompt=prompt))

    return make


@pytest.fixture
def say(excerpts):
    def one_answer(*sentences, prompt=""):
        return excerpts([("participant", " ".join(sentences))], prompt=prompt)

    return one_answer


@pytest.fixture
def score(say):
    def scores_of(text):
        (row,) = score_excerpts(say(text), by="rules").to_dict("records")
        return row

    return scores_of


@pytest.fixture
def coded(say):
    def codes_of(*sentences, prompt=""):
        told = say(*sentences, prompt=prompt)
        codes = ScoreCoder()(told, score_excerpts(told, by="rules"))
        return {(row.code_group, row.code) for row in codes.itertuples()}

    return codes_of


@pytest.fixture
def journey():
    return Journey(
        (
            Stage("find", "Finding", cues=("the advert", "first heard"),
                  prompts=("How did you first hear of us?",)),
            Stage("order", "Ordering", cues=("the basket", "at checkout", "paying"),
                  prompts=("What happened when you came to order?",)),
            Stage("wait", "Waiting and wearing", cues=("the parcel", "the courier"),
                  prompts=("What happened after you had ordered?",)),
        )
    )  # fmt: skip
