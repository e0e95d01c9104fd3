"""Texts that people wrote unasked: whose words they are, where they were written, what repeats."""

import csv
import json
import time
from collections import Counter

import pytest
from pydantic import ValidationError

from cjm_research.config import Feedback, load_config
from cjm_research.errors import ConfigError, SourceError, UnknownNameError
from cjm_research.readers import list_unused_columns, read_source, recognise_file
from cjm_research.readers.messages import read_message

REVIEWS = """\
Review Text,Star Rating,Author,Date
"I could not pay, it crashed.",1,u1,2026-03-01 10:00
Great app,5,u2,2026-03-02 10:00
,4,u3,2026-03-03 10:00
Great app,,u4,2026-03-04 10:00
It was easy to find a plan.,7,u1,2026-03-05 10:00
"""


def source(**more):
    return Feedback.model_validate(
        {
            "id": "reviews", "kind": "feedback", "files": ["a.csv"], "sampling": "convenience",
            "columns": {"text": "Review Text", "participant": "Author", "rating": "Star Rating",
                        "created_at": "Date"},
            "channel": "app store",
        }
        | more
    )  # fmt: skip


@pytest.fixture
def read(write, tmp_path, journey):
    def read_text(text, name="a.csv", **more):
        write(name, text)
        return read_source(source(files=[name], **more), tmp_path, journey)

    return read_text


def said(material):
    return [
        (row.raw_id, row.speaker, row.text)
        for row in material.turns[["raw_id", "speaker", "text"]].itertuples()
    ]


def noted(material):
    return {row.what: row.n for row in material.quality.itertuples()}


def rows(*rows, header=("id", "text", "role", "thread", "at")):
    return "\n".join(",".join(row) for row in [header, *rows]) + "\n"


THREAD = {
    "columns": {"text": "text", "participant": "id", "author_role": "role", "thread": "thread"},
    "authors": {"participant": ["end-user"], "agent": ["agent", "admin"]},
}


def test_each_text_is_a_document_with_its_channel_and_several_may_be_one_persons(read):
    material = read(REVIEWS)
    assert said(material) == [
        ("u1", "participant", "I could not pay, it crashed."),
        ("u2", "participant", "Great app"),
        ("u4", "participant", "Great app"),
        ("u1", "participant", "It was easy to find a plan."),
    ]
    assert set(material.turns["kind"]) == {"feedback"}
    assert set(material.turns["channel"]) == {"app store"}
    assert material.turns["document_ref"].nunique() == 4
    assert str(material.turns["said_at"][0]) == "2026-03-01 10:00:00+00:00"
    assert material.people["raw_id"].tolist() == ["u1", "u2", "u3", "u4"]
    assert material.unreviewed == 1


def test_stars_are_ratings_on_their_scale_also_of_a_text_without_words(read):
    material = read(REVIEWS)
    assert material.ratings[["raw_id", "measure", "item", "value"]].to_numpy().tolist() == [
        ["u1", "rating", "rating", 1.0],
        ["u2", "rating", "rating", 5.0],
        ["u3", "rating", "rating", 4.0],
    ]
    assert noted(material)["ratings outside the scale 1 to 5, left out"] == 1
    assert noted(material)["rows without words"] == 1
    again = read(REVIEWS, scale=[0, 10])
    assert again.ratings["item"].tolist() == ["rating", "rating", "rating", "rating (2)"]
    # Who rated twice has no one time of it.
    assert material.answered["raw_id"].tolist() == ["u1", "u2", "u3"]
    assert again.answered["raw_id"].tolist() == ["u2", "u3"]


def test_stars_may_be_drawn(read):
    ratings = read("text,stars\na b,★★★★☆\nc d,☆☆☆☆☆\ne f,four\n",
                   columns={"text": "text", "rating": "stars"})  # fmt: skip
    assert ratings.ratings["value"].tolist() == [4.0]
    assert noted(ratings)["ratings that are no number, left out"] == 1


def test_texts_without_ids_are_each_somebody_of_their_own(read):
    material = read("text\nfirst\nsecond\n", columns={"text": "text"}, unit="visit")
    assert material.people["raw_id"].nunique() == 2
    other = read("id,text\n,first\n,second\nu1,third\n",
                 columns={"text": "text", "participant": "id"})  # fmt: skip
    assert other.people["raw_id"].nunique() == 3
    what = "texts without a participant's id, taken for somebody of their own"
    assert noted(other)[what] == 2
    # Their made-up ids must not be another file's: ids join sources.
    assert not set(other.people["raw_id"]) & {"row 2", "row 3"}


