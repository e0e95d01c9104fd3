"""Damage to files: what transfers, editors, programs and attackers do to bytes."""

from __future__ import annotations

import io
import random
import zipfile

from tests.fuzz.corpus import Example

_TOKENS = [
    b":", b"-->", b"\n\n", b"\r\n", b"\r", b"<v ", b"<", b">", b'"', b'""', b"'", b"=", b",", b";",
    b"\t", b"|", b"[", b"]", b"{", b"}", b"\\", b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf",
    "\u2028".encode(), "\u202e".encode(), "ß".encode(), b"-1", b"1e999", b"NaN", b"null", b"9" * 40,
    b"00:00:00.000", b"99:99:99", b"2026-02-30", b"03/04/2026", b"0" * 5000, b"  ", b"\n" * 50,
    b"WEBVTT", b'{"ImportId":', b"Ines Holm", b"PK\x03\x04", b"\x1f\x8b",
]  # fmt: skip
_ENCODINGS = ["utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32", "latin-1"]


def damage(example: Example, draw: random.Random) -> bytes:
    """Return the bytes of an example with one to six wounds.

    Of a zip, two times out of three a member is damaged and the container is whole.
    """
    if example.packed and zipfile.is_zipfile(io.BytesIO(example.content)) and draw.random() < 2 / 3:
        return _damage_member(example.content, draw)
    content = _wound_often(example.content, draw)
    if not example.packed and draw.random() < 0.1:
        return content.decode("utf-8", "replace").encode(draw.choice(_ENCODINGS), "replace")
    return content


def _wound_often(content: bytes, draw: random.Random) -> bytes:
    for _ in range(draw.choice([1, 1, 2, 3, 6])):
        content = draw.choice(_WOUNDS)(content, draw)
    return content


def _place(content: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(content) + 1)
    return start, min(len(content), start + draw.choice([1, 1, 2, 8, 40, 400]))


def _flip(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return content
    at = draw.randrange(len(content))
    return content[:at] + bytes([draw.randrange(256)]) + content[at + 1 :]


def _insert(content: bytes, draw: random.Random) -> bytes:
    at, _ = _place(content, draw)
    return content[:at] + draw.choice(_TOKENS) + content[at:]


def _delete(content: bytes, draw: random.Random) -> bytes:
    start, end = _place(content, draw)
    return content[:start] + content[end:]


def _repeat(content: bytes, draw: random.Random) -> bytes:
    start, end = _place(content, draw)
    return content[:end] + content[start:end] * draw.choice([1, 2, 50]) + content[end:]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _swap_lines(content: bytes, draw: random.Random) -> bytes:
    lines = content.split(b"\n")
    draw.shuffle(lines)
    return b"\n".join(lines)


_WOUNDS = [_flip, _insert, _insert, _delete, _repeat, _cut, _swap_lines]


_READ = ("document", "sheet1", "project.qde", "hit")


def _damage_member(content: bytes, draw: random.Random) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = {member.filename: old.read(member) for member in old.infolist()}
    hit = draw.choice(sorted(members))
    # Documents and sheets hold what is read; the rest is hit as often as all of them together.
    inner = [name for name in members if any(part in name for part in _READ)]
    hit = draw.choice(inner) if inner and draw.random() < 0.5 else hit
    members[hit] = _wound_often(members[hit], draw)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for name, data in members.items():
            new.writestr(name, data)
    return target.getvalue()
