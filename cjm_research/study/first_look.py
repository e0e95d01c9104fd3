"""What is in a study's files, said before anything is made: the first talk with the data."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from cjm_research import coding, privacy, synthesis
from cjm_research.config import Source, StudyConfig
from cjm_research.errors import quoted
from cjm_research.journey import Journey
from cjm_research.material import Material
from cjm_research.safe_cells import guard_text

BURST = 60
"""Events of one participant within one minute, from which on it may be a machine."""
SAME_SECOND = 5
"""People who answered in one and the same second, from which on one of them may be a machine."""
REPEATED_WORDS = 5
"""Answers of fewer words are alike without being copied."""
RUN = 6
"""Words in a row: so many are seldom the same by chance."""
_MANY = (3, 0.2)
"""Texts, and the share of all, from which on a run of words may be the program's, not people's."""
_LISTED = 3
_COUNTED = {
    "people": ("person", "people"),
    "turns": ("turn of speech, answer or note", "turns of speech, answers and notes"),
    "ratings": ("rating", "ratings"),
    "answers": ("filled cell", "filled cells"),
    "events": ("event", "events"),
    "keys": ("pair of ids", "pairs of ids"),
    "reported_funnels": (
        "step of a funnel, counted by another program",
        "steps of a funnel, counted by another program (segment by segment)",
    ),
    "touchpoint_metrics": (
        "count of e-mail or advertising by another program",
        "counts of e-mail or advertising by another program, by touchpoint",
    ),
}
"""The parts of material, one and many."""
_TOLD = (
    r"rows|turns of the \w+|encoding .*|cells separated by .*|exported (by|as) .*|times are of .*"
)
"""What files' own lines say already."""
_WAY = ["format", "encoding", "delimiter", "day_first", "timezone"]


def describe_material(material: Material, source: Source, journey: Journey) -> list[str]:
    """Return what was read of one source, and what is odd about it."""
    lines = list(_describe_files(material.files, source.kind))
    for part, (one, many) in _COUNTED.items():
        rows = getattr(material, part)
        # As people are compared: without case.
        n = rows["raw_id"].str.casefold().nunique() if part == "people" else len(rows)
        if n:
            lines.append(f"  {n:>8,} {one if n == 1 else many}")
    if len(material.turns):
        roles = material.turns["speaker"].value_counts()
        lines.append("           by " + ", ".join(f"{role} {n:,}" for role, n in roles.items()))
    lines += _describe_span(material)
    lines += _describe_loose_events(material, journey)
    lines += _describe_loose_steps(material)
    if material.unreviewed:
        lines.append(
            f"  ? {material.unreviewed} file{'s' * (material.unreviewed > 1)} whose masked names "
            "nobody has reviewed: the report will be marked as a draft."
        )
    lines += _describe_quality(material.quality)
    lines += _describe_repeats(material)
    return [*lines, *_describe_bursts(material)]


def _describe_files(files: pd.DataFrame, kind: str) -> Iterator[str]:
    """Say what files were taken for, those that are read alike together."""
    for way, rows in files.groupby(_WAY, sort=False):
        form, encoding, delimiter, order, zone = (str(part) for part in way)
        facts = [form, encoding, delimiter and f"{delimiter}s between cells"]
        facts += [order and ("day before month" if order == "true" else "month before day")]
        facts += [zone and f"times of {zone}"]
        n_in, used, aside = (int(rows[name].sum()) for name in ("n_in", "n_used", "n_set_aside"))
        rest = f" = {used:,} used + {aside:,} set aside" if aside else ", all used"
        yield f"  {_list_files(list(rows['file']))}: {', '.join(filter(None, facts))}"
        unit = "turns" if kind == "transcripts" else "rows"
        # A hit of Adobe's or a record of JSON may hold several events; a row of a table is one.
        unit = "events" if kind == "events" and form != "table" else unit
        yield f"  {n_in:>8,} {unit} in{rest}"


