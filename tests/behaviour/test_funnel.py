import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from cjm_research.behaviour import (
    count_visitors,
    estimate_drop_off,
    estimate_stage_timing,
    first_values,
)
from cjm_research.journey import Journey, Stage
from cjm_research.statistics import estimate_proportion


def counts(funnel, segment="", value=""):
    mine = funnel[(funnel["segment"] == segment) & (funnel["segment_value"] == value)]
    return {row.stage: (row.n_entered, row.n_continued, row.n_dropped) for row in mine.itertuples()}


def test_each_stage_counts_who_entered_who_went_on_and_who_left(events, journey):
    log = events(
        ("a", 0, "see"), ("a", 1, "pick"), ("a", 2, "buy"), ("a", 3, "buy", "kept"),
        ("b", 0, "see"), ("b", 1, "pick"), ("b", 2, "buy"),
        ("c", 0, "see"), ("c", 1, "pick"),
        ("d", 0, "see"),
    )  # fmt: skip
    funnel = estimate_drop_off(log, journey)
    assert counts(funnel) == {"see": (4, 3, 1), "pick": (3, 2, 1), "buy": (2, 1, 1)}
    assert funnel["drop_off_rate"].tolist() == pytest.approx([1 / 4, 1 / 3, 1 / 2])
    assert (funnel["drop_off_low"][0], funnel["drop_off_high"][0]) == pytest.approx(
        estimate_proportion(1, 4)[1:]
    )
    assert set(funnel["measure"]) == {"funnel_drop_off"}


def test_stages_come_in_journey_order_as_its_categorical(events, journey):
    funnel = estimate_drop_off(events(("a", 0, "see")), journey)
    assert funnel["stage"].tolist() == ["see", "pick", "buy"]
    assert funnel["stage"].dtype == journey.dtype


def test_coming_back_counts_a_person_once(events, open_end):
    log = events(("a", 0, "see"), ("a", 5, "pick"), ("a", 6, "see"), ("a", 7, "pick"))
    assert counts(estimate_drop_off(log, open_end))["pick"][0] == 1


def test_a_later_stage_before_the_first_does_not_count(events, open_end):
    log = events(("a", 0, "pick"), ("a", 1, "see"))
    found = counts(estimate_drop_off(log, open_end))
    assert found["see"][:2] == (1, 0)
    assert found["pick"][0] == 0


def test_a_later_stage_counts_once_it_comes_again_in_order(events, open_end):
    log = events(("a", 0, "pick"), ("a", 1, "see"), ("a", 2, "pick"), ("a", 3, "buy"))
    assert [entered for entered, *_ in counts(estimate_drop_off(log, open_end)).values()] == [
        1,
        1,
        1,
    ]


def test_who_skips_a_stage_is_lost_at_the_one_before(events, open_end):
    log = events(("a", 0, "see"), ("a", 1, "buy"))
    found = counts(estimate_drop_off(log, open_end))
    assert found["see"] == (1, 0, 1)
    assert found["buy"][0] == 0


def test_who_never_came_in_at_the_first_stage_is_nobody(events, open_end):
    log = events(("a", 0, "see"), ("b", 0, "pick"), ("b", 1, "buy"))
    assert [entered for entered, *_ in counts(estimate_drop_off(log, open_end)).values()] == [
        1,
        0,
        0,
    ]


def test_events_at_the_same_instant_count_in_journey_order(events, open_end):
    log = events(("a", 0, "buy"), ("a", 0, "pick"), ("a", 0, "see"))
    assert [entered for entered, *_ in counts(estimate_drop_off(log, open_end)).values()] == [
        1,
        1,
        1,
    ]


def test_a_stage_out_of_sequence_is_never_in_the_funnel(events, journey):
    log = events(("a", 0, "see"), ("a", 1, "chat"), ("a", 2, "talk"), ("a", 3, "pick"))
    funnel = estimate_drop_off(log, journey)
    assert funnel["stage"].tolist() == ["see", "pick", "buy"]
    assert counts(funnel)["see"] == (1, 1, 0)


def test_the_last_stage_without_completion_has_no_rate(events, open_end):
    log = events(("a", 0, "see"), ("a", 1, "pick"), ("a", 2, "buy"))
    last = estimate_drop_off(log, open_end).iloc[-1]
    assert last["n_entered"] == 1
    assert all(
        math.isnan(last[name])
        for name in ("n_continued", "n_dropped", "drop_off_rate", "drop_off_low", "drop_off_high")
    )


def test_only_a_completion_after_the_last_entry_counts(events, journey):
    log = events(
        ("a", 0, "buy", "kept"), ("a", 1, "see"), ("a", 2, "pick"), ("a", 3, "buy", "pay"),
        ("b", 1, "see"), ("b", 2, "pick"), ("b", 3, "buy", "pay"), ("b", 3, "", "kept"),
    )  # fmt: skip
    assert counts(estimate_drop_off(log, journey))["buy"] == (2, 1, 1)


