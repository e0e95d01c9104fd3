"""Steps of a funnel that another program counted: in order, and how many went on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cjm_research.errors import SourceError, quoted
from cjm_research.readers.counts import NO_RATE, Rate
from cjm_research.readers.notes import Notes

_NUMBERED = re.compile(r"(\d{1,3})\.\s+(.+)")
# Programs round, and floats end in ...0003.
_EXACT = 1e-9


@dataclass(frozen=True)
class ReportedStep:
    """A step as a program reports it.

    Attributes
    ----------
    segment : str
        Of whom it is; empty for all.
    label : str
        Name of the step, as it stands there.
    people : int
        Whom, or what, the program counts in this step.
    lost : int, optional
        How many of them did not go on, where the program tells.
    stated : Rate
        The share that went on, as the program states it.
    """

    segment: str
    label: str
    people: int
    lost: int | None = None
    stated: Rate = NO_RATE


@dataclass(frozen=True)
class FollowedStep:
    """A step in its place, and how many of it went on to the next; NaN where nothing tells."""

    segment: str
    position: int
    step: str
    people: int
    continued: float
    stated: Rate

    @property
    def rate(self) -> float:
        """Share of the people of this step who went on to the next one."""
        return self.continued / self.people if self.people else math.nan


def follow_steps(steps: Sequence[ReportedStep], *, file: str, notes: Notes) -> list[FollowedStep]:
    """Return the steps of each segment in order, with how many went on.

    Where the program tells how many were lost, the rest went on. Else those of the next step
    did, unless the funnel is open: who enters it later has not come from the step before.

    Parameters
    ----------
    steps : sequence of ReportedStep
        In the order of the file.
    file : str
        For messages.
    notes : Notes
        Gets what is odd about the counts.

    Raises
    ------
    SourceError
        If a step occurs twice in a segment, or more were lost than there were.
    """
    places = _place([step.label for step in steps])
    by_segment: dict[str, dict[int, ReportedStep]] = {}
    for step in steps:
        position, _ = places[step.label]
        mine = by_segment.setdefault(step.segment, {})
        if position in mine:
            raise SourceError(
                file,
                f"step {position} ('{places[step.label][1]}') occurs more than once"
                + (" in a segment." if step.segment else "."),
                "name the column that splits the funnel under `columns: {segment: ...}`, or keep "
                "one funnel in the file.",
            )
        if step.lost is not None and step.lost > step.people:
            raise SourceError(
                file,
                f"more were lost at step {position} than were there ({step.lost:,} of "
                f"{step.people:,}).",
                "check which columns hold `people` and `lost`.",
            )
        mine[position] = step
    followed: list[FollowedStep] = []
    n_rising = n_unsettled = n_gaps = 0
    for segment, mine in by_segment.items():
        after = {place: mine.get(place + 1) for place in mine}
        rising = [p for p, s in mine.items() if (n := after[p]) and n.people > s.people]
        n_rising += len(rising)
        n_unsettled += sum(
            s.lost is not None and n is not None and s.people - s.lost != n.people
            for s, n in ((s, after[p]) for p, s in mine.items())
        )
        n_gaps += max(position for position, _ in places.values()) - len(mine)
        for place, step in sorted(mine.items()):
            continued = _count_on(step, after[place], is_open=bool(rising))
            name = places[step.label][1]
            followed.append(FollowedStep(segment, place, name, step.people, continued, step.stated))
    notes.warn(file, "steps with more people than the one before: the funnel is open", n_rising)
    notes.warn(
        file,
        "steps of which those not lost are not the people of the next one: the funnel is open",
        n_unsettled,
    )
    notes.warn(file, "steps that a segment does not have", n_gaps)
    notes.warn(
        file,
        "stated rates that are not the share going on to the next step, by more than rounding: "
        "they may be of the step before, or of the first; `rate` is counted here",
        sum(_disagrees(step) for step in followed),
    )
    return followed


def _count_on(step: ReportedStep, after: ReportedStep | None, *, is_open: bool) -> float:
    if after is None:
        return math.nan
    if step.lost is not None:
        return float(step.people - step.lost)
    return math.nan if is_open else float(after.people)


def _disagrees(step: FollowedStep) -> bool:
    # NaN disagrees with nothing.
    return abs(step.rate - step.stated.value) > step.stated.within + _EXACT


def _place(labels: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return each label's position and plain name: by their numbers, if all of them have one."""
    known = list(dict.fromkeys(labels))
    numbered = [_NUMBERED.fullmatch(label) for label in known]
    found = [(int(match[1]), match[2].strip()) for match in numbered if match]
    numbers = {number for number, _ in found}
    if len(found) == len(known) == len(numbers) and numbers == set(range(1, len(known) + 1)):
        return dict(zip(known, found, strict=True))
    return {label: (position, label) for position, label in enumerate(known, start=1)}


def describe_labels(steps: Sequence[FollowedStep]) -> str:
    """Return the names of the steps in order, for messages."""
    order = {step.position: step.step for step in steps}
    return quoted([order[position] for position in sorted(order)])
