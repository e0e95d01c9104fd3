"""What people say: documents into excerpts, scores and codes.

A coder is a frozen dataclass of parameters; calling it with `excerpts` and `scores` gives
rows of the table `codes`. To add one: write the dataclass in a module of its own and name it
in `make_coders`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from cjm_research.coding.code_matching import OWN_GROUP, CodeMatch, match_codes
from cjm_research.coding.encoder import EMOTIONS, EncoderError, load_encoder, score_texts
from cjm_research.coding.excerpts import split_excerpts
from cjm_research.coding.explanations import Explanation, explain_excerpt
from cjm_research.coding.heads import HEADS_FILE, load_heads
from cjm_research.coding.language import SET_ASIDE, detect_languages
from cjm_research.coding.learned import LEARNED, LearnedCoder, describe_learned, learn_codes
from cjm_research.coding.own_models import OwnModelCoder
from cjm_research.coding.qdc import read_qdc, write_qdc
from cjm_research.coding.resources import CODE_GROUPS, Codebook, CodeEntry, load_codebook
from cjm_research.coding.rules import RULES_VERSION, rules_sha256
from cjm_research.coding.scores import (
    Scored,
    Scorer,
    as_table,
    as_vectors,
    keep_questions,
    measure_excerpts,
    score_excerpts,
)
from cjm_research.coding.search import find_excerpts
from cjm_research.coding.stages import StageCoder, code_declared
from cjm_research.coding.statements import OTHER, ScoreCoder, Thresholds
from cjm_research.coding.suggestions import suggest_excerpts_to_code
from cjm_research.coding.themes import (
    ThemeCoder,
    describe_themes,
    embed_definitions,
    read_themes,
)
from cjm_research.config import CodingPart
from cjm_research.errors import TableError, quoted
from cjm_research.journey import Journey
from cjm_research.tables import check_table, empty_table

__all__ = [
    "CODE_GROUPS",
    "EMOTIONS",
    "LEARNED",
    "OTHER",
    "OWN_GROUP",
    "SET_ASIDE",
    "THEMES_FILE",
    "CodeEntry",
    "CodeMatch",
    "Codebook",
    "Coder",
    "CodingSetting",
    "EncoderError",
    "Explanation",
    "LearnedCoder",
    "OwnModelCoder",
    "ScoreCoder",
    "Scored",
    "StageCoder",
    "ThemeCoder",
    "as_table",
    "as_vectors",
    "code_declared",
    "code_excerpts",
    "describe_coders",
    "describe_learned",
    "describe_learner",
    "describe_themes",
    "detect_languages",
    "explain_excerpt",
    "find_excerpts",
    "fingerprint",
    "fingerprint_scores",
    "keep_questions",
    "label_codes",
    "learn_codes",
    "load_codebook",
    "load_encoder",
    "make_coders",
    "make_theme_coder",
    "match_codes",
    "measure_excerpts",
    "read_qdc",
    "score_excerpts",
    "score_texts",
    "split_excerpts",
    "suggest_excerpts_to_code",
    "write_qdc",
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
    """Return every machine coder of a study, in the order in which they speak.

    Parameters
    ----------
    setting : CodingSetting
    embeddings : DataFrame, optional
        Of the excerpts, as in `Scored`; without them, words and phrases alone are read.
    """
    encode = None if embeddings is None else _encode
    return [
        StageCoder(setting.journey, embeddings, encode),
        _score_coder(setting, embeddings),
        make_theme_coder(setting, embeddings),
        *setting.own_models(),
    ]


def code_excerpts(
    excerpts: pd.DataFrame,
    scored: Scored | pd.DataFrame,
    setting: CodingSetting,
    *,
    declared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Run every machine coder.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    scored : Scored or DataFrame
        Of `measure_excerpts`, or table `scores` alone.
    setting : CodingSetting
    declared : DataFrame, optional
        Of `code_declared`: stages that outrank the inferred ones.

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
    parts = [declared if declared is not None else empty_table("codes")]
    for coder in make_coders(setting, scored.embeddings):
        # A touchpoint is read with the stage, a theme named with the pain points, found before.
        if isinstance(coder, ScoreCoder):
            coder = replace(coder, stages=_stage_of(pd.concat(parts)))
        elif isinstance(coder, ThemeCoder):
            coder = replace(coder, carried=_named_pains(parts[-1]))
        parts.append(coder(excerpts, scored.scores))
    return check_table(pd.concat(parts[1:], ignore_index=True), "codes", where="code_excerpts")


def describe_coders(setting: CodingSetting) -> pd.DataFrame:
    """Return table `coders` for the source and the machine coders, with fingerprints."""
    rules = fingerprint(setting)
    rows = [
        ("source", "source", "declared by the source", "", ""),
        (
            "stages",
            "machine",
            "headings, questions and likeness to the stages, along the conversation",
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


def describe_learner(learner: LearnedCoder) -> pd.DataFrame:
    """Return table `coders` for the coder that learned from people."""
    columns = ["coder_id", "kind", "name", "version", "sha256"]
    frame = pd.DataFrame([learner.describe()], columns=columns)
    return check_table(frame, "coders", where="describe_learner")


def label_codes(codes: pd.DataFrame, codebook: Codebook) -> dict[tuple[str, str], str]:
    """Return the name that people read for each (code group, code).

    Themes are named by the words that set them apart.
    """
    labels = {
        ("pain_point", OTHER): "Trouble that fits no code yet",
        ("delight", OTHER): "Praise that fits no code yet",
        ("need", "need"): "A need or a wish",
        ("social_proof", "social_proof"): "Others’ use or advice played a part",
        ("adjacent_wish", "adjacent_wish"): "A wish beside what is offered",
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
    digest.update(fingerprint_scores(setting.choices.scores).encode())
    digest.update(repr(setting.journey).encode())
    digest.update(setting.choices.model_dump_json().encode())
    digest.update(setting.codebook.sha256.encode())
    frozen = setting.folder / THEMES_FILE
    digest.update(frozen.read_bytes() if frozen.exists() else b"")
    for coder in setting.own_models():
        digest.update(coder.sha256.encode())
    return digest.hexdigest()


def fingerprint_scores(by: Scorer) -> str:
    """Return a hash of all that `measure_excerpts` depends on, besides the excerpts.

    The model's own hash is written in this room's source.
    """
    digest = hashlib.sha256(by.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(rules_sha256().encode())
    digest.update(HEADS_FILE.read_bytes())
    return digest.hexdigest()


def _encode(texts: Sequence[str]) -> Any:
    return load_encoder().encode(list(texts)).embeddings


def _stage_of(codes: pd.DataFrame) -> pd.Series:
    """Return the first stage named for each excerpt, by `excerpt_id`."""
    stages = codes[codes["code_group"] == "stage"].drop_duplicates("excerpt_id")
    return stages.set_index("excerpt_id")["code"]


def _named_pains(codes: pd.DataFrame) -> pd.DataFrame:
    return codes[(codes["code_group"] == "pain_point") & (codes["code"] != OTHER)]


def _score_coder(setting: CodingSetting, embeddings: pd.DataFrame | None) -> ScoreCoder:
    if setting.choices.scores == "rules":
        return ScoreCoder(setting.codebook, journey=setting.journey)
    levels = load_heads().thresholds
    return ScoreCoder(
        setting.codebook,
        Thresholds(
            emotions={name: levels[f"emotion_{name}"] for name in EMOTIONS},
            pain=levels["pain"],
            delight=levels["delight"],
            need=levels["need"],
            expectation=levels["expectation"],
            sure_pain=levels["pain"],
            sure_delight=levels["delight"],
            least=0.5,
        ),
        journey=setting.journey,
        embeddings=embeddings,
        encode=None if embeddings is None else _encode,
        coder_id="encoder",
    )


def make_theme_coder(setting: CodingSetting, embeddings: pd.DataFrame | None) -> ThemeCoder:
    """Return the coder of themes: frozen ones where the study has them.

    Parameters
    ----------
    setting : CodingSetting
    embeddings : DataFrame or None
        As in `Scored`; themes are found by words without them.
    """
    if embeddings is None:
        return ThemeCoder()
    level = load_heads().thresholds["pain"]
    encoder = load_encoder()
    frozen = setting.folder / THEMES_FILE
    return ThemeCoder(
        pain_threshold=level,
        embeddings=embeddings,
        encoder_sha256=encoder.sha256,
        definitions=embed_definitions(setting.codebook),
        code_names=setting.codebook.labels(),
        frozen=read_themes(frozen, encoder_sha256=encoder.sha256) if frozen.exists() else None,
    )


THEMES_FILE = "themes.json"
"""Frozen themes, in the study's folder."""
