"""Make the demo study `data/raw/demo`: interviews, survey, events, codes and the planted truth.

The words, study.yaml among them, are authored by hand in `tools/demo_texts`: change them there;
this script lays them out in the file formats that researchers meet, draws the behaviour of
3,000 visitors, and writes what was planted to `truth.json`. Nobody in it is real.

    python tools/make_demo.py            write data/raw/demo
    python tools/make_demo.py --check    fail unless the committed files equal a fresh making

Tags in the texts, in braces behind a sentence: emotions by their first three letters, pain
points as two capitals (see `PAINS`), `need`, `exp` (an expectation is told), `met`, `mis`, `exc`
(what became of it), `@stage` for another stage than the section's, `-` for no pain.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import shutil
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import yaml

SEED = 20260315
TEXTS = Path(__file__).parent / "demo_texts"
DEMO = Path(__file__).parents[1] / "data" / "raw" / "demo"

STAGES = ["discover", "choose", "order", "wait", "recommend"]
FUNNEL = STAGES[:4]
HEADINGS = {
    "discover": "Discovering",
    "choose": "Choosing",
    "order": "Ordering",
    "wait": "Waiting and wearing",
}
EMOTIONS = {
    "fru": "frustration",
    "dis": "disappointment",
    "con": "confusion",
    "wor": "worry",
    "sur": "surprise",
    "cur": "curiosity",
    "rel": "relief",
    "sat": "satisfaction",
    "del": "delight",
    "neu": "neutral",
}
PAINS = {
    "BP": "broken_promise",
    "TR": "trust",
    "CO": "choice_overload",
    "UI": "unclear_information",
    "FA": "forced_account",
    "FT": "form_trouble",
    "PS": "price_surprise",
    "LD": "late_delivery",
    "SC": "support_contact",
    "RE": "returns",
    "SL": "slow",
    "FL": "failure",
    "NA": "navigation",
    "PY": "payment",
    "QM": "quality_mismatch",
}
OUTCOMES = {"met": "met", "mis": "missed", "exc": "exceeded"}
# What words and numbers were written to say together, by the default rules: a pain that a
# quarter and more tell, and more than a fifth lost, or not.
VERDICTS = {
    "discover": "sources agree",
    "choose": "sources agree",
    "order": "sources agree",
    "wait": "sources disagree",
    "recommend": "not asked",
}
TOP_PAIN = {
    "discover": "broken_promise",
    "choose": "choice_overload",
    "order": "forced_account",
    "wait": "late_delivery",
}
QUESTIONS = {
    "discover": "before_you_chose",
    "choose": "while_choosing",
    "order": "while_ordering",
    "wait": "after_ordering",
}

# Planted behaviour. Whether somebody takes the forced account badly decides about leaving.
VISITORS = 3000
P_LEAVE = {"discover": 0.30, "choose": 0.35, "wait": 0.06}
P_LEAVE_ORDER = {
    ("mobile", False): 0.49,
    ("mobile", True): 0.95,
    ("desktop", False): 0.35,
    ("desktop", True): 0.76,
}
P_MOBILE = 0.62
P_FELT = 0.27
PLANTED_RISK_RATIO = 2.0


# --- annotated text -------------------------------------------------------------------------


@dataclass
class Sentence:
    """A sentence and what it carries."""

    text: str
    stage: str = ""
    emotions: list[str] = field(default_factory=list)
    pains: list[str] = field(default_factory=list)
    need: bool = False
    told: bool = False
    expectation: str = ""

    def truth(self) -> dict:
        return {
            "stage": self.stage,
            "emotions": self.emotions,
            "pain": self.pains[0] if self.pains else "",
            "pains": self.pains,
            "need": self.need,
            "expects": self.told or bool(self.expectation),
            "expectation": self.expectation,
        }


def parse_text(text: str, stage: str, pain: str = "") -> list[Sentence]:
    """Split tagged text into sentences; a tag belongs to the sentence before it."""
    found: list[Sentence] = []
    pieces = re.split(r"\s*\{([^}]*)\}", text)
    for chunk, tag in zip(pieces[::2], [*pieces[1::2], None], strict=True):
        parts = [part.strip() for part in split_sentences(chunk) if part.strip()]
        found += [Sentence(part, stage, pains=[pain] if pain else []) for part in parts]
        if tag is not None:
            apply_tag(found[-1], tag)
    return found


def split_sentences(text: str) -> list[str]:
    """Split at full stops, keeping closing quotes with the sentence that they close."""
    starts = [0]
    for match in re.finditer(r"[.!?]+[\"']?\s+(?=[\"'£(]?[A-Z0-9<£(])", text):
        starts.append(match.end())
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def apply_tag(sentence: Sentence, tag: str) -> None:
    words = tag.split()
    pains = [PAINS[word] for word in words if word in PAINS]
    if pains or "-" in words:
        sentence.pains = pains
    for word in words:
        if word in EMOTIONS:
            sentence.emotions.append(EMOTIONS[word])
        elif word in OUTCOMES:
            sentence.expectation = OUTCOMES[word]
        elif word.startswith("@"):
            sentence.stage = "" if word == "@none" else word[1:]
        elif word == "need":
            sentence.need = True
        elif word == "exp":
            sentence.told = True
        elif word not in PAINS and word != "-":
            raise ValueError(f"unknown tag '{word}' behind '{sentence.text}'")


def key_of(text: str) -> str:
    """Return what counts as the same sentence: casefolded letters and digits."""
    return " ".join(re.findall(r"\w+", text.casefold()))


# --- interviews -----------------------------------------------------------------------------


@dataclass
class Turn:
    speaker: str
    sentences: list[Sentence]
    is_participant: bool
    heading: str = ""


def read_interview(path: Path) -> tuple[dict, list[Turn]]:
    """Read an authored interview: its head and its annotated turns."""
    head = yaml.safe_load(path.read_text("utf-8"))
    turns, stage, heading = [], "", ""
    for line in head.pop("turns").splitlines():
        line = line.strip()
        if not line:
            continue
        if line.startswith(("== ", "=~ ")):
            name = line[3:].strip()
            stage = "" if name == "none" else name
            if line.startswith("== ") and stage and head.get("headings"):
                heading = HEADINGS[stage]
            continue
        who, _, text = line.partition(": ")
        is_participant = {"P": True, "I": False}[who]
        speaker = head["name"] if is_participant else head["interviewer"]
        sentences = parse_text(text, stage)
        turns.append(Turn(speaker, sentences, is_participant, heading))
        heading = ""
    return head, turns


def lay_out(head: dict, turns: list[Turn]) -> str:
    """Return the interview in the format of its file name."""
    ending = Path(head["file"]).suffix
    if ending == ".txt":
        lines = []
        for turn in turns:
            if turn.heading:
                lines += [f"## {turn.heading}", ""]
            lines += [f"{turn.speaker}: " + " ".join(s.text for s in turn.sentences), ""]
        return "\n".join(lines)
    rng = random.Random(f"{SEED}-{head['id']}")
    second, cues = 3.0, []
    for turn in turns:
        for cue in cues_of(turn):
            length = len(cue.split()) / rng.uniform(2.2, 3.1) + 0.4
            cues.append((second, second + length, turn.speaker, cue))
            second += length + rng.uniform(0.1, 1.3)
    if ending == ".srt":
        blocks = [
            f"{number}\n{clock(start, ',')} --> {clock(end, ',')}\n{who}: {text}\n"
            for number, (start, end, who, text) in enumerate(cues, 1)
        ]
        return "\n".join(blocks)
    blocks = ["WEBVTT\n"]
    for number, (start, end, who, text) in enumerate(cues, 1):
        payload = f"<v {who}>{text}</v>" if head["voice"] == "tag" else f"{who}: {text}"
        blocks.append(f"{number}\n{clock(start, '.')} --> {clock(end, '.')}\n{payload}\n")
    return "\n".join(blocks)


def cues_of(turn: Turn) -> list[str]:
    """Pack a turn's sentences into subtitles of at most about 30 words."""
    cues: list[str] = []
    for sentence in turn.sentences:
        if cues and len((cues[-1] + sentence.text).split()) <= 30:
            cues[-1] += " " + sentence.text
        else:
            cues.append(sentence.text)
    return cues


