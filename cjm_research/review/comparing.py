"""Judgements of coders on a sample, side by side: agreement, disagreement, machine quality."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cjm_research.codes import ADJUDICATED, NONE, PERSON
from cjm_research.review.people import MEMO
from cjm_research.review.sheets import SEVERITY, severity_of
from cjm_research.statistics import (
    Interval,
    estimate_detection,
    estimate_kappa,
    measure_span_agreement,
)
from cjm_research.statistics.several_coders import Level, estimate_alpha, name_reliability

ANY = ""
"""In place of a code: any code of the group, against none."""

MACHINE = "machine"
"""Name under which what the machines and sources say together is compared with a person."""

_ADJUDICATED = PERSON + ADJUDICATED


def list_judgements(codes: pd.DataFrame, sample: pd.DataFrame) -> pd.DataFrame:
    """Say what each person judged on the excerpts of a sample.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`, of people.
    sample : DataFrame
        Rows of table `excerpts`.

    Returns
    -------
    DataFrame
        One row per coder, excerpt, group and code on which there is a judgement: `coder_id`,
        `excerpt_id`, `code_group`, `code`, `value` (1 given, 0 refused). A row with the empty
        code says whether any code of the group was given; it is 0 only where the coder said
        `none`, because to refuse one code is not to have judged the group.
    """
    mine = codes[
        codes["coder_id"].str.startswith(PERSON)
        & codes["excerpt_id"].isin(sample["excerpt_id"])
        & (codes["code_group"] != MEMO)
    ]
    yes = mine["strength"] > 0
    none = mine["code"] == NONE
    keys = ["coder_id", "excerpt_id", "code_group"]
    single = mine[~none].assign(value=yes.astype(float))
    whole = mine[yes].assign(value=(~none).astype(float), code=ANY)
    both = pd.concat([single, whole])
    values = both.groupby([*keys, "code"], sort=True)["value"].max()
    return values.reset_index()


def estimate_agreement(
    codes: pd.DataFrame, sample: pd.DataFrame, *, random_state: int = 0
) -> pd.DataFrame:
    """Estimate how far each two people agree, per source, group and code.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`.
    sample : DataFrame
        Rows of table `excerpts` that were drawn at random; others may not estimate agreement.
    random_state : int, default 0

    Returns
    -------
    DataFrame
        One row per source, pair of coders, group and code that either of them gave; the empty
        code stands for any code of the group against none. `kappa`, `kappa_low`, `kappa_high`;
        `agreement_rate` (share of the units on which both say the same), `agreement_low`,
        `agreement_high`; `n_units` that both judged, `n_participants`, `n_both`, `n_first`,
        `n_second` (units with the code), `n_characters`; `span_kappa`, `span_kappa_coded`,
        `span_overlap` over the characters of those units (`statistics.SpanAgreement`); and
        `reason` where a figure is missing. Each drawn excerpt weighs the same, so each
        participant nearly does. The coder `adjudicated` is left out: he has seen both.
    """
    judged = list_judgements(codes, sample)
    judged = judged[judged["coder_id"] != _ADJUDICATED]
    people = sorted(judged["coder_id"].unique())
    rows = []
    for source, excerpts in sample.groupby("source", sort=True):
        tables = _tables(judged, excerpts)
        for first, second in combinations(people, 2):
            for group, code, a, b in _pairs(tables, first, second):
                found = estimate_kappa(
                    a, b, excerpts["participant_id"].tolist(), random_state=random_state
                )
                spans = _compare_spans(
                    codes, excerpts[~np.isnan(a) & ~np.isnan(b)], (first, second), group, code
                )
                rows.append(
                    {
                        "source": source,
                        "first": first.removeprefix(PERSON),
                        "second": second.removeprefix(PERSON),
                        "code_group": group,
                        "code": code,
                        **_columns("kappa", found.kappa),
                        **_columns("agreement", found.share, rate=True),
                        "n_units": found.n_units,
                        "n_participants": found.n_participants,
                        "n_both": found.n_both,
                        "n_first": found.n_first,
                        "n_second": found.n_second,
                        **spans,
                        "reason": found.reason,
                    }
                )
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def estimate_reliability(
    codes: pd.DataFrame, sample: pd.DataFrame, *, random_state: int = 0
) -> pd.DataFrame:
    """Estimate how far all people who judged agree, per source, group and code.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`.
    sample : DataFrame
        Rows of table `excerpts` that were drawn at random; others may not estimate agreement.
    random_state : int, default 0

    Returns
    -------
    DataFrame
        One row per source, group and code that anybody gave; the empty code stands for any
        code of the group against none. Where people gave severities, the group `severity` says
        how alike they graded, 1 to 4, a pain point that they gave the same excerpt: its units
        are pain points of excerpts. `level` of measurement ("nominal", of severities
        "ordinal"); `alpha` (Krippendorff's), `alpha_low`, `alpha_high`; `n_units` that two
        people or more judged, `n_coders` who judged any of these, `n_participants`; `words` by
        Krippendorff's cut-offs (`statistics.several_coders.name_reliability`); and `reason`
        where a figure is missing.
        People need not all have judged the same excerpts. The coder `adjudicated` is left out:
        he has seen the others' codes.
    """
    judged = list_judgements(codes, sample)
    judged = judged[judged["coder_id"] != _ADJUDICATED]
    graded = _list_severities(codes, sample)
    rows = []
    for source, excerpts in sample.groupby("source", sort=True):
        people = excerpts.set_index("excerpt_id")["participant_id"]
        tables: list[tuple[str, str, Level, pd.DataFrame]] = [
            (group, code, "nominal", table)
            for (group, code), table in _tables(judged, excerpts).items()
            if code == ANY or (table > 0).to_numpy().any()
        ]
        grades = graded[graded["excerpt_id"].isin(excerpts["excerpt_id"])]
        if not grades.empty:
            wide = grades.pivot_table(SEVERITY, ["excerpt_id", "code"], "coder_id")
            tables.append((SEVERITY, ANY, "ordinal", wide))
        for group, code, level, table in tables:
            found = estimate_alpha(
                table.to_numpy(dtype=float),
                people.loc[table.index.get_level_values("excerpt_id")].tolist(),
                level=level,
                random_state=random_state,
            )
            rows.append(
                {
                    "source": source,
                    "code_group": group,
                    "code": code,
                    "level": level,
                    **_columns("alpha", found.alpha),
                    "n_units": found.n_units,
                    "n_coders": found.n_coders,
                    "n_participants": found.n_participants,
                    "words": name_reliability(found.alpha.value),
                    "reason": found.reason,
                }
            )
    return pd.DataFrame(rows, columns=RELIABILITY_COLUMNS)


def estimate_machine_quality(
    codes: pd.DataFrame, machine: pd.DataFrame, sample: pd.DataFrame, *, random_state: int = 0
) -> pd.DataFrame:
    """Estimate precision, recall and F1 of the machine against each person.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`, of people.
    machine : DataFrame
        Table `codes`, of sources and machines, as they hold without people
        (`codes.resolve_codes`). The machine judged every excerpt: what it does not say, it
        denies.
    sample : DataFrame
        Rows of table `excerpts` that were drawn at random.
    random_state : int, default 0

    Returns
    -------
    DataFrame
        One row per source, person (`adjudicated` too), group and code; the empty code stands
        for any code of the group. `precision`, `recall`, `f1` with `_low` and `_high`,
        `n_right`, `n_wrong`, `n_missed`, `n_units`, `n_participants`, `reason`.
    """
    judged = list_judgements(codes, sample)
    people = sorted(judged["coder_id"].unique())
    said = machine[machine["strength"] > 0]
    said = pd.concat([said, said.assign(code=ANY)])[["excerpt_id", "code_group", "code"]]
    said = said.drop_duplicates().assign(coder_id=MACHINE, value=1.0)
    # A person's group is on trial even where the machine never gave a code of it.
    both = pd.concat([judged, said[said["code_group"].isin(judged["code_group"])]])
    rows = []
    for source, excerpts in sample.groupby("source", sort=True):
        tables = _tables(both, excerpts)
        for person in people:
            for group, code, given, truth in _pairs(tables, MACHINE, person):
                found = estimate_detection(
                    np.nan_to_num(given),
                    truth,
                    excerpts["participant_id"].tolist(),
                    random_state=random_state,
                )
                rows.append(
                    {
                        "source": source,
                        "coder": person.removeprefix(PERSON),
                        "code_group": group,
                        "code": code,
                        **_columns("precision", found.precision),
                        **_columns("recall", found.recall),
                        **_columns("f1", found.f1),
                        **{name: getattr(found, name) for name in QUALITY_COLUMNS[-6:]},
                    }
                )
    return pd.DataFrame(rows, columns=QUALITY_COLUMNS)


def list_disagreements(codes: pd.DataFrame, sample: pd.DataFrame) -> pd.DataFrame:
    """List where people disagree and nobody has adjudicated.

    Parameters
    ----------
    codes : DataFrame
        Table `codes`.
    sample : DataFrame
        Rows of table `excerpts`.

    Returns
    -------
    DataFrame
        One row per excerpt, group and person who judged the group there, where not all gave
        the same codes: `excerpt_id`, `code_group`, `coder_id`, `codes` (separated by `; `, or
        `-`).
    """
    judged = list_judgements(codes, sample)
    settled = judged[(judged["coder_id"] == _ADJUDICATED) & (judged["code"] == ANY)]
    keys = ["excerpt_id", "code_group"]
    done = pd.MultiIndex.from_frame(settled[keys])
    theirs = judged[~pd.MultiIndex.from_frame(judged[keys]).isin(done)]
    whole = theirs[theirs["code"] == ANY]
    given = theirs[(theirs["code"] != ANY) & (theirs["value"] > 0)]
    named = given.groupby([*keys, "coder_id"])["code"].agg(lambda codes: "; ".join(sorted(codes)))
    named = named.rename("codes").reset_index()
    said = whole.merge(named, on=[*keys, "coder_id"], how="left")
    said["codes"] = said["codes"].fillna("-")
    differ = said.groupby(keys)["codes"].transform("nunique") > 1
    differing = said.loc[differ, [*keys, "coder_id", "codes"]]
    return differing.sort_values([*keys, "coder_id"], kind="stable").reset_index(drop=True)


def _list_severities(codes: pd.DataFrame, sample: pd.DataFrame) -> pd.DataFrame:
    """Return each person's gravest severity of a pain point of an excerpt, where there is one."""
    mine = codes[
        codes["coder_id"].str.startswith(PERSON)
        & (codes["coder_id"] != _ADJUDICATED)
        & codes["excerpt_id"].isin(sample["excerpt_id"])
        & (codes["code_group"] == "pain_point")
        & (codes["strength"] > 0)
    ]
    graded = mine.assign(**{SEVERITY: mine["attributes"].map(severity_of).astype(float)})
    keys = ["excerpt_id", "code", "coder_id"]
    return graded.dropna(subset=SEVERITY).groupby(keys)[SEVERITY].max().reset_index()


