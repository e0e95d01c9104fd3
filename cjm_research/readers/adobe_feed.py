"""Data feeds of Adobe Analytics: hits without a header, their columns and lookups beside them.

A delivery is one archive that holds everything, or `01-SUITE_DAY.tsv.gz` and its like with
`SUITE_DAY-lookup_data.tar.gz` and the manifest `SUITE_DAY.txt` in the same folder, or all of that
unpacked. A hit becomes its events: the page view or link, and what its list of events names.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cjm_research.config import Events
from cjm_research.errors import SourceError
from cjm_research.readers.archives import Members, refuse_broken
from cjm_research.readers.json_records import LEFT_OUT, LONGEST_LINE, Record, read_line

VISITOR, VISIT, EVENT, ENTRY = "visitor of the hit", "visit of the hit", "event of the hit", "entry"
PAGE, TIME, REVENUE = "page of the hit", "hit_time_gmt", "revenue of the hit"
HIT_IDS = ("hitid_high", "hitid_low")
_MANIFEST = b"Datafeed-Manifest-Version"
_HIT_FILES = re.compile(r"(hit_data|\d+-.+)\.tsv(\.gz)?", re.IGNORECASE)
_ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
_LOOKUPS = tuple(f"lookup_data{ending}" for ending in _ARCHIVES)
_COLUMNS = "column_headers.tsv"
_EVENT_NAMES = ("event.tsv", "event_lookup.tsv", "event_list.tsv")
_EXCLUDED = "hits that Adobe excludes from its reports (exclude_hit), left out"
_ADDED = "rows that nobody's visit made (hit_source 5, 7, 8, 9), left out"
_DUPLICATE = "purchases that Adobe marks as repeated (duplicate_purchase), left out"
_SETTINGS = "entries that say that an eVar was set, which is no event"
_SILENT = "hits without a page, a link or an event, left out"
_RAGGED = "hits with more or fewer fields than columns, left out"
_PRICELESS = "purchases whose revenue cannot be read"
_LATIN = "values that are no UTF-8, read as ISO-8859-1"


def is_feed(path: Path) -> bool:
    """Return True when a file holds hits: by its name, for they have no header, or its members'.

    Raises
    ------
    SourceError
        If it is an archive that cannot be read.
    """
    name = path.name.casefold()
    if _HIT_FILES.fullmatch(name):
        tells = [beside for beside in list_companions(path) if beside.suffix != ".txt"]
        return name.startswith("hit_data.") or bool(tells)
    if name.endswith(".zip"):
        with refuse_broken(path):
            names = [_base(member) for member in Members(path).names()]
        return any(_HIT_FILES.fullmatch(base) or base == _COLUMNS for base in names)
    # No other program packs its events in a tar.
    return name.endswith(_ARCHIVES)


def is_companion(path: Path) -> bool:
    """Return True when a file is read with the hits of its delivery, and holds none.

    Raises
    ------
    SourceError
        If it cannot be opened.
    """
    name = path.name.casefold()
    if name.endswith(".txt"):
        with refuse_broken(path), path.open("rb") as file:
            return file.read(1000).lstrip().startswith(_MANIFEST)
    if name.endswith(".tsv") and not _HIT_FILES.fullmatch(name):
        return (path.parent / _COLUMNS).is_file()
    return name.endswith((*_LOOKUPS, ".fin"))


def list_companions(path: Path) -> list[Path]:
    """Return the files beside one with hits that say what it holds: columns, lookups, manifest."""
    name = path.name
    ending = re.search(r"(\.tsv(\.gz)?|\.zip|\.tar(\.gz)?|\.tgz)$", name, re.IGNORECASE)
    if ending is None:
        return []
    stem = re.sub(r"^\d+-", "", name[: ending.start()])
    names = (_COLUMNS, *_EVENT_NAMES, *(f"{stem}-{end}" for end in _LOOKUPS), f"{stem}.txt")
    return [path.parent / name for name in names if (path.parent / name).is_file()]


@dataclass
class Hits:
    """The events of a file's hits with the number of their row, read one after another.

    Attributes
    ----------
    path : Path
        The file.
    source : Events
        Its `columns` may name columns of the feed; its `encoding` overrides the usual order.
    odd : dict of str to list of int
        Numbers of the hits that were left out, wholly or one of their events, by reason.
    doubts, told : dict of str to int
        What is doubted, and what else there is to say. All are complete when the last event was
        taken.
    """

    path: Path
    source: Events
    odd: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    doubts: dict[str, int] = field(default_factory=Counter)
    told: dict[str, int] = field(default_factory=Counter)
    fields = frozenset({VISITOR, VISIT, EVENT, ENTRY, PAGE, TIME, REVENUE, *HIT_IDS})

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Yield number and event.

        Raises
        ------
        SourceError
            If the delivery cannot be read, lacks its columns, or grows beyond reason.
        """
        parts = self._read_parts()
        if _COLUMNS not in parts:
            raise SourceError(
                self.path.name,
                f"its hits have no header, and there is no {_COLUMNS}, neither in it nor beside.",
                "put the `...-lookup_data` file of the same delivery into this folder.",
            )
        columns = self._read_columns(parts[_COLUMNS])
        names: dict[str, str] = {}
        for file in _EVENT_NAMES:
            names |= self._read_lookup(parts.get(file, b""))
        number = n_files = 0
        members = Members(self.path)
        with refuse_broken(self.path):
            for name, stream in members:
                if not _HIT_FILES.fullmatch(_base(name)):
                    continue
                n_files += 1
                for fields in _read_rows(stream, self.path):
                    number += 1
                    if len(fields) != len(columns):
                        self.odd[_RAGGED].append(number)
                        continue
                    for event in self._to_events(_Hit(columns, fields, self), names, number):
                        yield number, event
        if not n_files:
            raise SourceError(
                self.path.name,
                "it holds no hits (hit_data.tsv).",
                "name the files of the delivery that hold them; lookups are found beside them.",
            )
        self.doubts[LEFT_OUT] = members.left_out
        self.told["hits"] = number
        self._check_manifest(number)

    def _read_parts(self) -> dict[str, bytes]:
        """Return columns and lookups, from the file itself or else from those beside it."""
        parts: dict[str, bytes] = {}
        for path in (self.path, *list_companions(self.path)):
            if path.suffix.casefold() == ".txt" or _HIT_FILES.fullmatch(path.name):
                continue
            with refuse_broken(path):
                for name, stream in Members(path):
                    base = _base(name)
                    if base in (_COLUMNS, *_EVENT_NAMES) and base not in parts:
                        parts[base] = _read_small(stream, path)
                    if _COLUMNS in parts and set(_EVENT_NAMES) & set(parts):
                        return parts
        return parts

    def _read_columns(self, content: bytes) -> dict[str, int]:
        header = _split(content.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].rstrip(b"\r"))
        names = [self.decode(name).strip() for name in header]
        columns = {name: place for place, name in enumerate(names)}
        ids = () if "participant" in self.source.columns else ("visid_high", "visid_low")
        absent = [n for n in (TIME, *self.source.columns.values()) if n not in columns]
        absent += [n for n in ids if n not in columns and f"post_{n}" not in columns]
        if absent or len(columns) < len(names):
            raise SourceError(
                self.path.name,
                f"{_COLUMNS} has no column '{absent[0]}'."
                if absent
                else f"{_COLUMNS} names a column twice.",
                "correct `columns:` in study.yaml, or choose a column template of the feed that "
                "has hit_time_gmt, post_visid_high and post_visid_low.",
            )
        return columns

    def _read_lookup(self, content: bytes) -> dict[str, str]:
        rows = (line.rstrip(b"\r").split(b"\t") for line in content.split(b"\n"))
        return {self.decode(row[0]): self.decode(row[1]).strip() for row in rows if len(row) > 1}

    def decode(self, value: bytes) -> str:
        """Return a value as text: as declared, or else UTF-8, or else ISO-8859-1.

        Value by value, because Adobe cuts long ones wherever their bytes end.

        Raises
        ------
        SourceError
            If it is not in the encoding that study.yaml declares.
        """
        try:
            return value.decode(self.source.encoding or "utf-8")
        except (LookupError, UnicodeError, ValueError) as error:
            if self.source.encoding:
                raise SourceError(
                    self.path.name,
                    f"it cannot be read as {self.source.encoding} ({type(error).__name__}).",
                    "take `encoding:` out of this source: UTF-8 and ISO-8859-1 are told apart.",
                ) from error
        self.doubts[_LATIN] += 1
        return value.decode("iso-8859-1")

    def _to_events(self, hit: _Hit, names: dict[str, str], number: int) -> Iterator[Record]:
        if hit["exclude_hit"] not in ("", "0"):
            self.odd[_EXCLUDED].append(number)
            return
        if hit["hit_source"] in ("5", "7", "8", "9"):
            self.odd[_ADDED].append(number)
            return
        about: Record = {
            VISITOR: _join_ids(hit["visid_high"], hit["visid_low"]),
            VISIT: "",
            PAGE: hit["page_url"],
            REVENUE: "",
            **{name: hit[name] for name in (TIME, *HIT_IDS)},
            **{name: hit.read(name) for name in self.source.columns.values()},
        }
        visit = (about[VISITOR], hit["visit_num"], hit["visit_start_time_gmt"])
        about[VISIT] = "-".join(visit) if all(visit) else ""
        happened, repeated = list(_find_view(hit)), False
        for entry in _list_entries(hit["event_list"]):
            name = names.get(entry) or _USUAL.get(entry, entry)
            if _is_setting(entry, name):
                self.told[_SETTINGS] += 1
            elif entry == _PURCHASE and hit["duplicate_purchase"] == "1":
                self.odd[_DUPLICATE].append(number)
                repeated = True
            else:
                happened.append((entry, name))
        if not happened and not repeated:
            self.odd[_SILENT].append(number)
        for entry, name in happened:
            event = about | {ENTRY: entry, EVENT: name}
            if entry == _PURCHASE:
                event[REVENUE] = revenue = _add_revenue(hit["product_list"])
                self.doubts[_PRICELESS] += not revenue
            yield event

    def _check_manifest(self, n_rows: int) -> None:
        for path in list_companions(self.path):
            if path.suffix.casefold() != ".txt" or not is_companion(path):
                continue
            with refuse_broken(path), path.open("rb") as file:
                told = _read_manifest(file.read(LONGEST_LINE)).get(self.path.name, {})
            count, digest = told.get("Record-Count", ""), told.get("MD5-Digest", "").casefold()
            if count.isdecimal() and int(count[:18]) != n_rows:
                more = abs(int(count[:18]) - n_rows)
                self.doubts["hits more or fewer than its manifest says"] = more
            if len(digest) == 32 and digest != _hash(self.path):
                self.doubts["its bytes are not those that its manifest tells of (MD5)"] = 1


