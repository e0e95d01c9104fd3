"""A skeleton of findings: what the machine would look at first, for a person to conclude from.

Nothing of it is a finding. Each entry has real evidence links, a headline that only counts, and an
empty `by`, so that the file is refused until somebody has put a name to what they keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from cjm_research import integration
from cjm_research.cells import number, rows, text
from cjm_research.config import EvidenceLink
from cjm_research.errors import ReportError
from cjm_research.integration.conventions import FALSE_FINDS
from cjm_research.journey import LEAVING_WORDS
from cjm_research.reporting.site.words import decimal, percent, signed, whole
from cjm_research.study import Study
from cjm_research.study.citing import Evidence, LinkError

MOST_OPPORTUNITIES, MOST_QUOTES = 5, 2

_HEAD = """\
# Candidates of the machine, counted from the tables of this study. None of them is a finding.
# Keep what you conclude, in your own words; change its headline, say what it means and what to do,
# look for a counter-example (`against: true`), put your name to it, and drop the rest. Then put
# what is left into findings.yaml. `cjm findings check` looks every link up.
findings:
"""
_BY = 'by: ""  # needed: who concludes it\n'
_ANSWERS = "answers: []  # questions of study.yaml that it answers, by their numbers from 1\n"


@dataclass(frozen=True)
class Candidate:
    """What somebody may conclude from: a headline that counts, and links that hold."""

    headline: str
    stages: tuple[str, ...]
    links: tuple[Mapping[str, Any], ...] = field(default=())


def draft_findings(study: Study) -> str:
    """Return a skeleton of findings as YAML, to accept, edit or drop.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        Ids go on after those of findings.yaml. Candidates whose first link a finding cites
        already are left out, and so are links that do not hold or may not be published.
    """
    evidence = Evidence(study)
    taken = [int(finding.id[1:]) for finding in study.findings.findings]
    cited = [
        (link.table, dict(link.where))
        for finding in study.findings.findings
        for link in finding.evidence
    ]
    parts: list[str] = []
    for candidate in _list_candidates(study):
        links = [link for link in candidate.links if _holds(link, evidence)]
        if not links or any(_is_cited(links[0], *known) for known in cited):
            continue
        parts.append(_write(max(taken, default=0) + 1 + len(parts), candidate, links))
    if not parts:
        return _HEAD.rstrip() + " []\n"
    return _HEAD + "\n".join(parts)


def write_draft(draft: str, path: Path) -> None:
    """Write a draft to a new file.

    Raises
    ------
    ReportError
        If there is such a file: what people wrote is never written over.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(draft)
    except FileExistsError as error:
        raise ReportError(
            f"{path.name} is there already, and is not written over. Name another file, or leave "
            "`--out` out and copy what you keep."
        ) from error


def _list_candidates(study: Study) -> Iterator[Candidate]:
    names = study.stage_names
    behaviour = {text(row["stage"]): row for row in rows(study.stage_behaviour)}
    quotes = rows(study.quotes)
    yield from _from_opportunities(study, names, behaviour, quotes)
    yield from _from_verdicts(study, names, behaviour, quotes)
    for row in rows(study.kpis):
        if text(row["verdict"]) == "not met":
            show = {"share": percent, "points": signed}.get(text(row["unit"]), decimal)
            where = {"name": text(row["name"])}
            yield Candidate(
                f"{row['name']}: {show(row['value'])}, and the target was {show(row['target'])}",
                (),
                (
                    _cell("kpis", where, "value", row["value"]),
                    _cell("kpis", where, "verdict", row["verdict"]),
                ),
            )


def _from_opportunities(
    study: Study,
    names: Mapping[str, str],
    behaviour: Mapping[str, Mapping[str, Any]],
    quotes: Sequence[Mapping[str, Any]],
) -> Iterator[Candidate]:
    """Yield ranked opportunities in their order, then those that most people tell."""
    shown = integration.hide_few(
        study.causes, "causes", smallest_cell=study.config.integration.smallest_cell
    )
    causes = [
        row
        for row in rows(shown)
        if (p := number(row["p_adjusted"])) is not None
        and p < FALSE_FINDS
        and (number(row["risk_ratio"]) or 0) > 1
    ]
    said = _list_told(study)

    def told(row: Mapping[str, Any]) -> list[dict[str, Any]]:
        same = (said["stage"] == row["stage"]) & (said["code"] == row["code"])
        return rows(said[same].drop_duplicates("participant_id"))

    found = rows(study.opportunities)
    found.sort(key=lambda row: (number(row["rank"]) or float("inf"), -row["n_said"]))
    for row in found[:MOST_OPPORTUNITIES]:
        stage, code = text(row["stage"]), text(row["code"])
        left, share = _describe_left(behaviour.get(stage))
        headline = (
            f"At {names[stage]}, {whole(row['n_said'])} of {whole(row['n_heard'])} "
            f"({row['source_label']}) tell “{row['label']}”{left}"
        )
        mine = [cause for cause in causes if (cause["stage"], cause["code"]) == (stage, code)]
        yield Candidate(
            headline,
            (stage,),
            (
                _cell("opportunities", {"stage": stage, "code": code}, "n_said", row["n_said"]),
                *share,
                *(
                    _cell(
                        "causes",
                        {key: text(cause[key]) for key in ("stage", "told_at", "source", "code")},
                        "risk_ratio",
                        cause["risk_ratio"],
                    )
                    for cause in mine
                ),
                *_words(
                    [q for q in quotes if (q["stage"], q["code"]) == (stage, code)] or told(row)
                ),
            ),
        )


