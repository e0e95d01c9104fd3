"""What a CRM knows of people: how far they have come, what they are worth, under which ids."""

import math

import pandas as pd
import pytest

from cjm_research.config import (
    Keys,
    Roster,
    StudyConfig,
    build_journey,
)
from cjm_research.errors import ConfigError, SourceError
from cjm_research.readers import read_source, recognise_file
from cjm_research.readers.amounts import read_amounts
from cjm_research.study import following, integrating, steps

DEALS = """\
Record Id,Deal Name,Deal Stage,Amount,Associated Contact IDs
1,A,qualifiedtobuy,"1,200.50",c1
2,B,closedwon,100,C1
3,C,closedwon,50,c2
4,D,qualifiedtobuy,,c3
3,C,closedwon,50,c2
"""
STEPS = {"QualifiedToBuy": "find", "closedwon": "buy"}
DEAL = {"participant": "Associated Contact IDs", "value": "Amount", "lifecycle": "Deal Stage"}


def source(**more):
    return Roster.model_validate(
        {"id": "crm", "kind": "roster", "files": ["deals.csv"], "columns": DEAL,
         "lifecycle_stages": STEPS}
        | more
    )  # fmt: skip


@pytest.fixture
def read(write, tmp_path, journey):
    def read_text(text, **more):
        write("deals.csv", text)
        return read_source(source(**more), tmp_path, journey)

    return read_text


def noted(material):
    return {row.what: row.n for row in material.quality.itertuples()}


def test_a_persons_deals_are_summed_and_said_and_the_furthest_stage_counts(read):
    material = read(DEALS)
    people = material.people.assign(raw_id=material.people["raw_id"].str.casefold())
    found = {
        row.raw_id: (row.value, row.lifecycle) for row in people.drop_duplicates().itertuples()
    }
    assert found.pop("c3")[1] == "find"
    assert found == {"c1": (1300.5, "buy"), "c2": (50.0, "buy")}
    assert math.isnan(people.loc[people["raw_id"] == "c3", "value"].item())
    assert noted(material)["people with several rows, their values summed"] == 1
    assert noted(material)["people with rows in several stages, counted by the furthest"] == 1
    assert noted(material)["rows that repeat another in every column, left out"] == 1


def test_deals_of_nobody_or_of_several_are_set_aside_and_still_masked(read):
    more = "5,E,closedwon,70,\n6,F,closedwon,80,c1;c9\n"
    material = read(DEALS + more, names=["Deal Name"])
    assert set(material.people["raw_id"].str.casefold()) == {"c1", "c2", "c3"}
    assert material.people.loc[material.people["raw_id"] == "c1", "value"].item() == 1300.5
    (file,) = material.files.to_dict("records")
    assert file["n_in"] == file["n_used"] + file["n_set_aside"] == 7
    assert set(material.set_aside["row"]) == {6, 7, 8}
    named = material.identities[["raw_id", "kind", "value"]].to_numpy().tolist()
    assert ["", "name", "F"] in named
    assert ["", "id", "c9"] in named


def test_a_step_by_label_or_internal_id_without_a_stage_is_asked_about(read):
    with pytest.raises(SourceError, match=r"(?s)'closedwon'.*internal name"):
        read(DEALS, lifecycle_stages={"qualifiedtobuy": "find"})
    with pytest.raises(SourceError, match="nothing tells which is the furthest"):
        read(DEALS, lifecycle_stages={})
    nowhere = STEPS | {"closedwon": ""}
    found = read(DEALS, lifecycle_stages=nowhere).people
    assert set(found.loc[found["raw_id"] == "c2", "lifecycle"]) == {""}


def test_without_a_value_one_row_a_person_stays_the_rule(read):
    columns = {"participant": "Associated Contact IDs"}
    with pytest.raises(SourceError, match="repeat participant ids"):
        read(DEALS, columns=columns, lifecycle_stages={})
    one = "id,Lifecycle Stage\nc1,Customer\nc2,\n"
    columns = {"participant": "id", "lifecycle": "Lifecycle Stage"}
    found = read(one, columns=columns, lifecycle_stages={"customer": "use"}).people
    assert found["lifecycle"].tolist() == ["use", ""]
    kept = read(one, columns=columns, lifecycle_stages={}).people
    assert kept["lifecycle"].tolist() == ["Customer", ""]


