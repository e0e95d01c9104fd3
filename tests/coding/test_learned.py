import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.codes import code_id
from cjm_research.coding.learned import describe_learned, learn_codes
from cjm_research.tables import check_table, empty_table

WAIT, FORM, TALK = [1.0, 0.0, 0.1], [0.0, 1.0, 0.1], [0.1, 0.1, 1.0]
PLACES = {"wait": WAIT, "form": FORM, "talk": TALK}
PEOPLE = 4
SAID = ("wait", "wait", "form", "talk", "talk", "wait")
"""What each participant says; the last of it nobody has coded."""

CODERS = check_table(
    pd.DataFrame(
        [
            (f"person:{name}", "person", name, "", "")
            for name in ("ana", "ben", "adjudicated")
        ]
        + [("rules", "machine", "rules", "", "")],
        columns=["coder_id", "kind", "name", "version", "sha256"],
    ),
    "coders",
)  # fmt: skip


def make_codes(*rows):
    made = [
        {
            "code_id": code_id(coder, excerpt, 0, 9, group, code), "document_id": excerpt[:9],
            "start": 0, "end": 9, "quote": "", "excerpt_id": excerpt, "code_group": group,
            "code": code, "strength": strength, "basis": "person", "attributes": "{}",
            "note": "", "coder_id": coder, "coded_at": None,
        }
        for coder, excerpt, group, code, strength in rows
    ]  # fmt: skip
    return check_table(pd.DataFrame(made), "codes") if made else empty_table("codes")


def by_ana(*rows):
    return [("person:ana", excerpt, group, code, 1.0) for excerpt, group, code in rows]


@pytest.fixture
def told(excerpts):
    """Four interviews: two waits, a form and two asides each, and a wait left to the machine."""
    table = excerpts(
        *[[("participant", " ".join(f"We said {word} {n}." for n, word in enumerate(SAID)))]
          for _ in range(PEOPLE)]
    )  # fmt: skip
    words = [text.split()[2] for text in table["text"]]
    jitter = np.random.default_rng(0).normal(scale=0.05, size=(len(table), 3))
    vectors = np.array([PLACES[word] for word in words]) + jitter
    return table.assign(word=words), pd.DataFrame(vectors, index=table["excerpt_id"])


@pytest.fixture
def coded(told):
    """Everything but the last excerpt of each interview: waits, forms, and asides as `none`."""
    table, _ = told
    seen = table[~table["excerpt_id"].str.endswith("#5")]
    named = seen["word"].map({"wait": "waiting", "form": "forms", "talk": "none"})
    return by_ana(
        *[(excerpt, "pain_point", code) for excerpt, code in zip(seen["excerpt_id"], named,
                                                                 strict=True)]
    )  # fmt: skip


def learn(told, rows, **options):
    table, embeddings = told
    return learn_codes(table.drop(columns="word"), embeddings, make_codes(*rows), CODERS, **options)


def propose(coder, told):
    table, _ = told
    return coder(table.drop(columns="word"), table[["excerpt_id"]])


def lesson(coder, code):
    table = describe_learned(coder).set_index("code")
    return table.loc[code]


def test_a_code_is_learned_and_given_to_what_nobody_judged(told, coded):
    coder = learn(told, coded)
    codes = propose(coder, told)
    assert codes["excerpt_id"].tolist() == [f"talks/P{n:02d}#5" for n in range(1, PEOPLE + 1)]
    assert set(codes["code"]) == {"waiting"}
    assert set(codes["basis"]) == {"learned"}
    assert set(codes["coder_id"]) == {"learned"}
    assert codes["strength"].between(0.5, 1.0).all()


def test_the_figures_are_those_of_participants_left_out(told, coded):
    row = lesson(learn(told, coded), "waiting")
    # 8 waits of 4 people; 4 forms and 8 asides were read without it; the places lie far apart.
    assert (row.n_positive, row.n_negative, row.n_participants) == (8, 12, 4)
    assert (row.precision, row.recall, row.learned, row.reason) == (1.0, 1.0, True, "")


