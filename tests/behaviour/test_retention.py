import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cjm_research.behaviour import open_log
from cjm_research.behaviour.retention import (
    LOSS_COLUMNS,
    REFERRAL_COLUMNS,
    REPEAT_COLUMNS,
    RETENTION_COLUMNS,
    estimate_loss,
    estimate_referral,
    estimate_repeat,
    estimate_retention,
)
from cjm_research.errors import EngineError
from cjm_research.journey import Journey
from cjm_research.statistics import estimate_proportion

NO_STAGES = Journey(())
START = datetime(2026, 1, 1, tzinfo=UTC)


def dated(*rows):
    """Rows of who, time, and perhaps event and device."""
    return pd.DataFrame(
        [
            {"participant_id": who, "occurred_at": pd.to_datetime(at, utc=True),
             "event": rest[0] if rest else "visit", "device": rest[1] if len(rest) > 1 else ""}
            for who, at, *rest in rows
        ],
        columns=["participant_id", "occurred_at", "event", "device"],
    ).astype({"occurred_at": "datetime64[us, UTC]"})  # fmt: skip


def cohort(table, name):
    mine = table[table["cohort"] == name]
    return [
        (row.period_number, row.n_cohort, row.n_observed, row.n_active) for row in mine.itertuples()
    ]


def test_a_cohort_is_followed_by_calendar_month_until_the_log_no_longer_covers_it():
    log = dated(
        *((f"j{n}", "2026-01-31 23:59:59.999999") for n in range(6)),
        ("j0", "2026-02-01"), ("j1", "2026-02-28 23:59"), ("j1", "2026-02-03"),
        ("j2", "2026-03-31"), ("f", "2026-02-28"), ("f", "2026-03-01"), ("j3", "2026-04-10"),
    )  # fmt: skip
    found = estimate_retention(log)
    *observed, after = cohort(found, "2026-01-01")
    assert observed == [(0, 6, 6, 6), (1, 6, 6, 2), (2, 6, 6, 1)]
    assert after == pytest.approx((3, 6, 0, math.nan), nan_ok=True)
    assert cohort(found, "2026-02-01")[:2] == [(0, 1, 1, 1), (1, 1, 1, 1)]
    january = found[found["cohort"] == "2026-01-01"]
    assert january["rate"].tolist() == pytest.approx([1, 1 / 3, 1 / 6, math.nan], nan_ok=True)
    assert tuple(january[["low", "high"]].iloc[1]) == pytest.approx(estimate_proportion(2, 6)[1:])
    # One person is no cohort to give a rate of; pooled, they count.
    assert found.loc[found["cohort"] == "2026-02-01", "rate"].isna().all()
    assert cohort(found, "")[:3] == [(0, 7, 7, 7), (1, 7, 7, 3), (2, 7, 6, 1)]
    assert found["cohort"].tolist()[0] == ""


def test_nobody_active_in_an_observed_period_is_zero_and_in_none_is_missing():
    log = dated(*((f"p{n}", "2026-01-05") for n in range(5)), ("z", "2026-03-02"))
    january = estimate_retention(log).query("cohort == '2026-01-01'")
    assert january["rate"].tolist() == pytest.approx([1, 0, math.nan], nan_ok=True)


def test_weeks_begin_on_monday_and_days_at_midnight_utc():
    log = dated(
        ("a", "2026-03-01 23:00"), ("a", "2026-03-02 00:00"), ("b", "2026-03-08"),
        ("z", "2026-03-20"),
    )  # fmt: skip
    weeks = estimate_retention(log, period="week")
    assert cohort(weeks, "2026-02-23")[:2] == [(0, 1, 1, 1), (1, 1, 1, 1)]
    assert cohort(weeks, "2026-03-02")[:2] == [(0, 1, 1, 1), (1, 1, 1, 0)]
    days = estimate_retention(log, period="day")
    assert cohort(days, "2026-03-01")[:3] == [(0, 1, 1, 1), (1, 1, 1, 1), (2, 1, 1, 0)]
    zone = log.assign(occurred_at=log["occurred_at"].dt.tz_convert("Asia/Tokyo"))
    assert_frame_equal(estimate_retention(zone, period="day"), days)


