"""Saturation of a study's interviews, from the codes that people made while reading."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.statistics import (
    OrderedSaturation,
    Saturation,
    count_new_codes,
    find_saturation,
    saturate_over_orders,
)
from cjm_research.synthesis.mentions import NOTHING_SAID

INDUCTIVE_GROUPS = ("pain_point", "delight", "need", "expectation", "theme")
"""Code groups that people fill from what they read; stages and emotions are given."""
NOT_FOUND = frozenset({"other", NOTHING_SAID})
NEW_CODE_COLUMNS = ["source", "interview", "document_id", "n_new", "n_so_far"]
SATURATION_COLUMNS = [
    "source", "base", "run", "threshold", "n_interviews", "n_codes", "base_codes", "reached_at",
    "last_ratio", "median", "low", "high", "reached_rate", "words",
]  # fmt: skip


def list_new_codes(
    codes: pd.DataFrame,
    coders: pd.DataFrame,
    documents: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    groups: Sequence[str] = INDUCTIVE_GROUPS,
    given: Collection[tuple[str, str]] = (),
) -> pd.DataFrame:
    """List how many new codes each interview brought, in the order they were held.

    Parameters
    ----------
    codes : DataFrame
        Resolved codes; only those of people count. A machine finds its codes in every
        interview from the first one on, and would always be saturated.
    coders, documents, excerpts : DataFrame
        Tables of those names.
    groups : sequence of str
        Code groups to count.
    given : collection of (code_group, code)
        Codes that were in the codebook before anybody read: they were not found.

    Returns
    -------
    DataFrame
        Table `new_codes`, one row per interview (or focus group) that a person coded:
        `interview` counts from 1 per source, by date where all have one, else by id.
        `n_new` codes not told before, `n_so_far` codes up to it.
    """
    rows: list[list[Any]] = []
    for source, told in _told(codes, coders, documents, excerpts, groups, given):
        total = 0
        new_codes = count_new_codes(told.to_numpy())
        for number, (document, n_new) in enumerate(zip(told.index, new_codes, strict=True), 1):
            total += n_new
            rows.append([source, number, document, n_new, total])
    return pd.DataFrame(rows, columns=NEW_CODE_COLUMNS)


def measure_saturation(
    codes: pd.DataFrame,
    coders: pd.DataFrame,
    documents: pd.DataFrame,
    excerpts: pd.DataFrame,
    *,
    groups: Sequence[str] = INDUCTIVE_GROUPS,
    given: Collection[tuple[str, str]] = (),
    bases: Sequence[int] = (4, 5, 6),
    runs: Sequence[int] = (2, 3),
    threshold: float = 0.05,
    n_orders: int = 500,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure whether the last interviews still brought new codes.

    Parameters
    ----------
    codes, coders, documents, excerpts, groups, given
        As for `list_new_codes`.
    bases, runs : sequence of int
        Every pair is shown, since the figure depends on the choice.
    threshold : float, default 0.05
        Greatest share of new codes in a run, of the base's codes.
    n_orders : int, default 500
        Random orders of the interviews.
    random_state : int, default 0

    Returns
    -------
    DataFrame
        Table `saturation`, one row per source, base and run. `reached_at` interviews were
        held before the first run at or below the threshold, in the order held; `median`,
        `low`, `high` are the same over random orders (NaN: not reached), and
        `reached_rate` the share of these orders that reach it. `words` says it in full,
        with "cannot tell" for too few interviews.

    References
    ----------
    Guest, Namey and Chen (2020), PLoS ONE 15(5), e0232076.
    """
    rows = []
    for source, told in _told(codes, coders, documents, excerpts, groups, given):
        matrix = told.to_numpy()
        new_codes = count_new_codes(matrix)
        for base in bases:
            for run in runs:
                found = find_saturation(new_codes, base=base, run=run, threshold=threshold)
                orders = (
                    saturate_over_orders(
                        matrix, base=base, run=run, threshold=threshold,
                        n_orders=n_orders, random_state=random_state,
                    )
                    if found.ratios
                    else OrderedSaturation(0, 0, *_NO)
                )  # fmt: skip
                rows.append(
                    {
                        "source": source,
                        "base": base,
                        "run": run,
                        "threshold": threshold,
                        "n_interviews": len(told),
                        "n_codes": int(told.any().sum()),
                        "base_codes": found.base_codes,
                        "reached_at": _NO[0] if found.reached_at is None else found.reached_at,
                        "last_ratio": found.ratios[-1] if found.ratios else _NO[0],
                        "median": orders.median,
                        "low": orders.low,
                        "high": orders.high,
                        "reached_rate": orders.n_reached / orders.n_orders
                        if orders.n_orders
                        else _NO[0],
                        "words": _say(new_codes, found, orders, base, run, threshold),
                    }
                )
    table = pd.DataFrame(rows, columns=SATURATION_COLUMNS)
    return table.astype(dict.fromkeys(("reached_at", "median", "low", "high"), "float64"))


