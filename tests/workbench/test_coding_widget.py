"""What the widget shows, writes and reads again; without a browser."""

import shutil

import pandas as pd
import pytest

from cjm_research import review
from cjm_research.errors import ConfigError, TableError, UnknownNameError
from cjm_research.study import open_study
from cjm_research.workbench import code_excerpts_by_hand

GROUPS = ("stage", "pain_point", "need")


@pytest.fixture
def study(_made, tmp_path, monkeypatch):
    shutil.copytree(_made, tmp_path / "tiny")
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "tiny" / "vault"))
    monkeypatch.chdir(tmp_path / "tiny")
    return open_study("tiny")


@pytest.fixture
def sheet(study):
    return study.place.folder / "codes" / "ana.csv"


def code(study, **options):
    return code_excerpts_by_hand(study, coder="ana", **({"groups": GROUPS} | options))


def said(study, words):
    (excerpt,) = study.excerpts.loc[study.excerpts["text"].str.contains(words), "excerpt_id"]
    return excerpt


def saved(widget, excerpt):
    """What a coder sees of an excerpt after opening it."""
    widget.go_to(widget._places[excerpt])
    widget._show("info", "")
    return widget.screen["item"]["saved"]


def rows(sheet, *columns):
    frame = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    return (
        frame[list(columns or ("code_group", "code", "strength", "severity"))].to_numpy().tolist()
    )


def codes(note="", **groups):
    return {"codes": groups, "note": note}


def test_an_excerpt_is_shown_with_its_question_and_its_neighbours(study):
    widget = code(study, excerpts=[said(study, "It looked great")])
    item = widget.screen["item"]
    assert item["question"] == "How did you find us?"
    assert item["before"] == ["I saw the advert."]
    assert item["text"] == "It looked great."
    assert item["after"] == ["I had expected a total, but there was none."]
    assert (item["alias"], item["source"], item["kind"]) == (
        "P01",
        "Interviews in March",
        "interview",
    )


def test_sentences_of_another_answer_are_no_neighbours(study):
    item = code(study, excerpts=[said(study, "paying was awful")]).screen["item"]
    assert item["question"] == "And then?"
    assert item["before"] == []


def test_interviewers_are_never_coded(study):
    widget = code(study)
    assert widget.screen["n"] == 7
    interviewers = study.excerpts[study.excerpts["speaker"] == "interviewer"]
    assert code(study, excerpts=interviewers).screen["n"] == 0


def test_excerpts_are_coded_in_the_order_given(study):
    wanted = [said(study, "crashed"), said(study, "I saw the advert")]
    widget = code(study, excerpts=wanted)
    assert widget.screen["item"]["excerpt_id"] == wanted[0]
    assert widget.screen["n"] == 2


def test_a_save_appends_what_is_new_with_place_and_quote(study, sheet):
    widget = code(study)
    excerpt = said(study, "crashed")
    widget.save(excerpt, codes("which page?", pain_point={"failure": 3, "own_code": 0}))
    text = study.documents.set_index("document_id")["text"]
    for row in pd.read_csv(sheet, dtype=str, keep_default_na=False).to_dict("records"):
        document = text[row["document_id"]]
        assert document[int(row["start"]) : int(row["end"])] == row["quote"]
        assert row["note"] == "which page?"
    assert rows(sheet) == [
        ["pain_point", "failure", "1", "3"],
        ["pain_point", "own_code", "1", ""],
    ]


def test_saving_the_same_again_writes_nothing(study, sheet):
    widget = code(study)
    excerpt = said(study, "crashed")
    widget.save(excerpt, codes(pain_point={"failure": 3}))
    before = sheet.read_bytes()
    assert widget.save(excerpt, codes(pain_point={"failure": 3})) == "Nothing was changed."
    assert sheet.read_bytes() == before