@pytest.mark.parametrize(
    ("cells", "comma", "numbers"),
    [
        (["1,234.50", "7"], None, [1234.5, 7]),
        (["1.234,50", "7"], None, [1234.5, 7]),
        (["1,234", "12,5"], None, [1.234, 12.5]),
        (["1,234", "12.5"], None, [1234, 12.5]),
        (["1.234.567", "1.234"], None, [1234567, 1234]),
        (["1,234"], True, [1.234]),
        (["1,234"], False, [1234]),
        (["0,125"], None, [0.125]),
        (["12345.678"], None, [12345.678]),
        (["$1,200.00", "1 200 USD", "US$5"], None, [1200, 1200, 5]),
        (["€ 10", "10 €", "EUR 10", "€-5", "-€5"], None, [10, 10, 10, -5, -5]),
        (["CHF 1'200.50", "(12)", "−3"], None, [1200.5, -12, -3]),
        (["", "n/a", "12k", "1,2,3", "$5 €", "9" * 60], None, [math.nan] * 6),
    ],
)
def test_amounts_as_crms_and_people_write_them(cells, comma, numbers):
    found = read_amounts(pd.Series(cells), where="x", decimal_comma=comma)
    assert found.numbers.tolist() == pytest.approx(numbers, nan_ok=True)
    assert len(found.unreadable) == sum(
        bool(cell) and math.isnan(number) for cell, number in zip(cells, numbers, strict=True)
    )


@pytest.mark.parametrize(
    ("cells", "comma", "message"),
    [
        (["1,234", "5"], None, r"`decimal_comma: true`"),
        (["1.234"], None, r"`decimal_comma: true`"),
        (["1,5", "1.5"], None, "decimal comma and others a decimal point"),
        (["1,5"], False, r"`decimal_comma: false` is declared"),
        (["1 €", "$1"], None, r"several currencies: 'EUR' and 'USD'|several currencies"),
    ],
)
def test_what_a_comma_means_is_asked_about_and_currencies_are_never_mixed(cells, comma, message):
    with pytest.raises(SourceError, match=message):
        read_amounts(pd.Series(cells), where="x", decimal_comma=comma)


KEYS = "contact,client\nc1,g1\nc1,g2\nC1,G1\nc2,g3\nc2,g4\nc3,g4\n,g5\n"


def test_a_key_map_joins_devices_and_shared_ones_join_nobody(write, tmp_path, journey):
    write("keys.csv", KEYS)
    declared = Keys.model_validate(
        {"id": "keys", "kind": "keys", "files": ["keys.csv"],
         "columns": {"participant": "contact", "identifier": "client"}}
    )  # fmt: skip
    material = read_source(declared, tmp_path, journey)
    assert material.keys.to_numpy().tolist() == [["c1", "g1"], ["c1", "g2"], ["c2", "g3"]]
    assert material.people.empty
    assert noted(material) == {
        "rows": 7,
        "rows with one id only, left out": 1,
        "pairs of ids that stand there already, left out": 1,
        "pairs of ids": 5,
        "pairs whose identifier several participants have (a shared device?), not used": 2,
        "participants with several identifiers, joined to all of them": 1,
    }
    assert material.files[["n_in", "n_used", "n_set_aside"]].to_numpy().tolist() == [[7, 3, 4]]
    assert material.set_aside["row"].tolist() == [8, 4, 6, 7]
    lacking = Keys.model_validate(declared.model_dump() | {"columns": {"participant": "contact"}})
    with pytest.raises(SourceError, match="`identifier`"):
        read_source(lacking, tmp_path, journey)


@pytest.mark.parametrize(
    ("header", "row", "kind", "words", "columns"),
    [
        ("Record ID,Deal Name,Deal Stage,Amount", "1,A,closedwon,5", "", "id of the contact", None),
        (
            "RECORD ID,DEAL NAME,DEAL STAGE,AMOUNT,ASSOCIATED CONTACT IDS", "1,A,closedwon,5,c1",
            "roster", "deals of HubSpot",
            {"participant": "ASSOCIATED CONTACT IDS", "lifecycle": "DEAL STAGE", "value": "AMOUNT"},
        ),
        (
            "Record Id,First Name,Email,Lifecycle Stage", "1,Ana,a@example.org,Customer",
            "roster", "contacts of HubSpot",
            {"participant": "Record Id", "lifecycle": "Lifecycle Stage"},
        ),
        ("Record ID,Company name,Domain", "1,Glasses,x.example", "", "organisation", None),
        (
            "ID,STAGENAME,AMOUNT,CONTACTID,OWNERID,ISDELETED", "1,Won,5,c1,o1,false",
            "roster", "Salesforce Data Loader (unverified",
            {"participant": "CONTACTID", "lifecycle": "STAGENAME", "value": "AMOUNT"},
        ),
        ("Id,StageName,Amount,OwnerId", "1,Won,5,o1", "", "id of the contact", None),
        (
            "Id,CaseNumber,Subject,Description,ContactId,Origin,OwnerId",
            "1,7,Help,It was slow,c1,Email,o1", "feedback", "cases of the Salesforce",
            {"text": "Description", "title": "Subject", "participant": "ContactId",
             "channel": "Origin"},
        ),
        ("Id,Name,Industry,OwnerId", "1,Glasses,Retail,o1", "", "organisation", None),
    ],
)  # fmt: skip
def test_crm_exports_are_told_apart_without_regard_to_case(
    write, header, row, kind, words, columns
):
    guess = recognise_file(write("a.csv", f"{header}\n{row}\n"))
    assert guess.kind == kind
    assert words in guess.what
    assert guess.source.get("columns") == columns


