"""Projects of QDA programs: each quirk of the format has its test, and so has each attack."""

import io
import subprocess
import sys
import zipfile
from collections import Counter
from xml.etree import ElementTree

import pytest

from cjm_research.config import Transcripts
from cjm_research.errors import SourceError
from cjm_research.readers import read_project, read_source, recognise_file
from tests.readers.qda import (
    SPACE,
    code,
    coding,
    element,
    guid,
    pack,
    qde,
    selection,
    text_source,
    words,
)

TALK = (
    "Ines: How was it?\nP1: It was slow. 😀 Really slow, and I cried.\nInes: And then?\nP1: I left."
)
WINDOWS = TALK.replace("\n", "\r\n")
HEAVY = coding("slow")


@pytest.fixture
def opened(write):
    def read_one(content, texts=None, **more):
        data = content if content.startswith(b"PK") else pack(content, texts, **more)
        return read_project(write("p.qdpx", data))

    return read_one


@pytest.fixture
def read(write, tmp_path, journey):
    def read_one(content, texts=None, **more):
        data = content if content.startswith(b"PK") else pack(content, texts)
        write("p.qdpx", data)
        about = {"id": "talks", "kind": "transcripts", "files": ["p.qdpx"], "sampling": "purposive"}
        source = Transcripts.model_validate(about | {"interviewers": ["Ines"]} | more)
        return read_source(source, tmp_path, journey)

    return read_one


def marked(project):
    return [
        text.text[one.start : one.end] if not one.problem else one.problem
        for text in project.sources
        for one in text.selections
    ]


def noted(material):
    return dict(material.quality[["what", "n"]].to_numpy().tolist())


ONE = qde(text_source("t", words(TALK, "Really slow", HEAVY)), codes=[code("slow")])


@pytest.mark.parametrize("folder", ["sources", "Sources", "SOURCES"])
@pytest.mark.parametrize("name", ["project.qde", "Project.qde"])
def test_folder_and_project_are_found_whatever_their_case(opened, folder, name):
    project = opened(pack(ONE, {"t": TALK}, folder=folder, name=name))
    assert marked(project) == ["Really slow"]


def test_a_byte_order_mark_before_the_xml_does_no_harm(opened):
    assert marked(opened(b"\xef\xbb\xbf" + ONE, {"t": TALK})) == ["Really slow"]


def test_a_byte_order_mark_before_a_text_is_no_character_of_it(opened):
    assert marked(opened(ONE, {"t": b"\xef\xbb\xbf" + TALK.encode()})) == ["Really slow"]


def test_the_empty_root_file_of_nvivo_is_no_source(opened):
    project = opened(pack(ONE, {"t": TALK}, **{"Sources/.root": b"", "sources/": b""}))
    assert [text.number for text in project.sources] == [1]


def test_any_version_of_the_namespace_is_read_and_another_is_refused(opened):
    newer = ONE.replace(b"project:1.0", b"project:1.5")
    assert marked(opened(newer, {"t": TALK})) == ["Really slow"]
    with pytest.raises(SourceError, match="begins with Project in the namespace"):
        opened(ONE.replace(SPACE.encode(), b"urn:other"), {"t": TALK})


def test_codes_nest_and_names_with_colons_are_nested_codes(opened):
    project = opened(
        qde(codes=[code("Drinks", code("Tea", text="hot  and\nsweet")), code("Coke::diet Coke")])
    )
    paths = {"::".join(one.path): one for one in project.codes.values()}
    assert list(paths) == ["Drinks", "Drinks::Tea", "Coke::diet Coke"]
    assert (paths["Drinks::Tea"].description, paths["Drinks::Tea"].colour) == (
        "hot and sweet", "#F00082",
    )  # fmt: skip


def test_a_text_lies_beside_the_project_or_in_it(opened):
    inside = text_source("in", words(TALK, "I left.", HEAVY), content=TALK)
    beside = text_source("out", words(TALK, "I cried", HEAVY))
    project = opened(qde(inside, beside, codes=[code("slow")]), {"out": TALK})
    assert marked(project) == ["I left.", "I cried"]


