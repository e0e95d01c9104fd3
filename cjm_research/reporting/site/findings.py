"""What people concluded, as the first page shows it: a claim, its numbers, its quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cjm_research.cells import Cell, number, text
from cjm_research.journey import LEAVING_WORDS
from cjm_research.reporting.site.cited import Link
from cjm_research.reporting.site.views import SAID_BY, StageView
from cjm_research.reporting.site.words import (
    decimal,
    decimal_range,
    percent,
    percent_range,
    signed,
    signed_range,
    whole,
)
from cjm_research.study.conclusions import CitedCell, CitedQuote, ResolvedFinding

MADE = "methods.html#made-"
"""Where a reader finds how a table was made."""

SMALL_SHARE = 0.1

_Range = Callable[[object, object], str]


def finding_views(
    findings: Sequence[ResolvedFinding],
    stages: Sequence[StageView],
    addresses: Mapping[Link, str] | None = None,
) -> list[Cell]:
    """Return what `findings_section` prints, in the order of findings.yaml.

    Parameters
    ----------
    findings : sequence of ResolvedFinding
    stages : sequence of StageView
    addresses : mapping of Link to str
        Where the numbers stand on the data page (`appendix.list_addresses`).

    Returns
    -------
    list of dict
        `id`, `headline`, `interpretation`, `recommendation`, `by`, `at`, `status`,
        `reviewed_by`; `stages` (`name`, `href`); `numbers` (`words`, `note`, `href` to the
        row, empty where no page shows it, and `made`, to how it was made); `quotes` and
        `against` (counter-examples).
    """
    places = {stage.id: stage for stage in stages}
    return [
        {
            "id": finding.id,
            "headline": finding.headline,
            "interpretation": finding.interpretation,
            "recommendation": finding.recommendation,
            "by": finding.by,
            "at": finding.at.isoformat() if finding.at else "",
            "status": finding.status,
            "reviewed_by": finding.reviewed_by,
            "stages": [
                {"name": places[stage].name, "href": places[stage].href}
                for stage in finding.stages
                if stage in places
            ],
            "numbers": [
                describe_cell(cell, places)
                | {"href": (addresses or {}).get((finding.id, cell.link), "")}
                for cell in finding.cells
            ],
            "quotes": [_quote(finding.id, q, places) for q in finding.quotes if not q.against],
            "against": [_quote(finding.id, q, places) for q in finding.quotes if q.against],
        }
        for finding in findings
    ]


def question_views(
    questions: Sequence[str], findings: Sequence[ResolvedFinding], *, told: bool
) -> list[Cell]:
    """Return the study's questions, each with the findings that answer it.

    Parameters
    ----------
    questions : sequence of str
    findings : sequence of ResolvedFinding
    told : bool
        Whether findings are shown at all. They are about the whole study: of a part of it
        nothing is said of answers.

    Returns
    -------
    list of dict
        `words`; `answers`, the ids of findings, or None where nothing may be said.
    """
    return [
        {
            "words": words,
            "answers": [f.id for f in findings if number in f.answers] if told else None,
        }
        for number, words in enumerate(questions, start=1)
    ]


def assumption_views(
    assumptions: Sequence[tuple[str, str]], findings: Sequence[ResolvedFinding], *, told: bool
) -> list[Cell]:
    """Return the claims to check, each with its `owner` and the findings that check it."""
    return [
        {
            "words": words,
            "owner": owner,
            "checks": [f.id for f in findings if number in f.checks] if told else None,
        }
        for number, (words, owner) in enumerate(assumptions, start=1)
    ]


def describe_cell(cell: CitedCell, stages: Mapping[str, StageView]) -> Cell:
    """Return a cited cell in words: `words`, `note` (n and interval) and `made`, an address."""
    say = _WORDS.get((cell.table, cell.column)) or _WORDS.get(("", cell.column)) or _say_plainly
    words, note = say(cell, stages)
    return {"words": words, "note": note, "made": f"{MADE}{cell.table}"}


def _quote(finding: str, quote: CitedQuote, stages: Mapping[str, StageView]) -> Cell:
    stage = stages.get(quote.stage)
    anchor = f"#{quote.quote_id}" if quote.quote_id else ""
    return {
        "id": f"{finding}-{quote.link}",
        "quote_id": quote.quote_id or f"{finding}-{quote.link}",
        "document_id": quote.document_id,
        "start": quote.start,
        "end": quote.end,
        "text": quote.text,
        "by": SAID_BY.get(quote.speaker, "") + quote.alias,
        "speaker": quote.speaker,
        "source_label": quote.source_label,
        "at": quote.at,
        "prompt": quote.prompt,
        "codes": " ".join(quote.codes),
        "stage": quote.stage,
        "href": f"{stage.href}{anchor}" if stage else "",
        "stage_name": stage.name if stage else "",
    }


def _at(cell: CitedCell, stages: Mapping[str, StageView], column: str = "stage") -> str:
    """Return ' at Ordering', or nothing for what belongs to no stage."""
    stage = text(cell.row.get(column))
    name = stages[stage].name if stage in stages else stage
    return f" at {name}" if name else ""


def _of(cell: CitedCell) -> str:
    """Return ', device: mobile' where the row is of an audience segment."""
    segment, value = text(cell.row.get("segment")), text(cell.row.get("segment_value"))
    return f", {segment}: {value}" if segment else ""


def _facts(cell: CitedCell, interval: _Range, *, source: bool = True) -> str:
    """Return how many of how many, the interval and the source, as far as they are known."""
    counts = ""
    if cell.n is not None:
        counts = f"n = {whole(cell.n)}"
        if cell.n_counted is not None:
            counts = f"{whole(cell.n_counted)} of {whole(cell.n)}"
    return "; ".join(
        part
        for part in (counts, interval(cell.low, cell.high), cell.source_label if source else "")
        if part
    )


def _say_left(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    measure = text(cell.row.get("measure")) or text(cell.row.get("behaviour_measure"))
    label = LEAVING_WORDS.get(measure, "") or "are lost"
    return (
        f"{percent(cell.value)} {label}{_at(cell, stages)}{_of(cell)}",
        _facts(cell, percent_range, source=False),
    )


def _say_told(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    stage = stages.get(text(cell.row.get("stage")))
    verb = "are noted with" if stage and stage.noted else "tell"
    people = f"{whole(cell.n_counted)} of {whole(cell.n)}"
    label = text(cell.row.get("label")) or text(cell.row.get("code"))
    share = number(cell.row.get("share")) or number(cell.row.get("people_rate"))
    low = number(cell.row.get("low")) or number(cell.row.get("people_low"))
    high = number(cell.row.get("high")) or number(cell.row.get("people_high"))
    interval = percent_range(low, high)
    shown = "" if share is None or not interval else f"{percent(share)}, interval {interval}"
    note = "; ".join(part for part in (shown, cell.source_label) if part)
    return f"{people} {verb} “{label}”{_at(cell, stages)}{_of(cell)}", note


def _say_compared(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    label = text(cell.row.get("label"))
    does = label if cell.row.get("kind") == "drop_off" else f"tell “{label}”"
    if cell.column == "share":
        n_said, n_heard = (whole(cell.row.get(name)) for name in ("n_said", "n_heard"))
        words = f"{percent(cell.value)} {does}{_at(cell, stages)}{_of(cell)}"
        interval = percent_range(cell.low, cell.high)
        return words, "; ".join(p for p in (f"{n_said} of {n_heard}", interval) if p)
    gap = number(cell.value) or 0.0
    words = f"{whole(abs(100 * gap))} points {'fewer' if gap < 0 else 'more'} {does}"
    low, high = ((100 * x if x is not None else None) for x in (cell.low, cell.high))
    return f"{words}{_at(cell, stages)}{_of(cell)}, than of all others", signed_range(low, high)


def _say_ratio(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    label = text(cell.row.get("label")) or text(cell.row.get("code"))
    stage = stages.get(text(cell.row.get("stage")))
    lost = stage.lost_word if stage else "lost"
    words = (
        f"those who tell “{label}” were {lost} {decimal(cell.value)} times as often as others"
        f"{_at(cell, stages)}"
    )
    interval = decimal_range(cell.low, cell.high)
    return words, "; ".join(part for part in (interval, cell.source_label) if part)


def _say_verdict(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    by = text(cell.row.get("by")) if cell.column == "verdict" else ""
    name = _at(cell, stages).removeprefix(" at ")
    return f"{name}: {text(cell.value)}", f"decided by {by}" if by else "proposed by rule"


def _say_kpi(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    name, unit = text(cell.row.get("name")), text(cell.row.get("unit"))
    if cell.column == "verdict":
        return f"{name}: {text(cell.value)}", text(cell.row.get("why"))
    target = number(cell.row.get("target"))
    show, interval = _UNITS.get(unit, (decimal, decimal_range))
    verdict = text(cell.row.get("verdict"))
    most = "at most " if cell.row.get("direction") == "at_most" else ""
    goal = "" if target is None else f"target {most}{show(target)}: {verdict}"
    facts = _facts(cell, interval, source=False)
    return f"{name}: {show(cell.value)}", "; ".join(part for part in (facts, goal) if part)


def _say_rating(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    show, interval = _UNITS.get(text(cell.row.get("unit")), (decimal, decimal_range))
    label = text(cell.row.get("label"))
    return f"{label} {show(cell.value)}{_at(cell, stages)}", _facts(cell, interval)


def _say_plainly(cell: CitedCell, stages: Mapping[str, StageView]) -> tuple[str, str]:
    """Say a cell by the names of its column and row, where there are no better words."""
    value = number(cell.value)
    if isinstance(cell.value, bool):
        shown = "yes" if cell.value else "no"
    elif value is None:
        shown = text(cell.value)
    else:
        shown = whole(value) if value == round(value) else decimal(value, 2)
    row = ", ".join(
        stages[said].name if name in ("stage", "told_at") and said in stages else said
        for name, said in cell.where.items()
        if said
    )
    words = f"{cell.column.replace('_', ' ')} {shown}" + (f" ({row})" if row else "")
    return words, _facts(cell, lambda low, high: decimal_range(low, high, 2))


def _points(value: object) -> str:
    return signed(value, 0)


def _share(value: object) -> str:
    """Return '20 %' or '6.2 %': of a small share of a target, a digit more, as on its own line."""
    return percent(value, int(abs(number(value) or 0) < SMALL_SHARE))


def _share_range(low: object, high: object) -> str:
    return percent_range(low, high, int(abs(number(high) or 0) < SMALL_SHARE))


_UNITS: dict[str, tuple[Callable[[object], str], _Range]] = {
    "share": (_share, _share_range),
    "points": (_points, signed_range),
}

_WORDS: dict[tuple[str, str], Callable[[CitedCell, Mapping[str, StageView]], tuple[str, str]]] = {
    ("", "drop_off_rate"): _say_left,
    ("stage_behaviour", "rate"): _say_left,
    ("joint_display", "rate"): _say_left,
    **{
        (table, column): _say_told
        for table in ("mentions", "pain_points", "opportunities")
        for column in ("n_said", "share", "people_rate")
    },
    ("segment_comparison", "share"): _say_compared,
    ("segment_comparison", "difference"): _say_compared,
    ("causes", "risk_ratio"): _say_ratio,
    ("verdicts", "verdict"): _say_verdict,
    ("verdicts", "proposed"): _say_verdict,
    ("kpis", "value"): _say_kpi,
    ("kpis", "verdict"): _say_kpi,
    ("rating_summary", "value"): _say_rating,
}
"""How the cells that findings mostly rest on are said; the table "" stands for any."""
