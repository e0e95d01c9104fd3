"""Who is who: raw ids of all sources brought together, consent settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cjm_research.config import Feedback, Roster, StudyConfig, Survey
from cjm_research.errors import SourceError
from cjm_research.material import VALUE, Material
from cjm_research.privacy.vault import Vault

STRICTNESS = ("quote", "no_quote", "withdrawn")
"""Consent from the widest to the strictest."""


@dataclass(frozen=True)
class Links:
    """Which raw ids are the same person.

    Attributes
    ----------
    canonical : dict
        (source, folded raw id) to the one id that stands for the person in all sources.
    """

    canonical: dict[tuple[str, str], str] = field(repr=False)

    def find(self, source: str, raw_ids: pd.Series) -> pd.Series:
        """Return the canonical id of every raw id."""
        known = {raw: self.canonical.get((source, fold_id(raw)), "") for raw in raw_ids.unique()}
        return raw_ids.map(known).astype("object")


@dataclass(frozen=True)
class People:
    """Everybody in a study: linked ids, consent, pseudonym and alias.

    Attributes
    ----------
    links : Links
        Raw ids to canonical ids.
    consent, pseudonyms, aliases : dict
        By canonical id. People who withdrew have a consent and nothing else.
    """

    links: Links
    consent: dict[str, str] = field(repr=False)
    pseudonyms: dict[str, str] = field(repr=False)
    aliases: dict[str, str] = field(repr=False)

    def participant_ids(self, source: str, raw_ids: pd.Series) -> pd.Series:
        """Return the pseudonym of every raw id; NaN for people who withdrew."""
        return self.links.find(source, raw_ids).map(self.pseudonyms)

    def alias(self, source: str, raw_id: str) -> str:
        """Return the alias of a raw id; empty for people who withdrew."""
        return self.aliases.get(self.links.canonical.get((source, fold_id(raw_id)), ""), "")


def name_people(materials: Sequence[Material], config: StudyConfig, vault: Vault) -> People:
    """Link the raw ids of all sources, settle consent, and give pseudonyms and aliases.

    Those who were interviewed or observed get the first aliases, then those who answered or
    rated, then the rest: a report speaks of P01, not of P2871.
    """
    links = link_people(materials, config)
    consent = settle_consent(materials, config, links)
    pseudonyms = {
        person: "p" + vault.digest(person) for person in consent if consent[person] != "withdrawn"
    }
    rank: dict[str, int] = {}
    for material in materials:
        people = links.find(material.source, material.turns["raw_id"])
        for person, kind in set(zip(people, material.turns["kind"], strict=True)):
            rank[person] = min(rank.get(person, 2), 1 if kind in _OF_MANY else 0)
        for person in links.find(material.source, material.ratings["raw_id"]).unique():
            rank[person] = min(rank.get(person, 2), 1)
    ordered = sorted(pseudonyms, key=lambda person: (rank.get(person, 2), pseudonyms[person]))
    by_pseudonym = vault.assign_aliases([(pseudonyms[person], person) for person in ordered])
    aliases = {person: by_pseudonym[pseudonyms[person]] for person in ordered}
    return People(links, consent, pseudonyms, aliases)


_OF_MANY = ("survey_answer", "feedback")


def link_people(materials: Sequence[Material], config: StudyConfig) -> Links:
    """Bring the raw ids of one person together.

    Ids are compared without case and outer white space. Equal ids of two sources are one
    person, and so are ids that a roster, a key map or a file's name declares to be one. Rows of
    a survey without a participant column are visits: each is somebody of its own. So are texts
    of feedback without one.

    Raises
    ------
    SourceError
        If declared ids would make two people of a roster one.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    nodes: dict[tuple[str, str], str] = {}
    for material in materials:
        own = _counts_visits(config, material.source)
        for raw in _raw_ids(material):
            node = f"{material.source}\x1f{fold_id(raw)}" if own else fold_id(raw)
            nodes[(material.source, fold_id(raw))] = node
            root(node)
    for material in materials:
        ids = material.identities[
            (material.identities["kind"] == "id") & (material.identities["raw_id"] != "")
        ]
        for raw, value in ids[["raw_id", "value"]].to_numpy():
            one, other = root(nodes[(material.source, fold_id(raw))]), root(fold_id(value))
            if one != other:
                parent[max(one, other)] = min(one, other)
    for material in materials:
        for raw, other in material.keys[["raw_id", "other"]].to_numpy():
            one, same = root(fold_id(raw)), root(fold_id(other))
            if one != same:
                parent[max(one, same)] = min(one, same)
    rostered = _rostered(materials, config)
    owners: dict[str, str] = {}
    for folded, (source, raw) in rostered.items():
        if owners.setdefault(root(folded), raw) != raw:
            raise SourceError(
                f"roster '{source}'",
                "declared ids and file names join two of its people into one.",
                "make ids unique over all sources, such as with a letter before the number, and "
                "check `participant_pattern:` of the transcripts.",
            )
    return Links({key: owners.get(root(node), root(node)) for key, node in nodes.items()})


