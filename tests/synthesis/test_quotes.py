import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.synthesis import choose_quotes, count_mentions

SLOW, FEE, EASE = "pain_point:slow", "pain_point:fee", "delight:ease"
LONG = "It took me the whole evening to get through that form, {}."


def quotes_of(told, **options):
    mentions = count_mentions(
        told.codes, told.excerpts, journey=told.journey, designs={}, labels={}
    )
    return choose_quotes(
        told.codes, told.excerpts, told.participants, told.documents, mentions,
        labels={("pain_point", "slow"): "Too slow"}, **options,
    )  # fmt: skip


def said(who, text=LONG, *codes, stage="see", source="talks", speaker="participant"):
    return (who, source, stage, speaker, text.format(who), *(codes or [SLOW]))


def test_a_quote_stands_verbatim_at_its_address(told):
    table = told(said("a", "Well."), said("a"), said("b"))
    quotes = quotes_of(table)
    texts = table.documents.set_index("document_id")["text"]
    assert len(quotes) == 2
    for quote in quotes.itertuples():
        assert texts[quote.document_id][quote.start : quote.end] == quote.text


@pytest.mark.parametrize("consent", ["no_quote"])
def test_who_gave_no_consent_is_never_quoted(told, consent):
    table = told(said("a"), said("b"), consent={"a": consent})
    assert quotes_of(table)["participant_id"].tolist() == ["b"]


def test_nobody_is_quoted_when_nobody_consents(told):
    table = told(said("a"), said("b"), consent={"a": "no_quote", "b": "no_quote"})
    assert quotes_of(table).empty


def test_an_interviewer_is_never_quoted_even_when_a_person_coded_the_words(told):
    table = told(said("a", speaker="interviewer"), said("a", "Hm."))
    assert quotes_of(table)["text"].tolist() == ["Hm."]


def test_a_person_is_quoted_once_in_a_stage_whatever_the_source(told):
    table = told(
        said("a"), said("a", LONG + " x"), said("a", LONG, FEE),
        said("a", stage="buy"), said("a", source="survey"),
    )  # fmt: skip
    quotes = quotes_of(table)
    assert not quotes.duplicated(["stage", "participant_id"]).any()
    assert set(quotes["stage"]) == {"see", "buy"}


def test_who_speaks_in_two_sources_is_quoted_from_the_smaller_one(told):
    table = told(
        said("a"), said("a", "The form threw me out at half past ten again.", source="survey"),
        *[said(who, f"It was {word} for all of us in the end.", source="survey")
          for who, word in (("b", "slow"), ("c", "endless boredom"))],
    )  # fmt: skip
    quotes = quotes_of(table)
    assert quotes.set_index("participant_id")["source"].to_dict() == {
        "a": "talks", "b": "survey", "c": "survey",
    }  # fmt: skip


def test_what_is_said_already_is_not_quoted_again(told):
    same = "The form would not let me go back to the first page."
    table = told(said("a", same), said("b", same.upper()), said("c"))
    assert quotes_of(table)["participant_id"].tolist() == ["a", "c"]


def test_a_whole_sentence_comes_before_a_torn_one(told):
    table = told(
        said("a", "and then the form with all of its pages, which, well, I"),
        said("b", "Then came the form with all of its pages and boxes."),
    )
    assert quotes_of(table, per_stage=1)["participant_id"].tolist() == ["b"]


def test_a_quote_stands_between_its_neighbours_of_the_same_turn(told):
    table = told(said("a", "Well."), said("a"), said("a", "Yes."), said("a", "Anyway."))
    table.excerpts["turn"] = [0, 0, 0, 1]
    (quote,) = quotes_of(table).to_dict("records")
    assert (quote["before"], quote["after"]) == ("Well.", "Yes.")
    table.excerpts["turn"] = [0, 1, 2, 3]
    (quote,) = quotes_of(table).to_dict("records")
    assert (quote["before"], quote["after"]) == ("", "")


def vectors(table, places):
    ids = table.excerpts["excerpt_id"]
    return pd.DataFrame([places[who] for who in table.excerpts["participant_id"]], index=ids)


def test_the_quote_nearest_to_the_middle_of_its_code_is_chosen(told):
    words = ["slow", "tedious work", "endless toil and trouble", "boring stuff"]
    table = told(
        *[said(w, f"It was {t} to fill in that form.") for w, t in zip("abcd", words, strict=True)]
    )
    places = {"a": [1.0, 0.0], "b": [0.6, 0.8], "c": [0.8, 0.6], "d": [0.9, 0.45]}
    middle = sum(np.array(p) / np.linalg.norm(p) for p in places.values())
    nearest = max(places, key=lambda w: np.dot(places[w], middle) / np.linalg.norm(places[w]))
    quotes = quotes_of(table, per_stage=1, embeddings=vectors(table, places))
    assert quotes["participant_id"].tolist() == [nearest]
    assert nearest != "a"


