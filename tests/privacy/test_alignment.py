"""Where raw passages stand in masked texts, held against masks made by the masker itself."""

import random

import pandas as pd
import pytest

from cjm_research.privacy import align_masked, build_masker, clean_text

NAMES = ["Ana Weiß", "Bo Lind", "Mara", "Smith, Anna", "Jo-Ann O'Neil"]
MASKER = build_masker(pd.DataFrame({"kind": "name", "value": NAMES}, dtype="object"))


def placed(raw, part, *, n=0):
    """The masked words at which a raw part comes out."""
    start = -1
    for _ in range(n + 1):
        start = raw.index(part, start + 1)
    masked = MASKER.mask(clean_text(raw)).strip()
    span = align_masked(raw, masked).place(start, start + len(part))
    return None if span is None else masked[slice(*span)]


@pytest.mark.parametrize(
    ("raw", "part", "words"),
    [
        ("I told Ana it was slow.", "it was slow", "it was slow"),
        ("I told Ana it was slow.", "told Ana it", "told [name] it"),
        ("I told Ana Weiß it was slow.", "Weiß it", "[name] it"),
        ("I told Ana Weiß it was slow.", "na We", "[name]"),
        ("Mara and Bo, Ana: all said yes.", "all said yes.", "all said yes."),
        ("Mara and Bo, Ana: all said yes.", "Bo, Ana", "[name], [name]"),
        ("It was slo\u200ew, Ana said so.", "slo\u200ew", "slow"),
        ("Write to ana@example.org today.", "to ana@example.org", "to [email]"),
        ("Mara", "Mara", "[name]"),
        ("unbearable, says Mara", "bear", "bear"),
        ("Annaba x Smith, Anna said it [laughs] twice", "said it", "said it"),
        ("yes   yes", "   ", None),
    ],
)
def test_a_passage_is_found_under_masks(raw, part, words):
    assert placed(raw, part) == words


def test_of_equal_words_the_very_one_is_found():
    raw = "yes Ana yes Bo yes Mara yes"
    masked = MASKER.mask(raw)
    spans = [align_masked(raw, masked).place(at, at + 3) for at in (0, 8, 15, 24)]
    assert spans == [(0, 3), (11, 14), (22, 25), (33, 36)]
    assert {masked[slice(*span)] for span in spans} == {"yes"}


def test_every_word_that_no_mask_hides_comes_out_as_itself():
    draw = random.Random(4)
    words = [
        "slow",
        "basket",
        "the",
        "it",
        "Ana",
        "Bo",
        "Lind",
        "Weiß",
        "Mara",
        ",",
        ".",
        "?",
        "ok",
    ]
    for _ in range(300):
        some = [draw.choice(words) for _ in range(draw.randrange(1, 60))]
        raw = " ".join(some)
        masked = MASKER.mask(clean_text(raw)).strip()
        found = align_masked(raw, masked)
        at = 0
        for number, word in enumerate(some):
            span = found.place(at, at + len(word))
            shown = masked[slice(*span)]
            if "[" not in shown:
                assert shown == word, (raw, number)
            if word in ("slow", "basket", "the", "it", "ok"):
                assert shown == word, (raw, number)
                before = [w for w in some[:number] if w == word]
                assert len(before) == masked[: span[0]].split().count(word)
            at += len(word) + 1


def test_texts_that_do_not_follow_from_each_other_are_not_aligned():
    assert align_masked("it was slow", "it was fast") is None
    assert align_masked("it was", "it was slow") is None
    assert align_masked("it was slow", "it was") is None
    assert align_masked("", "").place(0, 1) is None