def test_channel_touchpoint_stage_and_title_come_from_columns_where_declared(read):
    columns = {"text": "t", "title": "s", "channel": "c", "touchpoint": "p", "stage": "g"}
    material = read("t,s,c,p,g\nIt failed.,Help!,chat,Basket,Buy\nFine.,,,,\n", columns=columns)
    assert [row[2] for row in said(material)] == ["Help!", "It failed.", "Fine."]
    assert material.turns["channel"].tolist() == ["chat", "chat", "app store"]
    assert material.turns["touchpoint"].tolist() == ["Basket", "Basket", ""]
    assert material.turns["declared_stage"].tolist() == ["buy", "buy", ""]
    with pytest.raises(UnknownNameError):
        read("t,s,c,p,g\nIt failed.,,,,nowhere\n", columns=columns)


def test_an_agents_words_are_never_the_participants(read):
    material = read(
        rows(
            ("c1", "Where is it?", "end-user", "7", ""),
            ("a9", "We are sorry.", "Agent", "7", ""),
            ("c1", "Thanks.", "end-user", "7", ""),
            ("c2", "Too slow.", "end-user", "8", ""),
        ),
        **THREAD,
    )
    assert said(material) == [
        ("c1", "participant", "Where is it?"),
        ("c1", "interviewer", "We are sorry."),
        ("c1", "participant", "Thanks."),
        ("c2", "participant", "Too slow."),
    ]
    assert material.turns["document_ref"].nunique() == 2
    assert material.people["raw_id"].tolist() == ["c1", "c2"]
    # An agent's id is masked, and makes nobody a participant.
    assert ("", "id", "a9") in [tuple(row) for row in material.identities.to_numpy()]


def test_a_thread_goes_by_time_and_each_customer_in_it_has_their_own_document(read):
    text = rows(
        ("c2", "Me too.", "end-user", "7", "2026-03-01 12:00"),
        ("a9", "Sorry.", "agent", "7", "2026-03-01 11:00"),
        ("c1", "It broke.", "end-user", "7", "2026-03-01 10:00"),
    )
    material = read(text, **THREAD | {"columns": THREAD["columns"] | {"created_at": "at"}})
    assert said(material) == [
        ("c2", "interviewer", "Sorry."),
        ("c2", "participant", "Me too."),
        ("c1", "participant", "It broke."),
        ("c1", "interviewer", "Sorry."),
    ]
    assert (
        material.turns["said_at"].map(str).tolist()
        == ["2026-03-01 12:00:00+00:00"] * 2 + ["2026-03-01 10:00:00+00:00"] * 2
    )


def test_agents_whom_nobody_can_be_found_for_are_left_out_and_counted(read):
    alone = ("a9", "Newsletter.", "agent", "9", "")
    customer = ("c1", "Too slow.", "end-user", "7", "")
    material = read(rows(alone, customer), **THREAD)
    assert len(material.turns) == 1
    assert noted(material)["texts of agents in threads without a participant, left out"] == 1
    assert material.files[["n_in", "n_used", "n_set_aside"]].to_numpy().tolist() == [[2, 1, 1]]
    assert material.set_aside["row"].tolist() == [2]
    columns = {key: name for key, name in THREAD["columns"].items() if key != "thread"}
    material = read(rows(alone, customer), **THREAD | {"columns": columns})
    assert len(material.turns) == 1
    assert [n for what, n in noted(material).items() if what.startswith("texts of agents, ")] == [1]


def test_a_role_is_never_guessed_and_names_are_not_repeated(read):
    with pytest.raises(SourceError, match=r"(?s)'bot'.*authors\.participant"):
        read(rows(("c1", "Hi there.", "bot", "7", "")), **THREAD)
    many = [("c1", "Hi there.", f"Anna{n}", "7", "") for n in range(20)]
    with pytest.raises(SourceError, match="20 different values") as caught:
        read(rows(*many), **THREAD)
    assert "anna" not in str(caught.value).casefold()


def test_quoted_replies_are_left_out_and_counted(read):
    text = (
        'id,text\nc1,"It still fails.\n\nOn Mon, 1 Mar 2026 at 10:00, Bo <b@x.org> wrote:\n'
        '> Try again."\nc2,"> only a quote"\n'
    )
    material = read(text, columns={"text": "text", "participant": "id"})
    assert said(material) == [("c1", "participant", "It still fails.")]
    assert noted(material)["texts that quote an older message, which is left out"] == 2
    assert noted(material)["texts with nothing but a quoted message"] == 1


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Mine.\n\n-----Original Message-----\nFrom: Bo\nTheirs.", "Mine."),
        ("Mine.\n\n-----Ursprüngliche Nachricht-----\nTheirs.", "Mine."),
        ("Mine.\nAm 01.03.2026 um 10:00 schrieb Bo <b@x.org>:\nTheirs.", "Mine."),
        ("Mine.\nLe 1 mars 2026 à 10:00, Bo a écrit :\n> Theirs.", "Mine."),
        ("Mine.\nOn Mon, 1 Mar 2026 at 10:00, Bo Long Name\n<b@x.org> wrote:\nTheirs.", "Mine."),
        ("Mine.\n\nFrom: Bo\nSent: Monday\nTo: Support\n\nTheirs.", "Mine."),
        # Some answer below what they quote.
        ("On 1 Mar 2026 Bo wrote:\n> Theirs.\n\nMine.", "Mine."),
        ("> Theirs.\nMine.\n>> Older.\nMine too.", "Mine.\nMine too."),
        # What only looks like it.
        ("On the website I wrote:\nplease help.", "On the website I wrote:\nplease help."),
        ("From: the start it was slow.", "From: the start it was slow."),
    ],
)
def test_quoted_tails_in_the_words_of_mail_programs(text, own):
    assert read_message(text).text == own