def _list_files(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_LISTED])
    more = len(names) - _LISTED
    return f"{len(names)} files ({shown} and {more:,} more)" if more > 0 else shown


def _describe_span(material: Material) -> list[str]:
    parts = (
        material.turns["said_at"],
        material.events["occurred_at"],
        material.answered["said_at"],
    )
    filled = [pd.to_datetime(part, utc=True).dropna() for part in parts if part.notna().any()]
    if not filled:
        return []
    times = pd.concat(filled)
    future = int((times > pd.Timestamp.now(tz="UTC")).sum())
    lines = [say_span(times.min(), times.max())]
    return lines + ([f"  ? times in the future: {future:,}"] if future else [])


def say_span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """Return a line that says from when to when."""
    return f"           from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"


def _describe_loose_events(material: Material, journey: Journey) -> list[str]:
    known = {
        name for stage in journey for name in (*stage.completed_by, *stage.completed_elsewhere)
    }
    loose = (material.events["stage"] == "") & ~material.events["event"].isin(known)
    unmapped = material.events.loc[loose, "event"].value_counts()
    if unmapped.empty:
        return []
    names = ", ".join(f"{name} ({n:,})" for name, n in unmapped.head(8).items())
    return [
        f"  ? events without a stage: {names}",
        "    List them under `events:` of a stage, if they belong to one.",
    ]


def _describe_loose_steps(material: Material) -> list[str]:
    loose = material.reported_funnels.query("stage == ''")["step"].unique()
    if not len(loose):
        return []
    return [
        f"  ? steps without a stage: {quoted(loose[:20])}",
        "    Place them under this source: `steps: {...: STAGE}`.",
    ]


def _describe_quality(quality: pd.DataFrame) -> Iterator[str]:
    """Say each thing that was noticed once, with the files that it is true of."""
    new = quality[~quality["what"].str.fullmatch(_TOLD)]
    by = new.groupby(["level", "what"], sort=False).agg(n=("n", "sum"), files=("file", list))
    for (level, what), row in by.iterrows():
        files = list(dict.fromkeys(row["files"]))
        where = files[0] if len(files) == 1 else f"{len(files)} files"
        yield f"  {'?' if level == 'warning' else ' '} {where}: {what}: {row['n']:,}"


def _describe_repeats(material: Material) -> Iterator[str]:
    """Count texts that are the same as others, and those with words that many others hold."""
    turns = material.turns[material.turns["speaker"] == "participant"]
    words = turns.groupby("document_ref", sort=False)["text"].agg("\n".join)
    folded = words.str.casefold().str.split().str.join(" ")
    long_enough = folded.str.count(" ") >= REPEATED_WORDS - 1
    copies = folded[long_enough & folded.duplicated(keep=False)]
    if len(copies):
        yield (
            f"  ? {len(copies):,} texts of {REPEATED_WORDS} words or more are the same as another "
            f"({copies.nunique():,} different). Copied, sent twice, or written by a machine?"
        )
    documents = _count_sharing(folded.drop_duplicates())
    if documents:
        yield (
            f"  ? {documents:,} texts share {RUN} words in a row with many others, as menus, "
            "footers and notices of a program do. Take them out where nobody said them."
        )


def _count_sharing(texts: pd.Series) -> int:
    """Count texts with a run of words that many others hold as well."""
    runs: dict[str, set[int]] = {}
    for number, text in enumerate(texts):
        words = text.split()
        for start in range(len(words) - RUN + 1):
            runs.setdefault(" ".join(words[start : start + RUN]), set()).add(number)
    n, share = _MANY
    least = max(n, share * len(texts))
    return len(set().union(*(found for found in runs.values() if len(found) >= least)))


