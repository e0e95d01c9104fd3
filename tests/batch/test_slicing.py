"""A part of a study: what is in it, what is not, and what is refused."""

import dataclasses
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.config import Findings, FunnelReport, StageFinding
from cjm_research.errors import ConfigError, UnknownNameError
from cjm_research.privacy import open_vault
from cjm_research.study import Slice, open_study, slicing, steps
from cjm_research.tables import TABLES, check_table
from tests.batch.conftest import DEVICES, write_study

OF_PEOPLE = ("documents", "ratings", "answers", "events")
MARCH_10 = date(2026, 3, 10)


@dataclasses.dataclass
class Read:
    """A study that was read and coded, and what cuts it."""

    study: object
    evidence: dict
    coded: dict

    def take(self, **part):
        return slicing.take_part(
            self.evidence,
            self.coded,
            config=self.study.config,
            journey=self.study.journey,
            folder=self.study.place.folder,
            **part,
        )


def read(folder, vault_folder):
    study = open_study(folder)
    vault = open_vault("tiny", synthetic=False, study_folder=folder)
    evidence = steps.make_evidence(study.config, study.journey, folder, vault, lambda line: None)
    kept = vault_folder / "kept"
    coded = steps.make_codes(evidence, study.config, study.coding, kept, lambda line: None)
    return Read(study, evidence, coded)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    base = tmp_path_factory.mktemp("sliced")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CJM_VAULT", str(base / "vault"))
        yield read(write_study(base / "tiny"), base)


def people(tables):
    return slicing.people_of(tables)


def check_whole(part):
    """No id leads nowhere, and every table keeps its promise."""
    tables = part.evidence | part.coded
    known = set(tables["participants"]["participant_id"])
    documents = set(tables["documents"]["document_id"])
    excerpts = set(tables["excerpts"]["excerpt_id"])
    for name, table in tables.items():
        if name in TABLES:
            check_table(table, name)
        if name in OF_PEOPLE or name == "excerpts":
            assert set(table["participant_id"]) <= known, name
        if name in ("turns", "declared_codes", "excerpts", "machine_codes", "languages"):
            assert set(table["document_id"]) <= documents, name
        if name in ("scores", "embeddings"):
            assert set(table["excerpt_id"]) <= excerpts, name
    sources = tables["sources"].set_index("source")
    for source, ids in steps.people_by_source(tables).items():
        assert sources.loc[source, "n_participants"] == len(ids)
        mine = tables["documents"]["source"] == source
        assert sources.loc[source, "n_documents"] == mine.sum()


PARTS = [
    {"only": Slice("device", "phone")},
    {"only": Slice("region", "south")},
    {"only": Slice(start=date(2026, 3, 5), end=date(2026, 3, 14))},
    {"only": Slice("device", "desktop", end=date(2026, 3, 18))},
    {"as_of": MARCH_10},
    {"as_of": date(2026, 3, 22)},
    {"as_of": date(2026, 3, 20), "only": Slice("device", "phone")},
]


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_no_id_of_a_part_leads_nowhere(whole, part):
    check_whole(whole.take(**part))


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_the_order_of_rows_does_not_matter(whole, part):
    turned = Read(
        whole.study,
        {name: table[::-1].reset_index(drop=True) for name, table in whole.evidence.items()},
        {name: table[::-1].reset_index(drop=True) for name, table in whole.coded.items()},
    )
    one, other = whole.take(**part), turned.take(**part)
    assert one.about == other.about
    for name, table in (one.evidence | one.coded).items():
        if name == "people_codes":
            continue  # a quote without a document is of the first document that holds it
        again = (other.evidence | other.coded)[name]
        rows = sorted(map(repr, table.astype(str).to_numpy().tolist()))
        assert rows == sorted(map(repr, again.astype(str).to_numpy().tolist())), name


