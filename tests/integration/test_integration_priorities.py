import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from cjm_research.config.findings import OpportunityFinding
from cjm_research.config.schema import PriorityPart
from cjm_research.integration.priorities import (
    OPPORTUNITY_COLUMNS,
    choose_source,
    describe_rule,
    rank_opportunities,
)
from cjm_research.integration.stage_behaviour import BEHAVIOUR_COLUMNS
from cjm_research.journey import Journey, Stage
from cjm_research.synthesis import count_mentions, list_statements, summarize_pain_points
from cjm_research.tables import TABLES, check_table

JOURNEY = Journey(
    (
        Stage("see", "Seeing"),
        Stage("buy", "Buying"),
        Stage("use", "Using", sequential=False, measure="task_failure", outcome="done"),
        Stage("tell", "Telling", sequential=False, measure="none"),
    )
)
CODERS = pd.DataFrame(
    [("encoder", "machine"), ("person:ana", "person"), ("source", "source")],
    columns=["coder_id", "kind"],
)
FACTS = pd.DataFrame(
    [
        ("talks", "Interviews", "interview", False),
        ("survey", "Survey", "survey_answer", True),
        ("notes", "Notes", "note", False),
    ],
    columns=["source", "label", "kind", "has_design"],
)
LEAVING = {"funnel_drop_off": "leave", "task_failure": "of first tries fail", "none": ""}
RANKS = [
    "score", "rank", "rank_low", "rank_high", "first_share", "top3_share",
    "weights_rank_low", "weights_rank_high",
]  # fmt: skip


def behave(*rows):
    # A row: stage, measure, n lost, n, low, high.
    table = [
        {
            "stage": stage, "measure": measure, "unit": "people", "n": n, "n_lost": lost,
            "rate": lost / n if n else math.nan, "low": low, "high": high,
            "words": LEAVING[measure],
        }
        for stage, measure, lost, n, low, high in rows
    ]  # fmt: skip
    frame = pd.DataFrame(table, columns=BEHAVIOUR_COLUMNS)
    return frame.assign(stage=JOURNEY.order(frame["stage"]))


BEHAVIOUR = behave(
    ("see", "funnel_drop_off", 200, 1000, 0.18, 0.22),
    ("buy", "funnel_drop_off", 400, 800, 0.47, 0.53),
    ("use", "task_failure", math.nan, math.nan, math.nan, math.nan),
    ("tell", "none", math.nan, math.nan, math.nan, math.nan),
)
VALUES = pd.DataFrame(
    [
        ("see", "", 500.0, 400.0, 600.0),
        ("buy", "", 1000.0, 900.0, 1100.0),
        ("see", "device", 9000.0, 1.0, 1.0),
    ],
    columns=["stage", "segment", "value_at_stake", "stake_low", "stake_high"],
).assign(value_low=1.0, value_high=2.0)


def tell(*told, heard=None, source="survey"):
    """Return tables; told: person, stage, code, severity, consequence and coder."""
    heard = heard or {"see": 20, "buy": 20}
    excerpts, codes = [], []

    def add(person, stage, speaker="participant"):
        number = len(excerpts)
        excerpts.append(
            {
                "excerpt_id": f"{source}/{person}#{number}", "document_id": f"{source}/{person}",
                "participant_id": person, "source": source, "speaker": speaker, "turn": 0,
                "start": number, "end": number + 1, "prompt": "", "heading": "",
                "start_s": math.nan, "text": "x", "stage": stage,
            }
        )  # fmt: skip
        return excerpts[-1]

    for stage, n in heard.items():
        for number in range(n):
            add(f"p{number:02}", stage)
    add("p00", "see", "interviewer")
    for person, stage, code, severity, *more in told:
        consequence, coder = [*more, *("", "encoder")[len(more) :]]
        excerpt = add(person, stage)
        particulars = {"severity": severity, "consequence": consequence}
        codes.append(
            {
                "code_id": str(len(codes)), "document_id": excerpt["document_id"],
                "start": excerpt["start"], "end": excerpt["end"], "quote": "x",
                "excerpt_id": excerpt["excerpt_id"], "code_group": "pain_point", "code": code,
                "strength": 1.0, "basis": "", "attributes": json.dumps(particulars), "note": "",
                "coder_id": coder, "coded_at": None,
            }
        )  # fmt: skip
    frame = check_table(pd.DataFrame(excerpts), "excerpts")
    frame = frame.assign(stage=JOURNEY.order(frame["stage"]))
    held = check_table(pd.DataFrame(codes, columns=list(TABLES["codes"].columns)), "codes")
    designs = dict(zip(FACTS["source"], FACTS["has_design"], strict=True))
    mentions = count_mentions(held, frame, journey=JOURNEY, designs=designs, labels={})
    statements = list_statements(held, held, frame, CODERS, labels={})
    return {
        "statements": statements,
        "mentions": mentions,
        "pain_points": summarize_pain_points(statements, mentions, order=JOURNEY.order),
        "excerpts": frame,
    }


