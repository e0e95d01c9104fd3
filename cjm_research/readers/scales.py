"""Answers on a scale as numbers: `10`, `10 - Extremely likely`, `Very satisfied`, items of SUS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from cjm_research.readers.cells import squeeze

SUS_ITEMS = 10
# A number, then a sign, then words: `10 - Extremely likely`, `5 (Very satisfied)`, `1. Never`.
_LABELLED = re.compile(r"(\d{1,3})\s*(?:[-–—:=(]|[.)]\s)\s*([^\W\d].*)", re.DOTALL)
_NO_ANSWER = re.compile(
    r"(?i)\b(refus\w*|don.?t know|do not know|no (answer|opinion)|not applicable|n/a|prefer not"
    r"|cannot say|can.?t say|missing)\b"
)


def read_scale(filled: pd.Series, labels: Mapping[str, float]) -> tuple[pd.Series, int]:
    """Return answers as numbers, NaN where they are none.

    Words behind numbers are passed over only where every answer of the column that is no number
    has them, and the same number always has the same words.

    Parameters
    ----------
    filled : Series
        Answers of one column, blank ones left out.
    labels : mapping of str to float
        What words mean, as study.yaml declares.

    Returns
    -------
    values : Series of float
    n_labelled : int
        Answers whose number stands before words.
    """
    values: pd.Series = pd.to_numeric(filled, errors="coerce").astype("float64")
    if labels:
        meant = {squeeze(words).casefold(): float(number) for words, number in labels.items()}
        declared = filled.map(lambda text: meant.get(squeeze(text).casefold()))
        return declared.astype("float64").fillna(values), 0
    words = filled[values.isna()]
    numbers = _split_labels(words.unique())
    if not numbers:
        return values, 0
    found = words.map(numbers).astype("float64")
    return values.fillna(found), int(found.notna().sum())


def _split_labels(texts: Sequence[str]) -> dict[str, float]:
    """Return the number before the words of each text; nothing unless all agree."""
    numbers: dict[str, float] = {}
    said: dict[float, str] = {}
    for text in texts:
        if _NO_ANSWER.search(text):
            continue  # `99 - Refused` is no 99
        match = _LABELLED.fullmatch(text)
        if match is None:
            return {}
        number, label = float(match[1]), squeeze(match[2]).casefold()
        if said.setdefault(number, label) != label:
            return {}
        numbers[text] = number
    return numbers


def score_sus(items: pd.DataFrame) -> pd.Series:
    """Return the System Usability Scale of Brooke (1996), 0 to 100, per row.

    Parameters
    ----------
    items : DataFrame of float
        Ten columns in the order of the questionnaire, 1 (strongly disagree) to 5 (strongly agree).

    Returns
    -------
    Series of float
        NaN where an item is missing or no whole number of 1 to 5.
    """
    whole = items.isin([1.0, 2.0, 3.0, 4.0, 5.0]).all(axis=1)
    odd, even = items.iloc[:, 0::2], items.iloc[:, 1::2]
    score = ((odd - 1).sum(axis=1) + (5 - even).sum(axis=1)) * 2.5
    return score.where(whole)


_STEPS = tuple(
    tuple(" ".join(steps.split()).split("; "))
    for steps in (
        "very dissatisfied; dissatisfied; neutral; satisfied; very satisfied",
        "very unsatisfied; unsatisfied; neutral; satisfied; very satisfied",
        """very dissatisfied; dissatisfied; neither satisfied nor dissatisfied; satisfied;
        very satisfied""",
        """very dissatisfied; somewhat dissatisfied; neither satisfied nor dissatisfied;
        somewhat satisfied; very satisfied""",
        """extremely dissatisfied; somewhat dissatisfied; neither satisfied nor dissatisfied;
        somewhat satisfied; extremely satisfied""",
        "strongly disagree; disagree; neutral; agree; strongly agree",
        "strongly disagree; disagree; neither agree nor disagree; agree; strongly agree",
        """strongly disagree; somewhat disagree; neither agree nor disagree; somewhat agree;
        strongly agree""",
        """strongly disagree; disagree; somewhat disagree; neither agree nor disagree;
        somewhat agree; agree; strongly agree""",
        """strongly disagree; disagree; somewhat disagree; neutral; somewhat agree; agree;
        strongly agree""",
        "very difficult; difficult; neutral; easy; very easy",
        "very difficult; difficult; neither easy nor difficult; easy; very easy",
        """extremely difficult; somewhat difficult; neither easy nor difficult; somewhat easy;
        extremely easy""",
        "very poor; poor; fair; good; excellent",
        "poor; fair; good; very good; excellent",
    )
)


def find_steps(filled: pd.Series) -> tuple[str, ...]:
    """Return the steps of a usual scale in words, low to high, that all answers are of.

    The shortest one where there are several; empty where they are of none, or where two that are
    as short number them differently.
    """
    said = set(filled.map(lambda text: squeeze(text).casefold()))
    fits = [steps for steps in _STEPS if len(said) > 1 and said <= set(steps)]
    fits = [steps for steps in fits if len(steps) == min(map(len, fits))]
    ranks = {tuple(sorted((one, steps.index(one)) for one in said)) for steps in fits}
    return fits[0] if len(ranks) == 1 else ()
