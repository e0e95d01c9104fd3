"""What people say: statements, stages, themes and speed, on real sentences.

`python benchmarks/voices.py --data ../shared/data` (in `.venv-training`, where BERTopic's
defaults are installed; `make voices` does that) prints tables and, last, one JSON line.
Sentences are read in place; `benchmarks/voices/*.tsv` holds addresses and labels by two coder
passes, and the adjudicated ones. Half of them, by the hash of the address, are for reporting
only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score
from voices_sample import RARE, is_development, read_sentences

from cjm_research.coding import CodingSetting, code_excerpts, measure_excerpts
from cjm_research.coding.encoder import EMOTIONS
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_kappa

SHEETS = Path(__file__).parent / "voices"
GROUPS = {"pain": "pain_point", "delight": "delight", "need": "need", "expectation": "expectation"}
JOURNEY = Journey((Stage(id="all", name="All"),))
N_SPEED = 20_000


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--development", action="store_true", help="the other half of statements")
    parser.add_argument("--only", choices=("statements", "stages", "themes", "speed"))
    parser.add_argument("--speed-child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.speed_child:
        print(json.dumps(_speed(args.data)))
        return
    figures: dict[str, float] = {}
    if args.only in (None, "statements"):
        figures |= measure_statements(args.data, development=args.development)
    if args.only in (None, "stages"):
        from voices_stages import measure_stages

        figures |= measure_stages(args.data)
    if args.only in (None, "themes"):
        from themes import measure_themes

        figures |= measure_themes(args.data)
    if args.only in (None, "speed"):
        figures |= measure_speed(args.data)
    print(json.dumps({k: round(float(v), 4) for k, v in figures.items()}))


def measure_statements(data: Path, *, development: bool = False) -> dict[str, float]:
    """Hold the two coder passes, and then the machine, against the adjudicated labels.

    `random`: the random sample alone. `weighted`: with the second sample, of sentences with
    words of `RARE`, each stratum at its share of the random sample.
    """
    rows = read_labelled(data)
    kappas = print_agreement(rows)
    rows = rows[rows["development"] == development].reset_index(drop=True)
    given = code_sentences(rows)
    weights = stratum_weights(rows)
    random = (rows["sample"] == "test").to_numpy()
    half = "development" if development else "reporting"
    print(f"\nMachine against adjudicated labels, {half} half: {random.sum()} sentences at random,")
    print(f"{(~random).sum()} more with rare words")
    print(f"{'':26}{'n yes':>7}{'precision':>11}{'recall':>8}{'F1':>7}{'F1 weighted':>13}")
    figures = {f"coder_kappa_{name}": value for name, value in kappas.items()}
    for name in GROUPS:
        truth = (rows[f"{name}_adjudicated"].isin(("1", "missed", "met", "exceeded"))).to_numpy()
        found = given[name].to_numpy() != ""
        sample = precision_recall(truth[random], found[random])
        both = precision_recall(truth, found, weights)
        union = precision_recall(truth, found)
        _show(name, truth, sample, both)
        figures |= {
            f"{name}_precision": sample[0],
            f"{name}_recall": sample[1],
            f"{name}_f1": both[2] if name == "expectation" else sample[2],
            f"{name}_f1_random": sample[2],
            f"{name}_f1_weighted": both[2],
            f"{name}_f1_both_samples": union[2],
        }
    told = (rows["expectation_adjudicated"] != "") & (given["expectation"] != "")
    right = (rows["expectation_adjudicated"] == given["expectation"])[told].mean()
    print(f"{'  of expectations found by both, the same outcome':50}{right:.3f} of {told.sum()}")
    per_emotion = {}
    for name in EMOTIONS:
        truth = rows["emotions_adjudicated"].map(lambda e, n=name: n in e.split(",")).to_numpy()
        found = given["emotions"].map(lambda e, n=name: n in e).to_numpy()
        both = precision_recall(truth, found, weights)
        union = precision_recall(truth, found)
        _show(f"  {name}", truth, precision_recall(truth[random], found[random]), both)
        per_emotion[name] = (both[2], union[2], int(truth.sum()))
    figures["emotion_macro_f1"] = float(np.nanmean([v[0] for v in per_emotion.values()]))
    figures["emotion_macro_f1_both_samples"] = float(
        np.nanmean([v[1] for v in per_emotion.values()])
    )
    print(
        f"macro F1 of the ten: weighted {figures['emotion_macro_f1']:.3f}, "
        f"both samples as they are {figures['emotion_macro_f1_both_samples']:.3f}"
    )
    both_pain = (rows["pain_adjudicated"] == "1") & (given["pain"] != "")
    theirs = rows.loc[both_pain, "severity_adjudicated"].astype(int)
    ours = given.loc[both_pain, "severity"].astype(int)
    figures["severity_mean_difference"] = float((theirs - ours).abs().mean())
    figures["severity_within_one"] = float(((theirs - ours).abs() <= 1).mean())
    figures["severity_correlation"] = float(theirs.corr(ours, method="spearman"))
    print(
        f"severity of {both_pain.sum()} pains found by both: within one step "
        f"{figures['severity_within_one']:.2f}, rank correlation "
        f"{figures['severity_correlation']:.2f}"
    )
    for source in rows["source"].unique():
        mine = (rows["source"] == source).to_numpy() & random
        truth = (rows["pain_adjudicated"] == "1").to_numpy()[mine]
        precision, recall, _ = precision_recall(truth, (given["pain"] != "").to_numpy()[mine])
        print(f"  pain in {source:12} {truth.sum():4d} of {mine.sum():4d}: precision "
              f"{precision:.2f}, recall {recall:.2f}")  # fmt: skip
    return figures


def read_labelled(data: Path) -> pd.DataFrame:
    """Return the labelled sentences with their texts and what stands around them."""
    sentences = {s.address: s for s in read_sentences(data)}
    parts = []
    for sample in ("test", "rare"):
        sheet = pd.read_csv(SHEETS / f"{sample}.tsv", sep="\t", dtype=str, keep_default_na=False)
        found = [
            sentences[(r.file, int(r.row), r.column, int(r.start), int(r.end))]
            for r in sheet.itertuples()
        ]
        parts.append(
            sheet.assign(
                sample=sample,
                source=[s.source for s in found],
                prompt=[s.prompt for s in found],
                before=[s.before for s in found],
                text=[s.text for s in found],
                after=[s.after for s in found],
                development=[is_development(s.address) for s in found],
            )
        )
    return pd.concat(parts, ignore_index=True)


def print_agreement(rows: pd.DataFrame) -> dict[str, float]:
    """Print how far the two coder passes agree; rows of one person are drawn together."""
    person = (rows["file"] + "," + rows["row"]).tolist()
    print(f"Two coder passes, {len(rows)} sentences: kappa with 95 % interval over rows")
    kappas = {}
    for name in GROUPS:
        said = [rows[f"{name}_{coder}"].isin(("1", "missed", "met", "exceeded")) for coder in "ab"]
        measured = estimate_kappa(*(s.to_numpy() for s in said), person).kappa
        kappas[name] = measured.value
        print(f"  {name:12}{measured.value:.3f} ({measured.low:.3f} to {measured.high:.3f})")
    per_emotion = []
    for emotion in EMOTIONS:
        said = [rows[f"emotions_{c}"].map(lambda e, n=emotion: n in e.split(",")) for c in "ab"]
        per_emotion.append(estimate_kappa(*(s.to_numpy() for s in said), person).kappa)
    kappas["emotions"] = float(np.nanmean([k.value for k in per_emotion]))
    lowest = min(zip(per_emotion, EMOTIONS, strict=True), key=lambda pair: pair[0].value)
    print(
        f"  {'emotions':12}{kappas['emotions']:.3f}, mean of ten; lowest {lowest[1]} "
        f"{lowest[0].value:.3f} ({lowest[0].low:.3f} to {lowest[0].high:.3f})"
    )
    graded = rows[(rows["severity_a"] != "") & (rows["severity_b"] != "")]
    kappas["severity"] = float(
        cohen_kappa_score(graded["severity_a"], graded["severity_b"], weights="linear")
    )
    print(f"  {'severity':12}{kappas['severity']:.3f}, linear weights, {len(graded)} pains of both")
    return kappas


def code_sentences(rows: pd.DataFrame) -> pd.DataFrame:
    """Code each sentence as the package does: one turn of the sentences around it."""
    records = []
    for number, row in enumerate(rows.to_dict("records")):
        place = 0
        for part in ("before", "text", "after"):
            if not row[part]:
                continue
            records.append(
                {
                    "excerpt_id": f"{number:05d}#{part}",
                    "document_id": f"{number:05d}",
                    "participant_id": f"{number:05d}",
                    "source": row["source"],
                    "speaker": "observer" if row["source"] == "notes" else "participant",
                    "turn": 0,
                    "start": place,
                    "end": place + len(row[part]),
                    "prompt": row["prompt"],
                    "heading": "",
                    "start_s": float("nan"),
                    "text": row[part],
                    "stage": "",
                }
            )
            place += len(row[part]) + 1
    excerpts = pd.DataFrame(records)
    codes = code_excerpts(excerpts, measure_excerpts(excerpts), CodingSetting(JOURNEY))
    codes = codes[codes["excerpt_id"].str.endswith("#text")]
    number = codes["excerpt_id"].str.slice(0, 5).astype(int)
    given = pd.DataFrame({"emotions": [frozenset({"neutral"})] * len(rows)})
    for name, group in GROUPS.items():
        mine = codes["code_group"] == group
        given[name] = pd.Series(range(len(rows))).map(
            codes[mine].groupby(number[mine])["code"].first()
        )
    felt = codes[codes["code_group"] == "emotion"]
    feelings = felt.groupby(number[felt.index])["code"].agg(frozenset)
    given["emotions"] = [feelings.get(n, frozenset({"neutral"})) for n in range(len(rows))]
    severity = codes[codes["code_group"] == "pain_point"]
    grades = severity["attributes"].map(lambda text: json.loads(text)["severity"])
    given["severity"] = pd.Series(range(len(rows))).map(grades.groupby(number[grades.index]).max())
    return given.fillna(dict.fromkeys(GROUPS, ""))


def stratum_weights(rows: pd.DataFrame) -> np.ndarray:
    """Weigh sentences with and without rare words by their shares of the random sample."""
    rare = rows["text"].map(lambda text: bool(RARE.search(text))).to_numpy()
    random = (rows["sample"] == "test").to_numpy()
    share = rare[random].mean()
    return np.where(rare, share / rare.sum(), (1 - share) / (~rare).sum()) * len(rows)


def precision_recall(
    truth: np.ndarray, found: np.ndarray, weights: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    weights = np.ones(len(truth)) if weights is None else weights
    hit = float(weights[truth & found].sum())
    n_found, n_true = float(weights[found].sum()), float(weights[truth].sum())
    precision = hit / n_found if n_found else float("nan")
    recall = hit / n_true if n_true else float("nan")
    f1 = 2 * hit / (n_found + n_true) if n_found + n_true else float("nan")
    return precision, recall, f1


def _show(name: str, truth: np.ndarray, sample: tuple, both: tuple) -> None:
    values = "".join(f"{v:{w}.3f}" for v, w in zip(sample, (11, 8, 7), strict=True))
    print(f"{name:26}{truth.sum():7d}{values}{both[2]:13.3f}")


def measure_speed(data: Path) -> dict[str, float]:
    """Code 20,000 excerpts from end to end in a process of its own."""
    command = [sys.executable, __file__, "--data", str(data), "--speed-child"]
    # The command is this file, with a folder that the caller named.
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{N_SPEED:,} excerpts end to end: {measured['excerpts_per_s']:.0f}/s, "
          f"peak {measured['peak_mb']:.0f} MB")  # fmt: skip
    for step, share in measured["shares"].items():
        print(f"  {step:12}{share:6.1%}")
    return {k: measured[k] for k in ("excerpts_per_s", "peak_mb")}


def _speed(data: Path) -> dict:
    import cjm_research as cjm
    from cjm_research import coding

    texts = pd.read_csv(data / "banking77" / "train.csv")["text"].tolist()
    comments = pd.read_csv(
        data / "goemotions" / "train.tsv", sep="\t", header=None, quoting=3, keep_default_na=False
    )[0]
    texts = (texts + comments.tolist())[:N_SPEED]
    journey = cjm.open_study("demo").journey
    n = len(texts)
    documents = pd.DataFrame(
        {
            "document_id": [f"d{k:06d}" for k in range(n)],
            "participant_id": [f"p{k % 5000:05d}" for k in range(n)],
            "source": "survey", "kind": "survey_answer", "wave": "", "text": texts, "prompt": "",
            "question": "", "item": "", "declared_stage": "", "said_at": pd.NaT,
        }
    )  # fmt: skip
    turns = pd.DataFrame(
        {
            "document_id": documents["document_id"], "turn": 0, "speaker": "participant",
            "start": 0, "end": documents["text"].str.len(), "heading": "", "start_s": np.nan,
        }
    )  # fmt: skip
    setting = CodingSetting(journey)
    clock, marks = time.perf_counter(), {}

    def mark(step: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        marks[step], clock = now - clock, now

    coding.load_encoder()
    mark("load")
    excerpts = coding.split_excerpts(documents, turns)
    excerpts = excerpts.groupby("document_id").head(1).reset_index(drop=True)
    mark("split")
    coding.detect_languages(documents, turns)
    mark("language")
    scored = measure_excerpts(excerpts)
    mark("scores")
    code_excerpts(excerpts, scored, setting)
    mark("codes")
    total = sum(marks.values())
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return {
        "excerpts_per_s": len(excerpts) / total,
        "peak_mb": peak / 1024,
        "shares": {step: seconds / total for step, seconds in marks.items()},
    }


if __name__ == "__main__":
    main()
