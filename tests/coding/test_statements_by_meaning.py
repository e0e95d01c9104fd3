"""Codes from scores and meaning, with scores and vectors made by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import EMOTIONS, OTHER, Codebook, ScoreCoder
from cjm_research.coding.code_inference import NO_CODE, WEIGHTS
from cjm_research.coding.resources import CodeEntry
from cjm_research.coding.statements import Thresholds
from cjm_research.journey import Journey, Stage, Touchpoint

BOOK = Codebook(
    (
        CodeEntry("pain_point", "slow", "Slow", cues=("pages",), sure_cues=("took ages",)),
        CodeEntry("pain_point", "lost", "Lost", cues=("work",)),
        CodeEntry("delight", "ease", "Easy"),
    )
)
AXES = {"Slow": 0, "Lost": 1, "Easy": 2, "Help desk": 3, "Checkout": 4}
POINTS = Journey(
    (
        Stage("ask", "Ask", touchpoints=(Touchpoint("Help desk"),)),
        Stage("buy", "Buy", touchpoints=(Touchpoint("Checkout"),)),
    )
)


def encode(texts):
    return np.eye(6)[[AXES.get(text.split(":")[0], 5) for text in texts]]


def scores_of(told, **signals):
    columns = [*(f"emotion_{name}" for name in EMOTIONS), "valence", "pain", "delight", "need"]
    frame = pd.DataFrame(0.0, index=range(len(told)), columns=columns).assign(**signals)
    return frame.assign(excerpt_id=told["excerpt_id"].to_numpy(), coder_id="encoder")


def code(told, vectors, *, thresholds=None, stages=None, **signals):
    """Code excerpts whose meaning is given as {axis: likeness}, one mapping each."""
    embeddings = np.zeros((len(told), 6))
    for row, vector in enumerate(vectors):
        for axis, value in vector.items():
            embeddings[row, AXES[axis]] = value
    coder = ScoreCoder(
        BOOK, thresholds or Thresholds(), journey=POINTS, encode=encode, stages=stages,
        embeddings=pd.DataFrame(embeddings, index=told["excerpt_id"].to_numpy()),
        coder_id="encoder",
    )  # fmt: skip
    return coder(told, scores_of(told, **signals))


def given(codes, group="pain_point"):
    rows = codes[codes["code_group"] == group]
    return {row.code: (round(row.strength, 3), row.basis) for row in rows.itertuples()}


def fit(*logits):
    """Probability of the first code: its features' logit against the other's and "none"."""
    odds = np.exp([*logits, NO_CODE])
    return round(float(odds[0] / odds.sum()), 3)


NEAR = sum(WEIGHTS[:3])
"""Logit of a code whose one sentence means the very same as the text."""


def test_a_pain_point_is_named_by_its_meaning(say):
    codes = code(say("Hm so."), [{"Slow": 1.0}], pain=1.0)
    assert given(codes) == {"slow": (fit(NEAR, 0.0), "meaning")}


def test_a_name_is_never_surer_than_the_pain_itself(say):
    assert given(code(say("Hm so."), [{"Slow": 1.0}], pain=0.62)) == {"slow": (0.62, "meaning")}


def test_pain_that_is_like_no_code_waits_for_a_person(say):
    assert given(code(say("Hm so."), [{}], pain=0.7)) == {OTHER: (0.7, "score")}


def test_between_pain_and_sure_pain_what_is_like_no_code_gets_none(say):
    levels = Thresholds(pain=0.5, sure_pain=0.8)
    assert given(code(say("Hm so."), [{}], thresholds=levels, pain=0.7)) == {}


def test_without_pain_meaning_names_nothing(say):
    assert given(code(say("Hm so."), [{"Slow": 1.0}], pain=0.49)) == {}


def test_two_codes_that_fit_are_both_given(say):
    both = given(code(say("Hm so."), [{"Slow": 1.0, "Lost": 1.0}], pain=1.0))
    assert set(both) == {"slow", "lost"}
    assert both["slow"][0] == fit(NEAR, NEAR)


def test_a_passing_word_yields_to_the_meaning_and_a_telling_phrase_stands_beside_it(say):
    passing = given(code(say("Those pages."), [{"Lost": 1.0}], pain=0.99))
    assert set(passing) == {"lost"}
    telling = given(code(say("It took ages."), [{"Lost": 1.0}], pain=0.99))
    assert telling["slow"] == (0.9, "cue: took ages")
    assert telling["lost"][1] == "meaning"


def test_a_passing_word_names_the_topic_where_nothing_surer_does(say):
    assert given(code(say("Those pages."), [{}], pain=0.99)) == {"slow": (0.7, "cue: pages")}


def test_a_denied_phrase_is_a_passing_word_at_most(say):
    told = say("It never took ages.")
    assert given(code(told, [{}], pain=0.99)) == {"slow": (0.7, "cue: took ages")}
    assert set(given(code(told, [{"Lost": 1.0}], pain=0.99))) == {"lost"}
    assert given(code(told, [{}], pain=0.1)) == {}


def test_the_signals_do_not_name_each_others_codes(say):
    told = say("Hm so.")
    assert given(code(told, [{"Easy": 1.0}], pain=0.99)) == {OTHER: (0.99, "score")}
    glad = code(told, [{"Easy": 1.0}], delight=0.95)
    assert given(glad) == {}
    assert set(given(glad, "delight")) == {"ease"}


def attributes(codes, group="pain_point"):
    (row,) = codes[codes["code_group"] == group].to_dict("records")
    return json.loads(row["attributes"])


def test_a_pain_point_carries_its_particulars(say):
    told = say("It was nice, my sister could not pay, work was gone.")
    found = attributes(code(told, [{"Lost": 0.9, "Checkout": 0.4}], pain=0.9))
    assert found == {
        "obstacle": "work was gone.", "touchpoint": "Checkout", "consequence": "blocked",
        "severity": 3, "whose": "other", "when": "past", "signs": ["could not", "nice"],
    }  # fmt: skip


def test_a_delight_has_neither_consequence_nor_severity(say):
    found = attributes(code(say("Hm so."), [{"Easy": 1.0}], delight=0.9), "delight")
    assert found == {"whose": "own", "when": "present"}


def test_a_strong_feeling_makes_the_proposed_severity_graver(say):
    calm = code(say("Hm so."), [{}], pain=0.9)
    cross = code(say("Hm so."), [{}], pain=0.9, emotion_frustration=0.9)
    uneasy = code(say("Hm so."), [{}], pain=0.9, emotion_worry=0.9)
    assert [attributes(found)["severity"] for found in (calm, cross, uneasy)] == [1, 2, 2]


def test_the_stage_decides_between_touchpoints(say):
    told = say("Hm so.")
    vectors = [{"Help desk": 0.39, "Checkout": 0.39}]
    assert "touchpoint" not in attributes(code(told, vectors, pain=0.9))
    stages = pd.Series({told["excerpt_id"].iloc[0]: "buy"})
    assert attributes(code(told, vectors, stages=stages, pain=0.9))["touchpoint"] == "Checkout"


def expectation(told, **outcomes):
    names = ("missed", "met", "exceeded")
    signals = {f"expectation_{name}": outcomes.get(name, 0.0) for name in names}
    return code(told, [{}] * len(told), thresholds=Thresholds(expectation=0.4), **signals)


def test_the_likeliest_outcome_of_an_expectation_is_coded_from_its_threshold_on(say):
    told = say("Hm so.")
    found = given(expectation(told, missed=0.45, met=0.41), "expectation")
    assert found == {"missed": (0.45, "score")}
    assert given(expectation(told, exceeded=0.4), "expectation") == {"exceeded": (0.4, "score")}
    assert given(expectation(told, missed=0.39, met=0.39), "expectation") == {}


def test_scores_outrank_the_phrases_of_an_expectation(say):
    told = say("I expected a list but it was empty.")
    assert given(expectation(told, missed=0.1), "expectation") == {}


def test_both_halves_of_an_expectation_are_kept(say):
    told = say("I expected a list, but the page was empty.")
    found = attributes(expectation(told, missed=0.9), "expectation")
    assert found["expected"] == "I expected a list"
    assert found["happened"].removeprefix("but ") == "the page was empty"


@pytest.mark.parametrize(
    "text",
    ["It was empty.", "I expected a list.", "But I expected a list.", "It was late, but ok."],
)
def test_where_only_one_half_is_told_none_is_made_up(say, text):
    assert attributes(expectation(say(text), missed=0.9), "expectation") == {}


def test_the_order_of_rows_changes_no_code(excerpts):
    told = excerpts(
        [("participant", "Hm so. It took ages. Those pages.")],
        [("participant", "My work."), ("participant", "I chose it. So it goes.")],
    )
    vectors = np.random.default_rng(0).uniform(0, 1, size=(len(told), 6))
    levels = np.random.default_rng(1).uniform(0, 1, size=(len(told), 3))
    scores = scores_of(told).assign(pain=levels[:, 0], delight=levels[:, 1], need=levels[:, 2])
    embeddings = pd.DataFrame(vectors, index=told["excerpt_id"].to_numpy())
    coder = ScoreCoder(BOOK, journey=POINTS, encode=encode, embeddings=embeddings)
    straight = coder(told, scores)
    assert len(straight) >= 5
    for seed in range(3):
        mixed = coder(
            told.sample(frac=1, random_state=seed), scores.sample(frac=1, random_state=seed + 9)
        )
        assert_frame_equal(mixed, straight)


def test_no_excerpts_give_no_codes(say):
    assert code(say("Hm.").iloc[:0], []).empty


def test_what_has_no_score_gets_no_code(excerpts):
    told = excerpts([("interviewer", "It took ages."), ("participant", "Hm so.")])
    spoken = told[told["speaker"] == "participant"]
    coder = ScoreCoder(BOOK)
    codes = coder(told, scores_of(spoken, pain=0.9))
    assert set(codes["excerpt_id"]) == set(spoken["excerpt_id"])
