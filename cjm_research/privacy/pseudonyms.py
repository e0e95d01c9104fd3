"""Pseudonyms: from raw rows to tables in which nobody has a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from cjm_research.config import StudyConfig
from cjm_research.journey import Journey
from cjm_research.material import COLUMNS, VALUE, Material
from cjm_research.privacy.counting import StudyMasker, build_study_masker
from cjm_research.privacy.documents import write_documents
from cjm_research.privacy.evidence import Evidence
from cjm_research.privacy.masking import clean_text
from cjm_research.privacy.people import (
    People,
    collect_attributes,
    collect_values,
    name_people,
)
from cjm_research.privacy.vault import Vault
from cjm_research.tables import check_table, empty_table

_QUALITY = ["source", "file", "level", "what", "n"]
_ANSWERED = ["participant_id", "source", "said_at"]
_TIME = "datetime64[us, UTC]"
_SESSION_DIGITS = 10
# Columns whose words come from outside and may name somebody.
_MASKED = {"ratings": ["item"], "answers": ["choice"], "events": ["event", "channel", "device"]}
# What other programs call what they count.
_LABELS = ("program", "unit", "segment", "step", "touchpoint", "channel")
# A person with two ids in a source answers these once: what the first of them said stays.
_ONCE = {
    "ratings": ["participant_id", "measure", "item", "wave"],
    "answers": ["participant_id", "column"],
}


def pseudonymise(
    materials: Sequence[Material], config: StudyConfig, journey: Journey, vault: Vault
) -> Evidence:
    """Return the tables of a study with pseudonyms for people and masks for what names them.

    Parameters
    ----------
    materials : sequence of Material
        What the readers found, in the order of the study's sources.
    config : StudyConfig
        Consent defaults, further names to mask, strings to keep.
    journey : Journey
        Event names that it declares are never masked.
    vault : Vault
        Holds the key, and the aliases that people have had so far.

    Returns
    -------
    Evidence
        Checked tables. People who withdrew are in none of them, though their names are masked
        wherever others say them. Offsets count in the masked text.

    Raises
    ------
    SourceError
        If ids that the sources declare contradict each other.
    TableError
        If a table does not come out as promised.
    """
    people = name_people(materials, config, vault)
    masker = build_study_masker(materials, config, journey)
    parts: dict[str, list[pd.DataFrame]] = defaultdict(list)
    files: dict[str, str] = {}
    for material in materials:
        written = write_documents(material, people, masker)
        parts["documents"].append(written.documents)
        parts["turns"].append(written.turns)
        parts["declared_codes"].append(written.declared_codes)
        files |= {document: reference for reference, document in written.references.items()}
        for name in ("quality", "files", "set_aside"):
            parts[name].append(_write_about_files(material, name, people, masker))
        parts["answered"].append(_write_answered(material, people))
        for name in ("reported_funnels", "touchpoint_metrics"):
            parts[name].append(_write_counts(getattr(material, name), material.source))
        for name in ("ratings", "answers", "events"):
            rows = _write_rows(material, name, people, masker, vault)
            once = _is_first(rows, name)
            parts[name].append(rows[once].drop(columns=["raw_id"]))
            what = f"rows of `{name}` that repeat a person's, left out"
            parts["quality"].append(_quality(material.source, what, int((~once).sum())))
    withdrawn = sum(consent == "withdrawn" for consent in people.consent.values())
    parts["quality"].append(
        _quality("", "people who withdrew, left out everywhere", withdrawn, level="info")
    )
    participants = _write_participants(materials, people, masker)
    return Evidence(
        participants=check_table(participants, "participants"),
        documents=_join(parts["documents"], "documents"),
        turns=_join(parts["turns"], "turns"),
        ratings=_join(parts["ratings"], "ratings"),
        answers=_join(parts["answers"], "answers"),
        events=_join(parts["events"], "events"),
        answered=_concat(parts["answered"], _ANSWERED).astype({"said_at": _TIME}),
        declared_codes=_concat(parts["declared_codes"], ["document_id", "code_group", "code"]),
        quality=_concat(parts["quality"], _QUALITY).astype({"n": "int64"}),
        files=_concat(parts["files"], ["source", *COLUMNS["files"]]).astype(
            dict.fromkeys(("n_in", "n_used", "n_set_aside"), "int64")
        ),
        set_aside=_concat(parts["set_aside"], ["source", *COLUMNS["set_aside"]]).astype(
            {"row": "int64"}
        ),
        masked_counts=masker.frame(),
        reported_funnels=_join(parts["reported_funnels"], "reported_funnels"),
        touchpoint_metrics=_join(parts["touchpoint_metrics"], "touchpoint_metrics"),
        masker=masker,
        document_files=files,
    )


def _write_rows(
    material: Material, name: str, people: People, masker: StudyMasker, vault: Vault
) -> pd.DataFrame:
    """Return ratings, answers or events under pseudonyms, beside the ids that they had."""
    source = material.source
    frame: pd.DataFrame = getattr(material, name)
    participant_ids = people.participant_ids(source, frame["raw_id"])
    rows = frame.assign(participant_id=participant_ids, source=source)
    rows = rows[participant_ids.notna()]
    masked = {column: masker.column(source, rows[column]) for column in _MASKED[name]}
    rows = rows.assign(**masked)
    if name == "events":
        sessions = {
            session: "s" + vault.digest(f"{source} {session}", length=_SESSION_DIGITS)
            for session in rows["session_id"].unique()
            if session
        }
        rows = rows.assign(session_id=rows["session_id"].map(sessions).fillna(""))
    return rows


def _write_counts(counts: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return another program's counts: nobody is in them, but labels come from outside."""
    labels = [column for column in _LABELS if column in counts]
    return counts.assign(source=source, **{name: counts[name].map(clean_text) for name in labels})


