import math
from types import SimpleNamespace

import pandas as pd
import pytest

from cjm_research.codes import code_id
from cjm_research.journey import Journey, Stage, Touchpoint
from cjm_research.tables import TABLES, check_table

JOURNEY = Journey(
    (
        Stage("see", "Seeing", owner="Marketing", touchpoints=(Touchpoint("Advert", "print"),)),
        Stage("buy", "Buying", completed_by=("kept",)),
        Stage("tell", "Telling", sequential=False, measure="none"),
    )
)


@pytest.fixture
def journey():
    return JOURNEY


@pytest.fixture
def told():
    def tell(*rows, consent=None, journey=JOURNEY):
        # A row: person, source, stage, speaker, text, and codes of the form group:code.
        people = dict.fromkeys(row[0] for row in rows)
        excerpts, codes, texts, places = [], [], {}, {}
        for who, source, stage, speaker, text, *named in rows:
            document = f"{source}/{who}"
            start = len(texts.get(document, "")) + (1 if document in texts else 0)
            texts[document] = f"{texts[document]}\n{text}" if document in texts else text
            places[document] = (who, source)
            turn = sum(excerpt["document_id"] == document for excerpt in excerpts)
            excerpts.append(
                {
                    "excerpt_id": f"{document}#{turn}", "document_id": document,
                    "participant_id": who, "source": source, "speaker": speaker, "turn": turn,
                    "start": start, "end": start + len(text), "prompt": "", "heading": "",
                    "start_s": math.nan, "text": text, "stage": stage,
                }
            )  # fmt: skip
            for name in named:
                group, code = name.split(":")
                codes.append(
                    {
                        "code_id": code_id("rules", document, start, turn, group, code),
                        "document_id": document, "start": start, "end": start + len(text),
                        "quote": text, "excerpt_id": f"{document}#{turn}", "code_group": group,
                        "code": code, "strength": 0.7, "basis": "", "attributes": "{}",
                        "note": "", "coder_id": "rules", "coded_at": None,
                    }
                )  # fmt: skip
        frame = check_table(pd.DataFrame(excerpts), "excerpts")
        columns = list(TABLES["codes"].columns)
        documents = [
            {
                "document_id": document, "participant_id": places[document][0],
                "source": places[document][1], "kind": "interview", "wave": "", "text": text,
                "prompt": "", "question": "", "item": "", "declared_stage": "", "said_at": None,
                "channel": "", "touchpoint": "",
            }
            for document, text in texts.items()
        ]  # fmt: skip
        participants = [
            {
                "participant_id": who,
                "alias": who.upper(),
                "consent": (consent or {}).get(who, "quote"),
            }
            for who in people
        ]
        return SimpleNamespace(
            excerpts=frame.assign(stage=journey.order(frame["stage"])),
            codes=check_table(pd.DataFrame(codes, columns=columns), "codes"),
            documents=check_table(pd.DataFrame(documents), "documents"),
            participants=check_table(pd.DataFrame(participants), "participants"),
            journey=journey,
        )

    return tell
