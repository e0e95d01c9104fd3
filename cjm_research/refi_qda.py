"""REFI-QDA files as they lie on disk: untrusted XML, alone (`.qdc`) or in a zip (`.qdpx`).

What QDA programs (NVivo, ATLAS.ti, MAXQDA, QualCoder and others) exchange. Nothing is extracted, no
entity is ever expanded, and no path that a file names is followed outside it.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

PROJECT_SUFFIX = ".qdpx"
CODEBOOK = "urn:QDA-XML:codebook:"
PROJECT = "urn:QDA-XML:project:"
GUID = re.compile(r"(\{)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?(1)\})")
MAX_PROJECT_BYTES = 64 * 1024 * 1024
"""Largest description of a project that is read; its texts lie beside it."""
MAX_MEMBER_BYTES = 100_000_000
MAX_RATIO = 200
_SMALL_BYTES = 20_000_000
MAX_MEMBERS = 100_000
MAX_DEPTH = 10_000
MAX_ELEMENTS = 2_000_000
BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError,
)  # fmt: skip
"""What reading a damaged, locked or strange archive raises."""


class RefiError(Exception):
    """A file cannot be used; the message is the problem, as a sentence without its subject."""


class _Builder(ElementTree.TreeBuilder):
    """Stops at a DOCTYPE, so that no entity is declared, and at what no program would write."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._n = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise RefiError(
            "it has a DOCTYPE, which is refused for safety. Export it from the program once more."
        )

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self._depth += 1
        self._n += 1
        if self._depth > MAX_DEPTH:
            raise RefiError(f"it nests more than {MAX_DEPTH:,} levels deep, as no program writes.")
        if self._n > MAX_ELEMENTS:
            raise RefiError(f"it holds more than {MAX_ELEMENTS:,} elements, as no program writes.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def parse(content: bytes) -> ElementTree.Element:
    """Return the root of an XML document; a byte-order mark before it does no harm.

    Raises
    ------
    RefiError
        If it is not well-formed, has a DOCTYPE, or is nested or long beyond reason.
    """
    try:
        parser = ElementTree.XMLParser(target=_Builder())  # noqa: S314
        root: ElementTree.Element = ElementTree.fromstring(content, parser)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RefiError(f"it is not well-formed XML: {error}.") from error
    return root


def read_project_root(path: Path, *, at_most: int = MAX_PROJECT_BYTES) -> ElementTree.Element:
    """Return the root element of a project, `{urn:QDA-XML:project:...}Project`.

    Parameters
    ----------
    path : Path
        A `.qdpx`: a zip with `project.qde`, whatever its case.
    at_most : int
        Bytes of `project.qde`, counted while it is read.

    Raises
    ------
    RefiError
        If it is no such archive, or what it holds is refused.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise RefiError(f"it holds {len(members):,} files, as no program writes.")
            found = [one for one in members if one.filename.casefold() == "project.qde"]
            if len(found) != 1:
                raise RefiError(f"it holds {len(found)} files project.qde; a project has one.")
            content = read_member(archive, found[0], at_most=at_most)
    except BROKEN_ZIP as error:
        raise RefiError(
            f"it is no project archive that can be read ({type(error).__name__}). Export the "
            "project again, without a password."
        ) from error
    root = parse(content)
    if not (root.tag.startswith(f"{{{PROJECT}") and root.tag.endswith("}Project")):
        raise RefiError(
            f"its project.qde begins with '{root.tag[:80]}'; a REFI-QDA project begins with "
            f"Project in the namespace {PROJECT}1.0."
        )
    return root


def read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, at_most: int = MAX_MEMBER_BYTES
) -> bytes:
    """Return a member's bytes, counted while they are unpacked: a directory can lie.

    Raises
    ------
    RefiError
        If there are more of them than `at_most`, or many times more than are packed.
    """
    out = io.BytesIO()
    with archive.open(member) as stream:
        while chunk := stream.read(1 << 20):
            out.write(chunk)
            size = out.tell()
            grows = size > _SMALL_BYTES and size / max(member.compress_size, 1) > MAX_RATIO
            if size > at_most or grows:
                raise RefiError(
                    f"unpacked, one of its files is larger than {size / 1e6:.0f} MB, from "
                    f"{member.compress_size / 1e6:.1f} MB; that is refused."
                )
    return out.getvalue()
