"""The coder of themes: what excerpts of pain share, or which frozen theme they join."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cjm_research.coding.encoder import load_encoder
from cjm_research.coding.rows import make_codes
from cjm_research.coding.themes.clustering import (
    Detail,
    Vectors,
    center_vectors,
    cluster_vectors,
    find_centroids,
)
from cjm_research.coding.themes.model import Themes
from cjm_research.coding.themes.naming import choose_example, count_content, name_clusters
from cjm_research.coding.themes.stability import measure_stability
from cjm_research.coding.themes.words import embed_words
from cjm_research.errors import TableError

if TYPE_CHECKING:
    from cjm_research.coding.resources import Codebook

NEW = "new"
"""Code of an excerpt that fits none of the frozen themes."""
NEW_LABEL = "Fits no theme yet"
COUNTERS = 0.4
"""Similarity to a theme's centroid from which a glad excerpt speaks against it."""
N_COUNTER = 3
"""Excerpts of counter-evidence a theme, at most."""
MIN_CONTENT = 2
"""Content words that an excerpt needs to be put into a theme: "And I closed it." names none."""
MOST_CARRY = 0.5
"""Share of a theme's excerpts that must carry one code for its name to stand first."""
MEANS_CODE = 0.6
"""Similarity of a theme's mean to a code's definition for its name to stand first."""


