"""What a person did to a study's codes is never lost, and what nobody said counts nowhere."""

import pandas as pd
import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.codes import NONE
from cjm_research.study import coding_work, open_study

STUDY = """\
schema_version: 1
title: Where does it hurt?
objective: Decide what to mend first.
journey:
  stages:
    - {id: find, name: Finding it, prompts: ["How did you find it?"]}
    - {id: buy, name: Buying it, prompts: ["How did you buy it?"]}
sources:
  - id: talks
    kind: transcripts
    files: talks/*.txt
    sampling: purposive
    consent: quote
    interviewers: [Ina]
    masking_reviewed: all
privacy: {synthetic: true}
"""
RULES = "coding: {scores: rules}\n"
SLOW = "The page was so slow."
TALKS = {
    "t1": f"Ina: How did you find it? It is terribly slow, isn't it?\nMara: A sign. {{}}\n"
          f"Ina: How did you buy it?\nMara: {SLOW} It was blue.\n",
    "t2": "Ina: How did you buy it?\nOle: " + "The page was so slow. " * 12 + "\n",
    "t3": "Ina: How did you buy it?\nPia: It was green.\n",
}  # fmt: skip
PORTUGUESE = (
    "Ina: How did you buy it?\n"
    "Rui: A página demorou muito tempo para carregar e eu não consegui encontrar o botão. "
    "Depois de uma hora de espera, desisti da compra e fechei o computador.\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "tiny"
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY + RULES, "utf-8")
    for name, text in TALKS.items():
        write_talk(folder, name, text.replace("{}", "It was grey."))
    monkeypatch.chdir(tmp_path)
    return folder


def write_talk(folder, name, text):
    (folder / "talks" / f"{name}.txt").write_text(text, "utf-8")


def codes_by_ana(folder, *rows):
    lines = ["file,quote,code_group,code,severity,note"]
    lines += [f"talks/{file}.txt,{','.join(map(str, rest))}" for file, *rest in rows]
    (folder / "codes").mkdir(exist_ok=True)
    (folder / "codes" / "ana.csv").write_text("\n".join(lines) + "\n", "utf-8")


def pains(study):
    held = study.held_codes[lambda rows: rows["code_group"] == "pain_point"]
    people = study.excerpts.set_index("excerpt_id")["participant_id"]
    alias = study.participants.set_index("participant_id")["alias"]
    return {
        (alias[people[row.excerpt_id]], row.quote, row.code, row.coder_id)
        for row in held.itertuples()
    }


def said_at_buy(study, code="slow"):
    rows = study.mentions.query(f"stage == 'buy' and code == '{code}' and segment == ''")
    return rows[["n_said", "n_heard"]].to_numpy().tolist()


def test_an_interviewers_words_reach_no_table_of_what_was_said(folder):
    study = open_study("tiny")
    asked = set(study.excerpts.loc[study.excerpts["speaker"] == "interviewer", "excerpt_id"])
    assert len(asked) >= 4
    for name in ("scores", "codes", "held_codes", "statements"):
        table = getattr(study, name)
        assert len(table), name
        assert not asked & set(table["excerpt_id"]), name
    assert set(study.quotes["speaker"]) == {"participant"}
    # "It is terribly slow" was the interviewer's, about finding.
    assert study.mentions.query("stage == 'find' and code == 'slow'").empty


def test_who_repeats_a_pain_twelve_times_counts_once(folder):
    study = open_study("tiny")
    assert said_at_buy(study) == [[2, 3]]
    (row,) = study.pain_points.query("stage == 'buy' and code == 'slow'").to_dict("records")
    assert (row["n_said"], row["n_heard"], row["n_own"]) == (2, 3, 2)
    assert sum(study.statements["code"] == "slow") == 13


CODED = [
    ("t1", SLOW, "pain_point", "navigation", 4, "she meant the menu"),
    ("t3", "It was green.", "pain_point", "slow", 3, ""),
    ("t2", SLOW, "pain_point", NONE, "", "a habit of speech"),
]


