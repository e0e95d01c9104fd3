import math

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from cjm_research.behaviour.differences import compare_segments
from cjm_research.behaviour.funnel import FUNNEL_COLUMNS
from cjm_research.errors import TableError, UnknownNameError
from cjm_research.integration.segments import (
    COMPARISON_COLUMNS,
    compare_audience_segments,
    count_singletons,
    drop_small_segments,
    mask_segment_mentions,
)
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
    estimate_proportion,
)
from cjm_research.synthesis import count_mentions
from cjm_research.synthesis.mentions import MENTION_COLUMNS

JOURNEY = Journey((Stage("see", "Seeing"), Stage("buy", "Buying", completed_by=("kept",))))
FACTS = pd.DataFrame(
    [
        ("survey", "Survey", "survey_answer", True, ""),
        ("talks", "Talks", "interview", False, ""),
        ("log", "Notes", "note", True, ""),
    ],
    columns=["source", "label", "kind", "has_design", "wave"],
)
NUMBERS = [
    "n_said", "n_heard", "share", "low", "high", "n_said_others", "n_heard_others", "difference",
    "difference_low", "difference_high", "p", "p_adjusted",
]  # fmt: skip
NO_FUNNEL = pd.DataFrame(columns=FUNNEL_COLUMNS)


def tell(*groups, source="survey", stage="see"):
    """Make excerpts, codes and segments of groups: (segment values, heard, {code: said}).

    Values are a text such as "age:old plan:basic"; a code is "group:code".
    """
    excerpts, codes, segments = [], [], []
    for place, (values, n_heard, said) in enumerate(groups):
        for number in range(n_heard):
            who = f"{source}-{place}-{number}"
            excerpts.append(
                {
                    "excerpt_id": f"{who}@{stage}", "document_id": f"{who}@{stage}",
                    "participant_id": who, "source": source, "speaker": "participant",
                    "stage": stage,
                }
            )  # fmt: skip
            segments += [(who, *value.split(":")) for value in values.split()]
            codes += [
                (f"{who}@{stage}", *code.split(":")) for code, n in said.items() if number < n
            ]
    return (
        pd.DataFrame(excerpts),
        pd.DataFrame(codes, columns=["excerpt_id", "code_group", "code"]),
        pd.DataFrame(segments, columns=["participant_id", "segment", "segment_value"]),
    )


def join(*parts):
    excerpts, codes, segments = (
        pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)
    )
    return excerpts, codes, segments.drop_duplicates()


def count(told):
    excerpts, codes, segments = told
    excerpts = excerpts.assign(stage=JOURNEY.order(excerpts["stage"]))
    mentions = count_mentions(
        codes, excerpts, journey=JOURNEY,
        designs=FACTS.set_index("source")["has_design"].to_dict(),
        labels={("pain_point", "slow"): "It is slow"}, segments=segments,
    )  # fmt: skip
    return mentions, excerpts, segments


def compare(told, *, funnel=NO_FUNNEL, **more):
    mentions, excerpts, segments = count(told)
    return compare_audience_segments(
        mentions=mentions, excerpts=excerpts, segments=segments, funnel=funnel,
        funnel_differences=compare_segments(funnel), journey=JOURNEY, source_facts=FACTS, **more,
    )  # fmt: skip


def make_funnel(*rows, measure="funnel_drop_off"):
    made = pd.DataFrame(
        [
            {
                "stage": stage, "segment": segment, "segment_value": value, "measure": measure,
                "n_dropped": lost, "n_followed": n,
                **dict(
                    zip(
                        ("drop_off_rate", "drop_off_low", "drop_off_high"),
                        estimate_proportion(lost, n) if n >= 5 else (math.nan,) * 3,
                        strict=True,
                    )
                ),
            }
            for stage, segment, value, lost, n in rows
        ],
        columns=FUNNEL_COLUMNS,
    )  # fmt: skip
    return made.assign(stage=JOURNEY.order(made["stage"]))


TWO = tell(
    ("age:old", 80, {"pain_point:slow": 48, "emotion:worry": 10}),
    ("age:young", 70, {"pain_point:slow": 56, "emotion:worry": 9}),
    ("", 30, {"pain_point:slow": 20}),
)