def test_nobody_leaves_and_all_leave(events, open_end):
    log = events(
        *((who, 0, "see") for who in "abcdefghij"), *((w, 1, "pick") for w in "abcdefghij")
    )
    funnel = estimate_drop_off(log, open_end)
    assert funnel["drop_off_rate"].tolist()[:2] == [0.0, 1.0]
    assert (funnel["drop_off_low"] <= funnel["drop_off_rate"])[:2].all()
    assert (funnel["drop_off_high"] >= funnel["drop_off_rate"])[:2].all()


def test_a_stage_that_nobody_reached_has_no_rate(events, open_end):
    funnel = estimate_drop_off(events(("a", 0, "see")), open_end)
    assert counts(funnel)["pick"][0] == 0
    assert math.isnan(funnel["drop_off_rate"][1])


def test_no_events_give_no_funnel(events, journey):
    funnel = estimate_drop_off(events(), journey)
    assert funnel.empty
    assert funnel["stage"].dtype == journey.dtype


def test_events_of_no_funnel_stage_give_no_funnel(events, journey):
    assert estimate_drop_off(events(("a", 0, "chat"), ("a", 1, "")), journey).empty


def test_two_measures_are_two_funnels(events):
    journey = Journey(
        (
            Stage("see", "See"),
            Stage("opened", "Opened", measure="questionnaire_abandonment"),
            Stage("buy", "Buy"),
            Stage("sent", "Sent", measure="questionnaire_abandonment"),
            Stage("task", "Task", measure="task_failure"),
        )
    )
    log = events(
        ("a", 0, "see"), ("a", 1, "buy"), ("b", 0, "see"),
        ("x", 0, "opened"), ("x", 0, "sent"), ("y", 0, "opened"), ("z", 0, "opened"),
        ("a", 5, "task"),
    )  # fmt: skip
    funnel = estimate_drop_off(log, journey)
    columns = ["stage", "measure", "n_entered", "n_dropped"]
    assert funnel[columns].astype(str).to_numpy().tolist() == [
        ["see", "funnel_drop_off", "2", "1.0"],
        ["buy", "funnel_drop_off", "1", "nan"],
        ["opened", "questionnaire_abandonment", "3", "2.0"],
        ["sent", "questionnaire_abandonment", "1", "nan"],
    ]


def test_a_questionnaire_without_dates_has_a_funnel_all_the_same(events):
    measure = "questionnaire_abandonment"
    journey = Journey((Stage("opened", "O", measure=measure), Stage("sent", "S", measure=measure)))
    log = events(
        ("x", None, "opened"), ("x", None, "sent"), ("y", None, "opened"),
        ("z", 3, "opened"), ("z", 3, "sent"),
    )  # fmt: skip
    assert counts(estimate_drop_off(log, journey))["opened"] == (3, 2, 1)


def test_audience_segments_are_rows_of_their_own_beside_everybody(events, open_end):
    log = events(
        ("a", 0, "see"), ("a", 1, "pick"), ("b", 0, "see"), ("c", 0, "see"), ("c", 1, "pick"),
    )  # fmt: skip
    segments = pd.DataFrame(
        [("a", "device", "phone"), ("b", "device", "phone"), ("c", "device", "laptop"),
         ("nobody", "device", "watch")],
        columns=["participant_id", "segment", "segment_value"],
    )  # fmt: skip
    funnel = estimate_drop_off(log, open_end, segments=segments)
    assert counts(funnel)["see"] == (3, 2, 1)
    assert counts(funnel, "device", "phone")["see"] == (2, 1, 1)
    assert counts(funnel, "device", "laptop")["see"] == (1, 1, 0)
    assert counts(funnel, "device", "watch")["see"][0] == 0
    watch = funnel[funnel["segment_value"] == "watch"]
    assert watch["drop_off_rate"].isna().all()


def test_less_confidence_gives_a_narrower_interval(events, open_end):
    log = events(("a", 0, "see"), ("b", 0, "see"), ("b", 1, "pick"))
    wide, narrow = (estimate_drop_off(log, open_end, confidence=c).iloc[0] for c in (0.95, 0.5))
    assert wide["drop_off_low"] < narrow["drop_off_low"]


def test_the_events_are_not_changed(events, journey):
    log = events(("a", 0, "see"), ("a", None, "pick"), ("a", 3, "buy"))
    before = log.copy(deep=True)
    estimate_drop_off(log, journey)
    estimate_stage_timing(log, journey)
    count_visitors(log, journey)
    assert_frame_equal(log, before)


def walk(rows, stages, completing):
    entered, done = [0] * len(stages), 0
    for who in {row[0] for row in rows}:
        now = -math.inf
        for position, stage in enumerate(stages):
            later = [m for w, m, s, _ in rows if w == who and s == stage and m >= now]
            if not later:
                break
            now = min(later)
            entered[position] += 1
        else:
            done += any(w == who and e == completing and m >= now for w, m, _, e in rows)
    return [*zip(entered, [*entered[1:], done], strict=True)]


def random_logs(n, seed):
    random = np.random.default_rng(seed)
    return [
        [
            (
                f"{number}/{random.integers(4)}",
                int(random.integers(7)),
                str(random.choice(["see", "see", "pick", "buy", "chat", ""])),
                str(random.choice(["step", "kept"])),
            )
            for _ in range(random.integers(1, 17))
        ]
        for number in range(n)
    ]