def test_the_parts_of_a_partition_add_up(whole):
    parts = [whole.take(only=Slice("device", device)).evidence for device in DEVICES]
    known = people({name: whole.evidence[name] for name in OF_PEOPLE})
    known -= set(whole.evidence["documents"].query("source == 'talks'")["participant_id"])
    assert people(parts[0]) | people(parts[1]) == known
    assert not people(parts[0]) & people(parts[1])
    for name in ("events", "ratings", "answers"):
        assert sum(len(part[name]) for part in parts) == len(whole.evidence[name])


def test_periods_one_after_the_other_hold_everything_once(whole):
    periods = [(None, date(2026, 3, 8)), (date(2026, 3, 9), date(2026, 3, 16)),
               (date(2026, 3, 17), None)]  # fmt: skip
    parts = [whole.take(only=Slice(start=a, end=b)).evidence for a, b in periods]
    for name in OF_PEOPLE:
        # The interviews have no times: they are of the last period, when all were collected.
        assert sum(len(part[name]) for part in parts) == len(whole.evidence[name]), name


def test_a_part_that_is_everything_is_the_whole(whole):
    everything = whole.take(only=Slice(start=date(2026, 1, 1), end=date(2026, 12, 31)))
    later = whole.take(as_of=date(2026, 12, 31))
    for part in (everything, later):
        for name, table in (whole.evidence | whole.coded).items():
            found = (part.evidence | part.coded)[name]
            assert_frame_equal(found, table, check_dtype=False, obj=name)


def test_an_empty_slice_changes_nothing(whole):
    part = whole.take(only=Slice())
    assert part.evidence is whole.evidence
    assert part.about == ""
    assert Slice().words == "the whole study"


def test_who_is_in_a_part_is_said_with_those_who_are_known(whole):
    about = whole.take(only=Slice("region", "south")).about
    assert "region: south (12 of 23 known)" in about
    assert "Talks is left out: region is not known there" in about


def test_where_a_person_belongs_is_settled_before_a_period_is_cut(whole):
    events = whole.evidence["events"].copy()
    someone = events.loc[events["device"] == "phone", "participant_id"].iloc[0]
    later = (
        events[events["participant_id"] == someone]
        .iloc[[0]]
        .assign(device="desktop", occurred_at=pd.Timestamp("2026-03-28", tz="UTC"))
    )
    changed = Read(
        whole.study,
        whole.evidence | {"events": pd.concat([events, later], ignore_index=True)},
        whole.coded,
    )
    days = {"start": date(2026, 3, 12), "end": date(2026, 3, 31)}
    part = changed.take(only=Slice("device", "phone", **days)).evidence
    assert someone in set(part["events"]["participant_id"])
    segments = steps.find_segments(whole.study.config, part)
    found = segments[(segments["segment"] == "device")].set_index("participant_id")
    assert found.loc[someone, "segment_value"] == "phone"


def test_ratings_without_words_are_placed_by_when_they_were_sent(whole):
    part = whole.take(only=Slice(start=date(2026, 3, 1), end=MARCH_10)).evidence
    silent = set(part["ratings"]["participant_id"]) - set(part["documents"]["participant_id"])
    assert part["ratings"]["participant_id"].nunique() == 10
    assert len(silent) == 3


def test_a_code_without_a_document_goes_with_its_quote(whole):
    codes = whole.evidence["people_codes"]
    assert (codes["document_id"] == "").any()
    told = whole.evidence["documents"].set_index("document_id")["text"]
    for device in DEVICES:
        part = whole.take(only=Slice("device", device)).evidence
        kept = part["people_codes"]
        first = told[told == "The page was so slow that I left."].index[0]
        assert (len(kept) == 1) == (first in set(part["documents"]["document_id"]))


def test_an_unknown_segment_is_refused_before_anything_is_read(whole):
    with pytest.raises(UnknownNameError, match="Did you mean 'device'"):
        open_study(whole.study.place.folder, only=Slice("devise", "phone"))


def test_an_unknown_value_is_refused_with_those_that_are_known(whole):
    with pytest.raises(UnknownNameError, match=r"Did you mean 'phone'.*'desktop', 'phone'"):
        whole.take(only=Slice("device", "phones"))


