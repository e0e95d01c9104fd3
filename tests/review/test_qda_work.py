"""What people coded in a QDA program becomes their codes: placed in masked words, never twice."""

import csv

import pandas as pd
import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.errors import ConfigError, SourceError, TableError
from cjm_research.study import open_study, qda_work
from tests.leaks import find_tokens
from tests.readers.qda import (
    code,
    coding,
    count,
    element,
    guid,
    pack,
    qde,
    selection,
    text_source,
    words,
)
from tests.review.test_coding_work import STUDY

MARA = (
    "Transcript of Tuesday\r\n"
    "Ina: How was it, Mara?\r\n"
    "Mara: I saw the advert. 😀 The basket was so slow.\r\n"
    "\r\n"
    "Ole helped me. Paying was awful, I cried.\r\n"
    "Ina: Yes?\r\n"
    "Mara: Yes. Ole said so. Yes.\r\n"
)
OLE = "Ina: And you?\nOle: The page crashed twice.\nI gave up in the end.\nIna: Yes?\nOle: Yes.\n"
SLOW = code("Pain points", code("Slow")), code("Feelings", code("disgust"), code("joy"))


def project(*of_mara, ole=(), codes=SLOW, crlf=2, **more):
    sources = text_source("t1.docx", *of_mara), text_source("t2.docx", *ole)
    return pack(qde(*sources, codes=codes, **more), {"t1.docx": MARA, "t2.docx": OLE})


def mara(part, *inside, **more):
    return words(MARA, part, *inside, unit="UTF-16 units", **more)


BASKET = "The basket was so slow."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    folder.mkdir(parents=True)
    study = STUDY.replace("talks/*.txt", "p.qdpx").replace(
        "kind: tr", "one_voice: false\n    kind: tr"
    )
    (folder / "study.yaml").write_text(study, "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def take(folder):
    def take_one(content, **more):
        (folder / "p.qdpx").write_bytes(content)
        return qda_work.import_project(open_study("tiny"), folder / "p.qdpx", **more)

    return take_one


def rows(folder, coder="ana"):
    path = folder / "codes" / f"{coder}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [(row["quote"], row["code_group"], row["code"]) for row in csv.DictReader(file)]


def test_codings_become_rows_at_their_words(take, folder):
    done = take(project(mara(BASKET, coding("Slow")), mara("I cried", coding("disgust"))))
    assert done.appended == {"ana": 2}
    assert rows(folder) == [(BASKET, "pain_point", "slow"), ("I cried", "own", "disgust")]
    assert done.lost == ()
    study = open_study("tiny")
    codes = study.codes[lambda table: table["coder_id"] == "person:ana"]
    texts = study.documents.set_index("document_id")["text"]
    for row in codes.itertuples():
        assert texts[row.document_id][row.start : row.end] == row.quote
    assert len(study.lost_codes) == 0
    assert set(codes["attributes"]) == {"{}"}  # placed where they say, neither moved nor reworded
    assert str(codes["coded_at"].iloc[0]) == "2026-03-01 10:00:00+00:00"
    held = study.held_codes[lambda table: table["coder_id"] == "person:ana"]
    assert set(held["code"]) == {"slow", "disgust"}


def test_names_in_a_quote_are_masked_and_in_no_file(take, folder):
    take(project(mara("Ole helped me. Paying", coding("Slow"), note="as Mara Weber told Ole")))
    assert rows(folder) == [("[name] helped me. Paying", "pain_point", "slow")]
    written = (folder / "codes" / "ana.csv").read_text("utf-8")
    assert "Mara" not in written
    assert "Ole" not in written


@pytest.mark.parametrize("n", [0, 1, 2])
def test_of_equal_words_the_coded_one_is_taken(take, folder, n):
    done = take(project(mara("I cried"), mara("Yes", coding("Slow"), n=n)))
    study = open_study("tiny")
    (row,) = study.codes[lambda table: table["coder_id"] == "person:ana"].itertuples()
    text = study.documents.set_index("document_id")["text"][row.document_id]
    assert text[: row.start].count("Yes") == n
    assert done.appended == {"ana": 1}


def test_a_code_may_cover_labels_line_ends_and_turns(take, folder):
    whole = MARA[MARA.index("so slow") : MARA.index(" said so")]
    take(project(mara(whole, coding("Slow"))))
    assert rows(folder) == [
        (
            "so slow.\n[name] helped me. Paying was awful, I cried.\nYes?\nYes. [name]",
            "pain_point", "slow",
        )
    ]  # fmt: skip
    assert len(open_study("tiny").lost_codes) == 0


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("Transcript of", "no words of a turn stand there, only a name, a time or a heading"),
        ("Mara:", "no words of a turn stand there, only a name, a time or a heading"),
    ],
)
def test_what_cannot_be_placed_is_listed_with_its_reason(take, folder, part, reason):
    done = take(project(mara("I cried"), mara(part, coding("Slow"))))
    assert [line.partition(": ")[2] for line in done.lost if "it bears" not in line] == [reason]
    assert rows(folder) == []


