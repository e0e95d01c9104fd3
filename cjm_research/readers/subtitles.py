"""Subtitle transcripts: WebVTT after the W3C's parsing algorithm, SRT and SBV."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from cjm_research.errors import SourceError
from cjm_research.readers.utterances import (
    SOUNDS,
    Parsed,
    Utterance,
    find_every_label,
    find_labels,
    split_label,
)

_STAMP = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})"
_VTT_TIMES = re.compile(rf"\s*{_STAMP}\.(\d{{1,3}})\s*-->\s*{_STAMP}\.(\d{{1,3}})(?:\s.*)?")
_SRT_TIMES = re.compile(rf"\s*{_STAMP}[,.](\d{{1,3}})\s*-->\s*{_STAMP}[,.](\d{{1,3}})(?:\s.*)?")
_SBV_TIMES = re.compile(rf"\s*{_STAMP}\.(\d{{1,3}})\s*,\s*{_STAMP}\.(\d{{1,3}})\s*")
_COMMA_TIMES = re.compile(rf"\s*{_STAMP},\d{{1,3}}\s*-->")
_TAG = re.compile(r"<([^>]*)(?:>|\Z)")
_VOICE = re.compile(r"v(?:\.\S*)?(?:[ \t\n\f]+(?P<name>.*))?", re.DOTALL)
_BRACKET = re.compile(r"\s*\[(?P<label>[^\[\]:]{1,60})\]\s*:?\s*(?P<text>\S.*)", re.DOTALL)
_NO_TIME = "blocks without a readable time line, left out"
_UNTIMED = "time lines that cannot be read: the words below belong to the cue before"
_NO_SPEAKER = "cues without a speaker, read as the speaker before"
_BEFORE = "cues before the first speaker, left out"


@dataclass(frozen=True)
class Cue:
    """A cue: where it starts, its line in the file, and its raw payload."""

    start_s: float
    line: int
    payload: str


def parse_vtt(text: str, *, declared: frozenset[str], where: str) -> Parsed:
    """Return the utterances of a WebVTT file.

    Several voices in one cue become several utterances. Where no cue has a voice tag, a
    payload `Name: text` names the speaker.

    Raises
    ------
    SourceError
        If the header is missing or the times are written with a comma (SRT).
    """
    lines = text.replace("\x00", "\ufffd").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines[0] = lines[0].removeprefix("\ufeff")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise SourceError(
            where,
            "line 1 is not `WEBVTT`, so it is not a WebVTT file.",
            "export it again as WebVTT, or rename it to .srt or .txt if that is what it is.",
        )
    cues, lost = _read_blocks(lines, where)
    spans = [(cue, _split_voices(cue.payload)) for cue in cues]
    if any(name for _, parts in spans for name, _ in parts):
        utterances = [
            Utterance(name, words, "", cue.start_s) for cue, parts in spans for name, words in parts
        ]
    else:
        texts = [(cue.start_s, "\n".join(words for _, words in parts)) for cue, parts in spans]
        utterances = _split_prefixes(texts, declared)
    return _continue_speakers(utterances, {}, lost)


def parse_srt(text: str, *, declared: frozenset[str]) -> Parsed:
    """Return the utterances of an SRT file; a speaker is a prefix `Name:` or `[Name]`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [number for number, line in enumerate(lines) if _SRT_TIMES.fullmatch(line)]
    odd = {_UNTIMED: sum("-->" in line for line in lines) - len(starts)}
    texts = []
    for start, end in pairwise([*starts, len(lines)]):
        body = [line for line in lines[start + 1 : end] if "-->" not in line]
        # The next cue's number stands at the end of this one's lines.
        if end < len(lines) and body and body[-1].strip().isdigit():
            body = body[:-1]
        seconds = _seconds(*_groups(_SRT_TIMES, lines[start])[:4])
        texts.append((seconds, _plain_text("\n".join(body))))
    return _continue_speakers(_split_prefixes(texts, declared, brackets=True), odd)


