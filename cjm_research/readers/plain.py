"""Plain-text transcripts: `Name: text`, continuation lines, headings `## x` or `[x]`."""

from __future__ import annotations

import math
import re

from cjm_research.readers.utterances import (
    QUESTION_MARKS,
    SOUNDS,
    Parsed,
    Utterance,
    count_doubtful,
    find_labels,
    split_label,
)

DOUBTFUL = "lines that may begin with a speaker's name, read as words (declare the name)"
ASKED = (
    "lines that ask and name no speaker, read as the words of the only one who is named: where an "
    "interviewer asks, write `Interviewer: ` before them"
)
SUMMARY = "headings of a summary: what stands under one was said by nobody, take it out"
# What Copilot, Zoom and Gemini write above and below what they make of a meeting.
_SUMMARY = re.compile(
    r"(?i)(ai[- ]generated )?(meeting|call) (notes|summary|recap)|recap|follow[- ]?up tasks|"
    r"action items|key takeaways|suggested next steps|ai-generated content may be incorrect\.?"
)
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s+(?P<heading>\S.*)")
_BRACKET_HEADING = re.compile(r"\[(?P<heading>[^\[\]]{1,120})\]")
_CLOCK = r"(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>\d{2}(?:\.\d{1,3})?)"
# Whisper's text has the end of a stretch as well: `[00:43.810 --> 00:47.850]  words`.
_TIME = re.compile(rf"[\[(]?{_CLOCK}(?:\s*-->\s*[\d:.]{{4,12}})?[\])]?(?=\s|$)\s*")
_BRACKETED = re.compile(rf"\s*[\[(]{_CLOCK}[\])]\s*")
# `**Name:** words` of Markdown, and `Speaker 1 (00:00:12): words` of Rev and Descript.
_BOLD = re.compile(r"\s*\*\*(?P<label>[^*\n]{1,60}?)\s*(?::\s*\*\*|\*\*\s*:)\s*(?P<text>.*)")
_TIMED_LABEL = re.compile(
    rf"\s*(?P<label>[^\s:\[(][^:\[(\n]{{0,59}}?)\s*[\[(]{_CLOCK}[\])]\s*:\s*(?P<text>.*)"
)


def parse_plain(text: str, *, declared: frozenset[str]) -> Parsed:
    """Return the utterances of a plain-text transcript.

    Parameters
    ----------
    text : str
        The file's text. A line `Name: text` starts a turn, in bold or not, with or without a
        time before the name or after it; lines without a name continue it, and a blank line
        inside it is kept as a break.
    declared : frozenset of str
        Folded names of interviewers and observers.
    """
    lines = [
        _unfold_label(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    lines = _name_letters(lines)
    labels = find_labels((_strip_time(line)[1] for line in lines), declared=declared)
    utterances: list[Utterance] = []
    heading, paragraph, before, asked = "", False, 0, 0
    for raw_line in lines:
        start_s, line = _strip_time(raw_line)
        found = _read_heading(line)
        if found:
            heading, paragraph = found, False
            continue
        label, words = split_label(line, labels=labels)
        if words and not label and raw_line.strip()[0].isdigit():
            words = raw_line.strip()  # "10:30 was too early" is speech, not a time code
        if not label and not words:
            paragraph = True
        elif label:
            utterances.append(Utterance(label, words, heading, start_s))
            paragraph = False
        elif utterances and utterances[-1].heading == heading:
            last = utterances[-1]
            joint = "\n" if paragraph and last.text else " "
            joined = f"{last.text}{joint}{words}".strip()
            utterances[-1] = Utterance(last.label, joined, heading, last.start_s)
            paragraph = False
            asked += words.endswith(QUESTION_MARKS)
        elif utterances or not labels:  # where nobody is named, all of it is one voice
            utterances.append(Utterance("", words, heading, start_s))
            paragraph = False
        else:
            before += 1
    named = {turn.label for turn in utterances if turn.label}
    odd = {
        "lines before the first speaker, left out": before,
        DOUBTFUL: count_doubtful(lines, labels),
        # Beside an interviewer who is named, a participant may well ask something.
        ASKED: asked if len(named) == 1 else 0,
        SUMMARY: sum(bool(_SUMMARY.fullmatch(line.strip(" #*:"))) for line in lines),
    }
    return Parsed([turn for turn in utterances if turn.text], odd)


_LETTER = re.compile(r"\s*(?P<letter>[QA])\.\s+(?P<text>\S.*)")


def _name_letters(lines: list[str]) -> list[str]:
    """Return `Q. ...` and `A. ...` as labels, where both occur in turn and not once only."""
    found = [_LETTER.fullmatch(line) for line in lines]
    letters = [match["letter"] for match in found if match]
    if letters[:4] != ["Q", "A", "Q", "A"]:
        return lines  # a list of points may begin with A.
    return [
        f"{match['letter']}: {match['text']}" if match else line
        for line, match in zip(lines, found, strict=True)
    ]


def _unfold_label(line: str) -> str:
    """Return a line with its time first and its label plain, whatever way it was written."""
    bold = _BOLD.fullmatch(line)
    if bold:
        time = _BRACKETED.match(bold["text"])
        words = bold["text"][time.end() :] if time else bold["text"]
        return f"{time[0].strip() if time else ''} {bold['label']}: {words}".strip()
    timed = _TIMED_LABEL.fullmatch(line)
    if timed:
        clock = ":".join(part for part in timed.group("h", "m", "s") if part)
        return f"[{clock}] {timed['label']}: {timed['text']}".rstrip()
    return line


def _strip_time(line: str) -> tuple[float, str]:
    match = _TIME.match(line.strip())
    if not match:
        return math.nan, line
    hours, minutes = int(match["h"] or 0), int(match["m"])
    return hours * 3600 + minutes * 60 + float(match["s"]), line.strip()[match.end() :]


def _read_heading(line: str) -> str:
    line = line.strip()
    match = _MARKDOWN_HEADING.fullmatch(line)
    if match:
        # `## Name ##` closes its heading; cut in one pass, as a line may be a megabyte.
        return match["heading"].rstrip().rstrip("#").rstrip() or match["heading"].rstrip()
    match = _BRACKET_HEADING.fullmatch(line)
    if match and not SOUNDS.match(match["heading"]):
        return match["heading"].strip()
    return ""
