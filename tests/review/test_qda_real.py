"""Real transcripts, marked at random as a QDA program would: every mark comes out at its words."""

import random
import re

import pytest

from cjm_research import readers
from cjm_research.study import open_study, qda_places
from tests.readers.conftest import SHARED
from tests.readers.qda import coding, count, pack, qde, selection, text_source
from tests.review.test_coding_work import STUDY

NAMES = ("bold_wintermoor.md", "otter_13am_games.md", "otter_notimes_get_a_grip_chip.md")
N_MARKS = 150
_LABEL = re.compile(r"[*\[\]\d]|^[^.,?!]{0,40}:|  $")


@pytest.mark.parametrize(("unit", "crlf"), [("UTF-16 units", 2), ("characters", 1), ("bytes", 2)])
def test_marks_in_real_transcripts_come_out_at_their_words(tmp_path, monkeypatch, unit, crlf):
    folder = SHARED / "hitsave_interviews"
    if not folder.is_dir():
        pytest.skip(f"shared data is not at {folder}")
    draw = random.Random(7)
    sources, texts, wanted = [], {}, []
    for name in NAMES:
        plain = (folder / name).read_text("utf-8").replace("\r\n", "\n")
        texts[name] = text = "\U0001f600\r\n" + plain.replace("\n", "\r\n")
        lines = [
            match
            for match in re.finditer(r"[^\r\n]+", text)
            if match.start() > 1_000  # after the heading, which is no speech
            and len(match[0].split()) > 12
            and not _LABEL.search(match[0])
        ]
        marks = []
        for line in draw.choices(lines, k=N_MARKS):
            borders = [line.start() + match.start() for match in re.finditer(r"\b", line[0])]
            start, end = sorted(draw.sample(borders, 2))
            part = text[start:end]
            if part.strip():
                ends = (count(text[:at], unit=unit, crlf=crlf) for at in (start, end))
                marks.append(selection(*ends, coding("x"), name=part))
                wanted.append((part, text[end : line.end()]))
        sources.append(text_source(name, *marks))
    place = tmp_path / "data" / "raw" / "tiny"
    place.mkdir(parents=True)
    study = STUDY.replace("talks/*.txt", "p.qdpx")
    study = study.replace("interviewers: [Ina]", "participants: speaker")
    (place / "study.yaml").write_text(study, "utf-8")
    (place / "p.qdpx").write_bytes(pack(qde(*sources), texts))
    monkeypatch.chdir(tmp_path)
    opened = open_study("tiny")
    project = readers.read_project(place / "p.qdpx")
    assert f"offsets count {unit}" in project.counting
    placed = list(qda_places.place_selections(opened, place / "p.qdpx", project))
    assert len(placed) == len(wanted) > 300
    texts = opened.documents.set_index("document_id")["text"]
    for (found, _, problem), (part, after) in zip(placed, wanted, strict=True):
        assert not problem, (part, problem)
        (span,) = found.spans
        assert is_masked(span.quote, part), (span.quote, part)
        rest = texts[span.document][span.end :].lstrip()[:20]
        follows = " ".join(after.split())
        assert "[" in rest or not follows or rest.replace("\n", " ").startswith(follows[:8])


def is_masked(quote, part):
    """Tell whether a quote is what masks left of a part."""
    pieces = [" ".join(piece.split()) for piece in re.split(r"\[[a-z]+\]", quote)]
    pattern = r"\s*.+?\s*".join(re.escape(piece) for piece in pieces)
    return re.fullmatch(pattern, " ".join(part.split()))