def _describe_bursts(material: Material) -> Iterator[str]:
    events = material.events.dropna(subset=["occurred_at"])
    if len(events):
        minute = pd.to_datetime(events["occurred_at"], utc=True).dt.floor("min")
        per_minute = events.groupby([events["raw_id"], minute]).size()
        fast = per_minute[per_minute >= BURST].index.get_level_values(0).nunique()
        if fast:
            yield (
                f"  ? {fast:,} participants with {BURST} events or more in a minute: machines, "
                "or events that the page sends of itself?"
            )
    answered = material.answered.dropna(subset=["said_at"])
    second = pd.to_datetime(answered["said_at"], utc=True)
    # A day without a clock reads as midnight: everybody of the day at once.
    second = second[second != second.dt.floor("D")].dt.floor("s")
    crowds = second.value_counts()
    crowds = crowds[crowds >= SAME_SECOND]
    if len(crowds):
        yield (
            f"  ? {int(crowds.sum()):,} people answered in the same second as "
            f"{SAME_SECOND - 1} others or more. Machines?"
        )


def propose_lines(materials: Sequence[Material], config: StudyConfig) -> list[str]:
    """Return lines for study.yaml that hold later runs to what was found in these files."""
    lines = [
        f"  {material.source + ':' if not number else '':<24}{line}"
        for material in materials
        for number, line in enumerate(_pin(material, config.source(material.source)))
    ]
    head = "To have later files read in the same way, or refused, add to the sources of study.yaml:"
    return ["", head, *lines] if lines else []


def _pin(material: Material, source: Source) -> list[str]:
    text: str = yaml.safe_dump(
        find_pins(material, source), sort_keys=False, default_flow_style=None
    )
    return text.splitlines() if text != "{}\n" else []


def find_pins(material: Material, source: Source) -> dict[str, Any]:
    """Return keys of study.yaml that say how files were read, where it does not say so yet."""
    files, declared = material.files, source.model_fields_set
    found: dict[str, Any] = {}
    formats = sorted(set(files["format"]) - {""})
    if formats and not source.format:
        found["format"] = formats[0] if len(formats) == 1 else formats
    for key in ("delimiter", "day_first", "timezone"):
        values = set(files[key]) - {""}
        if len(values) == 1 and key not in declared and key in type(source).model_fields:
            value = values.pop()
            found[key] = value == "true" if key == "day_first" else value
    return found


def describe_people(links: privacy.Links, config: StudyConfig) -> list[str]:
    """Say how many people of each source are found in each other, of how many, both ways."""
    people: dict[str, set[str]] = {}
    for (source, _), person in links.canonical.items():
        people.setdefault(source, set()).add(person)
    pairs = synthesis.count_joins(people)
    merged = list(_describe_merged(links, config))
    if pairs.empty and not merged:
        return []
    lines = ["", "people in several sources", *merged]
    for pair in pairs[pairs["n_both"] > 0].itertuples():
        lines.append(
            f"  {pair.n_both:>8,} of {pair.n_a:,} in {pair.source_a} ({pair.match_rate:.0%}) are "
            f"also in {pair.source_b}, of {pair.n_b:,} there ({pair.match_rate_b:.0%})"
        )
    lines += _describe_logs(people, config)
    apart = pairs[pairs["n_both"] == 0]
    if len(apart):
        named = [
            f"{pair.source_a} ({pair.n_a:,}) and {pair.source_b} ({pair.n_b:,})"
            for pair in apart.head(_LISTED).itertuples()
        ]
        more = f"; and {len(apart) - _LISTED:,} more pairs" if len(apart) > _LISTED else ""
        lines += [
            f"    nobody in common: {'; '.join(named)}{more}.",
            "    Where ids differ, a roster's `identifiers` or a key map (`kind: keys`) joins "
            "them; ids of transcripts are taken from the files' names (`participant_pattern`).",
        ]
    return lines


