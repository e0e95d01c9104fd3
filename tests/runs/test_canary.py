import json
import logging
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from cjm_research.cli import main
from cjm_research.errors import CjmError
from cjm_research.reporting import making
from cjm_research.reporting.runs import run_study
from cjm_research.study import TABLES, open_study
from tests.leaks import find_tokens

# Every identifying field is a token of its own. "zq" begins no word of any language.
STUDY = """\
schema_version: 1
title: Why do people leave?
objective: Decide what to build.
journey:
  stages:
    - {id: see, name: See, events: [view], prompts: ["How did you hear of us?"]}
    - {id: buy, name: Buy, events: [pay], cues: [the basket, paying], completed_by: [kept]}
sources:
  - id: roster
    kind: roster
    files: roster.csv
    columns: {participant: customer, consent: consent}
    identifiers: [interview]
    names: [name, partner]
    contacts: [email, phone, handle]
    attributes: [plan]
  - id: talks
    kind: transcripts
    files: interviews/*
    sampling: purposive
    interviewers: [Zqines Zqinterviewer]
    observers: [Zqobserver]
    participant_pattern: (zqtalk\\d+)
  - id: survey
    kind: survey
    files: survey.csv
    sampling: random
    columns: {participant: customer, consent: consent}
    identifying: [email, full name]
    questions:
      - {id: nps, kind: nps, columns: nps}
      - {id: why, kind: open, columns: why, stage: buy, text: "What got in your way?"}
      - {id: town, kind: attribute, columns: town}
  - id: log
    kind: events
    files: events.csv
    sampling: census
    columns: {participant: customer, session: session, event: event, occurred_at: at,
      device: device, channel: channel}
audience_segments: [{id: device}, {id: plan}]
privacy: {names: [Zqboss Zqdeclared]}
"""

ROSTER = """\
customer,interview,name,partner,email,phone,handle,consent,plan
ZQC001,zqtalk1,Zqanna Zqberg,Zqpartner,zqmaila@zqhost.example,+44 7700 900717,@zqhandle1,yes,basic
ZQC002,zqtalk2,Zqcarl Zqdorn,,zqmailb@zqhost.example,07700 900828,,yes,plus
ZQC003,zqtalk3,Zqgone Zqaway,,zqmailc@zqhost.example,,,withdrawn,plus
"""

TALKS = {
    "zqtalk1.txt": """\
Zqines Zqinterviewer: Hello Zqanna, how did you hear of us?
Zqanna Zqberg: From Zqpartner. Zqanna Zqberg, that's me, mail zqmaila@zqhost.example.
Zqobserver: Zqanna looks tired.
Zqines Zqinterviewer: And the basket, Zqanna?
Zqanna Zqberg: Paying was awful, I couldn't find the button and Zqcarl had to call zqgone.
Zqanna Zqberg: Zqdeclared from the shop rang 07700 900 717, then my friend zqloose@zqfree.example.
""",
    "zqtalk2.vtt": """\
WEBVTT

00:00:01.000 --> 00:00:04.000
<v Zqines Zqinterviewer>So, Zqcarl, the basket?

00:00:05.000 --> 00:00:09.000
<v Zqcarl Zqdorn>The page for the basket was so slow that I gave up, and Zqberg too.

00:00:10.000 --> 00:00:14.000
<v Zqcarl Zqdorn>Ask zqc001 or (07700) 900 828, my order is ZQC002, @zqhandle1 knows.
""",
    "zqtalk3.txt": "Zqines Zqinterviewer: Hello.\nZqgone Zqaway: The zqsecretword page was slow.\n",
}

SURVEY = """\
customer,consent,email,full name,nps,why,town
ZQC001,yes,zqother1@zqmore.example,Zqanna Zqmarried,3,"Page so slow, Zqcarl and Zqmarried left",Ely
ZQC004,yes,zqother2@zqmore.example,Zqemil Zqfox,9,"My card was declined, Zqemil says.",York
ZQC005,no,zqother3@zqmore.example,Zqhal Zqivy,1,"I had to call Zqboss, zqother3@zqmore.example",
"""