def parse_sbv(text: str, *, declared: frozenset[str]) -> Parsed:
    """Return the utterances of an SBV file; a speaker is a prefix `Name:` or `[Name]`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbered = ((number, line.strip()) for number, line in enumerate(lines, start=1))
    blocks = groupby(numbered, key=lambda line: bool(line[1]))
    texts: list[tuple[float, str]] = []
    lost: list[int] = []
    for block in (list(block) for filled, block in blocks if filled):
        first, *words = (line for _, line in block)
        if _SBV_TIMES.fullmatch(first):
            said = "\n".join(line.removeprefix(">>").strip() for line in words)
            texts.append((_seconds(*_groups(_SBV_TIMES, first)[:4]), said))
        else:
            lost.append(block[0][0])
    utterances = _split_prefixes(texts, declared, brackets=True)
    return _continue_speakers(utterances, {}, lost)


def has_srt_times(text: str) -> bool:
    """Return True when the text has an SRT time line."""
    return any(_COMMA_TIMES.match(line) for line in text.split("\n"))


def has_sbv_times(text: str) -> bool:
    """Return True when the text has an SBV time line."""
    return any(_SBV_TIMES.fullmatch(line) for line in text.split("\n"))


def _read_blocks(lines: list[str], where: str) -> tuple[list[Cue], list[int]]:
    """Return the cues, and the lines at which blocks begin that are none."""
    cues: list[Cue] = []
    lost: list[int] = []
    number = 1
    while number < len(lines) and lines[number].strip():  # metadata under the header
        if "-->" in lines[number]:
            break
        number += 1
    while number < len(lines):
        if lines[number] == "":
            number += 1
            continue
        first = number
        block: list[str] = []
        times_at = -1
        while number < len(lines) and lines[number] != "":
            if "-->" in lines[number]:
                # A time line may stand first or after one id line; later it starts a new block.
                if times_at >= 0 or number - first > 1:
                    break
                times_at = number
            else:
                block.append(lines[number])
            number += 1
        if times_at < 0:
            if not re.match(r"(?:NOTE|STYLE|REGION)(?:\s|$)", block[0]):
                lost.append(first + 1)
            continue
        payload = block[times_at - first :]
        if _COMMA_TIMES.match(lines[times_at]):
            raise SourceError(
                where,
                f"line {times_at + 1} writes times with a comma, as SRT does; WebVTT has a full "
                "stop (00:00:01.000).",
                "rename the file to .srt and take away its first line, or export it as WebVTT.",
            )
        if not _VTT_TIMES.fullmatch(lines[times_at]):
            lost.append(first + 1)
            continue
        seconds = _seconds(*_groups(_VTT_TIMES, lines[times_at])[:4])
        cues.append(Cue(seconds, times_at + 1, "\n".join(payload)))
    return cues, lost


def _split_voices(payload: str) -> list[tuple[str, str]]:
    """Return (voice, words) in order; words outside a voice span have an empty voice."""
    parts: list[tuple[str, str]] = []
    voice, position, words = "", 0, ""
    for tag in _TAG.finditer(payload):
        words += payload[position : tag.start()]
        position = tag.end()
        name = tag[1].strip()
        opened = _VOICE.fullmatch(name)
        if opened or name == "/v":
            parts.append((voice, words))
            voice = _clean(html.unescape(opened["name"] or "")) if opened else ""
            words = ""
    parts.append((voice, words + payload[position:]))
    return [(name, _clean(html.unescape(text))) for name, text in parts if text.strip()]


def _plain_text(payload: str) -> str:
    return html.unescape(_TAG.sub("", payload))


def _split_prefixes(
    texts: list[tuple[float, str]], declared: frozenset[str], *, brackets: bool = False
) -> list[Utterance]:
    lines = [(start_s, line) for start_s, text in texts for line in text.split("\n")]
    labels = find_labels((line for _, line in lines), declared=declared)
    labels |= find_every_label([text.split("\n")[0] for _, text in texts], declared=declared)
    utterances = []
    for start_s, line in lines:
        bracket = _BRACKET.fullmatch(line) if brackets else None
        if bracket and not SOUNDS.match(bracket["label"]):
            label, words = _clean(bracket["label"]), bracket["text"]
        else:
            label, words = split_label(line, labels=labels)
        if label or words:
            utterances.append(Utterance(label, _clean(words), "", start_s))
    return utterances


def _continue_speakers(
    utterances: list[Utterance], odd: dict[str, int], lost: Sequence[int] = ()
) -> Parsed:
    """Give words without a speaker to the speaker before; leave out what nobody says."""
    named = [position for position, turn in enumerate(utterances) if turn.label]
    first = named[0] if named else 0
    kept = utterances[first:]
    counts = odd | {_BEFORE: first, _NO_SPEAKER: sum(not turn.label for turn in kept)}
    spoken = [turn for turn in kept if turn.text or turn.label]
    return Parsed(spoken, counts, {_NO_TIME: list(lost)})


def _groups(pattern: re.Pattern[str], line: str) -> tuple[str | None, ...]:
    match = pattern.fullmatch(line)
    return match.groups() if match else ()


def _seconds(
    hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None
) -> float:
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000


def _clean(text: str) -> str:
    return " ".join(text.split())