def rank(tables, *, confirmed=(), weights=None, **options):
    findings = [
        OpportunityFinding(stage=stage, code=code, confirmed=True, by="Ana")
        for stage, code in confirmed
    ]
    trusted = {
        (source, "pain_point", code): "trusted"
        for source in FACTS["source"]
        for code in tables["pain_points"]["code"]
    }
    rules = PriorityPart() if weights is None else PriorityPart(weights=weights)
    given = {
        "coders": CODERS, "stage_behaviour": BEHAVIOUR, "value_at_stake": VALUES,
        "journey": JOURNEY, "source_facts": FACTS, "rules": rules, "findings": findings,
        "trusted": trusted, "n_resamples": 500,
    }  # fmt: skip
    return rank_opportunities(**tables, **(given | options))


def people(n, stage, code, severity, *more, first=0):
    return [(f"p{number:02}", stage, code, severity, *more) for number in range(first, first + n)]


ALL = [("see", "slow"), ("buy", "price"), ("buy", "form")]
TOLD = [
    # A person's 1 is a grade; a machine's says that nothing is told of what it cost.
    *people(10, "see", "slow", 1, "", "person:ana"),
    *people(4, "buy", "price", 3, "blocked"),
    *people(2, "buy", "form", 2, "delayed", first=10),
    *people(1, "buy", "trust", 4, "gave_up"),
    *people(3, "buy", "other", 2),
]


def test_the_score_is_the_declared_rule_by_hand():
    found = rank(
        tell(*TOLD), confirmed=ALL, weights={"people": 2, "severity": 1, "drop_off": 1, "value": 1}
    )
    assert list(found.columns) == OPPORTUNITY_COLUMNS
    assert list(zip(found["stage"], found["code"], strict=True)) == [
        ("buy", "price"), ("buy", "form"), ("see", "slow"),
    ]  # fmt: skip
    price, form, slow = found.to_dict("records")
    # People twice; severity 3 of 4; half leave; the most is at stake here.
    assert price["score"] == pytest.approx((2 * 4 / 20 + 2 / 3 + 0.5 + 1) / 5)
    assert form["score"] == pytest.approx((2 * 2 / 20 + 1 / 3 + 0.5 + 1) / 5)
    assert slow["score"] == pytest.approx((2 * 10 / 20 + 0 + 0.2 + 0.5) / 5)
    assert found["rank"].tolist() == [1, 2, 3]
    assert (price["n_said"], price["n_heard"], price["people_rate"]) == (4, 20, 0.2)
    assert 0 < price["people_low"] < 0.2 < price["people_high"]
    assert (price["severity"], price["n_severe"], price["n_gave_up"]) == (3, 4, 0)
    assert (price["drop_off_rate"], price["drop_off_low"]) == (0.5, 0.47)
    assert (price["value_at_stake"], price["value_low"], price["value_high"]) == (1000, 900, 1100)
    assert (price["measure"], price["source_label"]) == ("funnel_drop_off", "Survey")
    assert price["words"].startswith(
        "At Buying, 4 of 20 (Survey) tell “price”; median severity 3 of 4 (known of 4 of "
        "4), 4 blocked or worse; in the behaviour record 400 of 800 leave; confirmed by Ana: "
        "rank 1 of 3 ("
    )