def clock(seconds: float, mark: str) -> str:
    whole, milli = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{milli:03d}"


# --- behaviour ------------------------------------------------------------------------------


@dataclass
class Visitor:
    customer_id: str
    device: str
    app: bool
    showroom: bool
    wearer: str
    felt: bool
    left: str
    """The stage that the visitor left at; empty when the glasses were kept."""
    start: datetime
    days: int = 0

    def reached(self, stage: str) -> bool:
        return not self.left or FUNNEL.index(stage) <= FUNNEL.index(self.left)


# The people interviewed: device, app, showroom, wearer, where they left, days of delivery.
INTERVIEWED = {
    "k01": ("desktop", False, False, "experienced", "", 16),
    "k02": ("mobile", True, False, "experienced", "", 11),
    "k03": ("desktop", False, False, "first-time", "order", 0),
    "k04": ("mobile", False, False, "first-time", "", 16),
    "k05": ("desktop", False, False, "experienced", "", 19),
    "k06": ("mobile", False, True, "experienced", "", 8),
    "k07": ("desktop", False, False, "experienced", "order", 0),
    "k08": ("desktop", False, False, "experienced", "", 14),
    "k09": ("desktop", False, False, "experienced", "wait", 13),
    "k10": ("mobile", True, False, "first-time", "", 13),
    "k11": ("desktop", False, False, "experienced", "choose", 0),
    "k12": ("desktop", False, False, "experienced", "", 14),
    "k13": ("desktop", False, False, "experienced", "", 13),
    "k14": ("mobile", False, False, "experienced", "order", 0),
    "k15": ("mobile", False, False, "experienced", "", 12),
    "k16": ("desktop", False, False, "experienced", "order", 0),
}
IN_SURVEY_TOO = ["k02", "k03", "k09", "k12", "k13", "k16"]


def make_visitors(rng: random.Random) -> list[Visitor]:
    """Draw who comes, with which device, and where each leaves."""
    numbers = rng.sample(range(10000, 99999), VISITORS)
    visitors = []
    for number in numbers:
        mobile = rng.random() < P_MOBILE
        device = "mobile" if mobile else "desktop"
        felt = rng.random() < P_FELT
        visitors.append(
            Visitor(
                customer_id=f"C{number}",
                device=device,
                app=mobile and rng.random() < 0.35,
                showroom=rng.random() < 0.06,
                wearer="first-time" if rng.random() < 0.38 else "experienced",
                felt=felt,
                left=draw_leaving(rng, device, felt),
                start=datetime(2026, 3, 1, tzinfo=UTC)
                + timedelta(days=rng.randrange(10), seconds=day_second(rng)),
                days=min(14, max(4, round(rng.gauss(9.5, 2.6)))),
            )
        )
    for visitor, traits in zip(visitors, INTERVIEWED.values(), strict=False):
        device, app, showroom, wearer, left, days = traits
        visitor.device, visitor.app, visitor.showroom = device, app, showroom
        visitor.wearer, visitor.left = wearer, left
        visitor.days = days or visitor.days
        visitor.start = visitor.start.replace(day=1 + visitor.start.day % 4)
    return visitors


def draw_leaving(rng: random.Random, device: str, felt: bool) -> str:
    for stage in FUNNEL:
        risk = P_LEAVE_ORDER[device, felt] if stage == "order" else P_LEAVE[stage]
        if rng.random() < risk:
            return stage
    return ""


def day_second(rng: random.Random) -> int:
    """Return a second of the day: evenings are busiest."""
    hour = rng.choices(range(24), [1, 1, 0, 0, 0, 1, 2, 4, 5, 6, 6, 6, 8, 7, 6, 6, 7, 8, 9, 11,
                                   13, 12, 7, 3])[0]  # fmt: skip
    return hour * 3600 + rng.randrange(3600)