def _told(
    codes: pd.DataFrame,
    coders: pd.DataFrame,
    documents: pd.DataFrame,
    excerpts: pd.DataFrame,
    groups: Sequence[str],
    given: Collection[tuple[str, str]],
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each source with its coded interviews x codes, in the order held."""
    people = coders.loc[coders["kind"] == "person", "coder_id"]
    interviewers = excerpts.loc[excerpts["speaker"] == "interviewer", "excerpt_id"]
    theirs = codes[codes["coder_id"].isin(people) & ~codes["excerpt_id"].isin(interviewers)]
    interviews = documents[documents["kind"] == "interview"]
    # An interview that nobody has coded would look like one without a new code.
    coded = interviews[interviews["document_id"].isin(theirs["document_id"])]
    counted = theirs[
        theirs["code_group"].isin(groups)
        & ~theirs["code"].isin(NOT_FOUND)
        & (theirs["strength"] > 0)
    ]
    # As one text: codes of two groups may bear the same name.
    counted = counted.assign(key=counted["code_group"] + ":" + counted["code"])
    counted = counted[~counted["key"].isin([f"{group}:{code}" for group, code in given])]
    for source, mine in coded.groupby("source", sort=True):
        order = ["said_at", "document_id"] if mine["said_at"].notna().all() else ["document_id"]
        ids = mine.sort_values(order)["document_id"].tolist()
        told = counted[counted["document_id"].isin(ids)]
        matrix = pd.crosstab(told["document_id"], told["key"]).reindex(ids, fill_value=0) > 0
        yield str(source), matrix.astype(np.bool_)


def _say(
    new_codes: Sequence[int],
    found: Saturation,
    orders: OrderedSaturation,
    base: int,
    run: int,
    threshold: float,
) -> str:
    n = len(new_codes)
    if n < base + run:
        return f"cannot tell: {_count(n, 'coded interview')}, and {base + run} are needed"
    if not found.base_codes:
        return f"cannot tell: the first {base} interviews hold no codes"
    if found.reached_at is None:
        n_new = sum(new_codes[-run:])
        return (
            f"not reached: the last {run} of {n} interviews added {_count(n_new, 'new code')} to "
            f"the {found.base_codes} of the first {base}. {_say_orders(orders)}"
        )
    at = found.reached_at
    n_new = sum(new_codes[at : at + run])
    later = sum(new_codes[at + run :])
    after = f", and those after them {later} more" if later else ""
    return (
        f"{at}+{run}: interviews {at + 1} to {at + run} added {n_new} codes to the "
        f"{found.base_codes} of the first {base}{after} (threshold {100 * threshold:g} %). "
        f"This does not show that nothing is left to find. {_say_orders(orders)}"
    )


def _say_orders(orders: OrderedSaturation) -> str:
    if not orders.n_reached:
        return "In no random order of the interviews it is reached."
    part = f"In {orders.n_reached} of {orders.n_orders} random orders it is reached"
    if np.isnan(orders.median):
        return f"{part}, in the quickest after {orders.low:.0f} interviews."
    longest = f"to {orders.high:.0f}" if not np.isnan(orders.high) else "to never"
    return f"{part}: after a median of {orders.median:.0f} interviews ({orders.low:.0f} {longest})."


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"


_NO = (float("nan"), float("nan"), float("nan"))
