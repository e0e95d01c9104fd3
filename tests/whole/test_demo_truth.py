"""The demo's planted truth comes back from the whole run."""

import json

import pytest

from tests.whole.conftest import ROOT


@pytest.fixture(scope="module")
def truth():
    return json.loads((ROOT / "data" / "raw" / "demo" / "truth.json").read_text("utf-8"))


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
