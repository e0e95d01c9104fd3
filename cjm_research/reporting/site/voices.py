"""What people say in a stage: findings per source, the most important first.

Sources stand beside each other and are never added up. A severity says whether a person gave
it; everything else that a machine proposes is named so once per stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import pandas as pd

from cjm_research.cells import Cell, count, items, number, rows, strings, text
from cjm_research.reporting.site.views import PERSON_KINDS, SAID_BY, StageView, mention_view

GROUP_WORDS = {
    "pain_point": "What hurts",
    "emotion": "Emotions",
    "reason": "Reasons beside feelings",
    "delight": "What delights",
    "need": "What they need",
    "expectation": "What they expect",
    "social_proof": "Social proof",
    "adjacent_wish": "Adjacent wishes",
}
NOT_HERE = frozenset({"stage", "theme"})
"""Code groups that stand elsewhere: a theme runs through stages and is shown once."""

SEVERITY_WORDS = {1: "nuisance", 2: "costs time", 3: "blocked", 4: "gave up"}
CONSEQUENCE_WORDS = {
    "gave_up": "gave up",
    "blocked": "blocked",
    "called_support": "asked for help",
    "worked_around": "found a way around",
    "delayed": "lost time",
    "annoyed": "annoyed",
}
"""The gravest first."""

_OF_PERSONS = ("valence", "pain_points", "delights")
"""Lists of the map that name people."""

MOST_PAINS, MOST_ENTRIES, MOST_PLACES = 6, 6, 2
UNCODED = frozenset({("need", "need")})
"""Codes that only repeat their group, beside `other`: a worklist for a person, not a finding."""

Tables = Mapping[str, pd.DataFrame]


def said_views(tables: Tables, stage: StageView) -> list[Cell]:
    """Return everything said in a stage, per source.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of the run; all but `journey_map` may be missing or empty.
    stage : StageView

    Returns
    -------
    list of dict
        One per source, in the stage's order: `pains`, `groups` (every other code group),
        `pairs` (what was expected, and what happened) and `places` (touchpoints).
    """
    labels, found = _entries(tables.get("mentions"), stage)
    heard = {view.source: view for view in stage.sources}
    order = [*heard, *sorted(found.keys() - heard.keys())]
    return [
        {
            "source": source,
            "label": labels[source],
            "heard": heard.get(source),
            "pains": _pains(tables.get("pain_points"), stage, source, found[source]),
            "groups": [
                _group(group, found[source][group], stage, source, tables)
                for group in _in_order(found[source])
                if group != "pain_point"
            ],
            "pairs": expectation_pairs(tables, stage, source),
            "places": place_views(tables.get("touchpoint_mentions"), stage, source),
        }
        for source in order
        if source in found
    ]


def expectation_pairs(tables: Tables, stage: StageView, source: str) -> list[Cell]:
    """Return what people expected beside what happened, where their consent allows it."""
    aliases = quotable_aliases(tables.get("participants"))
    noted = any(view.source == source and view.kind == "note" for view in stage.sources)
    pairs = [
        {
            "code": text(row.get("code")).replace("_", " "),
            "expected": text(row.get("expected")),
            "happened": text(row.get("happened")),
            "by": (SAID_BY["observer"] if noted else "") + aliases[text(row["participant_id"])],
        }
        for row in at_stage(tables.get("statements"), stage.id, source)
        if text(row.get("code_group")) == "expectation"
        and (text(row.get("expected")) or text(row.get("happened")))
        and text(row.get("participant_id")) in aliases
    ]
    # Both halves known says more than one.
    order = ["missed", "exceeded", "met"]
    pairs.sort(key=lambda p: (not (p["expected"] and p["happened"]), _place(order, p["code"])))
    return _everybody_first(pairs)


def place_views(mentions: pd.DataFrame | None, stage: StageView, source: str) -> list[Cell]:
    """Return what is told of each touchpoint, the stage's own touchpoints first."""
    found: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for row in at_stage(mentions, stage.id, source):
        group = text(row.get("code_group"))
        if group not in NOT_HERE:
            place = (text(row.get("touchpoint")), text(row.get("channel")))
            found.setdefault(place, {}).setdefault(group, []).append(_entry(group, row))
    own = [touchpoint["name"] for touchpoint in stage.touchpoints]
    return [
        {
            "name": name or channel,
            "channel": channel if name else "",
            "own": name in own,
            "groups": [
                {"words": GROUP_WORDS.get(group, _words(group)), "entries": by_people(told)}
                for group, told in ((group, groups[group]) for group in _in_order(groups))
            ],
        }
        for (name, channel), groups in sorted(
            found.items(), key=lambda pair: (_place(own, pair[0][0]), pair[0])
        )
    ]


