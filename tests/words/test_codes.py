import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from cjm_research.codes import code_id, keep_latest, resolve_codes
from cjm_research.tables import check_table

CODERS = check_table(
    pd.DataFrame(
        {
            "coder_id": [
                "person:ana", "person:ben", "person:adjudicated", "source", "rules", "stages",
            ],
            "kind": ["person", "person", "person", "source", "machine", "machine"],
            "name": "", "version": "", "sha256": "",
        }
    ),
    "coders",
)  # fmt: skip


def code(coder, group, name, strength=0.7, *, excerpt="d#0", start=0, end=9, document="d", at=None):
    return {
        "code_id": code_id(coder, document, start, end, group, f"{name}@{excerpt}"),
        "document_id": document, "start": start, "end": end, "quote": "q", "excerpt_id": excerpt,
        "code_group": group, "code": name, "strength": strength, "basis": "", "attributes": "{}",
        "note": "", "coder_id": coder, "coded_at": at,
    }  # fmt: skip


def resolve(*rows):
    return resolve_codes(check_table(pd.DataFrame(list(rows)), "codes"), CODERS)


def held(*rows):
    return {(row.code_group, row.code, row.coder_id) for row in resolve(*rows).itertuples()}


def test_a_person_wins_over_the_source_and_the_source_over_machines():
    machine, source, person = (
        code("stages", "stage", "buy", 1.0),
        code("source", "stage", "see"),
        code("person:ana", "stage", "use", 0.1),
    )
    assert held(machine) == {("stage", "buy", "stages")}
    assert held(machine, source) == {("stage", "see", "source")}
    assert held(machine, source, person) == {("stage", "use", "person:ana")}


def test_a_persons_zero_silences_the_machine():
    found = held(
        code("rules", "pain_point", "slow"),
        code("rules", "pain_point", "trust"),
        code("person:ana", "pain_point", "slow", 0),
    )
    assert found == {("pain_point", "trust", "rules")}


def test_a_persons_zero_for_a_stage_silences_that_stage_only():
    no = code("person:ana", "stage", "buy", 0)
    assert held(code("stages", "stage", "buy"), no) == set()
    assert held(code("stages", "stage", "see"), no) == {("stage", "see", "stages")}
    assert held(code("source", "stage", "see"), code("stages", "stage", "buy"), no) == {
        ("stage", "see", "source")
    }


def test_a_machines_zero_does_not_silence_a_person():
    assert held(
        code("person:ana", "pain_point", "slow", 0.3), code("rules", "pain_point", "slow", 0)
    ) == {("pain_point", "slow", "person:ana")}


def test_of_two_people_the_one_who_says_yes_is_believed():
    assert held(
        code("person:ana", "pain_point", "slow", 0), code("person:ben", "pain_point", "slow", 1)
    ) == {("pain_point", "slow", "person:ben")}


def test_an_excerpt_has_one_stage_the_surest_then_the_first_by_name():
    assert held(code("stages", "stage", "see", 0.6), code("rules", "stage", "buy", 0.8)) == {
        ("stage", "buy", "rules")
    }
    assert held(code("stages", "stage", "see", 0.6), code("rules", "stage", "buy", 0.6)) == {
        ("stage", "buy", "rules")
    }


def test_other_groups_keep_several_codes():
    assert held(
        code("rules", "emotion", "worry"),
        code("rules", "emotion", "relief"),
        code("rules", "pain_point", "slow"),
    ) == {
        ("emotion", "worry", "rules"),
        ("emotion", "relief", "rules"),
        ("pain_point", "slow", "rules"),
    }


def test_the_same_code_by_two_coders_is_kept_once():
    assert held(code("rules", "pain_point", "slow"), code("person:ana", "pain_point", "slow")) == {
        ("pain_point", "slow", "person:ana")
    }


def test_excerpts_are_settled_one_by_one():
    found = resolve(
        code("stages", "stage", "buy", excerpt="d#0"),
        code("person:ana", "stage", "see", excerpt="d#1"),
    )
    assert dict(zip(found["excerpt_id"], found["code"], strict=True)) == {
        "d#0": "buy",
        "d#1": "see",
    }


def test_a_span_without_an_excerpt_is_a_unit_of_its_own():
    found = resolve(
        code("person:ana", "pain_point", "slow", excerpt="", start=3, end=20),
        code("person:ben", "pain_point", "slow", 0, excerpt="", start=3, end=21),
        code("rules", "pain_point", "slow", 0.5, excerpt="d#0"),
    )
    assert found["excerpt_id"].tolist() == ["", "d#0"]


