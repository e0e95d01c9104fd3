import json
import math

import pandas as pd
import pytest

from cjm_research.review import (
    estimate_agreement,
    estimate_machine_quality,
    estimate_reliability,
    list_disagreements,
    list_judgements,
)
from tests.review.tables import make_codes

ANA, BEN, JUDGE = "person:ana", "person:ben", "person:adjudicated"
CY = "person:cy"


def make_sample(n, *, source="talks"):
    """One excerpt of ten characters for each of n participants."""
    return pd.DataFrame(
        {
            "excerpt_id": [f"{source}/P{i:02}#{i}" for i in range(n)],
            "document_id": [f"{source}/P{i:02}" for i in range(n)],
            "participant_id": [f"P{i:02}" for i in range(n)],
            "source": source,
            "start": [10 * i for i in range(n)],
            "end": [10 * i + 9 for i in range(n)],
        }
    )


SAMPLE = make_sample(12)
IDS = SAMPLE["excerpt_id"].tolist()


def judged(coder, **codes):
    """`slow="012"`: the code on the excerpts of these numbers; digits in base 16."""
    return [
        (coder, IDS[int(number, 16)], "pain_point", code)
        for code, numbers in codes.items()
        for number in numbers
    ]


# ana: slow on 0-5, trust on 5, nothing on 6-9.  ben: slow on 0-3 and 6, nothing on 4, 5, 7, 8, a.
CODES = make_codes(
    *judged(ANA, slow="012345", trust="5", none="6789"),
    *judged(BEN, slow="01236", none="4578a"),
)


def test_judgements_are_what_was_given_refused_and_found_empty():
    codes = make_codes(
        (ANA, IDS[0], "pain_point", "slow"), (ANA, IDS[1], "pain_point", "none"),
        (ANA, IDS[2], "pain_point", "slow", {"strength": 0.0}), (ANA, IDS[3], "memo", "memo"),
        ("rules", IDS[0], "pain_point", "slow"), (ANA, "talks/P99#3", "stage", "see"),
    )  # fmt: skip
    found = list_judgements(codes, SAMPLE)
    assert found[["excerpt_id", "code", "value"]].to_numpy().tolist() == [
        [IDS[0], "", 1.0],
        [IDS[0], "slow", 1.0],
        [IDS[1], "", 0.0],
        [IDS[2], "slow", 0.0],
    ]


def test_agreement_per_code_and_group_by_hand():
    found = estimate_agreement(CODES, SAMPLE).set_index("code")
    # Both judged 0-8: 4 both, 2 only ana (4, 5), 1 only ben (6), 2 neither (7, 8).
    slow = found.loc["slow"]
    assert (slow["n_units"], slow["n_participants"]) == (9, 9)
    assert (slow["n_both"], slow["n_first"], slow["n_second"]) == (4, 2, 1)
    assert slow["agreement_rate"] == pytest.approx(6 / 9)
    chance = (6 * 5 + 3 * 4) / 81
    assert slow["kappa"] == pytest.approx((6 / 9 - chance) / (1 - chance))
    assert math.isnan(slow["kappa_low"])
    assert slow["reason"] == "no interval: 9 participants, 10 are needed"
    # "trust" was given by ana alone, on 5: 8 of 9 the same.
    assert found.loc["trust", "agreement_rate"] == pytest.approx(8 / 9)
    assert found.loc["trust", "kappa"] == pytest.approx(0)
    assert found.loc["", "n_first"] == 2
    assert found.loc["slow", ["first", "second"]].tolist() == ["ana", "ben"]


def test_spans_are_compared_by_the_characters_of_the_same_units():
    found = estimate_agreement(CODES, SAMPLE).set_index("code").loc["slow"]
    assert found["n_characters"] == 9 * 9
    assert found["span_kappa"] == pytest.approx(found["kappa"])
    assert found["span_overlap"] == pytest.approx(4 / 7)
    part = make_codes(
        (ANA, IDS[0], "pain_point", "slow", {"start": 0, "end": 4}),
        (BEN, IDS[0], "pain_point", "slow", {"start": 2, "end": 30}),
    )
    found = estimate_agreement(part, SAMPLE).set_index("code").loc["slow"]
    # In the excerpt's nine characters: 2 both, 2 only ana, 5 only ben.
    assert (found["n_characters"], found["span_overlap"]) == (9, pytest.approx(2 / 9))
    assert found["span_kappa"] == pytest.approx(found["span_kappa_coded"])


def test_intervals_come_with_ten_participants():
    more = [(BEN, IDS[9], "pain_point", "slow"), (BEN, IDS[11], "pain_point", "none"),
            (ANA, IDS[11], "pain_point", "none"), (ANA, IDS[10], "pain_point", "none")]  # fmt: skip
    rows = [
        *judged(ANA, slow="012345", none="6789"), *judged(BEN, slow="01236", none="4578a"), *more
    ]  # fmt: skip
    found = estimate_agreement(make_codes(*rows), SAMPLE).set_index("code").loc["slow"]
    assert found["n_participants"] == 12
    assert -1 <= found["kappa_low"] < found["kappa"] < found["kappa_high"] <= 1