@pytest.mark.parametrize("bad", [
    {"segment": "device"}, {"value": "phone"}, {"start": date(2026, 3, 2), "end": date(2026, 3, 1)},
])  # fmt: skip
def test_half_a_slice_is_none(bad):
    with pytest.raises(ConfigError):
        Slice(**bad)


def test_a_part_of_few_people_is_refused(whole):
    four_days = Slice(start=date(2026, 3, 1), end=date(2026, 3, 4))
    with pytest.raises(slicing.TooFewError, match="fewer than 5 people"):
        whole.take(only=four_days)
    five_days = Slice(start=date(2026, 3, 1), end=date(2026, 3, 5))
    assert len(people(whole.take(only=five_days).evidence)) == 5


def test_a_part_of_all_but_a_few_is_refused(whole):
    # 24 answered and 3 were interviewed: without the first 3 days there are 3 people fewer.
    with pytest.raises(slicing.TooFewError, match="worked out"):
        whole.take(only=Slice(start=date(2026, 3, 4)))


def test_slugs_are_different_where_parts_are():
    parts = [
        Slice("device", "phone"), Slice("device", "Phone"), Slice("device", "pho ne"),
        Slice("device", "pho/ne"), Slice("device", "phone", end=MARCH_10), Slice(end=MARCH_10),
        Slice(start=MARCH_10), Slice("device", "../../x"), Slice("device", "телефон"),
    ]  # fmt: skip
    slugs = [part.slug for part in parts]
    assert len({slug.casefold() for slug in slugs}) == len(parts)
    assert all("/" not in slug and not slug.startswith((".", "-")) for slug in slugs)


def test_what_was_concluded_of_the_whole_is_not_said_of_a_part():
    early = StageFinding(stage="buy", by="Eva", at=date(2026, 3, 1), verdict="sources agree")
    late = StageFinding(stage="see", by="Eva", at=date(2026, 5, 1), verdict="only done")
    findings = Findings(verdicts=[early, late])
    assert slicing.still_concluded(findings, None, Slice("device", "phone")) == Findings()
    assert slicing.still_concluded(findings, MARCH_10, None).verdicts == [early]
    assert slicing.still_concluded(findings, None, None) is findings


# As seen on the evening of a day


def test_nothing_later_than_the_evening_is_seen(whole):
    evidence = whole.take(as_of=MARCH_10).evidence
    assert evidence["events"]["occurred_at"].max() < pd.Timestamp("2026-03-11", tz="UTC")
    assert evidence["events"]["participant_id"].nunique() == 10
    assert evidence["ratings"]["participant_id"].nunique() == 10
    assert not (evidence["documents"]["source"] == "talks").any()


def test_observation_ends_on_the_evening(whole):
    assert whole.take(as_of=MARCH_10).config.behaviour.until == MARCH_10


def test_a_log_that_ended_before_is_not_observed_any_longer(whole):
    config = whole.study.config
    logs = [
        source.model_copy(update={"collected": config.source("talks").collected})
        if source.kind == "events" else source
        for source in config.sources
    ]  # fmt: skip
    ended = config.model_copy(update={"sources": logs})
    assert slicing.observe_until(ended, date(2026, 4, 30), None).behaviour.until is None
    assert slicing.observe_until(ended, date(2026, 3, 22), None).behaviour.until == date(
        2026, 3, 22
    )
    days = slicing.observe_until(ended, date(2026, 3, 22), None).source("talks").collected
    assert (days.start, days.end) == (date(2026, 3, 20), date(2026, 3, 22))


def test_a_source_without_times_is_taken_whole_and_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    read_so = read(write_study(tmp_path / "tiny", collected=""), tmp_path)
    evidence = read_so.take(as_of=MARCH_10).evidence
    assert (evidence["documents"]["source"] == "talks").sum() == 3
    (row,) = evidence["quality"].query("what.str.contains('as_of')").to_dict("records")
    assert row["source"] == "talks"
    assert row["what"] == "no times: as_of cannot leave anything out"