@dataclass(frozen=True)
class ThemeCoder:
    """Group excerpts that tell of pain by their meaning.

    BERTopic in its lightweight form: our own embeddings (without them, words), clustering by
    the size of the corpus (`cluster_vectors`), names from class-based TF-IDF. An excerpt may
    belong to several themes or to none. Themes are numbered by size, carry their stability
    over resamples and the excerpts that speak against them.

    Attributes
    ----------
    min_excerpts : int
        Fewer excerpts of pain than this give no themes; frozen themes are joined by any.
    min_in_theme : int
        Smaller clusters are no themes; their excerpts join another theme or none. A theme
        also needs two people, where the study has two.
    pain_threshold : float
        Excerpts from this score on tell of pain.
    delight_threshold, calm_threshold : float
        Counter-evidence has at least this delight and at most this pain.
    detail : {"broad", "fine"}
        See `most_clusters`.
    random_state : int
    embeddings : DataFrame, optional
        Index `excerpt_id`, a column per dimension.
    encoder_sha256 : str
        Of the encoder that made them; empty otherwise.
    definitions : DataFrame, optional
        Of `embed_definitions`: index the name of a code, a column per dimension.
    carried : DataFrame, optional
        Table `codes` of other coders; names of their codes are in `code_names`.
    code_names : dict
        {(code group, code): name}, as `Codebook.labels` gives it.
    frozen : Themes, optional
        Themes to join instead of finding some.
    """

    min_excerpts: int = 30
    min_in_theme: int = 4
    pain_threshold: float = 0.6
    delight_threshold: float = 0.6
    calm_threshold: float = 0.3
    detail: Detail = "broad"
    random_state: int = 0
    embeddings: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    encoder_sha256: str = ""
    definitions: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    carried: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    code_names: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    frozen: Themes | None = field(default=None, compare=False, repr=False)
    coder_id: str = "themes"

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes`: for each excerpt that tells of pain, its themes.

        The code is the theme's id; strength is the similarity to its centroid. `attributes`
        hold `label`, `stability` and `ari` (null where not measured), `similarity`,
        `example_id` and `counter_ids`. Under frozen themes an excerpt that fits none has the
        code `new`; else it has no theme.
        """
        told, joyful = self._told(excerpts, scores), self._joyful(excerpts, scores)
        vectors, other_vectors = self._embed(told, joyful)
        themes = self.frozen
        if themes is None and vectors is not None:
            themes = self._find(told, vectors)
        if themes is None or vectors is None or told.empty:
            return make_codes([], coder_id=self.coder_id)
        joined = themes.assign(vectors)
        against = (
            themes.similarity(other_vectors) if len(joyful) else np.zeros((0, len(themes.ids)))
        )
        described = [
            self._describe(themes, position, joined, told, joyful, against)
            for position in range(len(themes.ids))
        ]
        records = told.to_dict("records")
        rows = [
            self._row(
                records[row],
                themes.ids[position],
                similarity,
                described[position] | {"similarity": round(float(similarity), 3)},
            )
            for row, position, similarity in joined.itertuples(index=False)
        ]
        if self.frozen is not None:
            alone = sorted(set(range(len(told))) - set(joined["row"]))
            rows += [self._row(records[row], NEW, 1.0, {"label": NEW_LABEL}) for row in alone]
        return make_codes(rows, coder_id=self.coder_id)

    def fit(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> Themes | None:
        """Find themes, for `freeze_themes` or `refit_themes`.

        Returns
        -------
        Themes or None
            None when there are too few excerpts of pain, or no theme among them.

        Raises
        ------
        TableError
            Without embeddings: vectors of words change with every excerpt that is added.
        """
        if self.embeddings is None:
            raise TableError(
                "ThemeCoder.fit",
                "scores",
                [
                    "themes can be frozen only where a language model scores the texts. "
                    "Write `coding: {scores: encoder}` in study.yaml."
                ],
            )
        told = self._told(excerpts, scores)
        vectors, _ = self._embed(told, told.iloc[:0])
        return None if vectors is None else self._find(told, vectors)

    def pain_vectors(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> Vectors:
        """Return the embeddings of the excerpts that tell of pain, for `refit_themes`."""
        vectors, _ = self._embed(self._told(excerpts, scores), excerpts.iloc[:0])
        return np.zeros((0, 0)) if vectors is None else vectors

    def _find(self, told: pd.DataFrame, vectors: Vectors) -> Themes | None:
        if len(told) < self.min_excerpts:
            return None
        found = cluster_vectors(vectors, detail=self.detail, random_state=self.random_state)
        held = measure_stability(vectors, found.labels, random_state=self.random_state)
        centered, mean = center_vectors(vectors)
        n_people = min(2, told["participant_id"].nunique())
        groups = told.assign(cluster=found.labels).groupby("cluster")["participant_id"]
        size, people = groups.size(), groups.nunique()
        # Clusters are numbered by size already; a gap is left by those that are no themes.
        kept = np.flatnonzero((size >= self.min_in_theme) & (people >= n_people))
        if not len(kept):
            return None
        themes = Themes(
            ids=tuple(f"t{number + 1:02d}" for number in range(len(kept))),
            labels=("",) * len(kept),
            centroids=find_centroids(centered, found.labels)[kept],
            mean=mean,
            stability=held.themes[kept],
            ari=held.ari,
            n_excerpts=len(told),
            encoder_sha256=self.encoder_sha256,
            last_number=len(kept),
        )
        return self._name(themes, told, vectors)

    def _name(self, themes: Themes, told: pd.DataFrame, vectors: Vectors) -> Themes | None:
        """Name themes by the excerpts that joined them, and number them by how many did."""
        joined = themes.assign(vectors)
        size = np.bincount(joined["position"], minlength=len(themes.ids))
        best = joined.sort_values(["row", "similarity"], ascending=[True, False], kind="stable")
        best = best.drop_duplicates("row")
        mine = np.bincount(best["position"], minlength=len(themes.ids))
        kept = np.flatnonzero((size >= self.min_in_theme) & (mine > 0))
        if not len(kept):
            return None
        order = kept[np.argsort(-size[kept], kind="stable")]
        place = {int(position): number for number, position in enumerate(order)}
        best = best[best["position"].isin(place)]
        rows, labels = best["row"].to_numpy(), best["position"].map(place).to_numpy()
        words = name_clusters(told["text"].iloc[rows].tolist(), labels, vectors[rows])
        codes = self._code_names(told, vectors, joined, order)
        return replace(
            themes,
            ids=tuple(f"t{number + 1:02d}" for number in range(len(order))),
            labels=tuple(
                f"{code}: {word}" if code and word != "other" else code or word
                for code, word in zip(codes, words, strict=True)
            ),
            centroids=themes.centroids[order],
            stability=themes.stability[order],
            last_number=len(order),
        )

    def _code_names(
        self, told: pd.DataFrame, vectors: Vectors, joined: pd.DataFrame, order: Vectors
    ) -> list[str]:
        """Return the name of the code that each theme stands for, or an empty string."""
        carried = self._carried_names()
        names = []
        for position in order:
            rows = joined.loc[joined["position"] == position, "row"].to_numpy()
            counts = Counter(
                name for id_ in told["excerpt_id"].iloc[rows] for name in carried.get(id_, ())
            )
            # Of equally frequent names the first by the alphabet.
            name, n = max(sorted(counts.items()), key=lambda pair: pair[1], default=("", 0))
            names.append(name if n >= MOST_CARRY * len(rows) else self._meant_by(vectors[rows]))
        return names

    def _carried_names(self) -> dict[str, set[str]]:
        """Return the names of the codes that other coders gave each excerpt."""
        names: dict[str, set[str]] = {}
        if self.carried is not None:
            held = self.carried[self.carried["strength"] > 0]
            for excerpt_id, group, code in held[["excerpt_id", "code_group", "code"]].itertuples(
                index=False
            ):
                if name := self.code_names.get((group, code)):
                    names.setdefault(excerpt_id, set()).add(name)
        return names

    def _meant_by(self, vectors: Vectors) -> str:
        if self.definitions is None or self.definitions.shape[1] != vectors.shape[1]:
            return ""
        mean = vectors.astype(np.float64).mean(axis=0)
        similar = self.definitions.to_numpy(dtype=np.float64) @ mean
        similar = np.round(similar / max(float(np.linalg.norm(mean)), 1e-9), 6)
        best = int(similar.argmax())
        return str(self.definitions.index[best]) if similar[best] >= MEANS_CODE else ""

    def _describe(
        self,
        themes: Themes,
        position: int,
        joined: pd.DataFrame,
        told: pd.DataFrame,
        joyful: pd.DataFrame,
        against: Vectors,
    ) -> dict[str, Any]:
        """Return what the theme's codes carry: name, stability, example, counter-evidence."""
        mine = joined[joined["position"] == position]
        described: dict[str, Any] = {
            "label": themes.labels[position],
            "stability": _plain(themes.stability[position]),
            "ari": _plain(themes.ari),
            "example_id": "",
            "counter_ids": [],
        }
        if len(mine):
            texts = told["text"].iloc[mine["row"]].tolist()
            example = choose_example(texts, mine["similarity"].to_numpy())
            described["example_id"] = told["excerpt_id"].iloc[mine["row"].iloc[example]]
        described["counter_ids"] = _nearest(joyful, against[:, position])
        return described

    def _row(
        self, record: dict[str, Any], code: str, strength: float, attributes: dict[str, Any]
    ) -> dict[str, Any]:
        return record | {
            "code_group": "theme",
            "code": code,
            "strength": min(1.0, round(float(strength), 3)),
            "basis": "cluster" if self.frozen is None else "frozen",
            "attributes": attributes,
        }

    def _told(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        pain = scores.loc[scores["pain"] >= self.pain_threshold, "excerpt_id"]
        return _telling(excerpts, pain)

    def _joyful(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        glad = (scores["delight"] >= self.delight_threshold) & (
            scores["pain"] <= self.calm_threshold
        )
        return _telling(excerpts, scores.loc[glad, "excerpt_id"])

    def _embed(self, told: pd.DataFrame, joyful: pd.DataFrame) -> tuple[Any, Any]:
        """Return a vector per excerpt, or None when they share too few words for themes."""
        if self.embeddings is not None:
            both = [self.embeddings.loc[rows["excerpt_id"]].to_numpy() for rows in (told, joyful)]
            return both[0], both[1]
        if len(told) < self.min_excerpts or self.frozen is not None:
            return None, None
        found = embed_words(
            told["text"].tolist(), joyful["text"].tolist(), random_state=self.random_state
        )
        return found or (None, None)


def embed_definitions(codebook: Codebook, *, groups: Sequence[str] = ("pain_point",)) -> Any:
    """Return the meaning of the codes' definitions, for `ThemeCoder.definitions`.

    Parameters
    ----------
    codebook : Codebook
    groups : sequence of str
        Code groups whose codes may name a theme.

    Returns
    -------
    DataFrame
        Index the name of the code, 384 columns; a row per code that has a definition.
    """
    entries = [entry for entry in codebook if entry.group in groups and entry.definition]
    texts = [f"{entry.name}. {entry.definition}" for entry in entries]
    index = pd.Index([entry.name for entry in entries])
    return pd.DataFrame(load_encoder().encode(texts).embeddings, index=index)


def _telling(excerpts: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    # Sorted: the order of rows must not change what is found.
    rows = excerpts[excerpts["excerpt_id"].isin(set(ids))].sort_values("excerpt_id")
    says = np.array([count_content(text) >= MIN_CONTENT for text in rows["text"]], dtype=bool)
    return rows[says].reset_index(drop=True)


def _nearest(rows: pd.DataFrame, similar: Vectors) -> list[str]:
    """Return the ids of the most similar excerpts, one a person."""
    near = rows.assign(similar=similar)
    near = near[near["similar"] >= COUNTERS]
    near = near.sort_values(["similar", "excerpt_id"], ascending=[False, True], kind="stable")
    return list(near.drop_duplicates("participant_id")["excerpt_id"].iloc[:N_COUNTER])


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 3)