def test_a_selection_that_its_name_contradicts_is_listed(take, folder):
    wrong = selection(30, 40, coding("Slow"), name="I cried")
    done = take(project(mara(BASKET, coding("Slow")), wrong))
    assert done.lost == ("text 1, 30 to 40: the words there are not those of their name",)
    assert rows(folder) == [(BASKET, "pain_point", "slow")]


def test_each_person_has_a_file_and_a_program_has_none(take, folder):
    users = ["ana", "Bén Smith", "ATLAS.ti", "AI Assistant", "adjudicated", "машина", "rules"]
    each = [mara(BASKET, coding("Slow", coder=user)) for user in users]
    done = take(project(*each, users=users, origin="ATLAS.ti 8.4.0 573 , macOS", crlf=1))
    odd = sorted(f"coder-{guid(user)[:8]}" for user in users[4:])
    assert sorted(done.appended) == sorted(["ana", "ben-smith", *odd])
    assert [line.partition(": ")[2] for line in done.lost] == [
        "a program coded it, and no person"
    ] * 2
    assert any("whose names no file may bear" in note and "(3)" in note for note in done.notes)


def test_people_who_are_called_as_a_program_begins_are_people(take):
    users = ["Max", "Ai Mori", "research assistant", "MAXQDA", "ChatGPT", "Auto-Coder"]
    each = [mara(BASKET, coding("Slow", coder=user)) for user in users]
    done = take(project(*each, users=users, origin="MAXQDA 24.1"), dry_run=True)
    assert sorted(done.appended) == ["ai-mori", "max", "research-assistant"]
    assert len(done.lost) == 3


def test_codings_that_name_nobody_need_a_name(take, folder):
    content = project(mara(BASKET, coding("Slow", coder=""), coder=""))
    done = take(content, dry_run=True)
    assert "nobody is named as its coder (`--coder NAME` says who it is)" in done.lost[0]
    assert take(content, coder="ben").appended == {"ben": 1}
    assert rows(folder, "ben") == [(BASKET, "pain_point", "slow")]


def test_the_same_project_twice_appends_nothing_and_more_of_it_only_that(take, folder):
    first = [mara(BASKET, coding("Slow"))]
    assert take(project(*first)).appended == {"ana": 1}
    before = (folder / "codes" / "ana.csv").read_bytes()
    again = take(project(*first))
    assert (again.appended, again.known) == ({"ana": 0}, {"ana": 1})
    assert (folder / "codes" / "ana.csv").read_bytes() == before
    more = take(project(*first, mara("Ole helped me.", coding("joy"))))
    assert (more.appended, more.known) == ({"ana": 1}, {"ana": 1})
    after = (folder / "codes" / "ana.csv").read_bytes()
    assert after.startswith(before)


