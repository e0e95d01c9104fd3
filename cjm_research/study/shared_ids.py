"""Columns that nobody declared as ids, and that hold the ids of another source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import combinations, count, product
from pathlib import Path

import pandas as pd

from cjm_research import privacy, readers
from cjm_research.config import Keys, Roster, Source, StudyConfig, Survey
from cjm_research.study.project import in_line

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
_OF_PEOPLE = re.compile(
    r"(?i)\b(u?ids?|user|customer|cust|client|contact|account|member|participant|person|respondent"
    r"|subscriber|visitor|crm|login|e?mail|key|ref)\b"
)
_OF_THINGS = re.compile(
    r"(?i)\b(session|order|event|response|visit|hit|page|message|product|item|sku|transaction"
    r"|invoice|ticket|request|insert|row|zip|postcode|birth|year|age|spend|value|amount|count)\b"
)


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
    def is_named(self) -> bool:
        """Tell whether it is called like ids of people."""
        words = readers.words_of(self.name)
        return bool(_OF_PEOPLE.search(words)) and not _OF_THINGS.search(words)

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
        """Tell whether it may well be of people: one of its ids each, and few the same."""
        return self.is_named and self.n_pairs <= min(
            self.n_people * _ONE_ID, len(self.ids) * _PEOPLE
        )


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
    advice = _Advice(config)
    for name, own in columns.items():
        others = [b if a == name else a for a, b in apart if name in (a, b)]
        for column in own:
            held = {other: len(column.ids & ids[other]) for other in others}
            held = {o: n for o, n in held.items() if _is_enough(n, column.ids, ids[o])}
            if held:
                of = " and ".join(
                    f"{n:,} of the {len(ids[o]):,} ids of {o}" for o, n in held.items()
                )
                lines.append(
                    f"  ? '{column.name}' of {name} holds {of}. If it says who a person is, it "
                    "joins them:"
                )
                lines += advice.declare(column)
    left = {
        name: [column for column in own if column not in advice.given and column.tells_apart]
        for name, own in columns.items()
    }
    for a, b in apart:
        for one, other in product(left[a], left[b]):
            n = len(one.ids & other.ids)
            known = one in advice.given and other in advice.given
            if not known and _is_enough(n, one.ids, other.ids):
                lines.append(
                    f"  ? '{one.name}' of {a} and '{other.name}' of {b} have {n:,} ids in common "
                    f"(of {len(one.ids):,} and {len(other.ids):,}). If they say who a person is, "
                    "both together join them:"
                )
                lines += advice.declare(one) + advice.declare(other)
    return lines


def _is_enough(n: int, one: set[str], other: set[str]) -> bool:
    return n >= max(_LEAST, _SHARE * min(len(one), len(other)))


class _Advice:
    """What to write into study.yaml so that nobody is lost; the same is said once."""

    def __init__(self, config: StudyConfig) -> None:
        self.given: list[_Column] = []
        self._taken = {source.id for source in config.sources}
        self._identifiers = {
            s.id: list(s.identifiers) for s in config.sources if isinstance(s, Roster)
        }

    def declare(self, column: _Column) -> list[str]:
        if column in self.given:
            return [f"    '{column.name}' of {column.source.id} as above"]
        self.given.append(column)
        source = column.source
        if isinstance(source, Roster):
            if column.n_pairs > len(column.ids):
                return self._map(column, "several people have the same", of_people=False)
            self._identifiers[source.id].append(column.name)
            return [f"    in {source.id}, `identifiers: {in_line(self._identifiers[source.id])}`"]
        if column.is_whole or not column.participant:
            return [f"    in {source.id}, under `columns:`, `participant: {in_line(column.name)}`"]
        # As `participant` it would lose the rows in which it is blank: those before a log-in.
        blank = f"it is blank in {column.n_blank:,} of its rows"
        return self._map(column, blank if column.n_blank else "it repeats", of_people=True)

    def _map(self, column: _Column, why: str, *, of_people: bool) -> list[str]:
        source = column.source
        names = (f"{source.id}_keys{'' if n == 1 else f'_{n}'}" for n in count(1))
        own = next(name for name in names if name not in self._taken)
        self._taken.add(own)
        files = source.files[0] if len(source.files) == 1 else list(source.files)
        keys: dict[str, object] = {"id": own, "kind": "keys", "files": files}
        for name in ("encoding", "sheet", "delimiter"):
            if name in source.model_fields_set:
                keys[name] = getattr(source, name)
        ids = (column.name, column.participant) if of_people else (column.participant, column.name)
        keys["columns"] = dict(zip(("participant", "identifier"), ids, strict=True))
        # As it stands in a study.yaml, to be taken over.
        return [f"    under `sources:`, a key map ({why}):", f"  - {in_line(keys)}"]


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
    column.n_blank += int(readers.is_nobody(cells).sum())
    pairs = pd.DataFrame({"person": people, "id": cells})[~readers.is_nobody(cells)]
    pairs = pairs.drop_duplicates()
    values = pairs["id"].astype(str).map(privacy.fold_id)
    number = values.str.fullmatch(_NUMBER)
    mixed = values.str.contains(r"\d|@") & ~number
    kept = mixed | (values.str.len() >= _SHORT) & (~number | column.is_named)
    kept &= ~values.str.contains(r"\s")
    column.ids |= set(values[kept])
    column.n_pairs += int(kept.sum())
    column.n_people += pairs.loc[kept, "person"].nunique()
