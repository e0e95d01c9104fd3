import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, ttest_ind

from cjm_research.errors import UnknownNameError
from cjm_research.integration.causes import _DEEDS, CAUSE_COLUMNS, weigh_causes
from cjm_research.journey import LEAVING_WORDS, Journey, Stage
from cjm_research.statistics import compare_proportions, estimate_risk_ratio

JOURNEY = Journey(
    (
        Stage("discover", "Discovering"),
        Stage("choose", "Choosing"),
        Stage("help", "Getting help", sequential=False, measure="task_failure"),
        Stage("order", "Ordering"),
        Stage("wait", "Waiting"),
    )
)
LINK = ["n_told", "n_told_left", "n_others", "n_others_left"]
RATIO = ["risk_ratio", "low", "high", "p", "p_adjusted"]
TIMES = ["n_told_before", "n_told_after", "n_told_unknown"]
RATED = ["rating_told", "rating_others", "rating_difference", "rating_low", "rating_high"]


class Study:
    """The tables of a study, written down person by person."""

    def __init__(self):
        self.ends, self.said, self.rated, self.documents = [], [], [], []
        self.kind, self.design = {}, {}
        self.lost = {"order": ("funnel_drop_off", 5.0)}
        self.person_level, self.comparable = {}, {}
        self.n_heard = 50

    def comes(self, *people, stage="order", left=0.0, last="2026-03-10T12:00Z"):
        for person in people:
            self.ends.append((person, stage, left, pd.Timestamp(last) if last else pd.NaT))

    def says(
        self, *people, code="account", stage="order", source="survey", at="2026-03-20T12:00Z",
        consequence="",
    ):  # fmt: skip
        for person in people:
            document = f"{source}/{person}#{len(self.documents)}:{stage}"
            self.documents.append((document, person, source, pd.Timestamp(at) if at else pd.NaT))
            row = (f"{document}#0", person, source, stage, code, consequence)
            self.said.append(row)

    def rates(self, people, value, *, measure="csat", stage="order", source="survey"):
        for person in people:
            self.rated.append((person, source, measure, value, stage))

    def tables(self):
        said = pd.DataFrame(
            self.said,
            columns=["excerpt_id", "participant_id", "source", "stage", "code", "consequence"],
        ).assign(code_group="pain_point")
        counts = said.groupby(["stage", "source", "code"], as_index=False).agg(
            n_said=("participant_id", "nunique")
        )
        sources = sorted({*said["source"], *self.kind, "survey"})
        return {
            "statements": said.assign(stage=JOURNEY.order(said["stage"])),
            "pain_points": counts.assign(
                stage=JOURNEY.order(counts["stage"]),
                label=counts["code"].str.capitalize(),
                n_heard=self.n_heard,
                severity=2.5,
            ),
            "person_stages": pd.DataFrame(
                self.ends, columns=["participant_id", "stage", "left", "last_at"]
            ),
            "documents": pd.DataFrame(
                self.documents, columns=["document_id", "participant_id", "source", "said_at"]
            ),
            "ratings": pd.DataFrame(
                self.rated, columns=["participant_id", "source", "measure", "value", "stage"]
            ),
            "stage_behaviour": pd.DataFrame(
                [(stage, *self.lost.get(stage, ("none", math.nan))) for stage in JOURNEY.stage_ids],
                columns=["stage", "measure", "n_lost"],
            ),
            "source_facts": pd.DataFrame(
                {
                    "source": sources,
                    "kind": [self.kind.get(name, "survey_answer") for name in sources],
                    "has_design": [self.design.get(name, True) for name in sources],
                }
            ),
            "person_level": dict.fromkeys(sources, True) | self.person_level,
            "comparable": dict.fromkeys(sources, True) | self.comparable,
            "journey": JOURNEY,
        }

    def weigh(self, **more):
        return weigh_causes(**self.tables() | more)

    def only(self, **more):
        found = self.weigh(**more)
        assert len(found) == 1
        return found.iloc[0]


