"""Ids stay as they are written, and what is odd about them is said."""

import pytest

from cjm_research.config import Events
from cjm_research.readers import read_source
from tests.fuzz.trial import make_journey

SOURCE = Events.model_validate(
    {"id": "log", "kind": "events", "files": ["a.csv"], "sampling": "census",
     "columns": {"participant": "id", "event": "what", "occurred_at": "at"}}
)  # fmt: skip


def read(folder, *ids):
    rows = "".join(f"{raw},search,2026-03-01T10:0{n}:00Z\n" for n, raw in enumerate(ids))
    (folder / "a.csv").write_text("id,what,at\n" + rows)
    return read_source(SOURCE, folder, make_journey())


def warned(material):
    rows = material.quality.query("level == 'warning'")
    return dict(zip(rows["what"], rows["n"], strict=True))


@pytest.mark.parametrize(
    ("ids", "words", "n"),
    [
        (["null", "(not set)", "c1"], "stand for nobody ('(not set)', 'null')", 2),
        (["1.23E+15", "1,23e+15".replace(",", "."), "7"], "a spreadsheet has rounded", 2),
        (["003abCdE", "003ABcdE", "x"], "in capital letters only", 1),
    ],
)
def test_odd_ids_are_counted_and_kept(tmp_path, ids, words, n):
    material = read(tmp_path, *ids)
    assert set(material.events["raw_id"]) == set(ids)
    assert [count for what, count in warned(material).items() if words in what] == [n]


def test_usual_ids_are_not_worth_a_word(tmp_path):
    assert warned(read(tmp_path, "001", "002", "E12", "nora")) == {}
