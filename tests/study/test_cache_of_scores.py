"""Scores are kept by content: new words are measured, and nothing else is."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from cjm_research import coding
from cjm_research.study import kept_scores
from cjm_research.study.cache import STALE_S
from cjm_research.study.kept_scores import SCORES_FILE, measure_new

OLD = ["The form kept losing what I had typed.", "I was happy with the delivery.", "No."]
NEW = ["Nobody could tell me the price.", "I gave up and closed it."]


def said(texts: list[str], *, document: str = "talks/P01", prompt: str = "How was it?"):
    """Return table `excerpts`: an interviewer's question, then the texts."""
    rows = [(f"{document}#0", "interviewer", prompt, "")]
    rows += [(f"{document}#{n}", "participant", text, prompt) for n, text in enumerate(texts, 1)]
    frame = pd.DataFrame(rows, columns=["excerpt_id", "speaker", "text", "prompt"])
    return frame.assign(document_id=document)


class Counting:
    """Measures by what was handed in, and remembers it."""

    def __init__(self, by: str = "rules") -> None:
        self.by = by
        self.texts: list[str] = []

    def __call__(self, excerpts: pd.DataFrame) -> coding.Scored:
        self.texts += excerpts["text"].tolist()
        return coding.measure_excerpts(excerpts, by=self.by)


def test_a_new_document_is_measured_alone_and_nothing_differs_from_measuring_all(tmp_path):
    first, both = said(OLD), pd.concat([said(OLD), said(NEW, document="talks/P02")])
    for by in ("rules", "encoder"):
        counting, folder = Counting(by), tmp_path / by
        measure_new(first, folder, fingerprint="f", measure=counting)
        assert counting.texts == OLD
        counting.texts.clear()
        found = measure_new(both, folder, fingerprint="f", measure=counting)
        assert counting.texts == NEW
        whole = coding.measure_excerpts(both, by=by)
        pd.testing.assert_frame_equal(
            found.scores, whole.scores.reset_index(drop=True), check_exact=True
        )
        if by == "rules":
            assert found.embeddings is None
        else:
            pd.testing.assert_frame_equal(found.embeddings, whole.embeddings, check_exact=True)


def test_nothing_is_measured_again_when_documents_are_renamed_or_come_in_another_order(tmp_path):
    counting = Counting()
    both = pd.concat([said(OLD), said(NEW, document="talks/P02")])
    before = measure_new(both, tmp_path, fingerprint="f", measure=counting).scores
    counting.texts.clear()
    renamed = pd.concat([said(NEW, document="talks/P07"), said(OLD, document="talks/P08")])
    after = measure_new(renamed, tmp_path, fingerprint="f", measure=counting).scores
    assert counting.texts == []
    assert after["pain"].tolist() == [*before["pain"][3:], *before["pain"][:3]]
    assert after["excerpt_id"].tolist()[:2] == ["talks/P07#1", "talks/P07#2"]


def test_another_question_another_coder_and_another_word_are_measured_anew(tmp_path):
    counting = Counting()
    measure_new(said(OLD), tmp_path, fingerprint="f", measure=counting)
    counting.texts.clear()
    measure_new(said(OLD, prompt="And then?"), tmp_path, fingerprint="f", measure=counting)
    assert counting.texts == OLD
    counting.texts.clear()
    measure_new(said(OLD, prompt="And then?"), tmp_path, fingerprint="g", measure=counting)
    assert counting.texts == OLD
    counting.texts.clear()
    corrected = [OLD[0], OLD[1], "No!"]
    measure_new(said(corrected, prompt="And then?"), tmp_path, fingerprint="g", measure=counting)
    assert counting.texts == ["No!"]


@pytest.mark.parametrize("way", [("rules", "encoder"), ("encoder", "rules")])
def test_a_study_may_change_its_scorer(tmp_path, way):
    both = pd.concat([said(OLD), said(NEW, document="talks/P02")])
    for by in (*way, way[0]):
        found = measure_new(both, tmp_path, fingerprint=by, measure=Counting(by))
        whole = coding.measure_excerpts(both, by=by)
        pd.testing.assert_frame_equal(
            found.scores, whole.scores.reset_index(drop=True), check_exact=True
        )
        assert (found.embeddings is None) == (by == "rules")


def test_what_was_said_twice_is_measured_once(tmp_path):
    counting = Counting()
    found = measure_new(said(["No.", *OLD, "No."]), tmp_path, fingerprint="f", measure=counting)
    assert counting.texts == ["No.", *OLD[:2]]
    assert len(found.scores) == 5


def test_nothing_is_kept_of_words_that_are_gone(tmp_path):
    counting = Counting()
    both = pd.concat([said(OLD), said(NEW, document="talks/P02")])
    measure_new(both, tmp_path, fingerprint="f", measure=counting)
    measure_new(said(OLD), tmp_path, fingerprint="f", measure=counting)
    counting.texts.clear()
    measure_new(both, tmp_path, fingerprint="f", measure=counting)
    assert counting.texts == NEW


def test_a_write_that_breaks_off_leaves_what_was_kept_before(tmp_path, monkeypatch):
    counting = Counting()
    measure_new(said(OLD), tmp_path, fingerprint="f", measure=counting)
    before = (tmp_path / SCORES_FILE).read_bytes()

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(kept_scores.os, "fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            measure_new(said(OLD + NEW), tmp_path, fingerprint="f", measure=counting)
    assert [path.name for path in tmp_path.iterdir()] == [SCORES_FILE]
    assert (tmp_path / SCORES_FILE).read_bytes() == before


def test_a_damaged_file_is_made_anew_and_leavings_of_killed_runs_go(tmp_path):
    counting = Counting()
    expected = measure_new(said(OLD), tmp_path, fingerprint="f", measure=counting).scores
    path = tmp_path / SCORES_FILE
    path.write_bytes(path.read_bytes()[:200])
    left = tmp_path / ".tmp-left"
    left.write_bytes(b"half")
    long_ago = left.stat().st_mtime - 2 * STALE_S
    os.utime(left, (long_ago, long_ago))
    found = measure_new(said(OLD), tmp_path, fingerprint="f", measure=counting).scores
    pd.testing.assert_frame_equal(found, expected)
    assert [kept.name for kept in tmp_path.iterdir()] == [SCORES_FILE]


def test_where_nobody_spoke_nothing_is_kept(tmp_path):
    counting = Counting()
    found = measure_new(said([]), tmp_path, fingerprint="f", measure=counting)
    assert found.scores.empty
    assert not list(tmp_path.iterdir())


def test_one_text_has_one_score_whatever_it_is_measured_with():
    texts = [*OLD, *NEW, "Why? " * 40, "It was fine, in the end, and I would go there again."]
    alone = [coding.measure_excerpts(said([text])) for text in texts]
    together = coding.measure_excerpts(said(texts))
    numbers = together.scores.drop(columns=["excerpt_id", "coder_id"]).to_numpy()
    for row, one in enumerate(alone):
        assert np.array_equal(
            one.scores.drop(columns=["excerpt_id", "coder_id"]).to_numpy()[0], numbers[row]
        )
        assert np.array_equal(one.embeddings.to_numpy()[0], together.embeddings.to_numpy()[row])
