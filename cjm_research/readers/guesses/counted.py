"""Funnels and campaigns that other programs counted."""

from __future__ import annotations

import glob
from pathlib import Path

from cjm_research.config import FunnelReport
from cjm_research.errors import quoted
from cjm_research.readers.funnel_reports import (
    name_unread_columns,
    read_counted,
)
from cjm_research.readers.guesses.guess import Guess
from cjm_research.readers.notes import Notes
from cjm_research.readers.reported_steps import describe_labels


def guess_funnel(path: Path, program: str, columns: dict[str, str]) -> Guess:
    """Return the guess of a funnel that a program counted, its steps as a question."""
    source = FunnelReport.model_validate(
        {"id": "funnel", "kind": "funnel_report", "files": [glob.escape(path.name)]}
    )
    funnel = read_counted(path, source, notes=Notes())
    asks = [
        f"its steps are {describe_labels(funnel.steps)}: say which stage each is of, "
        "`steps: {STEP: STAGE}`.",
        _COUNTED,
    ]
    what = f"funnel, counted by {program}"
    if columns:
        what += ", by the names of its columns"
        asks.append("compare its counts with the program; other columns go under `columns:`.")
    unread = name_unread_columns(path, source)
    if unread:
        asks.append(f"not read: {quoted(unread)}. If one splits the funnel, it is the `segment`.")
    declared = {"program": program, "columns": columns} if columns else {}
    return Guess(path.name, "funnel_report", what, declared, tuple(asks))


def guess_campaigns(path: Path, program: str, columns: dict[str, str]) -> Guess:
    """Return the guess of what a program for e-mail or advertising counted."""
    asks = (
        "say which stage they belong to (`stage:`) and through which `channel:` they reach people.",
        _COUNTED,
        "compare its counts with the program; other columns go under `columns:`.",
    )
    what = f"campaigns, counted by {program}, by the names of its columns"
    return Guess(path.name, "campaign", what, {"program": program, "columns": columns}, asks)


_COUNTED = (
    "it holds counts of another program, and nobody in person: it is shown by itself, never "
    "counted with people."
)
