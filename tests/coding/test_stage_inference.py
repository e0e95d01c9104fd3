"""Stages by meaning: forward-backward by hand, and what each piece of evidence may do."""

import numpy as np
import pandas as pd
import pytest

from cjm_research.coding import stage_inference
from cjm_research.coding.stage_inference import FEATURES, Moves, infer_stages, measure_likeness
from cjm_research.journey import Journey, Stage

NEVER = -50.0
"""Logit of "speaks of no stage" where it must play no part."""
TWO = Journey((Stage("find", "Finding"), Stage("buy", "Buying")))
AXES = {"finding": 0, "buying": 1, "chatting": 2}


def encode(texts):
    """One axis per word known; no text at all lies on Finding's, to show when it is used."""
    vectors = np.zeros((len(texts), 3))
    for row, text in enumerate(texts):
        axes = [axis for word, axis in AXES.items() if word in text.casefold()]
        vectors[row, axes or [2 if text.strip() else 0]] = 1.0
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embed(excerpts):
    return pd.DataFrame(encode(excerpts["text"].tolist()), index=excerpts["excerpt_id"].to_numpy())


@pytest.fixture
def along(monkeypatch, excerpts):
    """Infer from logits given sentence by sentence: {text: (find, buy, no stage)}."""

    def infer(logits, *interviews, **options):
        monkeypatch.setattr(stage_inference, "measure_likeness", lambda *_, **__: None)
        monkeypatch.setattr(
            stage_inference,
            "weigh",
            lambda _, texts, *__: np.array([logits[text] for text in texts], dtype=float),
        )
        told = excerpts(*interviews)
        told = told[told["speaker"] != "interviewer"].reset_index(drop=True)
        return infer_stages(told, pd.DataFrame(), TWO, encode=encode, **options)

    return infer


def said(*texts):
    return [("participant", " ".join(texts))]


THREE = {
    "One.": (np.log(0.8), np.log(0.2), NEVER),
    "Two.": (np.log(0.5), np.log(0.5), NEVER),
    "Three.": (np.log(0.4), np.log(0.6), NEVER),
}
MOVES = Moves(stay=0.6, forward=0.2, after_question=1.0, sharpness=1.0)


def test_three_sentences_and_two_stages_by_hand(along):
    # Moves: find -> find .6, buy .4; buy -> find .2 / .8 = .25, buy .6 / .8 = .75.
    # The eight paths, each the product of its sentences and moves:
    paths = {
        "fff": 0.8 * 0.6 * 0.5 * 0.6 * 0.4, "ffb": 0.8 * 0.6 * 0.5 * 0.4 * 0.6,
        "fbf": 0.8 * 0.4 * 0.5 * 0.25 * 0.4, "fbb": 0.8 * 0.4 * 0.5 * 0.75 * 0.6,
        "bff": 0.2 * 0.25 * 0.5 * 0.6 * 0.4, "bfb": 0.2 * 0.25 * 0.5 * 0.4 * 0.6,
        "bbf": 0.2 * 0.75 * 0.5 * 0.25 * 0.4, "bbb": 0.2 * 0.75 * 0.5 * 0.75 * 0.6,
    }  # fmt: skip
    assert sum(paths.values()) == pytest.approx(0.25645)
    by_hand = [0.2032 / 0.25645, 0.1272 / 0.25645, 0.0871 / 0.25645]
    alone, smoothed = along(THREE, said("One.", "Two.", "Three."), moves=MOVES)
    assert smoothed[:, 0] == pytest.approx(by_hand)
    assert smoothed.sum(axis=1) == pytest.approx([1, 1, 1])
    assert alone[:, 0] == pytest.approx([0.8, 0.5, 0.4])


def test_less_sharpness_lets_neighbours_say_more(along):
    blunt = Moves(stay=0.6, forward=0.2, after_question=1.0, sharpness=0.0)
    _, smoothed = along(THREE, said("One.", "Two.", "Three."), moves=blunt)
    # Without any evidence the path begins anywhere and drifts: .5; .425; .3987...
    first = 0.5
    second = first * 0.6 + (1 - first) * 0.25
    third = second * 0.6 + (1 - second) * 0.25
    assert smoothed[:, 0] == pytest.approx([first, second, third])


RUN = {
    "Of it.": (3.0, 0.0, 0.0),
    "An aside.": (0.0, 1.0, 0.5),
    "So long.": (0.0, 0.0, 9.0),
}


def test_a_lone_sentence_within_a_run_follows_its_neighbours_and_keeps_its_own_view(along):
    told = said("Of it.", "Of it.", "Of it.", "An aside.", "Of it.", "Of it.", "Of it.")
    alone, smoothed = along(RUN, told)
    assert alone.argmax(axis=1).tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert smoothed.argmax(axis=1).tolist() == [0] * 7


def test_the_same_sentence_by_itself_is_believed(along):
    _, smoothed = along(RUN, said("An aside."))
    assert smoothed.argmax(axis=1).tolist() == [1]


def test_who_plainly_speaks_of_nothing_is_not_drawn_in_by_neighbours(along):
    _, smoothed = along(RUN, said("Of it.", "So long.", "Of it."))
    assert smoothed.argmax(axis=1).tolist() == [0, 2, 0]


