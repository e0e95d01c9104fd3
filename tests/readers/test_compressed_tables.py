"""Tables in gzip or in a zip are the tables themselves, for every kind of source."""

import gzip
import io
import zipfile

import pytest

from cjm_research.errors import SourceError
from cjm_research.readers import list_unused_columns, read_source, recognise_file
from cjm_research.readers.cells import is_table, read_cells
from cjm_research.readers.notes import Notes
from tests.fuzz.corpus import examples
from tests.fuzz.trial import make_journey
from tests.readers.feeds import pack_zip

TABLE = "id,answer\n001,NA\n002,ä\n"
TABLES = [  # a transcript is read as text, in whatever form
    name
    for name, it in examples().items()
    if it.name == "a.csv" and it.source().kind != "transcripts"
]


@pytest.fixture
def read(write):
    def read_one(name, content, **more):
        return read_cells(write(name, content), notes=Notes(), **more).frame.to_numpy().tolist()

    return read_one


PACKS = {
    "a.csv.gz": gzip.compress,
    "A.TSV.GZ": gzip.compress,
    "a.zip": lambda content: pack_zip({"export of today.csv": content}),
    "a.csv.zip": lambda content: pack_zip({"folder/a.tsv": content}),
    "b.zip": lambda content: pack_zip({"a.csv.gz": gzip.compress(content)}),
}


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_packed_tables_are_the_tables(read, name, encoding):
    declared = "cp1252" if encoding == "cp1252" else ""
    content = TABLE.encode(encoding)
    assert read(name, PACKS[name](content), encoding=declared) == [["001", "NA"], ["002", "ä"]]


def test_there_are_tables_of_every_kind():
    kinds = {examples()[name].source().kind for name in TABLES}
    assert {"survey", "events", "observations", "roster", "funnel_report", "campaign"} <= kinds


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("form", ["a.csv.gz", "a.zip"])
def test_every_kind_of_source_reads_them(name, form, tmp_path, write):
    example = examples()[name]
    frames = []
    for file, content in (("a.csv", example.content), (form, PACKS[form](example.content))):
        write(file, content)
        source = example.source().model_copy(update={"files": [file]})
        material = read_source(source, tmp_path, make_journey())
        frames.append([material.people, material.turns["text"], material.events, material.ratings])
        unused = list_unused_columns(source, tmp_path)
        frames[-1].append(list(unused.values()))
    for one, other in zip(*frames, strict=True):
        # Who has no id is called by the file and row.
        assert str(one).split() == str(other).replace(form, "a.csv").split()
    plain, packed = (recognise_file(tmp_path / file) for file in ("a.csv", form))
    assert (packed.kind, packed.what, packed.source) == (plain.kind, plain.what, plain.source)


def test_shadows_of_macos_and_other_files_in_a_zip_are_no_tables(read):
    members = {
        "a.csv": TABLE.encode(),
        "__MACOSX/._a.csv": b"\0\5\x16\7",
        "folder/.b.csv": b"x",
        "readme.txt": b"x",
    }
    assert len(read("a.zip", pack_zip(members))) == 2


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"a.csv": b"a\n1\n", "b.tsv": b"a\n2\n"}, "it holds 2 tables: 'a.csv', 'b.tsv'"),
        ({"a.xlsx": b""}, "it holds 0 tables"),
        ({}, "it holds 0 tables"),
        ({"../a.csv": b"a", "/b.csv": b"a"}, "0 tables; 2 links and members that lead out of"),
    ],
)
def test_a_zip_of_several_tables_or_none_is_refused(read, members, found):
    with pytest.raises(SourceError, match=found) as caught:
        read("a.zip", pack_zip(members))
    assert "unpack it" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.csv.gz", gzip.compress(TABLE.encode() * 99)[:40], "cannot be unpacked"),
        ("a.zip", b"PK\3\4", "cannot be unpacked"),
        ("a.csv.gz", gzip.compress(b"a\n" * 30_000_000), "unpacked it would hold more than"),
        ("a.zip", pack_zip({"a.csv": b"a\n" * 30_000_000}), "unpacked it would hold more than"),
    ],
    ids=["half a gzip", "no zip", "a gzip bomb", "a zip bomb"],
)
def test_what_is_broken_or_grows_is_refused(read, name, content, found):
    with pytest.raises(SourceError, match=found):
        read(name, content)


def test_a_name_that_promises_gzip_does_no_harm(read):
    assert len(read("a.csv.gz", TABLE)) == 2


def test_a_zip_that_lies_about_its_size_is_refused(read):
    content = bytearray(pack_zip({"a.csv": b"a\n" * 30_000_000}))
    told = (60_000_000).to_bytes(4, "little")
    assert content.count(told) >= 1
    with pytest.raises(SourceError, match=r"unpacked it would hold|cannot be unpacked"):
        read("a.zip", bytes(content.replace(told, (60).to_bytes(4, "little"))))


def test_a_password_is_said(read):
    content = bytearray(pack_zip({"a.csv": TABLE.encode()}))
    place = content.index(b"PK\1\2")
    content[place + 8] |= 1
    content[6] |= 1
    with pytest.raises(SourceError, match="password"):
        read("a.zip", bytes(content))


def test_links_in_a_zip_are_passed_over_and_counted(write):
    target = io.BytesIO(pack_zip({"a.csv": TABLE.encode()}))
    with zipfile.ZipFile(target, "a") as archive:
        link = zipfile.ZipInfo("b.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../c.csv", "id\n1\n")
    notes = Notes()
    assert len(read_cells(write("a.zip", target.getvalue()), notes=notes).frame) == 2
    assert ("a.zip", "warning", "links and members that lead out of the archive", 2) in notes.rows


def test_hostile_cells_stay_text(read):
    cells = ["=HYPERLINK(1)", "\u202eevil", "x" * 100_000, "<script>", "\x1b[2J"]
    content = "id\n" + "".join(f"{cell}\n" for cell in cells)
    assert read("a.csv.gz", gzip.compress(content.encode())) == [[cell] for cell in cells]
    with pytest.raises(SourceError, match=r"131,?072"):
        read("b.csv.gz", gzip.compress(b"id\n" + b"x" * 1_000_000))


def test_a_zip_of_events_as_json_is_no_table(write):
    assert not is_table(write("a.zip", pack_zip({"a.json": b"{}"})))
    assert is_table(write("b.zip", pack_zip({"a.csv": b""})))
