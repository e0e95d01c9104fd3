"""A small part of `make fuzz`, and that it would notice."""

import time

import pytest

from cjm_research.readers import recognise_file, registry
from tests.fuzz import trial
from tests.fuzz.corpus import examples
from tests.fuzz.damage import damage

N_TEXT, N_PACKED = 40, 20


@pytest.fixture(scope="module")
def journey():
    return trial.make_journey()


@pytest.mark.parametrize("name", examples())
def test_an_undamaged_file_has_people_words_events_or_counts(name, tmp_path, journey):
    example = examples()[name]
    (tmp_path / example.name).write_bytes(example.content)
    material = registry.read_source(example.source(), tmp_path, journey)
    if len(material.reported_funnels) + len(material.touchpoint_metrics):
        return
    assert len(material.people) or len(material.keys)
    of_people = ("roster", "deals", "key map", "key map of a log")
    assert len(material.turns) + len(material.events) or name in of_people


@pytest.mark.parametrize("name", examples())
def test_damaged_files_are_read_or_refused_clearly(name, tmp_path, journey):
    for seed in range(N_PACKED if examples()[name].packed else N_TEXT):
        wrong = trial.try_seed(name, seed, tmp_path, journey)
        assert not wrong, f"python -m tests.fuzz --only {name!r}, seed {seed}: {wrong}"


@pytest.mark.parametrize("name", examples())
def test_damaged_files_are_recognised_or_none(name, tmp_path):
    example = examples()[name]
    for seed in range(12):
        path = tmp_path / example.name
        path.write_bytes(damage(example, trial.random.Random(seed)))
        guess = recognise_file(path)
        assert guess.what
        declared = guess.source or guess.kind in ("events", "funnel_report")
        assert bool(guess.kind) == bool(declared)


def test_damage_is_the_same_for_a_seed_and_differs_between_seeds():
    example = examples()["text"]
    made = [damage(example, trial.random.Random(seed)) for seed in (1, 1, 2, 3)]
    assert made[0] == made[1]
    assert len(set(made)) == 3


def _never_end(*_):
    while True:
        pass


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda *_: {}["x"], "KeyError"),
        (_never_end, "TooSlow"),
        (lambda *_: time.sleep(9), "TooSlow"),
    ],
    ids=["an untyped error", "an endless loop", "an endless wait"],
)
def test_a_fault_of_a_reader_is_noticed(monkeypatch, tmp_path, journey, fault, found):
    monkeypatch.setitem(registry.READERS, "transcripts", fault)
    monkeypatch.setattr(trial, "LIMIT_S", 0.2)
    monkeypatch.setattr(trial, "WAIT_S", 1.0)
    assert found in trial.try_seed("text", 0, tmp_path, journey)
