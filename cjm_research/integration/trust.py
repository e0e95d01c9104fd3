"""The trust gate: what a random sample that people coded says of each machine code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import ADJUDICATED, PERSON
from cjm_research.config.schema import TrustPart
from cjm_research.statistics import NOTHING, estimate_kappa
from cjm_research.statistics.prevalence import estimate_prediction_powered

TRUST_COLUMNS = [
    "source", "code_group", "code", "label", "status", "n_excerpts", "n_machine", "n_drawn",
    "n_labels", "n_participants", "kappa", "kappa_low", "kappa_high", "machine_share",
    "corrected_share", "corrected_low", "corrected_high", "n_to_code", "reason",
]  # fmt: skip
TRUSTED = "trusted"
NEEDS_PERSON = "needs a person"
UNCORRECTED = "uncorrected"
NOT_GATED = frozenset({"stage", "theme"})
"""Groups that place an excerpt, or that no codebook defines: nobody can be asked to agree."""
LOOSE = "part of it was learned from people's codes, which the sample does not check"
MIN_MET = 5
"""Coded excerpts that have the code, by people or machine, below which agreement is chance."""


def judge_trust(
    *,
    judged: pd.DataFrame,
    machine: pd.DataFrame,
    excerpts: pd.DataFrame,
    sample: pd.DataFrame,
    rules: TrustPart,
    labels: Mapping[tuple[str, str], str],
    unchecked: pd.DataFrame | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Hold every machine code against people, and correct how often it occurs.

    Parameters
    ----------
    judged : DataFrame
        `coder_id`, `excerpt_id`, `code_group`, `code` (empty: any of the group), `value` (1, 0):
        what people judged, as `review.list_judgements` gives it. What was adjudicated counts;
        else the one who says yes is believed, as everywhere.
    machine : DataFrame
        Table `codes` as it holds without people.
    excerpts : DataFrame
        Table `excerpts`; interviewers' are left out.
    sample : DataFrame
        Rows of `excerpts` that were drawn at random, with `inclusion_probability`; empty when
        none were.
    rules : TrustPart
    labels : mapping of (code_group, code) to str
    unchecked : DataFrame, optional
        Codes of machines that do not speak where people have: nothing on the sample says how
        right they are. What they coded as well is "uncorrected".
    random_state : int, default 0

    Returns
    -------
    DataFrame
        Table `trust`, one row per source, group and code that the machine gave there.
        `n_machine` of the source's `n_excerpts` excerpts have it by machine; `n_drawn` of them
        were drawn, and `n_labels` of these judged by people, of `n_participants` participants.
        `kappa` (Cohen, with its interval over participants) is how far machine and people agree
        on those.

        `status` is "trusted" from `rules.min_agreement` and `rules.min_labels` on; "needs a
        person" below that agreement; "uncorrected" without a sample, with fewer labels (of
        which `n_to_code` are missing), and where fewer than 5 coded excerpts have the code.
        `machine_share` is the share of excerpts with the code by machine, `corrected_share` the
        share that people would have given it, by prediction-powered inference with its 95 %
        interval; missing, with the `reason`, where that is not valid. Both are shares of
        excerpts, not of people.
    """
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    spoken = spoken.sort_values("excerpt_id", kind="stable")
    given = machine[
        ~machine["code_group"].isin(NOT_GATED) & machine["excerpt_id"].isin(spoken["excerpt_id"])
    ]
    drawn = (
        sample.set_index("excerpt_id")["inclusion_probability"]
        if len(sample)
        else pd.Series(dtype=float)
    )
    truth = _settle(judged)
    loose = set() if unchecked is None else _cells(unchecked, spoken)
    rows = []
    for source, mine in spoken.groupby("source", sort=True):
        codes = given[given["excerpt_id"].isin(mine["excerpt_id"])]
        for (group, code), with_code in codes.groupby(["code_group", "code"], sort=True):
            said = mine["excerpt_id"].isin(with_code["excerpt_id"]).to_numpy(dtype=float)
            asked = _labels(truth, str(group), str(code), mine["excerpt_id"])
            asked = np.where(mine["excerpt_id"].isin(drawn.index), asked, math.nan)
            found = _weigh(said, asked, mine, drawn, rules, random_state)
            if (source, group, code) in loose and found["n_labels"]:
                found |= {"status": UNCORRECTED, "reason": LOOSE}
            rows.append(
                {
                    "source": source, "code_group": group, "code": code,
                    "label": labels.get((str(group), str(code)), str(code).replace("_", " ")),
                    **found,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=TRUST_COLUMNS)


def gate(trust: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Return the status of each (source, code group, code)."""
    keys = trust[["source", "code_group", "code"]].itertuples(index=False, name=None)
    return dict(zip(keys, trust["status"], strict=True))


def describe_trust(trust: pd.DataFrame, *, study: str) -> list[str]:
    """Say for the report how far the machine's codes were checked, once for sources alike."""
    said: dict[str, list[str]] = {}
    for source, rows in trust.groupby("source", sort=False):
        said.setdefault(_say(rows, study), []).append(str(source))
    return [f"{', '.join(sources)}: {words}" for words, sources in said.items()]


def _say(rows: pd.DataFrame, study: str) -> str:
    # Groups that nobody coded have no labels, beside others that people did code.
    n_labels, n_to_code = int(rows["n_labels"].max()), int(rows["n_to_code"].min())
    if n_to_code:
        wanted, n_drawn = n_labels + n_to_code, int(rows["n_drawn"].max())
        coded = (
            f"people coded {n_labels} of {n_drawn} excerpts drawn at random; " if n_drawn else ""
        )
        how = (
            f"code {n_to_code} more of them"
            if n_drawn >= wanted
            # A sample is never enlarged: what is added later would not be drawn with the rest.
            else f"draw a {'new ' if n_drawn else ''}sample of {wanted} or more "
            f"(`cjm codes export {study} --coder NAME --validation {wanted}` with `--source` and "
            "a `--sample` name of its own)"
        )
        return (
            "machine-coded, uncorrected; counts may be too high or too low. To say how far the "
            f"machine agrees with people, {coded}{how}."
        )
    checked = rows[rows["n_labels"] > 0]["status"].value_counts()
    words = (
        f"people coded {n_labels} excerpts drawn at random. Of the machine’s codes "
        f"{checked.get(TRUSTED, 0)} agree with them well enough, {checked.get(NEEDS_PERSON, 0)} "
        f"need a person, {checked.get(UNCORRECTED, 0)} were met too rarely to tell"
    )
    others = rows.loc[rows["n_labels"] == 0, "code_group"]
    unchecked = sorted({group.replace("_", " ") for group in others})
    return words + (f"; not checked: {', '.join(unchecked)}." if unchecked else ".")


def _cells(codes: pd.DataFrame, excerpts: pd.DataFrame) -> set[tuple[str, str, str]]:
    placed = codes.merge(excerpts[["excerpt_id", "source"]], on="excerpt_id")
    keys = placed[["source", "code_group", "code"]].drop_duplicates()
    return set(keys.itertuples(index=False, name=None))


def _settle(judged: pd.DataFrame) -> pd.DataFrame:
    """Return one judgement per excerpt, group and code: adjudicated, else yes before no."""
    keys = ["excerpt_id", "code_group"]
    first = judged["coder_id"] == PERSON + ADJUDICATED
    done = pd.MultiIndex.from_frame(judged.loc[first, keys])
    left = judged[first | ~pd.MultiIndex.from_frame(judged[keys]).isin(done)]
    return left.groupby([*keys, "code"], sort=True)["value"].max().reset_index()


def _labels(truth: pd.DataFrame, group: str, code: str, excerpts: pd.Series) -> np.ndarray:
    """Return people's 1, 0 or NaN (not judged) per excerpt."""
    mine = truth[truth["code_group"] == group].set_index("excerpt_id")
    said = mine.loc[mine["code"] == code, "value"]
    # Who judged the group and did not give this code denies it.
    judged = mine.loc[mine["code"] == "", "value"] * 0.0
    values: np.ndarray = said.combine_first(judged).reindex(excerpts).to_numpy(dtype=float)
    return values


def _weigh(
    said: np.ndarray,
    asked: np.ndarray,
    excerpts: pd.DataFrame,
    drawn: pd.Series,
    rules: TrustPart,
    random_state: int,
) -> dict[str, Any]:
    people = excerpts["participant_id"].to_numpy()
    known = ~np.isnan(asked)
    n_labels = int(known.sum())
    row: dict[str, Any] = {
        "n_excerpts": len(said),
        "n_machine": int(said.sum()),
        "n_drawn": int(excerpts["excerpt_id"].isin(drawn.index).sum()),
        "n_labels": n_labels,
        "n_participants": len(set(people[known])),
        "machine_share": float(said.mean()),
        # A source with fewer excerpts is coded in full, and nothing is left to estimate.
        "n_to_code": max(0, min(rules.min_labels, len(said)) - n_labels),
    }
    kappa, corrected, reason = NOTHING, NOTHING, ""
    status = UNCORRECTED
    if n_labels == 0:
        reason = "no excerpts drawn at random were coded by people"
    elif row["n_to_code"]:
        reason = f"{n_labels} of {rules.min_labels} labels"
    else:
        agreement = estimate_kappa(
            said[known], asked[known], people[known].tolist(), random_state=random_state
        )
        kappa, reason = agreement.kappa, agreement.reason
        n_met = agreement.n_both + agreement.n_first + agreement.n_second
        if n_met < MIN_MET:
            reason = f"{n_met} of the coded excerpts have it: too few to tell"
        else:
            status = TRUSTED if kappa.value >= rules.min_agreement else NEEDS_PERSON
        chances = drawn.reindex(excerpts["excerpt_id"]).to_numpy(dtype=float)
        found = estimate_prediction_powered(
            asked[known],
            said[known],
            said[~known],
            participants=people[known].tolist(),
            unlabelled_participants=people[~known].tolist(),
            inclusion_probability=chances[known],
        )
        corrected = found.share
        reason = "; ".join(filter(None, (reason, found.reason)))
    return row | {
        "status": status,
        "kappa": kappa.value, "kappa_low": kappa.low, "kappa_high": kappa.high,
        "corrected_share": corrected.value, "corrected_low": corrected.low,
        "corrected_high": corrected.high, "reason": reason,
    }  # fmt: skip
