"""Doors to reviewers' marks: a file of marks in, what was said about claims out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cjm_research import review
from cjm_research.codes import ADJUDICATED, PERSON
from cjm_research.errors import ConfigError
from cjm_research.study import Study
from cjm_research.study.coding_work import CODES, check_writable, list_allowed_codes

REVIEWS = "reviews"


@dataclass(frozen=True)
class Imported:
    """What became of a file of marks.

    Attributes
    ----------
    reviewer, version : str
        Under which name the marks were taken, and of which report they are.
    n_codes, n_claims : int
        Rows appended to `codes/` and to `reviews/`.
    n_known : int
        Rows that were known already, or about which the reviewer has said more since.
    lost : tuple of str
        Marks that could not be kept, each with the reason.
    """

    reviewer: str
    version: str
    n_codes: int
    n_claims: int
    n_known: int
    lost: tuple[str, ...]


def import_review(study: Study, path: Path, *, reviewer: str = "") -> Imported:
    """Append what a file of marks says to its reviewer's codes and answers.

    Parameters
    ----------
    study : Study
    path : Path
        What "Save as file" made in a report of this study.
    reviewer : str, optional
        The name of the reviewer's files; by default made of the name in the file, so that
        "Mara Klein" is `mara-klein`.

    Returns
    -------
    Imported
        Open the study anew to see its marks in the tables. The same file twice appends nothing.

    Raises
    ------
    ConfigError
        If the reviewer has no name that a file may bear.
    SourceError, TableError
        With all that is wrong with the file (`review.read_marks`, `review.make_rows`); then
        nothing is taken from it.
    """
    check_writable(study)
    marks = review.read_marks(path, study=study.name)
    name = review.check_name(reviewer or _name_in(marks, path), "coder")
    log = review.read_log(study.place.folder / review.LOG_FILE)
    codes = study.codes
    made = review.make_rows(
        marks,
        study.documents,
        allowed=_pairs(list_allowed_codes(study)),
        borne=_pairs(codes),
        gone=review.gone_codes(log),
        where=path.name,
    )
    own = codes[codes["coder_id"] == f"{PERSON}{name}"]
    sheets = review.read_sheets(study.place.folder / CODES, journey=study.journey)
    sheet = sheets[sheets["coder_id"] == f"{PERSON}{name}"]
    said = review.take_back_stages(made.rows, own)
    new = review.drop_known_rows(said, sheet)
    people = study.documents.set_index("document_id")["participant_id"]
    new = new.assign(participant_id=new["document_id"].map(people))
    claims = _claims(marks)
    review.append_codes(study.place.folder / CODES, name, new)
    n_claims = review.append_claims(study.place.folder / REVIEWS, name, claims)
    n_known = len(said) - len(new) + len(claims) - n_claims
    return Imported(name, marks.version, len(new), n_claims, n_known, made.lost)


def list_claim_reviews(study: Study) -> pd.DataFrame:
    """List what reviewers say about claims of the report now.

    Returns
    -------
    DataFrame
        `reviewer`, `claim`, `words` (of the claim, when it was marked), `answer`, `comment`,
        `at`, `version`: one row per reviewer and claim, the last; by claim, then reviewer.
    """
    said = review.read_claims(study.place.folder / REVIEWS)
    # Files grow in the order of imports, and an older file may be imported after a newer one.
    said = said.sort_values(["claim", "reviewer", "at"], kind="stable")
    return said.drop_duplicates(["claim", "reviewer"], keep="last").reset_index(drop=True)


def list_review_comments(study: Study) -> pd.DataFrame:
    """List what people noted beside quotes, with their codes, the latest last.

    Returns
    -------
    DataFrame
        `reviewer`, `document_id`, `start`, `end`, `quote`, `code_group`, `code`, `strength`,
        `note`, `coded_at`: people's rows of table `codes` that bear a note.
    """
    codes = study.codes
    noted = codes[codes["coder_id"].str.startswith(PERSON) & (codes["note"] != "")]
    noted = noted.assign(reviewer=noted["coder_id"].str.removeprefix(PERSON))
    columns = [
        "reviewer", "document_id", "start", "end", "quote", "code_group", "code", "strength",
        "note", "coded_at",
    ]  # fmt: skip
    noted = noted.sort_values(["coded_at", "code_id"], na_position="first")
    return noted[columns].reset_index(drop=True)


def _name_in(marks: review.Marks, path: Path) -> str:
    name = review.reviewer_name(marks.reviewer)
    if not name:
        raise ConfigError(path.name, ["nobody signed these marks. Give the name: --reviewer NAME."])
    if name == ADJUDICATED:
        # It outranks everybody: that is for the researcher to give, and not for a file to take.
        raise ConfigError(
            path.name,
            [f"its reviewer is called '{name}'. To let these marks settle what people disagree "
             f"about, say so: --reviewer {name}."],
        )  # fmt: skip
    return name


def _claims(marks: review.Marks) -> pd.DataFrame:
    rows = [
        [mark.claim, mark.words.strip(), mark.answer, mark.comment.strip(),
         mark.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
         marks.version]
        for mark in marks.marks
        if isinstance(mark, review.ClaimMark)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=review.CLAIM_COLUMNS, dtype="object")


def _pairs(codes: pd.DataFrame) -> set[tuple[str, str]]:
    return set(codes[["code_group", "code"]].itertuples(index=False, name=None))