def _is_first(rows: pd.DataFrame, name: str) -> pd.Series:
    """Tell which rows stay: no repeats, and of a person with two ids those of the first."""
    if name not in _ONCE or rows.empty:
        return pd.Series(True, index=rows.index)
    first = rows.groupby(_ONCE[name], sort=False)["raw_id"].transform("first")
    # Masks may make one of two choices.
    told = [*_ONCE[name], *(_MASKED[name] if name == "answers" else ())]
    return (rows["raw_id"] == first) & ~rows.duplicated(told)


def _write_answered(material: Material, people: People) -> pd.DataFrame:
    """Return when each person answered, under pseudonyms; once for each."""
    answered = material.answered
    ids = people.participant_ids(material.source, answered["raw_id"])
    rows = answered.assign(participant_id=ids, source=material.source)[ids.notna()]
    return rows.drop_duplicates(["participant_id"], keep="last")[_ANSWERED]


def _write_participants(
    materials: Sequence[Material], people: People, masker: StudyMasker
) -> pd.DataFrame:
    persons = sorted(people.pseudonyms, key=lambda person: people.pseudonyms[person])
    frame = pd.DataFrame(
        {
            "participant_id": [people.pseudonyms[person] for person in persons],
            "alias": [people.aliases[person] for person in persons],
            "consent": [people.consent[person] for person in persons],
        },
        dtype="object",
    )
    for name, values in collect_attributes(materials, people.links).items():
        masked = {value: masker.attribute("participants", value) for value in set(values.values())}
        column = [masked.get(values.get(person, ""), "") for person in persons]
        frame[name] = pd.Series(column, dtype="object")
    worth = collect_values(materials, people.links)
    if worth is not None:
        # A number of the study's own counting, not a text that might name somebody.
        frame[VALUE] = pd.Series([worth.get(person) for person in persons], dtype="float64")
    return frame


def _write_about_files(
    material: Material, name: str, people: People, masker: StudyMasker
) -> pd.DataFrame:
    """Return what the reader noted; a file named after a person gets the person's alias."""
    frame: pd.DataFrame = getattr(material, name)
    ids = material.identities[material.identities["kind"] == "id"]
    aliases = {
        str(value).casefold(): people.alias(material.source, str(raw)) or "[withdrawn]"
        for raw, value in ids[["raw_id", "value"]].to_numpy()
    }

    def shown(file: str) -> str:
        path = PurePosixPath(file)
        alias = aliases.get(path.stem.casefold())
        return f"{alias}{path.suffix}" if alias else masker.masker.mask_names(clean_text(file))

    known = {file: shown(file) for file in frame["file"].unique()}
    files = frame["file"].map(known).astype("object")
    return frame.assign(source=material.source, file=files)


def _quality(source: str, what: str, n: int, *, level: str = "warning") -> pd.DataFrame:
    rows = [(source, "", level, what, n)] if n else []
    return pd.DataFrame(rows, columns=_QUALITY)


def _join(frames: Sequence[pd.DataFrame], name: str) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return empty_table(name)
    return check_table(pd.concat(filled, ignore_index=True), name)


def _concat(frames: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
    return pd.concat(filled, ignore_index=True)[columns]
