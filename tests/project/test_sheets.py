"""The sheets of sentences that train and test the language model."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from cjm_research.coding import load_encoder

ROOT = Path(__file__).parents[2]
TRAINING = sorted((ROOT / "training" / "sheets").glob("*/*.tsv"))
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


def test_no_test_sentence_was_trained_on():
    texts = {
        kind: [(row[0].casefold(), row[1].casefold()) for path in paths for row in read(path)[1:]]
        for kind, paths in (("training", TRAINING), ("testing", TESTING))
    }
    assert not set(texts["training"]) & set(texts["testing"])
    assert max(Counter(texts["testing"]).values()) == 1
