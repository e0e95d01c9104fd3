"""Word documents for tests, written as other programs write them."""

from __future__ import annotations

import io
import zipfile

import docx

RECAP = [
    "Meeting notes:", "Ordering: Ana could not pay.", "Follow-up tasks:",
    "Ines Holm: Ask about the phone.", "Ana Weiß: Send the mail.",
    "AI-generated content may be incorrect",
]  # fmt: skip


def write_docx(paragraphs):
    """Return the bytes of a document; a line break inside a paragraph becomes `<w:br/>`."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return _saved(document)


def change_part(content, part, change):
    """Return a document with the bytes of one part changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            new.writestr(member.filename, change(data) if member.filename == part else data)
    return target.getvalue()


def _saved(document):
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


TEAMS = [
    "Interview about glasses-20260815_200732-Meeting Recording",
    "15 August 2026, 06:07pm",
    "25m 4s",
    "Ines Holm started transcription",
    "Ines Holm   0:04\nHow did you order?\nTell me all of it.",
    "Ana Weiß   0:11\nI wanted to pay at 10:30: it failed.",
    "Ines Holm   1:02:03\nAnd then?",
    "Ana Weiß   1:02:09\nI left.",
    "Ines Holm stopped transcription",
]
OLDER_TEAMS = [
    "0:0:5.100 --> 0:0:8.250",
    "Ines Holm",
    "How did you order?",
    "0:0:9.0 --> 0:0:12.40",
    "Ana Weiß",
    "On the phone.",
    "It was easy.",
]
MEET = [
    "📝 Notes",
    "Aug 15, 2026",
    "Interview about glasses",
    "Invited Ana Weiß ana.weiss@example.org",
    "Summary",
    "Ana Weiß: wants a refund and will recommend the shop to all of her friends.",
    "Next steps: call her.",
    "📖 Transcript",
    "Interview about glasses - Transcript",
    "00:00:00",
    "Ines Holm: How did you order?",
    "Ana Weiß: On the phone.",
    "",
    "00:05:12",
    "Ana Weiß: It rang for long: twice.",
    "Transcription ended after 00:06:01",
    "This editable transcript was computer generated and might contain errors.",
]
