import math

import pandas as pd
import pytest

from cjm_research.behaviour import (
    count_visitors,
    estimate_drop_off,
    estimate_stage_timing,
    estimate_task_success,
)
from cjm_research.behaviour.retention import LOSS_COLUMNS
from cjm_research.journey import Journey, Stage
from cjm_research.synthesis import (
    MapTables,
    SourceLabel,
    build_journey_map,
    choose_quotes,
    count_heard,
    count_mentions,
    describe_coverage,
    list_tellers,
    measure_valence,
    summarize_ratings,
)
from cjm_research.tables import check_table, empty_table

START = pd.Timestamp("2026-03-01", tz="UTC")
SLOW = "pain_point:slow"


def make_events(*rows):
    if not rows:
        return empty_table("events")
    frame = pd.DataFrame(
        [
            {
                "participant_id": who, "session_id": "", "event": event,
                "occurred_at": START + pd.Timedelta(minutes=minute), "stage": stage, "channel": "",
                "device": "", "value": math.nan, "wave": "", "source": "log",
            }
            for who, minute, stage, event in rows
        ]
    )  # fmt: skip
    return check_table(frame, "events")


def build(
    told, *, events=(), asked=(), ratings=None, kind="interview", has_design=False, top=3, loss=None
):
    log, journey = make_events(*events), told.journey
    sources = [
        SourceLabel(name, name.capitalize(), kind, "person", has_design, 9)
        for name in dict.fromkeys(told.excerpts["source"])
    ]
    scores = pd.DataFrame({"excerpt_id": told.excerpts["excerpt_id"], "valence": -0.8})
    labels = {("pain_point", "slow"): "Too slow"}
    ratings = empty_table("ratings") if ratings is None else ratings
    mentions = count_mentions(told.codes, told.excerpts, journey=journey, designs={}, labels=labels)
    tables = MapTables(
        coverage=describe_coverage(
            count_heard(told.excerpts), journey=journey,
            n_participants={source.source: 9 for source in sources}, asked=set(asked),
        ),
        mentions=mentions,
        quotes=choose_quotes(
            told.codes, told.excerpts, told.participants, told.documents, mentions, labels=labels
        ),
        ratings=summarize_ratings(ratings, designs={}),
        funnel=estimate_drop_off(log, journey),
        task_success=estimate_task_success(
            ratings, journey, outcomes={"done": "Done"}, has_design=has_design
        ),
        stage_timing=estimate_stage_timing(log, journey),
        visitors=count_visitors(log, journey),
        valence=measure_valence(told.excerpts, scores),
        tellers=list_tellers(told.codes, told.excerpts, told.participants),
        loss=pd.DataFrame(columns=LOSS_COLUMNS) if loss is None else loss,
    )  # fmt: skip
    table = build_journey_map(
        tables, journey=journey, sources=sources, participants=told.participants,
        pain_points_per_stage=top,
    )  # fmt: skip
    return {row["stage"]: row for row in table.to_dict("records")}


@pytest.fixture
def slow(told):
    return told(
        ("a", "talks", "see", "participant", "Slow.", SLOW, "emotion:worry"),
        ("b", "talks", "see", "participant", "Slow.", SLOW),
        ("c", "talks", "see", "participant", "Fine.", "delight:ease"),
    )


EVENTS = (
    ("a", 0, "see", "e"), ("b", 0, "see", "e"), ("c", 0, "see", "e"), ("d", 0, "see", "e"),
    ("a", 2, "buy", "e"), ("a", 3, "", "kept"), ("b", 4, "buy", "e"), ("c", 9, "tell", "e"),
)  # fmt: skip


def test_there_is_one_row_per_stage_in_journey_order(slow):
    assert list(build(slow)) == ["see", "buy", "tell"]


def test_a_column_holds_what_was_said_and_done(slow):
    row = build(slow, events=EVENTS)["see"]
    (pain,) = row["pain_points"]
    assert (pain["label"], pain["n_said"], pain["n_heard"]) == ("Too slow", 2, 3)
    assert pain["aliases"] == ["A", "B"]
    assert [e["emotion"] for e in row["emotions"]] == ["worry"]
    assert [d["code"] for d in row["delights"]] == ["ease"]
    assert (row["n_entered"], row["n_dropped"], row["drop_off_rate"]) == (4, 2, 0.5)
    assert row["median_next_s"] == 180
    assert row["owner"] == "Marketing"
    assert row["touchpoints"][0]["name"] == "Advert"
    assert row["valence"][0]["mean"] == pytest.approx(-0.8)
    assert [dot["alias"] for dot in row["valence"][0]["people"]] == ["A", "B", "C"]


def test_words_and_numbers_stand_side_by_side_without_a_verdict(slow):
    row = build(slow, events=EVENTS)["see"]
    assert row["side_by_side"] == "2 of 3 (Talks) tell “Too slow”; 50\u202f% leave here."


def test_silence_and_not_asked_are_told_apart(slow):
    rows = build(slow, events=EVENTS, asked=[("buy", "talks")])
    assert rows["buy"]["coverage"] == "asked, nothing said"
    assert rows["buy"]["side_by_side"].startswith("People were asked and said nothing; ")
    assert rows["tell"]["coverage"] == "not asked"
    assert rows["tell"]["side_by_side"].startswith("Nobody was asked; ")


def test_a_stage_outside_the_funnel_says_so(slow):
    row = build(slow, events=EVENTS)["tell"]
    assert row["behaviour_note"] == "not a step of the funnel: 1 people seen here"
    assert math.isnan(row["drop_off_rate"])


