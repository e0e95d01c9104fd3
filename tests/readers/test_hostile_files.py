"""Hostile content in every format: refused in words, or read and made harmless."""

import io
import zipfile

import pytest

from cjm_research.config import StudyConfig
from cjm_research.errors import CjmError
from cjm_research.privacy import Vault, pseudonymise
from cjm_research.readers import read_source
from tests.fuzz.corpus import examples
from tests.fuzz.trial import make_journey, try_file

TEXTS = sorted(name for name, example in examples().items() if not example.packed)
ZIPS = sorted(name for name, example in examples().items() if example.content.startswith(b"PK"))


def is_right(example, content, folder):
    """Tell whether a file gives a table or a typed error, in bounded time."""
    failed = try_file(example, content, folder, make_journey())
    assert not failed, failed


@pytest.mark.parametrize("name", TEXTS)
def test_a_line_of_a_megabyte_is_read_or_refused(name, tmp_path):
    example = examples()[name]
    line = b"x" * 1_000_000
    is_right(example, example.content + line + b"\n", tmp_path)
    is_right(example, line + example.content, tmp_path)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "begin", [b"[", b'{"a":', b"<a>", b'"'], ids=["list", "map", "tag", "quote"]
)
def test_deep_nesting_is_read_or_refused(name, begin, tmp_path):
    example = examples()[name]
    is_right(example, begin * 100_000, tmp_path)
    is_right(example, example.content + begin * 100_000, tmp_path)


@pytest.mark.parametrize("name", TEXTS)
def test_marks_that_no_text_holds_reach_no_table(name, tmp_path):
    """NUL, and the marks that turn a line around so that it reads as something else."""
    example = examples()[name]
    marks = "\x00\u202e".encode()
    content = example.content.replace(b"wrong", b"wro" + marks + b"ng").replace(b"phone", marks)
    content = content.replace(b"search", b"sea" + marks + b"rch").replace(b"well", marks + b"well")
    (tmp_path / example.name).write_bytes(content)
    source = example.source()
    try:
        material = read_source(source, tmp_path, make_journey())
    except CjmError:
        return
    config = StudyConfig.model_validate(
        {
            "schema_version": 1, "title": "T", "objective": "O",
            "journey": {"template": "commerce"}, "sources": [source.model_dump(by_alias=True)],
        }
    )  # fmt: skip
    vault = Vault(b"k" * 32, None)
    evidence = pseudonymise([material], config, make_journey(), vault)
    for table in (evidence.documents, evidence.events, evidence.answers, evidence.participants):
        cells = "".join(map(str, table.to_numpy().ravel()))
        assert "\x00" not in cells and "\u202e" not in cells


def _repacked(content, change):
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
        change(new)
    return target.getvalue()


def _traverse(archive):
    archive.writestr("../../outside.json", "{}")
    archive.writestr("/etc/outside.json", "{}")


def _link(archive):
    link = zipfile.ZipInfo("link.json")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    archive.writestr(link, "/etc/passwd")


def _bomb(archive):
    archive.writestr("z.json.gz", b"\0" * 50_000_000, compress_type=zipfile.ZIP_DEFLATED)


def _many(archive):
    for number in range(10_001):
        archive.writestr(f"{number}.json", "")


@pytest.mark.parametrize("name", ZIPS)
@pytest.mark.parametrize("change", [_traverse, _link, _bomb, _many])
def test_archives_of_strangers_are_never_unpacked_to_disk(name, change, tmp_path):
    example = examples()[name]
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    is_right(example, _repacked(example.content, change), folder)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [example.name]


def test_a_heading_of_blanks_and_marks_is_read_in_linear_time(tmp_path):
    example = examples()["text"]
    is_right(example, example.content + b"## a" + b" #" * 300_000 + b"x\n", tmp_path)
    is_right(example, example.content + b"## a" + b" " * 300_000 + b"#" * 300_000 + b"x", tmp_path)