def test_where_few_say_what_it_cost_severity_has_no_part_in_any_score():
    told = [
        *people(2, "see", "slow", 4), *people(4, "see", "slow", 1, first=2), *TOLD[10:]
    ]  # fmt: skip
    found = rank(tell(*told), confirmed=ALL, value_unit="In euros.").set_index("code")
    assert found.loc["slow", ["n_graded", "n_severe"]].tolist() == [2, 2]
    assert math.isnan(found.loc["slow", "severity"])
    assert found.loc["price", "severity"] == 3
    assert found["rank"].notna().all()
    assert found.loc["price", "score"] == pytest.approx((4 / 20 + 0.5) / 2)
    assert "no severity, as it is known of 2 of 6 only" in found.loc["slow", "words"]
    assert found["words"].str.contains("without severity, which is not known of all").all()
    assert set(found["value_unit"]) == {"In euros."}
    # A candidate, which is not ranked, takes severity from nobody.
    others = rank(tell(*told), confirmed=ALL[1:]).set_index("code")
    assert others.loc["price", "score"] == pytest.approx((4 / 20 + 2 / 3 + 0.5) / 3)


def test_one_person_alone_and_trouble_without_a_code_are_no_opportunity():
    assert set(rank(tell(*TOLD))["code"]) == {"slow", "price", "form"}


def test_what_the_rule_does_not_weigh_has_no_part():
    found = rank(tell(*TOLD), confirmed=ALL, weights={"people": 1, "severity": 0})
    assert found["score"].tolist() == [0.5, 0.2, 0.1]
    assert found["code"].tolist() == ["slow", "price", "form"]


def test_giving_up_counts_once():
    left = tell(*people(4, "buy", "price", 4, "gave_up"), *people(4, "buy", "form", 3, "blocked"))
    both = [("buy", "price"), ("buy", "form")]
    found = rank(left, confirmed=both).set_index("code")
    assert found["score"].tolist() == pytest.approx([(0.2 + 2 / 3 + 0.5) / 3] * 2)
    assert found["rank"].tolist() == [1, 1]
    assert found.loc["price", ["severity", "n_severe", "n_gave_up"]].tolist() == [4, 4, 4]
    assert "4 blocked or worse, 4 gave up;" in found.loc["price", "words"]
    # Where no loss has part in the score, giving up is the gravest.
    alone = rank(left, confirmed=both, weights={"people": 1, "severity": 1}).set_index("code")
    assert alone.loc["price", "score"] == pytest.approx((0.2 + 1) / 2)
    assert alone.loc["form", "score"] == pytest.approx((0.2 + 2 / 3) / 2)
    value = rank(left, confirmed=both, weights={"severity": 1, "value": 1}).set_index("code")
    assert value["score"].tolist() == pytest.approx([(2 / 3 + 1) / 2] * 2)


def test_giving_up_at_a_stage_without_a_loss_is_the_gravest():
    unmeasured = behave(("see", "funnel_drop_off", math.nan, math.nan, math.nan, math.nan))
    found = rank(
        tell(*people(4, "buy", "price", 4, "gave_up")),
        confirmed=[("buy", "price")], stage_behaviour=unmeasured,
    )  # fmt: skip
    assert found["score"].tolist() == pytest.approx([(0.2 + 1) / 2])


def test_candidates_have_no_order():
    found = rank(tell(*TOLD))
    assert found[RANKS].isna().all(axis=None)
    assert list(zip(found["stage"], found["code"], strict=True)) == [
        ("see", "slow"), ("buy", "form"), ("buy", "price"),
    ]  # fmt: skip
    assert set(found["status"]) == {"candidate"}
    assert set(found["confirmed_by"]) == {""}
    assert found["words"].str.endswith("; a candidate until a person confirms it.").all()


def test_only_confirmed_rows_are_ranked_and_among_themselves():
    found = rank(tell(*TOLD), confirmed=[("buy", "form")])
    assert found["code"].tolist() == ["form", "slow", "price"]
    assert found["status"].tolist() == ["confirmed", "candidate", "candidate"]
    assert found.loc[0, ["rank", "rank_low", "rank_high"]].tolist() == [1, 1, 1]
    assert "rank 1 of 1 (1 when people are drawn again; 1 by other weights)" in found["words"][0]
    assert found.loc[1:, RANKS].isna().all(axis=None)


