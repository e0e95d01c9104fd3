"""Projects of QDA programs, written as the programs write them."""

import io
import uuid
import zipfile
from xml.sax.saxutils import escape, quoteattr

SPACE = "urn:QDA-XML:project:1.0"
ANA, BEN = "ana", "ben"


def guid(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def element(tag, *inside, **attributes):
    said = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{tag}{said}>{''.join(inside)}</{tag}>"


def coding(*codes, coder=ANA, at="2026-03-01T10:00:00Z"):
    made = {"creatingUser": guid(coder)} if coder else {}
    refs = [element("CodeRef", targetGUID=guid(code)) for code in codes]
    return element("Coding", *refs, guid=str(uuid.uuid4()), creationDateTime=at, **made)


def selection(start, end, *inside, name="", coder=ANA, note="", tag="PlainTextSelection", **more):
    ends = {"startPosition": start, "endPosition": end} if tag == "PlainTextSelection" else {}
    made = {"creatingUser": guid(coder)} if coder else {}
    about = [element("Description", escape(note))] if note else []
    return element(tag, *about, *inside, guid=str(uuid.uuid4()), name=name, **ends, **made, **more)


def count(text, *, unit="characters", crlf=2):
    """Return what a text counts, by the unit and what a CRLF counts."""
    if crlf == 1:
        text = text.replace("\r\n", "\n")
    return {
        "characters": len(text),
        "UTF-16 units": len(text.encode("utf-16-le")) // 2,
        "bytes": len(text.encode()),
    }[unit]


def words(text, part, *inside, unit="characters", crlf=2, named=True, n=0, **more):
    """Return a selection of a part of a text, counted in one of the ways."""
    start = -1
    for _ in range(n + 1):
        start = text.index(part, start + 1)
    low = count(text[:start], unit=unit, crlf=crlf)
    high = count(text[: start + len(part)], unit=unit, crlf=crlf)
    return selection(low, high, *inside, name=part if named else "", **more)


def text_source(name, *inside, path="", content=None, tag="TextSource"):
    given = {"plainTextPath": path or f"internal://{guid(name)}.txt"} if content is None else {}
    held = [] if content is None else [element("PlainTextContent", escape(content))]
    return element(tag, *held, *inside, guid=guid(name), name=name, **given)


def code(name, *below, text=""):
    about = [element("Description", escape(text))] if text else []
    return element(
        "Code", *about, *below, guid=guid(name), name=name, isCodable="true", color="#F00082"
    )


def qde(*sources, codes=(), users=(ANA, BEN), origin="NVivo 15", more=""):
    people = [element("User", guid=guid(name), name=name) for name in users]
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        + element(
            "Project",
            element("Users", *people),
            element("CodeBook", element("Codes", *codes)),
            element("Sources", *sources),
            more,
            xmlns=SPACE,
            name="p",
            origin=origin,
            basePath="D:\\secret-person\\study",
        )
    ).encode()


def pack(content, texts=None, *, folder="sources", name="project.qde", **more):
    """Return a `.qdpx` of a project and its texts by source name."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        for source, text in (texts or {}).items():
            data = text if isinstance(text, bytes) else text.encode()
            archive.writestr(f"{folder}/{guid(source)}.txt", data)
        for member, data in more.items():
            archive.writestr(member, data)
    return target.getvalue()