@pytest.mark.parametrize("braces", [True, False])
def test_guids_may_stand_in_braces_and_in_either_case(opened, braces):
    mine = guid("slow")
    content = ONE.decode()
    content = content.replace(f'guid="{mine}"', f'guid="{{{mine.upper()}}}"') if braces else content
    (coded,) = opened(content.encode(), {"t": TALK}).sources[0].selections[0].codings
    assert coded.codes == (mine,)
    assert set(opened(content.encode(), {"t": TALK}).codes) == {mine}


@pytest.mark.parametrize("path", ["relative:///a.txt", "absolute:///etc/passwd", "internal://../x"])
def test_a_text_outside_the_archive_is_missing_and_the_rest_is_read(opened, write, path):
    write("a.txt", "P1: never read")
    away = text_source("away", selection(0, 3, HEAVY), path=path)
    project = opened(qde(away, text_source("t"), codes=[code("slow")]), {"t": TALK})
    assert [bool(text.missing) for text in project.sources] == [True, False]
    assert project.sources[1].text == TALK
    assert marked(project) == ["their text is not there"]


WAYS = [
    (unit, ends) for unit in ("characters", "UTF-16 units", "bytes") for ends in (1, 2)
]  # fmt: skip


@pytest.mark.parametrize(("unit", "crlf"), WAYS)
def test_offsets_are_read_in_the_way_under_which_names_fit(opened, unit, crlf):
    parts = ["How was it?", "Really slow, and", "I cried", "I left."]
    chosen = [words(WINDOWS, part, HEAVY, unit=unit, crlf=crlf) for part in parts]
    unnamed = words(WINDOWS, "And then?", HEAVY, unit=unit, crlf=crlf, named=False)
    project = opened(qde(text_source("t", *chosen, unnamed)), {"t": WINDOWS})
    assert project.sources[0].text == TALK
    assert marked(project) == [*parts, "And then?"]
    assert f"offsets count {unit}, line ends" in project.counting
    assert "4 selections confirm" in project.counting
    assert not any("another way" in what for what in project.odd)


def test_a_line_end_may_count_two_where_the_file_has_one(opened):
    """MAXQDA expects CRLF; what it exports may have lost the CR on the way."""
    chosen = words(WINDOWS, "I left.", HEAVY)
    assert marked(opened(qde(text_source("t", chosen)), {"t": TALK})) == ["I left."]
    inside = qde(text_source("t", chosen, content=WINDOWS))  # XML turns CRLF into LF
    assert marked(opened(inside)) == ["I left."]


@pytest.mark.parametrize(("origin", "crlf"), [("ATLAS.ti 8.4.0", 1), ("MAXQDA 24", 2)])
def test_without_names_a_line_end_counts_one_only_from_atlas(opened, origin, crlf):
    chosen = words(WINDOWS, "I cried", HEAVY, named=False, crlf=crlf)
    project = opened(qde(text_source("t", chosen), origin=origin), {"t": WINDOWS})
    assert marked(project) == ["I cried"]
    assert "assumed, because no selection repeats its words" in project.counting
    assert project.odd["selections that another way of counting would place elsewhere"] == 1


def test_without_names_nothing_is_doubtful_where_all_ways_agree(opened):
    chosen = words(TALK, "Ines: How", HEAVY, named=False)
    project = opened(qde(text_source("t", chosen)), {"t": TALK})
    assert marked(project) == ["Ines: How"]
    assert not any("another way" in what for what in project.odd)


def test_a_selection_whose_name_stands_elsewhere_is_set_aside(opened):
    right = words(TALK, "Really slow", HEAVY)
    wrong = selection(3, 9, HEAVY, name="I cried")
    project = opened(qde(text_source("t", right, wrong)), {"t": TALK})
    assert marked(project) == ["Really slow", "the words there are not those of their name"]
    aside = "selections set aside: the words there are not those of their name"
    assert project.odd[aside] == 1


