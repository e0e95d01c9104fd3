import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import load_encoder
from cjm_research.coding.search import find_excerpts
from cjm_research.errors import UnknownNameError

PLACES = {"wait": [1.0, 0.0], "pay": [0.0, 1.0], "both": [3.0, 3.0]}


def encode(texts):
    return np.array([PLACES[text] for text in texts])


@pytest.fixture
def told(excerpts):
    table = excerpts(
        [
            ("interviewer", "Was it long?"),
            ("participant", "It was long."),
            ("observer", "He pays."),
        ],
        [("participant", "I paid at once.")],
    )
    places = {"It was long.": [0.9, 0.1], "He pays.": [0.2, 0.8], "I paid at once.": [0.2, 0.8],
              "Was it long?": [1.0, 0.0]}  # fmt: skip
    ids = table["excerpt_id"].to_numpy()
    return table, pd.DataFrame([places[text] for text in table["text"]], index=ids)


def test_the_nearest_stand_first_with_their_likeness(told):
    found = find_excerpts(*told, "wait", encode=encode)
    assert found["text"].tolist() == ["It was long.", "He pays.", "I paid at once."]
    assert found["similarity"][0] == pytest.approx(0.9 / np.hypot(0.9, 0.1), abs=1e-6)
    assert found["similarity"][1] == pytest.approx(0.2 / np.hypot(0.2, 0.8), abs=1e-6)


def test_the_length_of_vectors_does_not_count(told):
    found = find_excerpts(*told, "both", encode=encode)
    assert found["similarity"].max() <= 1.0


def test_interviewers_are_never_found_and_observers_may_be_left_out(told):
    found = find_excerpts(*told, "wait", encode=encode, speaker="participant")
    assert found["text"].tolist() == ["It was long.", "I paid at once."]
    with pytest.raises(UnknownNameError, match="interviewer"):
        find_excerpts(*told, "wait", encode=encode, speaker="interviewer")


def test_equals_stand_by_their_id_whatever_the_order_of_rows(told):
    table, embeddings = told
    straight = find_excerpts(table, embeddings, "pay", encode=encode)
    assert straight["excerpt_id"].tolist()[:2] == ["talks/P01#2", "talks/P02#0"]
    turned = find_excerpts(table.iloc[::-1], embeddings.iloc[::-1], "pay", encode=encode)
    assert_frame_equal(straight, turned)


def test_no_more_than_asked_for_are_found_and_none_in_nothing(told):
    table, embeddings = told
    assert len(find_excerpts(table, embeddings, "pay", encode=encode, n=1)) == 1
    assert find_excerpts(table.iloc[:0], embeddings, "pay", encode=encode).empty
    assert find_excerpts(table, embeddings.iloc[:0], "pay", encode=encode).empty


def test_an_empty_query_and_an_empty_list_are_refused(told):
    with pytest.raises(ValueError, match="query is empty"):
        find_excerpts(*told, "  ", encode=encode)
    with pytest.raises(ValueError, match="at least 1"):
        find_excerpts(*told, "wait", encode=encode, n=0)


def test_the_encoder_finds_what_is_meant_by_other_words(excerpts):
    table = excerpts(
        [("participant", "The technician never showed up. The colours are pretty. I paid by card.")]
    )
    encoder = load_encoder()
    made = encoder.encode(table["text"].tolist()).embeddings
    embeddings = pd.DataFrame(made, index=table["excerpt_id"])
    found = find_excerpts(table, embeddings, "waiting for an engineer", encode=encoder.encode, n=1)
    assert found["text"].tolist() == ["The technician never showed up."]
