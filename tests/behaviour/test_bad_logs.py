"""Logs as they really come: each gives a stated result or a clear error."""

import math

import pandas as pd
import pytest

from cjm_research.behaviour import (
    FunnelRule,
    describe_log,
    estimate_drop_off,
    estimate_stage_timing,
    open_log,
)
from cjm_research.errors import EngineError
from cjm_research.journey import Journey, Stage

JOURNEY = Journey((Stage("see", "See", events=("viewed",)), Stage("buy", "Buy", events=("paid",))))


def log_of(*rows):
    return pd.DataFrame(rows, columns=["participant_id", "event", "occurred_at"]).assign(
        occurred_at=lambda frame: pd.to_datetime(frame["occurred_at"])
    )


def checks(log, **options):
    found = describe_log(log, JOURNEY, **options)
    return found.set_index("check")["n"].to_dict()


def test_a_log_without_a_column_of_people_says_which_columns_it_has():
    log = log_of(("a", "viewed", "2026-01-01")).rename(columns={"participant_id": "visitor"})
    with pytest.raises(EngineError, match=r"no column 'participant_id'") as error:
        estimate_drop_off(log, JOURNEY)
    assert "'visitor'" in str(error.value)
    assert "`columns`" in str(error.value)


def test_a_log_in_which_nobody_has_an_id_gives_no_numbers_and_says_why():
    log = log_of(("", "viewed", "2026-01-01"), (None, "paid", "2026-01-01"))
    assert estimate_drop_off(log, JOURNEY).empty
    assert estimate_stage_timing(log, JOURNEY).empty
    assert checks(log)["without a participant"] == 2
    assert checks(log)["with an id and a time"] == 0


def test_events_without_a_person_or_time_are_left_out_and_counted():
    log = log_of(
        ("a", "viewed", "2026-01-01"), ("", "paid", "2026-01-02"), ("a", "paid", None),
        ("b", "other", "2026-01-03"),
    )  # fmt: skip
    assert estimate_drop_off(log, JOURNEY)["n_entered"].tolist() == [1, 0]
    found = checks(log)
    assert (found["without a participant"], found["without a time"]) == (1, 1)
    assert found["in no stage of the journey"] == 1


def test_a_clock_that_goes_wrong_is_named_and_can_be_left_out():
    log = log_of(
        ("a", "viewed", "2026-01-01"), ("a", "paid", "2031-01-01"), ("b", "viewed", "1970-01-01"),
        ("c", "viewed", "2026-01-01"),
    )  # fmt: skip
    found = checks(log, now="2026-02-01")
    assert (found["in the future"], found["before the year 2000"]) == (1, 1)
    rule = FunnelRule(patience="30D")
    # As it stands, observation goes on until 2031: c is long lost.
    assert estimate_drop_off(log, JOURNEY, rule=rule)["n_open"][0] == 0
    with open_log(log, JOURNEY, until="2026-01-20") as kept:
        funnel = estimate_drop_off(kept, rule=rule)
    assert funnel["n_entered"].tolist() == [3, 0]
    assert funnel["n_open"][0] == 2


def test_a_machine_with_thousands_of_events_is_one_participant_and_is_named():
    people = [(f"p{n}", "viewed", "2026-01-01") for n in range(10)]
    start = pd.Timestamp("2026-01-01")
    machine = [
        ("bot", ("viewed", "paid")[n % 2], start + pd.Timedelta(seconds=n)) for n in range(6000)
    ]
    log = log_of(*people, *machine)
    funnel = estimate_drop_off(log, JOURNEY)
    assert funnel["n_entered"].tolist() == [11, 1]
    found = checks(log)
    assert found["with 1,000 events or more"] == 1
    assert found["of such participants"] == 6000


def test_one_event_per_person_gives_a_funnel_and_no_times():
    log = log_of(*((f"p{n}", "viewed", "2026-01-01") for n in range(6)))
    funnel = estimate_drop_off(log, JOURNEY)
    assert funnel["drop_off_rate"][0] == 1.0
    assert estimate_stage_timing(log, JOURNEY).empty
    assert checks(log)["with one event only"] == 6


def test_a_stage_without_events_has_no_rate_and_is_named():
    log = log_of(*((f"p{n}", "viewed", "2026-01-01") for n in range(6)))
    funnel = estimate_drop_off(log, JOURNEY)
    assert funnel["n_entered"][1] == 0
    assert math.isnan(funnel["drop_off_rate"][1])
    described = describe_log(log, JOURNEY).set_index("check")
    assert described.loc["without any event", "n"] == 1
    assert "Buy" in described.loc["without any event", "words"]


def test_repeated_rows_are_counted_and_change_no_count_of_people():
    log = log_of(("a", "viewed", "2026-01-01"), ("a", "paid", "2026-01-02"))
    doubled = pd.concat([log, log])
    assert checks(doubled)["repeated: same participant, event and time"] == 2
    pd.testing.assert_frame_equal(
        estimate_drop_off(doubled, JOURNEY), estimate_drop_off(log, JOURNEY)
    )


def test_times_that_are_no_times_say_so():
    log = log_of(("a", "viewed", "2026-01-01")).assign(occurred_at=1767225600)
    with pytest.raises(EngineError, match="unit is not known"):
        estimate_drop_off(log, JOURNEY)
    with pytest.raises(EngineError, match="not times"):
        estimate_drop_off(log.assign(occurred_at=True), JOURNEY)
    with pytest.raises(EngineError, match="times are read as"):
        estimate_drop_off(log.assign(occurred_at="yesterday"), JOURNEY)


def test_a_segment_with_a_value_for_everybody_says_so():
    log = log_of(*((f"p{n}", "viewed", "2026-01-01") for n in range(300))).assign(
        city=[f"city {n}" for n in range(300)]
    )
    with pytest.raises(EngineError, match="more than 200 different values"):
        estimate_drop_off(log, JOURNEY, segments=["city"])


def test_a_segment_that_nobody_shows_splits_nothing():
    log = log_of(("a", "viewed", "2026-01-01")).assign(device="")
    funnel = estimate_drop_off(log, JOURNEY, segments=["device"])
    assert funnel["segment"].tolist() == ["", ""]


def test_a_segment_that_is_no_column_says_so():
    with pytest.raises(EngineError, match="no column 'contry'"):
        estimate_drop_off(log_of(("a", "viewed", "2026-01-01")), JOURNEY, segments=["contry"])


def test_a_person_in_two_groups_of_one_segment_says_so():
    segments = pd.DataFrame(
        [("a", "age", "young"), ("a", "age", "old")],
        columns=["participant_id", "segment", "segment_value"],
    )
    with pytest.raises(EngineError, match="two values of one segment"):
        estimate_drop_off(log_of(("a", "viewed", "2026-01-01")), JOURNEY, segments=segments)


@pytest.mark.parametrize("name", ["nowhere.parquet", "log.xlsx", "folder"])
def test_a_file_that_is_not_there_or_of_an_unknown_kind_says_so(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "log.xlsx").write_text("x")
    with pytest.raises(EngineError, match="What to do"):
        estimate_drop_off(tmp_path / name, JOURNEY)


def test_a_broken_file_says_so(tmp_path):
    (tmp_path / "log.parquet").write_text("this is no parquet")
    with pytest.raises(EngineError, match="cannot be read as parquet"):
        estimate_drop_off(tmp_path / "log.parquet", JOURNEY)