def test_one_way_holds_for_the_whole_project(opened):
    """Two speak for UTF-16 units, one for characters: that one is set aside."""
    texts = [words(TALK, part, HEAVY, unit="UTF-16 units") for part in ("I cried", "I left.")]
    odd = words(TALK, "And then?", HEAVY)
    project = opened(qde(text_source("t", *texts, odd)), {"t": TALK})
    assert marked(project)[:2] == ["I cried", "I left."]
    assert marked(project)[2] == "the words there are not those of their name"


def test_a_name_may_be_a_title_that_stands_nowhere(opened):
    titled = words(TALK, "I cried", HEAVY, named=False).replace('name=""', 'name="Quotation 6:1"')
    assert marked(opened(qde(text_source("t", titled)), {"t": TALK})) == ["I cried"]


@pytest.mark.parametrize(
    "cut", ["Really slow, and I…", "Really slow, a...", "Really  slow, and\nI cried"]
)
def test_a_name_may_be_cut_or_have_other_white_space(opened, cut):
    whole = words(TALK, "Really slow, and I cried", HEAVY)
    whole = whole.replace('name="Really slow, and I cried"', f'name="{cut}"')
    project = opened(qde(text_source("t", whole)), {"t": TALK})
    assert marked(project) == ["Really slow, and I cried"]
    assert "1 selections confirm" in project.counting


def test_decomposed_letters_are_composed_and_offsets_follow(opened):
    text = "P1: cafe\u0301 and cafe\u0301 again, \u1112\u1161\u11ab too"
    chosen = [words(text, part, HEAVY) for part in ("and cafe\u0301", "again", "too")]
    project = opened(qde(text_source("t", *chosen)), {"t": text})
    assert project.sources[0].text == "P1: café and café again, 한 too"
    assert marked(project) == ["and café", "again", "too"]


def test_a_selection_may_be_a_memo_and_a_coding_may_lack_a_code(opened):
    memo = words(TALK, "I cried", note="ask  again")
    bare = words(TALK, "I left.", element("Coding", guid=guid("c")))
    first, second = opened(qde(text_source("t", memo, bare)), {"t": TALK}).sources[0].selections
    assert (first.note, first.codings) == ("ask again", ())
    assert (second.note, [one.codes for one in second.codings]) == ("", [()])


def test_a_code_reference_may_point_at_a_case(opened):
    case = element("Cases", element("Case", guid=guid("case"), name="Mara"))
    project = opened(qde(text_source("t", words(TALK, "I cried", coding("case"))), more=case))
    assert guid("case") in project.cases
    assert guid("case") not in project.codes


def test_annotations_of_nvivo_are_counted_and_left_out(opened):
    more = element("Notes", element("Note"), element("Note")) + element("Links", element("Link"))
    odd = opened(qde(text_source("t"), more=more), {"t": TALK}).odd
    assert (odd["notes of the project, left out"], odd["links of the project, left out"]) == (2, 1)


def test_cases_variables_sets_and_graphs_are_counted_and_left_out(opened):
    parts = {"Variables": 2, "Cases": 1, "Sets": 3, "Graphs": 1}
    more = "".join(element(part, *[element(part[:-1])] * n) for part, n in parts.items())
    odd = opened(qde(text_source("t"), more=more), {"t": TALK}).odd
    assert {part: odd[f"{part.casefold()} of the project, left out"] for part in parts} == parts


def test_a_survey_of_maxqda_has_a_source_for_each_row(read):
    texts = {f"row {n}": f"Answer {n} was fine." for n in range(1, 4)}
    material = read(qde(*map(text_source, texts)), texts, one_voice=True, interviewers=[])
    assert material.turns[["document_ref", "raw_id", "text"]].to_numpy().tolist() == [
        [f"p.qdpx#row {n}", f"row {n}", f"Answer {n} was fine."] for n in range(1, 4)
    ]


