"""A real shop log with known answers, and every rule of the funnel on it by a slow walk."""

import csv
import gzip
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from cjm_research.behaviour import FunnelRule, estimate_drop_off, estimate_stage_timing, open_log
from cjm_research.journey import Journey, Stage
from tests.behaviour.slow_walk import Event, follow, tally

LOG = Path(__file__).parents[3] / "shared" / "data" / "retentioneering" / "ecom.csv.gz"
STEPS = ["product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"]
JOURNEY = Journey(tuple(Stage(name, name, events=(name,)) for name in STEPS))
COLUMNS = {"participant_id": "user_id", "occurred_at": "timestamp"}
VISITS = FunnelRule(scope="session", unit="session")

pytestmark = pytest.mark.skipif(not LOG.exists(), reason="the shared data are not here")


@pytest.fixture(scope="module")
def rows():
    with gzip.open(LOG, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def people(rows):
    found = defaultdict(list)
    for number, row in enumerate(rows):
        seconds = int(datetime.fromisoformat(row["timestamp"]).timestamp())
        stage = row["event"] if row["event"] in STEPS else ""
        found[row["user_id"]].append(Event(seconds, stage, row["event"], row["session_id"], number))
    return found


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(LOG)


def entered(log, **options):
    return estimate_drop_off(log, **options)["n_entered"].tolist()


def test_people_and_visits_in_the_order_of_rows_are_as_published(frame):
    with open_log(frame, JOURNEY, columns=COLUMNS, ties="row") as log:
        assert entered(log) == [598, 517, 429, 329, 222, 114]
        assert entered(log, rule=VISITS) == [2868, 944, 477, 194, 72, 15]


def test_strictly_later_events_give_fewer_visits(frame):
    # 163 rows share user and time with an earlier one: the rule for ties decides.
    with open_log(frame, JOURNEY, columns=COLUMNS, ties="later") as log:
        assert entered(log, rule=VISITS) == [2868, 943, 476, 193, 71, 15]


def test_in_any_order_as_many_bought_as_bought_at_all(rows):
    bought = {row["user_id"] for row in rows if row["event"] == "purchase"}
    with open_log(LOG, JOURNEY, columns=COLUMNS) as log:
        assert entered(log, rule=FunnelRule(order="any"))[-1] == len(bought) == 328


@pytest.mark.parametrize("ties", ["journey", "row", "later"])
@pytest.mark.parametrize(
    ("rule", "window", "patience"),
    [
        (FunnelRule(), None, None),
        (FunnelRule(order="any"), None, None),
        (FunnelRule(entry="anywhere"), None, None),
        (FunnelRule(scope="session"), None, None),
        (VISITS, None, None),
        (FunnelRule(patience="14D"), None, 14 * 86_400),
        (FunnelRule(window="1D"), 86_400, None),
        (FunnelRule(window="1D", reentry=True), 86_400, None),
    ],
)
def test_every_rule_gives_what_a_walk_from_person_to_person_gives(
    frame, people, rule, window, patience, ties
):
    end = max(event.minute for events in people.values() for event in events)
    outcomes = [
        outcome
        for events in people.values()
        for outcome in follow(events, JOURNEY, rule, ties, window=window or float("inf"))
    ]
    expected = tally(outcomes, JOURNEY, patience=patience, end=end)
    with open_log(frame, JOURNEY, columns=COLUMNS, ties=ties) as log:
        found = estimate_drop_off(log, rule=rule).to_dict("records")
    for row, mine in zip(expected, found, strict=True):
        assert mine["n_entered"] == row["entered"], row["stage"]
        assert mine["n_followed"] == row["followed"]
        if row["stage"] != "purchase":  # nothing completes a purchase: nobody is lost there
            assert mine["n_continued"] == row["continued"]
            assert mine["n_dropped"] == row["dropped"]
            assert mine["n_seen_later"] == row["seen_later"]
            assert mine["n_open"] == row["open"]


def test_medians_between_stages_are_those_of_a_slow_walk(people):
    outcomes = [o for events in people.values() for o in follow(events, JOURNEY, FunnelRule())]
    expected = []
    for place in range(len(STEPS) - 1):
        gaps = sorted(
            o.entries[place + 1].minute - o.entries[place].minute
            for o in outcomes
            if o.entries[place + 1]
        )
        middle = len(gaps) // 2
        expected.append(gaps[middle] if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle]) / 2)
    with open_log(LOG, JOURNEY, columns=COLUMNS) as log:
        assert estimate_stage_timing(log)["median_s"].tolist() == expected
