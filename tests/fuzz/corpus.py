"""One well-formed file of every format that is read, and the source that reads it."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import zipfile
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cjm_research.config import (
    Campaign,
    Events,
    Feedback,
    FunnelReport,
    Keys,
    Observations,
    Roster,
    Source,
    Survey,
    Transcripts,
)
from tests.readers import qda
from tests.readers.documents import MEET, OLDER_TEAMS, TEAMS, write_docx
from tests.readers.feeds import make_row, pack_tar, pack_zip, write_feed


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
            Observations: "observations", Roster: "roster", Feedback: "feedback", Keys: "keys",
            FunnelReport: "funnel_report", Campaign: "campaign",
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
CAPTIONS = """\
[Ines Holm] 10:02:11
How did you order?

[Ana Weiß] 10:02:15
By phone.
"""
TURNS = """\
Start;Speaker;Text
0:04;Ines Holm;How?
00:00:11.5;Ana Weiß;"By phone; ""twice""."
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
HOTJAR = """\
Number,User,Date Submitted,Country,Source URL,Device,Browser,OS,What is missing?,Recommend us?
1,a1b2,2026-03-01 10:00:00,Norway,/cart,desktop,Firefox,Linux,the price of sending,7
2,c3d4,2026-03-02 10:00:00,Spain,/cart,phone,Chrome,Android,nothing at all here,9
"""
EVENTS = """\
id;what;when;where;worth
c1;search;2026-03-01T10:00:00Z;web;1.5
c1;pay;2026-03-01T11:00:00+02:00;web;
;pay;2026-03-01 11:00;app;x
"""
EPOCH = """\
user_id,event_name,event_time,worth
c1,search,1772359200,
c1,pay,1772359260.5,2
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
SEGMENT = {
    "type": "track",
    "event": "search",
    "messageId": "m1",
    "anonymousId": "a1",
    "timestamp": "2023-01-15T10:55:57.003Z",
}
FEED = write_feed(
    make_row(post_event_list="1,100,200=4.5", post_product_list=";Socks^;;2;9.5"),
    make_row(post_pagename="a\\\tb", post_page_event="100", hitid_low="2"),
)
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
_METRICS = ("activeUsers", "funnelStepCompletionRate", "funnelStepAbandonments",
            "funnelStepAbandonmentRate")  # fmt: skip


def make_ga4_funnel(*rows: tuple[str, ...], dimensions: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a funnel report of GA4's Data API; a row is its dimensions, then four metrics."""
    n = 1 + len(dimensions)
    return {
        "funnelTable": {
            "dimensionHeaders": [{"name": name} for name in ("funnelStepName", *dimensions)],
            "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in _METRICS * 2],
            "rows": [
                {
                    "dimensionValues": [{"value": value} for value in row[:n]],
                    "metricValues": [{"value": value} for value in row[n:]],
                }
                for row in rows
            ],
        },
        "kind": "analyticsData#runFunnelReport",
    }


GA4_FUNNEL = make_ga4_funnel(
    ("1. Search", "RESERVED_TOTAL", "1000", "0.412", "588", "0.588"),
    ("1. Search", "mobile", "600", "0.4", "360", "0.6"),
    ("2. Pay", "RESERVED_TOTAL", "412", "0", "0", "0"),
    ("2. Pay", "mobile", "240", "0", "0", "0"),
    dimensions=("deviceCategory",),
)
GA4_EXPLORATION = """\
# ----------------------------------------
# A shop
# Funnel exploration-Funnel 1
# 20260723-20260922
# ----------------------------------------

Step,Active users (% of Step 1),Completion rate,Abandonments,Abandonment rate
1. Search,1000,0.412,588,0.588
2. Pay,412,,,
,1412,0.412,588,0.588,Grand total
"""
FALLOUT = """\
# Report suite: shop
# Date: March 2026

Touchpoint,People,% Continued
All,1000,50%
Cart,500,60%
Pay,300,
"""
HOTJAR_FUNNEL = "Step name,Sessions,Conversion rate\nCart,500,60%\nPay,300,\n"
FUNNEL = "what;how many;device\nSearch;1,000;phone\nPay;412;phone\nSearch;20;web\nPay;7;web\n"

MAILCHIMP = """\
Title,Subject,Send Date,Total Recipients,Successful Deliveries,Unique Opens,Open Rate,Unique Clicks
Welcome,Hello,2026-03-01 10:00,"1,000",990,400,40.4%,50
Welcome,Hello,2026-03-05 10:00,100,90,40,44.4%,4
Reminder,Still there?,2026-03-09 10:00,50,50,10,20%,0
"""
GOOGLE_ADS = """\
Campaign report
March 2026
Campaign,Day,Impr.,Clicks,Cost,Conversions
Brand,2026-03-01,100,10,12.50,1.33
Brand,2026-03-02,300,30,€37.50,2
Total: Campaigns, --,400,40,50.00,3.33
"""
META_ADS = """\
Reporting starts,Reporting ends,Campaign name,Results,Amount spent (USD),Impressions,Link clicks
2026-03-01,2026-03-31,Spring,12,"1,204.50",90000,450
"""
CAMPAIGN = "when;mails;read\n01.03.2026;10;5\n03.03.2026;20;4\n"

