import re
import zipfile
from xml.etree import ElementTree

import pytest

from cjm_research.coding import load_codebook
from cjm_research.coding.qdc import MAX_BYTES, read_qdc, write_qdc
from cjm_research.coding.resources import Codebook, CodeEntry
from cjm_research.errors import ConfigError

PROJECT = "urn:QDA-XML:project:1.0"
SPACE = "urn:QDA-XML:codebook:1.0"
GUID = "{0:08x}-0000-4000-8000-000000000000"


def code(number, name, *below, text="", codable="true"):
    inside = f"<Description>{text}</Description>" if text else ""
    inside += "".join(below)
    guid = GUID.format(number)
    return f'<Code guid="{guid}" name="{name}" isCodable="{codable}">{inside}</Code>'


def book(*codes, space=SPACE):
    return f'<CodeBook xmlns="{space}" origin="x"><Codes>{"".join(codes)}</Codes></CodeBook>'


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        path = tmp_path / "codebook.qdc"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_qdc(path)

    return from_text


def ids(codebook):
    return {entry.name: (entry.group, entry.code) for entry in codebook}


@pytest.mark.parametrize(
    ("top", "group"),
    [
        ("Pain points", "pain_point"), ("pain_point", "pain_point"), ("PAINS", "pain_point"),
        ("Delights", "delight"), ("delight", "delight"), ("Needs", "need"), ("Reason", "reason"),
    ],
)  # fmt: skip
def test_the_top_level_code_names_the_group(read, top, group):
    codebook = read(book(code(1, top, code(2, "Long Wait", text="Somebody\n  waits."))))
    (entry,) = codebook
    assert (entry.group, entry.code, entry.name) == (group, "long_wait", "Long Wait")
    assert entry.definition == "Somebody waits."
    assert entry.source_id == GUID.format(2)
    assert codebook.notes == ()


def test_codes_without_a_group_become_pain_points_with_a_note(read):
    codebook = read(book(code(1, "Delivery", code(2, "Late")), code(3, "Needs", code(4, "Map"))))
    assert ids(codebook) == {
        "Delivery": ("pain_point", "delivery"),
        "Late": ("pain_point", "late"),
        "Map": ("need", "map"),
    }
    (note,) = codebook.notes
    assert note.startswith("2 codes became pain points")
    assert "'Delivery'. Such codes are called 'Pain points', 'Delights'" in note


def test_a_group_without_codes_below_is_a_code_itself(read):
    assert ids(read(book(code(1, "Needs")))) == {"Needs": ("need", "needs")}


def test_headings_are_no_codes(read):
    text = book(code(1, "Needs", code(2, "Money", code(3, "Price"), codable="false")))
    assert ids(read(text)) == {"Price": ("need", "price")}


def test_groups_that_a_codebook_does_not_define_are_left_out_with_a_note(read):
    codebook = read(book(code(1, "Emotions", code(2, "Joy")), code(3, "Needs", code(4, "Map"))))
    assert ids(codebook) == {"Map": ("need", "map")}
    assert codebook.notes == (
        "1 code of 'Emotions' left out: a codebook does not define that group.",
    )


def test_names_with_colons_are_nested_codes(read):
    text = book(code(1, "Needs::Data::Export"), code(2, "Needs"), code(3, "Coke::diet Coke"))
    assert ids(read(text)) == {
        "Export": ("need", "export"),
        "diet Coke": ("pain_point", "diet_coke"),
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Großer Ärger!", "grosser_arger"),
        ("Wait - at the desk", "wait_at_the_desk"),
        ("情報", "情報"),
        ("???", "code_" + GUID.format(2).replace("-", "")),
        ("none", "pains_none"),
    ],
)
def test_an_id_is_the_name_made_plain(read, name, slug):
    (entry,) = read(book(code(1, "Pains", code(2, name))))
    assert (entry.name, entry.code) == (name, slug)


def test_ids_do_not_depend_on_the_order_of_codes(read):
    codes = [
        code(1, "Pains", code(2, "Shop", code(3, "Late")), code(4, "Bank", code(5, "Late"))),
        code(6, "Needs", code(7, "Late"), code(8, "New"), code(9, "New")),
    ]
    straight = {entry.source_id: entry.code for entry in read(book(*codes))}
    assert straight == {
        GUID.format(2): "shop",
        GUID.format(3): "shop_late",
        GUID.format(4): "bank",
        GUID.format(5): "bank_late",
        GUID.format(7): "late",
        GUID.format(8): "needs_new_" + GUID.format(8).replace("-", ""),
        GUID.format(9): "needs_new_" + GUID.format(9).replace("-", ""),
    }
    assert {entry.source_id: entry.code for entry in read(book(*codes[::-1]))} == straight