def _list_told(study: Study) -> pd.DataFrame:
    """Return who told which pain point where, in words that may be quoted; the clearest first."""
    people = study.participants
    codes, excerpts = study.held_codes, study.excerpts
    told = excerpts[
        (excerpts["speaker"] != "interviewer")
        & excerpts["participant_id"].isin(
            people.loc[people["consent"] == "quote", "participant_id"]
        )
    ].astype({"stage": "object"})
    pains = codes.loc[codes["code_group"] == "pain_point", ["excerpt_id", "code", "strength"]]
    return told.merge(pains, on="excerpt_id").sort_values(
        ["strength", "excerpt_id"], ascending=[False, True], kind="stable"
    )


def _from_verdicts(
    study: Study,
    names: Mapping[str, str],
    behaviour: Mapping[str, Mapping[str, Any]],
    quotes: Sequence[Mapping[str, Any]],
) -> Iterator[Candidate]:
    """Yield the stages where words and numbers part: no other table says so."""
    for row in rows(study.verdicts):
        stage = text(row["stage"])
        if text(row["verdict"]) not in ("sources disagree", "leavers not heard", "only done"):
            continue
        left, share = _describe_left(behaviour.get(stage))
        yield Candidate(
            f"At {names[stage]}: {row['verdict']}{left}",
            (stage,),
            (
                _cell("verdicts", {"stage": stage}, "verdict", row["verdict"]),
                *share,
                *_words([quote for quote in quotes if quote["stage"] == stage]),
            ),
        )


def _describe_left(row: Mapping[str, Any] | None) -> tuple[str, list[Mapping[str, Any]]]:
    """Return '; 57 % leave there' and its link, where a share is measured."""
    rate = number(row["rate"]) if row else None
    if row is None or rate is None:
        return "", []
    words = LEAVING_WORDS.get(text(row["measure"]), "") or "are lost"
    link = _cell("stage_behaviour", {"stage": text(row["stage"])}, "rate", rate)
    return f"; {percent(rate)} {words} there", [link]


def _words(quotes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        {"document": text(quote["document_id"]), "quote": text(quote["text"])}
        for quote in quotes[:MOST_QUOTES]
    ]


def _cell(table: str, where: Mapping[str, str], column: str, value: object) -> Mapping[str, Any]:
    """Return a link to a cell, with what stands there as a person would write it down."""
    found = number(value)
    seen: object = text(value)
    if found is not None:
        # Three digits where two would say little of a small share.
        digits = 2 if abs(found) >= 0.1 else 3
        seen = int(found) if found == int(found) else round(found, digits)
    return {"table": table, "where": dict(where), "column": column, "value": seen}


def _holds(link: Mapping[str, Any], evidence: Evidence) -> bool:
    checked = EvidenceLink.model_validate(link)
    try:
        if checked.names_words:
            evidence.quote(checked, 1)
        else:
            evidence.cell(checked, 1)
    except LinkError:
        return False
    return True


def _is_cited(link: Mapping[str, Any], table: str, where: Mapping[str, str]) -> bool:
    return link.get("table") == table and link.get("where") == where


def _write(place: int, candidate: Candidate, links: Sequence[Mapping[str, Any]]) -> str:
    head = {
        "id": f"F{place}",
        "headline": candidate.headline,
        "interpretation": "",
        "recommendation": "",
    }
    rest: dict[str, Any] = {"status": "draft"}
    if candidate.stages:
        rest["stages"] = list(candidate.stages)
    rest["evidence"] = [dict(link) for link in links]
    first, *lines = (_dump(head) + _BY + _ANSWERS + _dump(rest)).splitlines()
    return "\n".join([f"- {first}", *(f"  {line}" for line in lines)]) + "\n"


def _dump(part: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(part), sort_keys=False, allow_unicode=True, width=96)
