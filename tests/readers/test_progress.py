"""Who waits for a source of many files hears how many have been read."""

from cjm_research.readers import progress, read_source
from tests.fuzz.corpus import examples
from tests.fuzz.trial import make_journey


def read(folder, monkeypatch, *, every, say):
    monkeypatch.setattr(progress, "EVERY_S", every)
    example = examples()["text"]
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_bytes(example.content)
    source = example.source().model_copy(update={"files": ["*.txt"]})
    return read_source(source, folder, make_journey(), say)


def test_files_are_counted_as_they_are_read(tmp_path, monkeypatch):
    said = []
    read(tmp_path, monkeypatch, every=0, say=said.append)
    assert said == [f"  {n} of 3 files read" for n in range(3)]


def test_files_that_are_read_at_once_are_not_worth_a_line(tmp_path, monkeypatch):
    said = []
    read(tmp_path, monkeypatch, every=60, say=said.append)
    assert said == []


def test_nobody_has_to_listen(tmp_path, monkeypatch):
    assert len(read(tmp_path, monkeypatch, every=0, say=None).files) == 3
