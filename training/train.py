"""Train the encoder: first emotions and meaning, then a sharper look at pain, delight and need.

    python training/train.py --data ../shared/data --out training/out

writes `first.pt`, `second.pt` and `mixed.pt`, between them; `training/export.py` makes
the shipped files from that.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from pathlib import Path

import numpy as np
import torch
from network import Network, load_start, start_folder
from sources import (
    SIGNALS,
    Example,
    read_banking,
    read_emotion_names,
    read_goemotions,
    read_sheets,
)
from tokenizers import Tokenizer
from torch.nn.functional import binary_cross_entropy_with_logits as bce

MAX_TOKENS = 64
BATCH = 64
SHARE = 0.7
RARE = {"grief": 4, "pride": 3, "relief": 3, "nervousness": 3, "embarrassment": 2, "remorse": 2}


class Texts:
    """Examples as token ids and targets, served in shuffled batches of one length."""

    def __init__(self, examples: list[Example], tokenizer: Tokenizer, names: list[str]) -> None:
        pairs = [(e.prompt, e.text) if e.prompt else e.text for e in examples]
        self.codes = tokenizer.encode_batch(pairs)
        self.examples = examples
        n = len(examples)
        self.emotions = np.full((n, len(names)), np.nan, "float32")
        self.signals = np.full((n, len(SIGNALS)), np.nan, "float32")
        self.weights = np.array([e.weight for e in examples], "float32")
        self.teacher: np.ndarray | None = None
        for row, e in enumerate(examples):
            if e.emotions is not None:
                self.emotions[row] = [name in e.emotions for name in names]
            for column, name in enumerate(SIGNALS):
                self.signals[row, column] = e.signals.get(name, np.nan)

    def ids(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token ids and segment ids of rows of one length."""
        return (
            torch.tensor([self.codes[row].ids for row in rows]),
            torch.tensor([self.codes[row].type_ids for row in rows]),
        )

    def batches(self, rows: list[int], rng: random.Random, size: int = BATCH) -> list[list[int]]:
        """Return the rows in batches of one length, shuffled."""
        rows = list(rows)
        rng.shuffle(rows)
        by_length: dict[int, list[int]] = {}
        for row in rows:
            by_length.setdefault(len(self.codes[row].ids), []).append(row)
        batches = [
            bucket[at : at + size]
            for bucket in by_length.values()
            for at in range(0, len(bucket), size)
        ]
        rng.shuffle(batches)
        return batches


def embed(network: Network, texts: Texts) -> np.ndarray:
    """Return unit embeddings of all texts without their questions."""
    network.eval()
    made = np.zeros((len(texts.codes), 384), "float32")
    with torch.inference_mode():
        for rows in texts.batches(list(range(len(texts.codes))), random.Random(0), 64):
            h = network.features(*texts.ids(rows))
            made[rows] = torch.nn.functional.normalize(h, dim=-1).numpy()
    return made


def loss_of(
    network: Network, texts: Texts, rows: list[int], meaning_weight: float, signal_weight: float
) -> torch.Tensor:
    """Return the sum of the tasks' losses over what is known of each row."""
    meaning, emotions, signals = network(*texts.ids(rows))
    weights = torch.tensor(texts.weights[rows])
    loss = torch.zeros(())
    if texts.teacher is not None:
        target = torch.tensor(texts.teacher[rows])
        known = target.abs().sum(1) > 0
        if known.any():
            loss = loss + meaning_weight * (1 - (meaning * target).sum(1))[known].mean()
    tasks = ((emotions, texts.emotions, 1.0), (signals, texts.signals, signal_weight))
    for logits, table, scale in tasks:
        target = torch.tensor(table[rows])
        known = ~torch.isnan(target)
        if known.any():
            each = bce(logits, torch.nan_to_num(target), reduction="none") * known
            loss = loss + scale * (each.sum(1) * weights).sum() / len(rows)
    return loss