def test_two_values_stand_side_by_side_with_newcombes_limits():
    found = compare(TWO)
    slow = found[found["code"] == "slow"].set_index("segment_value")
    old, young = slow.loc["old"], slow.loc["young"]
    assert (old["n_said"], old["n_heard"]) == (48, 80)
    assert (old["n_said_others"], old["n_heard_others"]) == (56, 70)
    # Newcombe's own example: 56/70 less 48/80 is .20 (.0524 to .3339).
    assert (young["difference"], young["difference_low"], young["difference_high"]) == (
        pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    )
    assert old["difference_low"] == pytest.approx(-young["difference_high"])
    assert (old["share"], old["low"], old["high"]) == pytest.approx(estimate_proportion(48, 80))
    assert old["p"] == young["p"] == pytest.approx(compare_proportions(48, 80, 56, 70))
    assert old["label"] == "It is slow"
    assert not found["suppressed"].any()
    assert old["words"] == (
        "old: 48 of 80 (60 %) people tell it, of all others 56 of 70 (80 %): a difference of −20 "
        "points (−33 to −5). That is more than chance brings among 2 such comparisons."
    )
    assert "19 people voice it" not in " ".join(found["words"])
    assert (
        "10 of 80 (12 %) people voice it"
        in found.set_index(["code", "segment_value"]).loc[("worry", "old"), "words"]
    )


def test_the_family_is_every_comparison_of_a_segment_and_source_and_two_values_count_once():
    told = join(
        tell(
            ("age:old plan:a", 40, {"pain_point:slow": 30, "pain_point:dear": 12}),
            ("age:young plan:b", 50, {"pain_point:slow": 20, "pain_point:dear": 10}),
            ("age:young plan:c", 60, {"pain_point:slow": 15, "pain_point:dear": 11}),
        ),
        tell(
            ("age:old", 30, {"emotion:worry": 9}), ("age:young", 30, {"emotion:worry": 21}),
            stage="buy",
        ),
        tell(
            ("age:old", 30, {"pain_point:slow": 9}), ("age:young", 30, {"pain_point:slow": 9}),
            source="log",
        ),
    )  # fmt: skip
    found = compare(told)
    mine = found[(found["segment"] == "age") & (found["source"] == "survey")]
    once = mine.drop_duplicates(["stage", "code"])
    assert len(once) == 3
    assert set(mine["n_compared"]) == {3}
    assert once["p_adjusted"].to_numpy() == pytest.approx(adjust_p_values(once["p"].to_numpy()))
    for _, pair in mine.groupby(["stage", "code"], observed=True):
        assert pair["p_adjusted"].nunique() == 1
    # Of three plans each is compared; at the second stage two of them are heard: one comparison.
    plan = found[(found["segment"] == "plan") & (found["source"] == "survey")]
    assert len(plan) == 9
    assert plan["n_compared"].tolist() == [7] * 8 + [0]
    a = plan[(plan["code"] == "slow") & (plan["segment_value"] == "a")].iloc[0]
    assert (a["difference"], a["difference_low"], a["difference_high"]) == pytest.approx(
        estimate_difference(30, 40, 35, 110)
    )
    assert set(found.loc[found["source"] == "log", "n_compared"]) == {1}
    assert found["stage"].tolist() == sorted(found["stage"], key=["see", "buy"].index)


def test_without_a_design_there_are_counts_and_notes_are_noted():
    told = join(
        tell(
            ("age:old", 10, {"pain_point:slow": 5}), ("age:young", 12, {"pain_point:slow": 0}),
            source="talks",
        ),
        tell(
            ("age:old", 10, {"pain_point:slow": 5}), ("age:young", 12, {"pain_point:slow": 6}),
            source="log",
        ),
    )  # fmt: skip
    found = compare(told).set_index(["source", "segment_value"])
    talks = found.loc[("talks", "old")]
    assert (talks["n_said"], talks["n_heard"], talks["n_said_others"]) == (5, 10, 0)
    assert talks[NUMBERS[2:5] + NUMBERS[7:]].isna().all()
    assert talks["n_compared"] == 0
    assert talks["words"] == "old: 5 of 10 people tell it, of all others 0 of 12."
    assert found.loc[("log", "old"), "words"].startswith(
        "old: noted for 5 of 10 (50 %) people observed, of all others 6 of 12 (50 %): a difference "
        "of 0 points"
    )


