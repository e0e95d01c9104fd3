"""One well-formed file of every format that is read, and the source that reads it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import openpyxl

from cjm_research.config import Events, Observations, Roster, Source, Survey, Transcripts
from tests.readers import qda
from tests.readers.documents import MEET, OLDER_TEAMS, TEAMS, write_docx


@dataclass(frozen=True)
class Example:
    """A file by its name, its bytes, and what study.yaml says of it.

    `packed` files are containers: bytes inside their members are changed as well.
    """

    name: str
    content: bytes
    kind: type
    more: dict[str, Any] = field(default_factory=dict)
    packed: bool = False

    def source(self) -> Source:
        kinds = {
            Transcripts: "transcripts", Survey: "survey", Events: "events",
            Observations: "observations", Roster: "roster",
        }  # fmt: skip
        about = {
            "id": "s", "kind": kinds[self.kind], "files": [self.name], "sampling": "convenience",
        }  # fmt: skip
        source: Source = self.kind.model_validate(about | self.more)
        return source


TALK = {"interviewers": ["Ines Holm"]}
MACHINE = {"interviewers": ["SPEAKER_00"]}
VTT = """\
WEBVTT Kind: captions

NOTE nobody says this

STYLE
::cue { color: red }

a-guid/12-0
00:01.500 --> 00:04.000 align:start
<v Ines Holm>How &amp; when?</v>

1:00:00.000 --> 1:00:01.000
<v.loud Ana Weiß>By <i>phone</i>&nbsp;twice
and again
"""
SRT = """\
1
00:00:01,000 --> 00:00:02,000
Ines Holm: How?

2
00:00:02,500 --> 00:00:04,000
[Ana Weiß] By phone: twice.
"""
SBV = """\
0:00:01.000,0:00:04.000
>> Ines Holm: How?

0:00:04.500,0:00:06.000
Ana Weiß: By
phone.
"""
OTTER = """\
Ines Holm  0:04
How did you order?

Ana Weiß  1:02:11
By phone.

Twice.

Transcribed by https://otter.ai
"""
UNTIMED = "".join(
    f"{name}  \nwords {number}\n\n" for number, name in enumerate(["Ines Holm", "Ana Weiß"] * 2)
)
TEXT = """\
# Talk

## First part
**Ines Holm:** [00:01:00] How?
Ana Weiß (00:02:00): By phone: at 10:30.

