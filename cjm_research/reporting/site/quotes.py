"""Every quote of a report on one page, with what they can be filtered by."""

from __future__ import annotations

from collections.abc import Sequence

from cjm_research.cells import Cell
from cjm_research.reporting.site.segments import segments_of
from cjm_research.reporting.site.views import StageView
from cjm_research.reporting.site.voices import GROUP_WORDS, Tables


def all_quotes(tables: Tables, stages: Sequence[StageView], *, smallest_cell: int) -> Cell:
    """Return the quotes of all stages, in the order of the journey.

    Returns
    -------
    dict
        `stages`: each with its `quotes`; `n`; and what there is anything of: `sources`,
        `groups`, `codes` (the words of a group, and its codes) and `segments` (a segment, its
        values, and how many quotes are of people of whom it is not told). A quote has its
        `segments` as `segment=value`, of those segments that do not point at a handful of
        people; `segment=` says that it is not told.
    """
    own = segments_of(
        tables.get("participants"), tables.get("segment_people"), smallest_cell=smallest_cell
    )
    segments = {told.partition("=")[0] for of in own.values() for s in of.values() for told in s}

    def told_of(quote: Cell) -> tuple[str, ...]:
        told = own.get(quote["source"], {}).get(quote["alias"], ())
        known = {segment.partition("=")[0] for segment in told}
        return (*told, *(f"{segment}=" for segment in sorted(segments - known)))

    shown: list[Cell] = [
        {
            "stage": stage,
            "quotes": [
                quote
                | {
                    "segments": told_of(quote),
                    "group_words": GROUP_WORDS.get(quote["code_group"], ""),
                }
                for quote in stage.quotes
            ],
        }
        for stage in stages
        if stage.quotes
    ]
    quotes: list[Cell] = [quote for place in shown for quote in place["quotes"]]
    return {
        "stages": shown,
        "n": len(quotes),
        "sources": list({q["source"]: q["source_label"] for q in quotes}.items()),
        "groups": list({q["code_group"]: q["group_words"] for q in quotes}.items()),
        "codes": _list_codes(quotes),
        "segments": _list_segments(quotes),
    }


def _list_codes(quotes: Sequence[Cell]) -> list[Cell]:
    found: dict[str, dict[str, str]] = {}
    words: dict[str, str] = {}
    for quote in quotes:
        group, code = quote["code_group"], quote["code"]
        words[group] = quote["group_words"] or group
        found.setdefault(group, {})[f"{group}:{code}"] = quote["label"] or code
    return [
        {"words": words[group], "codes": sorted(codes.items(), key=lambda pair: pair[1])}
        for group, codes in found.items()
    ]


def _list_segments(quotes: Sequence[Cell]) -> list[Cell]:
    values: dict[str, dict[str, int]] = {}
    for quote in quotes:
        for told in quote["segments"]:
            segment, _, value = told.partition("=")
            of_it = values.setdefault(segment, {})
            of_it[value] = of_it.get(value, 0) + 1
    return [
        {
            "segment": segment,
            "values": sorted(value for value in found if value),
            "n_untold": found.get("", 0),
        }
        for segment, found in sorted(values.items())
    ]