def test_sources_are_never_pooled():
    both = pd.concat([SAMPLE, make_sample(2, source="mail")], ignore_index=True)
    rows = [*judged(ANA, slow="01"), *judged(BEN, slow="01")]
    rows += [(ANA, "mail/P00#0", "pain_point", "slow"), (BEN, "mail/P00#0", "pain_point", "none")]
    found = estimate_agreement(make_codes(*rows), both)
    assert found.loc[found["code"] == "slow", ["source", "n_units"]].to_numpy().tolist() == [
        ["mail", 1],
        ["talks", 2],
    ]


def test_the_adjudicator_agrees_with_nobody_and_one_coder_has_no_pair():
    assert estimate_agreement(make_codes(*judged(ANA, slow="01")), SAMPLE).empty
    rows = [*judged(ANA, slow="01"), *judged(JUDGE, slow="01")]
    assert estimate_agreement(make_codes(*rows), SAMPLE).empty
    assert estimate_agreement(make_codes(), SAMPLE).empty


def test_coders_without_common_units_are_said_so():
    rows = [*judged(ANA, slow="01"), *judged(BEN, slow="23")]
    found = estimate_agreement(make_codes(*rows), SAMPLE).set_index("code").loc["slow"]
    assert (found["n_units"], found["reason"]) == (0, "they have no units in common")


def pains(coder, grades):
    """`"1-4"`: severities of "slow" on the first excerpts; `-` is no severity, `0` no pain."""
    return [
        (coder, IDS[i], "pain_point", "none" if grade == "0" else "slow",
         {"attributes": "{}" if grade in "-0" else json.dumps({"severity": int(grade)})})
        for i, grade in enumerate(grades)
    ]  # fmt: skip


def test_reliability_of_two_people_per_code_and_group_by_hand():
    found = estimate_reliability(CODES, SAMPLE).set_index("code")
    # slow on 0-8: 4 both, 3 one, 2 neither; 11 yes and 7 no of 18 values.
    slow = found.loc["slow"]
    assert (slow["n_units"], slow["n_coders"], slow["n_participants"]) == (9, 2, 9)
    assert slow["alpha"] == pytest.approx(1 - (6 / 18) / (2 * 11 * 7 / (18 * 17)))
    assert slow["words"] == "discard"
    assert math.isnan(slow["alpha_low"])
    assert slow["reason"] == "no interval: 9 participants, 10 are needed"
    assert set(found.index) == {"", "slow", "trust"}
    assert set(found["level"]) == {"nominal"}
    # ana gave any code on 0-5, ben on 0-3 and 6: as for slow.
    assert found.loc["", "alpha"] == pytest.approx(slow["alpha"])


def test_reliability_counts_what_any_two_of_three_people_judged():
    codes = pd.concat([CODES, make_codes(*judged(CY, slow="029", none="b"))], ignore_index=True)
    found = estimate_reliability(codes, SAMPLE).set_index("code").loc["slow"]
    # 0-8 by ana and ben, 9 by ana and cy; a by ben alone and b by cy alone do not count.
    assert (found["n_units"], found["n_coders"], found["n_participants"]) == (10, 3, 10)
    # 22 values, 14 yes and 8 no; on 4, 5, 6 and 9 one of each.
    assert found["alpha"] == pytest.approx(1 - (2 * 4 / 22) / (2 * 14 * 8 / (22 * 21)))
    assert found["alpha_low"] < found["alpha"] < found["alpha_high"]


def test_the_order_of_rows_changes_no_reliability():
    codes = pd.concat([CODES, make_codes(*judged(CY, slow="029", none="b"))], ignore_index=True)
    found = estimate_reliability(codes, SAMPLE)
    other = estimate_reliability(
        codes.sample(frac=1, random_state=1), SAMPLE.sample(frac=1, random_state=2)
    )
    pd.testing.assert_frame_equal(found, other)
    twice = pd.concat([codes, codes], ignore_index=True)
    pd.testing.assert_frame_equal(found, estimate_reliability(twice, SAMPLE))


def test_reliability_never_pools_sources_and_leaves_the_adjudicator_out():
    both = pd.concat([SAMPLE, make_sample(2, source="mail")], ignore_index=True)
    rows = [*judged(ANA, slow="01"), *judged(BEN, slow="0", none="1"), *judged(JUDGE, slow="01")]
    rows += [(ANA, "mail/P00#0", "pain_point", "slow"), (JUDGE, "mail/P00#0", "pain_point", "slow")]
    found = estimate_reliability(make_codes(*rows), both)
    found = found[found["code"] == "slow"].set_index("source")
    assert found["n_units"].to_dict() == {"mail": 0, "talks": 2}
    assert found.loc["talks", "n_coders"] == 2
    assert found.loc["mail", "reason"] == "only one coder has judged"
    assert found.loc["mail", "words"] == "cannot tell"
    assert math.isnan(found.loc["mail", "alpha"])


