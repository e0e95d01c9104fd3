"""Pseudonyms on material made by hand: every identifying field is a unique token."""

import math
from dataclasses import fields

import pandas as pd
import pytest

from cjm_research.config import StudyConfig, build_journey
from cjm_research.errors import SourceError
from cjm_research.material import COLUMNS, Material
from cjm_research.privacy import open_vault, pseudonymise, pseudonyms

TOKENS = [
    "zqroster1",
    "zqroster2",
    "zqroster3",
    "zqtalk1",
    "zqsurvey1",
    "zquser1",
    "zquser9",
    "zqfile",
    "zqanna",
    "zqberg",
    "zqcarl",
    "zqdora",
    "zqmaya",
    "zqmail",
    "zqsession",
    "zqdeclared",
    "5559911",
    "zqhandle",
]


def rows(part, *values):
    return pd.DataFrame(list(values), columns=COLUMNS[part]).astype("object")


def turn(ref, raw_id, kind, text, *, speaker="participant", question="", heading="", prompt=""):
    about = (ref, raw_id, kind, "", prompt, question, "", "", pd.NaT, "", "")
    return (*about, speaker, heading, math.nan, text)


@pytest.fixture
def config():
    common = {"files": ["x"], "sampling": "purposive"}
    question = {"id": "why", "columns": ["w1", "w2"], "kind": "open"}
    columns = {"participant": "id", "occurred_at": "at", "event": "event"}
    return StudyConfig.model_validate(
        {
            "schema_version": 1,
            "title": "t",
            "objective": "o",
            "journey": {"stages": [{"id": "buy", "events": ["pay"]}]},
            "privacy": {"names": ["Zqdeclared"]},
            "sources": [
                {"id": "roster", "kind": "roster", "columns": {"participant": "id"}} | common,
                {"id": "talks", "kind": "transcripts", "consent": "quote"} | common,
                {"id": "survey", "kind": "survey", "columns": {"participant": "id"}}
                | common
                | {"questions": [question]},
                {"id": "open", "kind": "survey", "questions": [question]} | common,
                {"id": "log", "kind": "events", "columns": columns} | common,
            ],
        }
    )


@pytest.fixture
def journey(config):
    return build_journey(config.journey)


@pytest.fixture
def materials():
    said = (
        "I am Zqanna Berg, not Zqberg.\r\nMail zqanna@zqmail.org,\x00 call +49 171 5559911, "
        "@zqhandle, id ZQROSTER1. Zqcarl and Zqdeclared know."
    )
    at = pd.Timestamp("2025-05-01T10:00Z")
    return [
        Material(
            "roster",
            people=rows(
                "people",
                ("zqroster1", "quote"),
                ("zqroster2", "withdrawn"),
                ("zqroster3", ""),
            ).assign(plan=["Basic", "Plus", "zqdora"]),
            identities=rows(
                "identities",
                ("zqroster1", "id", "ZQTALK1"),
                ("zqroster1", "id", "zquser1"),
                ("zqroster1", "name", "Zqanna Zqberg"),
                ("zqroster2", "name", "Zqcarl"),
                ("zqroster3", "name", "Zqdora"),
            ),
        ),
        Material(
            "talks",
            people=rows("people", ("zqtalk1", ""), ("zqroster2", "")),
            identities=rows(
                "identities",
                ("zqtalk1", "id", "zqfile_zqtalk1"),
                ("zqtalk1", "name", "Zqanna"),
                ("", "name", "Zqmaya"),
            ),
            turns=rows(
                "turns",
                turn(
                    "zqfile_zqtalk1.txt",
                    "zqtalk1",
                    "interview",
                    "Hi, Zqmaya here. Zqanna?",
                    speaker="interviewer",
                    heading="With Zqanna",
                ),
                turn("zqfile_zqtalk1.txt", "zqtalk1", "interview", said),
                turn("zqfile_zqtalk1.txt", "zqtalk1", "interview", "\u202e"),
                turn("c.txt", "zqroster2", "interview", "I withdrew"),
            ),
            quality=rows("quality", ("zqfile_zqtalk1.txt", "info", "turns", 3)),
            unreviewed=1,
        ),
        Material(
            "survey",
            people=rows("people", ("zqroster3", "no_quote"), ("zqsurvey1", "")),
            turns=rows(
                "turns",
                turn("s.csv#2:w1", "zqroster3", "survey_answer", "first", question="why"),
                turn("s.csv#3:w1", "zqsurvey1", "survey_answer", "other", question="why"),
                turn("s.csv#2:w2", "zqroster3", "survey_answer", "second", question="why"),
            ),
            declared_codes=rows("declared_codes", ("s.csv#2:w2", "theme", "pain")),
            ratings=rows("ratings", ("zqroster3", "nps", "nps", 9.0, "", "")),
            answers=rows("answers", ("zqroster3", "why", "w1", "", "", "Zqdora said")),
        ),
        Material(
            "open",
            people=rows("people", ("row 2", "")),
            turns=rows("turns", turn("o.csv#2:w1", "row 2", "survey_answer", "x", question="why")),
        ),
        Material(
            "log",
            people=rows("people", ("zquser1", ""), ("zquser9", ""), ("zqroster2", "")),
            events=rows(
                "events",
                ("zquser1", "zqsession", "pay", at, "buy", "web", "zqmail@x.org", 1.0, ""),
                ("zquser9", "", "pay", at, "buy", "", "", math.nan, ""),
                ("zqroster2", "", "pay", at, "buy", "", "", math.nan, ""),
            ),
        ),
    ]


