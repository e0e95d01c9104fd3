"""Every text that files hold, also inside archives, tables and pictures, and what leaks in it.

Identifying values of tests begin with "zq", which begins no word of any language.
"""

import base64
import json
import re
import zipfile
import zlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq


def texts_of(path):
    data = path.read_bytes()
    yield str(path)
    if path.suffix in (".xlsx", ".pptx", ".zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name
                yield archive.read(name).decode("utf-8", "replace")
    elif path.suffix not in (".png", ".parquet"):  # two letters are in compressed bytes by chance
        yield data.decode("utf-8", "replace")
    if path.suffix == ".parquet":
        yield str(pq.read_schema(path).metadata)
        yield repr(pq.read_metadata(path).to_dict())  # with the least and greatest value of each
        yield pd.read_parquet(path).to_json()
        yield repr(pd.read_parquet(path).to_dict("list"))
    if path.suffix == ".ipynb":
        yield json.dumps(json.loads(data), ensure_ascii=False)
    for picture in [data, *embedded(data)]:
        yield from chunks_of(picture)


def embedded(data):
    for match in re.finditer(rb"(?:base64,|\"image/png\": \")([A-Za-z0-9+/=\\n]{40,})", data):
        yield base64.b64decode(match[1].replace(b"\\n", b""))


def chunks_of(data):
    if not data.startswith(b"\x89PNG"):
        return
    position = 8
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        chunk = data[position + 8 : position + 8 + length]
        if kind == b"zTXt":
            chunk = zlib.decompress(chunk.partition(b"\0")[2][1:])
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            yield chunk.decode("latin-1")
        position += length + 12


def find_tokens(tokens, *places):
    """Return the tokens that a file holds, by file; `zq` when it is another one."""
    found = {}
    for place in places:
        for path in [place] if place.is_file() else sorted(Path(place).rglob("*")):
            if path.is_file():
                everything = "\n".join(texts_of(path)).casefold()
                hits = [token for token in tokens if token in everything]
                if hits or "zq" in re.sub(r"[a-z0-9+/=_-]{40,}", "", everything):
                    found[path.as_posix()] = hits or ["zq"]
    return found