def recording(*inside, text=TALK, name="talk.m4a", tag="AudioSource"):
    points = [
        ("s0", 0, 0),
        ("s1", text.index("P1: It"), 2260),
        ("s2", text.index("\nInes: A"), 9e3),
    ]
    made = [
        element("SyncPoint", guid=guid(p), position=at, timeStamp=int(ms)) for p, at, ms in points
    ]
    script = text_source("talk.docx", *made, *inside, tag="Transcript")
    return element(tag, script, guid=guid(name), name=name, path="relative:///talk.m4a")


@pytest.mark.parametrize("tag", ["AudioSource", "VideoSource"])
def test_a_transcript_of_a_recording_has_times_and_selections_between_them(opened, read, tag):
    between = selection(
        0, 0, HEAVY, tag="TranscriptSelection", fromSyncPoint=guid("s1"), toSyncPoint=guid("s2")
    )
    lost = selection(0, 0, HEAVY, tag="TranscriptSelection", fromSyncPoint=guid("s1"))
    content = qde(recording(between, lost, tag=tag))
    texts = {"talk.docx": TALK}
    inside = TALK[TALK.index("P1: It") : TALK.index("\nInes: A")]
    assert marked(opened(content, texts)) == [inside, "their offsets are no passage of the text"]
    material = read(content, texts)
    assert material.turns["start_s"].tolist() == [0.0, 2.26, 9.0, 9.0]
    assert material.turns["raw_id"].unique().tolist() == ["talk"]


def test_a_transcript_that_is_a_document_as_well_is_read_once(read):
    same = f"internal://{guid('talk.docx')}.txt"
    document = text_source("talk.docx", words(TALK, "I cried", HEAVY), path=same)
    material = read(qde(document, recording()), {"talk.docx": TALK})
    assert material.turns["document_ref"].unique().tolist() == ["p.qdpx#talk.docx"]
    assert material.turns["start_s"].tolist() == [0.0, 2.26, 9.0, 9.0]
    assert noted(material)["texts that are named twice, read once"] == 1


def test_pictures_pdf_pages_and_codes_of_whole_documents_are_counted(opened):
    picture = element("PictureSource", element("PictureSelection", HEAVY))
    pdf = element(
        "PDFSource", element("PDFSelection", HEAVY), text_source("r", tag="Representation")
    )
    odd = opened(qde(picture, pdf, text_source("t", HEAVY)), {"t": TALK}).odd
    assert odd["PDF and picture sources, left out"] == 2
    assert odd["selections in pictures, PDF pages and recordings, left out"] == 2
    assert odd["codes for whole documents, left out"] == 1


def test_each_text_is_a_transcript_and_its_name_is_the_participants(read):
    other = TALK.replace("slow", "quick")
    sources = [text_source("P07 first.docx"), text_source("P08.txt"), text_source("guide")]
    texts = {"P07 first.docx": TALK, "P08.txt": other, "guide": "Ask them."}
    material = read(qde(*sources), texts, participant_pattern=r"(P\d+)")
    assert list(dict.fromkeys(material.turns["document_ref"])) == [
        "p.qdpx#P07 first.docx", "p.qdpx#P08.txt",
    ]  # fmt: skip
    assert material.people["raw_id"].tolist() == ["P07", "P08"]
    assert material.turns["speaker"].tolist() == ["interviewer", "participant"] * 4
    outside = "texts of the project whose name `participant_pattern` does not fit, left out"
    assert noted(material)[outside] == 1
    assert noted(material)["turns of the participant"] == 4


def test_two_texts_of_one_name_are_two_documents(read):
    twins = [
        text_source("P1", path=f"internal://{guid(name)}.txt") for name in ("one", "two")
    ]  # fmt: skip
    material = read(qde(*twins), {"one": TALK, "two": TALK})
    assert list(dict.fromkeys(material.turns["document_ref"])) == ["p.qdpx#P1", "p.qdpx#P1 (2)"]


