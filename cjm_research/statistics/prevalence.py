"""Shares counted from a machine's codes, corrected by what people's codes say of the machine."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cjm_research.errors import UnknownNameError
from cjm_research.statistics.intervals import NOTHING, Interval, estimate_proportion
from cjm_research.statistics.logit import find_logit_limits
from cjm_research.statistics.people import explain_too_few

MIN_LABELS = 50
"""Labels below which nothing is corrected: too few errors of the machine are seen."""

EXTRA_LABELS = 1.0
"""Labels added before the limits are taken, in equal parts of the four kinds there can be."""

FORMS = ("logit", "plain")

Codes = Sequence[float] | NDArray[np.float64]
"""1 yes, 0 no; a value per excerpt."""


class CorrectedShare(NamedTuple):
    """A share corrected by a sensitivity and a specificity.

    Attributes
    ----------
    share : Interval
        In [0, 1]; all NaN where it is refused.
    apparent : float
        The machine's share, uncorrected; NaN of nobody.
    n : int
        Units that the machine judged: the denominator.
    reason : str
        Why the corrected share is refused; else empty.
    """

    share: Interval
    apparent: float
    n: int
    reason: str


class PoweredShare(NamedTuple):
    """A share from a machine's codes on all excerpts and people's on some of them.

    Attributes
    ----------
    share : Interval
        In [0, 1]; all NaN where it is refused.
    apparent : float
        The machine's share, uncorrected.
    labelled : float
        The share by the labels alone, with their weights.
    tuning : float
        How far the machine is followed: 0 not at all, 1 fully; NaN where refused.
    n : int
        Excerpts, labelled and not.
    n_labels : int
        Excerpts that people labelled.
    n_participants, n_labelled_participants : int
        Whose excerpts they are.
    reason : str
        Why the corrected share is refused; else empty.
    """

    share: Interval
    apparent: float
    labelled: float
    tuning: float
    n: int
    n_labels: int
    n_participants: int
    n_labelled_participants: int
    reason: str


def estimate_rogan_gladen(
    n_positive: int, n: int, *, sensitivity: float, specificity: float, confidence: float = 0.95
) -> CorrectedShare:
    """Correct a share by a sensitivity and a specificity that are known.

    Parameters
    ----------
    n_positive : int
        Participants whom the machine says yes of.
    n : int
        Participants: the denominator. They are independent of each other.
    sensitivity, specificity : float
        Known, not estimated: otherwise `estimate_lang_reiczigel`.
    confidence : float, default 0.95

    Returns
    -------
    CorrectedShare
        Refused when the machine finds fewer than its false alarms alone would make, or more
        than if everybody had the property, and when it is no better than chance.

    Raises
    ------
    ValueError
        If a count or share is not within its bounds.

    Notes
    -----
    The limits are Wilson's of the machine's share, corrected like the share itself and kept
    within 0 and 1.

    References
    ----------
    Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76; Reiczigel, Foldi and
    Ozsvari (2010), Epidemiology and Infection 138, 1674-1678, for limits made so.
    """
    _check_shares(sensitivity=sensitivity, specificity=specificity)
    apparent = estimate_proportion(n_positive, n, confidence=confidence)
    youden = sensitivity + specificity - 1
    reason = _refuse_correction(apparent.value, sensitivity, specificity)
    if reason:
        return CorrectedShare(NOTHING, apparent.value, n, reason)
    value, low, high = ((share + specificity - 1) / youden for share in apparent)
    return CorrectedShare(Interval(value, max(0.0, low), min(1.0, high)), apparent.value, n, "")


def estimate_lang_reiczigel(
    n_positive: float,
    n: int,
    *,
    sensitivity: float,
    n_sensitivity: int,
    specificity: float,
    n_specificity: int,
    confidence: float = 0.95,
) -> CorrectedShare:
    """Correct a share by a sensitivity and a specificity that a validation sample estimated.

    Parameters
    ----------
    n_positive : float
        Participants whom the machine says yes of. No whole number where only a share is known.
    n : int
        Participants: the denominator. They are independent, and not those of the validation.
    sensitivity : float
        Share of those with the property whom the machine says yes of, in the validation.
    n_sensitivity : int
        Those with the property: its denominator.
    specificity, n_specificity : float, int
        Likewise for those without the property, and no.
    confidence : float, default 0.95

    Returns
    -------
    CorrectedShare
        The share itself is kept within 0 and 1. Refused when a sample is empty, when the
        validation does not show that the machine is better than chance, and when the whole
        interval is outside 0 to 1.

    Raises
    ------
    ValueError
        If a count or share is not within its bounds.

    Notes
    -----
    One pseudo-observation is added on each side of sensitivity and specificity, and `z ** 2 / 2`
    on each side of the machine's share. Excerpts of one participant are no independent units:
    with several of each use `estimate_prediction_powered`.

    References
    ----------
    Lang and Reiczigel (2014), Preventive Veterinary Medicine 113, 13-22. Their formula for the
    variance has a misprint, ``(1 + P) ** 2`` instead of ``(1 - P) ** 2``; R's asht notes it.
    """
    if not 0 <= n_positive <= n or n_sensitivity < 0 or n_specificity < 0:
        raise ValueError(
            f"n_positive must lie between 0 and n, and no n below 0; got {n_positive} of {n}, "
            f"{n_sensitivity} and {n_specificity}."
        )
    apparent = n_positive / n if n else math.nan
    if 0 in (n, n_sensitivity, n_specificity):
        return CorrectedShare(NOTHING, apparent, n, "one of the samples is empty")
    _check_shares(sensitivity=sensitivity, specificity=specificity)
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    se = (n_sensitivity * sensitivity + 1) / (n_sensitivity + 2)
    sp = (n_specificity * specificity + 1) / (n_specificity + 2)
    var_se, var_sp = se * (1 - se) / (n_sensitivity + 2), sp * (1 - sp) / (n_specificity + 2)
    youden = se + sp - 1
    if youden <= z * math.sqrt(var_se + var_sp):
        reason = "the validation does not show that the machine is better than chance"
        return CorrectedShare(NOTHING, apparent, n, reason)
    adjusted = (n_positive + z**2 / 2) / (n + z**2)
    share = (adjusted + sp - 1) / youden
    shift = 2 * z**2 * (share * var_se - (1 - share) * var_sp)
    variance = adjusted * (1 - adjusted) / (n + z**2)
    variance += share**2 * var_se + (1 - share) ** 2 * var_sp
    half = z * math.sqrt(variance) / youden
    low, high = share + shift - half, share + shift + half
    if high <= 0 or low >= 1:
        reason = (
            "the machine's share does not fit the sensitivity and specificity of the validation"
        )
        return CorrectedShare(NOTHING, apparent, n, reason)
    low, high = max(0.0, low), min(1.0, high)
    plain = sensitivity + specificity - 1
    value = (apparent + specificity - 1) / plain if plain > 0 else share
    # The shift can move the interval past the plain estimate when the validation is small.
    value = min(high, max(low, value))
    return CorrectedShare(Interval(value, low, high), apparent, n, "")


def estimate_prediction_powered(
    labels: Codes,
    machine: Codes,
    unlabelled_machine: Codes,
    *,
    participants: Sequence[Hashable],
    unlabelled_participants: Sequence[Hashable],
    inclusion_probability: Codes | None = None,
    tuned: bool = True,
    form: Literal["logit", "plain"] = "logit",
    min_labels: int = MIN_LABELS,
    confidence: float = 0.95,
) -> PoweredShare:
    """Estimate a code's share of excerpts: the machine's, corrected where people looked.

    Parameters
    ----------
    labels, machine : sequence of float, shape (n,)
        What people and the machine say of the excerpts of a random sample, 1 or 0.
    unlabelled_machine : sequence of float, shape (N,)
        What the machine says of all other excerpts.
    participants, unlabelled_participants : sequence, shapes (n,) and (N,)
        Whose excerpts they are.
    inclusion_probability : sequence of float, shape (n,), optional
        Each labelled excerpt's chance to be drawn, as `draw_validation_sample` notes it. Left
        out, all had the same.
    tuned : bool, default True
        Follow the machine only as far as it makes the estimate more precise (PPI++); otherwise
        fully.
    form : {"logit", "plain"}, default "logit"
        How the limits are taken; `plain` is the published normal form, to compare with.
    min_labels : int, default 50
    confidence : float, default 0.95

    Returns
    -------
    PoweredShare
        Refused, with the reason, when nothing is left unlabelled, with fewer than `min_labels`
        labels, when all labels say the same, below ten participants with labels or where a few
        of them make up most, and when the estimate is not between 0 and 1.

    Raises
    ------
    ValueError
        If the sequences do not fit each other or a value is not within its bounds.
    UnknownNameError
        If there is no such form.

    Notes
    -----
    With f what the machine says, y what people say and t the tuning, the estimate is::

        t * mean(f, unlabelled) + mean(y - t * f, labelled)

    With `inclusion_probability` the second mean is weighted with its inverse, and the first is
    over all excerpts, labelled ones too: those left over are no random sample when chances
    differ.

    Participants are what is drawn at random, whatever number of their excerpts is labelled:
    the variance sums the squares of what each contributes to both means, so that what is alike
    within a person counts once. The interval is about people like these. It is right for shares
    of *excerpts* only.

    The plain form falls short when the code is rare or the labels few: 89 % for a share of 5 %
    with 100 labels. The logit form has a t quantile and a variance with two degrees of freedom
    fewer than the effective number of participants with labels, and adds one label, in
    quarters: yes or no by people, each with yes or no by the machine. Thus a machine without an
    error among the labels is not taken for perfect. In simulations of 12 to 100 participants
    and of independent excerpts it covers 93 to 98 % of shares between 5 and 90 %; not tuned,
    which suits common codes only, down to 91 %. Where the labels are expected to hold fewer
    than two yes it falls short, because those samples that hold none are refused.

    The labels must be a random sample, drawn as `inclusion_probability` says, and of the same
    excerpts: excerpts chosen because of the machine's code would bias everything.

    This is written out here because ppi-python 0.2.3, whose numbers the tests hold the plain
    form to, knows neither participants nor a t quantile, and brings numba and a downloader.

    References
    ----------
    Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023), Science 382, 669-674;
    Angelopoulos, Duchi and Zrnic (2023), arXiv 2311.01453, for the tuning; Sarndal, Swensson
    and Wretman (1992), Model Assisted Survey Sampling, section 6.3, for the same estimate with
    inclusion probabilities.
    """
    if form not in FORMS:
        raise UnknownNameError("form of limits", form, FORMS)
    y, f, rest = (np.asarray(codes, dtype=float) for codes in (labels, machine, unlabelled_machine))
    weights = _weigh(y, f, rest, inclusion_probability)
    who, others = _number_people(participants, unlabelled_participants, y.size, rest.size)
    if inclusion_probability is None:
        corpus = _Corpus(rest, others)
    else:
        corpus = _Corpus(np.concatenate([rest, f]), np.concatenate([others, who]))
    labelled = _Labelled(y, f, weights, who)
    answer = PoweredShare(
        NOTHING,
        apparent=_mean(corpus.machine),
        labelled=float(np.average(y, weights=weights)) if y.size else math.nan,
        tuning=math.nan,
        n=int(y.size + rest.size),
        n_labels=int(y.size),
        n_participants=int(max(who.max(initial=-1), others.max(initial=-1))) + 1,
        n_labelled_participants=_count_people(who),
        reason=_refuse_labels(labelled, rest.size, corpus, min_labels),
    )
    if answer.reason:
        return answer
    extra = EXTRA_LABELS if form == "logit" else 0.0
    plain, padded = _compare(labelled, corpus, 0.0), _compare(labelled, corpus, extra)
    tuning = padded.tune() if tuned else 1.0
    value, centre = plain.share + tuning * plain.gap, padded.share + tuning * padded.gap
    if not 0 < centre < 1:
        return answer._replace(
            reason=f"the corrected share comes out as {value:.3f}: too few labels for how often "
            "the machine errs"
        )
    error = math.sqrt(padded.measure_variance(tuning))
    low, high = _find_limits(centre, error, labelled, form, 1 + tuned, confidence)
    value = min(1.0, max(0.0, value))
    interval = Interval(value, min(value, max(0.0, low)), max(value, min(1.0, high)))
    return answer._replace(share=interval, tuning=tuning)


class _Labelled(NamedTuple):
    """Excerpts that people labelled: both codes, weight, and whose they are."""

    people: NDArray[np.float64]
    machine: NDArray[np.float64]
    weights: NDArray[np.float64]
    who: NDArray[np.int64]

    def count_effective(self) -> float:
        return _count_effective(self.who, self.weights)


class _Corpus(NamedTuple):
    """Excerpts over which the machine's share is taken, and whose they are."""

    machine: NDArray[np.float64]
    who: NDArray[np.int64]


