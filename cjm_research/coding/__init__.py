"""What people say: documents into excerpts, scores and codes.

A coder is a frozen dataclass of parameters; calling it with `excerpts` and `scores` gives
rows of the table `codes`. To add one: write the dataclass in a module of its own and name it
in `CODERS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pandas as pd

from cjm_research.coding.excerpts import split_excerpts
from cjm_research.coding.resources import CODE_GROUPS, Codebook, load_codebook
from cjm_research.coding.rules import OTHER, RuleCoder
from cjm_research.coding.signals import EMOTIONS, RULES_VERSION, rules_sha256, score_excerpts
from cjm_research.coding.stages import StageCoder, code_declared
from cjm_research.coding.themes import ThemeCoder, describe_themes
from cjm_research.journey import Journey
from cjm_research.tables import check_table

__all__ = [
    "CODERS",
    "CODE_GROUPS",
    "EMOTIONS",
    "OTHER",
    "Codebook",
    "Coder",
    "RuleCoder",
    "StageCoder",
    "ThemeCoder",
    "code_declared",
    "code_excerpts",
    "describe_coders",
    "describe_themes",
    "fingerprint",
    "label_codes",
    "load_codebook",
    "score_excerpts",
    "split_excerpts",
]


class Coder(Protocol):
    """Anything that turns excerpts and their scores into codes."""

    @property
    def coder_id(self) -> str:
        """Name in the tables `coders` and `codes`."""
        ...

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes`."""
        ...


# Every machine coder, made from the study's journey and codebook.
CODERS: dict[str, Callable[[Journey, Codebook], Coder]] = {
    "stages": lambda journey, codebook: StageCoder(journey),
    "rules": lambda journey, codebook: RuleCoder(codebook),
    "themes": lambda journey, codebook: ThemeCoder(),
}


def code_excerpts(
    excerpts: pd.DataFrame, scores: pd.DataFrame, *, journey: Journey, codebook: Codebook
) -> pd.DataFrame:
    """Run every registered machine coder.

    Returns
    -------
    DataFrame
        Table `codes`, coder by coder.
    """
    parts = [make(journey, codebook)(excerpts, scores) for make in CODERS.values()]
    return check_table(pd.concat(parts, ignore_index=True), "codes", where="code_excerpts")


def describe_coders(journey: Journey, codebook: Codebook) -> pd.DataFrame:
    """Return table `coders` for the source and the machine coders, with fingerprints."""
    rows = [("source", "source", "declared by the source", "", "")]
    names = {
        "stages": "stage rules: headings, questions, cue phrases",
        "rules": "lexicon and UX rules with a codebook",
        "themes": "BERTopic on TF-IDF and SVD, Ward clustering",
    }
    for coder_id in CODERS:
        sha = fingerprint(journey, codebook)
        rows.append((coder_id, "machine", names.get(coder_id, coder_id), RULES_VERSION, sha))
    frame = pd.DataFrame(rows, columns=["coder_id", "kind", "name", "version", "sha256"])
    return check_table(frame, "coders", where="describe_coders")


def label_codes(codes: pd.DataFrame, codebook: Codebook) -> dict[tuple[str, str], str]:
    """Return the name that people read for each (code group, code).

    Themes are named by the words that set them apart.
    """
    labels = {
        ("pain_point", OTHER): "Trouble that fits no code yet",
        ("need", "need"): "A need or a wish",
        ("expectation", "met"): "Expectation met",
        ("expectation", "missed"): "Expectation missed",
        ("expectation", "exceeded"): "Expectation exceeded",
    }
    themes = codes[codes["code_group"] == "theme"].drop_duplicates("code")
    for theme, attributes in zip(themes["code"], themes["attributes"], strict=True):
        labels[("theme", theme)] = json.loads(attributes).get("label", theme)
    return labels | codebook.labels()


def fingerprint(journey: Journey, codebook: Codebook) -> str:
    """Return a hash of all that machine codes depend on, besides the excerpts.

    The source of this room counts as well, so that a changed rule is never served from a
    cache made by an older one.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    digest.update(repr(journey).encode())
    digest.update(codebook.sha256.encode())
    digest.update(rules_sha256().encode())
    return digest.hexdigest()
