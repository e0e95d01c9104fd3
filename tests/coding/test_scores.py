import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import (
    EMOTIONS,
    CodingSetting,
    code_excerpts,
    measure_excerpts,
    score_excerpts,
)
from cjm_research.coding.heads import EXPECTATIONS, load_heads
from cjm_research.errors import TableError
from cjm_research.tables import check_table


def test_the_tables_of_both_scorers_have_one_form(say):
    told = say("It crashed.", "I love it.")
    one, other = score_excerpts(told), score_excerpts(told, by="rules")
    assert set(one["coder_id"]) == {"encoder"}
    for scores in (one, other):
        check_table(scores, "scores", where="test")
    # Only the heads tell what became of an expectation; the rules have phrases for that.
    assert set(one.columns) - set(other.columns) == set(EXPECTATIONS)
    assert set(other.columns) <= set(one.columns)
    assert one.dtypes[other.columns].tolist() == other.dtypes.tolist()


def test_probabilities_lie_in_their_ranges(say):
    scores = score_excerpts(say("I love it!", "It crashed and I gave up.", "The door is blue."))
    unit = scores[
        [*(f"emotion_{name}" for name in EMOTIONS), "pain", "delight", "need", *EXPECTATIONS]
    ]
    assert ((unit >= 0) & (unit <= 1)).all().all()
    assert scores["valence"].between(-1, 1).all()
    assert scores["valence"].idxmax() == 0 and scores["valence"].idxmin() == 1


def test_interviewers_are_not_scored(excerpts):
    told = excerpts([("interviewer", "Was it awful?"), ("participant", "It was.")])
    measured = measure_excerpts(told)
    spoken = told.loc[told["speaker"] == "participant", "excerpt_id"].tolist()
    assert measured.scores["excerpt_id"].tolist() == spoken
    assert measured.embeddings.index.tolist() == spoken


def test_the_order_of_rows_changes_no_score(say):
    told = say("It crashed.", "I love it.", "The search.", "It crashed again on Friday.")
    one = score_excerpts(told).set_index("excerpt_id").sort_index()
    other = score_excerpts(told.iloc[::-1]).set_index("excerpt_id").sort_index()
    assert_frame_equal(one, other, check_exact=True)


def test_a_short_answer_is_read_with_its_question(say):
    annoyed = score_excerpts(say("The search.", prompt="What annoyed you most?"))
    pleased = score_excerpts(say("The search.", prompt="What did you like most?"))
    assert annoyed["pain"].item() > 0.5 > pleased["pain"].item()


@pytest.mark.parametrize("question", ["What annoyed you most?", "What did you like most?"])
def test_a_long_answer_speaks_for_itself(say, question):
    text = "The search is on the second page of the mobile app at home."
    asked, alone = score_excerpts(say(text, prompt=question)), score_excerpts(say(text))
    assert asked["valence"].item() == alone["valence"].item()
    # The heads hear the question, but it makes neither a pain nor a delight of a plain answer.
    levels = load_heads().thresholds
    for signal in ("pain", "delight"):
        assert max(asked[signal].item(), alone[signal].item()) < levels[signal]


def test_a_mask_is_nobodys_word(say):
    masked = score_excerpts(say("[name] helped me with the form.")).drop(columns="excerpt_id")
    plain = score_excerpts(say("… helped me with the form.")).drop(columns="excerpt_id")
    assert_frame_equal(masked, plain)


def test_codes_name_the_encoder_and_keep_the_signs(say, journey):
    told = say("The checkout crashed and I lost everything.", "I was so relieved in the end.")
    codes = code_excerpts(told, measure_excerpts(told), CodingSetting(journey))
    pains = codes[codes["code_group"] == "pain_point"]
    assert set(pains["coder_id"]) == {"encoder"}
    assert pains["attributes"].str.contains("crashed").all()
    assert ("emotion", "relief") in set(zip(codes["code_group"], codes["code"], strict=True))


def test_scores_by_another_scorer_are_refused(say, journey):
    told = say("It crashed.")
    with pytest.raises(TableError, match=r"scored by 'rules'.*by='encoder'"):
        code_excerpts(told, score_excerpts(told, by="rules"), CodingSetting(journey))


def test_no_excerpts_give_no_scores(say):
    measured = measure_excerpts(say("x").iloc[:0])
    assert measured.scores.empty
    assert isinstance(measured.scores, pd.DataFrame)
    assert measured.embeddings.shape == (0, 384)


@pytest.mark.parametrize("by", ["encoder", "rules"])
def test_the_excerpts_are_not_changed(say, by):
    told = say("It crashed.", "I love it.")
    before = told.copy(deep=True)
    score_excerpts(told, by=by)
    assert_frame_equal(told, before)
    assert np.array_equal(score_excerpts(told, by=by)["pain"], score_excerpts(told, by=by)["pain"])
