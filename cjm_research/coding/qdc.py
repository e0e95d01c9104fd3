"""Codebooks of QDA programs: the REFI-QDA exchange formats, `.qdc` and (with a project) `.qdpx`.

Written by the form of the standard's version 1.0 (qdasoftware.org). A code there has a name, a
description and codes below it, and no more: what else a codebook of this package says of a code
stands in its description, under headings that a person can read and edit.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cjm_research.codes import NONE
from cjm_research.coding.resources import CODE_GROUPS, Codebook, CodeEntry
from cjm_research.errors import ConfigError, quoted
from cjm_research.refi_qda import (
    CODEBOOK,
    GUID,
    PROJECT_SUFFIX,
    RefiError,
    parse,
    read_project_root,
)

MAX_BYTES = 16 * 1024 * 1024
"""Largest file that is read; the codebook of a large study takes some hundred thousand bytes."""

_NAMESPACE = "urn:QDA-XML:codebook:1.0"
_OWN_GUIDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:cjm-research:codebook")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

_GROUP_NAMES = {
    "pain_point": "Pain points",
    "delight": "Delights",
    "need": "Needs",
    "reason": "Reasons",
}
SAID_AS = {
    "pain_point": "pain_point",
    "painpoint": "pain_point",
    "pain": "pain_point",
    "delight": "delight",
    "need": "need",
    "reason": "reason",
}
FIXED_GROUPS = frozenset({"stage", "emotion", "expectation", "theme"})

_HEADINGS = {
    "include": "inclusion",
    "inclusion": "inclusion",
    "exclude": "exclusion",
    "exclusion": "exclusion",
    "example": "examples",
    "examples": "examples",
    "cues": "cues",
    "sure cues": "sure_cues",
    "code id": "code",
}
_HEADING = re.compile(rf"\s*({'|'.join(_HEADINGS)})\s*:\s*(.*)", re.IGNORECASE)
_MOST_LEVELS = 50
_MOST_LISTED = 20


def read_qdc(path: Path) -> Codebook:
    """Read a codebook that a QDA program exported.

    The code group is that of the top-level code above ("Pain points", "Delights", "Needs",
    "Reasons"; ATLAS.ti's names such as "Needs::Speed" are read alike), else pain_point, with a
    note. An id is the name in lower case with `_`; where that is not unique in its group, the
    name above, and if need be the GUID, is added to each, so that the order of codes does not
    matter. `Code id:` in a description outranks it. Codes that are not codable are
    headings.

    Parameters
    ----------
    path : Path
        A `.qdc`: XML in a namespace `urn:QDA-XML:codebook:*`; or a `.qdpx`, of whose project
        the codebook alone is read.

    Returns
    -------
    Codebook
        The file's codes alone; `notes` say what was placed by default or left out.

    Raises
    ------
    ConfigError
        If there is no such file, it is larger than `MAX_BYTES`, not well-formed, has a DOCTYPE
        (which could name other files or blow up in memory), or is no codebook; if codes lack or
        share what the standard requires of each (guid, name, isCodable), or nest too deep.
    """
    book = _find_codebook(path)
    found, problems = _list_codes(book)
    if problems:
        raise ConfigError(path.name, _first(problems))
    entries, notes = _make_entries(found)
    n_sets = len(book.findall("{*}Sets/{*}Set"))
    if n_sets:
        notes.append(f"{n_sets} set{'s' * (n_sets > 1)} of codes left out: the codes are read.")
    ids = Counter((entry.group, entry.code) for entry in entries)
    problems = [
        f"two codes of {group} have the id '{code}'. Change `Code id:` in one description."
        for (group, code), n in ids.items()
        if n > 1
    ]
    problems += [
        f"{entry.group} '{entry.name}': `Code id: {entry.code}` cannot be an id."
        for entry in entries
        if not entry.code or ":" in entry.code or entry.code == NONE
    ]
    if problems:
        raise ConfigError(path.name, _first(problems))
    return Codebook(tuple(entries), tuple(notes))


def write_qdc(codebook: Codebook, path: Path) -> Path:
    """Write a codebook for a QDA program; `read_qdc` gives the same codes back.

    Parameters
    ----------
    codebook : Codebook
        Line breaks within its texts become spaces.
    path : Path
        Overwritten if it exists.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ConfigError
        If there is no code, a group is unknown, or a text holds what XML cannot hold.
    """
    problems = [] if codebook.entries else ["the codebook holds no codes."]
    problems += [
        f"{entry.group}.{entry.code}: a codebook has no such group. Allowed: {quoted(CODE_GROUPS)}."
        for entry in codebook
        if entry.group not in CODE_GROUPS
    ]
    problems += [
        f"{entry.group}.{entry.code}: it holds control characters, which XML cannot hold."
        for entry in codebook
        if _NOT_IN_XML.search(f"{entry.name}{entry.source_id}{_describe(entry)}")
    ]
    if problems:
        raise ConfigError(path.name, _first(problems))
    root = ElementTree.Element("CodeBook", xmlns=_NAMESPACE, origin="cjm_research")
    codes = ElementTree.SubElement(root, "Codes")
    for group in dict.fromkeys(entry.group for entry in codebook):
        heading = ElementTree.SubElement(
            codes, "Code", guid=_own_guid(group), name=_GROUP_NAMES[group], isCodable="false"
        )
        for entry in codebook.group(group):
            code = ElementTree.SubElement(
                heading,
                "Code",
                guid=entry.source_id or _own_guid(f"{group}:{entry.code}"),
                name=_one_line(entry.name),
                isCodable="true",
            )
            ElementTree.SubElement(code, "Description").text = _describe(entry)
    ElementTree.indent(root)
    path.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    return path


@dataclass(frozen=True)
class _Found:
    """A code as the file has it; `path` holds the names from the top-level code down to it."""

    path: tuple[str, ...]
    guid: str
    codable: bool
    description: str

    @property
    def group(self) -> str:
        """Name of the top-level code as a code group would be written."""
        return slug(self.path[0]).removesuffix("s")


def _find_codebook(path: Path) -> ElementTree.Element:
    """Return the element CodeBook of a `.qdc`, or of the project in a `.qdpx`."""
    if not path.is_file():
        raise ConfigError(path.name, ["there is no such file."])
    try:
        if path.suffix.casefold() == PROJECT_SUFFIX:
            root = read_project_root(path)
            space = root.tag.removesuffix("Project")
            book = root.find(f"{space}CodeBook")
            return ElementTree.Element(f"{space}CodeBook") if book is None else book
        if path.stat().st_size > MAX_BYTES:
            raise RefiError(f"it is larger than {MAX_BYTES // 1024**2} MiB.")
        content = path.read_bytes()
        if content.startswith(b"PK"):
            raise RefiError(_WHOLE)
        root = parse(content)
    except RefiError as error:
        raise ConfigError(path.name, [str(error)]) from error
    if root.tag.startswith("{urn:QDA-XML:project:"):
        raise ConfigError(path.name, [_WHOLE])
    if not (root.tag.startswith(f"{{{CODEBOOK}") and root.tag.endswith("}CodeBook")):
        raise ConfigError(
            path.name,
            [
                f"it begins with '{root.tag[:80]}'; a REFI-QDA codebook begins with CodeBook in "
                f"the namespace {_NAMESPACE}."
            ],
        )
    return root


_WHOLE = "it is a whole project (.qdpx). Export the codebook alone, or call the file codebook.qdpx."


def _list_codes(root: ElementTree.Element) -> tuple[list[_Found], list[str]]:
    """Return the codes in file order, and what is wrong with them."""
    space = root.tag.removesuffix("CodeBook")
    found: list[_Found] = []
    problems: list[str] = []
    seen: set[str] = set()
    top = [child for codes in root.iterfind(f"{space}Codes") for child in codes]
    waiting: list[tuple[ElementTree.Element, tuple[str, ...]]] = [(code, ()) for code in top[::-1]]
    while waiting:
        element, above = waiting.pop()
        if element.tag != f"{space}Code":
            continue
        name = _one_line(element.get("name", ""))
        guid = element.get("guid", "").strip()
        codable = _BOOLEANS.get(element.get("isCodable", "").strip())
        called = f"code '{name}'" if name else f"the code with guid '{guid}'"
        if not name:
            problems.append(f"{called} has no name.")
        if not GUID.fullmatch(guid):
            problems.append(f"{called}: guid '{guid}' is not 32 hexadecimal digits as 8-4-4-4-12.")
        guid = guid.strip("{}").lower()
        if guid and guid in seen:
            problems.append(f"{called}: guid {guid} is that of another code as well.")
        seen.add(guid)
        if codable is None:
            problems.append(f"{called}: isCodable should be 'true' or 'false'.")
        # ATLAS.ti writes the codes above into the name.
        parts = tuple(part.strip() for part in name.split("::"))
        path = (*above, *(parts if all(parts) else (name,)))
        description = element.findtext(f"{space}Description") or ""
        found.append(_Found(path, guid, bool(codable), description))
        if len(path) < _MOST_LEVELS:
            waiting += [(child, path) for child in reversed(element)]
        elif element.find(f"{space}Code") is not None:
            problems.append(f"{called} lies {_MOST_LEVELS} levels deep and holds further codes.")
    if not found:
        problems.append("it holds no codes.")
    return found, problems


def _make_entries(found: Sequence[_Found]) -> tuple[list[CodeEntry], list[str]]:
    """Place codes in their groups and give them ids; return the notes on it as well."""
    parents = {code.path[0] for code in found if len(code.path) > 1}
    entries, placed, taken, left = [], [], [], Counter[str]()
    for code in found:
        top, group = code.path[0], SAID_AS.get(code.group)
        is_heading = (
            len(code.path) == 1 and top in parents and (group or code.group in FIXED_GROUPS)
        )
        if is_heading or not code.codable:
            continue
        if group is None and code.group in FIXED_GROUPS:
            left[top] += 1
            continue
        if group is None:
            placed.append(top)
        taken.append(code)
        entries.append((group or "pain_point", code))
    notes = []
    if placed:
        names = list(dict.fromkeys(placed))
        notes.append(
            f"{len(placed)} code{'s' * (len(placed) > 1)} became pain points, for want of a "
            f"top-level code that names another group: {_named(names)}. Such codes are called "
            f"{quoted(_GROUP_NAMES.values())}."
        )
    notes += [
        f"{n} code{'s' * (n > 1)} of '{top}' left out: a codebook does not define that group."
        for top, n in left.items()
    ]
    return _with_ids(entries), notes


def _with_ids(placed: Sequence[tuple[str, _Found]]) -> list[CodeEntry]:
    entries = [(group, code, _read_description(code.description)) for group, code in placed]
    # Of every form of an id, how many codes of the group have it: a form that two share is used
    # by neither, so that neither takes the other's place when the file's order changes.
    said = Counter((group, texts["code"]) for group, _, texts in entries if "code" in texts)
    forms = Counter(
        (group, form)
        for group, code, texts in entries
        if "code" not in texts
        for form in set(_id_forms(code))
    )
    made = []
    for group, code, texts in entries:
        *short, longest = _id_forms(code)
        free = (
            form for form in short
            if forms[group, form] == 1 and not said[group, form] and form not in ("", NONE)
        )  # fmt: skip
        texts = {"code": next(free, longest)} | texts
        own = _own_guid(f"{group}:{texts['code']}")
        source_id = "" if code.guid == own else code.guid
        made.append(CodeEntry(group=group, name=code.path[-1], source_id=source_id, **texts))
    return made


def _id_forms(code: _Found) -> list[str]:
    """Return what a code's id may be, shortest first; the last is like no other."""
    name = slug(code.path[-1])
    above = slug(code.path[-2]) if len(code.path) > 1 else ""
    forms = [name, *([f"{above}_{name}"] if above and name else [])]
    return [*forms, f"{forms[-1] or 'code'}_{code.guid.replace('-', '')}"]


def _read_description(text: str) -> dict[str, Any]:
    """Take a description apart by its headings; what stands above them is the definition."""
    parts: dict[str, list[str]] = {"definition": []}
    at = "definition"
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            at, line = _HEADINGS[_one_line(heading[1]).lower()], heading[2]
            parts.setdefault(at, [])
        item = _one_line(re.sub(r"^\s*[-•*]\s+", "", line) if at != "definition" else line)
        if item:
            parts[at].append(item)
    lists = ("examples", "cues", "sure_cues")
    return {key: tuple(of) if key in lists else " ".join(of) for key, of in parts.items()}


def _describe(entry: CodeEntry) -> str:
    """Return the description that `_read_description` takes apart again."""
    lines = [_one_line(entry.definition)]
    for heading, text in (("Include", entry.inclusion), ("Exclude", entry.exclusion)):
        lines += [f"{heading}: {_one_line(text)}"] if text else []
    for heading, items in (
        ("Examples", entry.examples),
        ("Cues", entry.cues),
        ("Sure cues", entry.sure_cues),
    ):
        lines += [f"{heading}:", *(f"- {_one_line(item)}" for item in items)] if items else []
    return "\n".join([*lines, f"Code id: {entry.code}"]).strip()


def _own_guid(name: str) -> str:
    return str(uuid.uuid5(_OWN_GUIDS, name))


def slug(name: str) -> str:
    """Lower case without accents, `_` for whatever is neither letter nor digit."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", plain)).strip("_")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _named(names: Sequence[str]) -> str:
    more = len(names) - 5
    return quoted(names[:5]) + (f" and {more} more" if more > 0 else "")


def _first(problems: Iterable[str]) -> list[str]:
    """Return so many problems that a person can read them."""
    listed = list(problems)
    more = len(listed) - _MOST_LISTED
    return listed[:_MOST_LISTED] + ([f"and {more} more like these."] if more > 0 else [])