_Table = dict[tuple[str, str], pd.DataFrame]


def _tables(judged: pd.DataFrame, excerpts: pd.DataFrame) -> _Table:
    """Return, per group and code, judgements by excerpt (rows, in order) and coder (columns).

    A coder who judged a group, by a code of it or by `none`, denies all other codes of it.
    """
    mine = judged[judged["excerpt_id"].isin(excerpts["excerpt_id"])]
    tables: _Table = {}
    for group, rows in mine.groupby("code_group", sort=True):
        wide = {
            code: part.set_index(["excerpt_id", "coder_id"])["value"].unstack()  # noqa: PD010
            for code, part in rows.groupby("code", sort=True)
        }
        coders = sorted(rows["coder_id"].unique())
        whole = wide.get(ANY, pd.DataFrame()).reindex(index=excerpts["excerpt_id"], columns=coders)
        for code, part in wide.items():
            table = part.reindex(index=excerpts["excerpt_id"], columns=coders)
            tables[(str(group), str(code))] = table.where(
                table.notna(), whole.where(whole.isna(), 0.0)
            )
    return tables


def _pairs(
    tables: _Table, first: str, second: str
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield the judgements of two coders on every code that either of them gave."""
    for (group, code), table in tables.items():
        a, b = (
            table[coder].to_numpy(dtype=float) if coder in table else np.full(len(table), np.nan)
            for coder in (first, second)
        )
        touched = np.nansum(a) + np.nansum(b) > 0
        if touched or (code == ANY and not (np.isnan(a).all() or np.isnan(b).all())):
            yield group, code, a, b


def _compare_spans(
    codes: pd.DataFrame, units: pd.DataFrame, coders: tuple[str, str], group: str, code: str
) -> dict[str, Any]:
    """Compare two coders by the characters of the units that both judged."""
    rows = codes[
        (codes["code_group"] == group)
        & (codes["strength"] > 0)
        & (codes["code"] != NONE)
        & codes["document_id"].isin(units["document_id"])
    ]
    if code != ANY:
        rows = rows[rows["code"] == code]
    counts = np.zeros(4, dtype=int)
    for document, parts in units.groupby("document_id", sort=True):
        text = _mark(parts)
        size = len(text)
        a, b = (
            _mark(rows[(rows["document_id"] == document) & (rows["coder_id"] == coder)], size)
            for coder in coders
        )
        for place, cell in enumerate((a & b, a & ~b, ~a & b, ~a & ~b)):
            counts[place] += int((cell & text).sum())
    found = measure_span_agreement(*counts.tolist())
    return {
        "n_characters": int(counts.sum()),
        "span_kappa": found.kappa,
        "span_kappa_coded": found.kappa_coded,
        "span_overlap": found.overlap,
    }


def _mark(spans: pd.DataFrame, size: int | None = None) -> np.ndarray:
    marked = np.zeros(int(spans["end"].max()) if size is None else size, dtype=bool)
    for start, end in zip(spans["start"], spans["end"], strict=True):
        marked[start:end] = True
    return marked


def _columns(name: str, figure: Interval, *, rate: bool = False) -> dict[str, float]:
    first = f"{name}_rate" if rate else name
    return {first: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


AGREEMENT_COLUMNS = [
    "source", "first", "second", "code_group", "code", "kappa", "kappa_low", "kappa_high",
    "agreement_rate", "agreement_low", "agreement_high", "n_units", "n_participants", "n_both",
    "n_first", "n_second", "n_characters", "span_kappa", "span_kappa_coded", "span_overlap",
    "reason",
]  # fmt: skip
RELIABILITY_COLUMNS = [
    "source", "code_group", "code", "level", "alpha", "alpha_low", "alpha_high", "n_units",
    "n_coders", "n_participants", "words", "reason",
]  # fmt: skip
QUALITY_COLUMNS = [
    "source", "coder", "code_group", "code", "precision", "precision_low", "precision_high",
    "recall", "recall_low", "recall_high", "f1", "f1_low", "f1_high", "n_right", "n_wrong",
    "n_missed", "n_units", "n_participants", "reason",
]  # fmt: skip
