"""`cjm check` says how many people of each source are found in each other, of how many."""

import pytest

from cjm_research.study import check

STUDY = """\
schema_version: 1
title: t
objective: o
coding: {scores: rules}
journey:
  stages: [{id: see, events: [view]}, {id: buy, events: [pay]}]
sources:
  - id: tickets
    kind: feedback
    files: tickets.csv
    sampling: convenience
    columns: {text: text, participant: contact}
  - id: log
    kind: events
    files: log.csv
    sampling: census
    columns: {participant: client, event: event, occurred_at: at}
"""
KEYS = """\
  - id: keys
    kind: keys
    files: keys.csv
    columns: {participant: contact, identifier: client}
"""
ROSTER = """\
  - id: crm
    kind: roster
    files: crm.csv
    columns: {participant: contact}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "raw" / "shop"
    folder.mkdir(parents=True)
    (folder / "tickets.csv").write_text("contact,text\nc1,Slow.\nC1,Slow again.\nc2,Late.\n")
    rows = "".join(f"g{n},view,2026-03-01 10:00\n" for n in range(4))
    (folder / "log.csv").write_text("client,event,at\n" + rows)
    (folder / "keys.csv").write_text("contact,client\nc1,g0\nc1,g1\n")
    (folder / "crm.csv").write_text("contact\nc1\nc2\n")
    monkeypatch.chdir(tmp_path)
    return folder


def check_lines(folder, *more):
    (folder / "study.yaml").write_text(STUDY + "".join(more))
    lines, n_problems = check.check_study("shop")
    return "\n".join(" ".join(line.split()) for line in lines), n_problems


def test_without_a_key_map_nobody_is_found_and_what_joins_them_is_said(project):
    told, n_problems = check_lines(project)
    assert "nobody in common: tickets (2) and log (4)." in told
    assert "a key map (`kind: keys`) joins them" in told
    assert n_problems == 0


def test_a_key_map_gives_a_rate_both_ways(project):
    told, _ = check_lines(project, KEYS)
    # Two devices are one person: three people are in the log.
    assert "1 of 2 in tickets (50%) are also in log, of 3 there (33%)" in told
    assert "participants with several identifiers, joined to all of them: 1" in told
    assert "2 pairs of ids" in told
    assert "4 ids in log are 3 people: " in told
    assert "nobody in common" not in told


def test_a_key_map_that_makes_two_people_of_a_roster_one_is_a_problem(project):
    (project / "keys.csv").write_text("contact,client\nc1,c2\n")
    told, n_problems = check_lines(project, KEYS, ROSTER)
    assert "join two of its people into one" in told
    assert n_problems == 1


def test_two_who_wrote_and_are_one_person_by_a_key_map_are_asked_about(project):
    (project / "keys.csv").write_text("contact,client\nc1,c2\n")
    told, n_problems = check_lines(project, KEYS)
    assert "? 2 ids in tickets are 1 person: a roster, a key map" in told
    assert n_problems == 0


def test_people_of_a_stage_are_counted_once_their_ids_are_joined(project):
    told, _ = check_lines(project, KEYS)
    # Four devices saw it, of three people.
    assert "See – 3" in told