def test_an_empty_text_is_left_out_and_counted(read):
    material = read(qde(text_source("a"), text_source("b")), {"a": TALK, "b": " \n"})
    assert noted(material)["texts of the project without words, left out"] == 1


def test_a_project_without_a_text_is_refused_without_names(read):
    with pytest.raises(SourceError, match=r"not in the archive \(1\)") as raised:
        read(qde(text_source("Mara Klein")))
    assert "Mara" not in str(raised.value)


def test_a_text_that_names_nobody_is_refused_by_its_number(read):
    texts = {"Mara Klein": TALK, "Bo Lind": "it was slow"}
    with pytest.raises(SourceError, match=r"p\.qdpx, text 2") as raised:
        read(qde(*map(text_source, texts)), texts)
    assert "Bo" not in str(raised.value)


def test_the_folder_of_whoever_exported_it_is_told_nowhere(opened, read):
    content = qde(text_source("t", words(TALK, "I cried", HEAVY)))
    assert "secret-person" not in repr(opened(content, {"t": TALK}))
    assert "secret-person" not in repr(read(content, {"t": TALK}))


def test_a_project_is_recognised_and_proposed(write):
    guess = recognise_file(write("p.qdpx", pack(ONE, {"t": TALK})))
    assert (guess.kind, guess.source["interviewers"]) == ("transcripts", ["Ines"])
    assert "REFI-QDA" in guess.what
    assert any("cjm codes import" in ask for ask in guess.asks)
    gone = recognise_file(write("q.qdpx", pack(ONE)))
    assert gone.kind == ""
    assert "not in the archive" in gone.what


# Attacks


