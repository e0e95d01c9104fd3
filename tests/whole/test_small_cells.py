"""Nobody learns from a report what became of one of a few people who were heard.

Eight people are interviewed, and known to a reader by alias. Some of them leave. Whoever of them
it is, and whether it is one, two or three, every file of the report must say the same: then no
page, table or picture can tell.
"""

import re
import shutil
import zipfile
from io import BytesIO
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from cjm_research.reporting.runs import run_study
from cjm_research.study import open_study
from tests.whole.conftest import ROOT

STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: Seeing, events: [seen], prompts: ["How did you find it?"]}
    - {id: buy, name: Buying, events: [form], completed_by: [paid], prompts: ["How was buying?"]}
sources:
  - id: roster
    kind: roster
    files: roster.csv
    columns: {participant: person, consent: consent}
    identifiers: [talk]
    names: [name]
  - id: talks
    kind: transcripts
    label: Interviews
    files: talks/*.txt
    sampling: purposive
    interviewers: [Ina]
    masking_reviewed: all
    collected: {from: 2026-03-20, to: 2026-03-25}
  - id: log
    kind: events
    files: log.csv
    label: Shop log
    sampling: census
    columns: {participant: person, event: event, occurred_at: time}
coding: {scores: rules}
integration: {smallest_cell: 5}
privacy: {synthetic: true}
"""
HEARD = [f"a{n}" for n in range(8)]
SILENT = "a7"
TELLERS = ("a0", "a1", "a2", "a3", "a4", "a5", SILENT)
PAIN = "The form was so slow that I nearly gave up."


def write_study(folder, lost):
    """Sixty people see and come to buy; twenty of them leave there, `lost` of those heard."""
    (folder / "talks").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    people = [f"a{n}" for n in range(60)]
    leavers = {*lost, *people[20 : 40 - len(lost)]}
    log = ["person,event,time"]
    for who in people:
        log += [f"{who},seen,2026-03-01T10:00:00Z", f"{who},form,2026-03-02T10:00:00Z"]
        # The same number of events for everybody: only what the last one was tells them apart.
        log.append(f"{who},{'seen' if who in leavers else 'paid'},2026-03-03T10:00:00Z")
    (folder / "log.csv").write_text("\n".join(log) + "\n")
    roster = ["person,talk,name,consent"]
    for n, who in enumerate(HEARD):
        roster.append(f"{who},t{n},Person{n},{'no' if who == SILENT else 'yes'}")
        said = PAIN if who in TELLERS else "It was easy and quick."
        (folder / "talks" / f"t{n}.txt").write_text(
            f"Ina: How did you find it?\nPerson{n}: I saw it on a poster.\n"
            f"Ina: How was buying?\nPerson{n}: {said}\n"
        )
    (folder / "roster.csv").write_text("\n".join(roster) + "\n")
    (folder / "codes").mkdir()
    coded = [f"talks/t{HEARD.index(who)}.txt,{PAIN},pain_point,slow" for who in TELLERS]
    (folder / "codes" / "eva.csv").write_text(
        "\n".join(["file,quote,code_group,code", *coded]) + "\n"
    )


def publish(root, lost, patcher):
    write_study(root / "data" / "raw" / "few", lost)
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "05_words_and_numbers.ipynb", root / "notebooks")
    patcher.chdir(root)
    patcher.setenv("CJM_VAULT", str(root / "vault"))
    run = run_study("few")
    tables = open_study("few")
    links = tables.links.query("source == 'talks' and stage == 'buy'").iloc[0]
    causes = tables.causes.query("stage == 'buy'")
    return SimpleNamespace(folder=run.run_dir, links=links, causes=causes)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Nobody matters but who left: one who told, the one who did not, three of those heard."""
    made = {}
    with pytest.MonkeyPatch.context() as patcher:
        for name, lost in (("teller", ["a2"]), ("quiet", ["a6"]), ("three", ["a0", "a2", SILENT])):
            made[name] = publish(tmp_path_factory.mktemp(name), lost, patcher)
    return made


def say_all(folder):
    """Return what every published file says, by name; but for the hashes of input and run."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).as_posix()
        if path.is_dir() or path.name in ("manifest.json", "run.json"):
            continue
        content = path.read_bytes()
        if path.suffix in (".zip", ".xlsx", ".pptx"):
            with zipfile.ZipFile(BytesIO(content)) as archive:
                found |= {f"{inner}/{part}": archive.read(part) for part in archive.namelist()}
        else:
            found[inner] = content
    return found


def test_the_study_itself_keeps_the_counts(runs):
    assert runs["teller"].links["n_told_left"] == 1
    assert runs["quiet"].links["n_quiet_left"] == 1
    assert runs["three"].links["n_left"] == 3
    assert runs["teller"].causes["n_told_left"].tolist() == [1.0]
    assert runs["quiet"].causes["n_others_left"].tolist() == [1.0]


@pytest.mark.parametrize("other", ["quiet", "three"])
def test_no_file_of_a_report_tells_who_or_how_many_of_a_few_left(runs, other):
    mine, theirs = say_all(runs["teller"].folder), say_all(runs[other].folder)
    assert mine.keys() == theirs.keys()
    assert {"index.html", "stage-buy.html", "report.html"} <= mine.keys()
    assert any(name.endswith("/causes.csv") for name in mine)
    versions = {
        re.search(rb'name="cjm-version" content="(\w+)"', pages["index.html"]).group(1)
        for pages in (mine, theirs)
    }
    differing = {}
    for name in mine:
        sides = [mine[name], theirs[name]]
        for version in versions:
            sides = [side.replace(version, b"VERSION") for side in sides]
        if sides[0] != sides[1]:
            differing[name] = sides
    assert not differing, {
        name: [line for line in a.split(b"\n") if line not in b.split(b"\n")][:3]
        for name, (a, b) in differing.items()
    }


def test_it_is_said_that_something_is_not_shown_in_good_english(runs):
    page = BeautifulSoup(
        (runs["teller"].folder / "stage-buy.html").read_text("utf-8"), "html.parser"
    )
    words = " ".join(page.get_text(" ").split())
    assert "an undisclosed number of 8 (Interviews) left here." in words
    assert "a group of fewer than 5 would stand out" in words
    assert "7 of 8" in words  # how many told it is no secret


def test_who_may_not_be_quoted_is_counted_and_not_listed(runs):
    folder = runs["teller"].folder
    page = BeautifulSoup((folder / "stage-buy.html").read_text("utf-8"), "html.parser")
    rows = page.select("tr[id^=person-]")
    assert len(rows) == 7
    section = page.find("h2", id="people").find_parent("section")
    assert "And 1 person who may not be quoted: counted, but not listed." in section.get_text()
    front = (folder / "index.html").read_text("utf-8")
    assert "1 person who may not be quoted" in front
    people = {row["id"].removeprefix("person-") for row in rows}
    aliases = set(re.findall(r"person-([A-Z]\d+)", front))
    assert aliases <= people and aliases
