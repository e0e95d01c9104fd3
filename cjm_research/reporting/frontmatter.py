"""What the pages say around the tables: status, period, and what the report cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import cjm_research
from cjm_research.codes import PERSON
from cjm_research.integration import describe_rule, describe_rules, describe_trust
from cjm_research.material import ABSENT, UNREADABLE
from cjm_research.reporting.site import Chapter, Download, SiteContext
from cjm_research.study import Study
from cjm_research.study.coding_work import list_allowed_codes


def build_context(
    study: Study,
    *,
    version_key: str,
    as_of: str = "",
    about: str = "",
    chapters: Sequence[Chapter] = (),
    changes: Any = None,
    findings: Sequence[Any] = (),
    downloads: Sequence[Download] = (),
    manifest: Mapping[str, Any] | None = None,
    reviews: Sequence[Any] = (),
) -> SiteContext:
    """Return all that the pages of one run show.

    Parameters
    ----------
    study : Study
    version_key : str
        Name of what the report says; stands on every page.
    as_of : str
        The day that the run looks back from, where one was given.
    about : str
        Whom the report is about, where that is a part of the study.
    chapters, changes, findings, downloads, manifest, reviews
        As in `SiteContext`.
    """
    reasons = list(_draft_reasons(study))
    status: Literal["draft", "final"] = "draft" if reasons else "final"
    return SiteContext(
        title=study.config.title,
        objective=study.config.objective.strip(),
        questions=study.config.questions,
        assumptions=[(a.claim, a.owner) for a in study.config.assumptions],
        study=study.name,
        data_period=_data_period(study),
        status=status,
        status_reasons=reasons,
        language=study.config.report.language,
        tables=study.tables,
        chapters=chapters,
        version=cjm_research.__version__,
        notes=list(_limits(study)),
        rules=[
            *describe_rules(study.config.integration.verdicts),
            describe_rule(study.config.integration.priorities),
        ],
        version_key=version_key,
        as_of=as_of,
        about=about,
        alerts=list(_alerts(study)),
        findings=findings,
        downloads=downloads,
        changes=changes,
        manifest=manifest or {},
        reviews=reviews,
        choices=_choices(study),
        smallest_cell=study.config.integration.smallest_cell,
        also_read=list(_name_others(study)),
    )


_WITHOUT_VOICES = {
    "roster": "who took part",
    "keys": "which ids are one person’s",
    "funnel_report": "a funnel that another program counted",
    "campaign": "e-mail or advertising that another program counted",
}


def _name_others(study: Study) -> Iterator[str]:
    """Name what was read that holds nobody's words or deeds, with its rows."""
    read = study.files.groupby("source")[["n_in", "n_set_aside"]].sum()
    for source in study.config.sources:
        if source.kind in _WITHOUT_VOICES and source.id in read.index:
            n_in, n_aside = (int(n) for n in read.loc[source.id])
            rest = f", {n_aside:,} of them set aside" if n_aside else ""
            rows = f"{n_in:,} row{'' if n_in == 1 else 's'}"
            yield f"{source.name}: {_WITHOUT_VOICES[source.kind]}, {rows}{rest}."


def _alerts(study: Study) -> Iterator[str]:
    """Name the sources that the report was made without, and logs that share nobody."""
    logs, apart = _describe_logs(study)
    if apart:
        yield logs
    labels = {source.id: source.name for source in study.config.sources}
    rows = study.quality
    for row in rows[rows["what"] == ABSENT].drop_duplicates(["source", "file"]).itertuples():
        yield (
            f"{labels.get(row.source, row.source)} is missing: no file is like “{row.file}”. "
            "Everything below was made without it."
        )
    for row in rows[rows["what"] == UNREADABLE].drop_duplicates(["source"]).itertuples():
        yield (
            f"{labels.get(row.source, row.source)} cannot be read: “{row.file}” is not what it "
            "should be (`cjm check` says why). Everything below was made without this source."
        )


def _describe_logs(study: Study) -> tuple[str, bool]:
    """Say of which logs the funnel is, where it is of several, and whether they share people."""
    logs = {source.id: source.name for source in study.config.sources if source.kind == "events"}
    events = study.events[study.events["source"].isin(logs)]
    who = events[["source", "participant_id"]].drop_duplicates()
    counts = who["source"].value_counts(sort=False)
    if len(counts) < 2:
        return "", False
    n_each = who["participant_id"].value_counts()
    n_several = int((n_each > 1).sum())
    named = ", ".join(f"{logs[source]} ({n:,} people)" for source, n in counts.items())
    words = (
        f"What people did is counted over {len(counts)} logs together: {named}. "
        f"{n_several:,} of {len(n_each):,} people are in more than one."
    )
    if not n_several:
        words += (
            " Nobody can be followed from one into another: where the logs are of different "
            "services, or call the same people by other ids, the funnel below is of none of them."
        )
    return words, not n_several


def _choices(study: Study) -> dict[str, Any]:
    """Return the stages and codes that a reviewer may choose from."""
    codes = list_allowed_codes(study)
    return {
        "stages": [{"id": stage.id, "name": stage.name} for stage in study.journey],
        "codes": [
            {"group": row.code_group, "code": row.code, "name": row.name or row.code}
            for row in codes[codes["code_group"] != "stage"].itertuples(index=False)
        ],
    }


def _draft_reasons(study: Study) -> Iterator[str]:
    for row in study.sources.itertuples():
        if row.n_unreviewed:
            some = f"{row.n_unreviewed} file{'s' if row.n_unreviewed > 1 else ''}"
            yield (
                f"{row.label}: nobody has reviewed the masking of names in {some}. Read them, "
                "then list them under masking_reviewed in study.yaml."
            )
    for coder, rows in study.lost_codes.groupby("coder_id"):
        codes = "1 code" if len(rows) == 1 else f"{len(rows)} codes"
        documents = ", ".join(sorted(set(rows["document_id"]) - {""})[:5])
        yield (
            f"{codes} of {str(coder).removeprefix(PERSON)} quote words that are no longer there"
            f"{f' ({documents})' if documents else ''}: the texts changed. They have to be coded "
            "anew; table lost_codes lists them."
        )
    drafts = [finding.id for finding in study.findings.findings if finding.status == "draft"]
    if drafts:
        these = "these findings" if len(drafts) > 1 else "this finding"
        yield f"{', '.join(drafts)}: nobody has reviewed {these}."


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
    for sampling in ("purposive", "convenience"):
        chosen = worded.loc[worded["sampling"] == sampling, "label"]
        if len(chosen):
            yield (
                f"{', '.join(chosen)}: {sampling} sample{'s' if len(chosen) > 1 else ''}. Counts "
                "are of those heard; no share or interval is given, because it would speak for "
                "nobody else."
            )
    for row in worded.itertuples():
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
    logs, apart = _describe_logs(study)
    if logs and not apart:
        yield logs
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
