"""Masking a whole study: the same value once, and every mask counted for its source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from cjm_research.config import StudyConfig
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.privacy.masking import Masker, build_masker, clean_text


@dataclass(frozen=True)
class StudyMasker:
    """A masker that counts what it masked, by source.

    Attributes
    ----------
    masker : Masker
        Knows the study's names and ids.
    declared : frozenset of str
        Event names of the journey; they are the study's own words and stay.
    counts : dict
        Source to kind to number of masks; grows while masking.
    """

    masker: Masker
    declared: frozenset[str]
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def text(self, source: str, text: str) -> str:
        """Return a text cleaned and masked."""
        return self.masker.mask(clean_text(text), counts=self.counts[source])

    def attribute(self, source: str, value: str) -> str:
        """Return a short value, masked if it identifies someone as a whole."""
        return self.masker.mask_value(clean_text(value), counts=self.counts[source])

    def column(self, source: str, values: pd.Series) -> pd.Series:
        """Return a column of repeating values cleaned and masked, each distinct value once."""
        masked = {}
        for value, n in values.astype(str).value_counts(sort=False).items():
            found: dict[str, int] = {}
            text = str(value)
            keep = text in self.declared
            masked[text] = text if keep else self.masker.mask(clean_text(text), counts=found)
            self.counts[source].update({kind: times * int(n) for kind, times in found.items()})
        return values.astype(str).map(masked).astype("object")

    def frame(self) -> pd.DataFrame:
        """Return the counts as rows of source, kind, n."""
        rows = [
            (source, kind, n)
            for source, counts in self.counts.items()
            for kind, n in sorted(counts.items())
        ]
        return pd.DataFrame(rows, columns=["source", "kind", "n"]).astype({"n": "int64"})


def build_study_masker(
    materials: Sequence[Material], config: StudyConfig, journey: Journey
) -> StudyMasker:
    """Return the masker for everything that the sources know about people."""
    ids = [
        pd.DataFrame({"kind": "id", "value": material.people["raw_id"]}, dtype="object")
        for material in materials
    ]
    identities = [material.identities[["kind", "value"]] for material in materials]
    # What a source calls a name, mail or other is said first; an id may be the same string.
    nobody = pd.DataFrame(columns=["kind", "value"], dtype="object")
    known = pd.concat([nobody, *identities, *ids], ignore_index=True)
    declared = frozenset(
        name
        for stage in journey
        for name in (
            stage.id,
            f"reached {stage.id}",
            *stage.events,
            *stage.completed_by,
            *stage.completed_elsewhere,
        )
    )
    masker = build_masker(known, names=config.privacy.names, keep=config.privacy.keep)
    return StudyMasker(masker, declared)