def test_what_people_say_of_an_opportunity_is_carried_over():
    said = OpportunityFinding(
        stage="buy", code="price", confirmed=False, by="Ben", effort="small", evidence="low",
        trade_off="fewer choices", note="ask again",
    )  # fmt: skip
    found = rank(tell(*TOLD), findings=[said]).set_index("code")
    texts = ["effort", "evidence", "trade_off", "note"]
    assert found.loc["price", texts].tolist() == ["small", "low", "fewer choices", "ask again"]
    assert found.loc["form", texts].tolist() == [""] * 4
    assert found.loc["price", ["status", "confirmed_by"]].tolist() == ["candidate", ""]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("needs a person", "the machine's code needs a person"),
        ("uncorrected", "machine-coded, uncorrected"),
    ],
)
def test_a_code_that_is_not_trusted_leaves_the_ranking(status, why):
    trusted = {
        ("survey", "pain_point", "price"): status,
        ("survey", "pain_point", "slow"): "trusted",
    }
    found = rank(tell(*TOLD), confirmed=ALL, trusted=trusted)
    assert found["code"].tolist() == ["slow", "form", "price"]
    assert found["rank"].isna().tolist() == [False, True, True]
    assert found["status"].tolist() == ["confirmed"] * 3
    # "slow" rests on a person's codes alone.
    assert found["trust"].tolist() == ["", "uncorrected", status]
    assert found["words"][2].endswith(f"; confirmed by Ana, but not ranked: {why}.")


def test_what_people_coded_needs_no_trust_in_a_machine():
    told = [
        *people(2, "see", "slow", 1, "", "person:ana"),
        # One whom a person coded and a machine as well rests on the person.
        *people(2, "buy", "price", 3, "", "person:ana"),
        *people(1, "buy", "price", 3, "", "encoder"),
        *people(1, "buy", "form", 3, "", "person:ana"),
        *people(3, "buy", "form", 3, "", "encoder"),
        *people(2, "buy", "declared", 3, "", "source"),
    ]
    found = rank(tell(*told), confirmed=[*ALL, ("buy", "declared")], trusted={}).set_index("code")
    assert found["coded_by"].to_dict() == {
        "slow": "person", "price": "person", "form": "both", "declared": "source",
    }  # fmt: skip
    assert found["n_said_by_person"].to_dict() == {
        "slow": 2, "price": 2, "form": 1, "declared": 0,
    }  # fmt: skip
    assert found["trust"].to_dict() == {
        "slow": "", "price": "", "form": "uncorrected", "declared": "",
    }  # fmt: skip
    assert found["rank"].notna().to_dict() == {
        "slow": True, "price": True, "form": False, "declared": True,
    }  # fmt: skip
    assert "for 1 of 3 a person coded it" in found.loc["form", "words"]


def test_an_unknown_column_takes_the_rank_and_says_why():
    told = [*TOLD, *people(5, "tell", "shame", 4)]
    heard = {"see": 20, "buy": 20, "tell": 10}
    every = [*ALL, ("tell", "shame")]
    found = rank(tell(*told, heard=heard), confirmed=every)
    assert found["rank"].notna().tolist() == [True, True, True, False]
    assert found["code"].iloc[-1] == "shame"
    assert (
        found["words"]
        .iloc[-1]
        .endswith(
            "but not ranked: what the stage loses is not known, or counted otherwise than at most "
            "stages."
        )
    )
    unknown = BEHAVIOUR.assign(n=math.nan, n_lost=math.nan, rate=math.nan)
    without = rank(tell(*told, heard=heard), confirmed=every, stage_behaviour=unknown)
    assert without["rank"].notna().all()
    shame = without.set_index("code").loc["shame"]
    assert shame["score"] == pytest.approx((0.5 + 1) / 2)
    assert without["drop_off_rate"].isna().all()