LOG = """\
Code,Task,Success,Notes
K1,1,Y,went well
K1,2,N,never looks at it
"""
REVIEWS = '''\
Review Text,Review Title,Star Rating,Author,Review Date
"It was slow, ""very""",No,2,Ana Weiß,2026-03-01 10:00
"Mine.

On 1 Mar 2026 Bo wrote:
> Theirs.",,5,u2,2026-03-02
,,4,,
'''
TICKETS = """\
Ticket ID;Requester ID;Role;Description;Created at
7;c1;end-user;"<p>It <b>failed</b> &amp; broke.</p><blockquote>old</blockquote>";13/03/2026 10:00
7;a9;agent;We are sorry.;13/03/2026 11:00
8;;end-user;Too slow.;13/03/2026 12:00
"""
POST = {"id": "p1", "text": "It was slow.", "author": "u1", "rating": 2, "created": "2026-03-01"}
DEALS = """\
Record ID,Deal Name,Deal Stage,Amount,Associated Contact IDs
1,A,qualifiedtobuy,"1,200.50 €",c1
2,B,closedwon,€100,c1
3,C,closedwon,(50),c2
"""
KEYS_OF_A_LOG = b"".join(
    json.dumps({"user_id": user, "device": {"id": device}}).encode() + b"\n"
    for user, device in [("c1", "g1"), (None, "g1"), ("c1", "g2"), (7, "g3"), ("c3", "g3")]
)
KEYS = "contact,client\nc1,g1\nc1,g2\nc2,g3\nc3,g3\n"
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


