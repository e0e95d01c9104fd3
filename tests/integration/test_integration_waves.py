import math

import pandas as pd
import pytest

from cjm_research.integration.waves import WAVE_COLUMNS, compare_waves
from cjm_research.journey import Journey, Stage

JOURNEY = Journey((Stage("see", "Seeing"), Stage("buy", "Buying")))
QUESTIONS = [
    ("march", "2026-03", "nps", "nps", "Would you recommend us?", ""),
    ("march", "2026-03", "ease", "open", "What got in your way?", "buy"),
    ("june", "2026-06", "nps", "nps", "Would you recommend us? ", ""),
    ("june", "2026-06", "ease", "open", "What got in your way?", "buy"),
]


def frame(questions=QUESTIONS):
    return pd.DataFrame(questions, columns=["source", "wave", "question", "kind", "text", "stage"])


def rated(**people):
    rows = [
        (who, source, "nps", "nps", value, "", "")
        for source, values in people.items()
        for who, value in values.items()
    ]
    columns = ["participant_id", "source", "measure", "item", "value", "stage", "wave"]
    return pd.DataFrame(rows, columns=columns)


def told(**sources):
    """`source={person: tells it}` as excerpts at "buy" and their codes."""
    rows = [
        (f"{source}/{who}", who, source, "participant", "buy", tells)
        for source, people in sources.items()
        for who, tells in people.items()
    ]
    excerpts = pd.DataFrame(
        rows, columns=["excerpt_id", "participant_id", "source", "speaker", "stage", "tells"]
    )
    codes = excerpts.loc[excerpts["tells"], ["excerpt_id"]]
    return excerpts, codes.assign(code_group="pain_point", code="slow")


def compare(ratings=None, texts=None, questions=QUESTIONS, designs=None, smallest_cell=5):
    excerpts, codes = texts or told()
    return compare_waves(
        questions=frame(questions),
        ratings=rated() if ratings is None else ratings,
        codes=codes,
        excerpts=excerpts,
        journey=JOURNEY,
        designs={"march": True, "june": True} if designs is None else designs,
        labels={("pain_point", "slow"): "Too slow"},
        smallest_cell=smallest_cell,
    )


def people(prefix, n, value):
    return {f"{prefix}{number}": value for number in range(n)}


def test_everybody_is_compared_and_who_is_in_both_is_no_stranger():
    march = people("a", 30, True) | people("b", 30, False) | people("both", 10, True)
    june = people("c", 10, True) | people("d", 50, False) | people("both", 10, False)
    row = compare(texts=told(march=march, june=june)).iloc[0]
    assert (row["n_a"], row["n_b"], row["n_both"]) == (70, 70, 10)
    assert (row["value_a"], row["value_b"]) == (40 / 70, 10 / 70)
    assert row["difference"] == row["value_b"] - row["value_a"]
    assert row["low"] < row["difference"] < row["high"] < 0
    assert row["words"] == "less in the later wave"
    assert row["paired_difference"] == -1
    assert row["paired_high"] < -0.5


def test_too_few_pairs_are_not_compared_with_themselves():
    march = people("a", 30, 9) | people("b", 30, 0) | {f"both{n}": n for n in range(6)}
    june = people("c", 30, 9) | people("d", 30, 0) | {f"both{n}": 9 - n for n in range(6)}
    row = compare(rated(march=march, june=june), smallest_cell=7).iloc[0]
    assert row["n_both"] == 6
    assert row[["paired_difference", "paired_low", "paired_high"]].isna().all()
    assert math.isfinite(row["low"])
    assert math.isfinite(compare(rated(march=march, june=june)).iloc[0]["paired_low"])


def test_words_answer_by_everybody_and_say_where_the_same_people_differ():
    rising = {f"both{n}": n % 8 for n in range(20)}
    march = rising | people("a", 100, 9) | people("b", 100, 0)
    june = {who: 9 + n % 2 for n, who in enumerate(rising)} | people("c", 90, 9)
    row = compare(rated(march=march, june=june | people("d", 110, 0))).iloc[0]
    assert row["low"] <= 0 <= row["high"]
    assert row["words"] == (
        "cannot tell: the interval of the difference holds zero; more among the 20 people who "
        "answered both times"
    )


def test_people_of_both_waves_are_compared_with_themselves():
    march = {f"p{n}": value for n, value in enumerate([0, 0, 9, 9, 0, 7])}
    june = {f"p{n}": value for n, value in enumerate([10, 0, 10, 10, 7, 7])}
    row = compare(rated(march=march, june=june)).iloc[0]
    # Changes in points: 200, 0, 0, 0, 100, 0; their mean is 50.
    assert row["paired_difference"] == pytest.approx(50)
    assert row["paired_low"] < 0 < row["paired_high"]
    # Nobody else answered: the two estimates are one.
    assert row["n_both"] == 6
    assert (row["low"], row["high"]) == pytest.approx((row["paired_low"], row["paired_high"]))
    assert row["words"].startswith("cannot tell")
    assert row["value_a"] == pytest.approx(100 * (2 - 3) / 6)


def test_a_question_in_other_words_is_not_compared():
    questions = [*QUESTIONS[:2], ("june", "2026-06", "nps", "nps", "Would you go again?", "")]
    row = compare(rated(march=people("a", 9, 9), june=people("b", 9, 0)), questions=questions)
    assert row["words"].tolist() == ["not compared: the question was worded differently"]
    assert row["difference"].isna().all()
    assert row["n_a"].tolist() == [9]


def test_without_a_design_there_are_counts_only():
    ratings = rated(march=people("a", 9, 9), june=people("b", 9, 0))
    row = compare(ratings, designs={"march": True}).iloc[0]
    assert math.isnan(row["low"])
    assert row["words"] == "counts only: the people of a wave were not drawn"


def test_alike_waves_cannot_be_told_apart():
    ratings = rated(
        march=people("a", 20, 9) | people("b", 20, 0), june=people("c", 20, 9) | people("d", 20, 0)
    )
    row = compare(ratings).iloc[0]
    assert row["difference"] == 0
    assert row["p_adjusted"] == pytest.approx(1)


@pytest.mark.parametrize(
    "questions",
    [
        [],
        QUESTIONS[:2],
        [(*QUESTIONS[0][:1], "", *QUESTIONS[0][2:]), (*QUESTIONS[2][:1], "", *QUESTIONS[2][2:])],
        [("march", "1", "nps", "nps", "x", ""), ("june", "2", "csat", "csat", "x", "")],
    ],
)
def test_without_two_waves_that_asked_the_same_there_is_nothing(questions):
    table = compare(rated(march=people("a", 9, 9)), questions=questions)
    assert table.empty
    assert table.columns.tolist() == WAVE_COLUMNS


def test_the_order_of_rows_changes_nothing():
    texts = told(march=people("a", 9, True), june=people("b", 9, False))
    ratings = rated(march=people("a", 9, 9), june=people("b", 9, 0))
    once = compare(ratings, texts)
    again = compare(
        ratings.sample(frac=1, random_state=1),
        tuple(part.sample(frac=1, random_state=2) for part in texts),
        questions=QUESTIONS[::-1],
    )
    pd.testing.assert_frame_equal(once, again)