def test_small_cells_lose_every_number_together_with_what_reveals_them():
    told = tell(
        ("age:old", 60, {"pain_point:slow": 3, "pain_point:dear": 20}),
        ("age:mid", 90, {"pain_point:slow": 50, "pain_point:dear": 30}),
        ("age:young", 40, {"pain_point:slow": 0, "pain_point:dear": 10}),
    )
    found = compare(told).set_index(["code", "segment_value"])
    assert found["suppressed"].to_dict() == {
        ("slow", "old"): True, ("slow", "mid"): True, ("slow", "young"): False,
        ("dear", "old"): False, ("dear", "mid"): False, ("dear", "young"): False,
    }  # fmt: skip
    hidden = found[found["suppressed"]]
    assert hidden[NUMBERS].isna().all(axis=None)
    assert (
        hidden["words"]
        .tolist()[0]
        .endswith(
            "hidden. Fewer than 5 people are in this cell, or in one that it would give away."
        )
    )
    # The comparisons shown are the family: an adjusted p value would tell of hidden ones.
    shown = found[~found["suppressed"]]
    assert set(shown["n_compared"]) == {4}
    assert shown["p_adjusted"].to_numpy() == pytest.approx(adjust_p_values(shown["p"].to_numpy()))


def test_nothing_is_hidden_when_the_smallest_cell_is_one():
    told = tell(
        ("age:old", 60, {"pain_point:slow": 3}), ("age:young", 4, {"pain_point:slow": 2}),
        ("age:mid", 40, {"pain_point:slow": 4}),
    )  # fmt: skip
    found = compare(told, smallest_cell=1).set_index("segment_value")
    assert not found["suppressed"].any()
    # Below 5 people there are counts only, and nothing is compared.
    assert (found.loc["young", "n_said"], found.loc["young", "n_heard"]) == (2, 4)
    assert math.isnan(found.loc["young", "share"])
    assert math.isnan(found.loc["young", "p"])
    assert found.loc["young", "words"] == "young: 2 of 4 people tell it, of all others 7 of 100."
    assert found["n_compared"].to_dict() == {"old": 2, "mid": 2, "young": 0}


def test_codes_that_few_told_and_what_fits_no_code_are_left_out():
    told = tell(
        ("age:old", 60, {"pain_point:slow": 5, "pain_point:rare": 2, "pain_point:other": 30}),
        ("age:young", 60, {"pain_point:slow": 6, "pain_point:rare": 2, "delight:fast": 30}),
    )
    assert set(compare(told)["code"]) == {"slow"}


def test_a_segment_of_one_value_is_none_and_a_value_nobody_shows_is_said_so():
    told = join(
        tell(
            ("age:old plan:a", 60, {"pain_point:slow": 9}),
            ("age:young plan:a", 60, {"pain_point:slow": 9}),
        ),
        tell(("age:old", 30, {"pain_point:slow": 9}), ("age:young", 0, {}), stage="buy"),
    )
    found = compare(told)
    assert set(found["segment"]) == {"age"}
    buy = found[found["stage"] == "buy"].set_index("segment_value")
    assert buy.loc["young", "words"] == "young: nobody was heard."
    assert (buy.loc["old", "n_said"], buy.loc["old", "n_heard_others"]) == (9, 0)
    assert buy.loc["old", "words"] == (
        "old: 9 of 30 (30 %) people tell it; of the others nobody is known."
    )


FUNNEL = make_funnel(
    ("see", "", "", 60, 180),
    ("see", "device", "laptop", 48, 80), ("see", "device", "phone", 56, 70),
    ("buy", "device", "laptop", 10, 30), ("buy", "device", "phone", 14, 40),
)  # fmt: skip


def test_drop_off_has_the_numbers_of_the_funnel_and_its_differences():
    found = compare(TWO, funnel=FUNNEL)
    lost = found[found["kind"] == "drop_off"].set_index(["stage", "segment_value"])
    laptop, phone = lost.loc[("see", "laptop")], lost.loc[("see", "phone")]
    given = compare_segments(FUNNEL).set_index("stage").loc["see"]
    assert (laptop["n_said"], laptop["n_heard"], laptop["source"]) == (48, 80, "behaviour")
    assert (phone["n_said_others"], phone["n_heard_others"]) == (48, 80)
    assert (laptop["difference"], laptop["p"], laptop["p_adjusted"]) == pytest.approx(
        (given["difference"], given["p"], given["p_adjusted"])
    )
    assert (phone["difference"], phone["difference_low"], phone["difference_high"]) == (
        pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    )
    assert phone["p_adjusted"] == laptop["p_adjusted"]
    assert set(lost["n_compared"]) == {2}
    assert phone["words"].startswith("phone: 56 of 70 (80 %) leave, of all others 48 of 80 (60 %)")
    # What is done comes after what is told, stage by stage.
    assert found["kind"].tolist()[-4:] == ["drop_off"] * 4
    assert found.loc[found["stage"] == "see", "kind"].tolist()[-2:] == ["drop_off"] * 2


