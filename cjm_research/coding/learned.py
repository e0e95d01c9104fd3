"""Codes learned from the excerpts that people coded: a small classifier per code.

Logistic regression on the embeddings with a strong ridge, and beside it the likeness to the
nearest example, which tells most while there are few of them. What a classifier is worth is
measured on participants whom it has not seen; one that is wrong too often proposes nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import (
    CODER_RANK,
    NONE,
    SINGLE_VALUED,
    keep_latest,
    rank_coders,
    resolve_codes,
)
from cjm_research.coding.rows import make_codes

LEARNED = "learned"
"""Name of the coder, and the basis of its codes."""

RIDGE = 3.0
"""Inverse strength of the ridge on vectors of length 1: of .3 to 100 nearly the best from 5
examples, and better than weaker ones for labels less clean than those it was tried on (20
intents of Banking77's test questions, the shipped encoder)."""
EXEMPLAR = 2.0
"""What the cosine to the nearest example adds to the log odds; tried there as well."""
N_FOLDS = 10
MOST_AGAINST, LEAST_AGAINST = 10, 200
"""Excerpts against a code that teach it, for each example of it, and in any case: more cost
time and, weighted against the examples, add little. All are used to measure."""
N_NEAREST = 3
"""Examples that are named beside a code."""
CHUNK = 4096
"""Excerpts that are compared with the examples at a time."""

DESCRIBED = [
    "code_group", "code", "n_positive", "n_negative", "n_participants", "precision", "recall",
    "learned", "reason",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Classifier:
    """What was learned of one code.

    Attributes
    ----------
    weights : float64 array, n dimensions
    intercept : float
    examples : tuple of str
        Ids of the excerpts that bear the code.
    vectors : float64 array, n examples x n dimensions
        Their embeddings, of length 1.
    threshold : float
        Least score that becomes a code.
    slope, offset : float
        From scores to log odds (Platt 1999).
    """

    weights: Any
    intercept: float
    examples: tuple[str, ...]
    vectors: Any
    threshold: float = 0.0
    slope: float = 1.0
    offset: float = 0.0

    def score(self, vectors: Any) -> tuple[Any, Any]:
        """Return the scores of vectors of length 1, and their cosines to the examples."""
        # Row by row: an excerpt has the same score whatever stands around it.
        likeness = np.einsum("ij,kj->ik", vectors, self.vectors).round(6)
        linear = np.einsum("ij,j->i", vectors, self.weights) + self.intercept
        return (linear + EXEMPLAR * likeness.max(axis=1)).round(6), likeness

    def probability(self, score: float) -> float:
        """Return the probability that a person would give the code, in [0, 1]."""
        return round(1.0 / (1.0 + math.exp(-(self.slope * score + self.offset))), 4)


@dataclass(frozen=True, eq=False)
class Lesson:
    """One code that people gave, and how well it was learned.

    Attributes
    ----------
    code_group, code : str
    n_positive, n_negative : int
        Excerpts that bear the code, and that people read without giving it.
    n_participants : int
        Participants of the former.
    precision, recall : float
        On participants left out in turn; NaN where it was not tried.
    classifier : Classifier or None
        None where the code is not learned yet.
    reason : str
        Why it is not, or "".
    """

    code_group: str
    code: str
    n_positive: int
    n_negative: int
    n_participants: int
    precision: float = math.nan
    recall: float = math.nan
    classifier: Classifier | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class LearnedCoder:
    """Propose the codes that people's examples have taught; see `learn_codes`.

    Attributes
    ----------
    lessons : tuple of Lesson
        Every code that people gave, learned or not.
    embeddings : DataFrame
        Index `excerpt_id`, a column per dimension; of the excerpts to code.
    judged : frozenset of (excerpt_id, code_group, code)
        What people have judged; the empty code stands for the whole group.
    coder_id : str
    """

    lessons: tuple[Lesson, ...]
    embeddings: pd.DataFrame = field(repr=False)
    judged: frozenset[tuple[str, str, str]] = field(default=frozenset(), repr=False)
    coder_id: str = LEARNED

    def __call__(self, excerpts: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
        """Return table `codes` for the excerpts that have scores and embeddings.

        Never for interviewers, and never where a person has judged the group (given a code of
        it, or `none`) or refused this very code. `strength` is the probability; `attributes`
        hold `nearest` (ids of the most similar examples), `threshold` (least probability),
        and of the code `precision` and `recall` on participants left out, and `n_examples`.
        """
        heard = excerpts[
            (excerpts["speaker"] != "interviewer")
            & excerpts["excerpt_id"].isin(scores["excerpt_id"])
            & excerpts["excerpt_id"].isin(self.embeddings.index)
        ]
        heard = heard.sort_values(["document_id", "start", "excerpt_id"], kind="stable")
        taught = [lesson for lesson in self.lessons if lesson.classifier is not None]
        rows: list[dict[str, Any]] = []
        for begin in range(0, len(heard) if taught else 0, CHUNK):
            part = heard.iloc[begin : begin + CHUNK]
            vectors = _unit(self.embeddings.loc[part["excerpt_id"]].to_numpy(dtype=np.float64))
            records = part.to_dict("records")
            for lesson in taught:
                rows += self._propose(lesson, records, vectors)
        return make_codes(_keep_one_where_one_holds(rows), coder_id=self.coder_id)

    def describe(self) -> tuple[str, str, str, str, str]:
        """Return the coder's row of table `coders`; the fingerprint is that of the examples."""
        taught = [
            (lesson.code_group, lesson.code, lesson.n_negative, lesson.classifier.examples,
             lesson.classifier.threshold)
            for lesson in self.lessons
            if lesson.classifier is not None
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps([RIDGE, EXEMPLAR, taught]).encode()).hexdigest()
        return self.coder_id, "machine", "learned from people's codes", "", digest

    def _propose(
        self, lesson: Lesson, records: Sequence[dict[str, Any]], vectors: Any
    ) -> Iterator[dict[str, Any]]:
        group, code, classifier = lesson.code_group, lesson.code, lesson.classifier
        if classifier is None:
            return
        scores, likeness = classifier.score(vectors)
        for row in np.flatnonzero(scores >= classifier.threshold).tolist():
            record = records[row]
            excerpt = record["excerpt_id"]
            if not self.judged.isdisjoint({(excerpt, group, ""), (excerpt, group, code)}):
                continue
            nearest = np.argsort(-likeness[row], kind="stable")[:N_NEAREST]
            yield record | {
                "code_group": group,
                "code": code,
                "strength": classifier.probability(float(scores[row])),
                "basis": LEARNED,
                "attributes": {
                    "nearest": [classifier.examples[place] for place in nearest],
                    "threshold": classifier.probability(classifier.threshold),
                    "precision": round(lesson.precision, 3),
                    "recall": round(lesson.recall, 3),
                    "n_examples": lesson.n_positive,
                },
            }


def learn_codes(
    excerpts: pd.DataFrame,
    embeddings: pd.DataFrame,
    codes: pd.DataFrame,
    coders: pd.DataFrame,
    *,
    min_examples: int = 5,
    min_precision: float = 0.6,
    random_state: int = 0,
) -> LearnedCoder:
    """Learn the codes that people gave from their examples.

    A code is tried when enough excerpts bear it, at least as many were read without it, and
    its examples come from two participants or more. Participants are left out in turn (in ten
    lots when there are more than ten); the threshold is where F1 on those left out is best.

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`; interviewers' neither teach nor are coded.
    embeddings : DataFrame
        Index `excerpt_id`, a column per dimension. Excerpts without one are left out.
    codes, coders : DataFrame
        Tables of those names; only codes of people teach. Where people differ,
        `codes.resolve_codes` says what holds, `adjudicated` first. An excerpt speaks against a
        code when a person gave it another code of the group, `none`, or refused this code;
        that nobody coded it says nothing.
    min_examples : int, default 5
        Least excerpts that bear the code.
    min_precision : float, default 0.6
        Least precision on participants left out.
    random_state : int, default 0
        Which participants are left out together, where chance decides.

    Returns
    -------
    LearnedCoder
        With all that was tried in `lessons`; see `describe_learned`. Order of rows does not
        count.

    Raises
    ------
    ValueError
        If `min_examples` is below 1 or `min_precision` not in [0, 1].

    Notes
    -----
    The threshold is chosen on the same participants that precision and recall come from, and
    people chose what to code: the figures flatter a little. Only a validation sample estimates
    how well the machine matches people. Of codes given to texts at random, 2 to 17 % pass
    nevertheless (simulated with 5 to 20 examples; most where as few excerpts speak against the
    code as for it). Probabilities (Platt, in Smola et al., Advances in
    Large Margin Classifiers, 1999, 61-74) hold for excerpts such as those that were coded.
    """
    if min_examples < 1:
        raise ValueError(f"min_examples must be at least 1; got {min_examples}.")
    if not 0 <= min_precision <= 1:
        raise ValueError(f"min_precision must lie between 0 and 1; got {min_precision}.")
    heard = excerpts[
        (excerpts["speaker"] != "interviewer") & excerpts["excerpt_id"].isin(embeddings.index)
    ]
    given, judged = _collect_judgements(heard["excerpt_id"], codes, coders)
    people = heard.set_index("excerpt_id")["participant_id"]
    lessons = []
    for (group, code), rows in given.groupby(["code_group", "code"], sort=True):
        positive = set(rows["excerpt_id"])
        negative = {
            excerpt for excerpt, about, what in judged if about == group and what in ("", code)
        } - positive
        ids = sorted(positive | negative)
        examples = _Examples(
            ids=np.array(ids, dtype=object),
            vectors=_unit(embeddings.loc[ids].to_numpy(dtype=np.float64)),
            bears=np.array([excerpt in positive for excerpt in ids], dtype=bool),
            participants=people.loc[ids].to_numpy(),
        )
        lessons.append(
            _learn(str(group), str(code), examples, min_examples, min_precision, random_state)
        )
    return LearnedCoder(tuple(lessons), embeddings, judged)


def describe_learned(coder: LearnedCoder) -> pd.DataFrame:
    """List the codes that people gave, and how well each was learned.

    Returns
    -------
    DataFrame
        One row per group and code: `n_positive` (excerpts that bear it), `n_negative`
        (excerpts that people read without giving it), `n_participants` (of the former),
        `precision` (of the excerpts proposed, those that bear it) and `recall` (of those that
        bear it, the proposed), both on participants left out and NaN where it was not tried,
        `learned`, and `reason` where it was not.
    """
    rows = [
        (
            lesson.code_group, lesson.code, lesson.n_positive, lesson.n_negative,
            lesson.n_participants, lesson.precision, lesson.recall,
            lesson.classifier is not None, lesson.reason,
        )
        for lesson in coder.lessons
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=DESCRIBED).astype({"learned": "bool"})


@dataclass(frozen=True, eq=False)
class _Examples:
    """Excerpts that people judged for one code, by id: what teaches it."""

    ids: Any
    vectors: Any
    bears: Any
    participants: Any


def _collect_judgements(
    heard: pd.Series, codes: pd.DataFrame, coders: pd.DataFrame
) -> tuple[pd.DataFrame, frozenset[tuple[str, str, str]]]:
    """Return the people's codes that hold, and what people judged.

    To give a code or `none` is to judge the whole group, to refuse a code that code alone.
    """
    ranks = codes["coder_id"].map(rank_coders(coders))
    people = codes[(ranks <= CODER_RANK["person"]) & codes["excerpt_id"].isin(heard)]
    people = people.reset_index(drop=True)
    if people.empty:
        return people, frozenset()
    meant = keep_latest(people, people["coded_at"])
    about = meant["code"].where((meant["strength"] <= 0) & (meant["code"] != NONE), "")
    # A `none` that was taken back (strength 0) judges nothing.
    about = about[(meant["code"] != NONE) | (meant["strength"] > 0)]
    kept = meant.loc[about.index]
    judged = frozenset(zip(kept["excerpt_id"], kept["code_group"], about, strict=True))
    return resolve_codes(people, coders), judged


def _learn(
    group: str,
    code: str,
    examples: _Examples,
    min_examples: int,
    min_precision: float,
    random_state: int,
) -> Lesson:
    n_positive = int(examples.bears.sum())
    n_negative = len(examples.bears) - n_positive
    n_participants = len(set(examples.participants[examples.bears]))
    counts = (group, code, n_positive, n_negative, n_participants)
    if n_positive < min_examples:
        reason = f"{n_positive} of the {min_examples} examples that it needs"
        return Lesson(*counts, reason=reason)
    if n_negative < n_positive:
        reason = f"{n_negative} excerpts were read without it; {n_positive} are needed"
        return Lesson(*counts, reason=reason)
    scores = _score_left_out(examples, random_state)
    if scores is None:
        reason = "examples for or against it come from one participant: nobody can be left out"
        return Lesson(*counts, reason=reason)
    threshold, precision, recall = _best_threshold(scores, examples.bears)
    slope, offset = _calibrate(scores, examples.bears)
    measured = (precision, recall)
    if precision < min_precision or slope <= 0:
        reason = (
            f"precision {precision:.2f} on participants left out; {min_precision:.2f} is needed"
        )
        return Lesson(*counts, *measured, reason=reason)
    weights, intercept = _fit(examples.vectors, examples.bears)
    own = np.flatnonzero(examples.bears)
    classifier = Classifier(
        weights, intercept, tuple(examples.ids[own]), examples.vectors[own], threshold, slope,
        offset,
    )  # fmt: skip
    return Lesson(*counts, *measured, classifier)


def _score_left_out(examples: _Examples, random_state: int) -> Any:
    """Return a score per example from classifiers that never saw its participant, or None."""
    folds = _deal_participants(examples, random_state)
    scores = np.zeros(len(folds))
    for fold in range(folds.max() + 1):
        left, rest = folds == fold, folds != fold
        if len(set(examples.bears[rest])) < 2:
            return None
        weights, intercept = _fit(examples.vectors[rest], examples.bears[rest])
        own = rest & examples.bears
        classifier = Classifier(weights, intercept, (), examples.vectors[own])
        scores[left] = classifier.score(examples.vectors[left])[0]
    return scores


def _deal_participants(examples: _Examples, random_state: int) -> Any:
    """Return a fold per example: participants whole, examples for and against spread evenly."""
    table = pd.DataFrame({"participant": examples.participants, "bears": examples.bears})
    sizes = table.groupby("participant", sort=True)["bears"].agg(["sum", "size"])
    # Chance settles who of equals comes first.
    sizes = sizes.sample(frac=1.0, random_state=random_state)
    sizes = sizes.sort_values(["sum", "size"], ascending=False, kind="stable")
    held = np.zeros((min(N_FOLDS, len(sizes)), 2), dtype=int)
    fold_of: dict[str, int] = {}
    for participant, n_bearing, n_all in sizes.itertuples():
        fold = int(np.lexsort((held[:, 1], held[:, 0]))[0]) if n_bearing else held[:, 1].argmin()
        held[fold] += (n_bearing, n_all)
        fold_of[participant] = int(fold)
    return table["participant"].map(fold_of).to_numpy()


def _fit(vectors: Any, bears: Any) -> tuple[Any, float]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    taught = _thin_out(bears)
    model = LogisticRegression(C=RIDGE, class_weight="balanced", tol=1e-4, max_iter=1000)
    # One thread: faster for vectors this short, and the same sums on every machine.
    with threadpool_limits(limits=1):
        model.fit(vectors[taught], bears[taught])
    return model.coef_[0], float(model.intercept_[0])


def _thin_out(bears: Any) -> Any:
    """Return the examples for the code, and enough of those against it, evenly by their order."""
    against = np.flatnonzero(~bears)
    most = max(MOST_AGAINST * int(bears.sum()), LEAST_AGAINST)
    if len(against) > most:
        against = against[np.linspace(0, len(against) - 1, most).astype(int)]
    return np.sort(np.concatenate([np.flatnonzero(bears), against]))


def _best_threshold(scores: Any, bears: Any) -> tuple[float, float, float]:
    """Return the threshold of the best F1 (of equals the highest), precision and recall there."""
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], np.cumsum(bears[order])
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    f1 = 2 * right[ends] / (ends + 1 + right[-1])
    last = int(ends[f1.round(9).argmax()])
    below = ranked[last + 1] if last + 1 < len(ranked) else ranked[last]
    threshold = round(float(ranked[last] + below) / 2, 7)  # between two neighbours
    return threshold, float(right[last] / (last + 1)), float(right[last] / right[-1])


def _calibrate(scores: Any, bears: Any) -> tuple[float, float]:
    """Return slope and offset of the log odds; Platt's targets keep few examples from certainty."""
    from sklearn.linear_model import LogisticRegression

    n_positive = bears.sum()
    n_negative = len(bears) - n_positive
    target = np.where(bears, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    model = LogisticRegression(C=1e6, tol=1e-8, max_iter=1000)
    model.fit(
        np.concatenate([scores, scores])[:, None],
        np.repeat([1, 0], len(scores)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _keep_one_where_one_holds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the likeliest code of single-valued groups, of equals the first by name."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["excerpt_id"], row["code_group"])
        if row["code_group"] in SINGLE_VALUED:
            rival = best.setdefault(key, row)
            best[key] = min(rival, row, key=lambda one: (-one["strength"], one["code"]))
    return [
        row
        for row in rows
        if row["code_group"] not in SINGLE_VALUED
        or best[row["excerpt_id"], row["code_group"]] is row
    ]


def _unit(vectors: Any) -> Any:
    """Return vectors of length 1; a vector of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1.0, lengths)
