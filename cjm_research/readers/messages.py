"""The words of one message: without mark-up, and without the older messages that it quotes."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """What somebody wrote.

    Attributes
    ----------
    text : str
        Their own words; empty where there are none.
    n_quoted : int
        Lines (of HTML, blocks) of older messages, left out.
    is_html : bool
        True when mark-up was taken away.
    """

    text: str
    n_quoted: int = 0
    is_html: bool = False


def read_message(text: str) -> Message:
    """Return the words of a ticket, review or post as they were exported.

    Only what looks like HTML as a whole (a closing tag, a line break) is read as HTML: someone
    who writes about `<head>` keeps it. Tags are dropped and never repaired; what is left is
    text, and is escaped like all text wherever it is shown.
    """
    is_html = bool(_IS_HTML.search(text))
    n_blocks = 0
    if is_html:
        text, n_blocks = _strip_tags(text)
    if is_html or _ENTITY.search(text):
        is_html, text = True, html.unescape(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    own, n_lines = _drop_quoted(lines)
    return Message(_tidy(own), n_blocks + n_lines, is_html)


_NAMES = "html|body|div|p|span|a|b|i|u|em|strong|table|tr|td|ul|ol|li|font|blockquote|h[1-6]|pre"
_IS_HTML = re.compile(rf"</(?:{_NAMES})\s*>|<br\s*/?>|<p>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|amp|quot|apos|lt|gt|nbsp);", re.IGNORECASE)
# Every branch stops at the next `<`, so that no text takes longer than its length.
_TAG = re.compile(r"<!--|-->|</?(?P<name>[A-Za-z][A-Za-z0-9]*)(?=[\s/>])[^<>]*>")
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})
_QUOTES = frozenset({"blockquote"})
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "br",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "pre",
        "hr",
        *(f"h{n}" for n in range(1, 7)),
    }
)


def _strip_tags(text: str) -> tuple[str, int]:
    """Return what a browser would show, and how many quoted blocks were left out."""
    pieces: list[str] = []
    position, depth, n_quoted, unseen = 0, 0, 0, ""

    def keep(end: int) -> None:
        if not unseen and not depth:
            pieces.append(_SPACES.sub(" ", text[position:end]))

    for tag in _TAG.finditer(text):
        keep(tag.start())
        position = tag.end()
        mark, name = tag[0], (tag["name"] or "").casefold()
        closes = mark.startswith("</")
        if unseen:
            if mark == unseen or (closes and name == unseen):
                unseen = ""
        elif mark == "<!--":
            unseen = "-->"
        elif name in _UNSEEN and not closes:
            unseen = name
        elif name in _QUOTES:
            depth = max(0, depth - 1) if closes else depth + 1
            n_quoted += not closes
        elif name in _BLOCKS and not depth:
            pieces.append("\n")
    keep(len(text))
    return "".join(pieces), n_quoted


_SPACES = re.compile(r"\s+")
# How programs introduce the message that is answered, in the languages that are met most.
_ATTRIBUTION = re.compile(
    r"\s*(?:On\b.{4,200}\bwrote|Am\b.{4,200}\bschrieb\b.{0,100}|Le\b.{4,200}\ba écrit"
    r"|El\b.{4,200}\bescribió|Il\b.{4,200}\bha scritto|Op\b.{4,200}\bschreef\b.{0,100})\s?:\s*",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*[-_]{2,20}\s?(?:Original Message|Forwarded message|Ursprüngliche Nachricht"
    r"|Weitergeleitete Nachricht|Message d[’']origine|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht)\s?[-_]{2,20}\s*",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(?:From|Von|De|Da|Van)\s?:\*?\s.{1,300}", re.IGNORECASE)
_SENT = re.compile(
    r"\s*\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Fecha|Inviato|Verzonden)\s?:"
    r".{1,200}",
    re.IGNORECASE,
)
_LONGEST = 600
"""Characters; a longer line introduces nothing."""


def _drop_quoted(lines: Sequence[str]) -> tuple[list[str], int]:
    """Return the lines that are the writer's own, and how many others have words.

    What stands below quoted lines is kept: some answer under what they quote. Without the sign
    `>` nobody can tell where the older message ends, so that all of it goes.
    """
    own: list[str] = []
    n_quoted = position = 0
    while position < len(lines):
        line = lines[position]
        length = _introduces(lines, position)
        below = [text for text in lines[position + length : position + length + 3] if text.strip()]
        if length and not (below and below[0].lstrip().startswith(">")):
            return own, n_quoted + sum(bool(text.strip()) for text in lines[position:])
        if length or line.lstrip().startswith(">"):
            n_quoted += max(length, 1)
            position += max(length, 1)
            continue
        own.append(line)
        position += 1
    return own, n_quoted


def _introduces(lines: Sequence[str], position: int) -> int:
    """Return how many lines from here on introduce an older message; 0 for none."""
    here = lines[position]
    if len(here) > _LONGEST:
        return 0
    if _ORIGINAL.fullmatch(here):
        return 1
    following = lines[position + 1 : position + 4]
    if _FROM.fullmatch(here) and any(_SENT.fullmatch(text[:_LONGEST]) for text in following):
        return 1
    # Programs break the line of a long address: "On Monday ... <a@example.org>" / "wrote:".
    for length, text in ((1, here), (2, " ".join([here, *following[:1]]))):
        told = len(text) <= _LONGEST and _ATTRIBUTION.fullmatch(text)
        # "On the website I wrote:" names no day and no address.
        if told and (re.search(r"[\d@]", text) or _is_quote_next(following[length - 1 :])):
            return length
    return 0


def _is_quote_next(lines: Sequence[str]) -> bool:
    filled = [line for line in lines if line.strip()]
    return bool(filled) and filled[0].lstrip().startswith(">")


def _tidy(lines: Sequence[str]) -> str:
    """Return lines without spaces at their ends, with one blank line at most between two."""
    text = "\n".join(" ".join(line.split()) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