def fit(
    network: Network,
    parts: list[tuple[Texts, list[list[int]]]],
    *,
    rate: float,
    head_rate: float,
    meaning_weight: float,
    signal_weight: float,
    name: str,
    average_from: float = 0.6,
) -> Network:
    """Run the batches of all parts once, in random order, and return averaged weights."""
    steps = [(texts, rows) for texts, batches in parts for rows in batches]
    random.Random(1).shuffle(steps)
    heads = [p for n, p in network.named_parameters() if n.split(".")[0] in HEAD_NAMES]
    body = [
        p
        for n, p in network.named_parameters()
        if n.split(".")[0] not in HEAD_NAMES and p.requires_grad
    ]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": rate}, {"params": heads, "lr": head_rate}], weight_decay=0.01
    )
    warm = max(1, int(0.06 * len(steps)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(s / warm, max(0.0, (len(steps) - s) / (len(steps) - warm)))
    )
    average, averaged = copy.deepcopy(network), 0
    network.train()
    began, shown, mean = time.time(), 0, 0.0
    for step, (texts, rows) in enumerate(steps, 1):
        loss = loss_of(network, texts, rows, meaning_weight, signal_weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean += loss.item()
        if step >= average_from * len(steps) and step % 10 == 0:
            averaged += 1
            with torch.no_grad():
                for old, new in zip(average.parameters(), network.parameters(), strict=True):
                    old.lerp_(new, 1 / averaged)
        if step % 100 == 0:
            took = time.time() - began
            print(
                f"{name} {step}/{len(steps)} {mean / (step - shown):.4f} {took:.0f} s", flush=True
            )
            shown, mean = step, 0.0
    return average.eval()


HEAD_NAMES = {"meaning", "emotions", "signals"}


def main() -> None:
    """Train in two parts and store every network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)

    names = read_emotion_names(options.data)
    tokenizer = Tokenizer.from_file(str(start_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")

    start = Network()
    load_start(start, start_folder())

    feelings = Texts(read_goemotions(options.data, "train"), tokenizer, names)
    banking = Texts(read_banking(options.data), tokenizer, names)
    sheets = Texts(read_sheets("first"), tokenizer, names)
    all_sheets = Texts(read_sheets(), tokenizer, names)
    for name, texts in (
        ("goemotions", feelings), ("banking", banking), ("sheets", sheets),
        ("all_sheets", all_sheets),
    ):  # fmt: skip
        kept = options.out / f"teacher_{name}.npy"
        if not kept.exists():
            np.save(kept, embed(start, texts))
        texts.teacher = np.load(kept)

    # A run that was cut off goes on where it was.
    first = copy.deepcopy(start)
    kept = options.out / "first.pt"
    if not kept.exists():
        trained = train_first(start, feelings, banking, sheets, epochs=options.epochs)
        torch.save(trained.state_dict(), kept)
    first.load_state_dict(torch.load(kept))
    second = train_second(first, feelings, banking, all_sheets)
    torch.save(second.state_dict(), options.out / "second.pt")
    torch.save(mix(first, second, SHARE), options.out / "mixed.pt")


def train_first(
    start: Network,
    feelings: Texts,
    banking: Texts,
    sheets: Texts,
    *,
    epochs: int,
) -> Network:
    """Learn the emotions, and pain, delight and need from the sheets; keep the meaning."""
    rng = random.Random(0)
    network = copy.deepcopy(start)
    # The words' own vectors stay as they are: they know rarer words than Reddit uses.
    for table in (network.words, network.positions, network.kinds):
        table.weight.requires_grad_(False)
    unlabelled = copy.copy(banking)
    unlabelled.signals = np.full_like(banking.signals, np.nan)
    banking = unlabelled
    parts = [(feelings, []), (banking, []), (sheets, [])]
    for _ in range(epochs):
        for texts, batches in parts:
            rows = chosen(texts, rng)
            batches += texts.batches(rows, rng)
    return fit(
        network, parts, rate=1.5e-4, head_rate=2e-3, meaning_weight=4.0, signal_weight=0.5,
        name="first",
    )  # fmt: skip


def chosen(texts: Texts, rng: random.Random) -> list[int]:
    """Return an epoch's rows: rare emotions several times, half of the merely neutral ones."""
    rows = []
    for row, example in enumerate(texts.examples):
        if example.emotions == {"neutral"} and not example.signals:
            rows += [row] * (rng.random() < 0.5)
        else:
            rows += [row] * max(RARE.get(name, 1) for name in example.emotions or {""})
    return rows


def train_second(first: Network, feelings: Texts, banking: Texts, sheets: Texts) -> Network:
    """Sharpen pain, delight and need, with enough of the rest that nothing is forgotten."""
    torch.manual_seed(1)
    rng = random.Random(1)
    network = copy.deepcopy(first)
    for table in (network.words, network.positions, network.kinds):
        table.weight.requires_grad_(False)
    # What the first part learned of emotions stays; only the signals are new.
    sheets.emotions = np.full_like(sheets.emotions, np.nan)
    rows = rng.sample(range(len(feelings.codes)), 20_000)
    labelled = [row for row, example in enumerate(banking.examples) if example.signals]
    every_sheet = list(range(len(sheets.codes)))
    parts = [
        (feelings, feelings.batches(rows, rng)),
        (banking, banking.batches(rng.sample(labelled, 3_000), rng)),
        *((sheets, sheets.batches(every_sheet, rng, 24)) for _ in range(4)),
    ]
    return fit(
        network, parts, rate=6e-5, head_rate=1e-3, meaning_weight=4.0, signal_weight=2.0,
        name="second",
    )  # fmt: skip


def mix(first: Network, second: Network, share: float) -> dict[str, torch.Tensor]:
    """Return weights between two networks, `share` of the second.

    On the way the emotions are almost as good as before the second part, and the signals almost
    as good as after it (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    old, new = first.state_dict(), second.state_dict()
    return {name: torch.lerp(old[name], new[name], share) for name in old}


if __name__ == "__main__":
    main()