def people(prefix, n):
    return [f"{prefix}{number}" for number in range(n)]


def linked_study():
    """10 tell it, of whom 8 leave; of 20 others, 5 of them silent, 5 leave."""
    study = Study()
    tellers, writers, silent = people("t", 10), people("w", 15), people("s", 5)
    study.comes(*tellers[:8], left=1.0)
    study.comes(*tellers[8:])
    study.comes(*writers[:4], *silent[:1], left=1.0)
    study.comes(*writers[4:], *silent[1:])
    study.says(*tellers)
    study.says(*writers, code="other")
    study.rates(silent, 3.0, measure="taste")
    return study


# ---- told and done


def test_those_who_tell_it_are_set_against_all_others_who_came_here():
    row = linked_study().only()
    assert row[LINK].tolist() == [10, 8, 20, 5]
    assert row["risk_ratio"] == pytest.approx((8 / 10) / (5 / 20))
    assert tuple(row[["risk_ratio", "low", "high"]]) == estimate_risk_ratio(8, 10, 5, 20)
    assert row["p"] == compare_proportions(8, 10, 5, 20)
    assert (row["p_adjusted"], row["n_family"]) == (row["p"], 1)
    assert (row["n_said"], row["n_heard"], row["severity"]) == (10, 50, 2.5)
    assert (row["stage"], row["told_at"], row["label"]) == ("order", "order", "Account")


def test_who_never_came_or_may_still_go_on_is_not_counted():
    study = linked_study()
    study.says("never", "open")
    study.comes("open", left=math.nan)
    study.comes("stranger", left=1.0)
    study.says("never too", code="other")
    row = study.only()
    assert row[LINK].tolist() == [10, 8, 20, 5]
    assert row["n_said"] == 12


def test_a_person_counts_once_however_often_they_tell_it():
    study = linked_study()
    study.says("t0", "t0", "t1")
    study.rates(["t0", "s0"], 4.0, measure="another taste")
    assert study.only()[LINK].tolist() == [10, 8, 20, 5]


def test_giving_up_is_counted_in_people_where_it_is_told():
    study = linked_study()
    study.says("t0", "t0", "t1", consequence="gave_up")
    study.says("t2", consequence="blocked")
    study.says("t3", stage="wait", consequence="gave_up")
    assert study.only()["n_gave_up"] == 2


def test_sources_are_never_pooled():
    study = linked_study()
    study.says(*people("t", 4), source="interviews")
    study.says(*people("w", 7), code="other", source="interviews")
    found = study.weigh().set_index("source")
    assert found.loc["survey", LINK].tolist() == [10, 8, 20, 5]
    assert found.loc["interviews", LINK].tolist() == [4, 4, 7, 4]


def test_nobody_of_the_others_left():
    study = Study()
    study.comes(*people("t", 3), left=1.0)
    study.comes(*people("t", 6)[3:], *people("w", 9))
    study.says(*people("t", 6))
    study.says(*people("w", 9), code="other")
    row = study.only()
    assert row[LINK].tolist() == [6, 3, 9, 0]
    assert row[["risk_ratio", "low", "high"]].isna().all()
    assert row["p"] == pytest.approx(compare_proportions(3, 6, 0, 9))
    assert "there is no ratio" in row["words"]


@pytest.mark.parametrize(("n_tell", "n_others"), [(4, 30), (30, 4)])
def test_below_five_there_are_counts_only(n_tell, n_others):
    study = Study()
    study.comes(*people("t", 2), *people("w", 2), left=1.0)
    study.comes(*people("t", n_tell)[2:], *people("w", n_others)[2:])
    study.says(*people("t", n_tell))
    study.says(*people("w", n_others), code="other")
    row = study.only()
    assert row[LINK].tolist() == [n_tell, 2, n_others, 2]
    assert row[RATIO].isna().all()
    assert row["n_family"] == 0
    assert "%" not in row["words"]
    assert "fewer than 5" in row["missing"]


