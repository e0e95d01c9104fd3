"""Which program wrote a transcript: told by what a file holds. A new format is added here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cjm_research.errors import SourceError, quoted
from cjm_research.readers import meet, plain, speaker_lines, subtitles, turn_tables, whisper
from cjm_research.readers.text import read_text
from cjm_research.readers.utterances import Parsed
from cjm_research.readers.word_documents import read_paragraphs

SUFFIXES = (".txt", ".md", ".text", ".vtt", ".srt", ".sbv", ".json", ".tsv", ".csv", ".docx")


@dataclass(frozen=True)
class Opened:
    """A transcript file before its format is known.

    Attributes
    ----------
    path : Path
        The file.
    text : str
        Its text, one kind of line end; of a Word document the paragraphs, a blank line between.
    encoding : str
        What the text was read with.
    paragraphs : tuple of str
        Of a Word document; else empty.
    declared : frozenset of str
        Folded names of interviewers and observers.
    """

    path: Path
    text: str
    encoding: str
    paragraphs: tuple[str, ...]
    declared: frozenset[str]

    @property
    def ending(self) -> str:
        """The ending of its name, without regard to case."""
        return self.path.suffix.casefold()


@dataclass(frozen=True)
class TranscriptFormat:
    """A format: its name, what shows that a file has it, and how it is read."""

    name: str
    sign: str
    matches: Callable[[Opened], bool]
    parse: Callable[[Opened], Parsed]


def _parse_document(file: Opened) -> Parsed:
    if meet.lists_attendees(file.paragraphs):
        raise SourceError(
            file.path.name,
            "it begins with a mail address, as Google Meet's notes do, and holds no speech "
            "(`Name: text` under a time such as 00:05:00).",
            "export the document with its tab `Transcript`; if it is no such document, take the "
            "address out.",
        )
    return plain.parse_plain(file.text, declared=file.declared)


FORMATS = (
    # Meet before Teams: the looser rule of Teams can be met by accident.
    TranscriptFormat(
        "Google Meet document",
        "`Name: text` under bare times",
        lambda file: meet.has_timed_speech(file.paragraphs),
        lambda file: meet.parse_meet(file.paragraphs, declared=file.declared),
    ),
    TranscriptFormat(
        "Teams document",
        "paragraphs `Name   m:ss`, a line break, the words",
        lambda file: speaker_lines.has_turn_paragraphs(file.paragraphs),
        lambda file: speaker_lines.parse_turn_paragraphs(file.paragraphs),
    ),
    TranscriptFormat(
        "older Teams document",
        "lines `0:0:5.100 --> 0:0:8.250`",
        lambda file: bool(file.paragraphs) and speaker_lines.has_stamps(file.text),
        lambda file: speaker_lines.parse_stamps(file.text),
    ),
    TranscriptFormat(
        "Word document",
        "paragraphs",
        lambda file: bool(file.paragraphs),
        _parse_document,
    ),
    TranscriptFormat(
        "WebVTT",
        "`WEBVTT` in line 1, or the ending .vtt",
        lambda file: file.text.startswith("WEBVTT") or file.ending == ".vtt",
        lambda file: subtitles.parse_vtt(file.text, declared=file.declared, where=file.path.name),
    ),
    TranscriptFormat(
        "Whisper JSON",
        "JSON with `segments`",
        lambda file: whisper.has_segments(file.text) or file.ending == ".json",
        lambda file: whisper.parse_json(file.text, where=file.path.name),
    ),
    TranscriptFormat(
        "Whisper TSV",
        "the columns start, end, text",
        lambda file: file.text.startswith(whisper.TSV_HEADER),
        lambda file: whisper.parse_tsv(file.text),
    ),
    TranscriptFormat(
        "table of turns",
        "columns such as speaker and text",
        lambda file: turn_tables.has_turn_table(file.text),
        lambda file: turn_tables.parse_turn_table(file.text, where=file.path.name),
    ),
    TranscriptFormat(
        "SRT",
        "lines `00:00:01,000 --> 00:00:04,000`, or the ending .srt",
        lambda file: subtitles.has_srt_times(file.text) or file.ending == ".srt",
        lambda file: subtitles.parse_srt(file.text, declared=file.declared),
    ),
    TranscriptFormat(
        "SBV",
        "lines `0:00:01.000,0:00:04.000`, or the ending .sbv",
        lambda file: subtitles.has_sbv_times(file.text) or file.ending == ".sbv",
        lambda file: subtitles.parse_sbv(file.text, declared=file.declared),
    ),
    TranscriptFormat(
        "Zoom captions",
        "lines `[Name] hh:mm:ss` above the words",
        lambda file: speaker_lines.has_captions(file.text),
        lambda file: speaker_lines.parse_captions(file.text),
    ),
    TranscriptFormat(
        "Otter",
        "lines `Name  m:ss` above the words",
        lambda file: speaker_lines.has_headers(file.text),
        lambda file: speaker_lines.parse_headers(file.text),
    ),
    TranscriptFormat(
        "Otter without times",
        "lines of a name and two blanks above the words",
        lambda file: speaker_lines.has_untimed_headers(file.text),
        lambda file: speaker_lines.parse_untimed_headers(file.text),
    ),
    TranscriptFormat(
        "text",
        "nothing of another format",
        lambda file: True,
        lambda file: plain.parse_plain(file.text, declared=file.declared),
    ),
)


def open_transcript(path: Path, *, encoding: str, declared: frozenset[str]) -> Opened:
    """Return a file's text, or the paragraphs of a Word document.

    Raises
    ------
    SourceError
        If it cannot be opened or decoded, or its ending is none that transcripts have.
    """
    if path.suffix.casefold() not in SUFFIXES:
        raise SourceError(
            path.name,
            f"transcripts ending in '{path.suffix}' cannot be read.",
            f"save it as one of {quoted(SUFFIXES)}, or narrow `files:` in study.yaml.",
        )
    if path.suffix.casefold() == ".docx":
        paragraphs = read_paragraphs(path)
        return Opened(path, "\n\n".join(paragraphs), "utf-8", paragraphs, declared)
    text, used = read_text(path, encoding=encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Opened(path, text, used, (), declared)


def recognise(file: Opened) -> TranscriptFormat:
    """Return the first format whose sign a file shows."""
    return next(form for form in FORMATS if form.matches(file))
