"""Which column says who wrote a text: a customer, or somebody who answers for the company."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from cjm_research.readers.guesses.column_signs import words_of

_MOST_ROLES = 20
_ROLE = re.compile(
    r"(?i)(.* )?role"
    r"|(.* )?(author|sender|commenter|actor|writer|speaker|poster|from|sent by|created by)"
    r" (type|kind|group)"
)
_CUSTOMERS = frozenset(
    [
        "customer",
        "customers",
        "client",
        "clients",
        "end",
        "user",
        "users",
        "enduser",
        "requester",
        "visitor",
        "consumer",
        "buyer",
        "shopper",
        "guest",
        "lead",
        "contact",
        "member",
    ]
)
_AGENTS = frozenset(
    [
        "agent",
        "agents",
        "staff",
        "support",
        "admin",
        "administrator",
        "bot",
        "chatbot",
        "system",
        "operator",
        "employee",
        "employees",
        "representative",
        "rep",
        "team",
        "moderator",
        "manager",
        "company",
        "brand",
        "automation",
        "automatic",
        "automated",
        "internal",
        "service",
        "assistant",
        "ai",
        "advisor",
        "developer",
        "owner",
    ]
)


@dataclass(frozen=True)
class Roles:
    """A column of roles, and its values by whose words they mean.

    Attributes
    ----------
    column : str
    participant, agent : list of str
    is_known : bool
        False where a value is blank or of unknown meaning, or none is a participant's.
    """

    column: str
    participant: list[str]
    agent: list[str]
    is_known: bool


def find_authors(frame: pd.DataFrame, *, taken: Collection[str]) -> Roles | None:
    """Return the column that says who wrote each text; None where there is none.

    Parameters
    ----------
    frame : DataFrame
        Cells as text.
    taken : collection of str
        Columns that are something else.
    """
    named: list[Roles] = []
    shown: list[Roles] = []
    for name in frame.columns:
        if name in taken:
            continue
        roles = _sort(str(name), frame[name])
        if _ROLE.fullmatch(words_of(roles.column)):
            named.append(roles)
        elif roles.is_known and roles.agent:
            shown.append(roles)
    # A column called `Sender` may hold roles as well: its values show it. One that is called a
    # role and is not understood is never replaced by another.
    return min(named or shown, key=lambda roles: not roles.is_known, default=None)


def _sort(column: str, values: pd.Series) -> Roles:
    named = {value.strip().casefold(): value.strip() for value in sorted(set(values))}
    if len(named) > _MOST_ROLES:
        return Roles(column, [], [], False)
    # `Customer success manager` is no customer: every word has to be one of theirs.
    kinds = {value: set(re.findall(r"[^\W\d_]+", value)) for value in named}
    participant = [named[value] for value, words in kinds.items() if words and words <= _CUSTOMERS]
    agent = [named[value] for value, words in kinds.items() if words & _AGENTS]
    is_known = bool(participant) and len(participant) + len(agent) == len(named)
    return Roles(column, participant, agent, is_known)