def test_what_somebody_wrote_into_a_file_stays_and_a_refusal_is_not_undone(take, folder):
    take(project(mara(BASKET, coding("Slow"))))
    path = folder / "codes" / "ana.csv"
    (row,) = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, row).writerow(row | {"strength": "0"})
    kept = path.read_bytes()
    assert take(project(mara(BASKET, coding("Slow")))).appended == {"ana": 0}
    assert path.read_bytes() == kept
    codes = open_study("tiny").codes[lambda table: table["coder_id"] == "person:ana"]
    assert codes["strength"].tolist() == [0.0]


def test_a_dry_run_writes_nothing(take, folder):
    done = take(project(mara(BASKET, coding("Slow"))), dry_run=True)
    assert done.appended == {"ana": 1}
    assert not (folder / "codes").exists()


def test_a_selection_without_a_code_is_a_memo(take, folder):
    first, second = mara(BASKET, note="ask Mara again"), mara(BASKET, note="or not")
    take(project(first, mara("I cried")))
    assert take(project(first, second)).appended == {"ana": 1}
    assert rows(folder) == [(BASKET, "memo", "memo")] * 2
    written = pd.read_csv(folder / "codes" / "ana.csv", dtype=str)
    assert (written["note"][0], written["strength"][0]) == ("ask [name] again", "0")


def test_a_case_or_no_code_at_all_is_listed(take):
    case = element("Cases", element("Case", guid=guid("case"), name="Mara"))
    bare = element("Coding", guid=guid("bare"))
    done = take(project(mara(BASKET, coding("case"), coding("gone"), bare), more=case))
    assert [line.partition(": ")[2] for line in done.lost] == [
        "it is coded with a case", "it is coded with no code of the project",
        "a coding without a code",
    ]  # fmt: skip


CODES = (
    code("Stages", code("find")),
    code("Late delivery"),
    code("Needs", code("Teleport")),
    code("Coke::diet Coke"),
    code("Other", code("diet Coke ")),
    code("<3"),
)


def matched(done):
    return {match.name: (match.code_group, match.code, match.why) for match in done.matches}


def test_codes_are_the_studys_where_names_match_and_else_the_persons_own(take):
    names = ["find", "Late delivery", "Teleport", "Coke::diet Coke", "diet Coke ", "<3"]
    done = take(project(*(mara(BASKET, coding(name)) for name in names), codes=CODES))
    assert matched(done) == {
        "Stages::find": ("stage", "find", "the same name"),
        "Late delivery": ("pain_point", "late_delivery", "the same name"),
        "Needs::Teleport": ("need", "teleport", "new"),
        "Coke::diet Coke": ("own", "coke_diet_coke", "new"),
        "Other::diet Coke": ("own", "other_diet_coke", "new"),
        "<3": ("own", "3", "new"),
    }


def test_a_name_that_fits_two_groups_is_asked_about(take, folder):
    book = "delight:\n  fogging: {name: Fog}\nneed:\n  fog: {}\n"
    (folder / "codebook.yaml").write_text(book, "utf-8")
    done = take(project(mara(BASKET, coding("Fog")), codes=[code("Fog")]))
    assert matched(done)["Fog"] == (
        "own", "fog", "could be delight fogging, need fog: say which in a map",
    )  # fmt: skip


def test_the_codebook_of_the_project_itself_matches_by_guid(take, folder):
    content = project(mara(BASKET, coding("disgust")))
    (folder / "codebook.qdpx").write_bytes(content)
    assert matched(take(content)) == {
        "Feelings::disgust": ("pain_point", "disgust", "the codebook's, by its guid")
    }


def write_map(folder, *lines):
    path = folder / "map.csv"
    path.write_text("name,code_group,code\n" + "".join(f"{line}\n" for line in lines), "utf-8")
    return path


