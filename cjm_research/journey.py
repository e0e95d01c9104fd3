"""The journey: ordered stages, and the touchpoints where people meet the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from cjm_research.errors import UnknownNameError

UNASSIGNED = "unassigned"
"""Stage of an excerpt that nothing places in the journey. Never a guess."""

Measure = Literal["funnel_drop_off", "task_failure", "questionnaire_abandonment", "churn", "none"]
"""What a stage's number counts. Kinds are never merged, and reports name the kind."""

LEAVING_WORDS: dict[str, str] = {
    "funnel_drop_off": "leave",
    "task_failure": "of first tries fail",
    "questionnaire_abandonment": "stop answering",
    "churn": "do not come back",
    "none": "",
}


@dataclass(frozen=True)
class Touchpoint:
    """A place where people meet the service in a stage."""

    name: str
    channel: str = ""
    owner: str = ""
    cost: str = ""
    time: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage of a journey.

    Attributes
    ----------
    id : str
        Short name used in tables and mappings.
    name : str
        Name shown to people.
    definition : str
        What belongs to the stage, in a sentence or two.
    sequential : bool
        True when one can only come here from the stage before; only such stages enter a funnel.
    measure : str
        Kind of the stage's behaviour measure.
    outcome : str
        For `task_failure`: the outcome that counts as success.
    events : tuple of str
        Event names that mean "the participant is in this stage".
    completed_by : tuple of str
        For the last sequential stage: event names that mean "not lost here".
    completed_elsewhere : tuple of str
        Event names that mean "went on by another way": by phone, in a shop. Not lost here.
    cues : tuple of str
        Phrases that place an excerpt in this stage.
    prompts : tuple of str
        Questions of the interview guide that ask about this stage.
    examples : tuple of str
        Sentences that somebody in this stage might say.
    """

    id: str
    name: str
    definition: str = ""
    sequential: bool = True
    measure: Measure = "funnel_drop_off"
    outcome: str = ""
    events: tuple[str, ...] = ()
    completed_by: tuple[str, ...] = ()
    completed_elsewhere: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    owner: str = ""
    touchpoints: tuple[Touchpoint, ...] = field(default=())


@dataclass(frozen=True)
class Journey:
    """Stages in order."""

    stages: tuple[Stage, ...]

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.stages)

    def __getitem__(self, stage_id: str) -> Stage:
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise UnknownNameError("stage", stage_id, self.stage_ids)

    @property
    def event_names(self) -> list[str]:
        """Names of events that the journey goes by, each once, in its order."""
        names = [
            name
            for stage in self.stages
            for name in (*stage.events, *stage.completed_by, *stage.completed_elsewhere)
        ]
        return list(dict.fromkeys(names))

    @property
    def stage_ids(self) -> list[str]:
        """Stage ids in journey order."""
        return [stage.id for stage in self.stages]

    @property
    def sequential(self) -> list[Stage]:
        """The stages that form the funnel, in order."""
        return [stage for stage in self.stages if stage.sequential and stage.measure != "none"]

    @property
    def dtype(self) -> pd.CategoricalDtype:
        """Ordered categorical of the stages, `unassigned` last."""
        return pd.CategoricalDtype([*self.stage_ids, UNASSIGNED], ordered=True)

    def order(self, stages: pd.Series) -> pd.Series:
        """Return stage ids as the journey's ordered categorical; missing becomes `unassigned`.

        Raises
        ------
        UnknownNameError
            If a value is not a stage of this journey.
        """
        values = stages.astype("object")
        values = values.where(values.notna() & (values != ""), UNASSIGNED)
        for name in values.unique():
            if name != UNASSIGNED and name not in self.stage_ids:
                raise UnknownNameError("stage", str(name), self.stage_ids)
        return values.astype(self.dtype)
