"""Columns that nobody declared as ids, and that hold the ids of another source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cjm_research import privacy, readers
from cjm_research.config import Keys, Roster, Source, StudyConfig

_LEAST = 3
"""So few ids may be the same by chance."""
_SHARE = 0.2
"""Of the ids of the smaller side: fewer are more likely numbers that look alike."""
_SHORT = 4
"""Ids of fewer characters, such as 17, are also ages, ratings and numbers of rows."""


def suggest_ids(links: privacy.Links, config: StudyConfig, folder: Path) -> list[str]:
    """Name columns that would join a source to others with which it has nobody in common.

    Parameters
    ----------
    links : Links
        Who is who by what study.yaml declares.
    config : StudyConfig
    folder : Path
        The study folder.

    Returns
    -------
    list of str
        For people. Ids themselves are not repeated.
    """
    ids: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for (name, folded), person in links.canonical.items():
        people.setdefault(name, set()).add(person)
        if len(folded) >= _SHORT:
            ids.setdefault(name, set()).add(folded)
    lines: list[str] = []
    for source in config.sources:
        apart = {
            name: ids[name]
            for name in ids
            if source.id in people and not people[name] & people[source.id]
        }
        if apart and not isinstance(source, Keys):
            lines += _suggest(source, folder, apart)
    return lines


def _suggest(source: Source, folder: Path, apart: Mapping[str, set[str]]) -> Iterator[str]:
    values: dict[str, set[str]] = {}
    for _, table in readers.read_columns(source, folder):
        for column in table:
            found = table[column].drop_duplicates().map(privacy.fold_id)
            values.setdefault(str(column), set()).update(found)
    values.pop(getattr(source, "columns", {}).get("participant", ""), None)
    where = (
        f"under `identifiers:` of {source.id}"
        if isinstance(source, Roster)
        else f"as `participant` under `columns:` of {source.id}"
    )
    for column, found in values.items():
        for name, known in apart.items():
            n = len(found & known)
            if n >= max(_LEAST, _SHARE * min(len(found), len(known))):
                yield (
                    f"  ? '{column}' of {source.id} holds {n:,} of the {len(known):,} ids of "
                    f"{name}: {where}, it joins them."
                )