class Clock:
    """Writes a visitor's events, one after the other."""

    def __init__(self, rng: random.Random, visitor: Visitor):
        self.rng, self.visitor = rng, visitor
        self.now, self.session, self.rows = visitor.start, 1, []

    def do(self, event: str, *, channel: str = "", value: float | None = None) -> None:
        visitor = self.visitor
        channel = channel or ("app" if visitor.app else "web")
        if channel == "app" and self.rng.random() < 0.12:
            channel = "web"
        session = f"{visitor.customer_id}-{self.session}"
        self.rows.append(
            (visitor.customer_id, session, event, self.now, channel, visitor.device, value)
        )
        self.now += timedelta(seconds=self.rng.randrange(8, 190))

    def later(self, hours: float) -> None:
        """Come back in another session."""
        self.now += timedelta(hours=hours, minutes=self.rng.randrange(50))
        self.session += 1


def make_events(rng: random.Random, visitors: list[Visitor]) -> pd.DataFrame:
    """Return the event log, sorted by time."""
    rows: list[tuple] = []
    for visitor in visitors:
        clock_ = Clock(rng, visitor)
        walk(rng, visitor, clock_)
        rows += clock_.rows
    columns = ["customer_id", "session_id", "event", "occurred_at", "channel", "device",
               "order_value"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    last = pd.Timestamp("2026-03-31T23:59:59Z")
    if frame["occurred_at"].max() > last:
        raise SystemExit("An event falls behind the end of March.")
    frame["occurred_at"] = frame["occurred_at"].astype("datetime64[ms, UTC]")
    frame["order_value"] = frame["order_value"].astype("float64")
    return frame.sort_values(["occurred_at", "customer_id"], kind="stable", ignore_index=True)


def walk(rng: random.Random, visitor: Visitor, log: Clock) -> None:
    """Send one visitor through the stages, with loops, steps back and breaks."""
    if rng.random() < 0.55:
        log.do("advert_clicked")
    log.do("home_viewed")
    for _ in range(rng.choices([0, 1, 2], [50, 35, 15])[0]):
        log.do(rng.choice(["offers_viewed", "home_viewed", "offers_viewed"]))
    if visitor.left == "discover":
        return
    browse(rng, visitor, log, rng.choices([1, 2, 3, 4, 6, 9], [20, 27, 24, 15, 9, 5])[0])
    if visitor.left == "choose":
        if rng.random() < 0.2:
            log.later(rng.uniform(4, 40))
            log.do("home_viewed")
            log.do("frames_listed")
        return
    order(rng, visitor, log)
    if visitor.left == "order":
        return
    log.do("order_confirmed")
    ordered = log.now
    for _ in range(rng.choices([0, 1, 2, 3], [25, 35, 25, 15])[0]):
        log.later(rng.uniform(20, 24 * visitor.days / 4))
        log.do("tracking_viewed")
    if rng.random() < 0.12:
        log.do("support_contacted")
    log.now = max(ordered + timedelta(days=visitor.days), log.now)
    log.session += 1
    log.do("glasses_delivered")
    log.later(rng.uniform(20, 62))
    if visitor.left == "wait":
        log.do("support_contacted")
        log.do("glasses_returned")
        return
    log.do("glasses_kept")
    if rng.random() < 0.07:
        log.do("referral_page_viewed")
        if rng.random() < 0.35:
            log.do("referral_code_sent")


def browse(rng: random.Random, visitor: Visitor, log: Clock, rounds: int) -> None:
    if visitor.showroom:
        log.later(rng.uniform(18, 30))
        log.do("showroom_visited", channel="showroom")
        log.do("frame_viewed", channel="showroom")
    log.do("frames_listed")
    for _ in range(rounds):
        log.do(rng.choices(
            ["frame_viewed", "try_on_used", "lenses_compared", "frames_listed", "frame_saved"],
            [42, 20, 16, 14, 8],
        )[0])  # fmt: skip
        if rng.random() < 0.06:
            log.later(rng.uniform(2, 14))


def order(rng: random.Random, visitor: Visitor, log: Clock) -> None:
    """Fill the order form: account before the total, prescription, payment."""
    shop = visitor.showroom and rng.random() < 0.5
    channel = "showroom" if shop else ""
    log.do("basket_opened", channel=channel)
    if rng.random() < 0.25:  # a step back to the frames, and again to the basket
        log.do("frame_viewed")
        log.do("basket_opened")
    if rng.random() < 0.6:
        log.do("prescription_started", channel=channel)
        if rng.random() < (0.34 if visitor.device == "mobile" else 0.2):
            log.do("prescription_rejected")
            log.do("prescription_started")
    if visitor.felt or visitor.left != "order" or rng.random() < 0.6:
        log.do("account_page_viewed", channel=channel)
    if visitor.felt:
        if rng.random() < 0.5:
            log.later(rng.uniform(3, 30))
            log.do("basket_opened")
        log.do("account_page_viewed")
    if visitor.left == "order":
        if rng.random() < 0.3:
            log.do("account_created")
            log.do("total_viewed")
        if rng.random() < 0.3:
            log.later(rng.uniform(3, 40))
            log.do(rng.choice(["frame_viewed", "frames_listed", "basket_opened"]))
        return
    log.do("account_created", channel=channel)
    log.do("total_viewed", channel=channel)
    log.do("prescription_entered", channel=channel)
    if rng.random() < 0.06:
        log.do("payment_failed", channel=channel)
    value = round(rng.choice([69, 79, 85, 89, 95, 109, 119]) + rng.choice([0, 0, 30, 45, 60, 95])
                  + rng.choice([5.95, 5.95, 0]) + rng.choice([0, 0, 12, 16.55]), 2)  # fmt: skip
    log.do("payment_made", channel=channel, value=value)


# --- survey ---------------------------------------------------------------------------------

MIX = {
    "discover": {"BP": 0.40, "TR": 0.17, "SL": 0.04, "NA": 0.03, "FL": 0.02, "-": 0.34},
    "choose": {"CO": 0.41, "UI": 0.19, "SL": 0.04, "FL": 0.02, "NA": 0.02, "-": 0.32},
    "order": {"FT": 0.26, "PS": 0.19, "PY": 0.05, "FL": 0.04, "SL": 0.03, "NA": 0.02, "-": 0.41},
    "wait": {"LD": 0.47, "SC": 0.11, "QM": 0.04, "-": 0.38},
}
SECOND = {"BP": "TR", "CO": "UI", "FA": "PS", "FT": "PS", "LD": "SC"}
P_ANSWER = {"discover": 0.41, "choose": 0.43, "order": 0.50, "wait": 0.78}


class Writer:
    """Writes open answers from the authored lines, and never the same sentence twice."""

    def __init__(self, rng: random.Random, taken: set[str]):
        self.rng, self.taken = rng, taken
        self.lines: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.uses: Counter[str] = Counter()
        self.slots = yaml.safe_load((TEXTS / "slots.yaml").read_text("utf-8"))
        for stage in FUNNEL:
            group = ("", "")
            for line in (TEXTS / f"survey_{stage}.txt").read_text("utf-8").splitlines():
                if line.startswith("== "):
                    name, pain = line[3:].split()
                    group = (name, pain)
                elif line.strip() and not line.startswith("#"):
                    self.lines[group].append(line.strip())

    def write(self, person: Answerer, stage: str, pain: str, *, deck: str = "") -> list[Sentence]:
        """Return an unused rendering of a line that fits the person, the least used lines first.

        `[left]` and `[stayed]` before a line keep it for those who did; a year is for people
        who had glasses before.
        """
        other = "[stayed]" if person.left == "order" else "[left]"
        lines = [
            line
            for line in self.lines[deck or stage, pain]
            if not line.startswith(other)
            and not ("<year>" in line and person.wearer == "first-time")
        ]
        self.rng.shuffle(lines)
        for line in sorted(lines, key=lambda line: self.uses[line]):
            for _ in range(60):
                code = PAINS.get(pain, "")
                sentences = parse_text(
                    self.fill(re.sub(r"^\[\w+\] ", "", line), person.fixed), stage, code
                )
                keys = [key_of(sentence.text) for sentence in sentences]
                if len(set(keys)) == len(keys) and not self.taken & set(keys):
                    self.taken.update(keys)
                    self.uses[line] += 1
                    return sentences
        raise SystemExit(f"No unused line is left for {stage} {pain}: author more.")

    def fill(self, line: str, fixed: dict[str, str]) -> str:
        raised = not line[0].islower()
        while match := re.search(r"\(([^()]*\|[^()]*)\)", line):
            choice = self.rng.choice(match[1].split("|"))
            line = line[: match.start()] + choice + line[match.end() :]
        chosen = dict(fixed)

        def value(match: re.Match) -> str:
            # A slot keeps its filling within a line; `frame2` is another one than `frame`.
            name = match[1]
            if name not in chosen:
                base = name.rstrip("2")
                words = self.slots.get(name) or self.slots[base]
                free = [word for word in words if word != chosen.get(base)]
                if name == "total" and "high" in chosen:
                    free = [word for word in free if float(word[1:]) > float(chosen["high"][1:])]
                chosen[name] = self.rng.choice(free)
            return chosen[name]

        line = re.sub(r"<(\w+)>", value, line)
        if raised:
            line = re.sub(
                r"(^|[.!?][\"']?(?: \{[^}]*\})? )([a-z])", lambda m: m[1] + m[2].upper(), line
            )
        return line


@dataclass
class Answerer:
    """Somebody who fills in the survey."""

    customer_id: str
    wearer: str
    felt: bool
    left: str
    submitted: datetime
    in_events: bool
    device: str = ""
    interviewed: bool = False
    fixed: dict[str, str] = field(default_factory=dict)
    consent: str = ""
    nps: int = 0
    csat: int | None = None
    answers: dict[str, list[Sentence]] = field(default_factory=dict)

    def reached(self, stage: str) -> bool:
        return not self.left or FUNNEL.index(stage) <= FUNNEL.index(self.left)


def make_march(rng: random.Random, visitors: list[Visitor], writer: Writer) -> list[Answerer]:
    """Draw the first wave among visitors who had left an e-mail, and some older customers."""
    chance = {"discover": 0.05, "choose": 0.13, "order": 0.60, "wait": 0.60, "": 0.60}
    asked = {visitors[int(k[1:]) - 1].customer_id for k in IN_SURVEY_TOO}
    interviewed = {visitor.customer_id for visitor in visitors[: len(INTERVIEWED)]}
    frame = [
        visitor
        for visitor in visitors
        if visitor.customer_id not in interviewed and rng.random() < chance[visitor.left]
    ]
    drawn = rng.sample(frame, 342 - len(asked))
    drawn += [visitor for visitor in visitors if visitor.customer_id in asked]
    people = [
        Answerer(
            v.customer_id, v.wearer, v.felt, v.left, when(rng, 2026, 3, 24, 13), True, v.device
        )
        for v in drawn
    ]
    taken = {visitor.customer_id for visitor in visitors}
    while len(people) < 400:
        people.append(stranger(rng, taken, when(rng, 2026, 3, 24, 13)))
    authored = yaml.safe_load((TEXTS / "survey_interviewed.yaml").read_text("utf-8"))
    by_customer = {visitors[int(k[1:]) - 1].customer_id: authored[k] for k in IN_SURVEY_TOO}
    for person in people:
        if person.customer_id in by_customer:
            own = by_customer[person.customer_id]
            person.felt, person.interviewed, person.consent = own["felt"], True, "yes"
            person.nps, person.csat = own["nps"], own.get("csat")
            for stage, text in own["answers"].items():
                person.answers[stage] = parse_text(text, stage)
                writer.taken.update(key_of(s.text) for s in person.answers[stage])
    people.sort(key=lambda person: (person.submitted, person.customer_id))
    for person in people:
        if not person.interviewed:
            fill_in(rng, writer, person, wave=1)
    return people


def make_june(
    rng: random.Random, march: list[Answerer], visitors: list[Visitor], writer: Writer
) -> list[Answerer]:
    """Draw the second wave; 40 answered in March too. Guests may pay since May."""
    taken = {person.customer_id for person in [*march, *visitors]}
    again = rng.sample([p for p in march if p.reached("order") and not p.interviewed], 40)
    people = [
        Answerer(p.customer_id, p.wearer, p.felt and tells(p, "forced_account"), p.left,
                 when(rng, 2026, 6, 15, 12), p.in_events, p.device, consent=p.consent)
        for p in again
    ]  # fmt: skip
    while len(people) < 150:
        people.append(stranger(rng, taken, when(rng, 2026, 6, 15, 12)))
    people.sort(key=lambda person: (person.submitted, person.customer_id))
    for person in people:
        person.felt = person.felt and rng.random() < 0.33
        fill_in(rng, writer, person, wave=2)
    return people


def stranger(rng: random.Random, taken: set[str], submitted: datetime) -> Answerer:
    """Return somebody whom the event log does not hold."""
    while (customer_id := f"C{rng.randrange(10000, 99999)}") in taken:
        pass
    taken.add(customer_id)
    felt = rng.random() < P_FELT
    device = "mobile" if rng.random() < P_MOBILE else "desktop"
    left = draw_leaving(rng, device, felt)
    while left in ("discover", "choose") and rng.random() < 0.8:  # few leave an e-mail that early
        left = draw_leaving(rng, device, felt)
    wearer = "first-time" if rng.random() < 0.38 else "experienced"
    return Answerer(customer_id, wearer, felt, left, submitted, False, device)


def when(rng: random.Random, year: int, month: int, day: int, days: int) -> datetime:
    zone = ZoneInfo("Europe/London")
    start = datetime(year, month, day, tzinfo=zone)
    return start + timedelta(days=rng.randrange(days), seconds=day_second(rng))


def fill_in(rng: random.Random, writer: Writer, person: Answerer, *, wave: int) -> None:
    """Give one person's consent, ratings and open answers."""
    person.consent = person.consent or ("no" if rng.random() < 0.12 else "yes")
    centre = {"discover": 7.0, "choose": 7.2, "order": 7.6, "wait": 5.6, "": 9.2}[person.left]
    centre += (0.4 if wave == 2 else 0) - (1.7 if person.felt else 0)
    person.nps = min(10, max(0, round(rng.gauss(centre, 1.9))))
    if person.reached("order"):
        middle = 4.1 if person.left in ("", "wait") else 3.1
        person.csat = min(5, max(1, round(rng.gauss(middle - (1.2 if person.felt else 0), 0.85))))
    style = Style(rng)
    phones = ["my phone", "my Samsung", "my iPhone", "a Pixel"]
    devices = writer.slots["dev"]
    person.fixed = {
        "frame": rng.choice(writer.slots["frame"]),
        "place": rng.choice(writer.slots["place"]),
        "dev": rng.choice(
            [name for name in devices if (name in phones) == (person.device == "mobile")]
        ),
    }
    keen = rng.choice([0.75, 1.0, 1.25])
    for stage in FUNNEL:
        forced = stage == "order" and person.felt
        if not person.reached(stage) or not (
            forced or rng.random() < P_ANSWER[stage] * keen * (0.75 if wave == 2 else 1)
        ):
            continue
        pain = "FA" if forced else draw_pain(rng, person, stage)
        deck = ""
        if pain == "-" and stage == "order" and wave == 2 and rng.random() < 0.25:
            deck = "order_june"
        sentences = writer.write(person, stage, pain, deck=deck)
        dice = rng.random()
        if pain in SECOND and dice < 0.10:
            sentences += writer.write(person, stage, SECOND[pain])
        elif pain in PAINS and dice < ADD[stage] and person.left not in ("order", "wait"):
            sentences += writer.write(person, stage, "-", deck=f"{stage}_add")
        style.apply(sentences)
        person.answers[stage] = sentences


ADD = {"discover": 0.11, "choose": 0.20, "order": 0.17, "wait": 0.24}


def draw_pain(rng: random.Random, person: Answerer, stage: str) -> str:
    if stage == "wait" and person.left == "wait":
        return rng.choice(["RE", "QM", "RE"])
    mix = dict(MIX[stage])
    if person.wearer == "first-time":
        for pain in ("TR", "UI"):
            if pain in mix:
                mix[pain] += 0.08
    return rng.choices(list(mix), list(mix.values()))[0]


class Style:
    """How one person types."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.lower = rng.random() < 0.16
        self.no_stop = rng.random() < 0.30
        self.typo = rng.random() < 0.14

    def apply(self, sentences: list[Sentence]) -> None:
        for place, sentence in enumerate(sentences):
            text = sentence.text
            if self.lower:
                text = text.lower()
            if self.typo and place == 0:
                text = slip(self.rng, text)
            last = place == len(sentences) - 1
            if not last and text[-1] not in ".!?\"'":
                text += "."
            if last and self.no_stop:
                text = text.removesuffix(".")
            sentence.text = text


def slip(rng: random.Random, text: str) -> str:
    """Mistype one longer word: two letters change places, or one is dropped."""
    words = list(re.finditer(r"[a-z]{6,}", text))
    if not words:
        return text
    word = rng.choice(words)
    place = word.start() + rng.randrange(2, len(word[0]) - 2)
    if rng.random() < 0.5:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place + 1 :]


def tells(person: Answerer, pain: str, stage: str = "") -> bool:
    return any(
        pain in sentence.pains
        for name, sentences in person.answers.items()
        if not stage or name == stage
        for sentence in sentences
    )


def answer_text(sentences: list[Sentence]) -> str:
    return " ".join(sentence.text for sentence in sentences)


SURVEY_COLUMNS = ["customer_id", "submitted_at", "consent", "wearer", "nps", "csat",
                  *QUESTIONS.values()]  # fmt: skip


def survey_rows(people: list[Answerer]) -> list[list]:
    return [
        [p.customer_id, p.submitted.isoformat(), p.consent, p.wearer, p.nps,
         p.csat if p.csat is not None else "",
         *(answer_text(p.answers.get(stage, [])) for stage in QUESTIONS)]
        for p in people
    ]  # fmt: skip


def write_csv(path: Path, header: list[str], rows: list[list]) -> None:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    out.writerows(rows)
    path.write_text(text.getvalue(), "utf-8", newline="\n")


def write_xlsx(path: Path, header: list[str], rows: list[list]) -> None:
    """Write a workbook without the hour of its making in it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Answers June 2026"
    sheet.append(header)
    for row in rows:
        sheet.append([None if cell == "" else cell for cell in row])
    raw = io.BytesIO()
    book.save(raw)
    stamp = rb"\g<1>2026-06-29T09:00:00Z\g<2>"
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(path, "w") as new:
        for name in sorted(old.namelist()):
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*(</dcterms:)", stamp, data)
            entry = zipfile.ZipInfo(name, (2026, 6, 29, 9, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, data)


# --- codes by two people --------------------------------------------------------------------

CODED = ["k03", "k05", "k13", "k15"]
CODERS = {
    "ana": {"emotion": 0.62, "pain_point": 0.82, "need": 0.85, "expectation": 0.6, "stage": 0.05},
    "ben": {"emotion": 0.50, "pain_point": 0.74, "need": 0.6, "expectation": 0.45, "stage": 0.10},
}
TAKEN_FOR = {
    "frustration": "disappointment",
    "worry": "frustration",
    "delight": "satisfaction",
    "confusion": "frustration",
    "disappointment": "frustration",
    "surprise": "curiosity",
    "forced_account": "price_surprise",
    "form_trouble": "unclear_information",
    "choice_overload": "unclear_information",
    "late_delivery": "support_contact",
    "broken_promise": "unclear_information",
    "unclear_information": "choice_overload",
}
NEEDS = {
    "discover": "early_answer",
    "choose": "compare_side_by_side",
    "order": "price_first",
    "wait": "honest_date",
}
DELIGHTS = {
    "discover": "first_impression",
    "choose": "try_on",
    "order": "personal_help",
    "wait": "seeing_again",
}
CODE_COLUMNS = ["file", "quote", "code_group", "code", "strength", "note", "coded_at"]


def make_codes(
    rng: random.Random, coder: str, interviews: dict[str, tuple[dict, list[Turn]]], names: set[str]
) -> list[list]:
    """Let a person code four interviews: partly the same, partly not."""
    memos = [
        memo
        for memo in yaml.safe_load((TEXTS / "memos.yaml").read_text("utf-8"))
        if memo["coder"] == coder
    ]
    shared = random.Random(f"{SEED}-shared")
    moment = datetime(2026, 4, 20 if coder == "ana" else 23, 9, 30, tzinfo=UTC)
    rows: list[list] = []
    for interview in CODED:
        head, turns = interviews[interview]
        file = f"interviews/{head['file']}"
        for turn in turns:
            for sentence in turn.sentences:
                looked_at = shared.random() < 0.30
                also = rng.random() < 0.05
                if not turn.is_participant or not sentence.stage or len(sentence.text) < 25:
                    continue
                if names & set(re.findall(r"\w+", sentence.text)) or "@" in sentence.text:
                    continue
                if looked_at or also:
                    for group, code in person_codes(rng, coder, sentence):
                        quote = sentence.text
                        if coder == "ben" and rng.random() < 0.2 and ", " in quote[:-20]:
                            quote = quote[quote.index(", ") + 2 :]
                        strength = rng.choice([0.5, 0.75, 1.0, 1.0])
                        rows.append([file, quote, group, code, strength, ""])
        for memo in memos:
            if memo["file"] == file:
                spoken = [
                    " ".join(s.text for s in turn.sentences)
                    for turn in turns
                    if turn.is_participant
                ]
                if sum(memo["quote"] in text for text in spoken) != 1:
                    raise SystemExit(f"A memo's quote is not in {file}: {memo['quote']}")
                key = [file, memo["quote"], memo["code_group"], memo["code"]]
                rows = [row for row in rows if row[:4] != key]
                rows.append([*key, memo.get("strength", 1.0), memo["note"]])
    unique: dict[tuple, list] = {tuple(row[:4]): row for row in rows}
    dated = []
    for row in unique.values():
        moment += timedelta(minutes=rng.randrange(1, 14))
        dated.append([*row, moment.isoformat().replace("+00:00", "Z")])
    return dated


SAMPLE = "survey.csv"
"""Excerpts of the survey of March, drawn by `cjm codes export demo --coder carla --validation 150
--source survey --sample survey`."""
SAMPLE_COLUMNS = ["document_id", "start", "end", "quote", "code_group", "code", "coded_at"]


def make_sample_codes(march: list[Answerer]) -> list[list]:
    """Let a third person code the random sample: pains and emotions, or `none`, without a slip."""
    sentences = {
        key_of(sentence.text): sentence
        for person in march
        for told in person.answers.values()
        for sentence in told
    }
    moment = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
    rows: list[list] = []
    with (TEXTS / "samples" / SAMPLE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sentence = find_sentence(row["quote"], sentences)
            for group, codes in (("pain_point", sentence.pains), ("emotion", sentence.emotions)):
                for code in [code for code in codes if code != "neutral"] or ["none"]:
                    moment += timedelta(seconds=40)
                    stamp = moment.isoformat().replace("+00:00", "Z")
                    anchor = [row["document_id"], row["start"], row["end"], row["quote"]]
                    rows.append([*anchor, group, code, stamp])
    return rows


def find_sentence(quote: str, sentences: dict[str, Sentence]) -> Sentence:
    """Return the sentence that an excerpt is, or the shortest that it is a part of."""
    # Masked names are of any length, so that the words around them must do.
    parts = [key_of(part) for part in quote.split("[name]")]
    found = [key for key in sentences if all(f" {part} " in f" {key} " for part in parts if part)]
    if not found:
        raise SystemExit(f"The sample quotes what nobody wrote: {quote}")
    return sentences[min(found, key=lambda key: (len(key), key))]


def person_codes(rng: random.Random, coder: str, sentence: Sentence) -> list[tuple[str, str]]:
    habits = CODERS[coder]
    slips = 0.10 if coder == "ana" else 0.2
    found = []
    for emotion in sentence.emotions:
        group, code = "emotion", emotion
        if emotion == "delight" and rng.random() < 0.5:
            group, code = "delight", DELIGHTS[sentence.stage]
        elif rng.random() < slips:
            code = TAKEN_FOR.get(emotion, emotion)
        if rng.random() < habits["emotion"]:
            found.append((group, code))
    for pain in sentence.pains:
        code = TAKEN_FOR.get(pain, pain) if rng.random() < slips else pain
        if rng.random() < habits["pain_point"]:
            found.append(("pain_point", code))
    if sentence.need and rng.random() < habits["need"]:
        found.append(("need", NEEDS[sentence.stage]))
    if sentence.expectation and rng.random() < habits["expectation"]:
        found.append(("expectation", sentence.expectation))
    if rng.random() < habits["stage"]:
        found.append(("stage", sentence.stage))
    return found


# --- the study ------------------------------------------------------------------------------


def make(folder: Path) -> dict:
    """Write the whole study into a folder and return the truth."""
    rng = random.Random(SEED)
    visitors = make_visitors(rng)
    events = make_events(rng, visitors)
    interviews = {
        path.stem: read_interview(path) for path in sorted(TEXTS.glob("k[0-9][0-9].yaml"))
    }
    taken: set[str] = set()
    repeated = []
    for head, turns in interviews.values():
        own = {
            key_of(s.text)
            for turn in turns
            if turn.is_participant
            for s in turn.sentences
            if len(s.text.split()) > 2
        }
        repeated += [(head["id"], text) for text in sorted(own & taken)]
        taken |= own
    if repeated:
        raise SystemExit(f"Said by two participants: {repeated}")

    writer = Writer(random.Random(f"{SEED}-survey"), taken)
    march = make_march(random.Random(f"{SEED}-march"), visitors, writer)
    june = make_june(random.Random(f"{SEED}-june"), march, visitors, writer)

    for name in ("interviews", "codes", "samples"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for head, turns in interviews.values():
        (folder / "interviews" / head["file"]).write_text(
            lay_out(head, turns), "utf-8", newline="\n"
        )
    shutil.copyfile(TEXTS / "study.yaml", folder / "study.yaml")
    roster = make_roster(interviews, visitors)
    write_csv(folder / "roster.csv", list(roster[0]), [list(row.values()) for row in roster])
    write_csv(folder / "survey_2026_03.csv", SURVEY_COLUMNS, survey_rows(march))
    write_xlsx(folder / "survey_2026_06.xlsx", SURVEY_COLUMNS, survey_rows(june))
    events.to_parquet(folder / "events.parquet", engine="pyarrow", compression="zstd", index=False)
    for coder in CODERS:
        rows = make_codes(random.Random(f"{SEED}-{coder}"), coder, interviews, names_in(roster))
        write_csv(folder / "codes" / f"{coder}.csv", CODE_COLUMNS, rows)
    write_csv(folder / "codes" / "carla.csv", SAMPLE_COLUMNS, make_sample_codes(march))
    shutil.copyfile(TEXTS / "samples" / SAMPLE, folder / "samples" / SAMPLE)
    shutil.copyfile(TEXTS / "findings.yaml", folder / "findings.yaml")
    shutil.copyfile(TEXTS / "batch.yaml", folder / "batch.yaml")
    truth = make_truth(visitors, events, interviews, march, june, roster)
    (folder / "truth.json").write_text(to_json(truth), "utf-8", newline="\n")
    return truth


def to_json(truth: dict) -> str:
    """Return JSON with one excerpt a line, so that a change is a small diff."""
    head = {key: value for key, value in truth.items() if key != "excerpts"}
    lines = [json.dumps(row, ensure_ascii=False) for row in truth["excerpts"]]
    start = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    return start + ',\n "excerpts": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"


def make_roster(
    interviews: dict[str, tuple[dict, list[Turn]]], visitors: list[Visitor]
) -> list[dict[str, str]]:
    contacts = yaml.safe_load((TEXTS / "roster.yaml").read_text("utf-8"))
    roster = []
    for place, (interview, (head, _)) in enumerate(interviews.items()):
        visitor = visitors[place] if interview in INTERVIEWED else None
        roster.append(
            {
                "customer_id": visitor.customer_id if visitor else "C09317",
                "interview_id": interview,
                "name": head["name"],
                "email": contacts[interview]["email"],
                "phone": contacts[interview]["phone"],
                "consent": contacts[interview]["consent"],
                "wearer": visitor.wearer if visitor else "experienced",
            }
        )
    return roster


def names_in(roster: list[dict[str, str]]) -> set[str]:
    config = yaml.safe_load((TEXTS / "study.yaml").read_text("utf-8"))
    names = [row["name"] for row in roster] + config["privacy"]["names"]
    names += ["Ines Adler", "Tom"]
    return {word for name in names for word in name.split()}


def funnel_of(visitors: list[Visitor]) -> dict[str, dict]:
    counts = {}
    for stage in FUNNEL:
        entered = [visitor for visitor in visitors if visitor.reached(stage)]
        dropped = sum(visitor.left == stage for visitor in entered)
        counts[stage] = {
            "entered": len(entered),
            "dropped": dropped,
            "drop_off": round(dropped / len(entered), 4),
        }
    return counts


def risk_ratio(people: list[Answerer], pain: str, *, stage: str, said_at: str) -> dict:
    """Compare leaving at a stage between those who tell a pain and the other respondents."""
    entered = [p for p in people if p.in_events and p.reached(stage)]
    told = [p for p in entered if tells(p, pain, said_at)]
    others = [p for p in entered if not tells(p, pain, said_at)]
    left = [sum(p.left == stage for p in group) for group in (told, others)]
    risks = [n / len(group) for n, group in zip(left, (told, others), strict=True) if group]
    return {
        "pain": pain,
        "told_at": said_at or "any stage",
        "left_at": stage,
        "told": len(told),
        "told_left": left[0],
        "others": len(others),
        "others_left": left[1],
        "realised_risk_ratio": round(risks[0] / risks[1], 3),
    }


def make_truth(
    visitors: list[Visitor],
    events: pd.DataFrame,
    interviews: dict[str, tuple[dict, list[Turn]]],
    march: list[Answerer],
    june: list[Answerer],
    roster: list[dict[str, str]],
) -> dict:
    """Collect what was planted, and what the draw made of it."""
    excerpts = []
    told: dict[str, dict[str, set[str]]] = {stage: defaultdict(set) for stage in FUNNEL}
    n_sentences = n_placed = 0
    consent = {row["interview_id"]: row["consent"] for row in roster}
    for interview, (head, turns) in interviews.items():
        if consent[interview] == "withdrawn":
            continue
        for turn in turns:
            for sentence in turn.sentences if turn.is_participant else []:
                n_sentences += 1
                n_placed += bool(sentence.stage)
                for pain in sentence.pains:
                    told[sentence.stage][pain].add(interview)
                if sentence.stage and (len(sentence.text.split()) > 2 or sentence.pains):
                    row = {"source": "interviews", "ref": interview, "file": head["file"]}
                    excerpts.append({**row, "quote": sentence.text, **sentence.truth()})
    survey_told = {}
    for source, people in (("survey_march", march), ("survey_june", june)):
        counts: dict[str, Counter] = {stage: Counter() for stage in FUNNEL}
        for person in people:
            for stage, sentences in person.answers.items():
                counts[stage].update({pain for s in sentences for pain in s.pains})
                for sentence in sentences:
                    row = {"source": source, "ref": person.customer_id}
                    excerpts.append(
                        {**row, "file": QUESTIONS[stage], "quote": sentence.text} | sentence.truth()
                    )
        survey_told[source] = {
            stage: {
                "answers": sum(stage in p.answers for p in people),
                "pains": dict(sorted(counts[stage].items(), key=lambda item: (-item[1], item[0]))),
            }
            for stage in FUNNEL
        }
    check_unique(excerpts)
    total = funnel_of(visitors)
    kept = sum(not v.left for v in visitors)
    senders = events.loc[events["event"] == "referral_code_sent", "customer_id"].nunique()
    nps = [p.nps for p in march]
    by_id = {visitor.customer_id: visitor for visitor in visitors}
    return {
        "about": (
            "What tools/make_demo.py planted in the demo study. Nobody in it is real. In excerpts, "
            "no emotion means neutral, and `file` is the survey's column for survey answers."
        ),
        "seed": SEED,
        "stages": STAGES,
        "drop_off": {
            "planted": {
                "discover": 0.30,
                "choose": 0.35,
                "order": 0.57,
                "wait": 0.06,
                "order_by_device_and_forced_account": {
                    f"{device}, {'felt' if felt else 'not felt'}": p
                    for (device, felt), p in P_LEAVE_ORDER.items()
                },
            },
            "realised": total,
            "by_device": {
                device: funnel_of([v for v in visitors if v.device == device])
                for device in ("mobile", "desktop")
            },
        },
        "n_visitors": VISITORS,
        "n_events": len(events),
        "glasses_kept": kept,
        "referral_code_sent": senders,
        "worst_stage": "order",
        "silent_stage": "recommend",
        "disagreeing_stage": "wait",
        "segments_effect": {
            "device": "at order, mobile leaves more than desktop",
            "wearer": "first-time wearers tell trust and unclear_information more often",
        },
        "top_pain": TOP_PAIN,
        "verdicts": VERDICTS,
        "pains_in_interviews": {
            stage: {
                pain: sorted(people)
                for pain, people in sorted(
                    told[stage].items(), key=lambda item: (-len(item[1]), item[0])
                )
            }
            for stage in FUNNEL
        },
        "pains_in_survey": survey_told,
        "risk": {
            "planted_risk_ratio": PLANTED_RISK_RATIO,
            "population": (
                "survey_march respondents found in the events who entered order; `others` are "
                "all of them who did not tell the pain, silent ones included"
            ),
            "linked": risk_ratio(march, "forced_account", stage="order", said_at="order"),
            "null": [
                risk_ratio(march, "slow", stage="order", said_at=""),
                risk_ratio(march, "choice_overload", stage="order", said_at="choose"),
                risk_ratio(march, "broken_promise", stage="order", said_at="discover"),
            ],
            "beware": (
                "form_trouble and price_surprise are told mostly by people who do not tell "
                "forced_account, so they look protective at order; that is planted by no one."
            ),
        },
        "waves": {
            "march": "wave 2026-03: the account is forced",
            "june": "wave 2026-06: guests may pay, forced_account is told by far fewer",
            "in_both": len({p.customer_id for p in march} & {p.customer_id for p in june}),
        },
        "nps_march": {
            "n": len(nps),
            "nps": round(100 * (sum(n >= 9 for n in nps) - sum(n <= 6 for n in nps)) / len(nps), 1),
        },
        "joins": {
            "survey_march_in_events": sum(p.customer_id in by_id for p in march),
            "interviews_in_events": len(INTERVIEWED),
            "interviews_in_survey_march": IN_SURVEY_TOO,
        },
        "interviews_left": {k: traits[4] for k, traits in INTERVIEWED.items() if traits[4]},
        "no_consent_to_quote": sorted(k for k, value in consent.items() if value == "no"),
        "withdrawn": sorted(k for k, value in consent.items() if value == "withdrawn"),
        "coded_by_people": [interviews[k][0]["file"] for k in CODED],
        "participant_sentences_in_interviews": n_sentences,
        "of_these_placed_in_a_stage": n_placed,
        "excerpts": excerpts,
    }


def check_unique(excerpts: list[dict]) -> None:
    """Fail if two people say the same sentence."""
    said: dict[str, set[str]] = defaultdict(set)
    for row in excerpts:
        if len(row["quote"].split()) > 2:
            said[key_of(row["quote"])].add(row["ref"])
    twice = sorted(text for text, people in said.items() if len(people) > 1)
    if twice:
        raise SystemExit(f"Said by more than one participant: {twice}")


def check(folder: Path) -> list[str]:
    """Return the files that differ from a fresh making."""
    with tempfile.TemporaryDirectory() as fresh:
        make(Path(fresh))
        names = {p.relative_to(root).as_posix() for root in (folder, Path(fresh))
                 for p in root.rglob("*") if p.is_file()}  # fmt: skip
        return [name for name in sorted(names) if not same(folder / name, Path(fresh) / name)]


def same(one: Path, other: Path) -> bool:
    if not (one.is_file() and other.is_file()):
        return False
    if one.read_bytes() == other.read_bytes():
        return True
    if one.suffix == ".parquet":  # another version of pyarrow signs the file differently
        return pd.read_parquet(one).equals(pd.read_parquet(other))
    if one.suffix == ".xlsx":
        return pd.read_excel(one).equals(pd.read_excel(other))
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    if options.check:
        different = check(DEMO)
        print("\n".join(f"differs: {name}" for name in different) or "The demo is up to date.")
        return 1 if different else 0
    make(DEMO)
    print(DEMO)
    return 0


if __name__ == "__main__":
    sys.exit(main())
