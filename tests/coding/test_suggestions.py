import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.codes import code_id
from cjm_research.coding.statements import Thresholds
from cjm_research.coding.suggestions import suggest_excerpts_to_code
from cjm_research.tables import check_table, empty_table


def make_codes(*rows):
    made = [
        {
            "code_id": code_id(coder, excerpt, 0, 9, group, code), "document_id": "d",
            "start": 0, "end": 9, "quote": "", "excerpt_id": excerpt, "code_group": group,
            "code": code, "strength": strength, "basis": basis,
            "attributes": json.dumps(attributes), "note": "", "coder_id": coder,
            "coded_at": None,
        }
        for coder, excerpt, group, code, strength, basis, attributes in rows
    ]  # fmt: skip
    return check_table(pd.DataFrame(made), "codes") if made else empty_table("codes")


@pytest.fixture
def told(excerpts):
    return excerpts(
        [
            ("interviewer", "What was hard?"),
            ("participant", "The form was long. I gave up. I liked the colours. None."),
        ],
        [("participant", "It took a while. They called me back.")],
    )


def score(told, **pain):
    """Scores of everything; pain by the number of the excerpt, sure elsewhere."""
    scores = pd.DataFrame({"excerpt_id": told["excerpt_id"], "coder_id": "rules", "pain": 0.0,
                           "delight": 0.0, "need": 0.0})  # fmt: skip
    for excerpt, value in pain.items():
        scores.loc[scores["excerpt_id"] == f"talks/{excerpt.replace('_', '#')}", "pain"] = value
    return scores


def spread(told):
    """Embeddings at right angles: nothing is like anything."""
    return pd.DataFrame(np.eye(len(told)), index=told["excerpt_id"])


def suggest(told, scores, *codes, embeddings=None, **options):
    embeddings = spread(told) if embeddings is None else embeddings
    return suggest_excerpts_to_code(told, scores, embeddings, make_codes(*codes), **options)


def test_what_is_nearest_to_the_threshold_comes_first(told):
    found = suggest(told, score(told, P01_1=0.48, P01_2=0.9, P02_0=0.3), n=3)
    # 0.48 / 0.5, 0.3 / 0.5 and (1 - 0.9) / 0.5; P01 gives his second only after P02 gave one.
    assert found["excerpt_id"].tolist() == ["talks/P01#1", "talks/P02#0", "talks/P01#2"]
    assert found["uncertainty"].tolist() == pytest.approx([0.96, 0.6, 0.2])
    assert found["why"].tolist() == ["pain 0.48", "pain 0.30", "unlike what was coded so far"]
    assert found["rank"].tolist() == [1, 2, 3]


def test_a_threshold_elsewhere_moves_the_doubt(told):
    found = suggest(told, score(told, P01_1=0.3, P01_2=0.5), n=1, thresholds=Thresholds(pain=0.3))
    assert found["excerpt_id"].tolist() == ["talks/P01#1"]
    assert found["uncertainty"].tolist() == [1.0]


def test_a_small_lead_of_the_stage_and_a_weak_code_count(told):
    found = suggest(
        told, score(told, P01_1=0.4),
        ("stages", "talks/P01#1", "stage", "order", 0.5, "inferred", {"lead": 0.25}),
        ("stages", "talks/P02#0", "stage", "order", 0.5, "inferred", {"margin": 0.9}),
        ("rules", "talks/P02#1", "pain_point", "waiting", 0.55, "cue: while", {}),
        n=2,
    )  # fmt: skip
    assert found["excerpt_id"].tolist() == ["talks/P02#1", "talks/P01#1"]
    assert found["uncertainty"].tolist() == pytest.approx([0.9, 0.8])
    assert found["why"].tolist() == ["pain point: waiting 0.55", "pain 0.40; stage uncertain (order?)"]  # fmt: skip # noqa: E501


def test_a_stage_that_the_source_declares_is_certain(told):
    found = suggest(
        told, score(told),
        ("stages", "talks/P02#0", "stage", "order", 0.5, "inferred", {"lead": 0.2}),
        ("source", "talks/P02#0", "stage", "order", 1.0, "declared", {}),
    )  # fmt: skip
    assert found["uncertainty"].eq(0.0).all()


