"""Make the large study that `runs.py` measures: seeded, synthetic, offline.

Its words are those of the demo, cut into sentences and put together anew; its events are those of
the demo's people, each followed under many ids and at other times.
"""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

DEMO = Path(__file__).parents[1] / "data" / "raw" / "demo"

N_INTERVIEWS, N_WORDS = 40, 9_000
"""An hour of talk is about nine thousand words."""
N_ANSWERS, N_EVENTS = 5_000, 1_000_000

INTERVIEWER = "Ines Adler"
FIRST = ("Anna", "Brian", "Carmen", "Derek", "Elsa", "Farid", "Gwen", "Hugo")
LAST = ("Archer", "Bellamy", "Castell", "Dunmore", "Everly")
OPENERS = (
    "Well,", "I mean,", "To be honest,", "You know,", "As I said,", "And then,", "No, really,",
    "What can I say,", "Let me think,", "Right, so",
)  # fmt: skip
CLOSERS = (
    "that was on a {day}, near {hour}", "or so my {kin} said at {hour}", "for about {n} minutes",
    "at {hour}, on the {n}th", "if I count right, {n} times", "and my {kin} saw it {n} times",
    "with {n} of them open", "on the {day}, the {n}th", "as I told my {kin} at {hour}",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KIN = ("mother", "brother", "neighbour", "daughter", "husband", "colleague", "aunt", "flatmate")
PROBES = (
    "How was that for you?", "What happened then?", "Can you say more about that?",
    "And how did you go on?", "Why was that?", "Was there anything else?",
)  # fmt: skip

Stages = dict[str, tuple[list[str], list[str]]]
"""By heading: the questions that were asked there, and the sentences that were said."""


def write_study(folder: Path, *, seed: int = 0) -> None:
    """Write the study: study.yaml, roster, interviews, survey and event log."""
    random_state = random.Random(seed)
    told = read_told()
    (folder / "interviews").mkdir(parents=True)
    events = write_events(folder / "events.parquet", seed=seed)
    visitors = events["customer_id"].unique().tolist()
    random_state.shuffle(visitors)
    names = [f"{first} {last}" for first in FIRST for last in LAST][:N_INTERVIEWS]
    ids = [f"k{number:02d}" for number in range(1, len(names) + 1)]
    pd.DataFrame(
        {
            "customer_id": visitors[: len(names)],
            "interview_id": ids,
            "name": names,
            "email": [f"{name.replace(' ', '.').lower()}@mail.example" for name in names],
            "phone": "",
            "consent": "yes",
            "wearer": [random_state.choice(("first", "experienced")) for _ in names],
        }
    ).to_csv(folder / "roster.csv", index=False)
    for interview, name in zip(ids, names, strict=True):
        text = write_interview(told, name, random_state, n_words=N_WORDS)
        (folder / "interviews" / f"{interview}.txt").write_text(text, encoding="utf-8")
    answering = visitors[len(names) : len(names) + N_ANSWERS]
    write_survey(folder / "survey.csv", answering, random_state)
    (folder / "study.yaml").write_text(describe_study(), encoding="utf-8")


def describe_study() -> str:
    """Return the demo's study.yaml with one survey; the journey is the same."""
    described = yaml.safe_load((DEMO / "study.yaml").read_text("utf-8"))
    sources = [source for source in described["sources"] if source["id"] != "survey_june"]
    for source in sources:
        if source["id"] == "survey":
            source["files"] = "survey.csv"
        if source["id"] == "interviews":
            source["files"] = ["interviews/*.txt"]
    text: str = yaml.safe_dump(described | {"sources": sources}, allow_unicode=True)
    return text


def read_told() -> Stages:
    """Return what was asked and said in the demo's interviews, by stage."""
    told: Stages = {}
    for path in sorted((DEMO / "interviews").glob("*.txt")):
        heading = ""
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("## "):
                heading = line[3:].strip()
            speaker, _, said = line.partition(": ")
            if not heading or not said:
                continue
            asked, sentences = told.setdefault(heading, ([], []))
            if speaker == INTERVIEWER:
                asked.append(said)
            else:
                sentences += re.split(r"(?<=[.!?]) ", said)
    return told


def write_interview(told: Stages, name: str, random_state: random.Random, *, n_words: int) -> str:
    """Return a transcript: stage after stage, questions with answers of one to six sentences."""
    lines: list[str] = []
    for heading, (asked, sentences) in told.items():
        lines += [f"## {heading}", ""]
        length = 0
        while length < n_words / len(told):
            question = random_state.choice(asked if random_state.random() < 0.5 else list(PROBES))
            answer = " ".join(
                vary(random_state.choice(sentences), random_state)
                for _ in range(random_state.randint(1, 6))
            )
            lines += [f"{INTERVIEWER}: {question}", "", f"{name}: {answer}", ""]
            length += len(question.split()) + len(answer.split()) + 4
    return "\n".join(lines) + "\n"


def vary(sentence: str, random_state: random.Random) -> str:
    """Return a sentence with other numbers, mostly begun or ended in another way.

    Speech hardly ever repeats a sentence word by word: the same words twice would cost once.
    """
    varied = re.sub(r"\d", lambda _: str(random_state.randint(1, 9)), sentence)
    if random_state.random() < 0.3 and varied[:2] not in ("I ", "I'"):
        varied = varied[:1].lower() + varied[1:]
        varied = f"{random_state.choice(OPENERS)} {varied}"
    if random_state.random() < 0.95:
        closer = random_state.choice(CLOSERS).format(
            day=random_state.choice(DAYS),
            kin=random_state.choice(KIN),
            n=random_state.randint(4, 90),
            hour=f"{random_state.randint(1, 12)}:{random_state.randint(0, 59):02d}",
        )
        varied = f"{varied.rstrip('.!?')}, {closer}{varied[-1] if varied[-1:] in '.!?' else '.'}"
    return varied


def write_survey(path: Path, people: list[str], random_state: random.Random) -> None:
    """Write a survey: a person a row, each with one open answer."""
    asked = pd.read_csv(DEMO / "survey_2026_03.csv")
    open_questions = list(asked.columns[asked.columns.get_loc("csat") + 1 :])
    answers = {name: asked[name].dropna().tolist() for name in open_questions}
    rows = []
    for number, person in enumerate(people):
        model = asked.iloc[random_state.randrange(len(asked))]
        question = random_state.choice(open_questions)
        said = random_state.choice(answers[question])
        if random_state.random() < 0.3:
            said += " " + random_state.choice(answers[question])
        rows.append(
            model[["wearer", "nps", "csat"]].to_dict()
            | dict.fromkeys(open_questions, "")
            | {
                "customer_id": person,
                "submitted_at": pd.Timestamp("2026-03-24", tz="UTC")
                + pd.Timedelta(minutes=3 * number),
                "consent": "yes",
                question: vary(said, random_state),
            }
        )
    pd.DataFrame(rows)[list(asked.columns)].to_csv(path, index=False)


def write_events(path: Path, *, seed: int) -> pd.DataFrame:
    """Write the log: people of the demo drawn anew, each a little earlier or later."""
    generator = np.random.default_rng(seed)
    events = pd.read_parquet(DEMO / "events.parquet").sort_values(["customer_id", "occurred_at"])
    _, first, length = np.unique(events["customer_id"], return_index=True, return_counts=True)
    drawn = generator.integers(0, len(first), size=2 * N_EVENTS // int(length.mean()))
    drawn = drawn[: int(np.searchsorted(length[drawn].cumsum(), N_EVENTS)) + 1]
    lengths = length[drawn]
    starts = np.repeat(first[drawn] - (lengths.cumsum() - lengths), lengths)
    person = np.repeat(np.arange(len(drawn)), lengths)
    rows = events.iloc[starts + np.arange(len(starts))].reset_index(drop=True)
    ids = np.array([f"C{number:07d}" for number in range(1, len(drawn) + 1)], dtype=object)
    later = pd.to_timedelta(generator.integers(0, 3_600, size=len(drawn))[person], unit="s")
    session = rows["session_id"].str.rpartition("-")[2]
    rows = rows.assign(
        customer_id=ids[person],
        occurred_at=rows["occurred_at"] + later.to_numpy(),
    )
    rows["session_id"] = rows["customer_id"] + "-" + session
    rows = rows.head(N_EVENTS).sort_values("occurred_at", kind="stable").reset_index(drop=True)
    rows.to_parquet(path, index=False)
    return rows


def copy_demo(folder: Path) -> None:
    """Copy the demo study."""
    shutil.copytree(DEMO, folder)


def add_interview(folder: Path, *, seed: int = 1) -> None:
    """Add a second interview with somebody who has spoken: a thousand words, nobody new."""
    name = pd.read_csv(folder / "roster.csv")["name"].iloc[0]
    text = write_interview(read_told(), name, random.Random(seed), n_words=1_000)
    # Sorted behind the first: documents keep their ids.
    (folder / "interviews" / "k01_second.txt").write_text(text, encoding="utf-8")