EVENTS = """\
customer,session,event,at,device,channel
ZQC001,zqsess1,view,2026-03-01 10:00,phone,web
ZQC001,zqsess1,pay,2026-03-01 10:09,phone,web
ZQC001,zqsess1,kept,2026-03-03 10:09,phone,web
ZQC002,zqsess2,view,2026-03-01 11:00,laptop,app
ZQC003,zqsess3,view,2026-03-01 12:00,laptop,app
ZQC004,zqsess4,view,2026-03-01 12:00,phone,app
ZQC006,zqsess6,view,2026-03-01 12:00,phone,app
"""

CODES = "file,quote,code_group,code,note\ninterviews/zqtalk2.vtt,I gave up,stage,buy,\n"

TOKENS = [
    *[f"zqc00{n}" for n in (1, 2, 3, 4, 5, 6)], *[f"zqtalk{n}" for n in (1, 2, 3)],
    *[f"zqsess{n}" for n in (1, 2, 3, 4, 6)], *[f"zqother{n}" for n in (1, 2, 3)],
    "zqanna", "zqberg", "zqcarl", "zqdorn", "zqgone", "zqaway", "zqpartner", "zqmaila",
    "zqmailb", "zqmailc", "zqhost", "zqmore", "zqhandle1", "zqines", "zqinterviewer",
    "zqobserver", "zqloose", "zqfree", "zqsecretword", "zqmarried", "zqemil", "zqfox", "zqhal",
    "zqivy", "zqboss", "zqdeclared", "900717", "900 717", "900828", "900 828",
]  # fmt: skip

