"""Draw real sentences from ../shared/data for coders: addresses, and the texts for reading.

The sentences stay where they are: sheets hold an address (file, row, column, start, end) and
labels only. `python benchmarks/voices_sample.py --data ../shared/data --out FOLDER` writes the
texts of the drawn sentences for a coder to read, to a folder outside the project.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from sources import held_back

SURVEY_2015 = "jupyter_surveys/2015-12-notebook-ux/20160115235816-SurveyExport.csv"
SURVEY_2015_SHORT = "jupyter_surveys/2015-12-notebook-ux/survey_short_columns.csv"
QUESTIONS_2015 = "study-jupyter-ux-2015/questions.csv"
NOTES_2018 = "jupyter_surveys/2018-09-jupytercon-2018/jupyterlab-ux-data.csv"
TEXTS_2020 = "jupyter_surveys/2020-12-jupyter-survey/text_fields.csv"
REVIEWS = "app_reviews_is22/feature_sentiment_sentences.csv"
BANKING = "banking77/train.csv"
INTERVIEWS = (
    "hitsave_interviews/otter_13am_games.md",
    "hitsave_interviews/otter_q_cubed.md",
    "hitsave_interviews/otter_super_marxist_twins.md",
    "hitsave_interviews/otter_notimes_get_a_grip_chip.md",
)
INTERVIEWERS = ("Jonas Rosland", "Unknown Speaker")

ADDRESS = ["file", "row", "column", "start", "end"]
N_TEST = {"survey": 270, "notes": 130, "reviews": 150, "interviews": 150}
N_RARE, N_MORE_RARE, N_BANK = 220, 160, 180
N_TRAINING = {"survey": 600, "notes": 130, "reviews": 320, "interviews": 280, "survey_2020": 170}


RARE = re.compile(
    r"""\b(expect\w*|thought|assum\w*|hope\w*|hoping|supposed|promis\w*|used\ to|imagin\w*|
    anticipat\w*|figured|than\ i|advertised|believed|worr\w*|afraid|scar\w*|fear\w*|nervous\w*|
    concern\w*|risk\w*|trust\w*|doubt\w*|relie\w*|finally|thankful\w*|lucki\w*|phew|glad|at\ last|
    surpris\w*|wow|unexpected\w*|sudden\w*|reali[sz]\w*|turns?\ out|turned\ out|whoa|weird\w*|
    curious|wonder\w*|interest\w*|would\ love|disappoint\w*|unfortunate\w*|sad\w*|sorry|too\ bad|
    shame|let\ down|confus\w*|unclear|lost|not\ sure|unsure|no\ idea|puzzl\w*|understand)\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""Words that often go with what is rare: expectations, and all emotions but the common ones."""


class Sentence(NamedTuple):
    """A sentence with its address, and what stands around it."""

    file: str
    row: int
    column: str
    start: int
    end: int
    source: str
    prompt: str
    before: str
    text: str
    after: str

    @property
    def address(self) -> tuple[str, int, str, int, int]:
        """Where the sentence stands: characters `start` to `end` of a cell."""
        return self.file, self.row, self.column, self.start, self.end


def read_sentences(data: Path) -> Iterator[Sentence]:
    """Yield every sentence of a participant or observer that a coder could be given."""
    yield from _survey_2015(data)
    for number, row in _rows(data / NOTES_2018, skip=1):
        yield from _split("notes", NOTES_2018, number, "Notes", row[8], "")
    for number, row in _rows(data / REVIEWS):
        yield from _split("reviews", REVIEWS, number, "Sentence content", row[3], "")
    header = next(csv.reader((data / TEXTS_2020).open(encoding="utf-8", newline="")))
    column = next(i for i, name in enumerate(header) if "pain points" in name)
    for number, row in _rows(data / TEXTS_2020):
        yield from _split(
            "survey_2020", TEXTS_2020, number, header[column].strip(), row[column],
            _tidy(header[column]),
        )  # fmt: skip
    for number, row in _rows(data / BANKING):
        yield from _split("bank", BANKING, number, "text", row[0], "")
    for file in INTERVIEWS:
        yield from _interview(data, file)


def draw(sentences: list[Sentence], sizes: dict[str, int], *, test: bool) -> list[Sentence]:
    """Draw sentences at random, from held-back rows or from the others."""
    chosen = []
    for source, size in sizes.items():
        mine = [
            s
            for s in sentences
            if s.source == source
            and held_back(Path(s.file).name, s.row) == test
            and len(re.findall(r"\w+", s.text)) >= (1 if source.startswith("survey") else 3)
        ]
        generator = random.Random(f"voices {source} {test}")
        chosen += generator.sample(sorted(mine, key=lambda s: s.address), min(size, len(mine)))
    return chosen


def draw_rare(sentences: list[Sentence]) -> tuple[list[Sentence], int]:
    """Draw sentences that hold a word of `RARE`, and count those they are drawn from.

    A random sample holds too few expectations and rare emotions to measure anything. This
    second sample comes from a stratum of known size, so that both can be weighted. Its rows
    are any that no coder labelled for training.
    """
    taken = {s.address for s in draw(sentences, N_TEST, test=True)}
    rows = {(s.file, s.row) for s in draw(sentences, N_TRAINING, test=False)}
    mine = [
        s
        for s in sentences
        if s.source != "bank"
        and (s.file, s.row) not in rows
        and s.address not in taken
        and len(re.findall(r"\w+", s.text)) >= 3
        and RARE.search(s.text)
    ]
    generator = random.Random("voices rare")
    chosen = generator.sample(sorted(mine, key=lambda s: s.address), min(N_RARE, len(mine)))
    return chosen, len(mine)


def draw_more(sentences: list[Sentence]) -> list[Sentence]:
    """Draw more sentences with a word of `RARE` for training, among them queries to a bank."""
    taken = {s.address for s in draw(sentences, N_TEST, test=True)}
    taken |= {s.address for s in draw(sentences, N_TRAINING, test=False)}
    taken |= {s.address for s in draw_rare(sentences)[0]}
    mine = [
        s
        for s in sorted(sentences, key=lambda s: s.address)
        if s.address not in taken
        and not held_back(Path(s.file).name, s.row)
        and RARE.search(s.text)
        and len(s.text.split()) >= (4 if s.source == "bank" else 3)
    ]
    generator = random.Random("more rare")
    others = [s for s in mine if s.source != "bank"]
    chosen = generator.sample(others, min(N_MORE_RARE, len(others)))
    chosen += generator.sample([s for s in mine if s.source == "bank"], N_BANK)
    generator.shuffle(chosen)
    return chosen


def is_development(address: tuple[object, ...]) -> bool:
    """Tell whether a sentence is for development; the other half is for reporting only."""
    digest = hashlib.sha256(repr(tuple(map(str, address))).encode()).digest()
    return digest[0] % 2 == 0


def _survey_2015(data: Path) -> Iterator[Sentence]:
    names = next(csv.reader((data / SURVEY_2015_SHORT).open(encoding="utf-8", newline="")))[1:]
    wording = {}
    for row in csv.DictReader((data / QUESTIONS_2015).open(encoding="utf-8", newline="")):
        for name in row["columns"].replace(";", " ").replace(",", " ").split():
            if row["kind"].startswith("open"):
                wording[name] = _tidy(row["wording"])
    for number, row in _rows(data / SURVEY_2015):
        for name, cell in zip(names, row, strict=False):
            if name in wording:
                yield from _split("survey", SURVEY_2015, number, name, cell, wording[name])


def _interview(data: Path, file: str) -> Iterator[Sentence]:
    """Yield participants' sentences; `row` is the line of the file, counted from 0."""
    speaker, prompt, last = "", "", ""
    started = False
    for number, line in enumerate((data / file).read_text("utf-8").splitlines()):
        if line.startswith("## Transcript"):
            started = True
            continue
        if not started or not line.strip():
            continue
        otter = re.fullmatch(r"([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,3})\s+(?:\d[\d:]*)?\s*", line)
        if otter and (line.rstrip() != line or re.search(r"\d:\d\d", line)):
            speaker = otter[1]
            continue
        if speaker in INTERVIEWERS or speaker.split()[0] == "Jonas":
            last = line
            continue
        prompt = last
        yield from _split("interviews", file, number, "", line, _tidy(prompt)[-300:])


