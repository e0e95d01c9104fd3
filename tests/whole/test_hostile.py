"""Stored attacks in every text field of every kind of source: they stay text, to the last page.

One study holds the whole corpus wherever a participant, a colleague or a file may write: words of
txt, vtt, srt, sbv and docx interviews, of Otter and Whisper, names in a group, answers and headers
of csv and xlsx surveys and of Qualtrics, tickets with their channels, events and their properties,
also of GA4, notes of a usability test, the roster, a CRM, people's codes and memos, findings, and
all labels of study.yaml.
Its report is read by two HTML parsers and by a browser.
"""

import csv
import html
import json
import shutil
from urllib.parse import urlsplit

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

from cjm_research.reporting.runs import run_study
from tests.payloads import PAYLOADS
from tests.readers.documents import write_docx
from tests.whole.conftest import ROOT

ALL = " ".join(PAYLOADS)
LONG = "x" * 1_000_000
ATTACK = ("script", "iframe", "object", "embed", "base", "form", "frame", "applet", "portal")
OWN_SCRIPT_TYPES = (None, "application/json")


TROUBLE = [
    "I had to register before I could read {} at all.",
    "The fee for {} appeared only at the very end.",
    "They promised me {} and never kept their word.",
    "I don't trust a shop that shows me {} like that.",
    "There are far too many kinds of {} to choose from.",
    "Nobody explained what {} means, it was confusing.",
    "The form refused my address because of {} again and again.",
    "I could not find the page for {} in that menu.",
    "It crashed with {} and showed an error.",
    "Waiting for {} to load was terribly slow.",
    "The parcel with {} came two weeks late.",
    "Support never answered my mail about {}.",
    "Sending {} back took me three letters.",
    "My card was declined when I paid for {}.",
    "The picture of {} looked nothing like what came.",
    "There is no way to export {}, which is missing.",
    "It took an endless number of clicks to get {}.",
    "It is so hard to learn what {} does.",
    "I lost all my work when {} came up.",
]


def say(number, offset=0):
    """Return words of trouble that hold one payload, which no rule of masking changes."""
    return TROUBLE[(number + offset) % len(TROUBLE)].format(PAYLOADS[number % len(PAYLOADS)])


def write_csv(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])


def write_study(folder):
    """Write the study."""
    (folder / "talks").mkdir(parents=True)
    (folder / "codes").mkdir()
    for number in range(len(PAYLOADS)):
        words = say(number)
        kind = ("txt", "vtt", "srt")[number % 3]
        asked = f"How was it with {PAYLOADS[number]}?"
        path = folder / "talks" / f"t{number:02d}.{kind}"
        if kind == "txt":
            text = f"Ina: {asked}\nMara {number}: {words}\n"
        elif kind == "vtt":
            text = (
                "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n"
                f"<v Ina>{html.escape(asked, quote=False)}\n\n"
                f"00:00:03.000 --> 00:00:04.000\n<v Mara>{html.escape(words, quote=False)}\n"
            )
        else:
            text = (
                f"1\n00:00:01,000 --> 00:00:02,000\nIna: {asked}\n\n"
                f"2\n00:00:03,000 --> 00:00:04,000\nMara: {words}\n"
            )
        path.write_text(text, "utf-8")
    people = [f"c{number:02d}" for number in range(len(PAYLOADS))]
    header = ["id", f"why {ALL}", "plan", "nps", "other"]
    surveys = {
        offset: [
            [person, say(number, offset), PAYLOADS[number], number % 11, f"{PAYLOADS[number]} 1"]
            for number, person in enumerate(people)
        ]
        for offset in (5, 9)
    }
    write_csv(folder / "survey.csv", header, surveys[5])
    pd.DataFrame(surveys[9], columns=header).to_excel(folder / "survey.xlsx", index=False)
    log = []
    for number, person in enumerate(people):
        payload = PAYLOADS[number]
        log.append([person, payload, "view", f"2026-03-01 10:{number:02d}", payload, payload])
        if number % 2:
            log.append([person, payload, payload, f"2026-03-01 11:{number:02d}", payload, payload])
        if number % 3:
            log.append([person, payload, "pay", f"2026-03-01 12:{number:02d}", payload, payload])
    columns = ["id", "session", "event", "at", "channel", "device"]
    write_csv(folder / "log.csv", columns, log)
    pd.DataFrame(log, columns=columns).to_parquet(folder / "log.parquet")
    tests = [
        [f"n{number:02d}", payload, ("see", "buy")[number % 2], "YN"[number % 2], say(number, 13)]
        for number, payload in enumerate(PAYLOADS)
    ]
    write_csv(folder / "test.csv", ["name", "task", "part", "done", f"note {ALL}"], tests)
    write_csv(
        folder / "roster.csv",
        ["id", "name", "consent", "region"],
        [
            [person, f"Zed {number}", "yes", PAYLOADS[number]]
            for number, person in enumerate(people)
        ],
    )
    write_csv(
        folder / "codes" / "ana.csv",
        ["file", "quote", "code_group", "code", "strength", "note"],
        [
            [f"talks/t{number:02d}.txt", say(number), "pain_point", "slow", "1", PAYLOADS[number]]
            for number in range(0, len(PAYLOADS), 3)
        ]
        + [["talks/t00.txt", say(0), "pain_point", f"odd {PAYLOADS[0]}", "1", ALL]],
    )
    write_exports(folder)
    (folder / "study.yaml").write_text(yaml.safe_dump(configure()), "utf-8")
    findings = {
        "verdicts": [{"stage": "buy", "verdict": "sources agree", "by": ALL, "note": ALL}],
        "findings": [
            {
                "id": "F1", "headline": ALL, "interpretation": ALL, "recommendation": ALL,
                "by": ALL, "status": "reviewed", "reviewed_by": ALL,
                "evidence": [
                    {"table": "funnel", "where": {"stage": "see"}, "column": "n_entered"},
                ],
            },
        ],
    }  # fmt: skip
    (folder / "findings.yaml").write_text(yaml.safe_dump(findings), "utf-8")


