"""`cjm check`: what is recognised in a study's files, without making anything."""

from __future__ import annotations

from pathlib import Path

from cjm_research import behaviour, coding, privacy, readers, review, synthesis
from cjm_research.codes import NONE
from cjm_research.config import (
    Events,
    Findings,
    StudyConfig,
    build_journey,
    load_config,
    load_findings,
)
from cjm_research.errors import CjmError, did_you_mean, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.study import following
from cjm_research.study.project import FINDINGS_FILE, STUDY_FILE, find_study

_COUNTED = {
    "people": "people",
    "turns": "turns of speech, answers and notes",
    "ratings": "ratings",
    "answers": "filled cells",
    "events": "events",
    "keys": "pairs of ids",
}


def check_study(study: str | Path) -> tuple[list[str], int]:
    """Read every source and report what was recognised and what is wrong.

    Returns
    -------
    lines : list of str
        For people.
    n_problems : int
        Sources that cannot be used, and questions of `behaviour:` that cannot be asked.

    Raises
    ------
    CjmError
        If there is no such study, or its study.yaml or findings.yaml cannot be used.
    """
    place = find_study(study)
    config = load_config(place.folder / STUDY_FILE, where=f"{place.name}/{STUDY_FILE}")
    journey = build_journey(config.journey, where=STUDY_FILE)
    findings = load_findings(
        place.folder / FINDINGS_FILE,
        journey,
        n_questions=len(config.questions),
        n_assumptions=len(config.assumptions),
        where=f"{place.name}/{FINDINGS_FILE}",
    )
    codebook = coding.load_codebook(place.folder / "codebook.yaml")
    lines = [f"{place.name}: {config.title}", ""]
    lines.append("stages: " + " → ".join(stage.name for stage in journey))
    lines += [f"  ? codebook: {note}" for note in codebook.notes]
    setting = coding.CodingSetting(journey, codebook, config.coding, place.folder)
    for coder in setting.own_models():
        coder.require_installed()
    coders = coding.describe_coders(setting).query("kind == 'machine'")["coder_id"]
    lines.append("coders: " + ", ".join(coders))
    n_problems = 0
    seen: set[str] = set()
    materials: list[Material] = []
    for source in config.sources:
        lines += ["", f"{source.id} ({source.kind}, {source.sampling} sample)"]
        try:
            if isinstance(source, Events) and source.stays:
                found, names = _describe_staying(config, journey, place.folder)
                lines += found
                seen |= names
                continue
            material = readers.read_source(source, place.folder, journey)
            unused = readers.list_unused_columns(source, place.folder)
        except CjmError as error:
            n_problems += 1
            lines += [f"  ! {line}" for line in str(error).splitlines()]
            continue
        lines += _describe(material, journey)
        materials.append(material)
        seen |= set(material.events["event"])
        for file, columns in unused.items():
            lines.append(f"  ? {file}: columns that study.yaml does not name: {quoted(columns)}.")
            lines.append(
                "    Map them under this source if the study needs them; else they stay unread."
            )
    joined, clashes = _describe_joins(materials, config)
    lines += joined
    n_problems += clashes
    slips = following.find_slips(config)
    found = [f"  ! {line}" for slip in slips for line in slip.splitlines()]
    found += _describe_unseen(config, journey, seen)
    lines += ["", "behaviour", *found] if found else []
    lines += _describe_codes(place.folder / "codes", journey, codebook)
    lines += _describe_findings(findings, codebook)
    lines.append("")
    if slips:
        lines.append(f"{len(slips)} of the questions in `behaviour:` cannot be asked yet.")
    if n_problems:
        lines.append(f"{n_problems} of {len(config.sources)} sources cannot be used yet.")
    else:
        lines.append("Every source can be read.")
    return lines, n_problems + len(slips)


def _describe_joins(materials: list[Material], config: StudyConfig) -> tuple[list[str], int]:
    """Say how many people of each source are found in each other, of how many, both ways."""
    try:
        links = privacy.link_people(materials, config)
    except CjmError as error:
        return ["", *(f"  ! {line}" for line in str(error).splitlines())], 1
    people: dict[str, set[str]] = {}
    for (source, _), person in links.canonical.items():
        people.setdefault(source, set()).add(person)
    pairs = synthesis.count_joins(people)
    if pairs.empty:
        return [], 0
    lines = ["", "people in several sources"]
    for pair in pairs.itertuples():
        lines.append(
            f"  {pair.n_both:>8,} of {pair.n_a:,} in {pair.source_a} ({pair.match_rate:.0%}) are "
            f"also in {pair.source_b}, of {pair.n_b:,} there ({pair.match_rate_b:.0%})"
        )
    if not pairs["n_both"].all():
        lines.append(
            "    Where nobody is found, ids differ: a roster's `identifiers` or a key map "
            "(`kind: keys`) joins them."
        )
    return lines, 0


