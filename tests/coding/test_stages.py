import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import StageCoder, code_declared, split_excerpts
from cjm_research.journey import Journey, Stage


@pytest.fixture
def placed(excerpts, journey):
    def placed_excerpts(*said, prompt="", coder=None):
        told = excerpts(list(said), prompt=prompt)
        codes = (coder or StageCoder(journey))(told, pd.DataFrame())
        spoken = told[told["speaker"] != "interviewer"]
        by_excerpt = codes.set_index("excerpt_id")[["code", "basis"]]
        return [
            tuple(by_excerpt.loc[key]) if key in by_excerpt.index else ("", "")
            for key in spoken["excerpt_id"]
        ]

    return placed_excerpts


@pytest.mark.parametrize(
    ("heading", "stage"),
    [
        ("Ordering", "order"),
        ("ordering ", "order"),
        ("order", "order"),
        ("About ordering glasses", "order"),
        ("Waiting for them", "wait"),
    ],
)
def test_a_heading_places_what_stands_below_it(placed, heading, stage):
    assert placed(("participant", "It was blue.", heading)) == [(stage, "heading")]


@pytest.mark.parametrize("heading", ["", "Warm-up", "Introduction"])
def test_a_heading_that_names_no_stage_places_nothing(placed, heading):
    assert placed(("participant", "It was blue.", heading)) == [("", "")]


def test_a_question_of_the_guide_places_its_answer(placed):
    assert placed(
        ("interviewer", "What happened when you came to order?"), ("participant", "It was blue.")
    ) == [("order", "prompt")]


@pytest.mark.parametrize(
    ("asked", "stage"),
    [
        ("What happened when you came to order?", "order"),
        ("What happened after you had ordered?", "wait"),
        ("And so, what happened when you came to order them?", "order"),
        ("OK. And what happened after you had ordered it?", "wait"),
    ],
)
def test_two_guide_questions_of_the_same_content_words_are_told_apart(placed, asked, stage):
    assert placed(("interviewer", asked), ("participant", "It was blue."))[0][0] == stage


def test_guide_questions_that_fit_equally_well_place_nothing(placed):
    twins = Journey(
        (
            Stage("a", "A", prompts=("How was paying?",)),
            Stage("b", "B", prompts=("Paying how was?",)),
        )
    )
    assert placed(
        ("interviewer", "How was paying?"), ("participant", "Blue."), coder=StageCoder(twins)
    ) == [("", "")]


def test_a_question_with_a_cue_places_its_answer(placed):
    assert placed(
        ("interviewer", "Tell me about the parcel."), ("participant", "It was blue.")
    ) == [("wait", "prompt")]


def test_a_question_about_nothing_in_the_journey_places_nothing(placed):
    assert placed(("interviewer", "What is your job?"), ("participant", "Baker.")) == [("", "")]


def test_a_question_carries_over_until_the_next_that_asks_about_a_stage(placed):
    assert placed(
        ("interviewer", "How did you first hear of us?"),
        ("participant", "My sister."),
        ("interviewer", "Go on."),
        ("participant", "She is tall."),
        ("interviewer", "What happened after you had ordered?"),
        ("participant", "Nothing much."),
    ) == [("find", "prompt"), ("find", "carried prompt"), ("wait", "prompt")]


def test_a_question_does_not_carry_over_into_the_next_interview(excerpts, journey):
    told = excerpts(
        [("interviewer", "How did you first hear of us?"), ("participant", "My sister.")],
        [("participant", "She is tall.")],
    )
    codes = StageCoder(journey)(told, pd.DataFrame())
    assert codes["document_id"].tolist() == ["talks/P01"]


def test_the_question_of_a_survey_places_its_answer(placed):
    assert placed(("participant", "Blue."), prompt="What happened when you came to order?") == [
        ("order", "prompt")
    ]


def test_a_cue_places_a_sentence(placed):
    assert placed(("participant", "The courier was blue.")) == [("wait", "cue")]


