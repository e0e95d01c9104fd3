"""Reasons, others' example, wishes beside the offer, and expectations, by their phrases."""

import pytest


def codes_of(found, group):
    return {code for kind, code in found if kind == group}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I chose it because it was cheaper.", "price"),
        ("I picked them for the price.", "price"),
        ("We switched to them since they deliver at night, near my house.", "process"),
    ],
)
def test_a_reason_is_named_by_its_topic(coded, text, reason):
    assert reason in codes_of(coded(text), "reason")


@pytest.mark.parametrize("text", ["It was cheaper.", "The price is on the page.", "Near my house."])
def test_a_topic_without_a_word_that_gives_a_reason_is_none(coded, text):
    assert not codes_of(coded(text), "reason")


@pytest.mark.parametrize("text", ["I chose it.", "That is why."])
def test_a_word_that_gives_a_reason_without_a_topic_is_none(coded, text):
    assert not codes_of(coded(text), "reason")


@pytest.mark.parametrize(
    "text",
    [
        "My friend recommended it to me.",
        "I went with them because all my friends use it.",
        "The reviews were good.",
    ],
)
def test_others_example_is_social_proof(coded, text):
    assert codes_of(coded(text), "social_proof") == {"social_proof"}


@pytest.mark.parametrize(
    "text", ["My friend did not recommend it to me.", "My friend lives here.", "I looked at it."]
)
def test_where_nobody_was_followed_there_is_no_social_proof(coded, text):
    assert not codes_of(coded(text), "social_proof")


@pytest.mark.parametrize(
    "text", ["I would pay extra for a family plan.", "Do you also sell cases?"]
)
def test_a_wish_beside_the_offer_is_coded(coded, text):
    assert codes_of(coded(text), "adjacent_wish") == {"adjacent_wish"}


@pytest.mark.parametrize("text", ["I would not pay extra for that.", "I paid for it."])
def test_no_wish_is_none(coded, text):
    assert not codes_of(coded(text), "adjacent_wish")


def test_a_wish_is_a_need(coded):
    assert codes_of(coded("I wish there was a lamp."), "need")
    assert not codes_of(coded("There was a lamp."), "need")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("It was not as expected.", "missed"),
        ("It wasn’t as described.", "missed"),
        ("Not what I ordered.", "missed"),
        ("It was as described.", "met"),
        ("It was what I ordered.", "met"),
        ("It was no better than expected.", "missed"),
    ],
)
def test_a_denied_outcome_is_a_missed_expectation(coded, text, outcome):
    assert codes_of(coded(text), "expectation") == {outcome}
