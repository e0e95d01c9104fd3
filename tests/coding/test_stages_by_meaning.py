"""What the coder of stages makes of meaning, headings and questions; and who outranks whom."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.codes import code_id, resolve_codes
from cjm_research.coding import StageCoder, code_declared, split_excerpts, stage_inference
from cjm_research.journey import Journey, Stage
from cjm_research.tables import check_table

TWO = Journey(
    (
        Stage("find", "Finding", prompts=("How did you hear of us?",), cues=("the advert",)),
        Stage("buy", "Buying", prompts=("What happened when you paid?",), cues=("the basket",)),
    )
)
NEVER = -50.0
CODERS = pd.DataFrame(
    [
        ("source", "source", "the source", "", ""),
        ("stages", "machine", "stages", "", ""),
        ("person:ana", "person", "ana", "", ""),
    ],
    columns=["coder_id", "kind", "name", "version", "sha256"],
)
NOTHING_DECLARED = pd.DataFrame(columns=["document_id", "code_group", "code"])


def encode(texts):
    return np.tile([1.0, 0.0], (len(texts), 1))


@pytest.fixture
def place(monkeypatch):
    """Place excerpts whose logits are given by their text: {text: (find, buy, no stage)}."""

    def codes(told, logits, *, mixed=None, **options):
        monkeypatch.setattr(
            stage_inference,
            "weigh",
            lambda _, texts, *__: np.array([logits[text] for text in texts], dtype=float),
        )
        embeddings = pd.DataFrame(0.0, index=told["excerpt_id"], columns=range(2))
        coder = StageCoder(TWO, embeddings=embeddings, encode=encode, **options)
        if mixed is not None:
            told = told.sample(frac=1, random_state=mixed)
        return coder(told, pd.DataFrame())

    return codes


def only(codes):
    (row,) = codes.to_dict("records")
    return row | {"attributes": json.loads(row["attributes"])}


def test_a_stage_by_meaning_names_its_basis_probability_and_lead(place, say):
    # Alone in its document, with a sharpness of .7: odds of 9 to 1 at 1 / .7 log odds.
    row = only(place(say("Hm."), {"Hm.": (np.log(9) / 0.7, 0.0, NEVER)}))
    assert (row["code"], row["basis"]) == ("find", "inferred")
    assert row["strength"] == pytest.approx(0.9)
    assert row["attributes"] == {"unsmoothed": "find", "lead": 0.8}


@pytest.mark.parametrize(("lead", "found"), [(0.19, []), (0.21, ["find"])])
def test_below_the_margin_no_stage_is_proposed(place, say, lead, found):
    odds = (1 + lead) / (1 - lead)
    codes = place(say("Hm."), {"Hm.": (np.log(odds) / 0.7, 0.0, NEVER)}, margin=0.2)
    assert codes["code"].tolist() == found


def test_a_sentence_that_may_speak_of_nothing_is_not_placed_either(place, say):
    # The stage is sure (log odds 50), but "speaks of no stage" is as likely as it.
    assert place(say("Hm."), {"Hm.": (0.0, -50.0, 0.0)}).empty
    assert place(say("Hm."), {"Hm.": (0.0, -50.0, -2.0)})["code"].tolist() == ["find"]


def test_a_lone_sentence_within_a_run_keeps_what_it_says_by_itself(place, say):
    logits = {"Of it.": (3.0, 0.0, 0.0), "An aside.": (0.0, 1.0, 0.5)}
    codes = place(say("Of it.", "Of it.", "An aside.", "Of it.", "Of it."), logits)
    assert codes["code"].tolist() == ["find"] * 5
    unsmoothed = [json.loads(attributes)["unsmoothed"] for attributes in codes["attributes"]]
    assert unsmoothed == ["find", "find", "buy", "find", "find"]


def test_a_sentence_that_by_itself_speaks_of_no_stage_stays_out_of_the_run(place, say):
    logits = {"Of it.": (3.0, 0.0, 0.0), "Yes.": (0.0, 0.0, 0.1)}
    codes = place(say("Of it.", "Yes.", "Of it."), logits, margin=0.0)
    assert codes["quote"].tolist() == ["Of it."] * 2


ASKED = ("interviewer", "How did you hear of us?")


def test_a_question_of_the_guide_outweighs_weak_meaning(place, excerpts):
    told = excerpts([ASKED, ("participant", "Hm.")])
    row = only(place(told, {"Hm.": (0.0, 1.0, 0.0)}))
    assert (row["code"], row["basis"]) == ("find", "prompt")
    assert row["attributes"]["unsmoothed"] == "buy"


def test_where_only_the_question_names_a_stage_the_unsmoothed_one_is_empty(place, excerpts):
    told = excerpts([ASKED, ("participant", "Yes.")])
    row = only(place(told, {"Yes.": (0.0, 0.0, 0.1)}))
    assert (row["code"], row["basis"], row["attributes"]["unsmoothed"]) == ("find", "prompt", "")


def test_strong_meaning_outweighs_a_question_and_says_that_it_is_inferred(place, excerpts):
    told = excerpts([ASKED, ("participant", "Hm.")])
    row = only(place(told, {"Hm.": (0.0, 12.0, 0.0)}))
    assert (row["code"], row["basis"]) == ("buy", "inferred")


def test_a_heading_outweighs_a_question(place, excerpts):
    told = excerpts([ASKED, ("participant", "Hm.", "Buying")])
    row = only(place(told, {"Hm.": (0.0, 0.0, NEVER)}))
    assert (row["code"], row["basis"]) == ("buy", "heading")


def test_a_carried_question_says_so_and_counts_less_than_a_direct_one(place, excerpts):
    told = excerpts([ASKED, ("participant", "Hm."), ("interviewer", "Go on."),
                     ("participant", "So.")])  # fmt: skip
    codes = place(told, {"Hm.": (0.0, 0.0, 0.0), "So.": (0.0, 0.0, 0.0)})
    assert codes["basis"].tolist() == ["prompt", "carried prompt"]
    assert codes["strength"].is_monotonic_decreasing


def test_cues_that_agree_name_the_basis_and_cues_that_do_not_are_left_out(place, say):
    text = "The advert."
    assert only(place(say(text), {text: (5.0, 0.0, 0.0)}))["basis"] == "cue"
    assert only(place(say(text), {text: (0.0, 5.0, 0.0)}))["basis"] == "inferred"


def test_an_interviewers_turn_gets_no_stage_and_moves_nobody(place, excerpts):
    told = excerpts([("interviewer", "Hm."), ("participant", "So.")])
    codes = place(told, {"So.": (5.0, 0.0, 0.0)})
    assert codes["excerpt_id"].tolist() == ["talks/P01#1"]


def test_the_order_of_rows_changes_no_stage(place, excerpts):
    told = excerpts(
        [ASKED, ("participant", "Hm. So. Hm."), ("interviewer", "And?"), ("participant", "So.")],
        [("participant", "So. Hm. So.")],
    )
    logits = {"Hm.": (1.5, 0.0, 0.0), "So.": (0.0, 1.2, 0.3)}
    straight = place(told, logits, margin=0.0)
    assert len(straight) == 7
    for seed in range(3):
        assert_frame_equal(place(told, logits, margin=0.0, mixed=seed), straight)


def test_without_embeddings_or_encoder_the_signs_alone_decide(excerpts):
    told = excerpts([ASKED, ("participant", "Hm. The basket and the basket.")])
    by_signs = StageCoder(TWO)(told, pd.DataFrame())
    embeddings = pd.DataFrame(0.0, index=told["excerpt_id"], columns=range(2))
    assert_frame_equal(StageCoder(TWO, embeddings=embeddings)(told, pd.DataFrame()), by_signs)
    assert_frame_equal(StageCoder(TWO, encode=encode)(told, pd.DataFrame()), by_signs)
    assert by_signs[["basis", "strength"]].to_numpy().tolist() == [["prompt", 0.8]] * 2
    assert set(by_signs["attributes"]) == {"{}"}


def test_no_excerpts_and_only_interviewers_give_no_stages(place, excerpts, say):
    assert place(say("Hm.").iloc[:0], {}).empty
    assert place(excerpts([("interviewer", "Hm.")]), {}).empty


def test_a_journey_of_one_stage_is_that_stage_or_none(say, monkeypatch):
    one = Journey((Stage("buy", "Buying"),))
    logits = {"Hm.": (4.0, 0.0), "So long.": (0.0, 4.0)}
    monkeypatch.setattr(
        stage_inference, "weigh", lambda _, texts, *__: np.array([logits[t] for t in texts])
    )
    told = say("Hm.", "So long.")
    embeddings = pd.DataFrame(0.0, index=told["excerpt_id"], columns=range(2))
    codes = StageCoder(one, embeddings=embeddings, encode=encode)(told, pd.DataFrame())
    assert codes[["quote", "code"]].to_numpy().tolist() == [["Hm.", "buy"]]


def by_person(excerpt, code, *, strength=1.0):
    row = {
        "code_id": code_id("person:ana", excerpt.document_id, 0, 1, "stage", code),
        "document_id": excerpt.document_id, "start": excerpt.start, "end": excerpt.end,
        "quote": excerpt.text, "excerpt_id": excerpt.excerpt_id, "code_group": "stage",
        "code": code, "strength": strength, "basis": "person", "attributes": "{}", "note": "",
        "coder_id": "person:ana", "coded_at": pd.Timestamp("2026-03-01", tz="UTC"),
    }  # fmt: skip
    return check_table(pd.DataFrame([row]), "codes")


def held(*codes):
    kept = resolve_codes(pd.concat(codes, ignore_index=True), CODERS)
    return kept[["code", "coder_id"]].to_numpy().tolist()


def test_a_person_outranks_the_source_and_the_source_the_machine(place, evidence):
    documents, turns = evidence([("participant", "Hm.")])
    documents.loc[0, "declared_stage"] = "buy"
    told = split_excerpts(documents, turns)
    machine = place(told, {"Hm.": (9.0, 0.0, 0.0)})
    declared = code_declared(told, documents, NOTHING_DECLARED)
    (excerpt,) = told.itertuples()
    assert held(machine) == [["find", "stages"]]
    assert held(machine, declared) == [["buy", "source"]]
    assert held(machine, declared, by_person(excerpt, "find")) == [["find", "person:ana"]]
    assert held(machine, declared, by_person(excerpt, "none")) == []
    # A refusal of one stage leaves the next best word about it.
    refused = by_person(excerpt, "buy", strength=0.0)
    assert held(machine, declared, refused) == [["find", "stages"]]
