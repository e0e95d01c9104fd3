"""A study.yaml for a folder that has none: what its files are, and what is left to say."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter

from cjm_research.config import JourneyPart, Source, build_journey
from cjm_research.errors import CjmError, SourceError
from cjm_research.readers import Guess, read_source, recognise_file
from cjm_research.study.first_look import find_pins
from cjm_research.study.project import STUDY_FILE, in_line

_HEAD = """\
# Proposed by `cjm check` from what lies in this folder. {state}
# Only you can confirm the lines marked with `?`, and for each source how people were chosen
# (`sampling`) and whether they agreed to be quoted (`consent`).
schema_version: 1
title: {title}
objective: Say here which decision this study serves.   # ?
"""
_RUNS = "It runs as it is."
_WAITS = """\
It does not run yet:
# fill in the blank lines, or mend what `cjm check` says of the files."""
_SAMPLING = {"transcripts": "purposive", "events": "census"}
_WORDS_OF_STAGES = (
    ("awareness", r"first_visit|session_start|page_?view|landing|visit|screen_view"),
    ("consideration", r"view_item|select_item|view_product|product|search|compare|list"),
    ("purchase", r"cart|basket|checkout|shipping|payment|\bpay\b|address|form_start"),
    (
        "post_purchase",
        r"purchase|paid|thank|order[ _]?(placed|complete|confirm)|deliver|refund|return|support"
        r"|ticket",
    ),
    ("advocacy", r"share|refer|recommend|review|invite"),
)
"""Events of shops by their usual names; the first stage whose words fit has the event."""


def show_proposal(folder: Path, *, write: bool = False) -> tuple[list[str], int]:
    """Return what `cjm check` says of a folder without study.yaml.

    Parameters
    ----------
    folder : Path
        The folder.
    write : bool
        True to save the proposal as its study.yaml. One that is there is never overwritten.

    Returns
    -------
    lines : list of str
        For people.
    n_problems : int
        1 when there is nothing to propose, else 0.

    Raises
    ------
    SourceError
        If the folder holds no file, or study.yaml cannot be saved.
    """
    lines, text, runs = propose_study(folder)
    if not text:
        return lines, 1
    name = folder.name
    if not write:
        then = (
            f"then `cjm run {name}`" if runs else "then fill in its blank lines, or mend the files"
        )
        hint = f"`cjm check {name} --write` saves it; {then}."
        return [*lines, "", f"Proposed {STUDY_FILE}:", "", *text.splitlines(), "", hint], 0
    try:
        with (folder / STUDY_FILE).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SourceError(
            str(folder / STUDY_FILE),
            f"it cannot be saved ({error.strerror}).",
            "check that the folder may be written to, and that nobody has saved one meanwhile.",
        ) from error
    first = (
        "Look at the lines marked with `?`"
        if runs
        else "Fill in its blank lines, or mend the files"
    )
    saved = f"Saved {folder / STUDY_FILE}. {first}, then:"
    return [*lines, "", saved, f"  cjm check {name}", f"  cjm run {name}"], 0


def propose_study(folder: Path) -> tuple[list[str], str, bool]:
    """Return what each file of a folder was taken for, and a study.yaml that reads them.

    Parameters
    ----------
    folder : Path
        A folder with data files, also in folders of its own, and no study.yaml.

    Returns
    -------
    lines : list of str
        For people.
    text : str
        The study.yaml; empty when no file can be used.
    runs : bool
        False where none of its sources can be read before the researcher fills something in.

    Raises
    ------
    SourceError
        If the folder holds no file.
    """
    home = folder.resolve()
    paths = sorted(
        path
        for path in home.rglob("*")
        if (path.is_file() or path.is_symlink())
        and not any(part.startswith(("~$", ".")) for part in path.relative_to(home).parts)
    )
    if not paths:
        raise SourceError(
            str(folder),
            "the folder holds no file.",
            "put the transcripts, surveys and logs there as they were exported.",
        )
    guesses = [(path.relative_to(home).as_posix(), _recognise(path, home)) for path in paths]
    guesses = _name_askers(guesses, home)
    lines = [f"{folder.name}: no {STUDY_FILE} yet. What its files were taken for:", ""]
    lines += _say_guesses(guesses)
    used = [(name, guess) for name, guess in guesses if guess.kind]
    sources, later, said = _declare(used, home)
    # A key map joins people of other sources, and holds nobody itself.
    runs = any(source["kind"] != "keys" for source in sources)
    lines += said
    if runs and later:
        lines += ["    Once that is mended or filled in, add under `sources:`:"]
        lines += [line for source in later for line in _write_source(source).splitlines()]
    if sum(source["kind"] == "events" for source in sources) > 1:
        lines += ["", "Several logs: their people are joined only where they hold the same ids."]
    if not runs:
        lines += ["", "No file can be used yet."]
        sources = [*sources, *later]
    if all(source["kind"] == "keys" for source in sources):
        return lines, "", runs
    state = _RUNS if runs else _WAITS
    text = _write(folder.name, state, sources, [guess.events for _, guess in used])
    return lines, text, runs


_MOST_TALKS = 12