class _Comparison(NamedTuple):
    """The labels' share and the machine's gap between corpus and labels.

    Both with what each participant adds to them, and how often to count it; last, the variance
    of the machine's codes in the corpus over that among the labels.
    """

    share: float
    gap: float
    share_parts: NDArray[np.float64]
    gap_parts: NDArray[np.float64]
    times: NDArray[np.float64]
    known_better: float

    def tune(self) -> float:
        """Return the share of the gap, in [0, 1], with which the variance is least."""
        squares = float((self.times * self.gap_parts**2).sum()) * self.known_better
        products = float((self.times * self.share_parts * self.gap_parts).sum())
        return min(1.0, max(0.0, -products / squares)) if squares > 0 else 0.0

    def measure_variance(self, tuning: float) -> float:
        return float((self.times * (self.share_parts + tuning * self.gap_parts) ** 2).sum())


def _compare(labelled: _Labelled, corpus: _Corpus, extra: float) -> _Comparison:
    """Set the machine's share over the corpus against its share over the labelled excerpts.

    `extra` labels in four equal parts, each as if of a participant of its own, are added.
    """
    y, f, w, who = labelled
    n = int(max(who.max(), corpus.who.max())) + 1
    # Where weights differ, the heavy labels decide: those added weigh as they do.
    added = np.full(4, float((w * w).sum() / w.sum()))
    y, f = np.append(y, [1, 1, 0, 0]), np.append(f, [1, 0, 1, 0])
    w, who = np.append(w, added), np.append(who, n + np.arange(4))
    times = np.append(np.ones(n), np.full(4, extra / 4))
    counted = w * times[who]
    whole = float(counted.sum())
    share, said = float((counted * y).sum()) / whole, float((counted * f).sum()) / whole
    mean = float(corpus.machine.mean())
    share_parts = np.bincount(who, w * (y - share), n + 4) / whole
    gap_parts = np.bincount(corpus.who, corpus.machine - mean, n + 4) / corpus.machine.size
    gap_parts = gap_parts - np.bincount(who, w * (f - said), n + 4) / whole
    # The machine's codes are known of the whole corpus: with their spread there, a rare code
    # that the labels happen to miss or to hold too often does not lead the tuning astray.
    spread = said * (1 - said)
    known_better = mean * (1 - mean) / spread if spread > 0 else 1.0
    return _Comparison(share, mean - said, share_parts, gap_parts, times, known_better)


