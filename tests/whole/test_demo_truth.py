"""The demo's planted truth comes back from the whole run."""

import filecmp
import json
import math
import re
import shutil
from pathlib import Path

import pytest
import yaml
from pandas.testing import assert_frame_equal

from cjm_research.study import open_study
from tests.whole.conftest import ROOT

RAW = ROOT / "data" / "raw" / "demo"
PERSON_LEVEL = [
    "n_told", "n_told_left", "n_others", "n_others_left", "risk_ratio", "low", "high", "p",
    "p_adjusted", "n_told_before", "n_told_after", "n_told_unknown",
]  # fmt: skip
FIGURES = [
    "n_said", "n_heard", "share", "low", "high", "n_said_others", "n_heard_others", "difference",
    "difference_low", "difference_high", "p", "p_adjusted",
]  # fmt: skip


@pytest.fixture(scope="module")
def truth():
    return json.loads((RAW / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def stages(demo):
    return demo.study.journey_map.set_index("stage")


def test_worst_drop_off_is_the_planted_stage(stages, truth):
    assert stages["drop_off_rate"].idxmax() == truth["worst_stage"]


def test_drop_off_counts_equal_the_planted_ones(stages, truth):
    for stage, planted in truth["drop_off"]["realised"].items():
        found = stages.loc[stage]
        assert (found["n_entered"], found["n_dropped"]) == (planted["entered"], planted["dropped"])


def test_top_pain_is_among_the_first_three_of_its_stage(stages, truth):
    found = {
        stage: pain
        in [entry["code"] for entry in stages.loc[stage, "pain_points"]
            if entry["source"] == "interviews"][:3]
        for stage, pain in truth["top_pain"].items()
    }  # fmt: skip
    assert sum(found.values()) >= 4, found


def test_silent_stage_is_reported_as_not_asked(demo, stages, truth):
    silent = truth["silent_stage"]
    assert stages.loc[silent, "coverage"] == "not asked"
    page = (demo.folder / f"stage-{silent}.html").read_text("utf-8")
    assert "Nobody was asked" in page


def test_disagreeing_stage_shows_both_strands(stages, truth):
    stage = stages.loc[truth["disagreeing_stage"]]
    assert stage["drop_off_rate"] < 0.1
    told = [pain["code"] for pain in stage["pain_points"][:3]]
    assert truth["top_pain"][truth["disagreeing_stage"]] in told


def test_people_without_consent_are_counted_and_never_quoted(demo):
    people = demo.study.participants.set_index("participant_id")["consent"]
    assert (people == "no_quote").any()
    assert set(people.loc[demo.study.quotes["participant_id"]]) == {"quote"}


def test_who_withdrew_is_nowhere(demo, truth):
    assert truth["withdrawn"] == ["k17"]
    words = (ROOT / "data" / "raw" / "demo" / "interviews" / "k17.txt").read_text("utf-8")
    asking = ("Ines", "Tom")  # the interviewers ask everybody the same things
    lines = [line for line in words.splitlines() if not line.startswith(asking)]
    said = [line.partition(": ")[2] for line in lines if len(line) > 60]
    kept = "\n".join(demo.study.documents["text"])
    assert said
    assert not [sentence for sentence in said if sentence in kept]
    assert demo.study.sources.set_index("source").loc["interviews", "n_documents"] == 16


def test_the_machine_proposes_the_planted_verdicts(demo, truth):
    verdicts = demo.study.verdicts.set_index("stage")
    right = {
        stage: verdicts.loc[stage, "proposed"] == planted
        for stage, planted in truth["verdicts"].items()
    }
    assert sum(right.values()) >= 4, right
    assert right[truth["disagreeing_stage"]]
    assert right[truth["silent_stage"]]
    # Each proposal names its counts, and how many of those heard had left there.
    for stage, row in verdicts.drop(index=truth["silent_stage"]).iterrows():
        planted = truth["drop_off"]["realised"][stage]
        assert f"{planted['dropped']:,} of {planted['entered']:,}" in row["reason"]
        assert "Of those heard here and found in the behaviour record" in row["reason"]


def test_what_a_person_finds_stands_beside_the_proposal_never_over_it(demo):
    written = yaml.safe_load((RAW / "findings.yaml").read_text("utf-8"))
    verdicts = demo.study.verdicts.set_index("stage")
    for finding in written["verdicts"]:
        row = verdicts.loc[finding["stage"]]
        assert row[["verdict", "by"]].tolist() == [finding["verdict"], finding["by"]]
        assert finding["note"] in row["reason"]
        page = (demo.folder / f"stage-{finding['stage']}.html").read_text("utf-8")
        assert f"decided by {finding['by']}" in page
    others = verdicts.drop(index=[finding["stage"] for finding in written["verdicts"]])
    assert set(others["by"]) == {""}
    assert (others["verdict"] == others["proposed"]).all()
    assert (verdicts["proposed"] != "").all()


def test_a_contrary_finding_changes_whose_verdict_it_is_and_nothing_else(
    demo, tmp_path, monkeypatch
):
    # Where the study lies does not count; what it is called does.
    copy = tmp_path / "data" / "raw" / "demo"
    shutil.copytree(RAW, copy)
    shutil.copytree(demo.study.place.processed, tmp_path / "data" / "processed" / "demo")
    path = copy / "findings.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("verdict: sources disagree", "verdict: cannot tell"))
    monkeypatch.chdir(tmp_path)
    again = open_study("demo")
    assert again.key != demo.study.key
    evidence, codes = again._make_key()
    # The findings are no input of what machines read and code.
    assert (again.place.processed / "evidence" / evidence[:20]).is_dir()
    assert (again.place.processed / "codes" / codes[:20]).is_dir()
    before, after = (study.verdicts.set_index("stage") for study in (demo.study, again))
    assert after.loc["wait", ["verdict", "by"]].tolist() == ["cannot tell", "Ines Adler"]
    assert after["proposed"].tolist() == before["proposed"].tolist()
    first, second = demo.study.tables, again.tables
    for name in ("held_codes", "causes", "links", "joint_display", "trust"):
        assert_frame_equal(first[name], second[name], obj=name)


def test_files_of_people_are_as_they_were_after_a_run(demo):
    theirs = [
        path.relative_to(RAW)
        for path in (RAW / "findings.yaml", *RAW.glob("codes/*"), *RAW.glob("samples/*"))
    ]
    assert len(theirs) >= 5
    same, changed, absent = filecmp.cmpfiles(
        RAW, demo.study.place.folder, [str(path) for path in theirs], shallow=False
    )
    assert (sorted(map(Path, same)), changed, absent) == (sorted(theirs), [], [])


def test_the_planted_link_between_a_pain_and_leaving_is_found(demo, truth):
    planted = truth["risk"]["linked"]
    causes = demo.study.causes
    row = causes[
        (causes["source"] == "survey")
        & (causes["code"] == planted["pain"])
        & (causes["told_at"] == planted["told_at"])
        & (causes["stage"] == planted["left_at"])
    ].iloc[0]
    assert row["low"] <= truth["risk"]["planted_risk_ratio"] <= row["high"]
    assert row["low"] <= planted["realised_risk_ratio"] <= row["high"]
    assert row["low"] > 1
    assert row["p_adjusted"] < 0.05
    # The population is known without any coder: all who are linked and came to order.
    assert row["n_told"] + row["n_others"] == planted["told"] + planted["others"]
    assert row["n_told_left"] + row["n_others_left"] == (
        planted["told_left"] + planted["others_left"]
    )
    assert "This is an association, not a cause" in row["words"]


def test_planted_nulls_are_not_found(demo, truth):
    causes = demo.study.causes
    found = causes[(causes["p_adjusted"] < 0.05) & (causes["risk_ratio"] > 1)]
    for null in truth["risk"]["null"]:
        mine = found[(found["code"] == null["pain"]) & (found["stage"] == null["left_at"])]
        assert mine.empty, null["pain"]
    planted = truth["risk"]["linked"]
    assert found[["stage", "told_at", "code"]].drop_duplicates().to_numpy().tolist() == [
        [planted["left_at"], planted["told_at"], planted["pain"]]
    ]


def test_interviews_have_counts_and_no_ratio(demo):
    causes = demo.study.causes
    talks = causes[causes["source"] == "interviews"]
    assert talks["n_told"].notna().any()
    assert talks[["risk_ratio", "low", "high", "p", "p_adjusted", "rating_p"]].isna().all(axis=None)


def test_june_has_nothing_to_do_with_the_log_of_march(demo):
    study = demo.study
    summary = study.comparable_sources.set_index("source")
    assert summary.loc["survey_june", ["comparable", "person_level"]].tolist() == [False, False]
    assert "its words are not set beside these numbers" in summary.loc["survey_june", "words"]
    june = study.causes[study.causes["source"] == "survey_june"]
    assert june[PERSON_LEVEL].isna().all(axis=None)
    display = study.joint_display[study.joint_display["source"] == "survey_june"]
    assert set(display["counted"]) == {""}
    assert set(display["gap"]) == {""}
    assert "survey_june" not in set(study.display_gaps["source"])
    for reason in study.verdicts["reason"]:
        assert "Survey, June" not in reason.partition("Left out, as not comparable")[0]


def test_no_page_shows_who_of_june_was_lost(demo):
    links = demo.study.links
    june = links[(links["source"] == "survey_june") & (links["n_linked"] > 0)]
    assert len(june)
    for page in demo.pages:
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text("utf-8")))
        for row in june.to_dict("records"):
            told = f"Survey, June {row['n_heard']} {row['n_linked']} {row['n_entered']}"
            assert told not in text, page.name


