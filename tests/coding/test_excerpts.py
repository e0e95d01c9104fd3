import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from cjm_research.coding import split_excerpts
from cjm_research.coding.questions import asks


def test_every_sentence_is_an_excerpt_of_its_turn(excerpts):
    found = excerpts([("participant", "I looked around. Then I left!")])
    assert found["text"].tolist() == ["I looked around.", "Then I left!"]
    assert found["excerpt_id"].tolist() == ["talks/P01#0", "talks/P01#1"]
    assert found["start"].tolist() == [0, 17]
    assert found["end"].tolist() == [16, 29]


def test_excerpts_never_cross_turns(excerpts):
    found = excerpts([("participant", "I looked"), ("participant", "and left")])
    assert found["text"].tolist() == ["I looked", "and left"]
    assert found["turn"].tolist() == [0, 1]


def test_an_excerpt_answers_the_interviewers_last_turn(excerpts):
    found = excerpts(
        [
            ("participant", "Hello."),
            ("interviewer", "How did you hear of us? Take your time."),
            ("participant", "An advert. Loud."),
            ("observer", "She smiles."),
            ("participant", "Really loud."),
            ("interviewer", "And then?"),
            ("participant", "I left."),
        ]
    )
    spoken = found[found["speaker"] != "interviewer"]
    asked = "How did you hear of us? Take your time."
    assert spoken["prompt"].tolist() == ["", asked, asked, asked, asked, "And then?"]


@pytest.mark.parametrize(
    "said", ["Mm-hm.", "Right.", "OK?", "Oh, [name].", "Thank you so much, [name].", "A wall.", "…"]
)
def test_who_listens_asks_nothing(excerpts, said):
    found = excerpts(
        [
            ("interviewer", "What happened then?"), ("participant", "It broke."),
            ("interviewer", said), ("participant", "Twice."),
        ]
    )  # fmt: skip
    assert found.loc[found["speaker"] == "participant", "prompt"].tolist() == [
        "What happened then?", "What happened then?"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    ["Why?", "And then?", "Payment?", "how long", "Tell me.", "And you?",
     "And so you came to the basket.",
     "Right. And the price?"],
)  # fmt: skip
def test_a_short_question_is_one(said):
    assert asks(said)


def test_a_prompt_does_not_reach_into_the_next_document(excerpts):
    found = excerpts(
        [("interviewer", "Why?"), ("participant", "Because.")], [("participant", "Hello.")]
    )
    assert found.loc[found["document_id"] == "talks/P02", "prompt"].tolist() == [""]


def test_an_answer_answers_the_question_of_its_document(excerpts):
    found = excerpts([("participant", "Too slow.")], prompt="What got in your way?")
    assert found["prompt"].tolist() == ["What got in your way?"]


def test_stray_punctuation_beside_words_is_no_excerpt(excerpts):
    assert excerpts([("participant", "!!! I left.")])["text"].tolist() == ["I left."]


def test_punctuation_that_is_all_somebody_said_is_kept(excerpts):
    assert excerpts([("participant", "???")])["text"].tolist() == ["???"]


def test_a_turn_of_white_space_says_nothing(excerpts):
    assert excerpts([("participant", " \n\u00a0"), ("participant", "Yes.")])["text"].tolist() == [
        "Yes."
    ]


def test_the_stage_is_left_for_codes_to_say(excerpts):
    assert excerpts([("participant", "I paid.")])["stage"].tolist() == [""]


def test_headings_go_with_their_turn(excerpts):
    found = excerpts([("participant", "Fine.", "Ordering"), ("participant", "Good.")])
    assert found["heading"].tolist() == ["Ordering", ""]


def test_no_turns_give_no_excerpts(evidence):
    documents, turns = evidence([("participant", "x")])
    assert split_excerpts(documents, turns.iloc[:0]).empty


def test_the_order_of_rows_changes_nothing(evidence):
    documents, turns = evidence(
        [("interviewer", "Why? So?"), ("participant", "Because. Yes.")],
        [("participant", "Slow. Late.")],
    )
    shuffled = split_excerpts(documents.iloc[::-1], turns.sample(frac=1, random_state=1))
    assert_frame_equal(shuffled, split_excerpts(documents, turns))


def test_the_tables_are_not_changed(evidence):
    documents, turns = evidence([("participant", "Slow. Late.")])
    before = documents.copy(deep=True), turns.copy(deep=True)
    split_excerpts(documents, turns)
    assert_frame_equal(documents, before[0])
    assert_frame_equal(turns, before[1])


WORDS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    st.text(" \n\t.!?…\u00a0abcé漢👩\u200d🔬'’-", min_size=1, max_size=60),
)


TURNS = st.lists(
    st.tuples(st.sampled_from(["participant", "interviewer"]), WORDS), min_size=1, max_size=5
)


@settings(deadline=None)
@given(said=TURNS)
def test_offsets_slice_the_document_exactly(evidence, said):
    documents, turns = evidence(said)
    found = split_excerpts(documents, turns)
    text = documents["text"][0]
    for row in found.to_dict("records"):
        assert text[row["start"] : row["end"]] == row["text"]
        assert row["text"] == row["text"].strip() != ""
        turn = turns.iloc[row["turn"]]
        assert turn["start"] <= row["start"] < row["end"] <= turn["end"]
    assert (found["start"].shift(-1).dropna() >= found["end"].iloc[:-1].to_numpy()).all()


@settings(deadline=None)
@given(text=WORDS)
def test_no_letter_or_digit_of_a_speaker_is_lost(evidence, text):
    documents, turns = evidence([("participant", text)])
    kept = "".join(split_excerpts(documents, turns)["text"])
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize("text", ["It’s 3.50 € — too much… “really”? Ja!", "line one\nline two. x"])
def test_typography_and_line_ends_keep_their_place(excerpts, text):
    found = excerpts([("participant", text)])
    assert all(text[row.start : row.end] == row.text for row in found.itertuples())
