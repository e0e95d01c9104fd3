"""Names of themes: the words that set them apart, and an excerpt that shows what is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from cjm_research.coding.themes.clustering import Labels, Vectors

N_PARTS = 3
"""Words or pairs of words in a name."""
N_CANDIDATES = 60
TYPICAL = 0.1
"""Share of a theme's texts that a word must stand in, and two texts at least."""
EVERYWHERE = 0.6
"""Share of the clusters that a word stands in when it sets none apart; alone it names none."""
MIN_CLUSTERS = 6
"""Of fewer clusters no word is held to stand everywhere."""
PAIR_SHARE = 0.3
"""A pair stands for its word when it makes up this share of the word's texts in the theme."""
QUOTABLE = (5, 30)
"""Fewest and most words of an excerpt that can stand for a theme."""

_GENERIC = """
ability able actually add again ago almost already always annoyance annoyed annoying annoys anyway
appear appeared appears ask asked asking away awkward bad basically because began believe best
better big bit bunch came can clunky com come comes coming couldn course cumbersome current
currently day days did didn didnt difficult difficulty does doesn doesnt doing don done dont
easier easily easy eight else end ended especially etc even evening evenings ever everything
exactly fact far feel felt few fewer find fine first five for forget found four gave get gets
getting give given go goes going gone good got great guess had hadn half happen happened happens
hard harder hasn hate have haven having hear help hour hours http https hundred ie impossible
instead into isn issue issues just keep keeps kept kind knew know lack lacking left let like likes
little long look looked looking looks lot lots love made main mainly make makes making many maybe
mean means might minute minutes missing moment month more morning most mostly much multiple must
name nearly need needed needs never new next nice nicer nine non nothing now often okay old one
ones only open order org people per perhaps place poor possible pretty probably problem problems
put quite rather really reason right round run said saw say says second see seem seemed seems seen
set seven should simple simply since site six slight slightly someone something sometimes soon
sorry sort spent start started starting stay still stop stopped stuff sure take takes taking tell
ten than that the then there thing things think third thought thousand three time times told too
took tried try trying turn turned twice two use used useful user users uses using usually very
want wanted wants was wasn way ways week weeks well went weren what when which while whole will
wish with without won work worked working works worse worst would wouldn wrong www yes yet
"""
GENERIC = frozenset(_GENERIC.split())
"""Words that name no subject, beside scikit-learn's English stop words."""

_WORD = re.compile(r"[^\W\d_][^\W_]+")
_SENTENCE = re.compile(r"^[\"'“‘(]?[A-Z].*[.!?][\"'”’)]?$", re.DOTALL)


def name_clusters(texts: Sequence[str], labels: Labels, vectors: Vectors) -> list[str]:
    """Return the words that set each cluster apart, most telling first.

    BERTopic's class-based TF-IDF over words and adjacent pairs of words. Function words and
    verbs that name no subject are left out, singular and plural are one word, and a pair
    takes the place of its words where they mostly occur together.

    Parameters
    ----------
    texts : sequence of str, n
    labels : int array, n
        From 0 without gaps.
    vectors : array, n x d
        Handed to BERTopic, which clusters nothing here.

    Returns
    -------
    list of str
        A name per cluster; "other" where its texts share no content word.
    """
    analyze = make_analyzer(texts)
    analyzed = [set(analyze(text)) for text in texts]
    words = _rank_words(texts, labels, vectors, analyze)
    clusters = [
        [analyzed[row] for row in np.flatnonzero(labels == cluster)]
        for cluster in range(int(labels.max()) + 1)
    ]
    counted = [Counter(term for terms in members for term in terms) for members in clusters]
    everywhere = _find_everywhere(counted)
    names = []
    for ranked, members, counts in zip(words, clusters, counted, strict=True):
        telling = [term for term in ranked if not set(term.split()) <= everywhere]
        least = max(2, TYPICAL * len(members))
        typical = [term for term in telling if counts[term] >= least]
        # Where nothing is typical, what occurs most says more than what occurs here alone.
        repeated = sorted(
            (term for term in telling if 2 <= counts[term] < least),
            key=lambda term, counts=counts: -counts[term],  # type: ignore[misc]
        )
        parts = _choose_parts([*typical, *repeated], counts)
        names.append(", ".join(parts or telling[:N_PARTS]) or "other")
    return names


