import pandas as pd
import pytest

from cjm_research.behaviour import summarize_choices, summarize_questions, summarize_steps
from cjm_research.config import Questionnaire
from cjm_research.tables import check_table

FORM = Questionnaire.model_validate(
    {
        "opened": "opened",
        "pages": [
            {
                "stage": "page_1",
                "blocks": [
                    {"name": "A", "questions": ["q1"]},
                    {"name": "B", "questions": ["q2", "q3"]},
                ],
            },
            {"stage": "page_2", "blocks": [{"name": "C", "questions": ["q4"]}]},
        ],
        "submitted": "sent",
        "submitted_column": "state",
        "submitted_values": ["Complete"],
    }
)


@pytest.fixture
def answers():
    # a sent it; b left after page 2; c after q2; d answered nothing; e sent an empty one.
    rows = [
        ("a", "q1", "q1"), ("a", "q2", "q2_1"), ("a", "q2", "q2_2"), ("a", "q4", "q4"),
        ("b", "q1", "q1"), ("b", "q4", "q4"),
        ("c", "q2", "q2_1"),
    ]  # fmt: skip
    frame = pd.DataFrame(
        [
            {
                "participant_id": who, "source": "form", "question": question, "column": column,
                "page": "", "block": "", "choice": "",
            }
            for who, question, column in rows
        ]
    )  # fmt: skip
    other = frame.assign(source="other", participant_id="z")
    return check_table(pd.concat([frame, other.drop_duplicates("column")]), "answers")


@pytest.fixture
def log(events):
    mine = events(
        *((who, None, "opened") for who in "abcde"),
        ("a", None, "sent"),
        ("e", None, "sent"),
        source="form",
    )
    other = events(("z", None, "opened"), ("z", None, "sent"), source="other")
    return pd.concat([mine, other], ignore_index=True)


def test_questions_count_people_and_cells(answers, log):
    table = summarize_questions(answers, log, source="form", form=FORM)
    assert table.to_numpy().tolist() == [
        ["form", "q1", 2, 1, 1, 2],
        ["form", "q2", 2, 1, 1, 3],
        ["form", "q4", 2, 1, 1, 2],
    ]


def test_without_a_form_everybody_who_answered_submitted(answers, log):
    table = summarize_questions(answers, log, source="form")
    assert table["n_complete"].tolist() == [2, 2, 2]
    assert table["n_partial"].tolist() == [0, 0, 0]


def test_pages_count_who_came_so_far_even_without_an_answer_there(answers, log):
    table = summarize_steps(answers, log, FORM, source="form").fillna(-1)
    pages = table[table["grain"] == "page"].drop(columns=["source", "grain"])
    assert pages.to_numpy().tolist() == [
        ["opened", 5, -1, -1, -1, -1],
        ["page_1", 4, 3, 1, 2, 1],
        ["page_2", 3, 2, 1, 1, 1],
        ["sent", 2, -1, -1, -1, 1],
    ]


def test_blocks_are_counted_like_pages(answers, log):
    table = summarize_steps(answers, log, FORM, source="form")
    blocks = table[table["grain"] == "block"].set_index("step")
    assert blocks["n_reached"].to_dict() == {"opened": 5, "A": 4, "B": 4, "C": 3, "sent": 2}
    assert blocks.loc["B", "n_answered"] == 2
    assert (blocks["n_reached"].diff().dropna() <= 0).all()


def test_losses_add_up_to_all_who_did_not_submit(answers, log):
    table = summarize_steps(answers, log, FORM, source="form")
    assert table.groupby("grain")["n_lost"].sum().to_dict() == {"page": 3, "block": 3}


def test_a_form_that_nobody_opened_has_zeros(answers, log):
    table = summarize_steps(answers.iloc[:0], log.iloc[:0], FORM, source="form")
    assert set(table["n_reached"]) == {0}


def choices_of(*rows):
    columns = ["participant_id", "column", "choice"]
    frame = pd.DataFrame(rows, columns=columns).assign(
        source="form", question="q", page="", block=""
    )
    return check_table(frame, "answers")


def test_choices_are_shares_of_people_and_not_of_choices():
    answers = choices_of(
        *((who, "web", "Web") for who in "abcdef"),
        *((who, "app", "App") for who in "abcde"),
        ("g", "web", ""),  # was shown the options and took none
    )
    table = summarize_choices(answers, source="form", questions=["q"], has_design=True)
    assert table[["choice", "n_participants", "n_answered"]].to_numpy().tolist() == [
        ["Web", 6, 7],
        ["App", 5, 7],
    ]
    assert table["share"].tolist() == [6 / 7, 5 / 7]
    assert (table["low"] < table["share"]).all()
    assert summarize_questions(answers, answers.iloc[:0], source="form")["n_answers"].tolist() == [
        12
    ]


def test_without_a_design_choices_have_no_interval():
    answers = choices_of(*((who, "q", "Web") for who in "abcde"))
    table = summarize_choices(answers, source="form", questions=["q"], has_design=False)
    assert table[["low", "high"]].isna().all(axis=None)


def test_what_few_people_wrote_is_not_shown():
    answers = choices_of(
        *((who, "q", "Web") for who in "abcde"), ("f", "q", "my own"), ("g", "q", "another")
    )
    table = summarize_choices(answers, source="form", questions=["q"], has_design=False)
    assert table["choice"].tolist() == ["Web", "(chosen by fewer than 5 each: 2)"]
    assert table["n_participants"].tolist() == [5, 2]


def test_two_choices_in_one_cell_are_one_filled_cell():
    answers = choices_of(("a", "q", "Web"), ("a", "q", "App"), ("b", "q", "App"))
    table = summarize_questions(answers, answers.iloc[:0], source="form")
    assert table[["n_participants", "n_answers"]].to_numpy().tolist() == [[2, 2]]
