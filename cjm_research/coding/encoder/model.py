"""The network behind one call: texts in, embeddings and probabilities out.

Linear layers work on 8-bit integers with a scale per token, and a batch holds only texts with
the same number of tokens. So nothing depends on what else is in the batch, on the order of
the texts or on the number of threads: a text has one score, to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cjm_research.errors import CjmError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).parent
PINNED = "38406a3d390ede607a20dd1e8b6e63dad152a5222b8c1792992d7d1f7b029465"
"""sha256 of `model.json`, which holds those of the other files. Set by `training/export.py`."""

WIDTH = 384
BATCH_TOKENS = 192
"""Tokens in a batch. Small batches stay in a core's cache, single short texts cost more in calls
than in work."""
CHUNK = 8192
"""Texts whose token ids are in memory at a time."""


class EncoderError(CjmError):
    """The shipped model is missing, damaged or cannot be run."""


@dataclass(frozen=True)
class Encoded:
    """What the encoder says of n texts.

    Attributes
    ----------
    embeddings : float32 array, n x 384
        Unit length; the dot product of two is their similarity of meaning.
    emotions : float32 array, n x 28
        Calibrated probabilities in the order of `Encoder.emotions` (GoEmotions); several may
        be high.
    signals : float32 array, n x 3
        Probabilities of pain, delight and need.
    truncated : bool array, n
        True where a text is longer than 256 word pieces; what follows them was not read.
    """

    embeddings: NDArray[np.float32]
    emotions: NDArray[np.float32]
    signals: NDArray[np.float32]
    truncated: NDArray[np.bool_]

    def __getitem__(self, rows: slice) -> Encoded:
        """Return what is said of some of the texts."""
        return Encoded(
            self.embeddings[rows], self.emotions[rows], self.signals[rows], self.truncated[rows]
        )


class Encoder:
    """The shipped model, loaded.

    Parameters
    ----------
    folder : Path, optional
        Where `model.onnx`, `tokenizer.json` and `model.json` lie. Without it, the package's
        own, whose sha256 is pinned.

    Attributes
    ----------
    name, version, sha256 : str
        For the table `coders`.
    emotions, signals : tuple of str
        Names of the columns of `Encoded.emotions` and `Encoded.signals`.
    card : dict
        The whole of `model.json`: calibration and thresholds among it.

    Raises
    ------
    EncoderError
        If a file is missing or is not the one that was shipped.
    """

    def __init__(self, folder: Path = HERE) -> None:
        description = _read(folder / "model.json")
        if folder == HERE and _sha256(description) != PINNED:
            raise EncoderError(_damaged("model.json"))
        self.card: dict[str, Any] = json.loads(description)
        files = {name: _read(folder / name) for name in self.card["files"]}
        for name, content in files.items():
            if _sha256(content) != self.card["files"][name]:
                raise EncoderError(_damaged(name))
        self.name: str = self.card["name"]
        self.version: str = self.card["version"]
        self.sha256: str = self.card["files"]["model.onnx"]
        self.emotions: tuple[str, ...] = tuple(self.card["emotions"])
        self.signals: tuple[str, ...] = tuple(self.card["signals"])
        self._tokenizer = _load_tokenizer(files["tokenizer.json"], self.card["max_tokens"])
        self._session = _load_session(files["model.onnx"])

    def encode(
        self,
        texts: Sequence[str],
        prompts: Sequence[str] | None = None,
        *,
        workers: int | None = None,
    ) -> Encoded:
        """Return embeddings and probabilities, a row per text.

        Parameters
        ----------
        texts : sequence of str
        prompts : sequence of str, optional
            The question that each text answers, or an empty string. "The search" means one
            thing after "What annoys you?" and another after "What do you like?".
        workers : int, optional
            Threads; as many as there are cores for this process when not given. The result
            does not depend on it.

        Raises
        ------
        TypeError
            If `texts` is one text, or holds something that is no text.
        ValueError
            If there are not as many prompts as texts.
        """
        texts = _checked(texts)
        prompts = _checked(prompts) if prompts is not None else None
        if prompts is not None and len(prompts) != len(texts):
            raise ValueError(f"{len(texts)} texts came with {len(prompts)} prompts")
        n = len(texts)
        made = Encoded(
            np.empty((n, WIDTH), "float32"),
            np.empty((n, len(self.emotions)), "float32"),
            np.empty((n, len(self.signals)), "float32"),
            np.zeros(n, "bool"),
        )
        with ThreadPoolExecutor(workers or _cores()) as pool:
            for begin in range(0, n, CHUNK):
                end = min(begin + CHUNK, n)
                asked = prompts[begin:end] if prompts is not None else None
                self._encode_chunk(texts[begin:end], asked, _rows(made, begin, end), pool)
        return made

    def _encode_chunk(
        self,
        texts: Sequence[str],
        prompts: Sequence[str] | None,
        made: Encoded,
        pool: ThreadPoolExecutor,
    ) -> None:
        given = (
            list(texts)
            if prompts is None
            else [(p, t) if p else t for p, t in zip(prompts, texts, strict=True)]
        )
        codes = self._tokenizer.encode_batch(given)
        made.truncated[:] = [bool(code.overflowing) for code in codes]

        def run(rows: list[int]) -> None:
            meaning, emotions, signals = self._session.run(
                None,
                {
                    "ids": np.array([codes[row].ids for row in rows], "int64"),
                    "kinds": np.array([codes[row].type_ids for row in rows], "int64"),
                },
            )
            made.embeddings[rows] = meaning / np.linalg.norm(meaning, axis=1, keepdims=True)
            made.emotions[rows] = sigmoid(emotions.astype("float64"))
            made.signals[rows] = sigmoid(signals.astype("float64"))

        # Longest first, so that no thread is left alone with the longest at the end.
        for _ in pool.map(run, _batches([len(code.ids) for code in codes])):
            pass


@cache
def load_encoder() -> Encoder:
    """Return the shipped encoder, loaded once in a process."""
    return Encoder()


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def _checked(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise TypeError("a list of texts is needed, not one text: write [text]")
    given = list(texts)
    for place, text in enumerate(given):
        if not isinstance(text, str):
            raise TypeError(
                f"text {place} is {text!r:.60}, not a text; leave gaps out, or fill them with ''"
            )
    return given


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Return row numbers in batches of one length, longest first."""
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    for length in sorted(by_length, reverse=True):
        rows = by_length[length]
        size = max(1, BATCH_TOKENS // length)
        for begin in range(0, len(rows), size):
            yield rows[begin : begin + size]


def _rows(made: Encoded, begin: int, end: int) -> Encoded:
    """Return a view on some rows."""
    return Encoded(
        made.embeddings[begin:end],
        made.emotions[begin:end],
        made.signals[begin:end],
        made.truncated[begin:end],
    )


def _load_tokenizer(content: bytes, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _load_session(content: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread a call and several calls at a time: faster on short texts than one call on
    # several threads, and no sum is split in a way that depends on the machine.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Without the arena a long text leaves no memory behind.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise EncoderError(_damaged(path.name)) from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(name: str) -> str:
    return (
        f"The language model's file {name} is missing or is not the one that was shipped.\n"
        "  What to do: install cjm_research again, or write `coding: {scores: rules}` in "
        "study.yaml to code with word lists."
    )
