import sys
from types import SimpleNamespace

import numpy as np
import pytest

from cjm_research.coding import (
    CodingSetting,
    OwnModelCoder,
    make_coders,
    own_models,
    score_excerpts,
)
from cjm_research.config import CodingPart, OwnModel
from cjm_research.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "models" / "complaints"
    made.mkdir(parents=True)
    (made / "model.safetensors").write_bytes(b"weights")
    return made


@pytest.fixture
def setting(journey, tmp_path):
    def make(**choice):
        choice = {"path": "models/complaints", "code_group": "pain_point"} | choice
        choices = CodingPart(models=[OwnModel(**choice)])
        return CodingSetting(journey, choices=choices, folder=tmp_path)

    return make


class Classifier:
    """Answers as a transformers pipeline with top_k=None does."""

    model = SimpleNamespace(config=SimpleNamespace(id2label={0: "LABEL_0", 1: "billing"}))

    def __call__(self, texts, *, batch_size):
        return [
            [
                {"label": "billing", "score": 0.9 if "bill" in text else 0.2},
                {"label": "LABEL_0", "score": 0.6},
            ]
            for text in texts
        ]


class Embedder:
    """Texts that speak of waiting lie beside the code `slow`."""

    def encode(self, texts, **options):
        assert options["normalize_embeddings"]
        slow = np.array(["slow" in text.casefold() for text in texts])
        return np.stack([slow, ~slow], axis=1).astype("float32")


def test_a_classifier_gives_codes_above_its_threshold(folder, setting, say, monkeypatch):
    monkeypatch.setattr(own_models, "_load_classifier", lambda folder: Classifier())
    (coder,) = setting(codes={"billing": "price_surprise"}, threshold=0.5).own_models()
    told = say("The bill was wrong.", "I like the door.")
    codes = coder(told, score_excerpts(told, by="rules"))
    assert codes["quote"].tolist() == ["The bill was wrong."]
    (row,) = codes.to_dict("records")
    assert (row["code_group"], row["code"], row["coder_id"]) == (
        "pain_point", "price_surprise", "own:complaints",
    )  # fmt: skip
    assert row["strength"] == pytest.approx(0.9)


def test_without_codes_labels_are_codes(folder, setting, say, monkeypatch):
    monkeypatch.setattr(own_models, "_load_classifier", lambda folder: Classifier())
    (coder,) = setting().own_models()
    told = say("The bill was wrong.")
    codes = coder(told, score_excerpts(told, by="rules"))
    assert set(codes["code"]) == {"billing", "LABEL_0"}


def test_a_label_that_the_model_has_not_is_an_error(folder, setting, say, monkeypatch):
    monkeypatch.setattr(own_models, "_load_classifier", lambda folder: Classifier())
    (coder,) = setting(codes={"biling": "price"}).own_models()
    told = say("The bill was wrong.")
    with pytest.raises(ConfigError, match=r"no label 'biling'.*'LABEL_0'.*'billing'"):
        coder(told, score_excerpts(told, by="rules"))


def test_an_embedding_model_gives_the_nearest_code(folder, setting, say, monkeypatch):
    monkeypatch.setattr(own_models, "_load_embedder", lambda folder: Embedder())
    (coder,) = setting(type="embedding", threshold=0.9).own_models()
    told = say("So slow today.")
    codes = coder(told, score_excerpts(told, by="rules"))
    assert codes["code"].tolist() == ["slow"]
    assert codes["basis"].tolist() == ["similarity"]


def test_interviewers_are_not_coded(folder, setting, excerpts, monkeypatch):
    monkeypatch.setattr(own_models, "_load_classifier", lambda folder: Classifier())
    (coder,) = setting().own_models()
    told = excerpts([("interviewer", "Was the bill wrong?")])
    assert coder(told, score_excerpts(told, by="rules")).empty


def test_the_fingerprint_is_that_of_the_files(folder, setting):
    (coder,) = setting().own_models()
    before = coder.sha256
    (folder / "model.safetensors").write_bytes(b"other")
    assert coder.sha256 != before
    assert coder.describe()[0] == "own:complaints"


def test_it_is_one_more_coder(folder, setting):
    assert [coder.coder_id for coder in make_coders(setting())][-1] == "own:complaints"


def test_a_missing_folder_is_an_error(setting):
    with pytest.raises(ConfigError, match=r"models/complaints: there is no such folder"):
        setting().own_models()


def test_weights_that_are_not_safetensors_are_refused(folder, setting):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"no \.safetensors file.*pytorch_model\.bin"):
        setting().own_models()


@pytest.mark.parametrize("kind", ["classifier", "embedding"])
def test_without_the_extra_it_says_what_to_install(folder, setting, say, monkeypatch, kind):
    for name in ("transformers", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    (coder,) = setting(type=kind).own_models()
    told = say("It crashed.")
    with pytest.raises(ConfigError, match=r"pip install 'cjm_research\[models\]'"):
        coder(told, score_excerpts(told, by="rules"))


@pytest.mark.parametrize("kind", ["classifier", "embedding"])
def test_a_missing_extra_is_said_before_anything_runs(folder, setting, monkeypatch, kind):
    monkeypatch.setattr(own_models, "find_spec", lambda name: None)
    (coder,) = setting(type=kind).own_models()
    with pytest.raises(ConfigError, match="pip install"):
        coder.require_installed()


def test_a_real_model_of_either_kind_codes(tmp_path, say):
    """Tiny random weights, made here: what counts is that they load and are offline."""
    transformers = pytest.importorskip("transformers", reason="needs the extra `models`")
    pytest.importorskip("sentence_transformers", reason="needs the extra `models`")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "it", "crashed", "slow", "."]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.BertTokenizerFast(str(tmp_path / "vocab.txt"))
    sizes = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    config = transformers.BertConfig(**sizes, intermediate_size=8, num_labels=2)
    told = say("It crashed.")
    for kind, make in (
        ("classifier", transformers.BertForSequenceClassification),
        ("embedding", transformers.BertModel),
    ):
        place = tmp_path / kind
        make(config).save_pretrained(place, safe_serialization=True)
        tokenizer.save_pretrained(place)
        coder = OwnModelCoder(place, kind, "pain_point", threshold=0.0)
        assert not coder(told, score_excerpts(told, by="rules")).empty
