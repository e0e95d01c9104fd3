"""The notebooks of a report: those that every study has, then the study's own."""

from __future__ import annotations

from pathlib import Path

from cjm_research.errors import ReportError, quoted
from cjm_research.study.project import Place, find_root, packaged

PATTERN = "[0-9][0-9]_*.ipynb"


def list_notebooks(place: Place) -> list[Path]:
    """Return the notebooks of a study's report, in reading order.

    First those that every report has: the project's `notebooks/`, else the package's. Then
    the study's own, `NN_noun.ipynb` beside its study.yaml, which are run and published in
    the same way.

    Parameters
    ----------
    place : Place
        Of the study.

    Raises
    ------
    ReportError
        If a notebook of the study has the name of one that every report has: the chapters
        would have one address.
    """
    shared = find_root() / "notebooks"
    if not list(shared.glob(PATTERN)):
        shared = packaged("notebooks")
    of_all = sorted(shared.glob(PATTERN))
    own = sorted(place.folder.glob(PATTERN))
    taken = {path.stem.casefold() for path in of_all}
    clashes = [path.name for path in own if path.stem.casefold() in taken]
    if clashes:
        raise ReportError(
            f"{place.name}: {quoted(clashes)} beside study.yaml has the name of a notebook that "
            "every report has. Give it another one, such as "
            f"'{_free_number(of_all)}_{clashes[0].partition('_')[2]}'.",
            notebook=clashes[0],
        )
    return [*of_all, *own]


def _free_number(notebooks: list[Path]) -> str:
    return f"{max(int(path.name[:2]) for path in notebooks) + 1:02d}"
