"""How far people came in answering: a journey of its own, told by filled cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cjm_research.config import Questionnaire, resolve_stage
from cjm_research.journey import Journey
from cjm_research.readers.cells import Cells, squeeze


@dataclass(frozen=True)
class Pages:
    """Where each question stands: question id to (stage id of the page, name of the block)."""

    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    def place(self, question_id: str) -> tuple[str, str]:
        """Return page and block of a question; both are empty without a questionnaire."""
        return self.places.get(question_id, ("", ""))


def find_pages(form: Questionnaire | None, journey: Journey, *, where: str) -> Pages:
    """Return the place of every question in the questionnaire.

    Raises
    ------
    UnknownNameError
        If a page names a stage that the journey does not have.
    """
    if form is None:
        return Pages()
    places: dict[str, tuple[str, str]] = {}
    for page in form.pages:
        stage = resolve_stage(journey, page.stage, where=where)
        for block in page.blocks:
            places |= dict.fromkeys(block.questions, (stage, block.name))
    return Pages(places)


def list_reached(
    cells: Cells,
    form: Questionnaire,
    columns: Mapping[str, Sequence[str]],
    journey: Journey,
) -> list[tuple[int, str]]:
    """Return (row, stage id) for every stage that a row reached, in journey order.

    A page is reached when any answer stands on it or on a later page, or the row was
    submitted. Questions are optional, so a page without answers is not a page left.

    Parameters
    ----------
    cells : Cells
        The survey's rows.
    form : Questionnaire
        Its pages in order.
    columns : mapping
        Columns of every question id.
    journey : Journey
        Gives the stage ids.
    """
    frame = cells.frame
    accepted = {value.strip().casefold() for value in form.submitted_values}
    submitted = frame[squeeze(form.submitted_column)].str.casefold().isin(accepted)
    later = submitted
    reached = [(resolve_stage(journey, form.submitted, where=cells.file), submitted)]
    for page in reversed(form.pages):
        names = [name for block in page.blocks for name in block.questions]
        asked = [squeeze(column) for name in names for column in columns[name]]
        later = later | (frame[asked] != "").any(axis=1)
        reached.append((resolve_stage(journey, page.stage, where=cells.file), later))
    everyone = later | True
    reached.append((resolve_stage(journey, form.opened, where=cells.file), everyone))
    stages = reached[::-1]
    return [(int(row), stage) for row in frame.index for stage, flags in stages if bool(flags[row])]