# ---- where it is told


def test_a_pain_point_is_a_candidate_from_where_it_is_told_onwards():
    study = Study()
    study.lost = dict.fromkeys(JOURNEY.stage_ids, ("funnel_drop_off", 1.0))
    study.lost["help"] = ("task_failure", 2.0)
    for stage in JOURNEY.stage_ids:
        study.says("p1", stage=stage, code=stage[:3])
    found = study.weigh()
    assert list(zip(found["stage"], found["told_at"], strict=True)) == [
        ("discover", "discover"),
        ("choose", "discover"), ("choose", "choose"),
        ("help", "help"),
        ("order", "discover"), ("order", "choose"), ("order", "order"),
        ("wait", "discover"), ("wait", "choose"), ("wait", "order"), ("wait", "wait"),
    ]  # fmt: skip
    assert found["stage"].dtype == found["told_at"].dtype == JOURNEY.dtype


@pytest.mark.parametrize("lost", [("none", 5.0), ("funnel_drop_off", 0.0), ("churn", math.nan)])
def test_where_nobody_is_known_to_leave_there_is_nothing_to_explain(lost):
    study = linked_study()
    study.lost = {"order": lost}
    assert study.weigh().empty


def test_trouble_that_fits_no_code_is_no_candidate():
    study = linked_study()
    assert study.weigh()["code"].tolist() == ["account"]


def test_rows_are_ordered_by_people_and_never_by_p():
    study = linked_study()
    study.lost["discover"] = ("funnel_drop_off", 1.0)
    study.says("w1", "w2", code="slow")
    study.says("w1", "w2", code="price")
    study.says("w1", "w2", "w3", code="price", source="a diary")
    study.says("w1", code="advert", stage="discover")
    found = study.weigh()
    assert found[["stage", "told_at", "source", "code"]].to_numpy().tolist() == [
        ["discover", "discover", "survey", "advert"],
        ["order", "discover", "survey", "advert"],
        ["order", "order", "a diary", "price"],
        ["order", "order", "survey", "account"],
        ["order", "order", "survey", "price"],
        ["order", "order", "survey", "slow"],
    ]


# ---- the family


def test_the_family_are_all_comparisons_of_one_source():
    study = linked_study()
    study.lost["wait"] = ("funnel_drop_off", 3.0)
    study.comes(*people("t", 10)[8:], *people("w", 15)[4:], stage="wait")
    study.says(*people("w", 8), code="slow")
    study.says("w1", code="rare")
    study.says(*people("t", 10), source="diary")
    study.says(*people("w", 9), code="other", source="diary")
    found = study.weigh()
    family = found[(found["source"] == "survey") & found["p"].notna()]
    # At order account and slow; at wait too few tell either.
    assert family[["stage", "code"]].to_numpy().tolist() == [
        ["order", "account"],
        ["order", "slow"],
    ]
    assert family["n_family"].tolist() == [2, 2]
    smaller, larger = sorted(family["p"])
    assert sorted(family["p_adjusted"]) == pytest.approx([min(2 * smaller, larger), larger])
    assert set(found.loc[found["p"].isna(), "n_family"]) == {0}
    diary = found[(found["source"] == "diary") & found["p"].notna()]
    assert (diary["p_adjusted"] == diary["p"]).all()


def test_a_link_that_chance_may_bring_among_many_is_said_to_be_one():
    study = linked_study()
    for number in range(20):
        study.says(*people("w", 8), code=f"dull{number:02}")
    row = study.weigh().iloc[0]
    assert row["code"] == "account"
    assert row["p"] < 0.05 < row["p_adjusted"]
    assert "Chance alone may bring that among 21 such comparisons." in row["words"]
    alone = linked_study().only()
    assert "That is more than chance brings. " in alone["words"]


# ---- what may not be said


