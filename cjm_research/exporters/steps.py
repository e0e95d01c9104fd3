"""The journey as the boxes and arrows that diagram editors lay out themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from cjm_research.exporters.cards import StageCard, read_cards
from cjm_research.exporters.fitting import plain_line
from cjm_research.number_words import percent
from cjm_research.safe_cells import cut_text

LONGEST = 200
LANES = ("What people do", "How it feels", "What hurts")
"""Lanes of a diagram; what people do are the steps that arrows join."""


@dataclass(frozen=True)
class Step:
    """A box: its id (`S2` for the second stage's step), lane, stage and words."""

    id: str
    lane: str
    phase: str
    words: str
    next_id: str = ""
    next_words: str = ""


def list_steps(journey_map: pd.DataFrame, verdicts: pd.DataFrame | None = None) -> list[Step]:
    """Return the boxes of a diagram, stage by stage.

    Parameters
    ----------
    journey_map : DataFrame
        Table `journey_map`.
    verdicts : DataFrame, optional
        Table `verdicts`, whose words stand in the step of a stage.

    Returns
    -------
    list of Step
        For each stage its step, what is felt and what hurts most; the latter two only where
        somebody was heard. A step points at that of the next stage, with the share of people
        who go on where this is what was measured; what is no step of the way points nowhere.
    """
    cards = read_cards(journey_map, verdicts)
    ids = {id(card): f"S{number}" for number, card in enumerate(cards, start=1)}
    phases = _name_phases(cards)
    following = {
        ids[id(card)]: ids[id(after)]
        for card, after in pairwise(card for card in cards if card.sequential)
    }
    steps = []
    for number, (card, phase) in enumerate(zip(cards, phases, strict=True), start=1):
        after = following.get(f"S{number}", "")
        goes_on = f"{percent(card.went_on)} go on" if after and card.went_on is not None else ""
        said = [card.name, card.did, f"verdict: {card.verdict}" if card.verdict else ""]
        steps.append(Step(f"S{number}", LANES[0], phase, _join(said), after, goes_on))
        if card.felt:
            steps.append(Step(f"F{number}", LANES[1], phase, _join([f"mean {card.felt}"])))
        if card.pain:
            steps.append(Step(f"P{number}", LANES[2], phase, _join([card.hurt])))
    return steps


def _name_phases(cards: Sequence[StageCard]) -> list[str]:
    """Return a name for each stage that no other has: editors tell phases apart by it."""
    names: list[str] = []
    for card in cards:
        name = cut_text(plain_line(card.name), 60)
        names.append(f"{name} ({card.stage})" if name in names else name)
    return names


def _join(parts: Sequence[str]) -> str:
    return "\n".join(cut_text(line, LONGEST) for part in parts if (line := plain_line(part)))
