"""The whole report as one file, for an e-mail: every page a section, every link an anchor."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

import lxml.html
from lxml.html import HtmlElement
from markupsafe import Markup

SINGLE = "report.html"
OTHER_FILES = ("downloads/",)
"""Addresses of files that an e-mail does not bring along."""

_LISTS = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")
_HEADING = re.compile(r"h[1-6]$")


def join_pages(pages: Sequence[tuple[str, str]]) -> Markup:
    """Return the contents of all pages as the sections of one.

    Parameters
    ----------
    pages : sequence of (str, str)
        File name and HTML of each page as the templates rendered it: its text is escaped, its
        chapters are cleaned. The first page's headings keep their level, those of the others
        go down by one.

    Returns
    -------
    Markup
        A `section` per page. Ids carry the page's name, so that none stands twice; links
        between pages lead within the file. What is marked `data-single="skip"` is left out,
        as it stands on another page or needs a script; links to what stood there lead to the
        page that holds it.
    """
    parsed = [(href, _main(html)) for href, html in pages]
    homes = _homes(parsed)
    parts = []
    for place, (href, main) in enumerate(parsed):
        for element in main.iter():
            if isinstance(element.tag, str):
                _rewrite(element, href, homes)
                _unmark(element, href)
                if place:
                    _go_down(element)
        main.tag = "section"
        main.attrib.pop("tabindex", None)
        main.set("id", _page_id(href))
        main.set("class", f"page {main.get('class', '')}".strip())
        heading = next((e for e in main.iter() if e.get("data-was") == "h1"), None)
        if heading is not None:
            heading.set("id", heading.get("id") or f"{_page_id(href)}-title")
            main.set("aria-labelledby", heading.get("id"))
        parts.append(lxml.html.tostring(main, encoding="unicode", with_tail=False))
    # The templates escaped every text, and the serialiser does so again.
    return Markup("\n".join(parts))  # noqa: S704


def _main(html: str) -> HtmlElement:
    page = lxml.html.document_fromstring(html)
    body, main = page.find("body"), page.find(".//main")
    main.set("class", body.get("class", ""))
    for element in main.xpath(".//*[@data-single='skip']"):
        element.drop_tree()
    return main


def _homes(pages: Sequence[tuple[str, HtmlElement]]) -> Mapping[tuple[str, str], str]:
    """Return where each (page, anchor) is found in the one file."""
    homes = {(href, ""): _page_id(href) for href, _ in pages}
    elsewhere: dict[str, str] = {}
    for href, main in pages:
        for name in main.xpath(".//@id"):
            homes[href, name] = _anchor(href, name)
            elsewhere.setdefault(name, _anchor(href, name))
    # A quote is left out where it stands a second time: its other place is the one to go to.
    for href, main in pages:
        for link in main.xpath(".//@href"):
            page, _, name = link.partition("#")
            key = (page or href, unquote(name))
            if key not in homes and key[0] in dict(pages):
                homes[key] = elsewhere.get(key[1], _page_id(key[0]))
    return homes


def _rewrite(element: HtmlElement, href: str, homes: Mapping[tuple[str, str], str]) -> None:
    if element.get("id"):
        element.set("id", _anchor(href, element.get("id")))
    for name in _LISTS:
        if element.get(name):
            found = [_anchor(href, part) for part in element.get(name).split()]
            element.set(name, " ".join(found))
    link = element.get("href")
    if link is None:
        return
    if link.startswith(OTHER_FILES):
        element.attrib.pop("href")
        return
    page, _, name = link.partition("#")
    home = homes.get((page or href, unquote(name)))
    if home is not None:
        element.set("href", f"#{quote(home)}")


def _unmark(element: HtmlElement, href: str) -> None:
    """Leave one landmark a page: what names a part of one stage would name it of each."""
    if element.tag == "section":
        element.attrib.pop("aria-labelledby", None)
    elif element.tag == "nav" and element.get("aria-label"):
        element.set("aria-label", f"{element.get('aria-label')} ({href.removesuffix('.html')})")


def _go_down(element: HtmlElement) -> None:
    """Lower a heading by one level; it keeps its look."""
    tag = element.tag
    if _HEADING.match(tag):
        element.set("data-was", tag)
        element.tag = f"h{min(int(tag[1]) + 1, 6)}"


def _page_id(href: str) -> str:
    return f"page-{href.removesuffix('.html')}"


def _anchor(href: str, name: str) -> str:
    return f"{href.removesuffix('.html')}--{name}"
