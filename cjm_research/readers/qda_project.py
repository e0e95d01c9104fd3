"""Projects of QDA programs (REFI-QDA, `.qdpx`): their texts, codes, and who coded which words.

NVivo, ATLAS.ti, MAXQDA, QualCoder and others exchange them. Where a text lies outside the archive,
reading goes on without it; `basePath` is a folder on somebody's computer and is not even looked at.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from cjm_research.errors import SourceError
from cjm_research.readers.qda_offsets import (
    Claim,
    Measured,
    choose_reading,
    count_unconfirmed,
    measure,
    place,
)
from cjm_research.readers.text import decode
from cjm_research.refi_qda import (
    BROKEN_ZIP,
    PROJECT_SUFFIX,
    RefiError,
    read_member,
    read_project_root,
)

MAX_TEXT_CHARS = 50_000_000
"""Most characters of all texts of a project together."""
_INSIDE = "internal://"
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_MOST_LEVELS = 50
_BY_OFFSETS = "selections placed by their offsets alone: their name is nowhere in the text"
_MEDIA = ("AudioSource", "VideoSource")
_OTHER_SOURCES = ("PDFSource", "PictureSource")
_OTHER_SELECTIONS = ("PDFSelection", "PictureSelection", "AudioSelection", "VideoSelection")


@dataclass(frozen=True)
class Code:
    """A code of the project; `path` holds the names from the top-level code down to it."""

    guid: str
    path: tuple[str, ...]
    colour: str = ""
    description: str = ""


@dataclass(frozen=True)
class Coding:
    """Somebody's code for a selection: GUIDs of codes and coder, and when, as the file says it."""

    codes: tuple[str, ...]
    coder: str
    at: str


@dataclass(frozen=True)
class Selection:
    """A passage of a text that somebody marked.

    Attributes
    ----------
    start, end : int
        Characters of the source's `text`; -1 where `problem` says why it cannot be placed.
    said : str
        The offsets as the file has them, for messages.
    note : str
        Its description; a selection without codings is a memo.
    coder, at : str
        Who made it, and when.
    codings : tuple of Coding
    problem : str
    """

    start: int
    end: int
    said: str
    note: str
    coder: str
    at: str
    codings: tuple[Coding, ...]
    problem: str = ""


@dataclass(frozen=True)
class TextSource:
    """A text of the project: a document, or the transcript of a recording.

    Attributes
    ----------
    number : int
        Its place in the project, from 1; its name may be a person's.
    name : str
    text : str
        With LF for line ends, in NFC; empty where `missing` says why there is none.
    missing : str
    selections : tuple of Selection
    times : tuple of (int, float)
        Characters of `text` with their time in the recording, in seconds.
    """

    number: int
    guid: str
    name: str
    text: str
    missing: str
    selections: tuple[Selection, ...]
    times: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Project:
    """A project as its file has it.

    Attributes
    ----------
    origin : str
        Name of the program that wrote it.
    users : dict of GUID to name
    codes : dict of GUID to Code
    cases : frozenset of GUID
        NVivo may code with a case; it is no code.
    sources : tuple of TextSource
    counting : str
        How offsets are counted, and what shows it.
    odd : dict of str to int
        What is left out or odd, counted.
    """

    origin: str
    users: dict[str, str]
    codes: dict[str, Code]
    cases: frozenset[str]
    sources: tuple[TextSource, ...]
    counting: str
    odd: dict[str, int]


def is_project(path: Path) -> bool:
    """Return True when a file's name says that it is a project of a QDA program."""
    return path.suffix.casefold() == PROJECT_SUFFIX


def read_project(path: Path, *, encoding: str = "") -> Project:
    """Read a project of a QDA program.

    Offsets are counted differently by the programs: in characters, UTF-16 units or bytes, a line
    end as one or as two. Where selections repeat their words as `name`, the way of counting
    under which most of them stand where they should is used for the whole project, and a
    selection whose name stands elsewhere is set aside with its `problem`.

    Parameters
    ----------
    path : Path
        A `.qdpx`.
    encoding : str
        What study.yaml declares, for texts that are not UTF-8.

    Raises
    ------
    SourceError
        If it is no archive with a project, grows beyond reason, or has a DOCTYPE.
    """
    try:
        root = read_project_root(path)
        with zipfile.ZipFile(path) as archive:
            reader = _Reader(path.name, root, archive, encoding)
            reader.read()
    except RefiError as error:
        raise _unusable(path.name, str(error)) from error
    except BROKEN_ZIP as error:
        raise _unusable(path.name, f"it cannot be read ({type(error).__name__}).") from error
    return reader.project()


