import math

import pandas as pd
import pytest

from cjm_research.journey import Journey, Stage
from cjm_research.tables import check_table, empty_table

START = pd.Timestamp("2026-03-01", tz="UTC")


def make_events(*rows, source="log"):
    if not rows:
        return empty_table("events")
    records = []
    for who, minute, stage, *rest in rows:
        event = rest[0] if rest else f"in {stage}"
        device = rest[1] if len(rest) > 1 else ""
        at = pd.NaT if minute is None else START + pd.Timedelta(minutes=minute)
        records.append(
            {
                "participant_id": who, "session_id": "", "event": event, "occurred_at": at,
                "stage": stage, "channel": "", "device": device, "value": math.nan, "wave": "",
                "source": source,
            }
        )  # fmt: skip
    return check_table(pd.DataFrame(records), "events")


@pytest.fixture(scope="session")
def events():
    return make_events


@pytest.fixture(scope="session")
def journey():
    return Journey(
        (
            Stage("see", "See"),
            Stage("pick", "Pick"),
            Stage("chat", "Chat", sequential=False),
            Stage("buy", "Buy", completed_by=("kept",)),
            Stage("talk", "Talk", measure="none"),
        )
    )


@pytest.fixture(scope="session")
def open_end():
    return Journey((Stage("see", "See"), Stage("pick", "Pick"), Stage("buy", "Buy")))
