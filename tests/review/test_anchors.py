import pytest

from cjm_research.review import Texts

TEXT = "Well, it was “slow”.\n  I  waited a  WEEK for the parcel, and it didn’t come. Bye."


@pytest.fixture
def texts():
    return Texts({"a": TEXT, "b": "Another text. I waited a week for the bus."})


def found(texts, *where):
    anchor = texts.find(*where)
    assert anchor is not None
    return texts.texts[anchor.document_id][anchor.start : anchor.end], anchor.how


def test_a_quote_stands_where_it_said(texts):
    assert found(texts, "it was", "a", 6) == ("it was", "")


def test_a_quote_without_a_start_has_not_moved(texts):
    assert found(texts, "it was", "a") == ("it was", "")


def test_a_quote_that_stands_elsewhere_has_moved(texts):
    assert found(texts, "it was", "a", 40) == ("it was", "moved")


def test_of_two_places_at_the_same_distance_the_first_is_taken():
    assert Texts({"a": "ab..ab"}).find("ab", "a", 2).start == 0


def test_white_space_case_and_typographic_quotes_are_put_aside(texts):
    assert found(texts, 'It was "slow". I waited a week', "a", 0) == (
        "it was “slow”.\n  I  waited a  WEEK",
        "reworded",
    )
    assert found(texts, "it didn't come", "a") == ("it didn’t come", "reworded")


def test_a_capital_that_grows_in_lower_case_keeps_the_offsets_right():
    text = "İİİ and the PARCEL came"
    anchor = Texts({"a": text}).find("the parcel", "a")
    assert text[anchor.start : anchor.end] == "the PARCEL"


def test_a_nearly_equal_passage_is_widened_to_whole_words(texts):
    assert found(texts, "I waited a week for my parcel, and it did'nt com", "a") == (
        "I  waited a  WEEK for the parcel, and it didn’t come",
        "reworded",
    )


def test_a_short_quote_is_not_guessed(texts):
    assert texts.find("the parcal", "a") is None


def test_a_quote_is_guessed_in_its_own_document_only(texts):
    assert texts.find("I waited a week for the parcels", "") is None
    assert texts.find("the parcel, and it didn't come.", "b") is None
    assert texts.find("it was", "nowhere") is None


def test_what_is_not_similar_enough_is_not_found(texts):
    assert texts.find("I loved the colour of the new frames", "a") is None


def test_a_quote_longer_than_its_text_needs_all_of_it():
    texts = Texts({"a": "The page was slow and broken", "b": "slow", "c": ""})
    assert texts.find("The page was slow and broken!", "a").end == len(texts.texts["a"])
    assert texts.find("a long quote that holds slow as well", "b") is None
    assert texts.find("a long quote that holds slow as well", "c") is None


def test_an_empty_quote_is_nowhere(texts):
    assert texts.find("  ", "a") is None