def test_below_five_people_there_are_counts_only():
    few = tell(*people(2, "see", "slow", 1), *TOLD[10:], heard={"see": 4, "buy": 20})
    found = rank(few, confirmed=ALL).set_index("code")
    assert found.loc["slow", ["n_said", "n_heard"]].tolist() == [2, 4]
    assert math.isnan(found.loc["slow", "people_rate"])
    assert math.isnan(found.loc["slow", "rank"])
    assert "fewer than 5 people were heard there" in found.loc["slow", "words"]
    lost = behave(
        ("see", "funnel_drop_off", 200, 1000, 0.18, 0.22), ("buy", "funnel_drop_off", 1, 4, 0, 1)
    )
    other = rank(tell(*TOLD), confirmed=ALL, stage_behaviour=lost).set_index("code")
    assert math.isnan(other.loc["price", "drop_off_rate"])
    assert math.isnan(other.loc["price", "rank"])
    assert other.loc["slow", "rank"] == 1


def test_kinds_of_drop_off_are_no_single_scale():
    mixed = behave(
        ("see", "funnel_drop_off", 200, 1000, 0.18, 0.22),
        ("buy", "funnel_drop_off", 400, 800, 0.47, 0.53),
        ("use", "task_failure", 30, 40, 0.6, 0.9),
    )
    told = tell(*TOLD, *people(9, "use", "maze", 3), heard={"see": 20, "buy": 20, "use": 20})
    found = rank(told, confirmed=[*ALL, ("use", "maze")], stage_behaviour=mixed)
    maze = found.set_index("code").loc["maze"]
    assert (maze["drop_off_rate"], maze["measure"]) == (0.75, "task_failure")
    assert "30 of 40 first tries fail" in maze["words"]
    assert math.isnan(maze["rank"])
    # Without the drop-off, the rule can order all of them.
    alike = rank(
        told, confirmed=[*ALL, ("use", "maze")], stage_behaviour=mixed,
        weights={"people": 1, "severity": 1},
    )  # fmt: skip
    assert alike["rank"].notna().all()


def test_a_clear_winner_is_first_in_every_draw():
    told = tell(
        *people(36, "buy", "price", 3, "blocked"), *people(3, "see", "slow", 1),
        *people(2, "see", "form", 1, first=10), heard={"see": 40, "buy": 40},
    )  # fmt: skip
    found = rank(told, confirmed=[("buy", "price"), ("see", "slow"), ("see", "form")])
    first = found.iloc[0]
    assert first["code"] == "price"
    ranks = ["rank", "rank_low", "rank_high", "weights_rank_low", "weights_rank_high"]
    assert first[ranks].tolist() == [1] * 5
    assert (first["first_share"], first["top3_share"]) == (1, 1)


def test_two_that_differ_by_chance_may_change_places():
    told = tell(
        *people(10, "buy", "price", 2), *people(10, "buy", "form", 2, first=10),
        *people(2, "see", "slow", 1), heard={"see": 40, "buy": 40},
    )  # fmt: skip
    found = rank(told, confirmed=[("buy", "price"), ("buy", "form"), ("see", "slow")])
    assert found["rank"].tolist() == [1, 1, 3]
    assert found["rank_low"].tolist() == [1, 1, 3]
    assert found["rank_high"].tolist() == [2, 2, 3]
    assert found["first_share"][:2].tolist() == pytest.approx([0.5, 0.5], abs=0.1)


def test_severity_is_that_of_the_people_who_are_drawn():
    told = tell(
        *people(10, "see", "slow", 3), *people(10, "buy", "form", 2),
        *people(9, "buy", "price", 1, "", "person:ana", first=10),
    )  # fmt: skip
    only = {"severity": 1.0}
    found = rank(told, confirmed=ALL, weights=only)
    assert found["code"].tolist() == ["slow", "form", "price"]
    assert found["rank_low"].tolist() == found["rank_high"].tolist() == [1, 2, 3]
    # Six of ten are blocked: in some draws it is fewer than half.
    split = tell(
        *people(6, "see", "slow", 3), *people(4, "see", "slow", 1, "", "person:ana", first=6),
        *people(10, "buy", "form", 2),
    )  # fmt: skip
    torn = rank(split, confirmed=ALL, weights=only)
    assert torn["code"].tolist() == ["slow", "form"]
    assert torn["rank_high"].tolist() == [2, 2]
    assert 0.6 < torn["first_share"][0] < 0.9