def coded_by(tables: Tables, stage: StageView) -> Cell | None:
    """Return how many of the stage's statements a person coded; None where it is not known."""
    if "coders" not in tables:
        return None
    people = {
        text(row.get("coder_id")) for row in rows(tables["coders"]) if row.get("kind") == "person"
    }
    coders = [text(row.get("coder_id")) for row in at_stage(tables.get("statements"), stage.id)]
    if not coders:
        return None
    return {"n": len(coders), "n_people": sum(coder in people for coder in coders)}


def quote_groups(stage: StageView) -> list[Cell]:
    """Return the stage's quotes under the code that they are quoted for."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for quote in stage.quotes:
        groups.setdefault((quote["code_group"], quote["label"]), []).append(quote)
    order = ["pain_point", "delight", *GROUP_WORDS]
    return [
        {
            "group": group,
            "words": GROUP_WORDS.get(group, _words(group)),
            "label": label,
            "quotes": quotes,
        }
        for (group, label), quotes in sorted(
            groups.items(), key=lambda pair: _place(order, pair[0][0])
        )
    ]


def quotable_aliases(participants: pd.DataFrame | None) -> dict[str, str]:
    """Return the alias of each participant whose words may be shown."""
    return {
        text(row.get("participant_id")): text(row.get("alias"))
        for row in rows(participants)
        if text(row.get("consent")) == "quote"
    }


def unname_people(journey_map: pd.DataFrame, participants: pd.DataFrame | None) -> pd.DataFrame:
    """Take the aliases of people who may not be quoted out of the map.

    Beside what each person tells, an alias is nearly a name, and these people agreed to be
    counted only.

    Returns
    -------
    DataFrame
        The map, with `n_unnamed` people per stage whose alias is gone. In `valence` they keep a
        dot without an alias; in lists of who told something they are missing.
    """
    if participants is None or "consent" not in participants:
        return journey_map.assign(n_unnamed=0)
    kept = set(quotable_aliases(participants).values())
    silent = {text(row.get("alias")) for row in rows(participants)} - kept - {""}
    found = [_unname(row, silent) for row in journey_map.to_dict("records")]
    columns = [*(name for name in _OF_PERSONS if name in journey_map), "n_unnamed"]
    return journey_map.assign(**{name: [row[name] for row in found] for name in columns})


def count_unnamed(journey_map: pd.DataFrame, stage: str) -> int:
    """Return how many people with an alias of a stage are not named, as they may not be quoted."""
    return sum(count(row.get("n_unnamed")) or 0 for row in at_stage(journey_map, stage))


def at_stage(frame: pd.DataFrame | None, stage: str, source: str = "") -> list[Cell]:
    """Return a table's rows of one stage (and source); none where there is no such table."""
    if frame is None or "stage" not in frame:
        return []
    # As objects: comparing a category with a word that it does not know is no error then.
    mine = frame["stage"].astype("object") == stage
    if source:
        mine &= frame["source"].astype("object") == source
    return rows(frame[mine])


def by_people(entries: Iterable[Cell]) -> list[Cell]:
    """Sort by people, most first; what fits no code stands last, however many tell it."""
    return sorted(entries, key=lambda e: (e["uncoded"], -(e["n_said"] or 0), e["label"]))


def _unname(row: Mapping[str, Any], silent: Set[str]) -> Cell:
    """Return a stage's lists of people without these aliases, and how many of them there were."""
    kinds = {
        text(heard.get("source")): text(heard.get("kind")) for heard in items(row.get("heard"))
    }
    gone: set[str] = set()
    lists: Cell = {}
    for name in (name for name in _OF_PERSONS if name in row):
        lists[name] = entries = [dict(entry) for entry in items(row.get(name))]
        for entry in entries:
            people, told = items(entry.get("people")), strings(entry.get("aliases"))
            # A survey's people are numbers: nobody lists them.
            if kinds.get(text(entry.get("source"))) in PERSON_KINDS:
                gone |= {text(person.get("alias")) for person in people} & silent
                gone |= set(told) & silent
            if "people" in entry:
                entry["people"] = [
                    person | {"alias": ""} if person.get("alias") in silent else person
                    for person in people
                ]
            if "aliases" in entry:
                entry["aliases"] = [alias for alias in told if alias not in silent]
    return lists | {"n_unnamed": len(gone)}


def _entries(
    mentions: pd.DataFrame | None, stage: StageView
) -> tuple[dict[str, str], dict[str, dict[str, list[Cell]]]]:
    """Return the label of each source, and its entries by code group."""
    found: dict[str, dict[str, list[Cell]]] = {}
    labels: dict[str, str] = {}
    for row in at_stage(mentions, stage.id):
        group = text(row.get("code_group"))
        if text(row.get("segment")) or group in NOT_HERE:
            continue
        source = text(row.get("source"))
        labels[source] = text(row.get("source_label")) or source
        found.setdefault(source, {}).setdefault(group, []).append(_entry(group, row))
    if found:
        return labels, found
    # Without the long table the map's own cells still say what was said.
    lanes = (("emotion", stage.emotions), ("pain_point", stage.pains))
    for group, lane in (*lanes, ("delight", stage.delights)):
        for view in lane:
            if view.entries:
                labels[view.source] = view.label
                entries = [entry | {"uncoded": entry["code"] == "other"} for entry in view.entries]
                found.setdefault(view.source, {})[group] = entries
    return labels, found


