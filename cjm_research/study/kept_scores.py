"""Scores and embeddings of what was said, kept by content: only new words are measured.

What the encoder says of an excerpt depends on the excerpt and the question it answers, to the
last bit, and on nothing else: not on the batch, not on the other documents. So an interview that
is added, or a sentence that is corrected, costs no more than itself.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cjm_research import coding
from cjm_research.study.cache import WORKING, sweep_stale

if TYPE_CHECKING:
    import pyarrow as pa

Measure = Callable[[pd.DataFrame], coding.Scored]

SCORES_FILE = "scores.arrow"
_KEY, _VECTOR = "key", "embedding"


def measure_new(
    excerpts: pd.DataFrame, folder: Path, *, fingerprint: str, measure: Measure
) -> coding.Scored:
    """Measure the excerpts that are not kept yet, and return what is known of all.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`.
    folder : Path
        Where the scores are kept, in one file. It is replaced as a whole, by a rename: a
        killed run leaves the old one, and of two runs at a time the later stays. It holds
        nothing of words that are in these excerpts no more.
    fingerprint : str
        Hash of all that scores depend on besides the words: `coding.fingerprint_scores`.
    measure : callable
        Excerpts to `Scored`; called at most once, with one excerpt per text and question.

    Returns
    -------
    Scored
        As `measure` would return it for all excerpts.
    """
    heard = excerpts[excerpts["speaker"] != "interviewer"]
    if heard.empty:
        return measure(heard)
    keys = pd.Index(
        [
            _hash_words(fingerprint, text, prompt)
            for text, prompt in zip(heard["text"], heard["prompt"], strict=True)
        ],
        name=_KEY,
        dtype="object",
    )
    path = folder / SCORES_FILE
    kept = _read(path)
    # Rows of other scorers leave first: they may have vectors where these have none.
    used = kept[kept[_KEY].isin(keys)]
    missing = ~keys.duplicated() & ~keys.isin(used[_KEY])
    if missing.any():
        fresh = _as_rows(keys[missing], measure(heard[missing]))
        used = pd.concat([used, fresh], ignore_index=True) if len(used) else fresh
    if missing.any() or len(used) < len(kept):
        _write(used, path)
    rows = pd.Index(used[_KEY]).get_indexer(keys)
    return _as_scored(used.iloc[rows], heard["excerpt_id"])


def _hash_words(fingerprint: str, text: str, prompt: str) -> str:
    # A text may hold any character: its length says where it ends.
    return hashlib.sha256(f"{fingerprint}{len(text)}:{text}{prompt}".encode()).hexdigest()[:32]


def _as_rows(keys: pd.Index, scored: coding.Scored) -> pd.DataFrame:
    """Return one row per key: key, the columns of `scores`, and the embedding as one array."""
    rows = scored.scores.drop(columns="excerpt_id").reset_index(drop=True)
    rows.insert(0, _KEY, keys)
    if scored.embeddings is not None:
        rows[_VECTOR] = pd.Series(list(scored.embeddings.to_numpy()), dtype="object")
    return rows


def _as_scored(rows: pd.DataFrame, ids: pd.Series) -> coding.Scored:
    embeddings = None
    if _VECTOR in rows:
        vectors = np.array(rows[_VECTOR].tolist(), dtype=np.float32)
        embeddings = pd.DataFrame(vectors, index=pd.Index(ids))
    scores = rows.drop(columns=[_KEY, _VECTOR], errors="ignore").reset_index(drop=True)
    scores.insert(0, "excerpt_id", ids.to_numpy())
    return coding.Scored(scores, embeddings)


def _read(path: Path) -> pd.DataFrame:
    """Return what is kept: no rows where nothing is, or nothing that can be read."""
    import pyarrow as pa
    from pyarrow import feather

    try:
        table: pa.Table = feather.read_table(path, memory_map=False)
    except (FileNotFoundError, pa.ArrowInvalid):
        return pd.DataFrame({_KEY: pd.Series(dtype="object")})
    vectors = None
    if _VECTOR in table.column_names:
        column = table.column(_VECTOR).combine_chunks()
        vectors = column.flatten().to_numpy().reshape(len(column), -1)
        table = table.drop_columns([_VECTOR])
    rows = table.to_pandas()
    if vectors is not None:
        rows[_VECTOR] = pd.Series(list(vectors), dtype="object")
    return rows


def _write(rows: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import feather

    table = pa.Table.from_pandas(rows.drop(columns=_VECTOR, errors="ignore"), preserve_index=False)
    if _VECTOR in rows:
        vectors = np.array(rows[_VECTOR].tolist(), dtype=np.float32)
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        table = table.append_column(_VECTOR, column)
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_stale(path.parent)
    handle, name = tempfile.mkstemp(prefix=WORKING, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            feather.write_feather(table, file, compression="uncompressed")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
