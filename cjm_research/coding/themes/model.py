"""Themes as a study holds them: centroids that excerpts join, with ids and names."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.coding.themes.clustering import (
    GRAIN,
    Vectors,
    center_vectors,
    measure_similarity,
)
from cjm_research.errors import SourceError, TableError

FITS = 0.3
"""Similarity to a theme's centroid from which an excerpt may belong to it."""
MARGIN = 0.05
"""How far behind its best theme a further theme of an excerpt may lie."""
SAME = 0.5
"""Jaccard overlap of their excerpts from which a theme found anew is the old one."""
FORMAT = 1
_KEYS = (
    "format", "encoder_sha256", "n_excerpts", "fits", "margin", "last_number", "mean", "themes",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Themes:
    """k themes that excerpts can be assigned to.

    Attributes
    ----------
    ids, labels : tuple of str, k
        `t01`, ... and the names that people read.
    centroids : array, k x d
        As `find_centroids` gives them, in the space around `mean`.
    mean : array, d
        Of all excerpts that the themes were made from.
    stability : float array, k
        NaN where it could not be measured.
    ari : float
        Of the clustering as a whole.
    n_excerpts : int
        That the themes were made from.
    encoder_sha256 : str
        Of the encoder whose vectors these are; empty when they are of words.
    last_number : int
        The greatest number ever given to a theme; ids are never given twice.
    fits, margin : float
        The rule of `assign`.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    centroids: Vectors
    mean: Vectors
    stability: Vectors
    ari: float
    n_excerpts: int
    encoder_sha256: str
    last_number: int
    fits: float = FITS
    margin: float = MARGIN

    def similarity(self, vectors: Vectors) -> Vectors:
        """Return the cosine of each text with each theme around the mean, n x k."""
        centered, _ = center_vectors(vectors, self.mean)
        return measure_similarity(centered, self.centroids)

    def assign(self, vectors: Vectors) -> pd.DataFrame:
        """Return which texts belong to which themes: none, one or several.

        A text belongs to its most similar theme, if that is `fits` similar at least, and to
        those that lie at most `margin` behind it and are `fits` similar too.

        Parameters
        ----------
        vectors : array, n x d

        Returns
        -------
        DataFrame
            `row` (of the vectors), `position` (of the theme), `similarity`.
        """
        similar = self.similarity(vectors)
        if similar.size == 0:
            return pd.DataFrame({"row": [], "position": [], "similarity": []}).astype(
                {"row": int, "position": int}
            )
        best = similar.max(axis=1, keepdims=True)
        row, position = np.nonzero((similar >= self.fits) & (similar >= best - self.margin))
        return pd.DataFrame(
            {"row": row, "position": position, "similarity": similar[row, position]}
        )


def freeze_themes(themes: Themes, path: Path) -> Path:
    """Write the themes of a study as source data: `data/raw/<study>/themes.json`.

    Parameters
    ----------
    themes : Themes
        From `ThemeCoder.fit`.
    path : Path

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SourceError
        If the file exists: themes that a report was written from are never overwritten.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_to_json(themes))
    except FileExistsError as error:
        raise SourceError(
            path.name,
            "the themes of this study are frozen already, and a report may rest on them.",
            "refit them (`refit_themes`, then `replace_frozen`), which keeps the ids of themes "
            "that are still there and keeps the former file.",
        ) from error
    return path