def test_one_event_may_be_the_activity():
    log = dated(("a", "2026-01-01"), ("a", "2026-02-01", "buy"), ("z", "2026-05-01"))
    found = estimate_retention(log, event="buy")
    assert cohort(found, "2026-02-01")[:2] == [(0, 1, 1, 1), (1, 1, 1, 0)]
    assert estimate_retention(log, event="sell").empty


def test_an_unknown_period_is_named():
    with pytest.raises(EngineError, match="no period 'year'"):
        estimate_retention(dated(), period="year")


def number(day, period):
    if period == "month":
        return day.year * 12 + day.month
    return day.toordinal() if period == "day" else (day.toordinal() - 1) // 7


def walk(rows, period, end):
    """Count the active of each cohort, person by person: (start number, k) -> people."""
    last, found, sizes = number(end, period), {}, {}
    for who in {who for who, _ in rows}:
        active = {number(at, period) for w, at in rows if w == who}
        first = min(active)
        sizes[first] = sizes.get(first, 0) + 1
        for k in range(last - first):
            found[first, k] = found.get((first, k), 0) + (first + k in active)
    return found, sizes


@pytest.mark.parametrize("period", ["month", "week", "day"])
def test_random_logs_give_what_a_walk_from_person_to_person_gives(period):
    random = np.random.default_rng(2)
    # Around the ends of months, of a leap February and of a year, to the microsecond.
    edges = [datetime(2023, 12, 31, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC),
             datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)]  # fmt: skip
    logs = []
    for each in range(60):
        people = [f"{each}/{n}" for n in range(6)]
        logs.append(
            [
                (
                    people[random.integers(6)],
                    edges[random.integers(4)]
                    + timedelta(
                        days=int(random.integers(-3, 4)),
                        microseconds=int(random.choice([-1, 0, 1, 12345678])),
                    ),
                )
                for _ in range(30)
            ]
        )
    everybody = [row for rows in logs for row in rows]
    members = pd.DataFrame(
        sorted({(who, "log", who.split("/")[0]) for who, _ in everybody}),
        columns=["participant_id", "segment", "segment_value"],
    )
    with open_log(dated(*everybody), segments=members, journey=NO_STAGES) as log:
        found = estimate_retention(log, period=period)
    end = max(at for _, at in everybody)
    for value, rows in (("", everybody), *((str(n), rows) for n, rows in enumerate(logs))):
        mine = found[(found["segment_value"] == value) & (found["cohort"] != "")]
        # All logs end together, at the end of the one log that they are in.
        counted, sizes = walk(rows, period, end)
        starts = [number(datetime.fromisoformat(name), period) for name in mine["cohort"]]
        assert dict(zip(starts, mine["n_cohort"], strict=True)) == sizes
        cells = zip(starts, mine["period_number"], mine["n_active"], strict=True)
        assert {
            (start, k): n for start, k, n in cells if start + k < number(end, period)
        } == counted
        assert mine["n_active"].notna().sum() == len(counted)


def test_who_is_silent_for_longer_than_the_gap_is_lost_and_the_new_are_open():
    log = dated(
        ("a", "2026-01-01"), ("a", "2026-02-28"), ("b", "2026-01-01"), ("c", "2026-01-30"),
        ("c", "2026-03-01"), ("d", "2026-01-30 00:00:01"), ("e", "2026-01-30"),
        ("f", "2026-01-29 23:59:59"), ("g", "2026-01-02"), ("z", "2026-03-01"),
    )  # fmt: skip
    row = estimate_loss(log, gap="30D").iloc[0]
    # The limit is January 30: b, f and g were silent before it; d and z are too new.
    assert (row["n_judged"], row["n_lost"], row["n_open"]) == (6, 3, 2)
    assert row["rate"] == 0.5
    assert (row["low"], row["high"]) == pytest.approx(estimate_proportion(3, 6)[1:])


def test_loss_by_segment_has_no_rate_below_five_people():
    rows = [(f"p{n}", "2026-01-01", "visit", "phone") for n in range(6)]
    log = dated(*rows, ("t", "2026-01-01", "visit", "tv"), ("z", "2026-06-01"))
    found = estimate_loss(log, segments=["device"])
    assert found["segment_value"].tolist() == ["", "phone", "tv"]
    assert found["n_lost"].tolist() == [7, 6, 1]
    assert found["rate"].tolist() == pytest.approx([1, 1, math.nan], nan_ok=True)