def test_people_picked_on_purpose_have_counts_only():
    study = linked_study()
    study.design = {"survey": False}
    row = study.only()
    assert row[LINK].tolist() == [10, 8, 20, 5]
    assert row[RATIO].isna().all()
    assert "%" not in row["words"]
    assert "times the share" not in row["words"]
    assert "Of 10 who tell it and came to Ordering, 8 left there" in row["words"]
    assert "counts only" in row["missing"]


@pytest.mark.parametrize(
    ("which", "missing"),
    [
        ("person_level", "people cannot be linked"),
        ("comparable", "these words cannot be set against this behaviour"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_without_shared_ids_nothing_is_said_of_single_people(which, missing, named):
    study = linked_study()
    study.rates(people("t", 10), 2.0, measure="nps", stage="")
    study.rates(people("w", 15), 9.0, measure="nps", stage="")
    row = study.only(**{which: {"survey": False} if named else {}})
    assert row[[*LINK, *RATIO, *TIMES, *RATED]].isna().all()
    assert (row["n_said"], row["n_family"], row["rating_measure"]) == (10, 0, "")
    assert missing in row["missing"]
    assert "left" not in row["words"]
    assert row["words"].startswith("At Ordering 10 of the 50 people heard tell it.")


def test_nobody_who_left_was_heard():
    study = Study()
    study.comes(*people("t", 6), *people("w", 6))
    study.comes(*people("silent", 3), left=1.0)
    study.says(*people("t", 6))
    study.says(*people("w", 6), code="other")
    study.rates(people("silent", 3), 1.0)
    row = study.only()
    assert row[LINK].tolist() == [6, 0, 9, 3]
    assert "nobody who left here was heard" in row["missing"]
    study.says("silent0", code="other")
    assert "nobody who left" not in study.only()["missing"]


def test_nobody_is_found_in_the_behaviour_of_the_stage():
    study = Study()
    study.says(*people("t", 6))
    row = study.only()
    assert row[LINK].tolist() == [0, 0, 0, 0]
    assert row[RATIO].isna().all()
    assert "nobody of this source is found in the behaviour of this stage" in row["missing"]
    assert "None of this source’s people came to Ordering" in row["words"]


def test_an_experiment_is_always_missing_and_no_word_claims_a_cause():
    study = linked_study()
    study.lost["help"] = ("task_failure", 2.0)
    study.kind = {"notes": "note"}
    study.says("t1", source="notes", stage="help")
    study.rates(people("t", 10), 2.0)
    study.rates(people("w", 15), 4.0)
    found = study.weigh()
    assert found["missing"].str.endswith("no comparison by chance (an experiment)").all()
    for words in found["words"]:
        assert "an association, not a cause" in words
        rest = words.replace("an association, not a cause", "")
        assert not re.search(r"\b(caus|because|due to|leads? to|drive|effect|why)", rest)


# ---- before and after


@pytest.mark.parametrize(
    ("said", "last", "collected", "counts"),
    [
        ("2026-03-09T12:00Z", "2026-03-10T12:00Z", "", [1, 0, 0]),
        ("2026-03-10T12:00Z", "2026-03-10T12:00Z", "", [1, 0, 0]),
        ("2026-03-10T12:01Z", "2026-03-10T12:00Z", "", [0, 1, 0]),
        ("2026-03-09T12:00Z", None, "", [0, 0, 1]),
        (None, "2026-03-10T12:00Z", "", [0, 0, 1]),
        (None, "2026-03-10T12:00Z", "2026-03-30", [0, 1, 0]),
        (None, "2026-03-10T12:00Z", "2026-03-10", [0, 0, 1]),
        (None, None, "2026-03-30", [0, 0, 1]),
    ],
)
def test_told_while_there_or_recalled_afterwards(said, last, collected, counts):
    study = Study()
    study.comes("p1", left=1.0, last=last)
    study.comes("p2", left=0.0, last=last)
    study.says("p1", "p2", at=said)
    row = study.only(collected_from={"survey": collected})
    assert row[TIMES].tolist() == counts


def test_who_told_it_before_and_again_afterwards_told_it_before():
    study = Study()
    study.comes("p1", "p2", "p3", left=1.0)
    study.says("p1", at="2026-03-01T12:00Z")
    study.says("p1", "p2", at="2026-03-20T12:00Z")
    # An untimed word beside a late one may have been said before.
    study.says("p3", at="2026-03-20T12:00Z")
    study.says("p3", at=None)
    row = study.only()
    assert row[TIMES].tolist() == [1, 1, 1]
    assert (
        "Among those who left there, it was told before that by 1 and only afterwards by 1 and "
        "at a time that is not known by 1."
    ) in row["words"]


def test_what_is_only_recalled_or_of_unknown_time_is_named_as_missing():
    assert "only recalled after leaving" in linked_study().only()["missing"]
    study = Study()
    study.comes("p1", left=1.0)
    study.says("p1", at=None)
    assert "not known whether it was told before leaving" in study.only()["missing"]
    study.says("p1", at="2026-03-01T12:00Z")
    assert "leaving" not in study.only()["missing"]


# ---- ratings


def rated_study():
    study = linked_study()
    study.rates(people("t", 10), 2.0)
    study.rates(["t0"], 4.0, measure="ces")
    study.rates(people("w", 15)[:8], 3.0)
    study.rates(people("w", 15)[8:], 5.0)
    study.rates(["t9"], 4.0)
    return study


def test_ratings_of_those_who_tell_it_against_the_others():
    row = rated_study().only()
    told = [2.0] * 9 + [3.0]  # t9 rated 2 and 4
    others = [3.0] * 8 + [5.0] * 7
    assert (row["rating_measure"], row["rating_stage"]) == ("csat", "order")
    assert (row["n_rating_told"], row["n_rating_others"]) == (10, 15)
    assert row["rating_told"] == pytest.approx(np.mean(told))
    assert row["rating_others"] == pytest.approx(np.mean(others))
    assert row["rating_difference"] == pytest.approx(np.mean(told) - np.mean(others))
    limits = ttest_ind(told, others, equal_var=False).confidence_interval()
    assert (row["rating_low"], row["rating_high"]) == pytest.approx(tuple(limits))
    assert row["rating_p"] == pytest.approx(mannwhitneyu(told, others, method="asymptotic").pvalue)
    assert (row["rating_p_adjusted"], row["n_rating_family"]) == (row["rating_p"], 1)
    assert "CSAT at Ordering, of the same people: 2.1 among those who tell it" in row["words"]
    gap, low, high = (f"{number:.1f}".replace("-", "−") for number in (2.1 - 59 / 15, *limits))
    assert gap == "−1.8"
    assert f"a difference of {gap} ({low} to {high})" in row["words"]


def test_where_a_group_rates_alike_there_is_no_interval():
    study = linked_study()
    study.rates(people("t", 10), 2.0)
    study.rates(people("w", 15), 4.0)
    study.rates(["w1"], 2.0)
    row = study.only()
    assert row["rating_difference"] == pytest.approx(-2 + 1 / 15)
    assert row[["rating_low", "rating_high"]].isna().all()
    assert row["rating_p"] < 0.05
    study = linked_study()
    study.rates([*people("t", 10), *people("w", 15)], 4.0)
    row = study.only()
    assert (row["rating_difference"], row["rating_p"]) == (0.0, 1.0)
    assert math.isnan(row["rating_low"])


def test_of_the_whole_journey_the_same_people_are_compared():
    study = linked_study()
    tellers, writers = people("t", 10), people("w", 15)
    study.rates(tellers[:4], 9.0, measure="nps", stage="")
    study.rates(tellers[4:], 3.0, measure="nps", stage="")
    study.rates(writers, 10.0, measure="nps", stage="")
    study.rates(people("early", 40), 0.0, measure="nps", stage="")
    row = study.only()
    assert (row["rating_measure"], row["rating_stage"]) == ("nps", "")
    assert (row["n_rating_told"], row["n_rating_others"]) == (10, 15)
    assert (row["rating_told"], row["rating_others"]) == (-20.0, 100.0)


def test_a_stage_rating_needs_no_behaviour():
    study = rated_study()
    study.rates(people("x", 5), 3.0)
    row = study.only(person_level={})
    assert (row["n_rating_told"], row["n_rating_others"]) == (10, 20)
    assert not math.isnan(row["rating_p"])
    assert "of the same people" not in row["words"]
    assert row[LINK].isna().all()


def test_ratings_of_people_picked_on_purpose_have_no_interval():
    study = rated_study()
    study.design = {"survey": False}
    row = study.only()
    assert row["rating_told"] == pytest.approx(2.1)
    assert row[["rating_difference", "rating_low", "rating_high", "rating_p"]].isna().all()
    assert row["n_rating_family"] == 0


def test_few_ratings_are_counted_only():
    study = linked_study()
    study.rates(people("t", 4), 2.0)
    study.rates(people("w", 15), 4.0)
    row = study.only()
    assert (row["n_rating_told"], row["n_rating_others"]) == (4, 15)
    assert row[RATED].isna().all()


# ---- words


def test_words_of_a_link():
    assert linked_study().only()["words"] == (
        "At Ordering 10 of the 50 people heard tell it. Of 10 who tell it and came to Ordering, "
        "8 (80\u202f%) left there, of 20 others, silent ones included, 5 (25\u202f%): 3.20 times "
        "the share (interval 1.45–7.44). That is more than chance brings. "
        "Among those who left there, it was told only afterwards by 8. This is an "
        "association, not a cause: those who tell it may differ from the others in other ways."
    )


def test_observers_note_and_tasks_fail():
    study = Study()
    study.kind, study.lost = {"notes": "note"}, {"help": ("task_failure", 4.0)}
    study.design = {"notes": False}
    study.comes("p1", "p2", stage="help", left=1.0, last=None)
    study.comes("p3", stage="help", last=None)
    study.says("p1", "p3", stage="help", source="notes")
    study.says("p2", stage="help", source="notes", code="other")
    row = study.only()
    assert row["words"] == (
        "At Getting help it is noted for 2 of the 50 people observed. Of 2 for whom it is noted "
        "and who tried a task of Getting help, 1 failed at least one task, of 1 others, 1. Among "
        "those who failed at least one task, it was noted at a time that is not known for 1. This "
        "is an association, not a cause: those who have the note may differ from the others in "
        "other ways."
    )
    assert not re.search(r"\b(told|tell|left|leav)", row["words"] + row["missing"])


def test_every_measure_has_words_for_people():
    assert set(_DEEDS) == set(LEAVING_WORDS) - {"none"}


# ---- tables


def test_empty_tables_keep_their_columns():
    found = Study().weigh()
    assert found.empty
    assert found.columns.tolist() == CAUSE_COLUMNS
    assert found["stage"].dtype == JOURNEY.dtype
    empty = linked_study().weigh(person_stages=Study().tables()["person_stages"])
    assert empty[LINK].to_numpy().tolist() == [[0, 0, 0, 0]]


def test_the_order_of_rows_does_not_matter_and_nothing_is_changed():
    study = rated_study()
    study.says(*people("w", 8), code="slow")
    tables = study.tables()
    before = {
        name: table.copy() for name, table in tables.items() if isinstance(table, pd.DataFrame)
    }
    found = weigh_causes(**tables)
    shuffled = {
        name: table.sample(frac=1, random_state=7).reset_index(drop=True)
        for name, table in before.items()
    }
    pd.testing.assert_frame_equal(weigh_causes(**tables | shuffled), found)
    for name, table in before.items():
        pd.testing.assert_frame_equal(tables[name], table)


def test_a_source_that_nobody_knows():
    tables = linked_study().tables()
    facts = tables["source_facts"].assign(source="surveys")
    with pytest.raises(UnknownNameError, match="no source with words 'survey'"):
        weigh_causes(**tables | {"source_facts": facts})