def _find_limits(
    centre: float, error: float, labelled: _Labelled, form: str, fitted: int, confidence: float
) -> tuple[float, float]:
    if form == "plain":
        from scipy.stats import norm

        half = float(norm.ppf(0.5 + confidence / 2)) * error
        return centre - half, centre + half
    people = labelled.count_effective()
    error = error * math.sqrt(people / (people - fitted))
    return find_logit_limits(centre, error, df=people - fitted, confidence=confidence)


def _refuse_correction(apparent: float, sensitivity: float, specificity: float) -> str:
    """Return why a share cannot be corrected by these; else an empty string."""
    if math.isnan(apparent):
        return "nobody was judged"
    if sensitivity + specificity <= 1:
        return (
            "the machine is no better than chance: sensitivity and specificity add up to 1 or less"
        )
    if apparent < 1 - specificity:
        return (
            f"the machine says yes of {apparent:.3f}, fewer than the {1 - specificity:.3f} that "
            "its false alarms alone would make"
        )
    if apparent > sensitivity:
        return (
            f"the machine says yes of {apparent:.3f}, more than the {sensitivity:.3f} that it "
            "would find if everybody had the property"
        )
    return ""


def _refuse_labels(labelled: _Labelled, n_rest: int, corpus: _Corpus, min_labels: int) -> str:
    """Return why these labels cannot correct the machine; else an empty string."""
    n, n_yes = labelled.people.size, int(labelled.people.sum())
    if n_rest == 0:
        return "every excerpt is labelled: there is nothing to correct"
    if n < min_labels:
        return f"{n} label{'' if n == 1 else 's'}, {min_labels} are needed"
    if n_yes in (0, n):
        answer = "yes" if n_yes else "no"
        return f"all {n} labels say {answer}: nothing shows how often the machine misses the rest"
    return explain_too_few(
        _count_people(labelled.who), labelled.count_effective()
    ) or explain_too_few(_count_people(corpus.who), _count_effective(corpus.who))


