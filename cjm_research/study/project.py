"""Where things are: the project root, a study's folder, and what may be thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from cjm_research.errors import SourceError, did_you_mean, quoted

STUDY_FILE = "study.yaml"
FINDINGS_FILE = "findings.yaml"


@dataclass(frozen=True)
class Place:
    """The folders of one study.

    Attributes
    ----------
    name : str
        Name of the study: that of its folder.
    folder : Path
        What people made: study.yaml, raw files, codes. Never written to.
    processed : Path
        Tables made from it; disposable.
    reports : Path
        Its reports, one folder a run.
    """

    name: str
    folder: Path
    processed: Path
    reports: Path


def find_root(start: Path | None = None) -> Path:
    """Return the project root: the nearest folder upwards that holds `data/raw`.

    Without one, the starting folder itself.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "data" / "raw").is_dir():
            return folder
    return here


def find_undeclared(study: str | Path) -> Path | None:
    """Return the folder that is meant, where it is one without study.yaml; else None."""
    for folder in (Path(study), find_root() / "data" / "raw" / str(study)):
        if (folder / STUDY_FILE).is_file():
            return None
        if folder.is_dir():
            return folder.resolve()
    return None


def find_study(study: str | Path) -> Place:
    """Return the place of a study given by name or by folder.

    Parameters
    ----------
    study : str or Path
        A folder that holds a study.yaml, or the name of a folder under `data/raw`. The name
        "demo" always works: the demo study ships with the package.

    Raises
    ------
    SourceError
        If there is no such study; the message lists those that exist.
    """
    given = Path(study)
    if given.name == STUDY_FILE:
        given = given.parent
    if (given / STUDY_FILE).is_file():
        folder = given.resolve()
        # A study outside any project (the demo of an installed package) works where we stand.
        own = find_root(folder)
        return _place(own if own != folder else find_root(), folder)
    root = find_root()
    folder = root / "data" / "raw" / str(study)
    if (folder / STUDY_FILE).is_file():
        return _place(root, folder)
    if str(study) == "demo":
        shipped = packaged("demo")
        if (shipped / STUDY_FILE).is_file():
            return _place(root, shipped)
    if given.is_file():
        raise SourceError(
            str(study),
            "it is a file, and a study is a folder.",
            f"give the folder that it lies in: {given.parent}.",
        )
    names = list_studies(root)
    known = f"name one of {quoted(names)}, give" if names else "give"
    raise SourceError(
        str(study),
        f"there is no study of this name, and no folder with a {STUDY_FILE}."
        f"{did_you_mean(str(study), names)}",
        f"{known} a folder, or start one with `cjm new NAME`.",
    )


def packaged(what: str) -> Path:
    """Return the folder of what ships with the package: "demo" or "notebooks".

    In a checkout it stands at its place in the project, in an installed wheel inside the
    package.
    """
    package = Path(str(resources.files("cjm_research")))
    installed = package / what
    checkout = package.parent / {"demo": "data/raw/demo"}.get(what, what)
    return installed if installed.is_dir() else checkout


def list_studies(root: Path) -> list[str]:
    """Return the names of the studies under `data/raw`."""
    return sorted(path.parent.name for path in (root / "data" / "raw").glob(f"*/{STUDY_FILE}"))


def _place(root: Path, folder: Path) -> Place:
    name = folder.name
    return Place(name, folder, root / "data" / "processed" / name, root / "reports" / name)


def in_line(value: object) -> str:
    """Return a value as it stands in one line of a study.yaml."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n...\n").strip()