def test_a_new_question_frees_the_move(along):
    logits = {"Of it.": (3.0, 0.0, NEVER), "On.": (0.0, 1.0, NEVER)}
    kept = [("participant", "Of it."), ("participant", "On.")]
    asked = [kept[0], ("interviewer", "And then?"), kept[1]]
    _, without = along(logits, kept)
    _, freed = along(logits, asked)
    assert freed[1, 1] > without[1, 1] + 0.1


def test_conversations_do_not_lean_on_each_other(along):
    one, other = said("Of it.", "An aside."), said("Other.", "Other.")
    logits = RUN | {"Other.": (-9.0, 9.0, 0.0)}
    first, _ = along(logits, one)[1], along(logits, other)[1]
    both = along(logits, one, other)[1]
    reverse = along(logits, other, one)[1]
    assert both[:2] == pytest.approx(first)
    assert reverse[2:] == pytest.approx(first)


def test_what_is_known_wins_over_weak_evidence_and_not_over_strong(along):
    logits = {"Weak.": (0.0, 1.0, 0.0), "Strong.": (0.0, 12.0, 0.0)}
    known = np.array([[3.0, 0.0]])
    alone, smoothed = along(logits, said("Weak."), known=known)
    assert (alone.argmax(), smoothed.argmax()) == (1, 0)
    _, smoothed = along(logits, said("Strong."), known=known)
    assert smoothed.argmax() == 1


def test_what_is_known_of_one_sentence_reaches_the_next(along):
    logits = {"Weak.": (0.0, 0.3, -1.0)}
    known = np.array([[3.0, 0.0], [0.0, 0.0]])
    assert along(logits, said("Weak.", "Weak."))[1].argmax(axis=1).tolist() == [1, 1]
    _, smoothed = along(logits, said("Weak.", "Weak."), known=known)
    assert smoothed.argmax(axis=1).tolist() == [0, 0]


def test_a_sentence_is_placed_by_its_likeness(excerpts):
    told = excerpts(said("It was finding.", "It was buying.", "It was blue."))
    alone, _ = infer_stages(told, embed(told), TWO, encode=encode)
    assert alone.argmax(axis=1)[:2].tolist() == [0, 1]
    blue = excerpts(said("It was blue."))
    alone, smoothed = infer_stages(blue, embed(blue), TWO, encode=encode)
    assert alone.argmax() == smoothed.argmax() == 2


def feature(name, told):
    likeness = measure_likeness(told, embed(told), TWO, encode=encode)
    return likeness[:, :, FEATURES.index(name)].tolist()


def test_likeness_is_a_cosine_of_text_turn_and_question(excerpts, monkeypatch):
    monkeypatch.setattr(stage_inference, "CENTRING", 0.0)
    told = excerpts(
        [("interviewer", "About buying?"), ("participant", "It was finding. It was chatting.")]
    )
    told = told[told["speaker"] == "participant"].reset_index(drop=True)
    assert feature("text best", told) == [[1, 0], [0, 0]]
    assert feature("question definition", told) == [[0, 1], [0, 1]]
    # The first sentence and .6 * .7 of the one after; the second and .6 of the one before.
    near = [1 / np.hypot(1, 0.42), 0.6 / np.hypot(1, 0.6)]
    turn = np.array(feature("turn definition", told))
    assert turn[:, 0] == pytest.approx(near)
    assert turn[:, 1] == pytest.approx([0, 0])


def test_no_question_is_like_no_stage(excerpts):
    told = excerpts(said("It was chatting."))
    assert encode([""])[0, 0] == 1
    assert feature("question definition", told) == [[0, 0]]
    assert feature("question best three", told) == [[0, 0]]


def test_words_of_one_stage_tell_more_than_words_of_several(excerpts):
    named = Journey(
        (
            Stage("a", "A", definition="basket parcel"),
            Stage("b", "B", definition="parcel"),
            Stage("c", "C", definition="queue"),
        )
    )
    told = excerpts(said("The basket.", "The parcel."))
    likeness = measure_likeness(told, embed(told), named, encode=encode)
    words = likeness[:, :, FEATURES.index("words")]
    assert words.tolist() == [[1, 0, 0], [0.5, 0.5, 0]]


def test_the_context_of_a_sentence_ends_with_its_turn_and_its_document(excerpts, monkeypatch):
    # Centring looks at the whole material by design; the rest must not.
    monkeypatch.setattr(stage_inference, "CENTRING", 0.0)
    one = [("participant", "It was blue."), ("participant", "It was finding.")]
    other = said("It was buying.", "It was buying.")
    alone = excerpts(one)
    both = excerpts(one, other)
    by_itself = measure_likeness(alone, embed(alone), TWO, encode=encode)
    together = measure_likeness(both, embed(both), TWO, encode=encode)
    assert together[:2] == pytest.approx(by_itself)
    turns = feature("turn definition", alone)
    assert turns == [[0, 0], [1, 0]]


def test_a_wide_stage_loses_what_it_shares_with_all_the_material(excerpts, monkeypatch):
    monkeypatch.setattr(stage_inference, "ENOUGH", 1)
    monkeypatch.setattr(stage_inference, "CENTRING", 1.0)
    told = excerpts(said("It was finding.", "It was finding.", "It was buying."))
    best = np.array(feature("text best", told))
    # Means 2/3 and 1/3, their mean 1/2: 1/6 goes from the first stage to the second.
    assert best == pytest.approx(np.array([[5 / 6, 1 / 6], [5 / 6, 1 / 6], [-1 / 6, 7 / 6]]))