def _say_guesses(guesses: Sequence[tuple[str, Guess]]) -> list[str]:
    """Say what files were taken for: each of them, but of many transcripts only the first ones."""
    lines: list[str] = []
    talks = [name for name, guess in guesses if guess.kind == "transcripts"]
    counted = set(talks[_MOST_TALKS:])
    for name, guess in guesses:
        if name not in counted:
            lines.append(f"  {' ' if guess.kind else '!'} {name}: {guess.what}")
            lines += [f"      - {ask}" for ask in guess.asks]
    kinds = Counter(guess.what for name, guess in guesses if name in counted)
    return lines + [f"    {n:,} files more: {what}" for what, n in kinds.most_common()]


def _name_askers(guesses: Sequence[tuple[str, Guess]], home: Path) -> list[tuple[str, Guess]]:
    """Take who asks in several transcripts for the interviewer wherever they speak."""
    found = [set(guess.source.get("interviewers", ())) for _, guess in guesses]
    n_files = Counter(name for names in found for name in names)
    # "Speaker 1" is somebody else in each file.
    askers = {name for name, n in n_files.items() if n > 1 and not re.search(r"\d", name)}
    return [
        (name, recognise_file(home / name, askers))
        if guess.kind == "transcripts" and askers and not names & askers
        else (name, guess)
        for (name, guess), names in zip(guesses, found, strict=True)
    ]


def _recognise(path: Path, home: Path) -> Guess:
    if not path.exists():
        return Guess(path.name, "", "not read: a link that leads to nothing")
    if not path.resolve().is_relative_to(home):
        return Guess(path.name, "", "not read: a link out of the folder")
    return recognise_file(path)