def make_analyzer(texts: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a function that gives a text's content words and pairs of adjacent ones.

    Singular and plural become whichever of the two the texts use more.
    """
    counts = Counter(word for text in texts for word in _words(text))
    numbers: dict[str, str] = {}
    for plural in sorted(counts):
        for singular in _singulars(plural):
            if singular in counts:
                common = max((counts[singular], singular), (counts[plural], plural))[1]
                numbers[singular] = numbers[plural] = common
                break

    def analyze(text: str) -> list[str]:
        found = [numbers.get(word, word) for word in _words(text)]
        content = [word if is_content(word) else "" for word in found]
        pairs = [
            f"{first} {then}"
            for first, then in pairwise(content)
            if first and then and first != then
        ]
        return [word for word in content if word] + pairs

    return analyze


def is_content(word: str) -> bool:
    """Return True for a word that can name a subject."""
    return len(word) > 2 and word not in GENERIC and word not in _stop_words()


def count_content(text: str) -> int:
    """Return how many different content words a text has."""
    return sum(is_content(word) for word in set(_words(text)))


def choose_example(texts: Sequence[str], similarity: Vectors) -> int:
    """Return the row of the excerpt to show for a theme.

    The most similar to the theme's centroid of the complete sentences of a length that can be
    quoted; without one, of those of such a length; without one, of all.
    """
    order = np.argsort(-np.asarray(similarity), kind="stable")
    low, high = QUOTABLE

    def fits(row: int) -> bool:
        return low <= len(texts[row].split()) <= high

    quotable = [int(row) for row in order if fits(row)]
    complete = [row for row in quotable if _SENTENCE.match(texts[row].strip())]
    return (complete or quotable or [int(order[0])])[0]


def _find_everywhere(counted: Sequence[Counter[str]]) -> set[str]:
    """Return the words that stand in so many clusters that they set none apart."""
    if len(counted) < MIN_CLUSTERS:
        return set()
    spread = Counter(term for counts in counted for term in counts if " " not in term)
    return {word for word, n in spread.items() if n >= EVERYWHERE * len(counted)}


def _choose_parts(ranked: Sequence[str], counts: Counter[str]) -> list[str]:
    """Take the best words of a theme, pairs first where their words belong together."""
    parts: list[str] = []
    for term in ranked:
        if len(parts) == N_PARTS:
            break
        part = term
        if " " not in term:
            pairs = [
                pair
                for pair in ranked
                if term in pair.split()
                and " " in pair
                and counts[pair] >= PAIR_SHARE * counts[term]
            ]
            part = pairs[0] if pairs else term
        taken = {word for chosen in parts for word in chosen.split()}
        if not taken & set(part.split()):
            parts.append(part)
    return parts


def _rank_words(
    texts: Sequence[str], labels: Labels, vectors: Vectors, analyze: Callable[[str], list[str]]
) -> list[list[str]]:
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.cluster import BaseCluster
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    n_clusters = int(labels.max()) + 1
    if not any(analyze(text) for text in texts):
        return [[] for _ in range(n_clusters)]
    model = BERTopic(
        embedding_model=BaseEmbedder(),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        language="multilingual",  # English would strip accents and hyphens
        vectorizer_model=CountVectorizer(analyzer=analyze),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
        top_n_words=N_CANDIDATES,
    )
    topics, _ = model.fit_transform(list(texts), embeddings=vectors, y=labels.tolist())
    topic_of = dict(zip(labels.tolist(), topics, strict=True))
    found: list[list[str]] = []
    for cluster in range(n_clusters):
        weighed: Any = model.get_topic(topic_of[cluster]) or []
        kept = [(round(float(weight), 9), word) for word, weight in weighed if word and weight > 0]
        found.append([word for _, word in sorted(kept, key=lambda pair: (-pair[0], pair[1]))])
    return found


def _words(text: str) -> list[str]:
    # Contractions lose their tail: "don't" is no word "don", and "site's" is "site".
    plain = re.sub(r"https?://\S+|\b\w+n['’]t\b", " ", text.lower())
    return _WORD.findall(re.sub(r"['’]\w{1,2}\b", "", plain))


def _singulars(word: str) -> Iterator[str]:
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
        if word.endswith("ies"):
            yield word[:-3] + "y"
        if word.endswith(("ches", "shes", "sses", "xes")):
            yield word[:-2]


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)