def test_small_cells_of_drop_off_are_hidden_and_leave_the_family():
    funnel = make_funnel(
        ("see", "device", "a", 30, 100), ("see", "device", "b", 45, 100),
        ("buy", "device", "a", 2, 60), ("buy", "device", "b", 30, 50),
    )  # fmt: skip
    found = compare(TWO, funnel=funnel)
    lost = found[found["kind"] == "drop_off"]
    assert lost["suppressed"].tolist() == [False, False, True, True]
    assert lost[lost["suppressed"]][NUMBERS].isna().all(axis=None)
    assert lost["p_adjusted"].tolist()[0] == lost["p"].tolist()[0]
    assert lost["n_compared"].tolist()[:2] == [1, 1]


def test_a_funnel_of_visits_is_not_set_beside_differences_of_people():
    people = make_funnel(("see", "device", "a", 30, 90), ("see", "device", "b", 45, 90))
    mentions, excerpts, segments = count(TWO)
    found = compare_audience_segments(
        mentions=mentions, excerpts=excerpts, segments=segments, funnel=FUNNEL,
        funnel_differences=compare_segments(people).assign(segment_value="laptop", other="phone"),
        journey=JOURNEY, source_facts=FACTS,
    )  # fmt: skip
    lost = found[found["kind"] == "drop_off"]
    assert set(lost["stage"]) == {"buy"}
    assert lost["difference"].isna().all()


def test_no_segments_nothing_said_and_nobody_are_empty_tables():
    mentions, excerpts, segments = count(TWO)
    everybody = mentions[mentions["segment"] == ""]
    empty = {"funnel": NO_FUNNEL, "funnel_differences": compare_segments(NO_FUNNEL)}
    for given, whose in (
        (everybody, None),
        (everybody, segments.iloc[:0]),
        (everybody, segments.assign(participant_id="somebody never heard").iloc[:1]),
        (mentions.iloc[:0], segments),
    ):
        found = compare_audience_segments(
            mentions=given, excerpts=excerpts, segments=whose, journey=JOURNEY,
            source_facts=FACTS, **empty,
        )  # fmt: skip
        assert found.empty
        assert found.columns.tolist() == COMPARISON_COLUMNS
        assert found["stage"].dtype == JOURNEY.dtype
        masked = mask_segment_mentions(given, excerpts=excerpts, segments=whose)
        assert masked.columns.tolist() == [*MENTION_COLUMNS, "suppressed"]
        assert len(masked) == len(given)
    assert not compare(TWO, funnel=FUNNEL)["words"].eq("").any()


def test_the_order_of_rows_changes_nothing_and_no_input_is_changed():
    mentions, excerpts, segments = count(TWO)
    kept = mentions.copy(), excerpts.copy(), segments.copy(), FUNNEL.copy()
    given = {"journey": JOURNEY, "source_facts": FACTS}
    differences = compare_segments(FUNNEL)
    first = compare_audience_segments(
        mentions=mentions, excerpts=excerpts, segments=segments, funnel=FUNNEL,
        funnel_differences=differences, **given,
    )  # fmt: skip
    again = compare_audience_segments(
        mentions=mentions.sample(frac=1, random_state=1),
        excerpts=excerpts.sample(frac=1, random_state=2),
        segments=segments.sample(frac=1, random_state=3),
        funnel=FUNNEL.sample(frac=1, random_state=4),
        funnel_differences=differences.sample(frac=1, random_state=5),
        **given,
    )
    pd.testing.assert_frame_equal(first, again)
    for before, after in zip(kept, (mentions, excerpts, segments, FUNNEL), strict=True):
        pd.testing.assert_frame_equal(before, after)


