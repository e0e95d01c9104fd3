"""Small tables of excerpts, documents and codes."""

import pandas as pd

from cjm_research.codes import code_id
from cjm_research.tables import check_table, empty_table


def make_tables(texts):
    documents = [
        {
            "document_id": document, "participant_id": document[-3:], "source": "talks",
            "kind": "interview", "wave": "", "text": text, "prompt": "", "question": "",
            "item": "", "declared_stage": "", "said_at": None,
            "channel": "", "touchpoint": "",
        }
        for document, text in texts.items()
    ]  # fmt: skip
    excerpts = []
    for document, text in texts.items():
        start = 0
        for number, sentence in enumerate(text.split(". ")):
            end = min(start + len(sentence) + 1, len(text))
            excerpts.append(
                {
                    "excerpt_id": f"{document}#{number}", "document_id": document,
                    "participant_id": document[-3:], "source": "talks",
                    "speaker": "participant", "turn": 0, "start": start, "end": end,
                    "prompt": "", "heading": "", "start_s": None, "text": text[start:end],
                    "stage": "",
                }
            )  # fmt: skip
            start = end + 1
    return (
        check_table(pd.DataFrame(excerpts), "excerpts"),
        check_table(pd.DataFrame(documents), "documents"),
    )


def make_codes(*rows):
    """Table `codes` of (coder, excerpt_id, group, code, further columns)."""
    made = []
    for coder, excerpt, group, code, *more in rows:
        columns = more[0] if more else {}
        document = excerpt.partition("#")[0]
        start = columns.pop("start", 10 * int(excerpt.partition("#")[2] or 0))
        end = columns.pop("end", start + 9)
        made.append(
            {
                "code_id": code_id(coder, document, start, end, group, f"{code}@{excerpt}"),
                "document_id": document, "start": start, "end": end, "quote": "q",
                "excerpt_id": excerpt, "code_group": group, "code": code, "strength": 1.0,
                "basis": "", "attributes": "{}", "note": "", "coder_id": coder, "coded_at": None,
            }
            | columns
        )  # fmt: skip
    return check_table(pd.DataFrame(made), "codes") if made else empty_table("codes")