def test_what_a_score_made_is_not_named_twice_and_themes_not_at_all(told):
    found = suggest(
        told, score(told, P01_1=0.5),
        ("rules", "talks/P01#1", "pain_point", "other", 0.5, "score", {}),
        ("themes", "talks/P02#0", "theme", "t1", 0.5, "cluster", {}),
        n=1,
    )  # fmt: skip
    assert found["why"].tolist() == ["pain 0.50"]


def test_interviewers_and_what_says_nothing_are_never_suggested(told):
    found = suggest(told, score(told, P01_0=0.5, P01_4=0.5))
    assert sorted(found["excerpt_id"]) == [
        "talks/P01#1", "talks/P01#2", "talks/P01#3", "talks/P02#0", "talks/P02#1",
    ]  # fmt: skip


def test_what_people_judged_is_not_suggested_but_a_memo_is_no_judgement(told):
    found = suggest(
        told, score(told),
        ("person:ana", "talks/P01#1", "pain_point", "forms", 1.0, "person", {}),
        ("person:ana", "talks/P01#2", "pain_point", "none", 1.0, "person", {}),
        ("person:ben", "talks/P01#3", "need", "need", 0.0, "person", {}),
        ("person:ana", "talks/P02#0", "memo", "memo", 0.0, "person", {}),
        ("rules", "talks/P02#1", "need", "need", 0.9, "score", {}),
    )  # fmt: skip
    assert sorted(found["excerpt_id"]) == ["talks/P02#0", "talks/P02#1"]


def test_what_is_like_the_chosen_and_the_coded_comes_later(told):
    scores = score(told, P01_1=0.5, P01_2=0.49, P01_3=0.4)
    close = spread(told)
    close.loc["talks/P01#2"] = close.loc["talks/P01#1"]
    alone = told[told["participant_id"] == "p1"]
    found = suggest(alone, scores, embeddings=close, n=2)
    assert found["excerpt_id"].tolist() == ["talks/P01#1", "talks/P01#3"]
    coded = ("person:ana", "talks/P01#1", "pain_point", "forms", 1.0, "person", {})
    found = suggest(alone, scores, coded, embeddings=close, n=1)
    assert found["excerpt_id"].tolist() == ["talks/P01#3"]


def test_everybody_gives_his_share_and_more_only_when_the_others_have_no_more(told):
    scores = score(told, P01_1=0.5, P01_2=0.5, P01_3=0.5, P02_0=0.1, P02_1=0.1)
    people = suggest(told, scores, n=4)["excerpt_id"].str[:9].value_counts()
    assert people.to_dict() == {"talks/P01": 2, "talks/P02": 2}
    assert len(suggest(told, scores, n=5)) == 5


def test_the_same_words_are_suggested_once_and_never_when_they_were_coded(excerpts):
    told = excerpts([("participant", "It was slow. It was slow.")],
                    [("participant", "It was slow. It was dear.")])  # fmt: skip
    found = suggest(told, score(told))
    assert len(found) == 2
    coded = ("person:ana", "talks/P01#0", "pain_point", "waiting", 1.0, "person", {})
    assert suggest(told, score(told), coded)["excerpt_id"].tolist() == ["talks/P02#1"]


def test_without_embeddings_people_are_still_spread(told):
    scores = score(told, P01_1=0.5, P01_2=0.5, P02_0=0.3)
    found = suggest_excerpts_to_code(told, scores, None, make_codes(), n=2)
    assert sorted(found["excerpt_id"].str[:9]) == ["talks/P01", "talks/P02"]


def test_order_of_rows_changes_nothing_and_chance_decides_between_equals(told):
    scores, vectors = score(told), spread(told)
    straight = suggest(told, scores, n=2)
    turned = suggest(told.iloc[::-1], scores.iloc[::-1], embeddings=vectors.iloc[::-1], n=2)
    assert_frame_equal(straight, turned)
    firsts = {suggest(told, scores, n=1, random_state=k)["excerpt_id"][0] for k in range(8)}
    assert len(firsts) > 1


def test_no_more_than_there_are_none_in_nothing_and_no_number_below_one(told):
    assert len(suggest(told, score(told), n=99)) == 5
    none = suggest(told.iloc[:0], score(told).iloc[:0])
    assert none.empty
    assert list(none.columns) == ["excerpt_id", "uncertainty", "why", "rank"]
    with pytest.raises(ValueError, match="at least 1"):
        suggest(told, score(told), n=0)