def test_without_events_no_number_is_shown(slow):
    rows = build(slow)
    assert rows["tell"]["behaviour_note"] == "no behaviour is measured here"
    assert all(math.isnan(row["drop_off_rate"]) for row in rows.values())
    assert "0\u202f%" not in rows["see"]["side_by_side"]


def test_a_last_stage_that_nothing_completes_says_how_many_came(told):
    table = told(
        ("a", "talks", "see", "participant", "Slow.", SLOW),
        journey=Journey((Stage("see", "See"), Stage("buy", "Buy"))),
    )
    row = build(table, events=EVENTS)["buy"]
    assert row["behaviour_note"] == "last stage: 2 came here"


def test_leaving_a_questionnaire_is_named_as_that(told):
    measure = "questionnaire_abandonment"
    table = told(
        ("a", "form", "see", "participant", "Slow.", SLOW),
        journey=Journey((Stage("see", "O", measure=measure), Stage("buy", "S", measure=measure))),
    )
    row = build(table, events=EVENTS, kind="survey_answer")["see"]
    assert row["behaviour_label"] == "stop answering"
    assert row["side_by_side"].endswith("50\u202f% stop answering here.")
    assert row["valence"][0]["people"] == []


def tried(*rows):
    frame = pd.DataFrame(
        [
            {
                "participant_id": who, "source": "tests", "measure": "done", "item": item,
                "value": value, "stage": "see", "wave": "",
            }
            for who, item, value in rows
        ]
    )  # fmt: skip
    return check_table(frame, "ratings")


@pytest.mark.parametrize("has_design", [False, True])
def test_task_failure_counts_attempts_and_gives_the_mean_of_persons(told, has_design):
    table = told(
        ("a", "tests", "see", "observer", "Slow.", SLOW),
        journey=Journey((Stage("see", "Try", measure="task_failure", outcome="done"),)),
    )
    ratings = tried(("a", "1", 1), ("a", "2", 0), ("b", "1", 0), ("b", "2", 0))
    row = build(table, ratings=ratings, kind="note", has_design=has_design)["see"]
    assert (row["n_entered"], row["n_continued"], row["n_dropped"]) == (4, 1, 3)
    assert row["drop_off_rate"] == 0.75
    assert math.isnan(row["drop_off_low"])
    assert "attempts, not people; mean of 2 persons’ shares 75\u202f%" in row["behaviour_note"]
    assert ("(" in row["behaviour_note"]) is has_design
    assert row["side_by_side"].endswith("75\u202f% of first tries fail.")


def test_a_task_stage_without_attempts_has_no_number(told):
    table = told(
        ("a", "tests", "see", "observer", "Slow.", SLOW),
        journey=Journey((Stage("see", "Try", measure="task_failure", outcome="done"),)),
    )
    assert math.isnan(build(table, kind="note")["see"]["drop_off_rate"])


def test_only_the_top_pains_of_each_source_are_shown_and_other_never(told):
    table = told(
        ("a", "talks", "see", "participant", "x", SLOW, "pain_point:fee", "pain_point:other"),
        ("b", "talks", "see", "participant", "x", SLOW, "pain_point:other"),
        ("a", "survey", "see", "participant", "x", "pain_point:fee"),
    )
    row = build(table, top=1)["see"]
    assert [(p["source"], p["code"]) for p in row["pain_points"]] == [
        ("talks", "slow"),
        ("survey", "fee"),
    ]
    assert [p["code"] for p in build(table)["see"]["pain_points"]] == ["slow", "fee", "fee"]


def test_valence_is_a_mean_of_each_persons_leaning_sentences(told):
    table = told(
        ("a", "talks", "see", "participant", "one"),
        ("a", "talks", "see", "participant", "two"),
        ("a", "talks", "see", "interviewer", "three"),
        ("b", "talks", "see", "participant", "four"),
    )
    scores = pd.DataFrame(
        {"excerpt_id": table.excerpts["excerpt_id"], "valence": [-0.8, 0.0, 1.0, 0.01]}
    )
    means = measure_valence(table.excerpts, scores).set_index("participant_id")["valence"]
    assert means.to_dict() == pytest.approx({"a": -0.8, "b": 0.0})


def test_a_teller_is_listed_once_and_interviewers_never(told):
    table = told(
        ("a", "talks", "see", "participant", "x", SLOW),
        ("a", "talks", "see", "participant", "x", SLOW),
        ("b", "talks", "see", "interviewer", "x", SLOW),
    )
    tellers = list_tellers(table.codes, table.excerpts, table.participants)
    assert tellers["alias"].tolist() == ["A"]


def test_churn_is_shown_under_its_own_words(told):
    journey = Journey((Stage("stay", "Staying", measure="churn", sequential=False),))
    table = told(("a", "talks", "stay", "participant", "x", SLOW), journey=journey)
    loss = pd.DataFrame(
        [
            ["", "", "30D", 40, 10, 5, 0.25, 0.142, 0.402],
            ["device", "a", "30D", 9, 9, 0, 1, 0.7, 1],
        ],
        columns=LOSS_COLUMNS,
    )
    row = build(table, loss=loss)["stay"]
    assert (row["n_entered"], row["n_continued"], row["n_dropped"]) == (40, 30, 10)
    assert (row["drop_off_rate"], row["drop_off_low"]) == (0.25, 0.142)
    assert row["side_by_side"].endswith("25\u202f% do not come back here.")
    assert "30D" in row["behaviour_note"]
    assert math.isnan(build(table)["stay"]["drop_off_rate"])