@pytest.mark.parametrize(
    ("text", "own", "is_html"),
    [
        ("<p>It <b>failed</b>&nbsp;twice.</p><p>Why?</p>", "It failed twice.\n\nWhy?", True),
        ("<div>Mine<br>too<style>p{}</style><!-- x --></div>", "Mine\ntoo", True),
        ("<p>Mine</p><script>alert(1)</script>", "Mine", True),
        ("<p>Mine</p><blockquote>Theirs <p>old</p></blockquote>", "Mine", True),
        ("can&#39;t pay &amp; go", "can't pay & go", True),
        ("I can't use the <head> tag, 3 < 4 > 2 <3", "I can't use the <head> tag, 3 < 4 > 2 <3",
         False),
        ("mail <b@x.org>", "mail <b@x.org>", False),
        ("<p>&lt;b&gt;bold&lt;/b&gt;</p>", "<b>bold</b>", True),
    ],
)  # fmt: skip
def test_html_is_read_for_its_words_alone(text, own, is_html):
    message = read_message(text)
    assert (message.text, message.is_html) == (own, is_html)


@pytest.mark.parametrize(
    "text",
    ["<p>" + "<a " * 40_000, "</p>" + "<!--" * 30_000, "<p>" + "<script>" * 15_000, ">" * 130_000,
     "On " * 40_000 + "wrote:", "From: " + "x" * 130_000, "On 1\n" * 26_000,
     "<br>" + "&" * 130_000],
)  # fmt: skip
def test_no_text_takes_longer_than_its_length(text):
    clock = time.perf_counter()
    read_message(text)
    assert time.perf_counter() - clock < 2


def test_exact_repeats_and_deliveries_are_counted(read):
    copy = "This is the very best app of all."
    text = "id,text,at\n" + "".join(f"u{n},{copy},2026-03-01 10:00\n" for n in range(4))
    text += f"u0,{copy},2026-03-01 10:00\nu5,Great app,2026-03-01\nu6,Great app,2026-03-01\n"
    material = read(text, columns={"text": "text", "participant": "id", "created_at": "at"})
    assert len(material.turns) == 6
    assert noted(material)["texts delivered twice (same person, time and words), left out"] == 1
    what = "texts that repeat another word for word (copied, or automatic?)"
    assert noted(material)[what] == 3


def test_lines_that_repeat_in_many_texts_are_counted_and_left_out_where_declared(read):
    text = "text\n" + "".join(f'"Trouble number {n}.\nSent from my phone"\n' for n in range(6))
    columns = {"text": "text"}
    material = read(text, columns=columns)
    (what,) = [what for what in noted(material) if "one and the same line" in what]
    assert "first in row 2" in what
    assert "phone" not in what
    assert noted(material)[what] == 6
    cut = read(text, columns=columns, boilerplate=["sent from my Phone"])
    assert cut.turns["text"].tolist() == [f"Trouble number {n}." for n in range(6)]
    assert noted(cut)["texts with lines of `boilerplate:`, which are left out"] == 6


@pytest.mark.parametrize("form", ["lines", "list"])
def test_json_records_are_read_by_their_fields(read, form):
    records = [
        {"body": {"text": "It failed."}, "user": {"id": 7}, "stars": 2, "tags": ["a"]},
        {"body": {"text": None}, "user": {"id": 8}, "stars": 3.0},
    ]
    text = (
        json.dumps(records)
        if form == "list"
        else "".join(json.dumps(record) + "\n" for record in [*records, "odd"])
    )
    columns = {"text": "body.text", "participant": "user.id", "rating": "stars"}
    material = read(text, name="a.jsonl", columns=columns)
    assert said(material) == [("7", "participant", "It failed.")]
    assert material.ratings["value"].tolist() == [2.0, 3.0]
    assert noted(material).get("lines that are no JSON record, left out", 0) == (form == "lines")
    with pytest.raises(SourceError, match="no column 'text'"):
        read(text, name="a.jsonl", columns={"text": "text", "participant": "user.id"})