def test_random_logs_give_what_a_walk_from_person_to_person_gives(events, journey):
    # Each log is an audience segment, so that one run of the engine answers for all.
    logs = random_logs(300, seed=7)
    table = events(*(row for rows in logs for row in rows))
    segments = pd.DataFrame(
        sorted({(who, "log", who.split("/")[0]) for rows in logs for who, *_ in rows}),
        columns=["participant_id", "segment", "segment_value"],
    )
    funnel = estimate_drop_off(table, journey, segments=segments)
    stages = ["see", "pick", "buy"]
    for number, rows in enumerate(logs):
        found = counts(funnel, "log", str(number)).values()
        assert [(n, int(m)) for n, m, _ in found] == walk(rows, stages, "kept"), rows
    everybody = [row for rows in logs for row in rows]
    assert [(n, int(m)) for n, m, _ in counts(funnel).values()] == walk(everybody, stages, "kept")
    assert (funnel["n_continued"] + funnel["n_dropped"] == funnel["n_entered"]).all()
    for _, rows in funnel.groupby("segment_value"):
        assert rows["n_entered"].is_monotonic_decreasing


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_and_doubled_rows_change_nothing(events, journey, seed):
    log = events(*(row for rows in random_logs(30, seed) for row in rows))
    doubled = pd.concat([log, log.sample(frac=0.5, random_state=seed)])
    mixed = doubled.sample(frac=1, random_state=seed).reset_index(drop=True)
    assert_frame_equal(estimate_drop_off(mixed, journey), estimate_drop_off(log, journey))
    assert_frame_equal(estimate_stage_timing(mixed, journey), estimate_stage_timing(log, journey))


LOGS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 4),
        st.sampled_from(["see", "pick", "buy"]),
        st.sampled_from(["step", "kept"]),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=25, deadline=None)
@given(rows=LOGS)
def test_any_small_log_gives_what_a_walk_gives(events, journey, rows):
    funnel = estimate_drop_off(events(*rows), journey)
    found = [(n, int(m)) for n, m, _ in counts(funnel).values()]
    expected = walk(rows, ["see", "pick", "buy"], "kept")
    assert found == (expected if expected[0][0] else [])


def test_timing_is_over_those_who_went_on(events, open_end):
    log = events(
        ("a", 0, "see"), ("a", 1, "pick"),
        ("b", 0, "see"), ("b", 3, "pick"), ("b", 13, "buy"),
        ("c", 0, "see"), ("c", 5, "pick"),
        ("d", 0, "see"),
    )  # fmt: skip
    timing = estimate_stage_timing(log, open_end)
    columns = ["next_stage", "n", "median_s", "q25_s", "q75_s"]
    assert timing[columns].to_numpy().tolist() == [
        ["pick", 3, 180.0, 120.0, 240.0],
        ["buy", 1, 600.0, 600.0, 600.0],
    ]
    assert timing["stage"].tolist() == ["see", "pick"]


def test_time_runs_from_the_first_entry_and_skips_stages_out_of_sequence(events, journey):
    log = events(("a", 0, "see"), ("a", 2, "chat"), ("a", 4, "see"), ("a", 10, "pick"))
    timing = estimate_stage_timing(log, journey)
    assert timing[["next_stage", "median_s"]].to_numpy().tolist() == [["pick", 600.0]]


def test_a_questionnaire_has_no_timing(events):
    measure = "questionnaire_abandonment"
    journey = Journey((Stage("o", "O", measure=measure), Stage("s", "S", measure=measure)))
    assert estimate_stage_timing(events(("x", 0, "o"), ("x", 1, "s")), journey).empty


def test_no_events_have_no_timing(events, journey):
    assert estimate_stage_timing(events(), journey).empty


def test_visitors_count_people_in_whatever_order(events, journey):
    log = events(
        ("a", 0, "buy"), ("a", 1, "chat"), ("a", 2, "chat"), ("b", 0, "chat"), ("b", 1, ""),
    )  # fmt: skip
    seen = count_visitors(log, journey)
    assert dict(zip(seen["stage"], seen["n_seen"], strict=True)) == {
        "see": 0, "pick": 0, "chat": 2, "buy": 1, "talk": 0,
    }  # fmt: skip
    assert count_visitors(events(), journey)["n_seen"].tolist() == [0] * 5


def test_the_first_value_is_the_earliest_that_is_not_empty(events):
    log = events(
        ("a", 5, "see", "e", "laptop"), ("a", 1, "see", "e", "phone"), ("a", 0, "see", "e", ""),
        ("b", 0, "see", "e", ""),
    )  # fmt: skip
    found = first_values(log, "device")
    assert found.to_numpy().tolist() == [["a", "phone"]]


def test_ties_in_time_do_not_depend_on_the_order_of_rows(events):
    rows = [("a", 1, "see", "e", name) for name in ("tv", "phone", "watch", "laptop")]
    values = {first_values(events(*some), "device")["value"][0] for some in (rows, rows[::-1])}
    assert values == {"laptop"}