def test_the_second_quote_means_another_thing_than_the_first(told):
    words = ["slow", "tedious work", "endless toil and trouble"]
    table = told(
        *[said(w, f"It was {t} to fill in that form.") for w, t in zip("abc", words, strict=True)]
    )
    places = {"a": [1.0, 0.0], "b": [0.99, 0.1], "c": [0.5, 0.87]}
    quotes = quotes_of(table, embeddings=vectors(table, places))
    assert set(quotes["participant_id"]) in ({"a", "c"}, {"b", "c"})


def test_an_excerpt_without_embedding_may_be_quoted(told):
    table = told(said("a"), said("b", "They asked for my number three times in a row."))
    places = vectors(table, {"a": [1.0, 0.0], "b": [0.0, 1.0]})
    assert len(quotes_of(table, embeddings=places.iloc[:1])) == 2


def test_no_more_than_asked_for_stand_in_a_stage(told):
    table = told(*[said(who) for who in "abcdef"])
    assert len(quotes_of(table)) == 3
    assert len(quotes_of(table, per_stage=1)) == 1
    assert quotes_of(table, per_stage=0).empty


def test_what_most_people_tell_comes_first_and_a_second_quote_shows_a_second_thing(told):
    table = told(*[said(who, LONG, SLOW) for who in "abc"], said("d", LONG, FEE))
    assert quotes_of(table)["code"].tolist()[:2] == ["slow", "fee"]


def test_pains_come_before_delights(told):
    table = told(*[said(who, LONG, EASE) for who in "abc"], said("d", LONG, SLOW))
    assert quotes_of(table)["code_group"].tolist()[0] == "pain_point"


def test_who_praises_in_the_same_breath_is_no_witness_of_a_pain(told):
    table = told(said("a", LONG, SLOW, EASE), said("b"))
    quotes = quotes_of(table)
    assert dict(zip(quotes["participant_id"], quotes["code"], strict=True)) == {
        "a": "ease", "b": "slow",
    }  # fmt: skip


def test_one_of_three_quotes_shows_what_is_no_complaint(told):
    table = told(*(said(who) for who in "abcd"), *(said(who, LONG, FEE) for who in "efgh"),
                 said("i", "Signing in was quick, and I was through at once.", EASE))  # fmt: skip
    assert set(quotes_of(table, per_stage=3)["code"]) == {"slow", "fee", "ease"}


def test_a_clear_quote_comes_before_a_short_or_masked_one(told):
    table = told(said("a", "Slow."), said("b", LONG + " [name] said so."), said("c", LONG))
    assert quotes_of(table)["participant_id"].tolist() == ["c", "b", "a"]


def test_what_fits_no_code_yet_is_not_quoted(told):
    assert quotes_of(told(said("a", LONG, "pain_point:other"))).empty


def test_what_stands_in_no_stage_is_not_quoted(told):
    assert quotes_of(told(said("a", stage=""))).empty


def test_a_quote_says_who_where_and_about_what(told):
    (quote,) = quotes_of(told(said("a"))).to_dict("records")
    assert (quote["alias"], quote["label"], quote["quote_id"]) == ("A", "Too slow", "q001")
    assert quote["at"] == "interview, turn 1"


def test_a_quote_with_a_time_code_names_it(told):
    table = told(said("a"))
    table.excerpts["start_s"] = 754.9
    assert quotes_of(table)["at"].tolist() == ["interview, 12:34"]


@pytest.mark.parametrize(
    ("kind", "at"), [("survey_answer", "survey answer"), ("note", "note on task 4")]
)
def test_other_kinds_of_documents_name_their_place(told, kind, at):
    table = told(said("a"))
    table.documents = table.documents.assign(kind=kind, item="4")
    assert quotes_of(table)["at"].tolist() == [at]


@pytest.mark.parametrize(("channel", "at"), [("e-mail", "feedback, e-mail"), ("", "feedback")])
def test_feedback_names_the_channel_that_it_was_written_in(told, channel, at):
    table = told(said("a"))
    table.documents = table.documents.assign(kind="feedback", channel=channel)
    assert quotes_of(table)["at"].tolist() == [at]


def test_the_order_of_rows_changes_nothing_and_inputs_stay(told):
    table = told(
        *[said(who, LONG, SLOW, FEE) for who in "abcde"], said("f", LONG, EASE, stage="buy")
    )
    before = table.codes.copy(deep=True), table.participants.copy(deep=True)
    straight = quotes_of(table)
    assert_frame_equal(table.codes, before[0])
    assert_frame_equal(table.participants, before[1])
    table.codes = table.codes.sample(frac=1, random_state=1)
    table.excerpts = table.excerpts.iloc[::-1]
    table.participants = table.participants.iloc[::-1]
    assert_frame_equal(quotes_of(table), straight)
