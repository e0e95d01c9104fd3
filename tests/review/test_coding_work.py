"""A study's coding work end to end: sheets out, filled in, back; and what the tables then say."""

import json

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.study import coding_work, open_study

STUDY = """\
schema_version: 1
title: Where does it hurt?
objective: Decide what to mend first.
journey:
  stages:
    - {id: find, cues: [the advert]}
    - {id: buy, cues: [the basket, paying]}
sources:
  - id: talks
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    consent: quote
    interviewers: [Ina]
    masking_reviewed: all
coding: {scores: rules}
privacy: {synthetic: true}
"""
TALKS = {
    "t1": "Ina: How was it?\nMara: I saw the advert. The basket was so slow. Paying was awful.\n",
    "t2": "Ina: And you?\nOle: The page crashed twice. I gave up in the end. It was grey.\n",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    for name, text in TALKS.items():
        (folder / "talks" / f"{name}.txt").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def cjm(*words, fails=False):
    done = CliRunner().invoke(main, ["codes", *map(str, words)])
    if not fails and done.exception:
        raise done.exception
    assert done.exit_code == int(fails), done.output
    return done.output


def fill(path, **cells):
    """Type into the sheet: `text starts with` -> {column: value}."""
    book = openpyxl.load_workbook(path)
    tab = book.worksheets[0]
    heads = [cell.value for cell in tab[1]]
    for line in tab.iter_rows(min_row=2):
        for begin, typed in cells.items():
            if line[heads.index("text")].value.startswith(begin.replace("_", " ")):
                for column, value in typed.items():
                    line[heads.index(column)].value = value
    book.save(path)


def held(group="pain_point"):
    codes = open_study("tiny").held_codes
    codes = codes[codes["code_group"] == group]
    return {(row.quote, row.code, row.coder_id) for row in codes.itertuples()}


def test_a_sheet_goes_out_comes_back_and_holds(folder):
    path = cjm("export", "tiny", "--coder", "ana").strip()
    assert path == "data/raw/tiny/sheets/ana.xlsx"
    fill(
        path,
        The_basket={"pain_point": "navigation", "severity": 4, "stage": "buy", "memo": "typical"},
        The_page={"pain_point": "-"},
    )
    assert cjm("import", "tiny", path, "--coder", "ana").startswith("4 rows appended for ana")
    file = pd.read_csv(folder / "codes" / "ana.csv", keep_default_na=False)
    # What the machine said of the basket is refused, because the cell is the whole of it.
    assert file[["code_group", "code", "strength"]].to_numpy().tolist() == [
        ["stage", "buy", 1],
        ["pain_point", "navigation", 1],
        ["pain_point", "none", 1],
        ["pain_point", "slow", 0],
    ]
    basket = "The basket was so slow."
    assert {row for row in held() if row[0] == basket} == {(basket, "navigation", "person:ana")}
    assert not {row for row in held() if "crashed" in row[0]}
    codes = open_study("tiny").codes
    mine = codes[(codes["code"] == "navigation") & (codes["coder_id"] == "person:ana")].iloc[0]
    assert json.loads(mine["attributes"]) == {"severity": 4}
    assert mine["note"] == "typical"


def test_the_same_sheet_twice_and_the_next_sheet_append_nothing_new(folder):
    path = folder / "sheets" / "ana.xlsx"
    cjm("export", "tiny", "--coder", "ana")
    fill(path, The_basket={"pain_point": "slow; navigation", "severity": 2, "memo": "m"})
    cjm("import", "tiny", path, "--coder", "ana")
    before = (folder / "codes" / "ana.csv").read_bytes()
    assert "nothing new" in cjm("import", "tiny", path, "--coder", "ana")
    again = cjm("export", "tiny", "--coder", "ana", "--out", "again.csv").strip()
    assert "navigation; slow" in (folder.parents[2] / again).read_text("utf-8-sig")
    assert "nothing new" in cjm("import", "tiny", again, "--coder", "ana")
    assert (folder / "codes" / "ana.csv").read_bytes() == before


def test_a_faulty_sheet_appends_nothing(folder):
    path = cjm("export", "tiny", "--coder", "ana").strip()
    fill(path, The_basket={"pain_point": "slow"}, Paying={"pain_point": "navigaton"})
    told = cjm("import", "tiny", path, "--coder", "ana", fails=True)
    assert "Did you mean 'navigation'?" in told
    assert not (folder / "codes").exists()


def test_a_sheet_in_which_somebody_worked_is_not_replaced(folder):
    cjm("export", "tiny", "--coder", "ana")
    assert "--overwrite" in cjm("export", "tiny", "--coder", "ana", fails=True)
    cjm("export", "tiny", "--coder", "ana", "--overwrite")


def test_without_a_random_sample_agreement_cannot_be_told(folder):
    told = cjm("agreement", "tiny", fails=True)
    assert "cannot tell" in told
    assert "--validation" in told


def test_two_people_agree_are_adjudicated_and_the_machine_is_judged(folder):
    for coder in ("ana", "ben"):
        cjm("export", "tiny", "--coder", coder, "--validation", 4)
    sample = pd.read_csv(folder / "samples" / "validation.csv")
    assert len(sample) == 4
    assert "4 excerpts, and samples" in cjm(
        "export", "tiny", "--coder", "cy", "--validation", 3, fails=True
    )
    assert "coded blind" in cjm(
        "export", "tiny", "--coder", "cy", "--validation", 4, "--not-blind", fails=True
    )
    first, second, *rest = sample["quote"]
    for coder, theirs in (("ana", "navigation"), ("ben", "-")):
        path = folder / "sheets" / f"{coder}-validation.xlsx"
        fill(
            path,
            **{first: {"pain_point": "slow"}, second: {"pain_point": theirs}},
            **{text: {"pain_point": "-"} for text in rest},
        )
        cjm("import", "tiny", path, "--coder", coder)
    found = coding_work.estimate_agreement(open_study("tiny")).set_index("code")
    # Over four units: 1 both, 1 only ana, 2 neither; (.75 - .5) / (1 - .5).
    assert found.loc["", "kappa"] == pytest.approx(0.5)
    assert found.loc["slow", "kappa"] == pytest.approx(1)
    told = cjm("agreement", "tiny")
    assert "alpha 0.533" in told
    assert "ana and ben" in told
    assert "kappa 0.50" in told
    assert "no interval: 2 participants" in told

    path = cjm("export", "tiny", "--coder", "adjudicated", "--disagreements").strip()
    sheet = pd.read_excel(path, keep_default_na=False)
    assert sheet[["text", "ana says", "ben says"]].to_numpy().tolist() == [
        [second, "pain_point: navigation", "pain_point: -"]
    ]
    fill(path, **{second: {"pain_point": "trust"}})
    cjm("import", "tiny", path, "--coder", "adjudicated")
    assert {row for row in held() if row[0] == second} == {(second, "trust", "person:adjudicated")}
    assert "all is settled" in cjm(
        "export", "tiny", "--coder", "adjudicated", "--disagreements", fails=True
    )
    judged = coding_work.estimate_machine_quality(open_study("tiny"))
    assert set(judged["coder"]) == {"ana", "ben", "adjudicated"}


def test_a_correction_survives_a_corrected_transcript(folder):
    path = cjm("export", "tiny", "--coder", "ana").strip()
    fill(path, The_basket={"pain_point": "-"}, I_gave_up={"pain_point": "trust"})
    cjm("import", "tiny", path, "--coder", "ana")
    talk = folder / "talks" / "t1.txt"
    talk.write_text(TALKS["t1"].replace("I saw", "Well, I saw"), "utf-8")
    (folder / "talks" / "t2.txt").write_text("Ina: And you?\nOle: Nothing to say.\n", "utf-8")
    assert not {row for row in held() if row[0].startswith("The basket")}
    lost = open_study("tiny").lost_codes
    lost = lost[lost["code"] == "trust"]
    assert lost[["quote", "code_group", "code", "reason"]].to_numpy().tolist() == [
        ["I gave up in the end.", "pain_point", "trust", "the quote is not in its document"]
    ]


def test_a_merge_is_logged_counts_and_is_undone(folder):
    (folder / "codes").mkdir()
    (folder / "codes" / "ana.csv").write_text(
        "file,quote,code_group,code\ntalks/t2.txt,I gave up in the end.,pain_point,despair\n",
        "utf-8",
    )
    before = held()
    assert ("I gave up in the end.", "despair", "person:ana") in before
    told = cjm("merge", "tiny", "pain_point", "despair", "trust", "--by", "ana", "--note", "same")
    assert "Change 1 is logged" in told
    assert "merge  pain_point despair -> trust  same" in cjm("log", "tiny")
    assert "cannot go into itself" in cjm(
        "merge", "tiny", "pain_point", "trust", "trust", "--by", "ana", fails=True
    )
    study = open_study("tiny")
    assert "despair" not in set(coding_work.list_allowed_codes(study)["code"])
    cjm("undo", "tiny", 1, "--by", "ana")
    assert "(undone)" in cjm("log", "tiny")
    assert held() == before


def test_the_log_is_laid_over_the_tables(folder):
    (folder / "codes").mkdir()
    line = "talks/t2.txt,{},pain_point,{}\n"
    (folder / "codes" / "ana.csv").write_text(
        "file,quote,code_group,code\n" + line.format("I gave up in the end.", "despair")
        + line.format("It was grey.", "grey") + line.format("It was grey.", "dull"), "utf-8",
    )  # fmt: skip
    head = "change_id,at,by,action,code_group,code,into,label,note\n"
    (folder / "codebook_log.csv").write_text(
        head + "1,2026-01-01T00:00Z,ana,merge,pain_point,despair,trust,,\n"
        "2,2026-01-01T00:00Z,ana,retire,pain_point,grey,,,\n"
        "3,2026-01-01T00:00Z,ana,split,pain_point,dull,sad;plain,,\n", "utf-8",
    )  # fmt: skip
    people = {row for row in held() if row[2] == "person:ana"}
    assert people == {
        ("I gave up in the end.", "trust", "person:ana"),
        ("It was grey.", "dull", "person:ana"),
    }
    assert "dull -> sad or plain  person:ana" in cjm("worklist", "tiny")
    allowed = set(coding_work.list_allowed_codes(open_study("tiny"))["code"])
    assert {"trust", "sad", "plain", "dull"} <= allowed
    assert not {"despair", "grey"} & allowed


def test_the_words_of_those_who_may_not_be_quoted_are_not_among_the_lost(folder):
    yaml = (folder / "study.yaml").read_text("utf-8")
    (folder / "study.yaml").write_text(yaml.replace("consent: quote", "consent: no_quote"), "utf-8")
    (folder / "codes").mkdir()
    (folder / "codes" / "ana.csv").write_text(
        "file,quote,code_group,code\ntalks/t2.txt,words of long ago,pain_point,trust\n", "utf-8"
    )
    assert open_study("tiny").lost_codes["quote"].tolist() == [""]


def test_unknown_sources_and_options_that_exclude_each_other_are_refused(folder):
    assert "Did you mean 'talks'" in cjm(
        "export", "tiny", "--coder", "ana", "--source", "talk", fails=True
    )
    assert "take one of" in cjm(
        "export", "tiny", "--coder", "a", "--validation", 2, "--disagreements", fails=True
    )
    assert "lower-case" in cjm("export", "tiny", "--coder", "Ana B", fails=True)
    assert "has not been changed" in cjm("log", "tiny")
    assert "Nothing is left" in cjm("worklist", "tiny")


def test_a_change_of_the_codebook_is_seen_without_clearing_the_cache(folder):
    (folder / "codes").mkdir()
    (folder / "codes" / "ana.csv").write_text(
        "file,quote,code_group,code\ntalks/t2.txt,It was grey.,pain_point,grey\n", "utf-8"
    )
    assert ("It was grey.", "grey", "person:ana") in held()
    cjm("retire", "tiny", "pain_point", "grey", "--by", "ana")
    assert ("It was grey.", "grey", "person:ana") not in held()