@pytest.fixture
def evidence(materials, config, journey, tmp_path):
    return pseudonymise(materials, config, journey, open_vault("s", folder=tmp_path))


def test_no_token_is_in_any_table(evidence):
    for entry in fields(evidence):
        table = getattr(evidence, entry.name)
        if isinstance(table, pd.DataFrame):
            text = table.to_csv().casefold()
            assert [token for token in TOKENS if token in text] == [], entry.name
    assert "zq" not in repr(evidence)


def test_text_is_masked_and_every_turn_is_found_at_its_offsets(evidence):
    document = evidence.documents.set_index("document_id").loc["talks/P01"]
    turns = evidence.turns[evidence.turns["document_id"] == "talks/P01"]
    parts = [document["text"][row.start : row.end] for row in turns.itertuples()]
    assert parts == [
        "Hi, [name] here. [name]?",
        "I am [name] Berg, not [name].\nMail [email], call [phone], "
        "[handle], id [id]. [name] and [name] know.",
    ]
    assert "\n".join(parts) == document["text"]
    assert list(turns["heading"]) == ["With [name]", ""]
    assert list(turns["speaker"]) == ["interviewer", "participant"]


def test_people_are_joined_over_sources_by_declared_ids(evidence):
    talk = evidence.documents.set_index("document_id").loc["talks/P01", "participant_id"]
    assert talk in set(evidence.events["participant_id"])
    people = evidence.participants.set_index("alias")
    assert people.loc["P01", "participant_id"] == talk
    assert people.loc["P01", "plan"] == "Basic"
    # roster1, roster3, survey1, the visit and user9; roster2 withdrew
    assert len(people) == 5
    assert talk.startswith("p")
    assert len(talk) == 13


def test_those_with_words_get_the_first_aliases(evidence):
    people = evidence.participants.set_index("participant_id")["alias"]
    silent = people[~people.index.isin(evidence.documents["participant_id"])]
    assert list(silent) == ["P05"]


def test_document_ids_are_readable_and_unique(evidence):
    ids = evidence.documents["document_id"]
    assert ids.is_unique
    dora = evidence.participants.set_index("consent")["alias"]
    answers = evidence.documents[evidence.documents["source"] == "survey"]
    kinds = sorted(name.split("/")[-1] for name in answers["document_id"])
    assert kinds == ["why-1", "why-1", "why-2"]
    assert evidence.document_files["talks/P01"] == "zqfile_zqtalk1.txt"
    (code,) = evidence.declared_codes.to_dict("records")
    assert evidence.document_files[code["document_id"]] == "s.csv#2:w2"
    assert code["code"] == "pain"
    assert not dora.empty


def test_consent_is_the_strictest_word_or_the_strictest_default(evidence, config):
    consent = evidence.participants.set_index("participant_id")["consent"]
    documents = evidence.documents.set_index("document_id")["participant_id"]
    assert consent[documents["talks/P01"]] == "quote"
    assert sorted(consent) == ["no_quote"] * 4 + ["quote"]


def test_who_withdrew_is_nowhere_and_counted(evidence):
    assert not evidence.documents["text"].str.contains("withdrew").any()
    assert len(evidence.events) == 2
    quality = evidence.quality.set_index("what")["n"]
    assert quality["people who withdrew, left out everywhere"] == 1


