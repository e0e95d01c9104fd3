import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import OTHER, CodingSetting, ScoreCoder, code_excerpts, score_excerpts
from cjm_research.coding.statements import Thresholds
from cjm_research.config import CodingPart


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I had to create an account first.", "forced_account"),
        ("The price changed at the end.", "price_surprise"),
        ("I couldn't find the menu.", "navigation"),
        ("I couldn’t find the menu.", "navigation"),
        ("The page was so slow.", "slow"),
        ("My card was declined.", "payment"),
        ("The parcel never arrived.", "late_delivery"),
    ],
)
def test_trouble_with_a_topic_is_a_pain_point(coded, text, code):
    assert ("pain_point", code) in coded(text)


@pytest.mark.parametrize(
    "text",
    [
        "I looked at the price.",
        "No problem with the delivery.",
        "The price was fine.",
        "I opened an email from them.",
    ],
)
def test_a_topic_without_trouble_is_none(coded, text):
    assert not {code for group, code in coded(text) if group == "pain_point"}


def test_a_topic_counts_where_the_sentence_beside_it_tells_of_trouble(coded):
    assert ("pain_point", "price_surprise") in coded("Then I saw the total.", "I gave up.")
    assert ("pain_point", "price_surprise") not in coded("Then I saw the total.", "I smiled.")


def test_trouble_in_another_turn_does_not_count(excerpts):
    told = excerpts([("participant", "Then I saw the total."), ("participant", "I gave up.")])
    codes = ScoreCoder()(told, score_excerpts(told, by="rules"))
    assert "price_surprise" not in set(codes["code"])


def test_a_question_for_obstacles_makes_a_topic_a_pain_point(coded):
    asked = "What, if anything, got in your way?"
    assert ("pain_point", "navigation") in coded("The menu.", prompt=asked)
    assert ("pain_point", "navigation") not in coded("The menu.", prompt="What did you see?")


@pytest.mark.parametrize("text", ["Nothing.", "none", "No", "n/a"])
def test_who_says_nothing_has_no_code(coded, text):
    assert coded(text, prompt="What, if anything, got in your way?") == set()


def test_trouble_without_a_topic_waits_for_a_person(coded):
    assert ("pain_point", OTHER) in coded("I gave up.")


def test_a_delight_has_a_topic(coded):
    assert ("delight", "ease") in coded("It was so easy.")
    assert ("delight", "ease") not in coded("It was not so easy.")


def test_an_excerpt_may_hold_several_pain_points(coded):
    found = coded("I had to create an account and my card was declined.")
    assert {("pain_point", "forced_account"), ("pain_point", "payment")} <= found


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("I expected a price but there was none.", "missed"),
        ("I thought it would be quick, instead I waited.", "missed"),
        ("They were better than I expected.", "exceeded"),
        ("It came as promised.", "met"),
    ],
)
def test_what_became_of_an_expectation_is_coded(coded, text, outcome):
    assert {code for group, code in coded(text) if group == "expectation"} == {outcome}


@pytest.mark.parametrize(
    "text", ["I expected a blue one.", "It was cheap but good.", "But I had expected it."]
)
def test_an_expectation_without_an_outcome_is_none(coded, text):
    assert not {code for group, code in coded(text) if group == "expectation"}


def by_rules(journey):
    return CodingSetting(journey, choices=CodingPart(scores="rules"))


def test_an_interviewers_words_are_never_coded(excerpts, journey):
    told = excerpts(
        [
            ("interviewer", "I gave up at checkout, the page crashed. Terrible!"),
            ("participant", "Hm, I see."),
            ("observer", "He couldn't find the basket."),
        ]
    )
    codes = code_excerpts(told, score_excerpts(told, by="rules"), by_rules(journey))
    asked = set(told.loc[told["speaker"] == "interviewer", "excerpt_id"])
    assert len(asked) == 2
    assert not asked & set(codes["excerpt_id"])
    assert "pain_point" in set(codes["code_group"])


def test_a_code_quotes_its_excerpt_at_its_address(excerpts):
    told = excerpts([("participant", "Well. I couldn't find it."), ("participant", "Slow page.")])
    codes = ScoreCoder()(told, score_excerpts(told, by="rules"))
    spans = told.set_index("excerpt_id")[["start", "end", "text"]]
    assert len(codes) >= 2
    for row in codes.itertuples():
        assert (row.start, row.end, row.quote) == tuple(spans.loc[row.excerpt_id])
        assert 0 < row.strength <= 1


def test_a_threshold_decides_what_becomes_a_code(say):
    told = say("I was really annoyed.")
    scores = score_excerpts(told, by="rules")
    strict = Thresholds(emotions={"frustration": 0.95})
    assert "emotion" in set(ScoreCoder()(told, scores)["code_group"])
    assert "emotion" not in set(ScoreCoder(thresholds=strict)(told, scores)["code_group"])


def test_the_order_of_rows_changes_no_code(excerpts, journey):
    told = excerpts(
        [
            ("interviewer", "What happened when you came to order?"),
            ("participant", "I saw the total. I gave up. So slow. Great, another error."),
            ("interviewer", "And then?"),
            ("participant", "The courier was late. I expected more but no."),
        ],
        [("participant", "The basket was easy at checkout. No problem. I love the parcel.")],
    )

    def codes(table, scores):
        found = code_excerpts(table, scores, by_rules(journey))
        return found.sort_values("code_id").reset_index(drop=True)

    straight = codes(told, score_excerpts(told, by="rules"))
    for seed in range(3):
        mixed = told.sample(frac=1, random_state=seed)
        scores = score_excerpts(mixed, by="rules").sample(frac=1, random_state=seed)
        assert_frame_equal(codes(mixed, scores), straight)
    assert len(straight) > 8


def test_the_tables_are_not_changed(say):
    told = say("It crashed.", "I love it.")
    scores = score_excerpts(told, by="rules")
    before = told.copy(deep=True), scores.copy(deep=True)
    ScoreCoder()(told, scores)
    assert_frame_equal(told, before[0])
    assert_frame_equal(scores, before[1])


def test_no_excerpts_give_no_codes(say):
    told = say("x").iloc[:0]
    codes = ScoreCoder()(told, score_excerpts(told, by="rules"))
    assert codes.empty
    assert isinstance(codes, pd.DataFrame)