def test_a_description_is_taken_apart_by_its_headings(read):
    text = """People wait.
More of it.

Include: queues
and rooms
EXCLUDE : parcels
Examples:
- an hour in line
• "Next, please" * three times
Example: stood there
Cues: queue*
Sure cues:
* stood in line
Code id: waiting_line"""
    (entry,) = read(book(code(1, "Pains", code(2, "Wait", text=text))))
    assert entry == CodeEntry(
        "pain_point", "waiting_line", "Wait", "People wait. More of it.", "queues and rooms",
        "parcels", ("an hour in line", '"Next, please" * three times', "stood there"),
        ("queue*",), ("stood in line",), GUID.format(2),
    )  # fmt: skip


def test_a_stated_id_outranks_a_renamed_code_of_that_name(read):
    text = book(code(1, "Pains", code(2, "Queue", text="Code id: slow"), code(3, "Slow")))
    assert ids(read(text)) == {
        "Queue": ("pain_point", "slow"),
        "Slow": ("pain_point", "pains_slow"),
    }


def test_the_starter_codebook_comes_back_as_it_was(tmp_path):
    codebook = load_codebook()
    back = read_qdc(write_qdc(codebook, tmp_path / "out.qdc"))
    assert back == codebook
    assert back.sha256 == codebook.sha256


def test_a_codebook_of_another_program_comes_back_as_it_was(read, tmp_path):
    text = book(
        code(1, "Lärm &amp; &lt;Krach&gt;", code(2, "Late"), text="Zu laut."),
        code(3, "Needs", code(4, "Late")),
    )
    first = read(text)
    back = read_qdc(write_qdc(first, tmp_path / "out.qdc"))
    assert back.entries == first.entries
    assert back.entries[0].name == "Lärm & <Krach>"
    assert back.notes == ()


def test_what_is_written_fits_the_schema(tmp_path):
    """CodeBookType, CodesType and CodeType of the standard: order, attributes, patterns."""
    root = ElementTree.parse(write_qdc(load_codebook(), tmp_path / "out.qdc")).getroot()
    assert root.tag == f"{{{SPACE}}}CodeBook"
    assert [child.tag for child in root] == [f"{{{SPACE}}}Codes"]
    codes = list(root.iter(f"{{{SPACE}}}Code"))
    hexadecimal = "[0-9a-fA-F]"
    guid = re.compile(f"{hexadecimal}{{8}}-({hexadecimal}{{4}}-){{3}}{hexadecimal}{{12}}")
    for element in codes:
        assert set(element.attrib) == {"guid", "name", "isCodable"}
        assert guid.fullmatch(element.get("guid"))
        assert element.get("isCodable") in ("true", "false")
        inside = [child.tag.removeprefix(f"{{{SPACE}}}") for child in element]
        assert inside == ["Description"] or set(inside) == {"Code"}
    assert len({element.get("guid") for element in codes}) == len(codes)
    assert len(codes) == 4 + len(list(load_codebook()))
    assert (tmp_path / "out.qdc").read_bytes().startswith(b"<?xml")


def test_two_writes_are_the_same_bytes(tmp_path):
    one = write_qdc(load_codebook(), tmp_path / "one.qdc").read_bytes()
    assert write_qdc(load_codebook(), tmp_path / "two.qdc").read_bytes() == one


@pytest.mark.parametrize(
    ("codebook", "words"),
    [
        (Codebook(), "holds no codes"),
        (Codebook((CodeEntry("need", "a", "A\x07"),)), r"need\.a: it holds control characters"),
        (Codebook((CodeEntry("theme", "a", "A"),)), r"theme\.a: a codebook has no such group"),
    ],
)
def test_what_the_format_cannot_hold_is_not_written(codebook, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        write_qdc(codebook, tmp_path / "out.qdc")
    assert not (tmp_path / "out.qdc").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_accented_names_in_any_declared_encoding_are_read(read, encoding):
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + book(code(1, "Ärger"))
    assert ids(read(text.encode(encoding))) == {"Ärger": ("pain_point", "arger")}


def test_an_older_version_of_the_format_with_sets_and_braces_is_read(read):
    guid = GUID.format(1)
    text = book(code(1, "Needs"), space="urn:QDA-XML:codebook:0:4").replace(guid, f"{{{guid}}}")
    text = text.replace("</Codes>", f'</Codes><Sets><Set guid="{GUID.format(2)}" name="s"/></Sets>')
    codebook = read(text)
    (entry,) = codebook
    assert entry.source_id == guid
    assert codebook.notes[-1] == "1 set of codes left out: the codes are read."


LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
OUTSIDE = '<!DOCTYPE l [<!ENTITY file SYSTEM "secret.txt">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("doctype", "entity"),
    [(LAUGHS, "&a9;"), (OUTSIDE, "&file;"), ('<!DOCTYPE l SYSTEM "https://example.org/x">', "")],
)
def test_a_file_with_a_doctype_is_refused(read, doctype, entity, encoding):
    start = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = start + doctype + book(code(1, "A", text=f"x{entity}"))
    with pytest.raises(ConfigError, match="DOCTYPE, which is refused"):
        read(text.encode(encoding))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not well-formed"),
        ("<CodeBook", "not well-formed"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "not well-formed"),
        (b"PK\x03\x04", r"whole project \(\.qdpx\)"),
        ('<Project xmlns="urn:QDA-XML:project:1.0"/>', "whole project"),
        ("<CodeBook/>", "begins with 'CodeBook'; a REFI-QDA codebook"),
        (book(), "it holds no codes"),
        (book(code(1, "")), "has no name"),
        (book(code(1, "A").replace("guid=", "id=")), "code 'A': guid '' is not 32 hexadecimal"),
        (book(code(1, "A").replace("-4000-", "-4x00-")), "is not 32 hexadecimal"),
        (book(code(1, "A"), code(1, "B")), "code 'B': guid .* of another code"),
        (book(code(1, "A", codable="yes")), "code 'A': isCodable should be"),
        (
            book(code(1, "A", text="Code id: x"), code(2, "B", text="Code id: x")),
            "two codes of pain_point have the id 'x'",
        ),
        (book(code(1, "A", text="Code id: none")), "`Code id: none` cannot be an id"),
        (book(code(1, "A", text="Code id: a:b")), "`Code id: a:b` cannot be an id"),
    ],
)
def test_a_file_of_the_wrong_form_is_refused_by_name(read, text, words):
    with pytest.raises(ConfigError, match=rf"(?s)codebook\.qdc cannot be used.*{words}"):
        read(text)


