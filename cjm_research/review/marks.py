"""What reviewers mark in a report: the file that a page saves, read strictly, and its rows.

The file comes from outside, so it is all taken or not at all. A mark on a quote becomes rows of
codes; a mark on a claim has no span of text and stays beside the claim (`review.claims`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from cjm_research.config.faults import say_fault
from cjm_research.errors import SourceError, TableError, did_you_mean, quoted
from cjm_research.review.anchors import Anchor, Texts, plain
from cjm_research.review.people import MEMO

FORMAT, FORMAT_VERSION = "cjm-review", 1
MAX_BYTES = 5_000_000
MAX_MARKS = 10_000
MAX_COMMENT = 4_000
MAX_QUOTE = 20_000
"""Characters of a comment and of a quote."""
_MAX_LISTED = 20
_STAGE = "stage"
_CLOCKS_DIFFER = timedelta(days=1)
"""By how much a mark may be ahead of here."""

Code = tuple[str, str]
"""A code group and a code of it."""


def _one_text(text: str) -> str:
    """Refuse what no reader can see and no file can hold."""
    odd = {one for one in text if unicodedata.category(one) in ("Cc", "Cs")} - {"\n", "\r", "\t"}
    if odd:
        raise ValueError(
            f"this holds characters that are no text ({quoted(map(ascii, sorted(odd)))})"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _one_line(text: str) -> str:
    if set(text) & {"\n", "\r", "\t", ";"}:
        raise ValueError("this holds ';' or a line break")
    return _one_text(text)


def _group_and_code(text: str) -> str:
    if text and not all(_pair(text)):
        raise ValueError("this should be a code as group:code, such as 'pain_point:slow'")
    return text


def _in_utc(time: datetime) -> datetime:
    if not 2000 <= time.year < 2200:
        raise ValueError("this is no time at which somebody read a report")
    return time.astimezone(UTC)


_Name = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
_Code = Annotated[_Name, AfterValidator(_group_and_code)]
_Comment = Annotated[str, Field(max_length=MAX_COMMENT), AfterValidator(_one_text)]
_Quote = Annotated[str, Field(min_length=1, max_length=MAX_QUOTE), AfterValidator(_one_text)]
_Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_Offset = Annotated[int, Field(strict=True, ge=0, le=2**53)]

_STRICT = ConfigDict(extra="forbid", frozen=True)


class QuoteMark(BaseModel):
    """What a reviewer says about a quote.

    Attributes
    ----------
    quote_id : str
        Its id in the report that was read; another report may call another quote so.
    document, start, end, quote
        Where it stood (offsets in the document's text), and its words.
    codes : tuple of str
        `group:code` of the codes that it bore.
    stage : str
        The stage that it stood under.
    answer : str
    code : str
        Which of `codes` is meant; empty for all of them.
    instead : str
        Wrong code: the `group:code` that is right. Wrong stage: the id of the right stage.
    comment : str
    at : datetime
        When it was marked.
    """

    model_config = _STRICT
    kind: Literal["quote"]
    quote_id: _Name = ""
    document: Annotated[_Name, Field(min_length=1)]
    start: _Offset
    end: _Offset
    quote: _Quote
    codes: Annotated[tuple[_Code, ...], Field(max_length=50)] = ()
    stage: _Name = ""
    answer: Literal["agree", "disagree", "wrong code", "wrong stage", "comment"]
    code: _Code = ""
    instead: _Name = ""
    comment: _Comment = ""
    at: _Time


class ClaimMark(BaseModel):
    """What a reviewer says about a claim, with the words that the claim had."""

    model_config = _STRICT
    kind: Literal["claim"]
    claim: Annotated[_Name, Field(min_length=1)]
    words: Annotated[str, Field(max_length=MAX_QUOTE), AfterValidator(_one_text)] = ""
    answer: Literal["agree", "disagree", "comment"]
    comment: _Comment = ""
    at: _Time


class Marks(BaseModel):
    """A file of marks.

    Attributes
    ----------
    study, version : str
        The report that was read: name of its study, first characters of its run's key.
    reviewer : str
        As typed; `reviewer_name` makes the name of a file of it.
    saved_at : datetime
    marks : tuple of QuoteMark or ClaimMark
    """

    model_config = _STRICT
    format: Literal["cjm-review"]
    format_version: Literal[1]
    study: Annotated[_Name, Field(min_length=1)]
    version: _Name = ""
    reviewer: _Name = ""
    saved_at: _Time
    marks: Annotated[
        tuple[Annotated[QuoteMark | ClaimMark, Field(discriminator="kind")], ...],
        Field(max_length=MAX_MARKS),
    ]


@dataclass(frozen=True)
class MarkedRows:
    """What marks say about quotes, as rows for `append_codes`.

    Attributes
    ----------
    rows : DataFrame
        `document_id`, `start`, `end`, `quote`, `code_group`, `code`, `strength`, `note`,
        `coded_at`, and `marked`: the words that the reviewer saw.
    lost : tuple of str
        Why a mark could not be kept, one sentence each. Its words are not told: they may be
        of somebody who has withdrawn.
    """

    rows: pd.DataFrame
    lost: tuple[str, ...]


ROW_COLUMNS = [
    "document_id", "start", "end", "quote", "code_group", "code", "strength", "note", "coded_at",
]  # fmt: skip


def read_marks(path: Path, *, study: str, now: datetime | None = None) -> Marks:
    """Read a file of marks that a report's page saved.

    Parameters
    ----------
    path : Path
        At most 5 MB of JSON, `format` "cjm-review", `format_version` 1.
    study : str
        The study that the marks must belong to.
    now : datetime, optional
        With a time zone; the present when not given.

    Returns
    -------
    Marks

    Raises
    ------
    SourceError
        If the file is not there, too large, no JSON, or no file of marks.
    TableError
        With all that is wrong in it, by mark: unknown keys, wrong types, another study, two
        answers that contradict each other, marks that are more than a day ahead of `now`. Then
        nothing may be taken from it.
    """
    raw = _read_json(path)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise _no_marks(path, "it is no file of marks: its `format` is not 'cjm-review'.")
    if raw.get("format_version") != FORMAT_VERSION or raw["format_version"] is True:
        raise SourceError(
            path.name,
            f"its format_version is {_shown(raw.get('format_version'))}, and this program reads "
            f"{FORMAT_VERSION}.",
            "open the report in a browser again and save the marks anew, or update the program.",
        )
    try:
        marks = Marks.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        faults = [_fault(fault) for fault in error.errors()]
        raise TableError(path.name, "marks", _first(faults)) from error
    problems = [] if marks.study == study else [
        f"the marks belong to the study '{marks.study}', not to '{study}'. Import them there."
    ]  # fmt: skip
    problems += _slips(marks) + _ahead(marks, (now or datetime.now(UTC)) + _CLOCKS_DIFFER)
    if problems:
        raise TableError(path.name, "marks", _first(problems))
    return marks


_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
"""Letters that no rule of Unicode takes apart."""


def reviewer_name(name: str) -> str:
    """Return a name as typed ("Mara Klein") the way coders' files are named ("mara-klein")."""
    bare = unicodedata.normalize("NFKD", name.strip().casefold().translate(_LETTERS))
    return "-".join("".join(one for one in bare if not unicodedata.combining(one)).split())


def make_rows(
    marks: Marks,
    documents: pd.DataFrame,
    *,
    allowed: Collection[Code],
    borne: Collection[Code] = (),
    gone: Mapping[Code, str] | None = None,
    where: str = "marks",
) -> MarkedRows:
    """Turn marks on quotes into rows of codes.

    Parameters
    ----------
    marks : Marks
    documents : DataFrame
        Table `documents`; the quotes must still stand there.
    allowed : collection of (group, code)
        What may be given.
    borne : collection of (group, code)
        Codes that quotes bear now, beside those: they may be agreed with and refused.
    gone : mapping of (group, code) to str, optional
        What became of codes that are no longer given.
    where : str, optional
        Name of the file, for messages.

    Returns
    -------
    MarkedRows
        agree
            The codes meant, with strength 1; the stage for a quote without codes.
        disagree
            The same with strength 0.
        wrong code
            Strength 0 for the codes meant, 1 for the other; for a quote without codes, only
            that.
        wrong stage
            `stage` with strength 0 for the one that it stood under, 1 for the other.
        comment
            A row of the group `memo` with strength 0.

        A comment beside any other answer is the `note` of its rows.

    Raises
    ------
    TableError
        With all codes and stages that there are not.
    """
    texts = Texts.of(documents)
    gone = dict(gone or {})
    given = set(allowed)
    known = given | set(borne)
    rows: list[list[Any]] = []
    lost: list[str] = []
    problems: list[str] = []
    for number, mark in enumerate(marks.marks, start=1):
        if not isinstance(mark, QuoteMark):
            continue
        said = _said(mark)
        new = [(group, code) for group, code, yes in said if yes and mark.instead]
        problems += [
            _unknown(number, pair, known)
            for pair in _meant(mark)
            if pair not in known | gone.keys()
        ]
        problems += [
            _unknown(number, pair, given) for pair in new if pair not in given | gone.keys()
        ]
        ended = [gone[(group, code)] for group, code, _ in said if (group, code) in gone]
        anchor = texts.find(mark.quote, mark.document, mark.start)
        reason = _why_lost(mark, anchor, texts, ended)
        if anchor is None or reason:
            lost.append(f"mark {number}: {reason}")
            continue
        place = [anchor.document_id, anchor.start, anchor.end]
        quote = texts.texts[anchor.document_id][anchor.start : anchor.end]
        at = mark.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        rows += [
            [*place, quote, group, code, strength, mark.comment.strip(), at, mark.quote]
            for group, code, strength in said
        ]
    if problems:
        raise TableError(where, "marks", _first(problems))
    frame = pd.DataFrame(rows, columns=[*ROW_COLUMNS, "marked"])
    return MarkedRows(frame.sort_values("coded_at", kind="stable", ignore_index=True), tuple(lost))


def take_back_stages(rows: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Add refusals of the stages that the reviewer gave earlier to what has another one now.

    An excerpt has one stage; of two that one person gives, neither would be the later.

    Parameters
    ----------
    rows : DataFrame
        Of `make_rows`.
    own : DataFrame
        The reviewer's rows of table `codes`.
    """
    given = own[(own["code_group"] == _STAGE) & (own["strength"] > 0)]
    stages = rows[(rows["code_group"] == _STAGE) & (rows["strength"] > 0)]
    met = stages.merge(given[["document_id", "start", "end", "code"]], on="document_id",
                       suffixes=("", "_own"))  # fmt: skip
    over = (met["start"] < met["end_own"]) & (met["start_own"] < met["end"])
    met = met[over & (met["code"] != met["code_own"])]
    refused = met.assign(code=met["code_own"], strength=0.0)[rows.columns]
    refused = refused.drop_duplicates(["document_id", "start", "code"])
    return pd.concat([rows, refused], ignore_index=True) if len(refused) else rows


def drop_known_rows(rows: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Leave out what the reviewer has said already, or has said otherwise since.

    Parameters
    ----------
    rows : DataFrame
        Of `make_rows`.
    own : DataFrame
        The reviewer's file as it is (`read_sheets`): `document_id`, `quote`, `code_group`,
        `code`, `coded_at`.

    Returns
    -------
    DataFrame
        Rows for `append_codes`: the same file twice gives none the second time, and an older
        file after a newer one takes nothing back.
    """
    last: dict[tuple[str, ...], pd.Timestamp] = {}
    times = pd.to_datetime(own["coded_at"].where(own["coded_at"] != "", None), utc=True,
                           errors="coerce", format="ISO8601")  # fmt: skip
    for row, time in zip(own.to_dict("records"), times, strict=True):
        if pd.isna(time):
            continue
        for key in (_key(row, row["quote"]), _key(row, row["quote"])[:3]):
            last[key] = max(time, last.get(key, time))

    def is_new(row: Mapping[str, Any]) -> bool:
        time = pd.Timestamp(row["coded_at"])
        for quote in {row["quote"], row["marked"]}:
            key = _key(row, quote)
            if key in last and last[key] >= time:
                return False
            # An excerpt has one stage: a later word about any stage is about this one too.
            if row["code_group"] == _STAGE and key[:3] in last and last[key[:3]] > time:
                return False
        return True

    kept = [is_new(row) for row in rows.to_dict("records")]
    return rows.loc[kept, ROW_COLUMNS].drop_duplicates(ignore_index=True)


def _key(row: Mapping[str, Any], quote: str) -> tuple[str, ...]:
    return row["document_id"], plain(quote), row["code_group"], row["code"]


def _meant(mark: QuoteMark) -> list[Code]:
    """Return the codes that an answer is about; the stage, where the quote bears none."""
    if mark.answer in ("comment", "wrong stage"):
        return []
    codes = [mark.code] if mark.code else list(dict.fromkeys(mark.codes))
    if not codes and mark.stage and mark.answer != "wrong code":
        return [(_STAGE, mark.stage)]
    return [_pair(code) for code in codes]


def _said(mark: QuoteMark) -> list[tuple[str, str, float]]:
    """Return group, code and strength of each row that a mark makes."""
    meant = _meant(mark)
    if mark.answer == "agree":
        return [(*pair, 1.0) for pair in meant]
    if mark.answer == "disagree":
        return [(*pair, 0.0) for pair in meant]
    if mark.answer == "wrong code":
        return [*((*pair, 0.0) for pair in meant), (*_pair(mark.instead), 1.0)]
    if mark.answer == "wrong stage":
        left = [(_STAGE, mark.stage, 0.0)] if mark.stage else []
        return [*left, (_STAGE, mark.instead, 1.0)]
    return [(MEMO, MEMO, 0.0)]


def _pair(code: str) -> Code:
    group, _, name = code.partition(":")
    return group, name


def _slips(marks: Marks) -> list[str]:
    """Return what is wrong with marks that are each of the right form."""
    problems = []
    seen: dict[tuple[Any, ...], tuple[int, float]] = {}
    for number, mark in enumerate(marks.marks, start=1):
        if mark.answer == "comment" and not mark.comment.strip():
            problems.append(f"mark {number}: a comment without words.")
        if not isinstance(mark, QuoteMark):
            continue
        if mark.end <= mark.start:
            problems.append(f"mark {number}: `end` must be greater than `start`.")
        if mark.code and mark.code not in mark.codes:
            problems.append(
                f"mark {number}: '{mark.code}' is none of the quote's codes ({quoted(mark.codes)})."
            )
        slip = _answer_slip(mark)
        if slip:
            problems.append(f"mark {number}: {slip}")
            continue
        for group, code, strength in _said(mark):
            key = (mark.document, mark.start, mark.end, group, code, mark.at)
            if group != MEMO and seen.setdefault(key, (number, strength))[1] != strength:
                problems.append(
                    f"marks {seen[key][0]} and {number}: both yes and no to {group} '{code}' of "
                    "the same quote."
                )
    return problems


def _ahead(marks: Marks, latest: datetime) -> list[str]:
    """Return which marks are of a time to come: nothing said later would ever count beside them."""
    times = [("the file was saved", marks.saved_at)]
    times += [(f"mark {number}: made", mark.at) for number, mark in enumerate(marks.marks, start=1)]
    return [
        f"{what} on {at.date()}, which is more than a day ahead. Set the clock of the computer "
        "that it was made on, and mark and save anew; or correct the clock of this one."
        for what, at in times
        if at > latest
    ]


def _answer_slip(mark: QuoteMark) -> str:
    if mark.answer == "wrong code":
        group, code = _pair(mark.instead)
        if not group or not code:
            return "`instead` must name the right code as group:code."
        if (group, code) in _meant(mark):
            return f"'{mark.instead}' is the code that it bears."
    elif mark.answer == "wrong stage":
        if not mark.instead or mark.instead == mark.stage:
            return "`instead` must name another stage than the one that it stands under."
    elif mark.instead:
        return f"`instead` goes with 'wrong code' and 'wrong stage', not with '{mark.answer}'."
    elif mark.answer != "comment" and not _meant(mark):
        return "the quote bears no code and no stage that this could be about."
    return ""


def _why_lost(mark: QuoteMark, anchor: Anchor | None, texts: Texts, ended: list[str]) -> str:
    if mark.document not in texts.texts:
        return "its document is not in the study (any more)"
    if anchor is None:
        return f"its quote does not stand in {mark.document} any more"
    return f"its code was {ended[0]}" if ended else ""


def _unknown(number: int, pair: Code, known: Collection[Code]) -> str:
    group, code = pair
    codes = sorted(name for kind, name in known if kind == group)
    if not codes:
        groups = sorted({kind for kind, _ in known})
        return f"mark {number}: no code group '{group}'.{did_you_mean(group, groups)}"
    return (
        f"mark {number}: no {group} '{code}'.{did_you_mean(code, codes)} Allowed: {quoted(codes)}."
    )


def _read_json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(
            path.name, f"it cannot be read ({error.strerror}).", "check the name."
        ) from error
    if len(data) > MAX_BYTES:
        raise _no_marks(path, f"it is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, _FormError) else "it is no JSON in UTF-8"
        raise _no_marks(path, f"{why}.") from error


class _FormError(ValueError):
    """JSON that may be read in two ways."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _FormError("a key occurs twice in one place")
    return found


def _no_number(name: str) -> Any:
    raise _FormError(f"{name} is no number")


def _no_marks(path: Path, problem: str) -> SourceError:
    return SourceError(
        path.name, problem, "ask the reviewer for the file that 'Save as file' made, unchanged."
    )


_MODELS: dict[str, type[BaseModel]] = {"quote": QuoteMark, "claim": ClaimMark}


def _fault(fault: Any) -> str:
    """Say one of pydantic's findings in words, by the number of the mark."""
    steps = list(fault["loc"])
    model: type[BaseModel] = Marks
    where = ""
    if len(steps) > 1 and steps[0] == "marks" and isinstance(steps[1], int):
        where, steps = f"mark {steps[1] + 1}: ", steps[2:]
        if steps and steps[0] in _MODELS:
            model, steps = _MODELS[str(steps[0])], steps[1:]
    name = str(steps[0]) if steps else ""
    if fault["type"] == "json_invalid":  # a lone half of a character: JSON has it, no text does
        return "it holds characters that are no text."
    if fault["type"] == "extra_forbidden":
        allowed = list(model.model_fields)
        return (
            f"{where}unknown key {_shown(name)}.{did_you_mean(name, allowed)} "
            f"Allowed: {quoted(allowed)}."
        )
    if fault["type"] == "missing":
        return f"{where}`{name}` is missing."
    if fault["type"].startswith("union_tag"):
        return f"{where}`kind` must be one of {quoted(_MODELS)}."
    what = f"`{name}`: " if name else ""
    return f"{where}{what}{say_fault(fault, _shown(fault.get('input')))}"


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _first(problems: list[str]) -> list[str]:
    more = len(problems) - _MAX_LISTED
    return [*problems[:_MAX_LISTED], *([f"... and {more} more."] if more > 0 else [])]