def test_a_map_says_what_codes_are_and_which_are_left_out(take, folder):
    told = write_map(folder, "Feelings::disgust,delight,food", "joy,,")
    each = mara(BASKET, coding("disgust"), coding("joy"), coding("Slow"))
    done = take(project(each), map_file=told)
    assert matched(done)["Feelings::disgust"][:2] == ("delight", "food")
    assert rows(folder) == [(BASKET, "delight", "food"), (BASKET, "pain_point", "slow")]
    assert done.lost == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("disgusst,own,x", "row 2: the project has no one code 'disgusst'. Did you mean 'disgust'"),
        ("joy,stage,nowhere", "row 2: no stage 'nowhere'. Allowed: 'buy', 'find'"),
        ("joy,own,", "give both"),
        ("joy,own,none", "is no code"),
        ("joy,memo,memo", "is no code"),
        ("joy,own,x\njoy,own,y", "'joy' is there twice"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused_by_row(take, folder, line, words):
    with pytest.raises(TableError, match=words):
        take(project(mara(BASKET, coding("joy"))), map_file=write_map(folder, line))
    assert not (folder / "codes").exists()


def test_a_group_counts_for_whoever_said_it(take, folder):
    text = "Ina: Well?\nMara: It was slow.\nOle: It was grey.\nIna: Yes?\nOle: It was slow.\n"
    study = (folder / "study.yaml").read_text("utf-8")
    (folder / "study.yaml").write_text(study.replace("[Ina]", "[Ina]\n    participants: speaker"))
    marks = [
        words(text, "It was slow.", coding("Slow"), n=1),
        words(text, "slow.\nOle: It was grey.", coding("joy")),
        words(text, "Well?", coding("disgust")),
    ]
    done = take(pack(qde(text_source("group", *marks), codes=SLOW), {"group": text}))
    assert done.appended == {"ana": 4}
    codes = open_study("tiny").codes[lambda table: table["coder_id"] == "person:ana"]
    texts = open_study("tiny").documents.set_index("document_id")["text"]
    found = {(row.code, row.quote, "grey" in texts[row.document_id]) for row in codes.itertuples()}
    assert found == {
        ("slow", "It was slow.", True),  # Ole's, though Mara said the same
        ("joy", "slow.", False),
        ("joy", "It was grey.", True),
        ("disgust", "Well?", False),  # the interviewer's stands in both, and counts once
    }


def test_a_study_of_the_same_transcripts_as_files_takes_the_codings_too(take, folder):
    study = (folder / "study.yaml").read_text("utf-8").replace("p.qdpx", "talks/*.txt")
    (folder / "study.yaml").write_text(study, "utf-8")
    (folder / "talks").mkdir()
    (folder / "talks" / "t1.txt").write_text(MARA.replace("\r\n\r\n", "\n"), "utf-8", newline="\n")
    ole = words(OLE, "crashed", coding("Slow"))
    done = take(project(mara(BASKET, coding("Slow")), ole=[ole]))
    assert rows(folder) == [(BASKET, "pain_point", "slow")]
    assert [line.partition(": ")[2] for line in done.lost] == [
        "its text is no transcript of the study"
    ]


def test_a_project_of_another_study_is_refused(folder):
    (folder / "p.qdpx").write_bytes(project())
    path = folder / "other.qdpx"
    path.write_bytes(pack(qde(text_source("x", words(OLE, "crashed", coding("Slow")))), {"x": OLE}))
    with pytest.raises(ConfigError, match="no transcript of the study is a text of this project"):
        qda_work.import_project(open_study("tiny"), path)


def test_who_withdrew_is_not_coded(take, folder):
    study = (folder / "study.yaml").read_text("utf-8")
    roster = (
        "  - {id: people, kind: roster, files: roster.csv,\n"
        "     columns: {participant: id, consent: consent}}\ncoding:"
    )
    (folder / "roster.csv").write_text("id,consent\nt1,withdrawn\nt2,yes\n", "utf-8")
    (folder / "study.yaml").write_text(study.replace("coding:", roster, 1), "utf-8")
    done = take(project(mara(BASKET, coding("Slow")), ole=[words(OLE, "crashed", coding("Slow"))]))
    assert [line.partition(": ")[2] for line in done.lost] == ["its document is not in the study"]
    assert rows(folder) == [("crashed", "pain_point", "slow")]


def cjm(*said):
    return CliRunner().invoke(main, ["codes", "import", "tiny", *map(str, said)])


def test_the_command_says_what_it_did_and_what_it_could_not(folder):
    path = folder / "p.qdpx"
    path.write_bytes(
        project(mara(BASKET, coding("Slow")), mara("Mara:", coding("joy")), mara("I cried"))
    )
    dry = cjm(path, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "1 rows would be appended for ana; 0 were there already." in dry.output
    assert not (folder / "codes").exists()
    done = cjm(path)
    assert "1 rows appended for ana" in done.output
    assert "offsets count UTF-16 units" in done.output
    assert "Pain points::Slow -> pain_point slow (the same name)" in done.output
    assert "Not taken, 2:" in done.output
    assert "only a name, a time or a heading" in done.output
    assert "secret-person" not in done.output
    assert cjm(path, "--new-codes").exit_code == 2
    assert cjm(folder / "sheet.xlsx").exit_code == 2
    assert cjm(folder / "sheet.xlsx", "--coder", "ana", "--dry-run").exit_code == 2


def test_the_project_of_atlas_ti_has_no_text_and_says_so(folder):
    from tests.readers.conftest import SHARED

    path = SHARED / "refi_qda_testproject" / "TestProject.qdpx"
    if not path.exists():
        pytest.skip(f"shared data is not at {SHARED}")
    (folder / "p.qdpx").write_bytes(path.read_bytes())
    done = cjm(folder / "p.qdpx")
    assert done.exit_code == 1
    assert "its text is not in the archive (6)" in done.output
    assert "sebpe" not in done.output


def test_nobody_of_the_project_is_in_the_tables_or_the_codes(folder):
    text = "Ina: How was it, Zqmara?\nZqmara: Slow, said Zqole. Zqole knows.\n"
    marks = [words(text, "Slow, said Zqole", coding("Slow", coder="ana"), note="see Zqmara")]
    sources = [
        text_source("Zqmara Zqklein.docx", *marks), text_source("Zqole.docx"),
        text_source("Zqgone.docx", selection(0, 4, coding("Slow"))),
    ]  # fmt: skip
    texts = {"Zqmara Zqklein.docx": text, "Zqole.docx": text.replace("Zqmara:", "Zqole:")}
    content = qde(*sources, codes=SLOW, users=("ana", "Zquser@example.org"))
    (folder / "p.qdpx").write_bytes(pack(content.replace(b"secret-person", b"Zqhome"), texts))
    done = cjm(folder / "p.qdpx")
    assert "1 rows appended for ana" in done.output, done.output
    assert "Zq" not in done.output
    study = open_study("tiny")
    shown = "".join(table.to_csv() for table in study.tables.values())
    assert "Slow, said [id]" in shown
    assert "zq" not in shown.casefold()
    assert "Zq" not in (folder / "codes" / "ana.csv").read_text("utf-8")
    assert find_tokens([], folder / "codes", folder.parents[1] / "processed") == {}


@pytest.mark.parametrize("dry_run", [False, True])
def test_codings_that_nothing_confirms_or_that_count_for_nobody_are_said(take, dry_run):
    start = count(MARA[: MARA.index(BASKET)], unit="UTF-16 units")
    titled = selection(start, start + len(BASKET), coding("Slow"), name="A title of my own")
    asked = mara("How was it", coding("Slow"))
    done = take(project(mara("I cried", coding("joy")), titled, asked), dry_run=dry_run)
    notes = "\n".join(done.notes)
    assert "placed by their offsets alone: their name is nowhere in the text (1)" in notes
    assert "codings that lie in an interviewer's words and count for nobody (1)" in notes
    assert done.appended == {"ana": 3}


def test_a_project_that_is_not_there_is_said_to_be_not_there(take, folder):
    take(project())
    with pytest.raises(SourceError, match="there is no such file"):
        qda_work.import_project(open_study("tiny"), folder / "nope.qdpx")