def test_only_confirmed_and_trusted_opportunities_are_ranked(demo):
    found = demo.study.opportunities
    ranked, others = found[found["rank"].notna()], found[found["rank"].isna()]
    written = yaml.safe_load((RAW / "findings.yaml").read_text("utf-8"))["opportunities"]
    confirmed = {(row["stage"], row["code"]) for row in written if row["confirmed"]}
    assert len(ranked) >= 1
    assert set(zip(ranked["stage"], ranked["code"], strict=True)) <= confirmed
    assert set(ranked["status"]) == {"confirmed"}
    assert set(ranked["trust"]) <= {"trusted", ""}
    trust = demo.study.trust.set_index(["source", "code_group", "code"])["status"]
    for row in ranked.to_dict("records"):
        if row["trust"]:
            assert trust[row["source"], "pain_point", row["code"]] == "trusted"
    assert (ranked["rank_low"] <= ranked["rank"]).all()
    assert (ranked["rank"] <= ranked["rank_high"]).all()
    assert (ranked["weights_rank_low"] <= ranked["rank"]).all()
    assert (ranked["rank"] <= ranked["weights_rank_high"]).all()
    assert ranked["rank"].tolist() == sorted(ranked["rank"])
    # The others stand in the journey's order, then by name: nothing of their weight.
    assert others[["score", "rank_low", "rank_high", "first_share"]].isna().all(axis=None)
    order = demo.study.journey.stage_ids
    places = [(order.index(row["stage"]), row["label"]) for row in others.to_dict("records")]
    assert places == sorted(places)


