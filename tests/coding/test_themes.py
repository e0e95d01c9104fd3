import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import ThemeCoder, describe_themes, score_excerpts, split_excerpts

PARTS = {
    "account": [
        "I couldn't order without an account {}", "They forced me to open an account {}",
        "The account password was refused {}", "My account login failed {}",
    ],
    "delivery": [
        "The delivery parcel never arrived {}", "The courier lost the parcel delivery {}",
        "The parcel tracking failed for the delivery {}", "No parcel came and delivery was late {}",
    ],
    "price": [
        "The price jumped and I gave up {}", "A hidden fee in the price annoyed me {}",
        "The final price was wrong {}", "Price and fee were refused {}",
    ],
}  # fmt: skip
TAILS = ["on Monday", "for my mother", "in spring"]


@pytest.fixture(scope="module")
def told(evidence):
    said = [
        [("participant", sentence.format(tail) + ".")]
        for sentences in PARTS.values()
        for sentence in sentences
        for tail in TAILS
    ]
    return split_excerpts(*evidence(*said))


@pytest.fixture(scope="module")
def codes(told):
    return ThemeCoder()(told, score_excerpts(told, by="rules"))


def test_excerpts_of_pain_are_grouped_into_themes(told, codes):
    assert len(told) == 36
    assert set(codes["code_group"]) == {"theme"}
    assert 2 <= codes["code"].nunique() <= 6
    assert not codes.duplicated(["excerpt_id", "code"]).any()
    assert {key for text in codes["attributes"] for key in json.loads(text)} == {
        "label", "stability", "ari", "similarity", "example_id", "counter_ids",
    }  # fmt: skip


def test_themes_are_numbered_by_size(codes):
    sizes = codes["code"].value_counts()
    assert sizes.sort_index().is_monotonic_decreasing
    assert sorted(sizes.index) == [f"t{number + 1:02d}" for number in range(len(sizes))]


def test_themes_are_the_same_in_every_run_and_row_order(told, codes):
    mixed = told.sample(frac=1, random_state=3)
    scores = score_excerpts(mixed, by="rules").sample(frac=1, random_state=4)
    assert_frame_equal(ThemeCoder()(mixed, scores), codes)


def test_too_few_excerpts_give_no_themes(told):
    scores = score_excerpts(told, by="rules")
    assert ThemeCoder(min_excerpts=37)(told, scores).empty


def test_excerpts_without_pain_have_no_theme(told):
    scores = score_excerpts(told, by="rules")
    scores.loc[:9, "pain"] = 0.1
    left = set(ThemeCoder(min_excerpts=10)(told, scores)["excerpt_id"])
    assert not left & set(scores["excerpt_id"][:10])
    assert left


@pytest.mark.parametrize(
    "sentence",
    ["I had to do it again {}", "He could not see this {}"],
    ids=["stop words", "digits"],
)
def test_sentences_without_a_shared_content_word_give_no_themes(evidence, sentence):
    said = [[("participant", sentence.format("so" * number))] for number in range(1, 34)]
    told = split_excerpts(*evidence(*said))
    scores = score_excerpts(told, by="rules").assign(pain=0.9)
    assert ThemeCoder()(told, scores).empty


def test_a_theme_is_described_by_its_people(told, codes):
    themes = describe_themes(codes, told)
    assert themes["theme"].tolist() == sorted(codes["code"].unique())
    assert themes["n_excerpts"].sum() == len(codes)
    assert (themes["n_participants"] <= themes["n_excerpts"]).all()
    for theme in themes.itertuples():
        assert theme.example_id in set(codes.loc[codes["code"] == theme.theme, "excerpt_id"])
        assert theme.stable == (theme.stability >= 0.6)


def test_one_person_counts_once_in_a_theme(told, codes):
    themes = describe_themes(codes, told.assign(participant_id="p1"))
    assert set(themes["n_participants"]) == {1}
    assert (themes["n_excerpts"] > 1).all()


def test_no_codes_describe_no_themes(told, codes):
    themes = describe_themes(codes.iloc[:0], told)
    assert isinstance(themes, pd.DataFrame)
    assert themes.empty


def test_a_theme_that_only_a_person_uses_has_no_stability(told, codes):
    theirs = codes.iloc[:2].assign(attributes="{}", code="own")
    (row,) = describe_themes(theirs, told).to_dict("records")
    assert row["label"] == ""
    assert row["stability"] != row["stability"]
    assert row["stable"] is False
    assert row["example_id"] == theirs["excerpt_id"].iloc[0]


def test_an_example_that_a_person_took_out_is_replaced(told, codes):
    first = describe_themes(codes, told).iloc[0]
    left = codes[codes["excerpt_id"] != first["example_id"]]
    again = describe_themes(left, told).set_index("theme").loc[first["theme"]]
    mine = left[left["code"] == first["theme"]]
    assert again["example_id"] in set(mine["excerpt_id"])
