import math

import pandas as pd
import pytest

from cjm_research.behaviour.funnel import FUNNEL_COLUMNS
from cjm_research.config import Kpi
from cjm_research.statistics import Interval, estimate_mean, estimate_nps, estimate_proportion
from cjm_research.synthesis import judge, judge_kpis, summarize_ratings
from cjm_research.tables import check_table

NAN = math.nan


@pytest.mark.parametrize(
    ("low", "high", "at_least", "verdict"),
    [
        (0.30, 0.40, True, "met"),
        (0.30, 0.40, False, "not met"),
        (0.10, 0.20, True, "not met"),
        (0.10, 0.20, False, "met"),
        (0.20, 0.30, True, "cannot tell"),
        (0.20, 0.30, False, "cannot tell"),
        (0.25, 0.40, True, "met"),
        (0.10, 0.25, False, "met"),
        (NAN, NAN, True, "cannot tell"),
        (NAN, 0.2, False, "cannot tell"),
        (0.3, NAN, True, "cannot tell"),
    ],
)
def test_a_verdict_needs_the_whole_interval_on_one_side(low, high, at_least, verdict):
    assert judge(Interval(0.25, low, high), 0.25, at_least=at_least) == verdict


def funnel(*rows):
    return pd.DataFrame(
        [
            {
                "stage": stage, "segment": segment, "segment_value": value,
                "measure": "funnel_drop_off", "n_entered": n, "n_continued": m,
                "n_dropped": n - m, "n_followed": n,
            }
            for stage, segment, value, n, m in rows
        ],
        columns=FUNNEL_COLUMNS,
    )  # fmt: skip


FUNNEL = funnel(
    ("see", "", "", 1000, 620), ("buy", "", "", 620, 155), ("see", "device", "phone", 10, 1)
)


def ratings(*rows):
    return check_table(
        pd.DataFrame(
            [
                {
                    "participant_id": who, "source": source, "measure": measure,
                    "item": f"{measure} {stage}", "value": value, "stage": stage, "wave": wave,
                }
                for who, source, measure, value, stage, wave in rows
            ]
        ),
        "ratings",
    )  # fmt: skip


def judged(journey, kpi, *, rated=None):
    summary = summarize_ratings(
        rated if rated is not None else ratings(("a", "s", "nps", 9, "", "")), designs={"s": True}
    )
    (row,) = judge_kpis(
        [Kpi.model_validate(kpi)], journey=journey, funnel=FUNNEL, ratings=summary
    ).to_dict("records")
    return row


def test_conversion_is_over_those_who_entered_the_first_stage(journey):
    row = judged(
        journey,
        {"name": "K", "measure": "conversion", "from": "see", "to": "buy", "target": 0.12},
    )
    assert (row["count"], row["n"]) == (155, 1000)
    assert (row["value"], row["low"], row["high"]) == pytest.approx(estimate_proportion(155, 1000))
    assert row["verdict"] == "met"
    assert row["words"] == "Seeing → through Buying"


def test_drop_off_is_over_those_who_entered_the_stage(journey):
    row = judged(
        journey,
        {"name": "K", "measure": "drop_off", "stage": "see", "target": 0.3, "direction": "at_most"},
    )
    assert (row["count"], row["n"]) == (380, 1000)
    assert row["verdict"] == "not met"
    assert row["unit"] == "share"


def test_a_conversion_into_a_last_stage_that_nothing_completes_counts_who_came(journey):
    open_end = FUNNEL.copy()
    open_end.loc[open_end["stage"] == "buy", "n_continued"] = NAN
    kpi = Kpi.model_validate(
        {"name": "K", "measure": "conversion", "from": "see", "to": "buy", "target": 0.5}
    )
    summary = summarize_ratings(ratings(("a", "s", "nps", 9, "", "")), designs={})
    row = judge_kpis([kpi], journey=journey, funnel=open_end, ratings=summary).iloc[0]
    assert (row["count"], row["n"]) == (620, 1000)