def _entry(group: str, row: Mapping[str, Any]) -> Cell:
    entry = mention_view(row)
    return entry | {"uncoded": entry["code"] == "other" or (group, entry["code"]) in UNCODED}


def _pains(
    pain_points: pd.DataFrame | None,
    stage: StageView,
    source: str,
    groups: Mapping[str, list[Cell]],
) -> Cell:
    known = {text(row.get("code")): row for row in at_stage(pain_points, stage.id, source)}
    entries = [
        entry | _particulars(known.get(entry["code"], {}))
        for entry in _with_quotes("pain_point", groups.get("pain_point", []), stage, source)
    ]
    coded = [entry for entry in entries if not entry["uncoded"]]
    return {
        "shown": coded[:MOST_PAINS],
        "more": coded[MOST_PAINS:],
        "residual": next((entry for entry in entries if entry["uncoded"]), None),
        "rated": any(entry["severity"] for entry in coded),
        "all_prompted": _all_prompted(coded),
    }


def _everybody_first(pairs: Iterable[Cell]) -> list[Cell]:
    """Return each pair once, a person's second after everybody's first."""
    found: dict[tuple[str, ...], tuple[int, Cell]] = {}
    told: Counter[str] = Counter()
    for pair in pairs:
        key = tuple(pair.values())
        if key not in found:
            found[key] = told[pair["by"]], pair
            told[pair["by"]] += 1
    return [pair for _, pair in sorted(found.values(), key=lambda entry: entry[0])]


def _with_quotes(group: str, entries: Iterable[Cell], stage: StageView, source: str) -> list[Cell]:
    """Return the entries in order, each with the first quote that the page has of it."""
    quotes = {
        quote["code"]: quote
        for quote in reversed(stage.quotes)
        if (quote["source"], quote["code_group"]) == (source, group)
    }
    return [entry | {"quote": quotes.get(entry["code"])} for entry in by_people(entries)]


def _particulars(row: Mapping[str, Any]) -> Cell:
    told = {text(e.get("name")): count(e.get("n")) or 0 for e in items(row.get("consequences"))}
    order = list(CONSEQUENCE_WORDS)
    return {
        "severity": _severity(row),
        "consequences": [
            {"words": CONSEQUENCE_WORDS.get(name, _words(name).lower()), "n": told[name]}
            for name in sorted(told, key=lambda name: (_place(order, name), name))
        ],
        "touchpoints": [
            text(entry.get("name")) for entry in items(row.get("touchpoints"))[:MOST_PLACES]
        ],
    }


def _severity(row: Mapping[str, Any]) -> Cell | None:
    """Return a median severity in words; half a step lies between two of them."""
    value = number(row.get("severity"))
    if value is None or not 1 <= value <= 4:
        return None
    steps = [int(value)] if value == int(value) else [int(value), int(value) + 1]
    n_people, n_said = count(row.get("severity_by_people")) or 0, count(row.get("n_said")) or 0
    by = f"by a person for {n_people} of {n_said}" if n_people else "proposed"
    return {
        "number": f"{value:g}",
        "words": " to ".join(SEVERITY_WORDS[step] for step in steps),
        "severe": value >= 3,
        "n_severe": count(row.get("n_severe")) or 0,
        "by": "by a person" if n_people and n_people >= n_said else by,
    }


def _group(
    group: str, entries: Sequence[Cell], stage: StageView, source: str, tables: Tables
) -> Cell:
    ordered = _with_quotes(group, entries, stage, source)
    return {
        "group": group,
        "words": GROUP_WORDS.get(group, _words(group)),
        "shown": ordered[:MOST_ENTRIES],
        "more": ordered[MOST_ENTRIES:],
        "all_prompted": _all_prompted(ordered),
        "mean": _mean(tables.get("emotion_curve"), stage, source) if group == "emotion" else None,
    }


def _mean(curve: pd.DataFrame | None, stage: StageView, source: str) -> Cell | None:
    """Return the mean valence, from the table or, failing that, from the map."""
    points = at_stage(curve, stage.id, source) or [
        f for f in stage.feelings if f["source"] == source
    ]
    if not points:
        return None
    point = points[0]
    mean, low, high = (number(point.get(key)) for key in ("mean", "low", "high"))
    return {"mean": mean, "low": low, "high": high, "n": count(point.get("n"))}


def _all_prompted(entries: Sequence[Cell]) -> bool:
    return bool(entries) and all(
        e["n_prompted"] and e["n_prompted"] == e["n_said"] for e in entries
    )


def _in_order(groups: Iterable[str]) -> list[str]:
    order = list(GROUP_WORDS)
    return sorted(groups, key=lambda group: (_place(order, group), group))


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