def check_what_ana_did(study):
    codes = study.codes[lambda rows: rows["coder_id"] == "person:ana"]
    assert set(codes["code"]) >= {"navigation", "slow", NONE}
    assert (codes.loc[codes["code"] == "navigation", "note"] == "she meant the menu").all()
    people = {(quote, code) for _, quote, code, coder in pains(study) if coder == "person:ana"}
    assert people >= {(SLOW, "navigation"), ("It was green.", "slow")}
    severity = study.statements[lambda rows: rows["coder_id"] == "person:ana"]
    severity = severity.set_index("code")[["severity", "severity_by"]]
    assert severity.loc["navigation"].tolist() == [4, "person"]
    assert severity.loc["slow"].tolist() == [3, "person"]


def test_what_a_person_did_survives_another_run(folder):
    codes_by_ana(folder, *CODED)
    file = (folder / "codes" / "ana.csv").read_bytes()
    check_what_ana_did(open_study("tiny"))
    check_what_ana_did(open_study("tiny"))
    assert (folder / "codes" / "ana.csv").read_bytes() == file


def test_a_persons_none_silences_the_machine_there_and_nowhere_else(folder):
    before = {row for row in pains(open_study("tiny")) if row[1] == SLOW}
    codes_by_ana(folder, ("t3", "It was green.", "pain_point", NONE, "", ""))
    assert {row for row in pains(open_study("tiny")) if row[1] == SLOW} == before
    codes_by_ana(folder, ("t1", SLOW, "pain_point", NONE, "", ""))
    after = {row for row in pains(open_study("tiny")) if row[1] == SLOW}
    silenced = before - after
    assert len({alias for alias, *_ in silenced}) == 1
    assert after and not {row[:2] for row in silenced} & {row[:2] for row in after}


def test_what_a_person_did_survives_another_model(folder):
    codes_by_ana(folder, *CODED)
    by_rules = open_study("tiny")
    check_what_ana_did(by_rules)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    by_encoder = open_study("tiny")
    assert set(by_encoder.scores["coder_id"]) == {"encoder"}
    check_what_ana_did(by_encoder)
    assert by_encoder.lost_codes.empty
    key = ["code_id", "start", "end", "quote", "code", "note"]
    first, second = (
        study.codes[lambda rows: rows["coder_id"] == "person:ana"][key].to_numpy().tolist()
        for study in (by_rules, by_encoder)
    )
    assert first == second


def test_a_correction_elsewhere_in_the_transcript_moves_the_code_with_its_quote(folder):
    codes_by_ana(folder, *CODED)
    before = open_study("tiny")
    check_what_ana_did(before)  # tables are made when first asked for
    write_talk(
        folder, "t1", TALKS["t1"].replace("{}", "It was grey. It was old. And a good deal larger.")
    )
    after = open_study("tiny")
    check_what_ana_did(after)
    assert after.lost_codes.empty
    spot = "coder_id == 'person:ana' and code == 'navigation'"
    (old,), (new,) = (study.codes.query(spot).to_dict("records") for study in (before, after))
    assert new["start"] > old["start"]
    assert new["excerpt_id"] != old["excerpt_id"]
    assert after.excerpts.set_index("excerpt_id").loc[new["excerpt_id"], "text"] == SLOW


def test_a_code_whose_quote_was_rewritten_is_listed_as_lost(folder):
    codes_by_ana(folder, *CODED)
    text = TALKS["t1"].replace("{}", "It was grey.").replace(SLOW, "The cage was full of snow.")
    write_talk(folder, "t1", text)
    study = open_study("tiny")
    lost = study.lost_codes
    assert lost[["coder_id", "code", "quote"]].to_numpy().tolist() == [
        ["person:ana", "navigation", SLOW]
    ]
    assert "navigation" not in set(study.held_codes["code"])
    # The file is as it was: with the old wording back, the code is back.
    write_talk(folder, "t1", TALKS["t1"].replace("{}", "It was grey."))
    check_what_ana_did(open_study("tiny"))