def _parquet() -> bytes:
    record = GA4 | {"event_timestamp": int(GA4["event_timestamp"])}  # type: ignore[call-overload]
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([record, record]), target)
    return target.getvalue()


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in (["id", "why", "nps"], ["001", "It was slow", 9], [2, "=1+1", 4.5]):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@cache
def sav(*, packed: bool = False) -> bytes:
    """Return an SPSS file with a date, an answer that was refused, and two options."""
    import pyreadstat

    rows = pd.DataFrame(
        {
            "Q1": ["It was slow", "fine", ""],
            "id": ["001", "002", "003"],
            "Q2": [9.0, 99.0, 0.0],
            "Q3": [5.0, 1.0, 5.0],
            "Q4_1": [1.0, 0.0, 1.0],
            "Q4_2": [1.0, 1.0, 0.0],
            "sent": [date(2026, 3, 1), date(2026, 3, 2), None],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sav"
        pyreadstat.write_sav(
            rows,
            str(path),
            compress=packed,
            column_labels={
                "Q1": "What went wrong?", "Q2": "How likely are you to recommend us?",
                "Q3": "How satisfied are you?", "Q4_1": "Which do you use? - Web",
                "Q4_2": "Which do you use? - App",
            },
            variable_value_labels={
                "Q2": {99: "Refused", 0: "Not at all likely", 10: "Extremely likely"},
                "Q3": {1: "Very dissatisfied", 5: "Very satisfied"},
                "Q4_1": {0: "Not selected", 1: "Selected"},
                "Q4_2": {0: "Not selected", 1: "Selected"},
            },
            missing_ranges={"Q2": [99]},
        )  # fmt: skip
        content = path.read_bytes()
    # The time of writing, so that a seed damages the same file on any day.
    return content[:92] + b"01 Mar 2610:00:00" + content[109:]


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
    names = {"participant": "user_id", "event": "event_name", "occurred_at": "event_time"}
    numbered = {"columns": names | {"value": "worth"}, "time_unit": "s"}
    return {
        "WebVTT": Example("a.vtt", VTT.encode(), Transcripts, TALK),
        "SRT": Example("a.srt", SRT.encode(), Transcripts, TALK),
        "SBV": Example("a.sbv", SBV.encode(), Transcripts, TALK),
        "Otter": Example("a.txt", OTTER.encode(), Transcripts, TALK),
        "Otter without times": Example("a.txt", UNTIMED.encode(), Transcripts, TALK),
        "text": Example("a.txt", TEXT.encode(), Transcripts, TALK),
        "group": Example("a.txt", TEXT.encode(), Transcripts, TALK | {"participants": "speaker"}),
        "Whisper JSON": Example("a.json", json.dumps(WHISPER).encode(), Transcripts, MACHINE),
        "Zoom captions": Example("a.txt", CAPTIONS.encode(), Transcripts, TALK),
        "table of turns": Example("a.csv", TURNS.encode(), Transcripts, TALK),
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
        "SPSS": Example(
            "a.sav", sav(), Survey,
            _survey("id", ("Q1", "open"), ("Q2", "nps"), ("Q3", "choice"), submitted_at="sent"),
            packed=True,
        ),
        "Hotjar": Example(
            "a.csv", HOTJAR.encode(), Survey, _survey("Number", ("What is missing?", "open"))
        ),
        "event table": Example("a.csv", EVENTS.encode(), Events, {"columns": log}),
        "GA4": Example("a.jsonl", _lines(GA4, GA4), Events),
        "Mixpanel": Example("a.jsonl", _lines(MIXPANEL, MIXPANEL), Events),
        "Matomo": Example("a.json", json.dumps([MATOMO]).encode(), Events),
        "XES": Example("a.xes", XES.encode(), Events),
        "Amplitude": Example(
            "a.zip", _zip(a__json__gz=gzip.compress(_lines(AMPLITUDE))), Events, packed=True
        ),
        "Segment": Example("a.jsonl", _lines(SEGMENT, SEGMENT), Events),
        "GA4 Parquet": Example("a.parquet", _parquet(), Events, packed=True),
        "Adobe zip": Example("a.zip", pack_zip(FEED), Events, packed=True),
        "Adobe tar": Example("a.tar", gzip.decompress(pack_tar(FEED)), Events, packed=True),
        "table in gzip": Example(
            "a.csv.gz", gzip.compress(EPOCH.encode()), Events, numbered, packed=True
        ),
        "table in zip": Example(
            "a.zip", pack_zip({"a.csv": EPOCH.encode()}), Events, numbered, packed=True
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
        "GA4 funnel": Example("a.json", json.dumps(GA4_FUNNEL, indent=1).encode(), FunnelReport),
        "GA4 exploration": Example("a.csv", GA4_EXPLORATION.encode(), FunnelReport),
        "Adobe fallout": Example("a.csv", FALLOUT.encode(), FunnelReport),
        "Hotjar funnel": Example("a.csv", HOTJAR_FUNNEL.encode(), FunnelReport),
        "funnel table": Example(
            "a.csv", FUNNEL.encode(), FunnelReport,
            {"columns": {"step": "what", "people": "how many", "segment": "device"}},
        ),
        "Mailchimp": Example("a.csv", MAILCHIMP.encode(), Campaign),
        "Google Ads": Example("a.csv", GOOGLE_ADS.encode(), Campaign),
        "Meta Ads": Example("a.csv", META_ADS.encode(), Campaign),
        "campaign table": Example(
            "a.csv", CAMPAIGN.encode(), Campaign,
            {
                "touchpoint": "Reminder",
                "columns": {"date": "when", "sent": "mails", "opened": "read"},
            },
        ),
        "reviews": Example(
            "a.csv", REVIEWS.encode(), Feedback,
            {
                "columns": {
                    "text": "Review Text", "title": "Review Title", "rating": "Star Rating",
                    "participant": "Author", "created_at": "Review Date",
                },
                "channel": "app store", "boilerplate": ["Sent from my phone"],
            },
        ),
        "tickets": Example(
            "a.csv", TICKETS.encode(), Feedback,
            {
                "columns": {
                    "text": "Description", "participant": "Requester ID", "thread": "Ticket ID",
                    "author_role": "Role", "created_at": "Created at",
                },
                "authors": {"participant": "end-user", "agent": "agent"},
            },
        ),
        "posts": Example(
            "a.jsonl", _lines(POST, POST), Feedback,
            {"columns": {
                "text": "text", "participant": "author", "rating": "rating",
                "created_at": "created",
            }},
        ),
        "deals": Example(
            "a.csv", DEALS.encode(), Roster,
            {
                "columns": {
                    "participant": "Associated Contact IDs", "value": "Amount",
                    "lifecycle": "Deal Stage",
                },
                "lifecycle_stages": {"qualifiedtobuy": "find", "closedwon": "buy"},
            },
        ),
        "key map": Example(
            "a.csv", KEYS.encode(), Keys,
            {"columns": {"participant": "contact", "identifier": "client"}},
        ),
        "key map of a log": Example(
            "a.jsonl", KEYS_OF_A_LOG, Keys,
            {"columns": {"participant": "user_id", "identifier": "device.id"}},
        ),
        "roster": Example(
            "a.csv", PEOPLE.encode(), Roster,
            {
                "columns": {"participant": "id", "consent": "consent"},
                "identifiers": ["interview"], "names": ["name"], "contacts": ["email"],
            },
        ),
    }  # fmt: skip
