"""What a slide or a diagram shows of a stage: a few facts, in words."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cjm_research.cells import Cell, count, items, number, rows, text
from cjm_research.journey import LEAVING_WORDS
from cjm_research.number_words import interval, percent, signed

_OF_PEOPLE = ("interview", "note")
_MOVES_ON = ("funnel_drop_off", "questionnaire_abandonment")
"""Measures that count people who go on to the next stage, not attempts or those who are gone."""


@dataclass(frozen=True)
class StageCard:
    """The facts of one stage.

    Attributes
    ----------
    stage, name : str
    owner : str
        Who answers for the stage, if somebody does.
    sequential : bool
        Whether it is a step on the way to the next stage.
    asked : bool
        False where nobody was asked, and nobody said anything unasked.
    rate, low, high : float, optional
        Share who leave, fail or do not come back, with its interval.
    leaving : str
        What the rate counts: "leave".
    lost : str
        Its count: "797 of 1,391".
    went_on : float, optional
        Share of those who entered who went on to the next stage.
    note : str
        What is said of behaviour where there is no rate, or beside it.
    mean : float, optional
        Mean valence over people of one source, in [-1, 1].
    felt : str
        The mean in words, with n and source; empty where nothing was said.
    pain, pain_count : str
        The pain point that most people of one source tell, and how many of those heard.
    verdict : str
        What words and numbers say together.
    """

    stage: str
    name: str
    owner: str = ""
    sequential: bool = True
    asked: bool = True
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    leaving: str = ""
    lost: str = ""
    went_on: float | None = None
    note: str = ""
    mean: float | None = None
    felt: str = ""
    pain: str = ""
    pain_count: str = ""
    verdict: str = ""

    @property
    def did(self) -> str:
        """What people do, in one line."""
        if self.rate is None:
            return self.note or "no data"
        span = interval(self.low, self.high)
        counted = "; ".join(
            part for part in (self.lost, f"interval {span}" if span else "") if part
        )
        return f"{percent(self.rate)} {self.leaving}" + (f" ({counted})" if counted else "")

    @property
    def hurt(self) -> str:
        """What hurts, in one line."""
        if not self.pain:
            return "no pain told" if self.asked else "not asked"
        return f"{self.pain} ({self.pain_count})"


def read_cards(journey_map: pd.DataFrame, verdicts: pd.DataFrame | None = None) -> list[StageCard]:
    """Return the facts of each stage, in journey order.

    Parameters
    ----------
    journey_map : DataFrame
        Table `journey_map`.
    verdicts : DataFrame, optional
        Table `verdicts`.
    """
    said = {text(row.get("stage")): text(row.get("verdict")) for row in rows(verdicts)}
    return [_read_card(stage, said) for stage in rows(journey_map)]


def _read_card(stage: Cell, verdicts: dict[str, str]) -> StageCard:
    measure = text(stage.get("behaviour_measure"))
    entered, dropped = count(stage.get("n_entered")), count(stage.get("n_dropped"))
    went_on = number(stage.get("n_continued"))
    feeling = _find_feeling(stage)
    pain = _find_pain(stage)
    return StageCard(
        stage=text(stage.get("stage")),
        name=text(stage.get("stage_name")) or text(stage.get("stage")),
        owner=text(stage.get("owner")),
        sequential=bool(stage.get("sequential", True)),
        asked=text(stage.get("coverage")) != "not asked" or bool(feeling or pain),
        rate=number(stage.get("drop_off_rate")),
        low=number(stage.get("drop_off_low")),
        high=number(stage.get("drop_off_high")),
        leaving=text(stage.get("behaviour_label")) or LEAVING_WORDS.get(measure, ""),
        lost="" if entered is None or dropped is None else f"{dropped:,} of {entered:,}",
        went_on=went_on / entered
        if measure in _MOVES_ON and entered and went_on is not None
        else None,
        note=text(stage.get("behaviour_note")),
        mean=number(feeling.get("mean")) if feeling else None,
        felt=_say_feeling(feeling) if feeling else "",
        pain=text(pain.get("label")) if pain else "",
        pain_count=_say_count(pain) if pain else "",
        verdict=verdicts.get(text(stage.get("stage")), ""),
    )


def _find_feeling(stage: Cell) -> Cell | None:
    """Return the source whose people can be told apart, as the drawn map does, else the first."""
    found = [
        entry for entry in items(stage.get("valence")) if number(entry.get("mean")) is not None
    ]
    return min(found, key=lambda entry: text(entry.get("kind")) not in _OF_PEOPLE, default=None)


def _find_pain(stage: Cell) -> Cell | None:
    """Return what most people tell: in interviews before anything else, as on the drawn map."""
    kinds = {
        text(entry.get("source")): text(entry.get("kind")) for entry in items(stage.get("heard"))
    }
    found = items(stage.get("pain_points"))
    return min(
        found,
        key=lambda entry: kinds.get(text(entry.get("source"))) not in _OF_PEOPLE,
        default=None,
    )


def _say_feeling(feeling: Cell) -> str:
    n = count(feeling.get("n")) or 0
    parts = [f"{signed(feeling.get('mean'))}, n\u00a0=\u00a0{n:,}", text(feeling.get("label"))]
    return ", ".join(part for part in parts if part)


def _say_count(pain: Cell) -> str:
    said, heard = count(pain.get("n_said")), count(pain.get("n_heard"))
    counted = "no data" if said is None else f"{said:,} of {heard or 0:,}"
    return ", ".join(part for part in (counted, text(pain.get("source_label"))) if part)