def test_a_gap_must_be_a_time():
    for gap in ("", "long", "-3D"):
        with pytest.raises(EngineError, match="loss, gap"):
            estimate_loss(dated(), gap=gap)


def test_repeat_waits_for_those_who_may_still_come_back():
    rows = []
    for n, days in enumerate([1, 2, 3, None, None, None]):
        rows.append((f"p{n}", "2026-01-01", "buy"))
        rows += [(f"p{n}", f"2026-01-0{1 + days}", "buy")] if days else []
    log = dated(*rows, ("p0", "2026-01-01", "buy"), ("p1", "2026-01-09", "visit"))
    row = estimate_repeat(log, "buy").iloc[0]
    assert (row["n"], row["n_repeated"], row["rate"]) == (6, 3, 0.5)
    assert row["median_s"] == 3 * 86400
    # Who came first on the last day was not watched for a moment, and is not half of anything.
    late = dated(*rows, *((f"q{n}", "2026-01-09", "buy") for n in range(6)))
    again = estimate_repeat(late, "buy").iloc[0]
    assert (again["n"], again["n_repeated"], again["median_s"]) == (12, 3, 3 * 86400)


def test_repeat_below_five_people_has_counts_only():
    row = estimate_repeat(dated(("a", "2026-01-01", "buy"), ("a", "2026-01-02", "buy")), "buy")
    assert row[["n", "n_repeated"]].to_numpy().tolist() == [[1, 1]]
    assert row[["rate", "median_s"]].isna().to_numpy().all()


def test_referral_counts_at_or_after_the_first_completion():
    rows = [(f"p{n}", "2026-01-02", "buy") for n in range(5)]
    log = dated(
        *rows, ("p0", "2026-01-03", "invite"), ("p1", "2026-01-02", "share"),
        ("p2", "2026-01-01", "invite"), ("q", "2026-01-03", "invite"),
    )  # fmt: skip
    row = estimate_referral(log, did=["invite", "share"], of="buy").iloc[0]
    assert (row["n"], row["n_referred"], row["rate"]) == (5, 2, 0.4)


def test_segments_split_repeat_and_referral():
    rows = [
        (f"{device}{n}", f"2026-01-0{day}", event, device)
        for device, often in (("phone", 4), ("laptop", 1))
        for n in range(5)
        for day, event in ((1, "buy"), *([(2, "buy"), (3, "invite")] if n < often else []))
    ]
    log = dated(*rows)
    repeat = estimate_repeat(log, "buy", segments=["device"])
    assert repeat[["segment_value", "n", "n_repeated"]].to_numpy().tolist() == [
        ["", 10, 5], ["laptop", 5, 1], ["phone", 5, 4],
    ]  # fmt: skip
    referral = estimate_referral(log, did="invite", of="buy", segments=["device"])
    assert referral[["segment_value", "n_referred"]].to_numpy().tolist() == [
        ["", 5], ["laptop", 1], ["phone", 4],
    ]  # fmt: skip


def test_no_events_are_empty_frames_with_their_columns():
    for found, columns in (
        (estimate_retention(dated()), RETENTION_COLUMNS),
        (estimate_loss(dated()), LOSS_COLUMNS),
        (estimate_repeat(dated(), "buy"), REPEAT_COLUMNS),
        (estimate_referral(dated(), did="invite", of="buy"), REFERRAL_COLUMNS),
    ):
        assert found.empty
        assert found.columns.tolist() == columns


def test_shuffled_doubled_and_numbered_rows_change_nothing():
    random = np.random.default_rng(6)
    log = dated(
        *(
            (f"p{random.integers(20)}", START + timedelta(hours=int(random.integers(4000))),
             str(random.choice(["buy", "visit"])))
            for _ in range(200)
        )
    )  # fmt: skip
    mixed = pd.concat([log, log.head(60)]).sample(frac=1, random_state=1).reset_index(drop=True)
    for measure in (
        estimate_retention,
        lambda log, **more: estimate_loss(log, gap="20D", **more),
        lambda log, **more: estimate_repeat(log, "buy", **more),
    ):
        assert_frame_equal(measure(mixed), measure(log))
        assert_frame_equal(measure(mixed, ties="row"), measure(log))
