"""Surveys: tables of answers, and files of SPSS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cjm_research.readers.cells import make_cells
from cjm_research.readers.guesses.guess import NO_SIGN, Guess
from cjm_research.readers.guesses.questions import guess_questions
from cjm_research.readers.notes import Notes
from cjm_research.readers.spss import read_spss
from cjm_research.readers.survey_exports import SPSS, Export


def guess_survey(
    file: str,
    frame: pd.DataFrame,
    export: Export,
    what: str,
    *,
    codes: pd.DataFrame | None = None,
    missing: Iterable[str] = (),
) -> Guess:
    """Return the guess that a table is a survey; none where no question is found in it."""
    source, asks = guess_questions(frame, export, codes=codes, missing=missing)
    if not source:
        return Guess(file, "", NO_SIGN)
    what = f"{what}; {len(frame):,} rows"
    return Guess(file, "survey", what, source, tuple(asks), header=tuple(frame.columns))


def guess_spss(path: Path) -> Guess:
    """Return the guess of an SPSS file, with how many answers it declares missing."""
    file = read_spss(path)
    every = range(len(file.names))
    codes, labels = (
        make_cells(path.name, file.names, records, first=1, notes=Notes()).frame
        for records in (file.records(coded=every), file.records())
    )
    export = Export(SPSS, file.names, 1, wording=file.wording)
    what = "survey, saved by SPSS"
    guess = guess_survey(path.name, labels, export, what, codes=codes, missing=file.missing)
    if not guess.kind or not file.missing:
        return guess
    n = sum(file.missing.values())
    ask = f"answers declared missing, such as refusals, are counted and never rated: {n:,}."
    return replace(guess, asks=(*guess.asks, ask))
