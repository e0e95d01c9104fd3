"""A new interview costs that interview; a run's folder is read table by table."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from cjm_research import coding
from cjm_research.study import cache, following, open_study, steps
from cjm_research.study.cache import hash_file, read_table, write_tables
from tests.tiny import make_project

INTERVIEWS = """\
  - {id: talks, kind: transcripts, files: "talks/*.txt", interviewers: [Ines], sampling: purposive,
     consent: quote}
"""


@pytest.fixture(autouse=True)
def same_software(monkeypatch):
    """Keep the code's own hash out of it: somebody may edit a module while the tests run."""
    monkeypatch.setattr("cjm_research.study.hash_source", lambda: "")
    monkeypatch.setattr(coding, "fingerprint_scores", lambda by: by)


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = make_project(tmp_path)
    folder = root / "data" / "raw" / "tiny"
    with (folder / "study.yaml").open("a") as file:
        file.write(INTERVIEWS + "coding: {scores: rules}\n")
    (folder / "talks").mkdir()
    (folder / "talks" / "c1.txt").write_text("Ines: How was it?\n\nBo: The page was slow.\n")
    monkeypatch.setenv("CJM_VAULT", str(root / "vault"))
    monkeypatch.chdir(root)
    return folder


@pytest.fixture
def measured(monkeypatch):
    """Count the texts that are scored and the logs that are measured."""
    calls = {"texts": [], "logs": 0}
    score, follow = coding.measure_excerpts, following._measure

    def counted_score(excerpts, **options):
        calls["texts"] += excerpts["text"].tolist()
        return score(excerpts, **options)

    def counted_follow(*args):
        calls["logs"] += 1
        return follow(*args)

    monkeypatch.setattr(coding, "measure_excerpts", counted_score)
    monkeypatch.setattr(following, "_measure", counted_follow)
    return calls


def test_a_new_interview_costs_that_interview(project, measured):
    before = open_study("tiny").tables
    assert measured["logs"] == 1
    measured["texts"].clear()
    (project / "talks" / "c2.txt").write_text("Ines: How was it?\n\nJo: I liked the map.\n")
    after = open_study("tiny").tables
    assert measured == {"texts": ["I liked the map."], "logs": 1}
    assert len(after["documents"]) == len(before["documents"]) + 1
    pd.testing.assert_frame_equal(after["funnel"], before["funnel"])
    # Kept or made anew, it is the same to the last bit.
    shutil.rmtree(project.parents[1] / "processed")
    anew = open_study("tiny").tables
    assert measured["logs"] == 2
    for name, table in anew.items():
        pd.testing.assert_frame_equal(after[name], table, obj=name, check_exact=True)


def test_new_events_are_followed_and_no_text_is_scored_again(project, measured):
    first = open_study("tiny").tables
    assert len(first["scores"])
    measured["texts"].clear()
    with (project / "events.csv").open("a") as file:
        file.write("c3,view,2026-03-01 11:00\n")
    funnel = open_study("tiny").funnel
    assert measured == {"texts": [], "logs": 2}
    assert funnel.set_index("stage")["n_entered"].to_dict()["see"] == 3


def test_nothing_is_made_where_nothing_changed(project, monkeypatch):
    tables = open_study("tiny").tables

    def refuse(*args, **options):
        raise AssertionError("made again")

    for name in ("make_evidence", "make_codes", "make_map"):
        monkeypatch.setattr(steps, name, refuse)
    for name, table in open_study("tiny").tables.items():
        pd.testing.assert_frame_equal(table, tables[name], obj=name)


def test_of_a_run_only_the_table_that_is_asked_for_is_read(project, tmp_path, monkeypatch):
    study = open_study("tiny")
    folder = tmp_path / "tables"
    folder.mkdir()
    write_tables(study.tables, folder)
    read = []
    monkeypatch.setattr(
        "cjm_research.study.read_table", lambda path: read.append(path.stem) or read_table(path)
    )
    again = open_study("tiny", run_folder=folder)
    pd.testing.assert_frame_equal(again.funnel, study.funnel)
    again.funnel.drop(columns="stage", inplace=True)
    assert "stage" in again.funnel
    assert read == ["funnel"]


def test_lists_of_mappings_come_back_as_such_and_copies_share_nothing(tmp_path):
    table = pd.DataFrame({"word": ["a", None], "rows": [[{"n": 1}], []], "number": [1.5, 2.0]})
    write_tables({"made": table}, tmp_path)
    back = read_table(tmp_path / "made.parquet")
    assert back["rows"].tolist() == [[{"n": 1}], []]
    copied = cache.copy_table(back)
    copied["rows"][0][0]["n"] = 7
    assert back["rows"][0][0]["n"] == 1


def test_a_file_is_hashed_as_its_bytes_are(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(b"abc")
    assert hash_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_who_reads_while_the_tables_are_taken_away_never_gets_a_part(tmp_path, monkeypatch):
    tables = {name: pd.DataFrame({"n": [1]}) for name in ("a", "b", "c")}
    cache.load_or_make(tmp_path, "step", "old", lambda: tables)
    read = cache.read_table

    def read_slowly(path):
        # A run of other inputs ends just now, beside a notebook that reads.
        monkeypatch.setattr(cache, "read_table", read)
        cache.load_or_make(tmp_path, "step", "new", lambda: tables)
        return read(path)

    monkeypatch.setattr(cache, "read_table", read_slowly)
    found = cache.load_or_make(tmp_path, "step", "old", lambda: tables)
    assert set(found) == {"a", "b", "c"}


def test_tables_leave_their_name_in_one_step(tmp_path, monkeypatch):
    tables = {name: pd.DataFrame({"n": [1]}) for name in ("a", "b")}
    cache.load_or_make(tmp_path, "step", "old", lambda: tables)
    removed = []
    remove = cache.shutil.rmtree

    def watch(path, **options):
        removed.append(path)
        remove(path, **options)

    monkeypatch.setattr(cache.shutil, "rmtree", watch)
    cache.load_or_make(tmp_path, "step", "new", lambda: tables)
    assert all(path.name.startswith(cache.WORKING) for path in removed)
    assert [path.name for path in (tmp_path / "step").iterdir()] == ["new"]