@dataclass(frozen=True)
class _Hit:
    """A row by its columns' names; what Adobe processed (`post_`) goes before what was sent."""

    columns: dict[str, int]
    values: list[bytes]
    hits: Hits

    def __getitem__(self, name: str) -> str:
        return self.read(f"post_{name}" if f"post_{name}" in self.columns else name)

    def read(self, name: str) -> str:
        """Return the value of exactly this column; empty where there is none."""
        place = self.columns.get(name)
        if place is None:
            return ""
        value = self.values[place]
        return self.hits.decode(_ESCAPED.sub(rb"\1", value) if b"\\" in value else value).strip()


_ESCAPED = re.compile(rb"\\([\t\n\\])")


def _read_rows(stream: IO[bytes], path: Path) -> Iterator[list[bytes]]:
    """Yield the fields of each row: a line feed or tab behind a backslash is part of a value."""
    while line := read_line(stream, path):
        lines, length = [line], len(line)
        while _is_open(line.removesuffix(b"\n")) and (line := read_line(stream, path)):
            lines.append(line)
            length += len(line)
            if length > LONGEST_LINE:
                raise SourceError(
                    path.name,
                    f"a single row has more than {LONGEST_LINE:,} bytes.",
                    "check that it is the data feed: values escape line feeds by a backslash.",
                )
        row = b"".join(lines).removesuffix(b"\n").removesuffix(b"\r")
        if row:
            yield _split(row)