def replace_frozen(themes: Themes, path: Path) -> Path:
    """Write refitted themes, and keep the former file as `themes-1.json`, `-2`, ...

    Parameters
    ----------
    themes : Themes
        From `refit_themes`.
    path : Path
        Of the frozen themes.

    Returns
    -------
    Path
        Where the former themes are now.

    Raises
    ------
    SourceError
        If there are no frozen themes, or the new ones were not refitted from them.
    """
    former = read_themes(path)
    if themes.last_number < former.last_number:
        raise SourceError(
            path.name,
            "these themes know nothing of the ids that were given before.",
            "pass what `refit_themes(former, found, vectors)` returns.",
        )
    number = 1
    while (kept := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    kept.write_bytes(path.read_bytes())
    # In one move: whoever reads meanwhile finds the old file or the new one.
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(_to_json(themes), encoding="utf-8")
    fresh.replace(path)
    return kept


def read_themes(path: Path, *, encoder_sha256: str | None = None) -> Themes:
    """Read frozen themes.

    Parameters
    ----------
    path : Path
    encoder_sha256 : str, optional
        Of the encoder in use; checked when given.

    Raises
    ------
    SourceError
        If the file is missing, damaged, or of another encoder.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        themes = _from_json(raw)
    except FileNotFoundError as error:
        raise SourceError(
            path.name, "there are no frozen themes.", "freeze themes first (`freeze_themes`)."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            path.name,
            f"it is not a file of frozen themes ({type(error).__name__}: {error}).",
            "take it back from your version control or a backup; it is not written by hand.",
        ) from error
    if encoder_sha256 is not None:
        check_encoder(themes, encoder_sha256, where=path.name)
    return themes


def check_encoder(themes: Themes, encoder_sha256: str, *, where: str = "themes.json") -> None:
    """Raise SourceError if the themes were made with another encoder than the one in use."""
    if themes.encoder_sha256 != encoder_sha256:
        raise SourceError(
            where,
            "the themes were frozen with another language model "
            f"({themes.encoder_sha256[:12] or 'none'}) than the one in use "
            f"({encoder_sha256[:12] or 'none'}); their meanings cannot be compared.",
            "install the version of cjm_research that froze them, or rename the file and freeze "
            "the themes anew: their ids start again.",
        )


def refit_themes(
    former: Themes, found: Themes, vectors: Vectors, *, former_vectors: Vectors | None = None
) -> tuple[Themes, pd.DataFrame]:
    """Give themes that were found anew the ids of the former ones that they equal.

    Parameters
    ----------
    former, found : Themes
    vectors : array, n x d
        Of the excerpts in hand. Both are held against these: two themes are one and the same
        when the excerpts that belong to them overlap by `SAME` or more (Jaccard), best
        overlap first, each theme once.
    former_vectors : array, n x d, optional
        The same excerpts as the former encoder saw them, where the encoder changed.

    Returns
    -------
    themes : Themes
        As found, under permanent ids: what is new gets a number never used before.
    mapping : DataFrame
        `former`, `now` and `overlap`, a row per theme of either side; `former` is empty for a
        new theme, `now` for one that is no longer there. `closest` names the best match of a
        theme that found none, where one overlaps at all.

    Raises
    ------
    TableError
        If the themes are of different encoders and `former_vectors` is not given.
    """
    if former.encoder_sha256 != found.encoder_sha256 and former_vectors is None:
        raise TableError(
            "refit_themes",
            "themes",
            ["they are of two language models. Pass `former_vectors`, or freeze anew."],
        )
    before = _members(former, vectors if former_vectors is None else former_vectors)
    after = _members(found, vectors)
    shared = before.T.astype(float) @ after.astype(float)
    union = before.sum(axis=0)[:, None] + after.sum(axis=0)[None, :] - shared
    overlap = shared / np.maximum(union, 1)
    same = _match(overlap)
    rows: list[dict[str, Any]] = []
    ids, number = [], former.last_number
    for j in range(len(found.ids)):
        if j in same:
            ids.append(former.ids[same[j]])
            rows.append(_row(former.ids[same[j]], ids[-1], overlap[same[j], j], ""))
        else:
            number += 1
            ids.append(f"t{number:02d}")
            rows.append(_row("", ids[-1], 0.0, _closest(overlap[:, j], former.ids)))
    for i in sorted(set(range(len(former.ids))) - set(same.values())):
        rows.append(_row(former.ids[i], "", 0.0, _closest(overlap[i], ids)))
    mapping = pd.DataFrame(rows, columns=["former", "now", "overlap", "closest"])
    order = sorted(range(len(ids)), key=lambda j: ids[j])
    themes = replace(
        found,
        ids=tuple(ids[j] for j in order),
        labels=tuple(found.labels[j] for j in order),
        centroids=found.centroids[order],
        stability=found.stability[order],
        last_number=number,
    )
    return themes, mapping


def _members(themes: Themes, vectors: Vectors) -> Vectors:
    joined = themes.assign(vectors)
    there = np.zeros((len(vectors), len(themes.ids)), dtype=bool)
    there[joined["row"], joined["position"]] = True
    return there


def _match(overlap: Vectors) -> dict[int, int]:
    """Return {column: row} of the pairs that are the same, best overlap first."""
    same: dict[int, int] = {}
    pairs = sorted(
        ((-overlap[i, j], i, j) for i, j in zip(*np.nonzero(overlap >= SAME), strict=True))
    )
    for _, i, j in pairs:
        if j not in same and i not in same.values():
            same[int(j)] = int(i)
    return same


def _closest(overlaps: Vectors, ids: Any) -> str:
    return str(ids[int(overlaps.argmax())]) if len(overlaps) and overlaps.max() > 0 else ""


def _row(former: str, now: str, overlap: float, closest: str) -> dict[str, Any]:
    return {"former": former, "now": now, "overlap": round(float(overlap), 3), "closest": closest}


def _to_json(themes: Themes) -> str:
    """Write one theme a line, so that a version control shows which changed."""
    head = {
        "format": FORMAT,
        "encoder_sha256": themes.encoder_sha256,
        "n_excerpts": themes.n_excerpts,
        "ari": _number(themes.ari),
        "fits": themes.fits,
        "margin": themes.margin,
        "last_number": themes.last_number,
        "mean": [round(float(x), 6) for x in themes.mean],
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    described = [
        json.dumps(
            {
                "theme": theme,
                "label": label,
                "stability": _number(stability),
                "centroid": [round(float(x) / GRAIN, 6) for x in centroid],
            },
            ensure_ascii=False,
        )
        for theme, label, stability, centroid in zip(
            themes.ids, themes.labels, themes.stability, themes.centroids, strict=True
        )
    ]
    lines.append('  "themes": [\n    ' + ",\n    ".join(described) + "\n  ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _from_json(raw: Any) -> Themes:
    missing = [key for key in _KEYS if key not in raw]
    if missing:
        raise KeyError(", ".join(missing))
    if raw["format"] != FORMAT:
        raise ValueError(f"format {raw['format']}, where {FORMAT} is understood")
    listed = raw["themes"]
    width = len(raw["mean"])
    centroids = np.array([theme["centroid"] for theme in listed], dtype=float)
    centroids = centroids.reshape(len(listed), width)
    return Themes(
        ids=tuple(theme["theme"] for theme in listed),
        labels=tuple(theme["label"] for theme in listed),
        centroids=np.rint(centroids * GRAIN).astype(np.float32),
        mean=np.array(raw["mean"], dtype=float),
        stability=np.array([_nan(theme["stability"]) for theme in listed], dtype=float),
        ari=_nan(raw.get("ari")),
        n_excerpts=int(raw["n_excerpts"]),
        encoder_sha256=raw["encoder_sha256"],
        last_number=int(raw["last_number"]),
        fits=float(raw["fits"]),
        margin=float(raw["margin"]),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
