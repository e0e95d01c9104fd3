"""Whisper's own files: JSON (of every variant) and TSV. Other outputs are subtitles."""

from __future__ import annotations

import json
import math
from typing import Any

from cjm_research.errors import SourceError
from cjm_research.readers.utterances import Parsed, Utterance

TSV_HEADER = "start\tend\ttext"
_INVENTED = "segments on silence that Whisper itself doubts, left out"
_REPEATED = "segments that repeat themselves, which Whisper may have invented"
_NO_WORDS = "segments without words, left out"
# Whisper's own limits: below and above them it doubts what it heard.
_MOST_SILENT, _LEAST_SURE, _MOST_REPETITIVE = 0.6, -1.0, 2.4
_DEEPEST = "the file is nested too deeply"


def has_segments(text: str) -> bool:
    """Return True when a text looks like JSON with Whisper's `segments`."""
    return text.lstrip("\ufeff \t\r\n").startswith("{") and '"segments"' in text


def parse_json(text: str, *, where: str) -> Parsed:
    """Return the segments of Whisper, faster-whisper, WhisperX or the API's `verbose_json`.

    Only WhisperX names speakers. Segments that Whisper heard in silence (`no_speech_prob`
    above .6 and `avg_logprob` below -1) are nobody's words, and are left out.

    Raises
    ------
    SourceError
        If it is no JSON, or has no list of segments.
    """
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = _DEEPEST if isinstance(error, RecursionError) else str(error)
        raise _no_whisper(where, f"it cannot be read as JSON ({what})") from error
    segments = loaded.get("segments") if isinstance(loaded, dict) else None
    if not isinstance(segments, list):
        raise _no_whisper(where, "it holds no list `segments`")
    odd = dict.fromkeys((_INVENTED, _REPEATED, _NO_WORDS), 0)
    utterances = []
    for segment in segments:
        words = segment.get("text") if isinstance(segment, dict) else None
        if not isinstance(words, str) or not words.strip():
            odd[_NO_WORDS] += 1
        elif _is_invented(segment):
            odd[_INVENTED] += 1
        else:
            odd[_REPEATED] += _number(segment, "compression_ratio") > _MOST_REPETITIVE
            label = segment.get("speaker")
            label = " ".join(label.split()) if isinstance(label, str) else ""
            start_s = _number(segment, "start")
            utterances.append(Utterance(label, " ".join(words.split()), "", start_s))
    return Parsed(utterances, odd)


def parse_tsv(text: str) -> Parsed:
    """Return the segments of a table `start`, `end` (milliseconds), `text`; no cell is quoted."""
    utterances = []
    lost = 0
    for line in text.split("\n")[1:]:
        start, _, rest = line.rstrip("\r").partition("\t")
        _, _, words = rest.partition("\t")
        if start.isascii() and start.isdigit() and len(start) < 12 and words.strip():
            utterances.append(Utterance("", " ".join(words.split()), "", int(start) / 1000))
        else:
            lost += bool(line.strip())
    return Parsed(utterances, {_NO_WORDS: lost})


def _is_invented(segment: dict[str, Any]) -> bool:
    silent = _number(segment, "no_speech_prob") > _MOST_SILENT
    return silent and _number(segment, "avg_logprob") < _LEAST_SURE


def _number(segment: dict[str, Any], name: str) -> float:
    value = segment.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return math.nan
    return float(value)


def _no_whisper(where: str, problem: str) -> SourceError:
    return SourceError(
        where,
        f"{problem}; of JSON, only transcripts by Whisper are read.",
        "export the transcript as .vtt, .srt or .docx, or point `files:` at Whisper's own .json.",
    )
