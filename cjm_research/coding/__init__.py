"""What people say: documents into excerpts, scores and codes.

A coder is a frozen dataclass of parameters; calling it with `excerpts` and `scores` gives
rows of the table `codes`. To add one: write the dataclass in a module of its own and name it
in `make_coders`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from cjm_research.coding.encoder import EMOTIONS, EncoderError, load_encoder, score_texts
from cjm_research.coding.excerpts import split_excerpts
from cjm_research.coding.own_models import OwnModelCoder
from cjm_research.coding.resources import CODE_GROUPS, Codebook, load_codebook
from cjm_research.coding.rules import RULES_VERSION, rules_sha256
from cjm_research.coding.scores import (
    Scored,
    keep_questions,
    measure_excerpts,
    score_excerpts,
)
from cjm_research.coding.stages import StageCoder, code_declared
from cjm_research.coding.statements import OTHER, ScoreCoder, Thresholds
from cjm_research.coding.themes import ThemeCoder, describe_themes
from cjm_research.config import CodingPart
from cjm_research.errors import TableError, quoted
from cjm_research.journey import Journey
from cjm_research.tables import check_table

__all__ = [
    "CODE_GROUPS",
    "EMOTIONS",
    "OTHER",
    "Codebook",
    "Coder",
    "CodingSetting",
    "EncoderError",
    "OwnModelCoder",
    "ScoreCoder",
    "Scored",
    "StageCoder",
    "ThemeCoder",
    "code_declared",
    "code_excerpts",
    "describe_coders",
    "describe_themes",
    "fingerprint",
    "keep_questions",
    "label_codes",
    "load_codebook",
    "load_encoder",
    "make_coders",
    "measure_excerpts",
    "score_excerpts",
    "score_texts",
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


@dataclass(frozen=True)
class CodingSetting:
    """What the coders of a study are made from.

    Attributes
    ----------
    journey : Journey
    codebook : Codebook
    choices : CodingPart
        The key `coding` of study.yaml.
    folder : Path
        Of the study; paths of its own models start there.
    """

    journey: Journey = field(repr=False)
    codebook: Codebook = field(default_factory=load_codebook, repr=False)
    choices: CodingPart = field(default_factory=CodingPart)
    folder: Path = Path()

    def own_models(self) -> list[OwnModelCoder]:
        """Return the coders of the models that study.yaml names."""
        return [
            OwnModelCoder.from_choice(model, self.codebook, self.folder)
            for model in self.choices.models
        ]


def make_coders(setting: CodingSetting, embeddings: pd.DataFrame | None = None) -> list[Coder]:
    """Return every machine coder of a study.

    Parameters
    ----------
    setting : CodingSetting
    embeddings : DataFrame, optional
        Of the excerpts, as in `Scored`; themes are found by words without them.
    """
    return [
        StageCoder(setting.journey),
        _score_coder(setting),
        ThemeCoder(embeddings=embeddings),
        *setting.own_models(),
    ]


def code_excerpts(
    excerpts: pd.DataFrame, scored: Scored | pd.DataFrame, setting: CodingSetting
) -> pd.DataFrame:
    """Run every machine coder.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    scored : Scored or DataFrame
        Of `measure_excerpts`, or table `scores` alone.
    setting : CodingSetting

    Returns
    -------
    DataFrame
        Table `codes`, coder by coder.

    Raises
    ------
    TableError
        If the scores were made by another scorer than the setting's.
    """
    if isinstance(scored, pd.DataFrame):
        scored = Scored(scored, None)
    found, wanted = set(scored.scores["coder_id"]), setting.choices.scores
    if found - {wanted}:
        raise TableError(
            "code_excerpts",
            "scores",
            [
                f"scored by {quoted(sorted(found))}, but study.yaml says `scores: {wanted}`. "
                f"Use score_excerpts(excerpts, by='{wanted}')."
            ],
        )
    coders = make_coders(setting, scored.embeddings)
    parts = [coder(excerpts, scored.scores) for coder in coders]
    return check_table(pd.concat(parts, ignore_index=True), "codes", where="code_excerpts")


def describe_coders(setting: CodingSetting) -> pd.DataFrame:
    """Return table `coders` for the source and the machine coders, with fingerprints."""
    rules = fingerprint(setting)
    rows = [
        ("source", "source", "declared by the source", "", ""),
        (
            "stages",
            "machine",
            "stage rules: headings, questions, cue phrases",
            RULES_VERSION,
            rules,
        ),
    ]
    if setting.choices.scores == "encoder":
        encoder = load_encoder()
        rows.append(("encoder", "machine", encoder.name, encoder.version, encoder.sha256))
        meaning = "meaning of the texts"
    else:
        rows.append(("rules", "machine", "lexicon and UX rules", RULES_VERSION, rules))
        meaning = "TF-IDF and SVD"
    rows.append(("themes", "machine", f"BERTopic on {meaning}, Ward", RULES_VERSION, rules))
    rows += [coder.describe() for coder in setting.own_models()]
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


def fingerprint(setting: CodingSetting) -> str:
    """Return a hash of all that machine codes depend on, besides the excerpts.

    The source of this room counts as well, so that a changed rule is never served from a
    cache made by an older one.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(repr(setting.journey).encode())
    digest.update(setting.choices.model_dump_json().encode())
    digest.update(setting.codebook.sha256.encode())
    digest.update(rules_sha256().encode())
    for coder in setting.own_models():
        digest.update(coder.sha256.encode())
    return digest.hexdigest()


def _score_coder(setting: CodingSetting) -> ScoreCoder:
    if setting.choices.scores == "rules":
        return ScoreCoder(setting.codebook)
    levels = load_encoder().card["thresholds"]
    signals = levels["signals"]
    return ScoreCoder(
        setting.codebook,
        Thresholds(emotions=levels["emotions"], **signals, sure_pain=signals["pain"]),
        coder_id="encoder",
    )