def write_exports(folder):
    """Write what programs export, with payloads wherever others write."""
    (folder / "exports").mkdir()
    for number, payload in enumerate(PAYLOADS):
        asked, words = f"How was it with {payload}?", say(number, 3)
        path = folder / "exports" / f"e{number:02d}"
        if number % 4 == 0:
            turns = [f"Ina   0:04\n{asked}", f"Mara   0:09\n{words}", f"{payload} stopped"]
            path.with_suffix(".docx").write_bytes(write_docx(turns))
        elif number % 4 == 1:
            path.with_suffix(".txt").write_text(f"Ina  0:04\n{asked}\n\nMara  0:09\n{words}\n")
        elif number % 4 == 2:
            segments = [
                {"start": 0, "text": asked, "speaker": "Ina"},
                {"start": 4, "text": words, "speaker": "Mara"},
            ]
            path.with_suffix(".json").write_text(json.dumps({"segments": segments}))
        else:
            path.with_suffix(".sbv").write_text(
                f"0:00:01.000,0:00:02.000\nIna: {asked}\n\n0:00:03.000,0:00:04.000\nMara: {words}\n"
            )
    # A name is masked in everybody's words: the corpus itself would be gone from all quotes.
    group = [
        f"<u onclick=zap()>Zed{number}</u>  0:{number:02d}\n{say(number, 7)}\n"
        for number in range(len(PAYLOADS))
    ]
    (folder / "group.txt").write_text("Ina  0:00\nWell?\n\n" + "\n".join(group))
    answers = [[f"q{number:02d}", say(number, 11)] for number in range(len(PAYLOADS))]
    marks = ['{"ImportId":"_recordId"}', '{"ImportId":"QID1_TEXT"}']
    write_csv(folder / "qualtrics.csv", ["ResponseId", "Q1"], [["id", ALL], marks, *answers])
    tickets = [
        [f"f{number:02d}", payload, say(number, 15), payload, payload, number % 5 + 1]
        for number, payload in enumerate(PAYLOADS)
    ]
    header = ["id", "title", "text", "channel", "touchpoint", "stars"]
    write_csv(folder / "tickets.csv", header, tickets)
    write_csv(folder / "deals.csv", ["id", "step", "worth"], [["c01", ALL, "5"], ["c02", "", "x"]])
    write_csv(folder / "keys.csv", ["a", "b"], [[ALL, "c01"], ["c02", PAYLOADS[0]]])
    events = [
        {
            "event_name": payload, "event_timestamp": str(1772366400000000 + number * 10**6),
            "user_pseudo_id": f"c{number:02d}", "platform": payload,
            "device": {"category": payload},
            "event_params": [
                {"key": "page_location", "value": {"string_value": f"/pay/{payload}"}},
                {"key": "ga_session_id", "value": {"string_value": payload}},
            ],
        }
        for number, payload in enumerate(PAYLOADS)
    ]  # fmt: skip
    (folder / "ga4.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def configure_exports():
    common = {"sampling": "purposive", "consent": "quote", "masking_reviewed": "all"}
    talks = {"kind": "transcripts", "interviewers": ["Ina"]} | common
    return [
        {"id": "exports", "files": "exports/*", "participant_pattern": r"(e\d+)", **talks},
        {"id": "group", "files": "group.txt", "participants": "speaker", **talks},
        {
            "id": "qualtrics", "kind": "survey", "files": "qualtrics.csv", **common,
            "columns": {"participant": "ResponseId"},
            "questions": [{"id": "q1", "kind": "open", "columns": "Q1", "stage": "buy"}],
        },
        {
            "id": "tickets", "kind": "feedback", "files": "tickets.csv", "label": ALL, **common,
            "columns": {
                "participant": "id", "text": "text", "title": "title", "channel": "channel",
                "touchpoint": "touchpoint", "rating": "stars",
            },
            "channel": ALL,
        },
        {
            "id": "deals", "kind": "roster", "files": "deals.csv", "label": ALL,
            "columns": {"participant": "id", "lifecycle": "step", "value": "worth"},
        },
        {
            "id": "keys", "kind": "keys", "files": "keys.csv", "label": ALL,
            "columns": {"participant": "a", "identifier": "b"},
        },
        {
            "id": "ga4", "kind": "events", "files": "ga4.jsonl", "sampling": "census",
            "pages": {"/pay*": "buy"},
        },
    ]  # fmt: skip


def configure():
    survey = {
        "sampling": "random", "consent": "quote", "masking_reviewed": "all",
        "recruitment": ALL, "sampling_note": ALL,
        "columns": {"participant": "id"},
        "questions": [
            {"id": "why", "kind": "open", "columns": f"why {ALL}", "stage": "buy", "text": ALL},
            {"id": "nps", "kind": "nps", "columns": "nps", "text": ALL},
            {"id": "plan", "kind": "attribute", "columns": "plan"},
        ],
    }  # fmt: skip
    log = {
        "kind": "events", "sampling": "census",
        "columns": {
            "participant": "id", "session": "session", "event": "event", "occurred_at": "at",
            "channel": "channel", "device": "device",
        },
    }  # fmt: skip
    return {
        "schema_version": 1,
        "title": ALL,
        "objective": f"{ALL} {LONG}",
        "questions": [ALL],
        "assumptions": [{"claim": ALL, "owner": ALL}],
        "coding": {"scores": "rules"},
        "report": {"quotes_per_stage": 20, "pain_points_per_stage": 20},
        "journey": {
            "stages": [
                {
                    "id": "see", "name": f"See {ALL}", "definition": ALL, "owner": ALL,
                    "events": ["view"], "prompts": [ALL], "cues": [ALL],
                    "touchpoints": [{"name": ALL, "channel": ALL, "owner": ALL}],
                },
                {"id": "buy", "name": f"Buy {ALL}", "events": ["pay"], "prompts": ["How was it"]},
            ]
        },
        "sources": [
            {
                "id": "talks", "kind": "transcripts", "files": "talks/*", "label": ALL,
                "sampling": "purposive", "consent": "quote", "masking_reviewed": "all",
                "interviewers": ["Ina"], "participant_pattern": r"(t\d+)",
            },
            {"id": "survey_csv", "kind": "survey", "files": "survey.csv", "label": ALL, **survey},
            {"id": "survey_xlsx", "kind": "survey", "files": "survey.xlsx", **survey},
            {"id": "log", "files": "log.csv", "label": ALL, **log},
            {"id": "log_parquet", "files": "log.parquet", **log},
            {
                "id": "test", "kind": "observations", "files": "test.csv", "label": ALL,
                "sampling": "convenience", "consent": "quote", "masking_reviewed": "all",
                "columns": {"participant": "name", "item": "task", "stage": "part"},
                "outcomes": [
                    {
                        "id": "done", "label": ALL,
                        "rules": [
                            {"when": {"done": "Y"}, "then": "success"},
                            {"when": {"done": "N"}, "then": "failure"},
                        ],
                    }
                ],
                "texts": [{"column": f"note {ALL}", "prompt": ALL}],
            },
            {
                "id": "roster", "kind": "roster", "files": "roster.csv",
                "columns": {"participant": "id", "consent": "consent"},
                "names": ["name"], "attributes": ["region"],
            },
            *configure_exports(),
        ],
        "kpis": [{"name": ALL, "measure": "drop_off", "stage": "see", "target": 0.2}],
        "audience_segments": [{"id": "device", "label": ALL}, {"id": "region", "label": ALL}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    project = tmp_path_factory.mktemp("hostile")
    folder = project / "data" / "raw" / "hostile"
    write_study(folder)
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    with pytest.MonkeyPatch.context() as patcher:
        patcher.chdir(project)
        patcher.setenv("CJM_VAULT", str(project / "vault"))
        run = run_study("hostile")
        first = set(project.rglob("*.html"))
        # A run that fails leaves a page as well.
        (folder / "log.csv").unlink()
        with pytest.raises(Exception, match="log"):
            run_study("hostile")
    pages = sorted(
        path
        for path in {*first, *project.rglob("*.html")}
        if "latest" not in path.parts and path.is_file()
    )
    assert any("-failed" in str(path) for path in pages)
    yield project, run, pages


@pytest.mark.parametrize("parser", ["html.parser", "lxml"])
def test_no_attack_is_alive_in_the_parsed_pages(hostile, parser):
    _, _, pages = hostile
    for path in pages:
        raw = path.read_text("utf-8")
        assert "\0" not in raw and "\u202e" not in raw
        page = BeautifulSoup(raw, parser)
        policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        for tag in page.find_all(True):
            where = (path.name, str(tag)[:200])
            if tag.name == "script":
                assert tag.get("type") in OWN_SCRIPT_TYPES and not tag.get("src"), where
                if tag.get("type") is None:
                    assert "alert(1)" not in tag.text, where
                    assert "sha256-" in policy, where
                continue
            if tag.name == "form":
                assert not tag.get("action"), where
            else:
                assert tag.name not in ATTACK, where
            if tag.name == "meta":
                assert tag.get("http-equiv") in (None, "Content-Security-Policy"), where
            for name, value in tag.attrs.items():
                assert not name.lower().startswith("on") and name != "srcdoc", where
                if name in ("href", "src", "xlink:href", "action", "formaction", "data"):
                    scheme = urlsplit(str(value).strip()).scheme.lower()
                    assert scheme in ("", "data"), where
                    if scheme == "data":
                        assert str(value) == "data:," or str(value).startswith("data:image/png;")


def test_quotes_stand_on_the_pages_word_for_word(hostile):
    _, run, _ = hostile
    shown = {
        quote.get_text(strip=True)
        for path in run.run_dir.glob("*.html")
        for quote in BeautifulSoup(path.read_text("utf-8"), "lxml").select("blockquote.quote p")
    }
    chosen = {text.strip() for text in run.study.quotes["text"]}
    assert chosen - shown == set()
    # What holds "!" is split into sentences there, and one may not be chosen.
    assert sum(any(payload in text for text in chosen) for payload in PAYLOADS) >= 16
    for text in shown:
        assert "&lt;" not in text, "escaped twice"


@pytest.mark.browser
def test_no_attack_is_alive_in_the_browser(hostile, browser):
    _, _, pages = hostile
    for path in pages:
        page = browser.new_page()
        dialogs, requests, console = [], [], []
        page.on("dialog", lambda dialog, to=dialogs: (to.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request, to=requests: to.append(request.url))
        page.on("console", lambda message, to=console: to.append(message.text))
        page.on("pageerror", lambda error, to=console: to.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_load_state("networkidle")
        page.mouse.move(400, 300)
        assert not dialogs, path.name
        assert not [url for url in requests if url != path.as_uri() and url[:5] != "data:"]
        assert not console, path.name
        assert page.evaluate("() => getComputedStyle(document.body).display") != "none"
        page.close()
