"""Turns are found again in the text that they were read from, whatever format it has."""

import time

import pytest

from cjm_research.readers.transcript_formats import Opened, recognise
from cjm_research.readers.turn_places import find_turns
from tests.fuzz import corpus


def shown(text, places):
    return "".join(text[at] for at in places)


@pytest.mark.parametrize("name", ["TEXT", "OTTER", "UNTIMED", "SRT", "SBV"])
def test_every_turn_of_a_format_is_found_letter_by_letter(tmp_path, name):
    text = getattr(corpus, name)
    file = Opened(tmp_path / "a.qdpx", text, "utf-8", (), frozenset({"ines holm"}))
    turns = [turn.text for turn in recognise(file).parse(file).utterances if turn.text]
    found = find_turns(text, turns)
    assert [shown(text, places) for places in found] == ["".join(turn.split()) for turn in turns]
    flat = [at for places in found for at in places]
    assert flat == sorted(set(flat))


def test_words_are_not_taken_for_the_label_or_the_heading_that_says_the_same():
    text = "Mara\n[yes]\nMara: Mara said yes\nyes\nP: P\n"
    assert find_turns(text, ["Mara said yes yes", "P"]) == [
        tuple(range(17, 21)) + tuple(range(22, 26)) + tuple(range(27, 30)) + tuple(range(31, 34)),
        (38,),
    ]


def test_a_turn_that_is_not_there_is_not_placed_and_the_next_is():
    text = "A: one\nB: two\nA: three"
    first, second, third = find_turns(text, ["one", "zwei", "three"])
    assert (shown(text, first), second, shown(text, third)) == ("one", None, "three")


def test_turns_that_are_nowhere_are_given_up_in_bounded_time():
    lines = [f"P: line {number} of many" for number in range(20_000)]
    begun = time.monotonic()
    found = find_turns("\n".join(lines), ["P: nowhere"] * 20_000)
    assert set(found) == {None}
    assert find_turns("1 " * 2_000_000, ["2 " * 2_000_000]) == [None]
    assert time.monotonic() - begun < 30