def test_a_change_of_mind_is_further_rows_and_old_ones_stay(study, sheet):
    widget = code(study)
    excerpt = said(study, "crashed")
    widget.save(excerpt, codes(stage={"find": 0}, pain_point={"failure": 3}))
    widget.save(excerpt, codes(stage={"buy": 0}, pain_point={"failure": 4}))
    widget.save(excerpt, codes(stage={"none": 0}, pain_point={"failure": 4}))
    assert rows(sheet) == [
        ["stage", "find", "1", ""],
        ["pain_point", "failure", "1", "3"],
        ["stage", "find", "0", ""],
        ["stage", "buy", "1", ""],
        ["pain_point", "failure", "1", "4"],
        ["stage", "buy", "0", ""],
        ["stage", "none", "1", ""],
    ]
    assert saved(code(study), excerpt) == codes(stage={"none": 0}, pain_point={"failure": 4})


def test_undo_restores_what_was_there_save_by_save(study, sheet):
    widget = code(study)
    excerpt = said(study, "crashed")
    first = codes("first", pain_point={"failure": 3}, need={"none": 0})
    widget.save(excerpt, first)
    widget.save(excerpt, codes("second", pain_point={"none": 0}, need={"need": 0}))
    written = sheet.read_bytes()
    assert "Undone" in widget.undo()
    assert saved(widget, excerpt) == first
    assert saved(code(study), excerpt) == first
    assert sheet.read_bytes().startswith(written)
    widget.undo()
    assert saved(widget, excerpt) == codes()
    assert saved(code(study), excerpt) == codes()
    assert "nothing to undo" in widget.undo()


def test_a_memo_without_a_code_is_kept_and_can_be_emptied(study, sheet):
    widget = code(study)
    excerpt = said(study, "It looked great")
    widget.save(excerpt, codes("is she polite?"))
    assert rows(sheet, "code_group", "code", "strength", "note") == [
        ["memo", "memo", "0", "is she polite?"]
    ]
    assert saved(code(study), excerpt) == codes("is she polite?")
    assert widget.screen["n_coded"] == 0
    widget.save(excerpt, codes("she is", need={"none": 0}))
    assert saved(code(study), excerpt) == codes("she is", need={"none": 0})
    widget.save(excerpt, codes("", need={"none": 0}))
    assert saved(code(study), excerpt) == codes("", need={"none": 0})


def test_what_the_tables_hold_and_what_is_newer_are_shown_together(study, sheet):
    excerpt, other = said(study, "crashed"), said(study, "advert")
    code(study).save(excerpt, codes(pain_point={"failure": 3}))
    study = open_study("tiny")
    assert (study.codes["coder_id"] == "person:ana").sum() == 1
    code(study).save(other, codes(stage={"find": 0}))
    code(study).save(excerpt, codes(pain_point={"failure": 2, "slow": 0}))
    for opened in (study, open_study("tiny")):
        widget = code(opened)
        assert saved(widget, excerpt) == codes(pain_point={"failure": 2, "slow": 0})
        assert saved(widget, other) == codes(stage={"find": 0})


def test_a_code_on_a_part_of_the_excerpt_is_shown_and_taken_back_where_it_stands(study, sheet):
    sheet.parent.mkdir()
    sheet.write_text("file,quote,code_group,code\ntalks/k01.txt,page crashed,pain_point,failure\n")
    study = open_study("tiny")
    excerpt = said(study, "crashed")
    widget = code(study)
    assert saved(widget, excerpt) == codes(pain_point={"failure": 0})
    widget.save(excerpt, codes(pain_point={"none": 0}))
    assert rows(sheet, "quote", "code", "strength")[1:] == [
        ["page crashed", "failure", "0"],
        ["I couldn't find the button, and the page crashed.", "none", "1"],
    ]
    assert saved(code(open_study("tiny")), excerpt) == codes(pain_point={"none": 0})


def test_what_another_window_wrote_is_not_undone_by_a_save(study, sheet):
    excerpt = said(study, "crashed")
    one, two = code(study), code(study)
    one.save(excerpt, codes(stage={"buy": 0}))
    two.save(excerpt, codes(stage={"buy": 0}, need={"need": 0}))
    assert rows(sheet, "code_group", "code", "strength") == [
        ["stage", "buy", "1"],
        ["need", "need", "1"],
    ]