def _describe_merged(links: privacy.Links, config: StudyConfig) -> Iterator[str]:
    """Say where ids of one source are one person: right for devices, odd for those who answered."""
    ids: dict[str, list[str]] = {}
    for (source, _), person in links.canonical.items():
        ids.setdefault(source, []).append(person)
    for source, found in ids.items():
        n = len(set(found))
        if n < len(found):
            mark = " " if config.source(source).kind in ("events", "roster") else "?"
            people = "person" if n == 1 else "people"
            yield (
                f"  {mark} {len(found):,} ids in {source} are {n:,} {people}: a roster, a key map "
                "or a file's name joins them."
            )


def _describe_logs(people: dict[str, set[str]], config: StudyConfig) -> list[str]:
    logs = [source.id for source in config.sources if source.kind == "events"]
    known = [people[log] for log in logs if people.get(log)]
    if len(known) < 2:
        return []
    everybody = set().union(*known)
    n_several = sum(sum(person in log for log in known) > 1 for person in everybody)
    said = f"{n_several:,} of {len(everybody):,} people are in more than one of them"
    return [f"  ? {len(known)} logs are counted together, as one funnel; {said}."]


def describe_coverage(
    materials: Sequence[Material], journey: Journey, links: privacy.Links
) -> list[str]:
    """Return a table of stages and sources: people there, before any text is coded."""
    columns: dict[str, pd.Series] = {}
    for material in materials:
        rated = material.ratings[material.ratings["stage"] != ""]
        placed = [
            material.events[["raw_id", "stage"]],
            rated[["raw_id", "stage"]],
            material.turns[["raw_id", "declared_stage"]].set_axis(["raw_id", "stage"], axis=1),
        ]
        rows = pd.concat(placed).drop_duplicates()
        rows = rows[rows["raw_id"] != ""]
        if len(rows):
            people = links.find(material.source, rows["raw_id"])
            columns[material.source] = people.groupby(rows["stage"]).nunique()
    if not columns:
        return []
    names = {stage.id: stage.name for stage in journey} | {"": "in no stage yet"}
    left = max(map(len, names.values()))
    lines = [" " * left + "".join(f"  {source:>{_width(source)}}" for source in columns)]
    for stage, name in names.items():
        cells = [
            f"  {counts.get(stage, 0) or '–':>{_width(source)},}"
            if counts.get(stage, 0)
            else f"  {'–':>{_width(source)}}"
            for source, counts in columns.items()
        ]
        lines.append(f"{name:<{left}}{''.join(cells)}")
    head = "people per stage, by what sources declare (texts get their stage from the coder)"
    return ["", head, *(f"  {line}" for line in lines)]


def _width(source: str) -> int:
    return max(len(source), 7)


def describe_languages(materials: Sequence[Material]) -> list[str]:
    """Return the languages of the participants' words, and how many documents are set aside."""
    parts = [
        material.turns[material.turns["speaker"] == "participant"].assign(source=material.source)
        for material in materials
        if len(material.turns)
    ]
    if not parts:
        return []
    turns = pd.concat(parts)
    documents = (
        turns.groupby(["document_ref", "source"], sort=False)["text"].agg("\n".join).reset_index()
    ).rename(columns={"document_ref": "document_id"})
    found = coding.detect_languages(documents)
    counts = found.groupby(["source", "language", "status"], sort=False).size()
    lines = ["", "languages"]
    for (source, language, status), n in counts.items():
        mark = "?" if status == coding.SET_ASIDE else " "
        lines.append(f"  {mark} {n:>6,} texts of {source}: {language}, {status}")
    return lines


def list_rows_aside(materials: Sequence[Material], path: Path) -> list[str]:
    """Write which rows were left out, and why, into a file; say where it is."""
    parts = [material.set_aside.assign(source=material.source) for material in materials]
    rows = pd.concat(parts)[["source", "file", "row", "reason"]] if parts else pd.DataFrame()
    if rows.empty:
        path.unlink(missing_ok=True)
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows.columns)
        writer.writerows([guard_text(str(cell)) for cell in row] for row in rows.to_numpy())
    return ["", f"The {len(rows):,} rows that were set aside are listed in {path}."]
