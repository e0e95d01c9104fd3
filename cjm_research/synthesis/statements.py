"""Statements as findings to read: one row each with its particulars, and people per pain point."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cjm_research.journey import UNASSIGNED

STATED_GROUPS = (
    "pain_point", "delight", "need", "expectation", "reason", "social_proof", "adjacent_wish",
)  # fmt: skip
PARTICULARS = (
    "obstacle", "touchpoint", "consequence", "whose", "when", "expected", "happened",
)  # fmt: skip
STATEMENT_COLUMNS = [
    "excerpt_id", "participant_id", "source", "stage", "code_group", "code", "label",
    "severity", "severity_by", *PARTICULARS, "strength", "basis", "coder_id", "text",
]  # fmt: skip
PAIN_COLUMNS = [
    "stage", "source", "code", "label", "n_said", "n_heard", "severity", "n_severe",
    "severity_by_people", "n_graded", "consequences", "touchpoints", "n_own",
]  # fmt: skip
NOTHING_MORE = "annoyed"
"""The consequence of a pain of which no other is told."""
NOT_TOLD = 1
"""What a machine proposes as severity where it found nothing of what a pain cost."""
SEVERE = 3
"""Severity from which a pain point counts as severe: blocked, or worse."""


def list_statements(
    held: pd.DataFrame,
    codes: pd.DataFrame,
    excerpts: pd.DataFrame,
    coders: pd.DataFrame,
    *,
    labels: Mapping[tuple[str, str], str],
) -> pd.DataFrame:
    """List every statement that holds, with its particulars.

    Parameters
    ----------
    held : DataFrame
        Resolved codes.
    codes : DataFrame
        All codes: what machines read stays known where a person's code, which names no
        particulars, holds.
    excerpts : DataFrame
        Table `excerpts` with resolved stages.
    coders : DataFrame
        Table `coders`.
    labels : mapping of (code_group, code) to str

    Returns
    -------
    DataFrame
        Table `statements`, one row per excerpt and code of `STATED_GROUPS`. `severity` is 1 to
        4 (`docs/coding-guide.md`), NaN for all but pain points; `severity_by` says whether
        a person gave it ("person") or a machine proposes it ("machine"). A machine's 1 is none:
        it stands for words in which it found nothing of what the trouble cost.
    """
    kinds = coders.set_index("coder_id")["kind"]
    stated = held[held["code_group"].isin(STATED_GROUPS) & (held["excerpt_id"] != "")]
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    columns = ["excerpt_id", "participant_id", "source", "stage", "start", "text"]
    rows = stated.drop(columns=["start"]).merge(spoken[columns], on="excerpt_id", how="inner")
    proposed = _proposals(codes, kinds)
    records = []
    for row in rows.to_dict("records"):
        own = _attributes(row["attributes"])
        machine = proposed.get((row["excerpt_id"], row["code_group"]), {})
        by_person = kinds.get(row["coder_id"]) == "person"
        severity = own.get("severity", machine.get("severity"))
        given = "severity" in own and by_person
        if severity == NOT_TOLD and not given:
            severity = None
        records.append(
            row
            | {name: str(own.get(name) or machine.get(name) or "") for name in PARTICULARS}
            | {
                "label": labels.get(
                    (row["code_group"], row["code"]), row["code"].replace("_", " ")
                ),
                "severity": float(severity) if severity else float("nan"),
                "severity_by": ("person" if given else "machine") if severity else "",
            }
        )
    frame = pd.DataFrame(records, columns=[*STATEMENT_COLUMNS, "document_id", "start"])
    frame = frame.sort_values(["document_id", "start", "code_group", "code"], kind="stable")
    return frame[STATEMENT_COLUMNS].reset_index(drop=True)


def summarize_pain_points(
    statements: pd.DataFrame, mentions: pd.DataFrame, *, order: Any
) -> pd.DataFrame:
    """Count people per pain point, with how badly it hit them.

    Parameters
    ----------
    statements : DataFrame
        From `list_statements`.
    mentions : DataFrame
        Table `mentions`: `n_said` of `n_heard`.
    order : callable
        Makes a series of stages ordered (`Journey.order`).

    Returns
    -------
    DataFrame
        Table `pain_points`, one row per stage, source and code. `n_graded` people say what it
        cost, or a person graded what they say. `severity` is the median of each one's gravest,
        NaN where they are fewer than half of those who tell it; `n_severe` the people with 3 or
        4; `severity_by_people` those for whom a person gave it. `consequences` (what was
        told beyond displeasure) and `touchpoints` hold people per value, most first. `n_own`
        people tell it as their own.
    """
    told = statements[
        (statements["code_group"] == "pain_point") & (statements["stage"].astype(str) != UNASSIGNED)
    ].assign(stage=lambda rows: rows["stage"].astype(str))
    said = mentions[(mentions["segment"] == "") & (mentions["code_group"] == "pain_point")]
    rows = []
    for row in said.to_dict("records"):
        mine = told[
            (told["stage"] == str(row["stage"]))
            & (told["source"] == row["source"])
            & (told["code"] == row["code"])
        ]
        gravest = mine.groupby("participant_id")["severity"].max().dropna()
        by_people = mine.loc[mine["severity_by"] == "person", "participant_id"].nunique()
        rows.append(
            {key: row[key] for key in ("stage", "source", "code", "label", "n_said", "n_heard")}
            | {
                "severity": (
                    float(gravest.median()) if 2 * len(gravest) >= row["n_said"] else math.nan
                ),
                "n_severe": int((gravest >= SEVERE).sum()),
                "severity_by_people": int(by_people),
                "n_graded": len(gravest),
                "consequences": _people_per(
                    mine[mine["consequence"] != NOTHING_MORE], "consequence"
                ),
                "touchpoints": _people_per(mine, "touchpoint"),
                "n_own": mine.loc[mine["whose"] != "other", "participant_id"].nunique(),
            }
        )
    frame = pd.DataFrame(rows, columns=PAIN_COLUMNS)
    return frame.assign(stage=order(frame["stage"]))


def count_bases(
    held: pd.DataFrame, excerpts: pd.DataFrame, *, coders: pd.DataFrame
) -> pd.DataFrame:
    """Count on what the stages of excerpts rest.

    Returns
    -------
    DataFrame
        Table `stage_bases`: `source`, `basis`, `n_excerpts`, `n_participants`; the basis
        "unassigned" for excerpts without a stage. Interviewers do not count.
    """
    people = set(coders.loc[coders["kind"] == "person", "coder_id"])
    stages = held[(held["code_group"] == "stage") & (held["excerpt_id"] != "")]
    stages = stages.drop_duplicates("excerpt_id")
    basis = stages["basis"].where(~stages["coder_id"].isin(people), "person")
    spoken = excerpts[excerpts["speaker"] != "interviewer"]
    rests = spoken["excerpt_id"].map(dict(zip(stages["excerpt_id"], basis, strict=True)))
    rows = spoken.assign(basis=rests.fillna(UNASSIGNED))
    counts = rows.groupby(["source", "basis"], sort=True).agg(
        n_excerpts=("excerpt_id", "size"), n_participants=("participant_id", "nunique")
    )
    return (
        counts.reset_index()
        .sort_values(
            ["source", "n_excerpts", "basis"], ascending=[True, False, True], kind="stable"
        )
        .reset_index(drop=True)
    )


def _proposals(codes: pd.DataFrame, kinds: pd.Series) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the particulars that machines read, by excerpt and group."""
    machine = codes[
        codes["code_group"].isin(STATED_GROUPS)
        & (codes["coder_id"].map(kinds) == "machine")
        & (codes["attributes"] != "{}")
    ]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for excerpt, group, attributes in zip(
        machine["excerpt_id"], machine["code_group"], machine["attributes"], strict=True
    ):
        found.setdefault((excerpt, group), _attributes(attributes))
    return found


def _attributes(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text and text != "{}" else {}


def _people_per(rows: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    told = rows[rows[column] != ""]
    counts = told.groupby(column)["participant_id"].nunique()
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"name": str(name), "n": int(n)} for name, n in ordered]
