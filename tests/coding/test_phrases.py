import pytest

from cjm_research.coding.phrases import find_phrases, tokenize


def found(text, *phrases):
    docs = tokenize([text])
    (hits,) = find_phrases(docs, {"x": phrases})
    return [docs[0][hit.start : hit.end].text for hit in hits]


@pytest.mark.parametrize(
    ("text", "phrase", "hits"),
    [
        ("It was slow.", "slow", ["slow"]),
        ("SLOW again", "slow", ["SLOW"]),
        ("slowly", "slow", []),
        ("slow, slower, slowly", "slow*", ["slow", "slower", "slowly"]),
        ("I gave up. I give up.", "gave|give up", ["gave up", "give up"]),
        ("gave it up", "gave|give up", []),
        ("I couldn't find it", "couldn't find", ["couldn't find"]),
        ("I couldn’t find it", "couldn't find", ["couldn’t find"]),
        ("I couldn't find it", "couldn’t find", ["couldn't find"]),
        ("don't want, didn't want", "don't|didn't want", ["don't want", "didn't want"]),
        ("Great, another error", "great, another|yet", ["Great, another"]),
        ("", "slow", []),
    ],
)
def test_phrases_are_runs_of_words(text, phrase, hits):
    assert found(text, phrase) == [hit.replace("’", "'") for hit in hits]


def test_a_hit_inside_a_longer_one_of_its_label_is_dropped():
    assert found("too many options", "too many", "too many options", "options") == [
        "too many options"
    ]


def test_hits_of_two_labels_may_overlap():
    (hits,) = find_phrases(tokenize(["the final price"]), {"a": ["price"], "b": ["final price"]})
    assert [(hit.label, hit.start, hit.end) for hit in hits] == [("b", 1, 3), ("a", 2, 3)]


def test_a_typographic_apostrophe_keeps_the_length_of_a_text():
    (doc,) = tokenize(["It’s fine"])
    assert doc.text == "It's fine"


def test_no_phrases_and_unknown_stems_find_nothing():
    docs = tokenize(["one", "two"])
    assert find_phrases(docs, {}) == [[], []]
    assert find_phrases(docs, {"x": ["zebra*"]}) == [[], []]


def test_a_stem_of_one_text_does_not_leak_into_another():
    one, other = find_phrases(tokenize(["crashing now", "quiet"]), {"x": ["crash*"]})
    assert len(one) == 1
    assert other == []


def test_what_masking_left_behind_is_no_word():
    (doc,) = tokenize(["Mail me at [email], ask for [name]."])
    assert "email" not in [token.lower_ for token in doc]
    (hits,) = find_phrases([doc], {"contact": ["email", "name"], "mail": ["mail"]})
    assert [hit.label for hit in hits] == ["mail"]
