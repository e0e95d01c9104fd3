import math

import pandas as pd
import pytest

from cjm_research.behaviour.funnel import FUNNEL_COLUMNS
from cjm_research.behaviour.retention import LOSS_COLUMNS
from cjm_research.behaviour.tasks import TASK_COLUMNS, estimate_task_success
from cjm_research.config import Kpi
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import Interval, estimate_mean, estimate_nps, estimate_proportion
from cjm_research.synthesis import judge, judge_kpis, summarize_ratings
from cjm_research.synthesis.kpis import KPI_COLUMNS
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


def judged(journey, kpi, *, rated=None, **more):
    summary = summarize_ratings(
        rated if rated is not None else ratings(("a", "s", "nps", 9, "", "")), designs={"s": True}
    )
    (row,) = judge_kpis(
        [Kpi.model_validate({"name": "K"} | kpi)],
        journey=journey,
        funnel=more.pop("funnel", FUNNEL),
        ratings=summary,
        **more,
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
        *[(f"p{n}", "s", "csat", 3.5 + n % 2, "buy", "1") for n in range(6)],
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
    table = judge_kpis([], journey=journey, funnel=FUNNEL, ratings=summary)
    assert table.empty
    assert table.columns.tolist() == KPI_COLUMNS


CONVERSION = {"measure": "conversion", "from": "see", "to": "buy", "target": 0.12}


def test_a_share_says_what_it_is_of_and_within_which_time(journey):
    row = judged(journey, CONVERSION, funnel_window="7D")
    assert row["numerator"] == "people who came through Buying"
    assert row["denominator"] == "people who entered Seeing"
    assert row["window"] == "within 7D of the first entry"
    assert row["why"] == "The whole interval 13.4–17.9 % lies above the target 12 %."
    lost = judged(journey, {"measure": "drop_off", "stage": "see", "target": 0.38})
    assert lost["numerator"] == "people who were lost at Seeing"
    assert lost["denominator"] == "people who entered Seeing and were followed for long enough"
    assert lost["window"] == "until the record ends"
    assert lost["why"] == "The interval 35–41 % lies astride the target 38 %."


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (5, "The interval −4.9 to 10.8 lies astride the target 5."),
        (11, "The whole interval −4.9 to 10.8 lies below the target 11."),
        (-20, "The whole interval −4.9 to 10.8 lies above the target −20."),
    ],
)
def test_the_reason_names_interval_and_target(journey, target, words):
    summary = pd.DataFrame(
        [("", "s", "", "nps", "NPS", 400, 3.0, -4.86, 10.81, "points", "")],
        columns=["stage", "source", "wave", "measure", "label", "n", "value", "low", "high",
                 "unit", "scale_text"],
    )  # fmt: skip
    kpi = Kpi.model_validate({"name": "K", "measure": "nps", "target": target})
    row = judge_kpis([kpi], journey=journey, funnel=FUNNEL, ratings=summary).iloc[0]
    assert row["why"] == words
    assert row["verdict"] == judge(Interval(3, -4.86, 10.81), target, at_least=True)


def test_a_target_on_the_edge_of_the_interval_is_said_so(journey):
    low = estimate_proportion(155, 1000).low
    row = judged(journey, CONVERSION | {"target": low})
    assert row["verdict"] == "met"
    assert row["why"] == "The whole interval 13.4–17.9 % lies at or above the target 13.4 %."


def test_fewer_than_five_people_have_counts_and_no_verdict(journey):
    few = funnel(("see", "", "", 4, 4), ("buy", "", "", 4, 3))
    row = judged(journey, CONVERSION, funnel=few)
    assert (row["count"], row["n"], row["verdict"]) == (3, 4, "cannot tell")
    assert math.isnan(row["value"])
    assert row["why"] == "4 people are too few: numbers are given from 5 people on."
    one = judged(journey, {"measure": "nps", "target": 5})
    assert one["why"] == "1 person is too few: numbers are given from 5 people on."
    none = judged(journey, CONVERSION, funnel=funnel(("see", "", "", 0, 0), ("buy", "", "", 0, 0)))
    assert none["why"] == "No data: nobody is counted there."


def test_a_figure_of_the_log_says_which_wave_it_is_of(journey):
    row = judged(journey, CONVERSION, log_wave="2026-03")
    assert (row["words"], row["wave"]) == ("Seeing → through Buying, wave 2026-03", "2026-03")
    assert judged(journey, CONVERSION)["words"] == "Seeing → through Buying"


def test_answers_that_are_all_alike_are_no_certainty(journey):
    rated = ratings(*[(f"p{n}", "s", "csat", 4, "", "") for n in range(6)])
    row = judged(journey, {"measure": "csat", "target": 3}, rated=rated)
    assert (row["value"], row["verdict"]) == (4, "cannot tell")
    assert math.isnan(row["low"])
    assert row["why"].startswith("No interval: all participants have the same figure")


def test_a_rating_without_a_design_has_no_interval_and_says_so(journey):
    rated = ratings(*[(f"p{n}", "talks", "csat", 3 + n % 2, "", "") for n in range(6)])
    row = judged(journey, {"measure": "csat", "target": 3}, rated=rated)
    assert (row["value"], row["verdict"]) == (3.5, "cannot tell")
    assert row["why"].startswith("No interval: the people were not drawn")


