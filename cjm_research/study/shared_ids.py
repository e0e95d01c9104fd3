"""Columns that nobody declared as ids, and that hold the ids of another source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pandas as pd
import yaml

from cjm_research import privacy, readers
from cjm_research.config import Keys, Roster, Source, StudyConfig, Survey

_LEAST = 3
"""So few ids may be the same by chance."""
_SHARE = 0.2
"""Of the ids of the smaller side: fewer are more likely values that look alike."""
_ONE_ID = 1.5
"""Ids a person: of what is more, such as orders or visits, each person has several."""
_PEOPLE = 3
"""People an id: what more of them share, such as a country, tells nobody apart."""
_SHORT = 4
"""Numbers and words of fewer characters, such as 17, are also ages, ratings and answers."""
_NUMBER = r"[\d\s.,:/+-]*|\d{4}-\d\d-\d\d.*"
"""Amounts, years and times too: by themselves they are alike by chance."""
_NAMED = re.compile(
    r"(?i)(?:^|[^a-z])(u?ids?|user|customer|cust|client|contact|account|member|participant|person"
    r"|respondent|subscriber|visitor|crm|login|key|ref)(?![a-z])|(?<=[a-z])I[dD]$"
)
"""Names of columns whose numbers are ids."""


@dataclass(eq=False)
class _Column:
    """What a column of a source holds."""

    source: Source
    name: str
    participant: str
    ids: set[str] = field(default_factory=set)
    n_rows: int = 0
    n_blank: int = 0
    n_people: int = 0
    n_pairs: int = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether it may be the `participant` of its source without losing a row."""
        repeats = isinstance(self.source, Survey) and len(self.ids) < self.n_rows
        return not (self.n_blank or repeats)

    @property
    def may_join(self) -> bool:
        """Tell whether study.yaml can declare it: visits of a survey have no id to be joined by."""
        return bool(self.ids) and (
            self.is_whole or bool(self.participant) or not isinstance(self.source, Survey)
        )

    @property
    def tells_apart(self) -> bool:
        """Tell whether people have one of its ids each, and few people the same."""
        return self.n_pairs <= min(self.n_people * _ONE_ID, len(self.ids) * _PEOPLE)


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
        For people, with the lines for study.yaml. Ids themselves are not repeated.
    """
    ids: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for (name, folded), person in links.canonical.items():
        people.setdefault(name, set()).add(person)
        ids.setdefault(name, set()).add(folded)
    sources = {s.id: s for s in config.sources if s.id in people and not isinstance(s, Keys)}
    apart = [(a, b) for a, b in combinations(sources, 2) if not people[a] & people[b]]
    columns = {
        name: _read(sources[name], folder)
        for name in dict.fromkeys(n for pair in apart for n in pair)
    }
    lines: list[str] = []
    said: list[_Column] = []
    for name, own in columns.items():
        others = [b if a == name else a for a, b in apart if name in (a, b)]
        for column in own:
            held = {other: len(column.ids & ids[other]) for other in others}
            held = {o: n for o, n in held.items() if _is_enough(n, column.ids, ids[o])}
            if held:
                said.append(column)
                of = " and ".join(
                    f"{n:,} of the {len(ids[o]):,} ids of {o}" for o, n in held.items()
                )
                lines.append(
                    f"  ? '{column.name}' of {name} holds {of}. If it says who a person is, it "
                    "joins them:"
                )
                lines += _declare(column, config)
    left = {name: [column for column in own if column not in said] for name, own in columns.items()}
    for a, b in apart:
        lines += _pair(left[a], left[b], config)
    return lines


def _pair(ours: Sequence[_Column], theirs: Sequence[_Column], config: StudyConfig) -> Iterator[str]:
    """Name two columns, neither of them declared, that hold the same ids."""
    for one in ours:
        for other in theirs:
            n = len(one.ids & other.ids)
            if one.tells_apart and other.tells_apart and _is_enough(n, one.ids, other.ids):
                yield (
                    f"  ? '{one.name}' of {one.source.id} and '{other.name}' of "
                    f"{other.source.id} have {n:,} ids in common (of {len(one.ids):,} and "
                    f"{len(other.ids):,}). If they say who a person is, both together join them:"
                )
                yield from _declare(one, config)
                yield from _declare(other, config)


def _is_enough(n: int, one: set[str], other: set[str]) -> bool:
    return n >= max(_LEAST, _SHARE * min(len(one), len(other)))


def _declare(column: _Column, config: StudyConfig) -> list[str]:
    """Return what to write into study.yaml so that nobody is lost."""
    source = column.source
    if isinstance(source, Roster):
        listed = _in_line([*source.identifiers, column.name])
        return [f"    in {source.id}, `identifiers: {listed}`"]
    if column.is_whole or not column.participant:
        return [f"    in {source.id}, under `columns:`, `participant: {_in_line(column.name)}`"]
    # As `participant` it would lose the rows in which it is blank: those before a log-in.
    why = "repeats" if not column.n_blank else f"is blank in {column.n_blank:,} of its rows"
    taken = {one.id for one in config.sources}
    keys: dict[str, object] = {
        "id": next(n for n in (f"{source.id}_keys", f"{source.id}_key_map") if n not in taken),
        "kind": "keys",
        "files": source.files[0] if len(source.files) == 1 else list(source.files),
    }
    for name in ("encoding", "sheet", "delimiter"):
        if name in source.model_fields_set:
            keys[name] = getattr(source, name)
    keys["columns"] = {"participant": column.name, "identifier": column.participant}
    return [f"    under `sources:`, a key map (it {why}):", f"      - {_in_line(keys)}"]


def _read(source: Source, folder: Path) -> list[_Column]:
    columns: dict[str, _Column] = {}
    for participant, table in readers.read_columns(source, folder):
        own = participant if participant in table else ""
        people = table[own] if own else pd.Series(table.index, table.index)
        # Times of an export are no text.
        for name in table.select_dtypes("object").columns.drop(own, errors="ignore"):
            column = columns.setdefault(str(name), _Column(source, str(name), own))
            _add(column, people, table[name])
    return [column for column in columns.values() if column.may_join]


def _add(column: _Column, people: pd.Series, cells: pd.Series) -> None:
    column.n_rows += len(cells)
    column.n_blank += int((cells.str.strip() == "").sum())
    pairs = pd.DataFrame({"person": people, "id": cells}).drop_duplicates()
    values = pairs["id"].astype(str).map(privacy.fold_id)
    number = values.str.fullmatch(_NUMBER)
    mixed = values.str.contains(r"\d|@") & ~number
    kept = mixed | (values.str.len() >= _SHORT) & (~number | bool(_NAMED.search(column.name)))
    kept &= ~values.str.contains(r"\s")
    column.ids |= set(values[kept])
    column.n_pairs += int(kept.sum())
    column.n_people += pairs.loc[kept, "person"].nunique()


def _in_line(value: object) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n...\n").strip()
