"""A study.yaml for a folder that has none: what its files are, and what is left to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from cjm_research.errors import SourceError
from cjm_research.readers import Guess, recognise_file
from cjm_research.study.project import STUDY_FILE

_HEAD = """\
# Proposed by `cjm check` from what lies in this folder. It runs as it is. Only you can confirm the
# lines marked with `?`, and for each source how people were chosen (`sampling`) and whether they
# agreed to be quoted (`consent`).
schema_version: 1
title: {title}
objective: Say here which decision this study serves.   # ?
"""
_SAMPLING = {"transcripts": "purposive", "events": "census"}
_WORDS_OF_STAGES = (
    ("awareness", r"first_visit|session_start|page_?view|landing|visit|screen_view"),
    ("consideration", r"view_item|select_item|view_product|product|search|compare|list"),
    ("purchase", r"cart|basket|checkout|shipping|payment|address|form_start|sign_?up|register"),
    ("post_purchase", r"purchase|paid|pay|order|deliver|refund|return|support|ticket"),
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
    lines, text = propose_study(folder)
    if not text:
        return lines, 1
    if not write:
        shown = [f"  {line}" for line in text.splitlines()]
        hint = f"`cjm check {folder.name} --write` saves it; then `cjm run {folder.name}`."
        return [*lines, "", f"Proposed {STUDY_FILE}:", "", *shown, "", hint], 0
    try:
        with (folder / STUDY_FILE).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SourceError(
            str(folder / STUDY_FILE),
            f"it cannot be saved ({error.strerror}).",
            "check that the folder may be written to, and that nobody has saved one meanwhile.",
        ) from error
    saved = f"Saved {folder / STUDY_FILE}. Look at the lines marked with `?`, then:"
    return [*lines, "", saved, f"  cjm check {folder.name}", f"  cjm run {folder.name}"], 0


def propose_study(folder: Path) -> tuple[list[str], str]:
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

    Raises
    ------
    SourceError
        If the folder holds no file.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(("~$", ".")) for part in path.parts)
    )
    if not paths:
        raise SourceError(
            str(folder),
            "the folder holds no file.",
            "put the transcripts, surveys and logs there as they were exported.",
        )
    guesses = [(path.relative_to(folder).as_posix(), recognise_file(path)) for path in paths]
    lines = [f"{folder.name}: no {STUDY_FILE} yet. What its files were taken for:", ""]
    for name, guess in guesses:
        lines.append(f"  {' ' if guess.kind else '!'} {name}: {guess.what}")
        lines += [f"      - {ask}" for ask in guess.asks]
    used = [(name, guess) for name, guess in guesses if guess.kind]
    if not used:
        return [*lines, "", "No file can be used yet."], ""
    return lines, _write(folder.name, used)


def _write(name: str, guesses: Sequence[tuple[str, Guess]]) -> str:
    title = re.sub(r"[-_]+", " ", name).strip() or "A journey study"
    parts = [_HEAD.format(title=_in_yaml(title)), _write_journey(guesses), "sources:"]
    taken: set[str] = set()
    for files, guess in _group(guesses):
        source = {
            "id": _make_id(guess.kind, files, taken),
            "kind": guess.kind,
            "files": files,
            **_about(guess.kind),
            **guess.source,
        }
        if guess.kind == "roster":
            source.pop("sampling")
        parts.append(_indent(_in_yaml([source])).rstrip())
    return "\n".join(parts) + "\n"


def _about(kind: str) -> dict[str, Any]:
    about: dict[str, Any] = {"sampling": _SAMPLING.get(kind, "convenience")}
    # Nobody is quoted before somebody says that they agreed.
    return about | ({"consent": "no_quote"} if kind in ("transcripts", "survey") else {})


def _group(guesses: Iterable[tuple[str, Guess]]) -> list[tuple[list[str], Guess]]:
    """Put transcripts that are read in the same way into one source; the rest one by one."""
    groups: list[tuple[list[str], Guess]] = []
    talks: dict[tuple[bool, bool], tuple[list[str], Guess]] = {}
    for name, guess in guesses:
        if guess.kind != "transcripts":
            groups.append(([name], guess))
            continue
        way = ("participants" in guess.source, "one_voice" in guess.source)
        files, first = talks.get(way, ([], guess))
        asking = [*first.source.get("interviewers", []), *guess.source.get("interviewers", [])]
        source = first.source | guess.source
        if asking:
            source |= {"interviewers": list(dict.fromkeys(asking))}
        talks[way] = ([*files, name], Guess(guess.file, "transcripts", guess.what, source))
    return [*talks.values(), *groups]


_IDS = {"transcripts": "interviews", "events": "events", "roster": "people", "survey": "survey"}


def _make_id(kind: str, files: Sequence[str], taken: set[str]) -> str:
    name, number = _IDS[kind], 2
    while name in taken:
        name = f"{_IDS[kind]}_{number}"
        number += 1
    taken.add(name)
    return name


def _write_journey(guesses: Sequence[tuple[str, Guess]]) -> str:
    """Return the journey of a shop with the events that usual words place, the rest as a note."""
    stages: dict[str, list[str]] = {stage: [] for stage, _ in _WORDS_OF_STAGES}
    counts: dict[str, int] = {}
    for _, guess in guesses:
        for event, n in guess.events.items():
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
            lines.append(f"    - {{id: {stage}, events: {_in_line(events)}}}")
    if loose:
        lines.append(f"    # events in no stage yet: {', '.join(map(_one_line, loose[:20]))}")
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _in_line(values: list[str]) -> str:
    return yaml.safe_dump(values, default_flow_style=True, width=10_000, allow_unicode=True).strip()


def _in_yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
    return text.removesuffix("...\n").strip()


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