[Second part]
[00:43.810 --> 00:47.850] Ana Weiß: twice
and again
"""
WHISPER = {
    "language": "en",
    "segments": [
        {"id": 0, "start": 0.0, "end": 1.5, "text": " How?", "speaker": "SPEAKER_00"},
        {
            "start": 1.5, "end": 3, "text": " By phone.", "no_speech_prob": 0.1,
            "avg_logprob": -0.2, "compression_ratio": 1.2, "speaker": "SPEAKER_01",
        },
    ],
}  # fmt: skip
TSV = "start\tend\ttext\n0\t1500\tHow?\n1500\t3000\tBy phone.\n"

QUALTRICS = '''\
StartDate,Status,IPAddress,ResponseId,RecipientEmail,Q1,Q2
Start Date,Response Type,IP Address,Response ID,Recipient Email,"What went ""wrong""
last time?",Would you recommend us?
"{""ImportId"":""startDate"",""timeZone"":""America/Denver""}","{""ImportId"":""status""}",\
"{""ImportId"":""ip""}","{""ImportId"":""_recordId""}","{""ImportId"":""mail""}",\
"{""ImportId"":""QID1_TEXT""}","{""ImportId"":""QID2""}"
2026-03-01 10:00:00,IP Address,10.0.0.1,R_1,m@example.org,"It was slow, ""very""",7
2026-03-01 11:00:00,Survey Preview,,R_2,,test,10
'''
MONKEY = """\
Respondent ID,Collector ID,Start Date,IP Address,What went wrong?,Which do you use?,
,,,,Open-Ended Response,Web,Other (please specify)
1,9,03/13/2026 10:00:00,10.0.0.1,slow,Web,phone
2,9,03/14/2026 10:00:00,10.0.0.1,fine,,
"""
TYPEFORM = """\
#,What went wrong?,Other,Other,Start Date (UTC),Submit Date (UTC),Network ID
t1,'+91 9999 was slow,a,b,2026-03-01 10:00,2026-03-01 10:05,abc
t2,fine,,,2026-03-01 10:00,2026-03-01 10:05,def
"""
ALCHEMER = """\
Time Started,Date Submitted,Status,Aspect #1:What is good?,How likely?
2026-03-01 10:00:00,2026-03-01 10:05:00,Complete,the price,9
2026-03-01 10:00:00,,Partial,,
"""
FORMS = """\
Timestamp,Email Address,What went wrong?
2026/01/31 3:04:05 PM,m@example.org,slow
"""
EVENTS = """\
id;what;when;where;worth
c1;search;2026-03-01T10:00:00Z;web;1.5
c1;pay;2026-03-01T11:00:00+02:00;web;
;pay;2026-03-01 11:00;app;x
"""
GA4 = {
    "event_timestamp": "1673780157003002",
    "event_name": "search",
    "event_params": [{"key": "ga_session_id", "value": {"int_value": "77"}}],
    "event_bundle_sequence_id": "5",
    "user_pseudo_id": "9.1",
    "device": {"category": "mobile"},
}
MIXPANEL = {
    "event": "search",
    "properties": {
        "time": 1623860880, "distinct_id": "d1", "$insert_id": "i1", "mp_processing_time_ms": 5,
    },
}  # fmt: skip
AMPLITUDE = {
    "event_type": "search",
    "event_time": "2020-01-25 17:00:00.123000",
    "amplitude_id": 75605632776,
    "session_id": -1,
    "uuid": "u1",
}
MATOMO = {
    "idVisit": "8",
    "visitorId": "abc",
    "deviceType": "Desktop",
    "actionDetails": [{"type": "action", "pageTitle": "search", "timestamp": 1720111385}],
}
XES = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <trace><string key="concept:name" value="c1"/>
    <event><string key="concept:name" value="search"/>
      <string key="lifecycle:transition" value="complete"/>
      <date key="time:timestamp" value="2026-03-01T10:00:00.5+02:00"/></event>
    <event><string key="concept:name" value="search"/>
      <string key="lifecycle:transition" value="start"/>
      <date key="time:timestamp" value="2026-03-01T09:00:00Z"/></event>
  </trace>
</log>
"""
LOG = """\
Code,Task,Success,Notes
K1,1,Y,went well
K1,2,N,never looks at it
"""
PEOPLE = """\
id,interview,name,email,consent
c1,P1,Ana Weiß,a@example.org,yes
c2,P2,Bo Lind,b@example.org,withdrawn
"""


def _lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def _zip(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in (["id", "why", "nps"], ["001", "It was slow", 9], [2, "=1+1", 4.5]):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _project() -> bytes:
    memo = qda.words(TEXT, "twice", note="ask again")
    coded = qda.words(TEXT, "By phone", qda.coding("phone"))
    points = [
        f'<SyncPoint guid="{qda.guid(at)}" position="{at}" timeStamp="{at}000"/>'
        for at in ("0", "40")
    ]
    talk = qda.text_source("script", *points, tag="Transcript")
    sources = [
        qda.text_source("t1.docx", coded, memo), qda.text_source("inside", content=OTTER),
        qda.element("AudioSource", talk, guid=qda.guid("audio"), name="talk.m4a"),
    ]  # fmt: skip
    texts = {"t1.docx": TEXT, "script": TEXT.replace("\n", "\r\n")}
    return qda.pack(qda.qde(*sources, codes=[qda.code("phone")]), texts)


def _survey(participant: str, *questions: tuple[str, str], **columns: str) -> dict[str, Any]:
    return {
        "columns": {"participant": participant} | columns,
        "questions": [
            {"id": f"q{number}", "kind": kind, "columns": [column]}
            for number, (column, kind) in enumerate(questions)
        ],
    }


@cache
def examples() -> dict[str, Example]:
    """Return an example of every format by its name."""
    alone = {"one_voice": True}
    why = ("why", "open"), ("nps", "nps")
    log = {"participant": "id", "event": "what", "occurred_at": "when", "value": "worth"}
    return {
        "WebVTT": Example("a.vtt", VTT.encode(), Transcripts, TALK),
        "SRT": Example("a.srt", SRT.encode(), Transcripts, TALK),
        "SBV": Example("a.sbv", SBV.encode(), Transcripts, TALK),
        "Otter": Example("a.txt", OTTER.encode(), Transcripts, TALK),
        "Otter without times": Example("a.txt", UNTIMED.encode(), Transcripts, TALK),
        "text": Example("a.txt", TEXT.encode(), Transcripts, TALK),
        "group": Example("a.txt", TEXT.encode(), Transcripts, TALK | {"participants": "speaker"}),
        "Whisper JSON": Example("a.json", json.dumps(WHISPER).encode(), Transcripts, MACHINE),
        "Whisper TSV": Example("a.tsv", TSV.encode(), Transcripts, alone),
        "Teams": Example("a.docx", write_docx(TEAMS), Transcripts, TALK, packed=True),
        "older Teams": Example("a.docx", write_docx(OLDER_TEAMS), Transcripts, TALK, packed=True),
        "Meet": Example("a.docx", write_docx(MEET), Transcripts, TALK, packed=True),
        "Qualtrics": Example(
            "a.csv", QUALTRICS.encode(), Survey,
            _survey("ResponseId", ("Q1", "open"), ("Q2", "nps"), submitted_at="StartDate"),
        ),
        "SurveyMonkey": Example(
            "a.csv", MONKEY.encode(), Survey,
            _survey("Respondent ID", ("What went wrong?", "open"), submitted_at="Start Date"),
        ),
        "Typeform": Example(
            "a.csv", TYPEFORM.encode(), Survey,
            _survey("#", ("What went wrong?", "open"), submitted_at="Submit Date (UTC)"),
        ),
        "Alchemer": Example(
            "a.csv", ALCHEMER.encode(), Survey,
            _survey("Time Started", ("Aspect #1:What is good?", "open"), ("How likely?", "nps"))
            | {"columns": {}},
        ),
        "Google Forms": Example(
            "a.csv", FORMS.encode(), Survey,
            _survey("Timestamp", ("What went wrong?", "open"), submitted_at="Timestamp"),
        ),
        "QDA project": Example("a.qdpx", _project(), Transcripts, TALK, packed=True),
        "survey workbook": Example("a.xlsx", _xlsx(), Survey, _survey("id", *why), packed=True),
        "event table": Example("a.csv", EVENTS.encode(), Events, {"columns": log}),
        "GA4": Example("a.jsonl", _lines(GA4, GA4), Events),
        "Mixpanel": Example("a.jsonl", _lines(MIXPANEL, MIXPANEL), Events),
        "Matomo": Example("a.json", json.dumps([MATOMO]).encode(), Events),
        "XES": Example("a.xes", XES.encode(), Events),
        "Amplitude": Example(
            "a.zip", _zip(a__json__gz=gzip.compress(_lines(AMPLITUDE))), Events, packed=True
        ),
        "usability log": Example(
            "a.csv", LOG.encode(), Observations,
            {
                "columns": {"participant": "Code", "item": "Task"},
                "outcomes": [
                    {"id": "done", "label": "Done", "rules": [
                        {"when": {"Success": "Y"}, "then": "success"},
                        {"when": {"Success": "N"}, "then": "failure"},
                    ]}
                ],
                "texts": [{"column": "Notes"}],
            },
        ),
        "roster": Example(
            "a.csv", PEOPLE.encode(), Roster,
            {
                "columns": {"participant": "id", "consent": "consent"},
                "identifiers": ["interview"], "names": ["name"], "contacts": ["email"],
            },
        ),
    }  # fmt: skip
