"""Counter-examples of a stage: people who were well there, or speak against a theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cjm_research.cells import Cell, count, rows, text
from cjm_research.reporting.site.grounds import Evidence
from cjm_research.reporting.site.views import StageView
from cjm_research.reporting.site.voices import Tables, quote_groups

MOST_AGAINST = 6


def otherwise_views(tables: Tables, stages: Sequence[StageView], stage: StageView) -> Cell:
    """Return who says otherwise than the trouble that a stage is known for.

    Returns
    -------
    dict
        `told`: people heard and people who tell of trouble, where not all do; `quotes`: groups
        of quotes of what delights; `against`: words near a stable theme of people who tell of no
        trouble at this stage, each with the theme.
        All empty where nobody tells of trouble: there is nothing to say otherwise to.
    """
    if not any(view.entries for view in stage.pains):
        return {"told": [], "quotes": [], "against": []}
    told: list[Cell] = [
        {"label": text(row.get("source_label")) or text(row.get("source")),
         "noted": text(row.get("kind")) == "note",
         "n_told": count(row.get("n_told")), "n_heard": count(row.get("n_heard"))}
        for row in rows(tables.get("joint_display"))
        if text(row.get("stage")) == stage.id
    ]  # fmt: skip
    themes = [row for row in rows(tables.get("themes")) if row.get("stable")]
    troubled = {person.alias for person in stage.people if person.pains}
    evidence = Evidence(tables, themes, stages)
    return {
        "told": [
            line
            for line in told
            if line["n_told"] is not None and (line["n_heard"] or 0) > line["n_told"]
        ],
        "quotes": [group for group in quote_groups(stage) if group["group"] == "delight"],
        "against": _each_once(
            words | {"theme": text(theme.get("label"))}
            for theme in themes
            for words in evidence.words(text(theme.get("counter_ids")).split())
            # Who tells of trouble here is no witness against it, whatever else is said.
            if words["stage_id"] == stage.id and words["alias"] not in troubled
        )[:MOST_AGAINST],
    }


def _each_once(found: Iterable[Cell]) -> list[Cell]:
    """Return one voice a person: the first theme that they speak against."""
    return list({words["alias"]: words for words in reversed(list(found))}.values())[::-1]