def test_masked_mentions_hide_what_the_comparison_hides_and_add_rows_for_hidden_zeros():
    told = tell(
        ("age:old", 60, {"pain_point:slow": 3}),
        ("age:young", 90, {"pain_point:slow": 50}),
        ("plan:a", 30, {"pain_point:slow": 0}),
        ("plan:b", 3, {"pain_point:slow": 3}),
    )
    mentions, excerpts, segments = count(told)
    masked = mask_segment_mentions(mentions, excerpts=excerpts, segments=segments)
    hidden = masked[masked["suppressed"]]
    # Plan a said nothing and had no row; beside the one of plan b that would have told it.
    assert sorted(hidden["segment_value"]) == ["a", "b", "old", "young"]
    assert hidden[["n_said", "n_heard", "share", "low", "high"]].isna().all(axis=None)
    assert set(hidden["label"]) == {"It is slow"}
    whole = masked[masked["segment"] == ""].drop(columns="suppressed")
    pd.testing.assert_frame_equal(
        whole, mentions[mentions["segment"] == ""].astype({"n_said": float, "n_heard": float})
    )
    assert masked["stage"].dtype == mentions["stage"].dtype


def test_hidden_rows_stand_by_code_and_not_by_size():
    told = tell(
        ("age:old", 60, {"pain_point:dear": 1, "pain_point:slow": 4, "pain_point:wrong": 20}),
        ("age:young", 60, {"pain_point:dear": 30, "pain_point:slow": 30, "pain_point:wrong": 30}),
    )
    mentions, excerpts, segments = count(told)
    masked = mask_segment_mentions(mentions, excerpts=excerpts, segments=segments)
    old = masked[masked["segment_value"] == "old"]
    assert old["code"].tolist() == ["wrong", "dear", "slow"]


def test_what_segments_said_unprompted_is_not_shown():
    mentions, excerpts, segments = count(TWO)
    mentions = mentions.assign(n_prompted=2.0, n_spontaneous=mentions["n_said"] - 2.0)
    masked = mask_segment_mentions(mentions, excerpts=excerpts, segments=segments)
    split = masked[masked["segment"] != ""]
    assert split[["n_prompted", "n_spontaneous"]].isna().all(axis=None)
    assert (split["n_said"] > 0).all()
    assert masked.loc[masked["segment"] == "", "n_prompted"].eq(2).all()


def read_block(block, everybody, comparison, values):
    """Work from both published tables of a stage, source and segment; return what is certain.

    Unknowns: people per value (and of no known value), and of each code those who said it.
    """
    codes = everybody["code"].tolist()
    groups = [*values, None]
    n = len(groups) * (1 + 2 * len(codes))

    def at(value, code=None, silent=0):
        place = groups.index(value)
        return place if code is None else len(groups) * (
            1 + 2 * codes.index(code) + silent
        ) + place  # fmt: skip

    equations, totals = [], []

    def tell_reader(parts, total):
        row = np.zeros(n)
        for part, sign in parts:
            row[part] += sign
        equations.append(row)
        totals.append(total)

    tell_reader([(at(g), 1) for g in groups], everybody["n_heard"].iloc[0])
    for code, n_said in zip(codes, everybody["n_said"], strict=True):
        tell_reader([(at(g, code), 1) for g in groups], n_said)
        for g in groups:
            tell_reader([(at(g, code), 1), (at(g, code, 1), 1), (at(g), -1)], 0)
    listed = set()
    for row in block.to_dict("records"):
        listed.add((row["segment_value"], row["code"]))
        if not row["suppressed"]:
            tell_reader([(at(row["segment_value"], row["code"]), 1)], row["n_said"])
            tell_reader([(at(row["segment_value"]), 1)], row["n_heard"])
    for value in values:
        for code in codes:
            if (value, code) not in listed:
                tell_reader([(at(value, code), 1)], 0)
    for row in comparison.to_dict("records"):
        if not row["suppressed"]:
            code, value = row["code"], row["segment_value"]
            tell_reader([(at(value, code), 1)], row["n_said"])
            tell_reader([(at(value), 1)], row["n_heard"])
            others = [v for v in values if v != value]
            tell_reader([(at(v, code), 1) for v in others], row["n_said_others"])
            tell_reader([(at(v), 1) for v in others], row["n_heard_others"])

    def certain(place):
        found = []
        for sign in (1, -1):
            goal = np.zeros(n)
            goal[place] = sign
            solved = linprog(goal, A_eq=np.array(equations), b_eq=np.array(totals))
            assert solved.status == 0
            found.append(abs(solved.fun))
        return found[1] - found[0] < 1e-6

    hidden = {
        (r["segment_value"], r["code"]) for r in block[block["suppressed"]].to_dict("records")
    }
    return {cell for cell in hidden if certain(at(*cell))}