def test_no_audience_segment_shows_a_handful_of_people(demo):
    compared = demo.study.segment_comparison
    assert len(compared)
    shown, hidden = compared[~compared["suppressed"]], compared[compared["suppressed"]]
    assert len(shown)
    assert len(hidden)
    assert hidden[FIGURES].isna().all(axis=None)
    assert not hidden["words"].str.contains(r"\d+ of \d").any()
    for said, heard in (("n_said", "n_heard"), ("n_said_others", "n_heard_others")):
        assert not shown[said].between(1, 4).any()
        assert not (shown[heard] - shown[said]).between(1, 4).any()


def test_every_share_of_people_picked_on_purpose_is_without_an_interval(demo):
    for name, columns in {
        "expectations": ["met_low", "met_high"],
        "openings": ["low", "high"],
        "segment_comparison": ["low", "high", "p"],
    }.items():
        table = getattr(demo.study, name)
        known = [column for column in columns if column in table]
        assert table.loc[table["source"] == "interviews", known].isna().all(axis=None), name


def test_waves_are_compared_by_everybody_and_by_same_people(demo, truth):
    changes = demo.study.wave_changes
    nps = changes[(changes["kind"] == "rating") & (changes["code"] == "nps")].iloc[0]
    assert nps["n_both"] == truth["waves"]["in_both"]
    assert nps["n_a"] == truth["nps_march"]["n"]
    assert nps["value_a"] == pytest.approx(truth["nps_march"]["nps"])
    assert nps["difference"] == pytest.approx(nps["value_b"] - nps["value_a"])
    assert nps["low"] < nps["difference"] < nps["high"]
    assert math.isfinite(nps["p"])
