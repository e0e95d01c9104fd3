import math

import pytest

from cjm_research.synthesis import measure_dominance, measure_talk


def group(told, *rows):
    table = told(*[(who, "group", "see", speaker, text) for who, speaker, text in rows])
    table.excerpts["document_id"] = "group/G1"
    table.excerpts["turn"] = range(len(table.excerpts))
    return table.excerpts


def test_words_turns_and_shares_by_hand(told):
    excerpts = group(
        told,
        ("a", "interviewer", "How was it for you?"),
        ("a", "participant", "One two three four five six."),
        ("b", "participant", "One - two!"),
        ("a", "participant", "It's four more words."),
    )
    talk = measure_talk(excerpts).set_index("participant_id")
    assert talk["n_words"].to_dict() == {"": 5, "a": 10, "b": 2}
    assert talk["n_turns"].to_dict() == {"": 1, "a": 2, "b": 1}
    assert talk["share"].sum() == pytest.approx(1.0)
    assert talk.loc["a", "share"] == pytest.approx(10 / 17)
    assert talk.loc["a", "share_of_participants"] == pytest.approx(10 / 12)
    assert math.isnan(talk.loc["", "share_of_participants"])
    (row,) = measure_dominance(talk.reset_index()).to_dict("records")
    assert row["interviewer_share"] == pytest.approx(5 / 17)
    assert (row["most_talkative"], row["n_participants"], row["even_share"]) == ("a", 2, 0.5)
    assert row["most_talkative_share"] == pytest.approx(10 / 12)


def test_sentences_of_one_turn_are_one_turn(told):
    excerpts = group(told, ("a", "participant", "One."), ("a", "participant", "Two."))
    assert measure_talk(excerpts.assign(turn=0))["n_turns"].tolist() == [1]


def test_one_participant_alone_has_it_all(told):
    talk = measure_talk(group(told, ("a", "participant", "One.")))
    (row,) = measure_dominance(talk).to_dict("records")
    assert (row["interviewer_share"], row["most_talkative_share"], row["even_share"]) == (0, 1, 1)


def test_only_an_interviewer_leaves_no_most_talkative(told):
    talk = measure_talk(group(told, ("a", "interviewer", "Hello?")))
    (row,) = measure_dominance(talk).to_dict("records")
    assert (row["n_participants"], row["most_talkative"], row["interviewer_share"]) == (0, "", 1.0)
    assert math.isnan(row["most_talkative_share"])


def test_without_a_word_there_is_no_share(told):
    talk = measure_talk(group(told, ("a", "participant", "…")))
    assert talk["n_words"].tolist() == [0]
    assert talk["share"].isna().all()


def test_survey_answers_are_no_talk(told):
    table = told(("a", "survey", "see", "participant", "Fine."))
    documents = table.documents.assign(kind="survey_answer")
    assert measure_talk(table.excerpts, documents).empty
    assert measure_dominance(measure_talk(table.excerpts, documents)).empty
    assert len(measure_talk(table.excerpts, table.documents)) == 1