SHOW = """\
import cjm_research as cjm
from cjm_research.display import show_figure, show_quotes, show_table
this = cjm.open_study(study, run_folder=run_folder)
show_quotes(this.quotes)"""
TABLE = "show_table(this.{0}, caption='{0}')"
FIGURE = """\
show_figure(this.plot_funnel(), alt='who left')
show_figure(this.plot_journey_map(), alt='the map')"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, notebook):
    base = tmp_path_factory.mktemp("canary")
    root = base / "project"
    folder = root / "data" / "raw" / "people"
    (folder / "interviews").mkdir(parents=True)
    (folder / "codes").mkdir()
    for name, text in {
        "study.yaml": STUDY, "roster.csv": ROSTER, "survey.csv": SURVEY, "events.csv": EVENTS,
        "codes/coder1.csv": CODES, **{f"interviews/{name}": text for name, text in TALKS.items()},
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    notebook(
        root / "notebooks" / "01_everything.ipynb",
        SHOW,
        FIGURE,
        *[TABLE.format(name) for name in TABLES],
        "display(this.documents, this.excerpts, this.participants)",
        "print(this, this.codes.to_string())",
        "print('chapter complete')",
    )
    kept = base / "executed"
    kept.mkdir()
    render = making.render_chapter

    def keep_and_render(path):
        shutil.copy(path, kept / path.name)
        return render(path)

    log = base / "log.txt"
    handler = logging.FileHandler(log)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CJM_VAULT", str(base / "vault"))
            patch.chdir(root)
            patch.setattr(making, "render_chapter", keep_and_render)
            done = CliRunner().invoke(main, ["run", "people", "--json"], catch_exceptions=False)
    finally:
        logging.getLogger().setLevel(level)
        logging.getLogger().removeHandler(handler)
        handler.close()
    (base / "stdout.txt").write_text(done.stdout)
    (base / "stderr.txt").write_text(done.stderr)
    assert done.exit_code == 0, done.output
    return base


def tokens_in(*places):
    return find_tokens(TOKENS, *places)


def test_every_token_is_planted_and_the_search_finds_it(made, tmp_path):
    planted = tokens_in(made / "project" / "data" / "raw")
    assert {token for hits in planted.values() for token in hits} == set(TOKENS)
    frame = pd.DataFrame({"a": ["x", "Zqanna"] * 50})
    frame.to_parquet(tmp_path / "hidden.parquet", compression="zstd")
    assert tokens_in(tmp_path) == {(tmp_path / "hidden.parquet").as_posix(): ["zqanna"]}


def test_the_run_made_all_that_is_searched(made):
    project = made / "project"
    names = [path.name for path in project.rglob("*") if "raw" not in path.parts]
    assert {"index.html", "manifest.json", "documents.parquet", "codes.parquet"} <= set(names)
    executed = (made / "executed" / "01_everything.ipynb").read_text()
    assert "image/png" in executed
    assert "[name]" in executed
    pages = "".join(path.read_text() for path in (project / "reports").rglob("*.html"))
    assert "so slow that I gave up" in pages
    assert "[name]" in pages


@pytest.mark.parametrize(
    "place",
    [
        "project/reports",
        "project/data/processed",
        "executed",
        "stdout.txt",
        "stderr.txt",
        "log.txt",
    ],
)
def test_no_token_is_in_anything_that_a_good_run_made(made, place):
    assert tokens_in(made / place) == {}


def test_the_key_lies_in_the_vault_only(made):
    held = {token for hits in tokens_in(made / "vault").values() for token in hits}
    assert {"zqc001", "zqc002", "zqc004", "zqc005", "zqc006"} <= held


def test_who_withdrew_is_in_no_table(made, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(made / "vault"))
    monkeypatch.chdir(made / "project")
    study = open_study("people")
    assert len(study.participants) == 5
    assert set(study.events["participant_id"]) <= set(study.participants["participant_id"])
    assert len(study.documents.query("source == 'talks'")) == 2


def test_who_gave_no_consent_is_not_quoted(made, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(made / "vault"))
    monkeypatch.chdir(made / "project")
    study = open_study("people")
    silent = study.participants.query("consent == 'no_quote'")["participant_id"]
    assert len(silent) == 2
    assert len(study.quotes)
    assert not set(silent) & set(study.quotes["participant_id"])


BREAK = {
    "the notebook raises a name": None,
    "ids repeat": ("survey.csv", SURVEY.replace("ZQC004", "ZQC001")),
    "a transcript is empty": ("interviews/zqtalk1.txt", ""),
    "two speakers": ("interviews/zqtalk2.vtt", TALKS["zqtalk2.vtt"] + "\n00:01:00.000 --> "
                     "00:01:04.000\n<v Zqemil>Hello, I am here too.\n"),
    "a consent that is not declared": ("survey.csv", SURVEY.replace(",no,", ",zqemil,")),
    "times that cannot be read": ("events.csv", EVENTS.replace("2026-03-01 12:00", "zqsess6")),
    "a column is missing": ("roster.csv", ROSTER.replace("partner", "Zqpartner", 1)),
    "a stage that is not one": ("codes/coder1.csv", CODES.replace("stage,buy", "stage,zqanna")),
    "a study file that cannot be read": ("study.yaml", STUDY.replace("title:", "zqanna:")),
}  # fmt: skip


@pytest.mark.parametrize("kind", BREAK)
def test_no_token_is_in_anything_that_a_failed_run_made(
    made, tmp_path, monkeypatch, kind, notebook
):
    root = tmp_path / "project"
    shutil.copytree(made / "project", root, symlinks=True)
    shutil.copytree(made / "vault", tmp_path / "vault")
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    monkeypatch.chdir(root)
    if BREAK[kind]:
        file, text = BREAK[kind]
        assert text != (root / "data" / "raw" / "people" / file).read_text()
        (root / "data" / "raw" / "people" / file).write_text(text)
    else:
        cell = "print('Zqanna'); raise ValueError('Zqanna Zqberg told me')"
        notebook(root / "notebooks" / "01_everything.ipynb", cell, "print('chapter complete')")
    with pytest.raises(CjmError):
        run_study("people")
    (failed,) = (root / "reports" / "people").glob("*-failed")
    assert json.loads((failed / "run.json").read_text())["status"] == "failed"
    assert tokens_in(root / "reports", root / "data" / "processed") == {}
