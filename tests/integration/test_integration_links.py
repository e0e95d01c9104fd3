"""Linked people counted by hand, and observers' notes against the known answers of a study."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research import open_study
from cjm_research.behaviour import list_task_ends
from cjm_research.integration.links import (
    DISPLAY_COLUMNS,
    GAP_COLUMNS,
    LINK_COLUMNS,
    NOTE_COLUMNS,
    count_links,
    count_notes_by_outcome,
    join_display,
    name_gaps,
)
from cjm_research.integration.stage_behaviour import BEHAVIOUR_COLUMNS
from cjm_research.journey import LEAVING_WORDS, Journey, Stage
from cjm_research.privacy import Vault
from cjm_research.study.steps import make_evidence

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
NAN = math.nan
JOURNEY = Journey(
    (
        Stage("see", "Seeing"),
        Stage("buy", "Buying"),
        Stage("find", "Finding", measure="task_failure", outcome="done"),
        Stage("talk", "Talking", measure="none"),
    )
)
FACTS = pd.DataFrame(
    [
        ("calls", "Interviews", "interview", False, ""),
        ("form", "Survey", "survey_answer", True, ""),
        ("watch", "Observers", "note", False, ""),
    ],
    columns=["source", "label", "kind", "has_design", "wave"],
)
EVERY = dict.fromkeys(FACTS["source"], True)


def stages_of(*rows, measure="funnel_drop_off"):
    """Rows (participant, stage, left)."""
    frame = pd.DataFrame(rows, columns=["participant_id", "stage", "left"])
    return frame.assign(stage=JOURNEY.order(frame["stage"]), measure=measure)


def words_of(*rows):
    """Excerpts and codes of rows (participant, source, stage, code or ""; speaker)."""
    excerpts = pd.DataFrame(
        [
            (f"e{n}", who, source, (*rest, "participant")[0], stage)
            for n, (who, source, stage, _, *rest) in enumerate(rows)
        ],
        columns=["excerpt_id", "participant_id", "source", "speaker", "stage"],
    )
    codes = pd.DataFrame(
        [
            (f"e{n}", "delight" if code == "nice" else "pain_point", code, 1.0)
            for n, (_, _, _, code, *_) in enumerate(rows)
            if code
        ],
        columns=["excerpt_id", "code_group", "code", "strength"],
    )
    return excerpts.assign(stage=JOURNEY.order(excerpts["stage"])), codes


def links_of(person_stages, *rows):
    excerpts, codes = words_of(*rows)
    return count_links(person_stages, codes, excerpts, journey=JOURNEY, source_facts=FACTS)


def at(links, stage, source="calls"):
    row = links[(links["stage"] == stage) & (links["source"] == source)].iloc[0]
    return {name: row[name] for name in LINK_COLUMNS[2:] if row[name]}


RECORD = stages_of(
    ("a", "see", 0.0), ("a", "buy", 1.0),
    ("b", "see", 0.0), ("b", "buy", 0.0),
    ("c", "see", 1.0),
    ("d", "see", 0.0), ("d", "buy", NAN),
)  # fmt: skip
SAID = [
    ("a", "calls", "buy", "slow"), ("a", "calls", "buy", "dear"), ("a", "calls", "see", "nice"),
    ("b", "calls", "buy", ""), ("b", "calls", "buy", "slow", "interviewer"),
    ("b", "calls", "see", "slow"),
    ("c", "calls", "see", "none"), ("c", "calls", "buy", "slow"),
    ("d", "calls", "buy", "slow"),
    ("x", "calls", "buy", "slow"), ("x", "form", "buy", "slow"), ("x", "calls", "", "slow"),
    ("a", "calls", "talk", "slow"), ("x", "calls", "talk", ""),
]  # fmt: skip


def test_people_are_counted_once_by_what_they_told_and_how_it_ended():
    links = links_of(RECORD, *SAID)
    assert list(links.columns) == LINK_COLUMNS
    # a told and left, b is heard without a pain point, c never came there, d's end is open, and
    # x is not in the record.
    assert at(links, "buy") == {
        "n_heard": 5, "n_told": 4, "n_linked": 4, "n_entered": 3, "n_left": 1, "n_told_left": 1,
        "n_quiet_stayed": 1,
    }  # fmt: skip
    # The code "none" and praise are no pain points.
    assert at(links, "see") == {
        "n_heard": 3, "n_told": 1, "n_linked": 3, "n_entered": 3, "n_left": 1,
        "n_quiet_left": 1, "n_told_stayed": 1, "n_quiet_stayed": 1,
    }  # fmt: skip


def test_every_stage_and_source_has_a_row_in_journey_order():
    links = links_of(RECORD, *SAID)
    assert links["stage"].tolist() == [s for s in JOURNEY.stage_ids for _ in range(3)]
    assert links["source"].tolist() == ["calls", "form", "watch"] * 4
    assert links["stage"].dtype == JOURNEY.dtype
    assert at(links, "buy", "form") == {"n_heard": 1, "n_told": 1}
    assert at(links, "find") == {}


def test_a_stage_that_nothing_measures_has_people_of_any_record_and_no_ends():
    assert at(links_of(RECORD, *SAID), "talk") == {"n_heard": 2, "n_told": 1, "n_linked": 1}


def test_people_are_looked_for_in_the_record_that_measures_the_stage():
    both = pd.concat([RECORD, stages_of(("a", "find", 1.0), measure="task_failure")])
    links = links_of(
        both, ("a", "watch", "find", "slow"), ("b", "watch", "find", ""), ("b", "calls", "buy", "")
    )
    assert at(links, "find", "watch") == {
        "n_heard": 2, "n_told": 1, "n_linked": 1, "n_entered": 1, "n_left": 1, "n_told_left": 1,
    }  # fmt: skip
    assert at(links, "buy") == {"n_heard": 1, "n_linked": 1, "n_entered": 1, "n_quiet_stayed": 1}


def test_counts_hold_together_whatever_the_order_of_rows():
    links = links_of(RECORD, *SAID)
    excerpts, codes = words_of(*SAID)
    turned = count_links(
        RECORD.sample(frac=1, random_state=3), codes.iloc[::-1],
        excerpts.sample(frac=1, random_state=2), journey=JOURNEY, source_facts=FACTS,
    )  # fmt: skip
    assert_frame_equal(links, turned)
    assert (links["n_left"] == links["n_told_left"] + links["n_quiet_left"]).all()
    ends = links[["n_told_left", "n_told_stayed", "n_quiet_left", "n_quiet_stayed"]].sum(axis=1)
    assert (ends <= links["n_entered"]).all()
    assert (links["n_entered"] <= links["n_linked"]).all()
    assert (links["n_linked"] <= links["n_heard"]).all()


def test_nobody_gives_zeros_and_no_source_gives_no_rows():
    links = links_of(stages_of())
    assert not links[LINK_COLUMNS[2:]].any(axis=None)
    assert len(links) == 12
    excerpts, codes = words_of(*SAID)
    none = count_links(RECORD, codes, excerpts, journey=JOURNEY, source_facts=FACTS.iloc[:0])
    assert none.empty
    assert list(none.columns) == LINK_COLUMNS
    assert none["stage"].dtype == JOURNEY.dtype


def behaviour(**counts):
    """Stage -> (n_lost, n); stages without counts are not measured."""
    rows = []
    for stage in JOURNEY:
        lost, n = counts.get(stage.id, (NAN, NAN))
        unit = "first tries" if stage.measure == "task_failure" else "people"
        rate = lost / n if n else NAN
        rows.append([stage.id, stage.measure, unit, n, lost, rate, NAN, NAN,
                     LEAVING_WORDS[stage.measure]])  # fmt: skip
    frame = pd.DataFrame(rows, columns=BEHAVIOUR_COLUMNS)
    return frame.assign(stage=JOURNEY.order(frame["stage"]))


DID = behaviour(see=(10.0, 40.0), buy=(0.0, 30.0), find=(6.0, 20.0))


def display_of(*rows, record=RECORD, did=DID, comparable=EVERY, person_level=EVERY, notes=None):
    return join_display(
        links_of(record, *rows), did, source_facts=FACTS, journey=JOURNEY, comparable=comparable,
        person_level=person_level, notes=notes,
    )  # fmt: skip


def row_of(display, stage, source="calls"):
    return display[(display["stage"] == stage) & (display["source"] == source)].iloc[0]


def test_each_kind_of_source_and_of_measure_has_its_words():
    display = display_of(*SAID, ("x", "watch", "find", "slow"), person_level={})
    assert list(display.columns) == DISPLAY_COLUMNS
    assert row_of(display, "see")["words"] == (
        "Of 3 people heard here, 1 tells of a pain point. 10 of 40 people leave."
    )
    assert row_of(display, "buy", "form")["words"] == (
        "Of 1 people heard here, 1 writes of a pain point. 0 of 30 people leave."
    )
    assert row_of(display, "find", "watch")["words"] == (
        "Of 1 people with notes here, a pain point is noted for 1. 6 of 20 first tries fail."
    )
    assert row_of(display, "talk", "form")["words"] == (
        "Nobody is heard here. What people do here is not counted."
    )
    assert row_of(display, "see", "watch")["words"].startswith("Nothing is noted here.")


def test_notes_are_never_said_to_be_told():
    display = display_of(
        ("a", "watch", "buy", "slow"), ("b", "watch", "see", ""), ("c", "watch", "see", "slow")
    )
    notes = display[display["source"] == "watch"]
    words = " ".join([*notes["words"], *name_gaps(notes, journey=JOURNEY)["words"]])
    assert "noted" in words
    assert not any(verb in words for verb in ("tell", "told", "say", "said", "write", "heard"))


def test_gaps_of_stages_and_of_people_are_named():
    rows = [
        ("a", "calls", "see", ""), ("b", "calls", "see", ""), ("c", "calls", "see", "nice"),
        ("a", "calls", "buy", ""), ("b", "calls", "buy", "slow"),
    ]  # fmt: skip
    display = display_of(*rows)
    assert row_of(display, "see")["gap"] == "loss without words"
    assert row_of(display, "buy")["gap"] == "words without loss"
    assert row_of(display, "talk")["gap"] == ""
    counted = ["counted", "n_lost_known", "n_lost_silent", "n_kept_known", "n_kept_told"]
    assert row_of(display, "see")[counted].tolist() == ["people", 1, 1, 2, 0]
    assert row_of(display, "buy")[counted].tolist() == ["people", 1, 1, 1, 1]
    assert row_of(display, "buy")["words"].endswith(
        "2 of them are found in the behaviour record: of 1 who leave, none tells of one; of 1 who "
        "do not, 1 tells of one."
    )
    calls = name_gaps(display[display["source"] == "calls"], journey=JOURNEY)
    assert calls[["gap", "counted", "words"]].to_numpy().tolist() == [
        ["loss without words", "stages",
         "People leave, and nobody tells of a pain point: Seeing."],
        ["loss without words", "people",
         "People who leave and do not tell of a pain point: Seeing, 1 of 1; Buying, 1 of 1."],
        ["words without loss", "stages",
         "Somebody tells of a pain point, and no people leave: Buying."],
        ["words without loss", "people",
         "People who do not leave and tell of a pain point: Buying, 1 of 1."],
    ]  # fmt: skip


def test_nobody_heard_is_no_silence_but_no_note_is_one():
    calls = display_of(("a", "calls", "see", ""))
    assert row_of(calls, "see")["gap"] == "loss without words"
    assert row_of(calls, "find", source="calls")["gap"] == ""


def test_single_people_are_spoken_of_only_where_ids_join():
    display = display_of(*SAID, person_level={"calls": False})
    assert not display["words"].str.contains("found in the behaviour record").any()
    assert set(display["counted"]) == {""}
    assert display[["n_lost_silent", "n_kept_told"]].isna().all(axis=None)
    assert "people" not in set(name_gaps(display, journey=JOURNEY)["counted"])


def test_words_of_another_wave_are_not_set_beside_the_numbers():
    display = display_of(*SAID, comparable={**EVERY, "calls": False})
    calls = display[display["source"] == "calls"]
    assert set(calls["gap"]) == {""}
    assert set(calls["counted"]) == {""}
    assert calls["words"].str.contains("may not be set beside").all()
    assert not calls["words"].str.contains("leave").any()


def test_nobody_known_to_have_left_is_said():
    display = display_of(("b", "calls", "buy", "slow"))
    assert row_of(display, "buy")["words"].endswith(
        "1 of them are found in the behaviour record: none is known to leave; of 1 who do not, "
        "1 tells of one."
    )


def test_empty_tables_keep_their_columns():
    excerpts, codes = words_of()
    links = count_links(RECORD, codes, excerpts, journey=Journey(()), source_facts=FACTS)
    display = join_display(
        links, DID.iloc[:0], source_facts=FACTS, journey=Journey(()), comparable={},
        person_level={},
    )  # fmt: skip
    assert list(display.columns) == DISPLAY_COLUMNS
    gaps = name_gaps(display, journey=Journey(()))
    assert list(gaps.columns) == GAP_COLUMNS
    assert display.empty
    assert gaps.empty


def notes_frame(*rows):
    return pd.DataFrame(
        rows, columns=["participant_id", "item", "declared_stage"], dtype="object"
    ).assign(source="watch")


def tries_frame(*rows):
    frame = pd.DataFrame(
        rows, columns=["participant_id", "item", "stage", "measure", "value"], dtype="object"
    )
    return frame.astype({"value": float}).assign(source="watch", wave="")


TRIES = tries_frame(
    ("a", "1", "find", "done", 1), ("a", "2", "find", "done", 0), ("b", "1", "find", "done", 0),
    ("b", "2", "find", "done", 0), ("b", "3", "find", "alone", 0), ("b", "4", "see", "done", 0),
)  # fmt: skip
NOTES = notes_frame(
    ("a", "1", "find"), ("a", "2", "find"), ("a", "2", "find"), ("b", "1", "find"),
    ("b", "9", "find"), ("b", "4", "see"), ("c", "", "find"),
)  # fmt: skip


def test_notes_are_counted_beside_the_attempts_that_they_are_of():
    found = count_notes_by_outcome(NOTES, TRIES, JOURNEY)
    assert list(found.columns) == NOTE_COLUMNS
    assert found[["stage", "outcome", "n_noted", "n_participants"]].to_numpy().tolist() == [
        ["find", "success", 1, 1], ["find", "failure", 2, 2], ["find", "not rated", 2, 2],
    ]  # fmt: skip
    assert found["n_attempts"].tolist()[:2] == [1, 3]
    assert math.isnan(found["n_attempts"].iloc[2])
    display = display_of(("a", "watch", "find", "slow"), notes=found)
    row = row_of(display, "find", "watch")
    assert row["counted"] == "first tries"
    assert (row["n_lost_silent"], row["n_lost_known"]) == (1, 3)
    assert row["words"].endswith(
        "Something is noted beside 2 of 3 first tries that fail, and beside 1 of 1 that succeed."
    )
    # What is told in interviews is beside no attempt.
    assert row_of(display, "find")["counted"] == ""


@pytest.mark.parametrize(
    ("notes", "tries"), [(notes_frame(), tries_frame()), (notes_frame(), TRIES), (NOTES, TRIES[:0])]
)
def test_without_notes_or_tries_nothing_is_invented(notes, tries):
    found = count_notes_by_outcome(notes, tries, JOURNEY)
    assert list(found.columns) == NOTE_COLUMNS
    beside = found[found["outcome"] != "not rated"]
    assert not beside["n_noted"].any()
    assert beside["n_attempts"].sum() == (4 if len(tries) else 0)


@pytest.fixture(scope="module")
def usability_2018():
    """Return the study's evidence alone: no machine codes anything here."""
    if not SHARED.is_dir():
        pytest.skip("the shared real data are not beside this checkout")
    study = open_study(ROOT / "tests" / "real" / "jupyterlab-usability-2018")
    folder = study.place.folder
    vault = Vault(b"a secret of this test")
    evidence = make_evidence(study.config, study.journey, folder, vault, lambda words: None)
    known = json.loads(
        (SHARED / "study-jupyterlab-usability-2018" / "known_answers.json").read_text("utf-8")
    )
    return study.journey, evidence, known["stages"]


