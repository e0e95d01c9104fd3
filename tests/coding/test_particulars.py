"""Consequence, whose and when, severity, obstacle and touchpoint, each by a sentence of its own."""

import numpy as np
import pytest

from cjm_research.coding.particulars import (
    CONSEQUENCES,
    SEVERITY,
    STRONG_FEELING,
    find_obstacle,
    find_particulars,
    find_touchpoints,
    propose_severity,
)
from cjm_research.coding.phrases import tokenize
from cjm_research.journey import Journey, Stage, Touchpoint


def read(text):
    (particulars,) = find_particulars(tokenize([text]))
    return particulars


@pytest.mark.parametrize(
    ("text", "consequence"),
    [
        ("I gave up and closed the tab.", "gave_up"),
        ("So we switched to another bank.", "gave_up"),
        ("I could not pay.", "blocked"),
        ("The page wouldn’t let me go on.", "blocked"),
        ("I had to call support.", "called_support"),
        ("I ended up copying it by hand.", "worked_around"),
        ("It took ages.", "delayed"),
        ("It was annoying.", "annoyed"),
        ("The button is grey.", "annoyed"),
    ],
)
def test_what_a_pain_did(text, consequence):
    assert read(text)["consequence"] == consequence


@pytest.mark.parametrize(
    "text",
    [
        "I did not give up.",
        "I didn’t give up.",
        "I never had to call anyone.",
        "I was not stuck.",
        "I did not have to wait.",
    ],
)
def test_what_is_denied_did_not_happen(text):
    assert read(text)["consequence"] == "annoyed"


@pytest.mark.parametrize(
    ("text", "consequence"),
    [
        ("I did not give up, I called support.", "called_support"),
        ("I did not give up because I could not pay elsewhere.", "blocked"),
        ("I couldn't find it, gave up.", "gave_up"),
    ],
)
def test_a_denial_reaches_no_further_than_its_clause(text, consequence):
    assert read(text)["consequence"] == consequence


def test_the_gravest_of_several_is_taken():
    assert read("I waited an hour, then I gave up.")["consequence"] == "gave_up"
    assert read("I waited an hour, and it crashed.")["consequence"] == "blocked"


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("My card was declined.", "own"),
        ("My sister could not log in.", "other"),
        ("People say it is slow.", "other"),
        ("Other customers could not pay.", "other"),
    ],
)
def test_whose_words_they_are(text, whose):
    assert read(text)["whose"] == whose


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("It crashed.", "past"),
        ("I lost my order.", "past"),
        ("It is slow.", "present"),
        ("If I lost the card, I could not pay.", "hypothetical"),
        ("It might crash.", "hypothetical"),
    ],
)
def test_when_it_was(text, when):
    assert read(text)["when"] == when


def test_every_text_has_its_own_particulars():
    found = find_particulars(tokenize(["I gave up.", "", "My sister waited."]))
    assert [row["consequence"] for row in found] == ["gave_up", "annoyed", "delayed"]
    assert [row["whose"] for row in found] == ["own", "own", "other"]
    assert find_particulars([]) == []


def test_the_scale_of_severity():
    assert [propose_severity(name, []) for name in CONSEQUENCES] == [4, 3, 2, 2, 2, 1]
    assert set(SEVERITY) == set(CONSEQUENCES)


@pytest.mark.parametrize(
    ("consequence", "feelings", "severity"),
    [
        ("annoyed", (STRONG_FEELING, 0.0), 2),
        ("annoyed", (0.0, STRONG_FEELING), 2),
        ("annoyed", (STRONG_FEELING - 0.01, 0.5), 1),
        ("delayed", (1.0, 1.0), 2),
        ("gave_up", (0.0, 0.0), 4),
    ],
)
def test_a_strong_feeling_makes_a_nuisance_one_step_graver_and_nothing_else(
    consequence, feelings, severity
):
    assert propose_severity(consequence, feelings) == severity


def obstacle(text, *words):
    (doc,) = tokenize([text])
    places = [(t.i, t.i + 1) for t in doc if t.text in words]
    assert len(places) >= len(words)
    return find_obstacle(doc, places)


def test_the_obstacle_is_the_clause_that_tells_of_it():
    text = "It looked nice, the menu was hidden, which I hate"
    assert obstacle(text, "menu") == "the menu was hidden"
    assert obstacle(text, "hate", "menu") == "which I hate"  # as much told: the later one
    assert obstacle(text, "menu", "hidden", "hate") == "the menu was hidden"


def test_without_a_sign_or_a_second_clause_the_obstacle_is_the_whole_text():
    text = "It looked nice, the menu was hidden."
    assert obstacle(text) == text
    assert obstacle("The menu was hidden.", "menu") == "The menu was hidden."


def test_a_clause_of_a_word_or_two_belongs_to_its_neighbour():
    assert obstacle("Well, the menu was hidden, sadly", "menu") == (
        "Well, the menu was hidden, sadly"
    )


POINTS = Journey(
    (
        Stage("find", "Find", touchpoints=(Touchpoint("Newsletter"), Touchpoint("Help desk"))),
        Stage("buy", "Buy", touchpoints=(Touchpoint("Help desk"), Touchpoint("Checkout form"))),
    )
)
AXES = {"Newsletter": 0, "Help desk": 1, "Checkout form": 2}


def encode(names):
    return np.eye(3)[[AXES[name] for name in names]]


def touchpoints(texts, vectors=None, stages=None):
    stages = stages or [""] * len(texts)
    return find_touchpoints(texts, vectors, POINTS, stages, None if vectors is None else encode)


def test_a_touchpoint_is_found_by_meaning():
    vectors = np.array([[0.39, 0, 0], [0.37, 0, 0], [0.5, 0.0, 0.47], [0.5, 0.0, 0.45]])
    found = touchpoints(["x"] * 4, vectors)
    # Near enough; not near enough; two that are as near as each other; one nearer.
    assert found == ["Newsletter", "", "", "Newsletter"]


def test_a_touchpoint_is_found_by_its_words():
    assert touchpoints(["The checkout form broke.", "The form broke.", "Broken."]) == [
        "Checkout form", "", "",
    ]  # fmt: skip


def test_the_touchpoints_of_the_stage_come_first():
    near = np.array([[0.36, 0.0, 0.36]])
    assert touchpoints(["x"], near) == [""]
    assert touchpoints(["x"], near, ["buy"]) == ["Checkout form"]
    assert touchpoints(["x"], near, ["find"]) == ["Newsletter"]


def test_a_touchpoint_of_two_stages_is_told_apart_by_the_stage():
    near = np.array([[0.0, 0.5, 0.0]])
    assert touchpoints(["x"], near) == [""]  # as near as each other, though of one name
    assert touchpoints(["x"], near, ["buy"]) == ["Help desk"]


def test_without_touchpoints_or_texts_none_is_found():
    bare = Journey((Stage("find", "Find"),))
    assert find_touchpoints(["x", "y"], None, bare, ["", ""], None) == ["", ""]
    assert touchpoints([]) == []
