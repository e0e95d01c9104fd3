"""Zip archives that are the same bytes for the same content, whenever they are written."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

CONTENT_TYPES = "[Content_Types].xml"
_THEN = (1980, 1, 1, 0, 0, 0)
_PROPERTIES = "docProps/core.xml"
_DATED = re.compile(rb"(<dcterms:(?:created|modified)\b[^>]*>)[^<]*")


def make_zip(members: Mapping[str, bytes]) -> bytes:
    """Return an archive with these members, by name, each dated 1 January 1980.

    Examples
    --------
    >>> make_zip({"b": b"2", "a": b"1"}) == make_zip({"a": b"1", "b": b"2"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # Programs find out what an Office file is from its first member.
        for name in sorted(members, key=lambda name: (name != CONTENT_TYPES, name)):
            entry = zipfile.ZipInfo(name, date_time=_THEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # As on Unix, wherever it is written: the system stands in the archive too.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def fix_zip(data: bytes) -> bytes:
    """Return an archive with the same members in a fixed order and without times.

    Parameters
    ----------
    data : bytes
        A zip; that of an Office file loses its dates of creation and change as well.

    Returns
    -------
    bytes
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if _PROPERTIES in members:
        members[_PROPERTIES] = _DATED.sub(rb"\g<1>1980-01-01T00:00:00Z", members[_PROPERTIES])
    return make_zip(members)
