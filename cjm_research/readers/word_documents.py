"""Word documents: their paragraphs as a reader sees them, from an archive that is not trusted."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cjm_research.errors import SourceError
from cjm_research.readers.archives import DOCTYPES, check_archive

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH = f"{_WORD}p"
_BLANKS = {f"{_WORD}br": "\n", f"{_WORD}cr": "\n", f"{_WORD}tab": "\t"}
# What somebody deleted with changes tracked, and the second form of a drawing's text.
_UNSEEN = {
    f"{_WORD}del",
    f"{_WORD}moveFrom",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_XML = (".xml", ".rels")


def read_paragraphs(path: Path) -> tuple[str, ...]:
    """Return the paragraphs of a `.docx`, tables included, lines broken where they break.

    Comments, notes, headers, footers, hidden metadata and deleted words are not read.

    Raises
    ------
    SourceError
        If it is no whole Word document, grows beyond reason, or declares XML entities.
    """
    check_archive(path, "a whole, unlocked Word document (.docx)", "as .docx or plain text")
    import docx

    try:
        content = path.read_bytes()
        _refuse_doctype(content, path.name)
        body = docx.Document(io.BytesIO(content)).element.body
        return tuple(map(_read_paragraph, _find_paragraphs(body)))
    except SourceError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds on what is no document
        raise SourceError(
            path.name,
            f"it cannot be read as a Word document ({type(error).__name__}).",
            "open it in a word processor and save it again as .docx, or as plain text.",
        ) from error


def _refuse_doctype(content: bytes, where: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = (archive.read(name) for name in archive.namelist() if name.endswith(_XML))
        if any(mark in part for part in parts for mark in DOCTYPES):
            raise SourceError(
                where,
                "it declares entities of its own (DOCTYPE), which no word processor writes.",
                "open it in a word processor and save it again as .docx.",
            )


def _find_paragraphs(body: Any) -> Iterator[Any]:
    # By hand: a document may be nested more deeply than Python calls go.
    waiting = [body]
    while waiting:
        element = waiting.pop()
        if element.tag == _PARAGRAPH:
            yield element
        if element.tag not in _UNSEEN:
            waiting += reversed(element)  # a text box holds paragraphs inside one


def _read_paragraph(paragraph: Any) -> str:
    parts: list[str] = []
    waiting = list(reversed(paragraph))
    while waiting:
        element = waiting.pop()
        if element.tag == f"{_WORD}t":
            parts.append(element.text or "")
        elif element.tag in _BLANKS:
            parts.append(_BLANKS[element.tag])
        elif element.tag not in _UNSEEN and element.tag != _PARAGRAPH and not _is_hidden(element):
            waiting += reversed(element)
    return "".join(parts)


def _is_hidden(element: Any) -> bool:
    return element.tag == f"{_WORD}r" and element.find(f"{_WORD}rPr/{_WORD}vanish") is not None
