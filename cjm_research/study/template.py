"""`cjm new`: a commented study folder to fill in."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

from cjm_research.config import json_schema
from cjm_research.errors import ConfigError
from cjm_research.study.project import STUDY_FILE, find_root

SCHEMA_FILE = "study.schema.json"
"""Beside study.yaml, whose first line points editors to it; it works without a network."""


def write_new_study(name: str) -> Path:
    """Write a new study folder under `data/raw`.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, `-` and `_`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ConfigError
        If the name cannot be used or the folder exists: nothing is overwritten.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise ConfigError(
            name, ["a study's name holds lower-case letters, digits, '-' and '_' only."]
        )
    folder = find_root() / "data" / "raw" / name
    if folder.exists():
        raise ConfigError(
            f"data/raw/{name}", ["it exists already; choose another name or edit it."]
        )
    for part in ("interviews", "codes"):
        (folder / part).mkdir(parents=True)
    text = (resources.files("cjm_research.study") / "new_study.yaml").read_text("utf-8")
    schema = json.dumps(json_schema(), indent=1)
    (folder / SCHEMA_FILE).write_text(schema + "\n", encoding="utf-8")
    # Participants' data must not end up in a repository by accident.
    kept = ("study.yaml", "codebook.yaml", "codebook.qdc", "codebook_log.csv", "themes.json")
    lines = ["*", "!.gitignore", *(f"!{name}" for name in kept)]
    (folder / ".gitignore").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / STUDY_FILE).write_text(text.replace("NAME", name), encoding="utf-8")
    return folder
