"""Search, suggestions, explanations and frozen themes, asked of a study on disk."""

import json
import shutil

import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.coding.heads import load_heads
from cjm_research.errors import ConfigError, SourceError, TableError, UnknownNameError
from cjm_research.study import coding_work, open_study

STUDY = """\
schema_version: 1
title: Where does it hurt?
objective: Decide what to mend first.
journey:
  stages:
    - {id: find, name: Finding a plan, prompts: ["How did you find a plan?"]}
    - {id: pay, name: Paying, prompts: ["How did paying go?"]}
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
WAITS = ("I waited {} for the engineer and nobody came.", "The engineer was hours late {}.",
         "We waited the whole day for the engineer {}, it was awful.")  # fmt: skip
CARDS = ("My card was declined {} and the payment failed.", "The payment failed {} again.",
         "It refused my credit card {}, the payment crashed.")  # fmt: skip
WHEN = ("on Monday", "on Friday", "in May", "in June", "last week", "twice", "yesterday")


def write_talk(folder, number, *said):
    lines = [f"Ina: How did you find a plan?\nPerson{number}: {' '.join(said)}"]
    (folder / "talks" / f"t{number}.txt").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    base = tmp_path_factory.mktemp("doors")
    folder = base / "data" / "raw" / "tiny"
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    for number, when in enumerate(WHEN):
        said = [text.format(when) for text in (*WAITS, *CARDS)]
        write_talk(folder, number, *said, "The shop is in our street.")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(base)
        _ = open_study("tiny").tables
    return base


@pytest.fixture
def folder(_made, tmp_path, monkeypatch):
    shutil.copytree(_made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "raw" / "tiny"


def test_excerpts_are_found_by_their_meaning(folder):
    study = open_study("tiny")
    found = study.find_excerpts("the technician did not show up", n=5)
    assert len(found) == 5
    assert found["text"].str.contains("engineer").all()
    assert set(found["speaker"]) == {"participant"}
    assert found["similarity"].is_monotonic_decreasing
    assert found["stage"].notna().all()
    text = study.documents.set_index("document_id")["text"]
    for row in found.itertuples():
        assert text[row.document_id][row.start : row.end] == row.text


def test_an_interviewers_question_is_never_found(folder):
    found = open_study("tiny").find_excerpts("How did you find a plan?", n=1000)
    assert len(found) == 7 * 7
    assert "interviewer" not in set(found["speaker"])


def test_suggestions_are_excerpts_that_nobody_has_coded(folder):
    study = open_study("tiny")
    first = study.suggest_excerpts_to_code(n=6)
    assert first["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    excerpts = study.excerpts.set_index("excerpt_id")
    assert set(excerpts.loc[first["excerpt_id"], "speaker"]) == {"participant"}
    assert excerpts.loc[first["excerpt_id"], "participant_id"].nunique() >= 4
    assert first.equals(open_study("tiny").suggest_excerpts_to_code(n=6))
    (folder / "codes").mkdir()
    row = excerpts.loc[first["excerpt_id"].iloc[0]]
    place = study.documents.set_index("document_id").loc[row["document_id"]]
    assert place["text"][row["start"] : row["end"]] == row["text"]
    (folder / "codes" / "ana.csv").write_text(
        "document_id,start,end,quote,code_group,code\n"
        f'{row["document_id"]},{row["start"]},{row["end"]},"{row["text"]}",pain_point,waiting\n',
        "utf-8",
    )
    again = open_study("tiny")
    assert "person:ana" in set(again.codes["coder_id"])
    left = again.suggest_excerpts_to_code(n=1000)
    assert first["excerpt_id"].iloc[0] not in set(left["excerpt_id"])


def test_an_explanation_tells_the_codes_of_an_excerpt(folder):
    study = open_study("tiny")
    held = study.held_codes.query("code_group == 'pain_point'")
    id_ = held["excerpt_id"].iloc[0]
    found = study.explain(id_)
    mine = study.held_codes.query("excerpt_id == @id_")
    assert found.text == mine["quote"].iloc[0]
    shown = found.codes[found.codes["holds"]]
    assert set(zip(shown["code_group"], shown["code"], strict=True)) == set(
        zip(mine["code_group"], mine["code"], strict=True)
    )
    assert shown["because"].str.len().min() > 0


def test_an_interviewers_excerpt_has_an_explanation_without_codes(folder):
    study = open_study("tiny")
    asked = study.excerpts.query("speaker == 'interviewer'")["excerpt_id"].iloc[0]
    assert study.explain(asked).codes.empty


def test_an_unknown_excerpt_is_named(folder):
    with pytest.raises(UnknownNameError, match="talks/nobody#1"):
        open_study("tiny").explain("talks/nobody#1")


@pytest.fixture
def by_rules(folder):
    (folder / "study.yaml").write_text(STUDY + "coding: {scores: rules}\n", "utf-8")
    return folder


def test_a_study_by_rules_has_no_search_and_says_why(by_rules):
    with pytest.raises(ConfigError, match=r"scores: rules.*use `encoder`"):
        open_study("tiny").find_excerpts("waiting")


def test_a_study_by_rules_still_explains(by_rules):
    study = open_study("tiny")
    id_ = study.held_codes["excerpt_id"].iloc[0]
    assert len(study.explain(id_).codes)


def test_themes_of_a_study_by_rules_cannot_be_frozen(by_rules):
    with pytest.raises(TableError, match="scores: encoder"):
        coding_work.freeze_themes(open_study("tiny"))
    assert not (by_rules / "themes.json").exists()


def theme_of(study):
    """Return {excerpt text: themes} of the pains."""
    themes = study.held_codes.query("code_group == 'theme'")
    return themes.groupby("quote")["code"].agg(set).to_dict()


def test_the_study_has_enough_pains_for_themes(folder):
    study = open_study("tiny")
    assert (study.scores["pain"] >= load_heads().thresholds["pain"]).sum() >= 30
    assert len(study.themes) >= 2


def test_frozen_themes_are_joined_by_what_is_said_later(folder):
    before = open_study("tiny")
    wait, card = WAITS[0].format(WHEN[0]), CARDS[0].format(WHEN[0])
    ids = theme_of(before)
    assert ids[wait] and ids[card] and not ids[wait] & ids[card]
    path = coding_work.freeze_themes(before)
    assert path == folder.resolve() / "themes.json"
    frozen = path.read_bytes()
    assert open_study("tiny").key != before.key
    late = WAITS[0].format("this spring")
    other = "I hate this ugly horrible green wallpaper, it is a terrible nightmare."
    write_talk(folder, 8, late, other)
    after = open_study("tiny")
    now = theme_of(after)
    assert now[late] == ids[wait]
    assert {quote: now[quote] for quote in (wait, card)} == {
        quote: ids[quote] for quote in (wait, card)
    }
    assert now.get(other) == {"new"}
    bases = set(after.held_codes.query("code_group == 'theme'")["basis"])
    assert bases == {"frozen"}
    assert path.read_bytes() == frozen


def test_themes_are_frozen_once_and_refitted_only_when_asked(folder):
    with pytest.raises(SourceError, match=r"no themes are frozen(.|\n)*cjm themes freeze tiny"):
        coding_work.refit_themes(open_study("tiny"))
    path = coding_work.freeze_themes(open_study("tiny"))
    before = json.loads(path.read_text("utf-8"))
    with pytest.raises(SourceError):
        coding_work.freeze_themes(open_study("tiny"))
    assert json.loads(path.read_text("utf-8")) == before
    mapping = coding_work.refit_themes(open_study("tiny"))
    # The same excerpts give the same themes, under their former ids.
    assert (
        mapping["former"].tolist()
        == mapping["now"].tolist()
        == [t["theme"] for t in before["themes"]]
    )
    files = sorted(file.name for file in folder.glob("themes*.json"))
    assert len(files) == 2


def test_refitting_keeps_the_ids_of_themes_that_stay(folder):
    coding_work.freeze_themes(open_study("tiny"))
    wait = WAITS[0].format(WHEN[0])
    former = theme_of(open_study("tiny"))[wait]
    for number, colour in enumerate(("green", "grey", "pink", "red", "blue"), start=10):
        write_talk(
            folder, number, f"I hate the ugly {colour} wallpaper.",
            f"The {colour} wallpaper is a terrible, horrible nightmare.",
        )  # fmt: skip
    done = CliRunner().invoke(main, ["themes", "refit", "tiny"])
    assert done.exit_code == 0, done.output
    assert "former" in done.output
    study = open_study("tiny")
    assert theme_of(study)[wait] == former


def test_the_commands_say_what_is_wrong(folder):
    done = CliRunner().invoke(main, ["themes", "refit", "tiny"])
    assert done.exit_code == 1
    assert "no themes are frozen" in done.output
    assert "Traceback" not in done.output
    done = CliRunner().invoke(main, ["themes", "freeze", "tiny"])
    assert done.exit_code == 0, done.output
    assert done.output.strip().endswith("themes.json")


def test_too_few_pains_give_no_themes_to_freeze(folder):
    for file in sorted((folder / "talks").glob("*.txt"))[2:]:
        file.unlink()
    with pytest.raises(SourceError, match="too few excerpts tell of trouble"):
        coding_work.freeze_themes(open_study("tiny"))
    assert not (folder / "themes.json").exists()