def _split(row: bytes) -> list[bytes]:
    if b"\\\t" not in row:
        return row.split(b"\t")
    fields, pieces = [], []
    for piece in row.split(b"\t"):
        pieces.append(piece)
        if not _is_open(piece):
            fields.append(b"\t".join(pieces))
            pieces = []
    return [*fields, b"\t".join(pieces)] if pieces else fields


def _is_open(piece: bytes) -> bool:
    """Return True where the last backslash escapes what follows."""
    return bool((len(piece) - len(piece.rstrip(b"\\"))) % 2)


def _read_small(stream: IO[bytes], path: Path) -> bytes:
    content = stream.read(LONGEST_LINE)
    if len(content) == LONGEST_LINE:
        raise SourceError(
            path.name,
            f"a table of names in it has more than {LONGEST_LINE:,} bytes.",
            "check that it is the delivery of a data feed.",
        )
    return content


def _base(name: str) -> str:
    return re.split(r"[/\\]", name)[-1].casefold()


def _join_ids(high: str, low: str) -> str:
    """Return a visitor's id; empty where there is none."""
    return "" if {high, low} <= {"", "0"} or not (high and low) else f"{high}_{low}"


_LINKS = {"100": "custom link", "101": "download", "102": "exit link"}
_RAW_LINKS = {"10": "100", "11": "101", "12": "102"}