def configure(*sources):
    return StudyConfig.model_validate(
        {
            "schema_version": 1,
            "title": "t",
            "objective": "o",
            "journey": {"stages": [{"id": "see", "events": ["view"]}, {"id": "buy",
                        "events": ["pay"]}]},
            "sources": list(sources),
        }
    )  # fmt: skip


CRM = {"id": "crm", "kind": "roster", "files": ["c.csv"],
       "columns": {"participant": "id", "value": "CLV"}}  # fmt: skip
LOG = {"id": "log", "kind": "events", "files": ["e.csv"], "sampling": "census",
       "columns": {"participant": "id", "event": "e", "occurred_at": "at"}}  # fmt: skip


def test_values_of_the_crm_are_at_stake_where_no_event_has_one(tmp_path):
    people = [f"p{n}" for n in range(8)]
    at = pd.Timestamp("2026-03-01", tz="UTC")
    # Two of the eight leave before they pay; those who pay are worth 10 on average.
    events = pd.DataFrame(
        [(p, "", "view", at, "see", "", "", math.nan, "", "log") for p in people]
        + [(p, "", "pay", at + pd.Timedelta("1h"), "buy", "", "", math.nan, "", "log")
           for p in people[:6]],
        columns=["participant_id", "session_id", "event", "occurred_at", "stage", "channel",
                 "device", "value", "wave", "source"],
    )  # fmt: skip
    values = [8, 12, 8, 12, 8, 12, 1000, 1000]
    participants = pd.DataFrame({"participant_id": people, "value": [float(v) for v in values]})
    config = configure(CRM, LOG)
    evidence = {"participants": participants, "events": events}
    found = steps.find_values(config, evidence)
    assert found["value"].tolist() == values
    journey = build_journey(config.journey)
    tables = following.follow_people(
        config, journey, tmp_path, events, None, lambda _: None, values=found
    )
    stake = tables["value_at_stake"].set_index("stage")
    assert stake.loc["see", ["n_dropped", "value_per_person", "value_at_stake"]].tolist() == [
        2, 10.0, 20.0,
    ]  # fmt: skip
    assert "“CLV”" in integrating.describe_values(config, events)
    # What the log itself says of value comes first.
    assert steps.find_values(config, evidence | {"events": events.assign(value=1.0)}) is None
    logged = configure(CRM, LOG | {"columns": LOG["columns"] | {"value": "v"}})
    assert steps.find_values(logged, evidence) is None


def test_two_rosters_with_values_are_refused(tmp_path):
    from cjm_research.config import load_config

    (tmp_path / "study.yaml").write_text(
        "schema_version: 1\ntitle: t\nobjective: o\njourney: {template: commerce}\nsources:\n"
        "- {id: a, kind: roster, files: a.csv, columns: {participant: id, value: v}}\n"
        "- {id: b, kind: roster, files: b.csv, columns: {participant: id, value: v},"
        " lifecycle_stages: {x: nowhere}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "study.yaml", where="study.yaml")
    assert "Keep one" in str(caught.value)
    assert "nowhere" in str(caught.value)


def test_steps_of_a_lifecycle_without_a_stage_are_asked_about(read):
    deals = "Deal Stage,Associated Contact IDs\nqualifiedtobuy,c1\nclosedwon,c2\n,c3\n"
    columns = {"participant": "Associated Contact IDs", "lifecycle": "Deal Stage"}
    quality = read(deals, columns=columns, lifecycle_stages={}).quality
    (row,) = quality[quality["what"].str.contains("`lifecycle_stages:`")].to_dict("records")
    assert (row["level"], row["n"]) == ("warning", 2)
