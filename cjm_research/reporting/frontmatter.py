"""What the pages say around the tables: status, period, and what the report cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import cjm_research
from cjm_research.integration import describe_trust
from cjm_research.reporting.site import Chapter, SiteContext
from cjm_research.study import Study


def build_context(
    study: Study,
    *,
    run_id: str,
    made_at: str,
    chapters: Sequence[Chapter],
    changes: Sequence[str] = (),
) -> SiteContext:
    """Return all that the pages of one run show."""
    reasons = list(_draft_reasons(study))
    status: Literal["draft", "final"] = "draft" if reasons else "final"
    return SiteContext(
        title=study.config.title,
        objective=study.config.objective.strip(),
        questions=study.config.questions,
        assumptions=[(a.claim, a.owner) for a in study.config.assumptions],
        study=study.name,
        run_id=run_id,
        made_at=made_at,
        data_period=_data_period(study),
        status=status,
        status_reasons=reasons,
        language=study.config.report.language,
        tables=study.tables,
        chapters=chapters,
        version=cjm_research.__version__,
        notes=list(_limits(study)),
        changes=changes,
        smallest_cell=study.config.integration.smallest_cell,
    )


def _draft_reasons(study: Study) -> Iterator[str]:
    for row in study.sources.itertuples():
        if row.n_unreviewed:
            some = f"{row.n_unreviewed} file{'s' if row.n_unreviewed > 1 else ''}"
            yield (
                f"{row.label}: nobody has reviewed the masking of names in {some}. Read them, "
                "then list them under masking_reviewed in study.yaml."
            )
    n_lost = len(study.lost_codes)
    if n_lost:
        yield (
            f"{n_lost} codes made by people quote text that is no longer there; "
            "see study.lost_codes."
        )


def _data_period(study: Study) -> str:
    sources = study.sources
    starts = [day for day in sources["collected_from"] if day]
    ends = [day for day in sources["collected_to"] if day]
    if not starts:
        return ""
    start, end = min(starts), max(ends)
    return start if start == end else f"{start} – {end}"


def _limits(study: Study) -> Iterator[str]:
    """State what a reader must know before believing a number."""
    sources = study.sources
    worded = sources[sources["n_documents"] > 0]
    labels = dict(zip(sources["source"], sources["label"], strict=True))
    trust = study.trust.assign(source=lambda rows: rows["source"].map(labels))
    yield from describe_trust(trust, study=study.name)
    for row in worded.itertuples():
        if row.sampling in ("purposive", "convenience"):
            yield (
                f"{row.label}: {row.sampling} sample. Counts are of those heard; no share or "
                "interval is given, because it would speak for nobody else."
            )
        if row.unit == "visit":
            yield f"{row.label}: rows are visits; people who came twice cannot be told apart."
    excerpts = study.excerpts
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    n_unassigned = int((spoken["stage"] == "unassigned").sum())
    if n_unassigned:
        yield (
            f"{n_unassigned:,} of {len(spoken):,} excerpts could not be placed in a stage and "
            "count in none."
        )
    people = study.participants
    heard = people["participant_id"].isin(study.documents["participant_id"])
    n_silent = int((heard & (people["consent"] == "no_quote")).sum())
    if n_silent:
        yield (
            f"{n_silent:,} of those heard gave no consent to be quoted: they are counted, never "
            "quoted."
        )
    strands = study.journey_map
    meet = (strands["coverage"] == "heard") & strands["drop_off_rate"].notna()
    if strands["drop_off_rate"].notna().any() and not meet.any() and len(worded):
        yield (
            "Words and numbers are about different stages: no stage has both, so neither "
            "explains the other."
        )
    if (study.turns["speaker"] == "observer").any():
        yield (
            "Notes are an observer's words about people, not what people said; where nothing "
            "is noted, nothing follows."
        )
    listed = set(
        study.opportunities[["stage", "code"]].astype(str).itertuples(index=False, name=None)
    )
    for finding in study.findings.opportunities:
        if (finding.stage, finding.code) not in listed:
            yield (
                f"A finding of {finding.by} on '{finding.code}' at "
                f"{study.journey[finding.stage].name} is not among the opportunities: fewer than "
                "two people of the source that is counted tell of it there."
            )
    codes = study.held_codes
    n_unfit = int(((codes["code_group"] == "pain_point") & (codes["code"] == "other")).sum())
    if n_unfit:
        yield (
            f"{n_unfit:,} excerpts hold trouble that fits no code of the codebook. They are "
            "counted on the stage pages and left out of the map: somebody should read them."
        )
    split = set(study.funnel["segment"])
    for row in study.segment_reach.itertuples():
        if row.n_known and row.segment not in split:
            yield (
                f"Drop-off is not split by {row.segment}: it is known for {row.n_known:,} of the "
                f"{row.n:,} people in the events, and those are not like the others."
            )
    kinds = {stage.measure for stage in study.journey} - {"none"}
    if "task_failure" in kinds:
        yield (
            "The behaviour measure is task failure in a test, by attempt: it is no drop-off of "
            "customers and no sales funnel."
        )
    if "questionnaire_abandonment" in kinds:
        yield (
            "The behaviour measure is leaving a questionnaire: it is no drop-off of customers "
            "and no sales funnel."
        )
