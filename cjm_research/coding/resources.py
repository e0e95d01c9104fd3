"""The lexicon and the codebook: read, merged with the study's own, and fingerprinted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from cjm_research.codes import NONE
from cjm_research.errors import ConfigError, did_you_mean, quoted

CODE_GROUPS = ("pain_point", "delight", "need", "reason")
"""Groups whose codes a codebook defines; the codes of other groups are fixed or found."""
_TEXTS = ("name", "definition", "inclusion", "exclusion")
_LISTS = {"examples": "sentences", "cues": "phrases", "sure_cues": "phrases"}
_ENTRY_KEYS = (*_TEXTS, *_LISTS)


@dataclass(frozen=True)
class CodeEntry:
    """A code of the codebook: what it means and which phrases point to it.

    Attributes
    ----------
    group : str
        One of `CODE_GROUPS`.
    code : str
        Id, permanent: codes in the tables carry it.
    name : str
        As people read it.
    definition : str
        A sentence.
    inclusion, exclusion : str
        What belongs to it, and what does not and where that goes instead.
    examples : tuple of str
        What people might say, or a note about them.
    cues, sure_cues : tuple of str
        Phrases that name its topic, and phrases that tell it by themselves; the syntax of
        `find_phrases`.
    source_id : str
        GUID of the code in the program that its codebook comes from, or empty.
    """

    group: str
    code: str
    name: str
    definition: str = ""
    inclusion: str = ""
    exclusion: str = ""
    examples: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    sure_cues: tuple[str, ...] = ()
    source_id: str = ""


@dataclass(frozen=True)
class Codebook:
    """All codes by group and id.

    Attributes
    ----------
    entries : tuple of CodeEntry
    notes : tuple of str
        What a researcher should know of how the file was read; no part of the fingerprint.
    """

    entries: tuple[CodeEntry, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    def __iter__(self) -> Iterator[CodeEntry]:
        return iter(self.entries)

    def group(self, name: str) -> tuple[CodeEntry, ...]:
        """Return the codes of a code group, in order; none for a group without codes."""
        return tuple(entry for entry in self.entries if entry.group == name)

    def labels(self) -> dict[tuple[str, str], str]:
        """Return the name that people read for each (group, code)."""
        return {(entry.group, entry.code): entry.name for entry in self.entries}

    @property
    def sha256(self) -> str:
        """Fingerprint: changes with any field of any code."""
        return _fingerprint([vars(entry) for entry in self.entries])


def load_codebook(study_file: Path | None = None) -> Codebook:
    """Return the starter codebook, with the study's own codes added or replacing it.

    Parameters
    ----------
    study_file : Path, optional
        A codebook.yaml of the same form, or a codebook.qdc or codebook.qdpx (see `read_qdc`).
        Whichever of them exists is read; if none does, the starter codebook stands alone.

    Raises
    ------
    ConfigError
        If the study's file cannot be read, is not of its form or has unknown groups or keys, or
        if several of them are there.
    """
    entries = {(e.group, e.code): e for e in _entries(_packaged("codebook.yaml"), "codebook.yaml")}
    own = Codebook() if study_file is None else _read_own(study_file)
    entries |= {(e.group, e.code): e for e in own}
    return Codebook(tuple(entries.values()), own.notes)


def _read_own(study_file: Path) -> Codebook:
    """Read a study's codebook in whichever form it exists."""
    sheet = study_file.with_suffix(".yaml")
    exchanged = [study_file.with_suffix(ending) for ending in (".qdc", ".qdpx")]
    there = [path for path in (sheet, *exchanged) if path.exists()]
    if len(there) > 1:
        first, second = there[0].name, there[1].name
        raise ConfigError(
            f"{first} beside {second}",
            [
                f"a study has one codebook. Remove {second} if codes are kept in {first}; remove "
                f"{first} if they are kept in {second}, by a QDA program."
            ],
        )
    if there and there[0] != sheet:
        from cjm_research.coding.qdc import read_qdc

        return read_qdc(there[0])
    if not sheet.exists():
        return Codebook()
    try:
        raw = yaml.safe_load(sheet.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(sheet.name, [f"it is not valid YAML: {error}"]) from error
    return Codebook(tuple(_entries(raw or {}, sheet.name)))


@cache
def load_lexicon() -> dict[str, Any]:
    """Return the phrases of the UX rule layer."""
    return _packaged("lexicon.yaml")


def lexicon_sha256() -> str:
    """Fingerprint of the lexicon."""
    return _fingerprint(load_lexicon())


def _packaged(name: str) -> dict[str, Any]:
    text = (resources.files("cjm_research.coding") / name).read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _entries(raw: Any, where: str) -> list[CodeEntry]:
    problems: list[str] = []
    entries: list[CodeEntry] = []
    if not isinstance(raw, Mapping):
        raise ConfigError(where, [f"it should hold code groups with codes: {quoted(CODE_GROUPS)}."])
    for group, codes in raw.items():
        if group not in CODE_GROUPS:
            problems.append(
                f"{group}: unknown code group.{did_you_mean(str(group), CODE_GROUPS)} "
                f"Allowed: {quoted(CODE_GROUPS)}."
            )
            continue
        if not isinstance(codes or {}, Mapping):
            problems.append(f"{group}: it should hold codes, each with a name and cues.")
            continue
        for code, entry in (codes or {}).items():
            if not isinstance(entry, Mapping):
                problems.append(f"{group}.{code}: it should hold keys such as `name:` and `cues:`.")
                continue
            if ":" in str(code) or code == NONE:
                problems.append(f"{group}.{code}: an id holds no ':' and is not '{NONE}'.")
            problems += [
                f"{group}.{code}.{key}: it should be text."
                for key in _TEXTS
                if not isinstance(entry.get(key) or "", str)
            ]
            problems += [
                f"{group}.{code}.{key}: it should be a list of {holds}."
                for key, holds in _LISTS.items()
                if not all(isinstance(phrase, str) for phrase in _phrases(entry, key))
            ]
            unknown = [key for key in entry if key not in _ENTRY_KEYS]
            problems += [
                f"{group}.{code}.{key}: unknown key.{did_you_mean(key, _ENTRY_KEYS)} "
                f"Allowed: {quoted(_ENTRY_KEYS)}."
                for key in unknown
            ]
            if not unknown:
                entries.append(
                    CodeEntry(
                        group=group,
                        code=str(code),
                        name=entry.get("name") or str(code).replace("_", " ").capitalize(),
                        definition=entry.get("definition") or "",
                        inclusion=entry.get("inclusion") or "",
                        exclusion=entry.get("exclusion") or "",
                        examples=_phrases(entry, "examples"),
                        cues=_phrases(entry, "cues"),
                        sure_cues=_phrases(entry, "sure_cues"),
                    )
                )
    if problems:
        raise ConfigError(where, problems)
    return entries


def _phrases(entry: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    """Return the phrases or sentences under a key; one may stand without brackets."""
    phrases = entry.get(key) or ()
    return tuple(phrases) if isinstance(phrases, list | tuple) else (phrases,)


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