def settle_consent(
    materials: Sequence[Material], config: StudyConfig, links: Links
) -> dict[str, str]:
    """Return the consent of every person by canonical id.

    The strictest word that any source says about the person. If none says anything, the
    strictest default of the sources that hold the person's words; without words, 'no_quote'.
    """
    said: dict[str, str] = {}
    defaults: dict[str, str] = {}
    for material in materials:
        people = material.people
        for person, consent in zip(
            links.find(material.source, people["raw_id"]), people["consent"], strict=True
        ):
            said[person] = strictest([said.get(person, ""), str(consent)])
        default = config.source(material.source).consent
        for person in links.find(material.source, material.turns["raw_id"]).unique():
            defaults[person] = strictest([defaults.get(person, ""), default])
    everyone = set(links.canonical.values())
    return {person: said.get(person) or defaults.get(person) or "no_quote" for person in everyone}


def collect_attributes(materials: Sequence[Material], links: Links) -> dict[str, dict[str, str]]:
    """Return attribute name to person to value: the first that is filled, in source order."""
    attributes: dict[str, dict[str, str]] = {}
    for material in materials:
        people = links.find(material.source, material.people["raw_id"])
        for name in material.people.columns:
            if name in ("raw_id", "consent", VALUE):
                continue
            values = attributes.setdefault(str(name), {})
            for person, value in zip(people, material.people[name], strict=True):
                if str(value).strip():
                    values.setdefault(person, str(value))
    return attributes


def collect_values(materials: Sequence[Material], links: Links) -> dict[str, float] | None:
    """Return what each person is worth; None when no source has the column."""
    valued = [material for material in materials if VALUE in material.people]
    if not valued:
        return None
    return {
        person: float(value)
        for material in valued
        for person, value in zip(
            links.find(material.source, material.people["raw_id"]),
            material.people[VALUE],
            strict=True,
        )
        if not pd.isna(value)
    }


def strictest(consents: Iterable[str]) -> str:
    """Return the strictest of some consents; '' says nothing."""
    return max(consents, key=lambda consent: STRICTNESS.index(consent) if consent else -1)


def fold_id(raw: object) -> str:
    """Return an id for comparing."""
    return str(raw).strip().casefold()


def _counts_visits(config: StudyConfig, source_id: str) -> bool:
    source = config.source(source_id)
    return isinstance(source, Survey | Feedback) and "participant" not in source.columns


def _rostered(materials: Sequence[Material], config: StudyConfig) -> Mapping[str, tuple[str, str]]:
    return {
        fold_id(raw): (material.source, fold_id(raw))
        for material in materials
        if isinstance(config.source(material.source), Roster)
        for raw in material.people["raw_id"]
    }


def _raw_ids(material: Material) -> list[str]:
    parts = (
        material.people,
        material.identities,
        material.turns,
        material.ratings,
        material.answers,
        material.events,
    )
    found = dict.fromkeys(str(raw) for part in parts for raw in part["raw_id"].unique())
    return [raw for raw in found if raw.strip()]