def test_groups_that_are_not_asked_stay_as_they_are(study):
    excerpt = said(study, "crashed")
    code(study, groups=("need",)).save(excerpt, codes(need={"need": 0}))
    code(study, groups=("stage",)).save(excerpt, codes(stage={"buy": 0}))
    assert saved(code(study), excerpt) == codes(stage={"buy": 0}, need={"need": 0})


def test_it_opens_at_the_first_excerpt_that_is_not_finished(study):
    widget = code(study, groups=("need",))
    for place in (0, 1, 3):
        widget.save(widget._order[place], codes(need={"none": 0}))
    again = code(study, groups=("need",))
    assert (again.screen["at"], again.screen["n_complete"]) == (2, 3)
    again.go_to_next_open()
    again._show("info", "")
    assert again.screen["at"] == 4


def test_blind_shows_neither_stage_nor_proposals_nor_other_coders(study):
    excerpt = said(study, "paying was awful")
    text = pd.DataFrame([{"document_id": "d", "start": 0, "end": 1, "quote": "x",
                          "code_group": "pain_point", "code": "bens_own"}])  # fmt: skip
    review.append_codes(study.place.folder / "codes", "ben", text)
    blind = code(study, excerpts=[excerpt])
    assert blind.screen["item"]["stage"] == ""
    assert blind.screen["item"]["proposed"] == {}
    assert "bens_own" not in str(blind.setting)
    seeing = code(study, excerpts=[excerpt], blind=False)
    assert seeing.screen["item"]["stage"] == "Buying"
    assert "pain_point" in seeing.screen["item"]["proposed"]


def test_codes_of_ones_own_are_offered_again(study):
    widget = code(study)
    widget._receive(widget, {"do": "save", "excerpt_id": widget._order[0], "number": 1,
                             "answer": codes(pain_point={"dull_page": 1})}, [])  # fmt: skip
    for one in (widget, code(study)):
        (group,) = [group for group in one.setting["groups"] if group["group"] == "pain_point"]
        assert group["codes"][-1] == {"code": "dull_page", "name": "Dull page", "definition": ""}


@pytest.mark.parametrize(
    "answer",
    [
        codes(stage={"nowhere": 0}),
        codes(pain_point={"no code; at all": 0}),
        codes(pain_point={"failure": 9}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(study, sheet, answer):
    widget = code(study)
    with pytest.raises((UnknownNameError, TableError)):
        widget.save(widget._order[0], answer)
    assert not sheet.exists()
    assert saved(widget, widget._order[0]) == codes()


def test_a_write_that_fails_is_told_and_changes_nothing(study, sheet, monkeypatch):
    widget = code(study)
    message = {"do": "save", "excerpt_id": widget._order[0], "answer": codes(need={"need": 0}),
               "move": "next", "number": 7}  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(review, "append_codes", _full_disk)
        widget._receive(widget, message, [])
    assert widget.screen["status"] == {
        "kind": "error", "text": "Not saved. [Errno 28] No space left on device", "reply": 7,
    }  # fmt: skip
    assert (widget.screen["at"], widget.screen["item"]["saved"]) == (0, codes())
    widget._receive(widget, message, [])
    assert widget.screen["status"]["kind"] == "saved"
    assert widget.screen["at"] == 1
    assert rows(sheet) == [["need", "need", "1", ""]]


def _full_disk(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("coder", ["", "../ana", "Ana Maria"])
def test_a_name_that_is_no_file_is_refused_at_once(study, coder):
    with pytest.raises(ConfigError, match="lower-case letters"):
        code_excerpts_by_hand(study, coder=coder)


def test_unknown_excerpts_and_groups_are_refused(study):
    with pytest.raises(UnknownNameError, match="no excerpt 'x#1'"):
        code(study, excerpts=["x#1"])
    with pytest.raises(UnknownNameError, match="Did you mean 'pain_point'"):
        code(study, groups=["painpoint"])