def test_what_names_an_author_is_an_identity(read):
    text = "id,text,name\nAna Weiß,It failed.,\nb@example.org,Too slow.,Bo Lind\nu3,Fine.,\n"
    columns = {"text": "text", "participant": "id"}
    material = read(text, columns=columns, identifying=["name"])
    assert {tuple(row) for row in material.identities.to_numpy()} == {
        ("Ana Weiß", "name", "Ana Weiß"),
        ("b@example.org", "email", "b@example.org"),
        ("b@example.org", "name", "Bo Lind"),
    }


def test_who_withdrew_is_said_row_by_row(read):
    text = "id,text,ok\nu1,It failed.,yes\nu1,Again.,withdrawn\n"
    columns = {"text": "text", "participant": "id", "consent": "ok"}
    assert set(read(text, columns=columns).people["consent"]) == {"quote", "withdrawn"}


def test_an_export_in_latin_1_is_refused_until_its_encoding_is_declared(read):
    text = "text\nnicht geöffnet\n".encode("latin-1")
    with pytest.raises(SourceError, match="`encoding:`"):
        read(text, columns={"text": "text"})
    material = read(text, columns={"text": "text"}, encoding="latin-1")
    assert material.turns["text"].tolist() == ["nicht geöffnet"]


def test_a_slip_in_the_declaration_is_told(read, tmp_path):
    with pytest.raises(ValidationError):
        source(columns={"words": "text"})
    with pytest.raises(SourceError, match="which column is `text`"):
        read("a\nb\n", columns={"title": "a"})
    (tmp_path / "study.yaml").write_text(
        "schema_version: 1\ntitle: t\nobjective: o\njourney: {template: commerce}\nsources:\n"
        "- {id: a, kind: feedback, files: a.csv, sampling: census, scale: [5, 1],"
        " columns: {text: t, author_role: r}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "study.yaml", where="study.yaml")
    assert "the lowest value comes first" in str(caught.value)
    assert "belong together" in str(caught.value)


def test_columns_that_are_not_named_are_told(write, tmp_path):
    write("a.csv", REVIEWS)
    declared = source(columns={"text": "Review Text"})
    assert list_unused_columns(declared, tmp_path) == {"a.csv": ["Star Rating", "Author", "Date"]}


@pytest.mark.parametrize(
    ("header", "row", "what", "columns"),
    [
        (
            "Review Text,Star Rating,Author,Date", "It was slow,2,u1,2026-03-01",
            "reviews, as stores export them (unverified",
            {"text": "Review Text", "rating": "Star Rating", "participant": "Author",
             "created_at": "Date"},
        ),
        (
            "Ticket ID,Requester,Subject,Description,Created at",
            "1,c1,Help,It was slow,2026-03-01",
            "tickets, as Zendesk and other help desks export them (unverified",
            {"text": "Description", "title": "Subject", "participant": "Requester",
             "created_at": "Created at"},
        ),
        (
            "TICKET ID,Ticket name,Ticket Status,Source", "1,It was slow,New,Chat",
            "tickets of HubSpot (unverified",
            {"text": "Ticket name", "channel": "Source"},
        ),
    ],
)  # fmt: skip
def test_tables_of_texts_are_recognised_and_said_to_be_unverified(
    write, header, row, what, columns
):
    guess = recognise_file(write("a.csv", f"{header}\n{row}\n"))
    assert guess.kind == "feedback"
    assert guess.what.startswith(what)
    assert guess.source["columns"] == columns
    assert any("channel:" in ask for ask in guess.asks) == ("channel" not in columns)


def test_real_review_sentences_are_all_there(shared, tmp_path, journey):
    path = shared / "app_reviews_is22" / "feature_sentiment_sentences.csv"
    if not path.is_file():
        pytest.skip(f"no {path}")
    with path.open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    declared = source(
        files=[str(path)],
        columns={"text": "Sentence content", "touchpoint": "App id"},
    )
    material = read_source(declared, tmp_path, journey)
    assert len(material.turns) == len(records) == 2062
    words = Counter(" ".join(record["Sentence content"].split()) for record in records)
    mine = Counter(" ".join(text.split()) for text in material.turns["text"])
    # Entities such as &apos; are read; nothing else of the words is changed.
    changed = (words - mine).total()
    assert changed == sum("&" in text and ";" in text for text in (words - mine))
    assert material.turns["touchpoint"].nunique() == 8


def test_records_of_which_none_can_be_used_are_not_absent_columns(read):
    material = read('[1, "odd"]', name="a.json", columns={"text": "body", "participant": "user"})
    assert material.turns.empty
    assert material.files[["n_in", "n_set_aside"]].to_numpy().tolist() == [[2, 2]]
    assert "no row was used" in set(material.quality["what"])
