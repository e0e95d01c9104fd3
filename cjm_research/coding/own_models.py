"""A lab's own weights as a coder: a local transformers or sentence-transformers model.

Needs the extra `models` (torch, transformers, sentence-transformers). Nothing is fetched: the
model is a folder on this machine, its weights are safetensors, and code that lies in the
folder is never run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from cjm_research.coding.resources import Codebook, load_codebook
from cjm_research.coding.rows import make_codes
from cjm_research.config import OwnModel
from cjm_research.errors import ConfigError, quoted

BATCH = 32


@dataclass(frozen=True)
class OwnModelCoder:
    """Code excerpts with a model of one's own.

    A classifier gives a code for every label whose probability reaches the threshold. An
    embedding model gives the code of the codebook whose definition is nearest in meaning, if
    their similarity reaches the threshold.

    Attributes
    ----------
    folder : Path
    kind : {"classifier", "embedding"}
    code_group : str
        Group of its codes.
    threshold : float
        Least probability (classifier) or cosine similarity (embedding).
    codes : mapping of str to str
        Label of the classifier to code. Labels that are not named give no codes; without any,
        labels are codes.
    codebook : Codebook
        Whose definitions an embedding model is compared with.
    coder_id : str
    """

    folder: Path
    kind: str
    code_group: str
    threshold: float = 0.5
    codes: Mapping[str, str] = field(default_factory=dict)
    codebook: Codebook = field(default_factory=load_codebook)
    coder_id: str = "own"

    @classmethod
    def from_choice(cls, choice: OwnModel, codebook: Codebook, base: Path) -> OwnModelCoder:
        """Return the coder that study.yaml asks for.

        Parameters
        ----------
        choice : OwnModel
        codebook : Codebook
        base : Path
            Folder of the study; relative paths start there.

        Raises
        ------
        ConfigError
            If there is no such folder, or it holds no safetensors.
        """
        folder = (base / Path(choice.path).expanduser()).resolve()
        where = f"coding.models: {choice.path}"
        if not folder.is_dir():
            raise ConfigError("study.yaml", [f"{where}: there is no such folder."])
        if not list(folder.glob("**/*.safetensors")):
            found = quoted(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
            raise ConfigError(
                "study.yaml",
                [f"{where}: the folder holds no .safetensors file. Found: {found}."],
            )
        return cls(
            folder, choice.type, choice.code_group, choice.threshold, choice.codes, codebook,
            coder_id=f"own:{folder.name}",
        )  # fmt: skip

    @property
    def sha256(self) -> str:
        """Fingerprint of all files of the model."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(self.folder).as_posix().encode())
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def require_installed(self) -> None:
        """Raise ConfigError if the extra `models` is not installed."""
        wanted = "transformers" if self.kind == "classifier" else "sentence_transformers"
        if find_spec(wanted) is None:
            raise _not_installed()

    def describe(self) -> tuple[str, str, str, str, str]:
        """Return the coder's row of table `coders`."""
        return self.coder_id, "machine", f"own {self.kind} {self.folder.name}", "", self.sha256

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes` for the excerpts that have scores.

        Raises
        ------
        ConfigError
            If the extra is not installed, or `codes` names a label that the model has not.
        """
        heard = excerpts[excerpts["excerpt_id"].isin(scores["excerpt_id"])]
        heard = heard.sort_values(["document_id", "start"], kind="stable")
        found = self._classify if self.kind == "classifier" else self._compare
        rows = heard.to_dict("records")
        return make_codes(found(rows), coder_id=self.coder_id)

    def _classify(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        classify = _load_classifier(self.folder)
        known = list(classify.model.config.id2label.values())
        unknown = [label for label in self.codes if label not in known]
        if unknown:
            raise ConfigError(
                "study.yaml",
                [
                    f"coding.models: {self.folder.name} has no label {quoted(unknown)}. "
                    f"Its labels: {quoted(known)}."
                ],
            )
        codes = self.codes or {label: label for label in known}
        said = [row["text"] for row in rows]
        for row, labels in zip(rows, classify(said, batch_size=BATCH), strict=True):
            for label in labels:
                if label["label"] in codes and label["score"] >= self.threshold:
                    yield self._code(row, codes[label["label"]], label["score"], "score")

    def _compare(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        entries = [entry for entry in self.codebook if entry.group == self.code_group]
        if not entries or not rows:
            return
        model = _load_embedder(self.folder)
        meaning = [f"{entry.name}. {entry.definition}" for entry in entries]
        options = {"batch_size": BATCH, "normalize_embeddings": True, "show_progress_bar": False}
        said = model.encode([row["text"] for row in rows], **options)
        similar = said @ model.encode(meaning, **options).T
        for row, each in zip(rows, similar, strict=True):
            best = int(each.argmax())
            if each[best] >= self.threshold:
                yield self._code(row, entries[best].code, float(each[best]), "similarity")

    def _code(self, row: dict[str, Any], code: str, strength: float, basis: str) -> dict[str, Any]:
        added = {"code_group": self.code_group, "code": code, "basis": basis}
        return row | added | {"strength": min(1.0, strength)}


@cache
def _load_classifier(folder: Path) -> Any:
    _stay_offline()
    try:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
    except ImportError as error:
        raise _not_installed() from error
    options = {"local_files_only": True, "trust_remote_code": False}
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, use_safetensors=True, **options
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    return pipeline(
        "text-classification", model=model, tokenizer=tokenizer, top_k=None, truncation=True,
        device="cpu",
    )  # fmt: skip


@cache
def _load_embedder(folder: Path) -> Any:
    _stay_offline()
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise _not_installed() from error
    return SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )  # fmt: skip


def _stay_offline() -> None:
    """Keep the libraries from asking their hub about a local folder."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _not_installed() -> ConfigError:
    return ConfigError(
        "study.yaml",
        [
            "coding.models: models of one's own need torch and transformers, which are not "
            "installed.\n  What to do: pip install 'cjm_research[models]'"
        ],
    )