def test_equal_spans_of_two_documents_are_two_units():
    found = resolve(
        code("person:ana", "stage", "see", excerpt="", document="d1"),
        code("person:ana", "stage", "buy", excerpt="", document="d2"),
    )
    assert sorted(found["code"]) == ["buy", "see"]


def test_no_codes_give_no_codes():
    empty = check_table(pd.DataFrame([code("rules", "a", "b")]), "codes").iloc[:0]
    assert_frame_equal(resolve_codes(empty, CODERS), empty)


def test_the_input_is_not_changed():
    codes = check_table(
        pd.DataFrame([code("rules", "stage", "a"), code("source", "stage", "b")]), "codes"
    )
    before = codes.copy(deep=True)
    resolve_codes(codes, CODERS)
    assert_frame_equal(codes, before)


EARLY, LATE = "2026-04-01T09:00Z", "2026-04-02T09:00Z"


def test_a_persons_none_silences_machines_and_sources_in_its_group():
    machine = [
        code("rules", "pain_point", "slow"),
        code("rules", "pain_point", "trust"),
        code("rules", "delight", "ease"),
        code("source", "stage", "see"),
    ]
    none = code("person:ana", "pain_point", "none", 1)
    assert held(*machine, none) == {("delight", "ease", "rules"), ("stage", "see", "source")}
    no_stage = code("person:ana", "stage", "none", 1)
    assert ("stage", "see", "source") not in held(*machine, no_stage)


def test_a_none_speaks_of_its_own_excerpt_only():
    found = held(
        code("rules", "pain_point", "slow", excerpt="d#1"),
        code("person:ana", "pain_point", "none", 1, excerpt="d#0"),
    )
    assert found == {("pain_point", "slow", "rules")}


def test_a_none_does_not_silence_another_person():
    found = held(
        code("person:ana", "pain_point", "none", 1), code("person:ben", "pain_point", "slow")
    )
    assert found == {("pain_point", "slow", "person:ben")}


def test_a_none_that_was_taken_back_silences_nobody():
    assert held(
        code("rules", "pain_point", "slow"), code("person:ana", "pain_point", "none", 0)
    ) == {("pain_point", "slow", "rules")}


def test_a_later_code_cancels_ones_own_none():
    none = code("person:ana", "pain_point", "none", 1, at=EARLY)
    later = code("person:ana", "pain_point", "slow", at=LATE)
    machine = code("rules", "pain_point", "trust")
    # A person's code closes its group to machines, as the `none` before it did.
    assert held(none, later, machine) == {("pain_point", "slow", "person:ana")}
    assert held(none, later, code("source", "pain_point", "trust")) == {
        ("pain_point", "slow", "person:ana"),
        ("pain_point", "trust", "source"),
    }


def test_a_later_none_cancels_ones_own_codes():
    earlier = code("person:ana", "pain_point", "slow", at=EARLY)
    none = code("person:ana", "pain_point", "none", 1, at=LATE)
    assert held(earlier, none, code("rules", "pain_point", "slow")) == set()
    assert held(earlier, none, code("person:ben", "pain_point", "slow", at=EARLY)) == {
        ("pain_point", "slow", "person:ben")
    }


def test_a_later_refusal_of_the_excerpt_takes_back_a_code_of_a_part_of_it():
    part = code("person:ana", "pain_point", "slow", start=2, end=6, at=EARLY)
    no = code("person:ana", "pain_point", "slow", 0, at=LATE)
    assert held(part, no) == set()
    assert held(part | {"coded_at": LATE}, no | {"coded_at": EARLY}) == {
        ("pain_point", "slow", "person:ana")
    }


def test_adjudicated_outranks_two_people():
    ana = code("person:ana", "pain_point", "slow", 1)
    ben = code("person:ben", "pain_point", "slow", 1)
    assert held(ana, ben, code("person:adjudicated", "pain_point", "slow", 0)) == set()
    assert held(ana, ben, code("person:adjudicated", "pain_point", "none", 1)) == set()
    assert held(
        code("person:ana", "stage", "see", 1),
        code("person:ben", "stage", "see", 1),
        code("person:adjudicated", "stage", "buy", 0.1),
    ) == {("stage", "buy", "person:adjudicated")}
    assert held(
        code("person:ana", "pain_point", "none", 1),
        code("person:adjudicated", "pain_point", "slow", 1),
    ) == {("pain_point", "slow", "person:adjudicated")}