def test_2018_notes_stand_beside_the_known_outcomes(usability_2018):
    journey, evidence, known = usability_2018
    documents = evidence["documents"]
    notes = documents[documents["question"].str.startswith("Notes")]
    counts = count_notes_by_outcome(notes, evidence["ratings"], journey)
    counts = counts.set_index(["stage", "outcome"])
    assert len(known) == len(journey) == 7
    for stage in known:
        mine = counts.loc[journey.stage_ids[stage["order"] - 1]]
        assert mine["n_noted"].to_dict() == {
            "success": stage["notes_by_first_success"]["Y"],
            "failure": stage["notes_by_first_success"]["N"],
            "not rated": stage["notes_by_first_success"]["not_rated"],
        }
        first = stage["first_success"]
        assert mine["n_attempts"]["success"] == first["numerator"]
        assert mine["n_attempts"]["failure"] == first["denominator"] - first["numerator"]


def test_2018_people_who_failed_are_linked_for_all_twenty(usability_2018):
    journey, evidence, known = usability_2018
    ends = list_task_ends(evidence["ratings"], journey)
    assert ends["participant_id"].nunique() == 20
    failed = ends.groupby("stage", observed=True)["left"].sum()
    assert failed.tolist() == [stage["people"]["at_least_one_first_try_failure"] for stage in known]
    documents = evidence["documents"]
    excerpts = documents[["participant_id", "source"]].assign(
        excerpt_id=documents["document_id"], speaker="observer",
        stage=journey.order(documents["declared_stage"]),
    )  # fmt: skip
    facts = pd.DataFrame([("test_log", "Usability test", "note", False, "")], columns=FACTS.columns)
    no_codes = pd.DataFrame(columns=["excerpt_id", "code_group", "code", "strength"])
    links = count_links(ends, no_codes, excerpts, journey=journey, source_facts=facts)
    assert (links["n_heard"] > 0).all()
    assert (links["n_entered"] == links["n_heard"]).all()