def test_a_small_slip_corrected_in_the_quote_keeps_the_code_or_lists_it(folder):
    write_talk(folder, "t1", TALKS["t1"].replace("{}", "It was grey.").replace("slow", "slwo"))
    codes_by_ana(folder, ("t1", "The page was so slwo.", "pain_point", "navigation", 4, ""))
    assert "navigation" in set(open_study("tiny").held_codes["code"])
    write_talk(folder, "t1", TALKS["t1"].replace("{}", "It was grey."))
    study = open_study("tiny")
    held = set(study.held_codes.query("coder_id == 'person:ana'")["code"])
    lost = set(study.lost_codes["code"])
    assert (held | lost) == {"navigation"} and not held & lost


def test_a_persons_stage_outranks_the_machines_and_moves_the_count(folder):
    study = open_study("tiny")
    assert said_at_buy(study) == [[2, 3]]
    codes_by_ana(folder, ("t1", SLOW, "stage", "find", "", ""))
    study = open_study("tiny")
    assert said_at_buy(study) == [[1, 3]]
    assert study.mentions.query("stage == 'find' and code == 'slow'")["n_said"].tolist() == [1]
    assert study.stage_bases.query("basis == 'person'")["n_excerpts"].tolist() == [1]


@pytest.mark.parametrize("action", ["merge", "rename", "retire", "split"])
def test_a_change_of_the_codebook_and_its_undoing_leave_the_study_as_it_was(folder, action):
    codes_by_ana(folder, ("t3", "It was green.", "pain_point", "slow", 3, ""))
    before = open_study("tiny")
    more = {
        "merge": {"into": "waiting"}, "split": {"into": ["slow_page", "slow_people"]},
        "rename": {"label": "Sluggish"}, "retire": {},
    }[action]  # fmt: skip
    change = coding_work.change_codebook(
        before, action, by="ana", code_group="pain_point", code="slow", **more
    )
    during = open_study("tiny")
    assert during.key != before.key
    labels = set(during.mentions.query("code_group == 'pain_point'")["label"])
    if action == "merge":
        assert said_at_buy(during) == [] and said_at_buy(during, "waiting") == [[3, 3]]
        assert "slow" not in set(during.statements["code"])
    elif action == "rename":
        assert "Sluggish" in labels and said_at_buy(during) == [[3, 3]]
    elif action == "retire":
        assert said_at_buy(during) == []
    else:
        assert len(coding_work.list_worklist(during))
    done = CliRunner().invoke(main, ["codes", "undo", "tiny", change, "--by", "ana"])
    assert done.exit_code == 0, done.output
    after = open_study("tiny")
    for name in ("codes", "held_codes", "mentions", "statements", "pain_points"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(before, name))
    assert len(coding_work.list_worklist(after)) == 0
    assert coding_work.list_changes(after)["holds"].tolist()[0] is False


@pytest.mark.parametrize("scores", ["rules", "encoder"])
def test_what_the_encoder_does_not_speak_is_set_aside_visibly(folder, scores):
    (folder / "study.yaml").write_text(STUDY + f"coding: {{scores: {scores}}}\n", "utf-8")
    before = open_study("tiny")
    assert len(before.languages) == 3  # tables are made when first asked for
    write_talk(folder, "t4", PORTUGUESE)
    study = open_study("tiny")
    aside = study.languages[lambda rows: rows["status"] == "set aside"]
    assert aside["language"].tolist() == ["pt"]
    (document,) = aside["document_id"]
    assert len(study.languages) == len(study.documents) == 4
    english = study.languages[study.languages["document_id"] != document]
    assert set(english["language"]) == {"en"}  # one foreign interview makes no other one foreign
    theirs = set(study.excerpts.loc[study.excerpts["document_id"] == document, "excerpt_id"])
    assert theirs
    for name in ("scores", "codes", "embeddings", "statements"):
        assert not theirs & set(getattr(study, name)["excerpt_id"]), name
    assert document not in set(study.quotes["document_id"])
    # Nobody more was heard, and nobody's silence was read as a calm voice.
    heard = ["stage", "source", "n_heard"]
    assert study.coverage[heard].equals(before.coverage[heard])
    assert said_at_buy(study) == said_at_buy(before)
    assert study.emotion_curve.equals(before.emotion_curve)