def test_reliability_of_nobody_is_an_empty_table():
    nobody = estimate_reliability(make_codes(), SAMPLE)
    assert nobody.empty
    assert list(nobody) == list(estimate_reliability(CODES, SAMPLE))
    assert estimate_reliability(CODES, SAMPLE.iloc[:0]).empty
    machine = make_codes(("rules", IDS[0], "pain_point", "slow"))
    assert estimate_reliability(machine, SAMPLE).empty


def test_people_without_common_excerpts_and_without_a_difference_are_said_so():
    apart = make_codes(*judged(ANA, slow="01"), *judged(BEN, slow="23"))
    found = estimate_reliability(apart, SAMPLE).set_index("code").loc["slow"]
    assert (found["n_units"], found["reason"]) == (0, "no unit was judged by two coders")
    alike = make_codes(*judged(ANA, slow="01"), *judged(BEN, slow="01"))
    found = estimate_reliability(alike, SAMPLE).set_index("code").loc["slow"]
    assert (found["n_units"], found["words"]) == (2, "cannot tell")
    assert found["reason"] == "all gave the same value to every unit: alpha is not defined"


def test_severities_of_the_same_pain_are_compared_as_ranks():
    codes = make_codes(*pains(ANA, "1234-2"), *pains(BEN, "12443-"), *pains(JUDGE, "444444"))
    found = estimate_reliability(codes, SAMPLE).set_index("code_group").loc["severity"]
    assert (found["code"], found["level"]) == ("", "ordinal")
    # Both graded 0-3: 1 1, 2 2, 3 4, 4 4. Values 1, 2, 3, 4 stand at 1, 3, 4.5 and 6.5.
    assert (found["n_units"], found["n_coders"], found["n_participants"]) == (4, 2, 4)
    places = [1, 1, 3, 3, 4.5, 6.5, 6.5, 6.5]
    by_chance = sum((a - b) ** 2 for a in places for b in places) / (8 * 7)
    assert found["alpha"] == pytest.approx(1 - (2 * 2**2 / 8) / by_chance)
    assert found["words"] == "reliable"


def test_a_severity_is_of_its_pain_and_without_severities_there_is_no_row():
    other = [(BEN, IDS[0], "pain_point", "trust", {"attributes": '{"severity": 4}'})]
    codes = make_codes(*pains(ANA, "1"), *other)
    found = estimate_reliability(codes, SAMPLE).set_index("code_group").loc["severity"]
    assert (found["n_units"], found["reason"]) == (0, "no unit was judged by two coders")
    assert "severity" not in set(estimate_reliability(CODES, SAMPLE)["code_group"])


def test_the_machine_is_held_against_each_person():
    machine = make_codes(*judged("rules", slow="0127", trust="8"))
    found = estimate_machine_quality(CODES, machine, SAMPLE).set_index(["coder", "code"])
    # ana judged 0-9: slow right on 0, 1, 2, wrong on 7, missed on 3, 4, 5.
    slow = found.loc[("ana", "slow")]
    assert (slow["n_right"], slow["n_wrong"], slow["n_missed"], slow["n_units"]) == (3, 1, 3, 10)
    assert slow["precision"] == pytest.approx(0.75)
    assert slow["recall"] == pytest.approx(0.5)
    assert slow["f1"] == pytest.approx(0.6)
    assert slow["f1_low"] < 0.6 < slow["f1_high"]
    # trust: given on 8, where ana found nothing; true on 5.
    trust = found.loc[("ana", "trust")]
    assert (trust["precision"], trust["recall"]) == (0, 0)
    any_code = found.loc[("ana", "")]
    assert (any_code["n_right"], any_code["n_wrong"], any_code["n_missed"]) == (3, 2, 3)
    assert ("ben", "slow") in found.index


def test_a_group_that_the_machine_never_gave_is_missed_and_not_left_out():
    found = estimate_machine_quality(CODES, make_codes(), SAMPLE).set_index(["coder", "code"])
    assert found.loc[("ana", "slow"), "recall"] == 0
    assert math.isnan(found.loc[("ana", "slow"), "precision"])


def test_disagreements_are_listed_until_they_are_settled():
    found = list_disagreements(CODES, SAMPLE)
    assert found[["excerpt_id", "coder_id", "codes"]].to_numpy().tolist() == [
        [IDS[4], ANA, "slow"], [IDS[4], BEN, "-"],
        [IDS[5], ANA, "slow; trust"], [IDS[5], BEN, "-"],
        [IDS[6], ANA, "-"], [IDS[6], BEN, "slow"],
    ]  # fmt: skip
    settled = make_codes(
        *judged(ANA, slow="45", none="6"), *judged(BEN, slow="6", none="45"),
        *judged(JUDGE, slow="4", none="6"),
    )  # fmt: skip
    assert list_disagreements(settled, SAMPLE)["excerpt_id"].unique().tolist() == [IDS[5]]
    assert list_disagreements(make_codes(), SAMPLE).empty
