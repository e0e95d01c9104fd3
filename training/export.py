"""Make the shipped files from a trained network: quantise, calibrate, pin.

    python training/export.py --data ../shared/data --weights training/out/mixed.pt

writes `model.onnx`, `tokenizer.json` and `model.json` into the package and pins their sha256.
Calibration and thresholds come from the dev split of GoEmotions and the held-back rows of
the sheets, scored by the quantised network itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import tempfile
from pathlib import Path

import numpy as np
import torch
from graph import build_graph
from network import Network, start_folder
from sklearn.linear_model import LogisticRegression
from sources import SIGNALS, read_emotion_names, read_goemotions, read_sheets
from tokenizers import Tokenizer
from train import Texts

from cjm_research.coding.encoder import EMOTIONS, ROLL_UP, Encoded, Encoder
from cjm_research.coding.encoder import model as runtime
from cjm_research.coding.encoder.emotions import any_of, logit, roll_up

NAME, VERSION = "cjm-minilm", "1"
MAX_TOKENS = 256
SMOOTHING = 0.6

Arrays = dict[str, np.ndarray]


def main() -> None:
    """Write the shipped files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=runtime.HERE)
    options = parser.parse_args()
    torch.manual_seed(0)

    names = read_emotion_names(options.data)
    network = Network()
    network.load_state_dict(torch.load(options.weights))
    state = {name: value.numpy() for name, value in network.eval().state_dict().items()}
    tokenizer = slim_tokenizer(start_folder() / "tokenizer.json")
    train = read_goemotions(options.data, "train")
    sample = random.Random(0).sample(train, 400) + read_sheets()[::5]
    smooth = measure_smoothing(network, Texts(sample, Tokenizer.from_str(tokenizer), names))

    dev, sheets = read_goemotions(options.data, "dev"), read_sheets(dev=True)
    truth = np.array([[name in e.emotions for name in names] for e in dev])
    signal_truth = np.array([[e.signals[name] for name in SIGNALS] for e in sheets]) > 0.5
    card = {
        "name": NAME, "version": VERSION, "max_tokens": MAX_TOKENS,
        "emotions": names, "signals": list(SIGNALS),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        raw = write(Path(folder), state, smooth, tokenizer, card)
        emotions = logit(raw.encode([e.text for e in dev]).emotions.astype("float64"))
        signals = logit(encode_all(raw, sheets).signals.astype("float64"))
    state = calibrate(state, "emotions", emotions, truth)
    state = calibrate(state, "signals", signals, signal_truth)

    with tempfile.TemporaryDirectory() as folder:
        encoder = write(Path(folder), state, smooth, tokenizer, card)
        coded = encoder.encode([e.text for e in dev])
        on_sheets = encode_all(encoder, sheets)
    column = dict(zip(names, coded.emotions.T, strict=True))
    grouped = {ux: truth[:, [names.index(m) for m in ROLL_UP[ux]]].any(1) for ux in EMOTIONS}
    card["roll_up"] = {
        ux: platt(logit(any_of([column[m] for m in ROLL_UP[ux]])), grouped[ux]) for ux in EMOTIONS
    }
    rolled = roll_up(coded.emotions, names, card["roll_up"])
    card["thresholds"] = {
        "emotions": {ux: careful_threshold(rolled[ux], grouped[ux]) for ux in EMOTIONS},
        "signals": {
            name: best_threshold(on_sheets.signals[:, place], signal_truth[:, place])
            for place, name in enumerate(SIGNALS)
        },
    }
    write(options.out, state, smooth, tokenizer, card)
    print(json.dumps(card["thresholds"] | card["roll_up"], indent=1))


def slim_tokenizer(path: Path) -> str:
    """Return the tokenizer without padding and truncation, which the caller decides."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer.to_str()


def measure_smoothing(network: Network, texts: Texts) -> Arrays:
    """Return, per linear layer, how much of each input's size moves into the weights."""
    largest: Arrays = {}

    def watch(name: str):
        def hook(module, inputs):
            found = inputs[0].detach().abs().amax((0, 1)).numpy()
            largest[name] = np.maximum(largest.get(name, 0), found)

        return hook

    hooks, weights = [], {}
    for n, layer in enumerate(network.layers):
        for short, module, weight in (
            ("qkv", layer.self_attn, layer.self_attn.in_proj_weight),
            ("inner", layer.linear1, layer.linear1.weight),
            ("outer", layer.linear2, layer.linear2.weight),
        ):
            hooks.append(module.register_forward_pre_hook(watch(f"layers.{n}.{short}")))
            weights[f"layers.{n}.{short}"] = weight.detach().abs().amax(0).numpy()
    # In training mode the layers take the path on which hooks are called; dropout is off.
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    with torch.no_grad():
        for rows in texts.batches(list(range(len(texts.codes))), random.Random(0)):
            network(*texts.ids(rows))
    network.eval()
    for hook in hooks:
        hook.remove()
    return {
        name: np.maximum(largest[name], 1e-3) ** SMOOTHING
        / np.maximum(weights[name], 1e-3) ** (1 - SMOOTHING)
        for name in weights
    }


def encode_all(encoder: Encoder, examples) -> Encoded:
    """Return what the encoder says of examples with their questions."""
    return encoder.encode([e.text for e in examples], [e.prompt for e in examples])


def platt(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return slope and shift of the logistic curve that makes scores a probability."""
    fitted = LogisticRegression(C=10.0).fit(scores[:, None], truth)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def calibrate(state: Arrays, head: str, scores: np.ndarray, truth: np.ndarray) -> Arrays:
    """Return the weights with a head that gives calibrated log-odds."""
    curves = [platt(scores[:, place], truth[:, place]) for place in range(truth.shape[1])]
    slope, shift = np.array(curves, "float32").T
    return state | {
        f"{head}.weight": state[f"{head}.weight"] * slope[:, None],
        f"{head}.bias": state[f"{head}.bias"] * slope + shift,
    }


def best_threshold(p: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold with the best F1, on a grid of hundredths."""
    grid = np.arange(0.05, 0.96, 0.01)
    f1 = [
        2 * (found & truth).sum() / max(1, found.sum() + truth.sum())
        for found in (p >= level for level in grid)
    ]
    return round(float(grid[int(np.argmax(f1))]), 2)


def careful_threshold(p: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold with the best F1, or a higher one from which most codes are right.

    An emotion's best F1 may lie where three codes of five are wrong; a reader of a report
    takes each for a finding.
    """
    for level in np.arange(best_threshold(p, truth), 0.96, 0.01):
        if truth[p >= level].mean() >= 0.5:
            return round(float(level), 2)
    return 0.95


def write(folder: Path, state: Arrays, smooth: Arrays, tokenizer: str, card: dict) -> Encoder:
    """Write the three files and load them as the package does."""
    model = build_graph(state, smooth)
    files = {"model.onnx": model.SerializeToString(), "tokenizer.json": tokenizer.encode()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = json.dumps(card | {"files": sha256}, indent=1) + "\n"
    (folder / "model.json").write_text(text, "utf-8")
    if folder == runtime.HERE:
        pin(folder / "model.json")
    return Encoder(folder)


def pin(path: Path) -> None:
    """Write the sha256 of model.json into the code that loads it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    source = Path(runtime.__file__)
    text = re.sub(r'^PINNED = ".*"$', f'PINNED = "{digest}"', source.read_text(), flags=re.M)
    source.write_text(text)
    runtime.PINNED = digest


if __name__ == "__main__":
    main()
