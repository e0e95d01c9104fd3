"""Documents: turns of speech put together into masked texts, with the place of every turn."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cjm_research.material import Material
from cjm_research.privacy.counting import StudyMasker
from cjm_research.privacy.people import People

Record = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """Documents of a source, their turns and codes, and document reference to document id."""

    documents: pd.DataFrame
    turns: pd.DataFrame
    declared_codes: pd.DataFrame
    references: dict[str, str]


def write_documents(material: Material, people: People, masker: StudyMasker) -> Written:
    """Return the documents of a source under pseudonyms.

    Ids are readable and stay the same from run to run: `interviews/P03` (a second interview
    `-2`), `survey/P17/why` (a question with several columns `-1`, `-2`), `tests/P05/4` (notes
    in the order of the file), `tickets/P21` (a second ticket `-2`).
    """
    source = material.source
    participant_ids = people.participant_ids(source, material.turns["raw_id"])
    # Removing who withdrew comes first: their words are not even masked.
    present = material.turns.assign(participant_id=participant_ids)[participant_ids.notna()]
    present = present.assign(
        item=masker.column(source, present["item"]),
        prompt=masker.column(source, present["prompt"]),
        heading=masker.column(source, present["heading"]),
        channel=masker.column(source, present["channel"]),
        touchpoint=masker.column(source, present["touchpoint"]),
    )
    columns = _number_columns(material.turns)
    documents: list[Record] = []
    turns: list[Record] = []
    references: dict[str, str] = {}
    used: Counter[str] = Counter()
    for reference, rows in _group(present).items():
        text, spans = _join_turns(source, rows, masker)
        if not spans:
            continue
        first = rows[0]
        name = _name_document(source, people.alias(source, first["raw_id"]), first, columns)
        used[name] += 1
        document_id = _number_document(name, first["kind"], used[name])
        references[reference] = document_id
        same = (
            "participant_id", "kind", "wave", "prompt", "question", "item", "declared_stage",
            "channel", "touchpoint",
        )  # fmt: skip
        documents.append(
            {"document_id": document_id, "source": source, "text": text}
            | {column: first[column] for column in same}
            | {"said_at": first["said_at"] if first["said_at"] != "" else pd.NaT}
        )
        turns += [{"document_id": document_id, **span} for span in spans]
    codes = material.declared_codes
    codes = codes.assign(document_id=codes["document_ref"].map(references))
    codes = codes[codes["document_id"].notna()][["document_id", "code_group", "code"]]
    return Written(pd.DataFrame(documents), pd.DataFrame(turns), codes, references)


def _group(turns: pd.DataFrame) -> dict[str, list[Record]]:
    """Return the turns of every document, in order. Plain records: rows as Series are slow."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in turns.to_dict("records"):
        groups[str(record["document_ref"])].append({str(key): record[key] for key in record})
    return groups


def _join_turns(source: str, rows: list[Record], masker: StudyMasker) -> tuple[str, list[Record]]:
    """Return a document's masked text, and where each turn stands in it."""
    parts: list[str] = []
    spans: list[Record] = []
    position = 0
    for row in rows:
        words = masker.text(source, str(row["text"])).strip()
        if not words:
            continue
        spans.append(
            {"turn": len(spans), "speaker": row["speaker"], "start": position}
            | {"end": position + len(words), "heading": row["heading"], "start_s": row["start_s"]}
        )
        parts.append(words)
        position += len(words) + 1
    return "\n".join(parts), spans


def _number_columns(turns: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return 1, 2, ... for the columns of each question that has several.

    Numbers follow the first occurrence in the material, which is the order of study.yaml.
    """
    answers = turns[turns["kind"] == "survey_answer"]
    columns: dict[str, list[str]] = defaultdict(list)
    for reference, question in answers[["document_ref", "question"]].to_numpy():
        column = _column_of(reference)
        if column not in columns[question]:
            columns[question].append(column)
    return {
        (question, column): number
        for question, names in columns.items()
        if len(names) > 1
        for number, column in enumerate(names, start=1)
    }


def _column_of(reference: str) -> str:
    # `answers.csv#12:why`: a file name may hold `#`, a column may hold `:`, a row neither.
    return reference.rpartition("#")[2].partition(":")[2]


def _name_document(
    source: str, alias: str, first: Record, columns: dict[tuple[str, str], int]
) -> str:
    if first["kind"] != "survey_answer":
        return f"{source}/{alias}"
    number = columns.get((first["question"], _column_of(first["document_ref"])))
    return f"{source}/{alias}/{first['question']}" + (f"-{number}" if number else "")


def _number_document(name: str, kind: str, n: int) -> str:
    if kind == "note":
        return f"{name}/{n}"
    return name if n == 1 else f"{name}-{n}"
