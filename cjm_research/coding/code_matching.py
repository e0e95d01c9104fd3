"""Codes of a QDA project beside those of the study: which are the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cjm_research.codes import NONE
from cjm_research.coding.qdc import FIXED_GROUPS, SAID_AS, slug
from cjm_research.coding.resources import Codebook

OWN_GROUP = "own"
"""Group of codes that are none of the study's."""


@dataclass(frozen=True)
class CodeMatch:
    """What a code of a project is in the study.

    Attributes
    ----------
    name : str
        As the project has it, with the codes above it: `Feelings::disgust`.
    code_group, code : str
        Empty where the map says to leave it out.
    why : str
        For people.
    """

    name: str
    code_group: str
    code: str
    why: str


def match_codes(
    codes: Mapping[str, Sequence[str]],
    allowed: pd.DataFrame,
    codebook: Codebook,
    said: Mapping[str, tuple[str, str]],
) -> dict[str, CodeMatch]:
    """Say which code of the study each code of a project is.

    In this order: what the researcher says; the same GUID in the study's codebook; the same
    name or id, below a top-level code that names the group ("Pain points") within that group,
    else in one group alone. Codes below "Pain points" and the like that are new stay in that
    group; all others become codes of the group `own`.

    Parameters
    ----------
    codes : mapping of GUID to names
        From the top-level code down to it.
    allowed : DataFrame
        `code_group`, `code`, `name`: what people may give.
    codebook : Codebook
        The study's.
    said : mapping of name to (group, code)
        The researcher's map; names in full (`Feelings::disgust`) or, where that is plain, the
        last alone.

    Returns
    -------
    dict of GUID to CodeMatch
    """
    by_guid = {entry.source_id: entry for entry in codebook if entry.source_id}
    known: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for group, code, name in allowed[["code_group", "code", "name"]].itertuples(index=False):
        for form in {slug(code), slug(name or code)}:
            known[form].add((group, code))
    matches: dict[str, CodeMatch] = {}
    new: list[tuple[str, str]] = []
    for guid, path in codes.items():
        name, leaf = "::".join(path), slug(path[-1])
        top = slug(path[0]).removesuffix("s") if len(path) > 1 else ""
        group = SAID_AS.get(top) or (top if top in FIXED_GROUPS else "")
        fits = sorted(pair for pair in known[leaf] if not group or pair[0] == group)
        told = said.get(name) or said.get(path[-1])
        if told is not None:
            matches[guid] = CodeMatch(name, *told, "as the map says")
        elif guid in by_guid:
            entry = by_guid[guid]
            matches[guid] = CodeMatch(name, entry.group, entry.code, "the codebook's, by its guid")
        elif len(fits) == 1:
            matches[guid] = CodeMatch(name, *fits[0], "the same name")
        else:
            own = group if group in SAID_AS.values() else OWN_GROUP
            several = ", ".join(f"{kind} {code}" for kind, code in fits)
            why = f"could be {several}: say which in a map" if fits else "new"
            matches[guid] = CodeMatch(name, own, "", why)
            new.append((own, guid))
    return matches | _with_ids(matches, new, codes, known)


def _with_ids(
    matches: Mapping[str, CodeMatch],
    new: Sequence[tuple[str, str]],
    codes: Mapping[str, Sequence[str]],
    known: Mapping[str, set[tuple[str, str]]],
) -> dict[str, CodeMatch]:
    """Give new codes ids; a form that two share is used by neither, whatever their order."""
    taken = {pair for pairs in known.values() for pair in pairs if pair[0] != OWN_GROUP}
    forms = {guid: _forms(guid, codes[guid]) for _, guid in new}
    counts = Counter((group, form) for group, guid in new for form in set(forms[guid]))
    named = {}
    for group, guid in new:
        *short, longest = forms[guid]
        free = (
            form for form in short
            if counts[group, form] == 1 and (group, form) not in taken and form not in ("", NONE)
        )  # fmt: skip
        match = matches[guid]
        named[guid] = CodeMatch(match.name, group, next(free, longest), match.why)
    return named


def _forms(guid: str, path: Sequence[str]) -> list[str]:
    leaf = slug(path[-1])
    above = [f"{slug(path[-2])}_{leaf}"] if len(path) > 1 else []
    return [leaf, *above, f"{leaf or 'code'}_{slug(guid).replace('_', '')}"]
