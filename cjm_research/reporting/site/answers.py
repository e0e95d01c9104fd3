"""What a reader asks first: where to look, for whom, how sure we are, what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cjm_research.cells import Cell, count, number, rows, text
from cjm_research.integration.conventions import FALSE_FINDS
from cjm_research.integration.disclosure import UNDISCLOSED
from cjm_research.reporting.site.together import (
    Tables,
    cause_views,
    opportunity_views,
    verdict_views,
)
from cjm_research.reporting.site.views import StageView
from cjm_research.reporting.site.words import percent, percent_range, plural, signed, whole

MOST_FIRST, MOST_WHOM, MOST_SURE, MOST_CHANGES = 4, 4, 6, 7
_OPEN = {
    "not asked": "nobody was asked",
    "leavers not heard": "nobody who left there was heard",
    "cannot tell": "words or numbers cannot tell yet",
    "only said": "no behaviour is measured",
    "only done": "many are lost, and no words say why",
}
_DID = {"task_failure": "failed a first try", "questionnaire_abandonment": "stopped answering"}


def answer_views(
    tables: Tables, stages: Sequence[StageView], labels: Mapping[str, str]
) -> Cell | None:
    """Return the answers to a reader's first four questions; None without verdicts.

    Returns
    -------
    dict
        `first`, `whom`, `sure`, `change`: lists of `title`, `href`, `line` and `claim` (its id,
        if it has one). Everything in them stands, with its counts, on the pages that they lead
        to.
    """
    verdicts = verdict_views(tables.get("verdicts"))
    if not verdicts:
        return None
    places = [(stage, verdicts[stage.id]) for stage in stages if stage.id in verdicts]
    opportunities = opportunity_views(tables.get("opportunities"), stages)
    ranked = opportunities["ranked"]
    n_unranked = len(opportunities["confirmed"]) + len(opportunities["candidates"])
    painful = [
        stage for stage, v in places if v["said"] in ("much", "mixed") and v["done"] == "much"
    ]
    # A stage whose opportunity is ranked above stands there already.
    shown = {entry["stage"] for entry in ranked[: MOST_FIRST - 1]}
    first = [*_ranked(ranked), *_stages([(s, v) for s, v in places if s.id not in shown])]
    focus = list(dict.fromkeys([o["stage"] for o in ranked] + [stage.id for stage in painful]))
    return {
        "is_ranked": bool(ranked),
        "first": first[: MOST_FIRST + 1],
        "whom": list(_whom(tables, stages, focus))[:MOST_WHOM],
        "sure": list(_sure(tables, places, ranked, n_unranked, labels, focus))[:MOST_SURE],
        "change": list(_change(tables, places, labels, focus))[:MOST_CHANGES],
    }


def _line(title: str, line: str, href: str = "", claim: str = "") -> Cell:
    return {"title": title, "line": line, "href": href, "claim": claim}


def _ranked(ranked: Sequence[Mapping[str, Any]]) -> Iterator[Cell]:
    for entry in ranked[: MOST_FIRST - 1]:
        sure = ""
        if entry["rank_low"] is not None and entry["rank_low"] != entry["rank_high"]:
            sure = f" ({_span(entry['rank_low'], entry['rank_high'])})"
        told = f"{'noted for' if entry['noted'] else 'told by'} {whole(entry['n_said'])} of "
        told += whole(entry["n_heard"])
        lost = ""
        if entry["drop_off_rate"] is not None:
            lost = f", {percent(entry['drop_off_rate'])} {entry['behaviour_label']}"
        yield _line(
            entry["label"],
            f"{entry['stage_name']}; {told}{lost}; rank {whole(entry['rank'])} of {len(ranked)}"
            f"{sure}",
            entry["href"],
            entry["claim"],
        )


def _stages(places: Sequence[tuple[StageView, Cell]]) -> Iterator[Cell]:
    """Yield the stages where both strands point to trouble, then those where they part.

    Of one measure the stages that lose most come first; of several, no number says which.
    """
    ordered = list(places)
    if len({stage.behaviour.measure for stage, _ in places if stage.behaviour.rate}) == 1:
        ordered.sort(key=lambda place: -(place[0].behaviour.rate or 0))
    for wanted in ("sources agree", "partly agree", "sources disagree"):
        for stage, verdict in ordered:
            loud = verdict["said"] in ("much", "mixed")
            if verdict["verdict"] != wanted or not (loud or verdict["done"] == "much"):
                continue
            yield _line(f"{stage.name}: {wanted}", _side(stage, verdict), stage.href)


def _side(stage: StageView, verdict: Mapping[str, Any]) -> str:
    rate = stage.behaviour.rate
    lost = "" if rate is None else f"{percent(rate)} {stage.behaviour.label}"
    told = next((s.entries[0]["label"] for s in stage.pains if s.entries), "")
    verb = "noted" if stage.noted else "told"
    words = f"“{told}”" if told else f"little is {verb}"
    if verdict["done"] == "little":
        return f"much is {verb}, {words}, and only {lost}"
    return "; ".join(part for part in (words, lost) if part)


def _whom(tables: Tables, stages: Sequence[StageView], focus: Sequence[str]) -> Iterator[Cell]:
    places = {stage.id: stage for stage in stages}
    found = rows(tables.get("segment_comparison"))
    if not found:
        yield _line("", "Cannot tell: no audience segments are declared, or none has two sides.")
        return
    differing = [
        row
        for row in found
        if (p := number(row.get("p_adjusted"))) is not None
        and p < FALSE_FINDS
        and (number(row.get("difference")) or 0) > 0
    ]
    order = {stage: place for place, stage in enumerate(focus)}
    differing.sort(
        key=lambda row: (
            text(row.get("kind")) != "drop_off",
            order.get(text(row.get("stage")), len(order)),
            -(number(row.get("difference")) or 0),
        )
    )
    for row in differing:
        stage = places.get(text(row.get("stage")))
        what = "are lost" if text(row.get("kind")) == "drop_off" else f"“{text(row.get('label'))}”"
        gap, low, high = (
            number(row.get(k)) for k in ("difference", "difference_low", "difference_high")
        )
        between = (
            "" if low is None else f" ({signed(100 * low, 0)} to {signed(100 * (high or 0), 0)})"
        )
        yield _line(
            f"{text(row.get('segment'))}: {text(row.get('segment_value'))}",
            f"{stage.name if stage else ''}: {percent(row.get('share'))} {what}, "
            f"{signed(100 * (gap or 0), 0)} points more than others{between}",
            stage.href if stage else "",
        )
    n = max((count(row.get("n_compared")) or 0 for row in found), default=0)
    if not differing:
        hidden = sum(bool(row.get("suppressed")) for row in found)
        small = f"; {hidden} rows are hidden for small groups" if hidden else ""
        yield _line(
            "",
            f"No audience segment differs by more than chance brings (up to {n} comparisons of "
            f"one segment and source{small}).",
        )


def _sure(
    tables: Tables,
    places: Sequence[tuple[StageView, Cell]],
    ranked: Sequence[Mapping[str, Any]],
    n_unranked: int,
    labels: Mapping[str, str],
    focus: Sequence[str],
) -> Iterator[Cell]:
    decided = [verdict["by"] for _, verdict in places if verdict["by"]]
    yield _line(
        "Verdicts",
        f"{whole(len(decided))} of {whole(len(places))} decided by a person, the others proposed "
        "by declared rules",
    )
    if len(ranked) > 1 and ranked[0]["rank_low"] is not None:
        top = ranked[0]
        yield _line(
            "First place",
            f"of the {len(ranked)} that could be ranked ({n_unranked} others could not): rank "
            f"{_span(top['rank_low'], top['rank_high'])} in 95 % of draws of other people, "
            f"{_span(top['weights_rank_low'], top['weights_rank_high'])} with other weights; "
            "errors of coding come on top",
        )
    yield from _heard_leavers(tables, places, labels, focus)
    yield from _coded(tables, labels)
    for row in rows(tables.get("comparable_sources")):
        name = labels.get(text(row.get("source")), text(row.get("source")))
        if not row.get("comparable"):
            yield _line(name, "not set beside these numbers: see what compares")
        elif not row.get("person_level"):
            yield _line(name, "beside the numbers stage by stage only: nothing on single people")


def _span(low: float | None, high: float | None) -> str:
    return whole(low) if low == high else f"{whole(low)} to {whole(high)}"


def _heard_leavers(
    tables: Tables,
    places: Sequence[tuple[StageView, Cell]],
    labels: Mapping[str, str],
    focus: Sequence[str],
) -> Iterator[Cell]:
    allowed = {
        text(row.get("source"))
        for row in rows(tables.get("comparable_sources"))
        if row.get("person_level")
    }
    names = {stage.id: stage for stage, _ in places}
    for wanted in focus[:2]:
        parts = [
            f"{_lost(row)} of {whole(row.get('n_entered'))} "
            f"({labels.get(text(row.get('source')), text(row.get('source')))})"
            for row in rows(tables.get("links"))
            if text(row.get("stage")) == wanted
            and text(row.get("source")) in allowed
            and (count(row.get("n_entered")) or 0) > 0
        ]
        if parts and wanted in names:
            stage = names[wanted]
            who = "with notes" if stage.noted else "heard"
            yield _line(
                f"{stage.name}, of those {who}",
                f"{', '.join(parts)} are known to have {_DID.get(stage.behaviour.measure, 'left')} "
                "there",
                stage.href,
            )


def _lost(row: Mapping[str, Any]) -> str:
    n_left = count(row.get("n_left"))
    return UNDISCLOSED if n_left is None else whole(n_left)


def _coded(tables: Tables, labels: Mapping[str, str]) -> Iterator[Cell]:
    by_source: dict[str, list[Cell]] = {}
    for row in rows(tables.get("trust")):
        by_source.setdefault(text(row.get("source")), []).append(row)
    unchecked = []
    for source, codes in by_source.items():
        checked = [row for row in codes if count(row.get("n_labels"))]
        if checked:
            trusted = sum(text(row.get("status")) == "trusted" for row in checked)
            n = max(count(row.get("n_labels")) or 0 for row in checked)
            yield _line(
                f"Coding of {labels.get(source, source)}",
                f"of {len(checked)} machine codes {trusted} agree with people well enough "
                f"({plural(n, 'excerpt')} drawn at random); counts of people are not corrected",
            )
        else:
            unchecked.append(labels.get(source, source))
    if unchecked:
        yield _line("Machine-coded, unchecked and uncorrected", ", ".join(unchecked))


def _change(
    tables: Tables,
    places: Sequence[tuple[StageView, Cell]],
    labels: Mapping[str, str],
    focus: Sequence[str],
) -> Iterator[Cell]:
    names = {stage.id: stage.name for stage, _ in places}
    hrefs = {stage.id: stage.href for stage, _ in places}
    for stage in focus[:2]:
        causes = cause_views(tables.get("causes"), stage, names, labels)
        top = (causes["found"] or causes["shown"])[:1]
        for cause in top:
            if cause["missing"]:
                yield _line(
                    f"{names[stage]}, “{cause['label']}”",
                    f"what would decide is missing: {cause['missing']}",
                    hrefs[stage],
                )  # fmt: skip
    for place, verdict in places:
        if verdict["proposed"] in _OPEN:
            yield _line(place.name, _OPEN[verdict["proposed"]], place.href)
    waiting: dict[str, tuple[int, int]] = {}
    for row in rows(tables.get("trust")):
        source, missing = text(row.get("source")), count(row.get("n_to_code")) or 0
        wanted = (missing, (count(row.get("n_labels")) or 0) + missing)
        waiting[source] = min(waiting.get(source, wanted), wanted)
    for source, (n_missing, n_wanted) in waiting.items():
        if n_missing:
            yield _line(
                f"Coding of {labels.get(source, source)}",
                f"a random sample of {plural(n_wanted, 'excerpt')} or more, coded by people",
            )
    for row in rows(tables.get("kpis")):
        if (
            text(row.get("verdict")) == "cannot tell"
            and (low := number(row.get("low"))) is not None
        ):
            interval = (
                percent_range(low, row.get("high"))
                if text(row.get("unit")) == "share"
                else f"{signed(low, 0)} to {signed(row.get('high'), 0)}"
            )
            yield _line(text(row.get("name")), f"more answers: the interval is {interval}")