def _split(
    source: str, file: str, row: int, column: str, cell: str, prompt: str
) -> Iterator[Sentence]:
    from cjm_research.coding.phrases import load_nlp

    spans = [s for s in load_nlp()(cell).sents if re.search(r"\w", s.text)]
    texts = [s.text.strip() for s in spans]
    for place, span in enumerate(spans):
        start = span.start_char + len(span.text) - len(span.text.lstrip())
        yield Sentence(
            file, row, column, start, start + len(texts[place]), source, prompt,
            texts[place - 1] if place else "", texts[place],
            texts[place + 1] if place + 1 < len(texts) else "",
        )  # fmt: skip


def _rows(path: Path, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle)
        for _ in range(skip + 1):
            next(reader)
        yield from enumerate(reader)


def _tidy(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


def main() -> None:
    """Write what coders read: one TSV of sentences per sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="a folder outside the project")
    args = parser.parse_args()
    sentences = list(read_sentences(args.data))
    args.out.mkdir(parents=True, exist_ok=True)
    samples = {
        "test": draw(sentences, N_TEST, test=True),
        "rare": draw_rare(sentences)[0],
        "training": draw(sentences, N_TRAINING, test=False),
        "more": draw_more(sentences),
    }
    for name, drawn in samples.items():
        if name != "more":
            random.Random(name).shuffle(drawn)
        with (args.out / f"{name}.tsv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, delimiter="\t")
            writer.writerow(["n", "source", "prompt", "before", "text", "after"])
            for number, s in enumerate(drawn):
                writer.writerow([number, s.source, s.prompt, s.before, s.text, s.after])
        (args.out / f"{name}_addresses.json").write_text(
            json.dumps([s.address for s in drawn]), encoding="utf-8"
        )
        print(name, len(drawn), dict(Counter(s.source for s in drawn)))


if __name__ == "__main__":
    main()
