"""What people concluded, each finding with its evidence looked up anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cjm_research.config import Conclusion
from cjm_research.errors import ReportError
from cjm_research.study import Study
from cjm_research.study.citing import CitedCell, CitedQuote, Evidence, LinkError

__all__ = [
    "BrokenEvidence",
    "BrokenLink",
    "CitedCell",
    "CitedQuote",
    "ResolvedFinding",
    "check_findings",
    "resolve_findings",
]


@dataclass(frozen=True)
class ResolvedFinding:
    """A finding whose evidence holds.

    Attributes
    ----------
    id, headline, interpretation, recommendation, by, reviewed_by : str
    at : date or None
    status : {"draft", "reviewed"}
    stages : tuple of str
        Ids: those that the author named, else those of the evidence.
    quotes : tuple of CitedQuote
    cells : tuple of CitedCell
    answers, checks : tuple of int
        Numbers of the study's questions and assumptions, from 1.
    """

    id: str
    headline: str
    interpretation: str
    recommendation: str
    by: str
    at: date | None
    status: Literal["draft", "reviewed"]
    reviewed_by: str
    stages: tuple[str, ...]
    quotes: tuple[CitedQuote, ...]
    cells: tuple[CitedCell, ...]
    answers: tuple[int, ...] = ()
    checks: tuple[int, ...] = ()


@dataclass(frozen=True)
class BrokenLink:
    """A link that does not hold.

    Attributes
    ----------
    finding : str
    link : int
        Its place in the finding's `evidence`, from 1.
    words : str
        What is wrong; holds nothing that a participant or the author of the link wrote.
    detail : str
        More, for the terminal only: may hold participants' words.
    """

    finding: str
    link: int
    words: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.finding}, link {self.link}: {self.words}"


class BrokenEvidence(ReportError):
    """Findings rest on what is no longer there.

    The message names every link and holds no words of participants: it is kept in the run's
    record and on the page of the failure.
    """

    def __init__(self, study: str, links: Sequence[BrokenLink]) -> None:
        self.links = tuple(links)
        some = "1 link of findings.yaml does" if len(links) == 1 else (
            f"{len(links)} links of findings.yaml do"
        )  # fmt: skip
        super().__init__(
            "\n".join(
                [
                    f"{some} not hold:",
                    *(f"  - {link}" for link in links),
                    "  What to do: look at each, then edit findings.yaml: mend the link, or change "
                    f"or drop the finding. `cjm findings check {study}` says more.",
                ]
            )
        )


def resolve_findings(study: Study) -> list[ResolvedFinding]:
    """Look up the evidence of every finding of a study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of ResolvedFinding
        In the order of findings.yaml; empty when nobody has concluded anything.

    Raises
    ------
    BrokenEvidence
        A `ReportError` that names every link of every finding that does not hold.
    """
    resolved, broken = check_findings(study)
    if broken:
        raise BrokenEvidence(study.name, broken)
    return resolved


def check_findings(study: Study) -> tuple[list[ResolvedFinding], list[BrokenLink]]:
    """Return the findings whose evidence holds, and every link that does not."""
    findings = study.findings.findings
    if not findings:
        return [], []
    evidence = Evidence(study)
    resolved, broken = [], []
    for finding in findings:
        found, faults = _resolve(finding, evidence)
        if faults:
            broken += faults
        else:
            resolved.append(found)
    return resolved, broken


def _resolve(finding: Conclusion, evidence: Evidence) -> tuple[ResolvedFinding, list[BrokenLink]]:
    quotes, cells, broken = [], [], []
    for number, link in enumerate(finding.evidence, start=1):
        try:
            if link.names_words:
                quotes.append(evidence.quote(link, number))
            else:
                cells.append(evidence.cell(link, number))
        except LinkError as error:
            broken.append(BrokenLink(finding.id, number, error.words, error.detail))
    cited = [quote.stage for quote in quotes] + [cell.where.get("stage", "") for cell in cells]
    resolved = ResolvedFinding(
        id=finding.id,
        headline=finding.headline,
        interpretation=finding.interpretation.strip(),
        recommendation=finding.recommendation.strip(),
        by=finding.by,
        at=finding.at,
        status=finding.status,
        reviewed_by=finding.reviewed_by,
        stages=tuple(finding.stages or dict.fromkeys(stage for stage in cited if stage)),
        quotes=tuple(quotes),
        cells=tuple(cells),
        answers=tuple(dict.fromkeys(finding.answers)),
        checks=tuple(dict.fromkeys(finding.checks)),
    )
    return resolved, broken
