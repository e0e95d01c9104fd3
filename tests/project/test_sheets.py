"""The sheets of sentences that train and test the language model and the heads of the coder."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from cjm_research.coding import EMOTIONS, load_encoder

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "training" / "sheets"
TRAINING = sorted([*SHEETS.glob("first/*.tsv"), *SHEETS.glob("second/*.tsv")])
GUIDED = sorted(SHEETS.glob("third/*.tsv"))
ADDRESSED = sorted([*SHEETS.glob("real/*.tsv"), *(ROOT / "benchmarks" / "voices").glob("*.tsv")])
TESTING = sorted((ROOT / "benchmarks" / "sheets").glob("*.tsv"))
COLUMNS = ["text", "prompt", "pain", "delight", "need", "emotions"]


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_there_are_sheets_for_both():
    assert len(TRAINING) == 8
    assert {path.stem for path in TESTING} == {
        "contrast", "facts", "negation", "prompts", "questions", "sarcasm",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", TRAINING + TESTING, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_row_is_labelled(path):
    head, *rows = read(path)
    assert head == COLUMNS
    known = set(load_encoder().emotions)
    for row in rows:
        text, _, *flags, emotions = row
        assert text.strip() and set(flags) <= {"0", "1"} and len(flags) == 3, row
        assert emotions and set(emotions.split(",")) <= known, row


@pytest.mark.parametrize("path", GUIDED, ids=lambda path: path.stem)
def test_every_row_by_the_guide_is_labelled(path):
    head, *rows = read(path)
    assert head == [
        "text", "prompt", "before", "pain", "delight", "need", "expectation", "ux_emotions",
    ]  # fmt: skip
    for row in rows:
        text, _, _, *flags, expectation, emotions = row
        assert text.strip() and set(flags) <= {"0", "1"} and len(flags) == 3, row
        assert expectation in {"", "missed", "met", "exceeded"}, row
        assert emotions and set(emotions.split(",")) <= set(EMOTIONS), row


@pytest.mark.parametrize("path", ADDRESSED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_sheets_of_real_sentences_hold_addresses_and_labels_only(path):
    head, *rows = read(path)
    assert head[:5] == ["file", "row", "column", "start", "end"]
    assert not {"text", "prompt", "before", "after", "quote"} & set(head)
    assert len({tuple(row[:5]) for row in rows}) == len(rows)
    for row in rows:
        assert row[1].isdigit() and int(row[3]) < int(row[4]), row
        assert all(len(label) <= 40 for label in row[5:]), row


def test_no_real_sentence_is_trained_and_tested():
    trained, tested = (
        {tuple(row[:5]) for p in ADDRESSED if p.parent.name == name for row in read(p)[1:]}
        for name in ("real", "voices")
    )
    assert trained and tested and not trained & tested


def test_no_test_sentence_was_trained_on():
    texts = {
        kind: [(row[0].casefold(), row[1].casefold()) for path in paths for row in read(path)[1:]]
        for kind, paths in (("training", TRAINING), ("testing", TESTING))
    }
    assert not set(texts["training"]) & set(texts["testing"])
    assert max(Counter(texts["testing"]).values()) == 1
