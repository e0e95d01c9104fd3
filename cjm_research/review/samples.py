"""Excerpts drawn at random for people to code: only these may estimate agreement."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

from cjm_research.errors import SourceError, TableError, quoted
from cjm_research.review.anchors import Texts
from cjm_research.review.files import check_name, locked, write_whole

SAMPLE_COLUMNS = ["document_id", "start", "end", "quote", "inclusion_probability"]
CODABLE = ("participant", "observer")
"""Speakers whose excerpts are coded; interviewers never count."""


def draw_validation_sample(
    excerpts: pd.DataFrame, *, n: int, random_state: int = 0
) -> pd.DataFrame:
    """Draw excerpts at random, spread evenly over participants.

    Participants are the strata. Each gets the same share of the sample, or all of its excerpts
    where it has fewer; within a participant excerpts are drawn without replacement, each with
    the same chance. When the shares are no whole numbers, chance decides which participants
    give one more (with fewer excerpts to draw than participants: which give one at all).

    Parameters
    ----------
    excerpts : DataFrame
        Table `excerpts`; interviewers' are left out.
    n : int
        Excerpts to draw; all of them when there are fewer.
    random_state : int, default 0
        The same excerpts and state give the same sample, in whatever order the rows stand.

    Returns
    -------
    DataFrame
        In document order: `excerpt_id`, `participant_id`, `document_id`, `start`, `end`,
        `quote` and `inclusion_probability`: the chance that the excerpt had to be drawn,
        ``min(N_p, q) / N_p`` for a participant with N_p excerpts, where the q is such that the
        expected numbers add up to n. The mean of a figure over all excerpts is estimated by
        weighting each drawn one with the inverse.

    Raises
    ------
    ValueError
        If `n` is not positive.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}.")
    frame = excerpts[excerpts["speaker"].isin(CODABLE)]
    frame = frame.sort_values(["participant_id", "document_id", "start"], kind="stable")
    sizes = frame.groupby("participant_id", sort=True).size()
    quota = _level(sizes.to_numpy(), min(n, len(frame)))
    rng = np.random.default_rng(random_state)
    numbers = _whole_numbers(sizes.to_numpy(), quota, min(n, len(frame)), rng)
    parts = [
        rows.iloc[np.sort(rng.choice(len(rows), size=number, replace=False))].assign(
            inclusion_probability=min(len(rows), quota) / len(rows)
        )
        for (_, rows), number in zip(
            frame.groupby("participant_id", sort=True), numbers, strict=True
        )
    ]
    drawn = (
        pd.concat(parts) if parts else frame.assign(inclusion_probability=pd.Series(dtype=float))
    )
    drawn = drawn.sort_values(["document_id", "start"], kind="stable")
    columns = ["excerpt_id", "participant_id", *SAMPLE_COLUMNS]
    return drawn.rename(columns={"text": "quote"})[columns].reset_index(drop=True)


def write_sample(folder: Path, name: str, sample: pd.DataFrame) -> Path:
    """Write a sample to `<name>.csv`; a sample that is there is never replaced.

    Raises
    ------
    SourceError
        If there is a sample of this name.
    """
    path = folder / f"{check_name(name, 'sample')}.csv"
    with locked(path):
        if path.exists():
            raise SourceError(
                f"samples/{path.name}",
                "there is a sample of this name, and samples are never changed.",
                "give the new one another name.",
            )
        out = io.StringIO()
        sample[SAMPLE_COLUMNS].to_csv(out, index=False, lineterminator="\n")
        write_whole(path, out.getvalue().encode("utf-8"))
    return path


def list_samples(folder: Path) -> list[str]:
    """Return the names of the samples in a folder, which need not exist."""
    return sorted(path.stem for path in folder.glob("*.csv"))


def read_sample(
    folder: Path, name: str, excerpts: pd.DataFrame, documents: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a sample, and find its excerpts in the texts as they are now.

    Parameters
    ----------
    folder : Path
        The study's `samples/`.
    name : str
    excerpts, documents : DataFrame
        Tables of those names.

    Returns
    -------
    sample : DataFrame
        The rows of table `excerpts` that were drawn, with `inclusion_probability`.
    lost : DataFrame
        `document_id`, `start`, `end` of those whose text is gone or no longer one excerpt.

    Raises
    ------
    SourceError
        If there is no such sample.
    TableError
        If the file lacks columns.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise SourceError(
            f"samples/{name}.csv",
            f"there is no such sample. Samples: {quoted(list_samples(folder))}.",
            "draw one with `cjm codes export STUDY --coder NAME --validation 100`.",
        )
    rows = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False)
    missing = [column for column in SAMPLE_COLUMNS if column not in rows]
    if missing:
        raise TableError(
            f"samples/{path.name}",
            "sample",
            [f"columns {quoted(missing)} are missing. Found: {quoted(rows.columns)}."],
        )
    texts = Texts.of(documents)
    anchors = [
        texts.find(str(row.quote), str(row.document_id), int(row.start))
        for row in rows.itertuples()
    ]
    places = pd.DataFrame(
        [anchor[:3] if anchor else ("", -1, -1) for anchor in anchors],
        columns=["document_id", "start", "end"],
        index=rows.index,
    ).assign(inclusion_probability=rows["inclusion_probability"])
    own = excerpts[excerpts["speaker"].isin(CODABLE)]
    sample = own.merge(
        places.drop_duplicates(["document_id", "start", "end"]),
        on=["document_id", "start", "end"],
    )
    keys = pd.MultiIndex.from_frame(sample[["document_id", "start", "end"]])
    found = pd.MultiIndex.from_frame(places[["document_id", "start", "end"]]).isin(keys)
    return sample, rows.loc[~found, ["document_id", "start", "end"]].reset_index(drop=True)


def _level(sizes: np.ndarray, n: int) -> float:
    """Return the share q of each participant: min(size, q) adds up to n."""
    left, rest = float(n), len(sizes)
    for size in np.sort(sizes):
        if size * rest >= left:
            return left / rest
        left, rest = left - float(size), rest - 1
    return float(sizes.max(initial=0))


def _whole_numbers(sizes: np.ndarray, quota: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return how many each participant gives: on average min(size, quota), n in all."""
    numbers: np.ndarray = np.minimum(sizes, int(np.floor(quota + 1e-9)))
    open_to_more = np.flatnonzero(sizes > numbers)
    more = rng.choice(open_to_more, size=n - int(numbers.sum()), replace=False)
    numbers[more] += 1
    return numbers
