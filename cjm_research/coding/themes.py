"""Themes of pain points: BERTopic in its lightweight form, without UMAP, HDBSCAN or torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cjm_research.coding.rows import make_codes

THEME_COLUMNS = ["theme", "label", "n_excerpts", "n_participants", "example_id"]


@dataclass(frozen=True)
class ThemeCoder:
    """Group excerpts that tell of pain by their meaning.

    Agglomerative (Ward) clustering of the encoder's embeddings, or, without them, of TF-IDF
    vectors reduced by SVD; names from BERTopic's class-based TF-IDF. Small corpora give
    unstable themes: they are exploratory, and reports say so.

    Attributes
    ----------
    min_excerpts : int
        Fewer excerpts than this give no themes.
    excerpts_per_theme : int
        Sets the number of themes: corpus size over this, between 3 and 12.
    random_state : int
    embeddings : DataFrame, optional
        Index `excerpt_id`, a column per dimension.
    """

    min_excerpts: int = 30
    excerpts_per_theme: int = 15
    pain_threshold: float = 0.6
    random_state: int = 0
    embeddings: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    coder_id: str = "themes"

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes`, one theme per excerpt that tells of pain.

        The code is the theme's number, largest first; `attributes` hold its `label`.
        """
        pain = scores.loc[scores["pain"] >= self.pain_threshold, "excerpt_id"]
        # Sorted input: row order changes BERTopic's topics even with a fixed seed.
        told = excerpts[excerpts["excerpt_id"].isin(pain)].sort_values("excerpt_id")
        told = told[told["text"].str.split().str.len() >= 4]
        vectors = self._embed(told) if len(told) >= self.min_excerpts else None
        if vectors is None:
            return make_codes([], coder_id=self.coder_id)
        topics, labels = self._fit(told["text"].tolist(), vectors)
        rows = told.assign(topic=topics)
        # Numbered by size, then by label, so that equal input gives equal numbers.
        sizes = rows.groupby("topic").size()
        order = sorted(sizes.index, key=lambda topic: (-sizes[topic], labels[topic]))
        names = {topic: f"t{rank + 1:02d}" for rank, topic in enumerate(order)}
        return make_codes(
            (
                row
                | {
                    "code_group": "theme",
                    "code": names[row["topic"]],
                    "strength": 0.5,
                    "basis": "cluster",
                    "attributes": {"label": labels[row["topic"]]},
                }
                for row in rows.to_dict("records")
            ),
            coder_id=self.coder_id,
        )

    def _fit(self, texts: list[str], vectors: Any) -> tuple[list[int], dict[int, str]]:
        from bertopic import BERTopic
        from bertopic.backend import BaseEmbedder
        from bertopic.cluster import BaseCluster
        from bertopic.dimensionality import BaseDimensionalityReduction
        from sklearn.cluster import AgglomerativeClustering
        from sklearn.feature_extraction.text import CountVectorizer

        n_themes = min(12, max(3, len(texts) // self.excerpts_per_theme))
        labels = AgglomerativeClustering(n_clusters=n_themes).fit_predict(vectors)
        model = BERTopic(
            embedding_model=BaseEmbedder(),
            umap_model=BaseDimensionalityReduction(),
            hdbscan_model=BaseCluster(),
            vectorizer_model=CountVectorizer(stop_words="english", ngram_range=(1, 2)),
            top_n_words=4,
        )
        topics, _ = model.fit_transform(texts, embeddings=vectors, y=labels.tolist())
        words: dict[int, Any] = {topic: model.get_topic(topic) for topic in set(topics)}
        names = {
            topic: ", ".join(word for word, _ in found if word) if found else "other"
            for topic, found in words.items()
        }
        return list(topics), names

    def _embed(self, told: pd.DataFrame) -> Any | None:
        """Return a vector per excerpt, or None when they share too few words for themes."""
        if self.embeddings is not None:
            return self.embeddings.loc[told["excerpt_id"]].to_numpy()
        return self._embed_words(told["text"].tolist())

    def _embed_words(self, texts: list[str]) -> Any | None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import normalize

        words = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2)
        try:
            matrix = words.fit_transform(texts)
        except ValueError:  # no content word occurs in two texts
            return None
        if matrix.shape[1] < 2:
            return None
        n_components = min(50, matrix.shape[1] - 1, matrix.shape[0] - 1)
        svd = TruncatedSVD(n_components=n_components, random_state=self.random_state)
        return normalize(svd.fit_transform(matrix))


def describe_themes(codes: pd.DataFrame, excerpts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per theme: label, excerpts, participants, and an example.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`; only the group `theme` counts.
    excerpts : DataFrame
        Table `excerpts`.
    """
    import json

    themes = codes[codes["code_group"] == "theme"]
    joined = themes.merge(excerpts[["excerpt_id", "participant_id"]], on="excerpt_id")
    rows = [
        {
            "theme": theme,
            "label": json.loads(rows["attributes"].iloc[0]).get("label", ""),
            "n_excerpts": len(rows),
            "n_participants": rows["participant_id"].nunique(),
            "example_id": rows["excerpt_id"].iloc[0],
        }
        for theme, rows in joined.groupby("code", sort=True)
    ]
    return pd.DataFrame(rows, columns=THEME_COLUMNS)