def test_a_direct_question_outweighs_cues(placed):
    assert placed(
        ("interviewer", "How did you first hear of us?"),
        ("participant", "The courier dropped the parcel."),
    ) == [("find", "prompt")]


def test_one_cue_outweighs_a_carried_question_just_as_its_strength_says(placed):
    said = [
        ("interviewer", "How did you first hear of us?"),
        ("participant", "My sister."),
        ("interviewer", "Go on."),
    ]
    one = placed(*said, ("participant", "The courier was blue."))[-1]
    two = placed(*said, ("participant", "The courier dropped the parcel."))[-1]
    none = placed(*said, ("participant", "It was blue."))[-1]
    assert one == ("wait", "cue")
    assert two == ("wait", "several cues")
    assert none == ("find", "carried prompt")


def test_cues_of_two_stages_in_equal_number_place_nothing(placed):
    assert placed(("participant", "The courier, then the basket.")) == [("", "")]
    assert placed(("participant", "The courier, the parcel, then the basket.")) == [
        ("wait", "several cues")
    ]


def test_the_same_cue_twice_is_one_cue(placed):
    assert placed(("participant", "The courier, the courier, then the basket.")) == [("", "")]


def test_a_sentence_without_any_sign_stays_unassigned(placed):
    assert placed(("participant", "It was blue.")) == [("", "")]


def test_an_interviewers_turn_gets_no_stage(excerpts, journey):
    told = excerpts([("interviewer", "What about the courier?", "Ordering")])
    assert StageCoder(journey)(told, pd.DataFrame()).empty


def test_a_greater_overlap_may_be_asked_for(placed, journey):
    said = (("interviewer", "When did you order?"), ("participant", "In May."))
    assert placed(*said, coder=StageCoder(journey, prompt_overlap=1.1)) == [("", "")]


def test_the_order_of_rows_changes_no_stage(excerpts, journey):
    told = excerpts(
        [
            ("interviewer", "How did you first hear of us?"),
            ("participant", "My sister. She is tall. The courier dropped the parcel."),
            ("interviewer", "And then?"),
            ("participant", "The basket."),
        ],
        [("participant", "Blue. The advert."), ("participant", "Green.", "Ordering")],
    )
    coder = StageCoder(journey)
    for seed in range(3):
        mixed = coder(told.sample(frac=1, random_state=seed), pd.DataFrame())
        assert_frame_equal(mixed, coder(told, pd.DataFrame()))


NOTHING_DECLARED = pd.DataFrame(columns=["document_id", "code_group", "code"])


def test_a_declared_stage_is_a_code_of_the_source_for_every_excerpt(evidence):
    documents, turns = evidence([("participant", "Slow. Late.")], [("participant", "Fine.")])
    documents.loc[0, "declared_stage"] = "order"
    told = split_excerpts(documents, turns)
    codes = code_declared(told, documents, NOTHING_DECLARED)
    assert codes["excerpt_id"].tolist() == ["talks/P01#0", "talks/P01#1"]
    assert set(codes["code"]) == {"order"}
    assert set(codes["coder_id"]) == {"source"}
    assert set(codes["strength"]) == {1.0}


def test_other_declared_codes_count_and_interviewers_are_left_out(evidence):
    documents, turns = evidence([("interviewer", "Why?"), ("participant", "Late.")])
    declared = pd.DataFrame(
        [("talks/P01", "need", "speed")], columns=["document_id", "code_group", "code"]
    )
    codes = code_declared(split_excerpts(documents, turns), documents, declared)
    assert codes[["excerpt_id", "code_group", "code"]].to_numpy().tolist() == [
        ["talks/P01#1", "need", "speed"]
    ]


def test_nothing_declared_gives_no_codes(evidence):
    documents, turns = evidence([("participant", "Late.")])
    assert code_declared(split_excerpts(documents, turns), documents, NOTHING_DECLARED).empty