def _declare(
    guesses: Sequence[tuple[str, Guess]], folder: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Return the sources that can be read as proposed, those that cannot, and what is said."""
    sources: list[dict[str, Any]] = []
    later: list[dict[str, Any]] = []
    said: list[str] = []
    taken: set[str] = set()
    for together, guess in _group(guesses):
        files = together
        problem, pins = _try(_source(files, guess), folder)
        if guess.kind == "survey" and len(files) > 1:
            rounds = [_source([name], guess) | {"wave": _wave(name)} for name in files]
            tried = [_try(one, folder) for one in rounds]
            # As `check_ids` says it: somebody answered twice.
            if "repeat participants of" in problem and not any(wrong for wrong, _ in tried):
                said.append(_SAME_PEOPLE.format(len(files), ", ".join(files)))
                sources += [
                    one | {"id": _make_id(guess.kind, taken)} | own
                    for one, (_, own) in zip(rounds, tried, strict=True)
                ]
                continue
            if not problem:
                said.append(_SAME_HEADER.format(len(files), ", ".join(files)))
        if problem:
            # One file that cannot be read as the others are keeps nobody else out.
            problems = {name: _try(_source([name], guess), folder)[0] for name in files}
            said += _refuse({name: found for name, found in problems.items() if found})
            files = [name for name, found in problems.items() if not found]
            problem, pins = _try(_source(files, guess), folder) if files else ("", {})
            said += _refuse(dict.fromkeys(files, problem)) if problem else []
        if files and not problem:
            source = _source(files, guess)
            sources.append(
                source | {"id": _make_id(guess.kind, taken)} | _label(guess, pins) | pins
            )
        else:
            later.append(_source(together, guess) | {"id": _make_id(guess.kind, taken)})
    return sources, later, said


def _label(guess: Guess, pins: Mapping[str, Any]) -> dict[str, str]:
    """Return what a source of a known program is called in reports: four logs are told apart."""
    program = pins.get("format")
    if guess.kind not in ("survey", "events") or program in (None, "table"):
        return {}
    return {"label": f"{_IDS[guess.kind].capitalize()}, {program}"}


def _wave(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


_SAME_PEOPLE = (
    "  ? {} surveys have the same columns and the same people, so each is proposed as a source "
    "with its `wave:`: {}. Give the waves names that say when they were, such as 2026-03."
)
_SAME_HEADER = (
    "  ? {} surveys have the same columns and no id occurs in two of them, so they are proposed as "
    "one source: {}. If they are rounds to compare, declare each as a source with its `wave:`."
)


def _refuse(problems: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for name, problem in problems.items():
        lines += [f"  ! {name} is left out for now:", f"    {problem}"]
    return lines


def _source(files: Sequence[str], guess: Guess) -> dict[str, Any]:
    source = {
        "id": _IDS[guess.kind],
        "kind": guess.kind,
        # `files:` are patterns; a name may hold the marks of one.
        "files": [glob.escape(name) for name in files],
        **_about(guess.kind),
        **guess.source,
    }
    if guess.kind in ("roster", "keys", "funnel_report", "campaign"):
        source.pop("sampling")
    return source


def _try(source: dict[str, Any], folder: Path) -> tuple[str, dict[str, Any]]:
    """Return why a source cannot be read as declared (empty: it can), and how it was read."""
    known = {key: value for key, value in source.items() if value is not None}
    model = TypeAdapter(Annotated[Source, Field(discriminator="kind")]).validate_python(known)
    journey = build_journey(JourneyPart(template="commerce"), where=STUDY_FILE)
    try:
        material = read_source(model, folder, journey)
    except CjmError as error:
        return " ".join(str(error).split()), {}
    return "", find_pins(material, model)


def _write(
    name: str, state: str, sources: Sequence[dict[str, Any]], events: Sequence[Mapping[str, int]]
) -> str:
    title = re.sub(r"[-_]+", " ", name).strip() or "A journey study"
    parts = [_HEAD.format(state=state, title=_in_yaml(title)), _write_journey(events), "sources:"]
    parts += map(_write_source, sources)
    return "\n".join(parts) + "\n"


def _write_source(source: dict[str, Any]) -> str:
    return _indent(_mark_guesses(_in_yaml([source]))).rstrip()


_GUESSES = {
    "  one_voice: true": "the participant alone is heard; else name the speakers in the file",
    "  participants: speaker": "a group: each of them a participant",
    "  interviewers:": "who asks",
    "  interviewers: []": "nobody was recognised: whoever asks is counted as a participant",
    "  unit: visit": "a row is a visit, not a person",
    "  wave: ...": "when this round was; names are compared in the order of the alphabet",
    "  authors: ...": "whose words count, and who answers: agents' words count for nobody",
    "  sheet: ...": "one of several",
}
_BLANKS = {
    "  day_first: null": "fill in: true where 03/04 is 3 April, false where it is 4 March",
    "  encoding: null": "fill in: cp1252 for files from Excel on Windows",
}
"""What nothing can be read without, and only the researcher knows."""


def _mark_guesses(text: str) -> str:
    def mark(line: str) -> str:
        key, colon, _ = line.partition(":")
        if line in _BLANKS:
            return f"{key}:   # ? {_BLANKS[line]}"
        guess = _GUESSES.get(line) or _GUESSES.get(f"{key}{colon} ...")
        return f"{line}   # ? {guess}" if guess else line

    return "\n".join(map(mark, text.split("\n")))


def _about(kind: str) -> dict[str, Any]:
    about: dict[str, Any] = {"sampling": _SAMPLING.get(kind, "convenience")}
    # Nobody is quoted before somebody says that they agreed.
    return about | (
        {"consent": "no_quote"} if kind in ("transcripts", "survey", "feedback") else {}
    )


def _group(guesses: Iterable[tuple[str, Guess]]) -> list[tuple[list[str], Guess]]:
    """Put transcripts that are read in the same way into one source, and rounds of a survey."""
    groups: list[tuple[list[str], Guess]] = []
    talks: dict[tuple[object, ...], tuple[list[str], Guess]] = {}
    surveys: dict[tuple[str, ...], list[tuple[str, Guess]]] = {}
    for name, guess in guesses:
        if guess.kind == "survey":
            # One of another encoding is read in another way.
            way = (*guess.header, *guess.source.keys() & {"encoding"})
            surveys.setdefault(way, []).append((name, guess))
            continue
        if guess.kind != "transcripts":
            groups.append(([name], guess))
            continue
        # Who asks in one file may answer in another: "Speaker 1" is somebody else in each.
        way = (*sorted(guess.source), *guess.source.get("interviewers", ()))
        talks.setdefault(way, ([], guess))[0].append(name)
    for rounds in surveys.values():
        # A question that nobody answered in one round shows in another.
        fullest = max((guess for _, guess in rounds), key=lambda one: len(one.source["questions"]))
        groups.append(([name for name, _ in rounds], fullest))
    return [*talks.values(), *groups]


_IDS = {
    "transcripts": "interviews", "events": "events", "roster": "people", "survey": "survey",
    "feedback": "feedback", "funnel_report": "reported_funnel", "campaign": "campaigns",
    "keys": "keys",
}  # fmt: skip


def _make_id(kind: str, taken: set[str]) -> str:
    name, number = _IDS[kind], 2
    while name in taken:
        name = f"{_IDS[kind]}_{number}"
        number += 1
    taken.add(name)
    return name


def _write_journey(logs: Sequence[Mapping[str, int]]) -> str:
    """Return the journey of a shop with the events that usual words place, the rest as a note."""
    stages: dict[str, list[str]] = {stage: [] for stage, _ in _WORDS_OF_STAGES}
    counts: dict[str, int] = {}
    for log in logs:
        for event, n in log.items():
            if event:
                counts[event] = counts.get(event, 0) + n
    loose: list[str] = []
    for event in sorted(counts, key=lambda event: (-counts[event], event)):
        fits = [stage for stage, words in _WORDS_OF_STAGES if re.search(words, event.casefold())]
        (stages[fits[0]] if fits else loose).append(event)
    lines = ["journey:", "  template: commerce   # ? or service, lifecycle, or stages of your own"]
    if any(stages.values()):
        lines.append("  stages:              # ? events that mean: in this stage")
    for stage, events in stages.items():
        if events:
            lines.append(f"    - {{id: {stage}, events: {in_line(events)}}}")
    if loose:
        lines.append(f"    # events in no stage yet: {', '.join(map(_one_line, loose[:20]))}")
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _in_yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    return text.removesuffix("...\n").strip()


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