def test_faults_are_reported_together_but_not_by_the_thousand(read):
    with pytest.raises(ConfigError) as raised:
        read(book(*[code(n, "") for n in range(30)]))
    assert len(raised.value.problems) == 21
    assert raised.value.problems[-1] == "and 10 more like these."


def test_a_file_that_nests_without_end_is_refused(read):
    deep = 3000
    text = "".join(code(n, "a").removesuffix("</Code>") for n in range(deep)) + "</Code>" * deep
    with pytest.raises(ConfigError, match="50 levels deep"):
        read(book(text))


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "codebook.qdc"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ConfigError, match="larger than 16 MiB"):
        read_qdc(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_qdc(tmp_path / "none.qdc")


@pytest.mark.parametrize("asked", ["codebook.yaml", "codebook.qdc"])
def test_a_study_brings_a_qdc_in_place_of_the_yaml(tmp_path, asked):
    (tmp_path / "codebook.qdc").write_text(book(code(1, "Fog"), code(2, "Slow")), "utf-8")
    codebook = load_codebook(tmp_path / asked)
    labels = codebook.labels()
    assert labels["pain_point", "fog"] == "Fog"
    assert labels["pain_point", "slow"] == "Slow"
    assert labels["pain_point", "trust"] == load_codebook().labels()["pain_point", "trust"]
    assert codebook.notes[0].startswith("2 codes became pain points")


def test_a_project_brings_its_codebook_alone(tmp_path):
    book_of_project = book(code(1, "Needs", code(2, "Map")), code(3, "Fog")).replace(SPACE, PROJECT)
    for space in ("", ' basePath="secret-folder"'):
        content = f'<Project xmlns="{PROJECT}" name="p"{space}><Users/>{book_of_project}</Project>'
        with zipfile.ZipFile(tmp_path / "codebook.qdpx", "w") as archive:
            archive.writestr("Project.qde", content)
            archive.writestr("sources/a.txt", "P1: never read")
        alone = read_qdc(tmp_path / "codebook.qdpx")
        assert ids(alone) == {"Map": ("need", "map"), "Fog": ("pain_point", "fog")}
    assert load_codebook(tmp_path / "codebook.yaml").labels()["need", "map"] == "Map"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'<Project xmlns="{PROJECT}" name="p"/>', "it holds no codes"),
        ("<!DOCTYPE x><a/>", "it has a DOCTYPE"),
        ("<CodeBook/>", "a REFI-QDA project begins with"),
    ],
)
def test_a_project_of_the_wrong_form_is_refused_by_name(tmp_path, content, words):
    with zipfile.ZipFile(tmp_path / "codebook.qdpx", "w") as archive:
        archive.writestr("project.qde", content)
    with pytest.raises(ConfigError, match=rf"(?s)codebook\.qdpx cannot be used.*{words}"):
        read_qdc(tmp_path / "codebook.qdpx")


def test_what_is_written_comes_back_from_a_project_as_it_was(tmp_path):
    codebook = load_codebook()
    plain = write_qdc(codebook, tmp_path / "a.qdc").read_text("utf-8")
    inside = plain.partition("?>")[2].replace(SPACE, PROJECT)
    with zipfile.ZipFile(tmp_path / "a.qdpx", "w") as archive:
        archive.writestr("project.qde", f'<Project xmlns="{PROJECT}" name="p">{inside}</Project>')
    assert read_qdc(tmp_path / "a.qdpx").entries == codebook.entries


@pytest.mark.parametrize("asked", ["codebook.yaml", "codebook.qdc"])
def test_two_codebooks_are_one_too_many(tmp_path, asked):
    (tmp_path / "codebook.qdc").write_text(book(code(1, "Fog")), "utf-8")
    (tmp_path / "codebook.yaml").write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match=r"Remove codebook\.qdc if .* remove codebook\.yaml if"):
        load_codebook(tmp_path / asked)