def test_the_drop_off_moves_ranks_as_far_as_it_is_known():
    told = tell(*people(10, "see", "slow", 2), *people(10, "buy", "form", 2))
    pair = [("see", "slow"), ("buy", "form")]
    only = {"drop_off": 1.0}

    def spread(low, high):
        lost = behave(
            ("see", "funnel_drop_off", 45, 100, 0.45 - low, 0.45 + high),
            ("buy", "funnel_drop_off", 50, 100, 0.5 - low, 0.5 + high),
        )
        return rank(told, confirmed=pair, stage_behaviour=lost, weights=only)

    assert spread(0.1, 0.1)["rank_high"].tolist() == [2, 2]
    assert spread(0.005, 0.005)["rank_high"].tolist() == [1, 2]
    assert spread(math.nan, math.nan)["rank_high"].tolist() == [1, 2]


def test_value_at_stake_moves_with_those_lost():
    told = tell(*people(10, "see", "slow", 2), *people(10, "buy", "form", 2))
    pair = [("see", "slow"), ("buy", "form")]
    values = VALUES.assign(value_at_stake=[950.0, 1000.0, 1.0])
    lost = behave(
        ("see", "funnel_drop_off", 20, 100, 0.13, 0.29),
        ("buy", "funnel_drop_off", 20, 100, 0.13, 0.29),
    )
    found = rank(
        told, confirmed=pair, stage_behaviour=lost, value_at_stake=values, weights={"value": 1}
    )
    assert found["score"].tolist() == [1, 0.95]
    assert found["rank_high"].tolist() == [2, 2]


def test_people_picked_on_purpose_have_ranks_without_an_interval():
    found = rank(tell(*TOLD, source="talks"), confirmed=ALL)
    assert found["rank"].tolist() == [1, 2, 3]
    assert found[["rank_low", "rank_high", "first_share", "top3_share"]].isna().all(axis=None)
    assert found[["people_low", "people_high"]].isna().all(axis=None)
    assert found["people_rate"].notna().all()
    assert found["weights_rank_low"].notna().all()
    assert "(no interval, as its people were not drawn by chance; " in found["words"][0]


def test_few_people_are_not_drawn_again():
    told = tell(*people(3, "buy", "price", 2), heard={"buy": 9})
    found = rank(told, confirmed=[("buy", "price")])
    assert found["rank"].tolist() == [1]
    assert math.isnan(found["rank_low"][0])
    assert "no interval, as fewer than 10 people were heard" in found["words"][0]


def test_words_that_cannot_be_set_against_the_behaviour_stand_alone():
    found = rank(tell(*TOLD), confirmed=ALL, comparable={"survey": False})
    assert found[["drop_off_rate", "value_at_stake"]].isna().all(axis=None)
    assert found.set_index("code").loc["price", "score"] == pytest.approx((0.2 + 2 / 3) / 2)
    assert not found["words"].str.contains("leave").any()


def test_observers_note():
    found = rank(tell(*TOLD, source="notes"))
    assert found["words"][0].startswith("At Seeing, observers noted “slow” for 10 of 20 (Notes);")


def test_the_order_of_rows_changes_nothing():
    tables = tell(*TOLD)
    found = rank(tables, confirmed=ALL)
    random = np.random.default_rng(5)

    def shuffle(frame):
        return frame.iloc[random.permutation(len(frame))].reset_index(drop=True)

    again = rank(
        {name: shuffle(table) for name, table in tables.items()},
        confirmed=ALL[::-1], stage_behaviour=shuffle(BEHAVIOUR), value_at_stake=shuffle(VALUES),
        source_facts=shuffle(FACTS), coders=shuffle(CODERS),
    )  # fmt: skip
    pd.testing.assert_frame_equal(found, again)


def test_tables_are_not_changed():
    tables = tell(*TOLD)
    before = {name: table.copy() for name, table in tables.items()}
    rank(tables, confirmed=ALL)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, before[name])


