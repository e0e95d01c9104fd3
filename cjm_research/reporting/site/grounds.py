"""What the whole report rests on: themes with their evidence, and how the words were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.reporting.site.views import LONG_QUOTE, StageView
from cjm_research.reporting.site.voices import Tables, quotable_aliases

MOST_THEMES, MOST_COUNTERS = 6, 2

BASIS_WORDS = {
    "declared": "declared by the source",
    "heading": "by a heading",
    "prompt": "by the question asked",
    "carried prompt": "carried on from a question",
    "several cues": "by several words of the stage",
    "cue": "by a word of the stage",
    "inferred": "inferred by meaning",
    "unassigned": "unassigned",
    "person": "corrected by a person",
}
SET_ASIDE = "set aside"
LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def theme_views(tables: Tables, stages: Sequence[StageView]) -> Cell:
    """Return the themes that run through the stages, stable ones with most people first.

    Returns
    -------
    dict
        `shown`, `more` (to be folded) and `n_unstable`. Each theme has its words and those
        that speak against it, of participants whose consent allows it.
    """
    themes = rows(tables.get("themes"))
    evidence = Evidence(tables, themes, stages)
    found: list[Cell] = [
        {
            "label": text(row.get("label")) or text(row.get("theme")),
            "n_participants": count(row.get("n_participants")),
            "n_excerpts": count(row.get("n_excerpts")),
            "stability": number(row.get("stability")),
            "stable": bool(row.get("stable")),
            "words": evidence.words([text(row.get("example_id"))])[:1],
            "against": evidence.words(text(row.get("counter_ids")).split())[:MOST_COUNTERS],
        }
        for row in themes
    ]
    found.sort(key=lambda t: (not t["stable"], -(t["n_participants"] or 0), t["label"]))
    return {
        "shown": found[:MOST_THEMES],
        "more": found[MOST_THEMES:],
        "n_unstable": sum(not theme["stable"] for theme in found),
    }


def basis_views(bases: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return on what the stages of each source's excerpts rest."""
    found: dict[str, dict[str, int]] = {}
    for row in rows(bases):
        counts = found.setdefault(text(row.get("source")), {})
        counts[text(row.get("basis"))] = count(row.get("n_excerpts")) or 0
    return [
        {
            "label": labels.get(source, source),
            "n": sum(counts.values()),
            # That nobody corrected a stage is worth saying; other bases may go without.
            "parts": [
                {"n": counts.get(basis, 0), "words": BASIS_WORDS.get(basis, basis)}
                for basis in dict.fromkeys([*BASIS_WORDS, *sorted(counts)])
                if counts.get(basis) or basis == "person"
            ],
        }
        for source, counts in _in_order(found, labels)
    ]


def language_views(languages: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return the documents of each source that were set aside for their language."""
    found: dict[str, list[str]] = {}
    n_all: dict[str, int] = {}
    for row in rows(languages):
        source = text(row.get("source"))
        n_all[source] = n_all.get(source, 0) + 1
        if text(row.get("status")) == SET_ASIDE:
            found.setdefault(source, []).append(text(row.get("language")))
    return [
        {
            "label": labels.get(source, source),
            "n": len(codes),
            "n_all": n_all[source],
            "languages": [LANGUAGES.get(code, code) for code in _most_first(codes)],
        }
        for source, codes in _in_order(found, labels)
    ]


def talk_views(dominance: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return how much interviewers talked, and the loudest voice of focus groups."""
    found: dict[str, list[Cell]] = {}
    for row in rows(dominance):
        found.setdefault(text(row.get("source")), []).append(row)
    views = [_talk(labels.get(source, source), mine) for source, mine in _in_order(found, labels)]
    return [view for view in views if view["interviewer"] or view["groups"]]


def saturation_views(saturation: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Cell]:
    """Return what can be said of saturation per source, one line per base and run."""
    found: dict[str, list[Cell]] = {}
    for row in rows(saturation):
        line = {key: count(row.get(key)) for key in ("base", "run")}
        found.setdefault(text(row.get("source")), []).append(line | {"words": text(row["words"])})
    return [
        {
            "label": labels.get(source, source),
            # Too few interviews are too few for every base: said once.
            "lines": lines[:1] if all(_cannot_tell(line) for line in lines) else lines,
        }
        for source, lines in _in_order(found, labels)
    ]


class Evidence:
    """The words of excerpts that may be shown, with who said them and in which stage."""

    def __init__(self, tables: Tables, themes: Sequence[Cell], stages: Sequence[StageView]) -> None:
        self._excerpts: dict[str, Cell] = {}
        self._aliases = quotable_aliases(tables.get("participants"))
        self._stages = {stage.id: stage for stage in stages}
        excerpts = tables.get("excerpts")
        if excerpts is None:
            return
        wanted = {
            name
            for row in themes
            for name in (text(row.get("example_id")), *text(row.get("counter_ids")).split())
        }
        mine = excerpts[excerpts["excerpt_id"].isin(wanted)]
        self._excerpts = {text(row["excerpt_id"]): row for row in rows(mine)}

    def words(self, ids: Sequence[str]) -> list[Cell]:
        """Return the words of these excerpts, as far as consent allows, in the order given."""
        return [
            self._view(row)
            for row in (self._excerpts[name] for name in ids if name in self._excerpts)
            if text(row.get("participant_id")) in self._aliases
            and text(row.get("speaker")) != "interviewer"
        ]

    def _view(self, row: Cell) -> Cell:
        words = text(row.get("text"))
        stage = self._stages.get(text(row.get("stage")))
        return {
            "text": words,
            "long": len(words) > LONG_QUOTE,
            "observer": text(row.get("speaker")) == "observer",
            "alias": self._aliases[text(row.get("participant_id"))],
            "stage_id": stage.id if stage else "",
            "stage": stage.name if stage else "",
            "href": stage.href if stage else "",
            "prompt": text(row.get("prompt")),
        }


def _talk(label: str, mine: Sequence[Cell]) -> Cell:
    asked = [share for row in mine if (share := number(row.get("interviewer_share")))]
    groups = [row for row in mine if (count(row.get("n_participants")) or 0) > 1]
    loudest = [s for row in groups if (s := number(row.get("most_talkative_share"))) is not None]
    even = [s for row in groups if (s := number(row.get("even_share"))) is not None]
    return {
        "label": label,
        "n": len(mine),
        "interviewer": _range(asked),
        "n_interviewer": len(asked),
        "n_over_half": sum(share > 0.5 for share in asked),
        "groups": _range(loudest),
        "n_groups": len(loudest),
        "even": _range(even),
    }


def _range(values: Sequence[float]) -> tuple[float, float] | None:
    return (min(values), max(values)) if values else None


def _cannot_tell(line: Cell) -> bool:
    return bool(line["words"].startswith("cannot tell"))


def _most_first(codes: Sequence[str]) -> list[str]:
    return sorted(set(codes), key=lambda code: (-codes.count(code), code))


def _in_order(found: Mapping[str, Any], labels: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Return sources in the order that the report lists them everywhere."""
    order = list(labels)
    return sorted(
        found.items(),
        key=lambda pair: (order.index(pair[0]) if pair[0] in order else len(order), pair[0]),
    )
