"""The lexicon and the codebook: read, merged with the study's own, and fingerprinted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from cjm_research.errors import ConfigError, did_you_mean, quoted

CODE_GROUPS = ("pain_point", "delight")
_ENTRY_KEYS = ("name", "definition", "inclusion", "exclusion", "examples", "cues", "sure_cues")


@dataclass(frozen=True)
class CodeEntry:
    """A code of the codebook: what it means and which phrases point to it."""

    group: str
    code: str
    name: str
    definition: str = ""
    cues: tuple[str, ...] = ()
    sure_cues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Codebook:
    """All codes by group and id."""

    entries: tuple[CodeEntry, ...] = field(default=())

    def __iter__(self) -> Any:
        return iter(self.entries)

    def labels(self) -> dict[tuple[str, str], str]:
        """Return the name that people read for each (group, code)."""
        return {(entry.group, entry.code): entry.name for entry in self.entries}

    @property
    def sha256(self) -> str:
        """Fingerprint: changes with any definition or cue."""
        return _fingerprint([vars(entry) for entry in self.entries])


def load_codebook(study_file: Path | None = None) -> Codebook:
    """Return the starter codebook, with the study's own codes added or replacing it.

    Parameters
    ----------
    study_file : Path, optional
        A codebook.yaml of the same form.

    Raises
    ------
    ConfigError
        If the study's file is not valid YAML or has unknown groups or keys.
    """
    entries = {(e.group, e.code): e for e in _entries(_packaged("codebook.yaml"), "codebook.yaml")}
    if study_file is not None and study_file.exists():
        try:
            raw = yaml.safe_load(study_file.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(study_file.name, [f"it is not valid YAML: {error}"]) from error
        entries |= {(e.group, e.code): e for e in _entries(raw or {}, study_file.name)}
    return Codebook(tuple(entries.values()))


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
        raise ConfigError(where, ["it should hold `pain_point:` or `delight:` with codes."])
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
            problems += [
                f"{group}.{code}.{key}: it should be a list of phrases."
                for key in ("cues", "sure_cues")
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
                        name=entry.get("name", str(code).replace("_", " ").capitalize()),
                        definition=entry.get("definition", ""),
                        cues=_phrases(entry, "cues"),
                        sure_cues=_phrases(entry, "sure_cues"),
                    )
                )
    if problems:
        raise ConfigError(where, problems)
    return entries


def _phrases(entry: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    """Return the phrases under a key; one phrase may stand without brackets."""
    phrases = entry.get(key) or ()
    return tuple(phrases) if isinstance(phrases, list | tuple) else (phrases,)


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