def test_what_is_appended_later_changes_nothing_of_an_earlier_day(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("CJM_VAULT", str(tmp_path / "vault"))
    folder = write_study(tmp_path / "tiny")
    before = open_study(folder, as_of=MARCH_10)
    first = before.tables
    with (folder / "events.csv").open("a") as handle:
        handle.write("c2,pay,2026-03-11 00:00:00,phone\nnew,view,2026-04-02 08:00,phone\n")
    with (folder / "survey.csv").open("a") as handle:
        handle.write('late,"It was awful, I gave up.",0,south,2026-03-29 09:00\n')
    after = open_study(folder, as_of=MARCH_10)
    second = after.tables
    assert before.key != after.key
    # What readers found in the files is of the files.
    for name in first.keys() - {"quality", "files", "set_aside", "masked"}:
        assert_frame_equal(first[name], second[name], obj=name)
    assert len(open_study(folder).tables["events"]) == len(whole.evidence["events"]) + 2


def test_a_part_has_a_key_of_its_own_and_shares_what_was_read(place, monkeypatch):
    monkeypatch.setattr("cjm_research.study.hash_source", lambda: "this code")
    studies = [
        open_study("tiny", **part)
        for part in ({}, {"as_of": MARCH_10}, {"only": Slice("device", "phone")})
    ]
    assert len({study.key for study in studies}) == 3
    said = []
    for study in studies:
        study._say = said.append
        assert len(study.tables["journey_map"]) == 2
    assert said.count("reading Survey") == 1
    assert sum(line.startswith("coding ") for line in said) == 1
    again = []
    for part in ({}, {"as_of": MARCH_10}, {"only": Slice("device", "phone")}):
        assert len(open_study("tiny", say=again.append, **part).funnel)
    assert again == []
    assert studies[2].about.startswith("Only people with device: phone (12 of 24 known).")
    assert studies[0].about == ""


def report_on(start, end):
    row = {
        "source": "shop", "source_label": "Shop funnel", "program": "p", "unit": "u",
        "collected_from": start, "collected_to": end, "segment": "", "position": 1, "step": "A",
        "stage": "", "n_people": 9, "n_continued": None, "rate": None, "stated_rate": None,
    }  # fmt: skip
    return check_table(pd.DataFrame([row]), "reported_funnels")


def with_report(whole, start, end):
    evidence = whole.evidence | {"reported_funnels": report_on(start, end)}
    about = {"id": "shop", "kind": "funnel_report", "label": "Shop funnel", "files": "a.csv"}
    sources = [*whole.study.config.sources, FunnelReport.model_validate(about)]
    config = whole.study.config.model_copy(update={"sources": sources})
    study = SimpleNamespace(config=config, journey=whole.study.journey, place=whole.study.place)
    return Read(study, evidence, whole.coded)


DAYS = {"start": date(2026, 3, 1), "end": MARCH_10}


@pytest.mark.parametrize(
    ("start", "end", "in_period", "as_seen"),
    [
        ("2026-03-02", "2026-03-10", True, True),
        ("2026-03-11", "2026-03-12", False, False),
        ("2026-02-01", "2026-02-02", False, True),
        # A count of a longer time cannot be cut.
        ("2026-02-01", "2026-03-02", False, True),
        ("2026-03-02", "2026-03-12", False, True),
        ("", "", False, True),
    ],
)
def test_other_programs_counts_are_of_their_days_whole(whole, start, end, in_period, as_seen):
    told = with_report(whole, start, end)
    part = told.take(only=Slice(**DAYS))
    assert len(part.evidence["reported_funnels"]) == in_period
    seen = told.take(as_of=MARCH_10)
    assert len(seen.evidence["reported_funnels"]) == as_seen
    noted = seen.evidence["quality"].query("source == 'shop'")
    assert len(noted) == (as_seen and not ("" < end <= "2026-03-10"))


def test_other_programs_counts_are_in_no_audience_segment_and_that_is_said(whole):
    part = with_report(whole, "2026-03-02", "2026-03-10").take(
        only=Slice(segment="device", value="phone")
    )
    assert part.evidence["reported_funnels"].empty
    assert "Shop funnel is left out: it counts people without telling who." in part.about