def _weigh(
    y: NDArray[np.float64], f: NDArray[np.float64], rest: NDArray[np.float64],
    inclusion_probability: Codes | None,
) -> NDArray[np.float64]:  # fmt: skip
    """Check the codes, and return the weights of the labelled excerpts."""
    chance = np.ones(y.size) if inclusion_probability is None else inclusion_probability
    chance = np.asarray(chance, dtype=float)
    if not y.shape == f.shape == chance.shape:
        raise ValueError(
            f"every label needs a code of the machine and a chance; got {y.size} labels, "
            f"{f.size} codes and {chance.size} chances."
        )
    for codes in (y, f, rest):
        if not ((codes == 0) | (codes == 1)).all():
            raise ValueError("codes are 1 or 0: leave out what was not judged.")
    if not ((chance > 0) & (chance <= 1)).all():
        raise ValueError("a chance to be drawn must lie above 0 and be at most 1.")
    weights: NDArray[np.float64] = 1 / chance
    return weights


def _number_people(
    participants: Sequence[Hashable], others: Sequence[Hashable], n: int, n_rest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(participants) != n or len(others) != n_rest:
        raise ValueError(
            f"every excerpt needs a participant; got {len(participants)} for {n} labelled and "
            f"{len(others)} for {n_rest} others."
        )
    _, who = np.unique(
        np.concatenate([np.asarray(participants), np.asarray(others)]), return_inverse=True
    )
    return who[:n], who[n:]


def _count_people(who: NDArray[np.int64]) -> int:
    return int(np.count_nonzero(np.bincount(who)))


def _count_effective(who: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> float:
    """Return Kish's number of participants of equal weight."""
    sums = np.bincount(who, weights)
    return float(sums.sum()) ** 2 / float((sums.astype(float) ** 2).sum())


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must lie between 0 and 1; got {share}.")


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else math.nan
