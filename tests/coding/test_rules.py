import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import EMOTIONS, score_excerpts
from cjm_research.coding.phrases import tokenize
from cjm_research.coding.rules import is_negated, says_nothing


def test_an_interviewers_words_are_never_scored(excerpts):
    told = excerpts(
        [("interviewer", "Terrible, did it crash?"), ("participant", "Fine."), ("observer", "Ok.")]
    )
    spoken = told.loc[told["speaker"] != "interviewer", "excerpt_id"].tolist()
    assert score_excerpts(told, by="rules")["excerpt_id"].tolist() == spoken


def test_scores_lie_in_their_ranges(say):
    scores = score_excerpts(
        say("I love it, brilliant!", "It crashed and I gave up.", "The door is blue.", "Not easy."),
        by="rules",
    )
    unit = [*(f"emotion_{name}" for name in EMOTIONS), "pain", "delight", "need"]
    assert scores[unit].min().min() >= 0
    assert scores[unit].max().max() <= 1
    assert scores["valence"].between(-1, 1).all()
    assert set(scores[[*unit, "valence"]].dtypes.astype(str)) == {"float32"}


@pytest.mark.parametrize(
    "text",
    [
        "The checkout crashed",
        "I just gave up",
        "Great, another error message",
        "I couldn't find the button",
        "I couldn’t find the button",
        "I had to call them twice",
        "It timed out.",
        "They never answered.",
    ],
)
def test_trouble_that_a_sentiment_lexicon_misses_is_a_pain(score, text):
    found = score(text)
    assert found["pain"] >= 0.6
    assert found["valence"] < 0


@pytest.mark.parametrize(
    "text", ["It was not easy to pay.", "It wasn't clear what it meant.", "It isn’t intuitive."]
)
def test_a_negated_pleasure_is_a_pain(score, text):
    found = score(text)
    assert found["pain"] >= 0.5
    assert found["delight"] < 0.5
    assert found["valence"] < 0


@pytest.mark.parametrize("text", ["No problem with the delivery.", "There was no trouble at all."])
def test_a_negated_trouble_is_none(score, text):
    found = score(text)
    assert found["pain"] < 0.5
    assert found["emotion_frustration"] < 0.5


@pytest.mark.parametrize(
    "text", ["Great, another error message", "Oh great, the form again.", "Thanks for nothing!"]
)
def test_sarcasm_is_frustration_and_no_pleasure(score, text):
    found = score(text)
    assert found["emotion_frustration"] >= 0.5
    assert found["valence"] <= -0.2
    assert found["delight"] == 0
    assert found["emotion_satisfaction"] < 0.5


@pytest.mark.parametrize("text", ["I love these frames.", "The try-on is brilliant!"])
def test_pleasure_is_a_delight(score, text):
    found = score(text)
    assert found["delight"] >= 0.6
    assert found["valence"] > 0
    assert found["pain"] < 0.5


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("I was really annoyed.", "frustration"),
        ("I was a bit disappointed.", "disappointment"),
        ("That confused me.", "confusion"),
        ("I was worried about my data.", "worry"),
        ("It was a relief.", "relief"),
        ("I was curious.", "curiosity"),
        ("I was surprised.", "surprise"),
    ],
)
def test_feelings_that_are_named_are_felt(score, text, emotion):
    assert score(text)[f"emotion_{emotion}"] >= 0.5


def test_a_plain_statement_feels_like_nothing(score):
    found = score("I went to the page on Tuesday.")
    assert found["emotion_neutral"] >= 0.9
    assert (found["pain"], found["delight"], found["need"]) == (0, 0, 0)


@pytest.mark.parametrize("text", ["I wish there was a phone number.", "It should remember me."])
def test_a_wish_is_a_need(score, text):
    assert score(text)["need"] >= 0.5


@pytest.mark.parametrize(
    "text", ["none", "None.", " n/a ", "NO!", "nothing", "Not applicable", "nothing at all"]
)
def test_an_answer_may_say_that_there_is_nothing_to_say(text):
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["nothing worked", "no way to pay", "none of it arrived", ""])
def test_more_than_nothing_is_something(text):
    assert not says_nothing(text)


@pytest.mark.parametrize(
    ("text", "word", "negated"),
    [
        ("it was not easy", "easy", True),
        ("it wasn't that easy", "easy", True),
        ("it wasn’t easy", "easy", True),
        ("never a problem", "problem", True),
        ("not bad but easy", "easy", False),
        ("not bad, easy", "easy", False),
        ("not for me and my mother easy", "easy", False),
        ("easy", "easy", False),
    ],
)
def test_a_negation_reaches_three_words_within_its_clause(text, word, negated):
    (doc,) = tokenize([text])
    position = [token.lower_ for token in doc].index(word)
    assert is_negated(doc, position) is negated


def test_no_excerpts_give_no_scores(say):
    told = say("x")
    scores = score_excerpts(told.iloc[:0], by="rules")
    assert scores.empty
    assert list(scores.columns) == list(score_excerpts(told, by="rules").columns)


def test_the_order_of_rows_changes_no_score(say):
    told = say("It crashed.", "I love it.", "Not easy.", "Blue.", "I wish it was green.")
    one = score_excerpts(told, by="rules").set_index("excerpt_id").sort_index()
    other = score_excerpts(told.iloc[::-1], by="rules").set_index("excerpt_id").sort_index()
    assert_frame_equal(one, other)


def test_the_excerpts_are_not_changed(say):
    told = say("It crashed.", "I love it.")
    before = told.copy(deep=True)
    score_excerpts(told, by="rules")
    assert_frame_equal(told, before)
