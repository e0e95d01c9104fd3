"""A smaller set of `make faults`: some kill points, a race, and every mishap that is quick."""

from __future__ import annotations

import os

import pytest

from tests.faults import kills, mishaps
from tests.faults.making import change, make_tiny

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes")

N_KILLS = 12
QUICK = [name for name in mishaps.MISHAPS if "hang" not in name and "too long" not in name]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("faults") / "tiny")


@pytest.fixture
def scene(tiny, tmp_path):
    return tiny.copy(tmp_path / "project")


@pytest.fixture(scope="module")
def killer():
    with kills.Killer() as killer:
        yield killer


def test_a_run_that_is_killed_anywhere_leaves_the_last_good_report(tiny, tmp_path, killer):
    changed = tiny.copy(tmp_path / "changed")
    change(changed)
    n_touches = killer.count_touches(changed.copy(tmp_path / "measured"))
    assert n_touches > 3 * N_KILLS
    # The last touches publish: half of the kills fall there.
    early = range(1, n_touches, 2 * n_touches // N_KILLS)
    late = range(n_touches - N_KILLS // 2, n_touches)
    n_killed = 0
    for at in sorted({*early, *late}):
        copy = changed.copy(tmp_path / f"at-{at}")
        before = copy.fingerprint()
        n_killed += killer.kill_at_touch(copy, at)
        assert copy.find_damage(before) == [], f"killed at touch {at} of {n_touches}"
    assert n_killed >= N_KILLS - 2


def test_after_a_kill_the_next_run_is_good_and_says_that_one_was_ended(tiny, tmp_path, killer):
    scene = tiny.copy(tmp_path / "project")
    change(scene)
    before = scene.fingerprint()
    assert killer.kill_after(scene, 2.0)
    scene.wait_a_day()
    status, said = scene.run()
    assert status == 0, said
    assert scene.find_damage(before) == []
    assert scene.leftovers() == []
    assert len(scene.runs()) == 2
    assert scene.failures() == ["failed"]


def test_damage_is_seen_when_there_is_some(scene):
    before = scene.fingerprint()
    page = scene.reports / scene.good / "index.html"
    page.write_bytes(page.read_bytes()[:100])
    damage = scene.find_damage(before)
    assert any("not what it was" in line for line in damage)
    assert any("index.html" in line for line in damage)


def test_ten_starts_at_once_make_one_report(scene):
    change(scene)
    assert mishaps.race(scene, 10) == (0, [])


@pytest.mark.parametrize("name", QUICK)
def test_a_mishap_fails_loudly_and_leaves_the_last_good_report(scene, name):
    assert mishaps.mishap(scene, name) == []


def test_an_optional_source_that_is_missing_is_named_on_the_first_page(scene):
    assert mishaps.lose_optional(scene) == []


def test_a_file_that_may_not_grow_ends_the_run(scene):
    change(scene)
    assert mishaps.fill_by_limit(scene, 20_000) == []


def test_reports_that_are_read_only_stay_as_they_are(scene):
    change(scene)
    assert mishaps.read_only(scene) == []


@pytest.mark.skipif(not mishaps.can_mount(), reason="mounting a small disk needs root")
def test_a_disk_that_fills_up_ends_the_run(scene, tmp_path):
    change(scene)
    with mishaps.small_disk(scene, tmp_path / "disk", 300) as there:
        assert mishaps.fill_disk(there, tmp_path / "disk", 2.5) == []