def test_quality_shows_an_alias_instead_of_a_file_name(evidence):
    shown = evidence.quality[evidence.quality["source"] == "talks"]["file"]
    assert list(shown) == ["P01.txt"]


def test_pseudonyms_are_stable_and_need_the_key(materials, config, journey, tmp_path):
    def ids(vault):
        return set(pseudonymise(materials, config, journey, vault).participants["participant_id"])

    first = ids(open_vault("s", folder=tmp_path))
    assert first == ids(open_vault("s", folder=tmp_path))
    assert not first & ids(open_vault("other", folder=tmp_path))
    assert ids(open_vault("s", synthetic=True)) == ids(open_vault("s", synthetic=True))


def test_aliases_stay_when_people_join(materials, config, journey, tmp_path):
    vault = open_vault("s", folder=tmp_path)
    before = pseudonymise(materials[-1:], config, journey, vault).participants
    after = pseudonymise(materials, config, journey, vault).participants
    kept = dict(zip(before["participant_id"], before["alias"], strict=True))
    now = dict(zip(after["participant_id"], after["alias"], strict=True))
    assert {name: now[name] for name in kept if name in now}.items() <= kept.items()
    assert len(set(now.values())) == len(now)


def test_the_material_is_not_changed(materials, config, journey, tmp_path):
    copies = [material.turns.copy() for material in materials]
    pseudonymise(materials, config, journey, open_vault("s", folder=tmp_path))
    for material, copy in zip(materials, copies, strict=True):
        pd.testing.assert_frame_equal(material.turns, copy)


def test_an_id_that_makes_two_people_one_is_refused(materials, config, journey, tmp_path):
    clash = Material("talks", identities=rows("identities", ("zqroster1", "id", "zqroster3")))
    with pytest.raises(SourceError, match="roster 'roster'") as caught:
        pseudonymise([materials[0], clash], config, journey, open_vault("s", folder=tmp_path))
    assert "make ids unique" in str(caught.value)
    assert "zq" not in str(caught.value)


def test_nothing_gives_empty_tables(config, journey):
    evidence = pseudonymise([], config, journey, open_vault("s", synthetic=True))
    assert evidence.documents.empty
    assert evidence.participants.empty


def test_of_a_person_with_two_ids_the_first_answers_stay_with_every_choice():
    rows = pd.DataFrame(
        [
            ["x1", "P1", "tools", "Web"],
            ["x1", "P1", "tools", "App"],
            ["x1", "P1", "tools", "App"],  # masks made one of two choices
            ["x2", "P1", "tools", "Phone"],
            ["x2", "P1", "else", "Shop"],
            ["x3", "P2", "tools", "Web"],
        ],
        columns=["raw_id", "participant_id", "column", "choice"],
    )
    stay = [True, True, False, False, True, True]
    assert pseudonyms._is_first(rows, "answers").tolist() == stay
    assert pseudonyms._is_first(rows, "events").all()


def test_a_key_map_joins_people_and_makes_nobody_one(materials, config, journey, tmp_path):
    before = len(
        pseudonymise(materials, config, journey, open_vault("s", folder=tmp_path)).participants
    )
    keys = rows("keys", ("ZQUSER9", "zqsurvey1"), ("zqnobody", "zqelse"))
    joined = [*materials, Material("roster", keys=keys)]
    evidence = pseudonymise(joined, config, journey, open_vault("s", folder=tmp_path))
    assert len(evidence.participants) == before - 1
    wrote = evidence.documents.query("source == 'survey'")["participant_id"]
    assert set(wrote) & set(evidence.events["participant_id"])
    clash = [*materials, Material("roster", keys=rows("keys", ("zqroster1", "zqroster3")))]
    with pytest.raises(SourceError, match="into one"):
        pseudonymise(clash, config, journey, open_vault("s", folder=tmp_path))


def test_what_a_person_is_worth_is_a_number_beside_their_words(
    materials, config, journey, tmp_path
):
    crm = rows("people", ("zqroster1", ""), ("zquser9", "")).assign(value=[12.5, float("nan")])
    evidence = pseudonymise(
        [*materials, Material("roster", people=crm)], config, journey,
        open_vault("s", folder=tmp_path),
    )  # fmt: skip
    worth = evidence.participants["value"]
    assert worth.dtype == "float64"
    assert worth.dropna().tolist() == [12.5]
