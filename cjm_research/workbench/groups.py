"""The codes that a person may choose from, group by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cjm_research.codes import NONE
from cjm_research.coding import EMOTIONS, Codebook
from cjm_research.errors import UnknownNameError
from cjm_research.journey import Journey

DEFAULT_GROUPS = ("stage", "pain_point", "delight", "need", "expectation", "emotion")

SEVERITIES = {1: "a nuisance", 2: "costs time or work", 3: "blocked", 4: "gave up"}


@dataclass(frozen=True)
class Choice:
    """One code to choose, as people read it."""

    code: str
    name: str
    definition: str = ""


@dataclass(frozen=True)
class ChoiceGroup:
    """A code group to choose from.

    Attributes
    ----------
    group : str
        Code group, as in the table `codes`.
    name : str
        Its name, as people read it.
    codes : tuple of Choice
        In the order of the codebook or the journey.
    single : bool
        True where one excerpt holds one code of the group at most.
    extensible : bool
        True where a person may add codes of their own.
    severity : bool
        True where a code is weighed from 1 to 4.
    """

    group: str
    name: str
    codes: tuple[Choice, ...]
    single: bool = False
    extensible: bool = True
    severity: bool = False

    def plain(self) -> dict[str, Any]:
        """Return plain values for the browser."""
        return asdict(self) | {"codes": [asdict(code) for code in self.codes]}


def list_groups(
    groups: Sequence[str],
    *,
    journey: Journey,
    codebook: Codebook,
    labels: Mapping[tuple[str, str], str],
    used: Iterable[tuple[str, str]] = (),
) -> list[ChoiceGroup]:
    """Return the groups to code, with their codes.

    Parameters
    ----------
    groups : sequence of str
        Code groups, in the order in which they are asked.
    journey : Journey
        Its stages are the codes of `stage`.
    codebook : Codebook
    labels : mapping of (code group, code) to name
        Codes beside the codebook, such as the study's themes.
    used : iterable of (code group, code)
        Codes that this person has used already; those of no codebook are offered again.

    Raises
    ------
    UnknownNameError
        If a group has no codes and is none that the report knows.
    """
    used = list(used)
    known = {*_NAMES, *(entry.group for entry in codebook), *(group for group, _ in used)}
    for group in groups:
        if group not in known:
            raise UnknownNameError("code group", group, sorted(known))
    return [_make_group(group, journey, codebook, labels, used) for group in dict.fromkeys(groups)]


def name_of(code: str) -> str:
    """Return the name of a code that no codebook names."""
    return code.replace("_", " ").strip().capitalize() or code


def _make_group(
    group: str,
    journey: Journey,
    codebook: Codebook,
    labels: Mapping[tuple[str, str], str],
    used: Iterable[tuple[str, str]],
) -> ChoiceGroup:
    if group == "stage":
        codes = [Choice(stage.id, stage.name, stage.definition) for stage in journey]
    elif group in _FIXED:
        codes = list(_OWN_CODES[group])
    else:
        codes = [Choice(e.code, e.name, e.definition) for e in codebook if e.group == group]
        codes = codes or list(_OWN_CODES.get(group, ()))
        if group in ("pain_point", "delight"):
            codes.append(_OTHER)
        have = {code.code for code in codes}
        more = {code: name for (of, code), name in labels.items() if of == group}
        more |= {code: more.get(code, name_of(code)) for of, code in used if of == group}
        codes += [Choice(code, name) for code, name in more.items() if code not in have | {NONE}]
    return ChoiceGroup(
        group=group,
        name=_NAMES.get(group, name_of(group)),
        codes=tuple(codes),
        single=group == "stage",
        extensible=group != "stage" and group not in _FIXED,
        severity=group == "pain_point",
    )


_NAMES = {
    "stage": "Stage",
    "pain_point": "Pain point",
    "delight": "Delight",
    "need": "Need",
    "expectation": "Expectation",
    "emotion": "Emotion",
    "theme": "Theme",
    "reason": "Reason",
    "social_proof": "Social proof",
    "adjacent_wish": "Adjacent wish",
}

_FIXED = frozenset({"emotion", "expectation"})
"""Groups whose codes the report counts by name: nobody adds to them."""

_OTHER = Choice("other", "Fits no code yet", "It belongs to the group, and no code says it.")

# In the words of docs/coding-guide.md.
_EMOTION_CUES = {
    "frustration": "Anger, annoyance, complaint, exasperation, blunt negative judgement.",
    "disappointment": "Let down, sad, “unfortunately”, “not as good as”.",
    "confusion": "Does not understand, lost, unsure which or how.",
    "worry": "Fear, doubt, nervousness, mistrust.",
    "surprise": "Did not see it coming, pleasant or not; sudden insight.",
    "curiosity": "Wants to know, interested, a wish with eagerness.",
    "relief": "A fear or burden gone.",
    "satisfaction": "Approves, content, thankful, hopeful: “works well”, “useful”, “easy”.",
    "delight": "Enthusiasm, joy, love, admiration, amusement.",
    "neutral": "None of these.",
}

_OWN_CODES: dict[str, tuple[Choice, ...]] = {
    "emotion": tuple(Choice(name, name_of(name), _EMOTION_CUES.get(name, "")) for name in EMOTIONS),
    "need": (
        Choice("need", "A need or a wish", "A wish, a request, a lack that somebody wants filled."),
    ),
    "expectation": (
        Choice("missed", "Missed", "What was expected, hoped or promised did not come."),
        Choice("met", "Met", "It was as expected."),
        Choice("exceeded", "Exceeded", "It was better than expected or feared."),
    ),
    "reason": (
        Choice("price", "Price"),
        Choice("feature", "Feature"),
        Choice("process", "Process"),
        Choice("information", "Information"),
        Choice("trust", "Trust"),
        Choice("habit", "Habit"),
        Choice("feeling", "Feeling"),
    ),
    "social_proof": (
        Choice("social_proof", "Social proof", "Others' use or advice played a part."),
    ),
    "adjacent_wish": (
        Choice("adjacent_wish", "Adjacent wish", "A wish for something beside what is sold."),
    ),
}