def _unusable(where: str, problem: str) -> SourceError:
    return SourceError(
        where, problem, "export the project again from the QDA program, as REFI-QDA (.qdpx)."
    )


@dataclass
class _Found:
    """A text before offsets are placed; what is said of it may stand in several elements."""

    number: int
    guid: str
    name: str
    measured: Measured | None
    missing: str
    claims: list[tuple[Claim, ElementTree.Element]] = field(default_factory=list)
    points: list[tuple[int, float]] = field(default_factory=list)


class _Reader:
    """Walks through a project once, and counts what is not taken."""

    def __init__(
        self, where: str, root: ElementTree.Element, archive: zipfile.ZipFile, encoding: str
    ) -> None:
        self.where = where
        self.root = root
        self.space = root.tag.removesuffix("Project")
        self.archive = archive
        self.encoding = encoding
        self.odd: Counter[str] = Counter()
        self.found: list[_Found] = []
        self._by_path: dict[str, _Found] = {}
        self._chars = 0
        self._members: dict[str, zipfile.ZipInfo | None] = {}
        for member in archive.infolist():
            folder, slash, name = member.filename.replace("\\", "/").partition("/")
            if slash and folder.casefold() == "sources" and name:
                key = name.casefold()
                self._members[key] = None if key in self._members else member

    def read(self) -> None:
        for element in self._children("Sources"):
            kind = self._local(element)
            if kind == "TextSource":
                self._add_text(element, element.get("name", ""))
            elif kind in _MEDIA:
                transcripts = element.findall(f"{self.space}Transcript")
                for transcript in transcripts:
                    name = transcript.get("name", "") or element.get("name", "")
                    self._add_text(transcript, name)
                self.odd["recordings without a transcript, left out"] += not transcripts
            elif kind in _OTHER_SOURCES:
                self.odd["PDF and picture sources, left out"] += 1
            for inner in element.iter():
                if self._local(inner) in _OTHER_SELECTIONS:
                    what = "selections in pictures, PDF pages and recordings, left out"
                    self.odd[what] += 1
            n_whole = len(element.findall(f"{self.space}Coding"))
            self.odd["codes for whole documents, left out"] += n_whole
        for part in ("Cases", "Variables", "Notes", "Links", "Sets", "Graphs"):
            what = f"{part.casefold()} of the project, left out"
            self.odd[what] += len(self._children(part))

    def project(self) -> Project:
        origin = self.root.get("origin", "")
        texts = [(one.measured, [claim for claim, _ in one.claims]) for one in self.found]
        reading = choose_reading(texts, is_atlas="atlas" in origin.casefold())
        sources = []
        for one in self.found:
            claims = [claim for claim, _ in one.claims]
            spans = place(one.measured, claims, reading)
            n_alone = count_unconfirmed(one.measured, claims, spans)
            if n_alone:
                self.odd[_BY_OFFSETS] += n_alone
            selections = tuple(
                self._selection(element, claim, *span)
                for (claim, element), span in zip(one.claims, spans, strict=True)
            )
            for selection in selections:
                if selection.problem:
                    self.odd[f"selections set aside: {selection.problem}"] += 1
            times = () if one.measured is None else one.measured.times(one.points, reading)
            text = "" if one.measured is None else one.measured.text
            sources.append(
                TextSource(one.number, one.guid, one.name, text, one.missing, selections, times)
            )
        self.odd.update(reading.odd)
        codes = self._codes()
        cases = frozenset(_guid(case) for case in self._children("Cases"))
        users = self._users()
        odd = {what: n for what, n in self.odd.items() if n}
        return Project(origin, users, codes, cases, tuple(sources), reading.words, odd)

    def _children(self, name: str) -> list[ElementTree.Element]:
        parent = self.root.find(f"{self.space}{name}")
        return [] if parent is None else list(parent)

    def _local(self, element: ElementTree.Element) -> str:
        return element.tag.removeprefix(self.space)

    def _users(self) -> dict[str, str]:
        users: dict[str, str] = {}
        for user in self._children("Users"):
            users.setdefault(_guid(user), " ".join(user.get("name", "").split()))
        return users

    def _codes(self) -> dict[str, Code]:
        codes: dict[str, Code] = {}
        book = self.root.find(f"{self.space}CodeBook/{self.space}Codes")
        waiting: list[tuple[ElementTree.Element, tuple[str, ...]]] = []
        waiting += [(code, ()) for code in reversed([] if book is None else list(book))]
        while waiting:
            element, above = waiting.pop()
            if self._local(element) != "Code":
                continue
            name = " ".join(element.get("name", "").split())
            # ATLAS.ti writes the codes above into the name.
            parts = tuple(part.strip() for part in name.split("::"))
            path = (*above, *(parts if all(parts) else (name,)))
            guid = _guid(element)
            self.odd["codes with the guid of another, left out"] += guid in codes
            about = " ".join((element.findtext(f"{self.space}Description") or "").split())
            codes.setdefault(guid, Code(guid, path, element.get("color", ""), about))
            if len(path) < _MOST_LEVELS:
                waiting += [(child, path) for child in reversed(element)]
            else:
                what = f"codes more than {_MOST_LEVELS} levels deep, left out with those below them"
                self.odd[what] += sum(self._local(child) == "Code" for child in element)
        return codes

    def _add_text(self, element: ElementTree.Element, name: str) -> None:
        """Take a text and what is marked in it; a transcript may be a document once more."""
        address = element.get("plainTextPath", "").strip()
        one = self._by_path.get(address) if address else None
        if one is None:
            number = len(self.found) + 1
            text, missing = self._text(element, address, number)
            measured = None if missing else measure(text)
            one = _Found(number, _guid(element), name.strip(), measured, missing)
            self.found.append(one)
            self._by_path[address] = one
        else:
            self.odd["texts that are named twice, read once"] += 1
        points: dict[str, tuple[int | None, int | None]] = {}
        for child in element:
            kind = self._local(child)
            if kind == "PlainTextSelection":
                start, end = (_whole(child.get(key)) for key in ("startPosition", "endPosition"))
                one.claims.append((Claim(start, end, child.get("name", "")), child))
            elif kind == "SyncPoint":
                point = _whole(child.get("position")), _whole(child.get("timeStamp"))
                points.setdefault(_guid(child), point)
                if point[0] is not None and point[1] is not None and abs(point[1]) < 10**12:
                    one.points.append((point[0], point[1] / 1000))
        for child in element.iterfind(f"{self.space}TranscriptSelection"):
            ends = (child.get(key, "") for key in ("fromSyncPoint", "toSyncPoint"))
            start, end = (points.get(_plain_guid(guid), (None, None))[0] for guid in ends)
            one.claims.append((Claim(start, end, child.get("name", "")), child))

    def _text(self, element: ElementTree.Element, address: str, number: int) -> tuple[str, str]:
        """Return the text of a source, or why there is none."""
        content = element.find(f"{self.space}PlainTextContent")
        if not address and content is None:
            return "", "the project names no plain text for it"
        if not address and content is not None:
            text = content.text or ""
        elif not address.startswith(_INSIDE):
            return "", "its text lies outside the archive"
        else:
            key = address.removeprefix(_INSIDE).casefold()
            member = self._members.get(key)
            if member is None:
                twice = key in self._members
                return "", f"its text is {'twice' if twice else 'not'} in the archive"
            try:
                data = read_member(self.archive, member)
                text, _ = decode(data, f"{self.where}, text {number}", encoding=self.encoding)
            except SourceError:
                return "", "its text is not UTF-8 (declare `encoding:`)"
        self._chars += len(text)
        if self._chars > MAX_TEXT_CHARS:
            raise RefiError(
                f"its texts have more than {MAX_TEXT_CHARS / 1e6:.0f} million characters together; "
                "that is refused."
            )
        return text, ""

    def _selection(
        self, element: ElementTree.Element, claim: Claim, start: int, end: int, problem: str
    ) -> Selection:
        coder, at = _made_by(element)
        codings = []
        for coding in element.iterfind(f"{self.space}Coding"):
            by, when = _made_by(coding)
            refs = coding.iterfind(f"{self.space}CodeRef")
            codes = tuple(_plain_guid(ref.get("targetGUID", "")) for ref in refs)
            codings.append(Coding(codes, by or coder, when or at))
        note = " ".join((element.findtext(f"{self.space}Description") or "").split())
        said = f"{claim.start} to {claim.end}"
        return Selection(start, end, said, note, coder, at, tuple(codings), problem)


def _made_by(element: ElementTree.Element) -> tuple[str, str]:
    return _plain_guid(element.get("creatingUser", "")), element.get("creationDateTime", "").strip()


def _guid(element: ElementTree.Element) -> str:
    return _plain_guid(element.get("guid", ""))


def _plain_guid(guid: str) -> str:
    return guid.strip().strip("{}").casefold()


def _whole(text: str | None) -> int | None:
    """Return a whole number as XML writes it, or None."""
    text = (text or "").strip()
    return int(text) if _WHOLE.fullmatch(text) else None