def test_a_rating_says_when_it_was_asked_and_of_whom(journey):
    rated = ratings(*[(f"p{n}", "s", "sus", 60 + n, "", "2026-03") for n in range(6)])
    row = judged(
        journey, {"measure": "sus", "target": 60}, rated=rated,
        collected={"s": "2026-03-24 to 2026-04-05"},
    )  # fmt: skip
    assert row["window"] == "2026-03-24 to 2026-04-05"
    assert row["words"] == "whole journey, wave 2026-03"
    assert (row["source"], row["stage"], row["wave"]) == ("s", "", "2026-03")
    assert row["denominator"] == "people who answered, source s"
    assert row["numerator"] == "mean of people's scores"
    # 60 to 65: mean 62.5, sd 1.870829, half width 2.570582 x 1.870829 / sqrt(6).
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (62.5, 60.536695, 64.463305), abs=1e-5
    )
    assert (row["verdict"], row["unit"]) == ("met", "score")
    missing = judged(journey, {"measure": "ces", "target": 60}, rated=rated)
    assert missing["why"] == "No data: nobody gave a CES there."


TRIED = Journey(
    (Stage("try", "Trying", measure="task_failure", outcome="done"), Stage("end", "Ending"))
)


def tasks(shares, *, has_design=True):
    """Two first tries a person; `shares` are 0, 0.5 or 1."""
    rows = [
        {
            "participant_id": f"p{n}", "source": "lab", "measure": "done", "item": f"t{task}",
            "value": float(share * 2 > task), "stage": "try", "wave": "",
        }
        for n, share in enumerate(shares)
        for task in range(2)
    ]  # fmt: skip
    return estimate_task_success(
        pd.DataFrame(rows), TRIED, outcomes={"done": "Done"}, has_design=has_design
    )


TASK = {"measure": "task_success", "stage": "try", "target": 0.3}


def test_task_success_is_the_mean_over_people_with_its_t_interval():
    row = judged(TRIED, TASK, task_success=tasks([1, 1, 0.5, 0.5, 1, 0]))
    # Shares 1, 1, .5, .5, 1, 0: mean .666667, sd .408248; half width 2.570582 x sd / sqrt(6).
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (0.666667, 0.238236, 1.0), abs=1e-5
    )
    assert (row["n"], row["unit"], row["verdict"]) == (6, "share", "cannot tell")
    assert math.isnan(row["count"])
    assert row["numerator"] == "8 first tries that succeeded"
    assert row["denominator"] == "12 first tries; the mean is over participants"
    assert row["why"] == "The interval 23.8–100 % lies astride the target 30 %."
    met = judged(TRIED, TASK | {"target": 0.2}, task_success=tasks([1, 1, 0.5, 0.5, 1, 0]))
    assert met["verdict"] == "met"


def test_task_success_without_a_design_has_counts_and_no_verdict():
    found = tasks([1, 1, 0.5, 0.5, 1, 0], has_design=False)
    row = judged(TRIED, TASK, task_success=found)
    assert (row["verdict"], row["numerator"]) == ("cannot tell", "8 first tries that succeeded")
    assert math.isnan(row["low"])
    everybody = judged(TRIED, TASK, task_success=tasks([1] * 8))
    assert (everybody["value"], everybody["verdict"]) == (1, "cannot tell")


@pytest.mark.parametrize(
    ("stage", "found", "why"),
    [
        ("try", None, "No data: nobody tried a task there."),
        ("try", pd.DataFrame(columns=TASK_COLUMNS), "No data: nobody tried a task there."),
        ("end", tasks([1, 0]), "The stage declares no outcome that counts as success."),
        (
            "try",
            pd.concat([tasks([1, 0] * 4), tasks([1, 0] * 5)]),
            "2 sources tried tasks there; they are never pooled.",
        ),
    ],
)
def test_task_success_that_cannot_be_told_says_why(stage, found, why):
    row = judged(TRIED, TASK | {"stage": stage}, task_success=found)
    assert (row["why"], row["verdict"], row["n"]) == (why, "cannot tell", 0)
    assert math.isnan(row["value"])


def test_retention_is_what_loss_leaves(journey):
    wilson = estimate_proportion(60, 200)
    loss = pd.DataFrame(
        [
            ("device", "phone", "30D", 10, 9, 0, 0.9, 0.6, 0.98),
            ("", "", "30D", 200, 60, 7, *wilson),
        ],
        columns=LOSS_COLUMNS,
    )
    row = judged(journey, {"measure": "retention", "target": 0.6}, loss=loss)
    assert (row["count"], row["n"]) == (140, 200)
    assert (row["value"], row["low"], row["high"]) == pytest.approx(estimate_proportion(140, 200))
    assert (row["verdict"], row["unit"]) == ("met", "share")
    assert row["numerator"] == "people not silent for longer than 30D when the record ends"
    assert row["denominator"] == "people first seen at least 30D before the record ends"
    assert row["why"] == "The whole interval 63.3–75.9 % lies above the target 60 %."
    for nothing in (None, loss.iloc[:0], loss.iloc[:1]):
        empty = judged(journey, {"measure": "retention", "target": 0.6}, loss=nothing)
        assert (empty["verdict"], empty["n"]) == ("cannot tell", 0)
        assert empty["why"] == "No data: nobody's coming back is recorded."


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
