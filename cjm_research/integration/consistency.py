"""Whether people tell the same of a stage in one channel as in another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd

from cjm_research.integration.conventions import MIN_PEOPLE, NO_CODE
from cjm_research.journey import Journey

CONSISTENCY_COLUMNS = [
    "stage", "source", "channel_a", "channel_b", "n_a", "n_b", "tone_a", "tone_b", "shared",
    "consistency", "n_a_to_b", "n_b_to_a", "n_entered_a", "n_completed_a",
    "n_entered_b", "n_completed_b", "words",
]  # fmt: skip
CONSISTENT, DIFFERS, CANNOT_TELL = "consistent", "differs", "cannot tell"

_TONES = {"pain_point": "pain", "delight": "delight"}
_SHARED = 2
"""People of each channel who must tell a pain or delight for it to be told of both."""
_MOSTLY = 2
"""A channel has a tone when that many times as many people tell it than tell the other one."""
_JOINED = " + "
"""What joins the channels of a set in table `channels`."""


def compare_channels(
    channel_mentions: pd.DataFrame,
    *,
    channels: pd.DataFrame,
    channel_switches: pd.DataFrame,
    journey: Journey,
) -> pd.DataFrame:
    """Compare what people tell of each two channels of a stage.

    Parameters
    ----------
    channel_mentions : DataFrame
        Table of that name: pains and delights by the channel that they name.
    channels, channel_switches : DataFrame
        Tables of behaviour of those names; empty without a log.
    journey : Journey

    Returns
    -------
    DataFrame
        Table `channel_consistency`, one row per stage, source and pair of channels that
        somebody tells a pain or a delight of. `n_a` and `n_b` people tell the most told one: at
        least so many spoke of the channel, as a person may tell several. `tone_a` and `tone_b`
        are "pain" or "delight" where the most told pain has twice as many people as the most
        told delight, or the other way round; else "both". `shared` lists the pains and delights
        told of both, by at least 2 people each (`code_group`, `code`, `label`, `n_a`, `n_b`
        people), without those that fit no code.

        `consistency` is "differs" when one channel has the tone pain and the other delight,
        "consistent" when not and something is shared, else "cannot tell": that a pain is not
        told of a channel does not say that it is not there. It is "cannot tell" as well when
        fewer than 5 people spoke of either.

        Behaviour is of the whole journey, not of the stage, and only where the log has
        channels of these names: `n_a_to_b` and `n_b_to_a` people went from one straight to the
        other; of the `n_entered_a` people in the funnel who used no other channel than a
        `n_completed_a` came through it, and likewise for b. NaN where the log does not say.
    """
    told = channel_mentions[channel_mentions["code_group"].isin(_TONES)]
    told = told.assign(stage=journey.order(told["stage"]))
    log = _Log(channels, channel_switches)
    rows = []
    for (stage, source), mine in told.groupby(["stage", "source"], observed=True, sort=True):
        for a, b in combinations(sorted(mine["channel"].unique()), 2):
            row = {
                "stage": stage,
                "source": source,
                "channel_a": a,
                "channel_b": b,
                **_said(mine[mine["channel"] == a], mine[mine["channel"] == b]),
                **log.between(a, b),
            }
            rows.append(row | {"words": _words(row)})
    frame = pd.DataFrame(rows, columns=CONSISTENCY_COLUMNS)
    return frame.assign(stage=journey.order(frame["stage"]))


def _said(a: pd.DataFrame, b: pd.DataFrame) -> dict[str, Any]:
    n_a, n_b = int(a["n_said"].max()), int(b["n_said"].max())
    tones = (_tone(a), _tone(b))
    shared = list(_shared(a, b))
    if min(n_a, n_b) < MIN_PEOPLE:
        consistency = CANNOT_TELL
    elif set(tones) == {"pain", "delight"}:
        consistency = DIFFERS
    else:
        consistency = CONSISTENT if shared else CANNOT_TELL
    return {
        "n_a": n_a,
        "n_b": n_b,
        "tone_a": tones[0],
        "tone_b": tones[1],
        "shared": shared,
        "consistency": consistency,
    }


def _tone(told: pd.DataFrame) -> str:
    most = told.groupby("code_group")["n_said"].max()
    pain, delight = most.get("pain_point", 0), most.get("delight", 0)
    if pain >= _MOSTLY * delight:
        return "pain"
    return "delight" if delight >= _MOSTLY * pain else "both"


def _shared(a: pd.DataFrame, b: pd.DataFrame) -> Iterator[dict[str, Any]]:
    keys = ["code_group", "code"]
    both = a.merge(b[[*keys, "n_said"]], on=keys, suffixes=("_a", "_b"))
    both = both.assign(n=both[["n_said_a", "n_said_b"]].min(axis=1))
    both = both[(both["code"] != NO_CODE) & (both["n"] >= _SHARED)]
    for row in both.sort_values(["n", *keys], ascending=[False, True, True]).to_dict("records"):
        yield {
            **{key: row[key] for key in (*keys, "label")},
            "n_a": int(row["n_said_a"]),
            "n_b": int(row["n_said_b"]),
        }


class _Log:
    """What the log says of two channels."""

    def __init__(self, channels: pd.DataFrame, switches: pd.DataFrame) -> None:
        sets = channels[channels["channels"] != ""]
        self._only = {
            row["channels"].casefold(): (float(row["n_entered"]), float(row["n_completed"]))
            for row in sets.to_dict("records")
        }
        self._known = {name for joined in self._only for name in joined.split(_JOINED)}
        self._switched = {
            (row["from_channel"].casefold(), row["to_channel"].casefold()): row["n_participants"]
            for row in switches.to_dict("records")
        }

    def between(self, a: str, b: str) -> dict[str, float]:
        """Return the columns of behaviour for two channels."""
        first, second = a.casefold(), b.casefold()
        both_known = {first, second} <= self._known
        row = {
            "n_a_to_b": self._switches(first, second) if both_known else math.nan,
            "n_b_to_a": self._switches(second, first) if both_known else math.nan,
        }
        for side, name in (("a", first), ("b", second)):
            nobody = (0.0, 0.0) if name in self._known else (math.nan, math.nan)
            row[f"n_entered_{side}"], row[f"n_completed_{side}"] = self._only.get(name, nobody)
        return row

    def _switches(self, first: str, second: str) -> float:
        return float(self._switched.get((first, second), 0))


def _words(row: dict[str, Any]) -> str:
    a, b = row["channel_a"], row["channel_b"]
    if min(row["n_a"], row["n_b"]) < MIN_PEOPLE:
        return (
            f"{CANNOT_TELL}: the most told pain or delight has {row['n_a']} for {a} and "
            f"{row['n_b']} for {b}; {MIN_PEOPLE} are needed for each"
        )
    same = ", ".join(
        f"{each['label']} ({each['n_a']} and {each['n_b']} people)" for each in row["shared"]
    )
    told = f"; the same is told of both: {same}" if same else ""
    if row["consistency"] == DIFFERS:
        return f"{DIFFERS}: mostly {row['tone_a']} for {a}, mostly {row['tone_b']} for {b}{told}"
    if same:
        return f"{CONSISTENT}: the same is told of {a} and {b}: {same}"
    return f"{CANNOT_TELL}: different things are told of {a} and {b}"
