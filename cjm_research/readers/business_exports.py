"""What CRMs, help desks and stores of apps export, told by the header.

Column names are compared without case, because exports of one program differ in it. A program
whose export nobody has shown us yet is said to be unverified: its columns are only proposed, and
study.yaml is where they are put right. A new program is added to `EXPORTS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNVERIFIED = "unverified: check the columns"


@dataclass(frozen=True)
class Business:
    """What a table was taken for.

    Attributes
    ----------
    name : str
        The program and what it exported, as `cjm check` says it.
    kind : str
        Kind of source; empty where its rows are neither people nor texts.
    columns : dict of str to str
        What `columns:` of study.yaml would say.
    why : str
        Where it is none: why, and what to export instead.
    """

    name: str
    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class _Export:
    """An export by the columns that it always has; of each, one of several names."""

    name: str
    kind: str
    signs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    why: str = ""


_RECORD = ("record id", "record id - contact", "contact id")
_API = ("isdeleted", "systemmodstamp", "lastmodifieddate", "createdbyid", "ownerid", "accountid")
_CONTACTS_OF_DEAL = (
    "associated contact ids", "associated contact id", "contactid", "contact id",
    "primary contact id",
)  # fmt: skip
_WHY_DEAL = (
    "a row is a deal, not a person. Export it with the id of the contact, and its amounts are "
    "summed for each person"
)
_WHY_COMPANY = "a row is an organisation, not a person. The export of contacts holds people"
_WRITTEN = ("created at", "created_at", "created", "create date", "createddate", "date created")
TALKS = (
    "ticket", "ticket id", "ticket_id", "ticket number", "conversation id", "conversation_id",
    "conversation", "thread id", "thread_id", "thread", "chat id", "chat_id", "case id", "case_id",
    "case number", "casenumber",
)  # fmt: skip
"""Usual names of the column that says which rows are of one talk."""
_MESSAGES = (
    "description", "comment body", "comment", "body", "message", "message body", "message text",
    "message content", "content", "text",
)  # fmt: skip

EXPORTS: tuple[_Export, ...] = (
    _Export(
        f"tickets of HubSpot ({UNVERIFIED})",
        "feedback",
        (("ticket id", "record id"), ("ticket name",), ("ticket status", "pipeline", "priority")),
        {
            "text": ("ticket description", "description", "content", "ticket name"),
            "title": ("ticket name",),
            "participant": ("associated contact ids", "associated contact id", "contact id"),
            "created_at": ("create date", "created date"),
            "channel": ("source", "ticket source"),
        },
    ),
    _Export(
        "deals of HubSpot",
        "roster",
        (("record id", "deal id"), ("deal name", "deal stage")),
        {
            "participant": _CONTACTS_OF_DEAL,
            "lifecycle": ("deal stage",),
            "value": ("amount", "amount in company currency"),
        },
        needs=("participant",),
        why=_WHY_DEAL,
    ),
    _Export(
        "contacts of HubSpot",
        "roster",
        (_RECORD[:2], ("first name", "last name", "email", "lifecycle stage")),
        {"participant": _RECORD, "lifecycle": ("lifecycle stage",)},
    ),
    _Export(
        "companies of HubSpot", "",
        (("record id", "record id - company"), ("company name", "company domain name", "domain")),
        why=_WHY_COMPANY,
    ),
    _Export(
        f"cases of the Salesforce Data Loader ({UNVERIFIED})",
        "feedback",
        (("id",), ("casenumber", "origin"), ("description", "subject"), _API),
        {
            "text": ("description", "subject"),
            "title": ("subject",),
            "participant": ("contactid",),
            "created_at": ("createddate",),
            "channel": ("origin",),
        },
    ),
    _Export(
        f"opportunities of the Salesforce Data Loader ({UNVERIFIED})",
        "roster",
        (("id",), ("stagename",), _API),
        {"participant": ("contactid",), "lifecycle": ("stagename",), "value": ("amount",)},
        needs=("participant",),
        why=_WHY_DEAL,
    ),
    _Export(
        f"contacts of the Salesforce Data Loader ({UNVERIFIED})",
        "roster",
        (("id",), ("firstname", "lastname", "email"), _API),
        {"participant": ("id",), "lifecycle": ("status",)},
    ),
    _Export(
        f"accounts of the Salesforce Data Loader ({UNVERIFIED})", "",
        (("id",), ("name",), ("billingcity", "industry", "numberofemployees"), _API),
        why=_WHY_COMPANY,
    ),
    _Export(
        f"tickets, as Zendesk and other help desks export them ({UNVERIFIED})",
        "feedback",
        (
            (*TALKS, "id"),
            ("requester", "requester id", "requester_id", "requester email", *TALKS[1:]),
            (*_MESSAGES, "subject"),
        ),
        {
            "text": (*_MESSAGES, "subject"),
            "title": ("subject",),
            "participant": ("requester id", "requester_id", "requester email", "requester"),
            "created_at": _WRITTEN,
            "channel": ("via", "channel", "via channel", "ticket channel"),
        },
    ),
    _Export(
        f"reviews, as stores export them ({UNVERIFIED})",
        "feedback",
        (
            ("star rating", "stars", "rating", "score", "review rating", "at rating"),
            ("review text", "review", "review content", "review body", "content", "comment",
             "body", "text", "reviewtext"),
        ),
        {
            "text": ("review text", "review content", "review body", "reviewtext", "review",
                     "content", "body", "text", "comment"),
            "title": ("review title", "title", "subject"),
            "participant": ("user id", "userid", "reviewer id", "author id", "author", "username",
                            "user name", "reviewer", "nickname"),
            "created_at": ("review submit date and time", "review date", "date", "at",
                           "submitted at", "updated", *_WRITTEN),
            "rating": ("star rating", "stars", "rating", "score", "review rating"),
        },
    ),
)  # fmt: skip


def recognise_business(header: Sequence[str]) -> Business | None:
    """Return what a table of a CRM, a help desk or a store holds; None where nothing shows it."""
    known = {re.sub(r"\s+", " ", name).strip().casefold(): name for name in reversed(header)}
    for export in EXPORTS:
        if not all(any(name in known for name in sign) for sign in export.signs):
            continue
        found = {
            key: next(known[name] for name in names if name in known)
            for key, names in export.columns.items()
            if any(name in known for name in names)
        }
        if found.get("title") == found.get("text"):
            found.pop("title", None)
        if export.why and not (export.needs and set(export.needs) <= set(found)):
            return Business(export.name, "", why=export.why)
        return Business(export.name, export.kind, found)
    return None