@pytest.mark.parametrize("seed", range(8))
def test_no_hidden_number_can_be_worked_out_from_both_tables_together(seed):
    random = np.random.default_rng(seed)
    codes = ["pain_point:slow", "pain_point:dear", "emotion:worry", "pain_point:rare"]
    sizes = random.choice([3, 6, 12, 25, 60], size=random.integers(2, 5))
    rates = random.choice([0.05, 0.2, 0.5, 0.9], size=(len(sizes), len(codes)))
    groups = []
    for place, size in enumerate(sizes.tolist()):
        said = random.binomial(size, rates[place]).tolist()
        groups.append((f"age:v{place}", size, dict(zip(codes, said, strict=True))))
    unknown = ("", int(random.choice([0, 20])), dict.fromkeys(codes, int(random.integers(1, 9))))
    told = tell(*groups, unknown)
    mentions, excerpts, segments = count(told)
    masked = mask_segment_mentions(mentions, excerpts=excerpts, segments=segments)
    comparison = compare(told)
    values = sorted(segments["segment_value"].unique())
    everybody = masked[masked["segment"] == ""]
    block = masked[masked["segment"] == "age"]
    found = read_block(block, everybody, comparison, values)
    # Where all of those who are known said it, or none of them, the totals tell it of each.
    split = mentions[mentions["segment"] == "age"]
    said = split.groupby("code")["n_said"].sum()
    n_known = int(sizes.sum())
    allowed = {code for code in said.index if said[code] == n_known}
    assert {cell for cell in found if cell[1] not in allowed} == set()
    small = split[
        split["n_said"].between(1, 4) | (split["n_heard"] - split["n_said"]).between(1, 4)
        | split["n_heard"].between(1, 4)
    ]  # fmt: skip
    cell = ["segment_value", "code"]
    hidden = set(block.loc[block["suppressed"], cell].itertuples(index=False, name=None))
    assert set(small[cell].itertuples(index=False, name=None)) <= hidden


def test_a_person_of_two_values_is_refused():
    told = tell(("age:old age:young", 20, {"pain_point:slow": 9}), ("age:old", 20, {}))
    with pytest.raises(TableError, match="20 participants have two values of a segment"):
        compare(told)


def test_mentions_of_other_people_are_refused():
    mentions, excerpts, segments = count(TWO)
    with pytest.raises(TableError, match="give the tables that it was counted of"):
        mask_segment_mentions(mentions, excerpts=excerpts.iloc[:-60], segments=segments)
    with pytest.raises(TableError, match="give the tables that it was counted of"):
        mask_segment_mentions(mentions, excerpts=excerpts, segments=None)


def test_an_unknown_source_is_named():
    mentions, excerpts, segments = count(TWO)
    with pytest.raises(UnknownNameError, match="source with words 'survey'"):
        compare_audience_segments(
            mentions=mentions, excerpts=excerpts, segments=segments, funnel=NO_FUNNEL,
            funnel_differences=compare_segments(NO_FUNNEL), journey=JOURNEY,
            source_facts=FACTS[FACTS["source"] != "survey"],
        )  # fmt: skip


def test_people_who_stand_alone_are_counted():
    people = pd.DataFrame(
        [("a", "x", "1"), ("b", "x", "1"), ("c", "x", "2"), ("d", "", "2"), ("e", "", "")],
        columns=["participant_id", "plan", "age"],
    )
    assert count_singletons(people, ["plan", "age"]) == (2, 3, 4)
    assert count_singletons(people, ["plan"]) == (0, 1, 3)
    assert count_singletons(people, []) == (0, 0, 0)
    assert count_singletons(people.iloc[:0], ["plan"]) == (0, 0, 0)
    with pytest.raises(UnknownNameError, match="plam"):
        count_singletons(people, ["plam"])


def test_a_segment_with_one_hidden_cell_is_left_out_whole():
    comparison = pd.DataFrame(
        [("drop_off", "device", True), ("drop_off", "device", False), ("drop_off", "age", False),
         ("pain_point", "age", True)],
        columns=["kind", "segment", "suppressed"],
    )  # fmt: skip
    table = pd.DataFrame({"segment": ["", "device", "device", "age"], "n": [9, 4, 5, 9]})
    assert drop_small_segments(table, comparison)["segment"].tolist() == ["", "age"]
    assert len(drop_small_segments(table, comparison.iloc[:0])) == 4