def test_the_order_in_a_file_settles_what_has_no_time():
    rows = [
        code("person:ana", "pain_point", "slow"),
        code("person:ana", "pain_point", "none", 1),
        code("person:ana", "pain_point", "trust"),
        code("person:ben", "pain_point", "slow"),
    ]
    frame = check_table(pd.DataFrame(rows), "codes")
    kept = keep_latest(frame, pd.Series(range(4)))
    assert kept[["coder_id", "code"]].to_numpy().tolist() == [
        ["person:ana", "trust"],
        ["person:ben", "slow"],
    ]
    assert len(keep_latest(frame.iloc[:0], pd.Series(dtype=float))) == 0


def test_a_hundred_thousand_codes_are_settled_in_a_moment():
    n = 100_000
    frame = pd.DataFrame(
        {
            "code_id": [f"c{i}" for i in range(n)],
            "document_id": "d",
            "start": range(n),
            "end": range(1, n + 1),
            "quote": "q",
            "excerpt_id": [f"d#{i // 5}" for i in range(n)],
            "code_group": ["stage", "pain_point", "emotion", "delight", "pain_point"] * (n // 5),
            "code": ["see", "slow", "worry", "none", "trust"] * (n // 5),
            "strength": 1.0,
            "basis": "",
            "attributes": "{}",
            "note": "",
            "coder_id": ["source", "rules", "rules", "person:ana", "person:ben"] * (n // 5),
            "coded_at": pd.Timestamp(EARLY),
        }
    )
    codes = check_table(frame, "codes")
    start = time.perf_counter()
    found = resolve_codes(codes, CODERS)
    assert time.perf_counter() - start < 5  # about half a second where nothing else runs
    # Not `none`, and not the machine's "slow" where Ben says "trust".
    assert len(found) == 3 * n // 5


SOME_CODES = st.lists(
    st.builds(
        code,
        st.sampled_from(CODERS["coder_id"].tolist()),
        st.sampled_from(["stage", "pain_point"]),
        st.sampled_from(["a", "b", "none"]),
        st.sampled_from([0.0, 0.5, 1.0]),
        excerpt=st.sampled_from(["d#0", "d#1", ""]),
        at=st.sampled_from([None, EARLY, LATE]),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda row: row["code_id"],
)


@settings(deadline=None, max_examples=40)
@given(SOME_CODES.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_rows_never_matters(pair):
    rows, shuffled = pair
    assert set(resolve(*rows)["code_id"]) == set(resolve(*shuffled)["code_id"])


@settings(deadline=None, max_examples=40)
@given(SOME_CODES)
def test_what_holds_is_said_by_the_best_ranked_and_never_a_refusal(rows):
    found = resolve(*rows)
    rank = {"person:adjudicated": -1, "person:ana": 0, "person:ben": 0, "source": 1}
    assert (found["strength"] > 0).all()
    assert (found["code"] != "none").all()
    for kept in found.to_dict("records"):
        unit = [row for row in rows if row["excerpt_id"] == kept["excerpt_id"]]
        same = [row for row in unit if row["code_group"] == kept["code_group"]]
        mine = rank.get(kept["coder_id"], 2)
        for rival in same:
            if rival["code"] == kept["code"] and rank.get(rival["coder_id"], 2) < mine:
                # Only who took his word back lets a lesser one speak.
                assert any(
                    row["coder_id"] == rival["coder_id"] and row["code"] in ("none", rival["code"])
                    and row is not rival
                    for row in same
                )  # fmt: skip
    stages = found[(found["code_group"] == "stage") & (found["excerpt_id"] != "")]
    assert not stages.duplicated(["excerpt_id"]).any()


def test_resolving_twice_changes_nothing():
    found = resolve(
        code("rules", "pain_point", "slow"),
        code("person:ana", "stage", "see"),
        code("stages", "stage", "buy"),
    )
    assert_frame_equal(resolve_codes(found, CODERS), found)


@pytest.mark.parametrize(
    "other",
    [
        ("ben", "d", 0, 4, "g", "c"),
        ("ana", "e", 0, 4, "g", "c"),
        ("ana", "d", 1, 4, "g", "c"),
        ("ana", "d", 0, 5, "g", "c"),
        ("ana", "d", 0, 4, "h", "c"),
        ("ana", "d", 0, 4, "g", "d"),
    ],
)
def test_a_code_id_follows_from_all_that_was_asserted(other):
    mine = code_id("ana", "d", 0, 4, "g", "c")
    assert mine == code_id("ana", "d", 0, 4, "g", "c")
    assert mine != code_id(*other)
