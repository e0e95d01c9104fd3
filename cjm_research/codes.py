"""Codes: who said what about which span, and who is believed.

Whatever a machine or a person decides about a span of text is a row of the table `codes`.
This module holds the rules that settle conflicts, in one place: a coder's later word counts
over the earlier one, and person > source > machine.
"""

from __future__ import annotations

import hashlib

import pandas as pd

CODER_RANK = {"person": 0, "source": 1, "machine": 2}
"""Whose word counts first. A person's zero (a refusal) silences machines too."""

ADJUDICATED = "adjudicated"
"""Name of the coder whose codes settle what people disagree about; outranks other people."""

NONE = "none"
"""The code that says: I read this, and nothing of its group applies."""

PERSON = "person:"
"""How the coder ids of people begin; the coder's name follows."""


def code_id(coder_id: str, document_id: str, start: int, end: int, group: str, code: str) -> str:
    """Return the permanent id of an assertion: same coder, span and code, same id."""
    key = "\x1f".join([coder_id, document_id, str(start), str(end), group, code])
    return "c" + hashlib.sha256(key.encode()).hexdigest()[:15]


def unit_of(codes: pd.DataFrame) -> pd.Series:
    """Return what each code is about: its excerpt, or its span where it has no excerpt."""
    units = codes["excerpt_id"].copy()
    free = units == ""
    if free.any():
        spans = codes[free]
        starts, ends = spans["start"].astype(str), spans["end"].astype(str)
        units[free] = spans["document_id"] + ":" + starts + "-" + ends
    return units


def resolve_codes(codes: pd.DataFrame, coders: pd.DataFrame) -> pd.DataFrame:
    """Settle conflicting codes: adjudicated, then person, then source, then machine.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`.
    coders : DataFrame
        Table `coders`.

    Returns
    -------
    DataFrame
        The rows of `codes` that hold, after three rules.

        1. Of one coder's words about an excerpt, the later (`coded_at`) counts: see
           `keep_latest`.
        2. The code `none` silences every code of its group that a lesser-ranked coder gave
           to the excerpt. It does not hold itself: it is no code. A code that a person gives
           silences the machines' codes of that group on that excerpt.
        3. For single-valued groups (`stage`) one row per excerpt, of those that nobody
           better-ranked refuses: the best-ranked coder, then the greatest strength, then the
           first code by name. For all other groups one row per excerpt and code, dropped when
           the best-ranked coder who spoke about it says no (strength 0). Of coders of one
           rank, the one who says yes is believed.
    """
    if codes.empty:
        return codes.copy()
    ranks = rank_coders(coders)
    ranked = codes.reset_index(drop=True)
    ranked = ranked.assign(_rank=ranked["coder_id"].map(ranks), _unit=unit_of(ranked))
    people = ranked["_rank"] <= CODER_RANK["person"]
    if people.any():
        theirs = ranked[people]
        latest = keep_latest(theirs, theirs["coded_at"])
        ranked = ranked.drop(theirs.index.difference(latest.index))
    ranked = _silence(ranked)
    ranked = ranked.sort_values(
        ["_unit", "code_group", "_rank", "strength", "code", "code_id"],
        ascending=[True, True, True, False, True, True],
        kind="stable",
    )
    # A refusal silences the same code of lesser coders, in single-valued groups as well.
    spoken = ranked.drop_duplicates(["_unit", "code_group", "code"])
    held = spoken[spoken["strength"] > 0]
    single = held["code_group"].isin(SINGLE_VALUED)
    kept = pd.concat([held[single].drop_duplicates(["_unit", "code_group"]), held[~single]])
    return kept.sort_index(kind="stable").drop(columns=["_rank", "_unit"]).reset_index(drop=True)


def keep_latest(codes: pd.DataFrame, order: pd.Series) -> pd.DataFrame:
    """Keep what each coder still means: a later word cancels an earlier contrary one.

    Contrary are, by one coder about one excerpt: a code and its refusal (strength 0); and the
    code `none` and any other code of its group. Rows that agree all stay, whatever their span.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`; index unique.
    order : Series
        When each row was said, on the index of `codes`: row numbers or times; missing is
        earliest. Of contrary rows of one moment, the one that gives a code counts.

    Returns
    -------
    DataFrame
        Rows of `codes`, in their order.
    """
    when = order.rank(method="dense").fillna(0)
    group = [codes["coder_id"], unit_of(codes), codes["code_group"]]
    yes = codes["strength"] > 0
    last_yes = when.where(yes, -1).groupby([*group, codes["code"]]).transform("max")
    last_no = when.where(~yes, -1).groupby([*group, codes["code"]]).transform("max")
    meant = yes == (last_yes >= last_no)
    none = (codes["code"] == NONE) & yes & meant
    given = (codes["code"] != NONE) & yes & meant
    last_none = when.where(none, -1).groupby(group).transform("max")
    last_given = when.where(given, -1).groupby(group).transform("max")
    meant &= ~(none & (last_given >= last_none)) & ~(given & (when < last_none))
    return codes[meant]


def rank_coders(coders: pd.DataFrame) -> pd.Series:
    """Return the rank of each coder id, 0 for people; the lower, the more it counts."""
    ranks = coders.set_index("coder_id")["kind"].map(CODER_RANK)
    return ranks.where(ranks.index != PERSON + ADJUDICATED, CODER_RANK["person"] - 1)


def _silence(ranked: pd.DataFrame) -> pd.DataFrame:
    """Drop what better-ranked judgements silence, and the `none` rows themselves.

    `none` silences everybody below; a code that a person gives silences machines, whose other
    proposals of the group that person has read and passed over.
    """
    given = ranked[ranked["strength"] > 0]
    unit = ["_unit", "code_group"]
    none = given[given["code"] == NONE].groupby(unit)["_rank"].min()
    people = given[given["_rank"] <= CODER_RANK["person"]].groupby(unit)["_rank"].min()
    rest = ranked[ranked["code"] != NONE]
    if none.empty and people.empty:
        return rest
    best = pd.concat([none.rename("_none"), people.rename("_given")], axis=1).reset_index()
    judged = rest[unit].merge(best, on=unit, how="left")
    ranks = rest["_rank"].to_numpy()
    silenced = judged["_none"].to_numpy() < ranks
    passed_over = judged["_given"].notna().to_numpy() & (ranks == CODER_RANK["machine"])
    return rest[~(silenced | passed_over)]


SINGLE_VALUED = frozenset({"stage"})
"""Groups of which an excerpt has one code."""