def _describe_unseen(config: StudyConfig, journey: Journey, seen: set[str]) -> list[str]:
    """Name events that study.yaml goes by and no source holds: a slip, or not yet in the data."""
    if not seen:
        return []
    declared = journey.event_names
    asked = [n for n in following.list_named_events(config) if n not in journey.stage_ids]
    return [
        f"  ? no event is called '{name}', which study.yaml goes by.{did_you_mean(name, seen)}"
        for name in dict.fromkeys([*declared, *asked])
        if name not in seen
    ]


def _describe_staying(
    config: StudyConfig, journey: Journey, folder: Path
) -> tuple[list[str], set[str]]:
    """Describe a log that stays where it is, and name its events: what the engine counts."""
    with following.open_staying(config, journey, folder, segments=True) as log:
        lines = [f"  measured where it is, by {log.engine.name}"]
        for row in behaviour.describe_log(log).itertuples():
            mark = "?" if row.n and row.n != row.n_of else " "
            lines.append(f"  {mark} {row.n:>12,} {row.unit} {row.check}")
        unmapped = log.profile().query("stage == ''").sort_values("n_events", ascending=False)
        known = {
            name for stage in journey for name in (*stage.completed_by, *stage.completed_elsewhere)
        }
        names = [r for r in unmapped.itertuples() if r.event not in known][:8]
        if names:
            listed = ", ".join(f"{row.event} ({row.n_events:,})" for row in names)
            lines.append(f"  ? events without a stage: {listed}")
            lines.append("    List them under `events:` of a stage, if they belong to one.")
        return lines, set(log.profile()["event"])


def _describe_codes(folder: Path, journey: Journey, codebook: coding.Codebook) -> list[str]:
    """Count people's codes, and name what may be a slip: groups and codes of nobody else."""
    sheets = review.read_sheets(folder, journey=journey)
    if sheets.empty:
        return []
    lines = ["", "codes by people"]
    lines += [f"  {n:>8,} by {coder}" for coder, n in sheets.groupby("coder_id").size().items()]
    for group in sorted(set(sheets["code_group"]) - set(review.CODE_GROUPS)):
        lines.append(
            f"  ? code group of your own: '{group}'.{did_you_mean(group, review.CODE_GROUPS)}"
        )
    known = codebook.labels()
    pairs = sheets[["code_group", "code"]].drop_duplicates().itertuples(index=False)
    for group, code in pairs:
        free = code in (NONE, coding.OTHER)
        if group in coding.CODE_GROUPS and not free and (group, code) not in known:
            near = did_you_mean(code, [name for kind, name in known if kind == group])
            lines.append(f"  ? {group} '{code}' is not in the codebook.{near}")
    return lines


def _describe_findings(findings: Findings, codebook: coding.Codebook) -> list[str]:
    """Count what people conclude, and name codes that the codebook does not know."""
    if not any((findings.findings, findings.verdicts, findings.opportunities)):
        return []
    n_confirmed = sum(row.confirmed for row in findings.opportunities)
    n_reviewed = sum(row.status == "reviewed" for row in findings.findings)
    lines = [
        "",
        "findings by people",
        f"  {len(findings.findings):>8,} findings, {n_reviewed:,} reviewed",
        f"  {len(findings.verdicts):>8,} verdicts",
        f"  {len(findings.opportunities):>8,} opportunities, {n_confirmed:,} confirmed",
    ]
    known = [code for group, code in codebook.labels() if group == "pain_point"]
    return lines + [
        f"  ? pain_point '{row.code}' is not in the codebook.{did_you_mean(row.code, known)}"
        for row in findings.opportunities
        if row.code not in known
    ]


def _describe(material: Material, journey: Journey) -> list[str]:
    lines = []
    for part, words in _COUNTED.items():
        n = len(getattr(material, part))
        if n:
            lines.append(f"  {n:>8,} {words}")
    if len(material.turns):
        roles = material.turns["speaker"].value_counts()
        lines.append("           by " + ", ".join(f"{role} {n:,}" for role, n in roles.items()))
    if len(material.events):
        known = {
            name for stage in journey for name in (*stage.completed_by, *stage.completed_elsewhere)
        }
        loose = (material.events["stage"] == "") & ~material.events["event"].isin(known)
        unmapped = material.events.loc[loose, "event"].value_counts()
        if len(unmapped):
            names = ", ".join(f"{name} ({n:,})" for name, n in unmapped.head(8).items())
            lines.append(f"  ? events without a stage: {names}")
            lines.append("    List them under `events:` of a stage, if they belong to one.")
    if material.unreviewed:
        lines.append(
            f"  ? {material.unreviewed} files whose masked names nobody has reviewed: the report "
            "will be marked as a draft."
        )
    for row in material.quality.to_dict("records"):
        mark = "?" if row["level"] == "warning" else " "
        lines.append(f"  {mark} {row['file']}: {row['what']}: {row['n']:,}")
    return lines