def test_a_code_says_what_it_rests_on(told, coded):
    codes = propose(learn(told, coded), told)
    told_of = json.loads(codes["attributes"].iloc[0])
    assert len(told_of["nearest"]) == 3
    assert {excerpt[-2:] for excerpt in told_of["nearest"]} <= {"#0", "#1"}
    assert (told_of["precision"], told_of["recall"], told_of["n_examples"]) == (1.0, 1.0, 8)
    assert 0.0 < told_of["threshold"] <= codes["strength"].iloc[0]


def test_too_few_examples_are_told_and_teach_nothing(told, coded):
    coder = learn(told, coded)
    row = lesson(coder, "forms")
    assert not row.learned
    assert row.reason == "4 of the 5 examples that it needs"
    assert np.isnan(row.precision)
    assert "forms" not in set(propose(coder, told)["code"])
    assert lesson(learn(told, coded, min_examples=4), "forms").learned


def test_uncoded_excerpts_do_not_speak_against_a_code(told, coded):
    only = [row for row in coded if row[3] == "waiting"]
    row = lesson(learn(told, only), "waiting")
    assert (row.n_positive, row.n_negative, row.learned) == (8, 0, False)
    assert row.reason == "0 excerpts were read without it; 8 are needed"


def test_a_code_of_another_group_does_not_speak_against_it(told, coded):
    rows = [row for row in coded if row[3] == "waiting"]
    rows += by_ana(*[(row[1], "need", "none") for row in coded if row[3] != "waiting"])
    assert lesson(learn(told, rows), "waiting").n_negative == 0


def test_a_refusal_speaks_against_its_own_code_only(told, coded):
    rows = [row for row in coded if row[3] != "none"]
    rows += [(*row[:3], "waiting", 0.0) for row in coded if row[3] == "none"]
    coder = learn(told, rows)
    assert lesson(coder, "waiting").n_negative == 12
    assert lesson(coder, "forms").n_negative == 8


def test_a_refused_code_is_not_proposed_there_nor_is_any_where_the_group_was_judged(told, coded):
    refused = ("person:ben", "talks/P01#5", "pain_point", "waiting", 0.0)
    elsewhere = ("person:ben", "talks/P02#5", "pain_point", "forms", 0.0)
    judged = ("person:ben", "talks/P03#5", "pain_point", "forms", 1.0)
    other_group = ("person:ben", "talks/P04#5", "need", "none", 1.0)
    rows = [*coded, refused, elsewhere, judged, other_group]
    codes = propose(learn(told, rows), told)
    assert codes["excerpt_id"].tolist() == ["talks/P02#5", "talks/P04#5"]


def test_adjudication_outranks_what_a_person_said(told, coded):
    settled = ("person:adjudicated", "talks/P01#0", "pain_point", "none", 1.0)
    row = lesson(learn(told, [*coded, settled]), "waiting")
    assert (row.n_positive, row.n_negative) == (7, 13)


def test_machines_teach_nothing(told, coded):
    rows = [("rules", *row[1:]) for row in coded]
    coder = learn(told, rows)
    assert describe_learned(coder).empty
    assert propose(coder, told).empty


def test_examples_of_one_participant_cannot_be_checked_on_others(told, coded):
    mine = [row for row in coded if "P01" in row[1]]
    coder = learn(told, mine, min_examples=2)
    row = lesson(coder, "waiting")
    assert not row.learned
    assert "one participant" in row.reason
    assert propose(coder, told).empty


def test_a_code_without_rhyme_or_reason_is_not_learned_yet(told, coded):
    # The same meaning with and without the code, once in each interview: a coin would do.
    table, embeddings = told
    same = embeddings * 0.0 + WAIT
    waits = [row for row in coded if row[3] == "waiting"]
    rows = [(*row[:3], "waiting" if n % 2 else "none", 1.0) for n, row in enumerate(waits)]
    row = lesson(learn((table, same), rows, min_examples=4), "waiting")
    assert (row.n_positive, row.n_negative) == (4, 4)
    assert (row.precision, row.recall, row.learned) == (0.5, 1.0, False)
    assert row.reason == "precision 0.50 on participants left out; 0.60 is needed"