def _find_view(hit: _Hit) -> Iterator[tuple[str, str]]:
    """Yield the page that was seen or the link that was followed, if it was either."""
    code = hit["page_event"]
    link = _LINKS.get(_RAW_LINKS.get(code, code))
    if link:
        yield link, hit["page_event_var2"] or _cut_query(hit["page_event_var1"]) or link
    elif code in ("", "0"):
        page = hit["pagename"] or _cut_query(hit["page_url"])
        if page:
            yield "page", page


def _cut_query(address: str) -> str:
    # What follows differs from visitor to visitor, and may tell who it was.
    return re.split(r"[?#]", address)[0]


_PURCHASE = "1"
_USUAL = {_PURCHASE: "purchase"}


def _list_entries(events: str) -> dict[str, None]:
    """Return the numbers in a list of events, each once; `=value` and `:serial` are not names."""
    told = (re.match(r"\s*([0-9]+)", entry) for entry in re.sub(r"(?s)\^.", "", events).split(","))
    return dict.fromkeys(found[1] for found in told if found)


def _is_setting(entry: str, name: str) -> bool:
    number = int(entry) if len(entry) < 9 else 0
    evar = 100 <= number < 200 or 10_000 <= number < 10_150
    return evar or name.startswith("Instance of ")


def _add_revenue(products: str) -> str:
    """Return the sum of the fourth field of each product; empty where one is no number.

    `category;product;quantity;revenue;events;eVars`, and the next product after a comma.
    """
    total = 0.0
    for product in re.sub(r"(?s)\^.", "", products).split(","):
        fields = product.split(";")
        try:
            total += float(fields[3]) if len(fields) > 3 and fields[3] else 0.0
        except ValueError:
            return ""
    return f"{total:.15g}" if products and abs(total) < 1e15 else ""


def _read_manifest(content: bytes) -> dict[str, dict[str, str]]:
    """Return what a manifest says of each file, by its name."""
    files: dict[str, dict[str, str]] = {}
    about: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").split("\n"):
        key, _, value = line.strip().partition(": ")
        if key in ("Data-File", "Lookup-File"):
            about = files.setdefault(value.strip(), {})
        else:
            about[key] = value.strip()
    return files


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
