import pandas as pd
import pytest

from cjm_research.behaviour import summarize_questions, summarize_steps
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