def test_an_excerpt_gets_one_stage_at_most(told):
    table, _ = told
    seen = table[~table["excerpt_id"].str.endswith("#5")]
    stages = seen["word"].map({"wait": "order", "form": "find", "talk": "find"})
    rows = by_ana(
        *[(excerpt, "stage", stage) for excerpt, stage in zip(seen["excerpt_id"], stages,
                                                              strict=True)]
    )  # fmt: skip
    coder = learn(told, rows)
    codes = propose(coder, told)
    assert codes["excerpt_id"].is_unique
    assert set(codes["code"]) == {"order"}


def test_order_of_rows_changes_nothing(told, coded):
    table, embeddings = told
    straight = learn(told, coded)
    turned = learn((table.iloc[::-1], embeddings.iloc[::-1]), coded[::-1])
    assert_frame_equal(describe_learned(straight), describe_learned(turned))
    one, other = propose(straight, told), propose(turned, (table.iloc[::-1], embeddings))
    assert_frame_equal(one, other)
    assert straight.describe() == turned.describe()


def test_the_fingerprint_changes_with_the_examples(told, coded):
    assert learn(told, coded).describe() != learn(told, coded[1:]).describe()


def test_more_than_ten_participants_are_left_out_in_ten_lots(excerpts):
    table = excerpts(*[[("participant", "I had to wait. Nice day today.")] for _ in range(23)])
    waits = table["text"].str.contains("wait")
    vectors = np.where(waits.to_numpy()[:, None], [WAIT], [TALK])
    rows = by_ana(
        *[(excerpt, "pain_point", "waiting" if wait else "none")
          for excerpt, wait in zip(table["excerpt_id"], waits, strict=True)]
    )  # fmt: skip
    embeddings = pd.DataFrame(vectors, index=table["excerpt_id"])
    coder = learn_codes(table, embeddings, make_codes(*rows), CODERS)
    row = lesson(coder, "waiting")
    assert (row.n_participants, row.precision, row.recall) == (23, 1.0, 1.0)


def test_interviewers_neither_teach_nor_are_coded(told, coded):
    table, embeddings = told
    asked = table.assign(
        speaker=["interviewer" if "P01" in e else s
                 for e, s in zip(table["excerpt_id"], table["speaker"], strict=True)]
    )  # fmt: skip
    coder = learn((asked, embeddings), coded)
    assert lesson(coder, "waiting").n_positive == 6
    assert not propose(coder, (asked, embeddings))["excerpt_id"].str.contains("P01").any()


def test_what_has_no_embedding_or_score_is_left_out(told, coded):
    table, embeddings = told
    coder = learn((table, embeddings.drop("talks/P01#5")), coded)
    few = coder(table, table[["excerpt_id"]].iloc[:-1])
    assert few["excerpt_id"].tolist() == ["talks/P02#5", "talks/P03#5"]


def test_nothing_in_nothing(told):
    table, embeddings = told
    assert describe_learned(learn(told, [])).empty
    assert propose(learn((table.iloc[:0], embeddings.iloc[:0]), []), told).empty


def test_impossible_demands_are_refused(told):
    with pytest.raises(ValueError, match="min_examples"):
        learn(told, [], min_examples=0)
    with pytest.raises(ValueError, match="min_precision"):
        learn(told, [], min_precision=1.5)


def test_all_that_speaks_against_a_code_is_measured_however_much_teaches_it(excerpts):
    aside = " ".join(f"Nice day {n}." for n in range(60))
    table = excerpts(*[[("participant", f"I had to wait. {aside}")] for _ in range(5)])
    waits = table["text"].str.contains("wait")
    vectors = np.where(waits.to_numpy()[:, None], [WAIT], [TALK])
    rows = by_ana(
        *[
            (excerpt, "pain_point", "waiting" if wait else "none")
            for excerpt, wait in zip(table["excerpt_id"], waits, strict=True)
        ]
    )
    embeddings = pd.DataFrame(vectors, index=table["excerpt_id"])
    # One aside that sounds like a wait, among 300: five right of six.
    embeddings.loc["talks/P03#30"] = WAIT
    row = lesson(learn_codes(table, embeddings, make_codes(*rows), CODERS), "waiting")
    assert (row.n_positive, row.n_negative) == (5, 300)
    assert row.precision == pytest.approx(5 / 6)
    assert row.recall == 1.0
