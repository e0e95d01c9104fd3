"""`cjm check`: what is recognised in a study's files, without making anything."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from cjm_research import behaviour, coding, privacy, readers, review
from cjm_research.codes import NONE
from cjm_research.config import (
    Campaign,
    Events,
    Findings,
    FunnelReport,
    Keys,
    Roster,
    Source,
    StudyConfig,
    build_journey,
    load_config,
    load_findings,
)
from cjm_research.errors import CjmError, SourceError, did_you_mean, quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.study import first_look, following, shared_ids, steps
from cjm_research.study.following import Say
from cjm_research.study.project import FINDINGS_FILE, STUDY_FILE, find_study


def check_study(study: str | Path, say: Say = lambda _: None) -> tuple[list[str], int]:
    """Read every source and report what was recognised and what is wrong.

    Parameters
    ----------
    study : str or Path
    say : callable, optional
        Hears what is being read.

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
    n_problems = n_passed_over = 0
    seen: set[str] = set()
    materials: list[Material] = []
    for source in config.sources:
        lines += ["", f"{source.id} ({', '.join([source.kind, *_say_drawn(source)])})"]
        say(f"reading {source.name}")
        try:
            if isinstance(source, Events) and source.stays:
                found, names = _describe_staying(config, journey, place.folder)
                lines += found
                seen |= names
                continue
            material = readers.read_source(source, place.folder, journey, say)
            unused = readers.list_unused_columns(source, place.folder)
        except CjmError as error:
            lines += _say_problems(error, source, journey, place.folder, say)
            passed_over = isinstance(error, SourceError) and steps.may_be_passed_over(source)
            n_problems += not passed_over
            n_passed_over += passed_over
            if passed_over:
                lines.append("    It is optional (`required: false`): reports are made without it.")
            continue
        materials.append(material)
        lines += first_look.describe_material(material, source, journey)
        seen |= set(material.events["event"])
        for file, columns in unused.items():
            lines.append(f"  ? {file}: columns that study.yaml does not name: {quoted(columns)}.")
            lines.append(
                "    Map them under this source if the study needs them; else they stay unread."
            )
    try:
        links = privacy.link_people(materials, config)
    except CjmError as error:  # ids that the sources declare contradict each other
        lines += ["", *(f"  ! {line}" for line in str(error).splitlines())]
        n_problems += 1
    else:
        lines += first_look.describe_people(links, config)
        lines += shared_ids.suggest_ids(links, config, place.folder)
        lines += first_look.describe_coverage(materials, journey, links)
    lines += first_look.describe_languages(materials)
    lines += first_look.list_rows_aside(materials, place.processed / "set_aside.csv")
    lines += first_look.propose_lines(materials, config)
    slips = following.find_slips(config)
    found = [f"  ! {line}" for slip in slips for line in slip.splitlines()]
    found += _describe_unseen(config, journey, seen)
    lines += ["", "behaviour", *found] if found else []
    lines += _describe_codes(place.folder / "codes", journey, codebook)
    lines += _describe_findings(findings, codebook)
    lines += _name_unread(config, place.folder)
    asks = sum(line.startswith("  ?") for line in lines)
    lines.append("")
    if asks:
        marked = "1 line is" if asks == 1 else f"{asks} lines are"
        lines.append(f"{marked} marked with ?: look there, and decide.")
    if slips:
        lines.append(f"{len(slips)} of the questions in `behaviour:` cannot be asked yet.")
    if n_problems:
        lines.append(f"{n_problems} of {len(config.sources)} sources cannot be used yet.")
    elif n_passed_over:
        lines.append(f"Every source that is required can be read; {n_passed_over} cannot.")
    else:
        lines.append("Every source can be read.")
    return lines, n_problems + len(slips)


def _say_problems(
    error: CjmError, source: Source, journey: Journey, folder: Path, say: Say
) -> list[str]:
    """Say what is wrong with a source, and with every other bad file of it."""
    say(f"reading every file of {source.name} alone")
    others = readers.find_bad_files(source, folder, journey, say)
    texts = list(dict.fromkeys([str(error), *map(str, others)]))
    shown = [text.splitlines() for text in texts[:_PROBLEMS]]
    lines = []
    for (*problem, advice), following_one in pairwise([*shown, [""]]):
        # Where several files want the same, it is said once, behind the last of them.
        lines += problem if advice == following_one[-1] else [*problem, advice]
    more = len(texts) - _PROBLEMS
    lines += [f"and as much of {more:,} more of its files."] if more > 0 else []
    return [f"  ! {line}" for line in lines]


_PROBLEMS = 12


def _name_unread(config: StudyConfig, folder: Path) -> list[str]:
    """Name files in the study's folder that are no source's, and nobody's codes or findings."""
    read: set[Path] = set()
    for source in config.sources:
        try:
            read |= {path.resolve() for path in readers.list_files(source, folder)}
        except SourceError:
            continue  # it was said above
    left = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.resolve() not in read and not _is_known(path, folder)
    ]
    if not left:
        return []
    more = f" and {len(left) - _LISTED:,} more" if len(left) > _LISTED else ""
    return ["", f"In the folder, and read by no source: {quoted(left[:_LISTED])}{more}."]


_LISTED = 12
_OF_PEOPLE = ("codes", "samples", "reviews")
_KNOWN = ("study.yaml", "findings.yaml", "batch.yaml", "codebook")


def _is_known(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith((".", "~$")) for part in parts)
    return hidden or parts[0] in _OF_PEOPLE or parts[0].startswith(_KNOWN)


def _say_drawn(source: Source) -> list[str]:
    if isinstance(source, FunnelReport | Campaign):
        return ["counts of another program"]
    return [] if isinstance(source, Roster | Keys) else [f"{source.sampling} sample"]


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
        span = behaviour.find_span(log)
        lines += [first_look.say_span(*span)] if span else []
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