ATTACKS = {
    "no zip": lambda: b"PK\x03\x04 nothing",
    "no project": lambda: pack(b"", name="other.qde"),
    "two projects": lambda: pack(ONE, **{"PROJECT.QDE": ONE}),
    "doctype": lambda: pack(b'<!DOCTYPE x [<!ENTITY a "b">]>' + ONE.partition(b"?>")[2]),
    "external entity": lambda: pack(
        b'<!DOCTYPE x SYSTEM "passwd"><Project xmlns="urn:QDA-XML:project:1.0"/>'
    ),
    "doctype in UTF-16": lambda: pack('<!DOCTYPE x [<!ENTITY a "b">]><a/>'.encode("utf-16")),
    "not well-formed": lambda: pack(ONE[:-20]),
    "nested without end": lambda: pack(b"<a>" * 1_000_000 + b"</a>" * 1_000_000),
    "elements without end": lambda: pack(b"<a>" + b"<b/>" * 2_100_000 + b"</a>"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_by_name(opened, attack):
    with pytest.raises(SourceError, match=r"p\.qdpx"):
        opened(ATTACKS[attack]())


def test_bombs_are_refused_in_little_memory(write):
    blank = b" " * 1_000_000
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.qde", ONE)
        with archive.open(f"sources/{guid('t')}.txt", "w") as member:
            for _ in range(100):
                member.write(blank)
    text = write("text.qdpx", target.getvalue())
    with (
        zipfile.ZipFile(target := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("project.qde", "w") as member,
    ):
        for _ in range(100):
            member.write(blank)
    project = write("project.qdpx", target.getvalue())
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from cjm_research.errors import SourceError\n"
        "from cjm_research.readers import read_project\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        read_project(Path(path))\n"
        "    except SourceError as error:\n"
        "        assert 'larger than' in str(error)\n"
        "    else:\n"
        "        sys.exit(2)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, text, project], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 150_000  # kB


def test_names_that_lead_outside_are_only_names(opened, tmp_path):
    evil = text_source("evil", path="internal://../../outside.txt")
    members = {"sources/../../outside.txt": b"P1: taken", "/abs.txt": b"x", "..\\w.txt": b"y"}
    project = opened(pack(qde(evil), **members))
    assert project.sources[0].text == "P1: taken"  # a name in the archive, and no path
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["p.qdpx"]
    assert not (tmp_path.parent.parent / "outside.txt").exists()


def test_a_text_that_is_there_twice_is_not_chosen_from(opened):
    target = io.BytesIO(pack(ONE, {"t": TALK}))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(f"SOURCES/{guid('t')}.TXT", "P1: another")
    (text,) = opened(target.getvalue()).sources
    assert text.missing == "its text is twice in the archive"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (-1, 4), (4, 4), (9, 4), (0, 10**9), (10**14, 10**15), ("9" * 5000, "9" * 5001), ("", 3),
        ("x", "y"), ("1.5", 3), ("+-5", 9), ("٣", "٤"), ("1e3", 4),
    ],
)  # fmt: skip
def test_offsets_that_are_no_passage_are_set_aside(opened, start, end):
    project = opened(qde(text_source("t", selection(start, end, HEAVY))), {"t": TALK})
    assert marked(project) == ["their offsets are no passage of the text"]
    assert project.odd["selections set aside: their offsets are no passage of the text"] == 1


def test_an_offset_within_a_character_is_no_passage(opened):
    fits = words(TALK, "I cried", HEAVY, unit="UTF-16 units")
    at = len(TALK.partition("😀")[0].encode("utf-16-le")) // 2
    within = selection(at + 1, at + 5, HEAVY)
    project = opened(qde(text_source("t", fits, within)), {"t": TALK})
    assert marked(project) == ["I cried", "their offsets are no passage of the text"]


def test_guids_that_are_there_twice_are_counted_and_the_first_counts(opened):
    twin = code("slow").replace('name="slow"', 'name="other"')
    project = opened(qde(text_source("t"), codes=[code("slow"), twin], users=["ana", "ana"]))
    assert [one.path for one in project.codes.values()] == [("slow",)]
    assert project.odd["codes with the guid of another, left out"] == 1


def test_a_text_that_is_no_utf_8_is_missing_until_an_encoding_is_declared(read):
    texts = {"a": TALK, "b": "P1: Größe".encode("cp1252")}
    content = qde(text_source("a"), text_source("b"))
    what = "texts of the project left out: its text is not UTF-8 (declare `encoding:`)"
    assert noted(read(content, texts))[what] == 1
    declared = read(content, texts, encoding="cp1252")
    assert declared.turns["text"].tolist()[-1] == "Größe"


# A project that others wrote


def test_the_project_of_atlas_ti_is_read_as_counted_without_us(shared):
    path = shared / "refi_qda_testproject" / "TestProject.qdpx"
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("Project.qde"))
    tags = Counter(one.tag.rpartition("}")[2] for one in root.iter())
    project = read_project(path)
    assert len(project.users) == tags["User"] == 3
    assert len(project.codes) == tags["Code"] == 14
    space = f"{{{SPACE}}}"
    texts = root.findall(f"{space}Sources/{space}TextSource")
    assert len(project.sources) == len(texts) == 6
    assert {text.missing for text in project.sources} == {"its text is not in the archive"}
    selections = [one for text in project.sources for one in text.selections]
    assert len(selections) == sum(len(t.findall(f"{space}PlainTextSelection")) for t in texts)
    taken = [coded for one in selections for coded in one.codings]
    of_texts = [c for t in texts for c in t.iter(f"{space}Coding")]
    assert len(taken) == len(of_texts)
    assert Counter(code for coded in taken for code in coded.codes) == Counter(
        ref.get("targetGUID").lower() for c in of_texts for ref in c
    )
    assert project.odd["PDF and picture sources, left out"] == 3
    n_other = tags["PDFSelection"] + tags["PictureSelection"] + tags["VideoSelection"]
    assert project.odd["selections in pictures, PDF pages and recordings, left out"] == n_other
    assert project.odd["texts that are named twice, read once"] == tags["Transcript"] == 3
    paths = {one.path for one in project.codes.values()}
    assert {("Coke", "diet Coke"), ("Coke",), ('"rushed"',)} <= paths
    assert "non sucré" in {one.description for one in project.codes.values()}
    assert "sebpe" not in repr(project)
