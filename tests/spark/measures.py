"""Every measure of behaviour, as a call on an open log: what the engines are compared by."""

from functools import partial

import numpy as np
import pandas as pd

from cjm_research.behaviour import (
    FunnelRule,
    count_visitors,
    describe_log,
    estimate_drop_off,
    estimate_stage_timing,
    first_values,
)
from cjm_research.behaviour.channels import (
    count_channel_switches,
    estimate_drop_off_by_entry,
    estimate_touchpoint_lift,
    summarize_channels,
)
from cjm_research.behaviour.experiments import Experiment, compare_arms, compare_periods
from cjm_research.behaviour.leaving import find_abandonment_points, find_destinations
from cjm_research.behaviour.path_queries import count_path_matches, find_participants
from cjm_research.behaviour.paths import count_paths
from cjm_research.behaviour.retention import (
    estimate_loss,
    estimate_referral,
    estimate_repeat,
    estimate_retention,
)
from cjm_research.behaviour.survival import estimate_time_to_next, summarize_time_to_next
from cjm_research.behaviour.transitions import count_loops, count_transitions, summarize_rework
from cjm_research.behaviour.value import measure_values
from cjm_research.journey import Journey, Stage

FORM = "questionnaire_abandonment"
JOURNEY = Journey(
    (
        Stage("see", "See", events=("see",)),
        Stage("pick", "Pick", events=("pick",)),
        Stage("chat", "Chat", sequential=False, events=("chat",)),
        Stage("buy", "Buy", events=("buy", "kept"), completed_by=("kept",),
              completed_elsewhere=("called",)),
        Stage("opened", "Opened", measure=FORM, events=("opened",)),
        Stage("sent", "Sent", measure=FORM, events=("sent",)),
    )
)  # fmt: skip
EVENTS = [
    "see",
    "see",
    "pick",
    "pick",
    "buy",
    "chat",
    "kept",
    "called",
    "other",
    "opened",
    "sent",
    "",
]

RULES = {
    "strict": FunnelRule(),
    "in any order": FunnelRule(order="any"),
    "within a visit": FunnelRule(scope="session"),
    "visits": FunnelRule(scope="session", unit="session"),
    "window": FunnelRule(window="2h"),
    "every try": FunnelRule(window="2h", reentry=True),
    "patience": FunnelRule(patience="2h"),
    "entry anywhere": FunnelRule(entry="anywhere"),
}
ARMS = Experiment(
    "help", control="shop", outcome="kept", within="12h",
    arms={"shop": ("see",), "chat": ("chat",)},
)  # fmt: skip
QUERY = "did pick >= 2, never kept"

MEASURES = {
    **{f"drop-off, {name}": partial(estimate_drop_off, rule=rule) for name, rule in RULES.items()},
    "timing": estimate_stage_timing,
    "visitors": count_visitors,
    "first values": lambda log: first_values(log, "channel"),
    "quality": partial(describe_log, now="2026-04-01"),
    "transitions": count_transitions,
    "transitions of events in visits": partial(count_transitions, by="event", scope="session"),
    "transitions of channels": partial(count_transitions, by="channel", collapse=True),
    "rework": summarize_rework,
    "loops": count_loops,
    "paths": count_paths,
    "paths of events in visits": partial(count_paths, by="event", scope="session", max_steps=3),
    "destinations": find_destinations,
    "abandonment": find_abandonment_points,
    "path queries": lambda log: count_path_matches(
        log, None, [QUERY, "did see then pick within 2h, never buy"]
    ),
    "people of a path query": lambda log: find_participants(log, None, QUERY),
    "time to next": estimate_time_to_next,
    "time to next, in short": summarize_time_to_next,
    "retention": partial(estimate_retention, period="day"),
    "loss": partial(estimate_loss, gap="12h"),
    "repeat": lambda log: estimate_repeat(log, "pick"),
    "referral": lambda log: estimate_referral(log, did="called", of="buy"),
    "channel switches": count_channel_switches,
    "channels": summarize_channels,
    "drop-off by device of entry": partial(estimate_drop_off_by_entry, column="device"),
    "touchpoint lift": estimate_touchpoint_lift,
    "values": measure_values,
    "arms": lambda log: compare_arms(log, None, [ARMS]),
    "periods": lambda log: compare_periods(
        log, at="2026-03-29T12:00", stage="see", outcome="buy", within="6h"
    ),
}


def make_log(n=1500, seed=3):
    """Return events with ties, gaps, a night without an hour, and people without a name."""
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2026-03-29T00:30", tz="Europe/Berlin")
    minutes = pd.to_timedelta(random.integers(0, 3000, n), unit="min")
    events = pd.DataFrame(
        {
            "participant_id": [f"p{i:03d}" if i % 17 else "" for i in random.integers(0, 120, n)],
            "session_id": [f"{i}" if i else "" for i in random.integers(0, 4, n)],
            "event": random.choice(EVENTS, n),
            "occurred_at": start + minutes,
            "channel": random.choice(["web", "app", "", "Läden"], n),
            "device": random.choice(["phone", "desk", ""], n),
            "value": random.choice([1.5, np.nan, 2.0], n),
        }
    )
    events.loc[5, "occurred_at"] = pd.NaT
    return events
