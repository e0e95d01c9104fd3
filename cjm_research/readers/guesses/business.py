"""What a CRM, a help desk or a store of apps exports: people, and what they wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.errors import quoted
from cjm_research.readers.business_exports import TALKS, Business, recognise_business
from cjm_research.readers.guesses.authors import find_authors
from cjm_research.readers.guesses.column_signs import (
    IDS,
    is_choice,
    is_repeated,
    is_time,
    is_unique,
    words_of,
)
from cjm_research.readers.guesses.guess import Guess
from cjm_research.readers.json_records import Records, as_text

_FIRST_RECORDS = 200


def guess_records(path: Path) -> Guess | None:
    """Return the guess that records are texts of people; None where their fields say nothing."""
    records = [record for _, record in islice(iter(Records(path)), _FIRST_RECORDS)]
    frame = pd.DataFrame(
        [{name: as_text(value) for name, value in _flatten(record)} for record in records],
        dtype="object",
    ).fillna("")
    business = recognise_business(list(frame.columns))
    if business is None or business.kind != "feedback":
        return None
    return guess_business(path.name, frame, business)


def _flatten(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a record, those of records inside it by a name with a dot."""
    for name, value in record.items():
        yield name, value
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())


def guess_business(file: str, frame: pd.DataFrame, business: Business) -> Guess:
    """Return the guess of what a CRM, a help desk or a store of apps exported."""
    if business.kind == "roster":
        return guess_roster(file, frame, business.name, business.columns)
    if not business.kind:
        return Guess(file, "", f"not read: {business.name}; {business.why}")
    columns = dict(business.columns)
    asks = []
    created = columns.get("created_at", "")
    if created and not is_time(frame[created]):
        del columns["created_at"]
        asks.append(f"the times in '{created}' are left out: `day_first:` may be needed.")
    if "rating" in columns:
        asks.append("ratings are taken for stars from 1 to 5: else say `scale: [low, high]`.")
        asks.append("if people were asked for these texts, it is a survey: `kind: survey`.")
    if "participant" not in columns:
        asks.append("no column tells people apart: every text is somebody of its own.")
    if "channel" not in columns:
        asks.append("say where it was written, such as `channel: app store`.")
    roles = find_authors(frame, taken=columns.values())
    if roles is not None and not roles.is_known:
        return Guess(file, "", f"not read: {business.name}; {_say_unknown(roles.column)}")
    thread = _find_thread(frame, with_roles=roles is not None)
    source: dict[str, Any] = {"columns": columns}
    if roles is not None:
        columns |= {"thread": thread} if thread else {}
        columns["author_role"] = roles.column
        source["authors"] = {"participant": roles.participant, "agent": roles.agent}
        asks.append(
            f"'{roles.column}' says who wrote a text: {quoted(roles.participant)} are taken for "
            "participants, whose words count."
        )
    elif thread:
        asks.append(
            f"'{thread}' occurs again: if employees' answers are among the texts, name the column "
            "that tells them apart under `columns.author_role`, and its values under `authors:`. "
            "They count as participants' words until then."
        )
    source |= {} if "participant" in columns else {"unit": "visit"}
    names = [
        name
        for name in frame.columns
        if (_NAMES.search(words_of(name)) or _CONTACTS.search(words_of(name)))
        and not re.search(r"(?i)ticket|file|app", name)
    ]
    source |= {"identifying": names} if names else {}
    return Guess(file, "feedback", business.name, source, tuple(asks))


def _say_unknown(column: str) -> str:
    return (
        f"'{column}' seems to say who wrote a text, and not all of its values show whether it is a "
        "customer or an employee. Declare `columns.author_role` and `authors: {participant: [...], "
        "agent: [...]}`: an employee's words must not count as a participant's"
    )


def _find_thread(frame: pd.DataFrame, *, with_roles: bool) -> str:
    """Return the column that says which texts are of one talk; empty where there is none."""
    known = {name.strip().casefold(): name for name in reversed(frame.columns)}
    named = [known[name] for name in TALKS if name in known]
    for name in (*named, *([known["id"]] if "id" in known else [])):
        if is_repeated(frame[name]):
            return str(name)
    return str(named[0]) if named and with_roles else ""


_NAMES = re.compile(r"(?i)^(?!.*\b(account|company|campaign|deal|opportunity|product)\b).*\bname\b")


_CONTACTS = re.compile(r"(?i)\be ?mail\b|\bphone\b|\bmobile\b")


def guess_roster(
    file: str, frame: pd.DataFrame, what: str, known_columns: Mapping[str, str] | None = None
) -> Guess:
    """Return the guess of a table of people; of a CRM, how far they are and what they are worth."""
    crm = dict(known_columns or {})
    columns = [name for name in frame.columns if name not in crm.values()]
    ids = [crm.pop("participant")] if "participant" in crm else []
    ids += [name for name in columns if IDS.search(words_of(name)) and is_unique(frame[name])]
    if not ids:
        return Guess(file, "", "not read: a CRM export without a column of ids, one a row")
    names = [name for name in columns if _NAMES.search(words_of(name))]
    contacts = [n for n in columns if _CONTACTS.search(words_of(n)) and n not in names]
    known = {*ids, *names, *contacts}
    groups = [name for name in columns if name not in known and is_choice(frame[name])]
    found = {"identifiers": ids[1:], "names": names, "contacts": contacts, "attributes": groups}
    if "value" in crm:
        found["identifiers"] = []  # of deals, not of people
    source: dict[str, Any] = {"columns": {"participant": ids[0]} | crm}
    source |= {key: it for key, it in found.items() if it}
    consent = [name for name in groups if re.search(r"(?i)consent", name)]
    ask = f"'{consent[0]}' may say who agreed: see `columns.consent`." if consent else ""
    note = (
        f"'{ids[0]}' joins it to other sources where they hold the same ids; name columns with "
        "other sources' ids under `identifiers`."
    )
    steps = sorted(set(frame[crm["lifecycle"]]) - {""}) if "lifecycle" in crm else []
    to_map = (
        f"`lifecycle_stages:` gives the steps of '{crm['lifecycle']}' stages of the journey: "
        f"{quoted(steps[:8])}."
        if 0 < len(steps) <= _MOST_STEPS
        else ""
    )
    summed = (
        f"'{crm['value']}' is what a person is worth: the rows of a person are summed. Where "
        "1,234 may be read in two ways, `decimal_comma:` tells."
        if "value" in crm
        else ""
    )
    asks = tuple(text for text in (note, ask, to_map, summed) if text)
    return Guess(file, "roster", what, source, asks)


_MOST_STEPS = 20
