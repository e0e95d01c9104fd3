import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cjm_research.coding.encoder import (
    EMOTIONS,
    ROLL_UP,
    Encoder,
    EncoderError,
    load_encoder,
    score_texts,
)
from cjm_research.coding.encoder import model as runtime
from cjm_research.coding.encoder.emotions import any_of, roll_up

TEXTS = [
    "The checkout crashed", "I just gave up.", "Refund was on my account the same evening",
    "Where do I find my invoices?", "I wish it worked offline", "", "ok", "😀 ünïcode ’quotes’",
    "I opened the app on Monday to check my bill", "slow, but the support was lovely " * 12,
    "Three weeks and still no router", "no problems at all", "x" * 3000, "Great, another update",
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def straight(encoder):
    return encoder.encode(TEXTS, workers=1)


def same(one, other, rows):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)[rows])
        for name in ("embeddings", "emotions", "signals")
    )


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_a_text_has_one_score_to_the_last_bit(encoder, straight, workers, seed):
    rows = np.random.default_rng(seed).integers(0, len(TEXTS), size=1 + 9 * seed).tolist()
    assert same(encoder.encode([TEXTS[row] for row in rows], workers=workers), straight, rows)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=9), st.data())
def test_any_text_is_scored_alike_alone_and_among_others(texts, data):
    encoder = load_encoder()
    row = data.draw(st.integers(0, len(texts) - 1))
    together = encoder.encode(texts)
    assert np.isfinite(together.embeddings).all()
    assert same(encoder.encode([texts[row]]), together, [row])


def test_more_texts_than_a_chunk_are_scored_alike(encoder, straight, monkeypatch):
    monkeypatch.setattr(runtime, "CHUNK", 5)
    assert same(encoder.encode(TEXTS), straight, list(range(len(TEXTS))))


def test_embeddings_have_unit_length_and_probabilities_lie_between_0_and_1(straight):
    assert straight.embeddings.shape == (len(TEXTS), 384)
    assert np.allclose(np.linalg.norm(straight.embeddings, axis=1), 1, atol=1e-6)
    for values in (straight.emotions, straight.signals):
        assert ((values > 0) & (values < 1)).all()


def test_long_texts_are_cut_and_it_is_said(encoder):
    said = "it took a week " * 70
    made = encoder.encode([said, "it took a week", said + "and more"])
    assert made.truncated.tolist() == [True, False, True]
    assert np.array_equal(made.signals[0], made.signals[2])


def test_no_texts_give_no_rows(encoder):
    made = encoder.encode([])
    assert made.embeddings.shape == (0, 384) and made.emotions.shape == (0, 28)
    assert len(score_texts(encoder, [])[0]) == 0


def test_a_question_changes_what_a_bare_noun_means(encoder):
    asked = ["What annoys you about the portal?", "What do you like most about the portal?", ""]
    pain, delight, _ = encoder.encode(["the search"] * 3, asked).signals.T
    assert pain[0] > 0.5 > pain[1] and pain[2] < pain[0]
    assert delight[1] > 3 * delight[0] and delight[2] < delight[1]


def test_prompts_must_be_as_many_as_texts(encoder):
    with pytest.raises(ValueError, match="2 texts came with 1 prompts"):
        encoder.encode(["a", "b"], ["c"])


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("The checkout crashed", "pain"),
        ("I just gave up", "pain"),
        ("Three weeks and still no router", "pain"),
        ("Great, another error message", "pain"),
        ("Refund was on my account the same evening", "delight"),
        ("The support team was lovely and fixed it in minutes", "delight"),
        ("I wish there was a way to export the list", "need"),
    ],
)
def test_the_language_of_journeys_is_understood(encoder, text, signal):
    scores, _ = score_texts(encoder, [text])
    level = encoder.card["thresholds"]["signals"]
    assert scores[signal].item() >= level[signal]
    assert (scores["valence"].item() < 0) == (signal == "pain") or signal == "need"


@pytest.mark.parametrize(
    "text",
    [
        "I opened the app on Monday to check my bill.",
        "Where do I find my invoices?",
        "No problems at all, it just worked.",
    ],
)
def test_neutral_facts_questions_and_denied_trouble_are_no_pain(encoder, text):
    scores, _ = score_texts(encoder, [text])
    assert scores["pain"].item() < encoder.card["thresholds"]["signals"]["pain"]


def test_every_label_belongs_to_one_ux_emotion(encoder):
    members = [name for names in ROLL_UP.values() for name in names]
    assert sorted(members) == sorted(encoder.emotions)
    assert (
        set(encoder.card["roll_up"]) == set(encoder.card["thresholds"]["emotions"]) == set(EMOTIONS)
    )


def test_roll_up_is_a_noisy_or_on_a_logistic_curve():
    names = [name for members in ROLL_UP.values() for name in members]
    p = np.full((1, len(names)), 0.5, "float32")
    plain = dict.fromkeys(ROLL_UP, (1.0, 0.0))
    rolled = roll_up(p, names, plain)
    assert rolled["worry"].item() == pytest.approx(0.75)
    assert rolled["neutral"].item() == pytest.approx(0.5)
    shifted = roll_up(p, names, plain | {"neutral": (2.0, np.log(3))})
    assert shifted["neutral"].item() == pytest.approx(0.75)


def test_any_of_two_halves_is_three_quarters():
    assert any_of([np.array([0.5]), np.array([0.5])]).item() == 0.75
    assert any_of([np.array([0.0]), np.array([1.0])]).item() == 1.0


def test_what_ships_is_small_pinned_and_no_pickle(encoder):
    files = [path for path in runtime.HERE.iterdir() if path.suffix in (".onnx", ".json")]
    assert sum(path.stat().st_size for path in files) <= 30e6
    assert hashlib.sha256((runtime.HERE / "model.json").read_bytes()).hexdigest() == runtime.PINNED
    assert {path.name for path in files} == {"model.json", *encoder.card["files"]}


@pytest.fixture
def copied(tmp_path):
    for name in ("model.onnx", "tokenizer.json", "model.json"):
        shutil.copy(runtime.HERE / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.json"])
def test_a_damaged_file_is_refused(copied, monkeypatch, name):
    path = copied / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(runtime, "HERE", copied)
    with pytest.raises(EncoderError, match=rf"(?s){name}.*What to do:.*scores: rules"):
        Encoder(copied)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.json"])
def test_a_missing_file_is_refused(copied, name):
    (copied / name).unlink()
    with pytest.raises(EncoderError, match=name):
        Encoder(copied)


def test_a_model_of_ones_own_making_loads_from_its_folder(copied):
    card = json.loads((copied / "model.json").read_text())
    (copied / "model.json").write_text(json.dumps(card | {"version": "mine"}))
    assert Encoder(copied).version == "mine"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", "not one text"),
        (["a", None], "text 1 is None"),
        ([float("nan")], "text 0 is nan"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(encoder, texts, message):
    with pytest.raises(TypeError, match=message):
        encoder.encode(texts)


def test_a_series_keeps_its_index(encoder):
    said = pd.Series(["It crashed", "Lovely"], index=[7, 9])
    assert score_texts(encoder, said)[0].index.tolist() == [7, 9]