def test_a_share_of_a_stage_without_a_funnel_cannot_be_told(journey):
    row = judged(journey, {"name": "K", "measure": "drop_off", "stage": "tell", "target": 0.1})
    assert row["verdict"] == "cannot tell"
    assert math.isnan(row["value"])
    assert row["n"] == 0


def test_a_rating_is_taken_from_its_stage_source_and_first_wave(journey):
    rated = ratings(
        *[(f"p{n}", "s", "csat", 4, "buy", "1") for n in range(6)],
        *[(f"p{n}", "s", "csat", 1, "see", "1") for n in range(6)],
        *[(f"p{n}", "s", "csat", 2, "buy", "2") for n in range(6)],
        ("x", "other", "csat", 5, "buy", "0"),
    )
    row = judged(
        journey,
        {"name": "K", "measure": "csat", "stage": "buy", "source": "s", "target": 3},
        rated=rated,
    )
    assert (row["value"], row["n"], row["verdict"]) == (4, 6, "met")
    assert row["words"] == "Buying, wave 1"
    assert row["unit"] == "score"


def test_a_rating_that_nobody_gave_cannot_be_told(journey):
    row = judged(journey, {"name": "K", "measure": "ces", "target": 3})
    assert (row["verdict"], row["n"]) == ("cannot tell", 0)


def test_no_kpis_give_no_rows(journey):
    summary = summarize_ratings(ratings(("a", "s", "nps", 9, "", "")), designs={})
    assert judge_kpis([], journey=journey, funnel=FUNNEL, ratings=summary).empty


def test_nps_counts_promoters_and_detractors(journey):
    values = [10, 9, 9, 8, 7, 6, 0, 3]
    rated = ratings(*[(f"p{n}", "s", "nps", v, "", "") for n, v in enumerate(values)])
    row = summarize_ratings(rated, designs={"s": True}).iloc[0]
    assert (row["value"], row["low"], row["high"]) == pytest.approx(estimate_nps(3, 2, 3))
    assert (row["n"], row["unit"], row["label"]) == (8, "points", "NPS")


def test_csat_is_the_mean_of_answers():
    rated = ratings(*[(f"p{n}", "s", "csat", v, "buy", "") for n, v in enumerate([5, 4, 2])])
    row = summarize_ratings(rated, designs={"s": True}).iloc[0]
    assert (row["value"], row["low"], row["high"]) == pytest.approx(estimate_mean([5, 4, 2]))


def test_ratings_without_a_design_have_no_interval():
    rated = ratings(*[(f"p{n}", "s", "csat", v, "buy", "") for n, v in enumerate([5, 4, 2])])
    row = summarize_ratings(rated, designs={"s": False}).iloc[0]
    assert row["value"] == pytest.approx(11 / 3)
    assert math.isnan(row["low"])
    assert math.isnan(row["high"])


def test_waves_sources_and_stages_of_ratings_are_never_pooled():
    rated = ratings(
        ("a", "s", "nps", 10, "", "1"), ("a", "s", "nps", 0, "", "2"),
        ("a", "t", "nps", 7, "", "1"), ("a", "s", "nps", 3, "buy", "1"),
        ("a", "s", "task", 1, "buy", "1"),
    )  # fmt: skip
    summary = summarize_ratings(rated, designs={})
    found = summary[["stage", "source", "wave", "value", "n"]].to_numpy().tolist()
    assert found == [
        ["", "s", "1", 100, 1], ["", "s", "2", -100, 1], ["", "t", "1", 0, 1],
        ["buy", "s", "1", -100, 1],
    ]  # fmt: skip


def test_a_person_who_answers_two_items_counts_once():
    rated = ratings(("a", "s", "csat", 5, "buy", ""), ("b", "s", "csat", 1, "buy", ""))
    second = rated.iloc[[0]].assign(item="csat again", value=1.0)
    row = summarize_ratings(pd.concat([rated, second]), designs={}).iloc[0]
    assert (row["n"], row["value"]) == (2, 2.0)