def test_empty_tables_keep_their_columns():
    nobody = {name: table.iloc[:0] for name, table in tell(*TOLD).items()}
    found = rank(nobody, confirmed=ALL)
    assert list(found.columns) == OPPORTUNITY_COLUMNS
    assert found.empty
    assert isinstance(found["stage"].dtype, pd.CategoricalDtype)
    silent = rank(tell(), stage_behaviour=BEHAVIOUR.iloc[:0], value_at_stake=VALUES.iloc[:0])
    assert list(silent.columns) == OPPORTUNITY_COLUMNS
    bare = rank(
        tell(*TOLD), confirmed=ALL, stage_behaviour=BEHAVIOUR.iloc[:0],
        value_at_stake=VALUES.iloc[:0], source_facts=FACTS,
    )  # fmt: skip
    assert bare["rank"].notna().all()
    assert set(bare["measure"]) == {""}
    assert rank(tell(*TOLD), source_facts=FACTS.iloc[:0]).empty


def test_one_source_is_counted():
    survey, talks = tell(*TOLD), tell(*people(25, "buy", "form", 3), source="talks")
    both = {name: pd.concat([survey[name], talks[name]], ignore_index=True) for name in survey}
    for name in ("mentions", "pain_points", "excerpts"):
        both[name] = both[name].assign(stage=JOURNEY.order(both[name]["stage"]))
    found = rank(both)
    assert set(found["source"]) == {"survey"}
    pd.testing.assert_frame_equal(found, rank(survey))
    named = rank(both, rules=PriorityPart(source="talks"))
    assert set(zip(named["source"], named["source_label"], strict=True)) == {
        ("talks", "Interviews")
    }
    assert named["n_said"].tolist() == [25]


def test_the_source_is_chosen_by_design_then_by_people():
    excerpts = pd.concat(
        [
            tell(heard={"see": 30}, source="talks")["excerpts"],
            tell(heard={"see": 31}, source="notes")["excerpts"],
            tell(heard={"see": 5}, source="survey")["excerpts"],
        ]
    )
    assert choose_source(FACTS, excerpts) == "survey"
    assert choose_source(FACTS.assign(has_design=False), excerpts) == "notes"
    assert choose_source(FACTS.assign(has_design=True), excerpts) == "notes"
    equal = excerpts[excerpts["participant_id"] < "p05"]
    assert choose_source(FACTS.assign(has_design=False), equal) == "notes"
    assert choose_source(FACTS, excerpts, declared="talks") == "talks"
    apart = FACTS.assign(has_design=False)
    assert choose_source(apart, excerpts, comparable={"notes": False}) == "talks"
    unheard = excerpts[excerpts["source"] != "survey"]
    assert choose_source(FACTS, unheard) == "notes"
    assert choose_source(FACTS, excerpts.iloc[:0]) == ""


def test_interviewers_and_unassigned_words_are_not_heard():
    excerpts = tell(heard={"see": 3}, source="survey")["excerpts"]
    asked = excerpts.assign(speaker="interviewer")
    nowhere = excerpts.assign(stage="unassigned")
    assert choose_source(FACTS, pd.concat([asked, nowhere])) == ""


def test_many_opportunities_take_seconds():
    random = np.random.default_rng(0)
    codes = [f"c{number:02}" for number in range(20)]
    told = [
        (f"p{person:04}", "see", code, int(random.integers(1, 5)))
        for code in codes
        for person in random.choice(1000, size=40, replace=False)
    ]
    tables = tell(*told, heard={"see": 5})
    found = rank(tables, confirmed=[("see", code) for code in codes])
    assert found["rank"].notna().all()
    assert found["first_share"].sum() == pytest.approx(1)
    assert (found["rank_low"] <= found["rank"]).all()
    assert (found["rank"] <= found["rank_high"]).all()


def test_the_rule_is_said_with_its_weights():
    said = describe_rule(PriorityPart(weights={"people": 2, "drop_off": 0.5, "severity": 0}))
    assert "the share of those heard at the stage who tell it (weight 2)" in said
    assert "the share lost at the stage (weight 0.5)" in said
    assert "severity of those" not in said
    assert "Giving up counts once" in said
    assert "Giving up" not in describe_rule(PriorityPart(weights={"people": 1}))
    assert re.search(r": the share .*\.$", describe_rule(PriorityPart(weights={"people": 1})))
